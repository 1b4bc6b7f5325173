// SPDX-License-Identifier: GPL-3.0-or-later
/* `isthmus describe`: what can be set and what is measured, from the tables; what a scenario came
 * to, from its values. */
#include "field_value.h"
#include "json_writer.h"
#include "mem.h"
#include "quote.h"
#include "run_settings.h"
#include "scenario_internal.h"
#include "suggest.h"
#include "text_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A model with its own tables, or one kind of it with the kind's. */
struct described {
    const struct registry *registry;
    const struct model_ops *ops;
    const struct model_kind *kind; /* NULL: the model */
    const struct field *fields;
    size_t field_count;
    const struct metric *metrics;
    size_t metric_count;
};

/* --- tables of a model ----------------------------------------------------------------- */

static const char *scope_name(enum model_scope scope)
{
    static const char *const names[] = {[MODEL_ONCE] = "once",
                                        [MODEL_PER_REGION] = "per region",
                                        [MODEL_PER_LINK] = "per link",
                                        [MODEL_LIST] = "list"};

    return names[scope];
}

/* Which way the statistic gets better; "-" where neither is. */
static const char *direction_name(enum direction direction)
{
    static const char *const names[] = {
        [NO_DIRECTION] = "-", [LOWER_IS_BETTER] = "lower", [HIGHER_IS_BETTER] = "higher"};

    return names[direction];
}

/* "1ms to 1h", "at least 0", "none|fixed|list". */
static void add_range(struct strbuf *out, const struct field *field)
{
    if (field->choices)
        for (size_t i = 0; field->choices[i]; i++)
            strbuf_addf(out, "%s%s", i > 0 ? "|" : "", field->choices[i]);
    else if (field->min && field->max)
        strbuf_addf(out, "%s to %s", field->min, field->max);
    else if (field->min)
        strbuf_addf(out, "at least %s", field->min);
    else if (field->max)
        strbuf_addf(out, "at most %s", field->max);
}

static const char *default_text(const struct field *field)
{
    if (field->initial)
        return field->initial;
    return field_is_optional(field) ? "none" : "must be given";
}

static void add_metric_name(struct strbuf *out, const struct metric *metric)
{
    strbuf_add(out, metric->name);
    if (metric->label)
        strbuf_addf(out, "{%s}", metric->label);
}

static void print_fields(const struct field *fields, size_t count, FILE *out)
{
    struct text_table *table =
        text_table_create("parameter\ttype\tdefault\trange\tsource\tmeaning");

    for (size_t i = 0; i < count; i++) {
        const struct field *field = &fields[i];

        text_table_add(table, "%s", field->name);
        text_table_add(table, "%s", field_type_name(field->type));
        text_table_add(table, "%s", default_text(field));
        add_range(text_table_cell(table), field);
        text_table_add(table, "%s", field->source ? field->source : "");
        text_table_add(table, "%s", field->meaning);
    }
    text_table_print_and_free(table, out);
}

static void print_metrics(const struct metric *metrics, size_t count, FILE *out)
{
    struct text_table *table = text_table_create("metric\tkind\tunit\tbetter\tmeaning");

    for (size_t i = 0; i < count; i++) {
        add_metric_name(text_table_cell(table), &metrics[i]);
        text_table_add(table, "%s", metric_kind_name(metrics[i].kind));
        text_table_add(table, "%s", unit_name(metrics[i].unit));
        text_table_add(table, "%s", direction_name(metrics[i].better));
        text_table_add(table, "%s", metrics[i].meaning);
    }
    text_table_print_and_free(table, out);
}

static void print_kinds(const struct model_ops *ops, FILE *out)
{
    struct text_table *table = text_table_create_bare(2);

    for (size_t i = 0; i < ops->kind_count; i++) {
        text_table_add(table, "%s", ops->kinds[i]->name);
        text_table_add(table, "%s", ops->kinds[i]->meaning);
    }
    fprintf(out, "kinds, each with parameters of its own (isthmus describe %s.KIND):\n",
            ops->section);
    text_table_print_and_free(table, out);
}

