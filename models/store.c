// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A global datastore: one cluster that takes writes and others that follow, each cluster one
 * server.
 *
 * The server is an event loop: a turn takes all commands that have arrived, runs them one after
 * another, and sends all the replies at the turn's end (`fifo`: a turn is one command). It runs
 * what reached it, whether or not the client still waits.
 *
 * What a cluster holds is never copied. A write has a position (lineage, number); a cluster holds a
 * prefix: all writes of its lineage up to `applied`, and of earlier lineages those up to the fork.
 * A session's row keeps the positions of its creation and of its latest write, so that any
 * cluster's answer to a read is a comparison. A promotion forks a new lineage at the last write
 * that the promoted cluster holds: the writes after the fork are lost wherever they are, exactly a
 * suffix, and are counted one by one from the old primary's log.
 *
 * Invariants
 *  1. Numbers rise by one with each write of one primary; a fork's number is that of the last write
 * kept.
 *  2. A cluster's `applied` never exceeds the number of its primary's last write in the same
 * lineage.
 *  3. Exactly one cluster is `primary`. A cluster `takes_writes` if it is the primary and no
 * promotion is under way, or if it was the primary, is alive, and has not yet heard of its
 * demotion.
 */
#include "bug.h"
#include "mem.h"
#include "model.h"
#include "ports.h"
#include "registry.h"
#include "run_log.h"

#include <stdlib.h>
#include <string.h>

struct store_config {
    int kind, discipline;
    int32_t primary;
    struct region_list secondaries;
    struct dist *read_service, *write_service;
    sim_dur write_per_kib_ns;
};

static const char *const store_kinds[] = {"global-datastore", NULL};
static const char *const disciplines[] = {"event-loop", "fifo", NULL};
enum { EVENT_LOOP, FIFO };

#define MODEL_CONFIG struct store_config
// clang-format off
static const struct field store_fields[] = {
    CHOICE("kind", kind, store_kinds, "global-datastore", "active-passive clusters in several regions", "seed 000"),
    REGION("primary", primary, "region whose cluster takes the writes at the start; left out: the first one", "seed 000"),
    REGION_LIST("secondaries", secondaries, "regions that follow, at most two; left out: the others, in order", "facts C.1"),
    CHOICE("discipline", discipline, disciplines, "event-loop", "how the server takes its commands", "redis_lessons 1"),
    TIME_DIST("read_service", read_service, "0ms", "8us", "1s", "server time of a read", "facts C.2"),
    TIME_DIST("write_service", write_service, "0ms", "10us", "1s", "server time of a write", "facts C.2"),
    DURATION("write_per_kib", write_per_kib_ns, "0ms", "2us", "1s", "server time that each KiB of a write adds", "facts C.2"),
};
// clang-format on

