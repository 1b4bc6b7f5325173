// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A results file as SQLite sees it: found, identified, opened. Shared by record (writing) and query
 * (reading); private to this folder.
 *
 * Who the file belongs to is read from its first 100 bytes before SQLite may touch it, so that a
 * file that is not ours is not even locked. Every failure is told to the diag in one line that
 * names the file.
 */
#ifndef DB_H
#define DB_H

#include "diag.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct db {
    sqlite3 *handle;
    char *path;
    struct diag *diag; /* where errors go; the caller's */
    bool created;      /* the file did not exist before */
};

enum db_mode { DB_READ, DB_WRITE };

/* 0, or -1 and told. DB_WRITE makes folder, file and schema where they are missing. A half-opened
 * db is released. */
int db_open(struct db *db, const char *path, enum db_mode mode, struct diag *diag);
/* Close; with `remove` delete the file and its helpers too. Takes a zeroed db. */
void db_release(struct db *db, bool remove);

/* Tell "cannot <verb> results database '<path>': <SQLite's reason>" (or that the file is damaged)
 * and return -1. */
int db_fail(struct db *db, const char *verb);
/* 0, or db_fail(). */
int db_exec(struct db *db, const char *sql);
/* NULL after db_fail(). */
sqlite3_stmt *db_prepare(struct db *db, const char *sql);
/* One integer of a statement that gives one row: "PRAGMA user_version". 0, or db_fail(). */
int db_integer(struct db *db, const char *sql, int64_t *value);

#endif
