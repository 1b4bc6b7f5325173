// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The application servers of one region behind their load balancer.
 *
 * A request is given to an instance, waits there for one of its workers in a bounded queue, and
 * holds the worker until it is answered: through its own service time and through every operation
 * on the store. That is how slow writes starve reads.
 *
 *   login:  service -> create the session -> [read it back] -> answer, or a fallback
 *   page:   service -> read the session -> [write it] -> answer, or "log in again"
 *   logout: service -> delete the session -> answer
 *
 * A login's fallback is what it does where its write failed.
 *
 * The load balancer checks each instance's health by a page of chosen depth: `shallow` asks the
 * process alone, the others read from the store as a page does, and so take an instance out that
 * cannot reach it. A deploy restarts the instances in turn: one drains, is away for a while, and
 * comes back with cold pools.
 */
#include "bug.h"
#include "load_balancer.h"
#include "mem.h"
#include "model.h"
#include "store_command.h"
#include "deploy.h"
#include "edge.h"
#include "refs.h"
#include "session.h"
#include "session_store.h"
#include "store_fault.h"
#include "user.h"
#include "queue_check.h"
#include "registry.h"

#include <stdlib.h>

struct app_tier_config {
    uint32_t instances, workers, queue;
    struct dist *service;
    double login_factor;
    int balance;
    bool read_back;
    sim_dur token_lifetime_ns;
    int health_depth;
    sim_dur health_interval_ns, health_timeout_ns, restart_ns;
    uint32_t healthy_threshold, unhealthy_threshold;
};

static const char *const depths[] = {"shallow", "local-store", "primary-store", NULL};
enum { DEPTH_SHALLOW, DEPTH_LOCAL, DEPTH_PRIMARY };

static const char *const balances[] = {"round-robin", "least-outstanding", NULL};
enum { ROUND_ROBIN, LEAST_OUTSTANDING };

#define MODEL_CONFIG struct app_tier_config
// clang-format off
static const struct field app_tier_fields[] = {
    COUNT("instances", instances, "1", "4", "100000", "servers behind the load balancer", "assumption"),
    COUNT("workers", workers, "1", "64", "100000", "requests that one instance works on at a time", "assumption"),
    COUNT("queue", queue, "0", "128", "1000000", "requests that wait at one instance; more are rejected (503)", "assumption"),
    TIME_DIST("service", service, "0ms", "lognormal(median=5ms, p99=25ms)", "1h", "the application's own time for a page, waiting for the store apart", "assumption"),
    NUMBER("login_factor", login_factor, "0", "5", "1000", "a login takes so many times as long", "facts H"),
    CHOICE("balance", balance, balances, "round-robin", "how the load balancer picks an instance", "facts B"),
    FLAG("read_back", read_back, "false", "a login reads its new session back before it answers", "seed 000"),
    CHOICE("health.depth", health_depth, depths, "shallow", "what a health check looks at: the process, a read of the local cluster, or of the primary's", "facts 0.2"),
    DURATION("health.interval", health_interval_ns, "1s", "30s", "300s", "between checks of an instance", "facts B"),
    DURATION("health.timeout", health_timeout_ns, "10ms", "5s", "120s", "a check not answered by then has failed", "facts B"),
    COUNT("health.healthy_threshold", healthy_threshold, "1", "5", "10", "checks passed in a row until an instance is healthy again", "facts B"),
    COUNT("health.unhealthy_threshold", unhealthy_threshold, "1", "2", "10", "checks failed in a row until it is unhealthy", "facts B"),
    DURATION("restart", restart_ns, "0s", "20s", "1h", "how long a restarted instance is away during a deploy", "assumption"),
    DURATION("token_lifetime", token_lifetime_ns, "1s", "15min", "30d", "of a stateless token, the fallback of a login", "assumption"),
};
// clang-format on

static const struct metric app_tier_metrics[] = {
    {.name = "workers_busy",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "workers that hold a request"},
    {.name = "app_queue",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "requests that wait for a worker"},
    {.name = "requests_rejected",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "requests answered 503 because the queue was full"},
    {.name = "app_wait",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .meaning = "from a request's arrival at the tier to its worker"},
    {.name = "instances_usable",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "instances in service that the load balancer thinks healthy"},
    {.name = "requests_lost",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "requests that reached a region that is down, or were in it when it went down"},
};

