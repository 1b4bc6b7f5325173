// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For tests of store and replication together: both real models, the real link, and a driver that
 * sends commands to the store and injects faults at chosen times. Include it once, after cmocka.h.
 *
 *   plan_at(10 * SIM_S, do_something, 3);     called as a fault at that time, with 3
 *   run_scenario("regions: ...");             run; read statistics with found()
 *   end_scenario();
 *
 * A command's connection is closed (open ones have generation 0), so that the test sees the reply
 * when it leaves the server.
 */
#ifndef STORE_RIG_H
#define STORE_RIG_H

#include "assert_close.h"
#include "statistics.h"
#include "connection.h"
#include "store_command.h"
#include "link.h"
#include "refs.h"
#include "session.h"
#include "losses.h"
#include "promotion.h"
#include "replica.h"
#include "store_fault.h"
#include "stream.h"
#include "registry.h"

#include <stdlib.h>

#define PLAN_MAX 20000
#define ROWS_MAX 400000
#define FLOWS_MAX 1000

struct driver_config {
    double reads_per_s;
    sim_dur patience_ns;
};
#define MODEL_CONFIG struct driver_config
// clang-format off
static const struct field driver_fields[] = {
    RATE("reads", reads_per_s, "0/s", "0/s", "10M/s", "Poisson, of as many sessions, at the first region's cluster", "assumption"),
    DURATION("patience", patience_ns, "0ms", "0s", "1h", "a read answered later is counted as late", "assumption"),
};
static const struct metric driver_metrics[] = {
    {.name = "sojourn", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "from a read's arrival to its reply"},
    {.name = "answered", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "reads answered"},
    {.name = "late", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "reads answered after their patience"},
    {.name = "late_share", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .over = "late", .under = "answered", .meaning = "late / answered"},
};
// clang-format on

struct driver {
    const struct driver_config *config;
    struct sim *sim;
    uint32_t regions;
    struct rng_stream stream;
    uint64_t sent;
    struct command_pool pools[REGIONS_MAX];
    struct handshake_return backs[REGIONS_MAX];
    struct listener_port *listeners[REGIONS_MAX];
    struct store_fault_port *faults[REGIONS_MAX];
    struct link_fault_port *cuts[REGIONS_MAX][REGIONS_MAX];
    struct link_port *links[REGIONS_MAX][REGIONS_MAX];
    struct promotion_port *promotion;
    struct losses_port *losses;
    struct replica_port *replica;
    struct stream_port *streams;
    kind_id next_kind, plan_kind, command_kind, handshake_kind, broken_kind;
    uint32_t flows[FLOWS_MAX]; /* of connections with handshakes, plus 1: to the store */
    uint32_t backs_of[FLOWS_MAX];
    probe_id sojourn, answered, late;
};

/* The plan, and the observed results. */
static struct driver *driver;
static struct {
    struct {
        sim_time at;
        void (*call)(uint32_t arg);
        uint32_t arg;
    } plan[PLAN_MAX];
    uint32_t plan_count;
    uint64_t acknowledged; /* writes answered OK */
    uint64_t reply_total;  /* commands answered */
    int reply;             /* of the last one */
    struct {
        uint32_t session;
        int reply, miss;
        sim_time at;
    } replies[100]; /* the first ones */
    uint32_t reply_count;
    uint32_t handshakes; /* answered */
    sim_time handshake_at[2000];
} seen;
static sim_time arrived[ROWS_MAX];

static inline void plan_at(sim_time at, void (*call)(uint32_t arg), uint32_t arg)
{
    assert_true(seen.plan_count < PLAN_MAX);
    seen.plan[seen.plan_count].at = at;
    seen.plan[seen.plan_count].call = call;
    seen.plan[seen.plan_count++].arg = arg;
}

static inline void send_command(int region, enum command_kind kind, uint32_t session,
                                uint32_t bytes, uint32_t connection)
{
    struct command_pool *pool = &driver->pools[0];
    uint32_t row = command_alloc(pool);
    struct command *command = command_at(pool, row);

    assert_true(row < ROWS_MAX);
    *command = (struct command){.identity = ++driver->sent,
                                .session = session,
                                .session_check = 1,
                                .connection = connection,
                                .connection_generation = 1,
                                .bytes = bytes,
                                .kind = (uint8_t)kind,
                                .generation = command->generation,
                                .owner = COMMAND_ON_WIRE};
    arrived[row] = sim_now(driver->sim);
    sim_after(driver->sim, 0, driver->listeners[region]->command_kind, row, command->generation);
}

