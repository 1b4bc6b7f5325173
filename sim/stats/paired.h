// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two alternatives under common random numbers: paired differences, variance reduction and verdict.
 *
 * A pair is (base[i], value[i]) of one replication; pairs with a NAN or an INFINITY (an outcome
 * that never came, see paired_outcomes.h) are skipped. Differences are value - base. All tests are
 * Student's on the paired differences (Law, Simulation Modeling and Analysis, 5th ed., 10.2.1),
 * which need no common variance and no independence of the two.
 */
#ifndef PAIRED_H
#define PAIRED_H

#include "direction.h"
#include "interval.h"

struct paired {
    struct tally base, value, difference; /* over the complete pairs */
    struct interval interval;             /* of the difference, at the given level */
    /* Var(value - base) / (Var(value) + Var(base)): 1 if pairing reduced nothing, 0 if it removed
     * all variance; NAN if neither varies. */
    double variance_ratio;
    double p; /* two-sided, that there is no difference; 1 if n < 2 */
};

struct paired paired_compare(const double *base, const double *value, size_t n, double level);

/* One-sided p-value of "the mean of the tally is <= bound"; small: it is above. Without variance 0
 * or 1; 1 if count < 2. */
double tally_p_above(const struct tally *tally, double bound);
double tally_p_below(const struct tally *tally, double bound); /* of "it is >= bound" */
/* Two one-sided tests (Schuirmann, J. Pharmacokin. Biopharm. 15, 1987): p-value of "the difference
 * is not within (-margin, margin)". Differences that are all exactly 0 give 0 at any margin. */
double paired_p_not_equivalent(const struct paired *paired, double margin);

/* Holm's step-down correction (Scand. J. Statist. 6, 1979): adjusted[i] <= alpha rejects hypothesis
 * i with the chance of any false rejection among all n at most alpha. O(n^2). The arrays may be
 * the same. */
void holm_adjust(const double *p, double *adjusted, size_t n);

/* DIFFERENT: significant, for a statistic without a better direction. */
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
 * Verdict from p-values that were corrected over all metrics, separately for difference and
 * equivalence. Equivalence takes precedence: a significant difference within the margin does not
 * matter.
 */
enum paired_verdict paired_decide(const struct paired *paired, enum direction direction,
                                  double p_difference, double p_not_equivalent, double alpha);

/*
 * Number of pairs needed to decide with probability `power` (such as 0.8), assuming the estimated
 * mean and variance of the differences: the smaller of the numbers for a difference (two-sided at
 * alpha) and for equivalence within `margin` (two one-sided tests at alpha). At least 2; 0 if no
 * number suffices (estimated difference and margin are both 0) or it exceeds 10 million.
 */
uint64_t paired_needed(const struct paired *paired, double margin, double alpha, double power);

#endif
