// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A global datastore: one primary cluster that takes writes and secondary clusters that replicate
 * it. Clusters are divided into shards by the hash slot of a session; each shard is one server.
 *
 * This file: parameters, endpoints, commands, and wiring; longer than 800 lines because the
 * commands and the wiring of its other files share static functions. Crashes and promotion are
 * in datastore_roles.c, the interface used by the streams between regions in datastore_replica.c.
 *
 * Conservation, checked at the end: every acknowledged write is held by the primary, lost at a
 * fork, or was emptied with the memory of a restarted process.
 */
#include "datastore_internal.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

static const char *const read_sources[] = {"cluster", "replicas", NULL};
static const char *const reshards[] = {"none", "once", NULL};
static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
static const char *const maintenances[] = {"none", "weekly", NULL};
static const char *const nodes_changes[] = {"none", "once", NULL};
static const char *const resizes[] = {"none", "once", NULL};

#define MODEL_CONFIG struct datastore_config
// clang-format off
static const struct field datastore_fields[] = {
    REGION("primary", primary, "region of the primary cluster at the start; default: the first region", "seed 000"),
    REGION_LIST("secondaries", secondaries, "regions of secondary clusters, at most two; default: the others, in order", "facts C.1"),
    SIZE("data_set", data_set_bytes, "0", "0", "1024 GiB", "data set of each shard that a full resync copies; 0: live sessions x bytes of a write", "assumption"),
    COUNT_LIMITED("replicas", replicas, "0", "0", "5", "replicas of each shard in other zones of the region; one takes over when the shard's node crashes", "facts C.2", "facts C.2"),
    NUMBER_LIST("secondary_replicas", secondary_replicas, "0", "[]", "5", "the same for each secondary cluster, in their order; []: 'replicas' for all", "facts C.1"),
    TIME_DIST("replica_lag", replica_lag, "0ms", "1ms", "1h", "replication lag of the replica that takes over", "assumption"),
    TIME_DIST("replica_failover", replica_failover, "0ms", "lognormal(median=6s, p95=20s)", "1h", "time from the crash of a shard's node until a replica takes over and the cluster's name has its address", "facts C.1"),
    DURATION("demotion_interval", demotion_interval_ns, "10ms", "1s", "1h", "interval at which the orchestrator notifies a demoted primary until a notification arrives", "assumption"),
    COUNT("min_replicas_to_write", min_replicas, "0", "0", "7", "a primary refuses writes while fewer replicas than this, in its region or secondaries of other regions, have acknowledged something within min_replicas_max_lag (min-replicas-to-write); 0: off", "facts C.3"),
    DURATION("min_replicas_max_lag", min_replicas_lag_ns, "1s", "10s", "1h", "age of its last acknowledgement up to which a secondary counts (min-replicas-max-lag)", "facts C.3"),
    DURATION("network_burst", network_burst_ns, "0s", "5min", "1h", "time for which a node that copies a data set sends at the burst rate of its type, before it falls to the baseline", "assumption"),
    NUMBER("replica_apply", replica_apply, "0", "1", "100", "service time of a replicated write at a secondary, whose thread executes one command at a time, relative to that of a client's write; 0: none", "assumption"),
    CHOICE("read_from", read_from, read_sources, "cluster", "where clients read in their region: cluster (the node that replicates or takes writes) or replicas (the reader endpoint: sessions are spread over the replicas)", "facts C.1"),
    VARIANT("reshard", reshard, reshards, "none", "the number of shards changes while the store runs: slots move", "facts C.2"),
    DURATION("reshard.once.at", reshard_at_ns, "0s", "10min", "365d", "when it begins", "assumption"),
    COUNT_LIMITED("reshard.once.shards", reshard_shards, "1", "2", "500", "number of shards in the end", "assumption", "facts C.2"),
    DURATION("reshard.once.duration", reshard_ns, "1s", "5min", "1d", "time in which all slots move, some each second", "assumption"),
    DURATION("reshard.once.per_key", reshard_key_ns, "0ms", "0.1ms", "1s", "time that the move of a session takes of both servers", "assumption"),
    VARIANT("replicas_change", nodes_change, nodes_changes, "none", "replicas are added or removed while the store runs", "facts C.2"),
    DURATION("replicas_change.once.at", nodes_at_ns, "0s", "10min", "365d", "when", "assumption"),
    COUNT_LIMITED("replicas_change.once.replicas", nodes_replicas, "0", "2", "5", "replicas of each shard from then on", "facts C.2", "facts C.2"),
    REGION("replicas_change.once.region", nodes_region, "region of the cluster; default: all clusters", "facts C.1"),
    TIME_DIST("replicas_change.once.create", nodes_create, "0s", "lognormal(median=5min, p95=10min)", "1d", "time until new nodes have been created and the copy to them begins", "assumption"),
    BANDWIDTH("replicas_change.once.copy", nodes_copy_bit_per_s, "1Mbit/s", "375Mbit/s", "1000Gbit/s", "rate at which the data set of a shard is copied to them, limited by the node's network", "facts C.3"),
    VARIANT("resize", resize, resizes, "none", "the nodes of all clusters are replaced by those of another type while the store runs", "facts C.1"),
    DURATION("resize.once.at", resize_at_ns, "0s", "10min", "365d", "when", "assumption"),
    CHOICE("resize.once.node_type", resize_type, node_type_names, "r7g.xlarge", "their type from then on", "assumption"),
    DURATION("resize.once.interruption", resize_stall_ns, "0s", "0.5s", "1min", "time for which each cluster answers nothing", "facts C.1"),
    CHOICE("calendar.day", start_day, days, "mon", "weekday on which the run begins", "assumption"),
    DURATION("calendar.time", start_time_ns, "0s", "0s", "24h", "time of day at which it begins", "assumption"),
    VARIANT("maintenance", maintenance, maintenances, "none", "weekly work on each cluster: its primary node is replaced by a planned change of roles", "facts C.2"),
    CHOICE("maintenance.weekly.day", maintenance_day, days, "sun", "weekday of the window", "assumption"),
    DURATION("maintenance.weekly.at", maintenance_at_ns, "0s", "5h", "24h", "time of day at which the window begins", "assumption"),
    DURATION("maintenance.weekly.window", maintenance_window_ns, "0s", "60min", "24h", "length of the window, in which the instant is drawn", "assumption"),
    VARIANT("snapshots", snapshots, snapshot_names, "none", "snapshots of the primary cluster, for restores", "seed 001"),
    DURATION("snapshots.scheduled.every", snapshot_every_ns, "10s", "24h", "365d", "interval between their starts", "seed 002"),
    CHOICE("snapshots.scheduled.from", snapshot_from, snapshot_sources, "automatic", "whose process is forked and saved: that of the primary, or of a replica in its region; automatic: a replica, if there is one", "seed 001"),
    PHASE_FIELDS("snapshots.scheduled.phase", snapshot_phase, "phase of the snapshots"),
    BANDWIDTH("snapshots.scheduled.copy", snapshot_copy_bit_per_s, "1Mbit/s", "640Mbit/s", "1000Gbit/s", "rate at which a complete snapshot is copied to other regions, for each shard", "assumption"),
    DURATION("snapshots.daily.at", snapshot_at_ns, "0s", "3h", "24h", "time of day at which the daily window begins", "assumption"),
    DURATION("snapshots.daily.window", snapshot_window_ns, "0s", "60min", "24h", "length of the window, in which the instant is drawn", "assumption"),
    CHOICE("snapshots.daily.from", daily_from, snapshot_sources, "automatic", "whose process is forked and saved: that of the primary, or of a replica in its region; automatic: a replica, if there is one", "seed 001"),
    BANDWIDTH("snapshots.daily.copy", daily_copy_bit_per_s, "1Mbit/s", "640Mbit/s", "1000Gbit/s", "rate at which a complete snapshot is copied to other regions, for each shard", "assumption"),
    TIME_DIST("restore_create", restore_create, "0s", "lognormal(median=10min, p95=20min)", "1d", "restore: time until the new cluster has been created, before it loads the snapshot", "assumption"),
    CHOICE("standby", standby, standby_names, "replica", "other regions before a failover: a secondary cluster, or none, which is created when a snapshot is restored", "seed 001"),
    DURATION("address_ttl", address_ttl_ns, "0s", "5s", "1d", "with replicas: time for which resolvers cache the address behind the name of a cluster", "assumption"),
};
// clang-format on

