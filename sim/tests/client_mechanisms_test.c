// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What client libraries do after errors beyond the table of client_errors_test.c: loops inside
 * loops, commands sent again, timeouts of a part, clients that stop; and layers that retry,
 * bounds on waiting, several shared connections. A round trip is 1 ms. Measured values: facts
 * client_errors (client_errors.md, sections 1 to 3).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "scripted_store.h"

static const char one[] = "rate: 1/s, writes: 1";

/* --- loops of connects ----------------------------------------------------------------------- */

/*
 * One command on a connection that was open: the server takes it and answers nothing more. Each
 * retry of the command is a whole loop of connects: redis-py 6 and 7 make 3 x 4, 8.0 10 x 11. A
 * refused connect has no loop of its own there: 3 and 10.
 */
static void a_retry_of_a_command_is_a_loop_of_connects(void **state)
{
    static const struct {
        const char *client;
        enum client_error error;
        uint32_t connects;
    } cases[] = {
        {"preset: redis-py-6.0-7.1, timeout: 1s, connect_timeout: 1s", ERROR_CONNECT_TIMEOUT, 12},
        {"preset: redis-py-7.2, timeout: 1s, connect_timeout: 1s", ERROR_CONNECT_TIMEOUT, 12},
        {"preset: redis-py-8", ERROR_CONNECT_TIMEOUT, 110},
        {"preset: redis-py-6.0-7.1, timeout: 1s", ERROR_REFUSED, 3},
        {"preset: redis-py-7.2, timeout: 1s", ERROR_REFUSED, 3},
        {"preset: redis-py-8", ERROR_REFUSED, 10},
        {"preset: redis-py-5, timeout: 1s", ERROR_REFUSED, 0},
    };
    char client[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        seen_nothing(cases[i].error);
        snprintf(client, sizeof client, "%s, pool: {warm: 1}", cases[i].client);
        run(client, one);
        assert_int_equal(seen.ended, 1);
        assert_int_equal(seen.commands, 1);
        assert_int_equal(seen.connects, cases[i].connects);
    }
}

/*
 * redis-py 8.0: 5 s for the command, 110 connects of 5 s, and sleeps with full jitter: 10 between
 * the retries and 10 in each of 10 loops, nominally 10, 20, 40, 80, 160, 320, 640, 1000, 1000,
 * 1000 ms = 4.27 s in all, on average half of that: 555 s + 11 x 2.135 s = 578 s, at most 602 s
 * ("about 9 min plus 45 s of sleeps").
 * go-redis 9.22 on a cold connection: 4 gets x 5 dials x 5 s + 4 x 4 x 100 ms = 101.6 s, and three
 * backoffs of 10 to 30, 50, 90 ms at most.
 */
static void one_command_takes_minutes_on_a_silent_peer(void **state)
{
    (void)state;
    seen_nothing(ERROR_CONNECT_TIMEOUT);
    run("preset: redis-py-8, pool: {warm: 1}", one);
    assert_true(seen.latency > 555 * SIM_S && seen.latency < 602 * SIM_S);
    seen_nothing(ERROR_CONNECT_TIMEOUT);
    run("preset: go-redis-9.22, pool: {warm: 0}", one);
    assert_true(seen.latency >= 101600 * SIM_MS && seen.latency <= 101800 * SIM_MS);
    seen_nothing(ERROR_CONNECT_TIMEOUT);
    run("preset: go-redis-9.17-9.18, pool: {warm: 0}", one);
    assert_int_equal(seen.latency, 5 * SIM_S);
}

/*
 * go-redis after PoolSize failed dials, here 3: no attempt dials any more, one probe a second does.
 * Refused until 10.5 s: 3 dials, and probes from the first one, 1 s after the third failure, on:
 * at 1.0x to 10.0x s. The probe at 11.0x s opens a connection; writes that begin later succeed.
 */
static void go_redis_fails_fast_until_a_probe_connects(void **state)
{
    (void)state;
    seen_nothing(ERROR_REFUSED);
    seen.until = 11200 * SIM_MS;
    run("preset: go-redis-9.8-9.14, pool: {size: 3, warm: 0}", "rate: 10/s, writes: 200");
    assert_int_equal(seen.connects_until, 3 + 11);
    assert_int_equal(seen.ended, 200);
    /* From 11.2 to 12.0x s nobody dials. */
    assert_in_range(seen.failed_late, 5, 9);
    assert_in_range(seen.failed, 115, 125);
}

