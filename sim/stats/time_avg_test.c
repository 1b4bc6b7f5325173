// SPDX-License-Identifier: GPL-3.0-or-later
#include "time_avg.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "child.h"

/* 2 for 10, 5 for 20, 0 for 10: area 20 + 100 + 0 = 120 over 40 is 3. */
static void mean_weighs_levels_by_time(void **state)
{
    (void)state;
    struct time_avg avg;
    time_avg_init(&avg, 100, 2);
    time_avg_set(&avg, 110, 5);
    time_avg_set(&avg, 130, 0);
    assert_close(time_avg_mean(&avg, 140), 3.0, 0.0);
    assert_int_equal(avg.max, 5);
}

static void zero_initialised_is_level_zero_from_zero(void **state)
{
    (void)state;
    struct time_avg avg = {0};
    time_avg_set(&avg, 30, 4); /* 0 for 30, 4 for 10: 40 / 40 */
    assert_close(time_avg_mean(&avg, 40), 1.0, 0.0);
}

static void an_empty_span_has_its_level_as_mean(void **state)
{
    (void)state;
    struct time_avg avg;
    time_avg_init(&avg, 7, 3);
    assert_close(time_avg_mean(&avg, 7), 3.0, 0.0);
    time_avg_set(&avg, 7, 9);
    assert_close(time_avg_mean(&avg, 7), 9.0, 0.0);
}

/* No time at 9, so it weighs nothing, but it was the highest. */
static void a_level_of_no_length_counts_only_for_the_maximum(void **state)
{
    (void)state;
    struct time_avg avg;
    time_avg_init(&avg, 0, 1);
    time_avg_set(&avg, 5, 9);
    time_avg_set(&avg, 5, 1);
    assert_close(time_avg_mean(&avg, 10), 1.0, 0.0);
    assert_int_equal(avg.max, 9);
}

/* After the cut only 4 for 10 and 2 for 10 count: 3. The maximum of 8 is of the old span. */
static void a_cut_forgets_the_past_and_keeps_the_level(void **state)
{
    (void)state;
    struct time_avg avg;
    time_avg_init(&avg, 0, 8);
    time_avg_set(&avg, 50, 4);
    time_avg_cut(&avg, 100);
    assert_int_equal(avg.level, 4);
    assert_int_equal(avg.max, 4);
    time_avg_set(&avg, 110, 2);
    assert_close(time_avg_mean(&avg, 120), 3.0, 0.0);
}

/* Setting the same level again a thousand times on the way is the same area to the last bit. */
static void cutting_a_span_in_pieces_changes_nothing(void **state)
{
    (void)state;
    struct time_avg whole, pieces;
    time_avg_init(&whole, 0, 7);
    time_avg_init(&pieces, 0, 7);
    for (int64_t i = 1; i <= 1000; i++) {
        time_avg_set(&pieces, i * 3333333, 7);
    }
    time_avg_set(&whole, 3333333000, 7);
    assert_true(whole.area_low == pieces.area_low && whole.area_high == pieces.area_high);
}

/*
 * A level of 2^40 for 2^40 ns is 2^80, which only 128 bits hold: 2^16 in the high word. Then
 * nothing for as long: the mean is 2^39.
 */
static void an_area_beyond_64_bits_is_exact(void **state)
{
    (void)state;
    struct time_avg avg;
    int64_t big = INT64_C(1) << 40;
    time_avg_init(&avg, 0, big);
    time_avg_set(&avg, big, 0);
    assert_true(avg.area_high == 1u << 16 && avg.area_low == 0);
    assert_close(time_avg_mean(&avg, 2 * big), 0x1p39, 0.0);
}

/* The largest level over the longest span from the earliest instant: nothing wraps. */
static void extremes_of_level_and_time_do_not_wrap(void **state)
{
    (void)state;
    struct time_avg avg;
    time_avg_init(&avg, INT64_MIN, INT64_MAX);
    assert_close(time_avg_mean(&avg, INT64_MAX), 0x1p63, 1e-15);
}

static void go_back_in_time(void)
{
    struct time_avg avg = {0};
    time_avg_set(&avg, 10, 1);
    time_avg_set(&avg, 9, 1);
}

static void set_a_negative_level(void)
{
    struct time_avg avg = {0};
    time_avg_set(&avg, 10, -1);
}

static void time_that_goes_back_and_negative_levels_are_our_bugs(void **state)
{
    (void)state;
    assert_aborts(go_back_in_time);
    assert_aborts(set_a_negative_level);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_weighs_levels_by_time),
        cmocka_unit_test(zero_initialised_is_level_zero_from_zero),
        cmocka_unit_test(an_empty_span_has_its_level_as_mean),
        cmocka_unit_test(a_level_of_no_length_counts_only_for_the_maximum),
        cmocka_unit_test(a_cut_forgets_the_past_and_keeps_the_level),
        cmocka_unit_test(cutting_a_span_in_pieces_changes_nothing),
        cmocka_unit_test(an_area_beyond_64_bits_is_exact),
        cmocka_unit_test(extremes_of_level_and_time_do_not_wrap),
        cmocka_unit_test(time_that_goes_back_and_negative_levels_are_our_bugs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
