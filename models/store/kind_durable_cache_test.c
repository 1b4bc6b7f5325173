// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A cache with a durable log: what a crash loses with either mode, and what is refused without the
 * log. One cache, in a; 10 writes a second, 1 ms inside; servers take no time, the log 3 ms.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

static const struct model_ops *const durable_models[] = {&client_driver_ops, &wan_link_ops,
                                                         &store_ops, &store_client_ops};
static const struct registry durable_registry = {durable_models, 4};

#define WORLD(store, driver)                                                                       \
    "regions: {a: {}, b: {}}\nduration: 80s\nwarmup: 0s\n"                                         \
    "store: {kind: durable-cache, write_service: 0ms, write_per_kib: 0ms, read_service: 0ms, "     \
    "connect_cost: {accept: 0ms, tls: 0ms}, log_latency: 3ms, log_lag: 2s, replica_failover: "     \
    "6s, " store "}\n"                                                                             \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "client: {timeout: 1s, retry: {attempts: 1, read_attempts: 1}, pool: {size: 50, warm: 50}}\n"  \
    "driver: {rate: 10/s, " driver "}\n"

static double statistic(const char *text, const char *metric, const char *stat, int region)
{
    struct scenario *scenario = scenario_of(&durable_registry, text);
    struct world *world;
    double value;

    client_seen_nothing(NULL);
    world = world_of(scenario, 0, NULL);
    value = statistic_of(world, (struct wanted){.metric = metric, .stat = stat, .region = region});
    world_free(world);
    scenario_free(scenario);
    return value;
}

/* sync waits for the log. From b it is a round trip away. */
static void writes_wait_for_the_log_or_not(void **state)
{
    (void)state;
    assert_close(statistic(WORLD("durability: sync", "writes: 100"), "write_latency", "max", 0),
                 4e6, 0.01);
    assert_close(statistic(WORLD("durability: async", "writes: 100"), "write_latency", "max", 0),
                 1e6, 0.01);
    assert_close(
        statistic(WORLD("durability: sync", "writes: 100, writer: b"), "write_latency", "max", 1),
        23e6, 0.01);
    assert_close(statistic(WORLD("durability: sync, regional: true", "writes: 100, writer: b"),
                           "write_latency", "max", 1),
                 4e6, 0.01);
}

/* The process exits at 10.05 s, replicas take over at 16.05 s: writes of 10.1 to 16 s are refused.
 * All are read 20 s later: with async those of 8.1 to 10 s are lost, which the log did not have. */
#define CRASH "writes: 300, read_after: 20s, crash_from: 10050ms, crash_for: 30s"
static void crash_loses_what_the_log_does_not_have(void **state)
{
    (void)state;
    assert_close(statistic(WORLD("durability: sync", CRASH), "write_failures", NULL, 0), 60, 0);
    assert_int_equal(client_seen.reads, 240);
    assert_int_equal(client_seen.misses, 0);
    assert_close(statistic(WORLD("durability: async", CRASH), "write_failures", NULL, 0), 60, 0);
    assert_int_equal(client_seen.reads, 240);
    assert_int_equal(client_seen.misses, 20);
}

/* The log is out of reach from 10.05 to 40.05 s. sync: the 300 writes of that time have no reply.
 * async: they are acknowledged for 10 s, and the 200 after that are refused. */
#define PAUSE "writes: 600, pause_from: 10050ms, pause_for: 30s"
static void writes_fail_without_the_log(void **state)
{
    (void)state;
    assert_close(statistic(WORLD("durability: sync", PAUSE), "write_timeouts", NULL, 0), 300, 0);
    assert_close(statistic(WORLD("durability: async", PAUSE), "log_refusals", NULL, 0), 200, 0);
    assert_close(statistic(WORLD("durability: async", PAUSE), "write_failures", NULL, 0), 200, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_wait_for_the_log_or_not),
        cmocka_unit_test(crash_loses_what_the_log_does_not_have),
        cmocka_unit_test(writes_fail_without_the_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
