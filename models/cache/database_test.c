// SPDX-License-Identifier: GPL-3.0-or-later
/* The database as a queue: the TTL is so short that no read finds its key in the cache. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache_rig.h"

/*
 * M/M/4, lambda = 800/s, mu = 250/s each: a = 3.2. Erlang C: the probability of waiting is
 * a^4/4! / (1 - a/4) / (sum over k < 4 of a^k/k! + a^4/4! / (1 - a/4)); the mean wait is that / (4
 * mu - lambda). Arrivals are those of a Poisson process, each of which misses after a constant
 * time.
 */
static void waits_are_those_of_erlang_c(void **state)
{
    double a = 3.2, top = a * a * a * a / 24 / (1 - a / 4);
    double waits = top / (1 + a + a * a / 2 + a * a * a / 6 + top);
    struct tally tally = tally_of(
        &cache_registry,
        STEADY_CACHE "duration: 170s\nwarmup: 20s\n"
                     "database: {servers: 4, read_service: exponential(4ms), "
                     "connections_max: 1000000, timeout: 0s}\n"
                     "key_classes: [{name: c, regions: [a], rate: 800/s, reads: 100%, skew: 0, "
                     "keys: 1000000, ttl: 1ms}]\n",
        20, (struct wanted){"database_wait", "mean", 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, waits / (1000.0 - 800.0) * 1e9, 0.1);
}

/* rho = 800/s x 4 ms / 4 = 0.8, by any distribution. */
static void utilization_is_load_over_capacity(void **state)
{
    struct tally tally = tally_of(
        &cache_registry,
        STEADY_CACHE "duration: 120s\nwarmup: 20s\n"
                     "database: {servers: 4, read_service: {uniform: {low: 2ms, high: "
                     "6ms}}, connections_max: 1000000}\n"
                     "key_classes: [{name: c, regions: [a], rate: 800/s, reads: 100%, skew: 0, "
                     "keys: 1000000, ttl: 1ms}]\n",
        10, (struct wanted){"database_utilization", NULL, 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 0.8, 0.05);
}

/*
 * M/G/c/c, refusing where all 4 servers are busy: Erlang B with a = 3.2 loses B(4, 3.2) =
 * (a^4/4!) / sum over k <= 4 of a^k/k!, whatever the distribution of service times. Loads are reads
 * that miss; those refused fail.
 */
static void refusals_are_those_of_erlang_b(void **state)
{
    double a = 3.2, terms[5] = {1}, sum = 1;
    struct tally tally;

    (void)state;
    for (int k = 1; k <= 4; k++) {
        terms[k] = terms[k - 1] * a / k;
        sum += terms[k];
    }
    tally = tally_of(&cache_registry,
                     STEADY_CACHE
                     "duration: 120s\nwarmup: 20s\n"
                     "database: {servers: 4, read_service: 4ms, connections_max: 4, "
                     "when_full: refuse}\n"
                     "key_classes: [{name: c, regions: [a], rate: 800/s, reads: 100%, skew: 0, "
                     "keys: 1000000, ttl: 1ms}]\n",
                     10, (struct wanted){"class_error_rate", NULL, 0, NULL, NULL});
    assert_covers(&tally, terms[4] / sum, 0.05);
}

/*
 * Twice the capacity arrives, 1000/s where 4 servers of 8 ms execute 500/s, and queries time
 * out after 1 s. All servers are busy, with 500/s: a query that times out while it waits for a
 * connection is not executed. But those that wait longest go first: nearly each query that is
 * executed has less time left than its 8 ms, and nearly all fail.
 */
static void a_query_given_up_in_the_pool_is_not_executed(void **state)
{
    struct scenario *scenario =
        scenario_of(&cache_registry, STEADY_CACHE
                    "duration: 60s\nwarmup: 20s\n"
                    "database: {servers: 4, read_service: 8ms, connections_max: 4, "
                    "timeout: 1s}\n"
                    "key_classes: [{name: c, regions: [a], rate: 1000/s, reads: 100%, skew: 0, "
                    "keys: 1000000, ttl: 1ms}]\n");
    struct world *world = world_of(scenario, 0, NULL);
    const struct wanted utilization = {"database_utilization", NULL, 0, NULL, NULL};
    const struct wanted errors = {"class_error_rate", NULL, 0, NULL, NULL};
    const struct wanted reads = {"database_reads", NULL, 0, NULL, NULL};

    (void)state;
    assert_close(statistic_of(world, utilization), 1, 0.001);
    assert_close(statistic_of(world, reads), 500 * 40, 0.001);
    assert_true(statistic_of(world, errors) > 0.95);
    world_free(world);
    scenario_free(scenario);
}

/* The only database is in region a; a query of region b takes a round trip of 20 ms more than one
 * of a, which takes 1 ms to the database and back, in addition to 4 ms of service. */
static void the_only_database_is_a_round_trip_away_from_other_regions(void **state)
{
    static const char *const placements[] = {"home", "per-region"};
    static const double expected[][2] = {{5, 24}, {5, 5}}; /* ms */

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct strbuf text = STRBUF_INIT;
        struct scenario *scenario;
        struct world *world;

        strbuf_add(&text, STEADY_CACHE "duration: 30s\nwarmup: 0s\n"
                                       "key_classes: [{name: c, rate: 10/s, reads: 100%, skew: 0, "
                                       "keys: 1000000, ttl: 1ms}]\n");
        strbuf_addf(&text, "database: {read_service: 4ms, placement: %s}\n", placements[i]);
        scenario = scenario_of(&cache_registry, text.text);
        world = world_of(scenario, 0, NULL);
        for (int region = 0; region < 2; region++) {
            const struct wanted latency = {"class_latency", "p50", region, NULL, NULL};

            /* and 1 ms each for reading and writing the cache of its region; store commands 18 us
             */
            assert_close(statistic_of(world, latency), (expected[i][region] + 2.02) * 1e6, 0.02);
        }
        world_free(world);
        scenario_free(scenario);
        strbuf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_are_those_of_erlang_c),
        cmocka_unit_test(utilization_is_load_over_capacity),
        cmocka_unit_test(refusals_are_those_of_erlang_b),
        cmocka_unit_test(a_query_given_up_in_the_pool_is_not_executed),
        cmocka_unit_test(the_only_database_is_a_round_trip_away_from_other_regions),
    };

    return cmocka_run_group_tests_name("database", tests, cache_open, NULL);
}
