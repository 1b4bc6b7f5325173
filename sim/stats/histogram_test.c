// SPDX-License-Identifier: GPL-3.0-or-later
#include "histogram.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "child.h"
#include "hash.h"

#include <stdlib.h>

/* A value of 1 to 63 bits, each length as likely as the next. */
static int64_t next_value(uint64_t *seed)
{
    uint64_t bits = hash_mix_next(seed);
    return (int64_t)(bits >> (1 + hash_mix_next(seed) % 63));
}

static void an_empty_histogram_answers_zero(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
    assert_close(histogram_mean(&histogram), 0.0, 0.0);
    histogram_clear(&histogram);
    histogram_release(&histogram);
}

/* 128 values of their own; then two a bin up to 256, four up to 512; INT64_MAX is in the last. */
static void bins_follow_each_other_without_gap_or_overlap(void **state)
{
    (void)state;
    assert_int_equal(histogram_bin_of(0), 0);
    assert_int_equal(histogram_bin_of(127), 127);
    assert_int_equal(histogram_bin_of(128), 128);
    assert_int_equal(histogram_bin_of(129), 128);
    assert_int_equal(histogram_bin_of(130), 129);
    assert_int_equal(histogram_bin_of(256), 192);
    assert_int_equal(histogram_bin_of(259), 192);
    assert_int_equal(histogram_bin_of(260), 193);
    assert_int_equal(histogram_bin_of(INT64_MAX), HISTOGRAM_BIN_LIMIT - 1);
    int64_t next = 0;
    for (uint32_t bin = 0; bin < HISTOGRAM_BIN_LIMIT; bin++) {
        int64_t low = histogram_bin_low(bin), high = histogram_bin_high(bin);
        assert_int_equal(low, next);
        assert_int_equal(histogram_bin_of(low), bin);
        assert_int_equal(histogram_bin_of(high), bin);
        next = (int64_t)((uint64_t)high + 1);
    }
    assert_int_equal(next, INT64_MIN); /* one past INT64_MAX */
}

/* A bin's middle is within 1/128 of each of its values: the stated 0.8 %, for a million values. */
static void a_bins_middle_is_within_the_stated_error_of_its_values(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 1000000; i++) {
        int64_t value = next_value(&seed);
        uint32_t bin = histogram_bin_of(value);
        int64_t low = histogram_bin_low(bin), high = histogram_bin_high(bin);
        assert_true(low <= value && value <= high);
        int64_t error = llabs(low + (high - low) / 2 - value);
        assert_true(error <= value / 128);
    }
}

static int compare_values(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Against the sorted values themselves: the value of rank ceil(q n), within a bin, 1/64, of it. */
static void quantiles_are_within_the_stated_error_of_the_sorted_values(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    static int64_t values[COUNT];
    struct histogram histogram = {0};
    uint64_t seed = 2;
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = next_value(&seed);
        histogram_add(&histogram, values[i]);
    }
    qsort(values, COUNT, sizeof(values[0]), compare_values);
    for (int per_mille = 0; per_mille <= 1000; per_mille++) {
        size_t rank = per_mille > 0 ? (size_t)per_mille * COUNT / 1000 : 1; /* whole, as COUNT is */
        int64_t exact = values[rank - 1];
        int64_t got = histogram_quantile(&histogram, per_mille / 1000.0);
        assert_true(llabs(got - exact) <= exact / 64);
    }
    assert_int_equal(histogram_quantile(&histogram, 0.0), values[0]);
    assert_int_equal(histogram_quantile(&histogram, 1.0), values[COUNT - 1]);
    histogram_release(&histogram);
}

/* From 4096 to 8191 bins are 64 wide. The values 6400 to 6463 fill one, so that the quantile q is
 * the value of rank 64 q: 6400 + 64 q - 1. */
