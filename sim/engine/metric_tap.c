// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * At the end of a period each source is read: the counts of its cells since the start of the run,
 * minus those at the end of the previous period. The values wait in a queue until they are
 * published, in the order of the periods.
 */
#include "metric_tap.h"

#include "bug.h"
#include "mem.h"
#include "probe_internal.h"

#include <stdlib.h>

/* Counts of a source's cells at one time. Only the members needed by the kind of metric are set. */
struct reading {
    uint64_t over, under;     /* COUNT, RATIO */
    uint128 area;             /* LEVEL */
    struct histogram latency; /* LATENCY */
};

struct source {
    struct tap_source spec;
    const struct metric *metric;
    struct selection cells, under; /* RATIO: cells of `over`, and of `under` */
    struct reading last, now;
    struct histogram period; /* LATENCY: of the period; LEVEL: its samples */
};

/* Ring of ended periods that wait for publication. */
struct waiting {
    struct tap_period period;
    struct tap_value *values; /* by source */
};

struct metric_tap {
    struct sim *sim;
    struct metric_tap_config config;
    struct source *sources;
    bool on, samples_levels;
    sim_time published; /* publication time of the newest period */
    struct waiting *waiting;
    size_t head, count, capacity;
    kind_id period_kind, sample_kind, visible_kind;
};

bool metric_tap_offers(enum metric_kind kind, enum tap_statistic statistic)
{
    switch (kind) {
    case METRIC_COUNT:
        return statistic == TAP_SUM || statistic == TAP_AVERAGE;
    case METRIC_RATIO:
        return statistic == TAP_AVERAGE;
    case METRIC_LEVEL:
        return statistic != TAP_SUM;
    case METRIC_LATENCY:
        return true;
    case METRIC_VALUE:
        return false;
    }
    return false;
}

/* --- readings -------------------------------------------------------------------------------- */

static uint64_t count_since_start(const struct probes *probes, const struct selection *cells)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < cells->count; i++)
        sum += probes->hot.counts[cells->ids[i]] +
               (probes->sealed ? probes->totals[cells->ids[i]] : 0);
    return sum;
}

static const struct time_avg *gauge_of(const struct probes *probes, size_t id)
{
    return probes->gauges[id] ? probes->gauges[id] : &probes->hot.levels[id];
}

static void read_source(struct source *source, const struct probes *probes, sim_time now)
{
    struct reading *reading = &source->now;
    const struct selection *cells = &source->cells;

    switch (source->metric->kind) {
    case METRIC_RATIO:
        reading->under = count_since_start(probes, &source->under);
        reading->over = count_since_start(probes, cells);
        break;
    case METRIC_COUNT:
        reading->over = count_since_start(probes, cells);
        break;
    case METRIC_LEVEL:
        reading->area = 0;
        for (size_t i = 0; i < cells->count; i++)
            reading->area += time_avg_area(gauge_of(probes, cells->ids[i]), now);
        break;
    case METRIC_LATENCY:
        histogram_clear(&reading->latency);
        for (size_t i = 0; i < cells->count; i++) {
            histogram_merge(&reading->latency, &probes->hot.latencies[cells->ids[i]]);
            if (probes->warmup_latencies)
                histogram_merge(&reading->latency, &probes->warmup_latencies[cells->ids[i]]);
        }
        break;
    case METRIC_VALUE:
        break;
    }
}

/* The current reading becomes the base of the next period. */
static void turn_reading(struct source *source)
{
    struct reading last = source->last;

    source->last = source->now;
    source->now = last; /* its histogram's memory */
}

/* --- values ---------------------------------------------------------------------------------- */

static double histogram_statistic(const struct histogram *histogram, const struct tap_source *spec)
{
    switch (spec->statistic) {
    case TAP_AVERAGE:
        return histogram_mean(histogram);
    case TAP_MINIMUM:
        return (double)histogram_min(histogram);
    case TAP_MAXIMUM:
        return (double)histogram->max;
    case TAP_SUM:
        return (double)((uint128)histogram->sum_high << 64 | histogram->sum_low);
    case TAP_QUANTILE:
        return (double)histogram_quantile(histogram, spec->quantile);
    }
    return 0;
}

static void value_of_count(const struct source *source, sim_dur period, struct tap_value *value)
{
    value->samples = source->now.over - source->last.over;
    value->value = (double)value->samples;
    value->missing = source->spec.absent_at_zero && value->samples == 0;
    if (source->spec.statistic == TAP_AVERAGE)
        value->value /= (double)period / (double)SIM_S;
}

static void value_of_ratio(const struct source *source, struct tap_value *value)
{
    value->samples = source->now.under - source->last.under;
    value->missing = value->samples < source->spec.samples_min;
    if (!value->missing)
        value->value = (double)(source->now.over - source->last.over) / (double)value->samples;
}

