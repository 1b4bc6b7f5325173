// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A global datastore: one cluster that takes writes and others that follow, each cut into shards by
 * the hash slot of a session, each shard one server.
 *
 * A promotion forks a new history of each shard at the last write that the promoted cluster holds:
 * the writes after the fork are lost wherever they are, exactly a suffix, and are counted one by
 * one from the old primary's log. So does a failover inside a region, to a replica that lags a
 * little.
 *
 * Invariants
 *  1. Numbers rise by one with each write of one primary; a fork's number is that of the last write
 * kept.
 *  2. A server's `applied` never exceeds the number of its primary's last write in the same
 * history.
 *  3. Exactly one cluster is `primary`. A cluster `takes_writes` if it is the primary and no
 * promotion is under way, or if it was the primary, is alive, and has not yet heard of its
 * demotion.
 *  4. Every write that was acknowledged is held by the primary, lost at a fork, or gone with the
 * memory of a process that came back empty: store_finish().
 */
#include "bug.h"
#include "mem.h"
#include "registry.h"
#include "run_log.h"
#include "store_internal.h"

#include <stdlib.h>

static const char *const store_kinds[] = {"global-datastore", NULL};
static const char *const disciplines[] = {"event-loop", "fifo", NULL};

#define MODEL_CONFIG struct store_config
// clang-format off
static const struct field store_fields[] = {
    CHOICE("kind", kind, store_kinds, "global-datastore", "active-passive clusters in several regions", "seed 000"),
    REGION("primary", primary, "region whose cluster takes the writes at the start; left out: the first one", "seed 000"),
    REGION_LIST("secondaries", secondaries, "regions that follow, at most two; left out: the others, in order", "facts C.1"),
    CHOICE("discipline", discipline, disciplines, "event-loop", "how the server takes its commands", "redis_lessons 1"),
    TIME_DIST("read_service", read_service, "0ms", "8us", "1s", "server time of a read", "facts C.2"),
    TIME_DIST("write_service", write_service, "0ms", "10us", "1s", "server time of a write", "facts C.2"),
    DURATION("write_per_kib", write_per_kib_ns, "0ms", "2us", "1s", "server time that each KiB of a write adds", "facts C.2"),
    COUNT("shards", shards, "1", "1", "500", "servers of each cluster; a session belongs to one by its hash slot", "facts C.2"),
    NUMBER("hot_weight", hot_weight, "1", "1", "16000", "slots of the first shard, in shares of each other one's", "assumption"),
    COUNT("connections_max", connections_max, "1", "65000", "10000000", "open connections; more are accepted, told so and closed", "facts C.2"),
    COUNT("accept_backlog", accept_backlog, "1", "511", "65535", "connections that wait until the process accepts them; SYNs beyond are dropped", "redis_lessons 4"),
    SIZE("data_set", data_set_bytes, "0", "0", "1024 GiB", "of each shard, as a full resync copies it; 0: live sessions x bytes of a write", "assumption"),
    COUNT("replicas", replicas, "0", "0", "5", "of each shard inside a region, in other zones: one of them takes over when the shard's node crashes", "facts C.2"),
    TIME_DIST("replica_lag", replica_lag, "0ms", "1ms", "1h", "age of the newest write that the replica holds which takes over", "assumption"),
    TIME_DIST("replica_failover", replica_failover, "0ms", "lognormal(median=6s, p95=20s)", "1h", "from the crash of a shard's node until a replica takes over", "facts C.1"),
};
// clang-format on

