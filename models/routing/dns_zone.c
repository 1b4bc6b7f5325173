// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The record that names the primary: a CNAME at an authority, changed through a control plane,
 * cached by a resolver in each region for the record's TTL.
 *
 * Resolvers cost no events: an answer carries the instant at which it expires, and the next
 * question after that instant asks the authority again. A change is accepted by the control plane
 * or refused at once; an accepted one is served by the authority after the API's delay and the
 * propagation, from one instant on (its name servers do not update one by one). A newer change
 * replaces one that still propagates.
 */
#include "bug.h"
#include "model.h"
#include "control.h"
#include "dns.h"
#include "refs.h"
#include "promotion.h"
#include "stream.h"
#include "registry.h"
#include "run_log.h"

struct dns_zone_config {
    sim_dur ttl_ns;
    struct dist *api_delay, *propagation;
};

#define MODEL_CONFIG struct dns_zone_config
// clang-format off
static const struct field dns_zone_fields[] = {
    DURATION("ttl", ttl_ns, "0s", "10s", "1d", "how long a resolver keeps an answer", "facts E"),
    TIME_DIST("api_delay", api_delay, "0s", "500ms", "10min", "from the call to the control plane until the change is accepted", "assumption"),
    TIME_DIST("propagation", propagation, "0s", "lognormal(median=20s, p95=60s, max=120s)", "1h", "from the acceptance of a change until the authority serves it", "facts E"),
};
// clang-format on

static const struct metric dns_zone_metrics[] = {
    {.name = "dns_answers",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "answers of a region's resolver to clients that asked for the primary's name"},
    {.name = "dns_stale_answers",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "of these, those from the cache that the authority would have given otherwise"},
    {.name = "dns_stale_share",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .better = LOWER_IS_BETTER,
     .series = true,
     .over = "dns_stale_answers",
     .under = "dns_answers",
     .meaning = "stale answers / answers"},
};

struct dns_resolver {
    int region; /* that the cached answer names; -1: nothing cached */
    sim_time expires;
    probe_id answers, stale_answers;
};

/* A change on its way from the control plane to the authority. */
struct dns_change {
    bool pending;
    uint32_t number; /* counts changes: tells its event from that of one it replaced */
    int target;
    kind_id served;
    uint32_t served_generation;
};

struct dns_zone {
    const struct dns_zone_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    const struct topology *topology;
    struct run_log *log;
    struct rng_stream stream;
    struct dns_port port;
    kind_id propagated_kind;

    int authority;
    sim_time published;
    bool control_up;
    uint32_t control_changed_by; /* event of the run log; 0: none */
    struct dns_change change;
    struct dns_resolver resolvers[REGIONS_MAX];
};

/* --- answers --------------------------------------------------------------------------------- */

static struct dns_answer dns_zone_resolve(void *self, int region)
{
    struct dns_zone *zone = self;
    struct dns_resolver *resolver = &zone->resolvers[region];
    sim_time now = sim_now(zone->sim);
    struct dns_answer answer;

    if (resolver->region < 0 || now >= resolver->expires) {
        resolver->region = zone->authority;
        resolver->expires = now + zone->config->ttl_ns;
    }
    answer = (struct dns_answer){.region = resolver->region,
                                 .expires = resolver->expires,
                                 .stale = resolver->region != zone->authority};
    probe_count(zone->probes, resolver->answers);
    if (answer.stale)
        probe_count(zone->probes, resolver->stale_answers);
    return answer;
}

static int dns_zone_authority(const void *self)
{
    const struct dns_zone *zone = self;

    return zone->authority;
}

static sim_time dns_zone_published(const void *self)
{
    const struct dns_zone *zone = self;

    return zone->published;
}

/* --- changes --------------------------------------------------------------------------------- */

