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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INCIDENTS_MAX 10000

/*
 * The stages of an outage, in order. The table of their names is in incident.c, the table of what
 * ends them in objective.c.
 */
enum incident_stage {
    INCIDENT_DETECT,    /* until the alarm */
    INCIDENT_DECIDE,    /* until the promotion is requested */
    INCIDENT_PROMOTE,   /* until the new primary takes writes */
    INCIDENT_NOTIFY,    /* until the change of what clients use is asked for, and accepted */
    INCIDENT_PUBLISH,   /* until the authority names the new primary */
    INCIDENT_CACHE,     /* until no resolver's cache names the old one any more */
    INCIDENT_RECONNECT, /* until the outage is restored: start of the first window of `hold`, after
                           the first bad one, with good operations at target in every region */
    INCIDENT_STAGES
};
/* By stage, then NULL: "detect" and so on. */
extern const char *const incident_stage_names[INCIDENT_STAGES + 1];

/* Instants are SIM_NEVER where they were not reached; durations -1 where they do not apply. */
struct incident {
    const char *kind; /* static: "region-loss", "link-fault", ...: the first fault's kind */
    const char
        *subject;   /* what it hit: "us-west-2 -> us-west-1"; "": unknown. The run log's text */
    uint32_t cause; /* number of the event that opened it, in the run log; 0: none */
    sim_time onset; /* start of the fault */
    sim_time ended[INCIDENT_STAGES];
    sim_dur rpo;            /* design: RPO; -1 without a failover */
    uint64_t writes_lost;   /* acknowledged writes lost, one by one */
    uint64_t sessions_lost; /* sessions that exist nowhere after it */
};
/* SIM_NEVER: by the end of the run it was not. */
static inline sim_time incident_restored(const struct incident *incident)
{
    return incident->ended[INCIDENT_RECONNECT];
}
/* Without an outage an incident is restored at its onset; no outage is. */
static inline bool incident_is_outage(const struct incident *incident)
{
    return incident_restored(incident) != incident->onset;
}

/*
 * The parts of an RTO, which add up to it. `ended`: as of an incident that was restored, SIM_NEVER
 * where a stage was not reached. Each stage ends at its instant, or when the next one does, or with
 * the restoration, whichever is first: so an outage that passes without an alarm is all `detect`.
 */
void incident_stage_lengths(sim_time onset, const sim_time ended[INCIDENT_STAGES],
                            sim_dur lengths[INCIDENT_STAGES]);

struct incident_list {
    struct incident *incidents; /* by onset */
    size_t count, capacity;
    uint64_t dropped_count;
};

void incident_list_add(struct incident_list *list, const struct incident *incident);
void incident_list_release(struct incident_list *list);

PORT_ACCESSORS(incidents, struct incident_list)

#endif
