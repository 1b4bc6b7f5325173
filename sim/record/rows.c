// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The least that a virtual table needs: it is scanned from the first row to the last, nothing can
 * be looked for in it, and it has no name to be made under (eponymous only: no xCreate).
 */
#include "rows.h"

#include "mem.h"

#include <stdlib.h>

enum column { COLUMN_CELL, COLUMN_A, COLUMN_B, COLUMN_C, COLUMN_VALUE };

struct table {
    sqlite3_vtab base; /* first: SQLite knows no more of it */
    const struct rows *rows;
};
struct cursor {
    sqlite3_vtab_cursor base;
    const struct rows *rows;
    size_t next;
};

static int rows_connect(sqlite3 *handle, void *rows, int argument_count,
                        const char *const *arguments, sqlite3_vtab **result, char **error)
{
    (void)argument_count, (void)arguments, (void)error;
    int code = sqlite3_declare_vtab(handle, "CREATE TABLE given (cell, a, b, c, value)");
    if (code == SQLITE_OK) {
        struct table *table = mem_zalloc(1, sizeof(*table));
        table->rows = rows;
        *result = &table->base;
    }
    return code;
}

static int rows_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int rows_plan(sqlite3_vtab *table, sqlite3_index_info *plan)
{
    (void)table;
    plan->estimatedCost = ROWS_CAPACITY;
    return SQLITE_OK;
}

static int rows_open(sqlite3_vtab *table, sqlite3_vtab_cursor **result)
{
    struct cursor *cursor = mem_zalloc(1, sizeof(*cursor));
    cursor->rows = ((struct table *)table)->rows;
    *result = &cursor->base;
    return SQLITE_OK;
}

static int rows_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int rows_filter(sqlite3_vtab_cursor *cursor, int plan, const char *plan_text,
                       int argument_count, sqlite3_value **arguments)
{
    (void)plan, (void)plan_text, (void)argument_count, (void)arguments;
    ((struct cursor *)cursor)->next = 0;
    return SQLITE_OK;
}

static int rows_next(sqlite3_vtab_cursor *cursor)
{
    ((struct cursor *)cursor)->next++;
    return SQLITE_OK;
}

static int rows_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->next >= cursor->rows->count;
}

static int rows_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct row *row = &cursor->rows->items[cursor->next];
    switch ((enum column)column) {
    case COLUMN_CELL:
        sqlite3_result_int64(context, row->cell);
        break;
    case COLUMN_A:
        sqlite3_result_int64(context, row->a);
        break;
    case COLUMN_B:
        sqlite3_result_int64(context, row->b);
        break;
    case COLUMN_C:
        sqlite3_result_int64(context, row->c);
        break;
    case COLUMN_VALUE:
        sqlite3_result_double(context, row->value);
        break;
    }
    return SQLITE_OK;
}

static int rows_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((const struct cursor *)cursor)->next;
    return SQLITE_OK;
}

static const sqlite3_module rows_module = {
    .xConnect = rows_connect,
    .xBestIndex = rows_plan,
    .xDisconnect = rows_disconnect,
    .xOpen = rows_open,
    .xClose = rows_close,
    .xFilter = rows_filter,
    .xNext = rows_next,
    .xEof = rows_eof,
    .xColumn = rows_column,
    .xRowid = rows_rowid,
};

int rows_offer(struct db *db, struct rows *rows)
{
    return sqlite3_create_module(db->handle, "given", &rows_module, rows) == SQLITE_OK
               ? 0
               : db_fail(db, "write");
}
