// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a run hands over, and who takes it: struct result_sink, implemented by record (and by
 * tests).
 *
 * Calls come from one thread at a time, runs in the order in which they were asked for, whatever
 * the number of threads.
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
    int64_t wall_ns; /* of the host; recorded, never used */
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
    const struct study_param *params; /* those that vary; none for a plain run */
    size_t param_count;
};
struct study_info {
    const char *verb; /* "run" */
    const char *argv; /* the command line, quoted for a shell */
    uint64_t seed;
    double level;
    const struct study_point *points; /* those that are known from the start; may be none */
    size_t point_count;
    uint32_t replications; /* asked for; a study in rounds may make more or fewer of a point */
    /* What else decides which runs are made, in words, such as "precision reauth_rate:5%"; NULL:
     * nothing. A study is resumed only with the same. */
    const char *settings;
    const char *shard; /* "2/5": only the second of five parts; NULL: all */
};

/* A judged expectation. The interval lies wholly on the right side, wholly on the wrong one, or
 * neither. */
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
    const char *reason; /* why the numbers alone do not decide: values that are missing; or NULL */
};

struct result_sink {
    void *self;
    /* All return 0, or a negative number once something of the world failed (already told to the
     * diag): the study ends. end() is called once for each begin() that succeeded, whatever came
     * between. */
    int (*begin)(void *self, const struct study_info *study); /* with at least one point */
    /* A point that came later, numbered on from those of begin(); before its first run. */
    int (*point)(void *self, uint32_t number, const struct study_point *point);
    int (*run)(void *self, const struct run_result *result);
    int (*judge)(void *self, const struct judged *judged);
    int (*end)(void *self, bool interrupted);
    /*
     * NULL, or the sink goes on with a study that was begun before: 1 where it holds this run, 0
     * where it does not. `result` then has all but log, incidents, scenario, histograms and series;
     * its statistics are valid until the next call.
     */
    int (*recall)(void *self, uint32_t point, uint32_t replication, struct run_result *result);
};

#endif
