// SPDX-License-Identifier: GPL-3.0-or-later
#include "expectation.h"
#include "judge.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

#include <math.h>

static const char *const causes[] = {"lag", "failover", NULL};
static const struct metric count = {
    .name = "reauths", .kind = METRIC_COUNT, .label = "cause", .label_values = causes};
static const struct metric ratio = {.name = "rate", .kind = METRIC_LEVEL};
static const struct metric recovery = {
    .name = "rto", .kind = METRIC_VALUE, .unit = UNIT_NS, .better = LOWER_IS_BETTER};
static const struct metric latency = {.name = "latency", .kind = METRIC_LATENCY};

/* One expectation, judged over runs that hold a statistic of the left metric, and maybe of the
 * right.
 */
struct bench {
    struct expectation expect;
    struct scenario scenario;
    struct judge *judge;
};

static void bench_init(struct bench *bench, struct expectation expect)
{
    *bench = (struct bench){.expect = expect};
    bench->scenario.expects = &bench->expect;
    bench->scenario.expect_count = 1;
    bench->judge = judge_create(0.95);
    judge_add_point(bench->judge, &bench->scenario);
}

static void bench_add(struct bench *bench, uint32_t replication, const struct statistic *list,
                      size_t statistic_count)
{
    struct statistics statistics = {.statistics = list, .statistic_count = statistic_count};
    struct run_result result = {
        .replication = replication, .scenario = &bench->scenario, .statistics = &statistics};

    judge_add(bench->judge, &result);
}

static struct judged bench_verdict(struct bench *bench)
{
    struct judged judged = judge_verdict(bench->judge, 0, 0);

    judge_free(bench->judge);
    return judged;
}

static struct statistic statistic_of(const struct metric *metric, double value)
{
    return (struct statistic){.metric = metric, .region = -1, .window = "all", .value = value};
}

static struct expectation rate_against(enum comparison comparison, double value)
{
    return (struct expectation){.text = (char *)"rate",
                                .left = {.metric = &ratio, .region = -1, .window = (char *)"all"},
                                .comparison = comparison,
                                .factor = 1,
                                .value = value};
}

static struct judged judge_values_of(enum comparison comparison, double bound, const double *values,
                                     uint32_t n)
{
    struct bench bench;

    bench_init(&bench, rate_against(comparison, bound));
    for (uint32_t i = 0; i < n; i++) {
        struct statistic statistic = statistic_of(&ratio, values[i]);
        bench_add(&bench, i, &statistic, isnan(values[i]) ? 0U : 1U);
    }
    return bench_verdict(&bench);
}

/*
 * Values 1 to 5: mean 3, s = sqrt(2.5), t(4, 97.5 %) = 2.776445, no skewness; t s / sqrt(5) / 3 =
 * 0.654414 on the log scale. So the interval is 3 exp(-0.654414) = 1.559239 to 3 exp(0.654414) =
 * 5.772045.
 */
