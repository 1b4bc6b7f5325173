// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Writes lost with a primary: three different suffixes (redis_lessons 16).
 *
 * One way 10 ms, nothing random. A write every millisecond, acknowledged at k ms + 1 us; each waits
 * 5 ms in the output buffer. The link to the secondary loses everything from T - 50 ms on, so that
 * later departures stay in the kernel for retransmission. T = 10 s; the promotion is at T + 5 s.
 *
 * A process crashes at T, and the link heals at T + 100 ms: the kernel's first retransmission is at
 * T - 50 + 220 ms, and all its data are delivered, one round trip each. Lost: writes acknowledged
 * in the last 5 ms, in the output buffer.
 *
 * A host crashes at T, with the same link: data in the kernel is lost too, that is, departures from
 * T - 50 ms on, so all writes acknowledged in the last 55 ms.
 *
 * A link never heals, without a crash: all writes acknowledged from T - 55 ms to T + 5 s are lost.
 *
 * A host crash with a working link loses as little as a process crash: data in flight arrives.
 *
 * What left the output buffer is lost in flight; what is acknowledged after the promotion, by split
 * brain. The RPO is the time from the first write lost to the last one: a write a millisecond.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_rig.h"

#define T (10 * SIM_S)
#define WORLD                                                                                      \
    "regions: {a: {}, b: {}}\nduration: 30s\nwarmup: 0s\n"                                         \
    "network:\n"                                                                                   \
    "  default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}\n"                             \
    "  inside: {rtt: 1us, jitter: 0ms, spike_share: 0%, loss: 0%}\n"                               \
    "store: {write_service: 1us, write_per_kib: 0ms}\n"                                            \
    "replication: {output_delay: 5ms}\n"

static void crash(uint32_t kind)
{
    driver->faults[0]->crash(driver->faults[0]->self, (enum crash_kind)kind);
}

/* The writes of the whole run: one every millisecond from T - 1 s to T + 6 s. */
static void plan_writes(void)
{
    for (uint32_t k = 0; k < 7000; k++)
        plan_at(T - SIM_S + k * SIM_MS, write_session, k);
}

/* Lost writes by cause. */
struct lost {
    uint64_t in_flight, backlog, output_buffer, split_brain;
};

static void assert_lost(struct lost expected)
{
    const struct losses_port *losses = driver->losses;

    assert_int_equal(losses->writes(losses->self, LOSS_IN_FLIGHT), expected.in_flight);
    assert_int_equal(losses->writes(losses->self, LOSS_BACKLOG), expected.backlog);
    assert_int_equal(losses->writes(losses->self, LOSS_OUTPUT_BUFFER), expected.output_buffer);
    assert_int_equal(losses->writes(losses->self, LOSS_SPLIT_BRAIN), expected.split_brain);
}

static void assert_lost_with(enum crash_kind kind, bool cut, bool heals, struct lost expected)
{
    const struct losses_port *losses;
    uint64_t lost =
        expected.in_flight + expected.backlog + expected.output_buffer + expected.split_brain;

    forget_plan(NULL);
    plan_writes();
    if (cut)
        plan_at(T - 50 * SIM_MS, begin_cut_there, 0);
    if (heals)
        plan_at(T + 100 * SIM_MS, end_cut_there, 0);
    if (kind != CRASH_NONE)
        plan_at(T, crash, kind);
    plan_at(T + 5 * SIM_S, promote_second, 0);
    run_scenario(WORLD);
    losses = driver->losses;
    assert_lost(expected);
    assert_int_equal(losses->rpo(losses->self), (sim_dur)(lost - 1) * SIM_MS);
    assert_close(found("lost_writes", 0, NULL), (double)lost, 0);
    end_scenario();
}

/* A fault comes before the other events of its time. In the buffer at T: writes acknowledged after
 * T - 5 ms, so those of T - 5 ms ... T - 1 ms. */
