// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Acknowledged writes that a store has lost so far, counted one by one. A kind of store that
 * acknowledges nothing that another region could lack does not offer it.
 */
#ifndef LOSSES_H
#define LOSSES_H

#include "model.h"

#include <stdint.h>

struct losses_port {
    void *self;
    uint64_t (*writes)(const void *self);
    uint64_t (*sessions)(const void *self); /* whose creation was among them */
    sim_dur (*rpo)(const void *self);       /* of the last failover so far; -1: none */
};

PORT_ACCESSORS(losses, struct losses_port)

#endif
