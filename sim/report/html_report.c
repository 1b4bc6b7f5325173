// SPDX-License-Identifier: GPL-3.0-or-later
#include "html_report.h"

#include "html_assets.h"
#include "html_chart.h"
#include "mem.h"
#include "quote.h"
#include "summary_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The statistics of the first screen. */
static const struct {
    const char *metric, *stat, *title;
} headlines[] = {
    {"availability", "", "good requests"},
    {"login_failure_rate", "", "failed logins"},
    {"reauth_rate", "", "requests answered by a re-auth"},
    {"write_failure_rate", "", "failed writes"},
    {"write_timeout_rate", "", "write attempts timed out"},
    {"login_latency", "p99", "login, p99"},
    {"request_latency", "p99", "request, p99"},
    {"replication_lag", "p99", "replication lag, p99"},
};

/* An event of the first replication of the point. */
struct step {
    int64_t t_ns;
    uint32_t number, cause, waited_for; /* numbers of events */
    char *what, *subject, *text;
};

struct page {
    struct html html;
    struct summary summary;
    struct chart_set charts;
    int64_t point;
    char *scenario; /* resolved, of the point */
    struct step *steps;
    size_t step_count, step_capacity;
};

static void add_point(void *self, const struct point_row *row)
{
    struct page *page = self;

    if (row->number == page->point) {
        free(page->scenario);
        page->scenario = mem_strdup(row->text);
    }
}

static void add_step(void *self, const struct event_row *row)
{
    struct page *page = self;

    if (row->point != page->point)
        return;
    if (page->step_count == page->step_capacity)
        MEM_GROW(page->steps, page->step_capacity, page->step_count + 1);
    page->steps[page->step_count++] = (struct step){.t_ns = row->t_ns,
                                                    .number = row->number,
                                                    .cause = row->cause,
                                                    .waited_for = row->waited_for,
                                                    .what = mem_strdup(row->what),
                                                    .subject = mem_strdup(row->subject),
                                                    .text = mem_strdup(row->text)};
}

/* --- the answer ------------------------------------------------------------------------------ */

static void sums_text(struct page *page, const struct estimate_sums *sums, enum estimate_law law,
                      enum unit unit)
{
    struct interval interval = estimate_interval(sums, law, page->summary.study.level, NULL);
    struct strbuf text = STRBUF_INIT;

    interval_add(&text, &interval, unit);
    html_text(&page->html, text.text);
    strbuf_release(&text);
}

/* Whether and when it ended. */
static void write_restoration(struct page *page, const struct incident_group *group)
{
    FILE *out = page->html.out;
    size_t outages = incident_group_outages(group);

    if (outages == 0) {
        fprintf(out, "no outage in any of %zu replications, so no RTO.", group->count);
        return;
    }
    fprintf(out, "an outage in %zu of %zu replications. ", outages, group->count);
    if (group->restored_count == 0) {
        fputs("It never ended before the end of the run.", out);
        return;
    }
    fputs("RTO ", out);
    sums_text(page, &group->rto, ESTIMATE_POSITIVE, UNIT_NS);
    if (group->restored_count < outages)
        fprintf(out, " in the %zu that were restored; %zu never were.", group->restored_count,
                outages - group->restored_count);
    else
        fputs(".", out);
}

static void write_incident_answer(struct page *page, const struct incident_group *group)
{
    FILE *out = page->html.out;
    struct strbuf text = STRBUF_INIT;

    strbuf_addf(&text, "%s%s%s at ", group->kind, group->subject[0] != '\0' ? " of " : "",
                group->subject);
    units_add_duration(&text, (int64_t)group->onset.mean);
    fputs("<p><strong>", out);
    html_text(&page->html, text.text);
    fputs(":</strong> ", out);
    write_restoration(page, group);
    if (group->failover_count > 0) {
        fputs(" The failover lost ", out);
        sums_text(page, &group->writes_lost, ESTIMATE_COUNT, UNIT_COUNT);
        fputs(" writes of ", out);
        sums_text(page, &group->sessions_lost, ESTIMATE_COUNT, UNIT_COUNT);
        fputs(" sessions (RPO ", out);
        sums_text(page, &group->rpo, ESTIMATE_POSITIVE, UNIT_NS);
        fputs(").", out);
    }
    fputs("</p>\n", out);
    strbuf_release(&text);
}

