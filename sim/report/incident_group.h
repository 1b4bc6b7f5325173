// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The incidents of a study, grouped over replications: the first outage of every run, the second,
 * and so on; outages of another kind or subject are another group. Private to report.
 *
 * An incident that was over at its onset did no harm: there was no outage, so it has no RTO. The
 * RTO and its stages are of the outages that ended; where some did not, `rtos_ns` has them as
 * INFINITY, for quantiles by rank.
 */
#ifndef INCIDENT_GROUP_H
#define INCIDENT_GROUP_H

#include "estimate.h"
#include "query.h"
#include "strbuf.h"

struct incident_group {
    int64_t point, number;
    char *kind;
    char *subject;         /* "": unknown */
    uint32_t cause;        /* number of the event that opened it, in replication 0; 0: none */
    char *words;           /* "loss 30% on us-west-2 -> us-west-1", from that event; "": unknown */
    size_t count;          /* replications in which it happened */
    size_t harmless_count; /* of them: no outage */
    size_t restored_count; /* of the outages: ended */
    size_t failover_count; /* with an RPO */
    struct estimate_sums stages[INCIDENT_STAGES], rto, rpo, writes_lost, sessions_lost;
    struct tally onset;
    double *rtos_ns; /* of the outages: their RTO, INFINITY: never restored */
    size_t rto_count, rto_capacity;
};
static inline size_t incident_group_outages(const struct incident_group *group)
{
    return group->count - group->harmless_count;
}
struct incident_groups {
    struct incident_group *groups; /* in order of point and number */
    size_t count, capacity;
};
/* "loss 30%" and "us-west-2 -> us-west-1" give "loss 30% on us-west-2 -> us-west-1". The caller
 * frees it. */
char *incident_fault_words(const char *fault, const char *subject);
/* "begins: " or "ends: " at the start of a fault's event: the fault after it, and which; else NULL.
 */
const char *incident_fault_of(const char *event_text, bool *begins);
/* Append its words, or else kind and subject; and its onset where all replications have the same.
 */
void incident_group_add_name(struct strbuf *out, const struct incident_group *group);

int incident_groups_load(struct incident_groups *groups, struct results *results, int64_t study,
                         struct diag *diag);
void incident_groups_release(struct incident_groups *groups);

#endif
