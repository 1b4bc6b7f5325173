// SPDX-License-Identifier: GPL-3.0-or-later
/* The value of a field: read from a node, checked against its range, and written in canonical
 * form. */
#ifndef FIELD_VALUE_H
#define FIELD_VALUE_H

#include "schema.h"

/*
 * Parse `node` into the member of `config` and, if `text` is not NULL, append its canonical form.
 * On error false, with `subject` named in the reported message; the member is unchanged. Not for
 * FIELD_VARIANT.
 */
bool field_value_read(const struct schema_context *context, const struct field *field,
                      const char *subject, const struct yaml_node *node, void *config,
                      struct strbuf *text);
/* The same from the `initial` of the table: an error in it is a bug in the model. */
void field_value_initial(const struct schema_context *context, const struct field *field,
                         void *config, struct strbuf *text);
/* Free memory owned by the member. */
void field_value_release(const struct field *field, void *config);
/* One number of the field's type, or of an item where it is a list, within the field's range. False
 * with the error reported, naming `subject`. */
bool field_number_read(const struct schema_context *context, const struct field *field,
                       const char *subject, const struct yaml_node *node, double *value);
/* The index of a choice, -1 if unknown. */
int field_choice(const struct field *field, const char *name);
/* "a duration such as 300ms": description of a type, for help and for the JSON Schema. */
const char *field_type_name(enum field_type type);

/* Append the shortest text that parses to the same number, in the unit of the type. */
void field_add_number(struct strbuf *out, enum field_type type, double value);
/* Whether a number is in the row's range; if not, `why` is "must be between ...". */
bool field_in_range(const struct field *field, double value, const char *got, struct strbuf *why);

#endif
