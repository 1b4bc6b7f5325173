// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "good_operations.h"
#include "rng_stream.h"

#include <math.h>

#define STEP (100 * SIM_MS)

/* Windows of 30 s, 99 % good: with ten operations a second a window has 300 and allows 3 bad ones.
 */
static const struct outage_rule rule = {.target = 0.99, .hold_ns = 30 * SIM_S};

/* Ten operations a second of a region, begun in [from, to). */
static void begin(struct good_operations *operations, uint32_t region, sim_time from, sim_time to,
                  bool good)
{
    struct operation_tally tally = good_operations_tally(operations, region);

    for (sim_time at = from; at < to; at += STEP)
        operation_tally_add(&tally, at, good);
}

/* Every edge checked against the definition, over a pattern of good and bad operations in two
 * regions, for onsets within a step and on its edge. */
static void restoration_agrees_with_the_definition_taken_literally(void **state)
{
    enum { STEPS = 6000, HOLD = 300 };
    static bool good[2][STEPS];
    struct good_operations operations;
    struct operation_tally tallies[2];
    sim_time expected = SIM_NEVER;

    (void)state;
    good_operations_init(&operations, 2, STEPS * STEP, STEP);
    for (uint32_t region = 0; region < 2; region++)
        tallies[region] = good_operations_tally(&operations, region);
    for (int step = 0; step < STEPS; step++)
        for (int region = 0; region < 2; region++) {
            uint64_t word = rng_mix((uint64_t)(step * 2 + region));

            good[region][step] = step < 1000 || rng_unit(word) > 0.4 * exp(-(step - 1000) / 500.0);
            operation_tally_add(&tallies[region], step * STEP, good[region][step]);
        }
    for (int start = 1000; start + HOLD <= STEPS && expected == SIM_NEVER; start++) {
        int count[2] = {0};

        for (int step = start; step < start + HOLD; step++)
            for (int region = 0; region < 2; region++)
                count[region] += good[region][step];
        if (count[0] >= 297 && count[1] >= 297)
            expected = start * STEP;
    }
    assert_in_range(expected, 110 * SIM_S, 500 * SIM_S); /* or the test proves nothing */
    for (sim_time onset = 100 * SIM_S; onset < 100 * SIM_S + STEP; onset += 30 * SIM_MS)
        assert_int_equal(good_operations_first_good(&operations, &rule, onset, STEPS * STEP),
                         expected);
    good_operations_release(&operations);
}

/* Bad from 100 to 250 s in the second region, whose window has room for 3 bad ones from 249.7 s on.
 */
static void every_region_with_operations_must_be_at_target(void **state)
{
    struct good_operations operations;

    (void)state;
    good_operations_init(&operations, 3, 600 * SIM_S,
                         STEP); /* the third has none, and delays nothing */
    begin(&operations, 0, 0, 600 * SIM_S, true);
    begin(&operations, 1, 0, 100 * SIM_S, true);
    begin(&operations, 1, 100 * SIM_S, 250 * SIM_S, false);
    begin(&operations, 1, 250 * SIM_S, 600 * SIM_S, true);
    assert_int_equal(good_operations_first_good(&operations, &rule, 100 * SIM_S, 600 * SIM_S),
                     249700 * SIM_MS);
    good_operations_release(&operations);
}

/* The window [T, T + 30 s) must have ended: at 279.7 s it has, a step earlier it has not. */
static void a_window_must_lie_within_the_run(void **state)
{
    struct good_operations operations;

    (void)state;
    good_operations_init(&operations, 1, 600 * SIM_S, STEP);
    begin(&operations, 0, 100 * SIM_S, 250 * SIM_S, false);
    begin(&operations, 0, 250 * SIM_S, 600 * SIM_S, true);
    assert_int_equal(good_operations_first_good(&operations, &rule, 100 * SIM_S, 279700 * SIM_MS),
                     249700 * SIM_MS);
    assert_int_equal(good_operations_first_good(&operations, &rule, 100 * SIM_S, 279600 * SIM_MS),
                     SIM_NEVER);
    good_operations_release(&operations);
}

