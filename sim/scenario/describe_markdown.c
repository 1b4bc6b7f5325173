// SPDX-License-Identifier: GPL-3.0-or-later
#include "describe_internal.h"

#include "field_value.h"

#include <string.h>

/* A table cell: '|' is escaped. */
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

        describe_add_range(&range, field);
        fprintf(out, "| `%s` | %s | ", field->name, field_type_name(field->type));
        print_cell(out, describe_default(field), " | ");
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

static void print_markdown_label_rows(const struct model_rows *rows, FILE *out)
{
    fputs("| label value | set | meaning |\n|---|---|---|\n", out);
    for (size_t i = 0; i < rows->label_count; i++) {
        fprintf(out, "| `%s` | %s | ", rows->labels[i].value, rows->labels[i].set);
        print_cell(out, rows->labels[i].meaning, " |\n");
    }
}

/* A line for each target: "| `link` | `loss`, `delay` |". */
static void print_markdown_faults(const struct model_rows *rows, FILE *out)
{
    fputs("| faults on | actions |\n|---|---|\n", out);
    for (size_t i = 0; i < rows->fault_count; i++) {
        const struct fault_capability *row = &rows->faults[i];
        bool is_last =
            i + 1 == rows->fault_count || strcmp(row->target, rows->faults[i + 1].target) != 0;

        if (i == 0 || strcmp(row->target, rows->faults[i - 1].target) != 0)
            fprintf(out, "| `%s` | ", row->target);
        fprintf(out, "`%s`%s", row->action, is_last ? " |\n" : ", ");
    }
}

static void print_markdown_lints(const struct model_rows *rows, FILE *out)
{
    fputs("| lint rule | parameter | meaning |\n|---|---|---|\n", out);
    for (size_t i = 0; i < rows->lint_count; i++) {
        fprintf(out, "| `%s` | `%s` | ", rows->lints[i].code, rows->lints[i].field);
        print_cell(out, rows->lints[i].meaning, " |\n");
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

/* Common parameters that a kind does not have. */
static void print_markdown_lacks(const char *const *lacks, FILE *out)
{
    for (size_t i = 0; lacks[i]; i++)
        fprintf(out, "%s`%s`%s", i == 0 ? "\nParameters of every kind, without " : ", ", lacks[i],
                lacks[i + 1] ? "" : ".\n");
}

int describe_markdown(const struct registry *registry, const char *name, FILE *out,
                      struct diag *diag)
{
    struct model_ops run;
    struct described described;

    if (!describe_find(registry, name, &run, &described, diag))
        return -1;
    if (described.field_count > 0)
        print_markdown_fields(&described, out);
    if (described.kind && described.kind->lacks)
        print_markdown_lacks(described.kind->lacks, out);
    if (described.metric_count > 0) {
        fputs(described.field_count > 0 ? "\n" : "", out);
        print_markdown_metrics(&described, out);
    }
    if (described.rows->label_count > 0) {
        fputs(described.field_count + described.metric_count > 0 ? "\n" : "", out);
        print_markdown_label_rows(described.rows, out);
    }
    if (described.rows->fault_count > 0) {
        fputc('\n', out);
        print_markdown_faults(described.rows, out);
    }
    if (described.rows->lint_count > 0) {
        fputc('\n', out);
        print_markdown_lints(described.rows, out);
    }
    if (described.kind_count > 0)
        print_markdown_kinds(described.ops, out);
    return 0;
}
