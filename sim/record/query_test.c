// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_study.h"

#include "query.h"
#include "record.h"
#include "strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assert_close.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_PATH "query_test.db" /* in a folder of the test's own */

struct fixture {
    struct results *results;
    struct diag diag;
    sqlite3 *sql;
    size_t row_count, interval_count;
    char text[256];
    const char *folder;
};

static int set_up(void **state)
{
    struct fixture *fixture = mem_zalloc(1, sizeof(*fixture));
    *state = fixture;
    static char folder[] = "/tmp/query_test_XXXXXX";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return -1;
    fixture->folder = folder;
    struct record *record = record_open(FILE_PATH, RECORD_APPEND, &fixture->diag);
    if (record == NULL || fake_study(record_sink(record), 1, 1, 1) != 0 ||
        fake_study(record_sink(record), 3, 5, 3) != 0 || record_close(record) != 0)
        return -1;
    fixture->results = results_open(FILE_PATH, &fixture->diag);
    return fixture->results != NULL && sqlite3_open(FILE_PATH, &fixture->sql) == SQLITE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    const char *folder = fixture->folder;
    results_close(fixture->results);
    sqlite3_close(fixture->sql);
    diag_release(&fixture->diag);
    free(fixture);
    unlink(FILE_PATH);
    return rmdir(folder);
}

static void results_study_reads_the_newest_or_the_given_id(void **state)
{
    struct fixture *fixture = *state;
    struct study_row row;
    assert_int_equal(results_study(fixture->results, 0, &row, &fixture->diag), 0);
    assert_int_equal(row.id, 2);
    assert_string_equal(row.verb, "sweep");
    assert_string_equal(row.scenario_name, "fake-outage");
    assert_true(row.seed == UINT64_MAX);
    assert_int_equal(row.point_count, 3);
    assert_int_equal(row.run_count, 15);
    assert_int_equal(row.duration_ns, FAKE_END);
    assert_int_equal(row.warmup_ns, FAKE_WARMUP);
    assert_int_equal(row.bin_ns, FAKE_BIN);
    assert_true(row.complete);
    assert_int_equal(strlen(row.started), strlen("2026-02-03T04:05:06Z"));
    assert_int_equal(results_study(fixture->results, 1, &row, &fixture->diag), 0);
    assert_int_equal(row.run_count, 1);
    struct diag diag = {0};
    assert_int_equal(results_study(fixture->results, 9, &row, &diag), -1);
    char *said = diag_text(&diag);
    assert_string_equal(said, "error: results database '" FILE_PATH "' contains no study 9\n");
    free(said);
    diag_release(&diag);
}

static void assert_interval(const struct interval *interval, sqlite3_stmt *find, int mean, int low)
{
    assert_int_equal(sqlite3_step(find), SQLITE_ROW);
    assert_close(interval->mean, sqlite3_column_double(find, mean), 1e-9);
    if (interval->valid) {
        assert_close(interval->low, sqlite3_column_double(find, low), 1e-9);
        assert_close(interval->high, sqlite3_column_double(find, low + 1), 1e-9);
    } else {
        assert_int_equal(sqlite3_column_type(find, low), SQLITE_NULL);
    }
    sqlite3_reset(find);
}

