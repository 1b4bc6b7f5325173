// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "probe_internal.h"

#include <math.h>
#include <string.h>

static const char *const causes[] = {"lag", "lost", NULL};
static const struct metric metrics[] = {
    {.name = "requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true},
    {.name = "reauths",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "cause",
     .label_values = causes},
    {.name = "reauth_rate",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .over = "reauths",
     .under = "requests",
     .series = true},
    {.name = "reauth_rate_by",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .label = "cause",
     .label_values = causes,
     .over = "reauths",
     .under = "requests"},
    {.name = "busy", .kind = METRIC_LEVEL, .scale = 0.5, .series = true},
    {.name = "latency", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    {.name = "timed",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .label = "cause",
     .label_values = causes,
     .series = true},
    {.name = "rto", .unit = UNIT_NS, .kind = METRIC_VALUE},
};

/* A set over [0, 100] in bins of 10, two regions. */
static struct probes *set_up(sim_time warmup, const struct probe_span *faults, size_t fault_count)
{
    struct probe_plan plan = {.warmup = warmup,
                              .end = 100,
                              .bin = 10,
                              .faults = faults,
                              .fault_count = fault_count,
                              .region_count = 2};
    struct probes *probes = probes_create(&plan);

    probes_declare(probes, metrics, sizeof metrics / sizeof metrics[0]);
    return probes;
}

/* As the engine does: all flushes due by `now`, inclusive. */
static void advance(struct probes *probes, sim_time now)
{
    for (sim_time cut = probes_next_flush(probes); cut <= now; cut = probes_next_flush(probes))
        probes_flush(probes, cut);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The row of the statistic, or NULL if absent. */
static const struct statistic *row_of(const struct statistics *statistics, const char *metric,
                                      const char *stat, int region, const char *label,
                                      const char *window)
{
    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *f = &statistics->statistics[i];

        if (strcmp(f->metric->name, metric) == 0 && same_text(f->stat, stat) &&
            f->region == region && same_text(f->label, label) && same_text(f->window, window))
            return f;
    }
    return NULL;
}

/* The number, or NAN if there is none. */
static double statistic(const struct statistics *statistics, const char *metric, const char *stat,
                        int region, const char *label, const char *window)
{
    const struct statistic *row = row_of(statistics, metric, stat, region, label, window);

    return row ? row->value : (double)NAN;
}

static void assert_none(const struct statistic *row, const char *reason)
{
    assert_non_null(row);
    assert_int_equal(row->state, STATISTIC_NONE);
    assert_string_equal(row->reason, reason);
    assert_true(isnan(row->value));
}

static const double *series(const struct statistics *statistics, const char *metric, int region)
{
    for (size_t i = 0; i < statistics->series_count; i++)
        if (strcmp(statistics->series[i].metric->name, metric) == 0 &&
            statistics->series[i].region == region && !statistics->series[i].label)
            return statistics->series[i].values;
    return NULL;
}

#define assert_absent(value) assert_true(isnan(value))

/* One request at each time 0..100 in region 0; at every tenth also one in region 1. */
static void count_requests(struct probes *probes)
{
    probe_id a = probe_count_open(probes, "requests", 0, NULL);
    probe_id b = probe_count_open(probes, "requests", 1, NULL);
    struct probes_hot *hot = probes_hot(probes);

    for (sim_time now = 0; now <= 100; now++) {
        advance(probes, now);
        probe_count(hot, a);
        probe_count_many(hot, b, now % 10 == 0 ? 1 : 0);
    }
}

static void counts_fall_into_their_bins_and_the_last_instant_into_the_last(void **state)
{
    struct probes *probes = set_up(0, NULL, 0);
    const struct statistics *statistics;
    const double *values;

    (void)state;
    count_requests(probes);
    assert_int_equal(probes_count_total(probes, "requests", 0, NULL), 101);
    assert_int_equal(probes_count_total(probes, "requests", PROBE_ALL_REGIONS, NULL), 112);
    statistics = probes_finish(probes, 100);
    assert_int_equal(statistics->bin_count, 10);
    values = series(statistics, "requests", 0);
    for (size_t bin = 0; bin < 9; bin++)
        assert_close(values[bin], 10 / 10e-9, 1e-12);
    assert_close(values[9], 11 / 10e-9, 1e-12);
    assert_close(series(statistics, "requests", -1)[0], 11 / 10e-9, 1e-12);
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "all"), 101, 0);
    assert_close(statistic(statistics, "requests", NULL, 1, NULL, "all"), 11, 0);
    assert_close(statistic(statistics, "requests", NULL, -1, NULL, "all"), 112, 0);
    assert_absent(statistic(statistics, "requests", NULL, 0, NULL, "before"));
    probes_free(probes);
}

