// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What it costs: the price list (price_list.h) applied at the end to what was used: rows of usage
 * that models and kinds supply, bytes of links, and quantities of the deployment. It takes no part
 * in the run: no event, no draw. A month has 730 hours.
 */
#include "bill.h"
#include "bug.h"
#include "control.h"
#include "model.h"
#include "price_list.h"
#include "refs.h"
#include "registry.h"

#include <stddef.h>
#include <string.h>

#define HOURS_PER_MONTH 730.0 /* as AWS's price lists count */
#define BYTES_PER_GIB (1024.0 * 1024.0 * 1024.0)
#define BYTES_PER_GB 1e9

struct cost_config {
    struct price_config prices;
    bool by_region, internet;
    uint32_t networks, accelerators, alarms, health_checks;
    int64_t request_bytes, response_bytes;
    double table_gb, snapshot_gb;
};

#define MODEL_CONFIG struct cost_config
// clang-format off
#define PRICE_FIELD(name, text, meaning, date, source) NUMBER(#name, prices.name, "0", text, "1e6", meaning "; price: " date, source),
static const struct field cost_fields[] = {
    PRICE_LIST(PRICE_FIELD)
    FLAG("by_region", by_region, "true", "take the list price of the region where it differs; a price that is set counts in all regions", "facts K"),
    COUNT("networks", networks, "0", "0", "10k", "networks (VPCs) that are connected with each other, for the number of peerings or attachments; 0: the regions of the scenario", "assumption"),
    COUNT("accelerators", accelerators, "0", "1", "1000", "number of accelerators; 0: none", "assumption"),
    SIZE("request_bytes", request_bytes, "0", "1 KiB", "1 GiB", "bytes of a user's request, without a token", "assumption"),
    SIZE("response_bytes", response_bytes, "0", "20 KiB", "1 GiB", "bytes of a response to a user, without a token", "assumption"),
    FLAG("internet", internet, "false", "bill the responses to users as traffic to the internet, too: the same for all kinds of store, and most of the bill", "assumption"),
    COUNT("alarms", alarms, "0", "1", "10k", "alarms of the monitoring service", "assumption"),
    COUNT("health_checks", health_checks, "0", "0", "10k", "health checks of DNS records", "assumption"),
    NUMBER("table_gb", table_gb, "0", "0", "1e9", "GB that a managed table stores, all regions together", "assumption"),
    NUMBER("snapshot_gb", snapshot_gb, "0", "0", "1e9", "GB of snapshots that are kept", "assumption"),
};
// clang-format on

enum cost_item {
    ITEM_NODES,
    ITEM_DURABLE,
    ITEM_STORAGE,
    ITEM_REPLICATION,
    ITEM_TRANSFER,
    ITEM_ZONES,
    ITEM_PEERINGS,
    ITEM_GATEWAY,
    ITEM_COMPANY,
    ITEM_WRITE_UNITS,
    ITEM_READ_UNITS,
    ITEM_WRITE_CAPACITY,
    ITEM_READ_CAPACITY,
    ITEM_ACCELERATOR,
    ITEM_INTERNET,
    ITEM_DNS,
    ITEM_HEALTH_CHECKS,
    ITEM_ROUTING_CONTROL,
    ITEM_ALARMS,
    ITEMS
};
static const char *const item_names[] = {
    "nodes",      "durability",     "storage",         "replication",   "transfer",
    "zones",      "peerings",       "gateway",         "company-links", "write-units",
    "read-units", "write-capacity", "read-capacity",   "accelerator",   "internet",
    "dns",        "health-checks",  "routing-control", "alarms",        NULL};

static const struct metric cost_metrics[] = {
    {.name = "cost_per_hour",
     .unit = UNIT_USD,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning = "by the price list, mean over the whole run"},
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
    const struct topology *topology;
    const struct link_bill_port *links[REGIONS_MAX][REGIONS_MAX]; /* from, to; NULL: none */
    const struct node_bill_port *nodes;                           /* NULL: no store has any */
    bool routing_control; /* the failover repoints clients by routing controls */
};

/* --- prices and usage ------------------------------------------------------------------------ */

