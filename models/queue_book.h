// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Little's law as bookkeeping: the time that a queue's length adds up to is the time that those in
 * it have waited, each by its own clock (Little, Operations Research 9, 1961; over a finite time,
 * with those that still wait counted up to its end, it holds exactly).
 *
 * The length is kept by the queue; each customer carries the instant at which it entered. So the
 * two sums agree only if none was lost, counted twice, or left at another length than the gauge
 * said. A model closes its books in `finish`: in every queue of every run.
 *
 * Sums are taken modulo 2^64, in which an equality of integers remains one. O(1); allocates
 * nothing.
 */
#ifndef QUEUE_BOOK_H
#define QUEUE_BOOK_H

#include "sim_time.h"

#include <stdbool.h>
#include <stdint.h>

struct queue_book { /* all zero: empty since 0 */
    uint64_t length_ns, waited_ns;
    uint64_t length;
    sim_time since; /* the length is what it is */
};

/* Before the length changes: what it was, it was up to now. */
static inline void queue_book_bring_up(struct queue_book *book, sim_time now)
{
    book->length_ns += book->length * (uint64_t)(now - book->since);
    book->since = now;
}

/* One more waits from now on. */
static inline void queue_book_enter(struct queue_book *book, sim_time now)
{
    queue_book_bring_up(book, now);
    book->length++;
}

/* One that came at `entered` leaves now. */
static inline void queue_book_leave(struct queue_book *book, sim_time now, sim_time entered)
{
    queue_book_bring_up(book, now);
    book->length--;
    book->waited_ns += (uint64_t)(now - entered);
}

/* At the end: one that came at `entered` waits still. */
static inline void queue_book_remains(struct queue_book *book, sim_time end, sim_time entered)
{
    queue_book_leave(book, end, entered);
}

/* Once all that remain were told: is nobody left, and do the sums agree? */
static inline bool queue_book_closes(const struct queue_book *book)
{
    return book->length == 0 && book->length_ns == book->waited_ns;
}

#endif
