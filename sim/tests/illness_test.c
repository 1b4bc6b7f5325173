// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Ill instances and nodes, and faults at random times, in whole scenarios: against values that are
 * derived in the comments.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "registry.h"

#include <stdlib.h>

static struct registry registry;

#define ONE_REGION(duration, sessions)                                                             \
    "regions: {a: {}}\nduration: " duration "\nwarmup: 0s\nstore: {kind: regional}\n"              \
    "population: {sessions: " sessions "}\n"

static struct tally count_of(const char *text, uint32_t replications, const char *metric)
{
    return tally_of(&registry, text, replications, (struct wanted){metric, NULL, 0, NULL, NULL});
}

/* The times of the events of a run whose text contains `part`; returns how many there are. */
static size_t times_of(const struct world *world, const char *part, sim_time *times, size_t most)
{
    const struct run_log *log = world_log(world);
    size_t count = 0;

    for (size_t i = 0; i < log->event_count; i++)
        if (strstr(log->events[i].text, part)) {
            assert_true(count < most);
            times[count++] = log->events[i].time;
        }
    return count;
}

/* --- instances ------------------------------------------------------------------------------- */

/*
 * A process crashes at 100 s for 300 s of 700 s. Its checks come each 30 s at a random phase: the
 * first fails U(0, 30) s after the crash, the second 30 s later removes it. The fifth check that
 * passes is U(0, 30) + 120 s after its return. The first phase is (crash - first check) modulo 30
 * s, the other one as much since 300 is a multiple of 30: so it is out for 300 - (x + 30) + (x +
 * 120) = 390 s, for each x. A dead host's checks fail at their timeout, 5 s later: 385 s.
 */
static void a_dead_instance_is_out_until_its_checks_pass(void **state)
{
    static const struct {
        const char *crash;
        double out_s;
    } cases[] = {{"true", 390}, {"process", 390}, {"host", 385}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[500];
        struct tally tally;

        snprintf(text, sizeof text,
                 ONE_REGION("700s", "0/s") "faults: [{at: 100s, for: 300s, instance: a/1, crash: "
                                           "%s}]\n",
                 cases[i].crash);
        tally = count_of(text, 5, "instances_usable");
        assert_close(tally.mean, 4 - cases[i].out_s / 700, 1e-9);
    }
}

/*
 * The four instances are in zones a, b, c and a again, or with two zones in a, b, a and b: each of
 * a lost or isolated zone is out as a dead host is.
 */
static void a_zone_takes_its_instances_with_it(void **state)
{
    static const struct {
        const char *zones, *fault;
        int count;
    } cases[] = {{"3", "zone: a/a, down: true", 2},   {"3", "zone: a/c, down: true", 1},
                 {"2", "zone: a/b, down: true", 2},   {"3", "zone: a/a, isolate: true", 2},
                 {"3", "zone: 'a/*', down: true", 4}, {"3", "zone: a/a-b, isolate: true", 3}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[500];
        double mean;

        snprintf(text, sizeof text,
                 ONE_REGION("700s", "0/s") "zones: %s\nfaults: [{at: 100s, for: 300s, %s}]\n",
                 cases[i].zones, cases[i].fault);
        mean = count_of(text, 2, "instances_usable").mean;
        assert_close(mean, 4 - cases[i].count * 385 / 700.0, 1e-9);
    }
}

/*
 * Users meet a dead process for x + 30 s, x uniform on (0, 30): 45 s on average, until the balancer
 * has removed it. The time follows from the mean number of usable instances.
 */
static void the_balancer_needs_45_s_on_average(void **state)
{
    const char *text =
        ONE_REGION("220s", "20/s") "faults: [{at: 100s, instance: a/3, crash: true}]\n";
    struct scenario *scenario = scenario_of(&registry, text);
    struct tally tally = {0};

    (void)state;
    for (uint32_t i = 0; i < 60; i++) {
        struct world *world = world_of(scenario, i, NULL);
        double usable =
            statistic_of(world, (struct wanted){"instances_usable", NULL, 0, NULL, NULL});
        double errors =
            statistic_of(world, (struct wanted){"instance_errors", NULL, 0, NULL, NULL});
        double seen_s = 120 - (4 - usable) * 220;

        assert_true(seen_s >= 30 && seen_s <= 60);
        assert_true(errors > 0);
        tally_add(&tally, seen_s);
        world_free(world);
    }
    scenario_free(scenario);
    assert_covers(&tally, 45, 0.2);
}

