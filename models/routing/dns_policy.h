// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Routing policies of a name that has one record for each region (Route 53, facts E): which record
 * a name server answers a resolver with.
 *
 *   latency      the healthy record of the region nearest to the resolver
 *   weighted     a healthy record, drawn by weight; those of weight 0 only where no healthy record
 *                has a weight
 *   failover     the first healthy record of the list, primary first
 *   geolocation  the record of the resolver's place; if it is unhealthy or there is none, the
 *                default record; none of both: no answer
 *
 * Where no record that applies is healthy, all of them count as healthy. No side effects.
 */
#ifndef DNS_POLICY_H
#define DNS_POLICY_H

#include "dns_name.h"

#include <stdint.h>

enum dns_policy { POLICY_LATENCY, POLICY_WEIGHTED, POLICY_FAILOVER, POLICY_GEOLOCATION };

struct dns_question {
    enum dns_policy policy;
    const struct dns_record *records; /* by region */
    uint32_t region_count;
    const int *order;      /* LATENCY, FAILOVER: regions, the preferred one first, */
    uint32_t order_count;  /* and how many of them have a record */
    int local, by_default; /* GEOLOCATION: the record of the place, the default record; -1: none */
};

/* The region of the answer; -1: no answer. O(regions). */
int dns_policy_choose(const struct dns_question *question, uint64_t word);
/* May `region` be the answer now? */
bool dns_policy_allows(const struct dns_question *question, int region);

#endif
