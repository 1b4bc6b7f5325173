// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns_policy.h"

/* The first healthy one of a list, or its first. */
static int first_healthy(const struct dns_record *records, const int *order, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (records[order[i]].healthy)
            return order[i];
    return order[0];
}

static int geolocate(const struct dns_question *question)
{
    int local = question->local, by_default = question->by_default;

    if (local < 0)
        return by_default;
    if (by_default < 0 || question->records[local].healthy ||
        !question->records[by_default].healthy)
        return local;
    return by_default;
}

int dns_policy_choose(const struct dns_question *question, uint64_t word)
{
    switch (question->policy) {
    case POLICY_WEIGHTED:
        return (int)dns_records_draw(question->records, question->region_count, word);
    case POLICY_GEOLOCATION:
        return geolocate(question);
    case POLICY_LATENCY:
    case POLICY_FAILOVER:
        break;
    }
    return first_healthy(question->records, question->order, question->order_count);
}

bool dns_policy_allows(const struct dns_question *question, int region)
{
    if (question->policy == POLICY_WEIGHTED && region >= 0)
        return dns_record_is_served(question->records, question->region_count, (uint32_t)region);
    return dns_policy_choose(question, 0) == region;
}