static const struct metric store_metrics[] = {
    {.name = "store_commands",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "commands that a cluster's server ran, those of clients that gave up included"},
    {.name = "store_utilization",
     .unit = UNIT_SHARE,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "share of time in which the server of the cluster is busy"},
    {.name = "store_queue",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "commands at the server, waiting or in service"},
    {.name = "store_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "writes executed and acknowledged by a primary"},
    {.name = "repeated_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "writes executed again for an operation that had been executed before"},
    {.name = "replication_lag",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .meaning = "for each write, applied at the secondary of the region minus acknowledged by the "
                "primary"},
    {.name = "unreplicated_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "acknowledged writes that the secondary of the region has not applied"},
};

/* A session as the store knows it, in any cluster. */
struct session_row {
    uint32_t check;                    /* whose row this is */
    uint32_t last_op;                  /* the operation of the latest write, for counting repeats */
    struct write_position first, last; /* creation, latest write; number 0: none */
};

/* An acknowledged write that some secondary may lack. */
struct log_entry {
    sim_time acknowledged;
    uint32_t session, check;
    bool create;
};

struct store;
struct cluster {
    struct store *store;
    int region;
    bool exists, up, stalled, loading, takes_writes;
    uint32_t lineage;
    uint64_t applied;

    uint32_t head, tail; /* refs of commands waiting */
    uint32_t turn_head;  /* refs of those in the present turn */
    uint32_t queued;     /* waiting and in the turn */
    uint32_t turn;       /* generation of the turn's end */
    bool busy;

    /* the log of a primary: entries of numbers (log_low, log_high], in a ring by number */
    struct log_entry *log;
    uint64_t log_low, log_high, log_mask;

    struct shard_port shard;
    struct power_port power;
    struct store_fault_port fault;
    kind_id turn_kind, demote_kind;
    uint32_t demote_leg;
    probe_id commands, utilization, queue, writes, repeated, lag, unreplicated;
};

struct lineage {
    uint64_t fork;           /* number of the last write kept of the lineage before */
    enum miss_reason reason; /* why what came after is gone */
};

struct session_table {
    struct session_row *rows;
    size_t capacity;
};

struct store {
    const struct store_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct incident_log *log;
    const struct topology *topology;
    struct rng_stream service;
    struct cluster clusters[REGIONS_MAX];
    uint32_t region_count;
    int primary;
    bool promoting;
    struct lineage *lineages; /* by number; [0] unused but for its start */
    size_t lineage_count, lineage_capacity;
    struct session_table sessions[REGIONS_MAX];
    struct command_pool *pools[REGIONS_MAX];
    struct handshake_return *returns[REGIONS_MAX];
    struct link_port *links[REGIONS_MAX][REGIONS_MAX];
    const struct stream_port *stream;
    struct store_port port;
    uint64_t lost_writes, lost_sessions;
    sim_dur rpo;
    sim_time last_acknowledged; /* by the primary of before the last failover */
    uint64_t acknowledged_count;
};

/* --- positions
 * -------------------------------------------------------------------------------------- */

/* Does the cluster hold the write at `position`? */
static bool cluster_holds(const struct cluster *cluster, struct write_position position)
{
    const struct store *store = cluster->store;

    if (position.number == 0 || position.lineage > cluster->lineage)
        return false;
    for (uint32_t k = position.lineage + 1; k <= cluster->lineage; k++)
        if (position.number > store->lineages[k].fork)
            return false;
    return position.number <= cluster->applied;
}

/* Why the cluster lacks a session that was once written. */
static enum miss_reason cluster_reason(const struct cluster *cluster, const struct session_row *row)
{
    const struct store *store = cluster->store;
    uint32_t newest = (uint32_t)store->lineage_count - 1;

    for (uint32_t k = row->last.lineage + 1; k <= newest; k++)
        if (row->last.number > store->lineages[k].fork)
            return store->lineages[k].reason;
    /* a write that is not here and whose primary is dead will not come any more */
    return store->clusters[store->primary].up ? MISS_LAG : MISS_LOST;
}

static struct session_row *store_row(struct store *store, uint32_t session)
{
    struct session_table *table = &store->sessions[ref_region(session)];
    size_t index = ref_index(session);

    if (index >= table->capacity) {
        size_t old = table->capacity;

        mem_grow((void **)&table->rows, &table->capacity, index + 1, sizeof *table->rows);
        memset(table->rows + old, 0, (table->capacity - old) * sizeof *table->rows);
    }
    return &table->rows[index];
}

static struct command *store_command(struct store *store, uint32_t ref)
{
    return &store->pools[ref_region(ref)]->rows[ref_index(ref)];
}

/* --- the log of a primary
 * --------------------------------------------------------------------------- */

static struct log_entry *log_at(struct cluster *cluster, uint64_t number)
{
    return &cluster->log[number & cluster->log_mask];
}

static void log_append(struct cluster *cluster, const struct log_entry *entry)
{
    uint64_t size = cluster->log ? cluster->log_mask + 1 : 0;

    if (cluster->log_high - cluster->log_low + 1 >= size) {
        uint64_t bigger = size ? size * 2 : 1024;
        struct log_entry *log = mem_alloc(bigger, sizeof *log);

        for (uint64_t n = cluster->log_low; size && n <= cluster->log_high; n++)
            log[n & (bigger - 1)] = *log_at(cluster, n);
        free(cluster->log);
        cluster->log = log;
        cluster->log_mask = bigger - 1;
    }
    *log_at(cluster, ++cluster->log_high) = *entry;
}

/* Forget what every secondary holds; the newest such entry stays at log_low, as the point of
 * recovery. */
static void log_trim(struct store *store)
{
    struct cluster *primary = &store->clusters[store->primary];
    uint64_t low = primary->log_high;

    for (uint32_t r = 0; r < store->region_count; r++) {
        const struct cluster *other = &store->clusters[r];

        if (other->exists && other->up && other != primary && other->applied < low)
            low = other->applied;
    }
    if (low > primary->log_low)
        primary->log_low = low;
}

static void store_level_unreplicated(struct store *store, struct cluster *secondary)
{
    const struct cluster *primary = &store->clusters[store->primary];
    uint64_t behind = secondary->up && primary->applied > secondary->applied
                          ? primary->applied - secondary->applied
                          : 0;

    probe_level(store->probes, secondary->unreplicated, sim_now(store->sim), (int64_t)behind);
}

/* --- executing
 * -------------------------------------------------------------------------------------- */

static void cluster_read(struct cluster *cluster, struct command *command)
{
    const struct session_row *row = store_row(cluster->store, command->session);

    if (cluster->loading) {
        command->reply = REPLY_LOADING;
        return;
    }
    command->reply = REPLY_MISS;
    command->stale = false;
    if (row->check != command->session_check || row->last.number == 0)
        command->miss = MISS_NEVER_WRITTEN;
    else if (cluster_holds(cluster, row->last))
        command->reply = REPLY_HIT;
    else if (cluster_holds(cluster, row->first))
        command->reply = REPLY_HIT, command->stale = true;
    else
        command->miss = (uint8_t)cluster_reason(cluster, row);
}

static void count_lost(struct store *store, const struct log_entry *entry,
                       struct write_position position)
{
    const struct session_row *row = store_row(store, entry->session);
    const struct cluster *primary = &store->clusters[store->primary];

    store->lost_writes++;
    if (entry->create && row->check == entry->check && row->first.number == position.number &&
        row->first.lineage == position.lineage && !cluster_holds(primary, row->last))
        store->lost_sessions++;
}

/* Any primary acknowledges a write; one that was superseded without knowing it acknowledges into
 * the void. */
static void cluster_acknowledge(struct cluster *cluster, const struct command *command,
                                struct write_position position)
{
    struct store *store = cluster->store;
    struct log_entry entry = {.acknowledged = sim_now(store->sim),
                              .session = command->session,
                              .check = command->session_check,
                              .create = command->kind == COMMAND_CREATE};

    store->acknowledged_count++;
    probe_count(store->probes, cluster->writes);
    if (cluster->region != store->primary) {
        count_lost(store, &entry, position);
        store->rpo += entry.acknowledged - store->last_acknowledged;
        store->last_acknowledged = entry.acknowledged;
        return;
    }
    log_append(cluster, &entry);
    if (store->region_count > 1)
        store->stream->write(store->stream->self, position, command->bytes);
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists && (int)r != store->primary)
            store_level_unreplicated(store, &store->clusters[r]);
}

/* The row of the session that a write is of. */
static void session_written(struct cluster *cluster, struct session_row *row,
                            const struct command *command, struct write_position position)
{
    struct store *store = cluster->store;
    uint32_t op = (uint32_t)rng_mix(command->identity);

    if (command->session_check < row->check)
        return; /* a late write of a session whose row another one has now: it is acknowledged, and
                   nobody reads it */
    if (row->check != command->session_check)
        *row = (struct session_row){.check = command->session_check};
    else if (row->last.number && row->last_op == op)
        probe_count(store->probes, cluster->repeated);
    if (command->kind == COMMAND_DELETE)
        row->first = (struct write_position){0, 0};
    else if (row->first.number == 0 || !cluster_holds(cluster, row->first))
        row->first = position;
    row->last = command->kind == COMMAND_DELETE ? (struct write_position){0, 0} : position;
    row->last_op = op;
}

static void cluster_write(struct cluster *cluster, struct command *command)
{
    struct write_position position;

    if (!cluster->takes_writes) {
        command->reply = REPLY_READONLY;
        return;
    }
    position = (struct write_position){++cluster->applied, cluster->lineage};
    command->executed = true;
    command->reply = REPLY_OK;
    session_written(cluster, store_row(cluster->store, command->session), command, position);
    cluster_acknowledge(cluster, command, position);
}

static sim_dur store_service(const struct store *store, const struct command *command)
{
    const struct store_config *config = store->config;
    bool write = command_is_write(command->kind);
    const struct dist *service = write ? config->write_service : config->read_service;
    double value;

    if (!dist_is_constant(service, &value))
        value = dist_sample(
            service, rng_block_at(&store->service, command->identity, command->attempt).word[0]);
    if (write)
        value += (double)config->write_per_kib_ns * command->bytes / 1024;
    return (sim_dur)value;
}

/* --- the server
 * ------------------------------------------------------------------------------------- */

static void cluster_gauges(struct cluster *cluster)
{
    struct store *store = cluster->store;
    sim_time now = sim_now(store->sim);

    probe_level(store->probes, cluster->utilization, now, cluster->busy);
    probe_level(store->probes, cluster->queue, now, cluster->queued);
}

static void cluster_begin_turn(struct cluster *cluster)
{
    struct store *store = cluster->store;
    sim_dur cost = 0;

    if (cluster->head == NO_INDEX || cluster->stalled || !cluster->up)
        return;
    cluster->turn_head = cluster->head;
    if (store->config->discipline == FIFO) {
        struct command *command = store_command(store, cluster->head);

        cluster->head = command->next;
        command->next = NO_INDEX;
    } else {
        cluster->head = NO_INDEX;
    }
    for (uint32_t ref = cluster->turn_head; ref != NO_INDEX; ref = store_command(store, ref)->next)
        cost += store_service(store, store_command(store, ref));
    cluster->busy = true;
    sim_after(store->sim, cost, cluster->turn_kind, (uint32_t)cluster->region, ++cluster->turn);
}

static void cluster_reply(struct store *store, uint32_t ref, struct command *command)
{
    struct command_pool *pool = store->pools[command->region];
    struct message reply = {.kind = pool->reply_kind,
                            .lost = pool->lost_kind,
                            .entity = ref,
                            .generation = command->generation,
                            .bytes = command->kind == COMMAND_GET ? 1100 : 60,
                            .identity = ~command->identity,
                            .index = command->attempt};

    if (command->reply_leg == NO_INDEX) { /* the client has closed the connection */
        pool->drop(pool->self, ref_index(ref));
        return;
    }
    struct link_port *link = store->links[command->target][command->region];

    link->send(link->self, command->reply_leg, &reply);
}

static void cluster_on_turn_end(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;
    uint32_t ref = cluster->turn_head;

    (void)sim, (void)entity, (void)generation;
    cluster->turn_head = NO_INDEX;
    cluster->busy = false;
    while (ref != NO_INDEX) {
        struct command *command = store_command(store, ref);
        uint32_t next = command->next;

        cluster->queued--;
        probe_count(store->probes, cluster->commands);
        if (command_is_write(command->kind))
            cluster_write(cluster, command);
        else
            cluster_read(cluster, command);
        cluster_reply(store, ref, command);
        ref = next;
    }
    cluster_begin_turn(cluster);
    cluster_gauges(cluster);
}

static bool cluster_turn_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct cluster *cluster = self;

    (void)entity;
    return cluster->busy && (cluster->turn & SIM_GENERATION_MASK) == generation;
}

static void cluster_on_command(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;
    struct command *command = store_command(store, entity);

    (void)sim;
    invariant_debug((command->generation & SIM_GENERATION_MASK) == generation);
    (void)generation;
    if (!cluster->up) { /* nobody there: no answer, not even a reset */
        struct command_pool *pool = store->pools[command->region];

        pool->drop(pool->self, ref_index(entity));
        return;
    }
    command->next = NO_INDEX;
    if (cluster->head == NO_INDEX)
        cluster->head = entity;
    else
        store_command(store, cluster->tail)->next = entity;
    cluster->tail = entity;
    cluster->queued++;
    if (!cluster->busy)
        cluster_begin_turn(cluster);
    cluster_gauges(cluster);
}

/* The kernel answers a handshake, also while the process hangs. */
static void cluster_on_handshake(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;
    uint32_t region = ref_region(entity);
    struct handshake_return *back = store->returns[region];
    bool syn = true;
    uint32_t leg = back->reply_leg(back->self, ref_index(entity), generation, &syn);
    struct link_port *link = store->links[cluster->region][region];
    struct message answer = {.kind = store->pools[region]->handshake_kind,
                             .entity = entity,
                             .generation = generation,
                             .bytes = 60,
                             .identity = rng_mix((uint64_t)entity << 20 | generation),
                             .index = (uint32_t)(sim_now(sim) / SIM_MS),
                             .handshake = syn};

    if (cluster->up && leg != NO_INDEX)
        link->send(link->self, leg, &answer);
}

static const struct event_kind cluster_command = {
    .name = "command", .phase = PHASE_WORK, .fire = cluster_on_command};
static const struct event_kind cluster_handshake = {
    .name = "handshake", .phase = PHASE_WORK, .fire = cluster_on_handshake};
static const struct event_kind cluster_turn_end = {.name = "turn_end",
                                                   .phase = PHASE_WORK,
                                                   .fire = cluster_on_turn_end,
                                                   .live = cluster_turn_live};

/* --- faults
 * ------------------------------------------------------------------------------------------ */

static void cluster_drop_all(struct cluster *cluster)
{
    struct store *store = cluster->store;

    for (int part = 0; part < 2; part++) {
        uint32_t ref = part ? cluster->head : cluster->turn_head;

        while (ref != NO_INDEX) {
            struct command *command = store_command(store, ref);
            struct command_pool *pool = store->pools[command->region];
            uint32_t next = command->next;

            pool->drop(pool->self, ref_index(ref));
            ref = next;
        }
    }
    if (cluster->busy)
        sim_cancelled(store->sim);
    cluster->head = cluster->turn_head = NO_INDEX;
    cluster->queued = 0;
    cluster->busy = false;
    cluster_gauges(cluster);
}

static void store_fork(struct store *store, uint64_t fork, enum miss_reason reason)
{
    mem_grow((void **)&store->lineages, &store->lineage_capacity, store->lineage_count + 1,
             sizeof *store->lineages);
    store->lineages[store->lineage_count++] = (struct lineage){fork, reason};
}

/* A primary whose memory is gone: its followers copy the emptiness. */
static void cluster_empty(struct cluster *cluster)
{
    struct store *store = cluster->store;

    store_fork(store, 0, MISS_RESTARTED);
    cluster->lineage = (uint32_t)store->lineage_count - 1;
    cluster->log_low = cluster->log_high = cluster->applied;
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists && store->clusters[r].up) {
            store->clusters[r].lineage = cluster->lineage;
            store->clusters[r].applied = cluster->applied;
        }
    if (store->region_count > 1)
        store->stream->restart(store->stream->self);
}

