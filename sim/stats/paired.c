// SPDX-License-Identifier: GPL-3.0-or-later
#include "paired.h"

#include "bug.h"
#include "mem.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define NEEDED_MAX 10000000.0

static double two_sided_p(const struct tally *tally)
{
    if (tally->count < 2)
        return 1;
    return fmin(1, 2 * fmin(tally_p_above(tally, 0), tally_p_below(tally, 0)));
}

struct paired paired_compare(const double *base, const double *value, size_t n, double level)
{
    struct paired paired = {.variance_ratio = NAN};

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(base[i]) || !isfinite(value[i]))
            continue;
        tally_add(&paired.base, base[i]);
        tally_add(&paired.value, value[i]);
        tally_add(&paired.difference, value[i] - base[i]);
    }
    double apart = tally_variance(&paired.base) + tally_variance(&paired.value);
    paired.interval = interval_student(&paired.difference, level);
    if (apart > 0)
        paired.variance_ratio = tally_variance(&paired.difference) / apart;
    paired.p = two_sided_p(&paired.difference);
    return paired;
}

double tally_p_above(const struct tally *tally, double bound)
{
    if (tally->count < 2)
        return 1;
    double n = (double)tally->count;
    double error = sqrt(tally_variance(tally) / n);
    if (error == 0)
        return tally->mean > bound ? 0 : 1;
    return gsl_cdf_tdist_Q((tally->mean - bound) / error, n - 1);
}

double tally_p_below(const struct tally *tally, double bound)
{
    struct tally mirrored = *tally;

    mirrored.mean = -tally->mean;
    return tally_p_above(&mirrored, -bound);
}

double paired_p_not_equivalent(const struct paired *paired, double margin)
{
    const struct tally *difference = &paired->difference;

    invariant(margin >= 0);
    if (difference->count >= 2 && difference->min == 0 && difference->max == 0)
        return 0;
    return fmax(tally_p_above(difference, -margin), tally_p_below(difference, margin));
}

void holm_adjust(const double *p, double *adjusted, size_t n)
{
    size_t *order = mem_alloc(n, sizeof *order);
    double *sorted = mem_alloc(n, sizeof *sorted);
    double largest = 0;

    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && p[order[at - 1]] > p[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (size_t i = 0; i < n; i++)
        sorted[i] = p[order[i]];
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fmin(1, (double)(n - i) * sorted[i]));
        adjusted[order[i]] = largest;
    }
    free(order);
    free(sorted);
}

const char *paired_verdict_name(enum paired_verdict verdict)
{
    static const char *const names[] = {
        [PAIRED_UNDECIDED] = "undecided", [PAIRED_EQUIVALENT] = "equivalent",
        [PAIRED_BETTER] = "better",       [PAIRED_WORSE] = "worse",
        [PAIRED_DIFFERENT] = "different",
    };
    return names[verdict];
}

enum paired_verdict paired_decide(const struct paired *paired, enum direction direction,
                                  double p_difference, double p_not_equivalent, double alpha)
{
    if (p_not_equivalent <= alpha)
        return PAIRED_EQUIVALENT;
    if (p_difference > alpha)
        return PAIRED_UNDECIDED;
    if (direction == NO_DIRECTION)
        return PAIRED_DIFFERENT;
    bool lower = paired->difference.mean < 0;
    return lower == (direction == LOWER_IS_BETTER) ? PAIRED_BETTER : PAIRED_WORSE;
}

/* Do `n` pairs detect a shift of `distance` with probability `power`, at one-sided level `tail`? */
static bool suffices(double n, double distance, double variance, double tail, double power)
{
    double quantiles = gsl_cdf_tdist_Qinv(tail, n - 1) + gsl_cdf_tdist_Pinv(power, n - 1);

    return variance * quantiles * quantiles <= n * distance * distance;
}

/* The smallest sufficient number of pairs, by bisection, since power rises with n. INFINITY if
 * NEEDED_MAX is not enough. */
static double needed_for(double distance, double variance, double tail, double power)
{
    double few = 1, enough = NEEDED_MAX;

    if (distance <= 0 || !suffices(enough, distance, variance, tail, power))
        return INFINITY;
    while (enough - few > 1) {
        double middle = floor((few + enough) / 2);
        if (suffices(middle, distance, variance, tail, power))
            enough = middle;
        else
            few = middle;
    }
    return enough;
}

uint64_t paired_needed(const struct paired *paired, double margin, double alpha, double power)
{
    double variance = tally_variance(&paired->difference);
    double shift = fabs(paired->difference.mean);
    double apart = needed_for(shift, variance, alpha / 2, power);
    double alike = needed_for(margin - shift, variance, alpha, power);
    double needed = fmin(apart, alike);

    invariant(alpha > 0 && alpha < 1 && power > 0 && power < 1);
    return isinf(needed) ? 0 : (uint64_t)needed;
}
