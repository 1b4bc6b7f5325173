// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "model_rig.h"
#include "promotion.h"
#include "session_store.h"
#include "registry.h"

/* What the other models count. */
static const struct metric counted[] = {
    {.name = "requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = ""},
    {.name = "write_attempts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = ""},
    {.name = "replication_bytes", .unit = UNIT_BYTES, .kind = METRIC_COUNT, .meaning = ""},
};

static int primary_of(const void *self)
{
    return *(const int *)self;
}

/* Endpoint 2 is the primary's name. */
static uint32_t route_to_name(const void *self, const struct client_knowledge *knowledge,
                              const struct route_query *query)
{
    (void)self, (void)knowledge, (void)query;
    return 2;
}

struct cost_rig {
    struct rig rig;
    int primary;
    struct endpoint_table endpoints;
    struct session_store_port store;
    struct promotion_port promotion;
};

/* Half an hour, two regions, region 0 is the primary. */
static void cost_rig_open(struct cost_rig *r)
{
    *r = (struct cost_rig){0};
    rig_open(&r->rig, &cost_ops, 2, 1800 * SIM_S);
    probes_declare(r->rig.probes, counted, sizeof counted / sizeof counted[0]);
    for (int region = 0; region < 2; region++)
        endpoint_add(&r->endpoints, (struct endpoint){.name = "a cluster", .region = region});
    endpoint_add(&r->endpoints, (struct endpoint){.name = "primary", .region = ENDPOINT_BY_NAME});
    r->store = (struct session_store_port){.endpoints = &r->endpoints, .route = route_to_name};
    r->promotion = (struct promotion_port){.self = &r->primary, .primary = primary_of};
    port_offer_session_store(r->rig.ports, -1, -1, &r->store);
    port_offer_promotion(r->rig.ports, -1, -1, &r->promotion);
}

static void cost_rig_close(struct cost_rig *r)
{
    rig_close(&r->rig);
    free(r->endpoints.rows);
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
 *   transfer     1e6 attempts of the other region x 1024 B x 0.02/GB / 0.5 h = 0.04096
 *   accelerator  0.025 + 1e6 requests x 20480 B x 0.015/GB / 0.5 h = 0.6394
 *   alarms       0.10 / 730                                        = 0.000137
 */
static void cost_adds_up_the_price_table(void **state)
{
    struct cost_rig r;
    double sum = 0.7008 + 0.2 + 0.04096 + 0.6394 + 0.1 / 730;

    (void)state;
    cost_rig_open(&r);
    count(&r, "requests", 0, 600000);
    count(&r, "requests", 1, 400000);
    count(&r, "write_attempts", 0, 7000000);
    count(&r, "write_attempts", 1, 1000000);
    count(&r, "replication_bytes", 0, UINT64_C(5) << 30);
    rig_wire(&r.rig);
    rig_run(&r.rig);
    assert_close(item(&r, "nodes"), 0.7008, 1e-9);
    assert_close(item(&r, "replication"), 0.2, 1e-9);
    assert_close(item(&r, "transfer"), 0.04096, 1e-9);
    assert_close(item(&r, "accelerator"), 0.6394, 1e-9);
    assert_close(item(&r, "alarms"), 0.1 / 730, 1e-9);
    assert_close(rig_statistic(&r.rig, "cost_per_hour", -1, NULL), sum, 1e-9);
    assert_close(rig_statistic(&r.rig, "cost_per_million_requests", -1, NULL), sum / 2, 1e-9);
    cost_rig_close(&r);
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
    assert_close(rig_statistic(&r.rig, "cost_per_hour", -1, NULL), 0.7008 + 0.1 / 730, 1e-9);
    rig_assert_none(&r.rig, "cost_per_million_requests", -1, NULL, "no requests");
    cost_rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cost_adds_up_the_price_table),
        cmocka_unit_test(cost_says_nothing_of_requests_that_were_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
