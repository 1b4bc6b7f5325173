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

#include "bill.h"
#include "bug.h"
#include "class_keys.h"
#include "connection.h"
#include "corruption.h"
#include "illness.h"
#include "op_history.h"
#include "persistence.h"
#include "link.h"
#include "mem.h"
#include "memory.h"
#include "op_history.h"
#include "prefetch.h"
#include "queue_check.h"
#include "refs.h"
#include "service_rules.h"
#include "session_store.h"
#include "store_kind.h"
#include "token_bucket.h"

#define SLOTS 16384

/* Parameters common to all kinds. */
struct store_config {
    int kind;                                        /* index of STORE_KINDS */
    int discipline;                                  /* enum discipline */
    int node_type, engine, cluster_mode, io_threads; /* indices of their names */
    uint32_t node_quota;
    double reserved_memory; /* share */
    struct dist *read_service, *write_service;
    sim_dur write_per_kib_ns, read_per_kib_ns;
    uint32_t shards, connections_max, accept_backlog;
    double hot_weight;
    bool close_on_replica_write;
    sim_dur accept_ns, tls_ns, tls_resumed_ns, auth_ns; /* server time of a new connection */
    sim_dur idle_timeout_ns, keepalive_ns;              /* 0: none */
    double resumed_share;
    uint32_t accepts_per_iteration, tls_per_iteration;
    struct persistence_config persistence;
    struct memory_params memory;
    int64_t read_per_iteration_bytes, write_per_iteration_bytes;
    int queue_order;
    sim_dur queue_timeout_ns;
    bool drop_abandoned;
    uint32_t admission_concurrency, admission_burst;
    double admission_rate;
    sim_dur slowlog_ns;
};
enum discipline { EVENT_LOOP, FIFO };
enum { IO_THREADS_AUTOMATIC, IO_THREADS_OFF, IO_THREADS_ON };
enum { QUEUE_FIFO, QUEUE_LIFO };

/* Rows of the listener, first in first out. */
struct waiting_list {
    uint32_t head, tail;
};

struct server {
    struct cluster *cluster;
    void *state; /* of the kind */
    uint32_t shard;
    struct keyspace *keyspace;    /* what its memory holds; NULL: nothing depends on it */
    struct server_memory *memory; /* of the keyspace; NULL with it */
    bool gone;                    /* its node has crashed: no replies */
    bool ill;                     /* `illness` is not that of a healthy node */
    bool busy;                    /* an iteration of its event loop is in progress */
    bool slots_move;              /* what a session's shard is may have changed */
    uint32_t iteration;           /* number of the iteration: generation of its end event */

    uint32_t head, tail;     /* refs of commands waiting */
    uint32_t iteration_head; /* refs of commands in the current iteration */
    uint32_t queued;         /* waiting and in the iteration */
    struct illness illness;  /* `errors` and `slow` */
    uint32_t pending_head;   /* refs of executed commands that wait for other nodes */
    uint32_t unwritten_head,
        unwritten_tail;  /* refs of those whose replies wait for later iterations */
    uint32_t unaccepted; /* connections in the kernel's queue, not yet accepted by the process */
    uint32_t newcomers;  /* `unaccepted`, and TLS handshakes that the process has not answered */
    sim_dur blocked_ns;  /* time blocked before the next iteration */
    sim_time occupied;   /* its thread works until then: an iteration, or server_work() */
    struct waiting_list accepts, hellos, auths; /* where they cost time, in order */
    struct waiting_list greeted; /* rounds of handshakes answered at the end of the iteration */
    uint32_t parked_head, parked_tail; /* commands on connections that are not accepted yet */
    struct token_bucket bucket;        /* of admission */
    struct keyspace *class_keys;       /* keys of classes; NULL: there are none */
};

/* A host of a cluster with an address of its own: at any time one of them is the primary. */
struct node {
    struct listener_port port; /* self: the node */
    struct cluster *cluster;
    uint32_t endpoint;
    enum crash_kind down; /* what it lacks; CRASH_NONE: it runs */
    bool absent;          /* not created yet, or removed: down, and nothing brings it up */
    enum zone_state zone;
};

/* A handshake that waits for a stalled process. */
struct waiting_handshake {
    uint32_t connection, generation;
    uint32_t next;
};

/* The listener's end of a client's connection. */
struct server_connection {
    uint32_t generation; /* of the connection that is or was open in this row */
    bool open;           /* the client has not closed it */
    bool counted;        /* counts for connections_max */
    bool refused;        /* above the limit: its commands are answered REPLY_RESET */
    bool waits;          /* for the process to accept it: its commands do, too */
    bool stray;          /* to a node that is not the primary's */
    bool unread;         /* used while its process exits */
    uint8_t node;
    uint32_t read_bytes; /* of its commands, in the server's iteration `read_iteration` */
    uint64_t read_iteration;
    int64_t written_bytes; /* of its replies, in iteration `written_iteration` */
    uint64_t written_iteration;
    sim_time used; /* last command or reply, where the server has an idle timeout */
};

