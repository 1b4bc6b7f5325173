// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Metamorphic tests: consequences of a known change of a scenario, for any statistics: more loss,
 * less bandwidth, shorter timeouts, slower clocks.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"

#define WORLD                                                                                      \
    "regions: {us-west-1: {}, us-west-2: {}}\nduration: 6min\nwarmup: 1min\n"                      \
    "population: {sessions: 10/s, writes: 20%}\nstore: {replica_apply: 0}\n"

static double write_timeout_rate(const char *text)
{
    const struct registry registry = {model_registry, model_registry_count};

    return tally_of(&registry, text, 1, (struct wanted){"write_timeout_rate", NULL, 1, NULL, NULL})
        .mean;
}

/* The draws are the same, and a transmission that is lost at 5 % is lost at 10 % too. */
static void more_loss_never_lowers_the_timeout_rate(void **state)
{
    static const int losses[] = {0, 5, 10, 20, 40};
    double before = -1;

    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        char text[1000];
        double rate;

        snprintf(text, sizeof text, "%snetwork: {us-west-1 <-> us-west-2: {loss: %d%%}}\n", WORLD,
                 losses[i]);
        rate = write_timeout_rate(text);
        print_message("loss %d %%: timeout rate %.4f\n", losses[i], rate);
        assert_true(rate >= before);
        before = rate;
    }
    assert_true(before > 0.3);
}

static void shorter_timeout_never_lowers_the_timeout_rate(void **state)
{
    static const int timeouts_ms[] = {5000, 1000, 500, 300, 100, 30, 10};
    double before = -1;

    (void)state;
    for (size_t i = 0; i < sizeof timeouts_ms / sizeof timeouts_ms[0]; i++) {
        char text[1000];
        double rate;

        snprintf(text, sizeof text,
                 "%snetwork: {us-west-1 <-> us-west-2: {loss: 10%%}}\nclient: {timeout: %dms}\n",
                 WORLD, timeouts_ms[i]);
        rate = write_timeout_rate(text);
        print_message("timeout %d ms: timeout rate %.4f\n", timeouts_ms[i], rate);
        assert_true(rate >= before);
        before = rate;
    }
    assert_true(before > 0.99); /* 10 ms is less than the round trip */
}

/*
 * Less bandwidth between the regions: no write completes sooner, none is applied sooner, and not
 * fewer attempts time out. Ten sessions a second with 3.4 writes of 1.1 KB each are 300 kbit/s: the
 * slowest link is saturated, and everything times out.
 */
static void less_bandwidth_never_improves_anything(void **state)
{
    static const char *const bandwidths[] = {"0",       "1Gbit/s", "100Mbit/s", "10Mbit/s",
                                             "2Mbit/s", "1Mbit/s", "300kbit/s"};
    static const struct {
        struct wanted wanted;
        double more; /* minimum ratio of the last value to the first */
    } statistics[] = {
        {{"write_latency", "mean", 1, NULL, NULL}, 2},
        {{"write_timeout_rate", NULL, 1, NULL, NULL}, 1},
        {{"replication_lag", "mean", 1, NULL, NULL}, 2},
    };
    const struct registry registry = {model_registry, model_registry_count};
    double first[3] = {0}, before[3] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bandwidths / sizeof bandwidths[0]; i++) {
        struct scenario *scenario;
        struct world *world;
        char text[1000];

        snprintf(text, sizeof text, "%snetwork: {us-west-1 <-> us-west-2: {bandwidth: %s}}\n",
                 WORLD, bandwidths[i]);
        scenario = scenario_of(&registry, text);
        world = world_of(scenario, 0, NULL);
        for (size_t f = 0; f < 3; f++) {
            double value = statistic_of(world, statistics[f].wanted);

            print_message("bandwidth %s: %s %.6g\n", bandwidths[i], statistics[f].wanted.metric,
                          value);
            assert_true(value >= before[f]);
            before[f] = value;
            if (i == 0)
                first[f] = value;
        }
        world_free(world);
        scenario_free(scenario);
    }
    for (size_t f = 0; f < 3; f++)
        assert_true(before[f] >= statistics[f].more * first[f]);
    assert_true(before[1] > 0.99);
}

/* --- scale --------------------------------------------------------------------------------------
 */

#define WRITES 5000
static struct {
    sim_dur latency[WRITES + 1];
    int outcome[WRITES + 1];
} writes;

static void write_ended(uint64_t number, sim_time begun, sim_time ended,
                        const struct op_result *result)
{
    assert_true(number <= WRITES);
    writes.latency[number] = ended - begun;
    writes.outcome[number] = (int)result->outcome;
}

static void run_scaled(int k)
{
    char text[3000];
    struct scenario *scenario;

    snprintf(text, sizeof text,
             "regions: {a: {}, b: {}}\nduration: %ds\nwarmup: 0s\n"
             "network: {default: {rtt: %dms, jitter: %dus, spike_share: 0%%, loss: 20%%, "
             "tcp: {rto_min: %dms, rto_max: %ds, syn_rto: %ds}}, "
             "inside: {rtt: %dms, jitter: 0ms, spike_share: 0%%, loss: 0%%}}\n"
             "store: {read_service: %dus, write_service: %dus, write_per_kib: %dus}\n"
             "replication: {output_delay: %dms}\n"
             "client: {timeout: %dms, pool: {size: 10000, warm: 1000, close_on_timeout: false}, "
             "retry: {attempts: 3, backoff: {list: [%dms, %dms]}, jitter: none}}\n"
             "driver: {rate: %g/s, writer: b, writes: %d}\n",
             100 * k, 20 * k, 500 * k, 200 * k, 100 * k, k, k, 8 * k, 10 * k, 1024 * k, 20 * k,
             300 * k, 100 * k, 200 * k, 100.0 / k, WRITES);
    scenario = scenario_of(&client_registry, text);
    client_seen.write_done = write_ended;
    memset(&writes, 0, sizeof writes);
    world_free(world_of(scenario, 0, NULL));
    scenario_free(scenario);
}

/* All times k = 4 times as long, the rate a quarter: every write ends in the same way, after 4
 * times as long, to the nanosecond. */
static void scaling_all_times_scales_all_latencies(void **state)
{
    static sim_dur before[WRITES + 1];
    static int outcomes[WRITES + 1];
    sim_dur longest = 0;

    (void)state;
    run_scaled(1);
    memcpy(before, writes.latency, sizeof before);
    memcpy(outcomes, writes.outcome, sizeof outcomes);
    run_scaled(4);
    for (int i = 1; i <= WRITES; i++) {
        assert_true(before[i] > 0);
        assert_int_equal(writes.latency[i], 4 * before[i]);
        assert_int_equal(writes.outcome[i], outcomes[i]);
        longest = before[i] > longest ? before[i] : longest;
    }
    assert_true(longest > 700 * SIM_MS); /* some were retried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_loss_never_lowers_the_timeout_rate),
        cmocka_unit_test(shorter_timeout_never_lowers_the_timeout_rate),
        cmocka_unit_test(less_bandwidth_never_improves_anything),
        cmocka_unit_test_setup(scaling_all_times_scales_all_latencies, client_seen_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
