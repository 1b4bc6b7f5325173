// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "model_rig.h"
#include "edge.h"
#include "control.h"
#include "endpoint_group.h"
#include "link.h"
#include "routing_control.h"
#include "user_dns.h"
#include "registry.h"

/* One-way delays by (from, to), in ms: west is near east, then north, then south. */
static const int delays_ms[4][4] = {
    {0, 10, 20, 60}, {10, 0, 40, 50}, {20, 40, 0, 30}, {60, 50, 30, 0}};

struct edge_rig {
    struct rig rig;
    struct link_port links[4][4];
    sim_dur delays[4][4];
    struct endpoint_group_port groups[4];
    struct user_dns_port dns;
    struct edge_port *edge;
};

static sim_dur mean_delay_of(const void *self)
{
    return *(const sim_dur *)self;
}

static void dns_health(void *self, int region, enum record_health source, bool healthy)
{
    (void)self, (void)region, (void)source, (void)healthy;
}

static int route(const struct edge_rig *r, int place, uint64_t user, uint64_t word)
{
    const struct edge_client client = {.place = place, .user = user, .word = word};

    return r->edge->route(r->edge->self, &client).region;
}

static void edge_rig_open(struct edge_rig *r, uint32_t region_count)
{
    rig_open(&r->rig, &accelerator_ops, region_count, 600 * SIM_S);
    for (uint32_t a = 0; a < region_count; a++)
        for (uint32_t b = 0; b < region_count; b++) {
            r->delays[a][b] = delays_ms[a][b] * SIM_MS;
            r->links[a][b] =
                (struct link_port){.self = &r->delays[a][b], .mean_delay = mean_delay_of};
            port_offer_link(r->rig.ports, (int)a, (int)b, &r->links[a][b]);
        }
    for (uint32_t a = 0; a < region_count; a++) {
        r->groups[a] = (struct endpoint_group_port){.count = 1, .weights = {128}, .dial = 1};
        port_offer_endpoint_group(r->rig.ports, (int)a, -1, &r->groups[a]);
    }
    r->dns = (struct user_dns_port){.health = dns_health};
    port_offer_user_dns(r->rig.ports, -1, -1, &r->dns);
    rig_set(&r->rig, 0, "detection", "20s");
    rig_set(&r->rig, 0, "failback", "30s");
    rig_set(&r->rig, 0, "edge_spread", "2s");
}

static void edge_rig_wire(struct edge_rig *r)
{
    rig_wire(&r->rig);
    r->edge = port_need_edge(r->rig.ports, -1, -1);
}

/* A call of health() at an instant, or a check of the region of a new connection. */
struct step {
    struct edge_rig *r;
    sim_time when;
    int region;
    uint32_t endpoint;
    bool healthy;
    int place, arrived;
};

static void say_health(void *arg)
{
    struct step *step = arg;

    step->r->edge->health(step->r->edge->self, step->region, step->endpoint,
                          (struct endpoint_health){step->healthy, step->healthy});
}

static void look(void *arg)
{
    struct step *step = arg;

    step->arrived = route(step->r, step->place, 0, UINT64_MAX);
}

static void health_at(struct edge_rig *r, struct step *step, sim_time when, int region,
                      bool healthy)
{
    *step = (struct step){.r = r, .region = region, .healthy = healthy};
    rig_call(&r->rig, when, say_health, step);
}

static void look_at(struct edge_rig *r, struct step *step, sim_time when, int place)
{
    *step = (struct step){.r = r, .place = place, .arrived = -2};
    rig_call(&r->rig, when, look, step);
}

static void accelerator_routes_to_the_own_region_when_all_is_well(void **state)
{
    struct edge_rig r;

    (void)state;
    edge_rig_open(&r, 4);
    edge_rig_wire(&r);
    for (int place = 0; place < 4; place++)
        assert_int_equal(route(&r, place, 0, (uint64_t)place << 62), place);
    assert_int_equal(r.edge->idle_timeout(r.edge->self), 340 * SIM_S);
    assert_int_equal(r.edge->detour(r.edge->self, 0, 0), 0);
    assert_int_equal(r.edge->detour(r.edge->self, 0, 2), 20 * SIM_MS);
    rig_close(&r.rig);
}

/* Reported at 10 s, effective after 20 s, propagated 2 s later: at 32 s. Recovery reported at 100
 * s: back at 132 s. */
