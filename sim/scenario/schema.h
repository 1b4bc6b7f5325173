// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Apply a field table to a tree: parse, check and default every value, write it in canonical form,
 * and report all errors at once.
 *
 * The keys of a map are the dotted names of the table, one level per dot. A field that is not given
 * has its `initial`, in all variants, so that every field of a config is set (except required
 * ones).
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "field.h"
#include "error_list.h"
#include "model.h"

struct schema_context {
    struct error_list *errors;
    const struct topology *topology;
    const struct yaml_source *source; /* the file, for errors of absent sections; may be NULL */
    struct csv_cache *csv;            /* NULL: files are read again for each value */
};

/* The result for one field of one config. */
struct schema_value {
    char *text;                   /* canonical, as YAML in one line; NULL: optional and not given */
    const struct yaml_node *node; /* where it is given; NULL: the default */
    bool applies;                 /* false: it belongs to a choice that is not chosen */
};

struct schema_table {
    const char *section; /* the subject of messages starts with it: "client" gives 'client.timeout';
                            "": none */
    const struct field *fields;
    size_t field_count;
    /* For a model with kinds: the model, and the chosen kind, whose rows are among the fields
     * (NULL: unknown; parameters of any kind are then accepted without being read). */
    const struct model_ops *ops;
    const struct model_kind *kind;
};

/*
 * Fill `config` (zeroed) and `values` (one per field, zeroed; may be NULL) from `map` (NULL: all
 * defaults). is_whole false: `map` is a part of a config, so required fields may be absent. Returns
 * false if an error was reported. In both cases config and values hold the valid values; the caller
 * releases them.
 */
bool schema_apply(const struct schema_context *context, const struct schema_table *table,
                  const struct yaml_node *map, bool is_whole, void *config,
                  struct schema_value *values);
void schema_release(const struct schema_table *table, void *config, struct schema_value *values);

/* The row of that name, or NULL. */
const struct field *schema_find(const struct field *fields, size_t count, const char *name);
/* Whether the row applies: false if it belongs to a choice of a VARIANT that `config` did not
 * choose. */
bool schema_applies(const struct field *fields, size_t count, const struct field *field,
                    const void *config);
/* The innermost VARIANT row, and the index of its choice, that row `field` is a parameter of; NULL:
 * none. */
const struct field *schema_variant_of(const struct field *fields, size_t count,
                                      const struct field *field, int *choice);
bool field_is_optional(const struct field *field);

#endif
