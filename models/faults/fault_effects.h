// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What faults do to the models: a table of actions over targets.
 *
 * Faults that overlap on one target add up: links do it themselves (link.h); of a region, a store's
 * process and a part of the control machinery the number of active faults is kept, and only the
 * first beginning and the last end are passed on. Where one ends at the instant at which the next
 * begins, the beginning goes first: the target stays down without a gap.
 */
#ifndef FAULT_EFFECTS_H
#define FAULT_EFFECTS_H

#include "control.h"
#include "deploy.h"
#include "dns.h"
#include "fault_config.h"
#include "impairment.h"
#include "link.h"
#include "refs.h"
#include "store_fault.h"
#include "stream.h"

/* One fault of a run. */
struct fault {
    const struct fault_config *config;
    struct fault_selector selector;
    unsigned actions;
};

/* The ports that effects go through, and what is in effect now. */
struct fault_reach {
    struct sim *sim;
    int region_count;
    const struct link_fault_port *links[REGIONS_MAX][REGIONS_MAX];
    const struct deploy_port *deploys[REGIONS_MAX];
    const struct power_port *powers[REGIONS_MAX][POWER_KINDS]; /* NULL where there is none */
    const struct store_fault_port *stores[REGIONS_MAX];        /* NULL: no cluster */
    const struct control_port *control; /* this and what follows: NULL where no model has it */
    const struct dns_port *dns;
    const struct stream_port *stream;
    struct impairments impairments;
    struct held_down { /* how many active faults hold each of these down */
        uint32_t region[REGIONS_MAX], stall[REGIONS_MAX], crash[REGIONS_MAX], pause[REGIONS_MAX],
            control[FAULT_CONTROLS];
    } held;
};

/* While the world is wired. */
void fault_reach_connect(struct fault_reach *reach, const struct port_directory *ports);

/* Is there an effect of this action on this target? */
bool fault_has_effect(enum fault_target target, enum fault_action action);
/* Is there anything to take back at the fault's end? A restart and a promotion are over at once. */
bool fault_lasts(enum fault_target target, unsigned actions);
/* The kind of outage that the fault opens (incident.h); NULL: it harms no write by itself. */
const char *fault_incident(const struct fault *fault);
/* All effects of a fault, at its beginning or its end. The cause in force is the fault's event. */
void fault_apply(struct fault_reach *reach, const struct fault *fault, bool begin);

#endif
