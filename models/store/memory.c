// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory.h"

#include "phase_rule.h"
#include "run_log.h"
#include "strbuf.h"
#include "store_internal.h"

#include <math.h>
#include <stdlib.h>

#define PAGE_BYTES 4096.0
#define SHARE_SCALE 1000000
#define MINUTE (60 * SIM_S)
#define CRON_ENTITY 256u              /* of its phase: beside regions */
#define TIER_MOST_BYTES (128ll << 20) /* larger values stay in memory */

const char *const memory_kinds[] = {"unlimited", "limited", NULL};
const char *const expiry_kinds[] = {"none", "ttl", NULL};
const char *const tiering_kinds[] = {"none", "ssd", NULL};
const char *const memory_exceeded_names[] = {"pages", "kills", NULL};

struct memory_probes {
    probe_id used, share, copied, swap, keys, evictions, expired, refused, lookups, hits, misses,
        ssd_reads;
};

struct store_memory {
    struct store *store;
    const struct memory_params *params;
    struct memory_config config; /* of each keyspace */
    double node_bytes;           /* maxmemory */
    struct rng_stream draws;
    sim_dur clocks[REGIONS_MAX]; /* ahead of the true time */
    struct memory_probes probes[REGIONS_MAX];
    kind_id cron_kind[REGIONS_MAX], fast_kind[REGIONS_MAX], ssd_kind[REGIONS_MAX],
        restart_kind[REGIONS_MAX];
    bool runs;                    /* the cron has begun */
    struct server_memory *opened; /* for memory_free() */
    size_t opened_count;
};

sim_time memory_clock(const struct store_memory *memory, int region)
{
    return sim_now(memory->store->sim) + memory->clocks[region];
}

bool memory_runs(const struct store_memory *memory)
{
    return memory->runs;
}

static sim_time clock_of(const struct server *server)
{
    return memory_clock(server->cluster->store->memory, server->cluster->region);
}

/* Of the servers that share a keyspace one counts for it. */
static bool owns_memory(const struct server *server)
{
    return server->memory && server->memory->server == server;
}

/* --- a snapshot's pages ---------------------------------------------------------------------- */

double memory_copied_bytes(const struct memory_fork *fork)
{
    double pages = (double)fork->pages;

    if (!fork->active || pages < 1)
        return 0;
    if (pages < 2)
        return fork->writes > 0 ? PAGE_BYTES : 0;
    return -expm1(fork->writes * log1p(-1 / pages)) * pages * PAGE_BYTES;
}

void memory_fork_begin(struct server *server)
{
    struct server_memory *own = server->memory;

    if (!own)
        return;
    own->fork = (struct memory_fork){
        .active = true,
        .pages = (uint64_t)((double)keyspace_counts(own->keyspace).memory_bytes / PAGE_BYTES)};
    keyspace_set_saving(own->keyspace, true);
}

void memory_fork_end(struct server *server)
{
    if (!server->memory)
        return;
    server->memory->fork.active = false;
    keyspace_set_saving(server->memory->keyspace, false);
}

/* What does not fit the node, and its share of the process's memory. */
static double set_paged(struct server_memory *own)
{
    const struct store_memory *memory = own->server->cluster->store->memory;
    double held =
        (double)keyspace_counts(own->keyspace).memory_bytes + memory_copied_bytes(&own->fork);
    double over = held > memory->node_bytes ? held - memory->node_bytes : 0;

    own->paged = over > 0 ? over / held : 0;
    return over;
}

/* A command needs a page that is on disk: its server waits for it. */
static void page_in(struct server *server, const struct command *command)
{
    const struct store_memory *memory = server->cluster->store->memory;
    struct rng_block block = rng_block_at(&memory->draws, command->identity, command->attempt);

    if (rng_unit(block.word[0]) < server->memory->paged)
        server_work(server, sim_now(memory->store->sim), memory->params->page_in_ns);
}

struct held_data memory_held(const struct cluster *cluster)
{
    struct held_data held = {0, 0};

