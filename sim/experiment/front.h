// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The Pareto front of a sweep: the points that no other point dominates, with replications added
 * where that is uncertain. Certainty is defined in pareto.h.
 *
 * A goal that was not reached when a run ended (an RTO: never restored) is worse than every number:
 * a point with more of them than another one does not meet the constraints beside it. A run without
 * an outage has no RTO, and that is better than every number: it counts as 0.
 */
#ifndef FRONT_H
#define FRONT_H

#include "pareto.h"
#include "requirement.h"
#include "watch_list.h"

struct front_plan {
    const struct watch_list *goals;             /* opened; amount -1: maximise */
    const struct requirement_list *constraints; /* opened */
    uint32_t point_count;
    uint32_t replications;
    uint32_t replications_max; /* per point */
    double level;
};
struct front_result {
    struct pareto_mark *marks; /* by point */
    bool *admissible;          /* by point: meets the constraints by its means */
    int64_t knee;              /* a point, or -1 */
    size_t point_count;
};
/* False if a round ended early; then the result is that of the runs so far. */
bool front_run(struct study_runner *runner, const struct front_plan *plan,
               struct front_result *result);
void front_result_release(struct front_result *result);

#endif