static const struct metric datastore_metrics[] = {
    {.name = "replication_lag",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning =
         "for each write, however it arrives: time applied at the secondary of the region minus "
         "time acknowledged by the primary"},
    {.name = "unreplicated_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "acknowledged writes that the secondary of the region has not applied"},
    {.name = "shard_failovers",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "failovers of a shard to a replica in the region, planned ones included"},
    {.name = "lost_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "writes acknowledged by the region's cluster and lost by a failover"},
    {.name = "moved_sessions",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "sessions that a change of the number of shards has moved to another one"},
    {.name = "redirects",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "kind",
     .label_values = redirect_names,
     .series = true,
     .meaning = "commands that another shard serves: from now on (moved), or this once (ask) "
                "while their slot migrates"},
    {.name = "writes_without_replicas",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "writes refused because fewer than min_replicas_to_write replicas had acknowledged "
                "something of late"},
    {.name = "store_is_primary",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "1 while the region's cluster is the primary and runs, else 0"},
};

static const struct service_metric datastore_service_metrics[] = {
    {.name = "store-is-primary",
     .space = "",
     .unit = "Count",
     .scale = 1,
     .metric = "store_is_primary",
     .statistic = TAP_AVERAGE,
     .period_ns = 60 * SIM_S,
     .meaning = "1 where the region's cluster is the primary, as a job of the application reports "
                "it: for health checks of DNS records",
     .source = "assumption"},
};

/* In the order of MISS_LAG, MISS_LOST. */
static const struct label_row datastore_causes[] = {
    {"reauth-cause", "replication-lag",
     "the session's last write had not yet been replicated to the region"},
    {"reauth-cause", "lost-at-failover", "the session's last write was lost by a failover"},
};

/* --- endpoints ------------------------------------------------------------------------------- */

static bool has_cluster(const struct datastore_config *config, int primary, int region)
{
    const struct region_list *list = &config->secondaries;

    return region == primary || list->count == 0 || region_list_has(list, region);
}

/* Of each shard of the cluster that a region has at the start. */
static uint32_t replicas_in(const struct datastore_config *config, int region)
{
    const struct region_list *list = &config->secondaries;
    int primary = config->primary < 0 ? 0 : config->primary;
    uint32_t index = (uint32_t)(region - (region > primary));

    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i] == region)
            index = i;
    if (region == primary || index >= config->secondary_replicas.count)
        return config->replicas;
    return (uint32_t)config->secondary_replicas.items[index];
}

