// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The store client over real links and a real store: the effect of its pools, guards and hedges on
 * writes and reads, against derived values. Every run also checks conservation (store_client.c, at
 * the end).
 *
 * Two regions 20 ms apart, or 1 ms inside one; service times are 0, and there is no jitter unless a
 * test adds it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

#include <inttypes.h>

#define NETWORK(inside_loss, jitter)                                                               \
    "network: {default: {rtt: 20ms, jitter: " jitter ", spike_share: 0%, loss: 0%}, "              \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: " inside_loss "}}\n"
#define QUIET CLIENT_WORLD NETWORK("0%", "0ms")
#define WARM_POOL "pool: {size: 100000, warm: 3000, close_on_timeout: false}"

static struct wanted of_b(const char *metric)
{
    return (struct wanted){metric, NULL, 1, NULL, NULL};
}

static double one(const char *text, struct wanted wanted)
{
    struct tally tally = tally_of(&client_registry, text, 1, wanted);

    return tally.mean;
}

static double denied(const char *text, const char *by)
{
    return one(text, (struct wanted){"retries_denied", NULL, 1, by, NULL});
}

/* --- connections ----------------------------------------------------------------------------- */

/*
 * redis_lessons 6: two connections of 20 ms carry 100 writes a second; 150/s are offered, for 100
 * ms at most. First in, first out: writes that get a connection have waited nearly 100 ms, are sent
 * with less than the 20 ms they need, and still occupy the connection. Newest first: nearly all of
 * the capacity is used for writes that succeed.
 */
#define STARVED(order)                                                                             \
    QUIET "duration: 130s\nwarmup: 10s\ndriver: {rate: 150/s, poisson: true, writer: b}\n"         \
          "client: {timeout: 100ms, retry: {attempts: 1}, pool: {size: 2, warm: 2, "               \
          "close_on_timeout: false, wait: " order "}}\n"
static void newest_first_waiting_saves_a_starved_pool(void **state)
{
    double fifo = one(STARVED("fifo"), of_b("write_goodput")) / 120;
    double lifo = one(STARVED("lifo"), of_b("write_goodput")) / 120;

    (void)state;
    print_message("goodput of 100/s: fifo %.1f, lifo %.1f\n", fifo, lifo);
    assert_true(fifo < 30);
    assert_true(lifo > 80 && lifo <= 100.5);
}

/* One write every 100 ms on one connection with a lifetime of 1 s: a new one at 0, 1, ... 9 s. */
static void connections_are_replaced_when_their_life_is_over(void **state)
{
    (void)state;
    assert_close(one(QUIET "duration: 9950ms\nwarmup: 0s\ndriver: {rate: 10/s, writer: b}\n"
                           "client: {pool: {size: 1, warm: 0, lifetime: 1s}}\n",
                     of_b("connections_opened")),
                 10, 1e-12);
}

/*
 * redis_lessons 8: at 10 writes/s over 20 ms one connection of forty is enough. lifo: all writes
 * use the connection released last. fifo: each is used in turn. To distinguish them, half of the
 * paths are three times as long, and a connection keeps its path: all writes have one latency, or
 * several.
 */
static void reuse_decides_how_many_connections_are_used(void **state)
{
#define FORTY(reuse)                                                                               \
    CLIENT_WORLD "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%, "         \
                 "paths: {classes: {every: 365d, longer_share: 50%, longer: 3, "                   \
                 "longest_share: 0%}}}, inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%}}\n"       \
                 "duration: 60s\nwarmup: 0s\ndriver: {rate: 10/s, writer: b}\n"                    \
                 "client: {timeout: 1s, pool: {size: 40, warm: 40, reuse: " reuse "}}\n"
    static const struct wanted longest = {"write_latency", "max", 1, NULL, NULL};
    static const struct wanted mean = {"write_latency", "mean", 1, NULL, NULL};

    (void)state;
    assert_close(one(FORTY("lifo"), mean), one(FORTY("lifo"), longest), 0.001);
    /* both directions long: 60 ms; the mean of the forty is 40 ms, within three standard errors */
    assert_close(one(FORTY("fifo"), longest), 60e6, 0.01);
    assert_close(one(FORTY("fifo"), mean), 40e6, 0.17);
    assert_close(one(FORTY("fifo"), of_b("connections_opened")), 0, 1e-12);
}

