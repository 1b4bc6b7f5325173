// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A fleet that scales.
 *
 *   FREE -> LAUNCHING -> MEMBER -> FREE        a slot: one of the tier's `instances`
 *
 * Invariants
 *  1. members and launching are the numbers of slots in these states.
 *  2. An instance is in service only if its slot is a MEMBER (a deploy takes members out of service
 *     for a while).
 *  3. While members + launching < desired, either the last launch was refused and one event asks
 *     again, or there is no free slot.
 *
 * Target tracking looks at the mean share of busy workers of each period. It does not decide while
 * instances are being launched: their effect is not known yet.
 */
#include "app_internal.h"

#include "run_log.h"

#include <math.h>
#include <stdlib.h>

const char *const fleet_names[] = {"fixed", "scaling", NULL};
const char *const launch_names[] = {"done", "refused", NULL}; /* enum launch_result */

enum fleet_slot { SLOT_FREE, SLOT_LAUNCHING, SLOT_MEMBER };

#define SCALES_IN_BELOW 0.9              /* of the target */
#define FLEET_ENTITY (UINT64_C(1) << 33) /* of its phase; below are instances and deploys */

static void fleet_log(struct app_tier *app, const char *cause_text, const char *what,
                      uint32_t count)
{
    struct fleet *fleet = &app->fleet;
    struct cause cause = sim_cause(app->sim);

    cause.number = run_log_event(fleet->log, sim_now(app->sim), "fleet", fleet->region, cause,
                                 cause_text, "%u %s", count, what);
    sim_set_cause(app->sim, cause);
}

bool app_fleet_has(const struct app_tier *app, uint32_t instance)
{
    return !app->fleet.slots || app->fleet.slots[instance] == SLOT_MEMBER;
}

/* --- launches -------------------------------------------------------------------------------- */

/* Why the launch is refused; NULL: it is not. */
static const char *launch_refusal(struct app_tier *app, const struct rng_block *draws)
{
    const struct fleet *fleet = &app->fleet;
    const struct fleet_config *config = fleet->config;

    if (!app->up || !fleet->state.up)
        return "compute API down";
    if (fleet->state.throttled)
        return "compute API throttles";
    if (rng_unit(draws->word[0]) < fleet->state.errors)
        return "compute API error";
    if (config->capacity > 0 && fleet->members + fleet->launching >= config->capacity)
        return "no capacity (fleet.scaling.capacity)";
    return rng_unit(draws->word[1]) < config->refused ? "no capacity (fleet.scaling.refused)"
                                                      : NULL;
}

static void launch_was_refused(struct app_tier *app, const char *why)
{
    struct fleet *fleet = &app->fleet;

    probe_count(app->probes, fleet->results[LAUNCH_REFUSED]);
    sim_after(app->sim, fleet->config->retry_ns, fleet->again_kind, 0, 0);
    if (!fleet->waits)
        fleet_log(app, why,
                  "instances are missing: a launch was refused and will be asked for again",
                  fleet->desired - fleet->members - fleet->launching);
    fleet->waits = true;
}

static uint32_t free_slot(const struct app_tier *app)
{
    uint32_t slot = 0;

    while (app->fleet.slots[slot] != SLOT_FREE)
        slot++;
    return slot;
}

/* Launch what is missing, as far as that is granted. desired <= instances: there is a slot. */
static void fleet_launch(struct app_tier *app)
{
    struct fleet *fleet = &app->fleet;

    while (fleet->members + fleet->launching < fleet->desired) {
        struct rng_block draws = rng_block_at(&fleet->stream, 0, ++fleet->launches);
        const char *why = launch_refusal(app, &draws);
        uint32_t slot;

        if (why) {
            launch_was_refused(app, why);
            return;
        }
        fleet->waits = false;
        slot = free_slot(app);
        fleet->slots[slot] = SLOT_LAUNCHING;
        fleet->launching++;
        sim_after(app->sim, dist_sample_ns(fleet->config->launch, draws.word[2]),
                  fleet->launched_kind, slot, 0);
    }
}

