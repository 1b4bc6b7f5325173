// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The store's client library in the application servers of one region: pools, attempts, timeouts,
 * retries.
 *
 * An operation of the application makes one or more attempts. An attempt's timeout runs from the
 * moment it is handed over: it covers waiting for a connection, the handshake, the server, and both
 * ways. An attempt is a command on a connection; a connection carries one command at a time. A
 * timed-out command goes on its way: the server may run it all the same (an ambiguous write), and
 * its connection is closed, since a late reply would be taken for the next one's.
 *
 *   attempt:  waiting for a connection -> connecting -> sent -> replied
 *                  timeout in any of them -> backoff -> next attempt, or failed
 *
 * Each instance of the tier has two pools: `local`, to the cluster of its own region, for reads;
 * and `primary`, to the cluster that the DNS record names, for writes and for reads that must see
 * them. An open connection does not follow the record.
 *
 * Conservation, checked at the end: attempts begun = ended + under way, each ended in exactly one
 * way; operations likewise.
 */
#include "bug.h"
#include "mem.h"
#include "model.h"
#include "ports.h"
#include "registry.h"

#include <stdlib.h>
#include <string.h>

enum { BACKOFF_NONE, BACKOFF_FIXED, BACKOFF_EXPONENTIAL, BACKOFF_LIST };
enum { JITTER_NONE, JITTER_FULL, JITTER_EQUAL };
enum { RAW_NONE, RAW_PRIMARY, RAW_RETRY };
enum { DNS_TTL, DNS_FIXED, DNS_FOREVER };
enum { REUSE_LIFO, REUSE_FIFO };

struct store_client_config {
    sim_dur timeout_ns, read_timeout_ns, deadline_ns;
    uint32_t attempts, read_attempts;
    int backoff, jitter;
    sim_dur backoff_fixed_ns, backoff_base_ns, backoff_max_ns;
    struct duration_list backoff_list;
    uint32_t pool_size, pool_warm;
    int pool_reuse;
    bool close_on_timeout;
    int tls;
    int dns_cache;
    sim_dur dns_fixed_ns;
    int on_write_failure, read_after_write;
    sim_dur raw_window_ns, raw_delay_ns;
    uint32_t raw_times;
    uint32_t write_bytes, read_bytes;
};

static const char *const backoffs[] = {"none", "fixed", "exponential", "list", NULL};
static const char *const jitters[] = {"none", "full", "equal", NULL};
static const char *const fallbacks[] = {"fail", "local-session", "stateless-token", NULL};
static const char *const read_after_writes[] = {"none", "read-from-primary", "retry-on-miss", NULL};
static const char *const tls_versions[] = {"none", "1.3", "1.2", NULL};
static const char *const dns_caches[] = {"ttl", "fixed", "forever", NULL};
static const char *const reuses[] = {"lifo", "fifo", NULL};

#define MODEL_CONFIG struct store_client_config
// clang-format off
static const struct field store_client_fields[] = {
    DURATION("timeout", timeout_ns, "1ms", "300ms", "10min", "an attempt of a write is given up after", "seed 000"),
    DURATION("read_timeout", read_timeout_ns, "1ms", "250ms", "10min", "an attempt of a read is given up after", "facts C.3"),
    DURATION("deadline", deadline_ns, "0s", "0s", "1h", "no attempt begins so long after the operation; 0: none", "assumption"),
    COUNT("retry.attempts", attempts, "1", "4", "100", "attempts of a write, the first included", "seed 000"),
    COUNT("retry.read_attempts", read_attempts, "1", "2", "100", "attempts of a read, the first included", "assumption"),
    VARIANT("retry.backoff", backoff, backoffs, "exponential", "wait before the next attempt", "seed 000"),
    DURATION("retry.backoff.fixed", backoff_fixed_ns, "0ms", "100ms", "10min", "always the same wait", "facts G"),
    DURATION("retry.backoff.exponential.base", backoff_base_ns, "0ms", "100ms", "10min", "first wait, doubled each time", "seed 000"),
    DURATION("retry.backoff.exponential.max", backoff_max_ns, "0ms", "2s", "1h", "longest wait", "facts G"),
    DURATION_LIST("retry.backoff.list", backoff_list, "0ms", "[100ms, 200ms, 400ms]", "1h", "waits in turn, the last one repeated", "seed 000"),
    CHOICE("retry.jitter", jitter, jitters, "full", "none: the wait w itself; full: U(0, w); equal: w/2 + U(0, w/2)", "facts G"),
    COUNT("pool.size", pool_size, "1", "20", "100000", "connections of one instance to one endpoint", "assumption"),
    COUNT("pool.warm", pool_warm, "0", "20", "100000", "of these, open at the start", "assumption"),
    CHOICE("pool.reuse", pool_reuse, reuses, "lifo", "which idle connection is taken first", "redis_lessons 8"),
    FLAG("pool.close_on_timeout", close_on_timeout, "true", "a connection whose command timed out is closed", "redis_lessons 8"),
    CHOICE("tls", tls, tls_versions, "1.3", "round trips of a new connection beyond TCP's: 1.3 one, 1.2 two", "facts 0.9"),
    VARIANT("dns_cache", dns_cache, dns_caches, "ttl", "how long the client keeps the primary's address", "facts E"),
    DURATION("dns_cache.fixed", dns_fixed_ns, "0s", "30s", "24h", "kept so long whatever the TTL", "facts E"),
    CHOICE("on_write_failure", on_write_failure, fallbacks, "fail", "what a login does when its write has failed", "seed 000"),
    VARIANT("read_after_write", read_after_write, read_after_writes, "none", "what a read soon after a write of the session does", "seed 000"),
    DURATION("read_after_write.read-from-primary.window", raw_window_ns, "0ms", "1s", "1h", "how long after the write", "assumption"),
    DURATION("read_after_write.retry-on-miss.delay", raw_delay_ns, "0ms", "150ms", "1h", "wait before reading again", "seed 000"),
    COUNT("read_after_write.retry-on-miss.times", raw_times, "1", "1", "100", "how often", "seed 000"),
    COUNT("write_bytes", write_bytes, "1", "1100", "1000000000", "bytes of a write's command", "facts H"),
    COUNT("read_bytes", read_bytes, "1", "60", "1000000000", "bytes of a read's command", "assumption"),
};
// clang-format on

