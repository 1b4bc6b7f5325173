// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Links alone, driven by a script: a model that plays both ends of connections and records the
 * outcome of each message. For tests of links only; include it once in a test, after cmocka.h.
 *
 *   rig.begin = my_script;                 called at time 0; schedules calls with rig_at()
 *   rig_play(LINKS("loss: 10%"), 0);       one replication of a scenario's text
 *   assert_int_equal(rig.arrived[3], ...)  message 3, SIM_NEVER: not
 */
#ifndef LINK_RIG_H
#define LINK_RIG_H

#include "statistics.h"
#include "bill.h"
#include "link.h"
#include "refs.h"
#include "registry.h"

#include <stdlib.h>

#define RIG_MESSAGES_MAX 256
#define RIG_CALLS_MAX 8
#define RIG_CALL_SHIFT 28

struct link_rig {
    void (*begin)(void);
    void (*on_arrival)(uint32_t message); /* NULL: only recorded */
    struct scenario *scenario;
    struct sim *sim;
    struct link_port *links[REGIONS_MAX][REGIONS_MAX];
    struct link_fault_port *faults[REGIONS_MAX][REGIONS_MAX];
    struct link_bill_port *bills[REGIONS_MAX][REGIONS_MAX];
    void (*calls[RIG_CALLS_MAX])(uint32_t argument);
    uint32_t call_count;
    kind_id call_kind, arrive_kind, lost_kind, broken_kind;
    probe_id latency;
    /* of the first messages and connections, by number */
    sim_time arrived[RIG_MESSAGES_MAX], lost[RIG_MESSAGES_MAX], broken[RIG_MESSAGES_MAX];
    uint64_t arrivals;
    uint64_t digest;
};
static struct link_rig rig;

static const struct metric rig_metrics[] = {
    {.name = "round_trip", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "as the test says"},
};

static inline void rig_on_call(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self, (void)sim, (void)generation;
    rig.calls[entity >> RIG_CALL_SHIFT](entity & ((1u << RIG_CALL_SHIFT) - 1));
}

static inline void rig_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self, (void)generation;
    rig.arrivals++;
    if (entity < RIG_MESSAGES_MAX)
        rig.arrived[entity] = sim_now(sim);
    if (rig.on_arrival)
        rig.on_arrival(entity);
}

static inline void rig_on_lost(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self, (void)generation;
    rig.lost[entity] = sim_now(sim);
}

static inline void rig_on_broken(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self, (void)generation;
    rig.broken[entity] = sim_now(sim);
}

// clang-format off
static const struct event_kind rig_call = {.name = "call", .phase = PHASE_WORK, .fire = rig_on_call};
static const struct event_kind rig_arrive = {.name = "arrive", .phase = PHASE_WORK, .fire = rig_on_arrive};
static const struct event_kind rig_broken = {.name = "broken", .phase = PHASE_WORK, .fire = rig_on_broken};
static const struct event_kind rig_lost = {.name = "lost", .phase = PHASE_WORK, .fire = rig_on_lost};
// clang-format on

/* `call(argument)` at `when`; the argument has 28 bits. */
static inline void rig_at(sim_time when, void (*call)(uint32_t argument), uint32_t argument)
{
    uint32_t index = 0;

    while (index < rig.call_count && rig.calls[index] != call)
        index++;
    assert_true(index < RIG_CALLS_MAX);
    if (index == rig.call_count)
        rig.calls[rig.call_count++] = call;
    sim_at(rig.sim, when, rig.call_kind, index << RIG_CALL_SHIFT | argument, 0);
}

static inline void rig_send(struct link_port *link, uint32_t flow, uint32_t number, uint32_t bytes,
                            bool handshake)
{
    struct message message = {.kind = rig.arrive_kind,
                              .lost = rig.lost_kind,
                              .entity = number,
                              .bytes = bytes,
                              .identity = number,
                              .handshake = handshake};

    link->send(link->self, flow, &message);
}

static inline void rig_init(void *self, const struct model_env *env)
{
    (void)self;
    rig.sim = env->sim;
    rig.call_kind = sim_kind_add(env->sim, &rig_call, env->instance, &rig);
    rig.arrive_kind = sim_kind_add(env->sim, &rig_arrive, env->instance, &rig);
    rig.broken_kind = sim_kind_add(env->sim, &rig_broken, env->instance, &rig);
    rig.lost_kind = sim_kind_add(env->sim, &rig_lost, env->instance, &rig);
    rig.latency = probe_latency_open(sim_probe_set(env->sim), "round_trip", 0, NULL);
}

static inline void rig_connect(void *self, const struct port_directory *ports)
{
    (void)self;
    for (int a = 0; a < REGIONS_MAX; a++)
        for (int b = 0; b < REGIONS_MAX; b++) {
            rig.links[a][b] = port_find_link(ports, a, b);
            rig.faults[a][b] = port_find_link_fault(ports, a, b);
            rig.bills[a][b] = port_find_link_bill(ports, a, b);
        }
}

static inline void rig_start(void *self)
{
    (void)self;
    rig.begin();
}

static const struct model_ops rig_ops = {
    .name = "link_rig",
    .section = "link_rig",
    .meaning = "a script over links",
    .scope = MODEL_ONCE,
    .config_size = 1,
    .state_size = 1,
    METRIC_TABLE(rig_metrics),
    .init = rig_init,
    .connect = rig_connect,
    .start = rig_start,
};
static const struct model_ops *const rig_models[] = {&rig_ops, &transit_gateway_ops, &wan_link_ops};
static const struct registry rig_registry = {rig_models, 3};

static inline void rig_clear(void)
{
    rig.call_count = 0;
    rig.arrivals = 0;
    for (int i = 0; i < RIG_MESSAGES_MAX; i++)
        rig.arrived[i] = rig.lost[i] = rig.broken[i] = SIM_NEVER;
}

/* One replication; rig_end() frees its world. */
static inline struct world *rig_world(const char *text, uint32_t replication)
{
    struct sim_outcome outcome;
    struct world *world;

    rig_clear();
    rig.scenario = scenario_of(&rig_registry, text);
    world = world_of(rig.scenario, replication, &outcome);
    rig.digest = outcome.digest;
    return world;
}

static inline void rig_end(struct world *world)
{
    world_free(world);
    scenario_free(rig.scenario);
}

static inline void rig_play(const char *text, uint32_t replication)
{
    rig_end(rig_world(text, replication));
}

/* A statistic over replications. */
static inline struct tally rig_tally(const char *text, uint32_t count, struct wanted wanted)
{
    struct tally tally = {0};

    for (uint32_t i = 0; i < count; i++) {
        struct world *world = rig_world(text, i);

        tally_add(&tally, statistic_of(world, wanted));
        rig_end(world);
    }
    return tally;
}

/* Two regions 20 ms apart, nothing random except by `more`: R = 220 ms. */
#define LINKS_FOR(duration, more)                                                                  \
    "regions: {a: {}, b: {}}\nduration: " duration "\nwarmup: 0s\n"                                \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, " more                           \
    "}, inside: {loss: 0%}}\n"
#define LINKS(more) LINKS_FOR("20min", more)

#endif