    for (uint32_t s = 0; s < cluster->store->shard_count; s++) {
        const struct server *server = &cluster->servers[s];
        struct keyspace_counts counts;

        if (!owns_memory(server))
            continue;
        counts = keyspace_counts(server->keyspace);
        held.keys += counts.keys;
        held.bytes += counts.used_bytes;
    }
    return held;
}

/* --- commands -------------------------------------------------------------------------------- */

static struct key_value value_of(const struct server *server, uint32_t bytes, uint32_t check)
{
    sim_dur ttl = server->cluster->store->memory->params->ttl_ns;
    bool expires = server->cluster->store->memory->params->expiry == EXPIRY_TTL;

    return (struct key_value){bytes, check, expires ? clock_of(server) + ttl : SIM_NEVER};
}

void memory_seed(struct server *server, uint32_t session, uint32_t session_check)
{
    const struct store_memory *memory = server->cluster->store->memory;
    struct key_value value;

    if (!server->memory)
        return;
    value = value_of(server, (uint32_t)memory->params->session_bytes, session_check);
    if (memory->runs) /* a data set is loaded: the next write evicts */
        keyspace_put(server->keyspace, session, &value, clock_of(server));
    else
        (void)keyspace_set(server->keyspace, session, &value, clock_of(server));
}

RARE bool memory_write(struct server *server, struct command *command)
{
    struct server_memory *own = server->memory;
    struct key_value value = value_of(server, command->bytes, command->session_check), held;
    sim_time now = clock_of(server);
    bool is_held = keyspace_peek(own->keyspace, command->session, now, &held) == KEY_HELD;

    if (__builtin_expect(own->paged > 0, 0))
        page_in(server, command);
    if (own->fork.active)
        own->fork.writes += server->cluster->store->memory->params->pages_per_write;
    if (is_held && held.version > value.version)
        return true; /* a late write of a session whose row has been reused */
    if (command->kind == COMMAND_DELETE) {
        if (is_held && held.version == value.version)
            keyspace_delete(own->keyspace, command->session);
        return true;
    }
    if (keyspace_set(own->keyspace, command->session, &value, now))
        return true;
    command->reply.kind = REPLY_OOM;
    return false;
}

static void set_miss(struct command *command, enum key_state state)
{
    static const uint8_t reasons[] = {
        [KEY_HELD] = MISS_NEVER_WRITTEN,    [KEY_NEVER] = MISS_NEVER_WRITTEN,
        [KEY_EVICTED] = MISS_EVICTED,       [KEY_EXPIRED] = MISS_EXPIRED,
        [KEY_DELETED] = MISS_NEVER_WRITTEN, [KEY_FLUSHED] = MISS_FLUSHED};

    command->reply.kind = REPLY_MISS;
    command->reply.miss = reasons[state];
}

/* The reply to a read waits for its value. */
static enum execution read_from_ssd(const struct server *server, uint32_t ref,
                                    const struct command *command)
{
    struct store_memory *memory = server->cluster->store->memory;
    struct rng_block block = rng_block_at(&memory->draws, command->identity, command->attempt);

    sim_after(memory->store->sim, dist_sample_ns(memory->params->ssd_latency, block.word[1]),
              memory->ssd_kind[server->cluster->region], ref, command->generation);
    return EXECUTION_PENDING;
}

RARE enum execution memory_read(struct server *server, uint32_t ref, struct command *command)
{
    struct key_value value = {0};
    bool on_ssd = false;
    enum key_state state =
        keyspace_get(server->keyspace, command->session, clock_of(server), &value, &on_ssd);

    if (__builtin_expect(server->memory->paged > 0, 0))
        page_in(server, command);
    if (state != KEY_HELD || value.version != command->session_check) {
        set_miss(command, state);
        return EXECUTION_DONE;
    }
    return on_ssd ? read_from_ssd(server, ref, command) : EXECUTION_DONE;
}

