// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "rng_stream.h"
#include "zipf.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define DRAWS 200000

/*
 * Exact probabilities p_k = k^-s / sum. The ranks up to 30 are cells of their own, the rest is one.
 * Chi-square with cells - 1 degrees of freedom: with a fixed seed the verdict never flickers, and a
 * wrong exponent by 0.02 fails (its statistic is above 60 for s = 1 and 1000 keys).
 */
static double chi_square_p(uint32_t count, double skew, double drawn_skew)
{
    struct zipf zipf = zipf_make(count, drawn_skew);
    struct rng_stream stream = rng_stream_named(7, 0, "zipf_test", "ranks");
    uint32_t cells = count < 31 ? count : 31;
    double sum = 0, observed[31] = {0}, chi = 0, rest = 1;

    for (uint32_t k = 1; k <= count; k++)
        sum += pow(k, -skew);
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint32_t rank = zipf_rank(&zipf, rng_block_at(&stream, i, 0).word[0]);

        assert_true(rank < count);
        observed[rank < cells ? rank : cells - 1]++;
    }
    for (uint32_t i = 0; i < cells; i++) {
        double share = i + 1 < cells ? pow(i + 1, -skew) / sum : rest;

        rest -= share;
        chi += (observed[i] - share * DRAWS) * (observed[i] - share * DRAWS) / (share * DRAWS);
    }
    return gsl_cdf_chisq_Q(chi, cells - 1);
}

static void ranks_have_exact_probabilities(void **state)
{
    static const double skews[] = {0, 0.5, 0.8, 0.99, 1, 1.01, 1.5, 3};

    (void)state;
    for (size_t i = 0; i < sizeof skews / sizeof skews[0]; i++) {
        double p = chi_square_p(1000, skews[i], skews[i]);

        print_message("skew %g: p = %.3f\n", skews[i], p);
        assert_true(p > 0.001);
        assert_true(chi_square_p(10, skews[i], skews[i]) > 0.001);
    }
}

static void another_skew_is_noticed(void **state)
{
    (void)state;
    assert_true(chi_square_p(1000, 1, 1.02) < 1e-6);
    assert_true(chi_square_p(1000, 0.8, 0.78) < 1e-6);
}

/* sum of 1/k, k to 4: 25/12. */
static void top_share_is_its_probability(void **state)
{
    struct zipf zipf = zipf_make(4, 1), uniform = zipf_make(8, 0), one = zipf_make(1, 1);

    (void)state;
    assert_close(zipf_top_share(&zipf), 12.0 / 25, 1e-12);
    assert_close(zipf_top_share(&uniform), 1.0 / 8, 1e-12);
    assert_int_equal(zipf_rank(&one, 12345), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_have_exact_probabilities),
        cmocka_unit_test(another_skew_is_noticed),
        cmocka_unit_test(top_share_is_its_probability),
    };

    return cmocka_run_group_tests_name("zipf", tests, NULL, NULL);
}
