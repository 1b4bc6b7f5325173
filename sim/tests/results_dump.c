// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For tests: every number of a results file, as text in one order that depends on nothing but what
 * the numbers are. Two files whose dumps are equal hold the same statistics bit for bit: floats are
 * printed with 17 digits, which distinguish any two doubles.
 *
 * Left out is what may differ between two makings of the same study: row numbers, the host's clock,
 * argv, and who resumed it.
 *
 * A second argument is SQL that it executes instead, after removing the constraints of the tables,
 * so that a test can damage a file; `--columns` lists the tables and their columns.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define WHERE_RUN " JOIN run ON run.id = run JOIN point ON point.id = run.point"
#define WHERE_POINT " JOIN point ON point.id = point"
#define POINT_KEY "study || ' ' || point.number"
#define RUN_KEY "study || ' ' || point.number || '/' || replication || ' '"
#define CELL " JOIN cell ON cell.id = cell"
#define CELL_KEY                                                                                   \
    "cell.name || ' ' || stat || ' ' || region || ' ' || label || ' ' || \"window\" || ' ' || "    \
    "unit"

// clang-format off
static const char *const queries[] = {
    "SELECT 'study ' || id, verb, seed, level, replication_count, point_count, settings, shard, complete FROM study",
    "SELECT 'point ' || study, number, scenario_hash, duration_ns FROM point ORDER BY study, number",
    "SELECT 'param ' || study, number, path, value FROM point_param JOIN point ON point.id = point ORDER BY 1, 2, 3",
    "SELECT 'text', hash, text FROM scenario_text ORDER BY hash",
    "SELECT 'fault ' || study, point.number, from_ns, to_ns FROM fault JOIN point ON point.id = point ORDER BY 1, 2, 3, 4",
    "SELECT 'assumption', study, path, value, meaning FROM assumption ORDER BY 2, 3",
    "SELECT 'run ' || study, number, replication, seed, digest, events, simulated_ns, warmup_ns, bin_ns, dropped, version"
    " FROM run JOIN point ON point.id = run.point ORDER BY study, number, replication",
    "SELECT 'metric ' || " RUN_KEY ", " CELL_KEY ", state, printf('%.17g', value), numerator, denominator, censored_ns, reason"
    " FROM metric" WHERE_RUN CELL " ORDER BY 1, 2",
    "SELECT 'histogram ' || " RUN_KEY ", " CELL_KEY ", count, min, max, printf('%.17g', mean), sub_bits, bins FROM histogram"
    WHERE_RUN CELL " ORDER BY 1, 2",
    "SELECT 'series ' || " RUN_KEY ", " CELL_KEY ", bins FROM run_series" WHERE_RUN CELL " ORDER BY 1, 2",
    "SELECT 'runs ' || study, number, runs FROM point ORDER BY study, number",
    "SELECT 'point metric ' || " POINT_KEY ", " CELL_KEY ", n, printf('%.17g', mean), printf('%.17g', m2), printf('%.17g', min),"
    " printf('%.17g', max), printf('%.17g', low), printf('%.17g', high), numerator, denominator, censored, none,"
    " printf('%.17g', m3), printf('%.17g', squares), printf('%.17g', products), printf('%.17g', denominator_squares),"
    " printf('%.17g', estimate), form FROM point_metric" WHERE_POINT CELL " ORDER BY 1, 2",
    "SELECT 'point difference ' || " POINT_KEY ", " CELL_KEY ", n, printf('%.17g', base_mean), printf('%.17g', difference),"
    " printf('%.17g', m2), printf('%.17g', low), printf('%.17g', high) FROM point_difference" WHERE_POINT CELL " ORDER BY 1, 2",
    "SELECT 'point histogram ' || " POINT_KEY ", " CELL_KEY ", count, min, max, printf('%.17g', mean), sub_bits, bins"
    " FROM point_histogram" WHERE_POINT CELL " ORDER BY 1, 2",
    "SELECT 'point series ' || " POINT_KEY ", " CELL_KEY ", point_series.runs, bin_ns, bins FROM point_series" WHERE_POINT CELL " ORDER BY 1, 2",
    "SELECT 'event ' || " RUN_KEY ", event.number, t_ns, what, subject, text, cause, waited_for, cause_text FROM event" WHERE_RUN " ORDER BY 1, 2",
    "SELECT 'incident ' || " RUN_KEY ", incident.number, kind, subject, cause, onset_ns, detected_ns, decided_ns, promoted_ns,"
    " notified_ns, published_ns, cached_ns, restored_ns, rpo_ns, writes_lost, sessions_lost FROM incident" WHERE_RUN " ORDER BY 1, 2",
    "SELECT 'expectation ' || study, point.number, expectation.number, text, verdict, printf('%.17g', value),"
    " printf('%.17g', low), printf('%.17g', high), reason FROM expectation JOIN point ON point.id = point ORDER BY 1, 2, 3",
    "SELECT 'finding', study, number, kind, point, subject, verdict, n, printf('%.17g', value), printf('%.17g', low),"
    " printf('%.17g', high), unit, text FROM finding ORDER BY study, number",
    "SELECT 'student', n, level, printf('%.17g', t), printf('%.17g', half_sds) FROM student_t ORDER BY level, n",
};
// clang-format on

static int dump(sqlite3 *handle, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);

    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const unsigned char *text = sqlite3_column_text(statement, i);
            printf("%s%s", i ? "|" : "", text ? (const char *)text : "NULL");
        }
        putchar('\n');
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

/* Remove the constraints from the schema. */
static const char unconstrain_sql[] =
    "PRAGMA ignore_check_constraints = ON; PRAGMA writable_schema = ON;"
    "UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT, WITHOUT', 'WITHOUT'), 'STRICT', "
    "'')"
    " WHERE type = 'table';"
    "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'INTEGER NOT NULL', 'INTEGER'),"
    " 'TEXT NOT NULL', 'TEXT'), 'REAL NOT NULL', 'REAL') WHERE type = 'table';"
    "PRAGMA writable_schema = RESET;";

static const char columns_sql[] =
    "SELECT t.name || ' ' || c.name FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c"
    " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND c.hidden = 0";

static int damage(sqlite3 *handle, const char *sql)
{
    return sqlite3_exec(handle, unconstrain_sql, NULL, NULL, NULL) == SQLITE_OK &&
                   sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : -1;
}

int main(int argc, char **argv)
{
    sqlite3 *handle = NULL;
    int code = 0;

    if (argc != 2 && argc != 3) {
        fprintf(stderr, "Usage: results_dump RESULTS.db [--columns | SQL]\n");
        return 2;
    }
    if (sqlite3_open_v2(argv[1], &handle, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        code = -1;
    if (code == 0 && argc == 3)
        code =
            strcmp(argv[2], "--columns") == 0 ? dump(handle, columns_sql) : damage(handle, argv[2]);
    for (size_t i = 0; code == 0 && argc == 2 && i < sizeof queries / sizeof queries[0]; i++)
        code = dump(handle, queries[i]);
    if (code != 0)
        fprintf(stderr, "results_dump: error: '%s': %s\n", argv[1], sqlite3_errmsg(handle));
    sqlite3_close(handle);
    return code == 0 ? 0 : 4;
}
