// SPDX-License-Identifier: GPL-3.0-or-later
/* Rules between the parameters of a client. */
#include "client_internal.h"

static bool needs_exponential(int jitter)
{
    return jitter == JITTER_DECORRELATED || jitter == JITTER_ABOVE || jitter == JITTER_BETWEEN;
}

static void check_retries(const struct retry_policy *policy, struct validation *validation)
{
    if (policy->backoff == BACKOFF_EXPONENTIAL && policy->max_ns < policy->base_ns)
        validation_error(validation, "retry.backoff.exponential.max", "must not be below 'base'");
    if (policy->backoff == BACKOFF_LINEAR && policy->linear_max_ns < policy->linear_step_ns)
        validation_error(validation, "retry.backoff.linear.max", "must not be below 'step'");
    if (policy->backoff == BACKOFF_ENVOY && policy->envoy_max_ns < policy->envoy_base_ns)
        validation_error(validation, "retry.backoff.envoy.max", "must not be below 'base'");
    if (policy->backoff == BACKOFF_LIST && policy->list.count == 0)
        validation_error(validation, "retry.backoff.list", "needs at least one wait");
    if (needs_exponential(policy->jitter) && policy->backoff != BACKOFF_EXPONENTIAL)
        validation_error(validation, "retry.jitter", "'%s' needs an exponential backoff",
                         jitter_names[policy->jitter]);
}

static void check_layer(const struct retry_policy *policy, const char *max,
                        struct validation *validation)
{
    if (policy->backoff == BACKOFF_EXPONENTIAL && policy->max_ns < policy->base_ns)
        validation_error(validation, max, "must not be below 'base'");
}

void client_check(const void *config, const struct check_context *context,
                  struct validation *validation)
{
    const struct store_client_config *c = config;

    (void)context;
    check_retries(&c->retry, validation);
    check_layer(&c->mesh, "layers.mesh.backoff.exponential.max", validation);
    check_layer(&c->app, "layers.app.backoff.exponential.max", validation);
    if (c->pool.mode == MODE_MULTIPLEXED && c->pool.connect_timeout_ns == 0)
        validation_error(
            validation, "connect_timeout",
            "must not be 0 with 'mode: multiplexed': attempts do not end its handshake");
    if (c->pool.mode == MODE_POOL && c->reconnect.backoff != BACKOFF_NONE)
        validation_error(validation, "reconnect.backoff",
                         "is only for 'mode: multiplexed': in a pool, connections are opened by "
                         "attempts, which have 'retry.backoff'");
    if (c->pool.mode == MODE_POOL && (c->resend != RESEND_NONE || c->socket_timeout_ns > 0))
        validation_error(validation, c->resend != RESEND_NONE ? "resend" : "socket_timeout",
                         "is only for 'mode: multiplexed'");
    if (c->silence_timeout_ns > 0 && (c->pool.mode == MODE_POOL || c->socket_timeout_ns > 0))
        validation_error(validation, "silence_timeout",
                         c->pool.mode == MODE_POOL ? "is only for 'mode: multiplexed'"
                                                   : "and 'socket_timeout' exclude each other");
    if (c->pool.mode == MODE_MULTIPLEXED && c->connects_on)
        validation_error(validation, "connect.background",
                         "is only for 'mode: pool': a shared connection always opens so");
    if (c->pool.mode == MODE_MULTIPLEXED && (c->connect_tries > 1 || c->refused_tries > 1))
        validation_error(validation, "connect.tries",
                         "is only for 'mode: pool': a shared connection has 'reconnect'");
    if (c->pool.mode == MODE_MULTIPLEXED && c->fail_fast)
        validation_error(validation, "pool.fail_fast", "is only for 'mode: pool'");
    if (c->pool.mode == MODE_POOL && c->pool.shared_count > 1)
        validation_error(validation, "pool.shared", "is only for 'mode: multiplexed'");
    if (needs_exponential(c->reconnect.jitter) && c->reconnect.backoff != BACKOFF_EXPONENTIAL)
        validation_error(validation, "reconnect.jitter", "'%s' needs an exponential backoff",
                         jitter_names[c->reconnect.jitter]);
    if (c->pool.mode == MODE_MULTIPLEXED && c->pool.lifetime_ns > 0)
        validation_error(validation, "pool.lifetime", "is only for 'mode: pool'");
    if (c->pool.mode == MODE_MULTIPLEXED && c->pool.idle_ns > 0)
        validation_error(validation, "pool.idle_timeout", "is only for 'mode: pool'");
    if (c->throttle.kind == THROTTLE_CUBIC && c->hedge_max > 0)
        validation_error(validation, "hedge.reads",
                         "does not go with 'throttle: cubic', whose attempts wait in line");
    if (c->budget.kind == BUDGET_BUCKET &&
        (c->budget.cost > c->budget.capacity || c->budget.timeout_cost > c->budget.capacity))
        validation_error(validation, "retry.budget.bucket.capacity",
                         "must not be below 'cost' or 'timeout_cost'");
}
