// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Order of the groups on the screen: faults and failover, users, application, links, store. A write
 * is followed by arrows: user -> instance -> link -> server -> replication link -> replica, and
 * from server or replica to the reads that found it.
 */
#include "trace_build.h"

#include "incident_group.h"
#include "mem.h"
#include "strbuf.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How long an executed write is drawn; its service is not recorded. */
enum { MARK_NS = 1000 };

struct builder {
    struct trace_events *events;
    const struct journal *journal;
    const struct trace_run *run;
    size_t *write_slices;   /* by write */
    size_t *applied_slices; /* by row of journal->applied */
    bool *write_used;       /* an attempt has been matched to it */
    /* while rows are read */
    const struct counter_row *counter;
    struct fault_span {
        char *words;
        int64_t from_ns, to_ns;
    } * faults;
    size_t fault_count, fault_capacity;
    int64_t onset_ns;
};

static size_t track_of(struct builder *builder, const char *what, int region, const char *track)
{
    struct strbuf group = STRBUF_INIT;
    size_t index;

    strbuf_addf(&group, "%s %s", what, region < 0 ? "?" : builder->journal->regions[region]);
    index = trace_track(builder->events, group.text, track);
    strbuf_release(&group);
    return index;
}

static size_t link_track(struct builder *builder, int from, int to, const char *traffic)
{
    struct strbuf track = STRBUF_INIT;
    size_t index;

    strbuf_addf(&track, "%s -> %s%s", builder->journal->regions[from],
                builder->journal->regions[to], traffic);
    index = trace_track(builder->events, "links", track.text);
    strbuf_release(&track);
    return index;
}

/* Clipped to the span that is drawn. */
static size_t add_slice(struct builder *builder, struct trace_slice slice, struct strbuf *name,
                        struct strbuf *details)
{
    if (slice.end_ns < slice.begin_ns)
        slice.end_ns = builder->run->to_ns;
    if (slice.end_ns < slice.begin_ns)
        slice.end_ns = slice.begin_ns;
    return trace_add_slice(builder->events, &slice, name, details);
}

/* --- faults, incidents, events --------------------------------------------------------------- */

static bool is_of_run(const struct builder *builder, int64_t point, int64_t replication)
{
    return point == builder->run->point && replication == builder->run->replication;
}

static bool is_drawn(const struct builder *builder, int64_t from_ns, int64_t to_ns)
{
    return from_ns <= builder->run->to_ns && (to_ns < 0 || to_ns >= builder->run->from_ns);
}

static void note_fault(struct builder *builder, const struct event_row *row)
{
    bool begins = false;
    const char *fault = incident_fault_of(row->text, &begins);
    char *words = fault ? incident_fault_words(fault, row->subject) : NULL;

    if (words && begins) {
        MEM_GROW(builder->faults, builder->fault_capacity, builder->fault_count + 1);
        builder->faults[builder->fault_count++] =
            (struct fault_span){mem_strdup(words), row->t_ns, -1};
    }
    for (size_t i = 0; words && !begins && i < builder->fault_count; i++)
        if (builder->faults[i].to_ns < 0 && strcmp(builder->faults[i].words, words) == 0)
            builder->faults[i].to_ns = row->t_ns;
    free(words);
}

static void add_event(void *self, const struct event_row *row)
{
    struct builder *builder = self;
    struct strbuf text = STRBUF_INIT;

    if (!is_of_run(builder, row->point, row->replication))
        return;
    if (strcmp(row->what, "fault") == 0)
        note_fault(builder, row);
    if (!is_drawn(builder, row->t_ns, row->t_ns))
        return;
    strbuf_addf(&text, "%s: %s%s%s", row->what, row->subject, row->subject[0] ? ": " : "",
                row->text);
    if (row->cause)
        strbuf_addf(&text, " (event %" PRIu32 ", caused by event %" PRIu32 ")", row->number,
                    row->cause);
    trace_add_instant(builder->events, trace_track(builder->events, "failover", "events"),
                      row->t_ns, &text);
}

