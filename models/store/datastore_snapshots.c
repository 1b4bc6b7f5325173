// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Snapshots of the primary cluster, their restore, and flushes.
 *
 * A snapshot is, of each shard, a position: the last write that it holds. A restore forks a new
 * history there, like a promotion (datastore_roles.c), so what was written later is lost, exactly a
 * suffix. Logs keep the writes since the oldest snapshot that may still be restored, so that each
 * lost one is counted.
 *
 * A flush is a write without a session, in the log and in the stream as any other: whoever has
 * applied it holds nothing that came before it (`flushed` of a server). Numbering goes on. A
 * restore takes the newest snapshot from before the first flush that none has repaired.
 *
 * Invariants
 *  1. Snapshots are in the order of their beginnings; those that were never complete are not kept.
 *  2. After a restore a shard holds what the snapshot holds, and all that was acknowledged since
 *     then is lost (datastore_finish() checks the sum).
 */
#include "datastore_internal.h"
#include "run_log.h"

#include <stdlib.h>

const char *const snapshot_names[] = {"none", "scheduled", "daily", NULL};
const char *const snapshot_sources[] = {"automatic", "primary", "replica", NULL};
const char *const standby_names[] = {"replica", "none", NULL};

/* --- flushes --------------------------------------------------------------------------------- */

/* Whether the flush is part of what the server has applied. */
static bool server_has_applied(const struct datastore_server *server, struct write_position flush)
{
    return flush.number <= server->applied &&
           (flush.history == server->history || server_holds_older(server, flush));
}

RARE void server_find_flushed(struct datastore_server *server)
{
    const struct shard *shard = &server->cluster->datastore->shards[server->shard];

    server->flushed = 0;
    for (size_t i = 0; i < shard->flush_count; i++)
        if (server_has_applied(server, shard->flushes[i]) &&
            shard->flushes[i].number > server->flushed)
            server->flushed = shard->flushes[i].number;
}

static void shard_flush(struct datastore *datastore, struct datastore_server *server)
{
    struct shard *shard = &datastore->shards[server->shard];
    struct write_position position = {server->applied + 1, server->history, server->shard};

    MEM_GROW(shard->flushes, shard->flush_capacity, shard->flush_count + 1);
    shard->flushes[shard->flush_count++] = position;
    shard->emptied += server->applied - shard->base;
    shard->base = position.number;
    shard->live = 0;
    if (server->server->keyspace)
        keyspace_clear(server->server->keyspace);
    classes_clear(server->server);
    server_apply(server, position.number);
    log_append(server,
               &(struct log_entry){.acknowledged = sim_now(datastore->store->sim), .flush = true});
    if (datastore->stream)
        datastore->stream->write(datastore->stream->self, position, FLUSH_BYTES);
}

void datastore_flush(struct cluster *cluster)
{
    struct datastore_cluster *state = cluster->state;
    struct datastore *datastore = state->datastore;
    struct store *store = cluster->store;
    const char *region = store->topology->region_names[cluster->region];

    if (cluster->region != datastore->primary || !state->takes_writes) {
        (void)run_log_event(store->log, sim_now(store->sim), "flush", region, sim_cause(store->sim),
                            "refused", "this region's cluster takes no writes");
        return;
    }
    datastore->has_flushes = true;
    if (datastore->snapshots.flushed == SIM_NEVER)
        datastore->snapshots.flushed = sim_now(store->sim);
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        shard_flush(datastore, &state->servers[s]);
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists && (int)r != datastore->primary)
            level_unreplicated(datastore, &datastore->clusters[r]);
}

/* --- snapshots ------------------------------------------------------------------------------- */

static sim_dur time_of(int64_t bytes, double bit_per_s)
{
    return (sim_dur)((double)bytes * 8 / bit_per_s * (double)SIM_S);
}

/* Of one shard. */
static int64_t saved_bytes(const struct datastore *datastore, const struct saved_shard *saved,
                           uint32_t shard)
{
    if (datastore->config->data_set_bytes > 0)
        return datastore->config->data_set_bytes;
    if (datastore->store->memory)
        return saved->bytes;
    return (int64_t)(saved->live * datastore->shards[shard].write_size);
}