static void accelerator_moves_new_connections_after_detection_and_back(void **state)
{
    struct edge_rig r;
    struct step down, up, before, after, still, back;

    (void)state;
    edge_rig_open(&r, 4);
    edge_rig_wire(&r);
    health_at(&r, &down, 10 * SIM_S, 0, false);
    health_at(&r, &up, 100 * SIM_S, 0, true);
    look_at(&r, &before, 32 * SIM_S - 1, 0);
    look_at(&r, &after, 32 * SIM_S + 1, 0);
    look_at(&r, &still, 132 * SIM_S - 1, 0);
    look_at(&r, &back, 132 * SIM_S + 1, 0);
    rig_run(&r.rig);
    assert_int_equal(before.arrived, 0);
    assert_int_equal(after.arrived, 1);
    assert_int_equal(still.arrived, 1);
    assert_int_equal(back.arrived, 0);
    assert_close(rig_statistic(&r.rig, "rerouted_connections", 0, NULL), 2, 0);
    assert_close(rig_statistic(&r.rig, "edge_connections", 1, NULL), 2, 0);
    /* the one at 32 s - 1 ns, sent to a region that had been unhealthy for 22 s */
    assert_close(rig_statistic(&r.rig, "stale_connections", 0, NULL), 1, 0);
    assert_close(rig_statistic(&r.rig, "stale_connections", 1, NULL), 0, 0);
    /* 4 edges considered west healthy except for 100 of 600 s */
    assert_close(rig_statistic(&r.rig, "edges_healthy", 0, NULL), 4 * 500.0 / 600, 1e-9);
    rig_close(&r.rig);
}

static void accelerator_never_sees_a_change_that_is_undone_before_detection(void **state)
{
    struct edge_rig r;
    struct step down, up, after;

    (void)state;
    edge_rig_open(&r, 2);
    edge_rig_wire(&r);
    health_at(&r, &down, 10 * SIM_S, 0, false);
    health_at(&r, &up, 25 * SIM_S, 0, true);
    look_at(&r, &after, 33 * SIM_S, 0);
    rig_run(&r.rig);
    assert_int_equal(after.arrived, 0);
    assert_close(rig_statistic(&r.rig, "edges_healthy", 0, NULL), 2, 1e-12);
    rig_close(&r.rig);
}

/* West's three closest (west, east, north) are unhealthy at 150 s: it fails open to west, or
 * goes on to south, the fourth, if that is tried. */
static void check_failing_open(const char *regions_tried, int arrived, double failed_open)
{
    struct edge_rig r;
    struct step down[3], two, three;

    edge_rig_open(&r, 4);
    if (regions_tried)
        rig_set(&r.rig, 0, "regions_tried", regions_tried);
    edge_rig_wire(&r);
    health_at(&r, &down[0], 0, 0, false);
    health_at(&r, &down[1], 0, 1, false);
    health_at(&r, &down[2], 100 * SIM_S, 2, false);
    look_at(&r, &two, 50 * SIM_S, 0);
    look_at(&r, &three, 150 * SIM_S, 0);
    rig_run(&r.rig);
    assert_int_equal(two.arrived, 2);
    assert_int_equal(three.arrived, arrived);
    assert_close(rig_statistic(&r.rig, "failed_open_connections", 0, NULL), failed_open, 0);
    assert_close(rig_statistic(&r.rig, "stale_connections", 0, NULL), failed_open, 0);
    rig_close(&r.rig);
}

static void accelerator_fails_open_to_the_closest_after_three(void **state)
{
    (void)state;
    check_failing_open(NULL, 0, 1);
}

static void accelerator_tries_as_many_regions_as_asked(void **state)
{
    (void)state;
    check_failing_open("4", 3, 0);
}

static void accelerator_static_stays_at_home(void **state)
{
    struct edge_rig r;
    struct step down, after;

    (void)state;
    edge_rig_open(&r, 2);
    rig_set(&r.rig, 0, "routing", "static");
    rig_set(&r.rig, 0, "spill", "100%");
    edge_rig_wire(&r);
    health_at(&r, &down, 10 * SIM_S, 0, false);
    look_at(&r, &after, 200 * SIM_S, 0);
    rig_run(&r.rig);
    assert_int_equal(after.arrived, 0);
    rig_close(&r.rig);
}

