// SPDX-License-Identifier: GPL-3.0-or-later
/* The number of instances of a region's application tier. */
#ifndef FLEET_H
#define FLEET_H

#include "model.h"

struct fleet_port {
    void *self;
    /* A failover to the region has been decided: whatever the fleet keeps for that is launched. */
    void (*failover)(void *self);
};

PORT_ACCESSORS(fleet, struct fleet_port)

#endif
