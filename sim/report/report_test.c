// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_study.h"

#include "gnuplot.h"
#include "quote.h"
#include "record.h"
#include "report.h"
#include "strbuf.h"
#include "test_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

static struct results *make_results(uint32_t points, uint32_t replications, uint32_t restored)
{
    struct diag diag = {0};
    char *path = in_folder("study.db");
    unlink(path);
    struct record *record = record_open(path, RECORD_APPEND, &diag);
    assert_non_null(record);
    assert_int_equal(fake_study(record_sink(record), points, replications, restored), 0);
    assert_int_equal(record_close(record), 0);
    struct results *results = results_open(path, &diag);
    assert_non_null(results);
    return results;
}

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    struct strbuf text = STRBUF_INIT;
    for (int c = getc(file); c != EOF; c = getc(file))
        strbuf_add_char(&text, (char)c);
    fclose(file);
    return strbuf_detach(&text);
}

static char *summary_of(struct results *results, struct summary_options options)
{
    struct diag diag = {0};
    char *path = in_folder("summary");
    FILE *out = fopen(path, "wb");
    assert_int_equal(report_summary(results, &options, out, &diag), 0);
    fclose(out);
    assert_int_equal(diag.count, 0);
    return read_text(path);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("'%s' is in:\n%s", part, text);
}

/* --- summary --------------------------------------------------------------------------------- */

static void summary_says_what_was_run_and_how_sure_it_is(void **state)
{
    (void)state;
    struct results *results = make_results(1, 5, 5);
    char *text = summary_of(results, (struct summary_options){.width = 100});
    assert_has(text, "fake-outage\n  What does the loss of a region");
    assert_has(
        text,
        "30min simulated, seed 18446744073709551615, n = 5 replications; mean [low, high]: 95 %");
    assert_has(text, "Statistics begin after a warm-up of 1min.");
    assert_has(text, "Expectations: 1 of 3 hold");
    assert_has(text, "fails    reauth_rate < 0.1%");
    assert_has(text, "while a fault is active");
    assert_has(text, "us-west-2");
    assert_has(text, "lost-at-failover");
    assert_has(text, "down on us-west-1 at 10min: restored in 5 of 5");
    assert_has(text, "detect");
    assert_has(text, "reconnect");
    assert_has(text, "whole run");
    assert_lacks(text, "Two outcomes");
    assert_has(text, "dns        sessions.internal  the record names us-west-2");
    assert_has(text, "2 parameters have no source");
    assert_lacks(text, "cost_per_hour");
    assert_lacks(text, "\033");
    assert_lacks(text, "nan");
    free(text);
    text = summary_of(results, (struct summary_options){.width = 100, .all = true, .colour = true});
    assert_has(text, "cost_per_hour");
    assert_has(text, "how long a person takes to agree");
    assert_has(text, "\033[31mfails");
    free(text);
    results_close(results);
}

static void summary_keeps_within_its_width(void **state)
{
    (void)state;
    struct results *results = make_results(1, 3, 3);
    char *text = summary_of(results, (struct summary_options){.width = 110});
    char *rest = text;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        assert_true(strlen(line) <= 110);
    free(text);
    results_close(results);
}

static void one_replication_has_no_interval(void **state)
{
    (void)state;
    struct results *results = make_results(1, 1, 1);
    char *text = summary_of(results, (struct summary_options){0});
    assert_has(text, "n = 1 replication: no interval");
    char *metrics = strstr(text, "\nMetrics");
    assert_non_null(metrics);
    assert_lacks(metrics, "[");
    assert_has(text, "no value has an interval");
    free(text);
    results_close(results);
}

