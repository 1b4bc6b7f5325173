// SPDX-License-Identifier: GPL-3.0-or-later
/* Where users' connections are routed. */
#ifndef EDGE_H
#define EDGE_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

/* Who opens a connection. */
struct edge_client {
    int place;       /* region near which the user is */
    uint32_t device; /* the user's, a row near this place; used again with another */
    uint32_t check;  /* of this user */
    uint64_t user;   /* number of the user near this place */
    uint64_t word;   /* random, keyed by the user and the request */
};
struct edge_route {
    int region; /* -1: none, such as a name without an answer */
    uint32_t endpoint;
};
/* Health of an endpoint that is a load balancer, by the two rules in use (facts A). */
struct endpoint_health {
    bool routable; /* each target group has a healthy target: the accelerator's rule */
    bool aliased;  /* each target group that has targets has a healthy one: an alias record's */
};
struct edge_port {
    void *self;
    /* The region and endpoint for a new connection. */
    struct edge_route (*route)(void *self, const struct edge_client *client);
    /* The health of a load balancer has changed. */
    void (*health)(void *self, int region, uint32_t endpoint, struct endpoint_health health);
    /* Are users routed by names? */
    bool (*by_names)(const void *self);
    /* Time without traffic after which the edge drops a connection; SIM_NEVER: there is none. */
    sim_dur (*idle_timeout)(const void *self);
    /* Does the edge answer what comes over a connection that it has dropped, by a reset? */
    bool (*idle_resets)(const void *self);
    /* One-way delay between a user's edge and a region, above that of the nearest region. */
    sim_dur (*detour)(const void *self, int place, int region);
};

PORT_ACCESSORS(edge, struct edge_port)

#endif
