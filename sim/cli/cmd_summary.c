// SPDX-License-Identifier: GPL-3.0-or-later
#include "command.h"

#include "report.h"

struct summary_values {
    uint32_t study;
    bool all, json, markdown;
};
#define OPTION_VALUES struct summary_values

/* clang-format off */
static const struct option options[] = {
    FLAG_OPTION ("all",      all, "print all metrics, regions, events and assumptions"),
    FLAG_OPTION ("json",     json, "print JSON"),
    FLAG_OPTION ("markdown", markdown, "print Markdown, for a pull request"),
    COUNT_OPTION("study",    study, "N", "the newest", "study of the file, counted from 1"),
    OPTIONS_END,
};
/* clang-format on */

static int summary(const struct invocation *invocation)
{
    const struct summary_values *values = invocation->values;
    struct diag diag = {0};
    struct summary_options print = {
        .study = values->study,
        .all = values->all,
        .json = values->json,
        .markdown = values->markdown,
        .colour = stdout_has_colour() && !values->markdown,
        .width = stdout_width(),
        .path = invocation->arguments[0],
    };
    int status = -1;

    if (values->json && values->markdown)
        return usage_error("'--json' cannot be given with '--markdown'");
    struct results *results = results_open(invocation->arguments[0], &diag);
    if (results) {
        status = report_summary(results, &print, stdout, &diag);
        results_close(results);
    }
    print_diag(&diag);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

const struct command cmd_summary = {
    .name = "summary",
    .arguments = "FILE.db",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Print the summary of a results file",
    .details = "Read only the results file: expectations with their verdicts first, then the main "
               "metrics with intervals, causes of re-auths, outages with the stages of their RTO, "
               "and last the command that makes the file again.",
    .examples = "  isthmus summary results/20-region-loss.db\n"
                "  isthmus summary results/20-region-loss.db --markdown > comment.md",
    .options = options,
    .values_size = sizeof(struct summary_values),
    .run = summary,
};
