// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The run loop. The next event is the earlier of two: the front of the queue, and the earliest head
 * of the timer rings, found by a tournament tree. Both are ordered by (time, key), so it does not
 * matter where an event waits.
 */
#include "sim.h"

#include "eventq_internal.h"
#include "hash.h"
#include "mem.h"
#include "strbuf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COMING_MIN 24     /* events after a window whose rows are prefetched with it */
#define PREFETCH_AHEAD 12 /* timers between the one due and the one whose row is prefetched */
#define FETCH_AHEAD 4    /* and the one whose kind prefetches more: its row has arrived meanwhile */
#define RING_CAPACITY 16 /* initially; a power of two */
#define RING_SHIFT_MAX 32 /* maximum shift of a late key among simultaneous timers */
#define SWEEP_MIN 1024    /* fewer dead events are not worth a sweep */
#define INTERRUPT_MASK UINT64_C(0xFFFF)

/* First kind_id of each phase, and the end of the last: 12 bits of a key. Nearly all kinds are of
 * PHASE_WORK, since each of up to 240 links has several. */
static const uint32_t phase_first[] = {
    [PHASE_FAULT] = 0, [PHASE_WORK] = 512, [PHASE_OBSERVE] = 3584, [PHASES] = SIM_KINDS_MAX};

static const struct event no_event = {SIM_NEVER, UINT64_MAX};

/* --- kinds ----------------------------------------------------------------------------------- */

static kind_id key_kind(uint64_t key)
{
    return (kind_id)(key >> SIM_KIND_SHIFT);
}

static uint32_t key_entity(uint64_t key)
{
    return (uint32_t)(key >> SIM_GENERATION_BITS);
}

static uint32_t key_generation(uint64_t key)
{
    return (uint32_t)key & SIM_GENERATION_MASK;
}

static bool is_dead(const struct sim_kind *kind, uint64_t key)
{
    return kind->live && !kind->live(kind->self, key_entity(key), key_generation(key));
}

/* For eventq_sweep(). */
static bool queued_is_dead(void *self, struct event event)
{
    const struct sim *sim = self;

    return is_dead(&sim->kinds[key_kind(event.key)], event.key);
}

/* Always inlined: gcc treats a function that only prefetches as free of effects and drops calls of
 * it. */
#define PREFETCHES inline __attribute__((always_inline))

/* Row for kinds without rows, so that prefetching needs no branch. */
static const char no_rows[2 * MEM_LINE_BYTES];

static PREFETCHES void prefetch_row(const struct sim *sim, uint64_t key)
{
    const struct sim_kind *kind = &sim->kinds[key_kind(key)];
    const char *row = kind->rows + (size_t)key_entity(key) * kind->row_bytes;

    __builtin_prefetch(row, 1);
    __builtin_prefetch(row + kind->row_bytes - 1, 1); /* a row often spans two cache lines */
}

static PREFETCHES void prefetch_rows(const struct sim *sim, const struct event *from,
                                     const struct event *to)
{
    for (; from < to; from++)
        prefetch_row(sim, from->key);
}

kind_id sim_kind_add(struct sim *sim, const struct event_kind *kind, const char *instance,
                     void *self)
{
    uint32_t index = sim->kind_count[kind->phase]++;
    struct strbuf name = STRBUF_INIT;
    struct sim_kind *slot;
    kind_id id;

    if (phase_first[kind->phase] + index >= phase_first[kind->phase + 1])
        BUG("more than %u kinds of events in one phase, the last is '%s' of '%s'", index,
            kind->name, instance);
    id = (kind_id)(phase_first[kind->phase] + index);
    slot = &sim->kinds[id];
    strbuf_addf(&name, "%s/%s", instance, kind->name);
    slot->fire = kind->fire;
    slot->live = kind->live;
    slot->carries = kind->carries_cause;
    slot->care = (uint8_t)((kind->live && !kind->fire_asks ? SIM_CARE_ASK : 0u) |
                           (kind->carries_cause ? SIM_CARE_CAUSE : 0u));
    invariant(kind->live || !kind->fire_asks);
    slot->self = self;
    slot->rows = no_rows + 1;
    slot->full_name = strbuf_detach(&name);
    sim->instances[id] = instance;
    return id;
}