static void process_loses_its_output_buffer(void **state)
{
    (void)state;
    assert_lost_with(CRASH_PROCESS, true, true, (struct lost){.output_buffer = 5});
}

static void host_loses_its_kernel_too(void **state)
{
    (void)state;
    assert_lost_with(CRASH_HOST, true, true, (struct lost){.in_flight = 50, .output_buffer = 5});
}

static void host_with_a_whole_link_loses_as_little_as_a_process(void **state)
{
    (void)state;
    assert_lost_with(CRASH_HOST, false, false, (struct lost){.output_buffer = 5});
}

/* The old primary acknowledges writes until it is notified of the promotion, and they are lost too.
 * The notification arrives one way, 10 ms, after T + 5 s: the writes of T + 5 s ... T + 5.009 s.
 * The kernel holds 4 MiB: 4 194 304 / 1040 bytes, 4033 writes; the others of the 5055 are in the
 * output buffer. */
static void link_loses_all_until_the_promotion(void **state)
{
    (void)state;
    assert_lost_with(
        CRASH_NONE, true, false,
        (struct lost){.in_flight = 4033, .output_buffer = 5055 - 4033, .split_brain = 10});
}

/*
 * Inside the region: a replica with a lag of 20 ms takes over 5.5 s after the crash. Lost: writes
 * acknowledged less than 20 ms before it, those of T - 20 ms ... T - 1 ms; RPO: from the first to
 * the last of them. No write is acknowledged until T + 5.5 s; 499 follow. The
 * secondary, which was ahead of the replica, discards the lost writes: it holds the same as the new
 * primary.
 */
static void failover_inside_the_region_loses_the_replicas_lag(void **state)
{
    (void)state;
    plan_writes();
    plan_at(T, crash, CRASH_HOST);
    run_scenario("regions: {a: {}, b: {}}\nduration: 60s\nwarmup: 0s\n"
                 "network:\n"
                 "  default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}\n"
                 "  inside: {rtt: 1us, jitter: 0ms, spike_share: 0%, loss: 0%}\n"
                 "store: {write_service: 1us, write_per_kib: 0ms, replicas: 1, replica_lag: 20ms,\n"
                 "  replica_failover: 5500ms}\n"
                 "replication: {output_delay: 5ms}\n");
    assert_int_equal(driver->losses->writes(driver->losses->self, LOSS_IN_FLIGHT), 20);
    assert_int_equal(driver->losses->rpo(driver->losses->self), 19 * SIM_MS);
    assert_int_equal(driver->promotion->primary(driver->promotion->self), 0);
    assert_int_equal(seen.acknowledged, 1000 + 499);
    assert_int_equal(driver->promotion->held(driver->promotion->self, 1),
                     driver->promotion->held(driver->promotion->self, 0));
    assert_close(found("shard_failovers", 0, NULL), 1, 0);
    assert_close(found("resyncs", 1, "full"), 1, 0);
    end_scenario();
}

/* --- zones ----------------------------------------------------------------------------------- */

#define REPLICATED(more)                                                                           \
    "regions: {a: {}, b: {}}\nduration: 60s\nwarmup: 0s\n"                                         \
    "network:\n"                                                                                   \
    "  default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}\n"                             \
    "  inside: {rtt: 1us, jitter: 0ms, spike_share: 0%, loss: 0%}\n"                               \
    "replication: {output_delay: 5ms}\n"                                                           \
    "store: {write_service: 1us, write_per_kib: 0ms, replica_lag: 20ms,\n"                         \
    "  replica_failover: 5500500us, " more "}\n"

static void zone_down(uint32_t zone)
{
    driver->faults[0]->zone(driver->faults[0]->self, zone, ZONE_DOWN);
}

static void zone_cut(uint32_t zone)
{
    driver->faults[0]->zone(driver->faults[0]->self, zone, ZONE_CUT);
}

static void zone_well(uint32_t zone)
{
    driver->faults[0]->zone(driver->faults[0]->self, zone, ZONE_WELL);
}

