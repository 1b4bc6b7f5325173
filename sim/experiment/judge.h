// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Evaluate expectations over the replications of each point.
 *
 * The statistic of an expectation is looked up in every run as it completes. A counter that is
 * absent is 0; any other absent statistic is missing, and the run does not count for this
 * expectation. One that was not known when the run ended ("never restored") is beyond every
 * number: an upper bound on it fails, however well the other runs did, and a lower bound holds only
 * if the other runs satisfy it, too. A quantile over too few runs (`rto.p90` of 10) is decided by
 * the end that bounds it, if any.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "expectation.h"
#include "result.h"
#include "sampled.h"

struct judge;

struct judge *judge_create(double level); /* of confidence, in (0, 1) */
void judge_free(struct judge *judge);     /* NULL is allowed */
/* Points are numbered from 0 as they are added, before or between runs; the scenario must outlive
 * the judge. */
void judge_add_point(struct judge *judge, const struct scenario *scenario);
/* Add a run; each (point, replication) at most once, in any order. O(expectations x statistics). */
void judge_add(struct judge *judge, const struct run_result *result);
/*
 * Metric against value: the interval of the metric's law (metric_law.h). Metric against metric:
 * Student's interval of the paired differences left - factor x right, against 0. With one run there
 * is no interval and no verdict, unless the expectation asks for the mean. Runs without a statistic
 * are skipped, and counted in the reason, as are quantiles of few samples.
 */
struct judged judge_verdict(const struct judge *judge, uint32_t point, size_t expectation);

/*
 * The decision itself. Holds if the whole interval satisfies the comparison with the bound, fails
 * if none of it does; or decided by the mean or the end of the interval that the expectation names.
 * `by_mean`: what the mean alone says. `right` is read only where the expectation has a metric on
 * its right. `by_interval`: what the whole interval says, whatever end or mean the
 * expectation names.
 */
struct decision {
    struct sampled_estimate estimate; /* of the metric, or of left - factor x right */
    uint64_t never_right;             /* pairs of which only the right side was never known */
    bool of_few;                      /* sampled_lacks() of the left side */
    double bound;
    enum verdict by_mean, by_interval, verdict;
};
struct decision judge_decide(const struct expectation *expect, const struct sampled *left,
                             const struct sampled *right, double level);

#endif