enum stage {
    STAGE_FREE,
    STAGE_COMING,
    STAGE_PROBE,
    STAGE_WAITING,
    STAGE_SERVICE,
    STAGE_READ,
    STAGE_WRITE
};

/* A request at the tier, on its way to it or being worked on: one cache line. */
__extension__ struct app_request {
    uint64_t identity, service_word; /* these and most others: as struct user_request has them */
    sim_time since;                  /* it arrived; from the start of its service on: that */
    sim_time last_write;
    uint32_t session, pending;
    uint32_t pending_generation : SIM_GENERATION_BITS;
    uint32_t local_region : 4;
    uint32_t way_back_high : 8; /* way_back has 40 bits: up to 18 min */
    uint32_t way_back_low;
    uint32_t generation;
    uint32_t instance;
    uint32_t next;
    uint16_t session_check;
    uint8_t stage;
    uint8_t kind : 2; /* enum request_kind */
    uint8_t mode : 2; /* enum session_mode */
    uint8_t writes : 1;
    uint8_t wrote : 1;
};
_Static_assert(sizeof(struct app_request) == MEM_LINE_BYTES, "one cache line");

struct instance {
    uint32_t busy, queued;
    uint32_t head, tail;
};

struct app_tier {
    const struct app_tier_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    int region;
    uint32_t region_count;
    bool up;
    struct instance *instances;
    struct load_balancer lb;
    struct lb_target *targets;
    bool healthy; /* as the accelerator was told */
    bool deploying;
    struct queue_check busy, queued; /* workers that hold a request, requests that wait for one */
    struct app_request *requests;
    size_t request_count, request_capacity;
    uint32_t request_free;
    struct app_port port;
    struct op_port op_port;
    struct power_port power;
    struct session_port *sessions;
    struct users_port *users[REGIONS_MAX];
    struct edge_port *edge;
    struct deploy_port deploy;
    kind_id arrive_kind, served_kind, check_kind, leave_kind, return_kind;
    probe_id rejected, wait, lost, usable;
};

/* --- requests ---------------------------------------------------------------------------- */

static void app_fetch_served(const void *self, uint32_t entity)
{
    const struct app_tier *app = self;

    app->sessions->expect(app->sessions->self, app->requests[entity].instance);
}

/* Called again whenever they have moved. */
RARE static void requests_fetch_early(struct app_tier *app)
{
    sim_kind_rows(app->sim, app->arrive_kind, app->requests, sizeof *app->requests);
    sim_kind_rows(app->sim, app->served_kind, app->requests, sizeof *app->requests);
    if (app->sessions->expect)
        sim_kind_prefetch(app->sim, app->served_kind, app_fetch_served);
}

static uint32_t request_alloc(struct app_tier *app)
{
    uint32_t index = app->request_free;

    if (index != NO_INDEX) {
        app->request_free = app->requests[index].next;
        return index;
    }
    MEM_GROW_LINES(app->requests, app->request_capacity, app->request_count + 1);
    if (app->request_capacity > NEAR_REQUESTS)
        requests_fetch_early(app);
    index = (uint32_t)app->request_count++;
    app->requests[index].generation = 0;
    return index;
}

static void request_free(struct app_tier *app, uint32_t index)
{
    app->requests[index].generation++;
    app->requests[index].stage = STAGE_FREE;
    app->requests[index].next = app->request_free;
    app->request_free = index;
}

/* Delay of the response to the user. */
static sim_dur request_way_back(const struct app_request *request)
{
    return (sim_dur)((uint64_t)request->way_back_high << 32 | request->way_back_low);
}

