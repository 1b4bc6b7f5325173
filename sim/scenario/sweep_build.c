// SPDX-License-Identifier: GPL-3.0-or-later
/* The sweep of a scenario file: its axes, whose values are checked one by one, and its
 * conditions. */
#include "mem.h"
#include "overlay.h"
#include "scenario_internal.h"
#include "sweep_axis.h"

#include <stdlib.h>
#include <string.h>

/* A value of an axis is valid if the scenario with it is; errors are reported at the value. */
static void try_value(struct builder *builder, const struct overlay_path *path,
                      const struct yaml_node *value)
{
    const struct yaml_node *root;

    if (error_list_is_full(builder->errors))
        return;
    root = overlay_set(builder->inner->trees, builder->root, builder->scenario->registry, path,
                       value, builder->errors);
    if (root)
        scenario_try(builder, root);
}

/* A text with commas or "..": its values have no place of their own, so their errors are reported
 * at the text. path NULL: not checked. */
static void build_axis_text(struct builder *builder, struct sweep_axis *axis,
                            const struct yaml_node *text, const struct overlay_path *path)
{
    struct strbuf why = STRBUF_INIT;

    if (!sweep_axis_parse(text->text, axis, &why))
        error_at(builder->errors, text, "'sweep' of '%s' %s", axis->path, why.text);
    for (size_t i = 0; path && i < axis->value_count; i++) {
        const struct yaml_node *value =
            yaml_make_scalar(builder->inner->trees, text, axis->values[i]);
        try_value(builder, path, value);
    }
    strbuf_release(&why);
}

static void build_axis(struct builder *builder, const struct yaml_entry *entry, bool is_tried)
{
    const struct yaml_source *source = yaml_source_add(builder->inner->trees, "sweep", "",
                                                       entry->key->text, strlen(entry->key->text));
    struct sweep_axis *axis = &builder->scenario->axes[builder->scenario->axis_count++];
    struct overlay_path path;
    size_t end;
    bool good = overlay_path_parse(builder->inner->trees, source, '\0', entry->key, builder->errors,
                                   &path, &end);
    const struct yaml_node *list = entry->value;

    axis->path = sweep_path_make(entry->key->text, strlen(entry->key->text));
    if (list->kind == YAML_SCALAR && !list->is_null) {
        build_axis_text(builder, axis, list, good && is_tried ? &path : NULL);
        free(path.segments);
        return;
    }
    if (list->kind != YAML_LIST || list->count == 0 || list->count > SWEEP_VALUES_MAX) {
        error_at(builder->errors, list,
                 "'sweep' needs a list of 1 to %d values for '%s', or a text such as "
                 "'100ms..1s/100ms'",
                 SWEEP_VALUES_MAX, axis->path);
        good = false;
    }
    axis->values = mem_zalloc(list->count + 1, sizeof axis->values[0]);
    for (size_t i = 0; good && i < list->count; i++) {
        struct strbuf text = STRBUF_INIT;

        yaml_add_flow(&text, list->entries[i].value);
        axis->values[axis->value_count++] = strbuf_detach(&text);
        if (is_tried)
            try_value(builder, &path, list->entries[i].value);
    }
    free(path.segments);
}

/* `where` and `lockstep`: a text, or a list of texts. */
static void build_texts(struct builder *builder, const char *key, char ***texts, size_t *count)
{
    const struct yaml_node *node = yaml_get(builder->root, key);
    size_t items = !node || node->is_null ? 0 : node->kind == YAML_LIST ? node->count : 1;

    if (items > SCENARIO_ITEMS_MAX) {
        error_at(builder->errors, node, "'%s' has %zu items and at most %d are allowed", key, items,
                 SCENARIO_ITEMS_MAX);
        items = 0;
    }
    *texts = mem_zalloc(items + 1, sizeof **texts);
    for (size_t i = 0; i < items; i++) {
        const struct yaml_node *item = node->kind == YAML_LIST ? node->entries[i].value : node;
        if (item->kind == YAML_SCALAR && !item->is_null)
            (*texts)[(*count)++] = mem_strdup(item->text);
        else
            error_at(builder->errors, item, "'%s' needs a text or a list of texts, got %s", key,
                     yaml_kind_name(item));
    }
}

void sweep_build(struct builder *builder, bool tries)
{
    const struct yaml_node *sweep = yaml_get(builder->root, "sweep");
    bool is_tried = tries && builder->errors->count == 0;
    struct scenario *scenario = builder->scenario;
    size_t value_count = 0;

    build_texts(builder, "where", &scenario->wheres, &scenario->where_count);
    build_texts(builder, "lockstep", &scenario->locksteps, &scenario->lockstep_count);
    if (!sweep || sweep->is_null)
        return;
    if (sweep->kind != YAML_MAP) {
        error_at(builder->errors, sweep,
                 "'sweep' needs a map, such as {client.timeout: [100ms, 300ms]}, got %s",
                 yaml_kind_name(sweep));
        return;
    }
    if (sweep->count > SWEEP_AXES_MAX) {
        error_at(builder->errors, sweep, "'sweep' has %zu axes and at most %d are allowed",
                 sweep->count, SWEEP_AXES_MAX);
        return;
    }
    builder->scenario->axes = mem_zalloc(sweep->count + 1, sizeof builder->scenario->axes[0]);
    for (size_t i = 0; i < sweep->count; i++) {
        struct sweep_axis *axis = &scenario->axes[scenario->axis_count];

        build_axis(builder, &sweep->entries[i], is_tried);
        value_count += axis->value_count;
        if (value_count > SWEEP_VALUES_TOTAL_MAX) {
            error_at(builder->errors, sweep->entries[i].key,
                     "'sweep' has more than %d values in total", SWEEP_VALUES_TOTAL_MAX);
            return;
        }
    }
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void sweep_free(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->axis_count; i++)
        sweep_axis_release(&scenario->axes[i]);
    free(scenario->axes);
    free_texts(scenario->wheres, scenario->where_count);
    free_texts(scenario->locksteps, scenario->lockstep_count);
}
