// SPDX-License-Identifier: GPL-3.0-or-later
#include "study_options.h"

#include "cmd_watch.h"
#include "plotting.h"

#include <inttypes.h>

#define OPTION_VALUES struct study_values

/* In the order of enum eventq_kind. */
static const char *const queue_names[] = {"ladder", "heap", NULL};

static const char *const resume_names[] = {"same-version", "mixed-versions", NULL};

/* clang-format off */
const struct option study_options[] = {
    LIST_OPTION   ("set", sets, "PATH=VALUE", "set a scenario parameter, such as client.timeout=300ms; repeatable"),
    COUNT_OPTION  ("replications", replications, "N", "the scenario's, or 10", "independent runs per point"),
    TEXT_OPTION   ("precision", precision, "METRIC:HALF-WIDTH,...", "fixed number of replications", "add replications to each point until the half-width of each metric's confidence interval is at most this, such as 'reauth_rate:5%,write_latency.p99:3ms'; a percentage is relative to the mean"),
    COUNT_OPTION  ("max-replications", replications_max, "N", "1000 with --precision", "maximum replications per point when they are added adaptively, by --precision or by the verb as above"),
    INTEGER_OPTION("seed", seed, "N", "the scenario's, or 1", "seed of all random numbers"),
    COUNT_OPTION  ("threads", threads, "N", "all processors", "worker threads; the results do not depend on it"),
    TEXT_OPTION   ("output", output, "FILE.db", "results/<scenario>.db", "results file; the study is added to an existing one"),
    FLAG_OPTION   ("replace", replace, "delete the studies that are already in the results file"),
    DEFAULTED_CHOICE_OPTION("resume", resume, resume_names, "a new study", "continue the study in the results file, or start it if there is none; recorded runs are not repeated. It must be the same study, of the same version of isthmus unless 'mixed-versions' is given; '--replications' can be higher"),
    TEXT_OPTION   ("shard", shard, "I/N", "all runs", "run only part I of N, for array jobs; 'isthmus merge' combines the parts"),
    FLAG_OPTION   ("no-output", no_output, "keep no results file; use a temporary one in $TMPDIR (or /tmp)"),
    DEFAULTED_CHOICE_OPTION("plot", plot, plot_format_names, "no plots", "draw all plots next to the results file"),
    FLAG_OPTION   ("watch", watch, "draw the first run on the terminal while it runs; for the keys see 'isthmus watch --help'"),
    TEXT_OPTION   ("speed", speed, "FACTOR", "60x", "speed of --watch: simulated seconds in a second"),
    FLAG_OPTION   ("json", json, "print the summary as JSON"),
    FLAG_OPTION   ("all", all, "print all metrics, not only the main ones"),
    FLAG_OPTION   ("quiet", quiet, "print no summary, progress or notes"),
    TEXT_OPTION   ("trace", trace, "FILE", NULL, "write the events of the first point to FILE, one per line, at most 1 million lines"),
    TEXT_OPTION   ("trace-window", trace_window, "FROM..TO", "the whole run", "trace only this interval of simulated time, such as 10min..10min5s"),
    TEXT_OPTION   ("trace-match", trace_match, "TEXT", "everything", "trace only instances and events whose name contains TEXT"),
    INDEX_OPTION  ("trace-replication", trace_replication, "N", "0", "replication to trace, counted from 0"),
    TEXT_OPTION   ("history", history, "FILE", NULL, "write every operation on a session of one run of the first point to FILE, as JSON lines, for checking what the store promises"),
    INDEX_OPTION  ("history-replication", history_replication, "N", "0", "replication whose history is written, counted from 0"),
    FLAG_OPTION   ("digest", digest, "print `replication digest` for each run instead of the summary, for checking"),
    CHOICE_OPTION ("queue", queue, queue_names, "ladder", "data structure of the event queue, for checking"),
    FLAG_OPTION   ("stats", stats, "print the study's time, events and memory to stderr"),
    OPTIONS_END,
};
const struct old_option study_old_options[] = {
    {FLAG_OPTION("append", append, NULL), "a study is always added to an existing results file, unless '--replace' is given"},
    OLD_OPTIONS_END,
};
/* clang-format on */

bool study_options_agree(const struct study_values *values)
{
    const char *kept = values->output    ? "--output"
                       : values->replace ? "--replace"
                       : values->append  ? "--append"
                       : values->resume  ? "--resume"
                                         : NULL;

    double speed;

    if (values->speed && !values->watch)
        usage_error("'--speed' needs '--watch'");
    else if (!watch_parse_speed(values->speed, &speed))
        return false;
    else if (values->watch && values->digest)
        usage_error("'--watch' cannot be given with '--digest'");
    else if (values->no_output && kept)
        usage_error("'--no-output' cannot be given with '%s'", kept);
    else if (values->resume && values->replace)
        usage_error("'--resume' cannot be given with '--replace'");
    else if (values->append && (values->replace || values->resume))
        usage_error("'--append' cannot be given with '%s'",
                    values->replace ? "--replace" : "--resume");
    else if (values->resume && (values->trace || values->history))
        usage_error("'--resume' cannot be given with '%s': its run may already be recorded",
                    values->trace ? "--trace" : "--history");
    else
        return true;
    return false;
}

enum record_mode study_record_mode(const struct study_values *values)
{
    if (values->resume)
        return values->resume == 1 ? RECORD_RESUME : RECORD_RESUME_MIXED;
    return values->replace ? RECORD_REPLACE : RECORD_APPEND;
}

enum eventq_kind study_queue(const struct study_values *values)
{
    return values->queue ? (enum eventq_kind)(values->queue - 1) : EVENTQ_LADDER;
}

void study_sets_make(struct set_list *sets, const struct study_values *values,
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

struct scenario *study_load_scenario(const struct invocation *invocation, const char *path,
                                     const struct set_list *extra, int *code)
{
    struct diag diag = {0};
    struct set_list sets;
    bool cannot_read = false;

    study_sets_make(&sets, invocation->values, extra ? (const char *const *)extra->items : NULL,
                    extra ? extra->count : 0);
    struct scenario *scenario =
        scenario_load(path, invocation->registry, (const char *const *)sets.items, sets.count,
                      &diag, &cannot_read);
    set_list_release(&sets);
    print_diag(&diag);
    if (!scenario)
        *code = cannot_read ? EXIT_FILES : EXIT_SCENARIO;
    return scenario;
}
