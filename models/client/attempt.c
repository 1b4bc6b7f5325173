// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Operations and their attempts: both hot paths of the client, submit -> send and reply -> finish.
 *
 *   attempt:  waiting for a connection -> connecting -> sent -> answered
 *                  timeout in any of them -> backoff -> next attempt, or failed
 *
 * The steps named in comments are numbered in store_client.c.
 */
#include "client_internal.h"

const sim_dur client_after_limits[AFTERS] = {1 * SIM_MS,    3 * SIM_MS,    10 * SIM_MS,
                                             30 * SIM_MS,   100 * SIM_MS,  300 * SIM_MS,
                                             1000 * SIM_MS, 3000 * SIM_MS, SIM_NEVER};

/* Of a key of a class: its value is in a write, or in the reply to a read. */
RARE static void command_set_class_size(const struct store_client *client, const struct op *op,
                                        struct command *command)
{
    if (command->kind == COMMAND_CREATE)
        command->bytes = op->request.value_bytes + COMMAND_OVERHEAD;
    else
        command->bytes = client->config->read_bytes;
    command->reply.bytes = op->request.value_bytes + COMMAND_OVERHEAD;
}

/* Sizes differ between sessions: that of the write, or of the value that a read may find. */
RARE void command_draw_size(const struct store_client *client, struct command *command)
{
    uint64_t word = rng_block_at(&client->sizes, command->session, command->session_check).word[0];
    uint32_t bytes = (uint32_t)dist_sample(client->config->write_bytes, word);

    if (bytes == 0)
        bytes = 1;
    if (command_is_write(command->kind)) {
        command->bytes = bytes;
    } else {
        command->bytes = client->config->read_bytes;
        command->reply.bytes = bytes;
    }
}

/* The row of an attempt's command on a connection. */
static inline uint32_t command_make(struct store_client *client, const struct op *op,
                                    uint32_t index, uint32_t connection_index)
{
    const struct connection *connection = &client->pools.connections[connection_index];
    uint32_t row = pending_alloc(client);
    struct command *command = command_at(&client->commands, row);

    *command =
        (struct command){.identity = op->request.identity,
                         .session = op->request.session,
                         .session_check = op->request.session_check,
                         .attempt = op->attempts << 8 | op->rereads,
                         .connection = connection_index,
                         .connection_generation = connection->generation & SIM_GENERATION_MASK,
                         .bytes = client->bytes[op_is_write(op)],
                         .kind = op->request.kind,
                         .region = (uint8_t)client->region,
                         .latest = op_reads_latest(client, op, op->attempt_begun),
                         .generation = command->generation,
                         .reply_flow = connection->flow_in,
                         .owner = COMMAND_AT_CLIENT};
    *pending_at(client, row) = (struct pending_command){.connection = connection_index,
                                                        .op = index,
                                                        .request = op->request.request,
                                                        .user_pending = op->request.pending,
                                                        .session = op->request.session};
    if (__builtin_expect(ref_is_class(command->session), 0))
        command_set_class_size(client, op, command);
    else if (__builtin_expect(command->bytes == 0, 0))
        command_draw_size(client, command);
    if (__builtin_expect(op->redirect != ENDPOINT_ANY, 0))
        command->asking = (op->redirect & REDIRECT_ASKS) != 0;
    return row;
}

static inline void command_go(struct store_client *client, const struct connection *connection,
                              uint32_t row)
{
    struct command *command = command_at(&client->commands, row);
    struct link_port *out = client->pools.out[connection->region];
    const struct listener_port *listener = client->pools.listeners[connection->endpoint];
    struct message message = {.kind = listener->command_kind,
                              .lost = client->commands.lost_kind,
                              .entity = ref_make((uint32_t)client->region, row),
                              .generation = command->generation & SIM_GENERATION_MASK,
                              .bytes = command->bytes,
                              .identity = command->identity,
                              .index = command->attempt};

    command_hand(command, COMMAND_AT_CLIENT, COMMAND_ON_WIRE);
    out->send(out->self, connection->flow_out, &message);
}

RARE void command_leave(struct store_client *client, uint32_t index, uint32_t connection)
{
    uint32_t row = command_make(client, op_at(client, index), index, connection);

    client->pools.connections[connection].command = row;
    command_abandon(client, row);
    pending_at(client, row)->lost = true; /* until it is sent */
}

RARE void command_send(struct store_client *client, uint32_t row)
{
    pending_at(client, row)->lost = false;
    command_go(client, &client->pools.connections[pending_at(client, row)->connection], row);
}

