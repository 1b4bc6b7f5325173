// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * State of stores that do not replicate: for kind "regional", and for other kinds without
 * replication.
 *
 * A session is held by the place that executed its last write, until that place loses its memory. A
 * place is a cluster, or a node of one.
 */
#ifndef KIND_REGIONAL_H
#define KIND_REGIONAL_H

#include "store_internal.h"

/* A session in any place; all zero: none. Its times count 10 ms each from 1; 0: before the run.
 */
struct regional_row {
    uint32_t last_op; /* operation of the latest write, to count repeated writes */
    uint32_t created, written;
    uint16_t check; /* identifies the session that the row belongs to */
    uint16_t place; /* plus 1; 0: no session */
};
_Static_assert(sizeof(struct regional_row) == 16, "memory of a session: models/speed.md");

/* Writes of these times are lost, both included. */
struct lost_times {
    uint32_t from, to;
    uint8_t reason; /* enum miss_reason */
};

/* What a place has lost. */
struct place {
    struct lost_times *lost;
    size_t count, capacity;
};

/* struct store's `state`. */
struct regional {
    struct place places[REGIONS_MAX * NODES_MAX];
    uint32_t nodes;       /* by_node: of a cluster; each is a place. 0: a cluster is one */
    uint32_t write_bytes; /* of the latest write */
    /* Region whose store the clients of a region use: regional_homes(). */
    uint8_t homes[REGIONS_MAX];
    uint32_t endpoints[REGIONS_MAX]; /* of its first node */
};

/* Of the kinds with persistence and without replicas. */
void regional_check(const void *config, const void *kind_config,
                    const struct check_context *context, struct validation *validation);
/* Functions of struct store_kind. If a place in another region holds the session, a read misses
 * with the first cause that the kind declares; if another place in this region does, with the
 * second one. */
enum execution regional_execute(struct server *server, uint32_t ref, struct command *command);
void regional_down(struct cluster *cluster, enum crash_kind kind);
void regional_back(struct cluster *cluster, bool was_down);
/* All that a cluster holds is deleted. */
void regional_flush(struct cluster *cluster);
/* All writes that a cluster has executed since then are lost; -1: all. */
void regional_lose_since(const struct cluster *cluster, sim_time from);
/* Open the keyspaces of a cluster's servers, or (by_node) of its nodes. */
void regional_cluster_init(struct cluster *cluster, const struct model_env *env);
void regional_node_lost(struct cluster *cluster, uint32_t node);
struct held_data regional_data(const struct cluster *cluster);
void regional_fini(struct store *store);
/* Fill `homes`: regions of the list (none: all) use their own store, others the first of the list.
 */
void regional_homes(struct store *store, const struct region_list *regions);
/* Put a session from before the run into a place: a region, or (by_node) region x nodes + node. */
void regional_seed_in(struct store *store, uint32_t session, uint32_t session_check,
                      uint32_t place);

#endif
