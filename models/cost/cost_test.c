// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "model_rig.h"
#include "registry.h"

/* Counters of the other models, and the rows of usage that they supply. */
static const struct metric counted[] = {
    {.name = "requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = ""},
    {.name = "replication_bytes", .unit = UNIT_BYTES, .kind = METRIC_COUNT, .meaning = ""},
};

static double attempts_elsewhere(const void *state)
{
    return *(const double *)state;
}

/* Two nodes in each region, for half an hour, at their list price. */
static double node_dollars(const void *state)
{
    (void)state;
    return 2 * 0.5 * 0.1752;
}

static double units(const void *state)
{
    (void)state;
    return 4e6;
}

static const struct usage_row used[] = {
    {.item = "replication", .metric = "replication_bytes"},
    {.item = "accelerator", .metric = "requests"},
    {.item = "transfer", .amount = attempts_elsewhere},
    {.item = "nodes", .amount = node_dollars},
    {.item = "write-units", .amount = units},
};
static const struct model_rows rows = {USAGE_TABLE(used)};

struct cost_rig {
    struct rig rig;
    double attempts[2]; /* to the other region, of the client of each */
};

/* Half an hour, two regions. */
static void cost_rig_open(struct cost_rig *r)
{
    *r = (struct cost_rig){0};
    rig_open(&r->rig, &cost_ops, 2, 1800 * SIM_S);
    probes_declare(r->rig.probes, counted, sizeof counted / sizeof counted[0]);
    usage_list_add_metrics(&r->rig.usage, &rows);
    for (int region = 0; region < 2; region++)
        usage_list_add_amounts(&r->rig.usage, &rows, &r->attempts[region]);
}

static void count(struct cost_rig *r, const char *metric, int region, uint64_t times)
{
    probe_id id = probe_count_open(r->rig.probes, metric, region, NULL);

    probe_count_many(probes_hot(r->rig.probes), id, times);
}

static double item(const struct cost_rig *r, const char *name)
{
    return rig_statistic(&r->rig, "cost_item_per_hour", -1, name);
}

/*
 * By the default prices, for half an hour:
 *   nodes        2 regions x 2 x 0.1752                            = 0.7008   USD/h
 *   replication  5 GiB x 0.02 / 0.5 h                              = 0.2
 *   transfer     1e6 attempts to the other region x 1024 B x 0.02/GB / 0.5 h = 0.04096
 *   accelerator  0.025 + 1e6 requests x 20480 B x 0.015/GB / 0.5 h = 0.6394
 *   write units  2 regions x 4e6 x 0.625 / 1e6 / 0.5 h             = 10
 *   alarms       0.10 / 730                                        = 0.000137
 */
static void cost_adds_up_the_price_table(void **state)
{
    struct cost_rig r;
    double sum = 0.7008 + 0.2 + 0.04096 + 0.6394 + 10 + 0.1 / 730;

    (void)state;
    cost_rig_open(&r);
    count(&r, "requests", 0, 600000);
    count(&r, "requests", 1, 400000);
    r.attempts[0] = 400000;
    r.attempts[1] = 600000;
    count(&r, "replication_bytes", 0, UINT64_C(5) << 30);
    rig_wire(&r.rig);
    rig_run(&r.rig);
    assert_close(item(&r, "nodes"), 0.7008, 1e-9);
    assert_close(item(&r, "replication"), 0.2, 1e-9);
    assert_close(item(&r, "transfer"), 0.04096, 1e-9);
    assert_close(item(&r, "accelerator"), 0.6394, 1e-9);
    assert_close(item(&r, "write-units"), 10, 1e-9);
    assert_close(item(&r, "alarms"), 0.1 / 730, 1e-9);
    assert_close(rig_statistic(&r.rig, "cost_per_hour", -1, NULL), sum, 1e-9);
    assert_close(rig_statistic(&r.rig, "cost_per_million_requests", -1, NULL), sum / 2, 1e-9);
    rig_close(&r.rig);
}

static void cost_says_nothing_of_requests_that_were_not_made(void **state)
{
    struct cost_rig r;

    (void)state;
    cost_rig_open(&r);
    rig_set(&r.rig, 0, "accelerators", "0");
    rig_wire(&r.rig);
    rig_run(&r.rig);
    assert_close(item(&r, "accelerator"), 0, 0);
    assert_close(rig_statistic(&r.rig, "cost_per_hour", -1, NULL), 0.7008 + 10 + 0.1 / 730, 1e-9);
    rig_assert_none(&r.rig, "cost_per_million_requests", -1, NULL, "no requests");
    rig_close(&r.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cost_adds_up_the_price_table),
        cmocka_unit_test(cost_says_nothing_of_requests_that_were_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
