// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Faults of a link that hit a part of what it carries: a share of its connections, a class of
 * traffic; and those that change when a message arrives: delays from a distribution, bandwidth.
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

#include <string.h>

#define ARRIVES_AT(when) ((when) + 10 * SIM_MS) /* half of the 20 ms of LINKS() */

static uint32_t flows[RIG_MESSAGES_MAX];

static void begin_fault(const struct link_impairment *impairment, int from)
{
    rig.faults[from][1 - from]->begin(rig.faults[from][1 - from]->self, impairment);
}

static void end_fault(const struct link_impairment *impairment, int from)
{
    rig.faults[from][1 - from]->end(rig.faults[from][1 - from]->self, impairment);
}

static uint32_t open_flow(int from, enum traffic traffic, uint64_t connection)
{
    struct link_port *link = rig.links[from][1 - from];
    uint32_t flow = link->open(link->self);

    link->mark(link->self, flow, traffic, connection);
    return flow;
}

static void say(uint32_t number)
{
    rig_send(rig.links[0][1], flows[number], number, 100, false);
}

/* --- a share of connections ------------------------------------------------------------------ */

#define CONNECTIONS 10000
static struct {
    bool there[CONNECTIONS], back[CONNECTIONS];
    uint32_t hit;
} shares;
static const struct link_impairment cut_some = {.blackhole = true, .spared_share = 0.7, .key = 7};

static void packet_arrives(uint32_t number)
{
    if (number < CONNECTIONS)
        shares.there[number] = true;
    else
        shares.back[number - CONNECTIONS] = true;
}

static void send_packet(int from, uint32_t flow, uint32_t number)
{
    struct message message = {
        .kind = rig.arrive_kind, .entity = number, .bytes = 60, .identity = number, .packet = true};

    rig.links[from][1 - from]->send(rig.links[from][1 - from]->self, flow, &message);
}

/* One connection more from b before the others, so that flows of both directions differ in their
 * numbers. */
static void cut_share(void)
{
    memset(&shares, 0, sizeof shares);
    (void)open_flow(1, TRAFFIC_APPLICATION, UINT64_MAX);
    begin_fault(&cut_some, 0);
    begin_fault(&cut_some, 1);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        send_packet(0, open_flow(0, TRAFFIC_APPLICATION, i), i);
        send_packet(1, open_flow(1, TRAFFIC_APPLICATION, i), CONNECTIONS + i);
    }
}

/*
 * 30 % of the connections meet the blackhole, each in both directions or in none. The number of 10
 * 000 is binomial: a standard deviation of 46, and 200 are 4.4 of them.
 */
static void share_of_connections_is_hit_in_both_directions(void **state)
{
    (void)state;
    rig.begin = cut_share;
    rig.on_arrival = packet_arrives;
    rig_play(LINKS("loss: 0%"), 0);
    rig.on_arrival = NULL;
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(shares.there[i], shares.back[i]);
        shares.hit += !shares.there[i];
    }
    assert_in_range(shares.hit, 2800, 3200);
}

/* --- classes of traffic ---------------------------------------------------------------------- */

static struct link_impairment of_class;

static void class_ends(uint32_t unused)
{
    (void)unused;
    end_fault(&of_class, 0);
}

/* Flow 0 is an application's, flow 1 a replication's; both speak at 0, and at 600 ms again. */
static void class_begins(void)
{
    flows[0] = flows[2] = open_flow(0, TRAFFIC_APPLICATION, 0);
    flows[1] = flows[3] = open_flow(0, TRAFFIC_REPLICATION, 1);
    begin_fault(&of_class, 0);
    say(0);
    say(1);
    rig_at(600 * SIM_MS, class_ends, 0);
    rig_at(600 * SIM_MS + 1, say, 2);
    rig_at(600 * SIM_MS + 1, say, 3);
}

/*
 * R = 220 ms: what is lost at 0 is sent again at 220, 440 and, after the end at 600 ms, at 880 ms;
 * what its application sends meanwhile waits for the window of one segment, until its
 * acknowledgement is back at 900 ms. The other class sees nothing.
 */
