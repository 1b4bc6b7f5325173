// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The statistics of a finished run: for each metric, region, label and window, in this order.
 */
#include "probe_internal.h"

#include "bug.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const window_names[WINDOWS] = {"all", "before", "fault", "after"};

static const struct latency_stat {
    const char *name;
    double q;
} latency_stats[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1.0},
};

/* --- which cells ----------------------------------------------------------------------------- */

static bool cell_is_in(const struct cell *cell, const struct metric *metric, int region, int label)
{
    return cell->metric == metric && (region == PROBE_ALL_REGIONS || cell->region == region) &&
           (label == LABEL_ANY || cell->label == label);
}

struct selection select_cells(const struct probes *probes, const struct metric *metric, int region,
                              int label)
{
    const struct cells *cells = &probes->kinds[metric->kind];
    struct selection selection = {mem_alloc(cells->count, sizeof selection.ids[0]), 0};

    for (size_t i = 0; i < cells->count; i++)
        if (cell_is_in(&cells->cells[i], metric, region, label))
            selection.ids[selection.count++] = i;
    return selection;
}

static bool has_cells(const struct probes *probes, const struct metric *metric, int region,
                      int label)
{
    const struct cells *cells = &probes->kinds[metric->kind];

    for (size_t i = 0; i < cells->count; i++)
        if (cell_is_in(&cells->cells[i], metric, region, label))
            return true;
    return false;
}

static uint64_t count_sum(const struct selection *selection, const uint64_t *counts)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < selection->count; i++)
        sum += counts[selection->ids[i]];
    return sum;
}

static const char *label_text(const struct probes *probes, struct row row)
{
    return row.label == LABEL_ANY ? NULL
                                  : metric_label(probes->rows, row.metric, (size_t)row.label);
}

/* --- adding statistics ----------------------------------------------------------------------- */

/* Append a statistic of this row and window; the caller fills it. */
static struct statistic *statistic_add(struct probes *probes, struct row row, const char *stat,
                                       int window)
{
    struct statistics *statistics = &probes->statistics;
    struct statistic *items = (struct statistic *)statistics->statistics;

    MEM_GROW(items, probes->statistic_capacity, statistics->statistic_count + 1);
    statistics->statistics = items;
    items += statistics->statistic_count++;
    *items = (struct statistic){.metric = row.metric,
                                .stat = stat,
                                .region = row.region,
                                .label = label_text(probes, row),
                                .window = window_names[window]};
    return items;
}

static void statistic_add_number(struct probes *probes, struct row row, const char *stat,
                                 int window, double value)
{
    statistic_add(probes, row, stat, window)->value = value;
}

static void statistic_add_count(struct probes *probes, struct row row, const char *stat, int window,
                                uint64_t count)
{
    struct statistic *statistic = statistic_add(probes, row, stat, window);

    statistic->value = (double)count;
    statistic->over = count;
}

static void statistic_set_none(struct statistic *statistic, const char *reason)
{
    statistic->state = STATISTIC_NONE;
    statistic->value = (double)NAN;
    statistic->reason = reason;
}

const char *metric_kind_name(enum metric_kind kind)
{
    static const char *const names[METRIC_KINDS] = {[METRIC_COUNT] = "count",
                                                    [METRIC_RATIO] = "ratio",
                                                    [METRIC_LEVEL] = "level",
                                                    [METRIC_LATENCY] = "latency",
                                                    [METRIC_VALUE] = "value"};

    return names[kind];
}

bool statistic_has_over(const struct statistic *statistic)
{
    return statistic->metric->kind == METRIC_COUNT || statistic_has_under(statistic) ||
           (statistic->metric->kind == METRIC_LATENCY && strcmp(statistic->stat, "count") == 0);
}

bool statistic_has_under(const struct statistic *statistic)
{
    return statistic->metric->kind == METRIC_RATIO;
}

/* Takes ownership of the histogram. */
static void histogram_statistic_add(struct probes *probes, struct row row, int window,
                                    struct histogram *histogram)
{
    struct statistics *statistics = &probes->statistics;
    struct statistic_histogram *items = (struct statistic_histogram *)statistics->histograms;

