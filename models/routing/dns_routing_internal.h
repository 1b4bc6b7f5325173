// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by the files of the routing of users by names: dns_routing.c (parameters,
 * metrics, answers, the model), dns_authority.c (what name servers know: health and weights of
 * records), dns_record.c (a region's record and its health checks).
 */
#ifndef DNS_ROUTING_INTERNAL_H
#define DNS_ROUTING_INTERNAL_H

#include "answer_cache.h"
#include "bug.h"
#include "change_gate.h"
#include "dns_policy.h"
#include "dns_record.h"
#include "mem.h"
#include "model.h"
#include "proximity.h"
#include "refs.h"
#include "routing_control.h"
#include "run_log.h"
#include "user_dns.h"

struct dns_routing_config {
    int policy; /* enum dns_policy */
    struct region_list failover_order;
    int32_t default_record;
    sim_dur ttl_ns;
    struct dist *status_delay, *propagation, *overstay, *client_cache;
    uint32_t resolvers;
    double overstay_share, client_cache_share;
    char *home;
};

/* A record as its region's health checks, or its load balancer, say. */
struct record_state {
    const struct dns_record_port *port;
    bool healthy;
    uint32_t changes;        /* counts reports: the generation of the name servers' events */
    uint32_t learning_count; /* name servers whose event on the last change is still to come */
    uint32_t places_healthy;
    probe_id level;
};

struct dns_routing {
    const struct dns_routing_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    const struct topology *topology;
    struct run_log *log;
    struct rng_stream answer_stream, device_stream, status_stream, setting_stream;
    kind_id learn_kind, apply_kind;
    struct proximity near;
    int preferred[REGIONS_MAX]; /* of the policy failover */
    uint32_t preferred_count;
    bool in_use;
    bool is_silent; /* the authority does not answer */
    struct change_gate gate;
    struct user_dns_port port;
    struct routing_control_port control;
    struct record_state states[REGIONS_MAX];
    struct dns_record records[REGIONS_MAX][REGIONS_MAX]; /* [place][region]: as served near there */
    uint32_t known[REGIONS_MAX][REGIONS_MAX];            /* the same: number of the last change */
    struct answer_caches resolvers[REGIONS_MAX], devices[REGIONS_MAX]; /* by place */
    struct routing_setting *settings; /* accepted so far: numbers from 1 */
    size_t setting_count, setting_capacity;
    probe_id lookups[REGIONS_MAX], stale[REGIONS_MAX], unanswered[REGIONS_MAX]; /* by place */
};

/* --- dns_authority.c ------------------------------------------------------------------------- */

extern const struct event_kind dns_routing_learn, dns_routing_apply;
/* Implement struct user_dns_port and struct routing_control_port. */
void dns_routing_health(void *self, int region, enum record_health source, bool healthy);
bool dns_routing_change(void *self, const struct routing_setting *setting);
/* What name servers near a place serve at the start. */
void dns_authority_start(struct dns_routing *dns);

#endif
