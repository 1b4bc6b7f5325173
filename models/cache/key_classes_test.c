// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Classes of keys against closed forms: reads are a Poisson process, commands and queries take
 * constant times. GET, database, SET: each is 1 ms to its host and back, and the database needs 4
 * ms; so a load lasts LOAD_S from the execution of the GET that misses to that of the SET (0.5 ms
 * back, 5 ms for the query, 0.5 ms to the cache, 0.01 ms there).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache_rig.h"

#include <math.h>

#define LOAD_S 6.01e-3
#define LIMITED                                                                                    \
    "store: {kind: regional, reserved_memory: 0%, memory: {limited: {maxmemory: 2 MiB, "           \
    "policy: allkeys-lru, samples: 64}}}\n"
#define QUERIES "database: {read_service: 4ms, write_service: 4ms, servers: 1000}\n"

/* A run of one class in region a, with these parameters; the means of the statistics over
 * replications. */
struct class_run {
    double hit_ratio, loads, misses, coalesced, refreshes, operations, stale, lost, errors;
};

static struct class_run run_class(const char *class, const char *more, uint32_t replications)
{
    struct class_run sum = {0};
    struct strbuf text = STRBUF_INIT;
    struct scenario *scenario;
    const struct {
        const char *name;
        double *value;
    } wanted[] = {{"class_hit_ratio", &sum.hit_ratio}, {"class_loads", &sum.loads},
                  {"class_misses", &sum.misses},       {"coalesced", &sum.coalesced},
                  {"early_refreshes", &sum.refreshes}, {"class_operations", &sum.operations},
                  {"stale_reads", &sum.stale},         {"lost_writes_behind", &sum.lost},
                  {"class_errors", &sum.errors}};

    strbuf_add(&text, STEADY_LINKS QUERIES);
    if (!strstr(more, "memory:"))
        strbuf_add(&text, REGIONAL);
    strbuf_addf(&text, "key_classes: [{name: c, regions: [a], %s}]\n%s", class, more);
    scenario = scenario_of(&cache_registry, text.text);
    for (uint32_t i = 0; i < replications; i++) {
        struct world *world = world_of(scenario, i, NULL);

        for (size_t j = 0; j < sizeof wanted / sizeof wanted[0]; j++) {
            double value =
                statistic_or_nan(world, (struct wanted){wanted[j].name, NULL, 0, NULL, NULL});

            *wanted[j].value += isnan(value) ? 0 : value / replications;
        }
        world_free(world);
    }
    scenario_free(scenario);
    strbuf_release(&text);
    return sum;
}

/*
 * Independent references, rate r of each key, a TTL of T from the write: a cycle of a key is a wait
 * of 1/r for the read that misses, the load, in which r LOAD_S more miss, and r T hits. With r =
 * 0.1/s and T = 10 s: 1 / (2 + 0.1 LOAD_S).
 */
static void hit_ratio_of_a_ttl_is_that_of_renewal_theory(void **state)
{
    struct class_run run = run_class("rate: 1000/s, keys: 10000, skew: 0, reads: 100%, ttl: 10s",
                                     "duration: 220s\nwarmup: 20s\n", 2);

    (void)state;
    assert_close(run.hit_ratio, 1 / (2 + 0.1 * LOAD_S), 0.005);
}

/* The same for each key of a Zipf law: key k has the rate 1000/s k^-0.9 / sum. A jitter of the TTL
 * leaves its mean, and so the ratio. */
static void hit_ratio_of_a_zipf_law_is_the_sum_over_its_keys(void **state)
{
    static const char *const jitters[] = {"0%", "30%"};
    double sum = 0, expected = 0;

    (void)state;
    for (int k = 1; k <= 10000; k++)
        sum += pow(k, -0.9);
    for (int k = 1; k <= 10000; k++) {
        double share = pow(k, -0.9) / sum, rate = 1000 * share;

        expected += share * rate * 10 / (1 + rate * (10 + LOAD_S));
    }
    for (int i = 0; i < 2; i++) {
        struct strbuf class = STRBUF_INIT;
        struct class_run run;

        strbuf_addf(&class,
                    "rate: 1000/s, keys: 10000, skew: 0.9, reads: 100%%, ttl: 10s, "
                    "ttl_jitter: %s",
                    jitters[i]);
        run = run_class(class.text, "duration: 220s\nwarmup: 20s\n", 2);
        assert_close(run.hit_ratio, expected, 0.005);
        strbuf_release(&class);
    }
}

/*
 * A stampede: one key with 5000 reads a second. Of each cycle the first read that misses and the
 * 5000 LOAD_S = 30.05 that come before the first one's value is there go to the database; with
 * coalescing only the first. A cycle is 1/5000 s + LOAD_S + T, T = 1 s, from the first SET; later
 * SETs of the same load prolong it by up to as long as the load took: the last of them is
 * LOAD_S - 1/5000 later.
 */
