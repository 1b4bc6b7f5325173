// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The region to which a user's new connection is routed: an anycast accelerator that picks the
 * nearest healthy region, or always the user's own (static).
 *
 * An edge stands near each region (a user's place); what it believes of each region's health is a
 * bit. The regions of an edge are ordered by their inter-region round trip at the start of the run,
 * its own first: proximity does not move with a fault. Between a load balancer's change of health
 * and an edge's belief lie two waits: one of the service as a whole (detection or failback) and one
 * of each edge (spread). A change that is undone before it is believed was never seen.
 *
 * The order of choice: the nearest of the closest regions (three in AWS) that is believed healthy,
 * else the closest one (fail open). A share of connections spills to another healthy region: users
 * are not always where their network says.
 */
#include "bug.h"
#include "model.h"
#include "edge.h"
#include "link.h"
#include "refs.h"
#include "user.h"
#include "registry.h"
#include "run_log.h"

enum routing { ROUTING_ACCELERATOR, ROUTING_STATIC };
static const char *const routing_names[] = {"accelerator", "static", NULL};

struct accelerator_config {
    int routing;
    double spill;
    struct dist *detection, *failback, *edge_spread;
    sim_dur idle_timeout_ns;
    uint32_t regions_tried;
};

#define MODEL_CONFIG struct accelerator_config
// clang-format off
static const struct field accelerator_fields[] = {
    CHOICE("routing", routing, routing_names, "accelerator", "accelerator: nearest healthy region; static: always the user's own region", "facts A"),
    SHARE("spill", spill, "0", "0", "100%", "share of new connections that reach a healthy region other than the nearest", "assumption"),
    TIME_DIST("detection", detection, "0s", "uniform(low=0s, high=30s)", "10min", "time from a load balancer without healthy targets until the accelerator reacts", "facts A"),
    TIME_DIST("failback", failback, "0s", "30s", "10min", "time from the recovery of a load balancer until the accelerator reacts", "facts A"),
    TIME_DIST("edge_spread", edge_spread, "0s", "uniform(low=0s, high=5s)", "10min", "additional time until an edge location has the change, drawn for each", "facts A"),
    DURATION("idle_timeout", idle_timeout_ns, "1s", "340s", "1h", "idle time after which a connection is dropped; fixed in AWS", "facts A"),
    COUNT("regions_tried", regions_tried, "1", "3", "16", "closest regions that are tried before it fails open to the nearest; fixed in AWS", "facts A"),
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

/* A region as its load balancer reports it. */
struct endpoint_group {
    bool healthy;      /* as reported last */
    uint32_t changes;  /* counts reports: the generation of the edges' events */
    uint32_t learning; /* edges whose event on the last change is still to come */
    uint32_t edges_healthy;
    probe_id connections, spilled, rerouted, failed_open, stale, edges_level;
};

struct accelerator {
    const struct accelerator_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    const struct topology *topology;
    struct run_log *log;
    struct rng_stream change_stream, edge_stream;
    struct edge_port port;
    kind_id learn_kind;
    int region_count;

    const struct link_port *links[REGIONS_MAX][REGIONS_MAX]; /* [from][to] */
    sim_dur delays[REGIONS_MAX][REGIONS_MAX]; /* one way, without faults; 0 to itself */
    int order[REGIONS_MAX][REGIONS_MAX];      /* of each place: regions, nearest first */
    bool believed[REGIONS_MAX][REGIONS_MAX];  /* [place][region] */
    struct endpoint_group groups[REGIONS_MAX];
};

/* --- where to -------------------------------------------------------------------------------- */

/* The nearest healthy of the closest regions; -1: none of them is. */
static int accelerator_nearest(const struct accelerator *acc, int place)
{
    int tried = (int)acc->config->regions_tried;
    int tries = acc->region_count < tried ? acc->region_count : tried;

    for (int i = 0; i < tries; i++) {
        int region = acc->order[place][i];

        if (acc->believed[place][region])
            return region;
    }
    return -1;
}

/* Another healthy region than `nearest`, each alike; -1: there is none. */
static int accelerator_spill(const struct accelerator *acc, int place, int nearest, uint64_t word)
{
    int others[REGIONS_MAX];
    uint32_t count = 0;

    for (int i = 0; i < acc->region_count; i++) {
        int region = acc->order[place][i];

        if (region != nearest && acc->believed[place][region])
            others[count++] = region;
    }
    return count > 0 ? others[rng_below(word, count)] : -1;
}

static int accelerator_choose(struct accelerator *acc, int place, uint64_t word)
{
    const struct endpoint_group *home = &acc->groups[place];
    int nearest = accelerator_nearest(acc, place);
    int other;

    if (nearest < 0) {
        probe_count(acc->probes, home->failed_open);
        return acc->order[place][0];
    }
    if (acc->config->spill > 0 && rng_unit(word) < acc->config->spill) {
        other = accelerator_spill(acc, place, nearest, rng_mix(word));
        if (other >= 0) {
            probe_count(acc->probes, home->spilled);
            return other;
        }
    }
    if (nearest != place)
        probe_count(acc->probes, home->rerouted);
    return nearest;
}

static struct edge_route accelerator_route(void *self, int place, uint64_t word)
{
    struct accelerator *acc = self;
    int region = place;

    if (acc->config->routing == ROUTING_ACCELERATOR)
        region = accelerator_choose(acc, place, word);
    probe_count(acc->probes, acc->groups[region].connections);
    if (!acc->groups[region].healthy)
        probe_count(acc->probes, acc->groups[region].stale);
    return (struct edge_route){region};
}

static sim_dur accelerator_idle_timeout(const void *self)
{
    const struct accelerator *acc = self;

    return acc->config->idle_timeout_ns;
}

static sim_dur accelerator_detour(const void *self, int place, int region)
{
    const struct accelerator *acc = self;

    return acc->delays[place][region];
}

/* --- what the edges believe ------------------------------------------------------------------ */

static uint32_t edge_entity(int place, int region)
{
    return (uint32_t)(place * REGIONS_MAX + region);
}

static void accelerator_health(void *self, int region, bool healthy)
{
    struct accelerator *acc = self;
    struct endpoint_group *group = &acc->groups[region];
    const struct dist *wait = healthy ? acc->config->failback : acc->config->detection;
    struct cause cause = {0};
    sim_dur detection;

    if (group->healthy == healthy)
        return;
    group->healthy = healthy;
    cause.number = run_log_event(acc->log, sim_now(acc->sim), "health",
                                 acc->topology->region_names[region], sim_cause(acc->sim), NULL,
                                 healthy ? "the load balancer has healthy targets again"
                                         : "the load balancer has no healthy target");
    if (acc->config->routing != ROUTING_ACCELERATOR)
        return;
    cause = sim_set_cause(acc->sim, cause);
    for (; group->learning > 0; group->learning--)
        sim_cancelled(acc->sim);
    group->changes++;
    detection = dist_sample_ns(
        wait, rng_block_at(&acc->change_stream, (uint64_t)region, group->changes).word[0]);
    for (int place = 0; place < acc->region_count; place++) {
        uint32_t entity = edge_entity(place, region);
        uint64_t word = rng_block_at(&acc->edge_stream, entity, group->changes).word[0];
        sim_time when =
            sim_now(acc->sim) + detection + dist_sample_ns(acc->config->edge_spread, word);

        if (when > sim_end(acc->sim))
            continue;
        sim_at(acc->sim, when, acc->learn_kind, entity, group->changes);
        group->learning++;
    }
    sim_set_cause(acc->sim, cause);
}

static void accelerator_on_learn(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct accelerator *acc = self;
    uint32_t place = entity / REGIONS_MAX, region = entity % REGIONS_MAX;
    struct endpoint_group *group = &acc->groups[region];

    (void)generation;
    invariant(group->learning > 0);
    group->learning--;
    if (acc->believed[place][region] == group->healthy)
        return;
    acc->believed[place][region] = group->healthy;
    group->edges_healthy += group->healthy ? 1 : UINT32_MAX;
    probe_level(acc->probes, group->edges_level, sim_now(sim), group->edges_healthy);
    run_log_event(acc->log, sim_now(sim), "health", acc->topology->region_names[region],
                  sim_cause(sim), group->healthy ? "recovery" : "no healthy target",
                  "the edge near %s %s this region", acc->topology->region_names[place],
                  group->healthy ? "routes again to" : "routes around");
}

static bool accelerator_learn_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct accelerator *acc = self;

    return (acc->groups[entity % REGIONS_MAX].changes & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind accelerator_learn = {
    .name = "learn",
    .phase = PHASE_WORK,
    .fire = accelerator_on_learn,
    .live = accelerator_learn_live,
    .carries_cause = true,
};

/* --- the model ------------------------------------------------------------------------------- */

static sim_dur accelerator_round_trip(const struct accelerator *acc, int a, int b)
{
    return acc->delays[a][b] + acc->delays[b][a];
}

/* Insertion: the place itself first (a round trip of 0), then by round trip, then by index. */
static void accelerator_sort(struct accelerator *acc, int place)
{
    int *order = acc->order[place];

    order[0] = place;
    for (int region = 0, count = 1; region < acc->region_count; region++) {
        int at = count;

        if (region == place)
            continue;
        while (at > 1 && accelerator_round_trip(acc, place, order[at - 1]) >
                             accelerator_round_trip(acc, place, region)) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = region;
        count++;
    }
}

static void accelerator_init(void *self, const struct model_env *env)
{
    struct accelerator *acc = self;
    struct probes *probes = sim_probe_set(env->sim);

    invariant(env->topology->region_count <= REGIONS_MAX);
    acc->config = env->config;
    acc->sim = env->sim;
    acc->topology = env->topology;
    acc->log = env->log;
    acc->region_count = (int)env->topology->region_count;
    acc->change_stream = sim_stream(env->sim, env->instance, "change");
    acc->edge_stream = sim_stream(env->sim, env->instance, "edge");
    acc->learn_kind = sim_kind_add(env->sim, &accelerator_learn, env->instance, acc);
    for (int i = 0; i < acc->region_count; i++) {
        struct endpoint_group *group = &acc->groups[i];

        group->healthy = true;
        group->edges_healthy = env->topology->region_count;
        group->connections = probe_count_open(probes, "edge_connections", i, NULL);
        group->spilled = probe_count_open(probes, "spilled_connections", i, NULL);
        group->rerouted = probe_count_open(probes, "rerouted_connections", i, NULL);
        group->failed_open = probe_count_open(probes, "failed_open_connections", i, NULL);
        group->stale = probe_count_open(probes, "stale_connections", i, NULL);
        group->edges_level = probe_level_open(probes, "edges_healthy", i, NULL);
    }
    acc->port = (struct edge_port){
        .self = acc,
        .route = accelerator_route,
        .health = accelerator_health,
        .idle_timeout = accelerator_idle_timeout,
        .detour = accelerator_detour,
    };
    port_offer_edge(env->ports, -1, -1, &acc->port);
}

static void accelerator_connect(void *self, const struct port_directory *ports)
{
    struct accelerator *acc = self;

    acc->probes = sim_probes(acc->sim);
    for (int a = 0; a < acc->region_count; a++)
        for (int b = 0; b < acc->region_count; b++)
            if (a != b)
                acc->links[a][b] = port_need_link(ports, a, b);
}

static void accelerator_start(void *self)
{
    struct accelerator *acc = self;

    for (int a = 0; a < acc->region_count; a++)
        for (int b = 0; b < acc->region_count; b++)
            if (a != b)
                acc->delays[a][b] = acc->links[a][b]->mean_delay(acc->links[a][b]->self);
    for (int place = 0; place < acc->region_count; place++) {
        accelerator_sort(acc, place);
        for (int region = 0; region < acc->region_count; region++)
            acc->believed[place][region] = true;
        probe_level(acc->probes, acc->groups[place].edges_level, 0,
                    acc->groups[place].edges_healthy);
    }
}

const struct model_ops accelerator_ops = {
    .name = "accelerator",
    .section = "accelerator",
    .meaning = "routing of users' new connections: to the nearest healthy region, or static",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct accelerator_config),
    .state_size = sizeof(struct accelerator),
    FIELD_TABLE(accelerator_fields),
    METRIC_TABLE(accelerator_metrics),
    .init = accelerator_init,
    .connect = accelerator_connect,
    .start = accelerator_start,
};
