// SPDX-License-Identifier: GPL-3.0-or-later
#include "incident.h"

#include "mem.h"

#include <stdlib.h>

const char *const incident_stage_names[INCIDENT_STAGES + 1] = {
    [INCIDENT_DETECT] = "detect",   [INCIDENT_DECIDE] = "decide", [INCIDENT_PROMOTE] = "promote",
    [INCIDENT_PUBLISH] = "publish", [INCIDENT_DRAIN] = "drain",
};

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
