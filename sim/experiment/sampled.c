// SPDX-License-Identifier: GPL-3.0-or-later
#include "sampled.h"

#include "bug.h"
#include "mem.h"
#include "metric_law.h"
#include "rank_quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void sampled_release(struct sampled *sampled)
{
    free(sampled->values);
    free(sampled->over);
    free(sampled->under);
    histogram_release(&sampled->pooled);
    *sampled = (struct sampled){.values = NULL};
}

static void sampled_grow(struct sampled *sampled, uint32_t need)
{
    uint32_t capacity = sampled->capacity ? sampled->capacity : 16;

    invariant(need < UINT32_MAX / 2);
    while (capacity < need)
        capacity *= 2;
    if (capacity == sampled->capacity)
        return;
    sampled->values = mem_realloc(sampled->values, capacity, sizeof *sampled->values);
    sampled->over = mem_realloc(sampled->over, capacity, sizeof *sampled->over);
    sampled->under = mem_realloc(sampled->under, capacity, sizeof *sampled->under);
    for (uint32_t i = sampled->capacity; i < capacity; i++) {
        sampled->values[i] = (double)NAN;
        sampled->over[i] = sampled->under[i] = 0;
    }
    sampled->capacity = capacity;
}

/* What a replication has without a row of the statistic. */
static double absent_value(const struct metric_ref *ref)
{
    return ref->metric->kind == METRIC_COUNT ? 0 : (double)NAN;
}

void sampled_init(struct sampled *sampled, const struct metric_ref *ref, uint32_t count)
{
    *sampled = (struct sampled){.count = count};
    sampled_grow(sampled, count);
    for (uint32_t i = 0; i < count; i++)
        sampled->values[i] = absent_value(ref);
}

/* NULL equals NULL. */
static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const char *window_of(const struct metric_ref *ref)
{
    return ref->window ? ref->window : "all";
}

/* NULL if the run has no such row. A quantile of a value is over the replications, and no row. */
static const struct statistic *find_statistic(const struct statistics *statistics,
                                              const struct metric_ref *ref)
{
    const char *stat = ref->metric->kind == METRIC_LATENCY ? ref->stat : NULL;

    if (!stat && ref->metric->kind == METRIC_LATENCY)
        stat = "p99";
    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *statistic = &statistics->statistics[i];
        if (statistic->region == ref->region &&
            same_text(statistic->metric->name, ref->metric->name) &&
            same_text(statistic->stat, stat) && same_text(statistic->label, ref->label) &&
            same_text(statistic->window, window_of(ref)))
            return statistic;
    }
    return NULL;
}

static const struct histogram *find_histogram(const struct statistics *statistics,
                                              const struct metric_ref *ref)
{
    for (size_t i = 0; i < statistics->histogram_count; i++) {
        const struct statistic_histogram *row = &statistics->histograms[i];
        if (row->region == ref->region && same_text(row->metric->name, ref->metric->name) &&
            same_text(row->label, ref->label) && same_text(row->window, window_of(ref)))
            return row->histogram;
    }
    return NULL;
}

static double quantile_of(const struct metric_ref *ref)
{
    if (ref->metric->kind == METRIC_LATENCY && !ref->stat)
        return metric_quantile("p99");
    return metric_quantile(ref->stat);
}

const struct statistic *sampled_take(struct sampled *sampled, uint32_t replication,
                                     const struct statistics *statistics,
                                     const struct metric_ref *ref)
{
    const struct statistic *statistic = find_statistic(statistics, ref);
    double value = absent_value(ref);

    sampled_grow(sampled, replication + 1);
    if (replication >= sampled->count)
        sampled->count = replication + 1;
    if (statistic)
        value = statistic->state == STATISTIC_CENSORED ? (double)INFINITY : statistic->value;
    sampled->values[replication] = value;
    if (statistic && ref->metric->kind == METRIC_RATIO) {
        sampled->over[replication] = statistic->over;
        sampled->under[replication] = statistic->under;
    }
    if (ref->metric->kind == METRIC_LATENCY && quantile_of(ref) > 0) {
        const struct histogram *histogram = find_histogram(statistics, ref);

        if (histogram)
            histogram_merge(&sampled->pooled, histogram);
    }
    return statistic;
}

/* The quantile of all samples minus the mean of the replications' own. */
static double quantile_shift(const struct sampled *sampled, double q)
{
    double sum = 0, n = 0;

    for (uint32_t i = 0; i < sampled->count; i++)
        if (isfinite(sampled->values[i])) {
            sum += sampled->values[i];
            n++;
        }
    return n > 0 ? (double)histogram_quantile(&sampled->pooled, q) - sum / n : 0;
}

