// SPDX-License-Identifier: GPL-3.0-or-later
/* Draw the plots of results files, for `plot` and `--plot`. */
#ifndef PLOTTING_H
#define PLOTTING_H

#include "command.h"
#include "diag.h"
#include "report.h"

#include <stdint.h>
#include <stdio.h>

struct plotting {
    const char *const *paths; /* of the results files */
    size_t path_count;
    const char *directory; /* NULL: the folder of the first results file */
    const char *plot;      /* NULL: all that have data */
    const char *region;    /* as in struct plot_options */
    const char *title;
    struct text_list labels; /* names of the studies in legends, in order */
    enum plot_format format;
    bool script;
    int64_t study;         /* 0: the newest */
    const int64_t *points; /* of each file */
    size_t point_count;    /* 0: point 0 */
    const struct registry *registry;
    FILE *paths_out; /* receives the path of each created file, one per line; NULL: none */
    bool quiet;      /* do not report which plots have no data */
};

/* In the order of enum plot_format, NULL-terminated. */
extern const char *const plot_format_names[];

/* 0, or -1 with an error. Plots in text are printed to stdout as well. */
int plotting_draw(const struct plotting *plotting, struct diag *diag);

#endif
