// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The study runner. A round becomes a list of runs still to do; the pool executes them on threads,
 * and the calling thread passes their statistics to the sink and frees the worlds. Runs are
 * independent, so the number of threads changes only the duration.
 */
#define _GNU_SOURCE /* sched_getaffinity: the processors allowed by `taskset` or a container */
#include "experiment.h"

#include "bug.h"
#include "judge.h"
#include "mem.h"
#include "pool.h"
#include "run_settings.h"
#include "sampled.h"
#include "trial.h"
#include "warmup.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct watch {
    struct metric_ref ref;
    const char *region; /* its name at the first point; NULL: the total */
};

struct runner_point {
    struct study_point study;
    sim_time warmup;
    bool warmup_known;
    bool *has; /* by replication */
    size_t has_capacity;
    uint64_t *digests; /* by replication, of those that it has */
    size_t digest_capacity;
    struct sampled *watched; /* by watch; NULL before the first run */
};

struct study_runner {
    struct study_plan plan;
    struct result_sink *sink;
    bool begun;
    struct judge *judge;
    struct runner_point *points;
    size_t point_count, point_capacity;
    struct watch *watches;
    size_t watch_count, watch_capacity;
    struct study_progress progress;
    struct study_outcome outcome;
    /* Of the round: what the pool is to make, a run or a pilot each. */
    struct run_task *tasks;
    size_t task_count;
    bool observed; /* in an earlier round */
};

/* The series whose transient decides the warm-up: the number of sessions settles last. */
#define PILOT_METRIC "sessions_active"

uint32_t study_default_threads(void)
{
    cpu_set_t set;
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    return online > 0 ? (uint32_t)online : 1;
}

static bool runner_interrupted(const struct study_runner *runner)
{
    return runner->plan.interrupt && *runner->plan.interrupt;
}

static bool runner_ok(const struct study_runner *runner)
{
    return runner->outcome.status == STUDY_OK && !runner->outcome.interrupted;
}

static void discard(void *self, void *product)
{
    (void)self;
    trial_free(product);
}

/* Run it on a local thread or another worker; both are numbered consecutively. */
static struct trial *make_trial(const struct study_runner *runner, uint32_t worker,
                                const struct trial_job *job)
{
    const struct study_plan *plan = &runner->plan;

    if (worker < plan->thread_count || job->options.trace || job->options.history ||
        job->options.observer)
        return trial_run(job);
    return plan->others->make(plan->others->self, worker - plan->thread_count, job);
}

/* True with the error reported if the run failed. */
static bool trial_failed(struct study_runner *runner, const struct trial *trial)
{
    if (trial->error) {
        diag_error(runner->plan.diag, "%s", trial->error);
        runner->outcome.status = STUDY_NO_RANK;
    }
    return trial->error != NULL;
}

/* --- points and watches --------------------------------------------------------------------- */

uint32_t runner_add_point(struct study_runner *runner, const struct study_point *study)
{
    uint32_t number = (uint32_t)runner->point_count;

    MEM_GROW(runner->points, runner->point_capacity, runner->point_count + 1);
    runner->points[runner->point_count++] = (struct runner_point){
        .study = *study,
        .warmup = study->scenario->warmup_given,
        .warmup_known = study->scenario->run.warmup_kind != WARMUP_AUTO,
    };
    judge_add_point(runner->judge, study->scenario);
    if (runner->begun && runner_ok(runner) &&
        runner->sink->point(runner->sink->self, number, study) < 0)
        runner->outcome.status = STUDY_SINK_FAILED;
    return number;
}

uint32_t runner_watch(struct study_runner *runner, const struct metric_ref *ref)
{
    struct watch watch = {.ref = *ref};

    invariant(runner->progress.total == 0);
    if (ref->region >= 0) {
        invariant(runner->point_count > 0);
        const struct topology *topology = &runner->points[0].study.scenario->topology;
        watch.region = topology->region_names[ref->region];
    }
    MEM_GROW(runner->watches, runner->watch_capacity, runner->watch_count + 1);
    runner->watches[runner->watch_count++] = watch;
    return (uint32_t)runner->watch_count - 1;
}

