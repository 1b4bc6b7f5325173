// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The largest load at which all objectives hold, with an interval, and which of them breaks first.
 * How the search goes is limit_search.h's.
 */
#ifndef CAPACITY_H
#define CAPACITY_H

#include "limit_search.h"
#include "requirement.h"

struct capacity_plan {
    const struct requirement_list *objectives; /* opened */
    double from, to, tolerance;
    uint32_t replications;     /* >= 2 */
    uint32_t replications_max; /* more are made while the interval is wider than the tolerance */
    double level;
    /* The point of the runner at this load, made at the first call of a load. The load may be
     * rounded as the parameter asks: what it became is stored. */
    uint32_t (*point_at)(void *self, double *load);
    void *self;
};
struct capacity_look {
    double load;
    uint32_t point;
};
struct capacity_result {
    struct limit limit;
    uint32_t replications;
    int64_t breaks_first; /* number of an objective; -1: none does within the range */
    struct capacity_look looks[LIMIT_LOOKS_MAX]; /* by load, of the last search */
    size_t look_count;
};
/* False where a round ended early. */
bool capacity_run(struct study_runner *runner, const struct capacity_plan *plan,
                  struct capacity_result *result);

#endif
