// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "sampled.h"

#include <math.h>
#include <stdlib.h>

static const struct metric rate = {.name = "rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO};
static const struct metric latency = {.name = "latency", .unit = UNIT_NS, .kind = METRIC_LATENCY};
static const struct metric rto = {.name = "rto", .unit = UNIT_NS, .kind = METRIC_VALUE};

static void take_ratio(struct sampled *sampled, uint32_t replication, uint64_t over, uint64_t under)
{
    const struct metric_ref ref = {.metric = &rate, .region = -1};
    const struct statistic row = {.metric = &rate,
                                  .region = -1,
                                  .window = "all",
                                  .state = under > 0 ? STATISTIC_NUMBER : STATISTIC_NONE,
                                  .value = under > 0 ? (double)over / (double)under : NAN,
                                  .over = over,
                                  .under = under};
    const struct statistics statistics = {.statistics = &row, .statistic_count = 1};

    assert_non_null(sampled_take(sampled, replication, &statistics, &ref));
}

static void take_latency(struct sampled *sampled, uint32_t replication,
                         const struct histogram *histogram)
{
    const struct metric_ref ref = {.metric = &latency, .stat = "p99", .region = -1};
    const struct statistic row = {.metric = &latency,
                                  .stat = "p99",
                                  .region = -1,
                                  .window = "all",
                                  .value = (double)histogram_quantile(histogram, 0.99)};
    const struct statistic_histogram whole = {&latency, -1, NULL, "all", histogram};
    const struct statistics statistics = {
        .statistics = &row, .statistic_count = 1, .histograms = &whole, .histogram_count = 1};

    assert_non_null(sampled_take(sampled, replication, &statistics, &ref));
}

/* 1 of 10 and 9 of 30: 10 of 40, not the mean of 10 % and 30 %. Residuals 1 - 2.5 and 9 - 7.5 over
 * a mean of 20 trials. A replication with nothing counted has no section. */
static void sections_of_a_ratio_have_sum_over_sum_as_their_mean(void **state)
{
    const struct metric_ref ref = {.metric = &rate, .region = -1};
    struct sampled sampled = {0};
    double *sections;

    (void)state;
    take_ratio(&sampled, 0, 1, 10);
    take_ratio(&sampled, 1, 0, 0);
    take_ratio(&sampled, 2, 9, 30);
    sections = sampled_sections(&sampled, &ref);
    assert_close(sections[0], 0.175, 1e-12);
    assert_true(isnan(sections[1]));
    assert_close(sections[2], 0.325, 1e-12);
    assert_close((sections[0] + sections[2]) / 2,
                 sampled_estimate(&sampled, &ref, 0.95).interval.mean, 1e-12);
    free(sections);
    sampled_release(&sampled);
}

/* 100 samples of 1 to 100 ns and one of 120 ns: own p99s of 99 and 120. Of all 101 samples p99 is
 * the hundredth, 100. */
static void sections_of_a_quantile_have_that_of_all_samples_as_their_mean(void **state)
{
    const struct metric_ref ref = {.metric = &latency, .stat = "p99", .region = -1};
    struct sampled sampled = {0};
    struct histogram many = {0}, one = {0};
    double *sections;

    (void)state;
    for (int64_t value = 1; value <= 100; value++)
        histogram_add(&many, value);
    histogram_add(&one, 120);
    take_latency(&sampled, 0, &many);
    take_latency(&sampled, 1, &one);
    sections = sampled_sections(&sampled, &ref);
    assert_close(sections[0], 99 + 100 - 109.5, 1e-12);
    assert_close(sections[1], 120 + 100 - 109.5, 1e-12);
    assert_close(sampled_estimate(&sampled, &ref, 0.95).interval.mean, 100, 1e-12);
    free(sections);
    histogram_release(&many);
    histogram_release(&one);
    sampled_release(&sampled);
}

/* The value has a third replication, which changes its ratio; the pairs are equal and stay so. */
static void equal_pairs_stay_equal(void **state)
{
    const struct metric_ref ref = {.metric = &rate, .region = -1};
    struct sampled base = {0}, value = {0};
    double *sides[2];

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        take_ratio(&base, i, i + 1, 10 * (i + 1) + i);
        take_ratio(&value, i, i + 1, 10 * (i + 1) + i);
    }
    take_ratio(&value, 2, 30, 40);
    sampled_pair_sections(&base, &value, &ref, sides);
    for (uint32_t i = 0; i < 2; i++)
        assert_true(sides[0][i] == sides[1][i] && sides[0][i] == base.values[i]);
    free(sides[0]);
    free(sides[1]);
    /* with one pair unlike, each side has its own ratio */
    take_ratio(&value, 1, 5, 21);
    sampled_pair_sections(&base, &value, &ref, sides);
    assert_close((sides[0][0] + sides[0][1]) / 2, 3.0 / 31, 1e-12);
    assert_close((sides[1][0] + sides[1][1] + sides[1][2]) / 3, 36.0 / 71, 1e-12);
    free(sides[0]);
    free(sides[1]);
    sampled_release(&base);
    sampled_release(&value);
}

/* A value that was not known when the run ended stays beyond every number. */
static void sections_of_values_are_the_values(void **state)
{
    const struct metric_ref ref = {.metric = &rto, .region = -1};
    struct sampled sampled;
    double *sections;

    (void)state;
    sampled_init(&sampled, &ref, 3);
    sampled.values[0] = 7;
    sampled.values[1] = INFINITY;
    sections = sampled_sections(&sampled, &ref);
    assert_close(sections[0], 7, 0);
    assert_true(isinf(sections[1]) && isnan(sections[2]));
    free(sections);
    sampled_release(&sampled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_of_a_ratio_have_sum_over_sum_as_their_mean),
        cmocka_unit_test(sections_of_a_quantile_have_that_of_all_samples_as_their_mean),
        cmocka_unit_test(equal_pairs_stay_equal),
        cmocka_unit_test(sections_of_values_are_the_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
