// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Write the contents of a results file in the formats of other programs, in constant memory.
 *
 * CSV, JSON lines   a table of a study, a row a line (export_tables, query.h)
 * HdrHistogram      percentiles of one pooled latency, as HistogramLogProcessor and its plotter
 *                   read them (.hgrm); values in ms
 * OpenMetrics       means and bounds of a study as gauges (OpenMetrics 1.0.0); the table `timeline`
 *                   with timestamps from the start of the study
 */
#ifndef EXPORT_H
#define EXPORT_H

#include "query.h"

#include <stdio.h>

enum export_format { EXPORT_CSV, EXPORT_JSON_LINES, EXPORT_HGRM, EXPORT_OPENMETRICS };

struct export_options {
    enum export_format format;
    const struct export_table *table; /* CSV, JSON lines; OpenMetrics: summary or timeline */
    int64_t study;                    /* 0: the newest */
    const char *metric;               /* NULL: all; of HGRM required */
    int64_t point;                    /* HGRM */
    const char *region, *window;      /* HGRM; "all" */
};

/* 0, or -1 with an error. The caller checks `out`. */
int report_export(struct results *results, const struct export_options *options, FILE *out,
                  struct diag *diag);

#endif
