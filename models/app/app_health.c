// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Health checks of the instances by the region's load balancer.
 *
 * `shallow` checks only the process: such checks are simulated while the process is dead, and until
 * the balancer has found that it lives again. The other depths read from the store like a page, and
 * so remove an instance that cannot reach it.
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

static void check_ended(struct app_tier *app, uint32_t instance, bool passed)
{
    if (app->up && app->targets[instance].in_service &&
        load_balancer_check(&app->lb, instance, passed))
        app_report_health(app);
}

static void check_store(struct app_tier *app, uint32_t instance)
{
    uint32_t index = app_request_alloc(app);
    struct op_request op;

    app->requests[index].stage = STAGE_PROBE;
    app->requests[index].instance = instance;
    app->requests[index].since = sim_now(app->sim);
    app->requests[index].identity = rng_mix((uint64_t)sim_now(app->sim) + instance);
    op = (struct op_request){.request = index,
                             .instance = instance,
                             .kind = COMMAND_GET,
                             .session = ref_make((uint32_t)app->region, 0),
                             .identity = app->requests[index].identity,
                             .last_write = -1,
                             .probe = true,
                             .latest = app->config->health.depth == HEALTH_PRIMARY_STORE};
    app->sessions->submit(app->sessions->self, &op);
}

/* Shallow checks that can only pass change nothing and are not simulated: those of an instance that
 * lives and has passed the last ones. */
static bool needs_checks(const struct app_tier *app, uint32_t instance)
{
    const struct illness *illness = &app->illness[instance];
    const struct health_check *health = &app->targets[instance].health;

    return app->config->health.depth != HEALTH_SHALLOW || illness->refuses || illness->silent ||
           health->state != HEALTH_HEALTHY || health->streak > 0;
}

static void app_on_check(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;
    const struct health_check_rule *rule = &app->config->health;

    app->checking[entity] = needs_checks(app, entity);
    if (!app->checking[entity])
        return;
    sim_after(sim, rule->interval_ns, app->check_kind, entity, generation);
    if (!app->up || !app->targets[entity].in_service)
        return;
    if (app->illness[entity].silent)
        sim_after(sim, rule->timeout_ns, app->silence_kind, entity, 0);
    else if (app->illness[entity].refuses)
        check_ended(app, entity, false);
    else if (rule->depth == HEALTH_SHALLOW)
        check_ended(app, entity, true);
    else
        check_store(app, entity);
}

/* A check has had no answer until its timeout. */
static void app_on_silence(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    check_ended(self, entity, false);
}

/* A check deeper than the process passes through the same code as a request: it fails with the same
 * errors, and is as slow. */
RARE void app_on_checked(struct app_tier *app, uint32_t index, const struct op_result *result)
{
    const struct app_request *request = &app->requests[index];
    uint32_t instance = request->instance;
    const struct illness *illness = &app->illness[instance];
    sim_dur took = sim_now(app->sim) - request->since;
    bool answered = result->outcome != OP_FAILED &&
                    rng_unit(rng_mix(request->identity + APP_ERROR_DRAW)) >= illness->errors;

    if (illness->slow > 1)
        took = (sim_dur)((double)took * illness->slow);
    app_request_free(app, index);
    check_ended(app, instance, health_check_passes(&app->config->health, answered, took));
}

const struct event_kind app_check = {.name = "check", .phase = PHASE_WORK, .fire = app_on_check};
const struct event_kind app_silence = {
    .name = "silence", .phase = PHASE_WORK, .fire = app_on_silence};

/* Given phases spread the checks evenly, the first instance's at the phase; random ones are drawn
 * for each instance, since targets are registered at different times. */
static sim_time first_check(const struct app_tier *app, uint32_t instance)
{
    const struct app_tier_config *config = app->config;
    sim_dur interval = config->health.interval_ns;
    sim_dur phase =
        phase_start_ns(&config->health_phase, app->sim, app->instance_name, instance, interval);

    if (phase_is_random(&config->health_phase, app->sim))
        return phase;
    return (phase + health_check_phase_ns(&config->health, instance, config->instances)) % interval;
}

void app_check_resume(struct app_tier *app, uint32_t instance)
{
    sim_dur interval = app->config->health.interval_ns;
    sim_time when = first_check(app, instance), now = sim_now(app->sim);

    if (app->checking[instance])
        return;
    app->checking[instance] = true;
    if (when < now)
        when += (now - when + interval - 1) / interval * interval;
    sim_at(app->sim, when, app->check_kind, instance, 0);
}

void app_health_start(struct app_tier *app)
{
    for (uint32_t i = 0; i < app->config->instances; i++)
        if (needs_checks(app, i))
            app_check_resume(app, i);
}
