// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which cluster of a global datastore is primary: crashes and restarts, failover inside a region,
 * promotion.
 *
 * A promotion forks a new history of each shard at the last write that the promoted cluster holds.
 * All later writes, exactly a suffix, are lost, and are counted one by one from the old primary's
 * log. A failover inside a region, to a replica with a small lag, does the same.
 *
 * Invariants
 *  1. The numbers of a primary's writes are consecutive; the number of a fork is that of the last
 *     write kept.
 *  2. A server's `applied` never exceeds the number of its primary's last write in the same
 * history.
 *  3. Exactly one cluster is `primary`. A cluster `takes_writes` if it is or was the primary, is
 * up, and has not learned of its demotion. That begins with the promotion.
 */
#include "datastore_internal.h"
#include "run_log.h"

static struct datastore_cluster *primary_of(struct datastore *datastore)
{
    return &datastore->clusters[datastore->primary];
}

void datastore_level_roles(struct datastore *datastore)
{
    struct store *store = datastore->store;

    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists)
            probe_level(store->probes, datastore->clusters[r].is_primary, sim_now(store->sim),
                        (int)r == datastore->primary && store->clusters[r].up);
}

static struct datastore_cluster *state_of(const struct cluster *cluster)
{
    return cluster->state;
}

/* --- a cluster goes down and comes back ------------------------------------------------------ */

static void cluster_set_loading(struct datastore_cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->datastore->shard_count; s++)
        cluster->servers[s].loading = true;
}

/* Drop the data of a shard's primary; numbering continues. */
static void shard_empty(struct datastore_server *server, int reason)
{
    struct shard *shard = &server->cluster->datastore->shards[server->shard];

    classes_clear(server->server);
    server->history = shard_fork(shard, server->history, 0, reason);
    server->log_low = server->log_high = server->applied;
    shard->emptied += server->applied - shard->base;
    shard->base = server->applied;
    shard->live = 0;
    if (server->server->keyspace)
        keyspace_clear(server->server->keyspace);
}

/* A primary lost its memory: secondaries become empty too when they resync. */
static void cluster_empty(struct datastore_cluster *cluster)
{
    struct datastore *datastore = cluster->datastore;

    for (uint32_t s = 0; s < datastore->shard_count; s++)
        shard_empty(&cluster->servers[s], MISS_RESTARTED);
    if (datastore->stream)
        datastore->stream->restart(datastore->stream->self);
}

/* One that was to be demoted, and was not. */
static void cluster_begin_empty(struct datastore_cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->datastore->shard_count; s++)
        cluster->servers[s].loading = false;
    cluster_empty(cluster);
}

static void cluster_rejoin(struct datastore_cluster *cluster)
{
    const struct stream_port *stream = cluster->datastore->stream;

    stream->rejoin(stream->self, cluster->cluster->region);
}

void datastore_down(struct cluster *cluster, enum crash_kind kind)
{
    struct datastore *datastore = datastore_of(cluster->store);
    const struct stream_port *stream = datastore->stream;

    datastore_level_roles(datastore);
    if (!stream)
        return;
    if (cluster->region == datastore->primary)
        stream->crash(stream->self, kind);
    else
        stream->leave(stream->self, cluster->region);
}

void datastore_back(struct cluster *cluster, bool was_down)
{
    struct datastore *datastore = datastore_of(cluster->store);
    struct datastore_cluster *state = cluster->state;

    datastore_level_roles(datastore);
    if (cluster->region == datastore->primary && !(was_down && datastore->promoting)) {
        cluster_empty(state);
        return;
    }
    if (was_down)
        state->takes_writes = false;
    cluster_set_loading(state);
    if (!state->detached && cluster->region != datastore->primary)
        cluster_rejoin(state); /* else it is being demoted, and learns it at the end */
}

/* --- failover inside a region ---------------------------------------------------------------- */

uint64_t server_number_at(const struct datastore_server *server, sim_time when)
{
    uint64_t number = server->log_high;

    while (number > server->log_low && log_at(server, number)->acknowledged > when)
        number--;
    return number;
}

