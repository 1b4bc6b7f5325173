// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by the files of the application tier: app_tier.c (parameters, metrics, the
 * model, power loss), app_request.c (requests: workers, queues, operations on the store),
 * app_guard.c (admission, dropped requests), app_balancer.c (groups of targets, what the load
 * balancer answers itself), app_illness.c (failing instances), app_health.c (health checks),
 * app_deploy.c (rolling restarts), app_fleet.c (a number of instances that scales).
 */
#ifndef APP_INTERNAL_H
#define APP_INTERNAL_H

#include "app_fleet.h"
#include "bug.h"
#include "database.h"
#include "deploy.h"
#include "edge.h"
#include "endpoint_group.h"
#include "health_check.h"
#include "health_target.h"
#include "illness.h"
#include "load_balancer.h"
#include "mem.h"
#include "model.h"
#include "phase_rule.h"
#include "queue_check.h"
#include "prefetch.h"
#include "refs.h"
#include "service_sharing.h"
#include "session.h"
#include "session_store.h"
#include "store_command.h"
#include "store_fault.h"
#include "token_bucket.h"
#include "user.h"

struct balancer_config {
    int algorithm; /* enum balance */
    uint32_t fail_open_count, target_groups;
    double fail_open_share;
    sim_dur slow_start_ns, deregistration_ns, connect_timeout_ns, idle_timeout_ns;
    bool initial_check, cross_zone;
};

struct app_tier_config {
    uint32_t instances, workers, queue;
    int queue_order; /* enum queue_order */
    sim_dur queue_timeout_ns;
    bool drop_abandoned;
    uint32_t admission_concurrency, admission_burst;
    double admission_rate; /* per second */
    struct contention contention;
    struct dist *service;
    double login_factor;
    struct balancer_config balancer;
    bool read_back;
    sim_dur token_lifetime_ns;
    struct health_check_rule health;
    struct phase_rule health_phase;
    sim_dur restart_ns;
    struct phase_rule deploy_phase;
    struct fleet_config fleet;
    double cold_factor;
    sim_dur cold_ns;
};

enum queue_order { QUEUE_FIFO, QUEUE_LIFO };
enum balance { ROUND_ROBIN, LEAST_OUTSTANDING };

/* What the load balancer answers without a target's answer. */
enum balancer_error { BALANCER_502, BALANCER_503, BALANCER_504, BALANCER_ERRORS };

enum stage {
    STAGE_FREE,
    STAGE_COMING,
    STAGE_PROBE,
    STAGE_STRANDED, /* the load balancer waits for a connection to a dead host */
    STAGE_WAITING,
    STAGE_SERVICE,
    STAGE_READ,
    STAGE_WRITE,
    STAGE_SEARCH,  /* reads the session in the database, the cache did not have it */
    STAGE_RESTORE, /* writes it to the cache again */
    STAGE_BACK     /* writes it to the database, as the cache before */
};

/* A request on its way to the tier or in it: one cache line. */
__extension__ struct app_request {
    uint64_t identity, service_word; /* most members: as in struct user_request */
    sim_time since;                  /* arrival; once in service, start of the service */
    sim_time last_write;
    uint32_t session, pending;
    uint32_t pending_generation : SIM_GENERATION_BITS;
    uint32_t local_region : 4;
    uint32_t way_back_high : 8; /* way_back in 40 bits: up to 18 min */
    uint32_t way_back_low;
    uint32_t generation;
    uint32_t instance; /* until it arrives: the endpoint that it comes to */
    uint32_t next;     /* in a queue or the free list; while it searches: the cause of a re-auth */
    uint16_t session_check;
    uint8_t stage;
    uint8_t kind : 2; /* enum request_kind */
    uint8_t mode : 2; /* enum session_mode */
    uint8_t writes : 1;
    uint8_t wrote : 1;
    uint8_t dead : 1; /* its instance crashed: it was answered or lost */
};
_Static_assert(sizeof(struct app_request) == MEM_LINE_BYTES, "one cache line");

struct instance {
    uint32_t busy_count, queued_count; /* requests in service; waiting for a worker */
    uint32_t head, tail;               /* requests: the first and the last that wait */
    sim_time returned;                 /* from its last restart; 0: it had none */
};

/*
 * Each endpoint's load balancer routes within a pool of instances: a part of them for each target
 * group, contiguous, and of that, without cross-zone load balancing, those in each zone. Pools are
 * numbered by endpoint, then group, then zone.
 */
