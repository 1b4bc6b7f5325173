// SPDX-License-Identifier: GPL-3.0-or-later
/* The state of a point in the tables point_*: written completely after each run, and read back
 * after another point was written. */
#include "rollup_internal.h"

#include "mem.h"
#include "stored_histogram.h"

#include <string.h>

// clang-format off
static const char *const statements_sql[ROLLUP_STATEMENTS] = {
    [ROLLUP_PUT_METRIC]      = "INSERT OR REPLACE INTO point_metric VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                               " ?, ?)",
    [ROLLUP_PUT_DIFFERENCE]  = "INSERT OR REPLACE INTO point_difference VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [ROLLUP_PUT_HISTOGRAM]   = "INSERT INTO point_histogram VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                               " count = excluded.count, min = excluded.min, max = excluded.max, mean = excluded.mean,"
                               " bins = excluded.bins",
    [ROLLUP_PUT_SERIES]      = "INSERT INTO point_series VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                               " runs = excluded.runs, bins = excluded.bins",
    [ROLLUP_SET_RUNS]        = "UPDATE point SET runs = ?2 WHERE id = ?1",
    [ROLLUP_GET_RUNS]        = "SELECT runs FROM point WHERE id = ?",
    [ROLLUP_GET_METRICS]     = "SELECT cell, n, mean, m2, min, max, numerator, denominator, censored, none, m3, squares,"
                               " products, denominator_squares, kind, unit, stat"
                               " FROM point_metric JOIN cell ON cell.id = cell WHERE point = ? ORDER BY cell",
    [ROLLUP_GET_DIFFERENCES] = "SELECT cell, n, base_mean, difference, m2 FROM point_difference WHERE point = ? ORDER BY cell",
    [ROLLUP_GET_HISTOGRAMS]  = "SELECT cell, count, min, max, mean, sub_bits, bins FROM point_histogram WHERE point = ?"
                               " ORDER BY cell",
    [ROLLUP_GET_SERIES]      = "SELECT cell, runs, bin_ns, bins, kind, unit FROM point_series JOIN cell ON cell.id = cell"
                               " WHERE point = ? ORDER BY cell",
    [ROLLUP_GET_BASE]        = "SELECT run.id FROM point JOIN run ON run.point = point.id"
                               " WHERE study = ? AND number = 0 AND replication = ?",
    [ROLLUP_GET_OTHERS]      = "SELECT point.id, run.id FROM point JOIN run ON run.point = point.id"
                               " WHERE study = ? AND number > 0 AND replication = ?",
    [ROLLUP_GET_NUMBERS]     = "SELECT cell, value FROM metric WHERE run = ? AND value IS NOT NULL ORDER BY cell",
    [ROLLUP_GET_HISTOGRAM_CELL] = "SELECT h.id FROM cell AS c JOIN cell AS h ON h.name = c.name AND h.stat = ''"
                               " AND h.region = c.region AND h.label_name = c.label_name AND h.label = c.label"
                               " AND h.\"window\" = c.\"window\" AND h.kind = c.kind WHERE c.id = ?",
};
// clang-format on

int rollup_prepare(struct rollup *rollup)
{
    for (size_t i = 0; i < ROLLUP_STATEMENTS; i++) {
        rollup->statements[i] = db_prepare(rollup->db, statements_sql[i]);
        if (!rollup->statements[i])
            return -1;
    }
    return 0;
}

/* --- reading -------------------------------------------------------------------------------- */

static void get(struct rollup *rollup, struct select *rows, enum rollup_statement statement,
                int64_t key)
{
    select_begin(rows, rollup->db, rollup->statements[statement]);
    select_bind_int(rows, key);
}