static void app_respond(struct app_tier *app, uint32_t index, enum response_kind kind,
                        enum reauth_cause cause)
{
    const struct app_request *request = &app->requests[index];
    struct users_port *users = app->users[ref_region(request->session)];
    bool read_back = request->kind == REQUEST_LOGIN && request->stage == STAGE_READ;
    struct user_response response = {.session = request->session,
                                     .pending = request->pending,
                                     .generation = request->pending_generation,
                                     .kind = kind,
                                     .cause = cause,
                                     .region = app->region,
                                     .wrote = request->wrote,
                                     .carried = read_back || request->kind == REQUEST_PAGE,
                                     .arrives = sim_now(app->sim) + request_way_back(request)};

    users->respond(users->self, &response);
}

/* --- workers ----------------------------------------------------------------------------- */

static void instance_serve(struct app_tier *app, uint32_t index)
{
    struct app_request *request = &app->requests[index];
    sim_dur service = dist_sample_ns(app->config->service, request->service_word);

    if (request->kind == REQUEST_LOGIN)
        service = (sim_dur)((double)service * app->config->login_factor);
    app->instances[request->instance].busy++;
    request->stage = STAGE_SERVICE;
    probe_latency(app->probes, app->wait, sim_now(app->sim) - request->since);
    request->since = sim_now(app->sim);
    queue_check_enter(&app->busy, sim_now(app->sim));
    sim_after(app->sim, service, app->served_kind, index, request->generation);
}

/* The worker of an answered request takes the next one in its instance's queue. */
static void instance_release(struct app_tier *app, uint32_t instance_index, sim_time served_since)
{
    struct instance *instance = &app->instances[instance_index];
    sim_time now = sim_now(app->sim);
    uint32_t next = instance->head;

    instance->busy--;
    queue_check_leave(&app->busy, now, served_since);
    app->targets[instance_index].outstanding--;
    if (next != NO_INDEX) {
        instance->head = app->requests[next].next;
        instance->queued--;
        queue_check_leave(&app->queued, now, app->requests[next].since);
        instance_serve(app, next);
    }
}

static void app_answer(struct app_tier *app, uint32_t index, enum response_kind kind,
                       enum reauth_cause cause)
{
    uint32_t instance = app->requests[index].instance;
    sim_time served_since = app->requests[index].since;

    app_respond(app, index, kind, cause);
    request_free(app, index);
    instance_release(app, instance, served_since);
}

static void app_arrived(struct app_tier *app, uint32_t entity)
{
    struct app_request *request = &app->requests[entity];
    struct instance *instance;

    if (!app->up) { /* nobody there: the user waits until patience ends */
        probe_count(app->probes, app->lost);
        request_free(app, entity);
        return;
    }
    request->since = sim_now(app->sim);
    request->instance = load_balancer_pick(&app->lb);
    request->next = NO_INDEX;
    if (request->instance == NO_INDEX) {
        probe_count(app->probes, app->rejected);
        app_respond(app, entity, RESPONSE_REJECTED, REAUTH_STORE_UNAVAILABLE);
        request_free(app, entity);
        return;
    }
    instance = &app->instances[request->instance];
    app->targets[request->instance].outstanding++;
    if (instance->busy < app->config->workers) {
        instance_serve(app, entity);
    } else if (instance->queued < app->config->queue) {
        request->stage = STAGE_WAITING;
        if (instance->head == NO_INDEX)
            instance->head = entity;
        else
            app->requests[instance->tail].next = entity;
        instance->tail = entity;
        instance->queued++;
        queue_check_enter(&app->queued, sim_now(app->sim));
    } else {
        app->targets[request->instance].outstanding--;
        probe_count(app->probes, app->rejected);
        app_respond(app, entity, RESPONSE_REJECTED, REAUTH_STORE_UNAVAILABLE);
        request_free(app, entity);
    }
}

static void app_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    app_arrived(self, entity);
}

/* --- what a request does ----------------------------------------------------------------- */

