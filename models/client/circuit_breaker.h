// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Circuit breaker: fail fast while an endpoint is failing. States: closed, open, half open.
 *
 *                 failures reach the limit
 *      CLOSED ---------------------------------> OPEN <------+
 *        ^                                        |          |
 *        |                          `open` is over|          | a trial failed
 *        |  all trials succeeded                  v          |
 *        +----------------------------------- HALF OPEN -----+
 *
 * The limit is one of: consecutive failures; the share of failures in a time window that has a
 * minimum number of calls; the share of failures among the last calls. OPEN lasts `open`; each
 * failed trial doubles it, up to `open_max`. HALF OPEN admits `trials` calls and refuses the rest
 * until all trials have succeeded or one has failed.
 *
 * Invariants
 *  1. OPEN refuses every call until its time is over; the first call after that is a trial.
 *  2. A call counts only in the epoch (one stay in one state) that admitted it.
 *  3. HALF OPEN admits at most `trials` calls in one epoch.
 *
 * No timer is scheduled: the end of OPEN is noticed at the next call. Each call is O(1).
 */
#ifndef CIRCUIT_BREAKER_H
#define CIRCUIT_BREAKER_H

#include "field.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN, BREAKER_STATES };
enum breaker_event {
    BREAKER_TRIPPED,  /* failures reached the limit */
    BREAKER_WAITED,   /* `open` is over, and a call is made */
    BREAKER_PROVED,   /* all trials succeeded */
    BREAKER_RELAPSED, /* a trial failed */
    BREAKER_EVENTS
};
/* The state after an event; events that the drawing does not show leave it as it is. */
enum breaker_state breaker_next(enum breaker_state state, enum breaker_event event);

enum breaker_trip { TRIP_NONE, TRIP_CONSECUTIVE, TRIP_WINDOW, TRIP_CALLS };
extern const char *const breaker_trips[];
#define BREAKER_CALLS_MAX 1024
#define BREAKER_SLICES 10

struct circuit_breaker_config {
    int trip;             /* enum breaker_trip */
    uint32_t consecutive; /* failures in a row */
    double window_share;  /* of the calls of window_ns, once there are window_calls */
    sim_dur window_ns;
    uint32_t window_calls;
    double calls_share; /* of the last calls_count */
    uint32_t calls_count;
    sim_dur open_ns, open_ns_max;
    uint32_t trials;
};

struct circuit_breaker {
    const struct circuit_breaker_config *config;
    enum breaker_state state;
    uint32_t epoch; /* rises with each transition */
    sim_time open_until;
    sim_dur open_for; /* length of the last or current OPEN; 0: none since CLOSED */
    uint32_t trials_begun, trials_good;
    uint32_t calls, failures; /* in CLOSED, as the limit counts them */
    uint32_t in_a_row;
    int64_t slice;
    uint32_t slice_calls[BREAKER_SLICES], slice_failures[BREAKER_SLICES];
    uint32_t oldest; /* index in the ring of the last calls */
    uint64_t failed[BREAKER_CALLS_MAX / 64];
};

/* `config` is owned by the caller and must outlive the breaker. */
void circuit_breaker_init(struct circuit_breaker *breaker,
                          const struct circuit_breaker_config *config);
/* Whether a call may be made. If so, *epoch is set: pass it to the report of the call's result. */
bool circuit_breaker_ask(struct circuit_breaker *breaker, sim_time now, uint32_t *epoch);
/* Whether a call would be refused now; changes nothing. */
bool circuit_breaker_refuses(const struct circuit_breaker *breaker, sim_time now);
void circuit_breaker_report(struct circuit_breaker *breaker, sim_time now, uint32_t epoch,
                            bool good);
/* The call was cancelled and says nothing about the endpoint: its place as a trial is free
 * again. */
void circuit_breaker_forget(struct circuit_breaker *breaker, uint32_t epoch);

#endif
