// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The connection pools of a store client.
 *
 * An instance of the tier has a pool for each endpoint it uses, created at the first use. If the
 * endpoint is a name, its address is looked up whenever a connection is opened; open connections do
 * not follow a change of the name.
 *
 *   FREE -> OPENING -> BUSY <-> IDLE -> FREE       mode pool: one command at a time
 *   FREE -> OPENING -> IDLE -> FREE                mode multiplexed: one connection per pool,
 * always available, any number of commands on it
 *
 * OPENING takes one round trip of TCP and those of TLS. Commands already sent on a connection that
 * closes are still delivered; their replies are discarded.
 *
 * Invariants
 *  1. open_count of a pool is the number of its connections that are not FREE; it never exceeds the
 *     pool's size.
 *  2. Replies on one connection arrive in order, since links keep the order of a flow: on a
 *     multiplexed connection a slow packet delays all later ones (redis_lessons 9).
 *  3. A connection past its lifetime is closed when it is released or would be acquired, never
 *     while a command is on it. A multiplexed connection has no lifetime.
 *
 * The queue of operations that wait for a connection is in client_tables.c.
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
#include "phase_rule.h"
#include "prefetch.h"
#include "session_store.h"
#include "store_fault.h"
#include "probe.h"

enum connection_mode { MODE_POOL, MODE_MULTIPLEXED };
enum connection_reuse { REUSE_LIFO, REUSE_FIFO };
enum dns_cache { DNS_TTL, DNS_FIXED, DNS_FOREVER };

struct connection_pool_config {
    int mode;                 /* enum connection_mode */
    uint32_t connections_max; /* mode pool */
    uint32_t warm_count;      /* connections that are open at the start */
    int reuse;                /* enum connection_reuse */
    int wait;                 /* enum wait_order */
    sim_dur max_wait_ns;      /* 0: no limit of its own */
    uint32_t pending_max;     /* operations that may wait */
    uint32_t requests_max;    /* attempts that may be under way */
    uint32_t shared_count;    /* connections in mode multiplexed */
    bool close_on_timeout;
    sim_dur lifetime_ns;        /* 0: no limit */
    struct phase_rule ages;     /* of warm connections */
    sim_dur idle_ns;            /* maximum idle time; 0: no limit */
    sim_dur connect_timeout_ns; /* 0: only the attempt's timeout applies */
    struct keepalive keepalive;
    sim_dur user_timeout_ns; /* TCP_USER_TIMEOUT; 0: none */
    int tls_round_trips;     /* round trips in addition to TCP's */
    bool auth;               /* one more, of AUTH */
    int dns_cache;           /* enum dns_cache */
    sim_dur dns_fixed_ns;
};

enum connection_state { CONNECTION_FREE, CONNECTION_OPENING, CONNECTION_IDLE, CONNECTION_BUSY };

struct connection {
    _Alignas(MEM_LINE_BYTES) uint32_t generation; /* a row is one cache line */
    uint32_t pool;
    uint32_t next;              /* in the free list */
    uint32_t op, op_generation; /* operation it is opened for; NO_INDEX: for any that waits */
    uint32_t command;           /* mode pool: the command on it */
    uint32_t flow_out, flow_in;
    sim_time opened, idle_since; /* the latter only where idle time has a limit */
    uint16_t endpoint; /* has an address: the pool's endpoint, or what its name resolved to */
    uint8_t state, region, rounds_left; /* region: of the endpoint */
    bool timed;                         /* its connect timer is running */
};

struct idle_connection {
    uint32_t connection, flow_out;
};

/* The pool of one instance to one endpoint, and the queue of operations that wait for a
 * connection. */
struct connection_pool {
    /* Ring of the idle connections, in the order of their release. Acquiring one touches no other
     * connection's row. */
    struct idle_connection *idle;
    uint32_t idle_first, idle_count, idle_capacity; /* capacity: a power of two, or 0 */
    uint32_t endpoint;
    uint32_t open_count;
    uint32_t wait_head, wait_tail; /* operations */
    uint32_t wait_count;
    uint32_t requests; /* attempts under way, where the client has guards */
    /* Where connections fail fast only. */
    uint32_t failed_connects; /* since the last successful probe */
    bool fails_fast;
    uint8_t failure; /* enum client_error of the last one */
    uint32_t probe;  /* the connection of a probe under way; NO_INDEX: none */
    /* Of multiplexed connections only. */
    bool holds_off;              /* reconnect backoff in progress */
    bool ended;                  /* the client never reconnects */
    bool watched;                /* the silence of its connections */
    uint32_t losses, reconnects; /* since the start; and since one was last open */
    uint32_t reconnects_before;  /* the value when one last opened */
    uint32_t turn;               /* counts acquisitions: connections are used in turn */
    sim_dur waited;              /* last backoff */
    sim_time heard;              /* something was last sent or received */
    sim_time asked;              /* first sent since something was last received; SIM_NEVER */
};

