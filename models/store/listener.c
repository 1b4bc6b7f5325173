// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Listener of a cluster: handshakes, accept queue, limit on connections, and how they end.
 *
 * The kernel answers TCP handshakes, even while the process is stalled, until `accept_backlog`
 * connections wait to be accepted. Then SYNs are dropped, and the client's kernel sends them again
 * (link.h). TLS handshakes need the process: a stalled one answers them when it resumes. Beyond
 * `connections_max` a connection is accepted, answered with an error and closed.
 *
 * A connection counts from its handshake until its client closes it, or until its server goes down:
 *
 *   process gone  its kernel closes: a FIN on each connection, a RST where commands were unread;
 *                 what arrives later, and each SYN, is answered with a RST
 *   host down     silence: what is sent is sent again until the sender's kernel abandons it, or
 *                 until the host is up again and answers with a RST
 *
 * A wrong security group (ACCESS_NETWORK) drops SYNs in silence; what is tracked already goes on.
 * With a wrong token (ACCESS_AUTH) a new connection is answered with an error and closed, as beyond
 * the limit; a service whose requests are signed refuses each request.
 *
 * The nodes of a cluster have addresses of their own: with replicas inside a region the primary's
 * changes (listener_move()). A connection to another node than the primary's is a stray: its node
 * answers reads and refuses writes.
 *
 * The file is longer than 800 lines because the states of one connection stand together.
 */
#include "phase_rule.h"
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

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

static void connection_set_stray(struct listener *listener, struct server_connection *connection,
                                 bool stray)
{
    listener->special_count += (uint64_t)stray - (uint64_t)connection->stray;
    connection->stray = stray;
}

/* Whether the node has servers that execute everything. */
static bool node_serves(const struct node *node)
{
    const struct cluster *cluster = node->cluster;

    return cluster->store->by_node || node == &cluster->nodes[cluster->primary_node];
}

static void connection_established(const struct node *node, struct server_connection *connection,
                                   uint32_t generation)
{
    struct cluster *cluster = node->cluster;
    struct listener *listener = &cluster->listener;

    connection->generation = generation;
    connection->open = true;
    connection->used = sim_now(cluster->store->sim);
    connection->node = (uint8_t)(node - cluster->nodes);
    connection_set_stray(listener, connection, !node_serves(node));
    if (connection->counted)
        return; /* its SYN was retransmitted */
    if ((uint64_t)listener->open_count.level >= cluster->store->config->connections_max ||
        (cluster->access == ACCESS_AUTH && !cluster->store->kind->signs) ||
        (cluster->store->kind->admits && !cluster->store->kind->admits(cluster))) {
        listener->special_count += !connection->refused;
        connection->refused = true;
        return;
    }
    connection->counted = true;
    time_avg_rise(&listener->open_count, sim_now(cluster->store->sim));
    probe_count(cluster->store->probes, cluster->accepted);
}

/* The server's kernel probes the connection while it is idle, or (begins false) no longer. */
static void connection_keep_alive(const struct cluster *cluster, uint32_t connection,
                                  uint32_t generation, bool begins)
{
    const struct store *store = cluster->store;
    const struct handshake_return *back = store->returns[ref_region(connection)];
    const struct link_port *link = store->links[cluster->region][ref_region(connection)];
    struct connection_way way;

    if (store->keepalive.idle_ns > 0 &&
        back->way(back->self, ref_index(connection), generation, &way))
        link->keep_alive(link->self, way.in, begins ? &store->keepalive : NULL);
}

static void connection_ended(struct cluster *cluster, struct server_connection *connection)
{
    struct listener *listener = &cluster->listener;

    if (connection->counted)
        time_avg_fall(&listener->open_count, sim_now(cluster->store->sim));
    listener->special_count -= (uint64_t)connection->refused + (uint64_t)connection->waits;
    connection->waits = false;
    connection_set_stray(listener, connection, false);
    connection->open = connection->counted = connection->refused = false;
}

void listener_event(void *self, uint32_t connection, uint32_t generation,
                    enum connection_event event)
{
    const struct node *node = self;
    struct listener *listener = &node->cluster->listener;
    struct server_connection *row =
        connection_row(listener, ref_region(connection), ref_index(connection));
    bool is_new = !row->open || row->generation != generation; /* not a SYN sent again */

    if (event != CONNECTION_ESTABLISHED) {
        connection_ended(node->cluster, row);
        return;
    }
    connection_established(node, row, generation);
    if (is_new)
        connection_keep_alive(node->cluster, connection, generation, true);
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
    listener->waiting[index] = (struct waiting_handshake){connection, generation, NO_INDEX};
    return index;
}

