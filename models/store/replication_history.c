// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which server holds which write of a shard, and which writes are lost when a history ends.
 *
 * Data is not copied. A write has a position (history, number); a server holds a prefix: all writes
 * of its history up to `applied`, and those of earlier histories up to the fork. The row of a
 * session keeps the positions of its creation and of its latest write, so that a read at any
 * cluster is a comparison.
 */
#include "datastore_internal.h"

#include <stdlib.h>

bool server_holds_older(const struct datastore_server *server, struct write_position position)
{
    const struct shard *shard = &server->cluster->datastore->shards[position.shard];
    uint32_t history = server->history;

    while (history > position.history) {
        if (position.number > shard->histories[history].fork)
            return false;
        history = shard->histories[history].parent;
    }
    return history == position.history;
}

int cluster_reason(const struct datastore_cluster *cluster, struct write_position last)
{
    const struct datastore *datastore = cluster->datastore;
    const struct shard *shard = &datastore->shards[last.shard];
    uint32_t newest = (uint32_t)shard->history_count - 1;

    if (last.number <= cluster->servers[last.shard].flushed)
        return MISS_FLUSHED;
    for (uint32_t k = last.history + 1; k <= newest; k++)
        if (last.number > shard->histories[k].fork)
            return shard->histories[k].reason;
    /* a missing write whose primary is down will not arrive */
    return datastore_is_up(datastore, datastore->primary) ? MISS_LAG : MISS_LOST;
}

uint32_t shard_fork(struct shard *shard, uint32_t parent, uint64_t fork, int reason)
{
    if (shard->history_count == HISTORIES_MAX)
        BUG("more than %d failovers and restarts of one shard", HISTORIES_MAX);
    MEM_GROW(shard->histories, shard->history_capacity, shard->history_count + 1);
    shard->histories[shard->history_count] = (struct history){fork, parent, (uint8_t)reason};
    return (uint32_t)shard->history_count++;
}

struct write_position shard_common(const struct shard *shard, struct write_position a,
                                   struct write_position b)
{
    while (a.history != b.history) {
        /* A history's number is above its parent's. */
        struct write_position *later = a.history > b.history ? &a : &b;
        const struct history *history = &shard->histories[later->history];

        if (later->number > history->fork)
            later->number = history->fork;
        later->history = history->parent;
    }
    return a.number < b.number ? a : b;
}

void server_apply(struct datastore_server *server, uint64_t number)
{
    server->cluster->applied_total += number - server->applied; /* modulo 2^64: may decrease */
    server->applied = number;
    if (__builtin_expect(server->cluster->datastore->has_flushes, 0))
        server_find_flushed(server);
}

/* --- the log of a primary -------------------------------------------------------------------- */

void log_append(struct datastore_server *server, const struct log_entry *entry)
{
    uint64_t size = server->log ? server->log_mask + 1 : 0;

    if (server->log_high - server->log_low + 1 >= size) {
        uint64_t bigger = size ? size * 2 : 64;
        struct log_entry *log = mem_alloc(bigger, sizeof *log);

        for (uint64_t n = server->log_low; size && n <= server->log_high; n++)
            log[n & (bigger - 1)] = *log_at(server, n);
        free(server->log);
        server->log = log;
        server->log_mask = bigger - 1;
    }
    *log_at(server, ++server->log_high) = *entry;
}

void log_begin(struct datastore_server *server, sim_time now)
{
    server->log_low = server->log_high = server->tenure_first = server->applied;
    server->tenure_began = now;
    *log_at(server, server->log_low) = (struct log_entry){.acknowledged = now};
}

