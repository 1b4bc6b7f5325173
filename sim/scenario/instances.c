// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * From sections to instances. A model of many instances takes its config from several maps laid
 * over one another, the general below the particular; each of these maps is first checked by
 * itself, since a default that every region overrides is still wrong where it is wrong.
 */
#include "bug.h"
#include "link_key.h"
#include "mem.h"
#include "overlay.h"
#include "scenario_internal.h"

#include <stdlib.h>
#include <string.h>

/* What a check of one config reports goes to the scenario's errors, at the field's node. */
struct placed_validation {
    struct validation validation;
    struct error_list *errors;
    const struct schema_table *table;
    const struct schema_value *values;
    const struct yaml_node *section; /* NULL: not given */
    const struct yaml_source *source;
};

/* --- checks of models ------------------------------------------------------------------ */

/* Where a field was given, or the section; NULL: neither was. */
static const struct yaml_node *placed_node(const struct placed_validation *placed,
                                           const char *field)
{
    const struct schema_table *table = placed->table;
    const struct field *row = field ? schema_find(table->fields, table->field_count, field) : NULL;
    const struct yaml_node *node = row ? placed->values[row - table->fields].node : NULL;

    return node ? node : placed->section;
}

static void report_at_field(struct validation *self, const char *field, const char *text)
{
    const struct placed_validation *placed = (const void *)self;
    const struct yaml_node *node = placed_node(placed, field);
    const char *section = placed->table->section, *dot = field ? "." : "";

    if (!field)
        field = "";
    if (node)
        error_at(placed->errors, node, "'%s%s%s' %s", section, dot, field, text);
    else
        error_in_file(placed->errors, placed->source, "'%s%s%s' %s", section, dot, field, text);
}

/* Of what several regions inherit the same note is printed once (diag_print()). */
static void note_at_field(struct validation *self, const char *field, const char *text)
{
    const struct placed_validation *placed = (const void *)self;
    const struct yaml_node *node = placed_node(placed, field);

    if (node)
        note_at(placed->errors, node, "'%s.%s' %s", placed->table->section, field, text);
}

/* One config of an instance: filled, checked by the table, then by the model. */
struct placing {
    const struct model_ops *ops;
    const char *section; /* "app", "faults.0" */
    int region, peer;
    const struct config_table *table; /* set by add_one() */
    const struct model_kind *kind;
};

static const struct preset *preset_find(const struct model_ops *ops, const char *name)
{
    for (size_t i = 0; i < ops->preset_count; i++)
        if (strcmp(ops->presets[i].name, name) == 0)
            return &ops->presets[i];
    return NULL;
}

/*
 * The preset that a section names, laid under it. Its nodes stand in a source named "preset NAME",
 * which is what `describe` shows as their origin. An unknown name is told by the field `preset`.
 */
static const struct yaml_node *with_preset(struct builder *builder, const struct model_ops *ops,
                                           const struct yaml_node *section)
{
    const struct yaml_node *name = yaml_get(section, PRESET_KEY), *base = NULL;
    const struct shape shape = overlay_model(ops);
    struct yaml_trees *trees = builder->inner->trees;
    const struct preset *preset =
        name && name->kind == YAML_SCALAR ? preset_find(ops, name->text) : NULL;
    struct strbuf origin = STRBUF_INIT;

    if (!preset)
        return section;
    strbuf_addf(&origin, "%s%s", PRESET_ORIGIN, preset->name);
    for (size_t i = 0; preset->values[i]; i++) {
        const char *text = preset->values[i];
        const struct yaml_source *source =
            yaml_source_add(trees, origin.text, "", text, strlen(text));

        base = overlay_set_field(trees, base, &shape, source, builder->errors);
        if (!base)
            BUG("preset '%s' of %s has a value that cannot be read", preset->name, ops->name);
    }
    strbuf_release(&origin);
    return overlay_merge(trees, base, section, &shape);
}