/* The most that it has in the run. */
static uint32_t most_replicas_in(const struct datastore_config *config, int region)
{
    uint32_t count = replicas_in(config, region);

    return nodes_change_in(config, region) && config->nodes_replicas > count
               ? config->nodes_replicas
               : count;
}

static uint32_t add_endpoint(const struct store *store, struct endpoint_table *table,
                             const char *name, int region, uint32_t node)
{
    return endpoint_add(table, (struct endpoint){.name = name,
                                                 .region = region,
                                                 .zone = store_zone_of(store, node),
                                                 .shard = ENDPOINT_ANY,
                                                 .node = (uint16_t)node,
                                                 .is_node = node > 0,
                                                 .epoch = node});
}

/* The replicas of a cluster: addresses that its name may get. */
static void add_replicas(struct store *store, struct endpoint_table *table, int region)
{
    struct datastore *datastore = datastore_of(store);
    const struct datastore_config *config = store->kind_config;

    for (uint32_t n = 1; n <= most_replicas_in(config, region); n++) {
        struct strbuf name = STRBUF_INIT;

        strbuf_addf(&name, "%s/%u", store->topology->region_names[region], n);
        datastore->names[region][n] = strbuf_detach(&name);
        add_endpoint(store, table, datastore->names[region][n], region, n);
    }
}

/* Endpoint r is the cluster of region r, at the address of its first node; then the name of the
 * primary; then the addresses of replicas. Clients of a region without a cluster use the primary
 * for everything. */
static void datastore_endpoints(struct store *store, struct endpoint_table *table)
{
    const struct datastore_config *config = store->kind_config;
    int primary = config->primary < 0 ? 0 : config->primary;

    for (int r = 0; r < (int)store->region_count; r++)
        add_endpoint(store, table, store->topology->region_names[r],
                     has_cluster(config, primary, r) ? r : ENDPOINT_BY_NAME, 0);
    datastore_of(store)->primary_endpoint =
        add_endpoint(store, table, "primary", ENDPOINT_BY_NAME, 0);
    for (int r = 0; r < (int)store->region_count; r++)
        if (has_cluster(config, primary, r)) {
            add_replicas(store, table, r);
            store->addresses_change |= most_replicas_in(config, r) > 0;
        }
    store->address_ttl_ns = config->address_ttl_ns;
}

static uint32_t datastore_route(const void *store, const struct client_knowledge *knowledge,
                                const struct route_query *query)
{
    const struct datastore *datastore = datastore_of(store);
    int region = knowledge->region;
    const struct reader_list *readers = &datastore->readers[region];

    store_prefetch_near(store, query->session, sizeof(struct session_row));
    if (command_is_write(query->kind) || query->latest)
        return datastore->primary_endpoint;
    if (__builtin_expect(readers->count > 0, 0))
        return readers->endpoints[rng_mix(query->session) % readers->count];
    return (uint32_t)region;
}

/* --- commands -------------------------------------------------------------------------------- */

