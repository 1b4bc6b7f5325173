// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Create distributions from their arguments, describe and scale them. The parametrisations of each
 * family are a table.
 */
#include "dist_internal.h"

#include "bug.h"
#include "mem.h"
#include "normal_quantile.h"
#include "suggest.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct dist_family dist_families[] = {
    {"constant", "value", "constant value",
     {"value", "max"}, {true, true}},
    {"exponential", "mean", "memoryless waits",
     {"mean", "max"}, {true, true}},
    {"lognormal", "median, p99 | median, p95 | median, sigma | mean, sd", "delays with a long tail",
     {"median", "p99", "p95", "sigma", "mean", "sd", "max"}, {true, true, true, false, true, true, true}},
    {"gamma", "mean, shape | mean, sd", "sums of waits",
     {"mean", "shape", "sd", "max"}, {true, false, true, true}},
    {"weibull", "scale, shape | mean, shape", "times to failure",
     {"scale", "shape", "mean", "max"}, {true, false, true, true}},
    {"pareto", "min, shape | mean, shape", "a power-law tail: P(X > x) = (min / x)^shape",
     {"min", "shape", "mean", "max"}, {true, false, true, true}},
    {"uniform", "low, high", "uniform between two bounds",
     {"low", "high", "max"}, {true, true, true}},
    {"normal", "mean, sd", "normal, truncated at 0",
     {"mean", "sd", "max"}, {true, true, true}},
    {"geometric", "mean", "number of trials, from 1",
     {"mean", "max"}, {true, true}},
    {NULL, NULL, NULL, {NULL}, {false}},
};
/* clang-format on */

static const char *const law_names[] = {
    [LAW_CONSTANT] = "constant", [LAW_EXPONENTIAL] = "exponential", [LAW_LOGNORMAL] = "lognormal",
    [LAW_GAMMA] = "gamma",       [LAW_WEIBULL] = "weibull",         [LAW_PARETO] = "pareto",
    [LAW_UNIFORM] = "uniform",   [LAW_NORMAL] = "normal",           [LAW_GEOMETRIC] = "geometric",
    [LAW_MIXTURE] = "mixture",   [LAW_EMPIRICAL] = "empirical",     [LAW_PLUS] = "plus",
};

const struct dist_family *dist_family_of(const char *family)
{
    for (const struct dist_family *row = dist_families; row->family; row++)
        if (strcmp(row->family, family) == 0)
            return row;
    return NULL;
}

/* --- parametrisations: x and y are the named values ------------------------------------------ */

static bool need_above(double value, double bound, const char *name, struct strbuf *why)
{
    if (value > bound)
        return true;
    strbuf_addf(why, "%s must be above %g, got %g", name, bound, value);
    return false;
}

static bool set(struct dist *dist, double a, double b)
{
    dist->a = a;
    dist->b = b;
    return true;
}

static bool give_constant(struct dist *dist, double x, double y, struct strbuf *why)
{
    (void)y;
    (void)why;
    return set(dist, x, 0.0);
}

static bool give_mean(struct dist *dist, double x, double y, struct strbuf *why)
{
    (void)y;
    return need_above(x, 0.0, "mean", why) && set(dist, x, 0.0);
}

static bool give_median_percentile(struct dist *dist, double median, double percentile, double p,
                                   const char *name, struct strbuf *why)
{
    if (!need_above(median, 0.0, "median", why))
        return false;
    if (percentile <= median) {
        strbuf_addf(why, "%s must be above median, got %s %g and median %g", name, name, percentile,
                    median);
        return false;
    }
    return set(dist, log(median), log(percentile / median) / normal_quantile(p));
}

static bool give_median_p99(struct dist *dist, double x, double y, struct strbuf *why)
{
    return give_median_percentile(dist, x, y, 0.99, "p99", why);
}

static bool give_median_p95(struct dist *dist, double x, double y, struct strbuf *why)
{
    return give_median_percentile(dist, x, y, 0.95, "p95", why);
}

static bool give_median_sigma(struct dist *dist, double x, double y, struct strbuf *why)
{
    return need_above(x, 0.0, "median", why) && need_above(y, 0.0, "sigma", why) &&
           set(dist, log(x), y);
}

static bool give_lognormal_moments(struct dist *dist, double mean, double sd, struct strbuf *why)
{
    double variance = log1p(sd / mean * (sd / mean)); /* of log X */

    return need_above(mean, 0.0, "mean", why) && need_above(sd, 0.0, "sd", why) &&
           set(dist, log(mean) - variance / 2.0, sqrt(variance));
}

static bool give_gamma_shape(struct dist *dist, double mean, double shape, struct strbuf *why)
{
    return need_above(mean, 0.0, "mean", why) && need_above(shape, 0.0, "shape", why) &&
           set(dist, mean / shape, shape);
}

