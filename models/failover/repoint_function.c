// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by notification, function and DNS record, as the reference architecture does. Clients
 * use the name of the record.
 *
 * The promoted cluster notifies its region's topic. Each delivery is a run of the function of that
 * region, which sets the record to its own region, and knows nothing of other regions:
 *
 *           begun             notified           accepted
 *     IDLE ------> NOTIFYING ----------> RUNNING ---------> IDLE: the record's change propagates
 *                                         |  ^  |
 *                        failed, throttled|  |  | dropped
 *                                         v  |  `------> IDLE: failed
 *                                     RETRYING
 *                                        (notified)
 *
 * Invariants
 *  1. A run has one event of its own pending in each state but IDLE. Events of an earlier step are
 *     dead by their generation.
 *  2. An event that `transitions` does not list for a state changes nothing.
 *  3. Runs do not end with the failover that began them: a late, repeated or retried run of the old
 *     region's function sets the record back.
 *  4. The host's done() is called when the authority serves a change to the target, by whichever
 *     run; failed() when the last run of this failover has ended and no change was accepted.
 */
#include "repoint_function.h"

#include "bug.h"
#include "control.h"
#include "dns.h"
#include "mem.h"
#include "refs.h"

#include <stdlib.h>

/* An asynchronous call is tried again after 1 and 2 min, then dropped; one that is throttled is
 * tried for 6 h, after 1 s at first and at most 5 min (facts E). */
#define FUNCTION_TRIES 3
#define THROTTLED_FOR (6 * 3600 * SIM_S)
#define THROTTLED_WAIT_MAX (300 * SIM_S)
/* A person who is refused by the control plane tries again after this; an assumption. */
#define HAND_WAIT (60 * SIM_S)

const char *const function_state_names[] = {"working", "broken", NULL};

/* One delivery of a notification, or the work of a person. */
struct function_run {
    enum function_run_state state;
    uint32_t step; /* counts transitions: the generation of its event */
    bool by_hand;
    int region;      /* of the function, and of what it sets the record to */
    uint32_t number; /* of the failover, and of the run in it: key its draws */
    uint32_t index;
    uint32_t tries, throttles;
    sim_time called; /* first */
    sim_dur took;    /* the present try, without its cold start */
};

struct repoint_function {
    const struct repoint_function_config *config;
    struct sim *sim;
    struct repoint_host host;
    const struct dns_port *dns;
    struct function_run *runs; /* IDLE ones are used again */
    uint32_t run_count;
    size_t run_capacity;
    bool active; /* the host waits */
    int target;
    uint32_t number, indices, open; /* of the failover; runs that it has begun; that go on */
    bool accepted;                  /* a change of this failover is with the authority */
    struct control_plane planes[REGIONS_MAX]; /* the function of each region */
    struct control_state states[REGIONS_MAX];
    uint32_t changed_by[REGIONS_MAX]; /* event of the run log that made it so; 0: none */
    struct rng_stream step_stream, function_stream, delivery_stream;
    struct function_probes {
        probe_id invocations, errors, throttles, duration, age, dropped;
    } probes[REGIONS_MAX];
    kind_id kinds[FUNCTION_STATES]; /* of the states that wait for a timer */
    kind_id served_kind;
};

static void run_log(const struct repoint_function *repoint, const struct function_run *run,
                    const char *cause_text, const char *text)
{
    repoint->host.log(repoint->host.self, run->region, cause_text, text);
}

/* --- transitions ----------------------------------------------------------------------------- */

// clang-format off
/* What is not listed changes nothing. */
static const struct transition {
    enum function_run_state from;
    enum function_run_event event;
    enum function_run_state to;
} transitions[] = {
    {FUNCTION_IDLE,      FUNCTION_BEGUN,      FUNCTION_NOTIFYING},
    {FUNCTION_NOTIFYING, FUNCTION_NOTIFIED,   FUNCTION_RUNNING},
    {FUNCTION_NOTIFYING, FUNCTION_THROTTLED,  FUNCTION_RETRYING},
    {FUNCTION_RUNNING,   FUNCTION_ACCEPTED,   FUNCTION_IDLE},
    {FUNCTION_RUNNING,   FUNCTION_TRY_FAILED, FUNCTION_RETRYING},
    {FUNCTION_RUNNING,   FUNCTION_DROPPED,    FUNCTION_IDLE},
    {FUNCTION_RETRYING,  FUNCTION_NOTIFIED,   FUNCTION_RUNNING},
    {FUNCTION_RETRYING,  FUNCTION_THROTTLED,  FUNCTION_RETRYING},
    {FUNCTION_RETRYING,  FUNCTION_DROPPED,    FUNCTION_IDLE},
};
// clang-format on

bool function_run_next(enum function_run_state state, enum function_run_event event,
                       enum function_run_state *next)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++)
        if (transitions[i].from == state && transitions[i].event == event) {
            *next = transitions[i].to;
            return true;
        }
    return false;
}

static void run_move(struct function_run *run, enum function_run_event event)
{
    if (!function_run_next(run->state, event, &run->state))
        BUG("event %d in state %d of a function's run", (int)event, (int)run->state);
    run->step++;
}

/* The state's own event fires after `wait`. */
static void run_wait(struct repoint_function *repoint, const struct function_run *run, sim_dur wait)
{
    sim_after(repoint->sim, wait, repoint->kinds[run->state], (uint32_t)(run - repoint->runs),
              run->step);
}

/* --- a run ----------------------------------------------------------------------------------- */

static void run_count(const struct repoint_function *repoint, const struct function_run *run,
                      size_t probe)
{
    const char *probes = (const char *)&repoint->probes[run->region];

    if (!run->by_hand)
        probe_count(sim_probes(repoint->sim), *(const probe_id *)(const void *)(probes + probe));
}
#define COUNT_RUN(repoint, run, member)                                                            \
    run_count(repoint, run, offsetof(struct function_probes, member))

static struct function_run *run_new(struct repoint_function *repoint, int region)
{
    struct function_run *run = NULL;

    for (uint32_t i = 0; i < repoint->run_count && !run; i++)
        if (repoint->runs[i].state == FUNCTION_IDLE)
            run = &repoint->runs[i];
    if (!run) {
        MEM_GROW(repoint->runs, repoint->run_capacity, repoint->run_count + 1);
        run = &repoint->runs[repoint->run_count++];
        *run = (struct function_run){.step = 0};
    }
    *run = (struct function_run){.step = run->step + 1,
                                 .region = region,
                                 .number = repoint->number,
                                 .index = ++repoint->indices};
    repoint->open++;
    return run;
}

/* The run has ended, with a change that was accepted or without. */
static void run_end(struct repoint_function *repoint, const struct function_run *run, bool accepted)
{
    if (run->number != repoint->number)
        return; /* of an earlier failover */
    repoint->open--;
    if (accepted && !repoint->accepted)
        repoint->host.stage_ended(repoint->host.self, INCIDENT_NOTIFY);
    repoint->accepted = repoint->accepted || accepted;
    if (repoint->open == 0 && !repoint->accepted && repoint->active) {
        repoint->active = false;
        repoint->host.failed(repoint->host.self);
    }
}

static void call_again(struct repoint_function *repoint, struct function_run *run)
{
    run_move(run, FUNCTION_TRY_FAILED);
    if (run->by_hand) {
        run_log(repoint, run, "refused", "the record was not changed; the operator will try again");
        run_wait(repoint, run, HAND_WAIT);
        return;
    }
    run_log(repoint, run, "function failed",
            "the record was not changed; the function will be called again");
    run_wait(repoint, run, run->tries * 60 * SIM_S); /* 1 min, then 2 */
}

static void run_fails(struct repoint_function *repoint, struct function_run *run)
{
    if (run->by_hand || run->tries < FUNCTION_TRIES) {
        call_again(repoint, run);
        return;
    }
    run_log(repoint, run, "function failed",
            "the record was not changed, and the function will not be called again");
    COUNT_RUN(repoint, run, dropped);
    run_move(run, FUNCTION_DROPPED);
    run_end(repoint, run, false);
}

static void run_throttled(struct repoint_function *repoint, struct function_run *run)
{
    sim_dur wait = SIM_S << (run->throttles < 10 ? run->throttles : 10);

    if (wait > THROTTLED_WAIT_MAX)
        wait = THROTTLED_WAIT_MAX;
    COUNT_RUN(repoint, run, throttles);
    if (run->throttles++ == 0)
        run_log(repoint, run, "function throttled", "the function will be called again");
    if (sim_now(repoint->sim) + wait > run->called + THROTTLED_FOR) {
        run_log(repoint, run, "function throttled",
                "the record was not changed, and the function will not be called again");
        COUNT_RUN(repoint, run, dropped);
        run_move(run, FUNCTION_DROPPED);
        run_end(repoint, run, false);
        return;
    }
    run_move(run, FUNCTION_THROTTLED);
    run_wait(repoint, run, wait);
}

static void run_called(struct repoint_function *repoint, struct function_run *run)
{
    const struct repoint_function_config *config = repoint->config;
    sim_dur wait = 0;

    if (run->called == 0)
        run->called = sim_now(repoint->sim);
    if (!run->by_hand && repoint->states[run->region].throttled) {
        run_throttled(repoint, run);
        return;
    }
    run_move(run, FUNCTION_NOTIFIED);
    run->tries++;
    if (!run->by_hand) {
        struct rng_block block = rng_block_at(&repoint->function_stream, run->number,
                                              (uint64_t)(run->index - 1) << 32 | run->tries);

        sim_dur cold = dist_sample_ns(config->cold, block.word[1]);

        wait = dist_sample_ns(config->function, block.word[0]) + cold;
        if (wait > config->time_limit_ns)
            wait = config->time_limit_ns;
        run->took = wait > cold ? wait - cold : 0;
        probe_latency(sim_probes(repoint->sim), repoint->probes[run->region].age,
                      sim_now(repoint->sim) - run->called);
    }
    run_wait(repoint, run, wait);
}

/* Does the function get as far as the call of the control plane? */
static bool run_works(const struct repoint_function *repoint, const struct function_run *run)
{
    const struct control_state *state = &repoint->states[run->region];
    struct rng_block block = rng_block_at(&repoint->function_stream, run->number,
                                          (uint64_t)(run->index - 1) << 32 | run->tries);
    sim_dur took = dist_sample_ns(repoint->config->function, block.word[0]) +
                   dist_sample_ns(repoint->config->cold, block.word[1]);

    return run->by_hand ||
           (repoint->config->state == FUNCTION_WORKING && state->up &&
            took <= repoint->config->time_limit_ns && !(rng_unit(block.word[2]) < state->errors));
}

/* A try has ended, in which way ever. */
static void run_measure(const struct repoint_function *repoint, const struct function_run *run,
                        bool works)
{
    COUNT_RUN(repoint, run, invocations);
    if (!works)
        COUNT_RUN(repoint, run, errors);
    if (!run->by_hand)
        probe_latency(sim_probes(repoint->sim), repoint->probes[run->region].duration, run->took);
}

/* It asks for the change of the record, if it can. */
static void run_over(struct repoint_function *repoint, struct function_run *run)
{
    const struct dns_port *dns = repoint->dns;
    struct cause cause = sim_cause(repoint->sim);
    bool works = run_works(repoint, run);

    run_measure(repoint, run, works);
    if (!works) {
        cause.waited_for = repoint->changed_by[run->region];
        sim_set_cause(repoint->sim, cause);
        run_fails(repoint, run);
        return;
    }
    if (run->by_hand)
        run_log(repoint, run, "", "the operator asks for the change of the record");
    else
        run_log(
            repoint, run,
            run->tries > 1
                ? "called again, start and run"
                : "notification, start and run (failover.notification, function_cold, function)",
            "the function asks for the change of the record");
    if (dns->publish(dns->self, (struct dns_target){.region = run->region}) == 0) {
        COUNT_RUN(repoint, run, errors); /* the function ends with the refusal */
        run_fails(repoint, run);
        return;
    }
    run_move(run, FUNCTION_ACCEPTED);
    run_end(repoint, run, true);
}

static void run_on_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct repoint_function *repoint = self;
    struct function_run *run = &repoint->runs[entity];

    (void)sim, (void)generation;
    if (run->state == FUNCTION_RUNNING)
        run_over(repoint, run);
    else
        run_called(repoint, run);
}

static bool run_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct repoint_function *repoint = self;

    return entity < repoint->run_count &&
           (repoint->runs[entity].step & SIM_GENERATION_MASK) == generation;
}

static void repoint_on_served(void *self, struct sim *sim, uint32_t region, uint32_t change)
{
    struct repoint_function *repoint = self;

    (void)sim, (void)change;
    if (!repoint->active) {
        if (repoint->number > 0 && (int)region != repoint->target)
            repoint->host.log(repoint->host.self, (int)region, "late run of the function",
                              "the record names a region that is not the primary");
        return;
    }
    if ((int)region != repoint->target)
        return;
    repoint->active = false;
    repoint->host.stage_ended(repoint->host.self, INCIDENT_PUBLISH);
    repoint->host.log(repoint->host.self, repoint->target, "", "the record names the new primary");
    repoint->host.done(repoint->host.self);
}

// clang-format off
/* Each state that waits has a kind of its own, for the name in a trace. */
static const struct event_kind run_steps[FUNCTION_STATES] = {
    [FUNCTION_NOTIFYING] = {.name = "notified", .phase = PHASE_WORK, .fire = run_on_step, .live = run_live, .carries_cause = true},
    [FUNCTION_RUNNING] = {.name = "function", .phase = PHASE_WORK, .fire = run_on_step, .live = run_live, .carries_cause = true},
    [FUNCTION_RETRYING] = {.name = "retry", .phase = PHASE_WORK, .fire = run_on_step, .live = run_live, .carries_cause = true},
};
// clang-format on
static const struct event_kind repoint_served = {
    .name = "served", .phase = PHASE_WORK, .fire = repoint_on_served, .carries_cause = true};

/* --- the method ------------------------------------------------------------------------------ */

static void repoint_function_open(struct repoint_function *repoint, int target, uint32_t number)
{
    repoint->target = target;
    repoint->active = true;
    repoint->accepted = false;
    if (number != repoint->number)
        repoint->open = repoint->indices = 0; /* runs of an earlier failover go on uncounted */
    repoint->number = number;
}

static void deliver(struct repoint_function *repoint, sim_dur wait)
{
    struct function_run *run = run_new(repoint, repoint->target);

    run_move(run, FUNCTION_BEGUN);
    run_wait(repoint, run, wait);
}

/* The notification's delay is the third word of the failover's draws; the first two are the
 * decision's and the promotion's. */
static void repoint_function_begin(void *self, int from, int target, uint32_t number)
{
    struct repoint_function *repoint = self;
    const struct repoint_function_config *config = repoint->config;
    struct rng_block step = rng_block_at(&repoint->step_stream, number, 0);
    struct rng_block delivery = rng_block_at(&repoint->delivery_stream, number, 0);
    sim_dur wait = dist_sample_ns(config->notification, step.word[2]);
    bool lost = rng_unit(delivery.word[0]) < config->lost_share;

    (void)from;
    repoint_function_open(repoint, target, number);
    if (!lost)
        deliver(repoint, wait);
    if (rng_unit(delivery.word[1]) < config->duplicated_share)
        deliver(repoint, wait + dist_sample_ns(config->duplicate, delivery.word[2]));
    if (repoint->open > 0)
        return;
    repoint->host.log(repoint->host.self, target, "notification lost",
                      "the function is not called, and the record not changed");
    repoint->active = false;
    repoint->host.failed(repoint->host.self);
}

static void repoint_function_by_hand(void *self, int from, int target, uint32_t number)
{
    struct repoint_function *repoint = self;
    struct function_run *run;

    (void)from;
    repoint_function_open(repoint, target, number);
    run = run_new(repoint, target);
    run->by_hand = true;
    run_move(run, FUNCTION_BEGUN);
    run_wait(repoint, run, 0);
}

static void repoint_function_set(void *self, uint32_t region, const struct control_state *state)
{
    struct repoint_function *repoint = self;

    repoint->states[region] = *state;
    repoint->changed_by[region] = sim_cause(repoint->sim).number;
}

static void repoint_function_probes(struct repoint_function *repoint, struct probes *probes, int r)
{
    repoint->probes[r] = (struct function_probes){
        .invocations = probe_count_open(probes, "function_invocations", r, NULL),
        .errors = probe_count_open(probes, "function_errors", r, NULL),
        .throttles = probe_count_open(probes, "function_throttles", r, NULL),
        .duration = probe_latency_open(probes, "function_duration", r, NULL),
        .age = probe_latency_open(probes, "function_event_age", r, NULL),
        .dropped = probe_count_open(probes, "function_events_dropped", r, NULL)};
}

static void repoint_function_init(void *self, const struct model_env *env, const void *config,
                                  const struct repoint_host *host)
{
    struct repoint_function *repoint = self;

    repoint->config = config;
    repoint->sim = env->sim;
    repoint->host = *host;
    repoint->step_stream = sim_stream(env->sim, env->instance, "step");
    repoint->function_stream = sim_stream(env->sim, env->instance, "function");
    repoint->delivery_stream = sim_stream(env->sim, env->instance, "delivery");
    repoint->served_kind = sim_kind_add(env->sim, &repoint_served, env->instance, repoint);
    for (int i = 0; i < FUNCTION_STATES; i++)
        if (run_steps[i].fire)
            repoint->kinds[i] = sim_kind_add(env->sim, &run_steps[i], env->instance, repoint);
    for (uint32_t r = 0; r < env->topology->region_count; r++) {
        repoint_function_probes(repoint, sim_probe_set(env->sim), (int)r);
        repoint->states[r] = CONTROL_WELL;
        repoint->planes[r] = (struct control_plane){repoint, r, env->topology->region_names[r],
                                                    repoint_function_set};
        port_offer_control_plane(env->ports, CONTROL_FUNCTION, (int)r, &repoint->planes[r]);
    }
}

static void repoint_function_connect(void *self, const struct port_directory *ports)
{
    struct repoint_function *repoint = self;

    repoint->dns = port_need_dns(ports, -1, -1);
    repoint->dns->subscribe(repoint->dns->self, repoint->served_kind);
}

static void repoint_function_fini(void *self)
{
    free(((struct repoint_function *)self)->runs);
}

const struct repoint_ops repoint_function_ops = {
    .name = "function",
    .failure = "function-dropped",
    .state_size = sizeof(struct repoint_function),
    .init = repoint_function_init,
    .connect = repoint_function_connect,
    .begin = repoint_function_begin,
    .by_hand = repoint_function_by_hand,
    .fini = repoint_function_fini,
};