void sim_kind_rows(struct sim *sim, kind_id kind, const void *base, size_t row_bytes)
{
    sim->looks_ahead |= base != NULL;
    sim->kinds[kind].rows = base ? base : no_rows + 1;
    sim->kinds[kind].row_bytes = base ? (uint32_t)row_bytes : 0;
}

void sim_kind_prefetch(struct sim *sim, kind_id kind,
                       void (*fetch)(const void *self, uint32_t entity))
{
    sim->looks_ahead = sim->fetches = true;
    sim->kinds[kind].fetch = fetch;
}

/* Recompute `plain_until` after a change of something it depends on. */
static void set_plain_until(struct sim *sim)
{
    sim_time until =
        sim->ring_first.time < sim->next_flush ? sim->ring_first.time : sim->next_flush;

    sim->plain_until = sim->stopping || sim->trace ? 0 : until;
}

/* --- causes ---------------------------------------------------------------------------------- */

struct cause sim_set_cause(struct sim *sim, struct cause cause)
{
    struct cause before = sim->cause;

    sim->cause = cause;
    sim->after |= SIM_AFTER_CAUSE;
    sim->plain_push_until = cause.number || cause.waited_for ? sim_now(sim) : sim->end + 1;
    return before;
}

/* Record the current cause for an event being scheduled. */
static void remember_cause(struct sim *sim, struct event event)
{
    if (sim->kinds[key_kind(event.key)].carries && (sim->cause.number || sim->cause.waited_for))
        cause_table_add(&sim->causes, event, sim->cause, sim_now(sim), queued_is_dead, sim);
}

RARE void sim_after_slow(struct sim *sim, sim_dur wait, kind_id kind, uint32_t entity,
                         uint32_t generation)
{
    struct event event;

    invariant(wait >= 0);
    if (wait > sim->end - sim_now(sim))
        return;
    event = (struct event){sim_now(sim) + wait, sim_key(kind, entity, generation)};
    remember_cause(sim, event);
    eventq_push(sim->queue, event);
}

RARE void sim_timer_set_caused(struct sim *sim, struct sim_ring *ring, uint32_t entity,
                               uint32_t generation)
{
    struct event event;

    if (ring->length > sim->end - sim_now(sim))
        return;
    event.time = sim_now(sim) + ring->length;
    event.key = sim_key(ring->kind, entity, generation);
    remember_cause(sim, event);
    sim_timer_set_slow(sim, ring, event);
}

/* --- timer rings ----------------------------------------------------------------------------- */

static struct event *ring_item(const struct sim_ring *ring, uint32_t i)
{
    return &ring->items[(ring->head + i) & ring->mask];
}

/* The head of this ring may have changed: replay its matches up to the root. */
static void ring_replay(struct sim *sim, const struct sim_ring *ring)
{
    uint32_t index = (uint32_t)(ring - sim->rings);
    const struct event *heads = sim->ring_heads;
    uint16_t *winners = sim->winners;

    sim->ring_heads[index] = ring->count > 0 ? *ring_item(ring, 0) : no_event;
    for (uint32_t node = (sim->leaf_count + index) / 2; node > 0; node /= 2) {
        uint16_t left = winners[2 * node], right = winners[2 * node + 1];

        winners[node] = event_before(heads[right], heads[left]) ? right : left;
    }
    sim->ring_first = heads[winners[1]];
    set_plain_until(sim);
}

static void ring_resize(struct sim_ring *ring, uint32_t capacity)
{
    struct event *items = mem_alloc(capacity, sizeof *items);

    for (uint32_t i = 0; i < ring->count; i++)
        items[i] = *ring_item(ring, i);
    free(ring->items);
    ring->items = items;
    ring->head = 0;
    ring->mask = capacity - 1;
}

