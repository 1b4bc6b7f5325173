// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For tests of the tier alone, as a queue: users are a Poisson process of pages with a valid token,
 * so that the tier responds after its own service without using the store.
 *
 * Include cmocka.h before this file.
 */
#ifndef TIER_RIG_H
#define TIER_RIG_H

#include "statistics.h"
#include "store_command.h"
#include "edge.h"
#include "session.h"
#include "session_store.h"
#include "stream.h"
#include "user.h"
#include "registry.h"

#include <stdlib.h>

/* --- driver ---------------------------------------------------------------------------------- */

struct driver_config {
    double rate_per_s;
    uint32_t burst;
    sim_dur patience_ns;
};
#define MODEL_CONFIG struct driver_config
// clang-format off
static const struct field driver_fields[] = {
    RATE("rate", rate_per_s, "0/s", "0/s", "1M/s", "pages, Poisson", "assumption"),
    COUNT("burst", burst, "0", "0", "1000000", "pages at the instant 1 s", "assumption"),
    DURATION("patience", patience_ns, "1ms", "1h", "1h", "time for which a user waits", "assumption"),
};
// clang-format on

#define ANSWERS_MAX 1000
/* Observed responses: kinds and times of the first ones. */
static struct {
    uint64_t sent, answered;
    enum response_kind kinds[ANSWERS_MAX];
    sim_time at[ANSWERS_MAX];
    bool carried[ANSWERS_MAX];
    uint32_t pages[ANSWERS_MAX]; /* number of the page that was answered, from 0 */
    bool healthy;
    enum session_mode mode;
    enum request_kind request;
    enum op_outcome store_says;
    bool writes_succeed; /* whatever it says */
    bool neighbours;     /* identities of requests are consecutive, as those of a user */
    uint64_t identities[ANSWERS_MAX]; /* of operations on the store */
    uint32_t identity_count;
} seen;

#define SENT_MAX 65536 /* more than can wait */
struct driver {
    sim_time sent[SENT_MAX]; /* by number modulo SENT_MAX */
    const struct driver_config *config;
    struct sim *sim;
    struct rng_stream stream;
    kind_id send_kind, burst_kind, store_kind;
    struct session_port sessions;
    struct edge_port edge;
    struct users_port users;
    struct app_port *app;
    struct op_port *ops;
};

static void driver_send(struct driver *driver)
{
    uint64_t n = seen.sent++;
    struct user_request request = {.identity = n * (seen.neighbours ? 1 : 1000),
                                   .service_word = rng_block_at(&driver->stream, n, 1).word[0],
                                   .pending = (uint32_t)n,
                                   .kind = seen.request,
                                   .mode = seen.mode,
                                   .writes = true,
                                   .last_write = sim_now(driver->sim)};

    driver->sent[n % SENT_MAX] = sim_now(driver->sim);
    driver->app->submit(driver->app->self, &request, 0);
}

static void driver_next(struct driver *driver)
{
    uint64_t word = rng_block_at(&driver->stream, seen.sent, 0).word[0];

    if (driver->config->rate_per_s > 0)
        sim_after(driver->sim,
                  (sim_dur)(-log(rng_unit(word)) / driver->config->rate_per_s * (double)SIM_S),
                  driver->send_kind, 0, 0);
}

static void driver_on_send(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)entity, (void)generation;
    driver_send(self);
    driver_next(self);
}

static void driver_on_burst(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;

    (void)sim, (void)entity, (void)generation;
    for (uint32_t i = 0; i < driver->config->burst; i++)
        driver_send(driver);
}

/* The store answers each operation after 10 ms. entity: the operation; write: its kind. */
static void driver_on_store(void *self, struct sim *sim, uint32_t entity, uint32_t write)
{
    struct driver *driver = self;
    bool good_write = write && seen.writes_succeed;
    struct op_result result = {
        .outcome = good_write ? OP_DONE : seen.store_says, .miss = MISS_RESTARTED, .attempts = 1};

    (void)sim;
    driver->ops->done(driver->ops->self, entity, &result);
}

static const struct event_kind driver_sends = {
    .name = "send", .phase = PHASE_WORK, .fire = driver_on_send};
static const struct event_kind driver_bursts = {
    .name = "burst", .phase = PHASE_WORK, .fire = driver_on_burst};
