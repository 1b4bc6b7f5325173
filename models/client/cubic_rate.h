// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The rate limit of the AWS SDKs' mode `adaptive`: a client that has been throttled sends at a rate
 * that it lowers at each throttled reply and raises again as CUBIC raises a congestion window.
 *
 * Until the first throttled reply there is no limit. A throttled reply at rate r (measured, or the
 * limit if that is lower) sets the limit to beta r, after it the limit is
 *
 *     r + scale (t - k)^3     k = cbrt(r (1 - beta) / scale), t in seconds since that reply
 *
 * per second, updated at each reply: beta r at t = 0, r again at t = k. It is at most twice the
 * measured rate, and at least `rate_min`. The measured rate counts replies in steps of 0.5 s and
 * forgets a fifth of what it was at each step. Sends take a token of a bucket that is filled at
 * this rate and has the size of one second's tokens, at least one.
 *
 * Source: botocore, retries/adaptive.py, throttling.py and bucket.py. `now` must not decrease from
 * call to call. No call allocates; each is O(1).
 */
#ifndef CUBIC_RATE_H
#define CUBIC_RATE_H

#include "field.h"

struct cubic_config {
    double beta, scale, rate_min_per_s;
};

struct cubic_rate {
    const struct cubic_config *config;
    bool limits; /* there was a throttled reply */
    double rate_per_s, size, tokens;
    sim_time filled; /* when `tokens` was brought up to date */
    double rate_max_per_s, k_s;
    sim_time throttled; /* the last throttled reply */
    double measured_per_s;
    uint64_t count; /* replies in the current step */
    int64_t step;   /* number of its first half second */
};

/* `config` is owned by the caller and must outlive the limit. */
void cubic_rate_init(struct cubic_rate *rate, const struct cubic_config *config);
/* A token for a send: 0 if it has been taken, else the time until there is one at this rate. */
sim_dur cubic_rate_ask(struct cubic_rate *rate, sim_time now);
/* An attempt that was sent has ended: throttled, or in any other way, a timeout included. */
void cubic_rate_ended(struct cubic_rate *rate, sim_time now, bool throttled);

#endif
