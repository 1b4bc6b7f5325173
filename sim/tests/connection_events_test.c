// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What happens to the connections of a client, as its trace says it, to the nanosecond: opened,
 * refused, closed, reset, abandoned. Two regions 20 ms apart, servers that take no time; the one
 * store is in a, and b writes to it, once each second.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"

static const struct model_ops *const event_models[] = {
    &client_driver_ops, &wan_link_ops, &store_ops, &replication_ops, &store_client_ops};
static const struct registry event_registry = {event_models, 5};

static uint32_t writes_executed; /* in the last run */

/* The trace's lines of connections, as "SECONDS NUMBER EVENT" each; to be freed. rest: of the
 * scenario, with a network or without. */
static char *events_of(const char *rest)
{
    static const char network[] =
        "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%, tcp: {give_up: "
        "5s}}, "
        "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n";
    char text[1000], *traced, *lines, *line, *events = calloc(1, 10000);
    size_t size;
    FILE *out = open_memstream(&traced, &size);
    struct trace trace = {.out = out, .to = SIM_NEVER, .match = "store_client/b"};
    struct world_options options = {.seed = TEST_SEED, .trace = &trace};
    struct scenario *scenario;

    assert_non_null(events);
    snprintf(text, sizeof text, "duration: 20s\nwarmup: 0s\n%s%s",
             strstr(rest, "network:") ? "" : network, rest);
    scenario = scenario_of(&event_registry, text);
    struct world *world = world_create(scenario, &options);
    world_run(world);
    writes_executed =
        (uint32_t)statistic_of(world, (struct wanted){"store_writes", NULL, -1, NULL, NULL});
    world_free(world);
    scenario_free(scenario);
    fclose(out);
    for (lines = traced; (line = strtok_r(lines, "\n", &lines));) {
        unsigned index;
        char at[40], event[40];

        if (sscanf(line, "%39s store_client/b connection %u to %*[^:]: %39s", at, &index, event) ==
            3)
            snprintf(events + strlen(events), 10000 - strlen(events), "%s %u %s\n", at, index,
                     event);
    }
    free(traced);
    return events;
}

static void assert_events(const char *rest, const char *expected)
{
    char *events = events_of(rest);

    assert_string_equal(events, expected);
    free(events);
}

#define SINGLE                                                                                     \
    "regions: {a: {}, b: {}}\n"                                                                    \
    "store: {kind: single-region, write_service: 0ms, write_per_kib: 0ms}\n"                       \
    "client: {pool: {size: 1, warm: 1, close_on_timeout: %s}, retry: {attempts: 1}, tls: none, "   \
    "timeout: %s}\n"                                                                               \
    "driver: {rate: 1/s, writes: %d, writer: b, cut: b <-> a, %s}\n"

/*
 * The warm connection is reset as the fault begins, at 0.5 s. The write at 1 s opens another one,
 * whose SYN goes into the reset: the answer is there after a round trip. From 1.5 s on the link is
 * sound, and the handshake of the write at 2 s takes a round trip without TLS.
 */
static void reset_of_the_network_is_an_rst(void **state)
{
    char rest[700];

    (void)state;
    snprintf(rest, sizeof rest, SINGLE, "true", "300ms", 3,
             "cut_resets: true, cut_from: 500ms, cut_for: 1s");
    assert_events(rest, "0.000000000 0 established\n0.500000000 0 rst\n1.020000000 0 rst\n"
                        "2.020000000 0 established\n");
}

/* The write at 1 s is sent into a cut. With the default the client closes its connection when it
 * times out; the connection of the write at 2 s is not open in time, and so on. */
static void timeout_is_a_fin(void **state)
{
    char rest[700];

    (void)state;
    snprintf(rest, sizeof rest, SINGLE, "true", "300ms", 3, "cut_from: 500ms, cut_for: 10s");
    assert_events(rest, "0.000000000 0 established\n1.300000000 0 fin\n2.300000000 0 fin\n");
}

/*
 * A client that keeps its connection waits for the kernel. The message lost at 1 s is sent again
 * after R = 20 + 200 ms, R, 2R, 4R, 8R and 16R, so at 1.22, 1.44, 1.88, 2.76 and 4.52 s, and is
 * abandoned at 8.04 s, the first of its instants that is 5 s or more after the loss. Then the next
 * write's handshake begins; its SYN is lost at 8.04 and 9.04 s, and arrives when it is sent again
 * at 11.04 s.
 */
