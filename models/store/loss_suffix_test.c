// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a lost primary takes with it: three different suffixes (redis_lessons 16).
 *
 * One way 10 ms, nothing random. A write each millisecond, acknowledged at k ms + 1 us; each waits
 * 5 ms in the output buffer. The link to the secondary carries nothing from T - 50 ms on, so that
 * what departs from then on stays in the kernel, to be sent again. T = 10 s; the promotion comes at
 * T + 5 s.
 *
 * A process dies at T, and the link heals at T + 100 ms: the kernel's first try again is at T - 50
 * + 220 ms, and all that it has gets there, one round trip each. Lost: what was acknowledged in the
 * last 5 ms, in the output buffer.
 *
 * A host dies at T, with the same link: what was in the kernel is lost too, all that departed from
 * T - 50 ms on, so all acknowledged in the last 55 ms.
 *
 * A link never heals, and nobody dies: lost is all that was acknowledged from T - 55 ms to T + 5 s.
 *
 * A host alone, with a whole link, loses as little as a process: what is in flight arrives.
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

/* The writes of the whole run: one each millisecond from T - 1 s to T + 6 s. */
static void plan_writes(void)
{
    for (uint32_t k = 0; k < 7000; k++)
        plan_at(T - SIM_S + k * SIM_MS, write_session, k);
}

static uint64_t lost_with(enum crash_kind kind, bool cut, bool heals)
{
    uint64_t lost;

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
    lost = driver->losses->writes(driver->losses->self);
    assert_close(found("lost_writes", 0, NULL), (double)lost, 0);
    end_scenario();
    return lost;
}

/* Faults come before the work of their instant, and so does the plan's write of that instant:
 * acknowledged at T - 1 ms + 1 us or before. In the buffer at T: acknowledged after T - 5 ms, so
 * those of T - 5 ms ... T - 1 ms. */
static void process_loses_its_output_buffer(void **state)
{
    (void)state;
    assert_int_equal(lost_with(CRASH_PROCESS, true, true), 5);
}

static void host_loses_its_kernel_too(void **state)
{
    (void)state;
    assert_int_equal(lost_with(CRASH_HOST, true, true), 55);
}

static void host_with_a_whole_link_loses_as_little_as_a_process(void **state)
{
    (void)state;
    assert_int_equal(lost_with(CRASH_HOST, false, false), 5);
}

/* The old primary is not told of the promotion over a link that is cut only one way: it goes on,
 * and what it acknowledges until it hears is lost too. It hears one way, 10 ms, after T + 5 s: the
 * writes of T + 5 s ... T + 5.009 s. */
static void link_loses_all_until_the_promotion(void **state)
{
    (void)state;
    assert_int_equal(lost_with(CRASH_NONE, true, false), 55 + 5000 + 10);
}

/*
 * Inside the region: a replica that lags 20 ms takes over 5.5 s after the crash. Lost: what was
 * acknowledged less than 20 ms before it, the writes of T - 20 ms ... T - 1 ms; RPO: from the last
 * kept, of T - 21 ms, to the last acknowledged. Nothing is acknowledged until T + 5.5 s; 499 writes
 * come after that. The secondary, which was ahead of the replica, drops what is lost: it holds what
 * the new primary holds.
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
    assert_int_equal(driver->losses->writes(driver->losses->self), 20);
    assert_int_equal(driver->losses->rpo(driver->losses->self), 20 * SIM_MS);
    assert_int_equal(driver->promotion->primary(driver->promotion->self), 0);
    assert_int_equal(seen.acknowledged, 1000 + 499);
    assert_int_equal(driver->promotion->held(driver->promotion->self, 1),
                     driver->promotion->held(driver->promotion->self, 0));
    assert_close(found("shard_failovers", 0, NULL), 1, 0);
    assert_close(found("resyncs", 1, "full"), 1, 0);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