static void server_cancel_takeover(struct datastore_server *state)
{
    if (state->planned)
        sim_cancelled(state->cluster->datastore->store->sim);
    state->takeover++;
    state->planned = state->waits = false;
}

/* The node of a shard is lost: a replica, which has what it had a moment ago, takes over later. */
static void server_plan_takeover(struct datastore_server *state)
{
    struct datastore *datastore = state->cluster->datastore;
    struct sim *sim = datastore->store->sim;
    struct shard *shard = &datastore->shards[state->shard];
    int region = state->cluster->cluster->region;
    uint64_t entity = (uint64_t)state->shard << 8 | (uint64_t)region;
    struct rng_block block = rng_block_at(&datastore->replica, entity, shard->failover++);

    server_cancel_takeover(state);
    state->planned = true;
    state->crash_fork = state->applied;
    state->crashed = sim_now(sim);
    if (region == datastore->primary)
        state->crash_fork = server_number_at(
            state, sim_now(sim) - dist_sample_ns(datastore->config->replica_lag, block.word[0]));
    sim_after(sim, dist_sample_ns(datastore->config->replica_failover, block.word[1]),
              state->cluster->failover_kind, server_entity(state->server), ++state->takeover);
}

static void server_crash(struct datastore_server *state)
{
    if (state->server->gone)
        return;
    server_drop_all(state->server);
    state->server->gone = true;
    server_plan_takeover(state);
}

/* If a secondary holds nothing that its primary lacks, it continues from its position in the new
 * history. */
static void server_adopt(struct datastore_server *server, const struct datastore_server *primary)
{
    const struct shard *shard = &server->cluster->datastore->shards[server->shard];
    const struct history *newest = &shard->histories[primary->history];

    if (server->history == newest->parent && server->applied <= newest->fork)
        server->history = primary->history;
}

static void followers_adopt(struct datastore *datastore, const struct datastore_cluster *primary,
                            uint32_t s)
{
    for (uint32_t r = 0; r < datastore->store->region_count; r++) {
        struct datastore_cluster *other = &datastore->clusters[r];

        if (datastore_is_up(datastore, (int)r) && other != primary && !other->takes_writes)
            server_adopt(&other->servers[s], &primary->servers[s]);
    }
}

/* A replica takes over from a crashed primary: the last acknowledged writes are lost, even those
 * that a secondary had already received. */
static void primary_taken_over(struct datastore_server *state)
{
    struct datastore_cluster *cluster = state->cluster;
    struct datastore *datastore = cluster->datastore;
    struct store *store = datastore->store;
    uint32_t history = state->history;
    struct cause cause = {0};
    uint64_t lost;

    state->history =
        shard_fork(&datastore->shards[state->shard], history, state->crash_fork, MISS_LOST);
    if (state->crashed !=
        datastore->failed_over) /* shards that crash together fail over together */
        losses_begin(datastore, state->crashed);
    lost = count_suffix(datastore, state, state->crash_fork, history, LOSS_TO_REPLICA);
    probe_count_many(store->probes, cluster->lost, lost);
    datastore_classes_undo(state, state->server, state->crash_fork);
    server_apply(state, state->crash_fork);
    log_begin(state, sim_now(store->sim));
    datastore_keep_keys(state, state);
    followers_adopt(datastore, cluster, state->shard);
    cause.number = run_log_event(
        store->log, sim_now(store->sim), "failover",
        store->topology->region_names[cluster->cluster->region], sim_cause(store->sim), "crash",
        "a replica takes over shard %u; %llu writes lost", state->shard, (unsigned long long)lost);
    sim_set_cause(store->sim, cause);
    if (datastore->stream)
        datastore->stream->restart_shard(datastore->stream->self, state->shard);
}

/* Which node becomes the primary's: the next one that runs, else the next one in a zone that does.
 * node_count: there is none. */
