// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Studies of a world that is one model: `ticker` ticks at exponential intervals, each tick lasting
 * some time, while `sessions_active` climbs to its plateau over `fill`.
 */
#include "experiment.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "rng_stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the model ------------------------------------------------------------------------------ */

struct ticker_config {
    double rate_per_s;
    sim_dur fill;
};
#define MODEL_CONFIG struct ticker_config
/* clang-format off */
static const struct field ticker_fields[] = {
    RATE    ("rate", rate_per_s, "0.1/s", "5/s", "1000/s", "ticks in a second",           "assumption"),
    DURATION("fill", fill,       "0s",    "0s",  "10h",    "how long the plateau is off", "assumption"),
};
static const struct metric ticker_metrics[] = {
    {.name = "ticks", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "ticks"},
    {.name = "sessions_active", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "a level"},
    {.name = "delay", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "of a tick"},
};
/* clang-format on */

struct ticker {
    const struct ticker_config *config;
    struct sim *sim;
    struct rng_stream stream;
    kind_id tick;
    probe_id ticks, active, delay;
    uint64_t count;
};

static void ticker_next(struct ticker *ticker)
{
    struct rng_block block = rng_block_at(&ticker->stream, 0, ticker->count++);
    double wait_s = -log(rng_unit(block.word[0])) / ticker->config->rate_per_s;

    sim_after(ticker->sim, (sim_dur)(wait_s * (double)SIM_S), ticker->tick, 0, 0);
}

static void ticker_on_tick(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct ticker *ticker = self;
    sim_time now = sim_now(sim);
    struct rng_block block = rng_block_at(&ticker->stream, 1, ticker->count);
    double share = ticker->config->fill > now ? (double)now / (double)ticker->config->fill : 1;

    (void)entity;
    (void)generation;
    probe_count(sim_probes(sim), ticker->ticks);
    probe_latency(sim_probes(sim), ticker->delay, (int64_t)rng_below(block.word[1], 1000000));
    probe_level(sim_probes(sim), ticker->active, now,
                (int64_t)(share * 1000) + rng_below(block.word[2], 20));
    ticker_next(ticker);
}

static const struct event_kind ticker_tick = {
    .name = "tick", .phase = PHASE_WORK, .fire = ticker_on_tick};

static void ticker_init(void *self, const struct model_env *env)
{
    struct ticker *ticker = self;
    struct probes *probes = sim_probe_set(env->sim);

    ticker->config = env->config;
    ticker->sim = env->sim;
    ticker->stream = sim_stream(env->sim, env->instance, "ticks");
    ticker->tick = sim_kind_add(env->sim, &ticker_tick, env->instance, ticker);
    ticker->ticks = probe_count_open(probes, "ticks", 0, NULL);
    ticker->active = probe_level_open(probes, "sessions_active", 0, NULL);
    ticker->delay = probe_latency_open(probes, "delay", 0, NULL);
}

static void ticker_start(void *self)
{
    ticker_next(self);
}

static const struct model_ops ticker_ops = {
    .name = "ticker",
    .section = "ticker",
    .meaning = "ticks",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct ticker_config),
    .state_size = sizeof(struct ticker),
    FIELD_TABLE(ticker_fields),
    METRIC_TABLE(ticker_metrics),
    .init = ticker_init,
    .start = ticker_start,
};
static const struct model_ops *const models[] = {&ticker_ops};
static const struct registry registry = {models, 1};

/* --- a study and its observers -------------------------------------------------------------- */

#define RUNS_MAX 64

struct seen {
    uint32_t point, replication;
    uint64_t digest, event_count;
    sim_time warmup;
    double ticks, delay;
};

struct watch {
    struct seen runs[RUNS_MAX];
    size_t run_count, begun, ended, judged, point_count;
    bool ended_interrupted;
    size_t fail_at, interrupt_at; /* counted in runs; SIZE_MAX: never */
    atomic_int interrupt;
    enum verdict verdicts[RUNS_MAX];
};

static int watch_begin(void *self, const struct study_info *study)
{
    struct watch *watch = self;

    watch->begun++;
    watch->point_count = study->point_count;
    return 0;
}

