// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The zone of the store's name: a CNAME at an authority that names the primary, changed through a
 * control plane. What resolvers answer is dns_name.h.
 *
 * A change is accepted by the control plane or refused at once; an accepted one is served by all
 * name servers of the authority after the API's delay and the propagation, by some of them before.
 * A newer change replaces one that still propagates, also at the servers that return it already.
 */
#include "bug.h"
#include "model.h"
#include "control.h"
#include "dns.h"
#include "dns_name.h"
#include "refs.h"
#include "promotion.h"
#include "registry.h"
#include "run_log.h"

struct dns_zone_config {
    sim_dur ttl_ns;
    struct dist *api_delay, *propagation;
    char *home;
    uint32_t name_servers;
    int zone;
    sim_dur recovery_ns; /* 0: none */
};
enum zone_visibility { ZONE_PRIVATE, ZONE_PUBLIC };
static const char *const zone_names[] = {"private", "public", NULL};

#define MODEL_CONFIG struct dns_zone_config
// clang-format off
static const struct field dns_zone_fields[] = {
    DURATION("ttl", ttl_ns, "0s", "10s", "1d", "time for which a resolver caches an answer", "facts E"),
    TIME_DIST("api_delay", api_delay, "0s", "500ms", "10min", "time from the call of the control plane until the change is accepted", "assumption"),
    TIME_DIST("propagation", propagation, "0s", "lognormal(median=20s, p95=60s, max=120s)", "1h", "time from the acceptance of a change until all authoritative servers return it", "facts E"),
    COUNT("name_servers", name_servers, "1", "4", "64", "authoritative servers: a resolver asks one of them at random; all but one of them return a change before 'propagation' is over, each after a uniform part of it", "facts E"),
    CHOICE("zone", zone, zone_names, "private", "visibility of the zone", "seed 000"),
    DURATION("accelerated_recovery", recovery_ns, "0s", "0s", "1d", "public zone: changes are possible again this long after the control plane went down (60min, where it was ordered before); 0: not before the control plane is back", "facts E"),
    TEXT_DEFAULT("home", home, "us-east-1", "home region of the control plane, which is down while that region is; it need not be in the scenario", "facts E"),
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
     .meaning = "answers from a cache that differ from the authoritative answer"},
    {.name = "dns_stale_share",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .better = LOWER_IS_BETTER,
     .series = true,
     .over = "dns_stale_answers",
     .under = "dns_answers",
     .meaning = "stale answers / answers"},
};

enum { NAME_STORE, ZONE_NAMES };
#define SUBSCRIBERS_MAX 4 /* of a name */

/* A name of the zone: at most one change of it is on its way from the control plane to the
 * authority. */
struct zone_name {
    struct dns_zone *zone;
    struct dns_port port;
    struct dns_name name;
    bool changing;
    uint32_t updated;         /* name servers that return the change */
    uint32_t changes;         /* accepted so far: the last one's number */
    struct dns_target target; /* of the change */
    kind_id subscribers[SUBSCRIBERS_MAX];
    uint32_t subscriber_count;
};

struct dns_zone {
    const struct dns_zone_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    const struct topology *topology;
    struct run_log *log;
    struct rng_stream change_stream, answer_stream, call_stream, server_stream;
    kind_id propagated_kind, spread_kind, recovered_kind;
    struct control_plane plane;
    struct control_state control;
    uint32_t control_changed_by; /* event of the run log; 0: none */
    uint32_t calls;              /* of the control plane: key its errors */
    uint32_t outages; /* of the control plane, the present one included: the generation of its
                         recovery */
    bool recovered;   /* from this outage, by the accelerated recovery */
    struct zone_name names[ZONE_NAMES];
    probe_id answers[REGIONS_MAX], stale_answers[REGIONS_MAX]; /* to clients of the store */
};

/* --- answers --------------------------------------------------------------------------------- */

static struct dns_answer zone_name_resolve(void *self, int region)
{
    struct zone_name *name = self;
    struct dns_zone *zone = name->zone;
    const struct dns_resolver *other = name->port.resolver;
    struct dns_answer answer = other ? other->resolve(other->self, region)
                                     : dns_name_resolve(&name->name, region, sim_now(zone->sim));

