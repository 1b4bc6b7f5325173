// SPDX-License-Identifier: GPL-3.0-or-later
#include "good_operations.h"

#include "bug.h"
#include "mem.h"
#include "refs.h"

#include <stdlib.h>

void good_operations_init(struct good_operations *operations, uint32_t region_count, sim_time end,
                          sim_dur resolution_ns)
{
    invariant(region_count <= REGIONS_MAX);
    operations->resolution_ns = resolution_ns;
    operations->region_count = region_count;
    operations->step_count = (size_t)(end / resolution_ns) + 1;
    operations->steps =
        mem_zalloc(region_count * operations->step_count, sizeof *operations->steps);
}

void good_operations_release(struct good_operations *operations)
{
    free(operations->steps);
    *operations = (struct good_operations){0};
}

/* Sums over a span of steps, one for each region. */
struct span_sums {
    uint64_t total[REGIONS_MAX], good[REGIONS_MAX];
};

/* A step enters the span or leaves it. */
static void span_sums_change(struct span_sums *sums, const struct good_operations *operations,
                             size_t step, bool enters)
{
    for (uint32_t region = 0; region < operations->region_count; region++) {
        const struct operation_step *at =
            &operations->steps[region * operations->step_count + step];

        sums->total[region] += enters ? at->total : 0 - (uint64_t)at->total;
        sums->good[region] += enters ? at->good : 0 - (uint64_t)at->good;
    }
}

static bool span_sums_at_target(const struct span_sums *sums, uint32_t region_count, double target)
{
    bool any = false;

    for (uint32_t region = 0; region < region_count; region++) {
        double total = (double)sums->total[region];

        if (sums->total[region] == 0)
            continue;
        any = true;
        /* the small change makes 7 of 100 reach 7 %, whose double lies above */
        if ((double)sums->good[region] + 1e-9 * total < target * total)
            return false;
    }
    return any;
}

sim_time good_operations_restored(const struct good_operations *operations,
                                  const struct restoration_rule *rule, sim_time onset, sim_time now)
{
    sim_dur resolution_ns = operations->resolution_ns;
    size_t hold = (size_t)(rule->hold_ns / resolution_ns);
    size_t first = (size_t)(onset / resolution_ns);
    size_t whole = (size_t)(now / resolution_ns); /* steps that are over */
    struct span_sums sums = {{0}, {0}};

    if (first + hold > whole)
        return SIM_NEVER;
    for (size_t step = first; step < first + hold; step++)
        span_sums_change(&sums, operations, step, true);
    for (size_t start = first;; start++) {
        sim_time edge = (sim_time)start * resolution_ns;

        if (span_sums_at_target(&sums, operations->region_count, rule->target))
            return edge > onset ? edge : onset;
        if (start + hold >= whole)
            return SIM_NEVER;
        span_sums_change(&sums, operations, start, false);
        span_sums_change(&sums, operations, start + hold, true);
    }
}