void op_send(struct store_client *client, uint32_t index, uint32_t connection_index)
{
    struct op *op = op_at(client, index);
    struct connection *connection = &client->pools.connections[connection_index];
    uint32_t row = command_make(client, op, index, connection_index);

    if (client->config->pool.mode == MODE_POOL) {
        connection->state = CONNECTION_BUSY;
        connection->command = row;
    }
    op->state = OP_SENT;
    op->connection = connection_index;
    op->connection_generation = connection->generation;
    op->command = row;
    if (__builtin_expect(client->has_extras, 0))
        op_sent(client, index);
    command_go(client, connection, row);
}

/* The pool has no connection that is open: open one. */
RARE static void op_connect(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    const struct connection_pool *pool = &client->pools.pools[op->pool];
    bool covered = client->config->timeout_covers != COVERS_REPLY;

    if (pool->fails_fast) {
        op_reject(client, index, (enum client_error)pool->failure);
        return;
    }
    op->state = OP_CONNECTING;
    op->connection = connection_open(&client->pools, op->pool, index, op->generation,
                                     covered ? op_timeout(client, op) : SIM_NEVER);
}

/* The operation waits for a shared connection, which is opened if none is being opened. */
RARE static void op_await_shared(struct store_client *client, uint32_t index)
{
    uint32_t pool = op_at(client, index)->pool;

    if (op_may_not_wait(client, index))
        return;
    wait_add(client, index);
    if (connection_pool_has_room(&client->pools, pool))
        connection_open(&client->pools, pool, NO_INDEX, 0, SIM_NEVER);
}

/* Step 8: an idle connection, a new one, or a place in the queue. */
void op_acquire(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct connection_pools *pools = &client->pools;
    uint32_t pool = op->pool;
    uint32_t idle = connection_acquire_idle(pools, pool);

    if (idle != NO_INDEX)
        op_send(client, index, idle);
    else if (client->config->pool.mode == MODE_MULTIPLEXED)
        op_await_shared(client, index);
    else if (connection_pool_has_room(pools, pool))
        op_connect(client, index);
    else if (!op_may_not_wait(client, index))
        wait_add(client, index);
}

OUT_OF_LINE void pool_serve_waiting(struct store_client *client, uint32_t pool_index)
{
    struct connection_pool *pool = &client->pools.pools[pool_index];
    bool shared = client->config->pool.mode == MODE_MULTIPLEXED;

    while (pool->wait_head != NO_INDEX) {
        bool has_room = connection_pool_has_room(&client->pools, pool_index);
        uint32_t index = client->config->pool.wait == WAIT_FIFO ? pool->wait_head : pool->wait_tail;

        if (pool->idle_count == 0 && (shared || !has_room)) {
            if (has_room) /* all wait for the next shared connection */
                connection_open(&client->pools, pool_index, NO_INDEX, 0, SIM_NEVER);
            return;
        }
        wait_remove(client, index);
        op_acquire(client, index);
    }
}

bool op_reads_latest(const struct store_client *client, const struct op *op, sim_time at)
{
    const struct op_request *request = &op->request;

    if (request->latest)
        return true;
    return client->config->read_after_write == RAW_PRIMARY && request->last_write >= 0 &&
           at - request->last_write <= client->config->raw_window_ns;
}

uint32_t op_pool(struct store_client *client, const struct op *op, bool is_hedge)
{
    const struct session_store_port *store = client->store;
    struct route_query query = {.session = op->request.session,
                                .session_check = op->request.session_check,
                                .try_number = op->attempts + 1,
                                .instance = op->request.instance,
                                .kind = op->request.kind,
                                .latest = op_reads_latest(client, op, sim_now(client->sim)) ||
                                          (is_hedge && client->config->hedge_to == HEDGE_PRIMARY)};

    if (__builtin_expect(op->redirect != ENDPOINT_ANY, 0))
        return client_pool(client, op->request.instance, op->redirect & ~REDIRECT_ASKS);
    return client_pool(client, op->request.instance,
                       store->route(store->self, &client->pools.knowledge, &query));
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
    if (__builtin_expect(client->config->timeout_covers != COVERS_REPLY, 1))
        sim_timer_set(client->sim, write ? client->write_timer : client->read_timer, index,
                      op->generation);
    if (client->config->hedge_max > 0 && !write && index < HEDGE && !op->request.probe) {
        op->hedges = 0;
        sim_timer_set(client->sim, client->hedge_timer, index, op->generation);
    }
    op_acquire(client, index);
}

