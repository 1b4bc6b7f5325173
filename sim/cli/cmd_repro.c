// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The command is built from the recorded study: the scenario's path, the --set options of its
 * command line and the parameters of the point. It is printed only if it loads exactly the stored
 * scenario; otherwise (the scenario file has changed or is missing) the command uses the stored
 * text.
 *
 * `--shard` selects the replication: a `run` of N replications has N shards of one replication.
 */
#include "experiment.h"
#include "provenance.h"
#include "quote.h"
#include "stored_study.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct repro_values {
    const char *run;
    uint32_t study;
    bool scenario, verify;
};

#define OPTION_VALUES struct repro_values
/* clang-format off */
static const struct option repro_options[] = {
    TEXT_OPTION ("run", run, "POINT/REPLICATION", NULL, "run to reproduce; point and replication are counted from 0, such as '2/7'"),
    INDEX_OPTION("study", study, "N", "the newest", "study of the file, counted from 1"),
    FLAG_OPTION ("verify", verify, "run it again from the stored scenario and compare digests; exit code 11 if they differ"),
    FLAG_OPTION ("scenario", scenario, "print the stored scenario instead"),
    OPTIONS_END,
};
/* clang-format on */

/* --- the recorded command line -------------------------------------------------------------- */

/* The --set options of a command line. */
static void add_sets(struct set_list *sets, const char *line)
{
    bool next_is_set = false;
    char *word;

    while ((word = quote_next_shell_word(&line))) {
        if (next_is_set)
            set_list_addf(sets, "%s", word);
        else if (strncmp(word, "--set=", 6) == 0)
            set_list_addf(sets, "%s", word + 6);
        next_is_set = !next_is_set && strcmp(word, "--set") == 0;
        free(word);
    }
}

/* --- the command ---------------------------------------------------------------------------- */

struct repro {
    const struct invocation *invocation;
    const struct repro_values *values;
    struct stored_study stored;
    int64_t point, replication;
    bool found;
    uint64_t seed, digest;
    char version[64];
};

static const struct study_point *repro_point(const struct repro *repro)
{
    return &repro->stored.set.points[repro->point];
}

/* The sets that turn the study's scenario into the point's. */
static void repro_sets(const struct repro *repro, struct set_list *sets)
{
    const struct study_point *point = repro_point(repro);

    add_sets(sets, repro->stored.row.argv);
    for (size_t i = 0; i < point->param_count; i++)
        set_list_addf(sets, "%s=%s", point->params[i].path, point->params[i].value);
}

/* Does the scenario file with these sets still give the stored scenario? */
static bool still_the_same(const struct repro *repro, const struct set_list *sets)
{
    const struct study_row *row = &repro->stored.row;
    struct set_list all = {NULL, 0, 0};
    struct diag ignored = {0};
    bool cannot_read = false;

    for (size_t i = 0; i < sets->count; i++)
        set_list_addf(&all, "%s", sets->items[i]);
    set_list_addf(&all, "replications=%" PRIu32, repro_point(repro)->scenario->run.replications);
    set_list_addf(&all, "seed=%" PRIu64, row->seed);
    struct scenario *scenario =
        scenario_load_point(row->scenario_path, repro->invocation->registry,
                            (const char *const *)all.items, all.count, &ignored, &cannot_read);
    bool same = scenario && scenario->hash == repro_point(repro)->scenario->hash;
    scenario_free(scenario);
    diag_release(&ignored);
    set_list_release(&all);
    return same;
}

static void print_command(const struct repro *repro)
{
    const struct study_row *row = &repro->stored.row;
    struct set_list sets = {NULL, 0, 0};
    struct strbuf line = STRBUF_INIT;
    int64_t replications = row->replication_count;

    if (replications <= repro->replication)
        replications = repro->replication + 1;
    repro_sets(repro, &sets);
    if (still_the_same(repro, &sets)) {
        strbuf_add(&line, "isthmus run ");
        quote_add(&line, QUOTE_SHELL, row->scenario_path);
        for (size_t i = 0; i < sets.count; i++) {
            strbuf_add(&line, " --set ");
            quote_add(&line, QUOTE_SHELL, sets.items[i]);
        }
        strbuf_addf(&line, " --seed %" PRIu64, row->seed);
    } else {
        quote_print_line(stderr,
                         "isthmus: note: '%s' with the recorded options does not give the stored "
                         "scenario (any more); using the stored one",
                         row->scenario_path);
        strbuf_add(&line, "isthmus repro ");
        quote_add(&line, QUOTE_SHELL, repro->invocation->arguments[0]);
        strbuf_addf(&line,
                    " --study %" PRId64 " --run %" PRId64 "/%" PRId64
                    " --scenario >run.yaml && isthmus run run.yaml",
                    row->id, repro->point, repro->replication);
    }
    printf("%s --replications %" PRId64 " --shard %" PRId64 "/%" PRId64 " --no-output --digest\n",
           line.text, replications, repro->replication + 1, replications);
    strbuf_release(&line);
    set_list_release(&sets);
}

/* --- running it again ----------------------------------------------------------------------- */

static int ignore_begin(void *self, const struct study_info *study)
{
    (void)self;
    (void)study;
    return 0;
}