RARE enum execution memory_class_command(struct server *server, uint32_t ref,
                                         const struct command *command, bool on_ssd)
{
    if (server->memory->paged > 0)
        page_in(server, command);
    if (server->memory->fork.active && command_is_write(command->kind))
        server->memory->fork.writes += server->cluster->store->memory->params->pages_per_write;
    return on_ssd ? read_from_ssd(server, ref, command) : EXECUTION_DONE;
}

RARE void memory_read_copy(const struct server *server, const struct cluster *at, bool has_removal,
                           struct command *command)
{
    enum key_state state = keyspace_peek(server->keyspace, command->session,
                                         memory_clock(at->store->memory, at->region), NULL);

    if (state == KEY_EXPIRED || (state == KEY_EVICTED && has_removal))
        set_miss(command, state);
}

/* The value of a read has come from SSD. */
static void memory_on_ssd(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct command *command =
        command_at(cluster->store->pools[ref_region(entity)], ref_index(entity));
    struct reply reply = command->reply;

    (void)sim;
    if ((command->generation & SIM_GENERATION_MASK) == generation)
        server_complete(server_of_command(cluster, command), server_handle(entity, command),
                        &reply);
}

/* --- the cron -------------------------------------------------------------------------------- */

static void count_since(const struct cluster *cluster, struct server_memory *own)
{
    const struct memory_probes *probes = &cluster->store->memory->probes[cluster->region];
    struct probes_hot *hot = cluster->store->probes;
    struct keyspace_counts now = keyspace_counts(own->keyspace), *was = &own->reported;
    uint64_t hits = now.hits - was->hits, misses = now.misses - was->misses;

    probe_count_many(hot, probes->evictions, now.evictions - was->evictions);
    probe_count_many(hot, probes->expired,
                     now.expired_active + now.expired_lazy - was->expired_active -
                         was->expired_lazy);
    probe_count_many(hot, probes->refused, now.refused - was->refused);
    probe_count_many(hot, probes->lookups, hits + misses);
    probe_count_many(hot, probes->hits, hits);
    probe_count_many(hot, probes->misses, misses);
    probe_count_many(hot, probes->ssd_reads, now.ssd_reads - was->ssd_reads);
    *was = now;
}

static void memory_report(struct cluster *cluster)
{
    struct store_memory *memory = cluster->store->memory;
    const struct memory_probes *probes = &memory->probes[cluster->region];
    struct probes_hot *hot = memory->store->probes;
    sim_time now = sim_now(memory->store->sim);
    double used = 0, copied = 0, swap = 0, limit = 0;
    uint64_t keys = 0;

    for (uint32_t s = 0; s < memory->store->shard_count; s++) {
        struct server_memory *own = cluster->servers[s].memory;

        if (!owns_memory(&cluster->servers[s]))
            continue;
        count_since(cluster, own);
        used += (double)own->reported.used_bytes;
        keys += own->reported.keys;
        copied += memory_copied_bytes(&own->fork);
        swap += set_paged(own);
        limit += memory->config.limit_bytes > 0 ? (double)memory->config.limit_bytes
                                                : memory->node_bytes;
    }
    probe_level(hot, probes->used, now, (int64_t)used);
    probe_level(hot, probes->share, now, limit > 0 ? (int64_t)(used / limit * SHARE_SCALE) : 0);
    probe_level(hot, probes->copied, now, (int64_t)copied);
    probe_level(hot, probes->swap, now, (int64_t)swap);
    probe_level(hot, probes->keys, now, (int64_t)keys);
}

static bool is_over(const struct cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        if (owns_memory(&cluster->servers[s]) && cluster->servers[s].memory->paged > 0)
            return true;
    return false;
}

