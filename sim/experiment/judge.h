// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Expectations, judged over the replications of each point.
 *
 * The statistic that an expectation names is looked up in every run as it is handed over. A counter
 * that is absent counted nothing; any other statistic that is absent is missing, and the run does
 * not count for this expectation.
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
/* One run, each (point, replication) at most once, in any order. O(expectations x statistics). */
void judge_add(struct judge *judge, const struct run_result *result);
/*
 * One metric against a value: Student's interval of the mean. Against another metric: that of the
 * paired differences left - factor x right, against 0. With one run the value itself decides. Runs
 * that miss a statistic are left out; but where some miss a single value (an RTO, say, that was
 * never reached), an expectation that the others meet is undecided.
 */
struct judged judge_verdict(const struct judge *judge, uint32_t point, size_t expectation);

/* Does every value of the interval compare so with `bound` (holds), or does none (fails)? Or does
 * the mean or the bound that the expectation names? One that is no interval is its mean. */
enum verdict judge_compare(const struct expectation *expect, const struct interval *interval,
                           double bound);

/* The statistic that a reference names, as NAN where it is absent (0 for a counter). O(statistics).
 */
double judge_statistic(const struct statistics *statistics, const struct metric_ref *ref);

#endif
