// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by routing controls. Clients use the name of a failover record whose health checks
 * are the switches.
 *
 * Each region has a switch, on for the primary's alone. A call goes to one endpoint of the cluster
 * after the other, from a random one on, until one answers. The switches change if more than half
 * of the endpoints run (three of five) and no safety rule is broken; DNS answers follow after
 * `effect`, by the data plane alone. Without a quorum the round is repeated, for as long as it
 * takes. A call that breaks a safety rule fails; a person may override the rules.
 */
#include "repoint_routing.h"

#include "bug.h"
#include "control.h"
#include "dns.h"
#include "promotion.h"
#include "refs.h"

const char *const routing_update_names[] = {"atomic", "one-by-one", NULL};
const char *const routing_gate_names[] = {"open", "closed", NULL};

struct repoint_routing {
    const struct repoint_routing_config *config;
    struct sim *sim;
    struct repoint_host host;
    const struct dns_port *dns;
    const struct topology *topology;
    uint32_t step; /* the generation of its events; one is pending while `active` */
    bool active, by_hand, no_quorum;
    int from, target;
    uint32_t number, rounds, tried; /* of the failover; of calls to all endpoints; in this round */
    bool on[REGIONS_MAX];           /* the switches */
    struct control_plane planes[ROUTING_ENDPOINTS];
    bool up[ROUTING_ENDPOINTS];
    uint32_t changed_by; /* event of the run log that changed an endpoint last; 0: none */
    struct rng_stream stream;
    kind_id call_kind, effect_kind;
};

bool routing_has_quorum(const bool *up, uint32_t count)
{
    uint32_t running = 0;

    for (uint32_t i = 0; i < count; i++)
        running += up[i];
    return 2 * running > count;
}

static void routing_log(const struct repoint_routing *repoint, const char *cause_text,
                        const char *text)
{
    repoint->host.log(repoint->host.self, repoint->target, cause_text, text);
}

static void routing_after(struct repoint_routing *repoint, sim_dur wait, kind_id kind)
{
    sim_after(repoint->sim, wait, kind, 0, ++repoint->step);
}

/* --- safety rules ---------------------------------------------------------------------------- */

static uint32_t switches_on(const struct repoint_routing *repoint)
{
    uint32_t on = 0;

    for (uint32_t r = 0; r < repoint->topology->region_count; r++)
        on += repoint->on[r];
    return on;
}

/* NULL: the rules allow the update. */
static const char *broken_rule(const struct repoint_routing *repoint)
{
    uint32_t on = switches_on(repoint);
    bool turns_off = repoint->on[repoint->from], turns_on = !repoint->on[repoint->target];

    if (repoint->by_hand)
        return NULL; /* overridden */
    if (repoint->config->gate == GATE_CLOSED)
        return "gating rule";
    if (repoint->config->update == UPDATE_ONE_BY_ONE)
        turns_on = false; /* not yet, in the first call */
    if (on - turns_off + turns_on < repoint->config->assertion)
        return "assertion rule";
    return NULL;
}

/* --- a call ---------------------------------------------------------------------------------- */

/* The endpoint that is called next. */
static uint32_t routing_endpoint(const struct repoint_routing *repoint)
{
    struct rng_block draws = rng_block_at(&repoint->stream, repoint->number, repoint->rounds);

    return (rng_below(draws.word[0], ROUTING_ENDPOINTS) + repoint->tried) % ROUTING_ENDPOINTS;
}

static void routing_call(struct repoint_routing *repoint)
{
    struct rng_block draws = rng_block_at(&repoint->stream, repoint->number, repoint->rounds);
    bool answers = repoint->up[routing_endpoint(repoint)];

    routing_after(repoint,
                  answers ? dist_sample_ns(repoint->config->call, draws.word[1])
                          : repoint->config->timeout_ns,
                  repoint->call_kind);
}

static void routing_again(struct repoint_routing *repoint, sim_dur wait)
{
    repoint->rounds++;
    repoint->tried = 0;
    routing_after(repoint, wait, repoint->call_kind);
}

static void routing_fails(struct repoint_routing *repoint, const char *rule)
{
    routing_log(repoint, rule, "the change of the switches was refused by a safety rule");
    repoint->active = false;
    repoint->host.failed(repoint->host.self);
}

static void routing_without_quorum(struct repoint_routing *repoint)
{
    struct cause cause = sim_cause(repoint->sim);

    if (!repoint->no_quorum) {
        cause.waited_for = repoint->changed_by;
        sim_set_cause(repoint->sim, cause);
        routing_log(repoint, "no quorum",
                    "the switches were not changed: fewer than three of five endpoints run");
    }
    repoint->no_quorum = true;
    routing_again(repoint, repoint->config->retry_ns);
}