/* The listener of a cluster. */
struct listener {
    struct server_connection *connections[REGIONS_MAX]; /* by region and index at the client */
    size_t connection_count[REGIONS_MAX];
    struct time_avg open_count; /* connections that are `counted` */
    uint64_t special_count;     /* those that are `refused`, `waits` or `stray` */
    struct waiting_handshake *waiting;
    size_t waiting_count, waiting_capacity;
    uint32_t waiting_free;
    struct waiting_list held; /* TLS handshakes that cost nothing and wait for a stalled process */
};

#define NODES_MAX 64 /* of a cluster: a primary and its replicas, or (by_node) all of them */

struct cluster {
    struct store *store;
    void *state; /* of the kind */
    int region;
    bool exists, up, stalled;
    enum access_fault access;
    unsigned lacks;            /* why it is not up, as bits: power, a process, its zone */
    struct server *servers;    /* by shard */
    struct queue_check queued; /* commands at its servers, waiting or in service */
    uint32_t busy;             /* number of busy servers */
    struct listener listener;
    struct persistence persistence;
    struct node nodes[NODES_MAX];
    uint32_t node_count, primary_node;

    struct power_port power;
    struct store_fault_port fault;
    struct illness_port illness;
    kind_id iteration_kind, peer_kind, command_kind, handshake_kind, idle_kind;
    probe_id measured[2], time[2], sojourn[2]; /* store->measures: by command_is_write() */
    probe_id commands, utilization, hot_utilization, writes, repeated, accepted, refused,
        dropped_syns, rejected, expired;
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
    const char *instance;
    struct run_log *log;
    const struct topology *topology;
    struct rng_stream service, errors;
    bool is_guarded;                  /* store_has_guard() */
    bool is_watched;                  /* each command and reply has work that is rare */
    const struct store_config *given; /* what the scenario says */
    struct node_bill_port node_bill;
    double hours_before, dollars_before; /* of nodes, until their type or number changed, */
    sim_time billed;                     /* at this time */
    struct store_config adapted; /* what `config` points to where the kind lacks parameters */
    bool by_node;                /* of the kind */
    bool measures;         /* commands by type, and their times: something taps these metrics */
    uint32_t node_servers; /* by_node: of each node */
    bool plain_loop;       /* an iteration of few commands takes all of them, and nothing else */
    uint32_t short_queue;  /* so few, unless one of them is large */
    sim_dur fsync_ns;      /* before the replies of an iteration with writes */
    sim_dur read_ns;       /* service time of every read; -1: drawn */
    struct keepalive keepalive; /* of the servers' sockets */
    struct endpoint_table endpoints;
    struct cluster clusters[REGIONS_MAX];
    uint32_t region_count, shard_count, hot_slots;
    bool slots_move;       /* between shards, by the kind */
    bool addresses_change; /* by the kind, with its endpoints */
    sim_dur address_ttl_ns;
    struct session_table
        sessions[KEY_CLASS_REGION + KEY_CLASSES_MAX]; /* of classes: always empty */
    const struct key_classes_port *classes;           /* NULL: there are none */
    struct command_pool *pools[REGIONS_MAX];
    struct handshake_return *returns[REGIONS_MAX];
    struct link_port *links[REGIONS_MAX][REGIONS_MAX];
    const struct prefetch_port *flows_hints[REGIONS_MAX][REGIONS_MAX]; /* of links; NULL: none */
    struct corruption *corruption; /* NULL: nothing is corrupt */
    struct store_memory *memory;   /* NULL: no server has a keyspace */
    bool prefetches;               /* rows that commands need: many requests are in progress */
    struct session_store_port port;
    struct promotion_port promotion;
    struct losses_port losses;
    struct store_history *history; /* NULL: none is wanted */
};

/* --- store.c --------------------------------------------------------------------------------- */

/* All nodes are of this type from now on. */
void store_set_node_type(struct store *store, int type);
/* Hours of nodes of all clusters in the run so far. */
double store_node_hours(const struct store *store);
/* The number of nodes, or their type, is about to change: the time so far is paid as it was. */
void store_bill_nodes(struct store *store);
/* Has a region the form of a name of the cloud, such as us-west-2? Rules on regions apply to these
 * only. */
bool store_is_cloud_region(const char *name);
/* The hash slot of a session's key. The real hash is CRC16 of the key; any good hash distributes
 * equally well. */