static void cluster_set_power(void *self, bool up)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;

    if (up == cluster->up)
        return;
    cluster->up = up;
    if (!up) {
        cluster->stalled = false;
        cluster_drop_all(cluster);
        if (cluster->region == store->primary)
            store->stream->restart(store->stream->self);
        else
            store->stream->lost(store->stream->self, cluster->region);
        return;
    }
    if (cluster->region == store->primary) {
        cluster->takes_writes = !store->promoting;
        cluster_empty(cluster);
        return;
    }
    cluster->takes_writes = false;
    cluster->loading = true;
    store->stream->rejoin(store->stream->self, cluster->region);
}

static void cluster_stall(void *self, bool begin)
{
    struct cluster *cluster = self;

    cluster->stalled = begin;
    if (!begin && !cluster->busy)
        cluster_begin_turn(cluster);
    cluster_gauges(cluster);
}

static void cluster_restart(void *self)
{
    struct cluster *cluster = self;

    cluster_drop_all(cluster);
    if (cluster->region == cluster->store->primary) {
        cluster_empty(cluster);
        return;
    }
    cluster->loading = true;
    cluster->store->stream->rejoin(cluster->store->stream->self, cluster->region);
}

/* --- promotion
 * --------------------------------------------------------------------------------------- */

static void store_promotion_begin(void *self, int region)
{
    struct store *store = self;

    (void)region;
    store->promoting = true;
    store->clusters[store->primary].takes_writes = false;
}

