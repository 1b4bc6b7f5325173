// SPDX-License-Identifier: GPL-3.0-or-later
/* The tracks of `trace`: from a journal of sessions and a results file to slices, arrows and
 * counters. */
#ifndef TRACE_BUILD_H
#define TRACE_BUILD_H

#include "query.h"
#include "trace_events.h"
#include "trace_journal.h"

struct trace_run {
    struct results *results;
    int64_t study, point, replication;
    int64_t from_ns, to_ns; /* the span that is drawn */
};

/* 0, or -1 with an error: the results file cannot be read. */
int trace_build(struct trace_events *events, const struct journal *journal,
                const struct trace_run *run, struct diag *diag);
/* The onset of the run's first outage, or else of its first fault; -1: it has neither. */
int trace_first_onset(const struct trace_run *run, int64_t *onset_ns, struct diag *diag);

#endif
