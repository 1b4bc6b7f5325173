// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by notification, function and DNS record, as the reference architecture does.
 *
 *            begun               notified            accepted               published
 *   any state -----> NOTIFYING ----------> RUNNING <----------> PUBLISHING -----------> IDLE: done
 *                                          |  ^  |
 *                                   failed |  |  | dropped
 *                                          v  |  `------> IDLE: failed
 *                                      RETRYING
 *                                          (notified)
 *
 * Invariants
 *  1. In each state at most one event of its own is pending; IDLE has none. Events of an earlier
 *     step are dead by their generation, a served change that is not its own by its number.
 *  2. An event that `transitions` does not list for a state changes nothing.
 *  3. The record changes once at most, and never after IDLE: failed.
 */
#include "repoint_function.h"

#include "bug.h"
#include "dns.h"

/* An asynchronous call is tried again after 1 and 2 min, then dropped (facts E). */
#define FUNCTION_TRIES 3

const char *const function_state_names[] = {"working", "broken", NULL};

struct repoint_function {
    const struct repoint_function_config *config;
    struct sim *sim;
    struct repoint_host host;
    const struct dns_port *dns;
    enum repoint_function_state state;
    uint32_t step;       /* counts transitions: the generation of the step's event, */
    bool waiting;        /* which is pending */
    int target;          /* region of the promoted cluster */
    uint32_t number;     /* of the failover: keys the draws */
    uint32_t tries;      /* of the function, in this repointing */
    uint32_t change;     /* of the record, as the control plane counts */
    bool up;             /* does the function's service run? */
    uint32_t changed_by; /* event of the run log that made it so; 0: none */
    struct rng_stream step_stream, function_stream;
    kind_id step_kinds[REPOINT_STATES]; /* of the states that wait for a timer */
    kind_id served_kind;
};

static void repoint_log(const struct repoint_function *repoint, const char *cause_text,
                        const char *text)
{
    repoint->host.log(repoint->host.self, repoint->target, cause_text, text);
}

/* The state's own event fires after `wait`. */
static void repoint_wait(struct repoint_function *repoint, sim_dur wait)
{
    if (wait > sim_end(repoint->sim) - sim_now(repoint->sim))
        return;
    sim_after(repoint->sim, wait, repoint->step_kinds[repoint->state], 0, repoint->step);
    repoint->waiting = true;
}

/* --- transitions ----------------------------------------------------------------------------- */

/* The third word of the failover's draws; the first two are the decision's and the promotion's. */
static void send_notification(struct repoint_function *repoint)
{
    struct rng_block block = rng_block_at(&repoint->step_stream, repoint->number, 0);

    repoint_wait(repoint, dist_sample_ns(repoint->config->notification, block.word[2]));
}

static void call_function(struct repoint_function *repoint)
{
    struct rng_block block;

    repoint->tries++;
    block = rng_block_at(&repoint->function_stream, repoint->number, repoint->tries);
    repoint_wait(repoint, dist_sample_ns(repoint->config->function, block.word[0]));
}

/* After the first failure a minute, after the second two. */
static void call_again_later(struct repoint_function *repoint)
{
    repoint_log(repoint, "function failed",
                "the record was not changed; the function will be called again");
    repoint_wait(repoint, repoint->tries * 60 * SIM_S);
}

static void drop_function(struct repoint_function *repoint)
{
    repoint_log(repoint, "function failed",
                "the record was not changed, and nobody will try again");
    repoint->host.failed(repoint->host.self);
}

static void finish(struct repoint_function *repoint)
{
    repoint->host.stage_ended(repoint->host.self, INCIDENT_PUBLISH);
    repoint_log(repoint, "", "the record names the new primary");
    repoint->host.done(repoint->host.self);
}

// clang-format off
/* What is not listed changes nothing. */
static const struct transition {
    enum repoint_function_state from;
    enum repoint_function_event event;
    enum repoint_function_state to;
    void (*action)(struct repoint_function *repoint); /* in the new state; NULL: none */
} transitions[] = {
    {REPOINT_IDLE, REPOINT_BEGUN, REPOINT_NOTIFYING, send_notification},
    {REPOINT_NOTIFYING, REPOINT_BEGUN, REPOINT_NOTIFYING, send_notification},
    {REPOINT_NOTIFYING, REPOINT_NOTIFIED, REPOINT_RUNNING, call_function},
    {REPOINT_RUNNING, REPOINT_BEGUN, REPOINT_NOTIFYING, send_notification},
    {REPOINT_RUNNING, REPOINT_ACCEPTED, REPOINT_PUBLISHING, NULL},
    {REPOINT_RUNNING, REPOINT_TRY_FAILED, REPOINT_RETRYING, call_again_later},
    {REPOINT_RUNNING, REPOINT_DROPPED, REPOINT_IDLE, drop_function},
    {REPOINT_RETRYING, REPOINT_BEGUN, REPOINT_NOTIFYING, send_notification},
    {REPOINT_RETRYING, REPOINT_NOTIFIED, REPOINT_RUNNING, call_function},
    {REPOINT_PUBLISHING, REPOINT_BEGUN, REPOINT_NOTIFYING, send_notification},
    {REPOINT_PUBLISHING, REPOINT_PUBLISHED, REPOINT_IDLE, finish},
};
// clang-format on

static const struct transition *transition_find(enum repoint_function_state state,
                                                enum repoint_function_event event)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++)
        if (transitions[i].from == state && transitions[i].event == event)
            return &transitions[i];
    return NULL;
}

bool repoint_function_next(enum repoint_function_state state, enum repoint_function_event event,
                           enum repoint_function_state *next)
{
    const struct transition *transition = transition_find(state, event);

    if (transition)
        *next = transition->to;
    return transition != NULL;
}

static void repoint_happen(struct repoint_function *repoint, enum repoint_function_event event)
{
    const struct transition *transition = transition_find(repoint->state, event);

    if (!transition)
        return;
    if (repoint->waiting)
        sim_cancelled(repoint->sim);
    repoint->waiting = false;
    repoint->state = transition->to;
    repoint->step++;
    if (transition->action)
        transition->action(repoint);
}

/* --- what makes the events ------------------------------------------------------------------- */

/* The function has run: it asks for the change of the record, if it can. */
static enum repoint_function_event function_result(struct repoint_function *repoint)
{
    const struct dns_port *dns = repoint->dns;
    struct cause cause = sim_cause(repoint->sim);

    repoint->change = 0;
    if (repoint->config->state == FUNCTION_WORKING && repoint->up) {
        repoint->change = dns->publish(dns->self, (struct dns_target){.region = repoint->target});
    } else {
        cause.waited_for = repoint->changed_by;
        sim_set_cause(repoint->sim, cause);
    }
    if (repoint->change > 0)
        return REPOINT_ACCEPTED;
    return repoint->tries < FUNCTION_TRIES ? REPOINT_TRY_FAILED : REPOINT_DROPPED;
}

static void repoint_on_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct repoint_function *repoint = self;

    (void)sim, (void)entity, (void)generation;
    repoint->waiting = false;
    repoint_happen(repoint,
                   repoint->state == REPOINT_RUNNING ? function_result(repoint) : REPOINT_NOTIFIED);
}

static bool repoint_step_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct repoint_function *repoint = self;

    (void)entity;
    return (repoint->step & SIM_GENERATION_MASK) == generation;
}

static void repoint_on_served(void *self, struct sim *sim, uint32_t region, uint32_t change)
{
    struct repoint_function *repoint = self;

    (void)sim, (void)change;
    invariant((int)region == repoint->target);
    repoint_happen(repoint, REPOINT_PUBLISHED);
}

static bool repoint_served_live(const void *self, uint32_t region, uint32_t change)
{
    const struct repoint_function *repoint = self;

    (void)region;
    return repoint->state == REPOINT_PUBLISHING &&
           (repoint->change & SIM_GENERATION_MASK) == change;
}

// clang-format off
/* Each state that waits has a kind of its own, for the name in a trace. */
static const struct event_kind repoint_steps[REPOINT_STATES] = {
    [REPOINT_NOTIFYING] = {.name = "notified", .phase = PHASE_WORK, .fire = repoint_on_step, .live = repoint_step_live, .carries_cause = true},
    [REPOINT_RUNNING] = {.name = "function", .phase = PHASE_WORK, .fire = repoint_on_step, .live = repoint_step_live, .carries_cause = true},
    [REPOINT_RETRYING] = {.name = "retry", .phase = PHASE_WORK, .fire = repoint_on_step, .live = repoint_step_live, .carries_cause = true},
};
// clang-format on
static const struct event_kind repoint_served = {
    .name = "served",
    .phase = PHASE_WORK,
    .fire = repoint_on_served,
    .live = repoint_served_live,
    .carries_cause = true,
};

/* --- the method ------------------------------------------------------------------------------ */

static void repoint_function_begin(void *self, int target, uint32_t number)
{
    struct repoint_function *repoint = self;

    repoint->target = target;
    repoint->number = number;
    repoint->tries = 0;
    repoint_happen(repoint, REPOINT_BEGUN);
}

static void repoint_function_set(void *self, enum control_part part, bool up)
{
    struct repoint_function *repoint = self;

    invariant(part == CONTROL_FUNCTION);
    repoint->up = up;
    repoint->changed_by = sim_cause(repoint->sim).number;
}

static void repoint_function_init(void *self, const struct repoint_env *env)
{
    struct repoint_function *repoint = self;

    repoint->config = env->config;
    repoint->sim = env->sim;
    repoint->host = env->host;
    repoint->up = true;
    repoint->step_stream = sim_stream(env->sim, env->instance, "step");
    repoint->function_stream = sim_stream(env->sim, env->instance, "function");
    repoint->served_kind = sim_kind_add(env->sim, &repoint_served, env->instance, repoint);
    for (int i = 0; i < REPOINT_STATES; i++)
        if (repoint_steps[i].fire)
            repoint->step_kinds[i] =
                sim_kind_add(env->sim, &repoint_steps[i], env->instance, repoint);
}

static void repoint_function_connect(void *self, const struct port_directory *ports)
{
    struct repoint_function *repoint = self;

    repoint->dns = port_need_dns(ports, -1, -1);
    repoint->dns->subscribe(repoint->dns->self, repoint->served_kind);
}

const struct repoint_ops repoint_function_ops = {
    .name = "function",
    .failure = "function-dropped",
    .state_size = sizeof(struct repoint_function),
    .parts = UINT32_C(1) << CONTROL_FUNCTION,
    .init = repoint_function_init,
    .connect = repoint_function_connect,
    .begin = repoint_function_begin,
    .set = repoint_function_set,
};
