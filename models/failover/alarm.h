// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An alarm as a monitoring service evaluates it: M breaching points among the last N, and rules for
 * what is missing. After the documentation of CloudWatch alarms (models/sources.md, facts E).
 *
 *  1. More points than N are looked at (N + 2). If N of them are real, the latest N real ones
 *     decide: M breaching is an alarm, and what is missing does not matter.
 *  2. Else as few missing ones as possible are filled in, up to N, as the rule says: `breaching`
 *     and `not-breaching` count as such; `missing` and `ignore` fill nothing in.
 *  3. Premature guard, for `missing` and `ignore`: where all real points are breaching but fewer
 *     than M, one of them must be at least as old as M, the latest period counting as 1. Then
 *     `missing` alarms, `ignore` keeps the state. A lone breach that is younger keeps the state.
 *  4. Nothing real at all: `missing` has insufficient data, `ignore` keeps the state.
 *
 * What supplies the points is alarm_watch.h; alarms that combine others are alarm_rule.h.
 */
#ifndef ALARM_H
#define ALARM_H

#include "alarms.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alarm_point { POINT_MISSING, POINT_GOOD, POINT_BREACHING };
enum missing_data { MISSING_IS_MISSING, MISSING_IS_IGNORED, MISSING_IS_BREACHING, MISSING_IS_GOOD };

#define ALARM_PERIODS_MAX 100
#define ALARM_RANGE_EXTRA 2

struct alarm_rule {
    uint32_t datapoints; /* M, 1 <= M <= N */
    uint32_t periods;    /* N, at most ALARM_PERIODS_MAX */
    enum missing_data missing;
};

/* The state after `points`, the N + 2 of the evaluation range, oldest first, where it was `before`.
 * Pure. */
enum alarm_state alarm_evaluate(const struct alarm_rule *rule, const enum alarm_point *points,
                                enum alarm_state before);

/* An alarm at work. It begins as one that has been well for long. */
struct alarm {
    struct alarm_rule rule;
    enum alarm_state state;
    enum alarm_point points[ALARM_PERIODS_MAX + ALARM_RANGE_EXTRA]; /* oldest first */
};
void alarm_init(struct alarm *alarm, const struct alarm_rule *rule);
/* The next period's point; the state is left alone. */
void alarm_add(struct alarm *alarm, enum alarm_point point);
/* Evaluate; true when the state has changed. */
bool alarm_update(struct alarm *alarm);

#endif
