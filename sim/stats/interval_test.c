// SPDX-License-Identifier: GPL-3.0-or-later
#include "interval.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

/* n values of mean 0 and variance 1: pairs of +-x with n x^2 = n - 1, and a 0 where n is odd. */
static struct tally standard_tally(uint64_t n)
{
    struct tally tally = {0};
    uint64_t pairs = n / 2;
    double x = sqrt((double)(n - 1) / (double)(2 * pairs));
    for (uint64_t i = 0; i < pairs; i++) {
        tally_add(&tally, x);
        tally_add(&tally, -x);
    }
    if (n % 2 == 1)
        tally_add(&tally, 0.0);
    return tally;
}

/*
 * The printed tables of Student's t, to their three decimals (the CRC and the NIST handbooks have
 * the same): with mean 0 and variance 1, the upper end times sqrt(n) is t(n - 1) itself.
 */
static void student_agrees_with_the_printed_table(void **state)
{
    (void)state;
    static const struct {
        uint64_t freedom;
        double level, t;
    } table[] = {
        {1, 0.95, 12.706}, {1, 0.90, 6.314},   {2, 0.95, 4.303},   {4, 0.95, 2.776},
        {5, 0.99, 4.032},  {9, 0.95, 2.262},   {9, 0.90, 1.833},   {10, 0.99, 3.169},
        {19, 0.95, 2.093}, {29, 0.95, 2.045},  {29, 0.99, 2.756},  {30, 0.90, 1.697},
        {60, 0.95, 2.000}, {120, 0.99, 2.617}, {120, 0.95, 1.980},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint64_t n = table[i].freedom + 1;
        struct tally tally = standard_tally(n);
        struct interval interval = interval_student(&tally, table[i].level);
        double t = interval.high * sqrt((double)n);
        assert_true(interval.valid);
        assert_true(fabs(t - table[i].t) <= 0.0005);
        assert_close(interval.low, -interval.high, 1e-12);
    }
}

/*
 * The sum is 13.43, the mean 1.343; the squares sum to 19.5441, so m2 = 19.5441 - 13.43^2 / 10
 * = 1.50761 and the variance is 1.50761 / 9 = 0.167512. t(9) at 90 % is 1.833: half width 1.833 *
 * sqrt(0.0167512) = 0.23724. Law, chapter 4, has this sample and rounds to 1.34 +- 0.24.
 */
static void student_of_ten_replications(void **state)
{
    (void)state;
    static const double values[] = {1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09};
    struct tally tally = {0};
    for (size_t i = 0; i < 10; i++)
        tally_add(&tally, values[i]);
    struct interval interval = interval_student(&tally, 0.90);
    assert_int_equal(interval.n, 10);
    assert_close(interval.level, 0.90, 0.0);
    assert_close(interval.mean, 1.343, 1e-14);
    assert_close(interval.low, 1.343 - 0.23724, 1e-4);
    assert_close(interval.high, 1.343 + 0.23724, 1e-4);
}

static void fewer_than_two_values_have_no_interval(void **state)
{
    (void)state;
    struct tally tally = {0};
    for (uint64_t n = 0; n < 2; n++) {
        struct interval interval = interval_student(&tally, 0.95);
        assert_false(interval.valid);
        assert_int_equal(interval.n, n);
        assert_true(isnan(interval.low) && isnan(interval.high));
        assert_close(interval_relative_half_width(&interval), INFINITY, 0.0);
        tally_add(&tally, 4.0);
    }
}

static void no_variance_gives_a_point(void **state)
{
    (void)state;
    struct tally tally = {0};
    tally_add(&tally, 4.0);
    tally_add(&tally, 4.0);
    struct interval interval = interval_student(&tally, 0.95);
    assert_true(interval.valid);
    assert_close(interval.low, 4.0, 0.0);
    assert_close(interval.high, 4.0, 0.0);
}

/*
 * 15 of 20 at 95 %, z = 1.959964, z^2 = 3.841459, z^2 / n = 0.192073:
 *   centre = (0.75 + 0.096036) / 1.192073 = 0.709719
 *   half   = sqrt(0.192073 * 0.1875 + 0.096036^2) / 1.192073
 *          = sqrt(0.0360137 + 0.0092230) / 1.192073 = 0.212689 / 1.192073 = 0.178420
 */