/* Random words evenly spread: 10 % of 10 000 connections spill, to each of three others equally. */
static void accelerator_spills_the_share_asked_for(void **state)
{
    struct edge_rig r;
    int arrived[4] = {0};

    (void)state;
    edge_rig_open(&r, 4);
    rig_set(&r.rig, 0, "spill", "10%");
    edge_rig_wire(&r);
    for (uint64_t i = 0; i < 10000; i++)
        arrived[route(&r, 0, i, i * (UINT64_MAX / 10000))]++;
    assert_in_range(arrived[0], 8999, 9001);
    for (int region = 1; region < 4; region++)
        assert_in_range(arrived[region], 270, 400); /* sd of binomial(1000, 1/3) is 15 */
    rig_run(&r.rig);
    assert_close(rig_statistic(&r.rig, "spilled_connections", 0, NULL), 10000 - arrived[0], 0);
    rig_close(&r.rig);
}

/* With a spread, each edge changes its routing independently, within [20 s, 25 s]. */
static void accelerator_edges_learn_each_by_itself(void **state)
{
    struct edge_rig r;
    struct step down;
    sim_time first = 0;
    int differing = 0;

    (void)state;
    edge_rig_open(&r, 4);
    rig_set(&r.rig, 0, "edge_spread", "uniform(low=0s, high=5s)");
    edge_rig_wire(&r);
    health_at(&r, &down, 0, 0, false);
    rig_run(&r.rig);
    for (size_t i = 1; i < r.rig.log.event_count; i++) {
        sim_time when = r.rig.log.events[i].time;

        assert_in_range(when, 20 * SIM_S, 25 * SIM_S);
        differing += first != 0 && when != first;
        first = when;
    }
    assert_int_equal(rig_logged(&r.rig, "health", "routes around"), 4);
    assert_int_equal(differing, 3);
    rig_close(&r.rig);
}

/* --- endpoints of a group ------------------------------------------------------------------- */

/* Endpoint for a connection near place 0, of a user and a word. */
static struct edge_route route_of(const struct edge_rig *r, uint64_t user, uint64_t word)
{
    const struct edge_client client = {.place = 0, .user = user, .word = word};

    return r->edge->route(r->edge->self, &client);
}

/*
 * West has two load balancers, 192 and 64: 75 and 25 %. The first one is reported unhealthy at 10 s
 * and believed so at 32 s: all go to the second, none to another region. When that one is unhealthy
 * too, at 100 s + 22 s, all go to east.
 */
struct tally_of_group {
    struct edge_rig *r;
    int arrived[4][2];
};

static void tally_routes(void *arg)
{
    struct tally_of_group *tally = arg;

    for (uint64_t i = 0; i < 4000; i++) {
        struct edge_route to = route_of(tally->r, i, rng_mix(i));

        tally->arrived[to.region][to.endpoint]++;
    }
}

static void accelerator_weighs_the_healthy_endpoints_of_a_group(void **state)
{
    struct edge_rig r;
    struct step first, second;
    struct tally_of_group well = {&r, {{0}}}, one = {&r, {{0}}}, none = {&r, {{0}}};

    (void)state;
    edge_rig_open(&r, 4);
    r.groups[0] = (struct endpoint_group_port){.count = 2, .weights = {192, 64}, .dial = 1};
    edge_rig_wire(&r);
    health_at(&r, &first, 10 * SIM_S, 0, false);
    health_at(&r, &second, 100 * SIM_S, 0, false);
    second.endpoint = 1;
    rig_call(&r.rig, 5 * SIM_S, tally_routes, &well);
    rig_call(&r.rig, 33 * SIM_S, tally_routes, &one);
    rig_call(&r.rig, 123 * SIM_S, tally_routes, &none);
    rig_run(&r.rig);
    assert_in_range(well.arrived[0][0], 2890, 3110); /* 4 standard errors of 27 */
    assert_int_equal(well.arrived[0][0] + well.arrived[0][1], 4000);
    assert_int_equal(one.arrived[0][1], 4000);
    assert_int_equal(none.arrived[1][0], 4000);
    /* four edges considered west healthy for 122 of 600 s: while it had a healthy endpoint */
    assert_close(rig_statistic(&r.rig, "edges_healthy", 0, NULL), 4 * 122.0 / 600, 1e-9);
    rig_close(&r.rig);
}

/* Of what its own checkers find, an edge waits only for its spread: 10 + 2 s. */
static void accelerator_knows_its_own_checks_at_once(void **state)
{
    struct edge_rig r;
    struct step down, before, after;

    (void)state;
    edge_rig_open(&r, 2);
    r.groups[0].direct = true;
    edge_rig_wire(&r);
    health_at(&r, &down, 10 * SIM_S, 0, false);
    look_at(&r, &before, 12 * SIM_S - 1, 0);
    look_at(&r, &after, 12 * SIM_S + 1, 0);
    rig_run(&r.rig);
    assert_int_equal(before.arrived, 0);
    assert_int_equal(after.arrived, 1);
    rig_close(&r.rig);
}

