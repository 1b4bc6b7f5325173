// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What happened in a run, for people: a short list of events (faults, alarms, promotions, changes
 * of DNS, health) and of incidents (an outage with its stages, RPO and RTO). Rare by nature;
 * bounded at RUN_LOG_MAX rows each, then counted only.
 */
#ifndef RUN_LOG_H
#define RUN_LOG_H

#include "sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_LOG_MAX 10000

struct run_event {
    sim_time time;
    const char *what; /* static text: "fault", "alarm", "promotion", "dns", "health", "failover" */
    char *subject;    /* "us-west-1", "us-west-2 -> us-west-1" */
    char *text;       /* a sentence */
    char *cause;      /* what brought it about, or "" */
};

/* An outage: instants are SIM_NEVER where they were not reached; durations -1 where they do not
 * apply. */
struct incident {
    const char *kind;   /* static: "region-loss", "link-fault", ...: the first fault's kind */
    sim_time onset;     /* the fault's start */
    sim_time detected;  /* the alarm */
    sim_time decided;   /* the promotion was asked for */
    sim_time promoted;  /* the new primary takes writes */
    sim_time published; /* the record names it at the authority */
    sim_time restored; /* start of the first span of `hold` with the share of good writes at target,
                          everywhere */
    sim_dur rpo;       /* design: RPO; -1 without a failover */
    uint64_t writes_lost;   /* acknowledged writes lost, one by one */
    uint64_t sessions_lost; /* sessions that exist nowhere after it */
};

struct incident_log {
    struct run_event *events;
    size_t event_count, event_capacity;
    struct incident *incidents;
    size_t incident_count, incident_capacity;
    uint64_t dropped_count;
};

void run_log_release(struct incident_log *log);
/* Copies subject and cause; formats the text. */
void run_log_event(struct incident_log *log, sim_time time, const char *what, const char *subject,
                   const char *cause, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void run_log_incident(struct incident_log *log, const struct incident *incident);

#endif