/* The call's time is over: the endpoint has answered, or it does not run. */
static void routing_on_call(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct repoint_routing *repoint = self;
    struct rng_block draws = rng_block_at(&repoint->stream, repoint->number, repoint->rounds);
    const char *rule;

    (void)sim, (void)entity, (void)generation;
    if (!repoint->up[routing_endpoint(repoint)] && ++repoint->tried < ROUTING_ENDPOINTS) {
        routing_call(repoint);
        return;
    }
    if (!routing_has_quorum(repoint->up, ROUTING_ENDPOINTS)) {
        routing_without_quorum(repoint);
        return;
    }
    rule = broken_rule(repoint);
    if (rule) {
        routing_fails(repoint, rule);
        return;
    }
    repoint->on[repoint->from] = false;
    repoint->on[repoint->target] = true;
    repoint->host.stage_ended(repoint->host.self, INCIDENT_NOTIFY);
    routing_log(repoint, "call of the endpoints (failover.routing.call)",
                "the switches are changed: on for this region alone");
    routing_after(repoint, dist_sample_ns(repoint->config->effect, draws.word[2]),
                  repoint->effect_kind);
}

static void routing_on_effect(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct repoint_routing *repoint = self;
    const struct repoint_host *host = &repoint->host;

    (void)sim, (void)entity, (void)generation;
    repoint->active = false;
    repoint->dns->serve(repoint->dns->self, (struct dns_target){.region = repoint->target},
                        "answers follow the switches (failover.routing.effect)");
    host->stage_ended(host->self, INCIDENT_PUBLISH);
    host->done(host->self);
}

static bool routing_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct repoint_routing *repoint = self;

    (void)entity;
    return repoint->active && (repoint->step & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind routing_called = {.name = "routing-call",
                                                 .phase = PHASE_WORK,
                                                 .fire = routing_on_call,
                                                 .live = routing_live,
                                                 .carries_cause = true};
static const struct event_kind routing_effect = {.name = "routing-effect",
                                                 .phase = PHASE_WORK,
                                                 .fire = routing_on_effect,
                                                 .live = routing_live,
                                                 .carries_cause = true};

/* --- the method ------------------------------------------------------------------------------ */

static void routing_begin(struct repoint_routing *repoint, int from, int target, uint32_t number)
{
    repoint->active = true;
    repoint->no_quorum = false;
    repoint->from = from;
    repoint->target = target;
    repoint->number = number;
    repoint->tried = 0;
    repoint->rounds++;
    routing_call(repoint);
}

static void repoint_routing_begin(void *self, int from, int target, uint32_t number)
{
    struct repoint_routing *repoint = self;

    repoint->by_hand = false;
    repoint->rounds = 0;
    routing_begin(repoint, from, target, number);
}

static void repoint_routing_by_hand(void *self, int from, int target, uint32_t number)
{
    struct repoint_routing *repoint = self;

    repoint->by_hand = true;
    routing_begin(repoint, from, target, number);
}

static void repoint_routing_set(void *self, uint32_t endpoint, const struct control_state *state)
{
    struct repoint_routing *repoint = self;

    repoint->up[endpoint] = state->up;
    repoint->changed_by = sim_cause(repoint->sim).number;
}

static void repoint_routing_init(void *self, const struct model_env *env, const void *config,
                                 const struct repoint_host *host)
{
    struct repoint_routing *repoint = self;

    repoint->config = config;
    repoint->sim = env->sim;
    repoint->topology = env->topology;
    repoint->host = *host;
    repoint->stream = sim_stream(env->sim, env->instance, "routing");
    repoint->call_kind = sim_kind_add(env->sim, &routing_called, env->instance, repoint);
    repoint->effect_kind = sim_kind_add(env->sim, &routing_effect, env->instance, repoint);
    for (uint32_t i = 0; i < ROUTING_ENDPOINTS; i++) {
        repoint->up[i] = true;
        repoint->planes[i] =
            (struct control_plane){repoint, i, repoint->config->homes[i], repoint_routing_set};
        port_offer_control_plane(env->ports, CONTROL_ROUTING, (int)i, &repoint->planes[i]);
    }
}

static void repoint_routing_connect(void *self, const struct port_directory *ports)
{
    struct repoint_routing *repoint = self;
    const struct promotion_port *promotion = port_find_promotion(ports, -1, -1);

    repoint->dns = port_need_dns(ports, -1, -1);
    if (promotion)
        repoint->on[promotion->primary(promotion->self)] = true;
}

const struct repoint_ops repoint_routing_ops = {
    .name = "routing-control",
    .failure = "safety-rule",
    .state_size = sizeof(struct repoint_routing),
    .init = repoint_routing_init,
    .connect = repoint_routing_connect,
    .begin = repoint_routing_begin,
    .by_hand = repoint_routing_by_hand,
};
