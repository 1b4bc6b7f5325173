// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Queues that form where models meet, against closed forms: at the shard behind a client and a
 * link, in the queue for a connection (with and without abandonment), and in a whole world by
 * Little's law. The tier and the shard alone are tested in models/app/app_tier_test.c and
 * models/store/store_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "assert_close.h"
#include "client_driver.h"

#define STEADY_LINKS                                                                               \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"

/*
 * M/M/1 at the shard, lambda = 800/s, mu = 1000/s: rho = 0.8; in the system rho / (1 - rho) = 4 on
 * average, for 1 / (mu - lambda) = 5 ms; the client also sees 1 ms of the link. The pool is never
 * exhausted, and no attempt times out. 20 replications of 160 000.
 */
static void shard_behind_a_client_is_mm1(void **state)
{
    static const char text[] =
        "regions: {a: {}, b: {}}\nduration: 220s\nwarmup: 20s\n" STEADY_LINKS
        "store: {discipline: fifo, write_service: exponential(1ms), write_per_kib: 0ms}\n"
        "client: {timeout: 10min, pool: {size: 100000, warm: 1000}}\n"
        "driver: {rate: 800/s, poisson: true}\n";
    struct scenario *scenario = scenario_of(&client_registry, text);
    struct tally queue = {0}, latency = {0}, busy = {0};

    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        struct world *world = world_of(scenario, i, NULL);

        tally_add(&queue, statistic_of(world, (struct wanted){"store_queue", NULL, 0, NULL, NULL}));
        tally_add(&busy,
                  statistic_of(world, (struct wanted){"store_utilization", NULL, 0, NULL, NULL}));
        tally_add(&latency,
                  statistic_of(world, (struct wanted){"write_latency", "mean", 0, NULL, NULL}));
        world_free(world);
    }
    scenario_free(scenario);
    assert_covers(&queue, 0.8 / (1 - 0.8), 0.05);
    assert_covers(&busy, 0.8, 0.05);
    assert_covers(&latency, 1e6 + 5e6, 0.05);
}

/*
 * One connection over 20 ms is a server of 20 ms: M/D/1 in the client, lambda = 40/s, rho = 0.8. By
 * Pollaczek and Khinchine a write waits rho / (2 (1 - rho)) x 20 ms = 40 ms for the connection, and
 * takes 60 ms. The tail of the wait makes for long runs: 20 of 80 000.
 */
static void line_for_a_connection_is_md1(void **state)
{
    struct tally tally =
        tally_of(&client_registry,
                 CLIENT_WORLD STEADY_LINKS "duration: 2100s\nwarmup: 100s\n"
                                           "client: {timeout: 10min, pool: {size: 1, warm: 1}}\n"
                                           "driver: {rate: 40/s, poisson: true, writer: b}\n",
                 20, (struct wanted){"write_latency", "mean", 1, NULL, NULL});

    (void)state;
    assert_covers(&tally, 20e6 + 0.8 / (2 * (1 - 0.8)) * 20e6, 0.05);
}

/* --- M/M/c+D --------------------------------------------------------------------------------- */

#define SERVERS 4
#define MU 50.0       /* 1/s, of one connection */
#define PATIENCE 0.05 /* s */

/* 4 connections whose round trip is exponential with mean 20 ms, all of it in the forward
 * direction. They are open from the start and kept after a timeout. */
static const char mmcd_world[] =
    "regions: {a: {}, b: {}}\nduration: 1020s\nwarmup: 20s\n"
    "network: {default: {rtt: 2us, jitter: 0ms, spike_share: 0%%, loss: 0%%}, "
    "'b -> a': {rtt: exponential(40ms), jitter_slot: 0s}, "
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}}\n"
    "store: {write_service: 0ms, write_per_kib: 0ms}\n"
    "client: {timeout: 50ms, retry: {attempts: 1}, "
    "pool: {size: 4, warm: 4, wait: fifo, close_on_timeout: false}}\n"
    "driver: {rate: %g/s, poisson: true, writer: b}\n";