#define PRICE_IN(cost, name, region)                                                               \
    price_in(&(cost)->config->prices, offsetof(struct price_config, name),                         \
             (cost)->topology->region_names[region], (cost)->config->by_region)

/* A price by use, the same in all regions: amount / `unit` x price. */
static const struct plain_price {
    enum cost_item item;
    double unit;
    size_t price; /* double in struct price_config */
} plain_prices[] = {
    {ITEM_DURABLE, 1, offsetof(struct price_config, durable_per_hour)},
    {ITEM_WRITE_UNITS, 1e6, offsetof(struct price_config, write_unit_per_million)},
    {ITEM_READ_UNITS, 1e6, offsetof(struct price_config, read_unit_per_million)},
    {ITEM_WRITE_CAPACITY, 1, offsetof(struct price_config, write_capacity_per_hour)},
    {ITEM_READ_CAPACITY, 1, offsetof(struct price_config, read_capacity_per_hour)},
};
#define PLAIN_PRICES (sizeof plain_prices / sizeof plain_prices[0])

/* Items of usage that have a rule of their own. */
static const enum cost_item ruled_items[] = {ITEM_NODES, ITEM_REPLICATION, ITEM_ACCELERATOR};
#define NODE_HOURS "node-hours" /* of usage: the hours behind the dollars of `nodes` */

static double used(const struct cost *cost, const char *item)
{
    return usage_total(cost->usage, sim_probe_set(cost->sim), item);
}

static double counted(const struct cost *cost, const char *metric, int region, const char *label)
{
    struct probes *probes = sim_probe_set(cost->sim);

    return probes_metric(probes, metric) ? (double)probes_count_total(probes, metric, region, label)
                                         : 0;
}

static struct link_bill link_of(const struct cost *cost, uint32_t from, uint32_t to)
{
    const struct link_bill_port *port = cost->links[from][to];

    return port ? port->read(port->self) : (struct link_bill){.tariff = TARIFF_NONE};
}

/* --- items ----------------------------------------------------------------------------------- */
/* Each is in USD for the run, unless its name says an hour. */

/* The dollars of all nodes at the list price, spread over the regions by their nodes. */
static double cost_of_nodes(const struct cost *cost)
{
    double total = 0, weighted = 0, dollars = used(cost, item_names[ITEM_NODES]);

    for (uint32_t r = 0; cost->nodes && r < cost->topology->region_count; r++) {
        double nodes = cost->nodes->nodes(cost->nodes->self, (int)r);

        total += nodes;
        weighted += nodes * PRICE_IN(cost, node_price, r);
    }
    if (cost->config->prices.node_per_hour > 0)
        return used(cost, NODE_HOURS) * cost->config->prices.node_per_hour;
    return total > 0 ? dollars * weighted / total : dollars * cost->config->prices.node_price;
}

/* What kinds bill as replication, at the prices of the regions that sent it. */
static double cost_of_replication(const struct cost *cost)
{
    double sent = 0, weighted = 0, bytes = used(cost, item_names[ITEM_REPLICATION]);

    for (uint32_t a = 0; a < cost->topology->region_count; a++)
        for (uint32_t b = 0; b < cost->topology->region_count; b++) {
            double of = a == b ? 0 : (double)link_of(cost, a, b).replication_bytes;

            sent += of;
            weighted += of * PRICE_IN(cost, transfer_per_gb, a);
        }
    /* regions differ for replication as for other traffic */
    return bytes / BYTES_PER_GIB * cost->config->prices.replication_per_gib *
           (sent > 0 && cost->config->prices.transfer_per_gb > 0
                ? weighted / sent / cost->config->prices.transfer_per_gb
                : 1);
}

static bool is_company(enum link_tariff tariff)
{
    return tariff == TARIFF_VPN || tariff == TARIFF_DIRECT_CONNECT;
}

/* Traffic of applications between regions, out of each; and between zones inside them, of which
 * the share that crosses is what chance gives. */