    MEM_GROW(items, probes->histogram_capacity, statistics->histogram_count + 1);
    items[statistics->histogram_count++] = (struct statistic_histogram){
        row.metric, row.region, label_text(probes, row), window_names[window], histogram};
    statistics->histograms = items;
}

/* Takes ownership of the arrays. */
static void series_add(struct probes *probes, struct row row, const char *stat, double *values,
                       uint64_t *over, uint64_t *under)
{
    struct statistics *statistics = &probes->statistics;
    struct statistic_series *items = (struct statistic_series *)statistics->series;

    MEM_GROW(items, probes->series_capacity, statistics->series_count + 1);
    items[statistics->series_count++] = (struct statistic_series){
        row.metric, stat, row.region, label_text(probes, row), values, over, under};
    statistics->series = items;
}

void statistics_free(struct probes *probes)
{
    struct statistics *statistics = &probes->statistics;

    for (size_t i = 0; i < statistics->histogram_count; i++) {
        histogram_release((struct histogram *)statistics->histograms[i].histogram);
        free((struct histogram *)statistics->histograms[i].histogram);
    }
    for (size_t i = 0; i < statistics->series_count; i++) {
        free((double *)statistics->series[i].values);
        free((uint64_t *)statistics->series[i].over);
        free((uint64_t *)statistics->series[i].under);
    }
    free((struct statistic *)statistics->statistics);
    free((struct statistic_histogram *)statistics->histograms);
    free((struct statistic_series *)statistics->series);
}

/* A window of length 0 has no statistics. */
static bool window_is_empty(const struct probes *probes, int window)
{
    return probes->window_length[window] == 0;
}

/* Length of one bin, ns; the last may be shorter. */
static double bin_length(const struct probes *probes, size_t bin)
{
    sim_time from = (sim_time)bin * probes->bin;
    sim_time left = probes->last_flush - from;

    return (double)(left < probes->bin ? left : probes->bin);
}

static double bin_rate(const struct probes *probes, uint64_t count, size_t bin)
{
    return (double)count / (bin_length(probes, bin) / (double)SIM_S);
}

/* Mean of a level in a bin, unscaled. */
static double bin_level(const struct probes *probes, const struct selection *cells, size_t bin)
{
    const double *areas = probes->bin_areas + bin * probes->kinds[METRIC_LEVEL].count;
    double sum = 0;

    for (size_t i = 0; i < cells->count; i++)
        sum += areas[cells->ids[i]];
    return sum / bin_length(probes, bin);
}

/* --- kinds of metrics ------------------------------------------------------------------------ */

static void count_row(struct probes *probes, struct row row)
{
    struct selection cells = select_cells(probes, row.metric, row.region, row.label);
    size_t stride = probes->kinds[METRIC_COUNT].count;
    size_t bins = probes->statistics.bin_count;

    for (int window = 0; window < WINDOWS; window++)
        if (!window_is_empty(probes, window))
            statistic_add_count(probes, row, NULL, window,
                                count_sum(&cells, probes->counts[window]));
    if (row.metric->series) {
        double *values = mem_alloc(bins, sizeof *values);
        uint64_t *over = mem_alloc(bins, sizeof *over);

        for (size_t bin = 0; bin < bins; bin++) {
            over[bin] = count_sum(&cells, probes->bin_counts + bin * stride);
            values[bin] = bin_rate(probes, over[bin], bin);
        }
        series_add(probes, row, NULL, values, over, NULL);
    }
    free(cells.ids);
}

double level_scale(const struct metric *metric, size_t cell_count)
{
    double scale = metric->scale == 0.0 ? 1.0 : metric->scale;

    /* counts add up over regions; a share of one server's time is averaged */
    return metric->unit == UNIT_SHARE && cell_count > 1 ? scale / (double)cell_count : scale;
}

