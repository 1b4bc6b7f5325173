// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Length of a queue as a gauge, with Little's law as a consistency check: the integral of the
 * length equals the sum of the waiting times (Little, Operations Research 9, 1961; exact over a
 * finite time if those still waiting are counted up to its end).
 *
 * The gauge is updated on entry and exit; each customer keeps its time of entry. So the two sums
 * agree only if no customer was lost, counted twice, or mistaken for another. Models check in
 * `finish`, for every queue of every run. The statistics use the same gauge (probe_level_follow()),
 * so the check covers the reported values.
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
    uint64_t waited_ns; /* modulo 2^64: equality is preserved */
};

/* A customer enters now. */
static inline void queue_check_enter(struct queue_check *check, sim_time now)
{
    time_avg_rise(&check->length, now);
}

/* A customer that entered at `entered` leaves now. */
static inline void queue_check_leave(struct queue_check *check, sim_time now, sim_time entered)
{
    time_avg_fall(&check->length, now);
    check->waited_ns += (uint64_t)(now - entered);
}

/* At the end of the run: a customer that entered at `entered` is still there. */
static inline void queue_check_remains(struct queue_check *check, sim_time end, sim_time entered)
{
    queue_check_leave(check, end, entered);
}

/* After queue_check_remains() for all that remain: whether the queue is empty and the sums agree.
 */
static inline bool queue_check_balances(const struct queue_check *check)
{
    return check->length.level == 0 &&
           (uint64_t)time_avg_area(&check->length, 0) == check->waited_ns;
}

#endif