/* The kernel ends the process that has most memory: that of the server. */
static void kill_cluster(struct cluster *cluster)
{
    struct store *store = cluster->store;
    struct store_memory *memory = store->memory;
    struct cause cause = sim_cause(store->sim);

    cause.number = run_log_event(store->log, sim_now(store->sim), "out-of-memory",
                                 store->topology->region_names[cluster->region], cause, "killed",
                                 "data and copied pages exceed the node's memory");
    sim_set_cause(store->sim, cause);
    for (uint32_t s = 0; s < store->shard_count; s++)
        memory_fork_end(&cluster->servers[s]);
    cluster->fault.crash(cluster->fault.self, CRASH_PROCESS);
    sim_after(store->sim, memory->params->restart_ns, memory->restart_kind[cluster->region], 0, 0);
}

static void memory_on_restart(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;

    (void)sim, (void)entity, (void)generation;
    cluster->fault.crash(cluster->fault.self, CRASH_NONE);
}

static void memory_on_cron(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct store_memory *memory = cluster->store->memory;

    memory->runs = true;
    for (uint32_t s = 0; s < cluster->store->shard_count; s++) {
        struct server *server = &cluster->servers[s];
        sim_dur takes;

        if (!owns_memory(server) || !cluster->up || cluster->stalled || server->gone)
            continue;
        takes = keyspace_expire(server->keyspace, clock_of(server), false);
        if (takes > 0)
            server_block(server, takes);
        if (keyspace_is_out_of_time(server->keyspace))
            sim_after(sim, 2 * memory->config.expire_fast_ns, memory->fast_kind[cluster->region], s,
                      0);
    }
    memory_report(cluster);
    if (cluster->up && memory->params->exceeded == EXCEEDED_KILLS && is_over(cluster))
        kill_cluster(cluster);
    sim_after(sim, SIM_S / memory->params->expire_hz, memory->cron_kind[cluster->region], entity,
              generation);
}

/* A fast cycle of expiry of server number `entity`; the next slow one starts them again. */
static void memory_on_fast(void *self, struct sim *sim, uint32_t entity, uint32_t number)
{
    struct cluster *cluster = self;
    const struct store_memory *memory = cluster->store->memory;
    struct server *server = &cluster->servers[entity];
    sim_dur wait = 2 * memory->config.expire_fast_ns, takes;
    bool is_last = (number + 2) * wait > SIM_S / memory->params->expire_hz;

    if (!owns_memory(server) || !cluster->up || server->gone ||
        !keyspace_is_out_of_time(server->keyspace))
        return;
    takes = keyspace_expire(server->keyspace, clock_of(server), true);
    if (takes > 0)
        server_block(server, takes);
    if (!is_last)
        sim_after(sim, wait, memory->fast_kind[cluster->region], entity, number + 1);
}

static const struct event_kind memory_fast = {
    .name = "fast-expiry", .phase = PHASE_WORK, .fire = memory_on_fast};
static const struct event_kind memory_cron = {
    .name = "server-cron", .phase = PHASE_WORK, .fire = memory_on_cron};
static const struct event_kind memory_ssd = {
    .name = "ssd-read", .phase = PHASE_WORK, .fire = memory_on_ssd};
static const struct event_kind memory_restart = {
    .name = "memory-restart", .phase = PHASE_WORK, .fire = memory_on_restart};

/* --- wiring ---------------------------------------------------------------------------------- */

static void memory_on_removed(void *self, uint32_t ref, enum key_state why)
{
    const struct server_memory *own = self;
    const struct store_kind *kind = own->server->cluster->store->kind;

    if (kind->removed)
        kind->removed(own->server, ref, why == KEY_EVICTED);
}

bool memory_is_wanted(const struct memory_params *params)
{
    return params->kind != MEMORY_UNLIMITED || params->expiry != EXPIRY_NONE ||
           params->tiering != TIERING_NONE;
}

