// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The interface of a kind of store: required and optional functions.
 *
 * Common to all kinds: store.c (the model, its port, faults of clusters), server.c (event loop and
 * queue of a server, replies, messages between clusters) and listener.c (connections). A kind
 * defines the endpoints, the route of an attempt, the execution of a command, and what happens to
 * the data when a cluster goes down. How to add a kind: store.md.
 *
 * No code outside models/store depends on the kind of a scenario.
 */
#ifndef STORE_KIND_H
#define STORE_KIND_H

#include "endpoint.h"
#include "losses.h"
#include "model.h"
#include "persistence.h"
#include "promotion.h"
#include "session_store.h"
#include "store_command.h"
#include "store_fault.h"
#include "write_position.h"

#include <stdbool.h>
#include <stdint.h>

struct store; /* all clusters */
struct store_config;
struct cluster; /* the servers of one region */
struct server;  /* one shard in one cluster: one process */
struct class_change;

enum execution {
    EXECUTION_DONE,   /* command->reply is complete */
    EXECUTION_PENDING /* the reply follows by server_complete(), after other nodes have replied */
};

/* Identifies a pending command; remains safe to use after the command has been dropped. */
struct command_handle {
    uint32_t ref, generation;
};

struct store_kind {
    /* Name, meaning, parameters, metrics, and rows of the set "reauth-cause". Must be the first
     * member: a pointer to it is a pointer to the kind. */
    struct model_kind model;
    size_t state_size; /* of store->state: zeroed before .init, freed after .fini */
    size_t row_size;   /* bytes kept per session: store_row() */

    /* Fill the common parameters that the kind lacks; NULL: it lacks none. `shards` is the number
     * of servers of a cluster. Called once, before all others. */
    void (*adapt)(struct store_config *config, const void *kind_config);
    /* Each node of a cluster has an address and servers of its own, store->node_servers each, which
     * .endpoints sets. false: connections to a cluster reach all its servers, and one of its nodes
     * is the primary. */
    bool by_node;

    /* A managed service (managed.h): requests do not queue for servers, and connections cost and
     * are refused nothing. Each cluster has one server, whose execute() is called when a command
     * arrives. */
    bool managed;
    /* managed: credentials come with each request, and not once with each connection. */
    bool signs;

    /* With keyspaces (memory.h): its servers evict the least recently used key, not one of a
     * sample. */
    bool exact_lru;
    /* A server has evicted a session's key, or deleted one that had expired. NULL: nothing to do.
     */
    void (*removed)(struct server *server, uint32_t session, bool evicted);

    /* Nodes of the cluster of a region, for the cost. NULL: one for each shard. */
    uint32_t (*nodes)(const struct store *store, int region);

    /* Where slots move between shards (store->slots_move): the shard that has a session now, or
     * would; and the one that a client sends a command to. NULL: they do not move. */
    uint32_t (*shard_of)(const struct store *store, uint32_t session, uint32_t check);
    uint32_t (*shard_asked)(const struct store *store, const struct command *command);

    /* Whether a new connection is admitted, within connections_max; if not, its commands are
     * refused. NULL: always. */
    bool (*admits)(struct cluster *cluster);

    /* A store without servers: both functions as in struct session_store_port; .endpoints,
     * .execute and .back are not called. NULL: it has servers. */
    struct store_answer (*here)(void *store, const struct op_request *request, int region);
    void (*here_times)(const struct store *store, sim_dur here_ns[2]);

    /* Add the endpoints that clients may connect to. Called once, first, with only the parameters
     * set. Each region that an endpoint with an address is in gets a cluster. */
    void (*endpoints)(struct store *store, struct endpoint_table *table);
    /* The endpoint of an attempt: see struct session_store_port. On the hot path. */
    uint32_t (*route)(const void *store, const struct client_knowledge *knowledge,
                      const struct route_query *query);

