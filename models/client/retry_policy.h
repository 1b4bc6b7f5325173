// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Retry policy: maximum attempts, deadline, backoff and jitter. Pure functions of a policy; the
 * caller draws the random number.
 *
 * The nominal wait before retry r (r = 1 follows the first attempt), n = r - 1:
 *
 *   none           0
 *   fixed          f
 *   linear         min(max, r step)
 *   exponential    e(n) = min(max, base factor^n)
 *   envoy          min(max, (2^r - 1) base)
 *   list           its r-th item, the last one repeated
 *
 * and the wait after jitter, from a nominal wait w and u uniform in (0, 1):
 *
 *   none           w
 *   full           u w
 *   equal          w/2 + u w/2
 *   decorrelated   min(max, base + u (3 s - base)), s: the previous wait, base at first
 *   above          min(max, base + u base factor^n)     (go-redis; not capped before the sum)
 *   plus-minus     w (1 - x + 2 x u)                    (gRPC: x = 20 %)
 *   added          w + u a                              (ioredis 6)
 *   between        base + u (w - base)                  (StackExchange.Redis)
 *
 * `decorrelated`, `above` and `between` need the base and max of `exponential`. Sources: facts G.
 */
#ifndef RETRY_POLICY_H
#define RETRY_POLICY_H

#include "field.h"

enum backoff_kind {
    BACKOFF_NONE,
    BACKOFF_FIXED,
    BACKOFF_EXPONENTIAL,
    BACKOFF_LIST,
    BACKOFF_LINEAR,
    BACKOFF_ENVOY
};
enum jitter_kind {
    JITTER_NONE,
    JITTER_FULL,
    JITTER_EQUAL,
    JITTER_DECORRELATED,
    JITTER_ABOVE,
    JITTER_PLUS_MINUS,
    JITTER_ADDED,
    JITTER_BETWEEN
};
extern const char *const backoff_names[], *const jitter_names[];

struct retry_policy {
    uint32_t attempts, read_attempts; /* the first included */
    sim_dur deadline_ns;              /* 0: none */
    int backoff, jitter;              /* enum backoff_kind, jitter_kind */
    sim_dur fixed_ns;
    sim_dur base_ns, max_ns;
    double factor;
    sim_dur linear_step_ns, linear_max_ns;
    sim_dur envoy_base_ns, envoy_max_ns;
    struct duration_list list;
    double spread;    /* of plus-minus, a share of the wait */
    sim_dur added_ns; /* of added, at most */
};

/* The nominal wait before retry number `retry`, from 1. */
sim_dur retry_policy_nominal(const struct retry_policy *policy, uint32_t retry);
/*
 * The wait with jitter, never negative. before: the previous wait of this operation, 0 if none; u:
 * in (0, 1), drawn by the caller even if the jitter does not use it.
 */
sim_dur retry_policy_wait(const struct retry_policy *policy, uint32_t retry, sim_dur before,
                          double u);

#endif
