// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by failover records. Clients use the name of these records: the first primary's region
 * is PRIMARY, the other regions with a cluster follow in the order of the scenario. The answer is
 * the first record that is healthy; where none is, PRIMARY.
 *
 * The health check of a region's record follows the data stream of a metric of that region (private
 * endpoints cannot be probed). Each is an alarm on that region alone. It knows nothing of
 * promotions: records move when the metric says so, and move back when it recovers. With a metric
 * that says which cluster is the primary the record follows the promotion; with any other one it
 * may name a cluster that refuses writes.
 *
 * No control plane of DNS is needed; the monitoring that evaluates the metric has a home.
 */
#include "repoint_health.h"

#include "alarm_watch.h"
#include "bug.h"
#include "dns.h"
#include "mem.h"
#include "metric_tap.h"
#include "promotion.h"
#include "refs.h"
#include "strbuf.h"

#include <stdlib.h>

const char *const health_without_data_names[] = {"healthy", "unhealthy", "last-known", NULL};

struct repoint_health;

struct health_record {
    struct repoint_health *repoint;
    int region;
    struct alarm_config stream;
    char *instance; /* "failover/health/us-west-1" */
    char *name;     /* "health check of us-west-1" */
    struct alarm_watch *watch;
    bool healthy;
};

struct repoint_health {
    const struct repoint_health_config *config;
    struct sim *sim;
    struct repoint_host host;
    struct dns_port *dns;
    uint32_t region_count;
    struct health_record records[REGIONS_MAX]; /* by region */
    int order[REGIONS_MAX];                    /* regions with a cluster, PRIMARY first */
    uint32_t count;
    int answered; /* region */
    bool active;  /* the host waits */
    int target;
    uint32_t changes;
    struct rng_stream stream;
    kind_id effect_kind;
};

uint32_t failover_record(const bool *healthy, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (healthy[i])
            return i;
    return 0;
}

static void health_done(struct repoint_health *repoint)
{
    const struct repoint_host *host = &repoint->host;

    repoint->active = false;
    host->stage_ended(host->self, INCIDENT_NOTIFY);
    host->stage_ended(host->self, INCIDENT_PUBLISH);
    host->log(host->self, repoint->target, "health check", "the records name the new primary");
    host->done(host->self);
}

/* The region that the health checks of now name. */
static int health_named(const struct repoint_health *repoint)
{
    bool healthy[REGIONS_MAX];

    for (uint32_t i = 0; i < repoint->count; i++)
        healthy[i] = repoint->records[repoint->order[i]].healthy;
    return repoint->order[failover_record(healthy, repoint->count)];
}

/* Every name server answers by them. */
static void health_on_effect(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct repoint_health *repoint = self;
    int region = health_named(repoint);

    (void)sim, (void)entity, (void)generation;
    if (region == repoint->answered)
        return;
    repoint->answered = region;
    repoint->dns->serve(repoint->dns->self, (struct dns_target){.region = region},
                        "answers follow the health checks (failover.health.effect)");
    if (repoint->active && region == repoint->target)
        health_done(repoint);
}

static const struct event_kind health_effect = {
    .name = "health-effect", .phase = PHASE_WORK, .fire = health_on_effect, .carries_cause = true};

static bool is_healthy(const struct repoint_health *repoint, enum alarm_state state, bool before)
{
    if (state != ALARM_INSUFFICIENT)
        return state == ALARM_OK;
    return repoint->config->insufficient == WITHOUT_DATA_KEPT
               ? before
               : repoint->config->insufficient == WITHOUT_DATA_HEALTHY;
}

static void health_on_change(void *self, enum alarm_state before, enum alarm_state now)
{
    struct health_record *record = self;
    struct repoint_health *repoint = record->repoint;
    bool healthy = is_healthy(repoint, now, record->healthy);
    struct rng_block draws;

    (void)before;
    if (healthy == record->healthy)
        return;
    record->healthy = healthy;
    repoint->host.log(repoint->host.self, record->region, "health check",
                      healthy ? "the health check of its record passes"
                              : "the health check of its record fails");
    if (repoint->active && health_named(repoint) == repoint->target)
        repoint->host.stage_ended(repoint->host.self, INCIDENT_NOTIFY);
    draws = rng_block_at(&repoint->stream, 0, ++repoint->changes);
    sim_after(repoint->sim, dist_sample_ns(repoint->config->effect, draws.word[0]),
              repoint->effect_kind, 0, repoint->changes);
}

