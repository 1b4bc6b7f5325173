// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Snapshots, their restore, and flushes that replicate.
 *
 * One way 10 ms, nothing random. A write each 10 ms, acknowledged at once; snapshots at 5, 15 and
 * 25 s. The store itself checks at the end of each run that every acknowledged write of a shard is
 * held by the primary, lost, or was emptied.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_rig.h"

#define WORLD                                                                                      \
    "regions: {a: {}, b: {}}\nduration: 60s\nwarmup: 0s\n"                                         \
    "network:\n"                                                                                   \
    "  default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}\n"                             \
    "  inside: {rtt: 1us, jitter: 0ms, spike_share: 0%, loss: 0%}\n"                               \
    "replication: {output_delay: 0ms}\n"
#define SNAPSHOTS                                                                                  \
    "write_service: 1us, write_per_kib: 0ms, restore_create: 20s, "                                \
    "snapshots: {scheduled: {every: 10s, phase: {given: 5s}}}"
#define SAVE "persistence_cost: {fork_per_gib: 0ms, save: 800Mbit/s, load: 80Mbit/s}"

static void read_at(uint32_t region)
{
    send_command((int)region, COMMAND_GET, 1, 60, 0);
}

static void reply_is(uint32_t reply)
{
    assert_int_equal(seen.reply, reply);
}

static void flush_first(uint32_t arg)
{
    (void)arg;
    driver->faults[0]->flush(driver->faults[0]->self);
}

static struct restore_plan plan;
static bool is_restorable;

static void plan_restore(uint32_t region)
{
    is_restorable = driver->promotion->restorable(driver->promotion->self, (int)region, 0, &plan);
}

static void restore_in(uint32_t region)
{
    driver->promotion->begin(driver->promotion->self, (int)region);
    assert_true(driver->promotion->restore(driver->promotion->self, (int)region, DEPOSED_REJOINS));
}

static void power(uint32_t on)
{
    driver->faults[0]->crash(driver->faults[0]->self, on ? CRASH_NONE : CRASH_HOST);
}

static void plan_writes(sim_time from, uint32_t count, uint32_t session)
{
    for (uint32_t k = 0; k < count; k++)
        plan_at(from + k * 10 * SIM_MS, write_session, session + k);
}

static uint64_t lost_by(enum loss_cause by)
{
    return driver->losses->writes(driver->losses->self, by);
}

/*
 * Saved at 100 MB/s, 1 GB takes 10 s, and one snapshot is taken at a time: that of 5 s is complete
 * at 15 s, where the next one is due and is left out; that of 25 s is complete at 35 s. So at 40 s
 * the newest is 15 s old. A restore creates a cluster, 20 s, and loads 1 GB at 10 MB/s, 100 s.
 */
static void restore_takes_the_creation_and_the_size(void **state)
{
    (void)state;
    plan_at(40 * SIM_S, plan_restore, 0);
    run_scenario(WORLD "store: {data_set: 1000MB, persistence_cost: {fork_per_gib: 0ms, "
                       "save: 800Mbit/s, load: 80Mbit/s, load_per_key: 0ns}, " SNAPSHOTS "}\n");
    assert_true(is_restorable);
    assert_int_equal(plan.takes_ns, 20 * SIM_S + 100 * SIM_S);
    assert_int_equal(plan.age_ns, 15 * SIM_S);
    end_scenario();
}

/* The copy, at 50 MB/s, takes 20 s more: that of 25 s is in the other region at 55 s. */
static void copies_come_later_in_other_regions(void **state)
{
    (void)state;
    plan_at(54999 * SIM_MS, plan_restore, 1);
    run_scenario(WORLD "store: {data_set: 1000MB, standby: none, persistence_cost: {fork_per_gib: "
                       "0ms, save: 800Mbit/s, load: 80Mbit/s, load_per_key: 0ns}, restore_create: "
                       "20s, snapshots: {scheduled: {every: 10s, phase: {given: 5s}, "
                       "copy: 400Mbit/s}}}\n");
    assert_true(is_restorable);
    assert_int_equal(plan.age_ns, 54999 * SIM_MS - 5 * SIM_S);
    end_scenario();
}

/*
 * Writes of 10 s ... 29.99 s; a flush at 30 s; writes of 31 s ... 31.99 s; a restore at 40 s. The
 * snapshot of 35 s has the flush: that of 25 s is restored. Lost are the writes of 25 s ... 29.99
 * s, 500, and the 100 after the flush; the RPO spans 25 s ... 29.99 s and 31 s ... 31.99 s: the
 * pause between them is above 10 mean intervals of (32 s - 0 s) / 2100. The 1500 before are there
 * again, as is the first.
 */
static void restore_in_place_brings_back_what_the_flush_deleted(void **state)
{
    (void)state;
    plan_writes(10 * SIM_S, 2000, 1);
    plan_at(30 * SIM_S, flush_first, 0);
    plan_at(30005 * SIM_MS, read_at, 1); /* the flush is on its way */
    plan_at(30006 * SIM_MS, reply_is, REPLY_HIT);
    plan_at(30011 * SIM_MS, read_at, 1); /* and has been applied */
    plan_at(30012 * SIM_MS, reply_is, REPLY_MISS);
    plan_at(30013 * SIM_MS, read_at, 0);
    plan_at(30014 * SIM_MS, reply_is, REPLY_MISS);
    plan_writes(31 * SIM_S, 100, 5000);
    plan_at(40 * SIM_S, restore_in, 0);
    plan_at(41 * SIM_S, read_at, 0);
    plan_at(42 * SIM_S, reply_is, REPLY_HIT);
    run_scenario(WORLD "store: {" SAVE ", " SNAPSHOTS "}\n");
    assert_int_equal(lost_by(LOSS_SNAPSHOT), 600);
    assert_int_equal(driver->losses->sessions(driver->losses->self, LOSS_SNAPSHOT), 600);
    assert_int_equal(driver->losses->rpo(driver->losses->self), 4990 * SIM_MS + 990 * SIM_MS);
    assert_int_equal(driver->promotion->held(driver->promotion->self, 0), 1 + 1500);
    end_scenario();
}