static double cost_of_transfer(const struct cost *cost, bool zones)
{
    uint32_t count = cost->topology->region_count, zone_count = cost->topology->zone_count;
    double sum = 0;

    for (uint32_t a = 0; a < count; a++)
        for (uint32_t b = 0; b < count; b++) {
            struct link_bill bill = link_of(cost, a, b);
            double gb = (double)(bill.bytes - bill.replication_bytes) / BYTES_PER_GB;

            if (zones && a == b)
                sum += gb * (zone_count - 1) / zone_count * PRICE_IN(cost, zone_transfer_per_gb, a);
            else if (!zones && a != b && !is_company(bill.tariff))
                sum += gb * PRICE_IN(cost, transfer_per_gb, a);
        }
    return sum;
}

static double company_hours(const struct cost *cost, const struct link_bill *bill, double hours)
{
    const struct price_config *prices = &cost->config->prices;

    if (bill->tariff == TARIFF_VPN)
        return hours * prices->vpn_per_hour;
    return hours *
           (prices->direct_connect_per_hour + (bill->vpn_backup ? prices->vpn_per_hour : 0));
}

/* Hours of each pair once, data out of the service only. */
static double cost_of_company(const struct cost *cost, double hours)
{
    const struct price_config *prices = &cost->config->prices;
    double sum = 0;

    for (uint32_t a = 0; a < cost->topology->region_count; a++)
        for (uint32_t b = 0; b < cost->topology->region_count; b++) {
            struct link_bill bill = link_of(cost, a, b);
            double gb = (double)bill.bytes / BYTES_PER_GB;

            if (a == b || !is_company(bill.tariff))
                continue;
            if (a < b)
                sum += company_hours(cost, &bill, hours);
            if (!bill.from_site)
                sum += gb * (bill.tariff == TARIFF_VPN ? prices->vpn_per_gb
                                                       : prices->direct_connect_per_gb);
        }
    return sum;
}

/* Is the region connected by links of this tariff? */
static bool has_tariff(const struct cost *cost, uint32_t region, enum link_tariff tariff)
{
    for (uint32_t b = 0; b < cost->topology->region_count; b++)
        if (b != region && (link_of(cost, region, b).tariff == tariff ||
                            link_of(cost, b, region).tariff == tariff))
            return true;
    return false;
}

/* Peerings between all pairs, or attachments, of `networks` where that is given. */
static double connections(const struct cost *cost, enum link_tariff tariff)
{
    uint32_t count = 0, pairs = 0;

    for (uint32_t a = 0; a < cost->topology->region_count; a++) {
        count += has_tariff(cost, a, tariff);
        for (uint32_t b = a + 1; b < cost->topology->region_count; b++)
            pairs += link_of(cost, a, b).tariff == tariff || link_of(cost, b, a).tariff == tariff;
    }
    if (cost->config->networks > 0 && count > 0) {
        count = cost->config->networks;
        pairs = count * (count - 1) / 2;
    }
    return tariff == TARIFF_GATEWAY ? count : pairs;
}

static double cost_of_gateway(const struct cost *cost, double hours)
{
    const struct price_config *prices = &cost->config->prices;

    return hours * connections(cost, TARIFF_GATEWAY) * prices->gateway_attachment_per_hour +
           counted(cost, "gateway_bytes", PROBE_ALL_REGIONS, NULL) / BYTES_PER_GB *
               prices->gateway_per_gb;
}

/* Bytes of users' requests and responses; tokens add to them. */
static double user_bytes(const struct cost *cost, bool responses)
{
    double requests = used(cost, item_names[ITEM_ACCELERATOR]);
    int64_t each = responses ? cost->config->response_bytes : cost->config->request_bytes;

    return requests * (double)each +
           counted(cost, "token_bytes", PROBE_ALL_REGIONS, responses ? "response" : "request");
}

/* Of the two directions the one with more. */
static double cost_of_accelerator(const struct cost *cost, double hours)
{
    double in = user_bytes(cost, false), out = user_bytes(cost, true);

    if (cost->config->accelerators == 0)
        return 0;
    return hours * cost->config->accelerators * cost->config->prices.accelerator_per_hour +
           (in > out ? in : out) / BYTES_PER_GB * cost->config->prices.accelerator_per_gb;
}

