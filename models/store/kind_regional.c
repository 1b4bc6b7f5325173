// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An independent store in each region. Clients use the cluster of their own region for everything,
 * and clusters exchange no messages: no write waits for another region, and a failed region does
 * not affect the others' stores. But a session is valid only in the region where it was created, so
 * a user routed to another region must log in again.
 */
#include "kind_regional.h"

#include <stdlib.h>

struct regional_config {
    struct region_list regions;
};

#define MODEL_CONFIG struct regional_config
// clang-format off
static const struct field regional_fields[] = {
    REGION_LIST("regions", regions, "regions with a store; default: all. Clients of other regions use the first of them", "assumption"),
};
// clang-format on

static const struct label_row regional_causes[] = {
    {"reauth-cause", "other-region", "the session is in the store of another region"},
};

void regional_check(const void *config, const void *kind_config,
                    const struct check_context *context, struct validation *validation)
{
    const struct service_cluster cluster = {0};

    (void)kind_config, (void)context;
    service_check(config, &cluster, validation);
    persistence_check(&((const struct store_config *)config)->persistence, validation);
    memory_check(config, validation);
}

void regional_homes(struct store *store, const struct region_list *regions)
{
    struct regional *regional = store->state;

    for (uint32_t r = 0; r < store->region_count; r++) {
        regional->homes[r] = (uint8_t)(regions->count > 0 ? regions->items[0] : (int32_t)r);
        for (uint32_t i = 0; i < regions->count; i++)
            if (regions->items[i] == (int32_t)r)
                regional->homes[r] = (uint8_t)r;
    }
}

static void regional_endpoints(struct store *store, struct endpoint_table *table)
{
    struct regional *regional = store->state;

    regional_homes(store, &((const struct regional_config *)store->kind_config)->regions);
    for (int r = 0; r < (int)store->region_count; r++)
        if (regional->homes[r] == r)
            regional->endpoints[r] =
                endpoint_add(table, (struct endpoint){.name = store->topology->region_names[r],
                                                      .region = r,
                                                      .zone = 0,
                                                      .shard = ENDPOINT_ANY,
                                                      .node = ENDPOINT_ANY});
}

static uint32_t regional_route(const void *store, const struct client_knowledge *knowledge,
                               const struct route_query *query)
{
    const struct regional *regional = ((const struct store *)store)->state;

    store_prefetch_near(store, query->session, sizeof(struct regional_row));
    return regional->endpoints[regional->homes[knowledge->region]];
}

static struct regional_row *row_of(struct store *store, uint32_t session)
{
    return store_row(store, session, sizeof(struct regional_row));
}

static uint32_t tick_of(sim_time time)
{
    return (uint32_t)(time / (10 * SIM_MS)) + 1;
}

/* Where a server keeps what it executes. */
static uint32_t place_of(const struct regional *regional, const struct server *server)
{
    const struct cluster *cluster = server->cluster;

    if (regional->nodes == 0)
        return (uint32_t)cluster->region;
    return (uint32_t)cluster->region * regional->nodes +
           server->shard / cluster->store->node_servers;
}

static uint32_t places_of_cluster(const struct regional *regional)
{
    return regional->nodes == 0 ? 1 : regional->nodes;
}

/* When a place lost what it wrote then; NULL: it has it. */
static const struct lost_times *lost_at(const struct regional *regional, uint32_t index,
                                        uint32_t tick)
{
    const struct place *place = &regional->places[index];

    for (size_t i = 0; i < place->count; i++)
        if (tick >= place->lost[i].from && tick <= place->lost[i].to)
            return &place->lost[i];
    return NULL;
}

static bool is_lost(const struct regional *regional, uint32_t index, uint32_t tick)
{
    return lost_at(regional, index, tick) != NULL;
}

static void regional_read(const struct server *server, struct command *command)
{
    struct store *store = server->cluster->store;
    const struct regional *regional = store->state;
    const struct regional_row *row = row_of(store, command->session);
    uint32_t place = place_of(regional, server), places = places_of_cluster(regional);

    command->reply.kind = REPLY_MISS;
    if (row->place == 0 || row->check != command->session_check) {
        command->reply.miss = MISS_NEVER_WRITTEN;
    } else if (row->place != place + 1) {
        bool is_here = (row->place - 1u) / places == (uint32_t)server->cluster->region;

        command->reply.miss = MISS_OF_KIND + is_here;
    } else if (is_lost(regional, place, row->created)) {
        command->reply.miss = lost_at(regional, place, row->created)->reason;
    } else {
        command->reply.kind = REPLY_HIT;
        command->reply.stale = is_lost(regional, place, row->written);
    }
}

