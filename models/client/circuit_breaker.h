// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Stop asking whom one knows to be ill: closed, open, half open.
 *
 *                 failures reach the limit
 *      CLOSED ---------------------------------> OPEN <------+
 *        ^                                        |          |
 *        |                          `open` is over|          | a trial failed
 *        |  all trials succeeded                  v          |
 *        +----------------------------------- HALF OPEN -----+
 *
 * The limit is one of: so many failures in a row; a share of the calls of the last `window` (from
 * so many calls on); a share of the last so many calls. OPEN lasts `open`, and where `open_max` is
 * longer, twice as long each time that a trial fails, up to it. HALF OPEN lets `trials` calls
 * through and refuses the rest until all of them have succeeded, or one has failed.
 *
 * Rules that always hold
 *  1. OPEN refuses every call until its time is over; the first call after it is a trial.
 *  2. A call counts only in the stay in which it was let through: its `epoch` says which.
 *  3. At most `trials` calls of one stay in HALF OPEN.
 *
 * Nothing is scheduled: that OPEN is over shows when somebody asks. Each call is O(1).
 */
#ifndef CIRCUIT_BREAKER_H
#define CIRCUIT_BREAKER_H

#include "field.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN, BREAKER_STATES };
enum breaker_event {
    BREAKER_TRIPPED,  /* failures reached the limit */
    BREAKER_WAITED,   /* `open` is over, and somebody asks */
    BREAKER_PROVED,   /* all trials succeeded */
    BREAKER_RELAPSED, /* a trial failed */
    BREAKER_EVENTS
};
/* The drawing as a function: where nothing is drawn, the state stays. */
enum breaker_state breaker_next(enum breaker_state state, enum breaker_event event);

enum breaker_trip { TRIP_NONE, TRIP_CONSECUTIVE, TRIP_WINDOW, TRIP_CALLS };
extern const char *const breaker_trips[];
#define BREAKER_CALLS_MAX 1024
#define BREAKER_SLICES 10

struct circuit_breaker_config {
    int trip;
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
    sim_dur open_for; /* of the last or present OPEN; 0: none since CLOSED */
    uint32_t trials_begun, trials_good;
    uint32_t calls, failures; /* in CLOSED, as the limit counts them */
    uint32_t in_a_row;
    int64_t slice;
    uint32_t slice_calls[BREAKER_SLICES], slice_failures[BREAKER_SLICES];
    uint32_t oldest; /* in the ring of last calls */
    uint64_t failed[BREAKER_CALLS_MAX / 64];
};

/* `config` stays the caller's. */
void circuit_breaker_init(struct circuit_breaker *breaker,
                          const struct circuit_breaker_config *config);
/* May a call be made? *epoch is to be handed back with what became of it. */
bool circuit_breaker_ask(struct circuit_breaker *breaker, sim_time now, uint32_t *epoch);
/* Would it refuse now? A look without consequences. */
bool circuit_breaker_refuses(const struct circuit_breaker *breaker, sim_time now);
void circuit_breaker_report(struct circuit_breaker *breaker, sim_time now, uint32_t epoch,
                            bool good);
/* The call was given up for a reason that says nothing: its place as a trial is free again. */
void circuit_breaker_forget(struct circuit_breaker *breaker, uint32_t epoch);

#endif
