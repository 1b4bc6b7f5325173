// SPDX-License-Identifier: GPL-3.0-or-later
/* Names of links in scenarios: "a -> b" (one direction), "a <-> b" (both directions), "a" (inside
 * one region; also "a -> a"). */
#ifndef LINK_KEY_H
#define LINK_KEY_H

#include "field.h"
#include "error_list.h"
#include "model.h"

/* The names in a text, as pointers into it. */
struct link_key {
    const char *from, *to;
    size_t from_length, to_length;
    bool both_ways; /* false if from equals to */
};

/* False if the text has none of the three forms. Names are not looked up. */
bool link_key_parse(const char *text, struct link_key *key);
/* Whether two texts name the same link, such as "a <-> b" and "b<->a", or "a" and "a -> a". Other
 * texts are compared literally. */
bool link_key_same(const char *a, const char *b);
/* Look up the names; false if one is unknown (reported at `node`) or the text is not a link.
 * `subject` as in "'faults.0.link'". */
bool link_key_resolve(const char *text, const struct topology *topology, struct link_ref *link,
                      struct error_list *errors, const struct yaml_node *node, const char *subject);
/* A region by name; -1 if unknown, reported at `node` with the most similar name. Without any
 * regions nothing is reported. */
int region_resolve(const char *name, size_t length, const struct topology *topology,
                   struct error_list *errors, const struct yaml_node *node, const char *subject);

#endif
