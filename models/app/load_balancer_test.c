// SPDX-License-Identifier: GPL-3.0-or-later
#include "load_balancer.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static struct lb_target targets[3];
static struct load_balancer lb;

static struct load_balancer_rule rule;

static int three_targets(void **state)
{
    (void)state;
    rule = (struct load_balancer_rule){.health = {.healthy_threshold = 3, .unhealthy_threshold = 2},
                                       .fail_open_count = 1};
    load_balancer_init(&lb, &rule, targets, 0, 1, 3);
    return 0;
}

static bool check(uint32_t target, bool passed)
{
    bool changed;
    uint32_t round = load_balancer_check_begin(&lb, target, 0, &changed);

    assert_false(changed);
    return load_balancer_check_end(&lb, target, round, passed, 0);
}

static void assert_picks(uint32_t a, uint32_t b, uint32_t c)
{
    assert_int_equal(load_balancer_pick(&lb, 0), a);
    assert_int_equal(load_balancer_pick(&lb, 0), b);
    assert_int_equal(load_balancer_pick(&lb, 0), c);
}

static void round_robin_goes_round(void **state)
{
    (void)state;
    assert_picks(0, 1, 2);
    assert_picks(0, 1, 2);
}

static void
two_failed_checks_in_a_row_take_a_target_out_and_three_passed_ones_bring_it_back(void **state)
{
    (void)state;
    assert_false(check(1, false));
    assert_false(check(1, true)); /* the count of consecutive results restarts */
    assert_false(check(1, false));
    assert_true(check(1, false));
    assert_picks(0, 2, 0);
    assert_false(check(1, true));
    assert_false(check(1, true));
    assert_true(check(1, true));
    assert_picks(1, 2, 0);
}

static void all_unhealthy_fails_open_to_those_in_service(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        check(i, false);
        check(i, false);
    }
    load_balancer_serve(&lb, 0, false, 0);
    assert_int_equal(lb.usable_count, 0);
    assert_picks(1, 2, 1);
}

static void nobody_in_service_means_nowhere(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        load_balancer_serve(&lb, i, false, 0);
    assert_int_equal(load_balancer_pick(&lb, 0), UINT32_MAX);
    load_balancer_serve(&lb, 2, true, 0);
    assert_picks(2, 2, 2);
}

static void least_outstanding_prefers_the_idle_one_and_takes_turns_on_ties(void **state)
{
    (void)state;
    rule.least_outstanding = true;
    targets[0].outstanding = 5;
    targets[1].outstanding = 1;
    targets[2].outstanding = 1;
    /* positions 0, 1, 2: the first target with the fewest requests from there on */
    assert_picks(1, 1, 2);
}

/* Fewer than two healthy ones, or less than half of those in service: all of them. */
static void too_few_healthy_ones_fail_open(void **state)
{
    (void)state;
    rule.fail_open_count = 2;
    assert_false(lb.fails_open);
    check(0, false);
    assert_true(check(0, false));
    assert_picks(1, 2, 1);
    check(1, false);
    assert_true(check(1, false));
    assert_picks(2, 0, 1);
    rule.fail_open_count = 1;
    rule.fail_open_share = 0.5;
    load_balancer_serve(&lb, 0, false, 0); /* one healthy of two: not less than half */
    assert_picks(2, 2, 2);
    load_balancer_serve(&lb, 0, true, 0);
    assert_picks(0, 1, 2);
}

/* The second half of six targets, and every other one. */
static void a_group_is_a_part_of_the_targets(void **state)
{
    static struct lb_target six[6];
    bool changed;

    (void)state;
    load_balancer_init(&lb, &rule, six, 3, 1, 3);
    assert_picks(3, 4, 5);
    load_balancer_serve(&lb, 4, false, 0);
    assert_picks(3, 5, 3);
    for (int i = 0; i < 2; i++)
        load_balancer_check_end(&lb, 3, load_balancer_check_begin(&lb, 3, 0, &changed), false, 0);
    assert_picks(5, 5, 5);
    load_balancer_init(&lb, &rule, six, 1, 2, 3); /* every other one */
    assert_picks(1, 3, 5);
    load_balancer_serve(&lb, 3, false, 0);
    assert_picks(1, 5, 1);
}

