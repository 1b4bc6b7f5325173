// SPDX-License-Identifier: GPL-3.0-or-later
#include "paired.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "lindley.h"

/*
 * Differences 1, 2, 3, 2: mean 2, variance 2/3, standard error sqrt(2/3/4) = 0.408248; t(3) at 95 %
 * is 3.18245 (GSL; 3.182 in the tables), half width 1.29923. Base 10, 12, 11, 13 has variance 5/3,
 * value 11, 14, 14, 15 has 3: ratio (2/3) / (14/3) = 1/7. t = 2 / 0.408248 = 4.89898 on 3 degrees:
 * two-sided p by the closed form of Student's distribution for 3 degrees,
 * 1 - (2/pi) (atan(t/sqrt 3) + sqrt(3) t / (3 + t^2)) = 0.016276.
 */
static void paired_of_four_pairs(void **state)
{
    (void)state;
    const double base[] = {10, 12, NAN, 11, 13, 7};
    const double value[] = {11, 14, 5, 14, 15, NAN};
    struct paired paired = paired_compare(base, value, 6, 0.95);
    double t = 2 / sqrt(1.0 / 6);
    double p = 1 - 2 / acos(-1) * (atan(t / sqrt(3)) + sqrt(3) * t / (3 + t * t));

    assert_int_equal(paired.interval.n, 4);
    assert_close(paired.interval.mean, 2, 1e-12);
    assert_close(paired.interval.high, 2 + 3.182446305 / sqrt(6), 1e-8);
    assert_close(paired.variance_ratio, 1.0 / 7, 1e-12);
    assert_close(paired.p, p, 1e-9);
    assert_close(tally_p_above(&paired.difference, 0), p / 2, 1e-9);
    assert_close(tally_p_below(&paired.difference, 4), p / 2, 1e-9);
    /* within (-4, 4): the worse of the two one-sided tests is the one against 4 */
    assert_close(paired_p_not_equivalent(&paired, 4), p / 2, 1e-9);
}

static void equal_samples_are_equivalent_at_any_margin(void **state)
{
    (void)state;
    const double values[] = {0.1, 0.7, 0.3};
    struct paired paired = paired_compare(values, values, 3, 0.95);

    assert_true(paired.difference.mean == 0 && paired.interval.low == 0 &&
                paired.interval.high == 0);
    assert_close(paired.variance_ratio, 0, 0);
    assert_close(paired.p, 1, 0);
    assert_close(paired_p_not_equivalent(&paired, 0), 0, 0);
    assert_int_equal(paired_decide(&paired, LOWER_IS_BETTER, 1, 0, 0.05), PAIRED_EQUIVALENT);
}

/* One pair gives no verdict, whatever the difference. */
static void one_pair_decides_nothing(void **state)
{
    (void)state;
    const double base[] = {1}, value[] = {2};
    struct paired paired = paired_compare(base, value, 1, 0.95);

    assert_false(paired.interval.valid);
    assert_close(paired.p, 1, 0);
    assert_close(paired_p_not_equivalent(&paired, 100), 1, 0);
}

/*
 * Holm, 1979, by hand: p = 0.01, 0.04, 0.03, 0.005 of four. Sorted 0.005 x 4 = 0.02, 0.01 x 3 =
 * 0.03, 0.03 x 2 = 0.06, 0.04 x 1 = 0.04, which must not fall below 0.06.
 */
static void holm_steps_down(void **state)
{
    (void)state;
    const double p[] = {0.01, 0.04, 0.03, 0.005}, expected[] = {0.03, 0.06, 0.06, 0.02};
    double adjusted[4];

    holm_adjust(p, adjusted, 4);
    for (int i = 0; i < 4; i++)
        assert_close(adjusted[i], expected[i], 1e-12);
    const double large[] = {0.9, 0.8};
    holm_adjust(large, adjusted, 2);
    assert_close(adjusted[0], 1, 0);
    assert_close(adjusted[1], 1, 0);
}

