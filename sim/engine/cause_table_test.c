// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cause_table.h"
#include "rng_stream.h"

static struct event event_of(uint32_t i)
{
    return (struct event){(sim_time)(rng_mix(i) >> 2), rng_mix(~(uint64_t)i)};
}

/* Removed in an order unrelated to that of insertion, half of them while others are added. */
static void each_entry_is_found_once(void **state)
{
    enum { COUNT = 5000 };
    struct cause_table table = {0};

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        cause_table_add(&table, event_of(i), (struct cause){i + 1, i}, 0, NULL, NULL);
        if (i % 2 == 1) {
            struct cause cause = cause_table_take(&table, event_of(i / 2));

            assert_int_equal(cause.number, i / 2 + 1);
            assert_int_equal(cause.waited_for, i / 2);
        }
    }
    assert_int_equal(table.count, COUNT / 2);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t at = (i * 7919) % COUNT; /* 7919 is prime: visits all of them */

        assert_int_equal(cause_table_take(&table, event_of(at)).number,
                         at < COUNT / 2 ? 0 : at + 1);
    }
    assert_int_equal(table.count, 0);
    cause_table_release(&table);
}

static void events_alike_have_an_entry_each(void **state)
{
    struct cause_table table = {0};

    (void)state;
    cause_table_add(&table, event_of(1), (struct cause){4, 0}, 0, NULL, NULL);
    cause_table_add(&table, event_of(1), (struct cause){0, 3}, 0, NULL, NULL);
    assert_int_equal(cause_table_take(&table, event_of(1)).number, 4);
    assert_int_equal(cause_table_take(&table, event_of(1)).waited_for, 3);
    assert_int_equal(cause_table_take(&table, event_of(1)).number, 0);
    cause_table_release(&table);
}

static bool has_odd_key(void *self, struct event event)
{
    (void)self;
    return event.key % 2 == 1;
}

/* 100 000 entries, of which at any time 10 are neither past nor dead: 64 slots are enough. */
static void what_is_past_or_dead_takes_no_room(void **state)
{
    struct cause_table table = {0};

    (void)state;
    for (uint32_t i = 0; i < 50000; i++) {
        cause_table_add(&table, (struct event){i + 10, 2 * (uint64_t)i}, (struct cause){1, 0}, i,
                        has_odd_key, NULL);
        cause_table_add(&table, (struct event){SIM_NEVER, 2 * (uint64_t)i + 1},
                        (struct cause){2, 0}, i, has_odd_key, NULL);
    }
    assert_int_equal(table.mask + 1, 64);
    for (uint32_t i = 49990; i < 50000; i++)
        assert_int_equal(cause_table_take(&table, (struct event){i + 10, 2 * (uint64_t)i}).number,
                         1);
    cause_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_entry_is_found_once),
        cmocka_unit_test(events_alike_have_an_entry_each),
        cmocka_unit_test(what_is_past_or_dead_takes_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
