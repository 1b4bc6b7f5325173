// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The load balancers of a region's endpoints: groups of targets, health as reported to the edges,
 * and what a load balancer answers itself.
 *
 *   502   a target refuses or resets the connection; it is deregistered and its delay is over
 *   503   no target is registered
 *   504   no connection to a target within connect_timeout, no answer within idle_timeout
 *
 * An application that answers an error itself (a full queue, a fault of its own) is passed on and
 * not counted here.
 */
#include "app_internal.h"

#include <stdlib.h>
#include <string.h>

const char *const balancer_error_names[] = {"502", "503", "504", NULL};

/* --- pools ----------------------------------------------------------------------------------- */

/* The first instance of part `part` of `parts`. */
static uint32_t part_first(const struct app_tier *app, uint32_t part, uint32_t parts)
{
    return (uint32_t)((uint64_t)app->config->instances * part / parts);
}

/* Of all the instances of an endpoint's group those of a zone, or of all zones: instance n is in
 * zone n modulo their number. */
static void pool_init(struct app_tier *app, uint32_t part, uint32_t zone)
{
    struct balancer_pools *balancer = &app->balancer;
    uint32_t parts = balancer->endpoints * balancer->groups, stride = balancer->zones;
    uint32_t first = part_first(app, part, parts), end = part_first(app, part + 1, parts);

    first += (zone + stride - first % stride) % stride;
    load_balancer_init(&balancer->pools[part * balancer->zones + zone], &balancer->rule,
                       app->targets, first, stride,
                       first < end ? (end - first + stride - 1) / stride : 0);
}

void app_balancer_connect(struct app_tier *app, const struct endpoint_group_port *group)
{
    const struct balancer_config *config = &app->config->balancer;
    struct balancer_pools *balancer = &app->balancer;

    balancer->rule = (struct load_balancer_rule){
        .health = app->config->health,
        .fail_open_count = config->fail_open_count,
        .fail_open_share = config->fail_open_share,
        .slow_start_ns = config->slow_start_ns,
        .least_outstanding = config->algorithm == LEAST_OUTSTANDING,
        .initial_check = config->initial_check,
    };
    balancer->direct = group && group->direct;
    balancer->endpoints = group ? group->count : 1;
    balancer->groups = balancer->direct ? 1 : config->target_groups;
    balancer->zones = balancer->direct || config->cross_zone ? 1 : app->zone_count;
    balancer->count = balancer->endpoints * balancer->groups * balancer->zones;
    balancer->pools = mem_alloc(balancer->count, sizeof *balancer->pools);
    for (uint32_t i = 0; i < balancer->count; i++)
        pool_init(app, i / balancer->zones, i % balancer->zones);
    for (uint32_t i = 0; i < balancer->endpoints; i++)
        balancer->reported[i] = (struct endpoint_health){true, true};
    for (uint32_t r = 0; r < app->region_count; r++)
        app->times_out = app->times_out || app->users[r]->patience_ns > config->idle_timeout_ns;
}

void app_balancer_fini(struct app_tier *app)
{
    free(app->balancer.pools);
}

struct load_balancer *app_pool_of(struct app_tier *app, uint32_t instance)
{
    struct balancer_pools *balancer = &app->balancer;
    uint32_t parts = balancer->endpoints * balancer->groups;
    uint32_t part = (uint32_t)((uint64_t)instance * parts / app->config->instances);

    /* Rounding may put it one part further. */
    if (part + 1 < parts && instance >= part_first(app, part + 1, parts))
        part++;
    return &balancer->pools[part * balancer->zones + instance % balancer->zones];
}

/*
 * The pool of the user's zone. A node of a load balancer whose zone has no healthy target leaves
 * the DNS, and its users go to those of other zones; where no zone has one, users that have a
 * target at all stay.
 */
struct load_balancer *app_zone_pool(struct load_balancer *zones, uint32_t count, uint32_t zone)
{
    for (uint32_t i = 0; i < count; i++)
        if (zones[(zone + i) % count].usable_count > 0)
            return &zones[(zone + i) % count];
    for (uint32_t i = 0; i < count; i++)
        if (zones[(zone + i) % count].serving_count > 0)
            return &zones[(zone + i) % count];
    return &zones[zone];
}

/* The target group follows from what is asked for, the zone from the user. */
RARE struct load_balancer *app_pool_for(struct app_tier *app, const struct app_request *request)
{
    struct balancer_pools *balancer = &app->balancer;
    uint32_t endpoint = request->instance < balancer->endpoints ? request->instance : 0;
    uint32_t group = rng_below(rng_mix(request->identity + APP_GROUP_DRAW), balancer->groups);
    uint64_t user = (uint64_t)request->session_check << 32 | request->session;
    uint32_t zone = rng_below(rng_mix(user + APP_GROUP_DRAW), balancer->zones);

    return app_zone_pool(&balancer->pools[(endpoint * balancer->groups + group) * balancer->zones],
                         balancer->zones, zone);
}

/* --- health ---------------------------------------------------------------------------------- */

static struct endpoint_health endpoint_health(const struct app_tier *app, uint32_t endpoint)
{
    const struct balancer_pools *balancer = &app->balancer;
    struct endpoint_health health = {app->up, app->up};

    for (uint32_t group = 0; group < balancer->groups; group++) {
        const struct load_balancer *zones =
            &balancer->pools[(endpoint * balancer->groups + group) * balancer->zones];
        uint32_t usable = 0, serving = 0;

        for (uint32_t zone = 0; zone < balancer->zones; zone++) {
            usable += zones[zone].usable_count;
            serving += zones[zone].serving_count;
        }
        health.routable = health.routable && usable > 0;
        health.aliased = health.aliased && (usable > 0 || serving == 0);
    }
    return health;
}

