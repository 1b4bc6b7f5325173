// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record_rig.h"

#include "finding.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static void change(const char *path, const char *sql)
{
    sqlite3 *handle;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* --- claims ---------------------------------------------------------------------------------- */

static void record_writes_a_complete_study(void **state)
{
    (void)state;
    char *path = in_folder("deep/er/whole.db");
    assert_int_equal(write_fake(path, false, 2, 4, 3), 0);
    assert_int_equal(ask(path, "PRAGMA application_id"), RECORD_APPLICATION_ID);
    assert_int_equal(ask(path, "PRAGMA user_version"), RECORD_VERSION);
    assert_int_equal(ask(path, "SELECT complete FROM study WHERE seed = '18446744073709551615'"),
                     1);
    assert_int_equal(ask(path, "SELECT count(*) FROM run WHERE digest LIKE 'fedcba98765432%'"), 8);
    assert_int_equal(ask(path, "SELECT count(*) FROM point_param WHERE path = 'client.timeout'"),
                     2);
    assert_int_equal(ask(path, "SELECT count(*) FROM scenario_text"), 1);
    assert_int_equal(ask(path, "SELECT count(*) FROM incident WHERE restored_ns IS NULL"), 2);
    assert_int_equal(ask(path, "SELECT count(*) FROM event"), 48);
    assert_int_equal(ask(path, "SELECT count(*) FROM fault WHERE from_ns = 600000000000"), 2);
    assert_int_equal(ask(path, "SELECT count(*) FROM assumption"), 2);
    assert_int_equal(ask(path, "SELECT count(*) FROM expectation WHERE value IS NULL"), 1);
    assert_int_equal(ask(path, "SELECT sum(count) FROM histogram_bin"),
                     ask(path, "SELECT sum(count) FROM histogram"));
    assert_int_equal(ask(path, "SELECT max(n) FROM student_t"), 4);
    assert_int_equal(ask(path, "SELECT count(*) FROM event WHERE cause = number - 1"), 32);
    assert_int_equal(ask(path, "SELECT count(*) FROM expectation WHERE reason LIKE '%no outage'"),
                     1);
    /* One file remains, and the bins without writes are absent rather than NaN. */
    assert_int_equal(access(in_folder("deep/er/whole.db-wal"), F_OK), -1);
    assert_int_equal(
        ask(path,
            "SELECT count(*) FROM series JOIN cell ON id = cell WHERE name = 'write_timeout_rate'"),
        8 * 3 * (FAKE_BINS - 1));
    assert_int_equal(ask(path, "SELECT sum(n) FROM timeline WHERE metric = 'write_timeout_rate'"),
                     8 * 3 * (FAKE_BINS - 1));
    assert_int_equal(ask(path, "SELECT count(*) = 0 FROM pragma_foreign_key_check"), 1);
}

static void record_appends_or_replaces(void **state)
{
    (void)state;
    char *path = in_folder("append.db");
    assert_int_equal(write_fake(path, false, 1, 2, 2), 0);
    assert_int_equal(write_fake(path, false, 1, 3, 3), 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM study"), 2);
    assert_int_equal(ask(path, "SELECT count(*) FROM run"), 5);
    assert_int_equal(write_fake(path, true, 1, 2, 2), 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM study"), 1);
    assert_int_equal(ask(path, "SELECT count(*) FROM run"), 2);
    assert_int_equal(
        ask(path, "SELECT count(*) = 0 FROM pragma_freelist_count WHERE freelist_count > 0"), 1);
    assert_int_equal(ask(path, "SELECT count(*) = 0 FROM pragma_foreign_key_check"), 1);
}

static void replacing_deletes_nothing_before_a_study_begins(void **state)
{
    (void)state;
    char *path = in_folder("keep.db");
    assert_int_equal(write_fake(path, false, 1, 2, 2), 0);
    struct diag diag = {0};
    struct record *record = record_open(path, RECORD_REPLACE, &diag);
    assert_non_null(record);
    assert_int_equal(record_close(record), 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM run"), 2);
}

static void a_new_file_without_a_study_is_removed(void **state)
{
    (void)state;
    char *path = in_folder("none.db");
    struct diag diag = {0};
    struct record *record = record_open(path, RECORD_APPEND, &diag);
    assert_non_null(record);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(record_close(record), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_killed_study_keeps_its_completed_runs(void **state)
{
    (void)state;
    char *path = in_folder("killed.db");
    struct diag diag = {0};
    struct record *record = record_open(path, RECORD_APPEND, &diag);
    struct result_sink sink = record_sink(record);
    struct scenario scenario = fake_scenario();
    struct study_point point = {&scenario, NULL, 0};
    struct study_info info = {.verb = "run",
                              .argv = "isthmus run",
                              .seed = 7,
                              .level = 0.95,
                              .points = &point,
                              .point_count = 1,
                              .replications = 5};
    assert_int_equal(sink.begin(sink.self, &info), 0);
    for (uint32_t i = 0; i < 2; i++) {
        struct fake_run *run = fake_run_create(&scenario, 0, i, true);
        assert_int_equal(sink.run(sink.self, &run->result), 0);
        fake_run_free(run);
    }
    /* What a kill leaves: the file and its WAL, copied while the writer has them open. */
    char command[1200];
    snprintf(command, sizeof(command), "cp %s %s2 && cp %s-wal %s2-wal", path, path, path, path);
    assert_int_equal(system(command), 0);
    char *copy = in_folder("killed.db2");
    assert_int_equal(write_fake(copy, false, 1, 1, 1), 0);
    assert_int_equal(
        ask(copy, "SELECT count(*) FROM run JOIN point ON point.id = run.point WHERE study = 1"),
        2);
    assert_int_equal(ask(copy, "SELECT complete FROM study WHERE id = 1"), 0);
    assert_int_equal(record_study_id(record), 1);
    assert_int_equal(record_close(record), 0);
}

/* --- resuming ------------------------------------------------------------------------------- */

static const struct model_ops fake_ops = {METRIC_TABLE(fake_metrics)};
static const struct model_ops *const fake_models[] = {&fake_ops};
static const struct registry fake_registry = {fake_models, 1};

/* The identity of a study; a test changes one part of it. */
struct known {
    struct scenario scenario;
    struct study_point points[2];
    struct study_info info;
};

static void known_make(struct known *known)
{
    known->scenario = fake_scenario();
    known->scenario.registry = &fake_registry;
    known->scenario.resolved = (char *)"name: fake\nreplications: 4\nclient:\n  timeout: 1s\n";
    for (size_t i = 0; i < 2; i++)
        known->points[i] = (struct study_point){&known->scenario, NULL, 0};
    known->info = (struct study_info){.verb = "sweep",
                                      .argv = "isthmus sweep",
                                      .seed = 7,
                                      .level = 0.95,
                                      .points = known->points,
                                      .point_count = 2,
                                      .replications = 4};
}

/* Begin the study in `path`; `diag` receives the errors. */
static struct record *go_on(const char *path, const struct known *known, enum record_mode mode,
                            struct diag *diag)
{
    struct record *record = record_open(path, mode, diag);
    assert_non_null(record);
    struct result_sink sink = record_sink(record);
    assert_int_equal(sink.recall != NULL, mode >= RECORD_RESUME);
    if (sink.begin(sink.self, &known->info) == 0)
        return record;
    record_close(record);
    return NULL;
}

static void add_runs(struct record *record, const struct known *known, uint32_t point,
                     uint32_t from, uint32_t to)
{
    struct result_sink sink = record_sink(record);
    for (uint32_t i = from; i < to; i++) {
        struct fake_run *run = fake_run_create(&known->scenario, point, i, true);
        assert_int_equal(sink.run(sink.self, &run->result), 0);
        fake_run_free(run);
    }
}

static void a_study_resumes_and_recalls_its_runs(void **state)
{
    (void)state;
    char *path = in_folder("resumed.db");
    struct diag diag = {0};
    struct known known;
    known_make(&known);
    /* Without a file the study begins; then it is stopped, with a verdict. */
    struct record *record = go_on(path, &known, RECORD_RESUME, &diag);
    struct result_sink sink = record_sink(record);
    struct judged judged = {0,   "reauth_rate < 1%", VERDICT_UNDECIDED, true, false, 0.01, 0, 0,
                            NULL};
    add_runs(record, &known, 0, 0, 3);
    assert_int_equal(sink.judge(sink.self, &judged), 0);
    assert_int_equal(sink.end(sink.self, true), 0);
    assert_int_equal(record_close(record), 0);

    record = go_on(path, &known, RECORD_RESUME, &diag);
    sink = record_sink(record);
    struct run_result result;
    struct fake_run *run = fake_run_create(&known.scenario, 0, 2, true);
    assert_int_equal(sink.recall(sink.self, 0, 2, &result), 1);
    assert_int_equal(result.digest, run->result.digest);
    assert_int_equal(result.event_count, run->result.event_count);
    assert_int_equal(result.warmup, run->result.warmup);
    assert_int_equal(result.statistics->statistic_count, run->statistics.statistic_count);
    for (size_t i = 0; i < run->statistics.statistic_count; i++) {
        const struct statistic *is = &result.statistics->statistics[i],
                               *was = &run->statistic_rows[i];
        assert_ptr_equal(is->metric, was->metric);
        assert_int_equal(is->region, was->region);
        assert_string_equal(is->window, was->window);
        assert_true(was->stat ? is->stat && strcmp(is->stat, was->stat) == 0 : !is->stat);
        assert_true(was->label ? is->label && strcmp(is->label, was->label) == 0 : !is->label);
        assert_memory_equal(&is->value, &was->value, sizeof(double));
    }
    fake_run_free(run);
    assert_int_equal(sink.recall(sink.self, 0, 3, &result), 0);
    assert_int_equal(sink.recall(sink.self, 1, 0, &result), 0);
    add_runs(record, &known, 0, 3, 4);
    add_runs(record, &known, 1, 0, 4);
    assert_int_equal(sink.judge(sink.self, &judged), 0);
    assert_int_equal(sink.end(sink.self, false), 0);
    assert_int_equal(record_close(record), 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM study WHERE complete"), 1);
    assert_int_equal(ask(path, "SELECT count(*) FROM point"), 2);
    assert_int_equal(ask(path, "SELECT count(*) FROM run"), 8);
    assert_int_equal(ask(path, "SELECT count(*) FROM expectation"), 1);
    assert_int_equal(ask(path, "SELECT count(*) FROM resumption"), 1);
}

static void another_study_is_not_resumed(void **state)
{
    (void)state;
    char *path = in_folder("another.db");
    struct diag diag = {0};
    struct known known;
    known_make(&known);
    struct record *record = go_on(path, &known, RECORD_RESUME, &diag);
    add_runs(record, &known, 0, 0, 1);
    assert_int_equal(record_close(record), 0);
#define REFUSED(change, message)                                                                   \
    do {                                                                                           \
        known_make(&known);                                                                        \
        change;                                                                                    \
        assert_null(go_on(path, &known, RECORD_RESUME, &diag));                                    \
        assert_says(&diag, "error: cannot resume '@': its newest study " message, path);           \
    } while (0)
    REFUSED(known.info.verb = "run", "is a 'sweep' study, not a 'run' study");
    REFUSED(known.info.seed = 8, "has seed 7, this one has 8");
    REFUSED(known.info.level = 0.99, "has level 0.95, this one has 0.99");
    REFUSED(known.info.settings = "precision 5%", "has settings 'none', this one 'precision 5%'");
    REFUSED(known.info.shard = "1/2", "is shard none, this one is shard 1/2");
    REFUSED(known.info.point_count = 1, "has 2 points, this one has 1");
    REFUSED(known.info.replications = 3,
            "has 4 replications, and 3 would be fewer; replications can be added, not removed");
#undef REFUSED
    known_make(&known);
    known.scenario.resolved = (char *)"name: fake\nreplications: 4\nclient:\n  timeout: 2s\n";
    assert_null(go_on(path, &known, RECORD_RESUME, &diag));
    assert_says(&diag,
                "error: cannot resume '@': point 0 of its newest study is another scenario: "
                "'timeout: 1s' in the file, 'timeout: 2s' here",
                path);
    assert_int_equal(ask(path, "SELECT count(*) FROM study"), 1);
    assert_int_equal(ask(path, "SELECT count(*) FROM resumption"), 0);
}

static void more_replications_may_be_added(void **state)
{
    (void)state;
    char *path = in_folder("more.db");
    struct diag diag = {0};
    struct known known;
    known_make(&known);
    struct record *record = go_on(path, &known, RECORD_RESUME, &diag);
    add_runs(record, &known, 0, 0, 1);
    assert_int_equal(record_close(record), 0);
    known.scenario.resolved = (char *)"name: fake\nreplications: 40\nclient:\n  timeout: 1s\n";
    known.scenario.hash = 99;
    known.info.replications = 40;
    record = go_on(path, &known, RECORD_RESUME, &diag);
    assert_non_null(record);
    assert_int_equal(record_close(record), 0);
    assert_int_equal(ask(path, "SELECT replication_count FROM study"), 40);
    assert_int_equal(ask(path, "SELECT count(*) FROM point JOIN scenario_text"
                               " ON hash = scenario_hash WHERE hash = '0000000000000063'"
                               " AND text LIKE '%replications: 40%'"),
                     2);
}

static void versions_are_mixed_only_on_request(void **state)
{
    (void)state;
    char *path = in_folder("versions.db");
    struct diag diag = {0};
    struct known known;
    known_make(&known);
    struct record *record = go_on(path, &known, RECORD_RESUME, &diag);
    add_runs(record, &known, 0, 0, 2);
    assert_int_equal(record_close(record), 0);
    sqlite3 *handle;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "UPDATE run SET version = '0.0.9+old'", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(handle);
    assert_null(go_on(path, &known, RECORD_RESUME, &diag));
    char *text = diag_text(&diag);
    assert_non_null(strstr(text, "version 0.0.9+old made 2 of its runs, and this is "));
    assert_non_null(strstr(text, "use '--resume=mixed-versions' to continue and record both"));
    free(text);
    diag_release(&diag);
    record = go_on(path, &known, RECORD_RESUME_MIXED, &diag);
    assert_non_null(record);
    add_runs(record, &known, 0, 2, 3);
    assert_int_equal(record_close(record), 0);
    assert_int_equal(ask(path, "SELECT count(DISTINCT version) FROM run"), 2);
    assert_int_equal(ask(path, "SELECT count(*) FROM resumption"), 1);
}

static void points_may_come_later(void **state)
{
    (void)state;
    char *path = in_folder("later.db");
    struct diag diag = {0};
    struct record *record = record_open(path, RECORD_APPEND, &diag);
    struct result_sink sink = record_sink(record);
    struct scenario scenario = fake_scenario();
    struct study_param param = {"client.timeout", "700ms"};
    struct study_point first = {&scenario, NULL, 0}, later = {&scenario, &param, 1};
    struct study_info info = {.verb = "capacity",
                              .argv = "isthmus capacity",
                              .seed = 7,
                              .level = 0.95,
                              .points = &first,
                              .point_count = 1,
                              .replications = 5};
    assert_int_equal(sink.begin(sink.self, &info), 0);
    for (uint32_t i = 0; i < 40; i++) {
        if (i > 0)
            assert_int_equal(sink.point(sink.self, i, &later), 0);
        struct fake_run *run = fake_run_create(&scenario, i, 3, true);
        assert_int_equal(sink.run(sink.self, &run->result), 0);
        fake_run_free(run);
    }
    assert_int_equal(sink.end(sink.self, false), 0);
    assert_int_equal(record_close(record), 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM run JOIN point ON point.id = run.point"
                               " WHERE run.id - 1 = number"),
                     40);
    assert_int_equal(ask(path, "SELECT count(*) FROM point_param JOIN point ON point.id = point"
                               " WHERE number BETWEEN 1 AND 39 AND value = '700ms'"),
                     39);
}

/* Findings are stored with their study; new ones replace the earlier ones. */
static void findings_are_stored(void **state)
{
    (void)state;
    char *path = in_folder("findings.db");
    struct diag diag = {0};
    struct record *record = record_open(path, RECORD_REPLACE, &diag);
    assert_non_null(record);
    assert_int_equal(fake_study(record_sink(record), 2, 2, 2), 0);
    struct finding_list list = {0};
    struct finding finding = {.kind = "compare",
                              .point = 1,
                              .subject = (char *)"reauth_rate",
                              .verdict = (char *)"worse",
                              .unit = UNIT_SHARE,
                              .interval = {true, 2, 0.95, 0.25, 0.125, 0.375}};
    finding_add(&list, &finding, "p %g", 0.5);
    finding.point = -1;
    finding.kind = "capacity";
    finding.interval = (struct interval){.n = 0};
    finding_add(&list, &finding, "%s", "");
    assert_int_equal(record_findings(record, &list), 0);
    assert_int_equal(record_findings(record, &list), 0);
    finding_list_release(&list);
    assert_int_equal(record_close(record), 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM finding"), 2);
    assert_int_equal(ask(path, "SELECT point = 1 AND verdict = 'worse' AND n = 2 AND value = 0.25"
                               " AND low = 0.125 AND high = 0.375 AND unit = 'share'"
                               " AND text = 'p 0.5' FROM finding WHERE number = 0"),
                     1);
    assert_int_equal(ask(path, "SELECT point IS NULL AND value IS NULL AND low IS NULL"
                               " FROM finding WHERE number = 1"),
                     1);
}

/* A study that replaces another one, and gets its id, has none of its findings. */
static void findings_are_deleted_with_their_study(void **state)
{
    (void)state;
    char *path = in_folder("findings.db");
    change(path,
           "INSERT OR IGNORE INTO finding (study, number, kind, subject, verdict, n, unit, text)"
           " VALUES (1, 0, 'check', 'rto', 'worse', 2, 'ns', '')");
    assert_int_equal(ask(path, "SELECT count(*) > 0 FROM finding"), 1);
    assert_int_equal(write_fake(path, true, 1, 2, 2), 0);
    assert_int_equal(ask(path, "SELECT id FROM study"), 1);
    assert_int_equal(ask(path, "SELECT count(*) FROM finding"), 0);
}

/* Write two runs into a new file, the first one optionally without its first statistic, series and
 * histogram. `meanwhile` is called between them, as another program. */
static void write_two_runs(const char *path, bool first_lacks, const char *meanwhile)
{
    struct diag diag = {0};
    struct record *record = record_open(path, RECORD_APPEND, &diag);
    assert_non_null(record);
    struct result_sink sink = record_sink(record);
    struct scenario scenario = fake_scenario();
    struct study_point point = {&scenario, NULL, 0};
    struct study_info info = {.verb = "run",
                              .argv = "isthmus run",
                              .seed = 7,
                              .level = 0.95,
                              .points = &point,
                              .point_count = 1,
                              .replications = 2};
    assert_int_equal(sink.begin(sink.self, &info), 0);
    for (uint32_t i = 0; i < 2; i++) {
        struct fake_run *run = fake_run_create(&scenario, 0, i, true);
        struct statistics statistics = run->statistics;
        if (i == 0 && first_lacks) {
            statistics.statistics++, statistics.statistic_count--;
            statistics.series++, statistics.series_count--;
            statistics.histograms++, statistics.histogram_count--;
        }
        run->result.statistics = &statistics;
        assert_int_equal(sink.run(sink.self, &run->result), 0);
        fake_run_free(run);
        if (i == 0 && meanwhile != NULL)
            change(path, meanwhile);
    }
    assert_int_equal(sink.end(sink.self, false), 0);
    assert_int_equal(record_close(record), 0);
    assert_int_equal(diag.count, 0);
}

/* Number of rows of the second run that only one of two files has, cells compared by name; `rest`
 * follows "SELECT names, " for a table. */
static int64_t rows_apart(const char *path, const char *other, const char *rest)
{
    char sql[2000];
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM (SELECT name, stat, region, label_name, label, \"window\", unit,"
             " %s JOIN cell ON id = cell WHERE run = 2)",
             rest);
    assert_true(ask(path, sql) > 25); /* the difference of empty sets would prove nothing */
    assert_int_equal(ask(path, sql), ask(other, sql));
    sqlite3 *handle;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    snprintf(sql, sizeof(sql), "ATTACH '%s' AS other", other);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    const char *table = strstr(rest, "FROM ") + 5;
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM (SELECT name, stat, region, label_name, label, \"window\", unit,"
             " %s JOIN main.cell ON id = cell WHERE run = 2 EXCEPT"
             " SELECT name, stat, region, label_name, label, \"window\", unit,"
             " %.*sother.%s JOIN other.cell ON id = cell WHERE run = 2)",
             rest, (int)(table - rest), rest, table);
    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return count;
}

/* Statistics that the first run lacked get higher ids than those that follow them in the second:
 * the rows are in another order, and equal. */
static void statistics_may_appear_in_a_later_run(void **state)
{
    (void)state;
    char *whole = in_folder("whole_runs.db");
    char *late = in_folder("late.db");
    write_two_runs(whole, false, NULL);
    write_two_runs(late, true, NULL);
    assert_int_equal(ask(late, "SELECT count(*) FROM cell"),
                     ask(whole, "SELECT count(*) FROM cell"));
    /* One series and one histogram; the statistic may no longer be the smallest cell of its kind.
     */
    assert_int_equal(ask(late, "SELECT (SELECT count(*) FROM run_series WHERE run = 2)"
                               " - (SELECT count(*) FROM run_series WHERE run = 1)"),
                     1);
    assert_int_equal(rows_apart(late, whole, "value, numerator, denominator FROM metric"), 0);
    assert_int_equal(rows_apart(late, whole, "bins FROM run_series"), 0);
    assert_int_equal(rows_apart(late, whole, "count, bins FROM histogram"), 0);
    assert_int_equal(ask(late, "SELECT count(*) = 0 FROM pragma_foreign_key_check"), 1);
}

/* Ids of cells are cached between runs, but not after another program changed them. */
static void cells_changed_by_another_program_are_looked_up_again(void **state)
{
    (void)state;
    char *whole = in_folder("whole_runs.db");
    char *path = in_folder("renumbered.db");
    write_two_runs(path, false,
                   "UPDATE cell SET id = -id; UPDATE cell SET id = 2000 + id;"
                   "DELETE FROM run_series; DELETE FROM metric; DELETE FROM histogram;"
                   "DELETE FROM point_metric; DELETE FROM point_series;"
                   "DELETE FROM point_histogram");
    assert_int_equal(ask(path, "SELECT count(*) = 0 FROM pragma_foreign_key_check"), 1);
    assert_int_equal(rows_apart(path, whole, "value, numerator, denominator FROM metric"), 0);
    assert_int_equal(rows_apart(path, whole, "bins FROM run_series"), 0);
    assert_int_equal(rows_apart(path, whole, "count, bins FROM histogram"), 0);
}

static void infinite_statistics_are_omitted_with_a_warning(void **state)
{
    (void)state;
    char *path = in_folder("infinite.db");
    struct diag diag = {0};
    struct record *record = record_open(path, RECORD_APPEND, &diag);
    struct result_sink sink = record_sink(record);
    struct scenario scenario = fake_scenario();
    struct study_point point = {&scenario, NULL, 0};
    struct study_info info = {.verb = "run",
                              .argv = "isthmus run",
                              .seed = 7,
                              .level = 0.95,
                              .points = &point,
                              .point_count = 1,
                              .replications = 1};
    assert_int_equal(sink.begin(sink.self, &info), 0);
    struct fake_run *run = fake_run_create(&scenario, 0, 0, true);
    run->statistic_rows[0].value = INFINITY;
    assert_int_equal(sink.run(sink.self, &run->result), 0);
    fake_run_free(run);
    assert_int_equal(sink.end(sink.self, true), 0);
    assert_int_equal(record_close(record), 0);
    assert_says(&diag,
                "warning: metric 'requests' of point 0, replication 0 is not a finite number and "
                "was omitted",
                path);
    assert_int_equal(ask(path, "SELECT complete FROM study"), 0);
}

static void record_rejects_files_of_other_programs_and_versions(void **state)
{
    (void)state;
    char *path = in_folder("letter.txt");
    write_text(path, "Dear all,\n");
    assert_refused(path, "error: '@' is not a results database: it is not an SQLite file");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 10);

    path = in_folder("other.db");
    change(path, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    assert_refused(path,
                   "error: '@' is not a results database: it is another program's SQLite file");
    assert_int_equal(ask(path, "SELECT a FROM t"), 1);

    path = in_folder("newer.db");
    assert_int_equal(write_fake(path, false, 1, 1, 1), 0);
    change(path, "PRAGMA user_version = 5");
    assert_refused(path, "error: results database '@' is of version 5, newer than this program's 4:"
                         " use a newer isthmus");
    change(path, "PRAGMA user_version = 2");
    assert_refused(path, "error: results database '@' is of version 2, older than this program's 4:"
                         " use the isthmus that wrote it, or repeat the study from its scenario"
                         " and seed");
    assert_int_equal(ask(path, "SELECT count(*) FROM run"), 1);
}

static void record_rejects_paths_where_no_file_can_be(void **state)
{
    (void)state;
    assert_refused("", "error: a results database needs a name");
    assert_refused(test_folder, "error: cannot open results database '@': it is a folder");
    assert_refused("/dev/full",
                   "error: cannot open results database '@': it is not a regular file");
    char *path = in_folder("file");
    write_text(path, "x");
    struct diag diag = {0};
    assert_null(record_open(in_folder("file/below/a.db"), RECORD_APPEND, &diag));
    assert_says(&diag, "error: cannot create folder '@': Not a directory", path);
    assert_refused("/proc/nowhere.db",
                   "error: cannot create results database '@': No such file or directory");
}

static void record_rejects_a_damaged_file(void **state)
{
    (void)state;
    char *path = in_folder("damaged.db");
    assert_int_equal(write_fake(path, false, 1, 1, 1), 0);
    assert_int_equal(truncate(path, 5000), 0);
    assert_refused(path,
                   "error: results database '@' is damaged: database disk image is malformed");
}

static void record_names_missing_permission(void **state)
{
    (void)state;
    char *path = in_folder("mine.db");
    assert_int_equal(write_fake(path, false, 1, 1, 1), 0);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(mkdir(in_folder("locked"), 0555), 0);
    assert_int_equal(chmod(test_folder, 0755), 0);
    /* Root may write anywhere: drop its privileges for a while. */
    bool root = geteuid() == 0;
    assert_true(!root || seteuid(65534) == 0);
    assert_refused(path, "error: cannot write results database '@': it is read-only");
    assert_refused(in_folder("locked/a.db"),
                   "error: cannot create results database '@': Permission denied");
    struct diag diag = {0};
    assert_null(record_open(in_folder("locked/below/a.db"), RECORD_APPEND, &diag));
    assert_says(&diag, "error: cannot create folder '@': Permission denied",
                in_folder("locked/below"));
    assert_true(!root || seteuid(0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_writes_a_complete_study),
        cmocka_unit_test(record_appends_or_replaces),
        cmocka_unit_test(replacing_deletes_nothing_before_a_study_begins),
        cmocka_unit_test(a_new_file_without_a_study_is_removed),
        cmocka_unit_test(a_killed_study_keeps_its_completed_runs),
        cmocka_unit_test(points_may_come_later),
        cmocka_unit_test(a_study_resumes_and_recalls_its_runs),
        cmocka_unit_test(another_study_is_not_resumed),
        cmocka_unit_test(more_replications_may_be_added),
        cmocka_unit_test(versions_are_mixed_only_on_request),
        cmocka_unit_test(findings_are_stored),
        cmocka_unit_test(findings_are_deleted_with_their_study),
        cmocka_unit_test(statistics_may_appear_in_a_later_run),
        cmocka_unit_test(cells_changed_by_another_program_are_looked_up_again),
        cmocka_unit_test(infinite_statistics_are_omitted_with_a_warning),
        cmocka_unit_test(record_rejects_files_of_other_programs_and_versions),
        cmocka_unit_test(record_rejects_paths_where_no_file_can_be),
        cmocka_unit_test(record_rejects_a_damaged_file),
        cmocka_unit_test(record_names_missing_permission),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
