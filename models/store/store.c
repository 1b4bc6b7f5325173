// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The session store: table of kinds, parameters common to all kinds, and faults of clusters.
 *
 * A kind (store_kind.h) defines which clusters exist and what data they hold. This file, server.c
 * and listener.c are common to all kinds. The file is longer than 800 lines because the tables,
 * the wiring and the faults of clusters share its static functions.
 */
#include "managed.h"
#include "registry.h"
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

/* The kinds of store: struct store_kind, and name in a scenario. */
// clang-format off
#define STORE_KINDS(KIND) \
    KIND(kind_global_datastore, "global-datastore") \
    KIND(kind_regional, "regional") \
    KIND(kind_single_region, "single-region") \
    KIND(kind_memcached, "memcached") \
    KIND(kind_dynamodb_global, "dynamodb-global-tables") \
    KIND(kind_dynamodb_strong, "dynamodb-strong") \
    KIND(kind_aurora_dsql, "aurora-dsql") \
    KIND(kind_memorydb, "memorydb-multi-region") \
    KIND(kind_durable_cache, "durable-cache") \
    KIND(kind_stateless_token, "stateless-token") \
    /* end of the table */
// clang-format on

#define DECLARE(kind, name) extern const struct store_kind kind;
#define MODEL(kind, name) &(kind).model,
#define NAME(kind, name) name,
STORE_KINDS(DECLARE)
static const struct model_kind *const store_kinds[] = {STORE_KINDS(MODEL)};
static const char *const store_kind_names[] = {STORE_KINDS(NAME) NULL};

static const char *const disciplines[] = {"event-loop", "fifo", NULL};
static const char *const io_thread_choices[] = {"automatic", "off", "on", NULL};
static const char *const queue_orders[] = {"fifo", "lifo", NULL};