static void value_of_level(struct source *source, sim_dur period, struct tap_value *value)
{
    double scale = level_scale(source->metric, source->cells.count);
    uint128 area = source->now.area - source->last.area;

    value->samples = source->period.count;
    value->value = source->spec.statistic == TAP_AVERAGE
                       ? (double)area / (double)period
                       : histogram_statistic(&source->period, &source->spec);
    value->value *= scale;
    histogram_clear(&source->period);
}

static void value_of_latency(struct source *source, struct tap_value *value)
{
    histogram_difference(&source->period, &source->now.latency, &source->last.latency);
    value->samples = source->period.count;
    value->missing = value->samples < source->spec.samples_min;
    if (!value->missing)
        value->value = histogram_statistic(&source->period, &source->spec);
}

/* The latest cause noted in the period. */
static uint32_t cause_of(const struct source *source, const struct probes *probes, sim_time from)
{
    enum metric_kind kind =
        source->metric->kind == METRIC_RATIO ? METRIC_COUNT : source->metric->kind;
    struct probe_cause latest = {.time = from};

    for (size_t i = 0; probes->causes[kind] && i < source->cells.count; i++) {
        const struct probe_cause *cause = &probes->causes[kind][source->cells.ids[i]];

        if (cause->event > 0 && cause->time >= latest.time)
            latest = *cause;
    }
    return latest.event;
}

static struct tap_value value_of(struct metric_tap *tap, struct source *source, sim_time from)
{
    const struct probes *probes = sim_probe_set(tap->sim);
    struct tap_value value = {.cause = cause_of(source, probes, from)};

    read_source(source, probes, sim_now(tap->sim));
    switch (source->metric->kind) {
    case METRIC_COUNT:
        value_of_count(source, tap->config.period, &value);
        break;
    case METRIC_RATIO:
        value_of_ratio(source, &value);
        break;
    case METRIC_LEVEL:
        value_of_level(source, tap->config.period, &value);
        break;
    case METRIC_LATENCY:
        value_of_latency(source, &value);
        break;
    case METRIC_VALUE:
        break;
    }
    turn_reading(source);
    if (!tap->on || (source->cells.count == 0 && source->under.count == 0))
        return (struct tap_value){.missing = true, .cause = value.cause};
    return value;
}

/* --- the ring of periods --------------------------------------------------------------------- */

static struct waiting *waiting_at(struct metric_tap *tap, size_t i)
{
    return &tap->waiting[(tap->head + i) % tap->capacity];
}

static void waiting_grow(struct metric_tap *tap)
{
    size_t capacity = 2 * tap->capacity;
    struct waiting *grown = mem_zalloc(capacity, sizeof *grown);

    for (size_t i = 0; i < tap->capacity; i++)
        grown[i] = *waiting_at(tap, i);
    for (size_t i = tap->capacity; i < capacity; i++)
        grown[i].values = mem_zalloc(tap->config.source_count, sizeof *grown[i].values);
    free(tap->waiting);
    tap->waiting = grown;
    tap->head = 0;
    tap->capacity = capacity;
}

static struct waiting *waiting_add(struct metric_tap *tap)
{
    if (tap->count == tap->capacity)
        waiting_grow(tap);
    return waiting_at(tap, tap->count++);
}

/* --- events ---------------------------------------------------------------------------------- */

static sim_time publication_of(struct metric_tap *tap, uint32_t number)
{
    sim_time when = sim_now(tap->sim);

    if (tap->config.delay)
        when +=
            dist_sample_ns(tap->config.delay, rng_block_at(&tap->config.delays, 0, number).word[0]);
    if (when > tap->published)
        tap->published = when;
    return tap->published;
}

/* The end of period `number`; 0 is the time before the first. An OBSERVE event, so that the period
 * includes all events at its end time. */
static void tap_on_period(void *self, struct sim *sim, uint32_t number, uint32_t generation)
{
    struct metric_tap *tap = self;
    sim_time from = sim_now(sim) - tap->config.period;

    sim_after(sim, tap->config.period, tap->period_kind, number + 1, generation);
    if (tap->samples_levels)
        sim_after(sim, tap->config.period / TAP_SAMPLES, tap->sample_kind, number + 1, 1);
    if (number == 0) {
        for (size_t i = 0; i < tap->config.source_count; i++) {
            read_source(&tap->sources[i], sim_probe_set(sim), sim_now(sim));
            turn_reading(&tap->sources[i]);
        }
        return;
    }
    struct waiting *waiting = waiting_add(tap);

    for (size_t i = 0; i < tap->config.source_count; i++)
        waiting->values[i] = value_of(tap, &tap->sources[i], from);
    waiting->period = (struct tap_period){number, from, sim_now(sim), waiting->values};
    sim_at(sim, publication_of(tap, number), tap->visible_kind, number, 0);
}

static void tap_on_visible(void *self, struct sim *sim, uint32_t number, uint32_t generation)
{
    struct metric_tap *tap = self;
    struct waiting *first = waiting_at(tap, 0);

    (void)sim, (void)generation;
    invariant(tap->count > 0 && first->period.number == number);
    tap->config.publish(tap->config.self, &first->period);
    tap->head = (tap->head + 1) % tap->capacity;
    tap->count--;
}

