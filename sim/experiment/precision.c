// SPDX-License-Identifier: GPL-3.0-or-later
#include "precision.h"

#include "mem.h"
#include "stop_rule.h"

#include <math.h>
#include <stdlib.h>

/* State of a point between two looks. */
struct point_state {
    uint32_t done;
    bool is_over;
    struct stop_rule rule;
};

struct precision_result precision_of(const struct study_runner *runner, const struct watched *goal,
                                     uint32_t point, double level)
{
    struct sampled_estimate estimate = runner_estimate(runner, point, goal->watch, level);
    struct precision_goal wanted = {goal->amount.is_relative, goal->amount.value};
    struct precision_result result = {
        .interval = estimate.interval, .never = estimate.never, .achieved = INFINITY};

    /* The range of too few values is no interval of a quantile over them. */
    if (estimate.low_is_open || estimate.high_is_open)
        return result;
    result.achieved = precision_achieved(&wanted, &result.interval);
    result.met = precision_met(&wanted, &result.interval);
    return result;
}

static bool all_met(const struct study_runner *runner, const struct precision_plan *plan,
                    uint32_t point)
{
    for (size_t i = 0; i < plan->goals->count; i++)
        if (!precision_of(runner, &plan->goals->items[i], point, plan->level).met)
            return false;
    return true;
}

/* Collect one round of all points that continue; returns the number of tasks. */
static size_t next_round(const struct precision_plan *plan, struct point_state *states,
                         struct run_task **tasks)
{
    size_t count = 0, capacity = 0;

    for (uint32_t point = 0; point < plan->point_count; point++) {
        struct point_state *state = &states[point];
        if (state->is_over)
            continue;
        uint32_t wanted_count = stop_rule_next(state->done, plan->replications_max);
        MEM_GROW(*tasks, capacity, count + wanted_count - state->done);
        for (; state->done < wanted_count; state->done++)
            (*tasks)[count++] = (struct run_task){point, state->done};
    }
    return count;
}

bool precision_run(struct study_runner *runner, const struct precision_plan *plan)
{
    struct point_state *states = mem_zalloc(plan->point_count, sizeof *states);
    bool good = true;

    for (;;) {
        struct run_task *tasks = NULL;
        size_t count = next_round(plan, states, &tasks);
        good = count == 0 || runner_run(runner, tasks, count);
        free(tasks);
        if (count == 0 || !good)
            break;
        for (uint32_t point = 0; point < plan->point_count; point++) {
            struct point_state *state = &states[point];
            if (!state->is_over)
                state->is_over = stop_rule_look(&state->rule, all_met(runner, plan, point)) ||
                                 state->done >= plan->replications_max;
        }
    }
    free(states);
    return good;
}