#define MODEL_CONFIG struct store_config
// clang-format off
static const struct field store_fields[] = {
    CHOICE("kind", kind, store_kind_names, "global-datastore", "kind of store; each kind has its own parameters and metrics", "seed 000"),
    CHOICE("discipline", discipline, disciplines, "event-loop", "order in which a server executes commands: event-loop (all that have arrived, replies at the end) or fifo (one by one)", "redis_lessons 1"),
    TIME_DIST("read_service", read_service, "0ms", "8us", "1s", "service time of a read", "facts C.2"),
    TIME_DIST("write_service", write_service, "0ms", "10us", "1s", "service time of a write", "facts C.2"),
    DURATION("write_per_kib", write_per_kib_ns, "0ms", "2us", "1s", "additional service time for each KiB of a write", "facts C.2"),
    DURATION("read_per_kib", read_per_kib_ns, "0ms", "0ms", "1s", "additional service time for each KiB of a read's value", "assumption"),
    CHOICE("node_type", node_type, node_type_names, "r7g.large", "type of the nodes of all clusters: memory, processors, network and price", "facts K"),
    CHOICE("engine", engine, engine_names, "valkey-9.1", "version of the engine of all clusters: rules of the service, and the price", "stores C.1"),
    CHOICE("cluster_mode", cluster_mode, cluster_modes, "automatic", "disabled: one shard; enabled: any number; automatic: as 'shards' needs", "facts C.2"),
    COUNT("node_quota", node_quota, "1", "90", "1000", "quota of nodes in a cluster, shards x (1 + replicas)", "facts C.2"),
    SHARE("reserved_memory", reserved_memory, "0", "25%", "90%", "share of a node's memory that data cannot use (reserved-memory-percent)", "facts C.2"),
    CHOICE("io_threads", io_threads, io_thread_choices, "automatic", "threads of their own for network and TLS, so that TLS handshakes take no time of the engine's thread; automatic: from 8 vCPUs on", "stores C.1"),
    COUNT_LIMITED("shards", shards, "1", "1", "500", "shards of each cluster; the hash slot of a session selects one", "facts C.2", "facts C.2"),
    NUMBER("hot_weight", hot_weight, "1", "1", "16000", "weight of the first shard's slots, relative to each other shard", "assumption"),
    COUNT("connections_max", connections_max, "1", "65000", "10000000", "maximum open connections of a cluster; further ones get an error and are closed", "facts C.2"),
    DURATION("connect_cost.accept", accept_ns, "0ms", "0.1ms", "1s", "server time to accept a connection; 0: it is accepted at once", "failures B.2"),
    DURATION("connect_cost.tls", tls_ns, "0ms", "2ms", "1s", "server time of a full TLS handshake; 0: it is answered at once", "failures B.2"),
    DURATION("connect_cost.resumed", tls_resumed_ns, "0ms", "0.3ms", "1s", "server time of a TLS handshake that resumes a session", "failures B.2"),
    SHARE("connect_cost.resumed_share", resumed_share, "0", "0%", "100%", "share of TLS handshakes that resume a session: most pools keep no tickets", "failures B.2"),
    DURATION("connect_cost.auth", auth_ns, "0ms", "0.6us", "1s", "with client.auth: server time of AUTH; 0: it is answered at once", "failures B.2"),
    COUNT("connect_cost.accepts_per_iteration", accepts_per_iteration, "1", "10", "100000", "connections accepted in one iteration of the event loop (1000 before Redis 7.4 and Valkey 8)", "failures B.1"),
    COUNT("connect_cost.tls_per_iteration", tls_per_iteration, "1", "1", "100000", "TLS handshakes begun in one iteration", "failures B.1"),
    SIZE("read_per_iteration", read_per_iteration_bytes, "1 B", "16 KiB", "1 GiB", "bytes of a connection's commands that an iteration reads; the rest waits for the next one", "failures B.1"),
    SIZE("write_per_iteration", write_per_iteration_bytes, "1 B", "64 KiB", "1 GiB", "bytes of replies that an iteration writes to a connection; the rest waits for the next one", "failures B.1"),
    DURATION("idle_timeout", idle_timeout_ns, "0s", "0s", "365d", "a server closes connections of clients that were idle for longer (Redis: timeout); 0: never", "failures A.2"),
    DURATION("tcp_keepalive", keepalive_ns, "0s", "300s", "1d", "TCP keep-alive of a server: a connection of a client on which nothing came for this long is probed, then three times at a third of it (Redis: tcp-keepalive); 0: off", "failures A.2"),
    PERSISTENCE_FIELDS(persistence),
    MEMORY_FIELDS(memory),
    FLAG("close_on_replica_write", close_on_replica_write, "true", "a server closes the connection of a client that writes to a replica, or to a primary that was demoted (sources disagree on the managed service's default: its parameter table says yes, reports R15 saw no)", "facts C.3"),
    CHOICE("queue_order", queue_order, queue_orders, "fifo", "order in which a server takes waiting commands: first or last come, first served", "assumption"),
    DURATION("queue_timeout", queue_timeout_ns, "0s", "0s", "1h", "a command that has waited longer at its server is answered with an error when its turn comes; 0: never", "assumption"),
    FLAG("drop_abandoned", drop_abandoned, "false", "a command whose client no longer waits for the reply is not executed when its turn comes", "assumption"),
    COUNT("admission.concurrency", admission_concurrency, "0", "0", "1000000000", "commands at a server, in service or waiting, at which more are refused with an error; 0: no limit", "assumption"),
    RATE("admission.rate", admission_rate, "0/s", "0/s", "1000M/s", "rate at which a token bucket of each server admits commands, others are refused with an error; 0: no limit", "assumption"),
    COUNT("admission.burst", admission_burst, "1", "100", "1000000", "size of the token bucket, full at the start", "assumption"),
    DURATION("slowlog_slower_than", slowlog_ns, "0ms", "10ms", "1h", "execution time above which a command of a key class is in the SLOWLOG (slowlog-log-slower-than)", "valkey.conf"),
    COUNT("accept_backlog", accept_backlog, "1", "511", "65535", "length of the accept queue of a server, in connections; SYNs beyond it are dropped", "redis_lessons 4"),
};
// clang-format on