static int load_metrics(struct rollup *rollup, int64_t point)
{
    struct select rows;

    get(rollup, &rows, ROLLUP_GET_METRICS, point);
    while (select_next(&rows)) {
        struct metric_rollup *row = rollup_row(&rollup->metrics, select_instant(&rows, 0));
        struct tally *tally = &row->sums.tally;
        tally->count = (uint64_t)select_instant(&rows, 1);
        if (tally->count > 0) {
            tally->mean = select_real(&rows, 2);
            tally->m2 = select_real(&rows, 3);
            tally->min = select_real(&rows, 4);
            tally->max = select_real(&rows, 5);
            row->sums.m3 = select_real(&rows, 10);
        }
        row->has_over = select_has(&rows, 6);
        row->sums.over = (uint64_t)select_instant_or(&rows, 6, 0);
        row->has_under = select_has(&rows, 7);
        row->sums.under = (uint64_t)select_instant_or(&rows, 7, 0);
        if (row->has_over) {
            row->sums.over_over = select_real(&rows, 11);
            row->sums.over_under = select_real(&rows, 12);
            row->sums.under_under = select_real(&rows, 13);
        }
        rollup_set_law(row, select_kind(&rows, 14), select_unit(&rows, 15), select_text(&rows, 16));
        row->censored = (uint64_t)select_instant(&rows, 8);
        row->none = (uint64_t)select_instant(&rows, 9);
    }
    return select_close(&rows);
}

int rollup_load_differences(struct rollup *rollup, int64_t point, struct rollup_list *differences)
{
    struct select rows;

    get(rollup, &rows, ROLLUP_GET_DIFFERENCES, point);
    while (select_next(&rows)) {
        struct difference_rollup *row = rollup_row(differences, select_instant(&rows, 0));
        row->base.count = row->difference.count = (uint64_t)select_instant(&rows, 1);
        row->base.mean = select_real(&rows, 2);
        row->difference.mean = select_real(&rows, 3);
        row->difference.m2 = select_real(&rows, 4);
    }
    return select_close(&rows);
}

static int load_histograms(struct rollup *rollup, int64_t point)
{
    struct select rows;

    get(rollup, &rows, ROLLUP_GET_HISTOGRAMS, point);
    while (select_next(&rows)) {
        struct histogram_rollup *row = rollup_row(&rollup->histograms, select_instant(&rows, 0));
        row->mean = select_real(&rows, 4);
        stored_histogram_read(&rows, 1, &row->pooled);
    }
    return select_close(&rows);
}

static int load_series(struct rollup *rollup, int64_t point)
{
    struct select rows;

    get(rollup, &rows, ROLLUP_GET_SERIES, point);
    while (select_next(&rows)) {
        struct series_rollup *row = rollup_row(&rollup->series, select_instant(&rows, 0));
        row->runs = (uint64_t)select_instant(&rows, 1);
        row->bin_ns = select_int(&rows, 2, 1, INT64_MAX);
        enum metric_kind kind = select_kind(&rows, 4);
        row->is_ratio = kind == METRIC_RATIO;
        row->law = metric_law(kind, select_unit(&rows, 5), NULL);
        if (row->is_ratio ? !bins_read_pooled(select_text(&rows, 3), &row->pooled)
                          : !bins_read_moments(select_text(&rows, 3), row->runs, &row->bins))
            select_damaged(&rows, 3);
    }
    return select_close(&rows);
}

static int load_runs(struct rollup *rollup, int64_t point)
{
    struct select rows;

    get(rollup, &rows, ROLLUP_GET_RUNS, point);
    if (select_next(&rows))
        rollup->runs = (uint64_t)select_instant(&rows, 0);
    return select_close(&rows);
}

int rollup_load(struct rollup *rollup, const struct rollup_point *point)
{
    rollup_clear(rollup);
    if (load_runs(rollup, point->point) != 0 || load_metrics(rollup, point->point) != 0 ||
        rollup_load_differences(rollup, point->point, &rollup->differences) != 0 ||
        load_histograms(rollup, point->point) != 0 || load_series(rollup, point->point) != 0) {
        rollup_clear(rollup);
        return -1;
    }
    rollup->point = *point;
    return 0;
}

