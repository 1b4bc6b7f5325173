// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The machinery that detects, decides, promotes and points clients elsewhere, as faults reach it.
 *
 * It consists of control planes: APIs, functions, monitoring. Each has a home region and is down
 * while that region is, whether the scenario has that region or not (`home: us-east-1`). A part may
 * have several planes: one in each region, or one for each endpoint of a cluster.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

/* Parts that a fault may hit, in the order of fault_control_names after "none". */
enum control_part {
    CONTROL_MONITORING,
    CONTROL_FUNCTION,  /* runs of the function that changes the record */
    CONTROL_STORE_API, /* requests for a promotion */
    CONTROL_DNS,       /* changes of records; answers go on */
    CONTROL_ACCELERATOR,
    CONTROL_ROUTING, /* the endpoints of the routing controls' cluster */
    CONTROL_COMPUTE, /* launches of instances, one plane in each region */
    CONTROL_PARTS
};

/* How a plane is now, by all active faults together. */
struct control_state {
    bool up;
    bool throttled; /* calls are refused for now; the caller may try again later */
    double errors;  /* share of calls that fail */
};
#define CONTROL_WELL ((struct control_state){.up = true})

struct control_plane {
    void *self;
    uint32_t index;   /* the caller's, handed back */
    const char *home; /* name of its home region; "": in none that a fault could hit */
    void (*set)(void *self, uint32_t index, const struct control_state *state);
};

/* Directory key: (enum control_part, number of the plane); numbers of a part have no gaps. */
PORT_ACCESSORS(control_plane, struct control_plane)

struct control_port {
    void *self;
    void (*promote)(void *self, int region); /* a person or a plan does it now */
    void (*restore)(void *self, int region); /* the same for a restore of a snapshot */
};

PORT_ACCESSORS(control, struct control_port)

#endif
