// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The memory of a store's servers: the parameters of limits, expiry and tiering; the keyspace
 * (keyspace.h) of each server that has one; snapshots' copies of pages; the cron of the servers;
 * and their metrics.
 *
 * A store without any of these parameters and without key classes has none of it: store->memory and
 * each server->keyspace are NULL.
 *
 *   used      keys, values and overhead
 *   copied    pages that a running snapshot's child process holds in addition: copy on write
 *   limit     maxmemory less the reserve: what `used` may reach before keys are evicted
 *   node      maxmemory: what `used` and `copied` may reach together before the node pages to disk
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "keyspace.h"
#include "model.h"
#include "store_kind.h"

struct cluster;
struct server;
struct store;
struct store_config;

enum memory_kind { MEMORY_UNLIMITED, MEMORY_LIMITED };
enum session_expiry { EXPIRY_NONE, EXPIRY_TTL };
enum value_tiering { TIERING_NONE, TIERING_SSD };
enum memory_exceeded { EXCEEDED_PAGES, EXCEEDED_KILLS };

struct memory_params {
    int kind, policy, expiry, tiering, exceeded; /* enums above; policy: enum eviction_policy */
    int64_t maxmemory_bytes, overhead_bytes, session_bytes, ssd_bytes, node_bytes;
    uint32_t samples, expire_hz, expire_effort, pages_per_write;
    double lfu_log_factor;
    sim_dur lfu_decay_ns, ttl_ns, skew_ns, expire_key_ns, page_in_ns, restart_ns;
    struct dist *ssd_latency;
};

extern const char *const memory_kinds[], *const expiry_kinds[], *const tiering_kinds[],
                                                                    *const memory_exceeded_names[];

/* clang-format off */
#define MEMORY_FIELDS(member) \
    VARIANT("memory", member.kind, memory_kinds, "unlimited", "memory of a server: unlimited, or limited, with keys that are evicted", "assumption"), \
    SIZE("memory.limited.maxmemory", member.maxmemory_bytes, "0", "0", "1024 GiB", "maxmemory of a server, of which the reserve is not for data; 0: that of the node type", "facts C.2"), \
    CHOICE("memory.limited.policy", member.policy, eviction_policies, "volatile-lru", "maxmemory-policy: which keys are evicted where memory is full; noeviction: writes are refused (OOM)", "facts C.2"), \
    COUNT("memory.limited.samples", member.samples, "1", "5", "64", "maxmemory-samples: keys among which each eviction looks for the best", "redis evict.c"), \
    NUMBER("memory.limited.lfu_log_factor", member.lfu_log_factor, "0", "10", "1000", "lfu-log-factor: the larger, the more uses saturate a key's counter", "redis evict.c"), \
    DURATION("memory.limited.lfu_decay", member.lfu_decay_ns, "0s", "1min", "1d", "lfu-decay-time, in full minutes: time without a use in which a key's counter loses 1; 0: never", "redis evict.c"), \
    SIZE("memory_cost.key_overhead", member.overhead_bytes, "0", "170 B", "1 MiB", "memory of a key beside its value: name, entry and expiry in tables", "redis memory usage"), \
    SIZE("memory_cost.session", member.session_bytes, "1 B", "1100 B", "1 GiB", "value of a session from before the run; later ones have the bytes of their write", "facts H"), \
    COUNT("memory_cost.pages_per_write", member.pages_per_write, "1", "2", "1000", "pages of 4 KiB that a write changes, each of which a running snapshot copies once: value and table entry", "assumption"), \
    CHOICE("memory_cost.exceeded", member.exceeded, memory_exceeded_names, "pages", "where data and copied pages exceed a node's memory: pages (it pages to disk) or kills (the kernel kills the process)", "seed 001"), \
    DURATION("memory_cost.page_in", member.page_in_ns, "0ms", "0.1ms", "1s", "exceeded: time that a command blocks the server for a page that is on disk", "assumption"), \
    DURATION("memory_cost.restart", member.restart_ns, "0s", "10s", "1h", "exceeded: time until a killed process is restarted", "assumption"), \
    VARIANT("expiry", member.expiry, expiry_kinds, "none", "sessions expire at the servers: none, or after a time to live that each write renews", "facts C.3"), \
    DURATION("expiry.ttl.after", member.ttl_ns, "1s", "30min", "365d", "time to live of a session", "facts H"), \
    DURATION("expiry.ttl.clock_skew", member.skew_ns, "0ms", "0ms", "1h", "largest deviation of a region's clock, uniform in both directions: expiry is an absolute time, set by the clock of one region and judged by that of another", "assumption"), \
    COUNT("expiry_cycle.hz", member.expire_hz, "1", "10", "500", "cycles of active expiry a second (hz)", "redis expire.c"), \
    COUNT("expiry_cycle.effort", member.expire_effort, "1", "1", "10", "active-expire-effort: keys sampled, share of expired keys accepted, share of the time used", "redis expire.c"), \
    DURATION("expiry_cycle.per_key", member.expire_key_ns, "0ns", "1us", "1ms", "time of the server for each key that a cycle deletes", "assumption"), \
    VARIANT("tiering", member.tiering, tiering_kinds, "none", "data tiering: values that are not used go to SSD, keys stay in memory (node types r6gd)", "elasticache data tiering"), \
    SIZE("tiering.ssd.capacity", member.ssd_bytes, "0", "0", "10240 GiB", "SSD of a server, in addition to its memory; 0: that of the node type", "elasticache data tiering"), \
    TIME_DIST("tiering.ssd.latency", member.ssd_latency, "0ms", "exponential(300us)", "1s", "additional latency of a read whose value is on SSD; mean as documented for 500 B, distribution an assumption", "elasticache data tiering")
