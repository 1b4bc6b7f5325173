// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Roll-ups: aggregates over the runs of a point, stored with the runs in the tables point_metric,
 * point_difference, point_histogram and point_series. Private to this folder.
 *
 * Rules that always hold
 *  1. They are written in the transaction that writes the run, so they always match the runs in the
 *     file; point.runs is the number of runs.
 *  2. A point's roll-ups depend on its runs and their order only. The order is by replication,
 *     except in a study with `--shard` before it is merged. Whether the state was in memory or was
 *     read back does not matter: a resumed study has the same bytes as an uninterrupted one.
 *  3. Only the state of one point, that of the last run, is in memory: about 2 MB.
 *
 * Functions that return int return 0, or -1 with the error added to the diag of the db.
 */
#ifndef ROLLUP_H
#define ROLLUP_H

#include "db.h"
#include "result.h"

#include <stddef.h>
#include <stdint.h>

struct rollup;
struct rollup *rollup_create(struct db *db); /* NULL with the error reported */
void rollup_free(struct rollup *rollup);     /* NULL is allowed */
/* Drop the state, as the file may have changed: after a rollback, or by another program. */
void rollup_forget(struct rollup *rollup);

/* A point: its row, its number and its study's level. */
struct rollup_point {
    int64_t study, point;
    uint32_t number; /* 0: the base of the comparison */
    double level;    /* of the study's intervals */
};
/*
 * Add a run, inside its transaction: open, add its data by ascending cell within each kind, then
 * close, which writes. After a -1 only rollup_forget() may follow.
 */
int rollup_open_run(struct rollup *rollup, const struct rollup_point *point, uint32_t replication);
void rollup_add_statistic(struct rollup *rollup, int64_t cell, const struct statistic *statistic);
/* Values in bins of `bin_ns`; values that are not finite are missing. */
struct run_series {
    enum metric_kind kind;
    enum unit unit;
    const double *values;         /* of a ratio not read: */
    const uint64_t *over, *under; /* of a ratio; else NULL */
    size_t count;
    int64_t bin_ns;
};
int rollup_add_series(struct rollup *rollup, int64_t cell, const struct run_series *series);
/* `mean`: of the histogram, to more digits than one that was read back has in its sum. */
void rollup_add_histogram(struct rollup *rollup, int64_t cell, const struct histogram *histogram,
                          double mean);
int rollup_close_run(struct rollup *rollup);

/* Number of runs of the open point, including this one. */
uint64_t rollup_run_count(const struct rollup *rollup);

/* Rebuild the roll-ups of a study's points from their runs, in order of replication; inside a
 * transaction. O(size of the runs). */
int rollup_rebuild(struct rollup *rollup, int64_t study);

#endif
