// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One run as a value: clock, pending events, timers, streams, probes, digest. The face that models
 * see.
 *
 * Rules that always hold
 *  1. Time is integer nanoseconds and never goes back.
 *  2. Events at one instant fire in the order of their content: (phase, kind, entity, generation).
 *     Never in the order in which they were scheduled. Two events alike in all of it are
 *     interchangeable.
 *  3. The digest takes in (time, name of kind and instance, entity, generation) of every event of
 *     phase WORK, as a set: each kind has a sum over its events, whatever fires between them; and
 *     at the end every counter. Phases FAULT and OBSERVE are left out: what a fault changes shows
 *     in the work.
 *  4. A dead event (its kind's `live` says so) is dropped without a trace: no count, no digest, and
 *     a clock that moves for its own handler alone, where that asks (`fire_asks`).
 *  5. A cause that a handler sets is inherited by the events that it schedules from then on, of
 * kinds that carry causes. It changes no order and no digest.
 *  6. Nothing here is shared between runs; a run belongs to one thread.
 *
 * The engine allocates nothing while it runs, but for growth of its queue.
 */
#ifndef SIM_H
#define SIM_H

#include "eventq.h"
#include "inlining.h"
#include "probe.h"
#include "rng_stream.h"
#include "run_log.h"
#include "sim_time.h"
#include "trace.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct sim;

/* Simultaneous events: faults strike first, then work, then observers. */
enum event_phase { PHASE_FAULT, PHASE_WORK, PHASE_OBSERVE };

struct event_kind {
    const char *name; /* "arrive"; what a trace prints after the instance's name */
    enum event_phase phase;
    void (*fire)(void *self, struct sim *sim, uint32_t entity, uint32_t generation);
    /* Is this event still wanted? NULL: always. Must be a pure look at the model's state. */
    bool (*live)(const void *self, uint32_t entity, uint32_t generation);
    /* `fire` asks that itself, and answers a dead event by sim_drop() alone: so that a frequent
     * kind costs no call before the one that finds the same row again. It must say exactly what
     * `live` says, which is there all the same: for sweeps, and for runs that are traced. */
    bool fire_asks;
    /* An event of this kind inherits the cause that is set when it is scheduled, and sets it again
     * when it fires. For what people read: the steps of a failover, not each packet. */
    bool carries_cause;
};

/* A registered kind of one instance: dense, ordered by phase, then by order of registration. */
typedef uint16_t kind_id;
#define SIM_KINDS_MAX 1024 /* per phase */
#define SIM_GENERATION_BITS 20
#define SIM_GENERATION_MASK ((UINT32_C(1) << SIM_GENERATION_BITS) - 1)

/*
 * Marks a handler that nearly every request passes: all that it calls is compiled into it, calls
 * through pointers and what inlining.h keeps out apart. Saves a tenth of all instructions
 * (models/speed.md).
 */
#define HOT_HANDLER HOT_CODE __attribute__((flatten))

/* --- scheduling: the hot path ---------------------------------------------------------------- */

static inline sim_time sim_now(const struct sim *sim);
static inline struct probes_hot *sim_probes(struct sim *sim);

/*
 * Fire `kind` at `when` (>= now, a bug otherwise; SIM_NEVER is ignored). `entity` is the model's
 * key, `generation` (its low 20 bits count) tells a reused or re-armed entity from an old one.
 * Events past the end of the run are kept out. Cost: one push.
 */
static inline void sim_at(struct sim *sim, sim_time when, kind_id kind, uint32_t entity,
                          uint32_t generation);
static inline void sim_after(struct sim *sim, sim_dur wait, kind_id kind, uint32_t entity,
                             uint32_t generation);

/*
 * Say that one scheduled event has just become dead (its `live` now answers false). When dead
 * events outnumber the others the queue is swept, so that what is cancelled never grows. Amortised
 * O(1).
 */
void sim_cancelled(struct sim *sim);

/*
 * A timer of one constant length: due in the order it was set, so a ring beside the queue holds it
 * at almost no cost. At most SIM_TIMERS_MAX rings; each has its own length. Cancel as any event: by
 * generation; dead ones are dropped at the head, and swept when they outnumber the others (call
 * sim_timer_cancelled()).
 */
typedef uint16_t timer_id;
#define SIM_TIMERS_MAX 256
static inline void sim_timer_set(struct sim *sim, timer_id timer, uint32_t entity,
                                 uint32_t generation);
void sim_timer_cancelled(struct sim *sim, timer_id timer);

/* For a handler of a kind with `fire_asks`: the event is dead, and nothing was changed. */
static inline void sim_drop(struct sim *sim);

/* End the run at the present instant once the event that calls this is done. */
void sim_stop(struct sim *sim);

/*
 * The cause in force: what run_log_event() is given, and what scheduled events of kinds that carry
 * causes inherit. At the start of an event it is the one that the event inherited, else {0, 0}.
 *
 * sim_set_cause() is for the rest of this event, and returns the cause before; so a function called
 * in the middle of another's event can put it back. Nothing is paid for where no cause is set; the
 * events scheduled while one is set cost a function call and, where their kind carries causes, an
 * entry in a table.
 */
static inline struct cause sim_cause(const struct sim *sim);
struct cause sim_set_cause(struct sim *sim, struct cause cause);

/* A line of the trace, where there is one: `if (sim_tracing(sim)) sim_note(sim, "app", "...")`. */
static inline bool sim_tracing(const struct sim *sim);
void sim_note(struct sim *sim, const char *instance, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- wiring: before the run ------------------------------------------------------------------ */

struct sim_options {
    uint64_t seed;
    uint32_t replication;
    sim_time end;
    enum eventq_kind queue;
    struct trace *trace;         /* NULL: none; the caller's */
    const char *scenario;        /* for bug reports; the caller's */
    const atomic_int *interrupt; /* not NULL and not 0: stop within some 65 536 events */
    size_t capacity_hint;        /* pending events to make room for */
    bool random_phases;          /* periodic work starts at a random phase, */
    sim_dur phase_ns;            /* or, if false, at this one: phase_rule.h */
};
/* Copies the options; `probes` stays the caller's and may be NULL (then nothing may be probed). */
struct sim *sim_create(const struct sim_options *options, struct probes *probes);
void sim_free(struct sim *sim);

/* `kind` and `instance` must outlive the sim; `self` is handed to the handlers. */
kind_id sim_kind_add(struct sim *sim, const struct event_kind *kind, const char *instance,
                     void *self);
timer_id sim_timer_add(struct sim *sim, sim_dur length, kind_id kind);
/*
 * The rows behind a kind's entities: base of an array and the size of a row, so that the rows of
 * the events of the next window can be fetched early. Call again whenever the array moves.
 * Optional.
 */
void sim_kind_rows(struct sim *sim, kind_id kind, const void *base, size_t row_bytes);
/*
 * What else a handler will need, such as the session that a request's row names: `fetch` is called
 * when the window of its event opens, and may read the event's own row, which has mostly arrived or
 * was written a moment ago, and call mem_prefetch(). It changes nothing, as the event may yet be
 * cancelled and the entity reused. Not called for an event that is pushed into an open window.
 * Optional.
 */
void sim_kind_prefetch(struct sim *sim, kind_id kind,
                       void (*fetch)(const void *self, uint32_t entity));
/* The stream of this run's seed and replication: see rng_stream_named(). */
struct rng_stream sim_stream(const struct sim *sim, const char *instance, const char *purpose);
struct probes *sim_probe_set(struct sim *sim); /* for probe_*_open() and probe_value() */

/* --- running --------------------------------------------------------------------------------- */

struct sim_outcome {
    uint64_t event_count; /* fired, all phases */
    uint64_t digest;      /* of the events; probes_digest() is added by the caller at the end */
    sim_time ended;       /* = options.end unless stopped or interrupted */
    bool interrupted;
};
struct sim_outcome sim_run(struct sim *sim);
uint64_t sim_seed(const struct sim *sim);
sim_time sim_end(const struct sim *sim);

#include "sim_internal.h"

#endif
