// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * MemoryDB over several regions: a cluster in each region that takes reads and writes, a durable
 * log in each region, and asynchronous replication between them. A read is answered from memory; a
 * write is acknowledged, and seen, once the region's log has it. Nothing acknowledged is lost with
 * a process or a host.
 *
 * Conflicts are resolved by last writer wins, for strings by key (item_versions.h); what a region
 * has not replicated when it is cut off it replicates afterwards (outbox.h).
 */
#include "last_writer.h"
#include "takeover.h"

#include <string.h>

struct memorydb_config {
    struct region_list regions;
    struct dist *log_latency;
    struct outbox_config replication;
    struct takeover_config takeover;
    sim_dur skew_ns;
};

#define MODEL_CONFIG struct memorydb_config
// clang-format off
static const struct field memorydb_fields[] = {
    REGION_LIST("regions", regions, "regions with a cluster, two to five; default: all. Clients of other regions use the first of them", "memorydb multi-region"),
    TIME_DIST("log_latency", log_latency, "0ms", "lognormal(median=3ms, p99=9ms)", "10s", "time until the region's durable log has a write", "memorydb multi-region"),
    OUTBOX_FIELDS(replication, "lognormal(median=200ms, p99=1s)", "memorydb multi-region"),
    TAKEOVER_FIELDS(takeover),
    LAST_WRITER_FIELDS(skew_ns),
};
// clang-format on

static const struct metric memorydb_metrics[] = {LAST_WRITER_METRICS};
static const struct label_row memorydb_causes[] = {LAST_WRITER_CAUSES};

static const char *const memorydb_lacks[] = {"persistence", "persistence_cost", MEMORY_LACKS,
                                             "close_on_replica_write", NULL};

/* struct store's `state`. */
struct memorydb {
    struct last_writer writer; /* writes wait for the log; must be the first member */
    struct takeover takeover;
    const struct memorydb_config *config;
};

static struct memorydb *memorydb_of(const struct store *store)
{
    return store->state;
}

/* --- endpoints ------------------------------------------------------------------------------- */

static bool has_cluster(const struct memorydb_config *config, int region)
{
    return config->regions.count == 0 || region_list_has(&config->regions, region);
}

static void memorydb_endpoints(struct store *store, struct endpoint_table *table)
{
    struct memorydb *memorydb = memorydb_of(store);

    memorydb->config = store->kind_config;
    for (int r = 0; r < (int)store->region_count; r++)
        if (has_cluster(memorydb->config, r))
            last_writer_member(
                store, table,
                (struct endpoint){.region = r, .shard = ENDPOINT_ANY, .node = ENDPOINT_ANY});
}

/* --- commands -------------------------------------------------------------------------------- */

static enum execution memorydb_execute(struct server *server, uint32_t ref, struct command *command)
{
    struct memorydb *memorydb = memorydb_of(server->cluster->store);
    struct item_view found;
    uint32_t bytes = command->reply.bytes;

    if (command_is_write(command->kind))
        return managed_begin(&memorydb->writer.managed, server, ref, command,
                             memorydb->config->log_latency);
    command->reply = last_writer_read(&memorydb->writer, command->session, command->session_check,
                                      server->cluster->region, &found);
    command->reply.bytes = bytes;
    return EXECUTION_DONE;
}

/* The log has the write. */
static void memorydb_done(struct managed *managed, uint32_t index)
{
    const struct managed_op *op = managed_at(managed, index);
    const struct reply reply = {.kind = REPLY_OK, .executed = true};

    last_writer_write((struct last_writer *)managed, op);
    managed_reply(managed, managed_at(managed, index), &reply);
    managed_free(managed, index);
}

static bool memorydb_crash(struct cluster *cluster, enum crash_kind kind)
{
    takeover_crash(&memorydb_of(cluster->store)->takeover, cluster, kind);
    return false;
}

/* --- wiring ---------------------------------------------------------------------------------- */

