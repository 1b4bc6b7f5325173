// SPDX-License-Identifier: GPL-3.0-or-later
#include "keyspace.h"

#include "bug.h"
#include "lfu_counter.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define LRU_RESOLUTION SIM_S /* LRU_CLOCK_RESOLUTION in server.h */
#define LRU_MASK 0xffffffu   /* 24 bits */
#define POOL_SIZE 16         /* EVPOOL_SIZE in evict.c */
#define TIME_CHECK 16        /* loops of active expiry between looks at its time */
#define TABLES (1u << (32 - REF_INDEX_BITS))
#define NO_ENTRY UINT32_MAX       /* end of the list */
#define ON_SSD (UINT32_MAX - 1)   /* `older` of an entry that is not in the list */
#define UNLISTED (UINT32_MAX - 2) /* the same, in memory: too large a value */
#define NO_REF NO_INDEX           /* of a key that nobody reads any more */

const char *const eviction_policies[] = {"noeviction",      "allkeys-lru",  "volatile-lru",
                                         "allkeys-lfu",     "volatile-lfu", "allkeys-random",
                                         "volatile-random", "volatile-ttl", NULL};

struct entry {
    sim_time expires;
    uint32_t ref;
    uint32_t bytes, version;
    uint32_t used;         /* LRU clock, or counter of uses (lfu_counter.h) */
    uint32_t newer, older; /* list of values in memory by their last use, if there is one */
};
_Static_assert(sizeof(struct entry) == 32, "memory of a key: keyspace.h");

/* By index of a ref: the entry plus SLOT_ENTRY, or the state of a key that is not held; 0: none
 * ever was. */
struct table {
    uint32_t *slots;
    size_t count;
};
#define SLOT_ENTRY 8u

/* A candidate for eviction. It may have been deleted or used since. */
struct candidate {
    uint64_t score; /* the larger, the sooner it is evicted */
    uint32_t ref, version;
};

struct keyspace {
    const struct memory_config *config;
    struct rng_stream stream;
    struct rng_block block;
    uint64_t draws;
    void (*removed)(void *self, uint32_t ref, enum key_state why);
    void *self;
    struct entry *entries; /* [0, volatile_count): with an expiry */
    size_t count, volatile_count, capacity;
    size_t checked; /* [0, checked): seen by this pass of active expiry */
    struct table tables[TABLES];
    struct candidate pool[POOL_SIZE]; /* by score, ascending */
    uint32_t pool_count;
    uint32_t newest, oldest; /* of the list */
    bool listed, lfu, saving;
    bool out_of_time; /* the last cycle of expiry */
    struct keyspace_counts counts;
};

static uint64_t draw(struct keyspace *keyspace)
{
    uint64_t n = keyspace->draws++;

    if (n % 4 == 0)
        keyspace->block = rng_block_at(&keyspace->stream, 0, n / 4);
    return keyspace->block.word[n % 4];
}

/* --- where a key is -------------------------------------------------------------------------- */

static uint32_t slot_of(const struct keyspace *keyspace, uint32_t ref)
{
    const struct table *table = &keyspace->tables[ref_region(ref)];

    return ref_index(ref) < table->count ? table->slots[ref_index(ref)] : 0;
}

RARE static void table_grow(struct table *table, size_t need)
{
    size_t capacity = table->count;

    MEM_GROW(table->slots, capacity, need);
    memset(table->slots + table->count, 0, (capacity - table->count) * sizeof *table->slots);
    table->count = capacity;
}

static void set_slot(struct keyspace *keyspace, uint32_t ref, uint32_t slot)
{
    struct table *table = &keyspace->tables[ref_region(ref)];

    if (ref == NO_REF)
        return;
    if (ref_index(ref) >= table->count)
        table_grow(table, (size_t)ref_index(ref) + 1);
    table->slots[ref_index(ref)] = slot;
}

static enum key_state state_of(uint32_t slot)
{
    return slot == 0 ? KEY_NEVER : (enum key_state)slot;
}

/* --- the list of values in memory ------------------------------------------------------------ */

static bool is_listed(const struct keyspace *keyspace, const struct entry *entry)
{
    return keyspace->listed && entry->older != ON_SSD && entry->older != UNLISTED;
}

