// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A cache with a durable log in its region (ElastiCache durability): one for all regions, or an
 * independent one in each. A global datastore cannot have it.
 *
 *   sync   a write is acknowledged, and seen, once the log has it: a crash loses nothing
 *   async  a write is acknowledged at once; a crash loses what the log does not have yet. Where the
 *          log has been out of reach for `tolerance`, writes are refused
 *
 * A fault `replication: REGION, pause: true` puts the region's log out of reach.
 */
#include "kind_regional.h"
#include "managed.h"
#include "stream.h"
#include "takeover.h"

struct durable_config {
    int32_t primary; /* region; -1: not given */
    bool regional;
    int mode; /* enum durable_mode */
    struct dist *log_latency, *log_lag;
    sim_dur tolerance_ns;
    struct takeover_config takeover;
};
enum durable_mode { DURABLE_SYNC, DURABLE_ASYNC };
static const char *const durable_modes[] = {"sync", "async", NULL};

#define MODEL_CONFIG struct durable_config
// clang-format off
static const struct field durable_fields[] = {
    REGION("primary", primary, "region of the cache for all regions; default: the first region", "facts F"),
    FLAG("regional", regional, "false", "an independent cache in each region instead", "assumption"),
    CHOICE("durability", mode, durable_modes, "sync", "sync: a write is acknowledged once the log has it; async: at once", "facts 0.13"),
    TIME_DIST("log_latency", log_latency, "0ms", "lognormal(median=3ms, p99=9ms)", "10s", "sync: time until the log has a write", "facts 0.13"),
    TIME_DIST("log_lag", log_lag, "0ms", "exponential(1s)", "10s", "async: age of the oldest write that the log does not have when the cluster crashes", "assumption"),
    DURATION("tolerance", tolerance_ns, "0s", "10s", "1h", "async: time without the log after which writes are refused", "facts 0.13"),
    TAKEOVER_FIELDS(takeover),
};
// clang-format on

static const struct metric durable_metrics[] = {
    {.name = "log_refusals",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "writes refused since the log was out of reach"},
};

static const struct label_row durable_causes[] = {
    {"reauth-cause", "other-region", "the session is in the store of another region"},
};

static const char *const durable_lacks[] = {"persistence", "persistence_cost",
                                            "close_on_replica_write", NULL};

/* struct store's `state`. */
struct durable {
    struct regional regional; /* must be the first member */
    struct managed managed;   /* writes that wait for the log */
    struct takeover takeover;
    const struct durable_config *config;
    struct rng_stream lags;
    struct stream_port port;             /* for the fault */
    sim_time without_since[REGIONS_MAX]; /* the log is out of reach since then; -1: it is not */
    uint32_t crashes;
    probe_id refusals[REGIONS_MAX];
};

static struct durable *durable_of(const struct store *store)
{
    return store->state;
}

static int primary_of(const struct durable_config *config)
{
    return config->primary < 0 ? 0 : config->primary;
}

/* --- endpoints ------------------------------------------------------------------------------- */

static bool has_cache(const struct durable_config *config, int region)
{
    return config->regional || region == primary_of(config);
}

/* Endpoint r is that of region r, or the only one. */
static void durable_endpoints(struct store *store, struct endpoint_table *table)
{
    const struct durable_config *config = store->kind_config;

    for (int r = 0; r < (int)store->region_count; r++)
        if (has_cache(config, r))
            endpoint_add(table, (struct endpoint){.name = store->topology->region_names[r],
                                                  .region = r,
                                                  .zone = 0,
                                                  .shard = ENDPOINT_ANY,
                                                  .node = ENDPOINT_ANY});
}

static uint32_t durable_route(const void *store, const struct client_knowledge *knowledge,
                              const struct route_query *query)
{
    store_prefetch_near(store, query->session, sizeof(struct regional_row));
    return durable_of(store)->config->regional ? (uint32_t)knowledge->region : 0;
}

static void durable_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    const struct durable_config *config = store->kind_config;

    regional_seed_in(store, session, session_check,
                     config->regional ? ref_region(session) : (uint32_t)primary_of(config));
}

/* --- commands -------------------------------------------------------------------------------- */

/* Is the write to be refused? */
static bool lacks_log(const struct durable *durable, int region)
{
    sim_time since = durable->without_since[region];

    return since >= 0 &&
           sim_now(durable->managed.store->sim) - since >= durable->config->tolerance_ns;
}

static enum execution durable_execute(struct server *server, uint32_t ref, struct command *command)
{
    struct durable *durable = durable_of(server->cluster->store);
    int region = server->cluster->region;

    if (!command_is_write(command->kind))
        return regional_execute(server, ref, command);
    if (durable->config->mode == DURABLE_SYNC)
        return managed_begin(&durable->managed, server, ref, command, durable->config->log_latency);
    if (!lacks_log(durable, region))
        return regional_execute(server, ref, command);
    probe_count(durable->managed.store->probes, durable->refusals[region]);
    command->reply.kind = REPLY_ERROR;
    return EXECUTION_DONE;
}

