// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Quantiles over replications by rank, and their intervals, for outcomes some of which never came:
 * a value that is censored ("not restored when the run ended") is worse than every number, so it
 * takes the top rank and is never dropped.
 *
 * Distribution-free: the chance that the quantile q lies between the order statistics of ranks r
 * and s is a binomial sum (Conover, Practical Nonparametric Statistics, 3rd ed., 3.2). Of the
 * symmetric pairs around q the tightest that reaches the level is taken; where none does, the range
 * of all values is, and `level` says what that is worth (n = 5, median: 93.75 %).
 *
 * O(n log n).
 */
#ifndef RANK_QUANTILE_H
#define RANK_QUANTILE_H

#include <stdbool.h>
#include <stddef.h>

struct rank_quantile {
    size_t n;        /* values, censored ones included */
    size_t censored; /* of them */
    double q;
    double value;     /* INFINITY: censored */
    double low, high; /* order statistics; high INFINITY: not bounded by what was seen */
    double level;     /* of [low, high], exact; 0 where n < 2: no interval */
    bool is_range;    /* the level asked for cannot be reached with n values */
    /* The true quantile is beyond this end with at most half of what the level allows to miss. */
    bool low_is_sure, high_is_sure;
};

/* Values needed so that the highest of them is a sure upper end: q^n is at most that half. */
size_t rank_quantile_needed(double q, double level);

/* `values`: finite numbers, INFINITY for censored, NAN is left out; not changed. 0 < q < 1. The
 * value is the order statistic of rank ceil(q n); the median of an even n is the mean of the middle
 * two. */
struct rank_quantile rank_quantile(const double *values, size_t n, double q, double level);

#endif
