// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Requests in an application tier.
 *
 * A request is assigned to an instance, waits there in a bounded queue for a worker, and holds the
 * worker until it is answered: for its own service time and every operation on the store. Slow
 * writes therefore starve reads.
 *
 *   login:  service -> create the session -> [read it back] -> answer, or a fallback
 *   page:   service -> read the session -> [write it] -> answer, or "log in again"
 *   logout: service -> delete the session -> answer
 *
 * The fallback applies to a login whose write failed.
 */
#include "app_internal.h"

/* --- rows and responses ---------------------------------------------------------------------- */

static void app_prefetch_served(const void *self, uint32_t entity)
{
    const struct app_tier *app = self;

    app->instances_hint->prefetch(app->instances_hint->self, app->requests[entity].instance, 0);
}

/* Called again whenever the table of requests has been reallocated. */
RARE static void requests_prefetch(struct app_tier *app)
{
    sim_kind_rows(app->sim, app->arrive_kind, app->requests, sizeof *app->requests);
    sim_kind_rows(app->sim, app->served_kind, app->requests, sizeof *app->requests);
    if (app->instances_hint)
        sim_kind_prefetch(app->sim, app->served_kind, app_prefetch_served);
}

uint32_t app_request_alloc(struct app_tier *app)
{
    uint32_t index = app->request_free;

    if (index != NO_INDEX) {
        app->request_free = app->requests[index].next;
        return index;
    }
    MEM_GROW_LINES(app->requests, app->request_capacity, app->request_count + 1);
    if (app->request_capacity > NEAR_REQUESTS)
        requests_prefetch(app);
    index = (uint32_t)app->request_count++;
    app->requests[index].generation = 0;
    return index;
}

void app_request_free(struct app_tier *app, uint32_t index)
{
    app->requests[index].generation++;
    app->requests[index].stage = STAGE_FREE;
    app->requests[index].next = app->request_free;
    app->request_free = index;
}

/* One-way delay of the response to the user. */
static sim_dur request_way_back(const struct app_request *request)
{
    return (sim_dur)((uint64_t)request->way_back_high << 32 | request->way_back_low);
}

static void app_respond(struct app_tier *app, uint32_t index, enum response_kind kind,
                        uint8_t cause)
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

/* The worker of an answered request takes the next request from its instance's queue. */
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

static void app_answer(struct app_tier *app, uint32_t index, enum response_kind kind, uint8_t cause)
{
    uint32_t instance = app->requests[index].instance;
    sim_time served_since = app->requests[index].since;

    app_respond(app, index, kind, cause);
    app_request_free(app, index);
    instance_release(app, instance, served_since);
}

static void app_arrived(struct app_tier *app, uint32_t entity)
{
    struct app_request *request = &app->requests[entity];
    struct instance *instance;

    if (!app->up) { /* no response: the user waits until the patience timeout */
        probe_count(app->probes, app->lost);
        app_request_free(app, entity);
        return;
    }
    request->since = sim_now(app->sim);
    request->instance = load_balancer_pick(&app->lb);
    request->next = NO_INDEX;
    if (request->instance == NO_INDEX) {
        probe_count(app->probes, app->rejected);
        app_respond(app, entity, RESPONSE_REJECTED, REAUTH_STORE_UNAVAILABLE);
        app_request_free(app, entity);
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
        app_request_free(app, entity);
    }
}

static void app_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    app_arrived(self, entity);
}

/* --- processing -------------------------------------------------------------------------- */

static void app_store(struct app_tier *app, uint32_t index, enum command_kind kind)
{
    struct app_request *request = &app->requests[index];
    struct op_request op = {.request = index,
                            .instance = request->instance,
                            .session = request->session,
                            .session_check = request->session_check,
                            .pending = request->pending,
                            .kind = (uint8_t)kind,
                            /* kind in high bits: the draws of one request's write differ from those
                               of the next request's read */
                            .identity = rng_mix(request->identity + (((uint64_t)kind + 1) << 48)),
                            .last_write = request->last_write};

    request->stage = command_is_write(kind) ? STAGE_WRITE : STAGE_READ;
    app->sessions->submit(app->sessions->self, &op);
}