static void verdicts_follow_the_direction(void **state)
{
    (void)state;
    const double base[] = {1, 1, 1}, value[] = {2, 2.1, 2.2};
    struct paired paired = paired_compare(base, value, 3, 0.95);

    assert_int_equal(paired_decide(&paired, LOWER_IS_BETTER, 0.01, 1, 0.05), PAIRED_WORSE);
    assert_int_equal(paired_decide(&paired, HIGHER_IS_BETTER, 0.01, 1, 0.05), PAIRED_BETTER);
    assert_int_equal(paired_decide(&paired, NO_DIRECTION, 0.01, 1, 0.05), PAIRED_DIFFERENT);
    assert_int_equal(paired_decide(&paired, LOWER_IS_BETTER, 0.06, 1, 0.05), PAIRED_UNDECIDED);
    assert_int_equal(paired_decide(&paired, LOWER_IS_BETTER, 0.01, 0.04, 0.05), PAIRED_EQUIVALENT);
}

/*
 * The textbook case of a paired t test (Chow, Shao and Wang, Sample Size Calculations, 3.1; also
 * G*Power's example): effect size 0.5, two-sided 5 %, power 80 % needs 34 pairs (by the noncentral
 * distribution; the shifted central one that is used here gives 33 or 34).
 */
static void needed_pairs_agree_with_the_textbook(void **state)
{
    (void)state;
    struct paired paired = {.difference = {.count = 10, .mean = 0.5, .m2 = 9}};
    uint64_t needed = paired_needed(&paired, 0, 0.05, 0.8);

    assert_in_range(needed, 33, 34);
    /* A margin of 1 leaves 0.5 for the equivalence, one-sided: fewer. */
    assert_true(paired_needed(&paired, 1, 0.05, 0.8) < needed);
    paired.difference.mean = 0;
    assert_int_equal(paired_needed(&paired, 0, 0.05, 0.8), 0);
    paired.difference.m2 = 0;
    assert_int_equal(paired_needed(&paired, 1, 0.05, 0.8), 2);
}

/*
 * M/M/1 at 0.80 and 0.81 with common random numbers: the mean waits are 0.80/0.20 = 4 and
 * 0.81/0.19 = 4.26316, the difference 0.263158 exactly. 500 studies of 20 pairs of 4000 customers:
 * the 95 % intervals that cover it are binomial(500, 0.95), standard deviation 0.97 %: 99 % of the
 * time between 92.5 % and 97.5 %. They must be narrow too: the shift is found in most of the
 * studies, and pairing takes away at least four fifths of the variance (0.81 stretches what 0.80
 * does; without pairing the interval would be more than twice as wide).
 */
static void intervals_of_a_known_shift_cover_it(void **state)
{
    enum { STUDIES = 500, PAIRS = 20, CUSTOMERS = 4000 };
    const double truth = lindley_theory(0.81) - lindley_theory(0.80);
    unsigned covered = 0, found = 0;
    double ratio_sum = 0;

    (void)state;
    for (uint64_t study = 0; study < STUDIES; study++) {
        double base[PAIRS], value[PAIRS];
        for (uint64_t i = 0; i < PAIRS; i++) {
            base[i] = lindley_mean_wait(0.80, lindley_state(study, i), CUSTOMERS);
            value[i] = lindley_mean_wait(0.81, lindley_state(study, i), CUSTOMERS);
        }
        struct paired paired = paired_compare(base, value, PAIRS, 0.95);
        covered += paired.interval.low <= truth && truth <= paired.interval.high;
        found += paired.interval.low > 0;
        ratio_sum += paired.variance_ratio;
    }
    print_message("covered %u of 500, found %u, variance ratio %.4f\n", covered, found,
                  ratio_sum / STUDIES);
    assert_in_range(covered, 463, 487);
    assert_true(found >= 475);
    assert_true(ratio_sum / STUDIES < 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paired_of_four_pairs),
        cmocka_unit_test(equal_samples_are_equivalent_at_any_margin),
        cmocka_unit_test(one_pair_decides_nothing),
        cmocka_unit_test(holm_steps_down),
        cmocka_unit_test(verdicts_follow_the_direction),
        cmocka_unit_test(needed_pairs_agree_with_the_textbook),
        cmocka_unit_test(intervals_of_a_known_shift_cover_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