static void wilson_of_fifteen_in_twenty(void **state)
{
    (void)state;
    struct interval interval = interval_wilson(15, 20, 0.95);
    assert_true(interval.valid);
    assert_close(interval.mean, 0.75, 0.0);
    assert_close(interval.low, 0.709719 - 0.178420, 1e-5);
    assert_close(interval.high, 0.709719 + 0.178420, 1e-5);
}

/*
 * No hit in n: centre and half width are both (z^2 / 2n) / (1 + z^2 / n), so the upper end is
 * z^2 / (n + z^2) = 3.841459 / 13.841459 = 0.277533 for n = 10; all hits mirror it.
 */
static void wilson_at_the_ends_is_one_sided_and_stays_within_0_and_1(void **state)
{
    (void)state;
    struct interval none = interval_wilson(0, 10, 0.95);
    assert_close(none.low, 0.0, 0.0);
    assert_close(none.high, 0.277533, 1e-5);
    struct interval all = interval_wilson(10, 10, 0.95);
    assert_close(all.low, 1.0 - 0.277533, 1e-5);
    assert_close(all.high, 1.0, 0.0);
    struct interval single = interval_wilson(1, 1, 0.95); /* 1 - z^2 / (1 + z^2) = 1 / 4.841459 */
    assert_true(single.valid);
    assert_close(single.low, 0.206549, 1e-5);
}

static void wilson_of_no_trials_is_invalid(void **state)
{
    (void)state;
    struct interval interval = interval_wilson(0, 0, 0.95);
    assert_false(interval.valid);
    assert_true(isnan(interval.low) && isnan(interval.high));
}

static void relative_half_width_is_of_the_absolute_mean(void **state)
{
    (void)state;
    struct interval interval = {.valid = true, .mean = -10, .low = -11, .high = -9};
    assert_close(interval_relative_half_width(&interval), 0.1, 1e-15);
    struct interval around_zero = {.valid = true, .low = -1, .high = 1};
    assert_close(interval_relative_half_width(&around_zero), INFINITY, 0.0);
    /* Without any variation the interval is unknown. */
    struct interval constant = {.valid = true, .mean = 3, .low = 3, .high = 3};
    constant.form = INTERVAL_CONSTANT;
    assert_close(interval_relative_half_width(&constant), INFINITY, 0.0);
}

/*
 * Shares 10 % and 100 %: a difference of 0.9 +- 0.2 would end at 1.1. On the scale of Fisher's z:
 * atanh(0.9) = 1.472219, half 0.2 / (1 - 0.81) = 1.052632; tanh of 0.419588 and of 2.524851 =
 * 0.396582 and 0.987255. Where the right side counts twice, the range is -2 to 1: place (0.9 + 0.5)
 * / 1.5 = 0.933333.
 */
static void a_difference_of_shares_stays_possible(void **state)
{
    (void)state;
    struct interval interval = {.valid = true, .n = 4, .mean = 0.9, .low = 0.7, .high = 1.1};
    struct interval twice = interval, end = {.valid = true, .mean = 1, .low = 1, .high = 1};
    interval_keep_between(&interval, -1, 1);
    assert_close(interval.low, 0.396582, 1e-5);
    assert_close(interval.high, 0.987255, 1e-5);
    interval_keep_between(&twice, -2, 1);
    assert_close(twice.low, -0.5 + 1.5 * tanh(atanh(1.4 / 1.5) - 0.2 / 1.5 / (1 - 1.96 / 2.25)),
                 1e-12);
    assert_true(twice.low > -2 && twice.high < 1);
    interval_keep_between(&end, -1, 1);
    assert_close(end.low, 1, 0);
}

static void one_replication_says_what_it_saw(void **state)
{
    struct interval one = {.n = 1, .mean = 0, .low = NAN, .high = NAN, .trials = 490};
    struct strbuf text = STRBUF_INIT;

    (void)state;
    interval_add(&text, &one, UNIT_SHARE);
    assert_string_equal(text.text, "0 of 490");
    strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(student_agrees_with_the_printed_table),
        cmocka_unit_test(student_of_ten_replications),
        cmocka_unit_test(fewer_than_two_values_have_no_interval),
        cmocka_unit_test(no_variance_gives_a_point),
        cmocka_unit_test(wilson_of_fifteen_in_twenty),
        cmocka_unit_test(wilson_at_the_ends_is_one_sided_and_stays_within_0_and_1),
        cmocka_unit_test(wilson_of_no_trials_is_invalid),
        cmocka_unit_test(relative_half_width_is_of_the_absolute_mean),
        cmocka_unit_test(a_difference_of_shares_stays_possible),
        cmocka_unit_test(one_replication_says_what_it_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
