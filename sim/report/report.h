// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What people see of a results file: the summary as text, and the plots by gnuplot. Never runs a
 * simulation, so that any of it can be made again from the file.
 */
#ifndef REPORT_H
#define REPORT_H

#include "diag.h"
#include "query.h"

#include <stdio.h>

struct summary_options {
    int64_t study; /* 0: the newest */
    bool all;      /* every metric, not only the chosen ones */
    bool json;
    bool colour;
    int width; /* columns of the terminal; 0: 100 */
};
/* The summary of a study: what was run, expectations, the main plots with intervals by region and
 * window, re-auths by cause, incidents with stages, what happened, assumptions. 0 or -1. */
int report_summary(struct results *results, const struct summary_options *options, FILE *out,
                   struct diag *diag);

enum plot_format { PLOT_PNG, PLOT_SVG, PLOT_TEXT };
struct plot_options {
    int64_t study;
    int64_t point;
    enum plot_format format;
    const char *directory; /* where files go: <directory>/<scenario>-<plot>.<png|svg|txt> */
    const char *prefix;    /* instead of the scenario's name; NULL */
    const char *plot;      /* one plot's name, or NULL: all that have data */
    FILE *text_out;        /* PLOT_TEXT: also written here; may be NULL */
    int width;             /* PLOT_TEXT: columns */
};
struct plot_kind {
    const char *name; /* "timeline" */
    const char *title;
    const char *meaning;
};
extern const struct plot_kind plot_kinds[]; /* ended by name NULL */
/* Draws to a temporary name and renames on success; `told` gets the path of each file made. Returns
 * 0 or -1. */
int report_plot(struct results *results, const struct plot_options *options,
                void (*told)(void *self, const char *path), void *self, struct diag *diag);

#endif
