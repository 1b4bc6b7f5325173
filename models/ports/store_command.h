// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A command: one attempt of an operation, from a client over a link to a server of the store, and
 * back as its reply.
 *
 * Rows of commands live in a pool of the client's region. A row changes owner with its message: at
 * any instant one model owns it, and only the owner writes it.
 *
 *   FREE --alloc--> CLIENT --send--> WIRE --delivered--> STORE --reply sent--> WIRE --> CLIENT
 *                                     |                   |
 *                                     +-- lost on the way / drop() ----------------------> CLIENT
 *
 * What the client itself knows of a command that it has sent stays in a row of the client's own.
 * Rows never move: they live in chunks, so a pointer to one is valid while its owner has it.
 */
#ifndef STORE_COMMAND_H
#define STORE_COMMAND_H

#include "bug.h"
#include "mem.h"
#include "model.h"
#include "refs.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum command_kind { COMMAND_GET, COMMAND_CREATE, COMMAND_TOUCH, COMMAND_DELETE };
static inline bool command_is_write(enum command_kind kind)
{
    return kind != COMMAND_GET;
}
static inline const char *command_name(enum command_kind kind)
{
    static const char *const names[] = {"get", "create", "touch", "delete"};

    return names[kind];
}

/* Of a key of a class: command or reply beside the value. An assumption: name of the key, headers.
 */
#define COMMAND_OVERHEAD 60

/* The class of a reply. */
enum reply_kind {
    REPLY_NONE,      /* there is none yet */
    REPLY_HIT,       /* GET found the session */
    REPLY_MISS,      /* GET did not find it; `miss` says why */
    REPLY_OK,        /* a write was executed */
    REPLY_READONLY,  /* a write reached a replica, or a primary that was demoted */
    REPLY_LOADING,   /* the server is loading its data set */
    REPLY_MOVED,     /* `target` serves this key from now on */
    REPLY_ASK,       /* `target` serves this key, this once */
    REPLY_THROTTLED, /* over the allowed rate; not before `retry_after_ns` */
    REPLY_CONFLICT,  /* a concurrent write won; nothing was executed */
    REPLY_RESET,     /* the server refused the connection, or closes it */
    REPLY_MINORITY,  /* too few of the other regions can be reached; nothing was executed */
    REPLY_DENIED,    /* the credentials of the request are not accepted; nothing was executed */
    REPLY_ERROR,     /* an error of a failing server; nothing was executed */
    REPLY_OOM,       /* the memory is full, and nothing can be evicted; nothing was executed */
    REPLY_KINDS
};
/* Why a read missed a session that should be there. From MISS_OF_KIND on: causes that the kind of
 * store declares, in the order of its table (struct session_store_port). */
enum miss_reason {
    MISS_NEVER_WRITTEN,
    MISS_RESTARTED,
    MISS_EVICTED,
    MISS_EXPIRED, /* by its time to live at the server */
    MISS_FLUSHED,
    MISS_CORRUPT, /* its value cannot be read */
    MISS_OF_KIND
};

struct reply {
    union {
        sim_dur retry_after_ns; /* REPLY_THROTTLED, else 0 */
        sim_time expires;       /* of a key of a class, with REPLY_HIT; SIM_NEVER: not at all */
    };
    uint32_t bytes;   /* on the wire. Of a read's command: of the value, if sizes differ */
    uint16_t target;  /* REPLY_MOVED, REPLY_ASK: index of an endpoint, else 0 */
    uint8_t kind;     /* enum reply_kind */
    uint8_t miss;     /* enum miss_reason or above, with REPLY_MISS */
    bool executed;    /* a write took effect at the server */
    bool stale;       /* with REPLY_HIT: an older write of the session was found */
    bool closes;      /* the server closes the connection after it */
    uint32_t version; /* of a key of a class: found, or written */
};

enum command_owner { COMMAND_FREE, COMMAND_AT_CLIENT, COMMAND_ON_WIRE, COMMAND_AT_STORE };

