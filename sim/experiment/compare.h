// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Compare alternatives with a base, point 0, statistic by statistic: paired differences, Holm's
 * correction over all statistics and alternatives, verdicts.
 *
 * A statistic's margin (its amount in the watch list) is the largest difference that does not
 * matter: relative to the mean of the base, or in the statistic's unit. Tests for difference and
 * for equivalence are two families, each at 1 - level over all its tests. With several interim
 * looks, each spends an equal part of it.
 *
 * Where an outcome never came in some replication ("never restored"), the statistic is a count
 * that never exceeds one (`incidents_unrestored`), or there was nothing to come (no outage, so no
 * RTO), that is compared first (outcomes.h), by McNemar's exact test of the pairs: a third family,
 * also at 1 - level. Only if no pair differs in it are the values of the pairs in which both have
 * one compared, as all others.
 *
 * Ratios are compared as sum over sum and quantiles of latencies as those of all samples, with the
 * spread of the pairs (sampled_sections()): the base's value is that of the summary.
 *
 * Quantiles of histograms are known to half a bin: it is the least half-width and the least margin.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include "outcomes.h"
#include "paired.h"
#include "paired_outcomes.h"
#include "watch_list.h"

struct compare_plan {
    const struct watch_list *statistics; /* opened */
    uint32_t point_count;                /* >= 2, point 0 the base */
    uint32_t replications;               /* at the first look */
    uint32_t replications_max;           /* >= replications; equal: one look */
    double level;
};
struct compared {
    uint32_t point;
    const struct watched *statistic;
    struct paired paired; /* of the pairs in which both have a number */
    /* by_outcome: the pairs differ in an outcome, and the verdict is on that; has_outcomes: some
     * replication did not come out well in it. */
    bool has_outcomes, by_outcome;
    enum outcome_kind outcome;
    struct paired_outcomes outcomes;
    uint32_t base_values, value_values, runs; /* runs that have a number, of all runs */
    bool of_few;                              /* a quantile that lacks samples on some side */
    bool alike;                               /* all pairs are equal */
    bool identical;                           /* so are the digests of all runs */
    double margin;                            /* in the statistic's unit */
    double p_difference, p_alike;             /* Holm's; alike: of "not equivalent" */
    enum paired_verdict verdict;
    uint64_t needed; /* pairs needed for a decision, at 80 % power; 0: unknown */
};
/* False: no pair has data, so it is not tested. */
bool compared_is_asked(const struct compared *row);
/* Add replications until every statistic is decided or there are replications_max. False if a round
 * ended early. */
bool compare_run(struct study_runner *runner, const struct compare_plan *plan);
/* Evaluate the runs so far: (point_count - 1) x statistics rows, point by point. */
void compare_rows(const struct study_runner *runner, const struct compare_plan *plan,
                  struct compared *rows);

#endif
