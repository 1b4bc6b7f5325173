// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns_name.h"

#include "bug.h"

/* Is a healthy record there, and one with a weight among those that count as healthy? */
struct record_pool {
    bool fail_open, weighted;
};

static struct record_pool pool_of(const struct dns_record *records, uint32_t count)
{
    struct record_pool pool = {.fail_open = true};

    for (uint32_t i = 0; i < count; i++)
        pool.fail_open = pool.fail_open && !records[i].healthy;
    for (uint32_t i = 0; i < count; i++)
        if ((pool.fail_open || records[i].healthy) && records[i].weight > 0)
            pool.weighted = true;
    return pool;
}

/* Share of a record in the draws; 0: it is not drawn. */
static uint32_t record_share(const struct record_pool *pool, const struct dns_record *record)
{
    if (!pool->fail_open && !record->healthy)
        return 0;
    return pool->weighted ? record->weight : 1;
}

uint32_t dns_records_draw(const struct dns_record *records, uint32_t count, uint64_t word)
{
    struct record_pool pool = pool_of(records, count);
    uint32_t total = 0, left, record = 0;

    for (uint32_t i = 0; i < count; i++)
        total += record_share(&pool, &records[i]);
    left = rng_below(word, total);
    while (left >= record_share(&pool, &records[record]))
        left -= record_share(&pool, &records[record++]);
    return record;
}

bool dns_record_is_served(const struct dns_record *records, uint32_t count, uint32_t record)
{
    struct record_pool pool = pool_of(records, count);

    return record_share(&pool, &records[record]) > 0;
}

/* Ask the authority; returns a word that is left to draw from. */
static uint64_t cache_fetch(struct dns_name *name, int region, sim_time now)
{
    struct dns_cache *cache = &name->caches[region];
    struct rng_block block = rng_block_at(&name->stream, (uint64_t)region, cache->fetches++);

    cache->record = dns_records_draw(name->records, name->record_count, block.word[0]);
    cache->target = name->records[cache->record].target;
    if (name->spread.servers > 0 && cache->record == name->spread.record &&
        rng_below(block.word[3], name->spread.servers) < name->spread.updated)
        cache->target = name->spread.target;
    cache->expires = now + name->rule.ttl_ns;
    if (name->rule.overstay)
        cache->expires += dist_sample_ns(name->rule.overstay, block.word[1]);
    return block.word[2];
}

void dns_name_init(struct dns_name *name, const struct dns_name_rule *rule,
                   const struct rng_stream *stream, const struct dns_record *records,
                   uint32_t record_count)
{
    invariant(record_count >= 1 && record_count <= DNS_RECORDS_MAX);
    *name = (struct dns_name){.rule = *rule, .stream = *stream, .record_count = record_count};
    for (uint32_t i = 0; i < record_count; i++)
        name->records[i] = records[i];
    for (int region = 0; rule->warm && region < REGIONS_MAX; region++) {
        uint64_t age_word = cache_fetch(name, region, 0);
        struct dns_cache *cache = &name->caches[region];

        cache->expires -= (sim_dur)(rng_unit(age_word) * (double)cache->expires);
    }
}

void dns_name_serve(struct dns_name *name, uint32_t record, const struct dns_record *value)
{
    invariant(record < name->record_count);
    name->records[record] = *value;
    if (name->spread.record == record)
        name->spread.servers = 0;
}

void dns_name_spread(struct dns_name *name, uint32_t record, struct dns_target target,
                     uint32_t updated, uint32_t servers)
{
    invariant(record < name->record_count && updated <= servers);
    name->spread = (struct dns_spread){updated, servers, record, target};
}

static bool is_same_target(const struct dns_target *a, const struct dns_target *b)
{
    return a->region == b->region && a->epoch == b->epoch;
}

static bool cache_is_stale(const struct dns_name *name, const struct dns_cache *cache)
{
    const struct dns_record *record = &name->records[cache->record];

    if (!dns_record_is_served(name->records, name->record_count, cache->record))
        return true;
    if (name->spread.updated > 0 && name->spread.servers > 0 &&
        name->spread.record == cache->record &&
        is_same_target(&name->spread.target, &cache->target))
        return false; /* it is ahead of the others */
    return !is_same_target(&record->target, &cache->target);
}

sim_time dns_name_stale_until(const struct dns_name *name, uint32_t region_count, sim_time now)
{
    sim_time until = now;

    for (uint32_t region = 0; region < region_count; region++) {
        const struct dns_cache *cache = &name->caches[region];

        if (cache->fetches > 0 && cache->expires > until && cache_is_stale(name, cache))
            until = cache->expires;
    }
    return until;
}

void dns_name_set_answering(struct dns_name *name, bool answers)
{
    name->is_silent = !answers;
}

struct dns_answer dns_name_resolve(struct dns_name *name, int region, sim_time now)
{
    struct dns_cache *cache = &name->caches[region];

    if (cache->fetches == 0 || (now >= cache->expires && !name->is_silent))
        cache_fetch(name, region, now);
    else if (now >= cache->expires)
        cache->expires = now + DNS_STALE_TTL;
    return (struct dns_answer){
        .region = cache->target.region,
        .epoch = cache->target.epoch,
        .expires = cache->expires,
        .stale = cache_is_stale(name, cache),
    };
}
