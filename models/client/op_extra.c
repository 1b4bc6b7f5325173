// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What some client libraries do within one attempt of an operation.
 *
 *   - They connect several times before the attempt fails: a loop of connects inside the loop of
 *     commands (redis-py, go-redis).
 *   - Their timeout covers only a part of the attempt: from the sent command to its reply (most
 *     libraries with a pool), or the time until the command is sent (node-redis).
 *   - They bound how many operations wait for a connection, and how long.
 *   - After a number of failed connects all attempts fail at once, until a probe in the background
 *     has opened a connection (go-redis).
 */
#include "client_internal.h"

RARE void op_sent(struct store_client *client, uint32_t index)
{
    const struct store_client_config *config = client->config;
    struct op *op = op_at(client, index);
    timer_id timer = op_is_write(op) ? client->write_timer : client->read_timer;
    struct op_extra *extra = op_extra(client, index);

    extra->sent = true;
    extra->connects = 0;
    if (config->timeout_covers == COVERS_REPLY) {
        sim_timer_set(client->sim, timer, index, op->generation);
    } else if (config->timeout_covers == COVERS_QUEUE) {
        op->generation++; /* the timer is dead: nothing ends the wait for the reply */
        sim_timer_cancelled(client->sim, timer);
    }
    if (config->socket_timeout_ns > 0)
        pool_heard(client, op->pool);
    if (config->silence_timeout_ns > 0)
        pool_asked(client, op->pool);
}

/* --- attempts without a connection ----------------------------------------------------------- */

RARE void op_reject(struct store_client *client, uint32_t index, enum client_error error)
{
    struct op *op = op_at(client, index);

    op_extra(client, index)->error = error;
    op->state = OP_REJECTED;
    sim_at(client->sim, sim_now(client->sim), client->refused_kind, index, op->generation);
}

RARE bool op_may_not_wait(struct store_client *client, uint32_t index)
{
    const struct connection_pool *pool = &client->pools.pools[op_at(client, index)->pool];

    if (pool->ended) {
        op_reject(client, index, ERROR_POOL);
        return true;
    }
    if (pool->wait_count < client->config->pool.pending_max)
        return false;
    probe_count(client->probes, client->pool_rejections);
    op_reject(client, index, ERROR_POOL);
    return true;
}

static void client_on_wait_over(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;

    (void)sim, (void)generation;
    probe_count(client->probes, client->pool_rejections);
    wait_remove(client, entity);
    op_end_attempt(client, op_at(client, entity), ATTEMPT_REJECTED);
    op_retry_or_fail(client, entity, ERROR_POOL, NULL);
}

static bool client_wait_live(const void *self, uint32_t entity, uint32_t generation)
{
    return client_op_live(self, entity, generation) && op_at(self, entity)->state == OP_WAITING;
}

/* --- the loop of connects -------------------------------------------------------------------- */

static sim_dur connect_wait(const struct store_client *client, const struct op *op,
                            uint32_t connects)
{
    const struct retry_policy *policy = &client->config->retry;
    struct rng_stream stream = client->reconnect_jitter;
    double u;

    switch (client->config->connect_wait) {
    case CONNECT_WAIT_FIXED:
        return client->config->connect_wait_ns;
    case CONNECT_WAIT_RETRY:
        u = rng_unit(
            rng_block_at(&stream, op->request.identity, (uint64_t)op->attempts << 32 | connects)
                .word[0]);
        return retry_policy_wait(policy, connects, 0, u);
    default:
        return 0;
    }
}

RARE bool op_connects_again(struct store_client *client, uint32_t index, enum client_error error)
{
    const struct store_client_config *config = client->config;
    uint32_t tries = error == ERROR_REFUSED ? config->refused_tries : config->connect_tries;
    struct op_extra *extra;
    struct op *op = op_at(client, index);

    if (tries <= 1)
        return false;
    extra = op_extra(client, index);
    if (extra->connects + 1 >= tries) {
        extra->connects = 0;
        return false;
    }
    extra->connects++;
    op->state = OP_CONNECT_WAIT;
    sim_after(client->sim, connect_wait(client, op, extra->connects), client->connect_kind, index,
              op->generation);
    return true;
}

static void client_on_connect_again(void *self, struct sim *sim, uint32_t entity,
                                    uint32_t generation)
{
    (void)sim, (void)generation;
    op_acquire(self, entity);
}

static bool client_connect_again_live(const void *self, uint32_t entity, uint32_t generation)
{
    return client_op_live(self, entity, generation) &&
           op_at(self, entity)->state == OP_CONNECT_WAIT;
}

/* --- fail fast ------------------------------------------------------------------------------- */

RARE void pool_connect_ended(struct store_client *client, uint32_t index, enum client_error error,
                             bool good)
{
    struct connection_pool *pool = &client->pools.pools[index];

    if (good) {
        pool->fails_fast = false;
        pool->failed_connects = 0;
        return;
    }
    pool->failure = (uint8_t)error;
    if (pool->fails_fast || ++pool->failed_connects < client->config->pool.connections_max)
        return;
    pool->fails_fast = true;
    sim_after(client->sim, client->config->probe_ns, client->probe_kind, index, 0);
}

/* Open a connection for nobody; a pool that is full needs no probe to have one. */
static void client_on_probe(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    struct connection_pool *pool = &client->pools.pools[entity];
    uint32_t probe;

    (void)generation;
    if (!pool->fails_fast)
        return;
    if (pool->probe == NO_INDEX && connection_pool_has_room(&client->pools, entity)) {
        probe = connection_open(&client->pools, entity, NO_INDEX, 0, SIM_NEVER);
        client->pools.pools[entity].probe = probe;
    }
    sim_after(sim, client->config->probe_ns, client->probe_kind, entity, 0);
}

const struct event_kind client_connect_again = {.name = "connect_again",
                                                .phase = PHASE_WORK,
                                                .fire = client_on_connect_again,
                                                .live = client_connect_again_live};
const struct event_kind client_wait_over = {.name = "wait_over",
                                            .phase = PHASE_WORK,
                                            .fire = client_on_wait_over,
                                            .live = client_wait_live};
const struct event_kind client_probe = {
    .name = "probe", .phase = PHASE_WORK, .fire = client_on_probe};
