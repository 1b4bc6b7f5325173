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

void app_respond(struct app_tier *app, uint32_t index, enum response_kind kind, uint8_t cause)
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

/* Schedule the next end of service at an instance whose requests share it. */
static void sharing_schedule(struct app_tier *app, uint32_t instance)
{
    const struct service_sharing *sharing = &app->sharings[instance];

    sim_at(app->sim, service_sharing_next(sharing), app->shared_kind, instance,
           sharing->generation);
}

OUT_OF_LINE static void sharing_serve(struct app_tier *app, uint32_t index, sim_dur service)
{
    uint32_t instance = app->requests[index].instance;
    struct service_sharing *sharing = &app->sharings[instance];

    if (service_sharing_next(sharing) <= sim_end(app->sim))
        sim_cancelled(app->sim);
    service_sharing_add(sharing, sim_now(app->sim), service, index);
    sharing_schedule(app, instance);
}

static void instance_serve(struct app_tier *app, uint32_t index)
{
    struct app_request *request = &app->requests[index];
    sim_dur service = dist_sample_ns(app->config->service, request->service_word);

    if (request->kind == REQUEST_LOGIN)
        service = (sim_dur)((double)service * app->config->login_factor);
    if (app->ill_count > 0)
        service = app_slow_service(app, request->instance, service);
    if (app->cools)
        service = app_cold_service(app, request->instance, service);
    app->instances[request->instance].busy_count++;
    request->stage = STAGE_SERVICE;
    probe_latency(app->probes, app->wait, sim_now(app->sim) - request->since);
    if (__builtin_expect(app->timed, 0))
        request->next = (uint32_t)((sim_now(app->sim) - request->since) / SIM_US);
    request->since = sim_now(app->sim);
    queue_check_enter(&app->busy, sim_now(app->sim));
    if (app->shares)
        sharing_serve(app, index, service);
    else
        sim_after(app->sim, service, app->served_kind, index, request->generation);
}

/* Remove the next request from a queue that has one. */
static uint32_t queue_take(struct app_tier *app, struct instance *instance)
{
    uint32_t index = instance->head;

    instance->head = app->requests[index].next;
    instance->queued_count--;
    queue_check_leave(&app->queued, sim_now(app->sim), app->requests[index].since);
    return index;
}

/* Drop requests at the head of the queue until one is to be served. */
RARE static void queue_drop_expired(struct app_tier *app, uint32_t instance_index)
{
    struct instance *instance = &app->instances[instance_index];

    while (instance->head != NO_INDEX && app_drops(app, instance->head)) {
        uint32_t index = queue_take(app, instance);

        app->targets[instance_index].outstanding--;
        probe_count(app->probes, app->dropped);
        app_respond(app, index, RESPONSE_REJECTED, REAUTH_STORE_UNAVAILABLE);
        app_request_free(app, index);
    }
}

/* The worker of an answered request takes the next request from its instance's queue. */
static void instance_release(struct app_tier *app, uint32_t instance_index, sim_time served_since)
{
    struct instance *instance = &app->instances[instance_index];

    instance->busy_count--;
    queue_check_leave(&app->busy, sim_now(app->sim), served_since);
    app->targets[instance_index].outstanding--;
    if (app->drops)
        queue_drop_expired(app, instance_index);
    if (instance->head != NO_INDEX)
        instance_serve(app, queue_take(app, instance));
}

static void app_answer(struct app_tier *app, uint32_t index, enum response_kind kind, uint8_t cause)
{
    uint32_t instance = app->requests[index].instance;
    sim_time served_since = app->requests[index].since;

    if (__builtin_expect(app->timed, 0))
        probe_latency(app->probes, app->response_time,
                      sim_now(app->sim) - served_since + app->requests[index].next * SIM_US);
    app_respond(app, index, kind, cause);
    app_request_free(app, index);
    instance_release(app, instance, served_since);
}

static void app_reject(struct app_tier *app, uint32_t index, probe_id counter)
{
    probe_count(app->probes, counter);
    app_respond(app, index, RESPONSE_REJECTED, REAUTH_STORE_UNAVAILABLE);
    app_request_free(app, index);
}

/* Append to the queue of an instance, or, last in first out, put in front. */
static void queue_add(struct app_tier *app, struct instance *instance, uint32_t index)
{
    struct app_request *request = &app->requests[index];

    request->stage = STAGE_WAITING;
    if (instance->head == NO_INDEX) {
        instance->head = instance->tail = index;
    } else if (app->config->queue_order == QUEUE_LIFO) {
        request->next = instance->head;
        instance->head = index;
    } else {
        app->requests[instance->tail].next = index;
        instance->tail = index;
    }
    instance->queued_count++;
    queue_check_enter(&app->queued, sim_now(app->sim));
}

/* No target is in service. */
RARE static void app_no_target(struct app_tier *app, uint32_t index)
{
    if (!app->balancer.direct)
        probe_count(app->probes, app->balancer_errors[BALANCER_503]);
    app_reject(app, index, app->rejected);
}

