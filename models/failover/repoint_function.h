// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by a function: the promoted cluster's notification calls a function in its region,
 * which changes the DNS record. The states of a run and what moves them are here for the test,
 * which walks all of them; the drawing is at the head of repoint_function.c.
 */
#ifndef REPOINT_FUNCTION_H
#define REPOINT_FUNCTION_H

#include "field.h"
#include "repoint.h"

#include <stdbool.h>

struct repoint_function_config {
    struct dist *notification, *duplicate, *cold, *function;
    double lost_share, duplicated_share;
    sim_dur time_limit_ns;
    int state; /* enum function_state */
};
enum function_state { FUNCTION_WORKING, FUNCTION_BROKEN };
extern const char *const function_state_names[];

/* The rows of a table of parameters; `member` is the struct repoint_function_config. */
// clang-format off
#define REPOINT_FUNCTION_FIELDS(member) \
    TIME_DIST("notification", member.notification, "0s", "uniform(low=100ms, high=200ms)", "1h", "function: from the promotion until the function of the promoted region is called", "facts E"), \
    SHARE("notification_lost", member.lost_share, "0", "0%", "100%", "function: probability that a notification never arrives", "assumption"), \
    SHARE("notification_duplicated", member.duplicated_share, "0", "0%", "100%", "function: probability that a notification arrives a second time (it is delivered at least once)", "assumption"), \
    TIME_DIST("notification_duplicate", member.duplicate, "0s", "lognormal(median=10s, p95=5min)", "6h", "function: delay of the second arrival after the first", "assumption"), \
    TIME_DIST("function_cold", member.cold, "0s", "85ms", "10min", "function: cold start, before each run", "facts E"), \
    TIME_DIST("function", member.function, "0s", "uniform(low=500ms, high=1.5s)", "1h", "function: from the start of a run until it asks for the change of the record", "facts E"), \
    DURATION("function_time_limit", member.time_limit_ns, "1s", "10s", "15min", "function: a run, with its cold start, that takes longer is ended and has failed", "seed 000"), \
    CHOICE("function_state", member.state, function_state_names, "working", "function: broken: each of its three tries fails and the record is never changed, as with the code that was published", "facts E")
// clang-format on

enum function_run_state {
    FUNCTION_IDLE,
    FUNCTION_NOTIFYING, /* the promoted cluster's notification is on its way */
    FUNCTION_RUNNING,   /* the function runs */
    FUNCTION_RETRYING,  /* it has failed or was throttled, and will be called again */
    FUNCTION_STATES
};
enum function_run_event {
    FUNCTION_BEGUN,      /* a promotion is over */
    FUNCTION_NOTIFIED,   /* the function is called */
    FUNCTION_ACCEPTED,   /* the DNS control plane took the change */
    FUNCTION_TRY_FAILED, /* the run has failed; the function will be called again */
    FUNCTION_THROTTLED,  /* it was not run; it will be called again */
    FUNCTION_DROPPED,    /* it has failed for the last time */
    FUNCTION_EVENTS
};
/* Where an event leads from a state; false where it changes nothing there. Pure. */
bool function_run_next(enum function_run_state state, enum function_run_event event,
                       enum function_run_state *next);

extern const struct repoint_ops repoint_function_ops;

#endif