RARE uint32_t op_impaired_by(const struct store_client *client, const struct op *op)
{
    const struct connection_pools *pools = &client->pools;
    uint32_t event;
    int to;

    if (client->store->here)
        return 0;
    to = pools->endpoints->rows[pools->pools[op->pool].endpoint].region;
    if (to == ENDPOINT_BY_NAME)
        to = pools->knowledge.named_region;
    if (to < 0)
        return 0; /* it was waiting for the address of the name */
    event = impairment_of_way(client->impairments, client->region, to).by;
    return event != 0 ? event : client->impairments->promotion.by;
}

/* An attempt of a write ended while a fault is active: attribute it to the event that impairs its
 * path, if any. */
RARE static void op_note_cause(const struct store_client *client, const struct op *op, bool failed)
{
    struct probes *probes = sim_probe_set(client->sim);
    uint32_t event = op_impaired_by(client, op);

    if (failed)
        probe_count_caused(probes, client->write_errors, event, sim_now(client->sim));
    probe_latency_caused(probes, client->attempt_latency, event, sim_now(client->sim));
}

/* Statistics of an attempt that ended. */
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
        return; /* attempts of a dead server and of health checks are not counted */
    if (!op_is_write(op)) {
        probe_count(client->probes, client->read_attempts);
        if (timed_out)
            probe_count(client->probes, client->read_timeouts);
        return;
    }
    probe_count(client->probes, client->write_attempts);
    if (timed_out)
        probe_count(client->probes, client->write_timeouts);
    if (how != ATTEMPT_ANSWERED)
        probe_count(client->probes, client->write_errors);
    probe_latency(client->probes, client->attempt_latency, latency);
    if (__builtin_expect(client->impairments->count > 0, 0))
        op_note_cause(client, op, how != ATTEMPT_ANSWERED);
}

/* A health check, an operation on a key of a class, or one of dead servers. */
RARE static void op_report_uncounted(const struct store_client *client, uint32_t request,
                                     struct op_result *result)
{
    const struct op_port *to = request & CLASS_REQUEST ? client->classes : client->app;

    if (result->outcome == OP_HIT || result->outcome == OP_DONE) {
        result->version = client->found.version;
        result->expires = client->found.expires;
    }
    to->done(to->self, request, result);
}

void op_finish(struct store_client *client, uint32_t index, enum op_outcome outcome, uint8_t miss)
{
    const struct op *op = op_at(client, index);
    struct op_result result = {.outcome = outcome, .miss = miss, .attempts = op->attempts};
    sim_dur latency = sim_now(client->sim) - op->begun;
    uint32_t request = op->request.request;

    client->ops_ended++;
    op_free(client, index);
    if (client->budgets)
        guard_op_ended(client, op, outcome != OP_FAILED);
    if (!client->up || op->request.probe) {
        op_report_uncounted(client, request, &result);
        return;
    }
    if (op_is_write(op)) {
        probe_count(client->probes, client->writes);
        probe_count(client->probes,
                    outcome == OP_FAILED ? client->write_failures : client->goodput);
        probe_count_many(client->probes, client->attempts_of_writes, result.attempts);
        probe_latency(client->probes, client->write_latency[outcome == OP_FAILED], latency);
        operation_tally_add(&client->good_writes, op->begun,
                            outcome == OP_DONE && latency <= client->good_latency_ns);
    } else {
        probe_count(client->probes, client->reads);
        if (outcome == OP_FAILED)
            probe_count(client->probes, client->read_failures);
        probe_latency(client->probes, client->read_latency[outcome == OP_FAILED], latency);
        if (__builtin_expect(client->good_reads.steps != NULL, 0))
            operation_tally_add(&client->good_reads, op->begun,
                                outcome != OP_FAILED && latency <= client->good_latency_ns);
    }
    client->app->done(client->app->self, request, &result);
}

/* --- retries --------------------------------------------------------------------------------- */

/* The operation failed, after all its attempts or before the first one. */
RARE static void op_fail(struct store_client *client, uint32_t index)
{
    if (client->history)
        client_record_failed(client, index);
    op_finish(client, index, OP_FAILED, MISS_NEVER_WRITTEN);
}

/* Of the layer that retries next: see retry_layers.c. */
RARE static sim_dur backoff_wait(const struct store_client *client, const struct op *op,
                                 const struct retry_policy *policy, uint32_t retry)
{
    double u = 0;

    if (policy->jitter != JITTER_NONE && policy->backoff != BACKOFF_NONE)
        u = rng_unit(rng_block_at(&client->jitter, op->request.identity, op->attempts).word[0]);
    return retry_policy_wait(policy, retry, op->waited, u);
}

