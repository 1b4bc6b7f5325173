// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The store's client over real links and a real store: connections, timeouts, ambiguity. Writes
 * come from b, 20 ms away from the primary in a, unless a case says otherwise. Retries by numbers
 * are in sim/tests/retry_analytic_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"

#define WRITES_MAX 1000
static struct {
    sim_dur latency[WRITES_MAX + 1]; /* by number, from 1 */
    enum op_outcome outcome[WRITES_MAX + 1];
    uint32_t attempts[WRITES_MAX + 1];
} ended;

static void write_ended(uint64_t number, sim_time begun, sim_time now,
                        const struct op_result *result)
{
    assert_true(number <= WRITES_MAX);
    ended.latency[number] = now - begun;
    ended.outcome[number] = result->outcome;
    ended.attempts[number] = result->attempts;
}

/* Run a client and a driver; the caller reads and frees the statistics. */
static struct world *run_client(const char *client, const char *driver, struct scenario **scenario)
{
    char text[2000];

    memset(&ended, 0, sizeof ended);
    client_seen.write_done = write_ended;
    snprintf(text, sizeof text,
             "%sduration: 60s\nwarmup: 0s\n"
             "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}, "
             "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}}\n"
             "client: {%s}\ndriver: {writer: b, %s}\n",
             CLIENT_WORLD, client, driver);
    *scenario = scenario_of(&client_registry, text);
    return world_of(*scenario, 0, NULL);
}

static double count_of(const struct world *world, const char *metric, int region)
{
    double value = statistic_or_nan(world, (struct wanted){metric, NULL, region, NULL, NULL});

    return isnan(value) ? 0 : value;
}

static void done(struct world *world, struct scenario *scenario)
{
    world_free(world);
    scenario_free(scenario);
}

/* --- claims -------------------------------------------------------------------------------------
 */

/* A cold connection adds the round trips of TCP (one) and TLS (1.3: one, 1.2: two) to that of the
 * write; a warm one adds nothing. */
static void cold_connection_costs_round_trips(void **state)
{
    static const struct {
        const char *client;
        sim_dur first_ms;
    } cases[] = {{"tls: none, pool: {warm: 0}", 40},
                 {"tls: \"1.3\", pool: {warm: 0}", 60},
                 {"tls: \"1.2\", pool: {warm: 0}", 80},
                 {"tls: \"1.2\", auth: true, pool: {warm: 0}", 100},
                 {"tls: none, auth: true, pool: {warm: 0}", 60},
                 {"tls: \"1.3\", auth: true, pool: {warm: 1}", 20},
                 {"tls: \"1.3\", pool: {warm: 1}", 20}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *scenario;
        struct world *world = run_client(cases[i].client, "rate: 1/s, writes: 2", &scenario);

        done(world, scenario);
        assert_int_equal(ended.latency[1], cases[i].first_ms * SIM_MS);
        assert_int_equal(ended.latency[2], 20 * SIM_MS);
    }
}

/*
 * The timeout covers the handshake: below two round trips no attempt on a new connection succeeds
 * (redis_lessons 7). The server still executes each of the 300 attempts: the command arrives after
 * 30 ms, the attempt times out at 35 ms, the reply would arrive at 40 ms.
 */
static void timeout_below_two_round_trips_never_succeeds_cold(void **state)
{
    struct scenario *scenario;
    struct world *world = run_client("timeout: 35ms, tls: none, pool: {warm: 0}, "
                                     "retry: {attempts: 3, backoff: none}",
                                     "rate: 10/s, writes: 100", &scenario);

    (void)state;
    for (int i = 1; i <= 100; i++)
        assert_int_equal(ended.outcome[i], OP_FAILED);
    assert_int_equal((int)count_of(world, "connections_opened", 1), 300);
    assert_int_equal((int)count_of(world, "store_writes", 0), 300);
    assert_int_equal((int)count_of(world, "repeated_writes", 0), 200);
    assert_int_equal((int)count_of(world, "ambiguous_writes", 1), 300);
    done(world, scenario);
}

/*
 * One connection, a write every 10 ms, 20 ms each: they queue, and the wait counts. Started at 0,
 * 10, 20 ms, answered at 20, 40, 60 ms.
 */
static void writes_wait_in_line_for_a_connection(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run_client("pool: {size: 1, warm: 1}", "rate: 100/s, writes: 3", &scenario);

    (void)state;
    done(world, scenario);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(ended.latency[i], (10 + 10 * i) * SIM_MS);
}

/* Waiting counts against the timeout too: with 35 ms the third, sent at 40 ms with 15 ms left,
 * times out at 55 ms; the server executes it for nothing (redis_lessons 6). */
