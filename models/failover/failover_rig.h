// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The model failover alone, with stubs of store, zone and objective that record their calls. For
 * its tests only; include it once in a test, after cmocka.
 */
#ifndef FAILOVER_RIG_H
#define FAILOVER_RIG_H

#include "model_rig.h"
#include "control.h"
#include "dns.h"
#include "objective.h"
#include "promotion.h"
#include "registry.h"

/* Stubs of store, zone and objective that record their calls: "150 begin 1". */
struct stage {
    struct rig rig;
    struct strbuf text;
    int primary;
    bool up[3], dns_up, syncing, detached, snapshots;
    uint64_t applied[3];
    probe_id write_attempts, write_errors, latency, hosts; /* of region 1 */
    double error_rate;                                     /* of the attempts that tick() makes */
    int attempts;
    struct promotion_port promotion;
    struct dns_port dns;
    struct objective_port objective;
    struct control_port *control;
    uint32_t changes;
    kind_id tick_kind, served_kind;
};

static inline void note(struct stage *stage, const char *what, int region)
{
    strbuf_addf(&stage->text, "%g %s", (double)sim_now(stage->rig.sim) / 1e9, what);
    if (region >= 0)
        strbuf_addf(&stage->text, " %d", region);
    strbuf_add(&stage->text, "; ");
}

static inline int stage_primary(const void *self)
{
    return ((const struct stage *)self)->primary;
}

static inline bool stage_is_candidate(const void *self, int region)
{
    const struct stage *stage = self;

    return region != stage->primary && stage->up[region];
}

static inline uint64_t stage_held(const void *self, int region)
{
    return ((const struct stage *)self)->applied[region];
}

static inline uint64_t stage_lacks(const void *self, int region)
{
    const struct stage *stage = self;

    return stage->applied[stage->primary] - stage->applied[region];
}

/* Region 0 may be detached, or be syncing. */
static inline enum cluster_role stage_role(const void *self, int region)
{
    const struct stage *stage = self;

    if (!stage->up[region])
        return CLUSTER_DOWN;
    if (region == stage->primary)
        return CLUSTER_PRIMARY;
    if (region == 0 && stage->detached)
        return CLUSTER_DETACHED;
    return region == 0 && stage->syncing ? CLUSTER_SYNCING : CLUSTER_SECONDARY;
}

static inline void stage_attach(void *self, int region)
{
    note(self, "attach", region);
    ((struct stage *)self)->detached = false;
}

/* A snapshot can be restored in each region, for 600 s + 60 s; 900 s old. */
static inline bool stage_restorable(const void *self, int region, uint64_t word,
                                    struct restore_plan *plan)
{
    const struct stage *stage = self;

    (void)word, (void)region;
    *plan = (struct restore_plan){.takes_ns = 660 * SIM_S, .age_ns = 900 * SIM_S};
    return stage->snapshots;
}

static inline bool stage_restore(void *self, int region, enum deposed deposed)
{
    struct stage *stage = self;

    (void)deposed;
    note(stage, "restore", region);
    if (!stage->up[region] && region == stage->primary)
        return false;
    stage->primary = region;
    return true;
}

static inline void stage_begin(void *self, int region)
{
    note(self, "begin", region);
}

static inline void stage_end(void *self, int region, enum deposed deposed)
{
    struct stage *stage = self;

    note(stage, "end", region);
    if (!stage->up[region])
        return;
    stage->detached = deposed == DEPOSED_DETACHED && !stage->up[stage->primary];
    stage->primary = region;
}

static inline uint32_t stage_publish(void *self, struct dns_target target)
{
    struct stage *stage = self;

    note(stage, stage->dns_up ? "publish" : "refuse", target.region);
    if (!stage->dns_up)
        return 0;
    stage->changes++;
    sim_after(stage->rig.sim, 20 * SIM_S, stage->served_kind, (uint32_t)target.region,
              stage->changes);
    return stage->changes;
}

