// SPDX-License-Identifier: GPL-3.0-or-later
/* One store for two regions: latencies in the store's region and in the other one, to the
 * nanosecond. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

/* Two regions 20 ms apart and 1 ms inside, service times of 0, the store in a; 100 writes, each
 * followed by a read of the same session 1 us after its acknowledgement. Connections are open from
 * the start. */
#define WORLD                                                                                      \
    "regions: {a: {}, b: {}}\nduration: 20s\nwarmup: 0s\n"                                         \
    "store: {kind: single-region, primary: a, write_service: 0ms, write_per_kib: 0ms, "            \
    "read_service: 0ms}\n"                                                                         \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "driver: {rate: 10/s, writes: 100, read_after: 1us, "

static const struct model_ops *const single_models[] = {&client_driver_ops, &wan_link_ops,
                                                        &store_ops, &store_client_ops};
static const struct registry single_registry = {single_models, 4};

static sim_dur latency_min, latency_max;
static uint64_t failed;

static void write_ended(uint64_t number, sim_time begun, sim_time ended,
                        const struct op_result *result)
{
    (void)number;
    failed += result->outcome == OP_FAILED;
    if (result->outcome == OP_FAILED)
        return;
    latency_min = ended - begun < latency_min ? ended - begun : latency_min;
    latency_max = ended - begun > latency_max ? ended - begun : latency_max;
}

static int nothing_seen(void **state)
{
    latency_min = SIM_NEVER;
    latency_max = 0;
    failed = 0;
    client_seen_nothing(state);
    client_seen.write_done = write_ended;
    return 0;
}

static double mean_read_latency(const char *driver)
{
    char text[1000];
    struct scenario *scenario;
    struct world *world;
    double mean;

    snprintf(text, sizeof text, "%s%s}\n", WORLD, driver);
    scenario = scenario_of(&single_registry, text);
    world = world_of(scenario, 0, NULL);
    mean = statistic_of(world,
                        (struct wanted){.metric = "read_latency", .stat = "mean", .region = -1});
    world_free(world);
    scenario_free(scenario);
    return mean;
}

/* For any region of writer and reader: an operation takes the round trip from its region to the
 * store, and a read sees a write acknowledged 1 us before. */
static void operations_take_the_way_to_the_store_and_reads_see_every_write(void **state)
{
    static const struct {
        const char *driver;
        sim_dur write;
        double read;
    } cases[] = {
        {"writer: a, reader: a", 1 * SIM_MS, 1 * SIM_MS},
        {"writer: a, reader: b", 1 * SIM_MS, 20 * SIM_MS},
        {"writer: b, reader: a", 20 * SIM_MS, 1 * SIM_MS},
        {"writer: b, reader: b", 20 * SIM_MS, 20 * SIM_MS},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nothing_seen(state);
        assert_close(mean_read_latency(cases[i].driver), cases[i].read, 1e-9);
        assert_int_equal(latency_min, cases[i].write);
        assert_int_equal(latency_max, cases[i].write);
        assert_int_equal(client_seen.reads, 100);
        assert_int_equal(client_seen.misses, 0);
    }
}

/*
 * The link between a and b is down from 4.95 to 6.95 s. Of b's writes, one every 100 ms from 0 s,
 * those of 5.0 to 6.9 s are sent during the outage. Each has one attempt of 300 ms. TCP retransmits
 * after RTT + 200 ms = 220 ms: those of 6.8 and 6.9 s are delivered at 7.02 and 7.12 s, the 18
 * before them fail. Reads and writes of a, which do not need the link, all succeed.
 */
static void region_without_the_store_depends_on_the_link(void **state)
{
    static const char *const cut = "cut: b <-> a, cut_from: 4950ms, cut_for: 2s";
    char driver[200];

    nothing_seen(state);
    snprintf(driver, sizeof driver, "writer: b, reader: a, %s}\nclient: {retry: {attempts: 1}",
             cut);
    mean_read_latency(driver);
    assert_int_equal(failed, 18);
    nothing_seen(state);
    snprintf(driver, sizeof driver, "writer: a, reader: a, %s", cut);
    mean_read_latency(driver);
    assert_int_equal(failed, 0);
    assert_int_equal(client_seen.reads, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_take_the_way_to_the_store_and_reads_see_every_write),
        cmocka_unit_test(region_without_the_store_depends_on_the_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