/* --- the method ------------------------------------------------------------------------------ */

static void repoint_health_begin(void *self, int from, int target, uint32_t number)
{
    struct repoint_health *repoint = self;

    (void)from, (void)number;
    repoint->target = target;
    repoint->active = true;
    if (repoint->answered == target)
        health_done(repoint);
}

static void record_init(struct repoint_health *repoint, const struct model_env *env, uint32_t r,
                        uint32_t plane)
{
    struct health_record *record = &repoint->records[r];
    struct model_env own = *env;
    struct strbuf instance = STRBUF_INIT, name = STRBUF_INIT;

    strbuf_addf(&instance, "%s/health/%s", env->instance, env->topology->region_names[r]);
    strbuf_addf(&name, "health check of %s", env->topology->region_names[r]);
    record->instance = strbuf_detach(&instance);
    record->name = strbuf_detach(&name);
    record->repoint = repoint;
    record->region = (int)r;
    record->healthy = true; /* a new health check is */
    record->stream = repoint->config->stream;
    record->stream.region = (int32_t)r;
    own.instance = record->instance;
    record->watch = alarm_watch_create(
        &own, &(struct alarm_watch_config){.config = &record->stream,
                                           .name = record->name,
                                           .plane = plane,
                                           .raised_at = -1,
                                           .listener = {record, health_on_change}});
}

static void repoint_health_init(void *self, const struct model_env *env, const void *config,
                                const struct repoint_host *host)
{
    struct repoint_health *repoint = self;
    uint32_t plane = 0;

    repoint->config = config;
    repoint->sim = env->sim;
    repoint->host = *host;
    repoint->region_count = env->topology->region_count;
    repoint->stream = sim_stream(env->sim, env->instance, "health");
    repoint->effect_kind = sim_kind_add(env->sim, &health_effect, env->instance, repoint);
    while (port_find_control_plane(env->ports, CONTROL_MONITORING, (int)plane))
        plane++;
    for (uint32_t r = 0; r < repoint->region_count; r++)
        record_init(repoint, env, r, plane + r);
}

static void repoint_health_connect(void *self, const struct port_directory *ports)
{
    struct repoint_health *repoint = self;
    const struct promotion_port *promotion = port_find_promotion(ports, -1, -1);
    int primary = promotion ? promotion->primary(promotion->self) : 0;

    repoint->dns = port_need_dns(ports, -1, -1);
    repoint->answered = primary;
    repoint->order[repoint->count++] = primary;
    for (int r = 0; r < (int)repoint->region_count; r++) {
        alarm_watch_connect(repoint->records[r].watch, ports);
        if (promotion && r != primary && promotion->role(promotion->self, r) != CLUSTER_NONE)
            repoint->order[repoint->count++] = r;
    }
}

static void repoint_health_start(void *self)
{
    struct repoint_health *repoint = self;

    for (uint32_t i = 0; i < repoint->count; i++)
        alarm_watch_start(repoint->records[repoint->order[i]].watch);
}

static void repoint_health_fini(void *self)
{
    struct repoint_health *repoint = self;

    for (uint32_t r = 0; r < repoint->region_count; r++) {
        alarm_watch_free(repoint->records[r].watch);
        free(repoint->records[r].instance);
        free(repoint->records[r].name);
    }
}

void repoint_health_check(const struct repoint_health_config *config,
                          const struct check_context *context, struct validation *validation)
{
    if (config->stream.statistic >= ALARM_STATISTIC_P50)
        validation_error(validation, "health.statistic",
                         "cannot be a percentile: a health check follows an average, a minimum, a "
                         "maximum or a sum");
    else
        alarm_config_check(&config->stream, "health.", context, validation);
}

const struct repoint_ops repoint_health_ops = {
    .name = "health-check",
    .state_size = sizeof(struct repoint_health),
    .init = repoint_health_init,
    .connect = repoint_health_connect,
    .start = repoint_health_start,
    .begin = repoint_health_begin,
    .fini = repoint_health_fini,
};