static const char *const command_types[] = {"read", "write", NULL}; /* by command_is_write() */
// clang-format off
static const struct metric store_metrics[] = {
    {.name = "store_commands", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "commands executed by the cluster's servers, including those whose client no longer waits"},
    {.name = "commands_measured", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .label = "type", .label_values = command_types, .series = true, .meaning = "the same by type; this and the next four are recorded where an alarm or 'monitoring.record' uses them"},
    {.name = "command_time", .unit = UNIT_NS, .kind = METRIC_COUNT, .label = "type", .label_values = command_types, .meaning = "processor time of the commands; of a managed service, time until its reply"},
    {.name = "command_time_mean", .unit = UNIT_NS, .kind = METRIC_RATIO, .label = "type", .label_values = command_types, .over = "command_time", .under = "commands_measured", .series = true, .meaning = "processor time of a command, without waiting and without the network"},
    {.name = "command_sojourn", .unit = UNIT_NS, .kind = METRIC_COUNT, .label = "type", .label_values = command_types, .meaning = "time of the commands from their arrival at the server to its reply"},
    {.name = "command_sojourn_mean", .unit = UNIT_NS, .kind = METRIC_RATIO, .label = "type", .label_values = command_types, .over = "command_sojourn", .under = "commands_measured", .series = true, .better = LOWER_IS_BETTER, .meaning = "time of a command at the server: waiting, execution, and other nodes where the reply waits for them; without the network"},
    {.name = "store_connections", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "connections of clients that the cluster's nodes have accepted and not closed"},
    {.name = "store_connections_accepted", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "connections of clients accepted by the cluster's nodes"},
    {.name = "store_utilization", .unit = UNIT_SHARE, .kind = METRIC_LEVEL, .scale = 1e-6, .series = true, .meaning = "share of time that the cluster's servers are busy, mean over shards"},
    {.name = "hot_shard_utilization", .unit = UNIT_SHARE, .kind = METRIC_LEVEL, .series = true, .meaning = "utilization of the first shard, if there are several"},
    {.name = "store_queue", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "commands at the servers, waiting or in service"},
    {.name = "store_writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "writes executed and acknowledged"},
    {.name = "repeated_writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "writes executed again for the same operation"},
    {.name = "store_connections_refused", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "commands answered with an error because the limit on connections was exceeded"},
    {.name = "store_syns_dropped", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "SYNs dropped because the accept queue was full"},
    {.name = "commands_refused", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "commands refused by the store's admission control"},
    {.name = "commands_dropped", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "commands dropped from a server's queue, unexecuted: they had waited too long, or their clients no longer waited"},
    MEMORY_METRICS,
};
// clang-format on

const char *const store_supports[] = {"key-classes", NULL};

uint32_t store_nodes(const void *config)
{
    return ((const struct store_config *)config)->shards;
}

bool store_is_cloud_region(const char *name)
{
    const char *first = strchr(name, '-'), *second = first ? strchr(first + 1, '-') : NULL;

    return second && second[1] >= '1' && second[1] <= '9' && second[2] == '\0';
}

/* --- sessions and their shards --------------------------------------------------------------- */

uint32_t store_shard_of_several(const struct store *store, uint32_t session, uint32_t check)
{
    uint32_t slot = store_slot_of(session, check);

    if (__builtin_expect(store->slots_move, 0))
        return store->kind->shard_of(store, session, check);
    return store_shard_of_slot(slot, store->hot_slots, store->shard_count);
}

#define ROWS_ZEROED 1024 /* rows at a time: memory not needed by any session is not touched */

static void rows_reserve(const struct store *store, struct session_table *table, size_t count)
{
    mem_grow(&table->rows, &table->capacity, count, store->kind->row_size);
}

RARE void *store_row_slow(struct store *store, uint32_t session)
{
    struct session_table *table = &store->sessions[ref_region(session)];
    size_t size = store->kind->row_size;
    size_t count = (ref_index(session) / ROWS_ZEROED + 1) * ROWS_ZEROED;

    rows_reserve(store, table, count);
    memset(table->rows + table->count * size, 0, (count - table->count) * size);
    table->count = count;
    return table->rows + ref_index(session) * size;
}

static void store_reserve(void *self, int region, uint32_t count)
{
    struct store *store = self;

    rows_reserve(store, &store->sessions[region], count);
}

static void store_seed(void *self, uint32_t session, uint32_t session_check)
{
    struct store *store = self;

    store->kind->seed(store, session, session_check);
}

/* The node that is the primary's in the endpoint's region. */
static uint32_t store_address(const void *self, uint32_t endpoint)
{
    const struct store *store = self;
    const struct cluster *cluster = &store->clusters[store->endpoints.rows[endpoint].region];

    return cluster->nodes[cluster->primary_node].endpoint;
}

/* --- faults ---------------------------------------------------------------------------------- */

/* What else a cluster needs to be up: bits of `lacks`. */
enum { LACKS_POWER = 1, LACKS_PROCESS = 2, LACKS_ZONE = 4, LACKS_CREATION = 8 };

static void cluster_set_up(struct cluster *cluster, unsigned lack, bool has, enum crash_kind kind)
{
    const struct store_kind *ops = cluster->store->kind;
    bool up;

    cluster->lacks = has ? cluster->lacks & ~lack : cluster->lacks | lack;
    up = cluster->lacks == 0;
    if (up == cluster->up)
        return;
    cluster->up = up;
    for (uint32_t n = 0; up && n < cluster->node_count; n++)
        if (!cluster->store->by_node || !cluster->servers[n * cluster->store->node_servers].gone)
            listener_up(&cluster->nodes[n]);
    if (up) {
        ops->back(cluster, true);
        return;
    }
    cluster->stalled = false;
    cluster_drop_all(cluster);
    for (uint32_t n = 0; n < cluster->node_count; n++)
        listener_down(&cluster->nodes[n], kind);
    if (ops->down)
        ops->down(cluster, kind);
}

static void cluster_set_power(void *self, bool up)
{
    cluster_set_up(self, LACKS_POWER, up, CRASH_HOST);
}

void cluster_set_created(struct cluster *cluster, bool created)
{
    cluster_set_up(cluster, LACKS_CREATION, created, CRASH_HOST);
}

bool cluster_can_be_created(const struct cluster *cluster)
{
    return cluster->lacks == LACKS_CREATION;
}

void cluster_replace(struct cluster *cluster)
{
    cluster_drop_all(cluster);
    listener_restart(cluster);
}

static void cluster_stall(void *self, bool begin)
{
    struct cluster *cluster = self;

    cluster->stalled = begin;
    if (!begin) {
        for (uint32_t s = 0; s < cluster->store->shard_count; s++)
            if (!cluster->servers[s].busy)
                server_begin_iteration(&cluster->servers[s]);
        listener_resume(cluster);
    }
    cluster_gauges(cluster);
}

static void cluster_restart(void *self)
{
    struct cluster *cluster = self;

    if (!cluster->up)
        return;
    cluster_replace(cluster);
    cluster->store->kind->back(cluster, false);
}

static void cluster_crash(void *self, enum crash_kind kind)
{
    struct cluster *cluster = self;
    const struct store_kind *ops = cluster->store->kind;

    if (!ops->crash || !ops->crash(cluster, kind))
        cluster_set_up(cluster, LACKS_PROCESS, kind == CRASH_NONE, kind);
}

static void cluster_change_roles(void *self)
{
    struct cluster *cluster = self;

    if (cluster->up)
        cluster->store->kind->change_roles(cluster);
    cluster_gauges(cluster);
}

static void cluster_set_access(void *self, enum access_fault access)
{
    ((struct cluster *)self)->access = access;
}

static void cluster_flush(void *self)
{
    struct cluster *cluster = self;

    if (cluster->up)
        cluster->store->kind->flush(cluster);
}

void cluster_set_node(struct cluster *cluster, uint32_t index, enum crash_kind kind)
{
    struct node *node = &cluster->nodes[index];
    uint32_t servers = cluster->store->node_servers;

    for (uint32_t s = index * servers; s < (index + 1) * servers; s++)
        cluster->servers[s].gone = kind != CRASH_NONE;
    if (kind == node->down || !cluster->up)
        return; /* in a cluster that is down it is known once that is up */
    if (node->down == CRASH_NONE)
        cluster->store->kind->node_lost(cluster, index);
    for (uint32_t s = index * servers; s < (index + 1) * servers; s++)
        server_drop_all(&cluster->servers[s]);
    if (kind == CRASH_NONE)
        listener_up(node);
    else
        listener_down(node, kind);
    cluster_gauges(cluster);
}

static uint32_t node_index(const struct node *node)
{
    return (uint32_t)(node - node->cluster->nodes);
}

/* By_node: what a node lacks, by its zone and its illness. */
static enum crash_kind node_lacks(const struct node *node)
{
    const struct cluster *cluster = node->cluster;
    const struct illness *illness =
        &cluster->servers[node_index(node) * cluster->store->node_servers].illness;

    if (node->zone == ZONE_DOWN || illness->silent)
        return CRASH_HOST;
    return illness->refuses ? CRASH_PROCESS : CRASH_NONE;
}

/* A failing server answers pings: replicas do not take over. */
static void cluster_set_illness(void *self, uint32_t part, const struct illness *illness)
{
    struct cluster *cluster = self;
    bool by_node = cluster->store->by_node;
    uint32_t count = by_node ? cluster->store->node_servers : 1;

    for (uint32_t s = part * count; s < (part + 1) * count; s++) {
        cluster->servers[s].illness = *illness;
        cluster->servers[s].ill =
            illness->errors > 0 || illness->slow > 1 || illness->throttled > 0;
    }
    if (illness->corrupt > 0 && !cluster->store->corruption) {
        cluster->store->corruption = corruption_create();
        cluster->store->is_watched = true;
    }
    if (by_node)
        cluster_set_node(cluster, part, node_lacks(&cluster->nodes[part]));
}

/* --- zones ----------------------------------------------------------------------------------- */

static bool is_primary(const struct node *node)
{
    return node == &node->cluster->nodes[node->cluster->primary_node];
}

static void node_gets_power(struct node *node)
{
    struct cluster *cluster = node->cluster;

    node->zone = ZONE_WELL;
    if (cluster->store->by_node) {
        cluster_set_node(cluster, node_index(node), node_lacks(node));
        return;
    }
    if (is_primary(node))
        cluster_set_up(cluster, LACKS_ZONE, true, CRASH_NONE);
    if (cluster->up)
        listener_up(node);
}

static void node_loses_power(struct node *node)
{
    struct cluster *cluster = node->cluster;
    const struct store_kind *ops = cluster->store->kind;

    node->zone = ZONE_DOWN;
    if (cluster->store->by_node) {
        cluster_set_node(cluster, node_index(node), CRASH_HOST);
        return;
    }
    if (is_primary(node) && cluster->up && ops->crash && ops->crash(cluster, CRASH_HOST))
        return; /* a replica takes over */
    listener_down(node, CRASH_HOST);
    if (is_primary(node))
        cluster_set_up(cluster, LACKS_ZONE, false, CRASH_HOST);
}

static void node_set_cut(struct node *node, bool begin)
{
    const struct store_kind *ops = node->cluster->store->kind;

    node->zone = begin ? ZONE_CUT : ZONE_WELL;
    listener_cut(node, begin);
    if (ops->cut && is_primary(node))
        ops->cut(node->cluster, begin);
}

static void node_set_zone(struct node *node, enum zone_state state)
{
    const struct store_kind *ops = node->cluster->store->kind;

    if (node->zone == ZONE_CUT)
        node_set_cut(node, false);
    else if (node->zone == ZONE_DOWN)
        node_gets_power(node);
    if (state == ZONE_CUT)
        node_set_cut(node, true);
    else if (state == ZONE_DOWN)
        node_loses_power(node);
    else if (ops->node_back)
        ops->node_back(node->cluster);
}

static void cluster_set_zone(void *self, uint32_t zone, enum zone_state state)
{
    struct cluster *cluster = self;

    for (uint32_t n = 0; n < cluster->node_count; n++)
        if (cluster->store->endpoints.rows[cluster->nodes[n].endpoint].zone == zone)
            node_set_zone(&cluster->nodes[n], state);
    cluster_gauges(cluster);
}

/* --- the model ------------------------------------------------------------------------------- */

static void cluster_probes(struct cluster *cluster, struct probes *probes)
{
    int region = cluster->region;

    cluster->commands = probe_count_open(probes, "store_commands", region, NULL);
    cluster->accepted = probe_count_open(probes, "store_connections_accepted", region, NULL);
    probe_level_follow(probes, probe_level_open(probes, "store_connections", region, NULL),
                       &cluster->listener.open_count);
    cluster->utilization = probe_level_open(probes, "store_utilization", region, NULL);
    probe_level_follow(probes, probe_level_open(probes, "store_queue", region, NULL),
                       &cluster->queued.length);
    cluster->writes = probe_count_open(probes, "store_writes", region, NULL);
    cluster->repeated = probe_count_open(probes, "repeated_writes", region, NULL);
    cluster->hot_utilization = probe_level_open(probes, "hot_shard_utilization", region, NULL);
    cluster->refused = probe_count_open(probes, "store_connections_refused", region, NULL);
    cluster->dropped_syns = probe_count_open(probes, "store_syns_dropped", region, NULL);
    cluster->rejected = probe_count_open(probes, "commands_refused", region, NULL);
    cluster->expired = probe_count_open(probes, "commands_dropped", region, NULL);
}

/* The order of kinds decides the order of simultaneous events. */
static void cluster_kinds(struct cluster *cluster, const struct model_env *env)
{
    struct sim *sim = env->sim;

    cluster->iteration_kind = sim_kind_add(sim, &cluster_iteration_end, env->instance, cluster);
    cluster->peer_kind = sim_kind_add(sim, &cluster_peer, env->instance, cluster);
    cluster->command_kind =
        sim_kind_add(sim, cluster->store->kind->managed ? &managed_command : &cluster_command,
                     env->instance, cluster);
    cluster->handshake_kind = sim_kind_add(sim, &cluster_handshake, env->instance, cluster);
    cluster->idle_kind = sim_kind_add(sim, &cluster_idle, env->instance, cluster);
}

/* The node of an endpoint with an address. */
static void node_add(struct cluster *cluster, uint32_t endpoint, const struct model_env *env)
{
    struct node *node = &cluster->nodes[cluster->node_count++];

    invariant(cluster->node_count <= NODES_MAX);
    *node = (struct node){.port = {.self = node,
                                   .command_kind = cluster->command_kind,
                                   .handshake_kind = cluster->handshake_kind,
                                   .event = listener_event},
                          .cluster = cluster,
                          .endpoint = endpoint};
    port_offer_listener(env->ports, (int)endpoint, -1, &node->port);
}

static void cluster_init(struct store *store, struct cluster *cluster, const struct model_env *env)
{
    cluster->exists = cluster->up = true;
    listener_init(&cluster->listener);
    cluster->servers = mem_alloc(store->shard_count, sizeof *cluster->servers);
    for (uint32_t s = 0; s < store->shard_count; s++)
        cluster->servers[s] = (struct server){.cluster = cluster,
                                              .shard = s,
                                              .head = NO_INDEX,
                                              .tail = NO_INDEX,
                                              .iteration_head = NO_INDEX,
                                              .accepts = {.head = NO_INDEX},
                                              .hellos = {.head = NO_INDEX},
                                              .auths = {.head = NO_INDEX},
                                              .greeted = {.head = NO_INDEX},
                                              .parked_head = NO_INDEX,
                                              .pending_head = NO_INDEX,
                                              .unwritten_head = NO_INDEX,
                                              .illness = ILLNESS_NONE,
                                              .bucket = {.tokens = store->config->admission_burst}};
    cluster_probes(cluster, sim_probe_set(env->sim));
    cluster_kinds(cluster, env);
    cluster->power = (struct power_port){cluster, cluster_set_power};
    cluster->fault = (struct store_fault_port){
        cluster,          cluster_stall,        cluster_restart,    cluster_crash,
        cluster_set_zone, cluster_change_roles, cluster_set_access, cluster_flush};
    port_offer_power(env->ports, cluster->region, POWER_STORE, &cluster->power);
    cluster->illness = (struct illness_port){
        cluster, store->by_node ? store->shard_count / store->node_servers : store->shard_count,
        cluster_set_illness};
    port_offer_store_illness(env->ports, cluster->region, -1, &cluster->illness);
    port_offer_store_fault(env->ports, cluster->region, -1, &cluster->fault);
    persistence_init(cluster, env, &store->config->persistence);
    memory_init_cluster(cluster, env);
    if (store->kind->cluster_init)
        store->kind->cluster_init(cluster, env);
}

static void store_init_shards(struct store *store)
{
    double weight = store->config->hot_weight;

    store->shard_count = store->config->shards;
    store->hot_slots = (uint32_t)(weight / (weight + store->shard_count - 1) * SLOTS + 0.5);
    if (store->hot_slots > SLOTS - (store->shard_count - 1))
        store->hot_slots = SLOTS - (store->shard_count - 1);
}

static void store_init_clusters(struct store *store, const struct model_env *env)
{
    const struct endpoint_table *endpoints = &store->endpoints;

    for (size_t e = 0; e < endpoints->count; e++) {
        int region = endpoints->rows[e].region;

        if (region == ENDPOINT_BY_NAME)
            continue;
        if (!store->clusters[region].exists)
            cluster_init(store, &store->clusters[region], env);
        node_add(&store->clusters[region], (uint32_t)e, env);
    }
}

static double nodes_in(const void *self, int region);

static void store_offer(struct store *store, struct port_directory *ports)
{
    const struct store_kind *kind = store->kind;

    store->port =
        (struct session_store_port){.self = store,
                                    .endpoints = &store->endpoints,
                                    .route = kind->route,
                                    .address = store->addresses_change ? store_address : NULL,
                                    .address_ttl_ns = store->address_ttl_ns,
                                    .causes = kind->model.rows.labels,
                                    .cause_count = kind->model.rows.label_count,
                                    .here = kind->here,
                                    .reserve = store_reserve,
                                    .seed = store_seed,
                                    .seed_key = classes_seed};
    if (kind->here)
        kind->here_times(store, store->port.here_ns);
    port_offer_session_store(ports, -1, -1, &store->port);
    if (kind->promotion) {
        store->promotion = *kind->promotion;
        store->promotion.self = store;
        port_offer_promotion(ports, -1, -1, &store->promotion);
    }
    if (kind->losses) {
        store->losses = *kind->losses;
        store->losses.self = store;
        port_offer_losses(ports, -1, -1, &store->losses);
    }
    store->node_bill = (struct node_bill_port){store, nodes_in};
    port_offer_node_bill(ports, -1, -1, &store->node_bill);
}

static double nodes_in(const void *self, int region)
{
    const struct store *store = self;

    if (!store->clusters[region].exists || store->kind->managed)
        return 0;
    return store->kind->nodes ? store->kind->nodes(store, region) : store->shard_count;
}

/* Of all clusters, since the last change. */
static double recent_hours(const struct store *store)
{
    double nodes = 0;

    for (int r = 0; r < (int)store->region_count; r++)
        nodes += nodes_in(store, r);
    return nodes * (double)(sim_now(store->sim) - store->billed) / (3600.0 * (double)SIM_S);
}

double store_node_hours(const struct store *store)
{
    return store->hours_before + recent_hours(store);
}

/* A managed service has no nodes, and no price of them. */
static double store_node_dollars(const void *self)
{
    const struct store *store = self;
    double hours = recent_hours(store);

    return store->dollars_before + (hours > 0 ? hours * service_node_price(store->config) : 0);
}

static double all_node_hours(const void *self)
{
    return store_node_hours(self);
}

void store_bill_nodes(struct store *store)
{
    store->dollars_before = store_node_dollars(store);
    store->hours_before = store_node_hours(store);
    store->billed = sim_now(store->sim);
}

/* With threads for network and TLS, the engine's thread has nothing to do with TLS. */
static void store_adapt_threads(struct store *store)
{
    const struct store_config *config = store->config;
    bool has_many = node_type_at(config->node_type)->vcpus >= IO_THREADS_VCPUS;
    bool has_threads = config->io_threads == IO_THREADS_ON ||
                       (config->io_threads == IO_THREADS_AUTOMATIC && has_many);

    if (config != &store->adapted)
        store->adapted = *config;
    store->adapted.tls_ns = has_threads ? 0 : store->given->tls_ns;
    store->adapted.tls_resumed_ns = has_threads ? 0 : store->given->tls_resumed_ns;
    store->config = &store->adapted;
}

void store_set_node_type(struct store *store, int type)
{
    if (store->config->node_type == type)
        return;
    store_bill_nodes(store);
    store->adapted.node_type = type;
    store_adapt_threads(store);
    if (store->memory)
        memory_resize(store->memory, store->config);
}

/* What the event loops need. */
static void store_init_service(struct store *store)
{
    const struct store_config *config = store->config;
    double read_ns;

    store->read_ns = dist_is_constant(config->read_service, &read_ns) ? (sim_dur)read_ns : -1;
    if (config->read_per_kib_ns > 0)
        store->read_ns = -1;
    if (persistence_has_aof(&config->persistence) &&
        persistence_fsync(&config->persistence) == AOF_ALWAYS)
        store->fsync_ns = config->persistence.fsync_ns;
    store->keepalive = (struct keepalive){.idle_ns = config->keepalive_ns,
                                          .interval_ns = config->keepalive_ns / 3,
                                          .count = 3,
                                          .forgets = true};
    store_init_iterations(store);
    store->is_guarded = store_has_guard(config);
    store->plain_loop =
        config->discipline == EVENT_LOOP && store->fsync_ns == 0 && !store->is_guarded;
}

static void store_init(void *self, const struct model_env *env)
{
    struct store *store = self;

    store->config = store->given = env->config;
    store->kind = (const struct store_kind *)env->kind; /* its first member */
    store->kind_config = env->kind_config;
    if (store->kind->adapt) {
        store->adapted = *store->config;
        store->kind->adapt(&store->adapted, store->kind_config);
        store->config = &store->adapted;
    }
    store->is_watched = store->config->idle_timeout_ns > 0;
    store->by_node = store->kind->by_node;
    store->state = mem_zalloc(1, store->kind->state_size);
    store->sim = env->sim;
    store->log = env->log;
    store->topology = env->topology;
    store->region_count = env->topology->region_count;
    store->service = sim_stream(env->sim, env->instance, "service");
    store->errors = sim_stream(env->sim, env->instance, "errors");
    store->instance = env->instance;
    if (!store->kind->managed && !store->kind->here) {
        store_adapt_threads(store);
        store_init_service(store);
    }
    store_init_shards(store);
    store->memory = memory_create(store, store->kind->exact_lru, env);
    for (uint32_t r = 0; r < store->region_count; r++)
        store->clusters[r] = (struct cluster){.store = store, .region = (int)r};
    if (store->kind->endpoints)
        store->kind->endpoints(store, &store->endpoints);
    if (store->kind->init)
        store->kind->init(store, env);
    store_init_clusters(store, env);
    store_offer(store, env->ports);
}

/* What only a monitoring service records. */
static void store_measure(struct store *store, struct probes *probes)
{
    store->measures = probes_is_tapped(probes, "commands_measured") ||
                      probes_is_tapped(probes, "command_time_mean") ||
                      probes_is_tapped(probes, "command_sojourn_mean");
    for (int r = 0; store->measures && r < (int)store->region_count; r++)
        for (int type = 0; store->clusters[r].exists && type < 2; type++) {
            struct cluster *cluster = &store->clusters[r];
            const char *name = command_types[type];

            cluster->measured[type] = probe_count_open(probes, "commands_measured", r, name);
            cluster->time[type] = probe_count_open(probes, "command_time", r, name);
            cluster->sojourn[type] = probe_count_open(probes, "command_sojourn", r, name);
        }
}

static void store_connect(void *self, const struct port_directory *ports)
{
    struct store *store = self;

    store_measure(store, sim_probe_set(store->sim));
    store->probes = sim_probes(store->sim);
    store->history = store_history_create(port_find_op_history(ports, -1, -1));
    store->is_watched |= store->history != NULL;
    classes_connect(store, ports);
    for (uint32_t a = 0; a < store->region_count; a++) {
        store->pools[a] = port_need_commands(ports, (int)a, -1);
        store->returns[a] = port_need_handshake_return(ports, (int)a, -1);
        for (uint32_t b = 0; b < store->region_count; b++) {
            store->links[a][b] = port_need_link(ports, (int)a, (int)b);
            store->flows_hints[a][b] = port_find_prefetch_flows(ports, (int)a, (int)b);
        }
    }
    if (store->kind->connect)
        store->kind->connect(store, ports);
}

static void store_start(void *self)
{
    struct store *store = self;

    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists)
            listener_start(&store->clusters[r]);
    if (store->kind->start)
        store->kind->start(store);
}

static void store_finish(void *self)
{
    struct store *store = self;

    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists) {
            cluster_check_queue(&store->clusters[r]);
            memory_finish_cluster(&store->clusters[r]);
        }
    if (store->kind->finish)
        store->kind->finish(store);
}

