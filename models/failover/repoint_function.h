// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by a function: the promoted cluster's notification calls a function, which changes the
 * DNS record. The states and what moves them are here for the test, which walks all of them; the
 * drawing is at the head of repoint_function.c.
 */
#ifndef REPOINT_FUNCTION_H
#define REPOINT_FUNCTION_H

#include "field.h"
#include "repoint.h"

#include <stdbool.h>

struct repoint_function_config {
    struct dist *notification, *function;
    int state; /* enum function_state */
};
enum function_state { FUNCTION_WORKING, FUNCTION_BROKEN };
extern const char *const function_state_names[];

/* The rows of a table of parameters; `member` is the struct repoint_function_config. */
// clang-format off
#define REPOINT_FUNCTION_FIELDS(member) \
    TIME_DIST("notification", member.notification, "0s", "uniform(low=100ms, high=200ms)", "1h", "from the promotion until the function is called", "facts E"), \
    TIME_DIST("function", member.function, "0s", "uniform(low=500ms, high=1.5s)", "1h", "from the function's call until it asks for the change of the record", "facts E"), \
    CHOICE("function_state", member.state, function_state_names, "working", "broken: each of its three tries fails and the record is never changed, as with the code that was published", "facts E")
// clang-format on

enum repoint_function_state {
    REPOINT_IDLE,
    REPOINT_NOTIFYING,  /* the promoted cluster's notification is on its way */
    REPOINT_RUNNING,    /* the function runs */
    REPOINT_RETRYING,   /* it has failed and will be called again */
    REPOINT_PUBLISHING, /* the record's change was accepted and propagates */
    REPOINT_STATES
};
enum repoint_function_event {
    REPOINT_BEGUN,      /* a promotion is over */
    REPOINT_NOTIFIED,   /* the function is called */
    REPOINT_ACCEPTED,   /* the DNS control plane took the change */
    REPOINT_TRY_FAILED, /* the function has failed; it will be called again */
    REPOINT_DROPPED,    /* it has failed for the last time */
    REPOINT_PUBLISHED,  /* the authority serves the change */
    REPOINT_EVENTS
};
/* Where an event leads from a state; false where it changes nothing there. Pure. */
bool repoint_function_next(enum repoint_function_state state, enum repoint_function_event event,
                           enum repoint_function_state *next);

extern const struct repoint_ops repoint_function_ops;

#endif