/* --- JSON ------------------------------------------------------------------------------ */

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

/* Whatever kinds are chosen. */
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
    json_text(json, "better", direction_name(metric->better));
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

/* Opens the object, which the caller closes. */
static void open_model(struct json_writer *json, const struct model_ops *ops)
{
    json_open_object(json, NULL);
    json_text(json, "name", ops->name);
    json_text(json, "section", ops->section);
    json_text(json, "scope", scope_name(ops->scope));
    json_text(json, "meaning", ops->meaning);
    if (ops->only_kinds)
        write_names(json, "only_kinds", ops->only_kinds);
}

/* --- the verbs ------------------------------------------------------------------------- */

/* The settings of a run stand among the models, as what a file says at its top level. */
static const struct model_ops *run_as_model(struct model_ops *ops)
{
    *ops = (struct model_ops){.name = "run",
                              .section = "",
                              .meaning = "settings of a run: keys at the top level of a file",
                              .scope = MODEL_ONCE,
                              .fields = run_settings_fields,
                              .field_count = run_settings_field_count};
    return ops;
}

static const struct model_ops *model_at(const struct registry *registry, size_t index,
                                        struct model_ops *run)
{
    return index == 0 ? run_as_model(run) : registry->models[index - 1];
}

static void write_models(const struct registry *registry, FILE *out)
{
    struct json_writer json;
    struct model_ops run;

    json_begin(&json, out);
    json_open_array(&json, NULL);
    for (size_t i = 0; i <= registry->model_count; i++) {
        open_model(&json, model_at(registry, i, &run));
        json_close(&json);
    }
    json_close(&json);
    json_end(&json);
}

static void print_models(const struct registry *registry, FILE *out)
{
    struct text_table *table = text_table_create_bare(4);
    struct model_ops run;

    for (size_t i = 0; i <= registry->model_count; i++) {
        const struct model_ops *ops = model_at(registry, i, &run);

        text_table_add(table, "%s", ops->name);
        text_table_add(table, "%s", ops->section[0] ? ops->section : "-");
        text_table_add(table, "%s", scope_name(ops->scope));
        text_table_add(table, "%s", ops->meaning);
    }
    text_table_print_and_free(table, out);
}

void describe_models(const struct registry *registry, FILE *out, bool json)
{
    if (json)
        write_models(registry, out);
    else
        print_models(registry, out);
}

static const struct model_ops *find_model(const struct registry *registry, const char *name,
                                          struct model_ops *run)
{
    if (strcmp(name, "run") == 0)
        return run_as_model(run);
    for (size_t i = 0; i < registry->model_count; i++)
        if (strcmp(registry->models[i]->name, name) == 0 ||
            strcmp(registry->models[i]->section, name) == 0)
            return registry->models[i];
    return NULL;
}

static void unknown_model(const struct registry *registry, const char *name, struct diag *diag)
{
    const char **names = mem_alloc(registry->model_count + 1, sizeof *names);
    struct strbuf text = STRBUF_INIT;

    names[0] = "run";
    for (size_t i = 0; i < registry->model_count; i++)
        names[i + 1] = registry->models[i]->name;
    strbuf_addf(&text, "unknown model '%s'", name);
    add_remedy(&text, name, "known are", names, registry->model_count + 1);
    diag_error(diag, "%s", text.text);
    free(names);
    strbuf_release(&text);
}

static void unknown_kind(const struct model_ops *ops, const char *name, struct diag *diag)
{
    const char **names = mem_alloc(ops->kind_count + 1, sizeof *names);
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < ops->kind_count; i++)
        names[i] = ops->kinds[i]->name;
    strbuf_addf(&text, "'%s' has no kind '%s'", ops->section, name);
    if (ops->kind_count > 0)
        add_remedy(&text, name, "its kinds are", names, ops->kind_count);
    diag_error(diag, "%s", text.text);
    free(names);
    strbuf_release(&text);
}