static void waiting_counts_against_the_timeout(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run_client("pool: {size: 1, warm: 1}, timeout: 35ms, retry: {attempts: 1}",
                   "rate: 100/s, writes: 3", &scenario);

    (void)state;
    assert_int_equal(ended.outcome[2], OP_DONE);
    assert_int_equal(ended.outcome[3], OP_FAILED);
    assert_int_equal(ended.latency[3], 35 * SIM_MS);
    assert_int_equal((int)count_of(world, "store_writes", 0), 3);
    assert_int_equal((int)count_of(world, "ambiguous_writes", 1), 1);
    done(world, scenario);
}

/* Replies are lost: each write is executed and times out, so all are ambiguous. */
static void executed_but_unanswered_writes_are_ambiguous(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run_client("retry: {attempts: 1}", "rate: 10/s, writes: 10, cut: a -> b", &scenario);

    (void)state;
    assert_int_equal((int)count_of(world, "write_failures", 1), 10);
    assert_int_equal((int)count_of(world, "store_writes", 0), 10);
    assert_int_equal((int)count_of(world, "ambiguous_writes", 1), 10);
    done(world, scenario);
}

/*
 * Requests are lost for 2 s: the client times out and closes, but TCP retransmits what it has
 * accepted, and the server executes it (redis_lessons 2, 3). Three attempts per write: three
 * executions, two of them repeated.
 */
static void abandoned_requests_still_run_after_the_outage(void **state)
{
    struct scenario *scenario;
    struct world *world = run_client(
        "timeout: 100ms, retry: {attempts: 3, backoff: none}, pool: {size: 100, warm: 100}",
        "rate: 100/s, writes: 10, cut: b -> a, cut_for: 2s", &scenario);

    (void)state;
    assert_int_equal((int)count_of(world, "write_failures", 1), 10);
    assert_int_equal((int)count_of(world, "store_writes", 0), 30);
    assert_int_equal((int)count_of(world, "ambiguous_writes", 1), 30);
    assert_int_equal((int)count_of(world, "repeated_writes", 0), 20);
    done(world, scenario);
}

/* A pool that closes connections on timeout opens a new one for each; a pool that keeps them does
 * not. */
static void closing_on_timeout_feeds_back(void **state)
{
    static const char *const cut =
        "rate: 10/s, writes: 100, cut: a -> b, cut_from: 1s, cut_for: 5s";
    struct scenario *scenario;
    struct world *world;
    double closing, keeping;

    (void)state;
    world = run_client("retry: {attempts: 1}, pool: {size: 100, warm: 100}", cut, &scenario);
    closing = count_of(world, "write_timeouts", 1);
    assert_true(count_of(world, "connections_open", 1) < 200);
    done(world, scenario);
    world =
        run_client("retry: {attempts: 1}, pool: {size: 100, warm: 100, close_on_timeout: false}",
                   cut, &scenario);
    keeping = count_of(world, "write_timeouts", 1);
    assert_int_equal((int)count_of(world, "connections_opened", 1), 0);
    done(world, scenario);
    assert_true(closing >= 45 && keeping >= 45);
}

/* After a promotion writes on old connections are refused once each; the client resolves the name
 * again and all succeed. */
static void readonly_answers_lead_to_the_new_primary(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run_client("pool: {size: 20, warm: 5}, retry: {attempts: 4}, dns_cache: ttl",
                   "rate: 50/s, writes: 500, promote_at: 5s", &scenario);

    (void)state;
    assert_int_equal((int)count_of(world, "write_failures", 1), 0);
    assert_int_equal((int)count_of(world, "writes", 1), 500);
    assert_true(count_of(world, "store_writes", 1) > 200);
    done(world, scenario);
}

/* The backoff ends before the next attempt: an operation has at most one attempt in progress, and
 * at the end started = ended. */
static void every_write_ends_once(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run_client("timeout: 50ms, retry: {attempts: 4, backoff: {fixed: 5ms}}",
                   "rate: 100/s, writes: 1000, cut: b -> a, cut_from: 2s, cut_for: 2s", &scenario);

    (void)state;
    done(world, scenario);
    assert_int_equal(client_seen.writes_begun, 1000);
    assert_int_equal(client_seen.writes_ended, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cold_connection_costs_round_trips, client_seen_nothing),
        cmocka_unit_test_setup(timeout_below_two_round_trips_never_succeeds_cold,
                               client_seen_nothing),
        cmocka_unit_test_setup(writes_wait_in_line_for_a_connection, client_seen_nothing),
        cmocka_unit_test_setup(waiting_counts_against_the_timeout, client_seen_nothing),
        cmocka_unit_test_setup(executed_but_unanswered_writes_are_ambiguous, client_seen_nothing),
        cmocka_unit_test_setup(abandoned_requests_still_run_after_the_outage, client_seen_nothing),
        cmocka_unit_test_setup(closing_on_timeout_feeds_back, client_seen_nothing),
        cmocka_unit_test_setup(readonly_answers_lead_to_the_new_primary, client_seen_nothing),
        cmocka_unit_test_setup(every_write_ends_once, client_seen_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
