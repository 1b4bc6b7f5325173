// SPDX-License-Identifier: GPL-3.0-or-later
/* The throttle alone, against a server that accepts a fixed share or rate. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "adaptive_throttle.h"
#include "assert_close.h"
#include "rng_stream.h"

#define STEP (10 * SIM_MS) /* between requests: 100/s */
#define REQUESTS 200000

/* The share of requests that is sent to a server which accepts `rate_per_s` of them. */
static double share_sent(double k, double rate_per_s)
{
    const struct throttle_config config = {THROTTLE_ADAPTIVE, k, 120 * SIM_S};
    struct rng_stream stream = rng_stream_named(1, 0, "throttle", "test");
    struct adaptive_throttle throttle;
    uint64_t sent = 0, accepted = 0;

    adaptive_throttle_init(&throttle, &config);
    for (uint64_t i = 0; i < REQUESTS; i++) {
        sim_time now = (sim_time)i * STEP;

        if (!adaptive_throttle_ask(&throttle, now, rng_unit(rng_block_at(&stream, i, 0).word[0])))
            continue;
        sent += i >= REQUESTS / 2; /* once it has settled */
        if ((double)accepted > rate_per_s * (double)now / SIM_S)
            continue;
        accepted++;
        adaptive_throttle_accepted(&throttle, now);
    }
    return (double)sent / (REQUESTS / 2);
}

/*
 * Of lambda = 100/s the share 1 - p is sent, p = (lambda - k a)/lambda, where the server accepts a
 * of them: k a / lambda. With a = 10/s: 20 % for k = 2, 15 % for 1.5, 40 % for 4.
 */
static void a_server_receives_k_times_what_it_accepts(void **state)
{
    (void)state;
    assert_close(share_sent(2, 10), 0.2, 0.02);
    assert_close(share_sent(1.5, 10), 0.15, 0.02);
    assert_close(share_sent(4, 10), 0.4, 0.02);
}

/* A server that accepts all gets all. */
static void nothing_is_refused_while_all_is_accepted(void **state)
{
    (void)state;
    assert_true(share_sent(2, 1000) >= 1);
}

/* Nothing is accepted: request n is sent with probability 1/n, in the window of 12 000 requests;
 * in the long run one request of 12 001. */
static void a_dead_server_receives_almost_nothing(void **state)
{
    const struct throttle_config config = {THROTTLE_ADAPTIVE, 2, 120 * SIM_S};
    struct adaptive_throttle throttle;

    (void)state;
    adaptive_throttle_init(&throttle, &config);
    assert_true(adaptive_throttle_ask(&throttle, 0, 0.001));
    for (int n = 1; n < 1000; n++) {
        double refused = (double)n / (n + 1);

        assert_int_equal(adaptive_throttle_ask(&throttle, n, refused + (n % 2 ? 1e-6 : -1e-6)),
                         n % 2);
    }
    /* The window forgets: after its length the first request is sent again. */
    assert_true(adaptive_throttle_ask(&throttle, 121 * SIM_S, 0.001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_receives_k_times_what_it_accepts),
        cmocka_unit_test(nothing_is_refused_while_all_is_accepted),
        cmocka_unit_test(a_dead_server_receives_almost_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
