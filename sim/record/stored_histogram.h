// SPDX-License-Identifier: GPL-3.0-or-later
/* Read a histogram from a results file. Private to this folder. */
#ifndef STORED_HISTOGRAM_H
#define STORED_HISTOGRAM_H

#include "histogram.h"
#include "select.h"

/* Columns of a row, from `first` on: "count, min, max, mean, sub_bits, bins". */
enum { HISTOGRAM_COLUMNS = 6 };

/*
 * Read the row into `histogram`, which must be empty (zero-initialised or cleared). Count, extremes
 * and mean are those of the file; the sum is mean * count, rounded. The row is damaged if its bins,
 * count, extremes and mean contradict each other, or if its precision is not this program's.
 */
void stored_histogram_read(struct select *rows, int first, struct histogram *histogram);

#endif
