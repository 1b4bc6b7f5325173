// SPDX-License-Identifier: GPL-3.0-or-later
#include "interval.h"

#include "bug.h"

#include <gsl/gsl_cdf.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

const char *interval_form_name(enum interval_form form)
{
    static const char *const names[] = {[INTERVAL_PLAIN] = "",
                                        [INTERVAL_NONE_SEEN] = "none",
                                        [INTERVAL_ALL_SEEN] = "all",
                                        [INTERVAL_CONSTANT] = "equal"};
    return names[form];
}

static struct interval no_interval(uint64_t n, double level, double mean)
{
    return (struct interval){.n = n, .level = level, .mean = mean, .low = NAN, .high = NAN};
}

/* The probability below the upper end of a two-sided interval. */
static double upper_probability(double level)
{
    invariant(level > 0.0 && level < 1.0);
    return 0.5 + level / 2.0;
}

double interval_student_quantile(uint64_t n, double level)
{
    invariant(n >= 2);
    return gsl_cdf_tdist_Pinv(upper_probability(level), (double)n - 1.0);
}

struct interval interval_student(const struct tally *tally, double level)
{
    return interval_student_of(
        tally, level, tally->count < 2 ? 0.0 : interval_student_quantile(tally->count, level));
}

struct interval interval_student_of(const struct tally *tally, double level, double quantile)
{
    if (tally->count < 2)
        return no_interval(tally->count, level, tally->mean);
    double n = (double)tally->count;
    double half = quantile * sqrt(tally_variance(tally) / n);
    return (struct interval){
        .valid = true,
        .form = half > 0 ? INTERVAL_PLAIN : INTERVAL_CONSTANT,
        .n = tally->count,
        .level = level,
        .mean = tally->mean,
        .low = tally->mean - half,
        .high = tally->mean + half,
    };
}

struct interval interval_wilson(uint64_t hits, uint64_t n, double level)
{
    invariant(hits <= n);
    double z = gsl_cdf_ugaussian_Pinv(upper_probability(level));
    if (n == 0)
        return no_interval(0, level, 0.0);
    double trials = (double)n;
    double share = (double)hits / trials;
    double weight = z * z / trials;
    double centre = (share + weight / 2.0) / (1.0 + weight);
    double half = sqrt(weight * share * (1.0 - share) + weight * weight / 4.0) / (1.0 + weight);
    /* At no hits, and at nothing but hits, that end is 0 or 1; only rounding says otherwise. */
    return (struct interval){
        .valid = true,
        .n = n,
        .level = level,
        .mean = share,
        .low = hits == 0 ? 0.0 : fmax(0.0, centre - half),
        .high = hits == n ? 1.0 : fmin(1.0, centre + half),
    };
}

void interval_keep_between(struct interval *interval, double least, double most)
{
    double middle = (least + most) / 2, reach = (most - least) / 2;
    double place = (interval->mean - middle) / reach;
    double slope = 1 - place * place; /* of tanh, there */

    if (!interval->valid || slope <= 0)
        return;
    double half = (interval->high - interval->low) / 2 / reach / slope;
    interval->low = middle + reach * tanh(atanh(place) - half);
    interval->high = middle + reach * tanh(atanh(place) + half);
}

double interval_relative_half_width(const struct interval *interval)
{
    if (!interval->valid)
        return INFINITY;
    double half = (interval->high - interval->low) / 2.0;
    if (interval->form == INTERVAL_CONSTANT)
        return INFINITY;
    return interval->mean != 0.0 ? half / fabs(interval->mean) : INFINITY;
}

enum { DIGITS = 3, DIGITS_MAX = 8 };

/* A quantile over replications may be an outcome that never came. */
static void add_value(struct strbuf *out, double value, enum unit unit, int digits)
{
    if (isinf(value))
        strbuf_add(out, "never");
    else
        units_add(out, value, unit, digits);
}

static bool look_alike(double low, double high, enum unit unit, int digits)
{
    struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
    units_add(&a, low, unit, digits);
    units_add(&b, high, unit, digits);
    bool alike = strcmp(a.text, b.text) == 0;
    strbuf_release(&a);
    strbuf_release(&b);
    return alike;
}

/* As many digits as the bounds need to differ. */
static int digits_for(double low, double high, enum unit unit)
{
    int digits = DIGITS;
    while (isfinite(low) && isfinite(high) && high > low && digits < DIGITS_MAX &&
           look_alike(low, high, unit, digits))
        digits++;
    return digits;
}

void interval_add_bounds(struct strbuf *out, double low, double high, enum unit unit)
{
    int digits = digits_for(low, high, unit);
    strbuf_add(out, " [");
    add_value(out, low, unit, digits);
    strbuf_add(out, ", ");
    add_value(out, high, unit, digits);
    strbuf_add(out, "]");
}

void interval_add(struct strbuf *out, const struct interval *interval, enum unit unit)
{
    bool none = interval->form == INTERVAL_NONE_SEEN;

    if (!interval->valid && unit == UNIT_SHARE && interval->trials > 0 &&
        (interval->mean <= 0 || interval->mean >= 1)) {
        strbuf_addf(out, "%s of %" PRIu64, interval->mean <= 0 ? "0" : "all", interval->trials);
        return;
    }
    if (!interval->valid || interval->form == INTERVAL_PLAIN) {
        add_value(out, interval->mean, unit,
                  interval->valid ? digits_for(interval->low, interval->high, unit) : DIGITS);
        if (interval->valid)
            interval_add_bounds(out, interval->low, interval->high, unit);
        return;
    }
    if (interval->form == INTERVAL_CONSTANT) {
        units_add(out, interval->mean, unit, DIGITS);
        strbuf_addf(out, " in all %" PRIu64, interval->n);
        return;
    }
    strbuf_add(out, none ? "0" : "all");
    if (interval->trials > 0)
        strbuf_addf(out, " of %" PRIu64, interval->trials);
    strbuf_add(out, none ? ", below " : ", above ");
    units_add(out, none ? interval->high : interval->low, unit, DIGITS);
}