static uint32_t next_node(const struct cluster *cluster)
{
    uint32_t count = cluster->node_count, next = count;

    for (uint32_t n = 1; n < count; n++) {
        uint32_t other = (cluster->primary_node + n) % count;

        if (cluster->nodes[other].zone != ZONE_WELL || cluster->nodes[other].absent)
            continue;
        if (cluster->nodes[other].down == CRASH_NONE)
            return other;
        if (next == count)
            next = other;
    }
    return next;
}

static void cluster_set_cut(struct datastore_cluster *state, bool cut)
{
    const struct stream_port *stream = state->datastore->stream;

    if (state->cut == cut)
        return;
    state->cut = cut;
    if (stream)
        stream->cut(stream->self, state->cluster->region, cut);
}

/* A replica is the primary's node from now on; false: none can be. */
static bool cluster_move(struct datastore_cluster *state)
{
    struct cluster *cluster = state->cluster;
    uint32_t next = next_node(cluster);

    if (!state->moves)
        return true; /* with another shard */
    if (next == cluster->node_count)
        return false;
    state->moves = false;
    cluster_set_cut(state, false);
    listener_up(&cluster->nodes[next]);
    listener_move(cluster, next);
    return true;
}

/* A replica inside the region takes over the shard. */
static void cluster_on_failover(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct datastore_cluster *cluster = self;
    struct datastore *datastore = cluster->datastore;
    struct datastore_server *state = &cluster->servers[entity >> 4];

    (void)sim, (void)generation;
    state->planned = false;
    if (cluster->cluster->up && !cluster_move(cluster)) {
        state->waits = true;
        return;
    }
    if (!state->server->gone) /* cut off, not down */
        server_drop_all(state->server);
    state->server->gone = false;
    probe_count(datastore->store->probes, cluster->failovers);
    if (!cluster->cluster->up)
        return;
    if (cluster->cluster->region == datastore->primary)
        primary_taken_over(state);
    server_begin_iteration(state->server);
}

static bool cluster_failover_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct datastore_cluster *cluster = self;

    return (cluster->servers[entity >> 4].takeover & SIM_GENERATION_MASK) == generation;
}

const struct event_kind datastore_failover = {.name = "shard_failover",
                                              .phase = PHASE_WORK,
                                              .fire = cluster_on_failover,
                                              .live = cluster_failover_live,
                                              .carries_cause = true};

/* With replicas inside the region, one of them takes over each shard. */
bool datastore_crash(struct cluster *cluster, enum crash_kind kind)
{
    struct datastore *datastore = datastore_of(cluster->store);
    const struct stream_port *stream = datastore->stream;

    if (kind != CRASH_NONE && !cluster_has_replicas(cluster))
        return false;
    if (!cluster->up)
        return kind != CRASH_NONE;
    if (kind == CRASH_NONE) { /* the nodes that crashed are replicas now */
        for (uint32_t n = 0; n < cluster->node_count; n++)
            listener_up(&cluster->nodes[n]);
        return true;
    }
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        server_crash(&state_of(cluster)->servers[s]);
    listener_down(&cluster->nodes[cluster->primary_node], kind);
    state_of(cluster)->moves = true;
    cluster_gauges(cluster);
    if (stream && cluster->region == datastore->primary)
        stream->crash(stream->self, kind);
    return true;
}

/* The primary's node cannot be reached: it goes on, but unless it returns in time a replica takes
 * over. What it acknowledges until then is lost. */
void datastore_cut(struct cluster *cluster, bool begin)
{
    struct datastore_cluster *state = cluster->state;

    cluster_set_cut(state, begin);
    if (!cluster_has_replicas(cluster))
        return;
    for (uint32_t s = 0; s < state->datastore->shard_count; s++) {
        struct datastore_server *server = &state->servers[s];

        if (server->server->gone)
            continue; /* it has crashed: a replica takes over in any case */
        state->moves = begin;
        if (begin)
            server_plan_takeover(server);
        else
            server_cancel_takeover(server);
    }
}

