// SPDX-License-Identifier: GPL-3.0-or-later
/* What the streams between regions see of a global datastore: struct replica_port. */
#include "datastore_internal.h"

static uint32_t replica_shards(const void *self)
{
    return ((const struct datastore *)self)->shard_count;
}

static int replica_primary(const void *self)
{
    return ((const struct datastore *)self)->primary;
}

static bool replica_is_up(const void *self, int region)
{
    const struct datastore *datastore = self;

    return datastore_is_up(datastore, region) && !datastore->clusters[region].detached;
}

static bool replica_shard_up(const void *self, uint32_t shard)
{
    const struct datastore *datastore = self;
    const struct cluster *cluster = datastore->clusters[datastore->primary].cluster;

    return cluster->up && !cluster->servers[shard].gone;
}

static struct write_position replica_held(const void *self, int region, uint32_t shard)
{
    const struct datastore_server *server =
        &((const struct datastore *)self)->clusters[region].servers[shard];

    return (struct write_position){server->loading ? 0 : server->applied, server->history, shard};
}

static int64_t replica_data_bytes(const void *self, uint32_t shard)
{
    const struct datastore *datastore = self;
    const struct shard *s = &datastore->shards[shard];

    if (datastore->config->data_set_bytes > 0)
        return datastore->config->data_set_bytes;
    if (datastore->store->memory)
        return datastore_held_bytes(datastore, shard);
    return (int64_t)(s->live * s->write_size);
}

static double replica_network(const void *self, sim_dur sending)
{
    const struct datastore *datastore = self;

    return service_network(datastore->store->config, sending < datastore->config->network_burst_ns);
}

/* The maximum over shards. */
static sim_dur replica_lag(const void *self, int region)
{
    const struct datastore *datastore = self;
    sim_dur lag = 0;

    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        const struct datastore_server *server = &datastore->clusters[region].servers[s];
        const struct datastore_server *primary =
            &datastore->clusters[datastore->primary].servers[s];
        uint64_t next = server->applied + 1;
        sim_dur age;

        if (next > primary->log_high || next <= primary->log_low)
            continue;
        age = sim_now(datastore->store->sim) - log_at(primary, next)->acknowledged;
        if (age > lag)
            lag = age;
    }
    return lag;
}

/* The secondary has writes of the primary's history up to `to` at `when`, and had them up to
 * `from`. */
__attribute__((always_inline)) static inline void
note_lag(struct datastore *datastore, const struct datastore_cluster *cluster,
         const struct datastore_server *primary, uint64_t from, uint64_t to, sim_time when)
{
    for (uint64_t n = from + 1; n <= to; n++)
        if (n > primary->log_low)
            probe_latency(datastore->store->probes, cluster->lag,
                          when - log_at(primary, n)->acknowledged);
}

/* Entries may stay longer in the log than needed. */
#define TRIM_EVERY 16

static void replica_apply(void *self, int region, struct write_position position, sim_time when)
{
    struct datastore *datastore = self;
    struct datastore_cluster *cluster = &datastore->clusters[region];
    struct datastore_server *server = &cluster->servers[position.shard];
    struct datastore_server *primary =
        &datastore->clusters[datastore->primary].servers[position.shard];

    if (position.history != server->history || position.number <= server->applied)
        return;
    if (position.history == primary->history)
        note_lag(datastore, cluster, primary, server->applied, position.number, when);
    if (__builtin_expect(datastore->store->history != NULL, 0))
        store_history_applied(&datastore->store->clusters[region], &position, server->applied);
    if (__builtin_expect(datastore->store->classes != NULL, 0) &&
        position.history == primary->history)
        datastore_classes_apply(server, primary, server->applied, position.number);
    server_apply(server, position.number);
    if (position.number % TRIM_EVERY == 0)
        log_trim(datastore, position.shard);
    level_unreplicated(datastore, cluster);
}

static void replica_flushed(void *self, int region, uint32_t shard)
{
    ((struct datastore *)self)->clusters[region].servers[shard].loading = true;
}

static void replica_loaded(void *self, int region, struct write_position position)
{
    struct datastore *datastore = self;
    struct datastore_cluster *cluster = &datastore->clusters[region];
    struct datastore_server *server = &cluster->servers[position.shard];
    const struct datastore_server *primary =
        &datastore->clusters[datastore->primary].servers[position.shard];
    uint64_t held = server->applied;

    /* a secondary with another history had no write of the primary's */
    if (server->history != position.history)
        held = datastore->shards[position.shard].histories[position.history].fork;
    if (position.history == primary->history)
        note_lag(datastore, cluster, primary, held, position.number,
                 sim_now(datastore->store->sim));
    if (datastore->store->history)
        store_history_applied(&datastore->store->clusters[region], &position, held);
    server->loading = false;
    server->history = position.history;
    classes_copy(server->server, primary->server);
    server_apply(server, position.number);
    log_trim(datastore, position.shard);
    level_unreplicated(datastore, cluster);
}

/* A replicated write takes the secondary's thread, which executes one thing after another. A thread
 * that has no commands begins the next ones after the write. */
static struct replica_execution replica_execute(void *self, int region, uint32_t shard,
                                                sim_time from, uint32_t bytes)
{
    struct datastore *datastore = self;
    struct datastore_server *server = &datastore->clusters[region].servers[shard];

    if (!(datastore->config->replica_apply > 0))
        return (struct replica_execution){.done = from};
    if (__builtin_expect(server->cluster->occupied != NULL, 0))
        readers_apply(server, bytes);
    return (struct replica_execution){
        .done = server_work(server->server, from, datastore_apply_time(datastore, bytes)),
        .at_once = !server->server->busy && from <= sim_now(datastore->store->sim)};
}

static void replica_busy(void *self, uint32_t shard, sim_dur length)
{
    struct datastore *datastore = self;

    server_block(datastore->clusters[datastore->primary].servers[shard].server, length);
}

void datastore_offer_replicas(struct datastore *datastore, struct port_directory *ports)
{
    datastore->replicas = (struct replica_port){
        .self = datastore,
        .shards = replica_shards,
        .primary = replica_primary,
        .is_up = replica_is_up,
        .shard_up = replica_shard_up,
        .held = replica_held,
        .data_bytes = replica_data_bytes,
        .network_bit_per_s = replica_network,
        .lag = replica_lag,
        .apply = replica_apply,
        .flushed = replica_flushed,
        .loaded = replica_loaded,
        .busy = replica_busy,
        .execute = replica_execute,
    };
    port_offer_replica(ports, -1, -1, &datastore->replicas);
}
