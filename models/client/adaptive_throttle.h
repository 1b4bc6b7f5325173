// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Adaptive throttling: a client refuses its own requests while the server accepts few of them.
 *
 * Over a sliding window a client counts its requests, those that it refused itself included, and
 * its accepts, the requests that were answered well. A request is refused with probability
 *
 *     max(0, (requests - k accepts) / (requests + 1))
 *
 * so that a server which accepts a requests/s receives about k a of them, whatever is offered
 * (B. Beyer et al., "Site Reliability Engineering", 2016, chapter 21).
 *
 * `now` must not decrease from call to call. No call allocates; each is O(1).
 */
#ifndef ADAPTIVE_THROTTLE_H
#define ADAPTIVE_THROTTLE_H

#include "field.h"

enum throttle_kind { THROTTLE_NONE, THROTTLE_ADAPTIVE, THROTTLE_CUBIC }; /* cubic_rate.h */
extern const char *const throttle_names[];

struct throttle_config {
    int kind; /* enum throttle_kind */
    double k;
    sim_dur window_ns;
};

/* The window moves in tenths. */
#define THROTTLE_SLICES 10
struct adaptive_throttle {
    const struct throttle_config *config;
    int64_t slice; /* number of the current one */
    uint32_t requests[THROTTLE_SLICES], accepts[THROTTLE_SLICES];
    uint64_t requests_sum, accepts_sum; /* over the window */
};

/* `config` is owned by the caller and must outlive the throttle. */
void adaptive_throttle_init(struct adaptive_throttle *throttle,
                            const struct throttle_config *config);
/* Count a request. u: uniform in (0, 1), drawn by the caller. Returns whether it is sent. */
bool adaptive_throttle_ask(struct adaptive_throttle *throttle, sim_time now, double u);
/* A request that was sent has been answered well. */
void adaptive_throttle_accepted(struct adaptive_throttle *throttle, sim_time now);

#endif
