// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Connections are rows of one array for all pools. Free rows are linked by index; each pool lists
 * its idle connections in the order of their release. A row's generation increases when it is
 * closed, so that late handshake replies are recognised and ignored.
 */
#include "connection_pool.h"

#include "bug.h"
#include "mem.h"

#include <stdlib.h>

#define IDLE_CAPACITY 8 /* of a pool at first; a power of two */

void connection_pools_init(struct connection_pools *pools,
                           const struct connection_pool_config *config, struct sim *sim, int region)
{
    pools->config = config;
    pools->sim = sim;
    pools->region = region;
    pools->limit =
        config->mode == MODE_MULTIPLEXED ? config->shared_count : config->connections_max;
    pools->knowledge = (struct client_knowledge){.region = region, .named_region = -1};
    pools->free_head = NO_INDEX;
}

void connection_pools_release(struct connection_pools *pools)
{
    for (size_t i = 0; i < pools->pool_count; i++)
        free(pools->pools[i].idle);
    free(pools->pools);
    free(pools->pool_of);
    free(pools->connections);
}

void connection_pools_size(struct connection_pools *pools, uint32_t instances)
{
    size_t count = instances * pools->endpoints->count;

    pools->instance_count = instances;
    pools->pool_of = mem_alloc(count, sizeof *pools->pool_of);
    for (size_t i = 0; i < count; i++)
        pools->pool_of[i] = NO_INDEX;
}

RARE uint32_t connection_pool_make(struct connection_pools *pools, uint32_t instance,
                                   uint32_t endpoint)
{
    uint32_t index = (uint32_t)pools->pool_count++;

    MEM_GROW(pools->pools, pools->pool_capacity, pools->pool_count);
    pools->pools[index] = (struct connection_pool){.endpoint = endpoint,
                                                   .wait_head = NO_INDEX,
                                                   .wait_tail = NO_INDEX,
                                                   .probe = NO_INDEX,
                                                   .asked = SIM_NEVER};
    pools->pool_of[instance * pools->endpoints->count + endpoint] = index;
    return index;
}

/* --- idle connections ------------------------------------------------------------------------ */

/* The ring is full: double it, with the first entry at index 0. */
RARE static void idle_grow(struct connection_pool *pool)
{
    uint32_t capacity = pool->idle_capacity > 0 ? 2 * pool->idle_capacity : IDLE_CAPACITY;
    struct idle_connection *idle = mem_alloc(capacity, sizeof *idle);

    for (uint32_t i = 0; i < pool->idle_count; i++)
        idle[i] = *connection_idle_at(pool, i);
    free(pool->idle);
    pool->idle = idle;
    pool->idle_first = 0;
    pool->idle_capacity = capacity;
}

static void idle_add(struct connection_pools *pools, uint32_t index)
{
    struct connection *connection = &pools->connections[index];
    struct connection_pool *pool = &pools->pools[connection->pool];

    if (pool->idle_count == pool->idle_capacity)
        idle_grow(pool);
    connection->state = CONNECTION_IDLE;
    if (__builtin_expect(pools->config->idle_ns > 0, 0))
        connection->idle_since = sim_now(pools->sim);
    *connection_idle_at(pool, pool->idle_count++) =
        (struct idle_connection){index, connection->flow_out};
}

/* Remove a connection that is closed or broken. Usually it is the one released last, so search from
 * there. */
RARE static void idle_remove(struct connection_pools *pools, uint32_t index)
{
    struct connection_pool *pool = &pools->pools[pools->connections[index].pool];
    uint32_t i = pool->idle_count - 1;

    while (connection_idle_at(pool, i)->connection != index)
        i--;
    if (i == 0) {
        pool->idle_first++;
        pool->idle_count--;
        return;
    }
    for (pool->idle_count--; i < pool->idle_count; i++)
        *connection_idle_at(pool, i) = *connection_idle_at(pool, i + 1);
}