/*
 * Grey failure: two of four instances answer 20 % with errors, and their checks pass. Round robin
 * sends each a quarter: 10 % of all requests.
 */
static void errors_are_seen_by_users_and_not_by_checks(void **state)
{
    const char *text =
        ONE_REGION("20min", "20/s") "faults: [{at: 0s, instance: a/1-2, errors: 20%}]\n";
    struct scenario *scenario = scenario_of(&registry, text);
    struct tally tally = {0};

    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        struct world *world = world_of(scenario, i, NULL);

        assert_close(statistic_of(world, (struct wanted){"instances_usable", NULL, 0, NULL, NULL}),
                     4, 1e-12);
        tally_add(&tally,
                  statistic_of(world, (struct wanted){"instance_errors", NULL, 0, NULL, NULL}) /
                      statistic_of(world, (struct wanted){"requests", NULL, 0, NULL, NULL}));
        world_free(world);
    }
    scenario_free(scenario);
    assert_covers(&tally, 0.1, 0.05);
}

/*
 * Faults of one part combine: 20 % and 50 % of independent errors fail 1 - 0.8 x 0.5 = 60 %; 3x and
 * 2x are 6x. Health checks of a deep kind pass through the same code: with errors of 100 % on all
 * instances the region is unhealthy, with those of the process it is not.
 */
static void faults_of_one_instance_combine(void **state)
{
    const char *both = ONE_REGION("10min", "20/s") "faults: [{at: 0s, instance: \"a/*\", errors: "
                                                   "20%}, {at: 0s, instance: \"a/*\", errors: "
                                                   "50%}]\n";
    struct scenario *scenario = scenario_of(&registry, both);
    struct tally tally = {0}, deep;

    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        struct world *world = world_of(scenario, i, NULL);

        tally_add(&tally,
                  statistic_of(world, (struct wanted){"instance_errors", NULL, 0, NULL, NULL}) /
                      statistic_of(world, (struct wanted){"requests", NULL, 0, NULL, NULL}));
        world_free(world);
    }
    scenario_free(scenario);
    assert_covers(&tally, 0.6, 0.05);
    deep =
        count_of(ONE_REGION("10min", "0/s") "phase: 0s\napp: {health: {depth: local-store}}\n"
                                            "faults: [{at: 0s, instance: \"a/*\", errors: 100%}]\n",
                 1, "instances_usable");
    /* instance i fails at 7.5 i s and is out 30 s later: 41.25 s of 600 on average */
    assert_close(deep.mean, 4 * 41.25 / 600, 1e-3);
}

/* Little: busy workers are the rate of requests times their time in service. With a store and links
 * that take no time and one of four instances 5 times as slow this is (3 + 5) / 4 = 2 times as
 * long. */
static void a_slow_instance_holds_its_workers_longer(void **state)
{
    struct tally healthy = count_of(
        "regions: {a: {}}\nduration: 20min\nwarmup: 0s\n"
        "store: {kind: regional, read_service: 0ms, write_service: 0ms, write_per_kib: 0ms}\n"
        "network: {inside: {rtt: 0ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"
        "population: {sessions: 50/s}\napp: {service: 20ms, workers: 1000}\n",
        5, "workers_busy");
    struct tally slow = count_of(
        "regions: {a: {}}\nduration: 20min\nwarmup: 0s\n"
        "store: {kind: regional, read_service: 0ms, write_service: 0ms, write_per_kib: 0ms}\n"
        "network: {inside: {rtt: 0ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"
        "population: {sessions: 50/s}\napp: {service: 20ms, workers: 1000}\n"
        "faults: [{at: 0s, instance: a/0, slow: 5x}]\n",
        5, "workers_busy");

    (void)state;
    assert_close(slow.mean / healthy.mean, 2, 0.02);
}