/* Take a run's statistic; of a scenario without the region it is missing. */
static void watch_take(const struct watch *watch, const struct run_result *result,
                       struct sampled *sampled)
{
    static const struct statistics none = {.statistic_count = 0};
    struct metric_ref ref = watch->ref;
    bool found = true;

    if (watch->region) {
        ref.region = topology_region(&result->scenario->topology, watch->region);
        found = ref.region >= 0;
    }
    sampled_take(sampled, result->replication, found ? result->statistics : &none, &ref);
    if (!found)
        sampled->values[result->replication] = (double)NAN;
}

const struct sampled *runner_sampled(const struct study_runner *runner, uint32_t point,
                                     uint32_t watch)
{
    static const struct sampled none = {.count = 0};
    const struct runner_point *it = &runner->points[point];

    invariant(point < runner->point_count && watch < runner->watch_count);
    return it->watched ? &it->watched[watch] : &none;
}

const double *runner_values(const struct study_runner *runner, uint32_t point, uint32_t watch,
                            uint32_t *count)
{
    const struct sampled *sampled = runner_sampled(runner, point, watch);

    *count = sampled->count;
    return sampled->values;
}

struct sampled_estimate runner_estimate(const struct study_runner *runner, uint32_t point,
                                        uint32_t watch, double level)
{
    return sampled_estimate(runner_sampled(runner, point, watch), &runner->watches[watch].ref,
                            level);
}

bool runner_has(const struct study_runner *runner, uint32_t point, uint32_t replication)
{
    invariant(point < runner->point_count);
    const struct runner_point *it = &runner->points[point];

    return replication < it->has_capacity && it->has[replication];
}

bool runner_identical(const struct study_runner *runner, uint32_t a, uint32_t b)
{
    const struct runner_point *first = &runner->points[a];
    uint32_t pairs = 0;

    for (uint32_t i = 0; i < first->has_capacity; i++) {
        if (!runner_has(runner, a, i) || !runner_has(runner, b, i))
            continue;
        pairs++;
        if (first->digests[i] != runner->points[b].digests[i])
            return false;
    }
    return pairs > 0;
}

uint64_t runner_digest(const struct study_runner *runner, uint32_t point, uint32_t replication)
{
    invariant(runner_has(runner, point, replication));
    return runner->points[point].digests[replication];
}

static void point_mark(struct runner_point *point, uint32_t replication)
{
    size_t before = point->has_capacity;

    MEM_GROW(point->has, point->has_capacity, (size_t)replication + 1);
    memset(point->has + before, 0, (point->has_capacity - before) * sizeof *point->has);
    point->has[replication] = true;
}

/* --- a completed run ------------------------------------------------------------------------ */

static void runner_report_progress(struct study_runner *runner)
{
    if (runner->plan.progress)
        runner->plan.progress(runner->plan.progress_self, &runner->progress);
}

/* Recorded by the sink: now pass it to observers and watches. */
static void runner_accept(struct study_runner *runner, const struct run_result *result,
                          bool recalled)
{
    struct runner_point *point = &runner->points[result->point];

    point_mark(point, result->replication);
    if (result->replication >= point->digest_capacity)
        MEM_GROW(point->digests, point->digest_capacity, (size_t)result->replication + 1);
    point->digests[result->replication] = result->digest;
    if (!point->watched && runner->watch_count > 0)
        point->watched = mem_zalloc(runner->watch_count, sizeof *point->watched);
    for (size_t i = 0; i < runner->watch_count; i++)
        watch_take(&runner->watches[i], result, &point->watched[i]);
    judge_add(runner->judge, result);
    runner->outcome.done++;
    runner->progress.done++;
    if (recalled) {
        runner->outcome.recalled++;
        runner->progress.recalled++;
    } else {
        runner->progress.event_count += result->event_count;
    }
    if (runner->plan.observe)
        runner->plan.observe(runner->plan.observe_self, result, recalled);
    runner_report_progress(runner);
}

