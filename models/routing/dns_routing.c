// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Routing of users by names: parameters, metrics, answers, the model.
 *
 * A user's new connection goes to what the user's device has cached, else to what its resolver has,
 * else to what the name servers near the place answer by the policy. An open connection needs no
 * name: it outlives all of these caches.
 */
#include "accelerator_internal.h"
#include "dns_routing_internal.h"

#include "registry.h"

#include <math.h>
#include <stdlib.h>

#define DNS_PLANE 1 /* 0 is that of the store's name */

static const char *const policies[] = {"latency", "weighted", "failover", "geolocation",
                                       NULL}; /* enum dns_policy */

#define MODEL_CONFIG struct dns_routing_config
// clang-format off
static const struct field dns_routing_fields[] = {
    CHOICE("policy", policy, policies, "latency", "routing policy of the users' name ('accelerator.routing: dns'): which region's record is the answer", "facts E"),
    REGION_LIST("failover_order", failover_order, "policy failover: regions by preference, the primary first; default: all, in order", "facts E"),
    REGION("default_record", default_record, "policy geolocation: region of the default record; not given: places without a record get no answer", "facts E"),
    DURATION("ttl", ttl_ns, "0s", "60s", "1d", "time for which a resolver caches an answer", "facts E"),
    TIME_DIST("status_delay", status_delay, "0s", "uniform(low=5s, high=10s)", "10min", "time from a change of a record's health until the name servers near a place answer by it, drawn for each", "facts E"),
    TIME_DIST("propagation", propagation, "0s", "uniform(low=5s, high=60s)", "1h", "time from the acceptance of a change of a record until the name servers near a place answer by it, drawn for each", "facts E"),
    TEXT_DEFAULT("home", home, "us-east-1", "home region of the control plane, which is down while that region is; it need not be in the scenario", "facts E"),
    COUNT("resolvers", resolvers, "1", "50", "100000", "resolvers near each region; a user always asks the same one", "assumption"),
    SHARE("overstay_share", overstay_share, "0", "8.74%", "100%", "share of the resolvers that keep answers beyond the TTL", "routing.md D.1"),
    TIME_DIST("overstay", overstay, "0s", "exponential(mean=10min)", "30d", "time beyond the TTL for which these keep an answer, drawn for each answer", "assumption"),
    SHARE("client_cache_share", client_cache_share, "0", "100%", "100%", "share of users whose browser or operating system caches answers", "assumption"),
    TIME_DIST("client_cache", client_cache, "0s", "60s", "1d", "time for which these keep an answer, whatever its TTL, drawn for each user", "routing.md D.1"),
};
// clang-format on

static const struct metric dns_routing_metrics[] = {
    {.name = "user_dns_lookups",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "new connections of users near the region that were routed by a name, by an answer "
                "from any cache or a fresh one"},
    {.name = "user_dns_stale",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .meaning = "those whose cached answer the name servers would not give any more"},
    {.name = "user_dns_stale_share",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .better = LOWER_IS_BETTER,
     .over = "user_dns_stale",
     .under = "user_dns_lookups",
     .meaning = "stale answers / answers of users near the region"},
    {.name = "user_dns_unanswered",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .meaning = "connections of users near the region that failed as the name had no answer"},
    {.name = "records_healthy",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .meaning = "places whose name servers consider the region's record healthy"},
};

/* --- answers --------------------------------------------------------------------------------- */

static struct dns_question question_of(const struct dns_routing *dns, int place)
{
    bool by_list = dns->config->policy == POLICY_FAILOVER;

    return (struct dns_question){
        .policy = (enum dns_policy)dns->config->policy,
        .records = dns->records[place],
        .region_count = dns->topology->region_count,
        .order = by_list ? dns->preferred : dns->near.order[place],
        .order_count = by_list ? dns->preferred_count : dns->topology->region_count,
        .local = dns->states[place].port->local,
        .by_default = dns->config->default_record,
    };
}

/* Resolvers that overstay are spread evenly over the numbers, as many as the share says. */
static bool resolver_overstays(const struct dns_routing *dns, uint32_t resolver)
{
    double share = dns->config->overstay_share;

    return floor(share * (resolver + 1) + 0.5) > floor(share * resolver + 0.5);
}