static inline uint32_t store_slot_of(uint32_t session, uint32_t check)
{
    if (ref_is_class(session))
        check = 0; /* the version that a write carries is no part of the key */
    return (uint32_t)(rng_mix((uint64_t)check << 32 | session) % SLOTS);
}
/* The shard of a slot before any slot moves: the first `hot_slots` (at least 1) belong to shard 0,
 * the rest is divided evenly among the others. */
static inline uint32_t store_shard_of_slot(uint32_t slot, uint32_t hot_slots, uint32_t shards)
{
    return slot < hot_slots ? 0 : 1 + (slot - hot_slots) * (shards - 1) / (SLOTS - hot_slots);
}
/* The shard of a session, by the hash slot of its key. */
uint32_t store_shard_of_several(const struct store *store, uint32_t session, uint32_t check);
static inline uint32_t store_shard_of(const struct store *store, uint32_t session, uint32_t check)
{
    return store->shard_count == 1 ? 0 : store_shard_of_several(store, session, check);
}
/* The zone of node number `node` of a cluster: the zones in turn. */
static inline uint16_t store_zone_of(const struct store *store, uint32_t node)
{
    return (uint16_t)(node % store->topology->zone_count);
}

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

/* A cluster that does not exist yet is down for want of that. */
void cluster_set_created(struct cluster *cluster, bool created);
/* Is that all that it wants? */
bool cluster_can_be_created(const struct cluster *cluster);
/* The processes of a cluster that is up are replaced by new ones: connections are closed. */
void cluster_replace(struct cluster *cluster);
/* With by_node: one node fails, or returns with empty memory (CRASH_NONE). */
void cluster_set_node(struct cluster *cluster, uint32_t node, enum crash_kind kind);

/* --- server.c -------------------------------------------------------------------------------- */

extern const struct event_kind cluster_command, cluster_iteration_end, cluster_peer;
/* Service time of a read, on any node. */
sim_dur server_read_time(const struct server *server, const struct command *command);
/* Add an executed command to those that wait for server_complete(). */
RARE void server_pend(struct server *server, uint32_t ref, struct command *command);
/* A managed service has a command: count it by type. Only where store->measures. */
RARE void cluster_measure_arrival(const struct cluster *cluster, struct command *command);
/* Does a command at a failing server fail? Then its reply is set, and nothing is executed. */
RARE bool server_fails(const struct server *server, struct command *command);
/* Many commands are under way (NEAR_COMMANDS): prefetch their rows from now on. */
RARE void store_prefetch_early(struct store *store);
/* A request spends less of its time at the store than elsewhere: where this many of its commands
 * are under way, there are more than NEAR_REQUESTS requests. */
#define NEAR_COMMANDS (NEAR_REQUESTS / 8)
void cluster_gauges(struct cluster *cluster);
/* Up to how many commands an iteration takes all. */
void store_init_iterations(struct store *store);
void server_begin_iteration(struct server *server);
/* Refuse a write: this node is no primary. */
static inline void command_refuse_write(const struct store *store, struct command *command)
{
    command->reply.kind = REPLY_READONLY;
    command->reply.closes = store->config->close_on_replica_write;
}
/* Send the command's reply, if its connection is still open. */
void cluster_reply(struct cluster *cluster, uint32_t ref, struct command *command);
/* Drop a command without a reply: its row belongs to the client again. */
void command_drop(struct store *store, uint32_t ref, struct command *command);
/* Queue a command that has been counted as arrived, if the server admits it. */
void server_queue(struct server *server, uint32_t ref, struct command *command);
/* Work of the server's thread other than commands of clients. It begins at `from`, or later when
 * the thread is free. Returns when it ends. */
static inline sim_time server_work(struct server *server, sim_time from, sim_dur length)
{
    if (server->occupied < from)
        server->occupied = from;
    server->occupied += length;
    return server->occupied;
}
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
 * Send a message from the cluster of one region to that of another, over a separate connection of
 * the traffic class `replication`, which faults of processes do not break: message->kind fires
 * after the link's delay, or when the link heals. once: it is not sent again if the link loses it.
 */
void cluster_send(const struct store *store, int from, int to, const struct message *message,
                  bool once);
/* Send one packet of `bytes` that calls the kind's `peer` with `word`; if the link loses it, it is
 * not sent again. identity: key of its random draws. */
void cluster_notify(struct cluster *from, struct cluster *to, uint32_t word, uint32_t bytes,
                    uint64_t identity);
/* Check at the end of the run: the queue length equals the metric, and Little's law holds. */
void cluster_check_queue(struct cluster *cluster);
static inline uint32_t server_entity(const struct server *server)
{
    return server->shard << 4 | (uint32_t)server->cluster->region;
}

/* --- store_guard.c --------------------------------------------------------------------------- */

