// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * First a look into every input, then one after the other is copied, row by row, in a transaction
 * each. Run k of the whole study gets row number k + 1, as if one process had written all; what a
 * number is (cell) is found by its words.
 */
#include "merge.h"

#include "mem.h"
#include "provenance.h"
#include "record_internal.h"
#include "strbuf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the shards of one study have in common, and which part each is. */
struct shard {
    const char *path;
    unsigned index, count; /* "2/5" */
    int64_t study;
    char *identity; /* all that must be the same, as text */
};

struct merging {
    const char *output;
    struct shard *shards;
    size_t count;
    struct diag *diag;
    bool failed; /* something was told */
};

static void complain_of(struct merging *merging, const char *path, const char *why)
{
    diag_error(merging->diag, "cannot merge '%s': %s", path, why);
    merging->failed = true;
}

/* --- a look into every input ---------------------------------------------------------------- */

/* Verb, seed, settings, points with their scenarios, versions: one line each. */
static const char identity_sql[] =
    "SELECT group_concat(line, char(10)) FROM ("
    "SELECT 'verb ' || verb || ', seed ' || seed || ', level ' || level || ', ' || "
    "  replication_count || ' replications, ' || point_count || ' points' ||"
    "  iif(settings = '', '', ', ' || settings) AS line FROM study WHERE id = ?1"
    " UNION ALL SELECT * FROM (SELECT 'point ' || number || ' of scenario ' || scenario_hash"
    "  FROM point WHERE study = ?1 ORDER BY number)"
    " UNION ALL SELECT * FROM (SELECT DISTINCT 'version ' || run.version FROM run"
    "  JOIN point ON point.id = run.point WHERE study = ?1 ORDER BY 1))";

static const char newest_sql[] =
    "SELECT id, shard, complete, (SELECT count(*) FROM run JOIN point ON point.id = run.point"
    " WHERE point.study = study.id) FROM study ORDER BY id DESC LIMIT 1";

static bool read_identity(struct db *db, struct shard *shard)
{
    sqlite3_stmt *statement = db_prepare(db, identity_sql);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, shard->study);
    bool ok = sqlite3_step(statement) == SQLITE_ROW;
    if (ok) {
        shard->identity = mem_strdup((const char *)sqlite3_column_text(statement, 0));
    } else {
        db_fail(db, "read");
    }
    sqlite3_finalize(statement);
    return ok;
}

/* What is wrong with the newest study as a shard, or NULL. */
static const char *read_newest(sqlite3_stmt *row, struct shard *shard)
{
    const char *text = (const char *)sqlite3_column_text(row, 1);
    shard->study = sqlite3_column_int64(row, 0);
    if (text == NULL || sscanf(text, "%u/%u", &shard->index, &shard->count) != 2) {
        return "its newest study is no shard: it was made without '--shard'";
    }
    if (sqlite3_column_int64(row, 2) == 0) {
        return "it is not complete; go on with it by '--resume'";
    }
    return NULL;
}

static void look_into(struct merging *merging, struct shard *shard)
{
    struct db db;
    if (db_open(&db, shard->path, DB_READ, merging->diag) != 0) {
        merging->failed = true;
        return;
    }
    sqlite3_stmt *statement = db_prepare(&db, newest_sql);
    int code = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;
    if (code == SQLITE_ROW) {
        const char *wrong = read_newest(statement, shard);
        if (wrong != NULL) {
            complain_of(merging, shard->path, wrong);
        } else if (!read_identity(&db, shard)) {
            merging->failed = true;
        }
    } else if (code == SQLITE_DONE) {
        complain_of(merging, shard->path, "it holds no study");
    } else {
        merging->failed = true;
        if (statement != NULL) {
            db_fail(&db, "read");
        }
    }
    sqlite3_finalize(statement);
    db_release(&db, false);
}