/*
 * Shares of M/M/c+D (Barrer, Operations Research 5, 1957; Baccelli and Hebuterne, Performance
 * 1981). V is the wait of an arrival that would wait forever. While all c servers are busy V falls
 * at rate 1 and rises by Exp(c mu) at each arrival that meets V < tau; an arrival that finds more
 * leaves at tau and adds nothing. Balancing the crossings of level v, with p_j the share of time
 * with j < c busy:
 *
 *   f(v) = lambda p_(c-1) e^(lambda min(v, tau) - c mu v),  p_j = p_0 (lambda / mu)^j / j!
 *
 * and sum p_j + integral f = 1 gives p_0. A write leaves the queue at tau with P(V > tau), and has
 * no reply by then, S = Exp(mu) being the round trip, with P(V > tau) + P(V <= tau < V + S).
 */
static void mmcd_shares(double lambda, double *leaves, double *unanswered)
{
    double cmu = SERVERS * MU, tau = PATIENCE, a = 1, idle = 0, last = 1;
    double within, beyond, late, p0;

    for (int j = 0; j < SERVERS; j++) {
        idle += a;
        last = a;
        a *= lambda / MU / (j + 1);
    }
    within = lambda * last * (1 - exp(-(cmu - lambda) * tau)) / (cmu - lambda);
    beyond = lambda * last * exp(lambda * tau - cmu * tau) / cmu;
    p0 = 1 / (idle + within + beyond);
    /* f(v) e^(-mu (tau - v)) over [0, tau], and V = 0 */
    late = idle * exp(-MU * tau) + lambda * last * exp(-MU * tau) *
                                       (1 - exp(-(cmu - lambda - MU) * tau)) / (cmu - lambda - MU);
    *leaves = p0 * beyond;
    *unanswered = p0 * (beyond + late);
}

/*
 * Three loads: 0.85, 1 and 1.2 of what 4 connections carry. A write whose timeout ended while it
 * waited for a connection was never sent; one that was sent is executed, and counts as ambiguous.
 * So the share that left the queue is (timeouts - ambiguous) / attempts.
 */
static void line_that_loses_its_patience_is_mmcd(void **state)
{
    static const double rates[] = {170, 200.5, 240};

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct tally left = {0}, timeouts = {0};
        struct scenario *scenario;
        double leaves, unanswered;
        char text[2000];

        snprintf(text, sizeof text, mmcd_world, rates[i]);
        scenario = scenario_of(&client_registry, text);
        for (uint32_t run = 0; run < 20; run++) {
            struct world *world = world_of(scenario, run, NULL);
            double all =
                statistic_of(world, (struct wanted){"write_attempts", NULL, 1, NULL, NULL});
            double late =
                statistic_of(world, (struct wanted){"write_timeouts", NULL, 1, NULL, NULL});
            double sent =
                statistic_of(world, (struct wanted){"ambiguous_writes", NULL, 1, NULL, NULL});

            tally_add(&left, (late - sent) / all);
            tally_add(&timeouts, late / all);
            world_free(world);
        }
        scenario_free(scenario);
        mmcd_shares(rates[i], &leaves, &unanswered);
        assert_covers(&left, leaves, 0.05);
        assert_covers(&timeouts, unanswered, 0.02);
    }
}

/*
 * Little's law in a whole world: busy workers = requests per second x time that each holds a
 * worker. In us-west-1 reads and writes are local, there is no queue and nothing fails, so a page
 * holds its worker for its service (constant, 20 ms), a read, and for one in five a write; a login
 * for five times the service, and a write.
 */
static void workers_keep_littles_law_in_a_whole_world(void **state)
{
    const struct registry registry = {model_registry, model_registry_count};
    struct scenario *scenario = scenario_of(
        &registry, "regions: {us-west-1: {}}\nduration: 22min\nwarmup: 2min\n"
                   "app: {service: 20ms}\npopulation: {sessions: 20/s, writes: 20%, logout: 0%}\n"
                   "network: {inside: {loss: 0%}}\n");
    struct world *world = world_of(scenario, 0, NULL);
    double seconds = 20 * 60;
    double logins = statistic_of(world, (struct wanted){"logins", NULL, 0, NULL, NULL});
    double requests = statistic_of(world, (struct wanted){"requests", NULL, 0, NULL, NULL});
    double reads = statistic_of(world, (struct wanted){"reads", NULL, 0, NULL, NULL});
    double writes = statistic_of(world, (struct wanted){"writes", NULL, 0, NULL, NULL});
    double read = statistic_of(world, (struct wanted){"read_latency", "mean", 0, NULL, NULL});
    double write = statistic_of(world, (struct wanted){"write_latency", "mean", 0, NULL, NULL});
    double held = logins * 5 * 20e6 + (requests - logins) * 20e6 + reads * read + writes * write;
    double busy = statistic_of(world, (struct wanted){"workers_busy", NULL, 0, NULL, NULL});

    (void)state;
    assert_true(requests > 250000);
    assert_close(busy, held / 1e9 / seconds, 0.002);
    world_free(world);
    scenario_free(scenario);
}