/* Set a timer in an empty ring, a full one, or one whose last timer is due at the same time. */
RARE void sim_timer_set_slow(struct sim *sim, struct sim_ring *ring, struct event event)
{
    uint32_t i = ring->count;
    uint32_t stop = i > RING_SHIFT_MAX ? i - RING_SHIFT_MAX : 0;

    if (ring->count > ring->mask)
        ring_resize(ring, 2 * (ring->mask + 1));
    while (i > stop && event_before(event, *ring_item(ring, i - 1)))
        i--;
    if (i > 0 && event_before(event, *ring_item(ring, i - 1))) {
        /* Too many shifts: push it into the queue instead. */
        eventq_push(sim->queue, event);
        return;
    }
    for (uint32_t j = ring->count++; j > i; j--)
        *ring_item(ring, j) = *ring_item(ring, j - 1);
    *ring_item(ring, i) = event;
    if (i == 0)
        ring_replay(sim, ring);
}

/* Drop dead timers at the head in one loop, with prefetch of their rows. */
static void ring_skip_dead(struct sim *sim, struct sim_ring *ring)
{
    const struct sim_kind *kind = &sim->kinds[ring->kind];

    while (ring->count > 0) {
        if (ring->count > PREFETCH_AHEAD)
            prefetch_row(sim, ring_item(ring, PREFETCH_AHEAD)->key);
        if (!is_dead(kind, ring_item(ring, 0)->key))
            return;
        ring->head = (ring->head + 1) & ring->mask;
        ring->count--;
        ring->cancelled -= ring->cancelled > 0;
    }
}

/* Shrink a ring that is nearly empty, with hysteresis. */
static void ring_trim(struct sim_ring *ring)
{
    if (ring->mask >= 4096 && ring->count < ring->mask / 8)
        ring_resize(ring, (ring->mask + 1) / 4);
}

static void ring_drop_first(struct sim *sim)
{
    struct sim_ring *ring = &sim->rings[sim->winners[1]];

    ring->head = (ring->head + 1) & ring->mask;
    ring->count--;
    ring_skip_dead(sim, ring);
    if (ring->count > FETCH_AHEAD && sim->kinds[ring->kind].fetch)
        sim->kinds[ring->kind].fetch(sim->kinds[ring->kind].self,
                                     key_entity(ring_item(ring, FETCH_AHEAD)->key));
    ring_trim(ring);
    ring_replay(sim, ring);
}

/* Rebuild the tournament over all rings: `leaf_count` has changed. */
static void rings_rebuild(struct sim *sim)
{
    uint32_t leaves = 1;

    while (leaves < sim->ring_count)
        leaves *= 2;
    sim->leaf_count = leaves;
    sim->ring_heads = mem_realloc(sim->ring_heads, leaves, sizeof sim->ring_heads[0]);
    sim->winners = mem_realloc(sim->winners, 2 * (size_t)leaves, sizeof sim->winners[0]);
    for (uint32_t i = 0; i < leaves; i++) {
        sim->ring_heads[i] = no_event;
        sim->winners[leaves + i] = (uint16_t)i;
    }
    for (uint32_t node = leaves - 1; node > 0; node--)
        sim->winners[node] = sim->winners[2 * node];
    for (uint32_t i = 0; i < sim->ring_count; i++)
        ring_replay(sim, &sim->rings[i]);
}

timer_id sim_timer_add(struct sim *sim, sim_dur length, kind_id kind)
{
    struct sim_ring *ring;

    invariant(length >= 0);
    if (sim->ring_count == SIM_TIMERS_MAX)
        BUG("more than %d timer rings", SIM_TIMERS_MAX);
    sim->ring_count++;
    sim->rings = mem_realloc(sim->rings, sim->ring_count, sizeof sim->rings[0]);
    ring = &sim->rings[sim->ring_count - 1];
    *ring = (struct sim_ring){.length = length, .kind = kind};
    ring_resize(ring, RING_CAPACITY);
    rings_rebuild(sim);
    return (timer_id)(sim->ring_count - 1);
}

