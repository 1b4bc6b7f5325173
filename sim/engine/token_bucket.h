// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A token bucket: tokens flow in at a constant rate up to a size, each admission takes one. The
 * number of tokens is a real number, brought up to date when one is asked for.
 */
#ifndef TOKEN_BUCKET_H
#define TOKEN_BUCKET_H

#include "sim_time.h"

#include <stdbool.h>

struct token_bucket {
    double tokens;
    sim_time since; /* when `tokens` was brought up to date */
};

/* Take one token, if there is a whole one. `per_s` > 0 flow in, up to `size` >= 1. */
static inline bool token_bucket_take(struct token_bucket *bucket, double per_s, double size,
                                     sim_time now)
{
    bucket->tokens += (double)(now - bucket->since) / (double)SIM_S * per_s;
    if (bucket->tokens > size)
        bucket->tokens = size;
    bucket->since = now;
    if (bucket->tokens < 1)
        return false;
    bucket->tokens--;
    return true;
}

#endif
