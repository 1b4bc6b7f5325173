// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "mem.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

/* --- a recorder: what fired, in order -------------------------------------------------------- */

#define FIRED_MAX 64

struct recorder {
    struct fired {
        char kind;
        sim_time now;
        uint32_t entity, generation;
    } fired[FIRED_MAX];
    size_t count;
    uint32_t dead_entity; /* the only one that is dead */
};

static void record(struct recorder *recorder, char kind, struct sim *sim, uint32_t entity,
                   uint32_t generation)
{
    if (recorder->count < FIRED_MAX)
        recorder->fired[recorder->count] = (struct fired){kind, sim_now(sim), entity, generation};
    recorder->count++;
}

static void fire_a(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    record(self, 'a', sim, entity, generation);
}
static void fire_b(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    record(self, 'b', sim, entity, generation);
}
static void fire_fault(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    record(self, 'f', sim, entity, generation);
}
static void fire_observer(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    record(self, 'o', sim, entity, generation);
}
static void fire_stop(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    record(self, 's', sim, entity, generation);
    sim_stop(sim);
}
static bool not_the_dead_one(const void *self, uint32_t entity, uint32_t generation)
{
    const struct recorder *recorder = self;

    (void)generation;
    return entity != recorder->dead_entity;
}

static const struct event_kind kind_a = {.name = "a", .phase = PHASE_WORK, .fire = fire_a};
static const struct event_kind kind_b = {.name = "b", .phase = PHASE_WORK, .fire = fire_b};
static const struct event_kind kind_mortal = {
    .name = "mortal", .phase = PHASE_WORK, .fire = fire_a, .live = not_the_dead_one};
static void fire_if_alive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    if (not_the_dead_one(self, entity, generation))
        record(self, 'a', sim, entity, generation);
    else
        sim_drop(sim);
}
static const struct event_kind kind_asking = {.name = "mortal",
                                              .phase = PHASE_WORK,
                                              .fire = fire_if_alive,
                                              .live = not_the_dead_one,
                                              .fire_asks = true};
static const struct event_kind kind_fault = {
    .name = "fault", .phase = PHASE_FAULT, .fire = fire_fault};
static const struct event_kind kind_observer = {
    .name = "observe", .phase = PHASE_OBSERVE, .fire = fire_observer};
static const struct event_kind kind_stop = {.name = "stop", .phase = PHASE_WORK, .fire = fire_stop};

static struct sim *sim_to(sim_time end)
{
    struct sim_options options = {.seed = 1, .end = end};

    return sim_create(&options, NULL);
}

static void assert_fired(const struct recorder *recorder, size_t i, char kind, sim_time now,
                         uint32_t entity, uint32_t generation)
{
    assert_true(i < recorder->count);
    assert_int_equal(recorder->fired[i].kind, kind);
    assert_int_equal(recorder->fired[i].now, now);
    assert_int_equal(recorder->fired[i].entity, entity);
    assert_int_equal(recorder->fired[i].generation, generation);
}

/* --- order ----------------------------------------------------------------------------------- */

static void one_instant_fires_by_phase_kind_entity_generation(void **state)
{
    struct recorder recorder = {.dead_entity = UINT32_MAX};
    struct sim *sim = sim_to(100);
    kind_id observer = sim_kind_add(sim, &kind_observer, "m", &recorder);
    kind_id a = sim_kind_add(sim, &kind_a, "m", &recorder);
    kind_id b = sim_kind_add(sim, &kind_b, "m", &recorder);
    kind_id fault = sim_kind_add(sim, &kind_fault, "m", &recorder);

    (void)state;
    sim_at(sim, 10, observer, 0, 0);
    sim_at(sim, 10, b, 0, 0);
    sim_at(sim, 10, a, UINT32_MAX, 0);
    sim_at(sim, 10, a, 2, SIM_GENERATION_MASK);
    sim_at(sim, 10, a, 2, 1);
    sim_at(sim, 10, fault, 9, 0);
    sim_at(sim, 9, observer, 0, 0);
    assert_int_equal(sim_run(sim).event_count, 7);
    assert_fired(&recorder, 0, 'o', 9, 0, 0);
    assert_fired(&recorder, 1, 'f', 10, 9, 0);
    assert_fired(&recorder, 2, 'a', 10, 2, 1);
    assert_fired(&recorder, 3, 'a', 10, 2, SIM_GENERATION_MASK);
    assert_fired(&recorder, 4, 'a', 10, UINT32_MAX, 0);
    assert_fired(&recorder, 5, 'b', 10, 0, 0);
    assert_fired(&recorder, 6, 'o', 10, 0, 0);
    sim_free(sim);
}

