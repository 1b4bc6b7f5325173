// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The event loop of one shard in one cluster, and what it executes.
 *
 * A iteration takes all commands that have arrived, runs them one after another, and sends all the
 * replies at the iteration's end (`fifo`: a iteration is one command). It runs what reached it,
 * whether or not the client still waits. A fork is work that comes before the next iteration's.
 */
#include "bug.h"
#include "mem.h"
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

/* --- executing ------------------------------------------------------------------------------- */

static void server_read(struct server *server, struct command *command)
{
    const struct cluster *cluster = server->cluster;
    const struct session_row *row = store_row(cluster->store, command->session);
    struct write_position last = row_last(row, server->shard);

    if (server->loading) {
        command->reply.kind = REPLY_LOADING;
        return;
    }
    command->reply.kind = REPLY_MISS;
    if (row->check != command->session_check || last.number == 0)
        command->reply.miss = MISS_NEVER_WRITTEN;
    else if (cluster_holds(cluster, last))
        command->reply.kind = REPLY_HIT;
    else if (cluster_holds(cluster, row_first(row, server->shard)))
        command->reply.kind = REPLY_HIT, command->reply.stale = true;
    else
        command->reply.miss = (uint8_t)cluster_reason(cluster, last);
}

/* Any primary acknowledges a write; one that was superseded without knowing it acknowledges into
 * the void. */
static void server_acknowledge(struct server *server, const struct command *command,
                               struct write_position position)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    struct log_entry entry = {.acknowledged = sim_now(store->sim),
                              .session = command->session,
                              .check = command->session_check,
                              .create = command->kind == COMMAND_CREATE};

    store->shards[server->shard].acknowledged++;
    probe_count(store->probes, cluster->writes);
    if (cluster->region != store->primary) {
        count_lost(store, &entry, position);
        probe_count(store->probes, cluster->lost);
        store->rpo += entry.acknowledged - store->last_acknowledged;
        store->last_acknowledged = entry.acknowledged;
        return;
    }
    store->shards[server->shard].write_size = command->bytes;
    log_append(server, &entry);
    if (store->region_count > 1)
        store->stream->write(store->stream->self, position, command->bytes);
    else
        log_trim(store, server->shard);
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists && (int)r != store->primary)
            level_unreplicated(store, &store->clusters[r]);
}

/* A row holds a session from its first write until its deletion; a reused row held another one. */
static void count_live(struct store *store, const struct session_row *row,
                       const struct command *command, uint32_t shard, bool remains)
{
    if (row_last(row, 0).number) {
        uint32_t was = store_shard_of(store, command->session, row->check);

        store->shards[was].live -= store->shards[was].live > 0;
    }
    if (remains)
        store->shards[shard].live++;
}

/* The row of the session that a write is of. */
static void session_written(struct server *server, struct session_row *row,
                            const struct command *command, struct write_position position)
{
    const struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    const struct write_position none = {0, 0, 0};
    uint32_t op = (uint32_t)rng_mix(command->identity);

    if (command->session_check < row->check)
        return; /* a late write of a session whose row another one has now: it is acknowledged, and
                   nobody reads it */
    if (cluster->region == store->primary)
        count_live(store, row, command, server->shard, command->kind != COMMAND_DELETE);
    if (row->check != command->session_check)
        *row = (struct session_row){.check = (uint16_t)command->session_check};
    else if (row_last(row, 0).number && row->last_op == op)
        probe_count(store->probes, cluster->repeated);
    if (command->kind == COMMAND_DELETE)
        row_set_first(row, none);
    else if (!cluster_holds(cluster, row_first(row, server->shard)))
        row_set_first(row, position);
    row_set_last(row, command->kind == COMMAND_DELETE ? none : position);
    row->last_op = op;
}

OUT_OF_LINE static void server_write(struct server *server, struct command *command)
{
    struct store *store = server->cluster->store;
    struct write_position position;

    if (!server->cluster->takes_writes) {
        command->reply.kind = REPLY_READONLY;
        return;
    }
    server_apply(server, server->applied + 1);
    position = (struct write_position){server->applied, server->history, server->shard};
    command->reply.executed = true;
    command->reply.kind = REPLY_OK;
    session_written(server, store_row(store, command->session), command, position);
    server_acknowledge(server, command, position);
}