static int watch_point(void *self, uint32_t number, const struct study_point *point)
{
    struct watch *watch = self;

    assert_non_null(point->scenario);
    assert_int_equal(number, watch->point_count);
    watch->point_count++;
    return 0;
}

static double statistic(const struct statistics *statistics, const char *metric, const char *stat)
{
    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *it = &statistics->statistics[i];
        if (strcmp(it->metric->name, metric) == 0 && it->region == -1 &&
            strcmp(it->window, "all") == 0 && (!stat || (it->stat && strcmp(it->stat, stat) == 0)))
            return it->value;
    }
    fail_msg("no statistic %s", metric);
    return 0;
}

static int watch_run(void *self, const struct run_result *result)
{
    struct watch *watch = self;

    if (watch->run_count == watch->fail_at)
        return -1;
    watch->runs[watch->run_count++] = (struct seen){
        .point = result->point,
        .replication = result->replication,
        .digest = result->digest,
        .event_count = result->event_count,
        .warmup = result->warmup,
        .ticks = statistic(result->statistics, "ticks", NULL),
        .delay = statistic(result->statistics, "delay", "p99"),
    };
    if (watch->run_count == watch->interrupt_at)
        watch->interrupt = 1;
    return 0;
}

static int watch_judge(void *self, const struct judged *judged)
{
    struct watch *watch = self;

    watch->verdicts[watch->judged++] = judged->verdict;
    return 0;
}

static int watch_end(void *self, bool interrupted)
{
    struct watch *watch = self;

    watch->ended++;
    watch->ended_interrupted = interrupted;
    return 0;
}

static struct result_sink watch_sink(struct watch *watch)
{
    return (struct result_sink){
        .self = watch,
        .begin = watch_begin,
        .point = watch_point,
        .run = watch_run,
        .judge = watch_judge,
        .end = watch_end,
    };
}

static struct scenario *load(const char *text)
{
    struct diag diag = {0};
    struct scenario *scenario =
        scenario_load_text(text, strlen(text), "ticker.yaml", &registry, NULL, 0, &diag);

    if (!scenario)
        diag_print(&diag, stderr);
    diag_release(&diag);
    assert_non_null(scenario);
    return scenario;
}

/* A study of the same scenario at `point_count` points. */
static struct study_outcome study(const struct scenario *scenario, size_t point_count,
                                  uint32_t replications, uint32_t threads, struct watch *watch,
                                  struct diag *diag)
{
    struct study_point points[4] = {{scenario, NULL, 0}};
    struct result_sink sink = watch_sink(watch);
    struct study_plan plan = {
        .info = {.verb = "run",
                 .argv = "isthmus run",
                 .seed = scenario->run.seed,
                 .level = scenario->run.level,
                 .points = points,
                 .point_count = point_count,
                 .replications = replications},
        .thread_count = threads,
        .interrupt = &watch->interrupt,
        .diag = diag,
    };

    for (size_t i = 1; i < point_count; i++)
        points[i] = points[0];
    return study_run(&plan, &sink);
}

static struct watch watch_new(void)
{
    return (struct watch){.fail_at = SIZE_MAX, .interrupt_at = SIZE_MAX};
}

static const char plain[] = "name: ticker\n"
                            "regions: {here: {}}\n"
                            "duration: 10min\n"
                            "warmup: 1min\n"
                            "ticker: {rate: 20/s}\n";

/* --- claims --------------------------------------------------------------------------------- */

static void results_do_not_depend_on_the_number_of_threads(void **state)
{
    struct scenario *scenario = load(plain);
    struct watch one = watch_new();
    struct diag diag = {0};

    (void)state;
    struct study_outcome outcome = study(scenario, 2, 6, 1, &one, &diag);
    assert_int_equal(outcome.status, STUDY_OK);
    assert_int_equal(outcome.done, 12);
    for (uint32_t threads = 2; threads <= 3; threads++) {
        struct watch many = watch_new();
        study(scenario, 2, 6, threads, &many, &diag);
        assert_int_equal(many.run_count, 12);
        assert_memory_equal(one.runs, many.runs, sizeof one.runs);
    }
    scenario_free(scenario);
}

