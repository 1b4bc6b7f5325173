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
    bool json, markdown;
    bool colour;
    int width;        /* columns of the terminal; 0: 100 */
    const char *path; /* of the results file, for the last line; NULL: it is temporary */
};
/* Print the summary of a study: expectations, the main metrics with intervals by region and window,
 * re-auths by cause, incidents with stages, events, notes, and how to make it again. 0 or -1. */
int report_summary(struct results *results, const struct summary_options *options, FILE *out,
                   struct diag *diag);

enum plot_format { PLOT_PNG, PLOT_SVG, PLOT_PDF, PLOT_TEXT };

/* A point of a study to draw. */
struct plot_source {
    struct results *results;
    const char *path; /* of the results file; part of a name that would be ambiguous */
    int64_t study;    /* 0: the newest */
    int64_t point;
    const char *label; /* its name in legends; NULL: from the scenario's name and what varies */
};

struct topology_map;
struct plot_options {
    const struct plot_source *sources; /* several: drawn over each other */
    size_t source_count;
    enum plot_format format;
    const char *directory; /* output path: <directory>/<scenario>-<plot>.<png|svg|pdf|txt> */
    const char *prefix;    /* replaces the scenario's name; NULL: none */
    const char *plot;      /* one plot's name, or NULL: all that have data */
    const char *region;    /* only this region ("all": the total); NULL: all of them */
    const char *title;     /* NULL: the question of the scenario */
    bool script; /* also write the gnuplot script with its data, as <scenario>-<plot>.gp */
    const struct topology_map *topology; /* for plot `topology`; NULL: it has no data */
    FILE *text_out;                      /* PLOT_TEXT: also written here; may be NULL */
    int width;                           /* PLOT_TEXT: columns; 0: 100 */
};
struct plot_kind {
    const char *name; /* "timeline" */
    const char *title;
    const char *meaning;
    bool overlays; /* can draw several studies */
};
extern const struct plot_kind plot_kinds[];               /* ends with name NULL */
const struct plot_kind *plot_kind_find(const char *name); /* NULL: none */

struct plot_events {
    void (*on_file)(void *self, const char *path); /* for each file created; may be NULL */
    /* For each plot that has nothing to show, if all are asked for; may be NULL. */
    void (*on_nothing)(void *self, const char *plot, const char *why);
    void *self;
};
/* Draw the plots, each under a temporary name that is renamed on success. Returns 0 or -1. */
int report_plot(const struct plot_options *options, const struct plot_events *events,
                struct diag *diag);

#endif
