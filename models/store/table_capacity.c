// SPDX-License-Identifier: GPL-3.0-or-later
#include "table_capacity.h"

#define MINUTE_S 60.0
/* Alarms of the auto scaling: facts C.2 of stores. */
#define UP_MINUTES 2    /* above the target before the capacity is raised */
#define DOWN_MINUTES 15 /* below it before it is reduced */
#define DOWN_MARGIN 0.2 /* of the target, below which a minute counts as low */

static double tokens_max(const struct capacity *capacity)
{
    return capacity->rate_per_s * (double)capacity->config->burst_ns / (double)SIM_S;
}

static void set_rate(struct capacity *capacity, double rate_per_s)
{
    capacity->rate_per_s = rate_per_s;
    if (capacity->tokens > tokens_max(capacity))
        capacity->tokens = tokens_max(capacity);
}

/* Add the tokens of the time since the last call; a change of the rate that is due happens in
 * between. */
static void fill(struct capacity *capacity, sim_time now)
{
    while (capacity->filled < now) {
        sim_time until = capacity->next_at < now ? capacity->next_at : now;

        capacity->tokens +=
            capacity->rate_per_s * (double)(until - capacity->filled) / (double)SIM_S;
        if (capacity->tokens > tokens_max(capacity))
            capacity->tokens = tokens_max(capacity);
        capacity->provided +=
            capacity->rate_per_s * (double)(until - capacity->filled) / (double)SIM_S;
        capacity->filled = until;
        if (capacity->next_at <= until) {
            set_rate(capacity, capacity->next_per_s);
            capacity->next_at = SIM_NEVER;
        }
    }
}

void capacity_init(struct capacity *capacity, const struct capacity_config *config,
                   const struct capacity_limits *limits, bool is_cold)
{
    *capacity = (struct capacity){.config = config, .limits = *limits, .next_at = SIM_NEVER};
    capacity->rate_per_s = is_cold ? limits->min_per_s : limits->initial_per_s;
    capacity->tokens = tokens_max(capacity);
}

bool capacity_take(struct capacity *capacity, double units, sim_time now)
{
    fill(capacity, now);
    if (capacity->tokens < units)
        return false;
    capacity->tokens -= units;
    capacity->used += units;
    capacity->total += units;
    return true;
}

sim_dur capacity_borrow(struct capacity *capacity, double units, sim_time now)
{
    fill(capacity, now);
    capacity->tokens -= units;
    capacity->used += units;
    capacity->total += units;
    if (capacity->tokens >= 0)
        return 0;
    return (sim_dur)(-capacity->tokens / capacity->rate_per_s * (double)SIM_S) + 1;
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* Auto scaling: the consumption of the minute decides. */
static void scale(struct capacity *capacity, double used_per_s, sim_time now)
{
    const struct capacity_limits *limits = &capacity->limits;
    double target = capacity->config->target_share;
    double wanted = clamp(used_per_s / target, limits->min_per_s, limits->max_per_s);
    bool is_high = used_per_s > target * capacity->rate_per_s;
    bool is_low = used_per_s < target * (1 - DOWN_MARGIN) * capacity->rate_per_s;

    capacity->above = is_high ? capacity->above + 1 : 0;
    capacity->below = is_low ? capacity->below + 1 : 0;
    if (capacity->next_at != SIM_NEVER)
        return; /* the last change has not come into force yet */
    if ((capacity->above >= UP_MINUTES && wanted > capacity->rate_per_s) ||
        (capacity->below >= DOWN_MINUTES && wanted < capacity->rate_per_s)) {
        capacity->next_per_s = wanted;
        capacity->next_at = now + capacity->config->delay_ns;
        capacity->above = capacity->below = 0;
    }
}

/* On-demand: twice the largest consumption that is old enough. */
static void follow_peak(struct capacity *capacity)
{
    uint32_t age = (uint32_t)(capacity->config->step_ns / (60 * SIM_S));
    double old;

    if (age >= capacity->minute)
        return;
    old = capacity->minutes_per_s[(capacity->minute - 1 - age) % CAPACITY_MINUTES];
    if (old > capacity->peak_per_s)
        capacity->peak_per_s = old;
    set_rate(capacity, clamp(2 * capacity->peak_per_s, capacity->limits.initial_per_s,
                             capacity->limits.max_per_s));
}

double capacity_provided(struct capacity *capacity, sim_time now)
{
    fill(capacity, now);
    return capacity->provided;
}

void capacity_minute(struct capacity *capacity, sim_time now)
{
    double used_per_s = capacity->used / MINUTE_S;

    fill(capacity, now);
    capacity->used = 0;
    capacity->minutes_per_s[capacity->minute++ % CAPACITY_MINUTES] = used_per_s;
    if (capacity->config->mode == CAPACITY_ON_DEMAND)
        follow_peak(capacity);
    else if (capacity->config->scales)
        scale(capacity, used_per_s, now);
}