static void runs_come_in_order_and_points_share_random_numbers(void **state)
{
    struct scenario *scenario = load(plain);
    struct watch watch = watch_new();
    struct diag diag = {0};

    (void)state;
    study(scenario, 3, 5, 4, &watch, &diag);
    assert_int_equal(watch.run_count, 15);
    for (size_t i = 0; i < 15; i++) {
        assert_int_equal(watch.runs[i].point, i / 5);
        assert_int_equal(watch.runs[i].replication, i % 5);
        assert_int_equal(watch.runs[i].digest, watch.runs[i % 5].digest);
        assert_int_equal(watch.runs[i].warmup, 60 * SIM_S);
    }
    for (size_t i = 1; i < 5; i++)
        assert_true(watch.runs[i].digest != watch.runs[0].digest);
    assert_int_equal(watch.begun, 1);
    assert_int_equal(watch.ended, 1);
    assert_false(watch.ended_interrupted);
    scenario_free(scenario);
}

static void a_sink_that_fails_ends_the_study(void **state)
{
    struct scenario *scenario = load(plain);
    struct watch watch = watch_new();
    struct diag diag = {0};

    (void)state;
    watch.fail_at = 3;
    struct study_outcome outcome = study(scenario, 1, 20, 2, &watch, &diag);
    assert_int_equal(outcome.status, STUDY_SINK_FAILED);
    assert_int_equal(outcome.done, 3);
    assert_int_equal(watch.judged, 0);
    assert_int_equal(watch.ended, 1);
    assert_true(watch.ended_interrupted);
    scenario_free(scenario);
}

static void an_interrupt_keeps_what_is_finished(void **state)
{
    struct scenario *scenario = load(plain);
    struct watch watch = watch_new();
    struct diag diag = {0};

    (void)state;
    watch.interrupt_at = 2;
    struct study_outcome outcome = study(scenario, 1, 40, 2, &watch, &diag);
    assert_int_equal(outcome.status, STUDY_OK);
    assert_true(outcome.interrupted);
    assert_in_range(outcome.done, 2, 2 + 2 * 2);
    assert_int_equal(outcome.done, watch.run_count);
    assert_int_equal(watch.ended, 1);
    assert_true(watch.ended_interrupted);
    scenario_free(scenario);
}

