// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * When clients with a list of endpoints leave one: where its host does not answer or refuses them,
 * or its cluster refuses writes; not because a command, a TLS handshake or a connection fails.
 *
 * Two regions 20 ms apart, the primary in a; the clients of b write to it ten times a second. What
 * begins, begins at 5.05 s, between two writes, and the run ends at 20 s.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"

static uint64_t left[2]; /* endpoints of a and b */

/* A list that stays with a, and counts. */
static struct dns_answer list_resolve(void *self, int region)
{
    (void)self, (void)region;
    return (struct dns_answer){.region = 0, .expires = SIM_NEVER};
}

static bool list_failed(void *self, int region, int at)
{
    (void)self, (void)region;
    left[at]++;
    return false;
}

static const struct dns_resolver list = {NULL, list_resolve, list_failed};

static const struct leaving {
    const char *what, *driver;
    bool leaves;
} leavings[] = {
    {"nothing", "", false},
    {"the host does not answer", ", cut: b <-> a, cut_from: 5050ms", true},
    {"the host is down", ", crash_from: 5050ms, crash_for: 1h, crash_host: true", true},
    {"the process refuses", ", crash_from: 5050ms, crash_for: 1h", true},
    {"the cluster refuses writes", ", promote_at: 5050ms", true},
    /* its kernel completes the TCP handshake; commands and TLS handshakes time out */
    {"the process hangs", ", stall_from: 5050ms, stall_for: 1h", false},
    /* all connections are reset, and new ones open */
    {"connections end", ", cut: b <-> a, cut_resets: true, cut_from: 5050ms, cut_for: 1ms", false},
};

static void hosts_that_answer_are_not_left(void **state)
{
    (void)state;
    client_resolver = &list;
    for (size_t i = 0; i < sizeof leavings / sizeof leavings[0]; i++) {
        char text[1000];
        struct scenario *scenario;

        memset(left, 0, sizeof left);
        snprintf(text, sizeof text,
                 "regions: {a: {}, b: {}}\nduration: 20s\nwarmup: 0s\n"
                 "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}}\n"
                 "store: {primary: a}\n"
                 "client: {pool: {size: 4, warm: 4}, retry: {attempts: 2}, timeout: 300ms}\n"
                 "driver: {rate: 10/s, writer: b%s}\n",
                 leavings[i].driver);
        scenario = scenario_of(&client_registry, text);
        world_free(world_of(scenario, 0, NULL));
        scenario_free(scenario);
        print_message("%s: %llu times\n", leavings[i].what, (unsigned long long)left[0]);
        assert_int_equal(left[1], 0);
        if (leavings[i].leaves)
            assert_true(left[0] > 0);
        else
            assert_int_equal(left[0], 0);
    }
    client_resolver = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_that_answer_are_not_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