/* A node of the cluster is there again: where no other could take over, it does. */
void datastore_node_back(struct cluster *cluster)
{
    struct datastore_cluster *state = cluster->state;

    for (uint32_t s = 0; s < state->datastore->shard_count; s++)
        if (state->servers[s].waits) {
            state->servers[s].waits = false;
            state->servers[s].planned = true;
            sim_after(cluster->store->sim, 0, state->failover_kind,
                      server_entity(state->servers[s].server), state->servers[s].takeover);
        }
}

/*
 * A planned change of roles, as Redis and Valkey do it (FAILOVER): writes are paused until the
 * replica has all of them, so none is lost, and the history goes on. The name of the cluster has
 * the replica's address from then on. The old primary refuses writes that come later, or waited.
 */
void datastore_change_roles(struct cluster *cluster)
{
    struct datastore_cluster *state = cluster->state;
    struct store *store = cluster->store;
    const struct stream_port *stream = state->datastore->stream;
    uint32_t next = next_node(cluster);
    const char *region = store->topology->region_names[cluster->region];
    struct cause cause = sim_cause(store->sim);

    if (state->moves || next == cluster->node_count || cluster->nodes[next].down != CRASH_NONE) {
        (void)run_log_event(store->log, sim_now(store->sim), "role-change", region, cause, "failed",
                            "no replica runs that could become the primary");
        return;
    }
    cause.number = run_log_event(store->log, sim_now(store->sim), "role-change", region, cause,
                                 NULL, "node %u becomes the primary", next);
    sim_set_cause(store->sim, cause);
    listener_move(cluster, next);
    for (uint32_t s = 0; s < store->shard_count; s++) {
        server_settle_strays(&cluster->servers[s]);
        probe_count(store->probes, state->failovers);
        if (stream && cluster->region == state->datastore->primary)
            stream->restart_shard(stream->self, s);
    }
}

/* --- promotion ------------------------------------------------------------------------------- */

int datastore_primary(const void *store)
{
    return datastore_of(store)->primary;
}

static bool is_candidate(const void *store, int region)
{
    const struct datastore *datastore = datastore_of(store);

    return region != datastore->primary && datastore_is_up(datastore, region) &&
           !datastore->clusters[region].cut && !datastore->clusters[region].detached;
}

/* A secondary that is further behind than this does not follow: its stream is down or blocked. An
 * assumption: well above the lag of a stream that flows. */
#define FOLLOWS_WITHIN (5 * SIM_S)

static bool cluster_follows(const struct datastore *datastore, int region)
{
    const struct datastore_cluster *cluster = &datastore->clusters[region];
    const struct datastore_cluster *primary = &datastore->clusters[datastore->primary];

    for (uint32_t s = 0; s < datastore->shard_count; s++)
        if (cluster->servers[s].loading ||
            cluster->servers[s].history != primary->servers[s].history)
            return false;
    return datastore->replicas.lag(datastore, region) <= FOLLOWS_WITHIN;
}

static enum cluster_role cluster_role(const void *store, int region)
{
    const struct datastore *datastore = datastore_of(store);

    if (!datastore->store->clusters[region].exists)
        return CLUSTER_NONE;
    if (!datastore_is_up(datastore, region))
        return CLUSTER_DOWN;
    if (region == datastore->primary)
        return CLUSTER_PRIMARY;
    if (datastore->clusters[region].detached)
        return CLUSTER_DETACHED;
    return cluster_follows(datastore, region) ? CLUSTER_SECONDARY : CLUSTER_SYNCING;
}

/* All writes of a shard, where the region is not in the primary's history. */
static uint64_t writes_lacked(const void *store, int region)
{
    const struct datastore *datastore = datastore_of(store);
    uint64_t lacked = 0;

    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        const struct datastore_server *primary =
            &datastore->clusters[datastore->primary].servers[s];
        const struct datastore_server *server = &datastore->clusters[region].servers[s];
        bool follows = !server->loading && server->history == primary->history;

        lacked += primary->applied - (follows ? server->applied : datastore->shards[s].base - 1);
    }
    return lacked;
}

