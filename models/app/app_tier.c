// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The application servers of one region behind their load balancer: parameters, metrics, the model.
 */
#include "app_internal.h"

#include "registry.h"

#include <stdlib.h>

static const char *const balances[] = {"round-robin", "least-outstanding", NULL}; /* enum balance */
static const char *const queue_orders[] = {"fifo", "lifo", NULL};

#define MODEL_CONFIG struct app_tier_config
// clang-format off
static const struct field app_tier_fields[] = {
    COUNT("instances", instances, "1", "4", "100000", "application servers behind the load balancer", "assumption"),
    COUNT("workers", workers, "1", "64", "100000", "workers per instance: requests that it processes concurrently", "assumption"),
    COUNT("queue", queue, "0", "128", "1000000", "maximum requests that wait at one instance; more are rejected (503)", "assumption"),
    CHOICE("queue_order", queue_order, queue_orders, "fifo", "order in which waiting requests are served: first or last come, first served", "assumption"),
    DURATION("queue_timeout", queue_timeout_ns, "0s", "0s", "1h", "a request that has waited longer is answered 503 when its turn comes; 0: never", "assumption"),
    FLAG("drop_abandoned", drop_abandoned, "false", "a request whose user no longer waits is dropped instead of served", "assumption"),
    COUNT("admission.concurrency", admission_concurrency, "0", "0", "1000000000", "requests in the region's tier, in service or waiting, at which more are refused (503); 0: no limit", "assumption"),
    RATE("admission.rate", admission_rate, "0/s", "0/s", "1000M/s", "rate at which a token bucket admits requests to the region's tier, others are refused (503); 0: no limit", "assumption"),
    COUNT("admission.burst", admission_burst, "1", "100", "1000000", "size of the token bucket, full at the start", "assumption"),
    TIME_DIST("service", service, "0ms", "lognormal(median=5ms, p99=25ms)", "1h", "processing time of a page, without waiting for the store", "assumption"),
    VARIANT("contention", contention.kind, contention_names, "none", "growth of service times with the number n of requests in service at an instance, each at the same speed", "assumption"),
    NUMBER("contention.linear", contention.linear, "0", "0.1", "1000", "a: times are multiplied by 1 + a (n - cores)", "assumption"),
    NUMBER("contention.power", contention.power, "0", "1", "10", "a: times are multiplied by (n / cores)^a; 1: processor sharing", "assumption"),
    NUMBER("contention.exponential", contention.exponential, "0", "0.05", "10", "a: times are multiplied by e^(a (n - cores))", "assumption"),
    COUNT("cores", contention.cores, "1", "1", "100000", "with contention: requests in service at an instance up to which nothing is multiplied", "assumption"),
    NUMBER("login_factor", login_factor, "0", "5", "1000", "service-time multiplier for logins", "facts H"),
    CHOICE("balance", balancer.algorithm, balances, "round-robin", "algorithm by which the load balancer chooses an instance", "facts B"),
    COUNT("balancer.fail_open_count", balancer.fail_open_count, "1", "1", "100000", "healthy targets of a group below which all of its targets in service get requests (fail open)", "facts B"),
    SHARE("balancer.fail_open_share", balancer.fail_open_share, "0", "0", "100%", "the same as a share of the targets in service; 0: none", "facts B"),
    DURATION("balancer.slow_start", balancer.slow_start_ns, "0s", "0s", "900s", "time in which the share of a target that has become healthy grows linearly to that of the others; 0: at once", "facts B"),
    DURATION("balancer.deregistration_delay", balancer.deregistration_ns, "0s", "300s", "3600s", "time for which an instance taken out of service may answer what it has; then the load balancer answers 502", "facts B"),
    FLAG("balancer.initial_check", balancer.initial_check, "false", "an instance that returns to service gets requests after its first passed check, as a new target does in AWS; false: at once", "assumption"),
    DURATION("balancer.connect_timeout", balancer.connect_timeout_ns, "10ms", "10s", "60s", "time for a connection to a dead host until the load balancer answers 504; fixed in AWS", "facts B"),
    DURATION("balancer.idle_timeout", balancer.idle_timeout_ns, "1s", "60s", "4000s", "time without an answer of the instance until the load balancer answers 504, for users that wait longer", "facts B"),
    COUNT("balancer.target_groups", balancer.target_groups, "1", "1", "8", "target groups behind each load balancer, with equal shares of instances and requests; without a healthy target in each the accelerator considers the load balancer unhealthy", "facts A"),
    FLAG("balancer.cross_zone", balancer.cross_zone, "true", "a request goes to instances of all zones; false: of its user's zone ('zones'), while that has a healthy one", "facts B"),
    FLAG("read_back", read_back, "false", "a login reads its new session back before it responds", "seed 000"),
    CHOICE("health.depth", health.depth, health_depth_names, "shallow", "depth of a health check: the process, a read of the local cluster, or a read of the primary", "facts 0.2"),
    DURATION("health.interval", health.interval_ns, "1s", "30s", "300s", "interval between health checks of an instance", "facts B"),
    DURATION("health.timeout", health.timeout_ns, "10ms", "5s", "120s", "time without a response after which a health check fails", "facts B"),
    COUNT("health.healthy_threshold", health.healthy_threshold, "1", "5", "10", "consecutive passed checks after which an instance is healthy", "facts B"),
    COUNT("health.unhealthy_threshold", health.unhealthy_threshold, "1", "2", "10", "consecutive failed checks after which an instance is unhealthy", "facts B"),
    PHASE_FIELDS("health.phase", health_phase, "phase of an instance's health checks"),
    DURATION("restart", restart_ns, "0s", "20s", "1h", "time for which an instance is out of service during a deploy", "assumption"),
    PHASE_FIELDS("deploy_phase", deploy_phase, "phase of a deploy's restarts in the time from one to the next"),
    FLEET_FIELDS(fleet),
    NUMBER("cold.factor", cold_factor, "1", "1", "1000", "service-time multiplier of an instance that has just started (cold caches, code not compiled yet), which falls to 1", "assumption"),
    DURATION("cold.time", cold_ns, "1s", "2min", "1d", "time in which it falls, linearly", "assumption"),
    DURATION("token_lifetime", token_lifetime_ns, "1s", "15min", "30d", "lifetime of a stateless token, the fallback of a login", "assumption"),
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
    {.name = "requests_refused",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "requests answered 503 by admission control"},
    {.name = "requests_dropped",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "requests dropped from a queue: they had waited too long, or their users had left"},
    {.name = "instance_errors",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "requests answered with an error (500, 502) because their instance was failing"},
    {.name = "balancer_errors",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .label = "code",
     .label_values = balancer_error_names,
     .series = true,
     .meaning = "requests that the load balancer answered itself: 502 refused, reset or "
                "deregistered target, 503 no target in service, 504 timeout"},
    {.name = "requests_arrived",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning =
         "requests that reached the region's load balancer; recorded as target_response_time is"},
    {.name = "target_response_time",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .meaning = "time from the load balancer's request to an instance until its answer, to 1 us; "
                "requests without an answer of an instance have none; recorded where an alarm or "
                "'monitoring.record' uses it"},
    {.name = "app_wait",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .meaning = "time from the arrival of a request at the tier until a worker takes it"},
    {.name = "instances_usable",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "instances in service that are healthy for the load balancer"},
    {.name = "launches",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "result",
     .label_values = launch_names,
     .series = true,
     .meaning = "launches of instances by a fleet that scales: done, or refused"},
    {.name = "requests_lost",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "requests that arrived in a region or at an instance's host that was down, or "
                "were in it when it went down"},
};

