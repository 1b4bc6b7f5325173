// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Aurora DSQL: latencies of reads and commits, the share of aborted transactions against 1 -
 * exp(-lambda w), refusals of an isolated region, the limit on new connections, and
 * linearizability.
 *
 * Round trips: a - b 40 ms, a - c 40 ms, b - c 20 ms (c is the witness), 1 ms inside.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kind_rig.h"

#define QUIET "jitter: 0ms, spike_share: 0%, loss: 0%"
#define NETWORK(between_b_and_c)                                                                   \
    "network: {default: {rtt: 40ms, " QUIET "}, b <-> c: {rtt: " between_b_and_c "}, "             \
    "inside: {rtt: 1ms, " QUIET "}}\n"
#define WORLD(duration, store, network, driver)                                                    \
    "regions: {a: {}, b: {}, c: {}}\nduration: " duration "\nwarmup: 0s\n"                         \
    "store: {kind: aurora-dsql, read_latency: 0ms, write_latency: 0ms" store "}\n" network         \
    "client: {timeout: 5s, read_timeout: 5s, retry: {attempts: 1, read_attempts: 1}, "             \
    "pool: {size: 200, warm: 200}}\ndriver: {" driver "}\n"

/* A commit takes the round trip to the nearer of peer and witness, a read none. */
static void only_commits_cross_regions(void **state)
{
    static const struct client_step steps[] = {
        {1000 * SIM_MS, 0, COMMAND_CREATE, 1}, {2000 * SIM_MS, 1, COMMAND_TOUCH, 1},
        {3000 * SIM_MS, 0, COMMAND_GET, 1},    {3000 * SIM_MS, 1, COMMAND_GET, 1},
        {4000 * SIM_MS, 1, COMMAND_DELETE, 1}, {5000 * SIM_MS, 0, COMMAND_GET, 1},
    };

    (void)state;
    run(WORLD("10s", "", NETWORK("20ms"), "rate: 0/s"), steps, 6);
    assert_op(1000, 0, OUTCOME_OK, 41);
    assert_op(2000, 1, OUTCOME_OK, 21);
    assert_op(3000, 0, OUTCOME_OK, 1);
    assert_op(3000, 1, OUTCOME_OK, 1);
    assert_op(4000, 1, OUTCOME_OK, 21);
    assert_op(5000, 0, OUTCOME_MISS, 1);
    done();
}

/*
 * b writes one session as a Poisson process of lambda = 20/s. It is next to the witness, 1 us away,
 * so that its own transactions never meet. a writes the same session each 0.5 s; its transaction
 * begins at a and is judged one way of 20 ms later, by b and c at once: it is aborted if b has
 * committed in these w = 20 ms, with probability 1 - exp(-lambda w) = 1 - exp(-0.4) = 33.0 %.
 */
#define OTHERS 20000
#define OWN 2000
static void aborted_share_is_that_of_a_poisson_process(void **state)
{
    static struct client_step steps[OTHERS + OWN];
    double at = 0, expected = 1 - exp(-0.4), share;
    double deviation = sqrt(expected * (1 - expected) / OWN);

    (void)state;
    for (uint32_t i = 0; i < OTHERS; i++) {
        at -= log(rng_unit(rng_mix(i + 1))) / 20;
        steps[i] = (struct client_step){(sim_time)(at * (double)SIM_S), 1, COMMAND_TOUCH, 7};
    }
    for (uint32_t i = 0; i < OWN; i++)
        steps[OTHERS + i] =
            (struct client_step){(sim_time)(i + 1) * 480 * SIM_MS, 0, COMMAND_TOUCH, 7};
    assert_true(steps[OTHERS - 1].at > steps[OTHERS + OWN - 1].at);
    client_plan.steps = steps;
    client_plan.count = OTHERS + OWN;
    scenario = scenario_of(&client_registry, WORLD("1100s", "", NETWORK("0.001ms"), "rate: 0/s"));
    world = world_of(scenario, 0, NULL);
    client_plan.count = 0;
    share = wanted("conflicts", NULL, 0) / OWN;
    print_message("%.4f, found %.4f, standard deviation %.4f\n", expected, share, deviation);
    assert_true(fabs(share - expected) < 3 * deviation);
    assert_true(wanted("conflicts", NULL, 1) < 0.001 * OTHERS);
    world_free(world);
    scenario_free(scenario);
}

/* a is cut off from 10 to 30 s. What begins within 2 s of the last heartbeat waits for the timeout,
 * or is read locally; then a refuses reads and writes, and b goes on by way of the witness. */
