// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Health checkers outside of the regions: several for each endpoint, which check it each by itself
 * (health_check.h) and decide by a quorum. Used by the accelerator for endpoints that are no load
 * balancers, and by records of names (facts A, E).
 *
 * Each checker begins at a random phase of the interval, or, with given phases, spread evenly. All
 * consider their targets healthy at the start. A check fails when no connection is established
 * within connect_timeout, or no answer comes within timeout after that.
 */
#ifndef CHECKER_FLEET_H
#define CHECKER_FLEET_H

#include "field.h"
#include "health_check.h"
#include "health_target.h"
#include "phase_rule.h"
#include "sim.h"

#include <stdbool.h>
#include <stdint.h>

#define CHECKERS_MAX 64

struct checker_config {
    int depth; /* enum health_depth */
    sim_dur interval_ns, connect_timeout_ns, timeout_ns;
    uint32_t threshold, checkers;
    double quorum_share;
    struct phase_rule phase;
};

/* Rows of a parameter table: `name` ends with a dot, `interval` is the default. */
/* clang-format off */
#define CHECKER_FIELDS(name, member, source) \
    DURATION(name "interval", member.interval_ns, "5s", "30s", "300s", "interval between the health checks of one checker; AWS has 10 s and 30 s", source), \
    COUNT(name "threshold", member.threshold, "1", "3", "10", "consecutive failed or passed checks after which a checker changes its opinion", source), \
    DURATION(name "connect_timeout", member.connect_timeout_ns, "10ms", "4s", "60s", "time without a connection after which a health check fails", "facts E"), \
    DURATION(name "timeout", member.timeout_ns, "10ms", "2s", "60s", "time from the connection without an answer after which a health check fails", "facts E"), \
    COUNT(name "checkers", member.checkers, "1", "16", "64", "health checkers of each endpoint", "facts E"), \
    SHARE(name "quorum", member.quorum_share, "0", "18%", "99%", "an endpoint is healthy while more than this share of its checkers consider it so", "facts E"), \
    CHOICE(name "depth", member.depth, health_depth_names, "shallow", "depth of a health check: the process, a read of the local cluster, or a read of the primary", "facts 0.2"), \
    PHASE_FIELDS(name "phase", member.phase, "phase of a checker's health checks")
/* clang-format on */

struct fleet_target {
    const struct health_target_port *port;
    uint32_t endpoint;
    struct health_check checks[CHECKERS_MAX];
    uint32_t healthy_count; /* checkers that consider it so */
    bool is_healthy;
};

struct checker_fleet {
    const struct checker_config *config;
    struct health_check_rule rule;
    struct sim *sim;
    const char *instance;
    struct prober prober;
    struct fleet_target *targets;
    uint32_t target_count;
    void *owner;
    void (*changed)(void *owner, uint32_t target, bool healthy);
    kind_id check_kind, expire_kind;
};

/* The rules between the parameters; `field` is the name of the interval. */
void checker_fleet_check(const struct checker_config *config, const char *field,
                         struct validation *validation);
/* While initialising. All pointers must outlive the run. `changed` is called as an effect of an
 * event, when a target's health has changed. */
void checker_fleet_init(struct checker_fleet *fleet, const struct checker_config *config,
                        struct sim *sim, const char *instance, void *owner,
                        void (*changed)(void *owner, uint32_t target, bool healthy));
/* While connecting: add an endpoint; it has the number of targets so far. */
void checker_fleet_add(struct checker_fleet *fleet, const struct health_target_port *port,
                       uint32_t endpoint);
/* Schedule the first checks. */
void checker_fleet_start(struct checker_fleet *fleet);
void checker_fleet_release(struct checker_fleet *fleet);

#endif
