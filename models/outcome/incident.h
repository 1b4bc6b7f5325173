// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Incidents: the outages of a run with their stages, RPO and RTO. The model `objective` offers the
 * list as a port; the world passes it on to the layers above (world.h). Bounded at INCIDENTS_MAX
 * rows; further incidents are counted only.
 *
 * This folder is a layer of its own, below the models: what a run's models report to every layer
 * above. It includes nothing of a model.
 */
#ifndef INCIDENT_H
#define INCIDENT_H

#include "model.h"
#include "sim_time.h"

#include <stddef.h>
#include <stdint.h>

#define INCIDENTS_MAX 10000

/* Instants are SIM_NEVER where they were not reached; durations -1 where they do not apply. */
struct incident {
    const char *kind;   /* static: "region-loss", "link-fault", ...: the first fault's kind */
    sim_time onset;     /* start of the fault */
    sim_time detected;  /* the alarm */
    sim_time decided;   /* the promotion was requested */
    sim_time promoted;  /* the new primary takes writes */
    sim_time published; /* the authority names the new primary */
    sim_time restored; /* start of the first span of `hold` with the share of good writes at target,
                          in every region */
    sim_dur rpo;       /* design: RPO; -1 without a failover */
    uint64_t writes_lost;   /* acknowledged writes lost, one by one */
    uint64_t sessions_lost; /* sessions that exist nowhere after it */
};

struct incident_list {
    struct incident *incidents; /* by onset */
    size_t count, capacity;
    uint64_t dropped_count;
};

void incident_list_add(struct incident_list *list, const struct incident *incident);
void incident_list_release(struct incident_list *list);

PORT_ACCESSORS(incidents, struct incident_list)

#endif
