// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The store's client library in the application servers of one region: operations, made of
 * attempts.
 *
 * An attempt's timeout runs from the moment it is handed over: it covers waiting for a connection,
 * the handshake, the server, and both ways. An attempt is a command on a connection. A timed-out
 * command goes on its way: the server may run it all the same (an ambiguous write), and in mode
 * `pool` its connection is closed, since a late reply would be taken for the next one's.
 *
 *   attempt:  waiting for a connection -> connecting -> sent -> answered
 *                  timeout in any of them -> backoff -> next attempt, or failed
 *
 * What stands between an operation and its command, from the outside in. Each of them sees only
 * what the one before has let through, and nothing is spent for what a later one refuses:
 *
 *   before a retry         1. attempts     are there any left?
 *                          2. deadline     would it begin in time, its backoff included?
 *                          3. breaker      is it open? (a look)
 *                          4. budget       pays, last
 *                          5. backoff      waits
 *   before every attempt   6. breaker      lets it through (it may have opened meanwhile), or the
 *                                          operation fails at once; first attempts too
 *                          7. timeout      begins
 *                          8. connection   an idle one, a new one, or a place in the line
 *   during a read          9. hedge        after a delay: breaker (a look), budget, then 6. to 8.
 *
 * What an attempt came to is reported from the inside out: to the breaker, then to the budget.
 * Budgets belong to an instance of the tier, breakers to an instance and endpoint: a process knows
 * no more. A hedge is an attempt in a row of its own; the first answer wins, the others are given
 * up without a verdict. An attempt that times out while a hedge is under way is not retried before
 * that has failed as well.
 *
 * Conservation, checked at the end: attempts begun = ended + under way, each ended in exactly one
 * way; operations likewise.
 */
#include "bug.h"
#include "circuit_breaker.h"
#include "client_presets.h"
#include "connection_pool.h"
#include "mem.h"
#include "model.h"
#include "store_command.h"
#include "dns.h"
#include "link.h"
#include "objective.h"
#include "refs.h"
#include "session.h"
#include "session_store.h"
#include "user.h"
#include "queue_check.h"
#include "registry.h"
#include "retry_budget.h"
#include "retry_policy.h"

#include <stdlib.h>
#include <string.h>

enum { RAW_NONE, RAW_PRIMARY, RAW_RETRY };
enum { WAIT_FIFO, WAIT_LIFO };
enum { HEDGE_SAME, HEDGE_PRIMARY };

struct store_client_config {
    int preset;
    sim_dur timeout_ns, read_timeout_ns;
    struct retry_policy retry;
    struct retry_budget_config budget;
    struct circuit_breaker_config breaker;
    struct connection_pool_config pool;
    struct retry_policy reconnect; /* backoff and jitter of it */
    uint32_t hedge_max;
    sim_dur hedge_after_ns;
    int hedge_to;
    int on_write_failure, read_after_write;
    sim_dur raw_window_ns, raw_delay_ns;
    uint32_t raw_times;
    uint32_t write_bytes, read_bytes;
};

static const char *const fallbacks[] = {"fail", "local-session", "stateless-token", NULL};
static const char *const read_after_writes[] = {"none", "read-from-primary", "retry-on-miss", NULL};
static const char *const modes[] = {"pool", "multiplexed", NULL};
static const char *const tls_versions[] = {"none", "1.3", "1.2", NULL};
static const char *const dns_caches[] = {"ttl", "fixed", "forever", NULL};
static const char *const reuses[] = {"lifo", "fifo", NULL};
static const char *const waits[] = {"fifo", "lifo", NULL};
/* The first of backoff_names and jitter_names: what makes sense without an end. */
static const char *const reconnect_backoffs[] = {"none", "fixed", "exponential", NULL};
static const char *const reconnect_jitters[] = {"none",  "full",       "equal", "decorrelated",
                                                "above", "plus-minus", NULL};
static const char *const hedge_targets[] = {"same", "primary", NULL};