/* Keep live timers only. */
OUT_OF_LINE static void ring_sweep(struct sim *sim, struct sim_ring *ring)
{
    const struct sim_kind *kind = &sim->kinds[ring->kind];
    uint32_t kept = 0;

    for (uint32_t i = 0; i < ring->count; i++)
        if (!is_dead(kind, ring_item(ring, i)->key))
            *ring_item(ring, kept++) = *ring_item(ring, i);
    ring->count = kept;
    ring->cancelled = 0;
    ring_trim(ring);
    ring_replay(sim, ring);
}

void sim_timer_cancelled(struct sim *sim, timer_id timer)
{
    struct sim_ring *ring = &sim->rings[timer];

    ring->cancelled++;
    if (ring->cancelled > SWEEP_MIN && ring->cancelled > ring->count / 2)
        ring_sweep(sim, ring);
}

RARE static void queue_sweep(struct sim *sim)
{
    eventq_sweep(sim->queue, queued_is_dead, sim);
    sim->cancelled = 0;
}

void sim_cancelled(struct sim *sim)
{
    sim->cancelled++;
    if (sim->cancelled > SWEEP_MIN && sim->cancelled > eventq_count(sim->queue) / 2)
        queue_sweep(sim);
}

/* --- one run --------------------------------------------------------------------------------- */

/* To the start of a cache line. */
static struct sim_kind *kinds_aligned(void *block)
{
    uintptr_t line = sizeof(struct sim_kind);
    uintptr_t past = (uintptr_t)block % line;

    return (struct sim_kind *)((char *)block + (past > 0 ? line - past : 0));
}

struct sim *sim_create(const struct sim_options *options, struct probes *probes)
{
    struct sim *sim = mem_zalloc(1, sizeof *sim);

    invariant(options->end >= 0 && options->end < SIM_NEVER);
    sim->context.scenario = options->scenario ? options->scenario : "";
    sim->context.set_options = options->set_options ? options->set_options : "";
    sim->context.event = "";
    sim->context.seed = options->seed;
    sim->context.replication = options->replication;
    sim->options = *options;
    sim->end = options->end;
    sim->plain_push_until = options->end + 1;
    sim->trace = options->trace;
    sim->probes = probes;
    sim->probes_hot = probes ? probes_hot(probes) : NULL;
    sim->queue = eventq_create(options->queue, options->capacity_hint);
    sim->kinds_block = mem_zalloc(SIM_KINDS_MAX + 1, sizeof sim->kinds[0]);
    sim->kinds = kinds_aligned(sim->kinds_block);
    sim->instances = mem_zalloc(SIM_KINDS_MAX, sizeof sim->instances[0]);
    sim->ring_first = no_event;
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    for (uint32_t phase = 0; phase < PHASES; phase++)
        for (uint32_t i = 0; i < sim->kind_count[phase]; i++)
            free(sim->kinds[phase_first[phase] + i].full_name);
    for (uint32_t i = 0; i < sim->ring_count; i++)
        free(sim->rings[i].items);
    free(sim->rings);
    free(sim->ring_heads);
    free(sim->winners);
    free(sim->kinds_block);
    free(sim->instances);
    eventq_free(sim->queue);
    cause_table_release(&sim->causes);
    free(sim);
}

void sim_stop(struct sim *sim)
{
    sim->stopping = true;
    set_plain_until(sim);
}

void sim_note(struct sim *sim, const char *instance, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    if (!sim_tracing(sim))
        return;
    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    trace_note(sim->trace, sim_now(sim), instance, "%s", text.text);
    strbuf_release(&text);
}

struct rng_stream sim_stream(const struct sim *sim, const char *instance, const char *purpose)
{
    return rng_stream_named(sim->options.seed, sim->options.replication, instance, purpose);
}

struct probes *sim_probe_set(struct sim *sim)
{
    return sim->probes;
}

sim_time sim_end(const struct sim *sim)
{
    return sim->end;
}

/* --- the loop -------------------------------------------------------------------------------- */

/*
 * A window was opened: prefetch what its events will need, and the rows of later events. All at
 * once, not event by event: a prefetch that misses the TLB stalls the processor unless several page
 * walks overlap.
 */
