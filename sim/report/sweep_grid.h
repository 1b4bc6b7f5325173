// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The points of a sweep as a grid of at most two axes, for plots over parameters. Private to
 * report.
 *
 * x is the parameter with the most values, y the one with the next most. Further parameters are
 * fixed at their first value, which the note states.
 */
#ifndef SWEEP_GRID_H
#define SWEEP_GRID_H

#include "plot.h"

enum { GRID_VALUES_MAX = 24, GRID_METRICS_MAX = 4 };

struct grid_axis {
    char *path;
    char **values; /* by size; in the order of the points if they are no quantities */
    size_t count, capacity;
};
struct grid_metric {
    const char *metric, *stat;
    enum unit unit;
    double max;   /* of means and upper ends */
    double least; /* of means */
    double divisor;
    const char *scale;
    struct interval *cells; /* by y, by x; n 0: no such point or statistic */
};
struct sweep_grid {
    struct grid_axis *axes;
    size_t axis_count, axis_capacity;
    size_t *places; /* by point, by axis: index of the value; SIZE_MAX: none */
    size_t point_count;
    const struct grid_axis *x, *y; /* y NULL: one axis */
    struct grid_metric metrics[GRID_METRICS_MAX];
    size_t metric_count;
};

/* DRAWN if there is a grid and a metric varies over it; release it in any case. */
enum drawn sweep_grid_load(struct sweep_grid *grid, struct plot_job *job);
void sweep_grid_release(struct sweep_grid *grid);
const struct interval *sweep_grid_cell(const struct sweep_grid *grid,
                                       const struct grid_metric *metric, size_t x, size_t y);
/* "login latency p99, ms". Appends. */
void sweep_grid_title(struct strbuf *out, const struct grid_metric *metric);
/* As text: a table for each metric, a row for each x, a column for each y. */
void sweep_grid_text(struct plot_job *job, const struct sweep_grid *grid);
/* "set xtics ('100ms' 0, ...)" or ytics. */
void sweep_grid_tics(struct plot_job *job, const struct grid_axis *axis, char which);

#endif
