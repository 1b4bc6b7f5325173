// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Good operations: how many operations began in each step of a run, how many of them were bad, and
 * when an outage began and was restored by that. Operations are in groups: one for each kind of
 * operation in each region.
 *
 * An operation is counted when it ends, in the step in which it *began*: so all is known once what
 * began in an outage has ended, and the outage is found at the end of the run.
 *
 * A window is `hold` long and begins at the edge of a step. It is bad if in some group the share of
 * good operations, of those that began in it, is below target; groups without operations do not
 * count. It is good if it is not bad and has operations.
 */
#ifndef GOOD_OPERATIONS_H
#define GOOD_OPERATIONS_H

#include "objective.h"
#include "refs.h"
#include "sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUPS_MAX (OPERATION_KINDS * REGIONS_MAX)

struct good_operations {
    sim_dur resolution_ns; /* length of a step */
    uint32_t group_count;
    size_t step_count;            /* of a group */
    struct operation_step *steps; /* [group][step] */
};

/* Steps from 0 to `end`; 8 bytes each. group_count <= GROUPS_MAX. */
void good_operations_init(struct good_operations *operations, uint32_t group_count, sim_time end,
                          sim_dur resolution_ns);
void good_operations_release(struct good_operations *operations);

/* What counts the operations of a group. */
static inline struct operation_tally good_operations_tally(const struct good_operations *operations,
                                                           uint32_t group)
{
    struct operation_step *steps = &operations->steps[group * operations->step_count];

    return (struct operation_tally){
        .steps = steps, .step = steps, .step_ns = operations->resolution_ns};
}

struct outage_rule {
    double target;   /* share of good operations, 0..1 */
    sim_dur hold_ns; /* length of a window; a multiple of the resolution */
};

/*
 * Start of the first bad window within [from, until], the first window being that of the step that
 * holds `from`; where not even that fits, the part of it up to `until` is judged. SIM_NEVER: none.
 * O(steps looked at).
 */
sim_time good_operations_first_bad(const struct good_operations *operations,
                                   const struct outage_rule *rule, sim_time from, sim_time until);
/* Start of the first good window, which may begin with the step that holds `from`, and ends at
 * `until` or before. SIM_NEVER: none. O(steps looked at). */
sim_time good_operations_first_good(const struct good_operations *operations,
                                    const struct outage_rule *rule, sim_time from, sim_time until);

#endif
