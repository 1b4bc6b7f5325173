// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mean of a statistic over independent replications, with an interval by a method that suits
 * what the statistic is: it never leaves the possible range, and covers at its level with few
 * replications and with skewed values (measured by `scripts/coverage`).
 *
 * | law      | values                      | interval                                            |
 * |----------|-----------------------------|-----------------------------------------------------|
 * | SIGNED   | any                         | Student's t                                         |
 * | POSITIVE | >= 0: lengths, levels       | t on the log scale, corrected for skewness          |
 * | BOUNDED  | 0 to 1, no counts known     | the same on the logit scale                         |
 * | SHARE    | hits of trials              | Wilson, pooled counts, design effect (proportion.h),|
 * |          |                             | each end corrected for skewness                     |
 * | RATIO    | a count over another        | pooled counts, linearised, log scale                |
 * | COUNT    | events of a replication     | Garwood, overdispersed, corrected as SHARE;         |
 * |          |                             | POSITIVE from 100 events on;                        |
 * |          |                             | Wilson where no replication has more than one       |
 *
 * Log scale: the delta method gives log(mean) the standard error s / (mean sqrt(n)). Skewness: the
 * quantiles of Student's t are transformed by Hall's cubic (J. Royal Statist. Soc. B 54, 1992) with
 * the adjusted sample skewness. Few values underestimate skewness, so at each end the farther of
 * the corrected and the uncorrected bound counts; on the log scale the upper end is corrected by at
 * most 1.6 times, and then by the same correction on the plain scale where that is farther. With
 * fewer than four replications the upper end is Student's, as a log scale has nothing to go by
 * there.
 *
 * SHARE and RATIO estimate sum over sum, not the mean of ratios: a replication in which little
 * happened counts little.
 *
 * All O(1).
 */
#ifndef ESTIMATE_H
#define ESTIMATE_H

#include "interval.h"

enum estimate_law {
    ESTIMATE_SIGNED,
    ESTIMATE_POSITIVE,
    ESTIMATE_BOUNDED,
    ESTIMATE_SHARE,
    ESTIMATE_RATIO,
    ESTIMATE_COUNT
};

/* What an estimate is made from; zero-initialised is empty. */
struct estimate_sums {
    struct tally tally; /* of the values; n is its count */
    double m3;          /* sum of (value - mean)^3 */
    uint64_t over, under;
    double over_over, over_under, under_under; /* sums of products, by replication */
};
/* `over`, `under`: of SHARE and RATIO, else 0. */
void estimate_add(struct estimate_sums *sums, double value, uint64_t over, uint64_t under);

/* Quantiles for n replications at a level, kept between calls; zero-initialised is empty. */
struct estimate_quantiles {
    uint64_t n;
    double level, student, normal;
};

/* `cache` may be NULL. */
struct interval estimate_interval(const struct estimate_sums *sums, enum estimate_law law,
                                  double level, struct estimate_quantiles *cache);
/*
 * A quantile: `pooled` is that of all samples of all replications, and the values in `sums` are
 * those of each. By sectioning (Asmussen and Glynn, Stochastic Simulation, III.5a): the spread of
 * the values about the pooled quantile, so that the bias of a quantile of few samples widens the
 * interval. The half-width is at least `floor`, the half of a histogram's bin.
 */
struct interval estimate_quantile(const struct estimate_sums *sums, double pooled, double floor,
                                  double level, struct estimate_quantiles *cache);

#endif