static void nothing_at_all_is_no_restoration(void **state)
{
    struct good_operations operations;

    (void)state;
    good_operations_init(&operations, 2, 600 * SIM_S, STEP);
    assert_int_equal(good_operations_first_good(&operations, &rule, 100 * SIM_S, 600 * SIM_S),
                     SIM_NEVER);
    good_operations_release(&operations);
}

/* Bad from 200 to 250 s: the first window with more than 3 bad ones is that from 170.4 s, with 4.
 */
static void first_bad_window_has_one_bad_operation_too_many(void **state)
{
    struct good_operations operations;

    (void)state;
    good_operations_init(&operations, 1, 600 * SIM_S, STEP);
    begin(&operations, 0, 0, 200 * SIM_S, true);
    begin(&operations, 0, 200 * SIM_S, 250 * SIM_S, false);
    begin(&operations, 0, 250 * SIM_S, 600 * SIM_S, true);
    assert_int_equal(good_operations_first_bad(&operations, &rule, 100 * SIM_S, 600 * SIM_S),
                     170400 * SIM_MS);
    assert_int_equal(good_operations_first_bad(&operations, &rule, 100 * SIM_S, 200400 * SIM_MS),
                     170400 * SIM_MS);
    assert_int_equal(good_operations_first_bad(&operations, &rule, 100 * SIM_S, 200300 * SIM_MS),
                     SIM_NEVER);
    assert_int_equal(good_operations_first_bad(&operations, &rule, 249700 * SIM_MS, 600 * SIM_S),
                     SIM_NEVER);
    good_operations_release(&operations);
}

/* 10 s are left after a fault: with 100 operations, of which one may be bad, and two are. */
static void part_of_a_window_is_judged_where_no_more_is_left(void **state)
{
    struct good_operations operations;

    (void)state;
    good_operations_init(&operations, 1, 600 * SIM_S, STEP);
    begin(&operations, 0, 0, 595 * SIM_S, true);
    begin(&operations, 0, 595 * SIM_S, 595 * SIM_S + 2 * STEP, false);
    begin(&operations, 0, 595 * SIM_S + 2 * STEP, 600 * SIM_S, true);
    assert_int_equal(good_operations_first_bad(&operations, &rule, 590 * SIM_S, 600 * SIM_S),
                     590 * SIM_S);
    assert_int_equal(good_operations_first_bad(&operations, &rule, 590 * SIM_S, 595 * SIM_S),
                     SIM_NEVER);
    assert_int_equal(good_operations_first_bad(&operations, &rule, 600 * SIM_S, 600 * SIM_S),
                     SIM_NEVER);
    good_operations_release(&operations);
}

/* 7 of 100 are 7 %, though the double 0.07 x 100 lies above 7. */
static void a_share_that_is_exactly_the_target_reaches_it(void **state)
{
    const struct outage_rule seven = {.target = 0.07, .hold_ns = 10 * SIM_S};
    struct good_operations operations;

    (void)state;
    good_operations_init(&operations, 1, 10 * SIM_S, STEP);
    begin(&operations, 0, 0, 7 * STEP, true);
    begin(&operations, 0, 7 * STEP, 10 * SIM_S, false);
    assert_true(0.07 * 100 > 7);
    assert_int_equal(good_operations_first_good(&operations, &seven, 0, 10 * SIM_S), 0);
    good_operations_release(&operations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restoration_agrees_with_the_definition_taken_literally),
        cmocka_unit_test(every_region_with_operations_must_be_at_target),
        cmocka_unit_test(a_window_must_lie_within_the_run),
        cmocka_unit_test(nothing_at_all_is_no_restoration),
        cmocka_unit_test(first_bad_window_has_one_bad_operation_too_many),
        cmocka_unit_test(part_of_a_window_is_judged_where_no_more_is_left),
        cmocka_unit_test(a_share_that_is_exactly_the_target_reaches_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
