// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One store for all regions: clients of every region read and write the cluster of one region. A
 * session is valid wherever its user is routed, and no read is stale; but every operation from
 * another region takes a round trip to the store, and nothing works without that region.
 */
#include "kind_regional.h"

struct single_region_config {
    int32_t primary;
};

#define MODEL_CONFIG struct single_region_config
// clang-format off
static const struct field single_region_fields[] = {
    REGION("primary", primary, "region of the store; default: the first region", "seed 000"),
};
// clang-format on

static int region_of(const struct single_region_config *config)
{
    return config->primary < 0 ? 0 : config->primary;
}

static int store_region(const struct store *store)
{
    return region_of(store->kind_config);
}

/* The only endpoint. */
static void single_region_endpoints(struct store *store, struct endpoint_table *table)
{
    endpoint_add(table, (struct endpoint){.name = "store",
                                          .region = store_region(store),
                                          .zone = 0,
                                          .shard = ENDPOINT_ANY,
                                          .node = ENDPOINT_ANY});
}

static uint32_t single_region_route(const void *store, const struct client_knowledge *knowledge,
                                    const struct route_query *query)
{
    (void)knowledge;
    store_prefetch_near(store, query->session, sizeof(struct regional_row));
    return 0;
}

static void single_region_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    regional_seed_in(store, session, session_check, (uint32_t)store_region(store));
}

static uint32_t store_parts(const void *config, const struct check_context *context, int region,
                            int peer)
{
    (void)config, (void)peer;
    return region == region_of(context->kind_config);
}

static uint32_t node_parts(const void *config, const struct check_context *context, int region,
                           int peer)
{
    return store_parts(config, context, region, peer) * store_nodes(config);
}

static const struct fault_capability single_region_faults[] = {
    STORE_FAULTS(store_parts, node_parts),
    {"store", "flush", store_parts},
};

const struct store_kind kind_single_region = {
    .model = {.name = "single-region",
              .meaning = "one store for all regions, read and written over the links",
              .supports = store_supports,
              .config_size = sizeof(struct single_region_config),
              FIELD_TABLE(single_region_fields),
              .rows = {FAULT_TABLE(single_region_faults)},
              .check = regional_check},
    .state_size = sizeof(struct regional),
    .row_size = sizeof(struct regional_row),
    .endpoints = single_region_endpoints,
    .route = single_region_route,
    .seed = single_region_seed,
    .execute = regional_execute,
    .down = regional_down,
    .back = regional_back,
    .flush = regional_flush,
    .data = regional_data,
    .cluster_init = regional_cluster_init,
    .fini = regional_fini,
};
