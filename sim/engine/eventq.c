// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A radix ladder. Time only moves forward, and is an integer: so events can be binned by the digits
 * of their time, as in a radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, JACM 37(2), 1990), with
 * wide digits, and with the last steps of the descent replaced by sorting one small bucket, as in
 * the ladder queue (Tang, Goh and Thng, ACM TOMACS 15(3), 2005).
 *
 *   near future                                                                    far future
 *   [ window: sorted front + small heap ] [ level 0 ] [ level 1 ] ... [ level 7 ]
 *
 *  1. `base` is at most the time of any event that can still be pushed after the window. An event
 *     after the window is in bucket (L, d): L is the highest digit in which its time differs from
 *     base's, d its value there.
 *  2. So all of level L is due before all of level L + 1, and within a level smaller d come first.
 *  3. When the window is empty the first bucket is opened: a small one is sorted and becomes the
 *     window, with its neighbours if it is tiny; a large one is distributed to lower levels, with
 *     its start as the new base. Each event descends at most LADDER_LEVELS times, in practice two
 *     or three, always in streams.
 *  4. A push into the window is inserted into the front while that is small, else into the heap. A
 *     large heap means that the window is too wide: its events are moved back to buckets (spill). A
 *     window of a single time is never spilt: there the heap stays, and a burst of simultaneous
 *     events costs O(log n) each.
 *  5. When few events are left in total, all of them become a window without end: a small set is
 *     just a short sorted array, until it grows (spill).
 *  6. Otherwise a push is appended to the inbox, whose earliest time is kept. The inbox is emptied
 *     when it is full, before a peek that one of its events might answer, and before a sweep. By
 *     then the computation of an event's time has completed, so that a branch on it costs a
 *     misprediction at most and does not wait for a random draw as well.
 *  7. Buckets are lists of chunks from a common pool: memory is proportional to the largest number
 *     of events so far.
 *
 * The plain heap is the same structure with a window that never ends and a front of no length.
 *
 * The file is longer than 800 lines because front, heap, buckets and sorting are static functions
 * that the compiler inlines into each other on the hot path.
 */
#include "eventq_internal.h"

#include "bug.h"
#include "inlining.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define LINE_EVENTS (MEM_LINE_BYTES / sizeof(struct event))
#define OPEN_MAX 126        /* larger buckets are distributed instead of sorted */
#define RANK_MAX 12         /* up to this many are sorted by counting */
#define GATHER_MIN 24       /* neighbours are opened too until the front has this many */
#define FRONT_INSERT_MAX 96 /* longest front that pushes are inserted into */
#define FRONT_CAPACITY 512  /* at least */
#define INSERT_BEHIND_MAX 8 /* in a shorter front a push is always inserted from the end */
#define SPILL_AT 1024
#define SMALL_MAX 24       /* up to this many events in total are kept in the front only */
#define SMALL_SPILL_AT 128 /* until this many are in the heap */

/* --- chunks and buckets ---------------------------------------------------------------------- */

/* Chunks are allocated in slabs of growing size and kept until the end of the run. */
struct chunk_slab {
    struct chunk_slab *before;
    size_t count;
    struct event_chunk chunks[];
};
#define SLAB_CHUNKS_MIN 16
#define SLAB_CHUNKS_MAX ((MEM_SLAB_BYTES - sizeof(struct chunk_slab)) / sizeof(struct event_chunk))

RARE static void slab_add(struct eventq *queue)
{
    size_t count = queue->chunk_count;
    struct chunk_slab *slab;

    if (count < SLAB_CHUNKS_MIN)
        count = SLAB_CHUNKS_MIN;
    if (count > SLAB_CHUNKS_MAX / 2)
        count = SLAB_CHUNKS_MAX;
    /* A whole page of 2 MiB, or the requested size. */
    slab = mem_alloc_slab(count == SLAB_CHUNKS_MAX
                              ? MEM_SLAB_BYTES
                              : sizeof *slab + count * sizeof(struct event_chunk));
    slab->before = queue->slab;
    slab->count = count;
    queue->slab = slab;
    queue->slab_used = 0;
    queue->chunk_count += count;
}