/* What users of each region had while a fault was active. */
static void write_harm(struct page *page)
{
    static const struct {
        const char *metric, *name;
    } harms[] = {{"availability", "good requests"},
                 {"login_failure_rate", "failed logins"},
                 {"reauth_rate", "requests answered by a re-auth"}};
    const struct statistic_table *table = &page->summary.statistics;
    FILE *out = page->html.out;
    struct strbuf text = STRBUF_INIT;

    for (size_t r = 0; r < table->region_count && page->charts.fault_count > 0; r++) {
        bool any = false;

        for (size_t i = 0; i < sizeof harms / sizeof harms[0]; i++) {
            const struct statistic_row *row = statistic_table_find(
                table, page->point, harms[i].metric, "", table->regions[r], "", "fault");

            if (!row)
                continue;
            strbuf_clear(&text);
            interval_add(&text, &row->interval, row->unit);
            fputs(any ? "; " : "<p>In <strong>", out);
            if (!any) {
                html_text(&page->html, table->regions[r]);
                fputs("</strong>, while a fault was active: ", out);
            }
            fprintf(out, "%s ", harms[i].name);
            html_text(&page->html, text.text);
            any = true;
        }
        if (any)
            fputs(".</p>\n", out);
    }
    strbuf_release(&text);
}

static void write_expectations(struct page *page)
{
    static const struct html_column columns[] = {
        {"verdict", false}, {"expectation", false}, {"observed", true}};
    const struct summary *summary = &page->summary;
    struct strbuf value = STRBUF_INIT;
    bool begun = false;

    for (size_t i = 0; i < summary->expectation_count; i++) {
        const struct summary_expectation *row = &summary->expectations[i];
        enum unit unit = summary_unit_of(summary, row->text);

        if (row->point != page->point)
            continue;
        if (!begun)
            html_table_open(&page->html, "What the scenario expects, and what was observed",
                            columns, 3, false);
        begun = true;
        strbuf_clear(&value);
        summary_add_expected(&value, row, unit);
        html_row_open(&page->html);
        html_verdict_cell(&page->html, row->verdict);
        html_cell(&page->html, row->text);
        html_number_cell(&page->html, row->has_value ? row->value : NAN, value.text);
        html_row_close(&page->html);
    }
    if (begun)
        html_table_close(&page->html);
    strbuf_release(&value);
}

/* The whole run, by region; while a fault was active if there was one. */
static void write_headlines(struct page *page)
{
    const struct statistic_table *table = &page->summary.statistics;
    bool has_fault = page->charts.fault_count > 0;
    size_t count = table->region_count + 1;
    struct html_column *columns = mem_zalloc(count + 1, sizeof *columns);

    columns[0].name = "statistic";
    for (size_t r = 0; r < count; r++)
        columns[r + 1] =
            (struct html_column){r < table->region_count ? table->regions[r] : "total", true};
    html_table_open(&page->html,
                    has_fault ? "While a fault was active, by region of the user's server"
                              : "The whole run after its warm-up, by region of the user's server",
                    columns, count + 1, false);
    for (size_t i = 0; i < sizeof headlines / sizeof headlines[0]; i++) {
        bool any = false;

        for (int pass = 0; pass < 2; pass++) {
            for (size_t r = 0; r < count; r++) {
                const struct statistic_row *row =
                    statistic_table_find(table, page->point, headlines[i].metric, headlines[i].stat,
                                         r < table->region_count ? table->regions[r] : "all", "",
                                         has_fault ? "fault" : "all");

                if (pass == 0)
                    any = any || row;
                else if (any && row)
                    html_interval_cell(&page->html, &row->interval, row->unit);
                else if (any)
                    html_number_cell(&page->html, NAN, "none");
            }
            if (pass == 0 && any) {
                html_row_open(&page->html);
                html_cell(&page->html, headlines[i].title);
            }
        }
        if (any)
            html_row_close(&page->html);
    }
    html_table_close(&page->html);
    free(columns);
}