static void a_mean_never_hides_two_outcomes(void **state)
{
    (void)state;
    struct results *results = make_results(1, 10, 7);
    char *text = summary_of(results, (struct summary_options){.width = 100});
    /* Wilson's interval of 7 in 10 at 95 %, z = 1.95996: (0.7 + z^2/20 +- z sqrt(0.021 + z^2/400))
     * / (1 + z^2/10). */
    assert_has(text, "restored in 7 of 10 [39.7%, 89.2%]");
    /* and of 3 in 10: 1 minus the same */
    assert_has(text, "Stuck in 3 of 10 replications, 30% [10.8%, 60.3%]: an outage was not over");
    assert_has(text, "RTO of those restored");
    assert_has(text, "rto.p90, never as the worst  never [");

    assert_has(text, "recovered, n = 7");
    assert_has(text, "stuck, n = 3");
    assert_lacks(text, "whole run");
    free(text);
    text = summary_of(results, (struct summary_options){.width = 100, .all = true});
    char *rto = strstr(text, "\n  rto ");
    assert_non_null(rto);
    /* one interval on the line, of the recovered runs; stuck runs have no RTO */
    char *bracket = strchr(rto, '['), *end = strchr(rto + 1, '\n');
    assert_true(bracket != NULL && bracket < end &&
                memchr(bracket + 1, '[', (size_t)(end - bracket - 1)) == NULL);
    free(text);
    results_close(results);
}

/* The answer comes first, and a region has at most twelve lines. */
static void the_headline_is_short(void **state)
{
    (void)state;
    struct results *results = make_results(1, 3, 3);
    char *text = summary_of(results, (struct summary_options){.path = "results/a b.db"});
    char *expectations = strstr(text, "\nExpectations"), *metrics = strstr(text, "\nMetrics"),
         *end = strstr(text, "\nRe-auths");
    assert_true(expectations != NULL && metrics != NULL && end != NULL && expectations < metrics);
    size_t lines = 0;
    for (char *at = strstr(metrics, "us-west-2"); at != NULL && at < end;
         at = strstr(at + 1, "us-west-2"))
        lines++;
    assert_in_range(lines, 5, 12);
    char *last = strstr(text, "\nStudy 1 of results/a b.db, ");
    assert_non_null(last);
    assert_has(last, "; again:\n  isthmus run scenarios/fake.yaml");
    free(text);
    results_close(results);
}

/* Every table has a head and ends with an empty line; no cell breaks a row. */
static void markdown_is_made_of_whole_tables(void **state)
{
    (void)state;
    struct results *results = make_results(1, 3, 2);
    char *text = summary_of(results, (struct summary_options){.markdown = true});
    assert_has(text, "## fake-outage\n\nWhat does the loss of a region");
    assert_has(text, "### Expectations: 1 of 3 hold\n\n| verdict | expectation | value |\n");
    assert_has(text, "\n\n    isthmus run scenarios/fake.yaml");
    const char *before = "";
    size_t columns = 0;
    for (char *line = text, *next; *line != '\0'; before = line, line = next) {
        size_t bars = 0, length = strcspn(line, "\n");
        next = line + length + (line[length] != '\0');
        line[length] = '\0';
        for (char *c = line; *c != '\0'; c++)
            bars += *c == '|' && (c == line || c[-1] != '\\');
        if (line[0] == '|' && before[0] != '|')
            columns = bars;
        assert_int_equal(bars, line[0] == '|' ? columns : 0);
        if (before[0] == '|')
            assert_true(line[0] == '|' || line[0] == '\0');
    }
    free(text);
    results_close(results);
}

static void points_are_named_by_what_varies(void **state)
{
    (void)state;
    struct results *results = make_results(2, 2, 2);
    char *text = summary_of(results, (struct summary_options){0});
    assert_has(text, "Point 0: client.timeout = 100ms");
    assert_has(text, "Point 1: client.timeout = 200ms");
    free(text);
    results_close(results);
}

