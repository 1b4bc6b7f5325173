// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sampling by inversion: one word gives one u, one u gives one variate, and the variate never
 * decreases with u.
 *
 * dist_quantile() is the quantile function itself; dist_sample() takes it from a table of cubics
 * (variate_cells.h), within 5e-7, for all but the simplest laws.
 *
 * A truncated distribution is evaluated at u_low + u (u_high - u_low). The gamma and the mixture,
 * which have no closed quantile function, use tables of cubics (quantile_table.h) computed from
 * their cdf when the distribution is created.
 */
#include "dist.h"

#include "dist_internal.h"

#include "bug.h"
#include "inlining.h"
#include "mem.h"
#include "normal_quantile.h"
#include "rng_stream.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GAMMA_CELLS 528    /* 32 per unit of z */
#define MIXTURE_CELLS 4096 /* about 250 per unit of z */
#define TABLE_TOLERANCE 2e-7
#define U_MAX (1.0 - 0x1p-53)
#define INVERSE_SQRT_2PI 0.39894228040143267794

static double normal_density(double z)
{
    return INVERSE_SQRT_2PI * exp(-z * z / 2.0);
}

/* --- gamma of scale 1, in y = log x ---------------------------------------------------------- */

#define GAMMA_TINY_Y (-34.0) /* below this, exp(-x) rounds to 1: P(X <= x) = x^k / gamma(k + 1) */
#define GAMMA_LARGE 5e4      /* shapes from which the cube root of X is normal to 1e-6 of X */

/* Wilson and Hilferty, PNAS 17, 1931: (X / k)^(1/3) is nearly normal(1 - 1 / 9k, 1 / 9k). */
static double gamma_large_z(double shape, double y)
{
    return 3.0 * sqrt(shape) * (exp((y - log(shape)) / 3.0) - 1.0 + 1.0 / (9.0 * shape));
}

static double gamma_large_y(double shape, double z)
{
    return log(shape) + 3.0 * log1p(z / (3.0 * sqrt(shape)) - 1.0 / (9.0 * shape));
}

/* Log density of y = log X. */
static double gamma_log_density(double shape, double y)
{
    return shape * y - exp(y) - gsl_sf_lngamma(shape);
}

/* Far in the tail the first term of its expansion is enough. */
static bool gamma_is_far(double shape, double y)
{
    return exp(y) > shape + 40.0 * sqrt(shape) + 800.0;
}

/*
 * log P(X <= e^y) and log P(X > e^y), without underflow for small shapes. GSL is used only where it
 * converges: its error handler would end the program.
 */
static double gamma_log_below(double shape, double y)
{
    if (shape > GAMMA_LARGE)
        return log(gsl_cdf_ugaussian_P(gamma_large_z(shape, y)));
    if (y < GAMMA_TINY_Y)
        return shape * y - gsl_sf_lngamma(shape + 1.0);
    return gamma_is_far(shape, y) ? 0.0 : log(gsl_cdf_gamma_P(exp(y), shape, 1.0));
}

static double gamma_log_above(double shape, double y)
{
    if (y < GAMMA_TINY_Y)
        return log1p(-exp(gamma_log_below(shape, y)));
    if (gamma_is_far(shape, y))
        return gamma_log_density(shape, y) - y;
    return log(gsl_cdf_gamma_Q(exp(y), shape, 1.0));
}

/*
 * y whose tail probability equals that of the normal distribution beyond z, in the smaller of the
 * two tails to avoid cancellation. Newton's method on the logarithm of the tail, which is concave,
 * inside a bracket.
 */