static bool fill_config(struct builder *builder, const struct placing *placing,
                        const struct yaml_node *node, void *config, struct schema_value *values)
{
    const struct model_ops *ops = placing->ops;
    const struct model_kind *kind = placing->kind;
    const struct schema_table table = {placing->section, placing->table->fields,
                                       placing->table->field_count,
                                       ops->kind_count > 0 ? ops : NULL, kind};
    const struct schema_context context = {builder->errors, &builder->scenario->topology,
                                           builder->inner->source, builder->csv};
    struct placed_validation placed = {{report_at_field, note_at_field},
                                       builder->errors,
                                       &table,
                                       values,
                                       node,
                                       builder->inner->source};
    const void *kind_config = kind ? (char *)config + placing->table->kind_offset : NULL;
    const struct check_context check = {&builder->scenario->topology,
                                        builder->scenario->run.duration,
                                        placing->region,
                                        placing->peer,
                                        kind,
                                        kind_config,
                                        &builder->scenario->rows};
    size_t before = builder->errors->count;
    bool good;

    if (ops->preset_count > 0)
        node = with_preset(builder, ops, node);
    good = schema_apply(&context, &table, node, true, config, values);

    /* Rules between fields are for configs whose fields are right, regions included. */
    if (good && builder->scenario->topology.region_count > 0 && ops->check)
        ops->check(config, &check, &placed.validation);
    if (good && builder->scenario->topology.region_count > 0 && kind && kind->check)
        kind->check(config, kind_config, &check, &placed.validation);
    return good && builder->errors->count == before;
}

/* A map that is only a piece of configs, by itself. */
static void check_piece(struct builder *builder, const struct model_ops *ops,
                        const struct yaml_node *node)
{
    const struct schema_table table = {ops->section, ops->fields, ops->field_count, NULL, NULL};
    const struct schema_context context = {builder->errors, &builder->scenario->topology,
                                           builder->inner->source, builder->csv};
    void *config;

    if (!node)
        return;
    config = mem_zalloc(1, ops->config_size + 1);
    schema_apply(&context, &table, node, false, config, NULL);
    schema_release(&table, config, NULL);
    free(config);
}

/* --- instances ------------------------------------------------------------------------- */

static struct scenario_instance *add_instance(struct builder *builder, const struct model_ops *ops,
                                              const struct model_kind *kind, char *name,
                                              size_t config_count)
{
    struct scenario_internal *inner = builder->inner;
    const struct config_table table = config_table_make(ops, kind);
    size_t index = builder->scenario->instance_count++;
    size_t for_values = inner->instance_capacity, for_tables = inner->instance_capacity;
    char *config = mem_zalloc(config_count + 1, table.size + 1);

    MEM_GROW(inner->values, for_values, index + 1);
    MEM_GROW(inner->tables, for_tables, index + 1);
    MEM_GROW(inner->instances, inner->instance_capacity, index + 1);
    inner->tables[index] = table;
    inner->values[index] =
        mem_zalloc(config_count * table.field_count + 1, sizeof inner->values[index][0]);
    inner->instances[index] =
        (struct scenario_instance){.ops = ops,
                                   .name = name,
                                   .region = -1,
                                   .peer = -1,
                                   .config = config,
                                   .config_count = config_count,
                                   .kind = kind,
                                   .kind_config = kind ? config + table.kind_offset : NULL};
    builder->scenario->instances = inner->instances;
    return &inner->instances[index];
}

static void add_one(struct builder *builder, struct placing *placing, char *name,
                    const struct yaml_node *node)
{
    struct scenario_instance *instance =
        add_instance(builder, placing->ops, placing->kind, name, 1);
    size_t index = builder->scenario->instance_count - 1;

    instance->region = placing->region;
    instance->peer = placing->peer;
    placing->table = &builder->inner->tables[index];
    fill_config(builder, placing, node, (void *)instance->config, builder->inner->values[index]);
}

static void build_once(struct builder *builder, const struct model_ops *ops)
{
    const struct yaml_node *section = yaml_get(builder->root, ops->section);
    struct placing placing = {ops, ops->section, -1, -1, NULL, kind_chosen(ops, section)};

    add_one(builder, &placing, mem_strdup(ops->name), section);
}

static void build_per_region(struct builder *builder, const struct model_ops *ops)
{
    const struct topology *topology = &builder->scenario->topology;
    const struct yaml_node *general = yaml_get(builder->root, ops->section);
    const struct yaml_node *regions = yaml_get(builder->root, "regions");
    const struct shape shape = overlay_model(ops);

    check_piece(builder, ops, general);
    for (uint32_t i = 0; i < topology->region_count; i++) {
        const struct yaml_node *own =
            yaml_get(yaml_get(regions, topology->region_names[i]), ops->section);
        struct placing placing = {ops, ops->section, (int)i, -1, NULL, NULL};
        struct strbuf name = STRBUF_INIT;

        check_piece(builder, ops, own);
        strbuf_addf(&name, "%s/%s", ops->name, topology->region_names[i]);
        if (own && own->kind != YAML_MAP && !own->is_null)
            own = NULL; /* told by the check of the piece */
        add_one(builder, &placing, strbuf_detach(&name),
                overlay_merge(builder->inner->trees, general, own, &shape));
    }
}