static void stampede_is_rate_times_load(void **state)
{
    const char *class = "rate: 5000/s, keys: 1, reads: 100%, ttl: 1s";
    struct class_run run = run_class(class, "duration: 110s\nwarmup: 10s\n", 2);
    struct strbuf coalesced = STRBUF_INIT;
    double cycles = 100 / (1 + 2 * LOAD_S);

    (void)state;
    assert_close(run.loads, cycles * (1 + 5000 * LOAD_S), 0.02);
    strbuf_addf(&coalesced, "%s, coalesce: true", class);
    run = run_class(coalesced.text, "duration: 110s\nwarmup: 10s\n", 2);
    cycles = 100 / (1 + LOAD_S + 1.0 / 5000);
    assert_close(run.loads, cycles, 0.01);
    assert_close(run.coalesced, cycles * 5000 * LOAD_S, 0.05);
    strbuf_release(&coalesced);
}

/*
 * Early refresh, beta 1: a read that is answered when s is left begins a load with probability
 * exp(-s / D), where D = 5 ms, what a query takes. One executed in the last 0.5 ms is answered
 * after the expiry, and begins one in any case. No read does in a cycle with probability exp(-r (D
 * + 0.5 ms)); r = 400/s: exp(-2.2) = 11.1 %. A load that ends after the expiry is waited for by
 * those who miss meanwhile (coalescing), and is no other load.
 */
static void early_refresh_leaves_few_expiries(void **state)
{
    struct class_run run = run_class("rate: 400/s, keys: 1, reads: 100%, ttl: 0.2s, "
                                     "early_refresh: 1, coalesce: true",
                                     "duration: 1010s\nwarmup: 10s\n", 2);

    (void)state;
    assert_close((run.loads - run.refreshes) / run.loads, exp(-400 * (5e-3 + 0.5e-3)), 0.06);
}

/*
 * Writes that tell nobody: a value is loaded at the begin of a cycle of T = 10 s, writes of its key
 * come at m = 0.05/s, reads at r = 0.2/s. Stale reads of a cycle: r (T - (1 - exp(-m T)) / m); a
 * cycle lasts T + 1/r + LOAD_S.
 */
static void reads_are_stale_until_the_ttl_where_writes_invalidate_nothing(void **state)
{
    double r = 0.2, m = 0.05, t = 10, cycle = t + 1 / r + LOAD_S;
    double stale = r * (t - (1 - exp(-m * t)) / m) / cycle;
    struct class_run run =
        run_class("rate: 1000/s, keys: 4000, skew: 0, reads: 80%, ttl: 10s, invalidate: false",
                  "duration: 220s\nwarmup: 20s\n", 2);

    (void)state;
    assert_close(run.stale, stale * 4000 * 200, 0.02);
}

/* The same with invalidation, where commands and queries of all take equal times: no read overtakes
 * a write, none is stale. Write-through is fresh too as long as one writer writes a key at a time.
 */
static void reads_are_fresh_where_nothing_overtakes(void **state)
{
    struct class_run lazy = run_class("rate: 1000/s, keys: 4000, skew: 0, reads: 80%, ttl: 10s",
                                      "duration: 60s\nwarmup: 10s\n", 1);
    struct class_run through =
        run_class("rate: 1000/s, keys: 100000, skew: 0, reads: 80%, pattern: write-through",
                  "duration: 60s\nwarmup: 10s\n", 1);

    (void)state;
    assert_true(lazy.stale == 0);
    assert_true(through.stale == 0);
    assert_true(through.errors == 0);
}

/* The store answers with errors for 10 s: reads are answered by the database, and writes are
 * acknowledged without the cache. The values that it then has are old, those written in 10 s before
 * the first of them is written again: with 0.02 writes a second of a key, 18 % of the keys. Writes
 * that begin 0.35 s before its end succeed with their last attempt (waits of 50, 100, 200 ms). */
static void write_through_is_stale_after_failed_writes_of_the_cache(void **state)
{
    struct class_run run = run_class(
        "rate: 1000/s, keys: 10000, skew: 0, reads: 80%, pattern: write-through, prewarm: "
        "100%",
        "duration: 60s\nwarmup: 10s\nfaults: [{at: 20s, for: 10s, store: a, errors: 100%}]\n", 1);
    double share = 1 - exp(-0.02 * 9.65), stale = 0;

    (void)state;
    /* each key again at 0.02/s: of 30 s after the fault, 0.08 reads a second of a key */
    stale = 10000 * share * 0.08 * (1 - exp(-0.02 * 30)) / 0.02;
    assert_close(run.stale, stale, 0.05);
    assert_true(run.errors == 0);
}

/*
 * Write-behind each I = 10 s: what was written since the last flush is lost with the server's
 * memory, I/2 of writes on average over the phase; 5 crashes of 20 replications, 100/s, hardly a
 * key twice. The standard error is I / sqrt(12) / 10 = 6 % of I/2.
 */
