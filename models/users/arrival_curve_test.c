// SPDX-License-Identifier: GPL-3.0-or-later
/* A piecewise linear rate: its integral and the inverse, against areas computed by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "arrival_curve.h"
#include "assert_close.h"

#include <math.h>

static struct stage_list stages_of(struct ramp_stage *items, uint32_t count)
{
    return (struct stage_list){items, count};
}

/*
 * From 10/s to 150/s in 5 s, there for 10 s, down to 0 in 20 s, then nothing. Trapezia: (10 + 150)
 * / 2 x 5 = 400; 150 x 10 = 1500; 150 / 2 x 20 = 1500. Half way down, 75/s, three quarters of the
 * triangle lie behind: 1125.
 */
static void stages_are_trapezia(void **state)
{
    struct ramp_stage items[] = {{5 * SIM_S, 150}, {10 * SIM_S, 150}, {20 * SIM_S, 0}};
    const struct stage_list stages = stages_of(items, 3);
    struct arrival_curve curve = {0};

    (void)state;
    curve_stages(&curve, 10, &stages, false);
    assert_close(curve_rate(&curve, 0), 10, 0);
    assert_close(curve_rate(&curve, 2500 * SIM_MS), 80, 1e-12);
    assert_close(curve_rate(&curve, 25 * SIM_S), 75, 1e-12);
    assert_close(curve_rate(&curve, 40 * SIM_S), 0, 0);
    assert_close(curve_rate_max(&curve), 150, 0);
    assert_int_equal(curve_peak(&curve), 5 * SIM_S);
    assert_close(curve_expected(&curve, 5 * SIM_S), 400, 1e-12);
    assert_close(curve_expected(&curve, 15 * SIM_S), 1900, 1e-12);
    assert_close(curve_expected(&curve, 25 * SIM_S), 3025, 1e-12);
    assert_close(curve_expected(&curve, 100 * SIM_S), 3400, 1e-12);
    assert_int_equal(curve_instant(&curve, 400), 5 * SIM_S);
    assert_int_equal(curve_instant(&curve, 1900), 15 * SIM_S);
    assert_int_equal(curve_instant(&curve, 3025), 25 * SIM_S);
    assert_int_equal(curve_instant(&curve, 3400), SIM_NEVER);
    assert_int_equal(curve_instant(&curve, 5000), SIM_NEVER);
    curve_release(&curve);
}

/* The inverse and the integral undo each other, to the nanosecond's worth of a rate of 150/s. */
static void the_inverse_undoes_the_integral(void **state)
{
    struct ramp_stage items[] = {{5 * SIM_S, 150}, {0, 20}, {7 * SIM_S, 20}, {3 * SIM_S, 90}};
    const struct stage_list stages = stages_of(items, 4);

    (void)state;
    for (int repeat = 0; repeat < 2; repeat++) {
        struct arrival_curve curve = {0};

        curve_stages(&curve, 0, &stages, repeat);
        for (double expected = 0.25; expected < 3000; expected += 0.75)
            assert_true(fabs(curve_expected(&curve, curve_instant(&curve, expected)) - expected) <
                        150e-9);
        curve_release(&curve);
    }
}

/* A stage of no length is a jump: 10/s for 2 s, 100/s for 1 s, 10/s. */
static void a_stage_of_no_length_jumps(void **state)
{
    struct ramp_stage items[] = {{2 * SIM_S, 10}, {0, 100}, {SIM_S, 100}, {0, 10}};
    const struct stage_list stages = stages_of(items, 4);
    struct arrival_curve curve = {0};

    (void)state;
    curve_stages(&curve, 10, &stages, false);
    assert_close(curve_rate(&curve, 2 * SIM_S - 1), 10, 0);
    assert_close(curve_rate(&curve, 2 * SIM_S), 100, 0);
    assert_close(curve_rate(&curve, 3 * SIM_S), 10, 0);
    assert_close(curve_expected(&curve, 10 * SIM_S), 20 + 100 + 70, 1e-12);
    assert_int_equal(curve_instant(&curve, 70), 2500 * SIM_MS);
    curve_release(&curve);
    curve_stages(&curve, 5, &(struct stage_list){items + 1, 1},
                 false); /* at once, from the start */
    assert_close(curve_rate(&curve, 0), 100, 0);
    curve_release(&curve);
}

