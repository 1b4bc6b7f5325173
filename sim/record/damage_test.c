// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Damaged results files: every column of every table is set to each of a list of invalid values, in
 * one row and in all rows, and then every query, merge and resume is run on the file. Each must
 * return a valid result or report one error; none may crash or hang. That is some 7000 files;
 * by default, each column gets one value, and all values with ISTHMUS_LONG in the environment.
 *
 * The constraints of the tables are removed first, by editing the schema: damage does not respect
 * them.
 */
#include "fake_study.h"

#include "merge.h"
#include "query.h"
#include "record.h"
#include "strbuf.h"
#include "test_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

enum { POINTS = 2, REPLICATIONS = 2, HANG_S = 60 };

static const char *const values[] = {
    "NULL",
    "0",
    "1",
    "-1",
    "2",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775807 - 1",
    "0.5",
    "1e308",
    "-1e308",
    "9e999",
    "''",
    "'x'",
    "'2/1'",
    "x'00ff'",
    "'a' || char(0) || 'b'",
    "'[1]'",
    "'[1e308]'",
    "'[[1,2]]'",
    "'{\"9\":1}'",
    "hex(zeroblob(50000))",
    "char(27, 10, 133, 8238) || x'ff'",
};
enum { VALUES = sizeof values / sizeof values[0] };

/* --- the file ------------------------------------------------------------------------------- */

static const struct model_ops fake_ops = {METRIC_TABLE(fake_metrics)};
static const struct model_ops *const fake_models[] = {&fake_ops};
static const struct registry fake_registry = {fake_models, 1};

struct study {
    struct scenario scenario;
    struct study_point points[POINTS];
    struct study_info info;
};

static void study_make(struct study *study)
{
    static const struct study_param param = {"client.timeout", "1s"};

    study->scenario = fake_scenario();
    study->scenario.registry = &fake_registry;
    for (size_t i = 0; i < POINTS; i++)
        study->points[i] = (struct study_point){&study->scenario, &param, 1};
    study->info = (struct study_info){.verb = "sweep",
                                      .argv = "isthmus sweep",
                                      .seed = 7,
                                      .level = 0.95,
                                      .points = study->points,
                                      .point_count = POINTS,
                                      .replications = REPLICATIONS,
                                      .shard = "1/1"};
}

static void execute(sqlite3 *handle, const char *sql)
{
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
}

static sqlite3 *open_file(const char *path)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    return handle;
}

/* Delete all cells but one of each kind, to keep the file small; then remove the constraints. */
static const char thin_sql[] =
    "CREATE TABLE kept AS SELECT min(id) AS id FROM cell JOIN metric ON cell = cell.id"
    " GROUP BY kind, stat;"
    "INSERT INTO kept SELECT min(id) FROM cell JOIN run_series ON cell = cell.id GROUP BY kind;"
    "INSERT INTO kept SELECT min(cell) FROM histogram;"
    "DELETE FROM metric WHERE cell NOT IN kept; DELETE FROM histogram WHERE cell NOT IN kept;"
    "DELETE FROM run_series WHERE cell NOT IN kept; DELETE FROM point_metric WHERE cell NOT IN "
    "kept;"
    "DELETE FROM point_difference WHERE cell NOT IN kept;"
    "DELETE FROM point_histogram WHERE cell NOT IN kept;"
    "DELETE FROM point_series WHERE cell NOT IN kept; DELETE FROM cell WHERE id NOT IN kept;"
    "DROP TABLE kept;"
    "INSERT INTO finding VALUES (1, 0, 'front', 1, 'rto', '', 2, 1.5, 1, 2, 'ns', '');"
    "INSERT INTO resumption VALUES (1, 1, 'isthmus sweep', '0', 'cc', '2026');"
    "PRAGMA writable_schema = ON;"
    "UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT, WITHOUT', 'WITHOUT'), 'STRICT', "
    "'')"
    " WHERE type = 'table';"
    "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'INTEGER NOT NULL', 'INTEGER'),"
    " 'TEXT NOT NULL', 'TEXT'), 'REAL NOT NULL', 'REAL') WHERE type = 'table';"
    "PRAGMA writable_schema = RESET; VACUUM;";

