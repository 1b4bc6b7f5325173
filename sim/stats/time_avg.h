// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Time-weighted mean of a level (queue length, busy workers, sessions).
 *
 * Stores the moment of the changes, the sum of each change times its instant: over [start, now] the
 * integral of the level is level * now - moment (summation by parts). So a change costs one
 * addition, and the time of the previous change is not needed. 128-bit integers make the result
 * independent of how a span is divided. Instants are in ns and must not decrease, which is not
 * checked.
 */
#ifndef TIME_AVG_H
#define TIME_AVG_H

#include "bug.h"
#include "uint128.h"

#include <stdint.h>

struct time_avg {
    int64_t level;
    int64_t start_ns;     /* start of the span */
    uint64_t moment_low;  /* level at the start * start + changes * their instants: 128 bits, */
    uint64_t moment_high; /* two's complement */
};

/* Zero-initialised is a level of 0 from instant 0. */

void time_avg_init(struct time_avg *avg, int64_t now_ns, int64_t level);
/* The mean over [start, now], or the level if the span is empty. */
double time_avg_mean(const struct time_avg *avg, int64_t now_ns);
/* Start a new span at now_ns with the current level. */
void time_avg_flush(struct time_avg *avg, int64_t now_ns);

/* The integral over [start, now]; the last change must not be after now. The span may need 64
 * bits. */
static inline uint128 time_avg_area(const struct time_avg *avg, int64_t now_ns)
{
    uint128 moment = (uint128)avg->moment_high << 64 | avg->moment_low;

    return (uint128)((int128)avg->level * now_ns) - moment;
}

static inline void time_avg_add_moment(struct time_avg *avg, uint128 change)
{
    uint128 moment = ((uint128)avg->moment_high << 64 | avg->moment_low) + change;

    avg->moment_low = (uint64_t)moment;
    avg->moment_high = (uint64_t)(moment >> 64);
}

/* Set the level from now on; level >= 0. O(1); inline because every request changes several
 * levels. */
static inline void time_avg_set(struct time_avg *avg, int64_t now_ns, int64_t level)
{
    invariant(level >= 0);
    time_avg_add_moment(avg, (uint128)((int128)(level - avg->level) * now_ns));
    avg->level = level;
}

/* Increase or decrease the level by one from now on; now_ns >= 0. */
static inline void time_avg_rise(struct time_avg *avg, int64_t now_ns)
{
    time_avg_add_moment(avg, (uint64_t)now_ns);
    avg->level++;
}
static inline void time_avg_fall(struct time_avg *avg, int64_t now_ns)
{
    invariant(avg->level > 0);
    time_avg_add_moment(avg, -(uint128)(uint64_t)now_ns);
    avg->level--;
}

#endif
