// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Faults of stores against values derived here: access, flush, corrupt values, throttling, conflict
 * storms, min-replicas-to-write, and the work of a secondary that applies its stream.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "registry.h"
#include "statistics.h"
#include "client_driver.h"
#include "history_run.h"
#include "writers_rig.h"

#define STEADY                                                                                     \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"

static double wanted(const struct world *world, const char *metric, int region, const char *label)
{
    double value = statistic_or_nan(
        world, (struct wanted){.metric = metric, .region = region, .label = label});

    return isnan(value) ? 0 : value;
}

/* A run of all models; the caller reads it and calls done(). */
static struct scenario *scenario;
static struct world *run(const struct registry *registry, const char *text)
{
    scenario = scenario_of(registry, text);
    return world_of(scenario, 0, NULL);
}

static void done(struct world *world)
{
    world_free(world);
    scenario_free(scenario);
}

static const struct registry *all_models(void)
{
    static struct registry registry;

    registry = (struct registry){model_registry, model_registry_count};
    return &registry;
}

/* --- access ---------------------------------------------------------------------------------- */

/* Connections live for 5 s, so that within the fault's minute all of them are new. 20 sessions a
 * second, and nothing but the store fails. */
#define ACCESS_WORLD(access)                                                                       \
    "regions: {a: {}}\nduration: 3min\nwarmup: 0s\n" STEADY "store: {kind: single-region}\n"       \
    "population: {sessions: 20/s}\naccelerator: {spill: 0%}\n"                                     \
    "client: {timeout: 200ms, pool: {lifetime: 5s}, retry: {attempts: 1, read_attempts: 1}}\n"     \
    "faults: [{at: 60s, for: 60s, store: a, access: " access "}]\n"

/* Without an answer an operation waits for its timeout; with an error it fails within a round trip
 * or two of its handshake. */
static void wrong_group_is_silent_and_wrong_token_answers(void **state)
{
    struct wanted slow = {.metric = "write_latency", .stat = "max", .region = 0, .label = "failed"};
    struct world *world = run(all_models(), ACCESS_WORLD("network"));
    double failed = statistic_of(
        world, (struct wanted){.metric = "write_failure_rate", .region = 0, .window = "fault"});
    double network_ms = statistic_of(world, slow) / 1e6, auth_ms;

    (void)state;
    assert_true(failed > 0.8);
    assert_int_equal((int)wanted(world, "store_connections_refused", 0, NULL), 0);
    done(world);
    slow.stat = "p50";
    world = run(all_models(), ACCESS_WORLD("auth"));
    auth_ms = statistic_of(world, slow) / 1e6;
    print_message("failed writes take up to %.0f ms, %.1f ms in the median\n", network_ms, auth_ms);
    assert_close(network_ms, 200, 0.02);
    assert_true(auth_ms < 20);
    assert_true(wanted(world, "store_connections_refused", 0, NULL) > 100);
    done(world);
}

/* DynamoDB: a security group keeps new connections out, too; credentials come with each request, so
 * that all of them are refused, on open connections as well, after their round trip of 1 ms, and
 * are not tried again: as many attempts as writes, of three. */
static void signed_requests_are_refused_each(void **state)
{
    static const char *const kinds[] = {"dynamodb-global-tables", "dynamodb-strong"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[900];
        struct world *world;
        struct wanted rate = {.metric = "write_failure_rate", .region = 0, .window = "fault"};
        struct wanted took = {
            .metric = "write_latency", .stat = "max", .region = 0, .label = "failed"};

        for (int network = 0; network < 2; network++) {
            snprintf(text, sizeof text,
                     "regions: {us-east-1: {}, us-east-2: {}, us-west-2: {}}\nduration: 3min\n"
                     "warmup: 0s\n%sstore: {kind: %s}\npopulation: {sessions: 20/s}\n"
                     "accelerator: {spill: 0%%}\nclient: {timeout: 200ms, pool: {lifetime: 5s}, "
                     "retry: {attempts: 3, read_attempts: 1, backoff: {fixed: 1ms}}}\n"
                     "faults: [{at: 60s, for: 60s, store: us-east-1, access: %s}]\n",
                     STEADY, kinds[i], network ? "network" : "auth");
            world = run(all_models(), text);
            print_message("%s: %.3f of the writes failed, in up to %.1f ms\n", kinds[i],
                          statistic_of(world, rate), statistic_of(world, took) / 1e6);
            if (network) {
                assert_true(statistic_of(world, rate) > 0.8);
                assert_true(statistic_of(world, took) > 600e6);
            } else {
                assert_true(statistic_of(world, rate) > 0.999);
                assert_true(statistic_of(world, took) < 20e6); /* with a handshake */
                assert_true(wanted(world, "write_amplification", 0, NULL) == 1);
            }
            done(world);
        }
    }
}

