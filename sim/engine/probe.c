// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Models update plain arrays (struct probes_hot). At every edge of a bin or a window the set is
 * flushed: counts since the last flush are added to the bin and the windows of that span. Spans
 * never cross an edge, so all sums are exact. Statistics are computed once, at the end, in
 * probe_statistics.c.
 */
#include "probe_internal.h"

#include "bug.h"
#include "mem.h"
#include "rng_stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- edges of windows ------------------------------------------------------------------------ */

static int span_order(const void *a, const void *b)
{
    const struct probe_span *x = a, *y = b;

    return (x->from > y->from) - (x->from < y->from);
}

static sim_time clip(sim_time time, sim_time low, sim_time high)
{
    return time < low ? low : time > high ? high : time;
}

static void segment_add(struct probes *probes, sim_time from, enum probe_window window)
{
    /* A later segment from the same time replaces the previous one, which has length 0. */
    if (probes->segment_count > 0 && probes->segments[probes->segment_count - 1].from == from)
        probes->segment_count--;
    probes->segments[probes->segment_count++] = (struct segment){from, window};
}

/* Clip the spans to the measured time and sort them; drop those entirely outside. */
static size_t clip_spans(const struct probe_plan *plan, struct probe_span *spans)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->fault_count; i++) {
        struct probe_span span = plan->faults[i];

        if (span.from > plan->end || span.to < plan->warmup || span.to < span.from)
            continue;
        span.from = clip(span.from, plan->warmup, plan->end);
        span.to = clip(span.to, plan->warmup, plan->end);
        spans[count++] = span;
    }
    if (count > 0)
        qsort(spans, count, sizeof spans[0], span_order);
    return count;
}

/*
 *   0 ... warmup ... onset ... end of the last ... end
 *   none  | before  | fault, none between, fault | after
 */
static void segments_make(struct probes *probes, const struct probe_plan *plan)
{
    struct probe_span *spans = mem_alloc(plan->fault_count, sizeof *spans);
    size_t count = clip_spans(plan, spans);

    probes->segments = mem_alloc(2 * plan->fault_count + 3, sizeof probes->segments[0]);
    segment_add(probes, 0, WINDOW_NONE);
    if (count > 0)
        segment_add(probes, plan->warmup, WINDOW_BEFORE);
    for (size_t i = 0; i < count;) {
        sim_time to = spans[i].to;

        segment_add(probes, spans[i].from, WINDOW_FAULT);
        for (i++; i < count && spans[i].from <= to; i++)
            to = spans[i].to > to ? spans[i].to : to;
        segment_add(probes, to, i < count ? WINDOW_NONE : WINDOW_AFTER);
    }
    probes->has_windows = count > 0;
    free(spans);
}

struct probes *probes_create(const struct probe_plan *plan)
{
    struct probes *probes = mem_zalloc(1, sizeof *probes);

    invariant(plan->bin > 0 && plan->warmup >= 0 && plan->end >= plan->warmup);
    probes->bin = plan->bin;
    probes->warmup = plan->warmup;
    probes->end = plan->end;
    probes->region_count = plan->region_count;
    probes->rows = plan->rows;
    probes->bin_capacity = (size_t)((plan->end + plan->bin - 1) / plan->bin);
    probes->hot.measuring = plan->warmup == 0;
    segments_make(probes, plan);
    return probes;
}

static void histograms_free(struct histogram *histograms, size_t count)
{
    for (size_t i = 0; histograms && i < count; i++)
        histogram_release(&histograms[i]);
    free(histograms);
}

