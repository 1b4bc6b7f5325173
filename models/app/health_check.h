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
 * No side effects: the caller runs the checks and owns the memory. Used by the load balancer; other
 * checkers use the same thresholds, interval and timeout (facts A, B, E).
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

struct health_check {
    uint16_t streak; /* consecutive results against the current state */
    uint8_t state;   /* enum health_state */
};

/* The state after an event. Pure. */
enum health_state health_next(enum health_state state, enum health_event event);

static inline bool health_is_good(const struct health_check *check)
{
    return check->state <= HEALTH_FAILING;
}

/* A check has passed or failed. Returns whether health_is_good() has changed. */
bool health_check_result(struct health_check *check, const struct health_check_rule *rule,
                         bool passed);

/* Whether a check passes that was answered (or not) after `took_ns`. */
bool health_check_passes(const struct health_check_rule *rule, bool answered, sim_dur took_ns);

/* Time of the first check of target `index` of `count`: checks are spread evenly over the
 * interval. */
sim_dur health_check_phase_ns(const struct health_check_rule *rule, uint32_t index, uint32_t count);

#endif
