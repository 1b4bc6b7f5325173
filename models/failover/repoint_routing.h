// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by routing controls: switches that a cluster of five regional endpoints keeps, and
 * that DNS records follow without any control plane of DNS.
 */
#ifndef REPOINT_ROUTING_H
#define REPOINT_ROUTING_H

#include "field.h"
#include "repoint.h"

#include <stdbool.h>
#include <stdint.h>

#define ROUTING_ENDPOINTS 5

struct repoint_routing_config {
    char *homes[ROUTING_ENDPOINTS];
    struct dist *call, *effect;
    sim_dur timeout_ns, retry_ns;
    int update, gate;   /* enum routing_update, routing_gate */
    uint32_t assertion; /* switches that must be on */
};
enum routing_update { UPDATE_ATOMIC, UPDATE_ONE_BY_ONE };
enum routing_gate { GATE_OPEN, GATE_CLOSED };
extern const char *const routing_update_names[], *const routing_gate_names[];

/* The rows of a table of parameters; `member` is the struct repoint_routing_config. */
// clang-format off
#define REPOINT_ROUTING_FIELDS(member) \
    TEXT_DEFAULT("routing.endpoint_1.home", member.homes[0], "us-east-1", "routing-control: region of an endpoint of the cluster, which is down while that region is; it need not be in the scenario", "facts E"), \
    TEXT_DEFAULT("routing.endpoint_2.home", member.homes[1], "us-west-2", "routing-control: of the second endpoint", "facts E"), \
    TEXT_DEFAULT("routing.endpoint_3.home", member.homes[2], "eu-west-1", "routing-control: of the third endpoint", "facts E"), \
    TEXT_DEFAULT("routing.endpoint_4.home", member.homes[3], "ap-northeast-1", "routing-control: of the fourth endpoint", "facts E"), \
    TEXT_DEFAULT("routing.endpoint_5.home", member.homes[4], "ap-southeast-2", "routing-control: of the fifth endpoint", "facts E"), \
    TIME_DIST("routing.call", member.call, "0s", "uniform(low=100ms, high=1s)", "1min", "routing-control: from the call of an endpoint that runs until the switches have changed", "facts E"), \
    DURATION("routing.timeout", member.timeout_ns, "1ms", "5s", "10min", "routing-control: wait for an endpoint that does not answer, before the next one is called", "assumption"), \
    DURATION("routing.retry", member.retry_ns, "1ms", "10s", "1h", "routing-control: wait after a round without a quorum", "assumption"), \
    TIME_DIST("routing.effect", member.effect, "0s", "lognormal(median=10s, p95=25s, max=60s)", "10min", "routing-control: from the change of the switches until DNS answers follow", "facts E"), \
    CHOICE("routing.update", member.update, routing_update_names, "atomic", "routing-control: both switches in one call, or the old region's off first and then the new one's on", "facts E"), \
    COUNT("routing.assertion", member.assertion, "0", "1", "16", "routing-control: safety rule, least number of switches that must be on after each call; other calls are refused", "facts E"), \
    CHOICE("routing.gate", member.gate, routing_gate_names, "open", "routing-control: safety rule, switch that must be on (open) for any other to be changed", "facts E")
// clang-format on

/* Do the endpoints that run have a quorum, three of five? Pure. */
bool routing_has_quorum(const bool *up, uint32_t count);

extern const struct repoint_ops repoint_routing_ops;

#endif
