// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The JSON Schema of scenario files, so that an editor completes keys and shows what they mean. It
 * is a first sieve: ranges, regions and rules between fields are for the loader.
 *
 * A dotted table becomes nested objects. A VARIANT is either a choice's name or an object of one
 * choice.
 */
#include "field_value.h"
#include "mem.h"
#include "run_settings.h"
#include "scenario_internal.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 256 };

static void add_text_member(struct strbuf *out, const char *key, const char *text)
{
    strbuf_addf(out, ", \"%s\": ", key);
    strbuf_add_json(out, text);
}

static void add_enum(struct strbuf *out, const char *const *choices)
{
    strbuf_add(out, "{\"enum\": [");
    for (size_t i = 0; choices[i]; i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        strbuf_add_json(out, choices[i]);
    }
    strbuf_add(out, "]}");
}

/* The shared definitions, by type. */
// clang-format off
static const struct {
    const char *name, *schema;
} definitions[] = {
    {"duration",  "{\"anyOf\": [{\"const\": 0}, {\"type\": \"string\", \"pattern\": \"^ *(PT?[0-9.DTHMS]+|([0-9][0-9_.]* *(ns|us|ms|s|min|h|d) *)+|0) *$\"}]}"},
    {"count",     "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"string\", \"pattern\": \"^[0-9][0-9_.]* *[kMG]?$\"}]}"},
    {"share",     "{\"anyOf\": [{\"type\": \"number\", \"minimum\": 0, \"maximum\": 1}, {\"type\": \"string\", \"pattern\": \"^[0-9][0-9_.eE+-]* *%?$\"}]}"},
    {"rate",      "{\"type\": \"string\", \"pattern\": \"^[0-9][0-9_.eE+-]* *[kM]?/(s|min|h|d)$\"}"},
    {"size",      "{\"anyOf\": [{\"const\": 0}, {\"type\": \"string\", \"pattern\": \"^([0-9][0-9_.eE+-]* *([kMGT]?B|[KMG]iB)|0)$\"}]}"},
    {"bandwidth", "{\"anyOf\": [{\"const\": 0}, {\"type\": \"string\", \"pattern\": \"^([0-9][0-9_.eE+-]* *([kMGT]?(bit|B)|[KMG]iB)/s|0)$\"}]}"},
    {"number",    "{\"type\": [\"number\", \"string\"]}"},
    {"flag",      "{\"type\": \"boolean\"}"},
    {"distribution", "{\"anyOf\": [{\"type\": [\"number\", \"string\"]}, {\"type\": \"object\", \"minProperties\": 1}]}"},
    {"durations", "{\"anyOf\": [{\"$ref\": \"#/$defs/duration\"}, {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/duration\"}}]}"},
    {"region",    "{\"type\": \"string\", \"pattern\": \"^[a-z0-9][a-z0-9-]*$\"}"},
    {"regions",   "{\"anyOf\": [{\"$ref\": \"#/$defs/region\"}, {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/region\"}}]}"},
    {"link",      "{\"type\": \"string\", \"pattern\": \"^ *[a-z0-9-]+( *<?-> *[a-z0-9-]+)? *$\"}"},
    {"text",      "{\"type\": [\"string\", \"number\", \"boolean\"]}"},
};
static const char *const definition_of[] = {
    [FIELD_DURATION] = "duration",   [FIELD_COUNT] = "count",         [FIELD_SHARE] = "share",
    [FIELD_RATE] = "rate",           [FIELD_SIZE] = "size",           [FIELD_BANDWIDTH] = "bandwidth",
    [FIELD_NUMBER] = "number",       [FIELD_FLAG] = "flag",           [FIELD_TIME_DIST] = "distribution",
    [FIELD_NUMBER_DIST] = "distribution", [FIELD_DURATION_LIST] = "durations", [FIELD_REGION] = "region",
    [FIELD_REGION_LIST] = "regions", [FIELD_LINK] = "link",           [FIELD_TEXT] = "text",
};
// clang-format on

/* --- fields ---------------------------------------------------------------------------- */

struct table {
    const struct field *fields;
    size_t count;
};

static void add_object(struct strbuf *out, const struct table *table, const char *path);

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

static void add_about(struct strbuf *out, const struct field *field)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_add(&text, field->meaning);
    if (field->min || field->max)
        strbuf_addf(&text, " (%s%s%s%s)", field->min ? "from " : "", field->min ? field->min : "",
                    field->max ? (field->min ? " to " : "at most ") : "",
                    field->max ? field->max : "");
    if (field->source)
        strbuf_addf(&text, ". Source: %s", field->source);
    add_text_member(out, "description", text.text);
    if (field->initial)
        add_text_member(out, "default", field->initial);
    strbuf_release(&text);
}

static void add_path(struct strbuf *out, const struct table *table, const char *path);

