// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Shares and counts over independent replications, with intervals that stay possible and never
 * claim that what was not seen cannot happen.
 *
 * A replication is a cluster: its trials share one history, so that they are less than independent.
 * The design effect says by how much: the variance of the pooled share between replications over
 * that of independent trials. It is at least 1 while fewer than 100 hits or misses were seen, too
 * few to show that replications vary less than independent trials; 0 is never believed. From it
 * follows an effective number of trials, reduced once more for the few degrees of freedom that n
 * replications leave (Korn and Graubard, Survey Methodology 24, 1998), and Wilson's interval with
 * that number (JASA 22, 1927; Brown, Cai, DasGupta, Statistical Science 16, 2001). Bounds lie
 * within [0, 1] by construction. `scripts/coverage` measures how often they cover.
 *
 * All functions are pure; O(1).
 */
#ifndef PROPORTION_H
#define PROPORTION_H

#include "interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proportion {
    uint64_t hits, trials; /* pooled */
    uint64_t replications; /* with at least one trial */
    double design_effect;  /* NAN where it cannot be known: no hit, all hits, or n < 2 */
    double effective_trials;
    /* mean = hits / trials; n = replications. Not valid with fewer than two replications. With no
     * hit: [0, -ln(alpha / 2) / trials], "below 3.7 / N" at 95 % (all hits: the mirror image). */
    struct interval interval;
};

/* One-sided bound of the share of replications that have an event which none of them had:
 * 1 - (1 - level)^(1 / n). */
double proportion_replication_bound(uint64_t replications, double level);

/* Sums over the replications that have at least one trial, and the variance of the pooled share
 * between them (the linearised ratio estimator). */
struct proportion_sums {
    uint64_t hits, trials, replications; /* hits <= trials */
    double variance;
};
/* `student` and `normal` are the quantiles at the level; with fewer than two replications `student`
 * is ignored. */
struct proportion proportion_of_sums(const struct proportion_sums *sums, double level,
                                     double student, double normal);

/*
 * The mean of a count per replication, n >= 2: Poisson with overdispersion. The dispersion is that
 * of the counts, at least 1; the interval is Garwood's exact one (Biometrika 28, 1936) of the total
 * divided by it, and scaled back. Nothing counted: [0, -ln(alpha / 2) / n].
 */
struct interval count_interval_of(const struct tally *tally, double level, double student,
                                  double normal);

#endif
