// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A driver counts values of the test each second; the expected values of the tap are derived in
 * comments. Periods of 10 s in a run of 60 s.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "metric_tap.h"
#include "sim.h"

#define PERIOD (10 * SIM_S)
#define PUBLISHED_MAX 8
#define SOURCES_MAX 12

static const char *const hows[] = {"slow", "fast", NULL};
static const struct metric metrics[] = {
    {.name = "tries", .unit = UNIT_COUNT, .kind = METRIC_COUNT},
    {.name = "errors", .unit = UNIT_COUNT, .kind = METRIC_COUNT},
    {.name = "error_rate",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .over = "errors",
     .under = "tries"},
    {.name = "busy", .unit = UNIT_COUNT, .kind = METRIC_LEVEL},
    {.name = "time", .unit = UNIT_NS, .kind = METRIC_LATENCY, .label = "how", .label_values = hows},
};

struct driver {
    struct sim *sim;
    struct probes *probes;
    struct metric_tap *tap;
    void (*act)(struct driver *driver, uint32_t second);
    kind_id second_kind;
    probe_id tries[2], errors[2], busy, slow, fast;
    struct published {
        struct tap_period period;
        struct tap_value values[SOURCES_MAX];
        sim_time now;
    } published[PUBLISHED_MAX];
    size_t source_count, count;
};

/* Fires half a second after each second. */
static void fire_second(void *self, struct sim *sim, uint32_t second, uint32_t generation)
{
    struct driver *driver = self;

    driver->act(driver, second);
    sim_after(sim, SIM_S, driver->second_kind, second + 1, generation);
}

static const struct event_kind second_kind = {
    .name = "second", .phase = PHASE_WORK, .fire = fire_second};

static void on_published(void *self, const struct tap_period *period)
{
    struct driver *driver = self;
    struct published *published = &driver->published[driver->count++];

    assert_true(driver->count <= PUBLISHED_MAX);
    published->period = *period;
    published->now = sim_now(driver->sim);
    for (size_t i = 0; i < driver->source_count; i++)
        published->values[i] = period->values[i];
}

static void run_driver(struct driver *driver, const struct tap_source *sources, size_t count,
                       struct metric_tap_config config, sim_time warmup)
{
    const struct sim_options options = {.seed = 1, .end = 60 * SIM_S};
    struct probe_plan plan = {
        .warmup = warmup, .end = 60 * SIM_S, .bin = 7 * SIM_S, .region_count = 2};

    driver->probes = probes_create(&plan);
    probes_declare(driver->probes, metrics, 5);
    for (int r = 0; r < 2; r++) {
        driver->tries[r] = probe_count_open(driver->probes, "tries", r, NULL);
        driver->errors[r] = probe_count_open(driver->probes, "errors", r, NULL);
    }
    driver->busy = probe_level_open(driver->probes, "busy", 0, NULL);
    driver->slow = probe_latency_open(driver->probes, "time", 0, "slow");
    driver->fast = probe_latency_open(driver->probes, "time", 1, "fast");
    driver->sim = sim_create(&options, driver->probes);
    driver->second_kind = sim_kind_add(driver->sim, &second_kind, "driver", driver);
    driver->source_count = count;
    config.instance = "tap";
    config.sources = sources;
    config.source_count = count;
    config.period = PERIOD;
    config.publish = on_published;
    config.self = driver;
    driver->tap = metric_tap_create(driver->sim, &config);
    metric_tap_start(driver->tap);
    sim_at(driver->sim, SIM_S / 2, driver->second_kind, 0, 0);
    sim_run(driver->sim);
    metric_tap_free(driver->tap);
    sim_free(driver->sim);
    probes_free(driver->probes);
}

/* --- values ---------------------------------------------------------------------------------- */

/* Second s of 0 to 59: in region 0 s tries, of which one fails; in region 1 one try, that fails in
 * the second period. The level is s. A slow time of s + 1 seconds, and two fast ones of 1 ms. */
static void act_by_second(struct driver *driver, uint32_t second)
{
    struct probes_hot *hot = sim_probes(driver->sim);

    probe_count_many(hot, driver->tries[0], second);
    probe_count(hot, driver->errors[0]);
    probe_count(hot, driver->tries[1]);
    if (second / 10 == 1)
        probe_count(hot, driver->errors[1]);
    probe_level(hot, driver->busy, sim_now(driver->sim), second);
    probe_latency(hot, driver->slow, (second + 1) * SIM_S);
    probe_latency(hot, driver->fast, SIM_MS);
    probe_latency(hot, driver->fast, SIM_MS);
}

