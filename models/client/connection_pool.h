// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The connections of a store client: which are open, which are idle, what opening one takes.
 *
 * An instance of the tier has a pool for each endpoint that it uses, made when it is first used.
 * The endpoint may be a name: then the address is looked up whenever a connection is opened, and an
 * open connection does not follow the name.
 *
 *   FREE -> OPENING -> BUSY <-> IDLE -> FREE       mode pool: one command at a time
 *   FREE -> OPENING -> IDLE -> FREE                mode multiplexed: one connection a pool, always
 *                                                  takeable, however many commands are on it
 *
 * OPENING takes TCP's round trip and those of TLS. A connection that is closed goes on delivering
 * what was sent on it, and what comes back is thrown away.
 *
 * Rules that always hold
 *  1. open_count of a pool counts its connections that are not FREE, and is at most its size.
 *  2. Replies come back in order on one connection, since links keep the order of a flow: on a
 *     multiplexed one a slow packet delays all behind it (redis_lessons 9).
 *  3. A connection past its lifetime is closed when it comes back or would be taken, never under a
 *     command. A multiplexed one has no lifetime.
 *
 * Who waits for a connection, and in which order, is decided by the client (client_tables.c).
 */
#ifndef CONNECTION_POOL_H
#define CONNECTION_POOL_H

#include "mem.h"
#include "connection.h"
#include "store_command.h"
#include "dns.h"
#include "endpoint.h"
#include "link.h"
#include "refs.h"
#include "prefetch.h"
#include "session_store.h"
#include "store_fault.h"
#include "probe.h"

enum connection_mode { MODE_POOL, MODE_MULTIPLEXED };
enum { REUSE_LIFO, REUSE_FIFO };
enum { DNS_TTL, DNS_FIXED, DNS_FOREVER };

struct connection_pool_config {
    int mode;
    uint32_t size, warm;
    int reuse, wait;
    bool close_on_timeout;
    sim_dur lifetime_ns;        /* 0: no end */
    sim_dur connect_timeout_ns; /* 0: that of the attempt alone */
    int tls;                    /* round trips beyond TCP's */
    int dns_cache;
    sim_dur dns_fixed_ns;
};

enum connection_state { CONNECTION_FREE, CONNECTION_OPENING, CONNECTION_IDLE, CONNECTION_BUSY };

struct connection {
    _Alignas(MEM_LINE_BYTES) uint32_t generation; /* a row is one cache line */
    uint32_t pool;
    uint32_t next;              /* in the free list */
    uint32_t op, op_generation; /* that it is opened for; NO_INDEX: for whoever waits */
    uint32_t command;           /* mode pool: the one that is on it */
    uint32_t flow_out, flow_in;
    sim_time opened;
    uint16_t endpoint; /* with an address: its pool's, or what the name of that resolved to */
    uint8_t state, region, rounds_left; /* region: of the endpoint */
    bool timed;                         /* its connect timer runs */
};

struct idle_connection {
    uint32_t connection, flow_out;
};

/* A pool of one instance to one endpoint. Operations that wait for a connection stand in order. */
struct connection_pool {
    /* Those that are idle, in the order in which they came back, in a ring beside each other: to
     * take one touches no other connection's row. */
    struct idle_connection *idle;
    uint32_t idle_first, idle_count, idle_capacity; /* capacity: a power of two, or 0 */
    uint32_t endpoint;
    uint32_t open_count;
    uint32_t wait_head, wait_tail; /* operations */
    /* Of a shared connection only. */
    bool holds_off;              /* waits before it opens the next one */
    uint32_t losses, reconnects; /* in all; and since it was last open */
    sim_dur waited;              /* last */
};

/* All pools of one region's client. */
struct connection_pools {
    const struct connection_pool_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    probe_id opened, open; /* counted: new connections, and how many there are */
    int region;
    const char *instance; /* of the client: subject of its lines in a trace */
    uint32_t region_count;
    uint32_t limit; /* connections of a pool: its size, or 1 */

