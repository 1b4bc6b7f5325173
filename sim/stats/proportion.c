// SPDX-License-Identifier: GPL-3.0-or-later
#include "proportion.h"

#include "bug.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define FEW 100 /* hits or misses up to which the design effect is at least 1 */

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

struct proportion proportion_of_sums(const struct proportion_sums *sums, double level, double t,
                                     double z)
{
    struct proportion pooled = {.hits = sums->hits,
                                .trials = sums->trials,
                                .replications = sums->replications,
                                .design_effect = (double)NAN,
                                .effective_trials = (double)NAN};
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
    } else {
        pooled.effective_trials = effective(&pooled, sums->variance, t / z);
        pooled.interval = wilson(share, pooled.effective_trials, z, level);
        pooled.interval.n = pooled.replications;
    }
    pooled.interval.trials = pooled.trials;
    return pooled;
}

double proportion_replication_bound(uint64_t replications, double level)
{
    return 1 - pow(1 - level, 1 / (double)replications);
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
