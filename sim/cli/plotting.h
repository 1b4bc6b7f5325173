// SPDX-License-Identifier: GPL-3.0-or-later
/* Draw the plots of a results file, for `plot` and `--plot`. */
#ifndef PLOTTING_H
#define PLOTTING_H

#include "diag.h"
#include "report.h"

#include <stdint.h>
#include <stdio.h>

struct plotting {
    const char *path;      /* of the results file */
    const char *directory; /* NULL: the folder of the results file */
    const char *plot;      /* NULL: all that have data */
    enum plot_format format;
    int64_t study; /* 0: the newest */
    int64_t point;
    FILE *paths_out; /* receives the path of each created file, one per line; NULL: none */
};

/* In the order of enum plot_format, NULL-terminated. */
extern const char *const plot_format_names[];

/* 0, or -1 with an error. Plots in text are printed to stdout as well. */
int plotting_draw(const struct plotting *plotting, struct diag *diag);

#endif