static void timers_keep_the_same_order_among_events(void **state)
{
    struct recorder recorder = {.dead_entity = UINT32_MAX};
    struct sim *sim = sim_to(1000);
    kind_id a = sim_kind_add(sim, &kind_a, "m", &recorder);
    kind_id b = sim_kind_add(sim, &kind_b, "m", &recorder);
    timer_id ten = sim_timer_add(sim, 10, a), also_ten = sim_timer_add(sim, 10, b);
    timer_id never = sim_timer_add(sim, 5000, b);

    (void)state;
    sim_timer_set(sim, also_ten, 1, 0);
    for (uint32_t entity = 50; entity-- > 0;) /* set backwards: more than a ring shifts */
        sim_timer_set(sim, ten, entity, 0);
    sim_timer_set(sim, never, 1, 0);
    sim_at(sim, 10, a, 25, 7);
    sim_at(sim, 10, b, 0, 0);
    assert_int_equal(sim_run(sim).event_count, 53);
    for (uint32_t i = 0; i < 53; i++)
        if (i < 26)
            assert_fired(&recorder, i, 'a', 10, i, 0);
        else if (i == 26)
            assert_fired(&recorder, i, 'a', 10, 25, 7);
        else if (i < 51)
            assert_fired(&recorder, i, 'a', 10, i - 1, 0);
        else
            assert_fired(&recorder, i, 'b', 10, i - 51, 0);
    sim_free(sim);
}

/* --- ends ------------------------------------------------------------------------------------ */

static void the_run_ends_at_its_end_and_not_at_its_last_event(void **state)
{
    struct recorder recorder = {.dead_entity = UINT32_MAX};
    struct sim *sim = sim_to(100);
    kind_id a = sim_kind_add(sim, &kind_a, "m", &recorder);
    struct sim_outcome outcome;

    (void)state;
    sim_at(sim, 30, a, 1, 0);
    sim_at(sim, 100, a, 2, 0);
    sim_at(sim, 101, a, 3, 0);
    sim_at(sim, SIM_NEVER, a, 4, 0);
    sim_after(sim, SIM_NEVER, a, 5, 0);
    outcome = sim_run(sim);
    assert_int_equal(outcome.event_count, 2);
    assert_int_equal(outcome.ended, 100);
    assert_int_equal(sim_now(sim), 100);
    assert_false(outcome.interrupted);
    sim_free(sim);
}

static void stop_ends_it_after_the_present_event(void **state)
{
    struct recorder recorder = {.dead_entity = UINT32_MAX};
    struct sim *sim = sim_to(100);
    kind_id a = sim_kind_add(sim, &kind_a, "m", &recorder);
    kind_id stop = sim_kind_add(sim, &kind_stop, "m", &recorder);
    struct sim_outcome outcome;

    (void)state;
    sim_at(sim, 30, a, 1, 0);
    sim_at(sim, 40, stop, 2, 0);
    sim_at(sim, 40, stop, 3, 0);
    outcome = sim_run(sim);
    assert_int_equal(outcome.event_count, 2);
    assert_int_equal(outcome.ended, 40);
    sim_free(sim);
}

struct interrupter {
    kind_id kind;
    atomic_int flag;
};

static void fire_interrupter(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct interrupter *interrupter = self;

    interrupter->flag = 1;
    sim_after(sim, 1, interrupter->kind, entity, generation);
}

static void an_interrupt_is_heeded_within_65536_events(void **state)
{
    static const struct event_kind kind = {
        .name = "tick", .phase = PHASE_WORK, .fire = fire_interrupter};
    struct interrupter interrupter = {0, 0};
    struct sim_options options = {.end = 10000000, .interrupt = &interrupter.flag};
    struct sim *sim = sim_create(&options, NULL);
    struct sim_outcome outcome;

    (void)state;
    interrupter.kind = sim_kind_add(sim, &kind, "m", &interrupter);
    sim_at(sim, 1, interrupter.kind, 0, 0);
    outcome = sim_run(sim);
    assert_true(outcome.interrupted);
    assert_int_equal(outcome.event_count, 65536);
    assert_int_equal(outcome.ended, 65536);
    sim_free(sim);
}

