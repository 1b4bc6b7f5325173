// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Zero bytes are asked for as one, so that NULL from the C library always means "no memory" and a
 * caller never has to tell the two apart.
 */
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WORLD = 4 };

static _Noreturn void give_up(size_t count, size_t size)
{
    fprintf(stderr, "isthmus: out of memory (%zu items of %zu bytes)\n", count, size);
    exit(EXIT_WORLD);
}

static size_t checked_product(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        give_up(count, size);
    }
    return total > 0 ? total : 1;
}

void *mem_alloc(size_t count, size_t size)
{
    void *block = malloc(checked_product(count, size));
    if (block == NULL) {
        give_up(count, size);
    }
    return block;
}

void *mem_zalloc(size_t count, size_t size)
{
    void *block = calloc(checked_product(count, size), 1);
    if (block == NULL) {
        give_up(count, size);
    }
    return block;
}

void *mem_realloc(void *old, size_t count, size_t size)
{
    void *block = realloc(old, checked_product(count, size));
    if (block == NULL) {
        give_up(count, size);
    }
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

void mem_grow(void **items, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity) {
        return;
    }
    size_t grown = *capacity + *capacity / 2 + 8;
    if (grown < need) {
        grown = need;
    }
    /* Callers pass the address of a `struct thing *`: as bytes, it may be any pointer. */
    void *block;
    memcpy(&block, items, sizeof(block));
    block = mem_realloc(block, grown, size);
    memcpy(items, &block, sizeof(block));
    *capacity = grown;
}