static void chunk_give_back(struct eventq *queue, struct event_chunk *chunk)
{
    chunk->older = queue->spare;
    queue->spare = chunk;
}

static void bucket_append_chunk(struct event_bucket *bucket, struct event_chunk *chunk,
                                struct event event)
{
    chunk->older = bucket->newest;
    chunk->events[0] = event;
    bucket->newest = chunk;
    bucket->count++;
}

RARE static void bucket_append_new_chunk(struct eventq *queue, struct event_bucket *bucket,
                                         struct event event)
{
    if (!queue->slab || queue->slab_used == queue->slab->count)
        slab_add(queue);
    bucket_append_chunk(bucket, &queue->slab->chunks[queue->slab_used++], event);
}

/* The bucket is empty, or all its chunks are full. */
HOT_CODE OUT_OF_LINE static void bucket_add_behind(struct eventq *queue,
                                                   struct event_bucket *bucket, struct event event)
{
    size_t index = (size_t)(bucket - queue->buckets);
    size_t level = index / LADDER_DIGITS, digit = index % LADDER_DIGITS;
    struct event_chunk *chunk = queue->spare;

    queue->digits[level][digit / 64] |= UINT64_C(1) << digit % 64;
    queue->levels |= 1u << level;
    if (!chunk) {
        bucket_append_new_chunk(queue, bucket, event);
        return;
    }
    queue->spare = chunk->older;
    __builtin_prefetch(queue->spare, 1); /* the next one to be allocated */
    bucket_append_chunk(bucket, chunk, event);
}

static struct event_bucket *bucket_at(const struct eventq *queue, unsigned level, unsigned digit)
{
    return &queue->buckets[level * LADDER_DIGITS + digit];
}

/* Empty the bucket; its chunks belong to the caller. */
static struct event_bucket bucket_detach(struct eventq *queue, unsigned level, unsigned digit)
{
    struct event_bucket *bucket = bucket_at(queue, level, digit);
    struct event_bucket taken = *bucket;
    uint64_t *digits = queue->digits[level];

    *bucket = (struct event_bucket){0};
    digits[digit / 64] &= ~(UINT64_C(1) << digit % 64);
    if ((digits[0] | digits[1] | digits[2] | digits[3]) == 0)
        queue->levels &= ~(1u << level);
    return taken;
}
_Static_assert(LADDER_WORDS == 4, "bucket_detach() and first_digit() look at four words");

/* Add an event that is due after the window to its bucket (rule 1); the caller updates
 * bucket_total. */
static void bucket_add(struct eventq *queue, struct event event)
{
    uint64_t time = (uint64_t)event.time;
    unsigned level = (63u - (unsigned)__builtin_clzll((time ^ queue->base) | 1)) / LADDER_BITS;
    unsigned digit = (unsigned)(time >> level * LADDER_BITS) % LADDER_DIGITS;
    struct event_bucket *bucket = bucket_at(queue, level, digit);
    uint32_t used = bucket->count % CHUNK_EVENTS;
    struct event *to;

    if (used == 0) {
        bucket_add_behind(queue, bucket, event);
        return;
    }
    to = &bucket->newest->events[used];
    *to = event;
    __builtin_prefetch(to + LINE_EVENTS, 1); /* arrives before it is needed */
    bucket->count++;
}

/* Add an event to the buckets. */
static void bucket_put(struct eventq *queue, struct event event)
{
    queue->bucket_total++;
    bucket_add(queue, event);
}

/* The first digit >= `from` of a level with a non-empty bucket, or LADDER_DIGITS. */
static unsigned first_digit(const struct eventq *queue, unsigned level, unsigned from)
{
    const uint64_t *digits = queue->digits[level];

    for (unsigned word = from / 64; word < LADDER_WORDS; word++) {
        uint64_t bits = digits[word];

        if (word == from / 64)
            bits &= ~UINT64_C(0) << from % 64;
        if (bits != 0)
            return word * 64 + (unsigned)__builtin_ctzll(bits);
    }
    return LADDER_DIGITS;
}

static uint64_t bucket_start(const struct eventq *queue, unsigned level, unsigned digit)
{
    uint64_t width = UINT64_C(1) << level * LADDER_BITS;
    uint64_t below = width * (LADDER_DIGITS - 1) + (width - 1); /* all digits up to this level */

    return (queue->base & ~below) | (uint64_t)digit * width;
}

