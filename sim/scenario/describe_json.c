// SPDX-License-Identifier: GPL-3.0-or-later
#include "describe_internal.h"

#include "field_value.h"
#include "json_writer.h"

static void write_names(struct json_writer *json, const char *key, const char *const *names)
{
    json_open_array(json, key);
    for (size_t i = 0; names[i]; i++)
        json_text(json, NULL, names[i]);
    json_close(json);
}

static void write_field(struct json_writer *json, const struct field *field)
{
    json_open_object(json, NULL);
    json_text(json, "name", field->name);
    json_text(json, "type", field_type_name(field->type));
    json_text(json, "default", field->initial);
    json_text(json, "min", field->min);
    json_text(json, "max", field->max);
    if (field->choices)
        write_names(json, "choices", field->choices);
    json_text(json, "meaning", field->meaning);
    json_text(json, "source", field->source);
    json_close(json);
}

/* Rows of all models and all kinds. */
static struct supplied_rows rows_of_all(const struct registry *registry)
{
    struct supplied_rows rows = {0};

    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        supplied_rows_add(&rows, &ops->rows);
        for (size_t j = 0; j < ops->kind_count; j++)
            supplied_rows_add(&rows, &ops->kinds[j]->rows);
    }
    return rows;
}

static void write_label_values(struct json_writer *json, const struct registry *registry,
                               const struct metric *metric)
{
    struct supplied_rows rows = rows_of_all(registry);
    size_t count = metric_label_count(&rows, metric);

    json_open_array(json, "label_values");
    for (size_t i = 0; i < count; i++)
        json_text(json, NULL, metric_label(&rows, metric, i));
    json_close(json);
    supplied_rows_release(&rows);
}

static void write_metric(struct json_writer *json, const struct registry *registry,
                         const struct metric *metric)
{
    json_open_object(json, NULL);
    json_text(json, "name", metric->name);
    json_text(json, "kind", metric_kind_name(metric->kind));
    json_text(json, "unit", unit_name(metric->unit));
    json_text(json, "label", metric->label);
    if (metric->label)
        write_label_values(json, registry, metric);
    json_text(json, "better", describe_direction(metric->better));
    json_text(json, "meaning", metric->meaning);
    json_close(json);
}

static void write_tables(struct json_writer *json, const struct described *described)
{
    json_open_array(json, "parameters");
    for (size_t i = 0; i < described->field_count; i++)
        write_field(json, &described->fields[i]);
    json_close(json);
    json_open_array(json, "metrics");
    for (size_t i = 0; i < described->metric_count; i++)
        write_metric(json, described->registry, &described->metrics[i]);
    json_close(json);
    json_open_array(json, "label_values");
    for (size_t i = 0; i < described->rows->label_count; i++) {
        json_open_object(json, NULL);
        json_text(json, "set", described->rows->labels[i].set);
        json_text(json, "value", described->rows->labels[i].value);
        json_text(json, "meaning", described->rows->labels[i].meaning);
        json_close(json);
    }
    json_close(json);
    json_open_array(json, "faults");
    for (size_t i = 0; i < described->rows->fault_count; i++) {
        json_open_object(json, NULL);
        json_text(json, "target", described->rows->faults[i].target);
        json_text(json, "action", described->rows->faults[i].action);
        json_close(json);
    }
    json_close(json);
    json_open_array(json, "lint_rules");
    for (size_t i = 0; i < described->rows->lint_count; i++) {
        json_open_object(json, NULL);
        json_text(json, "code", described->rows->lints[i].code);
        json_text(json, "parameter", described->rows->lints[i].field);
        json_text(json, "meaning", described->rows->lints[i].meaning);
        json_close(json);
    }
    json_close(json);
}

static void write_kinds(struct json_writer *json, const struct model_ops *ops)
{
    json_open_array(json, "kinds");
    for (size_t i = 0; i < ops->kind_count; i++) {
        json_open_object(json, NULL);
        json_text(json, "name", ops->kinds[i]->name);
        json_text(json, "meaning", ops->kinds[i]->meaning);
        json_close(json);
    }
    json_close(json);
}

/* Open the object; the caller closes it. */
static void open_model(struct json_writer *json, const struct model_ops *ops)
{
    json_open_object(json, NULL);
    json_text(json, "name", ops->name);
    json_text(json, "section", ops->section);
    json_text(json, "scope", describe_scope(ops->scope));
    json_text(json, "meaning", ops->meaning);
    if (ops->only_kinds)
        write_names(json, "only_kinds", ops->only_kinds);
    if (ops->only_sections)
        write_names(json, "only_sections", ops->only_sections);
}

void describe_models_json(const struct registry *registry, FILE *out)
{
    struct json_writer json;
    struct model_ops run;

    json_begin(&json, out);
    json_open_array(&json, NULL);
    for (size_t i = 0; i <= registry->model_count; i++) {
        open_model(&json, describe_model_at(registry, i, &run));
        json_close(&json);
    }
    json_close(&json);
    json_end(&json);
}

void describe_json(const struct described *described, FILE *out)
{
    struct json_writer json;

    json_begin(&json, out);
    open_model(&json, described->ops);
    if (described->kind) {
        json_text(&json, "kind", described->kind->name);
        json_text(&json, "kind_meaning", described->kind->meaning);
        if (described->kind->lacks)
            write_names(&json, "lacks", described->kind->lacks);
    }
    write_tables(&json, described);
    if (described->kind_count > 0)
        write_kinds(&json, described->ops);
    json_close(&json);
    json_end(&json);
}