/* It has nothing to go on from: a full copy. */
static void cluster_attach(void *store, int region)
{
    struct datastore_cluster *cluster = &datastore_of(store)->clusters[region];

    if (!cluster->detached)
        return;
    cluster->detached = false;
    if (cluster->cluster->up)
        cluster_rejoin(cluster);
}

static uint64_t writes_held(const void *store, int region)
{
    return datastore_of(store)->clusters[region].applied_total;
}

/* The orders to a primary that is being demoted: to refuse writes; that another one is primary. */
enum { NOTICE_REFUSE, NOTICE_REPLICATE };

/* The orchestrator notifies it, from the region of the new primary: one packet, and the next one
 * after an interval. */
static void cluster_demote(struct datastore_cluster *cluster)
{
    struct datastore *datastore = cluster->datastore;
    int from = datastore->promoting ? datastore->target : datastore->primary;
    uint32_t word = datastore->promoting ? NOTICE_REFUSE : NOTICE_REPLICATE;
    uint64_t identity = (uint64_t)cluster->cluster->region << 40 | ++cluster->notices;

    if (!cluster->cluster->up) {
        cluster->demoted = false; /* it will ask when it is back */
        return;
    }
    cluster_notify(&datastore->store->clusters[from], cluster->cluster, word, PACKET_BYTES,
                   rng_mix(identity));
    sim_after(datastore->store->sim, datastore->config->demotion_interval_ns, cluster->demote_kind,
              0, ++cluster->asks);
}

static void cluster_on_demote(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)entity, (void)generation;
    cluster_demote(self);
}

static bool cluster_demote_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct datastore_cluster *cluster = self;

    (void)entity;
    return cluster->demoted && (cluster->asks & SIM_GENERATION_MASK) == generation;
}

const struct event_kind datastore_demote = {.name = "demote",
                                            .phase = PHASE_WORK,
                                            .fire = cluster_on_demote,
                                            .live = cluster_demote_live,
                                            .carries_cause = true};

static void promotion_begin(void *store, int region)
{
    struct datastore *datastore = datastore_of(store);
    struct datastore_cluster *old = primary_of(datastore);

    if (old->cluster->region == region)
        return; /* a restore in place: it goes on until that is complete */
    datastore->promoting = true;
    datastore->target = region;
    old->demoted = true;
    cluster_demote(old);
}

/* A primary learns of its demotion. It serves its data until a resync flushes it. */
void datastore_peer(struct cluster *cluster, uint32_t word)
{
    struct datastore *datastore = datastore_of(cluster->store);
    struct datastore_cluster *state = cluster->state;

    if (!state->demoted || !cluster->up || state->cut)
        return;
    state->takes_writes = false;
    if (word == NOTICE_REFUSE)
        return;
    state->demoted = false;
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        server_adopt(&state->servers[s], &primary_of(datastore)->servers[s]);
    cluster_rejoin(state);
}

/*
 * A server that has taken writes of its own, which are counted as lost since another one was
 * promoted, keeps none of them: it goes on from the last write that the primary holds too.
 * Numbering goes on from `base` at least, where what came before went with the memory of a primary.
 */
static void fork_from_common(struct datastore_server *server,
                             const struct datastore_server *primary)
{
    struct shard *shard = &server->cluster->datastore->shards[server->shard];
    struct write_position common = shard_common(
        shard, (struct write_position){server->applied, server->history, server->shard},
        (struct write_position){primary->applied, primary->history, server->shard});

    server->history = shard_fork(shard, common.history, common.number, MISS_LOST);
    server_apply(server, common.number < shard->base ? shard->base : common.number);
}

/* Writes after `fork` that are not in the log any more, since every secondary in reach had a number
 * as high: lost like the others, without what is known of each. */
static uint64_t count_trimmed(struct datastore_server *old, uint64_t fork)
{
    struct datastore *datastore = old->cluster->datastore;
    uint64_t trimmed = old->log_low > fork ? old->log_low - fork : 0;

    datastore->shards[old->shard].lost += trimmed;
    datastore->lost_writes[LOSS_BACKLOG] += trimmed;
    return trimmed;
}

/* Promote one shard: the promoted server forks a history, the others follow it if their history
 * allows. Returns the number of writes lost. */
