// SPDX-License-Identifier: GPL-3.0-or-later
#include "proximity.h"

#include "bug.h"

void proximity_connect(struct proximity *proximity, const struct topology *topology,
                       const struct port_directory *ports)
{
    invariant(topology->region_count <= REGIONS_MAX);
    proximity->region_count = (int)topology->region_count;
    for (int a = 0; a < proximity->region_count; a++)
        for (int b = 0; b < proximity->region_count; b++)
            if (a != b)
                proximity->links[a][b] = port_need_link(ports, a, b);
}

static sim_dur round_trip(const struct proximity *proximity, int a, int b)
{
    return proximity->delays[a][b] + proximity->delays[b][a];
}

/* Insertion: the place itself first (a round trip of 0), then by round trip, then by index. */
static void sort_regions(struct proximity *proximity, int place)
{
    int *order = proximity->order[place];

    order[0] = place;
    for (int region = 0, count = 1; region < proximity->region_count; region++) {
        int at = count;

        if (region == place)
            continue;
        while (at > 1 &&
               round_trip(proximity, place, order[at - 1]) > round_trip(proximity, place, region)) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = region;
        count++;
    }
}

void proximity_start(struct proximity *proximity)
{
    for (int a = 0; a < proximity->region_count; a++)
        for (int b = 0; b < proximity->region_count; b++)
            if (a != b)
                proximity->delays[a][b] =
                    proximity->links[a][b]->mean_delay(proximity->links[a][b]->self);
    for (int place = 0; place < proximity->region_count; place++)
        sort_regions(proximity, place);
}