/*
 * A promotion moves the primary from a to b at 5 s. A client that caches the address writes to a,
 * which refuses, until its cache expires: 0, 20 or more than 60 s. 10 writes/s, one attempt each;
 * b's own cluster answers the others.
 */
static void address_is_kept_as_long_as_the_cache_says(void **state)
{
#define CACHED(cache)                                                                              \
    QUIET "duration: 60s\nwarmup: 0s\ndriver: {rate: 10/s, writer: b, promote_at: 5s}\n"           \
          "client: {retry: {attempts: 1}, pool: {size: 10, warm: 1}, dns_cache: " cache "}\n"
    double ttl, fixed, forever;

    (void)state;
    ttl = one(CACHED("ttl"), of_b("write_failures"));
    fixed = one(CACHED("{fixed: 20s}"), of_b("write_failures"));
    forever = one(CACHED("forever"), of_b("write_failures"));
    print_message("refused: ttl %g, fixed %g, forever %g\n", ttl, fixed, forever);
    /* the warm connection is refused once; the client resolves the address when it opens one */
    assert_in_range((uint64_t)ttl, 1, 2);
    /* the address was resolved at 0 s, to warm the pool: cached until 20 s, 15 s too long */
    assert_close(fixed, 150, 0.03);
    assert_close(forever, 550, 0.03);
}

/*
 * A write of b is applied in b 100 ms after a executed it; b reads 10 ms after the acknowledgement.
 * The client's policy decides whether the write is seen, and the cost: none, a round trip to the
 * primary, or a wait before the repeated read.
 */
