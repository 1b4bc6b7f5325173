// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Binned data in a results file, as JSON that SQLite can parse (json_each):
 *
 *   counts      [3,0,7]                 one per bin
 *   ratios      [[3,40],[0,12],0]       numerator and denominator; 0: both are 0
 *   levels      [0.5,12.25]             exact: the same doubles come back
 *   moments     [0.5,[0.5,0.1],[2,0.1,7],null]
 *                                       mean where all n runs agree; mean and standard deviation of
 *                                       n runs; of 7 runs only; no run has a value there
 *   histogram   {"130":3,"131":1}       non-empty bins: bin number and count
 *
 * Writing appends to a strbuf and takes about 5 ns per small count and 40 ns per decimal fraction.
 * Reading accepts any text and returns false if it is invalid.
 */
#ifndef BINS_TEXT_H
#define BINS_TEXT_H

#include "histogram.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mean and standard deviation of `n` values; zeroed is empty. Rounded to MOMENT_MEAN_DIGITS and
 * MOMENT_SD_DIGITS significant digits in memory, too, so that reading back gives the same state. */
struct moment {
    uint64_t n;
    double mean, sd;
};
#define MOMENT_MEAN_DIGITS 12
#define MOMENT_SD_DIGITS 8
/* Add a finite value, by Welford's method (see tally.h). */
void moment_add(struct moment *moment, double value);

void bins_add_counts(struct strbuf *out, const uint64_t *counts, size_t count);
void bins_add_ratios(struct strbuf *out, const uint64_t *over, const uint64_t *under, size_t count);
void bins_add_levels(struct strbuf *out, const double *levels, size_t count);
/* `n`: the usual number of runs, which the text omits. */
void bins_add_moments(struct strbuf *out, const struct moment *moments, size_t count, uint64_t n);
void bins_add_histogram(struct strbuf *out, const struct histogram *histogram);

/* A growable array that readers fill from its start. Zero-initialised is empty. */
struct bin_values {
    double *items;
    size_t count, capacity;
};
void bin_values_release(struct bin_values *values);
struct bin_moments {
    struct moment *items;
    size_t count, capacity;
};
void bin_moments_release(struct bin_moments *moments);

/* Read counts as doubles, exact up to 2^53. */
bool bins_read_counts(const char *text, struct bin_values *counts);
/* Read ratios as numerator / denominator, NAN if the denominator is 0. */
bool bins_read_ratios(const char *text, struct bin_values *ratios);
bool bins_read_levels(const char *text, struct bin_values *levels);
bool bins_read_moments(const char *text, uint64_t n, struct bin_moments *moments);
/* Add the counts to `bins` (HISTOGRAM_BIN_LIMIT of them) and their sum to *total. A count of 0 and
 * sums of 2^63 or more are invalid. */
bool bins_read_histogram(const char *text, uint64_t *bins, uint64_t *total);

#endif
