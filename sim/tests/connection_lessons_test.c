// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Connections between two regions 20 ms apart, against derived values: the cost of closing on
 * timeout, handshakes with a stalled process, and open connections after a promotion
 * (models/lessons.md, 4, 8 and 25).
 *
 * Writes come from b, the primary is in a. One way takes 10 ms, servers answer at once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

#define LINKS                                                                                      \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"
#define QUIET CLIENT_WORLD LINKS

static struct {
    sim_time begun[1000], ended[1000]; /* by number, from 1 */
} writes;

static void write_ended(uint64_t number, sim_time begun, sim_time ended,
                        const struct op_result *result)
{
    assert_true(number < 1000 && result->outcome == OP_DONE);
    writes.begun[number] = begun;
    writes.ended[number] = ended;
}

static double one(const char *text, struct wanted wanted)
{
    return tally_of(&client_registry, text, 1, wanted).mean;
}

static struct wanted of_b(const char *metric)
{
    return (struct wanted){metric, NULL, 1, NULL, NULL};
}

/* --- closing on timeout (lesson 8) ----------------------------------------------------------- */

/*
 * The path to the primary loses p = 30 %. TCP retransmits a lost segment 220 ms, 440 ms, ... after
 * the first transmission, so of the 310 ms of an attempt on a warm connection one loss leaves 240
 * ms and two do not fit: q = P(latency > timeout) = p^2 = 9 %. Attempts that keep their connections
 * are independent, and this share of them times out.
 *
 * After a timeout that closes the connection, the next attempt must connect. A lost SYN is
 * retransmitted after 1 s, too late; of the n = 1 to 3 messages that follow (TLS none, 1.3, 1.2;
 * the last one is the command) one may be lost once: s = (1 - p) (1 - p)^n (1 + n p), in 20 (n + 1)
 * + 220 ms at most, so 300. Attempts follow one another each 500 ms, so an attempt finds what the
 * previous one left: of all attempts a share c is cold, c = (1 - c) q + c (1 - s), or q / (q + s);
 * and each timeout makes one cold attempt, so the same share times out: 12.4, 14.1 and 16.5 %.
 */
#define LOSSY(client)                                                                              \
    CLIENT_WORLD                                                                                   \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}, b -> a: {loss: 30%}}\n"           \
    "duration: 20000s\nwarmup: 0s\ndriver: {rate: 2/s, writer: b}\n"                               \
    "client: {timeout: 310ms, retry: {attempts: 1}, " client "}\n"

static void closing_on_timeout_costs_what_a_chain_of_cold_attempts_does(void **state)
{
    static const struct {
        const char *text;
        int messages;
    } cases[] = {{LOSSY("tls: none, pool: {size: 100, warm: 1}"), 1},
                 {LOSSY("tls: \"1.3\", pool: {size: 100, warm: 1}"), 2},
                 {LOSSY("tls: \"1.2\", pool: {size: 100, warm: 1}"), 3}};
    const double p = 0.3, q = p * p;
    struct tally keeping =
        tally_of(&client_registry, LOSSY("pool: {size: 1000, warm: 100, close_on_timeout: false}"),
                 20, of_b("write_timeout_rate"));

    (void)state;
    assert_covers(&keeping, q, 0.03);
    for (size_t i = 0; i < 3; i++) {
        int n = cases[i].messages;
        double s = pow(1 - p, n + 1) * (1 + n * p);
        struct tally closing =
            tally_of(&client_registry, cases[i].text, 24, of_b("write_timeout_rate"));
        double timeouts = one(cases[i].text, of_b("write_timeouts"));
        double opened = one(cases[i].text, of_b("connections_opened"));

        assert_covers(&closing, q / (q + s), 0.03);
        /* all but what the last one would open */
        assert_true(opened >= timeouts - 1 && opened <= timeouts);
    }
}

/* --- handshakes with a stalled process (lesson 4) -------------------------------------------- */

