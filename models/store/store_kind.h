// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The interface of a kind of store: what each kind must answer, and what it may lack.
 *
 * What all kinds share is in store.c (the model, its port, clusters that go down and come back),
 * server.c (event loop and queue of a server, replies, messages between clusters) and listener.c
 * (connections). A kind says which endpoints there are, where an attempt goes, what a server does
 * with a command, and what becomes of the data when a cluster goes down. How to add one: store.md.
 *
 * Nothing outside models/store asks which kind a scenario has.
 */
#ifndef STORE_KIND_H
#define STORE_KIND_H

#include "endpoint.h"
#include "losses.h"
#include "model.h"
#include "promotion.h"
#include "store_command.h"
#include "store_fault.h"
#include "write_position.h"

#include <stdbool.h>
#include <stdint.h>

struct store;   /* all clusters */
struct cluster; /* the servers of one region */
struct server;  /* one shard in one cluster: one process */

enum execution {
    EXECUTION_DONE,   /* command->reply is complete */
    EXECUTION_PENDING /* it follows by server_complete(), once other nodes have answered */
};

/* Names a command that is pending; stays harmless when that has been dropped meanwhile. */
struct command_handle {
    uint32_t ref, generation;
};

struct store_kind {
    /* Name, meaning, parameters, metrics, and rows of the set "reauth-cause". First: a pointer to
     * it is one to the kind. */
    struct model_kind model;
    size_t state_size; /* of store->state: zeroed before .init, freed after .fini */
    size_t row_size;   /* of what is kept of each session: store_row() */

    /* The endpoints that clients may connect to, once, before all else but the parameters. There is
     * a cluster in each region that has an address among them. */
    void (*endpoints)(struct store *store, struct endpoint_table *table);
    /* Where an attempt goes: see struct session_store_port. On the hot path. */
    uint32_t (*route)(const void *store, const struct client_knowledge *knowledge,
                      const struct route_query *query);

    /* A session that was there before the run. */
    void (*seed)(struct store *store, uint32_t session, uint32_t session_check);
    /*
     * Execute a command whose turn it is; `ref` names it. Fills command->reply but for its bytes
     * and returns EXECUTION_DONE, or keeps a handle (server_handle()) and returns
     * EXECUTION_PENDING: then the server goes on with the next command. On the hot path.
     */
    enum execution (*execute)(struct server *server, uint32_t ref, struct command *command);
    /* A message of another cluster of this store: the word that was given to cluster_send_peer().
     * NULL: there are none. */
    void (*peer)(struct cluster *cluster, uint32_t word);

    /* A cluster's processes are gone, with all that was queued. NULL: nothing to do. */
    void (*down)(struct cluster *cluster, enum crash_kind kind);
    /* They are there again with empty memory: after `down`, or (was_down false) at once. */
    void (*back)(struct cluster *cluster, bool was_down);
    /* The kind deals with a crash itself, without its cluster going down: true. NULL: never. */
    bool (*crash)(struct cluster *cluster, enum crash_kind kind);

    /*
     * For a history of operations, both or neither: the position of the write that the server has
     * just executed, and whether the server holds the write at a position. Neither: a read finds
     * the write of its session that was executed last.
     */
    struct write_position (*written)(const struct server *server);
    bool (*holds)(const struct server *server, struct write_position position);

    /* What follows is optional. Wiring, in this order; `cluster_init` once for each cluster. */
    void (*init)(struct store *store, const struct model_env *env);
    void (*cluster_init)(struct cluster *cluster, const struct model_env *env);
    void (*connect)(struct store *store, const struct port_directory *ports);
    void (*finish)(struct store *store); /* conservation checks */
    void (*fini)(struct store *store);

    /* Offered with self = the store; NULL: nothing to promote, nothing that is lost. */
    const struct promotion_port *promotion;
    const struct losses_port *losses;
};

#endif
