// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The reaction to a failed primary: an alarm, a decision by automation or by a person, a promotion,
 * and the repointing of the clients.
 *
 *            page               acknowledged               go                 promoted
 *     IDLE ---------> PAGED ------------> DECIDING ----------------> PROMOTING -------> REPOINTING
 *       `----------------------------------^  |  |                    ^  ^                |  |
 *            alarm (automatic)           hold |  | refused            |  |     repointed, |  |
 * stuck v  |            go      |  |     unreached  |  v HELD ----------------------' |        IDLE
 * <-'  REPAIRING
 *                                                `-> BLOCKED ------------' repaired: go REPOINTING
 *
 * A promotion that a person, a plan or the failback orders: go, hold and refused lead from IDLE,
 * PAGED, REPOINTING and REPAIRING too, to the same states; from HELD an order goes on at once. Back
 * to IDLE: dismissed from DECIDING; no target from DECIDING, HELD and BLOCKED; target lost from
 * PROMOTING; unreached from REPOINTING.
 *
 * Invariants
 *  1. PROMOTING exactly between the store's promotion_begin() and promotion_end().
 *  2. The target is fixed on the way into PROMOTING and is not the primary of that moment, except
 *     where a snapshot is restored in place. Further orders for other regions are rivals: one of
 *     all that run wins at the end.
 *  3. In each state at most one event of the model's own is pending, that which `failover_steps`
 *     lists for it; IDLE and REPOINTING (which waits for its method, repoint.h) have none. Events
 *     of an earlier step are dead by their generation.
 *  4. An event that `transitions` does not list for a state changes nothing: a second alarm, or an
 *     order while a failover cannot take it, is dropped and logged.
 *  5. A failover that was begun ends in IDLE, whether clients were repointed or not, unless it
 *     waits for the store's API, for a lag of 0 or for a person until the end of the run.
 *
 * Action is taken when the alarm's state changes to alarm. Automation does not check it again; a
 * person does, when deciding.
 */
#include "failover_internal.h"

#include "bug.h"
#include "mem.h"
#include "strbuf.h"
#include "units.h"

#include <stdarg.h>
#include <stdlib.h>

/* Interval of the checks whether the target still lacks writes; an assumption. */
#define HOLD_POLL (100 * SIM_MS)

