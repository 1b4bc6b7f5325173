// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A memcached cluster in each region: nodes that know nothing of each other, each with a few
 * threads. The client chooses the node of a session on a ring of hashes (ketama.h). Nothing is
 * replicated, so the sessions of a node go with it, and a node that is added or removed makes a
 * share of the sessions unreachable: other nodes are asked for them now.
 *
 * The nodes of all regions have the same names, so that one ring does for all of them.
 */
#include "kind_regional.h"
#include "ketama.h"
#include "strbuf.h"

#include <stdlib.h>

struct memcached_config {
    struct region_list regions;
    uint32_t nodes, threads;
    sim_dur discovery_ns;
    int resize;
    sim_time resize_at_ns;
    uint32_t resize_nodes;
};
enum { RESIZE_NONE, RESIZE_ONCE };
static const char *const resizes[] = {"none", "once", NULL};

#define MODEL_CONFIG struct memcached_config
// clang-format off
static const struct field memcached_fields[] = {
    REGION_LIST("regions", regions, "regions with a cluster; default: all. Clients of other regions use the first of them", "assumption"),
    COUNT("nodes", nodes, "1", "3", "60", "nodes of each region's cluster", "assumption"),
    COUNT("threads", threads, "1", "4", "64", "threads of a node: each executes the commands of its own connections", "assumption"),
    DURATION("discovery", discovery_ns, "0s", "60s", "1h", "interval at which each client reads the list of nodes", "elasticache memcached"),
    VARIANT("resize", resize, resizes, "none", "nodes are added or removed during the run", "assumption"),
    DURATION("resize.once.at", resize_at_ns, "0s", "10min", "365d", "when; removed nodes stop at once", "assumption"),
    COUNT("resize.once.nodes", resize_nodes, "1", "4", "60", "number of nodes from then on", "assumption"),
};
// clang-format on

static const struct metric memcached_metrics[] = {
    {.name = "hottest_node_share",
     .unit = UNIT_SHARE,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning = "commands executed by the busiest node of the region / by all its nodes"},
};

static const struct label_row memcached_causes[] = {
    {"reauth-cause", "other-region", "the session is in the store of another region"},
    {"reauth-cause", "other-node",
     "the session is at another node of the region: the list of nodes has changed"},
};

static const char *const memcached_lacks[] = {"shards",
                                              "hot_weight",
                                              "persistence",
                                              "persistence_cost",
                                              "close_on_replica_write",
                                              "engine",
                                              "cluster_mode",
                                              "node_quota",
                                              "reserved_memory",
                                              "io_threads",
                                              "tiering",
                                              "memory.limited.policy",
                                              "memory.limited.samples",
                                              "memory.limited.lfu_log_factor",
                                              "memory.limited.lfu_decay",
                                              NULL};

/* struct store's `state`. */
struct memcached {
    struct regional regional; /* the sessions; must be the first member */
    const struct memcached_config *config;
    struct ketama rings[2]; /* before and after the change of nodes */
    struct rng_stream phases;
    uint32_t nodes; /* at most at any time: endpoints of a region */
    char *names[REGIONS_MAX * NODES_MAX];
    uint64_t commands[REGIONS_MAX * NODES_MAX];
};

static uint32_t nodes_of(const struct memcached_config *config)
{
    if (config->resize == RESIZE_NONE || config->nodes > config->resize_nodes)
        return config->nodes;
    return config->resize_nodes;
}

static void memcached_adapt(struct store_config *config, const void *kind_config)
{
    const struct memcached_config *c = kind_config;

    config->shards = nodes_of(c) * c->threads;
    config->hot_weight = 1;
}

/* --- which node ------------------------------------------------------------------------------ */

static void rings_init(struct memcached *memcached)
{
    const struct memcached_config *config = memcached->config;
    char texts[NODES_MAX][24];
    const char *names[NODES_MAX];

    for (uint32_t n = 0; n < memcached->nodes; n++) {
        snprintf(texts[n], sizeof texts[n], "node-%u:11211", n + 1);
        names[n] = texts[n];
    }
    ketama_init(&memcached->rings[0], names, config->nodes);
    ketama_init(&memcached->rings[1], names,
                config->resize == RESIZE_ONCE ? config->resize_nodes : config->nodes);
}

