// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Bin b >= 64 stands for the values whose top seven bits are 64 + b % 64, shifted left by
 * b / 64 - 1. So bins are in order of value, and the bins of [0, 128) are the values themselves.
 */
#include "histogram.h"

#include "bug.h"
#include "mem.h"
#include "uint128.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void histogram_release(struct histogram *histogram)
{
    free(histogram->bins);
    *histogram = (struct histogram){0};
}

/* The bins with values are in [first, end). If count > 0. */
static uint32_t first_bin(const struct histogram *histogram)
{
    return histogram_bin_of(histogram_min(histogram));
}

static uint32_t end_bin(const struct histogram *histogram)
{
    return histogram_bin_of(histogram->max) + 1;
}

void histogram_clear(struct histogram *histogram)
{
    uint64_t *bins = histogram->bins;
    uint32_t bin_count = histogram->bin_count;
    if (histogram->count > 0) {
        uint32_t first = first_bin(histogram);
        memset(bins + first, 0, (end_bin(histogram) - first) * sizeof(*bins));
    }
    *histogram = (struct histogram){.bins = bins, .bin_count = bin_count};
}

static void reserve_bins(struct histogram *histogram, uint32_t bin_count)
{
    if (bin_count <= histogram->bin_count)
        return;
    histogram->bins = mem_realloc(histogram->bins, bin_count, sizeof(*histogram->bins));
    memset(histogram->bins + histogram->bin_count, 0,
           (bin_count - histogram->bin_count) * sizeof(*histogram->bins));
    histogram->bin_count = bin_count;
}

/* By whole powers of two: at most 58 times in a histogram's life. */
RARE void histogram_grow(struct histogram *histogram, int64_t value)
{
    invariant(value >= 0);
    uint32_t powers = histogram_bin_of(value) / HISTOGRAM_SUB_COUNT + 1;
    reserve_bins(histogram, powers * HISTOGRAM_SUB_COUNT);
}

static void add_to_sum(struct histogram *histogram, uint128 amount)
{
    uint128 sum = ((uint128)histogram->sum_high << 64 | histogram->sum_low) + amount;
    histogram->sum_low = (uint64_t)sum;
    histogram->sum_high = (uint64_t)(sum >> 64);
}

static void widen(struct histogram *histogram, int64_t min_from_top, int64_t max)
{
    if (min_from_top > histogram->min_from_top)
        histogram->min_from_top = min_from_top;
    if (max > histogram->max)
        histogram->max = max;
}

bool histogram_restore_extremes(struct histogram *histogram, int64_t min, int64_t max)
{
    if (min < 0 || min > max)
        return false;
    histogram->min_from_top = INT64_MAX - min;
    histogram->max = max;
    return true;
}

void histogram_add_many(struct histogram *histogram, int64_t value, uint64_t times)
{
    if (times == 0)
        return;
    histogram_grow(histogram, value);
    widen(histogram, INT64_MAX - value, value);
    histogram->bins[histogram_bin_of(value)] += times;
    histogram->count += times;
    add_to_sum(histogram, (uint128)(uint64_t)value * times);
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    if (other->count == 0)
        return;
    reserve_bins(histogram, other->bin_count);
    for (uint32_t bin = first_bin(other), end = end_bin(other); bin < end; bin++)
        histogram->bins[bin] += other->bins[bin];
    widen(histogram, other->min_from_top, other->max);
    histogram->count += other->count;
    add_to_sum(histogram, (uint128)other->sum_high << 64 | other->sum_low);
}

void histogram_difference(struct histogram *difference, const struct histogram *now,
                          const struct histogram *before)
{
    uint128 sum = ((uint128)now->sum_high << 64 | now->sum_low) -
                  ((uint128)before->sum_high << 64 | before->sum_low);

    histogram_clear(difference);
    reserve_bins(difference, now->bin_count);
    for (uint32_t bin = 0; bin < now->bin_count; bin++) {
        uint64_t was = bin < before->bin_count ? before->bins[bin] : 0;

        if (now->bins[bin] == was)
            continue;
        difference->bins[bin] = now->bins[bin] - was;
        difference->count += difference->bins[bin];
        widen(difference, INT64_MAX - histogram_bin_low(bin), histogram_bin_high(bin));
    }
    add_to_sum(difference, sum);
}

