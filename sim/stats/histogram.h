// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A log-linear histogram of non-negative 64-bit integers (latencies in ns), after HdrHistogram.
 *
 * Each power of two is divided into HISTOGRAM_SUB_COUNT equal bins; smaller values have a bin each.
 * A bin is at most 1 / HISTOGRAM_SUB_COUNT < 1.6 % of its values wide. Count,
 * minimum, maximum and the sum (as a 128-bit integer) are exact. Merging is exact, associative and
 * commutative.
 *
 * Zero-initialised is empty and owns nothing; bins are allocated on the first record, in one piece
 * that grows to the highest value seen (at most 3 712 bins of 8 bytes). Negative values are a bug.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include "inlining.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_SUB_COUNT (1 << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_BIN_LIMIT 3712u /* one past the bin of INT64_MAX */

struct histogram {
    uint64_t *bins;
    uint32_t bin_count; /* allocated */
    uint64_t count;
    /* Both valid if count > 0. */
    int64_t min_from_top; /* INT64_MAX - minimum: so both extremes start at 0 and only rise */
    int64_t max;
    uint64_t sum_low, sum_high;
    uint64_t unused; /* pads to a power of two: indexing is a shift */
};
_Static_assert(sizeof(struct histogram) == 64, "see above");

void histogram_release(struct histogram *histogram);
void histogram_clear(struct histogram *histogram); /* empty, memory kept */
static inline void histogram_add(struct histogram *histogram, int64_t value); /* O(1) */
void histogram_add_many(struct histogram *histogram, int64_t value, uint64_t times);
void histogram_merge(struct histogram *histogram, const struct histogram *other);
static inline int64_t histogram_min(const struct histogram *histogram); /* if count > 0 */
/* The values added to a histogram between two copies of it, `before` and the later `now`. Count and
 * sum are exact, the extremes are bounds of bins (within 1.6 %). */
void histogram_difference(struct histogram *difference, const struct histogram *now,
                          const struct histogram *before);
/* Add to `pending` what `now` has and `seen`, an earlier copy of it, has not; then `seen` is equal
 * to `now`. Extremes of what is added are bounds of bins. O(bins between the extremes). */
void histogram_collect(struct histogram *pending, struct histogram *seen,
                       const struct histogram *now);
/* Replace sum and extremes computed from bins by exact ones. False without a change if they are
 * impossible: extremes must be in order and not negative. */
bool histogram_restore_extremes(struct histogram *histogram, int64_t min, int64_t max);
double histogram_mean(const struct histogram *histogram); /* exact; 0 if empty */
/*
 * The value at quantile q in [0, 1]: in the smallest bin whose cumulated count reaches
 * ceil(q * count), as if the values of the bin were evenly spread over it, clipped to [min, max];
 * q = 0 gives min, q = 1 gives max exactly; 0 if empty.
 */
int64_t histogram_quantile(const struct histogram *histogram, double q);
/* Half the width of the bin of `value`: what a quantile may be off by. 0 below 128. */
double histogram_resolution(double value);

/* The bin of a value (>= 0), and the inclusive range of values of a bin (< HISTOGRAM_BIN_LIMIT). */
static inline uint32_t histogram_bin_of(int64_t value);
int64_t histogram_bin_low(uint32_t bin);
int64_t histogram_bin_high(uint32_t bin);

/* For histogram_add() only: allocate up to the bin of `value`, which must not be negative. */
RARE void histogram_grow(struct histogram *histogram, int64_t value);

/*
 * The leading bit gives the power of two, the next HISTOGRAM_SUB_BITS bits the bin within it.
 * Setting bit 6 in the argument of clz makes values below 64 share the first power's width, 1,
 * without a branch. A negative value gives a bin past the limit, which histogram_add() therefore
 * never finds allocated.
 */
static inline uint32_t histogram_bin_of(int64_t value)
{
    uint64_t bits = (uint64_t)value;
    uint32_t log2 = 63u - (uint32_t)__builtin_clzll(bits | HISTOGRAM_SUB_COUNT);
    uint32_t shift = log2 - HISTOGRAM_SUB_BITS;
    return shift * HISTOGRAM_SUB_COUNT + (uint32_t)(bits >> shift);
}

static inline int64_t histogram_min(const struct histogram *histogram)
{
    return INT64_MAX - histogram->min_from_top;
}

static inline void histogram_add(struct histogram *histogram, int64_t value)
{
    uint32_t bin = histogram_bin_of(value);
    if (__builtin_expect(bin >= histogram->bin_count, 0))
        histogram_grow(histogram, value);
    if (INT64_MAX - value > histogram->min_from_top)
        histogram->min_from_top = INT64_MAX - value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->bins[bin]++;
    histogram->count++;
    histogram->sum_low += (uint64_t)value;
    histogram->sum_high += histogram->sum_low < (uint64_t)value;
}

#endif