static void waiting_add(struct listener *listener, struct waiting_list *list, uint32_t connection,
                        uint32_t generation)
{
    uint32_t index = waiting_alloc(listener, connection, generation);

    if (list->head == NO_INDEX)
        list->head = index;
    else
        listener->waiting[list->tail].next = index;
    list->tail = index;
}

/* Take the first of a list that is not empty. */
static struct waiting_handshake waiting_take(struct listener *listener, struct waiting_list *list)
{
    uint32_t index = list->head;
    struct waiting_handshake waiting = listener->waiting[index];

    list->head = waiting.next;
    listener->waiting[index].next = listener->waiting_free;
    listener->waiting_free = index;
    return waiting;
}

static struct node *node_at(struct cluster *cluster, uint32_t endpoint)
{
    for (uint32_t n = 0; n < cluster->node_count; n++)
        if (cluster->nodes[n].endpoint == endpoint)
            return &cluster->nodes[n];
    BUG("a connection to an endpoint that is not of this cluster");
}

/* Send something about a connection to its client: `kind` fires there. */
static void connection_notify(const struct cluster *cluster, uint32_t connection,
                              uint32_t generation, const struct connection_way *way, kind_id kind)
{
    struct store *store = cluster->store;
    struct link_port *link = store->links[cluster->region][ref_region(connection)];
    struct message message = {.kind = kind,
                              .entity = connection,
                              .generation = generation,
                              .bytes = PACKET_BYTES,
                              .identity = rng_mix((uint64_t)connection << 20 | generation),
                              .index = (uint32_t)(sim_now(store->sim) / SIM_MS),
                              .handshake = way->syn};

    link->send(link->self, way->in, &message);
}

/* The server that accepts a connection to the node: there, its commands are executed by_node. */
static uint32_t index_of_server(const struct node *node, uint32_t connection)
{
    const struct store *store = node->cluster->store;

    if (!store->by_node)
        return ref_index(connection) % store->shard_count;
    return (uint32_t)(node - node->cluster->nodes) * store->node_servers +
           ref_index(connection) % store->node_servers;
}

static struct server *server_of_connection(const struct node *node, uint32_t connection)
{
    return &node->cluster->servers[index_of_server(node, connection)];
}

RARE uint32_t listener_server(const struct cluster *cluster, const struct command *command)
{
    const struct server_connection *row = listener_connection(cluster, command);
    const struct store *store = cluster->store;

    if (store->slots_move)
        return command->owner == COMMAND_AT_STORE ? command->shard
                                                  : store->kind->shard_asked(store, command);
    return index_of_server(&cluster->nodes[row ? row->node : 0], command->connection);
}

/* Returns false if the kernel drops the SYN because the accept queue is full. */
static bool node_accepts(struct node *node, uint32_t connection, uint32_t generation)
{
    struct cluster *cluster = node->cluster;
    struct listener *listener = &cluster->listener;
    const struct store_config *config = cluster->store->config;
    struct server *server = server_of_connection(node, connection);
    bool serves = node_serves(node);
    bool waits = config->accept_ns > 0 && serves;

    if (serves && (waits || cluster->stalled || server->busy)) {
        if (server->unaccepted >= config->accept_backlog) {
            probe_count(cluster->store->probes, cluster->dropped_syns);
            return false;
        }
        server->unaccepted++;
        server->newcomers++;
    }
    listener_event(node, connection, generation, CONNECTION_ESTABLISHED);
    if (waits) {
        struct server_connection *row =
            connection_row(listener, ref_region(connection), ref_index(connection));

        listener->special_count += !row->waits;
        row->waits = true;
        waiting_add(listener, &server->accepts, connection, generation);
    }
    return true;
}

/* Nobody took a round of a handshake: its sender's kernel sends it again. */
static void handshake_dropped(const struct node *node, uint32_t connection, uint32_t generation,
                              const struct connection_way *way)
{
    const struct cluster *cluster = node->cluster;
    struct link_port *link = cluster->store->links[ref_region(connection)][cluster->region];
    struct message message = {.kind = cluster->handshake_kind,
                              .entity = connection,
                              .generation = generation,
                              .bytes = PACKET_BYTES,
                              .identity = rng_mix((uint64_t)connection << 20 | generation),
                              .index = (uint32_t)(sim_now(cluster->store->sim) / SIM_MS),
                              .handshake = way->syn};

    link->dropped(link->self, way->out, &message);
}

