// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The store's client library in the application servers of one region: operations, made of
 * attempts.
 *
 * The timeout of an attempt starts with the attempt: it covers waiting for a connection, the
 * handshake, the server and both directions. An attempt is a command on a connection. A timed-out
 * command is still delivered: the server may execute it (an ambiguous write), and in mode `pool`
 * its connection is closed, since a late reply could be matched to the next command.
 *
 *   attempt:  waiting for a connection -> connecting -> sent -> answered
 *                  timeout in any of them -> backoff -> next attempt, or failed
 *
 * Checks between an operation and its command, from the outside in. Each check sees only what the
 * previous ones have admitted; the budget comes last, so that a retry denied by another check costs
 * nothing:
 *
 *   before a retry         1. attempts     are there any left?
 *                          2. deadline     would it start in time, including its backoff?
 *                          3. breaker      is it open? (changes nothing)
 *                          4. budget       is charged
 *                          5. backoff      waits
 *   before every attempt   6. breaker      admits it (it may have opened meanwhile), or the
 *                                          operation fails at once; first attempts too
 *                          7. timeout      starts
 *                          8. connection   an idle one, a new one, or a place in the queue
 *   during a read          9. hedge        after a delay: breaker, budget, then 6. to 8.
 *
 * The result of an attempt is reported from the inside out: to the breaker, then to the budget.
 * Each instance of the tier has its own budget, and a breaker for each endpoint: no state is shared
 * between processes. A hedge is an attempt in a row of its own; the first answer wins, the others
 * are cancelled and count neither as success nor as failure. An attempt that times out while a
 * hedge is in progress is retried only when the hedge has failed too.
 *
 * Files: attempt.c (operations, attempts), guard.c (2. to 4. and 6.), hedge.c (9.),
 * connection_events.c (7., and all that closes a connection), client_tables.c (rows). This file:
 * parameters, metrics and wiring; longer than 800 lines because the tables of both are half of it.
 *
 * Conservation, checked at the end: attempts started = ended + in progress, each ended in exactly
 * one way; the same for operations.
 */
#include "client_internal.h"
#include "client_presets.h"
#include "registry.h"

#include <stdlib.h>

static const char *const fallbacks[] = {"fail", "local-session", "stateless-token", NULL};
static const char *const read_after_writes[] = {"none", "read-from-primary", "retry-on-miss", NULL};
static const char *const modes[] = {"pool", "multiplexed", NULL};
static const char *const tls_versions[] = {"none", "1.3", "1.2", NULL};
static const char *const dns_caches[] = {"ttl", "fixed", "forever", NULL};
static const char *const reuses[] = {"lifo", "fifo", NULL};
static const char *const waits[] = {"fifo", "lifo", NULL};
static const char *const covers[] = {"attempt", "reply", "queue", NULL};
static const char *const connect_waits[] = {"none", "fixed", "retry", NULL};
static const char *const topologies[] = {"none", "cluster", NULL};
static const char *const resends[] = {"none", "unsent", "unfinished", "all", NULL};
/* The first entries of backoff_names: those of a layer outside the library. */
static const char *const layer_backoffs[] = {"none", "fixed", "exponential", NULL};
static const char *const layer_jitters[] = {"none", "full", "equal", NULL};
static const char *const hedge_targets[] = {"same", "primary", NULL};

#define MODEL_CONFIG struct store_client_config
// clang-format off
/* Rows of a class of errors: all have the first two, error replies the next two, failed connects the last one. */
#define ERROR_RETRY(name, class, retried, what) \
    FLAG("errors." name ".retry", errors[class].retry, retried, "retry after: " what, "facts client_errors"), \
    COUNT("errors." name ".attempts", errors[class].attempts, "0", "0", "1000000", "maximum attempts where they end so, including the first; 0: as retry.attempts", "facts client_errors")
#define ERROR_REFRESH(name, class) \
    FLAG("errors." name ".refresh", errors[class].refresh, "false", "ask for addresses again: the name's at the next connect, the topology within its limit", "facts client_errors")
#define ERROR_WAIT(name, class) \
    DURATION("errors." name ".wait", errors[class].wait_ns, "0s", "0s", "1h", "minimum wait before the retry", "facts client_errors")
#define ERROR_CLOSE(name, class, closed) \
    FLAG("errors." name ".close", errors[class].close, closed, "close the connection that the error reply came on", "facts client_errors")
#define ERROR_FIRST(name, class) \
    FLAG("errors." name ".first", errors[class].first, "true", "retry also before any command of the operation was sent", "facts client_errors")
#define LAYER_ROWS(name, member, who) \
    COUNT("layers." name ".attempts", member.attempts, "1", "1", "100", "maximum attempts of " who ", including the first; each runs all attempts of the layer below", "assumption"), \
    VARIANT("layers." name ".backoff", member.backoff, layer_backoffs, "none", "backoff of " who, "assumption"), \
    DURATION("layers." name ".backoff.fixed", member.fixed_ns, "0ms", "100ms", "10min", "constant wait", "assumption"), \
    DURATION("layers." name ".backoff.exponential.base", member.base_ns, "0ms", "100ms", "10min", "first wait, multiplied by `factor` each time", "assumption"), \
    DURATION("layers." name ".backoff.exponential.max", member.max_ns, "0ms", "2s", "1h", "longest wait", "assumption"), \
    NUMBER("layers." name ".backoff.exponential.factor", member.factor, "1", "2", "100", "ratio of a wait to the previous one", "assumption"), \
    CHOICE("layers." name ".jitter", member.jitter, layer_jitters, "full", "jitter of the backoff, as retry.jitter", "assumption")