static inline void server_read(struct datastore_server *server, struct command *command)
{
    const struct datastore_cluster *cluster = server->cluster;
    const struct session_row *row = session_row(cluster->datastore->store, command->session);
    struct write_position last = row_last(row, server->shard);

    if (server->loading) {
        command->reply.kind = REPLY_LOADING;
        return;
    }
    command->reply.kind = REPLY_MISS;
    if (row->check != command->session_check || last.number == 0)
        command->reply.miss = MISS_NEVER_WRITTEN;
    else if (cluster_holds(cluster, last))
        command->reply.kind = REPLY_HIT;
    else if (cluster_holds(cluster, row_first(row, server->shard)))
        command->reply.kind = REPLY_HIT, command->reply.stale = true;
    else
        command->reply.miss = (uint8_t)cluster_reason(cluster, last);
}

void datastore_read(struct datastore_server *server, struct command *command)
{
    server_read(server, command);
}

/* A deposed primary that has not been notified yet still acknowledges writes; they are lost (split
 * brain). */
void server_acknowledge(struct datastore_server *server, const struct log_entry *entry,
                        uint32_t bytes, struct write_position position)
{
    struct datastore_cluster *cluster = server->cluster;
    struct datastore *datastore = cluster->datastore;
    struct store *store = datastore->store;

    datastore->shards[server->shard].acknowledged++;
    probe_count(store->probes, cluster->cluster->writes);
    if (cluster->cluster->region != datastore->primary) {
        count_lost(datastore, entry, position, LOSS_SPLIT_BRAIN);
        probe_count(store->probes, cluster->lost);
        return;
    }
    log_append(server, entry);
    if (__builtin_expect(cluster->occupied != NULL, 0))
        readers_apply(server, bytes);
    if (datastore->stream)
        datastore->stream->write(datastore->stream->self, position, bytes);
    else
        log_trim(datastore, server->shard);
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists && (int)r != datastore->primary)
            level_unreplicated(datastore, &datastore->clusters[r]);
}

/* Update the count of live sessions. A reused row held another session before. */
static void count_live(struct datastore *datastore, const struct session_row *row,
                       const struct command *command, uint32_t shard, bool remains)
{
    if (row_last(row, 0).number) {
        uint32_t was = store_shard_of(datastore->store, command->session, row->check);
        bool was_flushed =
            row_last(row, 0).number <= datastore->clusters[datastore->primary].servers[was].flushed;

        datastore->shards[was].live -= datastore->shards[was].live > 0 && !was_flushed;
    }
    if (remains)
        datastore->shards[shard].live++;
}

/* Update the row of the session that is written. */
static void session_written(struct datastore_server *server, struct session_row *row,
                            const struct command *command, struct write_position position)
{
    const struct datastore_cluster *cluster = server->cluster;
    struct datastore *datastore = cluster->datastore;
    const struct write_position none = {0, 0, 0};
    uint32_t op = (uint32_t)rng_mix(command->identity);

    if (command->session_check < row->check)
        return; /* late write of a session whose row has been reused: acknowledged, never read */
    if (cluster->cluster->region == datastore->primary)
        count_live(datastore, row, command, server->shard, command->kind != COMMAND_DELETE);
    if (row->check != command->session_check)
        *row = (struct session_row){.check = (uint16_t)command->session_check};
    else if (row->last_op == op)
        probe_count(datastore->store->probes, cluster->cluster->repeated);
    if (command->kind == COMMAND_DELETE)
        row_set_first(row, none);
    else if (!cluster_holds(cluster, row_first(row, server->shard)))
        row_set_first(row, position);
    row_set_last(row, command->kind == COMMAND_DELETE ? none : position);
    row->last_op = op;
}

/* min-replicas-to-write: fewer replicas than that have acknowledged something of late. Those inside
 * the region count while their nodes run. */
RARE bool server_lacks_replicas(const struct datastore_server *server)
{
    const struct cluster *cluster = server->cluster->cluster;
    const struct datastore *datastore = server->cluster->datastore;
    const struct stream_port *stream = datastore->stream;
    uint32_t count = 0;

    for (uint32_t n = 0; n < cluster->node_count; n++)
        count += n != cluster->primary_node && cluster->nodes[n].down == CRASH_NONE &&
                 cluster->nodes[n].zone == ZONE_WELL && !server->cluster->cut;
    for (int r = 0; stream && r < (int)datastore->store->region_count; r++)
        count +=
            cluster->region == datastore->primary && r != cluster->region &&
            stream->heard(stream->self, r, server->shard) <= datastore->config->min_replicas_lag_ns;
    return count < datastore->config->min_replicas;
}

