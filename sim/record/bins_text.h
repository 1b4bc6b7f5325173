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
 *   pooled      [[0.25,0.1,0.5,7,5,20,9,30,110],null]
 *                                       ratios pooled over runs: sum over sum, its interval (null:
 *                                       none), number of runs with a denominator; sums of
 *                                       numerators and of denominators; sums of the squares of
 *                                       numerators, of products, of the squares of denominators
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

/* Ratios of `n` runs, pooled; zeroed is empty. */
struct pooled_ratio {
    uint64_t n, over, under;
    double squares, products, under_squares; /* exact up to 2^53 */
};
/* Add a run; with `under` 0 it has no ratio. */
void pooled_ratio_add(struct pooled_ratio *pooled, uint64_t over, uint64_t under);

void bins_add_counts(struct strbuf *out, const uint64_t *counts, size_t count);
void bins_add_ratios(struct strbuf *out, const uint64_t *over, const uint64_t *under, size_t count);
void bins_add_levels(struct strbuf *out, const double *levels, size_t count);
/* `n`: the usual number of runs, which the text omits. */
void bins_add_moments(struct strbuf *out, const struct moment *moments, size_t count, uint64_t n);
/* `low` and `high`: bounds of the ratios, NAN for none. */
struct pooled_bin {
    struct pooled_ratio ratio;
    double low, high;
};
void bins_add_pooled(struct strbuf *out, const struct pooled_bin *bins, size_t count);
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

struct bin_ratio {
    uint64_t over, under; /* under 0: no ratio */
};
struct bin_ratios {
    struct bin_ratio *items;
    size_t count, capacity;
};
void bin_ratios_release(struct bin_ratios *ratios);
struct pooled_bins {
    struct pooled_bin *items;
    size_t count, capacity;
};
void pooled_bins_release(struct pooled_bins *bins);

/* Read counts as doubles, exact up to 2^53. */
bool bins_read_counts(const char *text, struct bin_values *counts);
bool bins_read_ratios(const char *text, struct bin_ratios *ratios);
bool bins_read_levels(const char *text, struct bin_values *levels);
bool bins_read_moments(const char *text, uint64_t n, struct bin_moments *moments);
bool bins_read_pooled(const char *text, struct pooled_bins *bins);
/* Add the counts to `bins` (HISTOGRAM_BIN_LIMIT of them) and their sum to *total. A count of 0 and
 * sums of 2^63 or more are invalid. */
bool bins_read_histogram(const char *text, uint64_t *bins, uint64_t *total);

#endif