int rollup_load_numbers(struct rollup *rollup, int64_t run, struct cell_numbers *numbers)
{
    struct select rows;

    numbers->count = 0;
    get(rollup, &rows, ROLLUP_GET_NUMBERS, run);
    while (select_next(&rows))
        cell_numbers_add(numbers, select_instant(&rows, 0), rollup_held(select_real(&rows, 1)));
    return select_close(&rows);
}

int rollup_load_base(struct rollup *rollup, uint32_t replication)
{
    struct select rows;
    int64_t run = 0;

    get(rollup, &rows, ROLLUP_GET_BASE, rollup->point.study);
    select_bind_int(&rows, replication);
    if (select_next(&rows))
        run = select_instant(&rows, 0);
    rollup->base.count = 0;
    if (select_close(&rows) != 0)
        return -1;
    return run > 0 ? rollup_load_numbers(rollup, run, &rollup->base) : 0;
}

/* --- writing -------------------------------------------------------------------------------- */

static int step(struct rollup *rollup, sqlite3_stmt *statement)
{
    int status = sqlite3_step(statement) == SQLITE_DONE ? 0 : db_fail(rollup->db, "write");

    sqlite3_reset(statement);
    return status;
}

static void put_integer_if(sqlite3_stmt *put, int index, bool there, uint64_t value)
{
    if (there)
        sqlite3_bind_int64(put, index, (int64_t)value);
    else
        sqlite3_bind_null(put, index);
}

static void put_real_if(sqlite3_stmt *put, int index, bool there, double value)
{
    if (there)
        sqlite3_bind_double(put, index, value);
    else
        sqlite3_bind_null(put, index);
}

/* The cell of the histogram that a quantile is of; the row must be there. */
static int find_histogram_cell(struct rollup *rollup, struct metric_rollup *row)
{
    struct select rows;

    get(rollup, &rows, ROLLUP_GET_HISTOGRAM_CELL, row->cell);
    if (select_next(&rows))
        row->histogram_cell = select_instant(&rows, 0);
    return select_close(&rows);
}

static int write_metric(struct rollup *rollup, struct metric_rollup *row)
{
    sqlite3_stmt *put = rollup->statements[ROLLUP_PUT_METRIC];
    const struct estimate_sums *sums = &row->sums;
    const struct tally *tally = &sums->tally;
    bool any = tally->count > 0;

    if (any && row->quantile > 0 && row->histogram_cell == 0 &&
        find_histogram_cell(rollup, row) != 0)
        return -1;
    struct interval interval = rollup_estimate(rollup, row);
    sqlite3_bind_int64(put, 1, rollup->point.point);
    sqlite3_bind_int64(put, 2, row->cell);
    sqlite3_bind_int64(put, 3, (int64_t)tally->count);
    put_real_if(put, 4, any, tally->mean);
    put_real_if(put, 5, any, tally->m2);
    put_real_if(put, 6, any, tally->min);
    put_real_if(put, 7, any, tally->max);
    put_real_if(put, 8, interval.valid, interval.low);
    put_real_if(put, 9, interval.valid, interval.high);
    put_integer_if(put, 10, row->has_over, sums->over);
    put_integer_if(put, 11, row->has_under, sums->under);
    sqlite3_bind_int64(put, 12, (int64_t)row->censored);
    sqlite3_bind_int64(put, 13, (int64_t)row->none);
    put_real_if(put, 14, any, sums->m3);
    put_real_if(put, 15, row->has_over, sums->over_over);
    put_real_if(put, 16, row->has_over, sums->over_under);
    put_real_if(put, 17, row->has_over, sums->under_under);
    put_real_if(put, 18, any, interval.mean);
    sqlite3_bind_text(put, 19, interval_form_name(interval.form), -1, SQLITE_STATIC);
    return step(rollup, put);
}

static int write_metrics(struct rollup *rollup)
{
    struct metric_rollup *rows = (void *)rollup->metrics.items;
    int status = 0;

    for (size_t i = 0; i < rollup->metrics.count && status == 0; i++)
        status = write_metric(rollup, &rows[i]);
    return status;
}

