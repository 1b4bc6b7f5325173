// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Global tables with eventual consistency: last writer wins against an independent replay of the
 * writes in a history, staleness and throttling against closed forms, and what a cut of the link
 * delays.
 *
 * Two regions 20 ms apart (10 ms one way), 1 ms inside; the service takes no time unless a test
 * says so.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"
#include "history_run.h"
#include "writers_rig.h"

#define ONE_WAY (10 * SIM_MS)

static const struct model_ops *const table_models[] = {&client_driver_ops, &wan_link_ops,
                                                       &store_ops, &store_client_ops};
static const struct registry table_registry = {table_models, 4};

/* The store's parameters and the driver's. */
#define WORLD(regions, duration, store, driver)                                                    \
    "regions: {" regions "}\nduration: " duration "\nwarmup: 0s\n"                                 \
    "store: {kind: dynamodb-global-tables, read_latency: 0ms, write_latency: 0ms, " store "}\n"    \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "client: {retry: {attempts: 1, read_attempts: 1}, pool: {size: 200, warm: 200}}\n"             \
    "driver: {" driver "}\n"
#define NO_WRITES "rate: 0/s"
#define TWO "a: {}, b: {}"
#define THREE "a: {}, b: {}, c: {}"

static double wanted(const struct world *world, const char *metric, int region)
{
    return statistic_of(world, (struct wanted){.metric = metric, .region = region});
}

/* --- last writer wins ------------------------------------------------------------------------ */

/* Regions agree on the last write, and the lost ones are those that the replay finds: replication
 * takes 300 ms and the way. */
static void last_writer_wins_as_in_a_replay_of_the_writes(void **state)
{
    static struct client_step steps[STEPS];
    const sim_dur lag = 300 * SIM_MS + ONE_WAY;

    (void)state;
    for (uint32_t replication = 0; replication < 3; replication++) {
        struct scenario *scenario;
        struct history history;
        struct world *world;
        double lost = 0;

        plan_writes(steps, 2 + replication % 2, replication * 1000000);
        client_plan.steps = steps;
        client_plan.count = STEPS;
        world = history_run(&table_registry,
                            replication % 2
                                ? WORLD(THREE, "80s", "replication: {delay: 300ms}", NO_WRITES)
                                : WORLD(TWO, "80s", "replication: {delay: 300ms}", NO_WRITES),
                            replication, &scenario, &history);
        client_plan.count = 0;
        assert_int_equal(history.write_count, WRITES);
        for (size_t i = 0; i < history.write_count; i++)
            lost += is_lost(&history, &history.writes[i], lag);
        for (size_t i = 0; i < history.op_count; i++)
            if (!history.ops[i].is_write)
                assert_int_equal(history.ops[i].value,
                                 last_of(&history, history.ops[i].session)->value);
        print_message("%.0f of %d writes lost\n", lost, WRITES);
        assert_true(lost > WRITES / 10);
        assert_close(wanted(world, "conflicts", -1), lost, 0);
        world_free(world);
        scenario_free(scenario);
        history_release(&history);
    }
}

/* With clocks that deviate by up to a second the regions agree all the same, on another write than
 * the last one of some sessions. */
static void skewed_clocks_let_an_earlier_write_win(void **state)
{
    static struct client_step steps[STEPS];
    struct scenario *scenario;
    struct history history;
    struct world *world;
    size_t earlier = 0;

    (void)state;
    plan_writes(steps, 2, 5);
    client_plan.steps = steps;
    client_plan.count = STEPS;
    world = history_run(&table_registry,
                        WORLD(TWO, "80s", "clock_skew: 1s, replication: {delay: 300ms}", NO_WRITES),
                        0, &scenario, &history);
    client_plan.count = 0;
    assert_int_equal(history_not_converged(&history, 5 * SIM_S, NULL), 0);
    for (size_t i = 0; i < history.op_count; i++)
        earlier += !history.ops[i].is_write &&
                   history.ops[i].value != last_of(&history, history.ops[i].session)->value;
    assert_true(earlier > 0);
    world_free(world);
    scenario_free(scenario);
    history_release(&history);
}

