// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The summary as text. Level and n of the intervals are printed once, at the top; a statistic with
 * fewer values has its own n. Columns are as wide as the terminal allows. Texts from the file are
 * quoted, by the tables or when they are added.
 */
#include "quote.h"
#include "summary_print.h"
#include "proportion.h"
#include "rank_quantile.h"
#include "text_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Column widths, without the space between columns. */
enum {
    EVENTS_MAX = 20,
    SAMPLES_BEYOND = 10,
    NAME_WIDTH = 22,
    REGION_WIDTH = 12,
    EXPECTATION_WIDTH = 42,
    GAP = 2
};

/* The metrics shown without --all, in this order; stat "": none. */
// clang-format off
static const struct {
    const char *metric, *stat;
} main_metrics[] = {
    {"requests", ""}, {"logins", ""}, {"sessions_active", ""}, {"availability", ""}, {"reauth_rate", ""},
    {"reauths", ""}, {"write_timeout_rate", ""}, {"write_failure_rate", ""}, {"write_amplification", ""},
    {"ambiguous_writes", ""}, {"read_miss_rate", ""},
    {"login_latency", "p50"}, {"login_latency", "p99"}, {"request_latency", "p50"}, {"request_latency", "p99"},
    {"write_latency", "p50"}, {"write_latency", "p99"}, {"read_latency", "p50"}, {"read_latency", "p99"},
    {"replication_lag", "p50"}, {"replication_lag", "p99"}, {"replication_lag", "max"},
    {"rpo", ""}, {"rpo_writes", ""}, {"rpo_sessions", ""}, {"rto", ""}, {"incidents_unrestored", ""},
};
// clang-format on

struct printer {
    struct strbuf *out;
    const struct summary *summary;
    const struct summary_options *options;
    int width;
    uint64_t n; /* replications per point */
    bool has_fault;
    struct text_table *table;           /* being filled */
    const struct outcome_row *outcomes; /* of a point with two outcomes; NULL: one */
    bool has_unseen, has_few;           /* the table has "0 of N", and quantiles of few samples */
};

/* Wrap at spaces, indented by `indent` columns; the first line is already indented. */
static void add_wrapped(struct strbuf *out, const char *raw, int indent, int width)
{
    struct strbuf quoted = STRBUF_INIT;
    quote_add(&quoted, QUOTE_TERMINAL, raw);
    const char *text = quoted.text;
    int column = indent;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (column > indent && column + (int)length + 1 > width) {
            strbuf_addf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            strbuf_add_char(out, ' ');
            column++;
        }
        strbuf_add_bytes(out, text, length);
        column += (int)length;
        text += length;
        text += strspn(text, " ");
    }
    strbuf_add_char(out, '\n');
    strbuf_release(&quoted);
}

/* `title` may contain texts from the file. */
static void add_heading(struct printer *printer, const char *title)
{
    bool colour = printer->options->colour;
    strbuf_add(printer->out, colour ? "\n\033[1m" : "\n");
    quote_add(printer->out, QUOTE_TERMINAL, title);
    strbuf_add(printer->out, colour ? "\033[0m\n" : "\n");
}

static void add_mean(struct strbuf *out, const struct interval *interval, enum unit unit,
                     uint64_t n)
{
    interval_add(out, interval, unit);
    if (interval->n != n)
        strbuf_addf(out, " (n = %" PRIu64 ")", interval->n);
}

static void add_estimate(struct printer *printer, const char *name,
                         const struct estimate_sums *sums, enum estimate_law law, enum unit unit,
                         size_t n)
{
    struct interval interval = estimate_interval(sums, law, printer->summary->study.level, NULL);
    text_table_add(printer->table, "%s", name);
    add_mean(text_table_cell(printer->table), &interval, unit, n);
}