/*
 * Ask the name servers. Others have asked before the run began: the first answer is cached since a
 * uniform time.
 */
static void resolver_fetch(struct dns_routing *dns, int place, uint32_t resolver,
                           struct cached_answer *cache)
{
    const struct dns_question question = question_of(dns, place);
    struct rng_block block =
        rng_block_at(&dns->answer_stream, ((uint64_t)place << 32) + resolver, cache->fetches);
    sim_dur life = dns->config->ttl_ns;

    if (resolver_overstays(dns, resolver))
        life += dist_sample_ns(dns->config->overstay, block.word[1]);
    cache->region = dns_policy_choose(&question, block.word[0]);
    cache->expires = sim_now(dns->sim) + life;
    if (cache->fetches++ == 0)
        cache->expires = (sim_time)(rng_unit(block.word[2]) * (double)life);
}

/* While the authority does not answer, an old answer is repeated (dns_name.h, rule 5). */
static int resolver_answer(struct dns_routing *dns, int place, uint32_t resolver)
{
    struct cached_answer *cache = answer_cache_at(&dns->resolvers[place], resolver);
    sim_time now = sim_now(dns->sim);

    if (cache->fetches == 0)
        resolver_fetch(dns, place, resolver, cache);
    if (!answer_is_fresh(cache, now) && !dns->is_silent)
        resolver_fetch(dns, place, resolver, cache);
    else if (!answer_is_fresh(cache, now))
        cache->expires = now + DNS_STALE_TTL;
    return cache->region;
}

/* The first word draws the resolver, the second whether the device caches, the third how long. */
static int device_answer(struct dns_routing *dns, const struct edge_client *client)
{
    struct rng_block block =
        rng_block_at(&dns->device_stream, (uint64_t)client->place, client->user);
    struct cached_answer *cache = answer_cache_at(&dns->devices[client->place], client->device);
    sim_time now = sim_now(dns->sim);

    if (cache->fetches == client->check && answer_is_fresh(cache, now))
        return cache->region;
    cache->region =
        resolver_answer(dns, client->place, rng_below(block.word[0], dns->config->resolvers));
    cache->fetches = client->check;
    cache->expires = now;
    if (rng_unit(block.word[1]) < dns->config->client_cache_share)
        cache->expires += dist_sample_ns(dns->config->client_cache, block.word[2]);
    return cache->region;
}

static int dns_routing_resolve(void *self, const struct edge_client *client)
{
    struct dns_routing *dns = self;
    const struct dns_question question = question_of(dns, client->place);
    int region = device_answer(dns, client);

    probe_count(dns->probes, dns->lookups[client->place]);
    if (!dns_policy_allows(&question, region))
        probe_count(dns->probes, dns->stale[client->place]);
    if (region < 0)
        probe_count(dns->probes, dns->unanswered[client->place]);
    return region;
}

static void dns_routing_set_answering(void *self, bool answers)
{
    struct dns_routing *dns = self;

    dns->is_silent = !answers;
}

/* --- the model ------------------------------------------------------------------------------- */

/* All regions in the order of the file, unless the scenario gives a list. */
static void set_preferred(struct dns_routing *dns)
{
    const struct region_list *list = &dns->config->failover_order;

    dns->preferred_count = list->count > 0 ? list->count : dns->topology->region_count;
    for (uint32_t i = 0; i < dns->preferred_count; i++)
        dns->preferred[i] = list->count > 0 ? list->items[i] : (int)i;
}

static void dns_routing_open_probes(struct dns_routing *dns, struct probes *probes, int region)
{
    dns->lookups[region] = probe_count_open(probes, "user_dns_lookups", region, NULL);
    dns->stale[region] = probe_count_open(probes, "user_dns_stale", region, NULL);
    dns->unanswered[region] = probe_count_open(probes, "user_dns_unanswered", region, NULL);
    dns->states[region].level = probe_level_open(probes, "records_healthy", region, NULL);
}

