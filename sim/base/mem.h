// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Allocation that cannot return NULL: out of memory prints one line to stderr and exits with code 4
 * (the world, not our bug). Sizes are multiplied with a check. Everything is freed with free().
 */
#ifndef MEM_H
#define MEM_H

#include "inlining.h"

#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t count, size_t size);  /* not zeroed; count * size may be 0 */
void *mem_zalloc(size_t count, size_t size); /* zeroed */
void *mem_realloc(void *old, size_t count, size_t size);
char *mem_strdup(const char *text); /* NULL gives NULL */
char *mem_strndup(const char *text, size_t length);

/*
 * Make room for `need` items of `size` bytes in the array whose address
 * `items` points to (a `struct thing **`; as bytes, so that any pointer will do), *capacity items;
 * grows by half at least. New items are not zeroed, and what is never written takes no memory where
 * the array is large. Amortised O(1) an item.
 */
RARE void mem_grow(void *items, size_t *capacity, size_t need, size_t size);
/* The same for a typed pointer lvalue and its capacity, a size_t lvalue: the item's size follows.
 */
#define MEM_GROW(items, capacity, need) mem_grow(&(items), &(capacity), need, sizeof *(items))

/* A block for many small things, not zeroed: one of MEM_SLAB_BYTES is a page of 2 MiB where the
 * kernel has one, so that the address cache holds all of it. */
#define MEM_SLAB_BYTES ((size_t)1 << 21)
void *mem_alloc_slab(size_t size);

#define MEM_LINE_BYTES 64

/*
 * As mem_grow(), for rows that are whole cache lines, or whole parts of one: the array begins at a
 * line, so that no row lies on more of them than it must. It is copied each time that it grows, so
 * this is for arrays that are small beside the rest.
 */
RARE void mem_grow_lines(void *items, size_t *capacity, size_t need, size_t size);
#define MEM_GROW_LINES(items, capacity, need)                                                      \
    mem_grow_lines(&(items), &(capacity), need, sizeof *(items))

/*
 * Ask for the cache lines of what will soon be written; changes nothing, and reads nothing: the
 * address may be anything. Always inlined: gcc takes a function that only prefetches for one
 * without effect, and drops its calls.
 */
__attribute__((always_inline)) static inline void mem_prefetch(const void *start, size_t bytes)
{
    const char *first = start;

    for (size_t at = 0; at + 1 < bytes; at += MEM_LINE_BYTES)
        __builtin_prefetch(first + at, 1);
    __builtin_prefetch(first + bytes - 1, 1);
}

#endif