/* --- links ----------------------------------------------------------------------------- */

/* A key of the section with what it names. */
struct link_piece {
    struct link_ref link;
    const struct yaml_node *node;
};

static size_t read_link_pieces(struct builder *builder, const struct model_ops *ops,
                               const struct yaml_node *section, struct link_piece *pieces)
{
    size_t count = 0;

    for (size_t i = 0; i < section->count; i++) {
        const struct yaml_entry *entry = &section->entries[i];
        const char *key = entry->key->text;
        bool resolved = true, is_general;

        is_general = strcmp(key, "default") == 0 || strcmp(key, "inside") == 0;
        if (!is_general)
            resolved = link_key_resolve(key, &builder->scenario->topology, &pieces[count].link,
                                        builder->errors, entry->key, ops->section);
        check_piece(builder, ops, entry->value);
        if (is_general || !resolved || (entry->value->kind != YAML_MAP && !entry->value->is_null))
            continue;
        for (size_t j = 0; j < i; j++)
            if (link_key_same(section->entries[j].key->text, key))
                error_at(builder->errors, entry->key,
                         "link '%s' is given twice: already in line %d as '%s'", key,
                         section->entries[j].key->line, section->entries[j].key->text);
        pieces[count++].node = entry->value;
    }
    return count;
}

static bool piece_covers(const struct link_piece *piece, int from, int to, bool both_ways)
{
    if (piece->link.both_ways != both_ways)
        return false;
    return (piece->link.from == from && piece->link.to == to) ||
           (both_ways && piece->link.from == to && piece->link.to == from);
}

static void build_link(struct builder *builder, const struct model_ops *ops, int from, int to,
                       const struct yaml_node *section, const struct link_piece *pieces,
                       size_t piece_count)
{
    const char *const *names = builder->scenario->topology.region_names;
    const struct shape shape = overlay_model(ops);
    const struct yaml_node *node = yaml_get(section, from == to ? "inside" : "default");
    struct placing placing = {ops, ops->section, from, to, NULL, NULL};
    struct strbuf name = STRBUF_INIT;

    if (node && node->kind != YAML_MAP && !node->is_null)
        node = NULL;
    for (int both_ways = 1; both_ways >= 0; both_ways--)
        for (size_t i = 0; i < piece_count; i++)
            if (piece_covers(&pieces[i], from, to, both_ways))
                node = overlay_merge(builder->inner->trees, node, pieces[i].node, &shape);
    strbuf_addf(&name, "%s/%s->%s", ops->name, names[from], names[to]);
    add_one(builder, &placing, strbuf_detach(&name), node);
}

static void build_per_link(struct builder *builder, const struct model_ops *ops)
{
    const struct yaml_node *section = yaml_get(builder->root, ops->section);
    int region_count = (int)builder->scenario->topology.region_count;
    struct link_piece *pieces = NULL;
    size_t piece_count = 0;

    if (section && section->kind != YAML_MAP && !section->is_null) {
        error_at(builder->errors, section,
                 "'%s' needs a map of links, such as {default: {...}, us-west-1 <-> us-west-2: "
                 "{...}}, got %s",
                 ops->section, yaml_kind_name(section));
        section = NULL;
    }
    if (section) {
        pieces = mem_zalloc(section->count + 1, sizeof *pieces);
        piece_count = read_link_pieces(builder, ops, section, pieces);
    }
    for (int from = 0; from < region_count; from++)
        for (int to = 0; to < region_count; to++)
            build_link(builder, ops, from, to, section, pieces, piece_count);
    free(pieces);
}

/* --- lists ----------------------------------------------------------------------------- */

static void add_span(struct builder *builder, const struct model_ops *ops, const void *config)
{
    struct scenario_internal *inner = builder->inner;
    struct probe_span span = {0, 0};

    if (!ops->span || !ops->span(config, &span))
        return;
    MEM_GROW(inner->spans, inner->span_capacity, builder->scenario->fault_span_count + 1);
    inner->spans[builder->scenario->fault_span_count++] = span;
    builder->scenario->fault_spans = inner->spans;
}

