// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Non-inferiority tests: is a statistic worse than the baseline's by more than a margin?
 *
 * Harm is the difference to the baseline in the direction that is worse. Two one-sided tests:
 * "harm >= margin" rejected says no worse, "harm <= margin" rejected says worse; otherwise more
 * replications are needed. Replications with a partner in the baseline are tested by their paired
 * differences; where there are more replications than the baseline has, also by Welch's unpaired
 * test of all (Biometrika 34, 1947), and the more precise of the two counts, so that pairs that
 * agree are never replaced by new replications that do not.
 *
 * Outcomes that are yes or no ("recovered") are tested by McNemar's test of the pairs and Fisher's
 * of unpaired replications (paired_outcomes.h), by both where there are pairs and more replications
 * than the baseline has. The harm is then that of the replications that have a number.
 *
 * Levels. With `looks` interim looks, each spends alpha / looks. Holm's correction bounds the
 * probability of a false alarm over all metrics; "all are no worse" needs no correction, as every
 * metric must pass (an intersection-union test, Berger, Technometrics 24, 1982).
 */
#ifndef NONINFERIORITY_H
#define NONINFERIORITY_H

#include "direction.h"
#include "interval.h"

struct harm {
    bool paired;
    uint64_t n;        /* pairs, or values of the new side; 0: one side has none */
    double base_mean;  /* of the values compared */
    double difference; /* new - base, whichever way is worse */
    double error;      /* standard error of it */
    double freedom;    /* degrees of, for Student's distribution */
    bool identical;    /* all pairs are equal; unpaired: all values are equal */
    /* Of an outcome: */
    bool by_outcome; /* some replications did not come out well, and the pairs differ in it */
    uint64_t base_well, base_runs, well, runs;
    double p_fewer, p_more; /* one-sided, of "no fewer are well than in the baseline", of no more */
};

/* Values by replication; NAN (missing) and INFINITY (never came) are left out. `paired`: both have
 * the same random numbers. */
struct harm harm_measure(const double *base, size_t base_count, const double *value,
                         size_t value_count, bool paired);
/* Decide by an outcome where the two sides differ in it: 1 (well) or 0 by replication. */
void harm_take_outcomes(struct harm *harm, const double *base_well, size_t base_count,
                        const double *well, size_t count, bool paired);
/* What a margin must be, so that an unchanged side of `value_count` replications that are no pairs
 * is found no worse with probability `power`, each look at `alpha`: by the variance of the
 * baseline. INFINITY with fewer than two values. */
double harm_decidable(const double *base, size_t base_count, size_t value_count, double alpha,
                      double power);
/*
 * The same for shares that are well, without pairs: p-value of "fewer are well by the margin that
 * the replications at the last look, `last_count`, can decide", at most 60 %. The variance is that
 * of both sides together, with one more of each outcome (Agresti and Caffo, American Statistician
 * 54, 2000): ten of ten do not prove a share of 1.
 */
double outcomes_p_no_fewer(uint64_t base_well, uint64_t base_count, uint64_t well, uint64_t count,
                           uint64_t last_count, double alpha, double power);
/* Student's interval of the difference. */
struct interval harm_interval(const struct harm *harm, double level);
/* One-sided p-values, 1 with fewer than two values. `direction` must not be
 * NO_DIRECTION. Identical pairs: p_worse is 1 and p_no_worse 0, whatever the margin. */
double harm_p_worse(const struct harm *harm, enum direction direction, double margin);
double harm_p_no_worse(const struct harm *harm, enum direction direction, double margin);

enum gate { GATE_UNDECIDED, GATE_NO_WORSE, GATE_WORSE };
const char *gate_name(enum gate gate); /* "undecided" "no worse" "worse" */
/* One interim look at all metrics. O(n^2). */
void gate_decide(const double *p_worse, const double *p_no_worse, size_t n, double alpha,
                 uint32_t looks, enum gate *gates);

#endif
