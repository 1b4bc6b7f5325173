// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The memory of a global datastore's servers: who is evicted or expires, what the secondary sees of
 * it, values on SSD, and the pages that a snapshot copies.
 *
 * One way 10 ms, nothing random but the servers' samples. A session has 1000 bytes, and 170 of
 * overhead.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_internal.h"
#include "store_rig.h"

#define WORLD(store)                                                                               \
    "regions: {a: {}, b: {}}\nduration: 60s\nwarmup: 0s\n"                                         \
    "network:\n"                                                                                   \
    "  default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}\n"                             \
    "  inside: {rtt: 1us, jitter: 0ms, spike_share: 0%, loss: 0%}\n"                               \
    "replication: {output_delay: 0ms}\n"                                                           \
    "store: {write_service: 1us, write_per_kib: 0ms, read_service: 1us, replica_apply: 0, "        \
    "reserved_memory: 0%, " store "}\n"
/* Room for ten sessions; the eleventh exceeds the limit, which the next write finds. */
#define TEN "memory: {limited: {maxmemory: 11700 B, samples: 64, policy: "

static void read_first(uint32_t session)
{
    send_command(0, COMMAND_GET, session, 60, 0);
}

static void read_second(uint32_t session)
{
    send_command(1, COMMAND_GET, session, 60, 0);
}

static void reply_is(uint32_t reply)
{
    assert_int_equal(seen.reply, reply);
}

static int last_miss(void)
{
    return seen.replies[seen.reply_count - 1].miss;
}

static void evicted(uint32_t arg)
{
    (void)arg;
    assert_int_equal(seen.reply, REPLY_MISS);
    assert_int_equal(last_miss(), MISS_EVICTED);
}

static void expired(uint32_t arg)
{
    (void)arg;
    assert_int_equal(seen.reply, REPLY_MISS);
    assert_int_equal(last_miss(), MISS_EXPIRED);
}

/* A command, and what its reply is 1 ms later. */
static void plan_reply(sim_time at, void (*call)(uint32_t arg), uint32_t session,
                       void (*check)(uint32_t arg), uint32_t reply)
{
    plan_at(at, call, session);
    plan_at(at + SIM_MS, check, reply);
}

/* --- eviction -------------------------------------------------------------------------------- */

static void a_full_memory_refuses_writes(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= 20; k++)
        plan_reply(k * SIM_S, write_session, k, reply_is, k <= 11 ? REPLY_OK : REPLY_OOM);
    plan_reply(30 * SIM_S, read_first, 1, reply_is, REPLY_HIT);
    plan_reply(31 * SIM_S, read_first, 12, reply_is, REPLY_MISS);
    run_scenario(WORLD(TEN "noeviction}}"));
    assert_int_equal(seen.acknowledged, 11);
    assert_close(found("writes_out_of_memory", 0, NULL), 9, 0);
    assert_close(found("store_writes", 0, NULL), 11, 0);
    end_scenario();
}

/* A second apart, so that the clock of the LRU tells the uses apart. */
static void an_eviction_is_replicated(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= 11; k++)
        plan_at(k * SIM_S, write_session, k);
    plan_at(20 * SIM_S, read_first, 1);  /* a use: session 2 is the oldest now */
    plan_at(25 * SIM_S, read_second, 3); /* none: the primary does not know of it */
    plan_at(30 * SIM_S, write_session, 12);
    plan_reply(30 * SIM_S + 2 * SIM_MS, read_first, 2, evicted, 0);
    plan_reply(30 * SIM_S + 5 * SIM_MS, read_second, 2, reply_is, REPLY_HIT);
    plan_reply(30 * SIM_S + 20 * SIM_MS, read_second, 2, evicted, 0);
    plan_reply(31 * SIM_S, read_second, 1, reply_is, REPLY_HIT);
    plan_at(40 * SIM_S, write_session, 13);
    plan_reply(41 * SIM_S, read_first, 3, evicted, 0);
    plan_reply(42 * SIM_S, read_second, 3, evicted, 0);
    plan_reply(43 * SIM_S, write_session, 2, reply_is, REPLY_OK); /* it is there again */
    plan_reply(44 * SIM_S, read_second, 2, reply_is, REPLY_HIT);
    run_scenario(WORLD(TEN "allkeys-lru}}"));
    assert_close(found("evictions", 0, NULL), 3, 0);
    assert_close(found("store_writes", 0, NULL), 14, 0);
    end_scenario();
}

