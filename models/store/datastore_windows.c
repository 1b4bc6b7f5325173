// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Work of the service at given times: maintenance once a week, snapshots once a day, nodes of
 * another type. The first two are done at a random instant of a window of the calendar, drawn for
 * each cluster and time.
 *
 * Maintenance replaces the primary's node: a planned change of roles (datastore_change_roles()). A
 * snapshot forks a process: of a replica where there is one, else of the node that serves, which is
 * blocked meanwhile. A change of the type hangs each cluster for a moment, and a replica becomes
 * the primary where there is one.
 */
#include "datastore_internal.h"

#define DAY (24 * 3600 * SIM_S)

enum window_work { WORK_MAINTENANCE, WORK_SNAPSHOT, WORK_RESIZE, WORK_RESUME };
#define WORK_BITS 2

struct window {
    sim_dur first, length, period; /* begins at first + n x period */
};

static struct window window_of(const struct datastore_config *config, enum window_work work)
{
    sim_dur from_monday = (sim_dur)config->start_day * DAY + config->start_time_ns, at;
    struct window window = {.length = config->maintenance_window_ns, .period = 7 * DAY};

    at = (sim_dur)config->maintenance_day * DAY + config->maintenance_at_ns;
    if (work == WORK_SNAPSHOT) {
        window = (struct window){.length = config->snapshot_window_ns, .period = DAY};
        at = config->snapshot_at_ns;
    }
    window.first = ((at - from_monday) % window.period + window.period) % window.period;
    return window;
}

static void plan_work(const struct datastore_cluster *cluster, enum window_work work,
                      uint32_t number)
{
    struct datastore *datastore = cluster->datastore;
    struct window window = window_of(datastore->config, work);
    uint64_t entity = (uint64_t)cluster->cluster->region << WORK_BITS | work;
    struct rng_block block = rng_block_at(&datastore->windows, entity, number);
    sim_time when = window.first + (sim_dur)number * window.period +
                    (sim_dur)(rng_unit(block.word[0]) * (double)window.length);

    sim_at(datastore->store->sim, when, cluster->window_kind, number << WORK_BITS | work, 0);
}

/* The fork of a node that serves blocks it for the size of its data. */
static void take_snapshot(const struct datastore_cluster *cluster)
{
    struct datastore *datastore = cluster->datastore;
    const struct replica_port *replica = &datastore->replicas;
    double per_gib = (double)datastore->store->config->persistence.fork_per_gib_ns;

    if (cluster->cluster->node_count > 1)
        return; /* a replica's work */
    for (uint32_t s = 0; s < datastore->shard_count; s++) {
        double bytes = (double)replica->data_bytes(replica->self, s);

        server_block(cluster->servers[s].server,
                     (sim_dur)(per_gib * bytes / (double)(UINT64_C(1) << 30)));
    }
}

static void begin_resize(const struct datastore_cluster *cluster)
{
    const struct store_fault_port *port = &cluster->cluster->fault;
    struct datastore *datastore = cluster->datastore;

    port->stall(port->self, true);
    sim_after(datastore->store->sim, datastore->config->resize_stall_ns, cluster->window_kind,
              WORK_RESUME, 0);
}

static void end_resize(const struct datastore_cluster *cluster)
{
    const struct store_fault_port *port = &cluster->cluster->fault;
    struct datastore *datastore = cluster->datastore;

    port->stall(port->self, false);
    if (cluster->cluster->node_count > 1)
        port->change_roles(port->self);
    store_set_node_type(datastore->store, datastore->config->resize_type);
}

static void cluster_on_window(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct datastore_cluster *cluster = self;
    enum window_work work = (enum window_work)(entity & ((1 << WORK_BITS) - 1));
    const struct store_fault_port *port = &cluster->cluster->fault;

    (void)sim, (void)generation;
    if (work == WORK_MAINTENANCE || work == WORK_SNAPSHOT)
        plan_work(cluster, work, (entity >> WORK_BITS) + 1);
    if (work == WORK_RESUME)
        end_resize(cluster);
    else if (!cluster->cluster->up)
        return;
    else if (work == WORK_SNAPSHOT)
        take_snapshot(cluster);
    else if (work == WORK_RESIZE)
        begin_resize(cluster);
    else
        port->change_roles(port->self);
}

static const struct event_kind datastore_window = {
    .name = "window", .phase = PHASE_WORK, .fire = cluster_on_window};

void windows_init(struct datastore_cluster *cluster, const struct model_env *env)
{
    const struct datastore_config *config = cluster->datastore->config;

    if (!config->maintenance && !config->snapshot && !config->resize)
        return;
    cluster->datastore->windows = sim_stream(env->sim, env->instance, "windows");
    cluster->window_kind = sim_kind_add(env->sim, &datastore_window, env->instance, cluster);
    if (config->maintenance)
        plan_work(cluster, WORK_MAINTENANCE, 0);
    if (config->snapshot)
        plan_work(cluster, WORK_SNAPSHOT, 0);
    if (config->resize)
        sim_at(env->sim, config->resize_at_ns, cluster->window_kind, WORK_RESIZE, 0);
}
