// SPDX-License-Identifier: GPL-3.0-or-later
/* Copies of a store's data in several regions, as what replicates between them sees them. */
#ifndef REPLICA_H
#define REPLICA_H

#include "model.h"
#include "write_position.h"

#include <stdbool.h>
#include <stdint.h>

/* When a process has executed a write of its stream. at_once: whatever asks it from now on is
 * answered later than that, so the write may count as applied now. */
struct replica_execution {
    sim_time done;
    bool at_once;
};

struct replica_port {
    void *self;
    uint32_t (*shards)(const void *self);
    int (*primary)(const void *self); /* region that was promoted last, or the first primary */
    bool (*is_up)(const void *self, int region); /* is there a cluster, and does it run? */
    /* Is there a process of the shard's primary now? */
    bool (*shard_up)(const void *self, uint32_t shard);
    /* The last write of a shard that is held in a region; number 0: nothing, it loads. */
    struct write_position (*held)(const void *self, int region, uint32_t shard);
    /* Bytes of a shard's live sessions, as a full resync has to copy them. */
    int64_t (*data_bytes)(const void *self, uint32_t shard);
    /* What the host of a primary can send, whatever the link, once it has sent for so long. */
    double (*network_bit_per_s)(const void *self, sim_dur sending);
    /* Age of the oldest acknowledged write that `region` lacks, the worst over shards; 0: none. */
    sim_dur (*lag)(const void *self, int region);

    /* `region` has applied the writes up to `position`, the last of them at `when`. */
    void (*apply)(void *self, int region, struct write_position position, sim_time when);
    /* A shard of a region has dropped what it held and answers LOADING from now on, */
    void (*flushed)(void *self, int region, uint32_t shard);
    /* and holds the primary's data set as of `position`, and serves. */
    void (*loaded)(void *self, int region, struct write_position position);
    /* A write of the stream has arrived at `region`, and may be executed by the shard's process
     * there at `from`. */
    struct replica_execution (*execute)(void *self, int region, uint32_t shard, sim_time from,
                                        uint32_t bytes);
    /* The primary's process of a shard does nothing else for `length` (it forks). */
    void (*busy)(void *self, uint32_t shard, sim_dur length);
};

PORT_ACCESSORS(replica, struct replica_port)

#endif