static void add_faults(struct builder *builder)
{
    for (size_t i = 0; i < builder->fault_count; i++) {
        const struct fault_span *fault = &builder->faults[i];
        struct strbuf name = STRBUF_INIT, details = STRBUF_INIT;
        int64_t from =
            fault->from_ns > builder->run->from_ns ? fault->from_ns : builder->run->from_ns;
        int64_t to = fault->to_ns < 0 || fault->to_ns > builder->run->to_ns ? builder->run->to_ns
                                                                            : fault->to_ns;

        if (!is_drawn(builder, fault->from_ns, fault->to_ns))
            continue;
        strbuf_add(&name, fault->words);
        strbuf_add(&details, "from ");
        units_add_duration(&details, fault->from_ns);
        strbuf_add(&details, fault->to_ns < 0 ? ", until the end of the run" : " to ");
        if (fault->to_ns >= 0)
            units_add_duration(&details, fault->to_ns);
        add_slice(builder,
                  (struct trace_slice){trace_track(builder->events, "faults", fault->words),
                                       NO_SLICE, from, to, "fault"},
                  &name, &details);
    }
}

/* The part of a stage that is drawn, inside the slice of its outage. */
static void add_stage(struct builder *builder, size_t outage, size_t track, const char *stage,
                      int64_t from, int64_t to)
{
    struct strbuf name = STRBUF_INIT, details = STRBUF_INIT;
    int64_t begin = from > builder->run->from_ns ? from : builder->run->from_ns;
    int64_t end = to < builder->run->to_ns ? to : builder->run->to_ns;

    if (end <= begin)
        return;
    strbuf_add(&name, stage);
    units_add(&details, (double)(to - from), UNIT_NS, 4);
    add_slice(builder, (struct trace_slice){track, outage, begin, end, "stage"}, &name, &details);
}

static void add_incident(void *self, const struct incident_row *row)
{
    struct builder *builder = self;
    const struct trace_run *run = builder->run;
    struct strbuf name = STRBUF_INIT, details = STRBUF_INIT;
    int64_t stages[INCIDENT_STAGES], at = row->onset_ns;
    int64_t end =
        row->restored_ns < 0 || row->restored_ns > run->to_ns ? run->to_ns : row->restored_ns;

    if (!is_of_run(builder, row->point, row->replication) || row->restored_ns == row->onset_ns ||
        !is_drawn(builder, row->onset_ns, row->restored_ns))
        return;
    size_t track = trace_track(builder->events, "failover", "outages");
    strbuf_addf(&name, "outage: %s", row->kind);
    if (row->restored_ns < 0)
        strbuf_add(&details, "never restored");
    else
        units_add(&details, (double)(row->restored_ns - row->onset_ns), UNIT_NS, 4);
    size_t outage =
        add_slice(builder,
                  (struct trace_slice){track, NO_SLICE,
                                       row->onset_ns > run->from_ns ? row->onset_ns : run->from_ns,
                                       end, "outage"},
                  &name, &details);
    if (!incident_stages(row, stages))
        return;
    for (int i = 0; i < INCIDENT_STAGES; at += stages[i++])
        add_stage(builder, outage, track, incident_stage_names[i], at, at + stages[i]);
}

static void note_onset(void *self, const struct incident_row *row)
{
    struct builder *builder = self;

    if (is_of_run(builder, row->point, row->replication) && builder->onset_ns < 0 &&
        row->restored_ns != row->onset_ns)
        builder->onset_ns = row->onset_ns;
}

static void note_fault_onset(void *self, const struct event_row *row)
{
    struct builder *builder = self;

    if (is_of_run(builder, row->point, row->replication) && builder->onset_ns < 0 &&
        strcmp(row->what, "fault") == 0)
        builder->onset_ns = row->t_ns;
}

int trace_first_onset(const struct trace_run *run, int64_t *onset_ns, struct diag *diag)
{
    struct builder builder = {.run = run, .onset_ns = -1};
    int status = results_each_incident(run->results, run->study, note_onset, &builder, diag);

    if (status == 0)
        status = results_each_event(run->results, run->study, run->replication, note_fault_onset,
                                    &builder, diag);
    *onset_ns = builder.onset_ns;
    return status;
}

/* --- counters -------------------------------------------------------------------------------- */

// clang-format off
static const struct counter_row {
    const char *metric, *group, *name;
    double scale; /* of a value of the series */
} counter_rows[] = {
    {"unreplicated_writes",       "store of",       "writes not replicated, count", 1},
    {"replication_backlog_bytes", "store of",       "replication backlog, bytes",   1},
    {"store_queue",               "store of",       "queue of commands, count",     1},
    {"app_queue",                 "application of", "queue of requests, count",     1},
    {"workers_busy",              "application of", "busy workers, count",          1},
    {"retry_tokens",              "application of", "retry tokens, count",        1},
    {"retries_denied",            "application of", "retries denied for lack of tokens, per s", 1},
};
// clang-format on

