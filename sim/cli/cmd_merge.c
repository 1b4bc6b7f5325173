// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * record copies the rows into one file; then the study is resumed, as by `--resume`, which finds
 * nothing left to run and evaluates the expectations.
 */
#include "experiment.h"
#include "merge.h"
#include "quote.h"
#include "record.h"
#include "stored_study.h"

struct merge_values {
    bool json, all, quiet;
};

#define OPTION_VALUES struct merge_values
/* clang-format off */
static const struct option merge_options[] = {
    FLAG_OPTION("json", json, "print the summary as JSON"),
    FLAG_OPTION("all", all, "print all metrics, not only the main ones"),
    FLAG_OPTION("quiet", quiet, "print no summary or notes"),
    OPTIONS_END,
};
/* clang-format on */

static int judge_merged(const struct invocation *invocation, const char *path,
                        const struct stored_study *stored, struct diag *diag)
{
    const struct study_row *row = &stored->row;
    struct record *record = record_open(path, RECORD_RESUME, diag);

    if (!record)
        return EXIT_FILES;
    struct result_sink sink = record_sink(record);
    struct study_plan plan = {
        .info = {.verb = row->verb,
                 .argv = invocation->command_line,
                 .seed = row->seed,
                 .level = row->level,
                 .points = stored->set.points,
                 .point_count = stored->set.count,
                 .replications = row->replication_count,
                 .settings = row->settings},
        .thread_count = 1,
        .interrupt = invocation->interrupt,
        .diag = diag,
    };
    struct study_outcome outcome = study_run(&plan, &sink);
    return record_close(record) < 0 ? EXIT_FILES : study_outcome_code(&outcome, true);
}

static int merge(const struct invocation *invocation)
{
    const struct merge_values *values = invocation->values;
    const char *path = invocation->arguments[0];
    struct diag diag = {0};
    struct stored_study stored = {.set = {NULL, NULL, 0}};
    struct results *results = NULL;
    int code = EXIT_FILES;

    if (record_merge(path, invocation->arguments + 1, invocation->argument_count - 1, &diag) == 0)
        results = results_open(path, &diag);
    if (results)
        code = stored_study_load(&stored, results, 0, invocation->registry, &diag);
    if (results && code == EXIT_DONE) {
        code = judge_merged(invocation, path, &stored, &diag);
        if (code != EXIT_FILES && code != EXIT_SCENARIO && !values->quiet) {
            int show_code = study_show_summary(path, false, values->all, values->json, &diag);
            quote_print_line(stderr, "isthmus: results are in %s", path);
            code = show_code != EXIT_DONE ? show_code : code;
        }
    }
    stored_study_release(&stored);
    results_close(results);
    print_diag(&diag);
    return code;
}

const struct command cmd_merge = {
    .name = "merge",
    .arguments = "OUTPUT.db SHARD.db...",
    .argument_min = 2,
    .argument_max = 100000,
    .summary = "Merge the shards of a study into one results file",
    .details =
        "Each SHARD.db was written by the same 'run' or 'sweep' with its own '--shard I/N'. All N "
        "shards must be given once each, complete, and of the same scenario, seed and version. "
        "OUTPUT.db is replaced. Its statistics equal those of the study run by one process, bit "
        "for bit; expectations are evaluated over all runs. See sim/experiment/clusters.md for "
        "use in a batch system.",
    .examples = "  isthmus sweep scenarios/30-read-after-write.yaml --shard 1/2 --output "
                "results/part-1.db\n"
                "  isthmus sweep scenarios/30-read-after-write.yaml --shard 2/2 --output "
                "results/part-2.db\n"
                "  isthmus merge results/whole.db results/part-1.db results/part-2.db",
    .options = merge_options,
    .values_size = sizeof(struct merge_values),
    .run = merge,
};
