// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Events of connections: attempt and connect timeouts, resets by the network, handshakes,
 * reconnects, and the effect of closing a connection on its commands.
 */
#include "client_internal.h"

/* --- closing --------------------------------------------------------------------------------- */

RARE void command_abandon(struct store_client *client, uint32_t row)
{
    struct pending_command *pending = pending_at(client, row);

    pending->abandoned = true;
    count_ambiguous(client, row);
    if (client->history)
        client_note_unanswered(client, pending->op);
}

/* An attempt fails at this simulated time, as `error`, with its connection. */
RARE static void op_break(struct store_client *client, uint32_t index, enum client_error error)
{
    struct op *op = op_at(client, index);

    op_extra(client, index)->error = error;
    op->state = OP_BROKEN;
    sim_at(client->sim, sim_now(client->sim), client->broken_kind, index, op->generation);
}

/*
 * Fail all commands on a multiplexed connection that closes. Scans all rows: this is rare, and
 * nothing else needs the commands of a connection.
 */
RARE static void fail_in_flight(struct store_client *client, uint32_t connection)
{
    for (uint32_t row = 0; row < client->commands.count; row++) {
        struct pending_command *pending = pending_at(client, row);

        if (pending->connection != connection || pending->closed)
            continue;
        pending->closed = true;
        if (!pending->abandoned) {
            command_abandon(client, row);
            op_break(client, pending->op, ERROR_LOST);
        } else if (client->config->resend == RESEND_ALL) {
            late_add(client, row);
        }
        if (pending->lost)
            pending_free(client, row);
    }
}

RARE void pool_hold_off(struct store_client *client, uint32_t index)
{
    const struct store_client_config *config = client->config;
    const struct retry_policy *policy = &config->reconnect;
    struct connection_pool *pool = &client->pools.pools[index];
    double u;

    pool->reconnects++;
    if (policy->backoff != BACKOFF_NONE || config->reconnects_always) {
        u = rng_unit(rng_block_at(&client->reconnect_jitter, index, ++pool->losses).word[0]);
        pool->waited = retry_policy_wait(policy, pool->reconnects, pool->waited, u);
        pool->holds_off = true;
        sim_after(client->sim, pool->waited, client->reconnect_kind, index, pool->losses);
    }
    if (config->flush_after > 0 && pool->reconnects % config->flush_after == 0)
        pool_flush(client, index);
}

/* Close: commands already sent are still delivered, their replies are discarded. */
RARE void client_close(struct store_client *client, uint32_t index, enum connection_event how)
{
    const struct connection *connection = &client->pools.connections[index];

    if (client->config->pool.mode == MODE_MULTIPLEXED) {
        struct connection_pool *pool = &client->pools.pools[connection->pool];

        /* A connection that the server turned away after the handshake has never been of use. */
        if (how == CONNECTION_REFUSED && connection->state != CONNECTION_OPENING)
            pool->reconnects = pool->reconnects_before;
        fail_in_flight(client, index);
        pool_hold_off(client, connection->pool);
    } else if (connection->command != NO_INDEX) {
        pending_at(client, connection->command)->closed = true;
        if (pending_at(client, connection->command)->lost)
            pending_free(client, connection->command);
    }
    connection_close(&client->pools, index, how);
}

RARE void pool_forget_losses(struct store_client *client, uint32_t pool)
{
    client->pools.pools[pool].holds_off = false;
    client->pools.pools[pool].reconnects = 0;
}

void client_close_idle(struct store_client *client, uint32_t pool)
{
    struct connection_pool *idle = &client->pools.pools[pool];

    while (idle->idle_count > 0)
        client_close(client, connection_idle_at(idle, idle->idle_count - 1)->connection,
                     CONNECTION_FIN);
    /* A restarted process has no backoff in progress. */
    pool_forget_losses(client, pool);
}

/* --- timeouts -------------------------------------------------------------------------------- */

/* A connection whose server is gone stays open, and in mode pool busy, until its kernel abandons it
 * or hears of it: nothing else distinguishes it from a slow one. */
RARE void op_abandon_command(struct store_client *client, const struct op *op)
{
    struct connection *connection = &client->pools.connections[op->connection];

    command_abandon(client, op->command);
    if (!pending_at(client, op->command)->lost)
        return;
    if (client->config->resend == RESEND_ALL)
        late_add(client, op->command);
    pending_free(client, op->command);
    if (connection->generation == op->connection_generation &&
        client->config->pool.mode == MODE_POOL)
        connection->command = NO_INDEX;
}

