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

/* A session in any cluster; all zero: none. Its times count 10 ms each from 1; 0: before the run.
 */
struct regional_row {
    uint32_t last_op; /* operation of the latest write, to count repeated writes */
    uint32_t created, written;
    uint16_t check; /* identifies the session that the row belongs to */
    uint8_t region; /* of the cluster, plus 1; 0: no session */
};
_Static_assert(sizeof(struct regional_row) == 16, "memory of a session: models/speed.md");

/* Writes of these times are lost, both included. */
struct lost_times {
    uint32_t from, to;
};

/* struct store's `state`. */
struct regional {
    struct lost_times *lost[REGIONS_MAX]; /* by cluster */
    size_t lost_count[REGIONS_MAX], lost_capacity[REGIONS_MAX];
    uint32_t write_bytes; /* of the latest write */
};

/* Functions of struct store_kind. If another cluster holds the session, a read misses with the
 * first cause that the kind declares. */
enum execution regional_execute(struct server *server, uint32_t ref, struct command *command);
void regional_down(struct cluster *cluster, enum crash_kind kind);
void regional_back(struct cluster *cluster, bool was_down);
struct held_data regional_data(const struct cluster *cluster);
void regional_fini(struct store *store);
/* Place a session from before the run in one region. */
void regional_seed_in(struct store *store, uint32_t session, uint32_t session_check, int region);

#endif
