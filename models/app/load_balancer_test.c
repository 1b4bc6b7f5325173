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
    rule = (struct load_balancer_rule){
        .health = {.healthy_threshold = 3, .unhealthy_threshold = 2}, .fail_open_count = 1};
    load_balancer_init(&lb, &rule, targets, 0, 3);
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
    assert_int_equal(lb.usable, 0);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
