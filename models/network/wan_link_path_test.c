// SPDX-License-Identifier: GPL-3.0-or-later
/* What joins two regions: queues before a bandwidth, path classes, peerings and transit gateways.
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
#include "md1k.h"
#include "rng_stream.h"

/* --- a queue before the bandwidth ----------------------------------------------------------------
 */

/* Poisson arrivals of 1000 bytes over 8 Mbit/s: D = 1 ms each. A flow of its own for each, aborted
 * at once, so that what the full buffer drops does not come again. */
static struct {
    double mean_gap_ns;
    uint32_t count;
    struct rng_stream stream;
    sim_time sent[4096]; /* by number modulo; no queue is that long */
} poisson;

static void poisson_send(uint32_t number)
{
    struct link_port *link = rig.links[0][1];
    uint32_t flow = link->open(link->self);
    double u = rng_unit(rng_block_at(&poisson.stream, number, 0).word[0]);

    poisson.sent[number % 4096] = sim_now(rig.sim);
    rig_send(link, flow, number, 1000, false);
    link->abort(link->self, flow);
    if (number + 1 < poisson.count)
        rig_at(sim_now(rig.sim) + (sim_dur)(-poisson.mean_gap_ns * log(u)), poisson_send,
               number + 1);
}

static void poisson_arrival(uint32_t number)
{
    probe_latency(sim_probes(rig.sim), rig.latency, sim_now(rig.sim) - poisson.sent[number % 4096]);
}

static void poisson_begin(void)
{
    poisson.stream = sim_stream(rig.sim, "test", "arrivals");
    rig_at(0, poisson_send, 0);
}

static struct tally poisson_tally(const char *text, double load, struct wanted wanted)
{
    struct tally tally;

    poisson.mean_gap_ns = 1e6 / load;
    poisson.count = 200000;
    rig.begin = poisson_begin;
    rig.on_arrival = poisson_arrival;
    tally = rig_tally(text, 20, wanted);
    rig.on_arrival = NULL;
    return tally;
}

/* M/D/1: the mean wait is rho D / (2 (1 - rho)); at rho = 0.8 2 ms, so 1 ms of service and 10 ms of
 * way make 13 ms. */
