// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The sink that writes. Statements are a table, prepared once; every run is one transaction. What a
 * run has thousands of is written by one statement for all (rows.h), in the order of its table's
 * key.
 *
 * A study that takes the place of others (`replace`) empties the file in the transaction that
 * begins it, so that a study which never begins has cost nobody their numbers. A file that was made
 * for a study which never began goes again.
 */
#include "record_internal.h"

#include "interval.h"
#include "mem.h"
#include "provenance.h"
#include "strbuf.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
                        " bin_ns, dropped, status, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [GET_DATA_VERSION] = "PRAGMA data_version",
    [FIND_CELL]       = "SELECT id FROM cell WHERE name = ? AND stat = ? AND region = ? AND label_name = ?"
                        " AND label = ? AND window = ? AND unit = ?",
    [PUT_CELL]        = "INSERT INTO cell (name, stat, region, label_name, label, window, unit)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?)",
    [PUT_METRICS]     = "INSERT INTO metric SELECT ?, cell, value FROM given",
    [PUT_HISTOGRAMS]  = "INSERT INTO histogram SELECT ?, cell, a, b, c, value FROM given",
    [PUT_BINS]        = "INSERT INTO histogram_bin SELECT ?, cell, a, b, c FROM given",
    [PUT_SERIES]      = "INSERT INTO series SELECT ?, cell, a, value FROM given",
    [PUT_EVENT]       = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)",
    [PUT_INCIDENT]    = "INSERT INTO incident VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [PUT_STUDENT]     = "INSERT OR IGNORE INTO student_t VALUES (?, ?, ?)",
    [PUT_EXPECTATION] = "INSERT INTO expectation VALUES (?1,"
                        " (SELECT count(*) FROM expectation WHERE point = ?1), ?2, ?3, ?4, ?5, ?6)",
    [END_STUDY]       = "UPDATE study SET complete = ? WHERE id = ?",
    [FIND_STUDY]      = "SELECT id, verb, seed, level, settings, shard, replication_count, point_count"
                        " FROM study ORDER BY id DESC LIMIT 1",
    [FIND_OTHER_VERSION] = "SELECT run.version, count(*) FROM point JOIN run ON run.point = point.id"
                        " WHERE point.study = ? AND run.version <> ? GROUP BY 1 ORDER BY 2 DESC LIMIT 1",
    [FIND_POINT]      = "SELECT point.id, text FROM point JOIN scenario_text ON hash = scenario_hash"
                        " WHERE study = ? AND number = ?",
    [SET_POINT_SCENARIO] = "UPDATE point SET scenario_hash = ?2 WHERE id = ?1 AND scenario_hash <> ?2",
    [REOPEN_STUDY]    = "UPDATE study SET complete = 0, replication_count = ?2 WHERE id = ?1",
    [FORGET_VERDICTS] = "DELETE FROM expectation WHERE point IN (SELECT id FROM point WHERE study = ?)",
    [FORGET_TEXTS]    = "DELETE FROM scenario_text WHERE hash NOT IN (SELECT scenario_hash FROM point)",
    [PUT_RESUMPTION]  = "INSERT INTO resumption VALUES (?1,"
                        " (SELECT 1 + count(*) FROM resumption WHERE study = ?1), ?2, ?3, ?4, ?5)",
    [FIND_RUN]        = "SELECT id, seed, digest, events, simulated_ns, wall_ns, warmup_ns, bin_ns FROM run"
                        " WHERE point = ? AND replication = ? AND status = 'done'",
    [GET_STATISTICS]     = "SELECT cell, value, name, stat, region, label, \"window\" FROM metric"
                        " JOIN cell ON cell.id = cell WHERE run = ? ORDER BY cell",
};
/* Children before parents. */
static const char empty_sql[] =
    "DELETE FROM finding;"
    "DELETE FROM histogram_bin; DELETE FROM histogram; DELETE FROM series; DELETE FROM metric; DELETE FROM event;"
    "DELETE FROM incident; DELETE FROM expectation; DELETE FROM fault; DELETE FROM assumption; DELETE FROM run;"
    "DELETE FROM point_param; DELETE FROM point; DELETE FROM resumption; DELETE FROM study; DELETE FROM scenario_text; DELETE FROM cell;"
    "DELETE FROM student_t;";
