// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Morris screening: rank inputs by influence from few points (Morris, Technometrics 33, 1991; the
 * mean of absolute effects by Campolongo, Cariboni and Saltelli, Environmental Modelling & Software
 * 22, 2007).
 *
 * Inputs are fractions of their range, 0..1, on a grid of MORRIS_LEVELS levels. A trajectory starts
 * at a random point and changes one input at a time, in random order, by MORRIS_STEP: inputs + 1
 * points, one elementary effect for each input: the change of the statistic, divided by the step
 * with its sign. mu_star, the mean of the absolute effects, ranks the inputs; sigma, their standard
 * deviation, is large if the effect depends on other inputs or is nonlinear.
 */
#ifndef MORRIS_H
#define MORRIS_H

#include "interval.h"

enum { MORRIS_LEVELS = 4 };
#define MORRIS_STEP (2.0 / 3.0) /* levels / (2 (levels - 1)): each level is met as often */

/* points: trajectories x (inputs + 1) rows of `inputs` values; row by row, trajectory by
 * trajectory. The same seed gives the same points. */
void morris_points(uint64_t seed, size_t input_count, size_t trajectories, double *points);

struct morris_effect {
    double mu;               /* mean of the effects */
    struct interval mu_star; /* of the absolute effects, over trajectories: never negative */
    double sigma;            /* standard deviation of the effects */
    uint64_t outcomes;       /* steps on one side of which the outcome never came: no number */
};
/* statistics: one per point, NAN if missing (its two effects are skipped), INFINITY if it never
 * came ("never restored"). effects: one per input. */
void morris_effects(const double *points, const double *statistics, size_t input_count,
                    size_t trajectories, double level, struct morris_effect *effects);

#endif
