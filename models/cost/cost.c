// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What it costs: a small price table applied at the end to what the other models counted, so that
 * alternatives can be compared. It takes no part in the run: no event, no draw.
 *
 * A month has 730 hours. A primary that moved during the run is taken for where it is at the end.
 */
#include "model.h"
#include "promotion.h"
#include "session_store.h"
#include "user.h"
#include "registry.h"

#define HOURS_PER_MONTH 730.0
#define BYTES_PER_GIB (1024.0 * 1024.0 * 1024.0)
#define BYTES_PER_GB 1e9

struct cost_config {
    double node_per_hour, replication_per_gib, transfer_per_gb;
    double accelerator_per_hour, accelerator_per_gb, alarm_per_month;
    uint32_t nodes_per_region, accelerators, alarms;
    int64_t write_bytes, response_bytes;
};

#define MODEL_CONFIG struct cost_config
// clang-format off
static const struct field cost_fields[] = {
    NUMBER("node_per_hour", node_per_hour, "0", "0.1752", "1e6", "USD/h: a cache node (r7g.large, Valkey)", "facts K"),
    COUNT("nodes_per_region", nodes_per_region, "0", "2", "10k", "cache nodes in each region, replicas included", "assumption"),
    NUMBER("replication_per_gib", replication_per_gib, "0", "0.02", "1e6", "USD/GiB: replication traffic out of the primary's region", "facts K"),
    NUMBER("transfer_per_gb", transfer_per_gb, "0", "0.02", "1e6", "USD/GB: traffic between regions over a peering", "facts K"),
    SIZE("write_bytes", write_bytes, "0", "1 KiB", "1 GiB", "bytes that a write attempt sends to another region", "facts H"),
    COUNT("accelerators", accelerators, "0", "1", "1000", "number of accelerators; 0: none", "assumption"),
    NUMBER("accelerator_per_hour", accelerator_per_hour, "0", "0.025", "1e6", "USD/h: an accelerator", "facts K"),
    NUMBER("accelerator_per_gb", accelerator_per_gb, "0", "0.015", "1e6", "USD/GB: traffic through an accelerator, dominant direction", "facts K"),
    SIZE("response_bytes", response_bytes, "0", "20 KiB", "1 GiB", "bytes of a response through an accelerator", "assumption"),
    COUNT("alarms", alarms, "0", "1", "10k", "alarms of the monitoring service", "assumption"),
    NUMBER("alarm_per_month", alarm_per_month, "0", "0.10", "1e6", "USD/month: an alarm", "facts K"),
};
// clang-format on

enum cost_item {
    ITEM_NODES,
    ITEM_REPLICATION,
    ITEM_TRANSFER,
    ITEM_ACCELERATOR,
    ITEM_ALARMS,
    ITEMS
};
static const char *const item_names[] = {"nodes",       "replication", "transfer",
                                         "accelerator", "alarms",      NULL};

static const struct metric cost_metrics[] = {
    {.name = "cost_per_hour",
     .unit = UNIT_USD,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning = "by the price table, mean over the whole run"},
    {.name = "cost_item_per_hour",
     .unit = UNIT_USD,
     .kind = METRIC_VALUE,
     .label = "item",
     .label_values = item_names,
     .meaning = "the parts of cost_per_hour; they add up to it"},
    {.name = "cost_per_million_requests",
     .unit = UNIT_USD,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning = "cost of the whole run / its requests, times a million; none without requests"},
};

struct cost {
    const struct cost_config *config;
    struct sim *sim;
    uint32_t region_count;
    const struct session_store_port *store;
    const struct promotion_port *promotion; /* NULL: the store has nothing to promote */
};

/* The region that the writes of a region's clients go to now. */
static int cost_write_region(const struct cost *cost, int region)
{
    const struct session_store_port *store = cost->store;
    const struct route_query write = {.kind = COMMAND_CREATE, .try_number = 1};
    struct client_knowledge knowledge = {.region = region, .named_region = -1};
    uint32_t endpoint;

    if (cost->promotion)
        knowledge.named_region = cost->promotion->primary(cost->promotion->self);
    endpoint = store->route(store->self, &knowledge, &write);
    return store->endpoints->rows[endpoint_address(store->endpoints, endpoint, &knowledge)].region;
}