// clang-format on

/* --- binding -------------------------------------------------------------------------------- */

/* Bind cannot fail but for an index that is not there (our bug) or a text of gigabytes. */
void put_int(sqlite3_stmt *statement, int index, int64_t value)
{
    sqlite3_bind_int64(statement, index, value);
}

static void put_real(sqlite3_stmt *statement, int index, double value)
{
    sqlite3_bind_double(statement, index, value);
}

void put_text(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text != NULL ? text : "", -1, SQLITE_STATIC);
}

static void put_instant(sqlite3_stmt *statement, int index, sim_time instant)
{
    if (instant == SIM_NEVER || instant < 0) {
        sqlite3_bind_null(statement, index);
    } else {
        sqlite3_bind_int64(statement, index, instant);
    }
}

static void put_real_if(sqlite3_stmt *statement, int index, bool there, double value)
{
    if (there && isfinite(value)) {
        sqlite3_bind_double(statement, index, value);
    } else {
        sqlite3_bind_null(statement, index);
    }
}

int record_step(struct record *record, sqlite3_stmt *statement)
{
    int status = sqlite3_step(statement) == SQLITE_DONE ? 0 : db_fail(&record->db, "write");
    sqlite3_reset(statement);
    return status;
}

int record_begin_write(struct record *record)
{
    return db_exec(&record->db, "BEGIN IMMEDIATE");
}

int record_finish_write(struct record *record, int status)
{
    if (status == 0) {
        status = db_exec(&record->db, "COMMIT");
    }
    if (status != 0) {
        record->failed = true;
        /* Some failures have rolled back by themselves; then there is nothing left to do here. */
        sqlite3_exec(record->db.handle, "ROLLBACK", NULL, NULL, NULL);
        cells_release(&record->known_cells); /* some may not be there any more */
    }
    return status;
}

/* --- a study begins -------------------------------------------------------------------------- */

static int write_study(struct record *record, const struct study_info *study)
{
    const struct scenario *scenario = study->points[0].scenario;
    struct provenance provenance = provenance_now();
    char seed[24];
    snprintf(seed, sizeof(seed), "%" PRIu64, study->seed);
    sqlite3_stmt *put = record->statements[PUT_STUDY];
    put_text(put, 1, study->verb);
    put_text(put, 2, study->argv);
    put_text(put, 3, provenance.version);
    put_text(put, 4, provenance.compiler);
    put_text(put, 5, scenario->name);
    put_text(put, 6, scenario->path);
    put_text(put, 7, scenario->question);
    put_text(put, 8, seed);
    put_real(put, 9, study->level);
    put_int(put, 10, study->replications);
    put_int(put, 11, (int64_t)study->point_count);
    put_text(put, 12, study->settings);
    put_text(put, 13, study->shard);
    put_text(put, 14, provenance.started);
    int status = record_step(record, put);
    record->study = status == 0 ? sqlite3_last_insert_rowid(record->db.handle) : 0;
    return status;
}

static int write_params(struct record *record, const struct study_point *point, int64_t id)
{
    sqlite3_stmt *put = record->statements[PUT_PARAM];
    for (size_t i = 0; i < point->param_count; i++) {
        put_int(put, 1, id);
        put_text(put, 2, point->params[i].path);
        put_text(put, 3, point->params[i].value);
        if (record_step(record, put) != 0) {
            return -1;
        }
    }
    return 0;
}

