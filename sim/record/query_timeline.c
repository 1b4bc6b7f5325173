// SPDX-License-Identifier: GPL-3.0-or-later
/* Queries for binned data: series over time and distributions, both from the roll-ups. */
#include "query_internal.h"

#include "bins_text.h"
#include "estimate.h"
#include "mem.h"
#include "stored_histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A row of point_series. */
struct binned {
    enum metric_kind kind;
    uint64_t runs;
    int64_t width_ns;
    double level;
    bool is_share;
    struct bin_moments moments; /* of all kinds but ratios */
    struct pooled_bins pooled;  /* of ratios */
    struct estimate_quantiles quantiles;
};

/* Of a bin no more is kept than mean and deviation; none is negative, and no share above 1. */
static struct interval of_moment(struct binned *binned, const struct moment *moment)
{
    struct estimate_sums sums = {.tally = {.count = moment->n, .mean = moment->mean}};
    struct interval interval;

    if (moment->n >= 2)
        sums.tally.m2 = moment->sd * moment->sd * (double)(moment->n - 1);
    interval = estimate_interval(&sums, binned->is_share ? ESTIMATE_BOUNDED : ESTIMATE_POSITIVE,
                                 binned->level, &binned->quantiles);
    if (binned->kind == METRIC_COUNT && interval.valid && !(moment->mean > 0)) {
        interval.form = INTERVAL_NONE_SEEN;
        interval.high = -log((1 - binned->level) / 2) / (double)moment->n /
                        ((double)binned->width_ns / (double)SIM_S);
    }
    return interval;
}

/* A ratio's bounds are stored. */
static struct interval of_ratio(const struct binned *binned, const struct pooled_bin *bin)
{
    const struct pooled_ratio *ratio = &bin->ratio;
    struct interval interval = {.valid = isfinite(bin->low) && isfinite(bin->high),
                                .n = ratio->n,
                                .level = binned->level,
                                .mean = (double)ratio->over / (double)ratio->under,
                                .low = bin->low,
                                .high = bin->high,
                                .trials = ratio->under};

    if (interval.valid && ratio->over == 0)
        interval.form = INTERVAL_NONE_SEEN;
    return interval;
}

/* Read the bins; false with the error reported if they are invalid. */
static bool binned_read(struct binned *binned, struct select *rows, int runs, int bin_ns, int bins)
{
    const struct moment *moments;
    size_t count;
    bool good;

    binned->runs = (uint64_t)select_int(rows, runs, 1, UINT32_MAX);
    binned->width_ns = select_int(rows, bin_ns, 1, INT64_MAX);
    if (binned->kind == METRIC_RATIO) {
        good = bins_read_pooled(select_text(rows, bins), &binned->pooled);
        count = binned->pooled.count;
        for (size_t i = 0; good && i < count; i++)
            good = binned->pooled.items[i].ratio.n <= binned->runs;
    } else {
        good = bins_read_moments(select_text(rows, bins), binned->runs, &binned->moments);
        moments = binned->moments.items;
        count = binned->moments.count;
        for (size_t i = 0; good && i < count; i++)
            good = moments[i].n <= binned->runs;
    }
    if (!good)
        select_damaged(rows, bins);
    if (good && count > 0 && binned->width_ns > INT64_MAX / (int64_t)count)
        select_damaged(rows, bin_ns);
    return select_good(rows);
}

static void each_bin(struct binned *binned, struct timeline_row *timeline,
                     void (*row)(void *self, const struct timeline_row *row), void *self)
{
    bool is_ratio = binned->kind == METRIC_RATIO;
    size_t count = is_ratio ? binned->pooled.count : binned->moments.count;

    for (size_t i = 0; i < count; i++) {
        uint64_t n = is_ratio ? binned->pooled.items[i].ratio.n : binned->moments.items[i].n;

        if (n == 0)
            continue;
        timeline->t_ns = (int64_t)i * binned->width_ns;
        timeline->interval = is_ratio ? of_ratio(binned, &binned->pooled.items[i])
                                      : of_moment(binned, &binned->moments.items[i]);
        row(self, timeline);
    }
}