/* --- the dead -------------------------------------------------------------------------------- */

/* With `live` checked by the loop or by the handler. */
static void the_dead_leave_no_trace(void **state)
{
    struct sim_outcome first = {0};

    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        struct recorder recorder = {.dead_entity = 7};
        struct sim *sim = sim_to(100);
        kind_id mortal =
            sim_kind_add(sim, variant & 2 ? &kind_asking : &kind_mortal, "m", &recorder);
        timer_id timer = sim_timer_add(sim, 20, mortal);
        struct sim_outcome outcome;

        sim_at(sim, 10, mortal, 1, 0);
        sim_timer_set(sim, timer, 2, 0);
        if (variant & 1) {
            sim_at(sim, 10, mortal, 7, 0);
            sim_timer_set(sim, timer, 7, 0);
            sim_at(sim, 99, mortal, 7, 0);
        }
        outcome = sim_run(sim);
        if (variant == 0)
            first = outcome;
        assert_int_equal(outcome.digest, first.digest);
        assert_int_equal(outcome.event_count, 2);
        assert_int_equal(recorder.count, 2);
        assert_int_equal(outcome.ended, 100);
        sim_free(sim);
    }
}

/* One entity renews a long timeout at every step: dead timeouts must not accumulate in queue or
 * ring. */
struct renewer {
    kind_id step, timeout;
    timer_id timer;
    uint32_t generation;
    size_t pending_max, fired;
    bool in_ring;
};

static void fire_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct renewer *renewer = self;
    size_t pending;

    (void)generation;
    renewer->generation = (renewer->generation + 1) & SIM_GENERATION_MASK;
    if (renewer->in_ring) {
        sim_timer_cancelled(sim, renewer->timer);
        sim_timer_set(sim, renewer->timer, entity, renewer->generation);
    } else {
        sim_cancelled(sim);
        sim_after(sim, 1800 * SIM_S, renewer->timeout, entity, renewer->generation);
    }
    sim_after(sim, SIM_MS, renewer->step, entity, 0);
    pending = eventq_count(sim->queue) + sim->rings[renewer->timer].count;
    if (pending > renewer->pending_max)
        renewer->pending_max = pending;
}

static void fire_timeout(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct renewer *renewer = self;

    (void)sim;
    (void)entity;
    (void)generation;
    renewer->fired++;
}

static bool is_latest(const void *self, uint32_t entity, uint32_t generation)
{
    const struct renewer *renewer = self;

    (void)entity;
    return generation == renewer->generation;
}

static void cancelled_timeouts_do_not_pile_up(void **state)
{
    static const struct event_kind step = {.name = "step", .phase = PHASE_WORK, .fire = fire_step};
    static const struct event_kind timeout = {
        .name = "timeout", .phase = PHASE_WORK, .fire = fire_timeout, .live = is_latest};

    (void)state;
    for (int in_ring = 0; in_ring < 2; in_ring++) {
        struct renewer renewer = {.in_ring = in_ring};
        struct sim *sim = sim_to(1000 * SIM_S);

        renewer.step = sim_kind_add(sim, &step, "m", &renewer);
        renewer.timeout = sim_kind_add(sim, &timeout, "m", &renewer);
        renewer.timer = sim_timer_add(sim, 900 * SIM_S, renewer.timeout);
        sim_at(sim, 0, renewer.step, 0, 0);
        sim_run(sim);
        assert_true(renewer.pending_max < 3000);
        assert_int_equal(renewer.fired, 0);
        sim_free(sim);
    }
}

/* --- the same run with any data structure ---------------------------------------------------- */

/*
 * Sessions that wait, send a request with a timeout, and sometimes all wake at a full second. Most
 * timeouts are cancelled. `in_ring` and `queue` select where events wait; neither may affect the
 * run.
 */
#define SESSIONS 500

struct sessions {
    kind_id think, answer, timeout;
    timer_id timer;
    bool in_ring, observed, fire_asks;
    struct rng_stream stream;
    uint32_t generation[SESSIONS];
    uint64_t draws[SESSIONS];
    uint64_t timeouts, answers;
};

