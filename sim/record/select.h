// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Read the rows of a SELECT and check each value. Private to this folder.
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
 * A results file may be damaged or edited, so every value is checked for the type and range that
 * the caller expects before it is used as an index, a size or a text. The first invalid value ends
 * the query with one error that names the file and the column; after it there are no more rows, and
 * values are 0 and "".
 */
#ifndef SELECT_H
#define SELECT_H

#include "db.h"
#include "result.h"
#include "units.h"

#include <stddef.h>

struct select {
    struct db *db;
    sqlite3_stmt *statement;
    int bound;
    bool owned; /* finalize at the close: the statement is not the caller's */
    bool failed;
};

/* Errors go to the diag of `db`. */
void select_open(struct select *select, struct db *db, const char *sql);
/* The same with a prepared statement of the caller's, which is reset at the close. */
void select_begin(struct select *select, struct db *db, sqlite3_stmt *statement);
/* Bind the next parameter. Texts must stay valid until the close. */
void select_bind_int(struct select *select, int64_t value);
void select_bind_text(struct select *select, const char *text); /* NULL: SQL's NULL */
/* Step to the next row; false at the end or after an error. */
bool select_next(struct select *select);
/* 0, or -1 after an error, which was reported. */
int select_close(struct select *select);

/* Were all values read so far valid? */
bool select_good(const struct select *select);
/* Report the value of this column as damage and end the query. */
void select_damaged(struct select *select, int column);

/* Columns are counted from 0. A text is valid until the next row, never NULL, and contains no zero
 * byte. */
const char *select_text(struct select *select, int column);
int64_t select_int(struct select *select, int column, int64_t min, int64_t max);
uint32_t select_count(struct select *select, int column);  /* 0 to UINT32_MAX */
int64_t select_instant(struct select *select, int column); /* 0 to INT64_MAX: ns, and counts */
int64_t select_instant_or(struct select *select, int column, int64_t absent); /* NULL: absent */
double select_real(struct select *select, int column);                        /* finite */
double select_level(struct select *select, int column); /* of an interval: between 0 and 1 */
bool select_has(struct select *select, int column);     /* is not NULL */
/* A metric's kind and unit by name; a unit that this program does not know is UNIT_NONE. */
enum metric_kind select_kind(struct select *select, int column);
enum unit select_unit(struct select *select, int column);
/* A text of 1 to 20 digits, or of 16 hexadecimal ones. */
uint64_t select_decimal(struct select *select, int column);
uint64_t select_hexadecimal(struct select *select, int column);

#endif