/* The command has ended: answered, if there is a reply. */
static inline void driver_drop(void *self, uint32_t row)
{
    struct command_pool *pool = &driver->pools[0];
    const struct command *command = command_at(pool, row);
    sim_dur stay = sim_now(driver->sim) - arrived[row];

    (void)self;
    seen.reply = command->reply.kind;
    seen.reply_total += command->reply.kind != REPLY_NONE;
    if (seen.reply_count < 100) {
        seen.replies[seen.reply_count].session = command->session;
        seen.replies[seen.reply_count].reply = command->reply.kind;
        seen.replies[seen.reply_count].miss = command->reply.miss;
        seen.replies[seen.reply_count++].at = sim_now(driver->sim);
    }
    if (command->reply.kind == REPLY_OK)
        seen.acknowledged++;
    if (command->kind == COMMAND_GET && command->reply.kind != REPLY_NONE) {
        probe_latency(sim_probes(driver->sim), driver->sojourn, stay);
        probe_count(sim_probes(driver->sim), driver->answered);
        if (stay > driver->config->patience_ns)
            probe_count(sim_probes(driver->sim), driver->late);
    }
    command_free(pool, row);
}

/* Clients are as patient as `driver.patience`; 0: without end. */
static inline bool driver_waits(const void *self, uint32_t row)
{
    (void)self;
    return driver->config->patience_ns == 0 ||
           sim_now(driver->sim) - arrived[row] <= driver->config->patience_ns;
}

static inline void driver_on_next(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    double u = rng_unit(rng_block_at(&driver->stream, ++driver->sent, 0).word[0]);

    (void)self, (void)entity, (void)generation;
    send_command(0, COMMAND_GET, (uint32_t)(driver->sent % 100000), 60, 0);
    sim_after(sim, (sim_dur)(-log(u) / driver->config->reads_per_s * (double)SIM_S),
              driver->next_kind, 0, 0);
}

/* Of a connection: no test has one that breaks. */
static inline void driver_on_broken(void *self, struct sim *sim, uint32_t entity,
                                    uint32_t generation)
{
    (void)self, (void)sim, (void)entity, (void)generation;
    fail_msg("a connection broke");
}

static inline void driver_on_plan(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self, (void)sim, (void)generation;
    seen.plan[entity].call(seen.plan[entity].arg);
}

static inline void driver_on_handshake(void *self, struct sim *sim, uint32_t entity,
                                       uint32_t generation)
{
    (void)self, (void)entity, (void)generation;
    assert_true(seen.handshakes < 2000);
    seen.handshake_at[seen.handshakes++] = sim_now(sim);
}

/* Each handshake has a connection of its own, of generation 0. */
static inline bool driver_way(void *self, uint32_t connection, uint32_t generation,
                              struct connection_way *way)
{
    struct link_port *link = driver->links[0][0];

    (void)self;
    if (connection >= FLOWS_MAX || generation != 0)
        return false; /* commands come on no connection */
    if (driver->flows[connection] == 0) {
        driver->flows[connection] = 1 + link->open(link->self);
        driver->backs_of[connection] = link->open(link->self);
        link->pair(link->self, driver->backs_of[connection], driver->flows[connection] - 1);
        link->watch(link->self, driver->backs_of[connection], 0, driver->broken_kind, 0, 0);
    }
    *way = (struct connection_way){.out = driver->flows[connection] - 1,
                                   .in = driver->backs_of[connection],
                                   .endpoint = 0,
                                   .syn = true};
    return true;
}

static inline void driver_peer_changed(void *self, uint32_t endpoint, enum peer_state peer)
{
    (void)self, (void)endpoint, (void)peer;
}

static inline void driver_cut(void *self, uint32_t endpoint, bool begin)
{
    (void)self, (void)endpoint, (void)begin;
}

static const struct event_kind driver_next = {
    .name = "next", .phase = PHASE_WORK, .fire = driver_on_next};
static const struct event_kind driver_plan = {
    .name = "plan", .phase = PHASE_FAULT, .fire = driver_on_plan};
static const struct event_kind driver_broken = {
    .name = "broken", .phase = PHASE_WORK, .fire = driver_on_broken};
static const struct event_kind driver_handshake = {
    .name = "handshake", .phase = PHASE_WORK, .fire = driver_on_handshake};

