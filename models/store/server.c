// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The event loop of a server: one shard in one cluster, for all kinds of store.
 *
 * An iteration takes all commands that have arrived, executes them one after another, and sends all
 * replies at its end (`fifo`: an iteration is one command). Commands are executed whether or not
 * the client still waits. A fork blocks the server before its next iteration.
 *
 * The kind executes a command: execute(). A command that must wait for other nodes is pending from
 * the end of its iteration until server_complete(); it does not block later commands.
 */
#include "store_internal.h"

#define READ_REPLY_BYTES 1100 /* a session, as client.write_bytes; hit or miss */
#define WRITE_REPLY_BYTES 60  /* "+OK" and its headers */

RARE static void server_write_all(struct server *server);

/* Of the reply to a read; where sizes differ, a miss is as small as the reply to a write. */
static inline uint32_t read_bytes(const struct command *command)
{
    if (__builtin_expect(command->reply.bytes == 0, 1))
        return READ_REPLY_BYTES;
    return command->reply.kind == REPLY_MISS ? WRITE_REPLY_BYTES : command->reply.bytes;
}

/* Service time of a command, except reads with a constant time. */
OUT_OF_LINE static sim_dur store_service(const struct server *server, const struct command *command)
{
    const struct store *store = server->cluster->store;
    const struct store_config *config = store->config;
    bool write = command_is_write(command->kind);
    const struct dist *service = write ? config->write_service : config->read_service;
    double value;

    if (!dist_is_constant(service, &value))
        value = dist_sample(
            service, rng_block_at(&store->service, command->identity, command->attempt).word[0]);
    if (write)
        value += (double)config->write_per_kib_ns * command->bytes / 1024;
    else
        value += (double)config->read_per_kib_ns * read_bytes(command) / 1024;
    if (__builtin_expect(ref_is_class(command->session), 0))
        value = class_service(server, command, value);
    return (sim_dur)value;
}

sim_dur server_read_time(const struct server *server, const struct command *command)
{
    const struct store *store = server->cluster->store;

    return store->read_ns >= 0 ? store->read_ns : store_service(server, command);
}

/* --- the event loop -------------------------------------------------------------------------- */

#define UTILIZATION_SCALE 1000000

void cluster_gauges(struct cluster *cluster)
{
    struct store *store = cluster->store;
    sim_time now = sim_now(store->sim);

    int64_t busy = (int64_t)cluster->busy * UTILIZATION_SCALE;

    /* No division with one shard: this is a hot path. */
    probe_level(store->probes, cluster->utilization, now,
                store->shard_count > 1 ? busy / store->shard_count : busy);
    if (store->shard_count > 1)
        probe_level(store->probes, cluster->hot_utilization, now, cluster->servers[0].busy);
}

static struct command *command_of(struct store *store, uint32_t ref)
{
    return command_at(store->pools[ref_region(ref)], ref_index(ref));
}

/* Up to store->short_queue commands no connection's commands or replies reach the limit of an
 * iteration, unless they are large. */
#define SHORT_QUEUE 12
#define LARGE_COMMAND 1365 /* 12 of them are 16 KiB */
#define LARGE_REPLY 1500

void store_init_iterations(struct store *store)
{
    int64_t reads = store->config->read_per_iteration_bytes / LARGE_COMMAND;
    int64_t writes = store->config->write_per_iteration_bytes / LARGE_REPLY;
    int64_t least = reads < writes ? reads : writes;

    store->short_queue = least < SHORT_QUEUE ? (uint32_t)least : SHORT_QUEUE;
}

/* Take what one iteration reads: a bounded part of each connection; the rest waits for the next
 * one, in its order. */
RARE static void iteration_read(struct server *server)
{
    struct store *store = server->cluster->store;
    uint64_t iteration = (uint64_t)(server->shard + 1) << 32 | (server->iteration + 1);
    uint32_t *taken = &server->iteration_head, *left = &server->head;
    uint32_t ref = server->head;

    while (ref != NO_INDEX) {
        struct command *command = command_of(store, ref);
        uint32_t next = command->next;

        if (listener_reads(server->cluster, command, iteration)) {
            *taken = ref;
            taken = &command->next;
        } else {
            *left = ref;
            left = &command->next;
            server->tail = ref;
        }
        ref = next;
    }
    *taken = *left = NO_INDEX;
}

