// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An independent store in each region. Clients use the cluster of their own region for everything,
 * and clusters exchange no messages: no write waits for another region, and a failed region does
 * not affect the others' stores. But a session is valid only in the region where it was created, so
 * a user routed to another region must log in again.
 */
#include "kind_regional.h"

static const struct label_row regional_causes[] = {
    {"reauth-cause", "other-region", "the session is in the store of another region"},
};

/* Endpoint r is the cluster of region r. */
static void regional_endpoints(struct store *store, struct endpoint_table *table)
{
    for (int r = 0; r < (int)store->region_count; r++)
        endpoint_add(table, (struct endpoint){.name = store->topology->region_names[r],
                                              .region = r,
                                              .zone = ENDPOINT_ANY,
                                              .shard = ENDPOINT_ANY,
                                              .node = ENDPOINT_ANY});
}

static uint32_t regional_route(const void *store, const struct client_knowledge *knowledge,
                               const struct route_query *query)
{
    store_prefetch_near(store, query->session, sizeof(struct regional_row));
    return (uint32_t)knowledge->region;
}

static struct regional_row *row_of(struct store *store, uint32_t session)
{
    return store_row(store, session, sizeof(struct regional_row));
}

static uint16_t life_of(const struct store *store, int region)
{
    return ((const struct regional *)store->state)->lives[region];
}

static void regional_read(const struct server *server, struct command *command)
{
    struct store *store = server->cluster->store;
    const struct regional_row *row = row_of(store, command->session);
    int region = server->cluster->region;

    command->reply.kind = REPLY_MISS;
    if (row->region == 0 || row->check != command->session_check)
        command->reply.miss = MISS_NEVER_WRITTEN;
    else if (row->region != region + 1)
        command->reply.miss = MISS_OF_KIND;
    else if (row->life != life_of(store, region))
        command->reply.miss = MISS_RESTARTED;
    else
        command->reply.kind = REPLY_HIT;
}

static void regional_write(const struct server *server, struct command *command)
{
    const struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    struct regional_row *row = row_of(store, command->session);
    uint32_t op = (uint32_t)rng_mix(command->identity);
    uint8_t here = (uint8_t)(cluster->region + 1);

    command->reply.kind = REPLY_OK;
    command->reply.executed = true;
    probe_count(store->probes, cluster->writes);
    if (command->session_check < row->check)
        return; /* late write of a session whose row has been reused: never read */
    if (row->check == command->session_check && row->last_op == op)
        probe_count(store->probes, cluster->repeated);
    *row = (struct regional_row){.last_op = op,
                                 .check = (uint16_t)command->session_check,
                                 .life = life_of(store, cluster->region),
                                 .region = command->kind == COMMAND_DELETE ? 0 : here};
}

HOT_CODE enum execution regional_execute(struct server *server, uint32_t ref,
                                         struct command *command)
{
    (void)ref;
    if (command_is_write(command->kind))
        regional_write(server, command);
    else
        regional_read(server, command);
    return EXECUTION_DONE;
}

void regional_back(struct cluster *cluster, bool was_down)
{
    struct regional *regional = cluster->store->state;

    (void)was_down;
    if (++regional->lives[cluster->region] == 0)
        BUG("a cluster lost its memory more than %d times", UINT16_MAX);
}

void regional_seed_in(struct store *store, uint32_t session, uint32_t session_check, int region)
{
    *row_of(store, session) =
        (struct regional_row){.check = (uint16_t)session_check, .region = (uint8_t)(region + 1)};
}

/* Sessions from before the run are in the region closest to their user. */
static void regional_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    regional_seed_in(store, session, session_check, (int)ref_region(session));
}

static uint32_t node_parts(const void *config, const struct check_context *context, int region,
                           int peer)
{
    (void)context, (void)peer;
    return region >= 0 ? store_nodes(config) : 0;
}

static const struct fault_capability regional_faults[] = {STORE_FAULTS(NULL, node_parts)};

const struct store_kind kind_regional = {
    .model = {.name = "regional",
              .meaning =
                  "an independent store in each region: a session is valid only where it was "
                  "created",
              .rows = {LABEL_TABLE(regional_causes), FAULT_TABLE(regional_faults)}},
    .state_size = sizeof(struct regional),
    .row_size = sizeof(struct regional_row),
    .endpoints = regional_endpoints,
    .route = regional_route,
    .seed = regional_seed,
    .execute = regional_execute,
    .back = regional_back,
};
