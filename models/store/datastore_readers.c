// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Replicas of a global datastore that serve reads (`read_from: replicas`). A replica has a thread
 * of its own for each shard, which executes reads and the writes of its stream one after another.
 * It holds what its cluster's primary node held `replica_lag` ago, or, in a secondary cluster, what
 * that node has applied.
 */
#include "datastore_internal.h"

static sim_time *thread_of(const struct datastore_cluster *cluster, uint32_t node, uint32_t shard)
{
    return &cluster->occupied[node * cluster->datastore->shard_count + shard];
}

/* When a thread has done something more that begins now or when it is free. */
static sim_time thread_work(sim_time *occupied, sim_time now, sim_dur length)
{
    if (*occupied < now)
        *occupied = now;
    *occupied += length;
    return *occupied;
}

RARE void readers_apply(const struct datastore_server *server, uint32_t bytes)
{
    const struct cluster *cluster = server->cluster->cluster;
    sim_dur length = datastore_apply_time(server->cluster->datastore, bytes);

    for (uint32_t n = 0; n < cluster->node_count; n++)
        if (n != cluster->primary_node)
            thread_work(thread_of(server->cluster, n, server->shard), sim_now(cluster->store->sim),
                        length);
}

void readers_block(const struct datastore_server *server, sim_dur length)
{
    const struct cluster *cluster = server->cluster->cluster;
    uint32_t node = (cluster->primary_node + 1) % cluster->node_count;

    if (server->cluster->occupied)
        thread_work(thread_of(server->cluster, node, server->shard), sim_now(cluster->store->sim),
                    length);
}

/* The last write that the replica holds when the read is executed. */
static uint64_t held_by_replica(const struct datastore_server *server,
                                const struct command *command)
{
    const struct datastore *datastore = server->cluster->datastore;
    sim_time now = sim_now(datastore->store->sim);
    struct rng_block block;

    if (server->cluster->cluster->region != datastore->primary)
        return server->applied;
    block = rng_block_at(&datastore->replica, rng_mix(command->identity), command->attempt);
    return server_number_at(server,
                            now - dist_sample_ns(datastore->config->replica_lag, block.word[2]));
}

enum execution datastore_replica_read(struct server *server, uint32_t node, uint32_t ref,
                                      struct command *command)
{
    struct datastore_server *state = server->state;
    struct datastore_cluster *cluster = state->cluster;
    struct store *store = cluster->datastore->store;
    uint64_t applied = state->applied;
    sim_time done;

    if (server->slots_move && reshard_redirects(server, command))
        return EXECUTION_DONE;
    if (!cluster->occupied) { /* only what is on connections to a node that was the primary's */
        datastore_read(state, command);
        return EXECUTION_DONE;
    }
    state->applied = held_by_replica(state, command);
    datastore_read(state, command);
    if (store->memory)
        datastore_read_copy(state, command);
    state->applied = applied;
    done = thread_work(thread_of(cluster, node, state->shard), sim_now(store->sim),
                       server_read_time(server, command));
    if (done == sim_now(store->sim))
        return EXECUTION_DONE;
    sim_at(store->sim, done, cluster->reader_kind, ref, command->generation);
    return EXECUTION_PENDING;
}

static void cluster_on_read(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    const struct datastore_cluster *cluster = self;
    const struct store *store = cluster->datastore->store;
    struct command *command = command_at(store->pools[ref_region(entity)], ref_index(entity));
    struct reply reply = command->reply;

    (void)sim;
    if ((command->generation & SIM_GENERATION_MASK) == generation)
        server_complete(&cluster->cluster->servers[command->shard], server_handle(entity, command),
                        &reply);
}

static const struct event_kind datastore_reader = {
    .name = "replica_read", .phase = PHASE_WORK, .fire = cluster_on_read};

void readers_init(struct datastore_cluster *cluster, const struct model_env *env)
{
    const struct datastore *datastore = cluster->datastore;

    if (datastore->config->read_from != READ_FROM_REPLICAS)
        return;
    cluster->occupied = mem_zalloc((size_t)NODES_MAX * datastore->shard_count, sizeof(sim_time));
    cluster->reader_kind = sim_kind_add(env->sim, &datastore_reader, env->instance, cluster);
}
