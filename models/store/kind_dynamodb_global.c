// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DynamoDB global tables with eventual consistency: a replica table in each region takes reads and
 * writes, and each write is replicated to the others afterwards, item by item. Of concurrent writes
 * of an item the later one wins, and the other is lost without an error (item_versions.h).
 *
 * A table has a capacity in each region, for reads and for writes (table_capacity.h); requests
 * above it are throttled. Replicated writes use the write capacity, too, and wait for it.
 */
#include "table_capacity.h"
#include "last_writer.h"
#include "phase_rule.h"

#include <stdlib.h>

struct global_table_config {
    struct region_list replicas;
    struct dist *read_latency, *write_latency;
    struct outbox_config replication;
    sim_dur skew_ns;
    struct capacity_config capacity;
    struct capacity_limits on_demand[2], provisioned[2];
    double on_demand_max_per_s;
    struct region_list cold;
    sim_dur ttl_ns;
    struct dist *ttl_delay;
    bool ttl_filter;
};
enum { READS, WRITES };
static const char *const capacity_modes[] = {"on-demand", "provisioned", NULL};

#define MODEL_CONFIG struct global_table_config
// clang-format off
static const struct field global_table_fields[] = {
    REGION_LIST("replicas", replicas, "regions with a replica table; default: all. Clients of other regions use the first of them", "facts F"),
    TIME_DIST("read_latency", read_latency, "0ms", "lognormal(median=3ms, p99=10ms)", "10s", "time that the service takes for a read", "assumption"),
    TIME_DIST("write_latency", write_latency, "0ms", "lognormal(median=5ms, p99=15ms)", "10s", "time that the service takes for a write", "assumption"),
    OUTBOX_FIELDS(replication, "lognormal(median=400ms, p99=2.4s)", "facts F"),
    LAST_WRITER_FIELDS(skew_ns),
    VARIANT("capacity", capacity.mode, capacity_modes, "on-demand", "how much a replica table serves: on-demand (it follows the load) or provisioned", "facts F"),
    RATE("capacity.on-demand.write", on_demand[WRITES].initial_per_s, "1/s", "4000/s", "1M/s", "write units a second of a new table; a write of up to 1 KiB is one unit", "facts F"),
    RATE("capacity.on-demand.read", on_demand[READS].initial_per_s, "1/s", "12000/s", "1M/s", "read units a second of a new table; a read of up to 4 KiB is half a unit, a strong one a unit", "facts F"),
    RATE("capacity.on-demand.max", on_demand_max_per_s, "1/s", "40000/s", "10M/s", "quota of a table, for reads and for writes", "facts F"),
    DURATION("capacity.on-demand.step", capacity.step_ns, "1min", "30min", "30min", "age from which a minute's consumption counts: the table serves twice the largest of them", "facts F"),
    RATE("capacity.provisioned.write", provisioned[WRITES].initial_per_s, "1/s", "1000/s", "1M/s", "write units a second at the start", "assumption"),
    RATE("capacity.provisioned.read", provisioned[READS].initial_per_s, "1/s", "1000/s", "1M/s", "read units a second at the start", "assumption"),
    REGION_LIST("capacity.provisioned.cold", cold, "regions that start with the minimum, as auto scaling leaves an idle replica", "facts F"),
    FLAG("capacity.provisioned.auto_scaling", capacity.scales, "true", "auto scaling between minimum and maximum", "facts F"),
    RATE("capacity.provisioned.min_write", provisioned[WRITES].min_per_s, "1/s", "100/s", "1M/s", "minimum write capacity", "assumption"),
    RATE("capacity.provisioned.max_write", provisioned[WRITES].max_per_s, "1/s", "40000/s", "1M/s", "maximum write capacity", "assumption"),
    RATE("capacity.provisioned.min_read", provisioned[READS].min_per_s, "1/s", "100/s", "1M/s", "minimum read capacity", "assumption"),
    RATE("capacity.provisioned.max_read", provisioned[READS].max_per_s, "1/s", "40000/s", "1M/s", "maximum read capacity", "assumption"),
    SHARE("capacity.provisioned.target", capacity.target_share, "20%", "70%", "90%", "target utilization of auto scaling", "facts F"),
    DURATION("capacity.provisioned.delay", capacity.delay_ns, "0s", "4min", "1h", "time from the minute that makes auto scaling act until the capacity changes", "facts F"),
    DURATION("capacity.provisioned.burst", capacity.burst_ns, "1s", "300s", "1h", "unused capacity that is kept", "facts F"),
    DURATION("ttl.after", ttl_ns, "0s", "0s", "365d", "age of an item's last write at which it expires; 0: never", "assumption"),
    TIME_DIST("ttl.deletion", ttl_delay, "0s", "uniform(low=0s, high=48h)", "365d", "time from its expiry until the service deletes it", "facts F"),
    FLAG("ttl.filter", ttl_filter, "true", "readers take an expired item for absent", "facts F"),
};
// clang-format on

