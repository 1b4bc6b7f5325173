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
#include "dns_record.h"
#include "edge.h"
#include "link.h"
#include "registry.h"
#include "routing_control.h"
#include "user_dns.h"

#include <math.h>

/* Four regions, west to south, each 10 ms further from west. */
struct name_rig {
    struct rig rig;
    struct link_port links[4][4];
    sim_dur delays[4][4];
    struct dns_record_port records[4];
    struct edge_port edge;
    struct user_dns_port *names;
    kind_id ask_kind;
    uint32_t users;
    int answers[4]; /* of the last round: users near west by region */
};

static sim_dur mean_delay_of(const void *self)
{
    return *(const sim_dur *)self;
}

static bool by_names(const void *self)
{
    (void)self;
    return true;
}

static int resolve(struct name_rig *r, int place, uint32_t device, uint32_t check, uint64_t user)
{
    const struct edge_client client = {
        .place = place, .device = device, .check = check, .user = user};

    return r->names->resolve(r->names->self, &client);
}

/* All users near west ask, now and each second. */
static void on_ask(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct name_rig *r = self;

    memset(r->answers, 0, sizeof r->answers);
    for (uint32_t user = 0; user < r->users; user++)
        r->answers[resolve(r, 0, user, 0, user)]++;
    sim_after(sim, SIM_S, r->ask_kind, entity, generation);
}

static const struct event_kind ask_kind = {.name = "ask", .phase = PHASE_WORK, .fire = on_ask};

static void name_rig_open(struct name_rig *r, uint32_t region_count, sim_time end)
{
    *r = (struct name_rig){0};
    rig_open(&r->rig, &dns_routing_ops, region_count, end);
    for (uint32_t a = 0; a < region_count; a++) {
        r->records[a] = (struct dns_record_port){RECORD_CHECKS, 1, -1};
        port_offer_dns_record(r->rig.ports, (int)a, -1, &r->records[a]);
        for (uint32_t b = 0; b < region_count; b++) {
            r->delays[a][b] = (sim_dur)(a > b ? a - b : b - a) * 10 * SIM_MS;
            r->links[a][b] =
                (struct link_port){.self = &r->delays[a][b], .mean_delay = mean_delay_of};
            port_offer_link(r->rig.ports, (int)a, (int)b, &r->links[a][b]);
        }
    }
    r->edge = (struct edge_port){.self = r, .by_names = by_names};
    port_offer_edge(r->rig.ports, -1, -1, &r->edge);
    rig_set(&r->rig, 0, "overstay_share", "0%");
    rig_set(&r->rig, 0, "status_delay", "7s");
    rig_set(&r->rig, 0, "propagation", "20s");
}

static void name_rig_wire(struct name_rig *r)
{
    rig_wire(&r->rig);
    r->names = port_need_user_dns(r->rig.ports, -1, -1);
    r->ask_kind = sim_kind_add(r->rig.sim, &ask_kind, "users", r);
}

struct report {
    struct name_rig *r;
    int region;
    enum record_health source;
    bool healthy;
};

static void report_health(void *arg)
{
    struct report *report = arg;

    report->r->names->health(report->r->names->self, report->region, report->source,
                             report->healthy);
}

struct question {
    struct name_rig *r;
    uint32_t device, check;
    int place, region;
};

static void ask(void *arg)
{
    struct question *q = arg;

    q->region = resolve(q->r, q->place, q->device, q->check, q->device);
}

struct snapshot {
    const struct name_rig *r;
    int answers[4];
};

static void take_snapshot(void *arg)
{
    struct snapshot *snapshot = arg;

    memcpy(snapshot->answers, snapshot->r->answers, sizeof snapshot->answers);
}

/* West is reported unhealthy at `when`. */
static void west_fails_at(struct name_rig *r, struct report *report, sim_time when)
{
    *report = (struct report){r, 0, RECORD_CHECKS, false};
    rig_call(&r->rig, when, report_health, report);
}

