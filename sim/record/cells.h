// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A cache of the ids of cells (table `cell`): a run has a thousand statistics, mostly the same as
 * the previous run.
 *
 * Zero-initialised is empty and owns nothing. O(1) per call.
 */
#ifndef CELLS_H
#define CELLS_H

#include <stddef.h>
#include <stdint.h>

struct metric; /* engine */

/* Identity of a statistic; absent texts are NULL. Regions by name, "all": the total. */
struct cell {
    const struct metric *metric; /* identified by its address: tables of metrics never move */
    const char *stat, *region, *label, *window;
};
struct cells {
    struct cell_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

/* The id, from 1, or 0 if it is not cached. */
int64_t cells_find(const struct cells *cells, const struct cell *cell);
/* Add a cell that is not cached. Copies the texts. */
void cells_add(struct cells *cells, const struct cell *cell, int64_t id);
/* Clear the cache, as after a rollback. */
void cells_release(struct cells *cells);

#endif
