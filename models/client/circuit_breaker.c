// SPDX-License-Identifier: GPL-3.0-or-later
#include "circuit_breaker.h"

#include <string.h>

const char *const breaker_trips[] = {"none", "consecutive", "window", "calls", NULL};

/* --- states ---------------------------------------------------------------------------------- */

static void begin_closed(struct circuit_breaker *breaker, sim_time now)
{
    (void)now;
    breaker->open_for = 0;
    breaker->calls = breaker->failures = breaker->in_a_row = breaker->oldest = 0;
    memset(breaker->slice_calls, 0, sizeof breaker->slice_calls);
    memset(breaker->slice_failures, 0, sizeof breaker->slice_failures);
}

static void begin_open(struct circuit_breaker *breaker, sim_time now)
{
    const struct circuit_breaker_config *config = breaker->config;
    sim_dur most = config->open_ns_max > config->open_ns ? config->open_ns_max : config->open_ns;

    breaker->open_for = breaker->open_for == 0         ? config->open_ns
                        : breaker->open_for < most / 2 ? 2 * breaker->open_for
                                                       : most;
    breaker->open_until = now + breaker->open_for;
}

static void begin_trials(struct circuit_breaker *breaker, sim_time now)
{
    (void)now;
    breaker->trials_begun = breaker->trials_good = 0;
}

static const struct transition {
    enum breaker_state state;
    enum breaker_event event;
    enum breaker_state next;
    void (*action)(struct circuit_breaker *breaker, sim_time now);
} transitions[] = {
    {BREAKER_CLOSED, BREAKER_TRIPPED, BREAKER_OPEN, begin_open},
    {BREAKER_OPEN, BREAKER_WAITED, BREAKER_HALF_OPEN, begin_trials},
    {BREAKER_HALF_OPEN, BREAKER_PROVED, BREAKER_CLOSED, begin_closed},
    {BREAKER_HALF_OPEN, BREAKER_RELAPSED, BREAKER_OPEN, begin_open},
};

static const struct transition *find(enum breaker_state state, enum breaker_event event)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++)
        if (transitions[i].state == state && transitions[i].event == event)
            return &transitions[i];
    return NULL;
}

enum breaker_state breaker_next(enum breaker_state state, enum breaker_event event)
{
    const struct transition *transition = find(state, event);

    return transition ? transition->next : state;
}

static void happen(struct circuit_breaker *breaker, enum breaker_event event, sim_time now)
{
    const struct transition *transition = find(breaker->state, event);

    if (!transition)
        return;
    transition->action(breaker, now);
    breaker->state = transition->next;
    breaker->epoch++;
}

void circuit_breaker_init(struct circuit_breaker *breaker,
                          const struct circuit_breaker_config *config)
{
    *breaker = (struct circuit_breaker){.config = config, .state = BREAKER_CLOSED};
}

/* --- the limit ------------------------------------------------------------------------------- */

static void count_in_window(struct circuit_breaker *breaker, sim_time now, bool good)
{
    sim_dur width = breaker->config->window_ns / BREAKER_SLICES;
    int64_t slice = now / (width > 0 ? width : 1);
    uint32_t index;

    if (slice - breaker->slice > BREAKER_SLICES)
        breaker->slice = slice - BREAKER_SLICES;
    while (breaker->slice < slice) {
        index = (uint32_t)(++breaker->slice % BREAKER_SLICES);
        breaker->calls -= breaker->slice_calls[index];
        breaker->failures -= breaker->slice_failures[index];
        breaker->slice_calls[index] = breaker->slice_failures[index] = 0;
    }
    index = (uint32_t)(slice % BREAKER_SLICES);
    breaker->slice_calls[index]++;
    breaker->slice_failures[index] += !good;
    breaker->calls++;
    breaker->failures += !good;
}

static void count_in_last_calls(struct circuit_breaker *breaker, bool good)
{
    uint32_t at = breaker->oldest;
    uint64_t bit = UINT64_C(1) << (at % 64);

    if (breaker->calls == breaker->config->calls_count)
        breaker->failures -= (breaker->failed[at / 64] & bit) != 0;
    else
        breaker->calls++;
    breaker->failed[at / 64] =
        good ? breaker->failed[at / 64] & ~bit : breaker->failed[at / 64] | bit;
    breaker->failures += !good;
    breaker->oldest = (at + 1) % breaker->config->calls_count;
}

/* Count a call; returns whether the limit has been reached. */
static bool counted_over(struct circuit_breaker *breaker, sim_time now, bool good)
{
    const struct circuit_breaker_config *config = breaker->config;

    breaker->in_a_row = good ? 0 : breaker->in_a_row + 1;
    switch (config->trip) {
    case TRIP_CONSECUTIVE:
        return breaker->in_a_row >= config->consecutive;
    case TRIP_WINDOW:
        count_in_window(breaker, now, good);
        return breaker->calls >= config->window_calls && breaker->failures > 0 &&
               (double)breaker->failures >= config->window_share * (double)breaker->calls;
    case TRIP_CALLS:
        count_in_last_calls(breaker, good);
        return breaker->calls == config->calls_count && breaker->failures > 0 &&
               (double)breaker->failures >= config->calls_share * (double)breaker->calls;
    default:
        return false;
    }
}

/* --- calls ----------------------------------------------------------------------------------- */

bool circuit_breaker_refuses(const struct circuit_breaker *breaker, sim_time now)
{
    if (breaker->state == BREAKER_OPEN)
        return now < breaker->open_until;
    return breaker->state == BREAKER_HALF_OPEN && breaker->trials_begun >= breaker->config->trials;
}

bool circuit_breaker_ask(struct circuit_breaker *breaker, sim_time now, uint32_t *epoch)
{
    if (circuit_breaker_refuses(breaker, now))
        return false;
    if (breaker->state == BREAKER_OPEN)
        happen(breaker, BREAKER_WAITED, now);
    if (breaker->state == BREAKER_HALF_OPEN)
        breaker->trials_begun++;
    *epoch = breaker->epoch;
    return true;
}

void circuit_breaker_report(struct circuit_breaker *breaker, sim_time now, uint32_t epoch,
                            bool good)
{
    if (epoch != breaker->epoch)
        return;
    if (breaker->state == BREAKER_CLOSED) {
        if (counted_over(breaker, now, good))
            happen(breaker, BREAKER_TRIPPED, now);
    } else if (!good) {
        happen(breaker, BREAKER_RELAPSED, now);
    } else if (++breaker->trials_good >= breaker->config->trials) {
        happen(breaker, BREAKER_PROVED, now);
    }
}

void circuit_breaker_forget(struct circuit_breaker *breaker, uint32_t epoch)
{
    if (epoch == breaker->epoch && breaker->state == BREAKER_HALF_OPEN)
        breaker->trials_begun--;
}