static void assert_failovers(struct lost lost, uint64_t acknowledged, uint32_t failovers)
{
    assert_lost(lost);
    assert_int_equal(seen.acknowledged, acknowledged);
    assert_close(found("shard_failovers", 0, NULL), failovers, 0);
    assert_int_equal(driver->promotion->held(driver->promotion->self, 1),
                     driver->promotion->held(driver->promotion->self, 0));
    end_scenario();
}

/*
 * The primary is in zone a, the replica in b. Zone a without power is the crash of the primary's
 * host: the 20 writes of the lag are lost, and none is acknowledged until T + 5.5 s; 499 follow.
 * Zone b without power is nothing.
 */
static void zone_takes_its_node_with_it(void **state)
{
    (void)state;
    plan_writes();
    plan_at(T, zone_down, 0);
    run_scenario(REPLICATED("replicas: 1"));
    assert_failovers((struct lost){.in_flight = 20}, 1000 + 499, 1);
    forget_plan(NULL);
    plan_writes();
    plan_at(T, zone_down, 1);
    run_scenario(REPLICATED("replicas: 1"));
    assert_failovers((struct lost){0}, 7000, 0);
}

/*
 * Zones a and b are lost. With a node in zone c that one takes over, at the same time. Without it
 * nobody can, until zone b is back at T + 5.8 s: 199 writes follow, those of T + 5.801 s on.
 */
static void nobody_takes_over_without_a_zone(void **state)
{
    (void)state;
    plan_writes();
    plan_at(T, zone_down, 0);
    plan_at(T, zone_down, 1);
    run_scenario(REPLICATED("replicas: 2"));
    assert_failovers((struct lost){.in_flight = 20}, 1000 + 499, 1);
    forget_plan(NULL);
    plan_writes();
    plan_at(T, zone_down, 0);
    plan_at(T, zone_down, 1);
    plan_at(T + 5800 * SIM_MS, zone_well, 1);
    run_scenario(REPLICATED("replicas: 1"));
    assert_failovers((struct lost){.in_flight = 20}, 1000 + 199, 1);
}

/*
 * The zone of the primary is cut off, and clients inside it go on writing. Shorter than a takeover
 * needs: nothing is lost, and the secondary has everything once the stream's next retransmission
 * arrives. Longer: the replica, which had all but the last 20 ms at the cut, takes over after 5.5
 * s, and what was acknowledged meanwhile is lost (backlog), the writes of T ... T + 5.5 s; the
 * others go to the new primary.
 */
static void zone_that_is_cut_off_loses_what_it_accepts(void **state)
{
    (void)state;
    plan_writes();
    plan_at(T, zone_cut, 0);
    plan_at(T + 3 * SIM_S, zone_well, 0);
    run_scenario(REPLICATED("replicas: 1"));
    assert_failovers((struct lost){0}, 7000, 0);
    forget_plan(NULL);
    plan_writes();
    plan_at(T, zone_cut, 0);
    run_scenario(REPLICATED("replicas: 1"));
    assert_failovers((struct lost){.in_flight = 20, .backlog = 5501}, 7000, 1);
}

/*
 * Nor does a write reach the other region meanwhile. In flight to it at the cut are 10 ms of the
 * stream, which arrive: the secondary has applied the writes up to T - 6 ms, sent 5 ms later. Then
 * nothing, until the retransmission after the end of the cut at T + 3 s: the first lost write left
 * at T, R = 220 ms, and the stream's timer goes off at 2 RTT after the last new segment.
 */
static uint64_t held_by_second;

static void note_held(uint32_t arg)
{
    (void)arg;
    held_by_second = driver->promotion->held(driver->promotion->self, 1);
}

