// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A condition between parameters: 'client.timeout * client.retry.attempts <=
 * client.retry.deadline'.
 *
 *   condition  = conjunction {"or" conjunction}
 *   conjunction = negation {"and" negation}
 *   negation   = ["not"] comparison
 *   comparison = sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]
 *   sum        = product {("+" | "-") product}
 *   product    = operand {("*" | "/") operand}
 *   operand    = quantity | path | 'text' | "(" condition ")"
 *
 * A quantity is written without a blank (300ms, 10/s, 0.5%); a path as for --set. Signs between
 * operands stand between blanks, as '-' and '/' occur within names and units. Quantities add and
 * compare where they are of one kind; texts, such as the choice of client.retry.jitter, compare by
 * == and != only.
 */
#ifndef CONDITION_H
#define CONDITION_H

#include "strbuf.h"

#include <stdbool.h>

/* The value at a path as a text, or NULL; valid until the next call. */
typedef const char *condition_lookup(void *self, const char *path);

/* False where the text is no condition, or asks for what is not there: the reason is appended to
 * `why` ("has no parameter 'client.timout'"). */
bool condition_evaluate(const char *text, condition_lookup *lookup, void *self, bool *holds,
                        struct strbuf *why);

#endif
