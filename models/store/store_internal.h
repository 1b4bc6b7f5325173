// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the files of the store share: store.c (the model, its port, promotions, faults),
 * server.c (the event loop of one shard in one cluster and what it executes), listener.c
 * (connections: handshakes, the accept backlog, the limit), history.c (who holds which write, and
 * what is lost).
 *
 * A store has clusters, one a region; a cluster has servers, one a shard. What belongs to a shard
 * wherever it is (its histories, its live sessions) is in struct shard.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "bug.h"
#include "model.h"
#include "connection.h"
#include "prefetch.h"
#include "store_command.h"
#include "link.h"
#include "refs.h"
#include "session.h"
#include "losses.h"
#include "promotion.h"
#include "replica.h"
#include "session_store.h"
#include "store_fault.h"
#include "stream.h"
#include "write_position.h"
#include "queue_check.h"

#define SHARDS_MAX 500
#define SLOTS 16384

struct store_config {
    int kind, discipline;
    int32_t primary;
    struct region_list secondaries;
    struct dist *read_service, *write_service;
    sim_dur write_per_kib_ns;
    uint32_t shards, connections_max, accept_backlog, replicas;
    double hot_weight;
    int64_t data_set_bytes;
    struct dist *replica_lag, *replica_failover;
};
enum { EVENT_LOOP, FIFO };

/*
 * A session as the store knows it, in any cluster: there is one for each session, so its size
 * counts. The shard of its positions is the session's own (store_shard_of()). A number of 40 bits
 * lasts for a million writes a second over 12 days.
 */
struct session_row {
    uint32_t first_number_low, last_number_low;
    uint32_t last_op; /* the operation of the latest write, for counting repeats */
    uint16_t first_history, last_history;
    uint8_t first_number_high, last_number_high;
    uint16_t check; /* whose row this is */
};
_Static_assert(sizeof(struct session_row) == 20, "memory of a session: models/speed.md");
#define HISTORIES_MAX (UINT16_MAX + 1)

/* Creation of the session that a row holds; number 0: none. */
static inline struct write_position row_first(const struct session_row *row, uint32_t shard)
{
    return (struct write_position){(uint64_t)row->first_number_high << 32 | row->first_number_low,
                                   row->first_history, shard};
}
/* Its latest write; number 0: none. */
static inline struct write_position row_last(const struct session_row *row, uint32_t shard)
{
    return (struct write_position){(uint64_t)row->last_number_high << 32 | row->last_number_low,
                                   row->last_history, shard};
}
static inline void row_set_first(struct session_row *row, struct write_position position)
{
    invariant_debug(position.number >> 40 == 0 && position.history < HISTORIES_MAX);
    row->first_number_low = (uint32_t)position.number;
    row->first_number_high = (uint8_t)(position.number >> 32);
    row->first_history = (uint16_t)position.history;
}
static inline void row_set_last(struct session_row *row, struct write_position position)
{
    invariant_debug(position.number >> 40 == 0 && position.history < HISTORIES_MAX);
    row->last_number_low = (uint32_t)position.number;
    row->last_number_high = (uint8_t)(position.number >> 32);
    row->last_history = (uint16_t)position.history;
}

/* An acknowledged write that some secondary may lack. */
struct log_entry {
    sim_time acknowledged;
    uint32_t session, check;
    bool create;
};

struct history {
    uint64_t fork; /* number of the last write kept of the history that it forked from */
    uint32_t parent;
    enum miss_reason reason; /* why what came after is gone */
};

struct shard {
    struct history *histories; /* by number; [0] unused but for its start */
    size_t history_count, history_capacity;
    uint64_t live;       /* sessions that its primary holds */
    uint32_t write_size; /* of its latest write's command */
    /* Acknowledged writes: (base, applied of the primary] are held, the others lost or emptied. */
    uint64_t acknowledged, lost, emptied, base;
    uint32_t failover; /* counts its failovers inside the region */
};

struct store;
struct cluster;

