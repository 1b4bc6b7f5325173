// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Users, operations and attempts.
 *
 *   arrival -> write -> think -> read -> ... -> leaves
 *   operation: attempt -> [backoff -> attempt]... -> done or failed
 */
#include "client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void attempt_begin(struct operation *operation);

void session_key(uint64_t session, char key[32])
{
    snprintf(key, 32, "s%015llu", (unsigned long long)session);
}

/* The node that a session's key belongs to, as libketama finds it. */
static uint32_t session_node(const struct client *client, uint64_t session)
{
    char key[32];
    struct md5 digest;

    if (client->nodes == 1)
        return 0;
    session_key(session, key);
    digest = md5_of(key, strlen(key));
    return ketama_server(&client->ring, (uint32_t)digest.bytes[3] << 24 |
                                            (uint32_t)digest.bytes[2] << 16 |
                                            (uint32_t)digest.bytes[1] << 8 | digest.bytes[0]);
}

static struct pool *operation_pool(const struct operation *operation)
{
    struct client *client = operation->client;
    bool reads = operation->kind == OPERATION_READ && client->reads_apart;

    return &client->pools[reads ? OPERATION_READ : OPERATION_WRITE]
                         [session_node(client, operation->session)];
}

/* --- the end of an operation ----------------------------------------------------------------- */

static void operation_free(struct operation *operation)
{
    struct client *client = operation->client;

    reactor_cancel(&client->reactor, &operation->timeout);
    reactor_cancel(&client->reactor, &operation->pause);
    operation->next_free = client->free_operations;
    client->free_operations = operation;
}

static void note_acknowledged(struct client *client, uint64_t session)
{
    if (session >= client->acknowledged_capacity) {
        size_t capacity = 2 * (size_t)session + 1024;

        client->acknowledged_ns = realloc(client->acknowledged_ns, capacity * sizeof(int64_t));
        if (client->acknowledged_ns == NULL)
            die("no memory for sessions");
        memset(client->acknowledged_ns + client->acknowledged_capacity, 0,
               (capacity - client->acknowledged_capacity) * sizeof(int64_t));
        client->acknowledged_capacity = capacity;
    }
    client->acknowledged_ns[session] = reactor_now_ns();
}

/* The next read of the session, after a thought; the last one leaves. */
static void operation_continue(struct operation *operation)
{
    struct client *client = operation->client;

    if (operation->reads_left == 0) {
        operation_free(operation);
        return;
    }
    operation->reads_left--;
    operation->kind = OPERATION_READ;
    operation->attempts = 0;
    operation->begun_ns = reactor_now_ns() + client->settings.think_ns;
    reactor_set(&client->reactor, &operation->pause, operation->begun_ns);
}

static void operation_end(struct operation *operation, enum answer answer)
{
    struct client *client = operation->client;
    bool good = answer == ANSWER_OK || answer == ANSWER_MISS;
    int64_t latency_ns = reactor_now_ns() - operation->begun_ns;

    if (operation->kind == OPERATION_WRITE) {
        statistics_count(client, COUNT_WRITES);
        statistics_sample(client, SAMPLE_WRITE, latency_ns);
        statistics_write_ended(client, operation->begun_ns - client->start_ns, good);
        if (good)
            note_acknowledged(client, operation->session);
        else
            statistics_count(client, COUNT_WRITE_FAILURES);
    } else {
        statistics_count(client, COUNT_READS);
        statistics_sample(client, SAMPLE_READ, latency_ns);
        if (!good)
            statistics_count(client, COUNT_READ_FAILURES);
        if (answer == ANSWER_MISS)
            statistics_count(client, COUNT_READ_MISSES);
    }
    if (good && operation->attempts > 0)
        client->tokens =
            fmin(client->tokens + client->settings.bucket_refund, client->settings.bucket_capacity);
    if (good)
        operation_continue(operation);
    else
        operation_free(operation);
}

/* --- attempts -------------------------------------------------------------------------------- */

static int64_t backoff_draw(struct operation *operation)
{
    struct client *client = operation->client;
    const struct backoff *backoff = &client->settings.retry;
    double wait_ns = (double)backoff->base_ns;

    if (backoff->kind == BACKOFF_NONE)
        return 0;
    if (backoff->kind == BACKOFF_EXPONENTIAL)
        wait_ns = fmin(wait_ns * exp2(operation->attempts - 1), (double)backoff->max_ns);
    if (backoff->jitter)
        wait_ns *= rng_unit(rng_block_at(&client->backoffs, operation->session,
                                         (uint64_t)operation->kind << 32 | operation->attempts)
                                .word[0]);
    return (int64_t)wait_ns;
}

static bool budget_pays(struct client *client)
{
    if (client->settings.bucket_capacity <= 0)
        return true;
    if (client->tokens < client->settings.bucket_cost)
        return false;
    client->tokens -= client->settings.bucket_cost;
    return true;
}

