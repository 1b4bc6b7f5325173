// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A driver of the store client of each region: it replaces the application tier, DNS and objective
 * by plain operations on the store. For tests; include it once, after statistics.h.
 *
 * A test's own list of operations (client_plan) is submitted at chosen instants. In addition, each
 * write creates a session of its own; `read_after` lets a read of that session follow it in
 * `reader`, so long after the write was acknowledged. The links may be cut from `cut_from` on, for
 * `cut_for`.
 */
#ifndef CLIENT_DRIVER_H
#define CLIENT_DRIVER_H

#include "store_command.h"
#include "dns.h"
#include "link.h"
#include "objective.h"
#include "refs.h"
#include "session.h"
#include "losses.h"
#include "promotion.h"
#include "store_fault.h"
#include "stream.h"
#include "registry.h"

#include <math.h>
#include <stdlib.h>

struct client_driver_config {
    double rate_per_s;
    bool poisson, cut_resets;
    int32_t writer, reader, isolated;
    sim_time pause_from_ns, cut_from_ns;
    sim_dur pause_for_ns, read_after_ns, cut_for_ns;
    struct link_ref cut;
    uint32_t writes;
    sim_time promote_at_ns, stall_from_ns, crash_from_ns, restart_at_ns, roles_at_ns;
    sim_dur stall_for_ns, crash_for_ns;
    bool crash_host, crash_zone;
};
#define MODEL_CONFIG struct client_driver_config
// clang-format off
static const struct field client_driver_fields[] = {
    RATE("rate", rate_per_s, "0/s", "10/s", "1M/s", "writes", "assumption"),
    FLAG("poisson", poisson, "false", "or one a period", "assumption"),
    REGION("writer", writer, "whose client writes; left out: the first region", "assumption"),
    REGION("reader", reader, "whose client reads; left out: the first region", "assumption"),
    DURATION("read_after", read_after_ns, "0s", "0s", "1h", "from a write's acknowledgement to a read of it; 0: no reads", "assumption"),
    LINK("cut", cut, "a link that carries nothing for a while", "assumption"),
    REGION("isolate", isolated, "or all links of a region", "assumption"),
    DURATION("cut_from", cut_from_ns, "0s", "0s", "30d", "from", "assumption"),
    FLAG("cut_resets", cut_resets, "false", "the link resets connections instead", "assumption"),
    DURATION("cut_for", cut_for_ns, "0s", "30d", "30d", "for", "assumption"),
    COUNT("writes", writes, "0", "0", "1000000000", "number of writes; 0: until the end", "assumption"),
    DURATION("stall_from", stall_from_ns, "0s", "0s", "30d", "the first region's store hangs; 0: never", "assumption"),
    DURATION("stall_for", stall_for_ns, "0s", "1s", "30d", "for", "assumption"),
    DURATION("pause_from", pause_from_ns, "0s", "0s", "30d", "the first region's replication, or durable log, is paused; 0: never", "assumption"),
    DURATION("pause_for", pause_for_ns, "0s", "1s", "30d", "for", "assumption"),
    DURATION("crash_from", crash_from_ns, "0s", "0s", "30d", "its process exits; 0: never", "assumption"),
    DURATION("crash_for", crash_for_ns, "0s", "1s", "30d", "for", "assumption"),
    DURATION("restart_at", restart_at_ns, "0s", "0s", "30d", "its process is restarted; 0: never", "assumption"),
    DURATION("roles_at", roles_at_ns, "0s", "0s", "30d", "a planned change of roles; 0: never", "assumption"),
    FLAG("crash_host", crash_host, "false", "its host goes down instead", "assumption"),
    FLAG("crash_zone", crash_zone, "false", "its zone is cut off instead", "assumption"),
    DURATION("promote_at", promote_at_ns, "0s", "0s", "30d", "the second region's cluster is promoted at once; 0: never", "assumption"),
};
// clang-format on
#undef MODEL_CONFIG

