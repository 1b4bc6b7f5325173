// SPDX-License-Identifier: GPL-3.0-or-later
#include "estimate.h"

#include "proportion.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define COUNT_FEW 100 /* events from which their spread says more than Poisson's law */
#define FEW_REPLICATIONS 4
/* Correction and log scale both stretch the upper end; together no further than this. */
#define STRETCH_MOST 1.6

void estimate_add(struct estimate_sums *sums, double value, uint64_t over, uint64_t under)
{
    double before = sums->tally.m2, n = (double)sums->tally.count + 1;
    double step = (value - sums->tally.mean) / n;
    double a = (double)over, b = (double)under;

    /* Pebay, SAND2008-6212, eq. 1.3 for one value. */
    sums->m3 += step * step * step * n * (n - 1) * (n - 2) - 3 * step * before;
    tally_add(&sums->tally, value);
    sums->over += over;
    sums->under += under;
    sums->over_over += a * a;
    sums->over_under += a * b;
    sums->under_under += b * b;
}

static struct estimate_quantiles quantiles_of(struct estimate_quantiles *cache, uint64_t n,
                                              double level)
{
    struct estimate_quantiles fresh = {n, level, 0, 0};

    if (cache && cache->n == n && cache->level >= level && cache->level <= level)
        return *cache;
    fresh.student = interval_student_quantile(n, level);
    fresh.normal = gsl_cdf_ugaussian_Pinv(0.5 + level / 2);
    if (cache)
        *cache = fresh;
    return fresh;
}

/* --- means ---------------------------------------------------------------------------------- */

/* Bounds of the mean in standard errors below and above it. */
struct reach {
    double below, above;
};

/* Inverse of Hall's cubic: the quantile of the studentised mean that a normal z stands for. */
static double hall(double z, double a)
{
    return fabs(a) < 1e-6 ? z : 3 / a * (cbrt(1 + a * (z - a / 6)) - 1);
}

static struct reach skewed(const struct estimate_sums *sums, double quantile)
{
    double n = (double)sums->tally.count, spread = sums->tally.m2 / n;
    double skewness, a;

    if (n < 3 || spread <= 0)
        return (struct reach){quantile, quantile};
    skewness = sums->m3 / n / (spread * sqrt(spread)) * sqrt(n * (n - 1)) / (n - 2);
    a = skewness / sqrt(n);
    return (struct reach){fmax(hall(quantile, a), quantile), fmax(-hall(-quantile, a), quantile)};
}

static struct interval positive(struct interval interval, struct reach reach, double error,
                                double quantile)
{
    double relative = error / interval.mean;
    double above = fmin(reach.above, STRETCH_MOST * quantile);

    /* A pooled quantile may be 0, or far below those of the replications: no log scale for that. */
    interval.low = interval.mean > 0 ? interval.mean * exp(-reach.below * relative) : 0;
    if (!(relative <= 1))
        interval.high = interval.mean + reach.above * error;
    else if (interval.n < FEW_REPLICATIONS)
        interval.high = interval.mean + quantile * error;
    else
        interval.high =
            fmax(interval.mean * exp(above * relative), interval.mean + reach.above * error);
    return interval;
}

static struct interval bounded(struct interval interval, struct reach reach, double error,
                               double quantile)
{
    double odds = interval.mean / (1 - interval.mean), most = STRETCH_MOST * quantile;
    double relative = error / (interval.mean * (1 - interval.mean));
    double low = odds * exp(-fmin(reach.below, most) * relative);
    double high = odds * exp(fmin(reach.above, most) * relative);

    interval.low = low / (1 + low);
    interval.high = isinf(high) ? 1 : high / (1 + high);
    return interval;
}

static struct interval of_values(const struct estimate_sums *sums, enum estimate_law law,
                                 double level, double quantile)
{
    const struct tally *tally = &sums->tally;
    struct interval interval = interval_student_of(tally, level, quantile);
    double error = sqrt(tally_variance(tally) / (double)tally->count);

    if (interval.form == INTERVAL_CONSTANT || law == ESTIMATE_SIGNED || tally->min < 0)
        return interval;
    if (law == ESTIMATE_BOUNDED && tally->max <= 1)
        return bounded(interval, skewed(sums, quantile), error, quantile);
    return positive(interval, skewed(sums, quantile), error, quantile);
}

/* --- counts --------------------------------------------------------------------------------- */

/* The spread of the replications about the pooled ratio: the linearised ratio estimator. */
static double ratio_variance(const struct estimate_sums *sums, double ratio)
{
    double n = (double)sums->tally.count, under = (double)sums->under;
    double squares =
        sums->over_over - 2 * ratio * sums->over_under + ratio * ratio * sums->under_under;
    /* Below what the sums of products resolve, the replications agree. */
    double noise = 1e-13 * sums->over_over;

    return squares <= noise ? 0 : squares * n / (n - 1) / (under * under);
}