void app_report_health(struct app_tier *app)
{
    struct balancer_pools *balancer = &app->balancer;
    uint32_t usable = 0;

    for (uint32_t i = 0; i < balancer->count; i++)
        usable += balancer->pools[i].usable_count;
    probe_level(app->probes, app->usable, sim_now(app->sim), app->up ? usable : 0);
    for (uint32_t i = 0; i < balancer->endpoints; i++) {
        struct endpoint_health health = endpoint_health(app, i);

        if (balancer->direct || (health.routable == balancer->reported[i].routable &&
                                 health.aliased == balancer->reported[i].aliased))
            continue;
        balancer->reported[i] = health;
        app->edge->health(app->edge->self, app->region, i, health);
    }
}

/* --- what it answers itself ------------------------------------------------------------------ */

static void balancer_respond(struct app_tier *app, uint32_t index, enum balancer_error error)
{
    probe_count(app->probes, app->balancer_errors[error]);
    app_respond(app, index, RESPONSE_REJECTED, REAUTH_STORE_UNAVAILABLE);
}

RARE void app_balancer_answer(struct app_tier *app, uint32_t index, enum balancer_error error)
{
    balancer_respond(app, index, error);
    app_request_free(app, index);
}

void app_strand(struct app_tier *app, uint32_t index)
{
    app->requests[index].stage = STAGE_STRANDED;
    sim_after(app->sim, app->config->balancer.connect_timeout_ns, app->stranded_kind, index,
              app->requests[index].generation);
}

static void app_on_stranded(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;

    (void)sim, (void)generation;
    if (app->up)
        app_balancer_answer(app, entity, BALANCER_504);
    else
        app_request_free(app, entity);
}

/* What a request has not had in its time; its instance does not notice and goes on with it, and its
 * user ignores the answer. */
static void app_on_timed_out(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;

    (void)sim, (void)generation;
    if (app->up)
        balancer_respond(app, entity, BALANCER_504);
}

static bool app_timed_out_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct app_tier *app = self;
    const struct app_request *request = &app->requests[entity];

    return (request->generation & SIM_GENERATION_MASK) == generation &&
           request->stage > STAGE_STRANDED && !request->dead;
}

/* --- deregistration -------------------------------------------------------------------------- */

void app_deregister(struct app_tier *app, uint32_t instance)
{
    load_balancer_serve(app_pool_of(app, instance), instance, false, sim_now(app->sim));
    app_report_health(app);
    if (app->targets[instance].outstanding > 0)
        sim_after(app->sim, app->config->balancer.deregistration_ns, app->drained_kind, instance,
                  0);
}

/* Did the request come to its instance before that was deregistered? */
static bool is_of_before(const struct app_tier *app, const struct app_request *request)
{
    uint32_t instance = request->instance;

    return !app->targets[instance].in_service || request->since < app->instances[instance].returned;
}

/* What is in service gives back its worker at its next step, as in an instance that fails. */
static void app_on_drained(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct app_tier *app = self;

    (void)sim, (void)generation;
    for (uint32_t i = 0; i < app->request_count; i++) {
        struct app_request *request = &app->requests[i];

        if (request->instance != entity || request->stage < STAGE_WAITING || request->dead ||
            !is_of_before(app, request))
            continue;
        balancer_respond(app, i, BALANCER_502);
        request->dead = true;
    }
}

const struct event_kind app_drained = {
    .name = "drained", .phase = PHASE_WORK, .fire = app_on_drained};
const struct event_kind app_stranded = {
    .name = "stranded", .phase = PHASE_WORK, .fire = app_on_stranded};
const struct event_kind app_timed_out = {
    .name = "timed-out", .phase = PHASE_WORK, .fire = app_on_timed_out, .live = app_timed_out_live};

/* --- rules ----------------------------------------------------------------------------------- */

/* The endpoint group of the region; NULL: it has none. */
static const struct endpoint_group_shape *group_of(const struct check_context *context)
{
    for (size_t i = 0; i < context->instance_count; i++)
        if (strcmp(context->instances[i].ops->name, "endpoint_group") == 0 &&
            context->instances[i].region == context->region)
            return context->instances[i].config;
    return NULL;
}

void app_balancer_check(const void *tier_config, const struct check_context *context,
                        struct validation *validation)
{
    const struct app_tier_config *config = tier_config;
    const struct balancer_config *balancer = &config->balancer;
    const struct endpoint_group_shape *group = group_of(context);
    uint32_t endpoints = group ? endpoint_group_count(group, config->instances) : 1;
    bool direct = group && group->kind == ENDPOINTS_INSTANCES;

    if (!direct && config->instances < endpoints * balancer->target_groups)
        validation_error(validation, "instances",
                         "must be at least %u: %u load balancers with %u target groups each need "
                         "an instance in each group",
                         endpoints * balancer->target_groups, endpoints, balancer->target_groups);
    if (direct && config->instances > ENDPOINTS_MAX)
        validation_error(validation, "instances",
                         "must be at most %u with 'endpoint_group.endpoints: instances', got %u",
                         ENDPOINTS_MAX, config->instances);
    app_fleet_check(config, direct, validation);
    if (balancer->slow_start_ns > 0 && balancer->algorithm == LEAST_OUTSTANDING)
        validation_error(validation, "balancer.slow_start",
                         "needs 'balance: round-robin': with 'least-outstanding' there is no slow "
                         "start");
}
