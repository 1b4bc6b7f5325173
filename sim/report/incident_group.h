// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The incidents of a study, grouped over replications: the first outage of every run, the second,
 * and so on; outages of another kind or subject are another group. Private to report.
 *
 * If an outage ended in some replications only, a mean would hide the two outcomes, so means of the
 * RTO and of its stages exist only if `restored_count == count`.
 */
#ifndef INCIDENT_GROUP_H
#define INCIDENT_GROUP_H

#include "query.h"

struct incident_group {
    int64_t point, number;
    char *kind;
    char *subject; /* "": unknown */
    size_t count;  /* replications in which it happened */
    size_t restored_count;
    size_t failover_count; /* with an RPO */
    struct tally stages[INCIDENT_STAGES], rto, rpo, writes_lost, sessions_lost, onset;
};
struct incident_groups {
    struct incident_group *groups; /* in order of point and number */
    size_t count, capacity;
};
int incident_groups_load(struct incident_groups *groups, struct results *results, int64_t study,
                         struct diag *diag);
void incident_groups_release(struct incident_groups *groups);

#endif
