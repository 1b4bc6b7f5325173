// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Global tables with strong consistency: latencies as order statistics of the ways to the other
 * regions, conflicts and refusals step by step, and linearizability of what clients saw.
 *
 * Round trips: a - b 10 ms, a - c 30 ms, b - c 50 ms, 1 ms inside; the service takes no time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kind_rig.h"

#define QUIET "jitter: 0ms, spike_share: 0%, loss: 0%"
#define THREE_WAYS                                                                                 \
    "network: {default: {rtt: 50ms, " QUIET "}, a <-> b: {rtt: 10ms}, a <-> c: {rtt: 30ms}, "      \
    "inside: {rtt: 1ms, " QUIET "}}\n"
#define WORLD(duration, store, network, driver)                                                    \
    "regions: {a: {}, b: {}, c: {}}\nduration: " duration "\nwarmup: 0s\n"                         \
    "store: {kind: dynamodb-strong, read_latency: 0ms, write_latency: 0ms" store "}\n" network     \
    "client: {timeout: 5s, read_timeout: 5s, retry: {attempts: 1, read_attempts: 1}, "             \
    "pool: {size: 200, warm: 200}}\ndriver: {" driver "}\n"

/* --- latency --------------------------------------------------------------------------------- */

/* A write, and a strong read, take the shorter of the two round trips in addition to that of the
 * client; an eventual read only the latter. */
static const struct client_step one_each[] = {
    {1000 * SIM_MS, 0, COMMAND_CREATE, 1}, {2000 * SIM_MS, 1, COMMAND_TOUCH, 1},
    {3000 * SIM_MS, 2, COMMAND_TOUCH, 1},  {4000 * SIM_MS, 0, COMMAND_GET, 1},
    {5000 * SIM_MS, 1, COMMAND_GET, 1},    {6000 * SIM_MS, 2, COMMAND_GET, 1},
};
static void operations_take_the_shorter_round_trip(void **state)
{
    (void)state;
    for (int strong = 0; strong < 2; strong++) {
        run(strong ? WORLD("10s", ", reads: strong", THREE_WAYS, "rate: 0/s")
                   : WORLD("10s", "", THREE_WAYS, "rate: 0/s"),
            one_each, 6);
        assert_op(1000, 0, OUTCOME_OK, 11);
        assert_op(2000, 1, OUTCOME_OK, 11);
        assert_op(3000, 2, OUTCOME_OK, 31);
        assert_op(4000, 0, OUTCOME_OK, strong ? 11 : 1);
        assert_op(5000, 1, OUTCOME_OK, strong ? 11 : 1);
        assert_op(6000, 2, OUTCOME_OK, strong ? 31 : 1);
        done();
    }
}

/* The same with c as the witness: it votes and has no readers of its own. */
static void witness_votes(void **state)
{
    (void)state;
    run("regions: {a: {}, b: {}, c: {}}\nduration: 10s\nwarmup: 0s\n"
        "store: {kind: dynamodb-strong, replicas: [a, b], witness: c, read_latency: 0ms, "
        "write_latency: 0ms}\n"
        "network: {default: {rtt: 50ms, " QUIET "}, a <-> c: {rtt: 14ms}, inside: {rtt: 1ms, " QUIET
        "}}\n"
        "client: {timeout: 5s, retry: {attempts: 1}}\ndriver: {rate: 0/s}\n",
        one_each, 2);
    assert_op(1000, 0, OUTCOME_OK, 15);
    assert_op(2000, 1, OUTCOME_OK, 51);
    done();
}

/*
 * Each message takes 10 ms and an exponential of mean 20 ms, so each of the two round trips 20 ms
 * and the sum S of two exponentials. The write takes the smaller of two independent ones:
 *
 *   P(min > t) = ((1 + x) exp(-x))^2, x = t/20 ms;  E = 20 ms (1/2 + 1/2 + 1/4) = 25 ms
 *   median: (1 + x) exp(-x) = 0.7071, x = 1.0783: 21.57 ms
 */
