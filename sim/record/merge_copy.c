// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rows are copied inside SQLite, with the input attached as `shard`. The constraints of the
 * output's tables (types, ranges, NOT NULL references) reject rows of a damaged input; texts are
 * checked when the roll-ups are built from them.
 */
#include "merge_internal.h"

#include "output_file.h"

#include <inttypes.h>
#include <string.h>

enum { MERGED_STUDY = 1 };
#define MERGED "1"

/* ?1 is the study in the shard. Point n becomes row n + 1. */
// clang-format off
#define SHARD_POINTS " FROM shard.point AS p"
#define POINT_OF_RUN " JOIN shard.point AS p ON p.id = r.point AND p.study = ?1"
static const char *const copy_head[] = {
    "INSERT INTO main.study (id, verb, argv, version, compiler, scenario_name, scenario_path, question, seed, level,"
    " replication_count, point_count, settings, shard, started) SELECT " MERGED ", verb, argv, version, compiler,"
    " scenario_name, scenario_path, question, seed, level, replication_count, point_count, settings, '', started"
    " FROM shard.study WHERE id = ?1",
    "INSERT INTO main.scenario_text SELECT DISTINCT scenario_hash, text" SHARD_POINTS
    " LEFT JOIN shard.scenario_text ON hash = scenario_hash WHERE p.study = ?1",
    "INSERT INTO main.point (study, id, number, scenario_hash, duration_ns)"
    " SELECT " MERGED ", number + 1, number, scenario_hash, duration_ns" SHARD_POINTS " WHERE p.study = ?1 ORDER BY number",
    "INSERT INTO main.point_param SELECT p.number + 1, path, value" SHARD_POINTS
    " JOIN shard.point_param ON point = p.id WHERE p.study = ?1",
    "INSERT INTO main.fault SELECT p.number + 1, f.number, from_ns, to_ns" SHARD_POINTS
    " JOIN shard.fault AS f ON f.point = p.id WHERE p.study = ?1",
    "INSERT INTO main.assumption SELECT " MERGED ", path, value, meaning FROM shard.assumption WHERE study = ?1",
};
/* Map cells by their names: existing ones or new ones. */
static const char *const copy_shard[] = {
    "INSERT INTO main.resumption SELECT " MERGED ", 1 + (SELECT count(*) FROM main.resumption), argv, version, compiler,"
    " started FROM shard.study WHERE id = ?1",
    "INSERT OR IGNORE INTO main.cell (name, kind, stat, region, label_name, label, \"window\", unit)"
    " SELECT name, kind, stat, region, label_name, label, \"window\", unit FROM shard.cell WHERE ?1 ORDER BY id",
    "INSERT INTO temp.cell_of SELECT c.id, (SELECT id FROM main.cell AS m WHERE m.name = c.name AND m.kind = c.kind"
    " AND m.stat = c.stat AND m.region = c.region AND m.label_name = c.label_name AND m.label = c.label"
    " AND m.\"window\" = c.\"window\" AND m.unit = c.unit) FROM shard.cell AS c WHERE ?1",
    "INSERT INTO temp.run_of SELECT r.id, p.number * (SELECT replication_count FROM main.study) + r.replication + 1"
    " FROM shard.run AS r" POINT_OF_RUN,
    "INSERT INTO main.run (id, point, replication, seed, digest, events, simulated_ns, wall_ns, warmup_ns, bin_ns, dropped,"
    " version) SELECT new, p.number + 1, replication, seed, digest, events, simulated_ns, wall_ns, warmup_ns, bin_ns,"
    " dropped, version FROM shard.run AS r" POINT_OF_RUN " JOIN temp.run_of ON old = r.id ORDER BY new",
    "INSERT INTO main.metric SELECT r.new, c.new, value, numerator, denominator, censored_ns, reason FROM temp.run_of AS r"
    " JOIN shard.metric AS m ON m.run = r.old LEFT JOIN temp.cell_of AS c ON c.old = m.cell WHERE ?1 ORDER BY r.new, c.new",
    "INSERT INTO main.histogram SELECT r.new, c.new, count, min, max, mean, sub_bits, bins FROM temp.run_of AS r"
    " JOIN shard.histogram AS h ON h.run = r.old LEFT JOIN temp.cell_of AS c ON c.old = h.cell WHERE ?1 ORDER BY r.new, c.new",
    "INSERT INTO main.run_series SELECT r.new, c.new, bins FROM temp.run_of AS r"
    " JOIN shard.run_series AS s ON s.run = r.old LEFT JOIN temp.cell_of AS c ON c.old = s.cell WHERE ?1 ORDER BY r.new, c.new",
    "INSERT INTO main.event SELECT r.new, number, t_ns, what, subject, text, cause, waited_for, cause_text"
    " FROM temp.run_of AS r JOIN shard.event AS e ON e.run = r.old WHERE ?1 ORDER BY r.new, number",
    "INSERT INTO main.incident SELECT r.new, number, kind, subject, cause, onset_ns, detected_ns, decided_ns, promoted_ns,"
    " notified_ns, published_ns, cached_ns, restored_ns, rpo_ns, writes_lost, sessions_lost FROM temp.run_of AS r JOIN shard.incident AS i ON i.run = r.old"
    " WHERE ?1 ORDER BY r.new, number",
};
static const char maps_sql[] =
    "CREATE TEMP TABLE IF NOT EXISTS cell_of (old INTEGER PRIMARY KEY, new INTEGER NOT NULL) STRICT;"
    "CREATE TEMP TABLE IF NOT EXISTS run_of (old INTEGER PRIMARY KEY, new INTEGER NOT NULL) STRICT;"
    "DELETE FROM temp.cell_of; DELETE FROM temp.run_of;";
