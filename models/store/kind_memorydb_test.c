// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * MemoryDB over several regions: latencies, last writer wins against a replay of the history,
 * staleness, and what a crash and a pause of the replication do.
 *
 * Two regions 20 ms apart (10 ms one way), 1 ms inside; servers take no time, the log 3 ms.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kind_rig.h"
#include "writers_rig.h"

#define WORLD(duration, store, driver)                                                             \
    "regions: {a: {}, b: {}}\nduration: " duration "\nwarmup: 0s\n"                                \
    "store: {kind: memorydb-multi-region, write_service: 0ms, write_per_kib: 0ms, "                \
    "read_service: 0ms, connect_cost: {accept: 0ms, tls: 0ms}, log_latency: 3ms, " store "}\n"     \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "client: {retry: {attempts: 1, read_attempts: 1}, pool: {size: 200, warm: 200}}\n"             \
    "driver: {" driver "}\n"

/* A write takes its round trip and the log, a read its round trip; with the link cut, too. */
static void operations_are_local(void **state)
{
    static const struct client_step steps[] = {{1000 * SIM_MS, 0, COMMAND_CREATE, 1},
                                               {2000 * SIM_MS, 0, COMMAND_GET, 1},
                                               {3000 * SIM_MS, 1, COMMAND_CREATE, 2},
                                               {4000 * SIM_MS, 1, COMMAND_GET, 2}};

    (void)state;
    run(WORLD("10s", "replication: {delay: 200ms}", "rate: 0/s, cut: a <-> b, cut_from: 500ms"),
        steps, 4);
    for (size_t i = 0; i < history.op_count; i++) {
        const struct history_op *op = &history.ops[i];

        assert_int_equal(op->outcome, OUTCOME_OK);
        assert_int_equal(op->ended - op->invoked, (op->is_write ? 4 : 1) * SIM_MS);
    }
    done();
}

/* As with global tables; the replication takes 200 ms and the way. */
static void last_writer_wins_as_in_a_replay(void **state)
{
    static struct client_step steps[STEPS];
    double lost = 0;

    (void)state;
    plan_writes(steps, 2, 77);
    run(WORLD("80s", "replication: {delay: 200ms}", "rate: 0/s"), steps, STEPS);
    for (size_t i = 0; i < history.write_count; i++)
        lost += is_lost(&history, &history.writes[i], 210 * SIM_MS);
    for (size_t i = 0; i < history.op_count; i++)
        if (!history.ops[i].is_write)
            assert_int_equal(history.ops[i].value,
                             last_of(&history, history.ops[i].session)->value);
    print_message("%.0f of %d writes lost\n", lost, WRITES);
    assert_true(lost > WRITES / 10);
    assert_close(wanted("conflicts", NULL, -1), lost, 0);
    assert_int_equal(history_not_converged(&history, 1 * SIM_S, NULL), 0);
    assert_int_equal(history_own_writes_missed(&history, NULL), 0);
    done();
}

/* A read in b 59 ms after a write in a was acknowledged is executed 60 ms after it: it misses if
 * the delay, an exponential of mean 100 ms, is above 50 ms: exp(-1/2) = 60.65 %. */
static void stale_share_is_that_of_the_delay(void **state)
{
    double share, expected = exp(-0.5), deviation = sqrt(expected * (1 - expected) / 20000);

    (void)state;
    client_seen_nothing(NULL);
    run(WORLD("110s", "replication: {delay: exponential(100ms)}",
              "rate: 200/s, writes: 20000, read_after: 59ms, writer: a, reader: b"),
        NULL, 0);
    share = (double)client_seen.misses / (double)client_seen.reads;
    print_message("%.4f, found %.4f, standard deviation %.4f\n", expected, share, deviation);
    assert_true(fabs(share - expected) < 3 * deviation);
    done();
}

/*
 * 10 writes a second, each read 20 s later. The process of a exits at 10.05 s; replicas take over 6
 * s later, although the fault lasts 30 s. 60 writes are refused; all others are there, since the
 * log has what was acknowledged.
 */
static void crash_loses_nothing_that_was_acknowledged(void **state)
{
    (void)state;
    client_seen_nothing(NULL);
    run(WORLD("60s", "replica_failover: 6s",
              "rate: 10/s, writes: 300, read_after: 20s, crash_from: 10050ms, crash_for: 30s"),
        NULL, 0);
    assert_close(wanted("write_failures", NULL, 0), 60, 0);
    assert_int_equal(client_seen.reads, 240);
    assert_int_equal(client_seen.misses, 0);
    assert_int_equal(history_lost_writes(&history, 0, NULL), 0);
    done();
}

/* The replication of a is paused from 10 to 30 s: the first write of the pause arrives at 30 s. */
static void pause_holds_the_replication_back(void **state)
{
    (void)state;
    run(WORLD("60s", "replication: {delay: 0ms}",
              "rate: 10/s, writes: 400, pause_from: 10050ms, pause_for: 20s"),
        NULL, 0);
    assert_close(wanted("replication_lag", "count", 1), 400, 0);
    assert_close(wanted("replication_lag", "max", 1), 19.95e9, 0.002);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_local),
        cmocka_unit_test(last_writer_wins_as_in_a_replay),
        cmocka_unit_test(stale_share_is_that_of_the_delay),
        cmocka_unit_test(crash_loses_nothing_that_was_acknowledged),
        cmocka_unit_test(pause_holds_the_replication_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
