// SPDX-License-Identifier: GPL-3.0-or-later
/* Traffic of others in a link's queue, against closed forms: what a sparse Poisson stream of
 * packets waits and loses there (PASTA). */
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

/* Our own packets: Poisson, outside of flows, so that none is sent again. */
static struct {
    double mean_gap_ns;
    uint32_t count, bytes, flow;
    struct rng_stream stream;
    sim_time sent[4096]; /* by number modulo */
} own;

static void own_send(uint32_t number)
{
    struct message message = {.kind = rig.arrive_kind,
                              .entity = number,
                              .bytes = own.bytes,
                              .identity = number,
                              .packet = true};
    double u = rng_unit(rng_block_at(&own.stream, number, 0).word[0]);

    own.sent[number % 4096] = sim_now(rig.sim);
    rig.links[0][1]->send(rig.links[0][1]->self, own.flow, &message);
    if (number + 1 < own.count)
        rig_at(sim_now(rig.sim) + (sim_dur)(-own.mean_gap_ns * log(u)), own_send, number + 1);
}

static void own_arrives(uint32_t number)
{
    probe_latency(sim_probes(rig.sim), rig.latency, sim_now(rig.sim) - own.sent[number % 4096]);
}

static void own_begin(void)
{
    own.stream = sim_stream(rig.sim, "test", "arrivals");
    own.flow = rig.links[0][1]->open(rig.links[0][1]->self);
    rig_at(SIM_S, own_send, 0);
}

static struct tally own_tally(const char *text, double gap_ns, uint32_t bytes, struct wanted wanted)
{
    struct tally tally;

    own.mean_gap_ns = gap_ns;
    own.count = 20000;
    own.bytes = bytes;
    rig.begin = own_begin;
    rig.on_arrival = own_arrives;
    tally = rig_tally(text, 20, wanted);
    rig.on_arrival = NULL;
    return tally;
}

/* Packets of others of 1000 bytes take 1 ms of 8 Mbit/s each, and 6.4 Mbit/s of them make rho =
 * 0.8. Ours, of 1 byte, take 1 us and arrive each 20 ms: they are no load. */
#define OTHERS(sizes)                                                                              \
    "loss: 0%, bandwidth: 8Mbit/s, cross_traffic: {rate: 6.4Mbit/s, packet: 1000 B, sizes: " sizes \
    "}"
static const struct wanted mean_time = {"round_trip", "mean", 0, NULL, NULL};

/* rho s / (2 (1 - rho)) = 2 ms, and 10 ms of way. */
static void wait_behind_equal_packets_is_that_of_m_d_1(void **state)
{
    struct tally tally = own_tally(LINKS(OTHERS("equal")), 20e6, 1, mean_time);

    (void)state;
    assert_covers(&tally, 12e6 + 1e3, 0.02);
}

/* rho s / (1 - rho) = 4 ms. */
static void wait_behind_exponential_packets_is_that_of_m_m_1(void **state)
{
    struct tally tally = own_tally(LINKS(OTHERS("exponential")), 20e6, 1, mean_time);

    (void)state;
    assert_covers(&tally, 14e6 + 1e3, 0.03);
}

/* Ours are as large as those of others and arrive each 50 ms: 0.16 of 8 Mbit/s. With 7.04 Mbit/s of
 * others rho = 0.9, of which five fit: the loss of ours is that of all, 6.4 %. */
static void loss_at_a_full_buffer_is_that_of_m_d_1_k(void **state)
{
    struct tally tally =
        own_tally(LINKS("loss: 0%, bandwidth: 8Mbit/s, buffer: 5000 B, "
                        "cross_traffic: {rate: 7.04Mbit/s, packet: 1000 B}"),
                  50e6, 1000, (struct wanted){"link_loss_rate", NULL, 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, m_d_1_k_loss(0.9, 5), 0.05);
}

/* --- overload -------------------------------------------------------------------------------- */

static const struct link_impairment burst = {.cross_bit_per_s = 16e6};

static void burst_changes(uint32_t begins)
{
    struct link_fault_port *link = rig.faults[0][1];

    if (begins)
        link->begin(link->self, &burst);
    else
        link->end(link->self, &burst);
}

static void overload_begin(void)
{
    own.count = 0;
    own.bytes = 1;
    own.flow = rig.links[0][1]->open(rig.links[0][1]->self);
    rig_at(4 * SIM_S, own_send, 0);
    rig_at(5 * SIM_S, burst_changes, 1);
    rig_at(10 * SIM_S, own_send, 1);
    rig_at(20 * SIM_S, burst_changes, 0);
    rig_at(21 * SIM_S, own_send, 2);
}

/* Twice the bandwidth for 15 s fills a buffer of 100 kB but for less than a packet: 99 to 100 ms at
 * 8 Mbit/s. Before and after it our packet waits for nobody. */
static void overload_fills_the_buffer(void **state)
{
    (void)state;
    rig.begin = overload_begin;
    rig_play(LINKS("loss: 0%, bandwidth: 8Mbit/s, buffer: 100000 B, "
                   "cross_traffic: {packet: 1000 B}"),
             0);
    assert_int_equal(rig.arrived[0], 4010 * SIM_MS + SIM_US);
    assert_in_range(rig.arrived[1], 10109 * SIM_MS, 10110 * SIM_MS + SIM_US);
    assert_int_equal(rig.arrived[2], 21010 * SIM_MS + SIM_US);
}

static void no_others_change_no_digest(void **state)
{
    uint64_t digest;

    (void)state;
    rig.begin = overload_begin;
    rig_play(LINKS("bandwidth: 8Mbit/s"), 0);
    digest = rig.digest;
    rig_play(LINKS("bandwidth: 8Mbit/s, cross_traffic: {rate: 0Mbit/s}"), 0);
    assert_int_equal(rig.digest, digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_behind_equal_packets_is_that_of_m_d_1),
        cmocka_unit_test(wait_behind_exponential_packets_is_that_of_m_m_1),
        cmocka_unit_test(loss_at_a_full_buffer_is_that_of_m_d_1_k),
        cmocka_unit_test(overload_fills_the_buffer),
        cmocka_unit_test(no_others_change_no_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
