// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A field table applied to a tree: every value parsed, checked, defaulted and written down in
 * canonical form, every error told at once.
 *
 * The keys of a map are the dotted names of the table, one level a dot. What a field is when it is
 * not given is its `initial`, whatever variant it sits under, so a config has no field that was
 * never set (but for those that must be given).
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "field.h"
#include "error_list.h"
#include "model.h"

struct schema_context {
    struct error_list *errors;
    const struct topology *topology;
    const struct yaml_source
        *source;           /* stands for the file where a section is absent; may be NULL */
    struct csv_cache *csv; /* NULL: files are read anew for each value */
};

/* What became of one field of one config. */
struct schema_value {
    char *text; /* canonical, as YAML in one line; NULL: optional, and not given */
    const struct yaml_node *node; /* where it was given; NULL: the default */
    bool applies;                 /* false: it belongs to a choice that was not chosen */
};

struct schema_table {
    const char *section; /* the subject of messages starts with it: "client" gives 'client.timeout';
                            "": none */
    const struct field *fields;
    size_t field_count;
    /* Of a model with kinds: the model, and the chosen kind, whose rows are among the fields (NULL:
     * not known, so that parameters of any kind pass unread). */
    const struct model_ops *ops;
    const struct model_kind *kind;
};

/*
 * Fill `config` (zeroed) from `map` (NULL: all defaults) and `values` (one a field, zeroed; NULL:
 * not wanted). `is_whole` false: `map` is a piece of a config, so nothing must be given. Returns
 * false where a error was told. In both cases config and values hold what was right, and are the
 * caller's to release.
 */
bool schema_apply(const struct schema_context *context, const struct schema_table *table,
                  const struct yaml_node *map, bool is_whole, void *config,
                  struct schema_value *values);
void schema_release(const struct schema_table *table, void *config, struct schema_value *values);

/* The row of that name, or NULL. */
const struct field *schema_find(const struct field *fields, size_t count, const char *name);
/* Does the row belong to a choice of a VARIANT that `config` did not choose? */
bool schema_applies(const struct field *fields, size_t count, const struct field *field,
                    const void *config);
/* The row of the VARIANT and the index of its choice that row `field` is the parameter of (the
 * innermost); NULL: none. */
const struct field *schema_variant_of(const struct field *fields, size_t count,
                                      const struct field *field, int *choice);
bool field_is_optional(const struct field *field);

#endif
