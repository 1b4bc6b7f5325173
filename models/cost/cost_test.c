// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Bills of a month (730 h) of four architectures, added up by hand to the cent; prices of regions,
 * the user's own prices, and when a transit gateway pays.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "bill.h"
#include "control.h"
#include "model_rig.h"
#include "registry.h"

#define MONTH (730 * 3600 * SIM_S)
#define GB UINT64_C(1000000000)
#define GIB (UINT64_C(1) << 30)

/* Counters of other models. */
static const char *const directions[] = {"request", "response", NULL};
static const struct metric counted[] = {
    {.name = "requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = ""},
    {.name = "replication_bytes", .unit = UNIT_BYTES, .kind = METRIC_COUNT, .meaning = ""},
    {.name = "gateway_bytes", .unit = UNIT_BYTES, .kind = METRIC_COUNT, .meaning = ""},
    {.name = "dns_answers", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = ""},
    {.name = "token_bytes",
     .unit = UNIT_BYTES,
     .kind = METRIC_COUNT,
     .label = "direction",
     .label_values = directions,
     .meaning = ""},
};

/* What the stubs of links, store and usage say. */
static struct {
    struct rig rig;
    struct link_bill links[4][4];
    struct link_bill_port link_ports[4][4];
    struct node_bill_port node_port;
    struct control_plane plane;
    double nodes[4]; /* by region, of 0.1752 USD an hour */
    double write_units, read_units;
} bench;

static struct link_bill read_link(const void *self)
{
    return *(const struct link_bill *)self;
}

static double nodes_in(const void *self, int region)
{
    (void)self;
    return bench.nodes[region];
}

static double node_hours(const void *state)
{
    double sum = 0;

    (void)state;
    for (int r = 0; r < 4; r++)
        sum += bench.nodes[r] * (double)sim_now(bench.rig.sim) / (3600.0 * (double)SIM_S);
    return sum;
}

static double node_dollars(const void *state)
{
    return node_hours(state) * 0.1752;
}

static double write_units(const void *state)
{
    (void)state;
    return bench.write_units;
}

static double read_units(const void *state)
{
    (void)state;
    return bench.read_units;
}

static const struct usage_row used[] = {
    {.item = "replication", .metric = "replication_bytes"},
    {.item = "accelerator", .metric = "requests"},
    {.item = "nodes", .amount = node_dollars},
    {.item = "node-hours", .amount = node_hours},
    {.item = "write-units", .amount = write_units},
    {.item = "read-units", .amount = read_units},
};
static const struct model_rows rows = {USAGE_TABLE(used)};

static void bench_open(uint32_t regions, sim_time end)
{
    memset(&bench, 0, sizeof bench);
    rig_open(&bench.rig, &cost_ops, regions, end);
    probes_declare(bench.rig.probes, counted, sizeof counted / sizeof counted[0]);
    usage_list_add_metrics(&bench.rig.usage, &rows);
    usage_list_add_amounts(&bench.rig.usage, &rows, &bench);
    for (uint32_t a = 0; a < regions; a++)
        for (uint32_t b = 0; b < regions; b++) {
            bench.link_ports[a][b] = (struct link_bill_port){&bench.links[a][b], read_link};
            port_offer_link_bill(bench.rig.ports, (int)a, (int)b, &bench.link_ports[a][b]);
        }
    bench.node_port = (struct node_bill_port){&bench, nodes_in};
    port_offer_node_bill(bench.rig.ports, -1, -1, &bench.node_port);
}

static void count(const char *metric, const char *label, uint64_t times)
{
    probe_id id = probe_count_open(bench.rig.probes, metric, 0, label);

    probe_count_many(probes_hot(bench.rig.probes), id, times);
}

static void run(void)
{
    rig_wire(&bench.rig);
    rig_run(&bench.rig);
}

static double item(const char *name)
{
    return rig_statistic(&bench.rig, "cost_item_per_hour", -1, name);
}

/* An item of the month's bill, to the cent. */
#define assert_bill(name, dollars) assert_close(730 * item(name), dollars, 0.005)

static double total(void)
{
    return 730 * rig_statistic(&bench.rig, "cost_per_hour", -1, NULL);
}

/* What all four have: 100 million requests of 1 KiB and 20 KiB, an alarm.
 *   accelerator  730 x 0.025 + 100e6 x 20480 B = 2048 GB x 0.015 = 18.25 + 30.72   = 48.97
 *   alarms                                                                         =  0.10
 */
#define COMMON (48.97 + 0.10)

static void users(void)
{
    count("requests", NULL, 100000000);
}

/*
 * Two nodes in each region; us 300 GB of writes there, 40 GB of replies back, 900 GB inside a
 * region of three zones; a stream of 500 GiB (536.87 GB on the link); 1 million lookups. nodes 4 x
 * 730 x 0.1752             = 511.58 replication  500 x 0.02                   =  10.00 transfer 340
 * x 0.02                   =   6.80 zones        900 x 2/3 x 0.01             =   6.00 dns 1 x 0.40
 * =   0.40
 */
#define DATASTORE (511.584 + 10.00 + 6.80 + 6.00 + 0.40)

static void datastore(enum link_tariff tariff)
{
    users();
    bench.nodes[0] = bench.nodes[1] = 2;
    bench.links[0][1] = (struct link_bill){
        .tariff = tariff, .bytes = 40 * GB + 500 * GIB, .replication_bytes = 500 * GIB};
    bench.links[1][0] = (struct link_bill){.tariff = tariff, .bytes = 300 * GB};
    bench.links[0][0] = (struct link_bill){.tariff = TARIFF_PEERING, .bytes = 900 * GB};
    count("replication_bytes", NULL, 500 * GIB);
    count("dns_answers", NULL, 1000000);
}

static void bill_of_a_datastore_by_peering(void **state)
{
    (void)state;
    bench_open(2, MONTH);
    datastore(TARIFF_PEERING);
    run();
    assert_bill("nodes", 511.584);
    assert_bill("replication", 10.00);
    assert_bill("transfer", 6.80);
    assert_bill("zones", 6.00);
    assert_bill("accelerator", 48.97);
    assert_bill("dns", 0.40);
    assert_bill("alarms", 0.10);
    assert_bill("gateway", 0);
    assert_close(total(), DATASTORE + COMMON, 0.005);
    assert_close(rig_statistic(&bench.rig, "cost_per_million_requests", -1, NULL),
                 (DATASTORE + COMMON) / 100, 1e-4);
    rig_close(&bench.rig);
}

/* The same over gateways: 2 x 730 x 0.05 of attachments, and 876.87 GB x 0.02 that they process. */
static void bill_of_a_datastore_by_gateway(void **state)
{
    double gateway = 73 + (340 + 500 * 1.073741824) * 0.02;

    (void)state;
    bench_open(2, MONTH);
    datastore(TARIFF_GATEWAY);
    count("gateway_bytes", NULL, 340 * GB + 500 * GIB);
    run();
    assert_bill("gateway", gateway);
    assert_bill("transfer", 6.80);
    assert_close(total(), DATASTORE + COMMON + gateway, 0.005);
    rig_close(&bench.rig);
}

/*
 * Tables in two regions, no node: 100 million write units (50 million writes, twice), 60 million
 * read units, 120 GiB replicated, 80 GB stored; 100 GB inside the regions. write-units  100 x 0.625
 * = 62.50      storage  80 x 0.25          = 20.00 read-units    60 x 0.125  =  7.50      zones 100
 * x 2/3 x 0.01   =  0.67 replication  120 x 0.02   =  2.40
 */
static void bill_of_global_tables(void **state)
{
    (void)state;
    bench_open(2, MONTH);
    users();
    bench.write_units = 100e6;
    bench.read_units = 60e6;
    rig_set(&bench.rig, 0, "table_gb", "80");
    bench.links[0][0] = (struct link_bill){.bytes = 100 * GB};
    count("replication_bytes", NULL, 120 * GIB);
    run();
    assert_bill("nodes", 0);
    assert_bill("write-units", 62.50);
    assert_bill("read-units", 7.50);
    assert_bill("storage", 20.00);
    assert_close(total(), 62.50 + 7.50 + 20.00 + 2.40 + 2.0 / 3 + COMMON, 0.005);
    rig_close(&bench.rig);
}

/*
 * Tokens of 800 B on each request, 8 million issued: 80 GB in, 6.4 GB out. Only the direction with
 * more is billed by the accelerator: (2048 + 6.4) x 0.015 = 30.816. Billed as traffic to the
 * internet, too: 2054.4 x 0.09 = 184.896.
 */
static void bill_of_tokens(void **state)
{
    (void)state;
    bench_open(2, MONTH);
    users();
    rig_set(&bench.rig, 0, "internet", "true");
    count("token_bytes", "request", 80 * GB);
    count("token_bytes", "response", 6400000000);
    run();
    assert_bill("accelerator", 18.25 + 30.816);
    assert_bill("internet", 184.896);
    assert_close(total(), 18.25 + 30.816 + 184.896 + 0.10, 0.005);
    rig_close(&bench.rig);
    /* requests of 21 KiB: 2150.4 + 80 GB in are more than what comes out */
    bench_open(2, MONTH);
    users();
    rig_set(&bench.rig, 0, "request_bytes", "21 KiB");
    count("token_bytes", "request", 80 * GB);
    run();
    assert_bill("accelerator", 18.25 + 2230.4 * 0.015);
    rig_close(&bench.rig);
}

/* A line with a VPN behind it, to a site; health checks, snapshots, routing controls.
 *   company      730 x (0.30 + 0.05) + 100 GB out x 0.02; what comes from the site is free = 257.50
 *   checks 4 x 0.50 = 2.00, snapshots 20 x 0.085 = 1.70, routing controls 730 x 2.50 = 1825.00 */
static void bill_of_a_company_line_and_of_routing_controls(void **state)
{
    (void)state;
    bench_open(2, MONTH);
    bench.links[0][1] =
        (struct link_bill){.tariff = TARIFF_DIRECT_CONNECT, .vpn_backup = true, .bytes = 100 * GB};
    bench.links[1][0] = (struct link_bill){
        .tariff = TARIFF_DIRECT_CONNECT, .vpn_backup = true, .from_site = true, .bytes = 70 * GB};
    rig_set(&bench.rig, 0, "health_checks", "4");
    rig_set(&bench.rig, 0, "snapshot_gb", "20");
    port_offer_control_plane(bench.rig.ports, CONTROL_ROUTING, 0, &bench.plane);
    run();
    assert_bill("company-links", 257.50);
    assert_bill("transfer", 0);
    assert_bill("health-checks", 2.00);
    assert_bill("storage", 1.70);
    assert_bill("routing-control", 1825.00);
    rig_close(&bench.rig);
}

/*
 * Regions differ: 100 GB out of Mumbai at 0.086 and 100 GB out of Ireland at 0.02; two nodes in
 * Ireland at 0.1944, two in Mumbai, of which no price is known, at 0.1752. The user's own price
 * counts everywhere.
 */
static void regions_have_prices_of_their_own(void **state)
{
    static const char *const names[] = {"ap-south-1", "eu-west-1"};

    (void)state;
    for (int own = 0; own < 2; own++) {
        bench_open(2, MONTH);
        bench.rig.topology.region_names = names;
        bench.nodes[0] = bench.nodes[1] = 2;
        bench.links[0][1].bytes = bench.links[1][0].bytes = 100 * GB;
        if (own) {
            rig_set(&bench.rig, 0, "transfer_per_gb", "0.05");
            rig_set(&bench.rig, 0, "node_per_hour", "0.10");
        }
        run();
        assert_bill("transfer", own ? 10.00 : 8.60 + 2.00);
        assert_bill("nodes", own ? 4 * 73.0 : 1460 * (0.1944 + 0.1752));
        rig_close(&bench.rig);
    }
}

/*
 * When does a transit gateway pay? n networks: n (n - 1) / 2 peerings at c USD an hour each, or n
 * attachments at 0.05, without data. On the bill a peering is free (c = 0): never. With c for
 * running one the gateway is cheaper beyond n = 1 + 2 x 0.05 / c. Beyond ten networks, as seed 000
 * says, it is for c = 2 x 0.05 / 9 = 0.0111 USD an hour, 8.11 USD a month; data (0.02 a GB) makes
 * it later.
 */
static void a_gateway_pays_by_what_a_peering_costs_to_run(void **state)
{
    static const char *const networks[] = {"9", "10", "11"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        double n = 9 + i, costs[2];

        for (int by_gateway = 0; by_gateway < 2; by_gateway++) {
            bench_open(2, MONTH);
            bench.links[0][1].tariff = by_gateway ? TARIFF_GATEWAY : TARIFF_PEERING;
            bench.links[1][0].tariff = bench.links[0][1].tariff;
            rig_set(&bench.rig, 0, "networks", networks[i]);
            rig_set(&bench.rig, 0, "peering_per_hour", "0.0111111111111");
            run();
            costs[by_gateway] = item("gateway") + item("peerings");
            rig_close(&bench.rig);
        }
        assert_close(costs[0], n * (n - 1) / 2 * 0.1 / 9, 1e-9);
        assert_close(costs[1], n * 0.05, 1e-9);
        assert_int_equal((costs[1] < costs[0] - 1e-9) - (costs[1] > costs[0] + 1e-9), i - 1);
    }
}

static void cost_says_nothing_of_requests_that_were_not_made(void **state)
{
    (void)state;
    bench_open(2, MONTH);
    rig_set(&bench.rig, 0, "accelerators", "0");
    run();
    assert_close(item("accelerator"), 0, 0);
    assert_close(total(), 0.10, 1e-9);
    rig_assert_none(&bench.rig, "cost_per_million_requests", -1, NULL, "no requests");
    rig_close(&bench.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bill_of_a_datastore_by_peering),
        cmocka_unit_test(bill_of_a_datastore_by_gateway),
        cmocka_unit_test(bill_of_global_tables),
        cmocka_unit_test(bill_of_tokens),
        cmocka_unit_test(bill_of_a_company_line_and_of_routing_controls),
        cmocka_unit_test(regions_have_prices_of_their_own),
        cmocka_unit_test(a_gateway_pays_by_what_a_peering_costs_to_run),
        cmocka_unit_test(cost_says_nothing_of_requests_that_were_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
