// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Expectations of a study: a metric compared with a value or another metric.
 *
 *   expectation = left comparison (value | [number "*"] metric)
 *   left        = metric | ("mean" | "lower" | "upper") "(" metric ")"
 */
#ifndef EXPECTATION_H
#define EXPECTATION_H

#include "metric_ref.h"

enum comparison { CMP_LESS, CMP_LESS_EQUAL, CMP_GREATER, CMP_GREATER_EQUAL };

/* What is compared: in "metric < 1" the whole confidence interval, so that the verdict may be
 * undecided; in "mean(metric) < 1", "lower(metric) < 1" and "upper(metric) < 1" only the mean or
 * that bound. */
enum expectation_side { BY_INTERVAL, BY_MEAN, BY_LOWER, BY_UPPER };
struct expectation {
    char *text; /* as written */
    enum expectation_side side;
    struct metric_ref left;
    enum comparison comparison;
    bool right_is_metric; /* compared pairwise over replications */
    struct metric_ref right;
    double factor; /* of "2 * metric" on the right; else 1 */
    double value;  /* in the metric's unit */
};

/* Parse an expectation from the command line ("reauth_rate{region=us-west-2} < 0.1%"), in the
 * syntax of `expect`; see scenario_parse_metric(). */
bool scenario_parse_expectation(const struct scenario *scenario, const char *name, const char *text,
                                struct expectation *expect, struct diag *diag);
void expectation_release(struct expectation *expect);

#endif
