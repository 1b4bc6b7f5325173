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
    MEM_GROW(groups->groups, groups->capacity, groups->count + 1);
    memmove(&groups->groups[place + 1], &groups->groups[place],
            (groups->count - place) * sizeof(*groups->groups));
    groups->count++;
    groups->groups[place] = (struct incident_group){.point = row->point,
                                                    .number = row->number,
                                                    .kind = mem_strdup(row->kind),
                                                    .subject = mem_strdup(row->subject),
                                                    .words = mem_strdup("")};
    return &groups->groups[place];
}

static void add_rto(struct incident_group *group, double rto_ns)
{
    MEM_GROW(group->rtos_ns, group->rto_capacity, group->rto_count + 1);
    group->rtos_ns[group->rto_count++] = rto_ns;
}

static void add_incident(void *self, const struct incident_row *row)
{
    struct incident_group *group = group_of(self, row);
    int64_t stages[INCIDENT_STAGES];
    group->count++;
    if (row->replication == 0)
        group->cause = row->cause;
    tally_add(&group->onset, (double)row->onset_ns);
    estimate_add(&group->writes_lost, (double)row->writes_lost, 0, 0);
    estimate_add(&group->sessions_lost, (double)row->sessions_lost, 0, 0);
    if (row->rpo_ns >= 0) {
        group->failover_count++;
        estimate_add(&group->rpo, (double)row->rpo_ns, 0, 0);
    }
    if (!incident_stages(row, stages)) {
        add_rto(group, INFINITY);
    } else if (row->restored_ns == row->onset_ns) {
        group->harmless_count++;
    } else {
        group->restored_count++;
        add_rto(group, (double)(row->restored_ns - row->onset_ns));
        estimate_add(&group->rto, (double)(row->restored_ns - row->onset_ns), 0, 0);
        for (int i = 0; i < INCIDENT_STAGES; i++)
            estimate_add(&group->stages[i], (double)stages[i], 0, 0);
    }
}

char *incident_fault_words(const char *fault, const char *subject)
{
    struct strbuf words = STRBUF_INIT;
    strbuf_addf(&words, "%s%s%s", fault, subject[0] != '\0' ? " on " : "", subject);
    return strbuf_detach(&words);
}

const char *incident_fault_of(const char *event_text, bool *begins)
{
    static const char begin[] = "begins: ", end[] = "ends: ";
    *begins = strncmp(event_text, begin, sizeof(begin) - 1) == 0;
    if (*begins)
        return event_text + sizeof(begin) - 1;
    return strncmp(event_text, end, sizeof(end) - 1) == 0 ? event_text + sizeof(end) - 1 : NULL;
}

static void name_groups(void *self, const struct event_row *row)
{
    struct incident_groups *groups = self;
    bool begins;
    const char *fault = incident_fault_of(row->text, &begins);
    for (size_t i = 0; i < groups->count; i++) {
        struct incident_group *group = &groups->groups[i];
        if (group->point == row->point && group->cause == row->number) {
            free(group->words);
            group->words = incident_fault_words(fault != NULL ? fault : row->text, row->subject);
        }
    }
}

void incident_group_add_name(struct strbuf *out, const struct incident_group *group)
{
    strbuf_add(out, group->words[0] != '\0' ? group->words : group->kind);
    if (group->words[0] == '\0' && group->subject[0] != '\0')
        strbuf_addf(out, " (%s)", group->subject);
    if (group->onset.min == group->onset.max) {
        strbuf_add(out, " at ");
        units_add_instant(out, (int64_t)group->onset.mean);
    }
}

int incident_groups_load(struct incident_groups *groups, struct results *results, int64_t study,
                         struct diag *diag)
{
    *groups = (struct incident_groups){0};
    int status = results_each_incident(results, study, add_incident, groups, diag);
    if (status == 0 && groups->count > 0)
        status = results_each_event(results, study, 0, name_groups, groups, diag);
    return status;
}

void incident_groups_release(struct incident_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        free(groups->groups[i].kind);
        free(groups->groups[i].subject);
        free(groups->groups[i].words);
        free(groups->groups[i].rtos_ns);
    }
    free(groups->groups);
    *groups = (struct incident_groups){0};
}