static void list_remove(struct keyspace *keyspace, const struct entry *entry)
{
    if (!is_listed(keyspace, entry))
        return;
    if (entry->newer == NO_ENTRY)
        keyspace->newest = entry->older;
    else
        keyspace->entries[entry->newer].older = entry->older;
    if (entry->older == NO_ENTRY)
        keyspace->oldest = entry->newer;
    else
        keyspace->entries[entry->older].newer = entry->newer;
}

static void list_add(struct keyspace *keyspace, uint32_t index)
{
    struct entry *entry = &keyspace->entries[index];
    int64_t most = keyspace->config->tier_most_bytes;

    if (!keyspace->listed)
        return;
    if (most > 0 && entry->bytes > most) {
        entry->older = UNLISTED;
        return;
    }
    entry->newer = NO_ENTRY;
    entry->older = keyspace->newest;
    if (keyspace->newest == NO_ENTRY)
        keyspace->oldest = index;
    else
        keyspace->entries[keyspace->newest].newer = index;
    keyspace->newest = index;
}

/* The entry has moved to `index`: its neighbours and its table follow. */
static void entry_moved(struct keyspace *keyspace, uint32_t index)
{
    const struct entry *entry = &keyspace->entries[index];

    set_slot(keyspace, entry->ref, index + SLOT_ENTRY);
    if (!is_listed(keyspace, entry))
        return;
    if (entry->newer == NO_ENTRY)
        keyspace->newest = index;
    else
        keyspace->entries[entry->newer].older = index;
    if (entry->older == NO_ENTRY)
        keyspace->oldest = index;
    else
        keyspace->entries[entry->older].newer = index;
}

/* Exchange two entries. Neighbours in the list name each other: unlink one by one. */
static void entries_swap(struct keyspace *keyspace, uint32_t a, uint32_t b)
{
    struct entry *entries = keyspace->entries, held = entries[a];
    bool neighbours = is_listed(keyspace, &entries[a]) && is_listed(keyspace, &entries[b]) &&
                      (held.newer == b || held.older == b);

    if (a == b)
        return;
    entries[a] = entries[b];
    entries[b] = held;
    if (neighbours && held.newer == b) { /* b is the newer of the two, and is at a now */
        entries[a].older = b;
        entries[b].newer = a;
    } else if (neighbours) {
        entries[a].newer = b;
        entries[b].older = a;
    }
    entry_moved(keyspace, a);
    entry_moved(keyspace, b);
}

/* --- uses ------------------------------------------------------------------------------------ */

static uint32_t lru_clock(sim_time now)
{
    return (uint32_t)(now / LRU_RESOLUTION) & LRU_MASK;
}

static uint32_t minute_of(sim_time now)
{
    return (uint32_t)(now / (60 * SIM_S)) & UINT16_MAX;
}

static uint32_t first_use(const struct keyspace *keyspace, sim_time now)
{
    return keyspace->lfu ? lfu_make(minute_of(now), LFU_START) : lru_clock(now);
}

static void note_use(struct keyspace *keyspace, uint32_t index, sim_time now)
{
    const struct memory_config *config = keyspace->config;
    struct entry *entry = &keyspace->entries[index];

    if (keyspace->lfu) {
        uint32_t minute = minute_of(now);
        uint32_t counter = lfu_value(entry->used, minute, config->lfu_decay_min);

        entry->used = lfu_make(
            minute, lfu_increment(counter, config->lfu_log_factor, rng_unit(draw(keyspace))));
    } else {
        entry->used = lru_clock(now);
    }
    if (is_listed(keyspace, entry) && keyspace->newest != index) {
        list_remove(keyspace, entry);
        list_add(keyspace, index);
    }
}

/* --- keys that come and go ------------------------------------------------------------------- */

static void count_bytes(struct keyspace *keyspace, const struct entry *entry, int sign)
{
    struct keyspace_counts *counts = &keyspace->counts;
    uint64_t key = (uint64_t)keyspace->config->overhead_bytes, value = entry->bytes;
    bool on_ssd = keyspace->listed && entry->older == ON_SSD;
    uint64_t in_memory = on_ssd ? key : key + value, on_disk = on_ssd ? value : 0;

    counts->used_bytes += sign > 0 ? key + value : -(key + value);
    counts->memory_bytes += sign > 0 ? in_memory : -in_memory;
    counts->ssd_bytes += sign > 0 ? on_disk : -on_disk;
    counts->ssd_keys += sign > 0 ? on_ssd : -(uint64_t)on_ssd;
}