struct balancer_pools {
    struct load_balancer *pools;
    uint32_t count, endpoints, groups, zones; /* count = endpoints x groups x zones */
    bool direct; /* endpoints are instances: no load balancer, no health checks of its own */
    struct load_balancer_rule rule;
    struct endpoint_health reported[ENDPOINTS_MAX]; /* to the edges */
};

#define PROBERS_MAX 4

struct app_tier {
    const struct app_tier_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    int region;
    uint32_t region_count, zone_count;
    bool up;
    struct instance *instances;
    struct balancer_pools balancer;
    struct lb_target *targets;                 /* by instance */
    const struct prober *probers[PROBERS_MAX]; /* checkers outside of the region */
    bool times_out;                            /* some users wait longer than the load balancer */
    bool deploying;
    uint32_t deploys;           /* so far */
    bool guards, drops, shares; /* app_has_guard(), app_has_drops(), contention */
    bool cools;                 /* instances that start are cold */
    bool timed;                 /* response_time is recorded: `next` of a request in service is its
                                   wait, in us */
    struct fleet fleet;
    uint32_t ill_count;               /* instances that fail*/
    struct illness *illness;          /* by instance */
    bool *checking;                   /* by instance: a check is scheduled */
    struct service_sharing *sharings; /* by instance; NULL: no contention */
    struct token_bucket bucket;
    struct queue_check busy, queued; /* busy workers, waiting requests */
    struct app_request *requests;
    size_t request_count, request_capacity;
    uint32_t request_free;
    struct app_port port;
    struct op_port op_port;
    struct prefetch_port requests_hint;
    const struct prefetch_port *instances_hint; /* NULL: none */
    struct power_port power;
    struct session_port *sessions;
    const struct database_port *backing; /* NULL: sessions are in the store alone */
    struct database_user backed;
    struct users_port *users[REGIONS_MAX];
    struct edge_port *edge;
    struct deploy_port deploy;
    struct illness_port illness_port;
    struct health_target_port health_target;
    const char *instance_name;
    kind_id arrive_kind, served_kind, check_kind, silence_kind, checked_kind, leave_kind,
        return_kind, drained_kind, shared_kind, stranded_kind, timed_out_kind;
    timer_id time_out;
    probe_id rejected, refused, dropped, instance_errors, wait, lost, usable, arrived;
    probe_id response_time; /* `timed` */
    probe_id balancer_errors[BALANCER_ERRORS];
};

/* --- app_request.c --------------------------------------------------------------------------- */

extern const struct event_kind app_arrive, app_served, app_shared;
uint32_t app_request_alloc(struct app_tier *app);
void app_request_free(struct app_tier *app, uint32_t index);
void app_respond(struct app_tier *app, uint32_t index, enum response_kind kind, uint8_t cause);
/* The region goes down: requests that wait for a worker are lost. */
void app_lose_queues(struct app_tier *app);
/* Conservation check: the requests in service and in queues equal the metrics. */
void app_requests_check(struct app_tier *app);
/* Implement struct app_port. */
void app_submit(void *self, const struct user_request *user, sim_dur way_there);
void app_arrive_now(void *self, const struct user_request *user);
/* The session of a page was found, or not; of a write: it is over. */
void app_found(struct app_tier *app, uint32_t index);
void app_not_found(struct app_tier *app, uint32_t index, uint8_t cause);
void app_written(struct app_tier *app, uint32_t index);
RARE void app_lose(struct app_tier *app, uint32_t index);
void app_store(struct app_tier *app, uint32_t index, enum command_kind kind);
/* Implements struct op_port. */
void app_on_op_done(void *self, uint32_t index, const struct op_result *result);
/* Implements struct prefetch_port. */
void app_prefetch_request(const void *self, uint32_t request, uint32_t second);

/* --- app_backing.c --------------------------------------------------------------------------- */

/* The database has sessions too, if it does. */
void app_backing_connect(struct app_tier *app, const struct port_directory *ports);
/* A session was not read from the store: look for it in the database. cause: of the re-auth if it
 * is not there; missed: the store answered. */
RARE void app_search(struct app_tier *app, uint32_t index, uint8_t cause, bool missed);
/* The session was written to the store, or not; true: its request waits for the database. */
RARE bool app_back_write(struct app_tier *app, uint32_t index);

/* --- app_guard.c ----------------------------------------------------------------------------- */