/* Collect the runs of the round that are still to do in runner->tasks. */
static void runner_recall(struct study_runner *runner, const struct run_task *tasks, size_t count)
{
    for (size_t i = 0; i < count && runner_ok(runner); i++) {
        const struct run_task *task = &tasks[i];
        struct runner_point *point = &runner->points[task->point];
        struct run_result result;
        int held = runner->sink->recall ? runner->sink->recall(runner->sink->self, task->point,
                                                               task->replication, &result)
                                        : 0;
        if (held < 0) {
            runner->outcome.status = STUDY_SINK_FAILED;
        } else if (held) {
            result.scenario = point->study.scenario;
            point->warmup = result.warmup;
            point->warmup_known = true;
            runner_accept(runner, &result, true);
        } else {
            runner->tasks[runner->task_count++] = *task;
        }
    }
}

/* --- pilots: end of the transient ----------------------------------------------------------- */

static void *pilot_make(void *self, size_t task, uint32_t worker)
{
    const struct study_runner *runner = self;
    const struct study_plan *plan = &runner->plan;
    struct trial_job job = {
        .scenario = runner->points[runner->tasks[task].point].study.scenario,
        .options = {.seed = plan->info.seed, .queue = plan->queue, .interrupt = plan->interrupt},
    };

    return make_trial(runner, worker, &job);
}

/* Sum the series over regions, or use the total if there is one. */
static size_t pilot_series(const struct statistics *statistics, double **sum)
{
    bool found = false;

    *sum = mem_zalloc(statistics->bin_count, sizeof **sum);
    for (size_t i = 0; i < statistics->series_count; i++) {
        const struct statistic_series *series = &statistics->series[i];
        if (strcmp(series->metric->name, PILOT_METRIC) != 0 || series->label)
            continue;
        if (series->region < 0) {
            memcpy(*sum, series->values, statistics->bin_count * sizeof **sum);
            return statistics->bin_count;
        }
        for (size_t bin = 0; bin < statistics->bin_count; bin++)
            (*sum)[bin] += series->values[bin];
        found = true;
    }
    return found ? statistics->bin_count : 0;
}

static bool pilot_take(void *self, size_t task, void *product)
{
    struct study_runner *runner = self;
    struct trial *trial = product;
    uint32_t number = runner->tasks[task].point;
    struct runner_point *point = &runner->points[number];
    const struct statistics *statistics = trial->result.statistics;
    double *series;
    size_t drop;

    if (trial_failed(runner, trial)) {
        trial_free(trial);
        return false;
    }
    size_t count = pilot_series(statistics, &series);
    if (warmup_mser5(series, count, &drop)) {
        point->warmup = (sim_time)drop * statistics->bin;
        point->warmup_known = true;
    } else {
        diag_error(runner->plan.diag,
                   "%s: cannot determine the warm-up (point %u): '%s' still changes after the "
                   "middle of the run, or has fewer than 50 bins; set it, such as "
                   "'warmup: 5min', or increase the duration",
                   point->study.scenario->path, number, PILOT_METRIC);
        runner->outcome.status = STUDY_NO_WARMUP;
    }
    free(series);
    trial_free(trial);
    return true;
}

/* Execute runner->tasks in the pool. */
static void runner_make(struct study_runner *runner, void *(*make)(void *, size_t, uint32_t),
                        bool (*take)(void *, size_t, void *))
{
    uint32_t workers =
        runner->plan.thread_count + (runner->plan.others ? runner->plan.others->count : 0);
    struct pool_job job = {
        .self = runner,
        .task_count = runner->task_count,
        .interrupt = runner->plan.interrupt,
        .make = make,
        .take = take,
        .discard = discard,
    };

    if (!pool_run(&job, workers, runner->plan.diag))
        runner->outcome.status = STUDY_NO_THREAD;
    if (runner->outcome.status == STUDY_OK && runner_interrupted(runner))
        runner->outcome.interrupted = true;
}