/* To a random place: active expiry meets keys in an order that does not depend on their age, as it
 * does in a hash table. */
static uint32_t volatile_add(struct keyspace *keyspace, uint32_t index)
{
    uint32_t end = (uint32_t)keyspace->volatile_count++;
    uint32_t to = rng_below(draw(keyspace), end + 1);

    entries_swap(keyspace, index, end);
    entries_swap(keyspace, end, to);
    return to;
}

/* What this pass of active expiry has seen stays apart from what it has not. */
static uint32_t volatile_remove(struct keyspace *keyspace, uint32_t index)
{
    uint32_t end = (uint32_t)--keyspace->volatile_count;

    if (index < keyspace->checked) {
        uint32_t last_checked = (uint32_t)--keyspace->checked;

        entries_swap(keyspace, index, last_checked);
        index = last_checked;
    }
    entries_swap(keyspace, index, end);
    return end;
}

/* Move an entry into the part with an expiry, or out of it. Returns where it is. */
static uint32_t set_volatile(struct keyspace *keyspace, uint32_t index, bool is_volatile)
{
    if (is_volatile == (index < keyspace->volatile_count))
        return index;
    return is_volatile ? volatile_add(keyspace, index) : volatile_remove(keyspace, index);
}

static uint32_t entry_add(struct keyspace *keyspace, uint32_t ref, const struct key_value *value,
                          sim_time now)
{
    uint32_t index = (uint32_t)keyspace->count;

    MEM_GROW(keyspace->entries, keyspace->capacity, keyspace->count + 1);
    keyspace->entries[index] = (struct entry){.expires = value->expires,
                                              .ref = ref,
                                              .bytes = value->bytes,
                                              .version = value->version,
                                              .used = first_use(keyspace, now)};
    keyspace->count++;
    set_slot(keyspace, ref, index + SLOT_ENTRY);
    list_add(keyspace, index);
    count_bytes(keyspace, &keyspace->entries[index], 1);
    return set_volatile(keyspace, index, value->expires != SIM_NEVER);
}

static void entry_remove(struct keyspace *keyspace, uint32_t index, enum key_state why)
{
    uint32_t last;

    count_bytes(keyspace, &keyspace->entries[index], -1);
    list_remove(keyspace, &keyspace->entries[index]);
    keyspace->entries[index].older = UNLISTED;
    set_slot(keyspace, keyspace->entries[index].ref, (uint32_t)why);
    keyspace->entries[index].ref = NO_REF;
    index = set_volatile(keyspace, index, false);
    last = (uint32_t)--keyspace->count;
    if (index == last)
        return;
    keyspace->entries[index] = keyspace->entries[last];
    entry_moved(keyspace, index);
}

/* By the server itself. */
static void entry_drop(struct keyspace *keyspace, uint32_t index, enum key_state why)
{
    uint32_t ref = keyspace->entries[index].ref;

    entry_remove(keyspace, index, why);
    if (keyspace->removed && ref != NO_REF)
        keyspace->removed(keyspace->self, ref, why);
}

/* --- eviction -------------------------------------------------------------------------------- */

static bool is_of_volatile(int policy)
{
    return policy == EVICT_VOLATILE_LRU || policy == EVICT_VOLATILE_LFU ||
           policy == EVICT_VOLATILE_RANDOM || policy == EVICT_VOLATILE_TTL;
}

static uint64_t score_of(const struct keyspace *keyspace, const struct entry *entry, sim_time now)
{
    if (keyspace->config->policy == EVICT_VOLATILE_TTL)
        return UINT64_MAX - (uint64_t)entry->expires / (uint64_t)SIM_MS;
    if (keyspace->lfu)
        return LFU_MOST - lfu_value(entry->used, minute_of(now), keyspace->config->lfu_decay_min);
    return (lru_clock(now) - entry->used) & LRU_MASK;
}

/* The place of a candidate is before those with the same score, as in evictionPoolPopulate(). A
 * full pool gives up its worst, unless the new one is no better. */
