// SPDX-License-Identifier: GPL-3.0-or-later
/* Intervals of estimate.h, computed by hand. Their coverage: estimate_coverage_test.c. */
#include "estimate.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "lindley.h"

#include <math.h>

static struct estimate_sums sums_of(const double *values, size_t n)
{
    struct estimate_sums sums = {.over = 0};

    for (size_t i = 0; i < n; i++)
        estimate_add(&sums, values[i], 0, 0);
    return sums;
}

/* 1, 2, 4, 13: mean 5, deviations -4 -3 -1 8, squares 16 + 9 + 1 + 64 = 90, cubes -64 - 27 - 1 +
 * 512 = 420. */
static void moments_are_those_of_the_values(void **state)
{
    static const double values[] = {1, 2, 4, 13};
    struct estimate_sums sums = sums_of(values, 4);

    (void)state;
    assert_close(sums.tally.mean, 5, 1e-12);
    assert_close(sums.tally.m2, 90, 1e-12);
    assert_close(sums.m3, 420, 1e-12);
}

/* 8, 10, 12 have no skewness: mean 10, s = 2, t(2, 97.5 %) = 4.302653, relative error 2 / sqrt(3) /
 * 10 = 0.1154701, so the lower end is 10 exp(-0.496824) = 6.084598. With three replications the
 * upper end is Student's, 10 + 4.968275. */
static void a_positive_mean_stays_positive(void **state)
{
    static const double values[] = {8, 10, 12}, wide[] = {0, 0, 0, 0, 60};
    struct estimate_sums sums = sums_of(values, 3);
    struct interval interval = estimate_interval(&sums, ESTIMATE_POSITIVE, 0.95, NULL);

    (void)state;
    assert_close(interval.low, 6.084598, 1e-5);
    assert_close(interval.high, 14.968275, 1e-6);
    /* Student's lower end of 12 with s = 26.8 is -21. */
    sums = sums_of(wide, 5);
    interval = estimate_interval(&sums, ESTIMATE_POSITIVE, 0.95, NULL);
    assert_true(interval.low > 0 && interval.low < 1.5);
    assert_true(interval.high > 45.3); /* Student's upper end */
}

/* A level of 98 % with some spread: never above 100 %, as Student's would be. */
static void a_bounded_mean_stays_below_one(void **state)
{
    static const double values[] = {0.94, 0.99, 1.0, 1.0, 0.97};
    struct estimate_sums sums = sums_of(values, 5);
    struct interval interval = estimate_interval(&sums, ESTIMATE_BOUNDED, 0.95, NULL);
    struct interval student = interval_student(&sums.tally, 0.95);

    (void)state;
    assert_true(student.high > 1);
    assert_true(interval.high < 1 && interval.low < 0.96 && interval.low > 0.7);
}

/* Nothing in 4 x 9000 trials: below -ln(0.025) / 36000 = 1.024689e-4. */
static void a_share_without_hits_has_a_bound(void **state)
{
    struct estimate_sums sums = {.over = 0};
    struct strbuf text = STRBUF_INIT;

    (void)state;
    for (int i = 0; i < 4; i++)
        estimate_add(&sums, 0, 0, 9000);
    struct interval interval = estimate_interval(&sums, ESTIMATE_SHARE, 0.95, NULL);
    assert_int_equal(interval.form, INTERVAL_NONE_SEEN);
    assert_close(interval.high, 3.688879 / 36000, 1e-6);
    interval_add(&text, &interval, UNIT_SHARE);
    assert_string_equal(text.text, "0 of 36000, below 0.0102%");
    strbuf_release(&text);
}

/*
 * 0, 1, 2, 3 and 14 of 1000: 20 of 5000. Squares of the residuals -4, -3, -2, -1, 10 sum to 130:
 * the variance of the share is 130 x 5/4 / 5000^2 = 6.5e-6, a design effect of 8.157631; adjusted
 * skewness 2.024, so that Hall's quantile of the upper end is beyond 1.6 t(4), which it may not be
 * (of the lower one below t). Wilson's upper end with 5000 / (8.157631 (1.6 x 2.776445 /
 * 1.959964)^2) = 119.3 trials is 3.854 %, his lower one with 305.4 trials 0.081 %.
 */
static void a_share_of_skewed_replications_is_wider_above(void **state)
{
    static const uint64_t hits[] = {0, 1, 2, 3, 14};
    struct estimate_sums sums = {.over = 0};

    (void)state;
    for (int i = 0; i < 5; i++)
        estimate_add(&sums, (double)hits[i] / 1000, hits[i], 1000);
    struct interval interval = estimate_interval(&sums, ESTIMATE_SHARE, 0.95, NULL);
    assert_close(interval.mean, 0.004, 1e-12);
    assert_close(interval.low, 0.000809847, 1e-5);
    assert_close(interval.high, 0.0385407, 1e-5);
}

/* 9 of 10 in one replication and 10 of 990 in the other: 19 of 1000, and not (0.9 + 0.0101) / 2. */
static void a_ratio_is_sum_over_sum(void **state)
{
    struct estimate_sums sums = {.over = 0};

    (void)state;
    estimate_add(&sums, 0.9, 9, 10);
    estimate_add(&sums, 10.0 / 990, 10, 990);
    assert_close(estimate_interval(&sums, ESTIMATE_SHARE, 0.95, NULL).mean, 0.019, 1e-12);
    assert_close(estimate_interval(&sums, ESTIMATE_RATIO, 0.95, NULL).mean, 0.019, 1e-12);
}

