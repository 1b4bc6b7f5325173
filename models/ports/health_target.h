// SPDX-License-Identifier: GPL-3.0-or-later
/* Health checks of a region's endpoints by checkers outside of the region. */
#ifndef HEALTH_TARGET_H
#define HEALTH_TARGET_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct prober {
    void *self;
    /* The check was answered; maybe during the call that made it. */
    void (*answered)(void *self, uint32_t token, uint32_t round, bool passed);
};
struct probe {
    const struct prober *prober; /* must outlive the run */
    uint32_t token, round;       /* handed back; the round has 20 bits */
    uint32_t endpoint;           /* of the region's endpoint group */
    int depth;                   /* enum health_depth */
};
struct health_target_port {
    void *self;
    /* Send a check. Returns false where no connection can be established, as nothing is there to
     * refuse it: no answer will come. */
    bool (*probe)(void *self, const struct probe *probe);
};

/* Of a region. */
PORT_ACCESSORS(health_target, struct health_target_port)

#endif