/* One choice with its parameters, for each that has some. */
static void add_variant(struct strbuf *out, const struct table *table, const struct field *field)
{
    struct strbuf path = STRBUF_INIT;

    strbuf_add(out, "{\"anyOf\": [");
    add_enum(out, field->choices);
    for (size_t i = 0; field->choices[i]; i++) {
        strbuf_clear(&path);
        strbuf_addf(&path, "%s.%s", field->name, field->choices[i]);
        strbuf_add(out, ", {\"type\": \"object\", \"additionalProperties\": false, "
                        "\"minProperties\": 1, \"properties\": {");
        strbuf_add_json(out, field->choices[i]);
        strbuf_add(out, ": ");
        if (has_below(table, path.text) || schema_find(table->fields, table->count, path.text))
            add_path(out, table, path.text);
        else
            strbuf_add(out, "{\"type\": [\"object\", \"null\"], \"maxProperties\": 0}");
        strbuf_add(out, "}}");
        if (i == 0 && schema_find(table->fields, table->count, path.text)) {
            strbuf_add(out, ", ");
            add_path(out, table, path.text);
        }
    }
    strbuf_add(out, "]");
    add_about(out, field);
    strbuf_add(out, "}");
    strbuf_release(&path);
}

/* Whatever stands at a path: a value, a choice, a map. */
static void add_path(struct strbuf *out, const struct table *table, const char *path)
{
    const struct field *field = schema_find(table->fields, table->count, path);

    if (!field) {
        add_object(out, table, path);
    } else if (field->type == FIELD_VARIANT) {
        add_variant(out, table, field);
    } else if (field->type == FIELD_CHOICE) {
        strbuf_add(out, "{\"anyOf\": [");
        add_enum(out, field->choices);
        strbuf_add(out, "]");
        add_about(out, field);
        strbuf_add(out, "}");
    } else {
        strbuf_addf(out, "{\"$ref\": \"#/$defs/%s\"", definition_of[field->type]);
        add_about(out, field);
        strbuf_add(out, "}");
    }
}

/* `"key": schema` for each key below a path, each once, in the table's order. */
static void add_properties(struct strbuf *out, const struct table *table, const char *path)
{
    char *keys[KEYS_MAX];
    size_t count = 0, skip = path[0] ? strlen(path) + 1 : 0;

    for (size_t i = 0; i < table->count && count < KEYS_MAX; i++) {
        const char *name = table->fields[i].name;
        struct strbuf below = STRBUF_INIT;
        size_t length, known = 0;

        if (!is_below(name, path))
            continue;
        length = skip + strcspn(name + skip, ".");
        keys[count] = mem_strndup(name + skip, length - skip);
        while (strcmp(keys[known], keys[count]) != 0)
            known++;
        if (known < count) {
            free(keys[count]);
            continue;
        }
        strbuf_add(out, count++ > 0 ? ", " : "");
        strbuf_add_json(out, keys[known]);
        strbuf_add(out, ": ");
        strbuf_add_bytes(&below, name, length);
        add_path(out, table, below.text);
        strbuf_release(&below);
    }
    for (size_t i = 0; i < count; i++)
        free(keys[i]);
}

static void add_object(struct strbuf *out, const struct table *table, const char *path)
{
    strbuf_add(out, "{\"type\": [\"object\", \"null\"], \"additionalProperties\": false, "
                    "\"properties\": {");
    add_properties(out, table, path);
    strbuf_add(out, "}}");
}

/* --- sections -------------------------------------------------------------------------- */

/* The parameters that go with one kind (NULL: with any, since the kind may be said in a base). */
static void add_kind(struct strbuf *out, const struct model_ops *ops, const struct model_kind *kind)
{
    struct field *fields;
    struct table table = {NULL, ops->field_count};

    for (size_t i = 0; i < ops->kind_count; i++)
        table.count += ops->kinds[i]->field_count;
    fields = mem_alloc(table.count, sizeof *fields);
    table.fields = fields;
    memcpy(fields, ops->fields, ops->field_count * sizeof *fields);
    table.count = ops->field_count;
    for (size_t i = 0; i < ops->kind_count; i++) {
        if (kind && ops->kinds[i] != kind)
            continue;
        for (size_t j = 0; j < ops->kinds[i]->field_count; j++)
            fields[table.count++] = ops->kinds[i]->fields[j];
    }
    add_object(out, &table, "");
    free(fields);
}

/* `if kind is this, then these parameters`, for each kind. */
static void add_kinds(struct strbuf *out, const struct model_ops *ops)
{
    const struct table own = {ops->fields, ops->field_count};

    strbuf_add(out, "{\"if\": {\"required\": [\"" KIND_KEY "\"]}, \"then\": {\"allOf\": "
                    "[{\"properties\": {\"" KIND_KEY "\": ");
    add_path(out, &own, KIND_KEY);
    strbuf_add(out, "}}");
    for (size_t i = 0; i < ops->kind_count; i++) {
        strbuf_add(out, ",\n    {\"if\": {\"properties\": {\"" KIND_KEY "\": {\"const\": ");
        strbuf_add_json(out, ops->kinds[i]->name);
        strbuf_add(out, "}}}, \"then\": ");
        add_kind(out, ops, ops->kinds[i]);
        strbuf_add(out, "}");
    }
    strbuf_add(out, "]}, \"else\": ");
    add_kind(out, ops, NULL);
    strbuf_add(out, "}");
}

