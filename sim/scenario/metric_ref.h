// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Names of values of a run, such as "write_timeout_rate{region=us-west-2, window=fault}".
 *
 *   metric = name ["{" label "=" value {"," label "=" value} "}"] ["." stat]
 */
#ifndef METRIC_REF_H
#define METRIC_REF_H

#include "scenario.h"
#include "strbuf.h"
#include "units.h"

struct metric_ref {
    const struct metric *metric;
    /* NULL; of a latency "mean" ... "max" ("p99" if left out); of a value of each run "p50" ...
     * "p99.9", its quantile over the replications. */
    const char *stat;
    int region;   /* -1: total */
    char *label;  /* value of the metric's label, or NULL */
    char *window; /* "all" if left out */
};

/*
 * Parse a metric from the command line: "write_latency.p99". `name` replaces the file name in
 * messages ("--precision"). False with the error in `diag`. The result refers to the scenario's
 * registry and topology; release it in either case.
 */
bool scenario_parse_metric(const struct scenario *scenario, const char *name, const char *text,
                           struct metric_ref *ref, struct diag *diag);
void metric_ref_release(struct metric_ref *ref);
/* Append as text, "write_latency{region=us-west-2}.p99"; default parts are omitted. */
void metric_ref_add(struct strbuf *out, const struct metric_ref *ref,
                    const struct topology *topology);
enum unit metric_ref_unit(const struct metric_ref *ref);

#endif