/* The old primary hears of its demotion over the link, which may take as long as the link is cut.
 */
static void cluster_on_demoted(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;

    (void)sim, (void)entity, (void)generation;
    if (cluster->region == store->primary || !cluster->up)
        return;
    cluster->takes_writes = false;
    cluster->loading = true;
    store->stream->rejoin(store->stream->self, cluster->region);
}

static const struct event_kind cluster_demoted = {
    .name = "demoted", .phase = PHASE_WORK, .fire = cluster_on_demoted};

static void store_count_loss(struct store *store, struct cluster *old, uint64_t fork,
                             uint32_t lineage)
{
    uint64_t low = fork > old->log_low ? fork : old->log_low;

    store->rpo = 0;
    store->last_acknowledged = log_at(old, old->log_high)->acknowledged;
    if (old->log_high <= fork)
        return;
    for (uint64_t n = low + 1; n <= old->log_high; n++)
        count_lost(store, log_at(old, n), (struct write_position){n, lineage});
    store->rpo = store->last_acknowledged - log_at(old, low)->acknowledged;
}

static void store_promotion_end(void *self, int region)
{
    struct store *store = self;
    struct cluster *old = &store->clusters[store->primary];
    struct cluster *new = &store->clusters[region];
    uint32_t old_lineage = old->lineage;

    store->promoting = false;
    if (new == old || !new->up) {
        old->takes_writes = old->up;
        return;
    }
    store_fork(store, new->applied, MISS_LOST);
    new->lineage = (uint32_t)store->lineage_count - 1;
    new->takes_writes = true;
    new->loading = false;
    new->log_low = new->log_high = new->applied;
    *log_at(new, new->log_low) = (struct log_entry){.acknowledged = sim_now(store->sim)};
    store->primary = region;
    store_count_loss(store, old, new->applied, old_lineage);
    store_level_unreplicated(store, new);
    for (uint32_t r = 0; r < store->region_count;
         r++) { /* other followers drop what the new primary lacks */
        struct cluster *other = &store->clusters[r];

        if (other->exists && other->up && other != new &&other != old) {
            other->lineage = new->lineage;
            if (other->applied > new->applied)
                other->applied = new->applied;
        }
    }
    if (old->up) {
        struct link_port *link = store->links[region][old->region];
        struct message demote = {.kind = old->demote_kind,
                                 .entity = (uint32_t)old->region,
                                 .bytes = 60,
                                 .identity = store->lineage_count};

        old->takes_writes = true; /* no fencing: until it hears of its demotion */
        link->send(link->self, old->demote_leg = link->open(link->self), &demote);
        link->close(link->self, old->demote_leg);
    }
    if (store->region_count > 1)
        store->stream->restart(store->stream->self);
}