HOT_CODE OUT_OF_LINE static void look_ahead(struct sim *sim)
{
    struct eventq *queue = sim->queue;
    const struct event_bucket *bucket;
    sim_time until = queue->window_last;

    queue->is_fresh = false;
    /* Rows prefetched from a bucket of another width are not those of the next events. */
    if (queue->window_level != sim->fetched_level || ((uint64_t)sim->fetched_until ^ queue->base) >>
                                                         queue->window_level * LADDER_BITS >=
                                                         LADDER_DIGITS)
        sim->fetched_until = -1;
    sim->fetched_level = queue->window_level;
    if (until > sim->fetched_until)
        prefetch_rows(sim, queue->first, queue->end);
    if (until < sim->fetched_until)
        until = sim->fetched_until;
    for (uint32_t count = 0; count < COMING_MIN; count += bucket->count) {
        uint32_t used;

        bucket = eventq_coming(queue, &until);
        if (!bucket)
            break;
        used = bucket_newest_used(bucket);
        for (const struct event_chunk *chunk = bucket->newest; chunk; chunk = chunk->older) {
            prefetch_rows(sim, chunk->events, chunk->events + used);
            used = CHUNK_EVENTS;
        }
    }
    sim->fetched_until = until;
    if (!sim->fetches)
        return;
    for (const struct event *event = queue->first; event < queue->end; event++) {
        const struct sim_kind *kind = &sim->kinds[key_kind(event->key)];

        if (kind->fetch)
            kind->fetch(kind->self, key_entity(event->key));
    }
}

/* Remove the earliest live event; false if none is left. */
static bool take_next(struct sim *sim, struct event *event)
{
    for (;;) {
        const struct event *first = eventq_first(sim->queue, sim->ring_first.time);
        uint32_t *cancelled = &sim->cancelled;

        if (sim->queue->is_fresh && sim->looks_ahead)
            look_ahead(sim);
        if (first && event_before(*first, sim->ring_first)) {
            *event = event_read(first);
            eventq_drop_first(sim->queue);
        } else {
            *event = sim->ring_first;
            if (event->time == SIM_NEVER)
                return false;
            cancelled = &sim->rings[sim->winners[1]].cancelled;
            ring_drop_first(sim);
        }
        if (__builtin_expect(!is_dead(&sim->kinds[key_kind(event->key)], event->key), 1))
            return true;
        *cancelled -= *cancelled > 0;
    }
}

/*
 * One event's part in the sum of its kind. All bits of time, entity and generation are mixed before
 * the sum, so that two changes do not cancel. The kind is identified by name, not by number.
 */
static inline uint64_t digest_event(struct event event)
{
    uint64_t word = (uint64_t)event.time * UINT64_C(0x9E3779B97F4A7C15) ^
                    (event.key << (64 - SIM_KIND_SHIFT)) * UINT64_C(0xC2B2AE3D27D4EB4F);

    word = (word ^ word >> 32) * UINT64_C(0xFF51AFD7ED558CCD);
    return word ^ word >> 29;
}

/* Combine the sums of all WORK kinds with their names: independent of the order of kinds and of
 * kinds without events. */
static uint64_t digest_of_run(const struct sim *sim)
{
    const struct sim_kind *kinds = &sim->kinds[phase_first[PHASE_WORK]];
    uint64_t digest = rng_mix(sim->options.seed);

    for (uint32_t i = 0; i < sim->kind_count[PHASE_WORK]; i++)
        if (kinds[i].digest != 0)
            digest += rng_mix(kinds[i].digest ^ hash_text(HASH_START, kinds[i].full_name));
    return digest;
}

static void cut_until(struct sim *sim, sim_time time)
{
    while (sim->next_flush <= time) {
        probes_flush(sim->probes, sim->next_flush);
        if (sim->options.flushed)
            sim->options.flushed(sim->options.flushed_self, sim->next_flush);
        sim->next_flush = probes_next_flush(sim->probes);
    }
    set_plain_until(sim);
}

/* The next event, after handling timers, flushes and stops due before it; `no_event`: the run is
 * over. */
