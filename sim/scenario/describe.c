// SPDX-License-Identifier: GPL-3.0-or-later
/* Describe a model or a kind as text: parameters, metrics, kinds. */
#include "describe_internal.h"

#include "error_list.h"
#include "field_value.h"
#include "mem.h"
#include "model_kinds.h"
#include "run_settings.h"
#include "schema.h"
#include "text_table.h"

#include <stdlib.h>
#include <string.h>

/* --- words ------------------------------------------------------------------------------ */

const char *describe_scope(enum model_scope scope)
{
    static const char *const names[] = {[MODEL_ONCE] = "once",
                                        [MODEL_PER_REGION] = "per region",
                                        [MODEL_PER_LINK] = "per link",
                                        [MODEL_LIST] = "list"};

    return names[scope];
}

const char *describe_direction(enum direction direction)
{
    static const char *const names[] = {
        [NO_DIRECTION] = "-", [LOWER_IS_BETTER] = "lower", [HIGHER_IS_BETTER] = "higher"};

    return names[direction];
}

/* Tables may write zero without its unit. */
static const char *with_unit(const struct field *field, const char *text)
{
    if (!text || strcmp(text, "0") != 0)
        return text;
    switch (field->type) {
    case FIELD_SHARE:
        return "0%";
    case FIELD_SIZE:
        return "0 B";
    case FIELD_BANDWIDTH:
        return "0bit/s";
    default:
        return text;
    }
}

void describe_add_range(struct strbuf *out, const struct field *field)
{
    const char *min = with_unit(field, field->min);

    if (field->choices)
        for (size_t i = 0; field->choices[i]; i++)
            strbuf_addf(out, "%s%s", i > 0 ? "|" : "", field->choices[i]);
    else if (min && field->max)
        strbuf_addf(out, "%s to %s", min, field->max);
    else if (min)
        strbuf_addf(out, "at least %s", min);
    else if (field->max)
        strbuf_addf(out, "at most %s", field->max);
}

const char *describe_default(const struct field *field)
{
    if (field->initial)
        return with_unit(field, field->initial);
    return field_is_optional(field) ? "none" : "required";
}

/* --- tables of a model ----------------------------------------------------------------- */

static void add_metric_name(struct strbuf *out, const struct metric *metric)
{
    strbuf_add(out, metric->name);
    if (metric->label)
        strbuf_addf(out, "{%s}", metric->label);
}

#define TERMINAL_WIDTH 100
#define CHOICES_WIDTH_MAX 60

/* How many choices there are, and whether they are too wide for the table. */
static bool choices_are_wide(const struct field *field, size_t *count)
{
    size_t width = 0, i = 0;

    for (; field->choices && field->choices[i]; i++)
        width += strlen(field->choices[i]) + 1;
    *count = i;
    return width > CHOICES_WIDTH_MAX;
}

/* The choices of a parameter, below the table: "values of preset: none, envoy, ...". */
static void print_choices(const struct field *field, FILE *out)
{
    int column = fprintf(out, "\n  values of %s:", field->name) - 1;

    for (size_t i = 0; field->choices[i]; i++) {
        int width = (int)strlen(field->choices[i]) + 2;

        if (column + width > TERMINAL_WIDTH)
            column = fprintf(out, "\n   ") - 1;
        fprintf(out, " %s%s", field->choices[i], field->choices[i + 1] ? "," : "\n");
        column += width;
    }
}

static void print_fields(const struct field *fields, size_t count, FILE *out)
{
    size_t choices;
    struct text_table *table = text_table_create("parameter\ttype\tdefault\trange\tsource");

    for (size_t i = 0; i < count; i++) {
        const struct field *field = &fields[i];

        text_table_add(table, "%s", field->name);
        text_table_add(table, "%s", field_type_name(field->type));
        text_table_add(table, "%s", describe_default(field));
        if (choices_are_wide(field, &choices))
            text_table_add(table, "one of %zu, see below", choices);
        else
            describe_add_range(text_table_cell(table), field);
        text_table_add(table, "%s", field->source ? field->source : "");
        text_table_note(table, field->meaning);
    }
    text_table_print_and_free(table, out);
    for (size_t i = 0; i < count; i++)
        if (choices_are_wide(&fields[i], &choices))
            print_choices(&fields[i], out);
}

static void print_metrics(const struct metric *metrics, size_t count, FILE *out)
{
    struct text_table *table = text_table_create("metric\tkind\tunit\tbetter\tmeaning");

    for (size_t i = 0; i < count; i++) {
        add_metric_name(text_table_cell(table), &metrics[i]);
        text_table_add(table, "%s", metric_kind_name(metrics[i].kind));
        text_table_add(table, "%s", unit_name(metrics[i].unit));
        text_table_add(table, "%s", describe_direction(metrics[i].better));
        text_table_add(table, "%s", metrics[i].meaning);
    }
    text_table_print_and_free(table, out);
}

