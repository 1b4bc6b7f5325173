// SPDX-License-Identifier: GPL-3.0-or-later
/* Rebuild the state of a point: read its runs one by one and add them to an empty state, with the
 * same steps as when they were recorded. */
#include "rollup_internal.h"

#include "mem.h"
#include "stored_histogram.h"

#include <stdlib.h>
#include <string.h>

struct rebuild {
    struct rollup *rollup;
    struct bin_values values;
    struct bin_ratios ratios;
    uint64_t *over, *under;
};

static const char empty_sql[] =
    "DELETE FROM point_metric WHERE point IN (SELECT id FROM point WHERE study = ?1)"
    "\0DELETE FROM point_difference WHERE point IN (SELECT id FROM point WHERE study = ?1)"
    "\0DELETE FROM point_histogram WHERE point IN (SELECT id FROM point WHERE study = ?1)"
    "\0DELETE FROM point_series WHERE point IN (SELECT id FROM point WHERE study = ?1)\0";

static int forget_study(struct db *db, int64_t study)
{
    for (const char *sql = empty_sql; *sql != '\0'; sql += strlen(sql) + 1) {
        sqlite3_stmt *statement = db_prepare(db, sql);
        if (statement == NULL)
            return -1;
        sqlite3_bind_int64(statement, 1, study);
        int status = sqlite3_step(statement) == SQLITE_DONE ? 0 : db_fail(db, "write");
        sqlite3_finalize(statement);
        if (status != 0)
            return -1;
    }
    return 0;
}

/* --- reading a run -------------------------------------------------------------------------- */

static int add_statistics(struct rebuild *rebuild, int64_t run)
{
    struct select rows;

    select_open(
        &rows, rebuild->rollup->db,
        "SELECT cell, value, numerator, denominator, censored_ns IS NOT NULL, kind, stat, unit"
        " FROM metric JOIN cell ON cell.id = cell WHERE run = ? ORDER BY cell");
    select_bind_int(&rows, run);
    while (select_next(&rows)) {
        struct metric metric = {.kind = select_kind(&rows, 5), .unit = select_unit(&rows, 7)};
        struct statistic statistic = {
            .metric = &metric,
            .stat = select_text(&rows, 6),
            .state = select_has(&rows, 1)              ? STATISTIC_NUMBER
                     : select_int(&rows, 4, 0, 1) == 1 ? STATISTIC_CENSORED
                                                       : STATISTIC_NONE,
            .over = (uint64_t)select_instant_or(&rows, 2, 0),
            .under = (uint64_t)select_instant_or(&rows, 3, 0),
        };
        statistic.value = statistic.state == STATISTIC_NUMBER ? select_real(&rows, 1) : 0;
        int64_t cell = select_instant(&rows, 0);
        if (select_good(&rows))
            rollup_add_statistic(rebuild->rollup, cell, &statistic);
    }
    return select_close(&rows);
}

static int add_histograms(struct rebuild *rebuild, int64_t run)
{
    struct select rows;

    select_open(&rows, rebuild->rollup->db,
                "SELECT cell, count, min, max, mean, sub_bits, bins FROM histogram WHERE run = ?"
                " ORDER BY cell");
    select_bind_int(&rows, run);
    while (select_next(&rows)) {
        struct histogram histogram = {0};
        int64_t cell = select_instant(&rows, 0);
        stored_histogram_read(&rows, 1, &histogram);
        if (select_good(&rows))
            rollup_add_histogram(rebuild->rollup, cell, &histogram, select_real(&rows, 4));
        histogram_release(&histogram);
    }
    return select_close(&rows);
}

/* The values of a series' text; false if it is invalid for its kind or does not have the run's
 * length. */
static bool read_values(struct rebuild *rebuild, const char *text, int64_t simulated_ns,
                        struct run_series *series)
{
    struct bin_values *values = &rebuild->values;
    int64_t bin_ns = series->bin_ns;
    bool good = series->kind == METRIC_COUNT ? bins_read_counts(text, values)
                                             : bins_read_levels(text, values);

    if (!good || values->count != (size_t)(simulated_ns / bin_ns + (simulated_ns % bin_ns > 0)))
        return false;
    /* Counts become rates per second; the last bin may be shorter. As in a run's statistics. */
    for (size_t bin = 0; series->kind == METRIC_COUNT && bin < values->count; bin++) {
        int64_t left = simulated_ns - (int64_t)bin * bin_ns;
        double length = (double)(left < bin_ns ? left : bin_ns);
        values->items[bin] /= length / (double)SIM_S;
    }
    series->values = values->items;
    series->count = values->count;
    return true;
}