static void attempt_failed(struct operation *operation)
{
    struct client *client = operation->client;

    if (operation->attempts >= client->settings.attempts || !budget_pays(client)) {
        operation_end(operation, ANSWER_BROKEN);
        return;
    }
    reactor_set(&client->reactor, &operation->pause, reactor_now_ns() + backoff_draw(operation));
}

static void attempt_end(struct operation *operation, bool timed_out)
{
    struct client *client = operation->client;
    bool write = operation->kind == OPERATION_WRITE;

    reactor_cancel(&client->reactor, &operation->timeout);
    statistics_count(client, write ? COUNT_WRITE_ATTEMPTS : COUNT_READ_ATTEMPTS);
    if (timed_out)
        statistics_count(client, write ? COUNT_WRITE_TIMEOUTS : COUNT_READ_TIMEOUTS);
    if (write)
        statistics_sample(client, SAMPLE_WRITE_ATTEMPT,
                          reactor_now_ns() - operation->attempt_begun_ns);
}

void operation_answered(struct operation *operation, enum answer answer)
{
    operation->ticket = NULL;
    operation->connection = NULL;
    attempt_end(operation, false);
    if (answer == ANSWER_OK || answer == ANSWER_MISS)
        operation_end(operation, answer);
    else
        attempt_failed(operation);
}

static void operation_on_timeout(void *owner)
{
    struct operation *operation = owner;

    attempt_end(operation, true);
    pool_abandon(operation_pool(operation), operation);
    attempt_failed(operation);
}

void operation_send(struct operation *operation, struct connection *connection)
{
    struct client *client = operation->client;
    const struct client_settings *settings = &client->settings;
    struct ticket *ticket = allocate(1, sizeof(*ticket));
    char key[32], seconds[32];
    const char *set[3] = {"SET", key, client->value}, *get[2] = {"GET", key};
    const char *sleep[3] = {"DEBUG", "SLEEP", seconds};
    const char **words = operation->kind == OPERATION_READ ? get : set;
    size_t lengths[3] = {0}, count = operation->kind == OPERATION_READ ? 2 : 3;

    session_key(operation->session, key);
    if (operation->kind == OPERATION_WRITE && settings->sleep_ns > 0) {
        snprintf(seconds, sizeof(seconds), "%.6f", (double)settings->sleep_ns / 1e9);
        words = sleep;
    }
    for (size_t i = 0; i < count; i++)
        lengths[i] = words[i] == client->value ? client->value_length : strlen(words[i]);
    ticket->operation = operation;
    operation->ticket = ticket;
    operation->connection = connection;
    client->link_ops->send(connection->link, count, words, lengths, ticket);
}

static void attempt_begin(struct operation *operation)
{
    struct client *client = operation->client;

    operation->attempts++;
    operation->attempt_begun_ns = operation->attempts == 1 ? operation->begun_ns : reactor_now_ns();
    reactor_set(&client->reactor, &operation->timeout,
                operation->attempt_begun_ns + client->settings.timeout_ns);
    pool_ask(operation_pool(operation), operation);
}

static void operation_on_pause_over(void *owner)
{
    attempt_begin(owner);
}

/* --- arrivals -------------------------------------------------------------------------------- */

static struct operation *operation_create(struct client *client)
{
    struct operation *operation = client->free_operations;

    if (operation != NULL)
        client->free_operations = operation->next_free;
    else
        operation = allocate(1, sizeof(*operation));
    *operation = (struct operation){
        .client = client,
        .timeout = {.fire = operation_on_timeout, .owner = operation},
        .pause = {.fire = operation_on_pause_over, .owner = operation},
    };
    return operation;
}

static void arrival_schedule(struct client *client)
{
    const struct client_settings *settings = &client->settings;
    double unit = rng_unit(rng_block_at(&client->arrivals, client->sessions, 0).word[0]);
    double gap_s = (settings->even ? 1 : -log(unit)) / settings->rate_per_s;

    client->next_arrival_ns += (int64_t)(gap_s * 1e9);
    if (settings->until_ns == 0 || client->next_arrival_ns < settings->until_ns)
        reactor_set(&client->reactor, &client->arrival, client->start_ns + client->next_arrival_ns);
}

static void client_on_arrival(void *owner)
{
    struct client *client = owner;
    struct operation *operation = operation_create(client);

    operation->kind = OPERATION_WRITE;
    operation->session = client->sessions++;
    operation->reads_left = client->settings.reads;
    operation->begun_ns = client->start_ns + client->next_arrival_ns;
    arrival_schedule(client);
    attempt_begin(operation);
}

void sessions_start(struct client *client)
{
    client->arrival = (struct reactor_timer){.fire = client_on_arrival, .owner = client};
    client->tokens = client->settings.bucket_capacity;
    if (client->settings.rate_per_s > 0)
        arrival_schedule(client);
}
