// SPDX-License-Identifier: GPL-3.0-or-later
#include "export.h"

#include "export_internal.h"
#include "json_writer.h"
#include "mem.h"
#include "quote.h"
#include "strbuf.h"
#include "suggest.h"
#include "units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void export_write_real(FILE *out, double value)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, out);
}

/* --- CSV ------------------------------------------------------------------------------------- */

static void write_csv_value(FILE *out, const struct export_value *value)
{
    switch (value->type) {
    case EXPORT_NULL:
        break;
    case EXPORT_INTEGER:
        fprintf(out, "%" PRId64, value->integer);
        break;
    case EXPORT_REAL:
        export_write_real(out, value->real);
        break;
    case EXPORT_TEXT:
        quote_write(out, QUOTE_CSV, value->text);
        break;
    }
}

static void write_csv(void *self, const struct export_row *row)
{
    FILE *out = self;
    for (size_t i = 0; i < row->count; i++) {
        if (i > 0)
            putc(',', out);
        if (row->values == NULL)
            quote_write(out, QUOTE_CSV, row->names[i]);
        else
            write_csv_value(out, &row->values[i]);
    }
    fputs("\r\n", out); /* RFC 4180 */
}

/* --- JSON lines ------------------------------------------------------------------------------ */

static void write_json(void *self, const struct export_row *row)
{
    struct json_writer *json = self;
    if (row->values == NULL)
        return;
    json_open_object(json, NULL);
    for (size_t i = 0; i < row->count; i++) {
        const struct export_value *value = &row->values[i];
        switch (value->type) {
        case EXPORT_NULL:
            json_text(json, row->names[i], NULL);
            break;
        case EXPORT_INTEGER:
            json_integer(json, row->names[i], value->integer);
            break;
        case EXPORT_REAL:
            json_number(json, row->names[i], value->real);
            break;
        case EXPORT_TEXT:
            json_text(json, row->names[i], value->text);
            break;
        }
    }
    json_close(json);
}

static int export_json(struct results *results, const struct export_options *options, FILE *out,
                       struct diag *diag)
{
    struct json_writer json;
    json_begin_lines(&json, out);
    int status = results_each_export_row(results, options->study, options->table, options->metric,
                                         write_json, &json, diag);
    json_end(&json); /* the caller checks the file */
    return status;
}

/* --- all ------------------------------------------------------------------------------------- */

struct metric_list {
    const char *wanted;
    bool found;
    char **names;
    size_t count, capacity;
};

static void look_for(void *self, const struct summary_row *row)
{
    struct metric_list *list = self;
    list->found = list->found || strcmp(row->metric, list->wanted) == 0;
    text_list_add(&list->names, &list->count, &list->capacity, row->metric);
}

/* An unknown metric must not look like one without data. */
static int check_metric(struct results *results, const struct export_options *options,
                        struct diag *diag)
{
    struct metric_list list = {.wanted = options->metric};
    if (options->metric == NULL)
        return 0;
    int status = results_each_summary(results, options->study, NULL, look_for, &list, diag);
    if (status == 0 && !list.found) {
        const char *near =
            suggest_nearest(list.wanted, (const char *const *)list.names, list.count);
        diag_error(diag, "the study has no metric '%s'%s%s%s", list.wanted,
                   near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                   near != NULL ? "'?" : "");
        status = -1;
    }
    text_list_release(&list.names, &list.count, &list.capacity);
    return status;
}

int report_export(struct results *results, const struct export_options *options, FILE *out,
                  struct diag *diag)
{
    struct study_row study;
    if (results_study(results, options->study, &study, diag) != 0 ||
        check_metric(results, options, diag) != 0)
        return -1;
    switch (options->format) {
    case EXPORT_CSV:
        return results_each_export_row(results, options->study, options->table, options->metric,
                                       write_csv, out, diag);
    case EXPORT_JSON_LINES:
        return export_json(results, options, out, diag);
    case EXPORT_HGRM:
        return export_hgrm(results, options, out, diag);
    case EXPORT_OPENMETRICS:
        return export_openmetrics(results, &study, options, out, diag);
    }
    return -1;
}
