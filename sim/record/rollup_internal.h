// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Shared by rollup.c (state, adding a run), rollup_store.c (state in the file) and rollup_rebuild.c
 * (state from the runs).
 */
#ifndef ROLLUP_INTERNAL_H
#define ROLLUP_INTERNAL_H

#include "bins_text.h"
#include "estimate.h"
#include "metric_law.h"
#include "rollup.h"
#include "select.h"
#include "tally.h"

enum rollup_statement {
    ROLLUP_PUT_METRIC,
    ROLLUP_PUT_DIFFERENCE,
    ROLLUP_PUT_HISTOGRAM,
    ROLLUP_PUT_SERIES,
    ROLLUP_SET_RUNS,
    ROLLUP_GET_RUNS,
    ROLLUP_GET_METRICS,
    ROLLUP_GET_DIFFERENCES,
    ROLLUP_GET_HISTOGRAMS,
    ROLLUP_GET_SERIES,
    ROLLUP_GET_BASE,
    ROLLUP_GET_OTHERS,
    ROLLUP_GET_NUMBERS,
    ROLLUP_GET_HISTOGRAM_CELL,
    ROLLUP_STATEMENTS
};

/* Rows by ascending cell; each begins with its cell, an int64_t. */
struct rollup_list {
    unsigned char *items;
    size_t count, capacity;
    size_t size; /* of a row */
    size_t hint; /* likely position of the next cell */
};
struct metric_rollup {
    int64_t cell;
    struct estimate_sums sums;
    enum estimate_law law;
    double quantile;        /* 0.99 of a latency's p99; 0: not a quantile */
    int64_t histogram_cell; /* of a quantile; 0: not looked up yet */
    bool has_over, has_under;
    uint64_t censored, none;
};
struct difference_rollup {
    int64_t cell;
    struct tally base, difference;
};
struct series_rollup {
    int64_t cell;
    uint64_t runs;
    int64_t bin_ns;
    enum estimate_law law;
    bool is_ratio;
    struct bin_moments bins;   /* empty for a ratio */
    struct pooled_bins pooled; /* of a ratio */
};
struct histogram_rollup {
    int64_t cell;
    struct histogram pooled; /* without its sum */
    double mean;
};
/* A number of one run. */
struct cell_number {
    int64_t cell;
    double value;
};
struct cell_numbers {
    struct cell_number *items;
    size_t count, capacity;
};

struct rollup {
    struct db *db;
    sqlite3_stmt *statements[ROLLUP_STATEMENTS];
    struct rollup_point point; /* .point 0: no state */
    uint64_t runs;
    struct rollup_list metrics, differences, histograms, series;
    /* of the run that is open */
    uint32_t replication;
    struct cell_numbers numbers, base;
    struct strbuf text;
    struct estimate_quantiles quantiles; /* of the last count */
};

/* The row of a cell, inserted with zeros if it is new. Valid until the next call. O(1) if cells are
 * requested in ascending order, except for insertions in the middle. */
void *rollup_row(struct rollup_list *list, int64_t cell);
void rollup_list_release(struct rollup_list *list);
void rollup_clear(struct rollup *rollup); /* drop the state */
/* Clip to 1e150 so that squares are finite; only numbers of a damaged file exceed it. */
double rollup_held(double value);
void cell_numbers_add(struct cell_numbers *numbers, int64_t cell, double value);
/* Begin to add a run with this replication to the state. */
void rollup_next_run(struct rollup *rollup, uint32_t replication);
/* Pair the added run with the base's run of the same replication. */
int rollup_pair_with_base(struct rollup *rollup);
/* Add the differences `numbers` - `base` of the cells that both have. */
void rollup_add_pairs(struct rollup_list *differences, const struct cell_numbers *numbers,
                      const struct cell_numbers *base);
/* What kind of a statistic the row is, for its estimate. */
void rollup_set_law(struct metric_rollup *row, enum metric_kind kind, enum unit unit,
                    const char *stat);
/* The estimate with its interval; a quantile's by the pooled histogram of `histogram_cell`. */
/* Set the bounds of the bins of a ratio. */
void rollup_estimate_bins(struct rollup *rollup, struct series_rollup *row);
struct interval rollup_estimate(struct rollup *rollup, const struct metric_rollup *row);
/* Student's interval of differences. */
struct interval rollup_interval(struct rollup *rollup, const struct tally *tally, double level);

/* --- rollup_store.c -------------------------------------------------------------------------- */

int rollup_prepare(struct rollup *rollup);
/* Read the state of a point from the file. */
int rollup_load(struct rollup *rollup, const struct rollup_point *point);
int rollup_load_differences(struct rollup *rollup, int64_t point, struct rollup_list *differences);
int rollup_write(struct rollup *rollup);
int rollup_write_differences(struct rollup *rollup, int64_t point, double level,
                             struct rollup_list *differences);
/* Read the numbers of a run, by ascending cell. */
int rollup_load_numbers(struct rollup *rollup, int64_t run, struct cell_numbers *numbers);
/* Read the numbers of the base's run of this replication; none if there is no such run. */
int rollup_load_base(struct rollup *rollup, uint32_t replication);

#endif
