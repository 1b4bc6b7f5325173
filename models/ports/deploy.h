// SPDX-License-Identifier: GPL-3.0-or-later
/* Restarts of the application tier's instances. */
#ifndef DEPLOY_H
#define DEPLOY_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct deploy_port {
    void *self;
    /* A deploy: restart every instance of the region's tier in turn, spread over this time. */
    void (*begin)(void *self, sim_dur over);
    /* Restart one instance now. Nothing to do where it is out of service already. */
    void (*restart)(void *self, uint32_t instance);
};

PORT_ACCESSORS(deploy, struct deploy_port)

#endif
