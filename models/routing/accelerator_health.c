// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the edges believe of the endpoints' health.
 *
 * Between a change of a load balancer's health and an edge's belief lie two waits: one of the
 * service as a whole (detection or failback) and one of each edge (spread). The service's own
 * checkers are part of it: of what they find, only the spread is left. A change that is undone
 * before it is believed was never seen.
 */
#include "accelerator_internal.h"

#include <stdio.h>

/* Endpoint 0 comes first, so that the draws of a group with one endpoint are those of the group. */
static uint32_t edge_entity(int place, int region, uint32_t endpoint)
{
    return (endpoint * REGIONS_MAX + (uint32_t)place) * REGIONS_MAX + (uint32_t)region;
}

void accelerator_view_change(struct accelerator *acc, int place, int region,
                             void (*change)(struct group_view *view, const void *arg),
                             const void *arg)
{
    struct group_view *view = &acc->views[place][region];
    struct endpoint_group_state *group = &acc->groups[region];
    bool was_healthy = group_is_healthy(view), healthy;

    change(view, arg);
    healthy = group_is_healthy(view);
    if (healthy == was_healthy)
        return;
    group->edges_healthy += healthy ? 1 : UINT32_MAX;
    probe_level(acc->probes, group->edges_level, sim_now(acc->sim), group->edges_healthy);
}

/* Which endpoint, where there are several. */
static const char *endpoint_text(const struct endpoint_group_port *port, uint32_t endpoint,
                                 const char *only, char text[static 32])
{
    if (port->count == 1)
        return only;
    snprintf(text, 32, "%s %u", port->direct ? "instance" : "load balancer", endpoint);
    return text;
}

static uint32_t log_report(struct accelerator *acc, int region, uint32_t endpoint, bool healthy)
{
    const struct endpoint_group_port *port = acc->groups[region].port;
    const char *state = healthy ? "has healthy targets again" : "has no healthy target";
    char buffer[32];

    if (port->direct)
        state = healthy ? "passes its checks again" : "fails its checks";
    return run_log_event(
        acc->log, sim_now(acc->sim), "health", acc->topology->region_names[region],
        sim_cause(acc->sim), NULL, "%s%s %s", port->count == 1 ? "the " : "",
        endpoint_text(port, endpoint, port->direct ? "instance" : "load balancer", buffer), state);
}

/* Time until the service has noticed the last change of an endpoint. */
static sim_dur detection_of(struct accelerator *acc, int region, uint32_t endpoint)
{
    const struct endpoint *target = &acc->groups[region].endpoints[endpoint];
    const struct dist *wait = target->healthy ? acc->config->failback : acc->config->detection;
    uint64_t key = (uint64_t)endpoint * REGIONS_MAX + (uint64_t)region;

    if (acc->groups[region].port->direct)
        return 0;
    return dist_sample_ns(wait, rng_block_at(&acc->change_stream, key, target->changes).word[0]);
}

static void schedule_learning(struct accelerator *acc, int region, uint32_t endpoint)
{
    struct endpoint *target = &acc->groups[region].endpoints[endpoint];
    sim_dur detection;

    for (; target->learning_count > 0; target->learning_count--)
        sim_cancelled(acc->sim);
    target->changes++;
    detection = detection_of(acc, region, endpoint);
    for (int place = 0; place < acc->region_count; place++) {
        uint32_t entity = edge_entity(place, region, endpoint);
        uint64_t word = rng_block_at(&acc->edge_stream, entity, target->changes).word[0];
        sim_time when =
            sim_now(acc->sim) + detection + dist_sample_ns(acc->config->edge_spread, word);

        if (when > sim_end(acc->sim))
            continue;
        sim_at(acc->sim, when, acc->learn_kind, entity, target->changes);
        target->learning_count++;
    }
}

/* An alias record names a region: it is healthy if one of its load balancers is. */
static void notify_names(struct accelerator *acc, int region)
{
    const struct endpoint_group_state *group = &acc->groups[region];
    bool aliased = false;

    for (uint32_t i = 0; i < group->port->count; i++)
        aliased = aliased || group->endpoints[i].aliased;
    acc->dns->health(acc->dns->self, region, RECORD_TARGET, aliased);
}

void accelerator_health(void *self, int region, uint32_t endpoint, struct endpoint_health health)
{
    struct accelerator *acc = self;
    struct endpoint *target = &acc->groups[region].endpoints[endpoint];
    struct cause cause = {0};

    target->aliased = health.aliased;
    if (target->healthy == health.routable) {
        notify_names(acc, region);
        return;
    }
    target->healthy = health.routable;
    cause.number = log_report(acc, region, endpoint, health.routable);
    cause = sim_set_cause(acc->sim, cause);
    notify_names(acc, region);
    if (acc->config->routing == ROUTING_ACCELERATOR)
        schedule_learning(acc, region, endpoint);
    sim_set_cause(acc->sim, cause);
}

struct belief {
    uint32_t endpoint;
    bool healthy;
};

static void believe(struct group_view *view, const void *arg)
{
    const struct belief *belief = arg;

    view->healthy[belief->endpoint] = belief->healthy;
}

static void accelerator_on_learn(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct accelerator *acc = self;
    int region = (int)(entity % REGIONS_MAX), place = (int)(entity / REGIONS_MAX % REGIONS_MAX);
    struct belief belief = {.endpoint = entity / REGIONS_MAX / REGIONS_MAX};
    struct endpoint *target = &acc->groups[region].endpoints[belief.endpoint];
    char buffer[32];

    (void)generation;
    invariant(target->learning_count > 0);
    target->learning_count--;
    belief.healthy = target->healthy;
    if (acc->views[place][region].healthy[belief.endpoint] == belief.healthy)
        return;
    accelerator_view_change(acc, place, region, believe, &belief);
    run_log_event(acc->log, sim_now(sim), "health", acc->topology->region_names[region],
                  sim_cause(sim), belief.healthy ? "recovery" : "no healthy target",
                  "the edge near %s %s %s", acc->topology->region_names[place],
                  belief.healthy ? "routes again to" : "routes around",
                  endpoint_text(acc->groups[region].port, belief.endpoint, "this region", buffer));
}

static bool accelerator_learn_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct accelerator *acc = self;
    const struct endpoint *target =
        &acc->groups[entity % REGIONS_MAX].endpoints[entity / REGIONS_MAX / REGIONS_MAX];

    return (target->changes & SIM_GENERATION_MASK) == generation;
}

const struct event_kind accelerator_learn = {
    .name = "learn",
    .phase = PHASE_WORK,
    .fire = accelerator_on_learn,
    .live = accelerator_learn_live,
    .carries_cause = true,
};
