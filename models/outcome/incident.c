// SPDX-License-Identifier: GPL-3.0-or-later
#include "incident.h"

#include "mem.h"

#include <stdlib.h>

const char *const incident_stage_names[INCIDENT_STAGES + 1] = {
    [INCIDENT_DETECT] = "detect",       [INCIDENT_DECIDE] = "decide",
    [INCIDENT_PROMOTE] = "promote",     [INCIDENT_NOTIFY] = "notify",
    [INCIDENT_PUBLISH] = "publish",     [INCIDENT_CACHE] = "cache",
    [INCIDENT_RECONNECT] = "reconnect",
};

void incident_stage_lengths(sim_time onset, const sim_time ended[INCIDENT_STAGES],
                            sim_dur lengths[INCIDENT_STAGES])
{
    sim_time ends[INCIDENT_STAGES];

    for (int stage = INCIDENT_STAGES - 1; stage >= 0; stage--) {
        ends[stage] = ended[stage];
        if (stage + 1 < INCIDENT_STAGES && ends[stage] > ends[stage + 1])
            ends[stage] = ends[stage + 1];
        if (ends[stage] < onset)
            ends[stage] = onset;
    }
    for (int stage = 0; stage < INCIDENT_STAGES; stage++)
        lengths[stage] = ends[stage] - (stage > 0 ? ends[stage - 1] : onset);
}

void incident_list_add(struct incident_list *list, const struct incident *incident)
{
    if (list->count == INCIDENTS_MAX) {
        list->dropped_count++;
        return;
    }
    MEM_GROW(list->incidents, list->capacity, list->count + 1);
    list->incidents[list->count++] = *incident;
}

void incident_list_release(struct incident_list *list)
{
    free(list->incidents);
    *list = (struct incident_list){0};
}