static void read_after_write_policies_decide_what_a_read_sees(void **state)
{
#define READS(what)                                                                                \
    QUIET "duration: 20s\nwarmup: 0s\nreplication: {output_delay: 100ms}\n"                        \
          "driver: {rate: 10/s, writer: b, reader: b, read_after: 10ms}\n"                         \
          "client: {timeout: 1s, read_timeout: 1s, read_after_write: " what "}\n"
    static const struct {
        const char *text;
        bool sees;
        double latency_ns;
    } cases[] = {
        {READS("none"), false, 1e6},
        {READS("{read-from-primary: {window: 1s}}"), true, 20e6},
        {READS("{read-from-primary: {window: 5ms}}"), false, 1e6},
        {READS("{retry-on-miss: {delay: 150ms}}"), true, 152e6},
        {READS("{retry-on-miss: {delay: 20ms, times: 2}}"), false, 43e6},
        {READS("{retry-on-miss: {delay: 20ms, times: 5}}"), true, 106e6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double latency;

        client_seen.reads = client_seen.misses = 0;
        latency = one(cases[i].text, (struct wanted){"read_latency", "mean", 1, NULL, NULL});
        print_message("case %zu: %" PRIu64 " of %" PRIu64 " missed, %.6g ns\n", i,
                      client_seen.misses, client_seen.reads, latency);
        assert_in_range(client_seen.reads, 195, 200);
        assert_int_equal(client_seen.misses, cases[i].sees ? 0 : client_seen.reads);
        assert_close(latency, cases[i].latency_ns, 0.01);
    }
}

/* Cold: TCP 20 ms, TLS 20 ms, so 30 ms are not enough to connect; the attempt had 300 ms. */
static void connect_timeout_ends_the_attempt(void **state)
{
#define SLOW_CONNECT                                                                               \
    QUIET "duration: 10s\nwarmup: 0s\ndriver: {rate: 10/s, writer: b, writes: 20}\n"               \
          "client: {timeout: 300ms, connect_timeout: 30ms, retry: {attempts: 2, backoff: none}, "  \
          "pool: {warm: 0}}\n"
    (void)state;
    assert_close(one(SLOW_CONNECT, of_b("write_failures")), 20, 1e-12);
    assert_close(one(SLOW_CONNECT, of_b("write_timeouts")), 40, 1e-12);
    assert_close(one(SLOW_CONNECT, (struct wanted){"write_latency", "max", 1, NULL, NULL}), 60e6,
                 0.01);
}

/*
 * redis_lessons 9: on one connection each answer waits for those before it, in both directions, so
 * that jitter becomes a running maximum. The median write is slower than on connections of its own,
 * by a multiple of what jitter adds there; without jitter there is no difference at all.
 */
#define JITTERED(mode, jitter)                                                                     \
    CLIENT_WORLD NETWORK("0%", jitter) "duration: 60s\nwarmup: 10s\n"                              \
                                       "driver: {rate: 500/s, poisson: true, writer: b}\n"         \
                                       "client: {mode: " mode ", timeout: 5s, " WARM_POOL "}\n"
static void a_shared_connection_blocks_behind_its_slowest(void **state)
{
    const struct wanted median = {"write_latency", "p50", 1, NULL, NULL};
    double own = one(JITTERED("pool", "{mean: 5ms}"), median) / 1e6;
    double shared = one(JITTERED("multiplexed", "{mean: 5ms}"), median) / 1e6;

    (void)state;
    print_message("median: %.2f ms on connections of their own, %.2f ms on one\n", own, shared);
    assert_true(shared - 20 > 1.5 * (own - 20));
    assert_close(one(JITTERED("pool", "0ms"), median), one(JITTERED("multiplexed", "0ms"), median),
                 0.02);
    assert_close(one(JITTERED("multiplexed", "{mean: 5ms}"),
                     (struct wanted){"connections_open", NULL, 1, NULL, NULL}),
                 2, 1e-9); /* to either endpoint */
}

/*
 * The same in closed form, one way only. A message that arrives at t leaves the link at the latest
 * of s + D(s) over all messages sent at s <= t. With Poisson messages of rate lambda and
 * exponential D of mean m, those sent before t and still out at t + x are Poisson with mean
 * lambda * integral of P(D > x + s) ds = lambda m e^(-x/m); so the delay is at most x with
 * probability (1 - e^(-x/m)) exp(-lambda m e^(-x/m)). 500/s, 5 ms: a mean of 9.6 ms instead of 5.
 */
static double mean_running_maximum(double rate_per_ms, double m_ms)
{
    const double step = 0.001;
    double mean = 0;

    for (double x = step / 2; x < 40 * m_ms; x += step)
        mean += step * (1 - (1 - exp(-x / m_ms)) * exp(-rate_per_ms * m_ms * exp(-x / m_ms)));
    return mean;
}

static void a_shared_connection_delivers_the_running_maximum(void **state)
{
    const struct wanted mean = {"write_latency", "mean", 1, NULL, NULL};
#define ONE_WAY_JITTER(mode)                                                                       \
    CLIENT_WORLD "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "        \
                 "b -> a: {jitter: {mean: 5ms}, jitter_slot: 0s}}\nduration: 130s\nwarmup: 10s\n"  \
                 "driver: {rate: 500/s, poisson: true, writer: b}\n"                               \
                 "client: {mode: " mode ", timeout: 5s, " WARM_POOL "}\n"
    struct tally own = tally_of(&client_registry, ONE_WAY_JITTER("pool"), 10, mean);
    struct tally shared = tally_of(&client_registry, ONE_WAY_JITTER("multiplexed"), 10, mean);

    (void)state;
    assert_covers(&own, 25e6, 0.005);
    assert_covers(&shared, 20e6 + 1e6 * mean_running_maximum(0.5, 5), 0.01);
}

/* A multiplexed connection survives timeouts and is used again after the outage. */
static void a_shared_connection_survives_an_outage(void **state)
{
    static const char text[] =
        QUIET "duration: 60s\nwarmup: 0s\ndriver: {rate: 50/s, writer: b, cut: b -> a, "
              "cut_from: 10s, cut_for: 2s}\n"
              "client: {mode: multiplexed, timeout: 300ms, retry: {attempts: 1}}\n";

    (void)state;
    assert_close(one(text, of_b("connections_opened")), 0, 1e-12);
    assert_true(one(text, of_b("write_timeouts")) >= 100);
    assert_true(one(text, of_b("write_goodput")) > 2500);
}

/*
 * 100 writes a second with a timeout of 105 ms, 20 ms from a store that hangs from 5 to 6 s. Those
 * sent from 4.99 to 5.90 s get their replies too late, 92 of them. A store that drops what nobody
 * waits for executes only the last of them, which has 5 ms left at 6 s; on a connection that stays
 * open and on those that the client has closed.
 */
#define HANGS(mode, store)                                                                         \
    CLIENT_WORLD_WITH(store)                                                                       \
    NETWORK("0%", "0ms")                                                                           \
    "duration: 20s\nwarmup: 0s\n"                                                                  \
    "driver: {rate: 100/s, writer: b, stall_from: 5s, stall_for: 1s}\n"                            \
    "client: {mode: " mode ", timeout: 105ms, retry: {attempts: 1}}\n"
static void a_store_drops_what_nobody_waits_for(void **state)
{
    static const char *const kept[] = {HANGS("multiplexed", ""),
                                       HANGS("pool, pool: {size: 200, warm: 200}", "")};
    static const char *const dropped[] = {
        HANGS("multiplexed", ", drop_abandoned: true"),
        HANGS("pool, pool: {size: 200, warm: 200}", ", drop_abandoned: true")};
    const struct wanted drops = {"commands_dropped", NULL, 0, NULL, NULL};

    (void)state;
    assert_close(one(kept[0], of_b("ambiguous_writes")), 92, 0);
    assert_close(one(kept[0], drops), 0, 0);
    assert_close(one(dropped[0], drops), 91, 0);
    assert_close(one(dropped[0], of_b("ambiguous_writes")), 1, 0);
    assert_close(one(kept[1], of_b("ambiguous_writes")), 92, 0);
    assert_close(one(dropped[1], drops), 91, 0);
    assert_close(one(dropped[1], of_b("ambiguous_writes")), 1, 0);
    assert_close(one(dropped[0], of_b("write_timeouts")), one(kept[0], of_b("write_timeouts")), 0);
}

/*
 * A client with the rate limit of the AWS SDKs' mode `adaptive` at a store that admits 100/s, of
 * 300/s that are offered. A throttled reply at r = 100/s lowers the rate to 70/s; it is r again
 * after k = cbrt(0.75 r) = 4.2 s, 0.925 r on average until then, and soon after it the store
 * throttles again: so the goodput is 92 to 100/s and a few replies in a hundred are throttled,
 * where two thirds are without a limit.
 */
static void a_cubic_rate_finds_what_the_store_admits(void **state)
{
#define LIMITED(throttle)                                                                          \
    CLIENT_WORLD_WITH(", admission: {rate: 100/s, burst: 2}")                                      \
    NETWORK("0%", "0ms")                                                                           \
    "duration: 330s\nwarmup: 30s\n"                                                                \
    "driver: {rate: 300/s, poisson: true, writer: a}\n"                                            \
    "client: {retry: {attempts: 1}" throttle "}\n"
    const struct wanted refused = {"commands_refused", NULL, 0, NULL, NULL};
    const struct wanted good = {"write_goodput", NULL, 0, NULL, NULL};
    double goodput = one(LIMITED(", throttle: cubic"), good) / 300;
    double throttled = one(LIMITED(", throttle: cubic"), refused) / 300;

    (void)state;
    print_message("goodput %.1f/s, throttled %.2f/s\n", goodput, throttled);
    assert_true(goodput > 85 && goodput <= 100.1);
    assert_true(throttled < 5);
    assert_close(one(LIMITED(""), refused) / 300, 200, 0.02);
}

/*
 * Attempts of 30 ms, 20 ms from the store: a new connection takes 40 ms with TLS 1.3, so that an
 * attempt that closes what it did not live to use never succeeds. One that connects in the
 * background (go-redis from 9.17 on) fails once for each connection of the pool of 2 that it needs,
 * here one, and is answered from the second write on.
 */
static void a_connection_opens_in_the_background(void **state)
{
#define COLD(background)                                                                           \
    QUIET "duration: 9950ms\nwarmup: 0s\ndriver: {rate: 10/s, writer: b}\n"                        \
          "client: {tls: \"1.3\", timeout: 30ms, retry: {attempts: 1}, pool: {size: 2, warm: 0}, " \
          "connect: {background: " background "}}\n"

    (void)state;
    assert_close(one(COLD("false"), of_b("write_failures")), 100, 0);
    assert_close(one(COLD("true"), of_b("write_failures")), 1, 0);
    assert_close(one(COLD("true"), of_b("connections_opened")), 1, 0);
}

/*
 * No replies: a shared connection is closed after 1 s and reopened after another 1 s, at 0, 2, ...
 * 18 s; without the wait at 0, 1, ... 19 s. After 0.5, 1, 2, 4, 8 s (doubling to 8): at 0, 1.5,
 * 3.5, 6.5, 11.5 s.
 */
#define UNREACHABLE(reconnect)                                                                     \
    QUIET "duration: 19950ms\nwarmup: 0s\n"                                                        \
          "driver: {rate: 10/s, writer: b, cut: b -> a, cut_from: 0s}\n"                           \
          "client: {mode: multiplexed, timeout: 500ms, connect_timeout: 1s, pool: {warm: 0}, "     \
          "retry: {attempts: 1}, reconnect: {backoff: " reconnect "}}\n"
static void a_lost_shared_connection_is_opened_after_its_backoff(void **state)
{
    const struct wanted opened = {"connections_opened", NULL, 1, NULL, NULL};

    (void)state;
    assert_close(one(UNREACHABLE("none"), opened), 20, 1e-12);
    assert_close(one(UNREACHABLE("{fixed: 1s}"), opened), 10, 1e-12);
    assert_close(one(UNREACHABLE("{exponential: {base: 500ms, max: 8s}}"), opened), 5, 1e-12);
}

/* --- the order of composition ---------------------------------------------------------------- */

#define DEAF(client)                                                                               \
    QUIET "duration: 60s\nwarmup: 0s\n"                                                            \
          "driver: {rate: 1/s, writer: b, writes: 10, cut: b -> a, cut_from: 0s}\n"                \
          "client: {timeout: 100ms, " WARM_POOL ", " client "}\n"
#define ONE_TOKEN                                                                                  \
    "budget: {bucket: {capacity: 1, cost: 1, timeout_cost: 1, refund: 0, refund_cost: false}}"

/* 1 comes first: an operation without attempts left is not counted as denied. */
static void attempts_are_checked_first(void **state)
{
#define NO_ATTEMPTS DEAF("deadline: 1ms, retry: {attempts: 1, " ONE_TOKEN "}")
    (void)state;
    assert_close(denied(NO_ATTEMPTS, NULL), 0, 1e-12);
    assert_close(one(NO_ATTEMPTS, of_b("write_failures")), 10, 1e-12);
}

/* 2 before 4: 100 ms of timeout and 100 of backoff pass the deadline; the token is never used, so
 * the budget never denies. */
static void deadline_is_asked_before_the_budget(void **state)
{
#define LATE                                                                                       \
    DEAF("deadline: 150ms, retry: {attempts: 2, backoff: {fixed: 100ms}, jitter: none, " ONE_TOKEN \
         "}")
    (void)state;
    assert_close(denied(LATE, "deadline"), 10, 1e-12);
    assert_close(denied(LATE, "budget"), 0, 1e-12);
    assert_close(one(LATE, of_b("write_attempts")), 10, 1e-12);
}

/* 3 before 4: the first failure opens the breaker, which denies its retry; the budget is not
 * charged. The other nine writes are refused before their first attempt. */
static void breaker_is_asked_before_the_budget(void **state)
{
#define TRIPPED                                                                                    \
    DEAF("retry: {attempts: 2, backoff: none, " ONE_TOKEN                                          \
         "}, breaker: {trip: {consecutive: 1}, open: 1h}")
    (void)state;
    assert_close(denied(TRIPPED, "breaker"), 1, 1e-12);
    assert_close(denied(TRIPPED, "budget"), 0, 1e-12);
    assert_close(one(TRIPPED, of_b("breaker_refusals")), 9, 1e-12);
    assert_close(one(TRIPPED, of_b("write_attempts")), 1, 1e-12);
    assert_close(one(TRIPPED, of_b("write_failures")), 10, 1e-12);
}

/* 4 is the last: one token, one retry, nine refusals. */
static void budget_pays_last(void **state)
{
#define POOR DEAF("retry: {attempts: 2, backoff: {fixed: 100ms}, jitter: none, " ONE_TOKEN "}")
    (void)state;
    assert_close(denied(POOR, "budget"), 9, 1e-12);
    assert_close(one(POOR, of_b("write_attempts")), 11, 1e-12);
}

/* 6: the breaker opened during a backoff of 10 s; the retry already charged is not made. Two
 * writes, the second's failure trips (consecutive: 2) while the first waits. */
static void breaker_is_checked_again_after_the_backoff(void **state)
{
#define SLEEPY                                                                                     \
    QUIET "duration: 60s\nwarmup: 0s\n"                                                            \
          "driver: {rate: 1/s, writer: b, writes: 2, cut: b -> a, cut_from: 0s}\n"                 \
          "client: {timeout: 100ms, " WARM_POOL ", retry: {attempts: 2, backoff: {fixed: 10s}, "   \
          "jitter: none}, breaker: {trip: {consecutive: 2}, open: 1h}}\n"
    (void)state;
    assert_close(one(SLEEPY, of_b("breaker_refusals")), 1, 1e-12); /* of the first, at 10.1 s */
    assert_close(denied(SLEEPY, "breaker"), 1, 1e-12);             /* of the second, at 1.1 s */
    assert_close(one(SLEEPY, of_b("write_attempts")), 2, 1e-12);
    assert_close(one(SLEEPY, (struct wanted){"write_latency", "max", 1, NULL, NULL}), 10.1e9, 0.01);
}

/*
 * A write a second, none of which is answered: attempts of 600 ms, 300 ms apart. When the run ends
 * at 130 s the last write has ended one attempt and not the second one. Attempts count with their
 * write: exactly 2 for each that ended, after 1.5 s.
 */
static void attempts_belong_to_their_write(void **state)
{
    const char *text = QUIET "duration: 130s\nwarmup: 0s\n"
                             "driver: {rate: 1/s, writer: b, cut: b -> a, cut_from: 0s}\n"
                             "client: {timeout: 600ms, " WARM_POOL ", retry: {attempts: 2, "
                             "backoff: {fixed: 300ms}, jitter: none}}\n";
    struct wanted failed = {"write_latency", "p50", 1, "failed", NULL};

    (void)state;
    assert_close(one(text, of_b("write_amplification")), 2, 0);
    assert_true(one(text, of_b("write_attempts")) > 2 * one(text, of_b("writes")));
    assert_close(one(text, failed), 1.5e9, 0.01);
    failed.stat = "count";
    assert_close(one(text, failed), one(text, of_b("writes")), 0);
    failed.label = "ok";
    assert_close(one(text, failed), 0, 0);
}

/* --- guards at work -------------------------------------------------------------------------- */

/*
 * 100 writes a second, none of which is answered, each with four attempts: amplification 4; with
 * 20 % + 10/s of them allowed 1 + 0.2 + 10/100 = 1.3; with 100 tokens/s at 10 a retry after a
 * timeout 1 + 100/(10 x 100) = 1.1. 20 runs of 100 s; intervals at most 2 % wide.
 */
#define STORM(budget)                                                                              \
    QUIET "duration: 130s\nwarmup: 30s\n"                                                          \
          "driver: {rate: 100/s, poisson: true, writer: b, cut: b -> a, cut_from: 0s}\n"           \
          "client: {timeout: 100ms, " WARM_POOL ", retry: {attempts: 4, backoff: {fixed: 50ms}, "  \
          "jitter: full, budget: " budget "}}\n"
static void budgets_bound_the_amplification(void **state)
{
    struct tally none = tally_of(&client_registry, STORM("none"), 5, of_b("write_amplification"));
    struct tally share =
        tally_of(&client_registry, STORM("{share: {of_requests: 20%, rate: 10/s, window: 10s}}"),
                 20, of_b("write_amplification"));
    struct tally bucket = tally_of(&client_registry,
                                   STORM("{bucket: {capacity: 100, timeout_cost: 10, cost: 10, "
                                         "refill: 100/s}}"),
                                   20, of_b("write_amplification"));

    (void)state;
    assert_close(none.mean, 4, 0.01);
    assert_covers(&share, 1.3, 0.02);
    assert_covers(&bucket, 1.1, 0.02);
}

/* A budget that never denies a retry has no effect. */
static void an_endless_budget_changes_nothing(void **state)
{
    static const char *const metrics[] = {"write_attempts", "write_timeouts", "write_failures",
                                          "connections_opened"};
#define LOSSY(budget)                                                                              \
    CLIENT_WORLD NETWORK("10%", "1ms") "duration: 60s\nwarmup: 0s\n"                               \
                                       "driver: {rate: 100/s, poisson: true}\n"                    \
                                       "client: {timeout: 50ms, retry: {budget: " budget "}}\n"
    (void)state;
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        const struct wanted wanted = {metrics[i], NULL, 0, NULL, NULL};

        assert_close(one(LOSSY("none"), wanted),
                     one(LOSSY("{share: {of_requests: 100%, rate: 1000000/s}}"), wanted), 1e-12);
    }
}

