// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A fleet that scales: the mean number of instances in service over a run of 60 s, exactly, since
 * launches take 10 s and nothing else is random.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app_fleet.h"

#include "assert_close.h"
#include "statistics.h"
#include "registry.h"

#define WORLD                                                                                      \
    "regions: {a: {}, b: {}}\nduration: 60s\nwarmup: 0s\nphase: 0s\npopulation: {sessions: 0/s}\n" \
    "network: {default: {rtt: 20ms}}\nfailover: {promotion: 1s}\n"

static const struct registry *all_models(void)
{
    static struct registry registry;

    registry = (struct registry){model_registry, model_registry_count};
    return &registry;
}

struct seen {
    double usable, done, refused;
};

/* Of region b. */
static struct seen run(const char *text)
{
    struct scenario *scenario = scenario_of(all_models(), text);
    struct world *world = world_of(scenario, 0, NULL);
    struct seen seen = {
        .usable = statistic_of(world, (struct wanted){"instances_usable", NULL, 1, NULL, NULL}),
        .done = statistic_of(world, (struct wanted){"launches", NULL, 1, "done", NULL}),
        .refused = statistic_of(world, (struct wanted){"launches", NULL, 1, "refused", NULL})};

    world_free(world);
    scenario_free(scenario);
    return seen;
}

/* One instance until 30 s, three then. */
static void failover_launches_what_the_fleet_keeps_for_it(void **state)
{
    struct seen seen =
        run(WORLD "app: {instances: 4, fleet: {scaling: {initial: 1, on_failover: 3, "
                  "launch: 10s}}}\nfaults: [{at: 20s, promote: b}]\n");

    (void)state;
    assert_close(seen.usable, (1 * 30 + 3 * 30) / 60.0, 1e-9);
    assert_close(seen.done, 2, 0);
    assert_close(seen.refused, 0, 0);
}

/* There is room for one more. What is missing is asked for at 20, 35 and 50 s. */
static void crowded_region_refuses_launches(void **state)
{
    struct seen seen =
        run(WORLD "app: {instances: 4, fleet: {scaling: {initial: 1, on_failover: 3, launch: 10s, "
                  "capacity: 2, retry: 15s}}}\nfaults: [{at: 20s, promote: b}]\n");

    (void)state;
    assert_close(seen.usable, (1 * 30 + 2 * 30) / 60.0, 1e-9);
    assert_close(seen.done, 1, 0);
    assert_close(seen.refused, 3, 0);
}

/* The compute API is down from 15 to 35 s: refused at 20 and 30 s, granted at 40, there at 50 s. */
static void launches_wait_for_the_compute_api(void **state)
{
    struct seen seen =
        run(WORLD "app: {instances: 4, fleet: {scaling: {initial: 1, on_failover: 3, launch: 10s, "
                  "retry: 10s}}}\nfaults:\n  - {at: 15s, for: 20s, control: compute, down: true}\n"
                  "  - {at: 20s, promote: b}\n");

    (void)state;
    assert_close(seen.usable, (1 * 50 + 3 * 10) / 60.0, 1e-9);
    assert_close(seen.done, 2, 0);
    assert_close(seen.refused, 2, 0);
}

/* Nothing is busy. Launched at 30 s; the data points of 5, 10 ... 25 s are below the target, but no
 * decision is taken while instances are being launched; at 35 s all but `initial` are removed. */
static void idle_fleet_scales_in(void **state)
{
    struct seen seen =
        run(WORLD "app: {instances: 4, fleet: {scaling: {initial: 1, on_failover: 4, launch: 10s, "
                  "tracking: 50%, period: 5s, in_points: 2}}}\nfaults: [{at: 20s, promote: b}]\n");

    (void)state;
    assert_close(seen.usable, (1 * 30 + 4 * 5 + 1 * 25) / 60.0, 1e-9);
}

/* Checks of instance 0 are at 0, 5 ... s: those of 10 and 15 s fail. The fleet looks at 20 s, and
 * the new one is there at 30 s. */
static void dead_instance_is_replaced(void **state)
{
    struct seen seen =
        run(WORLD "app: {instances: 2, health: {interval: 5s, timeout: 1s}, fleet: {scaling: "
                  "{initial: 2, launch: 10s, period: 10s, replace: true}}}\n"
                  "faults: [{at: 10s, instance: b/0, crash: true}]\n");

    (void)state;
    assert_close(seen.usable, (60 + 15 + 30) / 60.0, 1e-9);
    assert_close(seen.done, 1, 0);
}

/* A deploy passes over instances that are not in service: 2 of 4 are, each out for 5 s. */
static void deploy_leaves_out_what_is_not_launched(void **state)
{
    struct seen seen =
        run(WORLD "app: {instances: 4, restart: 5s, fleet: {scaling: {initial: 2}}}\n"
                  "faults: [{at: 10s, for: 40s, region: b, deploy: true}]\n");

    (void)state;
    assert_close(seen.usable, 2 - 2 * 5 / 60.0, 1e-9);
}

static void cold_instance_is_slow_at_first(void **state)
{
    (void)state;
    assert_close(app_cold_multiplier(3, 10 * SIM_S, 0), 3, 0);
    assert_close(app_cold_multiplier(3, 10 * SIM_S, 5 * SIM_S), 2, 1e-12);
    assert_close(app_cold_multiplier(3, 10 * SIM_S, 10 * SIM_S), 1, 0);
    assert_close(app_cold_multiplier(3, 10 * SIM_S, SIM_NEVER), 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failover_launches_what_the_fleet_keeps_for_it),
        cmocka_unit_test(crowded_region_refuses_launches),
        cmocka_unit_test(launches_wait_for_the_compute_api),
        cmocka_unit_test(idle_fleet_scales_in),
        cmocka_unit_test(dead_instance_is_replaced),
        cmocka_unit_test(deploy_leaves_out_what_is_not_launched),
        cmocka_unit_test(cold_instance_is_slow_at_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