RARE static bool iteration_writes(const struct server *server)
{
    struct store *store = server->cluster->store;

    for (uint32_t ref = server->iteration_head; ref != NO_INDEX; ref = command_of(store, ref)->next)
        if (command_is_write(command_of(store, ref)->kind))
            return true;
    return false;
}

RARE static void iteration_take_one(struct server *server)
{
    struct command *command = command_of(server->cluster->store, server->head);

    server->iteration_head = server->head;
    server->head = command->next;
    command->next = NO_INDEX;
}

/* Take the commands of an iteration where that is not simply all of them; those that have expired
 * give way to others. Returns the time that it takes in addition to theirs. */
RARE static sim_dur iteration_take(struct server *server)
{
    struct store *store = server->cluster->store;

    server->iteration_head = NO_INDEX;
    while (server->head != NO_INDEX && server->iteration_head == NO_INDEX) {
        if (store->config->discipline == FIFO)
            iteration_take_one(server);
        else
            iteration_read(server);
        if (store->is_guarded && server_drop_expired(server))
            server->iteration++; /* what is read next belongs to another one */
    }
    return store->fsync_ns > 0 && iteration_writes(server) ? store->fsync_ns : 0;
}

/* Count a command of the iteration and the time that it takes. */
RARE static void command_measure(const struct server *server, const struct command *command,
                                 sim_dur time)
{
    const struct cluster *cluster = server->cluster;
    bool write = command_is_write(command->kind);

    if (server->ill)
        time = (sim_dur)((double)time * server->illness.slow);
    probe_count(cluster->store->probes, cluster->measured[write]);
    probe_count_many(cluster->store->probes, cluster->time[write], (uint64_t)time);
}

void server_begin_iteration(struct server *server)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    sim_dur cost = server->blocked_ns;

    if (cluster->stalled || !cluster->up || server->gone)
        return;
    if (__builtin_expect(server->newcomers > 0, 0))
        cost += server_greet(server);
    if (server->head == NO_INDEX && cost == 0) {
        if (__builtin_expect(server->unwritten_head != NO_INDEX, 0))
            server_write_all(server);
        return;
    }
    server->blocked_ns = 0;
    if (__builtin_expect(store->plain_loop && server->queued <= store->short_queue, 1)) {
        server->iteration_head = server->head;
        server->head = NO_INDEX;
    } else {
        cost += iteration_take(server);
        if (server->iteration_head == NO_INDEX && cost == 0) { /* all had expired */
            server_write_all(server);
            return;
        }
    }
    for (uint32_t ref = server->iteration_head; ref != NO_INDEX;) {
        const struct command *command = command_of(store, ref);
        bool is_known = command->kind == COMMAND_GET && store->read_ns >= 0;

        sim_dur time = is_known ? store->read_ns : store_service(server, command);

        if (__builtin_expect(store->measures, 0))
            command_measure(server, command, time);
        cost += time;
        ref = command->next;
    }
    if (server->ill)
        cost = (sim_dur)((double)cost * server->illness.slow);
    if (__builtin_expect(server->occupied > sim_now(store->sim), 0))
        cost += server->occupied - sim_now(store->sim);
    server->occupied = sim_now(store->sim) + cost;
    server->busy = true;
    cluster->busy++;
    sim_after(store->sim, cost, cluster->iteration_kind, server_entity(server),
              ++server->iteration);
}

void server_block(struct server *server, sim_dur length)
{
    server->blocked_ns += length;
    if (!server->busy)
        server_begin_iteration(server);
    cluster_gauges(server->cluster);
}

/* --- replies --------------------------------------------------------------------------------- */

