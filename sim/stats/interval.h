// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Confidence intervals; all intervals of the program are computed here.
 *
 * Quantiles by GSL. If n < 2 (Wilson: n = 0) there is no interval: low and high are NAN, `valid`
 * is false, and the caller must say so instead of printing one. `level` is two-sided, such as 0.95.
 */
#ifndef INTERVAL_H
#define INTERVAL_H

#include "strbuf.h"
#include "tally.h"
#include "units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was seen, where mean and bounds alone would mislead. */
enum interval_form {
    INTERVAL_PLAIN,
    INTERVAL_NONE_SEEN, /* no event: low is 0, high the bound for what was not seen */
    INTERVAL_ALL_SEEN,  /* only hits: high is 1 */
    INTERVAL_CONSTANT   /* all n values are equal: the bounds are that value, nothing is known of
                           the spread, and no precision goal is met */
};

/* "", "none", "all", "equal". */
const char *interval_form_name(enum interval_form form);

struct interval {
    bool valid;
    uint64_t n;
    double level;
    double mean;
    double low, high;
    enum interval_form form;
    uint64_t trials; /* of a share by pooled counts; 0: not one */
};

/* Student's t over independent replications: mean +- t(n-1) s / sqrt(n) (Law, Simulation Modeling
 * and Analysis, 5th ed., eq. 4.12). With zero variance the interval is a point, and valid. */
struct interval interval_student(const struct tally *tally, double level);
/*
 * The same for many tallies of one count, which share the quantile: of `n` >= 2 values, the
 * interval is the mean +- quantile * s / sqrt(n). `quantile` is of tally->count, and any number
 * where that is below 2.
 */
double interval_student_quantile(uint64_t n, double level);
struct interval interval_student_of(const struct tally *tally, double level, double quantile);
/* Wilson's score interval of a proportion: `hits` in `n` trials (Wilson, JASA 22, 1927). */
struct interval interval_wilson(uint64_t hits, uint64_t n, double level);
/*
 * Student's interval of a difference that lies between `least` and `most`, as that of two shares
 * between -1 and 1, so that no bound is impossible: the delta method on the scale of Fisher's z,
 * atanh of the place between them (Biometrika 10, 1915). A difference at an end stays as it is.
 */
void interval_keep_between(struct interval *interval, double least, double most);
/* Half-width over |mean|; INFINITY if invalid or constant, or if the mean is 0. */
double interval_relative_half_width(const struct interval *interval);

/* Append "22 ms [21 ms, 23 ms]", or only the mean if there is no interval; "0 of 36000, below
 * 0.0102%" and "all of 36000, above 99.99%" of a share, "0, below 0.369" of a count, "22 ms in all
 * 10" where all n values are equal; "0 of 360" of a share of one replication. */
void interval_add(struct strbuf *out, const struct interval *interval, enum unit unit);
/* Append " [21 ms, 23 ms]"; INFINITY is "never". */
void interval_add_bounds(struct strbuf *out, double low, double high, enum unit unit);

#endif