/* One process: a shard in a cluster. */
struct server {
    struct cluster *cluster;
    uint32_t shard;
    uint32_t history;
    uint64_t applied;
    bool loading;        /* answers LOADING */
    bool crashed;        /* its node is gone and a replica in the region is being promoted, */
    uint64_t crash_fork; /* which holds the writes up to here */
    bool busy;           /* a iteration is under way */
    uint32_t iteration;  /* generation of the iteration's end */

    uint32_t head, tail;     /* refs of commands waiting */
    uint32_t iteration_head; /* refs of those in the present iteration */
    uint32_t queued;         /* waiting and in the iteration */
    uint32_t unaccepted; /* connections in the kernel's queue, not yet accepted by the process */
    sim_dur fork_ns;     /* work that comes before the next iteration */

    /* the log of a primary: entries of numbers (log_low, log_high], in a ring by number */
    struct log_entry *log;
    uint64_t log_low, log_high, log_mask;
};

/* A handshake that the process or its full backlog keeps waiting. */
struct waiting_handshake {
    uint32_t connection, generation;
    uint32_t next;
    uint8_t tries;
};

/* The listener's end of a client's connection. */
struct server_connection {
    uint32_t generation; /* of the connection that is or was open here */
    bool open;           /* its client has not closed it */
    bool counted;        /* it counts for connections_max */
    bool refused;        /* one too many: its commands are answered REPLY_RESET */
};

/* The front listener of a cluster. */
struct listener {
    struct server_connection *connections[REGIONS_MAX]; /* by a region's clients' index */
    size_t connection_count[REGIONS_MAX];
    uint64_t open_count, refused_count; /* that are `counted`, `refused` */
    struct waiting_handshake *waiting;
    size_t waiting_count, waiting_capacity;
    uint32_t waiting_free;
    uint32_t held_head, held_tail; /* TLS rounds that a stalled process does not answer */
};

struct cluster {
    struct store *store;
    int region;
    uint32_t endpoint;
    bool exists, up, stalled, takes_writes;
    struct server *servers;    /* by shard */
    struct queue_check queued; /* commands at its servers, waiting or in service */
    uint32_t busy;             /* of its servers */
    uint64_t applied_total;    /* of all its servers */
    struct listener listener;

    struct listener_port port;
    struct power_port power;
    struct store_fault_port fault;
    kind_id iteration_kind, demote_kind, syn_kind, failover_kind;
    uint32_t demote_flow;
    probe_id commands, utilization, hot_utilization, writes, repeated, lag, unreplicated, refused,
        dropped_syns, failovers, lost;
};

struct session_table {
    struct session_row *rows;
    size_t count; /* of rows that are in use or zeroed: the rest has not been touched */
    size_t capacity;
};

struct store {
    const struct store_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct run_log *log;
    const struct topology *topology;
    struct rng_stream service, replica;
    sim_dur replica_lag_max; /* that the logs can answer for */
    sim_dur read_ns;         /* server time of every read; -1: it is drawn */
    struct cluster clusters[REGIONS_MAX];
    uint32_t region_count;
    struct endpoint_table endpoints;
    uint32_t primary_endpoint;
    int primary;
    bool promoting;
    uint32_t shard_count, hot_slots;
    struct shard *shards;
    struct session_table sessions[REGIONS_MAX];
    struct command_pool *pools[REGIONS_MAX];
    struct handshake_return *returns[REGIONS_MAX];
    struct link_port *links[REGIONS_MAX][REGIONS_MAX];
    const struct prefetch_port *flows_hints[REGIONS_MAX][REGIONS_MAX]; /* of links; NULL: none */
    const struct stream_port *stream;
    bool prefetches; /* what commands need, as many are under way */
    struct session_store_port port;
    struct promotion_port promotion;
    struct losses_port losses;
    struct replica_port replicas;
    uint64_t lost_writes, lost_sessions;
    sim_dur rpo;
    sim_time last_acknowledged; /* by the primary of before the last failover */
};

/* --- history.c ------------------------------------------------------------------------------- */