static void warmup_is_left_out_of_windows_but_not_of_series(void **state)
{
    struct probes *probes = set_up(25, NULL, 0);
    const struct statistics *statistics;

    (void)state;
    count_requests(probes);
    statistics = probes_finish(probes, 100);
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "all"), 76, 0); /* 25 ... 100 */
    assert_close(series(statistics, "requests", 0)[0], 10 / 10e-9, 1e-12);
    assert_close(series(statistics, "requests", 0)[2], 10 / 10e-9, 1e-12);
    probes_free(probes);
}

/*
 * warm-up 15; faults [33, 41), [38, 47), [62, 66): before 15..32, fault 33..46 and 62..65,
 * after 66..100; what lies between the faults is in none of the three.
 */
static void windows_need_not_fall_on_bins(void **state)
{
    static const struct probe_span faults[] = {{62, 66}, {33, 41}, {38, 47}};
    struct probes *probes = set_up(15, faults, 3);
    const struct statistics *statistics;

    (void)state;
    count_requests(probes);
    statistics = probes_finish(probes, 100);
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "all"), 86, 0);
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "before"), 18, 0);
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "fault"), 18, 0);
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "after"), 35, 0);
    assert_close(statistic(statistics, "requests", NULL, -1, NULL, "fault"), 19,
                 0); /* 40 in region 1 */
    for (size_t bin = 0; bin < 9; bin++)
        assert_close(series(statistics, "requests", 0)[bin], 10 / 10e-9, 1e-12);
    probes_free(probes);
}

/* Faults before the warm-up's end, past the run's end, of no length, and with no end. */
static void spans_are_clipped_to_what_is_measured(void **state)
{
    static const struct probe_span outside[] = {{0, 10}, {200, 300}};
    static const struct probe_span instant[] = {{50, 50}};
    static const struct probe_span endless[] = {{10, SIM_NEVER}};
    struct probes *probes = set_up(20, outside, 2);
    const struct statistics *statistics;

    (void)state;
    count_requests(probes);
    statistics = probes_finish(probes, 100);
    assert_absent(statistic(statistics, "requests", NULL, 0, NULL, "before"));
    assert_absent(statistic(statistics, "requests", NULL, 0, NULL, "fault"));
    assert_absent(statistic(statistics, "requests", NULL, 0, NULL, "after"));
    probes_free(probes);

    probes = set_up(20, instant, 1);
    count_requests(probes);
    statistics = probes_finish(probes, 100);
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "before"), 30, 0);
    assert_absent(statistic(statistics, "requests", NULL, 0, NULL, "fault"));
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "after"), 51, 0);
    probes_free(probes);

    probes = set_up(20, endless, 1);
    count_requests(probes);
    statistics = probes_finish(probes, 100);
    assert_absent(statistic(statistics, "requests", NULL, 0, NULL, "before"));
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "fault"), 81, 0);
    assert_absent(statistic(statistics, "requests", NULL, 0, NULL, "after"));
    probes_free(probes);
}