/* --- what a timeout covers, and commands sent again ------------------------------------------ */

/* node-redis: once a command is written no timer is left. */
static void a_timeout_until_the_command_is_sent_leaves_it_waiting(void **state)
{
    (void)state;
    seen_nothing(ERROR_TIMEOUT);
    run("preset: node-redis-6, timeout: 100ms, pool: {warm: 1}", one);
    assert_int_equal(seen.commands, 1);
    assert_int_equal(seen.ended, 0);
    /* It covers the wait for a connection. */
    seen_nothing(ERROR_CONNECT_TIMEOUT);
    run("preset: node-redis-6, timeout: 100ms, pool: {warm: 0}", one);
    assert_int_equal(seen.commands, 0);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.latency, 100 * SIM_MS);
}

/* The timeout of redis-py starts with the command: a connect of 1 ms before it does not count. */
static void a_timeout_of_the_reply_starts_with_the_command(void **state)
{
    (void)state;
    seen_nothing(ERROR_TIMEOUT);
    run("preset: redis-py-5, timeout: 50ms, pool: {warm: 0}", one);
    assert_int_equal(seen.latency, 51 * SIM_MS);
}

/*
 * A command times out after 1 s, the connection is lost at 2 s: ioredis sends it again (two SETs
 * for one call that failed), Lettuce does not. A command that has not timed out when the connection
 * is lost is sent again by both, and answered at 2 s + reconnect.
 */
static void ioredis_sends_again_what_has_timed_out(void **state)
{
    static const struct {
        const char *client;
        uint32_t commands;
        enum op_outcome outcome;
    } cases[] = {
        {"preset: ioredis-5, timeout: 1s", 2, OP_FAILED},
        {"preset: ioredis-6, timeout: 1s", 2, OP_FAILED},
        {"preset: lettuce-6, timeout: 1s", 1, OP_FAILED},
        {"preset: ioredis-5, timeout: 5s", 2, OP_DONE},
        {"preset: lettuce-7, timeout: 5s", 2, OP_DONE},
        {"preset: node-redis-5", 1, OP_FAILED},
        {"preset: stackexchange-redis", 1, OP_FAILED},
    };
    char client[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        seen_nothing(ERROR_TIMEOUT);
        seen.reset_at = seen.until = 2 * SIM_S;
        snprintf(client, sizeof client, "%s, pool: {warm: 1}", cases[i].client);
        run(client, one);
        assert_int_equal(seen.ended, 1);
        assert_int_equal(seen.commands, cases[i].commands);
        assert_int_equal(seen.outcome, cases[i].outcome);
        assert_int_equal(seen.connects, 1);
    }
}

/* A server that accepts and drops the connection on each command: ioredis with a delay of 5 ms
 * sends it over 500 times in 4 s: 4 s / (5 ms + 2 round trips of 1 ms) = 571. */
static void ioredis_has_no_bound_on_sending_again(void **state)
{
    (void)state;
    seen_nothing(ERROR_LOST);
    seen.until = 4 * SIM_S;
    run("preset: ioredis-5, pool: {warm: 1}, reconnect: {backoff: {fixed: 5ms}}", one);
    assert_in_range(seen.commands, 500, 700);
    assert_int_equal(seen.outcome, OP_DONE);
}

/* node-redis after a socket timeout: the command in flight fails, nothing is connected or sent any
 * more. Without `after_socket_timeout: false` it reconnects. */
static void node_redis_gives_up_after_a_socket_timeout(void **state)
{
    (void)state;
    seen_nothing(ERROR_TIMEOUT);
    seen.until = 3 * SIM_S;
    run("preset: node-redis-5, socket_timeout: 2s, pool: {warm: 1}", "rate: 0.2/s, writes: 3");
    assert_int_equal(seen.commands, 1);
    assert_int_equal(seen.connects, 0);
    assert_int_equal(seen.failed, 3);
    seen_nothing(ERROR_TIMEOUT);
    seen.until = 3 * SIM_S;
    run("preset: node-redis-5, socket_timeout: 2s, reconnect: {after_socket_timeout: true}, "
        "pool: {warm: 1}",
        "rate: 0.2/s, writes: 3");
    assert_int_equal(seen.failed, 1);
}

