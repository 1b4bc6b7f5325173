// SPDX-License-Identifier: GPL-3.0-or-later
/* Current causes, and how events inherit them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim.h"

#include <string.h>

/*
 * A chain: step 0 sets the cause {7, 3}; each step schedules the next one in another way, and a
 * plain event at the same time, which inherits nothing.
 */
#define STEPS 6
struct chain {
    kind_id step, plain;
    timer_id timer;
    bool sets;                   /* step 0 sets a cause */
    struct cause at_step[STEPS]; /* current at the start of the step */
    struct cause at_plain[STEPS];
    uint32_t plain_count;
};

static void fire_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct chain *chain = self;

    (void)generation;
    chain->at_step[entity] = sim_cause(sim);
    if (entity == 0 && chain->sets)
        sim_set_cause(sim, (struct cause){7, 3});
    sim_after(sim, 0, chain->plain, entity, 0);
    if (entity == 0)
        sim_at(sim, sim_now(sim) + 10, chain->step, 1, 0);
    else if (entity == 1)
        sim_after(sim, 10, chain->step, 2, 0);
    else if (entity == 2)
        sim_after(sim, 0, chain->step, 3, 0);
    else if (entity == 3)
        sim_timer_set(sim, chain->timer, 4, 0);
    else if (entity == 4)
        sim_timer_set(sim, chain->timer, 5, 0);
    sim_after(sim, SIM_S, chain->step, 99, 0); /* past the end */
}

static void fire_plain(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct chain *chain = self;

    (void)generation;
    chain->at_plain[entity] = sim_cause(sim);
    chain->plain_count++;
}

static const struct event_kind step_kind = {
    .name = "step", .phase = PHASE_WORK, .fire = fire_step, .carries_cause = true};
static const struct event_kind plain_kind = {
    .name = "plain", .phase = PHASE_WORK, .fire = fire_plain};

static struct sim_outcome run_chain(struct chain *chain, bool sets)
{
    const struct sim_options options = {.seed = 1, .end = 1000};
    struct sim *sim = sim_create(&options, NULL);
    struct sim_outcome outcome;

    *chain = (struct chain){.sets = sets};
    chain->step = sim_kind_add(sim, &step_kind, "chain", chain);
    chain->plain = sim_kind_add(sim, &plain_kind, "chain", chain);
    chain->timer = sim_timer_add(sim, 20, chain->step);
    sim_at(sim, 5, chain->step, 0, 0);
    outcome = sim_run(sim);
    assert_int_equal(sim->causes.count, 0);
    sim_free(sim);
    return outcome;
}

static void events_inherit_the_cause_however_they_are_scheduled(void **state)
{
    struct chain chain;

    (void)state;
    run_chain(&chain, true);
    assert_int_equal(chain.plain_count, STEPS);
    for (int i = 0; i < STEPS; i++) {
        assert_int_equal(chain.at_step[i].number, i == 0 ? 0 : 7);
        assert_int_equal(chain.at_step[i].waited_for, i == 0 ? 0 : 3);
        assert_int_equal(chain.at_plain[i].number, 0);
    }
}

static void a_cause_changes_neither_order_nor_digest(void **state)
{
    struct chain with, without;
    struct sim_outcome a = run_chain(&with, true), b = run_chain(&without, false);

    (void)state;
    assert_true(a.digest == b.digest);
    assert_int_equal(a.event_count, b.event_count);
    assert_int_equal(without.at_step[1].number, 0);
}

/* A function called during another event restores the cause. */
static void fire_scopes(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct chain *chain = self;
    struct cause before;

    (void)entity;
    (void)generation;
    sim_set_cause(sim, (struct cause){1, 0});
    before = sim_set_cause(sim, (struct cause){2, 0});
    assert_int_equal(before.number, 1);
    sim_after(sim, 1, chain->step, 5, 0);
    sim_set_cause(sim, before);
    sim_after(sim, 2, chain->step, 5, 0);
    sim_set_cause(sim, (struct cause){0});
    sim_after(sim, 3, chain->step, 5, 0);
}

static void fire_expect(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    const uint32_t expected[] = {2, 1, 0};
    struct chain *chain = self;

    (void)entity;
    (void)generation;
    assert_int_equal(sim_cause(sim).number, expected[chain->plain_count++]);
}

static void a_cause_in_force_can_be_replaced_and_put_back(void **state)
{
    const struct event_kind scopes = {.name = "scopes", .phase = PHASE_FAULT, .fire = fire_scopes};
    const struct event_kind expect = {
        .name = "expect", .phase = PHASE_WORK, .fire = fire_expect, .carries_cause = true};
    const struct sim_options options = {.seed = 1, .end = 1000};
    struct chain chain = {0};
    struct sim *sim = sim_create(&options, NULL);

    (void)state;
    chain.step = sim_kind_add(sim, &expect, "chain", &chain);
    sim_at(sim, 5, sim_kind_add(sim, &scopes, "chain", &chain), 0, 0);
    sim_run(sim);
    assert_int_equal(chain.plain_count, 3);
    sim_free(sim);
}

/* --- events that are cancelled --------------------------------------------------------------- */

/* Every event arms a timeout of an hour and cancels the one before, under a cause. */
#define REARMED_MAX 100000
struct rearmed {
    kind_id step, timeout;
    uint32_t generation;
};

static void fire_rearm(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct rearmed *rearmed = self;

    (void)generation;
    sim_set_cause(sim, (struct cause){1, 0});
    if (rearmed->generation++ > 0)
        sim_cancelled(sim);
    sim_after(sim, 3600 * SIM_S, rearmed->timeout, 0, rearmed->generation);
    if (rearmed->generation == REARMED_MAX)
        sim_stop(sim);
    else
        sim_after(sim, 1000, rearmed->step, entity, 0);
}

static bool is_latest(const void *self, uint32_t entity, uint32_t generation)
{
    (void)entity;
    return generation == (((const struct rearmed *)self)->generation & SIM_GENERATION_MASK);
}

static void fire_never(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self;
    (void)sim;
    (void)entity;
    (void)generation;
    fail_msg("a timeout that was cancelled fired");
}

/* 100 000 timeouts of an hour in a tenth of a second, one of them alive at any time. */
static void causes_of_cancelled_events_do_not_pile_up(void **state)
{
    const struct event_kind step = {.name = "step", .phase = PHASE_WORK, .fire = fire_rearm};
    const struct event_kind timeout = {.name = "timeout",
                                       .phase = PHASE_WORK,
                                       .fire = fire_never,
                                       .live = is_latest,
                                       .carries_cause = true};
    const struct sim_options options = {.seed = 1, .end = 7200 * SIM_S};
    struct rearmed rearmed = {0};
    struct sim *sim = sim_create(&options, NULL);

    (void)state;
    rearmed.step = sim_kind_add(sim, &step, "rearmed", &rearmed);
    rearmed.timeout = sim_kind_add(sim, &timeout, "rearmed", &rearmed);
    sim_at(sim, 0, rearmed.step, 0, 0);
    sim_run(sim);
    assert_int_equal(rearmed.generation, REARMED_MAX);
    assert_int_equal(sim->causes.mask + 1, 64);
    sim_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_inherit_the_cause_however_they_are_scheduled),
        cmocka_unit_test(a_cause_changes_neither_order_nor_digest),
        cmocka_unit_test(a_cause_in_force_can_be_replaced_and_put_back),
        cmocka_unit_test(causes_of_cancelled_events_do_not_pile_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
