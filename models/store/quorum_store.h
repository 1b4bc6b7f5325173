// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What kinds of store share whose writes need a majority of three regions: a managed service with
 * items in two or three of them, of which one may be a witness (quorum.h).
 */
#ifndef QUORUM_STORE_H
#define QUORUM_STORE_H

#include "managed.h"
#include "outbox.h"
#include "quorum.h"

/* First member of such a kind's state. */
struct quorum_store {
    struct managed managed; /* must be the first member */
    struct items items;
    struct outbox outbox;
    struct quorum quorum;
    uint32_t endpoints[REGIONS_MAX]; /* that clients of a region use */
};

static inline struct quorum_store *quorum_store_of(const struct store *store)
{
    return store->state;
}

/* For struct store_kind's `endpoints`. A region with items, which votes; clients of regions without
 * use the first of them. */
void quorum_store_member(struct store *store, struct endpoint_table *table, int region);
/* After the members: a region that only votes. Nobody uses its endpoint. */
void quorum_store_witness(struct store *store, struct endpoint_table *table, int region);

/* Functions of struct store_kind. */
uint32_t quorum_store_route(const void *store, const struct client_knowledge *knowledge,
                            const struct route_query *query);
void quorum_store_seed(struct store *store, uint32_t session, uint32_t session_check);
void quorum_store_finish(struct store *store);
void quorum_store_fini(struct store *store);

/* The functions of the kind in `quorum` are set; done: as in struct managed. */
void quorum_store_init(struct store *store, const struct model_env *env,
                       const struct quorum_config *config,
                       void (*done)(struct managed *managed, uint32_t index));

#endif
