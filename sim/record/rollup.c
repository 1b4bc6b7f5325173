// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A run's statistics are added by ascending cell, as those of the previous run were: a hint of the
 * next position in each list finds a row in O(1).
 *
 * Means and squares are updated by Welford's method (tally.h); the mean of pooled histograms is
 * updated by its weight of new values, since the file does not store the sum.
 */
#include "rollup_internal.h"

#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- lists ---------------------------------------------------------------------------------- */

static int64_t cell_at(const struct rollup_list *list, size_t index)
{
    int64_t cell;

    memcpy(&cell, list->items + index * list->size, sizeof cell);
    return cell;
}

/* The first row whose cell is not below this one. */
static size_t lower_bound(const struct rollup_list *list, int64_t cell)
{
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cell_at(list, middle) < cell)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void *rollup_row(struct rollup_list *list, int64_t cell)
{
    size_t index = list->hint;

    if (index >= list->count || cell_at(list, index) != cell)
        index = lower_bound(list, cell);
    list->hint = index + 1;
    unsigned char *row = list->items + index * list->size;
    if (index < list->count && cell_at(list, index) == cell)
        return row;
    mem_grow(&list->items, &list->capacity, list->count + 1, list->size);
    row = list->items + index * list->size;
    memmove(row + list->size, row, (list->count - index) * list->size);
    memset(row, 0, list->size);
    memcpy(row, &cell, sizeof cell);
    list->count++;
    return row;
}

void rollup_list_release(struct rollup_list *list)
{
    free(list->items);
    *list = (struct rollup_list){.size = list->size};
}

static void series_rollup_release(struct series_rollup *series)
{
    bin_moments_release(&series->bins);
    pooled_bins_release(&series->pooled);
}

void rollup_clear(struct rollup *rollup)
{
    struct series_rollup *series = (void *)rollup->series.items;
    struct histogram_rollup *histograms = (void *)rollup->histograms.items;

    for (size_t i = 0; i < rollup->series.count; i++)
        series_rollup_release(&series[i]);
    for (size_t i = 0; i < rollup->histograms.count; i++)
        histogram_release(&histograms[i].pooled);
    rollup_list_release(&rollup->metrics);
    rollup_list_release(&rollup->differences);
    rollup_list_release(&rollup->series);
    rollup_list_release(&rollup->histograms);
    rollup->point = (struct rollup_point){0};
    rollup->runs = 0;
}

void cell_numbers_add(struct cell_numbers *numbers, int64_t cell, double value)
{
    if (numbers->count == numbers->capacity)
        MEM_GROW(numbers->items, numbers->capacity, numbers->count + 1);
    numbers->items[numbers->count++] = (struct cell_number){cell, value};
}

/* --- creating and freeing -------------------------------------------------------------------- */

struct rollup *rollup_create(struct db *db)
{
    struct rollup *rollup = mem_zalloc(1, sizeof *rollup);

    rollup->db = db;
    rollup->text = (struct strbuf)STRBUF_INIT;
    rollup->metrics.size = sizeof(struct metric_rollup);
    rollup->differences.size = sizeof(struct difference_rollup);
    rollup->series.size = sizeof(struct series_rollup);
    rollup->histograms.size = sizeof(struct histogram_rollup);
    if (rollup_prepare(rollup) != 0) {
        rollup_free(rollup);
        return NULL;
    }
    return rollup;
}

void rollup_free(struct rollup *rollup)
{
    if (!rollup)
        return;
    for (size_t i = 0; i < ROLLUP_STATEMENTS; i++)
        sqlite3_finalize(rollup->statements[i]);
    rollup_clear(rollup);
    free(rollup->numbers.items);
    free(rollup->base.items);
    strbuf_release(&rollup->text);
    free(rollup);
}

void rollup_forget(struct rollup *rollup)
{
    rollup_clear(rollup);
}

/* --- a run ---------------------------------------------------------------------------------- */

int rollup_open_run(struct rollup *rollup, const struct rollup_point *point, uint32_t replication)
{
    if (rollup->point.point != point->point && rollup_load(rollup, point) != 0)
        return -1;
    rollup_next_run(rollup, replication);
    return 0;
}

