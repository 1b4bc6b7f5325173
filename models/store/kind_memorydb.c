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
#include "managed.h"
#include "outbox.h"
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
    DURATION("clock_skew", skew_ns, "0ms", "0ms", "1h", "largest deviation of a region's clock, uniform in both directions: last writer wins by these clocks", "assumption"),
};
// clang-format on

static const struct metric memorydb_metrics[] = {
    OUTBOX_METRICS,
    ITEM_METRICS,
    {.name = "missed_deletes",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "deletions without effect: the region had not received the item"},
};

/* In the order of the causes. */
enum { MISS_LAG = MISS_OF_KIND, MISS_CONFLICT };
static const struct label_row memorydb_causes[] = {
    {"reauth-cause", "replication-lag",
     "the session's last write had not yet been replicated to the region"},
    {"reauth-cause", "conflict", "a concurrent write of another region deleted the session"},
};

static const char *const memorydb_lacks[] = {"persistence", "persistence_cost", MEMORY_LACKS,
                                             "close_on_replica_write", NULL};

/* struct store's `state`. */
struct memorydb {
    struct managed managed; /* writes that wait for the log; must be the first member */
    struct items items;
    struct outbox outbox;
    struct takeover takeover;
    const struct memorydb_config *config;
    uint32_t endpoints[REGIONS_MAX]; /* that clients of a region use */
    sim_dur clock[REGIONS_MAX];      /* how far it is ahead */
    probe_id missed_deletes[REGIONS_MAX];
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
    for (int r = 0; r < (int)store->region_count; r++) {
        if (!has_cluster(memorydb->config, r))
            continue;
        memorydb->items.member_bits |= (uint16_t)(1u << r);
        memorydb->endpoints[r] =
            endpoint_add(table, (struct endpoint){.name = store->topology->region_names[r],
                                                  .region = r,
                                                  .zone = 0,
                                                  .shard = ENDPOINT_ANY,
                                                  .node = ENDPOINT_ANY});
    }
}

static uint32_t memorydb_route(const void *store, const struct client_knowledge *knowledge,
                               const struct route_query *query)
{
    store_prefetch_near(store, query->session, sizeof(struct item_row));
    return memorydb_of(store)->endpoints[knowledge->region];
}

static void memorydb_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    items_seed(&memorydb_of(store)->items, session, session_check);
}

/* --- commands -------------------------------------------------------------------------------- */

static void memorydb_read(const struct memorydb *memorydb, int region, struct command *command)
{
    const struct items *items = &memorydb->items;
    struct item_view here = item_view(items, command->session, command->session_check, region);
    struct item_view newest = item_view(items, command->session, command->session_check, -1);

    command->reply.kind = REPLY_MISS;
    if (here.state == ITEM_THERE) {
        command->reply.kind = REPLY_HIT;
        command->reply.stale = newest.value != here.value;
    } else if (newest.state == ITEM_THERE) {
        command->reply.miss = MISS_LAG;
    } else {
        command->reply.miss = (uint8_t)(newest.beat ? (int)MISS_CONFLICT : (int)MISS_NEVER_WRITTEN);
    }
}

static enum execution memorydb_execute(struct server *server, uint32_t ref, struct command *command)
{
    struct memorydb *memorydb = memorydb_of(server->cluster->store);

    if (command_is_write(command->kind))
        return managed_begin(&memorydb->managed, server, ref, command,
                             memorydb->config->log_latency);
    memorydb_read(memorydb, server->cluster->region, command);
    return EXECUTION_DONE;
}

/* The log has the write. */
static void memorydb_done(struct managed *managed, uint32_t index)
{
    struct memorydb *memorydb = (struct memorydb *)managed;
    struct store *store = managed->store;
    const struct managed_op *op = managed_at(managed, index);
    struct cluster *cluster = &store->clusters[op->region];
    struct item_view seen = item_view(&memorydb->items, op->session, op->session_check, op->region);
    const struct store_write done = {op->value, op->session, op->session_check,
                                     (enum command_kind)op->kind};
    const struct reply reply = {.kind = REPLY_OK, .executed = true};

    probe_count(store->probes, cluster->writes);
    if (op->kind == COMMAND_DELETE && seen.state == ITEM_NONE) {
        probe_count(store->probes, memorydb->missed_deletes[op->region]);
    } else {
        const struct item_write write = {.value = op->value,
                                         .session = op->session,
                                         .session_check = op->session_check,
                                         .bytes = op->bytes,
                                         .kind = (enum command_kind)op->kind,
                                         .region = op->region,
                                         .stamp =
                                             sim_now(store->sim) + memorydb->clock[op->region]};
        uint32_t version = item_write(&memorydb->items, &write);

        if (store->history)
            store_history_wrote(cluster, &done);
        if (version != NO_INDEX)
            outbox_add(&memorydb->outbox, version);
    }
    managed_reply(managed, op, &reply);
    managed_free(managed, index);
}

static uint64_t memorydb_found(const struct server *server, const struct command *command)
{
    const struct memorydb *memorydb = memorydb_of(server->cluster->store);

    return item_view(&memorydb->items, command->session, command->session_check,
                     server->cluster->region)
        .value;
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
    struct rng_stream clocks = sim_stream(env->sim, env->instance, "clocks");

    managed_init(&memorydb->managed, store, env, memorydb_done);
    items_init(&memorydb->items, store, env);
    outbox_init(&memorydb->outbox, &memorydb->items, &memorydb->config->replication, env);
    takeover_init(&memorydb->takeover, store, &memorydb->config->takeover, env);
    for (uint32_t r = 0; r < store->region_count; r++) {
        double u = rng_unit(rng_block_at(&clocks, r, 0).word[0]);

        memorydb->clock[r] = (sim_dur)((2 * u - 1) * (double)memorydb->config->skew_ns);
    }
}

static void memorydb_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    struct memorydb *memorydb = memorydb_of(cluster->store);

    takeover_cluster_init(&memorydb->takeover, cluster, env);
    memorydb->missed_deletes[cluster->region] =
        probe_count_open(sim_probe_set(env->sim), "missed_deletes", cluster->region, NULL);
}

static void memorydb_finish(struct store *store)
{
    items_check(&memorydb_of(store)->items);
}

static void memorydb_fini(struct store *store)
{
    struct memorydb *memorydb = memorydb_of(store);

    managed_release(&memorydb->managed);
    items_release(&memorydb->items);
    outbox_release(&memorydb->outbox);
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
    .route = memorydb_route,
    .seed = memorydb_seed,
    .execute = memorydb_execute,
    .nodes = memorydb_nodes,
    .down = managed_down,
    .back = managed_back,
    .crash = memorydb_crash,
    .found = memorydb_found,
    .init = memorydb_init,
    .cluster_init = memorydb_cluster_init,
    .finish = memorydb_finish,
    .fini = memorydb_fini,
};
