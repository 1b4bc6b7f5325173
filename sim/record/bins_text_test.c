// SPDX-License-Identifier: GPL-3.0-or-later
#include "bins_text.h"

#include "interval.h"
#include "tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assert_close.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return random_state ^ random_state >> 29;
}

static void counts_round_trip(void **state)
{
    const uint64_t counts[] = {0, 7, 10, 123456789, (UINT64_C(1) << 53) - 1};
    struct strbuf text = STRBUF_INIT;
    struct bin_values read = {0};

    (void)state;
    bins_add_counts(&text, counts, 5);
    assert_string_equal(text.text, "[0,7,10,123456789,9007199254740991]");
    assert_true(bins_read_counts(text.text, &read));
    assert_int_equal(read.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(read.items[i] == (double)counts[i]);
    strbuf_clear(&text);
    bins_add_counts(&text, counts, 0);
    assert_string_equal(text.text, "[]");
    assert_true(bins_read_counts(text.text, &read));
    assert_int_equal(read.count, 0);
    bin_values_release(&read);
    strbuf_release(&text);
}

static void ratios_keep_both_terms(void **state)
{
    const uint64_t over[] = {3, 0, 0, 5}, under[] = {40, 12, 0, 0};
    struct strbuf text = STRBUF_INIT;
    struct bin_ratios read = {0};

    (void)state;
    bins_add_ratios(&text, over, under, 4);
    assert_string_equal(text.text, "[[3,40],[0,12],0,[5,0]]");
    assert_true(bins_read_ratios(text.text, &read));
    assert_int_equal(read.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(read.items[i].over, over[i]);
        assert_int_equal(read.items[i].under, under[i]);
    }
    bin_ratios_release(&read);
    strbuf_release(&text);
}

/* 1 of 4 and 4 of 16: 5 of 20. Squares 1 + 16 and 16 + 256, products 4 + 64. A run with nothing to
 * divide by does not count. */
static void pooled_ratios_keep_their_sums(void **state)
{
    struct pooled_bin bins[3] = {{.low = 0.1, .high = 0.5}, {.low = NAN, .high = NAN}, {{0}, 0, 0}};
    struct strbuf text = STRBUF_INIT;
    struct pooled_bins read = {0};

    (void)state;
    pooled_ratio_add(&bins[0].ratio, 1, 4);
    pooled_ratio_add(&bins[0].ratio, 0, 0);
    pooled_ratio_add(&bins[0].ratio, 4, 16);
    pooled_ratio_add(&bins[1].ratio, 0, 3);
    bins_add_pooled(&text, bins, 3);
    assert_string_equal(text.text,
                        "[[0.25,0.1,0.5,2,5,20,17,68,272],[0,null,null,1,0,3,0,0,9],null]");
    assert_true(bins_read_pooled(text.text, &read));
    assert_int_equal(read.count, 3);
    assert_memory_equal(&read.items[0], &bins[0], sizeof bins[0]);
    assert_memory_equal(&read.items[1].ratio, &bins[1].ratio, sizeof bins[1].ratio);
    assert_true(isnan(read.items[1].low) && isnan(read.items[1].high));
    assert_int_equal(read.items[2].ratio.n, 0);
    pooled_bins_release(&read);
    strbuf_release(&text);
}

/* Bit for bit for any double: quotients of integers, as levels are, and arbitrary bits. */
static void levels_round_trip_bit_for_bit(void **state)
{
    enum { COUNT = 20000 };
    const double odd[] = {0,       0.1,
                          1.0 / 3, 5e-324,
                          DBL_MIN, DBL_MAX,
                          1e22,    123456789012345678.0,
                          1e15,    999999999999999.9,
                          -0.25,   0x1p-1074,
                          1e-7,    9.5e-7,
                          4e-15};
    double *levels = malloc(COUNT * sizeof *levels);
    struct strbuf text = STRBUF_INIT;
    struct bin_values read = {0};

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t bits = next_random();
        levels[i] = (double)(next_random() % 1000000000000) / 1e10;
        if (i % 2 == 0)
            memcpy(&levels[i], &bits, sizeof bits);
        if (i < sizeof odd / sizeof odd[0])
            levels[i] = odd[i];
    }
    levels[COUNT - 1] = NAN;
    bins_add_levels(&text, levels, COUNT);
    assert_memory_equal(text.text, "[0,0.1,0.3333333333333333", 25);
    assert_true(bins_read_levels(text.text, &read));
    assert_int_equal(read.count, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        if (isfinite(levels[i]))
            assert_memory_equal(&levels[i], &read.items[i], sizeof levels[i]);
        else
            assert_true(isnan(read.items[i]));
    bin_values_release(&read);
    strbuf_release(&text);
    free(levels);
}

static void moments_omit_what_is_implied(void **state)
{
    const struct moment moments[] = {{7, 0.5, 0}, {7, 0.5, 0.1}, {2, 2, 0.125}, {0}, {2, 3, 0}};
    struct strbuf text = STRBUF_INIT;
    struct bin_moments read = {0};

    (void)state;
    bins_add_moments(&text, moments, 5, 7);
    assert_string_equal(text.text, "[0.5,[0.5,0.1],[2,0.125,2],null,[3,0,2]]");
    assert_true(bins_read_moments(text.text, 7, &read));
    assert_int_equal(read.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(read.items[i].n, moments[i].n);
        assert_true(read.items[i].mean == moments[i].mean && read.items[i].sd == moments[i].sd);
    }
    bin_moments_release(&read);
    strbuf_release(&text);
}

/*
 * Add 200 runs, writing and reading back the state after each: the state read equals the one in
 * memory, and mean and deviation are those of an exact tally. Each step rounds the mean to 12
 * digits (an error of at most half a unit of the last), so 200 steps are off by less than 200 *
 * 5e-12 of it; the deviation, to 8 digits, by less than 200 * 5e-8. Rounding errors mostly cancel.
 */
static void moments_continue_from_their_text(void **state)
{
    static const double scales[] = {1e-9, 0.003, 1, 12345, 1e12, 3e17};

    (void)state;
    for (size_t s = 0; s < sizeof scales / sizeof scales[0]; s++) {
        struct moment moment = {0};
        struct tally tally = {0};
        struct bin_moments read = {0};
        struct strbuf text = STRBUF_INIT;

        for (uint64_t n = 1; n <= 200; n++) {
            double value = scales[s] * (1 + (double)(next_random() % 1000) / 3000);
            moment_add(&moment, value);
            tally_add(&tally, value);
            strbuf_clear(&text);
            bins_add_moments(&text, &moment, 1, n);
            assert_true(bins_read_moments(text.text, n, &read));
            assert_int_equal(read.items[0].n, n);
            assert_memory_equal(&read.items[0].mean, &moment.mean, sizeof(double));
            assert_memory_equal(&read.items[0].sd, &moment.sd, sizeof(double));
        }
        assert_close(moment.mean, tally.mean, 200 * 5e-12);
        assert_close(moment.sd, tally_sd(&tally), 200 * 5e-8);
        bin_moments_release(&read);
        strbuf_release(&text);
    }
}

static void equal_values_have_no_deviation(void **state)
{
    static const double values[] = {0, 1.0 / 3, 2e-13, 0.1, 123456789.123456789, 7e20};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct moment moment = {0};

        for (int n = 0; n < 50; n++)
            moment_add(&moment, values[i]);
        assert_true(moment.sd == 0);
        assert_close(moment.mean, values[i], 5e-12);
    }
}

