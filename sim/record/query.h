// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Read-only queries on a results file. Rows are passed to callbacks; their texts are valid during
 * the call. Every function returns 0, or -1 with an error in the diag. Rows are ordered by point,
 * then by first writing, then by time. Intervals are over replications, at the study's level
 * (estimate.h); a statistic
 * without a number in any run has no row.
 *
 * All data is checked: if counts, indices or instants are out of range, the function reports the
 * damage and returns -1, possibly after some rows. results_study() also rejects a study whose
 * points are not numbered from 0 without gaps; after it, a row's point is a valid index.
 */
#ifndef QUERY_H
#define QUERY_H

#include "diag.h"
#include "incident.h"
#include "interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct results; /* an open file, read-only */

struct results *results_open(const char *path,
                             struct diag *diag); /* NULL and a clear error, as record_open() */
void results_close(struct results *results);
/* SQLite's own checks of the whole file: structure, constraints, references. Reads all of it. 0, or
 * -1 with what is wrong. */
int results_check(struct results *results, struct diag *diag);

struct study_row {
    int64_t id;
    const char *verb, *argv, *version, *scenario_name, *question,
        *started;                                 /* started: ISO 8601 UTC */
    const char *scenario_path, *settings, *shard; /* the last two as in struct study_info, or "" */
    uint64_t seed;
    double level;
    uint32_t point_count, replication_count,
        run_count; /* replications requested; runs recorded, over all points */
    int64_t duration_ns, warmup_ns, bin_ns; /* of the first point and run; bin: of the series */
    bool complete;
};
/* The study with this id; 0, here and below: the newest one. */
int results_study(struct results *results, int64_t id, struct study_row *row,
                  struct diag *diag); /* texts valid until close */

/* The newest study of this verb and scenario; *id is 0 if there is none. */
int results_find_study(struct results *results, const char *verb, const char *scenario_name,
                       int64_t *id, struct diag *diag);

/* The points with their resolved scenarios; `hash` as 16 hex digits. */
struct point_row {
    int64_t number;
    const char *hash, *text;
};
int results_each_point(struct results *results, int64_t study,
                       void (*row)(void *self, const struct point_row *row), void *self,
                       struct diag *diag);
/* By point and replication. */
struct run_row {
    int64_t point, replication;
    uint64_t seed, digest, event_count;
    int64_t wall_ns, warmup_ns;
    const char *version; /* of the program that ran it */
};
int results_each_run(struct results *results, int64_t study,
                     void (*row)(void *self, const struct run_row *row), void *self,
                     struct diag *diag);

/* The parameters that vary between the points of a study, by point. */
int results_each_param(struct results *results, int64_t study,
                       void (*row)(void *self, int64_t point, const char *path, const char *value),
                       void *self, struct diag *diag);

/* The regions of a study's first point, in the order of the scenario; without "all". */
int results_each_region(struct results *results, int64_t study,
                        void (*row)(void *self, const char *region), void *self, struct diag *diag);

/* One statistic of a point, by replication; INFINITY: censored. Absent texts are "", the total's
 * region is "all". */
struct statistic_name {
    const char *metric, *stat, *region, *label, *window;
};
struct value_row {
    uint32_t replication;
    double value;
    uint64_t over, under; /* of a ratio; else 0 */
};
int results_each_value(struct results *results, int64_t study, int64_t point,
                       const struct statistic_name *name,
                       void (*row)(void *self, const struct value_row *row), void *self,
                       struct diag *diag);

struct summary_row {
    int64_t point;
    const char *metric, *stat, *region, *label_name, *label, *window,
        *unit;                /* stat, label: "" where none; region "all" for the total */
    struct interval interval; /* invalid interval (n = 1): mean alone counts */
    uint64_t censored, none;  /* runs without a number: not known at their end, or none */
};
int results_each_summary(struct results *results, int64_t study, const char *metric /* NULL: all */,
                         void (*row)(void *self, const struct summary_row *row), void *self,
                         struct diag *diag);
/*
 * Outcomes of a point: `stuck` of its `count` runs ended during an outage. If only some were stuck,
 * a mean over all describes neither outcome; results_each_summary_of() gives the statistics of one
 * outcome.
 */
struct outcome_row {
    int64_t point;
    uint64_t count, stuck;
};
int results_each_outcome(struct results *results, int64_t study,
                         void (*row)(void *self, const struct outcome_row *row), void *self,
                         struct diag *diag);
int results_each_summary_of(struct results *results, int64_t study, bool stuck,
                            void (*row)(void *self, const struct summary_row *row), void *self,
                            struct diag *diag);