static uint64_t promote_shard(struct datastore *datastore, struct datastore_cluster *old,
                              struct datastore_cluster *new, uint32_t s)
{
    struct datastore_server *server = &new->servers[s];
    bool empty = server->loading; /* flushed, and the copy is not loaded yet */
    uint64_t lost;

    fork_from_common(server, &old->servers[s]);
    server->loading = false;
    log_begin(server, sim_now(datastore->store->sim));
    lost = count_trimmed(&old->servers[s], server->applied) +
           count_suffix(datastore, &old->servers[s], server->applied, old->servers[s].history,
                        new->cluster->region);
    datastore_keep_keys(&old->servers[s], server);
    if (empty)
        shard_empty(server, MISS_LOST);
    followers_adopt(datastore, new, s);
    return lost;
}

/* `new` is not the primary after all. */
static void promotion_failed(struct datastore_cluster *old)
{
    old->demoted = false;
    old->takes_writes = old->cluster->up;
    if (old->cluster->up && old->servers[0].loading) /* it returned meanwhile, empty */
        cluster_begin_empty(old);
}

/* Another cluster becomes the primary, before its shards do. */
static void primary_begin(struct datastore *datastore, struct datastore_cluster *old,
                          struct datastore_cluster *new)
{
    new->demoted = false;
    new->takes_writes = true;
    datastore->primary = new->cluster->region;
    losses_begin(datastore, sim_now(datastore->store->sim));
    old->takes_writes = old->takes_writes && old->cluster->up; /* no fencing */
}

/* Its shards have, and `lost` writes are lost. */
static void primary_end(struct datastore *datastore, struct datastore_cluster *old,
                        struct datastore_cluster *new, uint64_t lost, enum deposed deposed)
{
    struct store *store = datastore->store;

    probe_count_many(store->probes, old->lost, lost);
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists)
            level_unreplicated(datastore, &datastore->clusters[r]);
    if (new != old) {
        old->detached = deposed == DEPOSED_DETACHED && !old->cluster->up;
        old->demoted = true;
        cluster_demote(old);
    }
    datastore_level_roles(datastore);
    if (datastore->stream)
        datastore->stream->restart(datastore->stream->self);
}

static void promotion_end(void *self, int region, enum deposed deposed)
{
    struct datastore *datastore = datastore_of(self);
    struct datastore_cluster *old = primary_of(datastore);
    struct datastore_cluster *new = &datastore->clusters[region];
    uint64_t lost = 0;

    datastore->promoting = false;
    if (new == old || !new->cluster->up) {
        promotion_failed(old);
        return;
    }
    primary_begin(datastore, old, new);
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        lost += promote_shard(datastore, old, new, s);
    primary_end(datastore, old, new, lost, deposed);
}

/* In place: a new cluster with the snapshot's data takes the place of the old one at once. */
static bool restore_end(void *self, int region, enum deposed deposed)
{
    struct datastore *datastore = datastore_of(self);
    struct datastore_cluster *old = primary_of(datastore);
    struct datastore_cluster *new = &datastore->clusters[region];
    uint64_t lost;

    datastore->promoting = false;
    if (!new->cluster->up && !cluster_can_be_created(new->cluster)) {
        promotion_failed(old);
        return false;
    }
    if (new == old)
        cluster_replace(new->cluster);
    else
        cluster_set_created(new->cluster, true);
    primary_begin(datastore, old, new);
    lost = datastore_restore_shards(datastore, old, new);
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        followers_adopt(datastore, new, s);
    primary_end(datastore, old, new, lost, deposed);
    return true;
}

const struct promotion_port datastore_promotion = {.primary = datastore_primary,
                                                   .role = cluster_role,
                                                   .is_candidate = is_candidate,
                                                   .held = writes_held,
                                                   .lacks = writes_lacked,
                                                   .begin = promotion_begin,
                                                   .end = promotion_end,
                                                   .restorable = datastore_restorable,
                                                   .restore = restore_end,
                                                   .attach = cluster_attach};