/* The idle connection to use next: released last or first, as configured. */
static uint32_t idle_next(const struct connection_pools *pools, const struct connection_pool *pool)
{
    if (pool->idle_count == 0)
        return NO_INDEX;
    return connection_idle_at(pool, pools->config->reuse == REUSE_LIFO ? pool->idle_count - 1 : 0)
        ->connection;
}

static bool is_too_old(const struct connection_pools *pools, uint32_t index)
{
    return pools->config->lifetime_ns > 0 && pools->config->mode == MODE_POOL &&
           sim_now(pools->sim) - pools->connections[index].opened >= pools->config->lifetime_ns;
}

static bool was_idle_too_long(const struct connection_pools *pools, uint32_t index)
{
    return pools->config->idle_ns > 0 &&
           sim_now(pools->sim) - pools->connections[index].idle_since >= pools->config->idle_ns;
}

uint32_t connection_acquire_idle(struct connection_pools *pools, uint32_t pool_index)
{
    struct connection_pool *pool = &pools->pools[pool_index];

    for (;;) {
        uint32_t index = idle_next(pools, pool);

        if (index == NO_INDEX)
            return index;
        if (pools->config->mode == MODE_MULTIPLEXED) /* in turn */
            return pool->idle_count == 1
                       ? index
                       : connection_idle_at(pool, pool->turn++ % pool->idle_count)->connection;
        if (!is_too_old(pools, index) && !was_idle_too_long(pools, index)) {
            pool->idle_count--;
            if (pools->config->reuse == REUSE_FIFO)
                pool->idle_first++;
            return index;
        }
        connection_close(pools, index, CONNECTION_FIN);
    }
}

void connection_release(struct connection_pools *pools, uint32_t index)
{
    if (pools->connections[index].state == CONNECTION_IDLE)
        return; /* multiplexed: it stays idle while in use */
    if (is_too_old(pools, index))
        connection_close(pools, index, CONNECTION_FIN);
    else
        idle_add(pools, index);
}

/* --- opening and closing --------------------------------------------------------------------- */

RARE static void note_event(const struct connection_pools *pools,
                            const struct connection *connection, enum connection_event event)
{
    sim_note(pools->sim, pools->instance, "connection %u to %s: %s",
             (unsigned)(connection - pools->connections),
             pools->endpoints->rows[connection->endpoint].name, connection_event_name(event));
}

/* Report an event at this end to the trace, and to the listener at the other end, which sees
 * handshakes itself. */
static void connection_event(struct connection_pools *pools, const struct connection *connection,
                             enum connection_event event)
{
    struct listener_port *listener = pools->listeners[connection->endpoint];
    uint32_t index = (uint32_t)(connection - pools->connections);

    if (sim_tracing(pools->sim))
        note_event(pools, connection, event);
    if (connection->state == CONNECTION_OPENING && event == CONNECTION_ESTABLISHED)
        return;
    listener->event(listener->self, ref_make((uint32_t)pools->region, index),
                    connection->generation & SIM_GENERATION_MASK, event);
}

static void count_open(struct connection_pools *pools, int change)
{
    pools->open_total += (uint32_t)change;
    probe_level(pools->probes, pools->open, sim_now(pools->sim), pools->open_total);
}

/* The node that a cluster's own name resolves to. */
static uint32_t cluster_address(struct connection_pools *pools, uint32_t endpoint)
{
    const struct connection_pool_config *config = pools->config;
    const struct session_store_port *store = pools->store;
    struct cached_address *cached;
    sim_time now = sim_now(pools->sim);

    if (!store || !store->address || pools->endpoints->rows[endpoint].is_node)
        return endpoint;
    cached = &pools->addresses[pools->endpoints->rows[endpoint].region];
    if (!cached->known || (config->dns_cache != DNS_FOREVER && now >= cached->expires)) {
        cached->known = true;
        cached->endpoint = (uint16_t)store->address(store->self, endpoint);
        cached->expires = pools->by_topology
                              ? SIM_NEVER
                              : now + (config->dns_cache == DNS_FIXED ? config->dns_fixed_ns
                                                                      : store->address_ttl_ns);
    }
    return cached->endpoint;
}