/* Whether any of them is set. */
bool store_has_guard(const struct store_config *config);
/* Whether a command may join the server's queue; if not, it has been answered. */
RARE bool server_admits(struct server *server, uint32_t ref, struct command *command);
/* Answer the expired commands of the iteration that begins; whether none is left. */
RARE bool server_drop_expired(struct server *server);

/* --- store_history.c ------------------------------------------------------------------------- */

/* What the history of operations (op_history.h) needs to know of the store: which writes of each
 * session were executed, in order. NULL where no history is wanted. */
struct store_history *store_history_create(struct op_history *history);
void store_history_free(struct store_history *history); /* NULL is allowed */
/* A write that a kind with `found` has executed. */
struct store_write {
    uint64_t value; /* identity of its command */
    uint32_t session, session_check;
    enum command_kind kind;
};
RARE void store_history_wrote(struct cluster *cluster, const struct store_write *done);
/* The cluster has applied writes that another region's cluster executed: those of a stream above
 * `after`, up to the position; or the write of this value. */
RARE void store_history_applied(struct cluster *cluster, const struct write_position *position,
                                uint64_t after);
RARE void store_history_received(struct cluster *cluster, uint64_t value);
/* A command has its reply: record a write that was executed, and what a read found. */
RARE void store_history_replied(struct cluster *cluster, uint32_t ref,
                                const struct command *command);

/* --- listener.c ------------------------------------------------------------------------------ */

extern const struct event_kind cluster_handshake, cluster_idle;
/* With an idle timeout: the first run of the cron that asks for it. */
void listener_start(struct cluster *cluster);
/* A command has arrived on a connection, or its reply is sent: it is not idle. */
RARE void listener_note_use(struct cluster *cluster, const struct command *command);
void listener_init(struct listener *listener);
/* The process of a node, or its host, goes down: its connections end as their peers will see it. */
void listener_down(struct node *node, enum crash_kind kind);
/* The process runs again, after either; the host knows no connection. Nothing to do where the
 * node's zone has no power. */
void listener_up(struct node *node);
/* The node's host is cut off from its clients, and connected again: its connections remain. */
void listener_cut(struct node *node, bool begin);
/* The process exits and a new one listens at once. */
void listener_restart(struct cluster *cluster);
/* Another node is the primary's from now on. */
void listener_move(struct cluster *cluster, uint32_t node);
/* An iteration begins: answer the TLS handshakes of the last one, accept connections and begin TLS
 * handshakes, as many as one iteration takes. Returns the time that it takes. */
RARE sim_dur server_greet(struct server *server);
/* A command is dropped that its process has not read. */
void listener_note_unread(struct cluster *cluster, const struct command *command);
/* Settle the commands that wait at a server on connections to another node than the primary's. */
void server_settle_strays(struct server *server);
/* Forget the connections that wait. */
void server_forget_newcomers(struct server *server);
/* A command has arrived on a connection that the event loop does not serve; true: it is settled. */
RARE bool listener_takes(struct cluster *cluster, uint32_t ref, struct command *command);
/* A command has arrived at a node that is down. */
RARE void listener_misses(struct cluster *cluster, uint32_t ref, struct command *command);
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
/* The reply to a command needs the row of its connection. */
__attribute__((always_inline)) static inline void listener_prefetch(const struct cluster *cluster,
                                                                    const struct command *command)
{
    const struct server_connection *row = listener_connection(cluster, command);

    if (row)
        mem_prefetch(row, 1); /* what listener_is_open() reads */
}
/* Write a reply, of which `bytes` are left, as far as `iteration` does; returns what is left.
 */
RARE uint32_t listener_writes(struct cluster *cluster, const struct command *command,
                              uint32_t bytes, uint64_t iteration);
/* Add a command to what the server reads of its connection in `iteration`; false: there is no
 * room for it. */
RARE bool listener_reads(struct cluster *cluster, const struct command *command,
                         uint64_t iteration);
/* The server of a command that arrives or has arrived: by_node; where slots move. */
RARE uint32_t listener_server(const struct cluster *cluster, const struct command *command);
static inline struct server *server_of_command(struct cluster *cluster,
                                               const struct command *command)
{
    const struct store *store = cluster->store;

    if (__builtin_expect(store->by_node || store->slots_move, 0))
        return &cluster->servers[listener_server(cluster, command)];
    return &cluster->servers[store_shard_of(store, command->session, command->session_check)];
}
/* Whether the client still has the connection of a command open; if not, no reply can be sent. */
static inline bool listener_is_open(const struct cluster *cluster, const struct command *command)
{
    const struct server_connection *connection = listener_connection(cluster, command);

    return connection && connection->open &&
           connection->generation == command->connection_generation;
}

#endif