/* The region goes down: waiting requests are lost. Requests in service continue until their next
 * step and are lost there. */
static void app_set_power(void *self, bool up)
{
    struct app_tier *app = self;

    if (app->up == up)
        return;
    app->up = up;
    if (!up)
        app_lose_queues(app);
    app_checks_clear(app);
    for (uint32_t r = 0; up && r < app->region_count; r++)
        app->users[r]->lose_connections(app->users[r]->self, app->region, ALL_ENDPOINTS);
    app->sessions->set_up(app->sessions->self, up);
    app_report_health(app);
}

static void app_init_sharing(struct app_tier *app)
{
    uint32_t count = app->config->instances;

    app->shares = app->config->contention.kind != CONTENTION_NONE;
    if (!app->shares)
        return;
    app->sharings = mem_alloc(count, sizeof *app->sharings);
    for (uint32_t i = 0; i < count; i++)
        service_sharing_init(&app->sharings[i], &app->config->contention);
}

static void app_tier_init(void *self, const struct model_env *env)
{
    struct app_tier *app = self;
    struct probes *probes = sim_probe_set(env->sim);

    app->config = env->config;
    app->sim = env->sim;
    app->region = env->region;
    app->region_count = env->topology->region_count;
    app->zone_count = env->topology->zone_count;
    app->up = true;
    app->request_free = NO_INDEX;
    app->instances = mem_alloc(app->config->instances, sizeof *app->instances);
    app->targets = mem_alloc(app->config->instances, sizeof *app->targets);
    app->instance_name = env->instance;
    app->guards = app_has_guard(app->config);
    app->drops = app_has_drops(app->config);
    app->bucket.tokens = app->config->admission_burst;
    app->illness = mem_alloc(app->config->instances, sizeof *app->illness);
    app->checking = mem_zalloc(app->config->instances, sizeof *app->checking);
    for (uint32_t i = 0; i < app->config->instances; i++) {
        app->instances[i] = (struct instance){.head = NO_INDEX, .tail = NO_INDEX};
        app->illness[i] = ILLNESS_NONE;
    }
    app_init_sharing(app);
    app->cools = app->config->cold_factor > 1;
    app_fleet_init(app, env);
    app->arrive_kind = sim_kind_add(env->sim, &app_arrive, env->instance, app);
    app->served_kind = sim_kind_add(env->sim, &app_served, env->instance, app);
    app->check_kind = sim_kind_add(env->sim, &app_check, env->instance, app);
    app->silence_kind = sim_kind_add(env->sim, &app_silence, env->instance, app);
    app->shared_kind = sim_kind_add(env->sim, &app_shared, env->instance, app);
    app->leave_kind = sim_kind_add(env->sim, &app_leave, env->instance, app);
    app->return_kind = sim_kind_add(env->sim, &app_return, env->instance, app);
    app->checked_kind = sim_kind_add(env->sim, &app_checked, env->instance, app);
    app->drained_kind = sim_kind_add(env->sim, &app_drained, env->instance, app);
    app->stranded_kind = sim_kind_add(env->sim, &app_stranded, env->instance, app);
    app->timed_out_kind = sim_kind_add(env->sim, &app_timed_out, env->instance, app);
    app->usable = probe_level_open(probes, "instances_usable", env->region, NULL);
    probe_level_follow(probes, probe_level_open(probes, "workers_busy", env->region, NULL),
                       &app->busy.length);
    probe_level_follow(probes, probe_level_open(probes, "app_queue", env->region, NULL),
                       &app->queued.length);
    app->rejected = probe_count_open(probes, "requests_rejected", env->region, NULL);
    app->lost = probe_count_open(probes, "requests_lost", env->region, NULL);
    app->refused = probe_count_open(probes, "requests_refused", env->region, NULL);
    app->dropped = probe_count_open(probes, "requests_dropped", env->region, NULL);
    app->instance_errors = probe_count_open(probes, "instance_errors", env->region, NULL);
    app->wait = probe_latency_open(probes, "app_wait", env->region, NULL);
    for (int i = 0; i < BALANCER_ERRORS; i++)
        app->balancer_errors[i] =
            probe_count_open(probes, "balancer_errors", env->region, balancer_error_names[i]);
    app->port = (struct app_port){app, app_submit, app_arrive_now};
    app->op_port = (struct op_port){app, app_on_op_done};
    app->requests_hint = (struct prefetch_port){app, app_prefetch_request};
    port_offer_prefetch_requests(env->ports, env->region, -1, &app->requests_hint);
    app->power = (struct power_port){app, app_set_power};
    app->deploy = (struct deploy_port){app, app_begin_deploy, app_restart_instance};
    app->illness_port = (struct illness_port){app, app->config->instances, app_set_illness};
    app->health_target = (struct health_target_port){app, app_probe};
    port_offer_health_target(env->ports, env->region, -1, &app->health_target);
    port_offer_app_illness(env->ports, env->region, -1, &app->illness_port);
    port_offer_deploy(env->ports, env->region, -1, &app->deploy);
    port_offer_app(env->ports, env->region, -1, &app->port);
    port_offer_ops(env->ports, env->region, -1, &app->op_port);
    port_offer_power(env->ports, env->region, POWER_APP, &app->power);
}

