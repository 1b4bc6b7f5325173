// SPDX-License-Identifier: GPL-3.0-or-later
#include "checker_fleet.h"

#include "mem.h"
#include "model.h"

#include <stdlib.h>

void checker_fleet_check(const struct checker_config *config, const char *field,
                         struct validation *validation)
{
    if (config->connect_timeout_ns >= config->interval_ns ||
        config->timeout_ns >= config->interval_ns)
        validation_error(validation, field,
                         "must be above 'connect_timeout' and 'timeout': a check ends before the "
                         "next one begins");
}

/* --- results --------------------------------------------------------------------------------- */

/* The health of a target after one of its checkers has changed its opinion. */
static void target_update(struct checker_fleet *fleet, uint32_t index, bool checker_is_good)
{
    struct fleet_target *target = &fleet->targets[index];
    bool healthy;

    target->healthy_count += checker_is_good ? 1 : UINT32_MAX;
    healthy =
        health_quorum(target->healthy_count, fleet->config->checkers, fleet->config->quorum_share);
    if (healthy == target->is_healthy)
        return;
    target->is_healthy = healthy;
    fleet->changed(fleet->owner, index, healthy);
}

static void fleet_end(struct checker_fleet *fleet, uint32_t token, uint32_t round, bool passed)
{
    uint32_t index = token / CHECKERS_MAX;
    struct health_check *check = &fleet->targets[index].checks[token % CHECKERS_MAX];

    if (health_check_end(check, &fleet->rule, round, passed))
        target_update(fleet, index, health_is_good(check));
}

static void fleet_answered(void *self, uint32_t token, uint32_t round, bool passed)
{
    fleet_end(self, token, round, passed);
}

/* --- checks ---------------------------------------------------------------------------------- */

static void fleet_on_expire(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim;
    fleet_end(self, entity, generation, false);
}

static bool fleet_check_is_open(const void *self, uint32_t entity, uint32_t generation)
{
    const struct checker_fleet *fleet = self;
    const struct health_check *check =
        &fleet->targets[entity / CHECKERS_MAX].checks[entity % CHECKERS_MAX];

    return check->open && check->round == generation;
}

static void fleet_on_check(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct checker_fleet *fleet = self;
    struct fleet_target *target = &fleet->targets[entity / CHECKERS_MAX];
    struct health_check *check = &target->checks[entity % CHECKERS_MAX];
    struct probe probe = {.prober = &fleet->prober,
                          .token = entity,
                          .endpoint = target->endpoint,
                          .depth = fleet->config->depth};
    bool connects, changed;

    sim_after(sim, fleet->config->interval_ns, fleet->check_kind, entity, generation);
    probe.round = health_check_begin(check, &fleet->rule, &changed);
    connects = target->port->probe(target->port->self, &probe);
    if (check->open)
        sim_after(sim, connects ? fleet->config->timeout_ns : fleet->config->connect_timeout_ns,
                  fleet->expire_kind, entity, probe.round);
}

static const struct event_kind fleet_check = {
    .name = "fleet-check", .phase = PHASE_WORK, .fire = fleet_on_check};
static const struct event_kind fleet_expire = {.name = "fleet-expire",
                                               .phase = PHASE_WORK,
                                               .fire = fleet_on_expire,
                                               .live = fleet_check_is_open};

/* --- the fleet ------------------------------------------------------------------------------- */

void checker_fleet_init(struct checker_fleet *fleet, const struct checker_config *config,
                        struct sim *sim, const char *instance, void *owner,
                        void (*changed)(void *owner, uint32_t target, bool healthy))
{
    *fleet = (struct checker_fleet){
        .config = config,
        .rule = {.depth = config->depth,
                 .interval_ns = config->interval_ns,
                 .timeout_ns = config->timeout_ns,
                 .healthy_threshold = config->threshold,
                 .unhealthy_threshold = config->threshold},
        .sim = sim,
        .instance = instance,
        .prober = {fleet, fleet_answered},
        .owner = owner,
        .changed = changed,
        .check_kind = sim_kind_add(sim, &fleet_check, instance, fleet),
        .expire_kind = sim_kind_add(sim, &fleet_expire, instance, fleet),
    };
}

void checker_fleet_add(struct checker_fleet *fleet, const struct health_target_port *port,
                       uint32_t endpoint)
{
    fleet->targets = mem_realloc(fleet->targets, fleet->target_count + 1, sizeof *fleet->targets);
    fleet->targets[fleet->target_count++] =
        (struct fleet_target){.port = port,
                              .endpoint = endpoint,
                              .healthy_count = fleet->config->checkers,
                              .is_healthy = true};
}

static sim_time first_check(const struct checker_fleet *fleet, uint32_t entity)
{
    const struct checker_config *config = fleet->config;
    sim_dur phase =
        phase_start_ns(&config->phase, fleet->sim, fleet->instance, entity, config->interval_ns);

    if (phase_is_random(&config->phase, fleet->sim))
        return phase;
    return (phase + health_check_phase_ns(&fleet->rule, entity % CHECKERS_MAX, config->checkers)) %
           config->interval_ns;
}

void checker_fleet_start(struct checker_fleet *fleet)
{
    for (uint32_t target = 0; target < fleet->target_count; target++)
        for (uint32_t checker = 0; checker < fleet->config->checkers; checker++) {
            uint32_t entity = target * CHECKERS_MAX + checker;

            sim_at(fleet->sim, first_check(fleet, entity), fleet->check_kind, entity, 0);
        }
}

void checker_fleet_release(struct checker_fleet *fleet)
{
    free(fleet->targets);
}