static const struct metric global_table_metrics[] = {
    LAST_WRITER_METRICS,
    {.name = "throttled_requests",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "requests answered with an error because the capacity of the region's table was "
                "exceeded"},
    {.name = "consumed_write_units",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "write units of the region's table, those of replicated writes too"},
    {.name = "consumed_read_half_units",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "read units of the region's table x 2: a read up to 4 KiB is half a unit"},
    {.name = "ttl_deletions",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "expired items deleted by the service"},
};

/* In the order of the causes. */
static const struct label_row global_table_causes[] = {
    LAST_WRITER_CAUSES,
};

/* struct store's `state`. */
struct global_table {
    struct last_writer writer; /* must be the first member */
    const struct global_table_config *config;
    struct capacity_config capacity; /* of the mode that is chosen */
    struct capacity tables[REGIONS_MAX][2];
    struct rng_stream ttl;
    kind_id minute_kind, expiry_kind, late_kind[REGIONS_MAX];
    probe_id throttled[REGIONS_MAX], ttl_deletions[REGIONS_MAX];
    probe_id consumed[2][REGIONS_MAX]; /* READS: half units */
};

static struct global_table *table_of(const struct store *store)
{
    return store->state;
}

/* --- endpoints ------------------------------------------------------------------------------- */

static bool has_replica(const struct global_table_config *config, int region)
{
    return config->replicas.count == 0 || region_list_has(&config->replicas, region);
}

static void global_table_endpoints(struct store *store, struct endpoint_table *table)
{
    for (int r = 0; r < (int)store->region_count; r++)
        if (has_replica(store->kind_config, r))
            last_writer_member(store, table,
                               (struct endpoint){.region = r,
                                                 .zone = ENDPOINT_ANY,
                                                 .shard = ENDPOINT_ANY,
                                                 .node = ENDPOINT_ANY});
}

/* --- capacity -------------------------------------------------------------------------------- */

static enum execution global_table_execute(struct server *server, uint32_t ref,
                                           struct command *command)
{
    struct global_table *table = table_of(server->cluster->store);
    int region = server->cluster->region;
    bool is_write = command_is_write(command->kind);
    double units = is_write ? managed_write_units(command->bytes)
                            : managed_read_units(command, command->latest);

    if (!capacity_take(&table->tables[region][is_write], units,
                       sim_now(table->writer.managed.store->sim))) {
        probe_count(table->writer.managed.store->probes, table->throttled[region]);
        command->reply.kind = REPLY_THROTTLED;
        return EXECUTION_DONE;
    }
    probe_count_many(table->writer.managed.store->probes, table->consumed[is_write][region],
                     (uint64_t)(is_write ? units : 2 * units));
    return managed_begin(&table->writer.managed, server, ref, command,
                         is_write ? table->config->write_latency : table->config->read_latency);
}

