// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Integral over time of a level (queue length, busy workers, sessions), for its time-weighted mean.
 *
 * Stores the moment of the changes, the sum of each change times its instant: the integral of the
 * level over [0, now] is level * now - moment (summation by parts). So a change costs one addition,
 * and the time of the previous change is not needed. 128-bit integers make the result independent
 * of how a span is divided. Instants are in ns, >= 0, and must not decrease, which is not checked.
 */
#ifndef TIME_AVG_H
#define TIME_AVG_H

#include "bug.h"
#include "uint128.h"

#include <stdint.h>

struct time_avg { /* all zero: level 0 from instant 0 */
    int64_t level;
    uint64_t moment_low;  /* changes * their instants: 128 bits, */
    uint64_t moment_high; /* two's complement */
};

/* The integral over [0, now]; the last change must not be after now. It may need 127 bits. */
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
