// SPDX-License-Identifier: GPL-3.0-or-later
#include "study_trace.h"

#include "mem.h"
#include "quote.h"
#include "strbuf.h"
#include "units.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TRACE_LINE_LIMIT                                                                           \
    1000000 /* about 60 MB: more than anyone reads, too little to fill a disk */

/* "FROM..TO"; either end can be omitted. */
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
        usage_error("'--trace-window' needs a time interval such as '10min..10min5s', got '%s'",
                    text);
    strbuf_release(&why);
    return ok;
}

/* The first line looks like "12.000482113 app_tier/us-west-1 arrive ...". */
static bool is_trace(const char *head, size_t size)
{
    size_t dot = 0, end = 0;

    while (dot < size && isdigit((unsigned char)head[dot]))
        dot++;
    for (end = dot + 1; end < size && isdigit((unsigned char)head[end]);)
        end++;
    return dot > 0 && end == dot + 10 && end < size && head[dot] == '.' && head[end] == ' ';
}

int study_trace_open(const struct study_values *values, uint32_t replications,
                     struct study_trace *trace)
{
    static const struct output_kind kind = {"a trace", is_trace};
    struct diag diag = {0};

    *trace = (struct study_trace){
        .lines = {.to = SIM_NEVER, .match = values->trace_match, .line_limit = TRACE_LINE_LIMIT}};
    if (!values->trace) {
        if (values->trace_window || values->trace_match || values->trace_replication)
            return usage_error("'--trace-window', '--trace-match' and '--trace-replication' need "
                               "'--trace FILE'");
        return EXIT_DONE;
    }
    if (values->trace_window && !parse_window(values->trace_window, &trace->lines))
        return EXIT_USAGE;
    if (values->trace_replication >= replications)
        return usage_error("'--trace-replication' must be at most %" PRIu32 " here, got '%" PRIu32
                           "'",
                           replications - 1, values->trace_replication);
    int status = output_file_open(&trace->file, values->trace, &kind, &diag);
    trace->lines.out = trace->file.stream;
    print_diag(&diag);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

int study_trace_close(const struct study_values *values, struct study_trace *trace)
{
    struct diag diag = {0};

    if (!trace->file.stream)
        return EXIT_DONE;
    int status = output_file_commit(&trace->file, &diag);
    print_diag(&diag);
    if (status == 0 && trace->lines.line_count >= trace->lines.line_limit && !values->quiet)
        quote_print_line(stderr,
                         "isthmus: note: trace '%s' stops at %d lines; narrow '--trace-window'",
                         values->trace, TRACE_LINE_LIMIT);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

void study_trace_discard(struct study_trace *trace)
{
    output_file_discard(&trace->file);
}