/* What only a monitoring service records. */
static void app_measure(struct app_tier *app, struct probes *probes)
{
    app->timed = probes_is_tapped(probes, "target_response_time") ||
                 probes_is_tapped(probes, "requests_arrived");
    if (!app->timed)
        return;
    app->response_time = probe_latency_open(probes, "target_response_time", app->region, NULL);
    app->arrived = probe_count_open(probes, "requests_arrived", app->region, NULL);
}

static void app_tier_connect(void *self, const struct port_directory *ports)
{
    struct app_tier *app = self;

    app_measure(app, sim_probe_set(app->sim));
    app->probes = sim_probes(app->sim);
    app->sessions = port_need_sessions(ports, app->region, -1);
    app->instances_hint = port_find_prefetch_instances(ports, app->region, -1);
    app->sessions->set_instances(app->sessions->self, app->config->instances);
    app->edge = port_need_edge(ports, -1, -1);
    for (uint32_t r = 0; r < app->region_count; r++)
        app->users[r] = port_need_users(ports, (int)r, -1);
    app_backing_connect(app, ports);
    app_balancer_connect(app, port_find_endpoint_group(ports, app->region, -1));
    if (app->times_out)
        app->time_out =
            sim_timer_add(app->sim, app->config->balancer.idle_timeout_ns, app->timed_out_kind);
}

