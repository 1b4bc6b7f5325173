// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A closed population whose number of users changes in stages, linearly in time, as the VUs of k6's
 * executor `ramping-vus`.
 *
 * The number is whole: within a stage it changes by one at each instant at which the line reaches a
 * whole number, so it is the line rounded towards the stage's start. The users with the highest
 * numbers leave. Those who come are the same users again, with sessions that they have not had.
 *
 * A user leaves at once, but the row of the session is only released when its next event or answer
 * occurs: neither can be cancelled.
 */
#include "population_internal.h"

#include <stdlib.h>

/* --- the line -------------------------------------------------------------------------------- */

static uint32_t stage_target(const struct stage_list *stages, uint32_t index)
{
    return (uint32_t)stages->items[index].to;
}

uint32_t users_most(const struct population_config *config)
{
    uint32_t most = config->users;

    for (uint32_t i = 0; i < config->user_stages.count; i++)
        if (stage_target(&config->user_stages, i) > most)
            most = stage_target(&config->user_stages, i);
    return most;
}

/* The time within a stage at which the `step`th of `steps` changes is due. */
static sim_dur step_time(sim_dur length_ns, uint32_t step, uint32_t steps)
{
    return length_ns / steps * step + length_ns % steps * step / steps;
}

/* Go to the next change of the number, after those of the stages that have ended; SIM_NEVER: none.
 * A stage without length changes it once. */
static sim_time ramp_next(struct population *population)
{
    const struct population_config *config = population->config;
    const struct stage_list *stages = &config->user_stages;
    struct user_ramp *ramp = &population->ramp;

    for (;;) {
        const struct ramp_stage *stage;
        uint32_t to, steps;

        if (ramp->stage == stages->count) {
            if (!config->repeats)
                return SIM_NEVER;
            ramp->stage = 0; /* a period ends with a jump to its start */
            if (ramp->from != config->users) {
                ramp->from = ramp->next = config->users;
                return ramp->begin;
            }
        }
        stage = &stages->items[ramp->stage];
        to = stage_target(stages, ramp->stage);
        steps = to > ramp->from ? to - ramp->from : ramp->from - to;
        if (steps > 0 && stage->for_ns == 0 && ramp->step == 0)
            ramp->step = steps - 1;
        if (ramp->step < steps) {
            ramp->step++;
            ramp->next = to > ramp->from ? ramp->from + ramp->step : ramp->from - ramp->step;
            return ramp->begin + step_time(stage->for_ns, ramp->step, steps);
        }
        if (ramp->begin > sim_end(population->sim))
            return SIM_NEVER;
        ramp->begin += stage->for_ns;
        ramp->from = to;
        ramp->step = 0;
        ramp->stage++;
    }
}

static void ramp_schedule(struct population *population)
{
    sim_time when = ramp_next(population);

    if (when <= sim_end(population->sim))
        sim_at(population->sim, when, population->ramp_kind, 0, 0);
}

/* --- users ----------------------------------------------------------------------------------- */

void user_seat(struct population *population, uint64_t id, uint32_t index)
{
    if (population->ramp.seats)
        population->ramp.seats[id % population->users_most].row = index;
}

static void user_join(struct population *population, uint32_t user)
{
    uint32_t index = session_begin(population, population->ramp.seats[user].next_id, false);

    population->ramp.seats[user].row = index;
    probe_count(population->probes, population->started);
    session_send(population, index);
}

static void user_leave(struct population *population, uint32_t user)
{
    struct user_seat *seat = &population->ramp.seats[user];
    struct session *session = &population->sessions[seat->row];

    seat->next_id = session->id + population->users_most;
    session->is_gone = true;
    population->ramp.gone++;
    count_active(population, -1);
}

static void population_on_ramp(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct population *population = self;
    struct user_ramp *ramp = &population->ramp;

    (void)sim, (void)entity, (void)generation;
    if (ramp->next == population->users_most && !ramp->has_peaked) {
        ramp->has_peaked = true;
        surge_begin(population, "the closed population is at its peak: %.0f users", ramp->next);
    }
    while (ramp->users < ramp->next)
        user_join(population, ramp->users++);
    while (ramp->users > ramp->next)
        user_leave(population, --ramp->users);
    ramp_schedule(population);
}
const struct event_kind population_ramp = {
    .name = "ramp", .phase = PHASE_WORK, .fire = population_on_ramp};

/* --- set up ---------------------------------------------------------------------------------- */

void user_ramp_init(struct population *population)
{
    const struct population_config *config = population->config;

    population->users_most = users_most(config);
    population->ramp.users = population->ramp.from = config->users;
    population->ramp.has_peaked = config->users == population->users_most;
    if (config->user_stages.count == 0)
        return;
    population->ramp.seats =
        mem_zalloc(population->users_most + 1u, sizeof *population->ramp.seats);
    for (uint32_t i = 0; i < population->users_most; i++)
        population->ramp.seats[i].next_id = i;
}

void user_ramp_start(struct population *population)
{
    if (population->config->user_stages.count > 0)
        ramp_schedule(population);
}

void user_ramp_fini(struct population *population)
{
    free(population->ramp.seats);
}
