// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A store with a scripted server, under the real client and links: it answers one class of errors
 * and nothing else, and counts the commands and connects that it receives. Endpoint 0 is a name,
 * endpoint 1 its address in the first region. For tests; include it once, after statistics.h.
 */
#ifndef SCRIPTED_STORE_H
#define SCRIPTED_STORE_H

#include "client_driver.h"
#include "client_internal.h"
#include "client_presets.h"
#include "store_internal.h"
#include "test_kinds.h"

/* --- the server ------------------------------------------------------------------------------ */

static struct {
    enum client_error error; /* of what it does */
    sim_time until;          /* of `error`; then all is well; 0: to the end */
    sim_time reset_at;       /* the connection of the first command is lost; 0: never */
    uint32_t commands, connects, closes;
    uint32_t commands_at_end, connects_at_end, closes_at_end, attempts;
    uint64_t lookups, lookups_at_end;
    enum op_outcome outcome;
    sim_dur latency;
    uint32_t ended;
    uint32_t failed, failed_late; /* operations; those that began after `until` */
    uint32_t connects_until;      /* before `until` */
    uint32_t at_connection[8];    /* commands, by the client's index of the connection */
} seen;

static void seen_nothing(enum client_error error)
{
    memset(&seen, 0, sizeof seen);
    seen.error = error;
}

static struct store_client *client_of(struct cluster *cluster)
{
    return cluster->store->pools[0]->self;
}

static bool is_well(const struct sim *sim)
{
    return seen.until > 0 && sim_now(sim) >= seen.until;
}

/* Reset the client's end of a connection; at 0: now. */
static void reset(struct cluster *cluster, sim_time at, uint32_t connection, uint32_t generation)
{
    sim_time now = sim_now(cluster->store->sim);

    sim_at(cluster->store->sim, at > now ? at : now, client_of(cluster)->pools.reset_kind,
           connection, generation);
}

static struct reply replies[CLIENT_ERRORS] = {
    [ERROR_READONLY] = {.kind = REPLY_READONLY},
    [ERROR_LOADING] = {.kind = REPLY_LOADING},
    [ERROR_CLUSTERDOWN] = {.kind = REPLY_MINORITY},
    [ERROR_MOVED] = {.kind = REPLY_MOVED, .target = 1},
    [ERROR_ASK] = {.kind = REPLY_ASK, .target = 1},
    [ERROR_MAX_CLIENTS] = {.kind = REPLY_RESET},
    [ERROR_OOM] = {.kind = REPLY_OOM},
    [ERROR_OTHER] = {.kind = REPLY_THROTTLED},
};

static enum execution scripted_execute(struct server *server, uint32_t ref, struct command *command)
{
    (void)ref;
    seen.commands++;
    seen.at_connection[command->connection % 8]++;
    if (is_well(server->cluster->store->sim)) {
        command->reply = (struct reply){.kind = REPLY_OK, .executed = true};
        return EXECUTION_DONE;
    }
    if (seen.error == ERROR_LOST)
        reset(server->cluster, 0, command->connection, command->connection_generation);
    if (seen.commands == 1 && seen.reset_at > 0)
        reset(server->cluster, seen.reset_at, command->connection, command->connection_generation);
    if (replies[seen.error].kind == REPLY_NONE)
        return EXECUTION_PENDING; /* for ever */
    command->reply = replies[seen.error];
    return EXECUTION_DONE;
}

/* Forwards a handshake to the real listener, refuses it, or drops it. */
static kind_id real_handshake;
static void scripted_on_handshake(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    seen.connects++;
    seen.connects_until += !is_well(sim);
    if (is_well(sim))
        sim_at(sim, sim_now(sim), real_handshake, entity, generation);
    else if (seen.error == ERROR_REFUSED)
        reset(self, 0, ref_index(entity), generation);
    else if (seen.error != ERROR_CONNECT_TIMEOUT)
        sim_at(sim, sim_now(sim), real_handshake, entity, generation);
}