static void expectations_are_counted_by_verdict(void **state)
{
    /* 20 ticks a second for 9 min make 10 800, give or take 104 a run. */
    struct scenario *scenario = load("name: ticker\n"
                                     "regions: {here: {}}\n"
                                     "duration: 10min\n"
                                     "warmup: 1min\n"
                                     "ticker: {rate: 20/s}\n"
                                     "expect:\n"
                                     "  - ticks > 10000\n"
                                     "  - ticks < 10000\n"
                                     "  - delay.p99 <= 1ms\n");
    static const enum verdict wanted[] = {VERDICT_HOLDS, VERDICT_FAILS, VERDICT_HOLDS};
    struct watch watch = watch_new();
    struct diag diag = {0};

    (void)state;
    struct study_outcome outcome = study(scenario, 1, 5, 2, &watch, &diag);
    assert_int_equal(watch.judged, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(watch.verdicts[i], wanted[i]);
    assert_int_equal(outcome.expectation_counts[VERDICT_HOLDS], 2);
    assert_int_equal(outcome.expectation_counts[VERDICT_FAILS], 1);
    scenario_free(scenario);
}

/* The level climbs for 10 of 60 min: the pilot must find a cut near its end, the same for every
 * run. */
static void the_warmup_is_found_by_a_pilot(void **state)
{
    struct scenario *scenario = load("name: ticker\n"
                                     "regions: {here: {}}\n"
                                     "duration: 60min\n"
                                     "bin: 20s\n"
                                     "warmup: auto\n"
                                     "ticker: {rate: 2/s, fill: 10min}\n");
    struct watch watch = watch_new();
    struct diag diag = {0};

    (void)state;
    struct study_outcome outcome = study(scenario, 1, 3, 2, &watch, &diag);
    assert_int_equal(outcome.status, STUDY_OK);
    assert_int_equal(watch.run_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(watch.runs[i].warmup, 8 * 60 * SIM_S, 14 * 60 * SIM_S);
        assert_int_equal(watch.runs[i].warmup, watch.runs[0].warmup);
    }
    scenario_free(scenario);
}

static void a_warmup_that_cannot_be_determined_is_an_error_before_any_run(void **state)
{
    struct scenario *scenario = load("name: ticker\n"
                                     "regions: {here: {}}\n"
                                     "duration: 20min\n"
                                     "bin: 10s\n"
                                     "warmup: auto\n"
                                     "ticker: {rate: 2/s, fill: 10h}\n");
    struct watch watch = watch_new();
    struct diag diag = {0};

    (void)state;
    struct study_outcome outcome = study(scenario, 1, 3, 2, &watch, &diag);
    assert_int_equal(outcome.status, STUDY_NO_WARMUP);
    assert_int_equal(watch.begun, 0);
    assert_int_equal(diag.error_count, 1);
    char *text = diag_text(&diag);
    assert_non_null(strstr(text, "cannot determine the warm-up"));
    free(text);
    diag_release(&diag);
    scenario_free(scenario);
}

/* --- rounds --------------------------------------------------------------------------------- */

static const struct metric_ref ticks_ref = {
    .metric = &ticker_metrics[0], .region = -1, .window = (char *)"all"};
static const struct metric_ref delay_ref = {
    .metric = &ticker_metrics[2], .stat = "p99", .region = 0, .window = (char *)"all"};

static struct study_plan plan_of(const struct study_point *point, struct watch *watch,
                                 struct diag *diag)
{
    return (struct study_plan){
        .info = {.verb = "capacity",
                 .argv = "isthmus",
                 .seed = 1,
                 .level = 0.95,
                 .points = point,
                 .point_count = 1,
                 .replications = 4},
        .thread_count = 2,
        .interrupt = &watch->interrupt,
        .diag = diag,
    };
}

/* A point added later, rounds that request completed runs again: each run is done once, in the
 * order requested, with the same result as in a study of one round. */
static void rounds_make_each_run_once_and_the_same(void **state)
{
    struct scenario *scenario = load(plain);
    const struct study_point point = {scenario, NULL, 0};
    static const struct run_task first[] = {{0, 2}, {0, 0}, {0, 2}};
    static const struct run_task second[] = {{1, 1}, {0, 0}, {0, 1}, {1, 2}};
    static const struct run_task order[] = {{0, 2}, {0, 0}, {1, 1}, {0, 1}, {1, 2}};
    struct watch whole = watch_new(), watch = watch_new();
    struct result_sink sink = watch_sink(&watch);
    struct diag diag = {0};
    struct study_plan plan = plan_of(&point, &watch, &diag);

    (void)state;
    study(scenario, 1, 3, 1, &whole, &diag);
    struct study_runner *runner = runner_open(&plan, &sink);
    assert_int_equal(watch.begun, 0);
    assert_true(runner_run(runner, first, 3));
    assert_int_equal(watch.begun, 1);
    assert_int_equal(watch.point_count, 1);
    assert_int_equal(runner_add_point(runner, &point), 1);
    assert_int_equal(watch.point_count, 2);
    assert_true(runner_has(runner, 0, 2));
    assert_false(runner_has(runner, 0, 1));
    assert_false(runner_has(runner, 1, 2));
    assert_true(runner_run(runner, second, 4));
    assert_true(runner_run(runner, second, 4));
    struct study_outcome outcome = runner_close(runner);
    assert_int_equal(outcome.status, STUDY_OK);
    assert_false(outcome.interrupted);
    assert_int_equal(outcome.done, 5);
    assert_int_equal(watch.run_count, 5);
    assert_int_equal(watch.ended, 1);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(watch.runs[i].point, order[i].point);
        assert_int_equal(watch.runs[i].replication, order[i].replication);
        assert_int_equal(watch.runs[i].digest, whole.runs[order[i].replication].digest);
    }
    scenario_free(scenario);
}

