// SPDX-License-Identifier: GPL-3.0-or-later
/* Service-level objectives: good operations, and the stages of an outage. */
#ifndef OBJECTIVE_H
#define OBJECTIVE_H

#include "incident.h"
#include "model.h"

#include <stdbool.h>
#include <stdint.h>

enum operation_kind {
    OPERATION_REQUEST,
    OPERATION_WRITE,
    OPERATION_LOGIN,
    OPERATION_READ,
    OPERATION_KINDS
};

/* What knows the operations of some kinds: at the end of the run it reports each one that is still
 * under way, to operation_open(). */
struct operation_source {
    void *self;
    void (*report_open)(void *self);
};

struct objective_port {
    void *self;
    bool counts[OPERATION_KINDS]; /* operations of other kinds need not be reported */
    /* An operation of a region, begun at `started`, has ended; `good`: without an error, within
     * latency(). */
    void (*operation_done)(void *self, enum operation_kind kind, int region, sim_time started,
                           bool good);
    void (*operation_open)(void *self, enum operation_kind kind, int region, sim_time started);
    void (*add_source)(void *self, struct operation_source source); /* while models connect */
    sim_dur (*latency)(const void *self); /* an operation that takes longer is not good */
    /* A fault begins that can harm writes; `kind` is static text, such as "link-fault". */
    void (*fault_begin)(void *self, const char *kind);
    /* Any stage but the last ends now. */
    void (*stage_ended)(void *self, enum incident_stage stage);
};

PORT_ACCESSORS(objective, struct objective_port)

#endif
