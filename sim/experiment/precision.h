// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Add replications to a point until all watched statistics have the requested precision or the
 * limit is reached. The schedule is that of stop_rule.h.
 */
#ifndef PRECISION_H
#define PRECISION_H

#include "interval.h"
#include "watch_list.h"

struct precision_plan {
    const struct watch_list *goals; /* amounts: half-widths; opened */
    uint32_t point_count;           /* each point stops independently */
    uint32_t replications_max;
    double level;
};
/* False if a round ended early. */
bool precision_run(struct study_runner *runner, const struct precision_plan *plan);

struct precision_result {
    struct interval interval;
    uint64_t never;  /* runs that ended before it was known; not in the interval */
    double achieved; /* relative or absolute as the goal; INFINITY: none */
    bool met;
};
struct precision_result precision_of(const struct study_runner *runner, const struct watched *goal,
                                     uint32_t point, double level);

#endif