/* The longest of the shards, which are saved, copied and loaded side by side. */
static sim_dur shards_take(const struct datastore *datastore, const struct snapshot *snapshot,
                           double bit_per_s, sim_dur per_key_ns)
{
    sim_dur longest = 0;

    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        const struct saved_shard *saved = &snapshot->shards[s];
        sim_dur takes = time_of(saved_bytes(datastore, saved, s), bit_per_s) +
                        (sim_dur)saved->live * per_key_ns;

        longest = takes > longest ? takes : longest;
    }
    return longest;
}

static void snapshot_take(struct datastore *datastore, struct snapshot *snapshot)
{
    const struct datastore_cluster *primary = &datastore->clusters[datastore->primary];

    *snapshot = (struct snapshot){
        .begun = sim_now(datastore->store->sim),
        .region = datastore->primary,
        .shards = mem_alloc(datastore->shard_count, sizeof *snapshot->shards),
    };
    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        const struct shard *shard = &datastore->shards[s];

        snapshot->shards[s] = (struct saved_shard){.history = primary->servers[s].history,
                                                   .number = primary->servers[s].applied,
                                                   .base = shard->base,
                                                   .acknowledged = shard->acknowledged,
                                                   .lost = shard->lost,
                                                   .emptied = shard->emptied,
                                                   .live = shard->live,
                                                   .bytes = datastore_held_bytes(datastore, s)};
    }
}

static int snapshot_source(const struct datastore_config *config)
{
    return config->snapshots == SNAPSHOTS_DAILY ? config->daily_from : config->snapshot_from;
}

/* The fork blocks the process that is saved: the primary's, or that of a replica in its place. */
static void snapshot_fork(struct datastore *datastore, struct snapshot *snapshot)
{
    const struct persistence_config *cost = &datastore->store->config->persistence;
    const double gib = 1024.0 * 1024.0 * 1024.0;

    snapshot->forked = !cluster_has_replicas(datastore->clusters[datastore->primary].cluster) ||
                       snapshot_source(datastore->config) == SNAPSHOT_FROM_PRIMARY;
    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        const struct datastore_server *server = &datastore->clusters[datastore->primary].servers[s];
        sim_dur length = (sim_dur)((double)saved_bytes(datastore, &snapshot->shards[s], s) / gib *
                                   (double)cost->fork_per_gib_ns);

        if (!snapshot->forked) {
            readers_block(server, length);
            continue;
        }
        memory_fork_begin(server->server);
        server_block(server->server, length);
    }
}

static void snapshot_join(struct datastore *datastore, const struct snapshot *snapshot)
{
    for (uint32_t s = 0; snapshot->forked && s < datastore->shard_count; s++)
        memory_fork_end(datastore->clusters[snapshot->region].servers[s].server);
}

static void snapshots_keep(struct datastore *datastore, const struct snapshot *snapshot)
{
    struct snapshots *snapshots = &datastore->snapshots;

    MEM_GROW(snapshots->items, snapshots->capacity, snapshots->count + 1);
    snapshots->items[snapshots->count++] = *snapshot;
}

static bool primary_is_well(const struct datastore *datastore)
{
    const struct datastore_cluster *primary = &datastore->clusters[datastore->primary];

    return primary->cluster->up && !primary->moves && !primary->cut;
}

/* The start of the run stands for all snapshots before it: of these nothing is known. */
static void datastore_on_earlier(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct snapshot snapshot;

    (void)sim, (void)entity, (void)generation;
    snapshot_take(self, &snapshot);
    snapshots_keep(self, &snapshot);
}

