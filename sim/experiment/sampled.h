// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One statistic over the replications of a point: a value of each run, what ratios are made of, and
 * the pooled histogram of quantiles. Replications come in any order.
 *
 * Zero-initialised is empty and owns nothing.
 */
#ifndef SAMPLED_H
#define SAMPLED_H

#include "estimate.h"
#include "histogram.h"
#include "metric_ref.h"
#include "probe.h"

struct sampled {
    /* By replication: a number; INFINITY: not known when the run ended (never restored), so worse
     * than every number; NAN: the run was not made or has no such statistic. */
    double *values;
    uint64_t *over, *under; /* of ratios; else 0 */
    uint32_t count;         /* one past the highest replication that was set */
    uint32_t capacity;
    struct histogram pooled; /* of a latency's quantile: all samples of all runs */
};

void sampled_release(struct sampled *sampled);
/* For `count` replications, to be filled by the caller. A counter that is absent is 0, anything
 * else is missing. */
void sampled_init(struct sampled *sampled, const struct metric_ref *ref, uint32_t count);
/* Take what a run has of the statistic that `ref` names. A counter that is absent is 0. Returns the
 * statistic, or NULL. Amortised O(statistics). */
const struct statistic *sampled_take(struct sampled *sampled, uint32_t replication,
                                     const struct statistics *statistics,
                                     const struct metric_ref *ref);

/*
 * Values by replication whose mean is the estimate and whose spread is the estimate's: of a ratio
 * R + (x - R y) / mean of y (linearised); of a quantile each replication's own one, shifted so that
 * their mean is the quantile of all samples (sectioning); else the values. INFINITY and NAN stay.
 * The caller frees it. O(replications).
 */
double *sampled_sections(const struct sampled *sampled, const struct metric_ref *ref);
/* The same of two sides, to be compared pair by pair. Where all pairs are equal their values are as
 * they are, even if one side has more replications. */
void sampled_pair_sections(const struct sampled *base, const struct sampled *value,
                           const struct metric_ref *ref, double *sections[2]);

/* `rto.p90`: the quantile of a value of each run over the replications; q, or 0. */
double quantile_over_runs(const struct metric_ref *ref);
/* A latency's quantile of fewer samples, of all runs, than 10 / (1 - q) is hardly more than the
 * maximum: the number of samples needed, else 0. */
double sampled_lacks(const struct sampled *sampled, const struct metric_ref *ref);

struct sampled_estimate {
    struct interval interval; /* of the runs that have a number; n counts them */
    uint64_t never;           /* runs in which it was not known at the end */
    uint64_t none;            /* runs that have no such statistic */
    /* Of a quantile over replications: those that never came, which rank last; values needed for an
     * upper end of the level asked for, 0: there are as many. Too few values are a range, whose
     * ends may not bound the quantile. */
    uint64_t never_ranked, needed;
    bool low_is_open, high_is_open;
};
/*
 * The estimate by the law of the statistic. A quantile over replications (`rto.p90`) is by rank,
 * with the runs that never came at the top: its mean and bounds may be INFINITY, n has those runs,
 * `never` is 0, and the level is that of the ranks.
 */
struct sampled_estimate sampled_estimate(const struct sampled *sampled,
                                         const struct metric_ref *ref, double level);

#endif