/* --- nodes of the store ---------------------------------------------------------------------- */

/*
 * A slow store is busy in proportion: utilization is the rate of commands times their service time.
 * 4x on one of two shards: (1 + 4) / 2 of what it was. Errors: what fails at the store is tried
 * again by the client, so attempts per write are 1 / (1 - e) as long as there are attempts left.
 */
static void a_slow_node_is_busy_in_proportion(void **state)
{
    struct tally healthy =
        count_of("regions: {a: {}}\nduration: 20min\nwarmup: 0s\n"
                 "store: {kind: regional, shards: 2, read_service: 100us, write_service: 100us}\n"
                 "population: {sessions: 20/s}\n",
                 5, "store_utilization");
    struct tally slow =
        count_of("regions: {a: {}}\nduration: 20min\nwarmup: 0s\n"
                 "store: {kind: regional, shards: 2, read_service: 100us, write_service: 100us}\n"
                 "population: {sessions: 20/s}\nfaults: [{at: 0s, node: a/1, slow: 4x}]\n",
                 5, "store_utilization");

    (void)state;
    assert_close(slow.mean / healthy.mean, 2.5, 0.02);
}

static void errors_of_a_store_are_tried_again(void **state)
{
    struct tally tally = count_of(
        ONE_REGION("20min", "20/s") "client: {retry: {attempts: 10, backoff: {fixed: 10ms}}}\n"
                                    "faults: [{at: 0s, store: a, errors: 20%}]\n",
        10, "write_amplification");

    (void)state;
    assert_covers(&tally, 1 / 0.8, 0.02);
}

/* --- faults at random times ------------------------------------------------------------------ */

/*
 * An alternating renewal process: the share of time in which the fault is active is mttr / (mtbf +
 * mttr), whatever the distributions: 20 / (80 + 20). And the number of occurrences in T tends to T
 * / (mtbf + mttr).
 */
static void random_faults_are_active_for_their_share(void **state)
{
    static const char *const texts[] = {
        ONE_REGION("10h",
                   "0/s") "faults: [{at: 0s, mtbf: 80s, mttr: 20s, instance: a/0, crash: true}]\n",
        ONE_REGION("10h",
                   "0/s") "faults: [{at: 0s, mtbf: 80s, mtbf_shape: 3, mttr: 20s, mttr_shape: "
                          "0.7, instance: a/0, errors: 1%}]\n",
        ONE_REGION("10h", "0/s") "faults: [{at: 0s, mtbf: 80s, for: 20s, store: a, stall: true}]\n",
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scenario *scenario = scenario_of(&registry, texts[i]);
        struct tally share = {0}, occurrences = {0};

        for (uint32_t r = 0; r < 20; r++) {
            struct world *world = world_of(scenario, r, NULL);
            static sim_time begins[1000], ends[1000];
            size_t count = times_of(world, "begins: ", begins, 1000);
            size_t ended = times_of(world, "ends: ", ends, 1000);
            sim_dur active = 0;

            assert_true(count == ended || count == ended + 1);
            for (size_t k = 0; k < count; k++)
                active += (k < ended ? ends[k] : 36000 * SIM_S) - begins[k];
            tally_add(&share, (double)active / (36000.0 * SIM_S));
            tally_add(&occurrences, (double)count);
            world_free(world);
        }
        scenario_free(scenario);
        assert_covers(&share, 0.2, 0.1);
        assert_covers(&occurrences, 360, 0.06);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_instance_is_out_until_its_checks_pass),
        cmocka_unit_test(a_zone_takes_its_instances_with_it),
        cmocka_unit_test(the_balancer_needs_45_s_on_average),
        cmocka_unit_test(errors_are_seen_by_users_and_not_by_checks),
        cmocka_unit_test(faults_of_one_instance_combine),
        cmocka_unit_test(a_slow_instance_holds_its_workers_longer),
        cmocka_unit_test(a_slow_node_is_busy_in_proportion),
        cmocka_unit_test(errors_of_a_store_are_tried_again),
        cmocka_unit_test(random_faults_are_active_for_their_share),
    };

    registry = (struct registry){model_registry, model_registry_count};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
