// SPDX-License-Identifier: GPL-3.0-or-later
#include "noninferiority.h"

#include "bug.h"
#include "mem.h"
#include "paired.h"
#include "paired_outcomes.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

static struct tally tally_of(const double *values, size_t count)
{
    struct tally tally = {0};

    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            tally_add(&tally, values[i]);
    return tally;
}

static struct harm harm_of_pairs(const struct paired *paired)
{
    const struct tally *difference = &paired->difference;
    double n = (double)difference->count;

    return (struct harm){
        .paired = true,
        .n = difference->count,
        .base_mean = paired->base.mean,
        .difference = difference->mean,
        .error = n > 0 ? sqrt(tally_variance(difference) / n) : 0,
        .freedom = n - 1,
        .identical = n > 0 && difference->min == 0 && difference->max == 0,
    };
}

static struct harm harm_of_two(const struct tally *base, const struct tally *value)
{
    double b = base->count ? tally_variance(base) / (double)base->count : 0;
    double v = value->count ? tally_variance(value) / (double)value->count : 0;
    double below = 0;

    if (base->count > 1)
        below += b * b / (double)(base->count - 1);
    if (value->count > 1)
        below += v * v / (double)(value->count - 1);
    return (struct harm){
        .n = base->count > 0 ? value->count : 0,
        .base_mean = base->mean,
        .difference = value->mean - base->mean,
        .error = sqrt(b + v),
        .identical = base->count > 0 && value->count > 0 && base->min == base->max &&
                     value->min == value->max && base->min == value->min,
        .freedom = base->count < 2 || value->count < 2 ? 0
                   : below > 0                         ? (b + v) * (b + v) / below
                                                       : (double)(base->count + value->count - 2),
    };
}

static uint64_t count_well(const double *well, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += well[i] > 0;
    return sum;
}

void harm_take_outcomes(struct harm *harm, const double *base_well, size_t base_count,
                        const double *well, size_t count, bool paired)
{
    size_t n = base_count < count ? base_count : count;
    double fisher_fewer, fisher_more;

    harm->base_well = count_well(base_well, base_count);
    harm->base_runs = base_count;
    harm->well = count_well(well, count);
    harm->runs = count;
    fisher_fewer = outcomes_p_worse(harm->base_well, base_count, harm->well, count);
    fisher_more = outcomes_p_worse(harm->well, count, harm->base_well, base_count);
    harm->by_outcome = harm->base_well < base_count || harm->well < count;
    harm->p_fewer = fisher_fewer;
    harm->p_more = fisher_more;
    if (!paired)
        return;
    struct paired_outcomes pairs = paired_outcomes_compare(base_well, well, n);
    struct paired_outcomes mirrored = paired_outcomes_compare(well, base_well, n);
    harm->p_fewer = pairs.p_worse;
    harm->p_more = mirrored.p_worse;
    harm->by_outcome = pairs.base_only + pairs.value_only > 0;
    if (count <= base_count)
        return;
    /* Two tests of one hypothesis, so each at half the level (Bonferroni). */
    harm->by_outcome = harm->by_outcome || (harm->base_well == base_count && harm->well < count);
    harm->p_fewer = fmin(1, 2 * fmin(pairs.p_worse, fisher_fewer));
    harm->p_more = fmin(1, 2 * fmin(mirrored.p_worse, fisher_more));
}

struct harm harm_measure(const double *base, size_t base_count, const double *value,
                         size_t value_count, bool paired)
{
    struct harm harm;

    if (paired) {
        struct paired pairs =
            paired_compare(base, value, value_count < base_count ? value_count : base_count, 0.95);
        harm = harm_of_pairs(&pairs);
    }
    if (!paired || value_count > base_count) {
        struct tally b = tally_of(base, base_count), v = tally_of(value, value_count);
        struct harm unpaired = harm_of_two(&b, &v);

        if (!paired || (harm.n < 2 || unpaired.error < harm.error))
            harm = unpaired;
    }
    return harm;
}