/* Of all but a read whose time is always the same. */
OUT_OF_LINE static sim_dur store_service(const struct store *store, const struct command *command)
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

/* --- the server ------------------------------------------------------------------------------ */

#define UTILIZATION_SCALE 1000000

void cluster_gauges(struct cluster *cluster)
{
    struct store *store = cluster->store;
    sim_time now = sim_now(store->sim);

    int64_t busy = (int64_t)cluster->busy * UTILIZATION_SCALE;

    /* Without the division where there is nothing to divide. */
    probe_level(store->probes, cluster->utilization, now,
                store->shard_count > 1 ? busy / store->shard_count : busy);
    if (store->shard_count > 1)
        probe_level(store->probes, cluster->hot_utilization, now, cluster->servers[0].busy);
}

static struct command *command_of(struct store *store, uint32_t ref)
{
    return command_at(store->pools[ref_region(ref)], ref_index(ref));
}

void server_begin_iteration(struct server *server)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    sim_dur cost = server->fork_ns;

    if (cluster->stalled || !cluster->up || server->crashed)
        return;
    server->unaccepted = 0;
    if (server->head == NO_INDEX && cost == 0)
        return;
    server->fork_ns = 0;
    server->iteration_head = server->head;
    if (store->config->discipline == FIFO && server->head != NO_INDEX) {
        struct command *command = command_of(store, server->head);

        server->head = command->next;
        command->next = NO_INDEX;
    } else {
        server->head = NO_INDEX;
    }
    for (uint32_t ref = server->iteration_head; ref != NO_INDEX;) {
        const struct command *command = command_of(store, ref);
        bool is_known = command->kind == COMMAND_GET && store->read_ns >= 0;

        cost += is_known ? store->read_ns : store_service(store, command);
        ref = command->next;
    }
    server->busy = true;
    cluster->busy++;
    sim_after(store->sim, cost, cluster->iteration_kind, server_entity(server),
              ++server->iteration);
}

/* A command's time at the store is over without a reply: its row is the client's again. */
static void command_drop(struct store *store, uint32_t ref, struct command *command)
{
    struct command_pool *pool = store->pools[command->region];

    command_hand(command, COMMAND_AT_STORE, COMMAND_AT_CLIENT);
    pool->drop(pool->self, ref_index(ref));
}

#define READ_REPLY_BYTES 1100 /* a session, as client.write_bytes has it; found or not */
#define WRITE_REPLY_BYTES 60

static void cluster_reply(struct cluster *cluster, uint32_t ref, struct command *command)
{
    struct store *store = cluster->store;
    struct command_pool *pool = store->pools[command->region];
    struct link_port *link = store->links[cluster->region][command->region];
    struct message reply = {.kind = pool->reply_kind,
                            .lost = pool->lost_kind,
                            .entity = ref,
                            .generation = command->generation,
                            .identity = ~command->identity,
                            .index = command->attempt};

    if (!listener_is_open(cluster, command)) {
        command_drop(store, ref, command);
        return;
    }
    command->reply.bytes = command->kind == COMMAND_GET ? READ_REPLY_BYTES : WRITE_REPLY_BYTES;
    reply.bytes = command->reply.bytes;
    command_hand(command, COMMAND_AT_STORE, COMMAND_ON_WIRE);
    link->send(link->self, command->reply_flow, &reply);
}

static bool cluster_iteration_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct server *server = &((const struct cluster *)self)->servers[entity >> 4];

    return server->busy && (server->iteration & SIM_GENERATION_MASK) == generation;
}

static HOT_HANDLER void cluster_on_iteration_end(void *self, struct sim *sim, uint32_t entity,
                                                 uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;
    struct server *server = &cluster->servers[entity >> 4];
    uint32_t ref = server->iteration_head;

    if (__builtin_expect(!cluster_iteration_live(self, entity, generation), 0)) {
        sim_drop(sim);
        return;
    }
    server->iteration_head = NO_INDEX;
    server->busy = false;
    cluster->busy--;
    while (ref != NO_INDEX) {
        struct command *command = command_of(store, ref);
        uint32_t next = command->next;

        server->queued--;
        queue_check_leave(&cluster->queued, sim_now(sim), command->arrived);
        probe_count(store->probes, cluster->commands);
        if (command_is_write(command->kind))
            server_write(server, command);
        else
            server_read(server, command);
        cluster_reply(cluster, ref, command);
        ref = next;
    }
    server_begin_iteration(server);
    cluster_gauges(cluster);
}