void command_drop(struct store *store, uint32_t ref, struct command *command)
{
    struct command_pool *pool = store->pools[command->region];

    command_hand(command, COMMAND_AT_STORE, COMMAND_AT_CLIENT);
    pool->drop(pool->self, ref_index(ref));
}

/* What few stores need: see store->is_watched. */
RARE static void reply_watch(struct cluster *cluster, uint32_t ref, struct command *command)
{
    const struct store *store = cluster->store;

    if (store->corruption && !ref_is_class(command->session))
        corruption_see(store->corruption, cluster, command);
    if (store->history && !ref_is_class(command->session))
        store_history_replied(cluster, ref, command);
    if (store->config->idle_timeout_ns > 0)
        listener_note_use(cluster, command);
}

void cluster_reply(struct cluster *cluster, uint32_t ref, struct command *command)
{
    struct store *store = cluster->store;
    struct command_pool *pool = store->pools[command->region];
    struct link_port *link = store->links[cluster->region][command->region];
    struct message reply = {.kind = pool->reply_kind,
                            .lost = pool->lost_kind,
                            .entity = ref,
                            .generation = command->generation,
                            .identity = ~command->identity,
                            .index = command->attempt};

    if (__builtin_expect(store->is_watched, 0))
        reply_watch(cluster, ref, command);
    if (!listener_is_open(cluster, command)) {
        command_drop(store, ref, command);
        return;
    }
    command->reply.bytes = command->kind == COMMAND_GET ? read_bytes(command) : WRITE_REPLY_BYTES;
    reply.bytes = command->reply.bytes;
    command_hand(command, COMMAND_AT_STORE, COMMAND_ON_WIRE);
    link->send(link->self, command->reply_flow, &reply);
}

RARE void cluster_measure_arrival(const struct cluster *cluster, struct command *command)
{
    command->arrived = sim_now(cluster->store->sim);
    probe_count(cluster->store->probes, cluster->measured[command_is_write(command->kind)]);
}

RARE static void cluster_measure_reply(const struct cluster *cluster, const struct command *command)
{
    struct store *store = cluster->store;
    uint64_t took = (uint64_t)(sim_now(store->sim) - command->arrived);
    bool write = command_is_write(command->kind);

    probe_count_many(store->probes, cluster->sojourn[write], took);
    if (store->kind->managed)
        probe_count_many(store->probes, cluster->time[write], took);
}

RARE void server_pend(struct server *server, uint32_t ref, struct command *command)
{
    struct store *store = server->cluster->store;

    command->previous = NO_INDEX;
    command->next = server->pending_head;
    if (command->next != NO_INDEX)
        command_of(store, command->next)->previous = ref;
    server->pending_head = ref;
}

static void pending_remove(struct server *server, const struct command *command)
{
    struct store *store = server->cluster->store;

    if (command->previous == NO_INDEX)
        server->pending_head = command->next;
    else
        command_of(store, command->previous)->next = command->next;
    if (command->next != NO_INDEX)
        command_of(store, command->next)->previous = command->previous;
}

void server_complete(struct server *server, struct command_handle handle, const struct reply *reply)
{
    struct command *command = command_of(server->cluster->store, handle.ref);

    if (command->owner != COMMAND_AT_STORE || command->generation != handle.generation)
        return; /* it was dropped when its server went down */
    pending_remove(server, command);
    if (__builtin_expect(server->cluster->store->measures, 0))
        cluster_measure_reply(server->cluster, command);
    command->reply = *reply;
    cluster_reply(server->cluster, handle.ref, command);
}

/* --- replies that wait for later iterations -------------------------------------------------- */

/* Redis and Valkey write at most NET_MAX_WRITES_PER_EVENT bytes to a connection in an iteration,
 * and the rest in the next ones (networking.c, writeToClient()). A command's `previous` counts the
 * bytes of its reply that are left. */

static uint64_t server_iteration_key(const struct server *server)
{
    return (uint64_t)(server->shard + 1) << 32 | server->iteration;
}

