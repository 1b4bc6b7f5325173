// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Walks the map, not the table, so that unknown keys are reported in place. A dotted name is a path
 * of maps; a VARIANT is a map with one key, its choice, whose value has the rows named after the
 * choice.
 */
#include "schema.h"

#include "bug.h"
#include "field_value.h"
#include "mem.h"
#include "model_kinds.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 256 };

struct walk {
    const struct schema_context *context;
    const struct schema_table *table;
    void *config;
    const struct yaml_node **given; /* by field */
    char **texts;                   /* by field; canonical */
    bool is_good;
};

const struct field *schema_find(const struct field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

bool field_is_optional(const struct field *field)
{
    return field->initial || field->type == FIELD_REGION || field->type == FIELD_REGION_LIST ||
           field->type == FIELD_LINK || field->type == FIELD_TEXT;
}

/* Whether `name` is strictly below `path`. */
static bool is_below(const char *name, const char *path)
{
    size_t at = 0;

    while (path[at] && name[at] == path[at])
        at++;
    return path[at] == '\0' && (at == 0 || name[at] == '.');
}

static bool has_below(const struct schema_table *table, const char *path)
{
    for (size_t i = 0; i < table->field_count; i++)
        if (is_below(table->fields[i].name, path))
            return true;
    return false;
}

static void join(struct strbuf *out, const char *path, const char *key)
{
    strbuf_add(out, path);
    if (path[0])
        strbuf_add_char(out, '.');
    strbuf_add(out, key);
}

/* The name of a field in messages: "client.retry.attempts". */
static void add_subject(const struct walk *walk, struct strbuf *out, const char *path)
{
    const char *section = walk->table->section;

    strbuf_addf(out, "%s%s%s", section, section[0] && path[0] ? "." : "", path);
}

static void walk_error(struct walk *walk, const struct yaml_node *node, const char *path,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
static void walk_error(struct walk *walk, const struct yaml_node *node, const char *path,
                       const char *format, ...)
{
    struct strbuf text = STRBUF_INIT, subject = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    add_subject(walk, &subject, path);
    if (node)
        error_at(walk->context->errors, node, "'%s' %s",
                 subject.length > 0 ? subject.text : "scenario", text.text);
    else
        error_in_file(walk->context->errors, walk->context->source, "'%s' %s", subject.text,
                      text.text);
    walk->is_good = false;
    strbuf_release(&text);
    strbuf_release(&subject);
}

/* The keys allowed in the map at `path`, each once. Freed by the caller, item by item. */
static size_t names_below(const struct schema_table *table, const char *path, char **names)
{
    size_t count = 0;

    for (size_t i = 0; i < table->field_count && count < NAMES_MAX; i++) {
        const char *name = table->fields[i].name;
        size_t skip = path[0] ? strlen(path) + 1 : 0, known = 0;
        char *key;

        if (!is_below(name, path))
            continue;
        key = mem_strndup(name + skip, strcspn(name + skip, "."));
        while (known < count && strcmp(names[known], key) != 0)
            known++;
        if (known == count)
            names[count++] = key;
        else
            free(key);
    }
    return count;
}

/* Whether it is a parameter of a kind that is not chosen. */
static bool is_of_other_kind(struct walk *walk, const struct yaml_node *key, const char *path)
{
    const struct schema_table *table = walk->table;
    struct strbuf text = STRBUF_INIT, name = STRBUF_INIT;
    bool found;

    if (!table->ops)
        return false;
    join(&name, path, key->text);
    found = kind_explain_parameter(&text, table->ops, table->kind, name.text);
    if (found && table->kind) {
        error_at(walk->context->errors, key, "%s", text.text);
        walk->is_good = false;
    }
    strbuf_release(&name);
    strbuf_release(&text);
    return found;
}

static void unknown_key(struct walk *walk, const struct yaml_node *key, const char *path)
{
    char *names[NAMES_MAX];
    size_t count;
    struct strbuf text = STRBUF_INIT, where = STRBUF_INIT;

    if (is_of_other_kind(walk, key, path))
        return;
    count = names_below(walk->table, path, names);
    add_subject(walk, &where, path);
    strbuf_addf(&text, "unknown key '%s' in %s", key->text,
                where.length > 0 ? where.text : "the scenario");
    add_remedy(&text, key->text, "allowed are", (const char *const *)names, count);
    error_at(walk->context->errors, key, "%s", text.text);
    walk->is_good = false;
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    strbuf_release(&text);
    strbuf_release(&where);
}

static void take_value(struct walk *walk, const struct field *field, const struct yaml_node *node)
{
    size_t index = (size_t)(field - walk->table->fields);
    struct strbuf subject = STRBUF_INIT, text = STRBUF_INIT;

    add_subject(walk, &subject, field->name);
    walk->given[index] = node;
    if (field_value_read(walk->context, field, subject.text, node, walk->config, &text))
        walk->texts[index] = strbuf_detach(&text);
    else
        walk->is_good = false;
    strbuf_release(&subject);
    strbuf_release(&text);
}

static void take_map(struct walk *walk, const struct yaml_node *map, const char *path);

/* Apply a choice by its index, with the node of its parameters (NULL: none given). */
static void take_choice(struct walk *walk, const struct field *variant, int choice,
                        const struct yaml_node *place, const struct yaml_node *value)
{
    size_t index = (size_t)(variant - walk->table->fields);
    struct strbuf path = STRBUF_INIT;
    const struct field *own;
    bool has_more;

    *(int *)((char *)walk->config + variant->offset) = choice;
    walk->given[index] = place;
    walk->texts[index] = mem_strdup(variant->choices[choice]);
    join(&path, variant->name, variant->choices[choice]);
    own = schema_find(walk->table->fields, walk->table->field_count, path.text);
    has_more = has_below(walk->table, path.text);
    if (value && own && !(value->kind == YAML_MAP && has_more))
        take_value(walk, own, value);
    else if (value && has_more && (value->kind == YAML_MAP || value->is_null))
        take_map(walk, value, path.text);
    else if (value && has_more)
        walk_error(walk, value, path.text, "needs a map of its parameters, got %s",
                   yaml_kind_name(value));
    else if (value && !value->is_null && value->count + (value->kind == YAML_SCALAR) > 0)
        walk_error(walk, value, path.text, "has no parameters");
    strbuf_release(&path);
}

static void unknown_choice(struct walk *walk, const struct field *variant,
                           const struct yaml_node *node)
{
    struct strbuf text = STRBUF_INIT;
    size_t count = 0;

    while (variant->choices[count])
        count++;
    strbuf_addf(&text, "has no choice '%s'", node->text);
    add_remedy(&text, node->text, "it is one of", variant->choices, count);
    walk_error(walk, node, variant->name, "%s", text.text);
    strbuf_release(&text);
}

/* A scalar that is not a choice may be the value of the first choice: `warmup: 5min`. */
static void take_bare_choice(struct walk *walk, const struct field *variant,
                             const struct yaml_node *node)
{
    int choice = field_choice(variant, node->text);
    struct strbuf path = STRBUF_INIT;

    join(&path, variant->name, variant->choices[0]);
    if (choice >= 0)
        take_choice(walk, variant, choice, node, NULL);
    else if (schema_find(walk->table->fields, walk->table->field_count, path.text) &&
             strpbrk(node->text, "0123456789"))
        take_choice(walk, variant, 0, node, node);
    else
        unknown_choice(walk, variant, node);
    strbuf_release(&path);
}

static void take_variant(struct walk *walk, const struct field *variant,
                         const struct yaml_node *node)
{
    walk->given[variant - walk->table->fields] = node;
    if (node->kind == YAML_SCALAR && !node->is_null) {
        take_bare_choice(walk, variant, node);
    } else if (node->kind != YAML_MAP) {
        walk_error(walk, node, variant->name, "needs a choice, such as %s, got %s",
                   variant->choices[0], yaml_kind_name(node));
    } else if (node->count != 1) {
        struct strbuf names = STRBUF_INIT;

        for (size_t i = 0; i < node->count; i++)
            strbuf_addf(&names, "%s'%s'", i > 0 ? ", " : "", node->entries[i].key->text);
        walk_error(walk, node->count > 1 ? node->entries[1].key : node, variant->name,
                   "takes one choice, got %s", node->count ? names.text : "none");
        strbuf_release(&names);
    } else {
        int choice = field_choice(variant, node->entries[0].key->text);

        if (choice < 0)
            unknown_choice(walk, variant, node->entries[0].key);
        else
            take_choice(walk, variant, choice, node->entries[0].key, node->entries[0].value);
    }
}

static void take_entry(struct walk *walk, const struct yaml_entry *entry, const char *parent)
{
    const struct yaml_node *value = entry->value;
    struct strbuf path = STRBUF_INIT;
    const struct field *field;
    bool has_more;

    join(&path, parent, entry->key->text);
    field = schema_find(walk->table->fields, walk->table->field_count, path.text);
    has_more = has_below(walk->table, path.text);
    if (strchr(entry->key->text, '.') || (!field && !has_more))
        unknown_key(walk, entry->key, parent);
    else if (field && field->type == FIELD_VARIANT)
        take_variant(walk, field, value);
    else if (field && !(has_more && value->kind == YAML_MAP))
        take_value(walk, field, value);
    else
        take_map(walk, value, path.text);
    strbuf_release(&path);
}

static void take_map(struct walk *walk, const struct yaml_node *map, const char *path)
{
    if (map->is_null)
        return;
    if (map->kind != YAML_MAP) {
        walk_error(walk, map, path, "needs a map of keys and values, got %s", yaml_kind_name(map));
        return;
    }
    for (size_t i = 0; i < map->count && !error_list_is_full(walk->context->errors); i++)
        take_entry(walk, &map->entries[i], path);
}

/* --- what was not given ---------------------------------------------------------------- */

const struct field *schema_variant_of(const struct field *fields, size_t count,
                                      const struct field *field, int *choice)
{
    const struct field *found = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct field *variant = &fields[i];
        size_t length;

        /* Most rows are no variants, or begin with another letter. */
        if (variant->type != FIELD_VARIANT || variant->name[0] != field->name[0] ||
            !is_below(field->name, variant->name))
            continue;
        length = strlen(variant->name);
        if (found && strlen(found->name) > length)
            continue;
        for (int j = 0; variant->choices[j]; j++) {
            size_t word = strlen(variant->choices[j]);
            const char *rest = field->name + length + 1;

            if (strncmp(rest, variant->choices[j], word) == 0 &&
                (rest[word] == '\0' || rest[word] == '.')) {
                found = variant;
                *choice = j;
            }
        }
    }
    return found;
}

bool schema_applies(const struct field *fields, size_t count, const struct field *field,
                    const void *config)
{
    int choice = 0;

    for (const struct field *variant = schema_variant_of(fields, count, field, &choice); variant;
         variant = schema_variant_of(fields, count, variant, &choice))
        if (*(const int *)((const char *)config + variant->offset) != choice)
            return false;
    return true;
}

/* Set an absent optional field. */
static void set_absent(const struct field *field, void *config)
{
    void *member = (char *)config + field->offset;

    if (field->type == FIELD_REGION)
        *(int32_t *)member = -1;
    else if (field->type == FIELD_LINK)
        *(struct link_ref *)member = (struct link_ref){-1, -1, false};
}

static void set_defaults(struct walk *walk)
{
    for (size_t i = 0; i < walk->table->field_count; i++) {
        const struct field *field = &walk->table->fields[i];
        struct strbuf text = STRBUF_INIT;

        if (walk->texts[i])
            continue;
        if (field->initial) {
            field_value_initial(walk->context, field, walk->config, &text);
            walk->texts[i] = strbuf_detach(&text);
        } else {
            set_absent(field, walk->config);
        }
    }
}

static void check_required(struct walk *walk, const struct yaml_node *map)
{
    for (size_t i = 0; i < walk->table->field_count; i++) {
        const struct field *field = &walk->table->fields[i];
        int choice;
        const struct field *variant;

        if (walk->given[i] || field_is_optional(field) ||
            !schema_applies(walk->table->fields, walk->table->field_count, field, walk->config))
            continue;
        variant = schema_variant_of(walk->table->fields, walk->table->field_count, field, &choice);
        walk_error(walk,
                   variant && walk->given[variant - walk->table->fields]
                       ? walk->given[variant - walk->table->fields]
                       : map,
                   field->name, "is required: %s (a %s)", field->meaning,
                   field_type_name(field->type));
    }
}

bool schema_apply(const struct schema_context *context, const struct schema_table *table,
                  const struct yaml_node *map, bool is_whole, void *config,
                  struct schema_value *values)
{
    struct walk walk = {
        .context = context,
        .table = table,
        .config = config,
        .given = mem_zalloc(table->field_count + 1, sizeof *walk.given),
        .texts = mem_zalloc(table->field_count + 1, sizeof *walk.texts),
        .is_good = true,
    };

    if (map)
        take_map(&walk, map, "");
    set_defaults(&walk);
    if (is_whole)
        check_required(&walk, map);
    for (size_t i = 0; i < table->field_count; i++)
        if (values)
            values[i] = (struct schema_value){
                walk.texts[i], walk.given[i],
                schema_applies(table->fields, table->field_count, &table->fields[i], config)};
        else
            free(walk.texts[i]);
    free(walk.given);
    free(walk.texts);
    return walk.is_good;
}

void schema_release(const struct schema_table *table, void *config, struct schema_value *values)
{
    for (size_t i = 0; i < table->field_count; i++) {
        field_value_release(&table->fields[i], config);
        if (values)
            free(values[i].text);
    }
}
