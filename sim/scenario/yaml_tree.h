// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * YAML as a plain, immutable tree with the place of every node. The only interface to libfyaml.
 *
 * Nodes, texts and sources are owned by a struct yaml_trees until it is freed. Trees may share
 * nodes: an alias is the node of its anchor, and a merged tree uses nodes of the trees it was
 * merged from.
 *
 * Invariants
 *  1. Text is well-formed UTF-8 without NUL bytes.
 *  2. Keys of a map are unique scalars; a parsed map has at most YAML_KEYS_MAX of them.
 *  3. A tree is at most YAML_DEPTH_MAX deep, has at most YAML_NODES_MAX nodes, YAML_WEIGHT_MAX with
 *     all aliases expanded, and at most YAML_ANCHORS_MAX anchors.
 */
#ifndef YAML_TREE_H
#define YAML_TREE_H

#include "diag.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define YAML_DEPTH_MAX 64
#define YAML_KEYS_MAX 1000
#define YAML_ANCHORS_MAX 1000
#define YAML_NODES_MAX 200000
#define YAML_WEIGHT_MAX 4000000

/* A text that nodes come from. */
struct yaml_source {
    const char *name;      /* as shown in messages */
    const char *directory; /* base of relative paths in it; "" is the working directory */
    const char *text;      /* ends in '\0' */
    size_t length;
};

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node;
struct yaml_entry {
    const struct yaml_node *key; /* NULL in a list */
    const struct yaml_node *value;
};
struct yaml_node {
    enum yaml_kind kind;
    bool is_null;     /* nothing, `~` or `null`, without quotes */
    const char *text; /* of a scalar; never NULL */
    const struct yaml_entry *entries;
    size_t count;
    uint32_t weight; /* nodes in it, including itself, with aliases expanded */
    const struct yaml_source *source;
    int line, column; /* from 1; column counts characters */
};

struct yaml_trees;
struct yaml_trees *yaml_trees_create(void);
void yaml_trees_free(struct yaml_trees *trees); /* NULL is allowed */

/* Copies all three. */
const struct yaml_source *yaml_source_add(struct yaml_trees *trees, const char *name,
                                          const char *directory, const char *text, size_t length);
/*
 * Parse source->text from byte `offset` on; NULL if it is not valid YAML (errors in diag). A text
 * with only blanks and comments gives a null scalar.
 */
const struct yaml_node *yaml_parse(struct yaml_trees *trees, const struct yaml_source *source,
                                   size_t offset, struct diag *diag);

/* New nodes at the place of another. Entries are copied. */
const struct yaml_node *yaml_make_scalar(struct yaml_trees *trees, const struct yaml_node *place,
                                         const char *text);
const struct yaml_node *yaml_make(struct yaml_trees *trees, enum yaml_kind kind,
                                  const struct yaml_node *place, const struct yaml_entry *entries,
                                  size_t count);

/* The entry of a map, or NULL; also NULL if `map` is NULL or not a map. */
const struct yaml_entry *yaml_find(const struct yaml_node *map, const char *key);
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
const char *yaml_kind_name(const struct yaml_node *node); /* "nothing" "a value" "a list" "a map" */
struct diag_place yaml_place(const struct yaml_node *node);
struct diag_place yaml_source_place(const struct yaml_source *source, int line, int column);
/* Append as one line that parses to the same tree. */
void yaml_add_flow(struct strbuf *out, const struct yaml_node *node);
/* Append a text as a scalar: plain if safe in every context, otherwise in double quotes. */
void yaml_add_text(struct strbuf *out, const char *text);

#endif