/*
 * Ten seconds without an answer at 100 writes a second; five failures in a row open the breaker for
 * 2 s. Before it trips some 15 writes time out; then one trial each 2.1 s, which fails; after the
 * outage at most 2.1 s until one succeeds. So nearly all 1000 writes fail at once instead of after
 * their timeout, and the breaker is open about 10 of 30 s on one of the two endpoints.
 */
static void an_open_breaker_fails_fast_and_closes_again(void **state)
{
    static const char text[] =
        QUIET "duration: 30s\nwarmup: 0s\n"
              "driver: {rate: 100/s, writer: b, cut: b -> a, cut_from: 5s, cut_for: 10s}\n"
              "client: {timeout: 100ms, " WARM_POOL ", retry: {attempts: 1}, breaker: {trip: "
              "{consecutive: 5}, open: 2s}}\n";
    double refused = one(text, of_b("breaker_refusals"));
    double open = one(text, of_b("breaker_open_share"));

    (void)state;
    print_message("refused %.0f, open %.3f\n", refused, open);
    assert_true(refused > 900 && refused < 1250);
    assert_true(one(text, of_b("write_timeouts")) < 40);
    assert_true(open > 9.0 / 60 && open < 12.5 / 60);
    assert_true(one(text, of_b("write_goodput")) > 1750);
}