static const struct event_kind driver_stores = {
    .name = "store", .phase = PHASE_WORK, .fire = driver_on_store};

static void driver_submit(void *self, const struct op_request *op)
{
    struct driver *driver = self;

    if (seen.identity_count < ANSWERS_MAX)
        seen.identities[seen.identity_count++] = op->identity;
    sim_after(driver->sim, 10 * SIM_MS, driver->store_kind, op->request,
              command_is_write(op->kind));
}

static void driver_instances(void *self, uint32_t instances)
{
    (void)self, (void)instances;
}

static void driver_restart(void *self, uint32_t instance)
{
    (void)self, (void)instance;
}

static void driver_health(void *self, int region, uint32_t endpoint, struct endpoint_health health)
{
    (void)self, (void)region, (void)endpoint;
    seen.healthy = health.routable;
}

static void driver_respond(void *self, const struct user_response *response)
{
    (void)self;
    if (seen.answered < ANSWERS_MAX) {
        seen.kinds[seen.answered] = response->kind;
        seen.at[seen.answered] = response->arrives;
        seen.carried[seen.answered] = response->carried;
        seen.pages[seen.answered] = response->pending;
    }
    seen.answered++;
}

static bool driver_waits(const void *self, uint32_t pending, uint32_t generation)
{
    const struct driver *driver = self;

    (void)generation;
    return sim_now(driver->sim) - driver->sent[pending % SENT_MAX] <= driver->config->patience_ns;
}

static void driver_lose_connections(void *self, int region, uint32_t endpoint)
{
    (void)self, (void)region, (void)endpoint;
}

static void driver_set_up(void *self, bool up)
{
    (void)self, (void)up;
}

static void driver_init(void *self, const struct model_env *env)
{
    struct driver *driver = self;

    seen.sent = seen.answered = seen.identity_count = 0;
    seen.healthy = true;
    driver->config = env->config;
    driver->sim = env->sim;
    driver->stream = sim_stream(env->sim, env->instance, "users");
    driver->send_kind = sim_kind_add(env->sim, &driver_sends, env->instance, driver);
    driver->burst_kind = sim_kind_add(env->sim, &driver_bursts, env->instance, driver);
    driver->store_kind = sim_kind_add(env->sim, &driver_stores, env->instance, driver);
    driver->sessions = (struct session_port){.self = driver,
                                             .submit = driver_submit,
                                             .set_instances = driver_instances,
                                             .set_up = driver_set_up,
                                             .restart_instance = driver_restart,
                                             .on_write_failure = FALLBACK_FAIL};
    driver->edge = (struct edge_port){.self = driver, .health = driver_health};
    driver->users =
        (struct users_port){driver, driver_respond, driver_waits, driver_lose_connections, 0};
    port_offer_sessions(env->ports, 0, -1, &driver->sessions);
    port_offer_edge(env->ports, -1, -1, &driver->edge);
    port_offer_users(env->ports, 0, -1, &driver->users);
}

static void driver_connect(void *self, const struct port_directory *ports)
{
    struct driver *driver = self;

    driver->app = port_need_app(ports, 0, -1);
    driver->ops = port_need_ops(ports, 0, -1);
}

static void driver_start(void *self)
{
    struct driver *driver = self;

    driver_next(driver);
    if (driver->config->burst > 0)
        sim_at(driver->sim, SIM_S, driver->burst_kind, 0, 0);
}

static const struct model_ops driver_ops = {
    .name = "driver",
    .section = "driver",
    .meaning = "users, a store and an edge for the tier",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct driver_config),
    .state_size = sizeof(struct driver),
    FIELD_TABLE(driver_fields),
    .init = driver_init,
    .connect = driver_connect,
    .start = driver_start,
};
static const struct model_ops *const models[] = {&driver_ops, &app_tier_ops};
static const struct registry registry = {models, 2};

static int token_pages(void **state)
{
    (void)state;
    seen.mode = SESSION_TOKEN;
    seen.request = REQUEST_PAGE;
    seen.store_says = OP_HIT;
    seen.writes_succeed = false;
    seen.neighbours = false;
    return 0;
}

static void run_text(const char *text)
{
    struct scenario *scenario = scenario_of(&registry, text);

    world_free(world_of(scenario, 0, NULL));
    scenario_free(scenario);
}

#endif