static double gamma_log_quantile(double shape, double z, double start)
{
    double target = log(z < 0.0 ? gsl_cdf_ugaussian_P(z) : gsl_cdf_ugaussian_Q(z));
    double low = -INFINITY, high = INFINITY, y = start;

    for (int i = 0; i < 200; i++) {
        double tail = z < 0.0 ? gamma_log_below(shape, y) : gamma_log_above(shape, y);
        double slope = exp(gamma_log_density(shape, y) - tail);
        double miss = z < 0.0 ? tail - target : target - tail; /* > 0: y is too high */
        double next = y - miss / slope;

        if (miss > 0.0)
            high = y;
        else
            low = y;
        if (!(next > low && next < high))
            next = isinf(low) ? high - 1.0 : isinf(high) ? low + 1.0 : (low + high) / 2.0;
        if (fabs(next - y) <= 1e-14 * (1.0 + fabs(y)))
            return next;
        y = next;
    }
    return y;
}

/* Starting value near the median. */
static double gamma_log_start(double shape)
{
    if (shape < 0.4)
        return (log(0.5) + gsl_sf_lngamma(shape + 1.0)) / shape;
    return gamma_large_y(shape, 0.0);
}

static void gamma_node(struct quantile_table *table, double shape, size_t node, double start)
{
    double z = quantile_table_z(table, node);
    double y;

    if (shape > GAMMA_LARGE) {
        double step = 0.5 / table->cells_per_z;

        table->value[node] = gamma_large_y(shape, z);
        table->slope[node] = gamma_large_y(shape, z + step) - gamma_large_y(shape, z - step);
        return;
    }
    y = gamma_log_quantile(shape, z, start);
    table->value[node] = y;
    /* dy/dz = density of z / density of y */
    table->slope[node] = normal_density(z) / exp(gamma_log_density(shape, y)) / table->cells_per_z;
}

/* From the middle outwards: Newton's method starts at each node from the tangent of its
 * neighbour. */
static struct quantile_table *gamma_table(double shape)
{
    struct quantile_table *table = quantile_table_create(GAMMA_CELLS);
    size_t middle = GAMMA_CELLS / 2;

    gamma_node(table, shape, middle, gamma_log_start(shape));
    for (size_t i = middle; i-- > 0;)
        gamma_node(table, shape, i, table->value[i + 1] - table->slope[i + 1]);
    for (size_t i = middle + 1; i <= GAMMA_CELLS; i++)
        gamma_node(table, shape, i, table->value[i - 1] + table->slope[i - 1]);
    return table;
}

static double gamma_quantile(const struct dist *dist, double u)
{
    double z = normal_quantile(u);
    double place;
    size_t cell;

    if (__builtin_expect(fabs(z) > QUANTILE_Z_MAX, 0))
        return dist->a * exp(dist->b > GAMMA_LARGE
                                 ? gamma_large_y(dist->b, z)
                                 : gamma_log_quantile(dist->b, z, dist->table->value[0]));
    cell = quantile_table_cell(dist->table, z, &place);
    return dist->a * exp(quantile_table_at(dist->table, cell, place));
}

/* --- mixture --------------------------------------------------------------------------------- */

static double mixture_cdf(const struct dist *dist, double x)
{
    double sum = 0.0;

    for (size_t i = 0; i < dist->part_count; i++)
        sum += dist->weights[i] * dist_cdf(dist->parts[i], x);
    return sum;
}

/*
 * The smallest x in (low, high] with cdf(x) >= u; requires cdf(high) >= u. Secant steps (Illinois),
 * and a bisection whenever they have not halved the bracket, so that jumps and flat parts of the
 * cdf cost no more than bisection.
 */
static double mixture_solve(const struct dist *dist, double u, double low, double high)
{
    double f_low = mixture_cdf(dist, low) - u;
    double f_high = mixture_cdf(dist, high) - u;
    bool bisect = false;

    if (f_low >= 0.0)
        return low;
    for (int i = 0; i < 400 && high - low > 1e-14 * fmax(fabs(low), fabs(high)); i++) {
        double width = high - low;
        double x = bisect || !(f_high > 0.0) ? low + width / 2.0
                                             : low + width * (-f_low / (f_high - f_low));
        double f;

        if (!(x > low && x < high))
            x = low + width / 2.0;
        if (!(x > low && x < high))
            break;
        f = mixture_cdf(dist, x) - u;
        if (f >= 0.0) {
            high = x;
            f_high = f;
            f_low /= bisect ? 1.0 : 2.0;
        } else {
            low = x;
            f_low = f;
            f_high /= bisect ? 1.0 : 2.0;
        }
        bisect = high - low > width / 2.0;
    }
    return high;
}