/* A replicated write has arrived: it waits for write capacity. */
static void replicated_write(struct outbox *outbox, uint32_t index, int region)
{
    struct global_table *table = table_of(outbox->store);
    struct sim *sim = outbox->store->sim;
    double units = managed_write_units(version_at(outbox->items, index)->bytes);
    sim_dur wait = capacity_borrow(&table->tables[region][WRITES], units, sim_now(sim));

    probe_count_many(outbox->store->probes, table->consumed[WRITES][region], (uint64_t)units);
    if (wait == 0)
        outbox_apply(outbox, index, region);
    else
        sim_after(sim, wait, table->late_kind[region], index, 0);
}

/* Its capacity is there. */
static void global_table_on_late(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    const struct cluster *cluster = self;

    (void)sim, (void)generation;
    outbox_apply(&table_of(cluster->store)->writer.outbox, entity, cluster->region);
}

static const struct event_kind global_table_late = {
    .name = "late", .phase = PHASE_WORK, .fire = global_table_on_late};

static void global_table_on_minute(void *self, struct sim *sim, uint32_t entity,
                                   uint32_t generation)
{
    struct global_table *table = self;

    (void)entity, (void)generation;
    for (uint32_t r = 0; r < table->writer.managed.store->region_count; r++)
        for (int use = 0; use < 2; use++)
            capacity_minute(&table->tables[r][use], sim_now(sim));
    sim_after(sim, 60 * SIM_S, table->minute_kind, 0, 0);
}

static const struct event_kind global_table_minute = {
    .name = "minute", .phase = PHASE_WORK, .fire = global_table_on_minute};

/* --- expiry ---------------------------------------------------------------------------------- */

static bool is_expired(const struct global_table *table, const struct item_view *view)
{
    return table->config->ttl_ns > 0 &&
           sim_now(table->writer.managed.store->sim) - view->stamp > table->config->ttl_ns;
}

/* The service checks the item some time after it expires, if it is not written before. */
static void expiry_arm(struct global_table *table, uint32_t session, uint32_t check,
                       const struct item_view *view)
{
    struct sim *sim = table->writer.managed.store->sim;
    struct rng_block block = rng_block_at(&table->ttl, view->value, (uint64_t)view->stamp);
    sim_time when = view->stamp + table->config->ttl_ns +
                    dist_sample_ns(table->config->ttl_delay, block.word[0]);

    sim_at(sim, when > sim_now(sim) ? when : sim_now(sim), table->expiry_kind, session, check);
}

static void global_table_on_expiry(void *self, struct sim *sim, uint32_t entity,
                                   uint32_t generation)
{
    struct global_table *table = self;
    struct store *store = table->writer.managed.store;
    struct item_view view = item_view(&table->writer.items, entity, generation, -1);

    if (view.state != ITEM_THERE)
        return;
    if (!store->clusters[view.region].up) {
        sim_after(sim, 60 * SIM_S, table->expiry_kind, entity, generation);
    } else if (is_expired(table, &view)) {
        probe_count(store->probes, table->ttl_deletions[view.region]);
        last_writer_put(&table->writer, &(struct item_write){.value = rng_mix(view.value + 1),
                                                             .session = entity,
                                                             .session_check = generation,
                                                             .bytes = 0,
                                                             .kind = COMMAND_DELETE,
                                                             .region = view.region,
                                                             .stamp = last_writer_clock(
                                                                 &table->writer, view.region)});
    } else {
        expiry_arm(table, entity, generation, &view);
    }
}

static const struct event_kind global_table_expiry = {
    .name = "expiry", .phase = PHASE_WORK, .fire = global_table_on_expiry};

/* --- operations ------------------------------------------------------------------------------ */

