// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Non-inferiority tests: is a statistic worse than the baseline's by more than a margin?
 *
 * Harm is the difference to the baseline in the direction that is worse. Two one-sided tests:
 * "harm >= margin" rejected says no worse, "harm <= margin" rejected says worse; otherwise more
 * replications are needed. While the baseline has a partner for each replication, paired
 * differences are tested; with more replications than the baseline, Welch's unpaired test
 * (Biometrika 34, 1947) is used.
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
    uint64_t n;        /* pairs, or values of the new side */
    double base_mean;  /* of the values compared */
    double difference; /* new - base, whichever way is worse */
    double error;      /* standard error of it */
    double freedom;    /* degrees of, for Student's distribution */
    bool identical;    /* all pairs are equal; unpaired: all values are equal */
};

/* Values by replication, NAN if missing. */
struct harm harm_measure(const double *base, size_t base_count, const double *value,
                         size_t value_count);
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
