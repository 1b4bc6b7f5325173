// SPDX-License-Identifier: GPL-3.0-or-later
/* The explanation as text and as JSON. */
#include "explain_internal.h"

#include "json_writer.h"
#include "quote.h"
#include "strbuf.h"
#include "text_table.h"
#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 19 }; /* of the lines below a step */

static void add_duration(struct strbuf *out, int64_t ns)
{
    units_add(out, (double)ns, UNIT_NS, 4);
}

/* "+2:23.921", from the start of the incident. */
static void add_since(struct strbuf *out, int64_t ns)
{
    int64_t ms = (ns < 0 ? -ns : ns) / NS_PER_MS;

    strbuf_add(out, ns < 0 ? "-" : "+");
    if (ms >= 3600000)
        strbuf_addf(out, "%" PRId64 ":%02d:", ms / 3600000, (int)(ms / 60000 % 60));
    else
        strbuf_addf(out, "%d:", (int)(ms / 60000));
    strbuf_addf(out, "%02d.%03d", (int)(ms / 1000 % 60), (int)(ms % 1000));
}

/* A line, wrapped at spaces and indented from the second one on. */
static void print_wrapped(FILE *out, const char *raw, int indent, int width)
{
    struct strbuf quoted = STRBUF_INIT, line = STRBUF_INIT;
    const char *text;
    int column = 0;

    quote_add(&quoted, QUOTE_TERMINAL, raw);
    text = quoted.text;
    while (*text != '\0') {
        size_t blanks = strspn(text, " "), length = strcspn(text + blanks, " ");

        if (column > indent && column + (int)(blanks + length) > width) {
            strbuf_addf(&line, "\n%*s", indent, "");
            column = indent;
            text += blanks;
            blanks = 0;
        }
        strbuf_add_bytes(&line, text, blanks + length);
        column += (int)(blanks + length);
        text += blanks + length;
    }
    fprintf(out, "%s\n", line.text);
    strbuf_release(&quoted);
    strbuf_release(&line);
}

/* --- head ------------------------------------------------------------------------------------ */

static void print_head(const struct explanation *explanation, FILE *out, int width)
{
    const struct explained_incident *chosen = &explanation->chosen;
    const struct incident_row *row = &chosen->row;
    struct strbuf line = STRBUF_INIT;

    strbuf_addf(&line, "%s%s%s at ", row->kind, row->subject[0] ? " of " : "", row->subject);
    units_add_instant(&line, row->onset_ns);
    strbuf_addf(&line, ": incident %" PRId64 " of %" PRId64 " in replication %" PRId64,
                row->number + 1, chosen->incident_count, row->replication);
    if (chosen->is_median && chosen->replication_count > 1)
        strbuf_addf(&line, ", whose RTO is the median of %" PRId64, chosen->replication_count);
    print_wrapped(out, line.text, 2, width);
    strbuf_release(&line);
}

static void print_outcome(const struct explanation *explanation, FILE *out, int width)
{
    const struct incident_row *row = &explanation->chosen.row;
    int64_t stages[INCIDENT_STAGES];
    struct strbuf line = STRBUF_INIT;
    const char *comma = ": ";

    strbuf_add(&line, "  RTO  ");
    if (!incident_stages(row, stages)) {
        strbuf_add(&line, "not restored by the end of the run");
    } else if (row->restored_ns == row->onset_ns) {
        strbuf_add(&line, "no outage: the share of good operations stayed at target");
    } else {
        add_duration(&line, row->restored_ns - row->onset_ns);
        for (int i = 0; i < INCIDENT_STAGES; i++) {
            if (stages[i] == 0)
                continue;
            strbuf_addf(&line, "%s%s ", comma, incident_stage_names[i]);
            add_duration(&line, stages[i]);
            comma = ", ";
        }
    }
    print_wrapped(out, line.text, 7, width);
    strbuf_clear(&line);
    strbuf_add(&line, "  RPO  ");
    if (row->rpo_ns < 0)
        strbuf_add(&line, "no failover");
    else
        add_duration(&line, row->rpo_ns);
    strbuf_addf(&line, ": %" PRIu64 " acknowledged writes lost, %" PRIu64 " of them new sessions",
                row->writes_lost, row->sessions_lost);
    print_wrapped(out, line.text, 7, width);
    strbuf_release(&line);
}

static enum unit unit_of(const char *metric)
{
    return strcmp(metric, "reauths") == 0 ? UNIT_COUNT : UNIT_SHARE;
}

