// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a results file holds by bin, as JSON that any SQLite can take apart (json_each):
 *
 *   counts      [3,0,7]                 one a bin
 *   ratios      [[3,40],[0,12],0]       numerator and denominator; 0: both are 0
 *   levels      [0.5,12.25]             exact: the same doubles come back
 *   moments     [0.5,[0.5,0.1],[2,0.1,7],null]
 *                                       mean where all n runs agree; mean and standard deviation of
 *                                       n runs; of 7 runs only; no run has a value there
 *   histogram   {"130":3,"131":1}       bins that hold something, by number, and how many values
 *
 * Writing appends to a strbuf and costs some 5 ns a small count, 40 ns a decimal fraction. Reading
 * takes texts that may be anything: false where one is not of its form.
 */
#ifndef BINS_TEXT_H
#define BINS_TEXT_H

#include "histogram.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mean and standard deviation of `n` values; zeroed is none. Kept to MOMENT_MEAN_DIGITS and
 * MOMENT_SD_DIGITS significant digits, so that what is read back is what was in memory. */
struct moment {
    uint64_t n;
    double mean, sd;
};
#define MOMENT_MEAN_DIGITS 12
#define MOMENT_SD_DIGITS 8
/* One value more, after Welford (see tally.h). Values are finite. */
void moment_add(struct moment *moment, double value);

void bins_add_counts(struct strbuf *out, const uint64_t *counts, size_t count);
void bins_add_ratios(struct strbuf *out, const uint64_t *over, const uint64_t *under, size_t count);
void bins_add_levels(struct strbuf *out, const double *levels, size_t count);
/* `n` is that of most; it is not in the text. */
void bins_add_moments(struct strbuf *out, const struct moment *moments, size_t count, uint64_t n);
void bins_add_histogram(struct strbuf *out, const struct histogram *histogram);

/* A growing array that readers fill from its start. Zero-initialised is empty. */
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

/* As counts: each is a double that holds it exactly, up to 2^53. */
bool bins_read_counts(const char *text, struct bin_values *counts);
/* Each as numerator / denominator, NAN where that is 0. */
bool bins_read_ratios(const char *text, struct bin_values *ratios);
bool bins_read_levels(const char *text, struct bin_values *levels);
bool bins_read_moments(const char *text, uint64_t n, struct bin_moments *moments);
/* Adds its counts to those of `bins` (HISTOGRAM_BIN_LIMIT of them), and what they come to to
 * *total. A count of 0, or sums of 2^63 and above, are not of the form. */
bool bins_read_histogram(const char *text, uint64_t *bins, uint64_t *total);

#endif
