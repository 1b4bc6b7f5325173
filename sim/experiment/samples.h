// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rows of numbers by replication: for each row (an expectation's side, a watched metric) one value
 * per replication, NAN if missing. Grows as replications are added, in any order.
 *
 * Zero-initialised with a row_count is empty and owns nothing.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
    size_t row_count; /* set before the first value, then constant */
    uint32_t count;   /* one past the highest replication that was set */
    uint32_t capacity;
    double *values; /* row by row, `capacity` each */
};

void samples_release(struct samples *samples);
/* Amortised O(row_count). */
void samples_set(struct samples *samples, size_t row, uint32_t replication, double value);
/* `count` values, valid until the next samples_set(); NULL if count is 0. */
const double *samples_row(const struct samples *samples, size_t row);

#endif