static int write_faults(struct record *record, const struct scenario *scenario, int64_t id)
{
    sqlite3_stmt *put = record->statements[PUT_FAULT];
    for (size_t i = 0; i < scenario->fault_span_count; i++) {
        put_int(put, 1, id);
        put_int(put, 2, (int64_t)i);
        put_int(put, 3, scenario->fault_spans[i].from);
        put_int(put, 4, scenario->fault_spans[i].to);
        if (record_step(record, put) != 0) {
            return -1;
        }
    }
    return 0;
}

void record_hash_text(const struct scenario *scenario, char hash[20])
{
    snprintf(hash, 20, "%016" PRIx64, scenario->hash);
}

static void add_point(struct record *record, const struct study_point *point, int64_t id)
{
    void *points = record->points;
    mem_grow(&points, &record->point_capacity, record->point_count + 1, sizeof(*record->points));
    record->points = points;
    record->points[record->point_count++] = (struct record_point){id, point->scenario};
}

int record_write_point(struct record *record, const struct study_point *point, uint32_t number)
{
    const struct scenario *scenario = point->scenario;
    char hash[20];
    record_hash_text(scenario, hash);
    sqlite3_stmt *put = record->statements[PUT_TEXT];
    put_text(put, 1, hash);
    put_text(put, 2, scenario->resolved);
    if (record_step(record, put) != 0) {
        return -1;
    }
    put = record->statements[PUT_POINT];
    put_int(put, 1, record->study);
    put_int(put, 2, number);
    put_text(put, 3, hash);
    put_int(put, 4, scenario->run.duration);
    if (record_step(record, put) != 0) {
        return -1;
    }
    int64_t id = sqlite3_last_insert_rowid(record->db.handle);
    add_point(record, point, id);
    if (write_params(record, point, id) != 0) {
        return -1;
    }
    return write_faults(record, scenario, id);
}

struct assumption_writer {
    struct record *record;
    int status;
};

static void write_assumption(void *self, const char *path, const char *value, const char *meaning)
{
    struct assumption_writer *writer = self;
    if (writer->status != 0) {
        return;
    }
    sqlite3_stmt *put = writer->record->statements[PUT_ASSUMPTION];
    put_int(put, 1, writer->record->study);
    put_text(put, 2, path);
    put_text(put, 3, value);
    put_text(put, 4, meaning);
    writer->status = record_step(writer->record, put);
}

int record_empty(struct record *record)
{
    cells_release(&record->known_cells);
    return db_exec(&record->db, empty_sql);
}

static int write_study_and_points(struct record *record, const struct study_info *study)
{
    if (record->replace &&
        (db_exec(&record->db, "DROP INDEX IF EXISTS metric_by_cell") != 0 || /* see record_end() */
         record_empty(record) != 0)) {
        return -1;
    }
    if (write_study(record, study) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < study->point_count; i++) {
        if (record_write_point(record, &study->points[i], i) != 0) {
            return -1;
        }
    }
    struct assumption_writer writer = {.record = record};
    scenario_each_assumption(study->points[0].scenario, write_assumption, &writer);
    return writer.status;
}

static int record_point(void *self, uint32_t number, const struct study_point *point)
{
    struct record *record = self;
    int status = record_begin_write(record);
    if (status == 0) {
        status = record_finish_write(record, record->mode >= RECORD_RESUME
                                                 ? resume_point(record, point, number)
                                                 : record_write_point(record, point, number));
    }
    return status;
}

static int record_begin(void *self, const struct study_info *study)
{
    struct record *record = self;
    record->level = study->level;
    record->student_df_max = 0;
    record->point_count = 0;
    record->study = 0;
    /*
     * Not before the study ends are references checked: what its rows refer to was written just
     * before, by ids that were just given, and emptying takes all rows. To look each one up took
     * half of the time that recording took. It cannot be switched inside a transaction, and to
     * switch it makes all statements be compiled anew.
     */
    if (db_exec(&record->db, "PRAGMA foreign_keys = OFF") != 0) {
        return -1;
    }
    int status = record_begin_write(record);
    if (status == 0) {
        if (record->mode >= RECORD_RESUME) {
            status = resume_begin(record, study);
        }
        if (status == 0 && record->study == 0) {
            status = write_study_and_points(record, study);
        }
        status = record_finish_write(record, status);
    }
    if (status != 0) {
        record->study = 0;
        return -1;
    }
    record->emptied = record->emptied || record->replace;
    record->replace = false;
    return 0;
}

