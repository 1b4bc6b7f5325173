// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A connection to Redis by hiredis. Callbacks of commands without a reply come with a NULL reply,
 * just before the adapter says that the connection is gone.
 */
#include "redis_adapter.h"
#include "store_link.h"

#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

struct store_link {
    struct redis_adapter adapter; /* first: the adapter's address is the link's */
    const struct store_link_events *events;
    void *owner;
    bool closed; /* by us: nothing more is reported */
    struct reactor *reactor;
    struct reactor_timer stillborn;
};

void socket_options_apply(const struct socket_options *options, int fd)
{
    int on = 1;
    int timeout_ms = (int)(options->user_timeout_ns / 1000000);
    int idle_s = (int)(options->keepalive_idle_ns / 1000000000);
    int interval_s = (int)(options->keepalive_interval_ns / 1000000000);
    int count = (int)options->keepalive_count;

    if (timeout_ms > 0)
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
    if (idle_s == 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

static void redis_on_connect(const redisAsyncContext *context, int status)
{
    struct store_link *link = context->ev.data;

    if (status == REDIS_OK && !link->closed)
        link->events->opened(link->owner);
}

static void redis_on_reply(redisAsyncContext *context, void *reply_of_any, void *command)
{
    struct store_link *link = context->ev.data;
    const redisReply *reply = reply_of_any;
    enum answer answer = ANSWER_OK;

    if (link->closed)
        return;
    if (reply == NULL)
        answer = ANSWER_BROKEN;
    else if (reply->type == REDIS_REPLY_ERROR)
        answer = ANSWER_ERROR;
    else if (reply->type == REDIS_REPLY_NIL)
        answer = ANSWER_MISS;
    link->events->answered(link->owner, command, answer);
}

static void redis_on_gone(struct redis_adapter *adapter)
{
    struct store_link *link = (struct store_link *)adapter;

    if (!link->closed)
        link->events->gone(link->owner);
    free(link);
}

/* A connect that failed within the call is reported as any other, a moment later. */
static void redis_on_stillborn(void *owner)
{
    struct store_link *link = owner;

    link->events->gone(link->owner);
    free(link);
}

static struct store_link *redis_open(struct reactor *reactor, const struct endpoint *endpoint,
                                     const struct socket_options *options,
                                     const struct store_link_events *events, void *owner)
{
    struct store_link *link = allocate(1, sizeof(*link));

    *link = (struct store_link){
        .adapter.gone = redis_on_gone,
        .events = events,
        .owner = owner,
        .reactor = reactor,
        .stillborn = {.fire = redis_on_stillborn, .owner = link},
    };
    if (!redis_adapter_open(&link->adapter, reactor, endpoint)) {
        reactor_set(reactor, &link->stillborn, 0);
        return link;
    }
    socket_options_apply(options, link->adapter.context->c.fd);
    redisAsyncSetConnectCallback(link->adapter.context, redis_on_connect);
    return link;
}

static void redis_send(struct store_link *link, size_t count, const char **words,
                       const size_t *lengths, void *command)
{
    if (redisAsyncCommandArgv(link->adapter.context, redis_on_reply, command, (int)count, words,
                              lengths) != REDIS_OK)
        link->events->answered(link->owner, command, ANSWER_BROKEN);
}

static void redis_close(struct store_link *link)
{
    link->closed = true;
    if (link->stillborn.place != 0) {
        reactor_cancel(link->reactor, &link->stillborn);
        free(link);
        return;
    }
    redisAsyncFree(link->adapter.context);
}

const struct store_link_ops redis_link = {redis_open, redis_send, redis_close};