static bool give_gamma_sd(struct dist *dist, double mean, double sd, struct strbuf *why)
{
    return need_above(mean, 0.0, "mean", why) && need_above(sd, 0.0, "sd", why) &&
           set(dist, sd * sd / mean, mean / sd * (mean / sd));
}

static bool give_weibull_scale(struct dist *dist, double scale, double shape, struct strbuf *why)
{
    return need_above(scale, 0.0, "scale", why) && need_above(shape, 0.0, "shape", why) &&
           set(dist, scale, shape);
}

static bool give_weibull_mean(struct dist *dist, double mean, double shape, struct strbuf *why)
{
    return need_above(mean, 0.0, "mean", why) && need_above(shape, 0.0, "shape", why) &&
           set(dist, mean / tgamma(1.0 + 1.0 / shape), shape);
}

static bool give_pareto_min(struct dist *dist, double min, double shape, struct strbuf *why)
{
    return need_above(min, 0.0, "min", why) && need_above(shape, 0.0, "shape", why) &&
           set(dist, min, shape);
}

static bool give_pareto_mean(struct dist *dist, double mean, double shape, struct strbuf *why)
{
    /* With a shape of 1 or below the mean does not exist. */
    return need_above(mean, 0.0, "mean", why) && need_above(shape, 1.0, "shape", why) &&
           set(dist, mean * (shape - 1.0) / shape, shape);
}

static bool give_uniform(struct dist *dist, double low, double high, struct strbuf *why)
{
    if (high > low)
        return set(dist, low, high);
    strbuf_addf(why, "high must be above low, got high %g and low %g", high, low);
    return false;
}

static bool give_normal(struct dist *dist, double mean, double sd, struct strbuf *why)
{
    if (mean < 0.0) {
        strbuf_addf(why, "mean must be at least 0, got %g", mean);
        return false;
    }
    return need_above(sd, 0.0, "sd", why) && set(dist, mean, sd);
}

static bool give_geometric(struct dist *dist, double mean, double y, struct strbuf *why)
{
    (void)y;
    if (mean < 1.0) {
        strbuf_addf(why, "mean must be at least 1, got %g", mean);
        return false;
    }
    return set(dist, 1.0, log1p(-1.0 / mean)); /* -INFINITY for a mean of 1, as intended */
}

static const struct way {
    enum dist_law law;
    const char *x, *y; /* names; y may be NULL */
    bool (*give)(struct dist *dist, double x, double y, struct strbuf *why);
} ways[] = {
    {LAW_CONSTANT, "value", NULL, give_constant},
    {LAW_EXPONENTIAL, "mean", NULL, give_mean},
    {LAW_LOGNORMAL, "median", "p99", give_median_p99},
    {LAW_LOGNORMAL, "median", "p95", give_median_p95},
    {LAW_LOGNORMAL, "median", "sigma", give_median_sigma},
    {LAW_LOGNORMAL, "mean", "sd", give_lognormal_moments},
    {LAW_GAMMA, "mean", "shape", give_gamma_shape},
    {LAW_GAMMA, "mean", "sd", give_gamma_sd},
    {LAW_WEIBULL, "scale", "shape", give_weibull_scale},
    {LAW_WEIBULL, "mean", "shape", give_weibull_mean},
    {LAW_PARETO, "min", "shape", give_pareto_min},
    {LAW_PARETO, "mean", "shape", give_pareto_mean},
    {LAW_UNIFORM, "low", "high", give_uniform},
    {LAW_NORMAL, "mean", "sd", give_normal},
    {LAW_GEOMETRIC, "mean", NULL, give_geometric},
};
#define WAY_COUNT (sizeof ways / sizeof ways[0])

/* --- making ---------------------------------------------------------------------------------- */

static const double *arg_value(const struct dist_arg *args, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(args[i].name, name) == 0)
            return &args[i].value;
    return NULL;
}

static bool knows_name(const struct dist_family *family, const char *name)
{
    for (size_t i = 0; family->names[i]; i++)
        if (strcmp(family->names[i], name) == 0)
            return true;
    return false;
}

/* Whether each name is known and given once, with a finite value. */
static bool args_are_sound(const struct dist_family *family, const struct dist_arg *args,
                           size_t count, struct strbuf *why)
{
    for (size_t i = 0; i < count; i++) {
        if (!knows_name(family, args[i].name)) {
            strbuf_addf(why, "%s has no argument '%s'; allowed: %s, and max", family->family,
                        args[i].name, family->args);
            return false;
        }
        if (arg_value(args, i, args[i].name)) {
            strbuf_addf(why, "%s has argument '%s' twice", family->family, args[i].name);
            return false;
        }
        if (!isfinite(args[i].value)) {
            strbuf_addf(why, "%s must be finite, got %g", args[i].name, args[i].value);
            return false;
        }
    }
    return true;
}

