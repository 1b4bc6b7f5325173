// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the memory of one server holds: keys with the size of their values, expiry and last use.
 *
 * A keyspace exists only where something depends on it: memory is limited, keys expire at the
 * server, values are tiered, or key classes are declared. Keys are refs (refs.h): a session, or a
 * key of a class. Eviction and expiry follow the servers' source: evict.c, expire.c and db.c of
 * Redis 7 and Valkey 8, as cited in keyspace.md.
 *
 * Invariants
 *  1. Entries are dense: those with an expiry first, so that a sample of either set is one draw.
 *  2. used_bytes is the sum over entries of value and overhead; memory_bytes the same without
 *     values on SSD.
 *  3. A session's ref names at most one entry. A new session in the row of an old one leaves the
 *     old key behind: it counts and can be evicted, but nobody reads it.
 *
 * Cost: a read or write is O(1), with at most `samples` draws for each key that it evicts. 32 bytes
 * a key, and 4 bytes for each ref up to the largest one used.
 */
#ifndef KEYSPACE_H
#define KEYSPACE_H

#include "refs.h"
#include "rng_stream.h"
#include "sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum eviction_policy {
    EVICT_NONE, /* noeviction: writes are refused */
    EVICT_ALLKEYS_LRU,
    EVICT_VOLATILE_LRU,
    EVICT_ALLKEYS_LFU,
    EVICT_VOLATILE_LFU,
    EVICT_ALLKEYS_RANDOM,
    EVICT_VOLATILE_RANDOM,
    EVICT_VOLATILE_TTL
};
extern const char *const eviction_policies[]; /* their names; NULL at the end */

struct memory_config {
    int policy;              /* enum eviction_policy */
    int64_t limit_bytes;     /* maxmemory; 0: none. With tiering: memory and SSD together */
    int64_t memory_bytes;    /* tiering: what of that is memory; 0: values are not tiered */
    int64_t overhead_bytes;  /* of a key, beside its value: always in memory */
    int64_t tier_most_bytes; /* larger values stay in memory; 0: no such limit */
    uint32_t samples;        /* maxmemory-samples; at least 1 */
    double lfu_log_factor;
    uint32_t lfu_decay_min; /* lfu-decay-time, minutes; 0: no decay */
    bool exact_lru;         /* the least recently used key of all, as memcached does */
    bool makes_room;        /* before a write, for its bytes: memcached; else what exceeds the limit
                               is evicted before the next write */
    sim_dur expire_key_ns;  /* active expiry: time of each key that it deletes */
    sim_dur expire_limit_ns;       /* of a slow cycle */
    sim_dur expire_fast_ns;        /* of a fast one */
    uint32_t expire_sample;        /* keys in each loop of a cycle */
    uint32_t expire_stale_percent; /* of a sample, above which a cycle goes on */
};

enum key_state { KEY_HELD, KEY_NEVER, KEY_EVICTED, KEY_EXPIRED, KEY_DELETED, KEY_FLUSHED };

struct key_value {
    uint32_t bytes;
    uint32_t version; /* of a session: its check */
    sim_time expires; /* SIM_NEVER: no TTL */
};

struct keyspace_counts {
    uint64_t keys, volatile_keys;     /* held; with an expiry */
    uint64_t used_bytes;              /* of keys and values */
    uint64_t memory_bytes, ssd_bytes; /* parts of it */
    uint64_t ssd_keys;
    uint64_t evictions, expired_active, expired_lazy;
    uint64_t hits, misses; /* of keyspace_get() */
    uint64_t ssd_reads;
    uint64_t refused; /* writes: the memory is full and no key can be evicted */
    uint64_t sampled; /* keys drawn to choose from */
};

struct keyspace;

/* `config` must outlive it; the stream is its own. removed: a key was evicted or has expired, and
 * is gone already; it must not use the keyspace. NULL: nobody wants to know. */
struct keyspace *keyspace_new(const struct memory_config *config, struct rng_stream stream,
                              void (*removed)(void *self, uint32_t ref, enum key_state why),
                              void *self);
void keyspace_free(struct keyspace *keyspace); /* NULL is allowed */

/* Read a key: a use, for LRU and LFU. If it is held, *value is filled, and *on_ssd says whether its
 * value was on SSD (it is in memory now); either may be NULL. An expired key is deleted by it. */
enum key_state keyspace_get(struct keyspace *keyspace, uint32_t ref, sim_time now,
                            struct key_value *value, bool *on_ssd);
/* The same without a use, a count or a deletion. */
enum key_state keyspace_peek(const struct keyspace *keyspace, uint32_t ref, sim_time now,
                             struct key_value *value);
/* Write a key: a use. Evicts by the policy; false: the memory is full (OOM), nothing is written. */
bool keyspace_set(struct keyspace *keyspace, uint32_t ref, const struct key_value *value,
                  sim_time now);
/* Hold a key as a replica does that follows its primary, or a server that loads a data set: nothing
 * is evicted or expires, whatever the limit, and removed() is not called. */
void keyspace_put(struct keyspace *keyspace, uint32_t ref, const struct key_value *value,
                  sim_time now);
void keyspace_delete(struct keyspace *keyspace, uint32_t ref);
/* Delete all keys: KEY_FLUSHED. */
void keyspace_clear(struct keyspace *keyspace);
/* Forget the keys that `keeps` denies, without calling removed(); `why` is their state then. A key
 * that nobody reads has ref NO_INDEX. O(keys). */
void keyspace_retain(struct keyspace *keyspace,
                     bool (*keeps)(void *self, uint32_t ref, const struct key_value *value),
                     void *self, enum key_state why);
/* A cycle of active expiry: passes over the keys with an expiry, a sample at a time, and goes on
 * while many of a sample have expired. Slow ones run hz times a second; fast ones before an
 * iteration of the event loop where keyspace_is_out_of_time(), at most each second expire_fast_ns.
 * Returns the time that it takes of the server's thread. */
sim_dur keyspace_expire(struct keyspace *keyspace, sim_time now, bool fast);
/* Whether the last cycle ended because its time was over. */
bool keyspace_is_out_of_time(const struct keyspace *keyspace);
/* While a child process saves, reads are not recorded as uses: that would copy pages (db.c,
 * lookupKey()); nor are overwrites by LFU. */
void keyspace_set_saving(struct keyspace *keyspace, bool saving);
struct keyspace_counts keyspace_counts(const struct keyspace *keyspace);

#endif
