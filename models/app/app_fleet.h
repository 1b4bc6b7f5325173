// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A fleet that scales: how many of a tier's instances are in service.
 *
 * `instances` is the most that there can be. `initial` of them are in service at the start. More
 * are launched by target tracking, once a failover to the region has been decided, and in place of
 * dead ones. A launch is a call of the compute service's control plane in the region, which may be
 * refused, and takes `launch`.
 */
#ifndef APP_FLEET_H
#define APP_FLEET_H

#include "control.h"
#include "fleet.h"
#include "model.h"
#include "phase_rule.h"

#include <stdbool.h>
#include <stdint.h>

enum { FLEET_FIXED, FLEET_SCALING };

struct fleet_config {
    int kind;
    uint32_t initial, on_failover, capacity, out_points, in_points;
    double tracking, refused;
    struct dist *launch;
    sim_dur period_ns, retry_ns;
    struct phase_rule phase;
    bool replace;
};

/* Rows of a parameter table; `member` is the struct fleet_config. */
/* clang-format off */
#define FLEET_FIELDS(member) \
    VARIANT("fleet", member.kind, fleet_names, "fixed", "instances in service: all of them, or a number that scales up to 'instances'", "seed 001"), \
    COUNT("fleet.scaling.initial", member.initial, "0", "1", "100000", "instances in service at the start, and the fewest that target tracking leaves", "seed 001"), \
    COUNT("fleet.scaling.on_failover", member.on_failover, "0", "0", "100000", "instances asked for once a failover to the region has been decided; 0: no more than there are", "seed 001"), \
    SHARE("fleet.scaling.tracking", member.tracking, "0", "0", "100%", "target tracking: share of busy workers that the fleet is scaled to; 0: none", "assumption"), \
    DURATION("fleet.scaling.period", member.period_ns, "1s", "60s", "1h", "target tracking: period of a data point; dead instances are looked for at the same times", "assumption"), \
    PHASE_FIELDS("fleet.scaling.phase", member.phase, "phase of these periods"), \
    COUNT("fleet.scaling.out_points", member.out_points, "1", "3", "1000", "target tracking: consecutive data points above the target after which instances are launched", "assumption"), \
    COUNT("fleet.scaling.in_points", member.in_points, "1", "15", "1000", "target tracking: consecutive data points below 90 % of the target after which instances are removed", "assumption"), \
    TIME_DIST("fleet.scaling.launch", member.launch, "0s", "lognormal(median=2min, p95=5min)", "1d", "time from an accepted launch until the instance is registered with the load balancer", "routing G"), \
    COUNT("fleet.scaling.capacity", member.capacity, "0", "0", "100000", "instances beyond which the region has no capacity: launches are refused; 0: no limit", "routing G"), \
    SHARE("fleet.scaling.refused", member.refused, "0", "0", "100%", "probability that a launch is refused for lack of capacity", "routing G"), \
    DURATION("fleet.scaling.retry", member.retry_ns, "1s", "1min", "1d", "time after a refused launch until it is asked for again", "assumption"), \
    FLAG("fleet.scaling.replace", member.replace, "false", "an instance that is dead, and unhealthy for the load balancer, is replaced by a new one", "assumption")
/* clang-format on */
extern const char *const fleet_names[];

/* How many times as long an instance takes that started `age` ago: `factor` at first, falling
 * linearly to 1 in `time`. Pure. */
double app_cold_multiplier(double factor, sim_dur time, sim_dur age);

enum launch_result { LAUNCH_DONE, LAUNCH_REFUSED, LAUNCH_RESULTS };
extern const char *const launch_names[];

/* Of one region's tier. */
struct fleet {
    const struct fleet_config *config;
    const char *region;
    struct run_log *log;
    uint8_t *slots;              /* by instance: enum fleet_slot; NULL: fixed */
    uint32_t members, launching, /* of these */
        desired;
    uint32_t above, below; /* consecutive data points */
    uint64_t launches;     /* asked for so far: key their draws */
    double busy_ns;        /* worker time up to the last data point */
    bool waits;            /* refused: it will ask again */
    struct control_plane plane;
    struct control_state state;
    uint32_t changed_by, asked_by; /* events of the run log; 0: none */
    struct fleet_port port;
    struct rng_stream stream;
    kind_id period_kind, launched_kind, again_kind;
    probe_id results[LAUNCH_RESULTS];
};

#endif
