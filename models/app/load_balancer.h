// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Load balancer of a region: chooses the instance for each request, among the healthy ones.
 *
 * A target is in service unless it is being restarted, and healthy according to its health check
 * (health_check.h). New requests go to targets that are in service and healthy; if all targets in
 * service are unhealthy, to all of them (fail open: Application Load Balancer user guide, facts B).
 * No side effects: the caller owns the array and runs the checks.
 */
#ifndef LOAD_BALANCER_H
#define LOAD_BALANCER_H

#include "health_check.h"

#include <stdbool.h>
#include <stdint.h>

struct lb_target {
    uint32_t outstanding; /* requests assigned and not answered; maintained by the caller */
    struct health_check health;
    bool in_service;
};

struct load_balancer {
    struct lb_target *targets; /* owned by the caller */
    uint32_t count;
    uint32_t turn;                        /* next target of round robin */
    uint32_t usable;                      /* in service and healthy */
    uint32_t serving;                     /* in service */
    const struct health_check_rule *rule; /* owned by the caller */
    bool least_outstanding;               /* false: round robin */
};

/* Initialise with round robin and all targets in service and healthy. count >= 1. */
void load_balancer_init(struct load_balancer *lb, const struct health_check_rule *rule,
                        struct lb_target *targets, uint32_t count);
/* The target of the next request, or UINT32_MAX if none is in service. O(1) for round robin if all
 * targets are usable, else O(count). */
uint32_t load_balancer_pick(struct load_balancer *lb);
/* Record the result of a health check. Returns whether the target's health changed. */
bool load_balancer_check(struct load_balancer *lb, uint32_t target, bool passed);
void load_balancer_serve(struct load_balancer *lb, uint32_t target, bool in_service);

#endif
