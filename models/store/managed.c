// SPDX-License-Identifier: GPL-3.0-or-later
#include "managed.h"

#include <stdlib.h>

const char *const managed_lacks[] = {MEMORY_LACKS,
                                     "discipline",
                                     "node_type",
                                     "engine",
                                     "cluster_mode",
                                     "node_quota",
                                     "reserved_memory",
                                     "io_threads",
                                     "read_service",
                                     "write_service",
                                     "write_per_kib",
                                     "read_per_kib",
                                     "shards",
                                     "hot_weight",
                                     "connections_max",
                                     "connect_cost",
                                     "read_per_iteration",
                                     "write_per_iteration",
                                     "idle_timeout",
                                     "tcp_keepalive",
                                     "persistence",
                                     "persistence_cost",
                                     "accept_backlog",
                                     "queue_order",
                                     "queue_timeout",
                                     "drop_abandoned",
                                     "admission",
                                     "close_on_replica_write",
                                     NULL};

void managed_adapt(struct store_config *config, const void *kind_config)
{
    (void)kind_config;
    config->shards = 1;
    config->hot_weight = 1;
    config->connections_max = config->accept_backlog = UINT32_MAX;
    config->accepts_per_iteration = config->tls_per_iteration = UINT32_MAX;
}

/* --- units ----------------------------------------------------------------------------------- */

#define ITEM_OVERHEAD 48 /* bytes of an item in a global table: facts C.2 of stores */
#define ITEM_BYTES 1100  /* of a read item, as client.write_bytes, where all are the same */

double managed_write_units(uint32_t bytes)
{
    return (double)((bytes + ITEM_OVERHEAD + 1023) / 1024);
}

double managed_read_units(const struct command *command, bool strong)
{
    uint32_t bytes = command->reply.bytes > 0 ? command->reply.bytes : ITEM_BYTES;
    double units = (double)((bytes + ITEM_OVERHEAD + 4095) / 4096);

    return strong ? units : units / 2;
}

/* --- commands -------------------------------------------------------------------------------- */

/* The service's access is closed to the credentials of the clients. */
RARE static bool is_denied(const struct store *store, struct command *command)
{
    if (store->kind->signs)
        command->reply = (struct reply){.kind = REPLY_DENIED};
    return store->kind->signs;
}

static HOT_HANDLER void managed_on_command(void *self, struct sim *sim, uint32_t entity,
                                           uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;
    struct server *server = &cluster->servers[0];
    struct command *command = command_at(store->pools[ref_region(entity)], ref_index(entity));

    (void)sim, (void)generation;
    if (__builtin_expect(ref_index(entity) >= NEAR_COMMANDS && !store->prefetches, 0))
        store_prefetch_early(store);
    if (__builtin_expect(cluster->listener.special_count > 0, 0) &&
        listener_takes(cluster, entity, command))
        return;
    if (!cluster->up) {
        listener_misses(cluster, entity, command);
        return;
    }
    command_hand(command, COMMAND_ON_WIRE, COMMAND_AT_STORE);
    probe_count(store->probes, cluster->commands);
    if (__builtin_expect(store->measures, 0))
        cluster_measure_arrival(cluster, command);
    if ((cluster->access == ACCESS_AUTH && is_denied(store, command)) ||
        (server->ill && server_fails(server, command)) ||
        store->kind->execute(server, entity, command) == EXECUTION_DONE)
        cluster_reply(cluster, entity, command);
    else
        server_pend(server, entity, command);
}

const struct event_kind managed_command = {
    .name = "command", .phase = PHASE_WORK, .fire = managed_on_command};

/* --- operations ------------------------------------------------------------------------------ */

static uint32_t managed_alloc(struct managed *managed)
{
    uint32_t index = managed->op_free;

    if (index != NO_INDEX) {
        managed->op_free = managed->ops[index].next_free;
        return index;
    }
    MEM_GROW(managed->ops, managed->op_capacity, managed->op_count + 1);
    index = (uint32_t)managed->op_count++;
    managed->ops[index].generation = 0;
    return index;
}

void managed_free(struct managed *managed, uint32_t index)
{
    struct managed_op *op = managed_at(managed, index);

    op->generation++;
    op->next_free = managed->op_free;
    managed->op_free = index;
}

enum execution managed_begin(struct managed *managed, struct server *server, uint32_t ref,
                             const struct command *command, const struct dist *latency)
{
    uint32_t index = managed_alloc(managed);
    struct managed_op *op = managed_at(managed, index);
    struct rng_block block = rng_block_at(&managed->latency, command->identity, command->attempt);
    sim_dur wait = dist_sample_ns(latency, block.word[0]);
    uint8_t region = (uint8_t)server->cluster->region;

    *op = (struct managed_op){.handle = server_handle(ref, command),
                              .value = command->identity,
                              .begun = sim_now(managed->store->sim),
                              .base = managed->commits ? *managed->commits : 0,
                              .session = command->session,
                              .session_check = command->session_check,
                              .bytes = command->bytes,
                              .life = managed->lives[region],
                              .generation = op->generation,
                              .region = region,
                              .kind = command->kind,
                              .latest = command->latest};
    if (server->ill)
        wait = (sim_dur)((double)wait * server->illness.slow);
    sim_after(managed->store->sim, wait, managed->done_kind, index, op->generation);
    return EXECUTION_PENDING;
}

static void managed_on_done(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct managed *managed = self;

    (void)sim, (void)generation;
    if (managed_lives(managed, managed_at(managed, entity)))
        managed->done(managed, entity);
    else
        managed_free(managed, entity);
}

static const struct event_kind managed_done = {
    .name = "done", .phase = PHASE_WORK, .fire = managed_on_done};

struct server *managed_server(const struct managed *managed, const struct managed_op *op)
{
    struct cluster *cluster = &managed->store->clusters[op->region];

    return &cluster->servers[store_shard_of(managed->store, op->session, op->session_check)];
}

void managed_reply(const struct managed *managed, const struct managed_op *op,
                   const struct reply *reply)
{
    server_complete(managed_server(managed, op), op->handle, reply);
}

void managed_forget(struct managed *managed, int region)
{
    managed->lives[region]++;
}

void managed_down(struct cluster *cluster, enum crash_kind kind)
{
    (void)kind;
    managed_forget(cluster->store->state, cluster->region);
}

void managed_back(struct cluster *cluster, bool was_down)
{
    (void)cluster, (void)was_down;
}

/* --- wiring ---------------------------------------------------------------------------------- */

void managed_init(struct managed *managed, struct store *store, const struct model_env *env,
                  void (*done)(struct managed *managed, uint32_t index))
{
    managed->store = store;
    managed->op_free = NO_INDEX;
    managed->done = done;
    managed->latency = sim_stream(env->sim, env->instance, "latency");
    managed->done_kind = sim_kind_add(env->sim, &managed_done, env->instance, managed);
}

void managed_release(struct managed *managed)
{
    free(managed->ops);
}