/* Observations of the run, for tests that need them. */
static struct {
    void (*write_done)(uint64_t number, sim_time begun, sim_time ended,
                       const struct op_result *result);
    uint64_t reads, misses, lookups;
    uint64_t writes_begun, writes_ended, writes_lost;
    sim_dur rpo;
} client_seen;

/* Operations of the test's own; operation i has identity i + 1. */
struct client_step {
    sim_time at;
    int region;
    enum command_kind kind;
    uint32_t session;
};
static struct {
    const struct client_step *steps;
    uint32_t count;
} client_plan;

/* From this instant on the store's name has the address of epoch 1; 0: never. */
static sim_time client_readdressed_at;

/* Answers in place of the name's; NULL: none. */
static const struct dns_resolver *client_resolver;

/* How long an answer to a lookup of the name is valid. */
static sim_dur client_dns_ttl;

struct client_op {
    uint64_t number; /* of the write, from 1 */
    sim_time begun;
    uint32_t next_free;
    bool is_read, is_planned;
};

struct client_driver {
    const struct client_driver_config *config;
    struct sim *sim;
    uint32_t regions;
    struct rng_stream stream;
    int writer, reader;
    uint64_t number;
    struct client_op *ops; /* by request */
    uint32_t op_count, op_capacity, op_free;
    struct op_port port;
    struct dns_port dns;
    struct objective_port objective;
    struct session_port *sessions[REGIONS_MAX];
    struct promotion_port *promotion; /* NULL: the store has nothing to promote */
    struct losses_port *losses;       /* NULL: it counts none */
    struct link_fault_port *faults[REGIONS_MAX][REGIONS_MAX];
    struct store_fault_port *store_fault;
    const struct stream_port *replication; /* NULL: the store replicates nothing */
    kind_id write_kind, read_kind, cut_kind, promote_kind, stall_kind, crash_kind, plan_kind;
};

static uint32_t client_op_take(struct client_driver *driver)
{
    uint32_t index = driver->op_free;

    if (index != NO_INDEX) {
        driver->op_free = driver->ops[index].next_free;
        return index;
    }
    if (driver->op_count == driver->op_capacity) {
        driver->op_capacity = driver->op_capacity * 2 + 64;
        driver->ops = realloc(driver->ops, driver->op_capacity * sizeof *driver->ops);
        assert_non_null(driver->ops);
    }
    return driver->op_count++;
}

static void client_submit_op(struct client_driver *driver, uint32_t index, int region,
                             enum command_kind kind, sim_time last_write)
{
    const struct client_op *op = &driver->ops[index];
    uint32_t rows = UINT32_C(1) << 20; /* of sessions; reused with another check */
    struct op_request request = {.request = index,
                                 .kind = (uint8_t)kind,
                                 .session = (uint32_t)(op->number % rows),
                                 .session_check = (uint32_t)(op->number / rows) + 1,
                                 .identity = rng_mix(op->number * 2 + op->is_read),
                                 .last_write = last_write};

    driver->sessions[region]->submit(driver->sessions[region]->self, &request);
}

static void client_driver_on_write(void *self, struct sim *sim, uint32_t entity,
                                   uint32_t generation)
{
    struct client_driver *driver = self;
    const struct client_driver_config *config = driver->config;
    double wait = 1 / config->rate_per_s;
    uint32_t index = client_op_take(driver);

    (void)entity, (void)generation;
    driver->ops[index] = (struct client_op){.number = ++driver->number, .begun = sim_now(sim)};
    client_seen.writes_begun++;
    client_submit_op(driver, index, driver->writer, COMMAND_CREATE, -1);
    if (config->writes > 0 && driver->number == config->writes)
        return;
    if (config->poisson)
        wait *= -log(rng_unit(rng_block_at(&driver->stream, driver->number, 0).word[0]));
    sim_after(sim, (sim_dur)llround(wait * (double)SIM_S), driver->write_kind, 0, 0);
}

