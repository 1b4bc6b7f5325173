// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The effects of faults on the models: a table of actions by target.
 *
 * Faults that overlap on one target add up. Links add them up themselves (link.h). For a region and
 * a store's process the number of active faults is counted here, and only the first beginning and
 * the last end are passed on; a control plane is notified of each change of its state. Where one
 * fault ends at the instant at which the next begins, the beginning precedes the end: the target
 * stays down without a gap.
 */
#ifndef FAULT_EFFECTS_H
#define FAULT_EFFECTS_H

#include "control.h"
#include "deploy.h"
#include "dns.h"
#include "fault_config.h"
#include "illness.h"
#include "impairment.h"
#include "link.h"
#include "refs.h"
#include "store_fault.h"
#include "stream.h"
#include "user_dns.h"

/* One fault of a run. */
struct fault {
    const struct fault_config *config;
    struct fault_selector selector;
    unsigned actions;
    uint64_t key; /* of this occurrence's draws */
};

/* The ports that effects use, and the effects that are active. */
struct fault_reach {
    struct sim *sim;
    int region_count;
    uint32_t zone_count;
    const struct link_fault_port *links[REGIONS_MAX][REGIONS_MAX];
    const struct deploy_port *deploys[REGIONS_MAX];
    const struct power_port *powers[REGIONS_MAX][POWER_KINDS]; /* NULL: none */
    const struct store_fault_port *stores[REGIONS_MAX];        /* NULL: no cluster */
    const struct illness_port *apps_ill[REGIONS_MAX], *stores_ill[REGIONS_MAX];
    const struct fault **ill; /* active faults that make parts ill */
    size_t ill_count, ill_capacity;
    const struct control_port *control; /* NULL: nothing can be promoted */
    const struct stream_port *stream;   /* NULL: nothing is replicated */
    const struct dns_port *store_name;
    const struct user_dns_port *users_name;
    struct fault_plane {
        enum control_part part;
        const struct control_plane *plane;
        struct control_state state;
    } * planes;
    size_t plane_count, plane_capacity;
    const struct fault **on_planes; /* active faults that may hit planes */
    size_t on_plane_count, on_plane_capacity;
    const struct topology *topology;
    struct impairments impairments;
    struct held_down { /* number of active faults by target */
        uint32_t region[REGIONS_MAX], zone_down[REGIONS_MAX][ZONES_MAX],
            zone_cut[REGIONS_MAX][ZONES_MAX], stall[REGIONS_MAX], crash[REGIONS_MAX],
            pause[REGIONS_MAX], access[REGIONS_MAX][ACCESS_FAULTS], store_name, users_name;
    } held;
};

/* Call while the scenario is wired, once; sim, topology and region_count are set. */
void fault_reach_connect(struct fault_reach *reach, const struct port_directory *ports);

void fault_reach_release(struct fault_reach *reach);

/* Does this action have an effect on this target? */
bool fault_has_effect(enum fault_target target, enum fault_action action);
/* Is there anything to undo at the end of the fault? A restart and a promotion take no time. */
bool fault_lasts(enum fault_target target, unsigned actions);
/* Kind of outage that the fault opens (incident.h); NULL: it harms no write by itself. */
const char *fault_incident(const struct fault *fault);
/* Apply or undo all effects of a fault. The current cause must be the event of the fault. */
void fault_apply(struct fault_reach *reach, const struct fault *fault, bool begin);

#endif
