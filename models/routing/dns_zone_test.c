// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "model_rig.h"
#include "control.h"
#include "dns.h"
#include "promotion.h"
#include "registry.h"

/* A stub of the store that only has a primary. */
static int primary_of(const void *self)
{
    return *(const int *)self;
}

struct dns_rig {
    struct rig rig;
    int primary;
    struct promotion_port promotion;
    struct dns_port *dns;
    sim_time served_at; /* when subscribers learned of it; -1: not yet */
    uint32_t served_target, served_change, served_count;
    kind_id served_kind;
    uint32_t change; /* the number of the last change; 0: refused */
};

static void on_served(void *self, struct sim *sim, uint32_t target, uint32_t change)
{
    struct dns_rig *r = self;

    r->served_at = sim_now(sim);
    r->served_target = target;
    r->served_change = change;
    r->served_count++;
}

static const struct event_kind served_kind = {
    .name = "served", .phase = PHASE_WORK, .fire = on_served};

static void dns_rig_open(struct dns_rig *r)
{
    *r = (struct dns_rig){.served_at = -1};
    rig_open(&r->rig, &dns_zone_ops, 2, 600 * SIM_S);
    r->promotion = (struct promotion_port){.self = &r->primary, .primary = primary_of};
    port_offer_promotion(r->rig.ports, -1, -1, &r->promotion);
    r->served_kind = sim_kind_add(r->rig.sim, &served_kind, "test", r);
    rig_set(&r->rig, 0, "ttl", "10s");
    rig_set(&r->rig, 0, "api_delay", "1s");
    rig_set(&r->rig, 0, "propagation", "19s");
    rig_set(&r->rig, 0, "name_servers", "1");
}

static void dns_rig_wire(struct dns_rig *r)
{
    rig_wire(&r->rig);
    r->dns = port_need_dns(r->rig.ports, -1, -1);
    r->dns->subscribe(r->dns->self, r->served_kind);
}

static void ask_for_east(void *arg)
{
    struct dns_rig *r = arg;

    r->change = r->dns->publish(r->dns->self, (struct dns_target){.region = 1, .epoch = 7});
}

static void ask_for_west(void *arg)
{
    struct dns_rig *r = arg;

    r->change = r->dns->publish(r->dns->self, (struct dns_target){.region = 0});
}

static void set_control(struct dns_rig *r, struct control_state state)
{
    struct control_plane *plane = port_need_control_plane(r->rig.ports, CONTROL_DNS, 0);

    plane->set(plane->self, plane->index, &state);
}

static void control_plane_throttles(void *arg)
{
    set_control(arg, (struct control_state){.up = true, .throttled = true});
}

static void control_plane_errs(void *arg)
{
    set_control(arg, (struct control_state){.up = true, .errors = 1});
}

static void control_plane_fails(void *arg)
{
    struct dns_rig *r = arg;

    set_control(r, (struct control_state){.up = false});
}

static void control_plane_returns(void *arg)
{
    struct dns_rig *r = arg;

    set_control(r, CONTROL_WELL);
}

static void dns_zone_names_the_primary_from_the_start(void **state)
{
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    r.primary = 1;
    dns_rig_wire(&r);
    assert_int_equal(r.dns->resolve(r.dns->self, 0).region, 1);
    assert_int_equal(r.dns->resolve(r.dns->self, 0).epoch, 0);
    rig_close(&r.rig);
}

static void expect_west_fresh(void *arg)
{
    struct dns_rig *r = arg;
    struct dns_answer answer = r->dns->resolve(r->dns->self, 0);

    assert_int_equal(answer.region, 0);
    assert_false(answer.stale);
}

static void expect_west_stale(void *arg)
{
    struct dns_rig *r = arg;
    struct dns_answer answer = r->dns->resolve(r->dns->self, 0);

    assert_int_equal(answer.region, 0);
    assert_int_equal(answer.expires, 28 * SIM_S);
    assert_true(answer.stale);
}

static void expect_east(void *arg)
{
    struct dns_rig *r = arg;
    struct dns_answer answer = r->dns->resolve(r->dns->self, 0);

    assert_int_equal(answer.region, 1);
    assert_int_equal(answer.epoch, 7);
    assert_int_equal(answer.expires, sim_now(r->rig.sim) + 10 * SIM_S);
    assert_false(answer.stale);
}

/*
 * Requested at 0, accepted after 1 s, served 19 s later: at 20 s. West's resolver queried at 18 s,
 * so it keeps its answer until 28 s and then queries again. Two of the five answers are stale.
 */
