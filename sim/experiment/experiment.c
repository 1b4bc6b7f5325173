// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Task t of a study is replication t % R of point t / R. Each builds a world, runs it and leaves it
 * for the calling thread, which hands its figures over and frees it. Nothing of a run depends on
 * another, so that the number of threads changes only the waiting.
 */
#define _GNU_SOURCE /* sched_getaffinity: the processors that `taskset` or a container leaves */
#include "experiment.h"

#include "bug.h"
#include "judge.h"
#include "mem.h"
#include "pool.h"
#include "run_settings.h"
#include "warmup.h"
#include "world.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct study {
    const struct study_plan *plan;
    struct result_sink *sink;
    struct judge *judge;
    sim_time *warmups; /* by point */
    uint32_t *pilots;  /* the points that need one */
    size_t pilot_count;
    struct study_outcome outcome;
};

/* A run that is done, with the world that its figures live in. */
struct trial {
    struct world *world;
    struct sim_outcome outcome;
    int64_t wall_ns;
};

/* The series whose transient decides the warm-up: sessions that exist fill up last of all. */
#define PILOT_METRIC "sessions_active"

uint32_t study_default_threads(void)
{
    cpu_set_t set;
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    return online > 0 ? (uint32_t)online : 1;
}

/* Of the host; recorded as a cost, and no result depends on it. */
static int64_t wall_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool study_interrupted(const struct study *study)
{
    return study->plan->interrupt && *study->plan->interrupt;
}

static void trial_free(void *self, void *product)
{
    struct trial *trial = product;

    (void)self;
    world_free(trial->world);
    free(trial);
}

/* NULL where the run was interrupted: half a run is no sample. */
static struct trial *trial_run(const struct scenario *scenario, const struct world_options *options)
{
    struct trial *trial = mem_zalloc(1, sizeof *trial);
    int64_t started_ns = wall_now_ns();

    trial->world = world_create(scenario, options);
    trial->outcome = world_run(trial->world);
    trial->wall_ns = wall_now_ns() - started_ns;
    if (trial->outcome.interrupted) {
        trial_free(NULL, trial);
        return NULL;
    }
    return trial;
}

/* --- pilots: where the transient ends ------------------------------------------------------- */

static void *pilot_make(void *self, size_t task)
{
    const struct study *study = self;
    const struct study_plan *plan = study->plan;
    struct world_options options = {
        .seed = plan->info.seed,
        .queue = plan->queue,
        .interrupt = plan->interrupt,
    };

    return trial_run(plan->info.points[study->pilots[task]].scenario, &options);
}

/* Add up the series over regions, or take the total's row where there is one. */
static size_t pilot_series(const struct figures *figures, double **sum)
{
    bool found = false;

    *sum = mem_zalloc(figures->bin_count, sizeof **sum);
    for (size_t i = 0; i < figures->series_count; i++) {
        const struct figure_series *series = &figures->series[i];
        if (strcmp(series->metric->name, PILOT_METRIC) != 0 || series->label)
            continue;
        if (series->region < 0) {
            memcpy(*sum, series->values, figures->bin_count * sizeof **sum);
            return figures->bin_count;
        }
        for (size_t bin = 0; bin < figures->bin_count; bin++)
            (*sum)[bin] += series->values[bin];
        found = true;
    }
    return found ? figures->bin_count : 0;
}

static bool pilot_take(void *self, size_t task, void *product)
{
    struct study *study = self;
    struct trial *trial = product;
    uint32_t point = study->pilots[task];
    const struct scenario *scenario = study->plan->info.points[point].scenario;
    const struct figures *figures = world_figures(trial->world);
    double *series;
    size_t count = pilot_series(figures, &series);
    size_t drop;

    if (warmup_mser5(series, count, &drop)) {
        study->warmups[point] = (sim_time)drop * figures->bin;
    } else {
        diag_error(study->plan->diag,
                   "%s: the warm-up cannot be found (point %u): '%s' is still changing past the "
                   "middle of the run, or has fewer than 50 bins; give it, such as "
                   "'warmup: 5min', or run for longer",
                   scenario->path, point, PILOT_METRIC);
        study->outcome.status = STUDY_NO_WARMUP;
    }
    free(series);
    trial_free(NULL, trial);
    return true;
}

