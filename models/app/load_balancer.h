// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Load balancer: chooses the instance for each request, among the healthy targets of one group.
 *
 * A target is in service unless it is deregistered (draining, being restarted), and healthy
 * according to its health check (health_check.h). New requests go to targets that are in service
 * and healthy. If too few of them are healthy, to all in service (fail open: Application Load
 * Balancer user guide, facts B).
 *
 * Slow start: a target that becomes usable while another one is, and is not in slow start itself,
 * gets a share that grows linearly from 0 to that of the others over slow_start_ns.
 *
 * The targets are a part of the caller's array: `count` of them, from `first` on at the distance
 * `stride`. Indices that functions take and return are those of that array. No side effects: the
 * caller owns the array and runs the checks.
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
    sim_time slow_since; /* start of its slow start; -1: it is in none */
    double credit;       /* in slow start: part of a turn that it has saved up */
};

struct load_balancer_rule {
    struct health_check_rule health;
    uint32_t fail_open_count; /* fail open below this number of healthy targets, */
    double fail_open_share;   /* or below this share of those in service */
    sim_dur slow_start_ns;    /* 0: none; only with round robin */
    bool least_outstanding;   /* false: round robin */
    bool initial_check;       /* one that returns to service must pass a check first */
};

struct load_balancer {
    struct lb_target *targets; /* owned by the caller */
    uint32_t first, stride, count;
    uint32_t turn;                         /* next target of round robin, of `count` */
    uint32_t usable_count;                 /* in service and healthy */
    uint32_t serving_count;                /* in service */
    uint32_t slow_count;                   /* in slow start */
    bool fails_open;                       /* too few are usable */
    const struct load_balancer_rule *rule; /* owned by the caller */
};

/* Initialise with all targets in service, healthy and not in slow start. stride >= 1. */
void load_balancer_init(struct load_balancer *lb, const struct load_balancer_rule *rule,
                        struct lb_target *targets, uint32_t first, uint32_t stride, uint32_t count);
/* The target of the next request, or UINT32_MAX if none is in service. O(1) for round robin if all
 * targets are usable and none is in slow start, else O(count). */
uint32_t load_balancer_pick(struct load_balancer *lb, sim_time now);
/* A check of the target begins; returns its number. *changed: the target's health has changed. */
uint32_t load_balancer_check_begin(struct load_balancer *lb, uint32_t target, sim_time now,
                                   bool *changed);
/* The result of check number `round`. Returns whether the target's health changed. */
bool load_balancer_check_end(struct load_balancer *lb, uint32_t target, uint32_t round, bool passed,
                             sim_time now);
/* Register or deregister the target. Nothing happens where that is so already. */
void load_balancer_serve(struct load_balancer *lb, uint32_t target, bool in_service, sim_time now);

#endif
