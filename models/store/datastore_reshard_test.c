// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Slots that move: which sessions, when they are redirected and how, against the hash slots of
 * their keys and the times of their moves, which are worked out here.
 *
 * From one shard to two in one step, from 2 to 3 s: slots 8192 and above move. Of n sessions in
 * them, number i (from 1) moves at 2 s + i/(n + 1) s. Regions are 20 ms apart, 1 ms inside; servers
 * take no time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kind_rig.h"

#define RESHARD_STORE(store, client, driver)                                                       \
    "regions: {a: {}, b: {}}\nduration: 10s\nwarmup: 0s\n"                                         \
    "store: {primary: a, read_service: 0ms, write_service: 0ms, write_per_kib: 0ms, "              \
    "connect_cost: {accept: 0ms, tls: 0ms}, reshard: {once: {at: 2s, shards: 2, duration: 1s, "    \
    "per_key: 0ms}}" store "}\n"                                                                   \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "client: {retry: {attempts: 3, read_attempts: 3}, pool: {size: 400, warm: 400}" client "}\n"   \
    "driver: {rate: 0/s" driver "}\n"

#define RESHARD_WORLD(client, driver) RESHARD_STORE("", client, driver)

#define SESSIONS 200
static struct client_step steps[8 * SESSIONS];
static uint32_t step_count;

static bool moves(uint32_t session)
{
    return rng_mix(UINT64_C(1) << 32 | session) % 16384 >= 8192; /* the check of all is 1 */
}

static uint32_t count_moving(uint32_t first, uint32_t count)
{
    uint32_t moving = 0;

    for (uint32_t s = first; s < first + count; s++)
        moving += moves(s);
    return moving;
}

static void plan(sim_time at, int region, enum command_kind kind, uint32_t first, uint32_t count,
                 sim_dur apart)
{
    for (uint32_t i = 0; i < count; i++)
        steps[step_count++] = (struct client_step){at + i * apart, region, kind, first + i};
}

static void run_plan(const char *text)
{
    run(text, steps, step_count);
    step_count = 0;
}

static uint32_t redirects(int region, const char *kind)
{
    return (uint32_t)statistic_of(
        world, (struct wanted){.metric = "redirects", .region = region, .label = kind});
}

/* Operations that began at a time, and took longer than a round trip. */
static uint32_t slow_ones(sim_time from, sim_time to, sim_dur round_trip)
{
    uint32_t count = 0;

    for (size_t i = 0; i < history.op_count; i++) {
        const struct history_op *op = &history.ops[i];

        if (op->invoked < from || op->invoked >= to)
            continue;
        assert_int_equal(op->outcome, OUTCOME_OK);
        assert_true(op->ended - op->invoked == round_trip ||
                    op->ended - op->invoked == 2 * round_trip);
        count += op->ended - op->invoked > round_trip;
    }
    return count;
}

/* Sessions that have moved by an instant of the step. */
static uint32_t moved_at(double share_of_step, uint32_t moving)
{
    return (uint32_t)(share_of_step * (moving + 1));
}

/* While a slot migrates only the sessions that have moved are asked for at the target, again at
 * each read: the client learns nothing. When the step is over the first of them that is read
 * teaches the region's clients all. */
static void moved_sessions_are_asked_for_until_their_slot_has_moved(void **state)
{
    uint32_t moving = count_moving(0, SESSIONS);

    (void)state;
    plan(500 * SIM_MS, 0, COMMAND_CREATE, 0, SESSIONS, SIM_MS);
    plan(2500 * SIM_MS, 0, COMMAND_GET, 0, SESSIONS, 0);
    plan(2700 * SIM_MS, 0, COMMAND_GET, 0, SESSIONS, 0);
    plan(3500 * SIM_MS, 0, COMMAND_GET, 0, SESSIONS, 5 * SIM_MS);
    run_plan(RESHARD_WORLD("", ""));
    print_message("%u of %u sessions move; %u answered ASK, %u MOVED\n", moving, SESSIONS,
                  redirects(0, "ask"), redirects(0, "moved"));
    assert_int_equal((int)statistic_of(world, (struct wanted){.metric = "moved_sessions"}),
                     (int)moving);
    assert_int_equal(slow_ones(2500 * SIM_MS, 2501 * SIM_MS, SIM_MS), moved_at(0.5005, moving));
    assert_int_equal(slow_ones(2700 * SIM_MS, 2701 * SIM_MS, SIM_MS), moved_at(0.7005, moving));
    assert_int_equal(redirects(0, "ask"), moved_at(0.5005, moving) + moved_at(0.7005, moving));
    assert_int_equal(redirects(0, "moved"), 1);
    assert_int_equal(slow_ones(3500 * SIM_MS, 5 * SIM_S, SIM_MS), 1);
    done();
}

