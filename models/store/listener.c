// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The front listener of a cluster: handshakes, the kernel's accept backlog, the limit on
 * connections.
 *
 * TCP's handshake is the kernel's, who answers also while the process hangs, until `accept_backlog`
 * connections wait for the process to accept them. Then SYNs are dropped, and the client's kernel
 * sends them again after 1 s, 2 s, 4 s ... TLS's rounds need the process: one that hangs answers
 * them when it goes on. Beyond `connections_max` a connection is accepted, told so, and closed.
 *
 * A connection counts from its handshake until its client says that it has closed it. Bits by
 * connection, so that a client that never says so is counted once for each that it ever had open.
 */
#include "bug.h"
#include "mem.h"
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

#define SYN_RETRIES_MAX 6 /* facts D.4: tcp_syn_retries */

/* --- the limit ------------------------------------------------------------------------------- */

static void listener_reserve(struct listener *listener, uint32_t region, uint32_t index)
{
    size_t words = listener->words[region], capacity = words;
    size_t refused = words;

    if (index / 64 < words)
        return;
    MEM_GROW(listener->open[region], capacity, index / 64 + 1);
    MEM_GROW(listener->refused[region], refused, index / 64 + 1);
    capacity = capacity < refused ? capacity : refused;
    memset(listener->open[region] + words, 0, (capacity - words) * sizeof(uint64_t));
    memset(listener->refused[region] + words, 0, (capacity - words) * sizeof(uint64_t));
    listener->words[region] = capacity;
}

void cluster_connection_opened(void *self, uint32_t connection)
{
    struct cluster *cluster = self;
    struct listener *listener = &cluster->listener;
    uint32_t region = ref_region(connection), index = ref_index(connection);
    uint64_t bit = UINT64_C(1) << index % 64;

    listener_reserve(listener, region, index);
    if (listener->open[region][index / 64] & bit)
        return;
    if (listener->open_count >= cluster->store->config->connections_max) {
        if (!(listener->refused[region][index / 64] & bit))
            listener->refused_count++;
        listener->refused[region][index / 64] |= bit;
        return;
    }
    listener->open[region][index / 64] |= bit;
    listener->open_count++;
}

void cluster_connection_closed(void *self, uint32_t connection)
{
    struct listener *listener = &((struct cluster *)self)->listener;
    uint32_t region = ref_region(connection), index = ref_index(connection);
    uint64_t bit = UINT64_C(1) << index % 64;

    if (index / 64 >= listener->words[region])
        return;
    if (listener->open[region][index / 64] & bit)
        listener->open_count--;
    if (listener->refused[region][index / 64] & bit)
        listener->refused_count--;
    listener->open[region][index / 64] &= ~bit;
    listener->refused[region][index / 64] &= ~bit;
}

bool listener_refuses(const struct cluster *cluster, const struct command *command)
{
    const struct listener *listener = &cluster->listener;
    uint32_t index = command->connection;

    return listener->refused_count > 0 && index / 64 < listener->words[command->region] &&
           (listener->refused[command->region][index / 64] >> index % 64 & 1);
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

/* false: the kernel has dropped the SYN, for its accept queue is full. */
static bool cluster_accepts(struct cluster *cluster, uint32_t connection)
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
    cluster_connection_opened(cluster, connection);
    return true;
}

/* One round of a handshake is at the listener; `waiting`: it has been there before. */
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
            answered = cluster_accepts(cluster, connection);
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

void listener_reset(struct cluster *cluster)
{
    struct listener *listener = &cluster->listener;

    listener->open_count = listener->refused_count = 0;
    for (uint32_t r = 0; r < REGIONS_MAX; r++) {
        if (listener->words[r] == 0)
            continue;
        memset(listener->open[r], 0, listener->words[r] * sizeof(uint64_t));
        memset(listener->refused[r], 0, listener->words[r] * sizeof(uint64_t));
    }
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
    for (uint32_t r = 0; r < REGIONS_MAX; r++) {
        free(listener->open[r]);
        free(listener->refused[r]);
    }
    free(listener->waiting);
}

const struct event_kind cluster_handshake = {
    .name = "handshake", .phase = PHASE_WORK, .fire = cluster_on_handshake};
const struct event_kind cluster_syn_again = {
    .name = "syn_again", .phase = PHASE_WORK, .fire = cluster_on_syn_again};
