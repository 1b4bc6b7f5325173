// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A study: runs of points, executed in parallel and passed to a sink in order.
 *
 * A *task* is one run: a replication of a point. A *round* is a list of tasks that are run
 * together. A study whose runs are known from the start is one round: study_run(). An adaptive
 * study (until an interval is narrow enough; a search for the largest load) runs several rounds and
 * reads the statistics between them:
 *
 *     struct study_runner *runner = runner_open(&plan, &sink);
 *     uint32_t point = runner_add_point(runner, &study_point);
 *     uint32_t rate = runner_watch(runner, &metric_ref);
 *     while (more is wanted && runner_run(runner, tasks, count))
 *         values = runner_values(runner, point, rate, &count);
 *     struct study_outcome outcome = runner_close(runner);
 *
 * Rules that always hold
 *  1. Seeds: the study's seed and the replication's number name every stream; points share them
 *     (common random numbers). No result depends on the number of threads or of other workers.
 *  2. Within a round, runs are passed on by the calling thread in the order of its tasks; at most
 *     2 x thread_count of them are buffered. Rounds, and so decisions based on them, are the same
 *     for any number of threads.
 *  3. A (point, replication) is run at most once in a study; requesting it again costs nothing.
 *  4. If the sink resumes a study (result_sink.recall), a recorded run is not repeated: its
 *     statistics are read from the sink at the start of its round and passed to watches, observers
 *     and the judge, which see the same as in an uninterrupted study, except for the order of
 *     `observe`.
 *  5. When `*interrupt` becomes non-zero, running tasks are abandoned; completed runs are passed on
 *     and judged, and the sink's end() is called.
 *
 * `warmup: auto`: a pilot (replication 0, without warm-up) runs before the first round that has a
 * task of the point; MSER-5 on its series of `sessions_active` gives the warm-up of all runs of the
 * point. If the sink has a run of the point, its warm-up is used instead.
 *
 * A runner is used by one thread at a time.
 */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include "diag.h"
#include "metric_ref.h"
#include "result.h"
#include "sampled.h"

struct study_progress {
    size_t done, total;   /* completed runs, and runs requested so far */
    size_t recalled;      /* of `done`: already recorded in the sink */
    uint64_t event_count; /* of the runs that were not recalled */
};

/*
 * Workers outside this process: ranks of an MPI job (ranks.h). make() is called from several
 * threads concurrently, but from one at a time for each `slot` below `count`; NULL if the run was
 * interrupted.
 */
struct trial;
struct trial_job;
struct other_workers {
    void *self;
    uint32_t count;
    struct trial *(*make)(void *self, uint32_t slot, const struct trial_job *job);
};

struct study_plan {
    /* Its points are added at runner_open(). Texts, scenarios and parameters must outlive the
     * study. */
    struct study_info info;
    uint32_t thread_count;              /* >= 1 */
    const struct other_workers *others; /* NULL: none */
    const atomic_int *interrupt;
    /* Called at the start of a round and after each run, by the calling thread; may be NULL. */
    void (*progress)(void *self, const struct study_progress *progress);
    void *progress_self;
    /* Called for every run after the sink has recorded it, with the full result, or with that of
     * result_sink.recall() if `recalled`. May be NULL. */
    void (*observe)(void *self, const struct run_result *result, bool recalled);
    void *observe_self;
    /* Run only the tasks k of study_run() with k % shard_count == shard_index; count 0: all. A
     * shard is not judged. */
    uint32_t shard_index, shard_count;
    struct trace *trace; /* of replication `trace_replication` of point 0; NULL: none */
    uint32_t trace_replication;
    struct op_history *history; /* of replication `history_replication` of point 0; NULL: none */
    uint32_t history_replication;
    /* Of the first run that is executed, not recalled: on a thread of this process. NULL: none. */
    const struct world_observer *observer;
    enum eventq_kind queue;
    struct diag *diag; /* receives the study's own messages */
};
enum study_status {
    STUDY_OK = 0,
    STUDY_SINK_FAILED = -1, /* reported by the sink */
    STUDY_NO_WARMUP = -2,   /* `warmup: auto`, and a pilot shows no end of the transient */
    STUDY_NO_THREAD = -3,   /* not one thread could be started */
    STUDY_NO_RANK = -4      /* another process could not execute a run */
};
struct study_outcome {
    enum study_status status;
    bool interrupted;             /* *interrupt ended a round early */
    size_t done;                  /* completed runs, including those recalled */
    size_t recalled;              /* of them: already recorded in the sink */
    size_t expectation_counts[4]; /* by enum verdict */
};
struct run_task {
    uint32_t point, replication;
};

struct study_runner;

/*
 * The sink's begin() is called before the first run is passed on, with all points so far, and after
 * the pilots of that round, so a study without a warm-up writes nothing. A sink that recalls is
 * called at the start of the first round. Later points are passed to the sink's point().
 */
struct study_runner *runner_open(const struct study_plan *plan, struct result_sink *sink);
/* Add a point at any time; returns its number, from 0. What `point` refers to must outlive the
 * runner. */
uint32_t runner_add_point(struct study_runner *runner, const struct study_point *point);
/*
 * Collect this statistic of every run; returns its number. Call before the first round. The texts
 * of `ref` must outlive the runner. Its region is one of the first point's and is found by name in
 * the others. Missing statistics are treated as in sampled_take().
 */
uint32_t runner_watch(struct study_runner *runner, const struct metric_ref *ref);
/*
 * Run one round. True if all its tasks are done; false if it was interrupted or failed (with the
 * error reported): then close the runner. O(count) plus the runs.
 */
bool runner_run(struct study_runner *runner, const struct run_task *tasks, size_t count);

/* Is this run complete? */
bool runner_has(const struct study_runner *runner, uint32_t point, uint32_t replication);
uint64_t runner_digest(const struct study_runner *runner, uint32_t point, uint32_t replication);
/* Are all replications that both points have equal, bit for bit? False if there is none. */
bool runner_identical(const struct study_runner *runner, uint32_t a, uint32_t b);
/*
 * The `*count` values of a watched statistic, by replication; INFINITY if it was not known when the
 * run ended, NAN if the run was not done or has no such statistic. Valid until the next round; NULL
 * if *count is 0.
 */
const double *runner_values(const struct study_runner *runner, uint32_t point, uint32_t watch,
                            uint32_t *count);
/* The same with all that an estimate needs, and the estimate. */
const struct sampled *runner_sampled(const struct study_runner *runner, uint32_t point,
                                     uint32_t watch);
struct sampled_estimate runner_estimate(const struct study_runner *runner, uint32_t point,
                                        uint32_t watch, double level);
/* Judge the expectations of all points, call the sink's end(), free the runner. */
struct study_outcome runner_close(struct study_runner *runner);

/* Run all points of the plan times its replications, point by point, in one round. */
struct study_outcome study_run(const struct study_plan *plan, struct result_sink *sink);
/* Processors that this process may use, at least 1. */
uint32_t study_default_threads(void);

#endif