static void a_watch_collects_its_statistic_by_replication(void **state)
{
    struct scenario *scenario = load(plain);
    const struct study_point point = {scenario, NULL, 0};
    static const struct run_task tasks[] = {{0, 3}, {0, 1}};
    struct watch watch = watch_new();
    struct result_sink sink = watch_sink(&watch);
    struct diag diag = {0};
    struct study_plan plan = plan_of(&point, &watch, &diag);
    uint32_t count;

    (void)state;
    struct study_runner *runner = runner_open(&plan, &sink);
    uint32_t ticks = runner_watch(runner, &ticks_ref);
    uint32_t delay = runner_watch(runner, &delay_ref);
    assert_null(runner_values(runner, 0, ticks, &count));
    assert_int_equal(count, 0);
    assert_true(runner_run(runner, tasks, 2));
    const double *values = runner_values(runner, 0, ticks, &count);
    assert_int_equal(count, 4);
    assert_true(isnan(values[0]) && isnan(values[2]));
    assert_true(values[3] == watch.runs[0].ticks && values[1] == watch.runs[1].ticks);
    values = runner_values(runner, 0, delay, &count);
    assert_int_equal(count, 4);
    assert_true(values[3] == watch.runs[0].delay && values[1] == watch.runs[1].delay);
    runner_close(runner);
    scenario_free(scenario);
}

/* A region is found by its name, whatever its number at the point; a point without it has NAN. */
static void a_watch_finds_its_region_by_name(void **state)
{
    struct scenario *scenarios[] = {
        load("name: a\nregions: {here: {}}\nduration: 1min\nticker: {rate: 20/s}\n"),
        load("name: b\nregions: {away: {}, here: {}}\nduration: 1min\nticker: {rate: 20/s}\n"),
        load("name: c\nregions: {away: {}}\nduration: 1min\nticker: {rate: 20/s}\n"),
    };
    const struct study_point points[] = {
        {scenarios[0], NULL, 0}, {scenarios[1], NULL, 0}, {scenarios[2], NULL, 0}};
    static const struct run_task tasks[] = {{0, 0}, {1, 0}, {2, 0}};
    struct metric_ref ref = ticks_ref;
    struct watch watch = watch_new();
    struct result_sink sink = watch_sink(&watch);
    struct diag diag = {0};
    struct study_plan plan = plan_of(points, &watch, &diag);
    uint32_t count;

    (void)state;
    ref.region = 0;
    struct study_runner *runner = runner_open(&plan, &sink);
    uint32_t ticks = runner_watch(runner, &ref);
    for (size_t i = 1; i < 3; i++)
        runner_add_point(runner, &points[i]);
    assert_true(runner_run(runner, tasks, 3));
    /* The ticker counts for region 0 only: `here` is region 1 of the second, and counted none. */
    assert_true(runner_values(runner, 0, ticks, &count)[0] > 0);
    assert_true(runner_values(runner, 1, ticks, &count)[0] == 0);
    assert_true(isnan(runner_values(runner, 2, ticks, &count)[0]));
    runner_close(runner);
    for (size_t i = 0; i < 3; i++)
        scenario_free(scenarios[i]);
}

/* Recorded runs of a sink that resumes: replications 0 and 2 of point 0, with values that no run
 * would give. */
struct memory {
    struct watch watch;
    struct statistic statistic;
    struct statistics statistics;
    size_t observed_recalled, observed_made;
};

static int memory_recall(void *self, uint32_t point, uint32_t replication,
                         struct run_result *result)
{
    struct memory *memory = self;

    assert_int_equal(memory->watch.begun, 1);
    if (point != 0 || replication == 1)
        return 0;
    memory->statistic.value = 7000 + replication;
    *result = (struct run_result){.replication = replication,
                                  .digest = replication,
                                  .warmup = 60 * SIM_S,
                                  .statistics = &memory->statistics};
    return replication < 3;
}

static void memory_observe(void *self, const struct run_result *result, bool recalled)
{
    struct memory *memory = self;

    memory->observed_recalled += recalled;
    memory->observed_made += !recalled;
    assert_int_equal(recalled, result->digest <= 2);
}

