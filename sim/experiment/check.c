// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"

#include "mem.h"
#include "stop_rule.h"

#include <math.h>
#include <stdlib.h>

static void measure(const struct study_runner *runner, const struct check_plan *plan, size_t i,
                    uint32_t done, struct checked *row)
{
    const struct watched *statistic = &plan->statistics->items[i];
    enum direction better = statistic->ref.metric->better;
    uint32_t count;
    const double *values = runner_values(runner, 0, statistic->watch, &count);

    *row = (struct checked){.statistic = statistic};
    row->harm = harm_measure(plan->base[i], plan->base_count, values, count < done ? count : done);
    row->margin =
        amount_around(&statistic->amount, metric_ref_unit(&statistic->ref), row->harm.base_mean);
    row->p_worse = harm_p_worse(&row->harm, better, row->margin);
    row->p_no_worse = harm_p_no_worse(&row->harm, better, row->margin);
}

/* A statistic that neither side has (an RTO without an outage) is not tested. */
static bool is_asked(const struct checked *row)
{
    return row->harm.n > 0;
}

/* One interim look; true if no more replications are needed. */
static bool look(const struct study_runner *runner, const struct check_plan *plan, uint32_t done,
                 struct checked *rows)
{
    size_t count = plan->statistics->count, asked = 0;
    double *worse = mem_alloc(count, sizeof *worse), *no_worse = mem_alloc(count, sizeof *no_worse);
    enum gate *gates = mem_alloc(count, sizeof *gates);
    uint32_t looks = stop_rule_looks(plan->replications, plan->replications_max);
    bool decided = true, alarm = false;

    for (size_t i = 0; i < count; i++) {
        measure(runner, plan, i, done, &rows[i]);
        if (!is_asked(&rows[i]))
            continue;
        worse[asked] = rows[i].p_worse;
        no_worse[asked++] = rows[i].p_no_worse;
    }
    gate_decide(worse, no_worse, asked, 1 - plan->level, looks, gates);
    asked = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_asked(&rows[i]))
            continue;
        rows[i].gate = gates[asked++];
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

    while (!look(runner, plan, done, rows) && good && done < plan->replications_max) {
        uint32_t until = stop_rule_grow(done, plan->replications_max);
        good = run_replications(runner, 1, done, until);
        done = until;
    }
    return good;
}
