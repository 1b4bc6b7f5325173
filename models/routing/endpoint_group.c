// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The endpoint group of a region: its endpoints, their weights and the traffic dial, as they are at
 * the start, and the accelerator's own health checks of endpoints that are instances. Load
 * balancers check their targets themselves (load_balancer.md).
 */
#include "bug.h"
#include "checker_fleet.h"
#include "edge.h"
#include "endpoint_group.h"
#include "illness.h"
#include "model.h"
#include "registry.h"

static const char *const endpoint_kinds[] = {"load-balancers", "instances", NULL};

struct endpoint_group_config {
    struct endpoint_group_shape shape; /* first: endpoint_group.h */
    double dial;
    struct checker_config checks;
};

#define MODEL_CONFIG struct endpoint_group_config
// clang-format off
static const struct field endpoint_group_fields[] = {
    SHARE("dial", dial, "0", "100%", "100%", "traffic dial: share of the connections directed to the group that it accepts", "facts A"),
    CHOICE("endpoints", shape.kind, endpoint_kinds, "load-balancers", "load-balancers: one for each weight, with equal shares of the region's instances; instances: each is an endpoint, without a load balancer", "facts A"),
    NUMBER_LIST("weights", shape.weights, "0", "[]", "255", "weight of each endpoint; 0 takes it out of failover too; []: one load balancer, or all instances alike, with 128", "facts A"),
    CHECKER_FIELDS("health.", checks, "facts A"),
};
// clang-format on

#define WEIGHT_DEFAULT 128 /* as AWS: facts A */

struct endpoint_group {
    const struct endpoint_group_config *config;
    int region;
    struct checker_fleet fleet;
    struct edge_port *edge;
    struct endpoint_group_port port;
};

static void endpoint_group_changed(void *owner, uint32_t target, bool healthy)
{
    struct endpoint_group *group = owner;

    group->edge->health(group->edge->self, group->region, target,
                        (struct endpoint_health){healthy, healthy});
}

static void endpoint_group_init(void *self, const struct model_env *env)
{
    struct endpoint_group *group = self;

    group->config = env->config;
    group->region = env->region;
    group->port.direct = group->config->shape.kind == ENDPOINTS_INSTANCES;
    group->port.dial = group->config->dial;
    checker_fleet_init(&group->fleet, &group->config->checks, env->sim, env->instance, group,
                       endpoint_group_changed);
    port_offer_endpoint_group(env->ports, env->region, -1, &group->port);
}

static void endpoint_group_connect(void *self, const struct port_directory *ports)
{
    struct endpoint_group *group = self;
    const struct endpoint_group_shape *shape = &group->config->shape;
    const struct illness_port *instances = port_need_app_illness(ports, group->region, -1);
    const struct health_target_port *target = port_need_health_target(ports, group->region, -1);
    uint32_t count = endpoint_group_count(shape, instances->part_count);

    invariant(count <= ENDPOINTS_MAX);
    group->edge = port_need_edge(ports, -1, -1);
    group->port.count = count;
    for (uint32_t i = 0; i < count; i++) {
        group->port.weights[i] =
            shape->weights.count > 0 ? (uint8_t)shape->weights.items[i] : WEIGHT_DEFAULT;
        if (group->port.direct)
            checker_fleet_add(&group->fleet, target, i);
    }
}

static void endpoint_group_start(void *self)
{
    checker_fleet_start(&((struct endpoint_group *)self)->fleet);
}

static void endpoint_group_fini(void *self)
{
    checker_fleet_release(&((struct endpoint_group *)self)->fleet);
}

static void endpoint_group_check(const void *config, const struct check_context *context,
                                 struct validation *validation)
{
    const struct endpoint_group_config *c = config;

    (void)context;
    if (c->shape.weights.count > ENDPOINTS_MAX)
        validation_error(validation, "weights", "has at most %u endpoints, got %u", ENDPOINTS_MAX,
                         c->shape.weights.count);
    checker_fleet_check(&c->checks, "health.interval", validation);
}

static bool checks_for_balancers(const void *config, const struct check_context *context)
{
    const struct endpoint_group_config *c = config;

    (void)context;
    return c->shape.kind == ENDPOINTS_BALANCERS && c->checks.depth != HEALTH_SHALLOW;
}

static const struct lint_row endpoint_group_lints[] = {
    {.code = "group-health-unused",
     .field = "health.depth",
     .meaning = "'endpoint_group.health' is ignored for endpoints that are load balancers: the "
                "accelerator takes their health from 'app.health'",
     .applies = checks_for_balancers},
};

const struct model_ops endpoint_group_ops = {
    .name = "endpoint_group",
    .section = "endpoint_group",
    .meaning = "the accelerator's endpoint group of a region: traffic dial, endpoints, weights",
    .scope = MODEL_PER_REGION,
    .config_size = sizeof(struct endpoint_group_config),
    .state_size = sizeof(struct endpoint_group),
    FIELD_TABLE(endpoint_group_fields),
    .rows = {LINT_TABLE(endpoint_group_lints)},
    .check = endpoint_group_check,
    .init = endpoint_group_init,
    .connect = endpoint_group_connect,
    .start = endpoint_group_start,
    .fini = endpoint_group_fini,
};