    probe_count(zone->probes, zone->answers[region]);
    if (answer.stale)
        probe_count(zone->probes, zone->stale_answers[region]);
    return answer;
}

/* --- changes --------------------------------------------------------------------------------- */

/* The index of a name and the region of a target as an entity. */
static uint32_t change_entity(const struct zone_name *name, int region)
{
    return (uint32_t)(name - name->zone->names) * REGIONS_MAX + (uint32_t)region;
}

/* Does the control plane take a call? */
static bool zone_control_answers(struct dns_zone *zone)
{
    struct rng_block block = rng_block_at(&zone->call_stream, 0, ++zone->calls);

    return (zone->control.up || zone->recovered) && !zone->control.throttled &&
           !(rng_unit(block.word[0]) < zone->control.errors);
}

static void zone_refuse(struct dns_zone *zone, int region)
{
    struct cause cause = sim_cause(zone->sim);
    const char *why = !zone->control.up         ? "control plane down"
                      : zone->control.throttled ? "control plane throttles"
                                                : "control plane error";

    cause.waited_for = zone->control_changed_by;
    cause.number =
        run_log_event(zone->log, sim_now(zone->sim), "dns", zone->topology->region_names[region],
                      cause, why, "the change of the record was refused");
    sim_set_cause(zone->sim, (struct cause){.number = cause.number});
}

/*
 * The change reaches the name servers one by one, and the last one when its propagation is over.
 * Words 0 and 1 of the change's draws are the API's delay and the propagation.
 */
static void zone_propagate(struct dns_zone *zone, struct zone_name *name)
{
    uint64_t entity = (uint64_t)(name - zone->names);
    struct rng_block block = rng_block_at(&zone->change_stream, entity, name->changes);
    sim_dur accepted = dist_sample_ns(zone->config->api_delay, block.word[0]);
    sim_dur propagation = dist_sample_ns(zone->config->propagation, block.word[1]);

    name->updated = 0;
    for (uint32_t i = 1; i < zone->config->name_servers; i++) {
        uint64_t word = rng_block_at(&zone->server_stream, entity << 32 | name->changes, i).word[0];

        sim_after(zone->sim, accepted + (sim_dur)(rng_unit(word) * (double)propagation),
                  zone->spread_kind, change_entity(name, name->target.region), name->changes);
    }
    sim_after(zone->sim, accepted + propagation, zone->propagated_kind,
              change_entity(name, name->target.region), name->changes);
}

static uint32_t zone_name_publish(void *self, struct dns_target target)
{
    struct zone_name *name = self;
    struct dns_zone *zone = name->zone;

    invariant(target.region >= 0 && (uint32_t)target.region < zone->topology->region_count);
    if (!zone_control_answers(zone)) {
        zone_refuse(zone, target.region);
        return 0;
    }
    if (name->changing)
        sim_cancelled(zone->sim);
    name->changing = true;
    name->changes++;
    name->target = target;
    zone_propagate(zone, name);
    return name->changes;
}

static void zone_name_subscribe(void *self, kind_id served)
{
    struct zone_name *name = self;

    invariant(name->subscriber_count < SUBSCRIBERS_MAX);
    name->subscribers[name->subscriber_count++] = served;
}

static void dns_zone_on_recovered(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct dns_zone *zone = self;

    (void)entity, (void)generation;
    zone->recovered = true;
    run_log_event(zone->log, sim_now(sim), "dns", "", sim_cause(sim), "dns.accelerated_recovery",
                  "records can be changed again, although the control plane is down");
}

static bool dns_zone_recovery_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct dns_zone *zone = self;

    (void)entity;
    return !zone->control.up && (zone->outages & SIM_GENERATION_MASK) == generation;
}

