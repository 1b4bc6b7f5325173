// SPDX-License-Identifier: GPL-3.0-or-later
/* Routes of a company's link: a packet each second in both directions, and which of them arrive,
 * and how late. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "assert_close.h"
#include "link_rig.h"

#define SECONDS 100

static struct {
    uint32_t flows[2];
    struct link_impairment fault;
    int from; /* of the link that fails; -1: both directions */
    sim_time times[4][2];
} plan;

/* Number i leaves a at i s; number i + SECONDS leaves b. */
static void send_at(uint32_t number)
{
    int from = number < SECONDS ? 0 : 1;
    struct message message = {.kind = rig.arrive_kind,
                              .entity = number,
                              .bytes = 900,
                              .identity = number,
                              .packet = true};

    rig.links[from][1 - from]->send(rig.links[from][1 - from]->self, plan.flows[from], &message);
}

static void change_fault(uint32_t begins)
{
    for (int from = 0; from < 2; from++) {
        struct link_fault_port *link = rig.faults[from][1 - from];

        if (plan.from >= 0 && plan.from != from)
            continue;
        if (begins)
            link->begin(link->self, &plan.fault);
        else
            link->end(link->self, &plan.fault);
    }
}

static void begin(void)
{
    for (uint32_t from = 0; from < 2; from++) {
        plan.flows[from] = rig.links[from][1 - from]->open(rig.links[from][1 - from]->self);
        for (uint32_t i = 0; i < SECONDS; i++)
            rig_at((sim_time)i * SIM_S, send_at, i + from * SECONDS);
    }
    for (int i = 0; plan.times[i][1] > 0; i++) {
        rig_at(plan.times[i][0], change_fault, 1);
        rig_at(plan.times[i][1], change_fault, 0);
    }
}

static double changes; /* of the route from a, in the last run */

static void play(const char *text, struct link_impairment fault, int from, sim_time at_ms,
                 sim_time until_ms)
{
    struct world *world;

    plan.fault = fault;
    plan.from = from;
    plan.times[0][0] = at_ms * SIM_MS;
    plan.times[0][1] = until_ms * SIM_MS;
    rig.begin = begin;
    world = rig_world(text, 0);
    changes = statistic_of(world, (struct wanted){"route_changes", NULL, 0, NULL, NULL});
    rig_end(world);
}

/* Packets `first` to `last` of a direction arrive after this delay; 0: never. */
static void assert_delay(uint32_t first, uint32_t last, sim_dur delay)
{
    for (uint32_t i = first; i <= last; i++) {
        sim_time sent = (sim_time)(i % SECONDS) * SIM_S;

        if (rig.arrived[i] != (delay > 0 ? sent + delay : SIM_NEVER))
            fail_msg("packet %u: %g s", i, (double)rig.arrived[i] / 1e9);
    }
}

/* A tunnel of 8 Mbit/s adds 1 ms and 100 bytes: 900 bytes take 1 ms; 10 ms is half of the RTT. */
#define TUNNEL                                                                                     \
    "vpn: {delay: 1ms, jitter: 0ms, loss: 0%, bandwidth: 8Mbit/s, overhead: 100, detection: 30s, " \
    "restore: 10s}"
#define VPN LINKS("loss: 0%, kind: vpn, " TUNNEL)
#define LINE(more)                                                                                 \
    LINKS("loss: 0%, kind: direct-connect, " TUNNEL ", direct_connect: {bandwidth: 0, " more "}")
#define BY_TUNNEL (12 * SIM_MS)
#define BY_LINE (10 * SIM_MS)

static const struct link_impairment cut_all = {.blackhole = true},
                                    cut_first = {.blackhole = true, .route = 1};

static void a_tunnel_adds_delay_and_bytes(void **state)
{
    (void)state;
    play(VPN, cut_first, 0, 0, 0);
    assert_delay(0, 2 * SECONDS - 1, BY_TUNNEL);
    assert_close(changes, 0, 0);
}

/* Dead from 10.5 s, withdrawn at 40.5 s; repaired at 60.5 s, used again at 70.5 s. */
static void second_tunnel_carries_after_dead_peer_detection(void **state)
{
    (void)state;
    play(VPN, cut_first, -1, 10500, 60500);
    assert_delay(0, 10, BY_TUNNEL);
    assert_delay(11, 40, 0);
    assert_delay(41, 99, BY_TUNNEL);
    assert_close(changes, 2, 0);
}