/* --- a run ----------------------------------------------------------------------------------- */

static void put_cell(sqlite3_stmt *statement, const struct cell *cell)
{
    put_text(statement, 1, cell->metric->name);
    put_text(statement, 2, cell->stat);
    put_text(statement, 3, cell->region);
    put_text(statement, 4, cell->label != NULL ? cell->metric->label : "");
    put_text(statement, 5, cell->label);
    put_text(statement, 6, cell->window);
    put_text(statement, 7, unit_name(cell->metric->unit));
}

/* The id of a cell of the file, made where it is new; 0 after a failure. */
static int64_t stored_cell_id(struct record *record, const struct cell *cell)
{
    sqlite3_stmt *find = record->statements[FIND_CELL];
    put_cell(find, cell);
    int64_t id = 0;
    int code = sqlite3_step(find);
    if (code == SQLITE_ROW) {
        id = sqlite3_column_int64(find, 0);
    } else if (code != SQLITE_DONE) {
        db_fail(&record->db, "read");
    }
    sqlite3_reset(find);
    if (code != SQLITE_DONE) {
        return id;
    }
    sqlite3_stmt *put = record->statements[PUT_CELL];
    put_cell(put, cell);
    return record_step(record, put) == 0 ? sqlite3_last_insert_rowid(record->db.handle) : 0;
}

static int64_t cell_id(struct record *record, const struct cell *cell)
{
    int64_t id = cells_find(&record->known_cells, cell);
    if (id == 0) {
        id = stored_cell_id(record, cell);
        if (id != 0) {
            cells_add(&record->known_cells, cell, id);
        }
    }
    return id;
}

/* Another program may have replaced the file's studies, and its cells, since the last run. */
static int refresh_cells(struct record *record)
{
    sqlite3_stmt *get = record->statements[GET_DATA_VERSION];
    int code = sqlite3_step(get);
    int64_t version = code == SQLITE_ROW ? sqlite3_column_int64(get, 0) : 0;
    sqlite3_reset(get);
    if (code != SQLITE_ROW) {
        return db_fail(&record->db, "read");
    }
    if (version != record->data_version) {
        cells_release(&record->known_cells);
        record->data_version = version;
    }
    return 0;
}

static const char *region_name(const struct run_result *result, int region)
{
    return region < 0 ? "all" : result->scenario->topology.region_names[region];
}

static int64_t write_run_row(struct record *record, const struct run_result *result)
{
    char seed[24], digest[20];
    snprintf(seed, sizeof(seed), "%" PRIu64, result->seed);
    snprintf(digest, sizeof(digest), "%016" PRIx64, result->digest);
    sqlite3_stmt *put = record->statements[PUT_RUN];
    put_int(put, 1, record->points[result->point].id);
    put_int(put, 2, result->replication);
    put_text(put, 3, seed);
    put_text(put, 4, digest);
    put_int(put, 5, (int64_t)result->event_count);
    put_int(put, 6, result->simulated);
    put_int(put, 7, result->wall_ns);
    put_int(put, 8, result->warmup);
    put_int(put, 9, result->statistics->bin);
    put_int(put, 10, (int64_t)(result->log->dropped_count + result->incidents->dropped_count));
    put_text(put, 11, result->status == RUN_DONE ? "done" : "interrupted");
    put_text(put, 12, program_version);
    return record_step(record, put) == 0 ? sqlite3_last_insert_rowid(record->db.handle) : 0;
}

/* --- statistics of a run, by rising cell ----------------------------------------------------- */

