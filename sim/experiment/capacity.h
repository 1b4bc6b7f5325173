// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The largest load at which all objectives hold, with an interval, and the first objective to fail.
 * The search is that of limit_search.h.
 */
#ifndef CAPACITY_H
#define CAPACITY_H

#include "limit_search.h"
#include "requirement.h"

struct capacity_plan {
    const struct requirement_list *objectives; /* opened */
    double from, to, tolerance;
    uint32_t replications;     /* >= 2 */
    uint32_t replications_max; /* added while the interval is wider than the tolerance */
    double level;
    /* The runner's point at this load, created at the first call with it. Rounds the load to what
     * the parameter accepts and stores the result. */
    uint32_t (*point_at)(void *self, double *load);
    void *self;
};
struct capacity_load {
    double load;
    uint32_t point;
};
struct capacity_result {
    struct limit limit;
    uint32_t replications;
    int64_t breaks_first; /* index of an objective; -1: none fails within the range */
    struct capacity_load tried[LIMIT_TRIALS_MAX]; /* by load, of the last search */
    size_t tried_count;
};
/* False if a round ended early. */
bool capacity_run(struct study_runner *runner, const struct capacity_plan *plan,
                  struct capacity_result *result);

#endif
