// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Tokens instead of a store: what operations cost, which tokens are refused when, and the effects
 * of rotation and revocation against closed forms.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kind_rig.h"

#define WORLD(duration, store, driver)                                                             \
    "regions: {a: {}, b: {}}\nduration: " duration "\nwarmup: 0s\nphase: 0s\n"                     \
    "store: {kind: stateless-token, verify: 1ms, sign: 2ms, " store "}\n"                          \
    "network: {default: {rtt: 20ms}}\ndriver: {" driver "}\n"

/* A token is valid in every region at once, for its processor time, with the link cut; it is
 * renewed by a page from 20 s of age on, and expires 40 s after that. */
static void token_is_valid_everywhere_until_it_expires(void **state)
{
    static const struct client_step steps[] = {
        {1000 * SIM_MS, 0, COMMAND_CREATE, 1},  {1003 * SIM_MS, 1, COMMAND_GET, 1},
        {20000 * SIM_MS, 0, COMMAND_GET, 1},    {22000 * SIM_MS, 0, COMMAND_GET, 1},
        {61900 * SIM_MS, 1, COMMAND_GET, 1},    {62000 * SIM_MS, 0, COMMAND_CREATE, 2},
        {70000 * SIM_MS, 1, COMMAND_DELETE, 2}, {71000 * SIM_MS, 0, COMMAND_GET, 2},
        {80000 * SIM_MS, 0, COMMAND_CREATE, 3}, {120100 * SIM_MS, 1, COMMAND_GET, 3},
    };

    (void)state;
    run(WORLD("130s", "lifetime: 40s, refresh: 20s, rotation: none",
              "rate: 0/s, cut: a <-> b, cut_from: 0s"),
        steps, 10);
    assert_op(1000, 0, OUTCOME_OK, 2);
    assert_op(1003, 1, OUTCOME_OK, 1);
    assert_op(20000, 0, OUTCOME_OK, 1);
    assert_op(22000, 0, OUTCOME_OK, 1); /* renewed */
    assert_op(61900, 1, OUTCOME_OK, 1); /* 39.9 s old; renewed */
    assert_op(71000, 0, OUTCOME_MISS, 1);
    assert_op(120100, 1, OUTCOME_MISS, 1); /* 40.1 s old */
    /* issued: 3 logins and 2 renewals; carried: 6 pages */
    assert_close(wanted("token_bytes", NULL, -1), 11 * 800, 0);
    assert_int_equal(history_not_linearizable(&history, false, NULL), 1); /* the expired one */
    done();
}

/*
 * A new key signs from 100 s on, published 10 s before; a server reads the keys each 60 s, at a
 * random phase. A read of a new token t seconds after the change is refused by a server that has
 * not read since 90 s: with probability 1 - (t + 10)/60 for a random phase. Servers of 300
 * replications, one read each at t = 20: 1/2.
 */
static void unknown_keys_are_refused_by_a_share_of_the_servers(void **state)
{
    static const struct client_step steps[] = {{119000 * SIM_MS, 0, COMMAND_CREATE, 1},
                                               {120000 * SIM_MS, 1, COMMAND_GET, 1}};
    enum { REPLICATIONS = 300 };
    const char *text = WORLD("130s",
                             "rotation: {every: {period: 100s, publish: 10s, keys: 60s, "
                             "refetch: false}}",
                             "rate: 0/s");
    double refused = 0, deviation = sqrt(0.25 / REPLICATIONS);

    (void)state;
    client_plan.steps = steps;
    client_plan.count = 2;
    scenario = scenario_of(&client_registry, text);
    for (uint32_t i = 0; i < REPLICATIONS; i++) {
        world = world_of(scenario, i, NULL);
        refused += wanted("read_misses", NULL, 1);
        world_free(world);
    }
    client_plan.count = 0;
    scenario_free(scenario);
    print_message("0.5, found %.4f, standard deviation %.4f\n", refused / REPLICATIONS, deviation);
    assert_true(fabs(refused / REPLICATIONS - 0.5) < 3 * deviation);
}

/* Keys change at 0, 100 and 200 s. A token of 90 s is accepted until 100 s + grace of 30 s,
 * although it is valid for an hour; one of the next key until 230 s. */
static void retired_keys_are_refused_after_their_grace(void **state)
{
    static const struct client_step steps[] = {
        {90000 * SIM_MS, 0, COMMAND_CREATE, 1}, {129000 * SIM_MS, 1, COMMAND_GET, 1},
        {131000 * SIM_MS, 1, COMMAND_GET, 1},   {132000 * SIM_MS, 0, COMMAND_CREATE, 2},
        {229000 * SIM_MS, 0, COMMAND_GET, 2},   {231000 * SIM_MS, 0, COMMAND_GET, 2},
    };

    (void)state;
    run(WORLD("240s",
              "lifetime: 1h, refresh: 1h, rotation: {every: {period: 100s, grace: 30s, publish: "
              "60s, keys: 10s}}",
              "rate: 0/s"),
        steps, 6);
    assert_op(129000, 1, OUTCOME_OK, 1);
    assert_op(131000, 1, OUTCOME_MISS, 1);
    assert_op(229000, 0, OUTCOME_OK, 1);
    assert_op(231000, 0, OUTCOME_MISS, 1);
    done();
}

/* 2000 logouts, 10 s after each login, of tokens that live 50 s: a copy is accepted for the smaller
 * of a lag of U(0, 60 s) and the 40 s that are left: E = 40 - 40^2 / 120 = 26.67 s. Without a list,
 * 40 s.
 */
#define LOGOUTS 2000
static void copies_of_tokens_outlive_their_logout(void **state)
{
    static struct client_step steps[2 * LOGOUTS];

    (void)state;
    for (uint32_t i = 0; i < LOGOUTS; i++) {
        steps[2 * i] = (struct client_step){(sim_time)(i + 1) * 50 * SIM_MS, 0, COMMAND_CREATE, i};
        steps[2 * i + 1] = (struct client_step){steps[2 * i].at + 10 * SIM_S, 1, COMMAND_DELETE, i};
    }
    for (int list = 0; list < 2; list++) {
        run(list ? WORLD("120s",
                         "lifetime: 50s, revocation: {list: {lag: 'uniform(low=0s, high=60s)'}}",
                         "rate: 0/s")
                 : WORLD("120s", "lifetime: 50s, revocation: none", "rate: 0/s"),
            steps, 2 * LOGOUTS);
        assert_close(wanted("revocation_exposure", "count", 1), LOGOUTS, 0);
        assert_close(wanted("revocation_exposure", "mean", 1), list ? 26.667e9 : 40e9, 0.02);
        done();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_is_valid_everywhere_until_it_expires),
        cmocka_unit_test(unknown_keys_are_refused_by_a_share_of_the_servers),
        cmocka_unit_test(retired_keys_are_refused_after_their_grace),
        cmocka_unit_test(copies_of_tokens_outlive_their_logout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
