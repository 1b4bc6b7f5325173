// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rows of the client: operations, hedges, commands; and the line of operations that wait for a
 * connection. Rows are reused last in, first out, so that those in use are in few cache lines.
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

RARE uint32_t command_row_new(struct command_pool *pool)
{
    if (pool->count == pool->capacity) {
        size_t capacity = pool->capacity;

        MEM_GROW(pool->rows, capacity, pool->count + 1);
        pool->capacity = (uint32_t)capacity;
    }
    pool->rows[pool->count].generation = 0;
    return pool->count++;
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
}

void wait_remove(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct connection_pool *pool = &client->pools.pools[op->pool];

    queue_check_leave(&client->line, sim_now(client->sim), op->waiting_since);
    if (op->previous == NO_INDEX)
        pool->wait_head = op->next;
    else
        op_at(client, op->previous)->next = op->next;
    if (op->next == NO_INDEX)
        pool->wait_tail = op->previous;
    else
        op_at(client, op->next)->previous = op->previous;
}

/* What a reply's handler will walk through, all of it by what the command itself says: a row read
 * to find the next would have to be waited for. */
static void client_prefetch_reply(const void *self, uint32_t entity)
{
    const struct store_client *client = self;
    const struct command *command = &client->commands.rows[ref_index(entity)];

    if (command->connection == NO_INDEX)
        return; /* given back */
    mem_prefetch(&client->pools.connections[command->connection], sizeof(struct connection));
    mem_prefetch(op_at(client, command->op), sizeof(struct op));
    client->app->expect(client->app->self, command->request, command->session, command->pending);
}

/* Many requests are under way: what belongs to them is not in a near cache any more. */
RARE void client_prefetch_early(struct store_client *client)
{
    client->prefetches = true;
    for (uint32_t r = 0; r < client->pools.region_count; r++) {
        struct shard_port *shard = client->pools.shards[r];

        if (shard && shard->prefetch_early)
            shard->prefetch_early(shard->self);
    }
    if (client->app->expect)
        sim_kind_prefetch(client->sim, client->commands.reply_kind, client_prefetch_reply);
}