static void quantiles_are_interpolated_inside_a_bin(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    for (int64_t value = 6400; value < 6464; value++)
        histogram_add(&histogram, value);
    assert_int_equal(histogram_bin_of(6400), histogram_bin_of(6463));
    assert_int_equal(histogram_quantile(&histogram, 0.25), 6415);
    assert_int_equal(histogram_quantile(&histogram, 0.5), 6431);
    assert_close(histogram_resolution(6431), 31.5, 1e-12);
    assert_close(histogram_resolution(100), 0, 0);
    histogram_release(&histogram);
}

/*
 * 1 to 100, each in a bin of its own: the quantile q is the value ceil(100 q). In binary 0.07 * 100
 * and 0.29 * 100 are not whole (7.000000000000001 and 28.999999999999996), which must not show.
 */
static void quantiles_of_whole_percents_are_exact_in_small_values(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    for (int64_t value = 1; value <= 100; value++)
        histogram_add(&histogram, value);
    for (int percent = 1; percent <= 100; percent++)
        assert_int_equal(histogram_quantile(&histogram, percent / 100.0), percent);
    assert_int_equal(histogram_quantile(&histogram, 0.071), 8);
    assert_int_equal(histogram_quantile(&histogram, 1e-9), 1);
    assert_int_equal(histogram_quantile(&histogram, 0.999999), 100);
    histogram_release(&histogram);
}

/* One value of 1000001: the middle of its bin is another number, the extremes hold it in. */
static void quantiles_stay_within_the_extremes(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, 1000001);
    assert_int_equal(histogram_quantile(&histogram, 0.5), 1000001);
    histogram_add(&histogram, 999);
    assert_int_equal(histogram_quantile(&histogram, 0.999), 1000001);
    assert_int_equal(histogram_quantile(&histogram, 0.001), 999);
    histogram_release(&histogram);
}

/* Three times 2^63 - 1 is 2^64 + 2^63 - 3: one in the high word, 2^63 - 3 in the low. */
static void the_sum_is_exact_beyond_64_bits(void **state)
{
    (void)state;
    struct histogram one_by_one = {0}, at_once = {0};
    for (int i = 0; i < 3; i++)
        histogram_add(&one_by_one, INT64_MAX);
    histogram_add_many(&at_once, INT64_MAX, 3);
    assert_int_equal(one_by_one.sum_high, 1);
    assert_int_equal(one_by_one.sum_low, (UINT64_C(1) << 63) - 3);
    assert_int_equal(at_once.sum_high, 1);
    assert_int_equal(at_once.sum_low, (UINT64_C(1) << 63) - 3);
    assert_close(histogram_mean(&at_once), 0x1p63, 1e-15);
    histogram_release(&one_by_one);
    histogram_release(&at_once);
}

/* 10 and 11 and 11: 32 / 3. */
static void the_mean_is_of_the_values_not_of_the_bins(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, 1000010);
    histogram_add_many(&histogram, 1000011, 2);
    assert_close(histogram_mean(&histogram), 1000000.0 + 32.0 / 3.0, 1e-15);
    histogram_release(&histogram);
}

static void assert_same(const struct histogram *a, const struct histogram *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->min_from_top, b->min_from_top);
    assert_int_equal(a->max, b->max);
    assert_int_equal(a->sum_low, b->sum_low);
    assert_int_equal(a->sum_high, b->sum_high);
    for (uint32_t bin = 0; bin < HISTOGRAM_BIN_LIMIT; bin++) {
        uint64_t in_a = bin < a->bin_count ? a->bins[bin] : 0;
        uint64_t in_b = bin < b->bin_count ? b->bins[bin] : 0;
        assert_int_equal(in_a, in_b);
    }
}

