// SPDX-License-Identifier: GPL-3.0-or-later
/* The digest is a hash of the set of events: it changes with the set and not with the order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rng_stream.h"
#include "sim.h"

struct listed {
    sim_time time;
    uint32_t region, entity, generation;
};

static void fire_nothing(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self, (void)sim, (void)entity, (void)generation;
}

static const struct event_kind work = {.name = "work", .phase = PHASE_WORK, .fire = fire_nothing};
static const struct event_kind idle = {.name = "idle", .phase = PHASE_WORK, .fire = fire_nothing};
static const char *const regions[] = {"app/a", "app/b"};

/* Digest of a run with these events. first_region: the region whose kinds are registered first. */
static uint64_t digest_of(const struct listed *events, size_t count, uint32_t first_region,
                          bool with_idle)
{
    const struct sim_options options = {.seed = 1, .end = 1000};
    struct sim *sim = sim_create(&options, NULL);
    kind_id kinds[2];
    uint64_t digest;

    for (uint32_t i = 0; i < 2; i++) {
        uint32_t region = first_region ^ i;

        if (with_idle)
            sim_kind_add(sim, &idle, regions[region], NULL);
        kinds[region] = sim_kind_add(sim, &work, regions[region], NULL);
    }
    for (size_t i = 0; i < count; i++)
        sim_at(sim, events[i].time, kinds[events[i].region], events[i].entity,
               events[i].generation);
    digest = sim_run(sim).digest;
    sim_free(sim);
    return digest;
}

#define COUNT 200
static void make_events(struct listed *events)
{
    for (uint32_t i = 0; i < COUNT; i++) {
        uint64_t word = rng_mix(i);

        events[i] = (struct listed){(sim_time)(word % 500), (uint32_t)(word >> 20) % 2,
                                    (uint32_t)(word >> 24) % 100, (uint32_t)(word >> 40) % 100};
    }
}

/* Simultaneous events of two regions fire in another order, and the digest is the same. */
static void neither_order_nor_idle_kinds_move_the_digest(void **state)
{
    struct listed events[COUNT], reversed[COUNT];
    uint64_t digest;

    (void)state;
    make_events(events);
    for (size_t i = 0; i < COUNT; i++)
        reversed[i] = events[COUNT - 1 - i];
    digest = digest_of(events, COUNT, 0, false);
    assert_true(digest_of(events, COUNT, 1, false) == digest);
    assert_true(digest_of(reversed, COUNT, 0, false) == digest);
    assert_true(digest_of(events, COUNT, 0, true) == digest);
}

/* 200 events, each in turn: missing, doubled, or with one part changed. */
static void a_missing_doubled_or_changed_event_moves_the_digest(void **state)
{
    struct listed events[COUNT + 1];
    uint64_t digest;

    (void)state;
    make_events(events);
    digest = digest_of(events, COUNT, 0, false);
    for (size_t i = 0; i < COUNT; i++) {
        struct listed kept = events[i];

        events[COUNT] = kept;
        assert_true(digest_of(events, COUNT + 1, 0, false) != digest);
        events[i] = events[COUNT - 1];
        assert_true(digest_of(events, COUNT - 1, 0, false) != digest);
        events[i] = kept;
        events[i].time++;
        assert_true(digest_of(events, COUNT, 0, false) != digest);
        events[i] = kept;
        events[i].region ^= 1;
        assert_true(digest_of(events, COUNT, 0, false) != digest);
        events[i] = kept;
        events[i].entity++;
        assert_true(digest_of(events, COUNT, 0, false) != digest);
        events[i] = kept;
        events[i].generation++;
        assert_true(digest_of(events, COUNT, 0, false) != digest);
        events[i] = kept;
    }
}

/* Two changes do not cancel in a sum: events that exchange a part of their content. */
static void events_that_exchange_a_part_move_the_digest(void **state)
{
    const struct listed events[2] = {{10, 0, 1, 3}, {20, 0, 2, 4}};
    uint64_t digest = digest_of(events, 2, 0, false);

    (void)state;
    for (int part = 0; part < 4; part++) {
        struct listed changed[2] = {events[0], events[1]};

        if (part == 0 || part == 3) {
            changed[0].entity = 2;
            changed[1].entity = 1;
        }
        if (part == 1 || part == 3) {
            changed[0].generation = 4;
            changed[1].generation = 3;
        }
        if (part == 2) {
            changed[0].region = 1;
            changed[1].region = 1;
        }
        assert_true(digest_of(changed, 2, 0, false) != digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neither_order_nor_idle_kinds_move_the_digest),
        cmocka_unit_test(a_missing_doubled_or_changed_event_moves_the_digest),
        cmocka_unit_test(events_that_exchange_a_part_move_the_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
