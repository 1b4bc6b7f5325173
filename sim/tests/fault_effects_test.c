// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Each fault, in scenario syntax, has its documented effect in a whole world: a statistic differs
 * from that of the same world without the fault. Exact effects are tested with the models; this
 * tests that the fault in the scenario reaches them.
 *
 * Two regions 20 ms apart, the primary in a; 20 sessions per second near each, about 60 writes per
 * second in total. The fault starts at 60 s.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "registry.h"

#define WORLD                                                                                      \
    "regions: {a: {}, b: {}}\nduration: 3min\nwarmup: 0s\n"                                        \
    "network: {default: {rtt: 20ms}, inside: {rtt: 1ms, loss: 0%}}\n"                              \
    "population: {sessions: 20/s}\naccelerator: {spill: 5%}\nstore: {primary: a"
#define FAULT(text) WORLD "}\nfaults: [{at: 60s, " text "}]\n"
#define FAULT_OF_TWO(text)                                                                         \
    WORLD ", replicas: 1, replica_failover: 5s}\nfaults: [{at: 60s, " text "}]\n"

#define FAULT_SAVED(text)                                                                          \
    WORLD ", restore_create: 10s, snapshots: {scheduled: {every: 20s}}}\nfaults: [{at: 60s, " text \
          "}]\n"

#define A 0
#define B 1

/* A statistic and its range with the fault; in the same world without it, the value is below
 * `without`. */