static void ask_at(struct name_rig *r, struct question *q, sim_time when, uint32_t device,
                   uint32_t check)
{
    *q = (struct question){.r = r, .device = device, .check = check, .region = -2};
    rig_call(&r->rig, when, ask, q);
}

/* --- caches ---------------------------------------------------------------------------------- */

static void assert_share(int count, int of, double expected, double error)
{
    if (fabs((double)count / of - expected) > error)
        fail_msg("%d of %d instead of %g within %g", count, of, expected, error);
}

/*
 * A TTL of 60 s, and devices that do not cache: 4000 resolvers, asked every second by 8000 users.
 * West is unhealthy from 1000 s on, and name servers leave it out from 1007 s on. The age of an
 * answer in a cache that is asked all the time is uniform: 15 s later a quarter of the caches has
 * asked again, 30 s later half, 60 s later all. The standard error is 1.1 %, users of one resolver
 * being alike.
 */
static void what_is_left_of_a_ttl_is_uniform(void **state)
{
    static const struct {
        sim_dur after_s;
        double left; /* share of the users who are still sent west */
    } times[] = {{0, 1}, {15, .75}, {30, .5}, {45, .25}, {60, 0}};
    struct snapshot snapshots[5];
    struct report down;
    struct name_rig r;

    (void)state;
    name_rig_open(&r, 2, 1100 * SIM_S);
    rig_set(&r.rig, 0, "resolvers", "4000");
    r.users = 8000;
    name_rig_wire(&r);
    sim_at(r.rig.sim, 500 * SIM_MS, r.ask_kind, 0, 0);
    west_fails_at(&r, &down, 1000 * SIM_S);
    for (size_t i = 0; i < 5; i++) {
        snapshots[i] = (struct snapshot){.r = &r};
        rig_call(&r.rig, (1007 + times[i].after_s) * SIM_S, take_snapshot, &snapshots[i]);
    }
    rig_run(&r.rig);
    for (size_t i = 0; i < 5; i++)
        assert_share(snapshots[i].answers[0], 8000, times[i].left, i == 0 || i == 4 ? 0 : 0.035);
    rig_close(&r.rig);
}

/*
 * The same where a fifth of the resolvers keep each answer for Exp(60 s) beyond the TTL. An
 * overstaying cache's lives L are of 60 s + Exp(60 s), mean 120 s; what is left of one that is
 * asked all the time exceeds x with the probability of the integral of P(L > u) from x on, over the
 * mean: for x = 60 s that is 60 / 120 = 1/2, for x = 120 s e^-1 / 2. All others have asked again by
 * then: 10 % and 3.7 % are still sent west.
 */
static void resolvers_that_overstay_leave_a_tail(void **state)
{
    struct snapshot one, two;
    struct report down;
    struct name_rig r;

    (void)state;
    name_rig_open(&r, 2, 1200 * SIM_S);
    rig_set(&r.rig, 0, "resolvers", "4000");
    rig_set(&r.rig, 0, "overstay_share", "20%");
    rig_set(&r.rig, 0, "overstay", "exponential(60s)");
    r.users = 8000;
    name_rig_wire(&r);
    sim_at(r.rig.sim, 500 * SIM_MS, r.ask_kind, 0, 0);
    west_fails_at(&r, &down, 1000 * SIM_S);
    one = two = (struct snapshot){.r = &r};
    rig_call(&r.rig, (1007 + 60) * SIM_S, take_snapshot, &one);
    rig_call(&r.rig, (1007 + 120) * SIM_S, take_snapshot, &two);
    rig_run(&r.rig);
    assert_share(one.answers[0], 8000, 0.2 * 0.5, 0.022);
    assert_share(two.answers[0], 8000, 0.2 * 0.5 * exp(-1), 0.014);
    rig_close(&r.rig);
}

/*
 * A cache that nobody asks holds nothing that is old: with a TTL of 60 s, a name that is asked once
 * each 100 s is never answered from the cache. West is left out from 1007 s on; the question of
 * 1008 s is answered east, whatever was answered at 908 s.
 */
