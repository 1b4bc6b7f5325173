// SPDX-License-Identifier: GPL-3.0-or-later
/* The parts that detect, decide and promote, as faults reach them. */
#ifndef CONTROL_H
#define CONTROL_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

/* The parts of the failover's machinery that a fault may break. */
enum control_part { CONTROL_MONITORING, CONTROL_FUNCTION, CONTROL_STORE_API };
struct control_port {
    void *self;
    void (*set)(void *self, enum control_part part, bool up);
    void (*promote)(void *self, int region); /* a person or a plan does it now */
};

PORT_ACCESSORS(control, struct control_port)

#endif