static void zone_that_is_cut_off_does_not_replicate(void **state)
{
    (void)state;
    plan_writes();
    plan_at(T, zone_cut, 0);
    plan_at(T + 3 * SIM_S, note_held, 0);
    plan_at(T + 3 * SIM_S, zone_well, 0);
    run_scenario(REPLICATED("replicas: 1"));
    assert_int_equal(held_by_second, 1 + 1000 - 5);
    assert_failovers((struct lost){0}, 7000, 0);
}

/* A planned change of roles loses nothing: the history goes on at the replica, and the stream
 * continues from its offset. Back again it is the first node's. */
static void change_roles(uint32_t arg)
{
    (void)arg;
    driver->faults[0]->change_roles(driver->faults[0]->self);
}

static void planned_change_of_roles_loses_nothing(void **state)
{
    (void)state;
    plan_writes();
    plan_at(T, change_roles, 0);
    plan_at(T + 3 * SIM_S, change_roles, 0);
    run_scenario(REPLICATED("replicas: 1"));
    assert_close(found("resyncs", 1, "partial"), 2, 0);
    assert_close(found("resyncs", 1, "full"), 0, 0);
    assert_failovers((struct lost){0}, 7000, 2);
}

/*
 * Cut both ways from T to T + 9.5 s, and promoted at T + 5 s in no time: the old primary is
 * notified each second from then on, at T + 5, 6 ... 9 s in vain, and hears at T + 10 s + 10 ms. It
 * takes the writes of 1000/s until then: those sent since T, 10 010 of them, are acknowledged and
 * lost. The 5 and 10 ms before T are in flight: output delay and way, 15 of them, of which the last
 * 5 were not sent. Of the 5005 acknowledged before the promotion the kernel holds 4033, as above;
 * the others are in the output buffer.
 */
static void primary_that_is_cut_off_hears_when_it_can_be_reached(void **state)
{
    (void)state;
    for (uint32_t ms = 0; ms < 12000; ms++)
        plan_at(T - SIM_S + ms * SIM_MS, write_session, ms);
    plan_at(T, begin_cut_there, 0);
    plan_at(T, begin_cut_back, 0);
    plan_at(T + 5 * SIM_S, promote_second, 0);
    plan_at(T + 9500 * SIM_MS, end_cut_there, 0);
    plan_at(T + 9500 * SIM_MS, end_cut_back, 0);
    run_scenario("regions: {a: {}, b: {}}\nduration: 60s\nwarmup: 0s\n"
                 "network:\n"
                 "  default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}\n"
                 "  inside: {rtt: 1us, jitter: 0ms, spike_share: 0%, loss: 0%}\n"
                 "store: {write_service: 1us, write_per_kib: 0ms}\n"
                 "replication: {output_delay: 5ms}\n");
    assert_int_equal(seen.acknowledged, 1000 + 10010);
    assert_lost(
        (struct lost){.in_flight = 4033, .output_buffer = 5005 - 4033, .split_brain = 5010});
    assert_int_equal(seen.reply, REPLY_READONLY);
    end_scenario();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(process_loses_its_output_buffer, forget_plan),
        cmocka_unit_test_setup(host_loses_its_kernel_too, forget_plan),
        cmocka_unit_test_setup(host_with_a_whole_link_loses_as_little_as_a_process, forget_plan),
        cmocka_unit_test_setup(link_loses_all_until_the_promotion, forget_plan),
        cmocka_unit_test_setup(failover_inside_the_region_loses_the_replicas_lag, forget_plan),
        cmocka_unit_test_setup(zone_takes_its_node_with_it, forget_plan),
        cmocka_unit_test_setup(nobody_takes_over_without_a_zone, forget_plan),
        cmocka_unit_test_setup(zone_that_is_cut_off_loses_what_it_accepts, forget_plan),
        cmocka_unit_test_setup(zone_that_is_cut_off_does_not_replicate, forget_plan),
        cmocka_unit_test_setup(planned_change_of_roles_loses_nothing, forget_plan),
        cmocka_unit_test_setup(primary_that_is_cut_off_hears_when_it_can_be_reached, forget_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