/* The quantile of a mixture lies between those of its parts. */
static double mixture_solve_at(const struct dist *dist, double u)
{
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < dist->part_count; i++) {
        double x = dist_quantile(dist->parts[i], u);

        low = fmin(low, x);
        high = fmax(high, x);
    }
    return mixture_solve(dist, u, low, high);
}

/* Whether the cubic is within the tolerance of the true quantile at the middle and the quarters of
 * a cell. */
static bool mixture_cell_is_smooth(const struct dist *dist, size_t cell)
{
    const struct quantile_table *table = dist->table;

    if (table->value[cell] == table->value[cell + 1])
        return true;
    for (double place = 0.25; place < 1.0; place += 0.25) {
        double z = quantile_table_z(table, cell) + place / table->cells_per_z;
        double u = fmin(gsl_cdf_ugaussian_P(z), U_MAX);
        double x = quantile_table_at(table, cell, place);
        double slack = TABLE_TOLERANCE * fabs(x);

        if (mixture_cdf(dist, x - slack) > u || mixture_cdf(dist, x + slack) < u)
            return false;
    }
    return true;
}

static struct quantile_table *mixture_table(struct dist *dist)
{
    struct quantile_table *table = quantile_table_create(MIXTURE_CELLS);

    for (size_t i = 0; i <= MIXTURE_CELLS; i++) {
        double u = fmin(gsl_cdf_ugaussian_P(quantile_table_z(table, i)), U_MAX);
        double x = mixture_solve_at(dist, u);

        table->value[i] = i > 0 ? fmax(x, table->value[i - 1]) : x;
    }
    quantile_table_make_slopes(table);
    dist->table = table;
    for (size_t i = 0; i < MIXTURE_CELLS; i++)
        table->rough[i] = !mixture_cell_is_smooth(dist, i);
    return table;
}

static double mixture_quantile(const struct dist *dist, double u)
{
    const struct quantile_table *table = dist->table;
    double z = normal_quantile(u);
    double place;
    size_t cell;

    if (__builtin_expect(fabs(z) > QUANTILE_Z_MAX, 0))
        return mixture_solve_at(dist, u);
    cell = quantile_table_cell(table, z, &place);
    if (__builtin_expect(table->rough[cell], 0))
        return mixture_solve(dist, u, table->value[cell], table->value[cell + 1]);
    return quantile_table_at(table, cell, place);
}

/* --- empirical ------------------------------------------------------------------------------- */

static double empirical_quantile(const struct dist *dist, double u)
{
    double x = u * (double)(dist->value_count - 1);
    size_t i = (size_t)x;

    if (i + 1 >= dist->value_count)
        return dist->values[dist->value_count - 1];
    return dist->values[i] + (x - (double)i) * (dist->values[i + 1] - dist->values[i]);
}

