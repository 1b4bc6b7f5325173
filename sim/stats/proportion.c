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

#define FEW 100 /* hits or misses up to which the design effect is at least 1 */

/* Pooled counts, and the variance of the pooled share by the spread of the replications about it:
 * the linearised ratio estimator. */
static struct proportion_sums pool(const struct proportion_sample *samples, size_t n)
{
    struct proportion_sums sums = {0, 0, 0, 0};
    double squares = 0, share;

    for (size_t i = 0; i < n; i++) {
        invariant(samples[i].hits <= samples[i].trials);
        sums.hits += samples[i].hits;
        sums.trials += samples[i].trials;
        sums.replications += samples[i].trials > 0;
    }
    if (sums.trials == 0 || sums.replications < 2)
        return sums;
    share = (double)sums.hits / (double)sums.trials;
    for (size_t i = 0; i < n; i++) {
        double residual = (double)samples[i].hits - share * (double)samples[i].trials;

        squares += residual * residual;
    }
    sums.variance = squares * (double)sums.replications / (double)(sums.replications - 1) /
                    ((double)sums.trials * (double)sums.trials);
    return sums;
}

/* Trials that would say as much if they were independent, degrees of freedom counted. */
static double effective(struct proportion *pooled, double variance, double ratio)
{
    double trials = (double)pooled->trials, share = (double)pooled->hits / trials;
    double effect = variance / (share * (1 - share) / trials), loss;
    bool few = pooled->hits < FEW || pooled->trials - pooled->hits < FEW;

    if (effect <= 0)
        effect = 1;
    loss = effect * ratio * ratio;
    pooled->design_effect = few ? fmax(effect, 1) : effect;
    return few && loss < 1 ? trials : trials / loss;
}

static struct interval wilson(double share, double trials, double z, double level)
{
    double square = z * z / trials;
    double middle = (share + square / 2) / (1 + square);
    double half = z / (1 + square) * sqrt(share * (1 - share) / trials + square / trials / 4);

    return (struct interval){
        .valid = true, .level = level, .mean = share, .low = middle - half, .high = middle + half};
}

static struct interval clopper_pearson(double share, double trials, double z, double level)
{
    (void)z;
    double tail = (1 - level) / 2, hits = share * trials;

    return (struct interval){.valid = true,
                             .level = level,
                             .mean = share,
                             .low = gsl_cdf_beta_Pinv(tail, hits, trials - hits + 1),
                             .high = gsl_cdf_beta_Pinv(1 - tail, hits + 1, trials - hits)};
}

static struct proportion estimate(const struct proportion_sums *sums, double level, double t,
                                  double z, struct interval (*by)(double, double, double, double))
{
    struct proportion pooled = {.hits = sums->hits,
                                .trials = sums->trials,
                                .replications = sums->replications,
                                .design_effect = (double)NAN,
                                .effective_trials = (double)NAN,
                                .replication_bound = (double)NAN};
    double share = pooled.trials ? (double)pooled.hits / (double)pooled.trials : (double)NAN;
    double never;

    invariant(level > 0 && level < 1);
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
        pooled.interval.form = none ? INTERVAL_NONE_SEEN : INTERVAL_ALL_SEEN;
        pooled.interval.low = none ? 0 : 1 - never;
        pooled.interval.high = none ? never : 1;
        pooled.replication_bound = proportion_replication_bound(pooled.replications, level);
    } else {
        pooled.effective_trials = effective(&pooled, sums->variance, t / z);
        pooled.interval = by(share, pooled.effective_trials, z, level);
        pooled.interval.n = pooled.replications;
    }
    pooled.interval.trials = pooled.trials;
    return pooled;
}

double proportion_replication_bound(uint64_t replications, double level)
{
    return 1 - pow(1 - level, 1 / (double)replications);
}

struct proportion proportion_of_sums(const struct proportion_sums *sums, double level, double t,
                                     double z)
{
    return estimate(sums, level, t, z, wilson);
}

static double student_for(const struct proportion_sums *sums, double level)
{
    return sums->replications < 2 ? 0 : student(level, (double)sums->replications - 1);
}

struct proportion proportion_estimate(const struct proportion_sample *samples, size_t n,
                                      double level)
{
    struct proportion_sums sums = pool(samples, n);

    return estimate(&sums, level, student_for(&sums, level), normal(level), wilson);
}

struct interval proportion_korn_graubard(const struct proportion_sample *samples, size_t n,
                                         double level)
{
    struct proportion_sums sums = pool(samples, n);

    return estimate(&sums, level, student_for(&sums, level), normal(level), clopper_pearson)
        .interval;
}

struct interval count_interval(const uint64_t *counts, size_t n, double level)
{
    struct tally tally = {0};

    for (size_t i = 0; i < n; i++)
        tally_add(&tally, (double)counts[i]);
    return count_interval_of(&tally, level, n < 2 ? 0 : student(level, (double)n - 1),
                             normal(level));
}

/* A quantile of the gamma distribution; at small shapes, where it underflows, by the first term of
 * the series: P(x) = x^shape / Gamma(shape + 1). */
static double gamma_quantile(double probability, double shape)
{
    if (shape < 0.2)
        return exp((log(probability) + lgamma(shape + 1)) / shape);
    return gsl_cdf_gamma_Pinv(probability, shape, 1);
}

struct interval count_interval_of(const struct tally *tally, double level, double t, double z)
{
    struct interval interval = interval_student_of(tally, level, t); /* its bounds are replaced */
    double n = (double)tally->count, total = tally->mean * n, tail = (1 - level) / 2;
    double dispersion;

    if (!interval.valid)
        return interval;
    interval.form = total > 0 ? INTERVAL_PLAIN : INTERVAL_NONE_SEEN;
    if (total <= 0) {
        interval.low = 0;
        interval.high = -log(tail) / n;
        return interval;
    }
    dispersion = fmax(tally_variance(tally) / tally->mean, 1.0);
    if (dispersion > 1)
        dispersion *= t / z * (t / z);
    interval.low = dispersion * gamma_quantile(tail, total / dispersion) / n;
    interval.high = dispersion * gsl_cdf_gamma_Pinv(1 - tail, total / dispersion + 1, 1) / n;
    return interval;
}
