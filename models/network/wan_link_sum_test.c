// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What adds up on one link: several faults at a time, and the parts of the delay.
 *
 * The round trip is 20 ms, one way 10 ms; nothing else takes time but what a test asks for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "link_rig.h"
#include "loss_process.h"

/* --- faults that overlap --------------------------------------------------------------------- */

static const struct link_impairment slow = {.delay = 5 * SIM_MS}, slower = {.delay = 7 * SIM_MS},
                                    dead = {.blackhole = true};

static void send_one(uint32_t number)
{
    struct link_port *link = rig.links[0][1];
    uint32_t flow = link->open(link->self);

    rig_send(link, flow, number, 100, false);
    link->abort(link->self, flow); /* never sent again */
}

static void begin_fault(uint32_t which)
{
    const struct link_fault_port *fault = rig.faults[0][1];

    fault->begin(fault->self, which == 0 ? &slow : which == 1 ? &slower : &dead);
}

static void end_fault(uint32_t which)
{
    const struct link_fault_port *fault = rig.faults[0][1];

    fault->end(fault->self, which == 0 ? &slow : which == 1 ? &slower : &dead);
}

/* 5 ms from 1 to 4 s, 7 ms from 2 to 5 s, and 7 ms once more from 3 to 4 s: the sum of those that
 * act when a message is sent. */
static void overlapping_delays(void)
{
    static const struct {
        uint32_t begin_s, end_s, which;
    } faults[] = {{1, 4, 0}, {2, 5, 1}, {3, 4, 1}};

    for (size_t i = 0; i < 3; i++) {
        rig_at(faults[i].begin_s * SIM_S, begin_fault, faults[i].which);
        rig_at(faults[i].end_s * SIM_S, end_fault, faults[i].which);
    }
    for (uint32_t i = 0; i < 6; i++)
        rig_at(i * SIM_S + SIM_S / 2, send_one, i);
}

static void delays_of_faults_are_added(void **state)
{
    static const sim_dur expected_ms[] = {10, 15, 22, 29, 17, 10};

    (void)state;
    rig.begin = overlapping_delays;
    rig_play(LINKS("loss: 0%"), 0);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(rig.arrived[i], i * SIM_S + SIM_S / 2 + expected_ms[i] * SIM_MS);
}

/* Two of them, from 1 to 3 and from 2 to 4 s: it is dead until both are over. */
static void overlapping_blackholes(void)
{
    rig_at(1 * SIM_S, begin_fault, 2);
    rig_at(2 * SIM_S, begin_fault, 2);
    rig_at(3 * SIM_S, end_fault, 2);
    rig_at(4 * SIM_S, end_fault, 2);
    for (uint32_t i = 0; i < 5; i++)
        rig_at(i * SIM_S + SIM_S / 2, send_one, i);
}

static void blackholes_are_counted(void **state)
{
    (void)state;
    rig.begin = overlapping_blackholes;
    rig_play(LINKS("loss: 0%"), 0);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(rig.arrived[i],
                         i == 0 || i == 4 ? i * SIM_S + SIM_S / 2 + 10 * SIM_MS : SIM_NEVER);
}

/* --- losses that combine --------------------------------------------------------------------- */

#define PROBES 200000

static const struct loss_config bursts = {.kind = LOSS_GILBERT_ELLIOTT,
                                          .good_ns = 90 * SIM_MS,
                                          .bad_ns = 10 * SIM_MS,
                                          .loss_in_bad = 0.5};
static const struct link_impairment lossy = {.loss = 0.20}, lossier = {.loss = 0.30},
                                    bursty = {.bursts = &bursts};
static struct {
    const struct link_impairment *faults[3];
    uint64_t arrived_late; /* later than `late_ns` after they were sent */
    double latency_ns_sum;
    sim_dur late_ns;
} probes;

static void send_probe(uint32_t number)
{
    send_one(number);
    if (number + 1 < PROBES)
        rig_at(sim_now(rig.sim) + SIM_MS, send_probe, number + 1);
}

static void begin_probes(void)
{
    const struct link_fault_port *fault = rig.faults[0][1];

    for (size_t i = 0; i < 3 && probes.faults[i]; i++)
        fault->begin(fault->self, probes.faults[i]);
    rig_at(0, send_probe, 0);
}

/* The share that does not arrive, over replications of 200 000 messages, each on its own flow. */
static struct tally share_lost(const char *text)
{
    struct tally tally = {0};

    rig.begin = begin_probes;
    for (uint32_t i = 0; i < 20; i++) {
        rig_play(text, i);
        tally_add(&tally, 1 - (double)rig.arrivals / PROBES);
    }
    return tally;
}

/*
 * Independent causes: a message survives if it survives each. The link's own 10 % and faults of 20
 * and 30 %: 1 - 0.9 x 0.8 x 0.7 = 49.6 %, where a sum would say 60 %. Bursts that lose a half for a
 * tenth of the time are 5 % on the mean; in addition to 20 %: 1 - 0.8 x 0.95 = 24 %.
 */
static void losses_of_faults_are_independent_causes(void **state)
{
    struct tally tally;

    (void)state;
    memset(&probes, 0, sizeof probes);
    probes.faults[0] = &lossy;
    probes.faults[1] = &lossier;
    tally = share_lost(LINKS("loss: 10%"));
    assert_covers(&tally, 1 - 0.9 * 0.8 * 0.7, 0.01);
    probes.faults[1] = &bursty;
    tally = share_lost(LINKS("loss: 0%"));
    assert_covers(&tally, 1 - 0.8 * 0.95, 0.03);
    probes.faults[1] = NULL;
    tally = share_lost(LINKS("loss: 0%"));
    assert_covers(&tally, 0.2, 0.02);
}

/* --- spikes ---------------------------------------------------------------------------------- */

static void note_latency(uint32_t number)
{
    sim_dur latency = sim_now(rig.sim) - number * SIM_MS;

    probes.latency_ns_sum += (double)latency;
    probes.arrived_late += latency > probes.late_ns;
}

/*
 * A tenth of the messages meets a burst of queueing, exponential of mean 3 ms: 10.3 ms on the mean;
 * a share 0.1 e^-2 is more than 6 ms late, and 0.1 is late at all.
 */
static void spikes_delay_their_share_of_messages(void **state)
{
    static const sim_dur late_ms[] = {0, 6};

    (void)state;
    memset(&probes, 0, sizeof probes);
    rig.on_arrival = note_latency;
    for (size_t k = 0; k < 2; k++) {
        struct tally late = {0}, mean = {0};

        rig.begin = begin_probes;
        probes.late_ns = (10 + late_ms[k]) * SIM_MS;
        for (uint32_t i = 0; i < 20; i++) {
            probes.arrived_late = 0;
            probes.latency_ns_sum = 0;
            rig_play("regions: {a: {}, b: {}}\nduration: 20min\nwarmup: 0s\n"
                     "network: {default: {rtt: 20ms, jitter: 0ms, loss: 0%, spike_share: 10%, "
                     "spike: exponential(3ms)}}\n",
                     i);
            assert_int_equal(rig.arrivals, PROBES);
            tally_add(&late, (double)probes.arrived_late / PROBES);
            tally_add(&mean, probes.latency_ns_sum / PROBES);
        }
        assert_covers(&late, 0.1 * exp(-(double)late_ms[k] / 3), 0.03);
        assert_covers(&mean, 10.3e6, 0.001);
    }
    rig.on_arrival = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_of_faults_are_added),
        cmocka_unit_test(blackholes_are_counted),
        cmocka_unit_test(losses_of_faults_are_independent_causes),
        cmocka_unit_test(spikes_delay_their_share_of_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
