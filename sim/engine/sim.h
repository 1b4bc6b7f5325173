// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One run: clock, pending events, timers, random streams, probes, digest. The engine's interface
 * for models.
 *
 * Invariants
 *  1. Time is in integer nanoseconds and never decreases.
 *  2. Simultaneous events fire in the order of their content (phase, kind, entity, generation),
 *     never in the order of scheduling. Events with equal content are interchangeable.
 *  3. The digest covers (time, name of kind and instance, entity, generation) of every WORK event,
 *     as a set: each kind has a sum over its events, independent of other events; and at the end
 *     all counters. Phases FAULT and OBSERVE are excluded: effects of a fault show in WORK events.
 *  4. A dead event (by its kind's `live`) is dropped without a trace: it is not counted and not in
 *     the digest; the clock moves only for its own handler, if the kind has `fire_asks`.
 *  5. A cause set by a handler is inherited by the events that it schedules afterwards, if their
 *     kind carries causes. Causes affect neither order nor digest.
 *  6. Runs share no state; a run belongs to one thread.
 *
 * The engine allocates no memory during the run, except to grow its queue.
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

/* Order of simultaneous events: faults first, then work, then observers. */
enum event_phase { PHASE_FAULT, PHASE_WORK, PHASE_OBSERVE, PHASES };

struct event_kind {
    const char *name; /* "arrive"; printed in traces after the instance's name */
    enum event_phase phase;
    void (*fire)(void *self, struct sim *sim, uint32_t entity, uint32_t generation);
    /* Whether the event is still valid. NULL: always. Must not change any state. */
    bool (*live)(const void *self, uint32_t entity, uint32_t generation);
    /* `fire` makes the check of `live` itself and calls only sim_drop() for a dead event, which
     * saves a call for frequent kinds. `live` must still exist and agree: it is used by sweeps and
     * traced runs. */
    bool fire_asks;
    /* An event of this kind inherits the cause that is set when it is scheduled, and sets it again
     * when it fires. For events that appear in the run log, such as steps of a failover, not for
     * each packet. */
    bool carries_cause;
};

/* A registered kind of one instance: dense, ordered by phase, then by order of registration. */
typedef uint16_t kind_id;
#define SIM_KINDS_MAX 4096 /* of all phases; of PHASE_WORK 3072 */
#define SIM_GENERATION_BITS 20
#define SIM_GENERATION_MASK ((UINT32_C(1) << SIM_GENERATION_BITS) - 1)

/*
 * Marks a handler executed for nearly every request: all calls are inlined, except calls through
 * pointers and functions excluded by inlining.h. Saves a tenth of all instructions
 * (models/speed.md).
 */
#define HOT_HANDLER HOT_CODE __attribute__((flatten))

/* --- scheduling: the hot path ---------------------------------------------------------------- */

static inline sim_time sim_now(const struct sim *sim);
static inline struct probes_hot *sim_probes(struct sim *sim);

/*
 * Fire `kind` at `when` (>= now, a bug otherwise; SIM_NEVER is ignored). entity: key of the model;
 * generation (low 20 bits): distinguishes a reused or re-armed entity from an old one. Events past
 * the end of the run are ignored. Cost: one push.
 */
static inline void sim_at(struct sim *sim, sim_time when, kind_id kind, uint32_t entity,
                          uint32_t generation);
static inline void sim_after(struct sim *sim, sim_dur wait, kind_id kind, uint32_t entity,
                             uint32_t generation);

/*
 * Report that one scheduled event has just become dead (its `live` now returns false). When dead
 * events outnumber the others the queue is swept, so that they do not accumulate. Amortised O(1).
 */
void sim_cancelled(struct sim *sim);

/*
 * Timers of one constant duration expire in the order they are set, so a ring outside the queue
 * holds them at almost no cost. At most SIM_TIMERS_MAX rings, one per duration. Cancel like any
 * event, by generation; dead timers are dropped at the head, and swept when they outnumber the
 * others (call sim_timer_cancelled()).
 */
typedef uint16_t timer_id;
#define SIM_TIMERS_MAX 256
static inline void sim_timer_set(struct sim *sim, timer_id timer, uint32_t entity,
                                 uint32_t generation);
void sim_timer_cancelled(struct sim *sim, timer_id timer);

/* For a handler of a kind with `fire_asks`: the event is dead; the handler must not have changed
 * any state. */
static inline void sim_drop(struct sim *sim);

/* End the run at the current time, after the calling event. */
void sim_stop(struct sim *sim);

/*
 * The current cause: passed to run_log_event() and inherited by scheduled events of kinds that
 * carry causes. At the start of an event it is the inherited one, else {0, 0}.
 *
 * sim_set_cause() applies to the rest of this event and returns the previous cause, so that a
 * function called during another model's event can restore it. There is no cost while no cause is
 * set; events scheduled with a cause take a function call and, if their kind carries causes, an
 * entry in a table.
 */
static inline struct cause sim_cause(const struct sim *sim);
struct cause sim_set_cause(struct sim *sim, struct cause cause);

/* Write a line to the trace, if there is one: `if (sim_tracing(sim)) sim_note(sim, "app",
 * "...")`. */
static inline bool sim_tracing(const struct sim *sim);
void sim_note(struct sim *sim, const char *instance, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- wiring: before the run ------------------------------------------------------------------ */

struct sim_options {
    uint64_t seed;
    uint32_t replication;
    sim_time end;
    enum eventq_kind queue;
    struct trace *trace;         /* NULL: none; owned by the caller */
    const char *scenario;        /* for bug reports; owned by the caller */
    const char *set_options;     /* the same; NULL: none. See struct bug_context */
    const atomic_int *interrupt; /* not NULL and set to nonzero: stop within about 65 536 events */
    size_t capacity_hint;        /* expected number of pending events */
    /* Called after each flush of the probes, at the edges of bins and windows; it may read probes
     * and run log, and must not change any state of the run. NULL: none. */
    void (*flushed)(void *self, sim_time now);
    void *flushed_self;
    bool random_phases; /* periodic work starts at a random phase, */
    sim_dur phase_ns;   /* or, if false, at this one: phase_rule.h */
};
/* Copies the options. `probes` is owned by the caller; NULL: no probes may be used. */
struct sim *sim_create(const struct sim_options *options, struct probes *probes);
void sim_free(struct sim *sim);

/* `kind` and `instance` must outlive the sim; `self` is passed to the handlers. */
kind_id sim_kind_add(struct sim *sim, const struct event_kind *kind, const char *instance,
                     void *self);
timer_id sim_timer_add(struct sim *sim, sim_dur length, kind_id kind);
/*
 * Declare the rows of a kind's entities (array and row size), so that rows of upcoming events can
 * be prefetched. Call again whenever the array is reallocated. Optional.
 */
void sim_kind_rows(struct sim *sim, kind_id kind, const void *base, size_t row_bytes);
/*
 * Prefetch more than the row, such as the session of a request: `fetch` is called when the window
 * of the event opens; it may read the event's own row, which is usually in the cache by then, and
 * call mem_prefetch(). It must not change any state, as the event may still be cancelled and the
 * entity reused. Not called for events pushed into an open window. Optional.
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
/* Whether the run is to end: for long loops before the first event, such as the initial sessions;
 * check it once in about 10 000 rounds. */
bool sim_interrupted(const struct sim *sim);
sim_time sim_end(const struct sim *sim);

#include "sim_internal.h"

#endif