/* Check without a parser that braces and brackets outside texts balance, and some contents. */
static void json_is_one_balanced_object(void **state)
{
    (void)state;
    struct results *results = make_results(1, 3, 2);
    char *text = summary_of(results, (struct summary_options){.json = true});
    int depth = 0, objects = 0;
    bool quoted = false;
    for (const char *c = text; *c != '\0'; c++) {
        quoted = *c == '"' && c[-1] != '\\' ? !quoted : quoted;
        depth += quoted ? 0 : (*c == '{' || *c == '[') - (*c == '}' || *c == ']');
        objects += !quoted && depth == 0 && *c == '}';
    }
    assert_int_equal(depth, 0);
    assert_int_equal(objects, 1);
    assert_has(text, "\"seed\": \"18446744073709551615\"");
    assert_has(text, "\"metric\": \"cost_per_hour\"");
    assert_has(text, "\"n\": 3, \"outages\": 3, \"restored\": 2");
    assert_has(text, "\"n\": 3, \"stuck\": 1, \"stuck_low\": ");
    assert_has(text, "\"figures_stuck\": [\n");
    assert_has(text, "\"rto_p90_ns\": {\"unit\": \"ns\", \"n\": 3, \"never\": 1, \"value\": null");
    assert_lacks(text, "nan");
    free(text);
    results_close(results);
}

/* --- plots ----------------------------------------------------------------------------------- */

static size_t file_count;

static void count_file(void *self, const char *path)
{
    (void)self;
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size > 200);
    file_count++;
}

static size_t nothing_count;

static void count_nothing(void *self, const char *plot, const char *why)
{
    (void)self;
    assert_non_null(plot_kind_find(plot));
    assert_true(strlen(why) > 10);
    nothing_count++;
}

/* Draw point 0 of the newest study. */
static int draw_plot_of(struct results *results, struct plot_options *options, struct diag *diag)
{
    static const struct plot_events events = {count_file, count_nothing, NULL};
    const struct plot_source source = {.results = results};
    file_count = nothing_count = 0;
    if (options->source_count == 0) {
        options->sources = &source;
        options->source_count = 1;
    }
    int status = report_plot(options, &events, diag);
    if (options->sources == &source)
        options->source_count = 0;
    return status;
}

static void plots_say(struct results *results, struct plot_options options, const char *expected)
{
    struct diag diag = {0};
    assert_int_equal(draw_plot_of(results, &options, &diag), -1);
    char *said = diag_text(&diag);
    assert_has(said, expected);
    free(said);
    diag_release(&diag);
}

static void every_plot_is_drawn_as_svg_and_twice_the_same(void **state)
{
    (void)state;
    struct results *results = make_results(1, 3, 3);
    struct diag diag = {0};
    struct plot_options options = {.format = PLOT_SVG, .directory = test_folder, .prefix = "one"};
    assert_int_equal(draw_plot_of(results, &options, &diag), 0);
    options.prefix = "two";
    assert_int_equal(draw_plot_of(results, &options, &diag), 0);
    /* A study of one point has no curve, heat map, front, difference, capacity or, here, map; its
     * metrics have no goodput. */
    static const char *const drawn[] = {"timeline", "workload",      "lag",
                                        "latency",  "reauth_causes", "rto_stages"};
    size_t kinds = 0;
    while (plot_kinds[kinds].name != NULL)
        kinds++;
    assert_int_equal(file_count, sizeof(drawn) / sizeof(*drawn));
    assert_int_equal(nothing_count, kinds - file_count);
    for (size_t i = 0; i < sizeof(drawn) / sizeof(*drawn); i++) {
        char name[64];
        snprintf(name, sizeof(name), "one-%s.svg", drawn[i]);
        char *one = read_text(in_folder(name));
        memcpy(name, "two", 3);
        char *two = read_text(in_folder(name));
        assert_non_null(one);
        assert_non_null(two);
        assert_string_equal(one, two);
        free(one);
        free(two);
    }
    results_close(results);
}

static void a_curve_is_drawn_over_the_points_of_a_sweep(void **state)
{
    (void)state;
    struct results *results = make_results(3, 3, 3);
    struct diag diag = {0};
    struct plot_options options = {
        .format = PLOT_SVG, .directory = test_folder, .prefix = "sweep", .plot = "curve"};
    assert_int_equal(draw_plot_of(results, &options, &diag), 0);
    char *text = read_text(in_folder("sweep-curve.svg"));
    assert_has(text, "client.timeout");
    assert_has(text, "300ms");
    assert_has(text, "all 3 points");
    free(text);
    /* A heat map needs two parameters. */
    options.plot = "heatmap";
    assert_int_equal(draw_plot_of(results, &options, &diag), -1);
    diag_release(&diag);
    results_close(results);
}