/* The next attempt goes where the reply says, or by its usual route; how long it waits. */
RARE static sim_dur op_redirect(struct op *op, const struct reply *reply, sim_dur wait)
{
    op->redirect = ENDPOINT_ANY;
    if (!reply)
        return wait;
    if (reply->kind == REPLY_MOVED || reply->kind == REPLY_ASK) {
        op->redirect = reply->target;
        if (reply->kind == REPLY_ASK)
            op->redirect |= REDIRECT_ASKS;
        return 0;
    }
    return reply->retry_after_ns > wait ? reply->retry_after_ns : wait;
}

/* The attempt has failed: steps 1 to 5. */
RARE void op_retry_or_fail(struct store_client *client, uint32_t index, enum client_error error,
                           const struct reply *reply)
{
    const struct error_rule *rule = &client->config->errors[error];
    const struct retry_policy *policy;
    struct op *op = op_at(client, index);
    enum denied_by denied;
    uint32_t retry;
    sim_dur wait;

    if (client->history && client->history->detailed && index < HEDGE)
        client_record_attempt(client, index, error);
    if (rule->refresh)
        client_ask_addresses(client);
    if (index >= HEDGE) {
        hedge_failed(client, index, error);
        return;
    }
    if (client->is_guarded && op->hedge != NO_INDEX) {
        op->state = OP_HEDGED;
        return;
    }
    policy = layer_that_retries(client, index, error, &retry);
    if (!policy) {
        op_fail(client, index);
        return;
    }
    wait = op_redirect(op, reply, backoff_wait(client, op, policy, retry));
    if (wait < rule->wait_ns)
        wait = rule->wait_ns;
    denied = guard_denies(client, op, wait, error);
    if (denied != DENIED_NOT) {
        probe_count(client->probes, client->denied[denied]);
        op_fail(client, index);
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
    struct store_client *client = self;
    struct op *op = op_at(client, entity);
    enum client_error error = op_extra(client, entity)->error;

    (void)sim, (void)generation;
    if (op->state == OP_REJECTED)
        op_end_attempt(client, op, ATTEMPT_REJECTED);
    else if (entity < HEDGE)
        op->attempts += client->config->errors[error].retry; /* else it fails */
    op_retry_or_fail(client, entity, error, NULL);
}

bool client_op_live(const void *self, uint32_t entity, uint32_t generation)
{
    return (op_at(self, entity)->generation & SIM_GENERATION_MASK) == generation;
}

/* --- replies --------------------------------------------------------------------------------- */

void count_read_answer(struct store_client *client, struct op *op, const struct reply *reply)
{
    bool miss = reply->kind == REPLY_MISS && reply->miss != MISS_NEVER_WRITTEN;
    sim_dur after;
    uint32_t bucket = 0;

    if (op->request.probe)
        client->found = *reply;
    if (op->answered_once || op->request.probe)
        return;
    op->answered_once = true;
    if (miss)
        probe_count(client->probes, client->read_misses);
    if (op->request.last_write < 0)
        return;
    after = op->attempt_begun - op->request.last_write;
    if (after > client_after_limits[AFTERS - 2])
        bucket = AFTERS - 1; /* the most frequent case */
    while (after > client_after_limits[bucket])
        bucket++;
    probe_count(client->probes, client->after_reads[bucket]);
    if (miss || reply->stale)
        probe_count(client->probes, client->after_misses[bucket]);
}

/* The random part of the wait before a repeated read. */
RARE static sim_dur reread_spread(const struct store_client *client, const struct op *op)
{
    sim_dur spread = client->config->raw_spread_ns;
    struct rng_block block;

    if (spread == 0)
        return 0;
    block = rng_block_at(&client->jitter, op->request.identity, UINT64_C(1) << 32 | op->rereads);
    return (sim_dur)(rng_unit(block.word[0]) * (double)spread);
}

/* Repeat a read that missed, if the policy allows it; returns whether it does. */
RARE static bool op_reads_again(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    const struct store_client_config *config = client->config;

    if (config->read_after_write != RAW_RETRY || op->rereads >= config->raw_times ||
        ref_is_class(op->request.session))
        return false;
    op->rereads++;
    op->attempts--; /* a repeated read after a miss is not a retry */
    op->state = OP_BACKOFF;
    sim_after(client->sim, config->raw_delay_ns + reread_spread(client, op), client->retry_kind,
              index, op->generation);
    return true;
}

/* What happens to the connection of a reply that is an error or late. A redirection closes none. */
RARE static enum connection_event reply_ends(const struct store_client *client,
                                             const struct reply *reply)
{
    bool closes = reply->closes && reply->kind != REPLY_MOVED;

    return closes ? CONNECTION_FIN : connection_after(client, reply->kind);
}

/* The reply is an error. */
RARE static void op_answered_with_error(struct store_client *client,
                                        const struct pending_command *pending, struct reply *reply)
{
    uint32_t index = pending->op;
    enum client_error error;

    if (reply->kind == REPLY_READONLY && client->config->topology != TOPOLOGY_NONE)
        client_redirect_to_primary(client, op_at(client, index)->pool, reply);
    error = client_error_of((enum reply_kind)reply->kind);
    client->was_throttled = reply->kind == REPLY_THROTTLED;
    op_end_attempt(client, op_at(client, index), ATTEMPT_REFUSED);
    if (reply->kind == REPLY_READONLY)
        client_endpoint_failed(client, pending->connection);
    connection_done(client, pending->connection, reply_ends(client, reply));
    if (reply->kind == REPLY_MOVED && client->config->topology != TOPOLOGY_NONE)
        client_note_moved(client, reply->target);
    if (op_is_resent(client, error))
        op_send_again(client, index);
    else
        op_retry_or_fail(client, index, error, reply);
}

static bool client_reply_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return (command_at(&client->commands, ref_index(entity))->generation & SIM_GENERATION_MASK) ==
           generation;
}

