// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"

#include "mem.h"
#include "stop_rule.h"

#include <math.h>
#include <stdlib.h>

#define POWER_MISSED 0.02 /* over all statistics: chance that an unchanged side stays undecided */

static uint32_t looks_of(const struct check_plan *plan)
{
    return stop_rule_looks(plan->replications, plan->replications_max);
}

/* `part`: of the replications that have a number. */
static double margin_of(const struct check_plan *plan, size_t i, const double *base,
                        const struct harm *harm, double part)
{
    const struct watched *statistic = &plan->statistics->items[i];
    double margin =
        amount_around(&statistic->amount, metric_ref_unit(&statistic->ref), harm->base_mean);

    margin = fmax(margin, quantile_resolution(&statistic->ref, harm->base_mean));
    if (!plan->default_margins || statistic->has_own_amount)
        return margin;
    margin = fmax(margin, amount_floor(&statistic->ref));
    if (!plan->paired) {
        size_t last = (size_t)(part * plan->replications_max);
        double decidable =
            harm_decidable(base, plan->base_count, last, (1 - plan->level) / looks_of(plan),
                           1 - POWER_MISSED / (double)plan->statistics->count);
        margin = isfinite(decidable) ? fmax(margin, decidable) : margin;
    }
    return margin;
}

bool check_is_identical(const struct study_runner *runner, const struct check_plan *plan)
{
    for (uint32_t i = 0; i < plan->base_count; i++)
        if (!runner_has(runner, 0, i) || runner_digest(runner, 0, i) != plan->base_digests[i])
            return false;
    return true;
}

/*
 * Without pairs an unchanged share that is well would never be found no worse by an exact test, so
 * that question has a margin that the replications can decide.
 */
static double p_no_fewer(const struct check_plan *plan, const struct harm *harm)
{
    return outcomes_p_no_fewer(harm->base_well, harm->base_runs, harm->well, harm->runs,
                               plan->replications_max, (1 - plan->level) / looks_of(plan),
                               1 - POWER_MISSED / (double)plan->statistics->count);
}

/* The first outcome in which the two sides differ decides. */
static void measure_outcomes(const struct check_plan *plan, const double *base, const double *value,
                             size_t count, struct checked *row)
{
    double *base_well = mem_alloc(plan->base_count, sizeof *base_well);
    double *well = mem_alloc(count + 1, sizeof *well);

    for (int i = 0; i < OUTCOME_KINDS && !row->harm.by_outcome; i++) {
        enum outcome_kind kind = (enum outcome_kind)i;
        if (!outcome_varies(kind, row->statistic->ref.metric, base, plan->base_count, value, count))
            continue;
        outcome_take(kind, base, plan->base_count, base_well);
        outcome_take(kind, value, count, well);
        harm_take_outcomes(&row->harm, base_well, plan->base_count, well, count, plan->paired);
        row->outcome = kind;
        if (row->harm.by_outcome && !plan->paired && plan->default_margins)
            row->harm.p_more = p_no_fewer(plan, &row->harm);
    }
    free(base_well);
    free(well);
}

/* Equal differences have no variance; equal counts are so by chance, n of them as a sign test says,
 * and one replication decides nothing unless it is identical. */
static double least_p(const struct checked *row, bool is_identical)
{
    const struct harm *harm = &row->harm;

    if (is_identical || harm->by_outcome)
        return 0;
    if (harm->n < 2)
        return 1;
    return metric_ref_unit(&row->statistic->ref) == UNIT_COUNT && !harm->identical &&
                   !(harm->error > 0)
               ? pow(0.5, (double)harm->n)
               : 0;
}

/*
 * The outcome alone, or also the numbers of the replications that have one: worse in either (two
 * tests, so each at half the level), no worse in both.
 */
static void test(struct checked *row)
{
    enum direction better = row->statistic->ref.metric->better;
    struct harm numbers = row->harm;

    row->p_worse = harm_p_worse(&row->harm, better, row->margin);
    row->p_no_worse = harm_p_no_worse(&row->harm, better, row->margin);
    row->with_numbers = row->harm.by_outcome && row->outcome != OUTCOME_COUNTED &&
                        quantile_over_runs(&row->statistic->ref) <= 0 && numbers.freedom > 0;
    if (!row->with_numbers)
        return;
    numbers.by_outcome = false;
    double worse = harm_p_worse(&numbers, better, row->margin);
    double no_worse = harm_p_no_worse(&numbers, better, row->margin);
    row->p_worse = fmin(1, 2 * fmin(row->p_worse, worse));
    row->p_no_worse = fmax(row->p_no_worse, no_worse);
}