static void add_counter(void *self, const struct series_row *row)
{
    struct builder *builder = self;
    struct strbuf group = STRBUF_INIT;

    if (!is_drawn(builder, row->t_ns, row->t_ns) || strcmp(row->region, "all") == 0)
        return;
    strbuf_addf(&group, "%s %s", builder->counter->group, row->region);
    trace_add_counter(builder->events, group.text, builder->counter->name, row->t_ns,
                      row->value * builder->counter->scale);
    strbuf_release(&group);
}

static int add_counters(struct builder *builder, struct diag *diag)
{
    const struct trace_run *run = builder->run;

    for (size_t i = 0; i < sizeof counter_rows / sizeof counter_rows[0]; i++) {
        builder->counter = &counter_rows[i];
        if (results_each_series(run->results, run->study, run->point, run->replication,
                                counter_rows[i].metric, add_counter, builder, diag) != 0)
            return -1;
    }
    return 0;
}

/* --- writes and their replication ------------------------------------------------------------ */

static bool is_chosen(const struct builder *builder, uint32_t session)
{
    return builder->journal->sessions[session].chosen;
}

static void add_write(struct builder *builder, size_t index)
{
    const struct journal_write *write = &builder->journal->writes[index];
    struct strbuf name = STRBUF_INIT, details = STRBUF_INIT;

    strbuf_add(&name, write->name);
    strbuf_addf(&details, "session %s", builder->journal->sessions[write->session].key);
    if (write->has_position)
        strbuf_addf(&details, ", write %" PRIu64 " of shard %" PRIu64 ", branch %" PRIu64,
                    write->number, write->shard, write->branch);
    builder->write_slices[index] = add_slice(
        builder,
        (struct trace_slice){track_of(builder, "store of", write->region, "writes executed"),
                             NO_SLICE, write->executed, write->executed + MARK_NS, "write"},
        &name, &details);
}

static void add_lag(struct builder *builder, const struct journal_applied *applied,
                    const struct journal_write *write)
{
    struct strbuf group = STRBUF_INIT;

    strbuf_addf(&group, "store of %s", builder->journal->regions[applied->region]);
    trace_add_counter(builder->events, group.text, "replication lag of these writes, ms",
                      applied->applied, (double)(applied->applied - write->executed) / 1e6);
    strbuf_release(&group);
}

static void add_applied(struct builder *builder, size_t index)
{
    const struct journal_applied *applied = &builder->journal->applied[index];
    const struct journal_write *write = &builder->journal->writes[applied->write];
    struct strbuf name = STRBUF_INIT, details = STRBUF_INIT;
    struct strbuf sent = STRBUF_INIT, lag = STRBUF_INIT;

    strbuf_addf(&sent, "replication of a %s", write->name);
    strbuf_add(&lag, "applied after ");
    units_add(&lag, (double)(applied->applied - write->executed), UNIT_NS, 4);
    size_t link = add_slice(
        builder,
        (struct trace_slice){link_track(builder, write->region, applied->region, ", replication"),
                             NO_SLICE, write->executed, applied->applied, "replication"},
        &sent, &lag);
    strbuf_add(&name, write->name);
    strbuf_addf(&details, "session %s, executed in %s",
                builder->journal->sessions[write->session].key,
                builder->journal->regions[write->region]);
    builder->applied_slices[index] = add_slice(
        builder,
        (struct trace_slice){track_of(builder, "store of", applied->region, "writes applied"),
                             NO_SLICE, applied->applied, applied->applied + MARK_NS, "applied"},
        &name, &details);
    trace_add_arrow(builder->events, "replication", builder->write_slices[applied->write], link,
                    builder->applied_slices[index]);
    add_lag(builder, applied, write);
}

/* --- operations ------------------------------------------------------------------------------ */

/* What the user did, and that the answer was. */
static const char *user_word(const char *operation)
{
    static const char *const words[][2] = {{"create", "login"},
                                           {"get", "request"},
                                           {"touch", "session renewed"},
                                           {"delete", "logout"}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], operation) == 0)
            return words[i][1];
    return operation;
}

/* The first execution of the value by the server in [from, to] that no earlier attempt caused. */
static size_t execution_of(const struct builder *builder, uint64_t value, int region, int64_t from,
                           int64_t to)
{
    for (size_t i = 0; value && i < builder->journal->write_count; i++) {
        const struct journal_write *write = &builder->journal->writes[i];

        if (write->value == value && write->region == region && write->executed >= from &&
            write->executed <= to && !builder->write_used[i])
            return i;
    }
    return NO_SLICE;
}

