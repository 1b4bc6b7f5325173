// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The Pareto front of a sweep: which points no other point beats in all goals, with replications
 * spent where that is not settled. What is surely on or off is pareto.h's.
 */
#ifndef FRONT_H
#define FRONT_H

#include "pareto.h"
#include "requirement.h"
#include "watch_list.h"

struct front_plan {
    const struct watch_list *goals; /* opened; an amount of -1 where the statistic is to be large */
    const struct requirement_list *constraints; /* opened */
    uint32_t point_count;
    uint32_t replications;
    uint32_t replications_max; /* of a point */
    double level;
};
struct front_result {
    struct pareto_mark *marks; /* by point */
    bool *admissible;          /* by point: meets the constraints by its means */
    int64_t knee;              /* a point, or -1 */
    size_t point_count;
};
/* False where a round ended early: the result is of what there is. */
bool front_run(struct study_runner *runner, const struct front_plan *plan,
               struct front_result *result);
void front_result_release(struct front_result *result);

#endif
