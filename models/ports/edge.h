// SPDX-License-Identifier: GPL-3.0-or-later
/* Where users' connections are routed. */
#ifndef EDGE_H
#define EDGE_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct edge_route {
    int region; /* -1: none; every region is known to be down, and there is none to fail open to */
};
struct edge_port {
    void *self;
    /* The region for a new connection of a user near `place`; `word` is random, keyed by the user.
     */
    struct edge_route (*route)(void *self, int place, uint64_t word);
    /* The load balancer of a region has at least one healthy target from now on, or none. */
    void (*health)(void *self, int region, bool healthy);
    sim_dur (*idle_timeout)(const void *self); /* the edge drops a connection after it */
    /* One-way delay between a user's edge and a region, above that of the nearest region. */
    sim_dur (*detour)(const void *self, int place, int region);
};

PORT_ACCESSORS(edge, struct edge_port)

#endif