static void dns_zone_set_control(void *self, uint32_t index, const struct control_state *state)
{
    struct dns_zone *zone = self;

    (void)index;
    zone->recovered = zone->recovered && !state->up;
    if (zone->control.up && !state->up && zone->config->recovery_ns > 0)
        sim_after(zone->sim, zone->config->recovery_ns, zone->recovered_kind, 0, ++zone->outages);
    zone->control = *state;
    zone->control_changed_by = sim_cause(zone->sim).number;
}

/* The authority answers with `target` from now on. */
static void zone_name_serve_now(struct zone_name *name, struct dns_target target, const char *why)
{
    struct dns_zone *zone = name->zone;
    const struct dns_record record = {.target = target, .weight = 1, .healthy = true};
    struct cause cause = {0};

    dns_name_serve(&name->name, 0, &record);
    cause.number = run_log_event(zone->log, sim_now(zone->sim), "dns",
                                 zone->topology->region_names[target.region], sim_cause(zone->sim),
                                 why, "the authority names this region as the primary");
    sim_set_cause(zone->sim, cause);
    for (uint32_t i = 0; i < name->subscriber_count; i++)
        sim_at(zone->sim, sim_now(zone->sim), name->subscribers[i], (uint32_t)target.region,
               name->changes);
}

static void dns_zone_on_propagated(void *self, struct sim *sim, uint32_t entity,
                                   uint32_t generation)
{
    struct dns_zone *zone = self;
    struct zone_name *name = &zone->names[entity / REGIONS_MAX];

    (void)sim, (void)generation;
    name->changing = false;
    zone_name_serve_now(
        name, name->target,
        "call of the control plane and propagation (dns.api_delay, dns.propagation)");
}

/* One more name server returns the change. */
static void dns_zone_on_spread(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct dns_zone *zone = self;
    struct zone_name *name = &zone->names[entity / REGIONS_MAX];

    (void)sim, (void)generation;
    dns_name_spread(&name->name, 0, name->target, ++name->updated, zone->config->name_servers);
}

static sim_time zone_name_stale_until(const void *self)
{
    const struct zone_name *name = self;
    sim_time now = sim_now(name->zone->sim);

    if (name->port.resolver)
        return now;
    return dns_name_stale_until(&name->name, name->zone->topology->region_count, now);
}

static void zone_name_serve(void *self, struct dns_target target, const char *why)
{
    struct zone_name *name = self;

    name->changes++;
    zone_name_serve_now(name, target, why);
}

static void zone_name_override(void *self, const struct dns_resolver *resolver)
{
    struct zone_name *name = self;

    name->port.resolver = resolver;
}

static void zone_name_set_answering(void *self, bool answers)
{
    struct zone_name *name = self;

    dns_name_set_answering(&name->name, answers);
}

