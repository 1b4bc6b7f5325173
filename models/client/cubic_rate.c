// SPDX-License-Identifier: GPL-3.0-or-later
#include "cubic_rate.h"

#include <math.h>

/* The constants are those of the AWS SDKs' mode `adaptive`: facts G. */
#define STEP (SIM_S / 2)
#define SMOOTHING 0.8         /* weight of the last step in the measured rate */
#define MEASURED_RATE_SHARE 2 /* of the measured rate that the limit may reach */

void cubic_rate_init(struct cubic_rate *rate, const struct cubic_config *config)
{
    *rate = (struct cubic_rate){.config = config, .rate_per_s = 1, .size = 1};
}

static void bucket_fill(struct cubic_rate *rate, sim_time now)
{
    rate->tokens += (double)(now - rate->filled) / (double)SIM_S * rate->rate_per_s;
    rate->tokens = fmin(rate->tokens, rate->size);
    rate->filled = now;
}

/* What has flowed in so far did so at the old rate. */
static void bucket_set_rate(struct cubic_rate *rate, sim_time now, double per_s)
{
    bucket_fill(rate, now);
    rate->rate_per_s = fmax(per_s, rate->config->rate_min_per_s);
    rate->size = fmax(per_s, 1);
    rate->tokens = fmin(rate->tokens, rate->size);
}

sim_dur cubic_rate_ask(struct cubic_rate *rate, sim_time now)
{
    if (!rate->limits)
        return 0;
    bucket_fill(rate, now);
    if (rate->tokens >= 1 - 1e-9) {
        rate->tokens -= 1;
        return 0;
    }
    return (sim_dur)ceil((1 - rate->tokens) / rate->rate_per_s * (double)SIM_S);
}

/* The measured rate after one more reply. */
static double rate_measure(struct cubic_rate *rate, sim_time now)
{
    int64_t step = now / STEP;

    rate->count++;
    if (step > rate->step) {
        double seconds = (double)(step - rate->step) * STEP / (double)SIM_S;

        rate->measured_per_s =
            SMOOTHING * (double)rate->count / seconds + (1 - SMOOTHING) * rate->measured_per_s;
        rate->count = 0;
        rate->step = step;
    }
    return rate->measured_per_s;
}

void cubic_rate_ended(struct cubic_rate *rate, sim_time now, bool throttled)
{
    const struct cubic_config *config = rate->config;
    double measured = rate_measure(rate, now), per_s, t;

    if (throttled) {
        rate->rate_max_per_s = rate->limits ? fmin(measured, rate->rate_per_s) : measured;
        rate->k_s = cbrt(rate->rate_max_per_s * (1 - config->beta) / config->scale);
        rate->throttled = now;
        rate->limits = true;
        per_s = rate->rate_max_per_s * config->beta;
    } else {
        t = (double)(now - rate->throttled) / (double)SIM_S - rate->k_s;
        per_s = config->scale * t * t * t + rate->rate_max_per_s;
    }
    bucket_set_rate(rate, now, fmin(per_s, MEASURED_RATE_SHARE * measured));
}
