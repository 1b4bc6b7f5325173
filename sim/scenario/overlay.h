// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One tree over another: a file over the one that it extends, `--set` over a file, a region's
 * section over the default.
 *
 * Maps merge key by key; scalars and lists replace. What looks like a map but is one value replaces
 * as well: a distribution always, a VARIANT where another choice is named. So merging has to know
 * the tables. A key without a value over a map changes nothing.
 */
#ifndef OVERLAY_H
#define OVERLAY_H

#include "error_list.h"
#include "scenario.h"
#include "yaml_tree.h"

/* Where in a scenario a node stands. */
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
    const struct model_ops *ops; /* whose fields they are; NULL: of no model */
    const char *path;            /* FIELDS: the dotted name so far, "" at the section itself */
};

/* `over` over `base`; either may be NULL. The result shares nodes with both. */
const struct yaml_node *overlay_merge(struct yaml_trees *trees, const struct yaml_node *base,
                                      const struct yaml_node *over, const struct shape *shape);
struct shape overlay_top(const struct registry *registry);
struct shape overlay_model(const struct model_ops *ops); /* of a section of it */

/* A path such as network."us-west-1 -> us-west-2".loss, one node a segment, placed in its source.
 */
struct overlay_path {
    const struct yaml_node **segments;
    size_t count;
};
#define OVERLAY_SEGMENTS_MAX 32
/*
 * Cut source->text from byte `offset` up to `stop` ('=' or '\0'), quoted pieces kept whole; *end is
 * where it stopped. False with the error told. `place` (may be NULL) is where the text itself
 * stands in a file.
 */
bool overlay_path_parse(struct yaml_trees *trees, const struct yaml_source *source, char stop,
                        const struct yaml_node *place, struct error_list *errors,
                        struct overlay_path *path, size_t *end);
/* The root with `value` laid over what is at `path`; NULL with the error told (an item that a
 * list has not). */
const struct yaml_node *overlay_set(struct yaml_trees *trees, const struct yaml_node *root,
                                    const struct registry *registry,
                                    const struct overlay_path *path, const struct yaml_node *value,
                                    struct error_list *errors);
/* One `path=value` text over the section of a model; NULL with the errors told. `source` holds
 * the text. */
const struct yaml_node *overlay_set_field(struct yaml_trees *trees, const struct yaml_node *section,
                                          const struct shape *fields,
                                          const struct yaml_source *source,
                                          struct error_list *errors);
/* One `--set` text over the root; NULL with the errors told. */
const struct yaml_node *overlay_set_text(struct yaml_trees *trees, const struct yaml_node *root,
                                         const struct registry *registry, const char *text,
                                         struct error_list *errors);

#endif
