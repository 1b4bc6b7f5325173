// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Roll-ups are compared with a second, plain computation from the runs: means, squares and sums in
 * SQL, in two passes; bins by the views that unpack the runs' series. And files with the same runs
 * have the same roll-ups, bit for bit, however they were written.
 */
#include "fake_study.h"

#include "merge.h"
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

#include "ask.h"

enum { POINTS = 2, REPLICATIONS = 4 };

static void change(const char *path, const char *sql)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
    sqlite3_close(handle);
}

/* --- a study, written in pieces -------------------------------------------------------------- */

static const struct model_ops fake_ops = {METRIC_TABLE(fake_metrics)};
static const struct model_ops *const fake_models[] = {&fake_ops};
static const struct registry fake_registry = {fake_models, 1};

struct study {
    struct scenario scenario;
    struct study_point points[POINTS];
    struct study_info info;
    struct record *record;
    struct result_sink sink;
};

static void study_open(struct study *study, const char *path, enum record_mode mode,
                       const char *shard)
{
    static struct diag diag;

    study->scenario = fake_scenario();
    study->scenario.registry = &fake_registry;
    study->points[0] = study->points[1] = (struct study_point){&study->scenario, NULL, 0};
    study->info = (struct study_info){.verb = "sweep",
                                      .argv = "isthmus sweep",
                                      .seed = 7,
                                      .level = 0.95,
                                      .points = study->points,
                                      .point_count = POINTS,
                                      .replications = REPLICATIONS,
                                      .shard = shard};
    study->record = record_open(path, mode, &diag);
    assert_non_null(study->record);
    study->sink = record_sink(study->record);
    assert_int_equal(study->sink.begin(study->sink.self, &study->info), 0);
}

/* Two of four outages are not over at the end of the run. */
static void study_run(struct study *study, uint32_t point, uint32_t replication)
{
    struct fake_run *run = fake_run_create(&study->scenario, point, replication, replication < 2);

    assert_int_equal(study->sink.run(study->sink.self, &run->result), 0);
    fake_run_free(run);
}

static void study_close(struct study *study, bool interrupted)
{
    assert_int_equal(study->sink.end(study->sink.self, interrupted), 0);
    assert_int_equal(record_close(study->record), 0);
}

/* One process, point by point: the reference for all others. */
static const char *whole_study(void)
{
    const char *path = in_folder("whole.db");
    struct study study;

    if (access(path, F_OK) == 0)
        return path;
    study_open(&study, path, RECORD_REPLACE, NULL);
    for (uint32_t i = 0; i < POINTS * REPLICATIONS; i++)
        study_run(&study, i / REPLICATIONS, i % REPLICATIONS);
    study_close(&study, false);
    return path;
}

#define WORDS " name, stat, region, label, \"window\" "
#define OF_POINT(db, table)                                                                        \
    " FROM " db "." table " AS t JOIN " db ".point AS p ON p.id = t.point JOIN " db                \
    ".cell AS c ON c.id = t.cell"

/* Number of rows that differ between two files in any column. */
#define ROWS_APART(columns, table)                                                                 \
    "SELECT count(*) FROM (SELECT p.number, p.runs," WORDS                                         \
    ", " columns OF_POINT("main", table) " EXCEPT SELECT p.number, p.runs," WORDS                  \
                                         ", " columns OF_POINT("other", table) ")"

static void assert_same_rollups(const char *path, const char *other)
{
    static const char *const queries[] = {
        ROWS_APART("n, mean, m2, m3, min, max, low, high, numerator, denominator, censored, none,"
                   " squares, products, denominator_squares, estimate, form",
                   "point_metric"),
        ROWS_APART("n, base_mean, difference, m2, low, high", "point_difference"),
        ROWS_APART("count, min, max, mean, sub_bits, bins", "point_histogram"),
        ROWS_APART("t.runs, bin_ns, bins", "point_series"),
        "SELECT count(*) FROM (SELECT n, level, half_sds FROM main.student_t"
        " EXCEPT SELECT n, level, half_sds FROM other.student_t)",
    };
    const char *const paths[2][2] = {{path, other}, {other, path}};

    for (size_t i = 0; i < 2; i++) {
        sqlite3 *handle;
        char attach[200];
        assert_int_equal(sqlite3_open(paths[i][0], &handle), SQLITE_OK);
        snprintf(attach, sizeof attach, "ATTACH '%s' AS other", paths[i][1]);
        assert_int_equal(sqlite3_exec(handle, attach, NULL, NULL, NULL), SQLITE_OK);
        for (size_t k = 0; k < sizeof queries / sizeof queries[0]; k++) {
            sqlite3_stmt *statement;
            if (sqlite3_prepare_v2(handle, queries[k], -1, &statement, NULL) != SQLITE_OK)
                fail_msg("%s: %s", queries[k], sqlite3_errmsg(handle));
            assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
            if (sqlite3_column_int64(statement, 0) != 0)
                fail_msg("%lld rows apart: %s", (long long)sqlite3_column_int64(statement, 0),
                         queries[k]);
            sqlite3_finalize(statement);
        }
        sqlite3_close(handle);
    }
}

