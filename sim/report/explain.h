// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The explanation of one incident of one run, from recorded causality alone: numbered steps with
 * times, each with the event that caused it and what it waited for; the stages of the RTO; what was
 * lost. Reads only the results file.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "diag.h"
#include "query.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct explain_choice {
    int64_t study; /* 0: the newest */
    int64_t point;
    int64_t replication; /* -1: the one whose RTO is the median of all (the lower of two) */
    int64_t incident;    /* number in the run, from 1; 0: the longest */
};

/* The incident chosen. Its texts belong to the explanation. */
struct explained_incident {
    struct incident_row row;
    int64_t incident_count;    /* of its run */
    int64_t replication_count; /* recorded, of its point */
    bool is_median;            /* of their RTOs; else it was asked for */
};

struct explanation;
/* NULL with an error in `diag`: there is no such study, point, run or incident. */
struct explanation *explanation_load(struct results *results, const struct explain_choice *choice,
                                     struct diag *diag);
void explanation_free(struct explanation *explanation); /* NULL is allowed */
const struct explained_incident *explanation_incident(const struct explanation *explanation);

struct explain_options {
    bool all;  /* also the events of the incident's time that it did not cause */
    int width; /* columns */
};
void explanation_print(const struct explanation *explanation, const struct explain_options *options,
                       FILE *out);
struct json_writer;
/* Members "incident", "stages", "steps" of the object that is open. */
void explanation_json(const struct explanation *explanation, struct json_writer *json);

#endif