static void png_and_text_are_drawn(void **state)
{
    (void)state;
    struct results *results = make_results(1, 2, 2);
    struct diag diag = {0};
    char *copy = in_folder("copy.txt");
    FILE *out = fopen(copy, "w");
    struct plot_options options = {.format = PLOT_TEXT,
                                   .directory = test_folder,
                                   .plot = "timeline",
                                   .text_out = out,
                                   .width = 90};
    assert_int_equal(draw_plot_of(results, &options, &diag), 0);
    fclose(out);
    char *text = read_text(copy);
    assert_has(text, "availability (%)");
    assert_has(text, "us-west-2");
    free(text);
    options =
        (struct plot_options){.format = PLOT_PNG, .directory = test_folder, .plot = "latency"};
    assert_int_equal(draw_plot_of(results, &options, &diag), 0);
    text = read_text(in_folder("fake-outage-latency.png"));
    assert_memory_equal(text, "\x89PNG", 4);
    free(text);
    results_close(results);
}

static bool has_interval_or_note(const char *text)
{
    return strchr(text, '[') != NULL || strstr(text, "no interval") != NULL ||
           strstr(text, "no estimates") != NULL;
}

/* Bars, tables and marks instead of gnuplot's characters, with the numbers. */
static void every_kind_has_a_text_with_its_numbers(void **state)
{
    (void)state;
    struct results *results = make_results(1, 4, 4);
    struct diag diag = {0};
    static const char *const names[] = {"latency", "reauth_causes", "rto_stages"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct plot_options options = {
            .format = PLOT_TEXT, .directory = test_folder, .prefix = "t", .plot = names[i]};
        char name[64];
        assert_int_equal(draw_plot_of(results, &options, &diag), 0);
        snprintf(name, sizeof(name), "t-%s.txt", names[i]);
        char *text = read_text(in_folder(name));
        assert_true(has_interval_or_note(text));
        free(text);
    }
    char *stages = read_text(in_folder("t-rto_stages.txt"));
    assert_has(stages, "down on us-west-1 at 10min\n");
    assert_has(stages, "  RTO ");
    assert_has(stages, "####");
    free(stages);
    results_close(results);
}

/* Two points over each other: a line each, with their names, and no line for a region. */
static void several_points_are_drawn_over_each_other(void **state)
{
    (void)state;
    struct results *results = make_results(2, 3, 3);
    struct diag diag = {0};
    const struct plot_source sources[] = {{.results = results},
                                          {.results = results, .point = 1, .label = "the second"}};
    struct plot_options options = {.sources = sources,
                                   .source_count = 2,
                                   .format = PLOT_SVG,
                                   .directory = test_folder,
                                   .prefix = "both",
                                   .plot = "timeline",
                                   .title = "<both>"};
    assert_int_equal(draw_plot_of(results, &options, &diag), 0);
    char *text = read_text(in_folder("both-timeline.svg"));
    assert_has(text, "fake-outage, client.timeout = 100ms");
    assert_has(text, ">the second<");
    assert_has(text, "&lt;both");
    assert_lacks(text, ">us-west-2<");
    free(text);
    results_close(results);
}