void memory_check(const struct store_config *config, struct validation *validation)
{
    const struct memory_params *params = &config->memory;
    const struct node_type *type = node_type_at(config->node_type);
    bool is_lru = params->policy == EVICT_NONE || params->policy == EVICT_ALLKEYS_LRU ||
                  params->policy == EVICT_VOLATILE_LRU;

    if (params->lfu_decay_ns % MINUTE != 0)
        validation_error(validation, "memory.limited.lfu_decay",
                         "must be full minutes, as lfu-decay-time is, or 0s");
    if (params->tiering == TIERING_NONE && type->ssd_bytes > 0)
        validation_error(validation, "node_type",
                         "'%s' tiers its data: needs 'tiering: ssd' (elasticache data tiering)",
                         type->name);
    if (params->tiering == TIERING_NONE)
        return;
    if (type->ssd_bytes == 0)
        validation_error(validation, "tiering",
                         "needs a node type of the family r6gd, got '%s' (elasticache data "
                         "tiering)",
                         type->name);
    if (params->kind != MEMORY_LIMITED)
        validation_error(validation, "tiering", "needs 'memory: limited'");
    else if (!is_lru)
        validation_error(validation, "memory.limited.policy",
                         "'%s' does not go with tiering: noeviction, allkeys-lru or volatile-lru "
                         "(elasticache data tiering)",
                         eviction_policies[params->policy]);
}

/* Rules of active expiry, by effort. Source: redis expire.c. */
#define EXPIRE_SAMPLE 20
#define EXPIRE_STALE_PERCENT 10
#define EXPIRE_TIME_PERCENT 25
#define EXPIRE_FAST SIM_MS

static void set_expiry(struct memory_config *config, const struct memory_params *params)
{
    uint32_t effort = params->expire_effort - 1;

    config->expire_key_ns = params->expire_key_ns;
    config->expire_sample = EXPIRE_SAMPLE + EXPIRE_SAMPLE / 4 * effort;
    config->expire_stale_percent = EXPIRE_STALE_PERCENT - effort;
    config->expire_fast_ns = EXPIRE_FAST + EXPIRE_FAST / 4 * (sim_dur)effort;
    config->expire_limit_ns =
        SIM_S / params->expire_hz * (EXPIRE_TIME_PERCENT + 2 * (sim_dur)effort) / 100;
}

/* Limits of a server's memory, by its parameters and the type of its node. */
static void set_limits(struct store_memory *memory, const struct store_config *config)
{
    const struct memory_params *params = memory->params;
    const struct node_type *type = node_type_at(config->node_type);
    double data;

    memory->node_bytes =
        params->maxmemory_bytes > 0 ? (double)params->maxmemory_bytes : type->memory_bytes;
    if (params->kind == MEMORY_UNLIMITED)
        return;
    data = memory->node_bytes * (1 - (memory->config.exact_lru ? 0 : config->reserved_memory));
    memory->config.limit_bytes = data < 1 ? 1 : (int64_t)data;
    if (params->tiering == TIERING_NONE)
        return;
    memory->config.memory_bytes = (int64_t)data;
    memory->config.limit_bytes +=
        params->ssd_bytes > 0 ? params->ssd_bytes : (int64_t)type->ssd_bytes;
    memory->config.tier_most_bytes = TIER_MOST_BYTES;
}

struct store_memory *memory_create(struct store *store, bool exact, const struct model_env *env)
{
    const struct memory_params *params = &store->config->memory;
    struct store_memory *memory;
    struct rng_stream clocks;

    if (!memory_is_wanted(params))
        return NULL;
    memory = mem_zalloc(1, sizeof *memory);
    memory->store = store;
    memory->params = params;
    memory->config =
        (struct memory_config){.policy = exact ? EVICT_ALLKEYS_LRU : params->policy,
                               .overhead_bytes = params->overhead_bytes,
                               .samples = exact ? 1 : params->samples,
                               .lfu_log_factor = params->lfu_log_factor,
                               .lfu_decay_min = (uint32_t)(params->lfu_decay_ns / MINUTE),
                               .exact_lru = exact,
                               .makes_room = exact};
    set_expiry(&memory->config, params);
    set_limits(memory, store->config);
    memory->draws = sim_stream(env->sim, env->instance, "memory");
    clocks = sim_stream(env->sim, env->instance, "clocks");
    for (uint32_t r = 0; r < store->region_count; r++) {
        double u = rng_unit(rng_block_at(&clocks, r, 0).word[0]);

        memory->clocks[r] = (sim_dur)((2 * u - 1) * (double)params->skew_ns);
    }
    memory->opened =
        mem_zalloc((size_t)store->region_count * store->config->shards, sizeof *memory->opened);
    return memory;
}

