// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Did a statistic come out well in a replication, yes or no? `compare` and `check` compare that
 * before its values: no number makes up for an outage that never ended, and a time to recover has
 * no mean over runs some of which had no outage.
 */
#ifndef OUTCOMES_H
#define OUTCOMES_H

#include "metric_ref.h"
#include "strbuf.h"

/* In the order in which they are compared. */
enum outcome_kind {
    OUTCOME_RESTORED,  /* well: known when the run ended, or nothing had to be restored */
    OUTCOME_COUNTED,   /* a count of at most 1, lower is better (`incidents_unrestored`): 0 */
    OUTCOME_NO_OUTAGE, /* no number, where that is better than every number (metric.best_none) */
    OUTCOME_KINDS
};
/* "recovers" "counted" "none" */
const char *outcome_name(enum outcome_kind kind);

/* Values by replication: INFINITY never came, NAN is no number. False: the metric has no such
 * outcome, or it is the same in every replication of both sides. */
bool outcome_varies(enum outcome_kind kind, const struct metric *metric, const double *base,
                    size_t base_count, const double *value, size_t value_count);
/* 1 (well) or 0 by replication. */
void outcome_take(enum outcome_kind kind, const double *values, size_t count, double *well);
/* Append "recovers in 3 of 20", "in 17 of 20" of a count, "no outage in 3 of 20", and of a quantile
 * over replications "within the base's p90 in 3 of 20". */
void outcome_add(struct strbuf *out, enum outcome_kind kind, const struct metric_ref *ref,
                 uint64_t well, uint64_t runs);

#endif
