// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The incidents of a study, grouped over replications: the first outage of every run, the second,
 * and so on; outages of another kind or subject are another group. Private to report.
 *
 * An incident that was over at its onset did no harm: there was no outage, so it has no RTO. The
 * RTO and its stages are of the outages that ended; where some did not, `waits` has them as
 * INFINITY, for quantiles by rank.
 */
#ifndef INCIDENT_GROUP_H
#define INCIDENT_GROUP_H

#include "estimate.h"
#include "query.h"

struct incident_group {
    int64_t point, number;
    char *kind;
    char *subject;         /* "": unknown */
    size_t count;          /* replications in which it happened */
    size_t harmless_count; /* of them: no outage */
    size_t restored_count; /* of the outages: ended */
    size_t failover_count; /* with an RPO */
    struct estimate_sums stages[INCIDENT_STAGES], rto, rpo, writes_lost, sessions_lost;
    struct tally onset;
    double *waits; /* of the outages: their RTO, INFINITY: never restored */
    size_t wait_count, wait_capacity;
};
static inline size_t incident_group_outages(const struct incident_group *group)
{
    return group->count - group->harmless_count;
}
struct incident_groups {
    struct incident_group *groups; /* in order of point and number */
    size_t count, capacity;
};
int incident_groups_load(struct incident_groups *groups, struct results *results, int64_t study,
                         struct diag *diag);
void incident_groups_release(struct incident_groups *groups);

#endif