static void a_cache_that_is_hardly_asked_is_not_stale(void **state)
{
    struct question before, after;
    struct report down;
    struct name_rig r;

    (void)state;
    name_rig_open(&r, 2, 1100 * SIM_S);
    rig_set(&r.rig, 0, "resolvers", "1");
    name_rig_wire(&r);
    ask_at(&r, &before, 908 * SIM_S, 0, 0);
    west_fails_at(&r, &down, 1000 * SIM_S);
    ask_at(&r, &after, 1008 * SIM_S, 1, 0);
    rig_run(&r.rig);
    assert_int_equal(before.region, 0);
    assert_int_equal(after.region, 1);
    assert_close(rig_statistic(&r.rig, "user_dns_stale", 0, NULL), 0, 0);
    rig_close(&r.rig);
}

/*
 * A device keeps what it was answered for 60 s, whatever the TTL: asked at 100 s with a TTL of 1 s,
 * and west left out from 117 s on, it goes west until 160 s. The row of a user who has left is
 * another device's: it asks afresh. The three stale answers are at 120, 150 and 160 s - 1 ns.
 */
static void a_device_keeps_its_answer_whatever_the_ttl(void **state)
{
    static const struct {
        sim_time when;
        uint32_t device, check;
        int region;
    } asked[] = {{100 * SIM_S, 7, 1, 0}, {120 * SIM_S, 7, 1, 0},     {121 * SIM_S, 8, 1, 1},
                 {150 * SIM_S, 7, 1, 0}, {160 * SIM_S - 1, 7, 1, 0}, {160 * SIM_S, 7, 1, 1},
                 {161 * SIM_S, 8, 2, 1}};
    struct question questions[7];
    struct report down;
    struct name_rig r;

    (void)state;
    name_rig_open(&r, 2, 300 * SIM_S);
    rig_set(&r.rig, 0, "resolvers", "1");
    rig_set(&r.rig, 0, "ttl", "1s");
    rig_set(&r.rig, 0, "client_cache", "60s");
    name_rig_wire(&r);
    west_fails_at(&r, &down, 110 * SIM_S);
    for (size_t i = 0; i < 7; i++)
        ask_at(&r, &questions[i], asked[i].when, asked[i].device, asked[i].check);
    rig_run(&r.rig);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(questions[i].region, asked[i].region);
    assert_close(rig_statistic(&r.rig, "user_dns_stale", 0, NULL), 3, 0);
    assert_close(rig_statistic(&r.rig, "user_dns_lookups", 0, NULL), 7, 0);
    rig_close(&r.rig);
}

static void silence(void *arg)
{
    struct name_rig *r = arg;
    struct user_dns_port *port = port_need_user_dns(r->rig.ports, -1, -1);

    port->set_answering(port->self, sim_now(r->rig.sim) > 150 * SIM_S);
}

/*
 * One resolver, a TTL of 1 s, no caches of devices. West is left out from 117 s on; the authority
 * is silent from 105 to 160 s. The answer of 105 s is repeated at 110 s until 140 s, and then until
 * 170 s.
 */
static void resolvers_repeat_old_answers_while_the_authority_is_silent(void **state)
{
    static const struct {
        sim_time when;
        int region;
    } asked[] = {{105 * SIM_S - 1, 0},
                 {110 * SIM_S, 0},
                 {140 * SIM_S, 0},
                 {170 * SIM_S - 1, 0},
                 {170 * SIM_S, 1}};
    struct question questions[5];
    struct report down;
    struct name_rig r;

    (void)state;
    name_rig_open(&r, 2, 300 * SIM_S);
    rig_set(&r.rig, 0, "resolvers", "1");
    rig_set(&r.rig, 0, "ttl", "1s");
    rig_set(&r.rig, 0, "client_cache_share", "0%");
    name_rig_wire(&r);
    west_fails_at(&r, &down, 110 * SIM_S);
    rig_call(&r.rig, 105 * SIM_S, silence, &r);
    rig_call(&r.rig, 160 * SIM_S, silence, &r);
    for (uint32_t i = 0; i < 5; i++)
        ask_at(&r, &questions[i], asked[i].when, i, 0);
    rig_run(&r.rig);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(questions[i].region, asked[i].region);
    rig_close(&r.rig);
}

