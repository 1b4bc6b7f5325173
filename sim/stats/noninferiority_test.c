// SPDX-License-Identifier: GPL-3.0-or-later
#include "noninferiority.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "lindley.h"
#include "stop_rule.h"

/* Identical values pass at any margin, 0 too, in either direction; and with one pair already. */
static void identical_is_never_worse(void **state)
{
    (void)state;
    const double values[] = {1, 5, 2};

    for (size_t n = 1; n <= 3; n++) {
        struct harm harm = harm_measure(values, 3, values, n, true);
        assert_true(harm.paired && harm.identical);
        assert_close(harm_p_worse(&harm, LOWER_IS_BETTER, 0), 1, 0);
        assert_close(harm_p_no_worse(&harm, HIGHER_IS_BETTER, 0), 0, 0);
    }
}

/*
 * Welch by hand: base 1, 2, 3 (mean 2, variance 1), value 4, 6, 8, 10 (mean 7, variance 20/3):
 * b = 1/3, v = 5/3, error sqrt(2), freedom 4 / (1/9/2 + 25/9/3) = 4 / 0.981481 = 4.07547.
 */
static void more_replications_than_the_baseline_are_held_by_welch(void **state)
{
    (void)state;
    const double base[] = {1, 2, 3}, value[] = {4, 6, 8, 10};
    struct harm harm = harm_measure(base, 3, value, 4, false);

    assert_false(harm.paired);
    assert_close(harm.difference, 5, 1e-12);
    assert_close(harm.error, sqrt(2), 1e-12);
    assert_close(harm.freedom, 4 / (1.0 / 18 + 25.0 / 27), 1e-12);
    /* worse where lower is better, no worse where higher is */
    assert_true(harm_p_worse(&harm, LOWER_IS_BETTER, 0) < 0.02);
    assert_true(harm_p_worse(&harm, HIGHER_IS_BETTER, 0) > 0.98);
    assert_true(harm_p_no_worse(&harm, HIGHER_IS_BETTER, 0) < 0.02);
    /* a margin that is as large as the harm leaves it open: p = 1/2 on either side */
    assert_close(harm_p_worse(&harm, LOWER_IS_BETTER, 5), 0.5, 1e-9);
    assert_close(harm_p_no_worse(&harm, LOWER_IS_BETTER, 5), 0.5, 1e-9);
}

/* A rate that is 0 in all runs of both sides passes, with pairs or without: more runs would not
 * change it. */
static void what_never_happens_on_either_side_is_no_worse(void **state)
{
    (void)state;
    const double zeros[] = {0, 0, 0, 0}, once[] = {0, 0, 0, 1};
    struct harm harm = harm_measure(zeros, 2, zeros, 4, false),
                other = harm_measure(zeros, 2, once, 4, false);

    assert_true(harm.identical && !harm.paired);
    assert_close(harm_p_no_worse(&harm, LOWER_IS_BETTER, 0), 0, 0);
    assert_false(other.identical);
    assert_true(harm_p_no_worse(&other, LOWER_IS_BETTER, 0) > 0.5);
}

static void a_look_spends_its_part_of_the_level(void **state)
{
    (void)state;
    const double worse[] = {0.01, 0.9}, no_worse[] = {0.99, 0.02};
    enum gate gates[2];

    gate_decide(worse, no_worse, 2, 0.05, 1, gates); /* Holm: 0.01 x 2 <= 0.05 */
    assert_int_equal(gates[0], GATE_WORSE);
    assert_int_equal(gates[1], GATE_NO_WORSE);
    gate_decide(worse, no_worse, 2, 0.05, 3, gates); /* 0.02 > 0.0167 */
    assert_int_equal(gates[0], GATE_UNDECIDED);
    assert_int_equal(gates[1], GATE_UNDECIDED);
}

enum { BASELINE = 20, LIMIT = 60, METRICS = 3, CUSTOMERS = 1000 };

/* Three queues stand for three metrics; the new side has other random numbers unless `load` or
 * `seed` says otherwise. */
static void measure(double load, uint64_t seed, size_t count, double values[METRICS][LIMIT])
{
    for (uint64_t m = 0; m < METRICS; m++)
        for (size_t i = 0; i < count; i++)
            values[m][i] = lindley_mean_wait(load, lindley_state(seed * METRICS + m, i), CUSTOMERS);
}

