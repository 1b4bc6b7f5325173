// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The states of a failover and what moves it from one to the next: for its test, which walks all of
 * them. The model itself is met through the port `control` (control.h); its drawing is at the head
 * of failover.c.
 */
#ifndef FAILOVER_H
#define FAILOVER_H

#include <stdbool.h>

enum failover_state {
    FAILOVER_IDLE,       /* watching */
    FAILOVER_PAGED,      /* a person has been paged and has not answered */
    FAILOVER_DECIDING,   /* an alarm is considered */
    FAILOVER_BLOCKED,    /* decided, but the store's API refuses */
    FAILOVER_HELD,       /* decided, but the target lacks writes (promote_when) */
    FAILOVER_PROMOTING,  /* the store is being changed */
    FAILOVER_REPOINTING, /* clients are pointed to the promoted cluster */
    FAILOVER_REPAIRING,  /* that failed, and a person is about to do it */
    FAILOVER_STATES
};
enum failover_event {
    FAILOVER_ALARM,        /* the alarm is raised, and automation considers it */
    FAILOVER_PAGE,         /* the alarm is raised, and a person is paged */
    FAILOVER_ACKNOWLEDGED, /* the person has answered */
    FAILOVER_DISMISSED,    /* the person decided against it */
    FAILOVER_GO,           /* the promotion was asked for and is granted */
    FAILOVER_HOLD,         /* it must wait until the target lacks nothing */
    FAILOVER_REFUSED,      /* it was asked for, but the store's API refuses */
    FAILOVER_NO_TARGET,    /* there is nothing to promote */
    FAILOVER_RIVAL,        /* another promotion is asked for while one is under way */
    FAILOVER_PROMOTED,     /* the promotion is over */
    FAILOVER_TARGET_LOST,  /* it is, but the target went down meanwhile */
    FAILOVER_REPOINTED,    /* clients find it */
    FAILOVER_UNREACHED,    /* clients will not find it */
    FAILOVER_STUCK,        /* the method has failed, and a person is paged */
    FAILOVER_REPAIRED,     /* the person begins to point clients there */
    FAILOVER_EVENTS
};
/* Where an event leads from a state; false where it changes nothing there. Pure. */
bool failover_next(enum failover_state state, enum failover_event event, enum failover_state *next);

#endif
