// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The set of pending events: a 16-byte value each, popped in the order (time, key).
 *
 * The order is total up to equal values, which are alike in every respect: so any structure gives
 * the same run. Two structures share this face: a radix ladder (the default; wide radix buckets on
 * the 64-bit time, opened lazily into a small sorted front) and a plain binary heap (the check on
 * it).
 *
 * Rules: time is never earlier than the time of the last pop (monotone; a violation is a bug).
 * Nothing is cancelled here: a cancelled event is one that its kind calls dead (sim.h), and
 * eventq_sweep() drops the dead ones when they are many.
 *
 *                    push          pop                              bytes an event
 *   radix ladder     O(1)          amortised O(1), in streams       17, and some 0.2 MB
 *   binary heap      O(log n)      O(log n)                         16, up to 24 while it grows
 *
 * What that comes to in ns is measured by eventq_bench; eventq.md tells it, and why.
 */
#ifndef EVENTQ_H
#define EVENTQ_H

#include "sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event {
    sim_time time;
    uint64_t key; /* sim.h says what is in it; here only its order counts */
};

enum eventq_kind { EVENTQ_LADDER, EVENTQ_HEAP };

struct eventq; /* opaque; one run's, never shared between threads */

struct eventq *eventq_create(enum eventq_kind kind, size_t capacity_hint);
void eventq_free(struct eventq *queue);
void eventq_push(struct eventq *queue, struct event event);
/* The earliest event, not removed; false where empty. May sort a bucket. */
bool eventq_peek(struct eventq *queue, struct event *event);
bool eventq_pop(struct eventq *queue, struct event *event);
size_t eventq_count(const struct eventq *queue);
size_t eventq_bytes(const struct eventq *queue); /* memory held */
/* Drop every event for which `dead` says true; returns how many. O(n). */
size_t eventq_sweep(struct eventq *queue, bool (*dead)(void *self, struct event event), void *self);

#endif
