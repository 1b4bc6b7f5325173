// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is impaired now, and by which event of the run log: so that a model that sees the effect (a
 * failed attempt, a broken stream, a failed health check) can name its cause. Written by the
 * models that impair (fault_schedule, failover), read by all; it changes nothing of a run.
 */
#ifndef IMPAIRMENT_H
#define IMPAIRMENT_H

#include "bug.h"
#include "model.h"
#include "refs.h"

#include <stdint.h>

/* Events are numbers of the run log; 0: none. */
struct impairment {
    uint32_t by;    /* the first of the events that impair it now */
    uint32_t ended; /* the event that ended the impairment before */
    uint32_t count; /* of impairments now */
};
struct impairments {
    uint32_t count; /* of all impairments now; 0: no `by` is set */
    struct impairment link[REGIONS_MAX][REGIONS_MAX]; /* from, to */
    struct impairment app[REGIONS_MAX], store[REGIONS_MAX];
    struct impairment region[REGIONS_MAX];      /* the whole region is down */
    struct impairment replication[REGIONS_MAX]; /* of the streams to a region */
    struct impairment promotion;                /* no cluster takes writes while it lasts */
};

/* `target` is one of the table's; `event` begins or ends an impairment of it. */
static inline void impairment_change(struct impairments *table, struct impairment *target,
                                     bool begin, uint32_t event)
{
    invariant(begin || target->count > 0);
    if (begin && target->count == 0)
        target->by = event;
    target->count += begin ? 1 : UINT32_MAX;
    table->count += begin ? 1 : UINT32_MAX;
    if (target->count == 0) {
        target->by = 0;
        target->ended = event;
    }
}

/* What impairs operations of region `from` on the store of region `to`: the link there, the store,
 * the link back. Sound: all zero but `ended`, the latest end. */
static inline struct impairment impairment_of_way(const struct impairments *table, int from, int to)
{
    const struct impairment *parts[] = {&table->link[from][to], &table->store[to],
                                        &table->link[to][from]};
    struct impairment way = {0};

    for (int i = 0; i < 3; i++) {
        if (way.by == 0)
            way.by = parts[i]->by;
        if (parts[i]->ended > way.ended)
            way.ended = parts[i]->ended;
    }
    return way;
}

PORT_ACCESSORS(impairments, struct impairments)

/* For a model that reads it: an empty table if nothing is ever impaired. */
static inline const struct impairments *impairments_read(const struct port_directory *ports)
{
    static const struct impairments none = {0};
    const struct impairments *table = port_find_impairments(ports, -1, -1);

    return table ? table : &none;
}

#endif