struct command {
    uint64_t identity;      /* keys its messages' draws */
    sim_time arrived;       /* at the server */
    uint32_t session;       /* ref of the session's row */
    uint32_t session_check; /* counts the sessions of that row, from 1 */
    uint32_t attempt;       /* number of the attempt: keys draws */
    uint32_t connection;    /* of the client; its listener knows it by (region, connection), */
    uint32_t connection_generation; /* and by this */
    uint32_t next, previous;        /* in a queue of its owner */
    uint32_t bytes;                 /* of the request */
    uint32_t reply_flow;            /* of the link back: where the reply goes */
    uint32_t generation;            /* of this row, for events on it */
    uint8_t kind;                   /* enum command_kind */
    uint8_t region;                 /* of the client */
    uint8_t owner;                  /* enum command_owner */
    bool latest;                    /* a read that must see the session's last write */
    bool asking;                    /* sent here by REPLY_ASK */
    uint16_t shard;                 /* at the store: of the server that has it */
    struct reply reply;             /* REPLY_NONE until the server has executed it */
};

#define COMMAND_CHUNK_BITS 14
#define COMMAND_CHUNKS (1 << (REF_INDEX_BITS - COMMAND_CHUNK_BITS))

struct command_pool {
    struct command *chunks[COMMAND_CHUNKS]; /* rows, 2^COMMAND_CHUNK_BITS each; NULL: not yet */
    uint32_t count, free_head;
    kind_id reply_kind;     /* fires at the client when a reply is delivered: entity ref, generation
                               row's */
    kind_id lost_kind;      /* the same where the command or its reply can no longer arrive */
    kind_id handshake_kind; /* the same for a round of a handshake: entity ref of the connection */
    void *self;
    /* There will be no reply (the server crashed, or the connection is closed): the row is the
     * client's again. */
    void (*drop)(void *self, uint32_t index);
    /* Whether an operation still waits for the reply to a command that was sent. */
    bool (*waits)(const void *self, uint32_t index);
};

static inline struct command *command_at(const struct command_pool *pool, uint32_t index)
{
    return &pool->chunks[index >> COMMAND_CHUNK_BITS][index & ((1u << COMMAND_CHUNK_BITS) - 1)];
}

RARE __attribute__((unused)) static uint32_t command_new_row(struct command_pool *pool)
{
    uint32_t index = pool->count++, chunk = index >> COMMAND_CHUNK_BITS;

    if (index >> REF_INDEX_BITS != 0)
        BUG("more than %u commands of one region under way", 1u << REF_INDEX_BITS);
    if (!pool->chunks[chunk])
        pool->chunks[chunk] = mem_alloc(1u << COMMAND_CHUNK_BITS, sizeof(struct command));
    command_at(pool, index)->generation = 0;
    command_at(pool, index)->owner = COMMAND_FREE;
    return index;
}

/* A row for its client to fill. Its generation must stay. */
static inline uint32_t command_alloc(struct command_pool *pool)
{
    uint32_t index = pool->free_head;

    if (index == NO_INDEX)
        return command_new_row(pool);
    pool->free_head = command_at(pool, index)->next;
    return index;
}

/* By the client, whose row it is. */
static inline void command_free(struct command_pool *pool, uint32_t index)
{
    struct command *command = command_at(pool, index);

    command->generation++;
    command->owner = COMMAND_FREE;
    command->next = pool->free_head;
    pool->free_head = index;
}

/* Hand the row on; `from` must be its owner. */
static inline void command_hand(struct command *command, enum command_owner from,
                                enum command_owner to)
{
    invariant_debug(command->owner == from);
    (void)from;
    command->owner = (uint8_t)to;
}

static inline void command_pool_init(struct command_pool *pool)
{
    pool->free_head = NO_INDEX;
}

static inline void command_pool_release(struct command_pool *pool)
{
    for (uint32_t chunk = 0; chunk < COMMAND_CHUNKS && pool->chunks[chunk]; chunk++)
        free(pool->chunks[chunk]);
}

PORT_ACCESSORS(commands, struct command_pool)

#endif
