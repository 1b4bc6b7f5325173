// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Roll-ups: what the runs of a point come to, kept beside the runs in the tables point_metric,
 * point_difference, point_histogram and point_series. Private to this folder.
 *
 * Rules that always hold
 *  1. They are written in the transaction that writes the run, so at any time they are those of the
 *     runs that the file holds; point.runs says of how many.
 *  2. What a point's roll-ups are depends on its runs and on the order in which they came, by
 *     replication in a study that was never merged, and not on whether the state was in memory
 *     or was read back (a resumed study gives the same bytes as one that was not stopped).
 *  3. The state of one point is held in memory, that of the last run: some 2 MB.
 *
 * Functions that return int give 0, or -1 with the reason told to the diag of the db.
 */
#ifndef ROLLUP_H
#define ROLLUP_H

#include "db.h"
#include "result.h"

#include <stddef.h>
#include <stdint.h>

struct rollup;
struct rollup *rollup_create(struct db *db); /* NULL: a statement could not be prepared, told */
void rollup_free(struct rollup *rollup);     /* NULL is allowed */
/* The file may have changed: after a rollback, or by another program. */
void rollup_forget(struct rollup *rollup);

/* A point by its row, as it stands in its study. */
struct rollup_point {
    int64_t study, point;
    uint32_t number; /* 0: the base of the comparison */
    double level;    /* of the study's intervals */
};
/*
 * One run more, inside its transaction: open, then what it adds by rising cell within each kind,
 * then close, which writes. After a -1 nothing but rollup_forget() may follow.
 */
int rollup_open_run(struct rollup *rollup, const struct rollup_point *point, uint32_t replication);
void rollup_add_statistic(struct rollup *rollup, int64_t cell, const struct statistic *statistic);
/* `count` values in bins of `bin_ns`; those that are not finite are none. */
int rollup_add_series(struct rollup *rollup, int64_t cell, const double *values, size_t count,
                      int64_t bin_ns);
/* `mean`: of the histogram, to more digits than one that was read back has in its sum. */
void rollup_add_histogram(struct rollup *rollup, int64_t cell, const struct histogram *histogram,
                          double mean);
int rollup_close_run(struct rollup *rollup);

/* How many runs the open point has, with this one. */
uint64_t rollup_run_count(const struct rollup *rollup);

/* Make the roll-ups of a study's points anew from their runs, in order of replication; inside a
 * transaction. O(size of the runs). */
int rollup_rebuild(struct rollup *rollup, int64_t study);

#endif
