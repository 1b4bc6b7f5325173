// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where the initial transient of a series ends, by MSER-5 (White, Cobb and Spratt, WSC 2000):
 * batches of five, the cut that minimises the variance of the remaining batch means over their
 * number squared. A minimum in the second half of the series is a refusal: the run is too short to
 * say. At least five batches are kept, as the variance of the last few is small by chance. Of equal
 * minima the first counts.
 */
#ifndef WARMUP_H
#define WARMUP_H

#include <stdbool.h>
#include <stddef.h>

/* Returns true and stores how many of `count` leading values to drop (a multiple of 5, maybe 0), or
 * returns false where the series has fewer than 50 values or the minimum lies in the second half;
 * values past the last whole batch are not looked at. All must be finite. O(count). */
bool warmup_mser5(const double *values, size_t count, size_t *drop);

#endif
