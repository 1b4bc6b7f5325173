// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The JSON Schema of scenario files, for completion and hints in editors. It does not check
 * everything: ranges, regions and rules between fields are checked by the loader.
 *
 * Parts without a table (definitions of types, keys at the top level) are in schema_frame.json; run
 * settings, regions and models are added to it. Dotted names become nested objects. A VARIANT is
 * either the name of a choice or an object with one choice.
 */
#include "bug.h"
#include "field_value.h"
#include "json_schema.h"
#include "json_writer.h"
#include "mem.h"
#include "model_kinds.h"
#include "run_settings.h"
#include "scenario_internal.h"
#include "schema_frame.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define LINK_PATTERN "^ *[a-z0-9-]+( *<?-> *[a-z0-9-]+)? *$"

/* Names in "$defs". */
// clang-format off
static const char *const definition_of[] = {
    [FIELD_DURATION] = "duration",   [FIELD_COUNT] = "count",         [FIELD_SHARE] = "share",
    [FIELD_RATE] = "rate",           [FIELD_SIZE] = "size",           [FIELD_BANDWIDTH] = "bandwidth",
    [FIELD_NUMBER] = "number",       [FIELD_FLAG] = "flag",           [FIELD_TIME_DIST] = "distribution",
    [FIELD_NUMBER_DIST] = "distribution", [FIELD_DURATION_LIST] = "durations", [FIELD_REGION] = "region",
    [FIELD_NUMBER_LIST] = "numbers",
    [FIELD_RATES] = "rates",         [FIELD_TIMES] = "times",         [FIELD_STAGES] = "stages",
    [FIELD_COUNT_STAGES] = "count_stages",
    [FIELD_REGION_LIST] = "regions", [FIELD_LINK] = "link",           [FIELD_TEXT] = "text",
};
// clang-format on

/* --- pieces ---------------------------------------------------------------------------- */

static void add_text(cJSON *object, const char *key, const char *text)
{
    cJSON_AddStringToObject(object, key, text);
}

/* {"type": [`type`, "null"]}: a section may be empty. */
static cJSON *make_nullable(const char *type)
{
    const char *const types[] = {type, "null"};
    cJSON *schema = cJSON_CreateObject();

    cJSON_AddItemToObject(schema, "type", cJSON_CreateStringArray(types, 2));
    return schema;
}

static cJSON *make_reference(const char *path, const char *name)
{
    struct strbuf text = STRBUF_INIT;
    cJSON *schema = cJSON_CreateObject();

    strbuf_addf(&text, "#/%s/%s", path, name);
    add_text(schema, "$ref", text.text);
    strbuf_release(&text);
    return schema;
}

static cJSON *make_enum(const char *const *choices)
{
    cJSON *schema = cJSON_CreateObject();
    int count = 0;

    while (choices[count])
        count++;
    cJSON *values = cJSON_CreateStringArray(choices, count);
    cJSON_AddItemToObject(schema, "enum", values);
    for (int i = 0; i < count; i++) /* without quotes YAML reads a boolean */
        if (strcmp(choices[i], "true") == 0 || strcmp(choices[i], "false") == 0)
            cJSON_AddItemToArray(values, cJSON_CreateBool(strcmp(choices[i], "true") == 0));
    return schema;
}

/* --- fields ---------------------------------------------------------------------------- */

struct table {
    const struct field *fields;
    size_t count;
};

static cJSON *make_path(const struct table *table, const char *path);

static bool is_below(const char *name, const char *path)
{
    size_t length = strlen(path);

    return length == 0 || (strncmp(name, path, length) == 0 && name[length] == '.');
}

static bool has_below(const struct table *table, const char *path)
{
    for (size_t i = 0; i < table->count; i++)
        if (is_below(table->fields[i].name, path))
            return true;
    return false;
}

static void add_about(cJSON *schema, const struct field *field)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_add(&text, field->meaning);
    if (field->min || field->max)
        strbuf_addf(&text, " (%s%s%s%s)", field->min ? "from " : "", field->min ? field->min : "",
                    field->max ? (field->min ? " to " : "at most ") : "",
                    field->max ? field->max : "");
    if (field->source)
        strbuf_addf(&text, ". Source: %s", field->source);
    add_text(schema, "description", text.text);
    if (field->initial)
        add_text(schema, "default", field->initial);
    strbuf_release(&text);
}