/* Collect the pilots of the points of this round that need one, in order. */
static void runner_find_warmups(struct study_runner *runner)
{
    struct run_task *tasks = runner->tasks;
    size_t task_count = runner->task_count;
    bool *wanted = mem_zalloc(runner->point_count, sizeof *wanted);

    runner->tasks = mem_alloc(runner->point_count, sizeof *runner->tasks);
    runner->task_count = 0;
    for (size_t i = 0; i < task_count; i++) {
        uint32_t point = tasks[i].point;
        if (!runner->points[point].warmup_known && !wanted[point])
            runner->tasks[runner->task_count++] = (struct run_task){.point = point};
        wanted[point] = true;
    }
    if (runner->task_count)
        runner_make(runner, pilot_make, pilot_take);
    free(runner->tasks);
    free(wanted);
    runner->tasks = tasks;
    runner->task_count = task_count;
}

/* --- a round -------------------------------------------------------------------------------- */

static void *run_make(void *self, size_t number, uint32_t worker)
{
    const struct study_runner *runner = self;
    const struct study_plan *plan = &runner->plan;
    const struct run_task *task = &runner->tasks[number];
    const struct runner_point *point = &runner->points[task->point];
    bool traced = task->point == 0 && task->replication == plan->trace_replication;
    bool kept = task->point == 0 && task->replication == plan->history_replication;
    struct trial_job job = {
        .scenario = point->study.scenario,
        .options = {.seed = plan->info.seed,
                    .replication = task->replication,
                    .warmup = point->warmup,
                    .queue = plan->queue,
                    .trace = traced ? plan->trace : NULL,
                    .history = kept ? plan->history : NULL,
                    .observer = number == 0 && !runner->observed ? plan->observer : NULL,
                    .interrupt = plan->interrupt},
    };

    return make_trial(runner, worker, &job);
}

static bool run_take(void *self, size_t number, void *product)
{
    struct study_runner *runner = self;
    struct trial *trial = product;

    trial->result.point = runner->tasks[number].point;
    if (!trial_failed(runner, trial)) {
        if (runner->sink->run(runner->sink->self, &trial->result) < 0)
            runner->outcome.status = STUDY_SINK_FAILED;
        else
            runner_accept(runner, &trial->result, false);
    }
    trial_free(trial);
    return runner->outcome.status == STUDY_OK;
}

static void runner_begin(struct study_runner *runner)
{
    if (runner->begun || !runner_ok(runner))
        return;
    struct study_info info = runner->plan.info;
    struct study_point *points = mem_alloc(runner->point_count, sizeof *points);

    invariant(runner->point_count > 0);
    for (size_t i = 0; i < runner->point_count; i++)
        points[i] = runner->points[i].study;
    info.points = points;
    info.point_count = runner->point_count;
    runner->begun = runner->sink->begin(runner->sink->self, &info) == 0;
    if (!runner->begun)
        runner->outcome.status = STUDY_SINK_FAILED;
    free(points);
}

/* Skip tasks done in an earlier round, and duplicates. */
static struct run_task *runner_new_tasks(const struct study_runner *runner,
                                         const struct run_task *tasks, size_t count,
                                         size_t *new_count)
{
    struct run_task *fresh = mem_alloc(count, sizeof *fresh);
    struct runner_point *asked = mem_zalloc(runner->point_count, sizeof *asked);

    *new_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct run_task *task = &tasks[i];
        invariant(task->point < runner->point_count);
        struct runner_point *point = &asked[task->point];
        bool twice = task->replication < point->has_capacity && point->has[task->replication];
        if (runner_has(runner, task->point, task->replication) || twice)
            continue;
        point_mark(point, task->replication);
        fresh[(*new_count)++] = *task;
    }
    for (size_t i = 0; i < runner->point_count; i++)
        free(asked[i].has);
    free(asked);
    return fresh;
}