static const struct metric store_metrics[] = {
    {.name = "store_commands",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "commands that a cluster's server ran, those of clients that gave up included"},
    {.name = "store_utilization",
     .unit = UNIT_SHARE,
     .kind = METRIC_LEVEL,
     .scale = 1e-6,
     .series = true,
     .meaning = "share of time in which the servers of the cluster are busy, the mean over shards"},
    {.name = "hot_shard_utilization",
     .unit = UNIT_SHARE,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "the same of the first shard alone, where there are several"},
    {.name = "store_queue",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "commands at the server, waiting or in service"},
    {.name = "store_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "writes executed and acknowledged by a primary"},
    {.name = "repeated_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "writes executed again for an operation that had been executed before"},
    {.name = "replication_lag",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .better = LOWER_IS_BETTER,
     .meaning = "for each write, applied at the secondary of the region minus acknowledged by the "
                "primary"},
    {.name = "unreplicated_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "acknowledged writes that the secondary of the region has not applied"},
    {.name = "store_connections_refused",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "commands answered by an error because their connection was one too many"},
    {.name = "store_syns_dropped",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "handshakes dropped because the accept backlog was full"},
    {.name = "shard_failovers",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "shards taken over by a replica inside the region"},
    {.name = "lost_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "writes that the cluster of the region had acknowledged and that a failover lost"},
};

/* --- faults ---------------------------------------------------------------------------------- */

static void cluster_drop_all(struct cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        server_drop_all(&cluster->servers[s]);
    cluster_gauges(cluster);
}

static void cluster_set_loading(struct cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        cluster->servers[s].loading = true;
}

/* What a shard's primary held is gone, but its numbers go on. */
static void shard_empty(struct server *server, enum miss_reason reason)
{
    struct store *store = server->cluster->store;
    struct shard *shard = &store->shards[server->shard];

    server->history = shard_fork(shard, server->history, 0, reason);
    server->log_low = server->log_high = server->applied;
    shard->emptied += server->applied - shard->base;
    shard->base = server->applied;
    shard->live = 0;
}

/* A primary whose memory is gone: its followers copy the emptiness when they resync. */
static void cluster_empty(struct cluster *cluster)
{
    struct store *store = cluster->store;

    for (uint32_t s = 0; s < store->shard_count; s++)
        shard_empty(&cluster->servers[s], MISS_RESTARTED);
    if (store->region_count > 1)
        store->stream->restart(store->stream->self);
}

static void cluster_rejoin(struct cluster *cluster)
{
    const struct stream_port *stream = cluster->store->stream;

    stream->rejoin(stream->self, cluster->region);
}

static void cluster_go_down(struct cluster *cluster, enum crash_kind kind)
{
    struct store *store = cluster->store;

    cluster->stalled = false;
    cluster_drop_all(cluster);
    listener_reset(cluster);
    if (store->region_count == 1)
        return;
    if (cluster->region == store->primary)
        store->stream->crash(store->stream->self, kind);
    else
        store->stream->leave(store->stream->self, cluster->region);
}

static void cluster_set_up(struct cluster *cluster, bool up, enum crash_kind kind)
{
    struct store *store = cluster->store;

    if (up == cluster->up)
        return;
    cluster->up = up;
    if (!up) {
        cluster_go_down(cluster, kind);
        return;
    }
    if (cluster->region == store->primary && !store->promoting) {
        cluster_empty(cluster);
        return;
    }
    cluster->takes_writes = false;
    cluster_set_loading(cluster);
    cluster_rejoin(cluster);
}

static void cluster_set_power(void *self, bool up)
{
    cluster_set_up(self, up, CRASH_HOST);
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
    cluster_drop_all(cluster);
    listener_reset(cluster);
    if (cluster->region == cluster->store->primary) {
        cluster_empty(cluster);
        return;
    }
    cluster_set_loading(cluster);
    cluster_rejoin(cluster);
}

/* --- failover inside a region ---------------------------------------------------------------- */

/* The last write of a primary that was acknowledged at `when` or before; its log_low at least. */
static uint64_t server_number_at(const struct server *server, sim_time when)
{
    uint64_t number = server->log_high;

    while (number > server->log_low && log_at(server, number)->acknowledged > when)
        number--;
    return number;
}

static void server_crash(struct server *server)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    struct shard *shard = &store->shards[server->shard];
    uint64_t entity = (uint64_t)server->shard << 8 | (uint64_t)cluster->region;
    struct rng_block block = rng_block_at(&store->replica, entity, shard->failover++);

    if (server->crashed)
        return;
    server_drop_all(server);
    server->crashed = true;
    server->crash_fork = server->applied;
    if (cluster->region == store->primary)
        server->crash_fork =
            server_number_at(server, sim_now(store->sim) -
                                         dist_sample_ns(store->config->replica_lag, block.word[0]));
    sim_after(store->sim, dist_sample_ns(store->config->replica_failover, block.word[1]),
              cluster->failover_kind, server_entity(server), 0);
}

/* Does the follower hold nothing that its primary lacks? Then it may go on from where it is. */
static void server_adopt(struct server *server, const struct server *primary)
{
    const struct shard *shard = &server->cluster->store->shards[server->shard];
    const struct history *newest = &shard->histories[primary->history];

    if (server->history == newest->parent && server->applied <= newest->fork)
        server->history = primary->history;
}

static void store_followers_adopt(struct store *store, const struct cluster *primary, uint32_t s)
{
    for (uint32_t r = 0; r < store->region_count; r++) {
        struct cluster *other = &store->clusters[r];

        if (other->exists && other->up && other != primary && !other->takes_writes)
            server_adopt(&other->servers[s], &primary->servers[s]);
    }
}

/* A replica inside the region is the shard's primary now. What the old one had acknowledged in the
 * last moments is lost, also where a secondary had already received it. */
static void cluster_on_failover(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;
    struct server *server = &cluster->servers[entity >> 4];
    uint32_t history = server->history;
    struct cause cause = {0};

    (void)generation;
    server->crashed = false;
    probe_count(store->probes, cluster->failovers);
    if (!cluster->up)
        return;
    if (cluster->region == store->primary) {
        uint64_t lost = store->lost_writes;

        server->history =
            shard_fork(&store->shards[server->shard], history, server->crash_fork, MISS_LOST);
        store->rpo = -1;
        count_suffix(store, server, server->crash_fork, history);
        probe_count_many(store->probes, cluster->lost, store->lost_writes - lost);
        server_apply(server, server->crash_fork);
        log_begin(server, sim_now(store->sim));
        store_followers_adopt(store, cluster, server->shard);
        cause.number = run_log_event(
            store->log, sim_now(sim), "failover", store->topology->region_names[cluster->region],
            sim_cause(sim), "crash", "a replica takes over shard %u; %llu writes lost",
            server->shard, (unsigned long long)(store->lost_writes - lost));
        sim_set_cause(sim, cause);
        if (store->region_count > 1)
            store->stream->restart_shard(store->stream->self, server->shard);
    }
    server_begin_iteration(server);
}

static const struct event_kind cluster_failover = {.name = "shard_failover",
                                                   .phase = PHASE_WORK,
                                                   .fire = cluster_on_failover,
                                                   .carries_cause = true};

static void cluster_crash(void *self, enum crash_kind kind)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;

    if (store->config->replicas == 0) {
        cluster_set_up(cluster, kind == CRASH_NONE, kind);
        return;
    }
    if (kind == CRASH_NONE || !cluster->up)
        return;
    for (uint32_t s = 0; s < store->shard_count; s++)
        server_crash(&cluster->servers[s]);
    listener_reset(cluster);
    cluster_gauges(cluster);
    if (store->region_count > 1 && cluster->region == store->primary)
        store->stream->crash(store->stream->self, kind);
}

/* --- promotion ------------------------------------------------------------------------------- */

static void store_promotion_begin(void *self, int region)
{
    struct store *store = self;

    (void)region;
    store->promoting = true;
    store->clusters[store->primary].takes_writes = false;
}

/* The old primary hears of its demotion over the link, which may take as long as the link is cut.
 * It serves what it has until a resync makes it drop that. */
static void cluster_on_demoted(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;

    (void)sim, (void)entity, (void)generation;
    if (cluster->region == store->primary || !cluster->up)
        return;
    cluster->takes_writes = false;
    for (uint32_t s = 0; s < store->shard_count; s++)
        server_adopt(&cluster->servers[s], &store->clusters[store->primary].servers[s]);
    cluster_rejoin(cluster);
}

static const struct event_kind cluster_demoted = {
    .name = "demoted", .phase = PHASE_WORK, .fire = cluster_on_demoted, .carries_cause = true};

/* Shard by shard: the promoted server forks, the others follow it where their history allows. */
static void store_promote_shard(struct store *store, struct cluster *old, struct cluster *new,
                                uint32_t s)
{
    struct server *server = &new->servers[s];
    uint32_t old_history = old->servers[s].history;
    bool empty = server->loading; /* it had dropped its old data and not yet got the new */

    server->history = shard_fork(&store->shards[s], server->history, server->applied, MISS_LOST);
    server->loading = false;
    log_begin(server, sim_now(store->sim));
    count_suffix(store, &old->servers[s], server->applied, old_history);
    if (empty)
        shard_empty(server, MISS_LOST);
    store_followers_adopt(store, new, s);
}

static void store_tell_demoted(struct store *store, struct cluster *old, int region)
{
    struct link_port *link = store->links[region][old->region];
    struct message demote = {.kind = old->demote_kind,
                             .entity = (uint32_t)old->region,
                             .bytes = 60,
                             .identity = store->shards[0].history_count};

    link->send(link->self, old->demote_flow = link->open(link->self), &demote);
    link->close(link->self, old->demote_flow);
}

static void store_promotion_end(void *self, int region)
{
    struct store *store = self;
    struct cluster *old = &store->clusters[store->primary];
    struct cluster *new = &store->clusters[region];
    uint64_t lost = store->lost_writes;

    store->promoting = false;
    if (new == old || !new->up) {
        old->takes_writes = old->up;
        return;
    }
    new->takes_writes = true;
    store->primary = region;
    store->rpo = -1;
    store->last_acknowledged = 0;
    old->takes_writes = old->up; /* no fencing: until it hears of its demotion */
    for (uint32_t s = 0; s < store->shard_count; s++)
        store_promote_shard(store, old, new, s);
    probe_count_many(store->probes, old->lost, store->lost_writes - lost);
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists)
            level_unreplicated(store, &store->clusters[r]);
    if (old->up)
        store_tell_demoted(store, old, region);
    if (store->region_count > 1)
        store->stream->restart(store->stream->self);
}

/* --- the port -------------------------------------------------------------------------------- */

static int store_primary(const void *self)
{
    return ((const struct store *)self)->primary;
}

static bool store_is_up(const void *self, int region)
{
    const struct cluster *cluster = &((const struct store *)self)->clusters[region];

    return cluster->exists && cluster->up;
}

static bool store_is_candidate(const void *self, int region)
{
    return region != store_primary(self) && store_is_up(self, region);
}

static uint32_t store_shards(const void *self)
{
    return ((const struct store *)self)->shard_count;
}

static uint64_t store_applied(const void *self, int region)
{
    return ((const struct store *)self)->clusters[region].applied_total;
}

static bool store_shard_up(const void *self, uint32_t shard)
{
    const struct store *store = self;
    const struct cluster *cluster = &store->clusters[store->primary];

    return cluster->up && !cluster->servers[shard].crashed;
}

static struct write_position store_held(const void *self, int region, uint32_t shard)
{
    const struct server *server = &((const struct store *)self)->clusters[region].servers[shard];

    return (struct write_position){server->loading ? 0 : server->applied, server->history, shard};
}

static int64_t store_data_bytes(const void *self, uint32_t shard)
{
    const struct store *store = self;
    const struct shard *s = &store->shards[shard];

    if (store->config->data_set_bytes > 0)
        return store->config->data_set_bytes;
    return (int64_t)(s->live * s->write_size);
}

static void store_reserve(void *self, int region, uint32_t count)
{
    struct session_table *table = &((struct store *)self)->sessions[region];

    MEM_GROW(table->rows, table->capacity, count);
}

static void store_seed(void *self, uint32_t session, uint32_t session_check)
{
    struct store *store = self;
    uint32_t shard = store_shard_of(store, session, session_check);

    struct session_row *row = store_row(store, session);
    struct write_position start = {1, 0, shard};

    *row = (struct session_row){.check = (uint16_t)session_check};
    row_set_first(row, start);
    row_set_last(row, start);
    store->shards[shard].live++;
}

static void store_apply(void *self, int region, struct write_position position)
{
    struct store *store = self;
    struct cluster *cluster = &store->clusters[region];
    struct server *server = &cluster->servers[position.shard];
    struct server *primary = &store->clusters[store->primary].servers[position.shard];
    sim_time now = sim_now(store->sim);

    if (position.history != server->history || position.number <= server->applied)
        return;
    if (position.history == primary->history)
        for (uint64_t n = server->applied + 1; n <= position.number; n++)
            if (n > primary->log_low)
                probe_latency(store->probes, cluster->lag, now - log_at(primary, n)->acknowledged);
    server_apply(server, position.number);
    log_trim(store, position.shard);
    level_unreplicated(store, cluster);
}

static void store_flushed(void *self, int region, uint32_t shard)
{
    ((struct store *)self)->clusters[region].servers[shard].loading = true;
}

static void store_loaded(void *self, int region, struct write_position position)
{
    struct store *store = self;
    struct cluster *cluster = &store->clusters[region];
    struct server *server = &cluster->servers[position.shard];

    server->loading = false;
    server->history = position.history;
    server_apply(server, position.number);
    log_trim(store, position.shard);
    level_unreplicated(store, cluster);
}

static void store_busy(void *self, uint32_t shard, sim_dur length)
{
    struct store *store = self;
    struct cluster *cluster = &store->clusters[store->primary];
    struct server *server = &cluster->servers[shard];

    server->fork_ns += length;
    if (!server->busy)
        server_begin_iteration(server);
    cluster_gauges(cluster);
}

/* The worst over shards. */
static sim_dur store_lag(const void *self, int region)
{
    const struct store *store = self;
    sim_dur lag = 0;

    for (uint32_t s = 0; s < store->shard_count; s++) {
        const struct server *server = &store->clusters[region].servers[s];
        const struct server *primary = &store->clusters[store->primary].servers[s];
        uint64_t next = server->applied + 1;
        sim_dur age;

        if (next > primary->log_high || next <= primary->log_low)
            continue;
        age = sim_now(store->sim) - log_at(primary, next)->acknowledged;
        if (age > lag)
            lag = age;
    }
    return lag;
}

static uint64_t store_writes_lost(const void *self)
{
    return ((const struct store *)self)->lost_writes;
}

static uint64_t store_sessions_lost(const void *self)
{
    return ((const struct store *)self)->lost_sessions;
}

static sim_dur store_rpo(const void *self)
{
    return ((const struct store *)self)->rpo;
}

/* --- the model ------------------------------------------------------------------------------- */

static void store_check(const void *config, const struct check_context *context,
                        struct validation *validation)
{
    const struct store_config *c = config;
    uint32_t others = context->topology->region_count - 1;
    uint32_t count = c->secondaries.count ? c->secondaries.count : others;
    int32_t primary = c->primary < 0 ? 0 : c->primary;

    if (count > 2)
        validation_error(
            validation, "secondaries",
            "a global datastore has at most 2 secondary regions, got %u: name two of them", count);
    for (uint32_t i = 0; i < c->secondaries.count; i++)
        if (c->secondaries.items[i] == primary)
            validation_error(validation, "secondaries", "'%s' is the primary",
                             context->topology->region_names[primary]);
}

static void cluster_probes(struct cluster *cluster, struct probes *probes)
{
    int region = cluster->region;

    cluster->commands = probe_count_open(probes, "store_commands", region, NULL);
    cluster->utilization = probe_level_open(probes, "store_utilization", region, NULL);
    probe_level_follow(probes, probe_level_open(probes, "store_queue", region, NULL),
                       &cluster->queued.length);
    cluster->writes = probe_count_open(probes, "store_writes", region, NULL);
    cluster->repeated = probe_count_open(probes, "repeated_writes", region, NULL);
    cluster->lag = probe_latency_open(probes, "replication_lag", region, NULL);
    cluster->unreplicated = probe_level_open(probes, "unreplicated_writes", region, NULL);
    cluster->hot_utilization = probe_level_open(probes, "hot_shard_utilization", region, NULL);
    cluster->refused = probe_count_open(probes, "store_connections_refused", region, NULL);
    cluster->dropped_syns = probe_count_open(probes, "store_syns_dropped", region, NULL);
    cluster->failovers = probe_count_open(probes, "shard_failovers", region, NULL);
    cluster->lost = probe_count_open(probes, "lost_writes", region, NULL);
}

static void cluster_kinds(struct cluster *cluster, const struct model_env *env)
{
    struct sim *sim = env->sim;

    cluster->iteration_kind = sim_kind_add(sim, &cluster_iteration_end, env->instance, cluster);
    cluster->demote_kind = sim_kind_add(sim, &cluster_demoted, env->instance, cluster);
    cluster->port = (struct listener_port){
        .self = cluster,
        .command_kind = sim_kind_add(sim, &cluster_command, env->instance, cluster),
        .handshake_kind = sim_kind_add(sim, &cluster_handshake, env->instance, cluster),
        .event = listener_event,
    };
    cluster->syn_kind = sim_kind_add(sim, &cluster_syn_again, env->instance, cluster);
    cluster->failover_kind = sim_kind_add(sim, &cluster_failover, env->instance, cluster);
}

static void cluster_init(struct store *store, struct cluster *cluster, const struct model_env *env)
{
    cluster->exists = cluster->up = true;
    cluster->takes_writes = cluster->region == store->primary;
    cluster->listener.waiting_free = cluster->listener.held_head = cluster->listener.held_tail =
        NO_INDEX;
    cluster->servers = mem_alloc(store->shard_count, sizeof *cluster->servers);
    for (uint32_t s = 0; s < store->shard_count; s++) {
        struct server *server = &cluster->servers[s];

        *server = (struct server){.cluster = cluster,
                                  .shard = s,
                                  .head = NO_INDEX,
                                  .tail = NO_INDEX,
                                  .iteration_head = NO_INDEX};
        log_append(server, &(struct log_entry){0});
        server_apply(server, 1); /* number 1 stands for all that was before the run */
        server->log_low = 1;
    }
    cluster_probes(cluster, sim_probe_set(env->sim));
    cluster_kinds(cluster, env);
    cluster->power = (struct power_port){cluster, cluster_set_power};
    cluster->fault =
        (struct store_fault_port){cluster, cluster_stall, cluster_restart, cluster_crash};
    port_offer_listener(env->ports, (int)cluster->endpoint, -1, &cluster->port);
    port_offer_power(env->ports, cluster->region, POWER_STORE, &cluster->power);
    port_offer_store_fault(env->ports, cluster->region, -1, &cluster->fault);
}

static bool store_has_cluster(const struct store *store, int region)
{
    const struct region_list *list = &store->config->secondaries;

    if (region == store->primary || list->count == 0)
        return true;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i] == region)
            return true;
    return false;
}