static void global_table_write(struct global_table *table, const struct managed_op *op)
{
    const struct items *items = &table->writer.items;
    struct item_view seen = item_view(items, op->session, op->session_check, op->region);

    if (!last_writer_write(&table->writer, op) || table->config->ttl_ns == 0 ||
        op->kind == COMMAND_DELETE || seen.state == ITEM_THERE)
        return;
    seen = item_view(items, op->session, op->session_check, op->region);
    if (seen.state == ITEM_THERE)
        expiry_arm(table, op->session, op->session_check, &seen);
}

static struct reply global_table_read(const struct global_table *table, const struct managed_op *op)
{
    struct item_view found;
    struct reply reply =
        last_writer_read(&table->writer, op->session, op->session_check, op->region, &found);

    if (reply.kind == REPLY_HIT && table->config->ttl_filter && is_expired(table, &found))
        reply = (struct reply){.kind = REPLY_MISS, .miss = MISS_EXPIRED};
    return reply;
}

static void global_table_done(struct managed *managed, uint32_t index)
{
    struct global_table *table = (struct global_table *)managed;
    const struct managed_op *op = managed_at(managed, index);
    struct reply reply = {.kind = REPLY_OK, .executed = true};

    if (op->kind == COMMAND_GET)
        reply = global_table_read(table, op);
    else
        global_table_write(table, op);
    managed_reply(managed, op, &reply);
    managed_free(managed, index);
}

/* --- wiring ---------------------------------------------------------------------------------- */

static void init_capacity(struct global_table *table, int region)
{
    const struct global_table_config *config = table->config;
    bool is_cold = region_list_has(&config->cold, region);

    for (int use = 0; use < 2; use++) {
        struct capacity_limits on_demand = config->on_demand[use];

        on_demand.max_per_s = config->on_demand_max_per_s;
        if (config->capacity.mode == CAPACITY_ON_DEMAND)
            capacity_init(&table->tables[region][use], &table->capacity, &on_demand, false);
        else
            capacity_init(&table->tables[region][use], &table->capacity, &config->provisioned[use],
                          is_cold);
    }
}

static void global_table_init(struct store *store, const struct model_env *env)
{
    struct global_table *table = table_of(store);
    const struct phase_rule rule = {.kind = PHASE_OF_SCENARIO};

    table->config = store->kind_config;
    table->capacity = table->config->capacity;
    if (table->capacity.mode == CAPACITY_ON_DEMAND)
        table->capacity.burst_ns = 1 * SIM_S;
    last_writer_init(store, env, &table->config->replication, table->config->skew_ns,
                     global_table_done);
    table->writer.outbox.arrived = replicated_write;
    table->ttl = sim_stream(env->sim, env->instance, "ttl");
    table->minute_kind = sim_kind_add(env->sim, &global_table_minute, env->instance, table);
    table->expiry_kind = sim_kind_add(env->sim, &global_table_expiry, env->instance, table);
    sim_at(env->sim, phase_start_ns(&rule, env->sim, env->instance, 0, 60 * SIM_S),
           table->minute_kind, 0, 0);
    for (int r = 0; r < (int)store->region_count; r++)
        init_capacity(table, r);
}

static void global_table_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    struct global_table *table = table_of(cluster->store);
    struct probes *probes = sim_probe_set(env->sim);
    int r = cluster->region;

    table->late_kind[r] = sim_kind_add(env->sim, &global_table_late, env->instance, cluster);
    table->throttled[r] = probe_count_open(probes, "throttled_requests", r, NULL);
    table->consumed[READS][r] = probe_count_open(probes, "consumed_read_half_units", r, NULL);
    table->consumed[WRITES][r] = probe_count_open(probes, "consumed_write_units", r, NULL);
    last_writer_cluster_init(cluster, env);
    table->ttl_deletions[r] = probe_count_open(probes, "ttl_deletions", r, NULL);
}

