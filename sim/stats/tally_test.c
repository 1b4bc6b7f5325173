// SPDX-License-Identifier: GPL-3.0-or-later
#include "tally.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

static struct tally tally_of(const double *values, size_t count)
{
    struct tally tally = {0};
    for (size_t i = 0; i < count; i++)
        tally_add(&tally, values[i]);
    return tally;
}

static void an_empty_tally_is_all_zero(void **state)
{
    (void)state;
    struct tally tally = {0};
    assert_int_equal(tally.count, 0);
    assert_close(tally_variance(&tally), 0.0, 0.0);
    assert_close(tally_sd(&tally), 0.0, 0.0);
}

/*
 * 2 4 4 4 5 5 7 9: sum 40, mean 5; squared differences 9 1 1 1 0 0 4 16, sum 32; variance of the
 * sample 32 / 7.
 */
static void moments_of_eight_values(void **state)
{
    (void)state;
    static const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct tally tally = tally_of(values, 8);
    assert_int_equal(tally.count, 8);
    assert_close(tally.mean, 5.0, 1e-15);
    assert_close(tally.m2, 32.0, 1e-15);
    assert_close(tally_variance(&tally), 32.0 / 7.0, 1e-15);
    assert_close(tally_sd(&tally), sqrt(32.0 / 7.0), 1e-15);
    assert_close(tally.min, 2.0, 0.0);
    assert_close(tally.max, 9.0, 0.0);
}

static void one_value_has_no_variance_and_is_both_extremes(void **state)
{
    (void)state;
    struct tally tally = {0};
    tally_add(&tally, -3.5);
    assert_close(tally_variance(&tally), 0.0, 0.0);
    assert_close(tally.min, -3.5, 0.0);
    assert_close(tally.max, -3.5, 0.0);
}

/*
 * 1e9 + {4, 7, 13, 16}: the differences from the mean 10 are -6 -3 3 6, so m2 = 90 and the
 * variance 30. The sum of squares minus the square of the sum would lose it: 1e18 has no room for
 * units in 53 bits.
 */
static void a_large_offset_does_not_cost_the_variance(void **state)
{
    (void)state;
    static const double values[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
    struct tally tally = tally_of(values, 4);
    assert_close(tally_variance(&tally), 30.0, 1e-9);
}

/* Wherever the series is cut, the parts merged are the whole: the claim of the paper's equation. */
static void merging_parts_is_one_pass_over_the_whole(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    double values[COUNT];
    for (int i = 0; i < COUNT; i++) {
        values[i] =
            100.0 + (i * 37 % 101) * 0.25; /* 37 is prime to 101: no pattern that halves alike */
    }
    struct tally whole = tally_of(values, COUNT);
    for (size_t cut = 0; cut <= COUNT; cut++) {
        struct tally merged = tally_of(values, cut);
        struct tally rest = tally_of(values + cut, COUNT - cut);
        tally_merge(&merged, &rest);
        assert_int_equal(merged.count, COUNT);
        assert_close(merged.mean, whole.mean, 1e-14);
        assert_close(merged.m2, whole.m2, 1e-12);
        assert_close(merged.min, whole.min, 0.0);
        assert_close(merged.max, whole.max, 0.0);
    }
}

static void merging_with_nothing_changes_nothing(void **state)
{
    (void)state;
    static const double values[] = {5, 6};
    struct tally empty = {0};
    struct tally tally = tally_of(values, 2);
    tally_merge(&tally, &empty);
    assert_int_equal(tally.count, 2);
    assert_close(tally.min, 5.0, 0.0); /* the empty tally's min of 0 is no value */
    tally_merge(&empty, &tally);
    assert_int_equal(empty.count, 2);
    assert_close(empty.min, 5.0, 0.0);
    assert_close(empty.mean, 5.5, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_tally_is_all_zero),
        cmocka_unit_test(moments_of_eight_values),
        cmocka_unit_test(one_value_has_no_variance_and_is_both_extremes),
        cmocka_unit_test(a_large_offset_does_not_cost_the_variance),
        cmocka_unit_test(merging_parts_is_one_pass_over_the_whole),
        cmocka_unit_test(merging_with_nothing_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
