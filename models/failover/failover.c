// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The reaction to a failed primary: an alarm on the writes that clients make, a decision, a
 * promotion, and the repointing of the clients. One failover at a time.
 *
 *          alarm             go               promoted                repointed
 *   IDLE --------> DECIDING ----> PROMOTING ----------> REPOINTING -------------> IDLE
 *                      |             ^
 *              refused `-> BLOCKED --' go
 *
 * A promotion that a person or a plan orders: go and refused lead from IDLE too, to the same
 * states. Back to IDLE: no target from DECIDING and BLOCKED, target lost from PROMOTING, unreached
 * from REPOINTING.
 *
 * Invariants
 *  1. PROMOTING exactly between the store's promotion_begin() and promotion_end() of this model's
 *     target.
 *  2. The target is fixed on the way into PROMOTING and is not the primary of that moment.
 *  3. In each state at most one event of the model's own is pending, that which `transitions` lists
 *     for it; IDLE, BLOCKED (which waits for a port call) and REPOINTING (which waits for its
 *     method, repoint.h) have none. Events of an earlier step are dead by their generation.
 *  4. An event that `transitions` does not list for a state changes nothing: a second alarm, or an
 *     order while a failover is under way, is dropped and logged.
 *  5. A failover that was begun ends in IDLE, whether clients were repointed or not.
 *
 * The alarm is a monitoring service's: a data point for each period, made visible after a delay, M
 * breaching ones of the last N, and rules for what is missing (alarm.h). It is evaluated when a
 * point becomes visible, in the order of the periods. Action is taken when its state changes to
 * alarm, and not taken back when it changes again.
 */
#include "failover.h"

#include "alarm.h"
#include "bug.h"
#include "model.h"
#include "control.h"
#include "impairment.h"
#include "objective.h"
#include "mem.h"
#include "refs.h"
#include "promotion.h"
#include "repoint_function.h"
#include "registry.h"
#include "run_log.h"

#include <stdlib.h>

#define CONTROL_PARTS (CONTROL_STORE_API + 1)

enum failover_mode { MODE_NONE, MODE_AUTOMATIC, MODE_MANUAL };
static const char *const mode_names[] = {"none", "automatic", "manual", NULL};
/* In the order of enum alarm_comparison. */
static const char *const comparison_names[] = {"at-least", "at-most", NULL};
/* In the order of enum missing_data. */
static const char *const missing_data_names[] = {"missing", "ignore", "breaching", "not-breaching",
                                                 NULL};
static const char *const repoint_names[] = {"function", NULL};

struct failover_config {
    int mode, alarm_comparison, missing_data, repoint;
    char *alarm_metric;
    double alarm_threshold, alarm_value;
    sim_dur alarm_latency_ns, alarm_period_ns;
    struct phase_rule alarm_phase;
    uint32_t alarm_samples_min, alarm_datapoints, alarm_periods;
    struct dist *alarm_delay, *decide, *person, *promotion;
    int32_t target;
    struct repoint_function_config function;
};

#define MODEL_CONFIG struct failover_config
// clang-format off
static const struct field failover_fields[] = {
    CHOICE("mode", mode, mode_names, "none", "reaction to an alarm: none, automatic promotion, or promotion by an operator", "facts C.1"),
    TEXT_DEFAULT("alarm.metric", alarm_metric, "write-error-rate", "metric that the alarm evaluates, in the worst region: one of 'isthmus describe --service-metrics'", "assumption"),
    CHOICE("alarm.comparison", alarm_comparison, comparison_names, "at-least", "a period breaches where the metric is at least, or at most, the threshold", "assumption"),
    SHARE("alarm.threshold", alarm_threshold, "0", "50%", "100%", "threshold of a metric that is a share, such as write-error-rate", "assumption"),
    DURATION("alarm.latency", alarm_latency_ns, "1us", "200ms", "1h", "threshold of a metric that is a time, such as write-latency", "assumption"),
    NUMBER("alarm.value", alarm_value, "0", "0", "1e15", "threshold of any other metric, in the unit in which it is published", "assumption"),
    COUNT("alarm.samples_min", alarm_samples_min, "1", "1", "1M", "minimum number of samples in a period (write-error-rate, write-latency: attempts); with fewer its data is missing", "assumption"),
    DURATION("alarm.period", alarm_period_ns, "10s", "60s", "1d", "period of a data point", "facts E"),
    PHASE_FIELDS("alarm.phase", alarm_phase, "phase of the alarm's periods"),
    COUNT("alarm.datapoints", alarm_datapoints, "1", "2", "100", "M of N: breaching data points that raise the alarm", "facts E"),
    COUNT("alarm.periods", alarm_periods, "1", "3", "100", "M of N: number of latest data points that are evaluated", "facts E"),
    TIME_DIST("alarm.delay", alarm_delay, "0s", "uniform(low=30s, high=90s)", "1h", "publication delay: from the end of a period until its data point is available", "facts E"),
    CHOICE("alarm.missing_data", missing_data, missing_data_names, "missing", "treatment of periods without data", "facts E"),
    TIME_DIST("decide", decide, "0s", "2s", "1d", "automatic: time from the alarm to the request for promotion", "facts E"),
    TIME_DIST("operator", person, "0s", "lognormal(median=5min, p95=10min)", "1d", "manual: time from the alarm until an operator requests the promotion", "facts E"),
    REGION("target", target, "region to promote; default: the live secondary with the most writes", "assumption"),
    TIME_DIST("promotion", promotion, "0s", "lognormal(median=25s, p95=55s, max=120s)", "1d", "time from the request until the new primary accepts writes", "facts C.1"),
    CHOICE("repoint", repoint, repoint_names, "function", "how clients are pointed to the promoted cluster: by its notification, a function and the DNS record", "seed 000"),
    REPOINT_FUNCTION_FIELDS(function),
};
// clang-format on

static const char *const abandoned_reasons[] = {"no-target", "target-lost", "function-dropped",
                                                NULL};
static const struct metric failover_metrics[] = {
    {.name = "failovers",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "promotions of the region's cluster that were completed"},
    {.name = "failovers_abandoned",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "reason",
     .label_values = abandoned_reasons,
     .meaning = "failovers that ended without a promotion, or without a change of the record"},
    {.name = "alarms",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "changes of the alarm's state to alarm"},
};

/* The methods of repointing, by the CHOICE `repoint`. */
static const struct repoint_method {
    const struct repoint_ops *ops;
    size_t config; /* where its parameters are */
} repoint_methods[] = {
    {&repoint_function_ops, offsetof(struct failover_config, function)},
};

struct failover {
    const struct failover_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    const struct topology *topology;
    struct run_log *log;
    struct control_port port;
    const struct promotion_port *promotion; /* NULL: the store has nothing to promote */
    const struct objective_port *objective;
    struct impairments *impairments; /* NULL: no model keeps them */
    struct alarm_watch *alarm;       /* NULL: mode none */

    enum failover_state state;
    uint32_t step;          /* counts transitions: the generation of the step's event, */
    bool waiting;           /* which is pending */
    uint32_t number;        /* of failovers begun: keys their draws */
    int target;             /* of this failover, once chosen */
    int ordered;            /* region that was ordered by hand; -1: none */
    bool up[CONTROL_PARTS]; /* by enum control_part */
    uint32_t changed_by[CONTROL_PARTS]; /* event of the run log that made it so; 0: none */
    uint32_t blocked_since;             /* event with which BLOCKED began */

    const struct repoint_ops *repoint;
    void *repoint_state;

    struct rng_stream step_stream;
    kind_id step_kinds[FAILOVER_STATES]; /* of the states that wait */
    probe_id failovers[REGIONS_MAX], no_target, target_lost, unreached, alarms;
};

static const char *failover_name(const struct failover *failover, int region)
{
    return failover->topology->region_names[region];
}

/* Log a step. It is the cause of what follows it: so the steps form a chain. */
static void failover_log_step(const struct failover *failover, const char *what, int region,
                              const char *cause_text, const char *text)
{
    struct cause cause = {0};

    cause.number = run_log_event(failover->log, sim_now(failover->sim), what,
                                 region >= 0 ? failover_name(failover, region) : "",
                                 sim_cause(failover->sim), cause_text, "%s", text);
    sim_set_cause(failover->sim, cause);
}

/* The next step waits behind the event that last changed this part of the control. */
static void failover_held_up_by(const struct failover *failover, enum control_part part)
{
    struct cause cause = sim_cause(failover->sim);

    cause.waited_for = failover->changed_by[part];
    sim_set_cause(failover->sim, cause);
}

/* --- what is promoted ------------------------------------------------------------------------ */

static bool failover_eligible(const struct failover *failover, int region)
{
    const struct promotion_port *promotion = failover->promotion;

    return promotion && promotion->is_candidate(promotion->self, region);
}

/* The live secondary that holds most, of equals the first; -1: there is none. */
static int failover_best(const struct failover *failover)
{
    const struct promotion_port *promotion = failover->promotion;
    int best = -1;

    for (int region = 0; region < (int)failover->topology->region_count; region++)
        if (failover_eligible(failover, region) &&
            (best < 0 ||
             promotion->held(promotion->self, region) > promotion->held(promotion->self, best)))
            best = region;
    return best;
}

static int failover_choose(const struct failover *failover)
{
    int wanted = failover->ordered >= 0 ? failover->ordered : failover->config->target;

    if (wanted < 0)
        return failover_best(failover);
    return failover_eligible(failover, wanted) ? wanted : -1;
}

/* --- the steps' lengths ---------------------------------------------------------------------- */

/* The state's own event fires after `wait`. */
static void failover_wait(struct failover *failover, sim_dur wait)
{
    if (wait > sim_end(failover->sim) - sim_now(failover->sim))
        return;
    sim_after(failover->sim, wait, failover->step_kinds[failover->state], 0, failover->step);
    failover->waiting = true;
}

static struct rng_block failover_draws(const struct failover *failover)
{
    return rng_block_at(&failover->step_stream, failover->number, 0);
}

static void failover_stage_ended(const struct failover *failover, enum incident_stage stage)
{
    failover->objective->stage_ended(failover->objective->self, stage);
}

/* --- transitions ----------------------------------------------------------------------------- */

static void start_decision(struct failover *failover)
{
    const struct failover_config *config = failover->config;
    const struct dist *wait = config->mode == MODE_MANUAL ? config->person : config->decide;

    failover_stage_ended(failover, INCIDENT_DETECT);
    failover_wait(failover, dist_sample_ns(wait, failover_draws(failover).word[0]));
}

/* No cluster accepts writes while a promotion is under way. */
static void failover_note_promotion(struct failover *failover, bool begin)
{
    if (failover->impairments)
        impairment_change(failover->impairments, &failover->impairments->promotion, begin,
                          sim_cause(failover->sim).number);
}

static void begin_promotion(struct failover *failover)
{
    const struct promotion_port *promotion = failover->promotion;

    failover_log_step(failover, "promotion", failover->target,
                      failover->ordered >= 0 ? "order" : "alarm", "the promotion begins");
    failover_note_promotion(failover, true);
    promotion->begin(promotion->self, failover->target);
    failover_wait(failover,
                  dist_sample_ns(failover->config->promotion, failover_draws(failover).word[1]));
}

static void decide_and_begin(struct failover *failover)
{
    failover_stage_ended(failover, INCIDENT_DECIDE);
    begin_promotion(failover);
}

static void decide_and_be_refused(struct failover *failover)
{
    failover_stage_ended(failover, INCIDENT_DECIDE);
    failover_held_up_by(failover, CONTROL_STORE_API);
    failover_log_step(failover, "failover", failover->target, "store API down",
                      "the promotion was refused and will be asked for again");
    failover->blocked_since = sim_cause(failover->sim).number;
}

static void give_up_without_target(struct failover *failover)
{
    probe_count(failover->probes, failover->no_target);
    failover_log_step(failover, "failover", -1, "no live secondary", "nothing can be promoted");
}

static void give_up_lost_target(struct failover *failover)
{
    probe_count(failover->probes, failover->target_lost);
    failover_log_step(failover, "promotion", failover->target, "it went down meanwhile",
                      "the promotion failed; the primary is what it was");
}

static void begin_repointing(struct failover *failover)
{
    failover_stage_ended(failover, INCIDENT_PROMOTE);
    probe_count(failover->probes, failover->failovers[failover->target]);
    failover_log_step(failover, "promotion", failover->target, "",
                      "this region's cluster takes the writes");
    failover->repoint->begin(failover->repoint_state, failover->target, failover->number);
}

static void count_unreached(struct failover *failover)
{
    probe_count(failover->probes, failover->unreached);
}

// clang-format off
/* What is not listed changes nothing. */
static const struct transition {
    enum failover_state from;
    enum failover_event event;
    enum failover_state to;
    void (*action)(struct failover *failover); /* in the new state; NULL: none */
} transitions[] = {
    {FAILOVER_IDLE, FAILOVER_ALARM, FAILOVER_DECIDING, start_decision},
    {FAILOVER_IDLE, FAILOVER_GO, FAILOVER_PROMOTING, decide_and_begin},
    {FAILOVER_IDLE, FAILOVER_REFUSED, FAILOVER_BLOCKED, decide_and_be_refused},
    {FAILOVER_DECIDING, FAILOVER_GO, FAILOVER_PROMOTING, decide_and_begin},
    {FAILOVER_DECIDING, FAILOVER_REFUSED, FAILOVER_BLOCKED, decide_and_be_refused},
    {FAILOVER_DECIDING, FAILOVER_NO_TARGET, FAILOVER_IDLE, give_up_without_target},
    {FAILOVER_BLOCKED, FAILOVER_GO, FAILOVER_PROMOTING, begin_promotion},
    {FAILOVER_BLOCKED, FAILOVER_NO_TARGET, FAILOVER_IDLE, give_up_without_target},
    {FAILOVER_PROMOTING, FAILOVER_PROMOTED, FAILOVER_REPOINTING, begin_repointing},
    {FAILOVER_PROMOTING, FAILOVER_TARGET_LOST, FAILOVER_IDLE, give_up_lost_target},
    {FAILOVER_REPOINTING, FAILOVER_REPOINTED, FAILOVER_IDLE, NULL},
    {FAILOVER_REPOINTING, FAILOVER_UNREACHED, FAILOVER_IDLE, count_unreached},
};
// clang-format on

static const struct transition *transition_find(enum failover_state state,
                                                enum failover_event event)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++)
        if (transitions[i].from == state && transitions[i].event == event)
            return &transitions[i];
    return NULL;
}

bool failover_next(enum failover_state state, enum failover_event event, enum failover_state *next)
{
    const struct transition *transition = transition_find(state, event);

    if (transition)
        *next = transition->to;
    return transition != NULL;
}

/* False: the event changes nothing in this state. */
static bool failover_happen(struct failover *failover, enum failover_event event)
{
    const struct transition *transition = transition_find(failover->state, event);

    if (!transition)
        return false;
    if (failover->waiting)
        sim_cancelled(failover->sim);
    failover->waiting = false;
    if (failover->state == FAILOVER_IDLE)
        failover->number++;
    failover->state = transition->to;
    failover->step++;
    if (transition->action)
        transition->action(failover);
    if (failover->state == FAILOVER_IDLE)
        failover->ordered = -1;
    return true;
}

/* --- what makes the events ------------------------------------------------------------------- */

/* Ask for the promotion, of what is best now. */
static void failover_ask(struct failover *failover)
{
    failover->target = failover_choose(failover);
    if (failover->target < 0)
        failover_happen(failover, FAILOVER_NO_TARGET);
    else
        failover_happen(failover, failover->up[CONTROL_STORE_API] ? FAILOVER_GO : FAILOVER_REFUSED);
}

/* The store keeps its old primary where the new one went down meanwhile. */
static enum failover_event failover_end_promotion(struct failover *failover)
{
    const struct promotion_port *promotion = failover->promotion;

    failover_note_promotion(failover, false);
    promotion->end(promotion->self, failover->target);
    return promotion->primary(promotion->self) == failover->target ? FAILOVER_PROMOTED
                                                                   : FAILOVER_TARGET_LOST;
}

static void failover_on_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct failover *failover = self;

    (void)sim;
    (void)entity;
    (void)generation;
    failover->waiting = false;
    switch (failover->state) {
    case FAILOVER_DECIDING:
        failover_ask(failover);
        break;
    case FAILOVER_PROMOTING:
        failover_happen(failover, failover_end_promotion(failover));
        break;
    case FAILOVER_IDLE:
    case FAILOVER_BLOCKED:
    case FAILOVER_REPOINTING:
    case FAILOVER_STATES:
        BUG("a step is over in a state that waits for none (%d)", (int)failover->state);
    }
}

static bool failover_step_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct failover *failover = self;

    (void)entity;
    return (failover->step & SIM_GENERATION_MASK) == generation;
}

// clang-format off
/* Each state that waits has a kind of its own, for the name in a trace. */
static const struct event_kind failover_steps[FAILOVER_STATES] = {
    [FAILOVER_DECIDING] = {"decided", PHASE_WORK, failover_on_step, failover_step_live, false, true},
    [FAILOVER_PROMOTING] = {"promoted", PHASE_WORK, failover_on_step, failover_step_live, false, true},
};
// clang-format on

/* --- the host of a method of repointing ------------------------------------------------------ */

static void failover_host_log(void *self, int region, const char *cause_text, const char *text)
{
    failover_log_step(self, "failover", region, cause_text, text);
}

static void failover_host_stage_ended(void *self, enum incident_stage stage)
{
    failover_stage_ended(self, stage);
}

static void failover_host_done(void *self)
{
    failover_happen(self, FAILOVER_REPOINTED);
}

static void failover_host_failed(void *self)
{
    failover_happen(self, FAILOVER_UNREACHED);
}

/* --- the alarm ------------------------------------------------------------------------------- */

static void failover_on_alarm(void *self)
{
    struct failover *failover = self;

    probe_count(failover->probes, failover->alarms);
    failover_log_step(failover, "alarm", -1, failover->config->alarm_metric, "the alarm is raised");
    if (!failover_happen(failover, FAILOVER_ALARM))
        failover_log_step(failover, "alarm", -1, "", "no action: a failover is under way");
}

static void failover_on_alarm_over(void *self)
{
    failover_log_step(self, "alarm", -1, "", "the alarm is over");
}

static struct alarm_watch *failover_watch(struct failover *failover, const struct model_env *env)
{
    const struct failover_config *config = failover->config;
    const struct alarm_watch_config watch = {
        .rule = {config->alarm_datapoints, config->alarm_periods,
                 (enum missing_data)config->missing_data},
        .metric = service_metric_find(env->rows, config->alarm_metric),
        .samples_min = config->alarm_samples_min,
        .comparison = (enum alarm_comparison)config->alarm_comparison,
        .share = config->alarm_threshold,
        .time_ns = config->alarm_latency_ns,
        .value = config->alarm_value,
        .period = config->alarm_period_ns,
        .phase = &config->alarm_phase,
        .delay = config->alarm_delay,
        .raised = failover_on_alarm,
        .over = failover_on_alarm_over,
        .self = failover,
    };

    return alarm_watch_create(env, &watch);
}

/* --- the port -------------------------------------------------------------------------------- */

static void failover_set(void *self, enum control_part part, bool up)
{
    struct failover *failover = self;
    struct cause cause = sim_cause(failover->sim);

    failover->up[part] = up;
    if (part == CONTROL_MONITORING && failover->alarm)
        alarm_watch_switch(failover->alarm, up);
    failover->changed_by[part] = cause.number;
    if (failover->repoint->parts >> part & 1)
        failover->repoint->set(failover->repoint_state, part, up);
    if (part != CONTROL_STORE_API || !up || failover->state != FAILOVER_BLOCKED)
        return;
    sim_set_cause(failover->sim,
                  (struct cause){failover->blocked_since, .waited_for = cause.number});
    failover_ask(failover);
    sim_set_cause(failover->sim, cause);
}

static void failover_promote(void *self, int region)
{
    struct failover *failover = self;

    if (failover->state != FAILOVER_IDLE && failover->state != FAILOVER_DECIDING) {
        failover_log_step(failover, "failover", region, "order",
                          "no action: a failover is under way");
        return;
    }
    if (!failover_eligible(failover, region)) {
        failover_log_step(failover, "failover", region, "order",
                          "no action: this region's cluster is the primary, or down");
        return;
    }
    failover->ordered = region;
    failover_ask(failover);
}

/* --- the model ------------------------------------------------------------------------------- */

static void check_alarm_metric(const struct failover_config *config,
                               const struct supplied_rows *rows, struct validation *validation)
{
    const struct service_metric *metric = service_metric_find(rows, config->alarm_metric);

    if (!metric)
        validation_error(validation, "alarm.metric",
                         "names no metric of this scenario; 'isthmus describe --service-metrics' "
                         "lists them");
    else if (config->alarm_period_ns % metric->period_ns != 0)
        validation_error(validation, "alarm.period",
                         "must be a multiple of %lld s, the period of '%s'",
                         (long long)(metric->period_ns / SIM_S), metric->name);
}

static void failover_check(const void *config, const struct check_context *context,
                           struct validation *validation)
{
    const struct failover_config *c = config;

    check_alarm_metric(c, context->rows, validation);
    if (c->alarm_datapoints > c->alarm_periods)
        validation_error(validation, "alarm.datapoints",
                         "is %u, more than the %u of 'alarm.periods'", c->alarm_datapoints,
                         c->alarm_periods);
}

static void failover_open_probes(struct failover *failover)
{
    struct probes *probes = sim_probe_set(failover->sim);

    for (uint32_t i = 0; i < failover->topology->region_count; i++)
        failover->failovers[i] = probe_count_open(probes, "failovers", (int)i, NULL);
    failover->no_target =
        probe_count_open(probes, "failovers_abandoned", PROBE_ALL_REGIONS, "no-target");
    failover->target_lost =
        probe_count_open(probes, "failovers_abandoned", PROBE_ALL_REGIONS, "target-lost");
    failover->unreached = probe_count_open(probes, "failovers_abandoned", PROBE_ALL_REGIONS,
                                           failover->repoint->failure);
    failover->alarms = probe_count_open(probes, "alarms", PROBE_ALL_REGIONS, NULL);
}

static void failover_add_kinds(struct failover *failover, const char *instance)
{
    struct sim *sim = failover->sim;

    for (int i = 0; i < FAILOVER_STATES; i++)
        if (failover_steps[i].fire)
            failover->step_kinds[i] = sim_kind_add(sim, &failover_steps[i], instance, failover);
}

static void failover_init_repoint(struct failover *failover, const char *instance)
{
    const struct repoint_method *method = &repoint_methods[failover->config->repoint];
    const struct repoint_env env = {
        .sim = failover->sim,
        .instance = instance,
        .config = (const char *)failover->config + method->config,
        .host = {.self = failover,
                 .log = failover_host_log,
                 .stage_ended = failover_host_stage_ended,
                 .done = failover_host_done,
                 .failed = failover_host_failed},
    };

    failover->repoint = method->ops;
    failover->repoint_state = mem_zalloc(1, method->ops->state_size);
    failover->repoint->init(failover->repoint_state, &env);
}

static void failover_init(void *self, const struct model_env *env)
{
    struct failover *failover = self;

    invariant(env->topology->region_count <= REGIONS_MAX);
    failover->config = env->config;
    failover->sim = env->sim;
    failover->topology = env->topology;
    failover->log = env->log;
    failover->ordered = failover->target = -1;
    for (int i = 0; i < CONTROL_PARTS; i++)
        failover->up[i] = true;
    failover->step_stream = sim_stream(env->sim, env->instance, "step");
    if (failover->config->mode != MODE_NONE)
        failover->alarm = failover_watch(failover, env);
    failover_add_kinds(failover, env->instance);
    failover_init_repoint(failover, env->instance);
    failover_open_probes(failover);
    failover->port = (struct control_port){failover, failover_set, failover_promote};
    port_offer_control(env->ports, -1, -1, &failover->port);
}

static void failover_connect(void *self, const struct port_directory *ports)
{
    struct failover *failover = self;

    failover->probes = sim_probes(failover->sim);
    failover->promotion = port_find_promotion(ports, -1, -1);
    failover->objective = port_need_objective(ports, -1, -1);
    failover->impairments = port_find_impairments(ports, -1, -1);
    failover->repoint->connect(failover->repoint_state, ports);
}

static void failover_start(void *self)
{
    struct failover *failover = self;

    if (failover->alarm)
        alarm_watch_start(failover->alarm);
}

static void failover_fini(void *self)
{
    struct failover *failover = self;

    alarm_watch_free(failover->alarm);
    free(failover->repoint_state);
}

static bool has_one_datapoint(const void *config, const struct check_context *context)
{
    const struct failover_config *c = config;

    return c->mode == MODE_AUTOMATIC && c->alarm_datapoints == 1 &&
           supplied_fault_target(context->rows, "promote");
}

static bool has_nothing_to_promote(const void *config, const struct check_context *context)
{
    const struct failover_config *c = config;

    return c->mode != MODE_NONE && !supplied_fault_target(context->rows, "promote");
}

static const struct lint_row failover_lints[] = {
    {.code = "failover-one-datapoint",
     .field = "alarm.datapoints",
     .meaning = "'mode: automatic' with 'alarm.datapoints: 1': one bad period promotes, also where "
                "the fault is over by itself before the promotion is",
     .applies = has_one_datapoint},
    {.code = "failover-nothing-to-promote",
     .field = "mode",
     .meaning =
         "this kind of store has no cluster that could be promoted: an alarm changes nothing",
     .applies = has_nothing_to_promote},
};

/* Where no cluster can be promoted, there is nothing that these do. */
static uint32_t control_parts(const void *config, const struct check_context *context, int region,
                              int peer)
{
    (void)config, (void)region, (void)peer;
    return supplied_fault_target(context->rows, "promote");
}

static const struct fault_capability failover_faults[] = {
    {"control/monitoring", "down", control_parts},
    {"control/function", "down", control_parts},
    {"control/store-api", "down", control_parts},
};

const struct model_ops failover_ops = {
    .name = "failover",
    .section = "failover",
    .meaning = "failover of the primary: alarm, decision, promotion, change of the DNS record",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct failover_config),
    .state_size = sizeof(struct failover),
    FIELD_TABLE(failover_fields),
    METRIC_TABLE(failover_metrics),
    .rows = {FAULT_TABLE(failover_faults), LINT_TABLE(failover_lints)},
    .check = failover_check,
    .init = failover_init,
    .connect = failover_connect,
    .start = failover_start,
    .fini = failover_fini,
};