/* clang-format on */

/* Metrics of a cluster with keyspaces. The cron reports them, each 1/hz. */
/* clang-format off */
#define MEMORY_METRICS \
    {.name = "memory_used_bytes", .unit = UNIT_BYTES, .kind = METRIC_LEVEL, .series = true, .meaning = "keys and values at the cluster's servers, with overhead; with tiering, those on SSD too"}, \
    {.name = "memory_used_share", .unit = UNIT_SHARE, .kind = METRIC_LEVEL, .scale = 1e-6, .series = true, .meaning = "the same / what may be used: maxmemory less the reserve, and SSD"}, \
    {.name = "memory_copied_bytes", .unit = UNIT_BYTES, .kind = METRIC_LEVEL, .series = true, .meaning = "pages that were changed since the fork of a running snapshot, and are held twice"}, \
    {.name = "swap_used_bytes", .unit = UNIT_BYTES, .kind = METRIC_LEVEL, .better = LOWER_IS_BETTER, .series = true, .meaning = "memory of the cluster's nodes that is paged to disk"}, \
    {.name = "keys", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "keys at the cluster's servers, those included that nobody reads any more"}, \
    {.name = "evictions", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "keys evicted because memory was full"}, \
    {.name = "expired_keys", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "keys deleted because their time to live was over, when they were read or by a cycle of active expiry"}, \
    {.name = "writes_out_of_memory", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "writes refused because memory was full and no key could be evicted"}, \
    {.name = "cache_lookups", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "reads of keys at the servers"}, \
    {.name = "cache_hits", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = HIGHER_IS_BETTER, .series = true, .meaning = "those whose key was held"}, \
    {.name = "cache_misses", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "the others"}, \
    {.name = "hit_ratio", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = HIGHER_IS_BETTER, .over = "cache_hits", .under = "cache_lookups", .series = true, .meaning = "cache_hits / cache_lookups"}, \
    {.name = "ssd_reads", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "with tiering: reads of values that were on SSD"}, \
    {.name = "ssd_read_share", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .over = "ssd_reads", .under = "cache_hits", .series = true, .meaning = "with tiering: ssd_reads / cache_hits"}
/* clang-format on */

/* A snapshot in progress. */
struct memory_fork {
    bool active;
    uint64_t pages; /* of the data at the fork */
    double writes;  /* pages written since, with repetitions */
};

/* Of a server with a keyspace; servers of one node share it. */
struct server_memory {
    struct keyspace *keyspace;
    struct server *server;
    struct memory_fork fork;
    double paged; /* share of the memory that is on disk */
    struct keyspace_counts reported;
};

/* struct store's `memory`. */
struct store_memory;

/* Whether the parameters ask for keyspaces. */
bool memory_is_wanted(const struct memory_params *params);
/* Rules on the parameters, for the check of a kind with keyspaces. */
void memory_check(const struct store_config *config, struct validation *validation);
/* Parameters of all of them: for the `lacks` of a kind without keyspaces. */
#define MEMORY_LACKS "memory", "memory_cost", "expiry", "expiry_cycle", "tiering"

/* NULL where no keyspaces are wanted. exact: as memcached evicts. */
struct store_memory *memory_create(struct store *store, bool exact, const struct model_env *env);
/* The nodes are of another type now: limits follow it, unless `maxmemory` is given. */
void memory_resize(struct store_memory *memory, const struct store_config *config);
void memory_free(struct store_memory *memory); /* NULL is allowed */
/* The cron and the metrics of a cluster, if the store has keyspaces. */
void memory_init_cluster(struct cluster *cluster, const struct model_env *env);
void memory_finish_cluster(struct cluster *cluster);
/* Give a server a keyspace, if the store has them; `count` servers from this one on share it. */
void memory_open(struct server *server, uint32_t count);
/* Another server has the keyspace from now on. */
void memory_move(struct server *from, struct server *to);

/* What the servers of a cluster hold. */
struct held_data memory_held(const struct cluster *cluster);
/* A session from before the run, or of a snapshot that is restored. */
void memory_seed(struct server *server, uint32_t session, uint32_t session_check);
/* A write of a session is about to be executed. false: the memory is full, and the command has its
 * reply. Only for a server with a keyspace. */
RARE bool memory_write(struct server *server, struct command *command);
/* The server's data has the session that a read asks for: does its memory? The command has its
 * reply, or gets it when its value has been read from SSD. The same condition. */
RARE enum execution memory_read(struct server *server, uint32_t ref, struct command *command);
/* The same for a command on a key of a class, which is executed already: what it costs besides. */
RARE enum execution memory_class_command(struct server *server, uint32_t ref,
                                         const struct command *command, bool on_ssd);
/* A read at a copy of the server's data, in the region of `at`: it uses nothing, and hides what has
 * expired by its own clock. has_removal: whether the copy knows that the key was removed. */
RARE void memory_read_copy(const struct server *server, const struct cluster *at, bool has_removal,
                           struct command *command);
/* Whether the run has begun: keys evicted before that were never there. */
bool memory_runs(const struct store_memory *memory);
/* The time of a region's clock. */
sim_time memory_clock(const struct store_memory *memory, int region);
/* A snapshot of the server begins: its process forks. It ends. */
void memory_fork_begin(struct server *server);
void memory_fork_end(struct server *server);
/* Expected bytes of pages that w writes to random ones of N pages change: N (1 - (1 - 1/N)^w). */
double memory_copied_bytes(const struct memory_fork *fork);

#endif
