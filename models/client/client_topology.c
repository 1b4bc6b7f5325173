// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Cluster mode: the client knows the address of the primary from the cluster's topology and not
 * from a name. It reads it at the start, at an interval, and after the errors that have `refresh`,
 * at most once in `limit`: what asks for it sooner is ignored (Lettuce). A node that was demoted
 * answers a write with MOVED and the address of the primary, where others answer READONLY.
 *
 * Reading takes no time, and finds the primary of that moment.
 */
#include "client_internal.h"

#define TOPOLOGY_ENTITY (UINT64_C(1) << 32) /* of its phase; below are connections */

/* The primary of this moment. */
static struct client_knowledge topology_now(const struct store_client *client)
{
    const struct connection_pools *pools = &client->pools;
    struct dns_answer answer = pools->dns->resolve(pools->dns->self, pools->region);
    struct client_knowledge knowledge = pools->knowledge;

    knowledge.named_region = answer.region;
    knowledge.named_epoch = answer.epoch;
    if (client->promotion) {
        knowledge.named_region = client->promotion->primary(client->promotion->self);
        if (knowledge.named_region != answer.region)
            knowledge.named_epoch = 0;
    }
    return knowledge;
}

/* Close what leads to nodes that are no primary any more, in this region or another. */
RARE static void follow_topology(struct store_client *client)
{
    struct connection_pools *pools = &client->pools;

    connection_pools_forget(pools);
    for (uint32_t pool = 0; pool < pools->pool_count; pool++) {
        bool closed = false;
        uint32_t index;

        while ((index = connection_pool_stale(pools, pool)) != NO_INDEX) {
            client_close(client, index, CONNECTION_FIN);
            closed = true;
        }
        if (closed)
            pool_forget_losses(client, pool);
    }
}

RARE static void topology_read(struct store_client *client)
{
    probe_count(client->probes, client->topology_reads);
    client->pools.knowledge = topology_now(client);
    client->topology_read_at = sim_now(client->sim);
    follow_topology(client);
}

void client_topology_start(struct store_client *client)
{
    const struct store_client_config *config = client->config;
    sim_dur period = config->topology_period_ns, phase;

    client->pools.knowledge = topology_now(client);
    client->pools.name_expires = SIM_NEVER;
    client->pools.by_topology = true;
    client->topology_read_at = -config->topology_limit_ns;
    if (period == 0)
        return;
    phase = phase_start_ns(&config->topology_phase, client->sim, client->pools.instance,
                           TOPOLOGY_ENTITY, period);
    sim_at(client->sim, phase > 0 ? phase : period, client->topology_kind, 0, 0);
}

RARE void client_ask_addresses(struct store_client *client)
{
    sim_time now = sim_now(client->sim);

    if (client->config->topology == TOPOLOGY_NONE)
        client->pools.name_expires = now;
    else if (now - client->topology_read_at >= client->config->topology_limit_ns)
        topology_read(client);
}

RARE void client_endpoint_failed(struct store_client *client, uint32_t index)
{
    const struct connection_pools *pools = &client->pools;
    const struct connection *connection = &pools->connections[index];
    const struct dns_resolver *resolver = pools->dns->resolver;

    if (resolver &&
        pools->endpoints->rows[pools->pools[connection->pool].endpoint].region ==
            ENDPOINT_BY_NAME &&
        resolver->failed(resolver->self, pools->region, connection->region))
        client_ask_addresses(client);
}

/* A host that answers its SYN lives: a TLS handshake that takes long is no reason to leave it. */
RARE void client_connect_ended(struct store_client *client, uint32_t index,
                               enum connection_event how)
{
    if (how == CONNECTION_REFUSED || !connection_is_answered(&client->pools, index))
        client_endpoint_failed(client, index);
}

RARE void client_redirect_to_primary(const struct store_client *client, uint32_t pool,
                                     struct reply *reply)
{
    struct client_knowledge knowledge = topology_now(client);
    uint32_t endpoint = client->pools.pools[pool].endpoint;

    reply->kind = REPLY_MOVED;
    reply->target = (uint16_t)endpoint_address(client->pools.endpoints, endpoint, &knowledge);
}

/* The redirect names a node inside a region, too: nothing goes to the old one any more. */
RARE void client_note_moved(struct store_client *client, uint32_t target)
{
    const struct connection_pools *pools = &client->pools;
    const struct session_store_port *store = pools->store;
    int region = pools->endpoints->rows[target].region;

    if (store && store->address && region >= 0 && pools->addresses[region].known &&
        pools->addresses[region].endpoint != store->address(store->self, target))
        follow_topology(client);
}

static void client_on_topology(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;

    (void)entity, (void)generation;
    topology_read(client);
    sim_after(sim, client->config->topology_period_ns, client->topology_kind, 0, 0);
}

const struct event_kind client_topology = {
    .name = "topology", .phase = PHASE_WORK, .fire = client_on_topology};
