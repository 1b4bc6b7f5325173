// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a detailed history of operations (op_history.md) says of chosen sessions, in memory: their
 * operations, failed attempts, executed writes, and when secondaries applied these. For `trace`.
 */
#ifndef TRACE_JOURNAL_H
#define TRACE_JOURNAL_H

#include "command.h"
#include "sim_time.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JOURNAL_NAME = 24, JOURNAL_ROWS_MAX = 200000 };

/* An instant of -1: never. Regions and sessions are indices; a region is -1 where none is
 * known. */
struct journal_op {
    uint32_t session, instance, attempts;
    int region, served_by;
    char name[JOURNAL_NAME], outcome[JOURNAL_NAME];
    sim_time invoked, ended, last_begun;
    int64_t event;  /* of the run log: what impaired it; 0: nothing */
    uint64_t value; /* 0: none */
};
struct journal_attempt {
    uint32_t session, instance, number;
    int region, to;
    char name[JOURNAL_NAME], error[JOURNAL_NAME];
    sim_time begun, ended;
};
struct journal_write {
    uint32_t session;
    int region;
    char name[JOURNAL_NAME];
    sim_time executed;
    uint64_t value;
    bool has_position;
    uint64_t shard, branch, number;
};
struct journal_applied {
    size_t write; /* index */
    int region;
    sim_time applied;
};
struct journal_session {
    char *key; /* REGION/ROW/COUNT */
    int region;
    sim_time first; /* begin of its first operation */
    bool impaired;  /* something impaired one of its operations, or one failed */
    bool chosen;
};

struct journal {
    char **regions;
    size_t region_count, region_capacity;
    struct journal_session *sessions;
    size_t session_count, session_capacity;
    uint32_t *slots; /* hash table: session + 1 */
    size_t slot_count;
    struct journal_op *ops;
    size_t op_count, op_capacity;
    struct journal_attempt *attempts;
    size_t attempt_count, attempt_capacity;
    struct journal_write *writes;
    size_t write_count, write_capacity;
    struct journal_applied *applied;
    size_t applied_count, applied_capacity;
    bool is_cut; /* there was more than JOURNAL_ROWS_MAX */
};

/* Read the history from its start. With `keys`, only these sessions. */
void journal_read(struct journal *journal, FILE *history, const struct text_list *keys);
/* Choose at most `limit` sessions: impaired ones first, then by their first operation. */
void journal_choose(struct journal *journal, size_t limit);
void journal_release(struct journal *journal);

#endif