/* Label values that a model or kind adds to metrics of other models. */
static void print_label_rows(const struct model_rows *rows, FILE *out)
{
    struct text_table *table = text_table_create("label value\tset\tmeaning");

    for (size_t i = 0; i < rows->label_count; i++) {
        text_table_add(table, "%s", rows->labels[i].value);
        text_table_add(table, "%s", rows->labels[i].set);
        text_table_add(table, "%s", rows->labels[i].meaning);
    }
    text_table_print_and_free(table, out);
}

/* "faults on link: loss, delay, blackhole": a line for each target. */
static void print_faults(const struct model_rows *rows, FILE *out)
{
    for (size_t i = 0; i < rows->fault_count; i++) {
        const struct fault_capability *row = &rows->faults[i];

        if (i > 0 && strcmp(row->target, rows->faults[i - 1].target) == 0)
            fprintf(out, ", %s", row->action);
        else
            fprintf(out, "%sfaults on %s: %s", i > 0 ? "\n" : "", row->target, row->action);
    }
    fputc('\n', out);
}

/* Settings of it that 'validate' warns about. */
static void print_lints(const struct model_rows *rows, FILE *out)
{
    struct text_table *table = text_table_create("lint rule\tparameter\tmeaning");

    for (size_t i = 0; i < rows->lint_count; i++) {
        text_table_add(table, "%s", rows->lints[i].code);
        text_table_add(table, "%s", rows->lints[i].field);
        text_table_add(table, "%s", rows->lints[i].meaning);
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
    fprintf(out, "kinds, each with its own parameters (isthmus describe %s.KIND):\n", ops->section);
    text_table_print_and_free(table, out);
}

/* --- the verbs ------------------------------------------------------------------------- */

/* The run settings are listed as a model whose parameters are at the top level of a file. */
static const struct model_ops *run_as_model(struct model_ops *ops)
{
    *ops = (struct model_ops){.name = "run",
                              .section = "",
                              .meaning = "run settings: keys at the top level of a scenario",
                              .scope = MODEL_ONCE,
                              .fields = run_settings_fields,
                              .field_count = run_settings_field_count};
    return ops;
}

const struct model_ops *describe_model_at(const struct registry *registry, size_t index,
                                          struct model_ops *run)
{
    return index == 0 ? run_as_model(run) : registry->models[index - 1];
}

static void print_models(const struct registry *registry, FILE *out)
{
    struct text_table *table = text_table_create_bare(4);
    struct model_ops run;

    for (size_t i = 0; i <= registry->model_count; i++) {
        const struct model_ops *ops = describe_model_at(registry, i, &run);

        text_table_add(table, "%s", ops->name);
        text_table_add(table, "%s", ops->section[0] ? ops->section : "-");
        text_table_add(table, "%s", describe_scope(ops->scope));
        text_table_add(table, "%s", ops->meaning);
    }
    text_table_print_and_free(table, out);
}

void describe_models(const struct registry *registry, FILE *out, bool json)
{
    if (json)
        describe_models_json(registry, out);
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

static size_t add_metric_names(const char **names, size_t count, const struct metric *metrics,
                               size_t metric_count)
{
    for (size_t i = 0; i < metric_count; i++)
        names[count + i] = metrics[i].name;
    return count + metric_count;
}

/* Of models, then of kinds, then of the metrics of both. */
static size_t add_known_names(const struct registry *registry, const char **names)
{
    size_t count = 0;

    names[count++] = "run";
    for (size_t i = 0; i < registry->model_count; i++)
        names[count++] = registry->models[i]->name;
    for (size_t i = 0; i < registry->model_count; i++)
        for (size_t j = 0; j < registry->models[i]->kind_count; j++)
            names[count++] = registry->models[i]->kinds[j]->name;
    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        count = add_metric_names(names, count, ops->metrics, ops->metric_count);
        for (size_t j = 0; j < ops->kind_count; j++)
            count =
                add_metric_names(names, count, ops->kinds[j]->metrics, ops->kinds[j]->metric_count);
    }
    return count;
}

static size_t known_name_count(const struct registry *registry)
{
    size_t count = 1 + registry->model_count;

    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        count += ops->metric_count + ops->kind_count;
        for (size_t j = 0; j < ops->kind_count; j++)
            count += ops->kinds[j]->metric_count;
    }
    return count;
}

/* Length of the start of a parameter's dotted path that ends with the part `name` ("reshard" of
 * "reshard.once.at"; '-' stands for '_'); 0: no part is called so. */