/*
 * The store stalls from 5 to 8 s. A client without a warm connection sends at 6 s. Its SYN is
 * answered by the kernel at 6.02 s. Without TLS the command follows, waits in the process, and is
 * answered as the stall ends: at 8.01 s. TLS needs the process: its first round is answered as the
 * stall ends, at 8.01 s; then come 1.2's second round and the command, 20 ms each. On a warm
 * connection the command only waits. (A write at 0 s comes first; what it opens lives for 1 s.)
 */
static void tls_waits_for_a_process_that_hangs_and_tcp_does_not(void **state)
{
    static const struct {
        const char *client;
        sim_time ended_ms;
    } cases[] = {{"tls: none, pool: {warm: 0, lifetime: 1s}", 8010},
                 {"tls: \"1.3\", pool: {warm: 0, lifetime: 1s}", 8030},
                 {"tls: \"1.2\", pool: {warm: 0, lifetime: 1s}", 8050},
                 {"tls: \"1.3\", pool: {warm: 1}", 8010}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1500];
        struct scenario *scenario;

        memset(&writes, 0, sizeof writes);
        client_seen.write_done = write_ended;
        snprintf(text, sizeof text,
                 "%sduration: 20s\nwarmup: 0s\n"
                 "driver: {rate: 0.166666667/s, writes: 2, writer: b, stall_from: 5s, "
                 "stall_for: 3s}\nclient: {timeout: 10s, %s}\n",
                 QUIET, cases[i].client);
        scenario = scenario_of(&client_registry, text);
        world_free(world_of(scenario, 0, NULL));
        scenario_free(scenario);
        assert_true(llabs(writes.begun[2] - 6 * SIM_S) < SIM_US);
        assert_int_equal(writes.ended[2], cases[i].ended_ms * SIM_MS);
    }
}

/* Connect time does not show health: while the process is stalled, connecting succeeds without TLS
 * and times out with it. */
static void connect_timeout_sees_a_stall_only_through_tls(void **state)
{
#define STALLED(tls)                                                                               \
    QUIET "duration: 20s\nwarmup: 0s\n"                                                            \
          "driver: {rate: 10/s, writes: 30, writer: b, stall_from: 1ns, stall_for: 10s}\n"         \
          "client: {timeout: 1s, connect_timeout: 100ms, retry: {attempts: 1}, tls: " tls          \
          ", pool: {warm: 0, size: 100}}\n"
    const struct wanted slowest = {"write_latency", "max", 1, NULL, NULL};

    (void)state;
    assert_close(one(STALLED("none"), of_b("write_failures")), 30, 0);
    assert_close(one(STALLED("none"), slowest), 1e9, 0.01);
    assert_close(one(STALLED("\"1.3\""), of_b("write_failures")), 30, 0);
    assert_close(one(STALLED("\"1.3\""), slowest), 0.1e9, 0.01);
    /* commands already sent are executed when the process resumes; attempts that did not connect
     * sent none */
    assert_close(one(STALLED("none"), (struct wanted){"store_writes", NULL, 0, NULL, NULL}), 30, 0);
    assert_close(one(STALLED("\"1.3\""), (struct wanted){"store_writes", NULL, 0, NULL, NULL}), 0,
                 0);
}

/* --- addresses that have changed (lesson 25) ------------------------------------------------- */

/*
 * b is promoted at 5.05 s, a is notified 10 ms later. b writes every 100 ms for 20 s, with five
 * warm connections to a. Each write on one of them is refused, which closes it; opening a
 * connection resolves the name if the client's cache has expired. The name is resolved at 0 s, and
 * not again until a connection is opened.
 *
 *   ttl      the name's TTL is 0 s here: the sixth write, at 5.6 s, goes to b: 5 fail
 *   2 s      has expired by then: the same
 *   8.05 s   the writes from 5.1 to 8.0 s go to a: 30 fail
 *   forever  all from 5.1 s to 19.9 s do: 149 fail
 */
