// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Do the replications of a statistic fall into two groups, so that one mean describes neither?
 *
 * Two means: the split of the ordered values that leaves the smallest share of their sum of squares
 * within the groups (Engelman and Hartigan, JASA 64, 1969), each group with at least a fifth of the
 * values and two of them. A skewed law looks split on its own scale and not on another, so the
 * share is taken on the scales x, sqrt(x), x^(1/4) and log(x), and the largest counts (a value of
 * 0 has no logarithm, a negative one only the first scale). The critical values are the quantiles
 * of simulated normal, uniform, exponential, lognormal (sigma 1) and gamma-distributed shares: a
 * false alarm in less than 5 % for each of them (two_groups_test.c simulates all of it again).
 *
 * O(n log n).
 */
#ifndef TWO_GROUPS_H
#define TWO_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

enum { TWO_GROUPS_MIN = 6 }; /* fewer values than this are never split */

struct two_groups {
    bool found;
    double within_share;          /* of the sum of squares, on the scale where it is largest */
    double threshold;             /* of all values: those up to it are the low group */
    size_t low_count, high_count; /* finite values; INFINITY counts as high */
};

/*
 * Values by replication; NAN is left out. INFINITY stands for an outcome that never came: with at
 * least one value of each kind there are two groups, by what happened rather than by a test.
 */
struct two_groups two_groups_find(const double *values, size_t n);

#endif
