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

/* All objectives at one point. One without data (nothing that it measures happened) does not
 * break. */
static struct limit_look judge_point(const struct study_runner *runner,
                                     const struct capacity_plan *plan, uint32_t point, double load)
{
    struct limit_look look = {load, true, true, false};

    for (size_t i = 0; i < plan->objectives->count; i++) {
        struct requirement_state state =
            requirement_judge(&plan->objectives->items[i], runner, point, plan->level);
        look.holds = look.holds && state.by_mean != VERDICT_FAILS;
        look.surely_broken = look.surely_broken || state.verdict == VERDICT_FAILS;
        look.surely_holds = look.surely_holds &&
                            (state.verdict == VERDICT_HOLDS || state.verdict == VERDICT_NO_DATA);
    }
    return look;
}

/* The objective that is broken by most, in units of its own noise, where the first one breaks. */
static int64_t first_broken(const struct study_runner *runner, const struct capacity_plan *plan,
                            uint32_t point)
{
    double worst = -1;
    int64_t found = -1;

    for (size_t i = 0; i < plan->objectives->count; i++) {
        struct requirement_state state =
            requirement_judge(&plan->objectives->items[i], runner, point, plan->level);
        double half = state.interval.valid ? (state.interval.high - state.interval.low) / 2 : 0;
        double excess = fabs(state.interval.mean - state.bound);
        excess = half > 0 ? excess / half : INFINITY;
        if (state.by_mean == VERDICT_FAILS && excess > worst) {
            worst = excess;
            found = (int64_t)i;
        }
    }
    return found;
}

static void keep_look(struct capacity_result *result, double load, uint32_t point)
{
    size_t at = result->look_count++;

    for (; at > 0 && result->looks[at - 1].load > load; at--)
        result->looks[at] = result->looks[at - 1];
    result->looks[at] = (struct capacity_look){load, point};
}

static bool was_looked_at(const struct capacity_result *result, double load)
{
    for (size_t i = 0; i < result->look_count; i++)
        if (result->looks[i].load == load)
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

    result->look_count = 0;
    result->replications = replications;
    result->breaks_first = -1;
    limit_search_init(state, plan->from, plan->to, plan->tolerance);
    while (good && limit_search_next(state, &load)) {
        uint32_t point = plan->point_at(plan->self, &load);
        if (was_looked_at(result, load))
            break; /* whole numbers can be cut no further */
        good = run_point(runner, point, replications);
        if (!good)
            break;
        struct limit_look look = judge_point(runner, plan, point, load);
        limit_search_tell(state, &look);
        keep_look(result, load, point);
    }
    result->limit = limit_search_result(state);
    for (size_t i = 0; good && i < result->look_count && result->breaks_first < 0; i++)
        if (!state->looks[i].holds)
            result->breaks_first = first_broken(runner, plan, result->looks[i].point);
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