static void class_of_traffic_is_hit_alone(void **state)
{
    (void)state;
    rig.begin = class_begins;
    for (int hit = 0; hit < 2; hit++) {
        of_class = (struct link_impairment){
            .blackhole = true, .traffic = hit == 0 ? TRAFFIC_APPLICATION : TRAFFIC_REPLICATION};
        rig_play(LINKS("loss: 0%"), 0);
        assert_int_equal(rig.arrived[hit], ARRIVES_AT(880 * SIM_MS));
        assert_int_equal(rig.arrived[1 - hit], ARRIVES_AT(0));
        assert_int_equal(rig.arrived[2 + hit], ARRIVES_AT(900 * SIM_MS));
        assert_int_equal(rig.arrived[3 - hit], ARRIVES_AT(600 * SIM_MS + 1));
    }
}

/* What a hold of one class keeps goes on at its end, also while the other class is held still. */
static const struct link_impairment hold_application = {.hold = true,
                                                        .traffic = TRAFFIC_APPLICATION},
                                    hold_replication = {.hold = true,
                                                        .traffic = TRAFFIC_REPLICATION};

static void hold_ends(uint32_t replication)
{
    end_fault(replication ? &hold_replication : &hold_application, 0);
}

static void holds_begin(void)
{
    flows[0] = open_flow(0, TRAFFIC_APPLICATION, 0);
    flows[1] = open_flow(0, TRAFFIC_REPLICATION, 1);
    begin_fault(&hold_application, 0);
    begin_fault(&hold_replication, 0);
    say(0);
    say(1);
    rig_at(SIM_S, hold_ends, 0);
    rig_at(2 * SIM_S, hold_ends, 1);
}

static void holds_of_two_classes_end_apart(void **state)
{
    (void)state;
    rig.begin = holds_begin;
    rig_play(LINKS("loss: 0%"), 0);
    assert_int_equal(rig.arrived[0], ARRIVES_AT(SIM_S));
    assert_int_equal(rig.arrived[1], ARRIVES_AT(2 * SIM_S));
}

/* A reset breaks the connections that it hits, at once. */
static const struct link_impairment reset_some = {.reset = true, .spared_share = 0.7, .key = 7};

static void reset_begins(void)
{
    for (uint32_t i = 0; i < 200; i++) {
        struct link_port *link = rig.links[0][1];

        flows[i] = open_flow(0, TRAFFIC_APPLICATION, i);
        link->watch(link->self, flows[i], 0, rig.broken_kind, i, 0);
    }
    begin_fault(&reset_some, 0);
}

static void reset_breaks_its_share(void **state)
{
    uint32_t broken = 0;

    (void)state;
    rig.begin = reset_begins;
    rig_play(LINKS("loss: 0%"), 0);
    for (uint32_t i = 0; i < 200; i++) {
        /* the same key chooses the same connections as above */
        assert_int_equal(rig.broken[i], shares.there[i] ? SIM_NEVER : 0);
        broken += !shares.there[i];
    }
    assert_in_range(broken, 30, 90);
}

/* --- delays from a distribution -------------------------------------------------------------- */

#define DRAWS 20000
static struct {
    struct dist *jitter;
    struct link_impairment impairment;
    struct tally delays;
    sim_time sent;
    sim_time after; /* delay of the first message after the end */
} delayed;

static void delay_next(uint32_t number)
{
    if (number == DRAWS)
        end_fault(&delayed.impairment, 0);
    delayed.sent = sim_now(rig.sim);
    rig_send(rig.links[0][1], flows[0], number, 100, false);
}

static void delay_arrives(uint32_t number)
{
    sim_dur delay = sim_now(rig.sim) - delayed.sent - 10 * SIM_MS;

    if (number == DRAWS) {
        delayed.after = delay;
        return;
    }
    tally_add(&delayed.delays, (double)delay);
    rig_at(sim_now(rig.sim), delay_next, number + 1);
}

static void delays_begin(void)
{
    delayed.delays = (struct tally){0};
    flows[0] = open_flow(0, TRAFFIC_APPLICATION, 0);
    begin_fault(&delayed.impairment, 0);
    delay_next(0);
}

/*
 * 100 ms, plus an exponential time of mean 20 ms: mean and standard deviation of 20 000
 * draws within 3 %; RTO estimates know the mean. The link's own delay is back at the end.
 */