/* --- the heap -------------------------------------------------------------------------------- */

static void heap_up(struct event *heap, size_t i, struct event event)
{
    while (i > 0 && event_before(event, heap[(i - 1) / 2])) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = event;
}

static void heap_down(struct event *heap, size_t count, size_t i, struct event event)
{
    for (size_t child = 2 * i + 1; child < count; child = 2 * i + 1) {
        if (child + 1 < count)
            child += event_before(heap[child + 1], heap[child]);
        if (!event_before(heap[child], event))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = event;
}

/* The heap's first may have changed; the inbox is empty. */
static void near_look(struct eventq *queue)
{
    queue->aside_time = queue->near_count > 0 ? queue->near[0].time : SIM_NEVER;
}

static void near_push(struct eventq *queue, struct event event)
{
    if (queue->near_count == queue->near_capacity)
        MEM_GROW(queue->near, queue->near_capacity, queue->near_count + 1);
    heap_up(queue->near, queue->near_count++, event);
    near_look(queue);
}

static void near_pop(struct eventq *queue)
{
    struct event last = queue->near[--queue->near_count];

    if (queue->near_count > 0)
        heap_down(queue->near, queue->near_count, 0, last);
    near_look(queue);
    if (queue->near_capacity > 4096 && queue->near_count < queue->near_capacity / 4) {
        queue->near_capacity /= 2;
        queue->near = mem_realloc(queue->near, queue->near_capacity, sizeof queue->near[0]);
    }
}

static void heap_make(struct event *heap, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        heap_down(heap, count, i, heap[i]);
}

/* --- sorting one bucket ---------------------------------------------------------------------- */

#define SORT_SMALL 16

static void sort_small(struct event *events, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct event event = events[i];
        size_t j = i;

        for (; j > 0 && !event_precedes(&events[j - 1], event); j--)
            events[j] = events[j - 1];
        events[j] = event;
    }
}

static void swap_events(struct event *a, struct event *b)
{
    struct event event = *a;

    *a = *b;
    *b = event;
}

static void sort_heap(struct event *events, size_t count)
{
    /* The heap has its smallest event on top, so this sorts in descending order; reversed at the
     * end. */
    heap_make(events, count);
    for (size_t left = count; left-- > 1;) {
        struct event last = events[left];

        events[left] = events[0];
        heap_down(events, left, 0, last);
    }
    for (size_t i = 0; i < count / 2; i++)
        swap_events(&events[i], &events[count - 1 - i]);
}

/* Sort three events in place; the middle one is the pivot. */
static struct event pivot_of(struct event *events, size_t count)
{
    struct event *a = &events[0], *b = &events[count / 2], *c = &events[count - 1];

    if (event_before(*b, *a))
        swap_events(a, b);
    if (event_before(*c, *b))
        swap_events(b, c);
    if (event_before(*b, *a))
        swap_events(a, b);
    return *b;
}

/* Introsort (Musser, Software: Practice and Experience 27(8), 1997) with Hoare's partition. */
static void sort_events(struct event *events, size_t count, unsigned depth)
{
    while (count > SORT_SMALL) {
        struct event pivot;
        size_t i = 0, j = count - 1;

        if (depth-- == 0) {
            sort_heap(events, count);
            return;
        }
        pivot = pivot_of(events, count);
        for (;; i++, j--) {
            while (event_precedes(&events[i], pivot))
                i++;
            while (event_before(pivot, events[j]))
                j--;
            if (i >= j)
                break;
            swap_events(&events[i], &events[j]);
        }
        sort_events(events + j + 1, count - j - 1, depth);
        count = j + 1;
    }
    sort_small(events, count);
}

/* --- the window ------------------------------------------------------------------------------ */

static size_t front_length(const struct eventq *queue)
{
    return (size_t)(queue->end - queue->first);
}

static void front_clear(struct eventq *queue)
{
    queue->first = queue->end = queue->front;
}