static sim_dur session_wait(struct sessions *sessions, uint32_t entity, uint64_t mean)
{
    struct rng_block block = rng_block_at(&sessions->stream, entity, sessions->draws[entity]++);

    return (sim_dur)(block.word[0] % (2 * mean));
}

static void fire_think(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct sessions *sessions = self;
    uint32_t next = (sessions->generation[entity] + 1) & SIM_GENERATION_MASK;

    (void)generation;
    sessions->generation[entity] = next;
    sim_after(sim, session_wait(sessions, entity, 20 * SIM_MS), sessions->answer, entity, next);
    if (sessions->in_ring)
        sim_timer_set(sim, sessions->timer, entity, next);
    else
        sim_after(sim, 35 * SIM_MS, sessions->timeout, entity, next);
}

static void think_again(struct sessions *sessions, struct sim *sim, uint32_t entity)
{
    sim_dur wait = session_wait(sessions, entity, (uint64_t)SIM_S);

    sessions->generation[entity] = (sessions->generation[entity] + 1) & SIM_GENERATION_MASK;
    if (wait % 10 == 0) /* at the full second, as some jobs do */
        wait = SIM_S - sim_now(sim) % SIM_S;
    sim_after(sim, wait, sessions->think, entity, 0);
}

static bool session_waits(const void *self, uint32_t entity, uint32_t generation)
{
    return ((const struct sessions *)self)->generation[entity] == generation;
}

static void fire_answer(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct sessions *sessions = self;

    if (!session_waits(self, entity, generation)) {
        assert_true(sessions->fire_asks);
        sim_drop(sim);
        return;
    }
    sessions->answers++;
    if (sessions->in_ring)
        sim_timer_cancelled(sim, sessions->timer);
    else
        sim_cancelled(sim);
    think_again(sessions, sim, entity);
}

static void fire_session_timeout(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct sessions *sessions = self;

    (void)generation;
    sessions->timeouts++;
    sim_cancelled(sim);
    think_again(sessions, sim, entity);
}

static void fire_nothing(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self;
    sim_after(sim, 7 * SIM_MS, *(kind_id *)self, entity, generation);
}

static struct sim_outcome run_sessions(enum eventq_kind queue, bool in_ring, bool fire_asks,
                                       bool observed, struct trace *trace, uint64_t seed)
{
    static const struct event_kind think = {
        .name = "think", .phase = PHASE_WORK, .fire = fire_think};
    const struct event_kind answer = {.name = "answer",
                                      .phase = PHASE_WORK,
                                      .fire = fire_answer,
                                      .live = session_waits,
                                      .fire_asks = fire_asks};
    static const struct event_kind timeout = {.name = "timeout",
                                              .phase = PHASE_WORK,
                                              .fire = fire_session_timeout,
                                              .live = session_waits};
    static const struct event_kind observe = {
        .name = "observe", .phase = PHASE_OBSERVE, .fire = fire_nothing};
    struct sessions *sessions = mem_zalloc(1, sizeof *sessions);
    struct sim_options options = {.seed = seed, .end = 60 * SIM_S, .queue = queue, .trace = trace};
    struct sim *sim = sim_create(&options, NULL);
    struct sim_outcome outcome;
    kind_id observer = sim_kind_add(sim, &observe, "observer", &observer);

    sessions->think = sim_kind_add(sim, &think, "sessions", sessions);
    sessions->answer = sim_kind_add(sim, &answer, "sessions", sessions);
    sessions->timeout = sim_kind_add(sim, &timeout, "sessions", sessions);
    sessions->timer = sim_timer_add(sim, 35 * SIM_MS, sessions->timeout);
    sim_timer_add(sim, 77, sessions->timeout); /* an unused ring */
    sim_kind_rows(sim, sessions->answer, sessions->generation, sizeof sessions->generation[0]);
    sessions->stream = sim_stream(sim, "sessions", "waits");
    sessions->in_ring = in_ring;
    sessions->fire_asks = fire_asks;
    if (observed)
        sim_at(sim, 0, observer, 0, 0);
    for (uint32_t entity = 0; entity < SESSIONS; entity++)
        sim_at(sim, entity % 2 == 0 ? 0 : SIM_MS, sessions->think, entity, 0);
    outcome = sim_run(sim);
    assert_true(sessions->timeouts > 1000 && sessions->answers > 10000);
    sim_free(sim);
    free(sessions);
    return outcome;
}