static void add_node(struct store *store, struct endpoint_table *table, int region, uint32_t node)
{
    struct memcached *memcached = store->state;
    struct strbuf name = STRBUF_INIT;

    strbuf_addf(&name, "%s/%u", store->topology->region_names[region], node);
    memcached->names[table->count] = strbuf_detach(&name);
    endpoint_add(table, (struct endpoint){.name = memcached->names[table->count],
                                          .region = region,
                                          .zone = store_zone_of(store, node),
                                          .shard = ENDPOINT_ANY,
                                          .node = (uint16_t)node});
}

/* The endpoints of a region's nodes follow one another. */
static void memcached_endpoints(struct store *store, struct endpoint_table *table)
{
    struct memcached *memcached = store->state;
    const struct memcached_config *config = store->kind_config;

    memcached->config = config;
    memcached->nodes = memcached->regional.nodes = nodes_of(config);
    store->node_servers = config->threads;
    rings_init(memcached);
    regional_homes(store, &config->regions);
    for (int r = 0; r < (int)store->region_count; r++) {
        memcached->regional.endpoints[r] = (uint32_t)table->count;
        for (uint32_t n = 0; n < memcached->nodes && memcached->regional.homes[r] == r; n++)
            add_node(store, table, r, n);
    }
}

/* Does the client know the new list of nodes? It reads the list at phase, phase + interval ... */
RARE static bool knows_change(const struct store *store, int region, uint32_t instance)
{
    const struct memcached *memcached = store->state;
    sim_dur interval = memcached->config->discovery_ns, phase;
    sim_time now = sim_now(store->sim), changed = memcached->config->resize_at_ns;
    struct rng_block block;

    if (memcached->config->resize == RESIZE_NONE || now < changed)
        return false;
    if (now - changed >= interval)
        return true;
    block = rng_block_at(&memcached->phases, ref_make((uint32_t)region, instance), 0);
    phase = (sim_dur)(rng_unit(block.word[0]) * (double)interval);
    return now >= phase && (now - phase) / interval * interval + phase >= changed;
}

/* The hash of a key: the real one is the MD5 of its text; any good hash distributes as well. Keys
 * are random, so each run has others. */
static uint32_t key_hash(const struct store *store, uint32_t session, uint32_t session_check)
{
    if (ref_is_class(session))
        session_check = 0; /* the version that a write carries is no part of the key */
    return (uint32_t)rng_mix(((uint64_t)session_check << 32 | session) ^ store->service.key[0]);
}

static uint32_t memcached_route(const void *self, const struct client_knowledge *knowledge,
                                const struct route_query *query)
{
    const struct store *store = self;
    const struct memcached *memcached = store->state;
    bool changed = memcached->config->resize != RESIZE_NONE &&
                   knows_change(store, knowledge->region, query->instance);

    store_prefetch_near(store, query->session, sizeof(struct regional_row));
    return memcached->regional.endpoints[memcached->regional.homes[knowledge->region]] +
           ketama_server(&memcached->rings[changed],
                         key_hash(store, query->session, query->session_check));
}

/* Sessions from before the run are in the region closest to their user. */
static void memcached_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    const struct memcached *memcached = store->state;
    uint32_t node = ketama_server(&memcached->rings[0], key_hash(store, session, session_check));

    regional_seed_in(store, session, session_check,
                     memcached->regional.homes[ref_region(session)] * memcached->nodes + node);
}

/* --- commands -------------------------------------------------------------------------------- */

static enum execution memcached_execute(struct server *server, uint32_t ref,
                                        struct command *command)
{
    struct memcached *memcached = server->cluster->store->state;
    uint32_t node = server->shard / memcached->config->threads;

    memcached->commands[(uint32_t)server->cluster->region * memcached->nodes + node]++;
    return regional_execute(server, ref, command);
}

/* --- nodes that leave ------------------------------------------------------------------------ */

static void memcached_on_resize(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    const struct memcached *memcached = cluster->store->state;

    (void)sim, (void)entity, (void)generation;
    for (uint32_t n = memcached->config->resize_nodes; n < memcached->config->nodes; n++)
        cluster_set_node(cluster, n, CRASH_PROCESS);
}

static const struct event_kind memcached_resize = {
    .name = "resize", .phase = PHASE_WORK, .fire = memcached_on_resize};

