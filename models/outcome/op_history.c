// SPDX-License-Identifier: GPL-3.0-or-later
#include "op_history.h"

#include "mem.h"
#include "strbuf.h"

#include <inttypes.h>
#include <stdlib.h>

#define VERSION 1

static const char *const outcome_names[] = {[HISTORY_OK] = "ok",
                                            [HISTORY_MISS] = "miss",
                                            [HISTORY_FAILED] = "failed",
                                            [HISTORY_UNKNOWN] = "unknown"};

void op_history_open(struct op_history *history, FILE *out)
{
    *history = (struct op_history){.to = SIM_NEVER};
    json_begin_lines(&history->json, out);
    json_open_object(&history->json, NULL);
    json_text(&history->json, "type", "history");
    json_count(&history->json, "version", VERSION);
    json_close(&history->json);
}

void op_history_begin(struct op_history *history, const struct topology *topology, uint64_t seed,
                      uint32_t replication)
{
    struct json_writer *json = &history->json;

    invariant(!history->topology);
    history->topology = topology;
    history->region_count = topology->region_count;
    history->answers = mem_zalloc(topology->region_count, sizeof *history->answers);
    json_open_object(json, NULL);
    json_text(json, "type", "run");
    json_seed(json, "seed", seed);
    json_count(json, "replication", replication);
    json_open_array(json, "regions");
    for (uint32_t r = 0; r < topology->region_count; r++)
        json_text(json, NULL, topology->region_names[r]);
    json_close(json);
    json_close(json);
}

/* --- records --------------------------------------------------------------------------------- */

static bool is_wanted(const struct op_history *history, sim_time begun, sim_time ended)
{
    return begun <= history->to && ended >= history->from;
}

/* What both records begin with. */
static void open_record(struct op_history *history, const char *type, const char *name,
                        const struct session_key *session)
{
    struct json_writer *json = &history->json;
    struct strbuf key = STRBUF_INIT;

    strbuf_addf(&key, "%s/%" PRIu32 "/%" PRIu32, history->topology->region_names[session->region],
                session->row, session->count);
    json_open_object(json, NULL);
    json_text(json, "type", type);
    json_text(json, "operation", name);
    json_text(json, "session", key.text);
    strbuf_release(&key);
}

static void add_region(struct op_history *history, const char *name, int region)
{
    json_text(&history->json, name, region < 0 ? NULL : history->topology->region_names[region]);
}

void op_history_add_op(struct op_history *history, const struct op_record *operation)
{
    struct json_writer *json = &history->json;

    if (!is_wanted(history, operation->invoked, operation->ended))
        return;
    open_record(history, "operation", operation->name, &operation->session);
    add_region(history, "region", operation->region);
    json_count(json, "instance", operation->instance);
    json_integer(json, "invoked_ns", operation->invoked);
    if (operation->ended == SIM_NEVER)
        json_text(json, "ended_ns", NULL);
    else
        json_integer(json, "ended_ns", operation->ended);
    json_text(json, "outcome", outcome_names[operation->outcome]);
    if (operation->is_write || operation->outcome == HISTORY_OK)
        json_digest(json, "value", operation->value);
    else
        json_text(json, "value", NULL);
    add_region(history, "served_by", operation->served_by);
    json_count(json, "attempts", operation->attempts);
    if (operation->latest)
        json_flag(json, "latest", true);
    if (operation->unanswered > 0)
        json_count(json, "unanswered", operation->unanswered);
    if (operation->event > 0)
        json_count(json, "event", operation->event);
    if (history->detailed)
        json_integer(json, "last_begun_ns", operation->last_begun);
    json_close(json);
}

void op_history_add_attempt(struct op_history *history, const struct attempt_record *attempt)
{
    struct json_writer *json = &history->json;

    if (!is_wanted(history, attempt->begun, attempt->ended))
        return;
    open_record(history, "attempt", attempt->name, &attempt->session);
    add_region(history, "region", attempt->region);
    json_count(json, "instance", attempt->instance);
    json_count(json, "attempt", attempt->attempt);
    add_region(history, "to", attempt->to);
    json_integer(json, "begun_ns", attempt->begun);
    json_integer(json, "ended_ns", attempt->ended);
    json_text(json, "error", attempt->error);
    json_close(json);
}

void op_history_add_write(struct op_history *history, const struct write_record *write)
{
    struct json_writer *json = &history->json;

    if (!is_wanted(history, write->executed, write->executed))
        return;
    open_record(history, "write", write->name, &write->session);
    add_region(history, "region", write->region);
    json_integer(json, "executed_ns", write->executed);
    json_digest(json, "value", write->value);
    if (write->has_position) {
        json_count(json, "shard", write->shard);
        json_count(json, "branch", write->branch);
        json_count(json, "number", write->number);
    }
    json_close(json);
}

void op_history_add_applied(struct op_history *history, const struct applied_record *applied)
{
    struct json_writer *json = &history->json;

    if (!history->detailed || !is_wanted(history, applied->applied, applied->applied))
        return;
    json_open_object(json, NULL);
    json_text(json, "type", "applied");
    add_region(history, "region", applied->region);
    json_integer(json, "applied_ns", applied->applied);
    if (applied->value != HISTORY_INITIAL) {
        json_digest(json, "value", applied->value);
    } else {
        json_count(json, "shard", applied->shard);
        json_count(json, "branch", applied->branch);
        json_count(json, "after", applied->after);
        json_count(json, "number", applied->number);
    }
    json_close(json);
}

/* --- from server to client ------------------------------------------------------------------- */

void op_history_set_answer(struct op_history *history, int region, uint32_t row,
                           struct answer_record answer)
{
    struct answer_table *answers = &history->answers[region];

    MEM_GROW(answers->rows, answers->capacity, (size_t)row + 1);
    answers->rows[row] = answer;
}

void op_history_close(struct op_history *history)
{
    (void)json_end(&history->json); /* whoever closes the file learns of a failure */
    for (uint32_t r = 0; r < history->region_count; r++)
        free(history->answers[r].rows);
    free(history->answers);
    *history = (struct op_history){0};
}
