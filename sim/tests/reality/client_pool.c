// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The connections of the client to one endpoint.
 *
 * A pool has up to `pool_size` connections with one command at a time on each; an operation that
 * finds none free waits in a queue. A shared connection carries all commands; operations wait while
 * it is being opened. A lost one is opened again after its backoff, when an operation waits for it.
 */
#include "client.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void pool_serve(struct pool *pool);

/* --- waiting operations, idle connections ---------------------------------------------------- */

static void wait_add(struct pool *pool, struct operation *operation)
{
    operation->waiting = true;
    operation->next_waiting = NULL;
    operation->previous_waiting = pool->last_waiting;
    if (pool->last_waiting != NULL)
        pool->last_waiting->next_waiting = operation;
    else
        pool->first_waiting = operation;
    pool->last_waiting = operation;
}

static void wait_remove(struct pool *pool, struct operation *operation)
{
    operation->waiting = false;
    if (operation->previous_waiting != NULL)
        operation->previous_waiting->next_waiting = operation->next_waiting;
    else
        pool->first_waiting = operation->next_waiting;
    if (operation->next_waiting != NULL)
        operation->next_waiting->previous_waiting = operation->previous_waiting;
    else
        pool->last_waiting = operation->previous_waiting;
}

static void idle_add(struct pool *pool, struct connection *connection)
{
    connection->state = CONNECTION_IDLE;
    connection->next_idle = NULL;
    connection->previous_idle = pool->last_idle;
    if (pool->last_idle != NULL)
        pool->last_idle->next_idle = connection;
    else
        pool->first_idle = connection;
    pool->last_idle = connection;
}

static void idle_remove(struct pool *pool, struct connection *connection)
{
    if (connection->previous_idle != NULL)
        connection->previous_idle->next_idle = connection->next_idle;
    else
        pool->first_idle = connection->next_idle;
    if (connection->next_idle != NULL)
        connection->next_idle->previous_idle = connection->previous_idle;
    else
        pool->last_idle = connection->previous_idle;
}

/* --- connections ---------------------------------------------------------------- */

static void connection_remove(struct connection *connection)
{
    struct pool *pool = connection->pool;

    reactor_cancel(&pool->client->reactor, &connection->timeout);
    if (connection->state == CONNECTION_IDLE)
        idle_remove(pool, connection);
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        pool->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    pool->count--;
    free(connection);
}

static void connection_on_opened(void *owner)
{
    struct connection *connection = owner;
    struct pool *pool = connection->pool;
    struct client *client = pool->client;

    reactor_cancel(&client->reactor, &connection->timeout);
    statistics_sample(client, SAMPLE_CONNECT, reactor_now_ns() - connection->opened_ns);
    pool->failures = 0;
    if (connection->opener != NULL) {
        struct operation *operation = connection->opener;

        connection->opener = NULL;
        connection->state = CONNECTION_BUSY;
        operation_send(operation, connection);
        return;
    }
    idle_add(pool, connection);
    pool_serve(pool);
}

static void connection_on_answered(void *owner, void *command, enum answer answer)
{
    struct connection *connection = owner;
    struct ticket *ticket = command;
    struct operation *operation = ticket->operation;
    struct pool *pool = connection->pool;

    free(ticket);
    if (answer == ANSWER_BROKEN) {
        if (connection->state == CONNECTION_IDLE)
            idle_remove(pool, connection);
        connection->state = CONNECTION_GONE;
    } else if (connection->state == CONNECTION_BUSY) {
        idle_add(pool, connection);
    }
    if (operation != NULL)
        operation_answered(operation, answer);
    if (answer != ANSWER_BROKEN)
        pool_serve(pool);
}

static void pool_back_off(struct pool *pool)
{
    const struct backoff *backoff = &pool->client->settings.reconnect;
    double wait_ns = (double)backoff->base_ns;

    if (backoff->kind == BACKOFF_NONE)
        return;
    if (backoff->kind == BACKOFF_EXPONENTIAL)
        wait_ns = fmin(wait_ns * exp2(pool->failures), (double)backoff->max_ns);
    pool->failures++;
    pool->backing_off = true;
    reactor_set(&pool->client->reactor, &pool->reconnect, reactor_now_ns() + (int64_t)wait_ns);
}

/* The connection has ended, or was never established. */
static void connection_ended(struct connection *connection)
{
    struct pool *pool = connection->pool;
    struct operation *opener = connection->opener;

    statistics_count(pool->client, COUNT_CONNECTIONS_BROKEN, 1);
    connection_remove(connection);
    if (pool->client->settings.shared)
        pool_back_off(pool);
    if (opener != NULL)
        operation_answered(opener, ANSWER_BROKEN);
    pool_serve(pool);
}

