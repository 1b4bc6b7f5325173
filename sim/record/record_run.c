// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Write a run: its row, its statistics by ascending cell, its log, and the roll-ups of its point.
 * Binned data is one row per series (bins_text.h), so a run is some thousand rows.
 */
#include "record_internal.h"

#include "bins_text.h"
#include "interval.h"
#include "mem.h"
#include "provenance.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const char *region_name(const struct run_result *result, int region)
{
    return region < 0 ? "all" : result->scenario->topology.region_names[region];
}

static void put_integer_if(sqlite3_stmt *statement, int index, bool there, int64_t value)
{
    if (there)
        sqlite3_bind_int64(statement, index, value);
    else
        sqlite3_bind_null(statement, index);
}

static void put_instant(sqlite3_stmt *statement, int index, sim_time instant)
{
    put_integer_if(statement, index, instant != SIM_NEVER && instant >= 0, instant);
}

/* Bind the most recent text of bins. */
static void put_bins(struct record *record, sqlite3_stmt *statement, int index)
{
    sqlite3_bind_text(statement, index, record->text.text, (int)record->text.length, SQLITE_STATIC);
}

/* --- cells ---------------------------------------------------------------------------------- */

static void put_cell(sqlite3_stmt *statement, const struct cell *cell)
{
    put_text(statement, 1, cell->metric->name);
    put_text(statement, 2, cell->stat);
    put_text(statement, 3, cell->region);
    put_text(statement, 4, cell->label != NULL ? cell->metric->label : "");
    put_text(statement, 5, cell->label);
    put_text(statement, 6, cell->window);
    put_text(statement, 7, unit_name(cell->metric->unit));
    put_text(statement, 8, metric_kind_name(cell->metric->kind));
}

/* The id of a cell of the file, inserted if it is new; 0 after an error. */
static int64_t stored_cell_id(struct record *record, const struct cell *cell)
{
    struct select rows;
    int64_t id = 0;

    select_begin(&rows, &record->db, record->statements[FIND_CELL]);
    put_cell(rows.statement, cell);
    bool found = select_next(&rows);
    if (found)
        id = select_int(&rows, 0, 1, INT64_MAX);
    if (select_close(&rows) != 0)
        return 0;
    if (found)
        return id;
    sqlite3_stmt *put = record->statements[PUT_CELL];
    put_cell(put, cell);
    return record_step(record, put) == 0 ? sqlite3_last_insert_rowid(record->db.handle) : 0;
}

static int64_t cell_id(struct record *record, const struct cell *cell)
{
    int64_t id = cells_find(&record->known_cells, cell);

    if (id == 0) {
        id = stored_cell_id(record, cell);
        if (id != 0)
            cells_add(&record->known_cells, cell, id);
    }
    return id;
}

/* The cell of the statistic with this index among its kind. 0, or -1 with the error reported. */
static int place(struct record *record, const struct cell *cell, size_t index)
{
    int64_t id = cell_id(record, cell);

    if (id == 0)
        return -1;
    if (record->placed_count == record->placed_capacity)
        MEM_GROW(record->placed, record->placed_capacity, record->placed_count + 1);
    record->placed[record->placed_count++] = (struct placed){id, index};
    return 0;
}

static int by_cell(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;

    return (a->cell > b->cell) - (a->cell < b->cell);
}

/* The ids of cells follow the order of statistics, except for a statistic that the first runs
 * lacked.
 */
static void sort_placed(struct record *record)
{
    for (size_t i = 1; i < record->placed_count; i++) {
        if (record->placed[i].cell < record->placed[i - 1].cell) {
            qsort(record->placed, record->placed_count, sizeof *record->placed, by_cell);
            return;
        }
    }
}

/* --- statistics ----------------------------------------------------------------------------- */