/* --- the tier's instances -------------------------------------------------------------------- */

#define TIER                                                                                       \
    "regions: {us-west-1: {}, us-west-2: {}}\nduration: 6min\nwarmup: 1min\nbin: 1s\n"             \
    "population: {sessions: 2/s}\naccelerator: {routing: static}\n"

/*
 * us-west-2 is isolated from the primary from minute 2 to minute 5. Checks of the process, or of
 * the local store, do not detect it. Checks that read the primary fail twice in a row, 5 s apart,
 * and each read takes its two attempts of 250 ms and a backoff: all four are unhealthy within 12 s
 * of the onset, and stay so. 180 s x 4 at full strength; then at least 168 s at none.
 */
static void checks_detect_failures_up_to_their_depth(void **state)
{
    static const struct {
        const char *depth;
        double least, most; /* mean number of usable instances during the fault */
    } cases[] = {{"shallow", 4, 4}, {"local-store", 4, 4}, {"primary-store", 0.01, 4.0 * 12 / 180}};
    const struct registry registry = {model_registry, model_registry_count};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1000];
        struct tally usable;

        snprintf(text, sizeof text,
                 TIER
                 "app: {health: {depth: %s, interval: 5s, unhealthy_threshold: 2}}\n"
                 "faults:\n  - {at: 2min, for: 3min, link: us-west-1 <-> us-west-2, blackhole: "
                 "true}\n",
                 cases[i].depth);
        usable = tally_of(&registry, text, 1,
                          (struct wanted){"instances_usable", NULL, 1, NULL, "fault"});
        print_message("%s: %.4g usable\n", cases[i].depth, usable.mean);
        assert_true(usable.mean >= cases[i].least && usable.mean <= cases[i].most);
    }
}

/*
 * A deploy over 80 s restarts four instances one after another, each out for 20 s: three are in
 * service on average. Each returns with two cold pools, and its requests open new connections;
 * without a deploy the initial warm ones are enough.
 */
static void deploy_leaves_one_out_at_a_time_and_cold_pools(void **state)
{
#define DEPLOY                                                                                     \
    TIER "phase: 0s\nfaults:\n  - {at: 2min, for: 80s, region: us-west-2, deploy: true}\n"
    const struct registry registry = {model_registry, model_registry_count};
    struct tally usable =
        tally_of(&registry, DEPLOY, 1, (struct wanted){"instances_usable", NULL, 1, NULL, "fault"});
    struct tally opened =
        tally_of(&registry, DEPLOY, 1, (struct wanted){"connections_opened", NULL, 1, NULL, NULL});
    struct tally quiet =
        tally_of(&registry, TIER, 1, (struct wanted){"connections_opened", NULL, 1, NULL, NULL});

    (void)state;
    assert_close(usable.mean, 3, 0.001);
    print_message("connections opened: %g, without a deploy %g\n", opened.mean, quiet.mean);
    assert_true(quiet.mean < 1);
    assert_true(opened.mean >= 4 * 2); /* at least one in each pool */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(shard_behind_a_client_is_mm1, client_seen_nothing),
        cmocka_unit_test_setup(line_for_a_connection_is_md1, client_seen_nothing),
        cmocka_unit_test_setup(line_that_loses_its_patience_is_mmcd, client_seen_nothing),
        cmocka_unit_test(workers_keep_littles_law_in_a_whole_world),
        cmocka_unit_test(checks_detect_failures_up_to_their_depth),
        cmocka_unit_test(deploy_leaves_one_out_at_a_time_and_cold_pools),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
