// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Good operations: how many operations began in each step of a run, by region, how many of them
 * were good, and when an outage was restored by that.
 *
 * An operation is counted when it ends, in the step in which it *began*: so all is known once what
 * began in an outage has ended, and the restoration is found at the end of the run.
 */
#ifndef GOOD_OPERATIONS_H
#define GOOD_OPERATIONS_H

#include "sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct good_operations {
    sim_dur resolution_ns; /* length of a step */
    uint32_t region_count;
    size_t step_count; /* of a region */
    struct operation_step {
        uint32_t total, good;
    } * steps; /* [region][step] */
};

/* Steps from 0 to `end`; 8 bytes each. region_count <= REGIONS_MAX. */
void good_operations_init(struct good_operations *operations, uint32_t region_count, sim_time end,
                          sim_dur resolution_ns);
void good_operations_release(struct good_operations *operations);

/* An operation that began at `started`, at most `end`, has ended. */
static inline void good_operations_add(struct good_operations *operations, int region,
                                       sim_time started, bool good)
{
    struct operation_step *step = &operations->steps[(size_t)region * operations->step_count +
                                                     (size_t)(started / operations->resolution_ns)];

    step->total++;
    step->good += good;
}

struct restoration_rule {
    double target;   /* share of good operations, 0..1 */
    sim_dur hold_ns; /* length of a span; a multiple of the resolution */
};

/*
 * The restoration of an outage: the first edge of a step T such that in every region the share of
 * good operations among those that began in [T, T + hold) is at target. Edges start with that at or
 * before the onset; the result is T, or the onset where T is before it. Regions without operations
 * in a span do not count, but one at least must have some. T + hold is at most `now`.
 *
 * SIM_NEVER: there is none. O(steps looked at).
 */
sim_time good_operations_restored(const struct good_operations *operations,
                                  const struct restoration_rule *rule, sim_time onset,
                                  sim_time now);

#endif