static void client_driver_on_read(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct client_driver *driver = self;

    (void)generation;
    client_submit_op(driver, entity, driver->reader, COMMAND_GET,
                     sim_now(sim) - driver->config->read_after_ns);
}

static void client_driver_on_plan(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct client_driver *driver = self;
    const struct client_step *step = &client_plan.steps[entity];
    uint32_t index = client_op_take(driver);
    struct op_request request = {.request = index,
                                 .kind = (uint8_t)step->kind,
                                 .session = step->session,
                                 .session_check = 1,
                                 .identity = entity + 1,
                                 .last_write = -1};

    (void)sim, (void)generation;
    driver->ops[index] = (struct client_op){.is_planned = true};
    driver->sessions[step->region]->submit(driver->sessions[step->region]->self, &request);
}

static void client_driver_on_cut(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct client_driver *driver = self;
    const struct link_ref *cut = &driver->config->cut;
    bool resets = driver->config->cut_resets;
    const struct link_impairment impairment = {.blackhole = !resets, .reset = resets};

    (void)sim, (void)generation;
    for (int from = 0; from < (int)driver->regions; from++)
        for (int to = 0; to < (int)driver->regions; to++) {
            struct link_fault_port *fault = driver->faults[from][to];
            bool is_cut = (from == cut->from && to == cut->to) ||
                          (cut->both_ways && from == cut->to && to == cut->from);

            if (is_cut || (from != to &&
                           (from == driver->config->isolated || to == driver->config->isolated)))
                (entity == 0 ? fault->begin : fault->end)(fault->self, &impairment);
        }
}

static void client_driver_on_stall(void *self, struct sim *sim, uint32_t entity,
                                   uint32_t generation)
{
    const struct store_fault_port *store = ((struct client_driver *)self)->store_fault;

    (void)sim, (void)generation;
    store->stall(store->self, entity == 0);
}

static void client_driver_on_crash(void *self, struct sim *sim, uint32_t entity,
                                   uint32_t generation)
{
    const struct client_driver *driver = self;
    enum crash_kind crash = driver->config->crash_host ? CRASH_HOST : CRASH_PROCESS;

    (void)sim, (void)generation;
    if (entity >= 4) {
        driver->replication->pause(driver->replication->self, 0, entity == 4);
        return;
    }
    if (entity == 2) {
        driver->store_fault->restart(driver->store_fault->self);
        return;
    }
    if (entity == 3) {
        driver->store_fault->change_roles(driver->store_fault->self);
        return;
    }
    if (driver->config->crash_zone)
        driver->store_fault->zone(driver->store_fault->self, 0, entity == 0 ? ZONE_CUT : ZONE_WELL);
    else
        driver->store_fault->crash(driver->store_fault->self, entity == 0 ? crash : CRASH_NONE);
}

static void client_driver_on_promote(void *self, struct sim *sim, uint32_t entity,
                                     uint32_t generation)
{
    const struct promotion_port *promotion = ((struct client_driver *)self)->promotion;

    (void)sim, (void)entity, (void)generation;
    promotion->begin(promotion->self, 1);
    promotion->end(promotion->self, 1, DEPOSED_REJOINS);
}

static const struct event_kind client_driver_writes = {
    .name = "write", .phase = PHASE_WORK, .fire = client_driver_on_write};
static const struct event_kind client_driver_reads = {
    .name = "read", .phase = PHASE_WORK, .fire = client_driver_on_read};
static const struct event_kind client_driver_cuts = {
    .name = "cut", .phase = PHASE_FAULT, .fire = client_driver_on_cut};
static const struct event_kind client_driver_stalls = {
    .name = "stall", .phase = PHASE_FAULT, .fire = client_driver_on_stall};
static const struct event_kind client_driver_crashes = {
    .name = "crash", .phase = PHASE_FAULT, .fire = client_driver_on_crash};
static const struct event_kind client_driver_plans = {
    .name = "plan", .phase = PHASE_WORK, .fire = client_driver_on_plan};