static double empirical_cdf(const struct dist *dist, double x)
{
    const double *values = dist->values;
    size_t low = 0, high = dist->value_count; /* values[low - 1] <= x < values[high] */

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (values[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 0.0;
    if (low == dist->value_count)
        return 1.0;
    return ((double)(low - 1) + (x - values[low - 1]) / (values[low] - values[low - 1])) /
           (double)(dist->value_count - 1);
}

/* --- the law without its cuts ---------------------------------------------------------------- */

/*
 * log(1 - u). If u is not small, 1 - u is accurate enough (relative error below 2^-33), and log is
 * twice as fast as log1p; for a uniform of rng_unit() 1 - u is exact.
 */
static inline double log_rest(double u)
{
    return u > 0x1p-20 ? log(1.0 - u) : log1p(-u);
}

static inline double law_quantile(const struct dist *dist, double u)
{
    switch (dist->law) {
    case LAW_CONSTANT:
        return dist->a;
    case LAW_EXPONENTIAL:
        return -dist->a * log_rest(u);
    case LAW_LOGNORMAL:
        return exp(dist->a + dist->b * normal_quantile(u));
    case LAW_GAMMA:
        return gamma_quantile(dist, u);
    case LAW_WEIBULL:
        return dist->a * pow(-log_rest(u), 1.0 / dist->b);
    case LAW_PARETO:
        return dist->a * pow(1.0 - u, -1.0 / dist->b);
    case LAW_UNIFORM:
        return dist->a + u * (dist->b - dist->a);
    case LAW_NORMAL:
        return fmax(0.0, dist->a + dist->b * normal_quantile(u));
    case LAW_GEOMETRIC:
        return dist->a * fmax(1.0, ceil(log_rest(u) / dist->b));
    case LAW_MIXTURE:
        return mixture_quantile(dist, u);
    case LAW_EMPIRICAL:
        return empirical_quantile(dist, u);
    case LAW_PLUS:
        return dist->a + dist_quantile(dist->parts[0], u);
    }
    return 0.0;
}

static double law_cdf(const struct dist *dist, double x)
{
    switch (dist->law) {
    case LAW_CONSTANT:
        return x >= dist->a ? 1.0 : 0.0;
    case LAW_EXPONENTIAL:
        return x > 0.0 ? -expm1(-x / dist->a) : 0.0;
    case LAW_LOGNORMAL:
        return x > 0.0 ? gsl_cdf_ugaussian_P((log(x) - dist->a) / dist->b) : 0.0;
    case LAW_GAMMA:
        return x > 0.0 ? exp(gamma_log_below(dist->b, log(x / dist->a))) : 0.0;
    case LAW_WEIBULL:
        return x > 0.0 ? -expm1(-pow(x / dist->a, dist->b)) : 0.0;
    case LAW_PARETO:
        return x > dist->a ? 1.0 - pow(dist->a / x, dist->b) : 0.0;
    case LAW_UNIFORM:
        return fmin(1.0, fmax(0.0, (x - dist->a) / (dist->b - dist->a)));
    case LAW_NORMAL:
        return gsl_cdf_ugaussian_P((x - dist->a) / dist->b);
    case LAW_GEOMETRIC:
        return x >= dist->a ? -expm1(dist->b * floor(x / dist->a)) : 0.0;
    case LAW_MIXTURE:
        return mixture_cdf(dist, x);
    case LAW_EMPIRICAL:
        return empirical_cdf(dist, x);
    case LAW_PLUS:
        return dist_cdf(dist->parts[0], x - dist->a);
    }
    return 0.0;
}

/* --- drawing --------------------------------------------------------------------------------- */

static inline double quantile_inline(const struct dist *dist, double u)
{
    double x = law_quantile(dist, dist->u_low + u * (dist->u_high - dist->u_low));

    return x < dist->max ? x : dist->max;
}

double dist_quantile(const struct dist *dist, double u)
{
    return quantile_inline(dist, u);
}

static double quantile_for_cells(const void *self, double u)
{
    return dist_quantile(self, u);
}

/* A thread that loses the race to publish frees its equal table. */
OUT_OF_LINE static const struct variate_cells *cells_make(const struct dist *dist)
{
    struct variate_cells *expected = NULL;
    struct variate_cells *made = variate_cells_create(quantile_for_cells, dist);

    if (atomic_compare_exchange_strong(&dist->tables->cells, &expected, made))
        return made;
    free(made);
    return expected;
}

/* For distributions without cells, and far in the tail. */
OUT_OF_LINE static double sample_by_quantile(const struct dist *dist, uint64_t word)
{
    return quantile_inline(dist, rng_unit(word));
}

static inline double sample_inline(const struct dist *dist, uint64_t word)
{
    const struct variate_cells *cells;
    double x;

    if (dist->by_cells) {
        cells = atomic_load_explicit(&dist->tables->cells, memory_order_acquire);
        if (__builtin_expect(!cells, 0))
            cells = cells_make(dist);
        if (__builtin_expect(variate_cells_at(cells, word, &x), 1))
            return x;
    }
    return sample_by_quantile(dist, word);
}

double dist_sample(const struct dist *dist, uint64_t word)
{
    return sample_inline(dist, word);
}

sim_dur dist_sample_ns(const struct dist *dist, uint64_t word)
{
    double x = sample_inline(dist, word);

    if (!(x > 0.0))
        return 0;
    /* Capped at 2^62 ns (146 years). */
    return x < 0x1p62 ? (sim_dur)(x + 0.5) : INT64_C(1) << 62;
}

double dist_cdf(const struct dist *dist, double x)
{
    if (x >= dist->max)
        return 1.0;
    return fmax(0.0, (law_cdf(dist, x) - dist->u_low) / (dist->u_high - dist->u_low));
}

double dist_mean(const struct dist *dist)
{
    return dist->mean;
}

bool dist_is_constant(const struct dist *dist, double *value)
{
    if (dist->law == LAW_PLUS && dist_is_constant(dist->parts[0], value)) {
        *value += dist->a;
        return true;
    }
    if (dist->law != LAW_CONSTANT &&
        !(dist->law == LAW_EMPIRICAL && dist->values[0] == dist->values[dist->value_count - 1]) &&
        !(dist->law == LAW_GEOMETRIC && isinf(dist->b)))
        return false;
    *value = dist->mean;
    return true;
}

/* --- the length-biased law ------------------------------------------------------------------- */

static double bias_z(size_t node)
{
    return QUANTILE_Z_MAX * (2.0 * (double)node / BIAS_CELLS - 1.0);
}

/* The last cell that begins at or below u, at or after `cell`, which does so. */
static inline size_t bias_cell_from(const struct bias_table *table, size_t cell, double u)
{
    while (table->cumulated[cell + 1] <= u)
        cell++;
    return cell;
}

/* The mass of x dF in each cell of z, cumulated and scaled to 1. */
static struct bias_table *bias_make(const struct dist *dist)
{
    struct bias_table *table = mem_alloc(1, sizeof *table);
    double *cumulated = table->cumulated;
    size_t cell = 0;

    cumulated[0] = 0.0;
    for (size_t i = 0; i < BIAS_CELLS; i++) {
        double z = bias_z(i), next = bias_z(i + 1);
        double u = fmin(gsl_cdf_ugaussian_P((z + next) / 2.0), U_MAX);
        /* From the smaller tail, to avoid cancellation. */
        double share = z < 0.0 ? gsl_cdf_ugaussian_P(next) - gsl_cdf_ugaussian_P(z)
                               : gsl_cdf_ugaussian_Q(z) - gsl_cdf_ugaussian_Q(next);

        cumulated[i + 1] = cumulated[i] + share * fmax(0.0, dist_quantile(dist, u));
    }
    for (size_t i = 1; i <= BIAS_CELLS; i++)
        cumulated[i] /= cumulated[BIAS_CELLS] > 0.0 ? cumulated[BIAS_CELLS] : 1.0;
    cumulated[BIAS_CELLS] = 1.0;
    for (size_t i = 0; i < BIAS_CELLS; i++) {
        cell = bias_cell_from(table, cell, (double)i / BIAS_CELLS);
        table->guide[i] = (uint16_t)cell;
    }
    return table;
}

/* A thread that loses the race to publish frees its equal table. */
static const struct bias_table *bias_of(const struct dist *dist)
{
    struct bias_table *expected = NULL;
    struct bias_table *made;

    made = atomic_load_explicit(&dist->tables->bias, memory_order_acquire);
    if (made)
        return made;
    made = bias_make(dist);
    if (atomic_compare_exchange_strong(&dist->tables->bias, &expected, made))
        return made;
    free(made);
    return expected;
}

double dist_sample_length_biased(const struct dist *dist, uint64_t word)
{
    const struct bias_table *table = bias_of(dist);
    const double *cumulated = table->cumulated;
    double u = rng_unit(word);
    size_t low = bias_cell_from(table, table->guide[(size_t)(u * BIAS_CELLS)], u);
    double place;

    place = (u - cumulated[low]) / (cumulated[low + 1] - cumulated[low]);
    u = gsl_cdf_ugaussian_P(bias_z(low) + place * (bias_z(low + 1) - bias_z(low)));
    return dist_quantile(dist, fmin(u, U_MAX));
}

/* --- means ----------------------------------------------------------------------------------- */

/*
 * Mean of a truncated distribution: integral of the quantile over u, computed in z, where it is
 * smooth up to both ends. Simpson's rule with 4096 intervals; the part beyond |z| = 8.25 has
 * probability 1e-16 and bounded values.
 */
static double cut_mean(const struct dist *dist)
{
    double sum = 0.0, weights = 0.0;

    for (int i = 0; i <= 4096; i++) {
        double z = QUANTILE_Z_MAX * (i / 2048.0 - 1.0);
        double weight = (i % 2 == 1 ? 4.0 : i == 0 || i == 4096 ? 1.0 : 2.0) * normal_density(z);
        double u = fmin(gsl_cdf_ugaussian_P(z), U_MAX);

        sum += weight * dist_quantile(dist, u);
        weights += weight;
    }
    return sum / weights;
}

static double geometric_mean(const struct dist *dist)
{
    double p = -expm1(dist->b);
    double most = floor(dist->max / dist->a);
    double beyond = isinf(most) ? 0.0 : exp(dist->b * most); /* P(X > max) */

    if (beyond == 0.0)
        return dist->a / p;
    return dist->a * (1.0 / p - most * beyond / (1.0 - beyond));
}

static double normal_mean(const struct dist *dist)
{
    double z = dist->a / dist->b;

    return dist->a + dist->b * normal_density(z) / gsl_cdf_ugaussian_P(z);
}

static double empirical_mean(const struct dist *dist)
{
    double sum = 0.0;

    if (dist->value_count == 1)
        return dist->values[0];
    for (size_t i = 1; i < dist->value_count; i++)
        sum += (dist->values[i - 1] + dist->values[i]) / 2.0;
    return sum / (double)(dist->value_count - 1);
}

static double mixture_mean(const struct dist *dist)
{
    double sum = 0.0;

    for (size_t i = 0; i < dist->part_count; i++)
        sum += dist->weights[i] * dist->parts[i]->mean;
    return sum;
}

static double law_mean(const struct dist *dist)
{
    switch (dist->law) {
    case LAW_CONSTANT:
    case LAW_EXPONENTIAL:
        return dist->a;
    case LAW_LOGNORMAL:
        return exp(dist->a + dist->b * dist->b / 2.0);
    case LAW_GAMMA:
        return dist->a * dist->b;
    case LAW_WEIBULL:
        return dist->a * tgamma(1.0 + 1.0 / dist->b);
    case LAW_PARETO:
        return dist->b > 1.0 ? dist->a * dist->b / (dist->b - 1.0) : (double)INFINITY;
    case LAW_UNIFORM:
        return (dist->a + dist->b) / 2.0;
    case LAW_NORMAL:
        return normal_mean(dist);
    case LAW_GEOMETRIC:
        return geometric_mean(dist);
    case LAW_MIXTURE:
        return mixture_mean(dist);
    case LAW_EMPIRICAL:
        return empirical_mean(dist);
    case LAW_PLUS:
        return dist->a + dist->parts[0]->mean;
    }
    return 0.0;
}

/* --- making and freeing ---------------------------------------------------------------------- */

/* The others are as fast as a table, or have jumps. */
static bool law_is_by_cells(enum dist_law law)
{
    return law == LAW_EXPONENTIAL || law == LAW_LOGNORMAL || law == LAW_GAMMA ||
           law == LAW_WEIBULL || law == LAW_PARETO || law == LAW_NORMAL || law == LAW_MIXTURE ||
           law == LAW_PLUS;
}

struct dist *dist_alloc(enum dist_law law, double a, double b)
{
    struct dist *dist = mem_zalloc(1, sizeof *dist);

    dist->law = law;
    dist->a = a;
    dist->b = b;
    dist->u_high = 1.0;
    dist->max = INFINITY;
    dist->tables = mem_zalloc(1, sizeof *dist->tables);
    dist->by_cells = law_is_by_cells(law);
    return dist;
}

bool dist_complete(struct dist *dist)
{
    if (dist->law == LAW_GAMMA)
        dist->table = gamma_table(dist->b);
    if (dist->law == LAW_MIXTURE)
        dist->table = mixture_table(dist);
    if (dist->law == LAW_NORMAL)
        dist->u_low = law_cdf(dist, 0.0);
    if (!isinf(dist->max))
        dist->u_high = law_cdf(dist, dist->max);
    if (!(dist->u_high > dist->u_low))
        return false;
    dist->mean = isinf(dist->max) || dist->law == LAW_GEOMETRIC ? law_mean(dist) : cut_mean(dist);
    return true;
}

void dist_free(struct dist *dist)
{
    if (!dist)
        return;
    for (size_t i = 0; i < dist->part_count; i++)
        dist_free(dist->parts[i]);
    quantile_table_free(dist->table);
    free(atomic_load(&dist->tables->bias));
    free(atomic_load(&dist->tables->cells));
    free(dist->tables);
    free(dist->parts);
    free(dist->weights);
    free(dist->values);
    free(dist->what);
    free(dist);
}

static bool weights_are_sound(const double *weights, size_t count, struct strbuf *why)
{
    double sum = 0.0;

    if (count == 0) {
        strbuf_add(why, "mixture needs at least one part, got none");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0.0) || isinf(weights[i])) {
            strbuf_addf(why, "weight must be at least 0, got %g", weights[i]);
            return false;
        }
        sum += weights[i];
    }
    if (sum > 0.0 && !isinf(sum))
        return true;
    strbuf_addf(why, "weights of a mixture must sum to more than 0, got %g", sum);
    return false;
}

