// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Timeouts and retries against closed forms: facts D.4 (TCP under loss) and G.
 *
 * Writes cross from b to the primary in a: RTT 20 ms, nothing else takes time, R = 220 ms. A
 * timed-out connection is kept and the pool is large, so that no attempt waits for a connection or
 * opens one: attempts are independent.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"

#define RTT_MS 20.0
#define R_MS 220.0

#define WARM_POOL "pool: {size: 100000, warm: 3000, close_on_timeout: false}"
#define LOSSY(loss, probe)                                                                         \
    CLIENT_WORLD "duration: 210s\nwarmup: 10s\n"                                                   \
                 "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: " loss        \
                 ", tcp: {tail_loss_probe: " probe                                                 \
                 "}}, inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"

/* Delay that k losses add in one direction, in ms. */
static double delay_of_losses(int k, bool probe)
{
    if (k == 0)
        return 0;
    return probe ? R_MS * pow(2, k - 1) : R_MS * (pow(2, k) - 1);
}

/* Facts D.4: the sum over (i, j) with RTT + D_i + D_j > T of (1-p)^2 p^(i+j). */
static double timeout_probability(double p, double timeout_ms, bool probe)
{
    double in_time = 0;

    for (int i = 0; i < 30; i++)
        for (int j = 0; j < 30; j++)
            if (RTT_MS + delay_of_losses(i, probe) + delay_of_losses(j, probe) <= timeout_ms)
                in_time += (1 - p) * (1 - p) * pow(p, i + j);
    return 1 - in_time;
}

/*
 * T = 300 ms lies between the steps 240 and 460 ms: one loss is repaired in time, two are not. p =
 * 0.1: 1 - 0.81 (1 + 2 x 0.1) = 2.8 %. T = 500 ms lies between 460 and 680 ms, and depends on the
 * tail loss probe: two losses in one direction cost R + R with it and R + 2R without. 800 000 and
 * 400 000 attempts: standard errors of 0.7 % of the shares.
 */
static void share_of_timeouts_covers_theory(void **state)
{
    const struct wanted wanted = {"write_timeout_rate", NULL, 1, NULL, NULL};
    struct tally tally;

    (void)state;
    tally = tally_of(
        &client_registry,
        LOSSY("10%", "true") "driver: {rate: 200/s, poisson: true, writer: b}\n"
                             "client: {timeout: 300ms, retry: {attempts: 1}, " WARM_POOL "}\n",
        20, wanted);
    assert_covers(&tally, timeout_probability(0.1, 300, true), 0.05);
    tally = tally_of(
        &client_registry,
        LOSSY("30%", "true") "driver: {rate: 100/s, poisson: true, writer: b}\n"
                             "client: {timeout: 500ms, retry: {attempts: 1}, " WARM_POOL "}\n",
        20, wanted);
    assert_covers(&tally, timeout_probability(0.3, 500, true), 0.05);
    tally = tally_of(
        &client_registry,
        LOSSY("30%", "false") "driver: {rate: 100/s, poisson: true, writer: b}\n"
                              "client: {timeout: 500ms, retry: {attempts: 1}, " WARM_POOL "}\n",
        20, wanted);
    assert_covers(&tally, timeout_probability(0.3, 500, false), 0.05);
}

/*
 * T = 100 ms < RTT + R: one loss is a timeout, q = 1 - (1-p)^2 = 0.51 for p = 0.3. Four independent
 * attempts fail together with q^4 = 6.8 %, and (1 - q^4) / (1 - q) = 1.90 are made on average.
 */
