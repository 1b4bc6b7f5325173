// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Health check: whether a checker considers a target healthy, from the results of its checks.
 *
 *            failed             threshold
 *   HEALTHY --------> FAILING -----------> UNHEALTHY
 *      ^  ^             |                    |   ^
 *      |  `--- passed --'            passed  |   | failed
 *      |               threshold             v   |
 *      `---------------------------------- RECOVERING
 *
 * threshold: the required number of consecutive results against the current state. FAILING still
 * counts as healthy, RECOVERING as unhealthy. Events not shown leave the state unchanged.
 *
 * No side effects: the caller runs the checks and owns the memory. One rule for all that check
 * (facts A, B, E): the load balancer, with one checker of each target, and the checkers of the
 * accelerator and of DNS records, several of each target, which decide by a quorum.
 */
#ifndef HEALTH_CHECK_H
#define HEALTH_CHECK_H

#include "sim_time.h"

#include <stdbool.h>
#include <stdint.h>

/* What a check tests, in the order of health_depth_names. */
enum health_depth {
    HEALTH_SHALLOW,       /* the process */
    HEALTH_LOCAL_STORE,   /* a read of the region's own cluster */
    HEALTH_PRIMARY_STORE, /* a read of the primary's cluster */
};
extern const char *const health_depth_names[]; /* NULL-terminated, for a CHOICE */

struct health_check_rule {
    int depth;                                       /* enum health_depth */
    sim_dur interval_ns, timeout_ns;                 /* > 0 */
    uint32_t healthy_threshold, unhealthy_threshold; /* consecutive results, >= 1 */
};

enum health_state {
    HEALTH_HEALTHY,
    HEALTH_FAILING,
    HEALTH_UNHEALTHY,
    HEALTH_RECOVERING,
    HEALTH_STATES
};
enum health_event { HEALTH_PASSED, HEALTH_FAILED, HEALTH_THRESHOLD, HEALTH_EVENTS };

/* What one checker knows of one target. All zero: healthy, no check open. */
struct health_check {
    uint16_t streak; /* consecutive results against the current state */
    uint8_t state;   /* enum health_state */
    bool open;       /* the check number `round` has no result yet */
    uint32_t round;  /* checks begun, modulo HEALTH_ROUNDS */
};
#define HEALTH_ROUNDS (UINT32_C(1) << 20) /* fits the generation of an event */

/* The state after an event. Pure. */
enum health_state health_next(enum health_state state, enum health_event event);

static inline bool health_is_good(const struct health_check *check)
{
    return check->state <= HEALTH_FAILING;
}

/* A check has passed or failed. Returns whether health_is_good() has changed. */
bool health_check_result(struct health_check *check, const struct health_check_rule *rule,
                         bool passed);

/*
 * Begin a check; returns its number. Its result is the answer, or a failure where it is still open
 * when timeout_ns has passed: call health_check_end() then. One that is still open when the next
 * begins (timeout_ns >= interval_ns) has failed: *changed as health_check_result().
 */
uint32_t health_check_begin(struct health_check *check, const struct health_check_rule *rule,
                            bool *changed);
/* The check number `round` was answered, or its time is over (passed: false). Ignored unless it is
 * open. Returns as health_check_result(). */
bool health_check_end(struct health_check *check, const struct health_check_rule *rule,
                      uint32_t round, bool passed);

/* A new target: unhealthy until its first check has passed; if that fails, until healthy_threshold
 * have passed. */
void health_check_register(struct health_check *check, const struct health_check_rule *rule);

/* Time of the first check of target `index` of `count`: checks are spread evenly over the
 * interval. */
sim_dur health_check_phase_ns(const struct health_check_rule *rule, uint32_t index, uint32_t count);

/* Is a target healthy that `healthy` of `checkers` consider healthy? If these are more than the
 * share `quorum` of all: with 18 % of 16, three (facts E). */
bool health_quorum(uint32_t healthy_count, uint32_t checker_count, double quorum_share);

#endif
