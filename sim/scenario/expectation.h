// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a study must show: a metric of a scenario, and what it is compared with.
 *
 *   expectation = left comparison (value | [number "*"] metric)
 *   left        = metric | ("mean" | "lower" | "upper") "(" metric ")"
 */
#ifndef EXPECTATION_H
#define EXPECTATION_H

#include "metric_ref.h"

enum comparison { CMP_LESS, CMP_LESS_EQUAL, CMP_GREATER, CMP_GREATER_EQUAL };

/* What of the left side decides: "metric < 1" the whole interval, so that it may be undecided;
 * "mean(metric) < 1", "lower(metric) < 1" and "upper(metric) < 1" the mean or that bound alone. */
enum expectation_side { BY_INTERVAL, BY_MEAN, BY_LOWER, BY_UPPER };
struct expectation {
    char *text; /* as written */
    enum expectation_side side;
    struct metric_ref left;
    enum comparison comparison;
    bool right_is_metric; /* then compared pairwise over replications */
    struct metric_ref right;
    double factor; /* "2 * metric" on the right; else 1 */
    double value;  /* in the metric's unit */
};

/* An expectation of the command line ("reauth_rate{region=us-west-2} < 0.1%"), as `expect` would
 * have it; see scenario_parse_metric(). */
bool scenario_parse_expectation(const struct scenario *scenario, const char *name, const char *text,
                                struct expectation *expect, struct diag *diag);
void expectation_release(struct expectation *expect);

#endif
