// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Trees are immutable: a merge creates new maps along the paths that both trees have and shares all
 * other nodes. Setting a path merges a tree of one-key maps, so `--set` follows the same rules as
 * `extends`.
 */
#include "overlay.h"

#include "link_key.h"
#include "mem.h"
#include "model_kinds.h"
#include "run_settings.h"
#include "scenario.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

struct shape overlay_top(const struct registry *registry)
{
    return (struct shape){.kind = SHAPE_TOP, .registry = registry, .path = ""};
}

struct shape overlay_model(const struct model_ops *ops)
{
    return (struct shape){.kind = SHAPE_FIELDS,
                          .fields = ops->fields,
                          .field_count = ops->field_count,
                          .ops = ops,
                          .path = ""};
}

static struct shape shape_of_section(const struct shape *parent, const char *key)
{
    struct shape shape = {.kind = SHAPE_OTHER, .registry = parent->registry, .path = ""};

    for (size_t i = 0; i < parent->registry->model_count; i++) {
        const struct model_ops *ops = parent->registry->models[i];

        if (strcmp(ops->section, key) != 0)
            continue;
        shape.kind = ops->scope == MODEL_PER_LINK ? SHAPE_LINKS
                     : ops->scope == MODEL_LIST   ? SHAPE_LIST
                                                  : SHAPE_FIELDS;
        shape.fields = ops->fields;
        shape.field_count = ops->field_count;
        shape.ops = ops;
    }
    return shape;
}

/* The shape below `key`; `buffer` holds the path of the result. */
static struct shape shape_below(const struct shape *shape, const char *key, struct strbuf *buffer)
{
    struct shape below = *shape;

    switch (shape->kind) {
    case SHAPE_TOP:
        if (strcmp(key, "regions") == 0) {
            below.kind = SHAPE_REGIONS;
        } else if (schema_find(run_settings_fields, run_settings_field_count, key)) {
            below = (struct shape){.kind = SHAPE_FIELDS,
                                   .fields = run_settings_fields,
                                   .field_count = run_settings_field_count};
            strbuf_add(buffer, key);
            below.path = buffer->text;
        } else {
            below = shape_of_section(shape, key);
        }
        break;
    case SHAPE_REGIONS:
        below.kind = SHAPE_REGION;
        break;
    case SHAPE_REGION:
        below = shape_of_section(shape, key);
        break;
    case SHAPE_LINKS:
    case SHAPE_LIST:
        below.kind = SHAPE_FIELDS;
        break;
    case SHAPE_FIELDS:
        strbuf_addf(buffer, "%s%s%s", shape->path, shape->path[0] ? "." : "", key);
        below.path = buffer->text;
        break;
    case SHAPE_OTHER:
        break;
    }
    return below;
}

static bool keys_match(const struct shape *shape, const char *a, const char *b)
{
    return shape->kind == SHAPE_LINKS ? link_key_same(a, b) : strcmp(a, b) == 0;
}

static const struct yaml_entry *find_entry(const struct yaml_node *map, const struct shape *shape,
                                           const char *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (keys_match(shape, map->entries[i].key->text, key))
            return &map->entries[i];
    return NULL;
}

/* Of any kind: two kinds with the same name have it with the same type. */
static const struct field *shape_field(const struct shape *shape)
{
    const struct field *field = schema_find(shape->fields, shape->field_count, shape->path);

    for (size_t i = 0; !field && shape->ops && i < shape->ops->kind_count; i++)
        field = schema_find(shape->ops->kinds[i]->fields, shape->ops->kinds[i]->field_count,
                            shape->path);
    return field;
}

/* Whether the map at this place is a single value, replaced as a whole. */
static bool is_replaced(const struct shape *shape, const struct yaml_node *base,
                        const struct yaml_node *over)
{
    const struct field *field = NULL;

    if (shape->kind == SHAPE_FIELDS)
        field = shape_field(shape);
    if (!field)
        return false;
    if (field->type == FIELD_TIME_DIST || field->type == FIELD_NUMBER_DIST ||
        field->type == FIELD_RATES || field->type == FIELD_TIMES)
        return true;
    return field->type == FIELD_VARIANT &&
           !(base->count == 1 && over->count == 1 &&
             strcmp(base->entries[0].key->text, over->entries[0].key->text) == 0);
}

