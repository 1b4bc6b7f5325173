// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Operations and their attempts: both hot paths of the client, submit -> send and reply -> finish.
 *
 *   attempt:  waiting for a connection -> connecting -> sent -> answered
 *                  timeout in any of them -> backoff -> next attempt, or failed
 *
 * What stands between an operation and its command is numbered in store_client.c.
 */
#include "client_internal.h"

const sim_dur client_after_limits[AFTERS] = {1 * SIM_MS,    3 * SIM_MS,    10 * SIM_MS,
                                             30 * SIM_MS,   100 * SIM_MS,  300 * SIM_MS,
                                             1000 * SIM_MS, 3000 * SIM_MS, SIM_NEVER};

void op_send(struct store_client *client, uint32_t index, uint32_t connection_index)
{
    struct op *op = op_at(client, index);
    struct connection *connection = &client->pools.connections[connection_index];
    uint32_t row = command_alloc(&client->commands);
    struct command *command = &client->commands.rows[row];
    struct link_port *out = client->pools.out[connection->target];
    const struct shard_port *shard = client->pools.shards[connection->target];
    struct message message;

    /* Where many are under way it is done when the command comes: else much would come between. */
    if (!client->prefetches && shard->expect)
        shard->expect(shard->self, op->request.session);

    *command = (struct command){.identity = op->request.identity,
                                .session = op->request.session,
                                .session_check = op->request.session_check,
                                .op = index,
                                .op_generation = op->generation,
                                .attempt = op->attempts << 8 | op->rereads,
                                .connection = connection_index,
                                .connection_generation = connection->generation,
                                .next = NO_INDEX,
                                .bytes = op_is_write(op) ? client->config->write_bytes
                                                         : client->config->read_bytes,
                                .kind = op->request.kind,
                                .target = connection->target,
                                .region = (uint8_t)client->region,
                                .generation = command->generation,
                                .reply_flow = connection->flow_in,
                                .request = op->request.request,
                                .pending = op->request.pending};
    if (client->config->pool.mode == MODE_POOL) {
        connection->state = CONNECTION_BUSY;
        connection->command = row;
    }
    op->state = OP_SENT;
    op->connection = connection_index;
    op->connection_generation = connection->generation;
    op->command = row;
    message = (struct message){.kind = shard->command_kind,
                               .lost = client->commands.lost_kind,
                               .entity = ref_make((uint32_t)client->region, row),
                               .generation = command->generation & SIM_GENERATION_MASK,
                               .bytes = command->bytes,
                               .identity = op->request.identity,
                               .index = command->attempt};
    out->send(out->self, connection->flow_out, &message);
}

/* Step 8: an idle connection, a new one, or a place in the line. */
static void op_acquire(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct connection_pools *pools = &client->pools;
    uint32_t pool = op->pool;
    uint32_t idle = connection_acquire_idle(pools, pool);

    if (idle != NO_INDEX) {
        op_send(client, index, idle);
    } else if (client->config->pool.mode == MODE_MULTIPLEXED) {
        wait_add(client, index);
        if (connection_pool_has_room(pools, pool))
            connection_open(pools, pool, NO_INDEX, 0, SIM_NEVER);
    } else if (connection_pool_has_room(pools, pool)) {
        op->state = OP_CONNECTING;
        op->connection =
            connection_open(pools, pool, index, op->generation, op_timeout(client, op));
    } else {
        wait_add(client, index);
    }
}

OUT_OF_LINE void pool_serve_waiting(struct store_client *client, uint32_t pool_index)
{
    struct connection_pool *pool = &client->pools.pools[pool_index];
    bool shared = client->config->pool.mode == MODE_MULTIPLEXED;

    while (pool->wait_head != NO_INDEX) {
        bool has_room = connection_pool_has_room(&client->pools, pool_index);
        uint32_t index = client->config->pool.wait == WAIT_FIFO ? pool->wait_head : pool->wait_tail;

        if (pool->idle_count == 0 && (shared || !has_room)) {
            if (has_room) /* they wait on for the next shared one */
                connection_open(&client->pools, pool_index, NO_INDEX, 0, SIM_NEVER);
            return;
        }
        wait_remove(client, index);
        op_acquire(client, index);
    }
}