/* The first line that two identities do not share. */
static void tell_difference(struct merging *merging, const struct shard *first,
                            const struct shard *other)
{
    const char *a = first->identity, *b = other->identity;
    while (strcspn(a, "\n") == strcspn(b, "\n") && strncmp(a, b, strcspn(a, "\n")) == 0) {
        a += strcspn(a, "\n") + 1;
        b += strcspn(b, "\n") + 1;
    }
    diag_error(merging->diag, "cannot merge '%s' with '%s': '%.*s' there, '%.*s' here", other->path,
               first->path, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
    merging->failed = true;
}

/* All shards of one study, each once. */
static void check_parts(struct merging *merging)
{
    const struct shard *first = &merging->shards[0];
    struct strbuf missing = STRBUF_INIT;
    const struct shard **by_index = mem_zalloc((size_t)first->count + 1, sizeof(*by_index));
    for (size_t i = 0; i < merging->count; i++) {
        const struct shard *shard = &merging->shards[i];
        if (shard->count != first->count || shard->index == 0 || shard->index > first->count) {
            diag_error(
                merging->diag, "cannot merge '%s' with '%s': it is shard %u/%u, the other %u/%u",
                shard->path, first->path, shard->index, shard->count, first->index, first->count);
            merging->failed = true;
        } else if (by_index[shard->index] != NULL) {
            diag_error(merging->diag, "cannot merge '%s' with '%s': both are shard %u/%u",
                       shard->path, by_index[shard->index]->path, shard->index, shard->count);
            merging->failed = true;
        } else {
            by_index[shard->index] = shard;
            if (strcmp(shard->identity, first->identity) != 0) {
                tell_difference(merging, first, shard);
            }
        }
    }
    for (unsigned i = 1; i <= first->count && !merging->failed; i++) {
        if (by_index[i] == NULL) {
            strbuf_addf(&missing, "%s%u/%u", missing.length > 0 ? ", " : "", i, first->count);
        }
    }
    if (missing.length > 0) {
        diag_error(merging->diag, "cannot merge: missing shard %s", missing.text);
        merging->failed = true;
    }
    strbuf_release(&missing);
    free(by_index);
}

static void check_output(struct merging *merging)
{
    struct stat output, input;
    if (stat(merging->output, &output) != 0) {
        return;
    }
    for (size_t i = 0; i < merging->count; i++) {
        if (stat(merging->shards[i].path, &input) == 0 && input.st_dev == output.st_dev &&
            input.st_ino == output.st_ino) {
            complain_of(merging, merging->shards[i].path, "it is the output, too");
        }
    }
}

/* --- copying -------------------------------------------------------------------------------- */

/*
 * Rows of the one become rows of the other. ?1 of `from` says whose rows (the study; the run); ?1
 * of `to` is what they belong to there, and the rest are the columns in their order. Where
 * `has_cell`, the first column is a cell.
 */
struct copy {
    const char *from, *to;
    bool has_cell;
};
// clang-format off
static const struct copy copy_study = {
    "SELECT verb, argv, version, compiler, scenario_name, scenario_path, question, seed, level, replication_count,"
    " point_count, settings, started FROM study WHERE id = ?1",
    "INSERT INTO study (id, verb, argv, version, compiler, scenario_name, scenario_path, question, seed, level,"
    " replication_count, point_count, settings, shard, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
    " ?13, '', ?14)", false};
/* Point n gets row n + 1. */
static const struct copy copy_head[] = {
    {"SELECT DISTINCT hash, text FROM point JOIN scenario_text ON hash = scenario_hash WHERE study = ?1",
     "INSERT INTO scenario_text SELECT ?2, ?3 WHERE ?1", false},
    {"SELECT number + 1, number, scenario_hash, duration_ns FROM point WHERE study = ?1 ORDER BY number",
     "INSERT INTO point (study, id, number, scenario_hash, duration_ns) VALUES (?1, ?2, ?3, ?4, ?5)", false},
    {"SELECT number + 1, path, value FROM point_param JOIN point ON point.id = point WHERE study = ?1",
     "INSERT INTO point_param SELECT ?2, ?3, ?4 WHERE ?1", false},
    {"SELECT point.number + 1, fault.number, from_ns, to_ns FROM fault JOIN point ON point.id = point WHERE study = ?1",
     "INSERT INTO fault SELECT ?2, ?3, ?4, ?5 WHERE ?1", false},
    {"SELECT path, value, meaning FROM assumption WHERE study = ?1",
     "INSERT INTO assumption VALUES (?1, ?2, ?3, ?4)", false},
};
static const struct copy copy_shard[] = {
    {"SELECT argv, version, compiler, started FROM study WHERE id = ?1",
     "INSERT INTO resumption SELECT ?1, 1 + count(*), ?2, ?3, ?4, ?5 FROM resumption WHERE study = ?1", false},
    {"SELECT df, t.level, t FROM student_t AS t JOIN study ON t.level = study.level WHERE study.id = ?1",
     "INSERT OR IGNORE INTO student_t SELECT ?2, ?3, ?4 WHERE ?1", false},
};
static const struct copy copy_run[] = {
    {"SELECT cell, value FROM metric WHERE run = ?1 ORDER BY cell", "INSERT INTO metric VALUES (?1, ?2, ?3)", true},
    {"SELECT cell, count, min, max, mean FROM histogram WHERE run = ?1 ORDER BY cell",
     "INSERT INTO histogram VALUES (?1, ?2, ?3, ?4, ?5, ?6)", true},
    {"SELECT cell, low, high, count FROM histogram_bin WHERE run = ?1 ORDER BY cell, low",
     "INSERT INTO histogram_bin VALUES (?1, ?2, ?3, ?4, ?5)", true},
    {"SELECT cell, t_ns, value FROM series WHERE run = ?1 ORDER BY cell, t_ns", "INSERT INTO series VALUES (?1, ?2, ?3, ?4)",
     true},
    {"SELECT number, t_ns, what, subject, text, cause FROM event WHERE run = ?1 ORDER BY number",
     "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", false},
    {"SELECT number, kind, onset_ns, detected_ns, decided_ns, promoted_ns, published_ns, restored_ns, rpo_ns, writes_lost,"
     " sessions_lost FROM incident WHERE run = ?1 ORDER BY number",
     "INSERT INTO incident VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", false},
};
static const char runs_sql[] =
    "SELECT run.id, number * study.replication_count + replication + 1, number + 1, replication, run.seed, digest, events,"
    " simulated_ns, wall_ns, warmup_ns, bin_ns, dropped, status, run.version FROM run JOIN point ON point.id = run.point"
    " JOIN study ON study.id = point.study WHERE study.id = ?1 ORDER BY number, replication";
static const char put_run_sql[] =
    "INSERT INTO run (id, point, replication, seed, digest, events, simulated_ns, wall_ns, warmup_ns, bin_ns, dropped,"
    " status, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
static const char cells_sql[] = "SELECT id, name, stat, region, label_name, label, \"window\", unit FROM cell ORDER BY id";
// clang-format on

struct copier {
    struct db from;
    struct record *to;
    int64_t *cells; /* by the input's numbers */
    size_t cell_count;
};

/* The rest of a row, from column `column` on, as parameters from `index` on. */
static void bind_row(sqlite3_stmt *to, int index, sqlite3_stmt *from, int column)
{
    for (; column < sqlite3_column_count(from); column++) {
        sqlite3_bind_value(to, index++, sqlite3_column_value(from, column));
    }
}

static int end_rows(struct copier *copier, sqlite3_stmt *from, int code)
{
    int status = code == SQLITE_DONE ? 0 : db_fail(&copier->from, "read");
    sqlite3_finalize(from);
    return status;
}

static int copy_rows(struct copier *copier, const struct copy *copy, int64_t whose, int64_t owner)
{
    sqlite3_stmt *from = db_prepare(&copier->from, copy->from);
    sqlite3_stmt *to = db_prepare(&copier->to->db, copy->to);
    int status = from != NULL && to != NULL ? 0 : -1;
    int code = SQLITE_DONE;
    sqlite3_bind_int64(from, 1, whose);
    while (status == 0 && (code = sqlite3_step(from)) == SQLITE_ROW) {
        sqlite3_bind_int64(to, 1, owner);
        bind_row(to, 2, from, 0);
        if (copy->has_cell) {
            sqlite3_bind_int64(to, 2, copier->cells[sqlite3_column_int64(from, 0)]);
        }
        status = record_step(copier->to, to);
    }
    sqlite3_finalize(to);
    return status == 0 ? end_rows(copier, from, code) : (sqlite3_finalize(from), -1);
}

/* Each cell of the input by its words: one that is there, or a new one. */
static int map_cells(struct copier *copier)
{
    sqlite3_stmt *from = db_prepare(&copier->from, cells_sql);
    int status = from != NULL ? 0 : -1;
    int code = SQLITE_DONE;
    while (status == 0 && (code = sqlite3_step(from)) == SQLITE_ROW) {
        size_t id = (size_t)sqlite3_column_int64(from, 0);
        void *cells = copier->cells;
        mem_grow(&cells, &copier->cell_count, id + 1, sizeof(*copier->cells));
        copier->cells = cells;
        sqlite3_stmt *find = copier->to->statements[FIND_CELL];
        sqlite3_stmt *put = copier->to->statements[PUT_CELL];
        bind_row(find, 1, from, 1);
        bool found = sqlite3_step(find) == SQLITE_ROW;
        copier->cells[id] = found ? sqlite3_column_int64(find, 0) : 0;
        sqlite3_reset(find);
        if (!found) {
            bind_row(put, 1, from, 1);
            status = record_step(copier->to, put);
            copier->cells[id] = sqlite3_last_insert_rowid(copier->to->db.handle);
        }
    }
    return status == 0 ? end_rows(copier, from, code) : (sqlite3_finalize(from), -1);
}

static int copy_runs(struct copier *copier, const struct shard *shard)
{
    sqlite3_stmt *from = db_prepare(&copier->from, runs_sql);
    sqlite3_stmt *to = db_prepare(&copier->to->db, put_run_sql);
    int status = from != NULL && to != NULL ? 0 : -1;
    int code = SQLITE_DONE;
    sqlite3_bind_int64(from, 1, shard->study);
    while (status == 0 && (code = sqlite3_step(from)) == SQLITE_ROW) {
        bind_row(to, 1, from, 1);
        status = record_step(copier->to, to);
        for (size_t i = 0; status == 0 && i < sizeof(copy_run) / sizeof(*copy_run); i++) {
            status = copy_rows(copier, &copy_run[i], sqlite3_column_int64(from, 0),
                               sqlite3_column_int64(from, 1));
        }
    }
    sqlite3_finalize(to);
    return status == 0 ? end_rows(copier, from, code) : (sqlite3_finalize(from), -1);
}

enum { MERGED_STUDY = 1 };

static int copy_all(struct copier *copier, const struct shard *shard, bool first)
{
    int status = 0;
    if (first) {
        status = record_empty(copier->to);
        status = status != 0 ? status : copy_rows(copier, &copy_study, shard->study, MERGED_STUDY);
        for (size_t i = 0; status == 0 && i < sizeof(copy_head) / sizeof(*copy_head); i++) {
            status = copy_rows(copier, &copy_head[i], shard->study, MERGED_STUDY);
        }
    }
    for (size_t i = 0; status == 0 && i < sizeof(copy_shard) / sizeof(*copy_shard); i++) {
        status = copy_rows(copier, &copy_shard[i], shard->study, MERGED_STUDY);
    }
    status = status != 0 ? status : map_cells(copier);
    return status != 0 ? status : copy_runs(copier, shard);
}

static int copy_from(struct record *record, const struct shard *shard, bool first,
                     struct diag *diag)
{
    struct copier copier = {.to = record};
    if (db_open(&copier.from, shard->path, DB_READ, diag) != 0) {
        return -1;
    }
    /* As in record_begin(): emptying takes all rows, and checks no references. */
    int status = first ? db_exec(&record->db, "PRAGMA foreign_keys = OFF") : 0;
    status = status != 0 ? status : record_begin_write(record);
    if (status == 0) {
        status = record_finish_write(record, copy_all(&copier, shard, first));
    }
    if (status == 0) {
        record->study = MERGED_STUDY;
        status = db_exec(&record->db, "PRAGMA foreign_keys = ON");
    }
    db_release(&copier.from, false);
    free(copier.cells);
    return status;
}

static int by_index(const void *left, const void *right)
{
    const struct shard *a = left, *b = right;
    return a->index < b->index ? -1 : a->index > b->index;
}

int record_merge(const char *output, const char *const *inputs, size_t input_count,
                 struct diag *diag)
{
    struct merging merging = {.output = output,
                              .shards = mem_zalloc(input_count, sizeof(*merging.shards)),
                              .count = input_count,
                              .diag = diag};
    for (size_t i = 0; i < input_count; i++) {
        merging.shards[i].path = inputs[i];
        look_into(&merging, &merging.shards[i]);
    }
    if (!merging.failed) {
        check_parts(&merging);
    }
    check_output(&merging);
    struct record *record = merging.failed ? NULL : record_open(output, RECORD_REPLACE, diag);
    int status = record != NULL ? 0 : -1;
    qsort(merging.shards, input_count, sizeof(*merging.shards), by_index);
    for (size_t i = 0; i < input_count && status == 0; i++) {
        status = copy_from(record, &merging.shards[i], i == 0, diag);
    }
    if (record != NULL && record_close(record) != 0) {
        status = -1;
    }
    for (size_t i = 0; i < input_count; i++) {
        free(merging.shards[i].identity);
    }
    free(merging.shards);
    return status;
}