static void write_behind_loses_half_an_interval_of_writes(void **state)
{
    struct class_run run =
        run_class("rate: 100/s, keys: 1000000, skew: 0, reads: 0%, pattern: write-behind, "
                  "write_behind: {interval: 10s}",
                  "duration: 300s\nwarmup: 0s\nfaults:\n"
                  "  - {at: 33s, for: 1s, store: a, crash: true}\n  - {at: 81s, for: 1s, store: a, "
                  "crash: true}\n"
                  "  - {at: 139s, for: 1s, store: a, crash: true}\n"
                  "  - {at: 197s, for: 1s, store: a, crash: true}\n"
                  "  - {at: 245s, for: 1s, store: a, crash: true}\n",
                  20);

    (void)state;
    assert_close(run.lost, 5 * 100 * 5, 0.15);
}

/* 5000 keys in the cache at the start, of 10000 that are equally likely, and no TTL: the first read
 * of each of the others misses. */
static void prewarmed_keys_are_hit(void **state)
{
    struct class_run run =
        run_class("rate: 1000/s, keys: 10000, skew: 0, reads: 100%, prewarm: 50%",
                  "duration: 5s\nwarmup: 0s\n", 4);
    /* first reads: 5000 (1 - exp(-0.5)) */
    double misses = 5000 * (1 - exp(-0.5));

    (void)state;
    assert_close(run.misses, misses, 0.03);
}

/*
 * Che's approximation of LRU: a key stays for the characteristic time t after each use, where the
 * sum of 1 - exp(-r_k t) over the keys is what the memory holds. Eviction among 64 sampled keys
 * is close to exact LRU. Memory of 2 MiB without a reserve; a key takes 1000 B and an overhead of
 * 170 B: 1792 of 10000 keys.
 */
static void hit_ratio_of_lru_is_that_of_che(void **state)
{
    double capacity = floor(2 * 1048576 / 1170.0), low = 0, high = 1e6, sum = 0, hits = 0;
    struct class_run run;

    (void)state;
    for (int k = 1; k <= 10000; k++)
        sum += pow(k, -0.8);
    for (int i = 0; i < 100; i++) {
        double t = (low + high) / 2, held = 0;

        for (int k = 1; k <= 10000; k++)
            held += -expm1(-pow(k, -0.8) / sum * t);
        if (held < capacity)
            low = t;
        else
            high = t;
    }
    for (int k = 1; k <= 10000; k++)
        hits += pow(k, -0.8) / sum * -expm1(-pow(k, -0.8) / sum * low);
    run = run_class("rate: 2000/s, keys: 10000, skew: 0.8, reads: 100%, bytes: 1000",
                    "duration: 90s\nwarmup: 30s\n" LIMITED, 1);
    assert_close(run.hit_ratio, hits, 0.02);
}

/*
 * The race of invalidation: a store and a database in region a for both regions. What b loads it
 * has read 20 ms before its SET is executed, and a write from a deletes the key 1 ms after its
 * commit: one that is committed in the first 19 ms is overwritten by the older value, until the
 * next write of the key. Of a key, r = 0.9 reads and w = 0.1 writes a second from each region: 2 w
 * r / (r + w) loads a second, half of them from b, w x 19 ms of those stale for r / w reads: w r^2
 * / (r + w) x 19 ms.
 */
static void a_load_that_overlaps_a_write_leaves_an_old_value(void **state)
{
    const char *text = "regions: {a: {}, b: {}}\nstore: {kind: single-region}\n"
                       "population: {sessions: 0/s}\nduration: 1010s\nwarmup: 10s\n"
                       "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "
                       "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"
                       "database: {read_service: 4ms, write_service: 4ms, servers: 1000}\n"
                       "key_classes: [{name: c, rate: 500/s, reads: 90%, keys: 500, skew: 0}]\n";
    struct tally tally =
        tally_of(&cache_registry, text, 2, (struct wanted){"stale_reads", NULL, -1, NULL, NULL});

    (void)state;
    /* about 170 loads are stale: a standard error of 11 %, with their lengths */
    assert_close(tally.mean, 500 * 1000 * 0.1 * 0.81 * 0.019, 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hit_ratio_of_a_ttl_is_that_of_renewal_theory),
        cmocka_unit_test(hit_ratio_of_a_zipf_law_is_the_sum_over_its_keys),
        cmocka_unit_test(stampede_is_rate_times_load),
        cmocka_unit_test(early_refresh_leaves_few_expiries),
        cmocka_unit_test(reads_are_stale_until_the_ttl_where_writes_invalidate_nothing),
        cmocka_unit_test(reads_are_fresh_where_nothing_overtakes),
        cmocka_unit_test(write_through_is_stale_after_failed_writes_of_the_cache),
        cmocka_unit_test(write_behind_loses_half_an_interval_of_writes),
        cmocka_unit_test(prewarmed_keys_are_hit),
        cmocka_unit_test(hit_ratio_of_lru_is_that_of_che),
        cmocka_unit_test(a_load_that_overlaps_a_write_leaves_an_old_value),
    };

    return cmocka_run_group_tests_name("key_classes", tests, cache_open, NULL);
}