static void global_table_check(const void *config, const void *kind_config,
                               const struct check_context *context, struct validation *validation)
{
    const struct global_table_config *c = kind_config;

    (void)config, (void)context;
    for (int use = 0; use < 2; use++) {
        const struct capacity_limits *limits = &c->provisioned[use];

        if (c->capacity.mode == CAPACITY_PROVISIONED &&
            (limits->initial_per_s < limits->min_per_s ||
             limits->initial_per_s > limits->max_per_s))
            validation_error(validation,
                             use == READS ? "capacity.provisioned.read"
                                          : "capacity.provisioned.write",
                             "must be between minimum and maximum");
    }
}

/* --- usage ----------------------------------------------------------------------------------- */

/* Units used on demand, or hours of units provisioned, in all regions. */
static double table_usage(const struct store *store, int use, int mode)
{
    struct global_table *table = table_of(store);
    double sum = 0;

    if (table->capacity.mode != mode)
        return 0;
    for (uint32_t r = 0; r < store->region_count; r++)
        if (has_replica(table->config, (int)r))
            sum += mode == CAPACITY_ON_DEMAND
                       ? table->tables[r][use].total
                       : capacity_provided(&table->tables[r][use], sim_now(store->sim)) / 3600;
    return sum;
}

static double used_writes(const void *store)
{
    return table_usage(store, WRITES, CAPACITY_ON_DEMAND);
}

static double used_reads(const void *store)
{
    return table_usage(store, READS, CAPACITY_ON_DEMAND);
}

static double provided_writes(const void *store)
{
    return table_usage(store, WRITES, CAPACITY_PROVISIONED);
}

static double provided_reads(const void *store)
{
    return table_usage(store, READS, CAPACITY_PROVISIONED);
}

static const struct usage_row global_table_usage[] = {
    {.item = "write-units", .amount = used_writes, .meaning = "write units, replicated ones too"},
    {.item = "read-units", .amount = used_reads, .meaning = "read units"},
    {.item = "write-capacity",
     .amount = provided_writes,
     .meaning = "hours of write units a second"},
    {.item = "read-capacity", .amount = provided_reads, .meaning = "hours of read units a second"},
    {.item = "replication", .metric = "replicated_bytes", .meaning = "bytes sent to other regions"},
};

static uint32_t replica_parts(const void *config, const struct check_context *context, int region,
                              int peer)
{
    (void)config, (void)peer;
    return region >= 0 && has_replica(context->kind_config, region);
}

static uint32_t replicated_link(const void *config, const struct check_context *context, int region,
                                int peer)
{
    return region != peer && replica_parts(config, context, region, -1) > 0 &&
           replica_parts(config, context, peer, -1) > 0;
}

static const struct fault_capability global_table_faults[] = {
    MANAGED_FAULTS(replica_parts),
    LAST_WRITER_FAULTS(replica_parts),
    OUTBOX_FAULTS(replica_parts, replicated_link),
};

const struct store_kind kind_dynamodb_global = {
    .model = {.name = "dynamodb-global-tables",
              .meaning = "a managed table in each region; asynchronous replication, last writer "
                         "wins item by item",
              .lacks = managed_lacks,
              .config_size = sizeof(struct global_table_config),
              FIELD_TABLE(global_table_fields),
              METRIC_TABLE(global_table_metrics),
              .rows = {LABEL_TABLE(global_table_causes), FAULT_TABLE(global_table_faults),
                       USAGE_TABLE(global_table_usage)},
              .check = global_table_check},
    .state_size = sizeof(struct global_table),
    .row_size = sizeof(struct item_row),
    .adapt = managed_adapt,
    .managed = true,
    .signs = true,
    .endpoints = global_table_endpoints,
    .route = last_writer_route,
    .seed = last_writer_seed,
    .execute = global_table_execute,
    .down = managed_down,
    .back = managed_back,
    .found = last_writer_found,
    .init = global_table_init,
    .cluster_init = global_table_cluster_init,
    .finish = last_writer_finish,
    .fini = last_writer_fini,
};
