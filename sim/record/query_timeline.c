// SPDX-License-Identifier: GPL-3.0-or-later
/* Queries for binned data: series over time and distributions, both from the roll-ups. */
#include "query_internal.h"

#include "bins_text.h"
#include "estimate.h"
#include "mem.h"
#include "stored_histogram.h"

#include <stdlib.h>
#include <string.h>

static struct interval interval_of(struct estimate_quantiles *quantiles, double level,
                                   bool is_share, const struct moment *moment)
{
    struct estimate_sums sums = {.tally = {.count = moment->n, .mean = moment->mean}};

    /* Of a bin no more is kept than mean and deviation; none is negative, and no share above 1. */
    if (moment->n >= 2)
        sums.tally.m2 = moment->sd * moment->sd * (double)(moment->n - 1);
    return estimate_interval(&sums, is_share ? ESTIMATE_BOUNDED : ESTIMATE_POSITIVE, level,
                             quantiles);
}

/* The bins of a row; false with the error reported if they are invalid. */
static bool read_bins(struct select *rows, int runs, int bin_ns, int bins, int64_t *width_ns,
                      struct bin_moments *moments)
{
    uint64_t n = (uint64_t)select_int(rows, runs, 1, UINT32_MAX);
    *width_ns = select_int(rows, bin_ns, 1, INT64_MAX);
    bool good = bins_read_moments(select_text(rows, bins), n, moments);

    for (size_t i = 0; good && i < moments->count; i++)
        good = moments->items[i].n <= n;
    if (!good)
        select_damaged(rows, bins);
    if (good && moments->count > 0 && *width_ns > INT64_MAX / (int64_t)moments->count)
        select_damaged(rows, bin_ns);
    return select_good(rows);
}

int results_each_timeline(struct results *results, int64_t study, const char *metric,
                          void (*row)(void *self, const struct timeline_row *row), void *self,
                          struct diag *diag)
{
    struct estimate_quantiles quantiles = {0};
    double level;
    struct bin_moments moments = {0};
    struct select rows;

    if (query_study_level(results, study, &level, diag) != 0)
        return -1;
    select_study(&rows, results,
                 "SELECT point.number, point_series.runs, bin_ns, bins," CELL_COLUMNS
                 ", cell.kind FROM point JOIN point_series ON point_series.point = point.id"
                 " JOIN cell ON cell.id = point_series.cell"
                 " WHERE study =" THE_STUDY "AND (?2 IS NULL OR cell.name = ?2)"
                 " ORDER BY point.number, cell.id",
                 study, diag);
    select_bind_text(&rows, metric);
    while (select_next(&rows)) {
        int64_t width_ns;
        struct timeline_row timeline = {.point = select_count(&rows, 0),
                                        .metric = select_text(&rows, 4 + CELL_NAME),
                                        .region = select_text(&rows, 4 + CELL_REGION),
                                        .label = select_text(&rows, 4 + CELL_LABEL),
                                        .unit = select_text(&rows, 4 + CELL_UNIT),
                                        .is_rate = select_kind(&rows, 4 + CELL_COLUMN_COUNT) ==
                                                   METRIC_COUNT};
        bool is_share = strcmp(timeline.unit, unit_name(UNIT_SHARE)) == 0;
        if (!read_bins(&rows, 1, 2, 3, &width_ns, &moments))
            break;
        for (size_t i = 0; i < moments.count; i++) {
            if (moments.items[i].n == 0)
                continue;
            timeline.t_ns = (int64_t)i * width_ns;
            timeline.interval = interval_of(&quantiles, level, is_share, &moments.items[i]);
            row(self, &timeline);
        }
    }
    bin_moments_release(&moments);
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