void probes_free(struct probes *probes)
{
    if (!probes)
        return;
    for (int window = 0; window < WINDOWS; window++) {
        free(probes->counts[window]);
        free(probes->areas[window]);
        if (window != WINDOW_ALL)
            histograms_free(probes->latencies[window], probes->kinds[METRIC_LATENCY].count);
    }
    histograms_free(probes->hot.latencies, probes->kinds[METRIC_LATENCY].count);
    histograms_free(probes->warmup_latencies, probes->kinds[METRIC_LATENCY].count);
    for (int kind = 0; kind < METRIC_KINDS; kind++) {
        free(probes->kinds[kind].cells);
        free(probes->causes[kind]);
    }
    free(probes->hot.counts);
    free(probes->hot.levels);
    free(probes->gauges);
    free(probes->totals);
    free(probes->areas_last);
    free(probes->bin_counts);
    free(probes->bin_areas);
    latency_series_free(probes);
    free(probes->segments);
    free(probes->metrics);
    free(probes->tapped);
    statistics_free(probes);
    free(probes);
}

/* --- declaring and opening ------------------------------------------------------------------- */

const struct metric *probes_metric(const struct probes *probes, const char *name)
{
    for (size_t i = 0; i < probes->metric_count; i++)
        if (strcmp(probes->metrics[i]->name, name) == 0)
            return probes->metrics[i];
    return NULL;
}

void probes_note_tap(struct probes *probes, const struct metric *metric)
{
    MEM_GROW(probes->tapped, probes->tapped_capacity, probes->tapped_count + 1);
    probes->tapped[probes->tapped_count++] = metric;
}

bool probes_is_tapped(const struct probes *probes, const char *name)
{
    for (size_t i = 0; i < probes->tapped_count; i++)
        if (strcmp(probes->tapped[i]->name, name) == 0)
            return true;
    return false;
}

void probes_declare(struct probes *probes, const struct metric *metrics, size_t count)
{
    MEM_GROW(probes->metrics, probes->metric_capacity, probes->metric_count + count);
    for (size_t i = 0; i < count; i++) {
        if (probes_metric(probes, metrics[i].name))
            BUG("metric '%s' is declared twice", metrics[i].name);
        probes->metrics[probes->metric_count++] = &metrics[i];
    }
}

static const struct metric *metric_of_kind(const struct probes *probes, const char *name,
                                           enum metric_kind kind)
{
    const struct metric *metric = probes_metric(probes, name);

    if (!metric)
        BUG("metric '%s' is not declared", name);
    if (metric->kind != kind)
        BUG("metric '%s' is used as another kind", name);
    return metric;
}

/* The label's index among the metric's values; -1 for none, which of a metric with labels is a
 * value without one: its total. */
static int label_index(const struct probes *probes, const struct metric *metric, const char *label)
{
    int index = label && metric->label ? metric_label_index(probes->rows, metric, label) : -1;

    if (index < 0 && (label || (metric->label && !metric->has_total)))
        BUG("metric '%s' has no label '%s'", metric->name, label ? label : "(none)");
    return index;
}

const char *probes_label(const struct probes *probes, const char *metric, size_t index)
{
    const struct metric *found = probes_metric(probes, metric);

    invariant(found);
    return metric_label(probes->rows, found, index);
}

size_t probes_label_index(const struct probes *probes, const char *metric, const char *label)
{
    const struct metric *found = probes_metric(probes, metric);

    invariant(found && label);
    return (size_t)label_index(probes, found, label);
}

/* The cell's index among those of its kind, made if it is new. */
static size_t cell_open(struct probes *probes, const struct metric *metric, int region,
                        const char *label)
{
    struct cells *cells = &probes->kinds[metric->kind];
    int index = label_index(probes, metric, label);

    invariant(region >= PROBE_ALL_REGIONS && region < (int)probes->region_count);
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell *cell = &cells->cells[i];

        if (cell->metric == metric && cell->region == region && cell->label == index)
            return i;
    }
    if (probes->sealed && metric->kind != METRIC_VALUE)
        BUG("probe of '%s' is opened during the run", metric->name);
    MEM_GROW(cells->cells, cells->capacity, cells->count + 1);
    cells->cells[cells->count] = (struct cell){.metric = metric, .region = region, .label = index};
    return cells->count++;
}

