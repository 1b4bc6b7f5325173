// SPDX-License-Identifier: GPL-3.0-or-later
/* The session store, as its clients and users see it: the same for every kind of store. */
#ifndef SESSION_STORE_H
#define SESSION_STORE_H

#include "endpoint.h"
#include "model.h"
#include "session.h"

#include <stdbool.h>
#include <stdint.h>

/* What a store without servers answers. */
struct store_answer {
    struct reply reply;
    uint64_t value; /* of a read that hit, for a history of operations */
};

struct session_store_port {
    void *self;
    const struct endpoint_table *endpoints; /* complete once all models are initialised */
    /* The endpoint that an attempt goes to: an index of the table. Pure. */
    uint32_t (*route)(const void *self, const struct client_knowledge *knowledge,
                      const struct route_query *query);
    /* The address that the name of an endpoint's region has now, behind which another node may have
     * taken over: an index of the table. NULL: addresses do not change. */
    uint32_t (*address)(const void *self, uint32_t endpoint);
    sim_dur address_ttl_ns; /* for which resolvers cache it */
    /* Causes of a re-auth that only this kind of store has: reason i of a miss is MISS_OF_KIND + i,
     * cause i of a re-auth REAUTH_OF_KIND + i. */
    const struct label_row *causes;
    size_t cause_count;
    /* A store without servers and endpoints: execute an operation in the client's process in
     * `region`, after here_ns (by: is it a write). NULL: there are endpoints. */
    struct store_answer (*here)(void *self, const struct op_request *request, int region);
    sim_dur here_ns[2];
    /* `count` sessions of a region are about to be seeded. */
    void (*reserve)(void *self, int region, uint32_t count);
    /* A session that was there before the run began. Before the first event only. */
    void (*seed)(void *self, uint32_t session, uint32_t session_check);
    /* The same for a key of a class, at version 0, in all clusters. expires: SIM_NEVER: not at all.
     */
    void (*seed_key)(void *self, uint32_t key, uint32_t bytes, sim_time expires);
};

PORT_ACCESSORS(session_store, struct session_store_port)

#endif