/*
 * Student's quantile where the replications have unlike numbers of trials: a few of them decide, so
 * that the degrees of freedom are those of Kish's effective number (Survey Sampling, 1965, 8.2),
 * (sum of trials)^2 / sum of squares.
 */
static double student_of_uneven(const struct estimate_sums *sums, double level, double student)
{
    double under = (double)sums->under, number = under * under / sums->under_under;

    if (number > 0.95 * (double)sums->tally.count)
        return student;
    return gsl_cdf_tdist_Pinv(0.5 + level / 2, fmax(number - 1, 1));
}

/*
 * Counts that are skewed have less variance where their mean is low, so each end has its own
 * quantile, corrected as that of a mean.
 */
static struct reach ends_of_counts(const struct estimate_sums *sums, double student)
{
    struct reach reach = skewed(sums, student);

    reach.below = fmin(reach.below, STRETCH_MOST * student);
    reach.above = fmin(reach.above, STRETCH_MOST * student);
    return reach;
}

static struct interval of_share(const struct estimate_sums *sums, double level,
                                const struct estimate_quantiles *quantiles)
{
    const struct proportion_sums pooled = {
        sums->over, sums->under, sums->tally.count,
        ratio_variance(sums, (double)sums->over / (double)sums->under)};
    struct reach reach = ends_of_counts(sums, student_of_uneven(sums, level, quantiles->student));
    struct interval interval =
        proportion_of_sums(&pooled, level, reach.below, quantiles->normal).interval;

    interval.high =
        proportion_of_sums(&pooled, level, reach.above, quantiles->normal).interval.high;
    return interval;
}

static struct interval of_ratio(const struct estimate_sums *sums, double level, double quantile)
{
    struct interval interval = interval_student_of(&sums->tally, level, quantile);
    double error;

    interval.mean = (double)sums->over / (double)sums->under;
    error = sqrt(ratio_variance(sums, interval.mean));
    if (error <= 0 || sums->over == 0) {
        interval.form = INTERVAL_CONSTANT;
        interval.low = interval.high = interval.mean;
        return interval;
    }
    interval.form = INTERVAL_PLAIN;
    quantile = student_of_uneven(sums, level, quantile);
    return positive(interval, skewed(sums, quantile), error, quantile);
}

static struct interval of_count(const struct estimate_sums *sums, double level,
                                const struct estimate_quantiles *quantiles)
{
    const struct tally *tally = &sums->tally;
    double total = tally->mean * (double)tally->count;

    if (total > 0 && tally->min >= 0 && tally->max <= 1) {
        uint64_t hits = (uint64_t)llround(total);
        struct interval share = interval_wilson(hits, tally->count, level);

        share.form = INTERVAL_PLAIN;
        return share;
    }
    if (tally->min < 0 || total >= COUNT_FEW)
        return of_values(sums, ESTIMATE_POSITIVE, level, quantiles->student);
    struct reach reach = ends_of_counts(sums, quantiles->student);
    struct interval interval = count_interval_of(tally, level, reach.below, quantiles->normal);

    interval.high = count_interval_of(tally, level, reach.above, quantiles->normal).high;
    return interval;
}

struct interval estimate_interval(const struct estimate_sums *sums, enum estimate_law law,
                                  double level, struct estimate_quantiles *cache)
{
    const struct tally *tally = &sums->tally;
    bool has_counts = (law == ESTIMATE_SHARE || law == ESTIMATE_RATIO) && sums->under > 0;
    struct estimate_quantiles quantiles;

    if (tally->count < 2) {
        struct interval none = interval_student_of(tally, level, 0);

        if (has_counts)
            none.mean = (double)sums->over / (double)sums->under;
        if (has_counts && law == ESTIMATE_SHARE && sums->over <= sums->under)
            none.trials = sums->under;
        return none;
    }
    quantiles = quantiles_of(cache, tally->count, level);
    if (has_counts && law == ESTIMATE_SHARE && tally->max <= 1)
        return of_share(sums, level, &quantiles);
    if (has_counts)
        return of_ratio(sums, level, quantiles.student);
    if (law == ESTIMATE_COUNT)
        return of_count(sums, level, &quantiles);
    return of_values(sums, law == ESTIMATE_SHARE ? ESTIMATE_BOUNDED : law, level,
                     quantiles.student);
}

struct interval estimate_quantile(const struct estimate_sums *sums, double pooled, double floor,
                                  double level, struct estimate_quantiles *cache)
{
    struct estimate_sums about = *sums;
    double n = (double)sums->tally.count, shift = sums->tally.mean - pooled;
    struct interval interval;

    /* Squares about the pooled quantile; the bias of a quantile of few samples is no skewness. */
    about.tally.m2 += n * shift * shift;
    about.tally.mean = pooled;
    interval = estimate_interval(&about, ESTIMATE_POSITIVE, level, cache);
    if (!interval.valid || floor <= 0)
        return interval;
    interval.form = INTERVAL_PLAIN;
    interval.low = fmin(interval.low, fmax(pooled - floor, 0));
    interval.high = fmax(interval.high, pooled + floor);
    return interval;
}
