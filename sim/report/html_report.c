// SPDX-License-Identifier: GPL-3.0-or-later
#include "html_page.h"

#include "html_assets.h"
#include "mem.h"
#include "quote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COMPARED_MAX = 4 };

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

/* The faults of the steps, with their ends. */
static void find_faults(struct page *page)
{
    for (size_t i = 0; i < page->step_count; i++) {
        const struct step *step = &page->steps[i];
        bool begins = false;
        const char *fault =
            strcmp(step->what, "fault") == 0 ? incident_fault_of(step->text, &begins) : NULL;
        char *words = fault ? incident_fault_words(fault, step->subject) : NULL;

        if (words && begins) {
            MEM_GROW(page->faults, page->fault_capacity, page->fault_count + 1);
            page->faults[page->fault_count++] =
                (struct page_fault){mem_strdup(words), step->subject, step->t_ns, -1};
        }
        for (size_t k = 0; words && !begins && k < page->fault_count; k++)
            if (page->faults[k].to_ns < 0 && strcmp(page->faults[k].words, words) == 0)
                page->faults[k].to_ns = step->t_ns;
        free(words);
    }
}

/* --- statistics ------------------------------------------------------------------------------ */

/* More rows than this make a page that is slow to open. */
enum { STATISTICS_MAX = 2500, SCENARIO_MAX = 120000 };

/* All of the point; of a point with very many, of regions only the whole run without labels, and of
 * their latencies only the p99. */
static bool is_listed(const struct page *page, const struct statistic_row *row, bool few)
{
    return row->point == page->point &&
           (few || strcmp(row->region, "all") == 0 ||
            (row->label[0] == '\0' && strcmp(row->window, "all") == 0 &&
             (row->stat[0] == '\0' || strcmp(row->stat, "p99") == 0)));
}

static void write_statistics(struct page *page)
{
    static const struct html_column columns[] = {{"metric", false},    {"label", false},
                                                 {"statistic", false}, {"region", false},
                                                 {"window", false},    {"value", true}};
    const struct statistic_table *table = &page->summary.statistics;
    struct strbuf label = STRBUF_INIT;
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++)
        count += table->rows[i].point == page->point;
    bool few = count <= STATISTICS_MAX;
    html_heading(&page->html, "statistics", few ? "All statistics" : "Statistics");
    fputs("<details><summary>Show the table</summary>\n", page->html.out);
    if (!few)
        fputs("<p>Regions have the whole run, no labels and of latencies the p99 here; "
              "<code>isthmus export summary</code> has all.</p>\n",
              page->html.out);
    html_table_open(&page->html, "Statistics of the point; the heads sort", columns, 6, true);
    for (size_t i = 0; i < table->count; i++) {
        const struct statistic_row *row = &table->rows[i];

        if (!is_listed(page, row, few))
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

/* The mechanisms that the run used, and how their rows of the reality bench stand. */
static void write_mechanisms(struct page *page)
{
    static const struct html_column columns[] = {
        {"mechanism", false}, {"rows", true}, {"agree", true}};
    const struct mechanism_list *list = &page->summary.mechanisms;

    html_heading(&page->html, "mechanisms", "Mechanisms and real systems");
    html_table_open(&page->html,
                    "Mechanisms that this study used, with the rows of the reality bench that "
                    "compare them with real servers and real TCP (models/reality.md)",
                    columns, 3, true);
    for (size_t i = 0; i < list->count; i++) {
        struct strbuf text = STRBUF_INIT;

        html_row_open(&page->html);
        html_cell(&page->html, list->items[i].name);
        strbuf_addf(&text, "%zu", list->items[i].row_count);
        html_number_cell(&page->html, (double)list->items[i].row_count, text.text);
        strbuf_clear(&text);
        strbuf_addf(&text, "%zu", list->items[i].agreeing_count);
        html_number_cell(&page->html, (double)list->items[i].agreeing_count, text.text);
        html_row_close(&page->html);
        strbuf_release(&text);
    }
    html_table_close(&page->html);
}

/* Set values first; the defaults with their sources. */
static void write_parameters(struct page *page)
{
    static const struct html_column set_columns[] = {
        {"parameter", false}, {"value", false}, {"default", false}, {"meaning", false}};
    static const struct html_column columns[] = {
        {"parameter", false}, {"default", false}, {"source", false}, {"meaning", false}};
    const struct html_options *options = page->options;

    html_heading(&page->html, "parameters", "Parameters and their origins");
    if (options->parameter_count == 0) {
        fputs("<p>This version of the program does not accept the stored scenario: origins are not "
              "known.</p>\n",
              page->html.out);
        return;
    }
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1)
            fputs("<details><summary>Parameters with their default value</summary>\n",
                  page->html.out);
        html_table_open(&page->html,
                        pass == 0 ? "Set by the scenario, the files that it extends, or the command"
                                  : "Defaults and where they come from",
                        pass == 0 ? set_columns : columns, 4, true);
        for (size_t i = 0; i < options->parameter_count; i++) {
            const struct html_parameter *row = &options->parameters[i];

            if ((pass == 0) != (row->initial != NULL))
                continue;
            html_row_open(&page->html);
            html_cell(&page->html, row->path);
            html_cell(&page->html, row->value);
            html_cell(&page->html, pass == 0 ? row->initial : row->source);
            html_cell(&page->html, row->meaning);
            html_row_close(&page->html);
        }
        html_table_close(&page->html);
    }
    fputs("</details>\n", page->html.out);
}