static void the_digest_does_not_depend_on_where_events_wait_or_who_asks(void **state)
{
    struct sim_outcome expected = run_sessions(EVENTQ_HEAP, false, false, false, NULL, 1);

    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        struct sim_outcome outcome = run_sessions(variant % 2 ? EVENTQ_LADDER : EVENTQ_HEAP,
                                                  variant & 2, variant & 4, false, NULL, 1);

        assert_int_equal(outcome.digest, expected.digest);
        assert_int_equal(outcome.event_count, expected.event_count);
    }
}

static void observers_and_traces_do_not_move_the_digest(void **state)
{
    struct sim_outcome expected = run_sessions(EVENTQ_LADDER, true, true, false, NULL, 1);
    struct trace trace = {.out = tmpfile(), .to = SIM_NEVER, .line_limit = 1000};
    struct sim_outcome outcome = run_sessions(EVENTQ_LADDER, true, true, true, &trace, 1);

    (void)state;
    assert_int_equal(outcome.digest, expected.digest);
    assert_true(outcome.event_count > expected.event_count);
    assert_int_equal(trace.line_count, 1000);
    fclose(trace.out);
}

/* --- bursts ---------------------------------------------------------------------------------- */

#define BURST 3000

struct crowd {
    kind_id step, echo;
    timer_id ring;
    bool in_ring;
    uint64_t order; /* hash of entities and times in the order of firing */
};

static void crowd_note(struct crowd *crowd, const struct sim *sim, uint32_t entity, uint32_t what)
{
    crowd->order = rng_mix(crowd->order ^ (uint64_t)sim_now(sim) ^ ((uint64_t)entity << 32 | what));
}

/* All wake on a grid of 10 ms; some schedule others at the same time, or 1 ns later. */
static void fire_crowd_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct crowd *crowd = self;
    uint64_t word = rng_mix((uint64_t)entity << 20 | generation);

    crowd_note(crowd, sim, entity, generation);
    if (word % 3 == 0)
        sim_at(sim, sim_now(sim) + (sim_dur)(word >> 8) % 2, crowd->echo,
               (uint32_t)(word >> 32) % BURST, generation);
    if (crowd->in_ring && word % 5 == 0)
        sim_timer_set(sim, crowd->ring, entity, generation + 1);
    else
        sim_after(sim, 10 * SIM_MS, crowd->step, entity, generation + 1);
}

static void fire_echo(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct crowd *crowd = self;

    crowd_note(crowd, sim, entity, ~generation);
    if (rng_mix(entity ^ generation) % 4 == 0)
        sim_after(sim, 0, crowd->echo, entity / 2, generation + 1);
}

static uint64_t run_crowd(enum eventq_kind queue, bool in_ring, uint64_t *order)
{
    static const struct event_kind step = {
        .name = "step", .phase = PHASE_WORK, .fire = fire_crowd_step};
    static const struct event_kind echo = {.name = "echo", .phase = PHASE_WORK, .fire = fire_echo};
    struct sim_options options = {.seed = 1, .end = SIM_S, .queue = queue};
    struct sim *sim = sim_create(&options, NULL);
    struct crowd crowd = {.in_ring = in_ring};
    struct sim_outcome outcome;

    crowd.step = sim_kind_add(sim, &step, "crowd", &crowd);
    crowd.echo = sim_kind_add(sim, &echo, "crowd", &crowd);
    crowd.ring = sim_timer_add(sim, 10 * SIM_MS, crowd.step);
    for (uint32_t entity = 0; entity < BURST; entity++)
        sim_at(sim, 0, crowd.step, entity, 0);
    outcome = sim_run(sim);
    assert_true(outcome.event_count > 100 * BURST);
    sim_free(sim);
    *order = crowd.order;
    return outcome.digest;
}

static void bursts_at_one_instant_give_one_digest_wherever_they_wait(void **state)
{
    uint64_t expected_order, order;
    uint64_t expected = run_crowd(EVENTQ_HEAP, false, &expected_order);

    (void)state;
    for (int in_ring = 0; in_ring < 2; in_ring++)
        for (int queue = 0; queue < 2; queue++) {
            assert_int_equal(run_crowd((enum eventq_kind)queue, in_ring, &order), expected);
            assert_int_equal(order, expected_order);
        }
}