/* Look up a row of a view by its key. */
static sqlite3_stmt *look_up(struct fixture *fixture, const char *columns, const char *view,
                             const char *metric, const char *stat, const char *region,
                             const char *label, const char *window)
{
    struct strbuf sql = STRBUF_INIT;
    strbuf_addf(&sql,
                "SELECT %s FROM temp.%s WHERE metric = '%s' AND region = '%s' AND labels = '%s%s'",
                columns, view, metric, region, label[0] != '\0' ? "cause=" : "", label);
    if (stat != NULL)
        strbuf_addf(&sql, " AND stat = '%s' AND window = '%s'", stat, window);
    strbuf_add(&sql, " AND point = ?1 AND (?2 IS NULL OR t_ns = ?2)");
    sqlite3_stmt *find;
    if (sqlite3_prepare_v2(fixture->sql, sql.text, -1, &find, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql.text, sqlite3_errmsg(fixture->sql));
    strbuf_release(&sql);
    return find;
}

static void change(struct fixture *fixture, const char *sql)
{
    if (sqlite3_exec(fixture->sql, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(fixture->sql));
}

static void check_summary(void *self, const struct summary_row *row)
{
    struct fixture *fixture = self;
    fixture->row_count++;
    fixture->interval_count += row->interval.valid;
    sqlite3_stmt *find = look_up(fixture, "mean, low, high", "s", row->metric, row->stat,
                                 row->region, row->label, row->window);
    sqlite3_bind_int64(find, 1, row->point);
    assert_interval(&row->interval, find, 0, 1);
    sqlite3_finalize(find);
}

static void view_summary_agrees_with_the_intervals_of_c(void **state)
{
    struct fixture *fixture = *state;
    change(fixture, "CREATE TEMP TABLE s AS SELECT *, 0 AS t_ns FROM summary WHERE study = 2;"
                    "CREATE INDEX temp.s_key ON s (metric, region)");
    fixture->row_count = fixture->interval_count = 0;
    assert_int_equal(
        results_each_summary(fixture->results, 2, NULL, check_summary, fixture, &fixture->diag), 0);
    assert_true(fixture->row_count > 500);
    assert_int_equal(fixture->interval_count, fixture->row_count);
    /* One run has means and no intervals. */
    change(fixture, "DELETE FROM s; INSERT INTO s SELECT *, 0 FROM summary WHERE study = 1");
    fixture->interval_count = 0;
    assert_int_equal(results_each_summary(fixture->results, 1, "requests", check_summary, fixture,
                                          &fixture->diag),
                     0);
    assert_int_equal(fixture->interval_count, 0);
}

/* Student's, of the pairs' number, mean and sum of squares; of shares on Fisher's scale. */
static void view_comparison_has_the_intervals_of_c(void **state)
{
    struct fixture *fixture = *state;
    sqlite3_stmt *rows;

    assert_int_equal(
        sqlite3_prepare_v2(
            fixture->sql,
            "SELECT c.n, c.difference, m2, c.low, c.high, c.mean - c.base_mean, level, c.unit"
            " FROM comparison AS c JOIN point ON point.study = c.study"
            " AND point.number = c.point JOIN cell ON cell.name = c.metric"
            " AND cell.stat = c.stat AND cell.region = c.region"
            " AND cell.window = c.window AND c.labels ="
            " iif(label_name = '', '', label_name || '=' || label)"
            " JOIN point_difference AS d ON d.point = point.id"
            " AND d.cell = cell.id WHERE c.study = 2",
            -1, &rows, NULL),
        SQLITE_OK);
    fixture->row_count = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct tally pairs = {.count = (uint64_t)sqlite3_column_int64(rows, 0),
                              .mean = sqlite3_column_double(rows, 1),
                              .m2 = sqlite3_column_double(rows, 2)};
        struct interval interval = interval_student(&pairs, sqlite3_column_double(rows, 6));

        fixture->row_count++;
        assert_close(sqlite3_column_double(rows, 5), pairs.mean, 1e-9);
        if (!interval.valid) {
            assert_int_equal(sqlite3_column_type(rows, 3), SQLITE_NULL);
            continue;
        }
        /* Of two shares on the scale of Fisher's z, whose derivative is 1 / (1 - d^2). */
        if (strcmp((const char *)sqlite3_column_text(rows, 7), "share") == 0 &&
            fabs(pairs.mean) < 1) {
            double z = atanh(pairs.mean);
            double half = (interval.high - interval.low) / 2 / (1 - pairs.mean * pairs.mean);

            interval.low = tanh(z - half);
            interval.high = tanh(z + half);
        }
        assert_close(sqlite3_column_double(rows, 3), interval.low, 1e-9);
        assert_close(sqlite3_column_double(rows, 4), interval.high, 1e-9);
    }
    sqlite3_finalize(rows);
    assert_true(fixture->row_count > 300);
}

static void check_timeline(void *self, const struct timeline_row *row)
{
    struct fixture *fixture = self;
    fixture->row_count++;
    sqlite3_stmt *find =
        look_up(fixture, "mean, low, high", "t", row->metric, NULL, row->region, row->label, "");
    sqlite3_bind_int64(find, 1, row->point);
    sqlite3_bind_int64(find, 2, row->t_ns);
    assert_interval(&row->interval, find, 0, 1);
    sqlite3_finalize(find);
}

static void view_timeline_agrees_with_the_intervals_of_c(void **state)
{
    struct fixture *fixture = *state;
    change(fixture,
           "CREATE TEMP TABLE t AS SELECT * FROM timeline WHERE study = 2 AND metric = 'reauths';"
           "CREATE INDEX temp.t_key ON t (metric, region, labels, t_ns)");
    fixture->row_count = 0;
    assert_int_equal(results_each_timeline(fixture->results, 2, "reauths", check_timeline, fixture,
                                           &fixture->diag),
                     0);
    assert_int_equal(fixture->row_count,
                     3 * 3 * 7 * FAKE_BINS); /* points, regions, causes and sum, bins */
}

static void histograms_are_pooled_over_replications(void **state)
{
    struct fixture *fixture = *state;
    struct histogram merged = {0};
    assert_int_equal(results_histogram(fixture->results, 2, 1, "login_latency", "us-west-2", NULL,
                                       "fault", &merged, &fixture->diag),
                     0);
    struct histogram expected = {0};
    struct scenario scenario = fake_scenario();
    for (uint32_t i = 0; i < 5; i++) {
        struct fake_run *run = fake_run_create(&scenario, 1, i, true);
        for (size_t k = 0; k < run->statistics.histogram_count; k++) {
            const struct statistic_histogram *row = &run->histogram_rows[k];
            if (row->metric == &fake_metrics[FAKE_LOGIN] && row->region == 1 &&
                strcmp(row->window, "fault") == 0)
                histogram_merge(&expected, row->histogram);
        }
        fake_run_free(run);
    }
    assert_true(merged.count == expected.count && merged.count == 100000);
    assert_true(merged.min_from_top == expected.min_from_top && merged.max == expected.max);
    assert_close(histogram_mean(&merged), histogram_mean(&expected), 1e-12);
    for (double q = 0; q <= 1; q += 0.01)
        assert_int_equal(histogram_quantile(&merged, q), histogram_quantile(&expected, q));
    assert_int_equal(results_histogram(fixture->results, 2, 1, "nothing", "all", NULL, "all",
                                       &merged, &fixture->diag),
                     0);
    assert_int_equal(merged.count, 0);
    histogram_release(&merged);
    histogram_release(&expected);
}

static void assert_stages(const int64_t *stages_ns, const int64_t *expected)
{
    for (int i = 0; i < INCIDENT_STAGES; i++)
        assert_int_equal(stages_ns[i], expected[i]);
}

static void stages_add_up_whatever_is_missing_or_late(void **state)
{
    (void)state;
    int64_t s[INCIDENT_STAGES];
    struct incident_row all = {
        .onset_ns = 100, .ended_ns = {160, 165, 200, 202, 210, 220, 230}, .restored_ns = 230};
    assert_true(incident_stages(&all, s));
    assert_stages(s, (const int64_t[]){60, 5, 35, 2, 8, 10, 10});
    /* detected after it was restored: all of it is detect */
    struct incident_row healed = {
        .onset_ns = 100, .ended_ns = {160, -1, -1, -1, -1, -1, 130}, .restored_ns = 130};
    assert_true(incident_stages(&healed, s));
    assert_stages(s, (const int64_t[]){30, 0, 0, 0, 0, 0, 0});
    /* one that is missing ends with the next; one that is late too */
    struct incident_row odd = {
        .onset_ns = 100, .ended_ns = {-1, 120, 150, -1, 140, -1, 170}, .restored_ns = 170};
    assert_true(incident_stages(&odd, s));
    assert_stages(s, (const int64_t[]){20, 0, 20, 0, 0, 30, 0});
    odd.restored_ns = -1;
    assert_false(incident_stages(&odd, s));
}

static void check_incident(void *self, const struct incident_row *row)
{
    struct fixture *fixture = self;
    fixture->row_count++;
    assert_string_equal(row->subject, "us-west-1");
    assert_int_equal(row->cause, 1);
    sqlite3_stmt *find;
    assert_int_equal(sqlite3_prepare_v2(
                         fixture->sql,
                         "SELECT detect_ns, decide_ns, promote_ns, notify_ns, publish_ns, cache_ns,"
                         " reconnect_ns, rto_ns"
                         " FROM incidents WHERE study = 2 AND point = ? AND replication = ?"
                         " AND subject = 'us-west-1' AND cause = 1",
                         -1, &find, NULL),
                     SQLITE_OK);
    sqlite3_bind_int64(find, 1, row->point);
    sqlite3_bind_int64(find, 2, row->replication);
    assert_int_equal(sqlite3_step(find), SQLITE_ROW);
    int64_t stages[INCIDENT_STAGES], sum = 0;
    if (incident_stages(row, stages)) {
        for (int i = 0; i < INCIDENT_STAGES; i++) {
            assert_int_equal(stages[i], sqlite3_column_int64(find, i));
            sum += stages[i];
        }
        assert_int_equal(sum, sqlite3_column_int64(find, INCIDENT_STAGES));
    } else {
        fixture->interval_count++;
        assert_int_equal(sqlite3_column_type(find, INCIDENT_STAGES), SQLITE_NULL);
    }
    sqlite3_finalize(find);
}

/* In study 2, 3 of 5 runs of each of 3 points are restored. */
static void check_outcome(void *self, const struct outcome_row *row)
{
    struct fixture *fixture = self;
    assert_int_equal(row->point, fixture->row_count++);
    assert_int_equal(row->count, 5);
    assert_int_equal(row->stuck, 2);
}
struct parts {
    const char *metric;
    double sum[2];
    uint64_t n[2];
    int part;
};
static void add_part(void *self, const struct summary_row *row)
{
    struct parts *parts = self;
    if (row->point == 1 && strcmp(row->metric, parts->metric) == 0 &&
        strcmp(row->region, "all") == 0 && strcmp(row->window, "all") == 0 &&
        row->label[0] == '\0' && row->stat[0] == '\0') {
        parts->sum[parts->part] += row->interval.mean * (double)row->interval.n;
        parts->n[parts->part] += row->interval.n;
    }
}
static void outcomes_separate_recovered_from_stuck_runs(void **state)
{
    struct fixture *fixture = *state;
    struct parts parts = {.metric = "availability"}, whole = {.metric = "availability"};
    fixture->row_count = 0;
    assert_int_equal(
        results_each_outcome(fixture->results, 2, check_outcome, fixture, &fixture->diag), 0);
    assert_int_equal(fixture->row_count, 3);
    for (parts.part = 0; parts.part < 2; parts.part++) {
        assert_int_equal(results_each_summary_of(fixture->results, 2, parts.part == 1, add_part,
                                                 &parts, &fixture->diag),
                         0);
    }
    assert_int_equal(
        results_each_summary(fixture->results, 2, NULL, add_part, &whole, &fixture->diag), 0);
    assert_int_equal(parts.n[0], 3);
    assert_int_equal(parts.n[1], 2);
    assert_int_equal(whole.n[0], 5);
    assert_close(parts.sum[0] + parts.sum[1], whole.sum[0], 1e-12);
}
static void view_incidents_agrees_with_the_stages_of_c(void **state)
{
    struct fixture *fixture = *state;
    fixture->row_count = fixture->interval_count = 0;
    assert_int_equal(
        results_each_incident(fixture->results, 2, check_incident, fixture, &fixture->diag), 0);
    assert_int_equal(fixture->row_count, 15);
    assert_int_equal(fixture->interval_count, 6); /* never restored */
}

static void count_event(void *self, const struct event_row *row)
{
    struct fixture *fixture = self;
    fixture->row_count++;
    assert_int_equal(row->replication, 1);
}

static void count_expectation(void *self, const struct expectation_row *row)
{
    struct fixture *fixture = self;
    fixture->row_count++;
    assert_int_equal(row->has_value, strcmp(row->verdict, "no data") != 0);
    assert_int_equal(row->has_value, row->has_interval);
}

static void count_fault(void *self, const struct fault_row *row)
{
    struct fixture *fixture = self;
    fixture->row_count++;
    assert_int_equal(row->to_ns, 900 * SIM_S);
}

static void note_text(void *self, const char *path, const char *value, const char *meaning)
{
    struct fixture *fixture = self;
    (void)meaning;
    snprintf(fixture->text, sizeof(fixture->text), "%s=%s", path, value);
}

static void note_param(void *self, int64_t point, const char *path, const char *value)
{
    struct fixture *fixture = self;
    snprintf(fixture->text, sizeof(fixture->text), "%d %s=%s", (int)point, path, value);
}

static void small_tables_are_read_back(void **state)
{
    struct fixture *fixture = *state;
    struct diag *diag = &fixture->diag;
    fixture->row_count = 0;
    assert_int_equal(results_each_event(fixture->results, 2, 1, count_event, fixture, diag), 0);
    assert_int_equal(fixture->row_count, 18);
    fixture->row_count = 0;
    assert_int_equal(
        results_each_expectation(fixture->results, 2, count_expectation, fixture, diag), 0);
    assert_int_equal(fixture->row_count, 3);
    fixture->row_count = 0;
    assert_int_equal(results_each_fault(fixture->results, 0, count_fault, fixture, diag), 0);
    assert_int_equal(fixture->row_count, 1);
    assert_int_equal(results_each_assumption(fixture->results, 0, note_text, fixture, diag), 0);
    assert_string_equal(fixture->text, "failover.approval=5min");
    assert_int_equal(results_each_param(fixture->results, 0, note_param, fixture, diag), 0);
    assert_string_equal(fixture->text, "2 client.timeout=300ms");
}

static void assert_cannot_open(const char *path, const char *expected)
{
    struct diag diag = {0};
    assert_null(results_open(path, &diag));
    char *said = diag_text(&diag);
    assert_string_equal(said, expected);
    free(said);
    diag_release(&diag);
}

static void results_open_reports_why_it_fails(void **state)
{
    (void)state;
    assert_cannot_open("absent.db", "error: cannot open results database "
                                    "'absent.db': No such file or directory\n");
    assert_int_equal(access("absent.db", F_OK), -1);
    assert_cannot_open("/tmp", "error: cannot open results database '/tmp': it is a folder\n");
    FILE *file = fopen("empty.db", "w");
    fclose(file);
    assert_cannot_open("empty.db", "error: results database 'empty.db' is empty\n");
    unlink("empty.db");
}

/* Damaged data is reported and never used. */
static void a_damaged_histogram_is_rejected(void **state)
{
    struct fixture *fixture = *state;
    static const char *const damages[] = {
        "min = -1",
        "max = min - 1",
        "min = 0",
        "max = max * 2",
        "count = count + 1",
        "mean = -1",
        "mean = 1e300",
        "sub_bits = 7",
        "bins = '{}'",
        "bins = substr(bins, 1, length(bins) - 1)",
        "bins = replace(bins, ':', ';')",
        "bins = replace(bins, '{', '{\"3712\":1,')",
    };
    struct histogram pooled = {0};

    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        char sql[200];
        struct diag diag = {0};

        snprintf(sql, sizeof sql,
                 "SAVEPOINT damage; PRAGMA ignore_check_constraints = ON;"
                 "UPDATE point_histogram SET %s; RELEASE damage",
                 damages[i]);
        change(fixture, "CREATE TABLE IF NOT EXISTS saved AS SELECT * FROM point_histogram");
        change(fixture, sql);
        assert_int_equal(results_histogram(fixture->results, 2, 1, "login_latency", "us-west-2",
                                           NULL, "fault", &pooled, &diag),
                         -1);
        assert_int_equal(diag.error_count, 1);
        diag_release(&diag);
        change(fixture, "DELETE FROM point_histogram;"
                        "INSERT INTO point_histogram SELECT * FROM saved");
    }
    change(fixture, "DROP TABLE saved");
    assert_int_equal(results_histogram(fixture->results, 2, 1, "login_latency", "us-west-2", NULL,
                                       "fault", &pooled, &fixture->diag),
                     0);
    histogram_release(&pooled);
}

