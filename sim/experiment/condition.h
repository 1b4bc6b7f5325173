// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Conditions on parameters: 'client.timeout * client.retry.attempts <=
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
 * A quantity is written without spaces (300ms, 10/s, 0.5%), a path as for --set. Put spaces around
 * operators, as '-' and '/' occur in names and units. Only quantities of the same kind can be added
 * and compared; texts, such as the choice of client.retry.jitter, are compared by == and != only.
 */
#ifndef CONDITION_H
#define CONDITION_H

#include "strbuf.h"

#include <stdbool.h>

/* The value at a path as a text, or NULL; valid until the next call. */
typedef const char *condition_lookup(void *self, const char *path);

/* False if the text is not a valid condition or names an unknown parameter; the reason is appended
 * to `why` ("has no parameter 'client.timout'"). */
bool condition_evaluate(const char *text, condition_lookup *lookup, void *self, bool *holds,
                        struct strbuf *why);

#endif