static bool dns_zone_publish(void *self, int target, kind_id served, uint32_t generation)
{
    struct dns_zone *zone = self;
    struct dns_change *change = &zone->change;
    struct cause cause = sim_cause(zone->sim);
    struct rng_block block;

    invariant(target >= 0 && (uint32_t)target < zone->topology->region_count);
    if (!zone->control_up) {
        cause.waited_for = zone->control_changed_by;
        cause.number = run_log_event(zone->log, sim_now(zone->sim), "dns",
                                     zone->topology->region_names[target], cause,
                                     "control plane down", "the change of the record was refused");
        sim_set_cause(zone->sim, (struct cause){.number = cause.number});
        return false;
    }
    if (change->pending)
        sim_cancelled(zone->sim);
    change->pending = true;
    change->number++;
    change->target = target;
    change->served = served;
    change->served_generation = generation;
    block = rng_block_at(&zone->stream, 0, change->number);
    sim_after(zone->sim,
              dist_sample_ns(zone->config->api_delay, block.word[0]) +
                  dist_sample_ns(zone->config->propagation, block.word[1]),
              zone->propagated_kind, (uint32_t)target, change->number);
    return true;
}

static void dns_zone_control_plane(void *self, bool up)
{
    struct dns_zone *zone = self;

    zone->control_up = up;
    zone->control_changed_by = sim_cause(zone->sim).number;
}

static void dns_zone_on_propagated(void *self, struct sim *sim, uint32_t target,
                                   uint32_t generation)
{
    struct dns_zone *zone = self;
    struct dns_change *change = &zone->change;

    struct cause cause = {0};

    (void)generation;
    change->pending = false;
    zone->authority = (int)target;
    zone->published = sim_now(sim);
    cause.number =
        run_log_event(zone->log, sim_now(sim), "dns", zone->topology->region_names[target],
                      sim_cause(sim), NULL, "the authority names this region as the primary");
    sim_set_cause(sim, cause);
    sim_at(sim, sim_now(sim), change->served, target, change->served_generation);
}

static bool dns_zone_change_live(const void *self, uint32_t target, uint32_t generation)
{
    const struct dns_zone *zone = self;

    (void)target;
    return zone->change.pending && (zone->change.number & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind dns_zone_propagated = {
    .name = "propagated",
    .phase = PHASE_WORK,
    .fire = dns_zone_on_propagated,
    .live = dns_zone_change_live,
    .carries_cause = true,
};

/* --- the model ------------------------------------------------------------------------------- */

static void dns_zone_init(void *self, const struct model_env *env)
{
    struct dns_zone *zone = self;
    struct probes *probes = sim_probe_set(env->sim);

    zone->config = env->config;
    zone->sim = env->sim;
    zone->topology = env->topology;
    zone->log = env->log;
    zone->control_up = true;
    zone->stream = sim_stream(env->sim, env->instance, "change");
    zone->propagated_kind = sim_kind_add(env->sim, &dns_zone_propagated, env->instance, zone);
    for (uint32_t i = 0; i < env->topology->region_count; i++)
        zone->resolvers[i] = (struct dns_resolver){
            .region = -1,
            .answers = probe_count_open(probes, "dns_answers", (int)i, NULL),
            .stale_answers = probe_count_open(probes, "dns_stale_answers", (int)i, NULL),
        };
    zone->port = (struct dns_port){
        .self = zone,
        .resolve = dns_zone_resolve,
        .publish = dns_zone_publish,
        .published = dns_zone_published,
        .authority = dns_zone_authority,
        .control_plane = dns_zone_control_plane,
    };
    port_offer_dns(env->ports, -1, -1, &zone->port);
}

static void dns_zone_connect(void *self, const struct port_directory *ports)
{
    const struct promotion_port *promotion = port_find_promotion(ports, -1, -1);
    struct dns_zone *zone = self;

    zone->probes = sim_probes(zone->sim);
    zone->authority = promotion ? promotion->primary(promotion->self) : 0;
}

const struct model_ops dns_zone_ops = {
    .name = "dns_zone",
    .section = "dns",
    .meaning = "the record that names the primary: authority, control plane, resolvers' caches",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct dns_zone_config),
    .state_size = sizeof(struct dns_zone),
    FIELD_TABLE(dns_zone_fields),
    METRIC_TABLE(dns_zone_metrics),
    .init = dns_zone_init,
    .connect = dns_zone_connect,
};
