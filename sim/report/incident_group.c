// SPDX-License-Identifier: GPL-3.0-or-later
#include "incident_group.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

static struct incident_group *group_of(struct incident_groups *groups,
                                       const struct incident_row *row)
{
    size_t place = 0;
    for (; place < groups->count; place++) {
        struct incident_group *group = &groups->groups[place];
        if (group->point == row->point && group->number == row->number &&
            strcmp(group->kind, row->kind) == 0 && strcmp(group->subject, row->subject) == 0) {
            return group;
        }
        if (group->point > row->point ||
            (group->point == row->point && group->number > row->number)) {
            break;
        }
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

static void add_incident(void *self, const struct incident_row *row)
{
    struct incident_group *group = group_of(self, row);
    group->count++;
    tally_add(&group->onset, (double)row->onset_ns);
    tally_add(&group->writes_lost, (double)row->writes_lost);
    tally_add(&group->sessions_lost, (double)row->sessions_lost);
    if (row->rpo_ns >= 0) {
        group->failover_count++;
        tally_add(&group->rpo, (double)row->rpo_ns);
    }
    int64_t stages[INCIDENT_STAGES];
    if (incident_stages(row, stages)) {
        group->restored_count++;
        tally_add(&group->rto, (double)(row->restored_ns - row->onset_ns));
        for (int i = 0; i < INCIDENT_STAGES; i++) {
            tally_add(&group->stages[i], (double)stages[i]);
        }
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
    }
    free(groups->groups);
    *groups = (struct incident_groups){0};
}