static const struct field store_client_fields[] = {
    CHOICE("preset", preset, client_preset_names, "none", "client library by name and version; its values become the defaults", "facts G"),
    DURATION("timeout", timeout_ns, "1ms", "300ms", "1d", "timeout of a write attempt", "seed 000"),
    DURATION("read_timeout", read_timeout_ns, "1ms", "250ms", "1d", "timeout of a read attempt", "facts C.3"),
    CHOICE("timeout_covers", timeout_covers, covers, "attempt", "what the timeout covers: attempt, all of it; reply, from the sent command to its reply; queue, until the command is sent", "facts client_errors"),
    DURATION("deadline", retry.deadline_ns, "0s", "0s", "1d", "overall deadline: no attempt starts later than this after the operation began; 0: none", "assumption"),
    COUNT("retry.attempts", retry.attempts, "1", "4", "1000000", "maximum attempts of a write, including the first", "seed 000"),
    COUNT("retry.read_attempts", retry.read_attempts, "1", "2", "1000000", "maximum attempts of a read, including the first", "assumption"),
    VARIANT("retry.backoff", retry.backoff, backoff_names, "exponential", "backoff before the next attempt", "seed 000"),
    DURATION("retry.backoff.fixed", retry.fixed_ns, "0ms", "100ms", "10min", "constant wait", "facts G"),
    DURATION("retry.backoff.exponential.base", retry.base_ns, "0ms", "100ms", "10min", "first wait, multiplied by `factor` each time", "seed 000"),
    DURATION("retry.backoff.exponential.max", retry.max_ns, "0ms", "2s", "1h", "longest wait", "facts G"),
    NUMBER("retry.backoff.exponential.factor", retry.factor, "1", "2", "100", "ratio of a wait to the previous one", "facts G"),
    DURATION_LIST("retry.backoff.list", retry.list, "0ms", "[100ms, 200ms, 400ms]", "1h", "list of waits; the last one repeats", "seed 000"),
    DURATION("retry.backoff.linear.step", retry.linear_step_ns, "0ms", "50ms", "10min", "step: retry r waits r steps", "facts G"),
    DURATION("retry.backoff.linear.max", retry.linear_max_ns, "0ms", "2s", "1h", "longest wait", "facts G"),
    DURATION("retry.backoff.envoy.base", retry.envoy_base_ns, "0ms", "25ms", "10min", "base: retry r waits (2^r - 1) times this", "facts G"),
    DURATION("retry.backoff.envoy.max", retry.envoy_max_ns, "0ms", "250ms", "1h", "longest wait", "facts G"),
    VARIANT("retry.jitter", retry.jitter, jitter_names, "full", "jitter of a wait w: none w, full U(0, w), equal w/2 + U(0, w/2); see retry_policy.md", "facts G"),
    SHARE("retry.jitter.plus-minus", retry.spread, "0%", "20%", "100%", "spread s: w (1 +- U(0, s))", "facts G"),
    DURATION("retry.jitter.added", retry.added_ns, "0ms", "200ms", "10min", "added a: w + U(0, a)", "facts G"),
    VARIANT("retry.budget", budget.kind, retry_budget_names, "none", "retry budget shared by all operations of an instance", "facts G"),
    NUMBER("retry.budget.bucket.capacity", budget.capacity, "1", "500", "1000000", "maximum tokens, and tokens at the start", "facts G"),
    NUMBER("retry.budget.bucket.cost", budget.cost, "0", "5", "1000000", "tokens of a retry", "facts G"),
    NUMBER("retry.budget.bucket.timeout_cost", budget.timeout_cost, "0", "10", "1000000", "tokens of a retry after a timeout", "facts G"),
    NUMBER("retry.budget.bucket.refund", budget.refund, "0", "1", "1000000", "tokens refunded by a success", "facts G"),
    FLAG("retry.budget.bucket.refund_cost", budget.refund_cost, "true", "a success after retries refunds the cost of the last retry instead", "facts G"),
    CHOICE("retry.budget.bucket.charge", budget.charge, retry_budget_charges, "retry", "what is charged: retries, or every failed attempt", "facts G"),
    SHARE("retry.budget.bucket.floor", budget.floor, "0%", "0%", "100%", "share of the capacity at or below which no retry is allowed", "facts G"),
    RATE("retry.budget.bucket.refill", budget.refill_per_s, "0/s", "0/s", "1000000/s", "rate at which tokens are added", "assumption"),
    SHARE("retry.budget.share.of_requests", budget.share, "0%", "20%", "100%", "maximum retries in a window, as a share of its operations", "facts G"),
    RATE("retry.budget.share.rate", budget.rate_per_s, "0/s", "10/s", "1000000/s", "retries allowed in addition to the share", "facts G"),
    DURATION("retry.budget.share.window", budget.window_ns, "10ms", "10s", "1h", "length of the sliding window, in ten steps", "facts G"),
    SHARE("retry.budget.active.of_active", budget.active_share, "0%", "20%", "100%", "maximum concurrent retries, those in backoff included, as a share of the attempts under way", "facts G"),
    COUNT("retry.budget.active.min", budget.active_min, "0", "3", "1000000", "minimum number of concurrent retries always allowed", "facts G"),
    VARIANT("breaker.trip", breaker.trip, breaker_trips, "none", "condition that opens the circuit breaker of an instance and endpoint", "facts G"),
    COUNT("breaker.trip.consecutive", breaker.consecutive, "1", "5", "1000000", "consecutive failed attempts", "facts G"),
    SHARE("breaker.trip.window.failures", breaker.window_share, "0%", "10%", "100%", "share of failed attempts in the window", "facts G"),
    DURATION("breaker.trip.window.of", breaker.window_ns, "10ms", "30s", "1h", "length of the sliding window, in ten steps", "facts G"),
    COUNT("breaker.trip.window.calls_min", breaker.window_calls, "1", "100", "1000000", "minimum attempts in the window", "facts G"),
    SHARE("breaker.trip.calls.failures", breaker.calls_share, "0%", "50%", "100%", "share of failed attempts among the last ones", "facts G"),
    COUNT("breaker.trip.calls.last", breaker.calls_count, "1", "100", "1024", "size of the sliding window, in attempts; it must be full", "facts G"),
    DURATION("breaker.open", breaker.open_ns, "1ms", "5s", "1h", "time for which the breaker stays open", "facts G"),
    DURATION("breaker.open_max", breaker.open_ns_max, "0s", "0s", "1h", "maximum open time, doubled at each failed trial; below 'open': no doubling", "facts G"),
    COUNT("breaker.trials", breaker.trials, "1", "1", "1000000", "successful trial attempts before the breaker closes", "facts G"),
    VARIANT("throttle", throttle.kind, throttle_names, "none", "throttling by an instance's client: adaptive, it refuses attempts while few are accepted; cubic, attempts wait for a rate that falls at throttled replies (AWS SDKs)", "sre-book 21"),
    NUMBER("throttle.adaptive.k", throttle.k, "1", "2", "1000", "attempts allowed for each one that was answered well", "sre-book 21"),
    DURATION("throttle.adaptive.window", throttle.window_ns, "10ms", "2min", "1h", "length of the sliding window, in ten steps", "sre-book 21"),
    NUMBER("throttle.cubic.beta", cubic.beta, "0.01", "0.7", "1", "factor of the rate after a throttled reply", "facts G"),
    NUMBER("throttle.cubic.scale", cubic.scale, "0.001", "0.4", "1000", "growth of the rate: this times the cube of the time, in s, from the old rate's point", "facts G"),
    RATE("throttle.cubic.rate_min", cubic.rate_min_per_s, "0.001/s", "0.5/s", "1M/s", "minimum rate", "facts G"),
    COUNT("hedge.reads", hedge_max, "0", "0", "16", "maximum hedged reads sent in addition to a slow first attempt; 0: off", "facts G"),
    DURATION("hedge.after", hedge_after_ns, "1ms", "500ms", "1h", "delay before each hedged read", "facts G"),
    CHOICE("hedge.to", hedge_to, hedge_targets, "same", "target of hedged reads: the same cluster, or the primary", "assumption"),
    ERROR_RETRY("timeout", ERROR_TIMEOUT, "true", "no reply within the timeout"),
    ERROR_REFRESH("timeout", ERROR_TIMEOUT),
    ERROR_RETRY("connect-timeout", ERROR_CONNECT_TIMEOUT, "true", "the connection did not open in time"),
    ERROR_REFRESH("connect-timeout", ERROR_CONNECT_TIMEOUT),
    ERROR_FIRST("connect-timeout", ERROR_CONNECT_TIMEOUT),
    ERROR_RETRY("refused", ERROR_REFUSED, "true", "the connection was refused"),
    ERROR_REFRESH("refused", ERROR_REFUSED),
    ERROR_FIRST("refused", ERROR_REFUSED),
    ERROR_RETRY("lost", ERROR_LOST, "true", "the connection was closed or reset"),
    ERROR_REFRESH("lost", ERROR_LOST),
    ERROR_RETRY("readonly", ERROR_READONLY, "true", "READONLY: a write reached a replica"),
    ERROR_REFRESH("readonly", ERROR_READONLY), ERROR_WAIT("readonly", ERROR_READONLY), ERROR_CLOSE("readonly", ERROR_READONLY, "false"),
    ERROR_RETRY("loading", ERROR_LOADING, "true", "LOADING: the server reads its data set"),
    ERROR_REFRESH("loading", ERROR_LOADING), ERROR_WAIT("loading", ERROR_LOADING), ERROR_CLOSE("loading", ERROR_LOADING, "false"),
    ERROR_RETRY("clusterdown", ERROR_CLUSTERDOWN, "true", "CLUSTERDOWN: too few nodes or regions can be reached"),
    ERROR_REFRESH("clusterdown", ERROR_CLUSTERDOWN), ERROR_WAIT("clusterdown", ERROR_CLUSTERDOWN), ERROR_CLOSE("clusterdown", ERROR_CLUSTERDOWN, "false"),
    ERROR_RETRY("moved", ERROR_MOVED, "true", "MOVED; at the node that it names, without backoff"),
    ERROR_REFRESH("moved", ERROR_MOVED),
    ERROR_RETRY("ask", ERROR_ASK, "true", "ASK; at the node that it names, without backoff"),
    ERROR_REFRESH("ask", ERROR_ASK),
    ERROR_RETRY("max-clients", ERROR_MAX_CLIENTS, "true", "max number of clients reached"),
    ERROR_REFRESH("max-clients", ERROR_MAX_CLIENTS), ERROR_WAIT("max-clients", ERROR_MAX_CLIENTS), ERROR_CLOSE("max-clients", ERROR_MAX_CLIENTS, "true"),
    ERROR_RETRY("pool", ERROR_POOL, "false", "no connection of the pool became free: pool.max_wait, pool.pending"),
    ERROR_RETRY("circuit", ERROR_CIRCUIT, "false", "refused by the client's own breaker or throttle"),
    ERROR_RETRY("denied", ERROR_DENIED, "false", "the credentials were refused (AccessDeniedException, UnrecognizedClientException)"),
    ERROR_RETRY("oom", ERROR_OOM, "false", "OOM: the memory of the server is full and its policy evicts nothing (Redis, Valkey: noeviction)"),
    ERROR_WAIT("oom", ERROR_OOM), ERROR_CLOSE("oom", ERROR_OOM, "false"),
    ERROR_RETRY("other", ERROR_OTHER, "true", "any other error reply: throttled, refused by the store's admission control, a failing node, a conflict"),
    ERROR_REFRESH("other", ERROR_OTHER), ERROR_WAIT("other", ERROR_OTHER), ERROR_CLOSE("other", ERROR_OTHER, "false"),
    LAYER_ROWS("mesh", mesh, "a proxy beside the client"),
    LAYER_ROWS("app", app, "the application around the client"),
    CHOICE("mode", pool.mode, modes, "pool", "pool: one command at a time on each connection; multiplexed: all commands on one, replies in order", "redis_lessons 9"),
    COUNT("pool.size", pool.connections_max, "1", "20", "100000", "maximum connections of one instance to one endpoint", "assumption"),
    COUNT("pool.warm", pool.warm_count, "0", "20", "100000", "connections that are open at the start", "assumption"),
    CHOICE("pool.reuse", pool.reuse, reuses, "lifo", "which idle connection is used first", "redis_lessons 8"),
    CHOICE("pool.wait", pool.wait, waits, "fifo", "order of waiting operations: fifo or lifo", "redis_lessons 6"),
    DURATION("pool.max_wait", pool.max_wait_ns, "0s", "0s", "1d", "maximum wait for a connection, within the timeout; 0: no limit of its own", "facts client_errors"),
    COUNT("pool.pending", pool.pending_max, "0", "1000000", "1000000", "operations that may wait for a connection; more are rejected at once", "facts client_errors"),
    COUNT("pool.requests", pool.requests_max, "1", "1000000", "1000000", "attempts of an instance that may be under way to an endpoint; more are rejected at once", "facts client_errors"),
    COUNT("pool.shared", pool.shared_count, "1", "1", "100", "connections that all commands use in turn (multiplexed only)", "assumption"),
    FLAG("pool.fail_fast", fail_fast, "false", "after pool.size failed connects all attempts without a connection fail at once, until a probe connects (pool only)", "facts client_errors"),
    DURATION("pool.probe", probe_ns, "1ms", "1s", "1h", "interval of these probes", "facts client_errors"),
    FLAG("pool.close_on_timeout", pool.close_on_timeout, "true", "close a connection after a command on it timed out (pool only)", "redis_lessons 8"),
    DURATION("pool.lifetime", pool.lifetime_ns, "0s", "0s", "1d", "maximum age of a connection; 0: no limit", "assumption"),
    DURATION("pool.idle_timeout", pool.idle_ns, "0s", "0s", "1d", "maximum idle time of a connection, checked when it is to be used; 0: no limit (pool only)", "facts client_errors"),
    PHASE_FIELDS("pool.phase", pool.ages, "phase at which a connection that is open at the start reaches 'lifetime'"),
    DURATION("connect_timeout", pool.connect_timeout_ns, "0s", "10s", "1d", "timeout for opening a connection, within the timeout of the attempt; 0: only the latter", "facts G"),
    COUNT("connect.tries", connect_tries, "1", "1", "100", "connects of one attempt if they time out (pool only)", "facts client_errors"),
    COUNT("connect.refused_tries", refused_tries, "1", "1", "100", "connects of one attempt if they are refused (pool only)", "facts client_errors"),
    FLAG("connect.background", connects_on, "false", "a connection goes on opening when the attempt that asked for it has timed out, for whoever comes next (pool only)", "facts client_errors"),
    VARIANT("connect.wait", connect_wait, connect_waits, "none", "wait between these connects; retry: as retry.backoff with its jitter", "facts client_errors"),
    DURATION("connect.wait.fixed", connect_wait_ns, "0s", "100ms", "1h", "constant wait", "facts client_errors"),
    CHOICE("resend", resend, resends, "none", "commands of a lost multiplexed connection: none, they fail; unsent, those refused with max clients wait for the next one; unfinished, all are sent again after the reconnect within their timeout; all, also those that timed out", "facts client_errors"),
    DURATION("socket_timeout", socket_timeout_ns, "0s", "0s", "1d", "close a multiplexed connection on which nothing was sent or received for this time; 0: never", "facts client_errors"),
    DURATION("silence_timeout", silence_timeout_ns, "0s", "0s", "1d", "close the multiplexed connections on which nothing was received for this time after a command was sent; 0: never", "facts client_errors"),
    FLAG("reconnect.always", reconnects_always, "false", "reopen a lost multiplexed connection without waiting for a command", "facts client_errors"),
    FLAG("reconnect.after_socket_timeout", reconnects_after_silence, "true", "reconnect after `socket_timeout`, too; false: the client never reconnects", "facts client_errors"),
    COUNT("reconnect.flush_after", flush_after, "0", "0", "1000000", "failed connects in a row after which all waiting commands fail; 0: never", "facts client_errors"),
    DURATION("user_timeout", pool.user_timeout_ns, "0s", "0s", "1d", "the client's kernel gives a connection up when data is unacknowledged for this long after its first retransmission (TCP_USER_TIMEOUT); 0: by tcp.retries2 of the link", "failures A.1"),
    DURATION("keepalive.idle", pool.keepalive.idle_ns, "0s", "0s", "1d", "TCP keep-alive of the client: a connection on which nothing came back for this long is probed; 0: off", "failures A.1"),
    DURATION("keepalive.interval", pool.keepalive.interval_ns, "1ms", "75s", "1d", "time between probes", "failures A.1"),
    COUNT("keepalive.count", pool.keepalive.count, "1", "9", "1000", "probes in a row without an answer after which the connection is dead", "failures A.1"),
    VARIANT("reconnect.backoff", reconnect.backoff, backoff_names, "none", "backoff before a lost multiplexed connection is reopened; none: at once", "facts G"),
    DURATION("reconnect.backoff.fixed", reconnect.fixed_ns, "0ms", "1s", "1h", "constant wait", "facts G"),
    DURATION("reconnect.backoff.exponential.base", reconnect.base_ns, "0ms", "100ms", "1h", "first wait", "facts G"),
    DURATION("reconnect.backoff.exponential.max", reconnect.max_ns, "0ms", "10s", "1h", "longest wait", "facts G"),
    NUMBER("reconnect.backoff.exponential.factor", reconnect.factor, "1", "2", "100", "ratio of a wait to the previous one", "facts G"),
    DURATION_LIST("reconnect.backoff.list", reconnect.list, "0ms", "[0s, 1s]", "1h", "list of waits; the last one repeats", "assumption"),
    DURATION("reconnect.backoff.linear.step", reconnect.linear_step_ns, "0ms", "50ms", "10min", "step: reconnect r waits r steps", "facts client_errors"),
    DURATION("reconnect.backoff.linear.max", reconnect.linear_max_ns, "0ms", "2s", "1h", "longest wait", "facts client_errors"),
    DURATION("reconnect.backoff.envoy.base", reconnect.envoy_base_ns, "0ms", "25ms", "10min", "base: reconnect r waits (2^r - 1) times this", "facts G"),
    DURATION("reconnect.backoff.envoy.max", reconnect.envoy_max_ns, "0ms", "250ms", "1h", "longest wait", "facts G"),
    VARIANT("reconnect.jitter", reconnect.jitter, jitter_names, "none", "jitter of the reconnect backoff, as retry.jitter", "facts G"),
    SHARE("reconnect.jitter.plus-minus", reconnect.spread, "0%", "20%", "100%", "spread s: w (1 +- U(0, s))", "facts G"),
    DURATION("reconnect.jitter.added", reconnect.added_ns, "0ms", "200ms", "10min", "added a: w + U(0, a)", "facts client_errors"),
    CHOICE("tls", pool.tls_round_trips, tls_versions, "1.3", "TLS version: round trips of a new connection in addition to TCP: 1.3 one, 1.2 two", "facts 0.9"),
    FLAG("auth", pool.auth, "false", "a new connection authenticates before its first command (AUTH): one more round trip, and a command of the server (store.connect_cost.auth)", "failures B.2"),
    VARIANT("dns_cache", pool.dns_cache, dns_caches, "ttl", "how long the client caches the address of the primary", "facts E"),
    DURATION("dns_cache.fixed", pool.dns_fixed_ns, "0s", "30s", "24h", "caching time, whatever the TTL", "facts E"),
    VARIANT("topology", topology, topologies, "none", "cluster: the client learns the primary's address from the cluster's topology; none: from its name", "facts client_errors"),
    DURATION("topology.cluster.refresh", topology_period_ns, "0s", "0s", "1d", "interval at which the topology is read; 0: only after errors", "facts client_errors"),
    PHASE_FIELDS("topology.cluster.phase", topology_phase, "phase of the topology's reads"),
    DURATION("topology.cluster.limit", topology_limit_ns, "0s", "0s", "1d", "minimum time between reads after errors; those that come sooner are ignored", "facts client_errors"),
    CHOICE("on_write_failure", on_write_failure, fallbacks, "fail", "fallback of a login after its write failed", "seed 000"),
    VARIANT("read_after_write", read_after_write, read_after_writes, "none", "policy for reads soon after a write of the session", "seed 000"),
    DURATION("read_after_write.read-from-primary.window", raw_window_ns, "0ms", "1s", "1h", "time after the write for which reads go to the primary", "assumption"),
    DURATION("read_after_write.retry-on-miss.delay", raw_delay_ns, "0ms", "150ms", "1h", "wait before the read is repeated", "seed 000"),
    DURATION("read_after_write.retry-on-miss.spread", raw_spread_ns, "0ms", "0ms", "1h", "spread s: the wait is delay + U(0, s)", "assumption"),
    COUNT("read_after_write.retry-on-miss.times", raw_times, "1", "1", "100", "maximum number of repeated reads", "seed 000"),
    NUMBER_DIST("write_bytes", write_bytes, "1", "1100", "1000000000", "bytes of a write command: of a session, the same for all its writes; where they differ, a read that finds it is as large", "facts H"),
    COUNT("read_bytes", read_bytes, "1", "60", "1000000000", "bytes of a read command", "assumption"),
};
// clang-format on