static void handshake_answer(const struct cluster *cluster, uint32_t connection,
                             uint32_t generation, const struct connection_way *way)
{
    connection_notify(cluster, connection, generation, way,
                      cluster->store->pools[ref_region(connection)]->handshake_kind);
}

/* The kernel answers; the process accepts the connection when it comes to it. */
static void syn_answered(const struct node *node, uint32_t connection, uint32_t generation,
                         const struct connection_way *way)
{
    struct cluster *cluster = node->cluster;
    struct server *server = server_of_connection(node, connection);

    handshake_answer(cluster, connection, generation, way);
    if (server->accepts.head == NO_INDEX)
        return;
    if (!server->busy)
        server_begin_iteration(server);
    cluster_gauges(cluster);
}

/* A round of TLS or of AUTH has arrived: the process answers it, now or when it has come to it. The
 * work of TLS is done in its first one. */
static void later_round(struct node *node, uint32_t connection, uint32_t generation,
                        const struct connection_way *way)
{
    struct cluster *cluster = node->cluster;
    const struct store_config *config = cluster->store->config;
    struct server *server = server_of_connection(node, connection);

    if ((config->tls_ns > 0 && way->hello) || (config->auth_ns > 0 && way->auth)) {
        waiting_add(&cluster->listener, way->auth ? &server->auths : &server->hellos, connection,
                    generation);
        server->newcomers++;
        if (!server->busy)
            server_begin_iteration(server);
        cluster_gauges(cluster);
    } else if (cluster->stalled) {
        waiting_add(&cluster->listener, &cluster->listener.held, connection, generation);
    } else {
        handshake_answer(cluster, connection, generation, way);
    }
}

static void cluster_on_handshake(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    const struct handshake_return *back = cluster->store->returns[ref_region(entity)];
    struct connection_way way;
    struct node *node;

    (void)sim;
    if (!back->way(back->self, ref_index(entity), generation, &way))
        return;
    node = node_at(cluster, way.endpoint);
    if (node->down == CRASH_HOST || (way.syn && cluster->access == ACCESS_NETWORK))
        handshake_dropped(node, entity, generation, &way);
    else if (node->down == CRASH_PROCESS)
        connection_notify(cluster, entity, generation, &way, back->rst_kind);
    else if (!way.syn)
        later_round(node, entity, generation, &way);
    else if (node_accepts(node, entity, generation))
        syn_answered(node, entity, generation, &way);
    else
        handshake_dropped(node, entity, generation, &way);
}

/* --- the process's work on new connections --------------------------------------------------- */

/* Accept connections: their commands can be read. */
static sim_dur server_accept(struct server *server)
{
    struct cluster *cluster = server->cluster;
    struct listener *listener = &cluster->listener;
    const struct store_config *config = cluster->store->config;
    uint32_t count = 0;

    while (server->accepts.head != NO_INDEX && count < config->accepts_per_iteration) {
        struct waiting_handshake next = waiting_take(listener, &server->accepts);
        struct server_connection *row =
            connection_row(listener, ref_region(next.connection), ref_index(next.connection));

        count++;
        if (row->generation != next.generation || !row->waits)
            continue; /* closed meanwhile: it costs the same */
        row->waits = false;
        listener->special_count--;
    }
    return (sim_dur)count * config->accept_ns;
}

/* Keep a command until its connection is accepted. */
static void server_park(struct server *server, uint32_t ref, struct command *command)
{
    struct store *store = server->cluster->store;

    command->next = NO_INDEX;
    if (server->parked_head == NO_INDEX)
        server->parked_head = ref;
    else
        command_at(store->pools[ref_region(server->parked_tail)], ref_index(server->parked_tail))
            ->next = ref;
    server->parked_tail = ref;
}

/* Queue the commands whose connections are accepted by now. */
static void server_unpark(struct server *server)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    uint32_t ref = server->parked_head;

    server->parked_head = NO_INDEX;
    while (ref != NO_INDEX) {
        struct command *command = command_at(store->pools[ref_region(ref)], ref_index(ref));
        const struct server_connection *row = listener_connection(cluster, command);
        uint32_t next = command->next;

        if (row->waits && row->generation == command->connection_generation) {
            server_park(server, ref, command);
        } else {
            struct server *target = server_of_command(cluster, command);

            server_queue(target, ref, command);
            if (target != server && !target->busy)
                server_begin_iteration(target);
        }
        ref = next;
    }
}