static int make_file(void **state)
{
    struct study study;
    struct diag diag = {0};

    if (make_test_folder(state) != 0 || chdir(test_folder) != 0)
        return -1;
    study_make(&study);
    struct record *record = record_open("whole.db", RECORD_REPLACE, &diag);
    struct result_sink sink = record_sink(record);
    struct judged judged = {0, "rto < 1min", VERDICT_FAILS, true, true, 2, 1, 3, "why"};
    assert_int_equal(sink.begin(sink.self, &study.info), 0);
    for (uint32_t i = 0; i < POINTS * REPLICATIONS; i++) {
        struct fake_run *run =
            fake_run_create(&study.scenario, i / REPLICATIONS, i % REPLICATIONS, i % 2 == 0);
        assert_int_equal(sink.run(sink.self, &run->result), 0);
        fake_run_free(run);
    }
    assert_int_equal(sink.judge(sink.self, &judged), 0);
    assert_int_equal(sink.end(sink.self, false), 0);
    assert_int_equal(record_close(record), 0);
    sqlite3 *handle = open_file("whole.db");
    execute(handle, thin_sql);
    return sqlite3_close(handle) == SQLITE_OK ? 0 : -1;
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

    assert_true(in && out);
    for (size_t size; (size = fread(bytes, 1, sizeof bytes, in)) > 0;)
        assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    fclose(in);
}

/* --- readers --------------------------------------------------------------------------------- */

/* Callbacks of queries: read texts to their end, and check everything that a caller may use as an
 * index. */
struct reader {
    struct results *results;
    struct diag *diag;
    size_t bytes;
};

static void touch(struct reader *reader, const char *text)
{
    reader->bytes += strlen(text);
}

static bool points_are_checked; /* results_study() accepted the study */

static void assert_point(int64_t point)
{
    assert_true(point >= 0 && (point < POINTS || !points_are_checked));
}

static void take_point(void *self, const struct point_row *row)
{
    assert_point(row->number);
    touch(self, row->hash);
    touch(self, row->text);
}

static void take_run(void *self, const struct run_row *row)
{
    assert_point(row->point);
    assert_true(row->replication >= 0 && row->replication <= UINT32_MAX && row->warmup_ns >= 0);
    touch(self, row->version);
}

static void take_param(void *self, int64_t point, const char *path, const char *value)
{
    assert_point(point);
    touch(self, path);
    touch(self, value);
}

static void take_value(void *self, const struct value_row *row)
{
    (void)self;
    assert_true(row->value > -INFINITY); /* INFINITY: censored; not a NaN */
}

static void assert_interval(const struct interval *interval)
{
    assert_true(isfinite(interval->mean) && interval->n > 0);
    assert_true(interval->level > 0 && interval->level < 1);
}

static void take_summary(void *self, const struct summary_row *row)
{
    const char *const texts[] = {row->metric, row->stat,   row->region,
                                 row->label,  row->window, row->unit};

    assert_point(row->point);
    assert_interval(&row->interval);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        touch(self, texts[i]);
}

static void take_outcome(void *self, const struct outcome_row *row)
{
    (void)self;
    assert_point(row->point);
    assert_true(row->stuck <= row->count);
}

static void take_timeline(void *self, const struct timeline_row *row)
{
    assert_point(row->point);
    assert_true(row->t_ns >= 0);
    assert_interval(&row->interval);
    touch(self, row->metric);
}

static void take_incident(void *self, const struct incident_row *row)
{
    int64_t stages_ns[INCIDENT_STAGES];

    assert_point(row->point);
    if (incident_stages(row, stages_ns))
        for (size_t i = 0; i < INCIDENT_STAGES; i++)
            assert_true(stages_ns[i] >= 0);
    touch(self, row->kind);
    touch(self, row->subject);
}

static void take_event(void *self, const struct event_row *row)
{
    assert_point(row->point);
    assert_true(row->t_ns >= 0 && row->number > 0);
    assert_true(row->cause < row->number && row->waited_for < row->number);
    touch(self, row->what);
    touch(self, row->subject);
    touch(self, row->text);
    touch(self, row->cause_text);
}

static void take_expectation(void *self, const struct expectation_row *row)
{
    assert_point(row->point);
    assert_true(isfinite(row->value) && isfinite(row->low) && isfinite(row->high));
    touch(self, row->text);
    touch(self, row->verdict);
    touch(self, row->reason);
}

static void take_finding(void *self, const struct finding_row *row)
{
    assert_true(row->point >= -1);
    touch(self, row->kind);
    touch(self, row->subject);
    touch(self, row->verdict);
    touch(self, row->unit);
    touch(self, row->text);
}