static void kernel_that_abandons_a_connection_is_silence(void **state)
{
    char rest[700];

    (void)state;
    snprintf(rest, sizeof rest, SINGLE, "false", "15s", 3, "cut_from: 500ms, cut_for: 10s");
    assert_events(rest, "0.000000000 0 established\n8.040000000 0 silent\n"
                        "11.060000000 0 established\n");
}

/* One of two connections is one too many: the first reply on it says so. The pool uses the one that
 * came back last, which is number 1; then the other one serves all writes. */
static void connection_too_many_is_refused(void **state)
{
    (void)state;
    assert_events("store: {kind: single-region, write_service: 0ms, write_per_kib: 0ms, "
                  "connections_max: 1}\n"
                  "regions: {a: {client: {pool: {warm: 0}}}, b: {}}\n"
                  "client: {pool: {size: 2, warm: 2}, retry: {backoff: none}}\n"
                  "driver: {rate: 1/s, writes: 3, writer: b}\n",
                  "0.000000000 0 established\n0.000000000 1 established\n"
                  "0.020000000 1 refused\n");
}

/*
 * The process exits at 0.5 s: the kernel's FIN is there after half a round trip. The writes of 1
 * and 2 s find no listener, and a RST notifies them after a round trip. From 2.5 s on another
 * process listens.
 */
static void process_that_exits_closes_and_refuses(void **state)
{
    char rest[700];

    (void)state;
    snprintf(rest, sizeof rest, SINGLE, "true", "300ms", 4,
             "cut_from: 20s, crash_from: 500ms, crash_for: 2s");
    assert_events(rest, "0.000000000 0 established\n0.510000000 0 fin\n1.020000000 0 refused\n"
                        "2.020000000 0 refused\n3.020000000 0 established\n");
}

/*
 * The host is down from 0.5 to 3 s. A client that keeps its connection sends the write of 1 s again
 * after 220 ms, R, 2R, 4R and 8R, so at 1.22, 1.44, 1.88, 2.76 and 4.52 s: the host does not know
 * the connection any more, and its RST is there a round trip later. The next write's handshake
 * follows.
 */
static void host_that_was_down_resets_what_it_forgot(void **state)
{
    char rest[700];

    (void)state;
    snprintf(rest, sizeof rest, SINGLE, "false", "15s", 3,
             "cut_from: 20s, crash_from: 500ms, crash_for: 2500ms, crash_host: true");
    assert_events(rest, "0.000000000 0 established\n4.540000000 0 rst\n"
                        "4.560000000 0 established\n");
}

/*
 * The same on a shared connection: the writes of 2, 3 and 4 s wait behind the lost one, so the
 * host, up since 3 s, sees none of them before the retransmission at 4.52 s. The write of 5 s opens
 * the next connection.
 */
static void what_waits_behind_a_loss_does_not_reach_the_host(void **state)
{
    (void)state;
    assert_events("regions: {a: {}, b: {}}\n"
                  "store: {kind: single-region, write_service: 0ms, write_per_kib: 0ms}\n"
                  "client: {mode: multiplexed, retry: {attempts: 1}, tls: none, timeout: "
                  "300ms, read_timeout: 300ms}\n"
                  "driver: {rate: 1/s, writes: 7, writer: b, crash_from: 500ms, crash_for: "
                  "2500ms, crash_host: true}\n",
                  "0.000000000 0 established\n4.540000000 0 rst\n5.020000000 0 established\n");
}

/*
 * Its zone is cut off for the same time: the host still knows the connection, executes the write
 * when it comes at 4.53 s, and those that waited for the connection after it.
 */
static void host_that_was_cut_off_knows_its_connections(void **state)
{
    char rest[700];

    (void)state;
    snprintf(rest, sizeof rest, SINGLE, "false", "15s", 3,
             "cut_from: 20s, crash_from: 500ms, crash_for: 2500ms, crash_zone: true");
    assert_events(rest, "0.000000000 0 established\n");
    assert_int_equal(writes_executed, 3);
}

#define QUIET(network, store)                                                                      \
    "regions: {a: {}, b: {}}\nphase: 0s\n"                                                         \
    "store: {kind: single-region, write_service: 0ms, write_per_kib: 0ms, " store "}\n"            \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%, " network "}, "        \
    "inside: {loss: 0%}}\n"                                                                        \
    "client: {pool: {size: 1, warm: 1}, retry: {attempts: 1}, tls: none, timeout: 300ms}\n"        \
    "driver: {rate: 0.2/s, writes: 3, writer: b}\n"

/*
 * Writes at 0, 5 and 10 s. The server closes what was idle for more than 2 s, and looks each
 * second: the command of 0 s came at 10 ms, so at 3 s; the next one, on a connection that opened
 * at 5.02 s, at 5.03 s, so at 8 s; the last one likewise at 13 s.
 */
