// SPDX-License-Identifier: GPL-3.0-or-later
#include "alarm.h"

#include "bug.h"

#include <string.h>

static uint32_t alarm_range(const struct alarm_rule *rule)
{
    return rule->periods + ALARM_RANGE_EXTRA;
}

/* The latest real points, at most N. */
struct real_points {
    uint32_t good, breaching;
    uint32_t oldest_age; /* in periods; the latest period is 1 */
};

static struct real_points alarm_real_points(const struct alarm_rule *rule,
                                            const enum alarm_point *points)
{
    struct real_points real = {0};
    uint32_t range = alarm_range(rule);

    for (uint32_t age = 1; age <= range && real.good + real.breaching < rule->periods; age++) {
        enum alarm_point point = points[range - age];

        if (point == POINT_MISSING)
            continue;
        real.good += point == POINT_GOOD;
        real.breaching += point == POINT_BREACHING;
        real.oldest_age = age;
    }
    return real;
}

/* Fewer than M breach, and what is missing counts neither way. */
static enum alarm_state alarm_evaluate_sparse(const struct alarm_rule *rule,
                                              const struct real_points *real,
                                              enum alarm_state before)
{
    bool ignored = rule->missing == MISSING_IS_IGNORED;

    if (real->good > 0)
        return ALARM_OK;
    if (real->breaching == 0)
        return ignored ? before : ALARM_INSUFFICIENT;
    if (real->oldest_age < rule->datapoints)
        return before;
    return ignored ? before : ALARM_ALARM;
}

enum alarm_state alarm_evaluate(const struct alarm_rule *rule, const enum alarm_point *points,
                                enum alarm_state before)
{
    struct real_points real = alarm_real_points(rule, points);
    uint32_t missing = rule->periods - real.good - real.breaching;

    if (rule->missing == MISSING_IS_BREACHING)
        real.breaching += missing;
    if (real.breaching >= rule->datapoints)
        return ALARM_ALARM;
    if (missing == 0 || rule->missing == MISSING_IS_BREACHING || rule->missing == MISSING_IS_GOOD)
        return ALARM_OK;
    return alarm_evaluate_sparse(rule, &real, before);
}

void alarm_init(struct alarm *alarm, const struct alarm_rule *rule)
{
    invariant(rule->datapoints >= 1 && rule->datapoints <= rule->periods);
    invariant(rule->periods <= ALARM_PERIODS_MAX);
    alarm->rule = *rule;
    alarm->state = ALARM_OK;
    for (uint32_t i = 0; i < alarm_range(rule); i++)
        alarm->points[i] = POINT_GOOD;
}

void alarm_add(struct alarm *alarm, enum alarm_point point)
{
    uint32_t last = alarm_range(&alarm->rule) - 1;

    memmove(alarm->points, alarm->points + 1, last * sizeof alarm->points[0]);
    alarm->points[last] = point;
}

bool alarm_update(struct alarm *alarm)
{
    enum alarm_state before = alarm->state;

    alarm->state = alarm_evaluate(&alarm->rule, alarm->points, before);
    return alarm->state != before;
}