/* The number-th one of the run, from 0. */
static void plan_snapshot(const struct datastore *datastore, uint32_t number)
{
    const struct datastore_config *config = datastore->config;
    const struct store *store = datastore->store;
    const struct time_window daily = {
        .every_ns = DAY, .at_ns = config->snapshot_at_ns, .length_ns = config->snapshot_window_ns};
    sim_time when;

    if (config->snapshots == SNAPSHOTS_DAILY)
        when = windows_time(datastore, &daily, SNAPSHOT_WINDOWS, number);
    else if (number > 0)
        when = sim_now(store->sim) + config->snapshot_every_ns;
    else
        when = phase_start_ns(&config->snapshot_phase, store->sim, store->instance, SNAPSHOT_ENTITY,
                              config->snapshot_every_ns);
    sim_at(store->sim, when, datastore->snapshots.begin_kind, number, 0);
}

static void datastore_on_snapshot(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct datastore *datastore = self;
    struct snapshots *snapshots = &datastore->snapshots;
    const struct persistence_config *cost = &datastore->store->config->persistence;

    (void)generation;
    plan_snapshot(datastore, entity + 1);
    if (!primary_is_well(datastore) || snapshots->in_progress.shards)
        return;
    snapshot_take(datastore, &snapshots->in_progress);
    snapshot_fork(datastore, &snapshots->in_progress);
    sim_after(sim, shards_take(datastore, &snapshots->in_progress, cost->save_bit_per_s, 0),
              snapshots->done_kind, 0, 0);
}

/* Of a primary that went down, or was another one's copy, since it began nothing remains. */
static bool is_whole(const struct datastore *datastore, const struct snapshot *snapshot)
{
    const struct datastore_server *servers = datastore->clusters[snapshot->region].servers;

    if (snapshot->region != datastore->primary || !primary_is_well(datastore))
        return false;
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        if (servers[s].history != snapshot->shards[s].history)
            return false;
    return true;
}

static void datastore_on_saved(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct datastore *datastore = self;
    struct snapshots *snapshots = &datastore->snapshots;
    struct snapshot snapshot = snapshots->in_progress;

    (void)entity, (void)generation;
    snapshots->in_progress = (struct snapshot){0};
    snapshot_join(datastore, &snapshot);
    if (!is_whole(datastore, &snapshot)) {
        free(snapshot.shards);
        return;
    }
    snapshot.here = sim_now(sim);
    snapshot.elsewhere =
        sim_now(sim) + shards_take(datastore, &snapshot,
                                   datastore->config->snapshots == SNAPSHOTS_DAILY
                                       ? datastore->config->daily_copy_bit_per_s
                                       : datastore->config->snapshot_copy_bit_per_s,
                                   0);
    snapshots_keep(datastore, &snapshot);
}

const struct event_kind datastore_earlier = {
    .name = "earlier-copy", .phase = PHASE_WORK, .fire = datastore_on_earlier};
const struct event_kind datastore_snapshot = {
    .name = "snapshot", .phase = PHASE_WORK, .fire = datastore_on_snapshot};
const struct event_kind datastore_saved = {
    .name = "snapshot-saved", .phase = PHASE_WORK, .fire = datastore_on_saved};

void datastore_snapshots_start(struct datastore *datastore)
{
    struct store *store = datastore->store;
    const struct datastore_config *config = datastore->config;

    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists && (int)r != datastore->primary &&
            config->standby == STANDBY_NONE)
            cluster_set_created(&store->clusters[r], false);
    if (config->snapshots == SNAPSHOTS_NONE)
        return;
    sim_at(store->sim, 0, datastore->snapshots.earlier_kind, 0, 0);
    plan_snapshot(datastore, 0);
}

void datastore_snapshots_release(struct datastore *datastore)
{
    struct snapshots *snapshots = &datastore->snapshots;

    for (size_t i = 0; i < snapshots->count; i++)
        free(snapshots->items[i].shards);
    free(snapshots->items);
    free(snapshots->in_progress.shards);
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        free(datastore->shards[s].flushes);
}

/* --- which one is restored ------------------------------------------------------------------- */