static void dns_zone_serves_a_change_after_its_delay_and_caches_expire(void **state)
{
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    dns_rig_wire(&r);
    rig_call(&r.rig, 0, ask_for_east, &r);
    rig_call(&r.rig, 18 * SIM_S, expect_west_fresh, &r);
    rig_call(&r.rig, 21 * SIM_S, expect_west_stale, &r);
    rig_call(&r.rig, 28 * SIM_S - 1, expect_west_stale, &r);
    rig_call(&r.rig, 28 * SIM_S, expect_east, &r);
    rig_call(&r.rig, 38 * SIM_S, expect_east, &r);
    rig_run(&r.rig);
    assert_int_equal(r.change, 1);
    assert_int_equal(r.served_at, 20 * SIM_S);
    assert_int_equal(r.served_target, 1);
    assert_int_equal(r.served_change, 1);
    assert_close(rig_statistic(&r.rig, "dns_answers", 0, NULL), 5, 0);
    assert_close(rig_statistic(&r.rig, "dns_stale_share", 0, NULL), 0.4, 1e-12);
    rig_close(&r.rig);
}

static void dns_zone_refuses_changes_while_the_control_plane_is_down(void **state)
{
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    dns_rig_wire(&r);
    rig_call(&r.rig, 1 * SIM_S, control_plane_fails, &r);
    rig_call(&r.rig, 2 * SIM_S, ask_for_east, &r);
    rig_call(&r.rig, 60 * SIM_S, control_plane_returns, &r);
    rig_run(&r.rig);
    assert_int_equal(r.change, 0);
    assert_int_equal(r.served_at, -1); /* nor does it happen later */
    assert_int_equal(r.dns->resolve(r.dns->self, 0).region, 0);
    assert_int_equal(rig_logged(&r.rig, "dns", "refused"), 1);
    rig_close(&r.rig);
}

/* Two refused calls for two reasons, and one that is taken. */
static void dns_zone_refuses_what_is_throttled_or_fails(void **state)
{
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    dns_rig_wire(&r);
    rig_call(&r.rig, 1 * SIM_S, control_plane_throttles, &r);
    rig_call(&r.rig, 2 * SIM_S, ask_for_east, &r);
    rig_call(&r.rig, 3 * SIM_S, control_plane_errs, &r);
    rig_call(&r.rig, 4 * SIM_S, ask_for_east, &r);
    rig_call(&r.rig, 5 * SIM_S, control_plane_returns, &r);
    rig_call(&r.rig, 6 * SIM_S, ask_for_east, &r);
    rig_run(&r.rig);
    assert_int_equal(rig_logged(&r.rig, "dns", "refused"), 2);
    assert_int_equal(r.served_at, 26 * SIM_S);
    rig_close(&r.rig);
}

static void dns_zone_has_its_control_plane_in_us_east_1_by_default(void **state)
{
    struct dns_rig r;

    (void)state;
    for (int is_set = 0; is_set < 2; is_set++) {
        dns_rig_open(&r);
        if (is_set)
            rig_set(&r.rig, 0, "home", "east");
        dns_rig_wire(&r);
        assert_string_equal(port_need_control_plane(r.rig.ports, CONTROL_DNS, 0)->home,
                            is_set ? "east" : "us-east-1");
        rig_close(&r.rig);
    }
}

static void serve_east(void *arg)
{
    struct dns_rig *r = arg;

    r->dns->serve(r->dns->self, (struct dns_target){.region = 1, .epoch = 7}, "test");
}

/* The state of a health check: at once, and while the control plane is down. A resolver that asked
 * at 18 s keeps its answer until 28 s. */
static void dns_zone_serves_a_health_check_without_its_control_plane(void **state)
{
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    dns_rig_wire(&r);
    rig_call(&r.rig, 1 * SIM_S, control_plane_fails, &r);
    rig_call(&r.rig, 18 * SIM_S, expect_west_fresh, &r);
    rig_call(&r.rig, 20 * SIM_S, serve_east, &r);
    rig_call(&r.rig, 21 * SIM_S, expect_west_stale, &r);
    rig_call(&r.rig, 28 * SIM_S, expect_east, &r);
    rig_run(&r.rig);
    assert_int_equal(r.served_at, 20 * SIM_S);
    rig_close(&r.rig);
}

/*
 * Of 64 name servers a share of (t - 1 s)/19 s returns the change t after it was requested, for 1 s
 * <= t
 * <= 20 s: half of them at 10.5 s, with a standard error of 6.25 %. A TTL of 0: each answer asks
 * one of them. 1000 answers: 500, within 3 x 63 for the servers and 3 x 16 for the answers.
 */
