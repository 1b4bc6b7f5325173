// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * History of operations: every operation of the application on a session, when it was invoked and
 * answered, what it wrote or read, and every write that a server executed. For a program that
 * checks what a store promises: linearizability, reads of one's own writes, convergence.
 *
 * The world offers the port `op_history` where a history is wanted (world.h); without one no model
 * records anything. To record changes no event, draw or statistic of the run. The format of the
 * file is in op_history.md.
 */
#ifndef OP_HISTORY_H
#define OP_HISTORY_H

#include "json_writer.h"
#include "model.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Value of a session as it was before the run. Those of writes are never 0. */
#define HISTORY_INITIAL UINT64_C(0)

enum op_record_outcome {
    HISTORY_OK,     /* a write was acknowledged, a read found the session */
    HISTORY_MISS,   /* a read was answered: no such session */
    HISTORY_FAILED, /* it has had no effect, and will have none */
    HISTORY_UNKNOWN /* a write that was sent and not answered: it may take effect at any time */
};

/* A session, by its row among those of the region of its user. */
struct session_key {
    int region;
    uint32_t row, count; /* count: which session of this row, from 1 */
};

/* An operation that ended, or was under way when the run ended. */
struct op_record {
    struct session_key session;
    const char *name; /* static: "get", "create", "touch", "delete" */
    bool is_write;
    int region;              /* of the client */
    uint32_t instance;       /* of the client, in its region */
    sim_time invoked, ended; /* ended: SIM_NEVER where the run ended first */
    enum op_record_outcome outcome;
    uint64_t value; /* of a write its own; of a read with HISTORY_OK that which it found */
    int served_by;  /* region of the server that answered; -1: none did */
    bool latest;    /* a read that was to see the session's last write */
    uint32_t attempts;
    uint32_t unanswered; /* of these, sent and not answered: each may yet be executed */
    uint32_t event;      /* of the run log: what impaired its way when it ended; 0: nothing */
    sim_time last_begun; /* its last attempt */
};

/* An attempt of an operation that has failed. */
struct attempt_record {
    struct session_key session;
    const char *name;  /* static: of the operation */
    int region;        /* of the client */
    uint32_t instance; /* of the client, in its region */
    uint32_t attempt;  /* of the operation, from 1 */
    int to;            /* region of the server that the client used; -1: none yet */
    sim_time begun, ended;
    const char *error; /* static: "timeout", "refused": the classes of the client */
};

/* A write that a server executed. */
struct write_record {
    struct session_key session;
    const char *name; /* static: "create", "touch", "delete" */
    uint64_t value;   /* of the operation; one that was tried again may be executed repeatedly */
    int region;       /* of the server */
    sim_time executed;
    bool has_position; /* in its shard's stream of writes, where the store has streams */
    uint32_t shard, branch;
    uint64_t number;
};

/* A secondary has applied writes of another region's server: one by its value, or those of a stream
 * by their numbers. */
struct applied_record {
    int region;
    sim_time applied;
    uint64_t value; /* HISTORY_INITIAL: those of the stream below */
    uint32_t shard, branch;
    uint64_t after, number; /* the numbers above `after`, up to `number` */
};

/* What a server answered to the command that has a row of its client's region. */
struct answer_record {
    uint64_t value;
    int region;
};

struct op_history {
    struct json_writer json;
    bool detailed;     /* also failed attempts and the replication; set after op_history_open() */
    sim_time from, to; /* only what lies between them, at least in part; the same */
    const struct topology *topology; /* of the run; NULL until op_history_begin() */
    uint32_t region_count;           /* of the run: the topology may be gone at the end */
    struct answer_table {
        struct answer_record *rows;
        size_t capacity;
    } * answers; /* by region of the client */
};

/* Begin a file; the caller keeps `out` until op_history_close(). */
void op_history_open(struct op_history *history, FILE *out);
/* The run begins; the topology must outlive it, not the history. At most once a file. */
void op_history_begin(struct op_history *history, const struct topology *topology, uint64_t seed,
                      uint32_t replication);
void op_history_add_op(struct op_history *history, const struct op_record *operation);
void op_history_add_attempt(struct op_history *history, const struct attempt_record *attempt);
void op_history_add_write(struct op_history *history, const struct write_record *write);
void op_history_add_applied(struct op_history *history, const struct applied_record *applied);
/* The server's note for the client, by the command's row: read when the reply has arrived, before
 * the row is used again. */
void op_history_set_answer(struct op_history *history, int region, uint32_t row,
                           struct answer_record answer);
static inline struct answer_record op_history_answer(const struct op_history *history, int region,
                                                     uint32_t row)
{
    return history->answers[region].rows[row];
}
/* Write what is left and free all but `out`. */
void op_history_close(struct op_history *history);

PORT_ACCESSORS(op_history, struct op_history)

#endif