static void add_section(struct strbuf *out, const struct model_ops *ops)
{
    const struct table table = {ops->fields, ops->field_count};

    if (ops->scope == MODEL_LIST) {
        strbuf_add(out, "{\"type\": [\"array\", \"null\"], \"items\": ");
        add_object(out, &table, "");
        add_text_member(out, "description", ops->meaning);
        strbuf_add(out, "}");
    } else if (ops->scope == MODEL_PER_LINK) {
        strbuf_add(out, "{\"type\": [\"object\", \"null\"], \"propertyNames\": {\"pattern\": "
                        "\"^ *[a-z0-9-]+( *<?-> *[a-z0-9-]+)? *$\"}, \"additionalProperties\": ");
        add_object(out, &table, "");
        add_text_member(out, "description", ops->meaning);
        strbuf_add(out, "}");
    } else {
        strbuf_add(out, "{\"allOf\": [");
        if (ops->kind_count > 0)
            add_kinds(out, ops);
        else
            add_object(out, &table, "");
        strbuf_add(out, "]");
        add_text_member(out, "description", ops->meaning);
        strbuf_add(out, "}");
    }
}

static void add_regions(struct strbuf *out, const struct registry *registry)
{
    bool any = false;

    strbuf_add(out, "  \"regions\": {\"type\": \"object\", \"minProperties\": 1, "
                    "\"maxProperties\": 16, \"propertyNames\": {\"$ref\": \"#/$defs/region\"}, "
                    "\"description\": \"the regions, in order, with what differs in each\", "
                    "\"additionalProperties\": {\"type\": [\"object\", \"null\"], "
                    "\"additionalProperties\": false, \"properties\": {");
    for (size_t i = 0; i < registry->model_count; i++) {
        if (registry->models[i]->scope != MODEL_PER_REGION)
            continue;
        strbuf_add(out, any ? ", " : "");
        strbuf_add_json(out, registry->models[i]->section);
        strbuf_addf(out, ": {\"$ref\": \"#/properties/%s\"}", registry->models[i]->section);
        any = true;
    }
    strbuf_add(out, "}}}");
}

static const char other_properties[] =
    "  \"name\": {\"$ref\": \"#/$defs/text\", \"description\": \"what the scenario is called\"},\n"
    "  \"question\": {\"$ref\": \"#/$defs/text\", \"description\": \"what it is to answer\"},\n"
    "  \"expectation\": {\"$ref\": \"#/$defs/text\", \"description\": \"what is expected, in "
    "prose\"},\n"
    "  \"sources\": {\"description\": \"where its numbers come from\"},\n"
    "  \"extends\": {\"type\": \"string\", \"description\": \"a file that this one changes\"},\n"
    "  \"seed\": {\"type\": \"integer\", \"minimum\": 0, \"default\": 1, \"description\": "
    "\"" RUN_SEED_MEANING "\"},\n"
    "  \"expect\": {\"type\": [\"array\", \"string\"], \"items\": {\"type\": \"string\"}, "
    "\"description\": \"what the statistics must show, such as 'reauth_rate < 0.1%'\"},\n"
    "  \"sweep\": {\"type\": \"object\", \"additionalProperties\": {\"type\": [\"array\", "
    "\"string\", \"number\"]}, "
    "\"description\": \"parameters to vary, by path, with their values: a list, or a text such as "
    "'100ms..1s/100ms'\"},\n"
    "  \"where\": {\"type\": [\"array\", \"string\"], \"items\": {\"type\": \"string\"}, "
    "\"description\": \"what a point of the sweep must meet, such as 'client.timeout < "
    "client.retry.deadline'\"},\n"
    "  \"lockstep\": {\"type\": [\"array\", \"string\"], \"items\": {\"type\": \"string\"}, "
    "\"description\": \"axes of the sweep that move together, such as 'client.timeout, "
    "client.connect_timeout'\"},\n";

void scenario_write_schema(const struct registry *registry, FILE *file)
{
    const struct table run = {run_settings_fields, run_settings_field_count};
    struct strbuf out = STRBUF_INIT;

    strbuf_add(&out, "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                     " \"title\": \"Isthmus scenario\", \"type\": \"object\", "
                     "\"additionalProperties\": false,\n \"$defs\": {\n");
    for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++)
        strbuf_addf(&out, "%s  \"%s\": %s", i > 0 ? ",\n" : "", definitions[i].name,
                    definitions[i].schema);
    strbuf_add(&out, "},\n \"properties\": {\n");
    strbuf_add(&out, other_properties);
    add_regions(&out, registry);
    strbuf_add(&out, ",\n  ");
    add_properties(&out, &run, "");
    for (size_t i = 0; i < registry->model_count; i++) {
        strbuf_add(&out, ",\n  ");
        strbuf_add_json(&out, registry->models[i]->section);
        strbuf_add(&out, ": ");
        add_section(&out, registry->models[i]);
    }
    strbuf_add(&out, "}}\n");
    fwrite(out.text, 1, out.length, file);
    strbuf_release(&out);
}