/* The attempt was sent and timed out. */
RARE static void op_sent_in_vain(struct store_client *client, const struct op *op)
{
    const struct connection_pool_config *config = &client->config->pool;
    uint32_t connection = op->connection, pool = op->pool;

    op_abandon_command(client, op);
    if (client->pools.connections[connection].generation != op->connection_generation)
        return; /* a multiplexed connection that another operation has closed meanwhile */
    if (config->close_on_timeout && config->mode == MODE_POOL) {
        client_close(client, connection, CONNECTION_FIN);
        pool_serve(client, pool);
    }
}

/* The attempt timed out during its connection's handshake. A client that keeps connections lets it
 * go on: the request is sent when it is open, the reply is discarded, the connection joins the
 * pool. One that connects in the background opens it for others. */
RARE static void op_leave_handshake(struct store_client *client, uint32_t index)
{
    const struct op *op = op_at(client, index);
    uint32_t pool = op->pool;

    client_connect_ended(client, op->connection, CONNECTION_FIN);
    if (client->config->connects_on) { /* for any that waits */
        client->pools.connections[op->connection].op = NO_INDEX;
        return;
    }
    if (client->config->pool.close_on_timeout) {
        client_close(client, op->connection, CONNECTION_FIN);
        pool_serve(client, pool);
        return;
    }
    client->pools.connections[op->connection].op = NO_INDEX;
    command_leave(client, index, op->connection);
}

static void client_on_timeout(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    struct op *op = op_at(client, entity);

    (void)sim, (void)generation;
    op_end_attempt(client, op, ATTEMPT_TIMED_OUT);
    switch (op->state) {
    case OP_WAITING:
        wait_remove(client, entity);
        if (client->config->resend == RESEND_ALL)
            late_add_op(client, entity);
        break;
    case OP_CONNECTING:
        op_leave_handshake(client, entity);
        break;
    case OP_SENT:
        op_sent_in_vain(client, op);
        break;
    case OP_BROKEN:
    case OP_REJECTED:
    case OP_CONNECT_WAIT:
        break;
    default:
        BUG("an operation that made no attempt timed out");
    }
    op_retry_or_fail(client, entity, ERROR_TIMEOUT, NULL);
}

/* A connection did not open. again: its operation connects again. */
RARE static void connect_failed(struct store_client *client, uint32_t index,
                                enum client_error error, bool again)
{
    uint32_t pool_index = client->pools.connections[index].pool;
    struct connection_pool *pool = &client->pools.pools[pool_index];

    if (!client->config->fail_fast)
        return;
    if (pool->probe == index)
        pool->probe = NO_INDEX;
    else if (!again)
        pool_connect_ended(client, pool_index, error, false);
}

static void client_on_connect_timeout(void *self, struct sim *sim, uint32_t entity,
                                      uint32_t generation)
{
    struct store_client *client = self;
    struct connection *connection = &client->pools.connections[entity];
    uint32_t pool = connection->pool, op = connection->op;
    bool again = op != NO_INDEX && op_connects_again(client, op, ERROR_CONNECT_TIMEOUT);

    (void)sim, (void)generation;
    connection->timed = false;
    client_connect_ended(client, entity, CONNECTION_FIN);
    connect_failed(client, entity, ERROR_CONNECT_TIMEOUT, again);
    if (op != NO_INDEX && !again)
        op_end_attempt(client, op_at(client, op), ATTEMPT_CONNECT_TIMED_OUT);
    client_close(client, entity, CONNECTION_FIN);
    pool_serve(client, pool);
    if (op != NO_INDEX && !again)
        op_retry_or_fail(client, op, ERROR_CONNECT_TIMEOUT, NULL);
}

static bool client_connect_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return connection_is_opening(&client->pools, entity, generation);
}

/* --- breaks, resets, reconnects -------------------------------------------------------------- */

static void client_on_broken(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;

    (void)sim, (void)generation;
    enum client_error error = op_extra(client, entity)->error;

    op_end_attempt(client, op_at(client, entity), ATTEMPT_BROKEN);
    if (op_is_resent(client, error))
        op_send_again(client, entity);
    else
        op_retry_or_fail(client, entity, error, NULL);
}

static void client_on_reconnect(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;

    (void)sim, (void)generation;
    client->pools.pools[entity].holds_off = false;
    pool_serve(client, entity);
    if (client->config->reconnects_always && !client->pools.pools[entity].ended &&
        client->pools.pools[entity].open_count == 0)
        connection_open(&client->pools, entity, NO_INDEX, 0, SIM_NEVER);
}

