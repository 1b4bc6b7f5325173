// SPDX-License-Identifier: GPL-3.0-or-later
/* Rolling restarts of the application tier. */
#ifndef DEPLOY_H
#define DEPLOY_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

/* A deploy: every server of the region's tier is restarted in turn, over so long. */
struct deploy_port {
    void *self;
    void (*begin)(void *self, sim_dur over);
};

PORT_ACCESSORS(deploy, struct deploy_port)

#endif
