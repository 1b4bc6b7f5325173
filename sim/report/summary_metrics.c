// SPDX-License-Identifier: GPL-3.0-or-later
/* The metrics of a summary: the headline statistics by region, or all of them; causes of re-auth;
 * runs that recovered apart from runs that were stuck. */
#include "proportion.h"
#include "summary_text_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_BEYOND = 10, REGIONS_SHOWN = 4 };

/* The metrics shown without --all, in this order; stat "": none. At most twelve. */
// clang-format off
static const struct {
    const char *metric, *stat;
} main_metrics[] = {
    {"availability", ""}, {"requests", ""}, {"login_failure_rate", ""}, {"reauth_rate", ""},
    {"write_timeout_rate", ""}, {"write_failure_rate", ""}, {"write_amplification", ""},
    {"login_latency", "p99"}, {"request_latency", "p99"}, {"write_latency", "p99"}, {"read_latency", "p99"},
    {"replication_lag", "p99"},
};
// clang-format on

/* If only some runs failed over, a mean describes neither outcome: print how many did instead. True
 * if so. */
static bool add_mixed_outcome(struct strbuf *out, const struct summary *summary,
                              const struct statistic_row *row)
{
    for (size_t i = 0; i < summary->incidents.count; i++) {
        const struct incident_group *group = &summary->incidents.groups[i];
        if (group->point == row->point && group->failover_count > 0 &&
            group->failover_count < group->count && strncmp(row->metric, "rpo", 3) == 0) {
            strbuf_addf(out, "failover in %zu of %zu", group->failover_count, group->count);
            return true;
        }
    }
    return false;
}

/* A quantile needs some 10 samples beyond it. */
static bool is_of_few(const struct printer *printer, const struct statistic_row *row)
{
    double q = row->stat[0] == 'p' ? strtod(row->stat + 1, NULL) / 100 : 0; /* "p99" */
    const struct statistic_row *count =
        q > 0 ? statistic_table_find(&printer->summary->statistics, row->point, row->metric,
                                     "count", row->region, row->label, row->window)
              : NULL;
    return count != NULL &&
           count->interval.mean * (double)count->interval.n < SAMPLES_BEYOND / (1 - q);
}

static void add_value(struct printer *printer, const struct statistic_row *row, uint64_t n)
{
    struct strbuf *cell = text_table_cell(printer->table);
    if (row != NULL && (printer->outcomes || !add_mixed_outcome(cell, printer->summary, row))) {
        enum unit unit = strcmp(row->stat, "count") == 0 ? UNIT_COUNT : row->unit;
        printer_add_mean(cell, &row->interval, unit, n);
        if (row->censored > 0)
            strbuf_addf(cell, ", never in %" PRIu64, row->censored);
        if (is_of_few(printer, row)) {
            strbuf_add(cell, " (few)");
            printer->has_few = true;
        }
        printer->has_fewer = printer->has_fewer || row->interval.n != n;
        printer->has_equal = printer->has_equal || row->interval.form == INTERVAL_CONSTANT;
        printer->has_unseen = printer->has_unseen || row->interval.form == INTERVAL_NONE_SEEN ||
                              row->interval.form == INTERVAL_ALL_SEEN;
    }
}

/* Two columns of one statistic: recovered runs and stuck runs if the point has both; otherwise the
 * whole run and the window of the faults. */
static void add_values(struct printer *printer, const struct statistic_row *row)
{
    const struct summary *summary = printer->summary;
    const struct outcome_row *outcomes = printer->outcomes;
    const struct statistic_table *tables[2] = {&summary->recovered, &summary->stuck};

    for (int i = 0; outcomes != NULL && i < 2; i++) {
        add_value(printer,
                  statistic_table_find(tables[i], row->point, row->metric, row->stat, row->region,
                                       row->label, row->window),
                  i ? outcomes->stuck : outcomes->count - outcomes->stuck);
    }
    if (outcomes == NULL) {
        add_value(printer, row, printer->n);
        add_value(printer,
                  statistic_table_find(&summary->statistics, row->point, row->metric, row->stat,
                                       row->region, row->label, "fault"),
                  printer->n);
    }
}

static bool is_main(const struct statistic_row *row)
{
    for (size_t i = 0; i < sizeof(main_metrics) / sizeof(*main_metrics); i++)
        if (strcmp(row->metric, main_metrics[i].metric) == 0 &&
            strcmp(row->stat, main_metrics[i].stat) == 0)
            return row->label[0] == '\0';
    return false;
}

/* One row: name, region, values. */
static void add_metric_line(struct printer *printer, const struct statistic_row *row, bool named)
{
    named = named || printer->options->markdown;
    struct strbuf *name = text_table_cell(printer->table);
    if (named) {
        strbuf_add(name, row->metric);
        if (row->label[0] != '\0')
            strbuf_addf(name, "{%s=%s}", row->label_name, row->label);
        strbuf_addf(name, "%s%s", row->stat[0] != '\0' ? "." : "", row->stat);
    }
    text_table_add(printer->table, "%s", strcmp(row->region, "all") == 0 ? "total" : row->region);
    add_values(printer, row);
}

