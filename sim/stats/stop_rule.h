// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Stopping rule for adding replications: several statistics, each to its half-width.
 *
 * Stopping as soon as the interval looks narrow favours samples that happen to vary little, and
 * their intervals cover less often than their level (Law, Simulation Modeling and Analysis, 5th
 * ed., 9.4.1; Singham and Schruben, INFORMS J. Computing 24, 2012). Three guards against this bias:
 * no stop before STOP_FIRST replications; interim looks only at a schedule that grows by
 * STOP_GROWTH; and all goals must be met at two looks in a row. On normal and on mildly skewed
 * statistics the 95 % interval then covers in 94 % or more of the studies (stop_rule_test.c); with
 * a first check at 10 and one check enough it would be 93.4 % at a goal that 16 replications reach.
 */
#ifndef STOP_RULE_H
#define STOP_RULE_H

#include "interval.h"

enum { STOP_FIRST = 15, STOP_LOOKS_IN_A_ROW = 2 };
#define STOP_GROWTH 1.3

struct precision_goal {
    bool relative;     /* half_width is relative to |mean|; otherwise in the statistic's unit */
    double half_width; /* > 0 */
};

/* Half-width, relative or absolute as the goal; INFINITY without an interval or any spread (no
 * event was seen, or all values are equal), or relative to 0. */
double precision_achieved(const struct precision_goal *goal, const struct interval *interval);
bool precision_met(const struct precision_goal *goal, const struct interval *interval);

/* Replications at the look after `done` (0: the first look), at most `limit`; never below `done`.
 * 15, 20, 26, 34, ... */
uint32_t stop_rule_next(uint32_t done, uint32_t limit);
/* Number of looks of stop_rule_next() up to and including `limit`; 0 if it is 0. */
uint32_t stop_rule_looks(uint32_t first, uint32_t limit);
/* Replications after `done` if the first look is not at STOP_FIRST. */
uint32_t stop_rule_grow(uint32_t done, uint32_t limit);

struct stop_rule {
    uint32_t looks_in_a_row; /* at which all goals were met */
};
/* One look; `met`: all goals. True: stop. */
bool stop_rule_look(struct stop_rule *rule, bool met);

#endif