static size_t path_up_to(const char *path, const char *name)
{
    size_t length = strlen(name);

    for (const char *part = path; part; part = strchr(part, '.')) {
        size_t same = 0;

        part += part != path; /* the dot */
        while (same < length &&
               (part[same] == name[same] || (part[same] == '_' && name[same] == '-')))
            same++;
        if (same == length && (part[same] == '.' || part[same] == '\0'))
            return (size_t)(part - path) + length;
    }
    return 0;
}

/* The first parameter of a section of which a part is called `name`. */
static bool add_namesake(struct strbuf *text, const char *section, const struct field *fields,
                         size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = path_up_to(fields[i].name, name);

        if (length > 0) {
            strbuf_addf(text, "%s'isthmus describe %s.%.*s'", text->length > 0 ? ", " : "", section,
                        (int)length, fields[i].name);
            return true;
        }
    }
    return false;
}

/* How to see the parameters that are called `name`; empty: there is none. */
static void add_namesakes(struct strbuf *text, const struct registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];
        bool found = ops->section[0] == '\0' ||
                     add_namesake(text, ops->section, ops->fields, ops->field_count, name);

        for (size_t j = 0; j < ops->kind_count && !found; j++)
            found = add_namesake(text, ops->section, ops->kinds[j]->fields,
                                 ops->kinds[j]->field_count, name);
    }
}

static void unknown_name(const struct registry *registry, const char *name, struct diag *diag)
{
    const char **names = mem_alloc(known_name_count(registry), sizeof *names);
    struct strbuf text = STRBUF_INIT, namesakes = STRBUF_INIT;
    size_t count = add_known_names(registry, names);

    strbuf_addf(&text, "unknown model, kind or metric '%s'", name);
    add_namesakes(&namesakes, registry, name);
    if (namesakes.length > 0)
        strbuf_addf(&text, "; parameters are shown by %s", namesakes.text);
    else
        add_remedy(&text, name, "models are", names, count);
    diag_error(diag, "%s", text.text);
    free(names);
    strbuf_release(&namesakes);
    strbuf_release(&text);
}

/* Neither a kind nor a parameter of a model. */
static void unknown_part(const struct model_ops *ops, const char *name, struct diag *diag)
{
    const char **names = mem_alloc(ops->kind_count + ops->field_count, sizeof *names);
    const char *what = ops->kind_count > 0 ? "kind or parameter" : "parameter";
    struct strbuf text = STRBUF_INIT;
    size_t count = 0;

    for (size_t i = 0; i < ops->kind_count; i++)
        names[count++] = ops->kinds[i]->name;
    for (size_t i = 0; i < ops->field_count; i++)
        names[count++] = ops->fields[i].name;
    strbuf_addf(&text, "'%s' has no %s '%s'", ops->section[0] ? ops->section : ops->name, what,
                name);
    add_remedy(&text, name, ops->kind_count > 0 ? "these are" : "they are", names, count);
    diag_error(diag, "%s", text.text);
    free(names);
    strbuf_release(&text);
}

static struct described described_whole(const struct registry *registry,
                                        const struct model_ops *ops, const struct model_kind *kind)
{
    if (kind)
        return (struct described){.registry = registry,
                                  .ops = ops,
                                  .kind = kind,
                                  .fields = kind->fields,
                                  .field_count = kind->field_count,
                                  .metrics = kind->metrics,
                                  .metric_count = kind->metric_count,
                                  .rows = &kind->rows};
    return (struct described){.registry = registry,
                              .ops = ops,
                              .fields = ops->fields,
                              .field_count = ops->field_count,
                              .metrics = ops->metrics,
                              .metric_count = ops->metric_count,
                              .rows = &ops->rows,
                              .kind_count = ops->kind_count};
}

static const struct model_rows no_rows;

/* Keep the parameter of this name, or its group: "retry" is all "retry.X", which are adjacent.
 * False if there is none. */
static bool keep_fields(struct described *described, const char *name)
{
    size_t length = strlen(name), first = 0, count = 0;

    for (size_t i = 0; i < described->field_count; i++) {
        const char *field = described->fields[i].name;

        if (strncmp(field, name, length) != 0 || (field[length] != '\0' && field[length] != '.'))
            continue;
        first = count == 0 ? i : first;
        count = i - first + 1;
    }
    described->fields += first;
    described->field_count = count;
    described->metric_count = described->kind_count = 0;
    described->rows = &no_rows;
    return count > 0;
}

static bool keep_metric(struct described *described, const char *name)
{
    size_t i = 0;

    while (i < described->metric_count && strcmp(described->metrics[i].name, name) != 0)
        i++;
    if (i == described->metric_count)
        return false;
    described->metrics += i;
    described->metric_count = 1;
    described->field_count = described->kind_count = 0;
    described->rows = &no_rows;
    return true;
}