static void cluster_prefetch_command(const void *self, uint32_t entity)
{
    const struct cluster *cluster = self;
    struct store *store = cluster->store;
    const struct command *command = command_of(store, entity);
    const struct prefetch_port *flows = store->flows_hints[cluster->region][command->region];

    store_prefetch_row(store, command->session);
    if (flows)
        flows->prefetch(flows->self, command->reply_flow, 0);
}

/* Many requests are under way, so their rows are in no near cache. */
RARE static void store_prefetch_early(struct store *store)
{
    store->prefetches = true;
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists)
            sim_kind_prefetch(store->sim, store->clusters[r].port.command_kind,
                              cluster_prefetch_command);
}

static HOT_HANDLER void cluster_on_command(void *self, struct sim *sim, uint32_t entity,
                                           uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;
    struct command *command = command_of(store, entity);
    struct server *server;

    invariant_debug((command->generation & SIM_GENERATION_MASK) == generation);
    (void)generation;
    command_hand(command, COMMAND_ON_WIRE, COMMAND_AT_STORE);
    if (__builtin_expect(ref_index(entity) >= NEAR_REQUESTS && !store->prefetches, 0))
        store_prefetch_early(store);
    server = &cluster->servers[store_shard_of(store, command->session, command->session_check)];
    if (!cluster->up || server->crashed) { /* nobody there: no answer, not even a reset */
        command_drop(store, entity, command);
        return;
    }
    if (listener_refuses(cluster, command)) {
        command->reply.kind = REPLY_RESET;
        probe_count(store->probes, cluster->refused);
        cluster_reply(cluster, entity, command);
        return;
    }
    command->next = NO_INDEX;
    if (server->head == NO_INDEX)
        server->head = entity;
    else
        command_of(store, server->tail)->next = entity;
    server->tail = entity;
    server->queued++;
    command->arrived = sim_now(sim);
    queue_check_enter(&cluster->queued, command->arrived);
    if (!server->busy)
        server_begin_iteration(server);
    cluster_gauges(cluster);
}

void server_drop_all(struct server *server)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;

    for (int part = 0; part < 2; part++) {
        uint32_t ref = part ? server->head : server->iteration_head;

        while (ref != NO_INDEX) {
            struct command *command = command_of(store, ref);
            uint32_t next = command->next;

            queue_check_leave(&cluster->queued, sim_now(store->sim), command->arrived);
            command_drop(store, ref, command);
            ref = next;
        }
    }
    if (server->busy) {
        cluster->busy--;
        sim_cancelled(store->sim);
    }
    server->head = server->iteration_head = NO_INDEX;
    server->queued = server->unaccepted = 0;
    server->fork_ns = 0;
    server->busy = false;
}

void cluster_check_queue(struct cluster *cluster)
{
    struct store *store = cluster->store;
    sim_time end = sim_now(store->sim);

    for (uint32_t s = 0; s < store->shard_count; s++)
        for (int part = 0; part < 2; part++) {
            const struct server *server = &cluster->servers[s];
            uint32_t ref = part ? server->head : server->iteration_head;

            for (; ref != NO_INDEX; ref = command_of(store, ref)->next)
                queue_check_remains(&cluster->queued, end, command_of(store, ref)->arrived);
        }
    invariant(queue_check_balances(&cluster->queued));
}

const struct event_kind cluster_command = {
    .name = "command", .phase = PHASE_WORK, .fire = cluster_on_command};
const struct event_kind cluster_iteration_end = {.name = "turn_end",
                                                 .phase = PHASE_WORK,
                                                 .fire = cluster_on_iteration_end,
                                                 .live = cluster_iteration_live,
                                                 .fire_asks = true};