/* --- values ---------------------------------------------------------------------------------- */

#define CLOSE(a, b, relative)                                                                      \
    "abs((" a ") - (" b ")) <= " relative " * max(abs(" a "), abs(" b "), 1e-30)"

/* Two passes over the runs' rows. m2 is a difference of large numbers: to 1e-9 of the largest. */
static void metrics_match_the_runs(void **state)
{
    const char *path = whole_study();

    (void)state;
    assert_int_equal(ask(path, "SELECT count(*) FROM point_metric"),
                     ask(path, "SELECT count(*) FROM (SELECT DISTINCT point, cell FROM run"
                               " JOIN metric ON run = run.id)"));
    assert_int_equal(
        ask(path, "WITH given AS (SELECT point, cell, count(value) AS n, avg(value) AS mean,"
                  " min(value) AS min, max(value) AS max, sum(numerator) AS numerator,"
                  " sum(denominator) AS denominator, sum(state = 'censored') AS censored,"
                  " sum(state = 'none') AS none FROM run JOIN metric ON run = run.id GROUP BY "
                  "point, cell)"
                  " SELECT count(*) FROM point_metric AS p JOIN given AS g USING (point, cell)"
                  " WHERE NOT (p.n = g.n AND p.censored = g.censored AND p.none = g.none"
                  " AND p.min IS g.min AND p.max IS g.max AND p.numerator IS g.numerator"
                  " AND p.denominator IS g.denominator AND (p.n = 0 OR " CLOSE("p.mean", "g.mean",
                                                                               "1e-12") "))"),
        0);
    assert_int_equal(
        ask(path,
            "WITH given AS (SELECT point, cell, sum((value - mean) * (value - mean)) AS m2,"
            " max(abs(value)) AS largest FROM run JOIN metric ON run = run.id"
            " JOIN point_metric USING (point, cell) WHERE value IS NOT NULL GROUP BY point, cell)"
            " SELECT count(*) FROM point_metric AS p JOIN given AS g USING (point, cell)"
            " WHERE abs(p.m2 - g.m2) > 1e-9 * (g.m2 + largest * largest * 1e-6)"),
        0);
    /* Two of four were never restored. */
    assert_int_equal(ask(path, "SELECT count(*) FROM summary WHERE metric = 'rto' AND n = 2"
                               " AND censored = 2 AND none = 0"),
                     POINTS);
    /* A ratio's terms are sums over its windows: a hundred thousand per bin and run. */
    assert_int_equal(ask(path, "SELECT count(*) FROM summary WHERE metric = 'availability'"
                               " AND \"window\" = 'fault' AND denominator = 4 * 30 * 100000"),
                     POINTS * 3);
}

/* Ratios are sum over sum, quantiles lie between the runs' own, all else is the mean; and no bound
 * is impossible. */
static void estimates_are_possible(void **state)
{
    const char *path = whole_study();

    (void)state;
    assert_int_equal(
        ask(path,
            "SELECT count(*) FROM point_metric JOIN cell ON cell.id = cell WHERE n > 0 AND NOT"
            " CASE WHEN kind = 'ratio' THEN abs(estimate - 1.0 * numerator / denominator)"
            "   <= 1e-15"
            " WHEN kind = 'latency' AND stat LIKE 'p%' THEN estimate BETWEEN min AND max"
            " ELSE estimate = mean END"),
        0);
    assert_int_equal(ask(path, "SELECT count(*) FROM summary WHERE n > 1 AND NOT (low >= 0"
                               " AND low <= mean AND mean <= high AND (unit <> 'share' OR high <= "
                               "1))"),
                     0);
    assert_true(ask(path, "SELECT count(*) FROM summary WHERE form = 'none' AND numerator = 0"
                          " AND low = 0 AND high > 0") > 0);
    assert_int_equal(ask(path, "SELECT count(*) FROM timeline WHERE NOT (low >= 0 AND low <= mean"
                               " AND mean <= high AND (unit <> 'share' OR high <= 1))"),
                     0);
}

