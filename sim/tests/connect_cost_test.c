// SPDX-License-Identifier: GPL-3.0-or-later
/* What new connections and sizes cost a server: the time of accepting and of TLS, for others and
 * for the connections themselves; large values. One region, a round trip of 1 ms, commands that
 * take no time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

static const struct model_ops *const cost_models[] = {&client_driver_ops, &wan_link_ops, &store_ops,
                                                      &store_client_ops};
static const struct registry cost_registry = {cost_models, 4};

static double found(const char *rest, const char *metric, const char *stat)
{
    static const char world_text[] =
        "regions: {a: {}}\nwarmup: 0s\n"
        "network: {inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}}\n%s";
    char text[1000];
    struct scenario *scenario;
    struct world *world;
    double value;

    snprintf(text, sizeof text, world_text, rest);
    scenario = scenario_of(&cost_registry, text);
    world = world_of(scenario, 0, NULL);
    value = statistic_of(world, (struct wanted){metric, stat, 0, NULL, NULL});
    world_free(world);
    scenario_free(scenario);
    return value;
}

/*
 * 15 000 new TLS connections a minute, 250/s, one request on each. The default costs 0.1 + 2 ms:
 * the server is busy for 250/s x 2.1 ms = 52.5 % of the time. With 4 ms (github.com/redis/go-redis,
 * issue 2046) 250/s x 4.1 ms = 102.5 %: it does nothing else.
 */
static void new_tls_connections_fill_a_server(void **state)
{
#define EACH_NEW                                                                                   \
    "duration: 20s\nstore: {kind: regional, write_service: 0ms, write_per_kib: 0ms, "              \
    "connect_cost: "                                                                               \
    "{tls: %s}}\n"                                                                                 \
    "client: {pool: {size: 1000, warm: 0, lifetime: 1ns}, tls: 1.3, retry: {attempts: 1}}\n"       \
    "driver: {rate: 250/s}\n"
    char rest[500];

    (void)state;
    snprintf(rest, sizeof rest, EACH_NEW, "2ms");
    assert_close(found(rest, "store_utilization", NULL), 0.525, 0.001);
    snprintf(rest, sizeof rest, EACH_NEW, "4ms");
    assert_close(found(rest, "store_utilization", NULL), 1, 0.001);
    snprintf(rest, sizeof rest, EACH_NEW, "4ms, resumed_share: 100%, resumed: 0.3ms");
    assert_close(found(rest, "store_utilization", NULL), 0.1, 0.001);
}

/*
 * AUTH takes 0.6 us of the server, so that 250/s x (0.1 ms + 0.6 us) are 2.515 %; at 2 ms, as a
 * password hash of an external check would, 52.5 %. Without `auth` nothing.
 */
static void auth_costs_the_server_little(void **state)
{
#define EACH_AUTHENTICATED                                                                         \
    "duration: 20s\nstore: {kind: regional, write_service: 0ms, write_per_kib: 0ms, "              \
    "connect_cost: {auth: %s}}\n"                                                                  \
    "client: {pool: {size: 1000, warm: 0, lifetime: 1ns}, tls: none, auth: %s, retry: {attempts: " \
    "1}}\ndriver: {rate: 250/s}\n"
    char rest[500];

    (void)state;
    snprintf(rest, sizeof rest, EACH_AUTHENTICATED, "0.6us", "true");
    assert_close(found(rest, "store_utilization", NULL), 0.02515, 0.001);
    snprintf(rest, sizeof rest, EACH_AUTHENTICATED, "2ms", "true");
    assert_close(found(rest, "store_utilization", NULL), 0.525, 0.001);
    snprintf(rest, sizeof rest, EACH_AUTHENTICATED, "2ms", "false");
    assert_close(found(rest, "store_utilization", NULL), 0.025, 0.001);
}

/* Writes that begin together at 1 s; each opens a connection. */
static struct client_step herd[1000];

static void herd_of(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        herd[i] = (struct client_step){SIM_S, 0, COMMAND_CREATE, i};
    client_plan.steps = herd;
    client_plan.count = count;
}

static int no_plan(void **state)
{
    (void)state;
    client_plan.count = 0;
    return 0;
}

#define HERD                                                                                       \
    "duration: 20s\nstore: {kind: regional, write_service: 0ms, write_per_kib: 0ms%s}\n"           \
    "client: {pool: {size: 1000, warm: 0}, tls: %s, retry: {attempts: %d, backoff: none}, "        \
    "timeout: %s}\ndriver: {rate: 0/s}\n"

/*
 * 50 TLS connections at once. The server works without a pause from the first SYN, 0.5 ms after the
 * start, for 50 x (0.1 + 2) = 105 ms; then the last handshake's answer goes back (0.5 ms), and its
 * request goes there and back (1 ms): 107 ms. Without TLS the accepting alone takes 5 ms; the
 * command of the last one has been there from 1.5 ms on, and its reply is there at 0.5 + 5 + 0.5 =
 * 6 ms.
 */
static void herd_waits_for_its_handshakes(void **state)
{
    char rest[500];

    (void)state;
    herd_of(50);
    snprintf(rest, sizeof rest, HERD, "", "1.3", 1, "1s");
    assert_close(found(rest, "write_latency", "max"), 107e6, 1e-6);
    snprintf(rest, sizeof rest, HERD, "", "none", 1, "1s");
    assert_close(found(rest, "write_latency", "max"), 6e6, 1e-6);
}

/*
 * A herd whose handshakes take longer than the timeout throws the work away and begins again: 500
 * connections take 1.05 s, so with a timeout of 300 ms most of each round fail, three times. Where
 * connections cost nothing, none fails.
 */
static void storm_sustains_itself(void **state)
{
    char rest[500];

    (void)state;
    herd_of(500);
    snprintf(rest, sizeof rest, HERD, ", connect_cost: {accept: 0ms, tls: 0ms}", "1.3", 3, "300ms");
    assert_close(found(rest, "write_failures", NULL), 0, 0);
    snprintf(rest, sizeof rest, HERD, "", "1.3", 3, "300ms");
    assert_true(found(rest, "write_failures", NULL) > 100);
}

/*
 * 100 writes a second of sessions with an exponential size of mean 4 KiB, at 100 us a KiB: 100/s x
 * 400 us = 4 % busy. Each is read once after it, at the same price for its own size: 8 %. 2000 of
 * each: the mean is known to 1/sqrt(2000) = 2.2 %, and the seed is fixed.
 */
static void sizes_cost_by_their_mean(void **state)
{
#define SIZES                                                                                      \
    "duration: 20s\nstore: {kind: regional, write_service: 0ms, write_per_kib: 100us, "            \
    "read_service: 0ms, read_per_kib: %s}\nclient: {write_bytes: exponential(4096)}\n"             \
    "driver: {rate: 100/s, read_after: 1ms}\n"
    char rest[500];

    (void)state;
    snprintf(rest, sizeof rest, SIZES, "0ms");
    assert_close(found(rest, "store_utilization", NULL), 0.04, 0.03);
    snprintf(rest, sizeof rest, SIZES, "100us");
    assert_close(found(rest, "store_utilization", NULL), 0.08, 0.03);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(new_tls_connections_fill_a_server, no_plan),
        cmocka_unit_test_setup(auth_costs_the_server_little, no_plan),
        cmocka_unit_test_setup(herd_waits_for_its_handshakes, no_plan),
        cmocka_unit_test_setup(storm_sustains_itself, no_plan),
        cmocka_unit_test_setup(sizes_cost_by_their_mean, no_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
