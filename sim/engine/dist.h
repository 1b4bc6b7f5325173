// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Probability distributions. A variate is a monotone function of exactly one 64-bit random word
 * (inversion), so that a changed parameter moves every draw in the same direction and paired runs
 * stay paired.
 *
 * Families and their parametrisations (values in the caller's unit; ns for durations):
 *
 *   constant     value
 *   exponential  mean
 *   lognormal    median, p99 | median, p95 | median, sigma | mean, sd
 *   gamma        mean, shape | mean, sd
 *   weibull      scale, shape | mean, shape
 *   pareto       min, shape | mean, shape (shape > 1): P(X > x) = (min / x)^shape
 *   uniform      low, high
 *   normal       mean, sd: truncated at 0 (conditioned on X >= 0; `mean` is that before truncation)
 *   geometric    mean >= 1: integers from 1
 *   mixture      weights and parts (weights are normalised)
 *   empirical    values, equally likely; linear between order statistics
 *   plus         a shift and a distribution: shift + X
 *
 * Optional for every family: `max` truncates, conditioned on X <= max. dist_mean() and
 * dist_quantile() have a relative error of at most 1e-6 (quadrature if no formula exists).
 * Quantiles of gamma and mixture are tables computed from the cdf, with the same error for every
 * word. A dist is immutable, may be shared between threads, and is freed by its owner.
 */
#ifndef DIST_H
#define DIST_H

#include "sim_time.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dist;

/* An argument of a family: name and value. */
struct dist_arg {
    const char *name;
    double value;
};

/* The families and their arguments, for messages and for the schema of scenario files; the last row
 * has family NULL. `args` lists alternatives such as "median, p99 | mean, sd". */
struct dist_family {
    const char *family;
    const char *args;
    const char *meaning;
    /* all argument names of all alternatives, NULL-terminated, and for each whether it has the unit
     * of the variate (a time) or is a plain number (shape, sigma) */
    const char *names[8];
    bool has_unit[8];
};
extern const struct dist_family dist_families[];

/* Create a distribution; on error NULL, with the reason appended to `why` ("lognormal needs median
 * and p99, or ..., got 'sd' alone", "p99 must be above median, got ..."). `max` may be among the
 * args. Not for mixture, empirical, plus. */
struct dist *dist_create(const char *family, const struct dist_arg *args, size_t arg_count,
                         struct strbuf *why);
struct dist *dist_constant(double value);
struct dist *dist_exponential(double mean);
/* Takes ownership of the parts, on success and on failure. */
struct dist *dist_mixture(struct dist **parts, const double *weights, size_t count,
                          struct strbuf *why);
struct dist *dist_plus(double shift, struct dist *part); /* takes ownership of the part */
/* Copies and sorts the values; at least one, all finite. `what` names their source for describe. */
struct dist *dist_empirical(const double *values, size_t count, const char *what,
                            struct strbuf *why);
struct dist *dist_scaled(const struct dist *dist, double factor); /* X * factor, factor > 0; new */
void dist_free(struct dist *dist);                                /* NULL is allowed */

/* The variate of one random word: the quantile of its uniform, relative error at most 1e-6. About 4
 * ns, with a table of 20 KiB that is created at the first draw (0.3 ms). */
double dist_sample(const struct dist *dist, uint64_t word);
/* Rounded to ns, at least 0. */
sim_dur dist_sample_ns(const struct dist *dist, uint64_t word);
/* At a uniform u in (0, 1): the quantile function itself. */
double dist_quantile(const struct dist *dist, double u);
double dist_mean(const struct dist *dist);          /* INFINITY for a pareto of shape <= 1 */
double dist_cdf(const struct dist *dist, double x); /* P(X <= x) */
bool dist_is_constant(const struct dist *dist, double *value);
/*
 * A variate of the length-biased distribution, density x f(x) / mean: the length of the interval
 * that contains a random time. With a second uniform as position it gives the equilibrium (residual
 * life) distribution, used to start in the steady state. From a table of 4096 cells created at the
 * first use; relative error of the mean < 1 %. Not a hot path.
 */
double dist_sample_length_biased(const struct dist *dist, uint64_t word);
/* In the syntax of scenario files: "lognormal(median=22 ms, p99=31 ms)"; unit_is_ns: print values
 * as times. */
void dist_describe(const struct dist *dist, bool unit_is_ns, struct strbuf *out);

#endif
