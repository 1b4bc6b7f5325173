// SPDX-License-Identifier: GPL-3.0-or-later
#include "stop_rule.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

/* 15; 15 x 1.3 = 19.5, 20; 26; 33.8, 34; 44.2, 45, which 40 cuts. */
static void looks_grow_and_end_at_the_limit(void **state)
{
    (void)state;
    const uint32_t expected[] = {15, 20, 26, 34, 40};
    uint32_t done = 0;

    for (size_t i = 0; i < 5; i++) {
        done = stop_rule_next(done, 40);
        assert_int_equal(done, expected[i]);
    }
    assert_int_equal(stop_rule_next(40, 40), 40);
    assert_int_equal(stop_rule_next(0, 4), 4);
    assert_int_equal(stop_rule_next(4, 4), 4);
    assert_int_equal(stop_rule_looks(15, 40), 5);
    assert_int_equal(stop_rule_looks(15, 15), 1);
    assert_int_equal(stop_rule_looks(15, 3), 1);
}

static void goals_are_relative_or_in_the_unit(void **state)
{
    (void)state;
    const struct interval interval = {.valid = true, .mean = 20, .low = 18, .high = 22};
    const struct precision_goal tenth = {true, 0.1}, less = {true, 0.099}, two = {false, 2};
    const struct interval none = {.n = 1};

    assert_close(precision_achieved(&tenth, &interval), 0.1, 1e-15);
    assert_close(precision_achieved(&two, &interval), 2, 1e-15);
    assert_true(precision_met(&tenth, &interval) && precision_met(&two, &interval));
    assert_false(precision_met(&less, &interval));
    assert_false(precision_met(&two, &none));
}

static void one_early_narrow_interval_does_not_stop(void **state)
{
    (void)state;
    struct stop_rule rule = {0};

    assert_false(stop_rule_look(&rule, true));
    assert_false(stop_rule_look(&rule, false));
    assert_false(stop_rule_look(&rule, true));
    assert_true(stop_rule_look(&rule, true));
}

/* Twenty equal values: the half-width is 0, and the variation is unknown. */
static void without_any_spread_no_goal_is_met(void **state)
{
    struct tally tally = {0};
    const struct precision_goal relative = {true, 0.05}, absolute = {false, 10};

    (void)state;
    for (int i = 0; i < 20; i++)
        tally_add(&tally, 3);
    struct interval interval = interval_student(&tally, 0.95);
    assert_false(precision_met(&relative, &interval));
    assert_false(precision_met(&absolute, &interval));
    /* No event in twenty replications: a bound, [0, 0.184], but no spread either. */
    interval.form = INTERVAL_NONE_SEEN;
    interval.mean = interval.low = 0;
    interval.high = 0.184;
    assert_false(precision_met(&absolute, &interval));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_grow_and_end_at_the_limit),
        cmocka_unit_test(goals_are_relative_or_in_the_unit),
        cmocka_unit_test(one_early_narrow_interval_does_not_stop),
        cmocka_unit_test(without_any_spread_no_goal_is_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