static sim_dur hello_cost(const struct store *store, const struct waiting_handshake *hello)
{
    const struct store_config *config = store->config;
    struct rng_block block =
        rng_block_at(&store->service, UINT64_MAX - hello->connection, hello->generation);

    return rng_unit(block.word[0]) < config->resumed_share ? config->tls_resumed_ns
                                                           : config->tls_ns;
}

/* Answer the rounds of handshakes of the iteration that has ended. */
static void server_answer(struct server *server)
{
    struct cluster *cluster = server->cluster;

    while (server->greeted.head != NO_INDEX) {
        struct waiting_handshake next = waiting_take(&cluster->listener, &server->greeted);
        const struct handshake_return *back = cluster->store->returns[ref_region(next.connection)];
        struct connection_way way;

        server->newcomers--;
        if (back->way(back->self, ref_index(next.connection), next.generation, &way))
            handshake_answer(cluster, next.connection, next.generation, &way);
    }
}

RARE sim_dur server_greet(struct server *server)
{
    struct listener *listener = &server->cluster->listener;
    const struct store *store = server->cluster->store;
    const struct store_config *config = store->config;
    sim_dur cost = 0;

    server_answer(server);
    if (config->accept_ns == 0) {
        server->newcomers -= server->unaccepted;
        server->unaccepted = 0;
    } else if (server->unaccepted > 0) {
        sim_dur accepting = server_accept(server);

        server->newcomers -= (uint32_t)(accepting / config->accept_ns);
        server->unaccepted -= (uint32_t)(accepting / config->accept_ns);
        cost += accepting;
        server_unpark(server);
    }
    for (uint32_t n = 0; n < config->tls_per_iteration && server->hellos.head != NO_INDEX; n++) {
        struct waiting_handshake hello = waiting_take(listener, &server->hellos);

        cost += hello_cost(store, &hello);
        waiting_add(listener, &server->greeted, hello.connection, hello.generation);
    }
    while (server->auths.head != NO_INDEX) {
        struct waiting_handshake auth = waiting_take(listener, &server->auths);

        cost += config->auth_ns;
        waiting_add(listener, &server->greeted, auth.connection, auth.generation);
    }
    return cost;
}

void server_forget_newcomers(struct server *server)
{
    struct listener *listener = &server->cluster->listener;
    struct waiting_list *const lists[] = {&server->accepts, &server->hellos, &server->auths,
                                          &server->greeted};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        while (lists[i]->head != NO_INDEX)
            (void)waiting_take(listener, lists[i]);
    server->unaccepted = server->newcomers = 0;
}

/* --- servers that go down -------------------------------------------------------------------- */

static void peers_changed(const struct node *node, enum peer_state peer)
{
    const struct store *store = node->cluster->store;

    for (uint32_t r = 0; r < store->region_count; r++)
        store->returns[r]->peer_changed(store->returns[r]->self, node->endpoint, peer);
}

/* The kernel closes a connection of a process that has gone. */
static void connection_closed(const struct node *node, uint32_t connection,
                              const struct server_connection *row)
{
    const struct handshake_return *back = node->cluster->store->returns[ref_region(connection)];
    struct connection_way way;

    if (!back->way(back->self, ref_index(connection), row->generation, &way))
        return;
    way.syn = false;
    connection_notify(node->cluster, connection, row->generation, &way,
                      row->unread ? back->rst_kind : back->fin_kind);
}

void listener_note_unread(struct cluster *cluster, const struct command *command)
{
    if (listener_is_open(cluster, command))
        connection_row(&cluster->listener, command->region, command->connection)->unread = true;
}

/* End all connections of a node; notifies: its kernel notifies their clients. */
static void connections_end(const struct node *node, bool notifies)
{
    struct listener *listener = &node->cluster->listener;

    for (uint32_t r = 0; r < REGIONS_MAX; r++)
        for (size_t i = 0; i < listener->connection_count[r]; i++) {
            struct server_connection *row = &listener->connections[r][i];

            if (!row->open || &node->cluster->nodes[row->node] != node)
                continue;
            connection_keep_alive(node->cluster, ref_make(r, (uint32_t)i), row->generation, false);
            if (notifies)
                connection_closed(node, ref_make(r, (uint32_t)i), row);
            connection_ended(node->cluster, row);
            row->unread = false;
        }
}