static void histograms_round_trip(void **state)
{
    struct histogram histogram = {0};
    struct strbuf text = STRBUF_INIT;
    uint64_t bins[HISTOGRAM_BIN_LIMIT] = {0}, total = 0;

    (void)state;
    histogram_add_many(&histogram, 5, 3);
    histogram_add(&histogram, INT64_MAX);
    bins_add_histogram(&text, &histogram);
    assert_string_equal(text.text, "{\"5\":3,\"3711\":1}");
    assert_true(bins_read_histogram(text.text, bins, &total));
    assert_true(bins_read_histogram(text.text, bins, &total));
    assert_int_equal(bins[5], 6);
    assert_int_equal(bins[3711], 2);
    assert_int_equal(total, 8);
    histogram_release(&histogram);
    strbuf_release(&text);
}

/* Each text is one change away from a valid one. */
static void invalid_texts_are_rejected(void **state)
{
    static const char *const values[] = {
        "",       "[",       "[1",      "1]",      "[1,]",  "[,1]",   "[1 ,2]",
        "[1]x",   "[1][1]",  "[x]",     "[\"1\"]", "[-]",   "[1.]",   "[.5]",
        "[1e]",   "[1e999]", "[nan]",   "[inf]",   "[[1]]", "[null",  "[nul]",
        "[1..2]", "{}",      "[1.2.3]", "[--1]",   "null",  "[0x10]", "[1,2"};
    static const char *const counts[] = {"[-1]", "[1.5]", "[9007199254740994]",
                                         "[99999999999999999999999999]"};
    static const char *const ratios[] = {"[1]",    "[[1]]",  "[[1,2,3]]",
                                         "[[1,2]", "[[,2]]", "[[-1,2]]"};
    static const char *const moments[] = {"[[1]]", "[[1,2,0]]", "[[1,-2]]", "[[1,2,3,4]]", "[[]]"};
    static const char *const histograms[] = {"{\"3712\":1}",
                                             "{\"1\":0}",
                                             "{\"-1\":1}",
                                             "{1:1}",
                                             "{\"1\":1,}",
                                             "[]",
                                             "{\"1\":1",
                                             "{\"1\":9223372036854775807,\"2\":1}",
                                             "{\"99999999999999999999\":1}"};
    static const char *const pooled[] = {"[1]",
                                         "[[1]]",
                                         "[[0.5,0,1,1,1,2,1,2]]",
                                         "[[0.5,0,1,0,1,2,1,2,4]]",
                                         "[[0.5,0,1,3,1,2,1,2,4]]",
                                         "[[0.5,0,1,1,-1,2,1,2,4]]",
                                         "[[0.5,0,1,1,1,2,1,2,4,5]]",
                                         "[[null,0,1,1,1,2,1,2,4]]"};
    struct bin_values read = {0};
    struct bin_ratios read_ratios = {0};
    struct pooled_bins read_pooled = {0};
    struct bin_moments read_moments = {0};

    (void)state;
#define REFUSED(list, call)                                                                        \
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {                                    \
        uint64_t bins[HISTOGRAM_BIN_LIMIT] = {0}, total = 0;                                       \
        (void)bins, (void)total;                                                                   \
        if (call)                                                                                  \
            fail_msg("'%s' was accepted", list[i]);                                                \
    }
    REFUSED(values, bins_read_levels(values[i], &read));
    REFUSED(values, bins_read_counts(values[i], &read));
    REFUSED(values, bins_read_ratios(values[i], &read_ratios));
    REFUSED(values, bins_read_pooled(values[i], &read_pooled) && read_pooled.count != 1);
    REFUSED(pooled, bins_read_pooled(pooled[i], &read_pooled));
    REFUSED(values, bins_read_moments(values[i], 5, &read_moments) && values[i][0] != '[');
    REFUSED(counts, bins_read_counts(counts[i], &read));
    REFUSED(ratios, bins_read_ratios(ratios[i], &read_ratios));
    REFUSED(moments, bins_read_moments(moments[i], 5, &read_moments));
    REFUSED(histograms, bins_read_histogram(histograms[i], bins, &total));
#undef REFUSED
    bin_values_release(&read);
    bin_moments_release(&read_moments);
    bin_ratios_release(&read_ratios);
    pooled_bins_release(&read_pooled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_round_trip),
        cmocka_unit_test(ratios_keep_both_terms),
        cmocka_unit_test(pooled_ratios_keep_their_sums),
        cmocka_unit_test(levels_round_trip_bit_for_bit),
        cmocka_unit_test(moments_omit_what_is_implied),
        cmocka_unit_test(moments_continue_from_their_text),
        cmocka_unit_test(equal_values_have_no_deviation),
        cmocka_unit_test(histograms_round_trip),
        cmocka_unit_test(invalid_texts_are_rejected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