static inline void driver_init(void *self, const struct model_env *env)
{
    driver = self;
    driver->config = env->config;
    driver->sim = env->sim;
    driver->regions = env->topology->region_count;
    driver->stream = sim_stream(env->sim, env->instance, "reads");
    driver->next_kind = sim_kind_add(env->sim, &driver_next, env->instance, driver);
    driver->plan_kind = sim_kind_add(env->sim, &driver_plan, env->instance, driver);
    driver->broken_kind = sim_kind_add(env->sim, &driver_broken, env->instance, driver);
    driver->handshake_kind = sim_kind_add(env->sim, &driver_handshake, env->instance, driver);
    driver->sojourn = probe_latency_open(sim_probe_set(env->sim), "sojourn", 0, NULL);
    driver->answered = probe_count_open(sim_probe_set(env->sim), "answered", 0, NULL);
    driver->late = probe_count_open(sim_probe_set(env->sim), "late", 0, NULL);
    for (int r = 0; r < (int)driver->regions; r++) {
        command_pool_init(&driver->pools[r]);
        driver->pools[r].handshake_kind = driver->handshake_kind;
        driver->pools[r].self = driver;
        driver->pools[r].drop = driver_drop;
        driver->pools[r].waits = driver_waits;
        driver->backs[r] = (struct handshake_return){.self = driver,
                                                     .way = driver_way,
                                                     .peer_changed = driver_peer_changed,
                                                     .cut = driver_cut};
        port_offer_commands(env->ports, r, -1, &driver->pools[r]);
        port_offer_handshake_return(env->ports, r, -1, &driver->backs[r]);
    }
}

static inline void driver_connect(void *self, const struct port_directory *ports)
{
    (void)self;
    driver->promotion = port_need_promotion(ports, -1, -1);
    driver->losses = port_need_losses(ports, -1, -1);
    driver->replica = port_need_replica(ports, -1, -1);
    driver->streams = port_need_stream(ports, -1, -1);
    for (int a = 0; a < (int)driver->regions; a++) {
        driver->listeners[a] = port_need_listener(ports, a, -1);
        driver->faults[a] = port_need_store_fault(ports, a, -1);
        for (int b = 0; b < (int)driver->regions; b++) {
            driver->cuts[a][b] = port_need_link_fault(ports, a, b);
            driver->links[a][b] = port_need_link(ports, a, b);
        }
    }
}

static inline void driver_start(void *self)
{
    (void)self;
    for (uint32_t i = 0; i < seen.plan_count; i++)
        sim_at(driver->sim, seen.plan[i].at, driver->plan_kind, i, 0);
    if (driver->config->reads_per_s > 0)
        sim_at(driver->sim, 0, driver->next_kind, 0, 0);
}

static inline void driver_fini(void *self)
{
    (void)self;
    command_pool_release(&driver->pools[0]);
}

static const struct model_ops driver_ops = {
    .name = "driver",
    .section = "driver",
    .meaning = "commands for the store, and its levers",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct driver_config),
    .state_size = sizeof(struct driver),
    FIELD_TABLE(driver_fields),
    METRIC_TABLE(driver_metrics),
    .init = driver_init,
    .connect = driver_connect,
    .start = driver_start,
    .fini = driver_fini,
};
static const struct model_ops *const rig_models[] = {&driver_ops, &wan_link_ops, &store_ops,
                                                     &replication_ops};
static const struct registry rig_registry = {rig_models, 4};

static struct scenario *rig_scenario;
static struct world *rig_world;

static inline void run_scenario(const char *text)
{
    rig_scenario = scenario_of(&rig_registry, text);
    rig_world = world_of(rig_scenario, 0, NULL);
}

/* Read the store's final state before this call. */
static inline void end_scenario(void)
{
    world_free(rig_world);
    scenario_free(rig_scenario);
    rig_world = NULL;
}

static inline double found(const char *metric, int region, const char *label)
{
    return statistic_of(rig_world, (struct wanted){metric, NULL, region, label, NULL});
}

static inline int forget_plan(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    seen.reply = REPLY_NONE;
    return 0;
}

/* --- actions --------------------------------------------------------------------------------- */

static inline void blackhole(int from, int to, bool begin)
{
    static const struct link_impairment cut = {.blackhole = true};
    const struct link_fault_port *link = driver->cuts[from][to];

    if (begin)
        link->begin(link->self, &cut);
    else
        link->end(link->self, &cut);
}

static inline void begin_cut_there(uint32_t arg)
{
    (void)arg;
    blackhole(0, 1, true);
}

static inline void end_cut_there(uint32_t arg)
{
    (void)arg;
    blackhole(0, 1, false);
}

static inline void begin_cut_back(uint32_t arg)
{
    (void)arg;
    blackhole(1, 0, true);
}

static inline void end_cut_back(uint32_t arg)
{
    (void)arg;
    blackhole(1, 0, false);
}

static inline void write_session(uint32_t session)
{
    send_command(0, COMMAND_CREATE, session, 1000, 0);
}

static inline void promote_second(uint32_t arg)
{
    (void)arg;
    driver->promotion->begin(driver->promotion->self, 1);
    driver->promotion->end(driver->promotion->self, 1, DEPOSED_REJOINS);
}

#endif
