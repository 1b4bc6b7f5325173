// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Instances that fail: dead, slow, or answering a share of requests with errors.
 *
 * A dead process refuses connections: the load balancer answers 502 at once, also what was at the
 * instance when it crashed. A dead host answers nothing: the load balancer answers 504 to what it
 * could not deliver, and what was at the instance waits for the shorter of the load balancer's
 * timeout and its user's patience. The load balancer goes on sending requests until its health
 * checks have found out. Those that were in service are marked, and release their worker at their
 * next step; nothing more is done for them. A host that is cut off is a dead one to its users; its
 * process and connections remain.
 */
#include "app_internal.h"

static bool is_dead(const struct illness *illness)
{
    return illness->refuses || illness->silent;
}

/* Does its process have to start again? */
static bool is_crashed(const struct illness *illness)
{
    return illness->refuses || (illness->silent && !illness->cut);
}

static bool is_ill(const struct illness *illness)
{
    return is_dead(illness) || illness->errors > 0 || illness->slow > 1;
}

/* The response to a request at a failing instance, or none. */
static void instance_fail(struct app_tier *app, uint32_t index, bool silent)
{
    if (silent) {
        probe_count(app->probes, app->lost);
        return;
    }
    probe_count(app->probes, app->instance_errors);
    if (!app->balancer.direct)
        probe_count(app->probes, app->balancer_errors[BALANCER_502]);
    app_respond(app, index, RESPONSE_REJECTED, REAUTH_STORE_UNAVAILABLE);
}

RARE bool app_fails_at_instance(struct app_tier *app, uint32_t index)
{
    const struct app_request *request = &app->requests[index];
    const struct illness *illness = &app->illness[request->instance];
    bool errs = rng_unit(rng_mix(request->identity + APP_ERROR_DRAW)) < illness->errors;

    if (!is_dead(illness) && !errs)
        return false;
    if (is_dead(illness)) {
        instance_fail(app, index, illness->silent);
    } else {
        probe_count(app->probes, app->instance_errors);
        app_respond(app, index, RESPONSE_REJECTED, REAUTH_STORE_UNAVAILABLE);
    }
    if (illness->silent && !app->balancer.direct)
        app_strand(app, index);
    else
        app_request_free(app, index);
    return true;
}

RARE sim_dur app_slow_service(const struct app_tier *app, uint32_t instance, sim_dur service)
{
    return (sim_dur)((double)service * app->illness[instance].slow);
}

static void instance_die(struct app_tier *app, uint32_t instance, bool silent)
{
    app_queue_clear(app, instance, silent);
    for (size_t i = 0; i < app->request_count; i++) {
        struct app_request *request = &app->requests[i];

        if (request->instance != instance || request->stage < STAGE_SERVICE || request->dead)
            continue;
        instance_fail(app, (uint32_t)i, silent);
        request->dead = true;
    }
}

/* Fail or lose all requests that wait at an instance. */
void app_queue_clear(struct app_tier *app, uint32_t index, bool silent)
{
    struct instance *instance = &app->instances[index];

    while (instance->head != NO_INDEX) {
        uint32_t request = instance->head;

        instance->head = app->requests[request].next;
        queue_check_leave(&app->queued, sim_now(app->sim), app->requests[request].since);
        if (!app->requests[request].dead)
            instance_fail(app, request, silent);
        app_request_free(app, request);
    }
    app->targets[index].outstanding -= instance->queued_count;
    instance->queued_count = 0;
}

/* A dead process resets its connections; those of a dead host are reset when it is back. */
static void reset_users(struct app_tier *app, uint32_t instance)
{
    for (uint32_t r = 0; app->balancer.direct && r < app->region_count; r++)
        app->users[r]->lose_connections(app->users[r]->self, app->region, instance);
}

void app_set_illness(void *self, uint32_t instance, const struct illness *illness)
{
    struct app_tier *app = self;
    struct illness before = app->illness[instance];

    app->illness[instance] = *illness;
    app->ill_count += is_ill(illness);
    app->ill_count -= is_ill(&before);
    if (is_dead(illness) && !is_dead(&before)) {
        instance_die(app, instance, illness->silent);
        if (!illness->silent)
            reset_users(app, instance);
        app_check_resume(app, instance);
    }
    if (!is_crashed(illness) && is_crashed(&before)) {
        app->sessions->restart_instance(app->sessions->self, instance);
        reset_users(app, instance);
    }
}