/* The script draws the same file, byte for byte, without the program. */
static void a_script_draws_the_same_picture(void **state)
{
    (void)state;
    struct results *results = make_results(1, 2, 2);
    struct diag diag = {0};
    struct plot_options options = {.format = PLOT_SVG,
                                   .directory = test_folder,
                                   .prefix = "s",
                                   .plot = "timeline",
                                   .script = true};
    assert_int_equal(draw_plot_of(results, &options, &diag), 0);
    assert_int_equal(file_count, 2);
    char *ours = read_text(in_folder("s-timeline.svg"));
    unlink(in_folder("s-timeline.svg"));
    struct strbuf command = STRBUF_INIT;
    strbuf_addf(&command, "cd '%s' && gnuplot s-timeline.gp", test_folder);
    assert_int_equal(system(command.text), 0);
    char *theirs = read_text(in_folder("s-timeline.svg"));
    assert_non_null(theirs);
    assert_string_equal(ours, theirs);
    strbuf_release(&command);
    free(ours);
    free(theirs);
    results_close(results);
}

static void faults_and_failover_steps_are_labelled(void **state)
{
    (void)state;
    struct results *results = make_results(1, 3, 3);
    struct diag diag = {0};
    struct plot_options options = {
        .format = PLOT_SVG, .directory = test_folder, .prefix = "l", .plot = "timeline"};
    assert_int_equal(draw_plot_of(results, &options, &diag), 0);
    char *text = read_text(in_folder("l-timeline.svg"));
    assert_has(text, ">down on us-west-1<");
    assert_has(text, ">outage of ");
    assert_has(text, ": detect ");
    assert_has(text, "fault active");
    free(text);
    results_close(results);
}

static void plots_without_data_are_left_out(void **state)
{
    (void)state;
    struct results *results =
        make_results(1, 3, 0); /* no incident ended, so there are no stages to draw */
    struct diag diag = {0};
    struct plot_options options = {.format = PLOT_SVG, .directory = test_folder, .prefix = "none"};
    assert_int_equal(draw_plot_of(results, &options, &diag), 0);
    assert_int_equal(file_count, 5);
    assert_int_equal(access(in_folder("none-rto_stages.svg"), F_OK), -1);
    options.plot = "rto_stages";
    plots_say(results, options,
              "error: nothing to draw for 'rto_stages': no outage was over at the end of every "
              "replication\n");
    options.plot = "curve";
    plots_say(results, options, "nothing to draw for 'curve': the study sweeps no parameter\n");
    options.plot = "front";
    plots_say(results, options, "the study has no front; sweep with --minimise or --maximise\n");
    results_close(results);
}

static void what_cannot_be_drawn_is_said(void **state)
{
    (void)state;
    struct results *results = make_results(1, 2, 2);
    struct plot_options options = {.format = PLOT_SVG, .directory = test_folder, .plot = "timelin"};
    plots_say(results, options, "error: unknown plot 'timelin'; did you mean 'timeline'?\n");
    options.plot = "rto_stages";
    options.region = "us-west-3";
    plots_say(results, options, "error: unknown region 'us-west-3'; did you mean 'us-west-1'?\n");
    options.region = NULL;
    const struct plot_source two[] = {{.results = results}, {.results = results, .point = 1}};
    options.sources = two;
    options.source_count = 2;
    plots_say(results, options, "error: plot 'rto_stages' shows one study, got 2\n");
    options.plot = "timeline";
    plots_say(results, options, "error: study 1 has no point 1, only 0 to 0\n");
    options.source_count = 0;
    options.directory = "/nowhere/at/all";
    plots_say(results, options,
              "error: cannot write plots to '/nowhere/at/all': No such file or directory\n");
    results_close(results);
}

static void assert_no_parts(void)
{
    glob_t found;
    assert_int_equal(glob(in_folder("*.part"), 0, NULL, &found), GLOB_NOMATCH);
}

static void without_gnuplot_there_is_a_clear_error_and_no_file(void **state)
{
    (void)state;
    struct results *results = make_results(1, 2, 2);
    char *path = mem_strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    plots_say(results,
              (struct plot_options){
                  .format = PLOT_SVG, .directory = test_folder, .prefix = "no", .plot = "timeline"},
              "no-timeline.svg': gnuplot was not found; install it (Debian: gnuplot-nox)\n");
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(access(in_folder("no-timeline.svg"), F_OK), -1);
    assert_no_parts();
    results_close(results);
}

