// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One way through the rows of a SELECT: prepared, bound, stepped, checked. Private to this folder.
 *
 *     struct select rows;
 *     select_open(&rows, db, "SELECT from_ns, to_ns FROM fault WHERE point = ?");
 *     select_bind_int(&rows, point);
 *     while (select_next(&rows)) {
 *         struct fault_row fault = {select_instant(&rows, 0), select_instant(&rows, 1)};
 *         if (select_good(&rows))
 *             row(self, &fault);
 *     }
 *     return select_close(&rows);
 *
 * A results file may have been damaged, or edited: what is read is of the type, and within the
 * range, that the caller names, or the walk ends with one error that names file and column. So a
 * value is checked before it is an index, a size or a text. The first error counts; after it a
 * select has no row, and its values are 0 and "".
 */
#ifndef SELECT_H
#define SELECT_H

#include "db.h"

#include <stddef.h>

struct select {
    struct db *db;
    sqlite3_stmt *statement;
    int bound;
    bool owned; /* to be finalized: not a statement that is kept */
    bool failed;
};

/* Errors go to the diag of `db`. */
void select_open(struct select *select, struct db *db, const char *sql);
/* With a statement that is the caller's, and is reset at the close. */
void select_begin(struct select *select, struct db *db, sqlite3_stmt *statement);
/* The next parameter. Texts must stay until the close. */
void select_bind_int(struct select *select, int64_t value);
void select_bind_text(struct select *select, const char *text); /* NULL: SQL's NULL */
/* Is there a row (more)? */
bool select_next(struct select *select);
/* 0, or -1 where anything failed, which was told. */
int select_close(struct select *select);

/* Was every value that was read of the form that was asked for? */
bool select_good(const struct select *select);
/* What stands there is not what it has to be: told, and the walk ends. */
void select_damaged(struct select *select, int column);

/* Columns are counted from 0. Valid until the next row: without zeros inside, never NULL. */
const char *select_text(struct select *select, int column);
int64_t select_int(struct select *select, int column, int64_t min, int64_t max);
uint32_t select_count(struct select *select, int column);  /* 0 to UINT32_MAX */
int64_t select_instant(struct select *select, int column); /* 0 to INT64_MAX: ns, and counts */
int64_t select_instant_or(struct select *select, int column, int64_t absent); /* of a NULL */
double select_real(struct select *select, int column);                        /* finite */
double select_level(struct select *select, int column); /* of an interval: between 0 and 1 */
bool select_has(struct select *select, int column);     /* is not NULL */
/* A text of 1 to 20 digits, or of 16 hexadecimal ones. */
uint64_t select_decimal(struct select *select, int column);
uint64_t select_hexadecimal(struct select *select, int column);

#endif
