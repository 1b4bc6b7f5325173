// SPDX-License-Identifier: GPL-3.0-or-later
#include "command.h"

#include "html_report.h"
#include "mem.h"
#include "output_file.h"
#include "quote.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

struct report_values {
    const char *output;
    uint32_t study, point;
};
#define OPTION_VALUES struct report_values

/* clang-format off */
static const struct option options[] = {
    TEXT_OPTION ("output", output, "FILE", "the results file's name with .html", "the page to write"),
    COUNT_OPTION("study",  study, "N", "the newest", "study of the file, counted from 1"),
    INDEX_OPTION("point",  point, "N", "0", "point of a sweep whose time lines are drawn, counted from 0"),
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

static char *default_path(const char *results)
{
    struct strbuf path = STRBUF_INIT;
    size_t length = strlen(results);

    if (length > 3 && strcmp(results + length - 3, ".db") == 0)
        length -= 3;
    strbuf_add_bytes(&path, results, length);
    strbuf_add(&path, ".html");
    return strbuf_detach(&path);
}

static int write_report(struct results *results, const struct report_values *values,
                        const char *path, struct diag *diag)
{
    static const struct output_kind kind = {"an HTML report", is_report};
    const struct html_options page = {.study = values->study, .point = values->point};
    struct output_file file;

    if (output_file_open(&file, path, &kind, diag) < 0)
        return -1;
    if (report_html(results, &page, file.stream, diag) < 0) {
        output_file_discard(&file);
        return -1;
    }
    return output_file_commit(&file, diag);
}

static int report(const struct invocation *invocation)
{
    const struct report_values *values = invocation->values;
    struct diag diag = {0};
    char *path =
        values->output ? mem_strdup(values->output) : default_path(invocation->arguments[0]);
    struct results *results = results_open(invocation->arguments[0], &diag);
    int status = results ? write_report(results, values, path, &diag) : -1;

    results_close(results);
    if (status == 0)
        quote_print_line(stdout, "%s", path);
    free(path);
    print_diag(&diag);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

const struct command cmd_report = {
    .name = "report",
    .arguments = "FILE.db",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Write a study as one HTML page",
    .details = "Read only the results file, and print the path of the page. The page needs no "
               "network: the "
               "answer comes first, then time lines with one cursor and one zoom, what happened in "
               "steps, all statistics, the assumptions and the scenario. Without a script it shows "
               "drawings and tables.",
    .examples = "  isthmus run scenarios/20-region-loss.yaml\n"
                "  isthmus report results/20-region-loss.db\n"
                "  isthmus report results/56-which-timeout.db --point 3 --output point-3.html",
    .options = options,
    .values_size = sizeof(struct report_values),
    .run = report,
};
