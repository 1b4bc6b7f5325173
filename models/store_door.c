// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The front door of a cluster: handshakes, the kernel's accept backlog, the limit on connections.
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
#include "store_inside.h"

#include <stdlib.h>
#include <string.h>

#define SYN_RETRIES_MAX 6 /* facts D.4: tcp_syn_retries */

/* --- the limit ------------------------------------------------------------------------------- */

static void door_need(struct door *door, uint32_t region, uint32_t index)
{
    size_t words = door->words[region], capacity = words;
    size_t refused = words;

    if (index / 64 < words)
        return;
    mem_grow((void **)&door->open[region], &capacity, index / 64 + 1, sizeof(uint64_t));
    mem_grow((void **)&door->refused[region], &refused, index / 64 + 1, sizeof(uint64_t));
    capacity = capacity < refused ? capacity : refused;
    memset(door->open[region] + words, 0, (capacity - words) * sizeof(uint64_t));
    memset(door->refused[region] + words, 0, (capacity - words) * sizeof(uint64_t));
    door->words[region] = capacity;
}

void cluster_connection_opened(void *self, uint32_t connection)
{
    struct cluster *cluster = self;
    struct door *door = &cluster->door;
    uint32_t region = ref_region(connection), index = ref_index(connection);
    uint64_t bit = UINT64_C(1) << index % 64;

    door_need(door, region, index);
    if (door->open[region][index / 64] & bit)
        return;
    if (door->open_count >= cluster->store->config->connections_max) {
        if (!(door->refused[region][index / 64] & bit))
            door->refused_count++;
        door->refused[region][index / 64] |= bit;
        return;
    }
    door->open[region][index / 64] |= bit;
    door->open_count++;
}

void cluster_connection_closed(void *self, uint32_t connection)
{
    struct door *door = &((struct cluster *)self)->door;
    uint32_t region = ref_region(connection), index = ref_index(connection);
    uint64_t bit = UINT64_C(1) << index % 64;

    if (index / 64 >= door->words[region])
        return;
    if (door->open[region][index / 64] & bit)
        door->open_count--;
    if (door->refused[region][index / 64] & bit)
        door->refused_count--;
    door->open[region][index / 64] &= ~bit;
    door->refused[region][index / 64] &= ~bit;
}

bool door_refuses(const struct cluster *cluster, const struct command *command)
{
    const struct door *door = &cluster->door;
    uint32_t index = command->connection;

    return door->refused_count > 0 && index / 64 < door->words[command->region] &&
           (door->refused[command->region][index / 64] >> index % 64 & 1);
}

/* --- handshakes ------------------------------------------------------------------------------ */

static uint32_t waiting_take(struct door *door, uint32_t connection, uint32_t generation)
{
    uint32_t index = door->waiting_free;

    if (index != NO_INDEX) {
        door->waiting_free = door->waiting[index].next;
    } else {
        mem_grow((void **)&door->waiting, &door->waiting_capacity, door->waiting_count + 1,
                 sizeof *door->waiting);
        index = (uint32_t)door->waiting_count++;
    }
    door->waiting[index] = (struct waiting_handshake){connection, generation, NO_INDEX, 0};
    return index;
}

static void waiting_give(struct door *door, uint32_t index)
{
    door->waiting[index].next = door->waiting_free;
    door->waiting_free = index;
}

static void cluster_answer(struct cluster *cluster, uint32_t connection, uint32_t generation,
                           uint32_t leg, bool syn)
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

    link->send(link->self, leg, &answer);
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

/* One round of a handshake is at the door; `waiting`: it has been there before. */
static void door_knock(struct cluster *cluster, uint32_t connection, uint32_t generation,
                       uint32_t waiting)
{
    struct store *store = cluster->store;
    struct door *door = &cluster->door;
    struct handshake_return *back = store->returns[ref_region(connection)];
    bool syn = true, answered = true;
    uint32_t leg = back->reply_leg(back->self, ref_index(connection), generation, &syn);

    if (cluster->up && leg != NO_INDEX) {
        if (syn) {
            answered = cluster_accepts(cluster, connection);
        } else if (cluster->stalled) {
            uint32_t held = waiting_take(door, connection, generation);

            if (door->held_head == NO_INDEX)
                door->held_head = held;
            else
                door->waiting[door->held_tail].next = held;
            door->held_tail = held;
            return;
        }
        if (answered)
            cluster_answer(cluster, connection, generation, leg, syn);
    }
    if (!answered) {
        if (waiting == NO_INDEX)
            waiting = waiting_take(door, connection, generation);
        if (door->waiting[waiting].tries < SYN_RETRIES_MAX) {
            sim_after(store->sim, SIM_S << door->waiting[waiting].tries++, cluster->syn_kind,
                      waiting, 0);
            return;
        }
    }
    if (waiting != NO_INDEX)
        waiting_give(door, waiting);
}

static void cluster_on_handshake(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim;
    door_knock(self, entity, generation, NO_INDEX);
}

static void cluster_on_syn_again(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct waiting_handshake waiting = cluster->door.waiting[entity];

    (void)sim, (void)generation;
    door_knock(cluster, waiting.connection, waiting.generation, entity);
}

void door_open(struct cluster *cluster)
{
    struct door *door = &cluster->door;

    door->open_count = door->refused_count = 0;
    for (uint32_t r = 0; r < REGIONS_MAX; r++) {
        if (door->words[r] == 0)
            continue;
        memset(door->open[r], 0, door->words[r] * sizeof(uint64_t));
        memset(door->refused[r], 0, door->words[r] * sizeof(uint64_t));
    }
}

void door_resume(struct cluster *cluster)
{
    struct door *door = &cluster->door;
    uint32_t held = door->held_head;

    door->held_head = door->held_tail = NO_INDEX;
    while (held != NO_INDEX) {
        struct waiting_handshake waiting = door->waiting[held];

        waiting_give(door, held);
        door_knock(cluster, waiting.connection, waiting.generation, NO_INDEX);
        held = waiting.next;
    }
}

void door_release(struct door *door)
{
    for (uint32_t r = 0; r < REGIONS_MAX; r++) {
        free(door->open[r]);
        free(door->refused[r]);
    }
    free(door->waiting);
}

const struct event_kind cluster_handshake = {
    .name = "handshake", .phase = PHASE_WORK, .fire = cluster_on_handshake};
const struct event_kind cluster_syn_again = {
    .name = "syn_again", .phase = PHASE_WORK, .fire = cluster_on_syn_again};