const struct yaml_node *overlay_merge(struct yaml_trees *trees, const struct yaml_node *base,
                                      const struct yaml_node *over, const struct shape *shape)
{
    const struct yaml_node *merged;
    struct yaml_entry *entries;
    size_t count = 0;

    if (!base || !over)
        return over ? over : base;
    if (over->is_null && base->kind == YAML_MAP)
        return base;
    if (base->kind != YAML_MAP || over->kind != YAML_MAP || is_replaced(shape, base, over))
        return over;
    entries = mem_alloc(base->count + over->count, sizeof *entries);
    for (size_t i = 0; i < base->count; i++)
        entries[count++] = base->entries[i];
    for (size_t i = 0; i < over->count; i++) {
        const struct yaml_entry *entry = &over->entries[i];
        const struct yaml_entry *old = find_entry(base, shape, entry->key->text);
        struct strbuf path = STRBUF_INIT;
        struct shape below = shape_below(shape, entry->key->text, &path);

        if (old)
            entries[old - base->entries] = (struct yaml_entry){
                entry->key, overlay_merge(trees, old->value, entry->value, &below)};
        else
            entries[count++] = *entry;
        strbuf_release(&path);
    }
    merged = yaml_make(trees, YAML_MAP, over, entries, count);
    free(entries);
    return merged;
}

/* --- paths ----------------------------------------------------------------------------- */

struct path_reader {
    struct yaml_trees *trees;
    const struct yaml_source *source;
    const struct yaml_node *place;
    struct error_list *errors;
    struct overlay_path *path;
};

static void path_error(struct path_reader *reader, size_t offset, const char *text)
{
    const struct diag_place place = reader->place
                                        ? yaml_place(reader->place)
                                        : yaml_source_place(reader->source, 1, (int)offset + 1);

    error_at_place(reader->errors, &place, "%s, got '%s'", text, reader->source->text);
}

static bool add_segment(struct path_reader *reader, size_t start, const char *text, size_t length)
{
    struct yaml_node here = {.source = reader->source, .line = 1, .column = (int)start + 1};
    char *copy;

    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length == 0 || reader->path->count == OVERLAY_SEGMENTS_MAX) {
        path_error(reader, start, "a path needs keys separated by dots, such as client.timeout");
        return false;
    }
    copy = mem_strndup(text, length);
    reader->path->segments[reader->path->count++] =
        yaml_make_scalar(reader->trees, reader->place ? reader->place : &here, copy);
    free(copy);
    return true;
}

/* A segment without quotes may end with places in lists: "faults[0]" is "faults" and "0". */
static bool add_indexed_segment(struct path_reader *reader, size_t start, const char *text,
                                size_t length)
{
    size_t name = 0, at;

    while (name < length && text[name] != '[')
        name++;
    if (name == length || name == 0)
        return add_segment(reader, start, text, length);
    if (!add_segment(reader, start, text, name))
        return false;
    for (at = name; at < length;) {
        size_t digits = text[at] == '[' ? strspn(text + at + 1, "0123456789") : 0;

        if (digits == 0 || text[at + 1 + digits] != ']') {
            path_error(reader, start + at,
                       "a place in a list is a number in brackets, such as faults[0].loss");
            return false;
        }
        if (!add_segment(reader, start + at + 1, text + at + 1, digits))
            return false;
        at += digits + 2;
    }
    return true;
}

bool overlay_path_parse(struct yaml_trees *trees, const struct yaml_source *source, char stop,
                        const struct yaml_node *place, struct error_list *errors,
                        struct overlay_path *path, size_t *end)
{
    const struct yaml_node **segments = mem_alloc(OVERLAY_SEGMENTS_MAX, sizeof *segments);
    struct path_reader reader = {trees, source, place, errors, path};
    const char *text = source->text;
    size_t at = 0;
    bool good = true;

    *path = (struct overlay_path){segments, 0};
    for (bool more = true; good && more;) {
        char quote = text[at] == '"' || text[at] == '\'' ? text[at] : '\0';
        size_t start = at + (quote ? 1 : 0), length = 0;

        while (text[start + length] &&
               (quote ? text[start + length] != quote
                      : text[start + length] != stop && text[start + length] != '.'))
            length++;
        at = start + length;
        if (quote && text[at] == quote)
            at++;
        good = quote ? add_segment(&reader, start, text + start, length)
                     : add_indexed_segment(&reader, start, text + start, length);
        more = text[at] == '.';
        at += more;
    }
    if (good && text[at] != stop) {
        path_error(&reader, at,
                   stop == '=' ? "needs path=value, such as client.timeout=300ms"
                               : "needs a path such as client.timeout");
        good = false;
    }
    *end = at;
    return good;
}

struct setter {
    struct yaml_trees *trees;
    const struct overlay_path *path;
    const struct yaml_node *value;
    struct error_list *errors;
};