static double cost_of_storage_per_hour(const struct cost *cost)
{
    const struct cost_config *c = cost->config;

    return (c->table_gb * c->prices.table_per_gb_month +
            c->snapshot_gb * c->prices.snapshot_per_gb_month) /
           HOURS_PER_MONTH;
}

/* USD an hour, item by item. */
static void cost_items(const struct cost *cost, double hours, double items[ITEMS])
{
    const struct cost_config *c = cost->config;
    const struct price_config *prices = &c->prices;

    for (size_t i = 0; i < PLAIN_PRICES; i++)
        items[plain_prices[i].item] = used(cost, item_names[plain_prices[i].item]) /
                                      plain_prices[i].unit *
                                      price_in(prices, plain_prices[i].price, NULL, false) / hours;
    items[ITEM_NODES] = cost_of_nodes(cost) / hours;
    items[ITEM_STORAGE] = cost_of_storage_per_hour(cost);
    items[ITEM_REPLICATION] = cost_of_replication(cost) / hours;
    items[ITEM_TRANSFER] = cost_of_transfer(cost, false) / hours;
    items[ITEM_ZONES] = cost_of_transfer(cost, true) / hours;
    items[ITEM_PEERINGS] = connections(cost, TARIFF_PEERING) * prices->peering_per_hour;
    items[ITEM_GATEWAY] = cost_of_gateway(cost, hours) / hours;
    items[ITEM_COMPANY] = cost_of_company(cost, hours) / hours;
    items[ITEM_ACCELERATOR] = cost_of_accelerator(cost, hours) / hours;
    items[ITEM_INTERNET] =
        c->internet ? user_bytes(cost, true) / BYTES_PER_GB * prices->internet_per_gb / hours : 0;
    items[ITEM_DNS] = counted(cost, "dns_answers", PROBE_ALL_REGIONS, NULL) / 1e6 *
                      prices->dns_per_million / hours;
    items[ITEM_HEALTH_CHECKS] = c->health_checks * prices->health_check_per_month / HOURS_PER_MONTH;
    items[ITEM_ROUTING_CONTROL] = cost->routing_control ? prices->routing_control_per_hour : 0;
    items[ITEM_ALARMS] = c->alarms * prices->alarm_per_month / HOURS_PER_MONTH;
}

/* --- the model ------------------------------------------------------------------------------- */

static bool has_price(const char *item)
{
    for (size_t i = 0; i < PLAIN_PRICES; i++)
        if (strcmp(item_names[plain_prices[i].item], item) == 0)
            return true;
    for (size_t i = 0; i < sizeof ruled_items / sizeof ruled_items[0]; i++)
        if (strcmp(item_names[ruled_items[i]], item) == 0)
            return true;
    return strcmp(item, NODE_HOURS) == 0;
}

/* A row of usage without a price would be left out of the sum unseen. */
static void cost_check_usage(const struct usage_list *usage)
{
    for (size_t i = 0; i < usage->count; i++)
        if (!has_price(usage->entries[i].row->item))
            BUG("'%s' is used and has no price", usage->entries[i].row->item);
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
    cost->topology = env->topology;
    cost_check_usage(env->usage);
}

static void cost_connect(void *self, const struct port_directory *ports)
{
    struct cost *cost = self;

    for (uint32_t a = 0; a < cost->topology->region_count; a++)
        for (uint32_t b = 0; b < cost->topology->region_count; b++)
            cost->links[a][b] = port_find_link_bill(ports, (int)a, (int)b);
    cost->nodes = port_find_node_bill(ports, -1, -1);
    cost->routing_control = port_find_control_plane(ports, CONTROL_ROUTING, 0) != NULL;
}

const struct model_ops cost_ops = {
    .name = "cost",
    .section = "cost",
    .meaning = "cost of the deployment by a price list",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct cost_config),
    .state_size = sizeof(struct cost),
    FIELD_TABLE(cost_fields),
    METRIC_TABLE(cost_metrics),
    .init = cost_init,
    .connect = cost_connect,
    .finish = cost_finish,
};