static void store_fini(void *self)
{
    struct store *store = self;

    if (store->kind->fini)
        store->kind->fini(store);
    classes_release(store);
    for (uint32_t r = 0; r < REGIONS_MAX; r++) {
        free(store->clusters[r].servers);
        listener_release(&store->clusters[r].listener);
        free(store->sessions[r].rows);
    }
    store_history_free(store->history);
    corruption_free(store->corruption);
    memory_free(store->memory);
    free(store->endpoints.rows);
    free(store->state);
}

static const struct usage_row store_usage[] = {
    {.item = "nodes",
     .amount = store_node_dollars,
     .meaning = "cache nodes, at the list price of their type and engine"},
    {.item = "node-hours", .amount = all_node_hours, .meaning = "hours of cache nodes"},
};

const struct model_ops store_ops = {
    .name = "store",
    .section = "store",
    .meaning = "the session store: clusters of servers; the kind defines their number and data",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct store_config),
    .state_size = sizeof(struct store),
    FIELD_TABLE(store_fields),
    METRIC_TABLE(store_metrics),
    .rows = {USAGE_TABLE(store_usage)},
    .kinds = store_kinds,
    .kind_count = sizeof store_kinds / sizeof store_kinds[0],
    .init = store_init,
    .connect = store_connect,
    .start = store_start,
    .finish = store_finish,
    .fini = store_fini,
};