static void ratios_sum_labels_and_are_none_over_zero(void **state)
{
    struct probes *probes = set_up(0, NULL, 0);
    probe_id requests[2], lag, lost;
    struct probes_hot *hot;
    const struct statistics *statistics;

    (void)state;
    lag = probe_count_open(probes, "reauths", 0, "lag");
    lost = probe_count_open(probes, "reauths", 0, "lost");
    requests[0] = probe_count_open(probes, "requests", 0, NULL);
    requests[1] = probe_count_open(probes, "requests", 1, NULL);
    hot = probes_hot(probes);
    advance(probes, 15);
    probe_count_many(hot, requests[0], 40);
    probe_count_many(hot, lag, 3);
    probe_count_many(hot, lost, 1);
    assert_int_equal(probes_count_total(probes, "reauths", 0, NULL), 4);
    assert_int_equal(probes_count_total(probes, "reauths", 0, "lag"), 3);
    (void)requests[1];
    statistics = probes_finish(probes, 100);
    assert_close(statistic(statistics, "reauth_rate", NULL, 0, NULL, "all"), 0.1, 1e-15);
    assert_close(statistic(statistics, "reauth_rate", NULL, -1, NULL, "all"), 0.1, 1e-15);
    const struct statistic *row = row_of(statistics, "reauth_rate", NULL, 0, NULL, "all");
    assert_int_equal(row->over, 4);
    assert_int_equal(row->under, 40);
    assert_true(statistic_has_over(row) && statistic_has_under(row));
    row = row_of(statistics, "reauths", NULL, 0, "lag", "all");
    assert_int_equal(row->over, 3);
    assert_true(statistic_has_over(row) && !statistic_has_under(row));
    assert_none(row_of(statistics, "reauth_rate", NULL, 1, NULL, "all"), "nothing counted");
    assert_close(statistic(statistics, "reauth_rate_by", NULL, 0, "lag", "all"), 0.075, 1e-15);
    assert_close(statistic(statistics, "reauth_rate_by", NULL, 0, "lost", "all"), 0.025, 1e-15);
    assert_close(statistic(statistics, "reauth_rate_by", NULL, 0, NULL, "all"), 0.1, 1e-15);
    assert_close(statistic(statistics, "reauths", NULL, 0, "lag", "all"), 3, 0);
    assert_close(statistic(statistics, "reauths", NULL, 0, NULL, "all"), 4, 0);
    assert_true(isnan(series(statistics, "reauth_rate", 0)[0]));
    assert_close(series(statistics, "reauth_rate", 0)[1], 0.1, 1e-15);
    for (size_t i = 0; i < statistics->series_count; i++) {
        const struct statistic_series *each = &statistics->series[i];

        if (each->region == 0 && !each->label && strcmp(each->metric->name, "reauth_rate") == 0) {
            assert_int_equal(each->over[1], 4);
            assert_int_equal(each->under[1], 40);
            assert_int_equal(each->under[2], 0);
        }
        assert_true(!each->over == (each->metric->kind == METRIC_LEVEL));
        assert_true(!each->under == (each->metric->kind != METRIC_RATIO));
    }
    probes_free(probes);
}

/* Region 0: 4 from 12 to 37, then 2; region 1: 1 from 0. Scale 0.5; warm-up 20; fault [30, 45). */
static void levels_are_weighted_by_time_and_added_over_regions(void **state)
{
    static const struct probe_span faults[] = {{30, 45}};
    struct probes *probes = set_up(20, faults, 1);
    probe_id a = probe_level_open(probes, "busy", 0, NULL);
    probe_id b = probe_level_open(probes, "busy", 1, NULL);
    struct probes_hot *hot = probes_hot(probes);
    const struct statistics *statistics;

    (void)state;
    probe_level(hot, b, 0, 1);
    advance(probes, 12);
    probe_level(hot, a, 12, 4);
    advance(probes, 37);
    probe_level(hot, a, 37, 2);
    advance(probes, 100);
    statistics = probes_finish(probes, 100);
    assert_close(series(statistics, "busy", 0)[0], 0.0, 1e-15);
    assert_close(series(statistics, "busy", 0)[1], 0.5 * 3.2, 1e-12);
    assert_close(series(statistics, "busy", 0)[3], 0.5 * 3.4, 1e-12);
    assert_close(series(statistics, "busy", -1)[3], 0.5 * 4.4, 1e-12);
    /* 17 at 4 and 63 at 2 of 80; 10 at 4; 7 at 4 and 8 at 2 of 15; 55 at 2 */
    assert_close(statistic(statistics, "busy", NULL, 0, NULL, "all"), 0.5 * 194 / 80.0, 1e-12);
    assert_close(statistic(statistics, "busy", NULL, 0, NULL, "before"), 0.5 * 4, 1e-12);
    assert_close(statistic(statistics, "busy", NULL, 0, NULL, "fault"), 0.5 * 44 / 15.0, 1e-12);
    assert_close(statistic(statistics, "busy", NULL, 0, NULL, "after"), 0.5 * 2, 1e-12);
    assert_close(statistic(statistics, "busy", NULL, -1, NULL, "after"), 0.5 * 3, 1e-12);
    probes_free(probes);
}

