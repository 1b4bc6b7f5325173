// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A rate of arrivals that is piecewise linear in time, and the inverse of its integral: the instant
 * by which a given number of arrivals is expected. A curve may repeat.
 *
 * The arrivals of a Poisson process of that rate are the instants of a unit Poisson process mapped
 * by the inverse (E. Cinlar, Introduction to Stochastic Processes, 1975, section 4.7); evenly
 * spaced ones are the instants of whole numbers.
 */
#ifndef ARRIVAL_CURVE_H
#define ARRIVAL_CURVE_H

#include "field.h"

struct curve_segment {
    sim_time begin;
    double expected; /* arrivals before it */
    double rate_per_s, slope_per_s2;
};
struct arrival_curve {
    struct curve_segment *segments; /* the last has no end, or ends with the period */
    uint32_t count;
    size_t capacity;
    sim_dur period_ns; /* after which the curve repeats; 0: never */
    double per_period; /* arrivals expected */
    uint32_t cursor;   /* of curve_instant(): asked for growing numbers, it checks the next few */
};

void curve_release(struct arrival_curve *curve);
/* `per_s` at all times. */
void curve_constant(struct arrival_curve *curve, double per_s);
/* `per_s` until `at`, then `factor` times as many. */
void curve_step(struct arrival_curve *curve, double per_s, sim_time at, double factor);
/* From `per_s` through the stages, then the rate of the last one; `repeat`: again from per_s. */
void curve_stages(struct arrival_curve *curve, double per_s, const struct stage_list *stages,
                  bool repeat);
/* One rate a bin, then none; `repeat`: the bins again. */
void curve_bins(struct arrival_curve *curve, const struct number_list *rates, sim_dur bin_ns,
                bool repeat);

/* The rate at an instant, the right-hand limit where it jumps. */
double curve_rate(const struct arrival_curve *curve, sim_time when);
double curve_rate_max(const struct arrival_curve *curve);
/* The first instant at which the rate is highest. */
sim_time curve_peak(const struct arrival_curve *curve);
/* Arrivals expected before `when`. */
double curve_expected(const struct arrival_curve *curve, sim_time when);
/* The latest instant before which `expected` arrivals are expected, so that none falls into a time
 * without any; SIM_NEVER: never. Amortised O(1) where `expected` grows from call to call. */
sim_time curve_instant(struct arrival_curve *curve, double expected);

#endif