/* The parametrisation with exactly the names given (except `max`), or NULL. */
static const struct way *find_way(const char *family, const struct dist_arg *args, size_t count)
{
    size_t given = count - (arg_value(args, count, "max") != NULL);

    for (size_t i = 0; i < WAY_COUNT; i++) {
        const struct way *way = &ways[i];

        if (strcmp(law_names[way->law], family) == 0 && given == (way->y ? 2u : 1u) &&
            arg_value(args, count, way->x) && (!way->y || arg_value(args, count, way->y)))
            return way;
    }
    return NULL;
}

/* "lognormal needs median and p99, or mean and sd, got 'sd' alone" */
static void explain_ways(const char *family, const struct dist_arg *args, size_t count,
                         struct strbuf *why)
{
    const char *join = "";
    size_t given = count - (arg_value(args, count, "max") != NULL);
    size_t listed = 0;

    strbuf_addf(why, "%s needs ", family);
    for (size_t i = 0; i < WAY_COUNT; i++) {
        if (strcmp(law_names[ways[i].law], family) != 0)
            continue;
        strbuf_addf(why, ways[i].y ? "%s%s and %s" : "%s%s", join, ways[i].x, ways[i].y);
        join = ", or ";
    }
    strbuf_add(why, ", got ");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(args[i].name, "max") == 0)
            continue;
        if (listed > 0)
            strbuf_add(why, listed + 1 == given ? " and " : ", ");
        strbuf_addf(why, "'%s'", args[i].name);
        listed++;
    }
    strbuf_add(why, listed == 0 ? "nothing" : listed == 1 ? " alone" : "");
}

static void explain_family(const char *family, struct strbuf *why)
{
    const char *names[16];
    const char *nearest;
    size_t count = 0;

    for (; dist_families[count].family; count++)
        names[count] = dist_families[count].family;
    nearest = suggest_nearest(family, names, count);
    strbuf_addf(why, "unknown distribution '%s'", family);
    if (nearest)
        strbuf_addf(why, "; did you mean '%s'?", nearest);
}
_Static_assert(sizeof dist_families / sizeof dist_families[0] <= 16, "explain_family() has room");

/* Keep the arguments as given, with names of static duration. */
static void keep_args(struct dist *dist, const struct dist_family *family,
                      const struct dist_arg *args, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; family->names[j]; j++)
            if (strcmp(family->names[j], args[i].name) == 0)
                dist->args[dist->arg_count++] = (struct dist_arg){family->names[j], args[i].value};
}

struct dist *dist_create(const char *family, const struct dist_arg *args, size_t arg_count,
                         struct strbuf *why)
{
    const struct dist_family *row = dist_family_of(family);
    const double *max = arg_value(args, arg_count, "max");
    const struct way *way;
    struct dist *dist;

    if (!row) {
        explain_family(family, why);
        return NULL;
    }
    if (!args_are_sound(row, args, arg_count, why))
        return NULL;
    way = find_way(family, args, arg_count);
    if (!way) {
        explain_ways(family, args, arg_count, why);
        return NULL;
    }
    dist = dist_alloc(way->law, 0.0, 0.0);
    if (max)
        dist->max = *max;
    keep_args(dist, row, args, arg_count);
    if (!way->give(dist, *arg_value(args, arg_count, way->x),
                   way->y ? *arg_value(args, arg_count, way->y) : 0.0, why))
        goto fail;
    if (!dist_complete(dist)) {
        strbuf_addf(why, "max is below all values of the %s, got %g", family, dist->max);
        goto fail;
    }
    return dist;
fail:
    dist_free(dist);
    return NULL;
}

static struct dist *create_simple(const char *family, const char *name, double value)
{
    struct strbuf why = STRBUF_INIT;
    struct dist_arg arg = {name, value};
    struct dist *dist = dist_create(family, &arg, 1, &why);

    if (!dist)
        BUG("%s: %s", family, why.text);
    strbuf_release(&why);
    return dist;
}

struct dist *dist_constant(double value)
{
    return create_simple("constant", "value", value);
}

struct dist *dist_exponential(double mean)
{
    return create_simple("exponential", "mean", mean);
}

static bool arg_has_unit(const struct dist *dist, const char *name)
{
    const struct dist_family *family = dist_family_of(law_names[dist->law]);

    for (size_t i = 0; family->names[i]; i++)
        if (strcmp(family->names[i], name) == 0)
            return family->has_unit[i];
    return false;
}

