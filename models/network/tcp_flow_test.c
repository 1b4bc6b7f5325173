// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a link does to the messages of a flow in addition to losing them: one jitter for neighbours,
 * where what is lost takes bandwidth, holding, idle timeouts, single packets.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "assert_close.h"
#include "link_rig.h"

#include <math.h>

static uint32_t flows[RIG_MESSAGES_MAX];

static uint32_t open_flow(void)
{
    return rig.links[0][1]->open(rig.links[0][1]->self);
}

static void say(uint32_t number)
{
    rig_send(rig.links[0][1], flows[number], number, 100, false);
}

/* --- jitter ---------------------------------------------------------------------------------- */

#define PAIRS 20000
#define SLOT (5 * SIM_MS)
static struct {
    bool one_flow;
    uint32_t flows[2];
    sim_time last[2]; /* arrival of the first of a pair, and of the second */
    struct tally gaps, delays, products;
    uint32_t equal;
} pairs;

static sim_time sent_at(uint32_t number)
{
    return SIM_S + (sim_time)(number / 2) * 100 * SLOT + (number % 2) * SIM_MS;
}

static void send_pair(uint32_t number)
{
    rig_send(rig.links[0][1], pairs.flows[pairs.one_flow ? 0 : number % 2], number, 100, false);
    if (number + 1 < 2 * PAIRS)
        rig_at(sent_at(number + 1), send_pair, number + 1);
}

/* Pairs are half a second apart: the second always arrives before the next first one. */
static void pair_arrives(uint32_t number)
{
    pairs.last[number % 2] = sim_now(rig.sim) - sent_at(number) - 10 * SIM_MS;
    if (number % 2 == 0)
        tally_add(&pairs.delays, (double)pairs.last[0]);
    if (number % 2 == 1 || !pairs.one_flow)
        pairs.equal += pairs.last[0] == pairs.last[1];
}

static void pairs_begin(void)
{
    pairs.flows[0] = open_flow();
    pairs.flows[1] = open_flow();
    pairs.delays = (struct tally){0};
    pairs.equal = 0;
    rig_at(sent_at(0), send_pair, 0);
}

#define JITTER(slot)                                                                               \
    "regions: {a: {}, b: {}}\nduration: 3h\nwarmup: 0s\n"                                          \
    "network: {default: {rtt: 20ms, jitter: exponential(10ms), jitter_slot: " slot                 \
    ", spike_share: 0%, loss: 0%}, inside: {loss: 0%}}\n"

/*
 * Two messages 1 ms apart, within a slot of 5 ms of one flow, meet the same jitter to the
 * nanosecond; those of two flows do not, nor those of one flow without slots, which catch up with
 * each other instead: the second then arrives with the first, more than 1 ms less late, where its
 * own jitter is 1 ms or more below. In both the jitter's mean is 10 ms: 20 000 draws leave 0.7 %.
 */
static void neighbours_in_a_slot_meet_the_same_jitter(void **state)
{
    (void)state;
    rig.begin = pairs_begin;
    rig.on_arrival = pair_arrives;
    pairs.one_flow = true;
    rig_play(JITTER("5ms"), 0);
    assert_int_equal(pairs.equal, PAIRS);
    assert_close(pairs.delays.mean, 10e6, 0.02);
    rig_play(JITTER("0s"), 0);
    assert_int_equal(pairs.equal, 0);
    assert_close(pairs.delays.mean, 10e6, 0.02);
    pairs.one_flow = false;
    rig_play(JITTER("5ms"), 0);
    assert_int_equal(pairs.equal, 0);
    assert_close(pairs.delays.mean, 10e6, 0.02);
    rig.on_arrival = NULL;
}

/* --- where packets are lost ------------------------------------------------------------------ */

static const struct link_impairment all_lost = {.loss = 1}, held = {.hold = true};

static void begin_fault(uint32_t hold)
{
    rig.faults[0][1]->begin(rig.faults[0][1]->self, hold ? &held : &all_lost);
}

static void end_fault(uint32_t hold)
{
    rig.faults[0][1]->end(rig.faults[0][1]->self, hold ? &held : &all_lost);
}

static void lose_before_another(void)
{
    for (uint32_t i = 0; i < 2; i++)
        flows[i] = open_flow();
    begin_fault(0);
    say(0);
    end_fault(0);
    say(1);
}

/* 8 kbit/s: 100 bytes take 100 ms. Behind the bottleneck the lost one takes its 100 ms first. */
static void what_is_lost_behind_the_bottleneck_takes_bandwidth(void **state)
{
    (void)state;
    rig.begin = lose_before_another;
    rig_play(LINKS("loss: 0%, bandwidth: 8kbit/s"), 0);
    assert_int_equal(rig.arrived[1], 210 * SIM_MS);
    rig_play(LINKS("loss: 0%, bandwidth: 8kbit/s, loss_place: ahead"), 0);
    assert_int_equal(rig.arrived[1], 110 * SIM_MS);
}

/* --- hold ------------------------------------------------------------------------------------ */

static void close_flow(uint32_t number)
{
    rig.links[0][1]->close(rig.links[0][1]->self, flows[number]);
}