/* If the cell just opened is new, extend an array by a zeroed item of `size` bytes. */
static void *hot_extend(void *items, size_t before, size_t after, size_t size)
{
    if (before == after)
        return items;
    items = mem_realloc(items, after, size);
    memset((char *)items + before * size, 0, size);
    return items;
}

probe_id probe_count_open(struct probes *probes, const char *metric, int region, const char *label)
{
    struct cells *cells = &probes->kinds[METRIC_COUNT];
    size_t before = cells->count;
    size_t id = cell_open(probes, metric_of_kind(probes, metric, METRIC_COUNT), region, label);

    probes->hot.counts =
        hot_extend(probes->hot.counts, before, cells->count, sizeof probes->hot.counts[0]);
    probes->causes[METRIC_COUNT] = hot_extend(probes->causes[METRIC_COUNT], before, cells->count,
                                              sizeof *probes->causes[METRIC_COUNT]);
    return (probe_id)id;
}

probe_id probe_level_open(struct probes *probes, const char *metric, int region, const char *label)
{
    struct cells *cells = &probes->kinds[METRIC_LEVEL];
    size_t before = cells->count;
    size_t id = cell_open(probes, metric_of_kind(probes, metric, METRIC_LEVEL), region, label);

    probes->hot.levels =
        hot_extend(probes->hot.levels, before, cells->count, sizeof probes->hot.levels[0]);
    probes->gauges = hot_extend(probes->gauges, before, cells->count, sizeof probes->gauges[0]);
    return (probe_id)id;
}

void probe_level_follow(struct probes *probes, probe_id level, const struct time_avg *gauge)
{
    invariant(!probes->sealed && level < probes->kinds[METRIC_LEVEL].count);
    invariant(!probes->gauges[level] && gauge->level == 0 && time_avg_area(gauge, 0) == 0);
    probes->gauges[level] = gauge;
}

probe_id probe_latency_open(struct probes *probes, const char *metric, int region,
                            const char *label)
{
    struct cells *cells = &probes->kinds[METRIC_LATENCY];
    size_t before = cells->count;
    size_t id = cell_open(probes, metric_of_kind(probes, metric, METRIC_LATENCY), region, label);

    probes->hot.latencies =
        hot_extend(probes->hot.latencies, before, cells->count, sizeof probes->hot.latencies[0]);
    probes->causes[METRIC_LATENCY] =
        hot_extend(probes->causes[METRIC_LATENCY], before, cells->count, sizeof *probes->causes[0]);
    return (probe_id)id;
}

static void value_set(struct probes *probes, const char *metric, int region, const char *label,
                      struct cell_value value)
{
    size_t i = cell_open(probes, metric_of_kind(probes, metric, METRIC_VALUE), region, label);

    probes->kinds[METRIC_VALUE].cells[i].value = value;
}

void probe_value(struct probes *probes, const char *metric, int region, const char *label,
                 double value)
{
    invariant(value - value == 0.0); /* neither NAN nor infinite */
    value_set(probes, metric, region, label, (struct cell_value){.number = value});
}

void probe_value_censored(struct probes *probes, const char *metric, int region, const char *label,
                          sim_time at)
{
    invariant(at >= 0 && at != SIM_NEVER);
    value_set(probes, metric, region, label,
              (struct cell_value){STATISTIC_CENSORED, (double)NAN, at, NULL});
}

void probe_value_none(struct probes *probes, const char *metric, int region, const char *label,
                      const char *reason)
{
    invariant(reason && *reason);
    value_set(probes, metric, region, label,
              (struct cell_value){STATISTIC_NONE, (double)NAN, 0, reason});
}

struct probes_hot *probes_hot(struct probes *probes)
{
    return &probes->hot;
}

/* --- cutting --------------------------------------------------------------------------------- */

