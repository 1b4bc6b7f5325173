// SPDX-License-Identifier: GPL-3.0-or-later
#include "finding.h"

#include "mem.h"
#include "record_internal.h"
#include "strbuf.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

void finding_add(struct finding_list *list, const struct finding *finding, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    MEM_GROW(list->items, list->capacity, list->count + 1);
    struct finding *copy = &list->items[list->count++];
    *copy = *finding;
    copy->subject = mem_strdup(finding->subject);
    copy->verdict = mem_strdup(finding->verdict ? finding->verdict : "");
    copy->text = strbuf_detach(&text);
}

void finding_list_release(struct finding_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].subject);
        free(list->items[i].verdict);
        free(list->items[i].text);
    }
    free(list->items);
    *list = (struct finding_list){NULL, 0, 0};
}

static void put_number(sqlite3_stmt *statement, int index, double value)
{
    if (isfinite(value))
        sqlite3_bind_double(statement, index, value);
    else
        sqlite3_bind_null(statement, index);
}

static int put_finding(struct record *record, sqlite3_stmt *put, const struct finding *finding,
                       size_t number)
{
    const struct interval *interval = &finding->interval;

    put_int(put, 1, record->study);
    put_int(put, 2, (int64_t)number);
    put_text(put, 3, finding->kind);
    if (finding->point >= 0)
        put_int(put, 4, finding->point);
    else
        sqlite3_bind_null(put, 4);
    put_text(put, 5, finding->subject);
    put_text(put, 6, finding->verdict);
    put_int(put, 7, (int64_t)interval->n);
    put_number(put, 8, interval->n > 0 ? interval->mean : NAN);
    put_number(put, 9, interval->valid ? interval->low : NAN);
    put_number(put, 10, interval->valid ? interval->high : NAN);
    put_text(put, 11, unit_name(finding->unit));
    put_text(put, 12, finding->text);
    return record_step(record, put);
}

static int forget(struct record *record)
{
    sqlite3_stmt *statement = db_prepare(&record->db, "DELETE FROM finding WHERE study = ?1");
    int status = -1;

    if (statement) {
        put_int(statement, 1, record->study);
        status = record_step(record, statement);
    }
    sqlite3_finalize(statement);
    return status;
}

int record_findings(struct record *record, const struct finding_list *list)
{
    int status = record_begin_write(record);

    if (status < 0)
        return -1;
    sqlite3_stmt *put = db_prepare(
        &record->db, "INSERT INTO finding (study, number, kind, point, subject, verdict, n, value,"
                     " low, high, unit, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    status = put ? forget(record) : -1;
    for (size_t i = 0; status == 0 && i < list->count; i++)
        status = put_finding(record, put, &list->items[i], i);
    sqlite3_finalize(put);
    return record_finish_write(record, status);
}