/* --- wiring ---------------------------------------------------------------------------------- */

static void memcached_init(struct store *store, const struct model_env *env)
{
    struct memcached *memcached = store->state;

    memcached->phases = sim_stream(env->sim, env->instance, "discovery");
}

static void memcached_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    const struct memcached *memcached = cluster->store->state;
    kind_id kind = sim_kind_add(env->sim, &memcached_resize, env->instance, cluster);

    if (memcached->config->resize == RESIZE_ONCE)
        sim_at(env->sim, memcached->config->resize_at_ns, kind, 0, 0);
    regional_cluster_init(cluster, env);
}

static void memcached_finish(struct store *store)
{
    const struct memcached *memcached = store->state;
    struct probes *probes = sim_probe_set(store->sim);

    for (uint32_t r = 0; r < store->region_count; r++) {
        const uint64_t *commands = &memcached->commands[r * memcached->nodes];
        uint64_t most = 0, sum = 0;

        for (uint32_t n = 0; n < memcached->nodes; n++) {
            sum += commands[n];
            most = commands[n] > most ? commands[n] : most;
        }
        if (sum > 0)
            probe_value(probes, "hottest_node_share", (int)r, NULL, (double)most / (double)sum);
        else
            probe_value_none(probes, "hottest_node_share", (int)r, NULL, "no commands");
    }
    probe_value_none(probes, "hottest_node_share", PROBE_ALL_REGIONS, NULL,
                     "each region has a ring of its own");
}

/* Those of the list that is in force at the end. */
static uint32_t memcached_nodes(const struct store *store, int region)
{
    const struct memcached_config *config = store->kind_config;
    bool changed = config->resize == RESIZE_ONCE && sim_now(store->sim) >= config->resize_at_ns;

    (void)region;
    return changed ? config->resize_nodes : config->nodes;
}

static void memcached_fini(struct store *store)
{
    struct memcached *memcached = store->state;

    regional_fini(store);
    ketama_release(&memcached->rings[0]);
    ketama_release(&memcached->rings[1]);
    for (size_t e = 0; e < sizeof memcached->names / sizeof memcached->names[0]; e++)
        free(memcached->names[e]);
}

static void memcached_check(const void *config, const void *kind_config,
                            const struct check_context *context, struct validation *validation)
{
    const struct memcached_config *c = kind_config;

    (void)config, (void)context;
    if (c->resize == RESIZE_ONCE && c->resize_nodes == c->nodes)
        validation_error(validation, "resize.once.nodes", "must differ from 'nodes'");
}

static uint32_t memcached_regions(const void *config, const struct check_context *context,
                                  int region, int peer)
{
    const struct memcached_config *c = context->kind_config;

    (void)config, (void)peer;
    return region_list_has(&c->regions, region) || (region >= 0 && c->regions.count == 0);
}

static uint32_t memcached_parts(const void *config, const struct check_context *context, int region,
                                int peer)
{
    return memcached_regions(config, context, region, peer) * nodes_of(context->kind_config);
}

static const struct fault_capability memcached_faults[] = {
    STORE_FAULTS(memcached_regions, memcached_parts),
    {"node", "crash", memcached_parts},
    {"store", "flush", memcached_regions},
};

const struct store_kind kind_memcached = {
    .model = {.name = "memcached",
              .meaning = "independent nodes in each region; clients choose one on a ring of hashes",
              .lacks = memcached_lacks,
              .supports = store_supports,
              .config_size = sizeof(struct memcached_config),
              FIELD_TABLE(memcached_fields),
              METRIC_TABLE(memcached_metrics),
              .rows = {LABEL_TABLE(memcached_causes), FAULT_TABLE(memcached_faults)},
              .check = memcached_check},
    .state_size = sizeof(struct memcached),
    .row_size = sizeof(struct regional_row),
    .adapt = memcached_adapt,
    .by_node = true,
    .exact_lru = true,
    .endpoints = memcached_endpoints,
    .route = memcached_route,
    .seed = memcached_seed,
    .execute = memcached_execute,
    .nodes = memcached_nodes,
    .down = regional_down,
    .back = regional_back,
    .flush = regional_flush,
    .node_lost = regional_node_lost,
    .init = memcached_init,
    .cluster_init = memcached_cluster_init,
    .finish = memcached_finish,
    .fini = memcached_fini,
};
