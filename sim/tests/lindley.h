// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * M/M/1 queues for tests of statistics, by Lindley's recursion: the mean wait of consecutive
 * customers of a queue that starts in its steady state, so that its expectation is exactly rho /
 * (mu - lambda) for any number of customers. The mean service time is 1.
 *
 * One seed gives one set of numbers: two queues with the same seed differ only by their load
 * (common random numbers).
 */
#ifndef LINDLEY_H
#define LINDLEY_H

#include "hash.h"

#include <math.h>
#include <stdint.h>

/* Simple, and the same on every machine. */
static inline double lindley_uniform(uint64_t *state)
{
    return ((double)(hash_mix_next(state) >> 11) + 0.5) * 0x1p-53;
}

/* Consecutive seeds must not give consecutive states of one sequence. */
static inline uint64_t lindley_state(uint64_t study, uint64_t replication)
{
    uint64_t state = study * UINT64_C(0xD1342543DE82EF95) + replication;
    uint64_t mixed = UINT64_C(0xA0761D6478BD642F);

    for (int i = 0; i < 3; i++) {
        (void)lindley_uniform(&state);
        mixed = (mixed ^ state) * UINT64_C(0xE7037ED1A0B428DB);
        mixed ^= mixed >> 29;
        state ^= mixed;
    }
    return state;
}

static inline double lindley_mean_wait(double load, uint64_t seed_state, unsigned customers)
{
    uint64_t state = seed_state;
    double u = lindley_uniform(&state);
    /* The stationary wait: 0 with probability 1 - load, else exponential of rate 1 - load. */
    double wait = u < 1 - load ? 0 : -log((1 - u) / load) / (1 - load);
    double sum = 0;

    for (unsigned i = 0; i < customers; i++) {
        sum += wait;
        double service = -log(lindley_uniform(&state));
        double gap = -log(lindley_uniform(&state)) / load;
        wait = fmax(0, wait + service - gap);
    }
    return sum / customers;
}
/* rho / (mu - lambda) with mu = 1 (Gross and Harris, Fundamentals of Queueing Theory, 2.2). */
static inline double lindley_theory(double load)
{
    return load / (1 - load);
}

#endif
