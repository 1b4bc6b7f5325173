// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The points of a sweep: all combinations of the values of its axes, or a Latin hypercube, without
 * those excluded by a condition.
 *
 * Axes in lockstep use their first values together, their second values, and so on, and count as
 * one axis. A Latin hypercube of N samples (McKay, Beckman and Conover, Technometrics 21, 1979)
 * divides each axis into N equal intervals and samples one value from each, in random order per
 * axis; listed values are used equally often, as far as N allows.
 */
#ifndef DESIGN_H
#define DESIGN_H

#include "scenario.h"
#include "sweep_axis.h"

#define DESIGN_POINTS_MAX 10000

struct design_spec {
    const struct scenario *base; /* for conditions on parameters that are not an axis */
    const struct sweep_axis *const *axes;
    size_t axis_count;
    char *const *locksteps; /* "a, b" */
    size_t lockstep_count;
    char *const *wheres;
    size_t where_count;
    uint32_t samples; /* of a Latin hypercube; 0: all combinations */
    uint64_t seed;    /* of the hypercube; the same seed gives the same points */
};
struct design {
    char **values; /* point by point, axis by axis */
    size_t point_count, axis_count;
    size_t left_out; /* points excluded by a condition */
};
/* False with all errors reported if the design is invalid or no point is left. Points of a grid are
 * ordered by its axes, the last one varying fastest. */
bool design_make(const struct design_spec *spec, struct design *design, struct diag *diag);
void design_release(struct design *design);

#endif
