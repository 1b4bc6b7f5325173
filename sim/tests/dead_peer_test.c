// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How a client finds out that its peer is gone without a word: by retransmissions, a user timeout,
 * keep-alive probes, or a box that forgot the connection. Whole worlds, which end shortly before
 * and shortly after the instant at which the kernels of b abandon them: connections broken until
 * then.
 *
 * The primary is in a; users are near b, whose 4 instances write to a. The way is cut at 60 s.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "registry.h"

#include <math.h>

#define NETWORK(rtt, more)                                                                         \
    "network: {default: {rtt: " rtt ", jitter: 0ms, spike_share: 0%, loss: 0%" more                \
    "}, inside: {rtt: 1ms, loss: 0%}}\n"
#define CALM(sessions, network, client)                                                            \
    "regions: {a: {population: {sessions: 0/s}}, b: {population: {sessions: " sessions             \
    "}}}\nwarmup: 0s\n" network "accelerator: {spill: 0%}\nstore: {primary: a}\n"                  \
    "client: {" client "}\n"
#define WORLD(sessions, network, client)                                                           \
    CALM(sessions, network, client) "faults: [{at: 60s, link: a <-> b, blackhole: true}]\n"
#define SHARED "mode: multiplexed, timeout: 1s"

#define B 1

// clang-format off
static const struct peer {
    const char *name, *text, *by;
    const char *before, *after; /* durations of the run */
    double broken;              /* by the later one; by the earlier none */
} peers[] = {
    /* One shared connection of each instance. The first command after the cut, within a second of
       it, is sent again by the probe 40 to 220 ms later and by the timer R = 220 ms after that.
       From there the user timeout counts, and cuts the last wait. */
    {"user timeout of 30 s", WORLD("20/s", NETWORK("20ms", ""), SHARED ", user_timeout: 30s"),
     "give-up", "90.2s", "91.6s", 4},
    /* Retransmissions follow 0.44, 1.32, 3.08, 6.6 and 13.64 s later: the last is the first behind
       5 timeouts of 200 ms and up, 12.6 s. So is the stream to the secondary: the fifth. */
    {"tcp_retries2 of 5", WORLD("20/s", NETWORK("20ms", ", tcp: {retries2: 5}"), SHARED),
     "give-up", "73.8s", "75.2s", 5},
    /* R = 201 ms: 0.402 (2^9 - 1) and 6 times 120 s are 925.4 s, the first behind 924.6 s */
    {"default, 1 ms", WORLD("20/s", NETWORK("1ms", ""), SHARED),
     "give-up", "985.4s", "987.2s", 4},
    /* Nothing is ever sent on 4 x 20 connections but probes. Answered at 4 x 13.02 s the last time;
       dead 52 s later, at 104.08 s. */
    {"keep-alive", WORLD("0/s", NETWORK("20ms", ""), "keepalive: {idle: 13s, interval: 13s, count: 3}"),
     "give-up", "104.07s", "104.09s", 80},
    /* a user timeout of 30 s: at the third probe's time, 39 s */
    {"keep-alive and user timeout", WORLD("0/s", NETWORK("20ms", ""), "keepalive: {idle: 13s, interval: 13s, count: 9}, user_timeout: 30s"),
     "give-up", "91.07s", "91.09s", 80},
    /* A box forgets after 30 s: the probe at 40 s is answered by its reset. One each 20 s is
       traffic, so that only the cut matters: answered at 2 x 20.02 s, dead 4 x 20 s later. */
    {"idle timeout of a box", CALM("0/s", NETWORK("20ms", ", idle_timeout: {after: 30s, then: reset}"), "keepalive: {idle: 40s, interval: 5s, count: 3}"),
     "reset", "39.99s", "40.03s", 80},
    {"idle timeout of a box that sees probes", WORLD("0/s", NETWORK("20ms", ", idle_timeout: {after: 30s, then: reset}"), "keepalive: {idle: 20s, interval: 20s, count: 3}"),
     "give-up", "120.03s", "120.05s", 80},
};
// clang-format on

static double broken_within(const struct peer *peer, const char *duration)
{
    const struct registry registry = {model_registry, model_registry_count};
    struct strbuf text = STRBUF_INIT;
    struct scenario *scenario;
    struct world *world;
    double value;

    strbuf_addf(&text, "duration: %s\n%s", duration, peer->text);
    scenario = scenario_of(&registry, text.text);
    world = world_of(scenario, 0, NULL);
    value = statistic_or_nan(world, (struct wanted){"connections_broken", NULL, B, peer->by, NULL});
    world_free(world);
    scenario_free(scenario);
    strbuf_release(&text);
    return isnan(value) ? 0 : value;
}

static void each_peer_is_found_dead_at_its_time(void **state)
{
    bool good = true;

    (void)state;
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        double before = broken_within(&peers[i], peers[i].before);
        double after = broken_within(&peers[i], peers[i].after);

        print_message("%s: %g broken within %s, %g within %s\n", peers[i].name, before,
                      peers[i].before, after, peers[i].after);
        good = good && before < 0.5 && fabs(after - peers[i].broken) < 0.5;
    }
    assert_true(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_peer_is_found_dead_at_its_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