static void scripted_event(void *self, uint32_t connection, uint32_t generation,
                           enum connection_event event)
{
    seen.closes += event != CONNECTION_ESTABLISHED ||
                   seen.error == ERROR_LOST; /* a scripted reset is none of the network's */
    listener_event(self, connection, generation, event);
}

static const struct event_kind scripted_handshake = {
    .name = "scripted", .phase = PHASE_WORK, .fire = scripted_on_handshake};

static void scripted_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    if (cluster->region != 0)
        return;
    real_handshake = cluster->handshake_kind;
    cluster->handshake_kind = sim_kind_add(env->sim, &scripted_handshake, env->instance, cluster);
}

/* The nodes are there now. */
static void scripted_connect(struct store *store, const struct port_directory *ports)
{
    struct cluster *cluster = &store->clusters[0];

    (void)ports;
    cluster->nodes[0].port.handshake_kind = cluster->handshake_kind;
    cluster->nodes[0].port.event = scripted_event;
}

/* Connections are opened by the name; redirects name the address, which is another pool. */
static void scripted_endpoints(struct store *store, struct endpoint_table *table)
{
    (void)store;
    endpoint_add(table, (struct endpoint){.name = "name", .region = ENDPOINT_BY_NAME});
    endpoint_add(table, (struct endpoint){.name = "address", .region = 0});
}

static uint32_t scripted_route(const void *store, const struct client_knowledge *knowledge,
                               const struct route_query *query)
{
    (void)store, (void)knowledge, (void)query;
    return 0;
}

static void seed_nothing(struct store *store, uint32_t session, uint32_t session_check)
{
    (void)store, (void)session, (void)session_check;
}

static void back_as_before(struct cluster *cluster, bool was_down)
{
    (void)cluster, (void)was_down;
}

static const struct store_kind scripted = {
    .model = {.name = "scripted", .meaning = "it answers one class of errors"},
    .state_size = 1,
    .row_size = 1,
    .endpoints = scripted_endpoints,
    .route = scripted_route,
    .seed = seed_nothing,
    .execute = scripted_execute,
    .back = back_as_before,
    .cluster_init = scripted_cluster_init,
    .connect = scripted_connect};

static const struct model_kind *const kinds[] = {&scripted.model};
static const char *const kind_names[] = {"scripted", NULL};

static void write_ended(uint64_t number, sim_time begun, sim_time now,
                        const struct op_result *result)
{
    (void)number;
    seen.ended++;
    seen.failed += result->outcome == OP_FAILED;
    seen.failed_late += result->outcome == OP_FAILED && begun > seen.until;
    seen.attempts = result->attempts;
    seen.outcome = result->outcome;
    seen.latency = now - begun;
    seen.commands_at_end = seen.commands;
    seen.connects_at_end = seen.connects;
    seen.closes_at_end = seen.closes;
    seen.lookups_at_end = client_seen.lookups;
}

static int make_store(void **state)
{
    (void)state;
    test_store_make(kinds, kind_names);
    client_dns_ttl = 0;
    client_plan.count = 0;
    client_seen.write_done = write_ended;
    return 0;
}

/* One round trip is 1 ms; a connection has no TLS. */
static void run(const char *client, const char *driver)
{
    struct scenario *scenario;
    struct world *world;
    char text[2000];

    snprintf(text, sizeof text,
             "regions: {a: {}}\nduration: 20min\nwarmup: 0s\n"
             "store: {write_service: 0ms, write_per_kib: 0ms, read_service: 0ms}\n"
             "network: {inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}}\n"
             "client: {tls: none, %s}\ndriver: {%s}\n",
             client, driver);
    client_seen.lookups = 0;
    scenario = scenario_of(&test_registry, text);
    world = world_of(scenario, 0, NULL);
    seen.lookups = client_seen.lookups;
    world_free(world);
    scenario_free(scenario);
}

#endif
