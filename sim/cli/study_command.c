// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The order of things: everything that can be refused is opened or parsed first (trace, results
 * file), then the study runs into the record, with one who looks on for --digest and --stats, then
 * the file is read back for the summary and the plots. So the summary is what anyone can see again.
 */
#include "study_command.h"

#include "experiment.h"
#include "mem.h"
#include "plan.h"
#include "plotting.h"
#include "precision.h"
#include "progress.h"
#include "ranks.h"
#include "record.h"
#include "results_path.h"
#include "run_stats.h"
#include "strbuf.h"
#include "sweep_axis.h"
#include "text_table.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_VALUES struct study_values
#define REPLICATIONS_MAX_DEFAULT 1000
#define TRACE_LINE_LIMIT 1000000 /* some 60 MB: more than anyone reads, less than fills a disk */

/* In the order of enum eventq_kind. */
static const char *const queue_names[] = {"ladder", "heap", NULL};

static const char *const resume_names[] = {"same-version", "mixed-versions", NULL};

/* clang-format off */
const struct option study_options[] = {
    LIST_OPTION   ("set", sets, "PATH=VALUE", "set a parameter of the scenario, such as client.timeout=300ms; may be given again"),
    COUNT_OPTION  ("replications", replications, "N", "the scenario's, or 10", "independent runs of each point"),
    TEXT_OPTION   ("precision", precision, "METRIC:HALF-WIDTH,...", "a given number of replications", "replicate each point until the interval of each metric is that narrow: 'reauth_rate:5%,write_latency.p99:3ms'; a percentage is of the mean"),
    COUNT_OPTION  ("max-replications", replications_max, "N", "1000 with --precision", "the most replications of a point where they are added as they are needed: for --precision, or as the verb says above"),
    INTEGER_OPTION("seed", seed, "N", "the scenario's, or 1", "seed of all random numbers"),
    COUNT_OPTION  ("threads", threads, "N", "all processors", "runs side by side; results do not depend on it"),
    TEXT_OPTION   ("output", output, "FILE.db", "results/<scenario>.db", "results file; one that is there is replaced"),
    FLAG_OPTION   ("append", append, "add the study to the results file rather than replacing it"),
    DEFAULTED_CHOICE_OPTION("resume", resume, resume_names, "a new study", "go on with the study in the results file where it was stopped, or begin it if there is none: runs that are there are not made again. It must be the same study, of the same version of isthmus unless 'mixed-versions' is given; '--replications' may be higher"),
    TEXT_OPTION   ("shard", shard, "I/N", "all runs", "make only the I-th of N parts of the runs, for array jobs; 'isthmus merge' puts the parts together"),
    FLAG_OPTION   ("no-output", no_output, "keep no results file: a temporary one in $TMPDIR (or /tmp) is deleted at the end"),
    DEFAULTED_CHOICE_OPTION("plot", plot, plot_format_names, "no plots", "draw all plots beside the results file"),
    FLAG_OPTION   ("json", json, "print the summary as JSON"),
    FLAG_OPTION   ("all", all, "print every metric, not only the main ones"),
    FLAG_OPTION   ("quiet", quiet, "print no summary, no progress and no notes"),
    TEXT_OPTION   ("trace", trace, "FILE", NULL, "write one line an event of the first point to FILE, up to 1 000 000 lines"),
    TEXT_OPTION   ("trace-window", trace_window, "FROM..TO", "the whole run", "trace only this span of simulated time, such as 10min..10min5s"),
    TEXT_OPTION   ("trace-match", trace_match, "TEXT", "everything", "trace only instances and events whose name holds TEXT"),
    INDEX_OPTION  ("trace-replication", trace_replication, "N", "0", "which replication to trace, counted from 0"),
    FLAG_OPTION   ("digest", digest, "for checking: print `replication digest` for each run instead of the summary"),
    CHOICE_OPTION ("queue", queue, queue_names, "ladder", "for checking: the structure that holds pending events"),
    FLAG_OPTION   ("stats", stats, "print what the study cost (time, events, memory) to stderr"),
    OPTIONS_END,
};
/* clang-format on */