static void level_row(struct probes *probes, struct row row)
{
    struct selection cells = select_cells(probes, row.metric, row.region, row.label);
    size_t bins = probes->statistics.bin_count;
    double scale = level_scale(row.metric, cells.count);

    for (int window = 0; window < WINDOWS; window++) {
        uint128 area = 0;

        if (window_is_empty(probes, window))
            continue;
        for (size_t i = 0; i < cells.count; i++)
            area += probes->areas[window][cells.ids[i]];
        statistic_add_number(probes, row, NULL, window,
                             (double)area / (double)probes->window_length[window] * scale);
    }
    if (row.metric->series) {
        double *values = mem_alloc(bins, sizeof *values);

        for (size_t bin = 0; bin < bins; bin++)
            values[bin] = bin_level(probes, &cells, bin) * scale;
        series_add(probes, row, NULL, values, NULL, NULL);
    }
    free(cells.ids);
}

static struct histogram *merge_cells(const struct probes *probes, const struct selection *cells,
                                     int window)
{
    const struct histogram *all =
        window == WINDOW_ALL ? probes->hot.latencies : probes->latencies[window];
    struct histogram *sum = mem_zalloc(1, sizeof *sum);

    for (size_t i = 0; i < cells->count; i++)
        histogram_merge(sum, &all[cells->ids[i]]);
    return sum;
}

/* A mean or quantile, if there are values. */
static void latency_statistic(struct probes *probes, struct row row, const char *stat, int window,
                              const struct histogram *histogram, double value)
{
    struct statistic *statistic = statistic_add(probes, row, stat, window);

    if (histogram->count == 0)
        statistic_set_none(statistic, "no values");
    else
        statistic->value = value;
}

static void latency_row(struct probes *probes, struct row row)
{
    struct selection cells = select_cells(probes, row.metric, row.region, row.label);
    size_t stats = sizeof latency_stats / sizeof latency_stats[0];

    for (int window = 0; window < WINDOWS; window++) {
        struct histogram *sum;

        if (window_is_empty(probes, window))
            continue;
        sum = merge_cells(probes, &cells, window);
        latency_statistic(probes, row, "mean", window, sum, histogram_mean(sum));
        for (size_t i = 0; i < stats; i++)
            latency_statistic(probes, row, latency_stats[i].name, window, sum,
                              (double)histogram_quantile(sum, latency_stats[i].q));
        statistic_add_count(probes, row, "count", window, sum->count);
        histogram_statistic_add(probes, row, window, sum);
    }
    for (int i = 0; row.metric->series && row.label == LABEL_ANY && i < LATENCY_SERIES_STATS; i++)
        series_add(probes, row, latency_series_stats[i].name, latency_series_detach(probes, row, i),
                   NULL, NULL);
    free(cells.ids);
}

const struct metric *ratio_part(const struct probes *probes, const struct metric *ratio,
                                const char *name)
{
    const struct metric *part = probes_metric(probes, name);

    if (!part || part->kind != METRIC_COUNT)
        BUG("ratio '%s' is made of '%s', which is not a counter", ratio->name, name);
    return part;
}

static bool same_label(const struct metric *a, const struct metric *b)
{
    return a->label && b->label && strcmp(a->label, b->label) == 0;
}

int part_label(const struct probes *probes, struct row row, const struct metric *part)
{
    int index;

    if (row.label == LABEL_ANY || !same_label(row.metric, part))
        return LABEL_ANY;
    index = metric_label_index(probes->rows, part, label_text(probes, row));
    if (index < 0)
        BUG("ratio '%s' has label '%s', which '%s' does not have", row.metric->name,
            label_text(probes, row), part->name);
    return index;
}

static double ratio_of(uint64_t over, uint64_t under)
{
    return under == 0 ? (double)NAN : (double)over / (double)under;
}

static void ratio_statistic(struct probes *probes, struct row row, int window, uint64_t over,
                            uint64_t under)
{
    struct statistic *statistic = statistic_add(probes, row, NULL, window);

    statistic->over = over;
    statistic->under = under;
    if (under == 0)
        statistic_set_none(statistic, "nothing counted");
    else
        statistic->value = ratio_of(over, under);
}

