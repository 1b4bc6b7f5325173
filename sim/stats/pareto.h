// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The Pareto front of sampled points, and its knee.
 *
 * Every goal is minimised (negate those to maximise). Samples are paired: replication i of all
 * points used the same random numbers. A point dominates another if it is at least as good in every
 * goal and better in one.
 *
 * The means decide whether an admissible point is on the front; `sure` says whether the data
 * confirm it. Point p is surely better than q in a goal if the paired test at alpha says so. q is
 * surely on the front if for every possibly admissible p some goal is surely better at q; surely
 * off it if some surely admissible p is surely better in one goal and surely better or identical in
 * every other. Levels are those of single tests: with many points, some sure marks are wrong, at
 * the rate alpha.
 */
#ifndef PARETO_H
#define PARETO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum admissible { ADMISSIBLE_NO, ADMISSIBLE_UNSURE, ADMISSIBLE_YES };

struct pareto_point {
    /* By goal: values by replication, NAN if missing. */
    const double *const *samples;
    size_t sample_count;           /* a pair exists if both points have it */
    bool admissible;               /* by the means of its constraints */
    enum admissible admissibility; /* by their intervals */
};
struct pareto_mark {
    bool on_front;
    bool sure;
    bool wanted; /* more replications of it would help to decide some point */
};

/* O(points^2 x goals x samples). `marks`: one per point. */
void pareto_mark(const struct pareto_point *points, size_t point_count, size_t goal_count,
                 double alpha, struct pareto_mark *marks);
/*
 * The knee, the best compromise between the goals: the point of the front that is nearest to the
 * ideal (the best of every goal), each goal scaled to 0..1 over the front (the compromise of Yu,
 * Management Science 19, 1973). -1 if the front has fewer than three points or is constant in
 * some goal.
 */
int64_t pareto_knee(const struct pareto_point *points, const struct pareto_mark *marks,
                    size_t point_count, size_t goal_count);

#endif