OUT_OF_LINE static void server_write(struct datastore_server *server, struct command *command)
{
    struct datastore *datastore = server->cluster->datastore;
    struct store *store = datastore->store;
    const struct log_entry entry = {.acknowledged = sim_now(store->sim),
                                    .session = command->session,
                                    .check = command->session_check,
                                    .create = command->kind == COMMAND_CREATE};
    struct write_position position;

    if (!server->cluster->takes_writes) {
        command_refuse_write(store, command);
        return;
    }
    if (__builtin_expect(datastore->config->min_replicas > 0, 0) && server_lacks_replicas(server)) {
        probe_count(store->probes, server->cluster->refused);
        command->reply.kind = REPLY_ERROR;
        return;
    }
    if (__builtin_expect(server->server->keyspace != NULL, 0) &&
        !memory_write(server->server, command))
        return;
    server_apply(server, server->applied + 1);
    position = (struct write_position){server->applied, server->history, server->shard};
    command->reply.executed = true;
    command->reply.kind = REPLY_OK;
    session_written(server, session_row(store, command->session), command, position);
    if (server->cluster->cluster->region == datastore->primary)
        datastore->shards[server->shard].write_size = command->bytes;
    server_acknowledge(server, &entry, command->bytes, position);
}

static HOT_CODE enum execution datastore_execute(struct server *server, uint32_t ref,
                                                 struct command *command)
{
    if (__builtin_expect(server->slots_move, 0) && reshard_redirects(server, command))
        return EXECUTION_DONE;
    if (command_is_write(command->kind)) {
        server_write(server->state, command);
    } else {
        server_read(server->state, command);
        if (__builtin_expect(server->cluster->store->memory != NULL, 0))
            return datastore_read_memory(server->state, ref, command);
    }
    return EXECUTION_DONE;
}

static struct write_position datastore_written(const struct server *server)
{
    const struct datastore_server *own = server->state;

    return (struct write_position){own->applied, own->history, own->shard};
}

static bool datastore_holds(const struct server *server, struct write_position position)
{
    return cluster_holds(((const struct datastore_server *)server->state)->cluster, position);
}

static void datastore_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    uint32_t shard = store_shard_of(store, session, session_check);
    struct session_row *row = session_row(store, session);
    struct write_position start = {1, 0, shard};

    *row = (struct session_row){.check = (uint16_t)session_check};
    row_set_first(row, start);
    row_set_last(row, start);
    datastore_of(store)->shards[shard].live++;
    if (store->memory)
        memory_seed(&store->clusters[datastore_of(store)->primary].servers[shard], session,
                    session_check);
}

/* --- losses ---------------------------------------------------------------------------------- */

static uint64_t writes_lost(const void *store, enum loss_cause by)
{
    return datastore_of(store)->lost_writes[by];
}

static uint64_t sessions_lost(const void *store, enum loss_cause by)
{
    return datastore_of(store)->lost_sessions[by];
}

static sim_dur rpo_of(const void *store)
{
    const struct datastore *datastore = datastore_of(store);
    sim_dur rpo = -1;

    for (uint32_t s = 0; s < datastore->shard_count; s++)
        if (datastore->shards[s].spans.sum > rpo)
            rpo = datastore->shards[s].spans.sum;
    return rpo;
}

static const struct losses_port datastore_losses = {
    .writes = writes_lost, .sessions = sessions_lost, .rpo = rpo_of};

/* --- wiring ---------------------------------------------------------------------------------- */

/* Replicas of the secondary clusters; returns the largest number of any cluster. */
static uint32_t check_replicas(const struct datastore_config *c, uint32_t secondaries,
                               struct validation *validation)
{
    const struct number_list *list = &c->secondary_replicas;
    uint32_t most = c->replicas;

    if (list->count > 0 && list->count != secondaries)
        validation_error(validation, "secondary_replicas",
                         "needs a number for each secondary cluster, of which there are %u, got %u",
                         secondaries, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t count = (uint32_t)list->items[i];

        if (count < list->items[i])
            validation_error(validation, "secondary_replicas", "needs whole numbers, got %g",
                             list->items[i]);
        most = count > most ? count : most;
    }
    if (c->nodes_change != NODES_FIXED && c->nodes_replicas > most)
        most = c->nodes_replicas;
    return most;
}

static void check_nodes(const struct datastore_config *c, const struct check_context *context,
                        struct validation *validation)
{
    if (c->nodes_change == NODES_FIXED)
        return;
    if (c->nodes_region >= 0 && !has_cluster(c, c->primary < 0 ? 0 : c->primary, c->nodes_region))
        validation_error(validation, "replicas_change.once.region", "'%s' has no cluster",
                         context->topology->region_names[c->nodes_region]);
    if (c->read_from == READ_FROM_REPLICAS && c->nodes_replicas == 0)
        validation_error(validation, "replicas_change.once.replicas",
                         "'read_from: replicas' needs at least one");
}