static uint64_t count_values(const double *values, uint32_t count)
{
    uint64_t found = 0;

    for (uint32_t i = 0; i < count; i++)
        found += isfinite(values[i]) != 0;
    return found;
}

static void measure(const struct study_runner *runner, const struct check_plan *plan, size_t i,
                    uint32_t done, struct checked *row)
{
    const struct watched *statistic = &plan->statistics->items[i];
    const struct sampled *base = &plan->base[i];
    const struct sampled *value = runner_sampled(runner, 0, statistic->watch);
    uint32_t count = value->count < done ? value->count : done;
    double q = quantile_over_runs(&statistic->ref), *sides[2], least;

    *row = (struct checked){.statistic = statistic,
                            .of_few = sampled_lacks(base, &statistic->ref) > 0 ||
                                      sampled_lacks(value, &statistic->ref) > 0};
    sampled_pair_sections(base, value, &statistic->ref, sides);
    if (q > 0) {
        double threshold = quantile_threshold(base->values, plan->base_count, q);

        quantile_outcomes(base->values, plan->base_count, threshold, sides[0]);
        quantile_outcomes(value->values, count, threshold, sides[1]);
    }
    row->harm = harm_measure(sides[0], plan->base_count, sides[1], count, plan->paired);
    row->base_values = count_values(sides[0], plan->base_count);
    row->values = count_values(sides[1], count);
    measure_outcomes(plan, sides[0], sides[1], count, row);
    row->margin =
        margin_of(plan, i, base->values, &row->harm, count > 0 ? (double)row->values / count : 0);
    test(row);
    least = least_p(row, row->harm.identical && check_is_identical(runner, plan));
    row->p_worse = fmax(row->p_worse, least);
    row->p_no_worse = fmax(row->p_no_worse, least);
    free(sides[0]);
    free(sides[1]);
}

bool checked_is_asked(const struct checked *row)
{
    return row->harm.n > 0 || row->harm.by_outcome;
}

/* One interim look; true if no more replications are needed. */
static bool look(const struct study_runner *runner, const struct check_plan *plan, uint32_t done,
                 struct checked *rows)
{
    size_t count = plan->statistics->count, asked = 0;
    double *worse = mem_alloc(count, sizeof *worse), *no_worse = mem_alloc(count, sizeof *no_worse);
    enum gate *gates = mem_alloc(count, sizeof *gates);
    bool decided = true, alarm = false;

    /* What is decided keeps its numbers, and its place in Holm's correction. */
    for (size_t i = 0; i < count; i++) {
        if (rows[i].gate == GATE_UNDECIDED)
            measure(runner, plan, i, done, &rows[i]);
        if (!checked_is_asked(&rows[i]))
            continue;
        worse[asked] = rows[i].p_worse;
        no_worse[asked++] = rows[i].p_no_worse;
    }
    gate_decide(worse, no_worse, asked, 1 - plan->level, looks_of(plan), gates);
    asked = 0;
    for (size_t i = 0; i < count; i++) {
        if (!checked_is_asked(&rows[i]))
            continue;
        enum gate gate = gates[asked++];
        if (rows[i].gate == GATE_UNDECIDED)
            rows[i].gate = gate;
        decided = decided && rows[i].gate != GATE_UNDECIDED;
        alarm = alarm || rows[i].gate == GATE_WORSE;
    }
    free(worse);
    free(no_worse);
    free(gates);
    return decided || alarm;
}

bool check_run(struct study_runner *runner, const struct check_plan *plan, struct checked *rows)
{
    uint32_t done = plan->replications;
    bool good = run_replications(runner, 1, 0, done);

    for (size_t i = 0; i < plan->statistics->count; i++)
        rows[i] = (struct checked){.gate = GATE_UNDECIDED};

    while (!look(runner, plan, done, rows) && good && done < plan->replications_max) {
        uint32_t wanted_count = stop_rule_grow(done, plan->replications_max);
        good = run_replications(runner, 1, done, wanted_count);
        done = wanted_count;
    }
    return good;
}
