// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Find the end of the initial transient of a series by MSER-5 (White, Cobb and Spratt, WSC 2000):
 * in batches of five, the cut that minimises the variance of the remaining batch means over their
 * number squared. A minimum in the second half of the series is rejected: the run is too short. At
 * least five batches are kept, as the variance of the last few is small by chance. Of equal minima
 * the first is used.
 */
#ifndef WARMUP_H
#define WARMUP_H

#include <stdbool.h>
#include <stddef.h>

/* Returns true and stores how many of `count` leading values to drop (a multiple of 5, maybe 0), or
 * returns false if the series has fewer than 50 values or the minimum is in the second half; values
 * past the last complete batch are ignored. All must be finite. O(count). */
bool warmup_mser5(const double *values, size_t count, size_t *drop);

#endif
