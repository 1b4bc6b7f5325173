// SPDX-License-Identifier: GPL-3.0-or-later
#include "pareto.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lindley.h"

enum { GOALS = 2, SAMPLES_MAX = 400, SIDE = 5, POINTS = SIDE * SIDE };

struct toy {
    double values[POINTS][GOALS][SAMPLES_MAX];
    const double *rows[POINTS][GOALS];
    struct pareto_point points[POINTS];
    struct pareto_mark marks[POINTS];
};

static double noise(uint64_t study, uint64_t replication)
{
    uint64_t state = lindley_state(study, replication);

    return sqrt(-2 * log(lindley_uniform(&state))) * cos(2 * acos(-1) * lindley_uniform(&state));
}

/*
 * The toy: x and y on a grid of {0, 0.25, ..., 1}. Goals: f = x + y, g = (1 - x)^2 + y. Any y > 0
 * is dominated by y = 0 at the same x, and with y = 0 f rises and g falls in x: the front is just
 * the five points with y = 0. Noise that all points share (common random numbers) and noise of
 * their own, a tenth of it.
 */
static void sample_point(struct toy *toy, size_t i, size_t count)
{
    double x = (double)(i % SIDE) / (SIDE - 1), y = (double)(i / SIDE) / (SIDE - 1);

    for (size_t k = toy->points[i].sample_count; k < count; k++) {
        double shared = noise(1, k);
        toy->values[i][0][k] = x + y + shared + 0.1 * noise(10 + i, k);
        toy->values[i][1][k] = (1 - x) * (1 - x) + y + shared + 0.1 * noise(100 + i, k);
    }
    for (size_t goal = 0; goal < GOALS; goal++)
        toy->rows[i][goal] = toy->values[i][goal];
    toy->points[i] = (struct pareto_point){toy->rows[i], count, true, ADMISSIBLE_YES};
}

static void toy_make(struct toy *toy, size_t count)
{
    for (size_t i = 0; i < POINTS; i++)
        sample_point(toy, i, count);
    pareto_mark(toy->points, POINTS, GOALS, 0.01, toy->marks);
}

static void the_known_front_is_recovered(void **state)
{
    static struct toy toy;

    (void)state;
    toy_make(&toy, 100);
    for (size_t i = 0; i < POINTS; i++) {
        assert_int_equal(toy.marks[i].on_front, i < SIDE);
        assert_true(toy.marks[i].sure);
        assert_false(toy.marks[i].wanted);
    }
    /*
     * Scaled, x is f and (1 - x)^2 is g: distances to the ideal x^2 + (1 - x)^4 are 1, 0.379,
     * 0.3125, 0.566, 1: the knee is x = 0.5.
     */
    assert_int_equal(pareto_knee(toy.points, toy.marks, POINTS, GOALS), 2);
}

/*
 * Replications where the front is undecided: 4 at first, more only for undecided points. All
 * points are decided long before each has as many as the hardest one needed.
 */
static void only_doubtful_points_get_more(void **state)
{
    static struct toy toy;
    size_t total = 0, longest = 0, wanted = 1;

    (void)state;
    toy_make(&toy, 4);
    while (wanted > 0) {
        wanted = 0;
        for (size_t i = 0; i < POINTS; i++) {
            if (!toy.marks[i].wanted)
                continue;
            wanted++;
            assert_true(toy.points[i].sample_count + 4 <= SAMPLES_MAX);
            sample_point(&toy, i, toy.points[i].sample_count + 4);
        }
        pareto_mark(toy.points, POINTS, GOALS, 0.01, toy.marks);
    }
    for (size_t i = 0; i < POINTS; i++) {
        total += toy.points[i].sample_count;
        longest = toy.points[i].sample_count > longest ? toy.points[i].sample_count : longest;
        assert_int_equal(toy.marks[i].on_front, i < SIDE);
    }
    print_message("%zu samples, %zu at the hardest point\n", total, longest);
    assert_true(total < POINTS * longest);
    assert_true(longest > 4);
}

/* Without constraint point 0 (both goals best) dominates; if it certainly violates one, it is
 * excluded; while that is undecided, so are all points that it would dominate. */
static void points_that_break_a_constraint_do_not_dominate(void **state)
{
    double best[] = {1, 1.1, 0.9}, other[] = {2, 2.1, 1.8};
    const double *first[] = {best, best}, *second[] = {other, other};
    struct pareto_point points[] = {{first, 3, true, ADMISSIBLE_YES},
                                    {second, 3, true, ADMISSIBLE_YES}};
    struct pareto_mark marks[2];

    (void)state;
    pareto_mark(points, 2, 2, 0.05, marks);
    assert_true(marks[0].on_front && marks[0].sure && !marks[1].on_front && marks[1].sure);
    points[0].admissible = false;
    points[0].admissibility = ADMISSIBLE_NO;
    pareto_mark(points, 2, 2, 0.05, marks);
    assert_true(!marks[0].on_front && marks[0].sure && marks[1].on_front && marks[1].sure);
    points[0].admissibility = ADMISSIBLE_UNSURE;
    pareto_mark(points, 2, 2, 0.05, marks);
    assert_true(!marks[0].sure && marks[0].wanted && marks[1].on_front && !marks[1].sure);
    assert_int_equal(pareto_knee(points, marks, 2, 2), -1);
}

/* Two settings without a difference are both on the front, with certainty. */
static void twins_do_not_dominate_each_other(void **state)
{
    double values[] = {1, 2, 3};
    const double *rows[] = {values};
    const struct pareto_point points[] = {{rows, 3, true, ADMISSIBLE_YES},
                                          {rows, 3, true, ADMISSIBLE_YES}};
    struct pareto_mark marks[2];

    (void)state;
    pareto_mark(points, 2, 1, 0.05, marks);
    for (int i = 0; i < 2; i++)
        assert_true(marks[i].on_front && marks[i].sure && !marks[i].wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_front_is_recovered),
        cmocka_unit_test(only_doubtful_points_get_more),
        cmocka_unit_test(points_that_break_a_constraint_do_not_dominate),
        cmocka_unit_test(twins_do_not_dominate_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
