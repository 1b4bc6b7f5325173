// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The numbers of cells (table `cell`) that were looked up before, by what they are: a run has a
 * thousand statistics, which are those of the run before it.
 *
 * Zero-initialised is empty and owns nothing. O(1) a call.
 */
#ifndef CELLS_H
#define CELLS_H

#include <stddef.h>
#include <stdint.h>

struct metric; /* engine */

/* What a number is, in words; texts that are absent are NULL. Regions by name, "all": the total. */
struct cell {
    const struct metric *metric; /* known by its address: tables of metrics stay where they are */
    const char *stat, *region, *label, *window;
};
struct cells {
    struct cell_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

/* 0 where it is not known; ids of rows begin at 1. */
int64_t cells_find(const struct cells *cells, const struct cell *cell);
/* Must not be known yet. Texts are copied. */
void cells_add(struct cells *cells, const struct cell *cell, int64_t id);
/* Forget all, as after a rollback. */
void cells_release(struct cells *cells);

#endif
