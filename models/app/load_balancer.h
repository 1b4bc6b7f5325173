// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which instance of a region takes the next request, and which are thought healthy.
 *
 * A target is in service unless it is being restarted, and healthy as its health check says
 * (health_check.h). New requests go to targets that are in service and healthy; where all in
 * service are unhealthy, to all of them (fail open: Application Load Balancer user guide, facts B).
 * A value without side effects: the caller owns the array and runs the checks.
 */
#ifndef LOAD_BALANCER_H
#define LOAD_BALANCER_H

#include "health_check.h"

#include <stdbool.h>
#include <stdint.h>

struct lb_target {
    uint32_t outstanding; /* requests given to it and not answered; the caller keeps it */
    struct health_check health;
    bool in_service;
};

struct load_balancer {
    struct lb_target *targets; /* the caller's */
    uint32_t count;
    uint32_t turn;                        /* of round robin */
    uint32_t usable;                      /* in service and healthy */
    uint32_t serving;                     /* in service */
    const struct health_check_rule *rule; /* the caller's */
    bool least_outstanding;               /* else round robin */
};

/* Round robin; all targets in service and healthy. count >= 1. */
void load_balancer_init(struct load_balancer *lb, const struct health_check_rule *rule,
                        struct lb_target *targets, uint32_t count);
/* The target of the next request, or UINT32_MAX where none is in service. O(1) for round robin with
 * all usable, else O(count). */
uint32_t load_balancer_pick(struct load_balancer *lb);
/* A check of a target passed or failed. Returns whether its health changed. */
bool load_balancer_check(struct load_balancer *lb, uint32_t target, bool passed);
void load_balancer_serve(struct load_balancer *lb, uint32_t target, bool in_service);

#endif