void failover_log_step(const struct failover *failover, const char *what, int region,
                       const char *cause_text, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    struct cause cause = {0};
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    cause.number = run_log_event(failover->log, sim_now(failover->sim), what,
                                 region >= 0 ? failover->topology->region_names[region] : "",
                                 sim_cause(failover->sim), cause_text, "%s", text.text);
    sim_set_cause(failover->sim, cause);
    strbuf_release(&text);
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

/* The promotion is asked for; not for the first time where it was refused before. */
static void failover_decided(struct failover *failover)
{
    const struct fleet_port *fleet = failover->fleets[failover->target];
    struct cause cause = sim_cause(failover->sim);

    if (failover->decided)
        return;
    failover->decided = true;
    failover_stage_ended(failover, INCIDENT_DECIDE);
    if (fleet)
        fleet->failover(fleet->self);
    sim_set_cause(failover->sim, cause);
}

/* --- transitions: the decision --------------------------------------------------------------- */

static void start_decision(struct failover *failover)
{
    failover_stage_ended(failover, INCIDENT_DETECT);
    failover_wait(failover,
                  dist_sample_ns(failover->config->decide, failover_draws(failover).word[0]));
}

static void person_looks(struct failover *failover)
{
    const struct rng_block draws =
        rng_block_at(&failover->person_stream, failover->number, ++failover->looks);

    failover->look = person_paged(&failover->config->person, sim_now(failover->sim), &draws);
}

static void page_person(struct failover *failover)
{
    failover_stage_ended(failover, INCIDENT_DETECT);
    failover->looks = 0;
    person_looks(failover);
    probe_count(failover->probes, failover->pages);
    failover_log_step(failover, "operator", -1, "alarm", "the operator on call is paged%s",
                      failover->look.night ? ", at night" : "");
    failover_wait(failover, failover->look.acknowledge_ns);
}

static void person_answers(struct failover *failover)
{
    failover_log_step(failover, "operator", -1, "time to answer (failover.operator.acknowledge)",
                      "the operator acknowledges the page");
    failover_wait(failover, failover->look.decide_ns);
}

static void dismiss(struct failover *failover)
{
    probe_count(failover->probes, failover->dismissed);
    failover_log_step(failover, "operator", -1, "the operator decides (failover.operator.decide)",
                      "the operator does not promote: the alarm is over");
}

/* --- transitions: the promotion -------------------------------------------------------------- */

/* No cluster accepts writes while a promotion is under way; during a restore in place one does. */
static void failover_note_promotion(struct failover *failover, bool begin)
{
    if (failover->impairments && failover->target != failover->from)
        impairment_change(failover->impairments, &failover->impairments->promotion, begin,
                          sim_cause(failover->sim).number);
}

static const char *failover_asker(const struct failover *failover)
{
    static const char *const askers[] = {[ORDER_OPERATOR] = "ordered by hand",
                                         [ORDER_FAILBACK] = "failback",
                                         [ORDER_RESTORE] = "ordered by hand"};

    if (failover->order != ORDER_NONE)
        return askers[failover->order];
    if (failover->held_since >= 0)
        return "the target has caught up, or its time was over (failover.promote_when)";
    return failover->config->mode == MODE_MANUAL ? "the operator decides (failover.operator.decide)"
                                                 : "time to decide (failover.decide)";
}

/* How long it takes until the target is the primary; logs its beginning. */
static sim_dur log_promotion(struct failover *failover)
{
    struct restore_plan plan;
    struct strbuf age = STRBUF_INIT;

    if (!failover->restores || !failover_plan_restore(failover, failover->target, &plan)) {
        failover_log_step(failover, "promotion", failover->target, failover_asker(failover),
                          "the promotion begins");
        return dist_sample_ns(failover->config->promotion, failover_draws(failover).word[1]);
    }
    units_add(&age, (double)plan.age_ns, UNIT_NS, 3);
    failover_log_step(failover, "promotion", failover->target, failover_asker(failover),
                      "the restore of a snapshot begins, which is %s old", age.text);
    strbuf_release(&age);
    return plan.takes_ns;
}

static void begin_promotion(struct failover *failover)
{
    const struct promotion_port *promotion = failover->promotion;
    sim_dur length;

    failover_decided(failover);
    failover->from = promotion->primary(promotion->self);
    failover->rival_count = 0;
    length = log_promotion(failover);
    failover_note_promotion(failover, true);
    promotion->begin(promotion->self, failover->target);
    failover->promotion_ends = sim_now(failover->sim) + length;
    failover_wait(failover, length);
}

/* Both are granted; the datastore converges on one of them, when the last one ends. */
static void add_rival(struct failover *failover)
{
    uint32_t number = ++failover->rival_count;
    struct rng_block draws = rng_block_at(&failover->rival_stream, failover->number, number);
    sim_time ends =
        sim_now(failover->sim) + dist_sample_ns(failover->config->promotion, draws.word[0]);

    failover->rivals[number - 1] = failover->ordered;
    failover_log_step(failover, "promotion", failover->ordered, "order",
                      "a second promotion begins while one is under way");
    if (ends > failover->promotion_ends)
        failover->promotion_ends = ends;
    failover_wait(failover, failover->promotion_ends - sim_now(failover->sim));
}

static void hold(struct failover *failover)
{
    if (failover->held_since < 0) {
        const struct promotion_port *promotion = failover->promotion;

        failover->held_since = sim_now(failover->sim);
        failover_log_step(failover, "failover", failover->target, failover_asker(failover),
                          "the promotion waits: the target lacks %llu writes",
                          (unsigned long long)promotion->lacks(promotion->self, failover->target));
    }
    failover_wait(failover, HOLD_POLL);
}

static void be_refused(struct failover *failover)
{
    const struct control_state *api = &failover->api_states[failover->target];
    struct cause cause = sim_cause(failover->sim);

    if (api->up)
        failover_wait(failover, failover->config->api_retry_ns);
    if (failover->blocked_event > 0)
        return; /* not for the first time */
    failover_decided(failover);
    cause.waited_for = failover->api_changed_by[failover->target];
    sim_set_cause(failover->sim, cause);
    failover_log_step(failover, "failover", failover->target,
                      !api->up         ? "store API down"
                      : api->throttled ? "store API throttles"
                                       : "store API error",
                      "the promotion was refused and will be asked for again");
    failover->blocked_event = sim_cause(failover->sim).number;
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

/* --- transitions: clients -------------------------------------------------------------------- */

static void begin_repointing(struct failover *failover)
{
    failover_stage_ended(failover, INCIDENT_PROMOTE);
    probe_count(failover->probes, failover->failovers[failover->target]);
    if (failover->order == ORDER_FAILBACK)
        probe_count(failover->probes, failover->failbacks);
    failover_log_step(failover, "promotion", failover->target,
                      failover->restores ? "time of a restore (store.restore_create, the data)"
                                         : "time of a promotion (failover.promotion)",
                      "this region's cluster takes the writes");
    failback_promoted(failover, failover->from);
    failover->repoint->begin(failover->repoint_state, failover->from, failover->target,
                             failover->number);
}

static void count_unreached(struct failover *failover)
{
    probe_count(failover->probes, failover->unreached);
}

static void page_for_repair(struct failover *failover)
{
    count_unreached(failover);
    person_looks(failover);
    probe_count(failover->probes, failover->pages);
    failover_log_step(failover, "operator", failover->target, failover->repoint->failure,
                      "the operator on call is paged to point clients to this region%s",
                      failover->look.night ? ", at night" : "");
    failover_wait(
        failover,
        failover->look.acknowledge_ns +
            dist_sample_ns(
                failover->config->repair_time,
                rng_block_at(&failover->person_stream, failover->number, UINT32_MAX).word[0]));
}

static void repoint_by_hand(struct failover *failover)
{
    const struct repoint_ops *repoint = failover->repoint;

    failover_log_step(failover, "operator", failover->target,
                      "time to answer and to find out (failover.repair_time)",
                      "the operator points clients to this region");
    (repoint->by_hand ? repoint->by_hand : repoint->begin)(failover->repoint_state, failover->from,
                                                           failover->target, failover->number);
}

/* --- the table ------------------------------------------------------------------------------- */

// clang-format off
/* What is not listed changes nothing. */
static const struct transition {
    enum failover_state from;
    enum failover_event event;
    enum failover_state to;
    void (*action)(struct failover *failover); /* in the new state; NULL: none */
} transitions[] = {
    {FAILOVER_IDLE,       FAILOVER_ALARM,        FAILOVER_DECIDING,   start_decision},
    {FAILOVER_IDLE,       FAILOVER_PAGE,         FAILOVER_PAGED,      page_person},
    {FAILOVER_IDLE,       FAILOVER_GO,           FAILOVER_PROMOTING,  begin_promotion},
    {FAILOVER_IDLE,       FAILOVER_HOLD,         FAILOVER_HELD,       hold},
    {FAILOVER_IDLE,       FAILOVER_REFUSED,      FAILOVER_BLOCKED,    be_refused},
    {FAILOVER_PAGED,      FAILOVER_ACKNOWLEDGED, FAILOVER_DECIDING,   person_answers},
    {FAILOVER_PAGED,      FAILOVER_GO,           FAILOVER_PROMOTING,  begin_promotion},
    {FAILOVER_PAGED,      FAILOVER_HOLD,         FAILOVER_HELD,       hold},
    {FAILOVER_PAGED,      FAILOVER_REFUSED,      FAILOVER_BLOCKED,    be_refused},
    {FAILOVER_DECIDING,   FAILOVER_DISMISSED,    FAILOVER_IDLE,       dismiss},
    {FAILOVER_DECIDING,   FAILOVER_GO,           FAILOVER_PROMOTING,  begin_promotion},
    {FAILOVER_DECIDING,   FAILOVER_HOLD,         FAILOVER_HELD,       hold},
    {FAILOVER_DECIDING,   FAILOVER_REFUSED,      FAILOVER_BLOCKED,    be_refused},
    {FAILOVER_DECIDING,   FAILOVER_NO_TARGET,    FAILOVER_IDLE,       give_up_without_target},
    {FAILOVER_BLOCKED,    FAILOVER_GO,           FAILOVER_PROMOTING,  begin_promotion},
    {FAILOVER_BLOCKED,    FAILOVER_HOLD,         FAILOVER_HELD,       hold},
    {FAILOVER_BLOCKED,    FAILOVER_REFUSED,      FAILOVER_BLOCKED,    be_refused},
    {FAILOVER_BLOCKED,    FAILOVER_NO_TARGET,    FAILOVER_IDLE,       give_up_without_target},
    {FAILOVER_HELD,       FAILOVER_GO,           FAILOVER_PROMOTING,  begin_promotion},
    {FAILOVER_HELD,       FAILOVER_HOLD,         FAILOVER_HELD,       hold},
    {FAILOVER_HELD,       FAILOVER_REFUSED,      FAILOVER_BLOCKED,    be_refused},
    {FAILOVER_HELD,       FAILOVER_NO_TARGET,    FAILOVER_IDLE,       give_up_without_target},
    {FAILOVER_PROMOTING,  FAILOVER_RIVAL,        FAILOVER_PROMOTING,  add_rival},
    {FAILOVER_PROMOTING,  FAILOVER_PROMOTED,     FAILOVER_REPOINTING, begin_repointing},
    {FAILOVER_PROMOTING,  FAILOVER_TARGET_LOST,  FAILOVER_IDLE,       give_up_lost_target},
    {FAILOVER_REPOINTING, FAILOVER_REPOINTED,    FAILOVER_IDLE,       NULL},
    {FAILOVER_REPOINTING, FAILOVER_UNREACHED,    FAILOVER_IDLE,       count_unreached},
    {FAILOVER_REPOINTING, FAILOVER_STUCK,        FAILOVER_REPAIRING,  page_for_repair},
    {FAILOVER_REPOINTING, FAILOVER_GO,           FAILOVER_PROMOTING,  begin_promotion},
    {FAILOVER_REPOINTING, FAILOVER_HOLD,         FAILOVER_HELD,       hold},
    {FAILOVER_REPOINTING, FAILOVER_REFUSED,      FAILOVER_BLOCKED,    be_refused},
    {FAILOVER_REPAIRING,  FAILOVER_REPAIRED,     FAILOVER_REPOINTING, repoint_by_hand},
    {FAILOVER_REPAIRING,  FAILOVER_GO,           FAILOVER_PROMOTING,  begin_promotion},
    {FAILOVER_REPAIRING,  FAILOVER_HOLD,         FAILOVER_HELD,       hold},
    {FAILOVER_REPAIRING,  FAILOVER_REFUSED,      FAILOVER_BLOCKED,    be_refused},
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

bool failover_happen(struct failover *failover, enum failover_event event)
{
    const struct transition *transition = transition_find(failover->state, event);

    if (!transition)
        return false;
    if (failover->waiting)
        sim_cancelled(failover->sim);
    failover->waiting = false;
    failover->state = transition->to;
    failover->step++;
    if (transition->action)
        transition->action(failover);
    if (failover->state != FAILOVER_BLOCKED)
        failover->blocked_event = 0;
    if (failover->state == FAILOVER_IDLE) {
        failover->ordered = -1;
        failover->order = ORDER_NONE;
    }
    return true;
}

/* --- steps ----------------------------------------------------------------------------------- */

/* A person who is right promotes where the alarm lasts, and only there. */
static void person_decides(struct failover *failover)
{
    bool lasts = failover->alarm_state == ALARM_ALARM;

    if (lasts != failover->look.wrong) {
        failover_ask(failover);
        return;
    }
    if (!lasts) {
        failover_happen(failover, FAILOVER_DISMISSED);
        return;
    }
    failover_log_step(failover, "operator", -1,
                      "the operator decides (failover.operator.decide, wrong)",
                      "the operator does not promote yet, although the alarm lasts");
    failover_wait(failover, failover->look.reconsider_ns);
    person_looks(failover);
}

/* One of those that asked for it and run: each is as likely. */
static int promotion_winner(const struct failover *failover)
{
    const struct promotion_port *promotion = failover->promotion;
    int running[REGIONS_MAX + 1];
    uint32_t count = 0;

    for (uint32_t i = 0; i <= failover->rival_count; i++) {
        int region = i == 0 ? failover->target : failover->rivals[i - 1];

        if (promotion->is_candidate(promotion->self, region))
            running[count++] = region;
    }
    if (count == 0)
        return failover->target;
    return running[rng_below(rng_block_at(&failover->rival_stream, failover->number, 0).word[0],
                             count)];
}

/* The store keeps its old primary where the new one went down meanwhile. */
static enum failover_event failover_end_promotion(struct failover *failover)
{
    const struct promotion_port *promotion = failover->promotion;
    enum deposed deposed =
        failover->config->lost_primary == LOST_DISASSOCIATED ? DEPOSED_DETACHED : DEPOSED_REJOINS;

    failover_note_promotion(failover, false);
    if (failover->restores)
        return promotion->restore(promotion->self, failover->target, deposed)
                   ? FAILOVER_PROMOTED
                   : FAILOVER_TARGET_LOST;
    if (failover->rival_count > 0)
        failover->target = promotion_winner(failover);
    promotion->end(promotion->self, failover->target, deposed);
    return promotion->primary(promotion->self) == failover->target ? FAILOVER_PROMOTED
                                                                   : FAILOVER_TARGET_LOST;
}

static void failover_on_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct failover *failover = self;

    (void)sim, (void)entity, (void)generation;
    failover->waiting = false;
    switch (failover->state) {
    case FAILOVER_PAGED:
        failover_happen(failover, FAILOVER_ACKNOWLEDGED);
        break;
    case FAILOVER_DECIDING:
        if (failover->config->mode == MODE_MANUAL)
            person_decides(failover);
        else
            failover_ask(failover);
        break;
    case FAILOVER_BLOCKED:
    case FAILOVER_HELD:
        failover_ask(failover);
        break;
    case FAILOVER_PROMOTING:
        failover_happen(failover, failover_end_promotion(failover));
        break;
    case FAILOVER_REPAIRING:
        failover_happen(failover, FAILOVER_REPAIRED);
        break;
    case FAILOVER_IDLE:
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
#define STEP(step) {.name = (step), .phase = PHASE_WORK, .fire = failover_on_step, .live = failover_step_live, .carries_cause = true}
/* Each state that waits has a kind of its own, for the name in a trace. */
static const struct event_kind failover_steps[FAILOVER_STATES] = {
    [FAILOVER_PAGED]     = STEP("acknowledged"),
    [FAILOVER_DECIDING]  = STEP("decided"),
    [FAILOVER_BLOCKED]   = STEP("asked-again"),
    [FAILOVER_HELD]      = STEP("compared"),
    [FAILOVER_PROMOTING] = STEP("promoted"),
    [FAILOVER_REPAIRING] = STEP("repaired"),
};
// clang-format on
#undef STEP

/* --- the host of a method of repointing ------------------------------------------------------ */

static void failover_host_log(void *self, int region, const char *cause_text, const char *text)
{
    failover_log_step(self, "failover", region, cause_text, "%s", text);
}

/* A method may end its work when the next failover has begun: that is no stage of this one. */
static void failover_host_stage_ended(void *self, enum incident_stage stage)
{
    const struct failover *failover = self;

    if (failover->state == FAILOVER_REPOINTING)
        failover_stage_ended(failover, stage);
}

/* No resolver names the old primary any more. */
static void failover_on_cached(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct failover *failover = self;

    (void)sim, (void)entity, (void)generation;
    failover_stage_ended(failover, INCIDENT_CACHE);
    failover_log_step(failover, "failover", failover->target, "cached answers expire (dns.ttl)",
                      "no resolver names the old primary any more");
}

/* Of the last failover, unless another one has begun. */
static bool failover_cached_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct failover *failover = self;

    (void)entity;
    return (failover->number & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind failover_cached = {.name = "cached",
                                                  .phase = PHASE_WORK,
                                                  .fire = failover_on_cached,
                                                  .live = failover_cached_live,
                                                  .carries_cause = true};

static void failover_host_done(void *self)
{
    struct failover *failover = self;
    const struct dns_port *dns = failover->dns;
    sim_time until = dns->stale_until(dns->self);

    if (failover->state != FAILOVER_REPOINTING)
        return;
    if (until > sim_now(failover->sim))
        sim_at(failover->sim, until, failover->cached_kind, 0, failover->number);
    else
        failover_stage_ended(failover, INCIDENT_CACHE);
    failover_happen(failover, FAILOVER_REPOINTED);
}

static void failover_host_failed(void *self)
{
    struct failover *failover = self;

    failover_happen(failover, failover->config->repair == REPAIR_OPERATOR ? FAILOVER_STUCK
                                                                          : FAILOVER_UNREACHED);
}

/* --- the model ------------------------------------------------------------------------------- */

static void failover_open_probes(struct failover *failover)
{
    struct probes *probes = sim_probe_set(failover->sim);
    int all = PROBE_ALL_REGIONS;

    for (uint32_t i = 0; i < failover->topology->region_count; i++)
        failover->failovers[i] = probe_count_open(probes, "failovers", (int)i, NULL);
    failover->failbacks = probe_count_open(probes, "failbacks", all, NULL);
    failover->no_target = probe_count_open(probes, "failovers_abandoned", all, "no-target");
    failover->target_lost = probe_count_open(probes, "failovers_abandoned", all, "target-lost");
    failover->dismissed = probe_count_open(probes, "failovers_abandoned", all, "dismissed");
    if (failover->repoint->failure)
        failover->unreached =
            probe_count_open(probes, "failovers_abandoned", all, failover->repoint->failure);
    failover->alarms = probe_count_open(probes, "alarms", all, NULL);
    failover->pages = probe_count_open(probes, "pages", all, NULL);
}

static void failover_init_repoint(struct failover *failover, const struct model_env *env)
{
    const struct repoint_host host = {.self = failover,
                                      .log = failover_host_log,
                                      .stage_ended = failover_host_stage_ended,
                                      .done = failover_host_done,
                                      .failed = failover_host_failed};
    const void *config;

    failover->repoint = failover_repoint(failover->config, &config);
    failover->repoint_state = mem_zalloc(1, failover->repoint->state_size);
    failover->repoint->init(failover->repoint_state, env, config, &host);
}

void failover_init(void *self, const struct model_env *env)
{
    struct failover *failover = self;

    invariant(env->topology->region_count <= REGIONS_MAX);
    failover->config = env->config;
    failover->sim = env->sim;
    failover->topology = env->topology;
    failover->log = env->log;
    failover->ordered = failover->target = failover->from = -1;
    failover->held_since = -1;
    failover->step_stream = sim_stream(env->sim, env->instance, "step");
    failover->person_stream = sim_stream(env->sim, env->instance, "person");
    failover->rival_stream = sim_stream(env->sim, env->instance, "rival");
    failover_ports_init(failover, env);
    for (int i = 0; i < FAILOVER_STATES; i++)
        if (failover_steps[i].fire)
            failover->step_kinds[i] =
                sim_kind_add(env->sim, &failover_steps[i], env->instance, failover);
    failover->cached_kind = sim_kind_add(env->sim, &failover_cached, env->instance, failover);
    failback_init(failover, env);
    failover_init_repoint(failover, env);
    failover_open_probes(failover);
}

void failover_connect(void *self, const struct port_directory *ports)
{
    struct failover *failover = self;

    failover->probes = sim_probes(failover->sim);
    failover->promotion = port_find_promotion(ports, -1, -1);
    failover->dns = port_need_dns(ports, -1, -1);
    failover->objective = port_need_objective(ports, -1, -1);
    failover->impairments = port_find_impairments(ports, -1, -1);
    failover_ports_connect(failover, ports);
    failover->repoint->connect(failover->repoint_state, ports);
}

void failover_start(void *self)
{
    struct failover *failover = self;

    if (failover->alarm)
        alarm_watch_start(failover->alarm);
    failback_start(failover);
    if (failover->repoint->start)
        failover->repoint->start(failover->repoint_state);
}

void failover_fini(void *self)
{
    struct failover *failover = self;

    alarm_watch_free(failover->alarm);
    if (failover->repoint->fini)
        failover->repoint->fini(failover->repoint_state);
    free(failover->repoint_state);
}
