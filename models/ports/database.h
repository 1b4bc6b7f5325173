// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The database behind the cache: queries of the applications, and the versions of its rows.
 *
 * A row is named by the ref of a key of a class, or of a session. The version of a key's row counts
 * its writes, from 0; that of a session's row is the session's check.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

enum database_outcome {
    DATABASE_DONE,
    DATABASE_REFUSED,  /* no connection was to be had */
    DATABASE_TIMED_OUT /* it may be executed nevertheless */
};

#define DATABASE_NEXT UINT32_MAX /* version of a write: one more than the row has */

struct database_user {
    void *self;
    /* Once for each query. version: of the row when it was read, or that the write gave it. */
    void (*done)(void *self, uint32_t entity, enum database_outcome outcome, uint32_t version);
};

struct database_query {
    uint64_t identity;                /* unique in the run: keys its draws */
    const struct database_user *user; /* NULL: a write of a session that nobody waits for */
    uint32_t entity;                  /* the user's, passed back */
    uint32_t key;                     /* ref of the row */
    uint32_t version; /* of a write: what the row has afterwards, at least. Of a read of a session:
                         its check, to count those that are found */
    uint32_t rows;    /* written by it, at least 1; more: see `set` of the port */
    uint32_t bytes;   /* of the query, or of its reply if it reads */
    int region;       /* of the application */
    bool writes;
};

/* Whether sessions are in the database too, and when they are written to it. */
enum session_backing { BACKING_NONE, BACKING_THROUGH, BACKING_BEHIND };

struct database_port {
    void *self;
    int sessions; /* enum session_backing */
    /* Once for each class of keys, while connecting. */
    void (*reserve)(void *self, uint32_t class, uint32_t keys);
    void (*query)(void *self, const struct database_query *query);
    /* The version of a row that the database of a region's application has now. */
    uint32_t (*version)(const void *self, int region, uint32_t key);
    /* A row of a query that wrote several: it has at least this version now. */
    void (*set)(void *self, int region, uint32_t key, uint32_t version);
    /* The region whose database an application's queries go to. */
    int (*home)(const void *self, int region);
};

PORT_ACCESSORS(database, struct database_port)

#endif
