// SPDX-License-Identifier: GPL-3.0-or-later
/* By which law the mean of a statistic over replications is estimated (estimate.h). */
#ifndef METRIC_LAW_H
#define METRIC_LAW_H

#include "estimate.h"
#include "probe.h"

/* `stat`: of a latency, or NULL or "". */
enum estimate_law metric_law(enum metric_kind kind, enum unit unit, const char *stat);
/* 0.99 of "p99"; 0: not a quantile, as "mean", "max" and NULL. */
double metric_quantile(const char *stat);

#endif
