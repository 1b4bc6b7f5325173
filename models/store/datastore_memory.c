// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Keys of a global datastore that servers remove: evicted, or expired.
 *
 * Only a primary evicts and expires; each removal is a DEL in its log and in the stream, so that a
 * secondary has it once it has applied that. The keyspace of a shard belongs to the primary's
 * server: at a failover it moves to the new one, without the keys that were lost. A read at a
 * secondary or replica uses no key: it does not keep the key from being evicted at the primary.
 */
#include "datastore_internal.h"

#include <stdlib.h>
#include <string.h>

/* Of a session, when it was last evicted. */
struct removal {
    struct write_position position;
};

struct removals {
    struct {
        struct removal *rows;
        size_t count;
    } regions[REGIONS_MAX];
};

void datastore_memory_init(struct datastore *datastore)
{
    if (datastore->store->memory)
        datastore->removals = mem_zalloc(1, sizeof *datastore->removals);
}

void datastore_memory_release(struct datastore *datastore)
{
    for (int r = 0; datastore->removals && r < REGIONS_MAX; r++)
        free(datastore->removals->regions[r].rows);
    free(datastore->removals);
}

static struct removal *removal_of(struct removals *removals, uint32_t session)
{
    struct removal **rows = &removals->regions[ref_region(session)].rows;
    size_t *count = &removals->regions[ref_region(session)].count, capacity = *count;

    if (ref_index(session) >= *count) {
        MEM_GROW(*rows, capacity, (size_t)ref_index(session) + 1);
        memset(*rows + *count, 0, (capacity - *count) * sizeof **rows);
        *count = capacity;
    }
    return &(*rows)[ref_index(session)];
}

/* One removed before the run was never there: every cluster has the position of its start. */
void datastore_removed(struct server *server, uint32_t session, bool evicted)
{
    struct datastore_server *state = server->state;
    struct datastore *datastore = state->cluster->datastore;
    struct store *store = datastore->store;
    struct write_position position = {1, 0, state->shard};
    struct removal *removal;
    const struct log_entry entry = {
        .acknowledged = sim_now(store->sim), .session = session, .removal = true};

    if (ref_is_class(session)) {
        datastore_class_removed(server, session);
        return;
    }
    removal = removal_of(datastore->removals, session);
    if (memory_runs(store->memory)) {
        server_apply(state, state->applied + 1);
        position = (struct write_position){state->applied, state->history, state->shard};
        datastore->shards[state->shard].acknowledged++;
        log_append(state, &entry);
        if (datastore->stream)
            datastore->stream->write(datastore->stream->self, position, REMOVAL_BYTES);
        else
            log_trim(datastore, state->shard);
    }
    if (evicted)
        removal->position = position;
}

static struct datastore_server *primary_server(const struct datastore_server *server)
{
    struct datastore *datastore = server->cluster->datastore;

    return &datastore->clusters[datastore->primary].servers[server->shard];
}

RARE void datastore_read_copy(const struct datastore_server *server, struct command *command)
{
    struct datastore *datastore = server->cluster->datastore;
    const struct server *keeper = primary_server(server)->server;
    struct write_position position;

    if (command->reply.kind != REPLY_HIT || !keeper->keyspace)
        return;
    position = removal_of(datastore->removals, command->session)->position;
    memory_read_copy(keeper, server->cluster->cluster,
                     position.number > 0 && cluster_holds(server->cluster, position), command);
}

RARE enum execution datastore_read_memory(struct datastore_server *server, uint32_t ref,
                                          struct command *command)
{
    if (command->reply.kind == REPLY_HIT && server->server->keyspace)
        return memory_read(server->server, ref, command);
    datastore_read_copy(server, command);
    return EXECUTION_DONE;
}

int64_t datastore_held_bytes(const struct datastore *datastore, uint32_t shard)
{
    const struct server *server = datastore->clusters[datastore->primary].servers[shard].server;

    return server->keyspace ? (int64_t)keyspace_counts(server->keyspace).used_bytes : -1;
}

/* --- a server that goes on with less, or in place of another one ----------------------------- */

static bool holds_session(const struct datastore_server *server, const struct session_row *row)
{
    return cluster_holds(server->cluster, row_last(row, server->shard)) ||
           cluster_holds(server->cluster, row_first(row, server->shard));
}

/* Keys that nobody reads remain: nothing is known of them. */
static bool server_keeps(void *self, uint32_t session, const struct key_value *value)
{
    const struct datastore_server *server = self;
    const struct session_row *row;

    if (session == NO_INDEX || ref_is_class(session))
        return true;
    row = session_row(server->cluster->datastore->store, session);
    return row->check == value->version && holds_session(server, row);
}

void datastore_keep_keys(struct datastore_server *old, struct datastore_server *server)
{
    memory_move(old->server, server->server);
    if (old != server && server->server->keyspace)
        datastore_classes_undo(old, server->server, server->applied);
    if (server->server->keyspace)
        keyspace_retain(server->server->keyspace, server_keeps, server, KEY_NEVER);
}

static void restore_session(struct datastore_server *server, uint32_t session)
{
    struct store *store = server->cluster->datastore->store;
    const struct session_row *row = session_row(store, session);

    if (row->check > 0 && store_shard_of(store, session, row->check) == server->shard &&
        holds_session(server, row) &&
        keyspace_peek(server->server->keyspace, session, 0, NULL) != KEY_HELD)
        memory_seed(server->server, session, row->check);
}

void datastore_restore_keys(struct datastore_server *old, struct datastore_server *server)
{
    const struct store *store = server->cluster->datastore->store;

    datastore_keep_keys(old, server);
    for (uint32_t r = 0; server->server->keyspace && r < store->region_count; r++)
        for (size_t i = 0; i < store->sessions[r].count; i++)
            restore_session(server, ref_make(r, (uint32_t)i));
}