static void wait_for_the_bandwidth_is_that_of_m_d_1(void **state)
{
    struct tally tally = poisson_tally(LINKS("loss: 0%, bandwidth: 8Mbit/s"), 0.8,
                                       (struct wanted){"round_trip", "mean", 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 13e6, 0.05);
}

/* Five messages fit: at rho = 0.9 6.4 % are lost. K = 1 is Erlang's rho / (1 + rho). */
static void full_buffer_loses_as_m_d_1_k(void **state)
{
    struct tally tally = poisson_tally(LINKS("loss: 0%, bandwidth: 8Mbit/s, buffer: 5000 B"), 0.9,
                                       (struct wanted){"link_loss_rate", NULL, 0, NULL, NULL});

    (void)state;
    assert_close(m_d_1_k_loss(0.9, 1), 0.9 / 1.9, 1e-9);
    assert_covers(&tally, m_d_1_k_loss(0.9, 5), 0.05);
}

/* --- path classes ---------------------------------------------------------------------------- */

/* A hundred flows, each sending once a second for 1000 s. */
#define FLOWS 100
static struct {
    uint32_t flows[FLOWS];
    sim_dur last[FLOWS]; /* delay of the flow's last message */
    uint64_t classes[3], changes;
} flows;

static void flow_send(uint32_t number)
{
    rig_send(rig.links[0][1], flows.flows[number % FLOWS], number, 100, false);
    if (number + FLOWS < FLOWS * 1000u)
        rig_at(sim_now(rig.sim) + SIM_S, flow_send, number + FLOWS);
}

static void flow_arrival(uint32_t number)
{
    static const sim_dur delays[] = {10 * SIM_MS, 10800 * SIM_US, 13 * SIM_MS};
    sim_dur delay = sim_now(rig.sim) - (sim_time)(number / FLOWS) * SIM_S;
    uint32_t flow = number % FLOWS;
    int class = 0;

    while (class < 2 && delay != delays[class])
        class ++;
    assert_int_equal(delay, delays[class]);
    flows.classes[class]++;
    flows.changes += number >= FLOWS && delay != flows.last[flow];
    flows.last[flow] = delay;
}

static void flows_begin(void)
{
    flows.changes = flows.classes[0] = flows.classes[1] = flows.classes[2] = 0;
    for (uint32_t i = 0; i < FLOWS; i++) {
        flows.flows[i] = rig.links[0][1]->open(rig.links[0][1]->self);
        rig_at(0, flow_send, i);
    }
}

/*
 * One way 10 ms, 10.8 ms or 13 ms, in 80 %, 15 % and 5 % of the time of each flow. Of two messages
 * 1 s apart, a new path has been drawn between with probability 1 - e^(-1/10), and is another with
 * probability 1 - 0.8^2 - 0.15^2 - 0.05^2 = 0.335: 3.2 % change.
 */
static void flows_are_drawn_among_the_path_classes(void **state)
{
    struct tally first = {0}, third = {0}, changes = {0};

    (void)state;
    rig.begin = flows_begin;
    rig.on_arrival = flow_arrival;
    for (uint32_t i = 0; i < 60; i++) {
        rig_play(LINKS("loss: 0%, paths: {classes: {every: 10s}}"), i);
        tally_add(&first, (double)flows.classes[0] / (FLOWS * 1000.0));
        tally_add(&third, (double)flows.classes[2] / (FLOWS * 1000.0));
        tally_add(&changes, (double)flows.changes / (FLOWS * 999.0));
    }
    rig.on_arrival = NULL;
    assert_covers(&first, 0.8, 0.05);
    assert_covers(&third, 0.05, 0.05);
    assert_covers(&changes, 0.335 * (1 - exp(-1.0 / 10)), 0.05);
}

static void one_message(void)
{
    rig_send(rig.links[0][1], rig.links[0][1]->open(rig.links[0][1]->self), 0, 100, false);
}

static void paths_all_alike_change_no_digest(void **state)
{
    uint64_t digest;

    (void)state;
    rig.begin = one_message;
    rig_play(LINKS("loss: 0%"), 0);
    digest = rig.digest;
    rig_play(LINKS("loss: 0%, paths: {classes: {longer: 1, longest: 1}}"), 0);
    assert_true(rig.digest == digest);
}

/* --- peering and transit gateways ------------------------------------------------------------ */

/* Three regions of known distance: us-east-1 - us-west-2 62.1 ms, us-east-1 - eu-west-1 67.6 ms,
 * us-west-2 - eu-west-1 116.3 ms. */
#define THREE(links)                                                                               \
    "regions: {us-east-1: {}, us-west-2: {}, eu-west-1: {}}\nduration: 20min\nwarmup: 0s\n"        \
    "gateway: {bandwidth: 0}\n"                                                                    \
    "network: {default: {jitter: 0ms, spike_share: 0%, loss: 0%}, inside: {loss: 0%}, " links      \
    "}\n"

static void send_over(uint32_t pair)
{
    struct link_port *link = rig.links[pair / 10][pair % 10];

    rig_send(link, link->open(link->self), pair, 1000, false);
}

static void send_all_pairs(void)
{
    for (uint32_t a = 0; a < 3; a++)
        for (uint32_t b = 0; b < 3; b++)
            if (a != b)
                send_over(10 * a + b);
}

/* A peering is a straight way; without one nothing arrives, though both ends peer with a third. */
static void peering_is_not_transitive(void **state)
{
    (void)state;
    rig.begin = send_all_pairs;
    rig_play(THREE("us-west-2 <-> eu-west-1: {kind: none}"), 0);
    assert_int_equal(rig.arrived[1], 31050 * SIM_US);
    assert_int_equal(rig.arrived[2], 33800 * SIM_US);
    assert_true(rig.arrived[12] == SIM_NEVER && rig.arrived[21] == SIM_NEVER);
}

/*
 * Between gateways: 116.3 / 2 ms and two hops of 0.3 ms, 58.75 ms. Over the hub in us-east-1: (62.1
 * + 67.6) / 2 ms and three hops, 65.75 ms. To the hub itself it is two hops either way.
 */
static void transit_gateways_are_hops_and_are_transitive(void **state)
{
    (void)state;
    rig.begin = send_all_pairs;
    rig_play(THREE("us-west-2 <-> eu-west-1: {kind: transit-gateway}"), 0);
    assert_int_equal(rig.arrived[12], 58750 * SIM_US);
    rig_play(THREE("us-west-2 <-> eu-west-1: {kind: transit-gateway, via: us-east-1},"
                   "us-east-1 <-> eu-west-1: {kind: transit-gateway, via: us-east-1}"),
             0);
    /* to the nanosecond that is cut off the sum of two decimal fractions */
    assert_in_range(rig.arrived[12], 65750 * SIM_US - 1, 65750 * SIM_US);
    assert_in_range(rig.arrived[21], 65750 * SIM_US - 1, 65750 * SIM_US);
    assert_int_equal(rig.arrived[2], 34400 * SIM_US);
    assert_int_equal(rig.arrived[1], 31050 * SIM_US); /* a peering still */
}

/*
 * An attachment of 8 Mbit/s takes 1 ms for 1000 bytes, and is shared by all that the region sends:
 * the message to the second region waits for that to the first. What comes the other way does not.
 */
static void attachment_is_shared_by_all_that_a_region_sends(void **state)
{
    (void)state;
    rig.begin = send_all_pairs;
    rig_play("regions: {a: {}, b: {}, c: {}}\nduration: 1min\nwarmup: 0s\n"
             "gateway: {delay: 1ms, bandwidth: 8Mbit/s}\n"
             "network: {default: {kind: transit-gateway, rtt: 20ms, jitter: 0ms, spike_share: 0%,"
             " loss: 0%}}\n",
             0);
    assert_int_equal(rig.arrived[1], 13 * SIM_MS);
    assert_int_equal(rig.arrived[2], 14 * SIM_MS);
    assert_int_equal(rig.arrived[10], 13 * SIM_MS);
    assert_int_equal(rig.arrived[12], 14 * SIM_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_for_the_bandwidth_is_that_of_m_d_1),
        cmocka_unit_test(full_buffer_loses_as_m_d_1_k),
        cmocka_unit_test(flows_are_drawn_among_the_path_classes),
        cmocka_unit_test(paths_all_alike_change_no_digest),
        cmocka_unit_test(peering_is_not_transitive),
        cmocka_unit_test(transit_gateways_are_hops_and_are_transitive),
        cmocka_unit_test(attachment_is_shared_by_all_that_a_region_sends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
