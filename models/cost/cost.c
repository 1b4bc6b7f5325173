// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What it costs: a small price table applied at the end to the rows of usage that models and kinds
 * supply, so that alternatives can be compared. It takes no part in the run: no event, no draw. A
 * month has 730 hours.
 */
#include "bug.h"
#include "model.h"
#include "registry.h"

#include <stddef.h>
#include <string.h>

#define HOURS_PER_MONTH 730.0 /* as AWS's price lists count */
#define BYTES_PER_GIB (1024.0 * 1024.0 * 1024.0)
#define BYTES_PER_GB 1e9

struct cost_config {
    double node_price, durable_per_hour, replication_per_gib, transfer_per_gb;
    double write_unit_per_million, read_unit_per_million, write_capacity_per_hour,
        read_capacity_per_hour;
    double accelerator_per_hour, accelerator_per_gb, alarm_per_month;
    uint32_t accelerators, alarms;
    int64_t write_bytes, response_bytes;
};

#define MODEL_CONFIG struct cost_config
// clang-format off
static const struct field cost_fields[] = {
    NUMBER("node_price", node_price, "0", "1", "100", "what a cache node costs, relative to the list price of store.node_type and store.engine (a discount of 30 %: 0.7)", "facts K"),
    NUMBER("durable_per_hour", durable_per_hour, "0", "0.035", "1e6", "USD/h: what a cache node costs more with synchronous durability", "facts K"),
    NUMBER("write_unit_per_million", write_unit_per_million, "0", "0.625", "1e6", "USD: a million write units of a managed table, replicated ones too", "facts K"),
    NUMBER("read_unit_per_million", read_unit_per_million, "0", "0.125", "1e6", "USD: a million read units of a managed table", "facts K"),
    NUMBER("write_capacity_per_hour", write_capacity_per_hour, "0", "0.00065", "1e6", "USD/h: a provisioned write unit a second", "facts K"),
    NUMBER("read_capacity_per_hour", read_capacity_per_hour, "0", "0.00013", "1e6", "USD/h: a provisioned read unit a second", "facts K"),
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
    ITEM_DURABLE,
    ITEM_REPLICATION,
    ITEM_TRANSFER,
    ITEM_WRITE_UNITS,
    ITEM_READ_UNITS,
    ITEM_WRITE_CAPACITY,
    ITEM_READ_CAPACITY,
    ITEM_ACCELERATOR,
    ITEM_ALARMS,
    ITEMS
};
static const char *const item_names[] = {
    "nodes",          "durability",    "replication", "transfer", "write-units", "read-units",
    "write-capacity", "read-capacity", "accelerator", "alarms",   NULL};

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
    const struct usage_list *usage;
};

/* A price by use: amount x `each` / `unit` x `price`. */
static const struct price {
    enum cost_item item;
    size_t each;  /* int64_t in the config: bytes of one; 0: one */
    double unit;  /* what the price is for */
    size_t price; /* double in the config */
} prices[] = {
    {ITEM_NODES, 0, 1, offsetof(struct cost_config, node_price)},
    {ITEM_DURABLE, 0, 1, offsetof(struct cost_config, durable_per_hour)},
    {ITEM_REPLICATION, 0, BYTES_PER_GIB, offsetof(struct cost_config, replication_per_gib)},
    {ITEM_TRANSFER, offsetof(struct cost_config, write_bytes), BYTES_PER_GB,
     offsetof(struct cost_config, transfer_per_gb)},
    {ITEM_WRITE_UNITS, 0, 1e6, offsetof(struct cost_config, write_unit_per_million)},
    {ITEM_READ_UNITS, 0, 1e6, offsetof(struct cost_config, read_unit_per_million)},
    {ITEM_WRITE_CAPACITY, 0, 1, offsetof(struct cost_config, write_capacity_per_hour)},
    {ITEM_READ_CAPACITY, 0, 1, offsetof(struct cost_config, read_capacity_per_hour)},
    {ITEM_ACCELERATOR, offsetof(struct cost_config, response_bytes), BYTES_PER_GB,
     offsetof(struct cost_config, accelerator_per_gb)},
};
#define PRICES (sizeof prices / sizeof prices[0])

static double cost_of_usage(const struct cost *cost, const struct price *price, double hours)
{
    const char *config = (const char *)cost->config;
    double amount = usage_total(cost->usage, sim_probe_set(cost->sim), item_names[price->item]);

    if (price->each)
        amount *= (double)*(const int64_t *)(config + price->each);
    return amount / price->unit * *(const double *)(config + price->price) / hours;
}

/* USD an hour, item by item. */
static void cost_items(const struct cost *cost, double hours, double items[ITEMS])
{
    const struct cost_config *c = cost->config;

    for (size_t i = 0; i < PRICES; i++)
        items[prices[i].item] = cost_of_usage(cost, &prices[i], hours);
    if (c->accelerators > 0)
        items[ITEM_ACCELERATOR] += c->accelerators * c->accelerator_per_hour;
    else
        items[ITEM_ACCELERATOR] = 0;
    items[ITEM_ALARMS] = c->alarms * c->alarm_per_month / HOURS_PER_MONTH;
}

/* A row of usage without a price would be left out of the sum unseen. */
static void cost_check_usage(const struct usage_list *usage)
{
    for (size_t i = 0; i < usage->count; i++) {
        size_t price = 0;

        while (price < PRICES &&
               strcmp(item_names[prices[price].item], usage->entries[i].row->item) != 0)
            price++;
        if (price == PRICES)
            BUG("'%s' is used and has no price", usage->entries[i].row->item);
    }
}

/* A run of no length has no hourly cost. */
static void cost_record_none(struct probes *probes)
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
        cost_record_none(probes);
        return;
    }
    cost_items(cost, hours, items);
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
    cost->usage = env->usage;
    cost_check_usage(env->usage);
}

const struct model_ops cost_ops = {
    .name = "cost",
    .section = "cost",
    .meaning = "cost of the deployment by a price table",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct cost_config),
    .state_size = sizeof(struct cost),
    FIELD_TABLE(cost_fields),
    METRIC_TABLE(cost_metrics),
    .init = cost_init,
    .finish = cost_finish,
};
