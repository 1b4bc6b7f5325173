// SPDX-License-Identifier: GPL-3.0-or-later
#include "good_operations.h"

#include "bug.h"
#include "mem.h"

#include <stdlib.h>

void good_operations_init(struct good_operations *operations, uint32_t group_count, sim_time end,
                          sim_dur resolution_ns)
{
    invariant(group_count <= GROUPS_MAX);
    operations->resolution_ns = resolution_ns;
    operations->group_count = group_count;
    operations->step_count = (size_t)(end / resolution_ns) + 1;
    operations->steps = mem_zalloc(group_count * operations->step_count, sizeof *operations->steps);
}

void good_operations_release(struct good_operations *operations)
{
    free(operations->steps);
    *operations = (struct good_operations){0};
}

/* Sums over a window of steps, one for each group. */
struct window_sums {
    uint64_t total[GROUPS_MAX], bad[GROUPS_MAX];
};

/* A step enters the window or leaves it. */
static void window_sums_change(struct window_sums *sums, const struct good_operations *operations,
                               size_t step, bool enters)
{
    for (uint32_t group = 0; group < operations->group_count; group++) {
        const struct operation_step *at = &operations->steps[group * operations->step_count + step];

        sums->total[group] += enters ? at->total : 0 - (uint64_t)at->total;
        sums->bad[group] += enters ? at->bad : 0 - (uint64_t)at->bad;
    }
}

enum window_state { WINDOW_EMPTY, WINDOW_GOOD, WINDOW_BAD };

static enum window_state window_sums_judge(const struct window_sums *sums, uint32_t group_count,
                                           double target)
{
    enum window_state state = WINDOW_EMPTY;

    for (uint32_t group = 0; group < group_count; group++) {
        double total = (double)sums->total[group];

        if (sums->total[group] == 0)
            continue;
        state = WINDOW_GOOD;
        /* the small change makes 7 of 100 reach 7 %, whose double lies above */
        if (total - (double)sums->bad[group] + 1e-9 * total < target * total)
            return WINDOW_BAD;
    }
    return state;
}

/* Start of the first window of `hold` steps in that state, within the steps [first, end). */
static sim_time first_window(const struct good_operations *operations, double target, size_t hold,
                             size_t first, size_t end, enum window_state wanted)
{
    struct window_sums sums = {{0}, {0}};

    for (size_t step = first; step < first + hold; step++)
        window_sums_change(&sums, operations, step, true);
    for (size_t start = first;; start++) {
        if (window_sums_judge(&sums, operations->group_count, target) == wanted)
            return (sim_time)start * operations->resolution_ns;
        if (start + hold >= end)
            return SIM_NEVER;
        window_sums_change(&sums, operations, start, false);
        window_sums_change(&sums, operations, start + hold, true);
    }
}

sim_time good_operations_first_bad(const struct good_operations *operations,
                                   const struct outage_rule *rule, sim_time from, sim_time until)
{
    size_t hold = (size_t)(rule->hold_ns / operations->resolution_ns);
    size_t first = (size_t)(from / operations->resolution_ns);
    size_t end = (size_t)(until / operations->resolution_ns); /* steps that are over */

    if (first >= end)
        return SIM_NEVER;
    if (hold > end - first)
        hold = end - first;
    return first_window(operations, rule->target, hold, first, end, WINDOW_BAD);
}

sim_time good_operations_first_good(const struct good_operations *operations,
                                    const struct outage_rule *rule, sim_time from, sim_time until)
{
    size_t hold = (size_t)(rule->hold_ns / operations->resolution_ns);
    size_t first = (size_t)(from / operations->resolution_ns);
    size_t end = (size_t)(until / operations->resolution_ns);

    if (first + hold > end)
        return SIM_NEVER;
    return first_window(operations, rule->target, hold, first, end, WINDOW_GOOD);
}