/*
 * A target returns at 0 s to two others, with a slow start of 30 s. At t it takes the share t / 30
 * s of its turns: of 3 turns a round, so of 100 requests a second from then on, evenly spaced, it
 * gets the share r / (2 + r) at r = t / 30 s. In the integral over 30 s that is 1 - 2 ln(3 / 2) of
 * 3000 requests, 567; from then on a third.
 */
static void a_slow_start_grows_linearly(void **state)
{
    int slow = 0, after = 0;

    (void)state;
    rule.slow_start_ns = 30 * SIM_S;
    load_balancer_serve(&lb, 1, false, 0);
    load_balancer_serve(&lb, 1, true, 0);
    assert_int_equal(lb.slow_count, 1);
    for (sim_time t = 0; t < 30 * SIM_S; t += 10 * SIM_MS)
        slow += load_balancer_pick(&lb, t) == 1;
    for (sim_time t = 30 * SIM_S; t < 60 * SIM_S; t += 10 * SIM_MS)
        after += load_balancer_pick(&lb, t) == 1;
    assert_in_range(slow, 560, 574);
    assert_in_range(after, 999, 1001);
    assert_int_equal(lb.slow_count, 0);
}

/* Nobody else can take the share of the first one that is healthy again. */
static void the_first_target_does_not_start_slowly(void **state)
{
    (void)state;
    rule.slow_start_ns = 30 * SIM_S;
    for (uint32_t i = 0; i < 3; i++)
        load_balancer_serve(&lb, i, false, 0);
    load_balancer_serve(&lb, 2, true, 0);
    assert_int_equal(lb.slow_count, 0);
    load_balancer_serve(&lb, 0, true, 0);
    assert_int_equal(lb.slow_count, 1);
    assert_picks(2, 2, 2); /* at the instant 0 its share is 0 */
    load_balancer_serve(&lb, 2, false, 0);
    assert_picks(0, 0, 0); /* all are in slow start */
    load_balancer_serve(&lb, 0, false, 0);
    assert_int_equal(lb.slow_count, 0);
}

/* As a new target: one pass is enough, after a failure there it takes all three. */
static void a_target_that_returns_may_need_a_check(void **state)
{
    (void)state;
    rule.initial_check = true;
    load_balancer_serve(&lb, 1, false, 0);
    load_balancer_serve(&lb, 1, true, 0);
    assert_picks(0, 2, 0);
    assert_true(check(1, true));
    assert_picks(1, 2, 0);
    load_balancer_serve(&lb, 1, false, 0);
    load_balancer_serve(&lb, 1, true, 0);
    assert_false(check(1, false));
    assert_false(check(1, true));
    assert_false(check(1, true));
    assert_true(check(1, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(round_robin_goes_round, three_targets),
        cmocka_unit_test_setup(
            two_failed_checks_in_a_row_take_a_target_out_and_three_passed_ones_bring_it_back,
            three_targets),
        cmocka_unit_test_setup(all_unhealthy_fails_open_to_those_in_service, three_targets),
        cmocka_unit_test_setup(nobody_in_service_means_nowhere, three_targets),
        cmocka_unit_test_setup(least_outstanding_prefers_the_idle_one_and_takes_turns_on_ties,
                               three_targets),
        cmocka_unit_test_setup(too_few_healthy_ones_fail_open, three_targets),
        cmocka_unit_test_setup(a_group_is_a_part_of_the_targets, three_targets),
        cmocka_unit_test_setup(a_slow_start_grows_linearly, three_targets),
        cmocka_unit_test_setup(the_first_target_does_not_start_slowly, three_targets),
        cmocka_unit_test_setup(a_target_that_returns_may_need_a_check, three_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