static void print_measures(const struct explanation *explanation, FILE *out)
{
    struct text_table *table = text_table_create_bare(3);
    bool any = false;

    for (size_t m = 0; m < EXPLAIN_MEASURES; m++) {
        const struct explain_measure *measure = &explanation->measures[m];

        for (size_t i = 0; i < measure->count; i++) {
            const struct explain_value *value = &measure->values[i];

            if (!isfinite(value->value) || strcmp(value->region, "all") == 0 ||
                (unit_of(measure->metric) == UNIT_COUNT && !(value->value > 0)))
                continue;
            text_table_add(table, "%s%s%s", measure->metric, value->label[0] ? " " : "",
                           value->label);
            text_table_add(table, "%s", value->region);
            units_add(text_table_cell(table), value->value, unit_of(measure->metric), 4);
            any = true;
        }
    }
    if (any)
        fprintf(out, "\nWhile faults were active (without an end: to the end of the run), one "
                     "replication: no intervals\n");
    text_table_print_and_free(table, out);
}

/* --- steps ----------------------------------------------------------------------------------- */

static void add_reference(struct strbuf *out, const struct explain_event *event)
{
    if (event->step > 0)
        strbuf_addf(out, "step %zu", event->step);
    else
        strbuf_addf(out, "event %" PRIu32 " of the run log", event->row.number);
}

/* Why the step happened, and what it waited for. What it waited for comes after its cause; what
 * held it up was there before. */
static void add_cause(struct strbuf *out, const struct explanation *explanation,
                      const struct event_row *row)
{
    const struct explain_event *cause = explanation_event(explanation, row->cause);
    const struct explain_event *waited = explanation_event(explanation, row->waited_for);
    const struct explain_event *last = cause;

    if (!cause && !waited) {
        strbuf_addf(out, "<- %s", row->cause_text[0] ? row->cause_text : "no recorded cause");
        return;
    }
    strbuf_add(out, "<- ");
    if (cause)
        add_reference(out, cause);
    if (waited) {
        bool held_up = cause && waited->row.t_ns <= cause->row.t_ns;

        strbuf_addf(out, "%s%s ", cause ? "; " : "", held_up ? "held up by" : "not before");
        add_reference(out, waited);
        if (!held_up) {
            strbuf_add(out, ", for which it waited");
            last = waited;
        }
    }
    if (row->t_ns > last->row.t_ns) {
        strbuf_add(out, ", then ");
        add_duration(out, row->t_ns - last->row.t_ns);
    }
    if (row->cause_text[0])
        strbuf_addf(out, ": %s", row->cause_text);
}

static void print_step(const struct explanation *explanation, const struct explain_event *event,
                       FILE *out, int width)
{
    struct strbuf line = STRBUF_INIT, since = STRBUF_INIT;

    add_since(&since, event->row.t_ns - explanation->chosen.row.onset_ns);
    if (event->step > 0)
        strbuf_addf(&line, "%4zu", event->step);
    else
        strbuf_add(&line, "   -");
    strbuf_addf(&line, "  %11s  %s%s%s: %s", since.text, event->row.what,
                event->row.subject[0] ? " " : "", event->row.subject, event->row.text);
    print_wrapped(out, line.text, INDENT, width);
    strbuf_clear(&line);
    strbuf_addf(&line, "%*s", INDENT, "");
    add_cause(&line, explanation, &event->row);
    print_wrapped(out, line.text, INDENT + 3, width);
    strbuf_release(&line);
    strbuf_release(&since);
}

static const char *const stage_ends[INCIDENT_STAGES] = {
    [INCIDENT_DETECT] = "detected",
    [INCIDENT_DECIDE] = "decided",
    [INCIDENT_PROMOTE] = "promoted",
    [INCIDENT_NOTIFY] = "the change of what clients use is accepted",
    [INCIDENT_PUBLISH] = "published",
    [INCIDENT_CACHE] = "enough resolvers have the new answer",
    [INCIDENT_RECONNECT] = "restored",
};

