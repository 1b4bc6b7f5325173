// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Clients that learn the primary's address from the cluster's topology. Writes come from b, 20 ms
 * away from the primary in a; b is promoted in the run. Between b's client and a TCP carries
 * everything in one round trip; times are those of the client's rules.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"

static struct {
    sim_time last_failure, first_success_after; /* starts of writes */
    uint32_t failures, attempts_most;
} seen;
static sim_time trouble; /* when it begins */

static void write_ended(uint64_t number, sim_time begun, sim_time now,
                        const struct op_result *result)
{
    (void)number, (void)now;
    if (result->outcome == OP_FAILED) {
        seen.failures++;
        seen.last_failure = begun;
    } else if (begun > trouble && seen.first_success_after == 0) {
        seen.first_success_after = begun;
    }
    if (result->attempts > seen.attempts_most)
        seen.attempts_most = result->attempts;
}

static const char *server_closes = "true"; /* store.close_on_replica_write */

/* Returns how often the topology was read. */
static int run(const char *client, const char *driver)
{
    struct scenario *scenario;
    struct world *world;
    char text[2000];
    double reads;

    memset(&seen, 0, sizeof seen);
    client_seen.write_done = write_ended;
    snprintf(
        text, sizeof text,
        CLIENT_WORLD_WITH(", close_on_replica_write: %s") "duration: 2min\nwarmup: 0s\n"
                                                          "network: {default: {rtt: 20ms, jitter: "
                                                          "0ms, spike_share: 0%%, loss: 0%%}, "
                                                          "inside: {rtt: 1ms, jitter: 0ms, "
                                                          "spike_share: 0%%, loss: 0%%}}\n"
                                                          "client: {retry: {attempts: 1}, "
                                                          "%s}\ndriver: {writer: b, rate: 10/s, "
                                                          "%s}\n",
        server_closes, client, driver);
    scenario = scenario_of(&client_registry, text);
    world = world_of(scenario, 0, NULL);
    reads = statistic_or_nan(world, (struct wanted){"topology_reads", NULL, 1, NULL, NULL});
    world_free(world);
    scenario_free(scenario);
    return isnan(reads) ? 0 : (int)reads;
}

/*
 * Reports R34 (lettuce issue 2308): a node fails at 10 s, its replica has taken over within 5 s,
 * and the client notices after 30 s, the limit of its refreshes. The first timeout, at 10.1 s,
 * reads the topology, which still names the old primary; what asks before 40.1 s is ignored. A
 * limit of 6 s: 16.1 s; without limit: at the first timeout after 15 s.
 */
static void a_limit_of_refreshes_is_how_long_a_takeover_goes_unnoticed(void **state)
{
    static const struct {
        const char *limit;
        sim_time from, to;
    } cases[] = {{"30s", 40 * SIM_S, 40300 * SIM_MS},
                 {"6s", 16 * SIM_S, 16300 * SIM_MS},
                 {"0s", 15 * SIM_S, 15300 * SIM_MS}};
    char client[200];

    (void)state;
    trouble = 10 * SIM_S;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(
            client, sizeof client,
            "timeout: 100ms, topology: {cluster: {limit: %s}}, errors: {timeout: {refresh: true}}",
            cases[i].limit);
        run(client, "cut: a <-> b, cut_from: 10s, promote_at: 15s");
        assert_in_range(seen.first_success_after, cases[i].from, cases[i].to);
        assert_true(seen.last_failure <= cases[i].to);
    }
}

/* Read at an interval only: a takeover at 15 s is found at 20 s, 25 s, 40 s. */
static void a_periodic_refresh_finds_it_at_its_next_turn(void **state)
{
    (void)state;
    trouble = 10 * SIM_S;
    assert_int_equal(run("timeout: 100ms, topology: {cluster: {refresh: 20s, phase: 0s}}",
                         "cut: a <-> b, cut_from: 10s, promote_at: 15s"),
                     6); /* 20, 40 ... 120 s */
    assert_in_range(seen.first_success_after, 20 * SIM_S - 100 * SIM_MS, 20200 * SIM_MS);
    run("timeout: 100ms, topology: {cluster: {refresh: 25s, phase: 0s}}",
        "cut: a <-> b, cut_from: 10s, promote_at: 15s");
    assert_in_range(seen.first_success_after, 25 * SIM_S - 100 * SIM_MS, 25200 * SIM_MS);
}

/*
 * The primary is demoted while it is healthy. In cluster mode it answers MOVED: each write needs
 * one more attempt, none fails, and no connection is closed for it; with a refresh on MOVED only
 * the first ones do. By its name, a client that keeps its connection and does not retry fails to
 * the end.
 */
static void a_demoted_primary_redirects(void **state)
{
    (void)state;
    trouble = 10 * SIM_S;
    assert_int_equal(run("topology: {cluster: {}}, timeout: 300ms, errors: {moved: {attempts: 5}}",
                         "promote_at: 10s"),
                     0);
    assert_int_equal(seen.failures, 0);
    assert_int_equal(seen.attempts_most, 2);
    assert_int_equal(run("topology: {cluster: {}}, timeout: 300ms, errors: {moved: {attempts: 5, "
                         "refresh: true}}",
                         "promote_at: 10s"),
                     1);
    assert_int_equal(seen.failures, 0);
    /* By the server's close the next connection asks for the name, whose records change within 2 s:
     * 10/s fail until then. */
    run("errors: {readonly: {retry: false, close: false}}", "promote_at: 10s");
    assert_in_range(seen.failures, 10, 30);
    server_closes = "false";
    run("errors: {readonly: {retry: false, close: false}}", "promote_at: 10s");
    server_closes = "true";
    assert_in_range(seen.failures, 1095, 1101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_limit_of_refreshes_is_how_long_a_takeover_goes_unnoticed,
                               client_seen_nothing),
        cmocka_unit_test_setup(a_periodic_refresh_finds_it_at_its_next_turn, client_seen_nothing),
        cmocka_unit_test_setup(a_demoted_primary_redirects, client_seen_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