static bool is_anything(const char *head, size_t size)
{
    return head != NULL && size > 0;
}

static int draw(const char *path, const char *terminal, const char *script, struct diag *diag)
{
    static const struct output_kind kind = {"anything", is_anything};
    struct output_file file;
    assert_int_equal(output_file_open(&file, path, &kind, diag), 0);
    int status = gnuplot_draw(&file, terminal, script, diag);
    if (status == 0)
        status = output_file_commit(&file, diag);
    output_file_discard(&file);
    return status;
}

static void a_failing_script_leaves_the_old_plot_alone(void **state)
{
    (void)state;
    struct diag diag = {0};
    char *path = in_folder("old.svg");
    assert_int_equal(draw(path, "svg", "plot x", &diag), 0);
    char *before = read_text(path);
    assert_int_equal(draw(path, "svg", "plot x\nplot nonsense(x", &diag), -1);
    char *after = read_text(path);
    assert_string_equal(before, after);
    assert_no_parts();
    char *said = diag_text(&diag);
    assert_has(said, "old.svg': gnuplot failed: ");
    free(said);
    free(before);
    free(after);
    diag_release(&diag);
}

/* Texts that once broke a plot (leading and paired quotes, '%' in a tic label, the start of an
 * escape sequence) or could run a command (backquotes). */
static void texts_reach_the_plot_as_they_are(void **state)
{
    (void)state;
    static const char text[] = "'a''b\"c\\n 10% %g `touch x` é";
    static const char in_svg[] = "'a''b\"c\\n 10% %g `touch x` é</text>";
    struct diag diag = {0};
    struct strbuf script = STRBUF_INIT;
    char *path = in_folder("texts.svg");
    strbuf_add(&script, "set encoding utf8\nset title ");
    quote_add(&script, QUOTE_GNUPLOT, text);
    strbuf_add(&script, "\nset xtics (");
    quote_add(&script, QUOTE_GNUPLOT_TIC, text);
    strbuf_add(&script, " 0)\nset label 1 ");
    quote_add(&script, QUOTE_GNUPLOT, text);
    strbuf_add(&script, " at 0, 0\nplot [-1:1] x title ");
    quote_add(&script, QUOTE_GNUPLOT, text);
    assert_int_equal(draw(path, "svg noenhanced", script.text, &diag), 0);
    char *svg = read_text(path);
    size_t found = 0;
    for (const char *at = strstr(svg, in_svg); at != NULL; at = strstr(at + 1, in_svg))
        found++;
    assert_int_equal(found, 4);
    assert_int_equal(access("x", F_OK), -1);
    free(svg);
    strbuf_release(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_says_what_was_run_and_how_sure_it_is),
        cmocka_unit_test(summary_keeps_within_its_width),
        cmocka_unit_test(one_replication_has_no_interval),
        cmocka_unit_test(a_mean_never_hides_two_outcomes),
        cmocka_unit_test(the_headline_is_short),
        cmocka_unit_test(markdown_is_made_of_whole_tables),
        cmocka_unit_test(points_are_named_by_what_varies),
        cmocka_unit_test(json_is_one_balanced_object),
        cmocka_unit_test(every_plot_is_drawn_as_svg_and_twice_the_same),
        cmocka_unit_test(a_curve_is_drawn_over_the_points_of_a_sweep),
        cmocka_unit_test(png_and_text_are_drawn),
        cmocka_unit_test(every_kind_has_a_text_with_its_numbers),
        cmocka_unit_test(several_points_are_drawn_over_each_other),
        cmocka_unit_test(a_script_draws_the_same_picture),
        cmocka_unit_test(faults_and_failover_steps_are_labelled),
        cmocka_unit_test(plots_without_data_are_left_out),
        cmocka_unit_test(what_cannot_be_drawn_is_said),
        cmocka_unit_test(without_gnuplot_there_is_a_clear_error_and_no_file),
        cmocka_unit_test(texts_reach_the_plot_as_they_are),
        cmocka_unit_test(a_failing_script_leaves_the_old_plot_alone),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