static void add_share(struct strbuf *out, const char *what, size_t hits, size_t n,
                      const struct printer *printer)
{
    struct interval share = interval_wilson(hits, n, printer->summary->study.level);
    strbuf_addf(out, "%s%sin %zu of %zu", what, what[0] != '\0' ? " " : "", hits, n);
    if (share.valid && n > 1)
        interval_add_bounds(out, share.low, share.high, UNIT_SHARE);
}

/* --- head ------------------------------------------------------------------------------------ */

static void add_head(struct printer *printer)
{
    const struct study_row *study = &printer->summary->study;
    struct strbuf *out = printer->out;
    bool colour = printer->options->colour;
    strbuf_add(out, colour ? "\033[1m" : "");
    quote_add(out, QUOTE_TERMINAL, study->scenario_name);
    strbuf_add(out, colour ? "\033[0m\n" : "\n");
    if (study->question[0] != '\0') {
        strbuf_add(out, "  ");
        add_wrapped(out, study->question, 2, printer->width);
    }
    strbuf_add(out, "  ");
    units_add_duration(out, study->duration_ns);
    strbuf_add(out, " simulated, after a warm-up of ");
    units_add_duration(out, study->warmup_ns);
    if (study->point_count > 1)
        strbuf_addf(out, ", %" PRIu32 " points", study->point_count);
    strbuf_addf(out, ", seed %" PRIu64 "\n  study %" PRId64 " of ", study->seed, study->id);
    quote_add(out, QUOTE_TERMINAL, study->started);
    strbuf_add(out, ", isthmus ");
    quote_add(out, QUOTE_TERMINAL, study->version);
    strbuf_add(out, study->complete ? "\n" : ", not complete\n");
    if (printer->n > 1) {
        strbuf_addf(out, "  mean [low, high]: %g %% interval, n = %" PRIu64 " replications\n",
                    study->level * 100, printer->n);
    } else if (printer->n == 1) {
        strbuf_add(out, "  n = 1 replication: no interval; use --replications for more\n");
    } else {
        strbuf_add(out, "  no run was completed\n");
    }
}

static const char *verdict_colour(const char *verdict)
{
    return strcmp(verdict, "holds") == 0   ? "\033[32m"
           : strcmp(verdict, "fails") == 0 ? "\033[31m"
                                           : "\033[33m";
}

static void add_expectations(struct printer *printer)
{
    const struct summary *summary = printer->summary;
    bool has_points = summary->study.point_count > 1;
    struct text_table *table = text_table_create_bare(has_points ? 4 : 3);
    if (summary->expectation_count > 0)
        add_heading(printer, "Expectations");
    for (size_t i = 0; i < summary->expectation_count; i++) {
        const struct summary_expectation *row = &summary->expectations[i];
        enum unit unit = summary_unit_of(summary, row->text);
        text_table_add(table, "%s", row->verdict);
        text_table_colour(table, printer->options->colour ? verdict_colour(row->verdict) : NULL);
        if (has_points)
            text_table_add(table, "point %" PRId64, row->point);
        text_table_add(table, "%s", row->text);
        struct strbuf *value = text_table_cell(table);
        bool unseen = row->has_interval && !(row->value > 0) && !(row->low > 0) && row->high > 0;
        if (row->has_value)
            units_add(value, row->value, unit, 3);
        if (unseen) {
            strbuf_add(value, ", below ");
            units_add(value, row->high, unit, 3);
        } else if (row->has_interval) {
            interval_add_bounds(value, row->low, row->high, unit);
        }
        if (row->reason[0] != '\0')
            strbuf_addf(value, "%s%s", row->has_value ? "; " : "", row->reason);
    }
    text_table_widen(table, has_points ? 2 : 1, EXPECTATION_WIDTH);
    text_table_add_to_and_free(table, printer->out);
}

/* --- metrics --------------------------------------------------------------------------------- */

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
        add_mean(cell, &row->interval, unit, n);
        if (row->censored > 0)
            strbuf_addf(cell, ", never in %" PRIu64, row->censored);
        if (is_of_few(printer, row)) {
            strbuf_add(cell, " (few)");
            printer->has_few = true;
        }
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