/* "store" or "store.regional"; false with the error in `diag`. */
static bool find_described(const struct registry *registry, const char *name, struct model_ops *run,
                           struct described *described, struct diag *diag)
{
    const char *dot = strchr(name, '.');
    char *model = mem_strndup(name, dot ? (size_t)(dot - name) : strlen(name));
    const struct model_ops *ops = find_model(registry, model, run);
    const struct model_kind *kind = ops && dot ? kind_find(ops, dot + 1) : NULL;

    if (!ops)
        unknown_model(registry, model, diag);
    else if (dot && !kind)
        unknown_kind(ops, dot + 1, diag);
    else if (kind)
        *described = (struct described){
            registry,          ops, kind, kind->fields, kind->field_count, kind->metrics,
            kind->metric_count};
    else
        *described = (struct described){
            registry, ops, NULL, ops->fields, ops->field_count, ops->metrics, ops->metric_count};
    free(model);
    return ops && (kind || !dot);
}

bool describe_knows(const struct registry *registry, const char *name)
{
    char *model = mem_strndup(name, strcspn(name, "."));
    struct model_ops run;
    bool known = find_model(registry, model, &run) != NULL;

    free(model);
    return known;
}

static void write_described(const struct described *described, FILE *out)
{
    struct json_writer json;

    json_begin(&json, out);
    open_model(&json, described->ops);
    if (described->kind) {
        json_text(&json, "kind", described->kind->name);
        json_text(&json, "kind_meaning", described->kind->meaning);
    }
    write_tables(&json, described);
    if (!described->kind && described->ops->kind_count > 0)
        write_kinds(&json, described->ops);
    json_close(&json);
    json_end(&json);
}

static void print_head(const struct described *described, FILE *out)
{
    const struct model_ops *ops = described->ops;

    if (described->kind) {
        fprintf(out, "%s.%s: %s\n", ops->section, described->kind->name, described->kind->meaning);
        fprintf(out,
                "section '%s' with 'kind: %s', beside the parameters of every kind (isthmus "
                "describe %s)\n",
                ops->section, described->kind->name, ops->section);
        return;
    }
    fprintf(out, "%s: %s\n", ops->name, ops->meaning);
    if (ops->section[0])
        fprintf(out, "section '%s', %s\n", ops->section, scope_name(ops->scope));
    for (size_t i = 0; ops->only_kinds && ops->only_kinds[i]; i++)
        fprintf(out, "%s%s%s",
                i == 0 ? "only where '" MODEL_KIND_SECTION "." KIND_KEY "' is " : ", ",
                ops->only_kinds[i], ops->only_kinds[i + 1] ? "" : "\n");
}

int describe_model(const struct registry *registry, const char *name, FILE *out, bool json,
                   struct diag *diag)
{
    struct model_ops run;
    struct described described;

    if (!find_described(registry, name, &run, &described, diag))
        return -1;
    if (json) {
        write_described(&described, out);
        return 0;
    }
    print_head(&described, out);
    if (described.field_count > 0) {
        fputc('\n', out);
        print_fields(described.fields, described.field_count, out);
    }
    if (described.metric_count > 0) {
        fputc('\n', out);
        print_metrics(described.metrics, described.metric_count, out);
    }
    if (!described.kind && described.ops->kind_count > 0) {
        fputc('\n', out);
        print_kinds(described.ops, out);
    }
    return 0;
}

/* Each value goes to one of them. */
struct value_printer {
    struct json_writer *json;
    struct text_table *table;
};

static void print_value(void *self, const struct explicit_value *told)
{
    struct value_printer *printer = self;
    struct strbuf origin = STRBUF_INIT;

    value_add_origin(&origin, told->field, told->value);
    if (printer->json) {
        json_open_object(printer->json, NULL);
        json_text(printer->json, "path", told->path);
        json_text(printer->json, "value", told->value->text);
        json_text(printer->json, "origin", origin.text);
        json_text(printer->json, "meaning", told->field->meaning);
        json_close(printer->json);
    } else {
        text_table_add(printer->table, "%s", told->path);
        text_table_add(printer->table, "%s", told->value->text ? told->value->text : "");
        text_table_add(printer->table, "%s", origin.text);
    }
    strbuf_release(&origin);
}