static void add_many_is_add_many_times(void **state)
{
    (void)state;
    struct histogram one_by_one = {0}, at_once = {0};
    histogram_add_many(&at_once, 5, 0);
    assert_int_equal(at_once.count, 0);
    for (int i = 0; i < 1000; i++) {
        histogram_add(&one_by_one, 123456789);
        histogram_add(&one_by_one, 3);
    }
    histogram_add_many(&at_once, 123456789, 1000);
    histogram_add_many(&at_once, 3, 1000);
    assert_same(&one_by_one, &at_once);
    histogram_release(&one_by_one);
    histogram_release(&at_once);
}

static void fill(struct histogram *histogram, uint64_t seed, int count, int shift)
{
    for (int i = 0; i < count; i++)
        histogram_add(histogram, next_value(&seed) >> shift);
}

/* (a + b) + c, a + (b + c), c + (b + a) and all values in one: three sizes, and an empty one. */
static void merging_is_associative_commutative_and_exact(void **state)
{
    (void)state;
    struct histogram a = {0}, b = {0}, c = {0}, left = {0}, right = {0}, back = {0}, one = {0};
    struct histogram bc = {0}, empty = {0};
    fill(&a, 11, 1000, 40);
    fill(&b, 12, 500, 0);
    fill(&c, 13, 2000, 20);
    fill(&one, 11, 1000, 40);
    fill(&one, 12, 500, 0);
    fill(&one, 13, 2000, 20);
    histogram_merge(&left, &a);
    histogram_merge(&left, &b);
    histogram_merge(&left, &empty);
    histogram_merge(&left, &c);
    histogram_merge(&bc, &b);
    histogram_merge(&bc, &c);
    histogram_merge(&right, &a);
    histogram_merge(&right, &bc);
    histogram_merge(&back, &c);
    histogram_merge(&back, &b);
    histogram_merge(&back, &a);
    assert_same(&left, &one);
    assert_same(&right, &one);
    assert_same(&back, &one);
    struct histogram *all[] = {&a, &b, &c, &left, &right, &back, &one, &bc, &empty};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        histogram_release(all[i]);
}

/* After a clear, an old extreme or bin would show; the memory is the same. */
/* What is collected in steps is the whole, bin by bin, and each step is what was added in it. */
static void collecting_adds_up_to_the_whole(void **state)
{
    struct histogram now = {0}, seen = {0}, pending = {0}, sum = {0};
    uint64_t seed = 7;

    (void)state;
    for (uint64_t step = 0; step < 50; step++) {
        for (uint64_t i = 0; i < step; i++)
            histogram_add(&now, next_value(&seed) >> 20);
        histogram_clear(&pending);
        histogram_collect(&pending, &seen, &now);
        assert_int_equal(pending.count, step);
        histogram_merge(&sum, &pending);
        assert_int_equal(seen.count, now.count);
    }
    assert_int_equal(sum.count, now.count);
    assert_int_equal(sum.sum_low, now.sum_low);
    assert_int_equal(sum.sum_high, now.sum_high);
    assert_memory_equal(sum.bins, now.bins, now.bin_count * sizeof *now.bins);
    assert_int_equal(histogram_bin_of(histogram_min(&sum)), histogram_bin_of(histogram_min(&now)));
    assert_int_equal(histogram_bin_of(sum.max), histogram_bin_of(now.max));
    histogram_release(&now);
    histogram_release(&seen);
    histogram_release(&pending);
    histogram_release(&sum);
}

/* The values added after a copy: a thousand values of 1 000 to 1 999, after a thousand of all
 * sizes. */
static void a_difference_is_what_was_added(void **state)
{
    struct histogram now = {0}, before = {0}, difference = {0};

    (void)state;
    fill(&now, 7, 1000, 20);
    histogram_merge(&before, &now);
    for (int64_t value = 1000; value < 2000; value++)
        histogram_add(&now, value);
    histogram_difference(&difference, &now, &before);
    assert_int_equal(difference.count, 1000);
    assert_close(histogram_mean(&difference), 1499.5, 1e-15);
    assert_true(histogram_min(&difference) <= 1000 && histogram_min(&difference) > 984);
    assert_true(difference.max >= 1999 && difference.max < 2031);
    assert_true(llabs(histogram_quantile(&difference, 0.5) - 1499) <= 12);
    /* nothing was added: the difference is empty, whatever it held before */
    histogram_difference(&difference, &now, &now);
    assert_int_equal(difference.count, 0);
    assert_int_equal(histogram_quantile(&difference, 0.5), 0);
    histogram_release(&now);
    histogram_release(&before);
    histogram_release(&difference);
}

