// SPDX-License-Identifier: GPL-3.0-or-later
/* Tests: the first value that a query on a results file returns, an integer. A failed query fails
 * the test. Include after cmocka.h. */
#ifndef ASK_H
#define ASK_H

#include <sqlite3.h>

static int64_t ask(const char *path, const char *sql)
{
    sqlite3 *handle;
    sqlite3_stmt *statement;

    assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return value;
}

#endif