static int64_t place(struct record *record, const struct cell *cell, size_t index)
{
    int64_t id = cell_id(record, cell);
    void *placed = record->placed;
    mem_grow(&placed, &record->placed_capacity, record->placed_count + 1, sizeof(*record->placed));
    record->placed = placed;
    record->placed[record->placed_count++] = (struct placed){id, index};
    return id;
}

static int by_cell(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    return a->cell < b->cell ? -1 : a->cell > b->cell;
}

/* Cells have their numbers in the order of the statistics, but for one that the first runs lacked.
 */
static void sort_placed(struct record *record)
{
    for (size_t i = 1; i < record->placed_count; i++) {
        if (record->placed[i].cell < record->placed[i - 1].cell) {
            qsort(record->placed, record->placed_count, sizeof(*record->placed), by_cell);
            return;
        }
    }
}

static int put_rows(struct record *record, enum statement statement, int64_t run)
{
    sqlite3_stmt *put = record->statements[statement];
    put_int(put, 1, run);
    int status = record->rows.count > 0 ? record_step(record, put) : 0;
    record->rows.count = 0;
    return status;
}

/* The last ones of a table are written by put_rows(). */
static int add_row(struct record *record, enum statement statement, int64_t run, struct row row)
{
    int status = record->rows.count == ROWS_CAPACITY ? put_rows(record, statement, run) : 0;
    record->rows.items[record->rows.count++] = row;
    return status;
}

static int write_metrics(struct record *record, const struct run_result *result, int64_t run)
{
    const struct statistics *statistics = result->statistics;
    int status = 0;
    record->placed_count = 0;
    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *statistic = &statistics->statistics[i];
        if (statistic->state != STATISTIC_NUMBER) {
            continue;
        }
        if (!isfinite(statistic->value)) {
            diag_add(record->db.diag, DIAG_WARNING, NULL,
                     "metric '%s' of point %" PRIu32 ", replication %" PRIu32
                     " is not a finite number and was left out",
                     statistic->metric->name, result->point, result->replication);
            continue;
        }
        struct cell cell = {statistic->metric, statistic->stat,
                            region_name(result, statistic->region), statistic->label,
                            statistic->window};
        if (place(record, &cell, i) == 0) {
            return -1;
        }
    }
    sort_placed(record);
    for (size_t i = 0; i < record->placed_count && status == 0; i++) {
        const struct placed *placed = &record->placed[i];
        struct row row = {.cell = placed->cell,
                          .value = statistics->statistics[placed->index].value};
        status = add_row(record, PUT_METRICS, run, row);
    }
    return status == 0 ? put_rows(record, PUT_METRICS, run) : -1;
}

static int add_bins(struct record *record, const struct histogram *histogram, int64_t run,
                    int64_t cell)
{
    for (uint32_t bin = 0; bin < histogram->bin_count; bin++) {
        struct row row = {.cell = cell,
                          .a = histogram_bin_low(bin),
                          .b = histogram_bin_high(bin),
                          .c = (int64_t)histogram->bins[bin]};
        if (row.c > 0 && add_row(record, PUT_BINS, run, row) != 0) {
            return -1;
        }
    }
    return 0;
}

static int write_histograms(struct record *record, const struct run_result *result, int64_t run)
{
    const struct statistics *statistics = result->statistics;
    int status = 0;
    record->placed_count = 0;
    for (size_t i = 0; i < statistics->histogram_count; i++) {
        const struct statistic_histogram *row = &statistics->histograms[i];
        struct cell cell = {row->metric, NULL, region_name(result, row->region), row->label,
                            row->window};
        if (row->histogram->count > 0 && place(record, &cell, i) == 0) {
            return -1;
        }
    }
    sort_placed(record);
    for (size_t i = 0; i < record->placed_count && status == 0; i++) {
        const struct placed *placed = &record->placed[i];
        const struct histogram *histogram = statistics->histograms[placed->index].histogram;
        struct row row = {.cell = placed->cell,
                          .a = (int64_t)histogram->count,
                          .b = histogram_min(histogram),
                          .c = histogram->max,
                          .value = histogram_mean(histogram)};
        status = add_row(record, PUT_HISTOGRAMS, run, row);
    }
    status = status == 0 ? put_rows(record, PUT_HISTOGRAMS, run) : -1;
    for (size_t i = 0; i < record->placed_count && status == 0; i++) {
        const struct placed *placed = &record->placed[i];
        status =
            add_bins(record, statistics->histograms[placed->index].histogram, run, placed->cell);
    }
    return status == 0 ? put_rows(record, PUT_BINS, run) : -1;
}

