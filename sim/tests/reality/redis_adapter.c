// SPDX-License-Identifier: GPL-3.0-or-later
#include "redis_adapter.h"

#include <hiredis/hiredis.h>
#include <sys/epoll.h>

static void adapter_interest(struct redis_adapter *adapter, uint32_t interest)
{
    if (adapter->interest == interest)
        return;
    adapter->interest = interest;
    reactor_change(adapter->reactor, &adapter->watch, interest);
}

static void adapter_add_read(void *data)
{
    struct redis_adapter *adapter = data;

    adapter_interest(adapter, adapter->interest | EPOLLIN);
}

static void adapter_delete_read(void *data)
{
    struct redis_adapter *adapter = data;

    adapter_interest(adapter, adapter->interest & ~(uint32_t)EPOLLIN);
}

static void adapter_add_write(void *data)
{
    struct redis_adapter *adapter = data;

    adapter_interest(adapter, adapter->interest | EPOLLOUT);
}

static void adapter_delete_write(void *data)
{
    struct redis_adapter *adapter = data;

    adapter_interest(adapter, adapter->interest & ~(uint32_t)EPOLLOUT);
}

static void adapter_cleanup(void *data)
{
    struct redis_adapter *adapter = data;

    reactor_remove(adapter->reactor, &adapter->watch);
    adapter->gone(adapter);
}

static void adapter_on_ready(void *owner, uint32_t events)
{
    struct redis_adapter *adapter = owner;

    /* One of the two for each wait: the first may free the context. */
    if (events & EPOLLIN || !(events & EPOLLOUT))
        redisAsyncHandleRead(adapter->context);
    else
        redisAsyncHandleWrite(adapter->context);
}

bool redis_adapter_open(struct redis_adapter *adapter, struct reactor *reactor,
                        const struct endpoint *endpoint)
{
    redisAsyncContext *context;

    endpoint_enter(endpoint);
    context = redisAsyncConnect(endpoint->host, endpoint->port);
    endpoint_leave(endpoint);
    if (context == NULL)
        die("no memory for a connection");
    if (context->err != 0) {
        redisAsyncFree(context);
        return false;
    }
    adapter->reactor = reactor;
    adapter->context = context;
    adapter->interest = 0;
    adapter->watch =
        (struct reactor_watch){.fd = context->c.fd, .ready = adapter_on_ready, .owner = adapter};
    reactor_add(reactor, &adapter->watch, 0);
    context->ev.data = adapter;
    context->ev.addRead = adapter_add_read;
    context->ev.delRead = adapter_delete_read;
    context->ev.addWrite = adapter_add_write;
    context->ev.delWrite = adapter_delete_write;
    context->ev.cleanup = adapter_cleanup;
    return true;
}
