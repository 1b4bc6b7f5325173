// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Distributions as values. A variate is a monotone function of exactly one 64-bit word (inversion),
 * so a changed parameter moves every draw the same way and paired runs stay paired.
 *
 * Families and the ways to give them (values in the unit that the caller converted them to; a
 * duration is ns):
 *
 *   constant     value
 *   exponential  mean
 *   lognormal    median, p99 | median, p95 | median, sigma | mean, sd
 *   gamma        mean, shape | mean, sd
 *   weibull      scale, shape | mean, shape
 *   pareto       min, shape | mean, shape (shape > 1): P(X > x) = (min / x)^shape
 *   uniform      low, high
 *   normal       mean, sd: cut at 0 (conditioned on X >= 0; `mean` is that of the uncut law)
 *   geometric    mean >= 1: integers from 1
 *   mixture      weights and parts (weights are normalised)
 *   empirical    values, each alike; linear between order statistics
 *   plus         a shift and a part: shift + X
 *
 * Optional for every family: `max` cuts by inversion, conditioned on X <= max.
 * dist_mean() and dist_quantile() are exact to 1e-6 relative (quadrature where no formula exists).
 * Quantiles of gamma and mixture are tables made from the cdf, 1e-6 relative over all that a word
 * can give. A dist is immutable once made, may be shared between threads, and is the worker's to
 * free.
 */
#ifndef DIST_H
#define DIST_H

#include "sim_time.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dist;

/* How a family is given: parallel arrays of names and values, as an author wrote them. */
struct dist_arg {
    const char *name;
    double value;
};

/* The families with the argument names that each knows; ended by a row with family NULL. For
 * messages and for the schema of scenario files. `args` lists alternatives such as "median, p99 |
 * mean, sd". */
struct dist_family {
    const char *family;
    const char *args;
    const char *meaning;
    /* every argument name of all alternatives, NULL-terminated, and for each whether it has the
     * variate's own unit (a time) or is a plain number (shape, sigma) */
    const char *names[8];
    bool has_unit[8];
};
extern const struct dist_family dist_families[];

/* Make one; NULL with the reason appended to `why` ("lognormal needs median and p99, or ..., got
 * 'sd' alone", "p99 must be above median, got ..."). `max` may be among the args. Not for mixture,
 * empirical, plus. */
struct dist *dist_create(const char *family, const struct dist_arg *args, size_t arg_count,
                         struct strbuf *why);
struct dist *dist_constant(double value);
struct dist *dist_exponential(double mean);
/* Takes the parts over on success and on failure. */
struct dist *dist_mixture(struct dist **parts, const double *weights, size_t count,
                          struct strbuf *why);
struct dist *dist_plus(double shift, struct dist *part); /* takes the part over */
/* Copies and sorts the values; at least one, all finite. `what` names their source for describe. */
struct dist *dist_empirical(const double *values, size_t count, const char *what,
                            struct strbuf *why);
struct dist *dist_scaled(const struct dist *dist, double factor); /* X * factor, factor > 0; new */
struct dist *dist_copy(const struct dist *dist);
void dist_free(struct dist *dist); /* NULL is allowed */

/* The variate of one random word: the quantile of its uniform, within 1e-6 of the value. Some 4 ns,
 * by a table of 20 KiB that is made at the first draw (0.3 ms). */
double dist_sample(const struct dist *dist, uint64_t word);
/* Rounded to ns and held at >= 0. */
sim_dur dist_sample_ns(const struct dist *dist, uint64_t word);
/* At a uniform u in (0, 1): the quantile function itself. */
double dist_quantile(const struct dist *dist, double u);
double dist_mean(const struct dist *dist);          /* INFINITY for a pareto of shape <= 1 */
double dist_cdf(const struct dist *dist, double x); /* P(X <= x) */
bool dist_is_constant(const struct dist *dist, double *value);
/*
 * A variate of the length-biased law, density x f(x) / mean: what an observer at a random instant
 * finds himself in. With a second uniform as position this gives the equilibrium (residual life)
 * law. From a table of 4096 cells made at the first use; relative error of the mean < 1 %. For
 * starting in the steady state; not hot.
 */
double dist_sample_length_biased(const struct dist *dist, uint64_t word);
/* As an author could write it: "lognormal(median=22 ms, p99=31 ms)"; `unit_is_ns` prints times. */
void dist_describe(const struct dist *dist, bool unit_is_ns, struct strbuf *out);

#endif
