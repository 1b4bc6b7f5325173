// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Keys of classes in a global datastore: written at the primary, numbered and replicated like
 * writes of sessions, so that they count for bandwidth, backlog, buffers and losses, and executed
 * by each secondary when it applies their number. A change keeps what the key was before: a replica
 * that takes over takes back what it has not received.
 */
#include "datastore_internal.h"

bool datastore_class_refuses(struct server *server, struct command *command)
{
    struct datastore_server *own = server->state;
    const struct datastore *datastore = own->cluster->datastore;

    if (server->slots_move && reshard_redirects(server, command))
        return true;
    if (own->loading) {
        command->reply.kind = REPLY_LOADING;
        return true;
    }
    if (!command_is_write(command->kind))
        return false;
    if (!own->cluster->takes_writes) {
        command_refuse_write(datastore->store, command);
        return true;
    }
    if (datastore->config->min_replicas == 0 || !server_lacks_replicas(own))
        return false;
    probe_count(datastore->store->probes, own->cluster->refused);
    command->reply.kind = REPLY_ERROR;
    return true;
}

void datastore_class_written(struct server *server, const struct command *command,
                             struct class_change *change)
{
    struct datastore_server *own = server->state;
    const struct store *store = server->cluster->store;
    const struct log_entry entry = {.acknowledged = sim_now(store->sim),
                                    .session = command->session,
                                    .check = command->session_check};

    server_apply(own, own->applied + 1);
    server_acknowledge(own, &entry, command->bytes,
                       (struct write_position){own->applied, own->history, own->shard});
    if (server->cluster->region != own->cluster->datastore->primary)
        return; /* a deposed primary keeps no log */
    change->number = own->applied;
    class_log_add(&own->changes, change, own->log_low, own->log_mask);
}

RARE void datastore_classes_apply(const struct datastore_server *server,
                                  const struct datastore_server *primary, uint64_t from,
                                  uint64_t to)
{
    for (uint64_t n = from + 1; n <= to; n++) {
        const struct class_change *change = class_log_at(&primary->changes, n);

        if (n > primary->log_low && n <= primary->log_high && log_at(primary, n)->flush)
            classes_clear(server->server);
        else if (change)
            class_apply(server->server, change);
    }
}

RARE void datastore_classes_undo(const struct datastore_server *old, struct server *server,
                                 uint64_t fork)
{
    for (uint64_t n = old->log_high; n > fork && n > old->log_low; n--) {
        const struct class_change *change = class_log_at(&old->changes, n);

        if (change)
            class_undo(server, change);
    }
}

/* Of what the key was nothing is kept: it is not taken back. */
RARE void datastore_class_removed(struct server *server, uint32_t key)
{
    struct datastore_server *own = server->state;
    struct datastore *datastore = own->cluster->datastore;
    struct store *store = datastore->store;
    const struct log_entry entry = {
        .acknowledged = sim_now(store->sim), .session = key, .removal = true};
    struct class_change change = {.key = key};

    if (!memory_runs(store->memory))
        return;
    server_apply(own, own->applied + 1);
    change.number = own->applied;
    datastore->shards[own->shard].acknowledged++;
    log_append(own, &entry);
    if (datastore->stream)
        datastore->stream->write(datastore->stream->self,
                                 (struct write_position){own->applied, own->history, own->shard},
                                 REMOVAL_BYTES);
    class_log_add(&own->changes, &change, own->log_low, own->log_mask);
    if (!datastore->stream)
        log_trim(datastore, own->shard);
}