/* All regions of one metric, in the file's order, the total last. */
static void add_metric(struct printer *printer, int64_t point, const char *metric, const char *stat,
                       const char *label)
{
    const struct statistic_table *statistics = &printer->summary->statistics;
    bool named = true;
    for (size_t r = 0; r <= statistics->region_count; r++) {
        const char *region = r < statistics->region_count ? statistics->regions[r] : "all";
        const struct statistic_row *row =
            statistic_table_find(statistics, point, metric, stat, region, label, "all");
        if (row != NULL) {
            add_metric_line(printer, row, named);
            named = false;
        }
    }
}

static size_t value_width(const struct printer *printer)
{
    return ((size_t)printer->width - NAME_WIDTH - REGION_WIDTH - 3 * GAP) / 2 - GAP;
}

/* Column widths fit the names and regions of most scenarios, so tables of several points align. */
static void start_table(struct printer *printer, const char *title)
{
    const struct outcome_row *outcomes = printer->outcomes;
    add_heading(printer, title);
    printer->table = text_table_create_bare(4);
    text_table_widen(printer->table, 0, NAME_WIDTH);
    text_table_widen(printer->table, 1, REGION_WIDTH);
    text_table_widen(printer->table, 2, value_width(printer));
    text_table_add(printer->table, "metric");
    text_table_add(printer->table, "region");
    if (outcomes != NULL) {
        text_table_add(printer->table, "recovered, n = %" PRIu64,
                       outcomes->count - outcomes->stuck);
        text_table_add(printer->table, "stuck, n = %" PRIu64, outcomes->stuck);
    } else {
        text_table_add(printer->table, "whole run");
        text_table_add(printer->table, "%s", printer->has_fault ? "while a fault is active" : "");
    }
}

static void end_table(struct printer *printer)
{
    text_table_add_to_and_free(printer->table, printer->out);
    printer->table = NULL;
}

/* What a reader needs to know of the marks in the table. */
static void add_notes(struct printer *printer)
{
    struct strbuf text = STRBUF_INIT;
    double level = printer->summary->study.level;
    if (printer->has_unseen && printer->n > 1) {
        strbuf_addf(&text,
                    "0 of N: not seen. The bound takes the N as independent (%g %%, 3.7 / N "
                    "at 95 %%); by replications alone, what none of %" PRIu64
                    " showed happens in fewer than ",
                    level * 100, printer->n);
        units_add(&text, proportion_replication_bound(printer->n, level), UNIT_SHARE, 2);
        strbuf_add(&text, " of them.");
        strbuf_add(printer->out, "  ");
        add_wrapped(printer->out, text.text, 2, printer->width);
    }
    if (printer->has_few) {
        strbuf_add(printer->out, "  (few): fewer than 10 / (1 - q) samples, the quantile is hardly "
                                 "more than the maximum.\n");
    }
    printer->has_unseen = printer->has_few = false;
    strbuf_release(&text);
}

