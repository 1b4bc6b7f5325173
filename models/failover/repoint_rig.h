// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A failover that only repoints, by one method, between regions 0, the first primary, and 1; region
 * 2 has no cluster. Stubs of the zone, the promotion and a metric note what is called: "12 publish
 * 1; ". For tests of methods only; include it once in a test, after cmocka.
 */
#ifndef REPOINT_RIG_H
#define REPOINT_RIG_H

#include "repoint_fixed.h"
#include "repoint_function.h"
#include "repoint_health.h"
#include "repoint_list.h"
#include "repoint_routing.h"

#include "control.h"
#include "dns.h"
#include "mem.h"
#include "model_rig.h"
#include "promotion.h"

#include <stdlib.h>

struct host_config {
    struct repoint_function_config function;
    struct repoint_routing_config routing;
    struct repoint_health_config health;
    struct repoint_list_config list;
};
#define MODEL_CONFIG struct host_config
// clang-format off
static const struct field host_fields[] = {
    REPOINT_FUNCTION_FIELDS(function),
    REPOINT_ROUTING_FIELDS(routing),
    REPOINT_HEALTH_FIELDS(health),
    REPOINT_LIST_FIELDS(list),
};
// clang-format on

static const struct metric host_metrics[] = {
    {.name = "function_invocations", .unit = UNIT_COUNT, .kind = METRIC_COUNT},
    {.name = "function_errors", .unit = UNIT_COUNT, .kind = METRIC_COUNT},
    {.name = "function_throttles", .unit = UNIT_COUNT, .kind = METRIC_COUNT},
    {.name = "function_duration", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    {.name = "function_event_age", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    {.name = "function_events_dropped", .unit = UNIT_COUNT, .kind = METRIC_COUNT},
    {.name = "is_primary", .unit = UNIT_COUNT, .kind = METRIC_LEVEL}};

static struct {
    struct rig rig;
    const struct repoint_ops *ops;
    size_t config; /* offset of the method's parameters */
    struct strbuf text;
    struct dns_port dns;
    kind_id served_kind;
    uint32_t changes; /* of the record */
    struct promotion_port promotion;
    void *method;
    uint32_t number;
    probe_id is_primary[3];
} host;

static inline void note(const char *what, int region)
{
    strbuf_addf(&host.text, "%g %s", (double)sim_now(host.rig.sim) / 1e9, what);
    if (region >= 0)
        strbuf_addf(&host.text, " %d", region);
    strbuf_add(&host.text, "; ");
}

/* The zone serves a change 20 s after it was published. */
static inline uint32_t host_publish(void *self, struct dns_target target)
{
    (void)self;
    note("publish", target.region);
    sim_after(host.rig.sim, 20 * SIM_S, host.served_kind, (uint32_t)target.region, ++host.changes);
    return host.changes;
}

static inline void host_subscribe(void *self, kind_id served)
{
    (void)self;
    host.served_kind = served;
}

static inline void host_serve(void *self, struct dns_target target, const char *why)
{
    (void)self;
    assert_non_null(why);
    note("serve", target.region);
}

static inline void host_override(void *self, const struct dns_resolver *resolver)
{
    ((struct dns_port *)self)->resolver = resolver;
}

static inline int host_primary(const void *self)
{
    (void)self;
    return 0;
}

static inline enum cluster_role host_role(const void *self, int region)
{
    (void)self;
    return region == 2 ? CLUSTER_NONE : region == 0 ? CLUSTER_PRIMARY : CLUSTER_SECONDARY;
}

static inline void host_log(void *self, int region, const char *cause_text, const char *text)
{
    (void)self, (void)region, (void)cause_text;
    if (strstr(text, "fewer than three of five"))
        note("no quorum", -1);
}

static inline void host_stage_ended(void *self, enum incident_stage stage)
{
    (void)self;
    note(incident_stage_names[stage], -1);
}

static inline void host_done(void *self)
{
    (void)self;
    note("done", -1);
}

static inline void host_failed(void *self)
{
    (void)self;
    note("failed", -1);
}

static inline void host_init(void *self, const struct model_env *env)
{
    const struct repoint_host of_method = {NULL, host_log, host_stage_ended, host_done,
                                           host_failed};

    (void)self;
    host.method = mem_zalloc(1, host.ops->state_size);
    host.ops->init(host.method, env, (const char *)env->config + host.config, &of_method);
}

static inline void host_connect(void *self, const struct port_directory *ports)
{
    (void)self;
    host.ops->connect(host.method, ports);
}

static inline void host_start(void *self)
{
    (void)self;
    if (host.ops->start)
        host.ops->start(host.method);
}

static const struct model_ops host_ops = {
    .name = "failover",
    .section = "failover",
    .meaning = "a host of one method of repointing",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct host_config),
    .state_size = 1,
    FIELD_TABLE(host_fields),
    METRIC_TABLE(host_metrics),
    .init = host_init,
    .connect = host_connect,
    .start = host_start,
};

static inline void host_open(const struct repoint_ops *ops, size_t config)
{
    memset(&host, 0, sizeof host);
    host.text = (struct strbuf)STRBUF_INIT;
    host.ops = ops;
    host.config = config;
    rig_open(&host.rig, &host_ops, 3, 1800 * SIM_S);
    host.dns = (struct dns_port){.self = &host.dns,
                                 .publish = host_publish,
                                 .subscribe = host_subscribe,
                                 .serve = host_serve,
                                 .override = host_override};
    host.promotion = (struct promotion_port){.primary = host_primary, .role = host_role};
    port_offer_dns(host.rig.ports, -1, -1, &host.dns);
    port_offer_promotion(host.rig.ports, -1, -1, &host.promotion);
    for (int r = 0; r < 3; r++)
        host.is_primary[r] = probe_level_open(host.rig.probes, "is_primary", r, NULL);
}

static inline void host_close(void)
{
    if (host.ops->fini)
        host.ops->fini(host.method);
    free(host.method);
    rig_close(&host.rig);
    strbuf_release(&host.text);
}

static inline void begin(void *arg)
{
    int target = *(int *)arg;

    host.ops->begin(host.method, 1 - target, target, ++host.number);
}

static inline void by_hand(void *arg)
{
    int target = *(int *)arg;

    host.ops->by_hand(host.method, 1 - target, target, host.number);
}

static int zero = 0, one = 1; /* targets, for rig_call() */

#endif
