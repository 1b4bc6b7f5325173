// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Time-weighted mean of a level (queue length, busy workers, sessions).
 *
 * The integral of level over time is kept exactly in integers (level * ns, 128 bits by two words),
 * so that cutting a span in pieces changes nothing. Instants are ns and never go back.
 */
#ifndef TIME_AVG_H
#define TIME_AVG_H

#include "bug.h"
#include "uint128.h"

#include <stdint.h>

struct time_avg {
    int64_t level;
    int64_t since_ns;   /* instant of the last change or cut */
    int64_t start_ns;   /* start of the span */
    uint64_t area_low;  /* integral over [start, since): unsigned 128 bits, */
    uint64_t area_high; /* levels are never negative */
    int64_t max;        /* highest level of the span, however short */
};

/* Zero-initialised is a level of 0 from instant 0. */

void time_avg_init(struct time_avg *avg, int64_t now_ns, int64_t level);
/* The mean over [start, now] (the level itself where the span is empty). */
double time_avg_mean(const struct time_avg *avg, int64_t now_ns);
/* Begin a new span at now_ns with the level as it is. */
void time_avg_cut(struct time_avg *avg, int64_t now_ns);

/* The integral over [start, now]; now_ns >= since_ns. Instants may be 64 bits apart. */
static inline uint128 time_avg_area(const struct time_avg *avg, int64_t now_ns)
{
    uint128 area = (uint128)avg->area_high << 64 | avg->area_low;
    uint64_t length_ns = (uint64_t)now_ns - (uint64_t)avg->since_ns;
    return area + (uint128)(uint64_t)avg->level * length_ns;
}

/*
 * The level is `level` from now on. level >= 0, now_ns >= since_ns. O(1); inline because every
 * request changes several levels.
 */
static inline void time_avg_set(struct time_avg *avg, int64_t now_ns, int64_t level)
{
    invariant(level >= 0 && now_ns >= avg->since_ns);
    uint128 area = time_avg_area(avg, now_ns);
    avg->area_low = (uint64_t)area;
    avg->area_high = (uint64_t)(area >> 64);
    avg->since_ns = now_ns;
    avg->level = level;
    if (level > avg->max) {
        avg->max = level;
    }
}

#endif