/* --- the port
 * ------------------------------------------------------------------------------------------ */

static int store_primary(const void *self)
{
    return ((const struct store *)self)->primary;
}

static bool store_cluster_up(const void *self, int region)
{
    const struct cluster *cluster = &((const struct store *)self)->clusters[region];

    return cluster->exists && cluster->up;
}

static bool store_promoting(const void *self)
{
    return ((const struct store *)self)->promoting;
}

static uint64_t store_applied(const void *self, int region)
{
    return ((const struct store *)self)->clusters[region].applied;
}

static void store_seed(void *self, uint32_t session, uint32_t session_check)
{
    *store_row(self, session) =
        (struct session_row){.check = session_check, .first = {1, 0}, .last = {1, 0}};
}

static void store_apply(void *self, int region, struct write_position position)
{
    struct store *store = self;
    struct cluster *cluster = &store->clusters[region];
    struct cluster *primary = &store->clusters[store->primary];
    sim_time now = sim_now(store->sim);

    if (position.lineage != primary->lineage || position.number <= cluster->applied)
        return;
    for (uint64_t n = cluster->applied + 1; n <= position.number; n++)
        if (n > primary->log_low)
            probe_latency(store->probes, cluster->lag, now - log_at(primary, n)->acknowledged);
    cluster->applied = position.number;
    log_trim(store);
    store_level_unreplicated(store, cluster);
}

