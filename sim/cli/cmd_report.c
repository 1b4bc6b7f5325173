// SPDX-License-Identifier: GPL-3.0-or-later
#include "command.h"

#include "explain.h"
#include "html_report.h"
#include "mem.h"
#include "output_file.h"
#include "parameter_origins.h"
#include "quote.h"
#include "results_path.h"
#include "strbuf.h"
#include "study_command.h"
#include "topology_load.h"
#include "what_if.h"

#include <stdlib.h>
#include <string.h>

struct report_values {
    const char *output;
    uint32_t study, point;
    bool alternatives;
};
#define OPTION_VALUES struct report_values

/* clang-format off */
static const struct option options[] = {
    TEXT_OPTION ("output", output, "FILE", "the results file's name with .html", "the page to write"),
    COUNT_OPTION("study",  study, "N", "the newest", "study of the file, counted from 1"),
    INDEX_OPTION("point",  point, "N", "0", "point of a sweep whose time lines are drawn, counted from 0"),
    FLAG_OPTION ("alternatives", alternatives, "run one replication again with other reactions to its longest incident: what would have helped"),
    OPTIONS_END,
};
/* clang-format on */

static bool is_report(const char *head, size_t size)
{
    static const char mark[] = "<meta name=\"generator\" content=\"isthmus report\">";

    for (size_t i = 0; i + sizeof mark - 1 <= size; i++)
        if (memcmp(head + i, mark, sizeof mark - 1) == 0)
            return true;
    return false;
}

/* --- what would have helped ------------------------------------------------------------------ */

static void take_outcome(struct html_alternative *row, const char *name,
                         const struct what_if_outcome *outcome)
{
    *row = (struct html_alternative){.name = name,
                                     .found = outcome->found,
                                     .restored = outcome->restored,
                                     .rto_ns = outcome->rto,
                                     .rpo_ns = outcome->rpo,
                                     .writes_lost = outcome->writes_lost,
                                     .availability = outcome->measures[0]};
}

/* The recorded run, and the same with each reaction; `rows` has room for all. */
static int run_alternatives(const struct invocation *invocation, struct what_if_base *base,
                            struct html_alternative *rows)
{
    struct what_if runs[WHAT_IF_ALTERNATIVES + 1];
    int code;

    for (size_t i = 0; i <= WHAT_IF_ALTERNATIVES; i++) {
        runs[i] = (struct what_if){.outcome = {.rpo = -1}};
        if (i > 0)
            set_list_split(&runs[i].sets, what_if_alternatives[i - 1].sets);
    }
    base->invocation = invocation;
    base->thread_count = study_default_threads();
    code = what_if_run(base, runs, WHAT_IF_ALTERNATIVES + 1);
    for (size_t i = 0; i <= WHAT_IF_ALTERNATIVES; i++) {
        take_outcome(&rows[i], i == 0 ? "as recorded" : what_if_alternatives[i - 1].name,
                     &runs[i].outcome);
        what_if_release(&runs[i]);
    }
    return code;
}

/* Of the replication whose RTO is the median. */
static int find_alternatives(const struct invocation *invocation, struct results *results,
                             struct html_options *page, struct html_alternative *rows,
                             struct diag *diag)
{
    const struct explain_choice choice = {
        .study = page->study, .point = page->point, .replication = -1};
    struct explanation *explanation = explanation_load(results, &choice, diag);
    struct what_if_base base = {.level = 0.95};
    char *text = NULL;
    int code = EXIT_FILES;

    if (!explanation)
        return EXIT_FILES;
    base.replication = explanation_incident(explanation)->row.replication;
    base.onset_ns = explanation_incident(explanation)->row.onset_ns;
    if (what_if_find(results, page->study, page->point, base.replication, &text, &base.seed,
                     diag) == 0) {
        base.text = text;
        code = run_alternatives(invocation, &base, rows);
    }
    page->alternatives = rows;
    page->alternative_count = WHAT_IF_ALTERNATIVES + 1;
    page->alternatives_run = base.replication;
    explanation_free(explanation);
    free(text);
    return code;
}

/* --- the page -------------------------------------------------------------------------------- */

static int write_page(struct results *results, const struct html_options *page, const char *path,
                      struct diag *diag)
{
    static const struct output_kind kind = {"an HTML report", is_report};
    struct output_file file;

    if (output_file_open(&file, path, &kind, diag) < 0)
        return EXIT_FILES;
    if (report_html(results, page, file.stream, diag) < 0) {
        output_file_discard(&file);
        return EXIT_FILES;
    }
    return output_file_commit(&file, diag) < 0 ? EXIT_FILES : EXIT_DONE;
}

static int write_report(const struct invocation *invocation, struct results *results,
                        const char *path, struct diag *diag)
{
    const struct report_values *values = invocation->values;
    struct html_alternative rows[WHAT_IF_ALTERNATIVES + 1];
    struct html_options page = {.study = values->study, .point = values->point};
    struct loaded_topology topology;
    struct parameter_origins origins = {NULL, 0, 0};
    int code = EXIT_DONE;

    if (values->alternatives)
        code = find_alternatives(invocation, results, &page, rows, diag);
    if (topology_load(&topology, results, values->study, values->point, invocation->registry))
        page.topology = &topology.map;
    if (topology.scenario)
        parameter_origins_load(&origins, topology.scenario, invocation->registry);
    page.parameters = origins.rows;
    page.parameter_count = origins.count;
    if (code == EXIT_DONE)
        code = write_page(results, &page, path, diag);
    parameter_origins_release(&origins);
    topology_release(&topology);
    return code;
}

static int report(const struct invocation *invocation)
{
    const struct report_values *values = invocation->values;
    struct diag diag = {0};
    char *path = values->output ? mem_strdup(values->output)
                                : results_path_beside(invocation->arguments[0], ".html");
    struct results *results = results_open(invocation->arguments[0], &diag);
    int code = results ? write_report(invocation, results, path, &diag) : EXIT_FILES;

    results_close(results);
    if (code == EXIT_DONE)
        quote_print_line(stdout, "%s", path);
    free(path);
    print_diag(&diag);
    return code;
}

const struct command cmd_report = {
    .name = "report",
    .arguments = "FILE.db",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Write a study as one HTML page",
    .details =
        "Read only the results file, and print the path of the page. The page needs no "
        "network: the answer comes first (what broke, which users were affected, for how long, "
        "what was lost, what would have helped), then a comparison's changes, a sweep's front "
        "and heat maps, a map with a slider through time, time lines with one cursor and one zoom, "
        "what happened in steps, all statistics, the assumptions and the scenario. Without a "
        "script it shows drawings and tables. '--alternatives' is the only part that runs "
        "something.",
    .examples = "  isthmus run scenarios/20-region-loss.yaml\n"
                "  isthmus report results/20-region-loss.db --alternatives\n"
                "  isthmus report results/56-which-timeout.db --point 3 --output point-3.html",
    .options = options,
    .values_size = sizeof(struct report_values),
    .run = report,
};
