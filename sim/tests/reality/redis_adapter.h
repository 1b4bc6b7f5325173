// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An asynchronous context of hiredis on the reactor.
 *
 * hiredis frees the context by itself when its connection ends; `gone` is called just before, once,
 * and the adapter is unwatched then. Redis' own callbacks of commands without a reply come first.
 */
#ifndef REDIS_ADAPTER_H
#define REDIS_ADAPTER_H

#include "server_address.h"
#include "reactor.h"

#include <hiredis/async.h>

struct redis_adapter {
    struct reactor *reactor;
    redisAsyncContext *context;
    struct reactor_watch watch;
    uint32_t interest;
    void (*gone)(struct redis_adapter *adapter);
};

/* Begin to connect. Returns false where that failed at once; `gone` is not called then and the
 * context is freed. */
bool redis_adapter_open(struct redis_adapter *adapter, struct reactor *reactor,
                        const struct endpoint *endpoint);

#endif
