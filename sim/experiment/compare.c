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

static void measure(const struct study_runner *runner, const struct compare_plan *plan,
                    struct compared *row)
{
    uint32_t base_count, count;
    uint32_t watch = row->statistic->watch;
    const double *base = runner_values(runner, 0, watch, &base_count);
    const double *value = runner_values(runner, row->point, watch, &count);

    row->paired = paired_compare(base, value, base_count < count ? base_count : count, plan->level);
    row->margin = amount_around(&row->statistic->amount, metric_ref_unit(&row->statistic->ref),
                                row->paired.base.mean);
    row->p_difference = row->paired.p;
    row->p_alike = paired_p_not_equivalent(&row->paired, row->margin);
}

void compare_rows(const struct study_runner *runner, const struct compare_plan *plan,
                  struct compared *rows)
{
    size_t count = row_count(plan), measured = 0;
    double *p = mem_alloc(count, sizeof *p), *alike = mem_alloc(count, sizeof *alike);
    double alpha = alpha_of(plan);

    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct compared){
            .point = (uint32_t)(i / plan->statistics->count) + 1,
            .statistic = &plan->statistics->items[i % plan->statistics->count],
        };
        measure(runner, plan, &rows[i]);
        if (rows[i].paired.difference.count == 0)
            continue; /* a statistic without data is not a test to correct for */
        p[measured] = rows[i].p_difference;
        alike[measured++] = rows[i].p_alike;
    }
    holm_adjust(p, p, measured);
    holm_adjust(alike, alike, measured);
    measured = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].paired.difference.count == 0)
            continue;
        rows[i].p_difference = p[measured];
        rows[i].p_alike = alike[measured++];
        rows[i].verdict = paired_decide(&rows[i].paired, rows[i].statistic->ref.metric->better,
                                        rows[i].p_difference, rows[i].p_alike, alpha);
    }
    /* Use the strictest level of Holm's procedure, which is conservative. */
    for (size_t i = 0; i < count; i++) {
        uint64_t pairs = rows[i].paired.difference.count;
        if (pairs < 2)
            continue;
        rows[i].needed =
            paired_needed(&rows[i].paired, rows[i].margin, alpha / (double)measured, POWER);
        /* This many pairs were not enough, so more are needed. */
        if (rows[i].verdict == PAIRED_UNDECIDED && rows[i].needed > 0 && rows[i].needed <= pairs)
            rows[i].needed = pairs + 1;
    }
    free(p);
    free(alike);
}

static bool all_decided(const struct study_runner *runner, const struct compare_plan *plan)
{
    size_t count = row_count(plan);
    struct compared *rows = mem_alloc(count, sizeof *rows);
    bool decided = true;

    compare_rows(runner, plan, rows);
    for (size_t i = 0; i < count; i++)
        if (rows[i].paired.difference.count > 0 && rows[i].verdict == PAIRED_UNDECIDED)
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
        uint32_t until = stop_rule_grow(done, plan->replications_max);
        if (!run_replications(runner, plan->point_count, done, until))
            return false;
        done = until;
    }
    return true;
}
