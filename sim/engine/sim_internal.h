// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Internals of a run, for the inline functions of sim.h and for sim.c only.
 */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include "bug.h"
#include "cause_table.h"

#include <stddef.h>

/* A key: kind (12 bits, those of a phase together and phases in order), entity (32), generation
 * (20); so its order is that of invariant 2. */
#define SIM_KIND_SHIFT 52

static inline uint64_t sim_key(kind_id kind, uint32_t entity, uint32_t generation)
{
    return (uint64_t)kind << SIM_KIND_SHIFT | (uint64_t)entity << SIM_GENERATION_BITS |
           (generation & SIM_GENERATION_MASK);
}

/* The timers of one duration, by time and key: items[(head + i) & mask] for i < count. */
struct sim_ring {
    struct event *items;
    uint32_t head, count, mask;
    uint32_t cancelled; /* upper bound of the dead ones */
    sim_dur length;
    kind_id kind;
};

/* A registered kind: one cache line. */
struct sim_kind {
    void (*fire)(void *self, struct sim *sim, uint32_t entity, uint32_t generation);
    bool (*live)(const void *self, uint32_t entity, uint32_t generation);
    void *self;
    const char *rows;
    void (*fetch)(const void *self, uint32_t entity);
    uint64_t digest; /* of its events */
    char *full_name; /* "app_tier/us-west-1/arrive" */
    uint32_t row_bytes;
    bool carries; /* causes */
    uint8_t care; /* checks before `fire`: SIM_CARE_... */
};
/* `live` must be called. */
#define SIM_CARE_ASK 1u
/* The event may have inherited a cause. */
#define SIM_CARE_CAUSE 2u
_Static_assert(sizeof(struct sim_kind) == 64, "a kind is one cache line");

/* Actions after `fire`: bits of sim->after. */
#define SIM_AFTER_DROP 1u  /* the event was dead */
#define SIM_AFTER_CAUSE 2u /* a cause is set */

struct sim {
    struct bug_context context; /* now_ns is the clock, available to bug reports */
    /* A push due before this is plain; a later one is past the end of the run or, while a cause is
     * set, may inherit a cause. So a plain push needs only one comparison. */
    sim_time plain_push_until;
    struct eventq *queue;
    struct probes_hot *probes_hot;
    struct sim_ring *rings;
    struct trace *trace;
    struct sim_kind *kinds; /* by kind_id */
    const char **instances; /* by kind_id: first part of the full name */

    struct event ring_first; /* the earliest of all ring heads; time SIM_NEVER: none */
    sim_time next_flush;
    sim_time
        plain_until; /* an event of the queue due before this can be fired directly: no timer and no
                        flush is due before it, and the run is neither stopped nor traced */
    uint64_t event_count;
    bool stopping;
    uint8_t after;          /* SIM_AFTER_... of the event being fired */
    bool looks_ahead;       /* some kind has something to prefetch, */
    bool fetches;           /* and some kind more than rows */
    sim_time fetched_until; /* rows of queued events due by then were prefetched, */
    unsigned fetched_level; /* from buckets of this level */

    uint32_t cancelled; /* events in the queue that are dead */
    uint32_t ring_count;
    uint32_t leaf_count;         /* of the tournament over the heads of rings: a power of two */
    struct event *ring_heads;    /* by ring */
    uint16_t *winners;           /* [2 * leaf_count]; the root is 1, leaf i is leaf_count + i */
    uint32_t kind_count[PHASES]; /* by phase */
    void *kinds_block;           /* allocation that contains `kinds` */
    sim_time end;
    struct cause cause;        /* current; {0, 0}: none */
    struct cause_table causes; /* of pending events */
    struct probes *probes;
    struct sim_options options;
};

RARE void sim_timer_set_slow(struct sim *sim, struct sim_ring *ring, struct event event);
/* Slow path: past the end, or a cause is set. */
RARE void sim_after_slow(struct sim *sim, sim_dur wait, kind_id kind, uint32_t entity,
                         uint32_t generation);
RARE void sim_timer_set_caused(struct sim *sim, struct sim_ring *ring, uint32_t entity,
                               uint32_t generation);

static inline sim_time sim_now(const struct sim *sim)
{
    return sim->context.now_ns;
}

static inline void sim_drop(struct sim *sim)
{
    sim->after |= SIM_AFTER_DROP;
}

static inline struct probes_hot *sim_probes(struct sim *sim)
{
    return sim->probes_hot;
}

static inline void sim_at(struct sim *sim, sim_time when, kind_id kind, uint32_t entity,
                          uint32_t generation)
{
    if (__builtin_expect(when >= sim->plain_push_until, 0)) {
        sim_after_slow(sim, when - sim->context.now_ns, kind, entity, generation);
        return;
    }
    invariant(when >= sim->context.now_ns);
    eventq_push(sim->queue, (struct event){when, sim_key(kind, entity, generation)});
}

static inline void sim_after(struct sim *sim, sim_dur wait, kind_id kind, uint32_t entity,
                             uint32_t generation)
{
    sim_time now = sim->context.now_ns;

    /* One comparison for two: a negative wait becomes a very long one. */
    if (__builtin_expect((uint64_t)wait >= (uint64_t)(sim->plain_push_until - now), 0)) {
        sim_after_slow(sim, wait, kind, entity, generation);
        return;
    } /* else the sum below cannot overflow */
    eventq_push(sim->queue, (struct event){now + wait, sim_key(kind, entity, generation)});
}

static inline void sim_timer_set(struct sim *sim, timer_id timer, uint32_t entity,
                                 uint32_t generation)
{
    struct sim_ring *ring = &sim->rings[timer];
    sim_time now = sim->context.now_ns;
    struct event event;

    if (__builtin_expect(ring->length >= sim->plain_push_until - now, 0)) {
        sim_timer_set_caused(sim, ring, entity, generation);
        return;
    }
    event.time = now + ring->length;
    event.key = sim_key(ring->kind, entity, generation);
    if (ring->count > 0 && ring->count <= ring->mask &&
        ring->items[(ring->head + ring->count - 1) & ring->mask].time < event.time)
        ring->items[(ring->head + ring->count++) & ring->mask] = event;
    else
        sim_timer_set_slow(sim, ring, event);
}

static inline struct cause sim_cause(const struct sim *sim)
{
    return sim->cause;
}

static inline bool sim_tracing(const struct sim *sim)
{
    const struct trace *trace = sim->trace;

    return trace && sim->context.now_ns >= trace->from && sim->context.now_ns <= trace->to;
}

#endif