static void regional_write(const struct server *server, struct command *command)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    struct regional *regional = store->state;
    struct regional_row *row = row_of(store, command->session);
    uint32_t op = (uint32_t)rng_mix(command->identity);
    uint32_t now = tick_of(sim_now(store->sim)), created = now;
    uint32_t place = place_of(regional, server);

    command->reply.kind = REPLY_OK;
    command->reply.executed = true;
    probe_count(store->probes, cluster->writes);
    persistence_count(cluster);
    regional->write_bytes = command->bytes;
    if (command->session_check < row->check)
        return; /* late write of a session whose row has been reused: never read */
    if (row->check == command->session_check && row->last_op == op)
        probe_count(store->probes, cluster->repeated);
    if (row->check == command->session_check && row->place == place + 1 &&
        !is_lost(regional, place, row->created))
        created = row->created;
    *row =
        (struct regional_row){.last_op = op,
                              .created = created,
                              .written = now,
                              .check = (uint16_t)command->session_check,
                              .place = (uint16_t)(command->kind == COMMAND_DELETE ? 0 : place + 1)};
}

HOT_CODE enum execution regional_execute(struct server *server, uint32_t ref,
                                         struct command *command)
{
    if (__builtin_expect(server->cluster->persistence.loading, 0)) {
        command->reply.kind = REPLY_LOADING;
    } else if (command_is_write(command->kind)) {
        if (__builtin_expect(!server->keyspace, 1) || memory_write(server, command))
            regional_write(server, command);
    } else {
        regional_read(server, command);
        if (__builtin_expect(server->keyspace != NULL, 0) && command->reply.kind == REPLY_HIT)
            return memory_read(server, ref, command);
    }
    return EXECUTION_DONE;
}

/* --- keyspaces ------------------------------------------------------------------------------- */

/* The server whose keyspace has the sessions of a place. */
static struct server *keeper_of(struct store *store, uint32_t place, uint32_t shard)
{
    const struct regional *regional = store->state;

    if (regional->nodes == 0)
        return &store->clusters[place].servers[shard];
    return &store->clusters[place / regional->nodes]
                .servers[place % regional->nodes * store->node_servers];
}

void regional_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    const struct store *store = cluster->store;
    uint32_t step = store->by_node ? store->node_servers : 1;

    (void)env;
    for (uint32_t s = 0; s < store->shard_count; s += step)
        memory_open(&cluster->servers[s], step);
}

struct kept_place {
    struct store *store;
    uint32_t place;
};

/* Is the session still in the place? Other keys are lost only where everything is. */
static bool place_keeps(void *self, uint32_t session, const struct key_value *value)
{
    const struct kept_place *kept = self;
    const struct regional *regional = kept->store->state;
    const struct regional_row *row;

    if (session == NO_INDEX || ref_is_class(session))
        return regional->places[kept->place].lost[regional->places[kept->place].count - 1].from > 0;
    row = row_of(kept->store, session);
    return row->check == value->version && row->place == kept->place + 1 &&
           !is_lost(regional, kept->place, row->created);
}

static void forget_keys(struct store *store, uint32_t place)
{
    struct kept_place kept = {store, place};
    uint32_t keepers = store->by_node ? 1 : store->shard_count;

    for (uint32_t s = 0; store->memory && s < keepers; s++)
        keyspace_retain(keeper_of(store, place, s)->keyspace, place_keeps, &kept, KEY_FLUSHED);
}

/* With persistence that keeps a part of the data, all keys of classes are kept. */
static void place_clear_classes(struct store *store, uint32_t index)
{
    const struct regional *regional = store->state;
    uint32_t places = places_of_cluster(regional);
    struct cluster *cluster = &store->clusters[index / places];
    uint32_t servers = store->shard_count / places, first = index % places * servers;

    for (uint32_t s = first; s < first + servers; s++)
        classes_clear(&cluster->servers[s]);
}

/* Writes of a place from `from` on are lost; -1: all. */
static void lose_since(struct store *store, uint32_t index, sim_time from, enum miss_reason reason)
{
    struct regional *regional = store->state;
    struct place *place = &regional->places[index];
    struct lost_times lost = {from < 0 ? 0 : tick_of(from), tick_of(sim_now(store->sim)),
                              (uint8_t)reason};

    if (lost.from == 0) {
        place->count = 0; /* it covers all before */
        place_clear_classes(store, index);
    }
    MEM_GROW(place->lost, place->capacity, place->count + 1);
    place->lost[place->count++] = lost;
    forget_keys(store, index);
}