/* The endpoint, with an address, to which a pool opens new connections. */
static uint32_t pool_address(struct connection_pools *pools, uint32_t pool)
{
    const struct connection_pool_config *config = pools->config;
    struct client_knowledge *knowledge = &pools->knowledge;
    uint32_t endpoint = pools->pools[pool].endpoint;
    sim_time now = sim_now(pools->sim);

    if (pools->endpoints->rows[endpoint].region == ENDPOINT_BY_NAME &&
        (knowledge->named_region < 0 ||
         (config->dns_cache != DNS_FOREVER && now >= pools->name_expires))) {
        struct dns_answer answer = pools->dns->resolve(pools->dns->self, pools->region);

        knowledge->named_region = answer.region;
        knowledge->named_epoch = answer.epoch;
        pools->name_expires =
            config->dns_cache == DNS_FIXED ? now + config->dns_fixed_ns : answer.expires;
    }
    return cluster_address(pools, endpoint_address(pools->endpoints, endpoint, knowledge));
}

RARE void connection_pools_forget(struct connection_pools *pools)
{
    for (int r = 0; r < REGIONS_MAX; r++)
        pools->addresses[r].known = false;
}

RARE uint32_t connection_pool_stale(struct connection_pools *pools, uint32_t pool)
{
    uint32_t address = pool_address(pools, pool);
    struct connection_pool *row = &pools->pools[pool];

    for (uint32_t i = 0; i < row->idle_count; i++) {
        uint32_t index = connection_idle_at(row, i)->connection;

        if (pools->connections[index].endpoint != address)
            return index;
    }
    return NO_INDEX;
}

/* Both flows are of one connection: faults on a share of connections hit them alike, and each
 * acknowledges the other. */
static void mark_flows(const struct connection_pools *pools, const struct connection *connection,
                       uint32_t index)
{
    uint64_t number =
        (uint64_t)ref_make((uint32_t)pools->region, index) << 32 | connection->generation;
    struct link_port *out = pools->out[connection->region], *in = pools->in[connection->region];

    out->mark(out->self, connection->flow_out, TRAFFIC_APPLICATION, number);
    in->mark(in->self, connection->flow_in, TRAFFIC_APPLICATION, number);
    out->pair(out->self, connection->flow_out, connection->flow_in);
    in->pair(in->self, connection->flow_in, connection->flow_out);
}

static void keep_alive(const struct connection_pools *pools, const struct connection *connection)
{
    struct link_port *out = pools->out[connection->region];

    if (pools->config->keepalive.idle_ns > 0)
        out->keep_alive(out->self, connection->flow_out, &pools->config->keepalive);
}

static uint32_t connection_make(struct connection_pools *pools, uint32_t pool, uint32_t endpoint)
{
    int region = pools->endpoints->rows[endpoint].region;
    struct link_port *out = pools->out[region], *in = pools->in[region];
    uint32_t index = pools->free_head;
    struct connection *connection;

    if (index != NO_INDEX) {
        pools->free_head = pools->connections[index].next;
    } else {
        MEM_GROW_LINES(pools->connections, pools->connection_capacity, pools->connection_count + 1);
        index = (uint32_t)pools->connection_count++;
        pools->connections[index].generation = 0;
    }
    connection = &pools->connections[index];
    connection->pool = pool;
    connection->endpoint = (uint16_t)endpoint;
    connection->region = (uint8_t)region;
    connection->op = connection->command = NO_INDEX;
    connection->flow_out = out->open(out->self);
    connection->flow_in = in->open(in->self);
    mark_flows(pools, connection, index);
    out->watch(out->self, connection->flow_out, pools->config->user_timeout_ns, pools->reset_kind,
               index, connection->generation);
    in->watch(in->self, connection->flow_in, 0, pools->reset_kind, index, connection->generation);
    if (pools->listeners[endpoint]->peer == PEER_DOWN)
        out->peer(out->self, connection->flow_out, PEER_DOWN);
    connection->opened = sim_now(pools->sim);
    connection->timed = false;
    pools->pools[pool].open_count++;
    return index;
}

