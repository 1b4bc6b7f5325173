// SPDX-License-Identifier: GPL-3.0-or-later
/* Where users' connections are routed. */
#ifndef EDGE_H
#define EDGE_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct edge_route {
    int region; /* -1: nowhere (every region is known to be down, and nothing is left to fail open
                   to) */
};
struct edge_port {
    void *self;
    /* Where a new connection of a user near `place` lands; `word` is the user's own randomness. */
    struct edge_route (*route)(void *self, int place, uint64_t word);
    /* The tier of a region says that its load balancer has (no) healthy targets now. */
    void (*health)(void *self, int region, bool healthy);
    sim_dur (*idle_timeout)(const void *self); /* after which an idle connection is forgotten */
    /* One way between a user's edge and a region that is not its nearest, beyond what the nearest
     * costs. */
    sim_dur (*detour)(const void *self, int place, int region);
};

PORT_ACCESSORS(edge, struct edge_port)

#endif