/* Region 0 reports each change, region 1 has the same level as a gauge; a fault from 25 to 60, a
 * warm-up of 5. Bin [30, 40): 3 up to 35, 4 from then on: 0.5 * 3.5. */
static void a_level_that_follows_a_gauge_equals_one_that_is_set(void **state)
{
    static const sim_time rises[] = {0, 3, 8, 20, 21, 35}, falls[] = {12, 21, 60, 99};
    const struct probe_span fault = {25, 60};
    struct probes *probes = set_up(5, &fault, 1);
    struct time_avg gauge = {0};
    probe_id set_by_calls = probe_level_open(probes, "busy", 0, NULL);
    const struct statistics *statistics;
    int64_t level = 0;

    (void)state;
    probe_level_follow(probes, probe_level_open(probes, "busy", 1, NULL), &gauge);
    for (sim_time now = 0; now <= 100; now++) {
        advance(probes, now);
        for (size_t i = 0; i < sizeof rises / sizeof rises[0]; i++)
            if (rises[i] == now) {
                time_avg_rise(&gauge, now);
                probe_level(probes_hot(probes), set_by_calls, now, ++level);
            }
        for (size_t i = 0; i < sizeof falls / sizeof falls[0]; i++)
            if (falls[i] == now) {
                time_avg_fall(&gauge, now);
                probe_level(probes_hot(probes), set_by_calls, now, --level);
            }
    }
    statistics = probes_finish(probes, 100);
    assert_close(series(statistics, "busy", 1)[3], 0.5 * 3.5, 0.0);
    for (size_t bin = 0; bin < 10; bin++)
        assert_close(series(statistics, "busy", 1)[bin], series(statistics, "busy", 0)[bin], 0.0);
    for (int i = 0; i < 4; i++) {
        const char *window = (const char *[]){"all", "before", "fault", "after"}[i];

        assert_true(statistic(statistics, "busy", NULL, 1, NULL, window) > 0);
        assert_close(statistic(statistics, "busy", NULL, 1, NULL, window),
                     statistic(statistics, "busy", NULL, 0, NULL, window), 0.0);
    }
    probes_free(probes);
}

/* A latency equal to the current time at each time. */
static void latencies_have_a_histogram_for_each_window(void **state)
{
    static const struct probe_span faults[] = {{30, 45}, {60, 61}};
    struct probes *probes = set_up(20, faults, 2);
    probe_id a = probe_latency_open(probes, "latency", 0, NULL);
    probe_id b = probe_latency_open(probes, "latency", 1, NULL);
    struct probes_hot *hot = probes_hot(probes);
    const struct statistics *statistics;

    (void)state;
    for (sim_time now = 0; now <= 100; now++) {
        advance(probes, now);
        probe_latency(hot, now % 2 == 0 ? a : b, now);
    }
    statistics = probes_finish(probes, 100);
    assert_close(statistic(statistics, "latency", "count", -1, NULL, "all"), 81, 0);
    assert_close(statistic(statistics, "latency", "count", -1, NULL, "before"), 10, 0);
    assert_close(statistic(statistics, "latency", "count", -1, NULL, "fault"), 16, 0);
    assert_close(statistic(statistics, "latency", "count", -1, NULL, "after"), 40, 0);
    assert_close(statistic(statistics, "latency", "mean", -1, NULL, "before"), 24.5, 1e-12);
    assert_close(statistic(statistics, "latency", "mean", 0, NULL, "before"), 24, 1e-12);
    assert_close(statistic(statistics, "latency", "p50", -1, NULL, "before"), 24, 1e-12);
    assert_close(statistic(statistics, "latency", "max", -1, NULL, "fault"), 60, 0);
    assert_int_equal(statistics->histogram_count, 12);
    probes_free(probes);
}

