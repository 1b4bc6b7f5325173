// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The way back: a lost primary is attached again, and the first primary becomes the primary again.
 *
 * Both are looked at once in LOOK, and only in scenarios that ask for them. A planned failback
 * waits until the home's cluster has followed for a time and lacks nothing; a premature one only
 * until it runs, and so may promote a cluster that has not copied its data yet.
 */
#include "failover_internal.h"

/* Interval of the checks whether the way back is open; an assumption. */
#define LOOK (10 * SIM_S)

static enum cluster_role role_of(const struct failover *failover, int region)
{
    const struct promotion_port *promotion = failover->promotion;

    return promotion->role(promotion->self, region);
}

/* --- a disassociated cluster ----------------------------------------------------------------- */

void failback_promoted(struct failover *failover, int from)
{
    struct failback_state *back = &failover->back;

    back->well_since = -1;
    if (failover->config->lost_primary == LOST_DISASSOCIATED && from >= 0 &&
        role_of(failover, from) == CLUSTER_DOWN) {
        back->detached = from;
        back->reattach_at = -1;
    }
}

static void look_at_detached(struct failover *failover)
{
    struct failback_state *back = &failover->back;
    const struct promotion_port *promotion = failover->promotion;

    if (back->detached < 0 || role_of(failover, back->detached) != CLUSTER_DETACHED)
        return;
    if (back->reattach_at < 0) {
        struct rng_block draws = rng_block_at(&failover->step_stream, failover->number, 1);

        back->reattach_at =
            sim_now(failover->sim) + dist_sample_ns(failover->config->reattach, draws.word[0]);
        failover_log_step(failover, "failover", back->detached, "the region is back",
                          "its cluster runs and does not belong to the datastore any more");
        back->caused_by = sim_cause(failover->sim).number;
    }
    if (sim_now(failover->sim) < back->reattach_at)
        return;
    sim_set_cause(failover->sim, (struct cause){.number = back->caused_by});
    failover_log_step(failover, "operator", back->detached,
                      "time of an operator (failover.reattach)",
                      "the operator attaches the cluster: it copies the primary's data");
    promotion->attach(promotion->self, back->detached);
    back->detached = -1;
}

/* --- failback -------------------------------------------------------------------------------- */

static bool home_is_well(const struct failover *failover)
{
    enum cluster_role role = role_of(failover, failover->back.home);

    return role == CLUSTER_SECONDARY ||
           (failover->config->failback == FAILBACK_PREMATURE && role == CLUSTER_SYNCING);
}

static void look_at_home(struct failover *failover)
{
    struct failback_state *back = &failover->back;
    const struct failover_config *config = failover->config;
    sim_dur wait = config->failback == FAILBACK_PLANNED ? config->failback_planned_ns
                                                        : config->failback_premature_ns;

    if (failover->state != FAILOVER_IDLE ||
        failover->promotion->primary(failover->promotion->self) == back->home ||
        !home_is_well(failover)) {
        back->well_since = -1;
        return;
    }
    if (back->well_since < 0) {
        back->well_since = sim_now(failover->sim);
        sim_set_cause(failover->sim, (struct cause){0});
        failover_log_step(failover, "failover", back->home, "failback",
                          config->failback == FAILBACK_PLANNED
                              ? "the first primary's cluster follows again"
                              : "the first primary's cluster runs again");
        back->caused_by = sim_cause(failover->sim).number;
    }
    if (sim_now(failover->sim) - back->well_since < wait)
        return;
    back->well_since = -1;
    sim_set_cause(failover->sim, (struct cause){.number = back->caused_by});
    failover_order(failover, back->home, ORDER_FAILBACK);
}

static void failback_on_look(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct failover *failover = self;

    sim_after(sim, LOOK, failover->look_kind, entity, generation);
    look_at_detached(failover);
    if (failover->config->failback != FAILBACK_NONE)
        look_at_home(failover);
}

static const struct event_kind failback_look = {
    .name = "look", .phase = PHASE_WORK, .fire = failback_on_look};

void failback_init(struct failover *failover, const struct model_env *env)
{
    failover->look_kind = sim_kind_add(env->sim, &failback_look, env->instance, failover);
    failover->back =
        (struct failback_state){.home = -1, .well_since = -1, .reattach_at = -1, .detached = -1};
}

void failback_start(struct failover *failover)
{
    const struct failover_config *config = failover->config;

    if (!failover->promotion)
        return;
    failover->back.home = failover->promotion->primary(failover->promotion->self);
    if (config->failback != FAILBACK_NONE || config->lost_primary == LOST_DISASSOCIATED)
        sim_at(failover->sim, LOOK, failover->look_kind, 0, 0);
}