// clang-format off
static const struct effect {
    const char *name, *text;
    struct wanted wanted;
    double low, high, without;
} effects[] = {
    /* writes wait in the output buffer for 30 s: the first of them nearly all of it */
    {"pause", FAULT("for: 30s, replication: b, pause: true"),
     {"replication_lag", "max", B, NULL, NULL}, 29.5e9, 30.5e9, 1e9},
    /* no break: shorter than the timeout of 60 s, and PINGs continue */
    {"pause", FAULT("for: 30s, replication: b, pause: true"),
     {"replication_breaks", NULL, B, NULL, NULL}, 0, 0, 0.5},
    /* one connection of one shard breaks, and the backlog has the missing writes */
    {"reset of a replication", FAULT("replication: b, reset: true"),
     {"resyncs", NULL, B, "partial", NULL}, 1, 1, 0.5},
    {"reset of a replication", FAULT("replication: b, reset: true"),
     {"resyncs", NULL, B, "full", NULL}, 0, 0, 0.5},
    /* no standby: the primary is down for 30 s and restarts empty */
    {"crash of a process", FAULT("for: 30s, store: a, crash: process"),
     {"write_failure_rate", NULL, A, NULL, "fault"}, 0.9, 1, 0.001},
    {"crash of a process", FAULT("for: 30s, store: a, crash: process"),
     {"reauths", NULL, -1, "restarted", NULL}, 100, 1e6, 0.5},
    {"crash of a host", FAULT("for: 30s, store: a, crash: host"),
     {"reauths", NULL, -1, "restarted", NULL}, 100, 1e6, 0.5},
    /* a replica takes over after 5 s, with all but about the last millisecond: no restart */
    {"crash before a replica", FAULT_OF_TWO("for: 30s, store: a, crash: host"),
     {"shard_failovers", NULL, A, NULL, NULL}, 1, 1, 0.5},
    {"crash before a replica", FAULT_OF_TWO("for: 30s, store: a, crash: host"),
     {"reauths", NULL, -1, "restarted", NULL}, 0, 0, 0.5},
    /* the same with the primary's zone; the replica is in zone b */
    {"a zone without power", FAULT_OF_TWO("for: 30s, zone: a/a, down: true"),
     {"shard_failovers", NULL, A, NULL, NULL}, 1, 1, 0.5},
    {"a zone without power", FAULT_OF_TWO("for: 30s, zone: a/a, down: true"),
     {"reauths", NULL, -1, "restarted", NULL}, 0, 0, 0.5},
    {"an isolated zone", FAULT_OF_TWO("for: 30s, zone: a/a, isolate: true"),
     {"shard_failovers", NULL, A, NULL, NULL}, 1, 1, 0.5},
    {"an isolated zone", FAULT_OF_TWO("for: 4s, zone: a/a, isolate: true"),
     {"shard_failovers", NULL, A, NULL, NULL}, 0, 0, 0.5},
    /* no replica: the store of the zone restarts empty, or does not */
    {"a zone without power", FAULT("for: 30s, zone: a/a, down: true"),
     {"reauths", NULL, -1, "restarted", NULL}, 100, 1e6, 0.5},
    {"an isolated zone", FAULT("for: 30s, zone: a/a, isolate: true"),
     {"reauths", NULL, -1, "restarted", NULL}, 0, 0, 0.5},
    {"an isolated zone", FAULT("for: 30s, zone: a/a, isolate: true"),
     {"write_failure_rate", NULL, B, NULL, "fault"}, 0.5, 1, 0.01},
    /* the demoted node refuses what comes on open connections, so that they are closed: 4 x 20 of
       each region's to the primary, as far as they are used */
    {"planned change of roles", FAULT_OF_TWO("store: a, role_change: true"),
     {"connections_opened", NULL, A, NULL, NULL}, 4, 200, 0.5},
    {"planned change of roles", FAULT_OF_TWO("store: a, role_change: true"),
     {"lost_writes", NULL, A, NULL, NULL}, 0, 0, 0.5},
    /* users' next pages find no session, in both regions */
    {"flush", FAULT("store: a, flush: true"),
     {"reauths", NULL, B, "flushed", NULL}, 100, 1e6, 0.5},
    /* 11 s later the cluster has the sessions of the last snapshot, and those since then are lost */
    {"restore", FAULT_SAVED("store: a, restore: true"),
     {"lost_writes", NULL, A, NULL, NULL}, 11 * 30, 35 * 120, 0.5},
    /* the process restarts at once, empty */
    {"restart", FAULT("store: a, restart: true"),
     {"reauths", NULL, -1, "restarted", NULL}, 100, 1e6, 0.5},
    /* everything is deleted, in the primary and then in the secondary; nothing restarts */
    {"flush", FAULT("store: a, flush: true"),
     {"reauths", NULL, A, "flushed", NULL}, 100, 1e6, 0.5},
    {"flush", FAULT("store: a, flush: true"),
     {"reauths", NULL, B, "flushed", NULL}, 100, 1e6, 0.5},
    {"flush", FAULT("store: a, flush: true"),
     {"resyncs", NULL, B, "full", NULL}, 0, 0, 0.5},
    /* a secondary refuses the command */
    {"flush of a secondary", FAULT("store: b, flush: true"),
     {"reauths", NULL, -1, "flushed", NULL}, 0, 0, 0.5},
    /* corrupt values are replicated: half of the sessions that begin are found by nobody */
    {"corrupt writes", FAULT("for: 30s, store: a, corrupt: 50%"),
     {"reauths", NULL, B, "corrupt", NULL}, 100, 1e6, 0.5},
    /* pools are warm: connections that are open go on, whatever is wrong with new ones */
    {"a wrong security group", FAULT("for: 30s, store: a, access: network"),
     {"write_failure_rate", NULL, -1, NULL, "fault"}, 0, 0.001, 0.001},
    {"a wrong token", FAULT("for: 30s, store: a, access: auth"),
     {"write_failure_rate", NULL, -1, NULL, "fault"}, 0, 0.001, 0.001},
    /* four servers, each out for 20 s of 180 s: 4 - 4 x 20 / 180 = 3.5556 */
    {"deploy", FAULT("for: 100s, region: b, deploy: true"),
     {"instances_usable", NULL, B, NULL, NULL}, 3.5555, 3.5557, 4.1},
    /* each returns with cold pools: a write opens at least one connection */
    {"deploy", FAULT("for: 100s, region: b, deploy: true"),
     {"connections_opened", NULL, B, NULL, NULL}, 8, 1000, 0.5},
    /* one server is away for 20 s of 180 s: 4 - 20 / 180 = 3.8889 */
    {"restart of an instance", FAULT("instance: b/3, restart: true"),
     {"instances_usable", NULL, B, NULL, NULL}, 3.8888, 3.8890, 4.1},
    /* it comes back with cold pools */
    {"restart of an instance", FAULT("instance: b/3, restart: true"),
     {"connections_opened", NULL, B, NULL, NULL}, 2, 250, 0.5},
    /* all of b's connections to a, 4 x 20 and the stream's, and almost none of the connections that send meanwhile */
    {"reset of a link", FAULT("for: 1ms, link: b -> a, reset: true"),
     {"connections_broken", NULL, B, "reset", NULL}, 81, 83, 0.5},
    /* connections in use are reopened */
    {"reset of a link", FAULT("for: 1ms, link: b -> a, reset: true"),
     {"connections_opened", NULL, B, NULL, NULL}, 4, 100, 0.5},
    /* b is promoted 20 s later; the names of all clients lead to a until 10 + 30 s after the fault's end */
    {"a silent name", WORLD "}\ndns: {propagation: 0s}\nfailover: {promotion: 1s}\nfaults: "
     "[{at: 60s, for: 60s, record: store, down: true}, {at: 80s, promote: b}]\n",
     {"write_failure_rate", NULL, -1, NULL, "fault"}, 0.3, 1, 0.001},
    /* b's writes cross the link with the delay in one direction: 20 ms and 100 ms */
    {"delay", FAULT("for: 60s, link: b -> a, delay: 100ms"),
     {"write_latency", "p50", B, NULL, "fault"}, 118e6, 125e6, 25e6},
    /* uniform between 50 and 150 ms in addition to the 20 ms: a tenth is above 160 ms */
    {"delay from a distribution", FAULT("for: 60s, link: b -> a, delay: 'uniform(low=50ms, high=150ms)'"),
     {"write_latency", "p50", B, NULL, "fault"}, 113e6, 130e6, 25e6},
    /* b's application cannot write, and what a's clients wrote arrives there as ever */
    {"application alone", FAULT("for: 60s, link: b <-> a, traffic: application, blackhole: true"),
     {"write_failure_rate", NULL, B, NULL, "fault"}, 0.9, 1, 0.01},
    {"application alone", FAULT("for: 60s, link: b <-> a, traffic: application, blackhole: true"),
     {"replication_lag", "max", B, NULL, "fault"}, 10e6, 1e9, 1e9},
    /* and the reverse: all writes succeed, and the lag grows until the first retransmission after
       the end. R = 20 + 200 ms: 2 RTT + R (2^k - 1) is 27.98 s for k = 7 and 56.14 s for k = 8, and
       what waited arrives within a second; the stream's timeout is 60 s */
    {"replication alone", FAULT("for: 30s, link: a -> b, traffic: replication, blackhole: true"),
     {"write_failure_rate", NULL, B, NULL, "fault"}, 0, 0.01, 0.01},
    {"replication alone", FAULT("for: 30s, link: a -> b, traffic: replication, blackhole: true"),
     {"replication_lag", "max", B, NULL, NULL}, 56.1e9, 57.2e9, 1e9},
    /* 30 % of b's 4 x 20 connections to a: 24, standard deviation 4 */
    {"a share of connections",
     FAULT("for: 1ms, link: b -> a, connections: 30%, reset: true"),
     {"connections_broken", NULL, B, "reset", NULL}, 8, 40, 0.5},
};
// clang-format on