/* {"<choice>": its parameters} */
static cJSON *make_choice(const struct table *table, const char *choice, const char *path,
                          bool has_value)
{
    cJSON *schema = cJSON_CreateObject();
    cJSON *properties;

    add_text(schema, "type", "object");
    cJSON_AddFalseToObject(schema, "additionalProperties");
    cJSON_AddNumberToObject(schema, "minProperties", 1);
    properties = cJSON_AddObjectToObject(schema, "properties");
    if (has_value || has_below(table, path)) {
        cJSON_AddItemToObject(properties, choice, make_path(table, path));
    } else {
        cJSON *none = make_nullable("object");

        cJSON_AddNumberToObject(none, "maxProperties", 0);
        cJSON_AddItemToObject(properties, choice, none);
    }
    return schema;
}

/* A choice by its name, or with its parameters. The value of the first choice may be given
 * directly. */
static cJSON *make_variant(const struct table *table, const struct field *field)
{
    struct strbuf path = STRBUF_INIT;
    cJSON *schema = cJSON_CreateObject();
    cJSON *any_of = cJSON_AddArrayToObject(schema, "anyOf");

    cJSON_AddItemToArray(any_of, make_enum(field->choices));
    for (size_t i = 0; field->choices[i]; i++) {
        strbuf_clear(&path);
        strbuf_addf(&path, "%s.%s", field->name, field->choices[i]);
        bool has_value = schema_find(table->fields, table->count, path.text) != NULL;
        cJSON_AddItemToArray(any_of, make_choice(table, field->choices[i], path.text, has_value));
        if (i == 0 && has_value)
            cJSON_AddItemToArray(any_of, make_path(table, path.text));
    }
    add_about(schema, field);
    strbuf_release(&path);
    return schema;
}

/* A property of `object` for each key below a path, each once, in the table's order. */
static void add_properties(cJSON *object, const struct table *table, const char *path)
{
    size_t skip = path[0] ? strlen(path) + 1 : 0;

    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->fields[i].name;

        if (!is_below(name, path))
            continue;
        size_t length = skip + strcspn(name + skip, ".");
        char *below = mem_strndup(name, length);
        if (!cJSON_GetObjectItemCaseSensitive(object, below + skip))
            cJSON_AddItemToObject(object, below + skip, make_path(table, below));
        free(below);
    }
}

static cJSON *make_object(const struct table *table, const char *path)
{
    cJSON *schema = make_nullable("object");

    cJSON_AddFalseToObject(schema, "additionalProperties");
    add_properties(cJSON_AddObjectToObject(schema, "properties"), table, path);
    return schema;
}

/* The schema at a path: a value, a choice or a map. */
static cJSON *make_path(const struct table *table, const char *path)
{
    const struct field *field = schema_find(table->fields, table->count, path);
    cJSON *schema;

    if (!field)
        return make_object(table, path);
    if (field->type == FIELD_VARIANT)
        return make_variant(table, field);
    if (field->type == FIELD_CHOICE) {
        schema = cJSON_CreateObject();
        cJSON_AddItemToArray(cJSON_AddArrayToObject(schema, "anyOf"), make_enum(field->choices));
    } else {
        schema = make_reference("$defs", definition_of[field->type]);
    }
    add_about(schema, field);
    return schema;
}

/* --- sections -------------------------------------------------------------------------- */

/* The parameters allowed with a kind (NULL: with any kind, since the base file may set it). */
static cJSON *make_kind(const struct model_ops *ops, const struct model_kind *kind)
{
    struct field *fields;
    struct table table = {NULL, ops->field_count};
    cJSON *schema;

    for (size_t i = 0; i < ops->kind_count; i++)
        table.count += ops->kinds[i]->field_count;
    fields = mem_alloc(table.count, sizeof *fields);
    table.fields = fields;
    table.count = 0;
    for (size_t i = 0; i < ops->field_count; i++)
        if (!kind_lacks(kind, ops->fields[i].name))
            fields[table.count++] = ops->fields[i];
    for (size_t i = 0; i < ops->kind_count; i++) {
        if (kind && ops->kinds[i] != kind)
            continue;
        for (size_t j = 0; j < ops->kinds[i]->field_count; j++)
            fields[table.count++] = ops->kinds[i]->fields[j];
    }
    schema = make_object(&table, "");
    free(fields);
    return schema;
}