/* Nothing counted in 10 replications: below 3.688879 / 10. One in 3 of 10: Wilson's interval. */
static void a_count_that_never_exceeds_one_is_a_share_of_the_replications(void **state)
{
    static const double none[10] = {0}, some[10] = {0, 1, 0, 0, 1, 0, 0, 0, 1, 0};
    struct estimate_sums sums = sums_of(none, 10);
    struct interval interval = estimate_interval(&sums, ESTIMATE_COUNT, 0.95, NULL);
    struct interval wilson = interval_wilson(3, 10, 0.95);

    (void)state;
    assert_int_equal(interval.form, INTERVAL_NONE_SEEN);
    assert_close(interval.high, 0.3688879, 1e-6);
    sums = sums_of(some, 10);
    interval = estimate_interval(&sums, ESTIMATE_COUNT, 0.95, NULL);
    assert_close(interval.low, wilson.low, 0);
    assert_close(interval.high, wilson.high, 0);
}

/* Quantiles of 100 in each replication, all in one bin of half-width 3: the bin is the interval.
 * Where the pooled quantile is 110, the squares about it are 4 x 100: error sqrt(400 / 3 / 4) =
 * 5.7735, t(3) = 3.182446, so the lower end is 110 exp(-3.182446 x 5.7735 / 110) = 93.08. */
static void a_quantile_is_about_the_pooled_one(void **state)
{
    static const double values[] = {100, 100, 100, 100};
    struct estimate_sums sums = sums_of(values, 4);
    struct interval interval = estimate_quantile(&sums, 100, 3, 0.95, NULL);

    (void)state;
    assert_close(interval.low, 97, 1e-12);
    assert_close(interval.high, 103, 1e-12);
    interval = estimate_quantile(&sums, 110, 3, 0.95, NULL);
    assert_close(interval.mean, 110, 1e-12);
    assert_close(interval.low, 93.08, 1e-4);
}

/* Most samples are 0, so that the pooled median is, but not those of two replications: the upper
 * end is on the plain scale, and a number. */
static void a_pooled_quantile_may_be_zero(void **state)
{
    static const double values[] = {0, 0, 0, 4e6, 5e6};
    struct estimate_sums sums = sums_of(values, 5);
    struct interval zero = estimate_quantile(&sums, 0, 0, 0.95, NULL);
    struct interval small = estimate_quantile(&sums, 3, 0, 0.95, NULL);

    (void)state;
    assert_close(zero.low, 0, 0);
    assert_true(isfinite(zero.high) && zero.high > 2e6);
    assert_true(small.low >= 0 && isfinite(small.high) && small.high > 2e6);
}

static void one_replication_has_no_interval(void **state)
{
    static const double values[] = {7};
    struct estimate_sums sums = sums_of(values, 1);

    (void)state;
    for (int law = ESTIMATE_SIGNED; law <= ESTIMATE_COUNT; law++)
        assert_false(estimate_interval(&sums, (enum estimate_law)law, 0.95, NULL).valid);
}

/* For counts and measurements, rare, clustered or skewed, with two to thirty replications: bounds
 * are numbers, ordered and possible. */
static void bounds_are_always_possible(void **state)
{
    uint64_t random = lindley_state(1, 1);

    (void)state;
    for (int study = 0; study < 60000; study++) {
        enum estimate_law law = (enum estimate_law)(study % 6);
        size_t n = 2 + (size_t)(lindley_uniform(&random) * 29);
        double scale = pow(10, 12 * lindley_uniform(&random) - 3), zero = lindley_uniform(&random);
        double power = 8 * lindley_uniform(&random);
        struct estimate_sums sums = {.over = 0};

        for (size_t i = 0; i < n; i++) {
            double value =
                lindley_uniform(&random) < zero ? 0 : pow(lindley_uniform(&random), power) * scale;
            uint64_t under = 1 + (uint64_t)value, over = 0;

            if (law == ESTIMATE_BOUNDED)
                value = fmin(value, 1);
            if (law == ESTIMATE_COUNT)
                value = floor(value);
            if (law == ESTIMATE_SHARE || law == ESTIMATE_RATIO) {
                over = (uint64_t)((double)under * pow(lindley_uniform(&random), power));
                value = (double)over / (double)under;
            }
            estimate_add(&sums, value, over, under);
        }
        struct interval interval = estimate_interval(&sums, law, 0.95, NULL);
        bool is_share = law == ESTIMATE_SHARE || law == ESTIMATE_BOUNDED;
        if (!(isfinite(interval.low) && isfinite(interval.high) &&
              interval.low <= interval.mean * (1 + 1e-12) &&
              interval.mean <= interval.high * (1 + 1e-12) &&
              (law == ESTIMATE_SIGNED || interval.low >= 0) && (!is_share || interval.high <= 1)))
            fail_msg("law %d, n = %zu: %g [%g, %g]", law, n, interval.mean, interval.low,
                     interval.high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_those_of_the_values),
        cmocka_unit_test(a_positive_mean_stays_positive),
        cmocka_unit_test(a_bounded_mean_stays_below_one),
        cmocka_unit_test(a_share_without_hits_has_a_bound),
        cmocka_unit_test(a_share_of_skewed_replications_is_wider_above),
        cmocka_unit_test(a_ratio_is_sum_over_sum),
        cmocka_unit_test(a_count_that_never_exceeds_one_is_a_share_of_the_replications),
        cmocka_unit_test(a_quantile_is_about_the_pooled_one),
        cmocka_unit_test(a_pooled_quantile_may_be_zero),
        cmocka_unit_test(bounds_are_always_possible),
        cmocka_unit_test(one_replication_has_no_interval),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
