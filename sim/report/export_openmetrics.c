// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * OpenMetrics text (openmetrics.io, version 1.0.0): a family of gauges for each metric. Mean, low
 * and high are series of their own, by the label `bound`. Samples of a family, and of a series, may
 * not be interleaved with others, so the file is read once for each family and bound.
 */
#include "export_internal.h"

#include "mem.h"
#include "quote.h"
#include "strbuf.h"
#include "units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum bound { BOUND_MEAN, BOUND_LOW, BOUND_HIGH, BOUNDS };
static const char *const bound_names[BOUNDS] = {"mean", "low", "high"};

/* Base units of OpenMetrics; the divisor makes a value of ours one of theirs. */
static const struct {
    const char *name;
    double divisor;
} om_units[UNIT_KINDS] = {
    [UNIT_NONE] = {"", 1},       [UNIT_COUNT] = {"", 1},
    [UNIT_SHARE] = {"ratio", 1}, [UNIT_NS] = {"seconds", 1e9},
    [UNIT_BYTES] = {"bytes", 1}, [UNIT_PER_S] = {"per_second", 1},
    [UNIT_USD] = {"usd", 1},     [UNIT_BIT_PER_S] = {"bits_per_second", 1},
};

struct writer {
    FILE *out;
    const struct study_row *study;
    enum bound bound;
    bool of_counts; /* the family of how many samples a latency has */
    bool has_head;
    double start_s; /* of the study, since 1970 */
};

static enum unit unit_of(const char *name)
{
    enum unit unit;
    return unit_from_name(name, &unit) ? unit : UNIT_NONE;
}

static void add_family(struct strbuf *out, const struct writer *writer, const char *metric,
                       enum unit unit)
{
    const char *suffix = writer->of_counts ? "samples" : om_units[unit].name;
    strbuf_addf(out, "isthmus_%s%s%s", metric, suffix[0] != '\0' ? "_" : "", suffix);
}

static void write_head(struct writer *writer, const char *family, enum unit unit)
{
    const char *name = writer->of_counts ? "" : om_units[unit].name;
    if (writer->has_head)
        return;
    writer->has_head = true;
    fprintf(writer->out, "# TYPE %s gauge\n", family);
    if (name[0] != '\0')
        fprintf(writer->out, "# UNIT %s %s\n", family, name);
    fprintf(writer->out,
            "# HELP %s %s: mean of the replications; low and high bound its interval\n", family,
            name[0] != '\0'                           ? name
            : unit == UNIT_COUNT || writer->of_counts ? "count in a replication"
                                                      : "ratio of counts");
}

/* `,name="value"`, with the value's quotes, backslashes and unprintable characters escaped. */
static void add_label(struct strbuf *out, const char *name, const char *value)
{
    struct strbuf printable = STRBUF_INIT;
    if (value[0] == '\0')
        return;
    quote_add(&printable, QUOTE_TERMINAL, value);
    strbuf_addf(out, "%s%s=\"", out->text[out->length - 1] == '{' ? "" : ",", name);
    for (const char *at = printable.text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *at);
    }
    strbuf_add_char(out, '"');
    strbuf_release(&printable);
}

/* The value of the bound; false if there is none. */
static bool value_of(const struct writer *writer, const struct interval *interval, double *value)
{
    *value = writer->bound == BOUND_MEAN  ? interval->mean
             : writer->bound == BOUND_LOW ? interval->low
                                          : interval->high;
    return interval->n > 0 && (writer->bound == BOUND_MEAN || interval->valid);
}

static void add_point(struct strbuf *out, int64_t point, const char *region)
{
    strbuf_addf(out, "{point=\"%" PRId64 "\"", point);
    add_label(out, "region", region);
}

static void write_statistic(void *self, const struct summary_row *row)
{
    struct writer *writer = self;
    bool is_count = strcmp(row->stat, "count") == 0;
    enum unit unit = unit_of(row->unit);
    struct strbuf line = STRBUF_INIT;
    double value;
    if (is_count != writer->of_counts || !value_of(writer, &row->interval, &value))
        return;
    add_family(&line, writer, row->metric, unit);
    write_head(writer, line.text, unit);
    add_point(&line, row->point, row->region);
    add_label(&line, row->label_name[0] != '\0' ? row->label_name : "label", row->label);
    add_label(&line, "window", row->window);
    add_label(&line, "stat", is_count ? "" : row->stat);
    add_label(&line, "bound", bound_names[writer->bound]);
    fprintf(writer->out, "%s} ", line.text);
    export_write_real(writer->out, is_count ? value : value / om_units[unit].divisor);
    fputc('\n', writer->out);
    strbuf_release(&line);
}