/* Run every statement of the page's SQL block; returns their number. */
static size_t run_statements(struct fixture *fixture, const char *sql)
{
    size_t count = 0;

    for (sqlite3_stmt *statement = NULL;; count++) {
        int code = sqlite3_prepare_v2(fixture->sql, sql, -1, &statement, &sql);

        if (code == SQLITE_OK && statement == NULL)
            return count;
        while (code == SQLITE_OK || code == SQLITE_ROW)
            code = sqlite3_step(statement);
        if (code != SQLITE_DONE)
            fail_msg("statement %zu of the page: %s", count + 1, sqlite3_errmsg(fixture->sql));
        sqlite3_finalize(statement);
    }
}

static void the_ready_queries_of_the_page_run(void **state)
{
    FILE *page = fopen(ISTHMUS_SOURCE_DIR "/results/README.md", "r");
    char line[1000];
    struct strbuf sql = STRBUF_INIT;
    bool inside = false;

    assert_non_null(page);
    while (fgets(line, sizeof line, page)) {
        inside = strncmp(line, "```", 3) == 0 ? strcmp(line, "```sql\n") == 0 : inside;
        if (inside && line[0] != '`')
            strbuf_add(&sql, line);
    }
    fclose(page);
    assert_true(run_statements(*state, sql.text) >= 10);
    strbuf_release(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_study_reads_the_newest_or_the_given_id),
        cmocka_unit_test(view_summary_agrees_with_the_intervals_of_c),
        cmocka_unit_test(view_comparison_has_the_intervals_of_c),
        cmocka_unit_test(view_timeline_agrees_with_the_intervals_of_c),
        cmocka_unit_test(histograms_are_pooled_over_replications),
        cmocka_unit_test(stages_add_up_whatever_is_missing_or_late),
        cmocka_unit_test(outcomes_separate_recovered_from_stuck_runs),
        cmocka_unit_test(view_incidents_agrees_with_the_stages_of_c),
        cmocka_unit_test(small_tables_are_read_back),
        cmocka_unit_test(results_open_reports_why_it_fails),
        cmocka_unit_test(a_damaged_histogram_is_rejected),
        cmocka_unit_test(the_ready_queries_of_the_page_run),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