/*
 * A dial of half: an affinity to the source address keeps each user in one region whatever the
 * connection, without one each connection is drawn again. Of a user's 10 connections all in one
 * region: 2 x 0.5^10 of the users, 0.2 %.
 */
static void accelerator_affinity_keeps_a_user_in_a_region(void **state)
{
    static const struct {
        const char *affinity;
        int least, most; /* of 1000 users, with all their connections in one region */
    } cases[] = {{"source-ip", 1000, 1000}, {"none", 0, 12}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct edge_rig r;
        int faithful = 0, west = 0;

        edge_rig_open(&r, 2);
        r.groups[0].dial = 0.5;
        rig_set(&r.rig, 0, "affinity", cases[i].affinity);
        edge_rig_wire(&r);
        for (uint64_t user = 0; user < 1000; user++) {
            int here = 0;

            for (uint64_t n = 0; n < 10; n++)
                here += route_of(&r, user, rng_mix(user * 10 + n)).region == 0;
            faithful += here == 0 || here == 10;
            west += here;
        }
        assert_in_range(faithful, cases[i].least, cases[i].most);
        assert_in_range(west, 4370, 5630); /* 4 x 158, the standard error of 1000 users of ten */
        rig_run(&r.rig);
        assert_close(rig_statistic(&r.rig, "dialled_connections", 0, NULL), 10000 - west, 0);
        rig_close(&r.rig);
    }
}

/* Network that takes a user to another edge is not held back by an affinity. */
static void accelerator_affinity_does_not_keep_what_spills(void **state)
{
    struct edge_rig r;
    int spilled = 0;

    (void)state;
    edge_rig_open(&r, 2);
    rig_set(&r.rig, 0, "affinity", "source-ip");
    rig_set(&r.rig, 0, "spill", "10%");
    edge_rig_wire(&r);
    for (uint64_t n = 0; n < 10000; n++)
        spilled += route_of(&r, 1, n * (UINT64_MAX / 10000)).region == 1;
    assert_in_range(spilled, 999, 1001);
    rig_run(&r.rig);
    rig_close(&r.rig);
}

/* --- the control plane ----------------------------------------------------------------------- */

struct order {
    struct edge_rig *r;
    struct routing_setting setting;
    bool accepted;
};

static void give_order(void *arg)
{
    struct order *order = arg;
    const struct routing_control_port *control =
        port_need_routing_control(order->r->rig.ports, ROUTING_OF_ACCELERATOR, -1);

    order->accepted = control->change(control->self, &order->setting);
}

static void order_at(struct edge_rig *r, struct order *order, sim_time when,
                     struct routing_setting setting)
{
    *order = (struct order){.r = r, .setting = setting};
    rig_call(&r->rig, when, give_order, order);
}

struct outage {
    struct edge_rig *r;
    struct control_state state;
};

static void set_control(void *arg)
{
    struct outage *outage = arg;
    const struct control_plane *plane =
        port_need_control_plane(outage->r->rig.ports, CONTROL_ACCELERATOR, 0);

    assert_string_equal(plane->home, "us-west-2");
    plane->set(plane->self, plane->index, &outage->state);
}

/* Accepted at 10 s, it reaches the edges after a delay of 8 s and a spread of 2 s: at 20 s. Back
 * at 100 s, 110 s. A weight of 0 does the same, out of failover too. */
static void accelerator_takes_dials_and_weights_at_its_edges(void **state)
{
    const struct routing_setting settings[][2] = {
        {{ROUTING_DIAL, 0, 0, 0}, {ROUTING_DIAL, 0, 0, 1}},
        {{ROUTING_WEIGHT, 0, 0, 0}, {ROUTING_WEIGHT, 0, 0, 128}}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct edge_rig r;
        struct order out, in;
        struct step before, after, still, back;

        edge_rig_open(&r, 2);
        rig_set(&r.rig, 0, "change_delay", "8s");
        edge_rig_wire(&r);
        order_at(&r, &out, 10 * SIM_S, settings[i][0]);
        order_at(&r, &in, 100 * SIM_S, settings[i][1]);
        look_at(&r, &before, 20 * SIM_S - 1, 0);
        look_at(&r, &after, 20 * SIM_S + 1, 0);
        look_at(&r, &still, 110 * SIM_S - 1, 0);
        look_at(&r, &back, 110 * SIM_S + 1, 0);
        rig_run(&r.rig);
        assert_true(out.accepted && in.accepted);
        assert_int_equal(before.arrived, 0);
        assert_int_equal(after.arrived, 1);
        assert_int_equal(still.arrived, 1);
        assert_int_equal(back.arrived, 0);
        assert_int_equal(rig_logged(&r.rig, "routing", "is set to"), 2);
        rig_close(&r.rig);
    }
}