static const double *quantiles(const struct statistics *statistics, const char *stat, int region)
{
    for (size_t i = 0; i < statistics->series_count; i++)
        if (strcmp(statistics->series[i].metric->name, "timed") == 0 &&
            statistics->series[i].region == region &&
            strcmp(statistics->series[i].stat, stat) == 0) {
            assert_null(statistics->series[i].label);
            return statistics->series[i].values;
        }
    return NULL;
}

/*
 * A latency equal to the current time at each time but 50 to 59: even ones in region 0, odd ones in
 * region 1, by turns with either label. The warm-up ends in the middle of the third bin, which
 * empties the histograms of window `all` and not the bin. Of the five values of region 0 in a bin
 * p50 is the third and p99 the fifth; of all ten the fifth and the tenth. The value at the end of
 * the run belongs to the last bin.
 */
static void latencies_have_quantiles_by_bin(void **state)
{
    for (int keeps_warmup = 0; keeps_warmup < 2; keeps_warmup++) {
        struct probes *probes = set_up(25, NULL, 0);
        const struct statistics *statistics;
        probe_id ids[2][2];

        (void)state;
        for (int region = 0; region < 2; region++)
            for (int cause = 0; cause < 2; cause++)
                ids[region][cause] = probe_latency_open(probes, "timed", region, causes[cause]);
        probes->keeps_warmup = keeps_warmup;
        for (sim_time now = 0; now <= 100; now++) {
            advance(probes, now);
            if (now / 10 != 5)
                probe_latency(probes_hot(probes), ids[now % 2][now / 2 % 2], now);
        }
        statistics = probes_finish(probes, 100);
        assert_int_equal(statistics->series_count, 6);
        for (int bin = 0; bin < 9; bin++) {
            if (bin == 5) {
                assert_absent(quantiles(statistics, "p50", 0)[bin]);
                assert_absent(quantiles(statistics, "p99", -1)[bin]);
                continue;
            }
            assert_close(quantiles(statistics, "p50", 0)[bin], 10 * bin + 4, 0);
            assert_close(quantiles(statistics, "p99", 0)[bin], 10 * bin + 8, 0);
            assert_close(quantiles(statistics, "p50", 1)[bin], 10 * bin + 5, 0);
            assert_close(quantiles(statistics, "p50", -1)[bin], 10 * bin + 4, 0);
            assert_close(quantiles(statistics, "p99", -1)[bin], 10 * bin + 9, 0);
        }
        assert_close(quantiles(statistics, "p99", 0)[9], 100, 0);
        assert_close(statistic(statistics, "timed", "count", -1, NULL, "all"), 66, 0);
        probes_free(probes);
    }
}

/* A run of 37, in bins of 10: the last bin is shorter. */
static void quantiles_of_a_shorter_last_bin(void **state)
{
    struct probes *probes = set_up(0, NULL, 0);
    probe_id id = probe_latency_open(probes, "timed", 0, causes[0]);
    const struct statistics *statistics;

    (void)state;
    for (sim_time now = 0; now <= 36; now++) {
        advance(probes, now);
        probe_latency(probes_hot(probes), id, now);
    }
    statistics = probes_finish(probes, 37);
    assert_int_equal(statistics->bin_count, 4);
    assert_close(quantiles(statistics, "p50", 0)[2], 24, 0);
    assert_close(quantiles(statistics, "p50", 0)[3], 33, 0);
    probes_free(probes);
}

static void quantiles_of_nothing_are_none(void **state)
{
    struct probes *probes = set_up(0, NULL, 0);
    const struct statistics *statistics;

    (void)state;
    probe_latency_open(probes, "latency", 0, NULL);
    statistics = probes_finish(probes, 100);
    assert_close(statistic(statistics, "latency", "count", 0, NULL, "all"), 0, 0);
    assert_none(row_of(statistics, "latency", "p50", 0, NULL, "all"), "no values");
    assert_none(row_of(statistics, "latency", "mean", 0, NULL, "all"), "no values");
    assert_true(statistic_has_over(row_of(statistics, "latency", "count", 0, NULL, "all")));
    assert_false(statistic_has_over(row_of(statistics, "latency", "p50", 0, NULL, "all")));
    probes_free(probes);
}

