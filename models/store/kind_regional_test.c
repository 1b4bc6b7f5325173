// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Independent stores: exact results with a driver instead of users, and the re-auth rate of roaming
 * users against theory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

/* Two regions 20 ms apart and 1 ms inside, service times of 0; writes in a, each followed by a read
 * of the same session 100 ms later. */
#define WORLD                                                                                      \
    "regions: {a: {}, b: {}}\nduration: 10s\nwarmup: 0s\n"                                         \
    "store: {kind: regional, write_service: 0ms, write_per_kib: 0ms, read_service: 0ms}\n"         \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "driver: {rate: 10/s, read_after: 100ms, writer: a, reader: "

static const struct model_ops *const regional_models[] = {&client_driver_ops, &wan_link_ops,
                                                          &store_ops, &store_client_ops};
static const struct registry regional_registry = {regional_models, 4};

static sim_dur write_latency_max;

static void write_ended(uint64_t number, sim_time begun, sim_time ended,
                        const struct op_result *result)
{
    (void)number;
    assert_int_equal(result->outcome, OP_DONE);
    if (ended - begun > write_latency_max)
        write_latency_max = ended - begun;
}

static int nothing_seen(void **state)
{
    write_latency_max = 0;
    client_seen_nothing(state);
    client_seen.write_done = write_ended;
    return 0;
}

/* Run with reads in region `reader`; the caller frees the instance. */
static struct world *run(const char *reader, struct scenario **scenario)
{
    char text[1000];

    snprintf(text, sizeof text, "%s%s}\n", WORLD, reader);
    *scenario = scenario_of(&regional_registry, text);
    return world_of(*scenario, 0, NULL);
}

/* A write stays in its own region; the other region never sees the session. */
static void session_is_where_it_was_created_and_nowhere_else(void **state)
{
    static const char *const readers[] = {"a", "b"};

    (void)state;
    for (int reader = 0; reader < 2; reader++) {
        struct scenario *scenario;
        struct world *world = run(readers[reader], &scenario);

        assert_true(client_seen.reads > 90);
        assert_int_equal(client_seen.misses, reader == 0 ? 0 : client_seen.reads);
        assert_int_equal(write_latency_max, 1 * SIM_MS);
        assert_close(statistic_of(world, (struct wanted){.metric = "store_writes", .region = 0}),
                     100, 0.011);
        world_free(world);
        scenario_free(scenario);
    }
}

/*
 * Every request of a user opens a new connection, which is routed away from home with probability
 * s. A login creates the session where it is routed: at home with probability 1 - s. It stays there
 * until a request is routed to the other region: 1/s requests on average at home, 1/(1 - s) away
 * from home, the last of them a re-auth. By renewal, re-auths per request:
 *
 *   r = 1 / ((1 - s)/s + s/(1 - s)) = s (1 - s) / ((1 - s)^2 + s^2)
 *
 * s = 10 %: 0.09/0.82 = 10.98 %, more than s, since a session created away from home is nearly
 * always in the wrong region. 2000 users who never leave and reach the stationary state within a
 * few requests; 110 s after 40 s of warm-up; 16 replications.
 */
static void reauth_rate_of_roaming_users_covers_theory(void **state)
{
    const struct registry registry = {model_registry, model_registry_count};
    const double s = 0.1, theory = s * (1 - s) / ((1 - s) * (1 - s) + s * s);
    const char *text =
        "regions: {us-west-1: {}, us-west-2: {}}\nduration: 150s\nwarmup: 40s\n"
        "store: {kind: regional}\naccelerator: {spill: 10%}\n"
        "population: {start: empty, sessions: 100/s, arrivals: {step: {at: 10s, factor: 0}}, "
        "requests: 100000, think: 1s, login_time: 100ms, after_login: 100ms, keep_alive: 0s, "
        "login_tries: 1000}\n";
    struct tally rate, other;

    (void)state;
    rate = tally_of(&registry, text, 16, (struct wanted){.metric = "reauth_rate", .region = -1});
    assert_covers(&rate, theory, 0.02);
    other = tally_of(&registry, text, 1,
                     (struct wanted){.metric = "reauths", .region = -1, .label = "other-region"});
    rate = tally_of(&registry, text, 1, (struct wanted){.metric = "reauths", .region = -1});
    assert_close(other.mean, rate.mean, 0); /* and for no other cause */
}