/* {"properties": {"kind": `kind`}} */
static cJSON *make_kind_is(cJSON *kind)
{
    cJSON *schema = cJSON_CreateObject();

    cJSON_AddItemToObject(cJSON_AddObjectToObject(schema, "properties"), KIND_KEY, kind);
    return schema;
}

/* "if kind is this, then these parameters", for each kind. */
static cJSON *make_kinds(const struct model_ops *ops)
{
    const struct table own = {ops->fields, ops->field_count};
    const char *const required[] = {KIND_KEY};
    cJSON *schema = cJSON_CreateObject();
    cJSON *all_of;

    cJSON_AddItemToObject(cJSON_AddObjectToObject(schema, "if"), "required",
                          cJSON_CreateStringArray(required, 1));
    all_of = cJSON_AddArrayToObject(cJSON_AddObjectToObject(schema, "then"), "allOf");
    cJSON_AddItemToArray(all_of, make_kind_is(make_path(&own, KIND_KEY)));
    for (size_t i = 0; i < ops->kind_count; i++) {
        cJSON *one = cJSON_CreateObject(), *kind = cJSON_CreateObject();

        add_text(kind, "const", ops->kinds[i]->name);
        cJSON_AddItemToObject(one, "if", make_kind_is(kind));
        cJSON_AddItemToObject(one, "then", make_kind(ops, ops->kinds[i]));
        cJSON_AddItemToArray(all_of, one);
    }
    cJSON_AddItemToObject(schema, "else", make_kind(ops, NULL));
    return schema;
}

static cJSON *make_section(const struct model_ops *ops)
{
    const struct table table = {ops->fields, ops->field_count};
    cJSON *schema;

    if (ops->scope == MODEL_LIST) {
        schema = make_nullable("array");
        cJSON_AddItemToObject(schema, "items", make_object(&table, ""));
    } else if (ops->scope == MODEL_PER_LINK) {
        schema = make_nullable("object");
        add_text(cJSON_AddObjectToObject(schema, "propertyNames"), "pattern", LINK_PATTERN);
        cJSON_AddItemToObject(schema, "additionalProperties", make_object(&table, ""));
    } else {
        schema = cJSON_CreateObject();
        cJSON_AddItemToArray(cJSON_AddArrayToObject(schema, "allOf"),
                             ops->kind_count > 0 ? make_kinds(ops) : make_object(&table, ""));
    }
    add_text(schema, "description", ops->meaning);
    return schema;
}

/* The sections allowed under a region. */
static void fill_regions(cJSON *regions, const struct registry *registry)
{
    cJSON *region = cJSON_GetObjectItemCaseSensitive(regions, "additionalProperties");
    cJSON *properties = cJSON_GetObjectItemCaseSensitive(region, "properties");

    for (size_t i = 0; i < registry->model_count; i++) {
        const char *section = registry->models[i]->section;

        if (registry->models[i]->scope == MODEL_PER_REGION)
            cJSON_AddItemToObject(properties, section, make_reference("properties", section));
    }
}

void scenario_write_schema(const struct registry *registry, FILE *file)
{
    const struct table run = {run_settings_fields, run_settings_field_count};
    cJSON *schema = cJSON_Parse(schema_frame);
    cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    struct json_writer json;

    invariant(properties);
    add_text(cJSON_GetObjectItemCaseSensitive(properties, "seed"), "description", RUN_SEED_MEANING);
    fill_regions(cJSON_GetObjectItemCaseSensitive(properties, "regions"), registry);
    add_properties(properties, &run, "");
    for (size_t i = 0; i < registry->model_count; i++)
        cJSON_AddItemToObject(properties, registry->models[i]->section,
                              make_section(registry->models[i]));
    json_begin(&json, file);
    json_tree(&json, NULL, schema);
    json_end(&json);
    cJSON_Delete(schema);
}
