// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A request for zero bytes allocates one, so NULL from the C library always means "out of memory".
 */
#define _DEFAULT_SOURCE /* madvise */
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { EXIT_WORLD = 4 };

static _Noreturn void give_up(size_t count, size_t size)
{
    fprintf(stderr, "isthmus: out of memory (%zu items of %zu bytes)\n", count, size);
    exit(EXIT_WORLD);
}

static size_t checked_product(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        give_up(count, size);
    return total > 0 ? total : 1;
}

void *mem_alloc(size_t count, size_t size)
{
    void *block = malloc(checked_product(count, size));
    if (block == NULL)
        give_up(count, size);
    return block;
}

void *mem_zalloc(size_t count, size_t size)
{
    void *block = calloc(checked_product(count, size), 1);
    if (block == NULL)
        give_up(count, size);
    return block;
}

void *mem_realloc(void *old, size_t count, size_t size)
{
    void *block = realloc(old, checked_product(count, size));
    if (block == NULL)
        give_up(count, size);
    return block;
}

char *mem_strdup(const char *text)
{
    return text != NULL ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_strndup(const char *text, size_t length)
{
    size_t size = strnlen(text, length);
    char *copy = mem_alloc(size + 1, 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

void mem_return_large_blocks(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 128 << 10); /* glibc's initial value, from now on a fixed one */
#endif
}

#define HUGE_PAGE ((uintptr_t)1 << 21)

/*
 * Request huge pages of 2 MiB: random access to a large array then costs a cache miss but no TLB
 * miss. This is advice; the kernel may ignore it.
 */
static void advise_huge(void *block, size_t size)
{
    uintptr_t from = ((uintptr_t)block + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    uintptr_t to = ((uintptr_t)block + size) & ~(HUGE_PAGE - 1);

    if (size >= 4 * HUGE_PAGE && from < to)
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

void *mem_alloc_slab(size_t size)
{
    void *block;

    if (size < MEM_SLAB_BYTES)
        return mem_alloc(1, size);
    block = aligned_alloc(HUGE_PAGE, (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
    if (block == NULL)
        give_up(1, size);
    (void)madvise(block, size, MADV_HUGEPAGE);
    return block;
}

static size_t grown_capacity(size_t capacity, size_t need)
{
    size_t grown = capacity + capacity / 2 + 8;

    return grown < need ? need : grown;
}

RARE void mem_grow(void *items, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return;
    size_t grown = grown_capacity(*capacity, need);
    /* Callers pass the address of a `struct thing *`: as bytes, it may be any pointer. */
    void *block;
    memcpy(&block, items, sizeof(block));
    block = mem_realloc(block, grown, size);
    advise_huge(block, grown * size);
    memcpy(items, &block, sizeof(block));
    *capacity = grown;
}

RARE void mem_grow_lines(void *items, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return;
    size_t grown = grown_capacity(*capacity, need);
    size_t bytes = checked_product(grown, size);
    /* aligned_alloc() takes whole lines only. */
    size_t lines = (bytes + MEM_LINE_BYTES - 1) / MEM_LINE_BYTES;
    void *block = aligned_alloc(MEM_LINE_BYTES, lines * MEM_LINE_BYTES);
    void *old;
    if (block == NULL)
        give_up(grown, size);
    advise_huge(block, bytes);
    memcpy(&old, items, sizeof(old));
    if (old != NULL)
        memcpy(block, old, *capacity * size);
    free(old);
    memcpy(items, &block, sizeof(block));
    *capacity = grown;
}
