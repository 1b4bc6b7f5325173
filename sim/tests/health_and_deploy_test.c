// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Health checks of different depth, and warm pools in a rolling deploy, in whole worlds without
 * users: the time of every event is derived.
 *
 * Two regions 20 ms apart, the primary in a; four servers each. Each server is checked every 5 s,
 * servers 1.25 s apart: checks of server j are at 1.25 j + 5 k s.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "registry.h"

#define RUN_S 200.0
#define WORLD                                                                                      \
    "regions: {a: {}, b: {}}\nduration: 200s\nwarmup: 0s\nphase: 0s\nstore: {primary: a}\n"        \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "population: {sessions: 0/s}\n"                                                                \
    "client: {read_timeout: 250ms, retry: {read_attempts: 1}, pool: {size: 20, warm: 20}}\n"
#define CHECKS(depth)                                                                              \
    "app: {instances: 4, restart: 5s, health: {depth: " depth ", interval: 5s, timeout: 5s, "      \
    "unhealthy_threshold: 2, healthy_threshold: 5}}\n"

static struct world *run_world(const char *text, struct scenario **scenario)
{
    const struct registry registry = {model_registry, model_registry_count};

    *scenario = scenario_of(&registry, text);
    return world_of(*scenario, 0, NULL);
}

static double found(const struct world *world, const char *metric, int region)
{
    return statistic_of(world, (struct wanted){metric, NULL, region, NULL, NULL});
}

/*
 * The fault lasts from 60 to 120 s. Server j's checks of 60 + 1.25 j and 65 + 1.25 j s are the
 * second consecutive failure: after read_timeout, at 65.25 + 1.25 j s, it is unhealthy. The checks
 * of 120 + 1.25 j to 140 + 1.25 j s are the fifth consecutive pass: it is healthy again at 140 +
 * 1.25 j s. So each server is unhealthy for 74.75 s, up to the time of a read (at most 20 ms), and
 * on average over 200 s there are 4 (1 - 74.75 / 200) = 2.505 of 4.
 *
 * The affected servers depend on the depth: `shallow` tests only the process of the server,
 * `local-store` the store of its own region, `primary-store` the store in a.
 */
#define STALL "faults: [{at: 60s, for: 60s, store: a, stall: true}]\n"
#define STALL_OF_B "faults: [{at: 60s, for: 60s, store: b, stall: true}]\n"
#define CUT "faults: [{at: 60s, for: 60s, link: a <-> b, blackhole: true}]\n"

