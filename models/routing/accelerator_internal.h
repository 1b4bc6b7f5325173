// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by the files of the accelerator: accelerator.c (parameters, metrics, where a
 * connection goes, the model), accelerator_health.c (what each edge knows of the endpoints'
 * health), accelerator_control.c (changes of dials and weights).
 */
#ifndef ACCELERATOR_INTERNAL_H
#define ACCELERATOR_INTERNAL_H

#include "bug.h"
#include "change_gate.h"
#include "edge.h"
#include "endpoint_choice.h"
#include "mem.h"
#include "model.h"
#include "proximity.h"
#include "refs.h"
#include "routing_control.h"
#include "run_log.h"
#include "user_dns.h"

enum routing { ROUTING_ACCELERATOR, ROUTING_STATIC, ROUTING_DNS };
enum affinity { AFFINITY_NONE, AFFINITY_SOURCE };
enum idle_end { IDLE_RESET, IDLE_SILENCE };

struct accelerator_config {
    int routing, affinity, idle_end; /* the enums of these names */
    double spill_share;
    struct dist *detection, *failback, *edge_spread, *change_delay;
    sim_dur idle_timeout_ns;
    uint32_t regions_tried;
    char *home;
};

/* An endpoint as it is. */
struct endpoint {
    bool healthy;            /* as reported last, */
    bool aliased;            /* and to names */
    uint32_t changes;        /* counts reports: the generation of the edges' events */
    uint32_t learning_count; /* edges whose event on the last change is still to come */
};

struct endpoint_group_state {
    const struct endpoint_group_port *port;
    struct endpoint endpoints[ENDPOINTS_MAX];
    uint32_t edges_healthy; /* edges that consider it healthy */
    probe_id connections, spilled, dialled, rerouted, failed_open, stale, edges_level;
};

/* What an edge has heard of a group's settings: numbers of changes. */
struct settings_known {
    uint32_t dial, weights[ENDPOINTS_MAX];
};

struct accelerator {
    const struct accelerator_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    const struct topology *topology;
    struct run_log *log;
    struct rng_stream change_stream, edge_stream, user_stream, setting_stream;
    struct edge_port port;
    struct user_dns_port *dns;
    kind_id learn_kind, apply_kind;
    int region_count;

    struct proximity near;
    struct group_view views[REGIONS_MAX][REGIONS_MAX];     /* [place][region] */
    struct settings_known known[REGIONS_MAX][REGIONS_MAX]; /* the same */
    struct endpoint_group_state groups[REGIONS_MAX];

    struct routing_control_port control;
    struct change_gate gate;
    struct routing_setting *settings; /* accepted so far: numbers from 1 */
    size_t setting_count, setting_capacity;
};

/* --- accelerator_health.c -------------------------------------------------------------------- */

extern const struct event_kind accelerator_learn;
/* Implements struct edge_port. */
void accelerator_health(void *self, int region, uint32_t endpoint, struct endpoint_health health);
/* Call `change` on an edge's view of a group, and note whether it considers the group healthy. */
void accelerator_view_change(struct accelerator *acc, int place, int region,
                             void (*change)(struct group_view *view, const void *arg),
                             const void *arg);

/* --- accelerator_control.c ------------------------------------------------------------------- */

extern const struct event_kind accelerator_apply;
/* Offer the ports of the control plane. */
void accelerator_control_init(struct accelerator *acc, struct port_directory *ports,
                              const char *instance);

#endif
