// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Order: first open or parse everything that can fail (trace, history, results file), then run the
 * study into the record, with an observer for --digest and --stats, then read the file back for the
 * summary and plots. So the summary shows exactly what is recorded.
 */
#include "study_command.h"

#include "discard_sink.h"
#include "cmd_watch.h"
#include "experiment.h"
#include "plan.h"
#include "plotting.h"
#include "progress.h"
#include "quote.h"
#include "ranks.h"
#include "record.h"
#include "results_path.h"
#include "run_stats.h"
#include "shard.h"
#include "study_history.h"
#include "study_precise.h"
#include "study_trace.h"

#include <inttypes.h>
#include <math.h>

/* --- the observer --------------------------------------------------------------------------- */

struct observer {
    const struct study_values *values;
    struct progress *progress;
    size_t point_count;
    struct run_stats stats;
    struct watch_live *live; /* until its run is over; NULL: none */
};

static void observe_run(void *self, const struct run_result *result, bool recalled)
{
    struct observer *observer = self;

    if (!recalled)
        run_stats_add(&observer->stats, result);
    if (!recalled && observer->live) { /* the first one */
        watch_live_add_outages(observer->live, result->incidents);
        observer->live = NULL;
    }
    if (observer->values->digest) {
        progress_erase(observer->progress);
        if (observer->point_count > 1)
            printf("%" PRIu32 " ", result->point);
        printf("%" PRIu32 " %016" PRIx64 "\n", result->replication, result->digest);
    }
}

/* --- the study ------------------------------------------------------------------------------ */

int study_outcome_code(const struct study_outcome *outcome, bool with_expectations)
{
    switch (outcome->status) {
    case STUDY_OK:
        break;
    case STUDY_NO_WARMUP:
        return EXIT_SCENARIO;
    case STUDY_SINK_FAILED:
    case STUDY_NO_THREAD:
    case STUDY_NO_RANK:
        return EXIT_FILES;
    }
    if (outcome->interrupted)
        return EXIT_INTERRUPTED;
    if (!with_expectations)
        return EXIT_DONE;
    if (outcome->expectation_counts[VERDICT_FAILS])
        return EXIT_EXPECTATION;
    if (outcome->expectation_counts[VERDICT_UNDECIDED] ||
        outcome->expectation_counts[VERDICT_NO_DATA])
        return EXIT_UNDECIDED;
    return EXIT_DONE;
}

static int open_path(const struct study_values *values, const struct shard *shard,
                     const struct scenario *scenario, struct results_path *path, struct diag *diag)
{
    if (values->no_output)
        return results_path_temporary(path, diag);
    if (values->output)
        results_path_given(path, values->output);
    else if (values->shard)
        results_path_shard(path, scenario->path, shard->index + 1, shard->count);
    else
        results_path_default(path, scenario->path);
    return 0;
}

/* The more severe exit code of a completed study: errors first, then regression, failed expectation
 * and undecided verdict. */
static int more_severe(int a, int b)
{
    static const int order[] = {EXIT_SCENARIO, EXIT_FILES, EXIT_REGRESSION, EXIT_EXPECTATION,
                                EXIT_UNDECIDED};

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_DONE;
}