static void memorydb_init(struct store *store, const struct model_env *env)
{
    struct memorydb *memorydb = memorydb_of(store);
    const struct memorydb_config *config = memorydb->config;

    last_writer_init(store, env, &config->replication, config->skew_ns, memorydb_done);
    takeover_init(&memorydb->takeover, store, &config->takeover, env);
}

static void memorydb_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    last_writer_cluster_init(cluster, env);
    takeover_cluster_init(&memorydb_of(cluster->store)->takeover, cluster, env);
}

/* Where the service is offered over several regions. */
// clang-format off
static const char *const offered[] = {
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1",
    "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2", "ap-south-1",
};
// clang-format on

static void memorydb_check(const void *config, const void *kind_config,
                           const struct check_context *context, struct validation *validation)
{
    const struct memorydb_config *c = kind_config;
    const struct service_cluster cluster = {.replicas = c->takeover.replicas};
    uint32_t count = 0;

    service_check(config, &cluster, validation);
    for (int r = 0; r < (int)context->topology->region_count; r++) {
        const char *name = context->topology->region_names[r];
        bool is_offered = !store_is_cloud_region(name);

        if (!has_cluster(c, r))
            continue;
        count++;
        for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++)
            is_offered |= strcmp(offered[i], name) == 0;
        if (!is_offered)
            validation_error(validation, "regions",
                             "has '%s', where the service is not offered over several regions "
                             "(memorydb multi-region)",
                             name);
    }
    if (count > 5)
        validation_error(validation, "regions",
                         "at most 5 regions, got %u: name five of them (memorydb multi-region)",
                         count);
}

static uint32_t memorydb_nodes(const struct store *store, int region)
{
    (void)region;
    return store->shard_count * (1 + memorydb_of(store)->config->takeover.replicas);
}

static const struct usage_row memorydb_usage[] = {
    {.item = "replication", .metric = "replicated_bytes", .meaning = "bytes sent to other regions"},
};

static uint32_t cluster_parts(const void *config, const struct check_context *context, int region,
                              int peer)
{
    (void)config, (void)peer;
    return region >= 0 && has_cluster(context->kind_config, region);
}

static uint32_t cluster_nodes(const void *config, const struct check_context *context, int region,
                              int peer)
{
    return cluster_parts(config, context, region, peer) * store_nodes(config);
}

static uint32_t replicated_link(const void *config, const struct check_context *context, int region,
                                int peer)
{
    return region != peer && cluster_parts(config, context, region, -1) > 0 &&
           cluster_parts(config, context, peer, -1) > 0;
}

static const struct fault_capability memorydb_faults[] = {
    STORE_FAULTS(cluster_parts, cluster_nodes),
    LAST_WRITER_FAULTS(cluster_parts),
    OUTBOX_FAULTS(cluster_parts, replicated_link),
};

const struct store_kind kind_memorydb = {
    .model = {.name = "memorydb-multi-region",
              .meaning = "a cluster with a durable log in each region; asynchronous replication, "
                         "last writer wins",
              .lacks = memorydb_lacks,
              .config_size = sizeof(struct memorydb_config),
              FIELD_TABLE(memorydb_fields),
              METRIC_TABLE(memorydb_metrics),
              .rows = {LABEL_TABLE(memorydb_causes), FAULT_TABLE(memorydb_faults),
                       USAGE_TABLE(memorydb_usage)},
              .check = memorydb_check},
    .state_size = sizeof(struct memorydb),
    .row_size = sizeof(struct item_row),
    .endpoints = memorydb_endpoints,
    .route = last_writer_route,
    .seed = last_writer_seed,
    .execute = memorydb_execute,
    .nodes = memorydb_nodes,
    .down = managed_down,
    .back = managed_back,
    .crash = memorydb_crash,
    .found = last_writer_found,
    .init = memorydb_init,
    .cluster_init = memorydb_cluster_init,
    .finish = last_writer_finish,
    .fini = last_writer_fini,
};