    /* With persistence: what a cluster holds now. NULL: the kind has none. */
    struct held_data (*data)(const struct cluster *cluster);
    /* Create a session that existed before the run. */
    void (*seed)(struct store *store, uint32_t session, uint32_t session_check);
    /*
     * Execute a command; `ref` identifies it. Fill command->reply except its bytes and return
     * EXECUTION_DONE, or keep a handle (server_handle()) and return EXECUTION_PENDING: then the
     * server continues with the next command. On the hot path.
     */
    enum execution (*execute)(struct server *server, uint32_t ref, struct command *command);
    /* A key of a class, where the kind supports them. Whether the server refuses a command on
     * it, which has its reply then; what was written, by a server that executed the command. NULL:
     * never; the kind copies it nowhere. */
    bool (*class_refuses)(struct server *server, struct command *command);
    void (*class_written)(struct server *server, const struct command *command,
                          struct class_change *change);
    /* The same for a read on a connection to another node than the primary's. NULL: as execute().
     */
    enum execution (*replica_read)(struct server *server, uint32_t node, uint32_t ref,
                                   struct command *command);
    /* A message from another cluster of this store; word: as passed to cluster_notify(). NULL: the
     * kind sends none. */
    void (*peer)(struct cluster *cluster, uint32_t word);

    /* The processes of a cluster have failed, with all queued commands. NULL: nothing to do. */
    void (*down)(struct cluster *cluster, enum crash_kind kind);
    /* They are running again with empty memory: after `down`, or (was_down false) by a restart. */
    void (*back)(struct cluster *cluster, bool was_down);
    /* Returns true if the kind handles a crash itself, without the cluster going down. NULL:
     * never. */
    bool (*crash)(struct cluster *cluster, enum crash_kind kind);
    /* The node of the primary is cut off from everything outside its zone, or no longer is. NULL:
     * nothing to do but for its clients. */
    void (*cut)(struct cluster *cluster, bool begin);
    /* A node of the cluster has returned: its zone has power, or can be reached. NULL: nothing to
     * do. */
    void (*node_back)(struct cluster *cluster);
    /* A planned change of roles. NULL: the kind has none. */
    void (*change_roles)(struct cluster *cluster);
    /* Delete all data of a cluster that runs, by a command. NULL: the kind has no such fault. */
    void (*flush)(struct cluster *cluster);
    /* With by_node: the memory of one node of a running cluster is lost. */
    void (*node_lost)(struct cluster *cluster, uint32_t node);

    /*
     * For a history of operations, both or neither: the position of the write that the server has
     * just executed, and whether the server holds the write at a position. Neither: a read finds
     * the write of its session that was executed last.
     */
    struct write_position (*written)(const struct server *server);
    bool (*holds)(const struct server *server, struct write_position position);
    /* Or instead of both: the value that the server's reply to a read names, asked right before it
     * is sent; the kind itself records its writes (store_history_wrote()). */
    uint64_t (*found)(const struct server *server, const struct command *command);

    /* Optional. Wiring, called in this order; `cluster_init` once for each cluster. */
    void (*init)(struct store *store, const struct model_env *env);
    void (*cluster_init)(struct cluster *cluster, const struct model_env *env);
    void (*connect)(struct store *store, const struct port_directory *ports);
    void (*start)(struct store *store);
    void (*finish)(struct store *store); /* conservation checks */
    void (*fini)(struct store *store);

    /* Ports, offered with self = the store. NULL: nothing to promote; nothing can be lost. */
    const struct promotion_port *promotion;
    const struct losses_port *losses;
};

/* `supports` of a kind whose servers execute commands on keys of classes. */
extern const char *const store_supports[];

/* Rows of what faults do to clusters and to their nodes, the same in all kinds. `parts` as in
 * struct fault_capability; `nodes` the same, times store_nodes(). */
uint32_t store_nodes(const void *config); /* of a cluster: one a shard; config of the store */
/* clang-format off */
#define STORE_FAULTS(parts, nodes) \
    {"store", "stall", (parts)}, {"store", "restart", (parts)}, {"store", "crash", (parts)}, \
    {"store", "errors", (parts)}, {"store", "slow", (parts)}, \
    {"store", "access", (parts)}, {"store", "corrupt", (parts)}, \
    {"node", "errors", (nodes)}, {"node", "slow", (nodes)}
/* clang-format on */

#endif
