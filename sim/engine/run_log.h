// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Run log: the rare events of a run shown to the reader (faults, alarms, promotions, DNS changes,
 * health), each with the number of the event that caused it and of the event it waited for. Limited
 * to RUN_LOG_MAX rows; further events are only counted.
 *
 * Causes are earlier events: cause and waited_for are below the event's own number, so the log is
 * acyclic and a chain of causes ends at an event without one.
 */
#ifndef RUN_LOG_H
#define RUN_LOG_H

#include "sim_time.h"

#include <stddef.h>
#include <stdint.h>

#define RUN_LOG_MAX 10000

struct run_event {
    uint32_t number;     /* from 1, in the order of logging: events[i].number is i + 1 */
    uint32_t cause;      /* number of the event that caused it; 0: none */
    uint32_t waited_for; /* number of the event it waited for; 0: none */
    sim_time time;
    const char *what; /* static text: "fault", "load", "alarm", "promotion", "dns", "health" ... */
    char *subject;    /* "us-west-1", "us-west-2 -> us-west-1" */
    char *text;       /* a sentence */
    char *cause_text; /* the cause in words, or "" */
};

struct run_log {
    struct run_event *events;
    size_t event_count, event_capacity;
    uint64_t dropped_count;
};

/* The cause of an event: numbers of events already in the log; 0: none. */
struct cause {
    uint32_t number;     /* the event that caused it */
    uint32_t waited_for; /* the event it waited for */
};

void run_log_release(struct run_log *log);
/*
 * Add an event. cause_text: the cause in words if no event stands for it, or NULL. Copies subject
 * and cause_text, formats the text. Returns the event's number, or 0 if the log is full. A cause
 * that is not in the log is a bug.
 */
uint32_t run_log_event(struct run_log *log, sim_time time, const char *what, const char *subject,
                       struct cause cause, const char *cause_text, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

#endif
