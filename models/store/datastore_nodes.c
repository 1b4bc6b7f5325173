// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Replicas added to clusters of a global datastore, or removed, while it runs.
 *
 * New nodes are created, all at once; then the primary's node forks once for them, each server for
 * its shard, sends the data set and goes on; once they have loaded it they are replicas like the
 * others: they can take over, count for min_replicas_to_write and serve reads. If the primary's
 * node has changed or failed meanwhile, the copy begins again.
 *
 * Nodes are removed at once, those with the highest numbers first and never the primary's. Their
 * processes end: connections are closed, and what comes later is not answered. The reader endpoint
 * names the nodes that serve from the same moment on.
 */
#include "datastore_internal.h"
#include "run_log.h"

#define RETRY (10 * SIM_S) /* for a primary's node that could be copied */

enum nodes_work { NODES_CHANGE, NODES_COPY, NODES_READY };

static uint32_t count_replicas(const struct cluster *cluster)
{
    uint32_t count = 0;

    for (uint32_t n = 0; n < cluster->node_count; n++)
        count += n != cluster->primary_node && !cluster->nodes[n].absent;
    return count;
}

bool cluster_has_replicas(const struct cluster *cluster)
{
    return count_replicas(cluster) > 0;
}

bool nodes_change_in(const struct datastore_config *config, int region)
{
    return config->nodes_change != NODES_FIXED &&
           (config->nodes_region < 0 || config->nodes_region == region);
}

static void note_change(const struct datastore_cluster *state, const char *did)
{
    const struct store *store = state->datastore->store;

    (void)run_log_event(store->log, sim_now(store->sim), "replicas",
                        store->topology->region_names[state->cluster->region],
                        sim_cause(store->sim), NULL, "%u replicas of each shard: %s",
                        count_replicas(state->cluster), did);
}

/* What the reader endpoint names: the node that was the primary's at the start is not one of it. */
static void list_readers(const struct datastore_cluster *state)
{
    struct datastore *datastore = state->datastore;
    const struct cluster *cluster = state->cluster;
    struct reader_list *readers = &datastore->readers[cluster->region];

    if (datastore->config->read_from != READ_FROM_REPLICAS)
        return;
    readers->count = 0;
    for (uint32_t n = 1; n < cluster->node_count; n++)
        if (!cluster->nodes[n].absent)
            readers->endpoints[readers->count++] = cluster->nodes[n].endpoint;
}

static void node_set_absent(struct node *node, bool absent)
{
    node->absent = absent;
    if (absent)
        listener_down(node, CRASH_HOST);
    else
        listener_up(node);
}

/* --- fewer ----------------------------------------------------------------------------------- */

static void remove_replicas(struct datastore_cluster *state, uint32_t count)
{
    struct cluster *cluster = state->cluster;
    uint32_t has = count_replicas(cluster);

    store_bill_nodes(cluster->store);
    for (uint32_t n = cluster->node_count; n-- > 0 && has > count;) {
        if (n == cluster->primary_node || cluster->nodes[n].absent)
            continue;
        if (cluster->nodes[n].down == CRASH_NONE)
            listener_down(&cluster->nodes[n], CRASH_PROCESS);
        node_set_absent(&cluster->nodes[n], true);
        has--;
    }
    state->paid_replicas = has;
    list_readers(state);
    note_change(state, "removed");
}

/* --- more ------------------------------------------------------------------------------------ */

static sim_dur time_of_bytes(int64_t bytes, double bit_per_s)
{
    return (sim_dur)((double)bytes * 8 / bit_per_s * (double)SIM_S);
}

/* At the network's burst rate first. */
static sim_dur sending_time(const struct datastore *datastore, int64_t bytes)
{
    const struct replica_port *data = &datastore->replicas;
    sim_dur burst_ns = datastore->config->network_burst_ns;
    double rate = datastore->config->nodes_copy_bit_per_s;
    double burst = data->network_bit_per_s(datastore, 0);
    double limit = data->network_bit_per_s(datastore, burst_ns);
    sim_dur takes = time_of_bytes(bytes, rate < burst ? rate : burst);

    if (takes <= burst_ns)
        return takes;
    bytes -= (int64_t)((double)burst_ns / (double)SIM_S * (rate < burst ? rate : burst) / 8);
    return burst_ns + time_of_bytes(bytes, rate < limit ? rate : limit);
}