static int write_series(struct record *record, const struct run_result *result, int64_t run)
{
    const struct statistics *statistics = result->statistics;
    record->placed_count = 0;
    for (size_t i = 0; i < statistics->series_count; i++) {
        const struct statistic_series *series = &statistics->series[i];
        struct cell cell = {series->metric, NULL, region_name(result, series->region),
                            series->label, NULL};
        if (place(record, &cell, i) == 0) {
            return -1;
        }
    }
    sort_placed(record);
    for (size_t i = 0; i < record->placed_count; i++) {
        const struct placed *placed = &record->placed[i];
        const double *values = statistics->series[placed->index].values;
        for (size_t bin = 0; bin < statistics->bin_count; bin++) {
            struct row row = {
                .cell = placed->cell, .a = (int64_t)bin * statistics->bin, .value = values[bin]};
            /* A share of nothing is not finite. */
            if (isfinite(row.value) && add_row(record, PUT_SERIES, run, row) != 0) {
                return -1;
            }
        }
    }
    return put_rows(record, PUT_SERIES, run);
}

/* --- the rest of a run ----------------------------------------------------------------------- */

static int write_events(struct record *record, const struct run_result *result, int64_t run)
{
    sqlite3_stmt *put = record->statements[PUT_EVENT];
    for (size_t i = 0; i < result->log->event_count; i++) {
        const struct run_event *event = &result->log->events[i];
        put_int(put, 1, run);
        put_int(put, 2, (int64_t)i);
        put_int(put, 3, event->time);
        put_text(put, 4, event->what);
        put_text(put, 5, event->subject);
        put_text(put, 6, event->text);
        put_text(put, 7, event->cause_text);
        if (record_step(record, put) != 0) {
            return -1;
        }
    }
    return 0;
}

