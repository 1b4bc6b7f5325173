// SPDX-License-Identifier: GPL-3.0-or-later
/* The session store as a whole. */
#ifndef SESSION_STORE_H
#define SESSION_STORE_H

#include "endpoint.h"
#include "store_command.h"
#include "write_position.h"

#include <stdbool.h>
#include <stdint.h>

/* The store as a whole, for those who steer it. */
struct store_port {
    void *self;
    const struct endpoint_table *endpoints; /* complete once all models are initialised */
    /* The endpoint that an attempt goes to: an index of the table. */
    uint32_t (*route)(const void *self, const struct client_knowledge *knowledge,
                      const struct route_query *query);
    int (*primary)(const void *self); /* region that was promoted last, or the first primary */
    bool (*cluster_up)(const void *self, int region);
    bool (*promoting)(const void *self);
    uint32_t (*shards)(const void *self);
    /* Number of the last write held in a region, summed over its shards. */
    uint64_t (*applied)(const void *self, int region);
    /* Is there a process of the shard's primary now? */
    bool (*shard_up)(const void *self, uint32_t shard);
    /* The last write of a shard that is held in a region; number 0: nothing, it loads. */
    struct write_position (*held)(const void *self, int region, uint32_t shard);
    /* Bytes of a shard's live sessions, as a full resync has to copy them. */
    int64_t (*data_bytes)(const void *self, uint32_t shard);
    /* So many sessions of a region are about to be seeded. */
    void (*reserve)(void *self, int region, uint32_t count);
    /* A session that was there before the run began, in every cluster. Before the first event only.
     */
    void (*seed)(void *self, uint32_t session, uint32_t session_check);
    /* A promotion begins: writes are refused or hang everywhere meanwhile (state Modifying); reads
     * go on. */
    void (*promotion_begin)(void *self, int region);
    /* It ends: the region forks a history and takes writes. The old primary, if alive and
     * reachable, is demoted; if cut off, it goes on taking writes that will be lost. */
    void (*promotion_end)(void *self, int region);
    /* The stream says: `region` has applied the writes up to `position`. */
    void (*apply)(void *self, int region, struct write_position position);
    /* A full resync of `region` from the primary is done: it holds all that the primary holds, and
     * serves. */
    void (*synced)(void *self, int region);
    /* A shard of a region has dropped what it held and answers LOADING from now on, */
    void (*flushed)(void *self, int region, uint32_t shard);
    /* and holds the primary's data set as of `position`, and serves. */
    void (*loaded)(void *self, int region, struct write_position position);
    /* The primary's process of a shard does nothing else for so long (it forks). */
    void (*busy)(void *self, uint32_t shard, sim_dur length);
    /* Age of the oldest acknowledged write that `region` lacks, as a monitor would compute it; 0:
     * none. */
    sim_dur (*lag)(const void *self, int region);
    /* Acknowledged writes lost so far by failovers, counted one by one, and sessions whose creation
     * was among them. */
    uint64_t (*writes_lost)(const void *self);
    uint64_t (*sessions_lost)(const void *self);
    sim_dur (*rpo)(const void *self); /* of the last failover so far; -1: none */
};

PORT_ACCESSORS(store, struct store_port)

#endif