/* Scale a family given by arguments: scale the arguments that have a unit. */
static struct dist *scaled_family(const struct dist *dist, double factor)
{
    struct dist_arg args[DIST_ARGS_MAX];
    struct strbuf why = STRBUF_INIT;
    struct dist *scaled;

    for (size_t i = 0; i < dist->arg_count; i++) {
        args[i] = dist->args[i];
        if (arg_has_unit(dist, args[i].name))
            args[i].value *= factor;
    }
    scaled = dist_create(law_names[dist->law], args, dist->arg_count, &why);
    if (!scaled)
        BUG("scaled by %g: %s", factor, why.text);
    strbuf_release(&why);
    return scaled;
}

/* Scale the members: values times the factor. */
static struct dist *scaled_members(const struct dist *dist, double factor)
{
    struct dist *scaled = dist_alloc(dist->law, dist->a * factor, dist->b);

    memcpy(scaled->args, dist->args, sizeof scaled->args);
    scaled->arg_count = dist->arg_count;
    scaled->u_low = dist->u_low;
    scaled->u_high = dist->u_high;
    scaled->max = dist->max * factor;
    scaled->mean = dist->mean * factor;
    scaled->part_count = dist->part_count;
    scaled->value_count = dist->value_count;
    scaled->what = mem_strdup(dist->what);
    if (dist->table)
        scaled->table = quantile_table_scaled(dist->table, factor);
    if (dist->parts)
        scaled->parts = mem_alloc(dist->part_count, sizeof scaled->parts[0]);
    if (dist->weights)
        scaled->weights = mem_alloc(dist->part_count, sizeof scaled->weights[0]);
    if (dist->values)
        scaled->values = mem_alloc(dist->value_count, sizeof scaled->values[0]);
    for (size_t i = 0; i < dist->part_count; i++)
        scaled->parts[i] = dist_scaled(dist->parts[i], factor);
    for (size_t i = 0; dist->weights && i < dist->part_count; i++)
        scaled->weights[i] = dist->weights[i];
    for (size_t i = 0; i < dist->value_count; i++)
        scaled->values[i] = dist->values[i] * factor;
    return scaled;
}

struct dist *dist_scaled(const struct dist *dist, double factor)
{
    invariant(factor > 0.0 && isfinite(factor));
    /* Arguments of a geometric distribution are counts: only its variates can be scaled. */
    if (factor == 1.0 || dist->arg_count == 0 || dist->law == LAW_GEOMETRIC)
        return scaled_members(dist, factor);
    return scaled_family(dist, factor);
}

/* --- describing ------------------------------------------------------------------------------ */

static void describe_mixture(const struct dist *dist, bool unit_is_ns, struct strbuf *out)
{
    strbuf_add(out, "mixture(");
    for (size_t i = 0; i < dist->part_count; i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        units_add(out, dist->weights[i], UNIT_SHARE, 3);
        strbuf_add_char(out, ' ');
        dist_describe(dist->parts[i], unit_is_ns, out);
    }
    strbuf_add_char(out, ')');
}

static void describe_family(const struct dist *dist, bool unit_is_ns, struct strbuf *out)
{
    strbuf_addf(out, "%s(", law_names[dist->law]);
    for (size_t i = 0; i < dist->arg_count; i++) {
        const struct dist_arg *arg = &dist->args[i];
        bool is_time = unit_is_ns && dist->law != LAW_GEOMETRIC && arg_has_unit(dist, arg->name);

        strbuf_addf(out, "%s%s=", i > 0 ? ", " : "", arg->name);
        units_add(out, arg->value, is_time ? UNIT_NS : UNIT_NONE, 3);
    }
    strbuf_add_char(out, ')');
    if (dist->law == LAW_GEOMETRIC && (dist->a != 1.0 || unit_is_ns)) {
        strbuf_add(out, " * ");
        units_add(out, dist->a, unit_is_ns ? UNIT_NS : UNIT_NONE, 3);
    }
}

void dist_describe(const struct dist *dist, bool unit_is_ns, struct strbuf *out)
{
    enum unit unit = unit_is_ns ? UNIT_NS : UNIT_NONE;

    if (dist->law == LAW_MIXTURE) {
        describe_mixture(dist, unit_is_ns, out);
    } else if (dist->law == LAW_EMPIRICAL) {
        strbuf_addf(out, "empirical(%s, %zu values)", dist->what, dist->value_count);
    } else if (dist->law == LAW_PLUS) {
        units_add(out, dist->a, unit, 3);
        strbuf_add(out, " + ");
        dist_describe(dist->parts[0], unit_is_ns, out);
    } else if (dist->law == LAW_CONSTANT) {
        units_add(out, dist->a, unit, 3);
    } else {
        describe_family(dist, unit_is_ns, out);
    }
}
