// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The region and endpoint to which a user's new connection is routed: by an anycast accelerator, by
 * names (dns_routing), or always the user's own region (static). Parameters, metrics, the model.
 *
 * An edge stands near each region (a user's place), with its own view of each region's endpoint
 * group: health, traffic dial, weights. The regions of an edge are ordered by their inter-region
 * round trip at the start of the run, its own first: proximity does not move with a fault. The
 * choice is that of endpoint_choice.h.
 *
 * A share of connections spills to another healthy region: users are not always where their network
 * says, and the network may take them to another edge, which an affinity to the source address does
 * not prevent.
 */
#include "accelerator_internal.h"

#include "registry.h"

#include <stdlib.h>

static const char *const routing_names[] = {"accelerator", "static", "dns",
                                            NULL};                       /* enum routing */
static const char *const affinity_names[] = {"none", "source-ip", NULL}; /* enum affinity */
static const char *const idle_ends[] = {"reset", "silence", NULL};       /* enum idle_end */

#define MODEL_CONFIG struct accelerator_config
// clang-format off
static const struct field accelerator_fields[] = {
    CHOICE("routing", routing, routing_names, "accelerator", "accelerator: by the endpoint groups, nearest healthy one first; dns: by the records of 'dns_routing'; static: always the user's own region", "facts A"),
    CHOICE("affinity", affinity, affinity_names, "none", "client affinity: none: dials and weights are drawn for each connection; source-ip: once for each user", "facts A"),
    SHARE("spill", spill_share, "0", "0", "100%", "share of new connections that reach a healthy region other than the nearest, since the network takes them to another edge", "assumption"),
    TIME_DIST("detection", detection, "0s", "uniform(low=0s, high=30s)", "10min", "time from a load balancer without healthy targets until the accelerator reacts", "facts A"),
    TIME_DIST("failback", failback, "0s", "30s", "10min", "time from the recovery of a load balancer until the accelerator reacts", "facts A"),
    TIME_DIST("edge_spread", edge_spread, "0s", "uniform(low=0s, high=5s)", "10min", "additional time until an edge location has the change, drawn for each", "facts A"),
    DURATION("idle_timeout", idle_timeout_ns, "1s", "340s", "1h", "idle time after which a connection is dropped; fixed in AWS", "facts A"),
    CHOICE("idle_end", idle_end, idle_ends, "reset", "what comes over a dropped connection that its user still considers open: reset: is answered by a reset; silence: is lost", "assumption"),
    COUNT("regions_tried", regions_tried, "1", "3", "16", "closest regions that are tried before it fails open to the nearest; fixed in AWS", "facts A"),
    TIME_DIST("change_delay", change_delay, "0s", "uniform(low=5s, high=60s)", "1h", "time from the acceptance of a change of a dial or weight until the edges begin to have it", "assumption"),
    TEXT_DEFAULT("home", home, "us-west-2", "home region of the control plane, which is down while that region is; it need not be in the scenario", "facts A"),
};
// clang-format on

static const struct metric accelerator_metrics[] = {
    {.name = "edge_connections",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "new connections that the edges sent to the region"},
    {.name = "spilled_connections",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "new connections of users near the region sent elsewhere by spill"},
    {.name = "dialled_connections",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "new connections of users near the region sent elsewhere by traffic dials"},
    {.name = "rerouted_connections",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning =
         "new connections of users near the region sent elsewhere since it was known unhealthy"},
    {.name = "failed_open_connections",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning =
         "new connections of users near the region sent there with no near region known healthy"},
    {.name = "stale_connections",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "new connections that the edges sent to the region while its load balancer had no "
                "healthy target"},
    {.name = "edges_healthy",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "edge locations that consider the region healthy"},
};

/* --- where to -------------------------------------------------------------------------------- */

/* Another healthy region than `chosen`, each alike; -1: there is none. */
static int accelerator_spill(const struct accelerator *acc, int place, int chosen, uint64_t word)
{
    int others[REGIONS_MAX];
    uint32_t count = 0;

    for (int i = 0; i < acc->region_count; i++) {
        int region = acc->near.order[place][i];

        if (region != chosen && group_is_healthy(&acc->views[place][region]))
            others[count++] = region;
    }
    return count > 0 ? others[rng_below(word, count)] : -1;
}

/* Of dials and weights. */
static uint64_t affinity_word(const struct accelerator *acc, const struct edge_client *client)
{
    if (acc->config->affinity == AFFINITY_NONE)
        return client->word;
    return rng_block_at(&acc->user_stream, (uint64_t)client->place, client->user).word[0];
}

static void count_choice(struct accelerator *acc, int place, const struct endpoint_choice *choice)
{
    const struct endpoint_group_state *home = &acc->groups[place];

    if (choice->reason == CHOICE_FAIL_OPEN)
        probe_count(acc->probes, home->failed_open);
    else if (choice->reason == CHOICE_DIALLED && choice->region != place)
        probe_count(acc->probes, home->dialled);
    else if (choice->region != place)
        probe_count(acc->probes, home->rerouted);
}

/* At the edge near `edge`, with what the user's own edge knows. */
static struct endpoint_choice choose_at(const struct accelerator *acc, int place, int edge,
                                        uint64_t word)
{
    return endpoint_choose(acc->views[place], acc->near.order[edge], (uint32_t)acc->region_count,
                           acc->config->regions_tried, word);
}

static struct edge_route accelerator_choose(struct accelerator *acc,
                                            const struct edge_client *client)
{
    int place = client->place, other = -1;
    uint64_t word = affinity_word(acc, client);
    struct endpoint_choice choice = choose_at(acc, place, place, word), spilled;

    if (choice.reason == CHOICE_NONE)
        return (struct edge_route){.region = -1};
    if (choice.reason != CHOICE_FAIL_OPEN && acc->config->spill_share > 0 &&
        rng_unit(client->word) < acc->config->spill_share)
        other = accelerator_spill(acc, place, choice.region, rng_mix(client->word));
    if (other >= 0) {
        spilled = choose_at(acc, place, other, word);
        if (spilled.region != choice.region) {
            probe_count(acc->probes, acc->groups[place].spilled);
            return (struct edge_route){spilled.region, spilled.endpoint};
        }
    }
    count_choice(acc, place, &choice);
    return (struct edge_route){choice.region, choice.endpoint};
}

/* Without an accelerator a region's endpoints are records of one name, drawn by weight. */
static struct edge_route route_without(struct accelerator *acc, const struct edge_client *client)
{
    int region = client->place;

    if (acc->config->routing == ROUTING_DNS)
        region = acc->dns->resolve(acc->dns->self, client);
    if (region < 0)
        return (struct edge_route){.region = -1};
    return (struct edge_route){region,
                               group_endpoint(&acc->views[client->place][region], client->word)};
}

static struct edge_route accelerator_route(void *self, const struct edge_client *client)
{
    struct accelerator *acc = self;
    struct edge_route route = acc->config->routing == ROUTING_ACCELERATOR
                                  ? accelerator_choose(acc, client)
                                  : route_without(acc, client);

    if (route.region < 0)
        return route;
    probe_count(acc->probes, acc->groups[route.region].connections);
    if (!acc->groups[route.region].endpoints[route.endpoint].healthy)
        probe_count(acc->probes, acc->groups[route.region].stale);
    return route;
}

/* Without an accelerator nobody stands between the user and the load balancer. */
static sim_dur accelerator_idle_timeout(const void *self)
{
    const struct accelerator *acc = self;

    return acc->config->routing == ROUTING_ACCELERATOR ? acc->config->idle_timeout_ns : SIM_NEVER;
}

static bool accelerator_idle_resets(const void *self)
{
    const struct accelerator *acc = self;

    return acc->config->idle_end == IDLE_RESET;
}

static bool accelerator_by_names(const void *self)
{
    const struct accelerator *acc = self;

    return acc->config->routing == ROUTING_DNS;
}

static sim_dur accelerator_detour(const void *self, int place, int region)
{
    const struct accelerator *acc = self;

    return acc->near.delays[place][region];
}

/* --- the model ------------------------------------------------------------------------------- */

static void accelerator_init_group(struct accelerator *acc, struct probes *probes, int region)
{
    struct endpoint_group_state *group = &acc->groups[region];

    for (int i = 0; i < ENDPOINTS_MAX; i++)
        group->endpoints[i] = (struct endpoint){.healthy = true, .aliased = true};
    group->connections = probe_count_open(probes, "edge_connections", region, NULL);
    group->spilled = probe_count_open(probes, "spilled_connections", region, NULL);
    group->dialled = probe_count_open(probes, "dialled_connections", region, NULL);
    group->rerouted = probe_count_open(probes, "rerouted_connections", region, NULL);
    group->failed_open = probe_count_open(probes, "failed_open_connections", region, NULL);
    group->stale = probe_count_open(probes, "stale_connections", region, NULL);
    group->edges_level = probe_level_open(probes, "edges_healthy", region, NULL);
}

static void accelerator_init(void *self, const struct model_env *env)
{
    struct accelerator *acc = self;

    acc->config = env->config;
    acc->sim = env->sim;
    acc->topology = env->topology;
    acc->log = env->log;
    acc->region_count = (int)env->topology->region_count;
    acc->change_stream = sim_stream(env->sim, env->instance, "change");
    acc->edge_stream = sim_stream(env->sim, env->instance, "edge");
    acc->user_stream = sim_stream(env->sim, env->instance, "user");
    acc->setting_stream = sim_stream(env->sim, env->instance, "setting");
    acc->learn_kind = sim_kind_add(env->sim, &accelerator_learn, env->instance, acc);
    acc->apply_kind = sim_kind_add(env->sim, &accelerator_apply, env->instance, acc);
    for (int i = 0; i < acc->region_count; i++)
        accelerator_init_group(acc, sim_probe_set(env->sim), i);
    acc->port = (struct edge_port){
        .self = acc,
        .route = accelerator_route,
        .health = accelerator_health,
        .by_names = accelerator_by_names,
        .idle_timeout = accelerator_idle_timeout,
        .idle_resets = accelerator_idle_resets,
        .detour = accelerator_detour,
    };
    port_offer_edge(env->ports, -1, -1, &acc->port);
    accelerator_control_init(acc, env->ports, env->instance);
}

static void accelerator_connect(void *self, const struct port_directory *ports)
{
    struct accelerator *acc = self;

    acc->probes = sim_probes(acc->sim);
    acc->dns = port_need_user_dns(ports, -1, -1);
    proximity_connect(&acc->near, acc->topology, ports);
    for (int region = 0; region < acc->region_count; region++)
        acc->groups[region].port = port_need_endpoint_group(ports, region, -1);
}

/* What an edge knows of a group at the start. */
static struct group_view first_view(const struct endpoint_group_port *port)
{
    struct group_view view = {.dial = port->dial, .count = port->count};

    for (uint32_t i = 0; i < port->count; i++) {
        view.weights[i] = port->weights[i];
        view.healthy[i] = true;
    }
    return view;
}

static void accelerator_start(void *self)
{
    struct accelerator *acc = self;

    proximity_start(&acc->near);
    for (int place = 0; place < acc->region_count; place++)
        for (int region = 0; region < acc->region_count; region++)
            acc->views[place][region] = first_view(acc->groups[region].port);
    for (int region = 0; region < acc->region_count; region++) {
        struct endpoint_group_state *group = &acc->groups[region];

        if (group_is_healthy(&acc->views[region][region]))
            group->edges_healthy = (uint32_t)acc->region_count;
        probe_level(acc->probes, group->edges_level, 0, group->edges_healthy);
    }
}

static void accelerator_fini(void *self)
{
    free(((struct accelerator *)self)->settings);
}

static const struct fault_capability accelerator_faults[] = {
    {"control/accelerator", "down", NULL},
    {"control/accelerator", "errors", NULL},
    {"control/accelerator", "throttle", NULL},
    {"home", "down", NULL},
};

const struct model_ops accelerator_ops = {
    .name = "accelerator",
    .section = "accelerator",
    .meaning =
        "routing of users' new connections: to the nearest healthy region, by names, or static",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct accelerator_config),
    .state_size = sizeof(struct accelerator),
    FIELD_TABLE(accelerator_fields),
    METRIC_TABLE(accelerator_metrics),
    .rows = {FAULT_TABLE(accelerator_faults)},
    .init = accelerator_init,
    .connect = accelerator_connect,
    .start = accelerator_start,
    .fini = accelerator_fini,
};