static const struct event_kind client_driver_promotes = {
    .name = "promote", .phase = PHASE_WORK, .fire = client_driver_on_promote};

static void client_driver_done(void *self, uint32_t request, const struct op_result *result)
{
    struct client_driver *driver = self;
    struct client_op *op = &driver->ops[request];

    if (op->is_planned) {
        /* the test looks for its end in the history */
    } else if (op->is_read) {
        client_seen.reads++;
        client_seen.misses += result->outcome == OP_MISS;
    } else {
        client_seen.writes_ended++;
        if (client_seen.write_done)
            client_seen.write_done(op->number, op->begun, sim_now(driver->sim), result);
        if (driver->config->read_after_ns > 0 && result->outcome == OP_DONE) {
            op->is_read = true;
            sim_after(driver->sim, driver->config->read_after_ns, driver->read_kind, request, 0);
            return;
        }
    }
    op->next_free = driver->op_free;
    driver->op_free = request;
}

static struct dns_answer client_driver_resolve(void *self, int region)
{
    const struct client_driver *driver = self;
    const struct promotion_port *promotion = driver->promotion;

    (void)region;
    client_seen.lookups++;
    return (struct dns_answer){.region = promotion ? promotion->primary(promotion->self) : 0,
                               .epoch = client_readdressed_at > 0 &&
                                        sim_now(driver->sim) >= client_readdressed_at,
                               .expires = sim_now(driver->sim) + client_dns_ttl};
}

static void client_driver_init(void *self, const struct model_env *env)
{
    struct client_driver *driver = self;

    driver->config = env->config;
    driver->sim = env->sim;
    driver->regions = env->topology->region_count;
    driver->stream = sim_stream(env->sim, env->instance, "writes");
    driver->writer = driver->config->writer < 0 ? 0 : driver->config->writer;
    driver->reader = driver->config->reader < 0 ? 0 : driver->config->reader;
    driver->op_free = NO_INDEX;
    driver->write_kind = sim_kind_add(env->sim, &client_driver_writes, env->instance, driver);
    driver->read_kind = sim_kind_add(env->sim, &client_driver_reads, env->instance, driver);
    driver->cut_kind = sim_kind_add(env->sim, &client_driver_cuts, env->instance, driver);
    driver->promote_kind = sim_kind_add(env->sim, &client_driver_promotes, env->instance, driver);
    driver->stall_kind = sim_kind_add(env->sim, &client_driver_stalls, env->instance, driver);
    driver->crash_kind = sim_kind_add(env->sim, &client_driver_crashes, env->instance, driver);
    driver->plan_kind = sim_kind_add(env->sim, &client_driver_plans, env->instance, driver);
    driver->port = (struct op_port){driver, client_driver_done};
    driver->dns = (struct dns_port){
        .self = driver, .resolve = client_driver_resolve, .resolver = client_resolver};
    driver->objective = (struct objective_port){.self = driver};
    for (int r = 0; r < (int)driver->regions; r++)
        port_offer_ops(env->ports, r, -1, &driver->port);
    port_offer_dns(env->ports, -1, -1, &driver->dns);
    port_offer_objective(env->ports, -1, -1, &driver->objective);
}

static void client_driver_connect(void *self, const struct port_directory *ports)
{
    struct client_driver *driver = self;

    driver->promotion = port_find_promotion(ports, -1, -1);
    driver->losses = port_find_losses(ports, -1, -1);
    driver->store_fault = port_find_store_fault(ports, 0, -1);
    driver->replication = port_find_stream(ports, -1, -1);
    for (int a = 0; a < (int)driver->regions; a++) {
        driver->sessions[a] = port_need_sessions(ports, a, -1);
        driver->sessions[a]->set_instances(driver->sessions[a]->self, 1);
        for (int b = 0; b < (int)driver->regions; b++)
            driver->faults[a][b] = port_need_link_fault(ports, a, b);
    }
}