/* The new primary goes on with the keys of the old one, except those whose write was lost. */
static void a_promotion_takes_the_keys_along(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= 10; k++)
        plan_at(k * SIM_S, write_session, k);
    plan_at(20 * SIM_S, write_session, 11);
    plan_at(20 * SIM_S + 5 * SIM_MS, promote_second, 0); /* 11 is on its way: lost */
    plan_reply(21 * SIM_S, read_second, 11, reply_is, REPLY_MISS);
    plan_reply(22 * SIM_S, read_second, 10, reply_is, REPLY_HIT);
    run_scenario(WORLD(TEN "allkeys-lru}}"));
    assert_close(found("evictions", -1, NULL), 0, 0);
    assert_int_equal(
        ((struct store *)driver->promotion->self)->clusters[0].servers[0].keyspace == NULL, true);
    assert_int_equal(
        keyspace_counts(((struct store *)driver->promotion->self)->clusters[1].servers[0].keyspace)
            .keys,
        10);
    end_scenario();
}

/* --- expiry ---------------------------------------------------------------------------------- */

static void a_write_renews_the_time_to_live(void **state)
{
    (void)state;
    plan_at(SIM_S, write_session, 1);
    plan_at(SIM_S, write_session, 2);
    plan_at(6 * SIM_S, write_session, 2);
    for (int region = 0; region < 2; region++) {
        void (*read)(uint32_t) = region == 0 ? read_first : read_second;
        sim_time later = region * 2 * SIM_MS;

        plan_reply(11 * SIM_S - 10 * SIM_MS + later, read, 1, reply_is, REPLY_HIT);
        plan_reply(11 * SIM_S + 10 * SIM_MS + later, read, 1, expired, 0);
        plan_reply(16 * SIM_S - 10 * SIM_MS + later, read, 2, reply_is, REPLY_HIT);
        plan_reply(16 * SIM_S + 10 * SIM_MS + later, read, 2, expired, 0);
    }
    run_scenario(WORLD("expiry: {ttl: {after: 10s}}"));
    assert_close(found("expired_keys", 0, NULL), 2, 0);
    end_scenario();
}

static sim_time first_miss;
static sim_dur ahead[2];

static void note_clocks(uint32_t arg)
{
    const struct store *store = driver->promotion->self;

    (void)arg;
    for (int r = 0; r < 2; r++)
        ahead[r] = memory_clock(store->memory, r) - sim_now(driver->sim);
}

static void note_miss(uint32_t arg)
{
    (void)arg;
    if (seen.reply == REPLY_MISS && first_miss == 0)
        first_miss = sim_now(driver->sim);
}

/* The expiry is 1 s + 10 s by the clock of a. After the promotion that of b decides: by what it is
 * ahead of the other, the session expires early. */
static void clocks_that_differ_expire_sessions_early_or_late(void **state)
{
    (void)state;
    plan_at(0, note_clocks, 0);
    plan_at(SIM_S, write_session, 1);
    plan_at(2 * SIM_S, promote_second, 0);
    for (uint32_t k = 0; k < 300; k++)
        plan_reply(3 * SIM_S + k * 50 * SIM_MS, read_second, 1, note_miss, 0);
    run_scenario(WORLD("expiry: {ttl: {after: 10s, clock_skew: 3s}}"));
    assert_true(ahead[0] != ahead[1] && llabs(ahead[0]) <= 3 * SIM_S);
    assert_true(llabs(first_miss - (11 * SIM_S + ahead[0] - ahead[1])) <= 51 * SIM_MS);
    end_scenario();
}

