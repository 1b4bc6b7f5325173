// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two alternatives under common random numbers: differences of pairs, what the pairing won, and the
 * decision in a word.
 *
 * A pair is (base[i], value[i]) of one replication; pairs in which either is a NAN are left out.
 * Differences are value - base. All tests are Student's on the paired differences (Law, Simulation
 * Modeling and Analysis, 5th ed., 10.2.1), which need no common variance and no independence of the
 * two.
 */
#ifndef PAIRED_H
#define PAIRED_H

#include "direction.h"
#include "interval.h"

struct paired {
    struct tally base, value, difference; /* over the pairs that are whole */
    struct interval interval;             /* of the difference, at the level asked for */
    /* Var(value - base) / (Var(value) + Var(base)): 1 where pairing won nothing, 0 where it took
     * all noise away; NAN where neither varies. */
    double variance_ratio;
    double p; /* two-sided, that there is no difference; 1 where n < 2 */
};

struct paired paired_compare(const double *base, const double *value, size_t n, double level);

/* One-sided p-value of "the mean of what was tallied is <= bound"; small: it is above. With no
 * variance 0 or 1; 1 where count < 2. */
double tally_p_above(const struct tally *tally, double bound);
double tally_p_below(const struct tally *tally, double bound); /* of "it is >= bound" */
/* Two one-sided tests (Schuirmann, J. Pharmacokin. Biopharm. 15, 1987): p-value of "the difference
 * is not within (-margin, margin)". Differences that are all exactly 0 give 0 at any margin. */
double paired_p_not_equivalent(const struct paired *paired, double margin);

/* Holm's step-down correction (Scand. J. Statist. 6, 1979): adjusted[i] <= alpha rejects hypothesis
 * i with the chance of any false rejection among all n at most alpha. O(n^2). The arrays may be
 * one. */
void holm_adjust(const double *p, double *adjusted, size_t n);

/* DIFFERENT: surely so, of a statistic of which neither way is better. */
enum paired_verdict {
    PAIRED_UNDECIDED,
    PAIRED_EQUIVALENT,
    PAIRED_BETTER,
    PAIRED_WORSE,
    PAIRED_DIFFERENT
};
/* "undecided", "equivalent", "better", "worse", "different". */
const char *paired_verdict_name(enum paired_verdict verdict);
/*
 * From p-values that were corrected for all metrics, the ones of the difference and the ones of
 * equivalence apart. Equivalent comes first: a difference that is sure and within the margin is one
 * that does not matter.
 */
enum paired_verdict paired_decide(const struct paired *paired, enum direction direction,
                                  double p_difference, double p_not_equivalent, double alpha);

/*
 * Pairs with which a decision is to be had with a chance of `power` (0.8, say), if mean and
 * variance of the differences are what they seem: the fewer of those for a difference (two-sided
 * at alpha) and those for equivalence within `margin` (two one-sided tests at alpha). At least 2;
 * 0 where none will do (the difference seems to be 0, and the margin is), or more than 10 million.
 */
uint64_t paired_needed(const struct paired *paired, double margin, double alpha, double power);

#endif
