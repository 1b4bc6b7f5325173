// SPDX-License-Identifier: GPL-3.0-or-later
#include "list_value.h"

#include "csv_values.h"
#include "field_value.h"
#include "mem.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct list {
    const struct schema_context *context;
    const struct field *field;
    const char *subject;
};

static void list_error(const struct list *list, const struct yaml_node *node, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));
static void list_error(const struct list *list, const struct yaml_node *node, const char *format,
                       ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    error_at(list->context->errors, node, "'%s' %s", list->subject, text.text);
    strbuf_release(&text);
}

/* --- numbers, rates, times --------------------------------------------------------------- */

static bool read_items(const struct list *list, const struct yaml_node *node, double *values)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = node->entries[i].value;

        if (!field_number_read(list->context, list->field, list->subject, item, &values[i]))
            return false;
        if (list->field->type == FIELD_TIMES && i > 0 && values[i] < values[i - 1]) {
            list_error(list, item, "must be in order: %s is before the one above it", item->text);
            return false;
        }
    }
    return true;
}

static bool read_inline(const struct list *list, const struct yaml_node *node, double **values,
                        size_t *count)
{
    double *all;

    if (node->count > CSV_VALUES_MAX) {
        list_error(list, node, "takes at most %d values, got %zu", CSV_VALUES_MAX, node->count);
        return false;
    }
    all = mem_zalloc(node->count + 1, sizeof *all);
    if (!read_items(list, node, all)) {
        free(all);
        return false;
    }
    *values = all;
    *count = node->count;
    return true;
}

static bool read_values(const struct list *list, const struct yaml_node *node, double **values,
                        size_t *count)
{
    struct csv_request request = {.cell = list->field->type == FIELD_RATES ? CSV_RATE : CSV_INSTANT,
                                  .field = list->field};
    bool takes_file = list->field->type != FIELD_NUMBER_LIST;

    if (node->kind == YAML_LIST)
        return read_inline(list, node, values, count);
    if (takes_file && !node->is_null)
        return csv_values_read(list->context, list->subject, node, &request, values, count);
    list_error(list, node, "needs a %s%s, got %s", field_type_name(list->field->type),
               takes_file ? " or a CSV file" : "", yaml_kind_name(node));
    return false;
}

static void add_values(const struct list *list, const double *values, size_t count,
                       struct strbuf *text)
{
    strbuf_add_char(text, '[');
    for (size_t i = 0; i < count; i++) {
        strbuf_add(text, i > 0 ? ", " : "");
        field_add_number(text, list->field->type, values[i]);
    }
    strbuf_add_char(text, ']');
}

static struct duration_list durations_make(const double *values, size_t count)
{
    struct duration_list durations = {mem_zalloc(count + 1, sizeof(sim_dur)), (uint32_t)count};

    for (size_t i = 0; i < count; i++)
        durations.items[i] = llround(values[i]);
    return durations;
}

static bool read_numbers(const struct list *list, const struct yaml_node *node, void *member,
                         struct strbuf *text)
{
    double *values = NULL;
    size_t count = 0;

    if (!read_values(list, node, &values, &count))
        return false;
    if (text)
        add_values(list, values, count, text);
    if (list->field->type == FIELD_TIMES) {
        *(struct duration_list *)member = durations_make(values, count);
        free(values);
    } else {
        *(struct number_list *)member = (struct number_list){values, (uint32_t)count};
    }
    return true;
}

/* --- stages ------------------------------------------------------------------------------ */

static bool read_length(const struct list *list, const struct yaml_node *node, sim_dur *length)
{
    struct strbuf why = STRBUF_INIT;
    bool good = node->kind == YAML_SCALAR && !node->is_null;

    if (!good)
        strbuf_addf(&why, "needs a duration, got %s", yaml_kind_name(node));
    else
        good = units_parse_duration(node->text, length, &why);
    if (good && (*length < 0 || *length > 30 * 86400 * SIM_S)) {
        strbuf_addf(&why, "must be between 0s and 30d, got %s", node->text);
        good = false;
    }
    if (!good)
        list_error(list, node, "has a stage whose 'for' %s", why.text);
    strbuf_release(&why);
    return good;
}

static const char *stage_form(const struct list *list)
{
    return list->field->type == FIELD_STAGES ? "{for: 10s, to: 150/s}" : "{for: 10s, to: 150}";
}

static bool read_stage(const struct list *list, const struct yaml_node *node,
                       struct ramp_stage *stage)
{
    const struct yaml_node *length = yaml_get(node, "for"), *to = yaml_get(node, "to");

    if (!length || !to || node->count != 2) {
        list_error(list, node, "needs stages of the form %s", stage_form(list));
        return false;
    }
    return read_length(list, length, &stage->for_ns) &&
           field_number_read(list->context, list->field, list->subject, to, &stage->to);
}

static bool read_stages(const struct list *list, const struct yaml_node *node, void *member,
                        struct strbuf *text)
{
    struct stage_list stages = {0};
    struct strbuf canonical = STRBUF_INIT;
    bool good = node->kind == YAML_LIST && node->count <= STAGES_MAX;

    if (!good)
        list_error(list, node, "needs a list of at most %d stages %s", STAGES_MAX,
                   stage_form(list));
    else
        stages.items = mem_zalloc(node->count + 1, sizeof *stages.items);
    for (size_t i = 0; good && i < node->count; i++) {
        struct ramp_stage *stage = &stages.items[stages.count++];

        good = read_stage(list, node->entries[i].value, stage);
        strbuf_add(&canonical, i > 0 ? ", {for: " : "{for: ");
        units_add_duration(&canonical, stage->for_ns);
        strbuf_add(&canonical, ", to: ");
        field_add_number(&canonical, list->field->type, stage->to);
        strbuf_add_char(&canonical, '}');
    }
    if (good) {
        *(struct stage_list *)member = stages;
        if (text)
            strbuf_addf(text, "[%s]", canonical.text);
    } else {
        free(stages.items);
    }
    strbuf_release(&canonical);
    return good;
}

bool list_value_read(const struct schema_context *context, const struct field *field,
                     const char *subject, const struct yaml_node *node, void *member,
                     struct strbuf *text)
{
    const struct list list = {context, field, subject};

    if (field->type == FIELD_STAGES || field->type == FIELD_COUNT_STAGES)
        return read_stages(&list, node, member, text);
    return read_numbers(&list, node, member, text);
}
