// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Kinds of models (model.h): the kind that a scenario chooses, the parameters and metrics of each
 * kind, and the resulting table of parameters.
 */
#ifndef MODEL_KINDS_H
#define MODEL_KINDS_H

#include "error_list.h"
#include "scenario.h"
#include "yaml_tree.h"

/* The parameter that selects the kind. */
#define KIND_KEY "kind"

/* NULL: no kind of that name. */
const struct model_kind *kind_find(const struct model_ops *ops, const char *name);
/* The kind chosen by a section (NULL: all defaults). NULL: the model has no kinds, or the name is
 * unknown, which is reported by the field "kind". */
const struct model_kind *kind_chosen(const struct model_ops *ops, const struct yaml_node *section);
/* The same of section MODEL_KIND_SECTION of a scenario's root. */
const struct model_kind *kind_of_root(const struct registry *registry,
                                      const struct yaml_node *root);
/* Whether parameter `path` of the model, or a group of them, does not exist with this kind (NULL:
 * it exists). */
bool kind_lacks(const struct model_kind *kind, const char *path);
/* Whether the model exists if MODEL_KIND_SECTION has this kind. NULL, unknown: true. */
bool kind_has_model(const struct model_kind *kind, const struct model_ops *ops);

/*
 * A parameter, a section or a metric that the scenario's kind does not have, but another does:
 * "'data_set' is a parameter of kind 'global-datastore', not of 'regional'". Each appends the text
 * and returns true; false if no other kind has it. If the chosen kind is unknown (NULL), the first
 * appends nothing and the others return false.
 */
bool kind_explain_parameter(struct strbuf *out, const struct model_ops *ops,
                            const struct model_kind *chosen, const char *path);
bool kind_explain_section(struct strbuf *out, const struct model_ops *ops,
                          const struct model_kind *chosen);
bool kind_explain_metric(struct strbuf *out, const struct registry *registry,
                         const struct model_kind *chosen, const char *name);

/*
 * The parameters of one config as one table: the model's rows, then those of its kind, whose config
 * is in the same block of memory, `kind_offset` bytes after the start of the model's.
 */
struct config_table {
    const struct field *fields;
    size_t field_count;
    size_t size, kind_offset; /* bytes; kind_offset = size if there is no kind */
};
/* kind NULL: none. Without a kind the rows are those of the model; otherwise they are freed by
 * config_table_release(). */
struct config_table config_table_make(const struct model_ops *ops, const struct model_kind *kind);
void config_table_release(struct config_table *table, const struct model_ops *ops);

/*
 * A layer (a file that extends another, a --set, a value of a sweep) may change the kind without
 * knowing the settings of its base for the old kind. Settings that `merged` has inherited unchanged
 * from `base` and that only other kinds have (parameters, and sections of models that the new kind
 * does not have) are dropped, with a note in `errors` (NULL: none). Settings of the layer itself
 * stay, and are refused if they belong to another kind.
 */
const struct yaml_node *kinds_settle(struct yaml_trees *trees, const struct registry *registry,
                                     const struct yaml_node *base, const struct yaml_node *merged,
                                     struct error_list *errors);

#endif
