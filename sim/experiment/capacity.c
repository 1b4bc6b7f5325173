// SPDX-License-Identifier: GPL-3.0-or-later
#include "capacity.h"

#include "judge.h"
#include "mem.h"
#include "stop_rule.h"

#include <math.h>
#include <stdlib.h>

static bool run_point(struct study_runner *runner, uint32_t point, uint32_t replications)
{
    struct run_task *tasks = mem_alloc(replications, sizeof *tasks);
    bool good;

    for (uint32_t i = 0; i < replications; i++)
        tasks[i] = (struct run_task){point, i};
    good = runner_run(runner, tasks, replications);
    free(tasks);
    return good;
}

/* Evaluate all objectives at one point. An objective without data does not fail. */
static struct limit_trial judge_point(const struct study_runner *runner,
                                      const struct capacity_plan *plan, uint32_t point, double load)
{
    struct limit_trial trial = {load, true, true, false};

    for (size_t i = 0; i < plan->objectives->count; i++) {
        struct decision state =
            requirement_judge(&plan->objectives->items[i], runner, point, plan->level);
        /* An objective on the mean holds or not by it, and is as uncertain as the mean is. */
        trial.holds = trial.holds && state.by_mean != VERDICT_FAILS;
        trial.surely_broken = trial.surely_broken || state.by_interval == VERDICT_FAILS;
        trial.surely_holds = trial.surely_holds && (state.by_interval == VERDICT_HOLDS ||
                                                    state.by_interval == VERDICT_NO_DATA);
    }
    return trial;
}

/* At the first load that fails: the objective that is violated most, in units of its noise. */
static int64_t first_broken(const struct study_runner *runner, const struct capacity_plan *plan,
                            uint32_t point)
{
    double worst = -1;
    int64_t found = -1;

    for (size_t i = 0; i < plan->objectives->count; i++) {
        struct decision state =
            requirement_judge(&plan->objectives->items[i], runner, point, plan->level);
        double half = state.estimate.interval.valid
                          ? (state.estimate.interval.high - state.estimate.interval.low) / 2
                          : 0;
        double excess = fabs(state.estimate.interval.mean - state.bound);
        excess = half > 0 && state.estimate.never == 0 ? excess / half : INFINITY;
        if (state.by_mean == VERDICT_FAILS && excess > worst) {
            worst = excess;
            found = (int64_t)i;
        }
    }
    return found;
}

static void keep_tried(struct capacity_result *result, double load, uint32_t point)
{
    size_t at = result->tried_count++;

    for (; at > 0 && result->tried[at - 1].load > load; at--)
        result->tried[at] = result->tried[at - 1];
    result->tried[at] = (struct capacity_load){load, point};
}

static bool was_tried(const struct capacity_result *result, double load)
{
    for (size_t i = 0; i < result->tried_count; i++)
        if (result->tried[i].load == load)
            return true;
    return false;
}

/* One search with that many replications. */
static bool search(struct study_runner *runner, const struct capacity_plan *plan,
                   uint32_t replications, struct capacity_result *result)
{
    struct limit_search *state = mem_alloc(1, sizeof *state);
    bool good = true;
    double load;

    result->tried_count = 0;
    result->replications = replications;
    result->breaks_first = -1;
    limit_search_init(state, plan->from, plan->to, plan->tolerance);
    while (good && limit_search_next(state, &load)) {
        uint32_t point = plan->point_at(plan->self, &load);
        if (was_tried(result, load))
            break; /* integers cannot be bisected further */
        good = run_point(runner, point, replications);
        if (!good)
            break;
        struct limit_trial trial = judge_point(runner, plan, point, load);
        limit_search_add(state, &trial);
        keep_tried(result, load, point);
    }
    result->limit = limit_search_result(state);
    for (size_t i = 0; good && i < result->tried_count && result->breaks_first < 0; i++)
        if (!state->tried[i].holds)
            result->breaks_first = first_broken(runner, plan, result->tried[i].point);
    free(state);
    return good;
}

bool capacity_run(struct study_runner *runner, const struct capacity_plan *plan,
                  struct capacity_result *result)
{
    uint32_t replications = plan->replications;

    for (;;) {
        const struct limit *limit = &result->limit;
        if (!search(runner, plan, replications, result))
            return false;
        bool narrow = limit->place != LIMIT_WITHIN ||
                      (limit->has_low && limit->has_high &&
                       limit->high - limit->low <= 2 * plan->tolerance * limit->load);
        if (narrow || replications >= plan->replications_max)
            return true;
        replications = stop_rule_grow(replications, plan->replications_max);
    }
}
