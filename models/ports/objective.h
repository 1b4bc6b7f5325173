// SPDX-License-Identifier: GPL-3.0-or-later
/* Service-level objectives: good operations, and the stages of an outage. */
#ifndef OBJECTIVE_H
#define OBJECTIVE_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct objective_port {
    void *self;
    /* A logical write of a region, begun at `started`, ended now. */
    void (*write_done)(void *self, int region, sim_time started, bool good);
    sim_dur (*latency)(const void *self); /* a request answered later than this is not good */
    /* The stages of an outage as those who act on it see them. */
    void (*fault_begin)(void *self, const char *kind);
    void (*detected)(void *self);
    void (*decided)(void *self);
    void (*promoted)(void *self);
    void (*published)(void *self);
};

/* Running totals, for alarms: attempts of writes that ended, those that failed, and operations on a
 * dead primary. */
struct write_stats {
    uint64_t attempts, failures;
    uint64_t latency_ns_sum; /* of all ended attempts */
};

PORT_ACCESSORS(objective, struct objective_port)
PORT_ACCESSORS(write_stats, struct write_stats)

#endif
