// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "eventq_internal.h"
#include "mem.h"
#include "rng_stream.h"

#include <stdlib.h>

/* The ladder under test, and the plain heap as reference. */
struct pair {
    struct eventq *ladder, *heap;
    struct rng_stream stream;
    uint64_t drawn;
    sim_time now;
};

static struct pair pair_create(const char *purpose)
{
    return (struct pair){
        .ladder = eventq_create(EVENTQ_LADDER, 0),
        .heap = eventq_create(EVENTQ_HEAP, 100),
        .stream = rng_stream_named(1, 0, "eventq_test", purpose),
    };
}

static void pair_free(struct pair *pair)
{
    eventq_free(pair->ladder);
    eventq_free(pair->heap);
}

static uint64_t draw(struct pair *pair)
{
    return rng_block_at(&pair->stream, 0, pair->drawn++).word[0];
}

static void pair_push(struct pair *pair, sim_time time, uint64_t key)
{
    struct event event = {time, key};

    eventq_push(pair->ladder, event);
    eventq_push(pair->heap, event);
}

/* Both pop the same event; false if both are empty. */
static bool pair_pop(struct pair *pair)
{
    struct event a = {0, 0}, b = {0, 0};
    bool any = eventq_pop(pair->ladder, &a);

    assert_int_equal(any, eventq_pop(pair->heap, &b));
    assert_int_equal(a.time, b.time);
    assert_int_equal(a.key, b.key);
    assert_int_equal(eventq_count(pair->ladder), eventq_count(pair->heap));
    if (any)
        pair->now = a.time;
    return any;
}

static void pair_drain(struct pair *pair)
{
    while (pair_pop(pair))
        continue;
}

static void pops_in_order_of_time_then_key(void **state)
{
    const struct event pushed[] = {{5, 1}, {3, 9}, {5, 0}, {0, 7}, {3, 2}};
    const struct event expected[] = {{0, 7}, {3, 2}, {3, 9}, {5, 0}, {5, 1}};

    (void)state;
    for (enum eventq_kind kind = EVENTQ_LADDER; kind <= EVENTQ_HEAP; kind++) {
        struct eventq *queue = eventq_create(kind, 0);
        struct event event;

        for (size_t i = 0; i < 5; i++)
            eventq_push(queue, pushed[i]);
        for (size_t i = 0; i < 5; i++) {
            assert_true(eventq_peek(queue, &event));
            assert_int_equal(event.key, expected[i].key);
            assert_true(eventq_pop(queue, &event));
            assert_int_equal(event.time, expected[i].time);
            assert_int_equal(event.key, expected[i].key);
        }
        assert_false(eventq_peek(queue, &event));
        assert_false(eventq_pop(queue, &event));
        eventq_free(queue);
    }
}

/*
 * Distance of a push: now, in the open window, near, far, and over all magnitudes of time.
 */
static sim_dur random_wait(struct pair *pair, int spread)
{
    uint64_t word = draw(pair);

    switch (spread) {
    case 0:
        return (sim_dur)(word % 3);
    case 1:
        return (sim_dur)(word % 1000000);
    case 2:
        return (sim_dur)(word % 10) == 0 ? 1800 * SIM_S : (sim_dur)(word % (20 * SIM_MS));
    default:
        return (sim_dur)(word >> (16 + word % 47));
    }
}

/* Rounds of growth and shrinking with every spread, and bursts of pushes at the current time. */
static void ladder_pops_as_the_heap_does(void **state)
{
    (void)state;
    for (int spread = 0; spread < 4; spread++) {
        struct pair pair = pair_create("random");

        for (int round = 0; round < 60; round++) {
            size_t pushes = draw(&pair) % 3000, pops = draw(&pair) % 3000;

            for (size_t i = 0; i < pushes; i++)
                pair_push(&pair, pair.now + random_wait(&pair, spread), draw(&pair) % 50);
            for (size_t i = 0; i < pops; i++)
                if (pair_pop(&pair) && draw(&pair) % 4 == 0)
                    pair_push(&pair, pair.now + random_wait(&pair, spread), draw(&pair));
        }
        pair_drain(&pair);
        pair_free(&pair);
    }
}