bool app_has_guard(const struct app_tier_config *config);
bool app_has_drops(const struct app_tier_config *config);
/* Admit a request that arrives now? Takes a token. */
bool app_admits(struct app_tier *app);
/* Drop this request, which has left its queue, instead of serving it? */
bool app_drops(struct app_tier *app, uint32_t index);

/* --- app_balancer.c -------------------------------------------------------------------------- */

extern const char *const balancer_error_names[];
extern const struct event_kind app_drained, app_stranded, app_timed_out;
/* The check of struct model_ops: rules between the parameters, and against the region's endpoint
 * group. */
void app_balancer_check(const void *config, const struct check_context *context,
                        struct validation *validation);
/* Make the pools. `group` may be NULL: one endpoint, a load balancer. */
void app_balancer_connect(struct app_tier *app, const struct endpoint_group_port *group);
void app_balancer_fini(struct app_tier *app);
/* The pool of an instance. */
struct load_balancer *app_pool_of(struct app_tier *app, uint32_t instance);
/* The pool of a zone, or of another one where that has no healthy target. zones: those of one
 * group. */
struct load_balancer *app_zone_pool(struct load_balancer *zones, uint32_t count, uint32_t zone);
/* The pool of a request, where there are several. */
struct load_balancer *app_pool_for(struct app_tier *app, const struct app_request *request);
/* Answer an error of the load balancer's own and free the request. */
void app_balancer_answer(struct app_tier *app, uint32_t index, enum balancer_error error);
/* Wait for a connection to the request's dead host. */
void app_strand(struct app_tier *app, uint32_t index);
/* Deregister an instance, and answer 502 to what it has not answered when the delay is over. */
void app_deregister(struct app_tier *app, uint32_t instance);
/* Report to the edges, where that has changed, which endpoints have healthy targets. */
void app_report_health(struct app_tier *app);

/* --- app_illness.c --------------------------------------------------------------------------- */

/* Added to an identity: keys of the draws of errors, and of target groups and zones. */
#define APP_ERROR_DRAW (UINT64_C(1) << 56)
#define APP_GROUP_DRAW (UINT64_C(1) << 57)
/* Does the request fail at its instance, which may be failing? Then it was answered or lost, and
 * freed. */
bool app_fails_at_instance(struct app_tier *app, uint32_t index);
sim_dur app_slow_service(const struct app_tier *app, uint32_t instance, sim_dur service);
/* Fail all requests that wait at an instance; silent: lose them. */
void app_queue_clear(struct app_tier *app, uint32_t instance, bool silent);
/* Implements struct illness_port. */
void app_set_illness(void *self, uint32_t instance, const struct illness *illness);

/* --- app_health.c ---------------------------------------------------------------------------- */

extern const struct event_kind app_check, app_silence, app_checked;
/* Schedule the first check of each instance. */
void app_health_start(struct app_tier *app);
/* Schedule the checks of an instance where none is scheduled and it needs some: checks that can
 * only pass are not simulated. */
void app_check_resume(struct app_tier *app, uint32_t instance);
/* The read of a health check has ended, of the tier's own or of a checker's outside. */
void app_on_checked(struct app_tier *app, uint32_t index, const struct op_result *result);
/* Implements struct health_target_port. */
bool app_probe(void *self, const struct probe *probe);
/* The region goes down or up: checks that are open have no result. */
void app_checks_clear(struct app_tier *app);

/* --- app_deploy.c ---------------------------------------------------------------------------- */

extern const struct event_kind app_leave, app_return;
/* A process that has just started gets requests from now on. */
void app_put_in_service(struct app_tier *app, uint32_t instance);
/* The service time at an instance that may still be cold. */
sim_dur app_cold_service(const struct app_tier *app, uint32_t instance, sim_dur service);
/* Implements struct deploy_port. */
void app_begin_deploy(void *self, sim_dur over);
void app_restart_instance(void *self, uint32_t instance);

/* --- app_fleet.c ----------------------------------------------------------------------------- */

void app_fleet_init(struct app_tier *app, const struct model_env *env);
void app_fleet_start(struct app_tier *app);
/* Does the instance belong to the fleet now? Without scaling all do. */
bool app_fleet_has(const struct app_tier *app, uint32_t instance);
/* direct: instances are endpoints by themselves. */
void app_fleet_check(const struct app_tier_config *config, bool direct,
                     struct validation *validation);

#endif
