// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Evaluate expectations over the replications of each point.
 *
 * The statistic of an expectation is looked up in every run as it completes. A counter that is
 * absent is 0; any other absent statistic is missing, and the run does not count for this
 * expectation.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "expectation.h"
#include "interval.h"
#include "result.h"

struct judge;

struct judge *judge_create(double level); /* of confidence, in (0, 1) */
void judge_free(struct judge *judge);     /* NULL is allowed */
/* Points are numbered from 0 as they are added, before or between runs; the scenario must outlive
 * the judge. */
void judge_add_point(struct judge *judge, const struct scenario *scenario);
/* Add a run; each (point, replication) at most once, in any order. O(expectations x statistics). */
void judge_add(struct judge *judge, const struct run_result *result);
/*
 * Metric against value: Student's interval of the mean. Metric against metric: the interval of the
 * paired differences left - factor x right, against 0. With one run the value itself decides. Runs
 * without a statistic are skipped; but if some lack a single value (such as an RTO that was never
 * reached), an expectation that the others meet is undecided.
 */
struct judged judge_verdict(const struct judge *judge, uint32_t point, size_t expectation);

/* Holds if the whole interval satisfies the comparison with `bound`, fails if none of it does; or
 * decided by the mean or the end of the interval that the expectation names. Without an interval
 * the mean decides. */
enum verdict judge_compare(const struct expectation *expect, const struct interval *interval,
                           double bound);

/* The statistic that a reference names; NAN if it is absent (0 for a counter). O(statistics). */
double judge_statistic(const struct statistics *statistics, const struct metric_ref *ref);

#endif
