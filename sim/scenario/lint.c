// SPDX-License-Identifier: GPL-3.0-or-later
#include "lint.h"

#include "scenario_internal.h"

#include <string.h>

/* What one row applies to. */
struct finding {
    size_t count;          /* configs */
    size_t instance, item; /* the first */
};

static void find_in_instance(const struct scenario *scenario, size_t index,
                             const struct lint_row *row, struct finding *finding)
{
    const struct check_context general = scenario_check_context(scenario);
    const struct scenario_instance *instance = &scenario->instances[index];
    const size_t size = scenario_internal(scenario)->tables[index].size;

    for (size_t item = 0; item < instance->config_count; item++) {
        const struct check_context context = check_context_of(&general, instance, item);

        if (!row->applies((const char *)instance->config + item * size, &context))
            continue;
        if (finding->count++ == 0)
            finding->instance = index, finding->item = item;
    }
}

/* Of the row's parameter, or the section. NULL: the file says nothing of either. */
static const struct yaml_node *node_of(const struct scenario *scenario,
                                       const struct finding *finding, const char *key)
{
    const struct scenario_internal *inner = scenario_internal(scenario);
    const struct config_table *table = &inner->tables[finding->instance];
    const struct schema_value *values =
        inner->values[finding->instance] + finding->item * table->field_count;
    const struct field *field = schema_find(table->fields, table->field_count, key);
    const struct yaml_node *section = inner->sources[finding->instance].node, *node;

    invariant(field);
    node = values[field - table->fields].node;
    if (node && strncmp(node->source->name, PRESET_ORIGIN, strlen(PRESET_ORIGIN)) != 0)
        return node;
    return section && section->kind == YAML_LIST ? section->entries[finding->item].value : section;
}

static void warn(const struct scenario *scenario, const struct lint_row *row,
                 const struct finding *finding, struct diag *diag)
{
    const struct scenario_instance *instance = &scenario->instances[finding->instance];
    const struct yaml_node *node = node_of(scenario, finding, row->field);
    struct diag_place place = {.file = scenario_internal(scenario)->source->name};
    struct strbuf where = STRBUF_INIT;

    if (node)
        place = yaml_place(node);
    strbuf_add(&where, instance->name);
    if (instance->ops->scope == MODEL_LIST)
        strbuf_addf(&where, ".%zu", finding->item);
    if (finding->count > 1)
        strbuf_addf(&where, " and %zu more", finding->count - 1);
    diag_add(diag, DIAG_WARNING, &place, "%s: %s: %s", row->code, where.text, row->meaning);
    strbuf_release(&where);
}

void scenario_lint(const struct scenario *scenario, struct diag *diag)
{
    for (size_t t = 0; t < scenario->rows.count; t++) {
        const struct model_rows *table = scenario->rows.tables[t];

        for (size_t r = 0; r < table->lint_count; r++) {
            struct finding finding = {0};

            for (size_t i = 0; i < scenario->instance_count; i++)
                if (instance_has_rows(&scenario->instances[i], table))
                    find_in_instance(scenario, i, &table->lints[r], &finding);
            if (finding.count > 0)
                warn(scenario, &table->lints[r], &finding, diag);
        }
    }
}