RARE static void front_resize(struct eventq *queue, size_t need)
{
    size_t capacity = need + need / 2 < FRONT_CAPACITY ? FRONT_CAPACITY : need + need / 2;
    size_t first = (size_t)(queue->first - queue->front), end = (size_t)(queue->end - queue->front);

    queue->front = mem_realloc(queue->front, capacity, sizeof queue->front[0]);
    queue->capacity = queue->front + capacity;
    queue->first = queue->front + first;
    queue->end = queue->front + end;
}

static inline void front_reserve(struct eventq *queue, size_t need)
{
    size_t capacity = (size_t)(queue->capacity - queue->front);

    if (need > capacity || (capacity > 64 * FRONT_CAPACITY && need <= capacity / 8))
        front_resize(queue, need);
}

/*
 * Sort a few events into a copy: the place of each is the number of events before it. No branch
 * depends on the order, which is unpredictable: in an insertion sort mispredictions were most of
 * the cost.
 */
static void sort_by_rank(const struct event *events, uint32_t count, struct event *sorted)
{
    uint8_t rank[RANK_MAX] = {0};

    for (uint32_t i = 1; i < count; i++) {
        uint8_t before = 0;

        for (uint32_t j = 0; j < i; j++) {
            bool is_later = event_before(events[i], events[j]);

            rank[j] = (uint8_t)(rank[j] + is_later);
            before = (uint8_t)(before + !is_later);
        }
        rank[i] = before;
    }
    for (uint32_t i = 0; i < count; i++)
        sorted[rank[i]] = events[i];
}

/* front_take() for a larger bucket. */
OUT_OF_LINE static void front_take_many(struct eventq *queue, struct event_bucket bucket)
{
    uint32_t used = bucket_newest_used(&bucket);

    for (struct event_chunk *chunk = bucket.newest, *older; chunk; chunk = older) {
        older = chunk->older;
        memcpy(queue->end, chunk->events, used * sizeof(struct event));
        queue->end += used;
        used = CHUNK_EVENTS;
        chunk_give_back(queue, chunk);
    }
    sort_events(queue->end - bucket.count, bucket.count, 64);
}

/* Move a bucket's events to the end of the front, sorted among themselves; there is room. */
static inline void front_take(struct eventq *queue, unsigned level, unsigned digit)
{
    struct event_bucket bucket = bucket_detach(queue, level, digit);

    queue->bucket_total -= bucket.count;
    if (bucket.count > RANK_MAX) {
        front_take_many(queue, bucket);
        return;
    }
    sort_by_rank(bucket.newest->events, bucket.count, queue->end);
    queue->end += bucket.count;
    chunk_give_back(queue, bucket.newest);
}

/* Rule 3 for a small bucket: it becomes the window, with neighbours of its level while that is
 * short. */
static void window_open(struct eventq *queue, unsigned level, unsigned digit)
{
    unsigned last = digit;

    front_clear(queue);
    front_reserve(queue, bucket_at(queue, level, digit)->count + OPEN_MAX);
    queue->spill_at = SPILL_AT;
    queue->window_start = (sim_time)bucket_start(queue, level, digit);
    front_take(queue, level, digit);
    while (front_length(queue) < GATHER_MIN) {
        unsigned next = first_digit(queue, level, last + 1);

        if (next == LADDER_DIGITS ||
            front_length(queue) + bucket_at(queue, level, next)->count > OPEN_MAX)
            break;
        front_take(queue, level, next);
        last = next;
    }
    queue->base = bucket_start(queue, level, last);
    queue->window_last = (sim_time)(queue->base + ((UINT64_C(1) << level * LADDER_BITS) - 1));
    queue->window_level = level;
    queue->is_fresh = queue->collects = true;
}

/* Rule 5: all remaining events become the window. */
RARE static void window_open_all(struct eventq *queue)
{
    front_clear(queue);
    front_reserve(queue, queue->bucket_total);
    while (queue->levels != 0) {
        unsigned level = (unsigned)__builtin_ctz(queue->levels);

        front_take(queue, level, first_digit(queue, level, 0));
    }
    queue->is_fresh = queue->collects = false;
    queue->window_start = queue->popped;
    queue->window_last = SIM_NEVER;
    queue->spill_at = SMALL_SPILL_AT;
}

