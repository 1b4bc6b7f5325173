// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Client policies for reads that arrive before the write that they should see, against closed
 * forms.
 *
 * a writes to the primary in a, b reads d after the acknowledgement, as in
 * replication_analytic_test.c. One way between the regions takes L = 10 ms, one way inside a region
 * l = 0.5 ms; servers answer at once. A write leaves the primary X ~ exponential(m = 20 ms) after
 * its execution and is in b L later; b's read is at its shard 2l + d after the execution. So it
 * misses if X > d - 9 ms: p = exp(-(d - 9) / 20). Two writes per second: none waits for the
 * previous one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

#define RACE(client)                                                                               \
    CLIENT_WORLD                                                                                   \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "duration: 2000s\nwarmup: 0s\nreplication: {output_delay: exponential(20ms)}\n"                \
    "driver: {rate: 2/s, writer: a, reader: b, read_after: 20ms}\n"                                \
    "client: {pool: {size: 100000, warm: 100}, " client "}\n"
#define REPLICATIONS 40

/* Of 4000 reads each: those that missed in the end, those whose first reply was a miss, attempts
 * per read. */
struct race {
    struct tally missed, first_missed, attempts;
    double latency_ns_max, at_primary;
};

static double statistic(const struct world *world, const char *metric, const char *stat, int region)
{
    return statistic_of(world, (struct wanted){metric, stat, region, NULL, NULL});
}

static struct race run_race(const char *text)
{
    struct scenario *scenario = scenario_of(&client_registry, text);
    struct race race = {0};

    for (uint32_t i = 0; i < REPLICATIONS; i++) {
        struct world *world = world_of(scenario, i, NULL);
        double reads = statistic(world, "reads", NULL, 1);

        assert_int_equal((uint64_t)reads, client_seen.reads);
        tally_add(&race.missed, (double)client_seen.misses / reads);
        tally_add(&race.first_missed, statistic(world, "read_miss_rate", NULL, 1));
        tally_add(&race.attempts, statistic(world, "read_attempts", NULL, 1) / reads);
        race.latency_ns_max = statistic(world, "read_latency", "max", 1);
        race.at_primary =
            statistic(world, "store_commands", NULL, 0) - statistic(world, "store_writes", NULL, 0);
        world_free(world);
    }
    scenario_free(scenario);
    return race;
}

/* None: 1 ms each, and p = exp(-11/20) = 57.7 % miss. */
static void without_help_reads_miss_as_the_race_says(void **state)
{
    struct race race = run_race(RACE("read_after_write: none"));

    (void)state;
    assert_covers(&race.missed, exp(-11.0 / 20), 0.02);
    assert_covers(&race.first_missed, exp(-11.0 / 20), 0.02);
    assert_close(race.latency_ns_max, 1e6, 0.01);
    assert_close(race.at_primary, 0, 0);
}

/*
 * A miss is read again after `delay`: at the shard 2l + delay = 1 ms + delay later. The exponential
 * has no memory, so each time the share of misses is multiplied by exp(-(delay + 1) / 20). One of
 * 19 ms: 57.7 % x 36.8 % = 21.2 %; three of 9 ms: 57.7 % x 0.6065^3 = 12.9 %. First replies miss as
 * before.
 */
static void each_read_again_takes_its_share_off_the_misses(void **state)
{
    struct race once = run_race(RACE("read_after_write: {retry-on-miss: {delay: 19ms, times: 1}}"));
    struct race thrice =
        run_race(RACE("read_after_write: {retry-on-miss: {delay: 9ms, times: 3}}"));

    (void)state;
    assert_covers(&once.missed, exp(-11.0 / 20) * exp(-20.0 / 20), 0.04);
    assert_covers(&once.first_missed, exp(-11.0 / 20), 0.02);
    assert_covers(&thrice.missed, exp(-11.0 / 20) * exp(-3 * 10.0 / 20), 0.05);
    /* 1 ms each and the waits between them, as far as they go */
    assert_close(once.latency_ns_max, 2e6 + 19e6, 0.01);
    assert_close(thrice.latency_ns_max, 4e6 + 3 * 9e6, 0.01);
    assert_close(once.at_primary, 0, 0);
}

/*
 * With delay 9 ms and spread 20 ms the wait is U(9, 29) ms: the share of misses is multiplied by
 * exp(-10/20) and the mean of exp(-x/20) over U(0, 20), 1 - exp(-1) = 0.632: 57.7 % x 0.6065 x
 * 0.632 = 22.1 %. The longest wait is just under 29 ms.
 */
static void a_random_delay_averages_over_its_spread(void **state)
{
    struct race race =
        run_race(RACE("read_after_write: {retry-on-miss: {delay: 9ms, spread: 20ms, times: 1}}"));

    (void)state;
    assert_covers(&race.missed, exp(-11.0 / 20) * exp(-10.0 / 20) * (1 - exp(-1)), 0.04);
    assert_close(race.latency_ns_max, 2e6 + 29e6, 0.01);
}

/* A repeated read is not a retry: it is made even if only one attempt is allowed. It counts as an
 * attempt: 1 + p per read. */
static void reading_again_is_no_retry(void **state)
{
    struct race race = run_race(RACE("retry: {read_attempts: 1}, read_after_write: "
                                     "{retry-on-miss: {delay: 19ms, times: 1}}"));

    (void)state;
    assert_covers(&race.missed, exp(-11.0 / 20) * exp(-20.0 / 20), 0.04);
    assert_covers(&race.attempts, 1 + exp(-11.0 / 20), 0.01);
}

/* Up to `window` after the write all reads go to the primary, over the link: 20 ms, none misses. A
 * window shorter than the user's pause has no effect. */
static void reads_at_the_primary_never_miss(void **state)
{
    struct race within = run_race(RACE("read_after_write: {read-from-primary: {window: 20ms}}"));
    struct race past = run_race(RACE("read_after_write: {read-from-primary: {window: 19ms}}"));

    (void)state;
    assert_close(within.missed.mean, 0, 1e-12);
    assert_close(within.latency_ns_max, 20e6, 0.01);
    assert_close(within.at_primary, (double)client_seen.reads, 0);
    assert_covers(&past.missed, exp(-11.0 / 20), 0.02);
    assert_close(past.latency_ns_max, 1e6, 0.01);
    assert_close(past.at_primary, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_help_reads_miss_as_the_race_says, client_seen_nothing),
        cmocka_unit_test_setup(each_read_again_takes_its_share_off_the_misses, client_seen_nothing),
        cmocka_unit_test_setup(a_random_delay_averages_over_its_spread, client_seen_nothing),
        cmocka_unit_test_setup(reading_again_is_no_retry, client_seen_nothing),
        cmocka_unit_test_setup(reads_at_the_primary_never_miss, client_seen_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
