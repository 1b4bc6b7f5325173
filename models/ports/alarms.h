// SPDX-License-Identifier: GPL-3.0-or-later
/* The alarms of the scenario's list, by name, and the listeners to changes of their states. */
#ifndef ALARMS_H
#define ALARMS_H

#include "model.h"

#include <stdint.h>

enum alarm_state { ALARM_OK, ALARM_ALARM, ALARM_INSUFFICIENT };

/* Called when the state of an alarm has changed; the cause in force (sim.h) is the change's event
 * in the run log. */
struct alarm_listener {
    void *self;
    void (*changed)(void *self, enum alarm_state before, enum alarm_state now);
};

struct alarms_port {
    void *self;
    /* Planes of CONTROL_MONITORING that the list has offered, numbers 0 and on: for a model that
     * adds one while wiring. */
    uint32_t plane_count;
    int (*find)(const void *self, const char *name); /* -1: there is none of that name */
    /* While connecting; the listener is copied. One for each alarm. */
    void (*listen)(void *self, int alarm, const struct alarm_listener *listener);
};

PORT_ACCESSORS(alarms, struct alarms_port)

#endif