static const char *const afters[] = {"1ms",   "3ms", "10ms", "30ms", "100ms",
                                     "300ms", "1s",  "3s",   "more", NULL};
#define AFTERS 9
static const sim_dur after_limits[AFTERS] = {1 * SIM_MS,    3 * SIM_MS,    10 * SIM_MS,
                                             30 * SIM_MS,   100 * SIM_MS,  300 * SIM_MS,
                                             1000 * SIM_MS, 3000 * SIM_MS, SIM_NEVER};

// clang-format off
static const struct metric store_client_metrics[] = {
    {.name = "writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "logical writes that ended"},
    {.name = "write_failures", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "writes that failed after all attempts"},
    {.name = "write_attempts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "attempts of writes that ended"},
    {.name = "write_timeouts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "attempts of writes that timed out"},
    {.name = "write_timeout_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .over = "write_timeouts", .under = "write_attempts", .series = true, .meaning = "attempts of writes that timed out / attempts"},
    {.name = "write_failure_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .over = "write_failures", .under = "writes", .series = true, .meaning = "writes that failed after all attempts / writes"},
    {.name = "write_amplification", .unit = UNIT_NONE, .kind = METRIC_RATIO, .over = "write_attempts", .under = "writes", .series = true, .meaning = "attempts / writes"},
    {.name = "ambiguous_writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "attempts of writes that timed out at the client and were executed all the same"},
    {.name = "reads", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "reads that ended"},
    {.name = "read_failures", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "reads that failed after all attempts"},
    {.name = "read_failure_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .over = "read_failures", .under = "reads", .series = true, .meaning = "reads that failed / reads"},
    {.name = "read_attempts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "attempts of reads that ended"},
    {.name = "read_timeouts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "attempts of reads that timed out"},
    {.name = "read_timeout_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .over = "read_timeouts", .under = "read_attempts", .series = true, .meaning = "attempts of reads that timed out / attempts"},
    {.name = "read_misses", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "reads whose first answer did not see a session that had been written"},
    {.name = "read_miss_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .over = "read_misses", .under = "reads", .series = true, .meaning = "read misses / reads"},
    {.name = "reads_after_write", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .label = "after", .label_values = afters, .meaning = "first answers to reads so long after the session's last acknowledged write (up to the label)"},
    {.name = "misses_after_write", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .label = "after", .label_values = afters, .meaning = "those that did not see it: nothing was found, or an older write"},
    {.name = "miss_probability", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .over = "misses_after_write", .under = "reads_after_write", .label = "after", .label_values = afters, .meaning = "misses / reads so long after a write"},
    {.name = "write_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "of writes, from the asker's first moment to its last, retries included"},
    {.name = "write_attempt_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "of attempts of writes, timed-out ones at their timeout"},
    {.name = "read_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "of reads, retries included"},
    {.name = "connections_opened", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "new connections to the store"},
    {.name = "connections_open", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "connections to the store, opening ones included"},
};
// clang-format on

enum pool_kind { POOL_LOCAL, POOL_PRIMARY, POOL_KINDS };
enum connection_state { CONNECTION_FREE, CONNECTION_OPENING, CONNECTION_IDLE, CONNECTION_BUSY };

struct connection {
    uint32_t generation;
    uint32_t pool;
    uint32_t next, previous;    /* among the idle ones of its pool; next also in the free list */
    uint32_t op, op_generation; /* that it is opened for */
    uint32_t command;
    uint32_t leg_out, leg_in;
    uint8_t state, target, rounds_left;
};

/* A pool of one instance to one endpoint. Operations that wait for a connection stand in order. */
struct pool {
    uint32_t idle_head, idle_tail;
    uint32_t open_count;
    uint32_t wait_head, wait_tail; /* operations */
};

enum op_state { OP_IDLE, OP_WAITING, OP_CONNECTING, OP_SENT, OP_BACKOFF };

struct op {
    struct op_request request;
    sim_time begun, attempt_begun;
    uint32_t generation; /* rises with each attempt's beginning and end */
    uint32_t attempts;
    uint32_t pool;
    uint32_t next, previous; /* among the waiting */
    uint32_t connection, command;
    uint16_t rereads;
    uint8_t state;
    bool answered_once;
};

struct store_client {
    const struct store_client_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct rng_stream jitter;
    int region;
    uint32_t region_count;
    bool up;

    struct pool *pools; /* two an instance */
    size_t pool_count, pool_capacity;
    struct connection *connections;
    size_t connection_count, connection_capacity;
    uint32_t connection_free;
    uint32_t connections_open;
    struct op *ops; /* by the application's request */
    size_t op_capacity;
    struct command_pool commands;

    struct shard_port *shards[REGIONS_MAX];
    struct link_port *out[REGIONS_MAX], *in[REGIONS_MAX];
    struct dns_port *dns;
    struct op_port *app;
    struct objective_port *objective;
    struct dns_answer address;
    bool address_known;
    sim_time address_expires;

    struct session_port port;
    struct handshake_return back;
    struct write_stats stats;
    kind_id retry_kind, broken_kind;
    timer_id write_timer, read_timer;
    uint64_t attempts_begun, attempts_ended, ops_begun, ops_ended;

    probe_id writes, write_failures, write_attempts, write_timeouts, ambiguous, reads,
        read_failures, read_attempts, read_timeouts, read_misses, opened, open, write_latency,
        attempt_latency, read_latency, after_reads[AFTERS], after_misses[AFTERS];
};

static void op_begin_attempt(struct store_client *client, uint32_t index);
static void pool_serve(struct store_client *client, uint32_t pool);

/* --- commands
 * --------------------------------------------------------------------------------------- */

static uint32_t command_take(struct command_pool *pool)
{
    uint32_t index = pool->free_head;

    if (index == NO_INDEX) {
        if (pool->count == pool->capacity) {
            size_t capacity = pool->capacity;

            mem_grow((void **)&pool->rows, &capacity, pool->count + 1, sizeof *pool->rows);
            pool->capacity = (uint32_t)capacity;
        }
        index = pool->count++;
        pool->rows[index].generation = 0;
        return index;
    }
    pool->free_head = pool->rows[index].next;
    return index;
}

static void command_give(struct command_pool *pool, uint32_t index)
{
    pool->rows[index].generation++;
    pool->rows[index].next = pool->free_head;
    pool->free_head = index;
}

/* --- connections
 * ------------------------------------------------------------------------------------- */

static void idle_add(struct store_client *client, uint32_t index)
{
    struct connection *connection = &client->connections[index];
    struct pool *pool = &client->pools[connection->pool];

    connection->state = CONNECTION_IDLE;
    connection->previous = NO_INDEX;
    connection->next = pool->idle_head;
    if (pool->idle_head == NO_INDEX)
        pool->idle_tail = index;
    else
        client->connections[pool->idle_head].previous = index;
    pool->idle_head = index;
}

static void idle_remove(struct store_client *client, uint32_t index)
{
    struct connection *connection = &client->connections[index];
    struct pool *pool = &client->pools[connection->pool];

    if (connection->previous == NO_INDEX)
        pool->idle_head = connection->next;
    else
        client->connections[connection->previous].next = connection->next;
    if (connection->next == NO_INDEX)
        pool->idle_tail = connection->previous;
    else
        client->connections[connection->next].previous = connection->previous;
}

static void count_open(struct store_client *client, int change)
{
    client->connections_open += (uint32_t)change;
    probe_level(client->probes, client->open, sim_now(client->sim), client->connections_open);
}

/* Where the cluster is that a pool's new connections go to. */
static int pool_target(struct store_client *client, uint32_t pool)
{
    const struct store_client_config *config = client->config;
    sim_time now = sim_now(client->sim);

    if (pool % POOL_KINDS == POOL_LOCAL && client->shards[client->region])
        return client->region;
    if (!client->address_known ||
        (config->dns_cache != DNS_FOREVER && now >= client->address_expires)) {
        client->address = client->dns->resolve(client->dns->self, client->region);
        client->address_known = true;
        client->address_expires =
            config->dns_cache == DNS_FIXED ? now + config->dns_fixed_ns : client->address.expires;
    }
    return client->address.region;
}

static uint32_t connection_take(struct store_client *client, uint32_t pool, int target)
{
    uint32_t index = client->connection_free;
    struct connection *connection;

    if (index != NO_INDEX) {
        client->connection_free = client->connections[index].next;
    } else {
        mem_grow((void **)&client->connections, &client->connection_capacity,
                 client->connection_count + 1, sizeof *client->connections);
        index = (uint32_t)client->connection_count++;
        client->connections[index].generation = 0;
    }
    connection = &client->connections[index];
    connection->pool = pool;
    connection->target = (uint8_t)target;
    connection->op = connection->command = NO_INDEX;
    connection->leg_out = client->out[target]->open(client->out[target]->self);
    connection->leg_in = client->in[target]->open(client->in[target]->self);
    client->out[target]->watch(client->out[target]->self, connection->leg_out, client->broken_kind,
                               index, connection->generation);
    client->in[target]->watch(client->in[target]->self, connection->leg_in, client->broken_kind,
                              index, connection->generation);
    client->pools[pool].open_count++;
    return index;
}

/* The first round trip of a new connection is TCP's, the rest are TLS's. */
static bool connection_is_syn(const struct store_client *client,
                              const struct connection *connection)
{
    return connection->rounds_left == 1 + client->config->tls;
}

static void connection_round(struct store_client *client, uint32_t index)
{
    struct connection *connection = &client->connections[index];
    struct link_port *out = client->out[connection->target];
    struct message syn = {
        .kind = client->shards[connection->target]->handshake_kind,
        .entity = ref_make((uint32_t)client->region, index),
        .generation = connection->generation & SIM_GENERATION_MASK,
        .bytes = 60,
        .identity = rng_mix(((uint64_t)client->region << 40 | index) + (UINT64_C(1) << 60)),
        .index = connection->generation << 2 | connection->rounds_left,
        .handshake = connection_is_syn(client, connection)};

    out->send(out->self, connection->leg_out, &syn);
}

/* Open a connection for an operation's attempt. */
static void connection_open(struct store_client *client, uint32_t pool, uint32_t op)
{
    uint32_t index = connection_take(client, pool, pool_target(client, pool));
    struct connection *connection = &client->connections[index];

    connection->state = CONNECTION_OPENING;
    connection->rounds_left = (uint8_t)(1 + client->config->tls);
    connection->op = op;
    connection->op_generation = client->ops[op].generation;
    client->ops[op].connection = index;
    probe_count(client->probes, client->opened);
    count_open(client, 1);
    connection_round(client, index);
}

/* Close: what was sent goes on its way, what comes back is thrown away. */
static void connection_close(struct store_client *client, uint32_t index)
{
    struct connection *connection = &client->connections[index];
    uint32_t pool = connection->pool;

    if (connection->state == CONNECTION_IDLE)
        idle_remove(client, index);
    if (connection->command != NO_INDEX)
        client->commands.rows[connection->command].reply_leg = NO_INDEX;
    client->out[connection->target]->close(client->out[connection->target]->self,
                                           connection->leg_out);
    client->in[connection->target]->close(client->in[connection->target]->self, connection->leg_in);
    connection->state = CONNECTION_FREE;
    connection->generation++;
    connection->next = client->connection_free;
    client->connection_free = index;
    client->pools[pool].open_count--;
    count_open(client, -1);
}

static uint32_t connection_reply_leg(void *self, uint32_t index, uint32_t generation, bool *syn)
{
    const struct store_client *client = self;
    const struct connection *connection = &client->connections[index];

    if ((connection->generation & SIM_GENERATION_MASK) != generation ||
        connection->state == CONNECTION_FREE)
        return NO_INDEX;
    *syn = connection_is_syn(client, connection);
    return connection->leg_in;
}

/* --- attempts
 * ---------------------------------------------------------------------------------------- */

static bool op_is_write(const struct op *op)
{
    return command_is_write(op->request.kind);
}

static void op_send(struct store_client *client, uint32_t index, uint32_t connection_index)
{
    struct op *op = &client->ops[index];
    struct connection *connection = &client->connections[connection_index];
    uint32_t row = command_take(&client->commands);
    struct command *command = &client->commands.rows[row];
    struct link_port *out = client->out[connection->target];
    struct message message;

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
                                .kind = (uint8_t)op->request.kind,
                                .target = connection->target,
                                .region = (uint8_t)client->region,
                                .generation = command->generation,
                                .reply_leg = connection->leg_in};
    connection->state = CONNECTION_BUSY;
    connection->command = row;
    connection->op = index;
    connection->op_generation = op->generation;
    op->state = OP_SENT;
    op->connection = connection_index;
    op->command = row;
    message = (struct message){.kind = client->shards[connection->target]->command_kind,
                               .lost = client->commands.lost_kind,
                               .entity = ref_make((uint32_t)client->region, row),
                               .generation = command->generation & SIM_GENERATION_MASK,
                               .bytes = command->bytes,
                               .identity = op->request.identity,
                               .index = command->attempt};
    out->send(out->self, connection->leg_out, &message);
}

static void wait_add(struct store_client *client, uint32_t index)
{
    struct op *op = &client->ops[index];
    struct pool *pool = &client->pools[op->pool];

    op->state = OP_WAITING;
    op->next = NO_INDEX;
    op->previous = pool->wait_tail;
    if (pool->wait_tail == NO_INDEX)
        pool->wait_head = index;
    else
        client->ops[pool->wait_tail].next = index;
    pool->wait_tail = index;
}

static void wait_remove(struct store_client *client, uint32_t index)
{
    struct op *op = &client->ops[index];
    struct pool *pool = &client->pools[op->pool];

    if (op->previous == NO_INDEX)
        pool->wait_head = op->next;
    else
        client->ops[op->previous].next = op->next;
    if (op->next == NO_INDEX)
        pool->wait_tail = op->previous;
    else
        client->ops[op->next].previous = op->previous;
}

/* Give an operation a connection: an idle one, a new one, or a place in the line. */
static void op_acquire(struct store_client *client, uint32_t index)
{
    struct op *op = &client->ops[index];
    struct pool *pool = &client->pools[op->pool];
    uint32_t idle = client->config->pool_reuse == REUSE_LIFO ? pool->idle_head : pool->idle_tail;

    if (idle != NO_INDEX) {
        idle_remove(client, idle);
        op_send(client, index, idle);
    } else if (pool->open_count < client->config->pool_size) {
        op->state = OP_CONNECTING;
        connection_open(client, op->pool, index);
    } else {
        wait_add(client, index);
    }
}

/* A connection or a place for one has come free. */
static void pool_serve(struct store_client *client, uint32_t pool_index)
{
    struct pool *pool = &client->pools[pool_index];

    while (pool->wait_head != NO_INDEX &&
           (pool->idle_head != NO_INDEX || pool->open_count < client->config->pool_size)) {
        uint32_t index = pool->wait_head;

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

static void op_begin_attempt(struct store_client *client, uint32_t index)
{
    struct op *op = &client->ops[index];
    bool write = op_is_write(op);
    uint32_t kind = write || op_reads_primary(client, op) ? POOL_PRIMARY : POOL_LOCAL;

    op->attempts++;
    op->generation++;
    op->attempt_begun = sim_now(client->sim);
    op->pool = op->request.instance * POOL_KINDS + kind;
    client->attempts_begun++;
    sim_timer_set(client->sim, write ? client->write_timer : client->read_timer, index,
                  op->generation);
    op_acquire(client, index);
}

/* The books of one attempt that ended. */
static void op_end_attempt(struct store_client *client, struct op *op, bool timed_out, bool good)
{
    sim_dur latency = sim_now(client->sim) - op->attempt_begun;

    client->attempts_ended++;
    op->generation++;
    if (!timed_out)
        sim_timer_cancelled(client->sim,
                            op_is_write(op) ? client->write_timer : client->read_timer);
    if (!client->up || op->request.probe)
        return; /* a dead server's attempt is in nobody's figures */
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
    client->stats.failures += !good;
    client->stats.latency_ns_sum += (uint64_t)latency;
}

static void op_finish(struct store_client *client, uint32_t index, enum op_outcome outcome,
                      enum miss_reason miss)
{
    struct op *op = &client->ops[index];
    struct op_result result = {.outcome = outcome, .miss = miss, .attempts = op->attempts};
    sim_dur latency = sim_now(client->sim) - op->begun;

    client->ops_ended++;
    op->state = OP_IDLE;
    if (!client->up || op->request.probe) {
        client->app->done(client->app->self, op->request.request, &result);
        return;
    }
    if (op_is_write(op)) {
        probe_count(client->probes, client->writes);
        if (outcome == OP_FAILED)
            probe_count(client->probes, client->write_failures);
        probe_latency(client->probes, client->write_latency, latency);
        client->objective->write_done(client->objective->self, client->region, op->begun,
                                      outcome == OP_DONE);
    } else {
        probe_count(client->probes, client->reads);
        if (outcome == OP_FAILED)
            probe_count(client->probes, client->read_failures);
        probe_latency(client->probes, client->read_latency, latency);
    }
    client->app->done(client->app->self, op->request.request, &result);
}

/* --- backoff
 * ----------------------------------------------------------------------------------------- */

/* The nominal wait after attempt number `attempts` (the first is 1) has failed: facts G, n =
 * attempts - 1. */
static sim_dur backoff_nominal(const struct store_client_config *config, uint32_t attempts)
{
    sim_dur wait;

    switch (config->backoff) {
    case BACKOFF_FIXED:
        return config->backoff_fixed_ns;
    case BACKOFF_LIST:
        if (config->backoff_list.count == 0)
            return 0;
        if (attempts > config->backoff_list.count)
            attempts = config->backoff_list.count;
        return config->backoff_list.items[attempts - 1];
    case BACKOFF_EXPONENTIAL:
        wait = config->backoff_base_ns;
        while (--attempts > 0 && wait < config->backoff_max_ns)
            wait *= 2;
        return wait < config->backoff_max_ns ? wait : config->backoff_max_ns;
    default:
        return 0;
    }
}

static sim_dur backoff_wait(const struct store_client *client, const struct op *op)
{
    sim_dur wait = backoff_nominal(client->config, op->attempts);
    double u;

    if (client->config->jitter == JITTER_NONE || wait == 0)
        return wait;
    u = rng_unit(rng_block_at(&client->jitter, op->request.identity, op->attempts).word[0]);
    if (client->config->jitter == JITTER_FULL)
        return (sim_dur)(u * (double)wait);
    return wait / 2 + (sim_dur)(u * (double)(wait - wait / 2));
}

static void op_retry_or_fail(struct store_client *client, uint32_t index)
{
    struct op *op = &client->ops[index];
    uint32_t attempts = op_is_write(op) ? client->config->attempts : client->config->read_attempts;
    sim_time now = sim_now(client->sim);
    sim_dur wait = backoff_wait(client, op);

    if (op->attempts >= attempts || (client->config->deadline_ns > 0 &&
                                     now + wait - op->begun >= client->config->deadline_ns)) {
        op_finish(client, index, OP_FAILED, MISS_NEVER_WRITTEN);
        return;
    }
    op->state = OP_BACKOFF;
    sim_after(client->sim, wait, client->retry_kind, index, op->generation);
}

static void client_on_retry(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    op_begin_attempt(self, entity);
}

static bool client_op_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return (client->ops[entity].generation & SIM_GENERATION_MASK) == generation;
}

/* --- timeouts
 * ---------------------------------------------------------------------------------------- */

/* A write that the client gave up and the server ran: known once both have happened. */
static void count_ambiguous(struct store_client *client, struct command *command)
{
    if (!command->abandoned || !command->executed || command->counted)
        return;
    command->counted = true;
    probe_count(client->probes, client->ambiguous);
}

static void op_abandon_command(struct store_client *client, struct op *op)
{
    uint32_t connection = op->connection;
    uint32_t pool = op->pool;
    bool lost = op->command == NO_INDEX; /* its server died: nothing will ever come back */

    if (!lost) {
        client->commands.rows[op->command].abandoned = true;
        count_ambiguous(client, &client->commands.rows[op->command]);
    }
    if (lost || client->config->close_on_timeout) {
        connection_close(client, connection);
        pool_serve(client, pool);
    }
}

static void client_on_timeout(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    struct op *op = &client->ops[entity];

    (void)sim, (void)generation;
    op_end_attempt(client, op, true, false);
    switch (op->state) {
    case OP_WAITING:
        wait_remove(client, entity);
        break;
    case OP_CONNECTING: {
        uint32_t pool = op->pool;

        connection_close(client, op->connection);
        pool_serve(client, pool);
        break;
    }
    case OP_SENT:
        op_abandon_command(client, op);
        break;
    default:
        BUG("an operation that made no attempt timed out");
    }
    op_retry_or_fail(client, entity);
}

static const struct event_kind client_retry = {
    .name = "retry", .phase = PHASE_WORK, .fire = client_on_retry, .live = client_op_live};
static const struct event_kind client_timeout = {
    .name = "timeout", .phase = PHASE_WORK, .fire = client_on_timeout, .live = client_op_live};

/* --- answers
 * ------------------------------------------------------------------------------------------ */

static void client_on_handshake(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    uint32_t index = ref_index(entity);
    struct connection *connection = &client->connections[index];
    uint32_t op = connection->op;

    (void)sim, (void)generation;
    if (--connection->rounds_left > 0) {
        connection_round(client, index);
        return;
    }
    connection->op = NO_INDEX;
    op_send(client, op, index);
}

static bool client_handshake_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;
    const struct connection *connection = &client->connections[ref_index(entity)];

    return connection->state == CONNECTION_OPENING &&
           (connection->generation & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind client_handshake = {.name = "handshake",
                                                   .phase = PHASE_WORK,
                                                   .fire = client_on_handshake,
                                                   .live = client_handshake_live};

/* The pool's own bookkeeping when a command's connection is done with it. */
static void connection_done(struct store_client *client, uint32_t index, bool keep)
{
    uint32_t pool = client->connections[index].pool;

    client->connections[index].command = NO_INDEX;
    if (keep)
        idle_add(client, index);
    else
        connection_close(client, index);
    pool_serve(client, pool);
}

static void count_read_answer(struct store_client *client, struct op *op,
                              const struct command *command)
{
    bool miss = command->reply == REPLY_MISS && command->miss != MISS_NEVER_WRITTEN;
    sim_dur since;
    uint32_t bucket = 0;

    if (op->answered_once || op->request.probe || command->reply == REPLY_LOADING)
        return;
    op->answered_once = true;
    if (miss)
        probe_count(client->probes, client->read_misses);
    if (op->request.last_write < 0)
        return;
    since = op->attempt_begun - op->request.last_write;
    while (since > after_limits[bucket])
        bucket++;
    probe_count(client->probes, client->after_reads[bucket]);
    if (miss || command->stale)
        probe_count(client->probes, client->after_misses[bucket]);
}

static void op_read_answered(struct store_client *client, uint32_t index, struct command answer)
{
    struct op *op = &client->ops[index];
    const struct store_client_config *config = client->config;

    count_read_answer(client, op, &answer);
    if (answer.reply == REPLY_HIT) {
        op_finish(client, index, OP_HIT, MISS_LAG);
    } else if (answer.reply == REPLY_LOADING) {
        op_retry_or_fail(client, index);
    } else if (config->read_after_write == RAW_RETRY && op->rereads < config->raw_times) {
        op->rereads++;
        op->attempts--; /* a read again after a miss is not an attempt after a failure */
        op->state = OP_BACKOFF;
        sim_after(client->sim, config->raw_delay_ns, client->retry_kind, index, op->generation);
    } else {
        op_finish(client, index, OP_MISS, answer.miss);
    }
}

static void client_on_reply(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    uint32_t row = ref_index(entity);
    struct command answer = client->commands.rows[row];
    uint32_t index = answer.op;
    bool refused = answer.reply == REPLY_READONLY;
    bool open = answer.reply_leg != NO_INDEX;

    (void)sim, (void)generation;
    count_ambiguous(client, &client->commands.rows[row]);
    command_give(&client->commands, row);
    if (answer.abandoned) {
        if (open)
            connection_done(client, answer.connection, true);
        return;
    }
    op_end_attempt(client, &client->ops[index], false, !refused);
    if (refused) { /* the server closes the connection of whoever writes to a replica; the name is
                      asked for again */
        connection_done(client, answer.connection, false);
        op_retry_or_fail(client, index);
        return;
    }
    connection_done(client, answer.connection, true);
    if (command_is_write(answer.kind))
        op_finish(client, index, OP_DONE, MISS_LAG);
    else
        op_read_answered(client, index, answer);
}

static bool client_reply_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return (client->commands.rows[ref_index(entity)].generation & SIM_GENERATION_MASK) ==
           generation;
}

static const struct event_kind client_reply = {
    .name = "reply", .phase = PHASE_WORK, .fire = client_on_reply, .live = client_reply_live};

/* A command's way ended without an answer: its server died, or its connection was closed meanwhile.
 */
static void client_drop(void *self, uint32_t row)
{
    struct store_client *client = self;
    struct command *command = &client->commands.rows[row];

    count_ambiguous(client, command);
    if (command->reply_leg !=
        NO_INDEX) { /* the connection still waits: it hangs until the timeout closes it */
        struct connection *connection = &client->connections[command->connection];

        connection->command = NO_INDEX;
        if (command->abandoned) { /* kept after a timeout: nothing will ever come, so it is closed
                                     now */
            connection_done(client, command->connection, false);
        } else {
            client->ops[command->op].command = NO_INDEX;
        }
    }
    command_give(&client->commands, row);
}

static void client_on_lost(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    client_drop(self, ref_index(entity));
}

static const struct event_kind client_lost = {
    .name = "lost", .phase = PHASE_WORK, .fire = client_on_lost, .live = client_reply_live};

/* The network reset the connection, or a kernel gave it up: its attempt fails at once. */
static void client_on_broken(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    struct connection *connection = &client->connections[entity];
    uint32_t pool = connection->pool, op = connection->op, row = connection->command;
    bool waits = connection->state != CONNECTION_IDLE && op != NO_INDEX &&
                 client->ops[op].generation == connection->op_generation;

    (void)sim, (void)generation;
    if (row != NO_INDEX) {
        client->commands.rows[row].abandoned = true;
        count_ambiguous(client, &client->commands.rows[row]);
    }
    connection_close(client, entity);
    if (waits)
        op_end_attempt(client, &client->ops[op], false, false);
    pool_serve(client, pool);
    if (waits)
        op_retry_or_fail(client, op);
}

static bool client_broken_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;
    const struct connection *connection = &client->connections[entity];

    return connection->state != CONNECTION_FREE &&
           (connection->generation & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind client_broken = {
    .name = "broken", .phase = PHASE_WORK, .fire = client_on_broken, .live = client_broken_live};

/* --- the model
 * ------------------------------------------------------------------------------------------ */

static void client_need_op(struct store_client *client, uint32_t index)
{
    size_t old = client->op_capacity;

    if (index < old)
        return;
    mem_grow((void **)&client->ops, &client->op_capacity, index + 1, sizeof *client->ops);
    memset(client->ops + old, 0, (client->op_capacity - old) * sizeof *client->ops);
}

static void client_submit(void *self, const struct op_request *request)
{
    struct store_client *client = self;
    struct op *op;

    client_need_op(client, request->request);
    op = &client->ops[request->request];
    invariant_debug(op->state == OP_IDLE);
    op->request = *request;
    op->begun = sim_now(client->sim);
    op->attempts = 0;
    op->rereads = 0;
    op->answered_once = false;
    client->ops_begun++;
    op_begin_attempt(client, request->request);
}

/* Pools are made for as many instances as the tier says it has: it submits with instance numbers
 * below. */
static void client_set_instances(void *self, uint32_t instances)
{
    struct store_client *client = self;

    client->pool_count = (size_t)instances * POOL_KINDS;
    client->pools = mem_alloc(client->pool_count, sizeof *client->pools);
    for (size_t i = 0; i < client->pool_count; i++)
        client->pools[i] = (struct pool){NO_INDEX, NO_INDEX, 0, NO_INDEX, NO_INDEX};
}

/* A dead server's connections are gone, and its operations are nobody's: they run out uncounted. */
static void client_set_up(void *self, bool up)
{
    struct store_client *client = self;

    client->up = up;
    for (uint32_t pool = 0; !up && pool < client->pool_count; pool++)
        while (client->pools[pool].idle_head != NO_INDEX)
            connection_close(client, client->pools[pool].idle_head);
}

static void client_restart_instance(void *self, uint32_t instance)
{
    struct store_client *client = self;

    for (uint32_t kind = 0; kind < POOL_KINDS; kind++) {
        struct pool *pool = &client->pools[instance * POOL_KINDS + kind];

        while (pool->idle_head != NO_INDEX)
            connection_close(client, pool->idle_head);
    }
}

static void open_probes(struct store_client *client, struct probes *probes)
{
    const struct {
        probe_id *id;
        const char *name;
    } counters[] = {{&client->writes, "writes"},
                    {&client->write_failures, "write_failures"},
                    {&client->write_attempts, "write_attempts"},
                    {&client->write_timeouts, "write_timeouts"},
                    {&client->ambiguous, "ambiguous_writes"},
                    {&client->reads, "reads"},
                    {&client->read_failures, "read_failures"},
                    {&client->read_attempts, "read_attempts"},
                    {&client->read_timeouts, "read_timeouts"},
                    {&client->read_misses, "read_misses"},
                    {&client->opened, "connections_opened"}};

    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        *counters[i].id = probe_count_open(probes, counters[i].name, client->region, NULL);
    for (uint32_t i = 0; i < AFTERS; i++) {
        client->after_reads[i] =
            probe_count_open(probes, "reads_after_write", client->region, afters[i]);
        client->after_misses[i] =
            probe_count_open(probes, "misses_after_write", client->region, afters[i]);
    }
    client->open = probe_level_open(probes, "connections_open", client->region, NULL);
    client->write_latency = probe_latency_open(probes, "write_latency", client->region, NULL);
    client->attempt_latency =
        probe_latency_open(probes, "write_attempt_latency", client->region, NULL);
    client->read_latency = probe_latency_open(probes, "read_latency", client->region, NULL);
}

static void store_client_init(void *self, const struct model_env *env)
{
    struct store_client *client = self;
    const struct store_client_config *config = env->config;
    kind_id timeout;

    client->config = config;
    client->sim = env->sim;
    client->region = env->region;
    client->region_count = env->topology->region_count;
    client->up = true;
    client->jitter = sim_stream(env->sim, env->instance, "jitter");
    client->connection_free = NO_INDEX;
    client->commands.free_head = NO_INDEX;
    client->commands.self = client;
    client->commands.drop = client_drop;
    client->commands.reply_kind = sim_kind_add(env->sim, &client_reply, env->instance, client);
    client->commands.handshake_kind =
        sim_kind_add(env->sim, &client_handshake, env->instance, client);
    client->retry_kind = sim_kind_add(env->sim, &client_retry, env->instance, client);
    /* At one instant a connection breaks before its commands are lost. */
    client->broken_kind = sim_kind_add(env->sim, &client_broken, env->instance, client);
    client->commands.lost_kind = sim_kind_add(env->sim, &client_lost, env->instance, client);
    timeout = sim_kind_add(env->sim, &client_timeout, env->instance, client);
    client->write_timer = sim_timer_add(env->sim, config->timeout_ns, timeout);
    client->read_timer = sim_timer_add(env->sim, config->read_timeout_ns, timeout);
    open_probes(client, sim_probe_set(env->sim));
    client->port = (struct session_port){.self = client,
                                         .submit = client_submit,
                                         .set_instances = client_set_instances,
                                         .on_write_failure = config->on_write_failure,
                                         .set_up = client_set_up,
                                         .restart_instance = client_restart_instance};
    client->back = (struct handshake_return){client, connection_reply_leg};
    port_offer(env->ports, PORT_SESSIONS, env->region, -1, &client->port);
    port_offer(env->ports, PORT_COMMANDS, env->region, -1, &client->commands);
    port_offer(env->ports, PORT_HANDSHAKE_RETURN, env->region, -1, &client->back);
    port_offer(env->ports, PORT_WRITE_STATS, env->region, -1, &client->stats);
}

static void store_client_connect(void *self, const struct port_directory *ports)
{
    struct store_client *client = self;

    client->probes = sim_probes(client->sim);
    client->dns = port_need(ports, PORT_DNS, -1, -1);
    client->app = port_need(ports, PORT_OPS, client->region, -1);
    client->objective = port_need(ports, PORT_OBJECTIVE, -1, -1);
    for (uint32_t r = 0; r < client->region_count; r++) {
        client->shards[r] = port_find(ports, PORT_SHARD, (int)r, -1);
        client->out[r] = port_need(ports, PORT_LINK, client->region, (int)r);
        client->in[r] = port_need(ports, PORT_LINK, (int)r, client->region);
    }
}

static void store_client_start(void *self)
{
    struct store_client *client = self;
    const struct store_client_config *config = client->config;
    uint32_t warm = config->pool_warm < config->pool_size ? config->pool_warm : config->pool_size;

    for (uint32_t pool = 0; pool < client->pool_count; pool++) {
        int target = pool_target(client, pool);

        for (uint32_t i = 0; i < warm; i++) {
            idle_add(client, connection_take(client, pool, target));
            count_open(client, 1);
        }
    }
}

static void store_client_finish(void *self)
{
    const struct store_client *client = self;
    uint64_t attempts = 0, ops = 0;

    for (size_t i = 0; i < client->op_capacity; i++) {
        enum op_state state = client->ops[i].state;

        ops += state != OP_IDLE;
        attempts += state == OP_WAITING || state == OP_CONNECTING || state == OP_SENT;
    }
    invariant(client->ops_begun == client->ops_ended + ops);
    invariant(client->attempts_begun == client->attempts_ended + attempts);
}

static void store_client_fini(void *self)
{
    struct store_client *client = self;

    free(client->pools);
    free(client->connections);
    free(client->ops);
    free(client->commands.rows);
}

static void store_client_check(const void *config, const struct check_context *context,
                               struct complaints *complaints)
{
    const struct store_client_config *c = config;

    (void)context;
    if (c->backoff == BACKOFF_EXPONENTIAL && c->backoff_max_ns < c->backoff_base_ns)
        complain(complaints, "retry.backoff.exponential.max", "must not be below 'base'");
    if (c->backoff == BACKOFF_LIST && c->backoff_list.count == 0)
        complain(complaints, "retry.backoff.list", "needs at least one wait");
}

const struct model_ops store_client_ops = {
    .name = "store_client",
    .section = "client",
    .meaning =
        "the store's client library in a region's servers: pools, timeouts, retries, fallbacks",
    .scope = MODEL_PER_REGION,
    .config_size = sizeof(struct store_client_config),
    .state_size = sizeof(struct store_client),
    FIELD_TABLE(store_client_fields),
    METRIC_TABLE(store_client_metrics),
    .check = store_client_check,
    .init = store_client_init,
    .connect = store_client_connect,
    .start = store_client_start,
    .finish = store_client_finish,
    .fini = store_client_fini,
};
