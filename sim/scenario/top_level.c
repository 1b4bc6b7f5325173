// SPDX-License-Identifier: GPL-3.0-or-later
/* The top level of a file: known keys, prose, run settings. */
#include "mem.h"
#include "run_settings.h"
#include "scenario_internal.h"
#include "units.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keys of a file that are neither sections of models nor settings of a run. */
static const char *const other_keys[] = {"name",    "question", "expectation", "sources",
                                         "extends", "regions",  "expect",      "sweep",
                                         "where",   "lockstep", "seed",        "lesson"};
enum { OTHER_KEY_COUNT = sizeof other_keys / sizeof other_keys[0] };

/* --- keys and prose -------------------------------------------------------------------- */

static size_t collect_keys(const struct registry *registry, const char **names)
{
    size_t count = 0;

    for (size_t i = 0; i < OTHER_KEY_COUNT; i++)
        names[count++] = other_keys[i];
    for (size_t i = 0; i < run_settings_field_count; i++)
        if (!strchr(run_settings_fields[i].name, '.'))
            names[count++] = run_settings_fields[i].name;
    for (size_t i = 0; i < registry->model_count; i++)
        names[count++] = registry->models[i]->section;
    return count;
}

static void check_keys(struct builder *builder)
{
    const struct registry *registry = builder->scenario->registry;
    const char **names = mem_alloc(
        OTHER_KEY_COUNT + run_settings_field_count + registry->model_count, sizeof *names);
    size_t count = collect_keys(registry, names);

    for (size_t i = 0; i < builder->root->count; i++) {
        const struct yaml_node *key = builder->root->entries[i].key;
        const struct model_ops *ops = registry_section(registry, key->text);
        struct strbuf text = STRBUF_INIT;
        bool known = false;

        for (size_t j = 0; j < count && !known; j++)
            known = strcmp(names[j], key->text) == 0;
        if (ops && kind_explain_section(&text, ops, builder->kind)) {
            error_at(builder->errors, key, "%s", text.text);
        } else if (!known) {
            strbuf_addf(&text, "unknown key '%s'", key->text);
            add_remedy(&text, key->text, "allowed are", names, count);
            error_at(builder->errors, key, "%s", text.text);
        }
        strbuf_release(&text);
    }
    free(names);
}

static char *read_prose(struct builder *builder, const char *key)
{
    const struct yaml_node *node = yaml_get(builder->root, key);

    if (!node || node->is_null)
        return NULL;
    if (node->kind != YAML_SCALAR) {
        error_at(builder->errors, node, "'%s' needs a text, got %s", key, yaml_kind_name(node));
        return NULL;
    }
    return mem_strdup(node->text);
}

/* The default name of a scenario: the file name. */
static char *name_of_path(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');

    return dot && dot > base ? mem_strndup(base, (size_t)(dot - base)) : mem_strdup(base);
}

static void build_prose(struct builder *builder)
{
    struct scenario *scenario = builder->scenario;
    const struct yaml_node *sources = yaml_get(builder->root, "sources");

    scenario->name = read_prose(builder, "name");
    if (!scenario->name)
        scenario->name = name_of_path(scenario->path);
    scenario->question = read_prose(builder, "question");
    scenario->expectation_text = read_prose(builder, "expectation");
    if (sources && sources->kind == YAML_MAP)
        error_at(builder->errors, sources, "'sources' needs a list, got a map");
}

/* --- run settings ---------------------------------------------------------------------- */

static void build_seed(struct builder *builder)
{
    const struct yaml_node *node = yaml_get(builder->root, "seed");
    unsigned long long value = RUN_SEED_DEFAULT;
    const char *text = node ? node->text : "";
    char *end = NULL;

    builder->inner->seed_node = node;
    if (node) {
        errno = 0;
        value = strtoull(text, &end, 0);
        if (node->kind != YAML_SCALAR || node->is_null || !isdigit((unsigned char)text[0]) ||
            *end || errno)
            error_at(builder->errors, node,
                     "'seed' needs a whole number from 0 to 18446744073709551615, got %s%s%s",
                     text[0] ? "'" : "", text[0] ? text : yaml_kind_name(node), text[0] ? "'" : "");
    }
    builder->scenario->run.seed = value;
}

/* The root without all keys that are not rows of the table. */
static const struct yaml_node *only_settings(struct builder *builder)
{
    struct yaml_entry *entries = mem_alloc(builder->root->count + 1, sizeof *entries);
    const struct yaml_node *result;
    size_t count = 0;

    for (size_t i = 0; i < builder->root->count; i++)
        if (schema_find(run_settings_fields, run_settings_field_count,
                        builder->root->entries[i].key->text))
            entries[count++] = builder->root->entries[i];
    result = yaml_make(builder->inner->trees, YAML_MAP, builder->root, entries, count);
    free(entries);
    return result;
}

static const struct yaml_node *setting_node(const struct builder *builder, const char *name)
{
    const struct field *field = schema_find(run_settings_fields, run_settings_field_count, name);

    return builder->inner->run_values[field - run_settings_fields].node;
}

static void check_run(struct builder *builder)
{
    struct run_config *run = &builder->scenario->run;
    const struct yaml_node *duration = setting_node(builder, "duration");
    const struct yaml_node *warmup = setting_node(builder, "warmup.given");
    const struct yaml_node *bin = setting_node(builder, "bin");
    struct strbuf text = STRBUF_INIT;

    /* the default must fit short runs too */
    if (!warmup && run->warmup > run->duration / 10)
        run->warmup = run->duration / 10;
    if (run->warmup_kind == WARMUP_GIVEN && run->warmup >= run->duration) {
        strbuf_add(&text, "'warmup' must be shorter than the duration, ");
        units_add_duration(&text, run->duration);
        strbuf_add(&text, ", got ");
        units_add_duration(&text, run->warmup);
        error_at(builder->errors, warmup ? warmup : duration, "%s", text.text);
    }
    if (run->duration / run_settings_bin(run) > RUN_BINS_MAX)
        error_at(builder->errors, bin ? bin : duration,
                 "'bin' divides the run into more than %d bins", RUN_BINS_MAX);
    strbuf_release(&text);
}

static void build_run(struct builder *builder)
{
    static const struct topology no_regions;
    const struct schema_table table = {"", run_settings_fields, run_settings_field_count, NULL,
                                       NULL};
    const struct schema_context context = {builder->errors, &no_regions, builder->inner->source,
                                           builder->csv};
    struct run_config *run = &builder->scenario->run;
    bool good;

    builder->inner->run_values =
        mem_zalloc(run_settings_field_count, sizeof builder->inner->run_values[0]);
    good = schema_apply(&context, &table, only_settings(builder), true, run,
                        builder->inner->run_values);
    build_seed(builder);
    if (good)
        check_run(builder);
    builder->scenario->warmup_given = run->warmup_kind == WARMUP_GIVEN ? run->warmup : 0;
}

void top_level_build(struct builder *builder)
{
    check_keys(builder);
    build_prose(builder);
    lesson_build(builder);
    build_run(builder);
}

void top_level_free(struct scenario *scenario)
{
    struct scenario_internal *inner = scenario->inner;

    for (size_t i = 0; i < run_settings_field_count; i++)
        free(inner->run_values[i].text);
    free(inner->run_values);
    free(scenario->name);
    free(scenario->question);
    free(scenario->expectation_text);
    lesson_free(scenario);
}