static void differences_match_the_pairs(void **state)
{
    const char *path = whole_study();

    (void)state;
    assert_int_equal(
        ask(path,
            "WITH pair AS (SELECT other.point AS point, o.cell AS cell, b.value AS base,"
            " o.value - b.value AS d FROM run AS other JOIN run AS base"
            " ON base.replication = other.replication AND base.point = 1 AND other.point = 2"
            " JOIN metric AS o ON o.run = other.id JOIN metric AS b ON b.run = base.id"
            " AND b.cell = o.cell WHERE d IS NOT NULL),"
            " given AS (SELECT point, cell, count(*) AS n, avg(d) AS difference, avg(base) AS mean,"
            " max(abs(base)) AS largest FROM pair GROUP BY point, cell)"
            " SELECT count(*) FROM given AS g LEFT JOIN point_difference AS p USING (point, cell)"
            " WHERE p.n IS NOT g.n OR NOT " CLOSE(
                "p.base_mean", "g.mean",
                "1e-12") " OR abs(p.difference - g.difference) > 1e-12 * largest"),
        0);
    assert_int_equal(ask(path, "SELECT count(*) > 300 FROM point_difference WHERE point = 2"), 1);
    assert_int_equal(ask(path, "SELECT count(*) FROM point_difference WHERE point = 1"), 0);
}

/* Half a unit of the twelfth digit is at most 5e-12 of a number: of each value, and of the mean at
 * each of the four steps. Deviations have 8 digits. The half-width is that of the upper end, taken
 * back from the log scale, of shares from the logit scale. */
static void timelines_match_the_series(void **state)
{
    const char *path = whole_study();

    (void)state;
    assert_int_equal(ask(path, "SELECT count(*) FROM timeline"),
                     ask(path, "SELECT count(*) FROM (SELECT DISTINCT point, cell, t_ns FROM series"
                               " JOIN run ON run.id = run)"));
    assert_int_equal(
        ask(path,
            "WITH given AS (SELECT point, cell, t_ns, count(*) AS n, avg(value) AS mean,"
            " avg(value * value) - avg(value) * avg(value) AS variance FROM series"
            " JOIN run ON run.id = run JOIN cell AS k ON k.id = cell AND k.kind <> 'ratio'"
            " GROUP BY point, cell, t_ns),"
            " reported AS (SELECT p.id AS point, c.id AS cell, t_ns, n, mean, CASE WHEN high = "
            "mean "
            "THEN 0"
            "   WHEN mean = 0 AND kind = 'count' THEN abs(high - 3.6888794541139363 / (n * 10)) > "
            "1e-12"
            "   WHEN t.unit = 'share'"
            "    THEN (ln(high / (1 - high)) - ln(mean / (1 - mean))) * mean * (1 - mean)"
            "   WHEN n < 4 THEN high - mean ELSE ln(high / mean) * mean END AS half"
            "  FROM timeline AS t JOIN point AS p ON p.number = t.point JOIN cell AS c"
            "  ON c.name = t.metric AND c.region = t.region AND c.\"window\" = '' AND c.stat = "
            "t.stat"
            "  AND iif(label_name = '', '', label_name || '=' || label) = t.labels"
            "  AND kind NOT IN ('latency', 'ratio'))"
            " SELECT count(*) FROM given AS g LEFT JOIN reported AS t USING (point, cell, t_ns)"
            " LEFT JOIN student_t AS s ON s.n = g.n WHERE t.n IS NOT g.n"
            " OR abs(t.mean - g.mean) > 2.5e-11 * g.mean OR abs(t.half * t.half - half_sds * "
            "half_sds"
            "  * g.variance * g.n / (g.n - 1)) > 1e-6 * t.half * t.half + 1e-12 * g.mean * g.mean"),
        0);
}

