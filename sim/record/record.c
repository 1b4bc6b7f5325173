// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The sink that writes results. Statements are a table, prepared once; every run is one
 * transaction, including the roll-ups of its point.
 *
 * With `replace` the transaction that begins the study empties the file, so a study that never
 * begins deletes nothing. A file created for a study that never began is removed.
 */
#include "record_internal.h"

#include "mem.h"

#include <math.h>
#include <stdlib.h>

// clang-format off
static const char *const statements_sql[STATEMENTS] = {
    [PUT_STUDY]       = "INSERT INTO study (verb, argv, version, compiler, scenario_name, scenario_path, question, seed,"
                        " level, replication_count, point_count, settings, shard, started)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [PUT_TEXT]        = "INSERT OR IGNORE INTO scenario_text VALUES (?, ?)",
    [PUT_POINT]       = "INSERT INTO point (study, number, scenario_hash, duration_ns) VALUES (?, ?, ?, ?)",
    [PUT_PARAM]       = "INSERT OR REPLACE INTO point_param VALUES (?, ?, ?)",
    [PUT_FAULT]       = "INSERT INTO fault VALUES (?, ?, ?, ?)",
    [PUT_ASSUMPTION]  = "INSERT OR REPLACE INTO assumption VALUES (?, ?, ?, ?)",
    [PUT_RUN]         = "INSERT INTO run (point, replication, seed, digest, events, simulated_ns, wall_ns, warmup_ns,"
                        " bin_ns, dropped, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [GET_DATA_VERSION] = "PRAGMA data_version",
    [FIND_CELL]       = "SELECT id FROM cell WHERE name = ? AND stat = ? AND region = ? AND label_name = ?"
                        " AND label = ? AND window = ? AND unit = ? AND kind = ?",
    [PUT_CELL]        = "INSERT INTO cell (name, stat, region, label_name, label, window, unit, kind)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [PUT_METRIC]      = "INSERT INTO metric VALUES (?, ?, ?, ?, ?, ?, ?)",
    [PUT_HISTOGRAM]   = "INSERT INTO histogram VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [PUT_SERIES]      = "INSERT INTO run_series VALUES (?, ?, ?)",
    [PUT_EVENT]       = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [PUT_INCIDENT]    = "INSERT INTO incident VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [PUT_STUDENT]     = "INSERT OR IGNORE INTO student_t VALUES (?, ?, ?, ?)",
    [PUT_EXPECTATION] = "INSERT INTO expectation VALUES (?1,"
                        " (SELECT count(*) FROM expectation WHERE point = ?1), ?2, ?3, ?4, ?5, ?6, ?7)",
    [END_STUDY]       = "UPDATE study SET complete = ? WHERE id = ?",
    [FIND_STUDY]      = "SELECT id, verb, seed, level, settings, shard, replication_count, point_count"
                        " FROM study ORDER BY id DESC LIMIT 1",
    [FIND_OTHER_VERSION] = "SELECT run.version, count(*) FROM point JOIN run ON run.point = point.id"
                        " WHERE point.study = ? AND run.version <> ? GROUP BY 1 ORDER BY 2 DESC LIMIT 1",
    [FIND_POINT]      = "SELECT point.id, text FROM point JOIN scenario_text ON hash = scenario_hash"
                        " WHERE study = ? AND number = ?",
    [FIND_STALE_POINT] = "SELECT id FROM point WHERE study = ? AND runs <> (SELECT count(*) FROM run WHERE run.point = point.id)"
                        " LIMIT 1",
    [SET_POINT_SCENARIO] = "UPDATE point SET scenario_hash = ?2 WHERE id = ?1 AND scenario_hash <> ?2",
    [REOPEN_STUDY]    = "UPDATE study SET complete = 0, replication_count = ?2 WHERE id = ?1",
    [FORGET_VERDICTS] = "DELETE FROM expectation WHERE point IN (SELECT id FROM point WHERE study = ?)",
    [FORGET_TEXTS]    = "DELETE FROM scenario_text WHERE hash NOT IN (SELECT scenario_hash FROM point)",
    [PUT_RESUMPTION]  = "INSERT INTO resumption VALUES (?1,"
                        " (SELECT 1 + count(*) FROM resumption WHERE study = ?1), ?2, ?3, ?4, ?5)",
    [FIND_RUN]        = "SELECT id, seed, digest, events, simulated_ns, wall_ns, warmup_ns, bin_ns FROM run"
                        " WHERE point = ? AND replication = ?",
    [GET_STATISTICS]  = "SELECT cell, value, numerator, denominator, censored_ns, reason, name, stat, region, label,"
                        " \"window\" FROM metric JOIN cell ON cell.id = cell WHERE run = ? ORDER BY cell",
    [GET_RUN_HISTOGRAMS] = "SELECT cell, NULL, NULL, NULL, NULL, NULL, name, stat, region, label, \"window\", count, min,"
                        " max, mean, sub_bits, bins FROM histogram JOIN cell ON cell.id = cell WHERE run = ? ORDER BY cell",
};
/* Children before parents. */
static const char empty_sql[] =
    "DELETE FROM finding; DELETE FROM point_metric; DELETE FROM point_difference; DELETE FROM point_histogram;"
    "DELETE FROM point_series; DELETE FROM run_series; DELETE FROM histogram; DELETE FROM metric; DELETE FROM event;"
    "DELETE FROM incident; DELETE FROM expectation; DELETE FROM fault; DELETE FROM assumption; DELETE FROM run;"
    "DELETE FROM point_param; DELETE FROM point; DELETE FROM resumption; DELETE FROM study; DELETE FROM scenario_text;"
    "DELETE FROM cell; DELETE FROM student_t;";