static void store_init_shards(struct store *store)
{
    double weight = store->config->hot_weight;

    store->shard_count = store->config->shards;
    store->hot_slots = (uint32_t)(weight / (weight + store->shard_count - 1) * SLOTS + 0.5);
    if (store->hot_slots > SLOTS - (store->shard_count - 1))
        store->hot_slots = SLOTS - (store->shard_count - 1);
    store->shards = mem_alloc(store->shard_count, sizeof *store->shards);
    for (uint32_t s = 0; s < store->shard_count; s++) {
        store->shards[s] = (struct shard){.base = 1};
        shard_fork(&store->shards[s], 0, 0, MISS_LOST); /* history 0: the start */
    }
}

/* Its own region's cluster for reads; the name for writes, for reads that must see the last write,
 * and for all that a region without a cluster does. */
static void store_make_endpoints(struct store *store)
{
    for (uint32_t r = 0; r < store->region_count; r++) {
        bool exists = store_has_cluster(store, (int)r);

        store->clusters[r].endpoint =
            endpoint_add(&store->endpoints, (struct endpoint){
                                                .name = store->topology->region_names[r],
                                                .region = exists ? (int)r : ENDPOINT_BY_NAME,
                                                .zone = ENDPOINT_ANY,
                                                .shard = ENDPOINT_ANY,
                                                .node = ENDPOINT_ANY,
                                            });
    }
    store->primary_endpoint = endpoint_add(&store->endpoints, (struct endpoint){
                                                                  .name = "primary",
                                                                  .region = ENDPOINT_BY_NAME,
                                                                  .zone = ENDPOINT_ANY,
                                                                  .shard = ENDPOINT_ANY,
                                                                  .node = ENDPOINT_ANY,
                                                              });
}

