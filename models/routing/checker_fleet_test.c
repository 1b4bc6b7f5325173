// SPDX-License-Identifier: GPL-3.0-or-later
/* The fleet of an endpoint group whose endpoints are instances, against a scripted target. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "model_rig.h"
#include "checker_fleet.h"
#include "edge.h"
#include "endpoint_group.h"
#include "illness.h"
#include "registry.h"

/* How a target treats checks, from its first endpoint on. */
enum manner { ANSWERS, REFUSES, UNREACHABLE, HANGS };

#define CHANGES_MAX 8
struct fleet_rig {
    struct rig rig;
    struct illness_port instances;
    struct health_target_port target;
    struct edge_port edge;
    enum manner manner;
    uint32_t good; /* checkers with a smaller number are answered, whatever the manner */
    uint64_t probes;
    size_t change_count;
    struct {
        sim_time at;
        uint32_t endpoint;
        bool healthy;
    } changes[CHANGES_MAX];
};

static bool rig_probe(void *self, const struct probe *probe)
{
    struct fleet_rig *r = self;
    bool good = r->manner == ANSWERS || probe->token % CHECKERS_MAX < r->good;

    r->probes++;
    if (good || r->manner == REFUSES)
        probe->prober->answered(probe->prober->self, probe->token, probe->round, good);
    return good || r->manner != UNREACHABLE;
}

static void rig_health(void *self, int region, uint32_t endpoint, struct endpoint_health health)
{
    struct fleet_rig *r = self;

    (void)region;
    assert_true(r->change_count < CHANGES_MAX);
    r->changes[r->change_count].at = sim_now(r->rig.sim);
    r->changes[r->change_count].endpoint = endpoint;
    r->changes[r->change_count++].healthy = health.routable;
}

static void fleet_rig_open(struct fleet_rig *r, uint32_t instances)
{
    *r = (struct fleet_rig){.manner = ANSWERS};
    rig_open(&r->rig, &endpoint_group_ops, 1, 600 * SIM_S);
    r->instances = (struct illness_port){.part_count = instances};
    r->target = (struct health_target_port){r, rig_probe};
    r->edge = (struct edge_port){.self = r, .health = rig_health};
    port_offer_app_illness(r->rig.ports, -1, -1, &r->instances);
    port_offer_health_target(r->rig.ports, -1, -1, &r->target);
    port_offer_edge(r->rig.ports, -1, -1, &r->edge);
    rig_set(&r->rig, 0, "endpoints", "instances");
    rig_set(&r->rig, 0, "health.phase", "0s");
}

struct turn {
    struct fleet_rig *r;
    enum manner manner;
    uint32_t good;
};

static void change_manner(void *arg)
{
    struct turn *turn = arg;

    turn->r->manner = turn->manner;
    turn->r->good = turn->good;
}

/* 100 to 300 s the target is as `manner`; returns the number of changes. */
static size_t run_fault(struct fleet_rig *r, enum manner manner, uint32_t good)
{
    struct turn begin = {r, manner, good}, end = {r, ANSWERS, 0};

    rig_wire(&r->rig);
    rig_call(&r->rig, 100 * SIM_S, change_manner, &begin);
    rig_call(&r->rig, 300 * SIM_S, change_manner, &end);
    rig_run(&r->rig);
    rig_close(&r->rig);
    return r->change_count;
}

/*
 * 16 checkers, each every 30 s, 1.875 s apart: checker j checks at 1.875 j + 30 k s. From 100 s on
 * the first failing checks are those of j = 6 to 15 at 101.25 to 118.125 s, then j = 0 to 5 at 120
 * to 129.375 s. A checker changes its opinion with its third failure in a row, 60 s later. The
 * endpoint is healthy while more than 18 % of 16, that is three, consider it so: until the 14th
 * checker has changed, j = 3: 125.625 + 60 s, and 4 s more where no connection is established, 2 s
 * where nothing answers. From 300 s on the third checker that has three passes in a row is j = 2:
 * 303.75 + 60 s.
 */