static const char *const denied_by[] = {"deadline", "breaker", "budget", NULL};
static const char *const client_outcomes[] = {"ok", "failed", NULL};
static const char *const afters[] = {"1ms",   "3ms", "10ms", "30ms", "100ms",
                                     "300ms", "1s",  "3s",   "more", NULL};

// clang-format off
static const struct metric store_client_metrics[] = {
    {.name = "writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "logical writes that ended"},
    {.name = "write_failures", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "writes that failed after all attempts"},
    {.name = "write_attempts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "write attempts that ended"},
    {.name = "attempts_of_writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "attempts of the writes that ended, counted when the write ends"},
    {.name = "write_timeouts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "write attempts that timed out"},
    {.name = "write_errors", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .meaning = "write attempts that timed out, broke or were answered with an error"},
    {.name = "write_error_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "write_errors", .under = "write_attempts", .series = true, .meaning = "write attempts that failed for any reason / write attempts"},
    {.name = "write_timeout_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "write_timeouts", .under = "write_attempts", .series = true, .meaning = "write attempts that timed out / write attempts"},
    {.name = "write_failure_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "write_failures", .under = "writes", .series = true, .meaning = "writes that failed after all attempts / writes"},
    {.name = "write_amplification", .unit = UNIT_NONE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "attempts_of_writes", .under = "writes", .series = true, .meaning = "write attempts / writes, both of the writes that ended"},
    {.name = "ambiguous_writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "write attempts that timed out at the client and were executed at the server"},
    {.name = "reads", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "reads that ended"},
    {.name = "read_failures", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "reads that failed after all attempts"},
    {.name = "read_failure_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "read_failures", .under = "reads", .series = true, .meaning = "reads that failed / reads"},
    {.name = "read_attempts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "read attempts that ended"},
    {.name = "read_timeouts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "read attempts that timed out"},
    {.name = "read_timeout_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "read_timeouts", .under = "read_attempts", .series = true, .meaning = "read attempts that timed out / read attempts"},
    {.name = "read_misses", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "reads whose first reply missed a session that had been written"},
    {.name = "read_miss_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "read_misses", .under = "reads", .series = true, .meaning = "read misses / reads"},
    {.name = "reads_after_write", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .label = "after", .label_values = afters, .meaning = "first replies to reads, by time since the session's last acknowledged write (up to the label)"},
    {.name = "misses_after_write", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .label = "after", .label_values = afters, .meaning = "reads of reads_after_write that did not see that write"},
    {.name = "miss_probability", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "misses_after_write", .under = "reads_after_write", .label = "after", .label_values = afters, .meaning = "misses_after_write / reads_after_write"},
    {.name = "write_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .label = "outcome", .label_values = client_outcomes, .series = true, .meaning = "latency of writes, from the caller's start to its end, including retries; failed: after all attempts"},
    {.name = "write_attempt_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .meaning = "latency of write attempts; attempts that timed out count with their timeout"},
    {.name = "read_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .label = "outcome", .label_values = client_outcomes, .series = true, .meaning = "latency of reads, including retries"},
    {.name = "connections_opened", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "new connections to the store"},
    {.name = "connections_open", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "open connections to the store, including those being opened"},
    {.name = "write_goodput", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = HIGHER_IS_BETTER, .series = true, .meaning = "writes that succeeded, after any number of attempts"},
    {.name = "retries_denied", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .label = "by", .label_values = denied_by, .series = true, .meaning = "retries and hedges that were not made although attempts were left, by what denied them"},
    {.name = "retry_tokens", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .scale = 1e-3, .series = true, .meaning = "tokens in the retry budgets of kind bucket, added up over instances; a refill counts from the budget's next use on"},
    {.name = "pool_rejections", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "attempts that failed without a connection, by pool.pending or pool.max_wait"},
    {.name = "attempts_paced", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "attempts that waited for their client's rate limit"},
    {.name = "topology_reads", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "reads of the cluster's topology, by interval or after errors"},
    {.name = "breaker_refusals", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "attempts refused immediately by an open breaker or by adaptive throttling"},
    {.name = "breaker_open_share", .unit = UNIT_SHARE, .kind = METRIC_LEVEL, .better = LOWER_IS_BETTER, .scale = 1e-6, .series = true, .meaning = "share of open circuit breakers in a region (one breaker per instance and endpoint used; a global datastore has two endpoints); the total is the sum over regions"},
    {.name = "hedges", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "hedged reads that were sent"},
    {.name = "hedges_won", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "hedged reads whose reply came first"},
};
// clang-format on

static void client_set_instances(void *self, uint32_t instances)
{
    struct store_client *client = self;

    client->instance_count = client->port.instances = instances;
}

/* The connections of failed servers are closed; their operations run to their end without being
 * counted. */
static void client_set_up(void *self, bool up)
{
    struct store_client *client = self;

    client->up = client->port.up = up;
    for (uint32_t pool = 0; !up && pool < client->pools.pool_count; pool++)
        client_close_idle(client, pool);
}

static void client_restart_instance(void *self, uint32_t instance)
{
    struct store_client *client = self;

    for (uint32_t endpoint = 0; endpoint < client->pools.endpoints->count; endpoint++) {
        uint32_t pool = connection_pool_find(&client->pools, instance, endpoint);

        if (pool != NO_INDEX)
            client_close_idle(client, pool);
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
                    {&client->attempts_of_writes, "attempts_of_writes"},
                    {&client->write_errors, "write_errors"},
                    {&client->write_timeouts, "write_timeouts"},
                    {&client->ambiguous, "ambiguous_writes"},
                    {&client->reads, "reads"},
                    {&client->read_failures, "read_failures"},
                    {&client->read_attempts, "read_attempts"},
                    {&client->read_timeouts, "read_timeouts"},
                    {&client->read_misses, "read_misses"},
                    {&client->opened, "connections_opened"},
                    {&client->goodput, "write_goodput"},
                    {&client->pool_rejections, "pool_rejections"},
                    {&client->topology_reads, "topology_reads"},
                    {&client->paced, "attempts_paced"},
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
    if (client->config->budget.kind == BUDGET_BUCKET)
        client->retry_tokens = probe_level_open(probes, "retry_tokens", region, NULL);
    client->breaker_open = probe_level_open(probes, "breaker_open_share", region, NULL);
    client->attempt_latency = probe_latency_open(probes, "write_attempt_latency", region, NULL);
    for (int failed = 0; failed < 2; failed++) {
        client->write_latency[failed] =
            probe_latency_open(probes, "write_latency", region, client_outcomes[failed]);
        client->read_latency[failed] =
            probe_latency_open(probes, "read_latency", region, client_outcomes[failed]);
    }
}

/* The order of kinds decides the order of simultaneous events: add new kinds at the end. */
static void add_kinds(struct store_client *client, const struct model_env *env)
{
    const struct store_client_config *config = client->config;
    sim_dur connect = config->pool.connect_timeout_ns;
    kind_id timeout, wait;

    client->up = true;
    /* At the same simulated time a connection breaks before its commands are lost. */
    client->pools.reset_kind = sim_kind_add(env->sim, &client_reset, env->instance, client);
    client->commands.lost_kind = sim_kind_add(env->sim, &client_lost, env->instance, client);
    client->commands.reply_kind = sim_kind_add(env->sim, &client_reply, env->instance, client);
    client->commands.handshake_kind =
        sim_kind_add(env->sim, &client_handshake, env->instance, client);
    client->retry_kind = sim_kind_add(env->sim, &client_retry, env->instance, client);
    timeout = sim_kind_add(env->sim, &client_timeout, env->instance, client);
    client->timeout_kind = timeout;
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
    client->connect_kind = sim_kind_add(env->sim, &client_connect_again, env->instance, client);
    client->probe_kind = sim_kind_add(env->sim, &client_probe, env->instance, client);
    client->silence_kind = sim_kind_add(env->sim, &client_silence, env->instance, client);
    if (client->config->throttle.kind == THROTTLE_CUBIC)
        client->pace_kind = sim_kind_add(env->sim, &client_pace, env->instance, client);
    client->topology_kind = sim_kind_add(env->sim, &client_topology, env->instance, client);
    wait = sim_kind_add(env->sim, &client_wait_over, env->instance, client);
    if (config->pool.max_wait_ns > 0)
        client->wait_timer = sim_timer_add(env->sim, config->pool.max_wait_ns, wait);
}

/* Whether operations use their rare part also when nothing fails. */
static bool uses_extras(const struct store_client_config *config)
{
    return config->timeout_covers != COVERS_ATTEMPT || config->connect_tries > 1 ||
           config->refused_tries > 1 || config->mesh.attempts > 1 || config->app.attempts > 1 ||
           !config->errors[ERROR_CONNECT_TIMEOUT].first || !config->errors[ERROR_REFUSED].first ||
           config->socket_timeout_ns > 0 || config->silence_timeout_ns > 0;
}

/* Rules without parameters of their own. */
static void complete_errors(struct store_client_config *config)
{
    for (int error = 0; error < CLIENT_ERRORS; error++)
        if (error != ERROR_CONNECT_TIMEOUT && error != ERROR_REFUSED)
            config->errors[error].first = true;
}

static void store_client_init(void *self, const struct model_env *env)
{
    struct store_client *client = self;
    const struct store_client_config *config = env->config;
    double bytes;

    client->own = *config;
    complete_errors(&client->own);
    client->config = config = &client->own;
    client->sim = env->sim;
    client->region = env->region;
    client->is_guarded = config->budget.kind != BUDGET_NONE || config->breaker.trip != TRIP_NONE ||
                         config->hedge_max > 0 || uses_extras(config) ||
                         config->throttle.kind != THROTTLE_NONE ||
                         config->pool.requests_max < 1000000;
    client->has_extras = uses_extras(config);
    client->jitter = sim_stream(env->sim, env->instance, "jitter");
    client->throttle = sim_stream(env->sim, env->instance, "throttle");
    client->reconnect_jitter = sim_stream(env->sim, env->instance, "reconnect");
    client->ops[0].free_head = client->ops[1].free_head = NO_INDEX;
    client->sizes = sim_stream(env->sim, "store_client", "sizes");
    if (dist_is_constant(config->write_bytes, &bytes)) {
        client->bytes[0] = config->read_bytes;
        client->bytes[1] = (uint32_t)bytes;
    }
    connection_pools_init(&client->pools, &config->pool, env->sim, env->region);
    client->pools.instance = env->instance;
    command_pool_init(&client->commands);
    client->commands.self = client;
    client->commands.drop = client_drop;
    client->commands.waits = client_waits;
    add_kinds(client, env);
    open_probes(client, sim_probe_set(env->sim));
    client->port = (struct session_port){.self = client,
                                         .submit = client_submit,
                                         .set_instances = client_set_instances,
                                         .on_write_failure = config->on_write_failure,
                                         .up = true,
                                         .set_up = client_set_up,
                                         .restart_instance = client_restart_instance};
    client->hint = (struct prefetch_port){client, client_prefetch_instance};
    client->here_kind = sim_kind_add(env->sim, &client_here, env->instance, client);
    client->back = (struct handshake_return){
        .self = &client->pools,
        .way = connection_way,
        .fin_kind = sim_kind_add(env->sim, &client_fin, env->instance, client),
        .rst_kind = sim_kind_add(env->sim, &client_rst, env->instance, client),
        .peer_changed = connection_peer_changed,
        .cut = connection_cut};
    port_offer_sessions(env->ports, env->region, -1, &client->port);
    port_offer_prefetch_instances(env->ports, env->region, -1, &client->hint);
    port_offer_commands(env->ports, env->region, -1, &client->commands);
    port_offer_handshake_return(env->ports, env->region, -1, &client->back);
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
    client->store = port_need_session_store(ports, -1, -1);
    if (client->store->here)
        client->port.submit = client_submit_here;
    client->promotion = port_find_promotion(ports, -1, -1);
    pools->endpoints = client->store->endpoints;
    pools->store = client->store;
    pools->listeners = mem_alloc(pools->endpoints->count, sizeof(struct listener_port *));
    for (size_t e = 0; e < pools->endpoints->count; e++)
        pools->listeners[e] = port_find_listener(ports, (int)e, -1);
    client->app = port_need_ops(ports, client->region, -1);
    client->classes = port_find_class_ops(ports, client->region, -1);
    client_connect_objective(client, port_need_objective(ports, -1, -1));
    client->impairments = impairments_read(ports);
    client->history = port_find_op_history(ports, -1, -1);
    client->requests_hint = port_find_prefetch_requests(ports, client->region, -1);
    for (uint32_t r = 0; r < pools->region_count; r++) {
        pools->out[r] = port_need_link(ports, client->region, (int)r);
        pools->in[r] = port_need_link(ports, (int)r, client->region);
        pools->flows_hints[r] = port_find_prefetch_flows(ports, client->region, (int)r);
        client->users_hints[r] = port_find_prefetch_users(ports, (int)r, -1);
    }
}

static void store_client_start(void *self)
{
    struct store_client *client = self;
    const struct store_client_config *config = client->config;
    uint32_t instances = client->instance_count;

    connection_pools_size(&client->pools, instances);
    if (!client->store->here)
        client_start_pools(client);
    if (config->budget.kind != BUDGET_NONE) {
        client->budgets = mem_zalloc(instances, sizeof *client->budgets);
        for (uint32_t i = 0; i < instances; i++)
            retry_budget_init(&client->budgets[i], &config->budget);
    }
    if (config->budget.kind == BUDGET_BUCKET) {
        client->tokens_milli = client->budgets[0].tokens_milli * instances;
        probe_level(client->probes, client->retry_tokens, 0, client->tokens_milli);
    }
    if (config->throttle.kind == THROTTLE_CUBIC)
        pace_init(client);
    if (config->throttle.kind == THROTTLE_ADAPTIVE) {
        client->throttles = mem_zalloc(instances, sizeof *client->throttles);
        for (uint32_t i = 0; i < instances; i++)
            adaptive_throttle_init(&client->throttles[i], &config->throttle);
    }
    connection_pools_warm(&client->pools);
}

static void store_client_finish(void *self)
{
    struct store_client *client = self;
    uint64_t attempts = 0, ops = 0;

    if (client->history)
        client_record_under_way(client);
    for (int table = 0; table < 2; table++)
        for (size_t i = 0; i < client->ops[table].capacity; i++) {
            enum op_state state = client->ops[table].rows[i].state;

            ops += table == 0 && state != OP_IDLE;
            attempts += state == OP_WAITING || state == OP_CONNECTING || state == OP_SENT ||
                        state == OP_BROKEN || state == OP_REJECTED || state == OP_CONNECT_WAIT;
            if (state == OP_WAITING)
                queue_check_remains(&client->line, sim_now(client->sim),
                                    client->ops[table].rows[i].waiting_since);
        }
    invariant(queue_check_balances(&client->line)); /* Little's law in the queue for a connection */
    for (int how = 0; how < ATTEMPT_ENDS; how++)
        attempts += client->attempts_ended[how];
    invariant(client->ops_begun == client->ops_ended + ops);
    invariant(client->attempts_begun == attempts);
}

static bool never_retries(const void *config, const struct check_context *context)
{
    const struct store_client_config *c = config;

    (void)context;
    return c->retry.attempts > 1 && c->retry.deadline_ns > 0 &&
           c->timeout_ns >= c->retry.deadline_ns;
}

static bool retries_in_step(const void *config, const struct check_context *context)
{
    const struct store_client_config *c = config;

    (void)context;
    return (c->retry.attempts > 1 || c->retry.read_attempts > 1) &&
           c->retry.backoff != BACKOFF_NONE && c->retry.jitter == JITTER_NONE;
}

/* All clients of a server lose their connections at one moment. */
static bool reconnects_in_step(const void *config, const struct check_context *context)
{
    const struct store_client_config *c = config;

    (void)context;
    return c->pool.mode == MODE_MULTIPLEXED && c->reconnect.backoff != BACKOFF_NONE &&
           c->reconnect.jitter == JITTER_NONE;
}

/* Scenario 53 shows it. */
static bool times_out_before_tcp(const void *config, const struct check_context *context)
{
    const struct store_client_config *c = config;
    const sim_dur tcp_rto_min = 200 * SIM_MS; /* facts D.4 */

    (void)context;
    return c->timeout_ns <= tcp_rto_min || c->read_timeout_ns <= tcp_rto_min;
}

static bool holds_workers(const void *config, const struct check_context *context)
{
    const struct store_client_config *c = config;
    const sim_dur limit = 60 * SIM_S; /* assumption: patience of any user is less */

    (void)context;
    return c->timeout_ns >= limit || c->read_timeout_ns >= limit;
}

static bool is_old_preset(const void *config, const struct check_context *context)
{
    const struct store_client_config *c = config;

    (void)context;
    return c->preset > CLIENT_PRESET_COUNT - CLIENT_PRESETS_OLD;
}

static const struct lint_row store_client_lints[] = {
    {.code = "client-preset-old",
     .field = "preset",
     .meaning = "old name of a preset whose versions behave differently: it was split, see "
                "'describe --presets'",
     .applies = is_old_preset},
    {.code = "client-retries-never",
     .field = "deadline",
     .meaning = "'timeout' is not below 'deadline': after a timeout no time is left for a "
                "retry",
     .applies = never_retries},
    {.code = "client-retries-in-step",
     .field = "retry.jitter",
     .meaning = "'retry.jitter: none': clients that fail at one moment retry at one moment, and "
                "the waves of retries stay together",
     .applies = retries_in_step},
    {.code = "client-reconnects-in-step",
     .field = "reconnect.jitter",
     .meaning = "'reconnect.jitter: none': clients that lose their connections at one moment "
                "reconnect, and send what has waited, at one moment",
     .applies = reconnects_in_step},
    {.code = "client-timeout-below-rto",
     .field = "timeout",
     .meaning = "'timeout' or 'read_timeout' is at most 200 ms, TCP's minimum retransmission "
                "timeout: one lost packet may fail the attempt",
     .applies = times_out_before_tcp},
    {.code = "client-timeout-long",
     .field = "timeout",
     .meaning = "'timeout' or 'read_timeout' is at least 1 min: an attempt to a server that is "
                "gone holds its worker that long",
     .applies = holds_workers},
};

/* Metrics that the application would publish. */
static const struct service_metric store_client_service_metrics[] = {
    {.name = "write-error-rate",
     .space = "",
     .unit = "None",
     .scale = 1,
     .metric = "write_error_rate",
     .statistic = TAP_AVERAGE,
     .period_ns = SIM_S,
     .meaning = "write attempts that failed / write attempts, as seen by the clients of the region",
     .source = "assumption"},
    {.name = "write-latency",
     .space = "",
     .unit = "Seconds",
     .scale = 1e-9,
     .metric = "write_attempt_latency",
     .statistic = TAP_AVERAGE,
     .period_ns = SIM_S,
     .meaning = "mean latency of write attempts; attempts that timed out count with their timeout",
     .source = "assumption"},
};

static void store_client_fini(void *self)
{
    struct store_client *client = self;

    connection_pools_release(&client->pools);
    free(client->pools.listeners);
    free(client->ops[0].rows);
    free(client->ops[1].rows);
    free(client->ops[0].extras);
    free(client->ops[1].extras);
    free(client->late);
    free(client->pending.rows);
    command_pool_release(&client->commands);
    free(client->unanswered);
    free(client->budgets);
    free(client->breakers);
    free(client->throttles);
    free(client->lines);
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
    .rows = {SERVICE_METRIC_TABLE(store_client_service_metrics), LINT_TABLE(store_client_lints)},
    .presets = client_presets,
    .preset_count = CLIENT_PRESET_COUNT,
    .check = client_check,
    .init = store_client_init,
    .connect = store_client_connect,
    .start = store_client_start,
    .finish = store_client_finish,
    .fini = store_client_fini,
};