struct timeline_row {
    int64_t point;
    const char *metric, *stat, *region, *label, *unit; /* stat: "p50" or "p99" of a latency */
    bool is_rate;                                      /* a count: its values are per second */
    int64_t t_ns;                                      /* start of the bin */
    struct interval interval;
};
/* `metric`: NULL for all, "login_latency" or "login_latency.p99". */
int results_each_timeline(struct results *results, int64_t study, const char *metric,
                          void (*row)(void *self, const struct timeline_row *row), void *self,
                          struct diag *diag);
/* A series of one run, such as "availability" or "login_latency.p99": a value for each bin that has
 * one. */
struct series_row {
    const char *region;
    bool is_rate;
    int64_t t_ns; /* start of the bin */
    double value;
};
int results_each_series(struct results *results, int64_t study, int64_t point, int64_t replication,
                        const char *metric, void (*row)(void *self, const struct series_row *row),
                        void *self, struct diag *diag);
/* The merged histograms of all replications; empty if there are none. */
struct histogram;
int results_histogram(struct results *results, int64_t study, int64_t point, const char *metric,
                      const char *region, const char *label, const char *window,
                      struct histogram *pooled, struct diag *diag);
struct incident_row {
    int64_t point, replication, number; /* number: of the incident in its run, from 0 */
    const char *kind;
    const char *subject; /* the link, region or node that the fault hit; "": unknown */
    uint32_t cause;      /* number of the event that opened it; 0: none */
    int64_t onset_ns;
    int64_t ended_ns[INCIDENT_STAGES]; /* of each stage; -1: never */
    int64_t restored_ns;               /* the end of the last stage; -1: never */
    int64_t rpo_ns;                    /* -1: no failover */
    uint64_t writes_lost, sessions_lost;
};
int results_each_incident(struct results *results, int64_t study,
                          void (*row)(void *self, const struct incident_row *row), void *self,
                          struct diag *diag);
/*
 * RTO by stages, which add up to it (incident_stage_lengths()). False, with nothing stored, if the
 * incident was never restored.
 */
bool incident_stages(const struct incident_row *incident, int64_t stages_ns[INCIDENT_STAGES]);
struct event_row {
    int64_t point, replication;
    uint32_t number, cause, waited_for; /* of its run, from 1; 0: none. Both are below number. */
    int64_t t_ns;
    const char *what, *subject, *text, *cause_text;
};
int results_each_event(struct results *results, int64_t study, int64_t replication /* -1: all */,
                       void (*row)(void *self, const struct event_row *row), void *self,
                       struct diag *diag);
struct expectation_row {
    int64_t point;
    const char *text, *verdict;
    bool has_value, has_interval;
    double value, low, high;
    const char *reason; /* why values are missing, if that affects the verdict, or "" */
};
int results_each_expectation(struct results *results, int64_t study,
                             void (*row)(void *self, const struct expectation_row *row), void *self,
                             struct diag *diag);
/* Findings of the study, in the order in which they were printed. */
struct finding_row {
    const char *kind;
    int64_t point; /* -1: of the study as a whole */
    const char *subject, *verdict, *unit, *text;
    uint64_t n;
    bool has_value, has_interval;
    double value, low, high;
};
int results_each_finding(struct results *results, int64_t study,
                         void (*row)(void *self, const struct finding_row *row), void *self,
                         struct diag *diag);
struct fault_row {
    int64_t from_ns, to_ns;
};
/* Intervals with an active fault (the study's first point), for shading. */
int results_each_fault(struct results *results, int64_t study,
                       void (*row)(void *self, const struct fault_row *row), void *self,
                       struct diag *diag);
/* Parameters that are assumptions and had their default value. */
int results_each_assumption(struct results *results, int64_t study,
                            void (*row)(void *self, const char *path, const char *value,
                                        const char *meaning),
                            void *self, struct diag *diag);

/* Whole tables of a study, for other programs; the columns are those of results/README.md. */
struct export_table {
    const char *name; /* "timeline" */
    const char *meaning;
    bool has_metrics; /* can be limited to one metric */
};
extern const struct export_table export_tables[];               /* ends with name NULL */
const struct export_table *export_table_find(const char *name); /* NULL: none */
struct export_value {
    enum { EXPORT_NULL, EXPORT_INTEGER, EXPORT_REAL, EXPORT_TEXT } type;
    int64_t integer;
    double real;
    const char *text;
};
struct export_row {
    const char *const *names;
    const struct export_value *values; /* NULL: the head, which comes first */
    size_t count;
};
/* Constant memory; values are passed as they are, without a check. metric NULL: all. */
int results_each_export_row(struct results *results, int64_t study,
                            const struct export_table *table, const char *metric,
                            void (*row)(void *self, const struct export_row *row), void *self,
                            struct diag *diag);
#endif
