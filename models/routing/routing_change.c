// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Changes of the routing of users on a schedule: traffic dials and weights of the accelerator,
 * weights of records. Each goes through the control plane of its service, which may refuse it; then
 * it is tried again, where that is asked for.
 */
#include "accelerator_internal.h"
#include "registry.h"

#include <string.h>

static const char *const setting_names[] = {"dial", "weight", "record", NULL};
static const char *const results[] = {"accepted", "refused", NULL};
enum { ACCEPTED, REFUSED, RESULTS };

struct routing_change_config {
    sim_time at_ns;
    sim_dur retry_ns;
    int32_t region;
    int kind; /* enum routing_setting_kind */
    double dial;
    uint32_t endpoint, weight, record;
};

#define MODEL_CONFIG struct routing_change_config
// clang-format off
static const struct field routing_change_fields[] = {
    DURATION("at", at_ns, "0s", NULL, "365d", "time of the change, from the start of the run", "assumption"),
    REGION("region", region, "region whose endpoint group or record is changed", "assumption"),
    VARIANT("set", kind, setting_names, "dial", "what is set: the traffic dial, the weight of an endpoint, or the weight of the region's record", "facts A"),
    SHARE("set.dial", dial, "0", "0%", "100%", "new traffic dial of the region's endpoint group", "facts A"),
    COUNT("set.weight.endpoint", endpoint, "0", "0", "7", "number of the endpoint in its group, from 0", "facts A"),
    COUNT("set.weight.to", weight, "0", "0", "255", "its new weight; 0 takes it out of failover too", "facts A"),
    COUNT("set.record", record, "0", "0", "255", "new weight of the region's record ('dns_routing.policy: weighted')", "facts E"),
    DURATION("retry", retry_ns, "0s", "0s", "1d", "time after which a refused change is tried again; 0: never", "assumption"),
};
// clang-format on

static const struct metric routing_change_metrics[] = {
    {.name = "routing_changes",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "result",
     .label_values = results,
     .meaning = "changes of dials and weights that the control planes accepted or refused"},
};

struct routing_change {
    const struct routing_change_config *items;
    size_t count;
    struct sim *sim;
    struct probes_hot *probes;
    const struct routing_control_port *services[2]; /* by enum routing_service */
    kind_id due_kind;
    probe_id results[REGIONS_MAX][RESULTS];
};

static struct routing_setting setting_of(const struct routing_change_config *item)
{
    struct routing_setting setting = {.kind = (enum routing_setting_kind)item->kind,
                                      .region = item->region,
                                      .endpoint = item->endpoint};

    setting.value = item->kind == ROUTING_DIAL     ? item->dial
                    : item->kind == ROUTING_WEIGHT ? (double)item->weight
                                                   : (double)item->record;
    return setting;
}

static void routing_change_on_due(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct routing_change *changes = self;
    const struct routing_change_config *item = &changes->items[entity];
    const struct routing_setting setting = setting_of(item);
    const struct routing_control_port *service =
        changes->services[setting.kind == ROUTING_RECORD ? ROUTING_OF_DNS : ROUTING_OF_ACCELERATOR];
    bool accepted = service->change(service->self, &setting);

    probe_count(changes->probes, changes->results[item->region][accepted ? ACCEPTED : REFUSED]);
    if (!accepted && item->retry_ns > 0)
        sim_after(sim, item->retry_ns, changes->due_kind, entity, generation + 1);
}

static const struct event_kind routing_change_due = {
    .name = "due", .phase = PHASE_WORK, .fire = routing_change_on_due, .carries_cause = true};

static void routing_change_init(void *self, const struct model_env *env)
{
    struct routing_change *changes = self;

    changes->items = env->config;
    changes->count = env->config_count;
    changes->sim = env->sim;
    changes->due_kind = sim_kind_add(env->sim, &routing_change_due, env->instance, changes);
    for (int region = 0; region < (int)env->topology->region_count; region++)
        for (int i = 0; i < RESULTS; i++)
            changes->results[region][i] =
                probe_count_open(sim_probe_set(env->sim), "routing_changes", region, results[i]);
}

