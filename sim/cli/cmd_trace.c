// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A replication is run again with the same random numbers, now with a history of operations;
 * faults, failover and counters come from the results file.
 */
#include "command.h"

#include "mem.h"
#include "op_history.h"
#include "output_file.h"
#include "quote.h"
#include "results_path.h"
#include "study_command.h"
#include "trace_build.h"
#include "what_if.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BEFORE_ONSET_NS (5 * NS_PER_S)
#define AFTER_ONSET_NS (20 * NS_PER_S)
#define AROUND_SESSION_NS NS_PER_S
#define SESSIONS_DEFAULT 50

struct trace_values {
    const char *output, *run, *window;
    struct text_list sessions;
    uint32_t study, session_limit;
};
#define OPTION_VALUES struct trace_values

/* clang-format off */
static const struct option options[] = {
    LIST_OPTION ("session", sessions, "KEY", "only this session, REGION/ROW/COUNT as in a history of operations; repeatable"),
    TEXT_OPTION ("window", window, "FROM..TO", "from 5 s before the first outage or fault to 20 s after its onset; of chosen sessions, the whole run", "simulated time that is shown, such as 9min58s..10min5s"),
    COUNT_OPTION("sessions", session_limit, "N", "50", "at most this many sessions of the window; first those that an impairment or a failure hit"),
    TEXT_OPTION ("run", run, "POINT/REPLICATION", "0/0", "run to show; both are counted from 0"),
    COUNT_OPTION("study", study, "N", "the newest", "study of the file, counted from 1"),
    TEXT_OPTION ("output", output, "FILE", "the results file's name with .trace.json", "the trace to write"),
    OPTIONS_END,
};
/* clang-format on */

static bool is_trace_json(const char *head, size_t size)
{
    static const char start[] = "{\n  \"displayTimeUnit\"";

    return size >= sizeof start - 1 && memcmp(head, start, sizeof start - 1) == 0;
}

/* --- options --------------------------------------------------------------------------------- */

static bool parse_span(const char *text, struct trace_run *run)
{
    struct strbuf why = STRBUF_INIT;
    const char *dots = strstr(text, "..");
    char *from = dots ? mem_strndup(text, (size_t)(dots - text)) : NULL;
    bool good = dots && units_parse_duration(from, &run->from_ns, &why) &&
                units_parse_duration(dots + 2, &run->to_ns, &why) && run->from_ns >= 0 &&
                run->from_ns < run->to_ns;

    if (!good)
        usage_error("'--window' needs a time interval such as '9min58s..10min5s', got '%s'", text);
    free(from);
    strbuf_release(&why);
    return good;
}

static bool parse_run(const char *text, struct trace_run *run)
{
    unsigned point = 0, replication = 0;
    int end = 0;

    if (text && (sscanf(text, "%9u/%9u%n", &point, &replication, &end) != 2 || text[end])) {
        usage_error("'--run' needs a point and a replication, such as '2/7', got '%s'", text);
        return false;
    }
    run->point = point;
    run->replication = replication;
    return true;
}

/* The span where none was asked for: of chosen sessions everything, else what begins to go wrong.
 */
static int choose_span(struct trace_run *run, const struct trace_values *values,
                       const struct study_row *study, struct diag *diag)
{
    int64_t onset;

    if (values->window)
        return 0;
    run->from_ns = 0;
    run->to_ns = study->duration_ns;
    if (values->sessions.count > 0)
        return 0;
    if (trace_first_onset(run, &onset, diag) != 0)
        return -1;
    if (onset < 0)
        onset = study->warmup_ns + BEFORE_ONSET_NS;
    run->from_ns = onset > BEFORE_ONSET_NS ? onset - BEFORE_ONSET_NS : 0;
    run->to_ns = onset + AFTER_ONSET_NS < run->to_ns ? onset + AFTER_ONSET_NS : run->to_ns;
    return 0;
}

/* --- the work -------------------------------------------------------------------------------- */

/* The operations of the span, or of the sessions, from the replication run again. */
static int read_again(const struct invocation *invocation, const struct trace_run *run,
                      const struct study_row *study, struct journal *journal, struct diag *diag)
{
    const struct trace_values *values = invocation->values;
    struct what_if_base base = {.invocation = invocation,
                                .replication = run->replication,
                                .onset_ns = -1,
                                .level = study->level,
                                .thread_count = 1};
    struct what_if again = {.outcome = {.rpo = -1}};
    struct op_history history;
    char *text = NULL;
    int code = EXIT_FILES;
    FILE *file = tmpfile();

    if (!file) {
        diag_error(diag, "cannot create a temporary file");
        return EXIT_FILES;
    }
    op_history_open(&history, file);
    history.detailed = true;
    history.from = run->from_ns;
    history.to = run->to_ns;
    if (what_if_find(run->results, run->study, run->point, run->replication, &text, &base.seed,
                     diag) == 0) {
        base.text = text;
        code = what_if_run_with_history(&base, &again, 1, &history);
    }
    op_history_close(&history);
    if (code == EXIT_DONE) {
        journal_read(journal, file, &values->sessions);
        journal_choose(journal, values->sessions.count > 0 ? SIZE_MAX
                                : values->session_limit    ? values->session_limit
                                                           : SESSIONS_DEFAULT);
    }
    what_if_release(&again);
    free(text);
    fclose(file);
    return code;
}

