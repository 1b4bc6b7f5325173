// SPDX-License-Identifier: GPL-3.0-or-later
/* How authors name links: "a -> b" (one way), "a <-> b" (both ways), "a" (inside one region; also
 * "a -> a"). */
#ifndef LINK_KEY_H
#define LINK_KEY_H

#include "field.h"
#include "error_list.h"
#include "model.h"

/* The names in a text, as pieces of it. */
struct link_key {
    const char *from, *to;
    size_t from_length, to_length;
    bool both_ways; /* never where from and to are one */
};

/* False where the text is none of the three forms. Names are not looked up. */
bool link_key_parse(const char *text, struct link_key *key);
/* Do two texts name the same link: "a <-> b" and "b<->a", "a" and "a -> a"? Other texts are the
 * same if equal. */
bool link_key_same(const char *a, const char *b);
/* Look the names up; false where one is unknown (told at `node`), or the text is no link. `subject`
 * as in "'faults.0.link'". */
bool link_key_resolve(const char *text, const struct topology *topology, struct link_ref *link,
                      struct error_list *errors, const struct yaml_node *node, const char *subject);
/* A region by name; -1 where unknown, told at `node` with the nearest one. Without any regions
 * nothing is told. */
int region_resolve(const char *name, size_t length, const struct topology *topology,
                   struct error_list *errors, const struct yaml_node *node, const char *subject);

#endif
