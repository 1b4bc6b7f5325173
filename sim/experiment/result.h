// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The result of a run, and the interface that receives it: struct result_sink, implemented by
 * record (and by tests).
 *
 * Calls come from one thread at a time, and runs in the order in which they were requested, for any
 * number of threads.
 */
#ifndef RESULT_H
#define RESULT_H

#include "incident.h"
#include "run_log.h"
#include "scenario.h"
#include "scenario_values.h"
#include "sim.h"

struct run_result {
    uint32_t point;
    uint32_t replication;
    uint64_t seed;
    uint64_t digest;
    uint64_t event_count;
    sim_time simulated;
    int64_t wall_ns; /* wall clock; recorded only */
    sim_time warmup;
    const struct scenario *scenario;
    const struct statistics *statistics;   /* valid during the call */
    const struct run_log *log;             /* valid during the call */
    const struct incident_list *incidents; /* valid during the call */
};

/* One point of a study: a scenario with its parameters set. */
struct study_param {
    const char *path;
    const char *value;
};
struct study_point {
    const struct scenario *scenario;
    const struct study_param *params; /* the parameters that vary; none for a plain run */
    size_t param_count;
};
struct study_info {
    const char *verb; /* "run" */
    const char *argv; /* the command line, quoted for a shell */
    uint64_t seed;
    double level;
    const struct study_point *points; /* the points known from the start; may be none */
    size_t point_count;
    uint32_t replications; /* requested; an adaptive study may do more or fewer per point */
    /* Other settings that decide which runs are done, as text, such as "precision reauth_rate:5%";
     * NULL: none. A study is resumed only with the same settings. */
    const char *settings;
    const char *shard; /* "2/5": the second of five parts; NULL: all */
};

/* Verdict on an expectation: the whole interval satisfies it, none of the interval does, or only a
 * part of it. */
enum verdict { VERDICT_HOLDS, VERDICT_FAILS, VERDICT_UNDECIDED, VERDICT_NO_DATA };
const char *verdict_name(enum verdict verdict); /* "holds" "fails" "undecided" "no data" */
struct judged {
    uint32_t point;
    const char *text;
    enum verdict verdict;
    /* mean and, where has_interval, its bounds: of the metric, or of left - right */
    bool has_value;
    bool has_interval;
    double value, low, high;
    const char *reason; /* why values are missing, if that affects the verdict; or NULL */
};

struct result_sink {
    void *self;
    /* All return 0, or a negative number after an I/O error (already reported to the diag), which
     * ends the study. end() is called once for each begin() that succeeded, even after errors. */
    int (*begin)(void *self, const struct study_info *study); /* with at least one point */
    /* A later point, numbered after those of begin(); called before its first run. */
    int (*point)(void *self, uint32_t number, const struct study_point *point);
    int (*run)(void *self, const struct run_result *result);
    int (*judge)(void *self, const struct judged *judged);
    int (*end)(void *self, bool interrupted);
    /*
     * NULL, or the sink resumes an earlier study: returns 1 if it has this run, otherwise 0.
     * `result` then has all but log, incidents, scenario and series; its statistics are valid until
     * the next call.
     */
    int (*recall)(void *self, uint32_t point, uint32_t replication, struct run_result *result);
};

#endif