/* --- tiering --------------------------------------------------------------------------------- */

/* Memory for the four keys and two values; 1 and 2 are on SSD. While 1 is read from there, 4 is
 * answered at once. */
static void a_value_on_ssd_takes_its_latency_once(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= 4; k++)
        plan_at(k * SIM_S, write_session, k);
    plan_at(10 * SIM_S, read_first, 1);
    plan_at(10 * SIM_S + SIM_MS, read_first, 4);
    plan_at(11 * SIM_S, read_first, 1);
    run_scenario(WORLD("node_type: r6gd.xlarge, memory: {limited: {maxmemory: 2680 B}}, "
                       "tiering: {ssd: {capacity: 100 KiB, latency: 5ms}}"));
    assert_int_equal(seen.reply_count, 7);
    assert_int_equal(seen.replies[4].session, 4);
    assert_int_equal(seen.replies[4].at, 10 * SIM_S + SIM_MS + SIM_US);
    assert_int_equal(seen.replies[5].session, 1);
    assert_int_equal(seen.replies[5].at, 10 * SIM_S + 5 * SIM_MS + SIM_US);
    assert_int_equal(seen.replies[6].at, 11 * SIM_S + SIM_US);
    assert_close(found("ssd_reads", 0, NULL), 1, 0);
    end_scenario();
}

/* --- snapshots ------------------------------------------------------------------------------- */

/* Distinct pages of w draws among N, counted. */
static double pages_counted(uint32_t pages, uint32_t writes)
{
    struct rng_stream stream = rng_stream_named(9, 0, "test", "pages");
    double sum = 0;

    for (uint32_t run = 0; run < 50; run++) {
        bool *copied = mem_zalloc(pages, sizeof *copied);

        for (uint32_t w = 0; w < writes; w++) {
            uint32_t page = rng_below(rng_block_at(&stream, run, w).word[0], pages);

            sum += !copied[page];
            copied[page] = true;
        }
        free(copied);
    }
    return sum / 50;
}

static double pages_expected(uint32_t pages, double writes)
{
    const struct memory_fork fork = {.active = true, .pages = pages, .writes = writes};

    return memory_copied_bytes(&fork) / 4096;
}

static void a_snapshot_copies_pages_by_the_occupancy_law(void **state)
{
    static const uint32_t writes[] = {10, 500, 1000, 3000, 10000};

    (void)state;
    assert_close(pages_expected(2, 1), 1, 1e-9);
    assert_close(pages_expected(2, 2), 1.5, 1e-9);
    assert_close(pages_expected(23, 1e9), 23, 1e-9);
    assert_close(pages_expected(365, 23), 365 * (1 - pow(364 / 365.0, 23)), 1e-9);
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++)
        assert_close(pages_expected(1000, writes[i]), pages_counted(1000, writes[i]), 0.01);
}

static double copied_bytes;

static void note_copied(uint32_t arg)
{
    const struct store *store = driver->promotion->self;

    (void)arg;
    copied_bytes = memory_copied_bytes(&store->clusters[0].servers[0].memory->fork);
}

/* 400 sessions of 1170 B are 114 pages when the snapshot begins at 5 s; 4.68 Mbit at 1 Mbit/s take
 * 3.744 s. 100 writes come in 2 s, 2 pages each. Afterwards nothing is copied; with replicas the
 * snapshot is that of one of them. */