static void ratio_row(struct probes *probes, struct row row)
{
    const struct metric *over = ratio_part(probes, row.metric, row.metric->over);
    const struct metric *under = ratio_part(probes, row.metric, row.metric->under);
    struct selection a = select_cells(probes, over, row.region, part_label(probes, row, over));
    struct selection b = select_cells(probes, under, row.region, part_label(probes, row, under));
    size_t stride = probes->kinds[METRIC_COUNT].count;
    size_t bins = probes->statistics.bin_count;

    for (int window = 0; window < WINDOWS; window++)
        if (!window_is_empty(probes, window))
            ratio_statistic(probes, row, window, count_sum(&a, probes->counts[window]),
                            count_sum(&b, probes->counts[window]));
    if (row.metric->series) {
        double *values = mem_alloc(bins, sizeof *values);
        uint64_t *tops = mem_alloc(bins, sizeof *tops), *bottoms = mem_alloc(bins, sizeof *bottoms);

        for (size_t bin = 0; bin < bins; bin++) {
            const uint64_t *counts = probes->bin_counts + bin * stride;

            tops[bin] = count_sum(&a, counts);
            bottoms[bin] = count_sum(&b, counts);
            values[bin] = ratio_of(tops[bin], bottoms[bin]);
        }
        series_add(probes, row, NULL, values, tops, bottoms);
    }
    free(a.ids);
    free(b.ids);
}

/* A value as it was set; values are not summed. */
static void value_row(struct probes *probes, struct row row)
{
    const struct cells *cells = &probes->kinds[METRIC_VALUE];

    for (size_t i = 0; i < cells->count; i++) {
        const struct cell *cell = &cells->cells[i];

        if (cell->metric != row.metric || cell->region != row.region || cell->label != row.label)
            continue;
        struct statistic *statistic = statistic_add(probes, row, NULL, WINDOW_ALL);

        statistic->state = cell->value.state;
        statistic->value = cell->value.number;
        statistic->censored_at = cell->value.censored_at;
        statistic->reason = cell->value.reason;
    }
}

static void (*const row_of_kind[METRIC_KINDS])(struct probes *probes, struct row row) = {
    [METRIC_COUNT] = count_row,     [METRIC_RATIO] = ratio_row, [METRIC_LEVEL] = level_row,
    [METRIC_LATENCY] = latency_row, [METRIC_VALUE] = value_row,
};

/* --- the walk -------------------------------------------------------------------------------- */

/* Whether the row has any cell. */
static bool row_exists(const struct probes *probes, struct row row)
{
    const struct metric *over, *under;

    if (row.metric->kind != METRIC_RATIO)
        return has_cells(probes, row.metric, row.region, row.label);
    over = ratio_part(probes, row.metric, row.metric->over);
    under = ratio_part(probes, row.metric, row.metric->under);
    if (row.label != LABEL_ANY)
        return has_cells(probes, over, row.region, part_label(probes, row, over));
    return has_cells(probes, over, row.region, LABEL_ANY) ||
           has_cells(probes, under, row.region, LABEL_ANY);
}

/* Whether the metric has a row for each value of its label. */
static bool has_label_rows(const struct probes *probes, const struct metric *metric)
{
    if (!metric->label)
        return false;
    return metric->kind != METRIC_RATIO ||
           same_label(metric, ratio_part(probes, metric, metric->over));
}

static void rows_of_region(struct probes *probes, const struct metric *metric, int region)
{
    struct row row = {metric, region, LABEL_ANY};
    int label_count = 0;

    if (has_label_rows(probes, metric))
        label_count = (int)metric_label_count(probes->rows, metric);
    for (row.label = 0; row.label < label_count; row.label++)
        if (row_exists(probes, row))
            row_of_kind[metric->kind](probes, row);
    row.label = LABEL_ANY;
    if (!metric->no_total && row_exists(probes, row))
        row_of_kind[metric->kind](probes, row);
}