/* One attempt: its slice in that of the operation, and its way over the links. */
struct attempt {
    const struct journal_op *op;
    size_t op_slice, track;
    uint32_t number;
    int to; /* region; -1: unknown */
    int64_t begun, ended;
    const char *outcome;
    bool answered;
};

static size_t add_link(struct builder *builder, int from, int to, const struct attempt *attempt,
                       const char *what, int64_t begin, int64_t end)
{
    struct strbuf name = STRBUF_INIT, details = STRBUF_INIT;

    strbuf_addf(&name, "%s%s", attempt->op->name, what);
    strbuf_addf(&details, "session %s", builder->journal->sessions[attempt->op->session].key);
    return add_slice(
        builder,
        (struct trace_slice){link_track(builder, from, to, ""), NO_SLICE, begin, end, "message"},
        &name, &details);
}

/* Returns the slice of the attempt. */
static size_t add_attempt(struct builder *builder, const struct attempt *attempt)
{
    const struct journal_op *op = attempt->op;
    struct strbuf name = STRBUF_INIT, details = STRBUF_INIT;
    bool is_write = strcmp(op->name, "get") != 0;
    size_t slice, link = NO_SLICE, write = NO_SLICE;

    strbuf_addf(&name, "attempt %" PRIu32 ": %s", attempt->number, attempt->outcome);
    strbuf_addf(&details, "to %s, ",
                attempt->to < 0 ? "an address not known yet"
                                : builder->journal->regions[attempt->to]);
    units_add(&details, (double)(attempt->ended - attempt->begun), UNIT_NS, 4);
    slice = add_slice(builder,
                      (struct trace_slice){attempt->track, attempt->op_slice, attempt->begun,
                                           attempt->ended, "attempt"},
                      &name, &details);
    if (attempt->to < 0)
        return slice;
    /* an attempt without an answer may be executed later */
    if (is_write)
        write = execution_of(builder, op->value, attempt->to, attempt->begun,
                             attempt->answered ? attempt->ended : builder->run->to_ns);
    int64_t arrives = write == NO_SLICE ? attempt->ended : builder->journal->writes[write].executed;
    if (attempt->to != op->region)
        link = add_link(builder, op->region, attempt->to, attempt,
                        write != NO_SLICE   ? ""
                        : attempt->answered ? " and its reply"
                                            : ": no answer",
                        attempt->begun, arrives);
    if (write != NO_SLICE) {
        builder->write_used[write] = true;
        trace_add_arrow(builder->events, "write", slice, link, builder->write_slices[write]);
    }
    if (write != NO_SLICE && attempt->answered && attempt->to != op->region)
        add_link(builder, attempt->to, op->region, attempt, ": reply", arrives, attempt->ended);
    return slice;
}

/* From where the value that a read found came to its server, to the read. */
static void add_read_arrow(struct builder *builder, const struct journal_op *op, size_t read)
{
    const struct journal *journal = builder->journal;
    size_t source = NO_SLICE;

    if (strcmp(op->name, "get") != 0 || op->value == 0 || op->served_by < 0)
        return;
    for (size_t i = 0; i < journal->write_count; i++)
        if (journal->writes[i].value == op->value && journal->writes[i].region == op->served_by &&
            journal->writes[i].executed <= op->ended)
            source = builder->write_slices[i];
    for (size_t i = 0; i < journal->applied_count && source == NO_SLICE; i++)
        if (journal->writes[journal->applied[i].write].value == op->value &&
            journal->applied[i].region == op->served_by && journal->applied[i].applied <= op->ended)
            source = builder->applied_slices[i];
    if (source != NO_SLICE)
        trace_add_arrow(builder->events, "read", source, NO_SLICE, read);
}

static void add_attempts(struct builder *builder, const struct journal_op *op, size_t op_slice,
                         size_t track)
{
    const struct journal *journal = builder->journal;
    bool answered = op->served_by >= 0;

    for (size_t i = 0; i < journal->attempt_count; i++) {
        const struct journal_attempt *row = &journal->attempts[i];
        const struct attempt attempt = {op,         op_slice,   track,      row->number, row->to,
                                        row->begun, row->ended, row->error, false};

        if (row->session == op->session && row->instance == op->instance &&
            row->region == op->region && strcmp(row->name, op->name) == 0 &&
            row->begun >= op->invoked && (op->ended < 0 || row->ended <= op->ended))
            add_attempt(builder, &attempt);
    }
    if (answered) {
        const struct attempt last = {op,           op_slice,      track,
                                     op->attempts, op->served_by, op->last_begun,
                                     op->ended,    op->outcome,   true};
        add_read_arrow(builder, op, add_attempt(builder, &last));
    }
}