#define PROMOTED(cache)                                                                            \
    QUIET "duration: 30s\nwarmup: 0s\n"                                                            \
          "driver: {rate: 10/s, writes: 200, writer: b, promote_at: 5050ms}\n"                     \
          "client: {retry: {attempts: 1}, pool: {size: 20, warm: 5}, dns_cache: " cache "}\n"
static void clients_follow_a_promotion_when_their_cache_runs_out(void **state)
{
    static const struct {
        const char *text;
        double failures;
    } cases[] = {{PROMOTED("ttl"), 5},
                 {PROMOTED("{fixed: 2s}"), 5},
                 {PROMOTED("{fixed: 8050ms}"), 30},
                 {PROMOTED("forever"), 149}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_close(one(cases[i].text, of_b("write_failures")), cases[i].failures, 0);
        /* those executed by b's own cluster, from then on */
        assert_close(one(cases[i].text, of_b("store_writes")), 149 - cases[i].failures, 0);
    }
}

/*
 * Reads are never refused. b reads at the primary what a has written, on one warm connection. b is
 * promoted at 5.05 s, and its reads continue to go to a, with a round trip of 20 ms, for the
 * lifetime of that connection: none is opened.
 *
 * With a lifetime of 3 s, it is replaced at 3.051 s, to a: TCP and TLS before the read, 60 ms in
 * all; and by the first read after 6.051 s, to b's own cluster: 3 ms, and then 1 ms per read. Write
 * k = 0 to 89 begins at k 100 ms. Up to the promotion it takes 1 ms and is read 50 ms later: 30
 * reads of 20 ms, one of 60. After it a writes to b in 20 ms (but for those that are refused,
 * retried, or need a connection, none of them near 6 s), so that the read of k = 59 is at 5.97 s:
 * 29 more of 20 ms. The one of k = 60, at 6.07 s, takes 3 ms, the other 29 take 1 ms.
 */
#define READ_AT_PRIMARY(lifetime)                                                                  \
    QUIET "duration: 30s\nwarmup: 0s\n"                                                            \
          "driver: {rate: 10/s, writes: 90, writer: a, reader: b, read_after: 50ms, "              \
          "promote_at: 5050ms}\n"                                                                  \
          "client: {read_after_write: {read-from-primary: {window: 1s}}, "                         \
          "pool: {size: 20, warm: 1, lifetime: " lifetime ", phase: 0s}}\n"
static void reads_stay_with_the_old_primary_until_their_connection_ends(void **state)
{
    const struct wanted mean = {"read_latency", "mean", 1, NULL, NULL};

    (void)state;
    assert_close(one(READ_AT_PRIMARY("0s"), of_b("reads")), 90, 0);
    assert_close(one(READ_AT_PRIMARY("0s"), mean), 20e6, 1e-9);
    assert_close(one(READ_AT_PRIMARY("0s"), of_b("connections_opened")), 0, 0);
    assert_close(one(READ_AT_PRIMARY("3s"), of_b("reads")), 90, 0);
    assert_close(one(READ_AT_PRIMARY("3s"), mean), 1e6 * (30 * 20 + 60 + 29 * 20 + 3 + 29 * 1) / 90,
                 1e-9);
    assert_close(one(READ_AT_PRIMARY("3s"), of_b("connections_opened")), 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(closing_on_timeout_costs_what_a_chain_of_cold_attempts_does,
                               client_seen_nothing),
        cmocka_unit_test_setup(tls_waits_for_a_process_that_hangs_and_tcp_does_not,
                               client_seen_nothing),
        cmocka_unit_test_setup(connect_timeout_sees_a_stall_only_through_tls, client_seen_nothing),
        cmocka_unit_test_setup(clients_follow_a_promotion_when_their_cache_runs_out,
                               client_seen_nothing),
        cmocka_unit_test_setup(reads_stay_with_the_old_primary_until_their_connection_ends,
                               client_seen_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