/* Rule 3 for a large bucket. */
static void bucket_deal(struct eventq *queue, unsigned level, unsigned digit)
{
    uint64_t start = bucket_start(queue, level, digit);
    struct event_bucket bucket = bucket_detach(queue, level, digit);
    uint32_t used = bucket_newest_used(&bucket);

    queue->base = start;
    for (struct event_chunk *chunk = bucket.newest, *older; chunk; chunk = older) {
        older = chunk->older;
        for (uint32_t i = 0; i < used; i++) {
            /* Prefetch the next chunk while this one is distributed. */
            __builtin_prefetch(older ? &older->events[i] : chunk->events);
            bucket_add(queue, chunk->events[i]);
        }
        used = CHUNK_EVENTS;
        chunk_give_back(queue, chunk);
    }
}

/* Open the next bucket, unless it starts after `limit`. The window must be empty. */
static bool window_refill(struct eventq *queue, sim_time limit)
{
    if (queue->levels != 0 && queue->bucket_total <= SMALL_MAX) {
        window_open_all(queue);
        return true;
    }
    while (queue->levels != 0) {
        unsigned level = (unsigned)__builtin_ctz(queue->levels);
        unsigned digit = first_digit(queue, level, 0);

        if ((sim_time)bucket_start(queue, level, digit) > limit)
            return false;
        if (level == 0 || bucket_at(queue, level, digit)->count <= OPEN_MAX) {
            window_open(queue, level, digit);
            return true;
        }
        bucket_deal(queue, level, digit);
        /* Nothing was pending before the new base; the window ends where the base starts. */
        queue->window_start = (sim_time)queue->base;
        queue->window_last = queue->window_start - 1;
    }
    return false;
}

/* Move the front to the start of its memory. */
static void front_compact(struct eventq *queue)
{
    size_t length = front_length(queue);

    memmove(queue->front, queue->first, length * sizeof queue->front[0]);
    queue->first = queue->front;
    queue->end = queue->front + length;
}

/*
 * Of `event` and the last event, just before `end`, put the later one at `end` and return the
 * other, which belongs at the last position or before it. Branch-free: the order is unpredictable,
 * and in a small set mispredictions are most of the cost.
 */
static inline struct event event_put_last(struct event *end, struct event event)
{
    uint128 one = event_order(event), other = event_order(event_read(&end[-1]));
    uint128 early = one < other ? one : other, late = one < other ? other : one;

    *end = order_event(late);
    return order_event(early);
}

/* Insert into the sorted front from the end; there is room. */
static inline void front_insert_behind(struct eventq *queue, struct event event)
{
    struct event *first = queue->first, *at = queue->end++;

    if (at > first) {
        event = event_put_last(at--, event);
        for (; at > first && !event_precedes(&at[-1], event); at--)
            *at = event_read(&at[-1]);
    }
    *at = event;
}

/* Insert from the start; there is room there too. */
static void front_insert_before(struct eventq *queue, struct event event)
{
    struct event *at = --queue->first;

    for (; event_precedes(&at[1], event); at++)
        *at = event_read(&at[1]);
    *at = event;
}

/*
 * Rule 4: the window is too wide; move its events back to buckets, relative to the current time.
 * Events before the start of the window (pushed by a caller that peeked ahead) have no bucket and
 * stay.
 */
static void window_spill(struct eventq *queue)
{
    sim_time now = queue->popped > queue->window_start ? queue->popped : queue->window_start;
    struct event *near = queue->near;
    size_t near_count = queue->near_count;
    struct event *first = queue->first, *end = queue->end;

    queue->near = NULL;
    queue->near_count = queue->near_capacity = 0;
    near_look(queue);
    front_clear(queue);
    queue->is_fresh = false;
    queue->collects = true;
    queue->base = (uint64_t)now;
    queue->window_last = now - 1;
    for (; first < end; first++) {
        struct event event = *first;

        if (event.time < now)
            *queue->end++ = event;
        else
            bucket_put(queue, event);
    }
    for (size_t i = 0; i < near_count; i++)
        if (near[i].time < now)
            near_push(queue, near[i]);
        else
            bucket_put(queue, near[i]);
    free(near);
}