static void interval_is_that_of_a_positive_value_and_decides(void **state)
{
    static const double values[] = {1, 2, 3, 4, 5};
    static const struct {
        enum comparison comparison;
        double bound;
        enum verdict verdict;
    } cases[] = {
        {CMP_LESS, 5.78, VERDICT_HOLDS},          {CMP_LESS, 5.77, VERDICT_UNDECIDED},
        {CMP_LESS, 1.55, VERDICT_FAILS},          {CMP_LESS, 3, VERDICT_UNDECIDED},
        {CMP_GREATER, 1.55, VERDICT_HOLDS},       {CMP_GREATER, 1.56, VERDICT_UNDECIDED},
        {CMP_GREATER, 5.78, VERDICT_FAILS},       {CMP_LESS_EQUAL, 5.78, VERDICT_HOLDS},
        {CMP_LESS_EQUAL, 1.55, VERDICT_FAILS},    {CMP_GREATER_EQUAL, 1.55, VERDICT_HOLDS},
        {CMP_GREATER_EQUAL, 5.78, VERDICT_FAILS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct judged judged = judge_values_of(cases[i].comparison, cases[i].bound, values, 5);
        assert_int_equal(judged.verdict, cases[i].verdict);
        assert_true(judged.has_value && judged.has_interval);
        assert_close(judged.value, 3.0, 1e-12);
        assert_close(judged.low, 1.559239, 1e-6);
        assert_close(judged.high, 5.772045, 1e-6);
    }
}

/* The same interval, [1.559239, 5.772045] around 3: the named side alone decides, in
 * every case. */
static void the_mean_or_a_bound_may_decide(void **state)
{
    static const double values[] = {1, 2, 3, 4, 5};
    static const struct {
        enum expectation_side side;
        double bound;
        enum verdict verdict;
    } cases[] = {
        {BY_MEAN, 3.01, VERDICT_HOLDS},  {BY_MEAN, 2.99, VERDICT_FAILS},
        {BY_UPPER, 5.78, VERDICT_HOLDS}, {BY_UPPER, 5.77, VERDICT_FAILS},
        {BY_LOWER, 1.56, VERDICT_HOLDS}, {BY_LOWER, 1.55, VERDICT_FAILS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct expectation expect = rate_against(CMP_LESS, cases[i].bound);
        struct bench bench;
        expect.side = cases[i].side;
        bench_init(&bench, expect);
        for (uint32_t j = 0; j < 5; j++) {
            struct statistic statistic = statistic_of(&ratio, values[j]);
            bench_add(&bench, j, &statistic, 1);
        }
        assert_int_equal(bench_verdict(&bench).verdict, cases[i].verdict);
    }
}

/* [1.559239, 5.772045] around 3: `mean(rate) < 4` holds, but the interval does not say so; a search
 * for the largest load takes its interval from there. */
static void a_mean_that_holds_may_be_uncertain(void **state)
{
    struct expectation expect = rate_against(CMP_LESS, 4);
    struct sampled left = {.count = 0};

    (void)state;
    expect.side = BY_MEAN;
    for (uint32_t i = 0; i < 5; i++) {
        struct statistic statistic = statistic_of(&ratio, i + 1);
        struct statistics statistics = {.statistics = &statistic, .statistic_count = 1};
        sampled_take(&left, i, &statistics, &expect.left);
    }
    struct decision decision = judge_decide(&expect, &left, &left, 0.95);
    assert_int_equal(decision.verdict, VERDICT_HOLDS);
    assert_int_equal(decision.by_interval, VERDICT_UNDECIDED);
    sampled_release(&left);
}

/* One run has no interval, so it decides nothing but an expectation on the mean. */
static void one_run_decides_nothing(void **state)
{
    static const double one[] = {2};
    struct expectation expect = rate_against(CMP_LESS, 3);
    struct statistic statistic = statistic_of(&ratio, 2);
    struct bench bench;

    (void)state;
    struct judged judged = judge_values_of(CMP_LESS, 2, one, 1);
    assert_int_equal(judged.verdict, VERDICT_UNDECIDED);
    assert_false(judged.has_interval);
    bench_init(&bench, expect);
    bench_add(&bench, 0, &statistic, 1);
    judged = judge_verdict(bench.judge, 0, 0);
    assert_string_equal(judged.reason, "n = 1, no interval");
    judge_free(bench.judge);
    expect.side = BY_MEAN;
    bench_init(&bench, expect);
    bench_add(&bench, 0, &statistic, 1);
    assert_int_equal(bench_verdict(&bench).verdict, VERDICT_HOLDS);
}

static struct judged judge_recoveries(struct expectation expect, const double *values, uint32_t n)
{
    struct bench bench;

    expect.left.metric = &recovery;
    bench_init(&bench, expect);
    for (uint32_t i = 0; i < n; i++) {
        struct statistic statistic = statistic_of(&recovery, values[i]);
        if (isinf(values[i]))
            statistic = (struct statistic){
                &recovery,        NULL, -1, NULL, "all", STATISTIC_CENSORED, (double)NAN,
                .censored_at = 60};
        bench_add(&bench, i, &statistic, 1);
    }
    return bench_verdict(&bench);
}

/* Nine of ten recover within 2 and one never does: no bound on the RTO holds, however high; the
 * mean of all is beyond every number. */
static void never_restored_fails_every_upper_bound(void **state)
{
    static const double values[] = {1, 2, 1, 2, 1, INFINITY, 2, 1, 2, 1};
    struct expectation expect = rate_against(CMP_LESS, 1e9);

    (void)state;
    struct judged judged = judge_recoveries(expect, values, 10);
    assert_int_equal(judged.verdict, VERDICT_FAILS);
    assert_close(judged.value, 13.0 / 9, 1e-12); /* of those that recovered */
    expect.side = BY_MEAN;
    assert_int_equal(judge_recoveries(expect, values, 10).verdict, VERDICT_FAILS);
    /* A lower bound: the one satisfies it, the nine do not. */
    expect = rate_against(CMP_GREATER, 3);
    assert_int_equal(judge_recoveries(expect, values, 10).verdict, VERDICT_UNDECIDED);
    expect = rate_against(CMP_GREATER, 0.5);
    assert_int_equal(judge_recoveries(expect, values, 10).verdict, VERDICT_HOLDS);
    expect = rate_against(CMP_GREATER, 3);
    assert_int_equal(judge_recoveries(expect, &values[5], 1).verdict, VERDICT_UNDECIDED);
}

/* Ten times to recover of 1 to 10 s: the highest is above the 90th percentile only with 1 - 0.9^10
 * = 65.1 %, so that no upper bound is proved, and 36 runs are needed; that all are above 0.5 is. */
static void few_runs_do_not_bound_a_high_quantile(void **state)
{
    static const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    struct expectation expect = rate_against(CMP_LESS, 1e9);
    struct bench bench;

    (void)state;
    expect.left.metric = &recovery;
    expect.left.stat = "p90";
    bench_init(&bench, expect);
    for (uint32_t i = 0; i < 10; i++) {
        struct statistic statistic = statistic_of(&recovery, values[i]);
        bench_add(&bench, i, &statistic, 1);
    }
    struct judged judged = judge_verdict(bench.judge, 0, 0);
    assert_int_equal(judged.verdict, VERDICT_UNDECIDED);
    assert_close(judged.high, 10, 0);
    assert_string_equal(judged.reason, "10 runs are a range, a 65.1 % interval; p90 needs 36 for "
                                       "an upper bound");
    judge_free(bench.judge);
    expect.value = 0.5;
    assert_int_equal(judge_recoveries(expect, values, 10).verdict, VERDICT_FAILS);
}

/* The median of twenty, one of them never: the ranks 6 to 15 bound it at 95.86 % (binomial sum).
 * The 90th of a hundred is beyond every number where eleven never come. */
static void quantiles_over_replications_rank_the_censored_last(void **state)
{
    struct expectation expect = rate_against(CMP_LESS, 16);
    double values[100];

    (void)state;
    for (int i = 0; i < 100; i++)
        values[i] = i + 1;
    values[19] = INFINITY;
    expect.left.stat = "p50";
    struct judged judged = judge_recoveries(expect, values, 20);
    assert_int_equal(judged.verdict, VERDICT_HOLDS);
    assert_close(judged.value, 10.5, 1e-12);
    assert_close(judged.low, 6, 0);
    assert_close(judged.high, 15, 0);
    for (int i = 80; i < 91; i++)
        values[i] = INFINITY;
    expect = rate_against(CMP_LESS, 1e9);
    expect.left.stat = "p90";
    assert_int_equal(judge_recoveries(expect, values, 100).verdict, VERDICT_UNDECIDED);
}

static void equal_values_decide_at_the_bound(void **state)
{
    static const double equal[] = {0, 0, 0};

    (void)state;
    assert_int_equal(judge_values_of(CMP_LESS_EQUAL, 0, equal, 3).verdict, VERDICT_HOLDS);
    assert_int_equal(judge_values_of(CMP_LESS, 0, equal, 3).verdict, VERDICT_FAILS);
}

static void runs_without_the_statistic_do_not_count(void **state)
{
    static const double some[] = {NAN, 1, NAN, 1};
    static const double none[] = {NAN, NAN};

    (void)state;
    struct judged judged = judge_values_of(CMP_LESS, 2, some, 4);
    assert_int_equal(judged.verdict, VERDICT_HOLDS);
    assert_true(judged.has_interval);
    judged = judge_values_of(CMP_LESS, 2, none, 2);
    assert_int_equal(judged.verdict, VERDICT_NO_DATA);
    assert_false(judged.has_value || judged.has_interval);
}

/* Left is always 1 below right, while both vary much more: only pairs can decide. */
static void metrics_are_compared_pair_by_pair(void **state)
{
    static const struct metric other = {.name = "other", .kind = METRIC_RATIO};
    struct expectation expect = rate_against(CMP_LESS, 0);
    struct bench bench;

    (void)state;
    expect.right_is_metric = true;
    expect.right = (struct metric_ref){.metric = &other, .region = -1, .window = (char *)"all"};
    expect.factor = 2;
    bench_init(&bench, expect);
    for (uint32_t i = 0; i < 4; i++) {
        double right = 10.0 * i + 3;
        struct statistic statistics[] = {statistic_of(&ratio, 2 * right - 1),
                                         statistic_of(&other, right)};
        bench_add(&bench, i, statistics, 2);
    }
    struct judged judged = bench_verdict(&bench);
    assert_int_equal(judged.verdict, VERDICT_HOLDS);
    assert_close(judged.value, -1.0, 1e-12);
    assert_close(judged.high, -1.0, 1e-12);
}

static double found(const struct statistics *statistics, const struct metric_ref *ref)
{
    struct sampled sampled = {.count = 0};

    sampled_take(&sampled, 0, statistics, ref);
    double value = sampled.values[0];
    sampled_release(&sampled);
    return value;
}

static void statistics_are_found_by_label_region_window_and_stat(void **state)
{
    struct statistic list[] = {
        {&count, NULL, -1, NULL, "all", .value = 1},
        {&count, NULL, 0, NULL, "all", .value = 2},
        {&count, NULL, -1, "lag", "all", .value = 3},
        {&count, NULL, -1, NULL, "fault", .value = 4},
        {&latency, "mean", -1, NULL, "all", .value = 5},
        {&latency, "p99", -1, NULL, "all", .value = 6},
    };
    struct statistics statistics = {.statistics = list,
                                    .statistic_count = sizeof list / sizeof list[0]};
    struct metric_ref ref = {.metric = &count, .region = -1, .window = (char *)"all"};

    (void)state;
    assert_close(found(&statistics, &ref), 1.0, 0);
    ref.region = 0;
    assert_close(found(&statistics, &ref), 2.0, 0);
    ref.region = -1;
    ref.label = (char *)"lag";
    assert_close(found(&statistics, &ref), 3.0, 0);
    ref.label = (char *)"failover"; /* a counter that was never touched */
    assert_close(found(&statistics, &ref), 0.0, 0);
    ref.label = NULL;
    ref.window = (char *)"fault";
    assert_close(found(&statistics, &ref), 4.0, 0);
    ref = (struct metric_ref){.metric = &latency, .stat = "mean", .region = -1};
    assert_close(found(&statistics, &ref), 5.0, 0);
    ref.stat = NULL; /* of a latency: p99 */
    assert_close(found(&statistics, &ref), 6.0, 0);
    ref.stat = "max";
    assert_true(isnan(found(&statistics, &ref)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interval_is_that_of_a_positive_value_and_decides),
        cmocka_unit_test(the_mean_or_a_bound_may_decide),
        cmocka_unit_test(a_mean_that_holds_may_be_uncertain),
        cmocka_unit_test(one_run_decides_nothing),
        cmocka_unit_test(never_restored_fails_every_upper_bound),
        cmocka_unit_test(quantiles_over_replications_rank_the_censored_last),
        cmocka_unit_test(few_runs_do_not_bound_a_high_quantile),
        cmocka_unit_test(equal_values_decide_at_the_bound),
        cmocka_unit_test(runs_without_the_statistic_do_not_count),
        cmocka_unit_test(metrics_are_compared_pair_by_pair),
        cmocka_unit_test(statistics_are_found_by_label_region_window_and_stat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