    struct connection_pool *pools; /* in the order in which they were made */
    size_t pool_count, pool_capacity;
    uint32_t *pool_of; /* by instance x endpoint; NO_INDEX: not made */
    uint32_t instance_count;
    struct connection *connections;
    size_t connection_count, connection_capacity;
    uint32_t free_head;
    uint32_t open_total;

    const struct endpoint_table *endpoints;
    struct listener_port **listeners; /* by endpoint; NULL: a name */
    struct link_port *out[REGIONS_MAX], *in[REGIONS_MAX];
    const struct prefetch_port *flows_hints[REGIONS_MAX]; /* of `out`; NULL: none */
    struct dns_port *dns;
    struct client_knowledge knowledge;
    sim_time name_expires;  /* the name's address in `knowledge` */
    kind_id reset_kind;     /* fires when the network breaks a connection: entity its index */
    timer_id connect_timer; /* where connect_timeout_ns > 0 */
};

/* The ports, probes and timer are set by the caller, before connection_pools_size(). */
void connection_pools_init(struct connection_pools *pools,
                           const struct connection_pool_config *config, struct sim *sim,
                           int region);
void connection_pools_release(struct connection_pools *pools);
/* Room for so many instances; before anything else. */
void connection_pools_size(struct connection_pools *pools, uint32_t instances);
/* The pool of an instance to an endpoint; NO_INDEX: not made yet. */
static inline uint32_t connection_pool_find(const struct connection_pools *pools, uint32_t instance,
                                            uint32_t endpoint)
{
    return pools->pool_of[instance * pools->endpoints->count + endpoint];
}
/* Make it. Pools may move. */
RARE uint32_t connection_pool_make(struct connection_pools *pools, uint32_t instance,
                                   uint32_t endpoint);
/* Open the warm connections of all pools, at once and at no cost: they were there before the run.
 */
void connection_pools_warm(struct connection_pools *pools);

/* The idle connection number `i` in the order in which they came back; i < idle_count. */
static inline struct idle_connection *connection_idle_at(const struct connection_pool *pool,
                                                         uint32_t i)
{
    return &pool->idle[(pool->idle_first + i) & (pool->idle_capacity - 1)];
}
/* A connection to send on, taken out of the idle ones (but a multiplexed one stays); NO_INDEX: none
 * is idle. */
uint32_t connection_acquire_idle(struct connection_pools *pools, uint32_t pool);
/* May another one be opened now? */
static inline bool connection_pool_has_room(const struct connection_pools *pools, uint32_t pool)
{
    return pools->pools[pool].open_count < pools->limit && !pools->pools[pool].holds_off;
}
/*
 * Begin to open one, for `op` (NO_INDEX: whoever waits). attempt_timeout_ns: how long the asker
 * waits at most; only a shorter connect timeout is timed.
 */
uint32_t connection_open(struct connection_pools *pools, uint32_t pool, uint32_t op,
                         uint32_t op_generation, sim_dur attempt_timeout_ns);
/* A round of the handshake came back; true: it was the last, and the connection can be sent on. */
bool connection_round_done(struct connection_pools *pools, uint32_t index);
/* It is done with its command: back to the idle ones, or closed where its time is over. */
void connection_release(struct connection_pools *pools, uint32_t index);
/* It has ended, by whatever `how` says. Commands that are on it are the caller's to tell. */
void connection_close(struct connection_pools *pools, uint32_t index, enum connection_event how);
/* Is this event of a connection's opening still wanted? */
bool connection_is_opening(const struct connection_pools *pools, uint32_t index,
                           uint32_t generation);
/* The network's own event of a broken connection: is it still that one? */
bool connection_is_open(const struct connection_pools *pools, uint32_t index, uint32_t generation);
/* Of one that the network broke: CONNECTION_RST, or CONNECTION_SILENT. */
RARE enum connection_event connection_broken_by(const struct connection_pools *pools,
                                                uint32_t index);
/* struct handshake_return's `reply_flow`; self is the pools. */
uint32_t connection_reply_flow(void *self, uint32_t index, uint32_t generation, bool *syn);

#endif