/* The statistic, 0 if there is none: nothing was counted. */
static double seen_in(const struct world *world, const struct wanted *wanted)
{
    double value = statistic_or_nan(world, *wanted);

    return isnan(value) ? 0 : value;
}

static bool effect_shows(const struct effect *effect, const struct world *quiet)
{
    const struct registry registry = {model_registry, model_registry_count};
    struct scenario *scenario = scenario_of(&registry, effect->text);
    struct world *world = world_of(scenario, 0, NULL);
    double value = seen_in(world, &effect->wanted), control;
    struct wanted without = effect->wanted;

    world_free(world);
    scenario_free(scenario);
    without.window = NULL; /* without faults there is no such window */
    control = seen_in(quiet, &without);
    print_message("%s: %s is %.6g, without the fault %.6g\n", effect->name, effect->wanted.metric,
                  value, control);
    return value >= effect->low && value <= effect->high && control < effect->without;
}

static void each_fault_shows_in_its_statistic(void **state)
{
    const struct registry registry = {model_registry, model_registry_count};
    struct scenario *scenario = scenario_of(&registry, WORLD "}\n");
    struct world *quiet = world_of(scenario, 0, NULL);
    bool good = true;

    (void)state;
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        good = effect_shows(&effects[i], quiet) && good;
    world_free(quiet);
    scenario_free(scenario);
    assert_true(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_shows_in_its_statistic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