/*
 * A write every 100 ms, the last one at 5.5 s, each read 4 s after it. The process exits or the
 * host goes down at 5.55 s, for a second, so that the reads of the last 30 writes show what is
 * left.
 *
 *   aof, process     the kernel has the data: nothing is lost
 *   always           nothing
 *   everysec, host   what was written since 5 s: 6
 *   no, host         the kernel writes each 30 s: all of the run
 *   rdb, 2 s, 1      snapshots at 1 s, and more than two full seconds after it at 4 s: those from 4
 * s on, 16 rdb, 2 s, 26     not at 1 s. The 26th write comes at 2.5 s, the next turn of the cron is
 * at 2.6 s. More than two full seconds later, at 5 s, there are 24 more; the 26th of them comes
 * at 5.1 s, the cron at 5.2 s: those from 5.2 s on, 4 rdb, 1 h, 1      and 2 s, 26: the same a
 * restart        nothing, and the second is not needed: 40 reads are still to come
 */
#define PERSISTED_AT(phase, persistence, event)                                                    \
    "regions: {a: {}, b: {}}\nduration: 12s\nwarmup: 0s\nphase: " phase                            \
    "\nstore: {kind: regional, write_service: 0ms, write_per_kib: 0ms, persistence: " persistence  \
    "}\n"                                                                                          \
    "network: {default: {rtt: 20ms}, inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: "      \
    "0%}}\n"                                                                                       \
    "client: {retry: {attempts: 1, read_attempts: 1}, pool: {warm: 1}}\n"                          \
    "driver: {rate: 10/s, writes: 56, read_after: 4s, " event "}\n"
#define PERSISTED(persistence, event) PERSISTED_AT("0s", persistence, event)
#define PROCESS "crash_from: 5550ms, crash_for: 1s"
#define HOST PROCESS ", crash_host: true"
static void what_is_on_disk_survives(void **state)
{
    static const struct {
        const char *text;
        uint64_t misses;
    } cases[] = {
        {PERSISTED("none", PROCESS), 30},
        {PERSISTED("none", "restart_at: 5550ms"), 40},
        {PERSISTED("{aof: everysec}", PROCESS), 0},
        {PERSISTED("{aof: always}", HOST), 0},
        {PERSISTED("{aof: everysec}", HOST), 6},
        {PERSISTED("{aof: no}", HOST), 30},
        {PERSISTED("{both: {aof: everysec, every: 2s, changes: 1}}", PROCESS), 0},
        {PERSISTED("{both: {aof: everysec, every: 2s, changes: 1}}", HOST), 6},
        {PERSISTED("{rdb: {every: 2s, changes: 1, phase: 1s}}", PROCESS), 16},
        {PERSISTED("{rdb: {every: 2s, changes: 26, phase: 1s}}", HOST), 4},
        {PERSISTED("{rdb: {every: 1h, changes: 1, phase: 1min, more: [2, 26]}}", PROCESS), 4},
        {PERSISTED("{rdb: {every: 2s, changes: 25, phase: 1s}}", "restart_at: 5550ms"), 0},
    };

    (void)state;
    client_seen.write_done = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *scenario = scenario_of(&regional_registry, cases[i].text);

        world_free(world_of(scenario, 0, NULL));
        scenario_free(scenario);
        assert_int_equal(client_seen.misses, cases[i].misses);
    }
}

/*
 * The append-only file is flushed each second at a random phase, so that a host that goes down at
 * 5.55 s loses what was written in the last U(0, 1) s: of the writes each 100 ms the one k x 100 ms
 * before 5.5 s with probability 0.95 - k / 10, 5 of them on average.
 */
static void a_host_loses_what_was_written_since_the_last_flush(void **state)
{
    struct scenario *scenario =
        scenario_of(&regional_registry, PERSISTED_AT("random", "{aof: everysec}", HOST));
    struct tally tally = {0};

    (void)state;
    client_seen.write_done = NULL;
    for (uint32_t r = 0; r < 400; r++) {
        client_seen.misses = 0;
        world_free(world_of(scenario, r, NULL));
        tally_add(&tally, (double)client_seen.misses);
    }
    scenario_free(scenario);
    assert_covers(&tally, 5, 0.2);
}

