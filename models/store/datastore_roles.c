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

    server->history = shard_fork(shard, server->history, 0, reason);
    server->log_low = server->log_high = server->applied;
    shard->emptied += server->applied - shard->base;
    shard->base = server->applied;
    shard->live = 0;
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

static void cluster_rejoin(struct datastore_cluster *cluster)
{
    const struct stream_port *stream = cluster->datastore->stream;

    stream->rejoin(stream->self, cluster->cluster->region);
}

void datastore_down(struct cluster *cluster, enum crash_kind kind)
{
    const struct datastore *datastore = datastore_of(cluster->store);
    const struct stream_port *stream = datastore->stream;

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

    if (cluster->region == datastore->primary && !(was_down && datastore->promoting)) {
        cluster_empty(state);
        return;
    }
    if (was_down)
        state->takes_writes = false;
    cluster_set_loading(state);
    cluster_rejoin(state);
}

/* --- failover inside a region ---------------------------------------------------------------- */

/* The last write that a primary acknowledged at `when` or before; at least log_low. */
static uint64_t server_number_at(const struct datastore_server *server, sim_time when)
{
    uint64_t number = server->log_high;

    while (number > server->log_low && log_at(server, number)->acknowledged > when)
        number--;
    return number;
}

static void server_crash(struct datastore_server *state)
{
    struct datastore *datastore = state->cluster->datastore;
    struct server *server = state->server;
    struct sim *sim = datastore->store->sim;
    struct shard *shard = &datastore->shards[state->shard];
    int region = server->cluster->region;
    uint64_t entity = (uint64_t)state->shard << 8 | (uint64_t)region;
    struct rng_block block = rng_block_at(&datastore->replica, entity, shard->failover++);

    if (server->gone)
        return;
    server_drop_all(server);
    server->gone = true;
    state->crash_fork = state->applied;
    if (region == datastore->primary)
        state->crash_fork = server_number_at(
            state, sim_now(sim) - dist_sample_ns(datastore->config->replica_lag, block.word[0]));
    sim_after(sim, dist_sample_ns(datastore->config->replica_failover, block.word[1]),
              state->cluster->failover_kind, server_entity(server), 0);
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
    uint64_t lost = datastore->lost_writes;
    uint32_t history = state->history;
    struct cause cause = {0};

    state->history =
        shard_fork(&datastore->shards[state->shard], history, state->crash_fork, MISS_LOST);
    datastore->rpo = -1;
    count_suffix(datastore, state, state->crash_fork, history);
    probe_count_many(store->probes, cluster->lost, datastore->lost_writes - lost);
    server_apply(state, state->crash_fork);
    log_begin(state, sim_now(store->sim));
    followers_adopt(datastore, cluster, state->shard);
    cause.number = run_log_event(store->log, sim_now(store->sim), "failover",
                                 store->topology->region_names[cluster->cluster->region],
                                 sim_cause(store->sim), "crash",
                                 "a replica takes over shard %u; %llu writes lost", state->shard,
                                 (unsigned long long)(datastore->lost_writes - lost));
    sim_set_cause(store->sim, cause);
    if (datastore->stream)
        datastore->stream->restart_shard(datastore->stream->self, state->shard);
}

/* A replica is the primary's node from now on: the next one that runs, else the next one. */
static void cluster_move(struct datastore_cluster *state)
{
    struct cluster *cluster = state->cluster;
    uint32_t count = cluster->node_count, next = (cluster->primary_node + 1) % count;

    if (!state->moves)
        return; /* with another shard */
    state->moves = false;
    for (uint32_t n = 1; n < count; n++) {
        uint32_t other = (cluster->primary_node + n) % count;

        if (cluster->nodes[other].down == CRASH_NONE) {
            next = other;
            break;
        }
    }
    listener_up(&cluster->nodes[next]);
    listener_move(cluster, next);
}

/* A replica inside the region takes over the shard. */
static void cluster_on_failover(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct datastore_cluster *cluster = self;
    struct datastore *datastore = cluster->datastore;
    struct datastore_server *state = &cluster->servers[entity >> 4];

    (void)sim, (void)generation;
    state->server->gone = false;
    probe_count(datastore->store->probes, cluster->failovers);
    if (!cluster->cluster->up)
        return;
    cluster_move(cluster);
    if (cluster->cluster->region == datastore->primary)
        primary_taken_over(state);
    server_begin_iteration(state->server);
}

