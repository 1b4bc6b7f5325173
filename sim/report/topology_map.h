// SPDX-License-Identifier: GPL-3.0-or-later
/* The regions and links of a scenario, for plots. Made by the layers above, which know models. */
#ifndef TOPOLOGY_MAP_H
#define TOPOLOGY_MAP_H

#include <stddef.h>

struct topology_link {
    size_t from, to;  /* regions */
    const char *kind; /* "vpc-peering" */
    const char *via;  /* region of the hub; "": none */
    double rtt_ms;    /* median, NAN: unknown */
};
struct topology_map {
    const char *const *regions;
    size_t region_count;
    const char *primary; /* region of the store's primary; "": none */
    const struct topology_link *links;
    size_t link_count;
};

#endif