static bool first_of_its_metric(const struct statistic_table *statistics, size_t i)
{
    const struct statistic_row *row = &statistics->rows[i];
    for (size_t k = 0; k < i; k++) {
        const struct statistic_row *other = &statistics->rows[k];
        if (other->point == row->point && strcmp(other->metric, row->metric) == 0 &&
            strcmp(other->stat, row->stat) == 0 && strcmp(other->label, row->label) == 0)
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
    end_table(printer);
}

/* Explain that there are two outcomes, how likely the stuck one is, and how to read the table. */
static void add_outcomes(struct printer *printer)
{
    struct strbuf text = STRBUF_INIT;
    const struct outcome_row *outcomes = printer->outcomes;
    struct interval share =
        interval_wilson(outcomes->stuck, outcomes->count, printer->summary->study.level);
    add_heading(printer, "Two outcomes");
    strbuf_addf(&text, "Stuck in %" PRIu64 " of %" PRIu64 " replications, ", outcomes->stuck,
                outcomes->count);
    units_add(&text, share.mean, UNIT_SHARE, 3);
    interval_add_bounds(&text, share.low, share.high, UNIT_SHARE);
    strbuf_add(&text, ": an outage was not over when they ended. The others recovered. A mean over "
                      "both describes neither, so each outcome has its own statistics.");
    strbuf_add(printer->out, "  ");
    add_wrapped(printer->out, text.text, 2, printer->width);
    strbuf_release(&text);
}

/* Statistics whose mean describes none of the replications. */
static void add_groups(struct printer *printer, int64_t point)
{
    const struct statistic_groups_list *list = &printer->summary->groups;
    printer->table = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct statistic_groups *row = &list->items[i];
        if (row->point != point)
            continue;
        if (printer->table == NULL) {
            add_heading(printer, "Two groups of replications, so that one mean describes neither");
            printer->table = text_table_create_bare(3);
        }
        text_table_add(printer->table, "%s", row->text);
        struct strbuf *cell = text_table_cell(printer->table);
        strbuf_addf(cell, "%" PRIu64 " with ", row->low.n);
        interval_add(cell, &row->low, row->unit);
        cell = text_table_cell(printer->table);
        strbuf_addf(cell, "%" PRIu64 " with ", row->high.n);
        interval_add(cell, &row->high, row->unit);
    }
    if (printer->table != NULL)
        end_table(printer);
}

static bool is_cause(const struct statistic_row *row)
{
    return strcmp(row->metric, "reauths") == 0 && row->label[0] != '\0' &&
           strcmp(row->region, "all") == 0 && strcmp(row->window, "all") == 0 &&
           row->interval.mean > 0;
}

static void add_causes(struct printer *printer, int64_t point)
{
    const struct statistic_table *statistics = &printer->summary->statistics;
    printer->table = NULL;
    for (size_t i = 0; i < statistics->count; i++) {
        const struct statistic_row *row = &statistics->rows[i];
        if (row->point != point || !is_cause(row))
            continue;
        if (printer->table == NULL) {
            add_heading(printer, "Re-auths by cause, all regions");
            printer->table = text_table_create_bare(3);
            text_table_widen(printer->table, 0, NAME_WIDTH + GAP + REGION_WIDTH);
            text_table_widen(printer->table, 1, value_width(printer));
        }
        text_table_add(printer->table, "%s", row->label);
        add_values(printer, row);
    }
    if (printer->table != NULL)
        end_table(printer);
}

static void add_metrics(struct printer *printer, int64_t point)
{
    printer->outcomes = summary_two_outcomes(printer->summary, point);
    if (printer->outcomes != NULL)
        add_outcomes(printer);
    start_table(printer, "Metrics");
    for (size_t i = 0; i < sizeof(main_metrics) / sizeof(*main_metrics); i++)
        add_metric(printer, point, main_metrics[i].metric, main_metrics[i].stat, "");
    end_table(printer);
    add_notes(printer);
    add_groups(printer, point);
    add_causes(printer, point);
    if (printer->options->all)
        add_other_metrics(printer, point);
}

/* --- incidents, events, assumptions ---------------------------------------------------------- */

static void add_incident_head(struct printer *printer, const struct incident_group *group)
{
    struct strbuf *out = printer->out;
    size_t outages = incident_group_outages(group);
    strbuf_add(out, "  ");
    quote_add(out, QUOTE_TERMINAL, group->kind);
    if (group->subject[0] != '\0') {
        strbuf_add(out, " (");
        quote_add(out, QUOTE_TERMINAL, group->subject);
        strbuf_add_char(out, ')');
    }
    if (group->onset.min == group->onset.max) {
        strbuf_add(out, " at ");
        units_add_duration(out, (int64_t)group->onset.mean);
    }
    if (outages == 0) {
        strbuf_addf(out, ": no outage in %zu of %zu, so no RTO\n", group->count, group->count);
        return;
    }
    strbuf_add(out, ": ");
    if (group->harmless_count > 0)
        strbuf_addf(out, "an outage in %zu of %zu, ", outages, group->count);
    if (group->restored_count == 0)
        add_share(out, "never restored", outages, outages, printer);
    else
        add_share(out, "restored", group->restored_count, outages, printer);
    strbuf_add_char(out, '\n');
}