static void store_synced(void *self, int region)
{
    struct store *store = self;
    struct cluster *cluster = &store->clusters[region];
    const struct cluster *primary = &store->clusters[store->primary];

    cluster->loading = false;
    cluster->lineage = primary->lineage;
    cluster->applied = primary->applied;
    log_trim(store);
    store_level_unreplicated(store, cluster);
}

static sim_dur store_lag(const void *self, int region)
{
    const struct store *store = self;
    const struct cluster *cluster = &store->clusters[region];
    const struct cluster *primary = &store->clusters[store->primary];
    uint64_t next = cluster->applied + 1;

    if (next > primary->log_high || next <= primary->log_low)
        return 0;
    return sim_now(store->sim) - primary->log[next & primary->log_mask].acknowledged;
}

static uint64_t store_writes_lost(const void *self)
{
    return ((const struct store *)self)->lost_writes;
}

static uint64_t store_sessions_lost(const void *self)
{
    return ((const struct store *)self)->lost_sessions;
}

static sim_dur store_rpo(const void *self)
{
    return ((const struct store *)self)->rpo;
}

static bool cluster_is_up(const void *self)
{
    return ((const struct cluster *)self)->up;
}

/* --- the model
 * ------------------------------------------------------------------------------------------ */

static void store_check(const void *config, const struct check_context *context,
                        struct complaints *complaints)
{
    const struct store_config *c = config;
    uint32_t others = context->topology->region_count - 1;
    uint32_t count = c->secondaries.count ? c->secondaries.count : others;
    int32_t primary = c->primary < 0 ? 0 : c->primary;