static void another_seed_is_another_run(void **state)
{
    (void)state;
    assert_int_not_equal(run_sessions(EVENTQ_LADDER, true, true, false, NULL, 1).digest,
                         run_sessions(EVENTQ_LADDER, true, true, false, NULL, 2).digest);
}

/* Each part of an event's content: time, kind, instance, entity, generation. */
static uint64_t digest_of_one(sim_time when, const struct event_kind *kind, const char *instance,
                              uint32_t entity, uint32_t generation)
{
    struct recorder recorder = {.dead_entity = UINT32_MAX};
    struct sim *sim = sim_to(100);
    kind_id id = sim_kind_add(sim, kind, instance, &recorder);
    uint64_t digest;

    sim_at(sim, when, id, entity, generation);
    digest = sim_run(sim).digest;
    sim_free(sim);
    return digest;
}

static void the_digest_takes_in_all_of_an_event(void **state)
{
    uint64_t digest = digest_of_one(5, &kind_a, "m", 3, 4);

    (void)state;
    assert_int_equal(digest_of_one(5, &kind_a, "m", 3, 4), digest);
    assert_int_not_equal(digest_of_one(6, &kind_a, "m", 3, 4), digest);
    assert_int_not_equal(digest_of_one(5, &kind_b, "m", 3, 4), digest);
    assert_int_not_equal(digest_of_one(5, &kind_a, "n", 3, 4), digest);
    assert_int_not_equal(digest_of_one(5, &kind_a, "m", 4, 4), digest);
    assert_int_not_equal(digest_of_one(5, &kind_a, "m", 3, 5), digest);
    assert_int_equal(digest_of_one(5, &kind_fault, "m", 3, 4),
                     digest_of_one(9, &kind_observer, "m", 1, 1));
}

/* --- many rings ------------------------------------------------------------------------------ */

/* Lengths 1..256, one timer each, set last to first: they fire first to last. */
static void all_rings_are_served_in_order(void **state)
{
    struct recorder recorder = {.dead_entity = UINT32_MAX};
    struct sim *sim = sim_to(1000);
    kind_id a = sim_kind_add(sim, &kind_a, "m", &recorder);
    timer_id timers[SIM_TIMERS_MAX];

    (void)state;
    for (uint32_t i = 0; i < SIM_TIMERS_MAX; i++)
        timers[i] = sim_timer_add(sim, i + 1, a);
    for (uint32_t i = SIM_TIMERS_MAX; i-- > 0;)
        for (uint32_t j = 0; j < 40; j++) /* more than a ring holds at first */
            sim_timer_set(sim, timers[i], j, 0);
    assert_int_equal(sim_run(sim).event_count, 40 * SIM_TIMERS_MAX);
    for (uint32_t i = 0; i < FIRED_MAX; i++)
        assert_fired(&recorder, i, 'a', i / 40 + 1, i % 40, 0);
    sim_free(sim);
}

/* --- probes ---------------------------------------------------------------------------------- */

static const struct metric ticks[] = {
    {.name = "ticks", .kind = METRIC_COUNT, .unit = UNIT_COUNT, .series = true}};

struct ticker {
    kind_id kind;
    probe_id probe;
};

static void fire_tick(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct ticker *ticker = self;

    probe_count(sim_probes(sim), ticker->probe);
    sim_after(sim, 5, ticker->kind, entity, generation);
}

/*
 * Ticks at 0, 5, ..., 100 in bins of 10: an event on an edge belongs to the bin that starts there.
 */
static void probes_are_cut_before_the_events_of_that_instant(void **state)
{
    static const struct event_kind kind = {.name = "tick", .phase = PHASE_FAULT, .fire = fire_tick};
    struct probe_plan plan = {.warmup = 50, .end = 100, .bin = 10, .region_count = 1};
    struct probes *probes = probes_create(&plan);
    struct sim_options options = {.end = 100};
    struct sim *sim = sim_create(&options, probes);
    struct ticker ticker;
    const struct statistics *statistics;

    (void)state;
    probes_declare(probes, ticks, 1);
    ticker.probe = probe_count_open(sim_probe_set(sim), "ticks", 0, NULL);
    ticker.kind = sim_kind_add(sim, &kind, "m", &ticker);
    sim_at(sim, 0, ticker.kind, 0, 0);
    sim_run(sim);
    statistics = probes_finish(probes, 100);
    for (size_t bin = 0; bin < 9; bin++)
        assert_close(statistics->series[0].values[bin], 2 / 10e-9, 1e-12);
    assert_close(statistics->series[0].values[9], 3 / 10e-9, 1e-12);
    assert_close(statistics->statistics[0].value, 11, 0); /* 50, 55, ..., 100 */
    sim_free(sim);
    probes_free(probes);
}

