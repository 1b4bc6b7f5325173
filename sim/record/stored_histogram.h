// SPDX-License-Identifier: GPL-3.0-or-later
/* A histogram of a results file, checked; private to this folder. */
#ifndef STORED_HISTOGRAM_H
#define STORED_HISTOGRAM_H

#include "histogram.h"
#include "select.h"

/* Its columns: "count, min, max, mean, sub_bits, bins", from `first` on. */
enum { HISTOGRAM_COLUMNS = 6 };

/*
 * Read the row into `histogram`, which is empty (zero-initialised, or cleared). Count, extremes and
 * mean are those of the file; its sum is mean * count, rounded. Damaged where bins, count, extremes
 * and mean are not of one another, or of another precision than this program's.
 */
void stored_histogram_read(struct select *rows, int first, struct histogram *histogram);

#endif
