// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Allocation that never returns NULL: out of memory prints one line to stderr and exits with
 * code 4. Sizes are multiplied with an overflow check. Everything is freed with free().
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
 * Grow an array to hold at least `need` items of `size` bytes. `items` points to the array's
 * address (a `struct thing **`, passed as bytes so that any pointer type works), *capacity is its
 * size in items. Grows by at least half. New items are not zeroed; in a large array, pages that are
 * never written use no memory. Amortised O(1) per item.
 */
RARE void mem_grow(void *items, size_t *capacity, size_t need, size_t size);
/* The same for a typed pointer lvalue and its capacity, a size_t lvalue: the item's size follows.
 */
#define MEM_GROW(items, capacity, need) mem_grow(&(items), &(capacity), need, sizeof *(items))

/* Return the space of a large table to the system when it is freed or grows, if the C library has a
 * setting for it (glibc raises its threshold after each such table). Call once, first. */
void mem_return_large_blocks(void);

/* Allocate a block for many small objects, not zeroed. A block of MEM_SLAB_BYTES is one huge page
 * of 2 MiB if the kernel provides it, so it needs one TLB entry. */
#define MEM_SLAB_BYTES ((size_t)1 << 21)
void *mem_alloc_slab(size_t size);

#define MEM_LINE_BYTES 64

/*
 * As mem_grow(), for rows whose size is a multiple or a divisor of a cache line: the array is
 * aligned to cache lines, so no row crosses more of them than necessary. It is copied whenever it
 * grows, so use this for small arrays.
 */
RARE void mem_grow_lines(void *items, size_t *capacity, size_t need, size_t size);
#define MEM_GROW_LINES(items, capacity, need)                                                      \
    mem_grow_lines(&(items), &(capacity), need, sizeof *(items))

/*
 * Prefetch the cache lines of data that will soon be written. Reads and changes nothing, so any
 * address is allowed. Always inlined: gcc treats a function that only prefetches as having no
 * effect and drops its calls.
 */
__attribute__((always_inline)) static inline void mem_prefetch(const void *start, size_t bytes)
{
    const char *first = start;

    for (size_t at = 0; at + 1 < bytes; at += MEM_LINE_BYTES)
        __builtin_prefetch(first + at, 1);
    __builtin_prefetch(first + bytes - 1, 1);
}

#endif