/* As `check` does: decisions at 15, 20, 26, ... 60 until all are decided or one is worse. */
static enum gate check(double load, uint64_t base_seed, uint64_t seed, double margin)
{
    static double base[METRICS][LIMIT], value[METRICS][LIMIT];
    enum gate gates[METRICS], result = GATE_UNDECIDED;
    uint32_t looks = stop_rule_looks(STOP_FIRST, LIMIT);

    measure(0.7, base_seed, BASELINE, base);
    measure(load, seed, LIMIT, value);
    for (uint32_t n = STOP_FIRST;; n = stop_rule_grow(n, LIMIT)) {
        double worse[METRICS], no_worse[METRICS];
        size_t passed = 0;
        for (int m = 0; m < METRICS; m++) {
            struct harm harm = harm_measure(base[m], BASELINE, value[m], n, n <= BASELINE);
            worse[m] = harm_p_worse(&harm, LOWER_IS_BETTER, margin * harm.base_mean);
            no_worse[m] = harm_p_no_worse(&harm, LOWER_IS_BETTER, margin * harm.base_mean);
        }
        gate_decide(worse, no_worse, METRICS, 0.05, looks, gates);
        for (int m = 0; m < METRICS; m++) {
            if (gates[m] == GATE_WORSE)
                return GATE_WORSE;
            passed += gates[m] == GATE_NO_WORSE;
        }
        if (passed == METRICS)
            result = GATE_NO_WORSE;
        if (passed == METRICS || n == LIMIT)
            return result;
    }
}

/*
 * 200 pairs of the same scenario with different seeds, at the smallest margin, 0: at most 5 %, that
 * is 10, may be found worse. The gate must also find changes: at the same seed, a load of
 * 0.72 instead of 0.70 (a wait of 2.571 instead of 2.333, 10 % more) is found always at a margin of
 * 2 %, and passes at a margin of 20 %.
 */
static void false_alarms_stay_below_the_level(void **state)
{
    unsigned alarms = 0;

    (void)state;
    for (uint64_t pair = 0; pair < 200; pair++)
        alarms += check(0.7, 2 * pair, 2 * pair + 1, 0) == GATE_WORSE;
    print_message("%u alarms of 200\n", alarms);
    assert_in_range(alarms, 0, 10);
    for (uint64_t pair = 0; pair < 20; pair++) {
        assert_int_equal(check(0.72, pair, pair, 0.02), GATE_WORSE);
        assert_int_equal(check(0.72, pair, pair, 0.2), GATE_NO_WORSE);
        assert_int_equal(check(0.7, pair, pair, 0), GATE_NO_WORSE);
    }
}

/* All ten are well in the baseline, four here: 2^-6 by the pairs, one-sided, however good the
 * numbers are. Mirrored: no sign of harm. Equal pairs: the numbers are compared. */