/* --- hedges ---------------------------------------------------------------------------------- */

/*
 * Reads inside a region that loses 30 % each way: an attempt is answered within its 100 ms with
 * 1 - q = 0.7^2, as a loss costs more than 200 ms. One hedge after 10 ms makes it two attempts that
 * are independent: q^2 of the reads fail. A hedge is sent for each read not answered at once, q of
 * them, and wins where the first attempt is lost and it is not, q (1 - q).
 */
#define HEDGED(hedges)                                                                             \
    CLIENT_WORLD NETWORK("30%", "0ms") "duration: 210s\nwarmup: 10s\n"                             \
                                       "driver: {rate: 100/s, poisson: true, writer: b, "          \
                                       "reader: a, read_after: 1s}\n"                              \
                                       "client: {timeout: 5s, read_timeout: 100ms, retry: "        \
                                       "{read_attempts: 1}, " WARM_POOL ", hedge: {reads: " hedges \
                                       ", after: 10ms}}\n"
static void hedges_square_the_share_of_failed_reads(void **state)
{
    const struct wanted failures = {"read_failure_rate", NULL, 0, NULL, NULL};
    const double q = 1 - 0.7 * 0.7;
    struct tally none = tally_of(&client_registry, HEDGED("0"), 10, failures);
    struct tally hedged = tally_of(&client_registry, HEDGED("1"), 10, failures);
    struct tally twice = tally_of(&client_registry, HEDGED("2"), 10, failures);
    double reads = one(HEDGED("1"), (struct wanted){"reads", NULL, 0, NULL, NULL});

    (void)state;
    assert_covers(&none, q, 0.02);
    assert_covers(&hedged, q * q, 0.04);
    assert_covers(&twice, q * q * q, 0.06);
    assert_close(one(HEDGED("1"), (struct wanted){"hedges", NULL, 0, NULL, NULL}) / reads, q, 0.03);
    assert_close(one(HEDGED("1"), (struct wanted){"hedges_won", NULL, 0, NULL, NULL}) / reads,
                 q * (1 - q), 0.05);
}