static void values_are_what_was_set_last_and_else_absent(void **state)
{
    struct probes *probes = set_up(0, NULL, 0);
    const struct statistics *statistics;

    (void)state;
    probe_value(probes, "rto", 0, NULL, 5.0);
    advance(probes, 50);
    probe_value(probes, "rto", 0, NULL, 7.0);
    probe_value(probes, "rto", PROBE_ALL_REGIONS, NULL, 9.0);
    statistics = probes_finish(probes, 100);
    assert_close(statistic(statistics, "rto", NULL, 0, NULL, "all"), 7.0, 0);
    assert_close(statistic(statistics, "rto", NULL, -1, NULL, "all"), 9.0, 0);
    assert_absent(statistic(statistics, "rto", NULL, 1, NULL, "all"));
    probes_free(probes);
}

/* No trace of an earlier call remains. */
static void a_value_may_be_censored_or_none_and_the_last_call_counts(void **state)
{
    struct probes *probes = set_up(0, NULL, 0);
    const struct statistics *statistics;
    const struct statistic *value;

    (void)state;
    probe_value(probes, "rto", 0, NULL, 5.0);
    probe_value_none(probes, "rto", 0, NULL, "no outage");
    probe_value_none(probes, "rto", 1, NULL, "no outage");
    probe_value_censored(probes, "rto", 1, NULL, 90);
    probe_value_censored(probes, "rto", PROBE_ALL_REGIONS, NULL, 90);
    probe_value(probes, "rto", PROBE_ALL_REGIONS, NULL, 9.0);
    statistics = probes_finish(probes, 100);
    assert_int_equal(statistics->statistic_count, 3);

    assert_none(row_of(statistics, "rto", NULL, 0, NULL, "all"), "no outage");

    value = row_of(statistics, "rto", NULL, 1, NULL, "all");
    assert_int_equal(value->state, STATISTIC_CENSORED);
    assert_int_equal(value->censored_at, 90);
    assert_null(value->reason);
    assert_true(isnan(value->value));

    value = row_of(statistics, "rto", NULL, -1, NULL, "all");
    assert_int_equal(value->state, STATISTIC_NUMBER);
    assert_close(value->value, 9.0, 0);
    assert_null(value->reason);
    probes_free(probes);
}

static void opening_again_gives_the_same_probe(void **state)
{
    struct probes *probes = set_up(0, NULL, 0);
    probe_id a = probe_count_open(probes, "reauths", 0, "lag");

    (void)state;
    assert_int_not_equal(probe_count_open(probes, "reauths", 0, "lost"), a);
    assert_int_not_equal(probe_count_open(probes, "reauths", 1, "lag"), a);
    assert_int_equal(probe_count_open(probes, "reauths", 0, "lag"), a);
    probes_free(probes);
}

static void a_metric_of_no_region_has_only_the_total(void **state)
{
    struct probes *probes = set_up(0, NULL, 0);
    probe_id id = probe_count_open(probes, "requests", PROBE_ALL_REGIONS, NULL);
    const struct statistics *statistics;

    (void)state;
    advance(probes, 3);
    probe_count(probes_hot(probes), id);
    statistics = probes_finish(probes, 100);
    assert_close(statistic(statistics, "requests", NULL, -1, NULL, "all"), 1, 0);
    assert_absent(statistic(statistics, "requests", NULL, 0, NULL, "all"));
    assert_int_equal(probes_count_total(probes, "requests", PROBE_ALL_REGIONS, NULL), 1);
    probes_free(probes);
}

/* Stopped at 35: four bins, the last with half the length. */
static void a_run_that_was_stopped_has_statistics_up_to_there(void **state)
{
    struct probes *probes = set_up(0, NULL, 0);
    probe_id id = probe_count_open(probes, "requests", 0, NULL);
    const struct statistics *statistics;

    (void)state;
    advance(probes, 33);
    probe_count_many(probes_hot(probes), id, 5);
    statistics = probes_finish(probes, 35);
    assert_int_equal(statistics->bin_count, 4);
    assert_close(series(statistics, "requests", 0)[3], 5 / 5e-9, 1e-12);
    assert_close(statistic(statistics, "requests", NULL, 0, NULL, "all"), 5, 0);
    probes_free(probes);
}

