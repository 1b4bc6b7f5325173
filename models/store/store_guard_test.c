// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Guards of a server: admission, order of the queue, commands that are dropped; against closed
 * forms, as for the application tier (app_guard_test.c).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_rig.h"

#define LINKS "network: {default: {rtt: 20ms}, inside: {rtt: 1us}}\n"
#define RUN(driver, store)                                                                         \
    "regions: {a: {}}\nduration: 220s\nwarmup: 20s\n" LINKS "driver: {" driver "}\n"               \
    "store: {discipline: fifo, read_service: exponential(1ms), " store "}\n"
#define RUN_S 200

static struct tally count_of(const char *text, const char *metric)
{
    return tally_of(&rig_registry, text, 10, (struct wanted){metric, NULL, 0, NULL, NULL});
}

/* --- admission ------------------------------------------------------------------------------- */

/* A limit of 4 makes M/M/1/4 of M/M/1: the share refused is (1 - rho) rho^4 / (1 - rho^5). In
 * overload, rho = 1.2, 33.5 %. */
static void concurrency_limit_is_a_finite_queue(void **state)
{
    double rho = 1.2, full = pow(rho, 4);
    struct tally tally =
        count_of(RUN("reads: 1200/s", "admission: {concurrency: 4}"), "commands_refused");

    (void)state;
    assert_covers(&tally, (1 - rho) * full / (1 - full * rho) * 1200 * RUN_S, 0.05);
}

/* A bucket of one token admits the first command that comes 1/r after the last one it admitted:
 * one in 1/r + 1/lambda. r = 500/s, lambda = 800/s. */
static void token_bucket_of_one_has_a_dead_time(void **state)
{
    struct tally tally =
        count_of(RUN("reads: 800/s", "admission: {rate: 500/s, burst: 1}"), "commands_refused");

    (void)state;
    assert_covers(&tally, (800 - 1 / (1 / 500.0 + 1 / 800.0)) * RUN_S, 0.02);
}

static void read_session(uint32_t session)
{
    send_command(0, COMMAND_GET, session, 60, 0);
}

/* A full bucket of 3 admits 3 of 5 at once, and one more a second later; the others are answered
 * with an error at the instant at which they come. */
static void refused_commands_are_answered_at_once(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        plan_at(10 * SIM_S, read_session, i);
    plan_at(11 * SIM_S, read_session, 5);
    plan_at(11 * SIM_S, read_session, 6);
    run_scenario("regions: {a: {}}\nduration: 20s\nwarmup: 0s\n" LINKS
                 "store: {read_service: 1ms, admission: {rate: 1/s, burst: 3}}\n");
    assert_int_equal(seen.reply_count, 7);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(seen.replies[i].session, 3 + i);
        assert_int_equal(seen.replies[i].reply, REPLY_THROTTLED);
        assert_true(seen.replies[i].at == 10 * SIM_S);
    }
    assert_int_equal(seen.replies[5].reply, REPLY_THROTTLED);
    assert_true(seen.replies[5].at == 11 * SIM_S);
    assert_int_equal(seen.replies[6].reply, REPLY_MISS);
    assert_true(seen.replies[6].at == 11 * SIM_S + SIM_MS);
    assert_close(found("commands_refused", 0, NULL), 3, 0);
    assert_close(found("store_commands", 0, NULL), 4, 0);
    end_scenario();
}

/* --- commands that are dropped --------------------------------------------------------------- */

/* Impatient customers, as expired_requests_are_dropped_as_in_theory() of app_guard_test.c: lambda =
 * 1200/s, mu = 1000/s, tau = 5 ms. */
static void expired_commands_are_dropped_as_in_theory(void **state)
{
    static const char *const texts[] = {
        RUN("reads: 1200/s", "queue_timeout: 5ms"),
        RUN("reads: 1200/s, patience: 5ms", "drop_abandoned: true")};
    double rho = 1.2, e = exp(200 * 0.005);
    double share = rho * e / (1 + rho * (1 - e) / (1 - rho) + rho * e);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tally tally = count_of(texts[i], "commands_dropped");

        assert_covers(&tally, share * 1200 * RUN_S, 0.05);
    }
}

static void stall(uint32_t begin)
{
    driver->faults[0]->stall(driver->faults[0]->self, begin);
}

static void write_on(uint32_t connection)
{
    send_command(0, COMMAND_CREATE, 1, 1024, connection);
}

static void hang_up(uint32_t connection)
{
    driver->listeners[0]->event(driver->listeners[0]->self, connection, 0, CONNECTION_FIN);
}

/*
 * 40 writes of 1 KiB on one connection at 10 s and 2 at 11.5 s, in a stall until 12 s, 16 KiB an
 * iteration: the 40 have waited longer than 1 s and are dropped in three reads of no length, so
 * that the 2 of them that are left are executed at once.
 */