/* The secondary is promoted after the flush: it has it, too, and nothing is there. */
static void flush_is_no_matter_of_the_primary(void **state)
{
    (void)state;
    plan_writes(10 * SIM_S, 100, 1);
    plan_at(30 * SIM_S, flush_first, 0);
    plan_at(31 * SIM_S, promote_second, 0);
    plan_at(32 * SIM_S, read_at, 1);
    plan_at(33 * SIM_S, reply_is, REPLY_MISS);
    run_scenario(WORLD "store: {write_service: 1us}\n");
    for (int by = 0; by < LOSS_CAUSES; by++)
        assert_int_equal(lost_by((enum loss_cause)by), 0);
    end_scenario();
}

/*
 * Without a secondary: the primary's host is lost at 30 s, after the writes of 10 s ... 29.99 s.
 * The snapshot of 25 s is restored in the other region, which had no cluster: 500 writes are lost.
 */
static void cluster_is_created_from_a_snapshot(void **state)
{
    (void)state;
    plan_writes(10 * SIM_S, 2000, 1);
    plan_at(20 * SIM_S, plan_restore, 1);
    plan_at(30 * SIM_S, power, 0);
    plan_at(40 * SIM_S, restore_in, 1);
    plan_at(41 * SIM_S, read_at, 1);
    plan_at(42 * SIM_S, reply_is, REPLY_HIT);
    run_scenario(WORLD "store: {standby: none, " SAVE ", " SNAPSHOTS "}\n");
    assert_true(is_restorable);
    assert_int_equal(lost_by(LOSS_SNAPSHOT), 500);
    assert_int_equal(driver->losses->rpo(driver->losses->self), 4990 * SIM_MS);
    assert_int_equal(driver->promotion->primary(driver->promotion->self), 1);
    assert_int_equal(driver->promotion->held(driver->promotion->self, 1), 1 + 1500);
    end_scenario();
}

/* The run begins at 02:59:40, and the daily window at 03:00 has no length: the snapshot is taken at
 * 20 s, and is 10 s old at 30 s. With a window of 20 s it is taken at 20 to 40 s: at 40 s it is at
 * most 20 s old. What is copied, small, is there at once. */
static void daily_snapshots_come_in_their_window(void **state)
{
    (void)state;
    plan_at(30 * SIM_S, plan_restore, 0);
    run_scenario(WORLD "store: {" SAVE ", restore_create: 20s, calendar: {day: wed, time: "
                       "2h59min40s}, snapshots: {daily: {at: 3h, window: 0s}}}\n");
    assert_true(is_restorable);
    assert_int_equal(plan.age_ns, 10 * SIM_S);
    end_scenario();
    forget_plan(NULL);
    plan_at(40 * SIM_S + 1, plan_restore, 0);
    run_scenario(WORLD "store: {" SAVE ", restore_create: 20s, calendar: {day: sun, time: "
                       "2h59min40s}, snapshots: {daily: {at: 3h, window: 20s}}}\n");
    assert_true(is_restorable);
    assert_true(plan.age_ns > 0 && plan.age_ns <= 20 * SIM_S);
    end_scenario();
}

/* A run that begins after the day's window has only the start of the run to go back to. */
static void window_of_the_day_may_be_over(void **state)
{
    (void)state;
    plan_at(30 * SIM_S, plan_restore, 0);
    run_scenario(WORLD "store: {" SAVE ", restore_create: 20s, calendar: {time: 3h}, "
                       "snapshots: {daily: {at: 2h59min, window: 0s}}}\n");
    assert_true(is_restorable);
    assert_int_equal(plan.age_ns, 30 * SIM_S);
    end_scenario();
}

/* A secondary that runs is promoted, not restored. */
static void secondary_is_not_restored(void **state)
{
    (void)state;
    plan_at(30 * SIM_S, plan_restore, 1);
    run_scenario(WORLD "store: {" SAVE ", " SNAPSHOTS "}\n");
    assert_false(is_restorable);
    end_scenario();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(restore_takes_the_creation_and_the_size, forget_plan),
        cmocka_unit_test_setup(copies_come_later_in_other_regions, forget_plan),
        cmocka_unit_test_setup(restore_in_place_brings_back_what_the_flush_deleted, forget_plan),
        cmocka_unit_test_setup(flush_is_no_matter_of_the_primary, forget_plan),
        cmocka_unit_test_setup(cluster_is_created_from_a_snapshot, forget_plan),
        cmocka_unit_test_setup(daily_snapshots_come_in_their_window, forget_plan),
        cmocka_unit_test_setup(window_of_the_day_may_be_over, forget_plan),
        cmocka_unit_test_setup(secondary_is_not_restored, forget_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