static bool is_kept(struct record *record, const struct run_result *result,
                    const struct statistic *statistic)
{
    if (statistic->state != STATISTIC_NUMBER || isfinite(statistic->value))
        return true;
    diag_add(record->db.diag, DIAG_WARNING, NULL,
             "metric '%s' of point %" PRIu32 ", replication %" PRIu32
             " is not a finite number and was omitted",
             statistic->metric->name, result->point, result->replication);
    return false;
}

static int write_metric(struct record *record, const struct statistic *statistic, int64_t run,
                        int64_t cell)
{
    sqlite3_stmt *put = record->statements[PUT_METRIC];

    put_int(put, 1, run);
    put_int(put, 2, cell);
    put_real_if(put, 3, statistic->state == STATISTIC_NUMBER, statistic->value);
    put_integer_if(put, 4, statistic_has_over(statistic), (int64_t)statistic->over);
    put_integer_if(put, 5, statistic_has_under(statistic), (int64_t)statistic->under);
    put_integer_if(put, 6, statistic->state == STATISTIC_CENSORED, statistic->censored_at);
    if (statistic->state == STATISTIC_NONE)
        put_text(put, 7, statistic->reason);
    else
        sqlite3_bind_null(put, 7);
    rollup_add_statistic(record->rollup, cell, statistic);
    return record_step(record, put);
}

static int write_metrics(struct record *record, const struct run_result *result, int64_t run)
{
    const struct statistics *statistics = result->statistics;
    int status = 0;

    record->placed_count = 0;
    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *statistic = &statistics->statistics[i];
        struct cell cell = {statistic->metric, statistic->stat,
                            region_name(result, statistic->region), statistic->label,
                            statistic->window};
        if (is_kept(record, result, statistic) && place(record, &cell, i) != 0)
            return -1;
    }
    sort_placed(record);
    for (size_t i = 0; i < record->placed_count && status == 0; i++)
        status = write_metric(record, &statistics->statistics[record->placed[i].index], run,
                              record->placed[i].cell);
    return status;
}

static int write_histogram(struct record *record, const struct histogram *histogram, int64_t run,
                           int64_t cell)
{
    sqlite3_stmt *put = record->statements[PUT_HISTOGRAM];
    double mean = histogram_mean(histogram);

    strbuf_clear(&record->text);
    bins_add_histogram(&record->text, histogram);
    put_int(put, 1, run);
    put_int(put, 2, cell);
    put_int(put, 3, (int64_t)histogram->count);
    put_int(put, 4, histogram_min(histogram));
    put_int(put, 5, histogram->max);
    put_real(put, 6, mean);
    put_int(put, 7, HISTOGRAM_SUB_BITS);
    put_bins(record, put, 8);
    rollup_add_histogram(record->rollup, cell, histogram, mean);
    return record_step(record, put);
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
        if (row->histogram->count > 0 && place(record, &cell, i) != 0)
            return -1;
    }
    sort_placed(record);
    for (size_t i = 0; i < record->placed_count && status == 0; i++)
        status = write_histogram(record, statistics->histograms[record->placed[i].index].histogram,
                                 run, record->placed[i].cell);
    return status;
}

static int write_one_series(struct record *record, const struct statistics *statistics,
                            const struct statistic_series *series, int64_t run, int64_t cell)
{
    sqlite3_stmt *put = record->statements[PUT_SERIES];

    strbuf_clear(&record->text);
    if (series->under != NULL)
        bins_add_ratios(&record->text, series->over, series->under, statistics->bin_count);
    else if (series->over != NULL)
        bins_add_counts(&record->text, series->over, statistics->bin_count);
    else
        bins_add_levels(&record->text, series->values, statistics->bin_count);
    put_int(put, 1, run);
    put_int(put, 2, cell);
    put_bins(record, put, 3);
    struct run_series added = {.kind = series->metric->kind,
                               .unit = series->metric->unit,
                               .values = series->values,
                               .over = series->over,
                               .under = series->under,
                               .count = statistics->bin_count,
                               .bin_ns = statistics->bin};
    if (rollup_add_series(record->rollup, cell, &added) != 0)
        return -1;
    return record_step(record, put);
}