static void routing_change_connect(void *self, const struct port_directory *ports)
{
    struct routing_change *changes = self;

    changes->probes = sim_probes(changes->sim);
    for (int service = 0; service < 2; service++)
        changes->services[service] = port_need_routing_control(ports, service, -1);
}

static void routing_change_start(void *self)
{
    struct routing_change *changes = self;

    for (size_t i = 0; i < changes->count; i++)
        sim_at(changes->sim, changes->items[i].at_ns, changes->due_kind, (uint32_t)i, 0);
}

/* The group of a region; NULL: the scenario has none. */
static const struct endpoint_group_shape *group_of(const struct check_context *context, int region)
{
    for (size_t i = 0; i < context->instance_count; i++)
        if (context->instances[i].ops == &endpoint_group_ops &&
            context->instances[i].region == region)
            return context->instances[i].config;
    return NULL;
}

/* Application servers of a region, as the models declare them (struct fault_capability). */
static uint32_t instances_of(const struct check_context *context, int region)
{
    uint32_t most = 0;

    for (size_t i = 0; i < context->instance_count; i++) {
        const struct scenario_instance *instance = &context->instances[i];
        const struct model_rows *rows = &instance->ops->rows;
        const struct check_context of = check_context_of(context, instance, 0);

        for (size_t k = 0; k < rows->fault_count; k++)
            if (rows->faults[k].parts && strcmp(rows->faults[k].target, "instance") == 0) {
                uint32_t parts = rows->faults[k].parts(instance->config, &of, region, -1);

                most = parts > most ? parts : most;
            }
    }
    return most;
}

static void routing_change_check(const void *config, const struct check_context *context,
                                 struct validation *validation)
{
    const struct routing_change_config *item = config;
    const struct endpoint_group_shape *group;
    uint32_t endpoints;

    if (item->at_ns >= context->end)
        validation_error(validation, "at", "must be before the end of the run");
    if (item->region < 0) {
        validation_error(validation, "region", "is required");
        return;
    }
    group = group_of(context, item->region);
    if (item->kind != ROUTING_WEIGHT || !group)
        return;
    endpoints = endpoint_group_count(group, instances_of(context, item->region));
    if (item->endpoint >= endpoints)
        validation_error(validation, "set",
                         "has no endpoint %u: the endpoint group of this region has %u, numbered "
                         "from 0",
                         item->endpoint, endpoints);
}

/* Is the service that is changed the one that routes the users? */
static bool changes_nothing(const void *config, const struct check_context *context)
{
    const struct routing_change_config *item = config;

    for (size_t i = 0; i < context->instance_count; i++)
        if (context->instances[i].ops == &accelerator_ops) {
            const struct accelerator_config *accelerator = context->instances[i].config;

            return accelerator->routing !=
                   (item->kind == ROUTING_RECORD ? ROUTING_DNS : ROUTING_ACCELERATOR);
        }
    return false;
}

static const struct lint_row routing_change_lints[] = {
    {.code = "routing-change-unused",
     .field = "set",
     .meaning = "'set' changes a service that does not route the users: dials and weights need "
                "'accelerator.routing: accelerator', records need 'accelerator.routing: dns'",
     .applies = changes_nothing},
};

const struct model_ops routing_change_ops = {
    .name = "routing_change",
    .section = "routing_changes",
    .meaning = "changes of traffic dials and weights on a schedule, through their control planes",
    .scope = MODEL_LIST,
    .config_size = sizeof(struct routing_change_config),
    .state_size = sizeof(struct routing_change),
    FIELD_TABLE(routing_change_fields),
    METRIC_TABLE(routing_change_metrics),
    .rows = {LINT_TABLE(routing_change_lints)},
    .check = routing_change_check,
    .init = routing_change_init,
    .connect = routing_change_connect,
    .start = routing_change_start,
};
