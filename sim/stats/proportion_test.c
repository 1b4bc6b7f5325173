// SPDX-License-Identifier: GPL-3.0-or-later
#include "proportion.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

struct sample {
    uint64_t hits, trials;
};

static double student(size_t n, double level)
{
    return n < 2 ? 0 : gsl_cdf_tdist_Pinv(0.5 + level / 2, (double)n - 1);
}

static double normal(double level)
{
    return gsl_cdf_ugaussian_Pinv(0.5 + level / 2);
}

/* The variance by its definition: squares of what each replication has above its part of the hits.
 */
static struct proportion of_samples(const struct sample *samples, size_t n, double level)
{
    struct proportion_sums sums = {.replications = n};
    double share;

    for (size_t i = 0; i < n; i++) {
        sums.hits += samples[i].hits;
        sums.trials += samples[i].trials;
    }
    share = (double)sums.hits / (double)sums.trials;
    for (size_t i = 0; n > 1 && i < n; i++) {
        double residual = (double)samples[i].hits - share * (double)samples[i].trials;

        sums.variance += residual * residual * (double)n / (double)(n - 1) /
                         ((double)sums.trials * (double)sums.trials);
    }
    return proportion_of_sums(&sums, level, student(n, level), normal(level));
}

static struct interval of_counts(const uint64_t *counts, size_t n, double level)
{
    struct tally tally = {0};

    for (size_t i = 0; i < n; i++)
        tally_add(&tally, (double)counts[i]);
    return count_interval_of(&tally, level, student(n, level), normal(level));
}

/* Ten replications of 100 trials without a hit: -ln(0.025) / 1000 = 3.689 / 1000, and by
 * replications 1 - 0.05^(1/10) = 0.2589. */
static void nothing_seen_is_bounded_and_not_zero(void **state)
{
    struct sample samples[10];
    struct proportion share;

    (void)state;
    for (size_t i = 0; i < 10; i++)
        samples[i] = (struct sample){0, 100};
    share = of_samples(samples, 10, 0.95);
    assert_true(share.interval.valid);
    assert_close(share.interval.low, 0, 0);
    assert_close(share.interval.high, 3.688879e-3, 1e-6);
    assert_close(proportion_replication_bound(10, 0.95), 0.258866, 1e-5);
    assert_true(isnan(share.design_effect));
    for (size_t i = 0; i < 10; i++)
        samples[i].hits = 100;
    share = of_samples(samples, 10, 0.95);
    assert_close(share.interval.low, 1 - 3.688879e-3, 1e-6);
    assert_close(share.interval.high, 1, 0);
}

static void one_replication_has_no_interval(void **state)
{
    const struct sample sample = {3, 100};
    struct proportion share = of_samples(&sample, 1, 0.95);

    (void)state;
    assert_false(share.interval.valid);
    assert_close(share.interval.mean, 0.03, 1e-15);
    assert_false(of_samples(NULL, 0, 0.95).interval.valid);
}

/*
 * Five replications of 100 trials with 10 hits each vary less than independent trials would, so the
 * design effect is held at 1 and the effective number is 500 / (t4 / z)^2 = 500 / (2.776445 /
 * 1.959964)^2 = 249.17. Wilson with p = 0.1 and n = 249.17: middle (0.1 + z^2/2n) / (1 + z^2/n) =
 * (0.1 + 0.0077085) / 1.015417 = 0.106073, half z / 1.015417 x sqrt(0.09 / 249.17 + z^2/4n^2) =
 * 1.930205 x sqrt(0.000361199 + 0.00001546827) = 0.037461.
 */
static void equal_replications_have_a_design_effect_of_one(void **state)
{
    struct sample samples[5];
    struct proportion share;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        samples[i] = (struct sample){10, 100};
    share = of_samples(samples, 5, 0.95);
    assert_close(share.design_effect, 1, 1e-12);
    assert_close(share.effective_trials, 249.17, 1e-4);
    assert_close(share.interval.low, 0.106073 - 0.037461, 1e-4);
    assert_close(share.interval.high, 0.106073 + 0.037461, 1e-4);
}

