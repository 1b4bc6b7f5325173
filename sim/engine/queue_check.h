// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A queue's length as a gauge, and Little's law as bookkeeping: the time that the length adds up to
 * is the time that those in it have waited, each by its own clock (Little, Operations Research 9,
 * 1961; over a finite time, with those that still wait counted up to its end, it holds exactly).
 *
 * The gauge sums what enters and leaves; each customer carries the instant at which it entered. So
 * the two sums agree only if none was lost, counted twice, or left as another. A model closes its
 * books in `finish`: in every queue of every run. The gauge is what the statistics are made of
 * (probe_level_follow()), so the books are about what is reported.
 *
 * O(1); allocates nothing.
 */
#ifndef QUEUE_CHECK_H
#define QUEUE_CHECK_H

#include "sim_time.h"
#include "time_avg.h"

#include <stdbool.h>
#include <stdint.h>

struct queue_check { /* all zero: empty since 0 */
    struct time_avg length;
    uint64_t waited_ns; /* modulo 2^64, in which an equality of integers remains one */
};

/* One more waits from now on. */
static inline void queue_check_enter(struct queue_check *check, sim_time now)
{
    time_avg_rise(&check->length, now);
}

/* One that came at `entered` leaves now. */
static inline void queue_check_leave(struct queue_check *check, sim_time now, sim_time entered)
{
    time_avg_fall(&check->length, now);
    check->waited_ns += (uint64_t)(now - entered);
}

/* At the end: one that came at `entered` waits still. */
static inline void queue_check_remains(struct queue_check *check, sim_time end, sim_time entered)
{
    queue_check_leave(check, end, entered);
}

/* Once all that remain were told, at any instant: is nobody left, and do the sums agree? */
static inline bool queue_check_balances(const struct queue_check *check)
{
    return check->length.level == 0 &&
           (uint64_t)time_avg_area(&check->length, 0) == check->waited_ns;
}

#endif
