// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which regions are near a place: by the round trip between regions without faults, taken once at
 * the start of a run. A place is a region near which users are; the nearest one is itself.
 */
#ifndef PROXIMITY_H
#define PROXIMITY_H

#include "link.h"
#include "model.h"
#include "refs.h"

struct proximity {
    int region_count;
    const struct link_port *links[REGIONS_MAX][REGIONS_MAX]; /* [from][to] */
    sim_dur delays[REGIONS_MAX][REGIONS_MAX];                /* one way; 0 to itself */
    int order[REGIONS_MAX][REGIONS_MAX];                     /* of each place: nearest first */
};

/* While connecting. */
void proximity_connect(struct proximity *proximity, const struct topology *topology,
                       const struct port_directory *ports);
/* At the start: fills delays and order. */
void proximity_start(struct proximity *proximity);

#endif
