// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"

#include "bug.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void samples_release(struct samples *samples)
{
    free(samples->values);
    *samples = (struct samples){.row_count = samples->row_count};
}

/* Rows stand one after another, so that a row is an array: a wider one is laid out anew. */
static void samples_grow(struct samples *samples, uint32_t need)
{
    uint32_t capacity = samples->capacity ? samples->capacity : 16;

    while (capacity < need)
        capacity *= 2;
    double *values = mem_alloc(samples->row_count * (size_t)capacity, sizeof *values);
    for (size_t row = 0; row < samples->row_count; row++) {
        double *to = &values[row * capacity];
        if (samples->count)
            memcpy(to, samples_row(samples, row), samples->count * sizeof *to);
        for (uint32_t i = samples->count; i < capacity; i++)
            to[i] = NAN;
    }
    free(samples->values);
    samples->values = values;
    samples->capacity = capacity;
}

void samples_set(struct samples *samples, size_t row, uint32_t replication, double value)
{
    invariant(row < samples->row_count);
    invariant(replication < UINT32_MAX / 2);
    if (replication >= samples->capacity)
        samples_grow(samples, replication + 1);
    if (replication >= samples->count)
        samples->count = replication + 1;
    samples->values[row * samples->capacity + replication] = value;
}

const double *samples_row(const struct samples *samples, size_t row)
{
    invariant(row < samples->row_count);
    return samples->count ? &samples->values[row * samples->capacity] : NULL;
}
