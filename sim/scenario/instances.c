// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Create instances from sections. A model with several instances merges its config from several
 * maps, the specific ones over the general ones. Each map is also checked by itself, since an error
 * in a default is an error even if every region overrides it.
 */
#include "bug.h"
#include "link_key.h"
#include "mem.h"
#include "overlay.h"
#include "scenario_internal.h"

#include <stdlib.h>
#include <string.h>

/* Reports of a model's check become errors of the scenario, at the node of the field. */
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

static bool field_is_given(const struct validation *self, const char *field)
{
    const struct placed_validation *placed = (const void *)self;
    size_t length = strlen(field);

    for (size_t i = 0; i < placed->table->field_count; i++) {
        const char *name = placed->table->fields[i].name;

        if (placed->values[i].node && strncmp(name, field, length) == 0 &&
            (name[length] == '\0' || name[length] == '.'))
            return true;
    }
    return false;
}

/* Of what several regions inherit the same note is printed once (diag_print()). */
static void note_at_field(struct validation *self, const char *field, const char *text)
{
    const struct placed_validation *placed = (const void *)self;
    const struct yaml_node *node = placed_node(placed, field);

    if (node)
        note_at(placed->errors, node, "'%s.%s' %s", placed->table->section, field, text);
}

/* One config of an instance: filled and checked by the table, then checked by the model. */
struct placing {
    const struct model_ops *ops;
    const struct model_kind *kind;
    const char *section; /* "app", "faults.0" */
    const struct config_table *table;
    const struct yaml_node *node; /* NULL: all defaults */
    void *config;
    struct schema_value *values;
};

static struct placing placing_of(const struct builder *builder, size_t index, size_t item,
                                 struct strbuf *section)
{
    const struct scenario_instance *instance = &builder->inner->instances[index];
    const struct config_table *table = &builder->inner->tables[index];
    const struct yaml_node *node = builder->inner->sources[index].node;

    strbuf_add(section, instance->ops->section);
    if (instance->ops->scope == MODEL_LIST)
        strbuf_addf(section, ".%zu", item);
    return (struct placing){.ops = instance->ops,
                            .kind = instance->kind,
                            .section = section->text,
                            .table = table,
                            .node = instance->ops->scope == MODEL_LIST ? node->entries[item].value
                                                                       : node,
                            .config = (char *)instance->config + item * table->size,
                            .values = builder->inner->values[index] + item * table->field_count};
}

static const struct preset *preset_find(const struct model_ops *ops, const char *name)
{
    for (size_t i = 0; i < ops->preset_count; i++)
        if (strcmp(ops->presets[i].name, name) == 0)
            return &ops->presets[i];
    return NULL;
}

/*
 * Merge a section over the preset that it names. The nodes of the preset have a source named
 * "preset NAME", shown as their origin by `describe`. An unknown name is reported by the field
 * `preset`.
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
            BUG("preset '%s' of %s has an invalid value", preset->name, ops->name);
    }
    strbuf_release(&origin);
    return overlay_merge(trees, base, section, &shape);
}

static struct schema_table placing_table(const struct placing *placing)
{
    return (struct schema_table){placing->section, placing->table->fields,
                                 placing->table->field_count,
                                 placing->ops->kind_count > 0 ? placing->ops : NULL, placing->kind};
}

/* False where a value is wrong. */
static bool fill_config(struct builder *builder, const struct placing *placing)
{
    const struct schema_table table = placing_table(placing);
    const struct schema_context context = {builder->errors, &builder->scenario->topology,
                                           builder->inner->source, builder->csv};
    const struct yaml_node *node = placing->node;

    if (placing->ops->preset_count > 0)
        node = with_preset(builder, placing->ops, node);
    return schema_apply(&context, &table, node, true, placing->config, placing->values);
}

static void fill_instance(struct builder *builder, size_t index)
{
    const struct scenario_instance *instance = &builder->inner->instances[index];

    for (size_t item = 0; item < instance->config_count; item++) {
        struct strbuf section = STRBUF_INIT;
        const struct placing placing = placing_of(builder, index, item, &section);

        builder->inner->sources[index].good[item] = fill_config(builder, &placing);
        strbuf_release(&section);
    }
}

/* --- rules between fields --------------------------------------------------------------- */

static void add_span(struct builder *builder, const struct scenario_instance *instance, size_t item)
{
    struct scenario_internal *inner = builder->inner;
    struct probe_span span = {0, 0};

    if (!instance->ops->span ||
        !instance->ops->span(instance->config, instance->config_count, item, &span))
        return;
    MEM_GROW(inner->spans, inner->span_capacity, builder->scenario->fault_span_count + 1);
    inner->spans[builder->scenario->fault_span_count++] = span;
    builder->scenario->fault_spans = inner->spans;
}

