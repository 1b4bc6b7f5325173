// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Moments and extremes of a series of numbers, in one pass.
 *
 * Welford, Technometrics 4(3), 1962. Zero-initialised is empty. Extremes are 0 while count is 0.
 * All O(1).
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>

struct tally {
    uint64_t count;
    double mean;
    double m2; /* sum of squared differences from the mean */
    double min, max;
};

void tally_add(struct tally *tally, double value);
double tally_variance(const struct tally *tally); /* sample variance (n - 1); 0 if count < 2 */
double tally_sd(const struct tally *tally);

#endif
