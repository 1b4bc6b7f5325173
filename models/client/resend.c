// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What clients with a shared connection do when it is lost: the commands on it fail (`none`); those
 * of a connection that the server turned away wait for the next one, since the client would not
 * have sent them (`unsent`, StackExchange.Redis); all are sent again within their own timeout
 * (`unfinished`, Lettuce); those that have timed out are sent again too (`all`, ioredis): a write
 * whose caller got an error is executed later, or twice.
 *
 * A command that is sent again is another attempt of its operation, without backoff, limit or
 * budget: only its timeout ends it. A late command has no operation any more.
 */
#include "client_internal.h"

RARE bool op_is_resent(const struct store_client *client, enum client_error error)
{
    const struct store_client_config *config = client->config;

    return config->pool.mode == MODE_MULTIPLEXED && config->resend != RESEND_NONE &&
           (error == ERROR_MAX_CLIENTS ||
            (error == ERROR_LOST && config->resend != RESEND_UNSENT)) &&
           config->errors[error].retry;
}

/* Begin the next attempt of an operation, within the timeout of the first one. */
RARE void op_send_again(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    const struct connection_pool *pool = &client->pools.pools[op->pool];
    uint32_t flush = client->config->flush_after;
    sim_dur left = op->begun + op_timeout(client, op) - sim_now(client->sim);

    op->attempts++;
    op->generation++;
    op->attempt_begun = sim_now(client->sim);
    client->attempts_begun++;
    if (client->config->timeout_covers != COVERS_REPLY)
        sim_after(client->sim, left > 0 ? left : 0, client->timeout_kind, index, op->generation);
    /* The queue in which it would wait has just been flushed. */
    if (flush > 0 && pool->reconnects > 0 && pool->reconnects % flush == 0)
        op_reject(client, index, ERROR_POOL);
    else
        op_acquire(client, index);
}

/* --- late commands --------------------------------------------------------------------------- */

static void late_push(struct store_client *client, struct late_command late)
{
    MEM_GROW(client->late, client->late_capacity, client->late_count + 1);
    client->late[client->late_count++] = late;
}

RARE void late_add(struct store_client *client, uint32_t row)
{
    const struct command *command = command_at(&client->commands, row);
    uint32_t connection = pending_at(client, row)->connection;

    late_push(client, (struct late_command){.identity = command->identity,
                                            .session = command->session,
                                            .session_check = command->session_check,
                                            .attempt = command->attempt + (1u << 8),
                                            .pool = client->pools.connections[connection].pool,
                                            .kind = command->kind});
}

RARE void late_add_op(struct store_client *client, uint32_t index)
{
    const struct op *op = op_at(client, index);

    if (client->history)
        client_note_unanswered(client, index);
    late_push(client, (struct late_command){.identity = op->request.identity,
                                            .session = op->request.session,
                                            .session_check = op->request.session_check,
                                            .attempt = op->attempts << 8 | op->rereads,
                                            .pool = op->pool,
                                            .kind = op->request.kind});
}

RARE static void late_send_one(struct store_client *client, const struct late_command *late,
                               uint32_t index)
{
    const struct connection *connection = &client->pools.connections[index];
    uint32_t row = pending_alloc(client);
    struct command *command = command_at(&client->commands, row);

    *command =
        (struct command){.identity = late->identity,
                         .session = late->session,
                         .session_check = late->session_check,
                         .attempt = late->attempt,
                         .connection = index,
                         .connection_generation = connection->generation & SIM_GENERATION_MASK,
                         .bytes = client->bytes[command_is_write((enum command_kind)late->kind)],
                         .kind = late->kind,
                         .region = (uint8_t)client->region,
                         .generation = command->generation,
                         .reply_flow = connection->flow_in,
                         .owner = COMMAND_AT_CLIENT};
    if (command->bytes == 0)
        command_draw_size(client, command);
    *pending_at(client, row) =
        (struct pending_command){.connection = index, .session = late->session, .abandoned = true};
    command_send(client, row);
}

RARE void late_send(struct store_client *client, uint32_t connection)
{
    uint32_t pool = client->pools.connections[connection].pool;
    size_t kept = 0, count = client->late_count;

    for (size_t i = 0; i < count; i++) {
        struct late_command late = client->late[i];

        if (late.pool == pool)
            late_send_one(client, &late, connection);
        else
            client->late[kept++] = late;
    }
    client->late_count = kept;
}

/* --- clients that stop --------------------------------------------------------------------- */

RARE void pool_flush(struct store_client *client, uint32_t pool)
{
    while (client->pools.pools[pool].wait_head != NO_INDEX) {
        uint32_t index = client->pools.pools[pool].wait_head;

        wait_remove(client, index);
        op_reject(client, index, ERROR_POOL);
    }
}

RARE void pool_heard(struct store_client *client, uint32_t index)
{
    struct connection_pool *pool = &client->pools.pools[index];

    pool->heard = sim_now(client->sim);
    if (pool->watched)
        return;
    pool->watched = true;
    sim_after(client->sim, client->config->socket_timeout_ns, client->silence_kind, index, 0);
}

RARE void pool_asked(struct store_client *client, uint32_t index)
{
    struct connection_pool *pool = &client->pools.pools[index];
    sim_time now = sim_now(client->sim);

    pool->asked = pool->asked < now ? pool->asked : now;
    if (pool->watched)
        return;
    pool->watched = true;
    sim_at(client->sim, pool->asked + client->config->silence_timeout_ns, client->silence_kind,
           index, 0);
}

/* When the connections have been silent for too long; SIM_NEVER: nothing is due. */
static sim_time silence_due(const struct store_client *client, const struct connection_pool *pool)
{
    if (client->config->socket_timeout_ns > 0)
        return pool->heard + client->config->socket_timeout_ns;
    return pool->asked == SIM_NEVER ? SIM_NEVER : pool->asked + client->config->silence_timeout_ns;
}

/* Nothing was sent or received for a while, or nothing received since something was sent: close the
 * connections, permanently if so configured. */
static void client_on_silence(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    struct connection_pool *pool = &client->pools.pools[entity];
    sim_time due = silence_due(client, pool);

    (void)generation;
    if (due > sim_now(sim) && due < SIM_NEVER) {
        sim_at(sim, due, client->silence_kind, entity, 0);
        return;
    }
    pool->watched = false;
    if (due == SIM_NEVER)
        return;
    pool->asked = SIM_NEVER;
    pool->ended =
        client->config->socket_timeout_ns > 0 && !client->config->reconnects_after_silence;
    client_close_idle(client, entity);
    if (client->pools.pools[entity].ended)
        pool_flush(client, entity);
}

const struct event_kind client_silence = {
    .name = "silence", .phase = PHASE_WORK, .fire = client_on_silence};
