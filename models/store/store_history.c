// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The store's part of a history of operations: the writes of each session in the order in which
 * servers executed them, so that a read's answer can name the write that it found.
 *
 * A kind keeps no more of a session than its reads need. A history must show which write was read
 * even where a secondary has some of several, so here all of them are kept to the end of the run:
 * 32 bytes a write.
 */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

struct executed_write {
    uint64_t value;
    struct write_position position;
    uint32_t previous; /* of the same session; NO_INDEX: none */
};

/* The writes of the session that a row has now; zeros: none. */
struct session_writes {
    uint32_t check;
    uint32_t last; /* + 1 */
};

struct store_history {
    struct op_history *history;
    struct executed_write *writes;
    size_t count, capacity;
    struct session_rows {
        struct session_writes *rows;
        size_t count;
    } sessions[REGIONS_MAX];
};

struct store_history *store_history_create(struct op_history *history)
{
    struct store_history *own;

    if (!history)
        return NULL;
    own = mem_zalloc(1, sizeof *own);
    own->history = history;
    return own;
}

void store_history_free(struct store_history *history)
{
    if (!history)
        return;
    for (int r = 0; r < REGIONS_MAX; r++)
        free(history->sessions[r].rows);
    free(history->writes);
    free(history);
}

static struct session_writes *writes_of(struct store_history *history, uint32_t session)
{
    struct session_rows *table = &history->sessions[ref_region(session)];
    size_t count = table->count, capacity = count;

    if (ref_index(session) >= count) {
        MEM_GROW(table->rows, capacity, (size_t)ref_index(session) + 1);
        memset(table->rows + count, 0, (capacity - count) * sizeof *table->rows);
        table->count = capacity;
    }
    return &table->rows[ref_index(session)];
}

static void add_write(struct cluster *cluster, const struct store_write *done,
                      const struct write_position *position)
{
    const struct write_record write = {
        .session = {(int)ref_region(done->session), ref_index(done->session), done->session_check},
        .name = command_name(done->kind),
        .value = done->value,
        .region = cluster->region,
        .executed = sim_now(cluster->store->sim),
        .has_position = position != NULL,
        .shard = position ? position->shard : 0,
        .branch = position ? position->history : 0,
        .number = position ? position->number : 0,
    };

    op_history_add_write(cluster->store->history->history, &write);
}

RARE void store_history_wrote(struct cluster *cluster, const struct store_write *done)
{
    add_write(cluster, done, NULL);
}

RARE void store_history_applied(struct cluster *cluster, const struct write_position *position,
                                uint64_t after)
{
    const struct applied_record record = {.region = cluster->region,
                                          .applied = sim_now(cluster->store->sim),
                                          .shard = position->shard,
                                          .branch = position->history,
                                          .after = after,
                                          .number = position->number};

    op_history_add_applied(cluster->store->history->history, &record);
}

RARE void store_history_received(struct cluster *cluster, uint64_t value)
{
    const struct applied_record record = {
        .region = cluster->region, .applied = sim_now(cluster->store->sim), .value = value};

    op_history_add_applied(cluster->store->history->history, &record);
}

static void record_write(struct cluster *cluster, const struct server *server,
                         const struct command *command)
{
    const struct store_kind *kind = cluster->store->kind;
    struct store_history *history = cluster->store->history;
    struct session_writes *session = writes_of(history, command->session);
    struct write_position position =
        kind->written ? kind->written(server) : (struct write_position){0};
    const struct store_write done = {command->identity, command->session, command->session_check,
                                     (enum command_kind)command->kind};

    add_write(cluster, &done, kind->written ? &position : NULL);
    if (command->session_check < session->check)
        return; /* late: another session has the row, and nobody reads this one */
    if (command->session_check > session->check)
        *session = (struct session_writes){.check = command->session_check};
    MEM_GROW(history->writes, history->capacity, history->count + 1);
    history->writes[history->count++] =
        (struct executed_write){command->identity, position, session->last - 1};
    session->last = (uint32_t)history->count;
}

/* The last write of the session that the server holds; HISTORY_INITIAL: none of the run. */
static uint64_t value_found(struct cluster *cluster, const struct server *server,
                            const struct command *command)
{
    const struct store_kind *kind = cluster->store->kind;
    struct store_history *history = cluster->store->history;
    const struct session_writes *session = writes_of(history, command->session);

    if (kind->found)
        return kind->found(server, command);
    if (session->check != command->session_check)
        return HISTORY_INITIAL;
    for (uint32_t i = session->last - 1; i != NO_INDEX; i = history->writes[i].previous)
        if (!kind->holds || kind->holds(server, history->writes[i].position))
            return history->writes[i].value;
    return HISTORY_INITIAL;
}

RARE void store_history_replied(struct cluster *cluster, uint32_t ref,
                                const struct command *command)
{
    struct store *store = cluster->store;
    const struct server *server = server_of_command(cluster, command);
    struct answer_record answer = {HISTORY_INITIAL, cluster->region};

    if (command->reply.executed && !store->kind->found)
        record_write(cluster, server, command);
    if (command->reply.kind == REPLY_HIT)
        answer.value = value_found(cluster, server, command);
    op_history_set_answer(store->history->history, (int)ref_region(ref), ref_index(ref), answer);
}
