// SPDX-License-Identifier: GPL-3.0-or-later
#include "incident_group.h"

#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct incident_group *group_of(struct incident_groups *groups,
                                       const struct incident_row *row)
{
    size_t place = 0;
    for (; place < groups->count; place++) {
        struct incident_group *group = &groups->groups[place];
        if (group->point == row->point && group->number == row->number &&
            strcmp(group->kind, row->kind) == 0 && strcmp(group->subject, row->subject) == 0)
            return group;
        if (group->point > row->point ||
            (group->point == row->point && group->number > row->number))
            break;
    }
    void *items = groups->groups;
    mem_grow(&items, &groups->capacity, groups->count + 1, sizeof(*groups->groups));
    groups->groups = items;
    memmove(&groups->groups[place + 1], &groups->groups[place],
            (groups->count - place) * sizeof(*groups->groups));
    groups->count++;
    groups->groups[place] = (struct incident_group){.point = row->point,
                                                    .number = row->number,
                                                    .kind = mem_strdup(row->kind),
                                                    .subject = mem_strdup(row->subject)};
    return &groups->groups[place];
}

static void add_wait(struct incident_group *group, double wait)
{
    void *waits = group->waits;
    mem_grow(&waits, &group->wait_capacity, group->wait_count + 1, sizeof(*group->waits));
    group->waits = waits;
    group->waits[group->wait_count++] = wait;
}

static void add_incident(void *self, const struct incident_row *row)
{
    struct incident_group *group = group_of(self, row);
    int64_t stages[INCIDENT_STAGES];
    group->count++;
    tally_add(&group->onset, (double)row->onset_ns);
    estimate_add(&group->writes_lost, (double)row->writes_lost, 0, 0);
    estimate_add(&group->sessions_lost, (double)row->sessions_lost, 0, 0);
    if (row->rpo_ns >= 0) {
        group->failover_count++;
        estimate_add(&group->rpo, (double)row->rpo_ns, 0, 0);
    }
    if (!incident_stages(row, stages)) {
        add_wait(group, INFINITY);
    } else if (row->restored_ns == row->onset_ns) {
        group->harmless_count++;
    } else {
        group->restored_count++;
        add_wait(group, (double)(row->restored_ns - row->onset_ns));
        estimate_add(&group->rto, (double)(row->restored_ns - row->onset_ns), 0, 0);
        for (int i = 0; i < INCIDENT_STAGES; i++)
            estimate_add(&group->stages[i], (double)stages[i], 0, 0);
    }
}

int incident_groups_load(struct incident_groups *groups, struct results *results, int64_t study,
                         struct diag *diag)
{
    *groups = (struct incident_groups){0};
    return results_each_incident(results, study, add_incident, groups, diag);
}

void incident_groups_release(struct incident_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        free(groups->groups[i].kind);
        free(groups->groups[i].subject);
        free(groups->groups[i].waits);
    }
    free(groups->groups);
    *groups = (struct incident_groups){0};
}
