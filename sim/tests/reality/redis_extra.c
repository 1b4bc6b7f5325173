// SPDX-License-Identifier: GPL-3.0-or-later
#include "redis_extra.h"

#include "redis_adapter.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>

struct extra {
    struct redis_adapter adapter; /* first: the adapter's address is this one's */
    bool done;
    void (*receive)(void *owner, const char *text);
    void *owner;
    int64_t period_ns;
    struct reactor_timer period;
};

static void extra_on_gone(struct redis_adapter *adapter)
{
    struct extra *extra = (struct extra *)adapter;

    if (!extra->done) {
        errno = 0;
        die("lost a connection of a measurement: %s", adapter->context->errstr);
    }
    free(extra);
}

static struct extra *extra_open(struct reactor *reactor, const struct endpoint *endpoint,
                                void (*receive)(void *owner, const char *text), void *owner)
{
    struct extra *extra = allocate(1, sizeof(*extra));

    extra->adapter.gone = extra_on_gone;
    extra->receive = receive;
    extra->owner = owner;
    if (!redis_adapter_open(&extra->adapter, reactor, endpoint))
        die("cannot connect to %s:%d", endpoint->host, endpoint->port);
    return extra;
}

static void order_on_reply(redisAsyncContext *context, void *reply_of_any, void *data)
{
    struct extra *extra = data;
    const redisReply *reply = reply_of_any;

    if (reply == NULL || reply->type == REDIS_REPLY_ERROR) {
        errno = 0;
        die("an order was not obeyed: %s", reply == NULL ? context->errstr : reply->str);
    }
    extra->done = true;
    redisAsyncDisconnect(context);
}

void redis_order(struct reactor *reactor, const struct endpoint *endpoint, size_t count,
                 const char **words)
{
    struct extra *extra = extra_open(reactor, endpoint, NULL, NULL);

    redisAsyncCommandArgv(extra->adapter.context, order_on_reply, extra, (int)count, words, NULL);
}

/* A message of a pattern is [pmessage, pattern, channel, payload]. */
static void subscribe_on_message(redisAsyncContext *context, void *reply_of_any, void *data)
{
    struct extra *extra = data;
    const redisReply *reply = reply_of_any;

    (void)context;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 4)
        extra->receive(extra->owner, reply->element[3]->str);
}

void redis_subscribe(struct reactor *reactor, const struct endpoint *endpoint, const char *pattern,
                     void (*message)(void *owner, const char *payload), void *owner)
{
    struct extra *extra = extra_open(reactor, endpoint, message, owner);

    redisAsyncCommand(extra->adapter.context, subscribe_on_message, extra, "PSUBSCRIBE %s",
                      pattern);
}

static void sample_on_reply(redisAsyncContext *context, void *reply_of_any, void *data)
{
    struct extra *extra = data;
    const redisReply *reply = reply_of_any;

    (void)context;
    if (reply != NULL && reply->type == REDIS_REPLY_STRING)
        extra->receive(extra->owner, reply->str);
}

static void sample_on_period(void *owner)
{
    struct extra *extra = owner;

    redisAsyncCommand(extra->adapter.context, sample_on_reply, extra, "INFO replication");
    reactor_set(extra->adapter.reactor, &extra->period, reactor_now_ns() + extra->period_ns);
}

void redis_sample(struct reactor *reactor, const struct endpoint *endpoint, int64_t period_ns,
                  void (*sample)(void *owner, const char *text), void *owner)
{
    struct extra *extra = extra_open(reactor, endpoint, sample, owner);

    extra->period_ns = period_ns;
    extra->period = (struct reactor_timer){.fire = sample_on_period, .owner = extra};
    sample_on_period(extra);
}
