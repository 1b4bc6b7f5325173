// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The one hint between models: prefetch the rows behind a key, since events that use them are near.
 *
 * Where many requests are under way their rows are in no near cache, and what a handler would wait
 * for is another model's. A hint changes nothing and any key is allowed; no model needs to offer
 * or use one. What a model's own event needs is prefetched by the engine
 * instead: sim_kind_prefetch().
 */
#ifndef PREFETCH_H
#define PREFETCH_H

#include "model.h"

#include <stdint.h>

struct prefetch_port {
    const void *self;
    void (*prefetch)(const void *self, uint32_t key, uint32_t second);
};

/* Of a region: rows of its users (key: ref of the session, second: pending request), of requests at
 * its application tier (key: request), of its client's connections (key: instance of the tier). Of
 * a link: flows (key: flow). `second` is 0 where one key is enough. */
PORT_ACCESSORS(prefetch_users, struct prefetch_port)
PORT_ACCESSORS(prefetch_requests, struct prefetch_port)
PORT_ACCESSORS(prefetch_instances, struct prefetch_port)
PORT_ACCESSORS(prefetch_flows, struct prefetch_port)

#endif
