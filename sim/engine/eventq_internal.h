// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Internals of the pending-event set, for the run loop only (the interface is eventq.h): reading
 * and removing the first event takes a few instructions. The algorithm is described in eventq.c.
 */
#ifndef EVENTQ_INTERNAL_H
#define EVENTQ_INTERNAL_H

#include "eventq.h"
#include "uint128.h"

#define LADDER_BITS 8 /* bits of the time per level */
#define LADDER_LEVELS 8
#define LADDER_DIGITS (1 << LADDER_BITS)
#define LADDER_WORDS (LADDER_DIGITS / 64)

#define CHUNK_EVENTS 64

/* A chunk of a bucket: 1 KiB plus 16 bytes, so that no event crosses a cache line and chunks spread
 * over the sets of a cache. */
struct event_chunk {
    struct event_chunk *older;
    uint64_t unused;
    struct event events[CHUNK_EVENTS];
};
struct chunk_slab; /* many of them: eventq.c */
struct event_bucket {
    struct event_chunk *newest; /* the older ones, linked from here, are full */
    uint32_t count;
};

/* Number of a bucket's events in its newest chunk. */
static inline uint32_t bucket_newest_used(const struct event_bucket *bucket)
{
    return bucket->count == 0 ? 0 : (bucket->count - 1) % CHUNK_EVENTS + 1;
}

#define INBOX_EVENTS 8

struct eventq {
    /* The window: events due up to window_last, sorted in the front, [first, end), or in the heap
     * `near`. */
    struct event *first, *end;
    sim_time aside_time; /* the earliest in the heap and in the inbox; SIM_NEVER: both are empty */
    sim_time popped;     /* time of the last pop */
    sim_time window_last;
    struct event *capacity; /* the end of the front's memory */
    uint32_t inbox_count;
    bool collects; /* pushes go to the inbox, until it is full or may hold the first event; false:
                      the window has no end */
    bool is_fresh; /* for the run loop: a window was opened since its last check */
    struct event inbox[INBOX_EVENTS];

    struct event *front; /* memory for the front */
    struct event *near;
    size_t near_count, near_capacity;
    size_t bucket_total; /* events in buckets */
    size_t spill_at;     /* size of the heap at which the window is too wide */
    sim_time window_start;
    unsigned window_level; /* of its last bucket: eventq_coming() continues from there */

    /* The buckets: events due after window_last, by the highest digit in which their time differs
     * from base. */
    uint64_t base;
    uint32_t levels; /* bit L: level L has events */
    uint64_t digits[LADDER_LEVELS][LADDER_WORDS];
    struct event_bucket *buckets; /* [LADDER_LEVELS][LADDER_DIGITS]; NULL for a plain heap */
    struct event_chunk *spare;
    size_t chunk_count;      /* spare ones included */
    struct chunk_slab *slab; /* the latest; its first `slab_used` chunks are allocated */
    size_t slab_used;
};

/* Both parts of an event as one number: branch-free comparison. */
static inline uint128 event_order(struct event event)
{
    return (uint128)(uint64_t)event.time << 64 | event.key;
}

/* The event of such a number. */
static inline struct event order_event(uint128 order)
{
    return (struct event){(sim_time)(uint64_t)(order >> 64), (uint64_t)order};
}

static inline bool event_before(struct event a, struct event b)
{
    return event_order(a) < event_order(b);
}

/* The same for a loop condition: nearly always the times decide. */
static inline bool event_precedes(const struct event *a, struct event b)
{
    return a->time < b.time || (a->time == b.time && a->key < b.key);
}

/*
 * Copy in two halves, not in one of 16 bytes: an event just stored in two halves cannot be
 * forwarded to a single 16-byte load.
 */
static inline struct event event_read(const struct event *from)
{
    sim_time time = from->time;
    uint64_t key = from->key;

    __asm__("" : "+r"(time), "+r"(key));
    return (struct event){time, key};
}

/* Whether the first event is certainly queue->first. */
static inline bool eventq_front_is_first(const struct eventq *queue)
{
    return queue->first != queue->end && queue->first->time < queue->aside_time;
}

/* Only if eventq_front_is_first(). */
static inline struct event eventq_take_front(struct eventq *queue)
{
    struct event event = event_read(queue->first);

    queue->first++;
    queue->popped = event.time;
    return event;
}

/*
 * The next bucket after the time *until, which is set to its end; start with `window_last` of a
 * window just opened. Events within a bucket are unordered. NULL: later buckets are not yet
 * distributed. A hint for prefetching: later pushes may add events.
 */
const struct event_bucket *eventq_coming(const struct eventq *queue, sim_time *until);

/* Distribute the events of the inbox. */
void eventq_empty_inbox(struct eventq *queue);
const struct event *eventq_first_slow(struct eventq *queue, sim_time limit);
void eventq_drop_first_slow(struct eventq *queue);

/*
 * The first event if it is due by `limit`; NULL for later ones, so that no bucket is opened early:
 * events pushed until then still go to their own bucket.
 */
static inline const struct event *eventq_first(struct eventq *queue, sim_time limit)
{
    return eventq_front_is_first(queue) ? queue->first : eventq_first_slow(queue, limit);
}

/* Remove the event returned by eventq_first(). */
static inline void eventq_drop_first(struct eventq *queue)
{
    if (eventq_front_is_first(queue))
        queue->popped = (queue->first++)->time;
    else
        eventq_drop_first_slow(queue);
}

#endif
