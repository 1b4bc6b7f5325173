// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Measurements beside the load: when a replica applies each write (keyspace notifications), for how
 * long its link to the primary is down (INFO, sampled), by how much counters of a server grow, and
 * how many acknowledged writes a server does not hold at the end.
 */
#include "client.h"
#include "redis_extra.h"
#include "settings.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTERS_MAX 8
#define SAMPLE_PERIOD_NS INT64_C(10000000)
#define PIPELINE 512

struct info_counter {
    const char *name, *field;
    struct endpoint endpoint;
    long long at_start;
};

struct probes {
    struct endpoint lag, link, lost;
    bool watches_lag, watches_link, counts_lost;
    uint64_t link_samples, link_down;
    struct info_counter counters[COUNTERS_MAX];
    size_t counter_count;
};

struct probes *probes_create(struct client *client)
{
    (void)client;
    return allocate(1, sizeof(struct probes));
}

bool probes_watch_lag(struct client *client, const char *endpoint)
{
    client->probes->watches_lag = true;
    return endpoint_parse(endpoint, &client->probes->lag);
}

bool probes_watch_link(struct client *client, const char *endpoint)
{
    client->probes->watches_link = true;
    return endpoint_parse(endpoint, &client->probes->link);
}

bool probes_add_lost(struct client *client, const char *endpoint)
{
    client->probes->counts_lost = true;
    return endpoint_parse(endpoint, &client->probes->lost);
}

bool probes_add_counter(struct client *client, const char *name, const char *endpoint,
                        const char *field)
{
    struct probes *probes = client->probes;
    struct info_counter *counter = &probes->counters[probes->counter_count];

    if (probes->counter_count == COUNTERS_MAX)
        return false;
    probes->counter_count++;
    counter->name = name;
    counter->field = field;
    return endpoint_parse(endpoint, &counter->endpoint);
}

/* A blocking connection, for use before and after the run. */
static redisContext *probe_connect(const struct endpoint *endpoint)
{
    const struct timeval patience = {.tv_sec = 5};
    redisContext *context;

    endpoint_enter(endpoint);
    context = redisConnectWithTimeout(endpoint->host, endpoint->port, patience);
    endpoint_leave(endpoint);
    errno = 0;
    if (context == NULL || context->err != 0)
        die("cannot connect to %s:%d: %s", endpoint->host, endpoint->port,
            context == NULL ? "no memory" : context->errstr);
    redisSetTimeout(context, patience);
    return context;
}

static long long info_read(const struct info_counter *counter)
{
    redisContext *context = probe_connect(&counter->endpoint);
    redisReply *reply = redisCommand(context, "INFO");
    char line[64];
    const char *found;
    long long value;

    snprintf(line, sizeof(line), "\n%s:", counter->field);
    found = reply == NULL || reply->type != REDIS_REPLY_STRING ? NULL : strstr(reply->str, line);
    errno = 0;
    if (found == NULL)
        die("INFO has no field '%s'", counter->field);
    value = strtoll(found + strlen(line), NULL, 10);
    freeReplyObject(reply);
    redisFree(context);
    return value;
}

static void probes_on_applied(void *owner, const char *key)
{
    struct client *client = owner;
    uint64_t session = strtoull(key + 1, NULL, 10);
    int64_t acknowledged_ns = 0, lag_ns;

    if (key[0] != 's')
        return;
    if (session < client->acknowledged_capacity)
        acknowledged_ns = client->acknowledged_ns[session];
    lag_ns = acknowledged_ns == 0 ? 0 : reactor_now_ns() - acknowledged_ns;
    statistics_sample(client, SAMPLE_LAG, lag_ns);
}

static void probes_on_sample(void *owner, const char *text)
{
    struct client *client = owner;
    int64_t now_ns = client_now_ns(client);

    if (now_ns < client->settings.warmup_ns || now_ns > client->settings.duration_ns)
        return;
    client->probes->link_samples++;
    client->probes->link_down += strstr(text, "master_link_status:up") == NULL;
}

void probes_start(struct client *client)
{
    struct probes *probes = client->probes;

    if (probes->watches_lag)
        redis_subscribe(&client->reactor, &probes->lag, "__keyevent@0__:set", probes_on_applied,
                        client);
    if (probes->watches_link)
        redis_sample(&client->reactor, &probes->link, SAMPLE_PERIOD_NS, probes_on_sample, client);
    for (size_t i = 0; i < probes->counter_count; i++)
        probes->counters[i].at_start = info_read(&probes->counters[i]);
}

/* How many of `count` keys that were asked for by EXISTS are not there. */
static uint64_t missing_replies(redisContext *context, size_t count)
{
    uint64_t missing = 0;

    for (size_t i = 0; i < count; i++) {
        void *reply = NULL;

        errno = 0;
        if (redisGetReply(context, &reply) != REDIS_OK)
            die("lost the connection that asks for keys: %s", context->errstr);
        missing += ((redisReply *)reply)->integer == 0;
        freeReplyObject(reply);
    }
    return missing;
}

static uint64_t lost_writes(const struct client *client, uint64_t *acknowledged)
{
    redisContext *context = probe_connect(&client->probes->lost);
    uint64_t lost = 0;
    size_t asked = 0;
    char key[32];

    *acknowledged = 0;
    for (uint64_t session = 0; session < client->acknowledged_capacity; session++) {
        if (client->acknowledged_ns[session] == 0)
            continue;
        session_key(session, key);
        redisAppendCommand(context, "EXISTS %s", key);
        (*acknowledged)++;
        if (++asked == PIPELINE) {
            lost += missing_replies(context, asked);
            asked = 0;
        }
    }
    lost += missing_replies(context, asked);
    redisFree(context);
    return lost;
}

void probes_print(struct client *client)
{
    struct probes *probes = client->probes;

    for (size_t i = 0; i < probes->counter_count; i++) {
        long long moved = info_read(&probes->counters[i]) - probes->counters[i].at_start;

        printf("%s\t%lld\t%lld\t%lld\t1\n", probes->counters[i].name, moved, moved, moved);
    }
    if (probes->watches_link && probes->link_samples > 0) {
        double share = (double)probes->link_down / (double)probes->link_samples;

        printf("replication_streams_down\t%.6g\t%.6g\t%.6g\t%llu\n", share, share, share,
               (unsigned long long)probes->link_samples);
    }
    if (probes->counts_lost) {
        uint64_t acknowledged;
        unsigned long long lost = lost_writes(client, &acknowledged);

        printf("lost_writes\t%llu\t%llu\t%llu\t%llu\n", lost, lost, lost,
               (unsigned long long)acknowledged);
    }
}