static void write_answer(struct page *page)
{
    const struct summary *summary = &page->summary;
    FILE *out = page->html.out;

    fputs("<section class=\"answer\" aria-label=\"Answer\">\n", out);
    for (size_t i = 0; i < summary->finding_count; i++) {
        const struct summary_finding *row = &summary->findings[i];

        if (row->text[0] != '\0')
            html_element(&page->html, "p", NULL, row->text);
    }
    for (size_t i = 0; i < summary->incidents.count; i++) {
        const struct incident_group *group = &summary->incidents.groups[i];

        if (group->point == page->point)
            write_incident_answer(page, group);
    }
    write_harm(page);
    if (summary->incidents.count == 0 && summary->finding_count == 0)
        fputs("<p>No incident: nothing failed, or nothing that opened one.</p>\n", out);
    fputs("</section>\n", out);
    write_expectations(page);
    write_headlines(page);
    fprintf(out,
            "<p class=\"note\">[low, high]: %g %% interval over %" PRIu32 " replication%s; "
            "&ldquo;0 of N&rdquo; means not seen, with the bound for what was not seen.</p>\n",
            summary->study.level * 100, summary->study.replication_count,
            summary->study.replication_count == 1 ? ": no interval with one" : "s");
}

/* --- points and statistics ------------------------------------------------------------------- */

static void write_points(struct page *page)
{
    const struct summary *summary = &page->summary;
    struct html_column columns[64] = {{"point", true}};
    size_t param_count = 0, count;

    if (summary->study.point_count < 2)
        return;
    for (size_t i = 0; i < summary->param_count && param_count < 24; i++)
        if (summary->params[i].point == summary->params[0].point)
            columns[++param_count].name = summary->params[i].path;
    count = param_count + 1;
    for (size_t i = 0; i < sizeof headlines / sizeof headlines[0]; i++)
        columns[count++] = (struct html_column){headlines[i].title, true};
    html_heading(&page->html, "points", "Points");
    html_table_open(&page->html, "One row for each point of the study, all regions", columns, count,
                    true);
    for (uint32_t point = 0; point < summary->study.point_count; point++) {
        struct strbuf number = STRBUF_INIT;

        strbuf_addf(&number, "%" PRIu32, point);
        html_row_open(&page->html);
        html_number_cell(&page->html, point, number.text);
        strbuf_release(&number);
        for (size_t k = 1; k <= param_count; k++) {
            const char *value = "";

            for (size_t i = 0; i < summary->param_count; i++)
                if (summary->params[i].point == point &&
                    strcmp(summary->params[i].path, columns[k].name) == 0)
                    value = summary->params[i].value;
            html_cell(&page->html, value);
        }
        for (size_t i = 0; i < sizeof headlines / sizeof headlines[0]; i++) {
            const struct statistic_row *row =
                statistic_table_find(&summary->statistics, point, headlines[i].metric,
                                     headlines[i].stat, "all", "", "all");
            if (row)
                html_interval_cell(&page->html, &row->interval, row->unit);
            else
                html_number_cell(&page->html, NAN, "none");
        }
        html_row_close(&page->html);
    }
    html_table_close(&page->html);
}

static void write_statistics(struct page *page)
{
    static const struct html_column columns[] = {{"metric", false},    {"label", false},
                                                 {"statistic", false}, {"region", false},
                                                 {"window", false},    {"value", true}};
    const struct statistic_table *table = &page->summary.statistics;
    struct strbuf label = STRBUF_INIT;

    html_heading(&page->html, "statistics", "All statistics");
    fputs("<details><summary>Show the table</summary>\n", page->html.out);
    html_table_open(&page->html, "Every statistic of the point; the heads sort", columns, 6, true);
    for (size_t i = 0; i < table->count; i++) {
        const struct statistic_row *row = &table->rows[i];

        if (row->point != page->point)
            continue;
        strbuf_clear(&label);
        if (row->label[0] != '\0')
            strbuf_addf(&label, "%s=%s", row->label_name, row->label);
        html_row_open(&page->html);
        html_cell(&page->html, row->metric);
        html_cell(&page->html, label.text);
        html_cell(&page->html, row->stat);
        html_cell(&page->html, strcmp(row->region, "all") == 0 ? "total" : row->region);
        html_cell(&page->html, strcmp(row->window, "all") == 0 ? "whole run" : row->window);
        html_interval_cell(&page->html, &row->interval,
                           strcmp(row->stat, "count") == 0 ? UNIT_COUNT : row->unit);
        html_row_close(&page->html);
    }
    html_table_close(&page->html);
    fputs("</details>\n", page->html.out);
    strbuf_release(&label);
}