/* A quantile over all outages, by rank: those never restored come last. */
static void add_rto_quantile(struct printer *printer, const struct incident_group *group,
                             const char *name, double q)
{
    struct rank_quantile rank =
        rank_quantile(group->waits, group->wait_count, q, printer->summary->study.level);
    text_table_add(printer->table, "%s", name);
    struct strbuf *cell = text_table_cell(printer->table);
    struct interval interval = {
        .valid = rank.n >= 2, .mean = rank.value, .low = rank.low, .high = rank.high};
    interval_add(cell, &interval, UNIT_NS);
    if (interval.valid && rank.is_range)
        strbuf_addf(cell, ", the range of all: %.4g %%", rank.level * 100);
}

static void add_rto(struct printer *printer, const struct incident_group *group)
{
    bool all = group->restored_count == incident_group_outages(group);
    if (group->restored_count > 0) {
        add_estimate(printer, all ? "  RTO" : "  RTO of those restored", &group->rto,
                     ESTIMATE_POSITIVE, UNIT_NS, group->restored_count);
    }
    if (!all) {
        add_rto_quantile(printer, group, "  rto.p50 of all", 0.5);
        add_rto_quantile(printer, group, "  rto.p90 of all", 0.9);
    }
    for (int i = 0; i < INCIDENT_STAGES && group->restored_count > 0; i++) {
        if (group->stages[i].tally.max > 0) {
            struct strbuf name = STRBUF_INIT;
            strbuf_addf(&name, "    %s", incident_stage_names[i]);
            add_estimate(printer, name.text, &group->stages[i], ESTIMATE_POSITIVE, UNIT_NS,
                         group->restored_count);
            strbuf_release(&name);
        }
    }
}

/* If only some runs failed over, the zero losses of the others would lower a mean. */
static void add_losses(struct printer *printer, const struct incident_group *group)
{
    const struct tally *writes = &group->writes_lost.tally;
    const struct tally *sessions = &group->sessions_lost.tally;
    if (group->failover_count == group->count && group->count > 0) {
        add_estimate(printer, "  RPO", &group->rpo, ESTIMATE_POSITIVE, UNIT_NS, group->count);
        add_estimate(printer, "  writes lost", &group->writes_lost, ESTIMATE_COUNT, UNIT_COUNT,
                     group->count);
        add_estimate(printer, "  sessions lost", &group->sessions_lost, ESTIMATE_COUNT, UNIT_COUNT,
                     group->count);
    } else if (group->failover_count > 0) {
        text_table_add(printer->table, "  failover");
        add_share(text_table_cell(printer->table), "", group->failover_count, group->count,
                  printer);
        text_table_add(printer->table, "  writes lost");
        text_table_add(printer->table, "%g to %g", writes->min, writes->max);
        text_table_add(printer->table, "  sessions lost");
        text_table_add(printer->table, "%g to %g", sessions->min, sessions->max);
    }
}

static void add_incident(struct printer *printer, const struct incident_group *group)
{
    add_incident_head(printer, group);
    printer->table = text_table_create_bare(2);
    add_rto(printer, group);
    add_losses(printer, group);
    end_table(printer);
}

static void add_incidents(struct printer *printer, int64_t point)
{
    bool titled = false;
    for (size_t i = 0; i < printer->summary->incidents.count; i++) {
        if (printer->summary->incidents.groups[i].point == point) {
            if (!titled)
                add_heading(printer, "Incidents");
            titled = true;
            add_incident(printer, &printer->summary->incidents.groups[i]);
        }
    }
}

