// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Independent stores: exact results with a driver instead of users, and the re-auth rate of roaming
 * users against theory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

/* Two regions 20 ms apart and 1 ms inside, service times of 0; writes in a, each followed by a read
 * of the same session 100 ms later. */
#define WORLD                                                                                      \
    "regions: {a: {}, b: {}}\nduration: 10s\nwarmup: 0s\n"                                         \
    "store: {kind: regional, write_service: 0ms, write_per_kib: 0ms, read_service: 0ms}\n"         \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "driver: {rate: 10/s, read_after: 100ms, writer: a, reader: "

static const struct model_ops *const regional_models[] = {&client_driver_ops, &wan_link_ops,
                                                          &store_ops, &store_client_ops};
static const struct registry regional_registry = {regional_models, 4};

static sim_dur write_latency_max;

static void write_ended(uint64_t number, sim_time begun, sim_time ended,
                        const struct op_result *result)
{
    (void)number;
    assert_int_equal(result->outcome, OP_DONE);
    if (ended - begun > write_latency_max)
        write_latency_max = ended - begun;
}

static int nothing_seen(void **state)
{
    write_latency_max = 0;
    client_seen_nothing(state);
    client_seen.write_done = write_ended;
    return 0;
}

/* Run with reads in region `reader`; the caller frees the instance. */
static struct world *run(const char *reader, struct scenario **scenario)
{
    char text[1000];

    snprintf(text, sizeof text, "%s%s}\n", WORLD, reader);
    *scenario = scenario_of(&regional_registry, text);
    return world_of(*scenario, 0, NULL);
}

/* A write stays in its own region; the other region never sees the session. */
static void session_is_where_it_was_created_and_nowhere_else(void **state)
{
    static const char *const readers[] = {"a", "b"};

    (void)state;
    for (int reader = 0; reader < 2; reader++) {
        struct scenario *scenario;
        struct world *world = run(readers[reader], &scenario);

        assert_true(client_seen.reads > 90);
        assert_int_equal(client_seen.misses, reader == 0 ? 0 : client_seen.reads);
        assert_int_equal(write_latency_max, 1 * SIM_MS);
        assert_close(statistic_of(world, (struct wanted){.metric = "store_writes", .region = 0}),
                     100, 0.011);
        world_free(world);
        scenario_free(scenario);
    }
}

/*
 * Every request of a user opens a new connection, which is routed away from home with probability
 * s. A login creates the session where it is routed: at home with probability 1 - s. It stays there
 * until a request is routed to the other region: 1/s requests on average at home, 1/(1 - s) away
 * from home, the last of them a re-auth. By renewal, re-auths per request:
 *
 *   r = 1 / ((1 - s)/s + s/(1 - s)) = s (1 - s) / ((1 - s)^2 + s^2)
 *
 * s = 10 %: 0.09/0.82 = 10.98 %, more than s, since a session created away from home is nearly
 * always in the wrong region. 2000 users who never leave and reach the stationary state within a
 * few requests; 110 s after 40 s of warm-up; 16 replications.
 */
static void reauth_rate_of_roaming_users_covers_theory(void **state)
{
    const struct registry registry = {model_registry, model_registry_count};
    const double s = 0.1, theory = s * (1 - s) / ((1 - s) * (1 - s) + s * s);
    const char *text =
        "regions: {us-west-1: {}, us-west-2: {}}\nduration: 150s\nwarmup: 40s\n"
        "store: {kind: regional}\naccelerator: {spill: 10%}\n"
        "population: {start: empty, sessions: 100/s, arrivals: {step: {at: 10s, factor: 0}}, "
        "requests: 100000, think: 1s, login_time: 100ms, after_login: 100ms, keep_alive: 0s, "
        "login_tries: 1000}\n";
    struct tally rate, other;

    (void)state;
    rate = tally_of(&registry, text, 16, (struct wanted){.metric = "reauth_rate", .region = -1});
    assert_covers(&rate, theory, 0.02);
    other = tally_of(&registry, text, 1,
                     (struct wanted){.metric = "reauths", .region = -1, .label = "other-region"});
    rate = tally_of(&registry, text, 1, (struct wanted){.metric = "reauths", .region = -1});
    assert_close(other.mean, rate.mean, 0); /* and for no other cause */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(session_is_where_it_was_created_and_nowhere_else, nothing_seen),
        cmocka_unit_test(reauth_rate_of_roaming_users_covers_theory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
