// SPDX-License-Identifier: GPL-3.0-or-later
/* Internal representation of a distribution: dist_make.c creates it, dist.c samples from it. */
#ifndef DIST_INTERNAL_H
#define DIST_INTERNAL_H

#include "dist.h"
#include "quantile_table.h"
#include "variate_cells.h"

#include <stdatomic.h>

enum dist_law {
    LAW_CONSTANT,    /* a: value */
    LAW_EXPONENTIAL, /* a: mean */
    LAW_LOGNORMAL,   /* a: mu, b: sigma */
    LAW_GAMMA,       /* a: scale, b: shape */
    LAW_WEIBULL,     /* a: scale, b: shape */
    LAW_PARETO,      /* a: min, b: shape */
    LAW_UNIFORM,     /* a: low, b: high */
    LAW_NORMAL,      /* a: mean, b: sd */
    LAW_GEOMETRIC,   /* a: a factor on all values, b: log(1 - p), p = 1 / mean */
    LAW_MIXTURE,
    LAW_EMPIRICAL,
    LAW_PLUS /* a: shift */
};

#define DIST_ARGS_MAX 3 /* two plus `max` */
#define BIAS_CELLS 4096

/* The length-biased law. */
struct bias_table {
    double cumulated[BIAS_CELLS + 1]; /* its share below each node of z: 0 to 1 */
    uint16_t guide[BIAS_CELLS];       /* the cell of the probability i / BIAS_CELLS */
};

/* Tables created at the first use, by the first thread; equal for every thread. */
struct dist_tables {
    _Atomic(struct variate_cells *) cells;
    _Atomic(struct bias_table *) bias;
};

struct dist {
    enum dist_law law;
    bool by_cells; /* sampled from a table of cubics: no simple quantile function */
    double a, b;
    double u_low, u_high; /* probabilities of the truncation bounds */
    double max;           /* INFINITY: not truncated */
    double mean;

    struct dist_arg args[DIST_ARGS_MAX]; /* as given, for describe and for scaling */
    size_t arg_count;

    struct quantile_table *table; /* gamma: of log(X / scale); mixture: of X */
    struct dist **parts;          /* mixture, plus */
    double *weights;              /* mixture: sum 1 */
    size_t part_count;
    double *values; /* empirical: sorted */
    size_t value_count;
    char *what;
    struct dist_tables *tables;
};

struct dist *dist_alloc(enum dist_law law, double a, double b);
/* Compute bounds, table and mean from law, a, b and max; false if no value is <= `max`. */
bool dist_complete(struct dist *dist);
const struct dist_family *dist_family_of(const char *family); /* or NULL */

#endif