static void add_events(struct printer *printer)
{
    const struct summary *summary = printer->summary;
    if (summary->event_count == 0)
        return;
    add_heading(printer,
                summary->study.run_count > 1 ? "Events of the first replication" : "Events");
    size_t shown = printer->options->all || summary->event_count <= EVENTS_MAX
                       ? summary->event_count
                       : EVENTS_MAX - 1;
    struct text_table *table = text_table_create_bare(4);
    text_table_limit(table, (size_t)printer->width);
    for (size_t i = 0; i < shown; i++) {
        const struct summary_event *event = &summary->events[i];
        int64_t ms = event->t_ns / NS_PER_MS;
        text_table_add(table, "%3" PRId64 ":%02d:%02d.%03d", ms / 3600000, (int)(ms / 60000 % 60),
                       (int)(ms / 1000 % 60), (int)(ms % 1000));
        text_table_add(table, "%s", event->what);
        text_table_add(table, "%s", event->subject);
        text_table_add(table, "%s", event->text);
    }
    text_table_add_to_and_free(table, printer->out);
    if (shown < summary->event_count)
        strbuf_addf(printer->out, "  ... and %zu more (--all)\n", summary->event_count - shown);
}

static void add_assumptions(struct printer *printer)
{
    const struct summary *summary = printer->summary;
    if (summary->assumption_count == 0)
        return;
    add_heading(printer, "Assumptions");
    strbuf_addf(printer->out, "  %zu parameter%s no source and had the default value%s\n",
                summary->assumption_count, summary->assumption_count == 1 ? " has" : "s have",
                printer->options->all ? ":" : " (--all prints them)");
    struct text_table *table = text_table_create_bare(3);
    text_table_limit(table, (size_t)printer->width);
    for (size_t i = 0; printer->options->all && i < summary->assumption_count; i++) {
        text_table_add(table, "%s", summary->assumptions[i].path);
        text_table_add(table, "%s", summary->assumptions[i].value);
        text_table_add(table, "%s", summary->assumptions[i].meaning);
    }
    text_table_add_to_and_free(table, printer->out);
}

/* --- points ---------------------------------------------------------------------------------- */

static void add_point_heading(struct printer *printer, int64_t point)
{
    const struct summary *summary = printer->summary;
    struct strbuf title = STRBUF_INIT;
    strbuf_addf(&title, "Point %" PRId64, point);
    const char *separator = ": ";
    for (size_t i = 0; i < summary->param_count; i++) {
        if (summary->params[i].point == point) {
            strbuf_addf(&title, "%s%s = %s", separator, summary->params[i].path,
                        summary->params[i].value);
            separator = ", ";
        }
    }
    add_heading(printer, title.text);
    strbuf_release(&title);
}

static bool has_fault_window(const struct statistic_table *statistics)
{
    for (size_t i = 0; i < statistics->count; i++)
        if (strcmp(statistics->rows[i].window, "fault") == 0)
            return true;
    return false;
}

void summary_add_text(struct strbuf *out, const struct summary *summary,
                      const struct summary_options *options)
{
    const struct study_row *study = &summary->study;
    struct printer printer = {.out = out,
                              .summary = summary,
                              .options = options,
                              .width = options->width > 0 ? options->width : 100};
    printer.width = printer.width < 80 ? 80 : printer.width;
    /* An incomplete study has fewer runs at its later points; their statistics print their own n.
     */
    printer.n = study->point_count > 0
                    ? (study->run_count + study->point_count - 1) / study->point_count
                    : 0;
    printer.has_fault = has_fault_window(&summary->statistics);
    add_head(&printer);
    add_expectations(&printer);
    for (int64_t point = 0; point < (int64_t)study->point_count && study->run_count > 0; point++) {
        if (study->point_count > 1)
            add_point_heading(&printer, point);
        add_metrics(&printer, point);
        add_incidents(&printer, point);
    }
    add_events(&printer);
    add_assumptions(&printer);
}
