// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare.h"

#include "mem.h"
#include "stop_rule.h"

#include <math.h>
#include <stdlib.h>

#define POWER 0.8 /* power for which `needed` is computed (Cohen, 1988, the usual value) */

static size_t row_count(const struct compare_plan *plan)
{
    return (plan->point_count - 1) * plan->statistics->count;
}

/* The part of 1 - level spent per look. */
static double alpha_of(const struct compare_plan *plan)
{
    return (1 - plan->level) / stop_rule_looks(plan->replications, plan->replications_max);
}

/* The first of the outcomes in which the two sides differ in some replication, or the first that
 * varies at all. */
static void measure_outcomes(const double *base, const double *value, uint32_t count,
                             struct compared *row)
{
    double *b = mem_alloc(count + 1, sizeof *b), *v = mem_alloc(count + 1, sizeof *v);

    for (int i = 0; i < OUTCOME_KINDS && !row->by_outcome; i++) {
        enum outcome_kind kind = (enum outcome_kind)i;
        if (!outcome_varies(kind, row->statistic->ref.metric, base, count, value, count))
            continue;
        outcome_take(kind, base, count, b);
        outcome_take(kind, value, count, v);
        struct paired_outcomes outcomes = paired_outcomes_compare(b, v, count);
        row->by_outcome = outcomes.base_only + outcomes.value_only > 0;
        if (row->has_outcomes && !row->by_outcome)
            continue;
        row->has_outcomes = true;
        row->outcome = kind;
        row->outcomes = outcomes;
    }
    free(b);
    free(v);
}

static uint32_t count_values(const double *values, uint32_t count)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < count; i++)
        found += isfinite(values[i]) != 0;
    return found;
}

/* A quantile is known to half a bin, however much the pairs agree. */
static void widen(struct interval *interval, double floor)
{
    if (!interval->valid || floor <= 0)
        return;
    interval->low = fmin(interval->low, interval->mean - floor);
    interval->high = fmax(interval->high, interval->mean + floor);
    interval->form = INTERVAL_PLAIN;
}

/* Differences that are all equal have no variance, so that Student's test is sure of two of them.
 * Counts are equal by chance: as sure as a sign test of n pairs, 2 / 2^n. */
static double p_of_counts(const struct compared *row)
{
    const struct tally *difference = &row->paired.difference;
    bool equal = difference->count > 0 && difference->min >= difference->max;

    if (metric_ref_unit(&row->statistic->ref) != UNIT_COUNT || !equal || row->alike)
        return 0;
    return fmin(1, 2 * pow(0.5, (double)difference->count));
}

static void measure_values(const struct compare_plan *plan, const double *base, const double *value,
                           uint32_t count, struct compared *row)
{
    double floor;

    row->paired = paired_compare(base, value, count, plan->level);
    floor = quantile_resolution(&row->statistic->ref, row->paired.base.mean);
    row->margin =
        fmax(floor, amount_around(&row->statistic->amount, metric_ref_unit(&row->statistic->ref),
                                  row->paired.base.mean));
    row->alike = row->paired.difference.count > 0 && row->paired.difference.min == 0 &&
                 row->paired.difference.max == 0;
    measure_outcomes(base, value, count, row);
    row->p_difference = row->by_outcome ? row->outcomes.p : row->paired.p;
    row->p_alike = row->by_outcome ? 1 : paired_p_not_equivalent(&row->paired, row->margin);
    if (!row->by_outcome) {
        row->p_difference = fmax(row->p_difference, p_of_counts(row));
        row->p_alike = fmax(row->p_alike, p_of_counts(row));
    }
    if (!row->identical)
        widen(&row->paired.interval, floor);
    if (metric_ref_unit(&row->statistic->ref) == UNIT_SHARE ||
        (row->has_outcomes && row->outcome == OUTCOME_COUNTED)) /* a share of the runs */
        interval_keep_between(&row->paired.interval, -1, 1);
    row->base_values = count_values(base, count);
    row->value_values = count_values(value, count);
    row->runs = count;
}

static void measure(const struct study_runner *runner, const struct compare_plan *plan,
                    struct compared *row)
{
    uint32_t watch = row->statistic->watch, count;
    const struct metric_ref *ref = &row->statistic->ref;
    const struct sampled *base = runner_sampled(runner, 0, watch);
    const struct sampled *value = runner_sampled(runner, row->point, watch);
    double q = quantile_over_runs(ref), *sides[2];