static void runner_round(struct study_runner *runner, const struct run_task *tasks, size_t count)
{
    runner->tasks = mem_alloc(count, sizeof *runner->tasks);
    runner->task_count = 0;
    runner->progress.total += count;
    if (runner->sink->recall)
        runner_begin(runner);
    runner_recall(runner, tasks, count);
    /* An interrupt after the last run does not count. */
    if (runner_ok(runner) && runner->task_count > 0) {
        size_t wanted = runner->progress.total;
        runner->outcome.interrupted = runner_interrupted(runner);
        runner_find_warmups(runner);
        runner_begin(runner);
        if (runner_ok(runner)) {
            runner_report_progress(runner);
            runner_make(runner, run_make, run_take);
            runner->observed = true;
            runner->outcome.interrupted =
                runner->outcome.status == STUDY_OK && runner->progress.done < wanted;
        }
    }
    free(runner->tasks);
    runner->tasks = NULL;
}

bool runner_run(struct study_runner *runner, const struct run_task *tasks, size_t count)
{
    size_t new_count;

    if (!runner_ok(runner))
        return false;
    struct run_task *fresh = runner_new_tasks(runner, tasks, count, &new_count);
    if (new_count > 0)
        runner_round(runner, fresh, new_count);
    free(fresh);
    return runner_ok(runner);
}

/* --- the whole study ------------------------------------------------------------------------ */

struct study_runner *runner_open(const struct study_plan *plan, struct result_sink *sink)
{
    struct study_runner *runner = mem_zalloc(1, sizeof *runner);

    invariant(plan->thread_count >= 1);
    runner->plan = *plan;
    runner->sink = sink;
    runner->judge = judge_create(plan->info.level);
    for (size_t i = 0; i < plan->info.point_count; i++)
        runner_add_point(runner, &plan->info.points[i]);
    return runner;
}

static void runner_judge(struct study_runner *runner)
{
    for (uint32_t point = 0; point < runner->point_count; point++) {
        for (size_t i = 0; i < runner->points[point].study.scenario->expect_count; i++) {
            struct judged judged = judge_verdict(runner->judge, point, i);
            runner->outcome.expectation_counts[judged.verdict]++;
            if (runner->sink->judge(runner->sink->self, &judged) < 0) {
                runner->outcome.status = STUDY_SINK_FAILED;
                return;
            }
        }
    }
}

struct study_outcome runner_close(struct study_runner *runner)
{
    if (runner->outcome.status == STUDY_OK && runner->outcome.done > 0 &&
        runner->plan.shard_count == 0)
        runner_judge(runner);
    if (runner->begun && runner->sink->end(runner->sink->self, !runner_ok(runner)) < 0)
        runner->outcome.status = STUDY_SINK_FAILED;
    struct study_outcome outcome = runner->outcome;

    for (size_t i = 0; i < runner->point_count; i++) {
        free(runner->points[i].has);
        free(runner->points[i].digests);
        for (size_t k = 0; runner->points[i].watched && k < runner->watch_count; k++)
            sampled_release(&runner->points[i].watched[k]);
        free(runner->points[i].watched);
    }
    judge_free(runner->judge);
    free(runner->points);
    free(runner->watches);
    free(runner);
    return outcome;
}

struct study_outcome study_run(const struct study_plan *plan, struct result_sink *sink)
{
    const struct study_info *info = &plan->info;
    size_t count = info->point_count * info->replications;
    struct run_task *tasks = mem_alloc(count, sizeof *tasks);
    struct study_runner *runner = runner_open(plan, sink);
    size_t task_count = 0;

    for (size_t i = 0; i < count; i++)
        if (plan->shard_count == 0 || i % plan->shard_count == plan->shard_index)
            tasks[task_count++] = (struct run_task){(uint32_t)(i / info->replications),
                                                    (uint32_t)(i % info->replications)};
    runner_run(runner, tasks, task_count);
    free(tasks);
    return runner_close(runner);
}
