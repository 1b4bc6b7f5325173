// SPDX-License-Identifier: GPL-3.0-or-later
#include "stop_rule.h"

#include "bug.h"

#include <math.h>

double precision_achieved(const struct precision_goal *goal, const struct interval *interval)
{
    if (interval->form != INTERVAL_PLAIN)
        return INFINITY;
    if (goal->relative || !interval->valid)
        return interval_relative_half_width(interval);
    return (interval->high - interval->low) / 2;
}

bool precision_met(const struct precision_goal *goal, const struct interval *interval)
{
    return precision_achieved(goal, interval) <= goal->half_width;
}

uint32_t stop_rule_grow(uint32_t done, uint32_t limit)
{
    double next = ceil((double)done * STOP_GROWTH);

    invariant(done > 0);
    return done >= limit ? done : next >= limit ? limit : (uint32_t)next;
}

uint32_t stop_rule_next(uint32_t done, uint32_t limit)
{
    if (done < STOP_FIRST)
        return limit < STOP_FIRST ? (done > limit ? done : limit) : STOP_FIRST;
    return stop_rule_grow(done, limit);
}

uint32_t stop_rule_looks(uint32_t first, uint32_t limit)
{
    uint32_t looks = limit > 0;

    for (uint32_t done = first; done > 0 && done < limit; done = stop_rule_grow(done, limit))
        looks++;
    return looks;
}

bool stop_rule_look(struct stop_rule *rule, bool met)
{
    rule->looks_in_a_row = met ? rule->looks_in_a_row + 1 : 0;
    return rule->looks_in_a_row >= STOP_LOOKS_IN_A_ROW;
}