/* All counters and levels are kept by bin, as ratios need theirs too. */
static void probes_seal(struct probes *probes)
{
    size_t counts = probes->kinds[METRIC_COUNT].count;
    size_t levels = probes->kinds[METRIC_LEVEL].count;

    probes->sealed = true;
    for (int window = 0; window < WINDOWS; window++) {
        probes->counts[window] = mem_zalloc(counts, sizeof probes->counts[0][0]);
        probes->areas[window] = mem_zalloc(levels, sizeof probes->areas[0][0]);
        if (window != WINDOW_ALL)
            probes->latencies[window] =
                mem_zalloc(probes->kinds[METRIC_LATENCY].count, sizeof probes->latencies[0][0]);
    }
    probes->totals = mem_zalloc(counts, sizeof probes->totals[0]);
    probes->areas_last = mem_zalloc(levels, sizeof probes->areas_last[0]);
    probes->bin_counts = mem_zalloc(probes->bin_capacity * counts, sizeof probes->bin_counts[0]);
    probes->bin_areas = mem_zalloc(probes->bin_capacity * levels, sizeof probes->bin_areas[0]);
    latency_series_open(probes);
}

static void flush_count(struct probes *probes, size_t id, size_t bin)
{
    uint64_t count = probes->hot.counts[id];

    probes->hot.counts[id] = 0;
    probes->totals[id] += count;
    if (bin < probes->bin_capacity)
        probes->bin_counts[bin * probes->kinds[METRIC_COUNT].count + id] += count;
    if (probes->hot.measuring) {
        probes->counts[WINDOW_ALL][id] += count;
        if (probes->window != WINDOW_NONE)
            probes->counts[probes->window][id] += count;
    }
}

static void flush_level(struct probes *probes, size_t id, size_t bin, sim_time now)
{
    const struct time_avg *gauge =
        probes->gauges[id] ? probes->gauges[id] : &probes->hot.levels[id];
    uint128 area = time_avg_area(gauge, now);
    uint128 gain = area - probes->areas_last[id];

    probes->areas_last[id] = area;
    if (bin < probes->bin_capacity)
        probes->bin_areas[bin * probes->kinds[METRIC_LEVEL].count + id] += (double)gain;
    if (probes->hot.measuring) {
        probes->areas[WINDOW_ALL][id] += gain;
        if (probes->window != WINDOW_NONE)
            probes->areas[probes->window][id] += gain;
    }
}

/* Flush the span [last flush, now], which lies in one bin and one segment. */
void probes_flush_span(struct probes *probes, sim_time now)
{
    size_t bin = (size_t)(probes->last_flush / probes->bin);
    sim_dur length = now - probes->last_flush;

    if (bin > 0 && bin == probes->bin_capacity)
        bin--; /* the end of the run belongs to the last bin */
    for (size_t id = 0; id < probes->kinds[METRIC_COUNT].count; id++)
        flush_count(probes, id, bin);
    for (size_t id = 0; id < probes->kinds[METRIC_LEVEL].count; id++)
        flush_level(probes, id, bin, now);
    if (probes->hot.measuring) {
        probes->window_length[WINDOW_ALL] += length;
        if (probes->window != WINDOW_NONE)
            probes->window_length[probes->window] += length;
    }
    probes->last_flush = now;
    if (now == (sim_time)(bin + 1) * probes->bin)
        latency_series_close(probes, bin);
}

static void note_cause(struct probe_cause *cause, uint32_t event, sim_time now)
{
    if (event > 0)
        *cause = (struct probe_cause){now, event};
}

void probe_count_caused(struct probes *probes, probe_id id, uint32_t event, sim_time now)
{
    note_cause(&probes->causes[METRIC_COUNT][id], event, now);
}

void probe_latency_caused(struct probes *probes, probe_id id, uint32_t event, sim_time now)
{
    note_cause(&probes->causes[METRIC_LATENCY][id], event, now);
}