static void app_store(struct app_tier *app, uint32_t index, enum command_kind kind)
{
    struct app_request *request = &app->requests[index];
    struct op_request op = {.request = index,
                            .instance = request->instance,
                            .session = request->session,
                            .session_check = request->session_check,
                            .pending = request->pending,
                            .kind = (uint8_t)kind,
                            /* the kind far above the number of the request, lest one request's
                             * write draws as the next one's read */
                            .identity = rng_mix(request->identity + (((uint64_t)kind + 1) << 48)),
                            .last_write = request->last_write};

    request->stage = command_is_write(kind) ? STAGE_WRITE : STAGE_READ;
    app->sessions->submit(app->sessions->self, &op);
}

/* A page or a logout of a session that the store does not know. */
OUT_OF_LINE static void app_without_store(struct app_tier *app, uint32_t index)
{
    const struct app_request *request = &app->requests[index];

    if (request->kind == REQUEST_LOGOUT) {
        app_answer(app, index, RESPONSE_OK, REAUTH_CAUSES);
    } else if (request->mode == SESSION_LOCAL) {
        bool here = (int)request->local_region == app->region;

        app_answer(app, index, here ? RESPONSE_OK : RESPONSE_REAUTH, REAUTH_LOCAL_ONLY);
    } else {
        bool valid = sim_now(app->sim) - request->last_write <= app->config->token_lifetime_ns;

        app_answer(app, index, valid ? RESPONSE_OK : RESPONSE_REAUTH, REAUTH_TOKEN_EXPIRED);
    }
}

/* A session that came from a login's fallback is not at the store, and one that there is not needs
 * no deletion. */
static bool request_needs_store(const struct app_request *request)
{
    return request->mode == SESSION_GLOBAL || request->kind == REQUEST_LOGIN ||
           (request->kind == REQUEST_PAGE && request->mode == SESSION_NONE);
}

/* Its region went down under it: the worker goes with it, and nobody is answered. */
RARE static void app_lose(struct app_tier *app, uint32_t index)
{
    uint32_t instance = app->requests[index].instance;
    sim_time served_since = app->requests[index].since;

    probe_count(app->probes, app->lost);
    request_free(app, index);
    instance_release(app, instance, served_since);
}

static HOT_HANDLER void app_on_served(void *self, struct sim *sim, uint32_t entity,
                                      uint32_t generation)
{
    static const enum command_kind commands[] = {[REQUEST_LOGIN] = COMMAND_CREATE,
                                                 [REQUEST_PAGE] = COMMAND_GET,
                                                 [REQUEST_LOGOUT] = COMMAND_DELETE};
    struct app_tier *app = self;
    const struct app_request *request = &app->requests[entity];

    (void)sim, (void)generation;
    if (!app->up)
        app_lose(app, entity);
    else if (request_needs_store(request))
        app_store(app, entity, commands[request->kind]);
    else
        app_without_store(app, entity);
}

/* A request is given up only where it waits: these two are never cancelled. */
static const struct event_kind app_arrive = {
    .name = "arrive", .phase = PHASE_WORK, .fire = app_on_arrive};
static const struct event_kind app_served = {
    .name = "served", .phase = PHASE_WORK, .fire = app_on_served};

static enum reauth_cause cause_of(enum miss_reason miss)
{
    static const enum reauth_cause causes[] = {
        [MISS_LAG] = REAUTH_REPLICATION_LAG,
        [MISS_LOST] = REAUTH_LOST_AT_FAILOVER,
        [MISS_RESTARTED] = REAUTH_RESTARTED,
        [MISS_EVICTED] = REAUTH_EVICTED,
        [MISS_NEVER_WRITTEN] = REAUTH_STORE_UNAVAILABLE,
    };

    return causes[miss];
}

/* The session was not found, or not even looked for. */
RARE static void app_on_read_failed(struct app_tier *app, uint32_t index,
                                    const struct op_result *result)
{
    app_answer(app, index, RESPONSE_REAUTH,
               result->outcome == OP_MISS ? cause_of(result->miss) : REAUTH_STORE_UNAVAILABLE);
}

OUT_OF_LINE static void app_touch(struct app_tier *app, uint32_t index)
{
    app_store(app, index, COMMAND_TOUCH);
}

