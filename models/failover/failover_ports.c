// SPDX-License-Identifier: GPL-3.0-or-later
/* What moves a failover: the alarm, orders, the store's API; and what is promoted. */
#include "failover_internal.h"

#include "alarms.h"
#include "bug.h"

/* --- what is promoted ------------------------------------------------------------------------ */

static bool failover_eligible(const struct failover *failover, int region)
{
    const struct promotion_port *promotion = failover->promotion;

    return promotion && promotion->is_candidate(promotion->self, region);
}

bool failover_plan_restore(const struct failover *failover, int region, struct restore_plan *plan)
{
    const struct promotion_port *promotion = failover->promotion;
    uint64_t word = rng_block_at(&failover->step_stream, failover->number, 2).word[0];

    return promotion && promotion->restorable(promotion->self, region, word, plan);
}

static bool failover_restorable(const struct failover *failover, int region)
{
    struct restore_plan plan;

    return failover_plan_restore(failover, region, &plan);
}

/* The live secondary that holds most, of equals the first; -1: there is none. */
static int failover_best(const struct failover *failover)
{
    const struct promotion_port *promotion = failover->promotion;
    int best = -1;

    for (int region = 0; region < (int)failover->topology->region_count; region++)
        if (failover_eligible(failover, region) &&
            (best < 0 ||
             promotion->held(promotion->self, region) > promotion->held(promotion->self, best)))
            best = region;
    return best;
}

/* Instead of a promotion: in any region but the primary's. */
static bool failover_restores_to(const struct failover *failover, int region)
{
    const struct promotion_port *promotion = failover->promotion;

    return promotion && region != promotion->primary(promotion->self) &&
           failover_restorable(failover, region);
}

static int failover_best_restore(const struct failover *failover)
{
    for (int region = 0; region < (int)failover->topology->region_count; region++)
        if (failover_restores_to(failover, region))
            return region;
    return -1;
}

/* A secondary is promoted; where none runs a snapshot is restored. */
static int failover_choose(struct failover *failover)
{
    int wanted = failover->ordered >= 0 ? failover->ordered : failover->config->target;
    int best = wanted < 0 ? failover_best(failover) : wanted;

    if (failover->order == ORDER_RESTORE) {
        failover->restores = true;
        return failover_restorable(failover, wanted) ? wanted : -1;
    }
    failover->restores = best < 0 || !failover_eligible(failover, best);
    if (!failover->restores)
        return best;
    if (wanted < 0)
        return failover_best_restore(failover);
    return failover_restores_to(failover, wanted) ? wanted : -1;
}

/* --- asking for it --------------------------------------------------------------------------- */

static bool failover_must_hold(const struct failover *failover)
{
    const struct promotion_port *promotion = failover->promotion;
    sim_dur limit = failover->config->promote_wait_ns;

    if (!failover->in_sync || failover->restores ||
        promotion->lacks(promotion->self, failover->target) == 0)
        return false;
    return limit == 0 || failover->held_since < 0 ||
           sim_now(failover->sim) - failover->held_since < limit;
}

static bool failover_api_answers(struct failover *failover)
{
    const struct control_state *api = &failover->api_states[failover->target];
    struct rng_block draws = rng_block_at(&failover->api_stream, 0, ++failover->calls);

    return api->up && !api->throttled && !(rng_unit(draws.word[0]) < api->errors);
}

void failover_ask(struct failover *failover)
{
    failover->target = failover_choose(failover);
    if (failover->target < 0)
        failover_happen(failover, FAILOVER_NO_TARGET);
    else if (failover_must_hold(failover))
        failover_happen(failover, FAILOVER_HOLD);
    else
        failover_happen(failover, failover_api_answers(failover) ? FAILOVER_GO : FAILOVER_REFUSED);
}

/* A failover begins. */
static void failover_open(struct failover *failover)
{
    failover->number++;
    failover->held_since = -1;
    failover->decided = false;
    failover->in_sync = failover->config->promote_when == PROMOTE_IN_SYNC;
}

/* --- the alarm ------------------------------------------------------------------------------- */

static void failover_on_alarm(void *self, enum alarm_state before, enum alarm_state now)
{
    struct failover *failover = self;

    (void)before;
    failover->alarm_state = now;
    if (now != ALARM_ALARM || failover->config->mode == MODE_NONE)
        return;
    probe_count(failover->probes, failover->alarms);
    if (failover->state != FAILOVER_IDLE) {
        failover_log_step(failover, "failover", -1, "alarm", "no action: a failover is under way");
        return;
    }
    failover_open(failover);
    failover_happen(failover,
                    failover->config->mode == MODE_AUTOMATIC ? FAILOVER_ALARM : FAILOVER_PAGE);
}