static bool op_reads_primary(const struct store_client *client, const struct op *op)
{
    const struct op_request *request = &op->request;

    if (request->at_primary)
        return true;
    return client->config->read_after_write == RAW_PRIMARY && request->last_write >= 0 &&
           sim_now(client->sim) - request->last_write <= client->config->raw_window_ns;
}

uint32_t op_pool(const struct store_client *client, const struct op *op, bool is_hedge)
{
    bool primary = op_is_write(op) || op_reads_primary(client, op) ||
                   (is_hedge && client->config->hedge_to == HEDGE_PRIMARY);

    return op->request.instance * POOL_KINDS + (primary ? POOL_PRIMARY : POOL_LOCAL);
}

void op_begin_attempt(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    bool write = op_is_write(op);

    op->pool = op_pool(client, op, index >= HEDGE);
    if (client->is_guarded && !guard_admits(client, index))
        return;
    op->attempts++;
    op->generation++;
    op->attempt_begun = sim_now(client->sim);
    client->attempts_begun++;
    sim_timer_set(client->sim, write ? client->write_timer : client->read_timer, index,
                  op->generation);
    if (client->config->hedge_max > 0 && !write && index < HEDGE && !op->request.probe) {
        op->hedges = 0;
        sim_timer_set(client->sim, client->hedge_timer, index, op->generation);
    }
    op_acquire(client, index);
}

/* The books of one attempt that ended. */
void op_end_attempt(struct store_client *client, struct op *op, enum attempt_end how)
{
    sim_dur latency = sim_now(client->sim) - op->attempt_begun;
    bool timed_out = how == ATTEMPT_TIMED_OUT || how == ATTEMPT_CONNECT_TIMED_OUT;

    client->attempts_ended[how]++;
    op->generation++;
    if (how != ATTEMPT_TIMED_OUT)
        sim_timer_cancelled(client->sim,
                            op_is_write(op) ? client->write_timer : client->read_timer);
    if (client->is_guarded)
        guard_attempt_ended(client, op, how);
    if (!client->up || op->request.probe)
        return; /* a dead server's attempt, or a health check's, is in nobody's statistics */
    if (!op_is_write(op)) {
        probe_count(client->probes, client->read_attempts);
        if (timed_out)
            probe_count(client->probes, client->read_timeouts);
        return;
    }
    probe_count(client->probes, client->write_attempts);
    if (timed_out)
        probe_count(client->probes, client->write_timeouts);
    probe_latency(client->probes, client->attempt_latency, latency);
    client->stats.attempts++;
    client->stats.failures += how != ATTEMPT_ANSWERED;
    client->stats.latency_ns_sum += (uint64_t)latency;
}

void op_finish(struct store_client *client, uint32_t index, enum op_outcome outcome,
               enum miss_reason miss)
{
    const struct op *op = op_at(client, index);
    struct op_result result = {.outcome = outcome, .miss = miss, .attempts = op->attempts};
    sim_dur latency = sim_now(client->sim) - op->begun;
    uint32_t request = op->request.request;

    client->ops_ended++;
    op_free(client, index);
    if (client->budgets)
        retry_budget_ended(budget_of(client, op), sim_now(client->sim), outcome != OP_FAILED,
                           op->paid_milli);
    if (!client->up || op->request.probe) {
        client->app->done(client->app->self, request, &result);
        return;
    }
    if (op_is_write(op)) {
        probe_count(client->probes, client->writes);
        probe_count(client->probes,
                    outcome == OP_FAILED ? client->write_failures : client->goodput);
        probe_latency(client->probes, client->write_latency, latency);
        client->objective->write_done(client->objective->self, client->region, op->begun,
                                      outcome == OP_DONE);
    } else {
        probe_count(client->probes, client->reads);
        if (outcome == OP_FAILED)
            probe_count(client->probes, client->read_failures);
        probe_latency(client->probes, client->read_latency, latency);
    }
    client->app->done(client->app->self, request, &result);
}