static int keep_digest(void *self, const struct run_result *result)
{
    *(uint64_t *)self = result->digest;
    return 0;
}

static int ignore_end(void *self, bool interrupted)
{
    (void)self;
    (void)interrupted;
    return 0;
}

static int verify(const struct repro *repro, struct diag *diag)
{
    const struct study_row *row = &repro->stored.row;
    struct study_point point = {.scenario = repro_point(repro)->scenario};
    const struct run_task task = {0, (uint32_t)repro->replication};
    uint64_t digest = 0;
    struct result_sink sink = {
        .self = &digest, .begin = ignore_begin, .run = keep_digest, .end = ignore_end};
    struct study_plan plan = {
        .info = {.verb = "repro",
                 .argv = "",
                 .seed = repro->seed,
                 .level = row->level,
                 .points = &point,
                 .point_count = 1,
                 .replications = 1},
        .thread_count = 1,
        .interrupt = repro->invocation->interrupt,
        .shard_count = 1, /* no expectations to evaluate */
        .diag = diag,
    };
    struct study_runner *runner = runner_open(&plan, &sink);

    runner_run(runner, &task, 1);
    struct study_outcome outcome = runner_close(runner);
    int code = study_outcome_code(&outcome, false);
    if (code != EXIT_DONE)
        return code;
    if (digest == repro->digest) {
        quote_print_line(stdout, "run %s: identical, digest %016" PRIx64, repro->values->run,
                         digest);
        return EXIT_DONE;
    }
    quote_print_line(stdout,
                     "run %s: DIFFERENT, recorded digest %016" PRIx64 ", new digest %016" PRIx64,
                     repro->values->run, repro->digest, digest);
    if (strcmp(repro->version, program_version) != 0)
        quote_print_line(stderr, "isthmus: note: recorded by version %s, this is %s",
                         repro->version, program_version);
    return EXIT_REGRESSION;
}

/* --- the verb ------------------------------------------------------------------------------- */

static bool parse_run(struct repro *repro)
{
    const struct repro_values *values = repro->values;
    unsigned point, replication;
    int end = 0;

    if (!values->run) {
        usage_error("'repro' needs a run: --run POINT/REPLICATION, such as --run 0/3");
        return false;
    }
    if (sscanf(values->run, "%9u/%9u%n", &point, &replication, &end) != 2 ||
        values->run[end] != '\0') {
        usage_error("'--run' needs a point and a replication, such as '2/7', got '%s'",
                    values->run);
        return false;
    }
    repro->point = point;
    repro->replication = replication;
    return true;
}

static void find_run(void *self, const struct run_row *row)
{
    struct repro *repro = self;

    if (row->point != repro->point || row->replication != repro->replication)
        return;
    repro->found = true;
    repro->seed = row->seed;
    repro->digest = row->digest;
    snprintf(repro->version, sizeof repro->version, "%s", row->version);
}

static int repro_stored(struct repro *repro, struct results *results, struct diag *diag)
{
    const char *path = repro->invocation->arguments[0];
    int code = stored_study_load(&repro->stored, results, repro->values->study,
                                 repro->invocation->registry, diag);

    if (code != EXIT_DONE)
        return code;
    if (results_each_run(results, repro->stored.row.id, find_run, repro, diag) < 0)
        return EXIT_FILES;
    if (!repro->found) {
        diag_error(diag,
                   "results database '%s' has no run %s: its study has %" PRIu32
                   " point%s and %" PRIu32 " replication%s",
                   path, repro->values->run, repro->stored.row.point_count,
                   repro->stored.row.point_count == 1 ? "" : "s",
                   repro->stored.row.replication_count,
                   repro->stored.row.replication_count == 1 ? "" : "s");
        return EXIT_FILES;
    }
    if (repro->values->scenario)
        fputs(repro_point(repro)->scenario->resolved, stdout);
    else if (!repro->values->verify)
        print_command(repro);
    return repro->values->verify ? verify(repro, diag) : EXIT_DONE;
}

static int repro(const struct invocation *invocation)
{
    struct repro repro = {.invocation = invocation, .values = invocation->values};
    struct diag diag = {0};
    int code = EXIT_FILES;

    if (!parse_run(&repro))
        return EXIT_USAGE;
    if (repro.values->scenario && repro.values->verify)
        return usage_error("'--scenario' cannot be given with '--verify'");
    struct results *results = results_open(invocation->arguments[0], &diag);
    if (results)
        code = repro_stored(&repro, results, &diag);
    stored_study_release(&repro.stored);
    results_close(results);
    print_diag(&diag);
    return code;
}

const struct command cmd_repro = {
    .name = "repro",
    .arguments = "RESULTS.db",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Print the command that reproduces one run of a results file, or verify the run",
    .details =
        "The command prints the run's digest, which must equal the recorded one: the same "
        "scenario, seed and version give the same run, bit for bit, on any machine. If the "
        "scenario file has changed since, the command uses the scenario stored in the results.",
    .examples = "  isthmus sweep scenarios/30-read-after-write.yaml\n"
                "  isthmus repro results/30-read-after-write.db --run 2/7\n"
                "  isthmus repro results/30-read-after-write.db --run 2/7 --verify",
    .options = repro_options,
    .values_size = sizeof(struct repro_values),
    .run = repro,
};