static void independent_attempts_fail_and_count_as_theory_says(void **state)
{
    double q = 1 - 0.7 * 0.7;
#define FOUR_ATTEMPTS                                                                              \
    LOSSY("30%", "true")                                                                           \
    "driver: {rate: 100/s, poisson: true, writer: b}\n"                                            \
    "client: {timeout: 100ms, retry: {attempts: 4, backoff: {fixed: 50ms}, jitter: "               \
    "full}, " WARM_POOL "}\n"
    struct tally failures = tally_of(&client_registry, FOUR_ATTEMPTS, 20,
                                     (struct wanted){"write_failure_rate", NULL, 1, NULL, NULL});
    struct tally attempts = tally_of(&client_registry, FOUR_ATTEMPTS, 20,
                                     (struct wanted){"write_amplification", NULL, 1, NULL, NULL});

    (void)state;
    assert_covers(&failures, pow(q, 4), 0.05);
    assert_covers(&attempts, (1 - pow(q, 4)) / (1 - q), 0.05);
}

/* --- sequences of retries -------------------------------------------------------------------- */

static struct {
    struct tally latency;
    uint64_t failed, done;
    uint32_t attempts;
} ladder;

static void ladder_ended(uint64_t number, sim_time begun, sim_time ended,
                         const struct op_result *result)
{
    (void)number;
    tally_add(&ladder.latency, (double)(ended - begun));
    ladder.failed += result->outcome == OP_FAILED;
    ladder.done += result->outcome == OP_DONE;
    ladder.attempts = result->attempts;
}

static void run_ladder(const char *client, const char *driver)
{
    char text[2000];
    struct scenario *scenario;

    memset(&ladder, 0, sizeof ladder);
    client_seen.write_done = ladder_ended;
    snprintf(text, sizeof text, "%sdriver: {writer: b, cut: b -> a, %s}\nclient: {%s}\n",
             LOSSY("0%", "true"), driver, client);
    scenario = scenario_of(&client_registry, text);
    world_free(world_of(scenario, 0, NULL));
    scenario_free(scenario);
}

/* In a blackhole, without jitter, every write fails after exactly n T plus the waits, to the
 * nanosecond. */