void rollup_next_run(struct rollup *rollup, uint32_t replication)
{
    rollup->replication = replication;
    rollup->runs++;
    rollup->numbers.count = 0;
    rollup->metrics.hint = rollup->series.hint = rollup->histograms.hint = 0;
}

uint64_t rollup_run_count(const struct rollup *rollup)
{
    return rollup->runs;
}

double rollup_held(double value)
{
    return value > 1e150 ? 1e150 : value < -1e150 ? -1e150 : value;
}

void rollup_add_statistic(struct rollup *rollup, int64_t cell, const struct statistic *statistic)
{
    struct metric_rollup *row = rollup_row(&rollup->metrics, cell);
    double value = rollup_held(statistic->value);

    rollup_set_law(row, statistic->metric->kind, statistic->metric->unit, statistic->stat);
    row->has_over = row->has_over || statistic_has_over(statistic);
    row->has_under = row->has_under || statistic_has_under(statistic);
    switch (statistic->state) {
    case STATISTIC_NUMBER:
        estimate_add(&row->sums, value, row->has_over ? statistic->over : 0,
                     row->has_under ? statistic->under : 0);
        cell_numbers_add(&rollup->numbers, cell, value);
        break;
    case STATISTIC_CENSORED:
        row->censored++;
        break;
    case STATISTIC_NONE: /* a ratio over nothing has no numerator either */
        row->none++;
        break;
    }
}

void rollup_set_law(struct metric_rollup *row, enum metric_kind kind, enum unit unit,
                    const char *stat)
{
    row->law = metric_law(kind, unit, stat);
    row->quantile = kind == METRIC_LATENCY ? metric_quantile(stat) : 0;
}

static void add_values(struct bin_moments *bins, const struct run_series *series)
{
    if (series->count > bins->count) {
        MEM_GROW(bins->items, bins->capacity, series->count);
        memset(&bins->items[bins->count], 0, (series->count - bins->count) * sizeof *bins->items);
        bins->count = series->count;
    }
    for (size_t bin = 0; bin < series->count; bin++)
        if (isfinite(series->values[bin]))
            moment_add(&bins->items[bin], rollup_held(series->values[bin]));
}

static void add_ratios(struct pooled_bins *bins, const struct run_series *series)
{
    if (series->count > bins->count) {
        MEM_GROW(bins->items, bins->capacity, series->count);
        memset(&bins->items[bins->count], 0, (series->count - bins->count) * sizeof *bins->items);
        bins->count = series->count;
    }
    for (size_t bin = 0; bin < series->count; bin++)
        pooled_ratio_add(&bins->items[bin].ratio, series->over[bin], series->under[bin]);
}

int rollup_add_series(struct rollup *rollup, int64_t cell, const struct run_series *series)
{
    struct series_rollup *row = rollup_row(&rollup->series, cell);

    if (row->runs > 0 && row->bin_ns != series->bin_ns) {
        diag_error(rollup->db->diag,
                   "cannot write results database '%s': the runs of a point have bins of different "
                   "widths",
                   rollup->db->path);
        return -1;
    }
    row->runs++;
    row->bin_ns = series->bin_ns;
    row->law = metric_law(series->kind, series->unit, NULL);
    row->is_ratio = series->kind == METRIC_RATIO;
    if (row->is_ratio)
        add_ratios(&row->pooled, series);
    else
        add_values(&row->bins, series);
    return 0;
}

void rollup_add_histogram(struct rollup *rollup, int64_t cell, const struct histogram *histogram,
                          double mean)
{
    struct histogram_rollup *row = rollup_row(&rollup->histograms, cell);

    histogram_merge(&row->pooled, histogram);
    row->mean += (mean - row->mean) * ((double)histogram->count / (double)row->pooled.count);
}

