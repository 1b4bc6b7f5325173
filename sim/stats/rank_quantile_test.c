// SPDX-License-Identifier: GPL-3.0-or-later
#include "rank_quantile.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

#include <math.h>

/* Five values: the range covers the median with 1 - 2 / 2^5 = 93.75 %, and no pair does better. */
static void median_of_five_has_the_range(void **state)
{
    const double values[] = {3, 1, 5, 2, 4};
    struct rank_quantile median = rank_quantile(values, 5, 0.5, 0.95);

    (void)state;
    assert_close(median.value, 3, 0);
    assert_close(median.low, 1, 0);
    assert_close(median.high, 5, 0);
    assert_close(median.level, 0.9375, 1e-12);
    assert_true(median.is_range);
}

/* Ten values: ranks 2 and 9 cover with 1 - 2 (1 + 10) / 2^10 = 97.85 %, ranks 3 and 8 with
 * 1 - 2 x 56 / 1024 = 89.06 %; 2 and 8, or 3 and 9, with 93.46 %. */
static void median_of_ten_has_ranks_two_and_nine(void **state)
{
    double values[10];
    struct rank_quantile median;

    (void)state;
    for (int i = 0; i < 10; i++)
        values[i] = 10 - i;
    median = rank_quantile(values, 10, 0.5, 0.95);
    assert_close(median.value, 5.5, 0);
    assert_close(median.low, 2, 0);
    assert_close(median.high, 9, 0);
    assert_close(median.level, 1 - 22.0 / 1024, 1e-12);
    assert_false(median.is_range);
}

/* Of 20, nine never came. The median, between ranks 10 and 11, is the mean of 10 and 11; by rank
 * its interval 6 to 15 (95.86 %) has no upper bound: rank 15 never came. */
static void what_never_came_is_the_worst(void **state)
{
    double values[20];
    struct rank_quantile median, p90;

    (void)state;
    for (int i = 0; i < 20; i++)
        values[i] = i < 11 ? i + 1 : (double)INFINITY;
    median = rank_quantile(values, 20, 0.5, 0.95);
    assert_int_equal(median.n, 20);
    assert_int_equal(median.censored, 9);
    assert_close(median.value, 10.5, 0);
    assert_close(median.low, 6, 0);
    assert_true(isinf(median.high));
    assert_close(median.level, 0.958611, 1e-5);
    p90 = rank_quantile(values, 20, 0.9, 0.95);
    assert_true(isinf(p90.value));
}

static void missing_values_are_left_out_and_one_has_no_interval(void **state)
{
    const double values[] = {(double)NAN, 7, (double)NAN};
    struct rank_quantile median = rank_quantile(values, 3, 0.5, 0.95);

    (void)state;
    assert_int_equal(median.n, 1);
    assert_close(median.value, 7, 0);
    assert_true(isnan(median.low) && isnan(median.high));
    assert_close(median.level, 0, 0);
    assert_true(isnan(rank_quantile(values, 1, 0.5, 0.95).value));
}

/* Ten values: the 90th percentile is above all of them with 0.9^10 = 34.9 %, below all with 1e-10.
 * 0.9^35 = 2.50 % is a little more than 2.5 %, 0.9^36 less; a median needs 6: 2^-6 = 1.6 %. */
static void few_values_bound_a_high_quantile_from_below_only(void **state)
{
    double values[36];
    struct rank_quantile p90;

    (void)state;
    for (int i = 0; i < 36; i++)
        values[i] = i + 1;
    p90 = rank_quantile(values, 10, 0.9, 0.95);
    assert_true(p90.is_range && p90.low_is_sure && !p90.high_is_sure);
    assert_close(p90.level, 1 - pow(0.9, 10) - 1e-10, 1e-9);
    assert_true(rank_quantile(values, 36, 0.9, 0.95).high_is_sure);
    assert_false(rank_quantile(values, 5, 0.5, 0.95).high_is_sure);
    assert_true(rank_quantile(values, 6, 0.5, 0.95).high_is_sure);
    assert_int_equal(rank_quantile_needed(0.9, 0.95), 36);
    assert_int_equal(rank_quantile_needed(0.5, 0.95), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_of_five_has_the_range),
        cmocka_unit_test(median_of_ten_has_ranks_two_and_nine),
        cmocka_unit_test(what_never_came_is_the_worst),
        cmocka_unit_test(few_values_bound_a_high_quantile_from_below_only),
        cmocka_unit_test(missing_values_are_left_out_and_one_has_no_interval),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