static void add_operation(struct builder *builder, const struct journal_op *op)
{
    const struct journal_session *session = &builder->journal->sessions[op->session];
    struct strbuf name = STRBUF_INIT, details = STRBUF_INIT;
    struct strbuf user = STRBUF_INIT, user_details = STRBUF_INIT, instance = STRBUF_INIT;
    size_t user_slice, slice, track;

    strbuf_addf(&user, "%s: %s", user_word(op->name), op->outcome);
    strbuf_addf(&user_details, "served by an instance of %s",
                builder->journal->regions[op->region]);
    user_slice =
        add_slice(builder,
                  (struct trace_slice){track_of(builder, "users of", session->region, session->key),
                                       NO_SLICE, op->invoked, op->ended, "user"},
                  &user, &user_details);
    strbuf_addf(&instance, "instance %" PRIu32, op->instance);
    track = track_of(builder, "application of", op->region, instance.text);
    strbuf_release(&instance);
    strbuf_addf(&name, "%s: %s", op->name, op->outcome);
    strbuf_addf(&details, "session %s, %" PRIu32 " attempt%s", session->key, op->attempts,
                op->attempts == 1 ? "" : "s");
    if (op->event > 0)
        strbuf_addf(&details, ", impaired by event %" PRId64, op->event);
    slice = add_slice(builder,
                      (struct trace_slice){track, NO_SLICE, op->invoked, op->ended, "operation"},
                      &name, &details);
    trace_add_arrow(builder->events, "request", user_slice, NO_SLICE, slice);
    add_attempts(builder, op, slice, track);
}

static void add_sessions(struct builder *builder)
{
    const struct journal *journal = builder->journal;

    for (size_t i = 0; i < journal->write_count; i++)
        if (is_chosen(builder, journal->writes[i].session))
            add_write(builder, i);
    for (size_t i = 0; i < journal->applied_count; i++)
        if (is_chosen(builder, journal->writes[journal->applied[i].write].session))
            add_applied(builder, i);
    for (size_t i = 0; i < journal->op_count; i++)
        if (is_chosen(builder, journal->ops[i].session))
            add_operation(builder, &journal->ops[i]);
}

/* Groups in the order in which they are to be shown. */
static void begin_groups(struct builder *builder)
{
    static const char *const parts[][2] = {{"users of", "sessions"},
                                           {"application of", "instance 0"},
                                           {"links", ""},
                                           {"store of", "writes executed"}};

    (void)trace_track(builder->events, "faults", "faults");
    (void)trace_track(builder->events, "failover", "outages");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (size_t r = 0; r < builder->journal->region_count; r++)
            if (parts[i][1][0])
                (void)track_of(builder, parts[i][0], (int)r, parts[i][1]);
            else
                (void)trace_track(builder->events, parts[i][0], "links");
}

int trace_build(struct trace_events *events, const struct journal *journal,
                const struct trace_run *run, struct diag *diag)
{
    struct builder builder = {.events = events, .journal = journal, .run = run};
    int status;

    builder.write_slices = mem_alloc(journal->write_count + 1, sizeof *builder.write_slices);
    builder.applied_slices = mem_alloc(journal->applied_count + 1, sizeof *builder.applied_slices);
    builder.write_used = mem_zalloc(journal->write_count + 1, sizeof *builder.write_used);
    for (size_t i = 0; i < journal->write_count; i++)
        builder.write_slices[i] = NO_SLICE;
    for (size_t i = 0; i < journal->applied_count; i++)
        builder.applied_slices[i] = NO_SLICE;
    begin_groups(&builder);
    status =
        results_each_event(run->results, run->study, run->replication, add_event, &builder, diag);
    add_faults(&builder);
    if (status == 0)
        status = results_each_incident(run->results, run->study, add_incident, &builder, diag);
    if (status == 0)
        status = add_counters(&builder, diag);
    add_sessions(&builder);
    for (size_t i = 0; i < builder.fault_count; i++)
        free(builder.faults[i].words);
    free(builder.faults);
    free(builder.write_slices);
    free(builder.applied_slices);
    free(builder.write_used);
    return status;
}
