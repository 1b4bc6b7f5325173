// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Endpoints of the session store: what a client connects to, and how it chooses one.
 *
 * An endpoint is an address (region, zone, shard, node, epoch), or a name whose address is looked
 * up whenever a connection is opened. A changed address is another endpoint. The store's kind
 * builds the table while the world is wired; it does not change after that. Clients have one
 * connection pool for each endpoint that they use.
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "bug.h"
#include "mem.h"
#include "refs.h"
#include "store_command.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define ENDPOINT_BY_NAME (-1)
#define ENDPOINT_ANY UINT16_MAX /* of a part of the address: all of them, or whichever */

struct endpoint {
    const char *name;           /* unique; the store's */
    int region;                 /* ENDPOINT_BY_NAME: the one that the client's resolver names */
    uint16_t zone, shard, node; /* ENDPOINT_ANY: the endpoint stands before all of them; a service
                                   that spans the zones is not hit by faults of one */
    bool is_node;               /* one node, whatever the name of its cluster resolves to */
    uint32_t epoch;             /* counts the addresses that this part of the store has had */
};

struct endpoint_table {
    struct endpoint *rows;
    size_t count, capacity;
};

/* What one client knows of the addresses of the store; a value, renewed at the client's own pace.
 */
struct client_knowledge {
    int region;           /* its own */
    int named_region;     /* that the store's name resolves to; -1: not looked up yet */
    uint32_t named_epoch; /* of that address */
};

/* An attempt, as far as its way depends on it. */
struct route_query {
    uint32_t session, session_check; /* the key */
    uint32_t try_number;             /* of the attempt in its operation, from 1 */
    uint32_t instance;               /* of the client's tier */
    uint8_t kind;                    /* enum command_kind */
    bool latest;                     /* a read that must see the session's last write */
};

/* Returns the index of the row. The table keeps the name's pointer. */
static inline uint32_t endpoint_add(struct endpoint_table *table, struct endpoint endpoint)
{
    MEM_GROW(table->rows, table->capacity, table->count + 1);
    table->rows[table->count] = endpoint;
    return (uint32_t)table->count++;
}

/*
 * The endpoint that a new connection to `index` goes to: itself, or the row with the address that
 * its name resolves to. O(rows) for a name.
 */
static inline uint32_t endpoint_address(const struct endpoint_table *table, uint32_t index,
                                        const struct client_knowledge *knowledge)
{
    if (table->rows[index].region != ENDPOINT_BY_NAME)
        return index;
    for (uint32_t i = 0; i < table->count; i++)
        if (table->rows[i].region == knowledge->named_region &&
            table->rows[i].epoch == knowledge->named_epoch)
            return i;
    BUG("the name '%s' resolves to a region that has no endpoint", table->rows[index].name);
}

#endif
