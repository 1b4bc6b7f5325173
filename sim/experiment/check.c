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

static double margin_of(const struct check_plan *plan, size_t i, const double *base,
                        const struct harm *harm)
{
    const struct watched *statistic = &plan->statistics->items[i];
    double margin =
        amount_around(&statistic->amount, metric_ref_unit(&statistic->ref), harm->base_mean);

    margin = fmax(margin, quantile_resolution(&statistic->ref, harm->base_mean));
    if (!plan->default_margins || statistic->has_own_amount)
        return margin;
    margin = fmax(margin, amount_floor(&statistic->ref));
    if (!plan->paired) {
        double decidable = harm_decidable(base, plan->base_count, plan->replications_max,
                                          (1 - plan->level) / looks_of(plan),
                                          1 - POWER_MISSED / (double)plan->statistics->count);
        margin = isfinite(decidable) ? fmax(margin, decidable) : margin;
    }
    return margin;
}

static void measure(const struct study_runner *runner, const struct check_plan *plan, size_t i,
                    uint32_t done, struct checked *row)
{
    const struct watched *statistic = &plan->statistics->items[i];
    enum direction better = statistic->ref.metric->better;
    const struct sampled *base = &plan->base[i];
    const struct sampled *value = runner_sampled(runner, 0, statistic->watch);
    uint32_t count = value->count < done ? value->count : done;
    double q = quantile_over_runs(&statistic->ref), *sides[2];

    *row = (struct checked){.statistic = statistic};
    sampled_pair_sections(base, value, &statistic->ref, sides);
    if (q > 0) {
        double threshold = quantile_threshold(base->values, plan->base_count, q);

        quantile_outcomes(base->values, plan->base_count, threshold, sides[0]);
        quantile_outcomes(value->values, count, threshold, sides[1]);
    }
    row->harm = harm_measure(sides[0], plan->base_count, sides[1], count, plan->paired);
    row->margin = margin_of(plan, i, base->values, &row->harm);
    row->p_worse = harm_p_worse(&row->harm, better, row->margin);
    row->p_no_worse = harm_p_no_worse(&row->harm, better, row->margin);
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