/* --- steps, assumptions, scenario ------------------------------------------------------------ */

static void write_clock(FILE *out, int64_t t_ns)
{
    int64_t ms = t_ns / 1000000;

    fprintf(out, "<span class=\"time\">%" PRId64 ":%02d:%02d.%03d</span> ", ms / 3600000,
            (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
}

/* The position of an event in the list, from 1; 0: it is not there. */
static size_t step_of(const struct page *page, uint32_t number)
{
    for (size_t i = 0; i < page->step_count && number > 0; i++)
        if (page->steps[i].number == number)
            return i + 1;
    return 0;
}

static void write_steps(struct page *page)
{
    FILE *out = page->html.out;

    html_heading(&page->html, "steps", "What happened, in steps");
    if (page->step_count == 0) {
        fputs("<p>The first replication recorded no event.</p>\n", out);
        return;
    }
    fputs("<p class=\"note\">Events of the first replication, in simulated time, with their "
          "recorded causes.</p>\n<ol class=\"steps\">\n",
          out);
    for (size_t i = 0; i < page->step_count; i++) {
        const struct step *step = &page->steps[i];
        size_t cause = step_of(page, step->cause), waited_for = step_of(page, step->waited_for);

        fprintf(out, "<li id=\"step-%zu\">", i + 1);
        write_clock(out, step->t_ns);
        if (step->subject[0] != '\0')
            html_element(&page->html, "strong", NULL, step->subject);
        html_text(&page->html, step->text);
        fputs(" <span class=\"note\">(", out);
        html_text(&page->html, step->what);
        if (cause)
            fprintf(out, ", caused by <a href=\"#step-%zu\">step %zu</a>", cause, cause);
        if (waited_for)
            fprintf(out, ", waited for <a href=\"#step-%zu\">step %zu</a>", waited_for, waited_for);
        fputs(")</span></li>\n", out);
    }
    fputs("</ol>\n", out);
}

static void write_assumptions(struct page *page)
{
    static const struct html_column columns[] = {
        {"parameter", false}, {"value", false}, {"meaning", false}};
    const struct summary *summary = &page->summary;

    html_heading(&page->html, "assumptions", "Assumptions");
    if (summary->assumption_count == 0) {
        fputs("<p>Every value was set in the scenario or has a published source.</p>\n",
              page->html.out);
        return;
    }
    html_table_open(&page->html, "Defaults without a published source that this study used",
                    columns, 3, true);
    for (size_t i = 0; i < summary->assumption_count; i++) {
        html_row_open(&page->html);
        html_cell(&page->html, summary->assumptions[i].path);
        html_cell(&page->html, summary->assumptions[i].value);
        html_cell(&page->html, summary->assumptions[i].meaning);
        html_row_close(&page->html);
    }
    html_table_close(&page->html);
}

static void write_remake(struct page *page)
{
    const struct study_row *study = &page->summary.study;
    FILE *out = page->html.out;

    html_heading(&page->html, "remake", "Make this again");
    fputs("<pre>", out);
    html_text(&page->html, study->argv);
    fputs("</pre>\n<p class=\"note\">Study of ", out);
    html_text(&page->html, study->started);
    fprintf(out, ", seed %" PRIu64 ", isthmus ", study->seed);
    html_text(&page->html, study->version);
    fputs(". The same scenario, seed and version give the same numbers on any machine.</p>\n", out);
    if (page->scenario) {
        fputs("<details><summary>The scenario with every value that was in force</summary>\n<pre>",
              out);
        html_text(&page->html, page->scenario);
        fputs("</pre></details>\n", out);
    }
}

/* --- page ------------------------------------------------------------------------------------ */

/* JSON inside a script element: "<" would let a text end it. */
static void write_data(struct page *page)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    struct json_writer json;

    if (!memory)
        return;
    json_begin(&json, memory);
    json_open_object(&json, NULL);
    chart_set_write(&json, &page->charts);
    json_close(&json);
    (void)json_end(&json);
    fclose(memory);
    fputs("<script type=\"application/json\" id=\"data\">", page->html.out);
    for (size_t i = 0; i < size; i++)
        if (text[i] == '<')
            fputs("\\u003c", page->html.out);
        else
            fputc(text[i], page->html.out);
    fputs("</script>\n", page->html.out);
    free(text);
}

static void write_head(struct page *page)
{
    const struct study_row *study = &page->summary.study;
    FILE *out = page->html.out;

    fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"generator\" content=\"isthmus report\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    html_text(&page->html, study->scenario_name);
    fprintf(out,
            " - isthmus report</title>\n<style>\n%s\n%s</style>\n</head>\n<body>\n<main>\n<h1>",
            dygraph_css, report_css);
    html_text(&page->html, study->scenario_name);
    fputs("</h1>\n", out);
    html_element(&page->html, "p", "question", study->question);
    fputs("<nav aria-label=\"Contents\"><ul>"
          "<li><a href=\"#time\">Over time</a></li>"
          "<li><a href=\"#steps\">Steps</a></li>"
          "<li><a href=\"#statistics\">Statistics</a></li>"
          "<li><a href=\"#assumptions\">Assumptions</a></li>"
          "<li><a href=\"#remake\">Make this again</a></li></ul></nav>\n",
          out);
}

static void write_time(struct page *page)
{
    const struct chart_set *set = &page->charts;
    FILE *out = page->html.out;

    html_heading(&page->html, "time", "Over time");
    if (set->count == 0) {
        fputs("<p>No time line: every series is zero throughout, or none was recorded.</p>\n", out);
        return;
    }
    fputs(
        "<p class=\"note\">Mean and interval over replications, by region; shaded: a fault is "
        "active. <button type=\"button\" id=\"zoom-out\" hidden>Show the whole run</button></p>\n",
        out);
    for (size_t i = 0; i < set->count; i++)
        chart_draw(&page->html, set, &set->charts[i]);
}

static void write_page(struct page *page)
{
    FILE *out = page->html.out;

    write_head(page);
    write_answer(page);
    write_points(page);
    write_time(page);
    write_steps(page);
    write_statistics(page);
    write_assumptions(page);
    write_remake(page);
    fputs("</main>\n", out);
    write_data(page);
    fprintf(out, "<script>\n%s\n</script>\n<script>\n%s</script>\n</body>\n</html>\n", dygraph_js,
            report_js);
}

int report_html(struct results *results, const struct html_options *options, FILE *out,
                struct diag *diag)
{
    struct page page = {.html = {out}, .point = options->point};
    int status = summary_load(&page.summary, results, options->study, diag);

    if (status == 0 && options->point >= (int64_t)page.summary.study.point_count) {
        diag_error(diag, "the study has no point %" PRId64 "; its points are 0 to %" PRIu32,
                   options->point, page.summary.study.point_count - 1);
        status = -1;
    }
    if (status == 0)
        status = chart_set_load(&page.charts, results, &page.summary.study, options->point, diag);
    if (status == 0)
        status = results_each_point(results, page.summary.study.id, add_point, &page, diag);
    if (status == 0)
        status = results_each_event(results, page.summary.study.id, 0, add_step, &page, diag);
    if (status == 0)
        write_page(&page);
    for (size_t i = 0; i < page.step_count; i++) {
        free(page.steps[i].what);
        free(page.steps[i].subject);
        free(page.steps[i].text);
    }
    free(page.steps);
    chart_set_release(&page.charts);
    summary_release(&page.summary);
    free(page.scenario);
    return status;
}