static void expired_commands_take_no_time(void **state)
{
    (void)state;
    plan_at(8 * SIM_S, hang_up, 2000);
    plan_at(9 * SIM_S, stall, true);
    for (uint32_t i = 0; i < 42; i++)
        plan_at(i < 40 ? 10 * SIM_S : 11500 * SIM_MS, write_on, 2000);
    plan_at(12 * SIM_S, stall, false);
    run_scenario("regions: {a: {}}\nduration: 20s\nwarmup: 0s\n" LINKS
                 "store: {write_service: 1ms, write_per_kib: 0ms, queue_timeout: 1s}\n");
    assert_int_equal(seen.reply_count, 42);
    for (uint32_t i = 0; i < 42; i++) {
        assert_int_equal(seen.replies[i].reply, i < 40 ? REPLY_THROTTLED : REPLY_OK);
        assert_true(seen.replies[i].at == 12 * SIM_S + (i < 40 ? 0 : 2 * SIM_MS));
    }
    assert_close(found("commands_dropped", 0, NULL), 40, 0);
    end_scenario();
}

/* --- order of the queue ---------------------------------------------------------------------- */

/* Five reads at one instant: one is in service, the others follow from the last to the first; in an
 * iteration of the event loop, which they join in the middle of another one, too. */
static void lifo_executes_the_newest_first(void **state)
{
    static const uint32_t order[] = {0, 4, 3, 2, 1};

    for (int loop = 0; loop < 2; loop++) {
        char text[300];

        (void)forget_plan(state);
        plan_at(10 * SIM_S, read_session, 0);
        for (uint32_t i = 1; i < 5; i++)
            plan_at(10 * SIM_S + i * SIM_US, read_session, i);
        snprintf(text, sizeof text,
                 "regions: {a: {}}\nduration: 20s\nwarmup: 0s\n" LINKS
                 "store: {discipline: %s, read_service: 1ms, queue_order: lifo}\n",
                 loop ? "event-loop" : "fifo");
        run_scenario(text);
        assert_int_equal(seen.reply_count, 5);
        for (uint32_t i = 0; i < 5; i++) {
            assert_int_equal(seen.replies[i].session, order[i]);
            assert_true(seen.replies[i].at == 10 * SIM_S + (loop && i > 0 ? 5 : i + 1) * SIM_MS);
        }
        end_scenario();
    }
}

/* The mean stay does not depend on the order (Little): M/M/1 at rho = 0.8, 5 ms. */
static void lifo_has_the_mean_stay_of_fifo(void **state)
{
    struct tally tally = tally_of(&rig_registry, RUN("reads: 800/s", "queue_order: lifo"), 20,
                                  (struct wanted){"sojourn", "mean", 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 5e6, 0.1);
}

/*
 * Commands at 10.001, 10.002, ... 12 s in a stall from 10 to 12 s; 1 ms each, dropped after 1 s.
 * FIFO: the 999 before 11 s have waited longer when the stall ends. The one of 11 s + k ms has
 * waited 1 s - k ms then and waits k ms more, 1 s in all, which is not longer. LIFO: the one of
 * 12 s - x has x / 1 ms newer ones before it and waits 2 x, so that 501 with x up to 0.5 s are
 * executed and 1499 dropped.
 */
static void lifo_and_fifo_drop_after_a_stall(void **state)
{
    for (int lifo = 0; lifo < 2; lifo++) {
        char text[300];

        (void)forget_plan(state);
        plan_at(10 * SIM_S, stall, true);
        for (uint32_t i = 0; i < 2000; i++)
            plan_at(10 * SIM_S + (i + 1) * SIM_MS, read_session, i);
        plan_at(12 * SIM_S, stall, false);
        snprintf(text, sizeof text,
                 "regions: {a: {}}\nduration: 20s\nwarmup: 0s\n" LINKS
                 "store: {discipline: fifo, read_service: 1ms, queue_timeout: 1s, "
                 "queue_order: %s}\n",
                 lifo ? "lifo" : "fifo");
        run_scenario(text);
        assert_close(found("commands_dropped", 0, NULL), lifo ? 1499 : 999, 0);
        end_scenario();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(concurrency_limit_is_a_finite_queue, forget_plan),
        cmocka_unit_test_setup(token_bucket_of_one_has_a_dead_time, forget_plan),
        cmocka_unit_test_setup(refused_commands_are_answered_at_once, forget_plan),
        cmocka_unit_test_setup(expired_commands_are_dropped_as_in_theory, forget_plan),
        cmocka_unit_test_setup(expired_commands_take_no_time, forget_plan),
        cmocka_unit_test_setup(lifo_executes_the_newest_first, forget_plan),
        cmocka_unit_test_setup(lifo_has_the_mean_stay_of_fifo, forget_plan),
        cmocka_unit_test_setup(lifo_and_fifo_drop_after_a_stall, forget_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