void memory_resize(struct store_memory *memory, const struct store_config *config)
{
    set_limits(memory, config);
}

void memory_free(struct store_memory *memory)
{
    if (!memory)
        return;
    for (size_t i = 0; i < memory->opened_count; i++)
        keyspace_free(memory->opened[i].keyspace);
    free(memory->opened);
    free(memory);
}

static void open_probes(struct memory_probes *own, struct probes *probes, int region)
{
    *own = (struct memory_probes){
        .used = probe_level_open(probes, "memory_used_bytes", region, NULL),
        .share = probe_level_open(probes, "memory_used_share", region, NULL),
        .copied = probe_level_open(probes, "memory_copied_bytes", region, NULL),
        .swap = probe_level_open(probes, "swap_used_bytes", region, NULL),
        .keys = probe_level_open(probes, "keys", region, NULL),
        .evictions = probe_count_open(probes, "evictions", region, NULL),
        .expired = probe_count_open(probes, "expired_keys", region, NULL),
        .refused = probe_count_open(probes, "writes_out_of_memory", region, NULL),
        .lookups = probe_count_open(probes, "cache_lookups", region, NULL),
        .hits = probe_count_open(probes, "cache_hits", region, NULL),
        .misses = probe_count_open(probes, "cache_misses", region, NULL),
        .ssd_reads = probe_count_open(probes, "ssd_reads", region, NULL)};
}

void memory_init_cluster(struct cluster *cluster, const struct model_env *env)
{
    struct store_memory *memory = cluster->store->memory;
    static const struct phase_rule rule = {.kind = PHASE_OF_SCENARIO};
    int region = cluster->region;
    sim_dur period, phase;

    if (!memory)
        return;
    open_probes(&memory->probes[region], sim_probe_set(env->sim), region);
    memory->cron_kind[region] = sim_kind_add(env->sim, &memory_cron, env->instance, cluster);
    memory->fast_kind[region] = sim_kind_add(env->sim, &memory_fast, env->instance, cluster);
    memory->ssd_kind[region] = sim_kind_add(env->sim, &memory_ssd, env->instance, cluster);
    memory->restart_kind[region] = sim_kind_add(env->sim, &memory_restart, env->instance, cluster);
    period = SIM_S / memory->params->expire_hz;
    phase = phase_start_ns(&rule, env->sim, env->instance, CRON_ENTITY + (uint64_t)region, period);
    sim_at(env->sim, phase, memory->cron_kind[region], 0, 0);
}

void memory_finish_cluster(struct cluster *cluster)
{
    if (cluster->store->memory)
        memory_report(cluster);
}

void memory_open(struct server *server, uint32_t count)
{
    struct store *store = server->cluster->store;
    struct store_memory *memory = store->memory;
    struct server_memory *own;
    struct strbuf purpose = STRBUF_INIT;

    if (!memory)
        return;
    own = &memory->opened[memory->opened_count++];
    strbuf_addf(&purpose, "keyspace/%d/%u", server->cluster->region, server->shard);
    own->server = server;
    own->keyspace =
        keyspace_new(&memory->config, sim_stream(store->sim, store->instance, purpose.text),
                     memory_on_removed, own);
    strbuf_release(&purpose);
    for (uint32_t i = 0; i < count; i++) {
        server[i].memory = own;
        server[i].keyspace = own->keyspace;
    }
}

void memory_move(struct server *from, struct server *to)
{
    if (!from->memory || from == to)
        return;
    memory_fork_end(from);
    to->memory = from->memory;
    to->keyspace = from->keyspace;
    to->memory->server = to;
    from->memory = NULL;
    from->keyspace = NULL;
}