/* Of a config whose values are right. False where a rule is broken. */
static bool check_config(struct builder *builder, const struct placing *placing,
                         const struct check_context *context)
{
    const struct schema_table table = placing_table(placing);
    struct placed_validation placed = {{report_at_field, note_at_field, field_is_given},
                                       builder->errors,
                                       &table,
                                       placing->values,
                                       placing->node,
                                       builder->inner->source};
    size_t before = builder->errors->count;

    if (placing->ops->check)
        placing->ops->check(placing->config, context, &placed.validation);
    if (placing->kind && placing->kind->check)
        placing->kind->check(placing->config, context->kind_config, context, &placed.validation);
    return builder->errors->count == before;
}

static void check_instance(struct builder *builder, size_t index)
{
    const struct scenario_instance *instance = &builder->inner->instances[index];
    const struct check_context general = scenario_check_context(builder->scenario);

    for (size_t item = 0; item < instance->config_count; item++) {
        struct strbuf section = STRBUF_INIT;
        const struct placing placing = placing_of(builder, index, item, &section);
        const struct check_context context = check_context_of(&general, instance, item);

        if (builder->inner->sources[index].good[item] && check_config(builder, &placing, &context))
            add_span(builder, instance, item);
        strbuf_release(&section);
    }
}

/* Check a map that is a part of configs, by itself. */
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

/* Add one and fill its configs. Takes `name`. */
static void add_instance(struct builder *builder, const struct scenario_instance *as,
                         const struct yaml_node *node)
{
    struct scenario_internal *inner = builder->inner;
    const struct config_table table = config_table_make(as->ops, as->kind);
    size_t index = builder->scenario->instance_count++;
    size_t for_values = inner->instance_capacity, for_tables = inner->instance_capacity,
           for_sources = inner->instance_capacity;
    char *config = mem_zalloc(as->config_count + 1, table.size + 1);

    MEM_GROW(inner->values, for_values, index + 1);
    MEM_GROW(inner->tables, for_tables, index + 1);
    MEM_GROW(inner->sources, for_sources, index + 1);
    MEM_GROW(inner->instances, inner->instance_capacity, index + 1);
    inner->tables[index] = table;
    inner->values[index] =
        mem_zalloc(as->config_count * table.field_count + 1, sizeof inner->values[index][0]);
    inner->sources[index].node = node;
    inner->sources[index].good = mem_zalloc(as->config_count + 1, sizeof(bool));
    inner->instances[index] = *as;
    inner->instances[index].config = config;
    inner->instances[index].kind_config = as->kind ? config + table.kind_offset : NULL;
    builder->scenario->instances = inner->instances;
    fill_instance(builder, index);
}

static void build_once(struct builder *builder, const struct model_ops *ops)
{
    const struct yaml_node *section = yaml_get(builder->root, ops->section);

    add_instance(builder,
                 &(struct scenario_instance){.ops = ops,
                                             .name = mem_strdup(ops->name),
                                             .region = -1,
                                             .peer = -1,
                                             .config_count = 1,
                                             .kind = kind_chosen(ops, section)},
                 section);
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
        struct strbuf name = STRBUF_INIT;

        check_piece(builder, ops, own);
        strbuf_addf(&name, "%s/%s", ops->name, topology->region_names[i]);
        if (own && own->kind != YAML_MAP && !own->is_null)
            own = NULL; /* reported by the check of the part */
        add_instance(builder,
                     &(struct scenario_instance){.ops = ops,
                                                 .name = strbuf_detach(&name),
                                                 .region = (int)i,
                                                 .peer = -1,
                                                 .config_count = 1},
                     overlay_merge(builder->inner->trees, general, own, &shape));
    }
}

/* --- links ----------------------------------------------------------------------------- */

/* Is the key a parameter of a link, or the first part of one's name? */
static bool names_parameter(const struct model_ops *ops, const char *key)
{
    size_t length = strlen(key);

    for (size_t i = 0; i < ops->field_count; i++) {
        const char *name = ops->fields[i].name;

        if (strncmp(name, key, length) == 0 && (name[length] == '\0' || name[length] == '.'))
            return true;
    }
    return false;
}

/* A key of the section, with the links it names. */
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

        if (names_parameter(ops, key)) {
            error_at(builder->errors, entry->key,
                     "'%s.%s' is a parameter of each link: write '%s.default.%s', or name the link "
                     "before it, such as 'us-west-1 -> us-west-2'",
                     ops->section, key, ops->section, key);
            continue;
        }
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
                         "duplicate link '%s': already in line %d as '%s'", key,
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
    struct strbuf name = STRBUF_INIT;

    if (node && node->kind != YAML_MAP && !node->is_null)
        node = NULL;
    for (int both_ways = 1; both_ways >= 0; both_ways--)
        for (size_t i = 0; i < piece_count; i++)
            if (piece_covers(&pieces[i], from, to, both_ways))
                node = overlay_merge(builder->inner->trees, node, pieces[i].node, &shape);
    strbuf_addf(&name, "%s/%s->%s", ops->name, names[from], names[to]);
    add_instance(builder,
                 &(struct scenario_instance){.ops = ops,
                                             .name = strbuf_detach(&name),
                                             .region = from,
                                             .peer = to,
                                             .config_count = 1},
                 node);
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

