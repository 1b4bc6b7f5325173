// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The tier alone, as a queue: users are a Poisson process of pages with a valid token, so that the
 * tier responds after its own service without using the store.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tier_rig.h"

/*
 * M/M/1, lambda = 800/s, mu = 1000/s: rho = 0.8, mean wait rho / (mu - lambda) = 0.8 / 200 s = 4
 * ms. The variance of the mean wait over n customers is, for mu = 1, rho (2 + 5 rho - 4 rho^2 +
 * rho^3) / (1 - rho)^4 / n = 1976 / n (Daley, J. Austral. Math. Soc. 8, 1968): 20 replications of
 * 160 000 leave 0.6 % of 4 as the standard error.
 */
static void mm1_mean_wait_covers_theory(void **state)
{
    struct tally tally =
        tally_of(&registry,
                 "regions: {a: {}}\nduration: 220s\nwarmup: 20s\n"
                 "driver: {rate: 800/s}\n"
                 "app: {instances: 1, workers: 1, queue: 1000000, service: exponential(1ms)}\n",
                 20, (struct wanted){"app_wait", "mean", 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 0.8 / 200.0 * 1e9, 0.05);
}

/*
 * M/M/4, lambda = 800/s, mu = 250/s each: a = 3.2. Erlang C: the probability of waiting is
 * a^4/4! / (1 - a/4) / (sum over k < 4 of a^k/k! + a^4/4! / (1 - a/4)); the mean wait is that / (4
 * mu - lambda).
 */
static void mm4_mean_wait_covers_theory(void **state)
{
    double a = 3.2, top = a * a * a * a / 24 / (1 - a / 4);
    double waits = top / (1 + a + a * a / 2 + a * a * a / 6 + top);
    struct tally tally =
        tally_of(&registry,
                 "regions: {a: {}}\nduration: 270s\nwarmup: 20s\n"
                 "driver: {rate: 800/s}\n"
                 "app: {instances: 1, workers: 4, queue: 1000000, service: exponential(4ms)}\n",
                 20, (struct wanted){"app_wait", "mean", 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, waits / (1000.0 - 800.0) * 1e9, 0.05);
}

/* Mean busy workers: lambda times the mean service time, 800/s x 4 ms = 3.2 (Little), for any
 * distribution. */
static void busy_workers_are_rate_times_service(void **state)
{
    struct tally tally =
        tally_of(&registry,
                 "regions: {a: {}}\nduration: 220s\nwarmup: 20s\ndriver: {rate: 800/s}\n"
                 "app: {instances: 2, workers: 4, queue: 1000000, service: {uniform: {low: 2ms, "
                 "high: 6ms}}}\n",
                 10, (struct wanted){"workers_busy", NULL, 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 3.2, 0.05);
}

/*
 * 10 pages at 1 s, one worker, queue of 4: one is served at once, 4 wait, 5 are rejected at once.
 * Served pages leave every 2 ms.
 */
static void bounded_queue_rejects_the_rest_at_once(void **state)
{
    (void)state;
    run_text("regions: {a: {}}\nduration: 2s\nwarmup: 0s\ndriver: {burst: 10}\n"
             "app: {instances: 1, workers: 1, queue: 4, service: 2ms}\n");
    assert_int_equal(seen.answered, 10);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(seen.kinds[i], RESPONSE_REJECTED);
        assert_int_equal(seen.at[i], SIM_S);
    }
    for (int i = 5; i < 10; i++) {
        assert_int_equal(seen.kinds[i], RESPONSE_OK);
        assert_int_equal(seen.at[i], SIM_S + (i - 4) * 2 * SIM_MS);
    }
}

/* Two pages at once, one worker, service 2 ms; a page reads and writes the session, 10 ms each: the
 * second page starts only when the first is answered. */
static void worker_is_held_while_the_store_is_asked(void **state)
{
    (void)state;
    seen.mode = SESSION_GLOBAL;
    run_text("regions: {a: {}}\nduration: 2s\nwarmup: 0s\ndriver: {burst: 2}\n"
             "app: {instances: 1, workers: 1, queue: 4, service: 2ms}\n");
    assert_int_equal(seen.answered, 2);
    assert_int_equal(seen.at[0], SIM_S + 22 * SIM_MS);
    assert_int_equal(seen.at[1], SIM_S + 44 * SIM_MS);
}

/* Ten requests with consecutive numbers, a read and a write each: twenty operations with different
 * random keys. */
static void operations_never_share_an_identity(void **state)
{
    (void)state;
    seen.mode = SESSION_GLOBAL;
    seen.neighbours = true;
    run_text("regions: {a: {}}\nduration: 2s\nwarmup: 0s\ndriver: {burst: 10}\n"
             "app: {instances: 1, workers: 10, service: 2ms}\n");
    assert_int_equal(seen.identity_count, 20);
    for (uint32_t i = 0; i < 20; i++)
        for (uint32_t j = 0; j < i; j++)
            assert_true(seen.identities[i] != seen.identities[j]);
}

/* A login's service time is 5 times a page's: 10 ms; its write takes 10 ms; if the write fails, so
 * does the login. */
static void login_whose_write_failed_fails(void **state)
{
    (void)state;
    seen.request = REQUEST_LOGIN;
    seen.store_says = OP_FAILED;
    run_text("regions: {a: {}}\nduration: 2s\nwarmup: 0s\ndriver: {burst: 1}\n"
             "app: {instances: 1, workers: 1, service: 2ms, login_factor: 5}\n");
    assert_int_equal(seen.answered, 1);
    assert_int_equal(seen.kinds[0], RESPONSE_LOGIN_FAILED);
    assert_int_equal(seen.at[0], SIM_S + 20 * SIM_MS);
}

/* A read that misses leads to a re-auth, and so does one that fails. */
static void page_whose_session_is_not_found_is_a_reauth(void **state)
{
    static const enum op_outcome outcomes[] = {OP_MISS, OP_FAILED};

    (void)state;
    seen.mode = SESSION_GLOBAL;
    for (size_t i = 0; i < 2; i++) {
        seen.store_says = outcomes[i];
        run_text("regions: {a: {}}\nduration: 2s\nwarmup: 0s\ndriver: {burst: 1}\napp: {service: "
                 "2ms}\n");
        assert_int_equal(seen.answered, 1);
        assert_int_equal(seen.kinds[0], RESPONSE_REAUTH);
    }
}

/*
 * Denominator of the re-auth rate: all pages, and logins that read their new session back. So every
 * re-auth is in numerator and denominator.
 */
static void reauth_rate_counts_requests_with_a_session(void **state)
{
    static const struct {
        enum request_kind request;
        bool read_back, writes_succeed, carried;
        enum response_kind kind;
    } cases[] = {
        {REQUEST_PAGE, false, false, true, RESPONSE_REAUTH},
        {REQUEST_PAGE, true, false, true, RESPONSE_REAUTH},
        {REQUEST_LOGIN, false, true, false, RESPONSE_OK},
        {REQUEST_LOGIN, true, true, true, RESPONSE_REAUTH},
        {REQUEST_LOGIN, true, false, false, RESPONSE_LOGIN_FAILED},
    };

    (void)state;
    seen.mode = SESSION_GLOBAL;
    seen.store_says = OP_MISS;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[300];

        seen.request = cases[i].request;
        seen.writes_succeed = cases[i].writes_succeed;
        snprintf(text, sizeof text,
                 "regions: {a: {}}\nduration: 2s\nwarmup: 0s\ndriver: {burst: 1}\n"
                 "app: {service: 2ms, read_back: %s}\n",
                 cases[i].read_back ? "true" : "false");
        run_text(text);
        assert_int_equal(seen.answered, 1);
        assert_int_equal(seen.kinds[0], cases[i].kind);
        assert_int_equal(seen.carried[0], cases[i].carried);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(mm1_mean_wait_covers_theory, token_pages),
        cmocka_unit_test_setup(mm4_mean_wait_covers_theory, token_pages),
        cmocka_unit_test_setup(busy_workers_are_rate_times_service, token_pages),
        cmocka_unit_test_setup(bounded_queue_rejects_the_rest_at_once, token_pages),
        cmocka_unit_test_setup(worker_is_held_while_the_store_is_asked, token_pages),
        cmocka_unit_test_setup(operations_never_share_an_identity, token_pages),
        cmocka_unit_test_setup(login_whose_write_failed_fails, token_pages),
        cmocka_unit_test_setup(page_whose_session_is_not_found_is_a_reauth, token_pages),
        cmocka_unit_test_setup(reauth_rate_counts_requests_with_a_session, token_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