/*
 * Replications that are all or nothing carry one trial's worth of information each: 4 of 8, 50
 * trials each. Variance of the pooled share: 8/7 x 8 x 25^2 / 400^2 = 1/28; of independent trials
 * 0.25 / 400; the design effect is 400 / 7 = 57.142857.
 */
static void all_or_nothing_replications_count_as_one_trial_each(void **state)
{
    struct sample samples[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        samples[i] = (struct sample){i % 2 ? 50 : 0, 50};
    assert_close(of_samples(samples, 8, 0.95).design_effect, 400.0 / 7, 1e-12);
}

/*
 * Beta-binomial replications, share p with a correlation of 1 / (a + b + 1) within a replication:
 * the interval must cover p in at least 93 % of 2000 studies, and lie within [0, 1].
 */
static void intervals_cover_shares_that_vary_between_replications(void **state)
{
    static const struct {
        double p, spread; /* beta(p spread, (1 - p) spread); spread 0: no variation between */
        uint64_t trials;
        size_t n;
    } laws[] = {{0.3, 20, 200, 5},    {0.3, 20, 200, 10},    {0.3, 20, 200, 30},
                {0.02, 100, 1000, 5}, {0.02, 100, 1000, 10}, {0.02, 100, 1000, 30},
                {0.001, 0, 3000, 5},  {0.001, 0, 3000, 10},  {0.5, 0, 100, 30}};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

    (void)state;
    for (size_t law = 0; law < sizeof laws / sizeof laws[0]; law++) {
        int covered = 0;

        for (int study = 0; study < 2000; study++) {
            struct sample samples[30];
            struct interval interval;

            for (size_t i = 0; i < laws[law].n; i++) {
                double p = laws[law].p, spread = laws[law].spread;

                if (spread > 0)
                    p = gsl_ran_beta(rng, p * spread, (1 - p) * spread);
                samples[i] = (struct sample){gsl_ran_binomial(rng, p, (unsigned)laws[law].trials),
                                             laws[law].trials};
            }
            interval = of_samples(samples, laws[law].n, 0.95).interval;
            assert_true(interval.low >= 0 && interval.high <= 1);
            covered += interval.low <= laws[law].p && laws[law].p <= interval.high;
        }
        if (covered < 1860)
            fail_msg("share %g, n %zu: covered %d of 2000", laws[law].p, laws[law].n, covered);
    }
    gsl_rng_free(rng);
}

/* No count in 4 replications: the mean is below 3.689 / 4. Counts 9, 11, 10, 10 vary less than
 * Poisson: Garwood's interval of a total of 40 is [28.577, 54.469], a fourth of it each. */
static void counts_are_poisson_at_least(void **state)
{
    const uint64_t none[4] = {0}, alike[4] = {9, 11, 10, 10};
    struct interval interval = of_counts(none, 4, 0.95);

    (void)state;
    assert_close(interval.low, 0, 0);
    assert_close(interval.high, 3.688879 / 4, 1e-6);
    interval = of_counts(alike, 4, 0.95);
    assert_close(interval.low, 28.577 / 4, 1e-4);
    assert_close(interval.high, 54.469 / 4, 1e-4);
    assert_false(of_counts(alike, 1, 0.95).valid);
}

/* 0 and 3: dispersion 3, with two replications 3 (12.706 / 1.96)^2 = 126, so that the lower end is
 * a gamma quantile of shape 3 / 126, which is as good as 0: a bound, and a number. */
static void a_count_of_two_replications_has_a_lower_bound(void **state)
{
    static const uint64_t counts[] = {0, 3};
    struct interval interval = of_counts(counts, 2, 0.95);

    (void)state;
    assert_true(interval.low >= 0 && interval.low < 1e-30);
    assert_true(interval.high > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_seen_is_bounded_and_not_zero),
        cmocka_unit_test(one_replication_has_no_interval),
        cmocka_unit_test(equal_replications_have_a_design_effect_of_one),
        cmocka_unit_test(all_or_nothing_replications_count_as_one_trial_each),
        cmocka_unit_test(intervals_cover_shares_that_vary_between_replications),
        cmocka_unit_test(counts_are_poisson_at_least),
        cmocka_unit_test(a_count_of_two_replications_has_a_lower_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
