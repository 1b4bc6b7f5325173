// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Instances of a world are created in the order of the registry and destroyed in reverse. A world
 * only reads its scenario, so that worlds of one scenario may run on several threads.
 */
#include "world.h"

#include "bug.h"
#include "mem.h"
#include "phase_rule.h"
#include "run_settings.h"

#include <stdlib.h>

struct world {
    const struct scenario *scenario;
    struct probes *probes;
    struct sim *sim;
    struct port_directory *ports;
    struct run_log log;
    struct usage_list usage;
    void **states;                       /* by instance */
    struct model_env *envs;              /* by instance; models may keep pointers to them */
    const struct statistics *statistics; /* NULL until the run is over */
    const struct world_observer *observer;
    uint32_t replication;
    bool has_run;
};

static struct probes *create_probes(const struct scenario *scenario, sim_time warmup)
{
    const struct probe_plan plan = {
        .warmup = warmup,
        .end = scenario->run.duration,
        .bin = run_settings_bin(&scenario->run),
        .faults = scenario->fault_spans,
        .fault_count = scenario->fault_span_count,
        .region_count = scenario->topology.region_count,
        .rows = &scenario->rows,
    };
    struct probes *probes = probes_create(&plan);

    for (size_t i = 0; i < scenario->metric_count; i++)
        probes_declare(probes, scenario->metrics[i], 1);
    return probes;
}

static void list_usage(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    for (size_t i = 0; i < scenario->rows.count; i++)
        usage_list_add_metrics(&world->usage, scenario->rows.tables[i]);
    for (size_t i = 0; i < scenario->instance_count; i++) {
        const struct scenario_instance *instance = &scenario->instances[i];

        usage_list_add_amounts(&world->usage, &instance->ops->rows, world->states[i]);
        if (instance->kind)
            usage_list_add_amounts(&world->usage, &instance->kind->rows, world->states[i]);
    }
}

static void init_instances(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    for (size_t i = 0; i < scenario->instance_count; i++) {
        const struct scenario_instance *instance = &scenario->instances[i];

        world->states[i] = mem_zalloc(1, instance->ops->state_size + 1);
        world->envs[i] = (struct model_env){
            .sim = world->sim,
            .topology = &scenario->topology,
            .ports = world->ports,
            .instance = instance->name,
            .config = instance->config,
            .config_count = instance->config_count,
            .region = instance->region,
            .peer = instance->peer,
            .log = &world->log,
            .kind = instance->kind,
            .kind_config = instance->kind_config,
            .usage = &world->usage,
            .rows = &scenario->rows,
        };
    }
    list_usage(world);
    for (size_t i = 0; i < scenario->instance_count; i++)
        scenario->instances[i].ops->init(world->states[i], &world->envs[i]);
}

static void wire_instances(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    for (size_t i = 0; i < scenario->instance_count; i++)
        if (scenario->instances[i].ops->connect)
            scenario->instances[i].ops->connect(world->states[i], world->ports);
    for (size_t i = 0; i < scenario->instance_count; i++)
        if (scenario->instances[i].ops->start)
            scenario->instances[i].ops->start(world->states[i]);
}

static void observe(void *self, sim_time now)
{
    const struct world *world = self;

    world->observer->step(world->observer->self, world, now);
}

struct world *world_create(const struct scenario *scenario, const struct world_options *options)
{
    struct world *world = mem_zalloc(1, sizeof *world);
    const struct sim_options sim_options = {
        .seed = options->seed,
        .replication = options->replication,
        .end = scenario->run.duration,
        .queue = options->queue,
        .trace = options->trace,
        .scenario = scenario->path,
        .set_options = scenario->set_options,
        .interrupt = options->interrupt,
        .flushed = options->observer ? observe : NULL,
        .flushed_self = world,
        .random_phases = scenario->run.phase_kind == PHASE_IS_RANDOM,
        .phase_ns = scenario->run.phase,
    };

    world->scenario = scenario;
    world->observer = options->observer;
    world->replication = options->replication;
    world->probes = create_probes(scenario, options->warmup);
    world->sim = sim_create(&sim_options, world->probes);
    world->ports = port_directory_create();
    if (options->history) {
        op_history_begin(options->history, &scenario->topology, options->seed,
                         options->replication);
        port_offer_op_history(world->ports, -1, -1, options->history);
    }
    world->states = mem_zalloc(scenario->instance_count + 1, sizeof world->states[0]);
    world->envs = mem_zalloc(scenario->instance_count + 1, sizeof world->envs[0]);
    init_instances(world);
    wire_instances(world);
    return world;
}

struct sim_outcome world_run(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    struct sim_outcome outcome;

    invariant(!world->has_run);
    world->has_run = true;
    if (world->observer)
        world->observer->begin(world->observer->self, world);
    outcome = sim_run(world->sim);
    for (size_t i = 0; i < scenario->instance_count; i++)
        if (scenario->instances[i].ops->finish)
            scenario->instances[i].ops->finish(world->states[i]);
    world->statistics = probes_finish(world->probes, outcome.ended);
    outcome.digest = probes_digest(world->probes, outcome.digest);
    if (world->observer && !outcome.interrupted)
        observe(world, outcome.ended);
    return outcome;
}

const struct scenario *world_scenario(const struct world *world)
{
    return world->scenario;
}

uint32_t world_replication(const struct world *world)
{
    return world->replication;
}

sim_dur world_bin(const struct world *world)
{
    return run_settings_bin(&world->scenario->run);
}

double world_bin_value(const struct world *world, const char *metric, const char *stat, int region,
                       size_t bin)
{
    return probes_bin_value(world->probes, metric, stat, region, bin);
}

const struct statistics *world_statistics(const struct world *world)
{
    invariant(world->statistics);
    return world->statistics;
}

const struct run_log *world_log(const struct world *world)
{
    return &world->log;
}

const struct incident_list *world_incidents(const struct world *world)
{
    static const struct incident_list none = {0};
    const struct incident_list *list = port_find_incidents(world->ports, -1, -1);

    invariant(world->statistics);
    return list ? list : &none;
}

void world_free(struct world *world)
{
    if (!world)
        return;
    for (size_t i = world->scenario->instance_count; i > 0; i--) {
        const struct model_ops *ops = world->scenario->instances[i - 1].ops;

        if (ops->fini)
            ops->fini(world->states[i - 1]);
        free(world->states[i - 1]);
    }
    free(world->states);
    free(world->envs);
    port_directory_free(world->ports);
    sim_free(world->sim);
    probes_free(world->probes);
    run_log_release(&world->log);
    usage_list_release(&world->usage);
    free(world);
}