double harm_decidable(const double *base, size_t base_count, size_t value_count, double alpha,
                      double power)
{
    struct tally tally = tally_of(base, base_count);

    if (tally.count < 2 || value_count < 2)
        return (double)INFINITY;
    double error =
        sqrt(tally_variance(&tally) * (1 / (double)tally.count + 1 / (double)value_count));
    /* The baseline's few values decide how well the variance is known. */
    double freedom = (double)tally.count - 1;
    return error * (gsl_cdf_tdist_Qinv(alpha, freedom) + gsl_cdf_tdist_Pinv(power, freedom));
}

#define FEWER_MOST 0.6 /* however few the replications */

double outcomes_p_no_fewer(uint64_t base_well, uint64_t base_count, uint64_t well, uint64_t count,
                           uint64_t last_count, double alpha, double power)
{
    double b = (double)base_count, n = (double)count, last = (double)last_count;
    double share = (double)(base_well + well + 1) / (b + n + 2);
    double fewer = (double)base_well / b - (double)well / n;
    double margin;

    if (base_count < 2 || count < 2)
        return 1;
    margin = sqrt(share * (1 - share) * (1 / b + 1 / fmax(n, last))) *
             (gsl_cdf_tdist_Qinv(alpha, b - 1) + gsl_cdf_tdist_Pinv(power, b - 1));
    margin = fmin(margin, FEWER_MOST);
    return gsl_cdf_ugaussian_Q((margin - fewer) / sqrt(share * (1 - share) * (1 / b + 1 / n)));
}

struct interval harm_interval(const struct harm *harm, double level)
{
    struct interval interval = {
        .valid = harm->freedom > 0,
        .n = harm->n,
        .level = level,
        .mean = harm->difference,
        .low = NAN,
        .high = NAN,
    };

    if (interval.valid) {
        double half =
            harm->error > 0 ? harm->error * gsl_cdf_tdist_Pinv(0.5 + level / 2, harm->freedom) : 0;
        interval.low = harm->difference - half;
        interval.high = harm->difference + half;
    }
    return interval;
}

static double harm_of(const struct harm *harm, enum direction direction)
{
    invariant(direction != NO_DIRECTION);
    return direction == LOWER_IS_BETTER ? harm->difference : -harm->difference;
}

/* Of "the distance is 0 or below"; small: it is above. */
static double p_of(double distance, const struct harm *harm)
{
    if (harm->freedom <= 0)
        return 1;
    if (harm->error == 0)
        return distance > 0 ? 0 : 1;
    return gsl_cdf_tdist_Q(distance / harm->error, harm->freedom);
}

double harm_p_worse(const struct harm *harm, enum direction direction, double margin)
{
    if (harm->by_outcome)
        return harm->p_fewer;
    return harm->identical ? 1 : p_of(harm_of(harm, direction) - margin, harm);
}

double harm_p_no_worse(const struct harm *harm, enum direction direction, double margin)
{
    if (harm->by_outcome)
        return harm->p_more;
    return harm->identical ? 0 : p_of(margin - harm_of(harm, direction), harm);
}

const char *gate_name(enum gate gate)
{
    static const char *const names[] = {
        [GATE_UNDECIDED] = "undecided",
        [GATE_NO_WORSE] = "no worse",
        [GATE_WORSE] = "worse",
    };
    return names[gate];
}

void gate_decide(const double *p_worse, const double *p_no_worse, size_t n, double alpha,
                 uint32_t looks, enum gate *gates)
{
    double *adjusted = mem_alloc(n, sizeof *adjusted);
    double spent = alpha / (looks > 0 ? looks : 1);

    holm_adjust(p_worse, adjusted, n);
    for (size_t i = 0; i < n; i++)
        gates[i] = adjusted[i] <= spent     ? GATE_WORSE
                   : p_no_worse[i] <= spent ? GATE_NO_WORSE
                                            : GATE_UNDECIDED;
    free(adjusted);
}