static void failover_watch(struct failover *failover, const struct model_env *env)
{
    const struct alarms_port *alarms = port_find_alarms(env->ports, -1, -1);
    const struct failover_config *config = failover->config;

    if (config->mode == MODE_NONE || config->on[0] != '\0')
        return;
    failover->alarm = alarm_watch_create(
        env, &(struct alarm_watch_config){
                 .config = &config->alarm,
                 .plane = alarms ? alarms->plane_count : 0, /* after those of the list */
                 .raised_at = config->alarm_at_ns > 0 ? config->alarm_at_ns : -1,
                 .listener = {failover, failover_on_alarm}});
}

static void failover_listen(struct failover *failover, const struct port_directory *ports)
{
    const struct alarm_listener listener = {failover, failover_on_alarm};
    const struct alarms_port *alarms;

    if (failover->alarm)
        alarm_watch_connect(failover->alarm, ports);
    if (failover->config->on[0] == '\0')
        return;
    alarms = port_need_alarms(ports, -1, -1);
    alarms->listen(alarms->self, alarms->find(alarms->self, failover->config->on), &listener);
}

/* --- orders ---------------------------------------------------------------------------------- */

static void failover_refuse_order(const struct failover *failover, int region,
                                  enum failover_order order, const char *why)
{
    failover_log_step(failover, "failover", region, order == ORDER_FAILBACK ? "failback" : "order",
                      "no action: %s", why);
}

static bool is_rival(const struct failover *failover, int region)
{
    if (failover->state != FAILOVER_PROMOTING || region == failover->target || failover->restores)
        return false;
    for (uint32_t i = 0; i < failover->rival_count; i++)
        if (failover->rivals[i] == region)
            return false;
    return true;
}

void failover_order(struct failover *failover, int region, enum failover_order order)
{
    bool begun = failover->state == FAILOVER_PAGED || failover->state == FAILOVER_DECIDING ||
                 failover->state == FAILOVER_HELD;

    if (order == ORDER_RESTORE ? !failover_restorable(failover, region)
                               : !failover_eligible(failover, region)) {
        failover_refuse_order(failover, region, order,
                              order == ORDER_RESTORE
                                  ? "there is no snapshot that could be restored there"
                                  : "this region's cluster is the primary, or down");
        return;
    }
    if (order != ORDER_RESTORE && is_rival(failover, region)) {
        failover->ordered = region;
        failover_happen(failover, FAILOVER_RIVAL);
        return;
    }
    if (failover->state == FAILOVER_PROMOTING || failover->state == FAILOVER_BLOCKED) {
        failover_refuse_order(failover, region, order, "a failover is under way");
        return;
    }
    if (!begun)
        failover_open(failover);
    else if (failover->state == FAILOVER_HELD)
        failover->in_sync = false; /* a second order goes on at once */
    if (order == ORDER_FAILBACK)
        failover->in_sync = failover->config->failback == FAILBACK_PLANNED;
    failover->order = order;
    failover->ordered = region;
    failover_ask(failover);
}

static void failover_promote(void *self, int region)
{
    failover_order(self, region, ORDER_OPERATOR);
}

static void failover_restore(void *self, int region)
{
    failover_order(self, region, ORDER_RESTORE);
}

/* --- the store's API ------------------------------------------------------------------------- */

static void failover_set_api(void *self, uint32_t region, const struct control_state *state)
{
    struct failover *failover = self;
    struct cause cause = sim_cause(failover->sim);

    failover->api_states[region] = *state;
    failover->api_changed_by[region] = cause.number;
    if (!state->up || failover->state != FAILOVER_BLOCKED || failover->target != (int)region)
        return;
    sim_set_cause(failover->sim,
                  (struct cause){failover->blocked_event, .waited_for = cause.number});
    failover_ask(failover);
    sim_set_cause(failover->sim, cause);
}

void failover_ports_init(struct failover *failover, const struct model_env *env)
{
    failover->api_stream = sim_stream(env->sim, env->instance, "api");
    for (uint32_t r = 0; r < env->topology->region_count; r++) {
        failover->api_states[r] = CONTROL_WELL;
        failover->api[r] =
            (struct control_plane){failover, r, env->topology->region_names[r], failover_set_api};
        port_offer_control_plane(env->ports, CONTROL_STORE_API, (int)r, &failover->api[r]);
    }
    failover->port = (struct control_port){failover, failover_promote, failover_restore};
    port_offer_control(env->ports, -1, -1, &failover->port);
    failover_watch(failover, env);
}

void failover_ports_connect(struct failover *failover, const struct port_directory *ports)
{
    failover_listen(failover, ports);
    for (uint32_t r = 0; r < failover->topology->region_count; r++)
        failover->fleets[r] = port_find_fleet(ports, (int)r, -1);
}