/* Hedges pay as retries do: ten tokens, ten hedges. */
static void hedges_pay_from_the_budget(void **state)
{
    static const char text[] =
        CLIENT_WORLD NETWORK("30%", "0ms") "duration: 60s\nwarmup: 0s\n"
                                           "driver: {rate: 100/s, writer: b, reader: a, "
                                           "read_after: 1s}\n"
                                           "client: {timeout: 5s, read_timeout: 100ms, "
                                           "hedge: {reads: 1, after: 10ms}, " WARM_POOL ", "
                                           "retry: {read_attempts: 1, budget: {bucket: {capacity: "
                                           "10, cost: 1, timeout_cost: 1, refund: 0, refund_cost: "
                                           "false}}}}\n";

    (void)state;
    assert_close(one(text, (struct wanted){"hedges", NULL, 0, NULL, NULL}), 10, 1e-12);
    assert_true(one(text, (struct wanted){"retries_denied", NULL, 0, "budget", NULL}) > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_first_waiting_saves_a_starved_pool),
        cmocka_unit_test(connections_are_replaced_when_their_life_is_over),
        cmocka_unit_test_setup(reuse_decides_how_many_connections_are_used, client_seen_nothing),
        cmocka_unit_test_setup(address_is_kept_as_long_as_the_cache_says, client_seen_nothing),
        cmocka_unit_test_setup(read_after_write_policies_decide_what_a_read_sees,
                               client_seen_nothing),
        cmocka_unit_test(connect_timeout_ends_the_attempt),
        cmocka_unit_test(a_shared_connection_blocks_behind_its_slowest),
        cmocka_unit_test(a_shared_connection_delivers_the_running_maximum),
        cmocka_unit_test(a_shared_connection_survives_an_outage),
        cmocka_unit_test(a_store_drops_what_nobody_waits_for),
        cmocka_unit_test(a_cubic_rate_finds_what_the_store_admits),
        cmocka_unit_test(a_connection_opens_in_the_background),
        cmocka_unit_test(a_lost_shared_connection_is_opened_after_its_backoff),
        cmocka_unit_test(attempts_are_checked_first),
        cmocka_unit_test(deadline_is_asked_before_the_budget),
        cmocka_unit_test(breaker_is_asked_before_the_budget),
        cmocka_unit_test(budget_pays_last),
        cmocka_unit_test(breaker_is_checked_again_after_the_backoff),
        cmocka_unit_test(attempts_belong_to_their_write),
        cmocka_unit_test(budgets_bound_the_amplification),
        cmocka_unit_test(an_endless_budget_changes_nothing),
        cmocka_unit_test(an_open_breaker_fails_fast_and_closes_again),
        cmocka_unit_test(hedges_square_the_share_of_failed_reads),
        cmocka_unit_test(hedges_pay_from_the_budget),
    };

    return cmocka_run_group_tests_name("client_behaviour", tests, client_seen_nothing, NULL);
}