static bool read_ratios(struct rebuild *rebuild, const char *text, int64_t simulated_ns,
                        struct run_series *series)
{
    struct bin_ratios *ratios = &rebuild->ratios;
    int64_t bin_ns = series->bin_ns;

    if (!bins_read_ratios(text, ratios) ||
        ratios->count != (size_t)(simulated_ns / bin_ns + (simulated_ns % bin_ns > 0)))
        return false;
    rebuild->over = mem_realloc(rebuild->over, ratios->count, sizeof *rebuild->over);
    rebuild->under = mem_realloc(rebuild->under, ratios->count, sizeof *rebuild->under);
    for (size_t bin = 0; bin < ratios->count; bin++) {
        rebuild->over[bin] = ratios->items[bin].over;
        rebuild->under[bin] = ratios->items[bin].under;
    }
    series->over = rebuild->over;
    series->under = rebuild->under;
    series->count = ratios->count;
    return true;
}

static int add_series(struct rebuild *rebuild, int64_t run)
{
    struct select rows;

    select_open(&rows, rebuild->rollup->db,
                "SELECT cell, kind, bin_ns, simulated_ns, bins, unit FROM run_series JOIN cell ON"
                " cell.id = cell JOIN run ON run.id = run WHERE run = ? ORDER BY cell");
    select_bind_int(&rows, run);
    while (select_next(&rows)) {
        int64_t cell = select_instant(&rows, 0);
        struct run_series series = {.kind = select_kind(&rows, 1),
                                    .unit = select_unit(&rows, 5),
                                    .bin_ns = select_int(&rows, 2, 1, INT64_MAX)};
        int64_t simulated_ns = select_instant(&rows, 3);
        const char *text = select_text(&rows, 4);
        if (!select_good(&rows))
            break;
        if (series.kind == METRIC_RATIO ? !read_ratios(rebuild, text, simulated_ns, &series)
                                        : !read_values(rebuild, text, simulated_ns, &series))
            select_damaged(&rows, 4);
        else if (rollup_add_series(rebuild->rollup, cell, &series) != 0)
            rows.failed = true;
    }
    return select_close(&rows);
}

/* --- points --------------------------------------------------------------------------------- */

static int add_run(struct rebuild *rebuild, int64_t run, uint32_t replication)
{
    rollup_next_run(rebuild->rollup, replication);
    if (add_statistics(rebuild, run) != 0 || add_histograms(rebuild, run) != 0 ||
        add_series(rebuild, run) != 0)
        return -1;
    return rollup_pair_with_base(rebuild->rollup);
}

static int rebuild_point(struct rebuild *rebuild, const struct rollup_point *point)
{
    struct select rows;

    rollup_clear(rebuild->rollup);
    rebuild->rollup->point = *point;
    select_open(&rows, rebuild->rollup->db,
                "SELECT id, replication FROM run WHERE point = ? ORDER BY replication");
    select_bind_int(&rows, point->point);
    while (select_next(&rows)) {
        int64_t run = select_instant(&rows, 0);
        uint32_t replication = select_count(&rows, 1);
        if (select_good(&rows) && add_run(rebuild, run, replication) != 0)
            rows.failed = true;
    }
    int status = select_close(&rows) == 0 ? rollup_write(rebuild->rollup) : -1;
    rollup_clear(rebuild->rollup);
    return status;
}

int rollup_rebuild(struct rollup *rollup, int64_t study)
{
    struct rebuild rebuild = {.rollup = rollup};
    struct select rows;

    if (forget_study(rollup->db, study) != 0)
        return -1;
    select_open(&rows, rollup->db,
                "SELECT point.id, number, level FROM point JOIN study ON study.id = study"
                " WHERE study = ? ORDER BY number");
    select_bind_int(&rows, study);
    while (select_next(&rows)) {
        struct rollup_point point = {.study = study,
                                     .point = select_instant(&rows, 0),
                                     .number = select_count(&rows, 1),
                                     .level = select_level(&rows, 2)};
        if (select_good(&rows) && rebuild_point(&rebuild, &point) != 0)
            rows.failed = true;
    }
    bin_values_release(&rebuild.values);
    bin_ratios_release(&rebuild.ratios);
    free(rebuild.over);
    free(rebuild.under);
    return select_close(&rows);
}