static bool study_find_warmups(struct study *study)
{
    const struct study_plan *plan = study->plan;

    for (uint32_t i = 0; i < plan->info.point_count; i++) {
        const struct scenario *scenario = plan->info.points[i].scenario;
        study->warmups[i] = scenario->warmup_given;
        if (scenario->run.warmup_kind == WARMUP_AUTO)
            study->pilots[study->pilot_count++] = i;
    }
    struct pool_job job = {
        .self = study,
        .task_count = study->pilot_count,
        .interrupt = plan->interrupt,
        .make = pilot_make,
        .take = pilot_take,
        .discard = trial_free,
    };
    if (!pool_run(&job, plan->thread_count, plan->diag))
        study->outcome.status = STUDY_NO_THREAD;
    return study->outcome.status == STUDY_OK && !study_interrupted(study);
}

/* --- runs ----------------------------------------------------------------------------------- */

static void *run_make(void *self, size_t task)
{
    const struct study *study = self;
    const struct study_plan *plan = study->plan;
    uint32_t point = (uint32_t)(task / plan->info.replications);
    uint32_t replication = (uint32_t)(task % plan->info.replications);
    bool traced = point == 0 && replication == plan->trace_replication;
    struct world_options options = {
        .seed = plan->info.seed,
        .replication = replication,
        .warmup = study->warmups[point],
        .queue = plan->queue,
        .trace = traced ? plan->trace : NULL,
        .interrupt = plan->interrupt,
    };

    return trial_run(plan->info.points[point].scenario, &options);
}

static bool run_take(void *self, size_t task, void *product)
{
    struct study *study = self;
    const struct study_info *info = &study->plan->info;
    struct trial *trial = product;
    uint32_t point = (uint32_t)(task / info->replications);
    struct run_result result = {
        .point = point,
        .replication = (uint32_t)(task % info->replications),
        .seed = info->seed,
        .digest = trial->outcome.digest,
        .event_count = trial->outcome.event_count,
        .simulated = trial->outcome.ended,
        .wall_ns = trial->wall_ns,
        .warmup = study->warmups[point],
        .status = RUN_DONE,
        .scenario = info->points[point].scenario,
        .figures = world_figures(trial->world),
        .log = world_log(trial->world),
    };

    if (study->sink->run(study->sink->self, &result) < 0) {
        study->outcome.status = STUDY_SINK_FAILED;
    } else {
        judge_add(study->judge, &result);
        study->outcome.done++;
        if (study->plan->progress)
            study->plan->progress(study->plan->progress_self, study->outcome.done,
                                  info->point_count * info->replications);
    }
    trial_free(NULL, trial);
    return study->outcome.status == STUDY_OK;
}

static void study_judge(struct study *study)
{
    const struct study_info *info = &study->plan->info;

    for (uint32_t point = 0; point < info->point_count; point++) {
        for (size_t i = 0; i < info->points[point].scenario->expect_count; i++) {
            struct judged judged = judge_verdict(study->judge, point, i);
            study->outcome.expectation_counts[judged.verdict]++;
            if (study->sink->judge(study->sink->self, &judged) < 0) {
                study->outcome.status = STUDY_SINK_FAILED;
                return;
            }
        }
    }
}

static void study_run_all(struct study *study)
{
    const struct study_plan *plan = study->plan;
    size_t total = plan->info.point_count * plan->info.replications;
    struct pool_job job = {
        .self = study,
        .task_count = total,
        .interrupt = plan->interrupt,
        .make = run_make,
        .take = run_take,
        .discard = trial_free,
    };

    if (study->sink->begin(study->sink->self, &plan->info) < 0) {
        study->outcome.status = STUDY_SINK_FAILED;
        return;
    }
    if (plan->progress)
        plan->progress(plan->progress_self, 0, total);
    if (!pool_run(&job, plan->thread_count, plan->diag))
        study->outcome.status = STUDY_NO_THREAD;
    /* An interrupt that came after the last run has interrupted nothing. */
    study->outcome.interrupted = study->outcome.status == STUDY_OK && study->outcome.done < total;
    if (study->outcome.status == STUDY_OK && study->outcome.done > 0)
        study_judge(study);
    bool complete = study->outcome.status == STUDY_OK && !study->outcome.interrupted;
    if (study->sink->end(study->sink->self, !complete) < 0)
        study->outcome.status = STUDY_SINK_FAILED;
}

struct study_outcome study_run(const struct study_plan *plan, struct result_sink *sink)
{
    struct study study = {
        .plan = plan,
        .sink = sink,
        .judge = judge_create(&plan->info),
        .warmups = mem_zalloc(plan->info.point_count, sizeof(sim_time)),
        .pilots = mem_zalloc(plan->info.point_count, sizeof(uint32_t)),
    };

    invariant(plan->thread_count >= 1);
    if (study_find_warmups(&study))
        study_run_all(&study);
    else
        study.outcome.interrupted = study_interrupted(&study);
    judge_free(study.judge);
    free(study.warmups);
    free(study.pilots);
    return study.outcome;
}