/* --- retries --------------------------------------------------------------------------------- */

static sim_dur backoff_wait(const struct store_client *client, const struct op *op)
{
    const struct retry_policy *policy = &client->config->retry;
    double u = 0;

    if (policy->jitter != JITTER_NONE && policy->backoff != BACKOFF_NONE)
        u = rng_unit(rng_block_at(&client->jitter, op->request.identity, op->attempts).word[0]);
    return retry_policy_wait(policy, op->attempts, op->waited, u);
}

/* The attempt has ended without success: steps 1 to 5. */
RARE void op_retry_or_fail(struct store_client *client, uint32_t index, bool timed_out)
{
    const struct retry_policy *policy = &client->config->retry;
    struct op *op = op_at(client, index);
    enum denied_by denied;
    sim_dur wait;

    if (index >= HEDGE) {
        hedge_failed(client, index, timed_out);
        return;
    }
    if (client->is_guarded && op->hedge != NO_INDEX) {
        op->state = OP_HEDGED;
        return;
    }
    if (op->attempts >= (op_is_write(op) ? policy->attempts : policy->read_attempts)) {
        op_finish(client, index, OP_FAILED, MISS_NEVER_WRITTEN);
        return;
    }
    wait = backoff_wait(client, op);
    denied = guard_denies(client, op, wait, timed_out);
    if (denied != DENIED_NOT) {
        probe_count(client->probes, client->denied[denied]);
        op_finish(client, index, OP_FAILED, MISS_NEVER_WRITTEN);
        return;
    }
    op->waited = wait;
    op->state = OP_BACKOFF;
    sim_after(client->sim, wait, client->retry_kind, index, op->generation);
}

static void client_on_retry(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    op_begin_attempt(self, entity);
}

static void client_on_refused(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    if (entity >= HEDGE)
        hedge_failed(self, entity, false);
    else
        op_finish(self, entity, OP_FAILED, MISS_NEVER_WRITTEN);
}

bool client_op_live(const void *self, uint32_t entity, uint32_t generation)
{
    return (op_at(self, entity)->generation & SIM_GENERATION_MASK) == generation;
}

/* --- replies --------------------------------------------------------------------------------- */

static void count_read_answer(struct store_client *client, struct op *op,
                              const struct command *command)
{
    bool miss = command->reply == REPLY_MISS && command->miss != MISS_NEVER_WRITTEN;
    sim_dur since;
    uint32_t bucket = 0;

    if (op->answered_once || op->request.probe)
        return;
    op->answered_once = true;
    if (miss)
        probe_count(client->probes, client->read_misses);
    if (op->request.last_write < 0)
        return;
    since = op->attempt_begun - op->request.last_write;
    if (since > client_after_limits[AFTERS - 2])
        bucket = AFTERS - 1; /* most of them */
    while (since > client_after_limits[bucket])
        bucket++;
    probe_count(client->probes, client->after_reads[bucket]);
    if (miss || command->stale)
        probe_count(client->probes, client->after_misses[bucket]);
}

/* A read that missed may be read again; then it has not ended. */
RARE static bool op_reads_again(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    const struct store_client_config *config = client->config;

    if (config->read_after_write != RAW_RETRY || op->rereads >= config->raw_times)
        return false;
    op->rereads++;
    op->attempts--; /* a read again after a miss is not an attempt after a failure */
    op->state = OP_BACKOFF;
    sim_after(client->sim, config->raw_delay_ns, client->retry_kind, index, op->generation);
    return true;
}

/* Is it what was asked for? A server that says READONLY or resets closes the connection, too. */
static bool reply_is_good(enum reply_kind reply)
{
    return reply == REPLY_HIT || reply == REPLY_MISS || reply == REPLY_OK;
}