/* The reply is an error, or nobody waits for it; its row is free. */
RARE static void client_take_other(struct store_client *client,
                                   const struct pending_command *pending, struct reply *reply)
{
    if (!pending->abandoned)
        op_answered_with_error(client, pending, reply);
    else if (!pending->closed)
        connection_done(client, pending->connection, reply_ends(client, reply));
}

static HOT_HANDLER void client_on_reply(void *self, struct sim *sim, uint32_t entity,
                                        uint32_t generation)
{
    struct store_client *client = self;
    uint32_t row = ref_index(entity);
    struct command *command = command_at(&client->commands, row);
    struct pending_command pending = *pending_at(client, row);
    struct reply reply = command->reply;
    uint32_t index = pending.op;
    enum op_outcome outcome = OP_DONE;

    if (__builtin_expect((command->generation & SIM_GENERATION_MASK) != generation, 0)) {
        sim_drop(sim);
        return;
    }
    command_hand(command, COMMAND_ON_WIRE, COMMAND_AT_CLIENT);
    if (pending.abandoned)
        count_ambiguous(client, row);
    pending_free(client, row);
    if (__builtin_expect(pending.abandoned || reply.kind > REPLY_OK, 0)) {
        client_take_other(client, &pending, &reply);
        return;
    }
    op_end_attempt(client, op_at(client, index), ATTEMPT_ANSWERED);
    connection_done(client, pending.connection, CONNECTION_ESTABLISHED);
    if (reply.kind != REPLY_OK) {
        outcome = reply.kind == REPLY_HIT ? OP_HIT : OP_MISS;
        if (client->config->hedge_max > 0)
            index = hedges_settle(client, index);
        count_read_answer(client, op_at(client, index), &reply);
        if (outcome == OP_MISS && op_reads_again(client, index))
            return;
    } else if (__builtin_expect(op_at(client, index)->request.probe, 0)) {
        client->found = reply;
    }
    if (__builtin_expect(client->history != NULL, 0))
        client_record_answered(client, index, row, outcome);
    op_finish(client, index, outcome, outcome == OP_MISS ? reply.miss : MISS_NEVER_WRITTEN);
}

/* A command will get no reply: its server failed, or its connection was closed. */
void client_drop(void *self, uint32_t row)
{
    struct store_client *client = self;
    struct pending_command *pending = pending_at(client, row);

    count_ambiguous(client, row);
    if (!pending->closed && !pending->abandoned) {
        pending->lost = true;
        return;
    }
    if (!pending->closed) {
        if (client->config->resend == RESEND_ALL)
            late_add(client, row);
        if (client->config->pool.mode == MODE_POOL)
            client->pools.connections[pending->connection].command = NO_INDEX;
    }
    pending_free(client, row);
}

bool client_waits(const void *self, uint32_t row)
{
    return !pending_at((struct store_client *)self, row)->abandoned;
}

/* The network has dropped a command or its reply permanently. */
static void client_on_lost(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;

    (void)sim, (void)generation;
    command_hand(command_at(&client->commands, ref_index(entity)), COMMAND_ON_WIRE,
                 COMMAND_AT_CLIENT);
    client_drop(client, ref_index(entity));
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
    op->redirect = ENDPOINT_ANY;
    op->answered_once = false;
    op->waited = 0;
    if (client->is_guarded)
        guard_begun(client, index);
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
