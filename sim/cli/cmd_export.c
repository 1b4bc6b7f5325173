// SPDX-License-Identifier: GPL-3.0-or-later
#include "command.h"

#include "export.h"
#include "output_file.h"
#include "strbuf.h"
#include "suggest.h"

#include <errno.h>
#include <string.h>

/* In the order of enum export_format. */
static const char *const format_names[] = {
    [EXPORT_CSV] = "csv",
    [EXPORT_JSON_LINES] = "jsonl",
    [EXPORT_HGRM] = "hgrm",
    [EXPORT_OPENMETRICS] = "openmetrics",
    NULL,
};

struct export_values {
    int format;
    const char *output, *metric, *region, *window;
    uint32_t study, point;
};
#define OPTION_VALUES struct export_values

/* clang-format off */
static const struct option options[] = {
    CHOICE_OPTION("format", format, format_names, "csv", "file format"),
    TEXT_OPTION  ("output", output, "FILE", "standard output", "file to write"),
    TEXT_OPTION  ("metric", metric, "METRIC", "all metrics", "only this metric; hgrm needs one"),
    TEXT_OPTION  ("region", region, "REGION", "all, the total", "region of the distribution (hgrm)"),
    TEXT_OPTION  ("window", window, "WINDOW", "all, the whole run", "window of the distribution (hgrm): all, before, fault or after"),
    INDEX_OPTION ("point",  point, "N", "0", "point of the distribution (hgrm), counted from 0"),
    COUNT_OPTION ("study",  study, "N", "the newest", "study of the file, counted from 1"),
    OPTIONS_END,
};
/* clang-format on */

/* Any file may be what an export wrote before: a name is asked for each time. */
static bool is_export(const char *head, size_t size)
{
    static const char *const heads[] = {"study,", "run,", "{\"", "       Value", "# TYPE isthmus"};

    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (size >= strlen(heads[i]) && memcmp(head, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}
static const struct output_kind export_kind = {"an export of isthmus", is_export};

static bool begins_with_table(const struct invocation *invocation)
{
    return invocation->argument_count > 1;
}

static int unknown_table(const char *name)
{
    const char *names[32];
    size_t count = 0;
    struct strbuf known = STRBUF_INIT;

    for (; export_tables[count].name && count < sizeof names / sizeof *names; count++) {
        names[count] = export_tables[count].name;
        strbuf_addf(&known, "%s%s", count > 0 ? ", " : "", names[count]);
    }
    const char *nearest = suggest_nearest(name, names, count);
    int code = nearest ? usage_error("unknown table '%s'; did you mean '%s'?", name, nearest)
                       : usage_error("unknown table '%s'; allowed are %s", name, known.text);
    strbuf_release(&known);
    return code;
}

/* False, with the error printed, if options do not fit the format. */
static bool options_fit(const struct export_options *export, const struct export_values *values)
{
    bool is_hgrm = export->format == EXPORT_HGRM;

    if (is_hgrm && !export->metric)
        usage_error("'--format hgrm' needs '--metric', such as '--metric login_latency'");
    else if (!is_hgrm && (values->region || values->window || values->point))
        usage_error("'--region', '--window' and '--point' need '--format hgrm'");
    else if (!is_hgrm && export->metric && !export->table->has_metrics)
        usage_error("table '%s' cannot be limited by '--metric'", export->table->name);
    else if (export->format == EXPORT_OPENMETRICS && strcmp(export->table->name, "summary") != 0 &&
             strcmp(export->table->name, "timeline") != 0)
        usage_error("'--format openmetrics' needs table 'summary' or 'timeline', got '%s'",
                    export->table->name);
    else
        return true;
    return false;
}

static int write_export(struct results *results, const struct export_options *export,
                        const char *path, struct diag *diag)
{
    struct output_file file = {NULL, NULL, NULL};

    if (!path) {
        int status = report_export(results, export, stdout, diag);
        return status; /* a full disk is reported by the end of the program */
    }
    if (output_file_open(&file, path, &export_kind, diag) < 0)
        return -1;
    int status = report_export(results, export, file.stream, diag);
    if (status == 0)
        status = output_file_commit(&file, diag);
    output_file_discard(&file);
    return status;
}

static int export_file(const struct invocation *invocation)
{
    const struct export_values *values = invocation->values;
    bool has_table = begins_with_table(invocation);
    const char *name = has_table ? invocation->arguments[0] : "summary";
    struct diag diag = {0};
    struct export_options export = {
        .format = values->format ? (enum export_format)(values->format - 1) : EXPORT_CSV,
        .table = export_table_find(name),
        .study = values->study,
        .metric = values->metric,
        .point = values->point,
        .region = values->region ? values->region : "all",
        .window = values->window ? values->window : "all",
    };
    int status = -1;

    if (!export.table)
        return unknown_table(name);
    if (!options_fit(&export, values))
        return EXIT_USAGE;
    struct results *results = results_open(invocation->arguments[has_table], &diag);
    if (results) {
        status = write_export(results, &export, values->output, &diag);
        results_close(results);
    }
    print_diag(&diag);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

static void print_tables(FILE *out)
{
    fprintf(out, "\nTables:\n");
    for (const struct export_table *table = export_tables; table->name; table++)
        fprintf(out, "  %-14s%s\n", table->name, table->meaning);
}

const struct command cmd_export = {
    .name = "export",
    .arguments = "[TABLE] FILE.db",
    .argument_min = 1,
    .argument_max = 2,
    .summary = "Write a results file as CSV, JSON lines, HdrHistogram percentiles or OpenMetrics",
    .details = "Read only the results file, in constant memory. TABLE is 'summary' if it is not "
               "given; results/README.md describes the columns. Times are nanoseconds, in hgrm "
               "milliseconds, in OpenMetrics seconds; ratios are 0 to 1.",
    .examples = "  isthmus export results/10-peering-brownout.db > summary.csv\n"
                "  isthmus export timeline results/10-peering-brownout.db --metric availability "
                "--format jsonl\n"
                "  isthmus export results/10-peering-brownout.db --format hgrm --metric "
                "login_latency \\\n"
                "      --region us-west-2 --output login.hgrm",
    .options = options,
    .values_size = sizeof(struct export_values),
    .more_help = print_tables,
    .run = export_file,
};