uint32_t store_shard_of(const struct store *store, uint32_t session, uint32_t check);
RARE struct session_row *store_row_slow(struct store *store, uint32_t session);
/* The row of a session, made where there is none. Valid until the next call. */
static inline struct session_row *store_row(struct store *store, uint32_t session)
{
    const struct session_table *table = &store->sessions[ref_region(session)];

    return ref_index(session) < table->count ? &table->rows[ref_index(session)]
                                             : store_row_slow(store, session);
}
/* Always inlined, as mem_prefetch() is: gcc drops calls of what only prefetches. */
__attribute__((always_inline)) static inline void store_prefetch_row(const struct store *store,
                                                                     uint32_t session)
{
    const struct session_table *table = &store->sessions[ref_region(session)];

    if (ref_index(session) < table->count) /* else it has never written */
        mem_prefetch(&table->rows[ref_index(session)], sizeof(struct session_row));
}
/* Does the cluster hold the write at `position`? */
bool cluster_holds(const struct cluster *cluster, struct write_position position);
/* Why the cluster lacks a session whose latest write is at `last`. */
enum miss_reason cluster_reason(const struct cluster *cluster, struct write_position last);
/* A new history of a shard begins after write `fork` of `parent`. */
uint32_t shard_fork(struct shard *shard, uint32_t parent, uint64_t fork, enum miss_reason reason);
void log_append(struct server *server, const struct log_entry *entry);
static inline struct log_entry *log_at(const struct server *server, uint64_t number)
{
    return &server->log[number & server->log_mask];
}
/* The log begins anew at the server's last write, acknowledged now. */
void log_begin(struct server *server, sim_time now);
/* Forget what every secondary holds, and every replica of the region; the newest such entry stays
 * at log_low, as the point of recovery. */
void log_trim(struct store *store, uint32_t shard);
void server_apply(struct server *server, uint64_t number);
/* One acknowledged write is gone. */
void count_lost(struct store *store, const struct log_entry *entry, struct write_position position);
/* The writes of the old primary after `fork` are gone; the failover's RPO so far takes them in. */
void count_suffix(struct store *store, struct server *old, uint64_t fork, uint32_t history);
/* Acknowledged writes that a secondary lacks, over its shards. */
void level_unreplicated(struct store *store, struct cluster *secondary);

/* --- server.c -------------------------------------------------------------------------- */

extern const struct event_kind cluster_command, cluster_iteration_end;
void cluster_gauges(struct cluster *cluster);
void server_begin_iteration(struct server *server);
/* All that is at the server is gone without an answer. */
void server_drop_all(struct server *server);
/* At the end of the run: what is queued is what the gauge says, and Little's law holds. */
void cluster_check_queue(struct cluster *cluster);
static inline uint32_t server_entity(const struct server *server)
{
    return server->shard << 4 | (uint32_t)server->cluster->region;
}

/* --- listener.c ---------------------------------------------------------------------------- */

extern const struct event_kind cluster_handshake, cluster_syn_again;
void listener_reset(struct cluster *cluster);
void listener_release(struct listener *listener);
/* The process goes on: what it kept waiting is answered. */
void listener_resume(struct cluster *cluster);
/* What happened at the other end of a connection: see struct listener_port. */
enum connection_event listener_event(void *self, uint32_t connection, uint32_t generation,
                                     enum connection_event event);
static inline const struct server_connection *listener_connection(const struct cluster *cluster,
                                                                  const struct command *command)
{
    const struct listener *listener = &cluster->listener;

    if (command->connection >= listener->connection_count[command->region])
        return NULL;
    return &listener->connections[command->region][command->connection];
}
/* Is the connection of a command one too many? */
static inline bool listener_refuses(const struct cluster *cluster, const struct command *command)
{
    const struct server_connection *connection;

    if (cluster->listener.refused_count == 0)
        return false;
    connection = listener_connection(cluster, command);
    return connection && connection->refused;
}
/* Has the client kept the connection of a command open? Else there is no way back for a reply. */
static inline bool listener_is_open(const struct cluster *cluster, const struct command *command)
{
    const struct server_connection *connection = listener_connection(cluster, command);

    return connection && connection->open &&
           connection->generation == command->connection_generation;
}

#endif
