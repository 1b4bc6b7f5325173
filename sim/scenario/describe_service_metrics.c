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
    json_text(json, "supplied_by", model);
    json_text(json, "meaning", row->meaning);
    json_text(json, "source", row->source);
    json_close(json);
    strbuf_release(&statistic);
}

static void add_row(struct text_table *table, const char *model, const struct service_metric *row)
{
    text_table_add(table, "%s", row->name);
    text_table_add(table, "%s", row->space[0] ? row->space : "-");
    text_table_add(table, "%s", row->unit);
    add_statistic(text_table_cell(table), row);
    units_add(text_table_cell(table), (double)row->period_ns, UNIT_NS, 3);
    text_table_add(table, "%s", row->metric);
    text_table_add(table, "%s", model);
    text_table_note(table, row->meaning);
}

static void each_row(const char *model, const struct model_rows *rows, struct json_writer *json,
                     struct text_table *table)
{
    for (size_t i = 0; i < rows->service_metric_count; i++)
        if (json)
            write_row(json, model, &rows->service_metrics[i]);
        else
            add_row(table, model, &rows->service_metrics[i]);
}

void describe_service_metrics(const struct registry *registry, FILE *out, bool json)
{
    static const char head[] = "name\tnamespace\tunit\tstatistic\tperiod\tmetric\tof";
    struct json_writer writer;
    struct text_table *table = json ? NULL : text_table_create(head);

    if (json) {
        json_begin(&writer, out);
        json_open_array(&writer, NULL);
    }
    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        each_row(ops->name, &ops->rows, json ? &writer : NULL, table);
        for (size_t j = 0; j < ops->kind_count; j++)
            each_row(ops->kinds[j]->name, &ops->kinds[j]->rows, json ? &writer : NULL, table);
    }
    if (json) {
        json_close(&writer);
        json_end(&writer);
    } else {
        text_table_print_and_free(table, out);
    }
}