static void what_the_sink_holds_is_recalled_and_not_run(void **state)
{
    struct scenario *scenario = load("name: ticker\nregions: {here: {}}\nduration: 10min\n"
                                     "warmup: auto\nticker: {rate: 20/s}\n"
                                     "expect: ['ticks > 7000']\n");
    const struct study_point point = {scenario, NULL, 0};
    static const struct run_task tasks[] = {{0, 0}, {0, 1}, {0, 2}};
    struct memory memory = {
        .watch = watch_new(),
        .statistic = {.metric = &ticker_metrics[0], .region = -1, .window = "all"},
        .statistics = {.statistics = &memory.statistic, .statistic_count = 1},
    };
    struct result_sink sink = watch_sink(&memory.watch);
    struct diag diag = {0};
    struct study_plan plan = plan_of(&point, &memory.watch, &diag);
    uint32_t count;

    (void)state;
    sink.recall = memory_recall;
    plan.observe = memory_observe;
    plan.observe_self = &memory;
    struct study_runner *runner = runner_open(&plan, &sink);
    uint32_t ticks = runner_watch(runner, &ticks_ref);
    assert_true(runner_run(runner, tasks, 3));
    const double *values = runner_values(runner, 0, ticks, &count);
    assert_true(values[0] == 7000 && values[1] > 7000 && values[2] == 7002);
    struct study_outcome outcome = runner_close(runner);
    assert_int_equal(outcome.done, 3);
    assert_int_equal(outcome.recalled, 2);
    assert_int_equal(memory.observed_recalled, 2);
    assert_int_equal(memory.observed_made, 1);
    /* The new run uses the warm-up of the recorded ones and needs no pilot. */
    assert_int_equal(memory.watch.run_count, 1);
    assert_int_equal(memory.watch.runs[0].replication, 1);
    assert_int_equal(memory.watch.runs[0].warmup, 60 * SIM_S);
    assert_int_equal(memory.watch.judged, 1);
    scenario_free(scenario);
}

/* The second round is interrupted: it returns false, and there is no third round. */
static void an_interrupt_ends_the_rounds(void **state)
{
    struct scenario *scenario = load(plain);
    const struct study_point point = {scenario, NULL, 0};
    struct run_task tasks[40];
    struct watch watch = watch_new();
    struct result_sink sink = watch_sink(&watch);
    struct diag diag = {0};
    struct study_plan plan = plan_of(&point, &watch, &diag);

    (void)state;
    for (uint32_t i = 0; i < 40; i++)
        tasks[i] = (struct run_task){0, i};
    watch.interrupt_at = 5;
    struct study_runner *runner = runner_open(&plan, &sink);
    assert_true(runner_run(runner, tasks, 4));
    assert_false(runner_run(runner, tasks, 36));
    assert_false(runner_run(runner, tasks, 40));
    struct study_outcome outcome = runner_close(runner);
    assert_true(outcome.interrupted);
    assert_in_range(outcome.done, 5, 5 + 2 * 2);
    assert_true(watch.ended_interrupted);
    scenario_free(scenario);
}

/* An interrupt after the last run of a round does not count if no more runs are requested. */
static void an_interrupt_after_the_last_run_interrupts_nothing(void **state)
{
    struct scenario *scenario = load(plain);
    struct watch watch = watch_new();
    struct diag diag = {0};

    (void)state;
    watch.interrupt_at = 6;
    struct study_outcome outcome = study(scenario, 1, 6, 2, &watch, &diag);
    assert_false(outcome.interrupted);
    assert_int_equal(outcome.done, 6);
    scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(runs_come_in_order_and_points_share_random_numbers),
        cmocka_unit_test(a_sink_that_fails_ends_the_study),
        cmocka_unit_test(an_interrupt_keeps_what_is_finished),
        cmocka_unit_test(expectations_are_counted_by_verdict),
        cmocka_unit_test(the_warmup_is_found_by_a_pilot),
        cmocka_unit_test(a_warmup_that_cannot_be_determined_is_an_error_before_any_run),
        cmocka_unit_test(rounds_make_each_run_once_and_the_same),
        cmocka_unit_test(a_watch_collects_its_statistic_by_replication),
        cmocka_unit_test(a_watch_finds_its_region_by_name),
        cmocka_unit_test(what_the_sink_holds_is_recalled_and_not_run),
        cmocka_unit_test(an_interrupt_ends_the_rounds),
        cmocka_unit_test(an_interrupt_after_the_last_run_interrupts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
