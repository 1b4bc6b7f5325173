// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A study: runs of points, side by side on threads, handed to a sink in order.
 *
 * A *task* is one run: a replication of a point. A *round* is a list of tasks that are run
 * together. A study whose runs are known from the start is one round: study_run(). One that decides
 * by what it has seen (until an interval is narrow enough; a search for the largest load) asks for
 * rounds and looks at the statistics between them:
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
 *  2. Within a round, runs are handed over from the calling thread in the order of its tasks; at
 *     most 2 x thread_count of them are held at a time. Rounds, and so decisions made of what was
 *     handed over, are the same for any number of threads.
 *  3. A (point, replication) is run at most once in a study: asking again is no work.
 *  4. Where the sink goes on with a study begun before (result_sink.recall), a run that it holds is
 *     not run again: its statistics come from the sink, at the start of its round, to whoever
 * watches, observes or judges; what they see, but for the order of `observe`, is what they would
 * have seen in a study that was never stopped.
 *  5. When `*interrupt` becomes non-zero, runs under way are given up and not handed over; those
 *     that are finished are, then judged, and the sink's end() is told.
 *
 * `warmup: auto`: a pilot (replication 0, with no warm-up cut) comes first, at the first round that
 * has a task of the point; MSER-5 on its series of `sessions_active` gives the warm-up of all runs
 * of the point. Where the sink holds a run of the point, that one's warm-up is taken.
 *
 * A runner is used by one thread at a time.
 */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include "diag.h"
#include "metric_ref.h"
#include "result.h"

struct study_progress {
    size_t done, total;   /* runs handed over, of those asked for so far */
    size_t recalled;      /* of `done`: those that the sink held already */
    uint64_t event_count; /* of the others */
};

/*
 * Others who make runs besides this process's threads: ranks of a parallel job (ranks.h). make()
 * is called from several threads at a time, but one at a time for each `slot` below `count`; NULL
 * where the run was interrupted.
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
    /* At the start of a round and after each run, from the calling thread; may be NULL. */
    void (*progress)(void *self, const struct study_progress *progress);
    void *progress_self;
    /* Every run once the sink has it, whole, or `recalled`: then as result_sink.recall() gives it.
     * May be NULL. */
    void (*observe)(void *self, const struct run_result *result, bool recalled);
    void *observe_self;
    /* Only the tasks k of study_run() with k % shard_count == shard_index; count 0: all. What is a
     * part of a study is not judged. */
    uint32_t shard_index, shard_count;
    struct trace *trace; /* of replication `trace_replication` of point 0; NULL: none */
    uint32_t trace_replication;
    enum eventq_kind queue;
    struct diag *diag; /* takes what the study itself reports */
};
enum study_status {
    STUDY_OK = 0,
    STUDY_SINK_FAILED = -1, /* told by the sink */
    STUDY_NO_WARMUP = -2,   /* `warmup: auto`, and a pilot shows no end of the transient */
    STUDY_NO_THREAD = -3,   /* not one thread could be started */
    STUDY_NO_RANK = -4      /* another process could not make a run */
};
struct study_outcome {
    enum study_status status;
    bool interrupted;             /* a round was cut short by *interrupt */
    size_t done;                  /* runs handed over, those recalled included */
    size_t recalled;              /* of them: held by the sink already */
    size_t expectation_counts[4]; /* by enum verdict */
};
struct run_task {
    uint32_t point, replication;
};

struct study_runner;

/*
 * The sink's begin() is told before the first run is handed over, with all points that there are
 * by then, and after the pilots of that round: a study that finds no warm-up has begun nothing. A
 * sink that recalls is told at the first round's start. Points that come later go to the sink's
 * point().
 */
struct study_runner *runner_open(const struct study_plan *plan, struct result_sink *sink);
/* The number of the new point, from 0; any time. What `point` points to must outlive the runner. */
uint32_t runner_add_point(struct study_runner *runner, const struct study_point *point);
/*
 * Collect this statistic of every run from now on; returns its number. Before the first round. The
 * texts of `ref` must outlive the runner. Its region is one of the first point's, and is found by
 * name in the others. Statistics that are absent are as in judge_statistic().
 */
uint32_t runner_watch(struct study_runner *runner, const struct metric_ref *ref);
/*
 * One round. True where all its tasks are done now; false where it was interrupted or something
 * failed (told): then close the runner. O(count) beside the runs.
 */
bool runner_run(struct study_runner *runner, const struct run_task *tasks, size_t count);

/* Was this run handed over? */
bool runner_has(const struct study_runner *runner, uint32_t point, uint32_t replication);
/*
 * The values of a watched statistic, by replication: `*count` of them, NAN where the run was not
 * made or has no such statistic. Valid until the next round; NULL where *count is 0.
 */
const double *runner_values(const struct study_runner *runner, uint32_t point, uint32_t watch,
                            uint32_t *count);
/* What happened so far; the verdicts are not there yet. */
struct study_outcome runner_outcome(const struct study_runner *runner);
/* Judge the expectations of all points, tell the sink its end, free the runner. */
struct study_outcome runner_close(struct study_runner *runner);

/* The simple case: all points of the plan times its replications, point by point, in one round. */
struct study_outcome study_run(const struct study_plan *plan, struct result_sink *sink);
/* Processors that this process may use, at least 1. */
uint32_t study_default_threads(void);

#endif