/* --- points --------------------------------------------------------------------------------- */

void point_set_release(struct point_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->points[i].param_count; j++) {
            free((char *)(uintptr_t)set->points[i].params[j].path);
            free((char *)(uintptr_t)set->points[i].params[j].value);
        }
        free((struct study_param *)(uintptr_t)set->points[i].params);
        scenario_free(set->scenarios[i]);
    }
    free(set->scenarios);
    free(set->points);
    *set = (struct point_set){NULL, NULL, 0};
}

void point_set_add(struct point_set *set, struct scenario *scenario, struct study_param *params,
                   size_t param_count)
{
    set->scenarios = mem_realloc(set->scenarios, set->count + 1, sizeof *set->scenarios);
    set->points = mem_realloc(set->points, set->count + 1, sizeof *set->points);
    set->scenarios[set->count] = scenario;
    set->points[set->count++] = (struct study_point){scenario, params, param_count};
}

void point_label_add(struct strbuf *out, const struct study_point *point)
{
    for (size_t i = 0; i < point->param_count; i++)
        strbuf_addf(out, "%s%s=%s", i > 0 ? ", " : "", point->params[i].path,
                    point->params[i].value);
    if (point->param_count == 0)
        strbuf_add(out, "base");
}

static void set_list_addf(struct set_list *sets, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void set_list_addf(struct set_list *sets, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    void *items = sets->items;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    mem_grow(&items, &sets->capacity, sets->count + 1, sizeof *sets->items);
    sets->items = items;
    sets->items[sets->count++] = strbuf_detach(&text);
}

void set_list_make(struct set_list *sets, const struct study_values *values,
                   const char *const *extra, size_t extra_count)
{
    *sets = (struct set_list){NULL, 0, 0};
    for (size_t i = 0; i < values->sets.count; i++)
        set_list_addf(sets, "%s", values->sets.items[i]);
    for (size_t i = 0; i < extra_count; i++)
        set_list_addf(sets, "%s", extra[i]);
    if (values->replications)
        set_list_addf(sets, "replications=%" PRIu32, values->replications);
    if (values->seed)
        set_list_addf(sets, "seed=%s", values->seed);
}

void set_list_release(struct set_list *sets)
{
    for (size_t i = 0; i < sets->count; i++)
        free(sets->items[i]);
    free(sets->items);
    *sets = (struct set_list){NULL, 0, 0};
}

bool set_list_split(struct set_list *sets, const char *text)
{
    struct sweep_axis pieces = {0};
    struct strbuf why = STRBUF_INIT;
    bool good = sweep_axis_split(text, &pieces, &why);

    for (size_t i = 0; i < pieces.value_count && good; i++) {
        good = strchr(pieces.values[i], '=') != NULL;
        set_list_addf(sets, "%s", pieces.values[i]);
    }
    sweep_axis_release(&pieces);
    strbuf_release(&why);
    return good;
}

struct scenario *load_with_sets(const struct invocation *invocation, const char *path,
                                const struct set_list *extra, int *code)
{
    struct diag diag = {0};
    struct set_list sets;
    bool cannot_read = false;

    set_list_make(&sets, invocation->values, extra ? (const char *const *)extra->items : NULL,
                  extra ? extra->count : 0);
    struct scenario *scenario =
        scenario_load(path, invocation->registry, (const char *const *)sets.items, sets.count,
                      &diag, &cannot_read);
    set_list_release(&sets);
    tell(&diag);
    if (!scenario)
        *code = cannot_read ? EXIT_FILES : EXIT_SCENARIO;
    return scenario;
}

void json_add_number(struct strbuf *out, const char *name, double value)
{
    if (isfinite(value))
        strbuf_addf(out, ", \"%s\": %.17g", name, value);
    else
        strbuf_addf(out, ", \"%s\": null", name);
}

/* --- trace ---------------------------------------------------------------------------------- */

/* "FROM..TO", either of which may be left out. */
static bool parse_window(const char *text, struct trace *trace)
{
    struct strbuf why = STRBUF_INIT;
    const char *dots = strstr(text, "..");
    bool ok = dots != NULL;

    if (ok) {
        char *from = mem_strndup(text, (size_t)(dots - text));
        const char *to = dots + 2;
        ok = (*from == '\0' || units_parse_duration(from, &trace->from, &why)) &&
             (*to == '\0' || units_parse_duration(to, &trace->to, &why)) && trace->from >= 0 &&
             trace->from < trace->to;
        free(from);
    }
    if (!ok)
        usage_error("option '--trace-window' needs a span such as '10min..10min5s', got '%s'",
                    text);
    strbuf_release(&why);
    return ok;
}

static int trace_open(const struct study_values *values, uint32_t replications, struct trace *trace)
{
    *trace = (struct trace){
        .to = SIM_NEVER, .match = values->trace_match, .line_limit = TRACE_LINE_LIMIT};
    if (!values->trace) {
        if (values->trace_window || values->trace_match || values->trace_replication)
            return usage_error("'--trace-window', '--trace-match' and '--trace-replication' need "
                               "'--trace FILE'");
        return EXIT_DONE;
    }
    if (values->trace_window && !parse_window(values->trace_window, trace))
        return EXIT_USAGE;
    if (values->trace_replication >= replications)
        return usage_error("option '--trace-replication' is at most %" PRIu32 " here, got '%" PRIu32
                           "'",
                           replications - 1, values->trace_replication);
    trace->out = fopen(values->trace, "w");
    if (!trace->out) {
        fprintf(stderr, "isthmus: error: cannot write trace '%s': %s\n", values->trace,
                strerror(errno));
        return EXIT_FILES;
    }
    return EXIT_DONE;
}

static int trace_close(const struct study_values *values, struct trace *trace)
{
    if (!trace->out)
        return EXIT_DONE;
    bool failed = ferror(trace->out) != 0;
    failed = fclose(trace->out) != 0 || failed;
    trace->out = NULL;
    if (failed) {
        fprintf(stderr, "isthmus: error: cannot write trace '%s' to its end\n", values->trace);
        return EXIT_FILES;
    }
    if (trace->line_count >= trace->line_limit && !values->quiet)
        fprintf(stderr, "isthmus: note: trace '%s' stops at %d lines; narrow '--trace-window'\n",
                values->trace, TRACE_LINE_LIMIT);
    return EXIT_DONE;
}

/* --- who looks on --------------------------------------------------------------------------- */

struct observer {
    const struct study_values *values;
    struct progress *progress;
    size_t point_count;
    struct run_stats stats;
};

static void spectator_run(void *self, const struct run_result *result, bool recalled)
{
    struct observer *observer = self;

    if (!recalled)
        run_stats_add(&observer->stats, result);
    if (observer->values->digest) {
        progress_erase(observer->progress);
        if (observer->point_count > 1)
            printf("%" PRIu32 " ", result->point);
        printf("%" PRIu32 " %016" PRIx64 "\n", result->replication, result->digest);
    }
}

/* --- shards --------------------------------------------------------------------------------- */

/* One of `count` parts, from 0; count 0: all. */
struct shard {
    uint32_t index, count;
};

/* Where nothing is the matter true. */
static bool parse_shard(const struct study_values *values, size_t run_count, struct shard *shard)
{
    unsigned long index, count;
    int end = 0;

    *shard = (struct shard){0, 0};
    if (!values->shard)
        return true;
    if (sscanf(values->shard, "%9lu/%9lu%n", &index, &count, &end) != 2 ||
        values->shard[end] != '\0' || index < 1 || index > count)
        usage_error("option '--shard' needs a part such as '2/5', the second of five, got '%s'",
                    values->shard);
    else if (count > run_count)
        usage_error("option '--shard': %lu parts are too many for a study of %zu run%s", count,
                    run_count, run_count == 1 ? "" : "s");
    else if (values->plot || values->json)
        usage_error("'--shard' cannot be given with '%s', which needs all runs",
                    values->plot ? "--plot" : "--json");
    else {
        *shard = (struct shard){(uint32_t)index - 1, (uint32_t)count};
        return true;
    }
    return false;
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

/* Of two codes of a study that was done: what went wrong comes first, then a regression says more
 * than a failed expectation, and that more than what is undecided. */
static int graver(int a, int b)
{
    static const int order[] = {EXIT_SCENARIO, EXIT_FILES, EXIT_REGRESSION, EXIT_EXPECTATION,
                                EXIT_UNDECIDED};

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_DONE;
}

int study_show_summary(const char *path, bool all, bool json, struct diag *diag)
{
    struct results *results = results_open(path, diag);
    struct summary_options options = {
        .all = all, .json = json, .colour = stdout_has_colour(), .width = stdout_width()};
    if (!results)
        return EXIT_FILES;
    int status = report_summary(results, &options, stdout, diag);
    results_close(results);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

/* Read back what was written: the summary, then the plots. */
static int show(const struct study_values *values, const struct conduct *conduct, const char *path,
                struct diag *diag)
{
    int status = 0;

    if (conduct->with_summary && !values->quiet && !values->digest && !values->shard)
        status = study_show_summary(path, values->all, values->json, diag) == EXIT_DONE ? 0 : -1;
    if (status == 0 && values->plot) {
        struct plotting plotting = {
            .path = path,
            .directory = values->no_output ? "results" : NULL,
            .format = (enum plot_format)(values->plot - 1),
            .told = values->quiet ? NULL : stderr,
        };
        status = plotting_draw(&plotting, diag);
    }
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

static void tell_end(const struct study_values *values, const struct study_outcome *outcome,
                     const char *path)
{
    if (outcome->recalled && !values->quiet)
        fprintf(stderr, "isthmus: %zu of %zu run%s were there already\n", outcome->recalled,
                outcome->done, outcome->done == 1 ? "" : "s");
    if (outcome->interrupted)
        fprintf(stderr, "isthmus: interrupted: %zu run%s finished%s\n", outcome->done,
                outcome->done == 1 ? "" : "s",
                values->no_output ? "" : " and kept; '--resume' goes on");
    if (!values->quiet && !values->no_output && outcome->status == STUDY_OK && outcome->done > 0)
        fprintf(stderr, "isthmus: results are in %s\n", path);
}

/* The study with everything open; `record` is closed here. */
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

    if (conduct->find) {
        conduct->find(conduct->self, &list);
        status = record_findings(record, &list);
    }
    finding_list_release(&list);
    return status;
}

static int simulate(const struct invocation *invocation, const struct point_set *set,
                    const struct conduct *conduct, const struct shard *shard, struct trace *trace,
                    struct record *record, const char *path, struct diag *diag)
{
    const struct study_values *values = invocation->values;
    const struct run_config *run = &set->scenarios[0]->run;
    struct progress progress;
    struct observer observer = {
        .values = values,
        .progress = &progress,
        .point_count = set->count,
    };
    struct result_sink sink = record_sink(record);
    struct study_plan plan = {
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
        .progress = progress_show,
        .progress_self = &progress,
        .observe = spectator_run,
        .observe_self = &observer,
        .trace = trace->out ? trace : NULL,
        .trace_replication = values->trace_replication,
        .queue = values->queue ? (enum eventq_kind)(values->queue - 1) : EVENTQ_LADDER,
        .diag = diag,
    };

    progress_init(&progress, values->quiet);
    struct study_outcome outcome = conduct_study(&plan, &sink, conduct);
    progress_erase(&progress);
    int code = study_outcome_code(&outcome, conduct->with_expectations);
    if (outcome.status == STUDY_OK && !outcome.interrupted && outcome.done > 0 &&
        keep_findings(conduct, record) < 0)
        code = EXIT_FILES;
    if (record_close(record) < 0)
        code = EXIT_FILES;
    int trace_code = trace_close(values, trace);
    if (values->stats)
        run_stats_print(&observer.stats, progress_elapsed_s(&progress), stderr);
    tell_end(values, &outcome, path);
    int show_code = EXIT_DONE;
    if (code != EXIT_FILES && code != EXIT_SCENARIO && outcome.done > 0)
        show_code = show(values, conduct, path, diag);
    if (code == EXIT_DONE || code == EXIT_EXPECTATION || code == EXIT_UNDECIDED) {
        int found = conduct->tell && outcome.done > 0 ? conduct->tell(conduct->self) : EXIT_DONE;
        code = graver(code, found);
        code = show_code ? show_code : trace_code ? trace_code : code;
    }
    return code;
}

static bool options_agree(const struct study_values *values)
{
    const char *kept = values->output   ? "--output"
                       : values->append ? "--append"
                       : values->resume ? "--resume"
                                        : NULL;

    if (values->no_output && kept)
        usage_error("'--no-output' cannot be given with '%s'", kept);
    else if (values->resume && values->append)
        usage_error("'--resume' cannot be given with '--append'");
    else if (values->resume && values->trace)
        usage_error("'--resume' cannot be given with '--trace': the run to be traced may be there "
                    "already");
    else
        return true;
    return false;
}

static enum record_mode record_mode(const struct study_values *values)
{
    if (values->resume)
        return values->resume == 1 ? RECORD_RESUME : RECORD_RESUME_MIXED;
    return values->append ? RECORD_APPEND : RECORD_REPLACE;
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
        .queue = values->queue ? (enum eventq_kind)(values->queue - 1) : EVENTQ_LADDER,
        .json = values->json,
    };

    if (!values->no_output && open_path(values, shard, set->scenarios[0], &path, &diag) == 0)
        planned.path = path.file;
    int code = plan_print(invocation, &planned);
    results_path_release(&path);
    tell(&diag);
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
    struct trace trace;
    struct shard shard;
    if (conduct->run && values->shard)
        return usage_error("'--shard' is for studies whose runs are known from the start; this one "
                           "decides by what it has seen");
    if (!options_agree(values) ||
        !parse_shard(values, set->count * scenario->run.replications, &shard))
        return EXIT_USAGE;
    if (invocation->plan)
        return plan(invocation, set, conduct, &shard);
    int code = trace_open(values, scenario->run.replications, &trace);
    if (code != EXIT_DONE)
        return code;
    code = EXIT_FILES;
    if (open_path(values, &shard, scenario, &path, &diag) == 0)
        record = record_open(path.file, record_mode(values), &diag);
    if (record)
        code = simulate(invocation, set, conduct, &shard, &trace, record, path.file, &diag);
    else
        trace_close(values, &trace);
    results_path_release(&path);
    tell(&diag);
    return code;
}

/* --- as precise as asked for ---------------------------------------------------------------- */

struct precise {
    const struct study_values *values;
    const struct point_set *set;
    struct watch_list goals;
    struct precision_result *results; /* by point, by goal */
};

static uint32_t precise_max(const struct precise *precise)
{
    return precise->values->replications_max ? precise->values->replications_max
                                             : REPLICATIONS_MAX_DEFAULT;
}

static void precise_run(void *self, struct study_runner *runner)
{
    struct precise *precise = self;
    double level = precise->set->scenarios[0]->run.level;
    struct precision_plan plan = {
        .goals = &precise->goals,
        .point_count = (uint32_t)precise->set->count,
        .replications_max = precise_max(precise),
        .level = level,
    };

    watch_list_open(&precise->goals, runner);
    precision_run(runner, &plan);
    precise->results =
        mem_alloc(precise->set->count * precise->goals.count, sizeof *precise->results);
    for (uint32_t i = 0; i < precise->set->count * precise->goals.count; i++)
        precise->results[i] = precision_of(runner, &precise->goals.items[i % precise->goals.count],
                                           i / (uint32_t)precise->goals.count, level);
}

static void precise_print(const struct precise *precise)
{
    struct text_table *table =
        text_table_create(precise->set->count > 1 ? "point\tfigure\tmean\tn\thalf-width\tasked for"
                                                  : "figure\tmean\tn\thalf-width\tasked for");
    struct strbuf cell = STRBUF_INIT;

    for (size_t i = 0; i < precise->set->count * precise->goals.count; i++) {
        const struct watched *goal = &precise->goals.items[i % precise->goals.count];
        const struct precision_result *result = &precise->results[i];
        enum unit unit = metric_ref_unit(&goal->ref);
        struct amount achieved = {goal->amount.is_relative, result->achieved};
        if (precise->set->count > 1) {
            strbuf_clear(&cell);
            point_label_add(&cell, &precise->set->points[i / precise->goals.count]);
            text_table_add(table, "%s", cell.text);
        }
        text_table_add(table, "%s", goal->text);
        text_table_add_value(table, result->interval.n ? result->interval.mean : NAN, unit);
        text_table_add(table, "%" PRIu64, result->interval.n);
        strbuf_clear(&cell);
        if (isfinite(result->achieved))
            amount_add(&cell, &achieved, unit);
        else
            strbuf_add(&cell, "none");
        text_table_add(table, "%s", cell.text);
        strbuf_clear(&cell);
        amount_add(&cell, &goal->amount, unit);
        text_table_add(table, "%s%s", cell.text, result->met ? "" : ", not reached");
    }
    printf("\nPrecision (half of the %.3g%% interval), at most %" PRIu32 " replications\n",
           precise->set->scenarios[0]->run.level * 100, precise_max(precise));
    text_table_print_and_free(table, stdout);
    strbuf_release(&cell);
}

static void precise_find(void *self, struct finding_list *list)
{
    const struct precise *precise = self;

    for (size_t i = 0; i < precise->set->count * precise->goals.count; i++) {
        const struct watched *goal = &precise->goals.items[i % precise->goals.count];
        const struct precision_result *result = &precise->results[i];
        const struct finding finding = {
            .kind = "precision",
            .point = (int64_t)(i / precise->goals.count),
            .subject = goal->text,
            .verdict = (char *)(uintptr_t)(result->met ? "reached" : "not reached"),
            .unit = metric_ref_unit(&goal->ref),
            .interval = result->interval,
        };
        finding_add(list, &finding, "half-width %.6g%s, asked for %.6g", result->achieved,
                    goal->amount.is_relative ? " of the mean" : "", goal->amount.value);
    }
}

static int precise_tell(void *self)
{
    const struct precise *precise = self;
    bool met = true;

    for (size_t i = 0; i < precise->set->count * precise->goals.count; i++)
        met = met && precise->results[i].met;
    if (!precise->values->quiet && !precise->values->json && !precise->values->digest)
        precise_print(precise);
    return met ? EXIT_DONE : EXIT_UNDECIDED;
}

static int study_command_precise(const struct invocation *invocation, const struct point_set *set)
{
    struct precise precise = {.values = invocation->values, .set = set};
    struct conduct conduct = {
        .self = &precise,
        .run = precise_run,
        .tell = precise_tell,
        .find = precise_find,
        .with_summary = true,
        .with_expectations = true,
        .replications = precise_max(&precise),
    };
    struct diag diag = {0};
    struct strbuf settings = STRBUF_INIT;
    int code = EXIT_USAGE;

    strbuf_addf(&settings, "precision %s", precise.values->precision);
    conduct.settings = settings.text;
    if (precise.values->replications)
        code = usage_error("'--replications' and '--precision' exclude each other; "
                           "'--max-replications' is the limit");
    bool good = !precise.values->replications &&
                watch_list_parse(&precise.goals, set->scenarios[0], "--precision",
                                 precise.values->precision, &diag);
    for (size_t i = 0; good && i < precise.goals.count; i++) {
        if (precise.goals.items[i].amount.value > 0)
            continue;
        diag_error(&diag, "'--precision' of '%s' needs a half-width, such as '%s:5%%'",
                   precise.goals.items[i].text, precise.goals.items[i].text);
        good = false;
    }
    tell(&diag);
    if (good)
        code = study_command_conducted(invocation, set, &conduct);
    watch_list_release(&precise.goals);
    strbuf_release(&settings);
    free(precise.results);
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
