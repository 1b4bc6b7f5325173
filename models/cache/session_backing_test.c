// SPDX-License-Identifier: GPL-3.0-or-later
/* Sessions in the database too: what a restart of the cache costs with it and without. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache_rig.h"

#define USERS                                                                                      \
    "regions: {a: {}}\nstore: {kind: regional}\nduration: 10min\nwarmup: 1min\n"                   \
    "network: {inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                      \
    "population: {sessions: 20/s}\nfaults: [{at: 5min, store: a, restart: true}]\n"

static double statistic(const char *backing, const char *metric, const char *label)
{
    struct strbuf text = STRBUF_INIT;
    struct scenario *scenario;
    struct world *world;
    double value;

    strbuf_add(&text, USERS);
    strbuf_addf(&text,
                "database: {sessions: %s, read_service: 4ms, write_service: 4ms, servers: 1000}\n",
                backing);
    scenario = scenario_of(&cache_registry, text.text);
    world = world_of(scenario, 0, NULL);
    value = statistic_of(world, (struct wanted){metric, NULL, 0, label, NULL});
    world_free(world);
    scenario_free(scenario);
    strbuf_release(&text);
    return value;
}

/* The same users with and without the database: those who must log in again without it are found
 * there, each once, since a session that is found is in the cache again. Without it a user whose
 * request in flight fails may leave; a few users differ. */
static void a_session_that_is_found_is_no_reauth(void **state)
{
    double lost = statistic("none", "reauths", "restarted");

    (void)state;
    assert_true(lost > 500);
    assert_true(statistic("write-through", "reauths", NULL) == 0);
    assert_close(statistic("write-through", "sessions_found", NULL), lost, 0.03);
    assert_true(statistic("none", "sessions_found", NULL) == 0);
}

/* Write-behind has them as well: what was written 4 ms before the restart is a write or none. */
static void write_behind_has_nearly_all(void **state)
{
    (void)state;
    assert_true(statistic("write-behind", "reauths", NULL) <= 3);
    assert_true(statistic("write-behind", "sessions_found", NULL) > 500);
}

/* A login waits for the database with write-through, 5 ms (a round trip and its service). */
static void write_through_costs_a_query(void **state)
{
    struct scenario *scenarios[2] = {
        scenario_of(&cache_registry, USERS "database: {sessions: write-behind, write_service: 4ms, "
                                           "servers: 1000}\n"),
        scenario_of(&cache_registry, USERS "database: {sessions: write-through, write_service: "
                                           "4ms, servers: 1000}\n")};
    double latency[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *world = world_of(scenarios[i], 0, NULL);

        latency[i] = statistic_of(world, (struct wanted){"login_latency", "p50", 0, "ok", NULL});
        world_free(world);
        scenario_free(scenarios[i]);
    }
    assert_close(latency[1] - latency[0], 5e6, 0.15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_that_is_found_is_no_reauth),
        cmocka_unit_test(write_behind_has_nearly_all),
        cmocka_unit_test(write_through_costs_a_query),
    };

    return cmocka_run_group_tests_name("session_backing", tests, cache_open, NULL);
}
