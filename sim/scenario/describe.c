// SPDX-License-Identifier: GPL-3.0-or-later
/* `isthmus describe`: what can be set and what is measured, from the tables; what a scenario came
 * to, from its values. */
#include "field_value.h"
#include "mem.h"
#include "run_settings.h"
#include "scenario_internal.h"
#include "suggest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- a table of text, its columns as wide as their widest cell ------------------------- */

enum { COLUMNS_MAX = 8 };

struct text_table {
    size_t column_count;
    char **cells;
    size_t count, capacity;
};

static void table_add(struct text_table *table, const char *cell)
{
    MEM_GROW(table->cells, table->capacity, table->count + 1);
    table->cells[table->count++] = mem_strdup(cell ? cell : "");
}

static int text_width(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void table_print_and_release(struct text_table *table, FILE *out)
{
    int widths[COLUMNS_MAX] = {0};

    for (size_t i = 0; i < table->count; i++) {
        int width = text_width(table->cells[i]);

        if (width > widths[i % table->column_count])
            widths[i % table->column_count] = width;
    }
    for (size_t i = 0; i < table->count; i++) {
        size_t column = i % table->column_count;
        bool is_last = column + 1 == table->column_count;

        fprintf(out, "%s%s", column == 0 ? "  " : "", table->cells[i]);
        if (is_last)
            fputc('\n', out);
        else
            fprintf(out, "%*s", widths[column] - text_width(table->cells[i]) + 2, "");
        free(table->cells[i]);
    }
    free(table->cells);
}

/* A model with its own tables, or one kind of it with the kind's. */
struct described {
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

static const char *metric_kind_name(enum metric_kind kind)
{
    static const char *const names[] = {[METRIC_COUNT] = "count",
                                        [METRIC_RATIO] = "ratio",
                                        [METRIC_LEVEL] = "level",
                                        [METRIC_LATENCY] = "latency",
                                        [METRIC_VALUE] = "value"};

    return names[kind];
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
    struct text_table table = {.column_count = 6};
    static const char *const head[] = {"parameter", "type",   "default",
                                       "range",     "source", "meaning"};

    for (size_t i = 0; i < 6; i++)
        table_add(&table, head[i]);
    for (size_t i = 0; i < count; i++) {
        const struct field *field = &fields[i];
        struct strbuf range = STRBUF_INIT;

        add_range(&range, field);
        table_add(&table, field->name);
        table_add(&table, field_type_name(field->type));
        table_add(&table, default_text(field));
        table_add(&table, range.text);
        table_add(&table, field->source);
        table_add(&table, field->meaning);
        strbuf_release(&range);
    }
    table_print_and_release(&table, out);
}

static void print_metrics(const struct metric *metrics, size_t count, FILE *out)
{
    struct text_table table = {.column_count = 5};
    static const char *const head[] = {"metric", "kind", "unit", "better", "meaning"};

    for (size_t i = 0; i < 5; i++)
        table_add(&table, head[i]);
    for (size_t i = 0; i < count; i++) {
        struct strbuf name = STRBUF_INIT;

        add_metric_name(&name, &metrics[i]);
        table_add(&table, name.text);
        table_add(&table, metric_kind_name(metrics[i].kind));
        table_add(&table, unit_name(metrics[i].unit));
        table_add(&table, direction_name(metrics[i].better));
        table_add(&table, metrics[i].meaning);
        strbuf_release(&name);
    }
    table_print_and_release(&table, out);
}

static void print_kinds(const struct model_ops *ops, FILE *out)
{
    struct text_table table = {.column_count = 2};

    for (size_t i = 0; i < ops->kind_count; i++) {
        table_add(&table, ops->kinds[i]->name);
        table_add(&table, ops->kinds[i]->meaning);
    }
    fprintf(out, "kinds, each with parameters of its own (isthmus describe %s.KIND):\n",
            ops->section);
    table_print_and_release(&table, out);
}

/* --- JSON ------------------------------------------------------------------------------ */

/* `"key": "text"`, or null; a comma before all but the first. */
static void add_member(struct strbuf *out, const char *key, const char *text)
{
    if (out->text[out->length - 1] != '{')
        strbuf_add(out, ", ");
    strbuf_add_json(out, key);
    strbuf_add(out, ": ");
    if (text)
        strbuf_add_json(out, text);
    else
        strbuf_add(out, "null");
}

static void add_names(struct strbuf *out, const char *key, const char *const *names)
{
    strbuf_addf(out, ", \"%s\": [", key);
    for (size_t i = 0; names[i]; i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        strbuf_add_json(out, names[i]);
    }
    strbuf_add_char(out, ']');
}

static void add_field_json(struct strbuf *out, const struct field *field)
{
    strbuf_add_char(out, '{');
    add_member(out, "name", field->name);
    add_member(out, "type", field_type_name(field->type));
    add_member(out, "default", field->initial);
    add_member(out, "min", field->min);
    add_member(out, "max", field->max);
    if (field->choices)
        add_names(out, "choices", field->choices);
    add_member(out, "meaning", field->meaning);
    add_member(out, "source", field->source);
    strbuf_add_char(out, '}');
}

static void add_metric_json(struct strbuf *out, const struct metric *metric)
{
    strbuf_add_char(out, '{');
    add_member(out, "name", metric->name);
    add_member(out, "kind", metric_kind_name(metric->kind));
    add_member(out, "unit", unit_name(metric->unit));
    add_member(out, "label", metric->label);
    if (metric->label_values)
        add_names(out, "label_values", metric->label_values);
    add_member(out, "better", direction_name(metric->better));
    add_member(out, "meaning", metric->meaning);
    strbuf_add_char(out, '}');
}

static void add_tables_json(struct strbuf *out, const struct described *described)
{
    strbuf_add(out, ", \"parameters\": [");
    for (size_t i = 0; i < described->field_count; i++) {
        strbuf_add(out, i > 0 ? ",\n  " : "\n  ");
        add_field_json(out, &described->fields[i]);
    }
    strbuf_add(out, "], \"metrics\": [");
    for (size_t i = 0; i < described->metric_count; i++) {
        strbuf_add(out, i > 0 ? ",\n  " : "\n  ");
        add_metric_json(out, &described->metrics[i]);
    }
    strbuf_add_char(out, ']');
}

static void add_kinds_json(struct strbuf *out, const struct model_ops *ops)
{
    strbuf_add(out, ", \"kinds\": [");
    for (size_t i = 0; i < ops->kind_count; i++) {
        strbuf_add(out, i > 0 ? ",\n  {" : "\n  {");
        add_member(out, "name", ops->kinds[i]->name);
        add_member(out, "meaning", ops->kinds[i]->meaning);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

static void add_model_json(struct strbuf *out, const struct model_ops *ops)
{
    strbuf_add_char(out, '{');
    add_member(out, "name", ops->name);
    add_member(out, "section", ops->section);
    add_member(out, "scope", scope_name(ops->scope));
    add_member(out, "meaning", ops->meaning);
    if (ops->only_kinds)
        add_names(out, "only_kinds", ops->only_kinds);
}

static void print_and_release(struct strbuf *text, FILE *out)
{
    fwrite(text->text, 1, text->length, out);
    fputc('\n', out);
    strbuf_release(text);
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

void describe_models(const struct registry *registry, FILE *out, bool json)
{
    struct text_table table = {.column_count = 4};
    struct strbuf text = STRBUF_INIT;
    struct model_ops run;

    strbuf_add(&text, "[");
    for (size_t i = 0; i <= registry->model_count; i++) {
        const struct model_ops *ops = i == 0 ? run_as_model(&run) : registry->models[i - 1];

        strbuf_add(&text, i > 0 ? ",\n " : "\n ");
        add_model_json(&text, ops);
        strbuf_add_char(&text, '}');
        table_add(&table, ops->name);
        table_add(&table, ops->section[0] ? ops->section : "-");
        table_add(&table, scope_name(ops->scope));
        table_add(&table, ops->meaning);
    }
    strbuf_add(&text, "]");
    if (json) {
        print_and_release(&text, out);
        out = NULL;
    }
    strbuf_release(&text);
    if (out)
        table_print_and_release(&table, out);
    for (size_t i = 0; !out && i < table.count; i++)
        free(table.cells[i]);
    if (!out)
        free(table.cells);
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
            ops, kind, kind->fields, kind->field_count, kind->metrics, kind->metric_count};
    else
        *described = (struct described){
            ops, NULL, ops->fields, ops->field_count, ops->metrics, ops->metric_count};
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

static void print_described_json(const struct described *described, FILE *out)
{
    struct strbuf text = STRBUF_INIT;

    add_model_json(&text, described->ops);
    if (described->kind) {
        add_member(&text, "kind", described->kind->name);
        add_member(&text, "kind_meaning", described->kind->meaning);
    }
    add_tables_json(&text, described);
    if (!described->kind && described->ops->kind_count > 0)
        add_kinds_json(&text, described->ops);
    strbuf_add_char(&text, '}');
    print_and_release(&text, out);
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
        print_described_json(&described, out);
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

struct scenario_printer {
    struct text_table table;
    struct strbuf json;
};

static void print_value(void *self, const struct explicit_value *told)
{
    struct scenario_printer *printer = self;
    struct strbuf origin = STRBUF_INIT;

    value_add_origin(&origin, told->field, told->value);
    table_add(&printer->table, told->path);
    table_add(&printer->table, told->value->text);
    table_add(&printer->table, origin.text);
    strbuf_add(&printer->json, printer->json.length > 1 ? ",\n  {" : "\n  {");
    add_member(&printer->json, "path", told->path);
    add_member(&printer->json, "value", told->value->text);
    add_member(&printer->json, "origin", origin.text);
    add_member(&printer->json, "meaning", told->field->meaning);
    strbuf_add_char(&printer->json, '}');
    strbuf_release(&origin);
}

static void print_seed(struct scenario_printer *printer, const struct scenario *scenario)
{
    static const struct field seed = {
        .name = "seed", .meaning = RUN_SEED_MEANING, .source = "assumption"};
    char text[32];
    const struct schema_value value = {text, scenario_internal(scenario)->seed_node, true};
    const struct explicit_value told = {"seed", &seed, &value};

    snprintf(text, sizeof text, "%" PRIu64, scenario->run.seed);
    print_value(printer, &told);
}

void describe_scenario(const struct scenario *scenario, FILE *out, bool json)
{
    struct scenario_printer printer = {{.column_count = 3}, STRBUF_INIT};
    struct strbuf text = STRBUF_INIT;

    strbuf_add(&printer.json, "[");
    print_seed(&printer, scenario);
    values_each(scenario, print_value, &printer);
    if (json) {
        strbuf_add(&text, "{");
        add_member(&text, "name", scenario->name);
        add_member(&text, "path", scenario->path);
        strbuf_addf(&text, ", \"hash\": \"%016" PRIx64 "\", \"values\": %s]}", scenario->hash,
                    printer.json.text);
        print_and_release(&text, out);
        for (size_t i = 0; i < printer.table.count; i++)
            free(printer.table.cells[i]);
        free(printer.table.cells);
    } else {
        fprintf(out, "%s (%s, hash %016" PRIx64 ")\n", scenario->name, scenario->path,
                scenario->hash);
        table_print_and_release(&printer.table, out);
    }
    strbuf_release(&printer.json);
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
