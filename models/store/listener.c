// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Listener of a cluster: handshakes, the kernel's accept queue, the limit on connections.
 *
 * The kernel answers TCP handshakes, even while the process is stalled, until `accept_backlog`
 * connections wait to be accepted. Then SYNs are dropped, and the client's kernel retransmits them
 * after 1 s, 2 s, 4 s ... TLS handshakes need the process: a stalled one answers them when it
 * resumes. Beyond `connections_max` a connection is accepted, answered with an error and closed.
 *
 * A connection counts from its handshake until its client closes it. Events at the client's end are
 * reported by listener_event(); the connection's row holds the listener's state of it. A process
 * that crashes or restarts resets its count, but the connections stay open: no RST is sent.
 */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

#define SYN_RETRIES_MAX 6 /* facts D.4: tcp_syn_retries */

/* --- the limit ------------------------------------------------------------------------------- */

static struct server_connection *connection_row(struct listener *listener, uint32_t region,
                                                uint32_t index)
{
    size_t count = listener->connection_count[region], capacity = count;

    if (index >= count) {
        MEM_GROW(listener->connections[region], capacity, index + 1);
        memset(listener->connections[region] + count, 0,
               (capacity - count) * sizeof(struct server_connection));
        listener->connection_count[region] = capacity;
    }
    return &listener->connections[region][index];
}

static void connection_established(struct cluster *cluster, struct server_connection *connection,
                                   uint32_t generation)
{
    struct listener *listener = &cluster->listener;

    connection->generation = generation;
    connection->open = true;
    if (connection->counted)
        return; /* its SYN was retransmitted */
    if (listener->open_count >= cluster->store->config->connections_max) {
        listener->refused_count += !connection->refused;
        connection->refused = true;
        return;
    }
    connection->counted = true;
    listener->open_count++;
}

static void connection_ended(struct listener *listener, struct server_connection *connection)
{
    listener->open_count -= connection->counted;
    listener->refused_count -= connection->refused;
    connection->open = connection->counted = connection->refused = false;
}

void listener_event(void *self, uint32_t connection, uint32_t generation,
                    enum connection_event event)
{
    struct cluster *cluster = self;
    struct server_connection *row =
        connection_row(&cluster->listener, ref_region(connection), ref_index(connection));

    if (event == CONNECTION_ESTABLISHED)
        connection_established(cluster, row, generation);
    else
        connection_ended(&cluster->listener, row);
}

/* --- handshakes ------------------------------------------------------------------------------ */

static uint32_t waiting_alloc(struct listener *listener, uint32_t connection, uint32_t generation)
{
    uint32_t index = listener->waiting_free;

    if (index != NO_INDEX) {
        listener->waiting_free = listener->waiting[index].next;
    } else {
        MEM_GROW(listener->waiting, listener->waiting_capacity, listener->waiting_count + 1);
        index = (uint32_t)listener->waiting_count++;
    }
    listener->waiting[index] = (struct waiting_handshake){connection, generation, NO_INDEX, 0};
    return index;
}

static void waiting_free(struct listener *listener, uint32_t index)
{
    listener->waiting[index].next = listener->waiting_free;
    listener->waiting_free = index;
}

static void cluster_answer(struct cluster *cluster, uint32_t connection, uint32_t generation,
                           uint32_t flow, bool syn)
{
    struct store *store = cluster->store;
    uint32_t region = ref_region(connection);
    struct link_port *link = store->links[cluster->region][region];
    struct message answer = {.kind = store->pools[region]->handshake_kind,
                             .entity = connection,
                             .generation = generation,
                             .bytes = 60,
                             .identity = rng_mix((uint64_t)connection << 20 | generation),
                             .index = (uint32_t)(sim_now(store->sim) / SIM_MS),
                             .handshake = syn};

    link->send(link->self, flow, &answer);
}

/* Returns false if the kernel drops the SYN because the accept queue is full. */
static bool cluster_accepts(struct cluster *cluster, uint32_t connection, uint32_t generation)
{
    struct store *store = cluster->store;
    struct server *server = &cluster->servers[ref_index(connection) % store->shard_count];

    if (cluster->stalled || server->busy) {
        if (server->unaccepted >= store->config->accept_backlog) {
            probe_count(store->probes, cluster->dropped_syns);
            return false;
        }
        server->unaccepted++;
    }
    listener_event(cluster, connection, generation, CONNECTION_ESTABLISHED);
    return true;
}

/* One message of a handshake has arrived. waiting: its row if it has been retransmitted, else
 * NO_INDEX. */
static void listener_handshake(struct cluster *cluster, uint32_t connection, uint32_t generation,
                               uint32_t waiting)
{
    struct store *store = cluster->store;
    struct listener *listener = &cluster->listener;
    struct handshake_return *back = store->returns[ref_region(connection)];
    bool syn = true, answered = true;
    uint32_t flow = back->reply_flow(back->self, ref_index(connection), generation, &syn);

    if (cluster->up && flow != NO_INDEX) {
        if (syn) {
            answered = cluster_accepts(cluster, connection, generation);
        } else if (cluster->stalled) {
            uint32_t held = waiting_alloc(listener, connection, generation);

            if (listener->held_head == NO_INDEX)
                listener->held_head = held;
            else
                listener->waiting[listener->held_tail].next = held;
            listener->held_tail = held;
            return;
        }
        if (answered)
            cluster_answer(cluster, connection, generation, flow, syn);
    }
    if (!answered) {
        if (waiting == NO_INDEX)
            waiting = waiting_alloc(listener, connection, generation);
        if (listener->waiting[waiting].tries < SYN_RETRIES_MAX) {
            sim_after(store->sim, SIM_S << listener->waiting[waiting].tries++, cluster->syn_kind,
                      waiting, 0);
            return;
        }
    }
    if (waiting != NO_INDEX)
        waiting_free(listener, waiting);
}

static void cluster_on_handshake(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim;
    listener_handshake(self, entity, generation, NO_INDEX);
}

static void cluster_on_syn_again(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct waiting_handshake waiting = cluster->listener.waiting[entity];

    (void)sim, (void)generation;
    listener_handshake(cluster, waiting.connection, waiting.generation, entity);
}

void listener_init(struct listener *listener)
{
    listener->waiting_free = listener->held_head = listener->held_tail = NO_INDEX;
}

void listener_reset(struct cluster *cluster)
{
    struct listener *listener = &cluster->listener;

    listener->open_count = listener->refused_count = 0;
    for (uint32_t r = 0; r < REGIONS_MAX; r++)
        for (size_t i = 0; i < listener->connection_count[r]; i++)
            listener->connections[r][i].counted = listener->connections[r][i].refused = false;
}

void listener_resume(struct cluster *cluster)
{
    struct listener *listener = &cluster->listener;
    uint32_t held = listener->held_head;

    listener->held_head = listener->held_tail = NO_INDEX;
    while (held != NO_INDEX) {
        struct waiting_handshake waiting = listener->waiting[held];

        waiting_free(listener, held);
        listener_handshake(cluster, waiting.connection, waiting.generation, NO_INDEX);
        held = waiting.next;
    }
}

void listener_release(struct listener *listener)
{
    for (uint32_t r = 0; r < REGIONS_MAX; r++)
        free(listener->connections[r]);
    free(listener->waiting);
}

const struct event_kind cluster_handshake = {
    .name = "handshake", .phase = PHASE_WORK, .fire = cluster_on_handshake};
const struct event_kind cluster_syn_again = {
    .name = "syn_again", .phase = PHASE_WORK, .fire = cluster_on_syn_again};
