// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The rule of a composite alarm: a condition on the states of other alarms.
 *
 *   rule    = term { "or" term }
 *   term    = factor { "and" factor }
 *   factor  = "not" factor | "(" rule ")" | NAME | "ok" "(" NAME ")" | "insufficient" "(" NAME ")"
 *
 * A name alone holds while that alarm is in state alarm. Names consist of letters, digits, '-', '_'
 * and '.'; the words of the rule are no names. A rule is compiled once, into postfix.
 */
#ifndef ALARM_RULE_H
#define ALARM_RULE_H

#include "alarms.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPOSITE_STEPS_MAX 128

struct composite_rule {
    struct composite_step {
        enum { STEP_IS, STEP_NOT, STEP_AND, STEP_OR } kind;
        uint32_t alarm;         /* STEP_IS: number of the alarm, */
        enum alarm_state state; /* and the state in which it holds */
    } steps[COMPOSITE_STEPS_MAX];
    size_t count;
};

/* May an alarm have this name? */
bool alarm_name_is_valid(const char *name);

/*
 * Compile `text`. find: number of an alarm by name, -1: there is none. Returns false with the
 * reason appended to `why`: "names no alarm before it: 'errors'".
 */
bool composite_rule_read(struct composite_rule *rule, const char *text,
                         int (*find)(const void *self, const char *name), const void *self,
                         struct strbuf *why);
/* Whether it holds; `states` by number of the alarm. O(steps). */
bool composite_rule_holds(const struct composite_rule *rule, const enum alarm_state *states);

#endif