/* The newest one that is complete in the region, from before a flush; NULL: there is none. */
static const struct snapshot *snapshot_for(const struct datastore *datastore, int region)
{
    const struct snapshots *snapshots = &datastore->snapshots;

    for (size_t i = snapshots->count; i-- > 0;) {
        const struct snapshot *snapshot = &snapshots->items[i];
        sim_time there = snapshot->region == region ? snapshot->here : snapshot->elsewhere;

        if (snapshot->begun < snapshots->flushed && there <= sim_now(datastore->store->sim))
            return snapshot;
    }
    return NULL;
}

RARE uint64_t snapshots_log_floor(const struct datastore *datastore, uint32_t shard)
{
    const struct store *store = datastore->store;
    const struct snapshot *oldest = NULL;

    for (uint32_t r = 0; r < store->region_count; r++) {
        const struct snapshot *snapshot =
            store->clusters[r].exists ? snapshot_for(datastore, (int)r) : NULL;

        if (snapshot && (!oldest || snapshot->begun < oldest->begun))
            oldest = snapshot;
    }
    return oldest ? oldest->shards[shard].number : 0;
}

bool datastore_restorable(const void *self, int region, uint64_t word, struct restore_plan *plan)
{
    const struct store *store = self;
    const struct datastore *datastore = datastore_of(store);
    const struct persistence_config *cost = &store->config->persistence;
    const struct cluster *cluster = &store->clusters[region];
    const struct snapshot *snapshot;

    if (!cluster->exists ||
        !(region == datastore->primary ? cluster->up : cluster_can_be_created(cluster)))
        return false;
    snapshot = snapshot_for(datastore, region);
    if (!snapshot)
        return false;
    *plan = (struct restore_plan){
        .takes_ns = dist_sample_ns(datastore->config->restore_create, word) +
                    shards_take(datastore, snapshot, cost->load_bit_per_s, cost->load_per_key_ns),
        .age_ns = sim_now(store->sim) - snapshot->begun};
    return true;
}

/* --- restore --------------------------------------------------------------------------------- */

/* The shard goes on from the snapshot; returns how many writes are lost by that. */
static uint64_t restore_shard(struct datastore *datastore, struct datastore_server *old,
                              struct datastore_server *new, const struct saved_shard *saved)
{
    struct shard *shard = &datastore->shards[new->shard];
    uint32_t history = old->history;
    uint64_t before = shard->lost;
    /* All that was acknowledged since; where the primary has changed since the snapshot, writes
     * that were lost by that may be in it. */
    uint64_t after = saved->lost + (shard->acknowledged - saved->acknowledged);

    new->history = shard_fork(shard, saved->history, saved->number, MISS_LOST);
    server_apply(new, saved->number);
    new->loading = false;
    (void)count_suffix(datastore, old, saved->number, history, LOSS_TO_SNAPSHOT);
    if (after > shard->lost) /* the log does not have them any more */
        datastore->lost_writes[LOSS_SNAPSHOT] += after - shard->lost;
    shard->lost = after;
    shard->base = saved->base;
    shard->emptied = saved->emptied;
    shard->live = saved->live;
    log_begin(new, sim_now(datastore->store->sim));
    datastore_restore_keys(old, new);
    classes_clear(new->server); /* a snapshot of keys of classes is not kept: the cache is cold */
    return after > before ? after - before : 0;
}

/* Those from after the flush have nothing that is missed, and are of no use any more. */
static void snapshots_drop(struct snapshots *snapshots, sim_time from)
{
    while (snapshots->count > 0 && snapshots->items[snapshots->count - 1].begun >= from)
        free(snapshots->items[--snapshots->count].shards);
}

uint64_t datastore_restore_shards(struct datastore *datastore, struct datastore_cluster *old,
                                  struct datastore_cluster *new)
{
    const struct snapshot *snapshot = snapshot_for(datastore, new->cluster->region);
    uint64_t lost = 0;

    for (uint32_t s = 0; s < datastore->shard_count; s++)
        lost += restore_shard(datastore, &old->servers[s], &new->servers[s], &snapshot->shards[s]);
    snapshots_drop(&datastore->snapshots, datastore->snapshots.flushed);
    datastore->snapshots.flushed = SIM_NEVER;
    return lost;
}