static void build_list(struct builder *builder, const struct model_ops *ops)
{
    const struct yaml_node *list = yaml_get(builder->root, ops->section);
    struct scenario_instance *instance;
    size_t count, index;

    if (list && list->kind != YAML_LIST && !list->is_null) {
        error_at(builder->errors, list, "'%s' needs a list of maps, got %s", ops->section,
                 yaml_kind_name(list));
        list = NULL;
    }
    count = list ? list->count : 0;
    if (count > SCENARIO_ITEMS_MAX) {
        error_at(builder->errors, list, "'%s' has %zu items and at most %d are allowed",
                 ops->section, count, SCENARIO_ITEMS_MAX);
        count = 0;
    }
    instance = add_instance(builder, ops, NULL, mem_strdup(ops->name), count);
    index = builder->scenario->instance_count - 1;
    for (size_t i = 0; i < count; i++) {
        char *config = (char *)instance->config + i * ops->config_size;
        struct strbuf section = STRBUF_INIT;
        struct placing placing = {ops, NULL, -1, -1, &builder->inner->tables[index], NULL};

        strbuf_addf(&section, "%s.%zu", ops->section, i);
        placing.section = section.text;
        if (fill_config(builder, &placing, list->entries[i].value, config,
                        builder->inner->values[index] + i * ops->field_count))
            add_span(builder, ops, config);
        strbuf_release(&section);
    }
}

/* Names are unique over the registry, but two kinds of a model may share one: the first row of
 * that name stands for both. */
static void add_metrics(struct builder *builder, const struct metric *metrics, size_t count)
{
    struct scenario_internal *inner = builder->inner;
    struct scenario *scenario = builder->scenario;

    MEM_GROW(inner->metrics, inner->metric_capacity, scenario->metric_count + count);
    for (size_t i = 0; i < count; i++)
        inner->metrics[scenario->metric_count++] =
            registry_metric(scenario->registry, metrics[i].name);
    scenario->metrics = inner->metrics;
}

static void build_model(struct builder *builder, const struct model_ops *ops)
{
    const struct model_kind *kind;

    invariant(ops->kind_count == 0 || ops->scope == MODEL_ONCE);
    switch (ops->scope) {
    case MODEL_ONCE:
        build_once(builder, ops);
        break;
    case MODEL_PER_REGION:
        build_per_region(builder, ops);
        break;
    case MODEL_PER_LINK:
        build_per_link(builder, ops);
        break;
    case MODEL_LIST:
        build_list(builder, ops);
        break;
    }
    add_metrics(builder, ops->metrics, ops->metric_count);
    kind = kind_chosen(ops, yaml_get(builder->root, ops->section));
    if (!kind)
        return;
    add_metrics(builder, kind->metrics, kind->metric_count);
}

/* Before the models are checked, which may look at each other's rows. */
static void collect_rows(struct builder *builder)
{
    const struct registry *registry = builder->scenario->registry;
    struct supplied_rows *rows = &builder->scenario->rows;

    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];
        const struct model_kind *kind = kind_chosen(ops, yaml_get(builder->root, ops->section));

        if (!kind_has_model(builder->kind, ops))
            continue;
        supplied_rows_add(rows, &ops->rows);
        if (kind)
            supplied_rows_add(rows, &kind->rows);
    }
}

void instances_build(struct builder *builder)
{
    const struct registry *registry = builder->scenario->registry;

    collect_rows(builder);
    for (size_t i = 0; i < registry->model_count; i++)
        if (kind_has_model(builder->kind, registry->models[i]))
            build_model(builder, registry->models[i]);
}

void instances_free(struct scenario *scenario)
{
    struct scenario_internal *inner = scenario->inner;

    for (size_t i = 0; i < scenario->instance_count; i++) {
        struct scenario_instance *instance = &inner->instances[i];
        struct config_table *rows = &inner->tables[i];
        const struct schema_table table = {"", rows->fields, rows->field_count, NULL, NULL};

        for (size_t j = 0; j < instance->config_count; j++)
            schema_release(&table, (char *)instance->config + j * rows->size,
                           inner->values[i] + j * rows->field_count);
        config_table_release(rows, instance->ops);
        free(instance->name);
        free((void *)instance->config);
        free(inner->values[i]);
    }
    free(inner->instances);
    free(inner->tables);
    free(inner->values);
    free(inner->metrics);
    supplied_rows_release(&scenario->rows);
    free(inner->spans);
    free(inner->region_names);
}