/* Ends of stages at or before `until`, from stage *next on. */
static void print_stage_ends(const struct explanation *explanation, const int64_t *stages,
                             int *next, int64_t until_ns, FILE *out)
{
    const struct incident_row *row = &explanation->chosen.row;
    double rto = (double)(row->restored_ns - row->onset_ns);

    for (; *next < INCIDENT_STAGES; ++*next) {
        int64_t end = row->onset_ns;
        struct strbuf line = STRBUF_INIT, since = STRBUF_INIT;

        for (int i = 0; i <= *next; i++)
            end += stages[i];
        if (end > until_ns)
            return;
        if (stages[*next] > 0 || *next == INCIDENT_RECONNECT) {
            add_since(&since, end - row->onset_ns);
            strbuf_addf(&line, "    = %11s  %s", since.text, stage_ends[*next]);
            if (stages[*next] > 0) {
                strbuf_addf(&line, ": %s ", incident_stage_names[*next]);
                add_duration(&line, stages[*next]);
                strbuf_addf(&line, ", %.0f %% of the RTO", 100 * (double)stages[*next] / rto);
            }
            fprintf(out, "%s\n", line.text);
        }
        strbuf_release(&line);
        strbuf_release(&since);
    }
}

/* Texts of steps name periods by the clock of the run. */
static void print_legend(int64_t onset_ns, FILE *out, int width)
{
    struct strbuf line = STRBUF_INIT;

    strbuf_add(&line,
               "Steps, with the time since the onset; <- the recorded cause, = the end of a "
               "stage. Periods of metrics are in times of the run, in which the onset is at ");
    strbuf_addf(&line, "%.6g s", (double)onset_ns / 1e9);
    fputc('\n', out);
    print_wrapped(out, line.text, 2, width);
    strbuf_release(&line);
}

void explanation_print(const struct explanation *explanation, const struct explain_options *options,
                       FILE *out)
{
    const struct incident_row *row = &explanation->chosen.row;
    int width = options->width < 80 ? 80 : options->width, next = 0;
    int64_t stages[INCIDENT_STAGES];
    bool restored = incident_stages(row, stages) && row->restored_ns > row->onset_ns;

    print_head(explanation, out, width);
    print_outcome(explanation, out, width);
    print_measures(explanation, out);
    print_legend(row->onset_ns, out, width);
    for (size_t i = 0; i < explanation->event_count; i++) {
        const struct explain_event *event = &explanation->events[i];
        bool near = event->row.t_ns >= row->onset_ns && event->row.t_ns < explanation->until_ns;

        if (!event->belongs && !(options->all && near))
            continue;
        if (restored)
            print_stage_ends(explanation, stages, &next, event->row.t_ns - 1, out);
        print_step(explanation, event, out, width);
    }
    if (restored)
        print_stage_ends(explanation, stages, &next, row->restored_ns, out);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_instant(struct json_writer *json, const char *name, int64_t ns)
{
    if (ns < 0)
        json_text(json, name, NULL);
    else
        json_integer(json, name, ns);
}

static void json_number_of(struct json_writer *json, const char *name,
                           const struct explanation *explanation, uint32_t number)
{
    if (explanation_event(explanation, number))
        json_count(json, name, number);
    else
        json_text(json, name, NULL);
}

void explanation_json(const struct explanation *explanation, struct json_writer *json)
{
    const struct incident_row *row = &explanation->chosen.row;
    int64_t stages[INCIDENT_STAGES];

    json_open_object(json, "incident");
    json_integer(json, "point", row->point);
    json_integer(json, "replication", row->replication);
    json_integer(json, "number", row->number + 1);
    json_text(json, "kind", row->kind);
    json_text(json, "subject", row->subject);
    json_integer(json, "onset_ns", row->onset_ns);
    json_instant(json, "restored_ns", row->restored_ns);
    json_instant(json, "rpo_ns", row->rpo_ns);
    json_count(json, "writes_lost", row->writes_lost);
    json_count(json, "sessions_lost", row->sessions_lost);
    json_close(json);
    json_open_object(json, "stages_ns");
    for (int i = 0; incident_stages(row, stages) && i < INCIDENT_STAGES; i++)
        json_integer(json, incident_stage_names[i], stages[i]);
    json_close(json);
    json_open_array(json, "steps");
    for (size_t i = 0; i < explanation->event_count; i++) {
        const struct explain_event *event = &explanation->events[i];

        if (!event->belongs)
            continue;
        json_open_object(json, NULL);
        json_count(json, "event", event->row.number);
        json_integer(json, "t_ns", event->row.t_ns);
        json_text(json, "what", event->row.what);
        json_text(json, "subject", event->row.subject);
        json_text(json, "text", event->row.text);
        json_number_of(json, "cause", explanation, event->row.cause);
        json_number_of(json, "waited_for", explanation, event->row.waited_for);
        json_text(json, "cause_text", event->row.cause_text);
        json_close(json);
    }
    json_close(json);
}