static void dns_routing_init(void *self, const struct model_env *env)
{
    struct dns_routing *dns = self;

    dns->config = env->config;
    dns->sim = env->sim;
    dns->topology = env->topology;
    dns->log = env->log;
    dns->answer_stream = sim_stream(env->sim, env->instance, "answer");
    dns->device_stream = sim_stream(env->sim, env->instance, "device");
    dns->status_stream = sim_stream(env->sim, env->instance, "status");
    dns->setting_stream = sim_stream(env->sim, env->instance, "setting");
    dns->learn_kind = sim_kind_add(env->sim, &dns_routing_learn, env->instance, dns);
    dns->apply_kind = sim_kind_add(env->sim, &dns_routing_apply, env->instance, dns);
    for (int region = 0; region < (int)env->topology->region_count; region++)
        dns_routing_open_probes(dns, sim_probe_set(env->sim), region);
    set_preferred(dns);
    dns->port = (struct user_dns_port){dns, dns_routing_resolve, dns_routing_health,
                                       dns_routing_set_answering};
    dns->control = (struct routing_control_port){dns, dns_routing_change};
    port_offer_user_dns(env->ports, -1, -1, &dns->port);
    port_offer_routing_control(env->ports, ROUTING_OF_DNS, -1, &dns->control);
    change_gate_init(&dns->gate, env->sim, env->ports, CONTROL_DNS, DNS_PLANE, dns->config->home,
                     env->instance);
}

static void dns_routing_connect(void *self, const struct port_directory *ports)
{
    struct dns_routing *dns = self;
    const struct edge_port *edge = port_need_edge(ports, -1, -1);

    dns->probes = sim_probes(dns->sim);
    dns->in_use = edge->by_names(edge->self);
    proximity_connect(&dns->near, dns->topology, ports);
    for (int region = 0; region < dns->near.region_count; region++)
        dns->states[region].port = port_need_dns_record(ports, region, -1);
}

static void dns_routing_start(void *self)
{
    struct dns_routing *dns = self;

    proximity_start(&dns->near);
    dns_authority_start(dns);
}

static void dns_routing_fini(void *self)
{
    struct dns_routing *dns = self;

    for (int place = 0; place < REGIONS_MAX; place++) {
        answer_caches_release(&dns->resolvers[place]);
        answer_caches_release(&dns->devices[place]);
    }
    free(dns->settings);
}

static bool has_short_ttl(const void *config, const struct check_context *context)
{
    const struct dns_routing_config *c = config;
    double kept_ns = 0;

    (void)context;
    return c->client_cache_share > 0.5 && dist_is_constant(c->client_cache, &kept_ns) &&
           c->ttl_ns > 0 && (double)c->ttl_ns < kept_ns;
}

static const struct lint_row dns_routing_lints[] = {
    {.code = "user-dns-ttl-short",
     .field = "ttl",
     .meaning = "'ttl' is below 'client_cache': most users keep the answer for longer anyway",
     .applies = has_short_ttl},
};

/* The name is used where users are routed by it. */
static uint32_t name_parts(const void *config, const struct check_context *context, int region,
                           int peer)
{
    (void)config, (void)peer;
    for (size_t i = 0; region < 0 && i < context->instance_count; i++)
        if (context->instances[i].ops == &accelerator_ops) {
            const struct accelerator_config *accelerator = context->instances[i].config;

            return accelerator->routing == ROUTING_DNS;
        }
    return 0;
}

static const struct fault_capability dns_routing_faults[] = {
    {"record/users", "down", name_parts},
};

const struct model_ops dns_routing_ops = {
    .name = "dns_routing",
    .section = "dns_routing",
    .meaning = "routing of users by names: policies, health of records, resolvers, devices",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct dns_routing_config),
    .state_size = sizeof(struct dns_routing),
    FIELD_TABLE(dns_routing_fields),
    METRIC_TABLE(dns_routing_metrics),
    .rows = {LINT_TABLE(dns_routing_lints), FAULT_TABLE(dns_routing_faults)},
    .init = dns_routing_init,
    .connect = dns_routing_connect,
    .start = dns_routing_start,
    .fini = dns_routing_fini,
};