static void unwritten_append(struct server *server, uint32_t ref, struct command *command,
                             uint32_t left)
{
    command->previous = left;
    command->next = NO_INDEX;
    if (server->unwritten_head == NO_INDEX)
        server->unwritten_head = ref;
    else
        command_of(server->cluster->store, server->unwritten_tail)->next = ref;
    server->unwritten_tail = ref;
}

/* Does a part of the reply wait for a later iteration? Then the last byte leaves in that one. */
RARE static bool server_writes_later(struct server *server, uint32_t ref, struct command *command)
{
    uint32_t bytes = command->kind == COMMAND_GET ? read_bytes(command) : WRITE_REPLY_BYTES;
    uint32_t left;

    if (server->cluster->store->config->discipline == FIFO)
        return false;
    left = listener_writes(server->cluster, command, bytes, server_iteration_key(server));
    if (left == 0)
        return false;
    unwritten_append(server, ref, command, left);
    return true;
}

/* Write an iteration's part of the replies that wait. */
RARE static void server_write_more(struct server *server)
{
    struct cluster *cluster = server->cluster;
    uint32_t ref = server->unwritten_head;

    server->unwritten_head = NO_INDEX;
    while (ref != NO_INDEX) {
        struct command *command = command_of(cluster->store, ref);
        uint32_t next = command->next;

        uint32_t left =
            listener_writes(cluster, command, command->previous, server_iteration_key(server));

        if (left == 0)
            cluster_reply(cluster, ref, command);
        else
            unwritten_append(server, ref, command, left);
        ref = next;
    }
}

/* The process has nothing else to do: its iterations take no time. */
RARE static void server_write_all(struct server *server)
{
    struct store *store = server->cluster->store;

    while (server->unwritten_head != NO_INDEX) {
        uint32_t ref = server->unwritten_head;
        struct command *command = command_of(store, ref);

        server->unwritten_head = command->next;
        cluster_reply(server->cluster, ref, command);
    }
}

/* --- an iteration ---------------------------------------------------------------------------- */

static bool cluster_iteration_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct server *server = &((const struct cluster *)self)->servers[entity >> 4];

    return server->busy && (server->iteration & SIM_GENERATION_MASK) == generation;
}

RARE bool server_fails(const struct server *server, struct command *command)
{
    const struct store *store = server->cluster->store;
    struct rng_block block = rng_block_at(&store->errors, command->identity, command->attempt);

    if (rng_unit(block.word[0]) < server->illness.errors)
        command->reply = (struct reply){.kind = REPLY_ERROR};
    else if (rng_unit(block.word[1]) < server->illness.throttled)
        command->reply = (struct reply){.kind = REPLY_THROTTLED};
    else
        return false;
    return true;
}

static HOT_HANDLER void cluster_on_iteration_end(void *self, struct sim *sim, uint32_t entity,
                                                 uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;
    struct server *server = &cluster->servers[entity >> 4];
    enum execution (*execute)(struct server *, uint32_t, struct command *) = store->kind->execute;
    uint32_t ref = server->iteration_head;
    bool crowded = server->queued > store->short_queue;

    if (__builtin_expect(!cluster_iteration_live(self, entity, generation), 0)) {
        sim_drop(sim);
        return;
    }
    server->iteration_head = NO_INDEX;
    server->busy = false;
    cluster->busy--;
    if (__builtin_expect(server->unwritten_head != NO_INDEX, 0))
        server_write_more(server);
    while (ref != NO_INDEX) {
        struct command *command = command_of(store, ref);
        uint32_t next = command->next;

        server->queued--;
        queue_check_leave(&cluster->queued, sim_now(sim), command->arrived);
        probe_count(store->probes, cluster->commands);
        if ((server->ill && server_fails(server, command)) ||
            (__builtin_expect(ref_is_class(command->session), 0)
                 ? class_execute(server, ref, command)
                 : execute(server, ref, command)) == EXECUTION_DONE) {
            bool counts = crowded || command->reply.bytes > LARGE_REPLY;

            if (__builtin_expect(store->measures, 0))
                cluster_measure_reply(cluster, command);
            if (__builtin_expect(!counts, 1) || !server_writes_later(server, ref, command))
                cluster_reply(cluster, ref, command);
        } else {
            server_pend(server, ref, command);
        }
        ref = next;
    }
    server_begin_iteration(server);
    cluster_gauges(cluster);
}

