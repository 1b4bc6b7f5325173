// SPDX-License-Identifier: GPL-3.0-or-later
#include "paired_outcomes.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

#include <math.h>

/* 20 pairs: all recovered in the base, 12 with the change. Eight pairs differ, all one way: 2 / 2^8
 * two-sided, 1 / 2^8 one-sided. */
static void eight_of_eight_differing_pairs_are_decisive(void **state)
{
    double base[20], value[20];
    struct paired_outcomes pairs;

    (void)state;
    for (int i = 0; i < 20; i++) {
        base[i] = 1;
        value[i] = i < 12;
    }
    pairs = paired_outcomes_compare(base, value, 20);
    assert_int_equal(pairs.both, 12);
    assert_int_equal(pairs.base_only, 8);
    assert_close(pairs.p, 2.0 / 256, 1e-12);
    assert_close(pairs.p_worse, 1.0 / 256, 1e-12);
}

/* Five against two of seven: 2 x (21 + 7 + 1) / 2^7 = 0.453125. */
static void discordant_pairs_both_ways_follow_the_binomial(void **state)
{
    double base[8], value[8];
    struct paired_outcomes pairs;

    (void)state;
    for (int i = 0; i < 8; i++) {
        base[i] = i < 5;
        value[i] = i >= 5;
    }
    base[7] = (double)NAN;
    pairs = paired_outcomes_compare(base, value, 8);
    assert_int_equal(pairs.base_only, 5);
    assert_int_equal(pairs.value_only, 2);
    assert_close(pairs.p, 2 * 29.0 / 128, 1e-12);
}

static void pairs_alike_say_nothing(void **state)
{
    const double all[] = {1, 0, 1};
    struct paired_outcomes pairs = paired_outcomes_compare(all, all, 3);

    (void)state;
    assert_close(pairs.p, 1, 0);
    assert_close(pairs.p_worse, 1, 0);
}

/* 10 of 10 against 6 of 10: the four that failed are all the value's with probability
 * C(10, 4) / C(20, 4) = 210 / 4845. */
static void unpaired_outcomes_by_fishers_test(void **state)
{
    (void)state;
    assert_close(outcomes_p_worse(10, 10, 6, 10), 210.0 / 4845, 1e-9);
    assert_close(outcomes_p_worse(10, 10, 10, 10), 1, 1e-12);
    assert_true(outcomes_p_worse(6, 10, 10, 10) > 0.99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_of_eight_differing_pairs_are_decisive),
        cmocka_unit_test(discordant_pairs_both_ways_follow_the_binomial),
        cmocka_unit_test(pairs_alike_say_nothing),
        cmocka_unit_test(unpaired_outcomes_by_fishers_test),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