/* A warm connection was opened before the run: when the first one would reach its maximum age is a
 * matter of phase. */
static sim_time warm_opened(const struct connection_pools *pools, uint32_t index)
{
    sim_dur lifetime = pools->config->lifetime_ns, end;

    if (lifetime == 0)
        return 0;
    end = phase_start_ns(&pools->config->ages, pools->sim, pools->instance, index, lifetime);
    return end > 0 ? end - lifetime : 0;
}

void connection_pools_warm(struct connection_pools *pools)
{
    uint32_t warm =
        pools->config->warm_count < pools->limit ? pools->config->warm_count : pools->limit;

    for (uint32_t pool = 0; pool < pools->pool_count; pool++) {
        uint32_t endpoint = pool_address(pools, pool);

        if (pool % 1000 == 0 && sim_interrupted(pools->sim))
            return;
        for (uint32_t i = 0; i < warm; i++) {
            uint32_t index = connection_make(pools, pool, endpoint);

            pools->connections[index].state = CONNECTION_BUSY;
            pools->connections[index].opened = warm_opened(pools, index);
            connection_event(pools, &pools->connections[index], CONNECTION_ESTABLISHED);
            idle_add(pools, index);
            keep_alive(pools, &pools->connections[index]);
            count_open(pools, 1);
        }
    }
}

/* The first round trip of a new connection is the TCP handshake, then come those of TLS, then AUTH.
 */
static int rounds_of(const struct connection_pool_config *config)
{
    return 1 + config->tls_round_trips + config->auth;
}

static bool is_syn(const struct connection_pools *pools, const struct connection *connection)
{
    return connection->rounds_left == rounds_of(pools->config);
}

RARE bool connection_is_answered(const struct connection_pools *pools, uint32_t index)
{
    return !is_syn(pools, &pools->connections[index]);
}

static void send_round(struct connection_pools *pools, uint32_t index)
{
    struct connection *connection = &pools->connections[index];
    struct link_port *out = pools->out[connection->region];
    struct message syn = {
        .kind = pools->listeners[connection->endpoint]->handshake_kind,
        .entity = ref_make((uint32_t)pools->region, index),
        .generation = connection->generation & SIM_GENERATION_MASK,
        .bytes = PACKET_BYTES,
        .identity = rng_mix(((uint64_t)pools->region << 40 | index) + (UINT64_C(1) << 60)),
        .index = connection->generation << 2 | connection->rounds_left,
        .handshake = is_syn(pools, connection)};

    out->send(out->self, connection->flow_out, &syn);
}

OUT_OF_LINE uint32_t connection_open(struct connection_pools *pools, uint32_t pool, uint32_t op,
                                     uint32_t op_generation, sim_dur attempt_timeout_ns)
{
    uint32_t index = connection_make(pools, pool, pool_address(pools, pool));
    struct connection *connection = &pools->connections[index];
    sim_dur limit = pools->config->connect_timeout_ns;

    connection->state = CONNECTION_OPENING;
    connection->rounds_left = (uint8_t)rounds_of(pools->config);
    connection->op = op;
    connection->op_generation = op_generation;
    if (limit > 0 && (limit < attempt_timeout_ns || !pools->config->close_on_timeout)) {
        connection->timed = true;
        sim_timer_set(pools->sim, pools->connect_timer, index, connection->generation);
    }
    probe_count(pools->probes, pools->opened);
    count_open(pools, 1);
    send_round(pools, index);
    return index;
}

static void stop_connect_timer(struct connection_pools *pools, struct connection *connection)
{
    if (!connection->timed)
        return;
    connection->timed = false;
    sim_timer_cancelled(pools->sim, pools->connect_timer);
}

bool connection_round_done(struct connection_pools *pools, uint32_t index)
{
    struct connection *connection = &pools->connections[index];

    if (--connection->rounds_left > 0) {
        send_round(pools, index);
        return false;
    }
    connection_event(pools, connection, CONNECTION_ESTABLISHED);
    connection->op = NO_INDEX;
    connection->state = CONNECTION_BUSY;
    stop_connect_timer(pools, connection);
    keep_alive(pools, connection);
    return true;
}