/* Attempts of writes that went to another region. */
static double cost_remote_attempts(const struct cost *cost, const struct probes *probes)
{
    uint64_t attempts = 0;

    for (int region = 0; region < (int)cost->region_count; region++)
        if (cost_write_region(cost, region) != region)
            attempts += probes_count_total(probes, "write_attempts", region, NULL);
    return (double)attempts;
}

/* Nothing where the kind of store replicates nothing. */
static double cost_replicated_bytes(const struct probes *probes)
{
    static const char metric[] = "replication_bytes";

    if (!probes_metric(probes, metric))
        return 0;
    return (double)probes_count_total(probes, metric, PROBE_ALL_REGIONS, NULL);
}

/* USD an hour, item by item. */
static void cost_items(const struct cost *cost, const struct probes *probes, double hours,
                       double requests, double items[ITEMS])
{
    const struct cost_config *c = cost->config;
    double replicated = cost_replicated_bytes(probes);
    double transferred = cost_remote_attempts(cost, probes) * (double)c->write_bytes;
    double answered = requests * (double)c->response_bytes;

    items[ITEM_NODES] = cost->region_count * c->nodes_per_region * c->node_per_hour;
    items[ITEM_REPLICATION] = replicated / BYTES_PER_GIB * c->replication_per_gib / hours;
    items[ITEM_TRANSFER] = transferred / BYTES_PER_GB * c->transfer_per_gb / hours;
    items[ITEM_ACCELERATOR] = 0;
    if (c->accelerators > 0)
        items[ITEM_ACCELERATOR] = c->accelerators * c->accelerator_per_hour +
                                  answered / BYTES_PER_GB * c->accelerator_per_gb / hours;
    items[ITEM_ALARMS] = c->alarms * c->alarm_per_month / HOURS_PER_MONTH;
}

/* A run of no length has no hourly cost. */
static void cost_tell_none(struct probes *probes)
{
    static const char reason[] = "no time passed";

    for (int i = 0; i < ITEMS; i++)
        probe_value_none(probes, "cost_item_per_hour", PROBE_ALL_REGIONS, item_names[i], reason);
    probe_value_none(probes, "cost_per_hour", PROBE_ALL_REGIONS, NULL, reason);
    probe_value_none(probes, "cost_per_million_requests", PROBE_ALL_REGIONS, NULL, reason);
}

static void cost_finish(void *self)
{
    struct cost *cost = self;
    struct probes *probes = sim_probe_set(cost->sim);
    double hours = (double)sim_now(cost->sim) / (3600.0 * (double)SIM_S);
    double requests = (double)probes_count_total(probes, "requests", PROBE_ALL_REGIONS, NULL);
    double items[ITEMS], sum = 0;

    if (!(hours > 0)) {
        cost_tell_none(probes);
        return;
    }
    cost_items(cost, probes, hours, requests, items);
    for (int i = 0; i < ITEMS; i++) {
        probe_value(probes, "cost_item_per_hour", PROBE_ALL_REGIONS, item_names[i], items[i]);
        sum += items[i];
    }
    probe_value(probes, "cost_per_hour", PROBE_ALL_REGIONS, NULL, sum);
    if (requests > 0)
        probe_value(probes, "cost_per_million_requests", PROBE_ALL_REGIONS, NULL,
                    sum * hours / requests * 1e6);
    else
        probe_value_none(probes, "cost_per_million_requests", PROBE_ALL_REGIONS, NULL,
                         "no requests");
}

static void cost_init(void *self, const struct model_env *env)
{
    struct cost *cost = self;

    cost->config = env->config;
    cost->sim = env->sim;
    cost->region_count = env->topology->region_count;
}

static void cost_connect(void *self, const struct port_directory *ports)
{
    struct cost *cost = self;

    cost->store = port_need_session_store(ports, -1, -1);
    cost->promotion = port_find_promotion(ports, -1, -1);
}

const struct model_ops cost_ops = {
    .name = "cost",
    .section = "cost",
    .meaning = "what it costs, by a price table",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct cost_config),
    .state_size = sizeof(struct cost),
    FIELD_TABLE(cost_fields),
    METRIC_TABLE(cost_metrics),
    .init = cost_init,
    .connect = cost_connect,
    .finish = cost_finish,
};