const struct event_kind datastore_failover = {.name = "shard_failover",
                                              .phase = PHASE_WORK,
                                              .fire = cluster_on_failover,
                                              .carries_cause = true};

/* With replicas inside the region, one of them takes over each shard. */
bool datastore_crash(struct cluster *cluster, enum crash_kind kind)
{
    struct datastore *datastore = datastore_of(cluster->store);
    const struct stream_port *stream = datastore->stream;

    if (datastore->config->replicas == 0)
        return false;
    if (!cluster->up)
        return true;
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

/* --- promotion ------------------------------------------------------------------------------- */

int datastore_primary(const void *store)
{
    return datastore_of(store)->primary;
}

static bool is_candidate(const void *store, int region)
{
    const struct datastore *datastore = datastore_of(store);

    return region != datastore->primary && datastore_is_up(datastore, region);
}

static uint64_t writes_held(const void *store, int region)
{
    return datastore_of(store)->clusters[region].applied_total;
}

/* The orders to a primary that is being demoted: to refuse writes; that another one is primary. */
enum { TELL_REFUSE, TELL_REPLICATE };

/* Whoever orchestrates tells it, from the region of the new primary: one packet, and the next one
 * after an interval. */
static void cluster_demote(struct datastore_cluster *cluster)
{
    struct datastore *datastore = cluster->datastore;
    int from = datastore->promoting ? datastore->target : datastore->primary;
    uint32_t word = datastore->promoting ? TELL_REFUSE : TELL_REPLICATE;
    uint64_t identity = (uint64_t)cluster->cluster->region << 40 | ++cluster->told;

    if (!cluster->cluster->up) {
        cluster->demoted = false; /* it will ask when it is back */
        return;
    }
    cluster_send_once(&datastore->store->clusters[from], cluster->cluster, word, 60,
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

    datastore->promoting = true;
    datastore->target = region;
    if (old->cluster->region == region)
        return;
    old->demoted = true;
    cluster_demote(old);
}

/* A primary learns of its demotion. It serves its data until a resync flushes it. */
void datastore_peer(struct cluster *cluster, uint32_t word)
{
    struct datastore *datastore = datastore_of(cluster->store);
    struct datastore_cluster *state = cluster->state;

    if (!state->demoted || !cluster->up)
        return;
    state->takes_writes = false;
    if (word == TELL_REFUSE)
        return;
    state->demoted = false;
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        server_adopt(&state->servers[s], &primary_of(datastore)->servers[s]);
    cluster_rejoin(state);
}

/* Promote one shard: the promoted server forks a history, the others follow it if their history
 * allows. */
static void promote_shard(struct datastore *datastore, struct datastore_cluster *old,
                          struct datastore_cluster *new, uint32_t s)
{
    struct datastore_server *server = &new->servers[s];
    uint32_t old_history = old->servers[s].history;
    bool empty = server->loading; /* flushed, and the copy is not loaded yet */

    server->history =
        shard_fork(&datastore->shards[s], server->history, server->applied, MISS_LOST);
    server->loading = false;
    log_begin(server, sim_now(datastore->store->sim));
    count_suffix(datastore, &old->servers[s], server->applied, old_history);
    if (empty)
        shard_empty(server, MISS_LOST);
    followers_adopt(datastore, new, s);
}

static void promotion_end(void *self, int region)
{
    struct store *store = self;
    struct datastore *datastore = datastore_of(store);
    struct datastore_cluster *old = primary_of(datastore);
    struct datastore_cluster *new = &datastore->clusters[region];
    uint64_t lost = datastore->lost_writes;

    datastore->promoting = false;
    if (new == old || !new->cluster->up) {
        old->demoted = false;
        old->takes_writes = old->cluster->up;
        return;
    }
    new->demoted = false;
    new->takes_writes = true;
    datastore->primary = region;
    datastore->rpo = -1;
    datastore->last_acknowledged = 0;
    old->takes_writes = old->takes_writes && old->cluster->up; /* no fencing */
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        promote_shard(datastore, old, new, s);
    probe_count_many(store->probes, old->lost, datastore->lost_writes - lost);
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists)
            level_unreplicated(datastore, &datastore->clusters[r]);
    old->demoted = true;
    cluster_demote(old);
    if (datastore->stream)
        datastore->stream->restart(datastore->stream->self);
}

const struct promotion_port datastore_promotion = {.primary = datastore_primary,
                                                   .is_candidate = is_candidate,
                                                   .held = writes_held,
                                                   .begin = promotion_begin,
                                                   .end = promotion_end};