    if (count > 2)
        complain(complaints, "secondaries",
                 "a global datastore has at most 2 secondary regions, got %u: name two of them",
                 count);
    for (uint32_t i = 0; i < c->secondaries.count; i++)
        if (c->secondaries.items[i] == primary)
            complain(complaints, "secondaries", "'%s' is the primary",
                     context->topology->region_names[primary]);
}

static void cluster_init(struct store *store, struct cluster *cluster, const struct model_env *env)
{
    static const char *const names[] = {
        "store_commands",  "store_utilization", "store_queue",        "store_writes",
        "repeated_writes", "replication_lag",   "unreplicated_writes"};
    struct probes *probes = sim_probe_set(env->sim);

    cluster->exists = cluster->up = true;
    cluster->takes_writes = cluster->region == store->primary;
    cluster->commands = probe_count_open(probes, names[0], cluster->region, NULL);
    cluster->utilization = probe_level_open(probes, names[1], cluster->region, NULL);
    cluster->queue = probe_level_open(probes, names[2], cluster->region, NULL);
    cluster->writes = probe_count_open(probes, names[3], cluster->region, NULL);
    cluster->repeated = probe_count_open(probes, names[4], cluster->region, NULL);
    cluster->lag = probe_latency_open(probes, names[5], cluster->region, NULL);
    cluster->unreplicated = probe_level_open(probes, names[6], cluster->region, NULL);
    cluster->turn_kind = sim_kind_add(env->sim, &cluster_turn_end, env->instance, cluster);
    cluster->demote_kind = sim_kind_add(env->sim, &cluster_demoted, env->instance, cluster);
    cluster->shard = (struct shard_port){
        cluster, sim_kind_add(env->sim, &cluster_command, env->instance, cluster),
        sim_kind_add(env->sim, &cluster_handshake, env->instance, cluster), cluster_is_up};
    cluster->power = (struct power_port){cluster, cluster_set_power};
    cluster->fault = (struct store_fault_port){cluster, cluster_stall, cluster_restart};
    log_append(cluster,
               &(struct log_entry){0}); /* number 1 stands for all that was before the run */
    cluster->log_low = cluster->applied = 1;
    port_offer(env->ports, PORT_SHARD, cluster->region, -1, &cluster->shard);
    port_offer(env->ports, PORT_POWER, cluster->region, POWER_STORE, &cluster->power);
    port_offer(env->ports, PORT_STORE_FAULT, cluster->region, -1, &cluster->fault);
}