static bool client_reply_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return (client->commands.rows[ref_index(entity)].generation & SIM_GENERATION_MASK) ==
           generation;
}

static HOT_HANDLER void client_on_reply(void *self, struct sim *sim, uint32_t entity,
                                        uint32_t generation)
{
    struct store_client *client = self;
    uint32_t row = ref_index(entity);
    struct command answer = client->commands.rows[row];
    uint32_t index = answer.op;
    bool closes = answer.reply == REPLY_READONLY || answer.reply == REPLY_RESET;
    bool good = reply_is_good(answer.reply);
    bool open = answer.reply_flow != NO_INDEX;
    enum op_outcome outcome = OP_DONE;

    if (__builtin_expect(!client_reply_live(self, entity, generation), 0)) {
        sim_drop(sim);
        return;
    }
    count_ambiguous(client, &client->commands.rows[row]);
    command_free(&client->commands, row);
    if (answer.abandoned) {
        if (open)
            connection_done(client, answer.connection, !closes);
        return;
    }
    op_end_attempt(client, op_at(client, index), good ? ATTEMPT_ANSWERED : ATTEMPT_REFUSED);
    /* Whoever writes to a replica asks for the name again. */
    connection_done(client, answer.connection, !closes);
    if (!good) {
        op_retry_or_fail(client, index, false);
        return;
    }
    if (!command_is_write(answer.kind)) {
        outcome = answer.reply == REPLY_HIT ? OP_HIT : OP_MISS;
        if (client->config->hedge_max > 0)
            index = hedges_settle(client, index);
        count_read_answer(client, op_at(client, index), &answer);
        if (outcome == OP_MISS && op_reads_again(client, index))
            return;
    }
    op_finish(client, index, outcome, outcome == OP_MISS ? answer.miss : MISS_LAG);
}

/* A command's way ended without an answer: its server died, or its connection was closed meanwhile.
 */
void client_drop(void *self, uint32_t row)
{
    struct store_client *client = self;
    struct command command = client->commands.rows[row];

    count_ambiguous(client, &client->commands.rows[row]);
    command_free(&client->commands, row);
    if (command.reply_flow == NO_INDEX)
        return;
    /* The connection still waits: it hangs until the timeout closes it. */
    client->pools.connections[command.connection].command = NO_INDEX;
    if (command.abandoned) /* kept after a timeout: nothing will ever come, so it is closed now */
        connection_done(client, command.connection, false);
    else
        op_at(client, command.op)->command = NO_INDEX;
}

/* A kernel gave up a command that waited on a closed connection. */
static void client_on_lost(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    client_drop(self, ref_index(entity));
}

/* --- submitting ------------------------------------------------------------------------------ */

HOT_HANDLER void client_submit(void *self, const struct op_request *request)
{
    struct store_client *client = self;
    uint32_t index = op_alloc(client, 0);
    struct op *op = op_at(client, index);

    if (__builtin_expect(request->request >= NEAR_REQUESTS && !client->prefetches, 0))
        client_prefetch_early(client);
    invariant_debug(op->state == OP_IDLE);
    op->request = *request;
    op->begun = sim_now(client->sim);
    op->attempts = 0;
    op->rereads = 0;
    op->answered_once = false;
    op->waited = 0;
    if (client->is_guarded)
        guard_begun(client, op);
    client->ops_begun++;
    op_begin_attempt(client, index);
}

const struct event_kind client_retry = {
    .name = "retry", .phase = PHASE_WORK, .fire = client_on_retry, .live = client_op_live};
const struct event_kind client_refused = {
    .name = "refused", .phase = PHASE_WORK, .fire = client_on_refused, .live = client_op_live};
const struct event_kind client_reply = {.name = "reply",
                                        .phase = PHASE_WORK,
                                        .fire = client_on_reply,
                                        .live = client_reply_live,
                                        .fire_asks = true};

const struct event_kind client_lost = {
    .name = "lost", .phase = PHASE_WORK, .fire = client_on_lost, .live = client_reply_live};
