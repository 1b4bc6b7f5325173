// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * State of clusters that do not replicate: for kind "regional", and for other kinds without
 * replication.
 *
 * A session is held by the cluster that executed its last write, until that cluster loses its
 * memory.
 */
#ifndef KIND_REGIONAL_H
#define KIND_REGIONAL_H

#include "store_internal.h"

/* A session in any cluster; all zero: none. */
struct regional_row {
    uint32_t last_op; /* operation of the latest write, to count repeated writes */
    uint16_t check;   /* identifies the session that the row belongs to */
    uint16_t life;    /* `lives` of the cluster when the session was written */
    uint8_t region;   /* of the cluster, plus 1; 0: no session */
};

/* struct store's `state`. */
struct regional {
    uint16_t lives[REGIONS_MAX]; /* times that a cluster has lost its memory */
};

/* Functions of struct store_kind. If another cluster holds the session, a read misses with the
 * first cause that the kind declares. */
enum execution regional_execute(struct server *server, uint32_t ref, struct command *command);
void regional_back(struct cluster *cluster, bool was_down);
/* Place a session from before the run in one region. */
void regional_seed_in(struct store *store, uint32_t session, uint32_t session_check, int region);

#endif