RARE static void app_login_failed(struct app_tier *app, uint32_t index)
{
    static const enum response_kind answers[] = {[FALLBACK_FAIL] = RESPONSE_LOGIN_FAILED,
                                                 [FALLBACK_LOCAL] = RESPONSE_OK_LOCAL,
                                                 [FALLBACK_TOKEN] = RESPONSE_OK_TOKEN};

    app_answer(app, index, answers[app->sessions->on_write_failure], REAUTH_CAUSES);
}

OUT_OF_LINE static void app_on_write_done(struct app_tier *app, uint32_t index,
                                          const struct op_result *result)
{
    struct app_request *request = &app->requests[index];

    request->wrote = result->outcome == OP_DONE;
    if (request->wrote)
        request->last_write = sim_now(app->sim);
    if (request->kind == REQUEST_LOGIN && !request->wrote)
        app_login_failed(app, index);
    else if (request->kind == REQUEST_LOGIN && app->config->read_back)
        app_store(app, index, COMMAND_GET);
    else
        app_answer(app, index, RESPONSE_OK, REAUTH_CAUSES);
}

/* --- health and deploys --- */

/* What the accelerator sees of the region: a load balancer with at least one healthy target. */
static void app_tell_health(struct app_tier *app)
{
    bool healthy = app->up && app->lb.usable > 0;

    probe_level(app->probes, app->usable, sim_now(app->sim), app->up ? app->lb.usable : 0);
    if (healthy == app->healthy)
        return;
    app->healthy = healthy;
    app->edge->health(app->edge->self, app->region, healthy);
}

static void app_on_check(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;
    uint32_t index;
    struct op_request op;

    sim_after(sim, app->config->health_interval_ns, app->check_kind, entity, generation);
    if (!app->up || !app->targets[entity].in_service)
        return;
    index = request_alloc(app);
    app->requests[index].stage = STAGE_PROBE;
    app->requests[index].instance = entity;
    app->requests[index].since = sim_now(sim);
    op = (struct op_request){.request = index,
                             .instance = entity,
                             .kind = COMMAND_GET,
                             .session = ref_make((uint32_t)app->region, 0),
                             .identity = rng_mix((uint64_t)sim_now(sim) + entity),
                             .last_write = -1,
                             .probe = true,
                             .at_primary = app->config->health_depth == DEPTH_PRIMARY};
    app->sessions->submit(app->sessions->self, &op);
}

RARE static void app_on_checked(struct app_tier *app, uint32_t index,
                                const struct op_result *result)
{
    uint32_t instance = app->requests[index].instance;
    sim_dur took = sim_now(app->sim) - app->requests[index].since;
    bool passed = result->outcome != OP_FAILED && took <= app->config->health_timeout_ns;

    request_free(app, index);
    if (app->up && app->targets[instance].in_service &&
        load_balancer_check(&app->lb, instance, passed))
        app_tell_health(app);
}

static void app_on_leave(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;

    load_balancer_serve(&app->lb, entity, false);
    app_tell_health(app);
    sim_after(sim, app->config->restart_ns, app->return_kind, entity, generation);
}

static void app_on_return(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;

    (void)sim, (void)generation;
    app->sessions->restart_instance(app->sessions->self, entity);
    load_balancer_serve(&app->lb, entity, true);
    if (entity + 1 == app->config->instances)
        app->deploying = false;
    app_tell_health(app);
}

static void app_begin_deploy(void *self, sim_dur over)
{
    struct app_tier *app = self;
    uint32_t count = app->config->instances;

    if (app->deploying)
        return; /* one at a time */
    app->deploying = true;
    for (uint32_t i = 0; i < count; i++)
        sim_after(app->sim, over / count * i, app->leave_kind, i, 0);
}

static const struct event_kind app_check = {
    .name = "check", .phase = PHASE_WORK, .fire = app_on_check};
static const struct event_kind app_leave = {
    .name = "leave", .phase = PHASE_WORK, .fire = app_on_leave};
static const struct event_kind app_return = {
    .name = "return", .phase = PHASE_WORK, .fire = app_on_return};