static void notes_are_written_in_the_traced_window_only(void **state)
{
    char *text = NULL;
    size_t size;
    struct trace trace = {.from = 0, .to = 5};
    struct sim_options options = {.end = 100, .trace = &trace};
    struct sim *sim;

    (void)state;
    trace.out = open_memstream(&text, &size);
    sim = sim_create(&options, NULL);
    assert_true(sim_tracing(sim));
    sim_note(sim, "store", "%d keys lost", 3);
    sim_run(sim);
    assert_false(sim_tracing(sim));
    sim_note(sim, "store", "unseen");
    fclose(trace.out);
    assert_string_equal(text, "0.000000000 store 3 keys lost\n");
    free(text);
    sim_free(sim);
}

/* --- fetching early -------------------------------------------------------------------------- */

#define FETCHED 5000

struct fetcher {
    uint32_t fired;
    uint32_t fetched;
    uint32_t too_late;
};

static void fire_fetched(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct fetcher *fetcher = self;

    (void)sim;
    (void)generation;
    assert_int_equal(entity, fetcher->fired);
    fetcher->fired++;
}

/* A model's `fetch` may only read and prefetch; this one counts calls, without effect on the
 * run. */
static struct fetcher *fetch_watch;
static void prefetch_early(const void *self, uint32_t entity)
{
    assert_ptr_equal(self, fetch_watch);
    fetch_watch->fetched++;
    fetch_watch->too_late += entity < fetch_watch->fired;
}

/* One event per ms; nearly all are prefetched before they fire. */
static void rows_are_fetched_before_their_events(void **state)
{
    static const struct event_kind kind = {
        .name = "fetched", .phase = PHASE_WORK, .fire = fire_fetched};
    struct sim_options options = {.seed = 1, .end = 60 * SIM_S};
    struct sim *sim = sim_create(&options, NULL);
    struct fetcher fetcher = {0};
    kind_id id = sim_kind_add(sim, &kind, "fetcher", &fetcher);

    (void)state;
    fetch_watch = &fetcher;
    sim_kind_prefetch(sim, id, prefetch_early);
    for (uint32_t entity = 0; entity < FETCHED; entity++)
        sim_at(sim, entity * SIM_MS, id, entity, 0);
    sim_run(sim);
    assert_int_equal(fetcher.fired, FETCHED);
    assert_int_equal(fetcher.too_late, 0);
    assert_true(fetcher.fetched > FETCHED / 2);
    sim_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_instant_fires_by_phase_kind_entity_generation),
        cmocka_unit_test(timers_keep_the_same_order_among_events),
        cmocka_unit_test(the_run_ends_at_its_end_and_not_at_its_last_event),
        cmocka_unit_test(stop_ends_it_after_the_present_event),
        cmocka_unit_test(an_interrupt_is_heeded_within_65536_events),
        cmocka_unit_test(the_dead_leave_no_trace),
        cmocka_unit_test(cancelled_timeouts_do_not_pile_up),
        cmocka_unit_test(the_digest_does_not_depend_on_where_events_wait_or_who_asks),
        cmocka_unit_test(observers_and_traces_do_not_move_the_digest),
        cmocka_unit_test(bursts_at_one_instant_give_one_digest_wherever_they_wait),
        cmocka_unit_test(another_seed_is_another_run),
        cmocka_unit_test(the_digest_takes_in_all_of_an_event),
        cmocka_unit_test(all_rings_are_served_in_order),
        cmocka_unit_test(probes_are_cut_before_the_events_of_that_instant),
        cmocka_unit_test(notes_are_written_in_the_traced_window_only),
        cmocka_unit_test(rows_are_fetched_before_their_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