static void app_arrived(struct app_tier *app, uint32_t entity)
{
    struct app_request *request = &app->requests[entity];
    struct instance *instance;

    if (__builtin_expect(app->timed, 0))
        probe_count(app->probes, app->arrived);
    if (!app->up) { /* no response: the user waits until the patience timeout */
        probe_count(app->probes, app->lost);
        app_request_free(app, entity);
        return;
    }
    if (app->guards && !app_admits(app)) {
        app_reject(app, entity, app->refused);
        return;
    }
    request->since = sim_now(app->sim);
    request->instance = load_balancer_pick(app->balancer.count > 1 ? app_pool_for(app, request)
                                                                   : app->balancer.pools,
                                           sim_now(app->sim));
    request->next = NO_INDEX;
    if (request->instance == NO_INDEX) {
        app_no_target(app, entity);
        return;
    }
    if (app->times_out)
        sim_timer_set(app->sim, app->time_out, entity, request->generation);
    if (app->ill_count > 0 && app_fails_at_instance(app, entity))
        return;
    instance = &app->instances[request->instance];
    if (instance->busy_count < app->config->workers) {
        app->targets[request->instance].outstanding++;
        instance_serve(app, entity);
    } else if (instance->queued_count < app->config->queue) {
        app->targets[request->instance].outstanding++;
        queue_add(app, instance, entity);
    } else {
        app_reject(app, entity, app->rejected);
    }
}

static void app_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    app_arrived(self, entity);
}

/* --- processing -------------------------------------------------------------------------- */

void app_store(struct app_tier *app, uint32_t index, enum command_kind kind)
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

/* The region or the instance went down during the request: release the worker without a response,
 * or with the one that was given when the instance crashed. */
RARE void app_lose(struct app_tier *app, uint32_t index)
{
    uint32_t instance = app->requests[index].instance;
    sim_time served_since = app->requests[index].since;

    if (!app->requests[index].dead)
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
    if (!app->up || request->dead)
        app_lose(app, entity);
    else if (request_needs_store(request))
        app_store(app, entity, commands[request->kind]);
    else
        app_without_store(app, entity);
}

/* Requests are abandoned only in the queue: these two events are never cancelled. */
const struct event_kind app_arrive = {.name = "arrive", .phase = PHASE_WORK, .fire = app_on_arrive};
const struct event_kind app_served = {.name = "served", .phase = PHASE_WORK, .fire = app_on_served};

static bool app_shared_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct app_tier *app = self;

    return (app->sharings[entity].generation & SIM_GENERATION_MASK) == generation;
}

/* The service of one of the requests that share an instance ends. */
static void app_on_shared(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;
    uint32_t index = service_sharing_take(&app->sharings[entity], sim_now(sim));

    (void)generation;
    sharing_schedule(app, entity);
    app_on_served(self, sim, index, app->requests[index].generation);
}

const struct event_kind app_shared = {
    .name = "shared", .phase = PHASE_WORK, .fire = app_on_shared, .live = app_shared_live};

static uint8_t cause_of(uint8_t miss)
{
    static const uint8_t causes[] = {
        [MISS_NEVER_WRITTEN] = REAUTH_STORE_UNAVAILABLE,
        [MISS_RESTARTED] = REAUTH_RESTARTED,
        [MISS_EVICTED] = REAUTH_EVICTED,
        [MISS_FLUSHED] = REAUTH_FLUSHED,
        [MISS_CORRUPT] = REAUTH_CORRUPT,
        [MISS_EXPIRED] = REAUTH_EXPIRED,
    };

    return miss < MISS_OF_KIND ? causes[miss] : (uint8_t)(REAUTH_OF_KIND + miss - MISS_OF_KIND);
}

/* The read missed, or failed after all attempts. */
RARE static void app_on_read_failed(struct app_tier *app, uint32_t index,
                                    const struct op_result *result)
{
    uint8_t cause =
        result->outcome == OP_MISS ? cause_of(result->miss) : (uint8_t)REAUTH_STORE_UNAVAILABLE;

    if (app->backing)
        app_search(app, index, cause, result->outcome == OP_MISS);
    else
        app_not_found(app, index, cause);
}

void app_not_found(struct app_tier *app, uint32_t index, uint8_t cause)
{
    app_answer(app, index, RESPONSE_REAUTH, cause);
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
    app->requests[index].wrote = result->outcome == OP_DONE;
    if (__builtin_expect(app->backing != NULL, 0) && app_back_write(app, index))
        return;
    app_written(app, index);
}

void app_written(struct app_tier *app, uint32_t index)
{
    struct app_request *request = &app->requests[index];

    if (request->wrote)
        request->last_write = sim_now(app->sim);
    if (request->kind == REQUEST_LOGIN && !request->wrote)
        app_login_failed(app, index);
    else if (request->kind == REQUEST_LOGIN && app->config->read_back)
        app_store(app, index, COMMAND_GET);
    else
        app_answer(app, index, RESPONSE_OK, REAUTH_NONE);
}

void app_found(struct app_tier *app, uint32_t index)
{
    const struct app_request *request = &app->requests[index];

    if (request->kind == REQUEST_PAGE && request->writes)
        app_touch(app, index);
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
    else if (!app->up || request->dead)
        app_lose(app, index);
    else if (request->stage == STAGE_WRITE)
        app_on_write_done(app, index, result);
    else if (!found && request->stage == STAGE_READ)
        app_on_read_failed(app, index, result);
    else
        app_found(app, index); /* a session that could not be restored is valid nevertheless */
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
                                    .instance = user->endpoint,
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
    for (uint32_t i = 0; i < app->config->instances; i++)
        app_queue_clear(app, i, true);
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