/* Resolvers keep an answer for 10 s. */
static inline sim_time stage_stale_until(const void *self)
{
    return sim_now(((const struct stage *)self)->rig.sim) + 10 * SIM_S;
}

static inline void stage_subscribe(void *self, kind_id served)
{
    ((struct stage *)self)->served_kind = served;
}

static inline void stage_ended(void *self, enum incident_stage stage)
{
    static const char *const ends[] = {"detected", "decided",   "promoted",
                                       "notified", "published", "cached"};

    note(self, ends[stage], -1);
}

/* What the store's client counts. */
static const struct metric client_metrics[] = {
    {.name = "write_attempts", .kind = METRIC_COUNT},
    {.name = "write_errors", .kind = METRIC_COUNT},
    {.name = "write_error_rate",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .over = "write_errors",
     .under = "write_attempts"},
    {.name = "write_attempt_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    {.name = "hosts", .unit = UNIT_COUNT, .kind = METRIC_LEVEL},
};
static const struct service_metric client_published[] = {
    {.name = "write-error-rate",
     .scale = 1,
     .metric = "write_error_rate",
     .statistic = TAP_AVERAGE,
     .period_ns = SIM_S},
    {.name = "write-latency",
     .scale = 1e-9,
     .metric = "write_attempt_latency",
     .statistic = TAP_AVERAGE,
     .period_ns = SIM_S},
    {.name = "HostsInDozens",
     .scale = 1.0 / 12,
     .metric = "hosts",
     .statistic = TAP_MINIMUM,
     .period_ns = 60 * SIM_S},
};
static const struct model_rows client_rows = {SERVICE_METRIC_TABLE(client_published)};

/* Each second `attempts` attempts in region 1, of which a share fails. */
static inline void stage_tick(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stage *stage = self;

    (void)entity, (void)generation;
    probe_count_many(sim_probes(sim), stage->write_attempts, (uint64_t)stage->attempts);
    probe_count_many(sim_probes(sim), stage->write_errors,
                     (uint64_t)(stage->attempts * stage->error_rate));
    for (int i = 0; i < stage->attempts; i++)
        probe_latency(sim_probes(sim), stage->latency, 5 * SIM_MS);
    sim_after(sim, SIM_S, stage->tick_kind, 0, 0);
}

static const struct event_kind tick_kind = {
    .name = "tick", .phase = PHASE_WORK, .fire = stage_tick};

/* Automatic, with constant lengths: alarm after 30 s, decision 2 s, promotion 25 s, notification 1
 * s, function 1 s. */
static inline void stage_open_seeded(struct stage *s, uint64_t seed)
{
    static const char *const settings[][2] = {
        {"mode", "automatic"},           {"alarm.delay", "30s"},      {"decide", "2s"},
        {"operator.acknowledge", "60s"}, {"operator.decide", "240s"}, {"promotion", "25s"},
        {"notification", "1s"},          {"function", "1s"}};

    *s = (struct stage){.text = STRBUF_INIT,
                        .up = {true, true, true},
                        .dns_up = true,
                        .applied = {9, 7, 8},
                        .attempts = 10};
    rig_open_seeded(&s->rig, &failover_ops, 3, 1800 * SIM_S, seed);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        rig_set(&s->rig, 0, settings[i][0], settings[i][1]);
    s->promotion = (struct promotion_port){.self = s,
                                           .primary = stage_primary,
                                           .role = stage_role,
                                           .is_candidate = stage_is_candidate,
                                           .held = stage_held,
                                           .lacks = stage_lacks,
                                           .begin = stage_begin,
                                           .end = stage_end,
                                           .restorable = stage_restorable,
                                           .restore = stage_restore,
                                           .attach = stage_attach};
    s->dns = (struct dns_port){.self = s,
                               .publish = stage_publish,
                               .subscribe = stage_subscribe,
                               .stale_until = stage_stale_until};
    s->objective = (struct objective_port){.self = s, .stage_ended = stage_ended};
    port_offer_promotion(s->rig.ports, -1, -1, &s->promotion);
    port_offer_dns(s->rig.ports, -1, -1, &s->dns);
    port_offer_objective(s->rig.ports, -1, -1, &s->objective);
    rig_declare(&s->rig, client_metrics, 5);
    supplied_rows_add(&s->rig.rows, &client_rows);
    s->write_attempts = probe_count_open(s->rig.probes, "write_attempts", 1, NULL);
    s->write_errors = probe_count_open(s->rig.probes, "write_errors", 1, NULL);
    s->latency = probe_latency_open(s->rig.probes, "write_attempt_latency", 1, NULL);
    s->hosts = probe_level_open(s->rig.probes, "hosts", 1, NULL);
}

static inline void stage_open(struct stage *s)
{
    stage_open_seeded(s, RIG_SEED);
}

static inline void stage_wire(struct stage *s)
{
    rig_wire(&s->rig);
    s->control = port_need_control(s->rig.ports, -1, -1);
    s->tick_kind = sim_kind_add(s->rig.sim, &tick_kind, "test", s);
    sim_at(s->rig.sim, 500 * SIM_MS, s->tick_kind, 0, 0);
}

static inline void stage_close(struct stage *s)
{
    rig_close(&s->rig);
    strbuf_release(&s->text);
}

static inline void writes_fail(void *arg)
{
    ((struct stage *)arg)->error_rate = 0.6;
}

static inline void writes_recover(void *arg)
{
    ((struct stage *)arg)->error_rate = 0;
}

static inline void writes_stop(void *arg)
{
    ((struct stage *)arg)->attempts = 0;
}

/* All planes of the part. */
static inline void set_part(struct stage *s, enum control_part part, bool up)
{
    const struct control_state state = {.up = up};
    struct control_plane *plane;

    for (int i = 0; (plane = port_find_control_plane(s->rig.ports, part, i)); i++)
        plane->set(plane->self, plane->index, &state);
}

static inline void api_fails(void *arg)
{
    set_part(arg, CONTROL_STORE_API, false);
}

static inline void api_returns(void *arg)
{
    set_part(arg, CONTROL_STORE_API, true);
}

/* That of the region which would not be called. */
static inline void other_api_fails(void *arg)
{
    const struct control_state down = {.up = false};
    struct stage *s = arg;
    struct control_plane *plane = port_need_control_plane(s->rig.ports, CONTROL_STORE_API, 0);

    plane->set(plane->self, plane->index, &down);
}

static inline void api_throttles(void *arg)
{
    const struct control_state throttled = {.up = true, .throttled = true};
    struct stage *s = arg;
    struct control_plane *plane = port_need_control_plane(s->rig.ports, CONTROL_STORE_API, 2);

    plane->set(plane->self, plane->index, &throttled);
}

static inline void function_fails(void *arg)
{
    set_part(arg, CONTROL_FUNCTION, false);
}

static inline void function_returns(void *arg)
{
    set_part(arg, CONTROL_FUNCTION, true);
}

static inline void monitoring_fails(void *arg)
{
    set_part(arg, CONTROL_MONITORING, false);
}

static inline void monitoring_returns(void *arg)
{
    set_part(arg, CONTROL_MONITORING, true);
}

static inline void dns_fails(void *arg)
{
    ((struct stage *)arg)->dns_up = false;
}

static inline void third_fails(void *arg)
{
    ((struct stage *)arg)->up[2] = false;
}

static inline void order_one(void *arg)
{
    struct stage *s = arg;

    s->control->promote(s->control->self, 1);
}

static inline void order_the_primary(void *arg)
{
    struct stage *s = arg;

    s->control->promote(s->control->self, s->primary);
}

static inline void break_writes_at_five_minutes(struct stage *s)
{
    rig_call(&s->rig, 300 * SIM_S, writes_fail, s);
}

#endif
