// SPDX-License-Identifier: GPL-3.0-or-later
/* A hash table with open addressing and linear probing, at most half full. It is never iterated, so
 * its order, which depends on addresses, does not affect results. */
#include "cells.h"

#include "bug.h"
#include "hash.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 1024

struct cell_slot {
    struct cell cell;
    uint64_t hash;
    int64_t id; /* 0: free */
};

static uint64_t hash_of(const struct cell *cell)
{
    uint64_t hash = hash_bytes(HASH_START, &cell->metric, sizeof(cell->metric));
    hash = hash_field(hash, cell->stat);
    hash = hash_field(hash, cell->region);
    hash = hash_field(hash, cell->label);
    hash = hash_field(hash, cell->window);
    return hash ^ hash >> 32;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->metric == b->metric && same_text(a->stat, b->stat) &&
           same_text(a->region, b->region) && same_text(a->label, b->label) &&
           same_text(a->window, b->window);
}

/* The slot of the cell, or the free slot for it. */
static struct cell_slot *slot_of(const struct cells *cells, const struct cell *cell, uint64_t hash)
{
    size_t mask = cells->slot_count - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct cell_slot *slot = &cells->slots[i];
        if (slot->id == 0 || (slot->hash == hash && same_cell(&slot->cell, cell)))
            return slot;
    }
}

int64_t cells_find(const struct cells *cells, const struct cell *cell)
{
    return cells->slot_count > 0 ? slot_of(cells, cell, hash_of(cell))->id : 0;
}

static void grow(struct cells *cells)
{
    struct cells wider = {.count = cells->count};
    wider.slot_count = cells->slot_count > 0 ? 2 * cells->slot_count : SLOTS_FIRST;
    wider.slots = mem_zalloc(wider.slot_count, sizeof(*wider.slots));
    for (size_t i = 0; i < cells->slot_count; i++) {
        const struct cell_slot *slot = &cells->slots[i];
        if (slot->id != 0)
            *slot_of(&wider, &slot->cell, slot->hash) = *slot;
    }
    free(cells->slots);
    *cells = wider;
}

void cells_add(struct cells *cells, const struct cell *cell, int64_t id)
{
    invariant(id > 0);
    if (2 * (cells->count + 1) > cells->slot_count)
        grow(cells);
    uint64_t hash = hash_of(cell);
    struct cell_slot *slot = slot_of(cells, cell, hash);
    invariant(slot->id == 0);
    *slot = (struct cell_slot){.cell = {.metric = cell->metric,
                                        .stat = mem_strdup(cell->stat),
                                        .region = mem_strdup(cell->region),
                                        .label = mem_strdup(cell->label),
                                        .window = mem_strdup(cell->window)},
                               .hash = hash,
                               .id = id};
    cells->count++;
}

void cells_release(struct cells *cells)
{
    for (size_t i = 0; i < cells->slot_count; i++) {
        struct cell *cell = &cells->slots[i].cell;
        free((char *)(uintptr_t)cell->stat);
        free((char *)(uintptr_t)cell->region);
        free((char *)(uintptr_t)cell->label);
        free((char *)(uintptr_t)cell->window);
    }
    free(cells->slots);
    *cells = (struct cells){0};
}
