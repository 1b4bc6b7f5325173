// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Health checks of the instances by the region's load balancer.
 *
 * `shallow` checks only the process, which always answers, so no check is simulated. The other
 * depths read from the store like a page, and so remove an instance that cannot reach it.
 */
#include "app_internal.h"

/* Report a change of the region's health to the accelerator: healthy = at least one healthy
 * target. */
void app_report_health(struct app_tier *app)
{
    bool healthy = app->up && app->lb.usable > 0;

    probe_level(app->probes, app->usable, sim_now(app->sim), app->up ? app->lb.usable : 0);
    if (healthy == app->healthy)
        return;
    app->healthy = healthy;
    app->edge->health(app->edge->self, app->region, healthy);
}

static void app_on_check(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;
    uint32_t index;
    struct op_request op;

    sim_after(sim, app->config->health.interval_ns, app->check_kind, entity, generation);
    if (!app->up || !app->targets[entity].in_service)
        return;
    index = app_request_alloc(app);
    app->requests[index].stage = STAGE_PROBE;
    app->requests[index].instance = entity;
    app->requests[index].since = sim_now(sim);
    op = (struct op_request){.request = index,
                             .instance = entity,
                             .kind = COMMAND_GET,
                             .session = ref_make((uint32_t)app->region, 0),
                             .identity = rng_mix((uint64_t)sim_now(sim) + entity),
                             .last_write = -1,
                             .probe = true,
                             .latest = app->config->health.depth == HEALTH_PRIMARY_STORE};
    app->sessions->submit(app->sessions->self, &op);
}

RARE void app_on_checked(struct app_tier *app, uint32_t index, const struct op_result *result)
{
    uint32_t instance = app->requests[index].instance;
    sim_dur took = sim_now(app->sim) - app->requests[index].since;
    bool passed = health_check_passes(&app->config->health, result->outcome != OP_FAILED, took);

    app_request_free(app, index);
    if (app->up && app->targets[instance].in_service &&
        load_balancer_check(&app->lb, instance, passed))
        app_report_health(app);
}

const struct event_kind app_check = {.name = "check", .phase = PHASE_WORK, .fire = app_on_check};

void app_health_start(struct app_tier *app)
{
    const struct health_check_rule *rule = &app->config->health;
    uint32_t count = app->config->instances;

    for (uint32_t i = 0; rule->depth != HEALTH_SHALLOW && i < count; i++)
        sim_after(app->sim, health_check_phase_ns(rule, i, count), app->check_kind, i, 0);
}
