// SPDX-License-Identifier: GPL-3.0-or-later
#include "quorum_store.h"

static uint32_t add_endpoint(struct endpoint_table *table, const char *name, int region)
{
    return endpoint_add(table, (struct endpoint){.name = name,
                                                 .region = region,
                                                 .zone = ENDPOINT_ANY,
                                                 .shard = ENDPOINT_ANY,
                                                 .node = ENDPOINT_ANY});
}

/* The first endpoint is that of all regions without one: index 0. */
void quorum_store_member(struct store *store, struct endpoint_table *table, int region)
{
    struct quorum_store *own = quorum_store_of(store);

    own->items.member_bits |= (uint16_t)(1u << region);
    own->quorum.voter_bits |= (uint16_t)(1u << region);
    own->endpoints[region] = add_endpoint(table, store->topology->region_names[region], region);
}

void quorum_store_witness(struct store *store, struct endpoint_table *table, int region)
{
    quorum_store_of(store)->quorum.voter_bits |= (uint16_t)(1u << region);
    add_endpoint(table, "witness", region);
}

uint32_t quorum_store_route(const void *store, const struct client_knowledge *knowledge,
                            const struct route_query *query)
{
    store_prefetch_near(store, query->session, sizeof(struct item_row));
    return quorum_store_of(store)->endpoints[knowledge->region];
}

void quorum_store_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    items_seed(&quorum_store_of(store)->items, session, session_check);
}

void quorum_store_init(struct store *store, const struct model_env *env,
                       const struct quorum_config *config,
                       void (*done)(struct managed *managed, uint32_t index))
{
    struct quorum_store *own = quorum_store_of(store);

    managed_init(&own->managed, store, env, done);
    items_init(&own->items, store, env);
    outbox_init(&own->outbox, &own->items, &config->resend, env);
    own->quorum.managed = &own->managed;
    own->quorum.items = &own->items;
    own->quorum.outbox = &own->outbox;
    quorum_init(&own->quorum, config, env);
}

void quorum_store_finish(struct store *store)
{
    items_check(&quorum_store_of(store)->items);
}

void quorum_store_fini(struct store *store)
{
    struct quorum_store *own = quorum_store_of(store);

    quorum_release(&own->quorum);
    managed_release(&own->managed);
    items_release(&own->items);
    outbox_release(&own->outbox);
}