/* Push into the heap: the front is long enough. */
OUT_OF_LINE static void window_push_near(struct eventq *queue, struct event event)
{
    near_push(queue, event);
    if (queue->near_count >= queue->spill_at) {
        if (queue->popped < queue->window_last && queue->window_start < queue->window_last)
            window_spill(queue);
        /* Do not examine again each time the early events that had to stay. */
        queue->spill_at = queue->near_count * 2 > SPILL_AT ? queue->near_count * 2 : SPILL_AT;
    }
}

RARE static void window_push_compacted(struct eventq *queue, struct event event)
{
    front_compact(queue);
    front_insert_behind(queue, event);
}

/* Insert into a front of any length, from the nearer end. Other calls are tail calls, so no
 * registers are saved. */
HOT_CODE OUT_OF_LINE static void window_push(struct eventq *queue, struct event event)
{
    size_t length = front_length(queue);

    if (!queue->buckets || length >= FRONT_INSERT_MAX) {
        window_push_near(queue, event);
        return;
    }
    if (__builtin_expect(queue->end == queue->capacity, 0)) {
        window_push_compacted(queue, event);
        return;
    }
    if (length > INSERT_BEHIND_MAX && queue->first > queue->front &&
        event_before(event, queue->first[length / 2]))
        front_insert_before(queue, event);
    else
        front_insert_behind(queue, event);
}

/* --- the face -------------------------------------------------------------------------------- */

struct eventq *eventq_create(enum eventq_kind kind, size_t capacity_hint)
{
    struct eventq *queue = mem_zalloc(1, sizeof *queue);

    front_reserve(queue, FRONT_CAPACITY);
    near_look(queue);
    if (kind == EVENTQ_HEAP) {
        queue->capacity = queue->front; /* no push goes to the front */
        queue->window_last = SIM_NEVER;
        queue->spill_at = SIZE_MAX;
        if (capacity_hint > 0)
            MEM_GROW(queue->near, queue->near_capacity, capacity_hint);
        return queue;
    }
    queue->window_last = -1;
    queue->collects = true;
    queue->spill_at = SPILL_AT;
    queue->buckets = mem_zalloc(LADDER_LEVELS * LADDER_DIGITS, sizeof queue->buckets[0]);
    return queue;
}

void eventq_free(struct eventq *queue)
{
    if (!queue)
        return;
    while (queue->slab) {
        struct chunk_slab *before = queue->slab->before;

        free(queue->slab);
        queue->slab = before;
    }
    free(queue->buckets);
    free(queue->front);
    free(queue->near);
    free(queue);
}

/* Insert into the sorted front if the event belongs to the window and the front is short. */
static inline bool front_takes(struct eventq *queue, struct event event)
{
    if (front_length(queue) > INSERT_BEHIND_MAX || queue->end == queue->capacity)
        return false;
    front_insert_behind(queue, event);
    return true;
}

/* Place an event: front, heap or bucket. */
static inline void event_place(struct eventq *queue, struct event event)
{
    if (event.time > queue->window_last)
        bucket_put(queue, event);
    else if (!front_takes(queue, event))
        window_push(queue, event);
}

HOT_CODE OUT_OF_LINE void eventq_empty_inbox(struct eventq *queue)
{
    uint32_t count = queue->inbox_count;

    queue->inbox_count = 0;
    near_look(queue);
    for (uint32_t i = 0; i < count; i++)
        event_place(queue, event_read(&queue->inbox[i]));
}

void eventq_push(struct eventq *queue, struct event event)
{
    invariant(event.time >= queue->popped);
    if (__builtin_expect(!queue->collects, 0)) {
        if (!front_takes(queue, event))
            window_push(queue, event);
        return;
    }
    queue->inbox[queue->inbox_count++] = event;
    /* Stored in any case: a branch would wait for the time. */
    queue->aside_time = event.time < queue->aside_time ? event.time : queue->aside_time;
    if (queue->inbox_count == INBOX_EVENTS)
        eventq_empty_inbox(queue);
}

static bool near_is_first(const struct eventq *queue)
{
    return queue->near_count > 0 &&
           (queue->first == queue->end || event_before(queue->near[0], *queue->first));
}