/*
 * StackExchange.Redis closes a connection on which nothing came for 4 x 5 s after a command. Silent
 * from the first write at 0 s to 50 s: closed at 20 s, opened again and used 1 to 5 s later, closed
 * 20 s after that, and then all is well. Without commands nothing is closed, nor without the
 * preset's value.
 */
static void silence_after_a_command_closes_a_connection(void **state)
{
    (void)state;
    seen_nothing(ERROR_TIMEOUT);
    seen.until = 50 * SIM_S;
    run("preset: stackexchange-redis, pool: {warm: 1}", "rate: 1/s, writes: 90");
    assert_int_equal(seen.ended, 90);
    assert_int_equal(seen.closes, 2);
    assert_int_equal(seen.failed_late, 0);
    seen_nothing(ERROR_TIMEOUT);
    seen.until = 50 * SIM_S;
    run("preset: stackexchange-redis, silence_timeout: 0s, pool: {warm: 1}",
        "rate: 1/s, writes: 90");
    assert_int_equal(seen.closes, 0);
    seen_nothing(ERROR_OTHER);
    run("preset: stackexchange-redis, pool: {warm: 1}", "rate: 0.01/s, writes: 5");
    assert_int_equal(seen.closes, 0);
}

/* --- idle connections ------------------------------------------------------------------------ */

/* A write each 10 s on one warm connection: with an idle timeout of 9 s each but the first needs a
 * new one, with 11 s none. */
static void a_connection_that_was_idle_too_long_is_replaced(void **state)
{
    (void)state;
    seen_nothing(ERROR_OTHER);
    seen.until = 1;
    run("retry: {attempts: 1}, pool: {warm: 1, idle_timeout: 9s}", "rate: 0.1/s, writes: 10");
    assert_int_equal(seen.connects, 9);
    assert_int_equal(seen.failed, 0);
    seen_nothing(ERROR_OTHER);
    seen.until = 1;
    run("retry: {attempts: 1}, pool: {warm: 1, idle_timeout: 11s}", "rate: 0.1/s, writes: 10");
    assert_int_equal(seen.connects, 0);
}

/* --- waiting for a connection ---------------------------------------------------------------- */

/*
 * One connection, held for ever by the first write; nine more, one each 10 ms. With two places to
 * wait (Istio's http1MaxPendingRequests, reports R32) the others are rejected at once; those two
 * after max_wait.
 */
static void waiting_has_a_bound_and_a_time_of_its_own(void **state)
{
    (void)state;
    seen_nothing(ERROR_TIMEOUT);
    run("timeout: 1h, retry: {attempts: 1}, pool: {size: 1, warm: 1, pending: 2}",
        "rate: 100/s, writes: 10");
    assert_int_equal(seen.ended, 7);
    assert_int_equal(seen.latency, 0);
    seen_nothing(ERROR_TIMEOUT);
    run("timeout: 1h, retry: {attempts: 1}, pool: {size: 1, warm: 1, max_wait: 50ms}",
        "rate: 100/s, writes: 10");
    assert_int_equal(seen.ended, 9);
    assert_int_equal(seen.latency, 50 * SIM_MS);
    seen_nothing(ERROR_TIMEOUT);
    run("timeout: 1h, retry: {attempts: 3, backoff: {fixed: 100ms}, jitter: none}, "
        "errors: {pool: {retry: true}}, pool: {size: 1, warm: 1, max_wait: 50ms}",
        "rate: 100/s, writes: 2");
    assert_int_equal(seen.latency, (3 * 50 + 2 * 100) * SIM_MS);
    assert_int_equal(seen.attempts, 3);
}