static void take_fault(void *self, const struct fault_row *row)
{
    (void)self;
    assert_true(row->from_ns >= 0 && row->to_ns >= 0);
}

static void take_assumption(void *self, const char *path, const char *value, const char *meaning)
{
    touch(self, path);
    touch(self, value);
    touch(self, meaning);
}

static int read_study(struct reader *reader)
{
    struct results *results = reader->results;
    struct diag *diag = reader->diag;
    struct study_row study;

    points_are_checked = results_study(results, 0, &study, diag) == 0;
    if (!points_are_checked)
        return -1;
    assert_true(study.level > 0 && study.level < 1 && study.point_count <= POINTS);
    assert_true(study.duration_ns >= 0 && study.warmup_ns >= 0 && study.bin_ns >= 0);
    touch(reader, study.argv);
    return results_each_point(results, 0, take_point, reader, diag);
}

/* Each query alone: a damaged one reports one error. */
static int read_rows(struct reader *reader, size_t kind)
{
    static const struct statistic_name name = {"requests", "", "us-west-1", "", "all"};
    struct results *results = reader->results;
    struct diag *diag = reader->diag;
    struct histogram pooled = {0};
    int status;

    switch (kind) {
    case 0:
        return read_study(reader);
    case 1:
        return results_each_run(results, 0, take_run, reader, diag);
    case 2:
        return results_each_param(results, 0, take_param, reader, diag);
    case 3:
        return results_each_value(results, 0, 0, &name, take_value, reader, diag);
    case 4:
        return results_each_summary(results, 0, NULL, take_summary, reader, diag);
    case 5:
        return results_each_outcome(results, 0, take_outcome, reader, diag);
    case 6:
        return results_each_summary_of(results, 0, true, take_summary, reader, diag);
    case 7:
        return results_each_timeline(results, 0, NULL, take_timeline, reader, diag);
    case 8:
        return results_each_incident(results, 0, take_incident, reader, diag);
    case 9:
        return results_each_event(results, 0, -1, take_event, reader, diag);
    case 10:
        return results_each_expectation(results, 0, take_expectation, reader, diag);
    case 11:
        return results_each_finding(results, 0, take_finding, reader, diag);
    case 12:
        return results_each_fault(results, 0, take_fault, reader, diag);
    case 13:
        return results_each_assumption(results, 0, take_assumption, reader, diag);
    default:
        status = results_histogram(results, 0, 0, "login_latency", "us-west-1", NULL, "all",
                                   &pooled, diag);
        histogram_release(&pooled);
        return status;
    }
}
enum { ROW_KINDS = 15 };

/* One error if it failed, none if it succeeded. */
static void assert_reported(struct diag *diag, int status, const char *damage, const char *what)
{
    size_t expected = status == 0 ? 0 : 1;

    if (diag->error_count != expected) {
        diag_print(diag, stderr);
        fail_msg("%s: %s returned %d with %zu errors", damage, what, status, diag->error_count);
    }
    diag_release(diag);
    *diag = (struct diag){0};
}

static void query_all(const char *path, const char *damage)
{
    struct diag diag = {0};
    struct reader reader = {results_open(path, &diag), &diag, 0};

    assert_reported(&diag, reader.results ? 0 : -1, damage, "results_open");
    for (size_t kind = 0; reader.results && kind < ROW_KINDS; kind++) {
        char what[16];
        snprintf(what, sizeof what, "query %zu", kind);
        assert_reported(&diag, read_rows(&reader, kind), damage, what);
    }
    results_close(reader.results);
}

static void merge_it(const char *path, const char *damage)
{
    struct diag diag = {0};
    int status = record_merge("merged.db", &path, 1, &diag);

    assert_reported(&diag, status, damage, "merge");
    unlink("merged.db");
}

/* Recall the recorded runs and write another one. */
static void resume_it(const char *path, const char *damage)
{
    struct study study;
    struct diag diag = {0};
    struct run_result result;
    int status = -1;

    study_make(&study);
    study.info.replications = REPLICATIONS + 1;
    struct record *record = record_open(path, RECORD_RESUME_MIXED, &diag);
    if (record) {
        struct result_sink sink = record_sink(record);
        status = sink.begin(sink.self, &study.info);
        for (uint32_t i = 0; status >= 0 && i < POINTS * REPLICATIONS; i++)
            status = sink.recall(sink.self, i / REPLICATIONS, i % REPLICATIONS, &result);
        if (status >= 0) {
            struct fake_run *run = fake_run_create(&study.scenario, 1, REPLICATIONS, true);
            status = sink.run(sink.self, &run->result);
            fake_run_free(run);
        }
        if (status >= 0)
            status = sink.end(sink.self, false);
        status = record_close(record) == 0 && status >= 0 ? 0 : -1;
    }
    assert_reported(&diag, status, damage, "resume");
}