/* --- data ------------------------------------------------------------------------------------ */

/* Independent stores: only the sessions of the one that is flushed are gone, and all of them. Users
 * stay in their region. A session sends 12 pages 7 s apart: nearly all that are there, 20/s x 84 s
 * = 1680, send another one; so many but those in their last page. */
static void flush_takes_the_sessions_of_its_store(void **state)
{
    struct world *world =
        run(all_models(), "regions: {a: {}, b: {}}\nduration: 5min\nwarmup: 0s\n" STEADY
                          "store: {kind: regional}\naccelerator: {spill: 0%}\n"
                          "population: {sessions: 20/s, requests: 12, "
                          "think: 7s, logout: 0%}\n"
                          "faults: [{at: 3min, store: a, flush: true}]\n");
    double here = wanted(world, "reauths", 0, "flushed"), there = wanted(world, "reauths", 1, NULL);

    (void)state;
    print_message("%.0f sessions flushed, %.0f in the other region\n", here, there);
    assert_true(here > 1200 && here < 1900);
    assert_true(there < here / 50); /* anything at all: none was flushed */
    assert_int_equal((int)wanted(world, "reauths", 1, "flushed"), 0);
    done(world);
}

/* Each write of a session makes it unreadable with probability p = 0.3, each login is one, and
 * there are no others. A user's next page finds out, and logs in again: after n logins that were
 * executed and followed by a page there are n p re-auths. Sessions have 20 pages 1 s apart, so all
 * but some 5 % of the logins at the end are followed by one. Standard deviation: sqrt(n p (1 - p)).
 */
static void corrupt_writes_are_found_by_the_next_read(void **state)
{
    struct world *world =
        run(all_models(), "regions: {a: {}}\nduration: 4min\nwarmup: 0s\n" STEADY
                          "store: {kind: single-region}\naccelerator: {spill: 0%}\n"
                          "population: {sessions: 20/s, requests: 20, think: 1s, writes: 0%, "
                          "logout: 0%, login_time: 1s, start: empty}\n"
                          "faults: [{at: 0s, store: a, corrupt: 30%}]\n");
    double logins = wanted(world, "store_writes", 0, NULL);
    double found = wanted(world, "reauths", 0, "corrupt");
    double deviation = sqrt(logins * 0.3 * 0.7);

    (void)state;
    print_message("%.0f of %.0f logins were corrupt\n", found, logins);
    assert_true(fabs(found - 0.3 * logins) < 3 * deviation + 0.3 * 40);
    assert_int_equal((int)wanted(world, "reauths", 0, NULL), (int)found);
    done(world);
}

/* --- throttling and conflicts ---------------------------------------------------------------- */

/* One attempt each: the share that fails is that of the fault. */
static void assert_share(const char *store, const char *fault, double share, const char *counted)
{
    struct world *world;
    double attempts, failed, deviation;
    char text[1200];

    snprintf(text, sizeof text,
             "regions: {us-east-1: {}, us-east-2: {}, us-west-2: {population: {sessions: 0/s}, "
             "endpoint_group: {weights: [0]}}}\nduration: 4min\nwarmup: 0s\n"
             "store: {%s}\npopulation: {sessions: 20/s}\naccelerator: {spill: 0%%}\n"
             "client: {timeout: 2s, retry: {attempts: 1, read_attempts: 1}}\n"
             "faults: [{at: 1ms, store: us-east-1, %s}]\n",
             store, fault);
    world = run(all_models(), text);
    attempts = wanted(world, "writes", 0, NULL);
    failed = attempts *
             statistic_of(world, (struct wanted){.metric = "write_failure_rate", .region = 0});
    deviation = sqrt(attempts * share * (1 - share));
    print_message("%s: %.0f of %.0f writes failed\n", fault, failed, attempts);
    assert_true(attempts > 3000 && fabs(failed - attempts * share) < 3 * deviation);
    if (counted)
        assert_close(wanted(world, counted, 0, NULL), failed, 0.01);
    done(world);
}

static void shares_of_faults_are_the_shares_that_fail(void **state)
{
    (void)state;
    assert_share("kind: dynamodb-global-tables", "throttled: 30%", 0.3, NULL);
    assert_share("kind: aurora-dsql", "conflicts: 40%", 0.4, "conflicts");
    assert_share("kind: dynamodb-strong", "conflicts: 20%", 0.2, "conflicts");
}

