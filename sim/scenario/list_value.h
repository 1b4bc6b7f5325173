// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists of numbers, rates, times and stages; rates and times also from a CSV file. */
#ifndef LIST_VALUE_H
#define LIST_VALUE_H

#include "schema.h"

#define STAGES_MAX 1000

/* As field_value_read(), for FIELD_NUMBER_LIST, FIELD_RATES, FIELD_TIMES and stages. The
 * canonical text has the values themselves, so that a stored scenario needs no CSV file. */
bool list_value_read(const struct schema_context *context, const struct field *field,
                     const char *subject, const struct yaml_node *node, void *member,
                     struct strbuf *text);

#endif