static bool client_reconnect_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;
    const struct connection_pool *pool = &client->pools.pools[entity];

    return pool->holds_off && (pool->losses & SIM_GENERATION_MASK) == generation;
}

/* A connection ended: its operation fails at once, as broken, not as timed out. */
RARE static void connection_lost(struct store_client *client, uint32_t entity,
                                 enum connection_event how)
{
    struct connection *connection = &client->pools.connections[entity];
    uint32_t pool = connection->pool, row = connection->command, index = NO_INDEX;
    enum client_error error = ERROR_LOST;
    bool again = false;

    if (connection->state == CONNECTION_OPENING) {
        index = connection->op;
        client_connect_ended(client, entity, how);
        error = how == CONNECTION_SILENT ? ERROR_CONNECT_TIMEOUT : ERROR_REFUSED;
        again = index != NO_INDEX && op_connects_again(client, index, error);
        connect_failed(client, entity, error, again);
    } else if (row != NO_INDEX && !pending_at(client, row)->abandoned) {
        index = pending_at(client, row)->op;
        command_abandon(client, row);
    }
    if (index != NO_INDEX && !again)
        op_break(client, index, error);
    client_close(client, entity, how);
    pool_serve(client, pool);
}

/* The network reset a connection, or a kernel gave up retransmitting. */
static void client_on_reset(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;

    (void)sim, (void)generation;
    connection_lost(client, entity, connection_broken_by(&client->pools, entity));
}

/* The server's kernel closes a connection, */
static void client_on_fin(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    connection_lost(self, ref_index(entity), CONNECTION_FIN);
}

/* resets one, or refuses it. */
static void client_on_rst(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    uint32_t index = ref_index(entity);
    bool opening = connection_is_opening(&client->pools, index, generation);

    (void)sim;
    connection_lost(client, index, opening ? CONNECTION_REFUSED : CONNECTION_RST);
}

static bool client_peer_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return connection_is_open(&client->pools, ref_index(entity), generation);
}

static bool client_reset_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return connection_is_open(&client->pools, entity, generation);
}

/* --- handshakes ------------------------------------------------------------------------------ */

/* A connection opened that no operation waits for by name. */
RARE static void client_opened(struct store_client *client, uint32_t index)
{
    uint32_t pool_index = client->pools.connections[index].pool;
    struct connection_pool *pool = &client->pools.pools[pool_index];

    pool->reconnects_before = pool->reconnects;
    pool->reconnects = 0;
    if (pool->probe == index) {
        pool->probe = NO_INDEX;
        pool_connect_ended(client, pool_index, ERROR_OTHER, true);
    }
    if (client->late_count > 0)
        late_send(client, index);
}

static void client_on_handshake(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    uint32_t index = ref_index(entity);
    uint32_t op = client->pools.connections[index].op;

    (void)sim, (void)generation;
    if (!connection_round_done(&client->pools, index))
        return;
    if (op != NO_INDEX) {
        op_send(client, op, index);
        return;
    }
    if (client->pools.connections[index].command != NO_INDEX) {
        command_send(client, client->pools.connections[index].command);
        return;
    }
    client_opened(client, index);
    connection_done(client, index, CONNECTION_ESTABLISHED);
}

static bool client_handshake_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return connection_is_opening(&client->pools, ref_index(entity), generation);
}

const struct event_kind client_reset = {
    .name = "reset", .phase = PHASE_WORK, .fire = client_on_reset, .live = client_reset_live};

const struct event_kind client_fin = {
    .name = "fin", .phase = PHASE_WORK, .fire = client_on_fin, .live = client_peer_live};
const struct event_kind client_rst = {
    .name = "rst", .phase = PHASE_WORK, .fire = client_on_rst, .live = client_peer_live};

const struct event_kind client_handshake = {.name = "handshake",
                                            .phase = PHASE_WORK,
                                            .fire = client_on_handshake,
                                            .live = client_handshake_live};
const struct event_kind client_timeout = {
    .name = "timeout", .phase = PHASE_WORK, .fire = client_on_timeout, .live = client_op_live};
const struct event_kind client_broken = {
    .name = "broken", .phase = PHASE_WORK, .fire = client_on_broken, .live = client_op_live};
const struct event_kind client_reconnect = {.name = "reconnect",
                                            .phase = PHASE_WORK,
                                            .fire = client_on_reconnect,
                                            .live = client_reconnect_live};
const struct event_kind client_connect_timeout = {.name = "connect_timeout",
                                                  .phase = PHASE_WORK,
                                                  .fire = client_on_connect_timeout,
                                                  .live = client_connect_live};
