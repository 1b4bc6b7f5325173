// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The points of a sweep: every combination of the values of its axes, or a Latin hypercube, less
 * those that a condition forbids.
 *
 * Axes in lockstep take their first value together, their second, and so on, and count as one axis.
 * A Latin hypercube of N samples (McKay, Beckman and Conover, Technometrics 21, 1979) cuts each
 * axis into N shares of one size and takes one value from each, in an order that is random for each
 * axis; an axis with listed values has them as often as N allows.
 */
#ifndef DESIGN_H
#define DESIGN_H

#include "scenario.h"
#include "sweep_axis.h"

#define DESIGN_POINTS_MAX 10000

struct design_spec {
    const struct scenario *base; /* for what conditions ask of parameters that are no axis */
    const struct sweep_axis *const *axes;
    size_t axis_count;
    char *const *locksteps; /* "a, b" */
    size_t lockstep_count;
    char *const *wheres;
    size_t where_count;
    uint32_t samples; /* of a Latin hypercube; 0: all combinations */
    uint64_t seed;    /* of the hypercube: the same gives the same points */
};
struct design {
    char **values; /* point by point, axis by axis */
    size_t point_count, axis_count;
    size_t left_out; /* points that a condition forbade */
};
/* False where no point is left or something is wrong, all of it told. Points of a grid come in the
 * order of its axes, the last one turning fastest. */
bool design_make(const struct design_spec *spec, struct design *design, struct diag *diag);
void design_release(struct design *design);

#endif