/* --- staleness ------------------------------------------------------------------------------- */

/*
 * A write is executed in a, its reply takes 0.5 ms, a client in b reads 109 ms later, and the read
 * is executed 0.5 ms later: 110 ms after the write. The write is there after a delay of an
 * exponential of mean 100 ms and the way of 10 ms: the read misses with probability exp(-1).
 */
static void stale_share_is_that_of_the_delay(void **state)
{
    struct scenario *scenario =
        scenario_of(&table_registry,
                    WORLD(TWO, "110s", "replication: {delay: exponential(100ms)}",
                          "rate: 200/s, writes: 20000, read_after: 109ms, writer: a, reader: b"));
    struct world *world;
    double share, expected = exp(-1), deviation = sqrt(expected * (1 - expected) / 20000);

    (void)state;
    client_seen_nothing(NULL);
    world = world_of(scenario, 0, NULL);
    assert_int_equal(client_seen.reads, 20000);
    share = (double)client_seen.misses / 20000;
    print_message("%.4f, found %.4f, standard deviation %.4f\n", expected, share, deviation);
    assert_true(fabs(share - expected) < 3 * deviation);
    assert_close(
        statistic_of(world,
                     (struct wanted){.metric = "replication_lag", .stat = "mean", .region = 1}),
        110e6, 0.02);
    world_free(world);
    scenario_free(scenario);
}

/* --- capacity -------------------------------------------------------------------------------- */

/* 150 writes a second for 60 s, of 1100 bytes and 48 of overhead: two units each. A table of 200
 * units a second keeps 10 s of them: 300 x 60 - (2000 + 200 x 60) = 4000 units, 2000 writes. */
static void throttled_writes_are_those_of_the_bucket(void **state)
{
    struct scenario *scenario = scenario_of(
        &table_registry,
        WORLD("a: {}", "70s",
              "capacity: {provisioned: {write: 200/s, auto_scaling: false, burst: 10s}}",
              "rate: 150/s, writes: 9000"));
    struct world *world = world_of(scenario, 0, NULL);

    (void)state;
    assert_close(wanted(world, "throttled_requests", 0), 2000, 0.002);
    assert_close(wanted(world, "write_failures", 0), 2000, 0.002);
    assert_close(wanted(world, "consumed_write_units", 0), 2 * 7000, 0.002);
    world_free(world);
    scenario_free(scenario);
}

/* The other region replicates 150 writes of two units a second with 200: in 60 s it lacks 18 000 -
 * (2000 + 12 000) = 4000 units, and its last write waits 4000 / 200 = 20 s. */
static void replicated_writes_wait_for_capacity(void **state)
{
    struct scenario *scenario = scenario_of(
        &table_registry,
        "regions: {a: {}, b: {}}\nduration: 100s\nwarmup: 0s\n"
        "store: {kind: dynamodb-global-tables, read_latency: 0ms, write_latency: 0ms, "
        "replication: {delay: 0ms}, capacity: {provisioned: {write: 300/s, min_write: 200/s, "
        "cold: [b], auto_scaling: false, burst: 10s}}}\n"
        "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"
        "driver: {rate: 150/s, writes: 9000}\n");
    struct world *world = world_of(scenario, 0, NULL);

    (void)state;
    assert_close(wanted(world, "throttled_requests", 0), 0, 0);
    for (int region = 0; region < 2; region++) /* a replicated write takes units again */
        assert_close(wanted(world, "consumed_write_units", region), 2 * 9000, 0);
    assert_close(
        statistic_of(world,
                     (struct wanted){.metric = "replication_lag", .stat = "max", .region = 1}),
        20e9, 0.01);
    world_free(world);
    scenario_free(scenario);
}

