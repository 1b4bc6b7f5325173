// SPDX-License-Identifier: GPL-3.0-or-later
#include "select.h"

#include "mem.h"
#include "quote.h"
#include "strbuf.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 40 /* bytes of an invalid text in an error */

void select_open(struct select *select, struct db *db, const char *sql)
{
    *select = (struct select){.db = db, .statement = db_prepare(db, sql), .owned = true};
    select->failed = select->statement == NULL;
}

void select_begin(struct select *select, struct db *db, sqlite3_stmt *statement)
{
    *select = (struct select){.db = db, .statement = statement};
}

void select_bind_int(struct select *select, int64_t value)
{
    select->bound++;
    if (select->statement != NULL)
        sqlite3_bind_int64(select->statement, select->bound, value);
}

void select_bind_text(struct select *select, const char *text)
{
    select->bound++;
    if (select->statement != NULL)
        sqlite3_bind_text(select->statement, select->bound, text, -1, SQLITE_STATIC);
}

bool select_next(struct select *select)
{
    if (select->failed)
        return false;
    int code = sqlite3_step(select->statement);

    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        db_fail(select->db, "read");
        select->failed = true;
    }
    return code == SQLITE_ROW;
}

int select_close(struct select *select)
{
    if (select->owned)
        sqlite3_finalize(select->statement);
    else
        sqlite3_reset(select->statement);
    select->statement = NULL;
    return select->failed ? -1 : 0;
}

bool select_good(const struct select *select)
{
    return !select->failed;
}

bool select_has(struct select *select, int column)
{
    return !select->failed && sqlite3_column_type(select->statement, column) != SQLITE_NULL;
}

/* --- values --------------------------------------------------------------------------------- */

static void add_value(struct strbuf *out, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        strbuf_add(out, "nothing");
        break;
    case SQLITE_BLOB:
        strbuf_addf(out, "a blob of %d bytes", sqlite3_column_bytes(statement, column));
        break;
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(statement, column);
        size_t length = text != NULL ? strlen(text) : 0;
        char *shown =
            mem_strndup(text != NULL ? text : "", length < SHOWN_MAX ? length : SHOWN_MAX);
        quote_add(out, QUOTE_JSON, shown);
        if (length > SHOWN_MAX)
            strbuf_add(out, "...");
        free(shown);
        break;
    }
    default:
        strbuf_add(out, (const char *)sqlite3_column_text(statement, column));
    }
}

void select_damaged(struct select *select, int column)
{
    struct strbuf why = STRBUF_INIT;

    if (select->failed)
        return;
    select->failed = true;
    strbuf_addf(&why, "column '%s' holds ", sqlite3_column_name(select->statement, column));
    add_value(&why, select->statement, column);
    db_damaged(select->db, why.text);
    strbuf_release(&why);
}

const char *select_text(struct select *select, int column)
{
    if (select->failed)
        return "";
    if (sqlite3_column_type(select->statement, column) != SQLITE_TEXT) {
        select_damaged(select, column);
        return "";
    }
    const char *text = (const char *)sqlite3_column_text(select->statement, column);

    if (text == NULL || strlen(text) != (size_t)sqlite3_column_bytes(select->statement, column)) {
        select_damaged(select, column);
        return "";
    }
    return text;
}

int64_t select_int(struct select *select, int column, int64_t min, int64_t max)
{
    if (select->failed)
        return min;
    int64_t value = sqlite3_column_int64(select->statement, column);

    if (sqlite3_column_type(select->statement, column) != SQLITE_INTEGER || value < min ||
        value > max) {
        select_damaged(select, column);
        return min;
    }
    return value;
}

uint32_t select_count(struct select *select, int column)
{
    return (uint32_t)select_int(select, column, 0, UINT32_MAX);
}

int64_t select_instant(struct select *select, int column)
{
    return select_int(select, column, 0, INT64_MAX);
}

int64_t select_instant_or(struct select *select, int column, int64_t absent)
{
    return select_has(select, column) ? select_instant(select, column) : absent;
}

/* A REAL column may contain integers. */
double select_real(struct select *select, int column)
{
    if (select->failed)
        return 0;
    int type = sqlite3_column_type(select->statement, column);
    double value = sqlite3_column_double(select->statement, column);

    if ((type != SQLITE_FLOAT && type != SQLITE_INTEGER) || !isfinite(value)) {
        select_damaged(select, column);
        return 0;
    }
    return value;
}

double select_level(struct select *select, int column)
{
    double level = select_real(select, column);

    if (!(level > 0 && level < 1)) {
        select_damaged(select, column);
        return 0.5;
    }
    return level;
}

enum metric_kind select_kind(struct select *select, int column)
{
    const char *name = select_text(select, column);

    for (int kind = METRIC_COUNT; kind <= METRIC_VALUE; kind++)
        if (strcmp(name, metric_kind_name((enum metric_kind)kind)) == 0)
            return (enum metric_kind)kind;
    select_damaged(select, column);
    return METRIC_VALUE;
}

enum unit select_unit(struct select *select, int column)
{
    enum unit unit;

    return unit_from_name(select_text(select, column), &unit) ? unit : UNIT_NONE;
}

static uint64_t number_of(struct select *select, int column, int base, size_t digits_max)
{
    static const char digits[] = "0123456789abcdef";
    const char *text = select_text(select, column);
    size_t length = strlen(text), valid = 0;

    while (text[valid] != '\0' && memchr(digits, text[valid], (size_t)base) != NULL)
        valid++;
    errno = 0;
    uint64_t value = strtoull(text, NULL, base);
    if (length == 0 || valid != length || length > digits_max || errno != 0) {
        select_damaged(select, column);
        return 0;
    }
    return value;
}

uint64_t select_decimal(struct select *select, int column)
{
    return number_of(select, column, 10, 20);
}

uint64_t select_hexadecimal(struct select *select, int column)
{
    return number_of(select, column, 16, 16);
}