static void pool_add(struct keyspace *keyspace, const struct candidate *candidate)
{
    struct candidate *pool = keyspace->pool;
    uint32_t at = 0;

    while (at < keyspace->pool_count && pool[at].score < candidate->score)
        at++;
    if (keyspace->pool_count < POOL_SIZE) {
        memmove(pool + at + 1, pool + at, (keyspace->pool_count - at) * sizeof *pool);
        keyspace->pool_count++;
    } else if (at == 0) {
        return;
    } else {
        at--;
        memmove(pool, pool + 1, at * sizeof *pool);
    }
    pool[at] = *candidate;
}

/* The entry of a candidate, if that key is still held; else NO_ENTRY. */
static uint32_t entry_of(const struct keyspace *keyspace, const struct candidate *candidate)
{
    uint32_t slot = slot_of(keyspace, candidate->ref);

    if (slot < SLOT_ENTRY || (!ref_is_class(candidate->ref) &&
                              keyspace->entries[slot - SLOT_ENTRY].version != candidate->version))
        return NO_ENTRY;
    return slot - SLOT_ENTRY;
}

static size_t candidates(const struct keyspace *keyspace)
{
    return is_of_volatile(keyspace->config->policy) ? keyspace->volatile_count : keyspace->count;
}

static uint32_t sample(struct keyspace *keyspace, size_t among)
{
    keyspace->counts.sampled++;
    return rng_below(draw(keyspace), (uint32_t)among);
}

/* A key that nobody reads has no name by which the pool could find it again: the sample is as good
 * a moment as any. */
static uint32_t populate(struct keyspace *keyspace, size_t among, sim_time now)
{
    for (uint32_t i = 0; i < keyspace->config->samples; i++) {
        uint32_t index = sample(keyspace, among);
        const struct entry *entry = &keyspace->entries[index];
        struct candidate candidate = {score_of(keyspace, entry, now), entry->ref, entry->version};

        if (entry->ref != NO_REF)
            pool_add(keyspace, &candidate);
        else if (keyspace->pool_count == 0 ||
                 candidate.score >= keyspace->pool[keyspace->pool_count - 1].score)
            return index;
    }
    return NO_ENTRY;
}

/* The key to be evicted by a policy that compares samples. */
static uint32_t choose_sampled(struct keyspace *keyspace, size_t among, sim_time now)
{
    for (;;) {
        uint32_t chosen = populate(keyspace, among, now);

        while (chosen == NO_ENTRY && keyspace->pool_count > 0)
            chosen = entry_of(keyspace, &keyspace->pool[--keyspace->pool_count]);
        if (chosen != NO_ENTRY)
            return chosen;
    }
}

/* false: there is none. */
static bool evict_one(struct keyspace *keyspace, sim_time now)
{
    int policy = keyspace->config->policy;
    size_t among = candidates(keyspace);
    uint32_t index;

    if (policy == EVICT_NONE || among == 0)
        return false;
    if (keyspace->config->exact_lru)
        index = keyspace->oldest;
    else if (policy == EVICT_ALLKEYS_RANDOM || policy == EVICT_VOLATILE_RANDOM)
        index = sample(keyspace, among);
    else
        index = choose_sampled(keyspace, among, now);
    if (index == NO_ENTRY)
        return false;
    keyspace->counts.evictions++;
    entry_drop(keyspace, index, KEY_EVICTED);
    return true;
}

/* --- tiering --------------------------------------------------------------------------------- */

/* Values in memory go to SSD, the least recently used first, until the memory suffices. */
static void demote(struct keyspace *keyspace)
{
    uint64_t memory = (uint64_t)keyspace->config->memory_bytes;

    if (memory == 0)
        return;
    while (keyspace->counts.memory_bytes > memory && keyspace->oldest != NO_ENTRY) {
        struct entry *entry = &keyspace->entries[keyspace->oldest];

        count_bytes(keyspace, entry, -1);
        list_remove(keyspace, entry);
        entry->older = ON_SSD;
        count_bytes(keyspace, entry, 1);
    }
}

/* Returns whether the value was on SSD; now it is in memory. */
static bool fetch(struct keyspace *keyspace, uint32_t index)
{
    struct entry *entry = &keyspace->entries[index];

    if (!keyspace->listed || entry->older != ON_SSD)
        return false;
    count_bytes(keyspace, entry, -1);
    list_add(keyspace, index);
    count_bytes(keyspace, entry, 1);
    keyspace->counts.ssd_reads++;
    demote(keyspace);
    return true;
}

