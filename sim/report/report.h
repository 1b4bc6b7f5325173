// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Reports from a results file: the summary as text or JSON, and plots by gnuplot. Never runs a
 * simulation, so any report can be reproduced from the file.
 */
#ifndef REPORT_H
#define REPORT_H

#include "diag.h"
#include "query.h"

#include <stdio.h>

struct summary_options {
    int64_t study; /* 0: the newest */
    bool all;      /* all metrics, not only the main ones */
    bool json;
    bool colour;
    int width; /* columns of the terminal; 0: 100 */
};
/* Print the summary of a study: settings, expectations, the main metrics with intervals by region
 * and window, re-auths by cause, incidents with stages, events, assumptions. 0 or -1. */
int report_summary(struct results *results, const struct summary_options *options, FILE *out,
                   struct diag *diag);

enum plot_format { PLOT_PNG, PLOT_SVG, PLOT_TEXT };
struct plot_options {
    int64_t study;
    int64_t point;
    enum plot_format format;
    const char *directory; /* output path: <directory>/<scenario>-<plot>.<png|svg|txt> */
    const char *prefix;    /* replaces the scenario's name; NULL: none */
    const char *plot;      /* one plot's name, or NULL: all that have data */
    FILE *text_out;        /* PLOT_TEXT: also written here; may be NULL */
    int width;             /* PLOT_TEXT: columns */
};
struct plot_kind {
    const char *name; /* "timeline" */
    const char *title;
    const char *meaning;
};
extern const struct plot_kind plot_kinds[]; /* ends with name NULL */
/* Draw the plots, each under a temporary name that is renamed on success. Calls `on_file` for each
 * file created. Returns 0 or -1. */
int report_plot(struct results *results, const struct plot_options *options,
                void (*on_file)(void *self, const char *path), void *self, struct diag *diag);

#endif
