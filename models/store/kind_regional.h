// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a cluster holds that no other cluster copies: for the kind "regional", and for other kinds
 * whose clusters are alone with their data.
 *
 * A session is where its last write was executed, and gone when the memory of that cluster is.
 */
#ifndef KIND_REGIONAL_H
#define KIND_REGIONAL_H

#include "store_internal.h"

/* A session, wherever it is; a row of zeros holds none. */
struct regional_row {
    uint32_t last_op; /* the operation of the latest write, for counting repeats */
    uint16_t check;   /* whose row this is */
    uint16_t life;    /* of the cluster, when it was written */
    uint8_t region;   /* of the cluster, + 1; 0: no session */
};

/* Hangs on struct store. */
struct regional {
    uint16_t lives[REGIONS_MAX]; /* how often a cluster has lost its memory */
};

/* As in struct store_kind. A session that another cluster holds is missed for the first cause that
 * the kind declares. */
enum execution regional_execute(struct server *server, uint32_t ref, struct command *command);
void regional_back(struct cluster *cluster, bool was_down);
/* A session that was there before the run, in one region. */
void regional_seed_in(struct store *store, uint32_t session, uint32_t session_check, int region);

#endif