static void cluster_prefetch_command(const void *self, uint32_t entity)
{
    const struct cluster *cluster = self;
    struct store *store = cluster->store;
    const struct command *command = command_of(store, entity);
    const struct prefetch_port *flows = store->flows_hints[cluster->region][command->region];

    store_prefetch_row(store, command->session, store->kind->row_size);
    listener_prefetch(cluster, command);
    if (flows)
        flows->prefetch(flows->self, command->reply_flow, 0);
}

/* Called once many requests are in progress: their rows no longer fit in the near caches. */
RARE void store_prefetch_early(struct store *store)
{
    store->prefetches = true;
    for (uint32_t r = 0; r < store->region_count; r++)
        if (store->clusters[r].exists)
            sim_kind_prefetch(store->sim, store->clusters[r].command_kind,
                              cluster_prefetch_command);
}

/* The command's place in the queue; it has been counted. */
static inline void queue_append(struct server *server, uint32_t ref, struct command *command)
{
    command->next = NO_INDEX;
    if (server->head == NO_INDEX)
        server->head = ref;
    else
        command_of(server->cluster->store, server->tail)->next = ref;
    server->tail = ref;
}

/* The newest first. */
RARE static void queue_prepend(struct server *server, uint32_t ref, struct command *command)
{
    command->next = server->head;
    if (server->head == NO_INDEX)
        server->tail = ref;
    server->head = ref;
}

static inline void queue_add(struct server *server, uint32_t ref, struct command *command)
{
    struct store *store = server->cluster->store;

    if (__builtin_expect(command->bytes > LARGE_COMMAND, 0))
        store->short_queue = 0; /* from now on each turn is asked */
    if (__builtin_expect(store->is_guarded, 0) && store->config->queue_order == QUEUE_LIFO)
        queue_prepend(server, ref, command);
    else
        queue_append(server, ref, command);
    server->queued++;
}

void server_queue(struct server *server, uint32_t ref, struct command *command)
{
    struct cluster *cluster = server->cluster;

    if (cluster->store->is_guarded && !server_admits(server, ref, command))
        queue_check_leave(&cluster->queued, sim_now(cluster->store->sim), command->arrived);
    else
        queue_add(server, ref, command);
}

static HOT_HANDLER void cluster_on_command(void *self, struct sim *sim, uint32_t entity,
                                           uint32_t generation)
{
    struct cluster *cluster = self;
    struct store *store = cluster->store;
    struct command *command = command_of(store, entity);
    struct server *server;

    invariant_debug((command->generation & SIM_GENERATION_MASK) == generation);
    (void)generation;
    if (__builtin_expect(ref_index(entity) >= NEAR_COMMANDS && !store->prefetches, 0))
        store_prefetch_early(store);
    server = server_of_command(cluster, command);
    command->shard = (uint16_t)server->shard;
    if (__builtin_expect(cluster->listener.special_count > 0, 0) &&
        listener_takes(cluster, entity, command))
        return;
    if (!cluster->up || server->gone) {
        listener_misses(cluster, entity, command);
        return;
    }
    command_hand(command, COMMAND_ON_WIRE, COMMAND_AT_STORE);
    if (__builtin_expect(store->is_watched, 0) && store->config->idle_timeout_ns > 0)
        listener_note_use(cluster, command);
    command->arrived = sim_now(sim);
    if (__builtin_expect(store->is_guarded, 0) && !server_admits(server, entity, command))
        return;
    queue_add(server, entity, command);
    queue_check_enter(&cluster->queued, command->arrived);
    if (!server->busy)
        server_begin_iteration(server);
    cluster_gauges(cluster);
}

