// SPDX-License-Identifier: GPL-3.0-or-later
#include "study_trace.h"

#include "mem.h"
#include "strbuf.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TRACE_LINE_LIMIT 1000000 /* some 60 MB: more than anyone reads, less than fills a disk */

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

int study_trace_open(const struct study_values *values, uint32_t replications, struct trace *trace)
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

int study_trace_close(const struct study_values *values, struct trace *trace)
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