static void check_readers(const struct datastore_config *c, uint32_t replicas,
                          struct validation *validation)
{
    if (c->read_from == READ_FROM_REPLICAS && replicas == 0)
        validation_error(validation, "read_from", "needs 'replicas', such as 'replicas: 2'");
}

static void check_snapshots(const struct datastore_config *c, struct validation *validation)
{
    if (c->standby == STANDBY_NONE && c->snapshots == SNAPSHOTS_NONE)
        validation_error(validation, "standby",
                         "'none' needs 'snapshots': nothing could be restored");
    if (c->replicas == 0 && c->snapshots == SNAPSHOTS_SCHEDULED &&
        c->snapshot_from == SNAPSHOT_FROM_REPLICA)
        validation_error(validation, "snapshots.scheduled.from",
                         "'replica' needs 'replicas', such as 'replicas: 1'");
    if (c->replicas == 0 && c->snapshots == SNAPSHOTS_DAILY &&
        c->daily_from == SNAPSHOT_FROM_REPLICA)
        validation_error(validation, "snapshots.daily.from",
                         "'replica' needs 'replicas', such as 'replicas: 1'");
}

static void check_maintenance(const struct datastore_config *c, uint32_t replicas,
                              struct validation *validation)
{
    if (c->maintenance && replicas == 0)
        validation_error(validation, "maintenance", "needs 'replicas', such as 'replicas: 1'");
}

static void check_resize(const struct datastore_config *c, const struct store_config *config,
                         const struct service_cluster *cluster, struct validation *validation)
{
    struct store_config after = *config;

    if (!c->resize)
        return;
    after.node_type = c->resize_type;
    if (c->resize_type == config->node_type)
        validation_error(validation, "resize.once.node_type", "must differ from 'node_type'");
    else
        service_check_type(&after, cluster, validation);
}

static bool has_key_classes(const struct check_context *context)
{
    for (size_t i = 0; i < context->instance_count; i++)
        if (strcmp(context->instances[i].ops->section, "key_classes") == 0)
            return true;
    return false;
}

static void check_reshard(const struct datastore_config *c, const struct store_config *config,
                          const struct check_context *context, struct validation *validation)
{
    if (c->reshard == RESHARD_NONE)
        return;
    if (c->reshard_shards == config->shards)
        validation_error(validation, "reshard.once.shards", "must differ from 'shards'");
    if (config->hot_weight > 1)
        validation_error(validation, "reshard", "does not go with 'hot_weight'");
    if (memory_is_wanted(&config->memory))
        validation_error(validation, "reshard", "does not go with 'memory', 'expiry' or 'tiering'");
    if (has_key_classes(context))
        validation_error(validation, "reshard", "does not go with 'key_classes'");
    if (config->cluster_mode == MODE_DISABLED)
        validation_error(validation, "reshard", "needs 'cluster_mode: enabled' (facts C.2)");
}

static void datastore_check(const void *config, const void *kind_config,
                            const struct check_context *context, struct validation *validation)
{
    const struct datastore_config *c = kind_config;
    uint32_t others = context->topology->region_count - 1;
    uint32_t count = c->secondaries.count ? c->secondaries.count : others;
    int32_t primary = c->primary < 0 ? 0 : c->primary;
    const struct service_cluster cluster = {.replicas = check_replicas(c, count, validation),
                                            .shards =
                                                c->reshard == RESHARD_ONCE ? c->reshard_shards : 0,
                                            .data_set_bytes = c->data_set_bytes,
                                            .is_global = true};

    service_check(config, &cluster, validation);
    check_readers(c, cluster.replicas, validation);
    check_reshard(c, config, context, validation);
    check_nodes(c, context, validation);
    check_maintenance(c, cluster.replicas, validation);
    check_resize(c, config, &cluster, validation);
    persistence_refuse(&((const struct store_config *)config)->persistence, validation);
    memory_check(config, validation);
    check_snapshots(c, validation);
    if (count > 2)
        validation_error(validation, "secondaries",
                         "at most 2 secondary regions, got %u: name two of them (facts C.1)",
                         count);
    for (uint32_t i = 0; i < c->secondaries.count; i++)
        if (c->secondaries.items[i] == primary)
            validation_error(validation, "secondaries", "'%s' is the primary",
                             context->topology->region_names[primary]);
}

static uint32_t datastore_nodes(const struct store *store, int region)
{
    const struct datastore *datastore = datastore_of(store);

    return datastore->paid_shards * (1 + datastore->clusters[region].paid_replicas);
}