/* The longest of the shards, which are copied and loaded side by side. */
static sim_dur copy_time(const struct datastore *datastore)
{
    const struct replica_port *data = &datastore->replicas;
    const struct persistence_config *cost = &datastore->store->config->persistence;
    sim_dur longest = 0;

    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        int64_t bytes = data->data_bytes(datastore, s);
        sim_dur takes = sending_time(datastore, bytes) +
                        time_of_bytes(bytes, cost->load_bit_per_s) +
                        (sim_dur)datastore->shards[s].live * cost->load_per_key_ns;

        longest = takes > longest ? takes : longest;
    }
    return longest;
}

static void begin_copy(struct datastore_cluster *state)
{
    struct datastore *datastore = state->datastore;
    const struct cluster *cluster = state->cluster;
    const struct persistence_config *cost = &datastore->store->config->persistence;
    const double gib = 1024.0 * 1024.0 * 1024.0;

    if (!cluster->up || state->moves || state->cut) {
        sim_after(datastore->store->sim, RETRY, state->nodes_kind, NODES_COPY, 0);
        return;
    }
    state->copied_node = cluster->primary_node;
    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        memory_fork_begin(state->servers[s].server);
        server_block(state->servers[s].server,
                     (sim_dur)((double)datastore->replicas.data_bytes(datastore, s) / gib *
                               (double)cost->fork_per_gib_ns));
    }
    sim_after(datastore->store->sim, copy_time(datastore), state->nodes_kind, NODES_READY, 0);
}

static void end_copy(struct datastore_cluster *state)
{
    struct cluster *cluster = state->cluster;

    for (uint32_t s = 0; s < state->datastore->shard_count; s++)
        memory_fork_end(state->servers[s].server);
    if (!cluster->up || state->moves || state->cut || cluster->primary_node != state->copied_node) {
        begin_copy(state);
        return;
    }
    for (uint32_t n = 0; n < cluster->node_count; n++)
        if (cluster->nodes[n].absent)
            node_set_absent(&cluster->nodes[n], false);
    list_readers(state);
    note_change(state, "added, with all data");
}

static void begin_change(struct datastore_cluster *state)
{
    struct datastore *datastore = state->datastore;
    uint32_t count = datastore->config->nodes_replicas;
    struct rng_block block;

    if (count <= state->paid_replicas) {
        remove_replicas(state, count);
        return;
    }
    block = rng_block_at(&datastore->nodes, (uint64_t)state->cluster->region, 0);
    sim_after(datastore->store->sim, dist_sample_ns(datastore->config->nodes_create, block.word[0]),
              state->nodes_kind, NODES_COPY, 0);
}

static void cluster_on_nodes(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct datastore_cluster *state = self;

    (void)sim, (void)generation;
    switch ((enum nodes_work)entity) {
    case NODES_CHANGE:
        begin_change(state);
        return;
    case NODES_COPY:
        if (state->paid_replicas < state->datastore->config->nodes_replicas) {
            store_bill_nodes(state->cluster->store);
            state->paid_replicas = state->datastore->config->nodes_replicas;
        }
        begin_copy(state);
        return;
    case NODES_READY:
        end_copy(state);
        return;
    }
}

static const struct event_kind datastore_nodes_event = {
    .name = "replicas", .phase = PHASE_WORK, .fire = cluster_on_nodes};

/* --- wiring ---------------------------------------------------------------------------------- */

void nodes_init(struct datastore_cluster *state, const struct model_env *env)
{
    struct datastore *datastore = state->datastore;
    const struct datastore_config *config = datastore->config;

    if (!nodes_change_in(config, state->cluster->region))
        return;
    datastore->nodes = sim_stream(env->sim, env->instance, "nodes");
    state->nodes_kind = sim_kind_add(env->sim, &datastore_nodes_event, env->instance, state);
    sim_at(env->sim, config->nodes_at_ns, state->nodes_kind, NODES_CHANGE, 0);
}

void nodes_start(struct datastore_cluster *state)
{
    struct cluster *cluster = state->cluster;

    for (uint32_t n = state->paid_replicas + 1; n < cluster->node_count; n++)
        node_set_absent(&cluster->nodes[n], true);
    list_readers(state);
}