static void statistics_come_by_declaration_region_label_window(void **state)
{
    static const struct probe_span faults[] = {{30, 45}};
    struct probes *probes = set_up(0, faults, 1);
    const struct statistics *statistics;
    /* region, label, window of the first row of each group of four windows */
    static const struct {
        const char *metric;
        int region;
        const char *label;
    } expected[] = {
        {"requests", 1, NULL},         {"requests", -1, NULL},       {"reauths", 0, "lag"},
        {"reauths", 0, NULL},          {"reauths", -1, "lag"},       {"reauths", -1, NULL},
        {"reauth_rate", 0, NULL},      {"reauth_rate", 1, NULL},     {"reauth_rate", -1, NULL},
        {"reauth_rate_by", 0, "lag"},  {"reauth_rate_by", 0, NULL},  {"reauth_rate_by", 1, NULL},
        {"reauth_rate_by", -1, "lag"}, {"reauth_rate_by", -1, NULL},
    };
    static const char *const windows[] = {"all", "before", "fault", "after"};

    (void)state;
    probe_count_open(probes, "reauths", 0, "lag");
    probe_count_open(probes, "requests", 1, NULL);
    statistics = probes_finish(probes, 100);
    assert_int_equal(statistics->statistic_count, 4 * 14);
    for (size_t i = 0; i < 4 * 14; i++) {
        const struct statistic *f = &statistics->statistics[i];

        assert_string_equal(f->metric->name, expected[i / 4].metric);
        assert_int_equal(f->region, expected[i / 4].region);
        assert_true(same_text(f->label, expected[i / 4].label));
        assert_string_equal(f->window, windows[i % 4]);
    }
    probes_free(probes);
}

static uint64_t digest_with(uint64_t count, int64_t latency)
{
    struct probes *probes = set_up(0, NULL, 0);
    probe_id a = probe_count_open(probes, "requests", 0, NULL);
    probe_id b = probe_latency_open(probes, "latency", 0, NULL);
    uint64_t digest;

    advance(probes, 5);
    probe_count_many(probes_hot(probes), a, count);
    probe_latency(probes_hot(probes), b, latency);
    probes_finish(probes, 100);
    digest = probes_digest(probes, 1);
    probes_free(probes);
    return digest;
}

static void the_digest_sees_every_count_and_latency(void **state)
{
    (void)state;
    assert_int_equal(digest_with(3, 70), digest_with(3, 70));
    assert_int_not_equal(digest_with(3, 70), digest_with(4, 70));
    assert_int_not_equal(digest_with(3, 70), digest_with(3, 71));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_fall_into_their_bins_and_the_last_instant_into_the_last),
        cmocka_unit_test(warmup_is_left_out_of_windows_but_not_of_series),
        cmocka_unit_test(windows_need_not_fall_on_bins),
        cmocka_unit_test(spans_are_clipped_to_what_is_measured),
        cmocka_unit_test(ratios_sum_labels_and_are_none_over_zero),
        cmocka_unit_test(levels_are_weighted_by_time_and_added_over_regions),
        cmocka_unit_test(a_level_that_follows_a_gauge_equals_one_that_is_set),
        cmocka_unit_test(latencies_have_a_histogram_for_each_window),
        cmocka_unit_test(latencies_have_quantiles_by_bin),
        cmocka_unit_test(quantiles_of_a_shorter_last_bin),
        cmocka_unit_test(quantiles_of_nothing_are_none),
        cmocka_unit_test(values_are_what_was_set_last_and_else_absent),
        cmocka_unit_test(a_value_may_be_censored_or_none_and_the_last_call_counts),
        cmocka_unit_test(opening_again_gives_the_same_probe),
        cmocka_unit_test(a_metric_of_no_region_has_only_the_total),
        cmocka_unit_test(a_run_that_was_stopped_has_statistics_up_to_there),
        cmocka_unit_test(statistics_come_by_declaration_region_label_window),
        cmocka_unit_test(the_digest_sees_every_count_and_latency),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