static void a_snapshot_of_the_primary_copies_what_is_written(void **state)
{
    static const struct {
        const char *text;
        sim_time at;
        double pages;
    } cases[] = {
        {WORLD("expiry: {ttl: {after: 1h}}, persistence_cost: {save: 1Mbit/s}, "
               "snapshots: {scheduled: {every: 1h, phase: {given: 5s}}}"),
         7 * SIM_S + SIM_MS, 200},
        {WORLD("expiry: {ttl: {after: 1h}}, persistence_cost: {save: 1Mbit/s}, "
               "snapshots: {scheduled: {every: 1h, phase: {given: 5s}}}"),
         9 * SIM_S, 0},
        {WORLD("expiry: {ttl: {after: 1h}}, persistence_cost: {save: 1Mbit/s}, replicas: 1, "
               "snapshots: {scheduled: {every: 1h, phase: {given: 5s}}}"),
         7 * SIM_S + SIM_MS, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        forget_plan(state);
        for (uint32_t k = 0; k < 400; k++)
            plan_at(SIM_S + k * SIM_MS, write_session, k);
        for (uint32_t k = 0; k < 100; k++)
            plan_at(5010 * SIM_MS + k * 19 * SIM_MS, write_session, k);
        plan_at(cases[i].at, note_copied, 0);
        run_scenario(cases[i].text);
        assert_close(copied_bytes / 4096, pages_expected(400 * 1170 / 4096, cases[i].pages), 1e-9);
        end_scenario();
    }
}

/* --- what a server holds after a failure ----------------------------------------------------- */

static const struct server *first_server(int region)
{
    return &((struct store *)driver->promotion->self)->clusters[region].servers[0];
}

static void flush_first(uint32_t arg)
{
    (void)arg;
    driver->faults[0]->flush(driver->faults[0]->self);
}

static void restore_first(uint32_t arg)
{
    (void)arg;
    driver->promotion->begin(driver->promotion->self, 0);
    assert_true(driver->promotion->restore(driver->promotion->self, 0, DEPOSED_REJOINS));
}

static void restart_first(uint32_t arg)
{
    (void)arg;
    driver->faults[0]->restart(driver->faults[0]->self);
}

static void crash_first(uint32_t kind)
{
    driver->faults[0]->crash(driver->faults[0]->self, (enum crash_kind)kind);
}

static void holds_keys(uint32_t count)
{
    assert_int_equal(keyspace_counts(first_server(0)->keyspace).keys, count);
}

/* Five sessions are in the snapshot of 5 s, five more are written afterwards. A flush deletes them
 * all, the restore brings the five back. */
static void a_restore_brings_the_keys_of_the_snapshot_back(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 5; k++)
        plan_at(SIM_S + k * 10 * SIM_MS, write_session, k);
    for (uint32_t k = 5; k < 10; k++)
        plan_at(20 * SIM_S, write_session, k);
    plan_at(25 * SIM_S, holds_keys, 10);
    plan_at(30 * SIM_S, flush_first, 0);
    plan_at(31 * SIM_S, holds_keys, 0);
    plan_reply(32 * SIM_S, read_first, 1, reply_is, REPLY_MISS);
    plan_at(40 * SIM_S, restore_first, 0);
    plan_at(41 * SIM_S, holds_keys, 5);
    plan_reply(42 * SIM_S, read_first, 1, reply_is, REPLY_HIT);
    plan_reply(43 * SIM_S, read_first, 6, reply_is, REPLY_MISS);
    run_scenario(WORLD(
        "expiry: {ttl: {after: 1h}}, restore_create: 0s, persistence_cost: {load_per_key: 0ns}, "
        "snapshots: {scheduled: {every: 1h, phase: {given: 5s}}}"));
    end_scenario();
}

static void a_restart_empties_the_memory(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 5; k++)
        plan_at(SIM_S, write_session, k);
    plan_at(2 * SIM_S, restart_first, 0);
    plan_at(3 * SIM_S, holds_keys, 0);
    plan_reply(3 * SIM_S, read_first, 1, reply_is, REPLY_MISS);
    plan_at(4 * SIM_S, write_session, 1);
    plan_reply(5 * SIM_S, read_first, 1, reply_is, REPLY_HIT);
    run_scenario(WORLD("expiry: {ttl: {after: 1h}}"));
    assert_int_equal(keyspace_counts(first_server(0)->keyspace).keys, 1);
    end_scenario();
}

