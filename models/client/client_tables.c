// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Tables of the client: operations, hedges, commands, and the queue of operations that wait for a
 * connection. Rows are reused last in, first out, so that rows in use share few cache lines.
 */
#include "client_internal.h"

#include <string.h>

RARE uint32_t op_row_new(struct store_client *client, uint32_t hedge)
{
    struct op_table *table = &client->ops[hedge / HEDGE];

    if (table->count == table->capacity) {
        size_t old = table->capacity;

        MEM_GROW_LINES(table->rows, table->capacity, old + 1);
        memset(table->rows + old, 0, (table->capacity - old) * sizeof *table->rows);
    }
    return table->count++ | hedge;
}

RARE struct op_extra *op_extra(struct store_client *client, uint32_t index)
{
    struct op_table *table = &client->ops[index / HEDGE];
    size_t row = index & ~HEDGE, old = table->extra_capacity;

    if (row >= old) {
        MEM_GROW(table->extras, table->extra_capacity, row + 1);
        memset(table->extras + old, 0, (table->extra_capacity - old) * sizeof *table->extras);
    }
    return &table->extras[row];
}

RARE void pending_grow(struct store_client *client, uint32_t row)
{
    MEM_GROW(client->pending.rows, client->pending.capacity, (size_t)row + 1);
}

void wait_add(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct connection_pool *pool = &client->pools.pools[op->pool];

    op->state = OP_WAITING;
    op->waiting_since = sim_now(client->sim);
    queue_check_enter(&client->line, op->waiting_since);
    op->next = NO_INDEX;
    op->previous = pool->wait_tail;
    if (pool->wait_tail == NO_INDEX)
        pool->wait_head = index;
    else
        op_at(client, pool->wait_tail)->next = index;
    pool->wait_tail = index;
    pool->wait_count++;
    if (client->config->pool.max_wait_ns > 0)
        sim_timer_set(client->sim, client->wait_timer, index, op->generation);
}

void wait_remove(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct connection_pool *pool = &client->pools.pools[op->pool];

    queue_check_leave(&client->line, sim_now(client->sim), op->waiting_since);
    pool->wait_count--;
    if (op->previous == NO_INDEX)
        pool->wait_head = op->next;
    else
        op_at(client, op->previous)->next = op->next;
    if (op->next == NO_INDEX)
        pool->wait_tail = op->previous;
    else
        op_at(client, op->next)->previous = op->previous;
}

RARE uint32_t client_pool_make(struct store_client *client, uint32_t instance, uint32_t endpoint)
{
    uint32_t pool = connection_pool_make(&client->pools, instance, endpoint);

    if (client->config->breaker.trip != TRIP_NONE) {
        MEM_GROW(client->breakers, client->breaker_capacity, (size_t)pool + 1);
        circuit_breaker_init(&client->breakers[pool], &client->config->breaker);
    }
    return pool;
}

/* Prefetch the rows that the handler of a reply reads. The pending command names all of them, so no
 * row has to be read to find the next. */
static void client_prefetch_reply(const void *self, uint32_t entity)
{
    const struct store_client *client = self;
    const struct pending_command *pending = pending_at(client, ref_index(entity));
    const struct prefetch_port *users = client->users_hints[ref_region(pending->session)];

    if (pending->connection == NO_INDEX)
        return; /* the row is free */
    mem_prefetch(command_at(&client->commands, ref_index(entity)), sizeof(struct command));
    mem_prefetch(&client->pools.connections[pending->connection], sizeof(struct connection));
    mem_prefetch(op_at(client, pending->op), sizeof(struct op));
    if (client->requests_hint && !ref_is_class(pending->session))
        client->requests_hint->prefetch(client->requests_hint->self, pending->request, 0);
    if (users)
        users->prefetch(users->self, pending->session, pending->user_pending);
}

/* Called once many requests are in progress: their rows no longer fit in the near caches. */
RARE void client_prefetch_early(struct store_client *client)
{
    client->prefetches = true;
    sim_kind_prefetch(client->sim, client->commands.reply_kind, client_prefetch_reply);
}

void client_prefetch_instance(const void *self, uint32_t instance, uint32_t second)
{
    const struct store_client *client = self;
    const struct connection_pools *pools = &client->pools;
    uint32_t index;
    const struct connection_pool *pool;
    const struct prefetch_port *flows;
    struct idle_connection idle;
    int region;

    (void)second;
    if (client->store->here)
        return;
    index = connection_pool_find(pools, instance, client->read_endpoint);
    pool = &pools->pools[index];
    region = pools->endpoints->rows[client->read_endpoint].region;
    flows = region < 0 ? NULL : pools->flows_hints[region];
    if (index == NO_INDEX || pool->idle_count == 0)
        return;
    idle = *connection_idle_at(pool, pool->idle_count - 1);
    mem_prefetch(&pools->connections[idle.connection], sizeof(struct connection));
    if (flows)
        flows->prefetch(flows->self, idle.flow_out, 0);
}

void client_start_pools(struct store_client *client)
{
    const struct session_store_port *store = client->store;
    const struct route_query read = {.kind = COMMAND_GET, .try_number = 1},
                             write = {.kind = COMMAND_CREATE, .try_number = 1};
    uint32_t write_endpoint;

    if (client->config->topology != TOPOLOGY_NONE)
        client_topology_start(client);
    client->read_endpoint = store->route(store->self, &client->pools.knowledge, &read);
    write_endpoint = store->route(store->self, &client->pools.knowledge, &write);
    for (uint32_t i = 0; i < client->instance_count; i++) {
        client_pool(client, i, client->read_endpoint);
        client_pool(client, i, write_endpoint);
    }
}