/* --- min-replicas-to-write ------------------------------------------------------------------- */

/*
 * The primary a is cut off from b at 20 s, and its own clients go on writing, ten a second. With
 * min_replicas_to_write it refuses them once b has been silent for 10 s; b's last acknowledgement
 * is at most a tick of 1 s and a way older than the cut. b is promoted at 50 s: what a had
 * acknowledged since the cut is lost, 10 s x 10/s at most instead of all of 30 s and what it
 * acknowledges until the link is back.
 */
#define MIN_REPLICAS(count)                                                                        \
    CLIENT_WORLD_WITH(", min_replicas_to_write: " count)                                           \
    STEADY "duration: 80s\nwarmup: 0s\nphase: 0s\nclient: {retry: {attempts: 1}}\n"                \
           "driver: {rate: 10/s, writer: a, cut: a <-> b, cut_from: 20s, cut_for: 40s, "           \
           "promote_at: 50s}\n"

static void cut_primary_stops_writes_without_replicas(void **state)
{
    struct world *world = run(&client_registry, MIN_REPLICAS("0"));
    double without = wanted(world, "lost_writes", 0, NULL), with;

    (void)state;
    assert_int_equal((int)wanted(world, "writes_without_replicas", 0, NULL), 0);
    done(world);
    world = run(&client_registry, MIN_REPLICAS("1"));
    with = wanted(world, "lost_writes", 0, NULL);
    print_message("lost: %.0f writes, with min_replicas_to_write %.0f\n", without, with);
    assert_true(without >= 390);
    assert_true(with >= 88 && with <= 101);
    assert_true(wanted(world, "writes_without_replicas", 0, NULL) >= 290);
    done(world);
}

/* --- the work of a secondary ----------------------------------------------------------------- */

/*
 * A secondary executes one replicated write after another. Writes arrive as a Poisson process, each
 * takes D = 1 ms (100 times the 10 us of a client's write): an M/D/1 queue, whose mean time in the
 * system is D (1 + rho / (2 (1 - rho))): 1.125 ms at 200/s, 3 ms at 800/s. The lag is that and the
 * way of 10 ms.
 */
static void lag_grows_with_the_volume_of_writes(void **state)
{
    static const struct {
        const char *rate;
        double rho, width;
    } loads[] = {{"200/s", 0.2, 0.01}, {"800/s", 0.8, 0.05}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        double theory = 1 + loads[i].rho / (2 * (1 - loads[i].rho)), found;
        struct world *world;
        char text[1200];

        snprintf(text, sizeof text,
                 "regions: {a: {}, b: {}}\nduration: 200s\nwarmup: 0s\n%s"
                 "store: {primary: a, write_service: 10us, write_per_kib: 0ms, "
                 "replica_apply: 100, connect_cost: {accept: 0ms, tls: 0ms}}\n"
                 "replication: {output_delay: 0ms}\nclient: {pool: {size: 400, warm: 400}}\n"
                 "driver: {rate: %s, poisson: true, writer: a}\n",
                 STEADY, loads[i].rate);
        world = run(&client_registry, text);
        found =
            statistic_of(
                world, (struct wanted){.metric = "replication_lag", .stat = "mean", .region = 1}) /
                1e6 -
            10;
        print_message("%s: %.4f ms, in theory %.4f\n", loads[i].rate, found, theory);
        assert_close(found, theory, loads[i].width);
        done(world);
    }
}

/* --- conflict storms of stores where the last writer wins ------------------------------------ */

/*
 * A share p of the writes meets another one in the other region at the same instant: one of the two
 * is lost in silence. Users stay in their region, and wait for longer than the replication takes,
 * so that there are hardly any other conflicts: of n writes n p lose, with a standard deviation of
 * sqrt(n p (1 - p)). Which ones a replay of the history finds by itself.
 */
