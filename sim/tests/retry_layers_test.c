// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Four layers that retry, in a whole world: the user, who logs in again; the application around the
 * client; the client; a mesh beside it. The store is stalled from the first instant, so everything
 * fails: a user's n logins are n writes, of n^3 attempts each.
 *
 * Attempts take 2 ms, and users come one each 20 s on average: at the end none is under way (the
 * seed is fixed), so all counts are exact.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "registry.h"

static double found(const struct world *world, const char *metric)
{
    return statistic_of(world, (struct wanted){metric, NULL, 0, NULL, NULL});
}

static void four_layers_of_n_attempts_make_n_to_the_fourth(void **state)
{
    const struct registry registry = {model_registry, model_registry_count};
    char text[1000];

    (void)state;
    for (unsigned n = 1; n <= 4; n++) {
        struct scenario *scenario;
        struct world *world;
        double users;

        snprintf(text, sizeof text,
                 "regions: {a: {}}\nduration: 20min\nwarmup: 0s\nstore: {primary: a}\n"
                 "population: {sessions: 0.05/s, writes: 0%%, logout: 0%%, requests: 1, "
                 "login_tries: %u}\n"
                 "client: {timeout: 2ms, read_timeout: 2ms, retry: {attempts: %u, "
                 "read_attempts: 1, backoff: none}, layers: {app: {attempts: %u}, mesh: {attempts: "
                 "%u}}}\n"
                 "faults: [{at: 0s, for: 1h, store: a, stall: true}]\n",
                 n, n, n, n);
        scenario = scenario_of(&registry, text);
        world = world_of(scenario, 0, NULL);
        users = found(world, "sessions_left");
        assert_true(users > 30);
        assert_close(found(world, "writes"), users * n, 0);
        assert_close(found(world, "write_attempts"), users * n * n * n * n, 0);
        world_free(world);
        scenario_free(scenario);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_layers_of_n_attempts_make_n_to_the_fourth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
