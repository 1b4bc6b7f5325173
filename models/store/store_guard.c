// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Guards in front of a server, as a proxy or an admission queue in front of its event loop has
 * them: admission control by concurrency and by rate, another order of the queue, and commands that
 * are dropped, unexecuted, because they have waited too long or nobody waits for them any more.
 * What is refused or dropped is answered with an error at once and takes no server time.
 */
#include "store_internal.h"

bool store_has_guard(const struct store_config *config)
{
    return config->admission_concurrency > 0 || config->admission_rate > 0 ||
           config->queue_order == QUEUE_LIFO || config->drop_abandoned ||
           config->queue_timeout_ns > 0;
}

static void guard_answer(struct server *server, uint32_t ref, struct command *command)
{
    command->reply = (struct reply){.kind = REPLY_THROTTLED};
    cluster_reply(server->cluster, ref, command);
}

/* The concurrency is tested first: a command that it refuses takes no token. */
static bool server_has_room(struct server *server)
{
    const struct store *store = server->cluster->store;
    const struct store_config *config = store->config;

    if (config->admission_concurrency > 0 && server->queued >= config->admission_concurrency)
        return false;
    return config->admission_rate <= 0 ||
           token_bucket_take(&server->bucket, config->admission_rate, config->admission_burst,
                             sim_now(store->sim));
}

RARE bool server_admits(struct server *server, uint32_t ref, struct command *command)
{
    struct cluster *cluster = server->cluster;

    if (server_has_room(server))
        return true;
    probe_count(cluster->store->probes, cluster->rejected);
    guard_answer(server, ref, command);
    return false;
}

static bool command_is_expired(const struct store *store, uint32_t ref,
                               const struct command *command)
{
    const struct store_config *config = store->config;
    const struct command_pool *pool = store->pools[command->region];

    if (config->drop_abandoned && !pool->waits(pool->self, ref_index(ref)))
        return true;
    return config->queue_timeout_ns > 0 &&
           sim_now(store->sim) - command->arrived > config->queue_timeout_ns;
}

RARE bool server_drop_expired(struct server *server)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    uint32_t *place = &server->iteration_head;
    uint32_t ref = *place;

    while (ref != NO_INDEX) {
        struct command *command = command_at(store->pools[ref_region(ref)], ref_index(ref));
        uint32_t next = command->next;

        if (command_is_expired(store, ref, command)) {
            *place = next;
            server->queued--;
            queue_check_leave(&cluster->queued, sim_now(store->sim), command->arrived);
            probe_count(store->probes, cluster->expired);
            guard_answer(server, ref, command);
        } else {
            place = &command->next;
        }
        ref = next;
    }
    return server->iteration_head == NO_INDEX;
}
