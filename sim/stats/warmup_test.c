// SPDX-License-Identifier: GPL-3.0-or-later
#include "warmup.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* 10, +-1 in turn (so that ten values have the mean 10), and `height` more at first. */
static void fill(double *values, size_t count, size_t transient, double height)
{
    for (size_t i = 0; i < count; i++)
        values[i] = 10.0 + (i % 2 == 0 ? 1.0 : -1.0) + (i < transient ? height : 0.0);
}

/*
 * 50 values 100 too high, then 450 steady. The batch means of the steady part are 10.2 and 9.8 in
 * turn, so the statistic of the last n batches is 0.04 n / n^2 = 0.04 / n (for an odd n less by 1 /
 * n^2 of it): 0.00044 at n = 90, more for fewer. One batch of the transient more adds about 100^2 /
 * 91^2 = 1.2. So the minimum is exactly where the step ends.
 */
static void a_step_is_cut_where_it_ends(void **state)
{
    (void)state;
    double values[500];
    size_t drop = 999;
    fill(values, 500, 50, 100.0);
    assert_true(warmup_mser5(values, 500, &drop));
    assert_int_equal(drop, 50);
}

/* A step that ends within a batch (at 52) is cut after that batch. */
static void a_cut_is_a_multiple_of_five_past_the_transient(void **state)
{
    (void)state;
    double values[500];
    size_t drop = 999;
    fill(values, 500, 52, 100.0);
    assert_true(warmup_mser5(values, 500, &drop));
    assert_int_equal(drop, 55);
}

static void a_steady_series_loses_nothing(void **state)
{
    (void)state;
    double values[500];
    size_t drop = 999;
    fill(values, 500, 0, 0.0);
    assert_true(warmup_mser5(values, 500, &drop));
    assert_int_equal(drop, 0);
    for (size_t i = 0; i < 500; i++)
        values[i] = 3.0; /* every cut has a variance of 0: of equals the first counts */
    assert_true(warmup_mser5(values, 500, &drop));
    assert_int_equal(drop, 0);
}

/* The transient fills three fifths of the series: the best cut is at 300, in the second half. */
static void a_transient_past_the_middle_is_refused(void **state)
{
    (void)state;
    double values[500];
    size_t drop = 999;
    fill(values, 500, 300, 100.0);
    assert_false(warmup_mser5(values, 500, &drop));
    assert_int_equal(drop, 999);
}

/* The second half begins at value 250: a step that ends at 245 is cut, one at 250 refused. */
static void the_middle_itself_is_refused(void **state)
{
    (void)state;
    double values[500];
    size_t drop = 999;
    fill(values, 500, 245, 100.0);
    assert_true(warmup_mser5(values, 500, &drop));
    assert_int_equal(drop, 245);
    fill(values, 500, 250, 100.0);
    assert_false(warmup_mser5(values, 500, &drop));
}

static void a_trend_that_never_ends_is_refused(void **state)
{
    (void)state;
    double values[500];
    size_t drop;
    for (size_t i = 0; i < 500; i++)
        values[i] = (double)(i * i);
    assert_false(warmup_mser5(values, 500, &drop));
}

static void fewer_than_fifty_values_are_refused(void **state)
{
    (void)state;
    double values[50];
    size_t drop;
    fill(values, 50, 0, 0.0);
    assert_false(warmup_mser5(values, 49, &drop));
    assert_true(warmup_mser5(values, 50, &drop));
    assert_false(warmup_mser5(NULL, 0, &drop));
}

/* Four values past the last whole batch, however wild, do not change the cut. */
static void values_past_the_last_whole_batch_are_not_looked_at(void **state)
{
    (void)state;
    double values[504];
    size_t drop;
    fill(values, 504, 50, 100.0);
    for (size_t i = 500; i < 504; i++)
        values[i] = 1e9;
    assert_true(warmup_mser5(values, 504, &drop));
    assert_int_equal(drop, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_cut_where_it_ends),
        cmocka_unit_test(a_cut_is_a_multiple_of_five_past_the_transient),
        cmocka_unit_test(a_steady_series_loses_nothing),
        cmocka_unit_test(a_transient_past_the_middle_is_refused),
        cmocka_unit_test(the_middle_itself_is_refused),
        cmocka_unit_test(a_trend_that_never_ends_is_refused),
        cmocka_unit_test(fewer_than_fifty_values_are_refused),
        cmocka_unit_test(values_past_the_last_whole_batch_are_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