static HOT_HANDLER void app_on_op_done(void *self, uint32_t index, const struct op_result *result)
{
    struct app_tier *app = self;
    struct app_request *request = &app->requests[index];
    bool found = result->outcome != OP_MISS && result->outcome != OP_FAILED;

    if (request->stage == STAGE_PROBE)
        app_on_checked(app, index, result);
    else if (!app->up)
        app_lose(app, index);
    else if (request->stage == STAGE_WRITE)
        app_on_write_done(app, index, result);
    else if (!found)
        app_on_read_failed(app, index, result);
    else if (request->kind == REQUEST_PAGE && request->writes)
        app_touch(app, index);
    else
        app_answer(app, index, RESPONSE_OK, REAUTH_CAUSES);
}

static void app_expect_done(const void *self, uint32_t request, uint32_t session, uint32_t pending)
{
    const struct app_tier *app = self;
    const struct users_port *users = app->users[ref_region(session)];

    mem_prefetch(&app->requests[request], sizeof app->requests[request]);
    if (users->expect)
        users->expect(users->self, session, pending);
}

/* --- the model --------------------------------------------------------------------------- */

static uint32_t app_expect(struct app_tier *app, const struct user_request *user)
{
    uint32_t index = request_alloc(app);
    struct app_request *request = &app->requests[index];

    invariant(user->way_back >> 40 == 0); /* a way is some 500 s long where it is longest */
    *request = (struct app_request){.identity = user->identity,
                                    .service_word = user->service_word,
                                    .last_write = user->last_write,
                                    .session = user->session,
                                    .pending = user->pending,
                                    .pending_generation = user->generation & SIM_GENERATION_MASK,
                                    .local_region = (uint32_t)user->local_region & 15u,
                                    .way_back_high = (uint32_t)(user->way_back >> 32) & 255u,
                                    .way_back_low = (uint32_t)user->way_back,
                                    .generation = request->generation,
                                    .session_check = (uint16_t)user->session_check,
                                    .stage = STAGE_COMING,
                                    .kind = (uint8_t)user->kind & 3u,
                                    .mode = (uint8_t)user->mode & 3u,
                                    .writes = user->writes};
    return index;
}

static void app_submit(void *self, const struct user_request *user, sim_dur way_there)
{
    struct app_tier *app = self;
    uint32_t index = app_expect(app, user);

    sim_after(app->sim, way_there, app->arrive_kind, index, app->requests[index].generation);
}

static HOT_HANDLER void app_arrive_now(void *self, const struct user_request *user)
{
    app_arrived(self, app_expect(self, user));
}

/* The region goes down: what waits is lost. Requests that hold a worker run into a dead store, or
 * answer nobody. */
static void app_set_power(void *self, bool up)
{
    struct app_tier *app = self;

    if (app->up == up)
        return;
    app->up = up;
    for (uint32_t i = 0; !up && i < app->config->instances; i++) {
        struct instance *instance = &app->instances[i];

        while (instance->head != NO_INDEX) {
            uint32_t index = instance->head;

            instance->head = app->requests[index].next;
            queue_check_leave(&app->queued, sim_now(app->sim), app->requests[index].since);
            probe_count(app->probes, app->lost);
            request_free(app, index);
        }
        app->targets[i].outstanding -= instance->queued;
        instance->queued = 0;
    }
    app->sessions->set_up(app->sessions->self, up);
    app_tell_health(app);
}

