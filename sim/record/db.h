// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Find, identify and open a results file. Shared by record (writing) and query (reading); private
 * to this folder.
 *
 * The first 100 bytes identify the file before SQLite opens it, so another program's file is not
 * even locked. Every failure adds one error to the diag that names the file.
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
    struct diag *diag; /* receives errors; the caller's */
    bool created;      /* the file did not exist before */
    /* Start of the error for a damaged file; NULL: "results database '<path>' is damaged". */
    const char *damaged;
};

enum db_mode { DB_READ, DB_WRITE };

/* 0, or -1 with the error reported. DB_WRITE creates missing folder, file and schema. After an
 * error the db is closed. */
int db_open(struct db *db, const char *path, enum db_mode mode, struct diag *diag);
/* Close; with `remove`, delete the file, WAL and journal, too. Accepts a zeroed db. */
void db_release(struct db *db, bool remove);

/* Report "cannot <verb> results database '<path>': <SQLite's reason>" (or that the file is damaged)
 * and return -1. */
int db_fail(struct db *db, const char *verb);
/* Report that the file is damaged, and why. */
void db_damaged(struct db *db, const char *why);
/* 0, or db_fail(). */
int db_exec(struct db *db, const char *sql);
/* NULL after db_fail(). */
sqlite3_stmt *db_prepare(struct db *db, const char *sql);
/* The integer of a one-row statement such as "PRAGMA user_version". 0, or db_fail(). */
int db_integer(struct db *db, const char *sql, int64_t *value);

#endif
