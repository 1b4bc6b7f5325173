// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The Zipf distribution over ranks: P(rank) proportional to 1 / (rank + 1)^skew, rank from 0.
 *
 * By rejection-inversion (Hoermann and Derflinger, ACM TOMACS 6, 1996): exact, without a table, in
 * the same time for any number of keys. A rejected draw goes on with a word mixed from the last
 * one, so that a variate remains a function of one word.
 */
#ifndef ZIPF_H
#define ZIPF_H

#include <stdint.h>

struct zipf {
    uint32_t count;
    double skew;
    double low, high; /* integral of the hat up to rank 0, up to the last rank */
    double cut;       /* within this distance a draw needs no check */
};

/* count >= 1; skew >= 0, 0: all ranks are equally likely. */
struct zipf zipf_make(uint32_t count, double skew);
/* A rank, from 0 to count - 1. About 60 ns. */
uint32_t zipf_rank(const struct zipf *zipf, uint64_t word);
/* The probability of the most frequent rank. O(count). */
double zipf_top_share(const struct zipf *zipf);

#endif
