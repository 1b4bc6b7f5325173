// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The calendar, and work of the service at given times: maintenance once a week, at a random
 * instant of a window, drawn for each cluster and time; nodes of another type, once.
 *
 * Maintenance replaces the primary's node: a planned change of roles (datastore_change_roles()). A
 * change of the type hangs each cluster for a moment, and a replica becomes the primary where there
 * is one.
 */
#include "datastore_internal.h"

#define WEEK (7 * DAY)

enum window_work { WORK_MAINTENANCE, WORK_RESIZE, WORK_RESUME };
#define WORK_BITS 2

sim_time windows_time(const struct datastore *datastore, const struct time_window *window,
                      uint64_t who, uint32_t number)
{
    const struct datastore_config *config = datastore->config;
    sim_dur start = (sim_dur)config->start_day * DAY + config->start_time_ns;
    sim_dur first =
        ((window->at_ns - start) % window->every_ns + window->every_ns) % window->every_ns;
    struct rng_block block = rng_block_at(&datastore->windows, who, number);

    return first + (sim_dur)number * window->every_ns +
           (sim_dur)(rng_unit(block.word[0]) * (double)window->length_ns);
}

static void plan_maintenance(const struct datastore_cluster *cluster, uint32_t number)
{
    const struct datastore *datastore = cluster->datastore;
    const struct datastore_config *config = datastore->config;
    const struct time_window window = {.every_ns = WEEK,
                                       .at_ns = (sim_dur)config->maintenance_day * DAY +
                                                config->maintenance_at_ns,
                                       .length_ns = config->maintenance_window_ns};

    sim_at(datastore->store->sim,
           windows_time(datastore, &window, (uint64_t)cluster->cluster->region, number),
           cluster->window_kind, number << WORK_BITS, 0);
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
    if (cluster_has_replicas(cluster->cluster))
        port->change_roles(port->self);
    store_set_node_type(datastore->store, datastore->config->resize_type);
}

static void cluster_on_window(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct datastore_cluster *cluster = self;
    enum window_work work = (enum window_work)(entity & ((1 << WORK_BITS) - 1));
    const struct store_fault_port *port = &cluster->cluster->fault;

    (void)sim, (void)generation;
    if (work == WORK_MAINTENANCE)
        plan_maintenance(cluster, (entity >> WORK_BITS) + 1);
    if (work == WORK_RESUME)
        end_resize(cluster);
    else if (!cluster->cluster->up)
        return;
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

    if (!config->maintenance && !config->resize)
        return;
    cluster->window_kind = sim_kind_add(env->sim, &datastore_window, env->instance, cluster);
    if (config->maintenance)
        plan_maintenance(cluster, 0);
    if (config->resize)
        sim_at(env->sim, config->resize_at_ns, cluster->window_kind, WORK_RESIZE, 0);
}
