// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A run's statistics as bytes, and back, bit for bit: how one process hands a run to another.
 *
 * The form: "ISRB", the form's version (u32), the length of the body (u64), the body, its 64-bit
 * FNV-1a (u64). All integers are little-endian; a double is the 64 bits of its IEEE form; a text is
 * its length (u32, UINT32_MAX: absent), its bytes and a zero. Metrics go by name, and histograms by
 * the bins that hold something. What is cut short, changed on the way or of another version is
 * refused, never half-read.
 */
#ifndef RUN_BYTES_H
#define RUN_BYTES_H

#include "result.h"
#include "strbuf.h"

#define RUN_BYTES_VERSION 3

/* Append `result` whole. O(size). */
void run_bytes_add(struct strbuf *out, const struct run_result *result);

/* A run read back: owns what its result points to. */
struct run_copy {
    struct run_result result;
    char *bytes; /* the texts are in here */
    struct statistics statistics;
    struct statistic *statistic_rows;
    struct statistic_histogram *histogram_rows;
    struct histogram *histograms;
    struct statistic_series *series_rows;
    double *values;
    uint64_t *counts; /* the series' exact ones */
    struct run_log log;
    struct incident_list incidents;
};
/*
 * Of exactly `size` bytes; metrics are those of the scenario's models. NULL where the bytes are not
 * a run as this program writes them: `why` then says so in words.
 */
struct run_copy *run_bytes_read(const void *bytes, size_t size, const struct scenario *scenario,
                                const char **why);
void run_copy_free(struct run_copy *copy); /* NULL is allowed */

#endif
