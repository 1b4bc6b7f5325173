// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Kinds of models (model.h): which one a scenario chooses, what belongs to which, and the table of
 * parameters that follows from it.
 */
#ifndef MODEL_KINDS_H
#define MODEL_KINDS_H

#include "error_list.h"
#include "scenario.h"
#include "yaml_tree.h"

/* The parameter that chooses. */
#define KIND_KEY "kind"

/* NULL: no kind of that name. */
const struct model_kind *kind_find(const struct model_ops *ops, const char *name);
/* The kind that a section (NULL: all defaults) chooses. NULL: the model has no kinds, or the
 * section names none that exists, which the field "kind" reports. */
const struct model_kind *kind_chosen(const struct model_ops *ops, const struct yaml_node *section);
/* The same of section MODEL_KIND_SECTION of a scenario's root. */
const struct model_kind *kind_of_root(const struct registry *registry,
                                      const struct yaml_node *root);
/* Does the model exist where MODEL_KIND_SECTION has this kind? NULL, not known: yes. */
bool kind_has_model(const struct model_kind *kind, const struct model_ops *ops);

/*
 * A parameter, a section or a metric that the scenario's kind does not have, but another does:
 * "'data_set' is a parameter of kind 'global-datastore', not of 'regional'". Each appends the text
 * and returns true; false where no other kind has it. Where the chosen kind is not known (NULL),
 * the first appends nothing and the others return false.
 */
bool kind_explain_parameter(struct strbuf *out, const struct model_ops *ops,
                            const struct model_kind *chosen, const char *path);
bool kind_explain_section(struct strbuf *out, const struct model_ops *ops,
                          const struct model_kind *chosen);
bool kind_explain_metric(struct strbuf *out, const struct registry *registry,
                         const struct model_kind *chosen, const char *name);

/*
 * The parameters of one config as one table: the model's rows, then those of its kind, whose config
 * lies in the same block of memory, `kind_offset` bytes after the model's.
 */
struct config_table {
    const struct field *fields;
    size_t field_count;
    size_t size, kind_offset; /* bytes; kind_offset = size where there is no kind */
};
/* kind NULL: none. The rows are the model's own where there is no kind, else released by
 * config_table_release(). */
struct config_table config_table_make(const struct model_ops *ops, const struct model_kind *kind);
void config_table_release(struct config_table *table, const struct model_ops *ops);

/*
 * A layer (a file that extends another, a --set, a sweep's value) that changes a kind need not know
 * what its base says for the old one. What `merged` has inherited unchanged from `base` and what
 * only other kinds have (parameters, and sections of models that the new kind does not have) is
 * left out, with a note in `errors` (NULL: none). What the layer says itself stays, and is refused
 * where it is another kind's.
 */
const struct yaml_node *kinds_settle(struct yaml_trees *trees, const struct registry *registry,
                                     const struct yaml_node *base, const struct yaml_node *merged,
                                     struct error_list *errors);

#endif