static void storms_cost_a_silent_loser_each(void **state)
{
    static const char *const kinds[] = {"dynamodb-global-tables", "memorydb-multi-region"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct history history;
        struct world *world;
        char text[900];
        double lost = 0, conflicts, writes;

        snprintf(text, sizeof text,
                 "regions: {a: {}, b: {}}\nduration: 3min\nwarmup: 0s\n%s"
                 "store: {kind: %s, replication: {delay: 300ms}}\n"
                 "population: {sessions: 10/s, think: 5s, after_login: 2s}\n"
                 "accelerator: {spill: 0%%}\nfaults: [{at: 0s, store: a, conflicts: 25%%}]\n",
                 STEADY, kinds[i]);
        world = history_run(all_models(), text, 0, &scenario, &history);
        for (size_t w = 0; w < history.write_count; w++)
            lost += is_lost(&history, &history.writes[w], 310 * SIM_MS);
        conflicts = wanted(world, "conflicts", -1, NULL);
        writes = wanted(world, "store_writes", 0, NULL);
        print_message("%s: %.0f of %.0f writes lost, %.0f by the replay\n", kinds[i], conflicts,
                      writes, lost);
        assert_close(conflicts, lost, 0);
        assert_true(fabs(conflicts - 0.25 * writes) < 4 * sqrt(writes * 0.25 * 0.75));
        done(world);
        history_release(&history);
    }
}

/* --- reshard --------------------------------------------------------------------------------- */

static double redirected(const struct world *world, const char *kind)
{
    return wanted(world, "redirects", 0, kind) + wanted(world, "redirects", 1, kind);
}

/*
 * From 2 to 4 shards half of the slots move: half of the sessions that the store has, which are as
 * many as there were users at a time. None is lost; b misses one that is read within the some 30 ms
 * in which its move is replicated, one in 200.
 *
 * Each region's clients are told MOVED once for each step of a second, or a little more often: by
 * the commands that are under way. A session is asked for from its move to the end of its step,
 * half a second in the mean: with c commands a second for each of the sessions, moved x c / 2
 * times; and new sessions of a slot that migrates, 20 a second x 8192/16384, are created with ASK,
 * too.
 */
static void reshard_moves_half_of_the_sessions(void **state)
{
    struct world *world =
        run(all_models(), "regions: {a: {}, b: {}}\nduration: 6min\nwarmup: 0s\n" STEADY
                          "store: {primary: a, shards: 2, reshard: {once: {at: 2min, shards: 4, "
                          "duration: 60s}}}\naccelerator: {spill: 0%}\n"
                          "population: {sessions: 20/s, after_login: 2s}\n");
    double moved = wanted(world, "moved_sessions", 0, NULL);
    double active = wanted(world, "sessions_active", -1, NULL);
    double commands = wanted(world, "store_commands", -1, NULL) / 360 / active;
    double asked = redirected(world, "ask"), told = redirected(world, "moved");
    double expected = moved * commands / 2 + 20 * 0.5;

    (void)state;
    print_message("%.0f sessions moved of %.0f; ASK %.0f, expected %.0f; MOVED %.0f\n", moved,
                  active, asked, expected, told);
    assert_true(moved > 0.4 * active && moved < 0.75 * active);
    assert_true(wanted(world, "reauths", -1, NULL) < 20);
    assert_true(told > 90 && told < 200);
    assert_true(fabs(asked - expected) < 4 * sqrt(expected));
    done(world);
}

/* --- windows --------------------------------------------------------------------------------- */

/* The run begins on Saturday at 23:59, and the window begins on Sunday at 00:00, a minute later, of
 * no length. Maintenance changes the roles in each cluster. */
static void windows_come_at_their_time_of_the_calendar(void **state)
{
    struct world *world =
        run(&client_registry,
            CLIENT_WORLD_WITH(", replicas: 1, calendar: {day: sat, time: 23h59min}, "
                              "maintenance: {weekly: {day: sun, at: 0s, window: 0s}}") STEADY
            "duration: 2min\nwarmup: 0s\ndriver: {rate: 10/s, writer: a}\n");

    (void)state;
    assert_int_equal((int)wanted(world, "shard_failovers", 0, NULL), 1);
    assert_int_equal((int)wanted(world, "shard_failovers", 1, NULL), 1);
    assert_int_equal((int)wanted(world, "lost_writes", 0, NULL), 0);
    done(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_group_is_silent_and_wrong_token_answers),
        cmocka_unit_test(flush_takes_the_sessions_of_its_store),
        cmocka_unit_test(corrupt_writes_are_found_by_the_next_read),
        cmocka_unit_test(shares_of_faults_are_the_shares_that_fail),
        cmocka_unit_test(cut_primary_stops_writes_without_replicas),
        cmocka_unit_test(lag_grows_with_the_volume_of_writes),
        cmocka_unit_test(signed_requests_are_refused_each),
        cmocka_unit_test(storms_cost_a_silent_loser_each),
        cmocka_unit_test(reshard_moves_half_of_the_sessions),
        cmocka_unit_test(windows_come_at_their_time_of_the_calendar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
