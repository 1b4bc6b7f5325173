// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A name: its records at the authority, and the answers that each region's resolver has cached.
 *
 *  1. A resolver asks the authority when its answer has expired, and answers from its cache until
 *     then. All clients of a region share it. It costs no event: an answer carries its expiry.
 *  2. The authority answers with one healthy record, drawn by weight. Records of weight 0 are used
 *     only where no healthy record has a weight. Where no record is healthy, all count as healthy
 *     (fail open; Route 53, facts E).
 *  3. A change may be at some of the authority's name servers before the others: a resolver asks
 *     one of them at random (dns_name_spread()).
 *  4. An answer is stale where its record has changed since, or would not be drawn now.
 *  5. While the authority does not answer (dns_name_set_answering()), a resolver repeats its last
 *     answer, and asks again after DNS_STALE_TTL (RFC 8767, section 4).
 *
 * A value without side effects: the owner decides when a record changes (control plane and
 * propagation, health checks, routing controls).
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "dist.h"
#include "dns.h"
#include "refs.h"
#include "rng_stream.h"

#include <stdbool.h>
#include <stdint.h>

#define DNS_RECORDS_MAX REGIONS_MAX
#define DNS_STALE_TTL (30 * SIM_S)

struct dns_record {
    struct dns_target target;
    uint32_t weight;
    bool healthy;
};

struct dns_name_rule {
    sim_dur ttl_ns;
    const struct dist *overstay; /* time beyond the TTL for which a resolver keeps an answer, drawn
                                    for each; NULL: resolvers obey. The caller's */
    bool warm; /* caches are full at the start, each answer at a uniform age; else empty */
};

struct dns_name {
    struct dns_name_rule rule;
    struct rng_stream stream; /* (region, number of the answer) keys the draws */
    struct dns_record records[DNS_RECORDS_MAX];
    uint32_t record_count;
    bool is_silent; /* the authority does not answer */
    struct dns_spread {
        uint32_t updated, servers; /* servers 0: no change is under way */
        uint32_t record;
        struct dns_target target;
    } spread;
    struct dns_cache {
        uint32_t fetches; /* answers fetched so far; 0: nothing cached */
        uint32_t record;
        struct dns_target target;
        sim_time expires;
    } caches[REGIONS_MAX]; /* by region of the resolver */
};

/* The record of an answer, by rule 2. 1 <= count. Pure. */
uint32_t dns_records_draw(const struct dns_record *records, uint32_t count, uint64_t word);
/* May it be drawn now? */
bool dns_record_is_served(const struct dns_record *records, uint32_t count, uint32_t record);

/* 1 <= record_count <= DNS_RECORDS_MAX; copies the records. */
void dns_name_init(struct dns_name *name, const struct dns_name_rule *rule,
                   const struct rng_stream *stream, const struct dns_record *records,
                   uint32_t record_count);
/* `updated` of `servers` name servers answer with `target` in place of this record's, until the
 * next call of dns_name_serve() for it. */
void dns_name_spread(struct dns_name *name, uint32_t record, struct dns_target target,
                     uint32_t updated, uint32_t servers);
/* Until when a cache of one of the first `region_count` resolvers holds an answer that is stale
 * now; `now` or earlier: none does. */
sim_time dns_name_stale_until(const struct dns_name *name, uint32_t region_count, sim_time now);
/* From now on the authority serves this value of a record. */
void dns_name_serve(struct dns_name *name, uint32_t record, const struct dns_record *value);
void dns_name_set_answering(struct dns_name *name, bool answers);
/* What the resolver of `region` answers at `now`, which never goes back. O(records). */
struct dns_answer dns_name_resolve(struct dns_name *name, int region, sim_time now);

#endif
