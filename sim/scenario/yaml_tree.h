// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * YAML as a plain, immutable tree in which every node knows its place. The only face of libfyaml.
 *
 * Nodes, texts and sources belong to a struct yaml_trees and live until it is freed; so trees may
 * share nodes: an alias is its anchor's node, and a merged tree is made of the nodes of the trees
 * that were merged.
 *
 * Rules that always hold
 *  1. Text is well-formed UTF-8 without NUL bytes.
 *  2. Keys of a map are scalars, and each stands there once; a map that was parsed has at most
 *     YAML_KEYS_MAX.
 *  3. A tree is at most YAML_DEPTH_MAX deep, has at most YAML_NODES_MAX nodes, YAML_WEIGHT_MAX with
 *     all aliases written out, and at most YAML_ANCHORS_MAX anchors.
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
    const char *name; /* as messages show it */
    const char
        *directory;   /* what relative paths in it are relative to; "" is the working directory */
    const char *text; /* ends in '\0' */
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
    uint32_t weight; /* nodes in it, itself included, aliases written out */
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
 * The tree of source->text from byte `offset` on; NULL where it is not YAML (why is in diag).
 * Nothing but blanks and comments gives a null scalar.
 */
const struct yaml_node *yaml_parse(struct yaml_trees *trees, const struct yaml_source *source,
                                   size_t offset, struct diag *diag);

/* New nodes at the place of another. Entries are copied. */
const struct yaml_node *yaml_make_scalar(struct yaml_trees *trees, const struct yaml_node *place,
                                         const char *text);
const struct yaml_node *yaml_make(struct yaml_trees *trees, enum yaml_kind kind,
                                  const struct yaml_node *place, const struct yaml_entry *entries,
                                  size_t count);

/* The entry of a map, or NULL; also NULL where `map` is NULL or no map. */
const struct yaml_entry *yaml_find(const struct yaml_node *map, const char *key);
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
const char *yaml_kind_name(const struct yaml_node *node); /* "nothing" "a value" "a list" "a map" */
struct diag_place yaml_place(const struct yaml_node *node);
struct diag_place yaml_source_place(const struct yaml_source *source, int line, int column);
/* In one line, such that it parses to the same tree. */
void yaml_add_flow(struct strbuf *out, const struct yaml_node *node);
/* A text as a scalar: plain where that is safe anywhere, in double quotes otherwise. */
void yaml_add_text(struct strbuf *out, const char *text);

#endif