/* The address of a region's cluster, as the client's resolver answered last. */
struct cached_address {
    bool known;
    uint16_t endpoint;
    sim_time expires;
};

/* All pools of one region's client. */
struct connection_pools {
    const struct connection_pool_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    probe_id opened, open; /* metrics connections_opened and connections_open */
    int region;
    const char *instance; /* of the client: subject of its lines in a trace */
    uint32_t region_count;
    uint32_t limit; /* connections of a pool: its size, or 1 */

    struct connection_pool *pools; /* in order of creation */
    size_t pool_count, pool_capacity;
    uint32_t *pool_of; /* by instance x endpoint; NO_INDEX: not created */
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
    const struct session_store_port *store;
    struct cached_address addresses[REGIONS_MAX]; /* where store->address is not NULL */
    bool by_topology;       /* addresses are those of the cluster's topology, and do not expire */
    sim_time name_expires;  /* when the address in `knowledge` expires */
    kind_id reset_kind;     /* fires when the network breaks a connection; entity: its index */
    timer_id connect_timer; /* where connect_timeout_ns > 0 */
};

/* Ask for the clusters' addresses again at the next connect. */
RARE void connection_pools_forget(struct connection_pools *pools);
/* An idle connection, or a shared one, of a pool that leads elsewhere than a new one would;
 * NO_INDEX: there is none. */
RARE uint32_t connection_pool_stale(struct connection_pools *pools, uint32_t pool);

/* The caller sets ports, probes and timer afterwards, before connection_pools_size(). */
void connection_pools_init(struct connection_pools *pools,
                           const struct connection_pool_config *config, struct sim *sim,
                           int region);
void connection_pools_release(struct connection_pools *pools);
/* Allocate for this number of instances; call it before the functions below. */
void connection_pools_size(struct connection_pools *pools, uint32_t instances);
/* The pool of an instance to an endpoint; NO_INDEX: not created yet. */
static inline uint32_t connection_pool_find(const struct connection_pools *pools, uint32_t instance,
                                            uint32_t endpoint)
{
    return pools->pool_of[instance * pools->endpoints->count + endpoint];
}
/* Create it. Invalidates pointers to pools. */
RARE uint32_t connection_pool_make(struct connection_pools *pools, uint32_t instance,
                                   uint32_t endpoint);
/* Open the warm connections of all pools at no cost: they were established before the run. */
void connection_pools_warm(struct connection_pools *pools);

/* Idle connection number `i` in the order of release; i < idle_count. */
static inline struct idle_connection *connection_idle_at(const struct connection_pool *pool,
                                                         uint32_t i)
{
    return &pool->idle[(pool->idle_first + i) & (pool->idle_capacity - 1)];
}
/* Acquire an idle connection to send on; a multiplexed one stays idle. NO_INDEX: none is idle. */
uint32_t connection_acquire_idle(struct connection_pools *pools, uint32_t pool);
/* Whether another connection may be opened now. */
static inline bool connection_pool_has_room(const struct connection_pools *pools, uint32_t pool)
{
    return pools->pools[pool].open_count < pools->limit && !pools->pools[pool].holds_off;
}
/*
 * Start to open a connection for operation `op` (NO_INDEX: for any that waits). attempt_timeout_ns:
 * remaining timeout of the attempt; the connect timer is set only if it is shorter.
 */
uint32_t connection_open(struct connection_pools *pools, uint32_t pool, uint32_t op,
                         uint32_t op_generation, sim_dur attempt_timeout_ns);
/* A round trip of the handshake is complete; true: it was the last, the connection is usable. */
bool connection_round_done(struct connection_pools *pools, uint32_t index);
/* Release a connection whose command is done: it becomes idle, or closes if past its lifetime. */
void connection_release(struct connection_pools *pools, uint32_t index);
/* Close a connection, for the reason `how`. Commands on it must be failed by the caller. */
void connection_close(struct connection_pools *pools, uint32_t index, enum connection_event how);
/* Whether the host has answered a connection that is being opened: its SYN. */
RARE bool connection_is_answered(const struct connection_pools *pools, uint32_t index);
/* Whether an event of opening a connection still applies. */
bool connection_is_opening(const struct connection_pools *pools, uint32_t index,
                           uint32_t generation);
/* Whether the network's event of a broken connection still applies. */
bool connection_is_open(const struct connection_pools *pools, uint32_t index, uint32_t generation);
/* How the network broke a connection: CONNECTION_RST or CONNECTION_SILENT. */
RARE enum connection_event connection_broken_by(const struct connection_pools *pools,
                                                uint32_t index);
/* Implement struct handshake_return; self: the pools. */
bool connection_way(void *self, uint32_t index, uint32_t generation, struct connection_way *way);
RARE void connection_peer_changed(void *self, uint32_t endpoint, enum peer_state peer);
RARE void connection_cut(void *self, uint32_t endpoint, bool begin);

#endif