// clang-format on

/* --- binding -------------------------------------------------------------------------------- */

/* Binding fails only for an invalid index (a bug) or a text of gigabytes. */
void put_int(sqlite3_stmt *statement, int index, int64_t value)
{
    sqlite3_bind_int64(statement, index, value);
}

void put_real(sqlite3_stmt *statement, int index, double value)
{
    sqlite3_bind_double(statement, index, value);
}

void put_real_if(sqlite3_stmt *statement, int index, bool present, double value)
{
    if (present && isfinite(value))
        sqlite3_bind_double(statement, index, value);
    else
        sqlite3_bind_null(statement, index);
}

void put_text(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text ? text : "", -1, SQLITE_STATIC);
}

int record_step(struct record *record, sqlite3_stmt *statement)
{
    int status = sqlite3_step(statement) == SQLITE_DONE ? 0 : db_fail(&record->db, "write");

    sqlite3_reset(statement);
    return status;
}

void record_forget(struct record *record)
{
    cells_release(&record->known_cells);
    rollup_forget(record->rollup);
}

int record_begin_write(struct record *record)
{
    return db_exec(&record->db, "BEGIN IMMEDIATE");
}

int record_finish_write(struct record *record, int status)
{
    if (status == 0)
        status = db_exec(&record->db, "COMMIT");
    if (status != 0) {
        record->failed = true;
        /* Some errors have already rolled back; then this does nothing. */
        sqlite3_exec(record->db.handle, "ROLLBACK", NULL, NULL, NULL);
        record_forget(record); /* cached rows may no longer exist */
    }
    return status;
}

int record_empty(struct record *record)
{
    record_forget(record);
    return db_exec(&record->db, empty_sql);
}

/* --- the sink ------------------------------------------------------------------------------- */

static int record_point(void *self, uint32_t number, const struct study_point *point)
{
    struct record *record = self;
    int status = record_begin_write(record);

    if (status == 0)
        status = record_finish_write(record, record->mode >= RECORD_RESUME
                                                 ? resume_point(record, point, number)
                                                 : record_write_point(record, point, number));
    return status;
}

/* Inside a transaction. */
static int begin_study(struct record *record, const struct study_info *study)
{
    if (record->mode >= RECORD_RESUME && resume_begin(record, study) != 0)
        return -1;
    if (record->study != 0)
        return 0;
    if (record->replace && record_empty(record) != 0)
        return -1;
    return record_write_study(record, study);
}

static int record_begin(void *self, const struct study_info *study)
{
    struct record *record = self;
    record->level = study->level;
    record->student_n_max = 0;
    record->point_count = 0;
    record->study = 0;
    /*
     * Foreign keys are not checked until the study ends: its rows refer to rows written just
     * before, and emptying deletes all rows. Checking them took half of the recording time. The
     * setting cannot change inside a transaction, and changing it recompiles all statements.
     */
    if (db_exec(&record->db, "PRAGMA foreign_keys = OFF") != 0)
        return -1;
    int status = record_begin_write(record);
    if (status == 0)
        status = record_finish_write(record, begin_study(record, study));
    if (status != 0) {
        record->study = 0;
        return -1;
    }
    record->emptied = record->emptied || record->replace;
    record->replace = false;
    return 0;
}

/* Another program may have replaced the file's studies and cells since the last run. */
static int refresh(struct record *record)
{
    struct select rows;
    int64_t version = 0;

    select_begin(&rows, &record->db, record->statements[GET_DATA_VERSION]);
    if (select_next(&rows))
        version = select_int(&rows, 0, INT64_MIN, INT64_MAX);
    if (select_close(&rows) != 0)
        return -1;
    if (version != record->data_version)
        record_forget(record);
    record->data_version = version;
    return 0;
}