static void app_tier_init(void *self, const struct model_env *env)
{
    struct app_tier *app = self;
    struct probes *probes = sim_probe_set(env->sim);

    app->config = env->config;
    app->sim = env->sim;
    app->region = env->region;
    app->region_count = env->topology->region_count;
    app->up = true;
    app->request_free = NO_INDEX;
    app->instances = mem_alloc(app->config->instances, sizeof *app->instances);
    app->targets = mem_alloc(app->config->instances, sizeof *app->targets);
    app->lb.healthy_threshold = (uint16_t)app->config->healthy_threshold;
    app->lb.unhealthy_threshold = (uint16_t)app->config->unhealthy_threshold;
    app->lb.least_outstanding = app->config->balance == LEAST_OUTSTANDING;
    load_balancer_init(&app->lb, app->targets, app->config->instances);
    app->healthy = true;
    for (uint32_t i = 0; i < app->config->instances; i++)
        app->instances[i] = (struct instance){0, 0, NO_INDEX, NO_INDEX};
    app->arrive_kind = sim_kind_add(env->sim, &app_arrive, env->instance, app);
    app->served_kind = sim_kind_add(env->sim, &app_served, env->instance, app);
    app->check_kind = sim_kind_add(env->sim, &app_check, env->instance, app);
    app->leave_kind = sim_kind_add(env->sim, &app_leave, env->instance, app);
    app->return_kind = sim_kind_add(env->sim, &app_return, env->instance, app);
    app->usable = probe_level_open(probes, "instances_usable", env->region, NULL);
    probe_level_follow(probes, probe_level_open(probes, "workers_busy", env->region, NULL),
                       &app->busy.length);
    probe_level_follow(probes, probe_level_open(probes, "app_queue", env->region, NULL),
                       &app->queued.length);
    app->rejected = probe_count_open(probes, "requests_rejected", env->region, NULL);
    app->lost = probe_count_open(probes, "requests_lost", env->region, NULL);
    app->wait = probe_latency_open(probes, "app_wait", env->region, NULL);
    app->port = (struct app_port){app, app_submit, app_arrive_now};
    app->op_port = (struct op_port){app, app_on_op_done, app_expect_done};
    app->power = (struct power_port){app, app_set_power};
    app->deploy = (struct deploy_port){app, app_begin_deploy};
    port_offer_deploy(env->ports, env->region, -1, &app->deploy);
    port_offer_app(env->ports, env->region, -1, &app->port);
    port_offer_ops(env->ports, env->region, -1, &app->op_port);
    port_offer_power(env->ports, env->region, POWER_APP, &app->power);
}

static void app_tier_connect(void *self, const struct port_directory *ports)
{
    struct app_tier *app = self;

    app->probes = sim_probes(app->sim);
    app->sessions = port_need_sessions(ports, app->region, -1);
    app->sessions->set_instances(app->sessions->self, app->config->instances);
    app->edge = port_need_edge(ports, -1, -1);
    for (uint32_t r = 0; r < app->region_count; r++)
        app->users[r] = port_need_users(ports, (int)r, -1);
}

static void app_tier_start(void *self)
{
    struct app_tier *app = self;
    sim_dur interval = app->config->health_interval_ns;
    uint32_t count = app->config->instances;

    probe_level(app->probes, app->usable, 0, count);
    for (uint32_t i = 0; app->config->health_depth != DEPTH_SHALLOW && i < count; i++)
        sim_after(app->sim, interval / count * i, app->check_kind, i, 0);
}

/* Who holds a worker or a place in the queue is exactly who the gauges say, and Little's law holds
 * for both. */
static void app_tier_finish(void *self)
{
    struct app_tier *app = self;
    sim_time end = sim_now(app->sim);

    for (size_t i = 0; i < app->request_count; i++) {
        const struct app_request *request = &app->requests[i];

        if (request->stage >= STAGE_SERVICE)
            queue_check_remains(&app->busy, end, request->since);
        else if (request->stage == STAGE_WAITING)
            queue_check_remains(&app->queued, end, request->since);
    }
    invariant(queue_check_balances(&app->busy));
    invariant(queue_check_balances(&app->queued));
}

static void app_tier_fini(void *self)
{
    struct app_tier *app = self;

    free(app->instances);
    free(app->targets);
    free(app->requests);
}

const struct model_ops app_tier_ops = {
    .name = "app_tier",
    .section = "app",
    .meaning =
        "the application servers of a region: load balancer, instances, workers, bounded queues",
    .scope = MODEL_PER_REGION,
    .config_size = sizeof(struct app_tier_config),
    .state_size = sizeof(struct app_tier),
    FIELD_TABLE(app_tier_fields),
    METRIC_TABLE(app_tier_metrics),
    .init = app_tier_init,
    .connect = app_tier_connect,
    .start = app_tier_start,
    .finish = app_tier_finish,
    .fini = app_tier_fini,
};