#define MODEL_CONFIG struct store_client_config
// clang-format off
static const struct field store_client_fields[] = {
    CHOICE("preset", preset, client_preset_names, "none", "a client library by name and version: its values are defaults here", "facts G"),
    DURATION("timeout", timeout_ns, "1ms", "300ms", "1d", "an attempt of a write is given up after", "seed 000"),
    DURATION("read_timeout", read_timeout_ns, "1ms", "250ms", "1d", "an attempt of a read is given up after", "facts C.3"),
    DURATION("deadline", retry.deadline_ns, "0s", "0s", "1d", "no attempt begins so long after the operation; 0: none", "assumption"),
    COUNT("retry.attempts", retry.attempts, "1", "4", "100", "attempts of a write, the first included", "seed 000"),
    COUNT("retry.read_attempts", retry.read_attempts, "1", "2", "100", "attempts of a read, the first included", "assumption"),
    VARIANT("retry.backoff", retry.backoff, backoff_names, "exponential", "wait before the next attempt", "seed 000"),
    DURATION("retry.backoff.fixed", retry.fixed_ns, "0ms", "100ms", "10min", "always the same wait", "facts G"),
    DURATION("retry.backoff.exponential.base", retry.base_ns, "0ms", "100ms", "10min", "first wait, multiplied each time", "seed 000"),
    DURATION("retry.backoff.exponential.max", retry.max_ns, "0ms", "2s", "1h", "longest wait", "facts G"),
    NUMBER("retry.backoff.exponential.factor", retry.factor, "1", "2", "100", "each wait is so many times the one before", "facts G"),
    DURATION_LIST("retry.backoff.list", retry.list, "0ms", "[100ms, 200ms, 400ms]", "1h", "waits in turn, the last one repeated", "seed 000"),
    DURATION("retry.backoff.linear.step", retry.linear_step_ns, "0ms", "50ms", "10min", "retry r waits r steps", "facts G"),
    DURATION("retry.backoff.linear.max", retry.linear_max_ns, "0ms", "2s", "1h", "longest wait", "facts G"),
    DURATION("retry.backoff.envoy.base", retry.envoy_base_ns, "0ms", "25ms", "10min", "retry r waits (2^r - 1) of it", "facts G"),
    DURATION("retry.backoff.envoy.max", retry.envoy_max_ns, "0ms", "250ms", "1h", "longest wait", "facts G"),
    VARIANT("retry.jitter", retry.jitter, jitter_names, "full", "what chance makes of a wait w: none w, full U(0, w), equal w/2 + U(0, w/2); see retry_policy.md", "facts G"),
    SHARE("retry.jitter.plus-minus", retry.spread, "0%", "20%", "100%", "w (1 +- U(0, so much))", "facts G"),
    DURATION("retry.jitter.added", retry.added_ns, "0ms", "200ms", "10min", "w + U(0, so much)", "facts G"),
    VARIANT("retry.budget", budget.kind, retry_budget_names, "none", "what bounds all retries of an instance together", "facts G"),
    NUMBER("retry.budget.bucket.capacity", budget.capacity, "1", "500", "1000000", "tokens at most, and at the start", "facts G"),
    NUMBER("retry.budget.bucket.cost", budget.cost, "0", "5", "1000000", "tokens that a retry costs", "facts G"),
    NUMBER("retry.budget.bucket.timeout_cost", budget.timeout_cost, "0", "10", "1000000", "that a retry after a timeout costs", "facts G"),
    NUMBER("retry.budget.bucket.refund", budget.refund, "0", "1", "1000000", "that a success gives back", "facts G"),
    FLAG("retry.budget.bucket.refund_cost", budget.refund_cost, "true", "a success that took retries gives back what the last one cost instead", "facts G"),
    CHOICE("retry.budget.bucket.charge", budget.charge, retry_budget_charges, "retry", "who pays: retries, or every failed attempt", "facts G"),
    SHARE("retry.budget.bucket.floor", budget.floor, "0%", "0%", "100%", "no retry at or below this share of the capacity", "facts G"),
    RATE("retry.budget.bucket.refill", budget.refill_per_s, "0/s", "0/s", "1000000/s", "tokens that come by themselves", "assumption"),
    SHARE("retry.budget.share.of_requests", budget.share, "0%", "20%", "100%", "retries of a window at most this share of its operations", "facts G"),
    RATE("retry.budget.share.rate", budget.rate_per_s, "0/s", "10/s", "1000000/s", "and so many besides", "facts G"),
    DURATION("retry.budget.share.window", budget.window_ns, "10ms", "10s", "1h", "the window, moved in tenths", "facts G"),
    SHARE("retry.budget.active.of_active", budget.active_share, "0%", "20%", "100%", "retries under way at most this share of operations under way", "facts G"),
    COUNT("retry.budget.active.min", budget.active_min, "0", "3", "1000000", "and so many in any case", "facts G"),
    VARIANT("breaker.trip", breaker.trip, breaker_trips, "none", "what opens the circuit breaker of an instance and endpoint", "facts G"),
    COUNT("breaker.trip.consecutive", breaker.consecutive, "1", "5", "1000000", "attempts failed in a row", "facts G"),
    SHARE("breaker.trip.window.failures", breaker.window_share, "0%", "10%", "100%", "share of the attempts of the window that failed", "facts G"),
    DURATION("breaker.trip.window.of", breaker.window_ns, "10ms", "30s", "1h", "the window, moved in tenths", "facts G"),
    COUNT("breaker.trip.window.calls_min", breaker.window_calls, "1", "100", "1000000", "attempts that must be in it", "facts G"),
    SHARE("breaker.trip.calls.failures", breaker.calls_share, "0%", "50%", "100%", "share of the last attempts that failed", "facts G"),
    COUNT("breaker.trip.calls.last", breaker.calls_count, "1", "100", "1024", "so many last attempts, all of them there", "facts G"),
    DURATION("breaker.open", breaker.open_ns, "1ms", "5s", "1h", "how long it stays open", "facts G"),
    DURATION("breaker.open_max", breaker.open_ns_max, "0s", "0s", "1h", "doubled at each relapse up to this; below 'open': never", "facts G"),
    COUNT("breaker.trials", breaker.trials, "1", "1", "1000000", "attempts that must succeed before it closes", "facts G"),
    COUNT("hedge.reads", hedge_max, "0", "0", "16", "more attempts of a read that is slow, sent beside the first; 0: off", "facts G"),
    DURATION("hedge.after", hedge_after_ns, "1ms", "500ms", "1h", "slow is a read after so long, and after each hedge anew", "facts G"),
    CHOICE("hedge.to", hedge_to, hedge_targets, "same", "where they go: the same cluster, or the primary's", "assumption"),
    CHOICE("mode", pool.mode, modes, "pool", "one command at a time on each of many connections, or all on one, replies in order", "redis_lessons 9"),
    COUNT("pool.size", pool.size, "1", "20", "100000", "connections of one instance to one endpoint", "assumption"),
    COUNT("pool.warm", pool.warm, "0", "20", "100000", "of these, open at the start", "assumption"),
    CHOICE("pool.reuse", pool.reuse, reuses, "lifo", "which idle connection is taken first", "redis_lessons 8"),
    CHOICE("pool.wait", pool.wait, waits, "fifo", "who gets the next free connection: who waits longest, or shortest", "redis_lessons 6"),
    FLAG("pool.close_on_timeout", pool.close_on_timeout, "true", "a connection whose command timed out is closed (not a multiplexed one)", "redis_lessons 8"),
    DURATION("pool.lifetime", pool.lifetime_ns, "0s", "0s", "1d", "a connection older than this is not used again; 0: no limit", "assumption"),
    DURATION("connect_timeout", pool.connect_timeout_ns, "0s", "10s", "1d", "opening a connection is given up after, if the attempt's timeout is not over before; 0: only then", "facts G"),
    VARIANT("reconnect.backoff", reconnect.backoff, reconnect_backoffs, "none", "wait before a lost multiplexed connection is opened again; none: at once", "facts G"),
    DURATION("reconnect.backoff.fixed", reconnect.fixed_ns, "0ms", "1s", "1h", "always the same wait", "facts G"),
    DURATION("reconnect.backoff.exponential.base", reconnect.base_ns, "0ms", "100ms", "1h", "first wait", "facts G"),
    DURATION("reconnect.backoff.exponential.max", reconnect.max_ns, "0ms", "10s", "1h", "longest wait", "facts G"),
    NUMBER("reconnect.backoff.exponential.factor", reconnect.factor, "1", "2", "100", "each wait is so many times the one before", "facts G"),
    VARIANT("reconnect.jitter", reconnect.jitter, reconnect_jitters, "none", "what chance makes of it, as retry.jitter", "facts G"),
    SHARE("reconnect.jitter.plus-minus", reconnect.spread, "0%", "20%", "100%", "w (1 +- U(0, so much))", "facts G"),
    CHOICE("tls", pool.tls, tls_versions, "1.3", "round trips of a new connection beyond TCP's: 1.3 one, 1.2 two", "facts 0.9"),
    VARIANT("dns_cache", pool.dns_cache, dns_caches, "ttl", "how long the client keeps the primary's address", "facts E"),
    DURATION("dns_cache.fixed", pool.dns_fixed_ns, "0s", "30s", "24h", "kept so long whatever the TTL", "facts E"),
    CHOICE("on_write_failure", on_write_failure, fallbacks, "fail", "what a login does when its write has failed", "seed 000"),
    VARIANT("read_after_write", read_after_write, read_after_writes, "none", "what a read soon after a write of the session does", "seed 000"),
    DURATION("read_after_write.read-from-primary.window", raw_window_ns, "0ms", "1s", "1h", "how long after the write", "assumption"),
    DURATION("read_after_write.retry-on-miss.delay", raw_delay_ns, "0ms", "150ms", "1h", "wait before reading again", "seed 000"),
    COUNT("read_after_write.retry-on-miss.times", raw_times, "1", "1", "100", "how often", "seed 000"),
    COUNT("write_bytes", write_bytes, "1", "1100", "1000000000", "bytes of a write's command", "facts H"),
    COUNT("read_bytes", read_bytes, "1", "60", "1000000000", "bytes of a read's command", "assumption"),
};
// clang-format on