static void server_closes_idle_connections(void **state)
{
    (void)state;
    assert_events(QUIET("", "idle_timeout: 2s"),
                  "0.000000000 0 established\n3.010000000 0 fin\n"
                  "5.020000000 0 established\n8.010000000 0 fin\n"
                  "10.020000000 0 established\n13.010000000 0 fin\n");
    assert_events(QUIET("", "idle_timeout: 6s"), "0.000000000 0 established\n17.010000000 0 fin\n");
}

/*
 * A box forgets connections that were idle for more than 4 s. Without probes the write of 5 s is
 * dropped and times out, and its connection is closed; with the server's, each 3 s of silence, it
 * stays.
 */
static void probes_of_a_server_keep_a_box_quiet(void **state)
{
    (void)state;
    assert_events(QUIET("idle_timeout: {after: 4s}", "tcp_keepalive: 0s"),
                  "0.000000000 0 established\n5.300000000 0 fin\n"
                  "10.020000000 0 established\n");
    assert_events(QUIET("idle_timeout: {after: 4s}", "tcp_keepalive: 3s"),
                  "0.000000000 0 established\n");
    assert_int_equal(writes_executed, 3);
}

/*
 * The way is cut from 1 to 11 s. The server heard of its client at 10 ms: it probes at 3.01, 4.01
 * and 5.01 s, and has forgotten the connection at 6.01 s. The client, which keeps it, has sent the
 * write of 5 s at 5, 5.22, 5.44, 5.88, 6.76, 8.52 s in vain; that of 12.04 s gets a RST. A write
 * follows on a new connection.
 */
static void server_forgets_a_client_that_is_silent(void **state)
{
    (void)state;
    assert_events(
        "regions: {a: {}, b: {}}\n"
        "store: {kind: single-region, write_service: 0ms, write_per_kib: 0ms, "
        "tcp_keepalive: 3s}\n"
        "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "
        "inside: {loss: 0%}}\n"
        "client: {pool: {size: 1, warm: 1, close_on_timeout: false}, retry: {attempts: 1}, "
        "tls: none, timeout: 300ms}\n"
        "driver: {rate: 0.2/s, writes: 4, writer: b, cut: b <-> a, cut_from: 1s, cut_for: "
        "10s}\n",
        "0.000000000 0 established\n12.060000000 0 rst\n15.020000000 0 established\n");
}

/* A SYN to a host that is down is sent again after 1 s; the host is up again from 0.9 s on. */
static void syn_waits_for_a_host(void **state)
{
    (void)state;
    assert_events(
        "regions: {a: {}, b: {}}\n"
        "store: {kind: single-region, write_service: 0ms, write_per_kib: 0ms}\n"
        "client: {pool: {size: 1, warm: 0}, retry: {attempts: 1}, tls: none, timeout: 15s, "
        "connect_timeout: 15s}\n"
        "driver: {rate: 1/s, writes: 2, writer: b, crash_from: 1ns, crash_for: 900ms, "
        "crash_host: true}\n",
        "1.020000000 0 established\n");
}

/*
 * A timeout never closes a shared connection, whatever became of its server: the writes from 1 s on
 * time out, until the kernel abandons it at 8.04 s (see
 * kernel_that_abandons_a_connection_is_silence).
 */
static void shared_connection_stays_until_the_kernel_gives_up(void **state)
{
    (void)state;
    assert_events("regions: {a: {}, b: {}}\n"
                  "store: {kind: single-region, write_service: 0ms, write_per_kib: 0ms}\n"
                  "client: {mode: multiplexed, retry: {attempts: 1}, tls: none, timeout: "
                  "300ms, read_timeout: 300ms}\n"
                  "driver: {rate: 1/s, writes: 7, writer: b, crash_from: 500ms, crash_for: 15s, "
                  "crash_host: true}\n",
                  "0.000000000 0 established\n8.040000000 0 silent\n");
}

/*
 * The SYN of the write at 0 s is lost, and the write times out at 0.3 s. A client that closes gives
 * up the handshake, one that keeps its connections does not: the SYN is sent again at 1 s, the
 * request follows it, and its connection serves the write of 1 s when the late reply is back.
 */
