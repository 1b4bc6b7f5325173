// SPDX-License-Identifier: GPL-3.0-or-later
#include "stored_histogram.h"

#include "bins_text.h"

enum column { COUNT, MIN, MAX, MEAN, SUB_BITS, BINS };

/* The sum of `count` values as the 128 bits that a histogram keeps. */
static void restore_sum(struct histogram *histogram, double mean)
{
    const double word = 18446744073709551616.0; /* 2^64 */
    double sum = mean * (double)histogram->count;
    double high = sum / word;

    histogram->sum_high = (uint64_t)high;
    sum -= (double)histogram->sum_high * word;
    histogram->sum_low = sum > 0 ? (uint64_t)sum : 0;
}

/* Is the minimum in the first non-empty bin, and the maximum in the last one? */
static bool extremes_are_in_their_bins(const uint64_t *bins, int64_t min, int64_t max)
{
    uint32_t first = 0, last = HISTOGRAM_BIN_LIMIT - 1;

    while (bins[first] == 0)
        first++;
    while (bins[last] == 0)
        last--;
    return histogram_bin_of(min) == first && histogram_bin_of(max) == last;
}

void stored_histogram_read(struct select *rows, int first, struct histogram *histogram)
{
    uint64_t bins[HISTOGRAM_BIN_LIMIT] = {0}, total = 0;
    uint64_t count = (uint64_t)select_int(rows, first + COUNT, 1, INT64_MAX);
    int64_t min = select_instant(rows, first + MIN), max = select_instant(rows, first + MAX);
    double mean = select_real(rows, first + MEAN);
    select_int(rows, first + SUB_BITS, HISTOGRAM_SUB_BITS, HISTOGRAM_SUB_BITS);
    const char *text = select_text(rows, first + BINS);

    if (!select_good(rows))
        return;
    if (!bins_read_histogram(text, bins, &total) || total != count) {
        select_damaged(rows, first + BINS);
    } else if (!extremes_are_in_their_bins(bins, min, max)) {
        select_damaged(rows, first + MIN);
    } else if (mean < (double)min * (1 - 1e-9) || mean > (double)max * (1 + 1e-9)) {
        select_damaged(rows, first + MEAN);
    } else {
        for (uint32_t bin = 0; bin < HISTOGRAM_BIN_LIMIT; bin++)
            histogram_add_many(histogram, histogram_bin_low(bin), bins[bin]);
        histogram_restore_extremes(histogram, min, max);
        restore_sum(histogram, mean);
    }
}
