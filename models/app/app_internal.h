// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by the files of the application tier: app_tier.c (parameters, metrics, the
 * model, power loss), app_request.c (requests: workers, queues, operations on the store),
 * app_guard.c (admission, dropped
 * requests), app_illness.c (ill instances), app_health.c (health checks), app_deploy.c (rolling
 * restarts).
 */
#ifndef APP_INTERNAL_H
#define APP_INTERNAL_H

#include "bug.h"
#include "deploy.h"
#include "edge.h"
#include "health_check.h"
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
    int balance;
    bool read_back;
    sim_dur token_lifetime_ns;
    struct health_check_rule health;
    struct phase_rule health_phase;
    sim_dur restart_ns;
    struct phase_rule deploy_phase;
};

enum queue_order { QUEUE_FIFO, QUEUE_LIFO };

enum stage {
    STAGE_FREE,
    STAGE_COMING,
    STAGE_PROBE,
    STAGE_WAITING,
    STAGE_SERVICE,
    STAGE_READ,
    STAGE_WRITE
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
    uint32_t instance;
    uint32_t next;
    uint16_t session_check;
    uint8_t stage;
    uint8_t kind : 2; /* enum request_kind */
    uint8_t mode : 2; /* enum session_mode */
    uint8_t writes : 1;
    uint8_t wrote : 1;
    uint8_t dead : 1; /* its instance died: it was answered or lost */
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
    bool healthy; /* as reported to the accelerator */
    bool deploying;
    uint32_t deploys;                 /* so far */
    bool guards, drops, shares;       /* app_has_guard(), app_has_drops(), contention */
    uint32_t ill_count;               /* instances that are ill */
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
    struct users_port *users[REGIONS_MAX];
    struct edge_port *edge;
    struct deploy_port deploy;
    struct illness_port illness_port;
    const char *instance_name;
    kind_id arrive_kind, served_kind, check_kind, silence_kind, leave_kind, return_kind,
        shared_kind;
    probe_id rejected, refused, dropped, instance_errors, wait, lost, usable;
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
/* Implements struct op_port. */
void app_on_op_done(void *self, uint32_t index, const struct op_result *result);
/* Implements struct prefetch_port. */
void app_prefetch_request(const void *self, uint32_t request, uint32_t second);

/* --- app_guard.c ----------------------------------------------------------------------------- */

bool app_has_guard(const struct app_tier_config *config);
bool app_has_drops(const struct app_tier_config *config);
/* Admit a request that arrives now? Takes a token. */
bool app_admits(struct app_tier *app);
/* Drop this request, which has left its queue, instead of serving it? */
bool app_drops(struct app_tier *app, uint32_t index);

/* --- app_illness.c --------------------------------------------------------------------------- */

#define APP_ERROR_DRAW (UINT64_C(1) << 56) /* added to an identity: key of the draw of errors */
/* Does the request fail at its instance, which may be ill? Then it was answered or lost, and
 * freed. */
bool app_fails_at_instance(struct app_tier *app, uint32_t index);
sim_dur app_slow_service(const struct app_tier *app, uint32_t instance, sim_dur service);
/* Fail all requests that wait at an instance; silent: lose them. */
void app_queue_clear(struct app_tier *app, uint32_t instance, bool silent);
/* Implements struct illness_port. */
void app_set_illness(void *self, uint32_t instance, const struct illness *illness);

/* --- app_health.c ---------------------------------------------------------------------------- */

extern const struct event_kind app_check, app_silence;
/* Schedule the first check of each instance. */
void app_health_start(struct app_tier *app);
/* Schedule the checks of an instance again where none is scheduled: checks that can only pass are
 * not simulated. */
void app_check_resume(struct app_tier *app, uint32_t instance);
/* The read of a health check has ended. */
void app_on_checked(struct app_tier *app, uint32_t index, const struct op_result *result);
/* Report to the accelerator whether the region has a healthy target, if that has changed. */
void app_report_health(struct app_tier *app);

/* --- app_deploy.c ---------------------------------------------------------------------------- */

extern const struct event_kind app_leave, app_return;
/* Implements struct deploy_port. */
void app_begin_deploy(void *self, sim_dur over);
void app_restart_instance(void *self, uint32_t instance);

#endif