void log_trim(struct datastore *datastore, uint32_t shard)
{
    struct datastore_cluster *primary = &datastore->clusters[datastore->primary];
    struct datastore_server *server = &primary->servers[shard];
    uint64_t low = server->log_high;

    for (uint32_t r = 0; r < datastore->store->region_count; r++) {
        const struct datastore_cluster *other = &datastore->clusters[r];

        if (other != primary && datastore_is_up(datastore, (int)r) &&
            other->servers[shard].applied < low)
            low = other->servers[shard].applied;
    }
    if (datastore->config->snapshots != SNAPSHOTS_NONE) {
        uint64_t floor = snapshots_log_floor(datastore, shard);

        low = floor < low ? floor : low;
    }
    if (primary->cluster->node_count == 1) {
        if (low > server->log_low)
            server->log_low = low;
        return;
    }
    /* A replica inside the region may lack writes that every secondary holds. */
    while (!server->server->gone && !server->planned && !server->waits && server->log_low < low &&
           log_at(server, server->log_low + 1)->acknowledged <=
               sim_now(datastore->store->sim) - datastore->replica_lag_max)
        server->log_low++;
}

void level_unreplicated(struct datastore *datastore, struct datastore_cluster *secondary)
{
    const struct datastore_cluster *primary = &datastore->clusters[datastore->primary];
    struct store *store = datastore->store;
    uint64_t behind = secondary->cluster->up && primary->applied_total > secondary->applied_total
                          ? primary->applied_total - secondary->applied_total
                          : 0;

    probe_level(store->probes, secondary->unreplicated, sim_now(store->sim), (int64_t)behind);
}

/* --- losses ---------------------------------------------------------------------------------- */

void losses_begin(struct datastore *datastore, sim_time failed_over)
{
    datastore->failed_over = failed_over;
    for (uint32_t s = 0; s < datastore->shard_count; s++)
        loss_spans_reset(&datastore->shards[s].spans);
}

void count_lost(struct datastore *datastore, const struct log_entry *entry,
                struct write_position position, enum loss_cause by)
{
    const struct session_row *row =
        entry->create ? session_row(datastore->store, entry->session) : NULL;
    const struct datastore_cluster *primary = &datastore->clusters[datastore->primary];
    struct shard *shard = &datastore->shards[position.shard];

    datastore->lost_writes[by]++;
    shard->lost++;
    loss_spans_add(&shard->spans, entry->acknowledged);
    if (row && store_shard_of(datastore->store, entry->session, entry->check) == position.shard &&
        row->check == entry->check && row_first(row, position.shard).number == position.number &&
        row->first_history == position.history &&
        !cluster_holds(primary, row_last(row, position.shard)))
        datastore->lost_sessions[by]++;
}

/* The stream to a replica inside the region is not modelled: what it lacks is in flight, unless the
 * primary acknowledged it when it was cut off from the replica. */
static enum loss_cause loss_cause(const struct datastore_server *old,
                                  const struct datastore *datastore, struct write_position position,
                                  int to)
{
    const struct stream_port *stream = datastore->stream;
    struct stream_reach reach;

    if (to == LOSS_TO_SNAPSHOT)
        return LOSS_SNAPSHOT;
    if (to == LOSS_TO_REPLICA)
        return log_at(old, position.number)->acknowledged > old->crashed ? LOSS_BACKLOG
                                                                         : LOSS_IN_FLIGHT;
    reach = stream->reach(stream->self, to, position.shard);
    if (reach.history != position.history || position.number > reach.buffered)
        return LOSS_BACKLOG;
    return position.number <= reach.sent ? LOSS_IN_FLIGHT : LOSS_OUTPUT_BUFFER;
}

uint64_t count_suffix(struct datastore *datastore, struct datastore_server *old, uint64_t fork,
                      uint32_t history, int to)
{
    uint64_t low = fork > old->log_low ? fork : old->log_low;
    sim_time last = log_at(old, old->log_high)->acknowledged;
    uint64_t removals = 0;

    loss_spans_begin(&datastore->shards[old->shard].spans, last - old->tenure_began,
                     old->log_high - old->tenure_first);
    if (old->log_high <= fork)
        return 0;
    for (uint64_t n = low + 1; n <= old->log_high; n++) {
        struct write_position position = {n, history, old->shard};

        if (log_at(old, n)->flush)
            continue;
        if (log_at(old, n)->removal) { /* no write of a client */
            datastore->shards[old->shard].lost++;
            removals++;
            continue;
        }
        count_lost(datastore, log_at(old, n), position, loss_cause(old, datastore, position, to));
    }
    return old->log_high - low - removals;
}
