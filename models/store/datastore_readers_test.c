// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Reads from replicas: their lag, their own threads, and the work of the stream on them. Regions
 * are 20 ms apart, 1 ms inside; a read takes the thread 1 ms, writes take nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"
#include "history_run.h"

#define READERS_WORLD(settings)                                                                    \
    "regions: {a: {}, b: {}}\nduration: 10s\nwarmup: 0s\n"                                         \
    "store: {primary: a, write_service: 0ms, write_per_kib: 0ms, read_service: 1ms, replicas: 1, " \
    "replica_lag: 50ms, connect_cost: {accept: 0ms, tls: 0ms}, " settings "}\n"                    \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "replication: {output_delay: 0ms}\n"                                                           \
    "client: {retry: {attempts: 1, read_attempts: 1}, pool: {size: 20, warm: 20}}\n"               \
    "driver: {rate: 0/s}\n"

static const struct client_step steps[] = {
    {1000 * SIM_MS, 0, COMMAND_CREATE, 1}, /* executed at 1000.5 ms */
    {1020 * SIM_MS, 0, COMMAND_GET, 1},    /* as of 970.5 ms: a miss */
    {1100 * SIM_MS, 0, COMMAND_GET, 1},    /* as of 1050.5 ms: a hit */
    {2000 * SIM_MS, 0, COMMAND_GET, 1},    /* two at once: one after another */
    {2000 * SIM_MS, 0, COMMAND_GET, 1},
    {2100 * SIM_MS, 1, COMMAND_GET, 1}, /* in b what b's node has applied */
};

static struct scenario *scenario;
static struct history history;

static void run(const char *text, bool *hits, double *took_ms)
{
    struct world *world;

    client_plan.steps = steps;
    client_plan.count = sizeof steps / sizeof steps[0];
    world = history_run(&client_registry, text, 0, &scenario, &history);
    client_plan.count = 0;
    assert_int_equal((int)history.op_count, sizeof steps / sizeof steps[0]);
    for (size_t i = 0; i < history.op_count; i++) {
        hits[i] = history.ops[i].outcome == OUTCOME_OK;
        took_ms[i] = (double)(history.ops[i].ended - history.ops[i].invoked) / 1e6;
    }
    world_free(world);
    scenario_free(scenario);
    history_release(&history);
}

/* Of two operations that begin at once either may be first. */
static double larger(const double *took_ms)
{
    return took_ms[3] > took_ms[4] ? took_ms[3] : took_ms[4];
}

static void replicas_read_late_and_one_by_one(void **state)
{
    bool hits[6];
    double took_ms[6];

    (void)state;
    run(READERS_WORLD("read_from: replicas"), hits, took_ms);
    assert_true(hits[0] && !hits[1] && hits[2] && hits[3] && hits[4] && hits[5]);
    assert_true(took_ms[1] == 2 && took_ms[2] == 2 && took_ms[5] == 2);
    assert_true(larger(took_ms) == 3 && took_ms[3] + took_ms[4] == 5);
}

/* The primary's node has the write at once; of two reads in one iteration both leave at its end. */
static void cluster_reads_what_it_has(void **state)
{
    bool hits[6];
    double took_ms[6];

    (void)state;
    run(READERS_WORLD("read_from: cluster"), hits, took_ms);
    for (int i = 0; i < 6; i++)
        assert_true(hits[i]);
    assert_true(took_ms[1] == 2);
}

/* All reads of a region leave its primary node: 20 reads of 5 ms a second are a tenth of its time.
 */
static void reads_leave_the_primary_node(void **state)
{
    static const char *const sources[] = {"cluster", "replicas"};
    double busy[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *world;
        char text[900];

        snprintf(text, sizeof text,
                 "regions: {a: {}, b: {}}\nduration: 60s\nwarmup: 0s\n"
                 "network: {default: {rtt: 20ms}}\nstore: {primary: a, read_service: 5ms, "
                 "replicas: 2, replica_apply: 0, "
                 "read_from: %s}\nclient: {pool: {size: 200}}\n"
                 "driver: {rate: 20/s, writer: a, reader: a, read_after: 100ms}\n",
                 sources[i]);
        scenario = scenario_of(&client_registry, text);
        world = world_of(scenario, 0, NULL);
        busy[i] = statistic_of(world, (struct wanted){.metric = "store_utilization", .region = 0});
        world_free(world);
        scenario_free(scenario);
    }
    print_message("busy: %.4f with reads, %.4f without\n", busy[0], busy[1]);
    assert_true(fabs(busy[0] - busy[1] - 20 * 0.005) < 0.003);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replicas_read_late_and_one_by_one),
        cmocka_unit_test(cluster_reads_what_it_has),
        cmocka_unit_test(reads_leave_the_primary_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