static void connection_on_gone(void *owner)
{
    connection_ended(owner);
}

static void connection_on_timeout(void *owner)
{
    struct connection *connection = owner;
    const struct store_link_ops *ops = connection->pool->client->link_ops;

    ops->close(connection->link);
    connection_ended(connection);
}

static const struct store_link_events connection_events = {
    .opened = connection_on_opened,
    .answered = connection_on_answered,
    .gone = connection_on_gone,
};

static struct connection *connection_open(struct pool *pool, struct operation *opener)
{
    struct client *client = pool->client;
    struct connection *connection = allocate(1, sizeof(*connection));

    *connection = (struct connection){
        .pool = pool,
        .next = pool->connections,
        .state = CONNECTION_CONNECTING,
        .opener = opener,
        .opened_ns = reactor_now_ns(),
        .timeout = {.fire = connection_on_timeout, .owner = connection},
    };
    if (connection->next != NULL)
        connection->next->previous = connection;
    pool->connections = connection;
    pool->count++;
    statistics_count(client, COUNT_CONNECTIONS_OPENED, 1);
    connection->link =
        client->link_ops->open(&client->reactor, &pool->endpoint, &client->settings.socket,
                               &connection_events, connection);
    if (client->settings.connect_timeout_ns > 0)
        reactor_set(&client->reactor, &connection->timeout,
                    connection->opened_ns + client->settings.connect_timeout_ns);
    return connection;
}

/* --- the pool -------------------------------------------------------------------------------- */

static bool pool_has_room(const struct pool *pool)
{
    const struct client_settings *settings = &pool->client->settings;

    if (settings->shared)
        return pool->count == 0 && !pool->backing_off;
    return pool->count < (size_t)settings->pool_size;
}

/* Serve waiting operations, the oldest first. */
static void pool_serve(struct pool *pool)
{
    while (pool->first_waiting != NULL) {
        struct operation *operation = pool->first_waiting;

        if (pool->first_idle == NULL && pool->client->settings.shared) {
            if (pool_has_room(pool))
                connection_open(pool, NULL);
            return;
        }
        if (pool->first_idle == NULL && !pool_has_room(pool))
            return;
        wait_remove(pool, operation);
        pool_ask(pool, operation);
    }
}

static void pool_on_reconnect(void *owner)
{
    struct pool *pool = owner;

    pool->backing_off = false;
    pool_serve(pool);
}

void pool_init(struct pool *pool, struct client *client, const struct endpoint *endpoint)
{
    *pool = (struct pool){
        .client = client,
        .endpoint = *endpoint,
        .reconnect = {.fire = pool_on_reconnect, .owner = pool},
    };
}

void pool_warm(struct pool *pool, size_t count)
{
    for (size_t i = 0; i < count; i++)
        connection_open(pool, NULL);
}

size_t pool_open_count(const struct pool *pool)
{
    size_t count = 0;

    for (const struct connection *c = pool->first_idle; c != NULL; c = c->next_idle)
        count++;
    return count;
}

void pool_ask(struct pool *pool, struct operation *operation)
{
    const struct client_settings *settings = &pool->client->settings;
    struct connection *connection = settings->fifo ? pool->first_idle : pool->last_idle;

    if (connection != NULL && settings->shared) {
        operation_send(operation, connection);
    } else if (connection != NULL) {
        idle_remove(pool, connection);
        connection->state = CONNECTION_BUSY;
        operation_send(operation, connection);
    } else if (settings->shared) {
        wait_add(pool, operation);
        if (pool_has_room(pool))
            connection_open(pool, NULL);
    } else if (pool_has_room(pool)) {
        operation->connection = connection_open(pool, operation);
    } else {
        wait_add(pool, operation);
    }
}

void pool_abandon(struct pool *pool, struct operation *operation)
{
    struct client *client = pool->client;
    struct connection *connection = operation->connection;
    struct ticket *ticket = operation->ticket;

    operation->connection = NULL;
    operation->ticket = NULL;
    if (operation->waiting) {
        wait_remove(pool, operation);
        return;
    }
    if (ticket != NULL)
        ticket->operation = NULL;
    else
        connection->opener = NULL;
    if (client->settings.shared || !client->settings.close_on_timeout)
        return;
    client->link_ops->close(connection->link);
    free(ticket);
    connection_remove(connection);
    pool_serve(pool);
}