/* While it is down, throttles, or fails each call; what was accepted before is still carried out.
 */
static void accelerator_refuses_changes_while_its_control_plane_fails(void **state)
{
    static const struct control_state failing[] = {
        {.up = false}, {.up = true, .throttled = true}, {.up = true, .errors = 1}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct edge_rig r;
        struct outage down = {&r, failing[i]}, up = {&r, CONTROL_WELL};
        struct order early, refused, late;
        struct step after, last;

        edge_rig_open(&r, 2);
        rig_set(&r.rig, 0, "change_delay", "8s");
        edge_rig_wire(&r);
        order_at(&r, &early, 10 * SIM_S, (struct routing_setting){ROUTING_DIAL, 0, 0, 0});
        rig_call(&r.rig, 15 * SIM_S, set_control, &down);
        order_at(&r, &refused, 30 * SIM_S, (struct routing_setting){ROUTING_DIAL, 0, 0, 1});
        look_at(&r, &after, 60 * SIM_S, 0);
        rig_call(&r.rig, 70 * SIM_S, set_control, &up);
        order_at(&r, &late, 71 * SIM_S, (struct routing_setting){ROUTING_DIAL, 0, 0, 1});
        look_at(&r, &last, 82 * SIM_S, 0);
        rig_run(&r.rig);
        assert_true(early.accepted && late.accepted);
        assert_false(refused.accepted);
        assert_int_equal(after.arrived, 1);
        assert_int_equal(last.arrived, 0);
        assert_int_equal(rig_logged(&r.rig, "routing", "refused"), 1);
        rig_close(&r.rig);
    }
}

/* Twenty pairs of changes 1 s apart, with delays that let the later one overtake: the later one
 * stands. */
static void accelerator_keeps_the_later_of_two_changes(void **state)
{
    struct edge_rig r;
    struct order orders[40];
    struct step last[20];

    (void)state;
    edge_rig_open(&r, 2);
    rig_set(&r.rig, 0, "change_delay", "uniform(low=0s, high=10s)");
    edge_rig_wire(&r);
    for (int i = 0; i < 20; i++) {
        sim_time when = (20 * i + 1) * SIM_S;

        order_at(&r, &orders[2 * i], when, (struct routing_setting){ROUTING_DIAL, 0, 0, 1});
        order_at(&r, &orders[2 * i + 1], when + SIM_S,
                 (struct routing_setting){ROUTING_DIAL, 0, 0, 0});
        look_at(&r, &last[i], when + 15 * SIM_S, 0);
    }
    rig_run(&r.rig);
    for (int i = 0; i < 20; i++)
        assert_int_equal(last[i].arrived, 1);
    rig_close(&r.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accelerator_routes_to_the_own_region_when_all_is_well),
        cmocka_unit_test(accelerator_moves_new_connections_after_detection_and_back),
        cmocka_unit_test(accelerator_never_sees_a_change_that_is_undone_before_detection),
        cmocka_unit_test(accelerator_fails_open_to_the_closest_after_three),
        cmocka_unit_test(accelerator_tries_as_many_regions_as_asked),
        cmocka_unit_test(accelerator_static_stays_at_home),
        cmocka_unit_test(accelerator_spills_the_share_asked_for),
        cmocka_unit_test(accelerator_edges_learn_each_by_itself),
        cmocka_unit_test(accelerator_weighs_the_healthy_endpoints_of_a_group),
        cmocka_unit_test(accelerator_knows_its_own_checks_at_once),
        cmocka_unit_test(accelerator_affinity_keeps_a_user_in_a_region),
        cmocka_unit_test(accelerator_affinity_does_not_keep_what_spills),
        cmocka_unit_test(accelerator_takes_dials_and_weights_at_its_edges),
        cmocka_unit_test(accelerator_refuses_changes_while_its_control_plane_fails),
        cmocka_unit_test(accelerator_keeps_the_later_of_two_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
