// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A study: points times replications, run side by side on threads, handed to a sink in order.
 *
 * Seeds: the study's seed and the replication's number name every stream; points share them (common
 * random numbers). The results do not depend on the number of threads.
 */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include "diag.h"
#include "result.h"

struct study_plan {
    struct study_info info;
    uint32_t thread_count; /* >= 1 */
    const atomic_int *interrupt;
    /* Progress after each finished run, from the thread that delivers; may be NULL. */
    void (*progress)(void *self, size_t done, size_t total);
    void *progress_self;
    struct trace *trace; /* of replication `trace_replication` of point 0; NULL: none */
    uint32_t trace_replication;
    enum eventq_kind queue;
    struct diag *diag; /* takes what the study itself has to complain of */
};
enum study_status {
    STUDY_OK = 0,
    STUDY_SINK_FAILED = -1, /* told by the sink */
    STUDY_NO_WARMUP = -2,   /* `warmup: auto`, and a pilot shows no end of the transient */
    STUDY_NO_THREAD = -3    /* not one thread could be started */
};
struct study_outcome {
    enum study_status status;
    bool interrupted;
    size_t done;                  /* runs handed over */
    size_t expectation_counts[4]; /* by enum verdict */
};
/*
 * Run the study. Finished runs are handed over from the calling thread in order of (point,
 * replication), at most 2 x thread_count of them being held at a time. When `*interrupt` becomes
 * non-zero, runs under way are given up and not handed over; those that are finished are, then
 * judged, and the sink's end() is told.
 *
 * `warmup: auto`: a pilot (replication 0, with no warm-up cut) of each such point comes
 * first;
 * MSER-5 on its series of `sessions_active` gives the warm-up of all runs of the point.
 */
struct study_outcome study_run(const struct study_plan *plan, struct result_sink *sink);
/* Processors that this process may use, at least 1. */
uint32_t study_default_threads(void);

#endif