static void outcomes_are_compared_first(void **state)
{
    static const double all[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, some[10] = {[6] = 1, 1, 1, 1};
    const double numbers[10] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    struct harm harm = harm_measure(numbers, 10, numbers, 10, true);

    (void)state;
    harm_take_outcomes(&harm, all, 10, some, 10, true);
    assert_true(harm.by_outcome);
    assert_int_equal(harm.base_well, 10);
    assert_int_equal(harm.well, 4);
    assert_close(harm_p_worse(&harm, LOWER_IS_BETTER, 5), 1.0 / 64, 1e-12);
    assert_close(harm_p_no_worse(&harm, LOWER_IS_BETTER, 5), 1, 1e-12);
    harm_take_outcomes(&harm, some, 10, all, 10, true);
    assert_close(harm_p_no_worse(&harm, LOWER_IS_BETTER, 5), 1.0 / 64, 1e-12);
    harm_take_outcomes(&harm, some, 10, some, 10, true);
    assert_false(harm.by_outcome);
    assert_close(harm_p_no_worse(&harm, LOWER_IS_BETTER, 5), 0, 0);
}

/* Four of four are well in the baseline, none of sixteen here. The four pairs alone: 1/16. Fisher:
 * 1 / C(20, 4) = 1/4845, doubled as the smaller of two tests. Without pairs it is Fisher's alone.
 */
static void more_replications_decide_what_few_pairs_cannot(void **state)
{
    static const double all[4] = {1, 1, 1, 1}, none[16];
    struct harm harm = {.n = 0};

    (void)state;
    harm_take_outcomes(&harm, all, 4, none, 16, true);
    assert_close(harm_p_worse(&harm, LOWER_IS_BETTER, 0), 2.0 / 4845, 1e-12);
    harm_take_outcomes(&harm, all, 4, none, 16, false);
    assert_close(harm_p_worse(&harm, LOWER_IS_BETTER, 0), 1.0 / 4845, 1e-12);
}

/*
 * 10 of 10 and 34 of 40, alpha 0.05, power 0.8: share 45/52 = 0.865385, error sqrt(0.116494 (1/10 +
 * 1/40)) = 0.120672; margin 0.120672 (1.833113 + 0.883404) = 0.327803; 0.15 fewer: (0.327803 -
 * 0.15) / 0.120672 = 1.473437, p = 0.070316. 20 of 40: beyond it.
 */
static void an_unchanged_share_is_found_so_without_pairs(void **state)
{
    (void)state;
    assert_close(outcomes_p_no_fewer(10, 10, 34, 40, 40, 0.05, 0.8), 0.070316, 1e-3);
    assert_true(outcomes_p_no_fewer(10, 10, 20, 40, 40, 0.05, 0.8) > 0.5);
    assert_true(outcomes_p_no_fewer(10, 10, 40, 40, 40, 0.05, 0.8) < 0.05);
    /* However few they are, all against none is no unchanged share. */
    assert_true(outcomes_p_no_fewer(4, 4, 0, 4, 16, 0.008, 0.999) > 0.5);
}

/* A value of which the baseline has none cannot be compared with 0. */
static void a_side_without_numbers_has_no_harm(void **state)
{
    static const double none[3] = {NAN, NAN, NAN}, value[3] = {20, 21, 22};
    struct harm harm = harm_measure(none, 3, value, 3, false);

    (void)state;
    assert_int_equal(harm.n, 0);
    assert_close(harm_p_worse(&harm, LOWER_IS_BETTER, 0), 1, 0);
}

/* Four pairs that agree to 0.1 are preferred to a hundred new values with a deviation of 10. */
static void pairs_are_kept_where_they_are_more_precise(void **state)
{
    static const double base[4] = {10, 20, 30, 40};
    double value[100];

    (void)state;
    for (int i = 0; i < 100; i++)
        value[i] = i < 4 ? base[i] + (i % 2 ? 0.1 : -0.1) : 25 + (i % 2 ? 10 : -10);
    struct harm harm = harm_measure(base, 4, value, 100, true);
    assert_true(harm.paired);
    assert_int_equal(harm.n, 4);
    assert_false(harm_measure(base, 4, value, 100, false).paired);
}

/* s = 2 with n = 4, and 12 new values: error 2 sqrt(1/4 + 1/12) = 1.154701; t(3, 97.5 %) = 3.182446
 * and t(3, 80 %) = 0.978472. */
static void a_margin_that_can_be_decided(void **state)
{
    const double half = sqrt(3);
    const double base[4] = {10 - half, 10 - half, 10 + half, 10 + half};

    (void)state;
    assert_close(harm_decidable(base, 4, 12, 0.025, 0.8), 1.154701 * (3.182446 + 0.978472), 1e-5);
    assert_true(isinf(harm_decidable(base, 1, 12, 0.025, 0.8)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identical_is_never_worse),
        cmocka_unit_test(more_replications_than_the_baseline_are_held_by_welch),
        cmocka_unit_test(what_never_happens_on_either_side_is_no_worse),
        cmocka_unit_test(a_look_spends_its_part_of_the_level),
        cmocka_unit_test(false_alarms_stay_below_the_level),
        cmocka_unit_test(outcomes_are_compared_first),
        cmocka_unit_test(more_replications_decide_what_few_pairs_cannot),
        cmocka_unit_test(an_unchanged_share_is_found_so_without_pairs),
        cmocka_unit_test(a_side_without_numbers_has_no_harm),
        cmocka_unit_test(pairs_are_kept_where_they_are_more_precise),
        cmocka_unit_test(a_margin_that_can_be_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
