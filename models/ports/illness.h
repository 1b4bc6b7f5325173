// SPDX-License-Identifier: GPL-3.0-or-later
/* Parts that are failing: instances of an application tier, shards of a cluster of the store. */
#ifndef ILLNESS_H
#define ILLNESS_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

/* The state of one part, all active faults together. Healthy: {.slow = 1}. */
struct illness {
    bool refuses;  /* the process is dead: connections are refused at once */
    bool silent;   /* the host is dead, or cut off: nothing answers */
    bool cut;      /* silent because it cannot be reached: its process runs */
    double errors; /* share of what is asked that is answered with an error at once */
    double slow;   /* service times are multiplied by this, >= 1 */
    /* of a store */
    double throttled; /* share of commands refused as throttled */
    double conflicts; /* share of writes that meet a concurrent one, and are aborted */
    double corrupt;   /* share of writes whose value cannot be read afterwards */
};
#define ILLNESS_NONE ((struct illness){.slow = 1})

struct illness_port {
    void *self;
    uint32_t part_count;
    /* The state of a part from now on. */
    void (*set)(void *self, uint32_t part, const struct illness *illness);
};

/* Of a region. */
PORT_ACCESSORS(app_illness, struct illness_port)
PORT_ACCESSORS(store_illness, struct illness_port)

#endif