/* A page or a logout of a session that is not in the store. */
OUT_OF_LINE static void app_without_store(struct app_tier *app, uint32_t index)
{
    const struct app_request *request = &app->requests[index];

    if (request->kind == REQUEST_LOGOUT) {
        app_answer(app, index, RESPONSE_OK, REAUTH_NONE);
    } else if (request->mode == SESSION_LOCAL) {
        bool here = (int)request->local_region == app->region;

        app_answer(app, index, here ? RESPONSE_OK : RESPONSE_REAUTH, REAUTH_LOCAL_ONLY);
    } else {
        bool valid = sim_now(app->sim) - request->last_write <= app->config->token_lifetime_ns;

        app_answer(app, index, valid ? RESPONSE_OK : RESPONSE_REAUTH, REAUTH_TOKEN_EXPIRED);
    }
}

/* A session created by a login's fallback is not in the store, and a session that does not exist
 * needs no deletion. */
static bool request_needs_store(const struct app_request *request)
{
    return request->mode == SESSION_GLOBAL || request->kind == REQUEST_LOGIN ||
           (request->kind == REQUEST_PAGE && request->mode == SESSION_NONE);
}

/* The region went down during the request: release the worker without a response. */
RARE static void app_lose(struct app_tier *app, uint32_t index)
{
    uint32_t instance = app->requests[index].instance;
    sim_time served_since = app->requests[index].since;

    probe_count(app->probes, app->lost);
    app_request_free(app, index);
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

/* Requests are abandoned only in the queue: these two events are never cancelled. */
const struct event_kind app_arrive = {.name = "arrive", .phase = PHASE_WORK, .fire = app_on_arrive};
const struct event_kind app_served = {.name = "served", .phase = PHASE_WORK, .fire = app_on_served};

static uint8_t cause_of(uint8_t miss)
{
    static const uint8_t causes[] = {
        [MISS_NEVER_WRITTEN] = REAUTH_STORE_UNAVAILABLE,
        [MISS_RESTARTED] = REAUTH_RESTARTED,
        [MISS_EVICTED] = REAUTH_EVICTED,
    };

    return miss < MISS_OF_KIND ? causes[miss] : (uint8_t)(REAUTH_OF_KIND + miss - MISS_OF_KIND);
}

/* The read missed, or failed after all attempts. */
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

    app_answer(app, index, answers[app->sessions->on_write_failure], REAUTH_NONE);
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
        app_answer(app, index, RESPONSE_OK, REAUTH_NONE);
}

HOT_HANDLER void app_on_op_done(void *self, uint32_t index, const struct op_result *result)
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
        app_answer(app, index, RESPONSE_OK, REAUTH_NONE);
}

void app_prefetch_request(const void *self, uint32_t request, uint32_t second)
{
    const struct app_tier *app = self;

    (void)second;
    mem_prefetch(&app->requests[request], sizeof app->requests[request]);
}

/* --- arrivals -------------------------------------------------------------------------------- */

static uint32_t app_request_begin(struct app_tier *app, const struct user_request *user)
{
    uint32_t index = app_request_alloc(app);
    struct app_request *request = &app->requests[index];

    invariant(user->way_back >> 40 == 0); /* the longest one-way delay is about 500 s */
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

void app_submit(void *self, const struct user_request *user, sim_dur way_there)
{
    struct app_tier *app = self;
    uint32_t index = app_request_begin(app, user);

    sim_after(app->sim, way_there, app->arrive_kind, index, app->requests[index].generation);
}

HOT_HANDLER void app_arrive_now(void *self, const struct user_request *user)
{
    app_arrived(self, app_request_begin(self, user));
}

void app_lose_queues(struct app_tier *app)
{
    for (uint32_t i = 0; i < app->config->instances; i++) {
        struct instance *instance = &app->instances[i];

        while (instance->head != NO_INDEX) {
            uint32_t index = instance->head;

            instance->head = app->requests[index].next;
            queue_check_leave(&app->queued, sim_now(app->sim), app->requests[index].since);
            probe_count(app->probes, app->lost);
            app_request_free(app, index);
        }
        app->targets[i].outstanding -= instance->queued;
        instance->queued = 0;
    }
}

/* Also check Little's law for workers and queues. */
void app_requests_check(struct app_tier *app)
{
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
