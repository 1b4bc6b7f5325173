// SPDX-License-Identifier: GPL-3.0-or-later
#include "tally.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

static struct tally tally_of(const double *values, size_t count)
{
    struct tally tally = {0};
    for (size_t i = 0; i < count; i++)
        tally_add(&tally, values[i]);
    return tally;
}

static void an_empty_tally_is_all_zero(void **state)
{
    (void)state;
    struct tally tally = {0};
    assert_int_equal(tally.count, 0);
    assert_close(tally_variance(&tally), 0.0, 0.0);
    assert_close(tally_sd(&tally), 0.0, 0.0);
}

/*
 * 2 4 4 4 5 5 7 9: sum 40, mean 5; squared differences 9 1 1 1 0 0 4 16, sum 32; variance of the
 * sample 32 / 7.
 */
static void moments_of_eight_values(void **state)
{
    (void)state;
    static const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct tally tally = tally_of(values, 8);
    assert_int_equal(tally.count, 8);
    assert_close(tally.mean, 5.0, 1e-15);
    assert_close(tally.m2, 32.0, 1e-15);
    assert_close(tally_variance(&tally), 32.0 / 7.0, 1e-15);
    assert_close(tally_sd(&tally), sqrt(32.0 / 7.0), 1e-15);
    assert_close(tally.min, 2.0, 0.0);
    assert_close(tally.max, 9.0, 0.0);
}

static void one_value_has_no_variance_and_is_both_extremes(void **state)
{
    (void)state;
    struct tally tally = {0};
    tally_add(&tally, -3.5);
    assert_close(tally_variance(&tally), 0.0, 0.0);
    assert_close(tally.min, -3.5, 0.0);
    assert_close(tally.max, -3.5, 0.0);
}

/*
 * 1e9 + {4, 7, 13, 16}: the differences from the mean 10 are -6 -3 3 6, so m2 = 90 and the
 * variance 30. The sum of squares minus the square of the sum would lose it: 1e18 has no room for
 * units in 53 bits.
 */
static void a_large_offset_does_not_cost_the_variance(void **state)
{
    (void)state;
    static const double values[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
    struct tally tally = tally_of(values, 4);
    assert_close(tally_variance(&tally), 30.0, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_tally_is_all_zero),
        cmocka_unit_test(moments_of_eight_values),
        cmocka_unit_test(one_value_has_no_variance_and_is_both_extremes),
        cmocka_unit_test(a_large_offset_does_not_cost_the_variance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
