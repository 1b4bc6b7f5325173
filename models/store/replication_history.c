// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Who holds which write of a shard, and what is lost when a history ends.
 *
 * What a cluster holds is never copied. A write has a position (history, number); a server holds a
 * prefix: all writes of its history up to `applied`, and of earlier histories those up to the fork.
 * A session's row keeps the positions of its creation and of its latest write, so that any
 * cluster's answer to a read is a comparison.
 */
#include "bug.h"
#include "mem.h"
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * The slot of a session's key, and the shard that has the slot. The real hash is CRC16 of the key;
 * any good hash spreads as well. The first `hot_slots` belong to shard 0, the rest is cut evenly.
 */
uint32_t store_shard_of(const struct store *store, uint32_t session, uint32_t check)
{
    uint32_t slot;

    if (store->shard_count == 1)
        return 0;
    slot = (uint32_t)(rng_mix((uint64_t)check << 32 | session) % SLOTS);
    if (slot < store->hot_slots)
        return 0;
    return 1 + (slot - store->hot_slots) * (store->shard_count - 1) / (SLOTS - store->hot_slots);
}

#define ROWS_ZEROED 1024 /* at a time: memory that no session needs is not touched */

RARE struct session_row *store_row_slow(struct store *store, uint32_t session)
{
    struct session_table *table = &store->sessions[ref_region(session)];
    size_t index = ref_index(session);
    size_t count = (index / ROWS_ZEROED + 1) * ROWS_ZEROED;

    MEM_GROW(table->rows, table->capacity, count);
    memset(table->rows + table->count, 0, (count - table->count) * sizeof *table->rows);
    table->count = count;
    return &table->rows[index];
}

bool cluster_holds(const struct cluster *cluster, struct write_position position)
{
    const struct shard *shard = &cluster->store->shards[position.shard];
    const struct server *server = &cluster->servers[position.shard];

    uint32_t history = server->history;

    if (position.number == 0 || position.number > server->applied)
        return false;
    while (history > position.history) {
        if (position.number > shard->histories[history].fork)
            return false;
        history = shard->histories[history].parent;
    }
    return history == position.history;
}

enum miss_reason cluster_reason(const struct cluster *cluster, struct write_position last)
{
    const struct store *store = cluster->store;
    const struct shard *shard = &store->shards[last.shard];
    uint32_t newest = (uint32_t)shard->history_count - 1;

    for (uint32_t k = last.history + 1; k <= newest; k++)
        if (last.number > shard->histories[k].fork)
            return shard->histories[k].reason;
    /* a write that is not here and whose primary is dead will not come any more */
    return store->clusters[store->primary].up ? MISS_LAG : MISS_LOST;
}

uint32_t shard_fork(struct shard *shard, uint32_t parent, uint64_t fork, enum miss_reason reason)
{
    if (shard->history_count == HISTORIES_MAX)
        BUG("more than %d failovers and restarts of one shard", HISTORIES_MAX);
    MEM_GROW(shard->histories, shard->history_capacity, shard->history_count + 1);
    shard->histories[shard->history_count] = (struct history){fork, parent, reason};
    return (uint32_t)shard->history_count++;
}

void server_apply(struct server *server, uint64_t number)
{
    server->cluster->applied_total += number - server->applied; /* may wrap: also backwards */
    server->applied = number;
}

/* --- the log of a primary -------------------------------------------------------------------- */

void log_append(struct server *server, const struct log_entry *entry)
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

void log_begin(struct server *server, sim_time now)
{
    server->log_low = server->log_high = server->applied;
    *log_at(server, server->log_low) = (struct log_entry){.acknowledged = now};
}

void log_trim(struct store *store, uint32_t shard)
{
    struct cluster *primary = &store->clusters[store->primary];
    struct server *server = &primary->servers[shard];
    uint64_t low = server->log_high;

    for (uint32_t r = 0; r < store->region_count; r++) {
        const struct cluster *other = &store->clusters[r];

        if (other->exists && other->up && other != primary && other->servers[shard].applied < low)
            low = other->servers[shard].applied;
    }
    if (store->config->replicas == 0) {
        if (low > server->log_low)
            server->log_low = low;
        return;
    }
    /* a replica inside the region may lack writes that every secondary has */
    while (!server->crashed && server->log_low < low &&
           log_at(server, server->log_low + 1)->acknowledged <=
               sim_now(store->sim) - store->replica_lag_max)
        server->log_low++;
}

void level_unreplicated(struct store *store, struct cluster *secondary)
{
    const struct cluster *primary = &store->clusters[store->primary];
    uint64_t behind = secondary->up && primary->applied_total > secondary->applied_total
                          ? primary->applied_total - secondary->applied_total
                          : 0;

    probe_level(store->probes, secondary->unreplicated, sim_now(store->sim), (int64_t)behind);
}

/* --- losses ---------------------------------------------------------------------------------- */

void count_lost(struct store *store, const struct log_entry *entry, struct write_position position)
{
    const struct session_row *row = store_row(store, entry->session);
    const struct cluster *primary = &store->clusters[store->primary];

    store->lost_writes++;
    store->shards[position.shard].lost++;
    if (entry->create && row->check == entry->check &&
        row_first(row, position.shard).number == position.number &&
        row->first_history == position.history &&
        !cluster_holds(primary, row_last(row, position.shard)))
        store->lost_sessions++;
}

/* RPO: the worst over shards, of one failover; store->rpo is -1 before the first shard of it. */
void count_suffix(struct store *store, struct server *old, uint64_t fork, uint32_t history)
{
    uint64_t low = fork > old->log_low ? fork : old->log_low;
    sim_time last = log_at(old, old->log_high)->acknowledged;
    sim_dur rpo = 0;

    if (last > store->last_acknowledged)
        store->last_acknowledged = last;
    if (old->log_high > fork) {
        for (uint64_t n = low + 1; n <= old->log_high; n++)
            count_lost(store, log_at(old, n), (struct write_position){n, history, old->shard});
        rpo = last - log_at(old, low)->acknowledged;
    }
    if (rpo > store->rpo)
        store->rpo = rpo;
}
