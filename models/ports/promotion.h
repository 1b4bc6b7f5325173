// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The promotion of a secondary to primary, as the models that decide on it and those that point to
 * the primary see it. A kind of store that has no primary, or only ever one, does not offer it.
 */
#ifndef PROMOTION_H
#define PROMOTION_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

/* What a region's cluster is in the datastore now. */
enum cluster_role {
    CLUSTER_NONE,      /* the region has no cluster */
    CLUSTER_DOWN,      /* it does not run */
    CLUSTER_DETACHED,  /* it runs, and belongs to the datastore no more */
    CLUSTER_SYNCING,   /* a secondary that lacks data: it copies, or its stream is down */
    CLUSTER_SECONDARY, /* it follows the primary */
    CLUSTER_PRIMARY    /* promoted last, or the first primary */
};

/* What becomes of a primary that is lost when another one is promoted. */
enum deposed { DEPOSED_REJOINS, DEPOSED_DETACHED };

struct restore_plan {
    sim_dur takes_ns, age_ns;
};

struct promotion_port {
    void *self;
    int (*primary)(const void *self); /* region that was promoted last, or the first primary */
    enum cluster_role (*role)(const void *self, int region);
    /* Can the region be promoted now: does it have a secondary that runs, in sync or not? */
    bool (*is_candidate)(const void *self, int region);
    /* How many writes the region holds: a number to compare candidates by. */
    uint64_t (*held)(const void *self, int region);
    /* How many writes that the primary has acknowledged the region lacks. */
    uint64_t (*lacks)(const void *self, int region);
    /* A promotion or restore begins: writes are refused or hang everywhere meanwhile, except where
     * the region is the primary's; reads go on. */
    void (*begin)(void *self, int region);
    /* It ends: the region forks a history and takes writes, unless it has gone down meanwhile: then
     * the old primary stays. The old primary, if alive and reachable, is demoted; if cut off, it
     * goes on taking writes that will be lost. `deposed`: what becomes of one that is down now. */
    void (*end)(void *self, int region, enum deposed deposed);
    /*
     * A snapshot of the primary's data, as it would be restored in the region now: how long that
     * takes from the request on, and how old the snapshot is. false: there is none that can be.
     * `word`: a random number for the parts that are drawn.
     */
    bool (*restorable)(const void *self, int region, uint64_t word, struct restore_plan *plan);
    /* A restore in the region ends, which begin() began: its cluster has the snapshot's data and is
     * the primary. What was acknowledged later is lost. false: it has gone down meanwhile, and
     * nothing has changed. */
    bool (*restore)(void *self, int region, enum deposed deposed);
    /* A detached cluster that runs becomes a secondary, by a full copy. */
    void (*attach)(void *self, int region);
};

PORT_ACCESSORS(promotion, struct promotion_port)

#endif
