// SPDX-License-Identifier: GPL-3.0-or-later
/* One value of one field: read from a node, checked against its range, and written canonically. */
#ifndef FIELD_VALUE_H
#define FIELD_VALUE_H

#include "schema.h"

/*
 * Parse `node` into the member of `config` and, where `text` is not NULL, write its canonical form
 * to it. False with the error told, naming `subject`; the member then keeps its bytes. Not for
 * FIELD_VARIANT.
 */
bool field_value_read(const struct schema_context *context, const struct field *field,
                      const char *subject, const struct yaml_node *node, void *config,
                      struct strbuf *text);
/* The same from the table's own `initial`: a error in it is a bug of the model. */
void field_value_initial(const struct schema_context *context, const struct field *field,
                         void *config, struct strbuf *text);
/* Free what the member owns. */
void field_value_release(const struct field *field, void *config);
/* One number of the field's type, or of an item where it is a list, within the field's range. False
 * with the error reported, naming `subject`. */
bool field_number_read(const struct schema_context *context, const struct field *field,
                       const char *subject, const struct yaml_node *node, double *value);
/* The index of a choice, -1 where unknown. */
int field_choice(const struct field *field, const char *name);
/* "a duration such as 300ms": what a field of this type needs, for help and for the JSON Schema. */
const char *field_type_name(enum field_type type);

/* Shortest text that reads back to the same number, in the unit of the type. */
void field_add_number(struct strbuf *out, enum field_type type, double value);
/* Is the range's text kept? Compares a number with the row's min and max; false with `why` "must be
 * between ...". */
bool field_in_range(const struct field *field, double value, const char *got, struct strbuf *why);

#endif