/* The log has the write; or it is out of reach, and the write has no reply. */
static void durable_done(struct managed *managed, uint32_t index)
{
    struct durable *durable = managed->store->state;
    const struct managed_op *op = managed_at(managed, index);
    struct command command = {.identity = op->value,
                              .session = op->session,
                              .session_check = op->session_check,
                              .bytes = op->bytes,
                              .kind = op->kind};

    if (durable->without_since[op->region] < 0) {
        regional_execute(managed_server(managed, op), 0, &command);
        managed_reply(managed, op, &command.reply);
    }
    managed_free(managed, index);
}

/* --- faults ---------------------------------------------------------------------------------- */

/* A cluster that crashes loses what its log does not have; one whose log is out of reach has
 * nothing of that time in it. */
static void durable_down(struct cluster *cluster, enum crash_kind kind)
{
    struct durable *durable = durable_of(cluster->store);
    sim_time now = sim_now(cluster->store->sim), from = durable->without_since[cluster->region];
    struct rng_block block =
        rng_block_at(&durable->lags, (uint64_t)cluster->region, durable->crashes++);

    (void)kind;
    managed_forget(&durable->managed, cluster->region);
    if (durable->config->mode == DURABLE_SYNC)
        return;
    if (from < 0)
        from = now - dist_sample_ns(durable->config->log_lag, block.word[0]);
    regional_lose_since(cluster, from < 0 ? 0 : from);
}

static bool durable_crash(struct cluster *cluster, enum crash_kind kind)
{
    takeover_crash(&durable_of(cluster->store)->takeover, cluster, kind);
    return false;
}

static void durable_pause(void *self, int region, bool begin)
{
    struct durable *durable = self;

    durable->without_since[region] = begin ? sim_now(durable->managed.store->sim) : -1;
}

/* --- wiring ---------------------------------------------------------------------------------- */

static void durable_init(struct store *store, const struct model_env *env)
{
    struct durable *durable = durable_of(store);

    durable->config = store->kind_config;
    managed_init(&durable->managed, store, env, durable_done);
    takeover_init(&durable->takeover, store, &durable->config->takeover, env);
    durable->lags = sim_stream(env->sim, env->instance, "log");
    durable->port = (struct stream_port){.self = durable, .pause = durable_pause};
    port_offer_stream(env->ports, -1, -1, &durable->port);
}

static void durable_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    struct durable *durable = durable_of(cluster->store);

    takeover_cluster_init(&durable->takeover, cluster, env);
    durable->without_since[cluster->region] = -1;
    durable->refusals[cluster->region] =
        probe_count_open(sim_probe_set(env->sim), "log_refusals", cluster->region, NULL);
    regional_cluster_init(cluster, env);
}

static void durable_fini(struct store *store)
{
    regional_fini(store);
    managed_release(&durable_of(store)->managed);
}

static void durable_check(const void *config, const void *kind_config,
                          const struct check_context *context, struct validation *validation)
{
    const struct durable_config *c = kind_config;
    const struct service_cluster cluster = {.replicas = c->takeover.replicas, .is_durable = true};

    (void)context;
    service_check(config, &cluster, validation);
    memory_check(config, validation);
    if (c->takeover.replicas == 0)
        validation_error(validation, "replicas",
                         "must be at least 1: a durable cache needs a replica (facts 0.13)");
    if (c->regional && c->primary >= 0)
        validation_error(validation, "primary", "does not go with 'regional: true'");
}

/* Asynchronous durability costs nothing. */
static double durable_hours(const void *self)
{
    const struct store *store = self;
    const struct durable_config *config = store->kind_config;

    return config->mode == DURABLE_ASYNC ? 0 : store_node_hours(store);
}

static uint32_t durable_nodes(const struct store *store, int region)
{
    (void)region;
    return store->shard_count * (1 + durable_of(store)->config->takeover.replicas);
}

static const struct usage_row durable_usage[] = {
    {.item = "durability", .amount = durable_hours, .meaning = "hours of nodes with a log"},
};

static uint32_t cache_parts(const void *config, const struct check_context *context, int region,
                            int peer)
{
    (void)config, (void)peer;
    return region >= 0 && has_cache(context->kind_config, region);
}

static uint32_t cache_nodes(const void *config, const struct check_context *context, int region,
                            int peer)
{
    return cache_parts(config, context, region, peer) * store_nodes(config);
}

static const struct fault_capability durable_faults[] = {
    STORE_FAULTS(cache_parts, cache_nodes),
    {"replication", "pause", cache_parts},
    {"store", "flush", cache_parts},
};

const struct store_kind kind_durable_cache = {
    .model = {.name = "durable-cache",
              .meaning = "a cache with a durable log in its region, for all regions or one in each",
              .lacks = durable_lacks,
              .config_size = sizeof(struct durable_config),
              FIELD_TABLE(durable_fields),
              METRIC_TABLE(durable_metrics),
              .rows = {LABEL_TABLE(durable_causes), FAULT_TABLE(durable_faults),
                       USAGE_TABLE(durable_usage)},
              .check = durable_check},
    .state_size = sizeof(struct durable),
    .row_size = sizeof(struct regional_row),
    .endpoints = durable_endpoints,
    .route = durable_route,
    .seed = durable_seed,
    .execute = durable_execute,
    .nodes = durable_nodes,
    .down = durable_down,
    .back = managed_back,
    .crash = durable_crash,
    .flush = regional_flush,
    .init = durable_init,
    .cluster_init = durable_cluster_init,
    .fini = durable_fini,
};