/* The warm-up is over: window `all` starts empty. */
static void latencies_begin(struct probes *probes)
{
    size_t count = probes->kinds[METRIC_LATENCY].count;

    latency_series_restart(probes);
    if (probes->keeps_warmup) {
        probes->warmup_latencies = probes->hot.latencies;
        probes->hot.latencies = mem_zalloc(count, sizeof probes->hot.latencies[0]);
        return;
    }
    for (size_t id = 0; id < count; id++)
        histogram_clear(&probes->hot.latencies[id]);
}

/* The segment that holds `now` becomes the open one. */
static void segment_enter(struct probes *probes, sim_time now)
{
    while (probes->segment + 1 < probes->segment_count &&
           probes->segments[probes->segment + 1].from <= now)
        probes->segment++;
    probes->window = probes->segments[probes->segment].window;
    if (!probes->hot.measuring && now >= probes->warmup)
        latencies_begin(probes);
    probes->hot.measuring = now >= probes->warmup;
    probes->hot.extra = probes->window == WINDOW_NONE ? NULL : probes->latencies[probes->window];
}

sim_time probes_next_flush(const struct probes *probes)
{
    sim_time next;

#ifdef ISTHMUS_SILENT
    return SIM_NEVER;
#endif
    if (!probes->sealed)
        return 0;
    next = (probes->last_flush / probes->bin + 1) * probes->bin;
    if (probes->last_flush < probes->warmup && probes->warmup < next)
        next = probes->warmup;
    if (probes->segment + 1 < probes->segment_count &&
        probes->segments[probes->segment + 1].from < next)
        next = probes->segments[probes->segment + 1].from;
    /* Events at the end time belong to the spans that end there. */
    return next < probes->end ? next : SIM_NEVER;
}

void probes_flush(struct probes *probes, sim_time now)
{
    invariant(now >= probes->last_flush);
    if (!probes->sealed)
        probes_seal(probes);
    else
        probes_flush_span(probes, now);
    segment_enter(probes, now);
}

uint64_t probes_count_total(const struct probes *probes, const char *metric, int region,
                            const char *label)
{
    const struct metric *row = metric_of_kind(probes, metric, METRIC_COUNT);
    const struct cells *cells = &probes->kinds[METRIC_COUNT];
    int index = label ? label_index(probes, row, label) : -1;
    uint64_t total = 0;

    for (size_t i = 0; i < cells->count; i++) {
        const struct cell *cell = &cells->cells[i];

        if (cell->metric == row && (region == PROBE_ALL_REGIONS || cell->region == region) &&
            (!label || cell->label == index))
            total += probes->hot.counts[i] + (probes->sealed ? probes->totals[i] : 0);
    }
    return total;
}

/* --- digest ---------------------------------------------------------------------------------- */

static uint64_t digest_histogram(uint64_t hash, const struct histogram *histogram)
{
    hash = rng_mix(hash ^ histogram->count);
    if (histogram->count == 0)
        return hash;
    hash = rng_mix(hash ^ (uint64_t)histogram_min(histogram));
    hash = rng_mix(hash ^ (uint64_t)histogram->max);
    hash = rng_mix(hash ^ histogram->sum_low);
    hash = rng_mix(hash ^ histogram->sum_high);
    for (uint32_t bin = 0; bin < histogram->bin_count; bin++)
        if (histogram->bins[bin] != 0)
            hash = rng_mix(rng_mix(hash ^ bin) ^ histogram->bins[bin]);
    return hash;
}

uint64_t probes_digest(const struct probes *probes, uint64_t hash)
{
    for (size_t i = 0; i < probes->kinds[METRIC_COUNT].count; i++)
        hash = rng_mix(hash ^ (probes->sealed ? probes->counts[WINDOW_ALL][i] : 0));
    for (size_t i = 0; i < probes->kinds[METRIC_LATENCY].count; i++)
        hash = digest_histogram(hash, &probes->hot.latencies[i]);
    return hash;
}
