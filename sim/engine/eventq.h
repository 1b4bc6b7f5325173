// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The set of pending events: 16-byte values, popped in order of (time, key).
 *
 * The order is total except for equal events, which are interchangeable: any data structure gives
 * the same run. Two structures implement this interface: a radix ladder (the default; wide radix
 * buckets on the 64-bit time, opened lazily into a small sorted front) and a plain binary heap, to
 * check it.
 *
 * Rules: a pushed time is never before the last pop (a violation is a bug). Events are not
 * cancelled here: a cancelled event is one that its kind calls dead (sim.h), and eventq_sweep()
 * drops dead events when there are many.
 *
 *                    push          pop                              bytes per event
 *   radix ladder     O(1)          amortised O(1), in streams       17, plus about 0.2 MB
 *   binary heap      O(log n)      O(log n)                         16, up to 24 while it grows
 *
 * eventq_bench measures the time in ns; results and explanation are in eventq.md.
 */
#ifndef EVENTQ_H
#define EVENTQ_H

#include "sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event {
    sim_time time;
    uint64_t key; /* contents: sim.h; here only its order matters */
};

enum eventq_kind { EVENTQ_LADDER, EVENTQ_HEAP };

struct eventq; /* opaque; belongs to one run, never shared between threads */

struct eventq *eventq_create(enum eventq_kind kind, size_t capacity_hint);
void eventq_free(struct eventq *queue);
void eventq_push(struct eventq *queue, struct event event);
/* Read the earliest event without removing it; false if empty. May sort a bucket. */
bool eventq_peek(struct eventq *queue, struct event *event);
bool eventq_pop(struct eventq *queue, struct event *event);
size_t eventq_count(const struct eventq *queue);
size_t eventq_bytes(const struct eventq *queue); /* memory held */
/* Drop every event for which `dead` returns true; returns their number. O(n). */
size_t eventq_sweep(struct eventq *queue, bool (*dead)(void *self, struct event event), void *self);

#endif