static bool store_has_cluster(const struct store *store, int region)
{
    const struct region_list *list = &store->config->secondaries;

    if (region == store->primary || list->count == 0)
        return true;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i] == region)
            return true;
    return false;
}

static void store_init(void *self, const struct model_env *env)
{
    struct store *store = self;

    store->config = env->config;
    store->sim = env->sim;
    store->log = env->log;
    store->topology = env->topology;
    store->region_count = env->topology->region_count;
    store->primary = store->config->primary < 0 ? 0 : store->config->primary;
    store->service = sim_stream(env->sim, env->instance, "service");
    store->rpo = -1;
    store_fork(store, 0, MISS_LOST); /* lineage 0: the start */
    for (uint32_t r = 0; r < store->region_count; r++) {
        store->clusters[r] = (struct cluster){.store = store,
                                              .region = (int)r,
                                              .head = NO_INDEX,
                                              .tail = NO_INDEX,
                                              .turn_head = NO_INDEX};
        if (store_has_cluster(store, (int)r))
            cluster_init(store, &store->clusters[r], env);
    }
    store->port = (struct store_port){
        .self = store,
        .primary = store_primary,
        .cluster_up = store_cluster_up,
        .promoting = store_promoting,
        .applied = store_applied,
        .seed = store_seed,
        .promotion_begin = store_promotion_begin,
        .promotion_end = store_promotion_end,
        .apply = store_apply,
        .synced = store_synced,
        .lag = store_lag,
        .writes_lost = store_writes_lost,
        .sessions_lost = store_sessions_lost,
        .rpo = store_rpo,
    };
    port_offer(env->ports, PORT_STORE, -1, -1, &store->port);
}

static void store_connect(void *self, const struct port_directory *ports)
{
    struct store *store = self;

    store->probes = sim_probes(store->sim);
    store->stream = port_need(ports, PORT_STREAM, -1, -1);
    for (uint32_t a = 0; a < store->region_count; a++) {
        store->pools[a] = port_need(ports, PORT_COMMANDS, (int)a, -1);
        store->returns[a] = port_need(ports, PORT_HANDSHAKE_RETURN, (int)a, -1);
        for (uint32_t b = 0; b < store->region_count; b++)
            store->links[a][b] = port_need(ports, PORT_LINK, (int)a, (int)b);
    }
}

/* Every acknowledged write is held by the primary, lost, or was emptied by a restart. */
static void store_finish(void *self)
{
    struct store *store = self;
    const struct cluster *primary = &store->clusters[store->primary];

    for (uint32_t r = 0; r < store->region_count; r++) {
        const struct cluster *cluster = &store->clusters[r];

        invariant(!cluster->exists || cluster->lineage != primary->lineage ||
                  cluster->applied <= primary->applied);
    }
    invariant(primary->log_low <= primary->log_high);
    invariant(store->acknowledged_count >= store->lost_writes);
}

static void store_fini(void *self)
{
    struct store *store = self;

    for (uint32_t r = 0; r < REGIONS_MAX; r++) {
        free(store->clusters[r].log);
        free(store->sessions[r].rows);
    }
    free(store->lineages);
}

const struct model_ops store_ops = {
    .name = "store",
    .section = "store",
    .meaning = "a global datastore: a primary cluster and up to two that follow, each one server",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct store_config),
    .state_size = sizeof(struct store),
    FIELD_TABLE(store_fields),
    METRIC_TABLE(store_metrics),
    .check = store_check,
    .init = store_init,
    .connect = store_connect,
    .finish = store_finish,
    .fini = store_fini,
};