static void a_burst_at_one_instant_comes_in_order_of_key(void **state)
{
    struct pair pair = pair_create("burst");

    (void)state;
    pair_push(&pair, 7 * SIM_S, 0);
    for (int i = 0; i < 50000; i++)
        pair_push(&pair, 9 * SIM_S, draw(&pair));
    assert_true(pair_pop(&pair));
    /* Thousands more at that time, while it is being popped. */
    for (int i = 0; i < 60000; i++) {
        assert_true(pair_pop(&pair));
        pair_push(&pair, pair.now + (i % 3 == 0 ? 1 : 0), draw(&pair));
        if (i % 2 == 0)
            assert_true(pair_pop(&pair));
    }
    pair_drain(&pair);
    pair_free(&pair);
}

/*
 * The worst case of the ladder, at random: bursts of simultaneous events pushed into an open
 * window, at its first and last times, now, just after now, and between its events, while the set
 * grows and shrinks between empty, a few (the small set) and about ten thousand events.
 */
static void bursts_into_an_open_window_come_out_as_of_the_heap(void **state)
{
    struct pair pair = pair_create("bursts");
    size_t largest = 0;

    (void)state;
    for (int round = 0; round < 400; round++) {
        const struct eventq *ladder = pair.ladder;
        uint64_t spread = UINT64_C(1) << draw(&pair) % 44;
        size_t burst = draw(&pair) % 4 == 0 ? draw(&pair) % 5000 : draw(&pair) % 40;
        size_t pops = draw(&pair) % 3 == 0 ? draw(&pair) % 9000 : draw(&pair) % 60;
        sim_time at[5];

        for (size_t i = draw(&pair) % 200; i > 0; i--)
            pair_push(&pair, pair.now + (sim_dur)(draw(&pair) % spread), draw(&pair) % 99);
        if (draw(&pair) % 2 == 0)
            pair_pop(&pair);
        at[0] = pair.now;
        at[1] = pair.now + 1;
        at[2] = ladder->window_last > pair.now && ladder->window_last < SIM_NEVER
                    ? ladder->window_last
                    : pair.now + 2;
        at[3] = at[2] + 1;
        at[4] = pair.now + (at[2] - pair.now) / 2;
        for (size_t i = 0; i < burst; i++) {
            pair_push(&pair, at[(size_t)round % 5], draw(&pair));
            if (i % 97 == 96)
                pair_pop(&pair);
        }
        largest = eventq_count(ladder) > largest ? eventq_count(ladder) : largest;
        for (size_t i = 0; i < pops; i++)
            pair_pop(&pair);
    }
    assert_true(largest > 5000);
    pair_drain(&pair);
    pair_free(&pair);
}

/* Few events are one sorted array; many of them go to buckets and, when they are few again, back.
 */
static void a_small_set_is_the_front_alone(void **state)
{
    struct pair pair = pair_create("small");

    (void)state;
    for (int times = 0; times < 3; times++) {
        for (int i = 0; i < 10; i++)
            pair_push(&pair, pair.now + random_wait(&pair, 3), draw(&pair));
        for (int i = 0; i < 1000; i++) {
            pair_pop(&pair);
            pair_push(&pair, pair.now + random_wait(&pair, i % 4), draw(&pair));
        }
        assert_int_equal(pair.ladder->window_last, SIM_NEVER);
        assert_int_equal(pair.ladder->levels, 0);
        for (int i = 0; i < 20000; i++)
            pair_push(&pair, pair.now + random_wait(&pair, 1), draw(&pair));
        assert_true(pair.ladder->levels != 0);
        pair_drain(&pair);
    }
    pair_free(&pair);
}

/* A single far event opens a window of seconds; events then pushed into it must not stay in the
 * heap. */
static void a_wide_window_that_fills_goes_back_to_buckets(void **state)
{
    struct pair pair = pair_create("spill");

    (void)state;
    pair_push(&pair, 5 * SIM_S, 1);
    assert_true(pair_pop(&pair));
    for (int i = 0; i < 200000; i++)
        pair_push(&pair, pair.now + (sim_dur)(draw(&pair) % (uint64_t)SIM_S), draw(&pair));
    assert_true(pair.ladder->near_count < 2048);
    pair_drain(&pair);
    pair_free(&pair);
}

