// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Caches of answers on the users' side of a name: resolvers, shared by many users of a place, and
 * the devices' own (browser, operating system).
 *
 * A resolver keeps an answer for the TTL; some resolvers keep each one longer, by a draw. A device
 * keeps what it was answered for a time of its own, whatever the TTL: Chromium 60 s (facts,
 * routing.md D.1). An entry costs no event: it carries its expiry.
 */
#ifndef ANSWER_CACHE_H
#define ANSWER_CACHE_H

#include "refs.h"
#include "sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cached_answer {
    sim_time expires; /* 0: nothing cached */
    uint32_t fetches; /* of a resolver: answers fetched so far; of a device: check of its user */
    int32_t region;   /* -1: the name has no answer */
};

/* Caches of a place, by number; grows. All zero: empty. */
struct answer_caches {
    struct cached_answer *items;
    size_t count, capacity;
};

/* The cache of that number. The pointer is valid until the next call. */
struct cached_answer *answer_cache_at(struct answer_caches *caches, uint32_t number);
static inline bool answer_is_fresh(const struct cached_answer *answer, sim_time now)
{
    return now < answer->expires;
}
void answer_caches_release(struct answer_caches *caches);

#endif