void histogram_collect(struct histogram *pending, struct histogram *seen,
                       const struct histogram *now)
{
    uint32_t low = UINT32_MAX, high = 0, first, end;

    if (now->count == seen->count)
        return;
    reserve_bins(pending, now->bin_count);
    reserve_bins(seen, now->bin_count);
    first = first_bin(now);
    end = end_bin(now);
    for (uint32_t bin = first; bin < end; bin++) {
        uint64_t gain = now->bins[bin] - seen->bins[bin];

        if (gain == 0)
            continue;
        pending->bins[bin] += gain;
        seen->bins[bin] = now->bins[bin];
        low = bin < low ? bin : low;
        high = bin;
    }
    widen(pending, INT64_MAX - histogram_bin_low(low), histogram_bin_high(high));
    pending->count += now->count - seen->count;
    add_to_sum(pending, ((uint128)now->sum_high << 64 | now->sum_low) -
                            ((uint128)seen->sum_high << 64 | seen->sum_low));
    seen->min_from_top = now->min_from_top;
    seen->max = now->max;
    seen->count = now->count;
    seen->sum_low = now->sum_low;
    seen->sum_high = now->sum_high;
}

double histogram_mean(const struct histogram *histogram)
{
    if (histogram->count == 0)
        return 0.0;
    /* Whole and rest apart: the result is rounded, not the sum and then the quotient. */
    uint128 sum = (uint128)histogram->sum_high << 64 | histogram->sum_low;
    uint64_t whole = (uint64_t)(sum / histogram->count);
    uint64_t rest = (uint64_t)(sum % histogram->count);
    return (double)whole + (double)rest / (double)histogram->count;
}

/*
 * ceil(q * count), but a product that only rounding lifted over a whole number counts as that
 * number: 0.07 * 100 is 7.000000000000001 in binary, and the 7 % quantile of 100 values is the
 * seventh.
 */
static uint64_t rank_of(double q, uint64_t count)
{
    double rank = ceil(q * (double)count * (1.0 - 0x1p-51));
    if (rank < 1.0)
        return 1;
    return rank < (double)count ? (uint64_t)rank : count;
}

/* The bin that holds the value of this rank; `*before` values are in lower bins. */
static uint32_t bin_of_rank(const struct histogram *histogram, uint64_t rank, uint64_t *before)
{
    *before = 0;
    for (uint32_t bin = first_bin(histogram), end = end_bin(histogram); bin < end; bin++) {
        if (*before + histogram->bins[bin] >= rank)
            return bin;
        *before += histogram->bins[bin];
    }
    BUG("histogram of %llu values has no value number %llu", (unsigned long long)histogram->count,
        (unsigned long long)rank);
}

int64_t histogram_quantile(const struct histogram *histogram, double q)
{
    invariant(q >= 0.0 && q <= 1.0);
    if (histogram->count == 0)
        return 0;
    if (q == 0.0 || q == 1.0)
        return q == 0.0 ? histogram_min(histogram) : histogram->max;
    uint64_t rank = rank_of(q, histogram->count), before;
    uint32_t bin = bin_of_rank(histogram, rank, &before);
    double part = ((double)(rank - before) - 0.5) / (double)histogram->bins[bin];
    int64_t low = histogram_bin_low(bin);
    int64_t value = low + (int64_t)((double)(histogram_bin_high(bin) - low + 1) * part);
    if (value < histogram_min(histogram))
        return histogram_min(histogram);
    return value < histogram->max ? value : histogram->max;
}

double histogram_resolution(double value)
{
    uint32_t bin = histogram_bin_of((int64_t)fmin(fmax(value, 0.0), 9e18));

    return (double)(histogram_bin_high(bin) - histogram_bin_low(bin)) / 2.0;
}

/* How far the values of a bin were shifted; its width is 1 << shift. */
static uint32_t shift_of(uint32_t bin)
{
    invariant(bin < HISTOGRAM_BIN_LIMIT);
    return bin < 2 * HISTOGRAM_SUB_COUNT ? 0 : bin / HISTOGRAM_SUB_COUNT - 1;
}

int64_t histogram_bin_low(uint32_t bin)
{
    uint32_t shift = shift_of(bin);
    return (int64_t)(bin - shift * HISTOGRAM_SUB_COUNT) << shift;
}

int64_t histogram_bin_high(uint32_t bin)
{
    return histogram_bin_low(bin) + ((INT64_C(1) << shift_of(bin)) - 1);
}