static bool is_full(const struct keyspace *keyspace, uint64_t more)
{
    const struct memory_config *config = keyspace->config;

    if (config->limit_bytes > 0 &&
        keyspace->counts.used_bytes + more > (uint64_t)config->limit_bytes)
        return true;
    return config->memory_bytes > 0 && keyspace->oldest == NO_ENTRY &&
           keyspace->counts.memory_bytes > (uint64_t)config->memory_bytes; /* of keys alone */
}

/* --- commands -------------------------------------------------------------------------------- */

struct keyspace *keyspace_new(const struct memory_config *config, struct rng_stream stream,
                              void (*removed)(void *self, uint32_t ref, enum key_state why),
                              void *self)
{
    struct keyspace *keyspace = mem_zalloc(1, sizeof *keyspace);

    invariant(config->samples > 0);
    keyspace->config = config;
    keyspace->stream = stream;
    keyspace->removed = removed;
    keyspace->self = self;
    keyspace->newest = keyspace->oldest = NO_ENTRY;
    keyspace->listed = config->exact_lru || config->memory_bytes > 0;
    keyspace->lfu = config->policy == EVICT_ALLKEYS_LFU || config->policy == EVICT_VOLATILE_LFU;
    return keyspace;
}

void keyspace_free(struct keyspace *keyspace)
{
    if (!keyspace)
        return;
    for (uint32_t t = 0; t < TABLES; t++)
        free(keyspace->tables[t].slots);
    free(keyspace->entries);
    free(keyspace);
}

enum key_state keyspace_peek(const struct keyspace *keyspace, uint32_t ref, sim_time now,
                             struct key_value *value)
{
    uint32_t slot = slot_of(keyspace, ref);
    const struct entry *entry;

    if (slot < SLOT_ENTRY)
        return state_of(slot);
    entry = &keyspace->entries[slot - SLOT_ENTRY];
    if (entry->expires <= now)
        return KEY_EXPIRED;
    if (value)
        *value = (struct key_value){entry->bytes, entry->version, entry->expires};
    return KEY_HELD;
}

enum key_state keyspace_get(struct keyspace *keyspace, uint32_t ref, sim_time now,
                            struct key_value *value, bool *on_ssd)
{
    enum key_state state = keyspace_peek(keyspace, ref, now, value);
    uint32_t slot = slot_of(keyspace, ref);
    bool was_on_ssd;

    if (state == KEY_EXPIRED && slot >= SLOT_ENTRY) {
        keyspace->counts.expired_lazy++;
        entry_drop(keyspace, slot - SLOT_ENTRY, KEY_EXPIRED);
    }
    if (state != KEY_HELD) {
        keyspace->counts.misses++;
        return state;
    }
    keyspace->counts.hits++;
    was_on_ssd = fetch(keyspace, slot - SLOT_ENTRY);
    if (!keyspace->saving)
        note_use(keyspace, slot - SLOT_ENTRY, now);
    if (on_ssd)
        *on_ssd = was_on_ssd;
    return KEY_HELD;
}

/* A row of sessions is used again: the key of the session before stays until it is evicted or
 * expires. */
static void leave_behind(struct keyspace *keyspace, uint32_t index)
{
    keyspace->entries[index].ref = NO_REF;
}

static void overwrite(struct keyspace *keyspace, uint32_t index, const struct key_value *value,
                      sim_time now)
{
    struct entry *entry = &keyspace->entries[index];

    count_bytes(keyspace, entry, -1);
    list_remove(keyspace, entry);
    entry->bytes = value->bytes;
    entry->version = value->version;
    entry->expires = value->expires;
    list_add(keyspace, index);
    count_bytes(keyspace, entry, 1);
    index = set_volatile(keyspace, index, value->expires != SIM_NEVER);
    if (!keyspace->saving || !keyspace->lfu) /* the new value has the time; the counter stays */
        note_use(keyspace, index, now);
}

static void expire_before_write(struct keyspace *keyspace, uint32_t ref, sim_time now)
{
    uint32_t slot = slot_of(keyspace, ref);

    if (slot < SLOT_ENTRY || keyspace->entries[slot - SLOT_ENTRY].expires > now)
        return;
    keyspace->counts.expired_lazy++;
    entry_drop(keyspace, slot - SLOT_ENTRY, KEY_EXPIRED);
}