static void handshake_goes_on_without_its_attempt(void **state)
{
#define LOST_SYN                                                                                   \
    "regions: {a: {}, b: {}}\n"                                                                    \
    "store: {kind: single-region, write_service: 0ms, write_per_kib: 0ms}\n"                       \
    "client: {pool: {size: 1, warm: 0, close_on_timeout: %s}, retry: {attempts: 1}, tls: none, "   \
    "timeout: 300ms}\n"                                                                            \
    "driver: {rate: 1/s, writes: 2, writer: b, cut: b <-> a, cut_from: 0ns, cut_for: 500ms}\n"
    char rest[700];

    (void)state;
    snprintf(rest, sizeof rest, LOST_SYN, "true");
    assert_events(rest, "0.300000000 0 fin\n1.020000000 0 established\n");
    assert_int_equal(writes_executed, 1);
    snprintf(rest, sizeof rest, LOST_SYN, "false");
    assert_events(rest, "1.020000000 0 established\n");
    assert_int_equal(writes_executed, 2);
}

/* A write to a demoted primary: the connection is closed with the answer, or kept. */
static void server_closes_on_a_refused_write_where_set(void **state)
{
#define DEMOTED                                                                                    \
    "regions: {b: {}, a: {}}\n"                                                                    \
    "store: {write_service: 0ms, write_per_kib: 0ms, close_on_replica_write: %s}\n"                \
    "client: {pool: {size: 1, warm: 1}, retry: {attempts: 1}, tls: none}\n"                        \
    "driver: {rate: 1/s, writes: 3, promote_at: 500ms}\n"
    char rest[700];

    (void)state;
    snprintf(rest, sizeof rest, DEMOTED, "true");
    assert_events(rest, "0.000000000 0 established\n0.000000000 1 established\n"
                        "1.001000000 1 fin\n2.020000000 1 established\n");
    snprintf(rest, sizeof rest, DEMOTED, "false");
    assert_events(rest, "0.000000000 0 established\n0.000000000 1 established\n");
}

/*
 * A planned change of roles in b at 0.5 s. The write of 1 s goes to the node that is a replica now,
 * and is refused. Where that closes the connection the write of 2 s opens one to the new primary,
 * if the resolver has its address by then (1 s), and else to the old one again. Where it does not,
 * all writes are refused: those of 1, 2, 3 s.
 */
static void planned_change_of_roles_refuses_writes_at_the_old_node(void **state)
{
#define ROLES                                                                                      \
    "regions: {b: {}, a: {}}\n"                                                                    \
    "store: {write_service: 0ms, write_per_kib: 0ms, replicas: 1, close_on_replica_write: %s, "    \
    "address_ttl: %s}\n"                                                                           \
    "client: {pool: {size: 1, warm: 1}, retry: {attempts: 1}, tls: none}\n"                        \
    "driver: {rate: 1/s, writes: 4, roles_at: 500ms}\n"
    char rest[700];

    (void)state;
    snprintf(rest, sizeof rest, ROLES, "true", "1s");
    assert_events(rest, "0.000000000 0 established\n0.000000000 1 established\n"
                        "1.001000000 1 fin\n2.001000000 1 established\n");
    assert_int_equal(writes_executed, 3);
    snprintf(rest, sizeof rest, ROLES, "true", "10s");
    assert_events(rest, "0.000000000 0 established\n0.000000000 1 established\n"
                        "1.001000000 1 fin\n2.001000000 1 established\n2.002000000 1 fin\n"
                        "3.001000000 1 established\n3.002000000 1 fin\n");
    assert_int_equal(writes_executed, 1);
    snprintf(rest, sizeof rest, ROLES, "false", "1s");
    assert_events(rest, "0.000000000 0 established\n0.000000000 1 established\n");
    assert_int_equal(writes_executed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reset_of_the_network_is_an_rst),
        cmocka_unit_test(timeout_is_a_fin),
        cmocka_unit_test(kernel_that_abandons_a_connection_is_silence),
        cmocka_unit_test(connection_too_many_is_refused),
        cmocka_unit_test(process_that_exits_closes_and_refuses),
        cmocka_unit_test(host_that_was_down_resets_what_it_forgot),
        cmocka_unit_test(what_waits_behind_a_loss_does_not_reach_the_host),
        cmocka_unit_test(host_that_was_cut_off_knows_its_connections),
        cmocka_unit_test(server_closes_idle_connections),
        cmocka_unit_test(probes_of_a_server_keep_a_box_quiet),
        cmocka_unit_test(server_forgets_a_client_that_is_silent),
        cmocka_unit_test(syn_waits_for_a_host),
        cmocka_unit_test(shared_connection_stays_until_the_kernel_gives_up),
        cmocka_unit_test(handshake_goes_on_without_its_attempt),
        cmocka_unit_test(server_closes_on_a_refused_write_where_set),
        cmocka_unit_test(planned_change_of_roles_refuses_writes_at_the_old_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
