// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Aurora DSQL over two regions and a witness. Statements and reads are local; a commit needs one of
 * the two others (quorum.h). Concurrency control is optimistic: a transaction commits unless
 * another one has committed a write of the same row since it began; otherwise it is aborted
 * (SQLSTATE 40001) and retried by the client. A region that reaches neither the other nor the
 * witness refuses everything, reads too.
 *
 * New connections are limited by a token bucket (SQLSTATE 53400), open ones by their number
 * (53300).
 */
#include "quorum_store.h"

struct dsql_config {
    struct region_list peers;
    int32_t witness;
    struct dist *read_latency, *write_latency;
    uint32_t connections_max, connection_burst;
    double connection_rate_per_s;
    struct quorum_config quorum;
};

#define MODEL_CONFIG struct dsql_config
// clang-format off
static const struct field dsql_fields[] = {
    REGION_LIST("peers", peers, "the two regions with a cluster; default: all but the witness. Clients of other regions use the first of them", "facts F"),
    REGION("witness", witness, "region that votes and holds no cluster; default: the last region", "facts F"),
    TIME_DIST("read_latency", read_latency, "0ms", "lognormal(median=3ms, p99=10ms)", "10s", "time of a transaction that reads a session", "assumption"),
    TIME_DIST("write_latency", write_latency, "0ms", "lognormal(median=9ms, p99=25ms)", "10s", "time of the statements of a write and of the local part of its commit (6 ms)", "facts F"),
    COUNT("connections.max", connections_max, "1", "10000", "1000000", "open connections of a cluster; further ones are refused", "dsql quotas"),
    COUNT("connections.burst", connection_burst, "1", "1000", "1000000", "new connections at once: size of the token bucket", "dsql quotas"),
    RATE("connections.rate", connection_rate_per_s, "1/s", "100/s", "1M/s", "rate of new connections: refill of the token bucket", "dsql quotas"),
    QUORUM_FIELDS(quorum),
};
// clang-format on

static const struct metric dsql_metrics[] = {
    OUTBOX_METRICS,
    ITEM_METRICS,
    QUORUM_METRICS,
    {.name = "connections_throttled",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "new connections refused because they came faster than connections.rate"},
};

/* Tokens for new connections of one cluster. */
struct connection_bucket {
    double tokens;
    sim_time filled;
};

/* struct store's `state`. */
struct dsql {
    struct quorum_store store; /* must be the first member */
    const struct dsql_config *config;
    struct connection_bucket buckets[REGIONS_MAX];
    probe_id throttled[REGIONS_MAX];
};

static struct dsql *dsql_of(const struct store *store)
{
    return store->state;
}

static void dsql_adapt(struct store_config *config, const void *kind_config)
{
    managed_adapt(config, kind_config);
    config->connections_max = ((const struct dsql_config *)kind_config)->connections_max;
}

/* --- endpoints ------------------------------------------------------------------------------- */

static int witness_of(const struct dsql_config *config, const struct topology *topology)
{
    return config->witness >= 0 ? config->witness : (int)topology->region_count - 1;
}

static bool is_peer(const struct dsql_config *config, const struct topology *topology, int region)
{
    return region_list_has(&config->peers, region) ||
           (config->peers.count == 0 && region != witness_of(config, topology));
}

static void dsql_endpoints(struct store *store, struct endpoint_table *table)
{
    struct dsql *dsql = dsql_of(store);

    dsql->config = store->kind_config;
    for (int r = 0; r < (int)store->region_count; r++)
        if (is_peer(dsql->config, store->topology, r))
            quorum_store_member(store, table, r);
    quorum_store_witness(store, table, witness_of(dsql->config, store->topology));
}

/* --- connections ----------------------------------------------------------------------------- */

static bool dsql_admits(struct cluster *cluster)
{
    struct dsql *dsql = dsql_of(cluster->store);
    struct connection_bucket *bucket = &dsql->buckets[cluster->region];
    sim_time now = sim_now(cluster->store->sim);

    if (now == 0)
        return true; /* of a warm pool: it was opened some time before */
    bucket->tokens +=
        dsql->config->connection_rate_per_s * (double)(now - bucket->filled) / (double)SIM_S;
    bucket->filled = now;
    if (bucket->tokens > dsql->config->connection_burst)
        bucket->tokens = dsql->config->connection_burst;
    if (bucket->tokens < 1) {
        probe_count(cluster->store->probes, dsql->throttled[cluster->region]);
        return false;
    }
    bucket->tokens -= 1;
    return true;
}

/* --- operations ------------------------------------------------------------------------------ */

static enum execution dsql_execute(struct server *server, uint32_t ref, struct command *command)
{
    struct dsql *dsql = dsql_of(server->cluster->store);