void rollup_add_pairs(struct rollup_list *differences, const struct cell_numbers *numbers,
                      const struct cell_numbers *base)
{
    differences->hint = 0;
    for (size_t i = 0, k = 0; i < numbers->count && k < base->count;) {
        const struct cell_number *number = &numbers->items[i], *against = &base->items[k];

        if (number->cell < against->cell) {
            i++;
        } else if (number->cell > against->cell) {
            k++;
        } else {
            struct difference_rollup *row = rollup_row(differences, number->cell);
            tally_add(&row->base, against->value);
            tally_add(&row->difference, number->value - against->value);
            i++, k++;
        }
    }
}

/* The base's run came after this replication of other points: pair them now. */
static int pair_others(struct rollup *rollup)
{
    struct select rows;

    select_begin(&rows, rollup->db, rollup->statements[ROLLUP_GET_OTHERS]);
    select_bind_int(&rows, rollup->point.study);
    select_bind_int(&rows, rollup->replication);
    while (select_next(&rows)) {
        struct rollup_list differences = {.size = sizeof(struct difference_rollup)};
        struct cell_numbers numbers = {0};
        int64_t point = select_instant(&rows, 0), run = select_instant(&rows, 1);
        bool good = select_good(&rows) &&
                    rollup_load_differences(rollup, point, &differences) == 0 &&
                    rollup_load_numbers(rollup, run, &numbers) == 0;

        if (good) {
            rollup_add_pairs(&differences, &numbers, &rollup->numbers);
            good = rollup_write_differences(rollup, point, rollup->point.level, &differences) == 0;
        }
        rollup_list_release(&differences);
        free(numbers.items);
        rows.failed = rows.failed || !good;
    }
    return select_close(&rows);
}

int rollup_pair_with_base(struct rollup *rollup)
{
    if (rollup->point.number == 0)
        return 0;
    if (rollup_load_base(rollup, rollup->replication) != 0)
        return -1;
    rollup_add_pairs(&rollup->differences, &rollup->numbers, &rollup->base);
    return 0;
}

int rollup_close_run(struct rollup *rollup)
{
    int status = rollup->point.number > 0 ? rollup_pair_with_base(rollup) : pair_others(rollup);

    return status == 0 ? rollup_write(rollup) : -1;
}

static const struct histogram_rollup *histogram_of(const struct rollup *rollup, int64_t cell)
{
    size_t index = lower_bound(&rollup->histograms, cell);
    const struct histogram_rollup *rows = (const void *)rollup->histograms.items;

    return index < rollup->histograms.count && rows[index].cell == cell ? &rows[index] : NULL;
}

struct interval rollup_estimate(struct rollup *rollup, const struct metric_rollup *row)
{
    double level = rollup->point.level;
    const struct histogram_rollup *histogram =
        row->quantile > 0 ? histogram_of(rollup, row->histogram_cell) : NULL;

    if (!histogram)
        return estimate_interval(&row->sums, row->law, level, &rollup->quantiles);
    double pooled = (double)histogram_quantile(&histogram->pooled, row->quantile);
    return estimate_quantile(&row->sums, pooled, histogram_resolution(pooled), level,
                             &rollup->quantiles);
}

void rollup_estimate_bins(struct rollup *rollup, struct series_rollup *row)
{
    for (size_t i = 0; i < row->pooled.count; i++) {
        struct pooled_bin *bin = &row->pooled.items[i];
        const struct pooled_ratio *ratio = &bin->ratio;
        struct estimate_sums sums = {.tally = {.count = ratio->n},
                                     .over = ratio->over,
                                     .under = ratio->under,
                                     .over_over = ratio->squares,
                                     .over_under = ratio->products,
                                     .under_under = ratio->under_squares};
        struct interval interval =
            estimate_interval(&sums, row->law, rollup->point.level, &rollup->quantiles);

        bin->low = interval.valid ? interval.low : (double)NAN;
        bin->high = interval.valid ? interval.high : (double)NAN;
    }
}

struct interval rollup_interval(struct rollup *rollup, const struct tally *tally, double level)
{
    struct estimate_sums sums = {.tally = *tally};

    return estimate_interval(&sums, ESTIMATE_SIGNED, level, &rollup->quantiles);
}