HOT_CODE OUT_OF_LINE const struct event *eventq_first_slow(struct eventq *queue, sim_time limit)
{
    if (queue->inbox_count > 0)
        eventq_empty_inbox(queue);
    if (near_is_first(queue))
        return &queue->near[0];
    if (queue->first == queue->end && !window_refill(queue, limit))
        return NULL;
    return queue->first;
}

OUT_OF_LINE void eventq_drop_first_slow(struct eventq *queue)
{
    if (near_is_first(queue)) {
        queue->popped = queue->near[0].time;
        near_pop(queue);
        return;
    }
    queue->popped = (queue->first++)->time;
}

bool eventq_peek(struct eventq *queue, struct event *event)
{
    const struct event *first = eventq_first(queue, SIM_NEVER);

    if (first)
        *event = event_read(first);
    return first;
}

bool eventq_pop(struct eventq *queue, struct event *event)
{
    const struct event *first = eventq_first(queue, SIM_NEVER);

    if (!first)
        return false;
    *event = event_read(first);
    eventq_drop_first(queue);
    return true;
}

size_t eventq_count(const struct eventq *queue)
{
    return front_length(queue) + queue->near_count + queue->bucket_total + queue->inbox_count;
}

size_t eventq_bytes(const struct eventq *queue)
{
    size_t buckets = queue->buckets ? LADDER_LEVELS * LADDER_DIGITS : 0;
    size_t front_capacity = (size_t)(queue->capacity - queue->front);

    return sizeof *queue + buckets * sizeof queue->buckets[0] +
           queue->chunk_count * sizeof(struct event_chunk) +
           (front_capacity + queue->near_capacity) * sizeof(struct event);
}

const struct event_bucket *eventq_coming(const struct eventq *queue, sim_time *until)
{
    unsigned level = queue->window_level;
    uint64_t width = UINT64_C(1) << level * LADDER_BITS;
    unsigned digit = (unsigned)((uint64_t)*until >> level * LADDER_BITS) % LADDER_DIGITS;
    const struct event_bucket *bucket;

    if (queue->window_last == SIM_NEVER)
        return NULL;
    digit = first_digit(queue, level, digit + 1);
    if (digit == LADDER_DIGITS)
        return NULL;
    bucket = bucket_at(queue, level, digit);
    if (bucket->count > OPEN_MAX)
        return NULL;
    *until = (sim_time)(bucket_start(queue, level, digit) + (width - 1));
    return bucket;
}

/* --- sweeping -------------------------------------------------------------------------------- */

struct sweep {
    bool (*dead)(void *self, struct event event);
    void *self;
};

/* Keep the live events at the front of the array, in order. */
static size_t sweep_array(const struct sweep *sweep, struct event *events, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (!sweep->dead(sweep->self, events[i]))
            events[kept++] = events[i];
    return kept;
}

static void sweep_bucket(struct eventq *queue, const struct sweep *sweep, unsigned level,
                         unsigned digit)
{
    struct event_bucket bucket = bucket_detach(queue, level, digit);
    uint32_t used = bucket_newest_used(&bucket);

    for (struct event_chunk *chunk = bucket.newest, *older; chunk; chunk = older) {
        older = chunk->older;
        for (uint32_t i = 0; i < used; i++)
            if (!sweep->dead(sweep->self, chunk->events[i]))
                bucket_add(queue, chunk->events[i]);
            else
                queue->bucket_total--;
        used = CHUNK_EVENTS;
        chunk_give_back(queue, chunk);
    }
}

size_t eventq_sweep(struct eventq *queue, bool (*dead)(void *self, struct event event), void *self)
{
    struct sweep sweep = {dead, self};
    size_t before = eventq_count(queue);
    size_t near_kept;

    eventq_empty_inbox(queue);
    near_kept = sweep_array(&sweep, queue->near, queue->near_count);

    queue->end = queue->first + sweep_array(&sweep, queue->first, front_length(queue));
    queue->near_count = near_kept;
    heap_make(queue->near, near_kept);
    near_look(queue);
    for (unsigned level = 0; level < LADDER_LEVELS; level++)
        for (unsigned digit = first_digit(queue, level, 0); digit < LADDER_DIGITS;
             digit = first_digit(queue, level, digit + 1))
            sweep_bucket(queue, &sweep, level, digit);
    return before - eventq_count(queue);
}