/* BFD: dead from 10.5 s, withdrawn at 11.4 s; repaired at 20.5 s, used again at 50.5 s. */
static void line_returns_after_its_restoration(void **state)
{
    (void)state;
    play(LINE("detection: 900ms, restore: 30s, backup: vpn"), cut_first, -1, 10500, 20500);
    assert_delay(0, 10, BY_LINE);
    assert_delay(11, 11, 0);
    assert_delay(12, 50, BY_TUNNEL);
    assert_delay(51, 99, BY_LINE);
    assert_close(changes, 2, 0);
}

/* Withdrawn at 15.5 s, repaired at 20.5 s, restored at 50.5 s. The fault from 60.5 to 63.5 s is
 * shorter than the detection of 5 s. */
static void without_a_backup_the_restoration_is_waited_for(void **state)
{
    (void)state;
    plan.times[1][0] = 60500 * SIM_MS;
    plan.times[1][1] = 63500 * SIM_MS;
    play(LINE("detection: 5s, restore: 30s"), cut_all, -1, 10500, 20500);
    assert_delay(11, 50, 0);
    assert_delay(51, 60, BY_LINE);
    assert_delay(61, 63, 0);
    assert_delay(64, 99, BY_LINE);
    assert_close(changes, 0, 0);
    plan.times[1][1] = 0;
}

/* From b nothing arrives from 10.5 to 20.5 s; from a everything does, over the line until both ends
 * withdraw it at 15.5 s. */
static void both_directions_are_withdrawn_together(void **state)
{
    (void)state;
    play(LINE("detection: 5s, restore: 30s, backup: vpn"), cut_first, 1, 10500, 20500);
    assert_delay(0, 15, BY_LINE);
    assert_delay(16, 50, BY_TUNNEL);
    assert_delay(51, 99, BY_LINE);
    assert_delay(SECONDS + 11, SECONDS + 15, 0);
    assert_delay(SECONDS + 16, SECONDS + 50, BY_TUNNEL);
}

/* --- the meter ------------------------------------------------------------------------------- */

static void begin_metered(void)
{
    struct link_port *back = rig.links[1][0];

    begin();
    back->mark(back->self, plan.flows[1], TRAFFIC_REPLICATION, 1);
}

/* 100 packets of 900 bytes each way; those from b are of the replication. */
static void bytes_on_a_link_are_those_of_its_messages(void **state)
{
    struct link_bill there, back;
    struct world *world;

    (void)state;
    memset(plan.times, 0, sizeof plan.times);
    rig.begin = begin_metered;
    world = rig_world(VPN, 0);
    there = rig.bills[0][1]->read(rig.bills[0][1]->self);
    back = rig.bills[1][0]->read(rig.bills[1][0]->self);
    rig_end(world);
    assert_int_equal(there.tariff, TARIFF_VPN);
    assert_int_equal(there.bytes, 90000);
    assert_int_equal(there.replication_bytes, 0);
    assert_int_equal(back.bytes, 90000);
    assert_int_equal(back.replication_bytes, 90000);
}

/* --- losses ---------------------------------------------------------------------------------- */

static void send_many(uint32_t number)
{
    struct message message = {.kind = rig.arrive_kind,
                              .entity = RIG_MESSAGES_MAX,
                              .bytes = 100,
                              .identity = number,
                              .packet = true};

    rig.links[0][1]->send(rig.links[0][1]->self, plan.flows[0], &message);
    if (number + 1 < 20000)
        rig_at(sim_now(rig.sim) + SIM_MS, send_many, number + 1);
}

static void begin_many(void)
{
    plan.flows[0] = rig.links[0][1]->open(rig.links[0][1]->self);
    rig_at(0, send_many, 0);
}

/* 10 % of the link and 20 % of the tunnel: 1 - 0.9 x 0.8 = 28 %. */
static void losses_of_the_internet_are_added(void **state)
{
    struct tally tally;

    (void)state;
    rig.begin = begin_many;
    tally = rig_tally(LINKS("loss: 10%, kind: vpn, vpn: {loss: 20%}"), 20,
                      (struct wanted){"link_loss_rate", NULL, 0, NULL, NULL});
    assert_covers(&tally, 0.28, 0.03);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tunnel_adds_delay_and_bytes),
        cmocka_unit_test(second_tunnel_carries_after_dead_peer_detection),
        cmocka_unit_test(line_returns_after_its_restoration),
        cmocka_unit_test(without_a_backup_the_restoration_is_waited_for),
        cmocka_unit_test(both_directions_are_withdrawn_together),
        cmocka_unit_test(bytes_on_a_link_are_those_of_its_messages),
        cmocka_unit_test(losses_of_the_internet_are_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