/* 20 in 10 s, then none for 10 s, and again: number 50 is in the middle of the third period. */
static void a_curve_repeats(void **state)
{
    struct ramp_stage items[] = {{10 * SIM_S, 2}, {0, 0}, {10 * SIM_S, 0}};
    const struct stage_list stages = stages_of(items, 3);
    struct arrival_curve curve = {0};

    (void)state;
    curve_stages(&curve, 2, &stages, true);
    assert_close(curve_rate(&curve, 25 * SIM_S), 2, 0);
    assert_close(curve_rate(&curve, 35 * SIM_S), 0, 0);
    assert_close(curve_expected(&curve, 45 * SIM_S), 50, 1e-12);
    assert_int_equal(curve_instant(&curve, 50), 45 * SIM_S);
    assert_int_equal(curve_instant(&curve, 20), 20 * SIM_S); /* none falls into the pause */
    assert_int_equal(curve_instant(&curve, 19), 9500 * SIM_MS);
    curve_release(&curve);
}

/* 60/s, 0, 120/s for a minute each, then none. An empty bin holds none, the end is the end. */
static void bins_are_steps(void **state)
{
    double items[] = {60, 0, 120, 0};
    const struct number_list rates = {items, 4};
    struct arrival_curve curve = {0};

    (void)state;
    curve_bins(&curve, &rates, 60 * SIM_S, false);
    assert_close(curve_expected(&curve, 90 * SIM_S), 3600, 1e-12);
    assert_close(curve_expected(&curve, 3600 * SIM_S), 3600 + 7200, 1e-12);
    assert_int_equal(curve_instant(&curve, 3600), 120 * SIM_S);
    assert_int_equal(curve_instant(&curve, 10800), SIM_NEVER);
    assert_int_equal(curve_peak(&curve), 120 * SIM_S);
    curve_release(&curve);
    curve_bins(&curve, &rates, 60 * SIM_S, true);
    assert_int_equal(curve_instant(&curve, 10800), 240 * SIM_S);
    assert_close(curve_rate(&curve, 370 * SIM_S), 120, 0);
    curve_release(&curve);
}

/* Rate zero: no arrivals, with and without repetition. */
static void nobody_arrives_at_rate_zero(void **state)
{
    double items[] = {0, 0};
    const struct number_list rates = {items, 2};

    (void)state;
    for (int repeat = 0; repeat < 2; repeat++) {
        struct arrival_curve curve = {0};

        curve_bins(&curve, &rates, SIM_S, repeat);
        assert_int_equal(curve_instant(&curve, 0), SIM_NEVER);
        assert_int_equal(curve_instant(&curve, 1e-9), SIM_NEVER);
        curve_release(&curve);
    }
}

/* Whole numbers at 1000/28 per s are 28 ms apart, to the nanosecond, for a day; of a step from 40/s
 * to 100/s at 1 s the gaps go from 25 to 10 ms. */
static void even_gaps_do_not_drift(void **state)
{
    struct arrival_curve curve = {0};

    (void)state;
    curve_constant(&curve, 1000.0 / 28);
    for (int64_t i = 0; i < 3085714; i += 1001)
        assert_int_equal(curve_instant(&curve, (double)i), i * 28 * SIM_MS);
    curve_release(&curve);
    curve_step(&curve, 40, SIM_S, 2.5);
    assert_int_equal(curve_instant(&curve, 39), 975 * SIM_MS);
    assert_int_equal(curve_instant(&curve, 40), SIM_S);
    assert_int_equal(curve_instant(&curve, 41), 1010 * SIM_MS);
    curve_release(&curve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_are_trapezia),
        cmocka_unit_test(the_inverse_undoes_the_integral),
        cmocka_unit_test(a_stage_of_no_length_jumps),
        cmocka_unit_test(a_curve_repeats),
        cmocka_unit_test(bins_are_steps),
        cmocka_unit_test(nobody_arrives_at_rate_zero),
        cmocka_unit_test(even_gaps_do_not_drift),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
