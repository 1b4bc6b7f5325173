// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * When sessions begin: a Poisson process whose rate has one of several shapes, by thinning (Lewis
 * and Shedler 1979): candidates at the highest rate, kept with the present rate's share of it. An
 * arrival draws from the number of its candidate.
 */
#include "population_internal.h"
#include "run_log.h"

#include <math.h>

/* --- shapes: factors of `sessions` ----------------------------------------------------------- */

static double constant_factor(const struct population_config *c, sim_time now)
{
    (void)c, (void)now;
    return 1;
}

static double constant_max(const struct population_config *c)
{
    (void)c;
    return 1;
}

static double step_factor(const struct population_config *c, sim_time now)
{
    return now >= c->step_at_ns ? c->step_factor : 1;
}

static double step_max(const struct population_config *c)
{
    return c->step_factor > 1 ? c->step_factor : 1;
}

static double flash_factor(const struct population_config *c, sim_time now)
{
    double past = (double)(now - c->flash_at_ns);
    double ramp = (double)c->flash_ramp_ns, hold = (double)c->flash_hold_ns;

    if (past < 0)
        return 1;
    if (past < ramp)
        return 1 + (c->flash_factor - 1) * past / ramp;
    if (past < ramp + hold)
        return c->flash_factor;
    return 1 + (c->flash_factor - 1) * exp(-(past - ramp - hold) / (double)c->flash_decay_ns);
}

static double flash_max(const struct population_config *c)
{
    return c->flash_factor;
}

/* A sine about the mean, so that `sessions` stays the average. */
static double daily_factor(const struct population_config *c, sim_time now)
{
    return 1 + (c->daily_ratio - 1) / (c->daily_ratio + 1) *
                   cos(TWO_PI * (double)(now - c->daily_peak_ns) / (86400.0 * (double)SIM_S));
}

static double daily_max(const struct population_config *c)
{
    return 2 * c->daily_ratio / (c->daily_ratio + 1);
}

static const struct arrival_shape {
    double (*factor)(const struct population_config *config, sim_time now);
    double (*max)(const struct population_config *config); /* of all instants */
} shapes[ARRIVAL_SHAPES] = {
    [ARRIVALS_CONSTANT] = {constant_factor, constant_max},
    [ARRIVALS_STEP] = {step_factor, step_max},
    [ARRIVALS_FLASH_CROWD] = {flash_factor, flash_max},
    [ARRIVALS_DAILY] = {daily_factor, daily_max},
};

/* --- the process ----------------------------------------------------------------------------- */

double arrivals_rate_max(const struct population_config *config)
{
    return shapes[config->arrivals].max(config) * config->sessions_per_s;
}

/* The rate now, as a share of its highest. */
static double arrivals_intensity(const struct population *population, sim_time now)
{
    const struct population_config *config = population->config;

    return shapes[config->arrivals].factor(config, now) * config->sessions_per_s /
           population->rate_max_per_s;
}

double arrivals_rate(const struct population *population, sim_time when)
{
    return arrivals_intensity(population, when) * population->rate_max_per_s;
}

static void arrivals_next(struct population *population)
{
    struct rng_block block = rng_block_at(&population->arrival, ++population->candidates, 0);
    double wait = -log(rng_unit(block.word[0])) / population->rate_max_per_s;

    if (wait < 1e9)
        sim_after(population->sim, (sim_dur)(wait * (double)SIM_S), population->arrive_kind, 0, 0);
}

static void population_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct population *population = self;
    struct rng_block block = rng_block_at(&population->arrival, population->candidates, 1);
    bool keep = rng_unit(block.word[0]) < arrivals_intensity(population, sim_now(sim));

    (void)entity, (void)generation;
    if (keep) {
        probe_count(population->probes, population->started);
        session_send(population, session_begin(population, population->candidates, false));
    }
    arrivals_next(population);
}

/* The flash crowd has reached its height: from now on it may harm writes. */
static void population_on_surge(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct population *population = self;
    struct cause cause = {0};

    (void)entity, (void)generation;
    cause.number =
        run_log_event(population->log, sim_now(sim), "load", population->region_name, cause,
                      "scenario", "the flash crowd is at its height: %g times the arrivals",
                      population->config->flash_factor);
    sim_set_cause(sim, cause);
    population->objective->fault_begin(population->objective->self, "surge");
}
const struct event_kind population_arrive = {
    .name = "arrive", .phase = PHASE_WORK, .fire = population_on_arrive};
const struct event_kind population_surge = {
    .name = "surge", .phase = PHASE_FAULT, .fire = population_on_surge};

void arrivals_start(struct population *population)
{
    const struct population_config *config = population->config;

    if (config->arrivals == ARRIVALS_FLASH_CROWD && config->flash_factor > 1)
        sim_at(population->sim, config->flash_at_ns + config->flash_ramp_ns, population->surge_kind,
               0, 0);
    arrivals_next(population);
}
