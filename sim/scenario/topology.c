// SPDX-License-Identifier: GPL-3.0-or-later
/* The regions of a scenario, and the sections allowed under a region. */
#include "mem.h"
#include "scenario_internal.h"

#include <stdlib.h>
#include <string.h>

enum { REGION_COUNT_MAX = 16 };

static bool is_region_name(const char *name)
{
    return name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) &&
           name[0] != '-';
}

/* The keys under a region are sections of models with one instance per region. */
static void check_region_keys(struct builder *builder, const struct yaml_node *region)
{
    const struct registry *registry = builder->scenario->registry;
    const char **names = mem_zalloc(registry->model_count + 1, sizeof *names);

    for (size_t i = 0; i < registry->model_count; i++)
        if (registry->models[i]->scope == MODEL_PER_REGION)
            names[i] = registry->models[i]->section;
    for (size_t i = 0; i < region->count; i++) {
        const struct yaml_node *key = region->entries[i].key;
        struct strbuf text = STRBUF_INIT;
        const struct model_ops *ops = registry_section(registry, key->text);
        bool known = ops && ops->scope == MODEL_PER_REGION;

        if (known && kind_explain_section(&text, ops, builder->kind)) {
            error_at(builder->errors, key, "%s", text.text);
        } else if (!known && ops) {
            error_at(builder->errors, key,
                     "'%s' cannot be set per region: it belongs to the top level", key->text);
        } else if (!known) {
            strbuf_addf(&text, "unknown key '%s' in a region", key->text);
            add_remedy(&text, key->text, "allowed are", names, registry->model_count);
            error_at(builder->errors, key, "%s", text.text);
        }
        strbuf_release(&text);
    }
    free(names);
}

static void add_region(struct builder *builder, const struct yaml_entry *entry)
{
    struct topology *topology = &builder->scenario->topology;

    if (!is_region_name(entry->key->text))
        error_at(builder->errors, entry->key,
                 "the name of a region must consist of a-z, 0-9 and '-', got '%s'",
                 entry->key->text);
    if (strcmp(entry->key->text, "all") == 0)
        error_at(builder->errors, entry->key,
                 "a region cannot be named 'all': this is the name of the total over regions");
    if (entry->value->kind == YAML_MAP)
        check_region_keys(builder, entry->value);
    else if (!entry->value->is_null)
        error_at(builder->errors, entry->value,
                 "region '%s' needs a map, such as {app: {...}} or {}, got %s", entry->key->text,
                 yaml_kind_name(entry->value));
    if (topology->region_count < REGION_COUNT_MAX)
        builder->inner->region_names[topology->region_count++] = entry->key->text;
}

void topology_build(struct builder *builder)
{
    const struct yaml_node *regions = yaml_get(builder->root, "regions");

    builder->inner->region_names =
        mem_zalloc(REGION_COUNT_MAX, sizeof builder->inner->region_names[0]);
    builder->scenario->topology.region_names = builder->inner->region_names;
    builder->scenario->topology.zone_count = builder->scenario->run.zones;
    if (!regions) {
        error_in_file(builder->errors, builder->inner->source,
                      "a scenario needs at least one region, such as 'regions: {us-west-1: {}}'");
        return;
    }
    if (regions->kind != YAML_MAP || regions->count == 0) {
        error_at(builder->errors, regions,
                 "'regions' needs at least one region, such as {us-west-1: {}}, got %s",
                 regions->kind == YAML_MAP ? "none" : yaml_kind_name(regions));
        return;
    }
    if (regions->count > REGION_COUNT_MAX)
        error_at(builder->errors, regions->entries[REGION_COUNT_MAX].key,
                 "'regions' has %zu regions and at most %d are allowed", regions->count,
                 REGION_COUNT_MAX);
    for (size_t i = 0; i < regions->count; i++)
        add_region(builder, &regions->entries[i]);
}
