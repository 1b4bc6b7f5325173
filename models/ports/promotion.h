// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The promotion of a secondary to primary, as those who decide and those who point to the primary
 * see it. A kind of store that has no primary, or only ever one, does not offer it.
 */
#ifndef PROMOTION_H
#define PROMOTION_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct promotion_port {
    void *self;
    int (*primary)(const void *self); /* region that was promoted last, or the first primary */
    /* Can the region be promoted now: is it a secondary that runs? */
    bool (*is_candidate)(const void *self, int region);
    /* How many writes the region holds: a number to compare candidates by. */
    uint64_t (*held)(const void *self, int region);
    /* A promotion begins: writes are refused or hang everywhere meanwhile; reads go on. */
    void (*begin)(void *self, int region);
    /* It ends: the region forks a history and takes writes, unless it has gone down meanwhile: then
     * the old primary stays. The old primary, if alive and reachable, is demoted; if cut off, it
     * goes on taking writes that will be lost. */
    void (*end)(void *self, int region);
};

PORT_ACCESSORS(promotion, struct promotion_port)

#endif