static int write_incidents(struct record *record, const struct run_result *result, int64_t run)
{
    sqlite3_stmt *put = record->statements[PUT_INCIDENT];
    for (size_t i = 0; i < result->incidents->count; i++) {
        const struct incident *incident = &result->incidents->incidents[i];
        put_int(put, 1, run);
        put_int(put, 2, (int64_t)i);
        put_text(put, 3, incident->kind);
        put_int(put, 4, incident->onset);
        for (int stage = 0; stage < INCIDENT_STAGES; stage++)
            put_instant(put, 5 + stage, incident->ended[stage]);
        put_instant(put, 10, incident->rpo);
        put_int(put, 11, (int64_t)incident->writes_lost);
        put_int(put, 12, (int64_t)incident->sessions_lost);
        if (record_step(record, put) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Student's quantiles for as many degrees of freedom as this replication can give. */
static int write_student(struct record *record, uint32_t df_max)
{
    sqlite3_stmt *put = record->statements[PUT_STUDENT];
    for (uint32_t df = record->student_df_max + 1; df <= df_max; df++) {
        /* With n values of variance n, s / sqrt(n) is 1 and half the width is t itself. */
        double n = (double)df + 1;
        struct tally tally = {.count = (uint64_t)df + 1, .m2 = (double)df * n};
        put_int(put, 1, df);
        put_real(put, 2, record->level);
        put_real(put, 3, interval_student(&tally, record->level).high);
        if (record_step(record, put) != 0) {
            return -1;
        }
    }
    return 0;
}

static int write_run(struct record *record, const struct run_result *result)
{
    int64_t run = write_run_row(record, result);
    record->rows.count = 0;
    if (run == 0 || write_metrics(record, result, run) != 0 ||
        write_histograms(record, result, run) != 0 || write_series(record, result, run) != 0 ||
        write_events(record, result, run) != 0 || write_incidents(record, result, run) != 0) {
        return -1;
    }
    return write_student(record, result->replication);
}

static int record_run(void *self, const struct run_result *result)
{
    struct record *record = self;
    if (record_begin_write(record) != 0) {
        return -1;
    }
    int status = refresh_cells(record);
    status = record_finish_write(record, status == 0 ? write_run(record, result) : -1);
    if (status == 0 && result->replication > record->student_df_max) {
        record->student_df_max = result->replication;
    }
    return status;
}

/* --- the end --------------------------------------------------------------------------------- */

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
    int status = record_step(record, put);
    record->failed = record->failed || status != 0;
    return status;
}

static int record_end(void *self, bool interrupted)
{
    struct record *record = self;
    if (record_begin_write(record) != 0) {
        return -1;
    }
    sqlite3_stmt *put = record->statements[END_STUDY];
    put_int(put, 1, interrupted ? 0 : 1);
    put_int(put, 2, record->study);
    int status = record_step(record, put);
    if (status == 0) {
        /* At the end: kept up from the start it would cost more than it saves. */
        status = db_exec(&record->db, "CREATE INDEX IF NOT EXISTS metric_by_cell ON metric (cell)");
    }
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
                                .recall = record->mode >= RECORD_RESUME ? resume_recall : NULL};
}

int64_t record_study_id(const struct record *record)
{
    return record->study;
}

static void release(struct record *record, bool remove)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(record->statements[i]);
    }
    db_release(&record->db, remove);
    free(record->points);
    resume_release(&record->recalled);
    cells_release(&record->known_cells);
    free(record->placed);
    free(record);
}

struct record *record_open(const char *path, enum record_mode mode, struct diag *diag)
{
    struct record *record = mem_zalloc(1, sizeof(*record));
    record->mode = mode;
    record->replace = mode == RECORD_REPLACE;
    if (db_open(&record->db, path, DB_WRITE, diag) != 0 ||
        rows_offer(&record->db, &record->rows) != 0) {
        goto fail;
    }
    for (size_t i = 0; i < STATEMENTS; i++) {
        record->statements[i] = db_prepare(&record->db, statements_sql[i]);
        if (record->statements[i] == NULL) {
            goto fail;
        }
    }
    return record;

fail:
    release(record, record->db.created);
    return NULL;
}

/*
 * Is it worth it to write the whole file again? A study that took the place of one of its size has
 * filled what that one left, and one in a new file has left nothing.
 */
static bool is_much_free(struct record *record)
{
    int64_t free_count = 0, page_count = 0;
    return db_integer(&record->db, "PRAGMA freelist_count", &free_count) == 0 &&
           db_integer(&record->db, "PRAGMA page_count", &page_count) == 0 &&
           free_count > page_count / 8;
}

/* One file remains: the log goes into it and leaves the folder. */
static int settle(struct record *record)
{
    sqlite3 *handle = record->db.handle;
    if (record->emptied && is_much_free(record)) {
        sqlite3_exec(handle, "VACUUM", NULL, NULL,
                     NULL); /* smaller if it can be; right in any case */
    }
    int code = sqlite3_exec(
        handle, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;", NULL, NULL, NULL);
    /* Another program reads along: the file is whole, and the last one to leave tidies up. */
    if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        return 0;
    }
    return record->failed ? -1 : db_fail(&record->db, "finish");
}

int record_close(struct record *record)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(record->statements[i]);
        record->statements[i] = NULL;
    }
    int status = settle(record);
    release(record, record->db.created && record->study == 0);
    return status;
}