static void print_values(const struct scenario *scenario, struct value_printer *printer)
{
    static const struct field seed = {
        .name = "seed", .meaning = RUN_SEED_MEANING, .source = "assumption"};
    char text[32];
    const struct schema_value value = {text, scenario_internal(scenario)->seed_node, true};
    const struct explicit_value told = {"seed", &seed, &value};

    snprintf(text, sizeof text, "%" PRIu64, scenario->run.seed);
    print_value(printer, &told);
    values_each(scenario, print_value, printer);
}

static void write_scenario(const struct scenario *scenario, FILE *out)
{
    struct json_writer json;
    struct value_printer printer = {.json = &json};

    json_begin(&json, out);
    json_open_object(&json, NULL);
    json_text(&json, "name", scenario->name);
    json_text(&json, "path", scenario->path);
    json_digest(&json, "hash", scenario->hash);
    json_open_array(&json, "values");
    print_values(scenario, &printer);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

void describe_scenario(const struct scenario *scenario, FILE *out, bool json)
{
    struct value_printer printer = {.table = NULL};

    if (json) {
        write_scenario(scenario, out);
        return;
    }
    printer.table = text_table_create_bare(3);
    print_values(scenario, &printer);
    quote_print_line(out, "%s (%s, hash %016" PRIx64 ")", scenario->name, scenario->path,
                     scenario->hash);
    text_table_print_and_free(printer.table, out);
}

/* --- Markdown -------------------------------------------------------------------------- */

/* A cell: '|' would end it. */
static void print_cell(FILE *out, const char *text, const char *end)
{
    for (; text && *text; text++)
        fprintf(out, *text == '|' ? "\\%c" : "%c", *text);
    fputs(end, out);
}

static void print_markdown_fields(const struct described *described, FILE *out)
{
    fputs("| parameter | type | default | range | meaning | source |\n"
          "|---|---|---|---|---|---|\n",
          out);
    for (size_t i = 0; i < described->field_count; i++) {
        const struct field *field = &described->fields[i];
        struct strbuf range = STRBUF_INIT;

        add_range(&range, field);
        fprintf(out, "| `%s` | %s | ", field->name, field_type_name(field->type));
        print_cell(out, default_text(field), " | ");
        print_cell(out, range.text, " | ");
        print_cell(out, field->meaning, " | ");
        print_cell(out, field->source, " |\n");
        strbuf_release(&range);
    }
}

static void print_markdown_metrics(const struct described *described, FILE *out)
{
    fputs("| metric | kind | unit | labels | meaning |\n|---|---|---|---|---|\n", out);
    for (size_t i = 0; i < described->metric_count; i++) {
        const struct metric *metric = &described->metrics[i];

        fprintf(out, "| `%s` | %s | %s | region%s%s | ", metric->name,
                metric_kind_name(metric->kind), unit_name(metric->unit), metric->label ? ", " : "",
                metric->label ? metric->label : "");
        print_cell(out, metric->meaning, " |\n");
    }
}

static void print_markdown_kinds(const struct model_ops *ops, FILE *out)
{
    fputs("\n| kind | meaning |\n|---|---|\n", out);
    for (size_t i = 0; i < ops->kind_count; i++) {
        fprintf(out, "| `%s` | ", ops->kinds[i]->name);
        print_cell(out, ops->kinds[i]->meaning, " |\n");
    }
}

int describe_markdown(const struct registry *registry, const char *name, FILE *out,
                      struct diag *diag)
{
    struct model_ops run;
    struct described described;

    if (!find_described(registry, name, &run, &described, diag))
        return -1;
    if (described.field_count > 0)
        print_markdown_fields(&described, out);
    if (described.metric_count > 0) {
        fputs(described.field_count > 0 ? "\n" : "", out);
        print_markdown_metrics(&described, out);
    }
    if (!described.kind && described.ops->kind_count > 0)
        print_markdown_kinds(described.ops, out);
    return 0;
}
