// SPDX-License-Identifier: GPL-3.0-or-later
#include "proportion.h"

#include "bug.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static double student(double level, double freedom)
{
    return gsl_cdf_tdist_Pinv(0.5 + level / 2, freedom);
}

static double normal(double level)
{
    return gsl_cdf_ugaussian_Pinv(0.5 + level / 2);
}

/* Pooled counts, and the variance of the pooled share by the spread of the replications about it:
 * the linearised ratio estimator. */
static void pool(const struct proportion_sample *samples, size_t n, struct proportion *pooled,
                 double *variance)
{
    double squares = 0, share;

    *variance = 0;
    for (size_t i = 0; i < n; i++) {
        invariant(samples[i].hits <= samples[i].trials);
        pooled->hits += samples[i].hits;
        pooled->trials += samples[i].trials;
        pooled->replications += samples[i].trials > 0;
    }
    if (pooled->trials == 0 || pooled->replications < 2)
        return;
    share = (double)pooled->hits / (double)pooled->trials;
    for (size_t i = 0; i < n; i++) {
        double residual = (double)samples[i].hits - share * (double)samples[i].trials;

        squares += residual * residual;
    }
    *variance = squares * (double)pooled->replications / (double)(pooled->replications - 1) /
                ((double)pooled->trials * (double)pooled->trials);
}

/* Trials that would say as much if they were independent, degrees of freedom counted. */
static double effective(struct proportion *pooled, double variance, double level)
{
    double trials = (double)pooled->trials, share = (double)pooled->hits / trials;
    double independent = share * (1 - share) / trials;
    double ratio = student(level, (double)pooled->replications - 1) / normal(level);

    pooled->design_effect = fmax(variance / independent, 1.0);
    return fmin(trials / pooled->design_effect / (ratio * ratio), trials);
}

static struct interval wilson(double share, double trials, double level)
{
    double z = normal(level), square = z * z / trials;
    double middle = (share + square / 2) / (1 + square);
    double half = z / (1 + square) * sqrt(share * (1 - share) / trials + square / trials / 4);

    return (struct interval){
        .valid = true, .level = level, .mean = share, .low = middle - half, .high = middle + half};
}

static struct interval clopper_pearson(double share, double trials, double level)
{
    double tail = (1 - level) / 2, hits = share * trials;

    return (struct interval){.valid = true,
                             .level = level,
                             .mean = share,
                             .low = gsl_cdf_beta_Pinv(tail, hits, trials - hits + 1),
                             .high = gsl_cdf_beta_Pinv(1 - tail, hits + 1, trials - hits)};
}

static struct proportion estimate(const struct proportion_sample *samples, size_t n, double level,
                                  struct interval (*by)(double, double, double))
{
    struct proportion pooled = {.design_effect = (double)NAN,
                                .effective_trials = (double)NAN,
                                .replication_bound = (double)NAN};
    double variance, share, never;

    invariant(level > 0 && level < 1);
    pool(samples, n, &pooled, &variance);
    share = pooled.trials ? (double)pooled.hits / (double)pooled.trials : (double)NAN;
    pooled.interval = (struct interval){.n = pooled.replications,
                                        .level = level,
                                        .mean = share,
                                        .low = (double)NAN,
                                        .high = (double)NAN};
    if (pooled.replications < 2)
        return pooled;
    never = fmin(-log((1 - level) / 2) / (double)pooled.trials, 1.0);
    if (pooled.hits == 0 || pooled.hits == pooled.trials) {
        bool none = pooled.hits == 0;

        pooled.interval.valid = true;
        pooled.interval.low = none ? 0 : 1 - never;
        pooled.interval.high = none ? never : 1;
        pooled.replication_bound = 1 - pow(1 - level, 1 / (double)pooled.replications);
        return pooled;
    }
    pooled.effective_trials = effective(&pooled, variance, level);
    pooled.interval = by(share, pooled.effective_trials, level);
    pooled.interval.n = pooled.replications;
    return pooled;
}

struct proportion proportion_estimate(const struct proportion_sample *samples, size_t n,
                                      double level)
{
    return estimate(samples, n, level, wilson);
}

struct interval proportion_korn_graubard(const struct proportion_sample *samples, size_t n,
                                         double level)
{
    return estimate(samples, n, level, clopper_pearson).interval;
}

struct interval count_interval(const uint64_t *counts, size_t n, double level)
{
    struct tally tally = {0};
    double total, dispersion, ratio, tail = (1 - level) / 2;
    struct interval interval;

    for (size_t i = 0; i < n; i++)
        tally_add(&tally, (double)counts[i]);
    interval = interval_student(&tally, level); /* n, level, mean; its bounds are replaced */
    if (!interval.valid)
        return interval;
    total = tally.mean * (double)n;
    if (total <= 0) {
        interval.low = 0;
        interval.high = -log(tail) / (double)n;
        return interval;
    }
    ratio = student(level, (double)n - 1) / normal(level);
    dispersion = fmax(tally_variance(&tally) / tally.mean, 1.0);
    if (dispersion > 1)
        dispersion *= ratio * ratio;
    interval.low = dispersion * gsl_cdf_gamma_Pinv(tail, total / dispersion, 1) / (double)n;
    interval.high =
        dispersion * gsl_cdf_gamma_Pinv(1 - tail, total / dispersion + 1, 1) / (double)n;
    return interval;
}