int study_show_summary(const char *path, bool temporary, bool all, bool json, struct diag *diag)
{
    struct results *results = results_open(path, diag);
    struct summary_options options = {.all = all,
                                      .json = json,
                                      .colour = stdout_has_colour(),
                                      .width = stdout_width(),
                                      .path = temporary ? NULL : path};
    if (!results)
        return EXIT_FILES;
    int status = report_summary(results, &options, stdout, diag);
    results_close(results);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

/* Whether a summary is printed from the results file. */
static bool shows_summary(const struct study_values *values, const struct conduct *conduct)
{
    return conduct->with_summary && !values->quiet && !values->digest && !values->shard;
}

/* Without it nothing is recorded. */
static bool needs_results(const struct study_values *values, const struct conduct *conduct)
{
    return !values->no_output || values->plot || values->watch || shows_summary(values, conduct);
}

/* Print the summary and draw the plots from the results file. */
static int show(const struct invocation *invocation, const struct conduct *conduct,
                const char *path, struct diag *diag)
{
    const struct study_values *values = invocation->values;
    int status = 0;

    if (shows_summary(values, conduct))
        status = study_show_summary(path, values->no_output, values->all, values->json, diag) ==
                         EXIT_DONE
                     ? 0
                     : -1;
    if (status == 0 && values->plot) {
        struct plotting plotting = {
            .paths = &path,
            .path_count = 1,
            .registry = invocation->registry,
            .quiet = true,
            .directory = values->no_output ? "results" : NULL,
            .format = (enum plot_format)(values->plot - 1),
            .paths_out = values->quiet ? NULL : stderr,
        };
        status = plotting_draw(&plotting, diag);
    }
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

static void print_end(const struct study_values *values, const struct study_outcome *outcome,
                      const char *path, int64_t study)
{
    if (outcome->recalled && !values->quiet)
        fprintf(stderr, "isthmus: resumed: %zu of %zu run%s already recorded\n", outcome->recalled,
                outcome->done, outcome->done == 1 ? "" : "s");
    if (outcome->interrupted)
        fprintf(stderr, "isthmus: interrupted: %zu run%s completed%s\n", outcome->done,
                outcome->done == 1 ? "" : "s",
                values->no_output ? "" : ", continue with '--resume'");
    if (!values->quiet && !values->no_output && outcome->status == STUDY_OK && outcome->done > 0)
        quote_print_line(stderr,
                         study > 1 ? "isthmus: results are in %s, study %" PRId64
                                   : "isthmus: results are in %s",
                         path, study);
}

/* Run the study with all files open. */
static struct study_outcome conduct_study(const struct study_plan *plan, struct result_sink *sink,
                                          const struct conduct *conduct)
{
    if (!conduct->run)
        return study_run(plan, sink);
    struct study_runner *runner = runner_open(plan, sink);
    conduct->run(conduct->self, runner);
    return runner_close(runner);
}

static int keep_findings(const struct conduct *conduct, struct record *record)
{
    struct finding_list list = {NULL, 0, 0};
    int status = 0;

    if (conduct->find && record) {
        conduct->find(conduct->self, &list);
        status = record_findings(record, &list);
    }
    finding_list_release(&list);
    return status;
}

/* The files that one run of the study is written to in addition to its results. */
struct run_files {
    struct study_trace trace;
    struct study_history history;
};

static int run_files_open(const struct study_values *values, uint32_t replications,
                          struct run_files *files)
{
    int code = study_trace_open(values, replications, &files->trace);

    if (code != EXIT_DONE)
        return code;
    code = study_history_open(values, replications, &files->history);
    if (code != EXIT_DONE)
        study_trace_discard(&files->trace);
    return code;
}

static int run_files_close(const struct study_values *values, struct run_files *files)
{
    int trace_code = study_trace_close(values, &files->trace);
    int history_code = study_history_close(&files->history);

    return trace_code ? trace_code : history_code;
}

static void run_files_discard(struct run_files *files)
{
    study_trace_discard(&files->trace);
    study_history_discard(&files->history);
}

static struct watch_session *begin_watch(const struct invocation *invocation)
{
    const struct study_values *values = invocation->values;
    double speed;

    watch_parse_speed(values->speed, &speed); /* checked with the options */
    return watch_begin(speed, invocation->interrupt);
}

static int watch_recorded(const struct invocation *invocation, const char *path)
{
    const struct study_values *values = invocation->values;
    struct watch_choice choice = {.study = 0};

    watch_parse_speed(values->speed, &choice.speed);
    return watch_file(path, &choice, invocation->interrupt);
}

/* Without progress and observers. */
static struct study_plan plan_of(const struct invocation *invocation, const struct point_set *set,
                                 const struct conduct *conduct, const struct shard *shard,
                                 struct run_files *files, struct diag *diag)
{
    const struct study_values *values = invocation->values;
    const struct run_config *run = &set->scenarios[0]->run;

    return (struct study_plan){
        .info = {.verb = invocation->command->name,
                 .argv = invocation->command_line,
                 .seed = run->seed,
                 .level = run->level,
                 .points = set->points,
                 .point_count = set->count,
                 .replications = conduct->replications ? conduct->replications : run->replications,
                 .settings = conduct->settings,
                 .shard = values->shard},
        .shard_index = shard->index,
        .shard_count = shard->count,
        .thread_count =
            values->threads ? values->threads : ranks_default_threads(invocation->ranks),
        .others = ranks_workers(invocation->ranks, values->threads),
        .interrupt = invocation->interrupt,
        .trace = files->trace.file.stream ? &files->trace.lines : NULL,
        .trace_replication = values->trace_replication,
        .history = files->history.file.stream ? &files->history.operations : NULL,
        .history_replication = values->history_replication,
        .queue = study_queue(values),
        .diag = diag,
    };
}

/* Closes `record`; NULL: the results are discarded. */
static int simulate(const struct invocation *invocation, const struct point_set *set,
                    const struct conduct *conduct, const struct shard *shard,
                    struct run_files *files, struct record *record, const char *path,
                    struct diag *diag)
{
    const struct study_values *values = invocation->values;
    struct watch_session *watch = values->watch ? begin_watch(invocation) : NULL;
    struct progress progress;
    struct observer observer = {
        .values = values,
        .progress = &progress,
        .point_count = set->count,
        .live = watch ? watch_session_live(watch) : NULL,
    };
    struct result_sink sink = record ? record_sink(record) : discard_sink();
    struct study_plan plan = plan_of(invocation, set, conduct, shard, files, diag);

    plan.progress = progress_show;
    plan.progress_self = &progress;
    plan.observe = observe_run;
    plan.observe_self = &observer;
    plan.observer = watch ? watch_live_observer(watch_session_live(watch)) : NULL;
    progress_init(&progress, values->quiet);
    progress.hidden = watch ? watch_on_screen(watch) : NULL;
    struct study_outcome outcome = conduct_study(&plan, &sink, conduct);
    bool watched = !values->watch || (watch && watch_end(watch));
    progress.hidden = NULL;
    progress_erase(&progress);
    int code = study_outcome_code(&outcome, conduct->with_expectations);
    if (outcome.status == STUDY_OK && !outcome.interrupted && outcome.done > 0 &&
        keep_findings(conduct, record) < 0)
        code = EXIT_FILES;
    int64_t study = record ? record_study_id(record) : 0;
    if (record && record_close(record) < 0)
        code = EXIT_FILES;
    int files_code = run_files_close(values, files);
    if (values->stats)
        run_stats_print(&observer.stats, progress_elapsed_s(&progress), stderr);
    print_end(values, &outcome, path, study);
    int show_code = EXIT_DONE;
    if (code != EXIT_FILES && code != EXIT_SCENARIO && outcome.done > 0 && !watched)
        show_code = watch_recorded(invocation, path); /* no run was executed */
    if (code != EXIT_FILES && code != EXIT_SCENARIO && outcome.done > 0 && show_code == EXIT_DONE)
        show_code = show(invocation, conduct, path, diag);
    if (code == EXIT_DONE || code == EXIT_EXPECTATION || code == EXIT_UNDECIDED) {
        int found = conduct->print && outcome.done > 0 ? conduct->print(conduct->self) : EXIT_DONE;
        code = more_severe(code, found);
        code = show_code ? show_code : files_code ? files_code : code;
    }
    return code;
}

static int plan(const struct invocation *invocation, const struct point_set *set,
                const struct conduct *conduct, const struct shard *shard)
{
    const struct study_values *values = invocation->values;
    struct results_path path = {NULL, NULL};
    struct diag diag = {0};
    const struct other_workers *others = ranks_workers(invocation->ranks, values->threads);
    struct planned planned = {
        .set = set,
        .replications = set->scenarios[0]->run.replications,
        .at_least = conduct->run != NULL,
        .workers = (values->threads ? values->threads : ranks_default_threads(invocation->ranks)) +
                   (others ? others->count : 0),
        .shard_index = shard->index,
        .shard_count = shard->count,
        .queue = study_queue(values),
        .json = values->json,
    };

    if (!values->no_output && open_path(values, shard, set->scenarios[0], &path, &diag) == 0)
        planned.path = path.file;
    int code = plan_print(invocation, &planned);
    results_path_release(&path);
    print_diag(&diag);
    return code;
}

int study_command_conducted(const struct invocation *invocation, const struct point_set *set,
                            const struct conduct *conduct)
{
    const struct study_values *values = invocation->values;
    const struct scenario *scenario = set->scenarios[0];
    struct results_path path = {NULL, NULL};
    struct record *record = NULL;
    struct diag diag = {0};
    struct run_files files;
    struct shard shard;
    if (conduct->run && values->shard)
        return usage_error("'--shard' cannot be given for a study that adds runs adaptively");
    if (!study_options_agree(values) ||
        !shard_parse(values, set->count * scenario->run.replications, &shard))
        return EXIT_USAGE;
    if (invocation->plan)
        return plan(invocation, set, conduct, &shard);
    if (values->watch && !watch_has_terminal())
        return EXIT_USAGE;
    int code = run_files_open(values, scenario->run.replications, &files);
    if (code != EXIT_DONE)
        return code;
    bool recorded = needs_results(values, conduct);
    code = EXIT_FILES;
    if (recorded && open_path(values, &shard, scenario, &path, &diag) == 0)
        record = record_open(path.file, study_record_mode(values), &diag);
    if (record || !recorded)
        code = simulate(invocation, set, conduct, &shard, &files, record, path.file, &diag);
    else
        run_files_discard(&files);
    results_path_release(&path);
    print_diag(&diag);
    return code;
}

int study_command(const struct invocation *invocation, const struct point_set *set)
{
    const struct conduct conduct = {.with_summary = true, .with_expectations = true};
    const struct study_values *values = invocation->values;

    if (values->precision)
        return study_command_precise(invocation, set);
    if (values->replications_max)
        return usage_error("'--max-replications' needs '--precision'");
    return study_command_conducted(invocation, set, &conduct);
}