static void linearise(const struct sampled *sampled, double *sections)
{
    double over = 0, under = 0, n = 0;

    for (uint32_t i = 0; i < sampled->count; i++) {
        over += (double)sampled->over[i];
        under += (double)sampled->under[i];
        n += sampled->under[i] > 0;
    }
    for (uint32_t i = 0; i < sampled->count && under > 0; i++)
        if (sampled->under[i] > 0) {
            double ratio = over / under;
            double residual = (double)sampled->over[i] - ratio * (double)sampled->under[i];

            sections[i] = ratio + residual / (under / n);
        }
}

double *sampled_sections(const struct sampled *sampled, const struct metric_ref *ref)
{
    double *sections = mem_alloc(sampled->count, sizeof *sections);
    double q = ref->metric->kind == METRIC_LATENCY ? quantile_of(ref) : 0, shift = 0;

    if (q > 0 && sampled->pooled.count > 0)
        shift = quantile_shift(sampled, q);
    for (uint32_t i = 0; i < sampled->count; i++)
        sections[i] = sampled->values[i] + shift;
    if (ref->metric->kind == METRIC_RATIO)
        linearise(sampled, sections);
    return sections;
}

static bool pairs_are_equal(const struct sampled *a, const struct sampled *b)
{
    for (uint32_t i = 0; i < a->count && i < b->count; i++)
        if (memcmp(&a->values[i], &b->values[i], sizeof a->values[i]) != 0 ||
            a->over[i] != b->over[i] || a->under[i] != b->under[i])
            return false;
    return true;
}

void sampled_pair_sections(const struct sampled *base, const struct sampled *value,
                           const struct metric_ref *ref, double *sections[2])
{
    const struct sampled *sides[2] = {base, value};
    bool equal = pairs_are_equal(base, value);

    for (int side = 0; side < 2; side++) {
        sections[side] = sampled_sections(sides[side], ref);
        for (uint32_t i = 0; equal && i < sides[side]->count; i++)
            sections[side][i] = sides[side]->values[i];
    }
}

double quantile_over_runs(const struct metric_ref *ref)
{
    return ref->metric->kind == METRIC_VALUE ? metric_quantile(ref->stat) : 0;
}

#define SAMPLES_BEYOND 10 /* a quantile needs some beyond it */

double sampled_lacks(const struct sampled *sampled, const struct metric_ref *ref)
{
    double q = ref->metric->kind == METRIC_LATENCY ? quantile_of(ref) : 0;
    double needed = q > 0 ? SAMPLES_BEYOND / (1 - q) : 0;

    return sampled->pooled.count > 0 && (double)sampled->pooled.count < needed ? needed : 0;
}

static struct sampled_estimate by_rank(const struct sampled *sampled, double q, double level)
{
    struct rank_quantile rank = rank_quantile(sampled->values, sampled->count, q, level);

    return (struct sampled_estimate){.interval = {.valid = rank.n >= 2,
                                                  .n = rank.n,
                                                  .level = rank.level,
                                                  .mean = rank.value,
                                                  .low = rank.low,
                                                  .high = rank.high},
                                     .never_ranked = rank.censored,
                                     .none = sampled->count - rank.n,
                                     .needed =
                                         rank.high_is_sure ? 0 : rank_quantile_needed(q, level),
                                     .low_is_open = !rank.low_is_sure,
                                     .high_is_open = !rank.high_is_sure};
}

struct sampled_estimate sampled_estimate(const struct sampled *sampled,
                                         const struct metric_ref *ref, double level)
{
    enum estimate_law law = metric_law(ref->metric->kind, ref->metric->unit, ref->stat);
    struct sampled_estimate estimate = {.never = 0};
    struct estimate_sums sums = {.over = 0};
    double q = quantile_of(ref);

    if (q > 0 && ref->metric->kind != METRIC_LATENCY)
        return by_rank(sampled, q, level);
    for (uint32_t i = 0; i < sampled->count; i++)
        if (isinf(sampled->values[i]))
            estimate.never++;
        else if (isnan(sampled->values[i]))
            estimate.none++;
        else
            estimate_add(&sums, sampled->values[i], sampled->over[i], sampled->under[i]);
    if (q > 0 && sampled->pooled.count > 0) {
        double pooled = (double)histogram_quantile(&sampled->pooled, q);

        estimate.interval =
            estimate_quantile(&sums, pooled, histogram_resolution(pooled), level, NULL);
    } else {
        estimate.interval = estimate_interval(&sums, law, level, NULL);
    }
    return estimate;
}