static void cluster_lose_since(const struct cluster *cluster, sim_time from,
                               enum miss_reason reason)
{
    uint32_t places = places_of_cluster(cluster->store->state);

    for (uint32_t i = 0; i < places; i++)
        lose_since(cluster->store, (uint32_t)cluster->region * places + i, from, reason);
}

void regional_lose_since(const struct cluster *cluster, sim_time from)
{
    cluster_lose_since(cluster, from, MISS_RESTARTED);
}

void regional_flush(struct cluster *cluster)
{
    cluster->persistence.changes++;
    cluster_lose_since(cluster, -1, MISS_FLUSHED);
}

void regional_node_lost(struct cluster *cluster, uint32_t node)
{
    const struct regional *regional = cluster->store->state;

    lose_since(cluster->store, (uint32_t)cluster->region * regional->nodes + node, -1,
               MISS_RESTARTED);
}

void regional_down(struct cluster *cluster, enum crash_kind kind)
{
    sim_time from = persistence_down(cluster, kind);

    if (from != SIM_NEVER)
        regional_lose_since(cluster, from);
}

void regional_back(struct cluster *cluster, bool was_down)
{
    if (!was_down && cluster->persistence.config->kind == PERSIST_NONE)
        regional_lose_since(cluster, -1);
    persistence_back(cluster, !was_down);
}

struct held_data regional_data(const struct cluster *cluster)
{
    const struct store *store = cluster->store;
    const struct regional *regional = store->state;
    uint32_t places = places_of_cluster(regional);
    uint64_t keys = 0;

    if (store->memory)
        return memory_held(cluster);
    for (uint32_t r = 0; r < store->region_count; r++) {
        const struct regional_row *rows = (const void *)store->sessions[r].rows;

        for (size_t i = 0; i < store->sessions[r].count; i++) {
            uint32_t place = rows[i].place - 1u;

            keys += rows[i].place != 0 && place / places == (uint32_t)cluster->region &&
                    !is_lost(regional, place, rows[i].created);
        }
    }
    return (struct held_data){keys, keys * regional->write_bytes};
}

void regional_fini(struct store *store)
{
    struct regional *regional = store->state;

    for (size_t i = 0; i < sizeof regional->places / sizeof regional->places[0]; i++)
        free(regional->places[i].lost);
}

void regional_seed_in(struct store *store, uint32_t session, uint32_t session_check, uint32_t place)
{
    *row_of(store, session) =
        (struct regional_row){.check = (uint16_t)session_check, .place = (uint16_t)(place + 1)};
    if (store->memory)
        memory_seed(keeper_of(store, place, store_shard_of(store, session, session_check)), session,
                    session_check);
}

/* Sessions from before the run are in the region closest to their user. */
static void regional_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    const struct regional *regional = store->state;

    regional_seed_in(store, session, session_check, regional->homes[ref_region(session)]);
}

static uint32_t regional_parts(const void *config, const struct check_context *context, int region,
                               int peer)
{
    const struct region_list *regions =
        &((const struct regional_config *)context->kind_config)->regions;

    (void)config, (void)peer;
    return region_list_has(regions, region) || (region >= 0 && regions->count == 0);
}

static uint32_t node_parts(const void *config, const struct check_context *context, int region,
                           int peer)
{
    return regional_parts(config, context, region, peer) * store_nodes(config);
}

static const struct fault_capability regional_faults[] = {
    STORE_FAULTS(regional_parts, node_parts),
    {"store", "flush", regional_parts},
};

const struct store_kind kind_regional = {
    .model = {.name = "regional",
              .meaning =
                  "an independent store in each region: a session is valid only where it was "
                  "created",
              .supports = store_supports,
              .config_size = sizeof(struct regional_config),
              FIELD_TABLE(regional_fields),
              .rows = {LABEL_TABLE(regional_causes), FAULT_TABLE(regional_faults)},
              .check = regional_check},
    .state_size = sizeof(struct regional),
    .row_size = sizeof(struct regional_row),
    .endpoints = regional_endpoints,
    .route = regional_route,
    .seed = regional_seed,
    .execute = regional_execute,
    .down = regional_down,
    .back = regional_back,
    .flush = regional_flush,
    .data = regional_data,
    .cluster_init = regional_cluster_init,
    .fini = regional_fini,
};