static uint32_t store_route(const void *self, const struct client_knowledge *knowledge,
                            const struct route_query *query)
{
    const struct store *store = self;

    return command_is_write(query->kind) || query->latest
               ? store->primary_endpoint
               : store->clusters[knowledge->region].endpoint;
}

static void store_offer(struct store *store, struct port_directory *ports)
{
    store->port = (struct session_store_port){.self = store,
                                              .endpoints = &store->endpoints,
                                              .route = store_route,
                                              .reserve = store_reserve,
                                              .seed = store_seed};
    store->promotion = (struct promotion_port){.self = store,
                                               .primary = store_primary,
                                               .is_candidate = store_is_candidate,
                                               .held = store_applied,
                                               .begin = store_promotion_begin,
                                               .end = store_promotion_end};
    store->losses = (struct losses_port){.self = store,
                                         .writes = store_writes_lost,
                                         .sessions = store_sessions_lost,
                                         .rpo = store_rpo};
    store->replicas = (struct replica_port){
        .self = store,
        .shards = store_shards,
        .primary = store_primary,
        .is_up = store_is_up,
        .shard_up = store_shard_up,
        .held = store_held,
        .data_bytes = store_data_bytes,
        .lag = store_lag,
        .apply = store_apply,
        .flushed = store_flushed,
        .loaded = store_loaded,
        .busy = store_busy,
    };
    port_offer_session_store(ports, -1, -1, &store->port);
    port_offer_promotion(ports, -1, -1, &store->promotion);
    port_offer_losses(ports, -1, -1, &store->losses);
    port_offer_replica(ports, -1, -1, &store->replicas);
}

