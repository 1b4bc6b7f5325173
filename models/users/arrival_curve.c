// SPDX-License-Identifier: GPL-3.0-or-later
#include "arrival_curve.h"

#include "bug.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>

#define NS_PER_S ((double)SIM_S)

void curve_release(struct arrival_curve *curve)
{
    free(curve->segments);
    *curve = (struct arrival_curve){0};
}

/* --- making ------------------------------------------------------------------------------ */

/* What is expected `ns` after the beginning of a segment. */
static double segment_expected(const struct curve_segment *segment, sim_dur ns)
{
    double s = (double)ns / NS_PER_S;

    return segment->expected + s * (segment->rate_per_s + segment->slope_per_s2 * s / 2);
}

static double segment_rate(const struct curve_segment *segment, sim_dur ns)
{
    return segment->rate_per_s + segment->slope_per_s2 * (double)ns / NS_PER_S;
}

/* Begin a segment; one of no length is replaced. */
static void add_segment(struct arrival_curve *curve, sim_time begin, double per_s, double slope)
{
    struct curve_segment *last = curve->count > 0 ? &curve->segments[curve->count - 1] : NULL;
    double expected = last ? segment_expected(last, begin - last->begin) : 0;

    invariant(!last || begin >= last->begin);
    if (last && begin == last->begin)
        curve->count--;
    MEM_GROW(curve->segments, curve->capacity, curve->count + 1);
    curve->segments[curve->count++] = (struct curve_segment){begin, expected, per_s, slope};
}

static void set_period(struct arrival_curve *curve, sim_dur period_ns)
{
    invariant(period_ns > 0);
    curve->period_ns = period_ns;
    /* what begins at the end of the period is never seen */
    while (curve->count > 1 && curve->segments[curve->count - 1].begin >= period_ns)
        curve->count--;
    curve->per_period = segment_expected(&curve->segments[curve->count - 1],
                                         period_ns - curve->segments[curve->count - 1].begin);
}

void curve_constant(struct arrival_curve *curve, double per_s)
{
    add_segment(curve, 0, per_s, 0);
}

void curve_step(struct arrival_curve *curve, double per_s, sim_time at, double factor)
{
    add_segment(curve, 0, per_s, 0);
    add_segment(curve, at, per_s * factor, 0);
}

void curve_stages(struct arrival_curve *curve, double per_s, const struct stage_list *stages,
                  bool repeat)
{
    sim_time begin = 0;
    double rate = per_s;

    for (uint32_t i = 0; i < stages->count; i++) {
        const struct ramp_stage *stage = &stages->items[i];
        double s = (double)stage->for_ns / NS_PER_S;

        if (stage->for_ns > 0)
            add_segment(curve, begin, rate, (stage->to - rate) / s);
        begin += stage->for_ns;
        rate = stage->to;
    }
    add_segment(curve, begin, rate, 0);
    if (repeat)
        set_period(curve, begin);
}

void curve_bins(struct arrival_curve *curve, const struct number_list *rates, sim_dur bin_ns,
                bool repeat)
{
    for (uint32_t i = 0; i < rates->count; i++)
        add_segment(curve, i * bin_ns, rates->items[i], 0);
    add_segment(curve, rates->count * bin_ns, 0, 0);
    if (repeat)
        set_period(curve, rates->count * bin_ns);
}

/* --- asking ------------------------------------------------------------------------------ */

/* The end of segment `index`; SIM_NEVER: none. */
static sim_time segment_end(const struct arrival_curve *curve, uint32_t index)
{
    if (index + 1 < curve->count)
        return curve->segments[index + 1].begin;
    return curve->period_ns > 0 ? curve->period_ns : SIM_NEVER;
}

/* What is expected by the end of segment `index`. */
static double segment_total(const struct arrival_curve *curve, uint32_t index)
{
    if (index + 1 < curve->count)
        return curve->segments[index + 1].expected;
    if (curve->period_ns > 0)
        return curve->per_period;
    return curve->segments[index].rate_per_s > 0 ? INFINITY : curve->segments[index].expected;
}

static const struct curve_segment *segment_at(const struct arrival_curve *curve, sim_time when)
{
    uint32_t low = 0, high = curve->count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (curve->segments[middle].begin <= when)
            low = middle;
        else
            high = middle;
    }
    return &curve->segments[low];
}

double curve_rate(const struct arrival_curve *curve, sim_time when)
{
    sim_time within = curve->period_ns > 0 ? when % curve->period_ns : when;
    const struct curve_segment *segment = segment_at(curve, within);

    return fmax(0, segment_rate(segment, within - segment->begin));
}

double curve_expected(const struct arrival_curve *curve, sim_time when)
{
    sim_time within = curve->period_ns > 0 ? when % curve->period_ns : when;
    double before =
        curve->period_ns > 0 ? (double)(when / curve->period_ns) * curve->per_period : 0;
    const struct curve_segment *segment = segment_at(curve, within);

    return before + segment_expected(segment, within - segment->begin);
}

/* The highest rate, and where it is first reached. */
static double find_peak(const struct arrival_curve *curve, sim_time *when)
{
    double highest = -1;

    for (uint32_t i = 0; i < curve->count; i++) {
        const struct curve_segment *segment = &curve->segments[i];
        sim_time end = segment_end(curve, i);
        double at_end =
            end == SIM_NEVER ? segment->rate_per_s : segment_rate(segment, end - segment->begin);

        if (segment->rate_per_s > highest) {
            highest = segment->rate_per_s;
            *when = segment->begin;
        }
        if (at_end > highest * (1 + 1e-12)) {
            highest = at_end;
            *when = end;
        }
    }
    return highest;
}

double curve_rate_max(const struct arrival_curve *curve)
{
    sim_time when = 0;

    return find_peak(curve, &when);
}

sim_time curve_peak(const struct arrival_curve *curve)
{
    sim_time when = 0;

    find_peak(curve, &when);
    return when;
}

/*
 * Seconds after which `more` arrivals are expected at rate r and slope a: the root of
 * r x + a x^2 / 2 = more that is stable where a is small or r is 0.
 */
static double segment_inverse(const struct curve_segment *segment, double more)
{
    double r = segment->rate_per_s;
    double root = sqrt(fmax(0, r * r + 2 * segment->slope_per_s2 * more));

    return more > 0 ? 2 * more / (r + root) : 0;
}

sim_time curve_instant(struct arrival_curve *curve, double expected)
{
    double periods = curve->period_ns > 0 ? floor(expected / curve->per_period) : 0;
    double within = expected - (curve->period_ns > 0 ? periods * curve->per_period : 0);
    double ns;

    if (curve->period_ns > 0 && !(curve->per_period > 0))
        return SIM_NEVER;
    if (curve->cursor >= curve->count || curve->segments[curve->cursor].expected > within)
        curve->cursor = 0;
    while (segment_total(curve, curve->cursor) <= within) {
        if (++curve->cursor < curve->count)
            continue;
        if (curve->period_ns == 0)
            return SIM_NEVER;
        curve->cursor = 0; /* rounding: the period's end is the beginning of the next */
        periods++;
        within = 0;
    }
    ns = (double)curve->segments[curve->cursor].begin + periods * (double)curve->period_ns +
         segment_inverse(&curve->segments[curve->cursor],
                         within - curve->segments[curve->cursor].expected) *
             NS_PER_S;
    return ns < 9e18 ? llround(ns) : SIM_NEVER;
}
