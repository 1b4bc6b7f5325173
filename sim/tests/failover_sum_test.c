// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The RTO of a lost region in whole runs of all models: with constant stages it is their sum.
 *
 * Nothing of the network is random, clients try once with a timeout of 300 ms, and `target` is 100
 * %: a window is good if no write of it is bad. Writes come at 20 a second on average and more, so
 * the first good window starts within some hundredths of a second of the first write that is
 * answered, and steps of 100 ms are the resolution.
 *
 * The alarm: periods of 60 s, phase 0, 2 of 3, published 35 s later. The region is lost at 610 s;
 * 600 to 660 s is the first period with more than half of the writes failing, 660 to 720 s the
 * second: alarm at 755 s, 145 s after the fault. At 650 s a sixth of the first period is bad: 660
 * to 720 s is the first, alarm at 815 s, 165 s after the fault.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "registry.h"

#define WORLD                                                                                      \
    "regions: {us-west-1: {}, us-west-2: {}}\n"                                                    \
    "duration: 18min\nwarmup: 1min\nphase: 0s\n"                                                   \
    "network:\n"                                                                                   \
    "  default: {rtt: 20ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}\n"                           \
    "  inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}\n"                             \
    "population: {sessions: 20/s, writes: 50%%}\n"                                                 \
    "client: {timeout: 300ms, retry: {attempts: 1, read_attempts: 1}}\n"                           \
    "objective: {target: 100%%, good: {requests: false}, resolution: %s}\n"                        \
    "dns: {%s, name_servers: 1}\n"                                                                 \
    "failover:\n"                                                                                  \
    "  mode: automatic\n"                                                                          \
    "  alarm: {period: 60s, datapoints: 2, periods: 3, delay: 35s}\n"                              \
    "  %s\n"                                                                                       \
    "faults: [{at: %s, region: us-west-1, down: true}]\n"

struct chain {
    const char *resolution, *dns, *failover, *fault;
};

static struct scenario *chain_scenario(const struct chain *chain)
{
    const struct registry registry = {model_registry, model_registry_count};
    char text[3000];

    snprintf(text, sizeof text, WORLD, chain->resolution, chain->dns, chain->failover,
             chain->fault);
    return scenario_of(&registry, text);
}

static double rto_s(const struct scenario *scenario, uint32_t replication)
{
    struct world *world = world_of(scenario, replication, NULL);
    double rto = statistic_of(world, (struct wanted){"rto", NULL, -1, NULL, NULL}) / 1e9;

    world_free(world);
    return rto;
}

#define FUNCTION                                                                                   \
    "decide: 3s\n  promotion: 21s\n  notification: 150ms\n  function_cold: 85ms\n  function: 1s"
#define DNS "ttl: 0s, api_delay: 400ms, propagation: 7s"

/* The sums are those of the parameters. */
static void rto_is_the_sum_of_constant_stages(void **state)
{
    static const struct {
        struct chain chain;
        double alarm, after, resolution, longer;
    } rows[] = {
        {{"100ms", DNS, FUNCTION, "610s"}, 145, 3 + 21 + 0.150 + 0.085 + 1 + 0.400 + 7, 0.1, 0},
        {{"100ms", DNS, FUNCTION, "650s"}, 165, 3 + 21 + 0.150 + 0.085 + 1 + 0.400 + 7, 0.1, 0},
        {{"1s", DNS, FUNCTION, "610s"}, 145, 3 + 21 + 0.150 + 0.085 + 1 + 0.400 + 7, 1, 0},
        /* a cache keeps the old answer for up to 20 s after the change */
        {{"100ms", "ttl: 20s, api_delay: 400ms, propagation: 7s", FUNCTION, "610s"},
         145,
         3 + 21 + 0.150 + 0.085 + 1 + 0.400 + 7,
         0.1,
         20},
        /* switches 600 ms after the promotion; 9 s later DNS answers follow */
        {{"100ms", DNS,
          "decide: 40s\n  promotion: 5s\n  repoint: routing-control\n"
          "  routing: {call: 600ms, effect: 9s}",
          "610s"},
         145,
         40 + 5 + 0.6 + 9,
         0.1,
         0},
        /* no region is the primary from 10:10 on; promoted 12:39 + 8 s. The period of 12:00 to
         * 13:00 has it as one for 13 s of 60: below a half. That of 13:00 to 14:00 is published at
         * 14:30. */
        {{"100ms", DNS,
          "decide: 4s\n  promotion: 8s\n  repoint: health-check\n"
          "  health: {delay: 30s, effect: 6s}",
          "610s"},
         145,
         4 + 8 + (870 - 767) + 6,
         0.1,
         0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scenario *scenario = chain_scenario(&rows[i].chain);
        double sum = rows[i].alarm + rows[i].after;

        for (uint32_t r = 0; r < 3; r++) {
            double rto = rto_s(scenario, r);

            print_message("row %zu: sum %.3f s, RTO %.1f s\n", i, sum, rto);
            assert_true(rto > sum - rows[i].resolution - 1e-9);
            assert_true(rto < sum + rows[i].longer + rows[i].resolution + 1e-9);
        }
        scenario_free(scenario);
    }
}

/*
 * With a decision uniform in 0 to 60 s and a promotion uniform in 10 to 50 s the RTO is 153.635 s
 * and both: mean 213.635 s, standard deviation sqrt((60^2 + 40^2) / 12) = 20.8 s. Of 60 runs the
 * mean is within 3.3 x 20.8 / sqrt(60) = 8.9 s, and the standard deviation, whose own relative one
 * is below 1 / sqrt(2 x 60) = 9.1 %, within 30 %.
 */
static void rto_of_random_stages_has_their_mean_and_variance(void **state)
{
    const struct chain chain = {"100ms", DNS,
                                "decide: 'uniform(low=0s, high=60s)'\n"
                                "  promotion: 'uniform(low=10s, high=50s)'\n"
                                "  notification: 150ms\n  function_cold: 85ms\n  function: 1s",
                                "610s"};
    struct scenario *scenario = chain_scenario(&chain);
    double sum = 0, squares = 0, deviation;
    const int n = 60;

    (void)state;
    for (int r = 0; r < n; r++) {
        double rto = rto_s(scenario, (uint32_t)r);

        sum += rto;
        squares += rto * rto;
    }
    deviation = sqrt((squares - sum * sum / n) / (n - 1));
    print_message("mean %.2f s, standard deviation %.2f s\n", sum / n, deviation);
    assert_true(fabs(sum / n - 213.635) < 8.9);
    assert_true(fabs(deviation / 20.817 - 1) < 0.3);
    scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rto_is_the_sum_of_constant_stages),
        cmocka_unit_test(rto_of_random_stages_has_their_mean_and_variance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