    count = base->count < value->count ? base->count : value->count;
    row->identical = runner_identical(runner, 0, row->point);
    row->of_few = sampled_lacks(base, ref) > 0 || sampled_lacks(value, ref) > 0;
    sampled_pair_sections(base, value, ref, sides);
    if (q > 0) {
        double threshold = quantile_threshold(base->values, count, q);

        quantile_outcomes(base->values, count, threshold, sides[0]);
        quantile_outcomes(value->values, count, threshold, sides[1]);
    }
    measure_values(plan, sides[0], sides[1], count, row);
    free(sides[0]);
    free(sides[1]);
}

bool compared_is_asked(const struct compared *row)
{
    return row->paired.difference.count > 0 || row->by_outcome;
}

/* Holm's correction within a family: the rows that are decided by their outcomes, or the others. */
static size_t correct(struct compared *rows, size_t count, bool by_outcome, bool alike)
{
    double *p = mem_alloc(count, sizeof *p);
    size_t measured = 0;

    for (size_t i = 0; i < count; i++)
        if (compared_is_asked(&rows[i]) && rows[i].by_outcome == by_outcome)
            p[measured++] = alike ? rows[i].p_alike : rows[i].p_difference;
    holm_adjust(p, p, measured);
    for (size_t i = 0, at = 0; i < count; i++)
        if (compared_is_asked(&rows[i]) && rows[i].by_outcome == by_outcome)
            *(alike ? &rows[i].p_alike : &rows[i].p_difference) = p[at++];
    free(p);
    return measured;
}

static enum paired_verdict decide(const struct compared *row, double alpha)
{
    if (!row->by_outcome)
        return paired_decide(&row->paired, row->statistic->ref.metric->better, row->p_difference,
                             row->p_alike, alpha);
    if (row->p_difference > alpha)
        return PAIRED_UNDECIDED;
    return row->outcomes.value_only > row->outcomes.base_only ? PAIRED_BETTER : PAIRED_WORSE;
}

void compare_rows(const struct study_runner *runner, const struct compare_plan *plan,
                  struct compared *rows)
{
    size_t count = row_count(plan), measured;
    double alpha = alpha_of(plan);

    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct compared){
            .point = (uint32_t)(i / plan->statistics->count) + 1,
            .statistic = &plan->statistics->items[i % plan->statistics->count],
        };
        measure(runner, plan, &rows[i]);
    }
    correct(rows, count, true, false);
    measured = correct(rows, count, false, false);
    correct(rows, count, false, true);
    for (size_t i = 0; i < count; i++)
        if (compared_is_asked(&rows[i]))
            rows[i].verdict = decide(&rows[i], alpha);
    /* Use the strictest level of Holm's procedure, which is conservative. */
    for (size_t i = 0; i < count; i++) {
        uint64_t pairs = rows[i].paired.difference.count;
        if (pairs < 2 || rows[i].by_outcome)
            continue;
        rows[i].needed =
            paired_needed(&rows[i].paired, rows[i].margin, alpha / (double)measured, POWER);
        /* This many pairs were not enough, so more are needed. */
        if (rows[i].verdict == PAIRED_UNDECIDED && rows[i].needed > 0 && rows[i].needed <= pairs)
            rows[i].needed = pairs + 1;
    }
}

static bool all_decided(const struct study_runner *runner, const struct compare_plan *plan)
{
    size_t count = row_count(plan);
    struct compared *rows = mem_alloc(count, sizeof *rows);
    bool decided = true;

    compare_rows(runner, plan, rows);
    for (size_t i = 0; i < count; i++)
        if (compared_is_asked(&rows[i]) && rows[i].verdict == PAIRED_UNDECIDED)
            decided = false;
    free(rows);
    return decided;
}

bool compare_run(struct study_runner *runner, const struct compare_plan *plan)
{
    uint32_t done = plan->replications;

    if (!run_replications(runner, plan->point_count, 0, done))
        return false;
    while (done < plan->replications_max && !all_decided(runner, plan)) {
        uint32_t wanted_count = stop_rule_grow(done, plan->replications_max);
        if (!run_replications(runner, plan->point_count, done, wanted_count))
            return false;
        done = wanted_count;
    }
    return true;
}