static const struct tap_source each_statistic[] = {
    {.metric = "tries", .region = 0, .statistic = TAP_SUM},
    {.metric = "tries", .region = PROBE_ALL_REGIONS, .statistic = TAP_AVERAGE},
    {.metric = "error_rate", .region = 0, .statistic = TAP_AVERAGE},
    {.metric = "error_rate", .region = 1, .statistic = TAP_AVERAGE},
    {.metric = "time", .region = PROBE_ALL_REGIONS, .statistic = TAP_AVERAGE},
    {.metric = "time", .region = PROBE_ALL_REGIONS, .label = "slow", .statistic = TAP_SUM},
    {.metric = "time", .region = PROBE_ALL_REGIONS, .statistic = TAP_MINIMUM},
    {.metric = "time", .region = 0, .statistic = TAP_MAXIMUM},
    {.metric = "time", .region = 0, .statistic = TAP_QUANTILE, .quantile = 0.5},
    {.metric = "busy", .region = 0, .statistic = TAP_AVERAGE},
    {.metric = "busy", .region = 0, .statistic = TAP_MAXIMUM},
    {.metric = "busy", .region = 0, .statistic = TAP_MINIMUM},
};

/*
 * The second period has the seconds 10 to 19: 10 + ... + 19 = 145 tries in region 0, 10 of them
 * fail; and 10 of 10 in region 1. Slow times of 11 to 20 s, mean 15.5; with 20 of 1 ms the mean of
 * 30 is (155 s + 20 ms) / 30. The level is 9 until 10.5, then 10, ... 19 from 19.5 on: the area is
 * (9 + 19) / 2 + 10 + ... + 18 = 140. Its sixty samples are at 1/6 s, 2/6 s, ... 10 s.
 */
static void assert_second_period(const struct published *second)
{
    const struct tap_value *values = second->values;

    assert_int_equal(second->period.number, 2);
    assert_int_equal(second->period.from, 10 * SIM_S);
    assert_int_equal(second->period.to, 20 * SIM_S);
    assert_int_equal(second->now, 20 * SIM_S);
    for (int i = 0; i < 12; i++)
        assert_false(values[i].missing);
    assert_close(values[0].value, 145, 0);
    assert_close(values[1].value, 15.5, 1e-12);
    assert_close(values[2].value, 10.0 / 145, 1e-12);
    assert_int_equal(values[2].samples, 145);
    assert_close(values[3].value, 1, 0);
    assert_close(values[4].value, (155e9 + 20e6) / 30, 1e-12);
    assert_int_equal(values[4].samples, 30);
    assert_close(values[5].value, 155e9, 0);
    assert_close(values[6].value, 1e6, 0.016);
    assert_close(values[7].value, 20e9, 0.016);
    assert_close(values[8].value, 15e9, 0.016);
    assert_close(values[9].value, 14, 1e-12);
    assert_close(values[10].value, 19, 0);
    assert_close(values[11].value, 9, 0);
    assert_int_equal(values[10].samples, TAP_SAMPLES);
}

static void each_statistic_of_a_period_is_derived(void **state)
{
    struct driver driver = {.act = act_by_second};

    (void)state;
    run_driver(&driver, each_statistic, 12, (struct metric_tap_config){0}, 0);
    assert_int_equal(driver.count, 6);
    assert_second_period(&driver.published[1]);
}

/* The warm-up ends within the second period, and the statistics of the run start there. */
static void a_warmup_changes_no_value(void **state)
{
    struct driver with = {.act = act_by_second}, without = {.act = act_by_second};

    (void)state;
    run_driver(&with, each_statistic, 12, (struct metric_tap_config){0}, 15 * SIM_S);
    run_driver(&without, each_statistic, 12, (struct metric_tap_config){0}, 0);
    assert_second_period(&with.published[1]);
    for (size_t p = 0; p < 6; p++)
        for (size_t i = 0; i < 12; i++)
            assert_close(with.published[p].values[i].value, without.published[p].values[i].value,
                         0);
}

/* --- time of publication, missing values ----------------------------------------------------- */

/* A try, with its time, in the seconds 0 to 14 and 25; 30 s and more: none. */
static void act_with_gaps(struct driver *driver, uint32_t second)
{
    struct probes_hot *hot = sim_probes(driver->sim);

    if (second >= 15 && second != 25)
        return;
    probe_count(hot, driver->tries[0]);
    probe_latency(hot, driver->slow, SIM_S);
}