void listener_down(struct node *node, enum crash_kind kind)
{
    bool was_up = node->down == CRASH_NONE;

    node->down = kind;
    connections_end(node, was_up && kind == CRASH_PROCESS);
    if (node->zone == ZONE_CUT)
        return; /* nobody hears of it */
    node->port.peer = kind == CRASH_HOST ? PEER_DOWN : PEER_HERE;
    peers_changed(node, kind == CRASH_HOST ? PEER_DOWN : PEER_FORGOT);
}

void listener_up(struct node *node)
{
    bool was_host = node->down == CRASH_HOST;

    if (node->zone == ZONE_DOWN || node->absent)
        return;
    node->down = CRASH_NONE;
    if (node->zone == ZONE_CUT)
        return;
    if (was_host)
        peers_changed(node, PEER_HERE);
    node->port.peer = PEER_HERE;
}

void listener_cut(struct node *node, bool begin)
{
    const struct store *store = node->cluster->store;

    for (uint32_t r = 0; r < store->region_count; r++)
        store->returns[r]->cut(store->returns[r]->self, node->endpoint, begin);
    node->port.peer = begin || node->down == CRASH_HOST ? PEER_DOWN : PEER_HERE;
    if (!begin && node->down != CRASH_NONE)
        peers_changed(node, node->down == CRASH_HOST ? PEER_DOWN : PEER_FORGOT);
}

void listener_restart(struct cluster *cluster)
{
    for (uint32_t n = 0; n < cluster->node_count; n++) {
        struct node *node = &cluster->nodes[n];

        if (!node_serves(node) || node->down != CRASH_NONE)
            continue;
        listener_down(node, CRASH_PROCESS);
        listener_up(node);
    }
}

void listener_move(struct cluster *cluster, uint32_t number)
{
    struct listener *listener = &cluster->listener;

    cluster->primary_node = number;
    for (uint32_t r = 0; r < REGIONS_MAX; r++)
        for (size_t i = 0; i < listener->connection_count[r]; i++) {
            struct server_connection *row = &listener->connections[r][i];

            if (row->open)
                connection_set_stray(listener, row, !node_serves(&cluster->nodes[row->node]));
        }
}

/* --- idle connections ------------------------------------------------------------------------ */

void listener_start(struct cluster *cluster)
{
    static const struct phase_rule rule = {.kind = PHASE_OF_SCENARIO};
    struct store *store = cluster->store;
    sim_dur phase;

    if (store->config->idle_timeout_ns == 0)
        return;
    phase = phase_start_ns(&rule, store->sim, store->instance, (uint64_t)cluster->region, SIM_S);
    sim_at(store->sim, phase > 0 ? phase : SIM_S, cluster->idle_kind, 0, 0);
}

RARE void listener_note_use(struct cluster *cluster, const struct command *command)
{
    if (listener_is_open(cluster, command))
        connection_row(&cluster->listener, command->region, command->connection)->used =
            sim_now(cluster->store->sim);
}

/* Redis asks each connection about once a second (clientsCron()). */
static void cluster_on_idle(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct listener *listener = &cluster->listener;
    sim_dur timeout = cluster->store->config->idle_timeout_ns;

    sim_after(sim, SIM_S, cluster->idle_kind, entity, generation);
    if (!cluster->up || cluster->stalled)
        return;
    for (uint32_t r = 0; r < REGIONS_MAX; r++)
        for (size_t i = 0; i < listener->connection_count[r]; i++) {
            struct server_connection *row = &listener->connections[r][i];

            if (!row->open || sim_now(sim) - row->used <= timeout)
                continue;
            row->unread = false;
            connection_closed(&cluster->nodes[row->node], ref_make(r, (uint32_t)i), row);
            connection_ended(cluster, row);
        }
}

/* --- commands that the event loop does not serve --------------------------------------------- */

RARE void listener_misses(struct cluster *cluster, uint32_t ref, struct command *command)
{
    struct store *store = cluster->store;
    const struct handshake_return *back = store->returns[command->region];
    struct link_port *link = store->links[command->region][cluster->region];
    struct message message = {.kind = cluster->command_kind,
                              .lost = store->pools[command->region]->lost_kind,
                              .entity = ref,
                              .generation = command->generation & SIM_GENERATION_MASK,
                              .bytes = command->bytes,
                              .identity = command->identity,
                              .index = command->attempt};
    struct connection_way way;

    if (back->way(back->self, command->connection, command->connection_generation, &way)) {
        struct node *node = node_at(cluster, way.endpoint);

        if (node->down == CRASH_HOST) {
            link->dropped(link->self, way.out, &message);
            return;
        }
        if (node->down == CRASH_NONE) /* one shard of several has no node yet */
            connection_notify(cluster, ref_make(command->region, command->connection),
                              command->connection_generation, &way, back->rst_kind);
    }
    command_hand(command, COMMAND_ON_WIRE, COMMAND_AT_STORE);
    command_drop(store, ref, command);
}

