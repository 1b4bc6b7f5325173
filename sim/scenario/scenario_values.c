// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The values of a scenario for display: a value with the same text and origin in all regions or on
 * all links is listed once.
 */
#include "mem.h"
#include "run_settings.h"
#include "scenario_internal.h"
#include "scenario_values.h"

#include <string.h>

struct visitor {
    const struct scenario *scenario;
    void (*visit)(void *self, const struct explicit_value *item);
    void *self;
};

static void visit(const struct visitor *visitor, const char *section, const struct field *field,
                  const struct schema_value *value)
{
    struct strbuf path = STRBUF_INIT;
    struct explicit_value item;

    if (!value->applies || !value->text)
        return;
    strbuf_addf(&path, "%s%s%s", section, section[0] ? "." : "", field->name);
    item = (struct explicit_value){path.text, field, value};
    visitor->visit(visitor->self, &item);
    strbuf_release(&path);
}

/* Values of a preset have separate nodes for each region. */
static bool same_origin(const struct yaml_node *a, const struct yaml_node *b)
{
    if (a == b)
        return true;
    return a && b && strncmp(a->source->name, PRESET_ORIGIN, strlen(PRESET_ORIGIN)) == 0 &&
           strcmp(a->source->name, b->source->name) == 0;
}

static bool same_value(const struct schema_value *a, const struct schema_value *b)
{
    if (a->applies != b->applies || !same_origin(a->node, b->node) || !a->text != !b->text)
        return false;
    return !a->text || strcmp(a->text, b->text) == 0;
}

/* The path at which the config of one instance can be overridden. */
static void add_section(struct strbuf *out, const struct scenario *scenario,
                        const struct scenario_instance *instance)
{
    const char *const *names = scenario->topology.region_names;

    if (instance->ops->scope == MODEL_PER_REGION)
        strbuf_addf(out, "regions.%s.%s", names[instance->region], instance->ops->section);
    else if (instance->ops->scope == MODEL_PER_LINK)
        strbuf_addf(out, "%s.\"%s -> %s\"", instance->ops->section, names[instance->region],
                    names[instance->peer]);
    else
        strbuf_add(out, instance->ops->section);
}

/* One field of all instances [first, end) of a model. */
static void visit_field(const struct visitor *visitor, size_t first, size_t end, size_t field)
{
    const struct scenario_internal *inner = visitor->scenario->inner;
    struct schema_value **values = inner->values;
    const struct model_ops *ops = visitor->scenario->instances[first].ops;
    bool alike = true;

    for (size_t i = first + 1; i < end; i++)
        alike &= same_value(&values[first][field], &values[i][field]);
    for (size_t i = first; i < (alike ? first + 1 : end); i++) {
        struct strbuf section = STRBUF_INIT;

        if (alike)
            strbuf_add(&section, ops->section);
        else
            add_section(&section, visitor->scenario, &visitor->scenario->instances[i]);
        visit(visitor, section.text, &inner->tables[first].fields[field], &values[i][field]);
        strbuf_release(&section);
    }
}

static void visit_list(const struct visitor *visitor, size_t index)
{
    const struct scenario_instance *instance = &visitor->scenario->instances[index];
    const struct model_ops *ops = instance->ops;

    for (size_t i = 0; i < instance->config_count; i++) {
        struct strbuf section = STRBUF_INIT;

        strbuf_addf(&section, "%s.%zu", ops->section, i);
        for (size_t j = 0; j < ops->field_count; j++)
            visit(visitor, section.text, &ops->fields[j],
                  &scenario_internal(visitor->scenario)->values[index][i * ops->field_count + j]);
        strbuf_release(&section);
    }
}

void values_each(const struct scenario *scenario,
                 void (*callback)(void *self, const struct explicit_value *item), void *self)
{
    const struct visitor visitor = {scenario, callback, self};
    const struct scenario_internal *inner = scenario->inner;

    for (size_t i = 0; i < run_settings_field_count; i++)
        visit(&visitor, "", &run_settings_fields[i], &inner->run_values[i]);
    for (size_t first = 0, end; first < scenario->instance_count; first = end) {
        const struct model_ops *ops = scenario->instances[first].ops;

        for (end = first + 1; end < scenario->instance_count;)
            if (scenario->instances[end].ops == ops)
                end++;
            else
                break;
        if (ops->scope == MODEL_LIST)
            visit_list(&visitor, first);
        else
            for (size_t i = 0; i < inner->tables[first].field_count; i++)
                visit_field(&visitor, first, end, i);
    }
}

void value_add_origin(struct strbuf *out, const struct field *field,
                      const struct schema_value *value)
{
    if (!value->node)
        strbuf_addf(out, "default (%s)", field->source ? field->source : "assumption");
    else if (strcmp(value->node->source->name, "--set") == 0)
        strbuf_add(out, "--set");
    else if (strncmp(value->node->source->name, PRESET_ORIGIN, strlen(PRESET_ORIGIN)) == 0)
        strbuf_add(out, value->node->source->name);
    else
        strbuf_addf(out, "%s:%d", value->node->source->name, value->node->line);
}

struct wanted_value {
    const char *path, *text;
};

static void find_wanted(void *self, const struct explicit_value *item)
{
    struct wanted_value *wanted = self;

    if (strcmp(item->path, wanted->path) == 0)
        wanted->text = item->value->text;
}

const char *scenario_value(const struct scenario *scenario, const char *path)
{
    struct wanted_value wanted = {path, NULL};

    values_each(scenario, find_wanted, &wanted);
    return wanted.text;
}

struct value_visit {
    void (*visit)(void *self, const char *path, const char *value, const char *source,
                  const char *meaning);
    void *self;
};

static void visit_value(void *self, const struct explicit_value *item)
{
    const struct value_visit *visit = self;

    visit->visit(visit->self, item->path, item->value->text,
                 item->field->source ? item->field->source : "assumption", item->field->meaning);
}

void scenario_each_value(const struct scenario *scenario,
                         void (*callback)(void *self, const char *path, const char *value,
                                          const char *source, const char *meaning),
                         void *self)
{
    struct value_visit visit = {callback, self};

    values_each(scenario, visit_value, &visit);
}

struct assumptions {
    void (*visit)(void *self, const char *path, const char *value, const char *meaning);
    void *self;
};

static void visit_assumption(void *self, const struct explicit_value *item)
{
    const struct assumptions *assumptions = self;

    if (!item->value->node && item->field->source && strcmp(item->field->source, "assumption") == 0)
        assumptions->visit(assumptions->self, item->path, item->value->text, item->field->meaning);
}

void scenario_each_assumption(const struct scenario *scenario,
                              void (*callback)(void *self, const char *path, const char *value,
                                               const char *meaning),
                              void *self)
{
    struct assumptions assumptions = {callback, self};

    values_each(scenario, visit_assumption, &assumptions);
}
