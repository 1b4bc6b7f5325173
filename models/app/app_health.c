// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Health checks of the instances, by the region's load balancer and by checkers outside.
 *
 * `shallow` checks only the process: such checks by the load balancer are simulated while the
 * process is dead, and until it has found that it lives again. The other depths read from the store
 * like a page, and so remove an instance that cannot reach it.
 */
#include "app_internal.h"

static void check_ended(struct app_tier *app, uint32_t instance, uint32_t round, bool passed)
{
    if (load_balancer_check_end(app_pool_of(app, instance), instance, round, passed,
                                sim_now(app->sim)))
        app_report_health(app);
}

void app_checks_clear(struct app_tier *app)
{
    for (uint32_t i = 0; i < app->config->instances; i++)
        app->targets[i].health.open = false;
}

/* --- checks that read from the store --------------------------------------------------------- */

enum { BY_BALANCER }; /* else the number of a prober, from 1 */

/* A check passes through the same code as a request: it fails with the same errors, and is as
 * slow. token: of a prober. */
static void check_store(struct app_tier *app, uint32_t instance, int depth, uint16_t by,
                        uint32_t token, uint32_t round)
{
    uint32_t index = app_request_alloc(app);
    struct app_request *request = &app->requests[index];
    struct op_request op;

    request->stage = STAGE_PROBE;
    request->instance = instance;
    request->since = sim_now(app->sim);
    request->identity = rng_mix((uint64_t)sim_now(app->sim) + instance);
    request->session_check = by;
    request->pending = token;
    request->pending_generation = round & SIM_GENERATION_MASK;
    op = (struct op_request){.request = index,
                             .instance = instance,
                             .kind = COMMAND_GET,
                             .session = ref_make((uint32_t)app->region, 0),
                             .identity = request->identity,
                             .last_write = -1,
                             .probe = true,
                             .latest = depth == HEALTH_PRIMARY_STORE};
    app->sessions->submit(app->sessions->self, &op);
}

static void store_checked(struct app_tier *app, uint32_t index, bool passed)
{
    const struct app_request *request = &app->requests[index];
    uint32_t instance = request->instance, by = request->session_check;
    uint32_t token = request->pending, round = request->pending_generation;

    app_request_free(app, index);
    if (by == BY_BALANCER)
        check_ended(app, instance, round, passed);
    else
        app->probers[by - 1]->answered(app->probers[by - 1]->self, token, round, passed);
}

RARE void app_on_checked(struct app_tier *app, uint32_t index, const struct op_result *result)
{
    struct app_request *request = &app->requests[index];
    const struct illness *illness = &app->illness[request->instance];
    sim_dur took = sim_now(app->sim) - request->since;
    bool answered = result->outcome != OP_FAILED &&
                    rng_unit(rng_mix(request->identity + APP_ERROR_DRAW)) >= illness->errors;

    if (illness->slow > 1)
        sim_after(app->sim, (sim_dur)((double)took * (illness->slow - 1)), app->checked_kind, index,
                  answered);
    else
        store_checked(app, index, answered);
}

/* The answer of a slow instance. generation: whether the check passed. */
static void app_on_slow_checked(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim;
    store_checked(self, entity, generation);
}

/* --- checks by the load balancer ------------------------------------------------------------- */

/* Shallow checks that can only pass change nothing and are not simulated: those of an instance that
 * lives and has passed the last ones. */
static bool needs_checks(const struct app_tier *app, uint32_t instance)
{
    const struct illness *illness = &app->illness[instance];
    const struct health_check *health = &app->targets[instance].health;

    return !app->balancer.direct &&
           (app->config->health.depth != HEALTH_SHALLOW || illness->refuses || illness->silent ||
            health->state != HEALTH_HEALTHY || health->streak > 0);
}

static void app_on_check(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;
    const struct health_check_rule *rule = &app->config->health;
    uint32_t round;
    bool changed;

    app->checking[entity] = needs_checks(app, entity);
    if (!app->checking[entity])
        return;
    sim_after(sim, rule->interval_ns, app->check_kind, entity, generation);
    if (!app->up || !app->targets[entity].in_service)
        return;
    round = load_balancer_check_begin(app_pool_of(app, entity), entity, sim_now(sim), &changed);
    if (changed)
        app_report_health(app);
    if (app->illness[entity].refuses && !app->illness[entity].silent) {
        check_ended(app, entity, round, false);
    } else if (app->illness[entity].silent || rule->depth != HEALTH_SHALLOW) {
        sim_after(sim, rule->timeout_ns, app->silence_kind, entity, round);
        if (!app->illness[entity].silent)
            check_store(app, entity, rule->depth, BY_BALANCER, 0, round);
    } else {
        check_ended(app, entity, round, true);
    }
}

/* A check has had no answer until its timeout. */
static void app_on_silence(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim;
    check_ended(self, entity, generation, false);
}

const struct event_kind app_check = {.name = "check", .phase = PHASE_WORK, .fire = app_on_check};
const struct event_kind app_silence = {
    .name = "silence", .phase = PHASE_WORK, .fire = app_on_silence};
const struct event_kind app_checked = {
    .name = "checked", .phase = PHASE_WORK, .fire = app_on_slow_checked};

/* --- checks from outside --------------------------------------------------------------------- */

/* The number of a prober, from 1. */
static uint16_t prober_number(struct app_tier *app, const struct prober *prober)
{
    uint16_t number = 0;

    while (app->probers[number] && app->probers[number] != prober) {
        number++;
        invariant(number < PROBERS_MAX);
    }
    app->probers[number] = prober;
    return (uint16_t)(number + 1);
}

/* A load balancer passes it on to a target of its first group like a request; one without targets
 * answers 503. */
bool app_probe(void *self, const struct probe *probe)
{
    struct app_tier *app = self;
    struct balancer_pools *balancer = &app->balancer;
    uint32_t first = probe->endpoint * balancer->groups * balancer->zones, instance;
    const struct illness *illness;

    if (!app->up)
        return false;
    instance = load_balancer_pick(app_zone_pool(&balancer->pools[first], balancer->zones, 0),
                                  sim_now(app->sim));
    illness = instance == NO_INDEX ? NULL : &app->illness[instance];
    if (illness && illness->silent)
        return !balancer->direct; /* a load balancer accepts, and hears nothing from its target */
    if (!illness || illness->refuses)
        probe->prober->answered(probe->prober->self, probe->token, probe->round, false);
    else if (probe->depth == HEALTH_SHALLOW)
        probe->prober->answered(probe->prober->self, probe->token, probe->round, true);
    else
        check_store(app, instance, probe->depth, prober_number(app, probe->prober), probe->token,
                    probe->round);
    return true;
}

/* --- phases ---------------------------------------------------------------------------------- */

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

    if (app->checking[instance] || !needs_checks(app, instance))
        return;
    app->checking[instance] = true;
    if (when < now)
        when += (now - when + interval - 1) / interval * interval;
    sim_at(app->sim, when, app->check_kind, instance, 0);
}

void app_health_start(struct app_tier *app)
{
    for (uint32_t i = 0; i < app->config->instances; i++)
        app_check_resume(app, i);
}