static void queue_note_unread(struct cluster *cluster, uint32_t ref)
{
    while (ref != NO_INDEX) {
        const struct command *command = command_of(cluster->store, ref);

        listener_note_unread(cluster, command);
        ref = command->next;
    }
}

/* Drop all commands of a queue; waits: they are counted in cluster->queued. */
static void queue_drop(struct cluster *cluster, uint32_t ref, bool waits)
{
    struct store *store = cluster->store;

    while (ref != NO_INDEX) {
        struct command *command = command_of(store, ref);
        uint32_t next = command->next;

        if (waits)
            queue_check_leave(&cluster->queued, sim_now(store->sim), command->arrived);
        command_drop(store, ref, command);
        ref = next;
    }
}

void server_drop_all(struct server *server)
{
    struct cluster *cluster = server->cluster;

    queue_note_unread(cluster, server->head);
    queue_note_unread(cluster, server->parked_head);
    queue_drop(cluster, server->iteration_head, true);
    queue_drop(cluster, server->head, true);
    queue_drop(cluster, server->parked_head, true);
    queue_drop(cluster, server->pending_head, false);
    queue_drop(cluster, server->unwritten_head, false);
    server_forget_newcomers(server);
    if (server->busy) {
        cluster->busy--;
        sim_cancelled(cluster->store->sim);
    }
    server->head = server->iteration_head = server->pending_head = server->parked_head = NO_INDEX;
    server->unwritten_head = NO_INDEX;
    server->queued = 0;
    server->blocked_ns = 0;
    server->occupied = 0;
    server->busy = false;
}

void cluster_drop_all(struct cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        server_drop_all(&cluster->servers[s]);
    cluster_gauges(cluster);
}

void cluster_check_queue(struct cluster *cluster)
{
    struct store *store = cluster->store;
    sim_time end = sim_now(store->sim);

    for (uint32_t s = 0; s < store->shard_count; s++)
        for (int part = 0; part < 3; part++) {
            const struct server *server = &cluster->servers[s];
            const uint32_t heads[] = {server->head, server->iteration_head, server->parked_head};
            uint32_t ref = heads[part];

            for (; ref != NO_INDEX; ref = command_of(store, ref)->next)
                queue_check_remains(&cluster->queued, end, command_of(store, ref)->arrived);
        }
    invariant(queue_check_balances(&cluster->queued));
}

/* --- messages between clusters --------------------------------------------------------------- */

void cluster_send(const struct store *store, int from, int to, const struct message *message,
                  bool once)
{
    struct link_port *link = store->links[from][to];
    uint32_t flow = link->open(link->self);

    link->mark(link->self, flow, TRAFFIC_REPLICATION, rng_mix(message->identity));
    link->send(link->self, flow, message);
    if (once)
        link->abort(link->self, flow);
    else
        link->close(link->self, flow);
}

void cluster_notify(struct cluster *from, struct cluster *to, uint32_t word, uint32_t bytes,
                    uint64_t identity)
{
    struct link_port *link = from->store->links[from->region][to->region];
    struct message message = {
        .kind = to->peer_kind, .entity = word, .bytes = bytes, .identity = identity};
    uint32_t flow = link->open(link->self);

    link->send(link->self, flow, &message);
    link->abort(link->self, flow);
}

static void cluster_on_peer(void *self, struct sim *sim, uint32_t word, uint32_t generation)
{
    struct cluster *cluster = self;

    (void)sim, (void)generation;
    cluster->store->kind->peer(cluster, word);
}

const struct event_kind cluster_command = {
    .name = "command", .phase = PHASE_WORK, .fire = cluster_on_command};
const struct event_kind cluster_iteration_end = {.name = "iteration_end",
                                                 .phase = PHASE_WORK,
                                                 .fire = cluster_on_iteration_end,
                                                 .live = cluster_iteration_live,
                                                 .fire_asks = true};
const struct event_kind cluster_peer = {
    .name = "peer", .phase = PHASE_WORK, .fire = cluster_on_peer, .carries_cause = true};