static void write_bin(void *self, const struct timeline_row *row)
{
    struct writer *writer = self;
    enum unit unit = unit_of(row->unit);
    struct strbuf line = STRBUF_INIT;
    double value;
    if (row->is_rate && unit == UNIT_COUNT)
        unit = UNIT_PER_S;
    if (!value_of(writer, &row->interval, &value))
        return;
    add_family(&line, writer, row->metric, unit);
    write_head(writer, line.text, unit);
    add_point(&line, row->point, row->region);
    add_label(&line, "label", row->label);
    add_label(&line, "stat", row->stat);
    add_label(&line, "bound", bound_names[writer->bound]);
    fprintf(writer->out, "%s} ", line.text);
    export_write_real(writer->out, value / om_units[unit].divisor);
    fprintf(writer->out, " %.3f\n", writer->start_s + (double)row->t_ns / 1e9);
    strbuf_release(&line);
}

/* Seconds since 1970 of "2026-11-29T16:02:18Z"; days by H. Hinnant, chrono-compatible low-level
 * date algorithms. 0 if it is no such text. */
static double seconds_of(const char *started)
{
    int year, month, day, hour, minute, second;
    if (sscanf(started, "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute, &second) !=
        6)
        return 0;
    int64_t y = month <= 2 ? year - 1 : year, era = y / 400, year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t days = era * 146097 + day_of_era - 719468;
    return (double)(days * 86400 + hour * 3600 + minute * 60 + second);
}

static void write_info(const struct writer *writer)
{
    const struct study_row *study = writer->study;
    struct strbuf line = STRBUF_INIT;
    strbuf_addf(&line, "# TYPE isthmus_study info\nisthmus_study_info{id=\"%" PRId64 "\"",
                study->id);
    strbuf_addf(&line, ",seed=\"%" PRIu64 "\",level=\"%g\"", study->seed, study->level);
    add_label(&line, "scenario", study->scenario_name);
    add_label(&line, "verb", study->verb);
    add_label(&line, "version", study->version);
    fprintf(writer->out, "%s} 1\n", line.text);
    strbuf_release(&line);
}

struct names {
    char **items;
    size_t count, capacity;
};

static void add_name(void *self, const struct summary_row *row)
{
    struct names *names = self;
    text_list_add(&names->items, &names->count, &names->capacity, row->metric);
}

static int write_metric(struct results *results, struct writer *writer, const char *metric,
                        bool over_time, struct diag *diag)
{
    for (int counts = 0; counts < (over_time ? 1 : 2); counts++) {
        writer->of_counts = counts == 1;
        writer->has_head = false;
        for (int bound = 0; bound < BOUNDS; bound++) {
            writer->bound = (enum bound)bound;
            int status = over_time ? results_each_timeline(results, writer->study->id, metric,
                                                           write_bin, writer, diag)
                                   : results_each_summary(results, writer->study->id, metric,
                                                          write_statistic, writer, diag);
            if (status != 0)
                return -1;
        }
    }
    return 0;
}

int export_openmetrics(struct results *results, const struct study_row *study,
                       const struct export_options *options, FILE *out, struct diag *diag)
{
    struct writer writer = {.out = out, .study = study, .start_s = seconds_of(study->started)};
    struct names names = {NULL, 0, 0};
    bool over_time = strcmp(options->table->name, "timeline") == 0;
    int status = results_each_summary(results, study->id, options->metric, add_name, &names, diag);
    write_info(&writer);
    for (size_t i = 0; status == 0 && i < names.count; i++)
        status = write_metric(results, &writer, names.items[i], over_time, diag);
    if (status == 0)
        fputs("# EOF\n", out);
    text_list_release(&names.items, &names.count, &names.capacity);
    return status;
}
