// SPDX-License-Identifier: GPL-3.0-or-later
/* Service-level objectives: good operations, and the stages of an outage. */
#ifndef OBJECTIVE_H
#define OBJECTIVE_H

#include "incident.h"
#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct objective_port {
    void *self;
    /* A logical write of a region, begun at `started`, ended now. */
    void (*write_done)(void *self, int region, sim_time started, bool good);
    sim_dur (*latency)(const void *self); /* a request answered later than this is not good */
    /* A fault begins that can harm writes; `kind` is static text, such as "link-fault". */
    void (*fault_begin)(void *self, const char *kind);
    /* Any stage but the last ends now. */
    void (*stage_ended)(void *self, enum incident_stage stage);
};

PORT_ACCESSORS(objective, struct objective_port)

#endif