RARE bool listener_reads(struct cluster *cluster, const struct command *command, uint64_t iteration)
{
    struct server_connection *row;

    if (!listener_connection(cluster, command))
        return true;
    row = connection_row(&cluster->listener, command->region, command->connection);
    if (row->read_iteration != iteration) {
        row->read_iteration = iteration;
        row->read_bytes = 0;
    }
    if (row->read_bytes >= cluster->store->config->read_per_iteration_bytes)
        return false;
    row->read_bytes += command->bytes;
    return true;
}

RARE uint32_t listener_writes(struct cluster *cluster, const struct command *command,
                              uint32_t bytes, uint64_t iteration)
{
    struct server_connection *row;
    int64_t room;

    if (!listener_connection(cluster, command))
        return 0;
    row = connection_row(&cluster->listener, command->region, command->connection);
    if (row->written_iteration != iteration) {
        row->written_iteration = iteration;
        row->written_bytes = 0;
    }
    room = cluster->store->config->write_per_iteration_bytes - row->written_bytes;
    if (room > bytes)
        room = bytes;
    row->written_bytes += room;
    return bytes - (uint32_t)room;
}

/* Answer a command on a connection that the event loop does not serve. */
static void stray_reply(struct cluster *cluster, uint32_t node, uint32_t ref,
                        struct command *command)
{
    struct store *store = cluster->store;
    struct server *server = server_of_command(cluster, command);
    enum execution execution = EXECUTION_DONE;

    if (command_is_write(command->kind))
        command_refuse_write(store, command);
    else if (ref_is_class(command->session))
        execution = class_execute(server, ref, command);
    else if (store->kind->replica_read)
        execution = store->kind->replica_read(server, node, ref, command);
    else
        execution = store->kind->execute(server, ref, command);
    if (execution == EXECUTION_DONE)
        cluster_reply(cluster, ref, command);
    else
        server_pend(server, ref, command);
}

void server_settle_strays(struct server *server)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    uint32_t ref = server->head;

    server->head = NO_INDEX;
    while (ref != NO_INDEX) {
        struct command *command = command_at(store->pools[ref_region(ref)], ref_index(ref));
        const struct server_connection *row = listener_connection(cluster, command);
        uint32_t next = command->next;

        server->queued--;
        if (row && row->stray) {
            queue_check_leave(&cluster->queued, sim_now(store->sim), command->arrived);
            stray_reply(cluster, row->node, ref, command);
        } else {
            server_queue(server, ref, command);
        }
        ref = next;
    }
}

RARE bool listener_takes(struct cluster *cluster, uint32_t ref, struct command *command)
{
    struct store *store = cluster->store;
    const struct server_connection *connection = listener_connection(cluster, command);
    const struct server *server;

    if (!connection || !(connection->refused || connection->stray || connection->waits))
        return false;
    server = server_of_command(cluster, command);
    if (connection->waits && (!cluster->up || server->gone))
        return false;
    command_hand(command, COMMAND_ON_WIRE, COMMAND_AT_STORE);
    if (connection->waits && !connection->refused) {
        command->arrived = sim_now(store->sim);
        queue_check_enter(&cluster->queued, command->arrived);
        server_park(server_of_connection(&cluster->nodes[connection->node], command->connection),
                    ref, command);
        return true;
    }
    if (connection->refused) {
        command->reply.kind = REPLY_RESET;
        probe_count(store->probes, cluster->refused);
        cluster_reply(cluster, ref, command);
    } else {
        stray_reply(cluster, connection->node, ref, command);
    }
    return true;
}

void listener_init(struct listener *listener)
{
    listener->waiting_free = listener->held.head = NO_INDEX;
}

void listener_resume(struct cluster *cluster)
{
    struct listener *listener = &cluster->listener;
    struct waiting_list held = listener->held;

    listener->held.head = NO_INDEX;
    while (held.head != NO_INDEX) {
        struct waiting_handshake next = waiting_take(listener, &held);

        cluster_on_handshake(cluster, cluster->store->sim, next.connection, next.generation);
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

const struct event_kind cluster_idle = {
    .name = "idle", .phase = PHASE_WORK, .fire = cluster_on_idle};