static void clear_empties_and_keeps_memory(void **state)
{
    (void)state;
    struct histogram used = {0}, fresh = {0};
    fill(&used, 3, 1000, 0);
    const uint64_t *memory = used.bins;
    histogram_clear(&used);
    assert_int_equal(used.count, 0);
    fill(&used, 4, 100, 30);
    fill(&fresh, 4, 100, 30);
    assert_ptr_equal(used.bins, memory);
    assert_same(&used, &fresh);
    histogram_release(&used);
    histogram_release(&fresh);
}

static void memory_grows_only_to_the_highest_value(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, 63);
    assert_int_equal(histogram.bin_count, 64);
    histogram_add(&histogram, INT64_MAX);
    assert_int_equal(histogram.bin_count, HISTOGRAM_BIN_LIMIT);
    histogram_release(&histogram);
}

static void add_a_negative_value(void)
{
    struct histogram histogram = {0};
    histogram_add(&histogram,
                  INT64_MAX); /* all bins there are, so that only the check can refuse */
    histogram_add(&histogram, -1);
}

static void add_many_negative_values(void)
{
    struct histogram histogram = {0};
    histogram_add_many(&histogram, INT64_MIN, 2);
}

static void a_negative_value_is_our_bug(void **state)
{
    (void)state;
    assert_aborts(add_a_negative_value);
    assert_aborts(add_many_negative_values);
}

/* Bins hold a value within 0.8 %; the values stored beside them are exact, and refused if no
 * histogram can have them. */
static void extremes_that_were_kept_are_restored(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, 1000);
    histogram_add(&histogram, 5000);
    assert_false(histogram_restore_extremes(&histogram, -1, 5000));
    assert_false(histogram_restore_extremes(&histogram, 5001, 5000));
    assert_int_equal(histogram_quantile(&histogram, 0), 1000);
    assert_int_equal(histogram_quantile(&histogram, 1), 5000);
    assert_true(histogram_restore_extremes(&histogram, 1003, 5011));
    assert_int_equal(histogram_min(&histogram), 1003);
    assert_int_equal(histogram_quantile(&histogram, 0), 1003);
    assert_int_equal(histogram_quantile(&histogram, 1), 5011);
    histogram_release(&histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_histogram_answers_zero),
        cmocka_unit_test(bins_follow_each_other_without_gap_or_overlap),
        cmocka_unit_test(a_bins_middle_is_within_the_stated_error_of_its_values),
        cmocka_unit_test(quantiles_are_within_the_stated_error_of_the_sorted_values),
        cmocka_unit_test(quantiles_are_interpolated_inside_a_bin),
        cmocka_unit_test(quantiles_of_whole_percents_are_exact_in_small_values),
        cmocka_unit_test(quantiles_stay_within_the_extremes),
        cmocka_unit_test(the_sum_is_exact_beyond_64_bits),
        cmocka_unit_test(the_mean_is_of_the_values_not_of_the_bins),
        cmocka_unit_test(add_many_is_add_many_times),
        cmocka_unit_test(merging_is_associative_commutative_and_exact),
        cmocka_unit_test(a_difference_is_what_was_added),
        cmocka_unit_test(collecting_adds_up_to_the_whole),
        cmocka_unit_test(clear_empties_and_keeps_memory),
        cmocka_unit_test(memory_grows_only_to_the_highest_value),
        cmocka_unit_test(a_negative_value_is_our_bug),
        cmocka_unit_test(extremes_that_were_kept_are_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
