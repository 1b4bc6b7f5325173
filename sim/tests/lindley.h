// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * M/M/1 queues for tests of statistics, by Lindley's recursion: the mean wait of customers in a row
 * of a queue that is in its steady state from the first one on, so that its expectation is exactly
 * that of theory, rho / (mu - lambda), at any number of customers. Service takes 1 on average.
 *
 * One seed gives one set of numbers: two queues with the same seed differ by their load alone
 * (common random numbers).
 */
#ifndef LINDLEY_H
#define LINDLEY_H

#include "hash.h"

#include <math.h>
#include <stdint.h>

/* Enough for a test, and the same everywhere. */
static inline double lindley_uniform(uint64_t *state)
{
    return ((double)(hash_mix_next(state) >> 11) + 0.5) * 0x1p-53;
}

/* Seeds of neighbouring numbers must not be neighbouring states of one sequence. */
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
    /* Of the stationary wait: 0 with chance 1 - load, else exponential of rate 1 - load. */
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