static void detection_is_that_of_the_fourteenth_checker(void **state)
{
    static const struct {
        enum manner manner;
        sim_dur wait;
    } cases[] = {{REFUSES, 0}, {UNREACHABLE, 4 * SIM_S}, {HANGS, 2 * SIM_S}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fleet_rig r;

        fleet_rig_open(&r, 1);
        assert_int_equal(run_fault(&r, cases[i].manner, 0), 2);
        assert_false(r.changes[0].healthy);
        assert_int_equal(r.changes[0].at, 185625 * SIM_MS + cases[i].wait);
        assert_true(r.changes[1].healthy);
        assert_int_equal(r.changes[1].at, 363750 * SIM_MS);
        assert_int_equal(r.probes, 16 * 20 + 1); /* j = 0 once more, at the end */
    }
}

/* Every 10 s, 0.625 s apart: j = 0 is at 100 s. The 14th is j = 13 at 108.125 s, and 20 s later
 * changes its opinion; the third to recover is j = 2 at 301.25 s. */
static void fast_checks_find_it_in_a_third_of_the_time(void **state)
{
    struct fleet_rig r;

    (void)state;
    fleet_rig_open(&r, 1);
    rig_set(&r.rig, 0, "health.interval", "10s");
    assert_int_equal(run_fault(&r, REFUSES, 0), 2);
    assert_int_equal(r.changes[0].at, 128125 * SIM_MS);
    assert_int_equal(r.changes[1].at, 321250 * SIM_MS);
}

/* Three of sixteen keep an endpoint healthy, two do not: by counting, and in a run in which that
 * many checkers still reach it. */
static void three_of_sixteen_are_a_quorum(void **state)
{
    (void)state;
    for (uint32_t healthy = 0; healthy <= 16; healthy++)
        assert_int_equal(health_quorum(healthy, 16, 0.18), healthy >= 3);
    for (uint32_t good = 0; good <= 16; good++) {
        struct fleet_rig r;

        fleet_rig_open(&r, 1);
        assert_int_equal(run_fault(&r, UNREACHABLE, good), good >= 3 ? 0 : 2);
    }
}

/* Each of two instances has sixteen checkers of its own. */
static void endpoints_are_checked_apart(void **state)
{
    struct fleet_rig r;

    (void)state;
    fleet_rig_open(&r, 2);
    assert_int_equal(run_fault(&r, REFUSES, 0), 4);
    assert_int_equal(r.probes, 2 * (16 * 20 + 1));
    assert_int_equal(r.changes[0].endpoint + r.changes[1].endpoint, 1);
}

/* Load balancers are not checked by the accelerator. */
static void load_balancers_are_not_checked(void **state)
{
    struct fleet_rig r;

    (void)state;
    fleet_rig_open(&r, 2);
    rig_set(&r.rig, 0, "endpoints", "load-balancers");
    rig_set(&r.rig, 0, "weights", "[200, 55]");
    rig_wire(&r.rig);
    assert_int_equal(port_need_endpoint_group(r.rig.ports, -1, -1)->count, 2);
    assert_int_equal(port_need_endpoint_group(r.rig.ports, -1, -1)->weights[1], 55);
    rig_run(&r.rig);
    assert_int_equal(r.probes, 0);
    rig_close(&r.rig);
}

static void a_check_must_end_before_the_next(void **state)
{
    struct fleet_rig r;

    (void)state;
    fleet_rig_open(&r, 1);
    assert_true(rig_check(&r.rig, 0));
    rig_set(&r.rig, 0, "health.timeout", "30s");
    assert_false(rig_check(&r.rig, 0));
    rig_set(&r.rig, 0, "health.timeout", "2s");
    rig_set(&r.rig, 0, "weights", "[1, 1, 1, 1, 1, 1, 1, 1, 1]");
    assert_false(rig_check(&r.rig, 0));
    rig_wire(&r.rig);
    rig_run(&r.rig);
    rig_close(&r.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detection_is_that_of_the_fourteenth_checker),
        cmocka_unit_test(fast_checks_find_it_in_a_third_of_the_time),
        cmocka_unit_test(three_of_sixteen_are_a_quorum),
        cmocka_unit_test(endpoints_are_checked_apart),
        cmocka_unit_test(load_balancers_are_not_checked),
        cmocka_unit_test(a_check_must_end_before_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
