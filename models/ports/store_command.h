// SPDX-License-Identifier: GPL-3.0-or-later
/* A command: one attempt of an operation, from the client through a link to a server and back. */
#ifndef STORE_COMMAND_H
#define STORE_COMMAND_H

#include "model.h"
#include "refs.h"

#include <stdbool.h>
#include <stdint.h>

enum command_kind { COMMAND_GET, COMMAND_CREATE, COMMAND_TOUCH, COMMAND_DELETE };
static inline bool command_is_write(enum command_kind kind)
{
    return kind != COMMAND_GET;
}
enum reply_kind {
    REPLY_HIT,      /* GET found it */
    REPLY_MISS,     /* GET did not; see miss */
    REPLY_OK,       /* a write was executed */
    REPLY_READONLY, /* a write reached a replica, or a primary that was demoted */
    REPLY_LOADING,  /* the server is loading a full resync */
    REPLY_RESET     /* the connection was refused or reset */
};
/* Why a read missed a session that should be there. */
enum miss_reason { MISS_LAG, MISS_LOST, MISS_RESTARTED, MISS_EVICTED, MISS_NEVER_WRITTEN };

/* One attempt of an operation, from the client through the link to a shard and back. A row of the
 * client's pool; it lives until its reply is delivered or can no longer come. */
struct command {
    uint64_t identity;      /* keys its messages' draws */
    sim_time arrived;       /* at the shard */
    uint32_t session;       /* ref of the session's row */
    uint32_t session_check; /* counts the sessions of that row, from 1: a reused row is another
                               session */
    uint32_t op;            /* the client's operation, */
    uint32_t op_generation; /* and which attempt of it, by a counter of the row */
    uint32_t attempt;       /* the attempt's own number: keys draws, whatever happened before */
    uint32_t connection, connection_generation;
    uint32_t next;       /* link of the shard's queue */
    uint32_t bytes;      /* of the request */
    uint8_t kind;        /* enum command_kind */
    uint8_t reply;       /* enum reply_kind, once there is one */
    uint8_t miss;        /* enum miss_reason, with REPLY_MISS */
    uint8_t target;      /* region of the shard */
    bool abandoned;      /* the client no longer waits */
    bool executed;       /* a write took effect at the shard */
    bool stale;          /* with REPLY_HIT: an older write of the session was found, not the last */
    bool counted;        /* as ambiguous, once */
    uint8_t region;      /* of the client */
    uint32_t generation; /* of this row, for events on it */
    uint32_t reply_flow; /* where the answer goes: a flow of the link target -> region */
    uint32_t request;    /* the application's, and the user's pending: what the reply leads to, */
    uint32_t pending;    /* for fetching it early */
};
struct command_pool {
    struct command *rows; /* moves when it grows: never keep a pointer over an event */
    uint32_t count, capacity;
    uint32_t free_head;
    kind_id reply_kind;     /* fires at the client when a reply is delivered: entity ref, generation
                               row's */
    kind_id lost_kind;      /* the same where the command or its reply can no longer arrive */
    kind_id handshake_kind; /* the same for a round of a handshake: entity ref of the connection */
    void *self;
    /* The command's journey is over without a reply (its server died): give the row back. */
    void (*drop)(void *self, uint32_t index);
};

PORT_ACCESSORS(commands, struct command_pool)

#endif