static bool dns_zone_change_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct dns_zone *zone = self;
    const struct zone_name *name = &zone->names[entity / REGIONS_MAX];

    return name->changing && (name->changes & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind dns_zone_propagated = {
    .name = "propagated",
    .phase = PHASE_WORK,
    .fire = dns_zone_on_propagated,
    .live = dns_zone_change_live,
    .carries_cause = true,
};

static const struct event_kind dns_zone_spread = {.name = "spread",
                                                  .phase = PHASE_WORK,
                                                  .fire = dns_zone_on_spread,
                                                  .live = dns_zone_change_live};
static const struct event_kind dns_zone_recovered = {.name = "recovered",
                                                     .phase = PHASE_WORK,
                                                     .fire = dns_zone_on_recovered,
                                                     .live = dns_zone_recovery_live,
                                                     .carries_cause = true};

/* --- the model ------------------------------------------------------------------------------- */

static void zone_offer_name(struct dns_zone *zone, struct zone_name *name,
                            struct port_directory *ports, int a, int b)
{
    name->zone = zone;
    name->port = (struct dns_port){
        .self = name,
        .resolve = zone_name_resolve,
        .publish = zone_name_publish,
        .serve = zone_name_serve,
        .override = zone_name_override,
        .stale_until = zone_name_stale_until,
        .subscribe = zone_name_subscribe,
        .set_answering = zone_name_set_answering,
    };
    port_offer_dns(ports, a, b, &name->port);
}

static void dns_zone_init(void *self, const struct model_env *env)
{
    struct dns_zone *zone = self;
    struct probes *probes = sim_probe_set(env->sim);

    zone->config = env->config;
    zone->sim = env->sim;
    zone->topology = env->topology;
    zone->log = env->log;
    zone->control = CONTROL_WELL;
    zone->call_stream = sim_stream(env->sim, env->instance, "call");
    zone->change_stream = sim_stream(env->sim, env->instance, "change");
    zone->answer_stream = sim_stream(env->sim, env->instance, "answer");
    zone->server_stream = sim_stream(env->sim, env->instance, "server");
    zone->spread_kind = sim_kind_add(env->sim, &dns_zone_spread, env->instance, zone);
    zone->recovered_kind = sim_kind_add(env->sim, &dns_zone_recovered, env->instance, zone);
    zone->propagated_kind = sim_kind_add(env->sim, &dns_zone_propagated, env->instance, zone);
    for (int i = 0; i < (int)env->topology->region_count; i++) {
        zone->answers[i] = probe_count_open(probes, "dns_answers", i, NULL);
        zone->stale_answers[i] = probe_count_open(probes, "dns_stale_answers", i, NULL);
    }
    zone_offer_name(zone, &zone->names[NAME_STORE], env->ports, -1, -1);
    zone->plane = (struct control_plane){zone, 0, zone->config->home, dns_zone_set_control};
    port_offer_control_plane(env->ports, CONTROL_DNS, 0, &zone->plane);
}

static void dns_zone_connect(void *self, const struct port_directory *ports)
{
    const struct promotion_port *promotion = port_find_promotion(ports, -1, -1);
    struct dns_zone *zone = self;
    const struct dns_name_rule rule = {.ttl_ns = zone->config->ttl_ns};
    const struct dns_record record = {
        .target = {.region = promotion ? promotion->primary(promotion->self) : 0},
        .weight = 1,
        .healthy = true};

    zone->probes = sim_probes(zone->sim);
    dns_name_init(&zone->names[NAME_STORE].name, &rule, &zone->answer_stream, &record, 1);
}

static void dns_zone_check(const void *config, const struct check_context *context,
                           struct validation *validation)
{
    const struct dns_zone_config *c = config;

    (void)context;
    if (c->recovery_ns > 0 && c->zone != ZONE_PUBLIC)
        validation_error(validation, "accelerated_recovery", "needs 'zone: public'");
}

static bool has_long_ttl(const void *config, const struct check_context *context)
{
    const struct dns_zone_config *c = config;

    (void)context;
    return c->ttl_ns > 60 * SIM_S; /* facts E */
}

static const struct lint_row dns_zone_lints[] = {
    {.code = "dns-ttl-long",
     .field = "ttl",
     .meaning = "'ttl' is above 60 s, the most that is recommended for failover: resolvers keep "
                "returning the old address for this time after a change",
     .applies = has_long_ttl},
};

/* Clients use the name where a cluster can be promoted. */
static uint32_t name_parts(const void *config, const struct check_context *context, int region,
                           int peer)
{
    (void)config, (void)peer;
    return region < 0 && supplied_fault_target(context->rows, "promote");
}

static const struct fault_capability dns_zone_faults[] = {
    {"record/store", "down", name_parts},
    {"control/dns", "down", NULL},
    {"control/dns", "errors", NULL},
    {"control/dns", "throttle", NULL},
    {"home", "down", NULL},
};

const struct model_ops dns_zone_ops = {
    .name = "dns_zone",
    .section = "dns",
    .meaning =
        "the DNS record of the primary: authoritative servers, control plane, resolver caches",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct dns_zone_config),
    .state_size = sizeof(struct dns_zone),
    FIELD_TABLE(dns_zone_fields),
    METRIC_TABLE(dns_zone_metrics),
    .rows = {FAULT_TABLE(dns_zone_faults), LINT_TABLE(dns_zone_lints)},
    .check = dns_zone_check,
    .init = dns_zone_init,
    .connect = dns_zone_connect,
};