void keyspace_put(struct keyspace *keyspace, uint32_t ref, const struct key_value *value,
                  sim_time now)
{
    uint32_t slot = slot_of(keyspace, ref);

    if (slot >= SLOT_ENTRY && !ref_is_class(ref) &&
        keyspace->entries[slot - SLOT_ENTRY].version != value->version) {
        leave_behind(keyspace, slot - SLOT_ENTRY);
        slot = 0;
    }
    if (slot >= SLOT_ENTRY)
        overwrite(keyspace, slot - SLOT_ENTRY, value, now);
    else
        entry_add(keyspace, ref, value, now);
    demote(keyspace);
}

bool keyspace_set(struct keyspace *keyspace, uint32_t ref, const struct key_value *value,
                  sim_time now)
{
    const struct memory_config *config = keyspace->config;
    uint64_t room = config->makes_room ? (uint64_t)config->overhead_bytes + value->bytes : 0;

    while (is_full(keyspace, room))
        if (!evict_one(keyspace, now)) {
            keyspace->counts.refused++;
            return false;
        }
    expire_before_write(keyspace, ref, now);
    keyspace_put(keyspace, ref, value, now);
    return true;
}

void keyspace_delete(struct keyspace *keyspace, uint32_t ref)
{
    uint32_t slot = slot_of(keyspace, ref);

    if (slot >= SLOT_ENTRY)
        entry_remove(keyspace, slot - SLOT_ENTRY, KEY_DELETED);
    else
        set_slot(keyspace, ref, KEY_DELETED);
}

void keyspace_clear(struct keyspace *keyspace)
{
    while (keyspace->count > 0)
        entry_remove(keyspace, (uint32_t)keyspace->count - 1, KEY_FLUSHED);
}

void keyspace_retain(struct keyspace *keyspace,
                     bool (*keeps)(void *self, uint32_t ref, const struct key_value *value),
                     void *self, enum key_state why)
{
    for (size_t i = keyspace->count; i-- > 0;) {
        const struct entry *entry = &keyspace->entries[i];
        struct key_value value = {entry->bytes, entry->version, entry->expires};

        /* The entry that takes its place has been asked: it comes from behind. */
        if (!keeps(self, entry->ref, &value))
            entry_remove(keyspace, (uint32_t)i, why);
    }
}

/* --- active expiry --------------------------------------------------------------------------- */

/* A loop of a cycle: the next keys of the pass. Returns how many it has deleted. */
static uint32_t expire_loop(struct keyspace *keyspace, uint32_t number, sim_time now)
{
    uint32_t expired = 0;

    for (uint32_t i = 0; i < number && keyspace->volatile_count > 0; i++) {
        if (keyspace->checked >= keyspace->volatile_count)
            keyspace->checked = 0;
        if (keyspace->entries[keyspace->checked].expires > now) {
            keyspace->checked++;
            continue;
        }
        expired++;
        keyspace->counts.expired_active++;
        entry_drop(keyspace, (uint32_t)keyspace->checked, KEY_EXPIRED);
    }
    return expired;
}

sim_dur keyspace_expire(struct keyspace *keyspace, sim_time now, bool fast)
{
    const struct memory_config *config = keyspace->config;
    sim_dur takes = 0, limit = fast ? config->expire_fast_ns : config->expire_limit_ns;

    keyspace->out_of_time = false;
    for (uint32_t loop = 1; keyspace->volatile_count > 0; loop++) {
        uint32_t number = keyspace->volatile_count < config->expire_sample
                              ? (uint32_t)keyspace->volatile_count
                              : config->expire_sample;
        uint32_t expired = expire_loop(keyspace, number, now);

        takes += expired * config->expire_key_ns;
        keyspace->out_of_time = loop % TIME_CHECK == 0 && takes > limit;
        if (keyspace->out_of_time || expired * 100 / number <= config->expire_stale_percent)
            break;
    }
    return takes;
}

bool keyspace_is_out_of_time(const struct keyspace *keyspace)
{
    return keyspace->out_of_time;
}

void keyspace_set_saving(struct keyspace *keyspace, bool saving)
{
    keyspace->saving = saving;
}

struct keyspace_counts keyspace_counts(const struct keyspace *keyspace)
{
    struct keyspace_counts counts = keyspace->counts;

    counts.keys = keyspace->count;
    counts.volatile_keys = keyspace->volatile_count;
    return counts;
}
