// SPDX-License-Identifier: GPL-3.0-or-later
/* Whole tables of a study, row by row, for other programs. */
#include "query_internal.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define LABELS "iif(label_name = '', '', label_name || '=' || label) AS labels"
#define OF_RUN "point.study, point.number AS point, replication"
#define CELL "cell.name AS metric, cell.stat, cell.region, " LABELS ", cell.window"

// clang-format off
const struct export_table export_tables[] = {
    {"summary",      "every statistic of a point with its interval", true},
    {"timeline",     "mean and interval of every bin of time", true},
    {"comparison",   "every statistic against point 0, paired by replication", true},
    {"incidents",    "the incidents of every run with the stages of their RTO", false},
    {"metrics",      "every statistic of every run", true},
    {"series",       "every bin of time of every run", true},
    {"histograms",   "the bins of the latencies of every run", true},
    {"runs",         "every run with its seed and digest", false},
    {"events",       "the events of every run", false},
    {"expectations", "expectations with their verdicts", false},
    {"findings",     "verdicts of a comparison, a front, a limit, effects", false},
    {"parameters",   "what varies between the points", false},
    {NULL, NULL, false},
};
/* In that order. Of the study ?1; ?2 is a metric or NULL where the table has metrics. */
static const char *const table_sql[] = {
    "SELECT * FROM summary WHERE study =" THE_STUDY "AND (?2 IS NULL OR metric = ?2)",
    "SELECT * FROM timeline WHERE study =" THE_STUDY "AND (?2 IS NULL OR metric = ?2)",
    "SELECT * FROM comparison WHERE study =" THE_STUDY "AND (?2 IS NULL OR metric = ?2)",
    "SELECT * FROM incidents WHERE study =" THE_STUDY,
    "SELECT " OF_RUN ", " CELL ", cell.unit, value, numerator, denominator, censored_ns, reason"
    " FROM point JOIN run ON run.point = point.id JOIN metric ON metric.run = run.id JOIN cell ON cell.id = metric.cell"
    " WHERE study =" THE_STUDY "AND (?2 IS NULL OR cell.name = ?2)",
    "SELECT " OF_RUN ", cell.name AS metric, cell.stat, cell.region, " LABELS ", t_ns, series.value, cell.unit, numerator, denominator"
    " FROM point JOIN run ON run.point = point.id JOIN series ON series.run = run.id JOIN cell ON cell.id = series.cell"
    " WHERE study =" THE_STUDY "AND (?2 IS NULL OR cell.name = ?2)",
    "SELECT " OF_RUN ", cell.name AS metric, cell.region, " LABELS ", cell.window, low, high, cell.unit, count"
    " FROM point JOIN run ON run.point = point.id JOIN histogram_bin ON histogram_bin.run = run.id"
    " JOIN cell ON cell.id = histogram_bin.cell"
    " WHERE study =" THE_STUDY "AND (?2 IS NULL OR cell.name = ?2)",
    "SELECT " OF_RUN ", seed, digest, events, simulated_ns, wall_ns, warmup_ns, bin_ns, version"
    " FROM point JOIN run ON run.point = point.id WHERE study =" THE_STUDY,
    "SELECT " OF_RUN ", event.* FROM point JOIN run ON run.point = point.id JOIN event ON event.run = run.id"
    " WHERE study =" THE_STUDY,
    "SELECT point.study, point.number AS point, expectation.number, text, verdict, value, low, high, reason"
    " FROM point JOIN expectation ON expectation.point = point.id WHERE study =" THE_STUDY,
    "SELECT * FROM finding WHERE study =" THE_STUDY,
    "SELECT point.study, point.number AS point, path, value FROM point JOIN point_param ON point_param.point = point.id"
    " WHERE study =" THE_STUDY,
};
// clang-format on

const struct export_table *export_table_find(const char *name)
{
    for (const struct export_table *table = export_tables; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static void read_values(sqlite3_stmt *statement, struct export_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int column = (int)i;
        values[i] = (struct export_value){.type = EXPORT_NULL};
        switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
            values[i].type = EXPORT_INTEGER;
            values[i].integer = sqlite3_column_int64(statement, column);
            break;
        case SQLITE_FLOAT:
            values[i].type = EXPORT_REAL;
            values[i].real = sqlite3_column_double(statement, column);
            break;
        case SQLITE_TEXT:
            values[i].type = EXPORT_TEXT;
            values[i].text = (const char *)sqlite3_column_text(statement, column);
            break;
        default: /* NULL; no table has a blob */
            break;
        }
    }
}

int results_each_export_row(struct results *results, int64_t study,
                            const struct export_table *table, const char *metric,
                            void (*row)(void *self, const struct export_row *row), void *self,
                            struct diag *diag)
{
    struct select rows;
    struct export_row out = {NULL, NULL, 0};

    select_study(&rows, results, table_sql[table - export_tables], study, diag);
    if (table->has_metrics)
        select_bind_text(&rows, metric);
    if (!select_good(&rows))
        return select_close(&rows);
    out.count = (size_t)sqlite3_column_count(rows.statement);
    const char **names = mem_zalloc(out.count, sizeof(*names));
    struct export_value *values = mem_zalloc(out.count, sizeof(*values));
    for (size_t i = 0; i < out.count; i++)
        names[i] = sqlite3_column_name(rows.statement, (int)i);
    out.names = names;
    row(self, &out); /* the head */
    out.values = values;
    while (select_next(&rows)) {
        read_values(rows.statement, values, out.count);
        row(self, &out);
    }
    free(names);
    free(values);
    return select_close(&rows);
}
