// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A study as one HTML page that needs no network and no other file: the answer first, time lines,
 * incidents in steps, statistics, the resolved scenario and the command to remake it. It can be
 * read without script; with it the time lines (dygraphs, inlined) share a cursor and a zoom.
 */
#ifndef HTML_REPORT_H
#define HTML_REPORT_H

#include "query.h"
#include "topology_map.h"

#include <stdio.h>

/* What became of an incident in a run with another reaction. */
struct html_alternative {
    const char *name; /* "routing-control" */
    bool found;       /* the incident happened */
    bool restored;
    int64_t rto_ns;       /* 0: no outage */
    int64_t rpo_ns;       /* -1: no failover */
    uint64_t writes_lost; /* acknowledged ones */
    double availability;  /* while faults were active; NAN: unknown */
};
/* A parameter of the scenario and where its value is from. */
struct html_parameter {
    char *path, *value;
    char *initial; /* the default, if the value is another one; NULL: the value is the default */
    char *source;  /* of the default */
    char *meaning;
};
struct html_options {
    int64_t study;                       /* 0: the newest */
    int64_t point;                       /* whose time lines are drawn */
    const struct topology_map *topology; /* of the point; NULL: unknown */
    const struct html_parameter *parameters;
    size_t parameter_count; /* 0: unknown */
    /* Runs of one replication, made by the caller: the first is as recorded. */
    const struct html_alternative *alternatives;
    size_t alternative_count; /* 0: none were run */
    int64_t alternatives_run; /* the replication */
};
/* Write the page to `out`. 0, or -1 with an error about the results; write errors stay in `out`.
 * One pass over the statistics, and one over each metric's time line. */
int report_html(struct results *results, const struct html_options *options, FILE *out,
                struct diag *diag);

#endif
