// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Replications of a point until all watched statistics are as precise as asked for, or there are as
 * many as allowed. When to look is stop_rule.h's.
 */
#ifndef PRECISION_H
#define PRECISION_H

#include "interval.h"
#include "watch_list.h"

struct precision_plan {
    const struct watch_list *goals; /* amounts: half-widths; opened */
    uint32_t point_count;           /* each point stops by itself */
    uint32_t replications_max;
    double level;
};
/* False where a round ended early. */
bool precision_run(struct study_runner *runner, const struct precision_plan *plan);

struct precision_result {
    struct interval interval;
    double achieved; /* in the goal's terms; INFINITY where there is none */
    bool met;
};
struct precision_result precision_of(const struct study_runner *runner, const struct watched *goal,
                                     uint32_t point, double level);

#endif