static void a_check_detects_failures_up_to_its_depth(void **state)
{
    static const struct {
        const char *text;
        bool out[2]; /* of a, of b */
    } cases[] = {
        {WORLD CHECKS("shallow") STALL, {false, false}},
        {WORLD CHECKS("shallow") CUT, {false, false}},
        {WORLD CHECKS("local-store") STALL, {true, false}},
        {WORLD CHECKS("local-store") STALL_OF_B, {false, true}},
        {WORLD CHECKS("local-store") CUT, {false, false}},
        {WORLD CHECKS("primary-store") STALL, {true, true}},
        {WORLD CHECKS("primary-store") STALL_OF_B, {false, false}},
        {WORLD CHECKS("primary-store") CUT, {false, true}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *scenario;
        struct world *world = run_world(cases[i].text, &scenario);

        for (int region = 0; region < 2; region++) {
            double expected = cases[i].out[region] ? 4 * (1 - 74.75 / RUN_S) : 4;

            assert_close(found(world, "instances_usable", region), expected,
                         cases[i].out[region] ? 1e-3 : 1e-12);
        }
        world_free(world);
        scenario_free(scenario);
    }
}

/*
 * A check that is answered after health.timeout has failed: 600 ms more in each direction give a
 * response after 1.22 s, within the read's 5 s. With a timeout of 1 s it is too late, and the check
 * has failed when that is over; with 2 s it is not.
 */
#define SLOW_LINK(timeout)                                                                         \
    "regions: {a: {}, b: {}}\nduration: 200s\nwarmup: 0s\nphase: 0s\nstore: {primary: a}\n"        \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "population: {sessions: 0/s}\nclient: {read_timeout: 5s, retry: {read_attempts: 1}}\n"         \
    "faults: [{at: 60s, for: 60s, link: a <-> b, delay: 600ms}]\n"                                 \
    "app: {instances: 4, health: {depth: primary-store, interval: 5s, timeout: " timeout           \
    ", unhealthy_threshold: 2, healthy_threshold: 5}}\n"
static void an_answer_that_comes_late_has_failed(void **state)
{
    static const struct {
        const char *text;
        double
            out_s; /* each server: from the timeout of the check of 65 s to the answer of 140 s */
    } cases[] = {{SLOW_LINK("1s"), 140.02 - 66}, {SLOW_LINK("2s"), 0}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scenario *scenario;
        struct world *world = run_world(cases[i].text, &scenario);

        assert_close(found(world, "instances_usable", 1), 4 * (1 - cases[i].out_s / RUN_S), 1e-5);
        assert_close(found(world, "instances_usable", 0), 4, 1e-12);
        world_free(world);
        scenario_free(scenario);
    }
}

/*
 * A deploy of b from 61 s on over 40 s: server j is removed at 61 + 10 j s, is out for 5 s, and
 * returns at 66 + 10 j s with both pools empty: 20 warm connections each, so 40 fewer. Only its
 * checks open connections, in the pool that they use, at 1.25 j + 5 k s: the next ones are at 70,
 * 76.25, 87.5 and 98.75 s. So b has 160 connections up to 66 s and 4 from 98.75 s on, four are
 * opened, and one server at a time is out for 5 s: 4 - 4 x 5 / 200 on average. a is not affected.
 */
#define DEPLOY "faults: [{at: 61s, for: 40s, region: b, deploy: true}]\n"
static void a_deploy_empties_warm_pools(void **state)
{
    static const double next_check_s[] = {70, 76.25, 87.5, 98.75};
    static const char *const texts[] = {WORLD CHECKS("primary-store") DEPLOY,
                                        WORLD CHECKS("local-store") DEPLOY};
    double open = 160;

    (void)state;
    for (int j = 0; j < 4; j++)
        open += (-40 * (RUN_S - (66 + 10 * j)) + (RUN_S - next_check_s[j])) / RUN_S;
    for (size_t i = 0; i < 2; i++) {
        struct scenario *scenario;
        struct world *world = run_world(texts[i], &scenario);

        assert_close(found(world, "connections_opened", 1), 4, 0);
        assert_close(found(world, "connections_open", 1), open, 1e-9);
        assert_close(found(world, "instances_usable", 1), 4 - 4 * 5 / RUN_S, 1e-9);
        assert_close(found(world, "connections_opened", 0), 0, 0);
        assert_close(found(world, "connections_open", 0), 160, 1e-9);
        assert_close(found(world, "instances_usable", 0), 4, 1e-12);
        world_free(world);
        scenario_free(scenario);
    }
}

/* With shallow checks and no users no connection is needed: none is opened again. */
static void a_deploy_alone_opens_nothing(void **state)
{
    struct scenario *scenario;
    struct world *world = run_world(WORLD CHECKS("shallow") DEPLOY, &scenario);

    (void)state;
    assert_close(found(world, "connections_opened", 1), 0, 0);
    assert_close(found(world, "connections_open", 1),
                 160 - 40 * (4 * RUN_S - (66 + 76 + 86 + 96)) / RUN_S, 1e-9);
    world_free(world);
    scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_detects_failures_up_to_its_depth),
        cmocka_unit_test(an_answer_that_comes_late_has_failed),
        cmocka_unit_test(a_deploy_empties_warm_pools),
        cmocka_unit_test(a_deploy_alone_opens_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
