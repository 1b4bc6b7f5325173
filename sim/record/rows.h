// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rows in memory that SQLite reads as a table, so that one statement writes thousands of them:
 *
 *     INSERT INTO series SELECT ?1, cell, a, value FROM given
 *
 * `given (cell, a, b, c, value)` is there on the connection that rows_offer() was told of, and only
 * on it; the file never learns of it. Within one statement the place of the last row stays known,
 * so that a row whose key is higher is put behind it without a search; a statement a row would
 * begin, search from the root and end for each. https://www.sqlite.org/vtab.html
 */
#ifndef ROWS_H
#define ROWS_H

#include "db.h"

#include <stddef.h>
#include <stdint.h>

/* As many at a time as stay in a second-level cache: 4096 rows of 40 bytes. */
#define ROWS_CAPACITY 4096

struct row {
    int64_t cell, a, b, c;
    double value; /* finite */
};
struct rows {
    size_t count; /* at most ROWS_CAPACITY */
    struct row items[ROWS_CAPACITY];
};

/* Make `given` known; `rows` must outlive the connection. 0, or db_fail(). */
int rows_offer(struct db *db, struct rows *rows);

#endif