/* --- damage --------------------------------------------------------------------------------- */

struct column {
    char table[64], name[64];
};
struct column_list {
    struct column items[300];
    size_t count;
};

static int add_column(void *self, int count, char **texts, char **names)
{
    struct column_list *list = self;
    struct column *column = &list->items[list->count++];

    (void)count;
    (void)names;
    assert_true(list->count < sizeof list->items / sizeof list->items[0]);
    snprintf(column->table, sizeof column->table, "%s", texts[0]);
    snprintf(column->name, sizeof column->name, "%s", texts[1]);
    return 0;
}

/* False if the statement changes nothing or violates a key. */
static bool damage_column(const char *path, const char *sql)
{
    sqlite3 *handle = open_file(path);

    execute(handle, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF");
    int code = sqlite3_exec(handle, sql, NULL, NULL, NULL);
    bool changed = code == SQLITE_OK && sqlite3_changes(handle) > 0;
    sqlite3_close(handle);
    return changed;
}

static void damaged_files_are_read_or_rejected(void **state)
{
    static struct column_list columns;
    bool all = getenv("ISTHMUS_LONG") != NULL;
    size_t done = 0;

    (void)state;
    sqlite3 *handle = open_file("whole.db");
    assert_int_equal(
        sqlite3_exec(
            handle,
            "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c"
            " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND c.hidden = 0",
            add_column, &columns, NULL),
        SQLITE_OK);
    sqlite3_close(handle);
    assert_true(columns.count > 120);
    for (size_t i = 0; i < columns.count * VALUES * 2; i++) {
        const struct column *column = &columns.items[i / VALUES / 2];
        bool one = i % 2 == 0;
        char sql[600];

        /* By default each column gets one value: the values in turn, in one row or in all. */
        size_t number = i / VALUES / 2;
        if (!all && (i / 2 % VALUES != number * 7 % VALUES || one != (number / VALUES % 2 == 0)))
            continue;
        snprintf(sql, sizeof sql, "UPDATE %s%s SET \"%s\" = %s", one ? "" : "OR IGNORE ",
                 column->table, column->name, values[i / 2 % VALUES]);
        if (one)
            snprintf(sql + strlen(sql), sizeof sql - strlen(sql),
                     " WHERE \"%s\" IS (SELECT \"%s\" FROM %s LIMIT 1)", column->name, column->name,
                     column->table);
        copy_file("whole.db", "damaged.db");
        if (!damage_column("damaged.db", sql))
            continue;
        alarm(HANG_S);
        query_all("damaged.db", sql);
        merge_it("damaged.db", sql);
        resume_it("damaged.db", sql);
        alarm(0);
        done++;
    }
    print_message("%zu damaged files, %zu columns\n", done, columns.count);
}

/* Every reader accepts an undamaged file; otherwise the test above would prove nothing. */
static void an_undamaged_file_is_read(void **state)
{
    struct diag diag = {0};
    const char *path = "whole.db";
    struct reader reader = {results_open(path, &diag), &diag, 0};

    (void)state;
    for (size_t kind = 0; kind < ROW_KINDS; kind++)
        assert_int_equal(read_rows(&reader, kind), 0);
    assert_true(reader.bytes > 1000);
    results_close(reader.results);
    assert_int_equal(record_merge("merged.db", &path, 1, &diag), 0);
    copy_file("whole.db", "damaged.db");
    resume_it("damaged.db", "no damage");
    sqlite3 *handle = open_file("damaged.db");
    sqlite3_stmt *statement;
    sqlite3_prepare_v2(handle, "SELECT count(*) FROM run", -1, &statement, NULL);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), POINTS * REPLICATIONS + 1);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_undamaged_file_is_read),
        cmocka_unit_test(damaged_files_are_read_or_rejected),
    };

    return cmocka_run_group_tests(tests, make_file, remove_test_folder);
}