/* Sample `i` of TAP_SAMPLES in a period; the last one is at its end. */
static void tap_on_sample(void *self, struct sim *sim, uint32_t number, uint32_t i)
{
    struct metric_tap *tap = self;
    const struct probes *probes = sim_probe_set(sim);

    for (size_t s = 0; s < tap->config.source_count; s++) {
        struct source *source = &tap->sources[s];
        int64_t level = 0;

        if (source->metric->kind != METRIC_LEVEL)
            continue;
        for (size_t c = 0; c < source->cells.count; c++)
            level += gauge_of(probes, source->cells.ids[c])->level;
        histogram_add(&source->period, level);
    }
    if (i < TAP_SAMPLES)
        sim_after(sim, tap->config.period / TAP_SAMPLES, tap->sample_kind, number, i + 1);
}

static const struct event_kind tap_period = {
    .name = "period", .phase = PHASE_OBSERVE, .fire = tap_on_period};
static const struct event_kind tap_sample = {
    .name = "sample", .phase = PHASE_OBSERVE, .fire = tap_on_sample};
static const struct event_kind tap_visible = {
    .name = "visible", .phase = PHASE_WORK, .fire = tap_on_visible};

/* --- life ------------------------------------------------------------------------------------ */

struct metric_tap *metric_tap_create(struct sim *sim, const struct metric_tap_config *config)
{
    struct metric_tap *tap = mem_zalloc(1, sizeof *tap);
    struct probes *probes = sim_probe_set(sim);

    invariant(config->period > 0 && config->phase >= 0 && config->phase < config->period);
    tap->config = *config;
    tap->config.sources = NULL; /* they are copied below */
    tap->sim = sim;
    tap->on = true;
    tap->sources = mem_zalloc(config->source_count, sizeof *tap->sources);
    for (size_t i = 0; i < config->source_count; i++) {
        struct source *source = &tap->sources[i];

        source->spec = config->sources[i];
        source->metric = probes_metric(probes, source->spec.metric);
        invariant(source->metric);
        if (!metric_tap_offers(source->metric->kind, source->spec.statistic))
            BUG("metric '%s' has no such statistic", source->metric->name);
        if (source->spec.samples_min == 0)
            source->spec.samples_min = 1;
        probes_note_tap(probes, source->metric);
        probes->keeps_warmup |= source->metric->kind == METRIC_LATENCY;
        tap->samples_levels |=
            source->metric->kind == METRIC_LEVEL && source->spec.statistic != TAP_AVERAGE;
    }
    tap->waiting = mem_zalloc(1, sizeof *tap->waiting);
    tap->waiting->values = mem_zalloc(config->source_count, sizeof *tap->waiting->values);
    tap->capacity = 1;
    tap->visible_kind = sim_kind_add(sim, &tap_visible, config->instance, tap);
    tap->sample_kind = sim_kind_add(sim, &tap_sample, config->instance, tap);
    tap->period_kind = sim_kind_add(sim, &tap_period, config->instance, tap);
    return tap;
}

static void source_release(struct source *source)
{
    free(source->cells.ids);
    free(source->under.ids);
    histogram_release(&source->last.latency);
    histogram_release(&source->now.latency);
    histogram_release(&source->period);
}

void metric_tap_free(struct metric_tap *tap)
{
    if (!tap)
        return;
    for (size_t i = 0; i < tap->config.source_count; i++)
        source_release(&tap->sources[i]);
    for (size_t i = 0; i < tap->capacity; i++)
        free(tap->waiting[i].values);
    free(tap->waiting);
    free(tap->sources);
    free(tap);
}

static void source_select(struct source *source, const struct probes *probes)
{
    const struct metric *metric = source->metric;
    struct row row = {metric, source->spec.region, LABEL_ANY};

    if (source->spec.label)
        row.label = metric_label_index(probes->rows, metric, source->spec.label);
    invariant(!source->spec.label || row.label >= 0);
    if (metric->kind == METRIC_RATIO) {
        const struct metric *over = ratio_part(probes, metric, metric->over);
        const struct metric *under = ratio_part(probes, metric, metric->under);

        source->cells = select_cells(probes, over, row.region, part_label(probes, row, over));
        source->under = select_cells(probes, under, row.region, part_label(probes, row, under));
    } else {
        source->cells = select_cells(probes, metric, row.region, row.label);
    }
}

void metric_tap_start(struct metric_tap *tap)
{
    for (size_t i = 0; i < tap->config.source_count; i++)
        source_select(&tap->sources[i], sim_probe_set(tap->sim));
    if (tap->config.phase > 0)
        sim_at(tap->sim, tap->config.phase, tap->period_kind, 0, 0);
    else
        tap_on_period(tap, tap->sim, 0, 0); /* initial reading */
}

void metric_tap_switch(struct metric_tap *tap, bool on)
{
    tap->on = on;
}
