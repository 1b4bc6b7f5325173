// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A rolling deploy: instances restart one after another, at equal distances; where the first one
 * stands in its distance is a matter of phase. Each is deregistered, drains, is out of service for
 * `restart` and returns with cold pools. A fault may restart a single instance in the same way.
 */
#include "app_internal.h"

double app_cold_multiplier(double factor, sim_dur time, sim_dur age)
{
    return age >= time ? 1 : factor - (factor - 1) * (double)age / (double)time;
}

RARE sim_dur app_cold_service(const struct app_tier *app, uint32_t instance, sim_dur service)
{
    const struct app_tier_config *config = app->config;
    sim_time since = app->instances[instance].returned;
    sim_dur age = sim_now(app->sim) - since;

    if (since == 0)
        return service;
    return (sim_dur)((double)service *
                     app_cold_multiplier(config->cold_factor, config->cold_ns, age));
}

/* Generation of the events. */
enum { OF_DEPLOY, ALONE };

#define DEPLOY_ENTITY (UINT64_C(1) << 32) /* of its phase; below are instances */

void app_put_in_service(struct app_tier *app, uint32_t instance)
{
    app->sessions->restart_instance(app->sessions->self, instance);
    load_balancer_serve(app_pool_of(app, instance), instance, true, sim_now(app->sim));
    app->instances[instance].returned = sim_now(app->sim);
    app_check_resume(app, instance);
    app_report_health(app);
}

static void deploy_passed(struct app_tier *app, uint32_t instance, uint32_t generation)
{
    if (generation == OF_DEPLOY && instance + 1 == app->config->instances)
        app->deploying = false;
}

static void app_on_leave(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;

    if (!app_fleet_has(app, entity)) {
        deploy_passed(app, entity, generation);
        return;
    }
    app_deregister(app, entity);
    sim_after(sim, app->config->restart_ns, app->return_kind, entity, generation);
}

static void app_on_return(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;

    (void)sim;
    if (app_fleet_has(app, entity)) /* not removed meanwhile */
        app_put_in_service(app, entity);
    deploy_passed(app, entity, generation);
}

void app_begin_deploy(void *self, sim_dur over)
{
    struct app_tier *app = self;
    uint32_t count = app->config->instances;
    sim_dur distance = over / count, phase = 0;

    if (app->deploying)
        return; /* one deploy at a time */
    app->deploying = true;
    if (distance > 0)
        phase = phase_start_ns(&app->config->deploy_phase, app->sim, app->instance_name,
                               DEPLOY_ENTITY + app->deploys++, distance);
    for (uint32_t i = 0; i < count; i++)
        sim_after(app->sim, phase + distance * i, app->leave_kind, i, OF_DEPLOY);
}

void app_restart_instance(void *self, uint32_t instance)
{
    struct app_tier *app = self;

    if (app->targets[instance].in_service && app_fleet_has(app, instance))
        sim_after(app->sim, 0, app->leave_kind, instance, ALONE);
}

const struct event_kind app_leave = {.name = "leave", .phase = PHASE_WORK, .fire = app_on_leave};
const struct event_kind app_return = {.name = "return", .phase = PHASE_WORK, .fire = app_on_return};