static void write_remake(struct page *page)
{
    const struct study_row *study = &page->summary.study;
    FILE *out = page->html.out;

    html_heading(&page->html, "remake", "Make this again");
    fputs("<pre tabindex=\"0\">", out);
    html_text(&page->html, study->argv);
    fputs("</pre>\n<p class=\"note\">Study of ", out);
    html_text(&page->html, study->started);
    fprintf(out, ", seed %" PRIu64 ", isthmus ", study->seed);
    html_text(&page->html, study->version);
    fputs(". The same scenario, seed and version give the same numbers on any machine.</p>\n", out);
    if (page->scenario && strlen(page->scenario) > SCENARIO_MAX) {
        fputs("<p>The scenario with every value is too long for this page: <code>isthmus repro "
              "FILE.db --run 0/0 --scenario</code> prints it.</p>\n",
              out);
    } else if (page->scenario) {
        fputs("<details><summary>The scenario with every value that was in force</summary>\n<pre "
              "tabindex=\"0\">",
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
    page_write_map_data(&json, page);
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

/* The contents list; `kind`: only of a study with findings of this kind. */
static const struct section {
    const char *id, *title, *kind;
    bool of_points; /* only of a study with several points */
    bool of_map;    /* only where there is a topology */
} sections[] = {
    {"changes", "What changed", "compare", true, false},
    {"front", "Front", "front", true, false},
    {"points", "Points", NULL, true, false},
    {"map", "Map", NULL, false, true},
    {"time", "Over time", NULL, false, false},
    {"steps", "Steps", NULL, false, false},
    {"statistics", "Statistics", NULL, false, false},
    {"parameters", "Parameters", NULL, false, false},
    {"assumptions", "Assumptions", NULL, false, false},
    {"mechanisms", "Mechanisms", NULL, false, false},
    {"remake", "Make this again", NULL, false, false},
};

static bool has_section(const struct page *page, const struct section *section)
{
    const struct topology_map *topology = page->options->topology;
    bool has_kind = !section->kind;

    for (size_t i = 0; i < page->summary.finding_count && !has_kind; i++)
        has_kind = strcmp(page->summary.findings[i].kind, section->kind) == 0;
    return has_kind && (!section->of_points || page->summary.study.point_count > 1) &&
           (!section->of_map || (topology && topology->region_count > 1));
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
    fputs("<nav aria-label=\"Contents\"><ul>", out);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (has_section(page, &sections[i]))
            fprintf(out, "<li><a href=\"#%s\">%s</a></li>", sections[i].id, sections[i].title);
    fputs("</ul></nav>\n", out);
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
    fputs("<p class=\"note\">Mean and interval over replications, by region or by point; shaded: a "
          "fault is active. <button type=\"button\" id=\"zoom-out\" hidden>Show the whole "
          "run</button></p>\n",
          out);
    for (size_t i = 0; i < set->count; i++)
        chart_draw(&page->html, set, &set->charts[i]);
}

static void write_page(struct page *page)
{
    FILE *out = page->html.out;

    write_head(page);
    page_write_answer(page);
    page_write_changes(page);
    page_write_front(page);
    page_write_grid(page);
    page_write_points(page);
    page_write_map(page);
    write_time(page);
    write_steps(page);
    write_statistics(page);
    write_parameters(page);
    write_assumptions(page);
    write_mechanisms(page);
    write_remake(page);
    fputs("</main>\n", out);
    write_data(page);
    fprintf(out, "<script>\n%s\n</script>\n<script>\n%s</script>\n</body>\n</html>\n", dygraph_js,
            report_js);
}

/* The chosen point by region; of a comparison the totals of its first points together. */
static int load_charts(struct page *page, struct results *results, struct diag *diag)
{
    const struct study_row *study = &page->summary.study;
    struct chart_point points[COMPARED_MAX] = {{page->point, NULL}};
    char *names[COMPARED_MAX] = {NULL};
    size_t count = 1;
    int status;

    if (strcmp(study->verb, "compare") == 0 && study->point_count > 1) {
        for (count = 0; count < COMPARED_MAX && count < study->point_count; count++) {
            struct strbuf name = STRBUF_INIT;

            page_add_point_name(&name, page, (int64_t)count);
            names[count] = strbuf_detach(&name);
            points[count] = (struct chart_point){(int64_t)count, names[count]};
        }
    }
    size_t lines = points[0].name ? count : page->summary.statistics.region_count + 1;
    status = chart_set_load(&page->charts, results, study, points, count, lines, diag);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    return status;
}

int report_html(struct results *results, const struct html_options *options, FILE *out,
                struct diag *diag)
{
    struct page page = {.html = {out}, .options = options, .point = options->point};
    int status = summary_load(&page.summary, results, options->study, diag);

    if (status == 0 && options->point >= (int64_t)page.summary.study.point_count) {
        diag_error(diag, "the study has no point %" PRId64 "; its points are 0 to %" PRIu32,
                   options->point, page.summary.study.point_count - 1);
        status = -1;
    }
    if (status == 0)
        status = load_charts(&page, results, diag);
    if (status == 0)
        status = results_each_point(results, page.summary.study.id, add_point, &page, diag);
    if (status == 0)
        status = results_each_event(results, page.summary.study.id, 0, add_step, &page, diag);
    find_faults(&page);
    if (status == 0)
        write_page(&page);
    for (size_t i = 0; i < page.fault_count; i++)
        free(page.faults[i].words);
    free(page.faults);
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
