// SPDX-License-Identifier: GPL-3.0-or-later
/* Rules between the parameters of a population, and what follows from them. */
#include "population_internal.h"

#include <math.h>

#define RATE_MAX_PER_S 1e6      /* as `sessions` */
#define BINS_END_MAX_NS 8.64e18 /* an instant has 63 bits */

/* Only these have an end after which to begin again. */
static bool has_end(const struct population_config *c)
{
    return c->arrivals == ARRIVALS_STAGES || c->arrivals == ARRIVALS_RATES;
}

static bool repeats_stages(const struct population_config *c)
{
    return c->arrivals == ARRIVALS_STAGES || is_closed(c);
}

static sim_dur stages_length(const struct stage_list *stages)
{
    sim_dur length = 0;

    for (uint32_t i = 0; i < stages->count; i++)
        length += stages->items[i].for_ns;
    return length;
}

static void check_lists(const struct population_config *c, struct validation *validation)
{
    if (c->arrivals == ARRIVALS_STAGES && c->stages.count == 0)
        validation_error(validation, "arrivals",
                         "needs stages, such as "
                         "{stages: [{for: 10s, to: 150/s}]}");
    if (c->arrivals == ARRIVALS_RATES && c->rates.count == 0)
        validation_error(validation, "arrivals",
                         "needs rates, such as "
                         "{rates: {values: load.csv, bin: 1min}}");
    if ((double)c->rates.count * (double)c->bin_ns > BINS_END_MAX_NS)
        validation_error(validation, "arrivals.rates.bin", "makes bins that end after 100000d");
    if (c->arrivals == ARRIVALS_TIMES && c->times.count == 0)
        validation_error(validation, "arrivals",
                         "needs times, such as "
                         "{timestamps: {at: log.csv}}");
    else if (c->arrivals == ARRIVALS_TIMES && c->times.items[0] < c->origin_ns)
        validation_error(validation, "arrivals.timestamps.origin",
                         "must not be after the first timestamp");
    if (c->repeats && !has_end(c) && c->user_stages.count == 0)
        validation_error(validation, "repeat_arrivals", "needs arrivals by stages or rates");
    else if (c->repeats && repeats_stages(c) &&
             stages_length(is_closed(c) ? &c->user_stages : &c->stages) == 0)
        validation_error(validation, "repeat_arrivals", "needs stages that take some time");
}

/* The least factor, to a minute. */
static double daily_least(const struct population_config *c)
{
    double least = INFINITY;

    for (int minute = 0; minute < 1440; minute++)
        least = fmin(least, daily_factor(c, minute * 60 * SIM_S));
    return least;
}

static void check_daily(const struct population_config *c, struct validation *validation)
{
    double sum = 0;

    for (uint32_t i = 0; i < c->weekdays.count; i++)
        sum += c->weekdays.items[i];
    if (c->weekdays.count > 0 && c->weekdays.count != DAYS_A_WEEK)
        validation_error(validation, "arrivals.daily.weekdays",
                         "needs seven weights, one a day, got %u", c->weekdays.count);
    else if (c->weekdays.count > 0 && !(sum > 0))
        validation_error(validation, "arrivals.daily.weekdays", "needs a weight above 0");
    else if (c->daily_second > 0 && daily_least(c) < 0)
        validation_error(validation, "arrivals.daily.second",
                         "makes the rate negative at some time of the day: take a smaller "
                         "amplitude or ratio");
}

static void check_concurrent(const struct population_config *c, struct validation *validation)
{
    double length_ns = session_length_ns(c), rate = arrivals_base_rate(c);

    if (has_end(c) || c->arrivals == ARRIVALS_TIMES)
        validation_error(validation, "concurrent",
                         "needs arrivals whose shape is a factor of a rate, not rates or times");
    else if (!isfinite(length_ns) || !(length_ns > 0))
        validation_error(validation, "concurrent",
                         "needs sessions of a finite mean length above 0, by `requests`, `think`, "
                         "`after_login` and `logout`");
    else if (rate > RATE_MAX_PER_S)
        validation_error(validation, "concurrent", "needs %.4g new sessions/s, more than 1M/s",
                         rate);
    else
        validation_note(validation, "concurrent",
                        "makes %.6g new sessions/s near each region: %u / mean length of a session "
                        "of %.6gs without latencies (Little's law)",
                        rate, c->concurrent, length_ns / (double)SIM_S);
}

static void check_users(const struct population_config *c, struct validation *validation)
{
    const char *key = c->user_stages.count > 0 ? "user_stages" : "users";

    if (c->concurrent > 0)
        validation_error(validation, key,
                         "and `concurrent` exclude each other: `%s` is a "
                         "closed population, `concurrent` an open one",
                         key);
    if (c->arrivals != ARRIVALS_CONSTANT)
        validation_error(validation, key, "is a closed population and takes no `arrivals`");
    if (!isfinite(session_length_ns(c)))
        validation_error(validation, key,
                         "needs `requests`, `think` and `after_login` of finite means");
}

void population_check(const void *config, const struct check_context *context,
                      struct validation *validation)
{
    const struct population_config *c = config;

    (void)context;
    check_lists(c, validation);
    if (c->arrivals == ARRIVALS_DAILY)
        check_daily(c, validation);
    if (c->spacing == SPACING_EVEN && (is_closed(c) || c->arrivals == ARRIVALS_TIMES))
        validation_error(validation, "spacing", "needs arrivals by a rate");
    if (is_closed(c))
        check_users(c, validation);
    else if (c->concurrent > 0)
        check_concurrent(c, validation);
}
