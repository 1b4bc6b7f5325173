// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Reports of practitioners (key reports of models/sources.md), with their settings as they stand:
 * what the model gives beside what was seen. R37 is a test of models/store/resync_test.c, the
 * instants of R3 are in dead_peer_test.c, exactly.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "registry.h"

#include <math.h>

#define TOTAL (-1)
#define R1(more)                                                                                   \
    "duration: 25min\npopulation: {sessions: 20/s}\nobjective: {good: {requests: false}}\n"        \
    "client: {preset: lettuce, timeout: 1s, read_timeout: 1s}\n" more
#define R1_B(more)                                                                                 \
    "regions: {us-west-1: {}, us-west-2: {}}\nfailover: {promotion: 10s}\n"                        \
    "dns: {ttl: 5s, propagation: 1s}\n" R1(more)
#define R13(preset)                                                                                \
    "regions: {us-west-1: {}}\nduration: 20min\npopulation: {sessions: 20/s}\n"                    \
    "client: {preset: " preset "}\n"                                                               \
    "faults: [{at: 5min, for: 10s, store: us-west-1, crash: process}]\n"

// clang-format off
static const struct report {
    const char *name, *text;
    struct wanted wanted;
    double low, high;
} reports[] = {
    /* 925.6 s of retransmissions, in each connection mode and whoever takes over; the objective, here
       of writes alone (reads of a cluster that is down fail to the end), sees it some seconds later.
       Timers and their steps: 2 to 5 %. */
    {"R1 (a) a replica takes over",
     "regions: {us-west-1: {}}\nstore: {primary: us-west-1, replicas: 1, replica_failover: 10s}\n"
     R1("faults: [{at: 3min, for: 20min, store: us-west-1, crash: host}]\n"),
     {"rto", NULL, TOTAL, NULL, NULL}, 907e9, 965e9},
    {"R1 (b) promotion by hand",
     R1_B("faults: [{at: 3min, for: 20min, store: us-west-1, crash: host}, {at: 3min30s, promote: us-west-2}]\n"),
     {"rto", NULL, TOTAL, NULL, NULL}, 907e9, 965e9},
    {"R1 (c) the whole region",
     R1_B("faults: [{at: 3min, for: 20min, region: us-west-1, down: true}, {at: 3min30s, promote: us-west-2}]\n"),
     {"rto", NULL, TOTAL, NULL, NULL}, 907e9, 975e9},
    /* the remedies: 12.6 s, a user timeout of 30 s; the record is published at 41 s */
    {"R3 tcp_retries2 of 5",
     R1_B("network: {default: {tcp: {retries2: 5}}, inside: {tcp: {retries2: 5}}}\n"
          "faults: [{at: 3min, for: 20min, region: us-west-1, down: true}, {at: 3min30s, promote: us-west-2}]\n"),
     {"rto", NULL, TOTAL, NULL, NULL}, 41e9, 60e9},
    /* no server process: the error comes after a round trip (0.4 ms seen; 0.5 ms and its jitter) */
    {"R12 a refusal",
     "regions: {us-west-1: {}}\nduration: 10min\n"
     "population: {sessions: 2/s, requests: 1, writes: 0%, logout: 0%, login_tries: 1, patience: 10min}\n"
     "client: {preset: redis-py-5, connect_timeout: 50s, timeout: 100s, read_timeout: 100s, pool: {warm: 0}}\n"
     "faults: [{at: 2min, for: 5min, store: us-west-1, crash: process}]\n",
     {"write_attempt_latency", "p99", TOTAL, NULL, "fault"}, 0.4e6, 10e6},
    /* away for 10 s: notified at once, and recovered some 10 to 30 s after it is back, with each library:
       reconnects, and all who log in again, since the data are gone */
    {"R13 redis-py-5",          R13("redis-py-5"),          {"rto", NULL, TOTAL, NULL, NULL}, 9e9, 40e9},
    {"R13 redis-py-6-7",        R13("redis-py-6-7"),        {"rto", NULL, TOTAL, NULL, NULL}, 9e9, 40e9},
    {"R13 ioredis-5",           R13("ioredis-5"),           {"rto", NULL, TOTAL, NULL, NULL}, 9e9, 40e9},
    {"R13 ioredis-6",           R13("ioredis-6"),           {"rto", NULL, TOTAL, NULL, NULL}, 9e9, 40e9},
    {"R13 lettuce",             R13("lettuce"),             {"rto", NULL, TOTAL, NULL, NULL}, 9e9, 40e9},
    {"R13 jedis",               R13("jedis"),               {"rto", NULL, TOTAL, NULL, NULL}, 9e9, 40e9},
    {"R13 stackexchange-redis", R13("stackexchange-redis"), {"rto", NULL, TOTAL, NULL, NULL}, 9e9, 40e9},
    /* the data are there after a restart; nobody logs in again for it */
    {"R14 a restart with its data",
     "regions: {us-west-1: {}}\nduration: 20min\nstore: {kind: regional, persistence: {aof: everysec}}\n"
     "population: {sessions: 20/s}\nfaults: [{at: 5min, store: us-west-1, restart: true}]\n",
     {"reauths", NULL, TOTAL, "restarted", NULL}, 0, 0},
    {"R14 without persistence",
     "regions: {us-west-1: {}}\nduration: 20min\nstore: {kind: regional}\n"
     "population: {sessions: 20/s}\nfaults: [{at: 5min, store: us-west-1, restart: true}]\n",
     {"reauths", NULL, TOTAL, "restarted", NULL}, 500, 2500},
    /* more new TLS connections than a server can open: it does nothing else */
    {"R21 a new TLS connection for each command",
     "regions: {us-west-1: {}}\nduration: 6min\npopulation: {sessions: 100/s}\n"
     "client: {preset: go-redis-9.0-9.21, tls: 1.2, pool: {size: 200, warm: 0, lifetime: 1ms}}\n",
     {"store_utilization", NULL, 0, NULL, NULL}, 0.99, 1},
    /* 15 000 a minute hold half a node at the default cost: 250/s x 2.1 ms */
    {"R21 at 15 000 a minute",
     "regions: {us-west-1: {}}\nduration: 6min\n"
     "population: {sessions: 18/s}\n"
     "client: {preset: go-redis-9.0-9.21, tls: 1.2, pool: {size: 200, warm: 0, lifetime: 1ms}}\n",
     {"store_utilization", NULL, 0, NULL, NULL}, 0.4, 0.65},
};
// clang-format on

static void each_report_gives_what_was_seen(void **state)
{
    const struct registry registry = {model_registry, model_registry_count};
    bool good = true;

    (void)state;
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        const struct report *report = &reports[i];
        struct scenario *scenario = scenario_of(&registry, report->text);
        struct world *world = world_of(scenario, 0, NULL);
        double value = statistic_or_nan(world, report->wanted);

        world_free(world);
        scenario_free(scenario);
        if (isnan(value) && report->high < 1)
            value = 0; /* nothing was counted */
        print_message("%s: %s is %.6g, expected %.6g to %.6g\n", report->name,
                      report->wanted.metric, value, report->low, report->high);
        good = good && value >= report->low && value <= report->high;
    }
    assert_true(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_report_gives_what_was_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