static void store_init(void *self, const struct model_env *env)
{
    struct store *store = self;
    double read_ns;

    store->config = env->config;
    store->sim = env->sim;
    store->log = env->log;
    store->topology = env->topology;
    store->region_count = env->topology->region_count;
    store->primary = store->config->primary < 0 ? 0 : store->config->primary;
    store->service = sim_stream(env->sim, env->instance, "service");
    store->read_ns =
        dist_is_constant(store->config->read_service, &read_ns) ? (sim_dur)read_ns : -1;
    store->replica = sim_stream(env->sim, env->instance, "replica");
    store->replica_lag_max = (sim_dur)dist_quantile(store->config->replica_lag, 0.99999) + 1;
    store->rpo = -1;
    store_init_shards(store);
    for (uint32_t r = 0; r < store->region_count; r++)
        store->clusters[r] = (struct cluster){.store = store, .region = (int)r};
    store_make_endpoints(store);
    for (uint32_t r = 0; r < store->region_count; r++) {
        if (store_has_cluster(store, (int)r))
            cluster_init(store, &store->clusters[r], env);
    }
    store_offer(store, env->ports);
}

static void store_connect(void *self, const struct port_directory *ports)
{
    struct store *store = self;

    store->probes = sim_probes(store->sim);
    store->stream = port_need_stream(ports, -1, -1);
    for (uint32_t a = 0; a < store->region_count; a++) {
        store->pools[a] = port_need_commands(ports, (int)a, -1);
        store->returns[a] = port_need_handshake_return(ports, (int)a, -1);
        for (uint32_t b = 0; b < store->region_count; b++) {
            store->links[a][b] = port_need_link(ports, (int)a, (int)b);
            store->flows_hints[a][b] = port_find_prefetch_flows(ports, (int)a, (int)b);
        }
    }
}