/* The replica that takes over is 1 s behind: it lacks the session of the last second. */
static void a_replica_takes_over_without_the_keys_that_it_lacks(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 10; k++)
        plan_at((1 + k) * 500 * SIM_MS + SIM_MS, write_session, k); /* 5.001 s is the last */
    plan_at(5100 * SIM_MS, crash_first, CRASH_HOST);
    plan_at(20 * SIM_S, holds_keys, 8); /* without those of 4.501 s and 5.001 s */
    plan_reply(20 * SIM_S, read_first, 7, reply_is, REPLY_HIT);
    plan_reply(21 * SIM_S, read_first, 9, reply_is, REPLY_MISS);
    run_scenario(
        WORLD("expiry: {ttl: {after: 1h}}, replicas: 1, replica_lag: 1s, replica_failover: 5s"));
    end_scenario();
}

/* --- a node that is too small ---------------------------------------------------------------- */

/* 400 sessions of 1170 B in 480 kB, and a snapshot that copies 114 pages of 4 KiB: more than the
 * node has. */
#define SMALL(exceeded)                                                                            \
    WORLD("memory: {limited: {maxmemory: 480 kB}}, persistence_cost: {save: 1Mbit/s}, "            \
          "memory_cost: {exceeded: " exceeded ", page_in: 10ms, restart: 5s}, "                    \
          "snapshots: {scheduled: {every: 1h, phase: {given: 5s}}}")

static void plan_snapshot_under_writes(void)
{
    for (uint32_t k = 0; k < 400; k++)
        plan_at(SIM_S + k * SIM_MS, write_session, k);
    for (uint32_t k = 0; k < 300; k++)
        plan_at(5010 * SIM_MS + k * 5 * SIM_MS, write_session, k);
}

static void is_up(uint32_t up)
{
    assert_int_equal(((struct store *)driver->promotion->self)->clusters[0].up, up);
}

static void the_kernel_kills_what_exceeds_the_node(void **state)
{
    (void)state;
    plan_snapshot_under_writes();
    plan_at(4900 * SIM_MS, is_up, true);
    plan_at(6 * SIM_S, is_up, false);
    plan_at(12 * SIM_S, is_up, true);
    plan_at(12 * SIM_S, holds_keys, 0);
    run_scenario(SMALL("kills"));
    end_scenario();
}

static double paged_share;

static void note_paged(uint32_t arg)
{
    (void)arg;
    paged_share = first_server(0)->memory->paged;
}

/* The share of the memory that is on disk is that of what exceeds 480 kB; every write is executed.
 */
static void a_node_pages_what_exceeds_it(void **state)
{
    (void)state;
    plan_snapshot_under_writes();
    plan_at(6520 * SIM_MS, note_paged, 0);
    run_scenario(SMALL("pages"));
    assert_close(paged_share, 1 - 480000 / (400 * 1170 + 4096 * pages_expected(114, 600)), 0.03);
    assert_true(found("swap_used_bytes", 0, NULL) > 0);
    assert_int_equal(seen.acknowledged, 700);
    end_scenario();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_full_memory_refuses_writes, forget_plan),
        cmocka_unit_test_setup(an_eviction_is_replicated, forget_plan),
        cmocka_unit_test_setup(a_promotion_takes_the_keys_along, forget_plan),
        cmocka_unit_test_setup(a_write_renews_the_time_to_live, forget_plan),
        cmocka_unit_test_setup(clocks_that_differ_expire_sessions_early_or_late, forget_plan),
        cmocka_unit_test_setup(a_value_on_ssd_takes_its_latency_once, forget_plan),
        cmocka_unit_test(a_snapshot_copies_pages_by_the_occupancy_law),
        cmocka_unit_test_setup(a_snapshot_of_the_primary_copies_what_is_written, forget_plan),
        cmocka_unit_test_setup(a_restore_brings_the_keys_of_the_snapshot_back, forget_plan),
        cmocka_unit_test_setup(a_restart_empties_the_memory, forget_plan),
        cmocka_unit_test_setup(a_replica_takes_over_without_the_keys_that_it_lacks, forget_plan),
        cmocka_unit_test_setup(the_kernel_kills_what_exceeds_the_node, forget_plan),
        cmocka_unit_test_setup(a_node_pages_what_exceeds_it, forget_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