HOT_CODE OUT_OF_LINE static struct event take_with_care(struct sim *sim)
{
    struct event event;

    if (sim->stopping || !take_next(sim, &event))
        return no_event;
    if (event.time >= sim->next_flush)
        cut_until(sim, event.time);
    if (sim->trace) {
        const char *instance = sim->instances[key_kind(event.key)];
        const char *full_name = sim->kinds[key_kind(event.key)].full_name;

        trace_event(sim->trace, event.time, instance, full_name + strlen(instance) + 1,
                    key_entity(event.key), key_generation(event.key));
    }
    return event;
}

/* Prepare an event of a kind with checks before `fire`; false: the event is dead. Events from
 * take_with_care() are live. */
OUT_OF_LINE static bool prepare_event(struct sim *sim, const struct sim_kind *kind,
                                      struct event event)
{
    struct cause cause;

    if (kind->care & SIM_CARE_ASK && is_dead(kind, event.key)) {
        sim->cancelled -= sim->cancelled > 0;
        return false;
    }
    if (!(kind->care & SIM_CARE_CAUSE))
        return true;
    cause = cause_table_take(&sim->causes, event);
    sim->context.now_ns = event.time;
    if (cause.number || cause.waited_for)
        sim_set_cause(sim, cause);
    return true;
}

/* Finish an event that was dropped or had a cause; returns whether it was dropped. */
RARE static bool finish_event(struct sim *sim, const struct sim_kind *kind)
{
    bool dropped = (sim->after & SIM_AFTER_DROP) != 0;

    if (sim->after & SIM_AFTER_CAUSE)
        sim_set_cause(sim, (struct cause){0});
    sim->after = 0;
    if (dropped) {
        invariant(kind->live && !(kind->care & SIM_CARE_ASK));
        sim->cancelled -= sim->cancelled > 0;
    }
    return dropped;
}

/* A dropped event leaves no trace; the clock is not read before the next one. */
static inline void fire_event(struct sim *sim, struct sim_kind *kind, struct event event)
{
    sim->context.now_ns = event.time;
    sim->context.event = kind->full_name;
    kind->fire(kind->self, sim, key_entity(event.key), key_generation(event.key));
    if (__builtin_expect(sim->after != 0, 0) && finish_event(sim, kind))
        return;
    sim->event_count++;
    kind->digest += digest_event(event);
}

bool sim_interrupted(const struct sim *sim)
{
    return sim->options.interrupt && *sim->options.interrupt;
}

/* Returns whether it was interrupted. */
HOT_CODE OUT_OF_LINE static bool run_events(struct sim *sim)
{
    struct eventq *queue = sim->queue;

    do {
        struct sim_kind *kind;
        struct event event;

        if (__builtin_expect(eventq_front_is_first(queue) && queue->first->time < sim->plain_until,
                             1)) {
            event = eventq_take_front(queue);
        } else if (queue->inbox_count > 0) { /* the first event may be in it */
            eventq_empty_inbox(queue);
            continue;
        } else {
            event = take_with_care(sim);
            if (event.time == SIM_NEVER)
                return false;
        }
        kind = &sim->kinds[key_kind(event.key)];
        if (__builtin_expect(kind->care != 0, 0) && !prepare_event(sim, kind, event))
            continue;
        fire_event(sim, kind, event);
    } while ((sim->event_count & INTERRUPT_MASK) != 0 || !sim_interrupted(sim));
    return true;
}

struct sim_outcome sim_run(struct sim *sim)
{
    const struct bug_context *before = bug_set_context(&sim->context);
    bool was_interrupted;

    sim->next_flush = sim->probes ? probes_next_flush(sim->probes) : SIM_NEVER;
    set_plain_until(sim);
    was_interrupted = sim_interrupted(sim) || run_events(sim);
    if (!was_interrupted && !sim->stopping) {
        cut_until(sim, sim->end);
        sim->context.now_ns = sim->end;
    }
    sim->context.event = "";
    bug_set_context(before);
    return (struct sim_outcome){
        .event_count = sim->event_count,
        .digest = digest_of_run(sim),
        .ended = sim_now(sim),
        .interrupted = was_interrupted,
    };
}
