// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes of the routing of users, through the control plane of the service that routes. */
#ifndef ROUTING_CONTROL_H
#define ROUTING_CONTROL_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

enum routing_setting_kind {
    ROUTING_DIAL,   /* traffic dial of a region's endpoint group, share */
    ROUTING_WEIGHT, /* weight of an endpoint of the group, 0 to 255 */
    ROUTING_RECORD  /* weight of the region's record, 0 to 255 */
};
struct routing_setting {
    enum routing_setting_kind kind;
    int region;
    uint32_t endpoint; /* ROUTING_WEIGHT */
    double value;
};

enum routing_service { ROUTING_OF_ACCELERATOR, ROUTING_OF_DNS };
struct routing_control_port {
    void *self;
    /* Ask for a change. Returns false where the control plane is down: nothing will change, and
     * trying again is up to the caller. */
    bool (*change)(void *self, const struct routing_setting *setting);
};
/* Key: enum routing_service. */
PORT_ACCESSORS(routing_control, struct routing_control_port)

#endif
