// SPDX-License-Identifier: GPL-3.0-or-later
/* Metrics by the names under which services publish them. */
#include "describe.h"

#include "json_writer.h"
#include "metric_tap.h"
#include "text_table.h"

static void add_statistic(struct strbuf *out, const struct service_metric *metric)
{
    static const char *const names[] = {[TAP_AVERAGE] = "Average",
                                        [TAP_MINIMUM] = "Minimum",
                                        [TAP_MAXIMUM] = "Maximum",
                                        [TAP_SUM] = "Sum"};

    if (metric->statistic == TAP_QUANTILE)
        strbuf_addf(out, "p%g", 100 * metric->quantile);
    else
        strbuf_add(out, names[metric->statistic]);
}

static void add_metric(struct strbuf *out, const struct service_metric *row)
{
    if (!row->metric)
        strbuf_add(out, "none");
    else if (row->label)
        strbuf_addf(out, "%s{%s}", row->metric, row->label);
    else
        strbuf_add(out, row->metric);
}

static void write_row(struct json_writer *json, const char *model, const struct service_metric *row)
{
    struct strbuf statistic = STRBUF_INIT;

    add_statistic(&statistic, row);
    json_open_object(json, NULL);
    json_text(json, "name", row->name);
    json_text(json, "namespace", row->space);
    json_text(json, "unit", row->unit);
    json_text(json, "statistic", statistic.text);
    json_number(json, "period_s", (double)row->period_ns / (double)SIM_S);
    json_text(json, "metric", row->metric);
    json_text(json, "label", row->label);
    if (row->metric)
        json_number(json, "factor", row->scale);
    json_flag(json, "absent_at_zero", row->absent_at_zero);
    json_text(json, "supplied_by", model);
    json_text(json, "meaning", row->meaning);
    json_text(json, "source", row->source);
    json_close(json);
    strbuf_release(&statistic);
}

static void add_row(struct text_table *table, const char *model, const struct service_metric *row)
{
    struct strbuf note = STRBUF_INIT;

    (void)model;
    text_table_add(table, "%s", row->name);
    text_table_add(table, "%s", row->space[0] ? row->space : "-");
    text_table_add(table, "%s", row->unit);
    add_statistic(text_table_cell(table), row);
    units_add(text_table_cell(table), (double)row->period_ns, UNIT_NS, 3);
    add_metric(&note, row);
    if (row->metric && row->scale != 1)
        strbuf_addf(&note, " x %g", row->scale);
    strbuf_addf(&note, ": %s", row->meaning);
    text_table_note(table, note.text);
    strbuf_release(&note);
}

/* What is listed: all, or the one of a name. */
struct listing {
    const struct service_metric *only; /* NULL: all */
    struct json_writer *json;
    struct text_table *table; /* NULL: JSON */
};

static void list_rows(const struct listing *listing, const char *model,
                      const struct model_rows *rows)
{
    for (size_t i = 0; i < rows->service_metric_count; i++) {
        const struct service_metric *row = &rows->service_metrics[i];

        if (listing->only && listing->only != row)
            continue;
        if (listing->table)
            add_row(listing->table, model, row);
        else
            write_row(listing->json, model, row);
    }
}

static void list_registry(const struct listing *listing, const struct registry *registry)
{
    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        list_rows(listing, ops->name, &ops->rows);
        for (size_t j = 0; j < ops->kind_count; j++)
            list_rows(listing, ops->kinds[j]->name, &ops->kinds[j]->rows);
    }
}

/* The row of a name, or NULL with an error. */
static const struct service_metric *find_row(const struct registry *registry, const char *name,
                                             struct diag *diag)
{
    struct supplied_rows supplied = {0};
    const struct service_metric *row;
    const char *nearest;

    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        supplied_rows_add(&supplied, &ops->rows);
        for (size_t j = 0; j < ops->kind_count; j++)
            supplied_rows_add(&supplied, &ops->kinds[j]->rows);
    }
    row = service_metric_find(&supplied, name);
    nearest = row ? NULL : service_metric_nearest(&supplied, name);
    if (!row && nearest)
        diag_error(diag, "no service metric '%s'; did you mean '%s'?", name, nearest);
    else if (!row)
        diag_error(diag,
                   "no service metric '%s'; 'isthmus describe --service-metrics' lists them all",
                   name);
    supplied_rows_release(&supplied);
    return row;
}

int describe_service_metrics(const struct registry *registry, const char *name, FILE *out,
                             bool json, struct diag *diag)
{
    static const char head[] = "name\tnamespace\tunit\tstatistic\tperiod";
    struct json_writer writer;
    struct listing listing = {.json = &writer};

    if (name) {
        listing.only = find_row(registry, name, diag);
        if (!listing.only)
            return -1;
    }
    if (json) {
        json_begin(&writer, out);
        json_open_array(&writer, NULL);
        list_registry(&listing, registry);
        json_close(&writer);
        json_end(&writer);
        return 0;
    }
    listing.table = text_table_create(head);
    list_registry(&listing, registry);
    text_table_print_and_free(listing.table, out);
    return 0;
}