/* After a peek at a far event, pushes before it are still allowed: only pops advance time. */
static void a_peek_fixes_nothing(void **state)
{
    struct pair pair = pair_create("peek");
    struct event event;

    (void)state;
    pair_push(&pair, 10 * SIM_S, 1);
    pair_pop(&pair);
    pair_push(&pair, 900 * SIM_S, 2);
    for (int i = 0; i < 5000; i++) {
        assert_true(eventq_peek(pair.ladder, &event));
        pair_push(&pair, pair.now + (sim_dur)(draw(&pair) % (800 * (uint64_t)SIM_S)), draw(&pair));
        if (i % 5 == 4)
            pair_pop(&pair);
    }
    pair_drain(&pair);
    pair_free(&pair);
}

/* As the run loop does: a limit on how far the queue may open buckets, and other sources of
 * time. */
static void a_bound_withholds_only_what_is_later(void **state)
{
    struct pair pair = pair_create("bound");
    size_t withheld = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        sim_time bound = pair.now + (sim_dur)(draw(&pair) % 1000000);
        const struct event *first = eventq_first(pair.ladder, bound);
        struct event right;

        if (first) {
            assert_true(eventq_peek(pair.heap, &right));
            assert_int_equal(first->time, right.time);
            assert_int_equal(first->key, right.key);
        } else {
            withheld++;
            assert_true(!eventq_peek(pair.heap, &right) || right.time > bound);
        }
        if (first && first->time <= bound)
            pair_pop(&pair);
        else
            pair.now = bound;
        for (uint64_t n = draw(&pair) % 2 + (i % 3 == 0); n > 0; n--)
            pair_push(&pair, pair.now + random_wait(&pair, (int)(draw(&pair) % 3)), draw(&pair));
    }
    assert_true(withheld > 50);
    pair_drain(&pair);
    pair_free(&pair);
}

static bool key_is_odd(void *self, struct event event)
{
    (*(size_t *)self)++;
    return event.key % 2 == 1;
}

static void a_sweep_drops_the_dead_and_only_them(void **state)
{
    struct pair pair = pair_create("sweep");
    size_t asked_ladder = 0, asked_heap = 0;
    struct event event;

    (void)state;
    for (int i = 0; i < 20000; i++)
        pair_push(&pair, random_wait(&pair, 3), draw(&pair));
    for (int i = 0; i < 100; i++) {
        pair_pop(&pair);
        for (int j = 0; j < 101; j++)
            pair_push(&pair, pair.now + random_wait(&pair, 1), draw(&pair));
    }
    assert_true(pair.ladder->inbox_count > 0);
    assert_int_equal(eventq_sweep(pair.ladder, key_is_odd, &asked_ladder),
                     eventq_sweep(pair.heap, key_is_odd, &asked_heap));
    assert_int_equal(asked_ladder, asked_heap);
    while (eventq_peek(pair.ladder, &event)) {
        assert_int_equal(event.key % 2, 0);
        pair_pop(&pair);
    }
    assert_false(pair_pop(&pair));
    assert_int_equal(eventq_sweep(pair.ladder, key_is_odd, &asked_ladder), 0);
    pair_free(&pair);
}

/* Sweeps at random, some right after pushes that may be the next event. */
static void a_run_goes_on_after_each_sweep(void **state)
{
    struct pair pair = pair_create("sweeps");
    size_t asked_ladder = 0, asked_heap = 0, with_inbox = 0;

    (void)state;
    for (int i = 0; i < 3000; i++)
        pair_push(&pair, random_wait(&pair, 1), 2 * draw(&pair));
    for (int i = 0; i < 20000; i++) {
        pair_pop(&pair);
        for (int j = (int)(draw(&pair) % 3); j > 0; j--)
            pair_push(&pair, pair.now + random_wait(&pair, (int)(draw(&pair) % 2)), draw(&pair));
        if (draw(&pair) % 50 == 0) {
            with_inbox += pair.ladder->inbox_count > 0;
            assert_int_equal(eventq_sweep(pair.ladder, key_is_odd, &asked_ladder),
                             eventq_sweep(pair.heap, key_is_odd, &asked_heap));
        }
    }
    assert_true(with_inbox > 100);
    pair_drain(&pair);
    pair_free(&pair);
}

