// SPDX-License-Identifier: GPL-3.0-or-later
#include "link_key.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && **text == ' ') {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && (*text)[*length - 1] == ' ')
        (*length)--;
}

static bool is_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr(" <>", text[i]))
            return false;
    return length > 0;
}

static bool same_name(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

bool link_key_parse(const char *text, struct link_key *key)
{
    const char *arrow = strstr(text, "->");
    bool both_ways = arrow && arrow > text && arrow[-1] == '<';

    key->from = text;
    key->from_length = arrow ? (size_t)(arrow - text) - (both_ways ? 1 : 0) : strlen(text);
    key->to = arrow ? arrow + 2 : text;
    key->to_length = strlen(key->to);
    trim(&key->from, &key->from_length);
    trim(&key->to, &key->to_length);
    key->both_ways = both_ways && !same_name(key->from, key->from_length, key->to, key->to_length);
    return is_name(key->from, key->from_length) && is_name(key->to, key->to_length);
}

bool link_key_same(const char *a, const char *b)
{
    struct link_key left, right;

    if (!link_key_parse(a, &left) || !link_key_parse(b, &right))
        return strcmp(a, b) == 0;
    if (left.both_ways != right.both_ways)
        return false;
    if (same_name(left.from, left.from_length, right.from, right.from_length) &&
        same_name(left.to, left.to_length, right.to, right.to_length))
        return true;
    return left.both_ways && same_name(left.from, left.from_length, right.to, right.to_length) &&
           same_name(left.to, left.to_length, right.from, right.from_length);
}

int region_resolve(const char *name, size_t length, const struct topology *topology,
                   struct error_list *errors, const struct yaml_node *node, const char *subject)
{
    char *copy = mem_strndup(name, length);
    int region = topology_region(topology, copy);

    if (region < 0 && topology->region_count > 0) {
        struct strbuf text = STRBUF_INIT;

        strbuf_addf(&text, "unknown region '%s' in '%s'", copy, subject);
        add_remedy(&text, copy, "the regions are", topology->region_names, topology->region_count);
        error_at(errors, node, "%s", text.text);
        strbuf_release(&text);
    }
    free(copy);
    return region;
}

bool link_key_resolve(const char *text, const struct topology *topology, struct link_ref *link,
                      struct error_list *errors, const struct yaml_node *node, const char *subject)
{
    struct link_key key;

    if (!link_key_parse(text, &key)) {
        error_at(errors, node,
                 "'%s' needs a link such as 'us-west-1 -> us-west-2' or "
                 "'us-west-1 <-> us-west-2', got '%s'",
                 subject, text);
        return false;
    }
    link->from = region_resolve(key.from, key.from_length, topology, errors, node, subject);
    link->to = same_name(key.from, key.from_length, key.to, key.to_length)
                   ? link->from
                   : region_resolve(key.to, key.to_length, topology, errors, node, subject);
    link->both_ways = key.both_ways;
    return link->from >= 0 && link->to >= 0;
}