/* Of many regions the one with the least and the one with the greatest mean, without --all. */
static bool is_left_out(struct printer *printer, const struct statistic_row *row)
{
    const struct statistic_table *statistics = &printer->summary->statistics;
    bool less = false, greater = false;
    if (printer->options->all || statistics->region_count <= REGIONS_SHOWN)
        return false;
    for (size_t r = 0; r < statistics->region_count; r++) {
        const struct statistic_row *other =
            statistic_table_find(statistics, row->point, row->metric, row->stat,
                                 statistics->regions[r], row->label, "all");
        if (other == NULL || other == row)
            continue;
        bool before = other < row;
        less = less || other->interval.mean < row->interval.mean ||
               (before && other->interval.mean <= row->interval.mean);
        greater = greater || other->interval.mean > row->interval.mean ||
                  (before && other->interval.mean >= row->interval.mean);
    }
    printer->has_left_out = printer->has_left_out || (less && greater);
    return less && greater;
}

/* The regions of one metric, in the file's order, the total last. */
static void add_metric(struct printer *printer, int64_t point, const char *metric, const char *stat,
                       const char *label)
{
    const struct statistic_table *statistics = &printer->summary->statistics;
    bool named = true;
    for (size_t r = 0; r <= statistics->region_count; r++) {
        const char *region = r < statistics->region_count ? statistics->regions[r] : "all";
        const struct statistic_row *row =
            statistic_table_find(statistics, point, metric, stat, region, label, "all");
        if (row != NULL && (r == statistics->region_count || !is_left_out(printer, row))) {
            add_metric_line(printer, row, named);
            named = false;
        }
    }
}

static size_t value_width(const struct printer *printer)
{
    return ((size_t)printer->width - NAME_WIDTH - REGION_WIDTH - 3 * GAP) / 2 - GAP;
}

/* "stuck, n = 3". */
static void add_outcome_head(struct printer *printer, const char *outcome, uint64_t n)
{
    text_table_add(printer->table, "%s, n = %" PRIu64 "%s", outcome, n,
                   n == 1 ? ": no interval" : "");
}

/* Of the columns that add_values() fills. */
static void add_value_heads(struct printer *printer)
{
    const struct outcome_row *outcomes = printer->outcomes;
    if (outcomes != NULL) {
        add_outcome_head(printer, "recovered", outcomes->count - outcomes->stuck);
        add_outcome_head(printer, "stuck", outcomes->stuck);
    } else {
        text_table_add(printer->table, "whole run");
        text_table_add(printer->table, "%s", printer->has_fault ? "while a fault is active" : "");
    }
}

/* Column widths fit the names and regions of most scenarios, so tables of several points align. */
static void start_table(struct printer *printer, const char *title)
{
    const size_t wide = printer->options->markdown ? 0 : value_width(printer);
    printer_add_heading(printer, title);
    printer->table = text_table_create_bare(4);
    text_table_widen(printer->table, 0, NAME_WIDTH);
    text_table_widen(printer->table, 1, REGION_WIDTH);
    text_table_widen(printer->table, 2, wide);
    text_table_add(printer->table, "metric");
    text_table_add(printer->table, "region");
    add_value_heads(printer);
}

/* What a reader needs to know of the marks in the table. */
static void add_marks(struct printer *printer)
{
    struct strbuf text = STRBUF_INIT;
    double level = printer->summary->study.level;
    if (printer->has_unseen && printer->n > 1) {
        strbuf_addf(&text,
                    "0 of N: not seen in the N of all replications together. The bound, %.2g / N, "
                    "takes the N as independent (of a count: the n replications); by replications "
                    "alone, what none of %" PRIu64 " showed happens in fewer than ",
                    -log((1 - level) / 2), printer->n);
        units_add(&text, proportion_replication_bound(printer->n, level), UNIT_SHARE, 2);
        strbuf_add(&text, " of them.");
        printer_add_paragraph(printer, text.text);
    }
    if (printer->has_equal)
        printer_add_paragraph(printer, "in all n: each of the n replications has this value, so "
                                       "that nothing is known of their spread.");
    if (printer->has_few)
        printer_add_paragraph(printer,
                              "(few): fewer than 10 / (1 - q) samples of all replications, "
                              "so that the quantile q is close to their maximum.");
    if (printer->has_fewer)
        printer_add_paragraph(printer, "(n = ...): fewer replications have a value; with n = 1 "
                                       "there is no interval.");
    if (printer->has_left_out)
        printer_add_paragraph(printer,
                              "Of each metric, the regions with the least and the greatest "
                              "value; --all prints all regions.");
    printer->has_left_out = false;
    printer->has_unseen = printer->has_equal = printer->has_few = printer->has_fewer = false;
    strbuf_release(&text);
}