static void datastore_init(struct store *store, const struct model_env *env)
{
    struct datastore *datastore = datastore_of(store);

    datastore->store = store;
    datastore->config = store->kind_config;
    datastore->primary = datastore->config->primary < 0 ? 0 : datastore->config->primary;
    datastore->replica = sim_stream(env->sim, env->instance, "replica");
    datastore->windows = sim_stream(env->sim, env->instance, "windows");
    datastore->apply_ns =
        dist_mean(store->config->write_service) * datastore->config->replica_apply;
    datastore->apply_per_byte_ns =
        (double)store->config->write_per_kib_ns / 1024 * datastore->config->replica_apply;
    datastore->replica_lag_max =
        (sim_dur)dist_quantile(datastore->config->replica_lag, 0.99999) + 1;
    datastore->shard_count = store->shard_count;
    datastore->paid_shards = store->given->shards;
    datastore->shards = mem_alloc(store->shard_count, sizeof *datastore->shards);
    for (uint32_t s = 0; s < store->shard_count; s++) {
        datastore->shards[s] = (struct shard){.base = 1};
        shard_fork(&datastore->shards[s], 0, 0, MISS_LOST); /* history 0: the start */
    }
    losses_begin(datastore, -1);
    datastore->snapshots = (struct snapshots){
        .flushed = SIM_NEVER,
        .earlier_kind = sim_kind_add(env->sim, &datastore_earlier, env->instance, datastore),
        .begin_kind = sim_kind_add(env->sim, &datastore_snapshot, env->instance, datastore),
        .done_kind = sim_kind_add(env->sim, &datastore_saved, env->instance, datastore)};
    for (uint32_t r = 0; r < store->region_count; r++)
        datastore->clusters[r] =
            (struct datastore_cluster){.datastore = datastore,
                                       .cluster = &store->clusters[r],
                                       .paid_replicas = replicas_in(datastore->config, (int)r)};
    reshard_init(datastore, env);
    datastore_memory_init(datastore);
    datastore_offer_replicas(datastore, env->ports);
}

static void datastore_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    struct datastore *datastore = datastore_of(cluster->store);
    struct datastore_cluster *state = &datastore->clusters[cluster->region];
    struct probes *probes = sim_probe_set(env->sim);
    int region = cluster->region;

    cluster->state = state;
    state->takes_writes = region == datastore->primary;
    state->servers = mem_zalloc(datastore->shard_count, sizeof *state->servers);
    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        struct datastore_server *server = &state->servers[s];

        *server =
            (struct datastore_server){.server = &cluster->servers[s], .cluster = state, .shard = s};
        cluster->servers[s].state = server;
        log_append(server, &(struct log_entry){0});
        server_apply(server, 1); /* number 1 stands for all writes before the run */
        server->log_low = server->tenure_first = 1;
    }
    for (uint32_t s = 0; region == datastore->primary && s < datastore->shard_count; s++)
        memory_open(&cluster->servers[s], 1);
    state->lag = probe_latency_open(probes, "replication_lag", region, NULL);
    state->unreplicated = probe_level_open(probes, "unreplicated_writes", region, NULL);
    state->failovers = probe_count_open(probes, "shard_failovers", region, NULL);
    state->lost = probe_count_open(probes, "lost_writes", region, NULL);
    state->refused = probe_count_open(probes, "writes_without_replicas", region, NULL);
    state->is_primary = probe_level_open(probes, "store_is_primary", region, NULL);
    reshard_cluster_init(cluster);
    readers_init(state, env);
    windows_init(state, env);
    nodes_init(state, env);
    state->failover_kind = sim_kind_add(env->sim, &datastore_failover, env->instance, state);
    state->demote_kind = sim_kind_add(env->sim, &datastore_demote, env->instance, state);
}

static void datastore_connect(struct store *store, const struct port_directory *ports)
{
    if (store->region_count > 1)
        datastore_of(store)->stream = port_need_stream(ports, -1, -1);
    datastore_level_roles(datastore_of(store));
}

static void datastore_start(struct store *store)
{
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists)
            nodes_start(&datastore_of(store)->clusters[r]);
    datastore_snapshots_start(datastore_of(store));
}

/* For each shard exactly: every acknowledged write is held by the primary, lost, or was emptied by
 * a restart; and no server in the primary's history is ahead of the primary. */
static void datastore_finish(struct store *store)
{
    const struct datastore *datastore = datastore_of(store);

    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        const struct shard *shard = &datastore->shards[s];
        const struct datastore_server *top = &datastore->clusters[datastore->primary].servers[s];

        for (uint32_t r = 0; r < store->region_count; r++) {
            const struct datastore_server *servers = datastore->clusters[r].servers;

            invariant(!servers || servers[s].history != top->history ||
                      servers[s].applied <= top->applied);
        }
        invariant(top->log_low <= top->log_high);
        invariant(shard->acknowledged == top->applied - shard->base + shard->lost + shard->emptied);
    }
}