/*
 * Ratios are sum over sum. All runs have the same number of trials, so that the bounds of a share
 * are Wilson's with the design effect: the variance of the pooled share between the runs over that
 * of independent trials, times (t / z)^2. With nothing seen the bound is -ln(0.025) / trials.
 */
static void timelines_of_ratios_are_pooled(void **state)
{
    const char *path = whole_study();

    (void)state;
    assert_int_equal(
        ask(path,
            "WITH one AS (SELECT point, cell, t_ns, numerator AS x, denominator AS y FROM series"
            "  JOIN run ON run.id = run JOIN cell AS k ON k.id = cell AND kind = 'ratio'"
            "  AND unit = 'share'),"
            " pooled AS (SELECT point, cell, t_ns, count(*) AS n, sum(x) AS x, sum(y) AS y,"
            "  1.0 * sum(x) / sum(y) AS p FROM one GROUP BY point, cell, t_ns),"
            " spread AS (SELECT pooled.*, sum((one.x - p * one.y) * (one.x - p * one.y)) * n"
            "  / (n - 1) / pooled.y / (p * (1 - p)) AS effect"
            "  FROM pooled JOIN one USING (point, cell, t_ns) GROUP BY point, cell, t_ns),"
            " trial AS (SELECT spread.*, CASE WHEN effect <= 0 THEN 1 ELSE effect END * t * t"
            "  / 3.8414588206941245 AS loss FROM spread JOIN student_t USING (n)),"
            " e AS (SELECT trial.*, iif(loss < 1 AND min(x, y - x) < 100, y, y / loss) AS trials"
            "  FROM trial),"
            " w AS (SELECT e.*, 3.8414588206941245 / trials AS s FROM e),"
            " given AS (SELECT point, cell, t_ns, n, p,"
            "  iif(x = 0, 0, (p + s / 2 - sqrt(s * (p * (1 - p) + s / 4))) / (1 + s)) AS low,"
            "  iif(x = 0, 3.6888794541139363 / y, (p + s / 2 + sqrt(s * (p * (1 - p) + s / 4)))"
            "  / (1 + s)) AS high FROM w),"
            " reported AS (SELECT p.id AS point, c.id AS cell, t_ns, n, mean, low, high"
            "  FROM timeline AS t JOIN point AS p ON p.number = t.point JOIN cell AS c"
            "  ON c.name = t.metric AND c.region = t.region AND c.\"window\" = ''"
            "  AND kind = 'ratio')"
            " SELECT count(*) FROM given AS g LEFT JOIN reported AS t USING (point, cell, t_ns)"
            " WHERE t.n IS NOT g.n OR abs(t.mean - g.p) > 1e-11 * g.p"
            "  OR abs(t.low - g.low) > 1e-9 * g.p OR abs(t.high - g.high) > 1e-9 * g.high"),
        0);
    assert_true(ask(path, "SELECT count(*) FROM timeline WHERE metric = 'write_timeout_rate'"
                          " AND low < mean AND mean < high") > 100);
}

static void histograms_contain_all_values(void **state)
{
    const char *path = whole_study();

    (void)state;
    assert_int_equal(
        ask(path, "WITH given AS (SELECT point, cell, sum(count) AS count, min(min) AS min,"
                  " max(max) AS max, sum(mean * count) / sum(count) AS mean FROM histogram"
                  " JOIN run ON run.id = run GROUP BY point, cell)"
                  " SELECT count(*) FROM point_histogram AS p JOIN given AS g USING (point, cell)"
                  " WHERE p.count <> g.count OR p.min <> g.min OR p.max <> g.max OR NOT " CLOSE(
                      "p.mean", "g.mean", "1e-12")),
        0);
    assert_int_equal(ask(path, "SELECT (SELECT sum(value) FROM point_histogram, json_each(bins))"
                               " - (SELECT sum(count) FROM histogram_bin)"),
                     0);
}

/* --- ways to write them ---------------------------------------------------------------------- */

/* Replication by replication: each run finds the state of another point in memory. */
static void points_may_alternate(void **state)
{
    const char *path = in_folder("turns.db");
    struct study study;

    (void)state;
    study_open(&study, path, RECORD_REPLACE, NULL);
    for (uint32_t i = 0; i < POINTS * REPLICATIONS; i++)
        study_run(&study, i % POINTS, i / POINTS);
    study_close(&study, false);
    assert_same_rollups(path, whole_study());
}

