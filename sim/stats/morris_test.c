// SPDX-License-Identifier: GPL-3.0-or-later
#include "morris.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

enum { INPUTS_MAX = 20, TRAJECTORIES = 200 };

static void screen(double (*function)(const double *x), size_t inputs, size_t trajectories,
                   struct morris_effect *effects)
{
    static double points[TRAJECTORIES * (INPUTS_MAX + 1) * INPUTS_MAX];
    static double statistics[TRAJECTORIES * (INPUTS_MAX + 1)];

    morris_points(7, inputs, trajectories, points);
    for (size_t i = 0; i < trajectories * (inputs + 1); i++)
        statistics[i] = function(points + i * inputs);
    morris_effects(points, statistics, inputs, trajectories, 0.95, effects);
}

static void each_step_moves_one_input_by_the_step(void **state)
{
    enum { INPUTS = 5, PATHS = 50 };
    static double points[PATHS * (INPUTS + 1) * INPUTS];
    size_t met[MORRIS_LEVELS] = {0};

    (void)state;
    morris_points(3, INPUTS, PATHS, points);
    for (size_t t = 0; t < PATHS; t++) {
        unsigned moved_inputs = 0;
        for (size_t s = 0; s <= INPUTS; s++) {
            const double *row = points + (t * (INPUTS + 1) + s) * INPUTS;
            for (size_t i = 0; i < INPUTS; i++) {
                met[lround(row[i] * 3)]++;
                if (s < INPUTS && row[i] != row[INPUTS + i]) {
                    assert_close(fabs(row[INPUTS + i] - row[i]), MORRIS_STEP, 1e-12);
                    moved_inputs |= 1u << i;
                }
            }
        }
        assert_int_equal(moved_inputs, (1u << INPUTS) - 1);
    }
    for (int level = 0; level < MORRIS_LEVELS; level++) /* 1500 / 4 = 375 each, give or take */
        assert_in_range(met[level], 300, 450);
}

static double linear(const double *x)
{
    return 3 * x[0] - 7 * x[1] + 0 * x[2];
}

/* Of a linear function every effect is its coefficient. */
static void a_linear_function_gives_its_coefficients(void **state)
{
    struct morris_effect effects[3];

    (void)state;
    screen(linear, 3, 10, effects);
    assert_close(effects[0].mu, 3, 1e-12);
    assert_close(effects[1].mu, -7, 1e-12);
    assert_close(effects[1].mu_star.mean, 7, 1e-12);
    assert_close(effects[2].mu_star.mean, 0, 1e-12);
    for (int i = 0; i < 3; i++)
        assert_true(effects[i].sigma < 1e-10);
}

static double product(const double *x)
{
    return 6 * x[0] * x[1] + x[2];
}

/*
 * The effect of x0 is 6 x1, with x1 uniform on {0, 1/3, 2/3, 1}: mean 3, standard deviation
 * 6 sqrt(5/36) = 2.2361. 200 trajectories: the mean is within 3 sd / sqrt(200) = 0.474.
 */
static void an_interaction_shows_in_sigma(void **state)
{
    struct morris_effect effects[3];

    (void)state;
    screen(product, 3, TRAJECTORIES, effects);
    for (int i = 0; i < 2; i++) {
        assert_true(fabs(effects[i].mu - 3) < 0.474);
        assert_close(effects[i].sigma, 6 * sqrt(5.0 / 36), 0.1);
        assert_true(effects[i].mu_star.low < 3 && 3 < effects[i].mu_star.high);
    }
    assert_true(effects[2].sigma < 1e-10);
}

/*
 * Morris' own function of 20 inputs (1991, section 4), with his random coefficients of the
 * remaining first and second orders at 0. w = 2 (x - 1/2), but for inputs 3, 5 and 7: 2 (1.1 x /
 * (x + 0.1) - 1/2). First order 20 for inputs 1-10; second order -15 among inputs 1-6, third -10
 * among 1-5, fourth 5 among 1-4.
 */
static double morris_1991(const double *x)
{
    double w[20], y = 0;

    for (int i = 0; i < 20; i++)
        w[i] =
            i == 2 || i == 4 || i == 6 ? 2 * (1.1 * x[i] / (x[i] + 0.1) - 0.5) : 2 * (x[i] - 0.5);
    for (int i = 0; i < 10; i++)
        y += 20 * w[i];
    for (int i = 0; i < 6; i++)
        for (int j = i + 1; j < 6; j++)
            y -= 15 * w[i] * w[j];
    for (int i = 0; i < 5; i++)
        for (int j = i + 1; j < 5; j++)
            for (int k = j + 1; k < 5; k++)
                y -= 10 * w[i] * w[j] * w[k];
    return y + 5 * w[0] * w[1] * w[2] * w[3];
}

/*
 * Inputs 11-20 do nothing. Inputs 8, 9, 10 are linear with 20 x 2 = 40 and no spread; input 7 is
 * curved and alone: its effect between its two pairs of levels, 0 -> 2/3 and 1/3 -> 1, is
 * 2 (1.1 (2/3) / (2/3 + 0.1)) / (2/3) x 20 = 57.39 and 2 (1.1 / 1.1 - 1.1 (1/3) / (1/3 + 0.1)) /
 * (2/3) x 20 = 9.23: mean 33.31, standard deviation 24.08. Inputs 1-6 act on each other.
 */
static void the_groups_of_morris_1991_are_separated(void **state)
{
    struct morris_effect effects[20];

    (void)state;
    screen(morris_1991, 20, TRAJECTORIES, effects);
    for (int i = 0; i < 6; i++)
        assert_true(effects[i].mu_star.mean > 30 && effects[i].sigma > 20);
    assert_close(effects[6].mu, 33.31, 0.16); /* 3 x 24.08 / sqrt(200) = 5.1 */
    assert_close(effects[6].sigma, 24.08, 0.03);
    for (int i = 7; i < 10; i++) {
        assert_close(effects[i].mu_star.mean, 40, 1e-12);
        assert_true(effects[i].sigma < 1e-9);
    }
    for (int i = 10; i < 20; i++)
        assert_true(effects[i].mu_star.mean < 1e-9);
}

/* Recovers where x0 is in its lower half, in 10 + x1; never in the upper: every step of x0 changes
 * the outcome and is no number, and x1 has an effect of 1 wherever it is one. Absolute effects near
 * zero have no negative lower end. */
static double recovery(const double *x)
{
    return x[0] > 0.5 ? INFINITY : 10 + x[1];
}

static double faint(const double *x)
{
    return x[0] > 0.5 && x[1] > 0.5 ? 1 : 0;
}

static void what_never_comes_is_counted_apart(void **state)
{
    struct morris_effect effects[2];

    (void)state;
    screen(recovery, 2, 20, effects);
    assert_int_equal(effects[0].outcomes, 20);
    assert_int_equal(effects[0].mu_star.n, 0);
    assert_int_equal(effects[1].outcomes, 0);
    assert_in_range(effects[1].mu_star.n, 1, 19);
    assert_close(effects[1].mu, 1, 1e-12);
    screen(faint, 2, 3, effects);
    for (int i = 0; i < 2; i++)
        assert_true(effects[i].mu_star.low >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_moves_one_input_by_the_step),
        cmocka_unit_test(a_linear_function_gives_its_coefficients),
        cmocka_unit_test(an_interaction_shows_in_sigma),
        cmocka_unit_test(what_never_comes_is_counted_apart),
        cmocka_unit_test(the_groups_of_morris_1991_are_separated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
