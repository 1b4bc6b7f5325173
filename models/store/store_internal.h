// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by store.c, server.c, listener.c, store_history.c and the kinds: clusters,
 * servers and connections of any kind of store.
 *
 * A store has clusters, at most one per region; a cluster has servers, one per shard. The `state`
 * of each points to the data of the kind.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "bug.h"
#include "connection.h"
#include "illness.h"
#include "link.h"
#include "mem.h"
#include "op_history.h"
#include "prefetch.h"
#include "queue_check.h"
#include "refs.h"
#include "session_store.h"
#include "store_kind.h"

#define SLOTS 16384

/* Parameters common to all kinds. */
struct store_config {
    int kind, discipline;
    struct dist *read_service, *write_service;
    sim_dur write_per_kib_ns;
    uint32_t shards, connections_max, accept_backlog;
    double hot_weight;
};
enum { EVENT_LOOP, FIFO };

struct server {
    struct cluster *cluster;
    void *state; /* of the kind */
    uint32_t shard;
    bool gone;          /* its node has crashed: no replies */
    bool ill;           /* `illness` is not that of a healthy node */
    bool busy;          /* an iteration of its event loop is in progress */
    uint32_t iteration; /* number of the iteration: generation of its end event */

    uint32_t head, tail;     /* refs of commands waiting */
    uint32_t iteration_head; /* refs of commands in the current iteration */
    uint32_t queued;         /* waiting and in the iteration */
    struct illness illness;  /* `errors` and `slow` */
    uint32_t pending_head;   /* refs of executed commands that wait for other nodes */
    uint32_t unaccepted; /* connections in the kernel's queue, not yet accepted by the process */
    sim_dur blocked_ns;  /* time blocked before the next iteration */
};

/* A handshake that waits for a stalled process or for room in the accept queue. */
struct waiting_handshake {
    uint32_t connection, generation;
    uint32_t next;
    uint8_t tries;
};

/* The listener's end of a client's connection. */
struct server_connection {
    uint32_t generation; /* of the connection that is or was open in this row */
    bool open;           /* the client has not closed it */
    bool counted;        /* counts for connections_max */
    bool refused;        /* above the limit: its commands are answered REPLY_RESET */
};

/* The listener of a cluster. */
struct listener {
    struct server_connection *connections[REGIONS_MAX]; /* by region and index at the client */
    size_t connection_count[REGIONS_MAX];
    uint64_t open_count, refused_count; /* connections that are `counted`, `refused` */
    struct waiting_handshake *waiting;
    size_t waiting_count, waiting_capacity;
    uint32_t waiting_free;
    uint32_t held_head, held_tail; /* TLS handshakes that wait for a stalled process */
};

struct cluster {
    struct store *store;
    void *state; /* of the kind */
    int region;
    bool exists, up, stalled;
    struct server *servers;    /* by shard */
    struct queue_check queued; /* commands at its servers, waiting or in service */
    uint32_t busy;             /* number of busy servers */
    struct listener listener;

    struct listener_port port;
    struct power_port power;
    struct store_fault_port fault;
    struct illness_port illness;
    kind_id iteration_kind, peer_kind, syn_kind;
    probe_id commands, utilization, hot_utilization, writes, repeated, refused, dropped_syns;
};

/* The kind's rows of sessions, for the users of one region. */
struct session_table {
    char *rows;
    size_t count; /* rows in use or zeroed: the others have not been touched */
    size_t capacity;
};

struct store {
    const struct store_config *config;
    const struct store_kind *kind;
    const void *kind_config; /* parameters of the kind */
    void *state;             /* of the kind */
    struct sim *sim;
    struct probes_hot *probes;
    struct run_log *log;
    const struct topology *topology;
    struct rng_stream service, errors;
    sim_dur read_ns; /* service time of every read; -1: drawn */
    struct endpoint_table endpoints;
    struct cluster clusters[REGIONS_MAX];
    uint32_t region_count, shard_count, hot_slots;
    struct session_table sessions[REGIONS_MAX];
    struct command_pool *pools[REGIONS_MAX];
    struct handshake_return *returns[REGIONS_MAX];
    struct link_port *links[REGIONS_MAX][REGIONS_MAX];
    const struct prefetch_port *flows_hints[REGIONS_MAX][REGIONS_MAX]; /* of links; NULL: none */
    bool prefetches; /* rows that commands need: many requests are in progress */
    struct session_store_port port;
    struct promotion_port promotion;
    struct losses_port losses;
    struct store_history *history; /* NULL: none is wanted */
};

/* --- store.c --------------------------------------------------------------------------------- */