/* The base comes last, as if its shard were slower: all pairs exist. */
static void the_base_may_come_last(void **state)
{
    const char *path = in_folder("last.db");
    struct study study;

    (void)state;
    study_open(&study, path, RECORD_REPLACE, NULL);
    for (uint32_t i = 0; i < POINTS * REPLICATIONS; i++)
        study_run(&study, 1 - i / REPLICATIONS, i % REPLICATIONS);
    study_close(&study, false);
    assert_same_rollups(path, whole_study());
}

static void a_resumed_study_continues_them(void **state)
{
    const char *path = in_folder("stopped.db");
    struct study study;

    (void)state;
    study_open(&study, path, RECORD_REPLACE, NULL);
    for (uint32_t i = 0; i < 3; i++)
        study_run(&study, 0, i);
    study_close(&study, true);
    assert_int_equal(ask(path, "SELECT sum(runs) FROM point"), 3);
    study_open(&study, path, RECORD_RESUME, NULL);
    for (uint32_t i = 3; i < POINTS * REPLICATIONS; i++)
        study_run(&study, i / REPLICATIONS, i % REPLICATIONS);
    study_close(&study, false);
    assert_same_rollups(path, whole_study());
}

/* A failed run is rolled back with its additions. */
static void a_run_that_fails_adds_nothing(void **state)
{
    const char *path = in_folder("failed.db");
    struct study study;

    (void)state;
    study_open(&study, path, RECORD_REPLACE, NULL);
    for (uint32_t i = 0; i < POINTS * REPLICATIONS; i++) {
        study_run(&study, i / REPLICATIONS, i % REPLICATIONS);
        if (i != 1 && i != 6)
            continue;
        /* The same replication a second time, which the file refuses. */
        struct fake_run *run =
            fake_run_create(&study.scenario, i / REPLICATIONS, i % REPLICATIONS, true);
        assert_int_equal(study.sink.run(study.sink.self, &run->result), -1);
        fake_run_free(run);
    }
    study_close(&study, false);
    assert_same_rollups(path, whole_study());
}

/* Every second run in another file, then merged. */
static void merged_shards_have_them(void **state)
{
    const char *path = in_folder("merged.db");
    const char *const parts[] = {in_folder("part1.db"), in_folder("part2.db")};
    struct diag diag = {0};
    struct study study;

    (void)state;
    for (uint32_t part = 0; part < 2; part++) {
        study_open(&study, parts[part], RECORD_REPLACE, part == 0 ? "1/2" : "2/2");
        for (uint32_t i = part; i < POINTS * REPLICATIONS; i += 2)
            study_run(&study, i / REPLICATIONS, i % REPLICATIONS);
        study_close(&study, false);
    }
    assert_int_equal(record_merge(path, parts, 2, &diag), 0);
    assert_same_rollups(path, whole_study());
}

/* Deleted rows and roll-ups are rebuilt when the study is resumed. */
static void deleted_rows_are_rebuilt_on_resume(void **state)
{
    const char *path = in_folder("lost.db");
    struct study study;

    (void)state;
    study_open(&study, path, RECORD_REPLACE, NULL);
    for (uint32_t i = 0; i < POINTS * REPLICATIONS; i++)
        study_run(&study, i / REPLICATIONS, i % REPLICATIONS);
    study_close(&study, true);
    change(path,
           "PRAGMA foreign_keys = ON; DELETE FROM run WHERE id = 8; DELETE FROM point_series");
    study_open(&study, path, RECORD_RESUME, NULL);
    study_run(&study, 1, 3);
    study_close(&study, false);
    assert_same_rollups(path, whole_study());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_match_the_runs),
        cmocka_unit_test(estimates_are_possible),
        cmocka_unit_test(differences_match_the_pairs),
        cmocka_unit_test(timelines_match_the_series),
        cmocka_unit_test(timelines_of_ratios_are_pooled),
        cmocka_unit_test(histograms_contain_all_values),
        cmocka_unit_test(points_may_alternate),
        cmocka_unit_test(the_base_may_come_last),
        cmocka_unit_test(a_resumed_study_continues_them),
        cmocka_unit_test(a_run_that_fails_adds_nothing),
        cmocka_unit_test(merged_shards_have_them),
        cmocka_unit_test(deleted_rows_are_rebuilt_on_resume),
    };

    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