/* Every acknowledged write is held by the primary, lost, or was emptied by a restart; and no
 * follower of the primary's history is ahead of it. Exactly, shard by shard. */
static void store_finish(void *self)
{
    struct store *store = self;
    const struct cluster *primary = &store->clusters[store->primary];

    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists)
            cluster_check_queue(&store->clusters[r]);
    for (uint32_t s = 0; s < store->shard_count; s++) {
        const struct shard *shard = &store->shards[s];
        const struct server *top = &primary->servers[s];

        for (uint32_t r = 0; r < store->region_count; r++) {
            const struct cluster *cluster = &store->clusters[r];

            invariant(!cluster->exists || cluster->servers[s].history != top->history ||
                      cluster->servers[s].applied <= top->applied);
        }
        invariant(top->log_low <= top->log_high);
        invariant(shard->acknowledged == top->applied - shard->base + shard->lost + shard->emptied);
    }
}

static void store_fini(void *self)
{
    struct store *store = self;

    for (uint32_t r = 0; r < REGIONS_MAX; r++) {
        struct cluster *cluster = &store->clusters[r];

        for (uint32_t s = 0; cluster->servers && s < store->shard_count; s++)
            free(cluster->servers[s].log);
        free(cluster->servers);
        listener_release(&cluster->listener);
        free(store->sessions[r].rows);
    }
    for (uint32_t s = 0; s < store->shard_count; s++)
        free(store->shards[s].histories);
    free(store->shards);
    free(store->endpoints.rows);
}

const struct model_ops store_ops = {
    .name = "store",
    .section = "store",
    .meaning = "a global datastore: a primary cluster and up to two that follow, cut into shards",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct store_config),
    .state_size = sizeof(struct store),
    FIELD_TABLE(store_fields),
    METRIC_TABLE(store_metrics),
    .check = store_check,
    .init = store_init,
    .connect = store_connect,
    .finish = store_finish,
    .fini = store_fini,
};
