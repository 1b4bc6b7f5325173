// SPDX-License-Identifier: GPL-3.0-or-later
#include "time_avg.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "child.h"

/* 2 for 10, 5 for 20, 0 for 10: 20 + 100 + 0 = 120. */
static void area_weighs_levels_by_time(void **state)
{
    (void)state;
    struct time_avg avg = {0};
    time_avg_set(&avg, 100, 2);
    time_avg_set(&avg, 110, 5);
    time_avg_set(&avg, 130, 0);
    assert_true(time_avg_area(&avg, 140) == 120);
}

static void zero_initialised_is_level_zero_from_zero(void **state)
{
    (void)state;
    struct time_avg avg = {0};
    assert_true(time_avg_area(&avg, 30) == 0);
    time_avg_set(&avg, 30, 4);
    assert_true(time_avg_area(&avg, 40) == 40);
}

/* No time at 9, so it weighs nothing: 1 for 10. */
static void a_level_of_no_length_weighs_nothing(void **state)
{
    (void)state;
    struct time_avg avg = {0};
    time_avg_set(&avg, 0, 1);
    time_avg_set(&avg, 5, 9);
    time_avg_set(&avg, 5, 1);
    assert_true(time_avg_area(&avg, 10) == 10);
}

/* Setting the same level again a thousand times on the way is the same area to the last bit. */
static void cutting_a_span_in_pieces_changes_nothing(void **state)
{
    (void)state;
    struct time_avg whole = {0}, pieces = {0};
    for (int64_t i = 0; i <= 1000; i++)
        time_avg_set(&pieces, i * 3333333, 7);
    time_avg_set(&whole, 0, 7);
    assert_true(time_avg_area(&whole, 3333333000) == time_avg_area(&pieces, 3333333000));
    assert_true(time_avg_area(&whole, 3333333000) == (uint128)7 * 3333333000u);
}

/* A level of 2^40 for 2^40 ns is 2^80, which only 128 bits hold; then nothing for as long. */
static void an_area_beyond_64_bits_is_exact(void **state)
{
    (void)state;
    struct time_avg avg = {0};
    int64_t big = INT64_C(1) << 40;
    time_avg_set(&avg, 0, big);
    time_avg_set(&avg, big, 0);
    assert_true(time_avg_area(&avg, big) == (uint128)1 << 80);
    assert_true(time_avg_area(&avg, 2 * big) == (uint128)1 << 80);
}

/* The largest level over the longest span: nothing wraps. */
static void extremes_of_level_and_time_do_not_wrap(void **state)
{
    (void)state;
    struct time_avg avg = {0};
    time_avg_set(&avg, 0, INT64_MAX);
    assert_true(time_avg_area(&avg, INT64_MAX) == (uint128)INT64_MAX * INT64_MAX);
}

static void set_a_negative_level(void)
{
    struct time_avg avg = {0};
    time_avg_set(&avg, 10, -1);
}

static void fall_below_nothing(void)
{
    struct time_avg avg = {0};
    time_avg_rise(&avg, 10);
    time_avg_fall(&avg, 20);
    time_avg_fall(&avg, 30);
}

static void negative_levels_are_our_bugs(void **state)
{
    (void)state;
    assert_aborts(set_a_negative_level);
    assert_aborts(fall_below_nothing);
}

/* The same walk, set by steps and by levels, at instants that need more than 32 bits: one
 * integral at every moment. */
static void steps_and_levels_agree(void **state)
{
    (void)state;
    struct time_avg steps = {0}, levels = {0};
    uint64_t walk = 1;
    int64_t now = 0, level = 0;
    for (int i = 0; i < 1000; i++) {
        walk = walk * UINT64_C(6364136223846793005) + 1442695040888963407u;
        now += (int64_t)(walk >> 30);
        if (level == 0 || walk >> 63) {
            time_avg_rise(&steps, now);
            level++;
        } else {
            time_avg_fall(&steps, now);
            level--;
        }
        time_avg_set(&levels, now, level);
        assert_int_equal(steps.level, level);
        assert_true(time_avg_area(&steps, now + i) == time_avg_area(&levels, now + i));
    }
    assert_true(now > INT64_C(1) << 40);
}

/* 1 over [10, 30), 2 over [30, 70), 1 over [70, 100): 20 + 80 + 30 = 130. */
static void a_rise_and_a_fall_are_steps_of_one(void **state)
{
    (void)state;
    struct time_avg avg = {0};
    time_avg_rise(&avg, 10);
    time_avg_rise(&avg, 30);
    time_avg_fall(&avg, 70);
    assert_true(time_avg_area(&avg, 100) == 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(area_weighs_levels_by_time),
        cmocka_unit_test(zero_initialised_is_level_zero_from_zero),
        cmocka_unit_test(a_level_of_no_length_weighs_nothing),
        cmocka_unit_test(cutting_a_span_in_pieces_changes_nothing),
        cmocka_unit_test(an_area_beyond_64_bits_is_exact),
        cmocka_unit_test(extremes_of_level_and_time_do_not_wrap),
        cmocka_unit_test(negative_levels_are_our_bugs),
        cmocka_unit_test(steps_and_levels_agree),
        cmocka_unit_test(a_rise_and_a_fall_are_steps_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
