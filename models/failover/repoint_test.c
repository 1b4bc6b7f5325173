// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Routing controls, health checks, the client's list and the endpoint's own name: each method
 * alone, with stubs of the zone, the promotion and a metric. repoint_function_test.c has the
 * function.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "repoint_rig.h"

/* --- routing controls ------------------------------------------------------------------------ */

/* Each of the 32 sets of endpoints that run: a quorum where 3, 4 or 5 do. */
static void three_of_five_endpoints_are_a_quorum(void **state)
{
    int quorums = 0;

    (void)state;
    for (unsigned set = 0; set < 32; set++) {
        bool up[ROUTING_ENDPOINTS];
        int running = 0;

        for (unsigned i = 0; i < ROUTING_ENDPOINTS; i++)
            running += up[i] = set >> i & 1;
        assert_int_equal(routing_has_quorum(up, ROUTING_ENDPOINTS), running >= 3);
        quorums += routing_has_quorum(up, ROUTING_ENDPOINTS);
    }
    assert_int_equal(quorums, 10 + 5 + 1);
}

/* Call 1 s, effect 10 s; an endpoint that does not run costs 5 s, a round without a quorum 20 s. */
static void routing_open(void)
{
    host_open(&repoint_routing_ops, offsetof(struct host_config, routing));
    rig_set(&host.rig, 0, "routing.call", "1s");
    rig_set(&host.rig, 0, "routing.effect", "10s");
    rig_set(&host.rig, 0, "routing.timeout", "5s");
    rig_set(&host.rig, 0, "routing.retry", "20s");
}

static void set_endpoints(int from, int to, bool up)
{
    const struct control_state state = {.up = up};

    for (int i = from; i < to; i++) {
        struct control_plane *plane = port_need_control_plane(host.rig.ports, CONTROL_ROUTING, i);

        plane->set(plane->self, plane->index, &state);
    }
}

static void two_endpoints_fail(void *arg)
{
    (void)arg;
    set_endpoints(0, 2, false);
}

static void three_endpoints_fail(void *arg)
{
    (void)arg;
    set_endpoints(0, 3, false);
}

static void an_endpoint_returns(void *arg)
{
    (void)arg;
    set_endpoints(2, 3, true);
}

static void routing_controls_take_a_call_and_their_effect(void **state)
{
    (void)state;
    routing_open();
    rig_wire(&host.rig);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "11 notify; 21 serve 1; 21 publish; 21 done; ");
    host_close();
}

/* Two of five down: the same after 0, 1 or 2 endpoints that do not answer. */
static void routing_controls_survive_two_lost_endpoints(void **state)
{
    int at = 0;

    (void)state;
    routing_open();
    rig_wire(&host.rig);
    rig_call(&host.rig, 5 * SIM_S, two_endpoints_fail, NULL);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_int_equal(sscanf(host.text.text, "%*d notify; %d serve 1; ", &at), 1);
    assert_true(at == 21 || at == 26 || at == 31);
    host_close();
}

/* Three down until 100 s: no quorum, logged once; each round takes 1 s or some timeouts, then 20 s
 * pass. After 100 s one of the rounds succeeds. */
static void routing_controls_wait_for_a_quorum(void **state)
{
    double at = 0;
    const char *serve;

    (void)state;
    routing_open();
    rig_wire(&host.rig);
    rig_call(&host.rig, 5 * SIM_S, three_endpoints_fail, NULL);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 100 * SIM_S, an_endpoint_returns, NULL);
    rig_run(&host.rig);
    assert_non_null(strstr(host.text.text, "no quorum; "));
    assert_null(strstr(strstr(host.text.text, "no quorum; ") + 1, "no quorum; "));
    serve = strstr(host.text.text, "no quorum; ") + strlen("no quorum; ");
    assert_int_equal(sscanf(serve, "%*f notify; %lf serve 1; ", &at), 1);
    assert_in_range((int)at, 100 + 10, 100 + 20 + 16 + 10);
    host_close();
}

/* One by one turns the old region's switch off first: then none is on, which the assertion forbids.
 * Atomic does both. A closed gate forbids either. A person overrides the rules. */
