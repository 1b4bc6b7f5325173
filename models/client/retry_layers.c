// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Layers that retry the same operation, each without knowledge of the others, from the inside out:
 *
 *   mesh     a proxy beside the client, between it and the store: sees only failed attempts
 *   client   the client library: `retry` and `errors`
 *   app      the application's code around the call of the library
 *
 * The user, who tries again, is a layer outside these (`population`). Each attempt of a layer runs
 * all attempts of the layer below: where everything fails, layers of n attempts each make n^d.
 */
#include "client_internal.h"

RARE static bool client_retries(struct store_client *client, uint32_t index,
                                enum client_error error, uint32_t tries)
{
    const struct error_rule *rule = &client->config->errors[error];
    const struct retry_policy *policy = &client->config->retry;
    uint32_t limit = rule->attempts;

    if (limit == 0)
        limit = op_is_write(op_at(client, index)) ? policy->attempts : policy->read_attempts;
    if (!rule->retry || tries >= limit)
        return false;
    return rule->first || op_extra(client, index)->sent;
}

RARE const struct retry_policy *layer_that_retries(struct store_client *client, uint32_t index,
                                                   enum client_error error, uint32_t *retry)
{
    const struct store_client_config *config = client->config;
    struct op_extra *extra;

    if (config->mesh.attempts == 1 && config->app.attempts == 1) {
        *retry = op_at(client, index)->attempts;
        return client_retries(client, index, error, *retry) ? &config->retry : NULL;
    }
    extra = op_extra(client, index);
    if (extra->tries[LAYER_MESH] + 1 < config->mesh.attempts) {
        *retry = ++extra->tries[LAYER_MESH];
        return &config->mesh;
    }
    extra->tries[LAYER_MESH] = 0;
    if (client_retries(client, index, error, extra->tries[LAYER_CLIENT] + 1)) {
        *retry = ++extra->tries[LAYER_CLIENT];
        return &config->retry;
    }
    extra->tries[LAYER_CLIENT] = 0;
    if (extra->tries[LAYER_APP] + 1 < config->app.attempts) {
        extra->sent = false;
        *retry = ++extra->tries[LAYER_APP];
        return &config->app;
    }
    return NULL;
}