static void hold_begins(void)
{
    for (uint32_t i = 0; i < 4; i++)
        flows[i] = i == 2 ? flows[1] : open_flow();
    rig_at(SIM_S - 5 * SIM_MS, say, 0);
    rig_at(SIM_S, begin_fault, 1);
    rig_at(SIM_S + 100 * SIM_MS, say, 1);
    rig_at(SIM_S + 900 * SIM_MS, say, 2);
    rig_at(SIM_S + 900 * SIM_MS, say, 3);
    rig_at(SIM_S + 950 * SIM_MS, close_flow, 3);
    rig_at(4 * SIM_S, end_fault, 1);
}

/*
 * What is on its way when the hold begins arrives. What is sent meanwhile enters the path at its
 * end, in its order, also where its flow was closed, and nothing is sent a second time.
 */
static void hold_keeps_what_is_sent_and_lets_it_go(void **state)
{
    struct world *world;

    (void)state;
    rig.begin = hold_begins;
    world = rig_world(LINKS("loss: 0%"), 0);
    assert_int_equal(rig.arrived[0], SIM_S + 5 * SIM_MS);
    for (int i = 1; i < 4; i++)
        assert_int_equal(rig.arrived[i], 4 * SIM_S + 10 * SIM_MS);
    assert_int_equal(
        (int)statistic_of(world, (struct wanted){"link_transmissions", NULL, 0, NULL, NULL}), 4);
    rig_end(world);
}

/* --- idle timeouts --------------------------------------------------------------------------- */

static void send_packet(uint32_t number)
{
    struct message probe = {.kind = rig.arrive_kind,
                            .entity = 100 + number,
                            .bytes = 60,
                            .identity = 100 + number,
                            .packet = true};

    rig.links[0][1]->send(rig.links[0][1]->self, flows[number], &probe);
}

static void shake_hands(uint32_t number)
{
    rig_send(rig.links[0][1], flows[number], number, 60, true);
}

/* 0: idle for 3 s. 1: the same, with a probe in between. 2: used each second. 5: 0's connection
 * opened again. */
static void idle_begins(void)
{
    struct link_port *link = rig.links[0][1];

    for (uint32_t i = 0; i < 6; i++)
        flows[i] = open_flow();
    link->watch(link->self, flows[0], 0, rig.broken_kind, 0, 0);
    flows[3] = flows[4] = flows[2];
    rig_at(3 * SIM_S, say, 0);
    rig_at(1500 * SIM_MS, send_packet, 1);
    rig_at(3 * SIM_S, say, 1);
    for (uint32_t i = 2; i < 5; i++)
        rig_at((i - 1) * SIM_S, say, i);
    rig_at(10 * SIM_S, shake_hands, 5);
}

/*
 * A box forgets connections idle for 2 s. Dropped in silence, the message is never delivered and
 * the kernel abandons it by its own rule, at 945.28 s; a reset comes back after a round trip.
 * Probes are traffic; a handshake makes a connection known again.
 */
static void box_forgets_idle_connections(void **state)
{
    (void)state;
    rig.begin = idle_begins;
    rig_play(LINKS("loss: 0%, idle_timeout: {after: 2s}"), 0);
    assert_true(rig.arrived[0] == SIM_NEVER);
    assert_int_equal(rig.broken[0], 3 * SIM_S + 945280 * SIM_MS);
    assert_int_equal(rig.arrived[101], 1510 * SIM_MS);
    assert_int_equal(rig.arrived[1], 3 * SIM_S + 10 * SIM_MS);
    for (uint32_t i = 2; i < 5; i++)
        assert_int_equal(rig.arrived[i], (i - 1) * SIM_S + 10 * SIM_MS);
    assert_int_equal(rig.arrived[5], 10 * SIM_S + 10 * SIM_MS);
    rig_play(LINKS("loss: 0%, idle_timeout: {after: 2s, then: reset}"), 0);
    assert_int_equal(rig.lost[0], 3 * SIM_S + 20 * SIM_MS);
    assert_int_equal(rig.broken[0], 3 * SIM_S + 20 * SIM_MS);
    assert_int_equal(rig.arrived[1], 3 * SIM_S + 10 * SIM_MS);
}

/* --- single packets -------------------------------------------------------------------------- */

static void packets_begin(void)
{
    flows[0] = flows[1] = open_flow();
    begin_fault(0);
    say(0);
    send_packet(0);
    end_fault(0);
    rig_at(50 * SIM_MS, send_packet, 1);
}

/* A message is lost and sent again at 220 ms; a packet sent meanwhile does not wait for it, and one
 * that was lost is not sent again. */
static void packet_is_neither_ordered_nor_sent_again(void **state)
{
    (void)state;
    rig.begin = packets_begin;
    rig_play(LINKS("loss: 0%"), 0);
    assert_int_equal(rig.arrived[0], 230 * SIM_MS);
    assert_int_equal(rig.arrived[101], 60 * SIM_MS);
    assert_true(rig.arrived[100] == SIM_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_in_a_slot_meet_the_same_jitter),
        cmocka_unit_test(what_is_lost_behind_the_bottleneck_takes_bandwidth),
        cmocka_unit_test(hold_keeps_what_is_sent_and_lets_it_go),
        cmocka_unit_test(box_forgets_idle_connections),
        cmocka_unit_test(packet_is_neither_ordered_nor_sent_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