static int write_series(struct record *record, const struct run_result *result, int64_t run)
{
    const struct statistics *statistics = result->statistics;
    int status = 0;

    record->placed_count = 0;
    for (size_t i = 0; i < statistics->series_count; i++) {
        const struct statistic_series *series = &statistics->series[i];
        struct cell cell = {series->metric, series->stat, region_name(result, series->region),
                            series->label, NULL};
        if (place(record, &cell, i) != 0)
            return -1;
    }
    sort_placed(record);
    for (size_t i = 0; i < record->placed_count && status == 0; i++)
        status = write_one_series(record, statistics, &statistics->series[record->placed[i].index],
                                  run, record->placed[i].cell);
    return status;
}

/* --- events and incidents ------------------------------------------------------------------- */

static int write_events(struct record *record, const struct run_result *result, int64_t run)
{
    sqlite3_stmt *put = record->statements[PUT_EVENT];

    for (size_t i = 0; i < result->log->event_count; i++) {
        const struct run_event *event = &result->log->events[i];
        put_int(put, 1, run);
        put_int(put, 2, event->number);
        put_int(put, 3, event->time);
        put_text(put, 4, event->what);
        put_text(put, 5, event->subject);
        put_text(put, 6, event->text);
        put_integer_if(put, 7, event->cause > 0, event->cause);
        put_integer_if(put, 8, event->waited_for > 0, event->waited_for);
        put_text(put, 9, event->cause_text);
        if (record_step(record, put) != 0)
            return -1;
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
        put_text(put, 4, incident->subject);
        put_integer_if(put, 5, incident->cause > 0, incident->cause);
        put_int(put, 6, incident->onset);
        for (int stage = 0; stage < INCIDENT_STAGES; stage++)
            put_instant(put, 7 + stage, incident->ended[stage]);
        put_instant(put, 7 + INCIDENT_STAGES, incident->rpo);
        put_int(put, 8 + INCIDENT_STAGES, (int64_t)incident->writes_lost);
        put_int(put, 9 + INCIDENT_STAGES, (int64_t)incident->sessions_lost);
        if (record_step(record, put) != 0)
            return -1;
    }
    return 0;
}

/* --- the run -------------------------------------------------------------------------------- */

int record_write_student(struct record *record, uint64_t n_max)
{
    sqlite3_stmt *put = record->statements[PUT_STUDENT];
    uint64_t n = record->student_n_max < 2 ? 2 : record->student_n_max + 1;

    for (; n <= n_max; n++) {
        double quantile = interval_student_quantile(n, record->level);
        put_int(put, 1, (int64_t)n);
        put_real(put, 2, record->level);
        put_real(put, 3, quantile);
        put_real(put, 4, quantile / sqrt((double)n));
        if (record_step(record, put) != 0)
            return -1;
    }
    return 0;
}

static int64_t write_run_row(struct record *record, const struct run_result *result)
{
    char seed[24], digest[20];

    snprintf(seed, sizeof seed, "%" PRIu64, result->seed);
    snprintf(digest, sizeof digest, "%016" PRIx64, result->digest);
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
    put_text(put, 11, program_version);
    return record_step(record, put) == 0 ? sqlite3_last_insert_rowid(record->db.handle) : 0;
}

int record_write_run(struct record *record, const struct run_result *result)
{
    const struct rollup_point point = {.study = record->study,
                                       .point = record->points[result->point].id,
                                       .number = result->point,
                                       .level = record->level};
    int64_t run = write_run_row(record, result);

    if (run == 0 || rollup_open_run(record->rollup, &point, result->replication) != 0 ||
        write_metrics(record, result, run) != 0 || write_histograms(record, result, run) != 0 ||
        write_series(record, result, run) != 0 || rollup_close_run(record->rollup) != 0 ||
        write_events(record, result, run) != 0 || write_incidents(record, result, run) != 0)
        return -1;
    return record_write_student(record, rollup_run_count(record->rollup));
}
