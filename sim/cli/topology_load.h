// SPDX-License-Identifier: GPL-3.0-or-later
/* The regions and links of a recorded scenario, for plots and reports. */
#ifndef TOPOLOGY_LOAD_H
#define TOPOLOGY_LOAD_H

#include "query.h"
#include "scenario.h"
#include "topology_map.h"

struct loaded_topology {
    struct topology_map map;
    struct scenario *scenario; /* owns the texts */
    struct topology_link *links;
};

/* False if this version does not accept the stored scenario. Release in any case. */
bool topology_load(struct loaded_topology *topology, struct results *results, int64_t study,
                   int64_t point, const struct registry *registry);
void topology_release(struct loaded_topology *topology);

#endif
