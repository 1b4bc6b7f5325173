// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Merge one tree over another: a file over the one that it extends, `--set` over a file, a region's
 * section over the default.
 *
 * Maps merge key by key; scalars and lists are replaced. Maps that are a single value are replaced
 * too: distributions always, a VARIANT if another choice is named; so merging needs the tables. A
 * key without a value over a map changes nothing.
 */
#ifndef OVERLAY_H
#define OVERLAY_H

#include "error_list.h"
#include "scenario.h"
#include "yaml_tree.h"

/* The place of a node in a scenario. */
enum shape_kind {
    SHAPE_TOP,
    SHAPE_REGIONS,
    SHAPE_REGION,
    SHAPE_LINKS,
    SHAPE_LIST,
    SHAPE_FIELDS,
    SHAPE_OTHER
};
struct shape {
    enum shape_kind kind;
    const struct registry *registry;
    const struct field *fields; /* FIELDS, LINKS, LIST */
    size_t field_count;
    const struct model_ops *ops; /* model of the fields; NULL: none */
    const char *path;            /* FIELDS: the dotted name so far, "" at the section itself */
};

/* Merge `over` over `base`; either may be NULL. The result shares nodes with both. */
const struct yaml_node *overlay_merge(struct yaml_trees *trees, const struct yaml_node *base,
                                      const struct yaml_node *over, const struct shape *shape);
struct shape overlay_top(const struct registry *registry);
struct shape overlay_model(const struct model_ops *ops); /* of a section of the model */

/* A path such as network."us-west-1 -> us-west-2".loss, one node per segment, placed in its
 * source. */
struct overlay_path {
    const struct yaml_node **segments;
    size_t count;
};
#define OVERLAY_SEGMENTS_MAX 32
/*
 * Split source->text up to `stop` ('=' or '\0'); quoted parts are kept whole; faults[0] is
 * faults.0; *end is set to the end. False on error, which is reported. `place` (may be NULL): the
 * place of the text in a file.
 */
bool overlay_path_parse(struct yaml_trees *trees, const struct yaml_source *source, char stop,
                        const struct yaml_node *place, struct error_list *errors,
                        struct overlay_path *path, size_t *end);
/* The root with `value` merged at `path`; NULL on error, which is reported (no such item in a
 * list). */
const struct yaml_node *overlay_set(struct yaml_trees *trees, const struct yaml_node *root,
                                    const struct registry *registry,
                                    const struct overlay_path *path, const struct yaml_node *value,
                                    struct error_list *errors);
/* Merge one `path=value` text over the section of a model; NULL on errors, which are reported.
 * `source` contains the text. */
const struct yaml_node *overlay_set_field(struct yaml_trees *trees, const struct yaml_node *section,
                                          const struct shape *fields,
                                          const struct yaml_source *source,
                                          struct error_list *errors);
/* Merge one `--set` text over the root; NULL on errors, which are reported. */
const struct yaml_node *overlay_set_text(struct yaml_trees *trees, const struct yaml_node *root,
                                         const struct registry *registry, const char *text,
                                         struct error_list *errors);

#endif