static void app_tier_start(void *self)
{
    struct app_tier *app = self;

    probe_level(app->probes, app->usable, 0, app->config->instances);
    app_fleet_start(app);
    app_health_start(app);
}

static void app_tier_finish(void *self)
{
    app_requests_check(self);
}

static void app_tier_fini(void *self)
{
    struct app_tier *app = self;

    app_balancer_fini(app);
    free(app->instances);
    free(app->targets);
    free(app->illness);
    free(app->checking);
    for (uint32_t i = 0; app->sharings && i < app->config->instances; i++)
        service_sharing_release(&app->sharings[i]);
    free(app->sharings);
    free(app->fleet.slots);
    free(app->requests);
}

static bool depends_on_primary(const void *config, const struct check_context *context)
{
    const struct app_tier_config *c = config;

    return c->health.depth == HEALTH_PRIMARY_STORE && context->topology->region_count > 1;
}

static bool checks_overlap(const void *config, const struct check_context *context)
{
    const struct app_tier_config *c = config;

    (void)context;
    return c->health.depth != HEALTH_SHALLOW && c->health.timeout_ns >= c->health.interval_ns;
}

static const struct lint_row app_tier_lints[] = {
    {.code = "app-deep-health",
     .field = "health.depth",
     .meaning =
         "'health.depth: primary-store' makes all targets of every region unhealthy when the "
         "primary is unreachable, even those that could serve reads",
     .applies = depends_on_primary},
    {.code = "app-health-overlap",
     .field = "health.timeout",
     .meaning = "'health.timeout' is not below 'health.interval': a check is still open when the "
                "next one begins; load balancers refuse this setting",
     .applies = checks_overlap},
};

static uint32_t instance_parts(const void *config, const struct check_context *context, int region,
                               int peer)
{
    const struct app_tier_config *c = config;

    (void)peer;
    return context->region == region ? c->instances : 0;
}

static uint32_t zone_parts(const void *config, const struct check_context *context, int region,
                           int peer)
{
    (void)config, (void)peer;
    return context->region == region ? context->topology->zone_count : 0;
}

static uint32_t launching_parts(const void *config, const struct check_context *context, int region,
                                int peer)
{
    const struct app_tier_config *c = config;

    (void)context, (void)region, (void)peer;
    return c->fleet.kind == FLEET_SCALING;
}

static const struct fault_capability app_tier_faults[] = {
    {"zone", "down", zone_parts},
    {"zone", "isolate", zone_parts},
    {"region", "down", NULL},
    {"region", "deploy", NULL},
    {"instance", "restart", instance_parts},
    {"instance", "crash", instance_parts},
    {"instance", "errors", instance_parts},
    {"instance", "slow", instance_parts},
    {"control/compute", "down", launching_parts},
    {"control/compute", "errors", launching_parts},
    {"control/compute", "throttle", launching_parts},
};

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
    .rows = {LINT_TABLE(app_tier_lints), FAULT_TABLE(app_tier_faults)},
    .check = app_balancer_check,
    .init = app_tier_init,
    .connect = app_tier_connect,
    .start = app_tier_start,
    .finish = app_tier_finish,
    .fini = app_tier_fini,
};