// clang-format on

/* The input is at fault if it is damaged or violates the tables' constraints. */
static int fail(struct record *record, const char *path)
{
    int code = sqlite3_errcode(record->db.handle);
    const char *reason = sqlite3_errmsg(record->db.handle);

    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR:
        diag_error(record->db.diag, "cannot merge '%s': it is damaged: %s", path, reason);
        return -1;
    default:
        return db_fail(&record->db, "write");
    }
}

static int run_statement(struct record *record, const char *sql, const char *path, int64_t study)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(record->db.handle, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, study);
        code = sqlite3_step(statement);
    }
    int status = code == SQLITE_DONE ? 0 : fail(record, path);
    sqlite3_finalize(statement);
    return status;
}

static int run_all(struct record *record, const char *const *list, size_t count, const char *path,
                   int64_t study)
{
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++)
        status = run_statement(record, list[i], path, study);
    return status;
}

static int copy(struct record *record, const char *path, int64_t study, bool first)
{
    int status = first ? record_empty(record) : 0;

    status = status == 0 ? db_exec(&record->db, maps_sql) : -1;
    if (status == 0 && first)
        status = run_all(record, copy_head, sizeof copy_head / sizeof *copy_head, path, study);
    return status == 0
               ? run_all(record, copy_shard, sizeof copy_shard / sizeof *copy_shard, path, study)
               : -1;
}

static int attach(struct record *record, const char *path)
{
    struct strbuf name = STRBUF_INIT;
    sqlite3_stmt *statement = db_prepare(&record->db, "ATTACH ?1 AS shard");
    int code = SQLITE_ERROR;

    output_path_add(&name, path);
    if (statement) {
        sqlite3_bind_text(statement, 1, name.text, -1, SQLITE_STATIC);
        code = sqlite3_step(statement);
    }
    int status = code == SQLITE_DONE ? 0 : statement ? fail(record, path) : -1;
    sqlite3_finalize(statement);
    strbuf_release(&name);
    return status;
}

int merge_copy(struct record *record, const char *path, int64_t study, bool first)
{
    /* As in record_begin(): all rows are deleted, so references need no check. */
    if (db_exec(&record->db, "PRAGMA foreign_keys = OFF") != 0 || attach(record, path) != 0)
        return -1;
    int status = record_begin_write(record);
    if (status == 0)
        status = record_finish_write(record, copy(record, path, study, first));
    if (status == 0)
        record->study = MERGED_STUDY;
    return db_exec(&record->db, "DETACH shard") == 0 ? status : -1;
}

/* --- the whole study ------------------------------------------------------------------------- */

/* Check that the study has every replication of every point. *run_max: replications per point. */
static int check_runs(struct record *record, uint64_t *run_max)
{
    struct select rows;
    uint64_t wanted = 0, found = 0;

    select_open(&rows, &record->db,
                "SELECT point_count, replication_count, level, (SELECT count(*) FROM run WHERE"
                " replication < replication_count AND point <= point_count) AS runs FROM study");
    if (select_next(&rows)) {
        *run_max = select_count(&rows, 1);
        record->level = select_level(&rows, 2);
        wanted = *run_max * select_count(&rows, 0);
        found = (uint64_t)select_instant(&rows, 3);
    }
    if (select_close(&rows) != 0)
        return -1;
    if (found != wanted)
        diag_error(record->db.diag,
                   "cannot merge: the shards contain %" PRIu64 " of the study's %" PRIu64 " runs",
                   found, wanted);
    return found == wanted ? 0 : -1;
}

static int roll_up(struct record *record)
{
    uint64_t run_max = 0;

    if (check_runs(record, &run_max) != 0 || record_write_student(record, run_max) != 0)
        return -1;
    return rollup_rebuild(record->rollup, MERGED_STUDY);
}

int merge_finish(struct record *record)
{
    int status = record_begin_write(record);

    if (status == 0)
        status = record_finish_write(record, roll_up(record));
    return db_exec(&record->db, "PRAGMA foreign_keys = ON") == 0 ? status : -1;
}