int rollup_write_differences(struct rollup *rollup, int64_t point, double level,
                             struct rollup_list *differences)
{
    sqlite3_stmt *put = rollup->statements[ROLLUP_PUT_DIFFERENCE];
    const struct difference_rollup *rows = (const void *)differences->items;
    int status = 0;

    for (size_t i = 0; i < differences->count && status == 0; i++) {
        const struct tally *tally = &rows[i].difference;
        struct interval interval = rollup_interval(rollup, tally, level);

        sqlite3_bind_int64(put, 1, point);
        sqlite3_bind_int64(put, 2, rows[i].cell);
        sqlite3_bind_int64(put, 3, (int64_t)tally->count);
        sqlite3_bind_double(put, 4, rows[i].base.mean);
        sqlite3_bind_double(put, 5, tally->mean);
        sqlite3_bind_double(put, 6, tally->m2);
        put_real_if(put, 7, interval.valid, interval.low);
        put_real_if(put, 8, interval.valid, interval.high);
        status = step(rollup, put);
    }
    return status;
}

static int write_histograms(struct rollup *rollup)
{
    sqlite3_stmt *put = rollup->statements[ROLLUP_PUT_HISTOGRAM];
    const struct histogram_rollup *rows = (const void *)rollup->histograms.items;
    int status = 0;

    for (size_t i = 0; i < rollup->histograms.count && status == 0; i++) {
        const struct histogram *pooled = &rows[i].pooled;

        strbuf_clear(&rollup->text);
        bins_add_histogram(&rollup->text, pooled);
        sqlite3_bind_int64(put, 1, rollup->point.point);
        sqlite3_bind_int64(put, 2, rows[i].cell);
        sqlite3_bind_int64(put, 3, (int64_t)pooled->count);
        sqlite3_bind_int64(put, 4, histogram_min(pooled));
        sqlite3_bind_int64(put, 5, pooled->max);
        sqlite3_bind_double(put, 6, rows[i].mean);
        sqlite3_bind_int64(put, 7, HISTOGRAM_SUB_BITS);
        sqlite3_bind_text(put, 8, rollup->text.text, (int)rollup->text.length, SQLITE_STATIC);
        status = step(rollup, put);
    }
    return status;
}

static int write_series(struct rollup *rollup)
{
    sqlite3_stmt *put = rollup->statements[ROLLUP_PUT_SERIES];
    struct series_rollup *rows = (void *)rollup->series.items;
    int status = 0;

    for (size_t i = 0; i < rollup->series.count && status == 0; i++) {
        strbuf_clear(&rollup->text);
        if (rows[i].is_ratio) {
            rollup_estimate_bins(rollup, &rows[i]);
            bins_add_pooled(&rollup->text, rows[i].pooled.items, rows[i].pooled.count);
        } else {
            bins_add_moments(&rollup->text, rows[i].bins.items, rows[i].bins.count, rows[i].runs);
        }
        sqlite3_bind_int64(put, 1, rollup->point.point);
        sqlite3_bind_int64(put, 2, rows[i].cell);
        sqlite3_bind_int64(put, 3, (int64_t)rows[i].runs);
        sqlite3_bind_int64(put, 4, rows[i].bin_ns);
        sqlite3_bind_text(put, 5, rollup->text.text, (int)rollup->text.length, SQLITE_STATIC);
        status = step(rollup, put);
    }
    return status;
}

int rollup_write(struct rollup *rollup)
{
    sqlite3_stmt *put = rollup->statements[ROLLUP_SET_RUNS];

    sqlite3_bind_int64(put, 1, rollup->point.point);
    sqlite3_bind_int64(put, 2, (int64_t)rollup->runs);
    if (step(rollup, put) != 0 || write_metrics(rollup) != 0 ||
        rollup_write_differences(rollup, rollup->point.point, rollup->point.level,
                                 &rollup->differences) != 0 ||
        write_histograms(rollup) != 0)
        return -1;
    return write_series(rollup);
}