static const char *const denied_by[] = {"deadline", "breaker", "budget", NULL};
enum denied_by { DENIED_DEADLINE, DENIED_BREAKER, DENIED_BUDGET, DENIED_KINDS, DENIED_NOT };
static const char *const afters[] = {"1ms",   "3ms", "10ms", "30ms", "100ms",
                                     "300ms", "1s",  "3s",   "more", NULL};
#define AFTERS 9
static const sim_dur after_limits[AFTERS] = {1 * SIM_MS,    3 * SIM_MS,    10 * SIM_MS,
                                             30 * SIM_MS,   100 * SIM_MS,  300 * SIM_MS,
                                             1000 * SIM_MS, 3000 * SIM_MS, SIM_NEVER};

// clang-format off
static const struct metric store_client_metrics[] = {
    {.name = "writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "logical writes that ended"},
    {.name = "write_failures", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "writes that failed after all attempts"},
    {.name = "write_attempts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "attempts of writes that ended"},
    {.name = "write_timeouts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "attempts of writes that timed out"},
    {.name = "write_timeout_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "write_timeouts", .under = "write_attempts", .series = true, .meaning = "attempts of writes that timed out / attempts"},
    {.name = "write_failure_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "write_failures", .under = "writes", .series = true, .meaning = "writes that failed after all attempts / writes"},
    {.name = "write_amplification", .unit = UNIT_NONE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "write_attempts", .under = "writes", .series = true, .meaning = "attempts / writes"},
    {.name = "ambiguous_writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "attempts of writes that timed out at the client and were executed all the same"},
    {.name = "reads", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "reads that ended"},
    {.name = "read_failures", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "reads that failed after all attempts"},
    {.name = "read_failure_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "read_failures", .under = "reads", .series = true, .meaning = "reads that failed / reads"},
    {.name = "read_attempts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "attempts of reads that ended"},
    {.name = "read_timeouts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "attempts of reads that timed out"},
    {.name = "read_timeout_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "read_timeouts", .under = "read_attempts", .series = true, .meaning = "attempts of reads that timed out / attempts"},
    {.name = "read_misses", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "reads whose first answer did not see a session that had been written"},
    {.name = "read_miss_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "read_misses", .under = "reads", .series = true, .meaning = "read misses / reads"},
    {.name = "reads_after_write", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .label = "after", .label_values = afters, .meaning = "first answers to reads so long after the session's last acknowledged write (up to the label)"},
    {.name = "misses_after_write", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .label = "after", .label_values = afters, .meaning = "those that did not see it"},
    {.name = "miss_probability", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "misses_after_write", .under = "reads_after_write", .label = "after", .label_values = afters, .meaning = "misses / reads so long after a write"},
    {.name = "write_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .meaning = "of writes, from the asker's first moment to its last, retries included"},
    {.name = "write_attempt_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .meaning = "of attempts of writes, timed-out ones at their timeout"},
    {.name = "read_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .meaning = "of reads, retries included"},
    {.name = "connections_opened", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "new connections to the store"},
    {.name = "connections_open", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "connections to the store, opening ones included"},
    {.name = "write_goodput", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = HIGHER_IS_BETTER, .series = true, .meaning = "writes that were done, whatever it took"},
    {.name = "retries_denied", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .label = "by", .label_values = denied_by, .series = true, .meaning = "retries and hedges that had attempts left and were not made, by what refused them"},
    {.name = "breaker_refusals", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "operations failed at once by an open breaker, before their first attempt or after a backoff"},
    {.name = "breaker_open_share", .unit = UNIT_SHARE, .kind = METRIC_LEVEL, .better = LOWER_IS_BETTER, .scale = 1e-6, .series = true, .meaning = "circuit breakers of a region (instances times two endpoints) that are open; the total adds the regions"},
    {.name = "hedges", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "hedges of reads that were sent"},
    {.name = "hedges_won", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "hedges whose answer came first"},
};
// clang-format on

enum op_state {
    OP_IDLE,
    OP_WAITING,    /* for a connection */
    OP_CONNECTING, /* on one that is opened for it */
    OP_SENT,
    OP_BROKEN,  /* its multiplexed connection is gone; it hears of it in this very instant */
    OP_HEDGED,  /* its own attempt has failed, a hedge is under way */
    OP_BACKOFF, /* between attempts */
    OP_REFUSED  /* by the breaker; it fails in this very instant */
};
/* The one way in which an attempt ends. */
enum attempt_end {
    ATTEMPT_ANSWERED,
    ATTEMPT_REFUSED, /* answered, but not with what was asked for */
    ATTEMPT_TIMED_OUT,
    ATTEMPT_CONNECT_TIMED_OUT,
    ATTEMPT_BROKEN,
    ATTEMPT_GIVEN_UP, /* another attempt of the same read was first */
    ATTEMPT_ENDS
};

/* An operation of the application, or with HEDGE set a hedge of one. Rows are given back when an
 * operation ends and taken again at once, so that those under way stand in few cache lines. */
#define HEDGE (UINT32_C(1) << 31)
struct op {
    struct op_request request;
    sim_time begun, attempt_begun, waiting_since;
    uint32_t generation; /* rises with each attempt's beginning and end */
    uint32_t attempts;
    uint32_t pool;
    uint32_t next, previous; /* among the waiting; next also among the free ones */
    uint32_t connection, command;
    uint16_t rereads;
    uint8_t state;
    bool answered_once;
    /* For guards (budget, breaker, hedges, decorrelated jitter) only: set where there are any. */
    bool retrying;       /* its attempt, or its backoff, is one that the budget knows of */
    uint8_t hedges;      /* sent beside this attempt */
    uint32_t hedge;      /* the first one under way; NO_INDEX: none. Of a hedge: the next one */
    uint32_t owner;      /* of a hedge: whose */
    uint32_t epoch;      /* of the breaker that let this attempt through */
    uint32_t paid_milli; /* for the last retry */
    uint32_t connection_generation;
    sim_dur waited; /* the last backoff */
};
_Static_assert(sizeof(struct op) == 2 * MEM_LINE_BYTES, "whole cache lines");
struct op_table {
    struct op *rows;
    size_t capacity;
    uint32_t count, free_head;
};

struct store_client {
    const struct store_client_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct rng_stream jitter, reconnect_jitter;
    int region;
    bool is_guarded;
    bool up;
    bool prefetches; /* what many requests under way lead to */

    struct connection_pools pools;
    struct op_table ops[2];  /* of the application, and hedges */
    struct queue_check line; /* those that wait for a connection, in all pools */
    struct command_pool commands;
    struct retry_budget *budgets;     /* by instance; NULL: none */
    struct circuit_breaker *breakers; /* by pool; NULL: none */
    uint32_t breakers_open;

    struct op_port *app;
    struct objective_port *objective;
    struct session_port port;
    struct handshake_return back;
    struct write_stats stats;
    kind_id retry_kind, broken_kind, refused_kind, reconnect_kind;
    timer_id write_timer, read_timer, hedge_timer;
    uint64_t attempts_begun, attempts_ended[ATTEMPT_ENDS], ops_begun, ops_ended;

    probe_id writes, write_failures, write_attempts, write_timeouts, ambiguous, reads,
        read_failures, read_attempts, read_timeouts, read_misses, opened, open, write_latency,
        attempt_latency, read_latency, after_reads[AFTERS], after_misses[AFTERS], goodput,
        denied[DENIED_KINDS], breaker_refusals, breaker_open, hedges, hedges_won;
};

static void op_begin_attempt(struct store_client *client, uint32_t index);
static void op_retry_or_fail(struct store_client *client, uint32_t index, bool timed_out);
static void pool_serve(struct store_client *client, uint32_t pool_index);

/* Valid until the table grows: not over a call that may begin an operation or a hedge. */
static inline struct op *op_at(const struct store_client *client, uint32_t index)
{
    if (__builtin_expect(index < HEDGE, 1))
        return &client->ops[0].rows[index];
    return &client->ops[1].rows[index & ~HEDGE];
}

static bool op_is_write(const struct op *op)
{
    return command_is_write(op->request.kind);
}

/* --- commands -------------------------------------------------------------------------------- */

/* What a reply's handler will walk through, all of it by what the command itself says: a row read
 * to find the next would have to be waited for. */
static void client_prefetch_reply(const void *self, uint32_t entity)
{
    const struct store_client *client = self;
    const struct command *command = &client->commands.rows[ref_index(entity)];

    if (command->connection == NO_INDEX)
        return; /* given back */
    mem_prefetch(&client->pools.connections[command->connection], sizeof(struct connection));
    mem_prefetch(op_at(client, command->op), sizeof(struct op));
    client->app->expect(client->app->self, command->request, command->session, command->pending);
}

/* Many requests are under way: what belongs to them is not in a near cache any more. */
RARE static void prefetch_early(struct store_client *client)
{
    client->prefetches = true;
    for (uint32_t r = 0; r < client->pools.region_count; r++) {
        struct shard_port *shard = client->pools.shards[r];

        if (shard && shard->prefetch_early)
            shard->prefetch_early(shard->self);
    }
    if (client->app->expect)
        sim_kind_prefetch(client->sim, client->commands.reply_kind, client_prefetch_reply);
}

static uint32_t command_alloc(struct store_client *client)
{
    struct command_pool *pool = &client->commands;
    uint32_t index = pool->free_head;

    if (index == NO_INDEX) {
        if (pool->count == pool->capacity) {
            size_t capacity = pool->capacity;

            MEM_GROW(pool->rows, capacity, pool->count + 1);
            pool->capacity = (uint32_t)capacity;
        }
        index = pool->count++;
        pool->rows[index].generation = 0;
        return index;
    }
    pool->free_head = pool->rows[index].next;
    return index;
}

static void command_free(struct command_pool *pool, uint32_t index)
{
    pool->rows[index].generation++;
    pool->rows[index].connection = NO_INDEX;
    pool->rows[index].next = pool->free_head;
    pool->free_head = index;
}

/* A write that the client gave up and the server ran: known once both have happened. */
static void count_ambiguous(struct store_client *client, struct command *command)
{
    if (!command->abandoned || !command->executed || command->counted)
        return;
    command->counted = true;
    probe_count(client->probes, client->ambiguous);
}

/* --- closing a connection ---------------------------------------------------------------------
 */

/*
 * What is on a multiplexed connection goes with it: their operations hear of it at once. All rows
 * are looked at, since only here a connection's commands are asked for, and it is rare.
 */
RARE static void fail_in_flight(struct store_client *client, uint32_t connection)
{
    struct command_pool *commands = &client->commands;

    for (uint32_t row = 0; row < commands->count; row++) {
        struct command *command = &commands->rows[row];
        struct op *op;

        if (command->connection != connection || command->reply_flow == NO_INDEX)
            continue;
        command->reply_flow = NO_INDEX;
        if (command->abandoned)
            continue;
        command->abandoned = true;
        count_ambiguous(client, command);
        op = op_at(client, command->op);
        op->state = OP_BROKEN;
        sim_at(client->sim, sim_now(client->sim), client->broken_kind, command->op, op->generation);
    }
}

/* The next connection of a pool that has lost its shared one is not opened before a while. */
RARE static void hold_off(struct store_client *client, uint32_t index)
{
    const struct retry_policy *policy = &client->config->reconnect;
    struct connection_pool *pool = &client->pools.pools[index];
    double u;

    if (policy->backoff == BACKOFF_NONE)
        return;
    u = rng_unit(rng_block_at(&client->reconnect_jitter, index, ++pool->losses).word[0]);
    pool->waited = retry_policy_wait(policy, ++pool->reconnects, pool->waited, u);
    pool->holds_off = true;
    sim_after(client->sim, pool->waited, client->reconnect_kind, index, pool->losses);
}

/* Close: what was sent goes on its way, what comes back is thrown away. */
RARE static void client_close(struct store_client *client, uint32_t index)
{
    const struct connection *connection = &client->pools.connections[index];

    if (client->config->pool.mode == MODE_MULTIPLEXED) {
        fail_in_flight(client, index);
        hold_off(client, connection->pool);
    } else if (connection->command != NO_INDEX) {
        client->commands.rows[connection->command].reply_flow = NO_INDEX;
    }
    connection_close(&client->pools, index);
}

/* The pool's own bookkeeping when a command's connection is done with it. */
static void connection_done(struct store_client *client, uint32_t index, bool keep)
{
    uint32_t pool = client->pools.connections[index].pool;

    client->pools.connections[index].command = NO_INDEX;
    if (keep)
        connection_release(&client->pools, index);
    else
        client_close(client, index);
    pool_serve(client, pool);
}

/* --- guards: breakers and budgets -------------------------------------------------------------
 */

static struct retry_budget *budget_of(const struct store_client *client, const struct op *op)
{
    return &client->budgets[op->request.instance];
}

/* After a breaker may have changed its state. */
RARE static void note_breaker(struct store_client *client, const struct circuit_breaker *breaker,
                              enum breaker_state before)
{
    uint32_t all = (uint32_t)client->pools.pool_count;

    if (breaker->state == BREAKER_OPEN)
        client->breakers_open++;
    else if (before == BREAKER_OPEN)
        client->breakers_open--;
    probe_level(client->probes, client->breaker_open, sim_now(client->sim),
                (int64_t)client->breakers_open * 1000000 / all);
}

/* Step 6: let the attempt through, or fail its operation. */
OUT_OF_LINE static bool guard_admits(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct circuit_breaker *breaker;
    enum breaker_state before;
    bool admitted;

    if (!client->breakers)
        return true;
    breaker = &client->breakers[op->pool];
    before = breaker->state;
    admitted = circuit_breaker_ask(breaker, sim_now(client->sim), &op->epoch);
    if (breaker->state != before)
        note_breaker(client, breaker, before);
    if (admitted)
        return true;
    probe_count(client->probes, client->breaker_refusals);
    if (op->retrying && client->budgets)
        retry_budget_retry_done(budget_of(client, op));
    op->retrying = false;
    op->state = OP_REFUSED;
    sim_at(client->sim, sim_now(client->sim), client->refused_kind, index, op->generation);
    return false;
}

/* What an attempt came to, from the inside out. */
OUT_OF_LINE static void guard_attempt_ended(struct store_client *client, struct op *op,
                                            enum attempt_end how)
{
    bool good = how == ATTEMPT_ANSWERED;

    if (client->breakers) {
        struct circuit_breaker *breaker = &client->breakers[op->pool];
        enum breaker_state before = breaker->state;

        if (how == ATTEMPT_GIVEN_UP)
            circuit_breaker_forget(breaker, op->epoch);
        else
            circuit_breaker_report(breaker, sim_now(client->sim), op->epoch, good);
        if (breaker->state != before)
            note_breaker(client, breaker, before);
    }
    if (client->budgets) {
        if (!good && how != ATTEMPT_GIVEN_UP)
            retry_budget_failed(budget_of(client, op), sim_now(client->sim));
        if (op->retrying)
            retry_budget_retry_done(budget_of(client, op));
    }
    op->retrying = false;
    if (client->config->hedge_max > 0 && !op_is_write(op))
        sim_timer_cancelled(client->sim, client->hedge_timer);
}

/* Steps 2 to 4: who is against another attempt after `wait`? The budget is asked last, and has paid
 * where nobody is. */
static enum denied_by guard_denies(struct store_client *client, struct op *op, sim_dur wait,
                                   bool timed_out)
{
    sim_dur deadline = client->config->retry.deadline_ns;
    sim_time now = sim_now(client->sim);

    if (deadline > 0 && now + wait - op->begun >= deadline)
        return DENIED_DEADLINE;
    if (client->breakers && circuit_breaker_refuses(&client->breakers[op->pool], now + wait))
        return DENIED_BREAKER;
    if (client->budgets) {
        if (!retry_budget_pay(budget_of(client, op), now, timed_out, &op->paid_milli))
            return DENIED_BUDGET;
        op->retrying = true;
    }
    return DENIED_NOT;
}

/* --- attempts -------------------------------------------------------------------------------- */

static void op_send(struct store_client *client, uint32_t index, uint32_t connection_index)
{
    struct op *op = op_at(client, index);
    struct connection *connection = &client->pools.connections[connection_index];
    uint32_t row = command_alloc(client);
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

OUT_OF_LINE static void wait_add(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct connection_pool *pool = &client->pools.pools[op->pool];

    op->state = OP_WAITING;
    op->waiting_since = sim_now(client->sim);
    queue_check_enter(&client->line, op->waiting_since);
    op->next = NO_INDEX;
    op->previous = pool->wait_tail;
    if (pool->wait_tail == NO_INDEX)
        pool->wait_head = index;
    else
        op_at(client, pool->wait_tail)->next = index;
    pool->wait_tail = index;
}

OUT_OF_LINE static void wait_remove(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct connection_pool *pool = &client->pools.pools[op->pool];

    queue_check_leave(&client->line, sim_now(client->sim), op->waiting_since);
    if (op->previous == NO_INDEX)
        pool->wait_head = op->next;
    else
        op_at(client, op->previous)->next = op->next;
    if (op->next == NO_INDEX)
        pool->wait_tail = op->previous;
    else
        op_at(client, op->next)->previous = op->previous;
}

static sim_dur op_timeout(const struct store_client *client, const struct op *op)
{
    return op_is_write(op) ? client->config->timeout_ns : client->config->read_timeout_ns;
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

OUT_OF_LINE static void pool_serve_waiting(struct store_client *client, uint32_t pool_index)
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

/* A connection or a place for one has come free. */
static inline void pool_serve(struct store_client *client, uint32_t pool_index)
{
    if (client->pools.pools[pool_index].wait_head != NO_INDEX)
        pool_serve_waiting(client, pool_index);
}

static bool op_reads_primary(const struct store_client *client, const struct op *op)
{
    const struct op_request *request = &op->request;

    if (request->at_primary)
        return true;
    return client->config->read_after_write == RAW_PRIMARY && request->last_write >= 0 &&
           sim_now(client->sim) - request->last_write <= client->config->raw_window_ns;
}

static uint32_t op_pool(const struct store_client *client, const struct op *op, bool is_hedge)
{
    bool primary = op_is_write(op) || op_reads_primary(client, op) ||
                   (is_hedge && client->config->hedge_to == HEDGE_PRIMARY);

    return op->request.instance * POOL_KINDS + (primary ? POOL_PRIMARY : POOL_LOCAL);
}

static void op_begin_attempt(struct store_client *client, uint32_t index)
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
static void op_end_attempt(struct store_client *client, struct op *op, enum attempt_end how)
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

/* A row that nobody uses, of the application's operations or of hedges. */
static uint32_t op_alloc(struct store_client *client, uint32_t hedge)
{
    struct op_table *table = &client->ops[hedge / HEDGE];
    uint32_t index = table->free_head;

    if (index != NO_INDEX) {
        table->free_head = op_at(client, index)->next;
        if (table->free_head != NO_INDEX) /* the next one to be taken */
            mem_prefetch(&table->rows[table->free_head & ~HEDGE], sizeof(struct op));
        return index;
    }
    if (table->count == table->capacity) {
        size_t old = table->capacity;

        MEM_GROW_LINES(table->rows, table->capacity, old + 1);
        memset(table->rows + old, 0, (table->capacity - old) * sizeof *table->rows);
    }
    return table->count++ | hedge;
}

static void op_free(struct store_client *client, uint32_t index)
{
    struct op_table *table = &client->ops[index / HEDGE];
    struct op *op = op_at(client, index);

    op->state = OP_IDLE;
    op->next = table->free_head;
    table->free_head = index;
}

static void op_finish(struct store_client *client, uint32_t index, enum op_outcome outcome,
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

/* --- hedges ---------------------------------------------------------------------------------- */

/* Out of its owner's list and back to the free ones; its attempt has ended. Returns the owner. */
static uint32_t hedge_free(struct store_client *client, uint32_t index)
{
    struct op *hedge = op_at(client, index);
    uint32_t owner = hedge->owner;
    uint32_t *link = &op_at(client, owner)->hedge;

    while (*link != index)
        link = &op_at(client, *link)->hedge;
    *link = hedge->hedge;
    op_free(client, index);
    return owner;
}

/* An attempt that lost to another one: what it holds comes free, but for what is on its way. */
static void op_give_up(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    uint32_t pool = op->pool;

    switch (op->state) {
    case OP_WAITING:
        wait_remove(client, index);
        break;
    case OP_CONNECTING: /* it goes on opening, for whoever comes next */
        client->pools.connections[op->connection].op = NO_INDEX;
        break;
    case OP_SENT:
        if (op->command != NO_INDEX) {
            client->commands.rows[op->command].abandoned = true;
        } else if (client->pools.connections[op->connection].generation ==
                   op->connection_generation) { /* its server died */
            client_close(client, op->connection);
        }
        break;
    case OP_BROKEN:
        break;
    default:
        return; /* it has no attempt under way */
    }
    op_end_attempt(client, op, ATTEMPT_GIVEN_UP);
    pool_serve(client, pool);
}

/* A read was answered on attempt `winner`, its own or a hedge's: give up the others. Returns the
 * read. */
RARE static uint32_t hedges_settle(struct store_client *client, uint32_t winner)
{
    uint32_t index = winner;

    if (winner >= HEDGE) {
        probe_count(client->probes, client->hedges_won);
        index = hedge_free(client, winner);
        op_give_up(client, index);
    }
    while (op_at(client, index)->hedge != NO_INDEX) {
        uint32_t hedge = op_at(client, index)->hedge;

        op_give_up(client, hedge);
        hedge_free(client, hedge);
    }
    return index;
}

/* Step 9: the read has been slow so long. */
static void client_on_hedge(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    struct op *op = op_at(client, entity), *hedge;
    sim_time now = sim_now(sim);
    uint32_t index, paid = 0;

    (void)generation;
    if (op->state == OP_BROKEN)
        return;
    if (client->breakers &&
        circuit_breaker_refuses(&client->breakers[op_pool(client, op, true)], now)) {
        probe_count(client->probes, client->denied[DENIED_BREAKER]);
        return;
    }
    if (client->budgets && !retry_budget_pay(budget_of(client, op), now, false, &paid)) {
        probe_count(client->probes, client->denied[DENIED_BUDGET]);
        return;
    }
    index = op_alloc(client, HEDGE);
    hedge = op_at(client, index);
    hedge->request = op->request;
    hedge->begun = op->begun;
    hedge->owner = entity;
    hedge->hedge = op->hedge;
    hedge->retrying = client->budgets != NULL;
    hedge->answered_once = true; /* the answer is counted as its owner's */
    hedge->rereads = op->rereads;
    op->hedge = index;
    op->paid_milli = paid > 0 ? paid : op->paid_milli;
    /* Words of its own for its messages: no attempt counts so far. */
    hedge->attempts = op->attempts + (uint32_t)(++op->hedges << 10) - 1;
    if (op->hedges < client->config->hedge_max)
        sim_timer_set(sim, client->hedge_timer, entity, op->generation);
    probe_count(client->probes, client->hedges);
    op_begin_attempt(client, index);
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

/* A hedge came to nothing: its owner goes on as if it had not been, unless it waited for it. */
static void hedge_failed(struct store_client *client, uint32_t index, bool timed_out)
{
    uint32_t owner = hedge_free(client, index);
    const struct op *op = op_at(client, owner);

    if (op->state == OP_HEDGED && op->hedge == NO_INDEX)
        op_retry_or_fail(client, owner, timed_out);
}

/* The attempt has ended without success: steps 1 to 5. */
RARE static void op_retry_or_fail(struct store_client *client, uint32_t index, bool timed_out)
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

static bool client_op_live(const void *self, uint32_t entity, uint32_t generation)
{
    return (op_at(self, entity)->generation & SIM_GENERATION_MASK) == generation;
}

/* --- timeouts and broken connections ----------------------------------------------------------
 */

RARE static void op_abandon_command(struct store_client *client, struct op *op)
{
    const struct connection_pool_config *config = &client->config->pool;
    uint32_t connection = op->connection;
    uint32_t pool = op->pool;
    bool lost = op->command == NO_INDEX; /* its server died: nothing will ever come back */

    if (!lost) {
        client->commands.rows[op->command].abandoned = true;
        count_ambiguous(client, &client->commands.rows[op->command]);
    }
    if (client->pools.connections[connection].generation != op->connection_generation)
        return; /* a multiplexed one that another operation has closed by now */
    if (lost || (config->close_on_timeout && config->mode == MODE_POOL)) {
        client_close(client, connection);
        pool_serve(client, pool);
    }
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
        break;
    case OP_CONNECTING: {
        uint32_t pool = op->pool;

        client_close(client, op->connection);
        pool_serve(client, pool);
        break;
    }
    case OP_SENT:
        op_abandon_command(client, op);
        break;
    case OP_BROKEN:
        break;
    default:
        BUG("an operation that made no attempt timed out");
    }
    op_retry_or_fail(client, entity, true);
}

static void client_on_connect_timeout(void *self, struct sim *sim, uint32_t entity,
                                      uint32_t generation)
{
    struct store_client *client = self;
    struct connection *connection = &client->pools.connections[entity];
    uint32_t pool = connection->pool, op = connection->op;

    (void)sim, (void)generation;
    connection->timed = false;
    if (op != NO_INDEX)
        op_end_attempt(client, op_at(client, op), ATTEMPT_CONNECT_TIMED_OUT);
    client_close(client, entity);
    pool_serve(client, pool);
    if (op != NO_INDEX)
        op_retry_or_fail(client, op, true);
}

static void client_on_broken(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;

    (void)sim, (void)generation;
    op_end_attempt(client, op_at(client, entity), ATTEMPT_BROKEN);
    op_retry_or_fail(client, entity, false);
}

static void client_on_reconnect(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;

    (void)sim, (void)generation;
    client->pools.pools[entity].holds_off = false;
    pool_serve(client, entity);
}

static bool client_reconnect_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;
    const struct connection_pool *pool = &client->pools.pools[entity];

    return pool->holds_off && (pool->losses & SIM_GENERATION_MASK) == generation;
}

/*
 * The network reset a connection, or a kernel gave it up. What was on it fails at once: as broken,
 * not as timed out.
 */
static void client_on_reset(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    struct connection *connection = &client->pools.connections[entity];
    uint32_t pool = connection->pool, row = connection->command, index = NO_INDEX;

    (void)generation;
    if (connection->state == CONNECTION_OPENING) {
        index = connection->op;
    } else if (row != NO_INDEX && !client->commands.rows[row].abandoned) {
        index = client->commands.rows[row].op;
        client->commands.rows[row].abandoned = true;
        count_ambiguous(client, &client->commands.rows[row]);
    }
    if (index != NO_INDEX) {
        op_at(client, index)->state = OP_BROKEN;
        sim_at(sim, sim_now(sim), client->broken_kind, index, op_at(client, index)->generation);
    }
    client_close(client, entity);
    pool_serve(client, pool);
}

static bool client_reset_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return connection_is_open(&client->pools, entity, generation);
}

static const struct event_kind client_reset = {
    .name = "reset", .phase = PHASE_WORK, .fire = client_on_reset, .live = client_reset_live};

static bool client_connect_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return connection_is_opening(&client->pools, entity, generation);
}

static const struct event_kind client_retry = {
    .name = "retry", .phase = PHASE_WORK, .fire = client_on_retry, .live = client_op_live};
static const struct event_kind client_timeout = {
    .name = "timeout", .phase = PHASE_WORK, .fire = client_on_timeout, .live = client_op_live};
static const struct event_kind client_hedge = {
    .name = "hedge", .phase = PHASE_WORK, .fire = client_on_hedge, .live = client_op_live};
static const struct event_kind client_broken = {
    .name = "broken", .phase = PHASE_WORK, .fire = client_on_broken, .live = client_op_live};
static const struct event_kind client_refused = {
    .name = "refused", .phase = PHASE_WORK, .fire = client_on_refused, .live = client_op_live};
static const struct event_kind client_reconnect = {.name = "reconnect",
                                                   .phase = PHASE_WORK,
                                                   .fire = client_on_reconnect,
                                                   .live = client_reconnect_live};
static const struct event_kind client_connect_timeout = {.name = "connect_timeout",
                                                         .phase = PHASE_WORK,
                                                         .fire = client_on_connect_timeout,
                                                         .live = client_connect_live};

/* --- answers --------------------------------------------------------------------------------- */

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
    client->pools.pools[client->pools.connections[index].pool].reconnects = 0;
    connection_done(client, index, true);
}

static bool client_handshake_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return connection_is_opening(&client->pools, ref_index(entity), generation);
}

static const struct event_kind client_handshake = {.name = "handshake",
                                                   .phase = PHASE_WORK,
                                                   .fire = client_on_handshake,
                                                   .live = client_handshake_live};

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
    if (since > after_limits[AFTERS - 2])
        bucket = AFTERS - 1; /* most of them */
    while (since > after_limits[bucket])
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

static const struct event_kind client_reply = {.name = "reply",
                                               .phase = PHASE_WORK,
                                               .fire = client_on_reply,
                                               .live = client_reply_live,
                                               .fire_asks = true};

/* A command's way ended without an answer: its server died, or its connection was closed meanwhile.
 */
static void client_drop(void *self, uint32_t row)
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

static const struct event_kind client_lost = {
    .name = "lost", .phase = PHASE_WORK, .fire = client_on_lost, .live = client_reply_live};

/* --- the model ------------------------------------------------------------------------------- */

OUT_OF_LINE static void guard_begun(struct store_client *client, struct op *op)
{
    op->retrying = false;
    op->hedges = 0;
    op->hedge = NO_INDEX;
    op->paid_milli = 0;
    if (client->budgets)
        retry_budget_began(budget_of(client, op), sim_now(client->sim));
}

static HOT_HANDLER void client_submit(void *self, const struct op_request *request)
{
    struct store_client *client = self;
    uint32_t index = op_alloc(client, 0);
    struct op *op = op_at(client, index);

    if (__builtin_expect(request->request >= NEAR_REQUESTS && !client->prefetches, 0))
        prefetch_early(client);
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

/* Most are reads of the region's own cluster, on the connection that came back last. */
static void client_expect(const void *self, uint32_t instance)
{
    const struct store_client *client = self;
    const struct connection_pool *pool = &client->pools.pools[instance * POOL_KINDS + POOL_LOCAL];
    const struct link_port *out = client->pools.out[client->region];
    struct idle_connection idle;

    if (pool->idle_count == 0 || !client->pools.shards[client->region])
        return;
    idle = *connection_idle_at(pool, pool->idle_count - 1);
    mem_prefetch(&client->pools.connections[idle.connection], sizeof(struct connection));
    if (out->expect)
        out->expect(out->self, idle.flow_out);
}

/* Pools are made for as many instances as the tier says it has: it submits with instance numbers
 * below. */
static void client_set_instances(void *self, uint32_t instances)
{
    struct store_client *client = self;
    const struct store_client_config *config = client->config;

    connection_pools_size(&client->pools, instances);
    if (config->budget.kind != BUDGET_NONE) {
        client->budgets = mem_zalloc(instances, sizeof *client->budgets);
        for (uint32_t i = 0; i < instances; i++)
            retry_budget_init(&client->budgets[i], &config->budget);
    }
    if (config->breaker.trip != TRIP_NONE) {
        client->breakers = mem_zalloc(client->pools.pool_count, sizeof *client->breakers);
        for (size_t i = 0; i < client->pools.pool_count; i++)
            circuit_breaker_init(&client->breakers[i], &config->breaker);
    }
}

static void close_idle(struct store_client *client, uint32_t pool)
{
    struct connection_pool *idle = &client->pools.pools[pool];

    while (idle->idle_count > 0)
        client_close(client, connection_idle_at(idle, idle->idle_count - 1)->connection);
    /* A process that begins anew has nothing to wait for. */
    idle->holds_off = false;
    idle->reconnects = 0;
}

/* A dead server's connections are gone, and its operations are nobody's: they run out uncounted. */
static void client_set_up(void *self, bool up)
{
    struct store_client *client = self;

    client->up = up;
    for (uint32_t pool = 0; !up && pool < client->pools.pool_count; pool++)
        close_idle(client, pool);
}

static void client_restart_instance(void *self, uint32_t instance)
{
    for (uint32_t kind = 0; kind < POOL_KINDS; kind++)
        close_idle(self, instance * POOL_KINDS + kind);
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
                    {&client->opened, "connections_opened"},
                    {&client->goodput, "write_goodput"},
                    {&client->breaker_refusals, "breaker_refusals"},
                    {&client->hedges, "hedges"},
                    {&client->hedges_won, "hedges_won"}};
    int region = client->region;

    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        *counters[i].id = probe_count_open(probes, counters[i].name, region, NULL);
    for (uint32_t i = 0; i < AFTERS; i++) {
        client->after_reads[i] = probe_count_open(probes, "reads_after_write", region, afters[i]);
        client->after_misses[i] = probe_count_open(probes, "misses_after_write", region, afters[i]);
    }
    for (uint32_t i = 0; i < DENIED_KINDS; i++)
        client->denied[i] = probe_count_open(probes, "retries_denied", region, denied_by[i]);
    client->open = probe_level_open(probes, "connections_open", region, NULL);
    client->breaker_open = probe_level_open(probes, "breaker_open_share", region, NULL);
    client->write_latency = probe_latency_open(probes, "write_latency", region, NULL);
    client->attempt_latency = probe_latency_open(probes, "write_attempt_latency", region, NULL);
    client->read_latency = probe_latency_open(probes, "read_latency", region, NULL);
}

/* The order of kinds is that of simultaneous events: new ones go to the end. */
static void add_kinds(struct store_client *client, const struct model_env *env)
{
    const struct store_client_config *config = client->config;
    sim_dur connect = config->pool.connect_timeout_ns;
    kind_id timeout;

    client->up = true;
    /* At one instant a connection breaks before its commands are lost. */
    client->pools.reset_kind = sim_kind_add(env->sim, &client_reset, env->instance, client);
    client->commands.lost_kind = sim_kind_add(env->sim, &client_lost, env->instance, client);
    client->commands.reply_kind = sim_kind_add(env->sim, &client_reply, env->instance, client);
    client->commands.handshake_kind =
        sim_kind_add(env->sim, &client_handshake, env->instance, client);
    client->retry_kind = sim_kind_add(env->sim, &client_retry, env->instance, client);
    timeout = sim_kind_add(env->sim, &client_timeout, env->instance, client);
    client->write_timer = sim_timer_add(env->sim, config->timeout_ns, timeout);
    client->read_timer = sim_timer_add(env->sim, config->read_timeout_ns, timeout);
    client->broken_kind = sim_kind_add(env->sim, &client_broken, env->instance, client);
    client->refused_kind = sim_kind_add(env->sim, &client_refused, env->instance, client);
    client->reconnect_kind = sim_kind_add(env->sim, &client_reconnect, env->instance, client);
    if (config->hedge_max > 0)
        client->hedge_timer =
            sim_timer_add(env->sim, config->hedge_after_ns,
                          sim_kind_add(env->sim, &client_hedge, env->instance, client));
    if (connect > 0)
        client->pools.connect_timer =
            sim_timer_add(env->sim, connect,
                          sim_kind_add(env->sim, &client_connect_timeout, env->instance, client));
}

static void store_client_init(void *self, const struct model_env *env)
{
    struct store_client *client = self;
    const struct store_client_config *config = env->config;

    client->config = config;
    client->sim = env->sim;
    client->region = env->region;
    client->is_guarded = config->budget.kind != BUDGET_NONE || config->breaker.trip != TRIP_NONE ||
                         config->hedge_max > 0;
    client->jitter = sim_stream(env->sim, env->instance, "jitter");
    client->reconnect_jitter = sim_stream(env->sim, env->instance, "reconnect");
    client->ops[0].free_head = client->ops[1].free_head = NO_INDEX;
    connection_pools_init(&client->pools, &config->pool, env->sim, env->region);
    client->commands.free_head = NO_INDEX;
    client->commands.self = client;
    client->commands.drop = client_drop;
    add_kinds(client, env);
    open_probes(client, sim_probe_set(env->sim));
    client->port = (struct session_port){.self = client,
                                         .submit = client_submit,
                                         .set_instances = client_set_instances,
                                         .expect = client_expect,
                                         .on_write_failure = config->on_write_failure,
                                         .set_up = client_set_up,
                                         .restart_instance = client_restart_instance};
    client->back = (struct handshake_return){&client->pools, connection_reply_flow};
    port_offer_sessions(env->ports, env->region, -1, &client->port);
    port_offer_commands(env->ports, env->region, -1, &client->commands);
    port_offer_handshake_return(env->ports, env->region, -1, &client->back);
    port_offer_write_stats(env->ports, env->region, -1, &client->stats);
    client->pools.region_count = env->topology->region_count;
}

static void store_client_connect(void *self, const struct port_directory *ports)
{
    struct store_client *client = self;
    struct connection_pools *pools = &client->pools;

    client->probes = pools->probes = sim_probes(client->sim);
    pools->opened = client->opened;
    pools->open = client->open;
    pools->dns = port_need_dns(ports, -1, -1);
    client->app = port_need_ops(ports, client->region, -1);
    client->objective = port_need_objective(ports, -1, -1);
    for (uint32_t r = 0; r < pools->region_count; r++) {
        pools->shards[r] = port_find_shard(ports, (int)r, -1);
        pools->out[r] = port_need_link(ports, client->region, (int)r);
        pools->in[r] = port_need_link(ports, (int)r, client->region);
    }
}

static void store_client_start(void *self)
{
    struct store_client *client = self;

    connection_pools_warm(&client->pools);
}

static void store_client_finish(void *self)
{
    struct store_client *client = self;
    uint64_t attempts = 0, ops = 0;

    for (int table = 0; table < 2; table++)
        for (size_t i = 0; i < client->ops[table].capacity; i++) {
            enum op_state state = client->ops[table].rows[i].state;

            ops += table == 0 && state != OP_IDLE;
            attempts += state == OP_WAITING || state == OP_CONNECTING || state == OP_SENT ||
                        state == OP_BROKEN;
            if (state == OP_WAITING)
                queue_check_remains(&client->line, sim_now(client->sim),
                                    client->ops[table].rows[i].waiting_since);
        }
    invariant(queue_check_balances(&client->line)); /* Little's law in the line for a connection */
    for (int how = 0; how < ATTEMPT_ENDS; how++)
        attempts += client->attempts_ended[how];
    invariant(client->ops_begun == client->ops_ended + ops);
    invariant(client->attempts_begun == attempts);
}

static void store_client_fini(void *self)
{
    struct store_client *client = self;

    connection_pools_release(&client->pools);
    free(client->ops[0].rows);
    free(client->ops[1].rows);
    free(client->commands.rows);
    free(client->budgets);
    free(client->breakers);
}

static void check_retries(const struct retry_policy *policy, struct validation *validation)
{
    if (policy->backoff == BACKOFF_EXPONENTIAL && policy->max_ns < policy->base_ns)
        validation_error(validation, "retry.backoff.exponential.max", "must not be below 'base'");
    if (policy->backoff == BACKOFF_LINEAR && policy->linear_max_ns < policy->linear_step_ns)
        validation_error(validation, "retry.backoff.linear.max", "must not be below 'step'");
    if (policy->backoff == BACKOFF_ENVOY && policy->envoy_max_ns < policy->envoy_base_ns)
        validation_error(validation, "retry.backoff.envoy.max", "must not be below 'base'");
    if (policy->backoff == BACKOFF_LIST && policy->list.count == 0)
        validation_error(validation, "retry.backoff.list", "needs at least one wait");
    if ((policy->jitter == JITTER_DECORRELATED || policy->jitter == JITTER_ABOVE) &&
        policy->backoff != BACKOFF_EXPONENTIAL)
        validation_error(validation, "retry.jitter", "'%s' needs an exponential backoff",
                         jitter_names[policy->jitter]);
}

static void store_client_check(const void *config, const struct check_context *context,
                               struct validation *validation)
{
    const struct store_client_config *c = config;

    (void)context;
    check_retries(&c->retry, validation);
    if (c->pool.mode == MODE_MULTIPLEXED && c->pool.connect_timeout_ns == 0)
        validation_error(
            validation, "connect_timeout",
            "must not be 0 with 'mode: multiplexed': nobody else gives up on its connection");
    if (c->pool.mode == MODE_POOL && c->reconnect.backoff != BACKOFF_NONE)
        validation_error(
            validation, "reconnect.backoff",
            "is for 'mode: multiplexed': a pool opens a connection for an attempt, and the "
            "attempts' backoff is its own");
    if ((c->reconnect.jitter == JITTER_DECORRELATED || c->reconnect.jitter == JITTER_ABOVE) &&
        c->reconnect.backoff != BACKOFF_EXPONENTIAL)
        validation_error(validation, "reconnect.jitter", "'%s' needs an exponential backoff",
                         jitter_names[c->reconnect.jitter]);
    if (c->pool.mode == MODE_MULTIPLEXED && c->pool.lifetime_ns > 0)
        validation_error(validation, "pool.lifetime", "is for 'mode: pool'");
    if (c->budget.kind == BUDGET_BUCKET &&
        (c->budget.cost > c->budget.capacity || c->budget.timeout_cost > c->budget.capacity))
        validation_error(validation, "retry.budget.bucket.capacity",
                         "must not be below a retry's cost");
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
    .presets = client_presets,
    .preset_count = CLIENT_PRESET_COUNT,
    .check = store_client_check,
    .init = store_client_init,
    .connect = store_client_connect,
    .start = store_client_start,
    .finish = store_client_finish,
    .fini = store_client_fini,
};
