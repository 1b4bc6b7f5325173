// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Guards of a tier against overload: admission control at its load balancer, by concurrency and by
 * rate, and requests that are dropped from a queue because nobody waits for them any more.
 */
#include "app_internal.h"

bool app_has_guard(const struct app_tier_config *config)
{
    return config->admission_concurrency > 0 || config->admission_rate > 0;
}

bool app_has_drops(const struct app_tier_config *config)
{
    return config->drop_abandoned || config->queue_timeout_ns > 0;
}

/* The concurrency is tested first: a request that it rejects takes no token. */
bool app_admits(struct app_tier *app)
{
    const struct app_tier_config *config = app->config;
    int64_t inside = app->busy.length.level + app->queued.length.level;

    if (config->admission_concurrency > 0 && inside >= config->admission_concurrency)
        return false;
    return config->admission_rate <= 0 ||
           token_bucket_take(&app->bucket, config->admission_rate, config->admission_burst,
                             sim_now(app->sim));
}

bool app_drops(struct app_tier *app, uint32_t index)
{
    const struct app_tier_config *config = app->config;
    const struct app_request *request = &app->requests[index];
    const struct users_port *users = app->users[ref_region(request->session)];

    if (config->drop_abandoned &&
        !users->waits(users->self, request->pending, request->pending_generation))
        return true;
    return config->queue_timeout_ns > 0 &&
           sim_now(app->sim) - request->since > config->queue_timeout_ns;
}