const struct statistics *probes_finish(struct probes *probes, sim_time end)
{
    if (probes->finished)
        return &probes->statistics;
#ifdef ISTHMUS_SILENT
    probes->finished = true;
    return &probes->statistics;
#endif
    for (sim_time cut = probes_next_flush(probes); cut < end || !probes->sealed;
         cut = probes_next_flush(probes))
        probes_flush(probes, cut);
    probes_flush_span(probes, end);
    if (end % probes->bin != 0)
        latency_series_close(probes, (size_t)(end / probes->bin));
    probes->finished = true;
    probes->statistics.bin = probes->bin;
    probes->statistics.bin_count = (size_t)((end + probes->bin - 1) / probes->bin);
    for (size_t i = 0; i < probes->metric_count; i++) {
        for (int region = 0; region < (int)probes->region_count; region++)
            rows_of_region(probes, probes->metrics[i], region);
        if (!probes->metrics[i]->no_total)
            rows_of_region(probes, probes->metrics[i], PROBE_ALL_REGIONS);
    }
    return &probes->statistics;
}

/* --- a bin of a run in progress -------------------------------------------------------------- */

/* Of a counter: summed over its cells in the region; 0 if there are none. */
static uint64_t counted_in_bin(const struct probes *probes, const struct metric *metric, int region,
                               size_t bin)
{
    struct selection cells = select_cells(probes, metric, region, LABEL_ANY);
    uint64_t sum = count_sum(&cells, probes->bin_counts + bin * probes->kinds[METRIC_COUNT].count);

    free(cells.ids);
    return sum;
}

static double level_of_bin(const struct probes *probes, const struct metric *metric, int region,
                           size_t bin)
{
    struct selection cells = select_cells(probes, metric, region, LABEL_ANY);
    double value = bin_level(probes, &cells, bin) * level_scale(metric, cells.count);

    free(cells.ids);
    return value;
}

static double quantile_of_bin(const struct probes *probes, const struct metric *metric,
                              const char *stat, int region, size_t bin)
{
    for (size_t i = 0; i < probes->latency_series_count; i++) {
        const struct latency_series *series = &probes->latency_series[i];

        for (int k = 0; k < LATENCY_SERIES_STATS; k++)
            if (series->metric == metric && series->region == region && stat &&
                strcmp(latency_series_stats[k].name, stat) == 0)
                return series->quantiles[k][bin];
    }
    return (double)NAN;
}

/* The statistics own the quantiles of a finished run. */
static double finished_bin(const struct probes *probes, const struct metric *metric,
                           const char *stat, int region, size_t bin)
{
    for (size_t i = 0; i < probes->statistics.series_count; i++) {
        const struct statistic_series *series = &probes->statistics.series[i];

        if (series->metric == metric && series->region == region && !series->label &&
            (stat ? series->stat && strcmp(series->stat, stat) == 0 : !series->stat))
            return series->values[bin];
    }
    return (double)NAN;
}

double probes_bin_value(const struct probes *probes, const char *metric, const char *stat,
                        int region, size_t bin)
{
    const struct metric *found = probes_metric(probes, metric);
    struct row row = {found, region, LABEL_ANY};

    invariant(bin < probes->bin_capacity && probes->sealed);
    if (!found || !found->series || !row_exists(probes, row))
        return (double)NAN;
    if (probes->finished)
        return finished_bin(probes, found, stat, region, bin);
    switch (found->kind) {
    case METRIC_COUNT:
        return bin_rate(probes, counted_in_bin(probes, found, region, bin), bin);
    case METRIC_RATIO:
        return ratio_of(
            counted_in_bin(probes, ratio_part(probes, found, found->over), region, bin),
            counted_in_bin(probes, ratio_part(probes, found, found->under), region, bin));
    case METRIC_LEVEL:
        return level_of_bin(probes, found, region, bin);
    case METRIC_LATENCY:
        return quantile_of_bin(probes, found, stat, region, bin);
    case METRIC_VALUE:
        break;
    }
    return (double)NAN;
}
