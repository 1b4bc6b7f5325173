// SPDX-License-Identifier: GPL-3.0-or-later
#include "adaptive_throttle.h"

#include <string.h>

const char *const throttle_names[] = {"none", "adaptive", "cubic", NULL};

void adaptive_throttle_init(struct adaptive_throttle *throttle,
                            const struct throttle_config *config)
{
    *throttle = (struct adaptive_throttle){.config = config};
}

/* Drop the slices that have left the window. */
static uint32_t window_move(struct adaptive_throttle *throttle, sim_time now)
{
    int64_t slice = now / (throttle->config->window_ns / THROTTLE_SLICES);

    if (slice - throttle->slice >= THROTTLE_SLICES) {
        memset(throttle->requests, 0, sizeof throttle->requests);
        memset(throttle->accepts, 0, sizeof throttle->accepts);
        throttle->requests_sum = throttle->accepts_sum = 0;
        throttle->slice = slice;
    }
    while (throttle->slice < slice) {
        uint32_t index = (uint32_t)(++throttle->slice % THROTTLE_SLICES);

        throttle->requests_sum -= throttle->requests[index];
        throttle->accepts_sum -= throttle->accepts[index];
        throttle->requests[index] = throttle->accepts[index] = 0;
    }
    return (uint32_t)(slice % THROTTLE_SLICES);
}

bool adaptive_throttle_ask(struct adaptive_throttle *throttle, sim_time now, double u)
{
    uint32_t index = window_move(throttle, now);
    double requests = (double)throttle->requests_sum;
    double refused =
        (requests - throttle->config->k * (double)throttle->accepts_sum) / (requests + 1);

    throttle->requests[index]++;
    throttle->requests_sum++;
    return u >= refused;
}

void adaptive_throttle_accepted(struct adaptive_throttle *throttle, sim_time now)
{
    throttle->accepts[window_move(throttle, now)]++;
    throttle->accepts_sum++;
}