static void latency_is_an_order_statistic(void **state)
{
    struct tally mean = {0}, median = {0};

    (void)state;
    scenario = scenario_of(
        &client_registry,
        WORLD("100s", "",
              "network: {default: {rtt: 20ms, jitter: exponential(20ms), jitter_slot: 0s, "
              "spike_share: 0%, loss: 0%}, inside: {rtt: 1ms, " QUIET "}}\n",
              "rate: 200/s"));
    for (uint32_t i = 0; i < 10; i++) {
        world = world_of(scenario, i, NULL);
        tally_add(&mean, wanted("write_latency", "mean", 0) / 1e6);
        tally_add(&median, wanted("write_latency", "p50", 0) / 1e6);
        world_free(world);
    }
    scenario_free(scenario);
    assert_covers(&mean, 1 + 20 + 25, 0.01);
    assert_covers(&median, 1 + 20 + 21.57, 0.01);
}

/* --- conflicts ------------------------------------------------------------------------------- */

/*
 * a begins to write at 0, b at 2 ms. a's proposal is at b at 5 ms (0.5 for the client's way apart),
 * which writes the item itself: refused. b's is at a at 7 ms: refused. a's is at c at 15 ms, is
 * accepted, and a hears of it at 30 ms. b's is at c at 27 ms, later than a's commit: refused, which
 * b hears at 52 ms, 50 after it began.
 */
static void concurrent_writes_of_two_regions_conflict(void **state)
{
    static const struct client_step steps[] = {
        {1000 * SIM_MS, 0, COMMAND_CREATE, 1},
        {1002 * SIM_MS, 1, COMMAND_TOUCH, 1},
        {2000 * SIM_MS, 1, COMMAND_GET, 1},
    };

    (void)state;
    run(WORLD("10s", ", reads: strong", THREE_WAYS, "rate: 0/s"), steps, 3);
    assert_op(1000, 0, OUTCOME_OK, 31);
    assert_op(1002, 1, OUTCOME_FAILED, 51);
    assert_int_equal(op_of(2000 * SIM_MS, 1)->value, op_of(1000 * SIM_MS, 0)->value);
    assert_close(wanted("conflicts", NULL, 1), 1, 0);
    assert_close(wanted("conflicts", NULL, 0), 0, 0);
    done();
}

/* --- a minority ------------------------------------------------------------------------------ */

/*
 * The link a - b is cut from 10 s on: a writes by way of c. An isolated region c (links a - c and b
 * - c cut) stops waiting after the timeout of 1 s; from 2 s after the last heartbeat on it refuses
 * at once. Eventual reads go on.
 */
static void region_without_others_refuses(void **state)
{
    static const struct client_step steps[] = {
        {5000 * SIM_MS, 2, COMMAND_CREATE, 1}, {10100 * SIM_MS, 2, COMMAND_TOUCH, 1},
        {15000 * SIM_MS, 2, COMMAND_TOUCH, 1}, {16000 * SIM_MS, 2, COMMAND_GET, 1},
        {17000 * SIM_MS, 0, COMMAND_TOUCH, 1}, {18000 * SIM_MS, 2, COMMAND_GET, 1},
        {35000 * SIM_MS, 2, COMMAND_GET, 1},   {36000 * SIM_MS, 2, COMMAND_TOUCH, 1},
    };

    (void)state;
    run(WORLD("40s", "",
              "network: {default: {rtt: 50ms, " QUIET
              "}, a <-> b: {rtt: 10ms}, a <-> c: {rtt: 30ms}, "
              "inside: {rtt: 1ms, " QUIET "}}\n",
              "rate: 0/s, isolate: c, cut_from: 10s, cut_for: 20s"),
        steps, 8);
    assert_op(5000, 2, OUTCOME_OK, 31);
    assert_op(10100, 2, OUTCOME_FAILED, 1001);
    assert_op(15000, 2, OUTCOME_FAILED, 1);
    assert_op(16000, 2, OUTCOME_OK, 1);
    assert_op(17000, 0, OUTCOME_OK, 11);
    /* c reads what it has: the write of 5 s; after the cut that of 17 s */
    assert_int_equal(op_of(18000 * SIM_MS, 2)->value, op_of(5000 * SIM_MS, 2)->value);
    assert_int_equal(op_of(35000 * SIM_MS, 2)->value, op_of(17000 * SIM_MS, 0)->value);
    assert_op(36000, 2, OUTCOME_OK, 31);
    assert_close(wanted("minority_refusals", NULL, 2), 2, 0);
    done();
}