static void fleet_want(struct app_tier *app, uint32_t count, const char *cause_text)
{
    struct fleet *fleet = &app->fleet;

    if (count > app->config->instances)
        count = app->config->instances;
    if (count <= fleet->desired)
        return;
    fleet->desired = count;
    fleet_log(app, cause_text, "instances are asked for", count);
    fleet->asked_by = sim_cause(app->sim).number;
    if (!fleet->waits)
        fleet_launch(app);
}

static void fleet_on_again(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;

    (void)sim, (void)entity, (void)generation;
    fleet_launch(app);
}

/* A new machine: with cold pools, and well. */
static void fleet_on_launched(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;
    struct fleet *fleet = &app->fleet;

    (void)generation;
    fleet->launching--;
    fleet->slots[entity] = SLOT_FREE;
    if (!app->up) { /* it went down with the region */
        if (!fleet->waits)
            launch_was_refused(app, "region down");
        return;
    }
    fleet->slots[entity] = SLOT_MEMBER;
    fleet->members++;
    app_set_illness(app, entity, &ILLNESS_NONE);
    app->targets[entity].health.state = HEALTH_HEALTHY;
    app->targets[entity].health.streak = 0;
    app_put_in_service(app, entity);
    probe_count(app->probes, fleet->results[LAUNCH_DONE]);
    if (fleet->members == fleet->desired) {
        sim_set_cause(sim, (struct cause){.number = fleet->asked_by});
        fleet_log(app, "time of a launch (app.fleet.scaling.launch)", "instances are in service",
                  fleet->members);
    }
}

static void fleet_remove(struct app_tier *app, uint32_t slot)
{
    app->fleet.slots[slot] = SLOT_FREE;
    app->fleet.members--;
    app_deregister(app, slot);
}

/* --- target tracking, replacement ------------------------------------------------------------ */

static void fleet_scale_in(struct app_tier *app, uint32_t count)
{
    struct fleet *fleet = &app->fleet;

    if (count < fleet->config->initial)
        count = fleet->config->initial;
    if (count >= fleet->members)
        return;
    fleet->desired = count;
    for (uint32_t slot = app->config->instances; slot-- > 0 && fleet->members > count;)
        if (fleet->slots[slot] == SLOT_MEMBER)
            fleet_remove(app, slot);
    fleet_log(app, "target tracking (app.fleet.scaling.tracking)", "instances remain", count);
}

/* The mean share of busy workers since the last data point; 0 without workers. */
static double fleet_busy_share(struct app_tier *app)
{
    struct fleet *fleet = &app->fleet;
    double busy_ns = (double)time_avg_area(&app->busy.length, sim_now(app->sim));
    double mean = (busy_ns - fleet->busy_ns) / (double)fleet->config->period_ns;

    fleet->busy_ns = busy_ns;
    return fleet->members > 0 ? mean / ((double)fleet->members * app->config->workers) : 0;
}

static void fleet_track(struct app_tier *app)
{
    struct fleet *fleet = &app->fleet;
    const struct fleet_config *config = fleet->config;
    double share = fleet_busy_share(app), wanted;

    if (config->tracking <= 0 || fleet->members == 0)
        return;
    fleet->above = share > config->tracking ? fleet->above + 1 : 0;
    fleet->below = share < SCALES_IN_BELOW * config->tracking ? fleet->below + 1 : 0;
    if (fleet->launching > 0 || fleet->waits)
        return;
    wanted = ceil(fleet->members * share / config->tracking - 1e-9);
    if (fleet->above >= config->out_points)
        fleet_want(app, (uint32_t)wanted, "target tracking (app.fleet.scaling.tracking)");
    else if (fleet->below >= config->in_points)
        fleet_scale_in(app, (uint32_t)wanted);
}

static void fleet_replace(struct app_tier *app)
{
    struct fleet *fleet = &app->fleet;
    uint32_t removed = 0;

    for (uint32_t slot = 0; slot < app->config->instances; slot++) {
        const struct illness *illness = &app->illness[slot];

        if (fleet->slots[slot] != SLOT_MEMBER || !(illness->refuses || illness->silent) ||
            health_is_good(&app->targets[slot].health))
            continue;
        fleet_remove(app, slot);
        removed++;
    }
    if (removed == 0)
        return;
    fleet_log(app, "unhealthy (app.fleet.scaling.replace)", "dead instances are replaced", removed);
    fleet->asked_by = sim_cause(app->sim).number;
    if (!fleet->waits)
        fleet_launch(app);
}