/* A second before the first operation of the sessions, to a second after the last. */
static void narrow_span(struct trace_run *run, const struct journal *journal)
{
    int64_t first = INT64_MAX, last = 0;

    for (size_t i = 0; i < journal->op_count; i++) {
        first = journal->ops[i].invoked < first ? journal->ops[i].invoked : first;
        last = journal->ops[i].ended > last ? journal->ops[i].ended : last;
    }
    if (first > AROUND_SESSION_NS && first - AROUND_SESSION_NS > run->from_ns)
        run->from_ns = first - AROUND_SESSION_NS;
    if (last + AROUND_SESSION_NS < run->to_ns)
        run->to_ns = last + AROUND_SESSION_NS;
}

static int write_trace(const struct trace_run *run, const struct journal *journal,
                       const struct study_row *study, const char *path, struct diag *diag)
{
    static const struct output_kind kind = {"a trace in JSON", is_trace_json};
    struct trace_events *events = trace_events_create();
    struct output_file file;
    int status = trace_build(events, journal, run, diag);

    if (status == 0)
        status = output_file_open(&file, path, &kind, diag);
    if (status == 0) {
        trace_events_write(events, study->scenario_name, file.stream);
        status = output_file_commit(&file, diag);
    }
    trace_events_free(events);
    return status;
}

static int trace_results(const struct invocation *invocation, struct trace_run *run,
                         const char *path, struct diag *diag)
{
    const struct trace_values *values = invocation->values;
    struct journal journal = {0};
    struct study_row study;
    int code;

    if (results_study(run->results, values->study, &study, diag) != 0)
        return EXIT_FILES;
    run->study = study.id;
    if (choose_span(run, values, &study, diag) != 0)
        return EXIT_FILES;
    code = read_again(invocation, run, &study, &journal, diag);
    if (code == EXIT_DONE && journal.op_count == 0)
        code = usage_error(values->sessions.count > 0
                               ? "no operation of these sessions in this time: a session is "
                                 "REGION/ROW/COUNT, as in a history of operations"
                               : "no operation in this time");
    if (code == EXIT_DONE && values->sessions.count > 0)
        narrow_span(run, &journal);
    if (code == EXIT_DONE && write_trace(run, &journal, &study, path, diag) != 0)
        code = EXIT_FILES;
    if (code == EXIT_DONE && journal.is_cut)
        fprintf(stderr,
                "isthmus: note: only the first %d operations are in the trace; narrow '--window'\n",
                JOURNAL_ROWS_MAX);
    if (code == EXIT_DONE)
        quote_print_line(stdout, "%s", path);
    journal_release(&journal);
    return code;
}

static int trace(const struct invocation *invocation)
{
    const struct trace_values *values = invocation->values;
    struct trace_run run = {0};
    struct diag diag = {0};
    char *path;
    int code = EXIT_FILES;

    if (!parse_run(values->run, &run) || (values->window && !parse_span(values->window, &run)))
        return EXIT_USAGE;
    path = values->output ? mem_strdup(values->output)
                          : results_path_beside(invocation->arguments[0], ".trace.json");
    run.results = results_open(invocation->arguments[0], &diag);
    if (run.results)
        code = trace_results(invocation, &run, path, &diag);
    results_close(run.results);
    free(path);
    print_diag(&diag);
    return code;
}

const struct command cmd_trace = {
    .name = "trace",
    .arguments = "FILE.db",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Write sessions of one run as a trace for Perfetto (Chrome trace JSON)",
    .details =
        "Run the replication again with the same random numbers and write what its sessions did, "
        "operation by operation: tracks for users, application, each direction of each link, "
        "stores, faults and failover; attempts with their outcomes; arrows from a write over its "
        "replication to the reads that found it; counters. Open the file in Perfetto "
        "(ui.perfetto.dev) or chrome://tracing. 'run --trace' is the log of the engine's events.",
    .examples =
        "  isthmus trace results/20-region-loss.db\n"
        "  isthmus trace results/20-region-loss.db --window 9min59s..10min3s --sessions 10\n"
        "  isthmus trace results/20-region-loss.db --session us-west-2/1579/14",
    .options = options,
    .values_size = sizeof(struct trace_values),
    .run = trace,
};
