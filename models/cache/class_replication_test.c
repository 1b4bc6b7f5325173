// SPDX-License-Identifier: GPL-3.0-or-later
/* Classes of keys in a global datastore whose primary is in region a: what a secondary has of them,
 * and what failures leave. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache_rig.h"

#include <math.h>

#define STEADY_DATASTORE                                                                           \
    "regions: {a: {}, b: {}}\npopulation: {sessions: 0/s}\n"                                       \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "replication: {output_delay: 0ms}\n"                                                           \
    "database: {read_service: 4ms, write_service: 4ms, servers: 1000}\n"

static double statistic_in(const char *text, uint32_t replication, const char *metric, int region)
{
    struct scenario *scenario = scenario_of(&cache_registry, text);
    struct world *world = world_of(scenario, replication, NULL);
    double value = statistic_of(world, (struct wanted){metric, NULL, region, NULL, NULL});

    world_free(world);
    scenario_free(scenario);
    return value;
}

static double statistic(const char *text, const char *metric, int region)
{
    return statistic_in(text, 0, metric, region);
}

/*
 * Write-behind, so that versions are in the order of the primary's writes: 50 reads and 50 writes a
 * second in each region, 10 keys. A write from a is acknowledged 0.5 ms after the primary has it,
 * and is at the secondary 10 ms after that; a read in b reaches the secondary 0.5 ms after its
 * begin. So it is stale where one of the 5 writes a second of its key from a was acknowledged in
 * the 9 ms before. A write from b is acknowledged after 10 ms, when the secondary has it. Reads in
 * a are those of the primary.
 */
static void lag_of_the_secondary_makes_its_reads_stale(void **state)
{
    const char *text =
        STEADY_DATASTORE "duration: 1010s\nwarmup: 10s\n"
                         "key_classes: [{name: c, rate: 100/s, reads: 50%, keys: 10, skew: 0, "
                         "pattern: write-behind, prewarm: 100%}]\n";
    double expected = 50 * 1000 * (1 - exp(-5 * 9e-3));

    (void)state;
    assert_close(statistic(text, "stale_reads", 1), expected, 0.06);
    assert_true(statistic(text, "stale_reads", 0) == 0);
}

/*
 * Write-through is not always fresh: a write is committed in the database of a, and its SET is
 * executed 1 ms later if it comes from a, 20 ms later if it comes from b. A SET from b is older
 * than what it overwrites where a write of its key from a was committed in the 19 ms after it: 1 -
 * exp(-5/s x 19 ms), 9 %. Half of the SETs are from b, and what is in the cache is the last
 * SET: 4.5 % of the reads in a are stale.
 */
static void writers_of_two_regions_leave_old_values_behind(void **state)
{
    const char *text =
        STEADY_DATASTORE "duration: 1010s\nwarmup: 10s\n"
                         "key_classes: [{name: c, rate: 100/s, reads: 50%, keys: 10, skew: 0, "
                         "pattern: write-through, prewarm: 100%}]\n";

    (void)state;
    assert_close(statistic(text, "stale_reads", 0), 50 * 1000 * 0.5 * (1 - exp(-5 * 19e-3)), 0.06);
}

/* The primary's cluster fails and does not return; b's is promoted and has all keys. */
static void a_promoted_secondary_has_the_keys(void **state)
{
    const char *text =
        STEADY_DATASTORE "duration: 60s\nwarmup: 40s\n"
                         "failover: {mode: none}\n"
                         "key_classes: [{name: c, rate: 1000/s, reads: 90%, keys: 1000, skew: 0, "
                         "pattern: write-through}]\n"
                         "faults:\n  - {at: 20s, for: 1h, store: a, crash: true}\n"
                         "  - {at: 21s, promote: b}\n";

    (void)state;
    assert_close(statistic(text, "class_hit_ratio", 1), 1, 1e-9);
}

/*
 * A restart of the primary without replicas empties it, and the secondary copies that: of 10000
 * keys each is missed again when it is read for the first time. In the 10 s that are left, region a
 * alone reads 10000 (1 - exp(-1)) of them, both together 10000 (1 - exp(-2)); those of b go to the
 * database while its cluster loads.
 */
static void a_restart_empties_the_secondary_too(void **state)
{
    const char *text = STEADY_DATASTORE
        "duration: 30s\nwarmup: 20s\n"
        "key_classes: [{name: c, rate: 1000/s, reads: 100%, keys: 10000, skew: 0, prewarm: 100%}]\n"
        "faults: [{at: 20s, store: a, restart: true}]\n";
    double misses = statistic(text, "class_misses", -1);

    (void)state;
    assert_true(misses > 10000 * (1 - exp(-1)));
    assert_true(misses < 10000 * (1 - exp(-2)));
}

/*
 * The primary of a full memory is lost with writes and deletions that the secondary lacks. They are
 * taken back, beyond the limit if need be and without a DEL of an evicted key: there is no log yet
 * that it could be in. The next write makes room again. 1000 keys and some sessions of 1270 B do
 * not fit 300 KiB.
 */
static void a_promoted_secondary_takes_back_what_full_memory_lost(void **state)
{
    const char *text =
        "regions: {a: {}, b: {}}\nnetwork: {default: {rtt: 20ms}}\nduration: 240s\nwarmup: 220s\n"
        "population: {sessions: 20/s}\n"
        "store: {memory: {limited: {maxmemory: 400 KiB, policy: allkeys-lru}}, expiry: {ttl: "
        "{after: 20s}}}\n"
        "key_classes:\n  - {name: c, keys: 500, rate: 300/s, reads: 60%, ttl: 5s}\n"
        "  - {name: d, rate: 200/s, keys: 200, reads: 20%, pattern: write-behind}\n"
        "  - {name: e, rate: 100/s, keys: 200, reads: 50%, pattern: write-through}\n"
        "faults:\n  - {at: 20s, for: 1h, region: a, down: true}\n  - {at: 30s, promote: b}\n";

    (void)state;
    for (uint32_t replication = 0; replication < 4; replication++)
        assert_close(statistic_in(text, replication, "memory_used_bytes", 1), 300 * 1024, 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lag_of_the_secondary_makes_its_reads_stale),
        cmocka_unit_test(writers_of_two_regions_leave_old_values_behind),
        cmocka_unit_test(a_promoted_secondary_has_the_keys),
        cmocka_unit_test(a_restart_empties_the_secondary_too),
        cmocka_unit_test(a_promoted_secondary_takes_back_what_full_memory_lost),
    };

    return cmocka_run_group_tests_name("class_replication", tests, cache_open, NULL);
}
