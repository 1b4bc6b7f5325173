// SPDX-License-Identifier: GPL-3.0-or-later
#include "answer_cache.h"

#include "mem.h"

#include <stdlib.h>

struct cached_answer *answer_cache_at(struct answer_caches *caches, uint32_t number)
{
    if (number >= caches->capacity)
        MEM_GROW(caches->items, caches->capacity, (size_t)number + 1);
    for (; caches->count <= number; caches->count++)
        caches->items[caches->count] = (struct cached_answer){0};
    return &caches->items[number];
}

void answer_caches_release(struct answer_caches *caches)
{
    free(caches->items);
}