static void safety_rules_refuse_a_change(void **state)
{
    static const struct {
        const char *update, *assertion, *gate, *calls;
    } cases[] = {
        {"atomic", "1", "open",
         "11 notify; 21 serve 1; 21 publish; 21 done; 41 notify; 51 serve 1; 51 publish; 51 "
         "done; "},
        {"one-by-one", "1", "open", "11 failed; 41 notify; 51 serve 1; 51 publish; 51 done; "},
        {"one-by-one", "0", "open",
         "11 notify; 21 serve 1; 21 publish; 21 done; 41 notify; 51 serve 1; 51 publish; 51 "
         "done; "},
        {"atomic", "2", "open", "11 failed; 41 notify; 51 serve 1; 51 publish; 51 done; "},
        {"atomic", "0", "closed", "11 failed; 41 notify; 51 serve 1; 51 publish; 51 done; "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        routing_open();
        rig_set(&host.rig, 0, "routing.update", cases[i].update);
        rig_set(&host.rig, 0, "routing.assertion", cases[i].assertion);
        rig_set(&host.rig, 0, "routing.gate", cases[i].gate);
        rig_wire(&host.rig);
        rig_call(&host.rig, 10 * SIM_S, begin, &one);
        rig_call(&host.rig, 40 * SIM_S, by_hand, &one);
        rig_run(&host.rig);
        assert_string_equal(host.text.text, cases[i].calls);
        host_close();
    }
}

/* --- health checks --------------------------------------------------------------------------- */

static void the_first_healthy_record_is_answered(void **state)
{
    static const struct {
        bool healthy[3];
        uint32_t record;
    } cases[] = {{{true, true, true}, 0},
                 {{false, true, true}, 1},
                 {{false, false, true}, 2},
                 {{true, false, false}, 0},
                 {{false, false, false}, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(failover_record(cases[i].healthy, 3), cases[i].record);
}

static void set_primary(int region, int value)
{
    probe_level(sim_probes(host.rig.sim), host.is_primary[region], sim_now(host.rig.sim), value);
}

static void one_is_promoted(void *arg)
{
    (void)arg;
    set_primary(0, 0);
    set_primary(1, 1);
}

static void zero_is_promoted(void *arg)
{
    (void)arg;
    set_primary(1, 0);
    set_primary(0, 1);
}

static void health_open(void)
{
    host_open(&repoint_health_ops, offsetof(struct host_config, health));
    rig_set(&host.rig, 0, "health.metric", "is_primary");
    rig_set(&host.rig, 0, "health.delay", "40s");
    rig_set(&host.rig, 0, "health.effect", "7s");
    rig_wire(&host.rig);
    set_primary(0, 1);
}

/*
 * Region 1 is the primary from 620 s on: of the period to 660 s its share is 2/3, above 0.5, and
 * region 0's 1/3. Published at 700 s, answered 7 s later. At 1230 s region 0 is the primary again:
 * each has a half of the period, which is at most 0.5 for both: all fail, so PRIMARY, which is
 * region 0, is answered.
 */
static void records_follow_the_metric_of_each_region(void **state)
{
    (void)state;
    health_open();
    rig_call(&host.rig, 620 * SIM_S, one_is_promoted, NULL);
    rig_call(&host.rig, 620 * SIM_S, begin, &one);
    rig_call(&host.rig, 1230 * SIM_S, zero_is_promoted, NULL);
    rig_call(&host.rig, 1230 * SIM_S, begin, &zero);
    rig_run(&host.rig);
    assert_string_equal(host.text.text,
                        "700 notify; 707 serve 1; 707 notify; 707 publish; 707 done; "
                        "1300 notify; 1307 serve 0; 1307 notify; 1307 publish; "
                        "1307 done; ");
    host_close();
}

static void monitoring_fails(void *arg)
{
    const struct control_state down = {.up = false};
    struct control_plane *plane;

    (void)arg;
    for (int i = 0; (plane = port_find_control_plane(host.rig.ports, CONTROL_MONITORING, i)); i++) {
        assert_string_equal(plane->home, "us-east-1");
        plane->set(plane->self, plane->index, &down);
    }
}

/* Health checks that are not evaluated keep the answer. */
static void records_stay_without_their_monitoring(void **state)
{
    (void)state;
    health_open();
    rig_call(&host.rig, 600 * SIM_S, monitoring_fails, NULL);
    rig_call(&host.rig, 620 * SIM_S, one_is_promoted, NULL);
    rig_call(&host.rig, 620 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "");
    host_close();
}

/* --- the client's list ----------------------------------------------------------------------- */

static bool an_attempt_fails(int client, int at)
{
    return host.dns.resolver->failed(host.dns.resolver->self, client, at);
}

static int named(int client)
{
    return host.dns.resolver->resolve(host.dns.resolver->self, client).region;
}

/*
 * Ten attempts of region 2's clients to region 0 fail within a second: they go on once, and back to
 * region 0 when region 1 fails them too, after their stay of 1 s. Clients of another region stay.
 * Region 2 has no cluster and is in no list.
 */
static void clients_fail(void *arg)
{
    (void)arg;
    assert_int_equal(named(2), 0);
    assert_true(an_attempt_fails(2, 0));
    assert_int_equal(named(2), 1);
    for (int i = 0; i < 9; i++)
        assert_false(an_attempt_fails(2, 0)); /* sent before they went on */
    assert_false(an_attempt_fails(2, 1));     /* too soon */
    assert_int_equal(named(2), 1);
    assert_int_equal(named(1), 0);
}

static void clients_fail_again(void *arg)
{
    (void)arg;
    assert_true(an_attempt_fails(2, 1));
    assert_int_equal(named(2), 0);
}

static void clients_go_through_their_list(void **state)
{
    (void)state;
    host_open(&repoint_list_ops, offsetof(struct host_config, list));
    rig_wire(&host.rig);
    rig_call(&host.rig, 10 * SIM_S, clients_fail, NULL);
    rig_call(&host.rig, 11 * SIM_S, clients_fail_again, NULL);
    rig_call(&host.rig, 20 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "20 notify; 20 publish; 20 done; ");
    host_close();
}

/* --- the endpoint's own name ----------------------------------------------------------------- */

static void an_endpoints_own_name_stays(void **state)
{
    (void)state;
    host_open(&repoint_fixed_ops, 0);
    rig_wire(&host.rig);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 20 * SIM_S, begin, &zero);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "10 failed; 20 notify; 20 publish; 20 done; ");
    host_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_of_five_endpoints_are_a_quorum),
        cmocka_unit_test(routing_controls_take_a_call_and_their_effect),
        cmocka_unit_test(routing_controls_survive_two_lost_endpoints),
        cmocka_unit_test(routing_controls_wait_for_a_quorum),
        cmocka_unit_test(safety_rules_refuse_a_change),
        cmocka_unit_test(the_first_healthy_record_is_answered),
        cmocka_unit_test(records_follow_the_metric_of_each_region),
        cmocka_unit_test(records_stay_without_their_monitoring),
        cmocka_unit_test(clients_go_through_their_list),
        cmocka_unit_test(an_endpoints_own_name_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