static void isolated_region_refuses_reads_too(void **state)
{
    static const struct client_step steps[] = {
        {5000 * SIM_MS, 0, COMMAND_CREATE, 1}, {10100 * SIM_MS, 0, COMMAND_TOUCH, 1},
        {10200 * SIM_MS, 0, COMMAND_GET, 1},   {15000 * SIM_MS, 0, COMMAND_TOUCH, 1},
        {16000 * SIM_MS, 0, COMMAND_GET, 1},   {17000 * SIM_MS, 1, COMMAND_TOUCH, 1},
        {18000 * SIM_MS, 1, COMMAND_GET, 1},   {35000 * SIM_MS, 0, COMMAND_GET, 1},
        {36000 * SIM_MS, 0, COMMAND_TOUCH, 1},
    };

    (void)state;
    run(WORLD("40s", "", NETWORK("20ms"), "rate: 0/s, isolate: a, cut_from: 10s, cut_for: 20s"),
        steps, 9);
    assert_op(5000, 0, OUTCOME_OK, 41);
    assert_op(10100, 0, OUTCOME_FAILED, 1001);
    assert_op(10200, 0, OUTCOME_OK, 1);
    assert_op(15000, 0, OUTCOME_FAILED, 1);
    assert_op(16000, 0, OUTCOME_FAILED, 1);
    assert_op(17000, 1, OUTCOME_OK, 21);
    assert_op(18000, 1, OUTCOME_OK, 1);
    assert_op(35000, 0, OUTCOME_OK, 1);
    assert_op(36000, 0, OUTCOME_OK, 41);
    assert_close(wanted("minority_refusals", NULL, 0), 3, 0);
    done();
}

/* 1000 writes at 1000/s open a connection each, of a bucket of 300 that gets 100/s: 300 + 100 of
 * them are admitted, the others are refused and not retried. */
static void new_connections_are_limited_by_a_bucket(void **state)
{
    (void)state;
    scenario = scenario_of(
        &client_registry,
        "regions: {a: {}, b: {}, c: {}}\nduration: 10s\nwarmup: 0s\n"
        "store: {kind: aurora-dsql, read_latency: 0ms, write_latency: 5s, "
        "connections: {burst: 300, rate: 100/s}}\n" NETWORK(
            "20ms") "client: {timeout: 9s, retry: {attempts: 1}, pool: {size: 5000, warm: 0}}\n"
                    "driver: {rate: 1000/s, writes: 1000}\n");
    world = world_of(scenario, 0, NULL);
    assert_close(wanted("connections_throttled", NULL, 0), 600, 0.01);
    assert_close(wanted("write_failures", NULL, 0), 600, 0.01);
    world_free(world);
    scenario_free(scenario);
}

/* Those of pools that are warm when the run begins were opened before: 1500 are more than the
 * bucket has, and all serve. */
static void warm_connections_were_admitted_before(void **state)
{
    (void)state;
    scenario = scenario_of(
        &client_registry,
        "regions: {a: {}, b: {}, c: {}}\nduration: 10s\nwarmup: 0s\n"
        "store: {kind: aurora-dsql, read_latency: 0ms, write_latency: 5s}\n" NETWORK(
            "20ms") "client: {timeout: 9s, retry: {attempts: 1}, pool: {size: 1500, warm: 1500}}\n"
                    "driver: {rate: 1500/s, writes: 1500, writer: a}\n");
    world = world_of(scenario, 0, NULL);
    assert_close(wanted("connections_throttled", NULL, 0), 0, 0);
    assert_close(wanted("write_failures", NULL, 0), 0, 0);
    world_free(world);
    scenario_free(scenario);
}

#define KEYS 16
#define STEPS 6000
static void transactions_are_linearizable(void **state)
{
    static struct client_step steps[STEPS];

    (void)state;
    for (uint32_t i = 0; i < STEPS; i++) {
        uint64_t word = rng_mix(i + 1);

        steps[i] = (struct client_step){.at = (sim_time)(i + 1) * 5 * SIM_MS +
                                              (sim_time)(word % (uint64_t)SIM_MS),
                                        .region = (int)((word >> 32) % 2),
                                        .kind = word >> 60 < 8 ? COMMAND_GET : COMMAND_TOUCH,
                                        .session = (uint32_t)(word >> 40) % KEYS};
    }
    run(WORLD("40s", "", NETWORK("20ms"), "rate: 0/s, isolate: a, cut_from: 12s, cut_for: 6s"),
        steps, STEPS);
    assert_true(wanted("conflicts", NULL, -1) > 100);
    assert_int_equal(history_not_linearizable(&history, false, NULL), 0);
    assert_int_equal(history_lost_writes(&history, 5 * SIM_S, NULL), 0);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_commits_cross_regions),
        cmocka_unit_test(aborted_share_is_that_of_a_poisson_process),
        cmocka_unit_test(isolated_region_refuses_reads_too),
        cmocka_unit_test(new_connections_are_limited_by_a_bucket),
        cmocka_unit_test(warm_connections_were_admitted_before),
        cmocka_unit_test(transactions_are_linearizable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
