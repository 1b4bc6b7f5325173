// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Promotions of clusters that are not clean secondaries: one that was deposed and has taken writes
 * of its own, one in the middle of a full copy, one whose primary has lost its memory.
 *
 * One way 10 ms, nothing random. A write every millisecond, acknowledged at k ms + 1 us; each waits
 * 5 ms in the output buffer. The store itself checks at the end of each run that every acknowledged
 * write of a shard is held by the primary, lost, or was emptied by a restart.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_rig.h"

#define WORLD                                                                                      \
    "regions: {a: {}, b: {}}\nduration: 30s\nwarmup: 0s\n"                                         \
    "network:\n"                                                                                   \
    "  default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}\n"                             \
    "  inside: {rtt: 1us, jitter: 0ms, spike_share: 0%, loss: 0%}\n"

#define FAST_STORE                                                                                 \
    "store: {write_service: 1us, write_per_kib: 0ms}\nreplication: {output_delay: 5ms}\n"

static void write_second(uint32_t session)
{
    send_command(1, COMMAND_CREATE, session, 1000, 0);
}

static void read_at(uint32_t region)
{
    send_command((int)region, COMMAND_GET, 1, 60, 0);
}

static void reply_is(uint32_t reply)
{
    assert_int_equal(seen.reply, reply);
}

static void promote_first(uint32_t arg)
{
    (void)arg;
    driver->promotion->begin(driver->promotion->self, 0);
    driver->promotion->end(driver->promotion->self, 0, DEPOSED_REJOINS);
}

static void restart_second(uint32_t kind)
{
    driver->faults[1]->crash(driver->faults[1]->self, (enum crash_kind)kind);
}

static void reset_stream(uint32_t arg)
{
    (void)arg;
    driver->streams->reset(driver->streams->self, 1);
}

static void plan_writes(void (*call)(uint32_t arg), sim_time from, uint32_t count, uint32_t session)
{
    for (uint32_t k = 0; k < count; k++)
        plan_at(from + k * SIM_MS, call, session + k);
}

static void cut_both_ways(sim_time at)
{
    plan_at(at, begin_cut_there, 0);
    plan_at(at, begin_cut_back, 0);
}

static uint64_t lost(void)
{
    uint64_t sum = 0;

    for (int by = 0; by < LOSS_CAUSES; by++)
        sum += driver->losses->writes(driver->losses->self, (enum loss_cause)by);
    return sum;
}

/*
 * Both clusters write from 12 s to 15 s, each for itself, and then the first is the primary again.
 * The second received what departed before the cut at 10 s: the writes of 9 s ... 9.994 s, 995.
 * Lost with the first promotion: 9.995 s ... 11.999 s, 2005 writes; by split brain 3000; with the
 * second promotion all that the second took, 3000. The first keeps nothing of its own: write number
 * 1, which stands for the start, and the 995.
 */
static void deposed_cluster_keeps_no_writes_of_its_own(void **state)
{
    (void)state;
    plan_writes(write_session, 9 * SIM_S, 6000, 0);
    cut_both_ways(10 * SIM_S);
    plan_at(12 * SIM_S, promote_second, 0);
    plan_writes(write_second, 12 * SIM_S, 3000, 10000);
    plan_at(15 * SIM_S, promote_first, 0);
    run_scenario(WORLD FAST_STORE);
    assert_int_equal(lost(), 2005 + 3000 + 3000);
    assert_int_equal(driver->losses->writes(driver->losses->self, LOSS_SPLIT_BRAIN), 3000);
    assert_int_equal(driver->promotion->held(driver->promotion->self, 0), 1 + 995);
    assert_int_equal(driver->promotion->primary(driver->promotion->self), 0);
    end_scenario();
}

/*
 * The second restarts without its memory between the promotions: what it held, the 995 and its
 * first 1000, is emptied, not lost; only its last 1000 are lost with the second promotion. The
 * numbers of the first go on from 1 + 995 + 1000, the last one that the restart dropped.
 */
static void numbers_go_on_after_a_restart(void **state)
{
    (void)state;
    plan_writes(write_session, 9 * SIM_S, 3000, 0);
    cut_both_ways(10 * SIM_S);
    plan_at(12 * SIM_S, promote_second, 0);
    plan_writes(write_second, 12 * SIM_S, 1000, 10000);
    plan_at(13500 * SIM_MS, restart_second, CRASH_PROCESS);
    plan_at(13600 * SIM_MS, restart_second, CRASH_NONE);
    plan_writes(write_second, 14 * SIM_S, 1000, 20000);
    plan_at(15 * SIM_S, promote_first, 0);
    plan_at(16 * SIM_S, read_at, 0);
    plan_at(17 * SIM_S, reply_is, REPLY_MISS);
    run_scenario(WORLD FAST_STORE);
    assert_int_equal(lost(), 2005 + 1000);
    assert_int_equal(driver->promotion->held(driver->promotion->self, 0), 1 + 995 + 1000);
    end_scenario();
}

/*
 * The times are those of resync_test, full_resync_takes_its_stages: the stream is reset at 20 s,
 * the second has flushed its data 5 s + 70 ms + 10 ms + 39 x 31.25 ms + 10 ms later, and loads
 * until 125 ms after that. It is promoted in between, with nothing. Lost: the write in flight at 20
 * s and the one at 26 s; emptied with the copy: the one at 10 s.
 */
static void cluster_in_a_full_copy_takes_over_empty(void **state)
{
    sim_time flushed = 25080 * SIM_MS + 39 * 31250 * SIM_US + 10 * SIM_MS;

    (void)state;
    plan_at(10 * SIM_S, write_session, 1);
    plan_at(20 * SIM_S - 5 * SIM_MS, write_session, 3);
    plan_at(20 * SIM_S, reset_stream, 0);
    plan_at(26 * SIM_S, write_session, 2);
    plan_at(flushed + 60 * SIM_MS, promote_second, 0);
    plan_at(flushed + 61 * SIM_MS, read_at, 1);
    plan_at(flushed + 62 * SIM_MS, reply_is, REPLY_MISS);
    run_scenario("phase: 0s\n" WORLD "store: {data_set: 10 MiB}\n"
                 "replication: {backlog: 0B, output_delay: 0ms, resync: {fork_per_gib: 1024ms,\n"
                 "  rate: 8 MiB/s, load: 80 MiB/s}}\n");
    assert_int_equal(lost(), 2);
    assert_int_equal(driver->promotion->held(driver->promotion->self, 1), 1 + 1);
    end_scenario();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(deposed_cluster_keeps_no_writes_of_its_own, forget_plan),
        cmocka_unit_test_setup(numbers_go_on_after_a_restart, forget_plan),
        cmocka_unit_test_setup(cluster_in_a_full_copy_takes_over_empty, forget_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