OUT_OF_LINE void connection_close(struct connection_pools *pools, uint32_t index,
                                  enum connection_event how)
{
    struct connection *connection = &pools->connections[index];
    struct link_port *out = pools->out[connection->region], *in = pools->in[connection->region];

    if (connection->state == CONNECTION_IDLE)
        idle_remove(pools, index);
    out->close(out->self, connection->flow_out);
    in->close(in->self, connection->flow_in);
    connection_event(pools, connection, how);
    connection->state = CONNECTION_FREE;
    connection->generation++;
    stop_connect_timer(pools, connection);
    connection->next = pools->free_head;
    pools->free_head = index;
    pools->pools[connection->pool].open_count--;
    count_open(pools, -1);
}

bool connection_is_opening(const struct connection_pools *pools, uint32_t index,
                           uint32_t generation)
{
    const struct connection *connection = &pools->connections[index];

    return connection->state == CONNECTION_OPENING &&
           (connection->generation & SIM_GENERATION_MASK) == generation;
}

bool connection_is_open(const struct connection_pools *pools, uint32_t index, uint32_t generation)
{
    const struct connection *connection = &pools->connections[index];

    return connection->state != CONNECTION_FREE &&
           (connection->generation & SIM_GENERATION_MASK) == generation;
}

RARE enum connection_event connection_broken_by(const struct connection_pools *pools,
                                                uint32_t index)
{
    const struct connection *connection = &pools->connections[index];
    const struct link_port *out = pools->out[connection->region];
    const struct link_port *in = pools->in[connection->region];
    enum connection_event how = out->state(out->self, connection->flow_out);

    return how == CONNECTION_ESTABLISHED ? in->state(in->self, connection->flow_in) : how;
}

bool connection_way(void *self, uint32_t index, uint32_t generation, struct connection_way *way)
{
    const struct connection_pools *pools = self;
    const struct connection_pool_config *config = pools->config;
    const struct connection *connection = &pools->connections[index];
    bool opening = connection->state == CONNECTION_OPENING;

    if (index >= pools->connection_count || connection->state == CONNECTION_FREE ||
        (connection->generation & SIM_GENERATION_MASK) != generation)
        return false;
    *way = (struct connection_way){.out = connection->flow_out,
                                   .in = connection->flow_in,
                                   .endpoint = connection->endpoint,
                                   .hello = opening && config->tls_round_trips > 0 &&
                                            connection->rounds_left == rounds_of(config) - 1,
                                   .auth = opening && config->auth && connection->rounds_left == 1,
                                   .syn = opening && is_syn(pools, connection)};
    return true;
}

RARE void connection_peer_changed(void *self, uint32_t endpoint, enum peer_state peer)
{
    struct connection_pools *pools = self;

    for (size_t i = 0; i < pools->connection_count; i++) {
        const struct connection *connection = &pools->connections[i];
        const struct link_port *out = pools->out[connection->region];
        bool connects = connection->state == CONNECTION_OPENING && is_syn(pools, connection);
        enum peer_state now = peer;

        if (connection->state == CONNECTION_FREE || connection->endpoint != endpoint)
            continue;
        if (peer != PEER_DOWN) /* a SYN is answered, or refused, when it arrives */
            now = connects ? PEER_HERE : PEER_FORGOT;
        out->peer(out->self, connection->flow_out, now);
    }
}

RARE void connection_cut(void *self, uint32_t endpoint, bool begin)
{
    struct connection_pools *pools = self;
    enum peer_state peer = begin ? PEER_DOWN : PEER_HERE;

    for (size_t i = 0; i < pools->connection_count; i++) {
        const struct connection *connection = &pools->connections[i];
        const struct link_port *out = pools->out[connection->region];
        const struct link_port *in = pools->in[connection->region];

        if (connection->state == CONNECTION_FREE || connection->endpoint != endpoint)
            continue;
        out->peer(out->self, connection->flow_out, peer);
        in->peer(in->self, connection->flow_in, peer);
    }
}