static void give_up_time_is_timeouts_and_backoffs(void **state)
{
    static const struct {
        const char *client;
        sim_dur expected_ms;
        uint32_t attempts;
    } cases[] = {
        {"timeout: 300ms, retry: {attempts: 1, backoff: none, jitter: none}", 300, 1},
        {"timeout: 300ms, retry: {attempts: 4, backoff: none, jitter: none}", 1200, 4},
        {"timeout: 300ms, retry: {attempts: 3, backoff: {fixed: 70ms}, jitter: none}", 1040, 3},
        {"timeout: 300ms, retry: {attempts: 4, backoff: {list: [100ms, 200ms, 400ms]}, jitter: "
         "none}",
         1900, 4},
        {"timeout: 200ms, retry: {attempts: 6, backoff: {list: [10ms, 20ms]}, jitter: none}",
         1200 + 10 + 4 * 20, 6},
        {"timeout: 200ms, "
         "retry: {attempts: 7, backoff: {exponential: {base: 100ms, max: 1s}}, jitter: none}",
         1400 + 100 + 200 + 400 + 800 + 1000 + 1000, 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_ladder(cases[i].client, "rate: 2/s, writes: 100");
        assert_int_equal(ladder.failed, 100);
        assert_int_equal(ladder.attempts, cases[i].attempts);
        assert_int_equal((sim_dur)ladder.latency.min, cases[i].expected_ms * SIM_MS);
        assert_int_equal((sim_dur)ladder.latency.max, cases[i].expected_ms * SIM_MS);
    }
}

/* No attempt starts 1 s or more after the write: 300 + 100, 300 + 200, and at 900 ms the wait of
 * 400 ms would be too long. */
static void deadline_ends_the_ladder(void **state)
{
    (void)state;
    run_ladder("timeout: 300ms, deadline: 1s, "
               "retry: {attempts: 9, backoff: {list: [100ms, 200ms, 400ms]}, jitter: none}",
               "rate: 2/s, writes: 10");
    assert_int_equal(ladder.failed, 10);
    assert_int_equal(ladder.attempts, 3);
    assert_int_equal((sim_dur)ladder.latency.max, 1200 * SIM_MS);
}

/*
 * Full jitter draws each wait w from U(0, w), equal jitter from U(w/2, w): the mean time to failure
 * is n T + half, or three quarters, of the nominal sum, 100 + 200 + 400 ms. One run of 20 000
 * writes: 4 x 300 + 350 ms; the sum's standard deviation is sqrt((100^2 + 200^2 + 400^2) / 12) =
 * 132 ms, so 2 ms either way are a 2 sigma of the mean.
 */
static void jitter_halves_the_mean_wait(void **state)
{
    struct interval interval;

    (void)state;
    run_ladder("timeout: 300ms, retry: {attempts: 4, backoff: {list: [100ms, 200ms, 400ms]}, "
               "jitter: full}, " WARM_POOL,
               "rate: 100/s, writes: 20000");
    interval = interval_student(&ladder.latency, 0.99);
    assert_true(interval.n > 19000);
    assert_true(interval.low <= 1550e6 && 1550e6 <= interval.high);
    assert_true(interval.high - interval.low < 0.05 * 350e6);
    assert_true(ladder.latency.min >= 1200e6 && ladder.latency.max <= 1900e6);
    run_ladder("timeout: 300ms, retry: {attempts: 4, backoff: {list: [100ms, 200ms, 400ms]}, "
               "jitter: equal}, " WARM_POOL,
               "rate: 100/s, writes: 20000");
    interval = interval_student(&ladder.latency, 0.99);
    assert_true(interval.low <= 1725e6 && 1725e6 <= interval.high);
    assert_true(ladder.latency.min >= 1550e6 && ladder.latency.max <= 1900e6);
}

/*
 * A write in a blackhole has attempts at 0, 0.4, 0.9 and 1.6 s (T = 300 ms; waits of 100, 200, 400
 * ms), each retransmitted by TCP after R = 220 ms and 2R. A blackhole of 1 s is bridged by the
 * retransmission of the third attempt, at 1.12 s, answered at 1.14 s; one of 1.3 s by the fourth
 * attempt, answered at 1.62 s; in one of 1.85 s the last transmission in time, at 1.82 s, is lost
 * too, and the write fails at 1.9 s.
 */
static void backoff_bridges_an_outage_shorter_than_its_ladder(void **state)
{
    static const char *const client = "timeout: 300ms, retry: {attempts: 4, backoff: {list: "
                                      "[100ms, 200ms, 400ms]}, jitter: none}, " WARM_POOL;

    (void)state;
    run_ladder(client, "rate: 1/s, writes: 1, cut_for: 1s");
    assert_int_equal(ladder.done, 1);
    assert_int_equal((sim_dur)ladder.latency.max, 1140 * SIM_MS);
    run_ladder(client, "rate: 1/s, writes: 1, cut_for: 1300ms");
    assert_int_equal(ladder.done, 1);
    assert_int_equal((sim_dur)ladder.latency.max, 1620 * SIM_MS);
    run_ladder(client, "rate: 1/s, writes: 1, cut_for: 1850ms");
    assert_int_equal(ladder.failed, 1);
    assert_int_equal((sim_dur)ladder.latency.max, 1900 * SIM_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(share_of_timeouts_covers_theory, client_seen_nothing),
        cmocka_unit_test_setup(independent_attempts_fail_and_count_as_theory_says,
                               client_seen_nothing),
        cmocka_unit_test_setup(give_up_time_is_timeouts_and_backoffs, client_seen_nothing),
        cmocka_unit_test_setup(deadline_ends_the_ladder, client_seen_nothing),
        cmocka_unit_test_setup(jitter_halves_the_mean_wait, client_seen_nothing),
        cmocka_unit_test_setup(backoff_bridges_an_outage_shorter_than_its_ladder,
                               client_seen_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
