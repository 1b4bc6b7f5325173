// SPDX-License-Identifier: GPL-3.0-or-later
#include "pareto.h"

#include "paired.h"

#include <math.h>

/* Comparison of p with q over all goals. */
struct duel {
    bool better_by_means;  /* in at least one goal */
    bool worse_by_means;   /* in at least one goal */
    bool surely_better;    /* in at least one goal */
    bool surely_worse;     /* in at least one goal */
    bool nowhere_in_doubt; /* each goal is surely better or identical */
    bool alike;            /* identical in all goals and replications */
};

static struct paired goal_duel(const struct pareto_point *p, const struct pareto_point *q,
                               size_t goal)
{
    size_t n = p->sample_count < q->sample_count ? p->sample_count : q->sample_count;

    return paired_compare(q->samples[goal], p->samples[goal], n, 0.95);
}

static struct duel duel_of(const struct pareto_point *p, const struct pareto_point *q,
                           size_t goal_count, double alpha)
{
    struct duel duel = {.nowhere_in_doubt = true, .alike = true};

    for (size_t goal = 0; goal < goal_count; goal++) {
        struct paired paired = goal_duel(p, q, goal);
        const struct tally *difference = &paired.difference;
        bool alike = difference->count > 0 && difference->min == 0 && difference->max == 0;
        bool better = tally_p_below(difference, 0) <= alpha;
        duel.better_by_means |= difference->mean < 0;
        duel.worse_by_means |= difference->mean > 0;
        duel.surely_better |= better;
        duel.surely_worse |= tally_p_above(difference, 0) <= alpha;
        duel.nowhere_in_doubt &= better || alike;
        duel.alike &= alike;
    }
    return duel;
}

/* Effect of one rival on a point. */
struct threat {
    bool dominates; /* by means */
    bool surely_dominates;
    bool surely_does_not;
};

static struct threat threat_of(const struct pareto_point *rival, const struct pareto_point *point,
                               size_t goal_count, double alpha)
{
    struct duel duel = duel_of(rival, point, goal_count, alpha);

    return (struct threat){
        .dominates = rival->admissible && duel.better_by_means && !duel.worse_by_means,
        .surely_dominates =
            rival->admissibility == ADMISSIBLE_YES && duel.surely_better && duel.nowhere_in_doubt,
        .surely_does_not = rival->admissibility == ADMISSIBLE_NO || duel.surely_worse || duel.alike,
    };
}

/* Points whose replications would decide a point: itself, and those that may dominate it. */
static void want(const struct pareto_point *points, size_t point_count, size_t goal_count,
                 double alpha, size_t i, struct pareto_mark *marks)
{
    marks[i].wanted = true;
    for (size_t j = 0; j < point_count; j++)
        if (j != i && !threat_of(&points[j], &points[i], goal_count, alpha).surely_does_not)
            marks[j].wanted = true;
}

void pareto_mark(const struct pareto_point *points, size_t point_count, size_t goal_count,
                 double alpha, struct pareto_mark *marks)
{
    for (size_t i = 0; i < point_count; i++)
        marks[i] = (struct pareto_mark){false, false, false};
    for (size_t i = 0; i < point_count; i++) {
        bool dominated = false, surely_dominated = false, safe = true;
        for (size_t j = 0; j < point_count; j++) {
            if (j == i)
                continue;
            struct threat threat = threat_of(&points[j], &points[i], goal_count, alpha);
            dominated |= threat.dominates;
            surely_dominated |= threat.surely_dominates;
            safe &= threat.surely_does_not;
        }
        enum admissible admissibility = points[i].admissibility;
        marks[i].on_front = points[i].admissible && !dominated;
        marks[i].sure = marks[i].on_front ? safe && admissibility == ADMISSIBLE_YES
                                          : surely_dominated || admissibility == ADMISSIBLE_NO;
        if (!marks[i].sure)
            want(points, point_count, goal_count, alpha, i, marks);
    }
}

static double mean_of(const struct pareto_point *point, size_t goal)
{
    struct tally tally = {0};

    for (size_t i = 0; i < point->sample_count; i++)
        if (isfinite(point->samples[goal][i]))
            tally_add(&tally, point->samples[goal][i]);
    return tally.count ? tally.mean : NAN;
}

int64_t pareto_knee(const struct pareto_point *points, const struct pareto_mark *marks,
                    size_t point_count, size_t goal_count)
{
    double nearest = INFINITY;
    int64_t knee = -1;
    size_t front_count = 0;

    for (size_t i = 0; i < point_count; i++)
        front_count += marks[i].on_front;
    if (front_count < 3)
        return -1;
    for (size_t i = 0; i < point_count; i++) {
        double distance = 0;
        if (!marks[i].on_front)
            continue;
        for (size_t goal = 0; goal < goal_count; goal++) {
            double best = INFINITY, worst = -INFINITY;
            for (size_t j = 0; j < point_count; j++) {
                double mean = marks[j].on_front ? mean_of(&points[j], goal) : NAN;
                best = fmin(best, mean); /* ignores NAN */
                worst = fmax(worst, mean);
            }
            if (!(worst > best))
                return -1;
            double scaled = (mean_of(&points[i], goal) - best) / (worst - best);
            distance += scaled * scaled;
        }
        if (distance < nearest) {
            nearest = distance;
            knee = (int64_t)i;
        }
    }
    return knee;
}