int results_each_timeline(struct results *results, int64_t study, const char *metric,
                          void (*row)(void *self, const struct timeline_row *row), void *self,
                          struct diag *diag)
{
    struct binned binned = {0};
    struct select rows;

    if (query_study_level(results, study, &binned.level, diag) != 0)
        return -1;
    select_study(&rows, results,
                 "SELECT point.number, point_series.runs, bin_ns, bins," CELL_COLUMNS
                 ", cell.kind FROM point JOIN point_series ON point_series.point = point.id"
                 " JOIN cell ON cell.id = point_series.cell"
                 " WHERE study =" THE_STUDY "AND (?2 IS NULL OR cell.name = ?2"
                 " OR cell.name || '.' || cell.stat = ?2) ORDER BY point.number, cell.id",
                 study, diag);
    select_bind_text(&rows, metric);
    while (select_next(&rows)) {
        struct timeline_row timeline = {.point = select_count(&rows, 0),
                                        .metric = select_text(&rows, 4 + CELL_NAME),
                                        .stat = select_text(&rows, 4 + CELL_STAT),
                                        .region = select_text(&rows, 4 + CELL_REGION),
                                        .label = select_text(&rows, 4 + CELL_LABEL),
                                        .unit = select_text(&rows, 4 + CELL_UNIT)};

        binned.kind = select_kind(&rows, 4 + CELL_COLUMN_COUNT);
        binned.is_share = strcmp(timeline.unit, unit_name(UNIT_SHARE)) == 0;
        timeline.is_rate = binned.kind == METRIC_COUNT;
        if (!binned_read(&binned, &rows, 1, 2, 3))
            break;
        each_bin(&binned, &timeline, row, self);
    }
    bin_moments_release(&binned.moments);
    pooled_bins_release(&binned.pooled);
    return select_close(&rows);
}

int results_each_series(struct results *results, int64_t study, int64_t point, int64_t replication,
                        const char *metric, void (*row)(void *self, const struct series_row *row),
                        void *self, struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT cell.region, cell.kind, t_ns, series.value FROM point"
                 " JOIN run ON run.point = point.id JOIN series ON series.run = run.id"
                 " JOIN cell ON cell.id = series.cell WHERE study =" THE_STUDY
                 "AND point.number = ?2 AND replication = ?3 AND cell.name = ?4 AND cell.label = ''"
                 " ORDER BY cell.id, t_ns",
                 study, diag);
    select_bind_int(&rows, point);
    select_bind_int(&rows, replication);
    select_bind_text(&rows, metric);
    while (select_next(&rows)) {
        const struct series_row series = {select_text(&rows, 0),
                                          select_kind(&rows, 1) == METRIC_COUNT,
                                          select_instant(&rows, 2), select_real(&rows, 3)};
        if (select_good(&rows))
            row(self, &series);
    }
    return select_close(&rows);
}

int results_histogram(struct results *results, int64_t study, int64_t point, const char *metric,
                      const char *region, const char *label, const char *window,
                      struct histogram *pooled, struct diag *diag)
{
    struct select rows;

    histogram_clear(pooled);
    select_study(&rows, results,
                 "SELECT h.count, h.min, h.max, h.mean, sub_bits, bins FROM point"
                 " JOIN point_histogram AS h ON h.point = point.id"
                 " JOIN cell ON cell.id = h.cell WHERE study =" THE_STUDY "AND number = ?2"
                 " AND name = ?3 AND region = ?4 AND label = ?5 AND window = ?6",
                 study, diag);
    select_bind_int(&rows, point);
    select_bind_text(&rows, metric);
    select_bind_text(&rows, region);
    select_bind_text(&rows, label ? label : "");
    select_bind_text(&rows, window);
    if (select_next(&rows))
        stored_histogram_read(&rows, 0, pooled);
    return select_close(&rows);
}