static const struct yaml_node *set_at(const struct setter *setter, size_t depth,
                                      const struct yaml_node *node, const struct shape *shape);

static const struct yaml_node *set_item(const struct setter *setter, size_t depth,
                                        const struct yaml_node *list, const struct shape *shape)
{
    const struct yaml_node *segment = setter->path->segments[depth];
    size_t count = list && list->kind == YAML_LIST ? list->count : 0, index = 0;
    bool is_index = strspn(segment->text, "0123456789") == strlen(segment->text);
    const struct yaml_node *item, *result = NULL;
    struct yaml_entry *entries;
    struct strbuf path = STRBUF_INIT;
    struct shape below = shape_below(shape, segment->text, &path);

    if (is_index)
        index = strlen(segment->text) > 6 ? SIZE_MAX : (size_t)strtoul(segment->text, NULL, 10);
    if (!is_index || index >= count) {
        error_at(setter->errors, segment, "there is no item '%s' in a list of %zu%s", segment->text,
                 count, count > 0 ? " (items count from 0)" : "");
    } else {
        item = set_at(setter, depth + 1, list->entries[index].value, &below);
        entries = mem_alloc(count, sizeof *entries);
        memcpy(entries, list->entries, count * sizeof *entries);
        if (item)
            entries[index].value = item;
        result = item ? yaml_make(setter->trees, YAML_LIST, list, entries, count) : NULL;
        free(entries);
    }
    strbuf_release(&path);
    return result;
}

static const struct yaml_node *set_at(const struct setter *setter, size_t depth,
                                      const struct yaml_node *node, const struct shape *shape)
{
    const struct yaml_node *segment, *below_node;
    const struct yaml_entry *old;
    struct yaml_entry entry;
    struct strbuf path = STRBUF_INIT;
    struct shape below;

    if (depth == setter->path->count)
        return overlay_merge(setter->trees, node, setter->value, shape);
    if ((node && node->kind == YAML_LIST) || shape->kind == SHAPE_LIST)
        return set_item(setter, depth, node, shape);
    segment = setter->path->segments[depth];
    below = shape_below(shape, segment->text, &path);
    old = node && node->kind == YAML_MAP ? find_entry(node, shape, segment->text) : NULL;
    below_node = set_at(setter, depth + 1, old ? old->value : NULL, &below);
    strbuf_release(&path);
    if (!below_node)
        return NULL;
    entry = (struct yaml_entry){segment, below_node};
    return overlay_merge(setter->trees, node,
                         yaml_make(setter->trees, YAML_MAP, segment, &entry, 1), shape);
}

const struct yaml_node *overlay_set(struct yaml_trees *trees, const struct yaml_node *root,
                                    const struct registry *registry,
                                    const struct overlay_path *path, const struct yaml_node *value,
                                    struct error_list *errors)
{
    const struct setter setter = {trees, path, value, errors};
    const struct shape top = overlay_top(registry);
    const struct yaml_node *result = set_at(&setter, 0, root, &top);

    return result ? kinds_settle(trees, registry, root, result, NULL) : NULL;
}

const struct yaml_node *overlay_set_field(struct yaml_trees *trees, const struct yaml_node *section,
                                          const struct shape *fields,
                                          const struct yaml_source *source,
                                          struct error_list *errors)
{
    const struct yaml_node *value = NULL, *result = NULL;
    struct overlay_path path;
    size_t end = 0;

    if (overlay_path_parse(trees, source, '=', NULL, errors, &path, &end))
        value = yaml_parse(trees, source, end + 1, errors->diag);
    if (value) {
        const struct setter setter = {trees, &path, value, errors};

        result = set_at(&setter, 0, section, fields);
    }
    free(path.segments);
    return result;
}

const struct yaml_node *overlay_set_text(struct yaml_trees *trees, const struct yaml_node *root,
                                         const struct registry *registry, const char *text,
                                         struct error_list *errors)
{
    static const char with[] = SCENARIO_WITH;
    bool is_with = strncmp(text, with, strlen(with)) == 0;
    const char *set = is_with ? text + strlen(with) : text;
    const struct yaml_source *source =
        yaml_source_add(trees, is_with ? "--with" : "--set", "", set, strlen(set));
    const struct yaml_node *value = NULL, *result = NULL;
    struct overlay_path path;
    size_t end = 0;

    if (overlay_path_parse(trees, source, '=', NULL, errors, &path, &end))
        value = yaml_parse(trees, source, end + 1, errors->diag);
    if (value)
        result = overlay_set(trees, root, registry, &path, value, errors);
    free(path.segments);
    return result;
}