static void client_driver_start(void *self)
{
    struct client_driver *driver = self;
    const struct client_driver_config *config = driver->config;

    client_seen.reads = client_seen.misses = 0;
    client_seen.writes_begun = client_seen.writes_ended = 0;
    if (config->rate_per_s > 0)
        sim_at(driver->sim, 0, driver->write_kind, 0, 0);
    if (config->cut.from >= 0 || config->isolated >= 0) {
        sim_at(driver->sim, config->cut_from_ns, driver->cut_kind, 0, 0);
        sim_at(driver->sim, config->cut_from_ns + config->cut_for_ns, driver->cut_kind, 1, 0);
    }
    if (config->restart_at_ns > 0)
        sim_at(driver->sim, config->restart_at_ns, driver->crash_kind, 2, 0);
    if (config->roles_at_ns > 0)
        sim_at(driver->sim, config->roles_at_ns, driver->crash_kind, 3, 0);
    if (config->crash_from_ns > 0) {
        sim_at(driver->sim, config->crash_from_ns, driver->crash_kind, 0, 0);
        sim_at(driver->sim, config->crash_from_ns + config->crash_for_ns, driver->crash_kind, 1, 0);
    }
    if (config->pause_from_ns > 0) {
        sim_at(driver->sim, config->pause_from_ns, driver->crash_kind, 4, 0);
        sim_at(driver->sim, config->pause_from_ns + config->pause_for_ns, driver->crash_kind, 5, 0);
    }
    if (config->stall_from_ns > 0) {
        sim_at(driver->sim, config->stall_from_ns, driver->stall_kind, 0, 0);
        sim_at(driver->sim, config->stall_from_ns + config->stall_for_ns, driver->stall_kind, 1, 0);
    }
    for (uint32_t i = 0; i < client_plan.count; i++)
        sim_at(driver->sim, client_plan.steps[i].at, driver->plan_kind, i, 0);
    if (config->promote_at_ns > 0)
        sim_at(driver->sim, config->promote_at_ns, driver->promote_kind, 0, 0);
}

static void client_driver_finish(void *self)
{
    const struct losses_port *losses = ((struct client_driver *)self)->losses;

    if (!losses)
        return;
    client_seen.writes_lost = 0;
    for (enum loss_cause by = 0; by < LOSS_CAUSES; by++)
        client_seen.writes_lost += losses->writes(losses->self, by);
    client_seen.rpo = losses->rpo(losses->self);
}

static void client_driver_fini(void *self)
{
    free(((struct client_driver *)self)->ops);
}

static const struct model_ops client_driver_ops = {
    .name = "driver",
    .section = "driver",
    .meaning = "operations on the store",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct client_driver_config),
    .state_size = sizeof(struct client_driver),
    FIELD_TABLE(client_driver_fields),
    .init = client_driver_init,
    .connect = client_driver_connect,
    .start = client_driver_start,
    .finish = client_driver_finish,
    .fini = client_driver_fini,
};
static const struct model_ops *const client_models[] = {
    &client_driver_ops, &wan_link_ops, &store_ops, &replication_ops, &store_client_ops,
};
static const struct registry client_registry = {client_models,
                                                sizeof client_models / sizeof client_models[0]};

/* Two regions 20 ms apart, service times of 0, a pool that is never exhausted: an attempt takes
 * exactly the request and its reply. */
#define CLIENT_WORLD_WITH(store)                                                                   \
    "regions: {a: {}, b: {}}\nstore: {primary: a, write_service: 0ms, write_per_kib: 0ms, "        \
    "read_service: 0ms, connect_cost: {accept: 0ms, tls: 0ms, auth: 0ms}" store "}\n"
#define CLIENT_WORLD CLIENT_WORLD_WITH("")

static inline int client_seen_nothing(void **state)
{
    (void)state;
    memset(&client_seen, 0, sizeof client_seen);
    return 0;
}

#endif
