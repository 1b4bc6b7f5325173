// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The history has one JSON line for each operation, attempt and write of the whole run: hundreds of
 * megabytes for a busy one. It goes to a temporary file, and only lines that name the session are
 * parsed.
 */
#include "session_journey.h"

#include "history_line.h"
#include "mem.h"
#include "op_history.h"
#include "quote.h"
#include "strbuf.h"
#include "units.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 200 };

/* --- which session --------------------------------------------------------------------------- */

/* The key in a line; NULL: it has none. The caller frees it. */
static char *key_of(const char *line)
{
    static const char name[] = "\"session\": \"";
    const char *start = strstr(line, name);

    if (!start)
        return NULL;
    start += sizeof name - 1;
    return mem_strndup(start, strcspn(start, "\""));
}

static bool was_affected(const char *line, int64_t onset_ns)
{
    const char *invoked = strstr(line, "\"invoked_ns\": ");

    return strstr(line, "\"event\": ") && !strstr(line, "\"outcome\": \"ok\"") && invoked &&
           strtoll(invoked + strlen("\"invoked_ns\": "), NULL, 10) >= onset_ns;
}

/* The first session that the incident affected; NULL: none. */
static char *example_of(FILE *history, int64_t onset_ns)
{
    char *line = NULL, *key = NULL;
    size_t capacity = 0;

    rewind(history);
    while (!key && getline(&line, &capacity, history) > 0)
        if (was_affected(line, onset_ns))
            key = key_of(line);
    free(line);
    return key;
}

/* --- lines ----------------------------------------------------------------------------------- */

static void add_since(struct strbuf *out, int64_t ns)
{
    int64_t ms = (ns < 0 ? -ns : ns) / NS_PER_MS;

    strbuf_addf(out, "%c%d:%02d.%03d", ns < 0 ? '-' : '+', (int)(ms / 60000), (int)(ms / 1000 % 60),
                (int)(ms % 1000));
}

static void add_length(struct strbuf *out, int64_t from, int64_t to)
{
    units_add(out, (double)(to - from), UNIT_NS, 4);
}

static void add_attempt(struct strbuf *out, const cJSON *line)
{
    const char *to = line_text(line, "to");

    strbuf_addf(out, "    attempt %" PRId64 " to %s: %s after ", line_integer(line, "attempt"),
                to[0] ? to : "an address not known yet", line_text(line, "error"));
    add_length(out, line_integer(line, "begun_ns"), line_integer(line, "ended_ns"));
}

static void add_operation(struct strbuf *out, const cJSON *line)
{
    int64_t unanswered = line_integer(line, "unanswered"), event = line_integer(line, "event");
    const char *by = line_text(line, "served_by");

    strbuf_addf(out, "  %s by an instance of %s: %s", line_text(line, "operation"),
                line_text(line, "region"), line_text(line, "outcome"));
    if (line_integer(line, "ended_ns") >= 0) {
        strbuf_add(out, " after ");
        add_length(out, line_integer(line, "invoked_ns"), line_integer(line, "ended_ns"));
    }
    if (by[0])
        strbuf_addf(out, ", answered by %s", by);
    strbuf_addf(out, ", %" PRId64 " attempt%s", line_integer(line, "attempts"),
                line_integer(line, "attempts") == 1 ? "" : "s");
    if (unanswered > 0)
        strbuf_addf(out, ", %" PRId64 " of them sent and not answered", unanswered);
    if (event > 0)
        strbuf_addf(out, "; impaired by event %" PRId64, event);
}

static void add_write(struct strbuf *out, const cJSON *line)
{
    strbuf_addf(out, "    the server in %s executes the %s", line_text(line, "region"),
                line_text(line, "operation"));
    if (line_integer(line, "number") >= 0)
        strbuf_addf(out, " as write %" PRId64 " of its stream", line_integer(line, "number"));
}

static const struct line_kind {
    const char *type, *time; /* member with its time */
    void (*add)(struct strbuf *out, const cJSON *line);
} line_kinds[] = {
    {"attempt", "ended_ns", add_attempt},
    {"operation", "ended_ns", add_operation},
    {"write", "executed_ns", add_write},
};

/* Returns whether the line is one of the span. */
static bool print_line(const cJSON *line, const struct journey_span *span, FILE *out)
{
    for (size_t i = 0; i < sizeof line_kinds / sizeof line_kinds[0]; i++) {
        int64_t at = line_integer(line, line_kinds[i].time);
        struct strbuf text = STRBUF_INIT, since = STRBUF_INIT;

        if (strcmp(line_text(line, "type"), line_kinds[i].type) != 0)
            continue;
        if (at < span->from_ns || at > span->to_ns)
            return false;
        add_since(&since, at - span->onset_ns);
        line_kinds[i].add(&text, line);
        quote_print_line(out, "%12s%s", since.text, text.text);
        strbuf_release(&text);
        strbuf_release(&since);
        return true;
    }
    return false;
}

/* Returns the number of lines of the session in the span. */
static size_t print_session(FILE *history, const char *key, const struct journey_span *span,
                            FILE *out)
{
    struct strbuf wanted = STRBUF_INIT;
    char *line = NULL;
    size_t capacity = 0, count = 0;

    strbuf_addf(&wanted, "\"session\": \"%s\"", key);
    rewind(history);
    while (count < LINES_MAX && getline(&line, &capacity, history) > 0) {
        cJSON *parsed = strstr(line, wanted.text) ? cJSON_Parse(line) : NULL;

        count += parsed && print_line(parsed, span, out);
        cJSON_Delete(parsed);
    }
    if (count == LINES_MAX)
        fprintf(out, "  ... and so on: only the first %d lines are printed\n", LINES_MAX);
    free(line);
    strbuf_release(&wanted);
    return count;
}

/* --- the run --------------------------------------------------------------------------------- */

int session_journey_print(const struct what_if_base *base, const char *key,
                          const struct journey_span *span, FILE *out)
{
    FILE *file = tmpfile();
    struct op_history history;
    struct what_if again = {.outcome = {.rpo = -1}};
    bool example = strcmp(key, "example") == 0;
    char *session = NULL;
    int code;

    if (!file) {
        fprintf(stderr, "isthmus: error: cannot create a temporary file\n");
        return EXIT_FILES;
    }
    op_history_open(&history, file);
    history.detailed = true;
    code = what_if_run_with_history(base, &again, 1, &history);
    op_history_close(&history);
    what_if_release(&again);
    if (code == EXIT_DONE) {
        session = example ? example_of(file, span->onset_ns) : mem_strdup(key);
        if (session) {
            fprintf(out, "\n");
            quote_print_line(out, "Session %s, with the time since the onset", session);
        }
        if (!session || print_session(file, session, span, out) == 0)
            code = usage_error(example ? "no session was affected in this time"
                                       : "no operation of session '%s' in this time: a session is "
                                         "REGION/ROW/COUNT, as in a history, or 'example'",
                               key);
    }
    free(session);
    fclose(file);
    return code;
}
