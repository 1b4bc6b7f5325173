// SPDX-License-Identifier: GPL-3.0-or-later
/* A study in memory, and its output as text and as JSON. Private to report. */
#ifndef SUMMARY_PRINT_H
#define SUMMARY_PRINT_H

#include "statistic_table.h"
#include "statistic_groups.h"
#include "incident_group.h"
#include "mechanisms.h"
#include "report.h"
#include "strbuf.h"

struct summary_param {
    int64_t point;
    char *path, *value;
};
struct summary_event {
    int64_t t_ns;
    char *what, *subject, *text;
};
struct summary_finding {
    char *kind, *subject, *verdict, *unit, *text;
    int64_t point;
    uint64_t n;
    double value, low, high; /* NAN: none */
};
struct summary_influence {
    char *path;
    double effect;
};
struct summary_assumption {
    char *path, *value, *meaning;
};
struct summary_expectation {
    int64_t point;
    char *text, *verdict;
    bool has_value, has_interval;
    double value, low, high;
    char *reason; /* or "" */
};
struct summary {
    struct study_row study;
    struct statistic_table statistics;
    struct incident_groups incidents;
    struct mechanism_list mechanisms; /* of the first point */
    struct outcome_row *outcomes;     /* of the points that have runs */
    /* If some point was stuck in some runs only: the statistics of each outcome. */
    struct statistic_table recovered, stuck;
    struct statistic_groups_list groups;
    struct summary_param *params;
    struct summary_event *events; /* of the first point and replication */
    struct summary_assumption *assumptions;
    struct summary_expectation *expectations;
    struct summary_finding *findings;
    size_t finding_count, finding_capacity;
    /* Parameters that matter most, by a sensitivity study of the file for its first metric. */
    struct summary_influence *influences;
    char *influence_metric; /* "mu* of login_latency.p99" */
    int64_t influence_study;
    size_t influence_count, influence_capacity;
    size_t param_count, event_count, assumption_count, expectation_count, outcome_count;
    size_t param_capacity, event_capacity, assumption_capacity, expectation_capacity,
        outcome_capacity;
};

/* Read a study (0: the newest) into a zeroed summary; release it in any case. 0, or -1. */
int summary_load(struct summary *summary, struct results *results, int64_t id, struct diag *diag);
void summary_release(struct summary *summary);
/* The outcomes of a point with two of them; NULL if there is only one. */
const struct outcome_row *summary_two_outcomes(const struct summary *summary, int64_t point);
/* The unit of an expectation: that of its first metric, or none. */
enum unit summary_unit_of(const struct summary *summary, const char *expectation_text);
/* Append "1.2% [1%, 1.5%]; 3 of 10 runs have no value: no outage". */
void summary_add_expected(struct strbuf *value, const struct summary_expectation *row,
                          enum unit unit);
/* 0, or -1 with errno. */
int summary_write_json(FILE *out, const struct summary *summary);
void summary_add_text(struct strbuf *out, const struct summary *summary,
                      const struct summary_options *options);

#endif