static bool first_of_its_metric(const struct statistic_table *statistics, size_t i)
{
    const struct statistic_row *row = &statistics->rows[i];
    for (size_t k = i; k-- > 0 && statistics->rows[k].point == row->point;) {
        const struct statistic_row *other = &statistics->rows[k];
        if (strcmp(other->metric, row->metric) == 0 && strcmp(other->stat, row->stat) == 0 &&
            strcmp(other->label, row->label) == 0)
            return false;
    }
    return true;
}

static void add_other_metrics(struct printer *printer, int64_t point)
{
    const struct statistic_table *statistics = &printer->summary->statistics;
    start_table(printer, "All other metrics");
    for (size_t i = 0; i < statistics->count; i++) {
        const struct statistic_row *row = &statistics->rows[i];
        if (row->point == point && !is_main(row) && first_of_its_metric(statistics, i))
            add_metric(printer, point, row->metric, row->stat, row->label);
    }
    printer_end_table(printer);
}

/* Explain that there are two outcomes, how likely the stuck one is, and how to read the table. */
static void add_outcomes(struct printer *printer)
{
    struct strbuf text = STRBUF_INIT;
    const struct outcome_row *outcomes = printer->outcomes;
    struct interval share =
        interval_wilson(outcomes->stuck, outcomes->count, printer->summary->study.level);
    printer_add_heading(printer, "Two outcomes");
    strbuf_addf(&text, "Stuck in %" PRIu64 " of %" PRIu64 " replications, ", outcomes->stuck,
                outcomes->count);
    units_add(&text, share.mean, UNIT_SHARE, 3);
    interval_add_bounds(&text, share.low, share.high, UNIT_SHARE);
    strbuf_add(&text, ": an outage was not over when they ended. The others recovered. A mean over "
                      "both describes neither, so each outcome has its own statistics.");
    printer_add_paragraph(printer, text.text);
    strbuf_release(&text);
}

/* Statistics whose mean describes none of the replications. */
static void add_groups(struct printer *printer, int64_t point)
{
    const struct statistic_groups_list *list = &printer->summary->groups;
    printer->table = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct statistic_groups *row = &list->items[i];
        /* The table of metrics has the outcomes themselves. */
        if (row->point != point ||
            (printer->outcomes != NULL && strncmp(row->text, "incidents_unrestored", 20) == 0))
            continue;
        if (printer->table == NULL) {
            printer_add_heading(printer,
                                "Two groups of replications, so that one mean describes neither");
            printer->table = text_table_create("statistic\tlow group\thigh group");
        }
        text_table_add(printer->table, "%s", row->text);
        struct strbuf *cell = text_table_cell(printer->table);
        strbuf_addf(cell, "n = %" PRIu64 ": ", row->low.n);
        interval_add(cell, &row->low, row->unit);
        cell = text_table_cell(printer->table);
        strbuf_addf(cell, "n = %" PRIu64 ": ", row->high.n);
        interval_add(cell, &row->high, row->unit);
    }
    if (printer->table != NULL)
        printer_end_table(printer);
}

static bool is_cause(const struct statistic_row *row)
{
    return strcmp(row->metric, "reauths") == 0 && row->label[0] != '\0' &&
           strcmp(row->region, "all") == 0 && strcmp(row->window, "all") == 0 &&
           row->interval.mean > 0;
}

/* With the columns of the table of metrics. */
static void start_causes(struct printer *printer)
{
    printer_add_heading(printer, "Re-auths of a replication by cause, all regions");
    printer->table = text_table_create_bare(3);
    text_table_add(printer->table, "cause");
    add_value_heads(printer);
    if (printer->options->markdown)
        return;
    text_table_widen(printer->table, 0, NAME_WIDTH + GAP + REGION_WIDTH);
    text_table_widen(printer->table, 1, value_width(printer));
}

static void add_causes(struct printer *printer, int64_t point)
{
    const struct statistic_table *statistics = &printer->summary->statistics;
    printer->table = NULL;
    for (size_t i = 0; i < statistics->count; i++) {
        const struct statistic_row *row = &statistics->rows[i];
        if (row->point != point || !is_cause(row))
            continue;
        if (printer->table == NULL)
            start_causes(printer);
        text_table_add(printer->table, "%s", row->label);
        add_values(printer, row);
    }
    if (printer->table != NULL)
        printer_end_table(printer);
}

void summary_add_metrics(struct printer *printer, int64_t point)
{
    printer->outcomes = summary_two_outcomes(printer->summary, point);
    if (printer->outcomes != NULL)
        add_outcomes(printer);
    start_table(printer, printer->options->all ? "Main metrics" : "Metrics");
    for (size_t i = 0; i < sizeof(main_metrics) / sizeof(*main_metrics); i++)
        add_metric(printer, point, main_metrics[i].metric, main_metrics[i].stat, "");
    printer_end_table(printer);
    add_marks(printer);
    add_groups(printer, point);
    add_causes(printer, point);
    if (printer->options->all)
        add_other_metrics(printer, point);
}
