// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The Pareto front of points that are known by samples only, and its knee.
 *
 * Every goal is to be small (negate what is to be large). Samples are paired: replication i of all
 * points saw the same random numbers. A point dominates another where it is at least as good in
 * every goal and better in one.
 *
 * By means alone each admissible point is on the front or not; `sure` says whether the data settle
 * it. Point p is surely better than q in a goal where the paired test at alpha says so. q is surely
 * on the front where for every p that could be admissible some goal is surely better at q; surely
 * off where some surely admissible p is surely better in one goal and in each other surely better
 * or exactly alike. Levels are those of single tests: with many points some calls that are sure are
 * wrong, at the rate alpha.
 */
#ifndef PARETO_H
#define PARETO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum admissible { ADMISSIBLE_NO, ADMISSIBLE_UNSURE, ADMISSIBLE_YES };

struct pareto_point {
    /* By goal: values by replication, NAN where there is none. */
    const double *const *samples;
    size_t sample_count;           /* a pair is what both points have */
    bool admissible;               /* by the means of its constraints */
    enum admissible admissibility; /* by their intervals */
};
struct pareto_mark {
    bool on_front;
    bool sure;
    bool wanted; /* more replications of it would help to settle some point */
};

/* O(points^2 x goals x samples). `marks`: one a point. */
void pareto_mark(const struct pareto_point *points, size_t point_count, size_t goal_count,
                 double alpha, struct pareto_mark *marks);
/*
 * Where giving up a little of one goal stops paying: the point of the front that is nearest to the
 * ideal (the best of every goal), each goal scaled to 0..1 over the front (the compromise of Yu,
 * Management Science 19, 1973). -1 where the front has fewer than three points or does not spread
 * in some goal.
 */
int64_t pareto_knee(const struct pareto_point *points, const struct pareto_mark *marks,
                    size_t point_count, size_t goal_count);

#endif