static void datastore_fini(struct store *store)
{
    struct datastore *datastore = datastore_of(store);

    for (uint32_t r = 0; r < REGIONS_MAX; r++) {
        struct datastore_server *servers = datastore->clusters[r].servers;

        for (uint32_t s = 0; servers && s < datastore->shard_count; s++) {
            free(servers[s].log);
            free(servers[s].changes.items);
        }
        free(datastore->clusters[r].occupied);
        free(servers);
    }
    for (uint32_t r = 0; r < REGIONS_MAX; r++)
        for (uint32_t n = 0; n < NODES_MAX; n++)
            free(datastore->names[r][n]);
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        free(datastore->shards[s].histories);
    datastore_snapshots_release(datastore);
    datastore_memory_release(datastore);
    free(datastore->shards);
    reshard_release(datastore);
}

static uint32_t cluster_parts(const void *config, const struct check_context *context, int region,
                              int peer)
{
    const struct datastore_config *c = context->kind_config;

    (void)config, (void)peer;
    return has_cluster(c, c->primary < 0 ? 0 : c->primary, region);
}

static uint32_t cluster_nodes(const void *config, const struct check_context *context, int region,
                              int peer)
{
    return cluster_parts(config, context, region, peer) * store_nodes(config);
}

static uint32_t replicated_shards(const void *config, const struct check_context *context,
                                  int region, int peer)
{
    const struct datastore_config *c = context->kind_config;

    return replicas_in(c, region) > 0 ? cluster_parts(config, context, region, peer) : 0;
}

/* A primary by itself replicates to nobody, and there is nothing to promote. */
static uint32_t replicated_parts(const void *config, const struct check_context *context,
                                 int region, int peer)
{
    return context->topology->region_count > 1 ? cluster_parts(config, context, region, peer) : 0;
}

static uint32_t saved_parts(const void *config, const struct check_context *context, int region,
                            int peer)
{
    const struct datastore_config *c = context->kind_config;

    return c->snapshots != SNAPSHOTS_NONE ? cluster_parts(config, context, region, peer) : 0;
}

/* Whichever of the two is the primary, now or after a promotion. */
static uint32_t replicated_link(const void *config, const struct check_context *context, int region,
                                int peer)
{
    return region != peer && cluster_parts(config, context, region, -1) > 0 &&
           cluster_parts(config, context, peer, -1) > 0;
}

static const struct fault_capability datastore_faults[] = {
    STORE_FAULTS(cluster_parts, cluster_nodes),
    {"store", "role_change", replicated_shards},
    {"store", "flush", cluster_parts},
    {"store", "restore", saved_parts},
    {"replication", "pause", replicated_parts},
    {"replication", "reset", replicated_parts},
    {"link/replication", "loss", replicated_link},
    {"link/replication", "delay", replicated_link},
    {"link/replication", "bandwidth", replicated_link},
    {"link/replication", "blackhole", replicated_link},
    {"link/replication", "hold", replicated_link},
    {"promote", "promote", replicated_parts},
};

const struct store_kind kind_global_datastore = {
    .model = {.name = "global-datastore",
              .meaning =
                  "active-passive: a primary cluster and up to two secondary clusters in other "
                  "regions",
              .supports = store_supports,
              .config_size = sizeof(struct datastore_config),
              FIELD_TABLE(datastore_fields),
              METRIC_TABLE(datastore_metrics),
              .rows = {LABEL_TABLE(datastore_causes), FAULT_TABLE(datastore_faults),
                       SERVICE_METRIC_TABLE(datastore_service_metrics)},
              .check = datastore_check},
    .state_size = sizeof(struct datastore),
    .row_size = sizeof(struct session_row),
    .adapt = reshard_adapt,
    .endpoints = datastore_endpoints,
    .route = datastore_route,
    .seed = datastore_seed,
    .execute = datastore_execute,
    .replica_read = datastore_replica_read,
    .class_refuses = datastore_class_refuses,
    .class_written = datastore_class_written,
    .nodes = datastore_nodes,
    .shard_of = datastore_shard_of,
    .shard_asked = datastore_shard_asked,
    .written = datastore_written,
    .holds = datastore_holds,
    .removed = datastore_removed,
    .peer = datastore_peer,
    .down = datastore_down,
    .back = datastore_back,
    .crash = datastore_crash,
    .cut = datastore_cut,
    .node_back = datastore_node_back,
    .change_roles = datastore_change_roles,
    .flush = datastore_flush,
    .init = datastore_init,
    .cluster_init = datastore_cluster_init,
    .connect = datastore_connect,
    .start = datastore_start,
    .finish = datastore_finish,
    .fini = datastore_fini,
    .promotion = &datastore_promotion,
    .losses = &datastore_losses,
};