    return managed_begin(&dsql->store.managed, server, ref, command,
                         command_is_write(command->kind) ? dsql->config->write_latency
                                                         : dsql->config->read_latency);
}

static bool voter_accepts(const struct quorum *quorum, uint32_t proposal, int voter)
{
    (void)voter;
    return !item_has_later_commit(quorum->items, proposal, true);
}

static struct reply dsql_read(const struct quorum *quorum, const struct managed_op *op)
{
    struct item_view view = item_view(quorum->items, op->session, op->session_check, -1);

    if (view.state == ITEM_THERE)
        return (struct reply){.kind = REPLY_HIT};
    return (struct reply){.kind = REPLY_MISS, .miss = MISS_NEVER_WRITTEN};
}

static void dsql_done(struct managed *managed, uint32_t index)
{
    struct dsql *dsql = (struct dsql *)managed;
    const struct managed_op *op = managed_at(managed, index);

    if (op->kind != COMMAND_GET)
        quorum_write(&dsql->store.quorum, index);
    else if (quorum_is_isolated(&dsql->store.quorum, op->region))
        quorum_refuse(&dsql->store.quorum, index);
    else
        quorum_read_here(&dsql->store.quorum, index);
}

static uint64_t dsql_found(const struct server *server, const struct command *command)
{
    const struct dsql *dsql = dsql_of(server->cluster->store);

    return item_view(&dsql->store.items, command->session, command->session_check, -1).value;
}

/* --- wiring ---------------------------------------------------------------------------------- */

static void dsql_init(struct store *store, const struct model_env *env)
{
    struct dsql *dsql = dsql_of(store);

    dsql->store.quorum.accepts = voter_accepts;
    dsql->store.quorum.one_refusal = true;
    dsql->store.quorum.read = dsql_read;
    quorum_store_init(store, env, &dsql->config->quorum, dsql_done);
}

static void dsql_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    struct dsql *dsql = dsql_of(cluster->store);

    dsql->buckets[cluster->region].tokens = dsql->config->connection_burst;
    dsql->throttled[cluster->region] =
        probe_count_open(sim_probe_set(env->sim), "connections_throttled", cluster->region, NULL);
}

static void dsql_check(const void *config, const void *kind_config,
                       const struct check_context *context, struct validation *validation)
{
    const struct dsql_config *c = kind_config;
    int regions[REGIONS_MAX + 1];
    uint32_t count = 0;

    (void)config;
    for (int r = 0; r < (int)context->topology->region_count; r++)
        if (is_peer(c, context->topology, r))
            regions[count++] = r;
    if (count > 2) {
        validation_error(validation, "peers",
                         "must be two regions, got %u: name two of them (facts F)", count);
        return;
    }
    regions[count++] = witness_of(c, context->topology);
    quorum_check(context, validation, "peers", regions, count);
}

static uint32_t peer_parts(const void *config, const struct check_context *context, int region,
                           int peer)
{
    (void)config, (void)peer;
    return region >= 0 && is_peer(context->kind_config, context->topology, region);
}

static uint32_t member_link(const void *config, const struct check_context *context, int region,
                            int peer)
{
    int witness = witness_of(context->kind_config, context->topology);

    return region != peer && (peer_parts(config, context, region, -1) > 0 || region == witness) &&
           (peer_parts(config, context, peer, -1) > 0 || peer == witness);
}

static const struct fault_capability dsql_faults[] = {
    MANAGED_FAULTS(peer_parts),
    {"store", "conflicts", peer_parts},
    {"store", "access", peer_parts},
    LINK_REPLICATION_FAULTS(member_link),
};

const struct store_kind kind_aurora_dsql = {
    .model = {.name = "aurora-dsql",
              .meaning =
                  "a distributed SQL database in two regions with a witness; commits wait for "
                  "a second region and may be aborted",
              .lacks = managed_lacks,
              .config_size = sizeof(struct dsql_config),
              FIELD_TABLE(dsql_fields),
              METRIC_TABLE(dsql_metrics),
              .rows = {FAULT_TABLE(dsql_faults)},
              .check = dsql_check},
    .state_size = sizeof(struct dsql),
    .row_size = sizeof(struct item_row),
    .adapt = dsql_adapt,
    .managed = true,
    .admits = dsql_admits,
    .endpoints = dsql_endpoints,
    .route = quorum_store_route,
    .seed = quorum_store_seed,
    .execute = dsql_execute,
    .down = managed_down,
    .back = managed_back,
    .found = dsql_found,
    .init = dsql_init,
    .cluster_init = dsql_cluster_init,
    .finish = quorum_store_finish,
    .fini = quorum_store_fini,
};
