// SPDX-License-Identifier: GPL-3.0-or-later
#include "study_options.h"

#include "plotting.h"

#include <inttypes.h>

#define OPTION_VALUES struct study_values

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

bool study_options_agree(const struct study_values *values)
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

enum record_mode study_record_mode(const struct study_values *values)
{
    if (values->resume)
        return values->resume == 1 ? RECORD_RESUME : RECORD_RESUME_MIXED;
    return values->append ? RECORD_APPEND : RECORD_REPLACE;
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
    tell(&diag);
    if (!scenario)
        *code = cannot_read ? EXIT_FILES : EXIT_SCENARIO;
    return scenario;
}
