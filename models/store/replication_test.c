// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The stream over real links and a real store. Numerical tests of lags and losses are in
 * sim/tests/replication_analytic_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"

static struct world *run_stream(const char *replication, const char *driver,
                                struct scenario **scenario)
{
    char text[2000];

    snprintf(text, sizeof text,
             "%sduration: 60s\nwarmup: 0s\nphase: 0s\n"
             "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}, "
             "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}}\n"
             "client: {write_bytes: 1000}\nreplication: {%s}\ndriver: {writer: a, %s}\n",
             CLIENT_WORLD, replication, driver);
    *scenario = scenario_of(&client_registry, text);
    return world_of(*scenario, 0, NULL);
}

static void done(struct world *world, struct scenario *scenario)
{
    world_free(world);
    scenario_free(scenario);
}

static double statistic_in_b(const struct world *world, const char *metric, const char *stat)
{
    return statistic_of(world, (struct wanted){metric, stat, 1, NULL, NULL});
}

/* 100 writes of 1000 bytes plus 40 bytes of overhead each. */
static void stream_carries_writes_and_overhead(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run_stream("output_delay: 0ms, overhead_bytes: 40", "rate: 10/s, writes: 100", &scenario);

    (void)state;
    assert_int_equal((int)statistic_in_b(world, "replication_bytes", NULL), 100 * 1040);
    assert_int_equal((int)statistic_in_b(world, "replication_lag", "count"), 100);
    done(world, scenario);
}

/* Output delay 15 ms, 10 ms on the link, 25 ms to apply: a lag of 50 ms for each write. 10 writes
 * of 1040 bytes per second, each behind for 50 ms, are 520 bytes on average while they last (10 of
 * 60 s). */
static void lag_is_the_sum_of_its_parts(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run_stream("output_delay: 15ms, apply: 25ms", "rate: 10/s, writes: 100", &scenario);
    double backlog = statistic_in_b(world, "replication_backlog_bytes", NULL);

    (void)state;
    assert_int_equal((sim_dur)statistic_in_b(world, "replication_lag", "max"), 50 * SIM_MS);
    assert_int_equal((sim_dur)statistic_in_b(world, "replication_lag", "mean"), 50 * SIM_MS);
    assert_true(fabs(backlog - 520.0 * 10 / 60) < 0.01);
    done(world, scenario);
}

/*
 * Order is kept for any draws: a write is never applied before an earlier one. Otherwise the
 * smallest lags would be as small as the smallest draws; here each lag is at least the link's 10
 * ms, and all writes arrive.
 */
static void every_write_is_applied_in_order(void **state)
{
    struct scenario *scenario;
    struct world *world = run_stream("output_delay: exponential(50ms), apply: exponential(50ms)",
                                     "rate: 200/s, poisson: true, writes: 5000", &scenario);

    (void)state;
    assert_int_equal((int)statistic_in_b(world, "replication_lag", "count"), 5000);
    /* maximum of the draws in flight: far above 10 + 50 + 50 ms, the mean of one */
    assert_true(statistic_in_b(world, "replication_lag", "mean") > 200e6);
    done(world, scenario);
}

/*
 * Half of the writes depart at once and half after 10 ms, with a write every 10 ms: the former
 * depart at the same time as an earlier write and must not overtake it. The same for the time to
 * apply.
 */
static void simultaneous_departures_keep_their_order(void **state)
{
    static const char *const delays[] = {
        "output_delay: {mixture: [{weight: 1, of: 0ms}, {weight: 1, of: 10ms}]}, apply: 0ms",
        "output_delay: 0ms, apply: {mixture: [{weight: 1, of: 0ms}, {weight: 1, of: 10ms}]}"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scenario *scenario;
        struct world *world = run_stream(delays[i], "rate: 100/s, writes: 1000", &scenario);

        assert_int_equal((int)statistic_in_b(world, "replication_lag", "count"), 1000);
        assert_int_equal((sim_dur)statistic_in_b(world, "replication_lag", "max"), 20 * SIM_MS);
        done(world, scenario);
    }
}

/*
 * The monitoring metric is the age of the oldest write not applied. The stream is interrupted
 * permanently at 5 s, with a write every 10 ms before: the samples at 10, 20 ... 60 s show 5, 15
 * ... 55 s.
 */
static void lag_metric_shows_the_age_of_the_oldest(void **state)
{
    struct scenario *scenario;
    struct world *world = run_stream("output_delay: 0ms, metric_period: 10s",
                                     "rate: 100/s, cut: a -> b, cut_from: 5s", &scenario);
    double mean = statistic_in_b(world, "replication_lag_metric", "mean");

    (void)state;
    assert_true(fabs(mean - 30e9) < 20e6);
    assert_true(statistic_in_b(world, "unreplicated_writes", NULL) > 2000);
    done(world, scenario);
}

/* Roles change at 5 s: the old primary, once notified, does a full resync (10 s), and the stream
 * runs in the other direction. */
static void promotion_turns_the_stream_around(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run_stream("output_delay: 0ms, full_resync: 10s", "rate: 20/s, promote_at: 5s", &scenario);
    double full = statistic_of(world, (struct wanted){"resyncs", NULL, 0, "full", NULL});
    double to_a = statistic_of(world, (struct wanted){"replication_bytes", NULL, 0, NULL, NULL});

    (void)state;
    assert_int_equal((int)full, 1);
    /* from 15 s to 60 s at 20/s of 1040 bytes */
    assert_true(fabs(to_a / 1040 - 45 * 20) < 10);
    done(world, scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(stream_carries_writes_and_overhead, client_seen_nothing),
        cmocka_unit_test_setup(lag_is_the_sum_of_its_parts, client_seen_nothing),
        cmocka_unit_test_setup(every_write_is_applied_in_order, client_seen_nothing),
        cmocka_unit_test_setup(simultaneous_departures_keep_their_order, client_seen_nothing),
        cmocka_unit_test_setup(lag_metric_shows_the_age_of_the_oldest, client_seen_nothing),
        cmocka_unit_test_setup(promotion_turns_the_stream_around, client_seen_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