/* --- linearizability ------------------------------------------------------------------------- */

#define KEYS 16
#define STEPS 6000

/* Reads and writes of a few sessions everywhere, with c isolated for a while. */
static void strong_operations_are_linearizable_and_eventual_reads_are_not(void **state)
{
    static struct client_step steps[STEPS];

    (void)state;
    for (uint32_t i = 0; i < STEPS; i++) {
        uint64_t word = rng_mix(i + 1);

        steps[i] = (struct client_step){.at = (sim_time)(i + 1) * 5 * SIM_MS +
                                              (sim_time)(word % (uint64_t)SIM_MS),
                                        .region = (int)((word >> 32) % 3),
                                        .kind = word >> 60 < 8 ? COMMAND_GET : COMMAND_TOUCH,
                                        .session = (uint32_t)(word >> 40) % KEYS};
    }
    for (int strong = 0; strong < 2; strong++) {
        run(strong
                ? WORLD("70s", ", reads: strong", THREE_WAYS,
                        "rate: 0/s, isolate: c, cut_from: 12s, cut_for: 6s")
                : WORLD("70s", "", THREE_WAYS, "rate: 0/s, isolate: c, cut_from: 12s, cut_for: 6s"),
            steps, STEPS);
        print_message("%.0f conflicts\n", wanted("conflicts", NULL, -1));
        assert_true(wanted("conflicts", NULL, -1) > 20);
        assert_true(wanted("minority_refusals", NULL, 2) > 100);
        if (strong)
            assert_int_equal(history_not_linearizable(&history, false, NULL), 0);
        else
            assert_true(history_not_linearizable(&history, false, NULL) > KEYS / 2);
        assert_int_equal(history_not_converged(&history, 5 * SIM_S, NULL), 0);
        assert_int_equal(history_lost_writes(&history, 5 * SIM_S, NULL), 0);
        done();
    }
}

/* --- regions --------------------------------------------------------------------------------- */

static void regions_must_form_an_allowed_set(void **state)
{
    static const struct {
        const char *regions, *store, *error;
    } cases[] = {
        {"{us-east-1: {}, us-east-2: {}, us-west-2: {}}", "", NULL},
        {"{eu-west-1: {}, eu-west-3: {}, eu-central-1: {}}", "", NULL},
        {"{us-east-1: {}, us-east-2: {}, us-west-2: {}, us-west-1: {}}",
         ", replicas: [us-east-2, us-west-2], witness: us-east-1", NULL},
        {"{us-west-1: {}, us-west-2: {}}", "",
         "'store.replicas' needs three regions in all, got 2 (facts F)"},
        {"{us-east-1: {}, us-west-1: {}, us-west-2: {}}", "",
         "'store.replicas' must be three regions of one set, got us-east-1, us-west-1 and "
         "us-west-2"},
        {"{us-east-1: {}, us-east-2: {}, us-west-2: {}}",
         ", replicas: [us-east-2, us-west-2], witness: us-west-2",
         "'store.replicas' has 'us-west-2' twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct diag diag = {0};
        char text[1000], *errors;
        struct scenario *loaded;

        snprintf(
            text, sizeof text,
            "regions: %s\nduration: 10s\nstore: {kind: dynamodb-strong%s}\ndriver: {rate: 0/s}\n",
            cases[i].regions, cases[i].store);
        loaded =
            scenario_load_text(text, strlen(text), "test.yaml", &client_registry, NULL, 0, &diag);
        errors = diag_text(&diag);
        if (cases[i].error && !strstr(errors, cases[i].error))
            fail_msg("wants '%s', got '%s'", cases[i].error, errors);
        assert_true((loaded != NULL) == (cases[i].error == NULL));
        free(errors);
        diag_release(&diag);
        if (loaded)
            scenario_free(loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_take_the_shorter_round_trip),
        cmocka_unit_test(witness_votes),
        cmocka_unit_test(latency_is_an_order_statistic),
        cmocka_unit_test(concurrent_writes_of_two_regions_conflict),
        cmocka_unit_test(region_without_others_refuses),
        cmocka_unit_test(strong_operations_are_linearizable_and_eventual_reads_are_not),
        cmocka_unit_test(regions_must_form_an_allowed_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