/* After the window come the events of the buckets that eventq_coming() names, all of them and no
 * others. */
static void what_is_coming_follows_the_window(void **state)
{
    struct pair pair = pair_create("coming");
    const struct event_bucket *bucket;
    struct eventq *ladder = pair.ladder;
    size_t in_window, coming = 0;
    uint64_t keys = 0;
    sim_time until;
    struct event event;

    (void)state;
    for (int i = 0; i < 3000; i++)
        pair_push(&pair, random_wait(&pair, 1), draw(&pair));
    do { /* the first windows, of the lowest digit, have no neighbours */
        ladder->is_fresh = false;
        pair_pop(&pair);
    } while (!ladder->is_fresh || ladder->window_level == 0);
    assert_int_equal(ladder->near_count, 0);
    in_window = (size_t)(ladder->end - ladder->first);
    until = ladder->window_last;
    while ((bucket = eventq_coming(ladder, &until)) != NULL) {
        uint32_t used = bucket_newest_used(bucket);

        coming += bucket->count;
        for (const struct event_chunk *chunk = bucket->newest; chunk; chunk = chunk->older) {
            for (uint32_t i = 0; i < used; i++) {
                assert_true(chunk->events[i].time <= until);
                keys += chunk->events[i].key;
            }
            used = CHUNK_EVENTS;
        }
    }
    assert_true(coming > 0);
    for (size_t i = 0; i < in_window; i++)
        pair_pop(&pair);
    for (size_t i = 0; i < coming; i++) {
        assert_true(eventq_peek(ladder, &event));
        keys -= event.key;
        pair_pop(&pair);
    }
    assert_int_equal(keys, 0);
    pair_free(&pair);
}

static void the_latest_instants_are_in_order_too(void **state)
{
    struct pair pair = pair_create("latest");

    (void)state;
    for (int i = 0; i < 300; i++)
        pair_push(&pair, INT64_MAX - (sim_dur)(draw(&pair) % 100), draw(&pair));
    pair_push(&pair, 0, 0);
    pair_drain(&pair);
    pair_free(&pair);
}

/* Memory of two million events; later ones need no more. */
static void two_million_events_fit_in_48_megabytes(void **state)
{
    struct pair pair = pair_create("memory");
    struct eventq *queue = pair.ladder;
    struct event event;

    (void)state;
    for (int i = 0; i < 2000000; i++)
        eventq_push(queue, (struct event){(sim_time)(draw(&pair) % (60 * (uint64_t)SIM_S)), 0});
    assert_true(eventq_bytes(queue) < 48000000);
    for (int i = 0; i < 2000000; i++) {
        assert_true(eventq_pop(queue, &event));
        eventq_push(
            queue, (struct event){event.time + (sim_dur)(draw(&pair) % (60 * (uint64_t)SIM_S)), 0});
    }
    assert_true(eventq_bytes(queue) < 48000000);
    while (eventq_count(queue) > 1000)
        eventq_pop(queue, &event);
    while (eventq_count(queue) < 2000000)
        eventq_push(
            queue, (struct event){event.time + (sim_dur)(draw(&pair) % (60 * (uint64_t)SIM_S)), 0});
    assert_true(eventq_bytes(queue) < 48000000);
    pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pops_in_order_of_time_then_key),
        cmocka_unit_test(ladder_pops_as_the_heap_does),
        cmocka_unit_test(a_burst_at_one_instant_comes_in_order_of_key),
        cmocka_unit_test(bursts_into_an_open_window_come_out_as_of_the_heap),
        cmocka_unit_test(a_small_set_is_the_front_alone),
        cmocka_unit_test(a_wide_window_that_fills_goes_back_to_buckets),
        cmocka_unit_test(a_peek_fixes_nothing),
        cmocka_unit_test(a_bound_withholds_only_what_is_later),
        cmocka_unit_test(a_sweep_drops_the_dead_and_only_them),
        cmocka_unit_test(a_run_goes_on_after_each_sweep),
        cmocka_unit_test(what_is_coming_follows_the_window),
        cmocka_unit_test(the_latest_instants_are_in_order_too),
        cmocka_unit_test(two_million_events_fit_in_48_megabytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