/* --- a cut ----------------------------------------------------------------------------------- */

/*
 * The link is cut from 10 to 40 s, with 100 writes a second until 60 s. The path is found broken 5
 * s after the first write that was lost; it is tried each second, so that the first write of the
 * cut arrives between 40 and 41 s and its way later, with a lag of 30 to 31.01 s. By then some 3100
 * wait, and 1900 a second more are sent than come: the last of them is there before 43 s. Nothing
 * is missing at the end.
 */
static void writes_of_a_cut_arrive_after_it(void **state)
{
    struct scenario *scenario =
        scenario_of(&table_registry,
                    WORLD(TWO, "70s", "replication: {delay: 0ms}",
                          "rate: 100/s, writes: 6000, cut: a -> b, cut_from: 10s, cut_for: 30s"));
    struct world *world = world_of(scenario, 0, NULL);
    double most = statistic_of(
        world, (struct wanted){.metric = "replication_lag", .stat = "max", .region = 1});

    (void)state;
    assert_true(most >= 30e9 && most <= 31.02e9);
    assert_close(
        statistic_of(world,
                     (struct wanted){.metric = "replication_lag", .stat = "count", .region = 1}),
        6000, 0);
    assert_close(wanted(world, "path_breaks", 1), 1, 0);
    world_free(world);
    scenario_free(scenario);
}

/* --- deletions ------------------------------------------------------------------------------- */

/* A session that has not arrived cannot be deleted: it stays. Items that are not
 * written for 20 s are gone in both regions, after a second at most. */
static void deletions_need_the_item_and_expired_items_go(void **state)
{
    static const struct client_step steps[] = {
        {1000 * SIM_MS, 0, COMMAND_CREATE, 1}, {1100 * SIM_MS, 1, COMMAND_DELETE, 1},
        {2000 * SIM_MS, 0, COMMAND_CREATE, 2}, {2500 * SIM_MS, 1, COMMAND_DELETE, 2},
        {5000 * SIM_MS, 1, COMMAND_GET, 1},    {5000 * SIM_MS, 0, COMMAND_GET, 2},
        {15000 * SIM_MS, 0, COMMAND_TOUCH, 1}, {22000 * SIM_MS, 0, COMMAND_GET, 1},
        {34000 * SIM_MS, 1, COMMAND_GET, 1},   {36500 * SIM_MS, 1, COMMAND_GET, 1},
    };
    struct scenario *scenario;
    struct history history;
    struct world *world;

    (void)state;
    client_plan.steps = steps;
    client_plan.count = sizeof steps / sizeof steps[0];
    world = history_run(&table_registry,
                        WORLD(TWO, "60s",
                              "replication: {delay: 300ms}, ttl: {after: 20s, deletion: 1s}",
                              NO_WRITES),
                        0, &scenario, &history);
    client_plan.count = 0;
    assert_close(wanted(world, "missed_deletes", 1), 1, 0);
    assert_close(wanted(world, "ttl_deletions", -1), 1, 0);
    for (size_t i = 0; i < history.op_count; i++) {
        const struct history_op *op = &history.ops[i];
        bool is_there =
            strcmp(history.sessions[op->session], "a/1/1") == 0 && op->invoked < 36 * SIM_S;

        if (!op->is_write)
            assert_int_equal(op->outcome, is_there ? OUTCOME_OK : OUTCOME_MISS);
    }
    world_free(world);
    scenario_free(scenario);
    history_release(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_writer_wins_as_in_a_replay_of_the_writes),
        cmocka_unit_test(skewed_clocks_let_an_earlier_write_win),
        cmocka_unit_test(stale_share_is_that_of_the_delay),
        cmocka_unit_test(throttled_writes_are_those_of_the_bucket),
        cmocka_unit_test(replicated_writes_wait_for_capacity),
        cmocka_unit_test(writes_of_a_cut_arrive_after_it),
        cmocka_unit_test(deletions_need_the_item_and_expired_items_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