struct dist *dist_mixture(struct dist **parts, const double *weights, size_t count,
                          struct strbuf *why)
{
    struct dist *dist;
    double sum = 0.0;

    if (!weights_are_sound(weights, count, why)) {
        for (size_t i = 0; i < count; i++)
            dist_free(parts[i]);
        return NULL;
    }
    dist = dist_alloc(LAW_MIXTURE, 0.0, 0.0);
    dist->parts = mem_alloc(count, sizeof dist->parts[0]);
    dist->weights = mem_alloc(count, sizeof dist->weights[0]);
    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    for (size_t i = 0; i < count; i++) {
        /* A part with weight 0 would only widen the search. */
        if (weights[i] == 0.0) {
            dist_free(parts[i]);
            continue;
        }
        dist->parts[dist->part_count] = parts[i];
        dist->weights[dist->part_count++] = weights[i] / sum;
    }
    dist_complete(dist);
    return dist;
}

struct dist *dist_plus(double shift, struct dist *part)
{
    struct dist *dist = dist_alloc(LAW_PLUS, shift, 0.0);

    dist->parts = mem_alloc(1, sizeof dist->parts[0]);
    dist->parts[0] = part;
    dist->part_count = 1;
    dist_complete(dist);
    return dist;
}

static int value_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct dist *dist_empirical(const double *values, size_t count, const char *what,
                            struct strbuf *why)
{
    struct dist *dist;

    if (count == 0) {
        strbuf_add(why, "empirical needs at least one value, got none");
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) {
            strbuf_addf(why, "values of an empirical law must be finite, got %g", values[i]);
            return NULL;
        }
    dist = dist_alloc(LAW_EMPIRICAL, 0.0, 0.0);
    dist->values = mem_alloc(count, sizeof dist->values[0]);
    memcpy(dist->values, values, count * sizeof values[0]);
    qsort(dist->values, count, sizeof dist->values[0], value_order);
    dist->value_count = count;
    dist->what = mem_strdup(what);
    dist_complete(dist);
    return dist;
}