/* The list, or NULL where there is none that can be read. */
static const struct yaml_node *find_list(struct builder *builder, const struct model_ops *ops)
{
    const struct yaml_node *list = yaml_get(builder->root, ops->section);

    if (!list || list->is_null)
        return NULL;
    if (list->kind != YAML_LIST) {
        error_at(builder->errors, list, "'%s' needs a list of maps, got %s", ops->section,
                 yaml_kind_name(list));
        return NULL;
    }
    if (list->count > SCENARIO_ITEMS_MAX) {
        error_at(builder->errors, list, "'%s' has %zu items and at most %d are allowed",
                 ops->section, list->count, SCENARIO_ITEMS_MAX);
        return NULL;
    }
    return list;
}

/* The names of a list's items are values of a label. */
static void add_item_labels(struct builder *builder, const struct scenario_instance *list)
{
    const struct model_ops *ops = list->ops;
    struct scenario_internal *inner = builder->inner;
    struct item_labels *labels = mem_zalloc(1, sizeof *labels);
    struct label_row *rows = mem_zalloc(list->config_count + 1, sizeof *rows);
    size_t count = 0;

    for (size_t i = 0; i < list->config_count; i++) {
        const char *config = (const char *)list->config + i * ops->config_size;
        const char *name = *(char *const *)(config + ops->item_name);

        if (name)
            rows[count++] = (struct label_row){ops->item_label_set, name, ""};
    }
    labels->rows = (struct model_rows){.labels = rows, .label_count = count};
    labels->next = inner->item_labels;
    inner->item_labels = labels;
    supplied_rows_add(&builder->scenario->rows, &labels->rows);
}

static void build_list(struct builder *builder, const struct model_ops *ops)
{
    const struct yaml_node *list = find_list(builder, ops);

    add_instance(builder,
                 &(struct scenario_instance){.ops = ops,
                                             .name = mem_strdup(ops->name),
                                             .region = -1,
                                             .peer = -1,
                                             .config_count = list ? list->count : 0},
                 list);
    if (ops->item_label_set)
        add_item_labels(builder, &builder->inner->instances[builder->scenario->instance_count - 1]);
}

/* Names are unique over the registry, except that two kinds of a model may share one: the first row
 * of that name is used for both. */
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
}

/* What a model and its kind have for others. */
static void collect_tables(struct builder *builder, const struct model_ops *ops)
{
    const struct model_kind *kind = kind_chosen(ops, yaml_get(builder->root, ops->section));

    add_metrics(builder, ops->metrics, ops->metric_count);
    supplied_rows_add(&builder->scenario->rows, &ops->rows);
    if (!kind)
        return;
    add_metrics(builder, kind->metrics, kind->metric_count);
    supplied_rows_add(&builder->scenario->rows, &kind->rows);
}

static bool has_section(const struct builder *builder, const struct model_ops *ops)
{
    for (size_t i = 0; ops->only_sections && ops->only_sections[i]; i++) {
        const struct yaml_node *section = yaml_get(builder->root, ops->only_sections[i]);

        if (section && !section->is_null)
            return true;
    }
    return !ops->only_sections;
}

/* All configs are filled before any is checked, since rules may read those of others. */
void instances_build(struct builder *builder)
{
    const struct registry *registry = builder->scenario->registry;

    for (size_t i = 0; i < registry->model_count; i++)
        if (kind_has_model(builder->kind, registry->models[i]) &&
            has_section(builder, registry->models[i])) {
            collect_tables(builder, registry->models[i]);
            build_model(builder, registry->models[i]);
        }
    if (builder->scenario->topology.region_count == 0)
        return; /* nothing can be said of regions */
    for (size_t i = 0; i < builder->scenario->instance_count; i++)
        check_instance(builder, i);
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
        free(inner->sources[i].good);
    }
    while (inner->item_labels) {
        struct item_labels *labels = inner->item_labels;

        inner->item_labels = labels->next;
        free((void *)labels->rows.labels);
        free(labels);
    }
    free(inner->instances);
    free(inner->tables);
    free(inner->sources);
    free(inner->values);
    free(inner->metrics);
    supplied_rows_release(&scenario->rows);
    free(inner->spans);
    free(inner->region_names);
}
