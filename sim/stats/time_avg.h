// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Time-weighted mean of a level (queue length, busy workers, sessions).
 *
 * Kept is the moment of the changes, each change times its instant: over [start, now] the level's
 * integral is level * now - moment (summation by parts). So a change by one costs an addition, and
 * nothing is to be remembered of the change before. All in integers of 128 bits, so that cutting a
 * span in pieces changes nothing. Instants are ns, and go back only by a error that nobody here
 * would see.
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
/* The mean over [start, now] (the level itself where the span is empty). */
double time_avg_mean(const struct time_avg *avg, int64_t now_ns);
/* Begin a new span at now_ns with the level as it is. */
void time_avg_cut(struct time_avg *avg, int64_t now_ns);

/* The integral over [start, now], where the last change was not after now. Instants may be 64 bits
 * apart. */
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

/* The level is `level` from now on. level >= 0. O(1); inline because every request changes several
 * levels. */
static inline void time_avg_set(struct time_avg *avg, int64_t now_ns, int64_t level)
{
    invariant(level >= 0);
    time_avg_add_moment(avg, (uint128)((int128)(level - avg->level) * now_ns));
    avg->level = level;
}

/* One more, or one less, from now on; now_ns >= 0. */
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
