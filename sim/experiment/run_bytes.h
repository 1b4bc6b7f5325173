// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Serialise a run's statistics, bit for bit, to pass a run from one process to another.
 *
 * Format: "ISRB", format version (u32), length of the body (u64), body, its 64-bit FNV-1a (u64).
 * All integers are little-endian; a double is its 64 IEEE bits; a text is its length (u32,
 * UINT32_MAX: absent), its bytes and a zero. Metrics are stored by name, histograms by their
 * non-empty bins. Truncated, corrupt or incompatible data is rejected as a whole.
 */
#ifndef RUN_BYTES_H
#define RUN_BYTES_H

#include "result.h"
#include "strbuf.h"

#define RUN_BYTES_VERSION 4

/* Append `result` whole. O(size). */
void run_bytes_add(struct strbuf *out, const struct run_result *result);

/* A deserialised run; owns everything its result points to. */
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
 * Deserialise exactly `size` bytes; metrics are those of the scenario's models. NULL with a reason
 * in `why` if the bytes are not a valid run of this format.
 */
struct run_copy *run_bytes_read(const void *bytes, size_t size, const struct scenario *scenario,
                                const char **why);
void run_copy_free(struct run_copy *copy); /* NULL is allowed */

#endif