/* A part of a model, or else of one of its kinds: see keep_fields(), keep_metric(). */
static bool find_part(const struct registry *registry, const struct model_ops *ops,
                      const char *name, bool (*keep)(struct described *, const char *),
                      struct described *described)
{
    for (size_t i = 0; i <= ops->kind_count; i++) {
        *described = described_whole(registry, ops, i > 0 ? ops->kinds[i - 1] : NULL);
        if (keep(described, name))
            return true;
    }
    return false;
}

static bool find_metric(const struct registry *registry, const char *name,
                        struct described *described)
{
    for (size_t i = 0; i < registry->model_count; i++)
        if (find_part(registry, registry->models[i], name, keep_metric, described))
            return true;
    return false;
}

/* A kind by its name alone. */
static bool find_kind(const struct registry *registry, const char *name,
                      struct described *described)
{
    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_kind *kind = kind_find(registry->models[i], name);

        if (kind) {
            *described = described_whole(registry, registry->models[i], kind);
            return true;
        }
    }
    return false;
}

bool describe_find(const struct registry *registry, const char *name, struct model_ops *run,
                   struct described *described, struct diag *diag)
{
    const char *dot = strchr(name, '.');
    char *model = mem_strndup(name, dot ? (size_t)(dot - name) : strlen(name));
    const struct model_ops *ops = find_model(registry, model, run);
    const struct model_kind *kind = ops && dot ? kind_find(ops, dot + 1) : NULL;
    bool found = true;

    free(model);
    if (ops && (kind || !dot))
        *described = described_whole(registry, ops, kind);
    else if (ops)
        found = find_part(registry, ops, dot + 1, keep_fields, described);
    else
        found = find_part(registry, run_as_model(run), name, keep_fields, described) ||
                find_kind(registry, name, described) || find_metric(registry, name, described);
    if (!found && ops)
        unknown_part(ops, dot + 1, diag);
    else if (!found)
        unknown_name(registry, name, diag);
    return found;
}

bool describe_knows(const struct registry *registry, const char *name)
{
    char *model = mem_strndup(name, strcspn(name, "."));
    struct model_ops run;
    bool known = find_model(registry, model, &run) != NULL;

    free(model);
    return known;
}

/* The parameters of every kind that a kind lacks, on lines as wide as the output. */
static void print_lacks(const char *const *lacks, FILE *out)
{
    const size_t indent = strlen("without ");
    size_t width = output_width(out), column = indent;

    for (size_t i = 0; lacks && lacks[i]; i++) {
        size_t length = strlen(lacks[i]) + strlen("'',");

        if (i > 0 && column + 1 + length > width) {
            fprintf(out, ",\n%*s", (int)indent, "");
            column = indent;
        } else if (i > 0) {
            fputs(", ", out);
            column++;
        }
        fprintf(out, "%s'%s'%s", i == 0 ? "without " : "", lacks[i], lacks[i + 1] ? "" : "\n");
        column += length;
    }
}

static void print_head(const struct described *described, FILE *out)
{
    const struct model_ops *ops = described->ops;

    if (described->kind) {
        fprintf(out, "%s.%s: %s\n", ops->section, described->kind->name, described->kind->meaning);
        fprintf(
            out,
            "section '%s' with 'kind: %s', in addition to the parameters of every kind (isthmus "
            "describe %s)\n",
            ops->section, described->kind->name, ops->section);
        print_lacks(described->kind->lacks, out);
        return;
    }
    fprintf(out, "%s: %s\n", ops->name, ops->meaning);
    if (ops->section[0])
        fprintf(out, "section '%s', %s\n", ops->section, describe_scope(ops->scope));
    for (size_t i = 0; ops->only_kinds && ops->only_kinds[i]; i++)
        fprintf(out, "%s%s%s",
                i == 0 ? "only where '" MODEL_KIND_SECTION "." KIND_KEY "' is " : ", ",
                ops->only_kinds[i], ops->only_kinds[i + 1] ? "" : "\n");
    for (size_t i = 0; ops->only_sections && ops->only_sections[i]; i++)
        fprintf(out, "%s'%s'%s", i == 0 ? "only where the scenario has section " : " or ",
                ops->only_sections[i], ops->only_sections[i + 1] ? "" : "\n");
}

int describe_model(const struct registry *registry, const char *name, FILE *out, bool json,
                   struct diag *diag)
{
    struct model_ops run;
    struct described described;

    if (!describe_find(registry, name, &run, &described, diag))
        return -1;
    if (json) {
        describe_json(&described, out);
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
    if (described.rows->label_count > 0) {
        fputc('\n', out);
        print_label_rows(described.rows, out);
    }
    if (described.rows->fault_count > 0) {
        fputc('\n', out);
        print_faults(described.rows, out);
    }
    if (described.rows->lint_count > 0) {
        fputc('\n', out);
        print_lints(described.rows, out);
    }
    if (described.kind_count > 0) {
        fputc('\n', out);
        print_kinds(described.ops, out);
    }
    return 0;
}