static void too_few_samples_are_missing(void **state)
{
    static const struct tap_source sources[] = {
        {.metric = "error_rate", .region = 0, .statistic = TAP_AVERAGE},
        {.metric = "error_rate", .region = 0, .statistic = TAP_AVERAGE, .samples_min = 5},
        {.metric = "error_rate", .region = 0, .statistic = TAP_AVERAGE, .samples_min = 6},
        {.metric = "time", .region = 0, .statistic = TAP_MAXIMUM, .samples_min = 5},
        {.metric = "tries", .region = 0, .statistic = TAP_SUM},
        {.metric = "error_rate", .region = 1, .statistic = TAP_AVERAGE},
        {.metric = "busy", .region = 1, .statistic = TAP_AVERAGE}, /* there is no such probe */
    };
    /* 10, 5, 1 and 0 tries in the periods */
    static const bool missing[7][4] = {{false, false, false, true},  {false, false, true, true},
                                       {false, true, true, true},    {false, false, true, true},
                                       {false, false, false, false}, {true, true, true, true},
                                       {true, true, true, true}};
    struct driver driver = {.act = act_with_gaps};

    (void)state;
    run_driver(&driver, sources, 7, (struct metric_tap_config){0}, 0);
    for (size_t source = 0; source < 7; source++)
        for (size_t period = 0; period < 4; period++)
            assert_int_equal(driver.published[period].values[source].missing,
                             missing[source][period]);
}

/* Off from 12.5 s to 32.5 s: the periods that end at 20 s and 30 s. */
static void act_switching(struct driver *driver, uint32_t second)
{
    probe_count(sim_probes(driver->sim), driver->tries[0]);
    if (second == 12 || second == 32)
        metric_tap_switch(driver->tap, second == 32);
}

static void what_ends_while_the_tap_is_off_is_missing(void **state)
{
    static const struct tap_source tries = {.metric = "tries", .statistic = TAP_SUM};
    struct driver driver = {.act = act_switching};

    (void)state;
    run_driver(&driver, &tries, 1, (struct metric_tap_config){0}, 0);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(driver.published[i].values[0].missing, i == 1 || i == 2);
        assert_close(driver.published[i].values[0].value, i == 1 || i == 2 ? 0 : 10, 0);
    }
}

/* Periods from 4 s on, each published 23 s after its end: at 37, 47 and 57 s. */
static void phase_and_delay_say_when_a_period_is_published(void **state)
{
    static const struct tap_source tries = {.metric = "tries", .statistic = TAP_SUM};
    struct dist *delay = dist_constant(23e9);
    struct driver driver = {.act = act_switching};

    (void)state;
    run_driver(&driver, &tries, 1, (struct metric_tap_config){.phase = 4 * SIM_S, .delay = delay},
               0);
    assert_int_equal(driver.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(driver.published[i].period.from, (4 + 10 * (sim_time)i) * SIM_S);
        assert_int_equal(driver.published[i].now, (37 + 10 * (sim_time)i) * SIM_S);
    }
    assert_int_equal(driver.published[0].values[0].samples, 0); /* it was off at 14 s */
    dist_free(delay);
}

/* --- causes ---------------------------------------------------------------------------------- */

/* Event 5 causes an error at 12.5 s, and event 6 another one at 17.5 s. */
static void act_with_causes(struct driver *driver, uint32_t second)
{
    probe_count(sim_probes(driver->sim), driver->tries[0]);
    if (second == 12 || second == 17) {
        probe_count(sim_probes(driver->sim), driver->errors[0]);
        probe_count_caused(driver->probes, driver->errors[0], second == 12 ? 5 : 6,
                           sim_now(driver->sim));
    }
}

static void the_latest_cause_of_a_period_is_handed_on(void **state)
{
    static const struct tap_source sources[] = {
        {.metric = "error_rate", .region = 0, .statistic = TAP_AVERAGE},
        {.metric = "errors", .region = PROBE_ALL_REGIONS, .statistic = TAP_SUM},
        {.metric = "errors", .region = 1, .statistic = TAP_SUM},
        {.metric = "busy", .region = 0, .statistic = TAP_AVERAGE},
    };
    struct driver driver = {.act = act_with_causes};

    (void)state;
    run_driver(&driver, sources, 4, (struct metric_tap_config){0}, 0);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(driver.published[i].values[0].cause, i == 1 ? 6 : 0);
        assert_int_equal(driver.published[i].values[1].cause, i == 1 ? 6 : 0);
        assert_int_equal(driver.published[i].values[2].cause, 0);
        assert_int_equal(driver.published[i].values[3].cause, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_statistic_of_a_period_is_derived),
        cmocka_unit_test(a_warmup_changes_no_value),
        cmocka_unit_test(too_few_samples_are_missing),
        cmocka_unit_test(what_ends_while_the_tap_is_off_is_missing),
        cmocka_unit_test(phase_and_delay_say_when_a_period_is_published),
        cmocka_unit_test(the_latest_cause_of_a_period_is_handed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
