// SPDX-License-Identifier: GPL-3.0-or-later
/* The replication stream from the primary to the secondaries. */
#ifndef STREAM_H
#define STREAM_H

#include "store_fault.h"
#include "write_position.h"

#include <stdbool.h>
#include <stdint.h>

/* How far the writes of a shard have come on the latest connection to a secondary. */
struct stream_reach {
    uint32_t history;        /* of the writes */
    uint64_t sent, buffered; /* last write sent, last one that was in the output buffer */
};

/* The stream of writes from the primary to the secondaries. */
struct stream_port {
    void *self;
    /* The primary executed and acknowledged a write of `bytes` in the stream. */
    void (*write)(void *self, struct write_position position, uint32_t bytes);
    /* The roles changed: begin again from the primary to every live secondary. */
    void (*restart)(void *self);
    /* One shard has another primary inside the same region. */
    void (*restart_shard)(void *self, uint32_t shard);
    /* A cluster came back, or was demoted: it connects to the primary, and resyncs as its history
     * allows. */
    void (*rejoin)(void *self, int region);
    /* A cluster went down: nothing receives the stream. */
    void (*leave)(void *self, int region);
    /* The primary is gone. With its process goes what it had not yet written to its sockets; its
     * kernel still delivers the rest. With its host goes that too, but for what is in flight. */
    void (*crash)(void *self, enum crash_kind kind);
    /* From now on (begin) the node of the region's cluster that the connections end at cannot be
     * reached. */
    void (*cut)(void *self, int region, bool begin);
    /* Faults of the connections to the secondaries in `region`, of all shards: nothing is handed to
     * the kernel any more; they break at once. */
    void (*pause)(void *self, int region, bool begin);
    void (*reset)(void *self, int region);
    /* Time since the primary last heard from the secondary of `region`, of a shard; SIM_NEVER: it
     * is not connected. */
    sim_dur (*heard)(const void *self, int region, uint32_t shard);
    struct stream_reach (*reach)(const void *self, int region, uint32_t shard);
};

PORT_ACCESSORS(stream, struct stream_port)

#endif