/* 90 writes over three shared connections: 30 on each; a limit of attempts under way rejects. */
static void shared_connections_are_used_in_turn(void **state)
{
    (void)state;
    seen_nothing(ERROR_TIMEOUT);
    seen.until = 1;
    run("mode: multiplexed, pool: {shared: 3}", "rate: 100/s, writes: 91");
    assert_int_equal(seen.commands, 91);
    for (int i = 0; i < 3; i++)
        assert_in_range(seen.at_connection[i], 30, 31);
    seen_nothing(ERROR_TIMEOUT);
    run("mode: multiplexed, timeout: 1h, retry: {attempts: 1}, pool: {shared: 3, requests: 4}",
        "rate: 100/s, writes: 10");
    assert_int_equal(seen.commands, 4);
    assert_int_equal(seen.failed, 6);
}

/* --- layers that retry ----------------------------------------------------------------------- */

/* Where all fails, d layers of n attempts each send n^d commands, exactly; the fourth layer, the
 * user, is in app_tier_test.c. */
static void layers_multiply(void **state)
{
    char client[400];

    (void)state;
    for (uint32_t n = 1; n <= 5; n++) {
        static const struct {
            const char *layers;
            int power;
        } cases[] = {{"mesh: {attempts: 1}", 1},
                     {"mesh: {attempts: %u}", 2},
                     {"app: {attempts: %u}", 2},
                     {"mesh: {attempts: %u}, app: {attempts: %u}", 3}};

        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
            char layers[200];
            uint32_t product = 1;

            for (int i = 0; i < cases[c].power; i++)
                product *= n;
            snprintf(layers, sizeof layers, cases[c].layers, n, n);
            snprintf(client, sizeof client,
                     "retry: {attempts: %u, backoff: none}, pool: {warm: 1}, layers: {%s}", n,
                     layers);
            seen_nothing(ERROR_LOADING);
            run(client, one);
            assert_int_equal(seen.commands, product);
            assert_int_equal(seen.ended, 1);
        }
    }
}

/* The client stops at once after READONLY; the application around it does not know why. */
static void an_outer_layer_repeats_what_the_client_does_not(void **state)
{
    (void)state;
    seen_nothing(ERROR_READONLY);
    run("preset: lettuce-6, pool: {warm: 1}, "
        "layers: {app: {attempts: 3, backoff: {fixed: 500ms}, jitter: none}}",
        one);
    assert_int_equal(seen.commands, 3);
    assert_int_equal(seen.connects, 0);
    assert_int_equal(seen.latency, (2 * 500 + 3) * SIM_MS);
}

/* Nothing is accepted: request n is sent with probability 1/n, so of 1000 about ln 1000 + 0.58 =
 * 7.5 are, and hardly ever 20. */
static void a_throttled_client_leaves_a_dead_server_alone(void **state)
{
    (void)state;
    seen_nothing(ERROR_LOADING);
    run("throttle: {adaptive: {k: 2, window: 2min}}, retry: {attempts: 1}, pool: {warm: 1}",
        "rate: 100/s, writes: 1000");
    assert_int_equal(seen.ended, 1000);
    assert_in_range(seen.commands, 1, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_retry_of_a_command_is_a_loop_of_connects, make_store),
        cmocka_unit_test_setup(one_command_takes_minutes_on_a_silent_peer, make_store),
        cmocka_unit_test_setup(go_redis_fails_fast_until_a_probe_connects, make_store),
        cmocka_unit_test_setup(a_timeout_until_the_command_is_sent_leaves_it_waiting, make_store),
        cmocka_unit_test_setup(a_timeout_of_the_reply_starts_with_the_command, make_store),
        cmocka_unit_test_setup(ioredis_sends_again_what_has_timed_out, make_store),
        cmocka_unit_test_setup(ioredis_has_no_bound_on_sending_again, make_store),
        cmocka_unit_test_setup(node_redis_gives_up_after_a_socket_timeout, make_store),
        cmocka_unit_test_setup(silence_after_a_command_closes_a_connection, make_store),
        cmocka_unit_test_setup(a_connection_that_was_idle_too_long_is_replaced, make_store),
        cmocka_unit_test_setup(waiting_has_a_bound_and_a_time_of_its_own, make_store),
        cmocka_unit_test_setup(shared_connections_are_used_in_turn, make_store),
        cmocka_unit_test_setup(layers_multiply, make_store),
        cmocka_unit_test_setup(an_outer_layer_repeats_what_the_client_does_not, make_store),
        cmocka_unit_test_setup(a_throttled_client_leaves_a_dead_server_alone, make_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