static void expect_half(void *arg)
{
    struct dns_rig *r = arg;
    int changed = 0;

    for (int i = 0; i < 1000; i++)
        changed += r->dns->resolve(r->dns->self, 0).region == 1;
    assert_in_range(changed, 500 - 189 - 48, 500 + 189 + 48);
}

static void dns_zone_serves_a_change_server_by_server(void **state)
{
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    rig_set(&r.rig, 0, "ttl", "0s");
    rig_set(&r.rig, 0, "name_servers", "64");
    dns_rig_wire(&r);
    rig_call(&r.rig, 0, ask_for_east, &r);
    rig_call(&r.rig, 10500 * SIM_MS, expect_half, &r);
    rig_run(&r.rig);
    assert_int_equal(r.served_at, 20 * SIM_S); /* by all of them */
    rig_close(&r.rig);
}

/* Down from 10 s on. A public zone with a recovery of 60 s takes changes again at 70 s, and refuses
 * them again when the control plane goes down after it was back. A private zone has no recovery. */
static void dns_zone_recovers_before_its_control_plane(void **state)
{
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    rig_set(&r.rig, 0, "accelerated_recovery", "60s");
    assert_false(rig_check(&r.rig, 0));
    rig_set(&r.rig, 0, "zone", "public");
    assert_true(rig_check(&r.rig, 0));
    dns_rig_wire(&r);
    rig_call(&r.rig, 10 * SIM_S, control_plane_fails, &r);
    rig_call(&r.rig, 69 * SIM_S, ask_for_east, &r);
    rig_call(&r.rig, 71 * SIM_S, ask_for_east, &r);
    rig_call(&r.rig, 100 * SIM_S, control_plane_returns, &r);
    rig_call(&r.rig, 110 * SIM_S, control_plane_fails, &r);
    rig_call(&r.rig, 111 * SIM_S, ask_for_west, &r);
    rig_run(&r.rig);
    assert_int_equal(r.served_at, 91 * SIM_S);
    assert_int_equal(rig_logged(&r.rig, "dns", "refused"), 2);
    rig_close(&r.rig);
}

static struct dns_answer answer_south(void *self, int region)
{
    (void)self;
    return (struct dns_answer){.region = 1, .expires = region == 0 ? SIM_NEVER : 0};
}

static void dns_zone_answers_as_a_resolver_in_its_place(void **state)
{
    const struct dns_resolver resolver = {NULL, answer_south, NULL};
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    dns_rig_wire(&r);
    r.dns->override(r.dns->self, &resolver);
    assert_int_equal(r.dns->resolve(r.dns->self, 0).region, 1);
    assert_int_equal(r.dns->resolve(r.dns->self, 0).expires, SIM_NEVER);
    rig_close(&r.rig);
}

/* A change accepted before the control plane failed still propagates. */
static void dns_zone_propagates_what_was_accepted(void **state)
{
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    dns_rig_wire(&r);
    rig_call(&r.rig, 1 * SIM_S, ask_for_east, &r);
    rig_call(&r.rig, 2 * SIM_S, control_plane_fails, &r);
    rig_run(&r.rig);
    assert_int_equal(r.served_at, 21 * SIM_S);
    rig_close(&r.rig);
}

static void dns_zone_lets_a_later_change_replace_a_pending_one(void **state)
{
    struct dns_rig r;

    (void)state;
    dns_rig_open(&r);
    dns_rig_wire(&r);
    rig_call(&r.rig, 1 * SIM_S, ask_for_east, &r);
    rig_call(&r.rig, 5 * SIM_S, ask_for_west, &r);
    rig_run(&r.rig);
    assert_int_equal(r.served_count, 1);
    assert_int_equal(r.served_at, 25 * SIM_S);
    assert_int_equal(r.served_change, 2);
    rig_close(&r.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dns_zone_names_the_primary_from_the_start),
        cmocka_unit_test(dns_zone_serves_a_change_after_its_delay_and_caches_expire),
        cmocka_unit_test(dns_zone_refuses_changes_while_the_control_plane_is_down),
        cmocka_unit_test(dns_zone_refuses_what_is_throttled_or_fails),
        cmocka_unit_test(dns_zone_has_its_control_plane_in_us_east_1_by_default),
        cmocka_unit_test(dns_zone_serves_a_health_check_without_its_control_plane),
        cmocka_unit_test(dns_zone_serves_a_change_server_by_server),
        cmocka_unit_test(dns_zone_recovers_before_its_control_plane),
        cmocka_unit_test(dns_zone_answers_as_a_resolver_in_its_place),
        cmocka_unit_test(dns_zone_propagates_what_was_accepted),
        cmocka_unit_test(dns_zone_lets_a_later_change_replace_a_pending_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