/* A session that the source does not have may be the target's: all new ones of migrating slots are
 * created there, and read there. */
static void new_sessions_of_a_migrating_slot_are_the_targets(void **state)
{
    uint32_t moving = count_moving(0, SESSIONS);

    (void)state;
    plan(2200 * SIM_MS, 0, COMMAND_CREATE, 0, SESSIONS, 0);
    plan(2600 * SIM_MS, 0, COMMAND_GET, 0, SESSIONS, 0);
    plan(4 * SIM_S, 0, COMMAND_GET, 0, SESSIONS, 0);
    run_plan(RESHARD_WORLD("", ""));
    assert_int_equal(slow_ones(2200 * SIM_MS, 2201 * SIM_MS, SIM_MS), moving);
    assert_int_equal(slow_ones(2600 * SIM_MS, 2601 * SIM_MS, SIM_MS), moving);
    assert_int_equal(redirects(0, "ask"), 2 * moving);
    assert_int_equal((int)statistic_of(world, (struct wanted){.metric = "moved_sessions"}), 0);
    assert_int_equal(slow_ones(4 * SIM_S, 5 * SIM_S, SIM_MS), 1);
    assert_int_equal(redirects(0, "moved"), 1);
    done();
}

/* Each region's clients have a table of their own. Reads in b are local; the moves have arrived
 * there. */
static void clients_of_a_region_learn_by_themselves(void **state)
{
    (void)state;
    plan(500 * SIM_MS, 0, COMMAND_CREATE, 0, SESSIONS, SIM_MS);
    plan(4 * SIM_S, 0, COMMAND_GET, 0, SESSIONS, 5 * SIM_MS);
    plan(6 * SIM_S, 1, COMMAND_GET, 0, SESSIONS, 5 * SIM_MS);
    run_plan(RESHARD_WORLD("", ""));
    assert_int_equal(redirects(0, "moved"), 1);
    assert_int_equal(redirects(1, "moved"), 1);
    assert_int_equal(redirects(0, "ask") + redirects(1, "ask"), 0);
    assert_int_equal(slow_ones(4 * SIM_S, 9 * SIM_S, SIM_MS), 2);
    done();
}

/* Replicas redirect as the node that they follow does. */
static void replicas_redirect_too(void **state)
{
    uint32_t moving = count_moving(0, SESSIONS);

    (void)state;
    plan(500 * SIM_MS, 0, COMMAND_CREATE, 0, SESSIONS, SIM_MS);
    plan(1500 * SIM_MS, 0, COMMAND_GET, 0, SESSIONS, 0); /* opens connections */
    plan(2500 * SIM_MS, 0, COMMAND_GET, 0, SESSIONS, 0);
    plan(4 * SIM_S, 0, COMMAND_GET, 0, SESSIONS, 5 * SIM_MS);
    run_plan(RESHARD_STORE(", replicas: 1, read_from: replicas, replica_lag: 0ms", "", ""));
    assert_int_equal(redirects(0, "ask"), moved_at(0.5005, moving));
    assert_int_equal(redirects(0, "moved"), 1);
    done();
}

/* A client that does not follow redirects fails; the others' count is not changed by it. */
static void client_that_does_not_ask_fails(void **state)
{
    uint32_t moving = count_moving(0, SESSIONS), failed = 0;

    (void)state;
    plan(500 * SIM_MS, 0, COMMAND_CREATE, 0, SESSIONS, SIM_MS);
    plan(2500 * SIM_MS, 0, COMMAND_GET, 0, SESSIONS, 0);
    run_plan(RESHARD_WORLD(", errors: {ask: {retry: false}}", ""));
    for (size_t i = 0; i < history.op_count; i++)
        failed += history.ops[i].invoked > 2 * SIM_S && history.ops[i].outcome != OUTCOME_OK;
    assert_int_equal(failed, moved_at(0.5005, moving));
    done();
}

/* A primary that is down moves nothing: the step goes on when it is back. */
static void nothing_moves_without_a_primary(void **state)
{
    (void)state;
    plan(500 * SIM_MS, 0, COMMAND_CREATE, 0, SESSIONS, SIM_MS);
    run_plan(RESHARD_WORLD("", ", crash_from: 1900ms, crash_for: 3s"));
    /* the primary returns empty: what moves has nothing left to move */
    assert_int_equal((int)statistic_of(world, (struct wanted){.metric = "moved_sessions"}), 0);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moved_sessions_are_asked_for_until_their_slot_has_moved),
        cmocka_unit_test(new_sessions_of_a_migrating_slot_are_the_targets),
        cmocka_unit_test(clients_of_a_region_learn_by_themselves),
        cmocka_unit_test(replicas_redirect_too),
        cmocka_unit_test(client_that_does_not_ask_fails),
        cmocka_unit_test(nothing_moves_without_a_primary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