/* --- health and weights ---------------------------------------------------------------------- */

/* A record follows its health checks, or its load balancer, or nothing. */
static void a_record_follows_its_setting(void **state)
{
    static const struct {
        enum record_health follows, reported;
        int region;
    } cases[] = {{RECORD_CHECKS, RECORD_CHECKS, 1}, {RECORD_CHECKS, RECORD_TARGET, 0},
                 {RECORD_TARGET, RECORD_TARGET, 1}, {RECORD_TARGET, RECORD_CHECKS, 0},
                 {RECORD_ALWAYS, RECORD_CHECKS, 0}, {RECORD_ALWAYS, RECORD_TARGET, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct question before, after;
        struct report down;
        struct name_rig r;

        name_rig_open(&r, 2, 100 * SIM_S);
        rig_set(&r.rig, 0, "ttl", "0s");
        r.records[0].health = cases[i].follows;
        name_rig_wire(&r);
        down = (struct report){&r, 0, cases[i].reported, false};
        rig_call(&r.rig, 10 * SIM_S, report_health, &down);
        ask_at(&r, &before, 17 * SIM_S - 1, 0, 0);
        ask_at(&r, &after, 17 * SIM_S + 1, 0, 0);
        rig_run(&r.rig);
        assert_int_equal(before.region, 0);
        assert_int_equal(after.region, cases[i].region);
        /* two places consider it healthy, from 17 s on none of them where it is not */
        assert_close(rig_statistic(&r.rig, "records_healthy", 0, NULL),
                     cases[i].region == 0 ? 2 : 2 * 0.17, 1e-9);
        rig_close(&r.rig);
    }
}

/* Of a change that is undone before the name servers know, they hear nothing. */
static void an_undone_change_was_never_known(void **state)
{
    struct report down, up;
    struct question after;
    struct name_rig r;

    (void)state;
    name_rig_open(&r, 2, 100 * SIM_S);
    name_rig_wire(&r);
    west_fails_at(&r, &down, 10 * SIM_S);
    up = (struct report){&r, 0, RECORD_CHECKS, true};
    rig_call(&r.rig, 16 * SIM_S, report_health, &up);
    ask_at(&r, &after, 18 * SIM_S, 0, 0);
    rig_run(&r.rig);
    assert_int_equal(after.region, 0);
    assert_close(rig_statistic(&r.rig, "records_healthy", 0, NULL), 2, 1e-12);
    rig_close(&r.rig);
}

struct order {
    struct name_rig *r;
    double weight;
    bool control_up, accepted;
};

static void give_order(void *arg)
{
    struct order *order = arg;
    const struct routing_setting setting = {ROUTING_RECORD, 0, 0, order->weight};
    const struct control_plane *plane =
        port_need_control_plane(order->r->rig.ports, CONTROL_DNS, 1);
    const struct routing_control_port *control =
        port_need_routing_control(order->r->rig.ports, ROUTING_OF_DNS, -1);

    plane->set(plane->self, plane->index,
               &(struct control_state){.up = order->control_up, .errors = 0});
    order->accepted = control->change(control->self, &setting);
}

/*
 * Two records of equal weight; a TTL of 0, so each of 400 users has an answer of its own each
 * second. A weight of 0 for west, accepted at 10 s, is served 20 s later; a change back is refused.
 */
static void weights_change_through_the_control_plane(void **state)
{
    struct order out, refused;
    struct snapshot before, after, still;
    struct name_rig r;

    (void)state;
    name_rig_open(&r, 2, 100 * SIM_S);
    rig_set(&r.rig, 0, "policy", "weighted");
    rig_set(&r.rig, 0, "ttl", "0s");
    r.users = 400;
    name_rig_wire(&r);
    out = (struct order){&r, 0, true, false};
    refused = (struct order){&r, 1, false, true};
    before = after = still = (struct snapshot){.r = &r};
    sim_at(r.rig.sim, 500 * SIM_MS, r.ask_kind, 0, 0);
    rig_call(&r.rig, 10 * SIM_S, give_order, &out);
    rig_call(&r.rig, 40 * SIM_S, give_order, &refused);
    rig_call(&r.rig, 30 * SIM_S, take_snapshot, &before);
    rig_call(&r.rig, 31 * SIM_S, take_snapshot, &after);
    rig_call(&r.rig, 90 * SIM_S, take_snapshot, &still);
    rig_run(&r.rig);
    assert_true(out.accepted);
    assert_false(refused.accepted);
    assert_share(before.answers[0], 400, 0.5, 0.1);
    assert_int_equal(after.answers[0], 0);
    assert_int_equal(still.answers[0], 0);
    assert_int_equal(rig_logged(&r.rig, "routing", "is set to 0"), 1);
    assert_int_equal(rig_logged(&r.rig, "routing", "refused"), 1);
    rig_close(&r.rig);
}

/* Weights 3 to 1: of 4000 resolvers three quarters cache west. */
static void weights_are_drawn_for_each_answer(void **state)
{
    struct snapshot snapshot;
    struct name_rig r;

    (void)state;
    name_rig_open(&r, 2, 10 * SIM_S);
    rig_set(&r.rig, 0, "policy", "weighted");
    rig_set(&r.rig, 0, "resolvers", "4000");
    r.records[0].weight = 3;
    r.users = 8000;
    name_rig_wire(&r);
    sim_at(r.rig.sim, 0, r.ask_kind, 0, 0);
    snapshot = (struct snapshot){.r = &r};
    rig_call(&r.rig, 5 * SIM_S, take_snapshot, &snapshot);
    rig_run(&r.rig);
    assert_share(snapshot.answers[0], 8000, 0.75, 0.03);
    rig_close(&r.rig);
}

/* Users near west are served east's record; north has none, and there is no default record. */
static void a_place_without_a_record_gets_no_answer(void **state)
{
    struct name_rig r;

    (void)state;
    name_rig_open(&r, 3, 10 * SIM_S);
    rig_set(&r.rig, 0, "policy", "geolocation");
    r.records[0].local = 1;
    name_rig_wire(&r);
    assert_int_equal(resolve(&r, 0, 0, 0, 0), 1);
    assert_int_equal(resolve(&r, 2, 0, 0, 0), -1);
    rig_run(&r.rig);
    assert_close(rig_statistic(&r.rig, "user_dns_unanswered", 2, NULL), 1, 0);
    assert_close(rig_statistic(&r.rig, "user_dns_unanswered", 0, NULL), 0, 0);
    rig_close(&r.rig);
}

/* All users are sent to the primary, wherever they are; by default that is the first region. */
static void failover_goes_by_its_list(void **state)
{
    static const struct {
        const char *order;
        int primary;
    } cases[] = {{NULL, 0}, {"[south, east]", 3}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct name_rig r;

        name_rig_open(&r, 4, 10 * SIM_S);
        rig_set(&r.rig, 0, "policy", "failover");
        if (cases[i].order)
            rig_set(&r.rig, 0, "failover_order", cases[i].order);
        name_rig_wire(&r);
        for (int place = 0; place < 4; place++)
            assert_int_equal(resolve(&r, place, 0, 0, 0), cases[i].primary);
        rig_run(&r.rig);
        rig_close(&r.rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_of_a_ttl_is_uniform),
        cmocka_unit_test(resolvers_that_overstay_leave_a_tail),
        cmocka_unit_test(a_cache_that_is_hardly_asked_is_not_stale),
        cmocka_unit_test(a_device_keeps_its_answer_whatever_the_ttl),
        cmocka_unit_test(resolvers_repeat_old_answers_while_the_authority_is_silent),
        cmocka_unit_test(a_record_follows_its_setting),
        cmocka_unit_test(an_undone_change_was_never_known),
        cmocka_unit_test(weights_change_through_the_control_plane),
        cmocka_unit_test(weights_are_drawn_for_each_answer),
        cmocka_unit_test(a_place_without_a_record_gets_no_answer),
        cmocka_unit_test(failover_goes_by_its_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