/* 10 ms for each of the 56 sessions from 6.55 s on, and 56 x 1000 B at 139 MB/s: the servers answer
 * LOADING until 7.1104 s. Of a write every 100 ms ten are refused and the six of 6.6 to 7.1 s fail.
 */
static void loading_takes_its_time(void **state)
{
    struct scenario *scenario =
        scenario_of(&regional_registry,
                    "regions: {a: {}, b: {}}\nduration: 12s\nwarmup: 0s\n"
                    "store: {kind: regional, write_service: 0ms, write_per_kib: 0ms, "
                    "persistence: {aof: everysec}, persistence_cost: {load_per_key: 10ms}}\n"
                    "network: {default: {rtt: 20ms}, inside: {rtt: 1ms, jitter: 0ms, spike_share: "
                    "0%, loss: 0%}}\n"
                    "client: {retry: {attempts: 1}}\ndriver: {rate: 10/s, " PROCESS "}\n");
    struct world *world;

    (void)state;
    client_seen.write_done = NULL;
    world = world_of(scenario, 0, NULL);
    assert_close(statistic_of(world, (struct wanted){.metric = "write_failures", .region = 0}), 16,
                 0);
    world_free(world);
    scenario_free(scenario);
}

/*
 * 56 sessions of 1170 B with their overhead, one each 100 ms, each read 4 s after its write; room
 * for 30. The server evicts before a write what exceeds the limit, so 31 remain: 25 are evicted 31
 * writes after their own, before they are read. Memcached makes room first: 30 remain. With room
 * for all none is.
 */
#define LIMITED(kind, bytes)                                                                       \
    "regions: {a: {}, b: {}}\nduration: 12s\nwarmup: 0s\n"                                         \
    "store: {kind: " kind ", write_service: 0ms, memory: {limited: {maxmemory: " bytes "}}}\n"     \
    "network: {default: {rtt: 20ms}, inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: "      \
    "0%}}\n"                                                                                       \
    "client: {write_bytes: 1000, retry: {attempts: 1, read_attempts: 1}, pool: {warm: 1}}\n"       \
    "driver: {rate: 10/s, writes: 56, read_after: 4s}\n"
static void a_full_memory_evicts_what_was_used_least_recently(void **state)
{
    static const struct {
        const char *text;
        uint64_t misses;
    } cases[] = {
        {LIMITED("memcached, nodes: 1", "35100 B"), 26},
        {LIMITED("memcached, nodes: 1", "65520 B"), 0},
        {LIMITED("regional, reserved_memory: 0%", "35100 B, policy: allkeys-lru"), 25},
        {LIMITED("regional, reserved_memory: 25%", "46800 B, policy: allkeys-lru"), 25},
        {LIMITED("regional, reserved_memory: 0%", "65520 B, policy: allkeys-lru"), 0},
        {LIMITED("single-region, reserved_memory: 0%", "35100 B, policy: allkeys-lru"), 25},
        {LIMITED("durable-cache, reserved_memory: 0%", "35100 B, policy: allkeys-lru"), 25},
    };

    (void)state;
    client_seen.write_done = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *scenario = scenario_of(&regional_registry, cases[i].text);
        struct world *world = world_of(scenario, 0, NULL);

        assert_int_equal(client_seen.misses, cases[i].misses);
        assert_close(statistic_of(world, (struct wanted){.metric = "evictions", .region = 0}),
                     (double)cases[i].misses, 0);
        world_free(world);
        scenario_free(scenario);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(session_is_where_it_was_created_and_nowhere_else, nothing_seen),
        cmocka_unit_test(reauth_rate_of_roaming_users_covers_theory),
        cmocka_unit_test_setup(what_is_on_disk_survives, nothing_seen),
        cmocka_unit_test_setup(a_host_loses_what_was_written_since_the_last_flush, nothing_seen),
        cmocka_unit_test_setup(loading_takes_its_time, nothing_seen),
        cmocka_unit_test_setup(a_full_memory_evicts_what_was_used_least_recently, nothing_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