static void delay_may_be_a_distribution(void **state)
{
    (void)state;
    delayed.jitter = dist_exponential(20e6);
    delayed.impairment =
        (struct link_impairment){.delay = 100 * SIM_MS, .jitter = delayed.jitter, .key = 3};
    rig.begin = delays_begin;
    rig.on_arrival = delay_arrives;
    rig_play(LINKS("loss: 0%"), 0);
    rig.on_arrival = NULL;
    assert_close(delayed.delays.mean, 120e6, 0.005);
    assert_close(tally_sd(&delayed.delays), 20e6, 0.03);
    assert_int_equal(delayed.after, 0);
    dist_free(delayed.jitter);
}

/* --- bandwidth ------------------------------------------------------------------------------- */

static struct link_impairment narrow[2];

static void narrow_ends(uint32_t which)
{
    end_fault(&narrow[which], 0);
}

/* Three messages of 100 bytes at once, one on a flow of the other class; one more at the end. */
static void narrow_begins(void)
{
    for (uint32_t i = 0; i < 4; i++)
        flows[i] = open_flow(0, i == 2 ? TRAFFIC_REPLICATION : TRAFFIC_APPLICATION, i);
    for (int i = 0; i < 2; i++)
        if (narrow[i].bandwidth_bit_per_s > 0) {
            begin_fault(&narrow[i], 0);
            rig_at(SIM_S, narrow_ends, (uint32_t)i);
        }
    for (uint32_t i = 0; i < 3; i++)
        say(i);
    rig_at(SIM_S, say, 3);
}

/* At 8 kbit/s 100 bytes take 100 ms, one behind the other; at the end nothing waits. */
static void bandwidth_of_a_fault_is_a_bottleneck(void **state)
{
    (void)state;
    rig.begin = narrow_begins;
    narrow[0] = (struct link_impairment){.bandwidth_bit_per_s = 8000};
    narrow[1] = (struct link_impairment){0};
    rig_play(LINKS("loss: 0%"), 0);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(rig.arrived[i], ARRIVES_AT((i + 1) * 100 * SIM_MS));
    assert_int_equal(rig.arrived[3], ARRIVES_AT(SIM_S));
}

/*
 * The application's flows pass a bottleneck of their own, and before or behind it one that all
 * share: they take 100 ms for each of the two, the other 50 ms of the shared one (16 kbit/s), in
 * which it stands behind them.
 */
static void bottlenecks_stand_in_a_row(void **state)
{
    (void)state;
    rig.begin = narrow_begins;
    narrow[0] =
        (struct link_impairment){.bandwidth_bit_per_s = 8000, .traffic = TRAFFIC_APPLICATION};
    narrow[1] = (struct link_impairment){.bandwidth_bit_per_s = 16000};
    rig_play(LINKS("loss: 0%"), 0);
    assert_int_equal(rig.arrived[0], ARRIVES_AT((100 + 50) * SIM_MS));
    assert_int_equal(rig.arrived[1], ARRIVES_AT((200 + 100) * SIM_MS));
    assert_int_equal(rig.arrived[2], ARRIVES_AT(150 * SIM_MS));
    assert_int_equal(rig.arrived[3], ARRIVES_AT(SIM_S));
}

/* A bulk transfer through 8 Mbit/s takes its bytes' time: 20 MB in 20 s, within 5 %. */
static void bulk_begins(void)
{
    flows[0] = open_flow(0, TRAFFIC_APPLICATION, 0);
    begin_fault(&narrow[0], 0);
    rig_send(rig.links[0][1], flows[0], 0, 20000000, false);
}

static void bulk_fills_the_bottleneck(void **state)
{
    (void)state;
    rig.begin = bulk_begins;
    narrow[0] = (struct link_impairment){.bandwidth_bit_per_s = 8e6};
    rig_play(LINKS("loss: 0%"), 0);
    assert_close((double)rig.arrived[0], 20e9, 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_of_connections_is_hit_in_both_directions),
        cmocka_unit_test(class_of_traffic_is_hit_alone),
        cmocka_unit_test(holds_of_two_classes_end_apart),
        cmocka_unit_test(reset_breaks_its_share),
        cmocka_unit_test(delay_may_be_a_distribution),
        cmocka_unit_test(bandwidth_of_a_fault_is_a_bottleneck),
        cmocka_unit_test(bottlenecks_stand_in_a_row),
        cmocka_unit_test(bulk_fills_the_bottleneck),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
