// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For tests of key classes and of their database: all models, two regions of which each has a store
 * of its own, links without jitter or loss, pools that are never exhausted, and no users.
 *
 * Include cmocka.h before this file.
 */
#ifndef CACHE_RIG_H
#define CACHE_RIG_H

#include "assert_close.h"
#include "registry.h"
#include "statistics.h"
#include "strbuf.h"

#define REGIONAL "store: {kind: regional}\n"
#define STEADY_LINKS                                                                               \
    "regions: {a: {}, b: {}}\npopulation: {sessions: 0/s}\n"                                       \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "client: {timeout: 1min, read_timeout: 1min, pool: {size: 10000, warm: 200}}\n"
#define STEADY_CACHE REGIONAL STEADY_LINKS

static struct registry cache_registry;

/* Set-up of a group of tests. */
static int cache_open(void **state)
{
    (void)state;
    cache_registry = (struct registry){model_registry, model_registry_count};
    return 0;
}

#endif
