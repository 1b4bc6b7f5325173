// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Quantiles of latencies by bin. Models add to one histogram of the run; at the end of a bin what
 * it gained since the last one is the bin's own histogram. So a latency with a series costs nothing
 * where it is added, and one pass over its bins at each edge.
 */
#include "probe_internal.h"

#include "bug.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>

const struct latency_series_stat latency_series_stats[LATENCY_SERIES_STATS] = {
    {"p50", 0.5},
    {"p99", 0.99},
};

/* A row of the region, or the total if there is one of some region before it. */
static void series_open(struct probes *probes, const struct metric *metric, int region)
{
    struct latency_series *series;
    struct selection cells = {NULL, 0};

    if (region != PROBE_ALL_REGIONS)
        cells = select_cells(probes, metric, region, LABEL_ANY);
    if (region != PROBE_ALL_REGIONS && cells.count == 0) {
        free(cells.ids);
        return;
    }
    MEM_GROW(probes->latency_series, probes->latency_series_capacity,
             probes->latency_series_count + 1);
    series = &probes->latency_series[probes->latency_series_count++];
    *series = (struct latency_series){.metric = metric, .region = region, .cells = cells};
    for (int i = 0; i < LATENCY_SERIES_STATS; i++)
        series->quantiles[i] = mem_alloc(probes->bin_capacity, sizeof *series->quantiles[i]);
}

void latency_series_open(struct probes *probes)
{
    for (size_t i = 0; i < probes->metric_count; i++) {
        const struct metric *metric = probes->metrics[i];
        size_t before = probes->latency_series_count;

        if (metric->kind != METRIC_LATENCY || !metric->series)
            continue;
        for (int region = 0; region < (int)probes->region_count; region++)
            series_open(probes, metric, region);
        if (probes->latency_series_count > before)
            series_open(probes, metric, PROBE_ALL_REGIONS);
    }
    probes->collected = mem_zalloc(probes->kinds[METRIC_LATENCY].count, sizeof *probes->collected);
}

void latency_series_collect(struct probes *probes)
{
    for (size_t i = 0; i < probes->latency_series_count; i++) {
        struct latency_series *series = &probes->latency_series[i];

        for (size_t k = 0; k < series->cells.count; k++) {
            size_t id = series->cells.ids[k];

            histogram_collect(&series->pending, &probes->collected[id], &probes->hot.latencies[id]);
        }
    }
}

void latency_series_restart(struct probes *probes)
{
    latency_series_collect(probes);
    for (size_t id = 0; id < probes->kinds[METRIC_LATENCY].count; id++)
        histogram_clear(&probes->collected[id]);
}

void latency_series_close(struct probes *probes, size_t bin)
{
    size_t first = 0; /* series of the metric */

    if (bin >= probes->bin_capacity)
        return;
    latency_series_collect(probes);
    for (size_t i = 0; i < probes->latency_series_count; i++) {
        struct latency_series *series = &probes->latency_series[i];

        if (series->region == PROBE_ALL_REGIONS)
            for (; first < i; first++) {
                histogram_merge(&series->pending, &probes->latency_series[first].pending);
                histogram_clear(&probes->latency_series[first].pending);
            }
        for (int k = 0; k < LATENCY_SERIES_STATS; k++)
            series->quantiles[k][bin] =
                series->pending.count == 0
                    ? (double)NAN
                    : (double)histogram_quantile(&series->pending, latency_series_stats[k].q);
        if (series->region == PROBE_ALL_REGIONS) {
            histogram_clear(&series->pending);
            first = i + 1;
        }
    }
}

double *latency_series_detach(struct probes *probes, struct row row, int stat)
{
    for (size_t i = 0; i < probes->latency_series_count; i++) {
        struct latency_series *series = &probes->latency_series[i];

        if (series->metric == row.metric && series->region == row.region) {
            double *values = series->quantiles[stat];

            series->quantiles[stat] = NULL;
            return values;
        }
    }
    BUG("latency '%s' has no series", row.metric->name);
}

void latency_series_free(struct probes *probes)
{
    for (size_t i = 0; i < probes->latency_series_count; i++) {
        struct latency_series *series = &probes->latency_series[i];

        free(series->cells.ids);
        histogram_release(&series->pending);
        for (int k = 0; k < LATENCY_SERIES_STATS; k++)
            free(series->quantiles[k]);
    }
    for (size_t i = 0; probes->collected && i < probes->kinds[METRIC_LATENCY].count; i++)
        histogram_release(&probes->collected[i]);
    free(probes->latency_series);
    free(probes->collected);
}