static void fleet_on_period(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;
    const struct fleet_config *config = app->fleet.config;

    sim_after(sim, config->period_ns, app->fleet.period_kind, entity, generation);
    if (!app->up)
        return;
    fleet_track(app);
    if (config->replace)
        fleet_replace(app);
}

static const struct event_kind fleet_period = {
    .name = "fleet-period", .phase = PHASE_WORK, .fire = fleet_on_period};
static const struct event_kind fleet_launched = {
    .name = "launched", .phase = PHASE_WORK, .fire = fleet_on_launched, .carries_cause = true};
static const struct event_kind fleet_again = {
    .name = "launch-again", .phase = PHASE_WORK, .fire = fleet_on_again, .carries_cause = true};

/* --- ports and wiring ------------------------------------------------------------------------ */

static void fleet_on_failover(void *self)
{
    struct app_tier *app = self;

    fleet_want(app, app->fleet.config->on_failover, "failover (app.fleet.scaling.on_failover)");
}

static void fleet_set_plane(void *self, uint32_t index, const struct control_state *state)
{
    struct app_tier *app = self;

    (void)index;
    app->fleet.state = *state;
}

void app_fleet_init(struct app_tier *app, const struct model_env *env)
{
    struct fleet *fleet = &app->fleet;
    struct probes *probes = sim_probe_set(env->sim);

    fleet->config = &app->config->fleet;
    fleet->log = env->log;
    fleet->region = env->topology->region_names[env->region];
    fleet->state = CONTROL_WELL;
    fleet->plane =
        (struct control_plane){app, (uint32_t)env->region, fleet->region, fleet_set_plane};
    port_offer_control_plane(env->ports, CONTROL_COMPUTE, env->region, &fleet->plane);
    for (int i = 0; i < LAUNCH_RESULTS; i++)
        fleet->results[i] = probe_count_open(probes, "launches", env->region, launch_names[i]);
    if (fleet->config->kind == FLEET_FIXED)
        return;
    fleet->slots = mem_zalloc(app->config->instances, sizeof *fleet->slots);
    fleet->stream = sim_stream(env->sim, env->instance, "fleet");
    fleet->period_kind = sim_kind_add(env->sim, &fleet_period, env->instance, app);
    fleet->launched_kind = sim_kind_add(env->sim, &fleet_launched, env->instance, app);
    fleet->again_kind = sim_kind_add(env->sim, &fleet_again, env->instance, app);
    fleet->port = (struct fleet_port){app, fleet_on_failover};
    port_offer_fleet(env->ports, env->region, -1, &fleet->port);
}

void app_fleet_start(struct app_tier *app)
{
    struct fleet *fleet = &app->fleet;
    const struct fleet_config *config = fleet->config;

    if (!fleet->slots)
        return;
    fleet->members = fleet->desired = config->initial;
    for (uint32_t i = 0; i < app->config->instances; i++) {
        fleet->slots[i] = i < config->initial ? SLOT_MEMBER : SLOT_FREE;
        if (fleet->slots[i] == SLOT_FREE)
            load_balancer_serve(app_pool_of(app, i), i, false, 0);
    }
    app_report_health(app);
    sim_at(app->sim,
           phase_start_ns(&config->phase, app->sim, app->instance_name, FLEET_ENTITY,
                          config->period_ns),
           fleet->period_kind, 0, 0);
}

void app_fleet_check(const struct app_tier_config *config, bool direct,
                     struct validation *validation)
{
    const struct fleet_config *fleet = &config->fleet;

    if (fleet->kind == FLEET_FIXED)
        return;
    if (direct)
        validation_error(validation, "fleet",
                         "'scaling' needs load balancers: instances are the endpoints here "
                         "(endpoint_group.endpoints)");
    if (fleet->initial > config->instances)
        validation_error(validation, "fleet.scaling.initial", "is %u, above 'instances', %u",
                         fleet->initial, config->instances);
    if (fleet->on_failover > config->instances)
        validation_error(validation, "fleet.scaling.on_failover", "is %u, above 'instances', %u",
                         fleet->on_failover, config->instances);
}