static int record_run(void *self, const struct run_result *result)
{
    struct record *record = self;

    if (record_begin_write(record) != 0)
        return -1;
    int status = refresh(record);
    status = record_finish_write(record, status == 0 ? record_write_run(record, result) : -1);
    if (status == 0 && rollup_run_count(record->rollup) > record->student_n_max)
        record->student_n_max = rollup_run_count(record->rollup);
    return status;
}

static int record_judge(void *self, const struct judged *judged)
{
    struct record *record = self;
    sqlite3_stmt *put = record->statements[PUT_EXPECTATION];
    put_int(put, 1, record->points[judged->point].id);
    put_text(put, 2, judged->text);
    put_text(put, 3, verdict_name(judged->verdict));
    put_real_if(put, 4, judged->has_value, judged->value);
    put_real_if(put, 5, judged->has_interval, judged->low);
    put_real_if(put, 6, judged->has_interval, judged->high);
    put_text(put, 7, judged->reason);
    int status = record_step(record, put);
    record->failed = record->failed || status != 0;
    return status;
}

static int record_end(void *self, bool interrupted)
{
    struct record *record = self;
    if (record_begin_write(record) != 0)
        return -1;
    sqlite3_stmt *put = record->statements[END_STUDY];
    put_int(put, 1, interrupted ? 0 : 1);
    put_int(put, 2, record->study);
    int status = record_step(record, put);
    status = record_finish_write(record, status);
    return db_exec(&record->db, "PRAGMA foreign_keys = ON") == 0 ? status : -1;
}

struct result_sink record_sink(struct record *record)
{
    return (struct result_sink){.self = record,
                                .begin = record_begin,
                                .point = record_point,
                                .run = record_run,
                                .judge = record_judge,
                                .end = record_end,
                                .recall = record->mode >= RECORD_RESUME ? record_recall : NULL};
}

int64_t record_study_id(const struct record *record)
{
    return record->study;
}

static void finalize(struct record *record)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(record->statements[i]);
        record->statements[i] = NULL;
    }
    rollup_free(record->rollup);
    record->rollup = NULL;
}

static void release(struct record *record, bool remove)
{
    finalize(record);
    db_release(&record->db, remove);
    free(record->points);
    recalled_release(&record->recalled);
    cells_release(&record->known_cells);
    free(record->placed);
    strbuf_release(&record->text);
    free(record);
}

struct record *record_open(const char *path, enum record_mode mode, struct diag *diag)
{
    struct record *record = mem_zalloc(1, sizeof(*record));
    record->mode = mode;
    record->replace = mode == RECORD_REPLACE;
    record->text = (struct strbuf)STRBUF_INIT;
    if (db_open(&record->db, path, DB_WRITE, diag) != 0)
        goto fail;
    for (size_t i = 0; i < STATEMENTS; i++) {
        record->statements[i] = db_prepare(&record->db, statements_sql[i]);
        if (record->statements[i] == NULL)
            goto fail;
    }
    record->rollup = rollup_create(&record->db);
    if (record->rollup == NULL)
        goto fail;
    return record;

fail:
    release(record, record->db.created);
    return NULL;
}

/*
 * Is VACUUM worthwhile? A study that replaced one of its size has reused the free pages, and a new
 * file has none.
 */
static bool is_much_free(struct record *record)
{
    int64_t free_count = 0, page_count = 0;
    return db_integer(&record->db, "PRAGMA freelist_count", &free_count) == 0 &&
           db_integer(&record->db, "PRAGMA page_count", &page_count) == 0 &&
           free_count > page_count / 8;
}

/* Leave a single file: move the WAL into it and delete the WAL. */
static int settle(struct record *record)
{
    sqlite3 *handle = record->db.handle;
    if (record->emptied && is_much_free(record))
        sqlite3_exec(handle, "VACUUM", NULL, NULL, NULL); /* optional: only reduces the size */
    int code = sqlite3_exec(
        handle, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;", NULL, NULL, NULL);
    /* Another program is reading: the data is complete, and the last one to close cleans up. */
    if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return 0;
    return record->failed ? -1 : db_fail(&record->db, "finish");
}

int record_close(struct record *record)
{
    finalize(record);
    int status = settle(record);
    release(record, record->db.created && record->study == 0);
    return status;
}

void record_discard(struct record *record)
{
    release(record, true);
}

/* SQLite's backup copies page by page in one transaction: if it fails, the file is unchanged. */
int record_take_over(struct record *record, struct record *other)
{
    sqlite3_backup *backup =
        sqlite3_backup_init(record->db.handle, "main", other->db.handle, "main");
    int code = backup != NULL ? sqlite3_backup_step(backup, -1) : SQLITE_ERROR;

    sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE)
        return db_fail(&record->db, "write");
    record->study = other->study;
    record->emptied = true;
    return 0;
}