/* The shard of a session, by the hash slot of its key. */
uint32_t store_shard_of(const struct store *store, uint32_t session, uint32_t check);
RARE void *store_row_slow(struct store *store, uint32_t session);
/* The kind's row of a session, zeroed if new. size: the kind's row_size. The pointer is valid until
 * the next call. */
static inline void *store_row(struct store *store, uint32_t session, size_t size)
{
    const struct session_table *table = &store->sessions[ref_region(session)];

    return ref_index(session) < table->count ? table->rows + ref_index(session) * size
                                             : store_row_slow(store, session);
}

/* The kind's row of a session that will be needed in some events; size: the kind's row_size. Always
 * inlined, as mem_prefetch() is. */
__attribute__((always_inline)) static inline void store_prefetch_row(const struct store *store,
                                                                     uint32_t session, size_t size)
{
    const struct session_table *table = &store->sessions[ref_region(session)];

    if (ref_index(session) < table->count) /* else never written */
        mem_prefetch(table->rows + ref_index(session) * size, size);
}
/* For a kind's route(): the attempt is sent now. Where many requests are in progress the row is
 * prefetched when the command is about to arrive instead: too much comes in between. */
__attribute__((always_inline)) static inline void store_prefetch_near(const struct store *store,
                                                                      uint32_t session, size_t size)
{
    if (!store->prefetches)
        store_prefetch_row(store, session, size);
}

/* --- server.c -------------------------------------------------------------------------------- */

extern const struct event_kind cluster_command, cluster_iteration_end, cluster_peer;
void cluster_gauges(struct cluster *cluster);
void server_begin_iteration(struct server *server);
/* Block the server for `length` before its next iteration. */
void server_block(struct server *server, sim_dur length);
/* Drop all commands at the server without a reply, including pending ones. */
void server_drop_all(struct server *server);
void cluster_drop_all(struct cluster *cluster);
static inline struct command_handle server_handle(uint32_t ref, const struct command *command)
{
    return (struct command_handle){ref, command->generation};
}
/* Reply to a pending command of the server; no effect if it has been dropped. */
void server_complete(struct server *server, struct command_handle handle,
                     const struct reply *reply);
/*
 * Send `bytes` from one cluster to another, over a separate connection that faults of processes do
 * not break: `word` arrives at the kind's `peer` after the link's delay, or when the link heals.
 * identity: key of the message's random draws.
 */
void cluster_send_peer(struct cluster *from, struct cluster *to, uint32_t word, uint32_t bytes,
                       uint64_t identity);
/* Check at the end of the run: the queue length equals the metric, and Little's law holds. */
void cluster_check_queue(struct cluster *cluster);
static inline uint32_t server_entity(const struct server *server)
{
    return server->shard << 4 | (uint32_t)server->cluster->region;
}

/* --- store_history.c ------------------------------------------------------------------------- */

/* What the history of operations (op_history.h) needs to know of the store: which writes of each
 * session were executed, in order. NULL where no history is wanted. */
struct store_history *store_history_create(struct op_history *history);
void store_history_free(struct store_history *history); /* NULL is allowed */
/* A command has its reply: record a write that was executed, and what a read found. */
RARE void store_history_replied(struct cluster *cluster, uint32_t ref,
                                const struct command *command);

/* --- listener.c ------------------------------------------------------------------------------ */

extern const struct event_kind cluster_handshake, cluster_syn_again;
void listener_init(struct listener *listener);
void listener_reset(struct cluster *cluster);
void listener_release(struct listener *listener);
/* The process resumes: answer the handshakes that waited for it. */
void listener_resume(struct cluster *cluster);
/* An event at the other end of a connection: see struct listener_port. */
void listener_event(void *self, uint32_t connection, uint32_t generation,
                    enum connection_event event);
static inline const struct server_connection *listener_connection(const struct cluster *cluster,
                                                                  const struct command *command)
{
    const struct listener *listener = &cluster->listener;

    if (command->connection >= listener->connection_count[command->region])
        return NULL;
    return &listener->connections[command->region][command->connection];
}
/* Whether the connection of a command is above the limit. */
static inline bool listener_refuses(const struct cluster *cluster, const struct command *command)
{
    const struct server_connection *connection;

    if (cluster->listener.refused_count == 0)
        return false;
    connection = listener_connection(cluster, command);
    return connection && connection->refused;
}
/* Whether the client still has the connection of a command open; if not, no reply can be sent. */
static inline bool listener_is_open(const struct cluster *cluster, const struct command *command)
{
    const struct server_connection *connection = listener_connection(cluster, command);

    return connection && connection->open &&
           connection->generation == command->connection_generation;
}

#endif
