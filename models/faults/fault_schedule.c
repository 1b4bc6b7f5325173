// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What goes wrong, and when: a list of faults, each with one target, and of actions (a promotion by
 * hand).
 *
 * What a target can suffer is a row of `targets`. Faults that overlap on one target add up: links
 * do it themselves (ports.h); of a region, a store's process and a part of the control machinery
 * the number of active faults is kept, and only the first beginning and the last end are told.
 * Where one ends at the instant at which the next begins, the beginning goes first: the target
 * stays down without a gap.
 *
 * A fault may come again: `every` so long after each beginning, `times` in all. Its span for the
 * windows of the statistics is the whole stretch, from the first beginning to the last end.
 *
 * A fault of strength zero (`loss: 0%`) marks its span for the windows of the statistics and does
 * nothing else: no event, no call, no onset. So it leaves a run as it was, bit for bit.
 */
#include "bug.h"
#include "loss_process.h"
#include "model.h"
#include "control.h"
#include "deploy.h"
#include "dns.h"
#include "impairment.h"
#include "link.h"
#include "mem.h"
#include "objective.h"
#include "refs.h"
#include "session_store.h"
#include "store_fault.h"
#include "stream.h"
#include "user.h"
#include "registry.h"
#include "run_log.h"
#include "strbuf.h"
#include "units.h"

#include <stdlib.h>

enum control {
    CONTROL_NOTHING,
    CONTROL_OF_MONITORING,
    CONTROL_OF_FUNCTION,
    CONTROL_OF_STORE_API,
    CONTROL_OF_DNS
};
#define CONTROLS (CONTROL_OF_DNS + 1)
static const char *const control_names[] = {"none",      "monitoring", "function",
                                            "store-api", "dns",        NULL};

static const char *const crash_names[] = {"none", "process", "host", NULL};

struct fault_config {
    sim_dur at_ns, for_ns, every_ns;
    uint32_t times;
    struct link_ref link;
    int32_t region, gateway, store, promote, replication;
    int control, crash;
    struct loss_config loss;
    sim_dur delay_ns;
    bool blackhole, reset, hold, down, deploy, stall, restart, pause;
};

#define MODEL_CONFIG struct fault_config
// clang-format off
static const struct field fault_schedule_fields[] = {
    DURATION("at", at_ns, "0s", NULL, "365d", "start of the fault", "facts I"),
    DURATION("for", for_ns, "0s", "0s", "365d", "duration of the fault; 0: until the end of the run", "facts I"),
    DURATION("every", every_ns, "0s", "0s", "365d", "interval between the starts of repetitions; 0: no repetition", "assumption"),
    COUNT("times", times, "0", "0", "1000000", "with 'every': number of occurrences; 0: until the end of the run", "assumption"),
    LINK("link", link, "target: a link, one way (a -> b) or both (a <-> b)", "facts I"),
    REGION("region", region, "target: a region as a whole", "facts I"),
    REGION("gateway", gateway, "target: the transit gateway of a region, with all links through it", "facts I"),
    REGION("store", store, "target: the store's process in a region", "facts I"),
    REGION("replication", replication, "target: the replication streams to the secondary in a region", "facts I"),
    CHOICE("control", control, control_names, "none", "target: monitoring, function, store API or DNS control plane", "facts I"),
    REGION("promote", promote, "an action, not a fault: an operator promotes the region's cluster", "facts I"),
    LOSS_FIELDS(loss, "0", "of a link or gateway: packets lost besides those that it loses anyway"),
    DURATION("delay", delay_ns, "0s", "0s", "1h", "of a link or gateway: delay added one way", "facts I"),
    FLAG("blackhole", blackhole, "false", "of a link or gateway: everything sent is dropped", "facts I"),
    FLAG("hold", hold, "false", "of a link: everything sent is kept on the path, acknowledged to its sender, and goes on at the end", "assumption"),
    FLAG("reset", reset, "false", "of a link: resets the store's connections over it, existing ones and those that send during the fault; of replication: resets its connections, which reconnect", "facts I"),
    FLAG("down", down, "false", "of a region: powered off and unreachable; of a control: does not work", "facts I"),
    FLAG("deploy", deploy, "false", "of a region: rolling restart of its instances over the time 'for'", "assumption"),
    FLAG("stall", stall, "false", "of a store: the process hangs; its connections stay open", "facts I"),
    FLAG("restart", restart, "false", "of a store: the process restarts at once, without data", "facts I"),
    CHOICE("crash", crash, crash_names, "none", "of a store: what crashes; after a process crash the kernel still delivers sent data, after a host crash nothing does", "redis_lessons 16"),
    FLAG("pause", pause, "false", "of a replication: writes wait in the primary's output buffer", "facts I"),
};
// clang-format on

struct region_ports {
    const struct deploy_port *deploy;
    const struct power_port *power[POWER_KINDS]; /* NULL where the region has none */
    const struct store_fault_port *store_fault;  /* NULL where it has no cluster */
};

/* How many faults that are active now hold each of these down. */
struct held_down {
    uint32_t region[REGIONS_MAX], stall[REGIONS_MAX], crash[REGIONS_MAX], pause[REGIONS_MAX],
        control[CONTROLS];
};

struct fault_schedule {
    const struct fault_config *faults;
    size_t fault_count;
    struct sim *sim;
    const struct topology *topology;
    struct run_log *log;
    int region_count;
    kind_id begin_kind, end_kind;
    struct region_ports regions[REGIONS_MAX];
    const struct link_fault_port *links[REGIONS_MAX][REGIONS_MAX];
    const struct control_port *control;
    const struct dns_port *dns;
    const struct stream_port *stream;
    const struct objective_port *objective;
    struct held_down held;
    struct impairments impairments;
    uint32_t *begun; /* by fault: number of the event with which it last began */
};

/* --- what each target suffers ---------------------------------------------------------------- */

/* By the event that is the cause in force. */
static void note_impairment(struct fault_schedule *schedule, struct impairment *target, bool begin)
{
    impairment_change(&schedule->impairments, target, begin, sim_cause(schedule->sim).number);
}

static void link_impair(struct fault_schedule *schedule, int a, int b,
                        const struct link_impairment *impairment, bool begin)
{
    const struct link_fault_port *link = schedule->links[a][b];

    note_impairment(schedule, &schedule->impairments.link[a][b], begin);
    if (begin)
        link->begin(link->self, impairment);
    else
        link->end(link->self, impairment);
}

static struct link_impairment fault_impairment(const struct fault_config *fault)
{
    bool bursty = loss_is_bursty(&fault->loss);

    return (struct link_impairment){.loss = bursty ? 0 : loss_mean(&fault->loss),
                                    .delay = fault->delay_ns,
                                    .blackhole = fault->blackhole,
                                    .reset = fault->reset,
                                    .hold = fault->hold,
                                    .bursts = bursty ? &fault->loss : NULL};
}

/* Is the hop from -> to a part of the way a -> b? Another's way over a hub takes the gateways, not
 * a peering that there may be besides. */
static bool way_has_hop(const struct fault_schedule *schedule, int a, int b, int from, int to)
{
    const struct link_fault_port *way = schedule->links[a][b];

    if (a == from && b == to)
        return true;
    return way->through_gateways && way->via >= 0 && schedule->links[from][to]->through_gateways &&
           ((a == from && way->via == to) || (way->via == from && b == to));
}

static void impair_hop(struct fault_schedule *schedule, int from, int to,
                       const struct link_impairment *impairment, bool begin)
{
    for (int a = 0; a < schedule->region_count; a++)
        for (int b = 0; b < schedule->region_count; b++)
            if (way_has_hop(schedule, a, b, from, to))
                link_impair(schedule, a, b, impairment, begin);
}

static void apply_to_link(struct fault_schedule *schedule, const struct fault_config *fault,
                          bool begin)
{
    struct link_impairment impairment = fault_impairment(fault);

    impair_hop(schedule, fault->link.from, fault->link.to, &impairment, begin);
    if (fault->link.both_ways && fault->link.from != fault->link.to)
        impair_hop(schedule, fault->link.to, fault->link.from, &impairment, begin);
}

/* All ways between regions that touch `region`: at an end, or through its gateway. */
static void impair_ways(struct fault_schedule *schedule, int region, bool gateways_only,
                        const struct link_impairment *impairment, bool begin)
{
    for (int a = 0; a < schedule->region_count; a++)
        for (int b = 0; b < schedule->region_count; b++) {
            const struct link_fault_port *way = schedule->links[a][b];
            bool over = way->through_gateways && way->via == region;
            bool touches = a == region || b == region || over;

            if (a != b && touches && (way->through_gateways || !gateways_only))
                link_impair(schedule, a, b, impairment, begin);
        }
}

static void apply_to_gateway(struct fault_schedule *schedule, const struct fault_config *fault,
                             bool begin)
{
    struct link_impairment impairment = fault_impairment(fault);

    impair_ways(schedule, fault->gateway, true, &impairment, begin);
}

/* Count a fault in or out; true where that changes whether the target is held down. */
static bool held_down_change(uint32_t *count, bool begin)
{
    invariant(begin || *count > 0);
    *count += begin ? 1 : UINT32_MAX;
    return *count == (begin ? 1 : 0);
}

/* The links go first both ways: nothing escapes from a region that dies, and what comes back finds
 * its way. */
static void apply_to_region(struct fault_schedule *schedule, const struct fault_config *fault,
                            bool begin)
{
    static const struct link_impairment cut = {.blackhole = true};
    const struct region_ports *region = &schedule->regions[fault->region];

    if (fault->deploy && begin)
        region->deploy->begin(region->deploy->self, fault->for_ns);
    if (!fault->down || !held_down_change(&schedule->held.region[fault->region], begin))
        return;
    impair_ways(schedule, fault->region, false, &cut, begin);
    note_impairment(schedule, &schedule->impairments.app[fault->region], begin);
    note_impairment(schedule, &schedule->impairments.store[fault->region], begin);
    for (int kind = 0; kind < POWER_KINDS; kind++)
        if (region->power[kind])
            region->power[kind]->set(region->power[kind]->self, !begin);
}

static void apply_to_store(struct fault_schedule *schedule, const struct fault_config *fault,
                           bool begin)
{
    const struct store_fault_port *store = schedule->regions[fault->store].store_fault;

    if (!store) /* the region has no cluster: there is nothing to break */
        return;
    if (fault->restart && begin)
        store->restart(store->self);
    if (fault->stall || fault->crash != CRASH_NONE)
        note_impairment(schedule, &schedule->impairments.store[fault->store], begin);
    if (fault->stall && held_down_change(&schedule->held.stall[fault->store], begin))
        store->stall(store->self, begin);
    if (fault->crash != CRASH_NONE && held_down_change(&schedule->held.crash[fault->store], begin))
        store->crash(store->self, begin ? (enum crash_kind)fault->crash : CRASH_NONE);
}

static void apply_to_replication(struct fault_schedule *schedule, const struct fault_config *fault,
                                 bool begin)
{
    const struct stream_port *stream = schedule->stream;

    if (!stream) /* this kind of store replicates nothing: there is nothing to break */
        return;
    if (fault->reset && begin)
        stream->reset(stream->self, fault->replication);
    if (fault->pause)
        note_impairment(schedule, &schedule->impairments.replication[fault->replication], begin);
    if (fault->pause && held_down_change(&schedule->held.pause[fault->replication], begin))
        stream->pause(stream->self, fault->replication, begin);
}

static void apply_to_control(struct fault_schedule *schedule, const struct fault_config *fault,
                             bool begin)
{
    static const enum control_part parts[CONTROLS] = {
        [CONTROL_OF_MONITORING] = CONTROL_MONITORING,
        [CONTROL_OF_FUNCTION] = CONTROL_FUNCTION,
        [CONTROL_OF_STORE_API] = CONTROL_STORE_API,
    };

    if (!held_down_change(&schedule->held.control[fault->control], begin))
        return;
    if (fault->control == CONTROL_OF_DNS)
        schedule->dns->control_plane(schedule->dns->self, !begin);
    else
        schedule->control->set(schedule->control->self, parts[fault->control], !begin);
}

static void apply_promotion(struct fault_schedule *schedule, const struct fault_config *fault,
                            bool begin)
{
    if (begin)
        schedule->control->promote(schedule->control->self, fault->promote);
}

enum effects {
    EFFECT_LOSS = 1,
    EFFECT_DELAY = 2,
    EFFECT_BLACKHOLE = 4,
    EFFECT_DOWN = 8,
    EFFECT_STALL = 16,
    EFFECT_RESTART = 32,
    EFFECT_CRASH = 64,
    EFFECT_PAUSE = 128,
    EFFECT_RESET = 256,
    EFFECT_DEPLOY = 512,
    EFFECT_HOLD = 1024
};
enum target_kind {
    TARGET_LINK,
    TARGET_REGION,
    TARGET_GATEWAY,
    TARGET_STORE,
    TARGET_REPLICATION,
    TARGET_CONTROL,
    TARGET_PROMOTION,
    TARGETS
};

// clang-format off
static const struct target {
    const char *key;      /* of the scenario's file */
    const char *incident; /* kind of the outage that it opens; NULL: harms no write by itself */
    unsigned effects;     /* that it can suffer */
    const char *allowed;  /* the same, for messages */
    void (*apply)(struct fault_schedule *schedule, const struct fault_config *fault, bool begin);
} targets[TARGETS] = {
    [TARGET_LINK] = {"link", "link-fault", EFFECT_LOSS | EFFECT_DELAY | EFFECT_BLACKHOLE | EFFECT_RESET | EFFECT_HOLD,
                     "'loss', 'delay', 'blackhole: true', 'hold: true' or 'reset: true'", apply_to_link},
    [TARGET_GATEWAY] = {"gateway", "gateway-fault", EFFECT_LOSS | EFFECT_DELAY | EFFECT_BLACKHOLE,
                        "'loss', 'delay' or 'blackhole: true'", apply_to_gateway},
    [TARGET_REGION] = {"region", "region-loss", EFFECT_DOWN | EFFECT_DEPLOY,
                       "'down: true' or 'deploy: true'", apply_to_region},
    [TARGET_STORE] = {"store", "store-fault", EFFECT_STALL | EFFECT_RESTART | EFFECT_CRASH,
                      "'stall: true', 'restart: true' or 'crash: process' or 'host'", apply_to_store},
    [TARGET_REPLICATION] = {"replication", NULL, EFFECT_PAUSE | EFFECT_RESET,
                            "'pause: true' or 'reset: true'", apply_to_replication},
    [TARGET_CONTROL] = {"control", NULL, EFFECT_DOWN, "'down: true'", apply_to_control},
    [TARGET_PROMOTION] = {"promote", NULL, 0, "no effect: it is an action", apply_promotion},
};
// clang-format on

/* In the order of the bits of enum effects. */
static const char *const effect_names[] = {"loss",  "delay",   "blackhole", "down",
                                           "stall", "restart", "crash",     "pause",
                                           "reset", "deploy",  "hold"};
#define EFFECTS (sizeof effect_names / sizeof effect_names[0])

static unsigned fault_effects(const struct fault_config *fault)
{
    return (loss_mean(&fault->loss) > 0 ? EFFECT_LOSS : 0u) |
           (fault->delay_ns > 0 ? EFFECT_DELAY : 0u) | (fault->blackhole ? EFFECT_BLACKHOLE : 0u) |
           (fault->down ? EFFECT_DOWN : 0u) | (fault->stall ? EFFECT_STALL : 0u) |
           (fault->restart ? EFFECT_RESTART : 0u) | (fault->deploy ? EFFECT_DEPLOY : 0u) |
           (fault->crash ? EFFECT_CRASH : 0u) | (fault->pause ? EFFECT_PAUSE : 0u) |
           (fault->reset ? EFFECT_RESET : 0u) | (fault->hold ? EFFECT_HOLD : 0u);
}

/* How many targets are named; the first of them in *kind. */
static int fault_targets(const struct fault_config *fault, enum target_kind *kind)
{
    const bool named[TARGETS] = {
        [TARGET_LINK] = fault->link.from >= 0,
        [TARGET_REGION] = fault->region >= 0,
        [TARGET_GATEWAY] = fault->gateway >= 0,
        [TARGET_STORE] = fault->store >= 0,
        [TARGET_REPLICATION] = fault->replication >= 0,
        [TARGET_CONTROL] = fault->control != CONTROL_NOTHING,
        [TARGET_PROMOTION] = fault->promote >= 0,
    };
    int count = 0;

    for (int i = TARGETS - 1; i >= 0; i--) {
        if (!named[i])
            continue;
        *kind = (enum target_kind)i;
        count++;
    }
    return count;
}

static enum target_kind fault_target(const struct fault_config *fault)
{
    enum target_kind kind = TARGET_LINK;
    int count = fault_targets(fault, &kind);

    invariant(count == 1); /* fault_schedule_check() saw to it */
    return kind;
}

static bool fault_has_strength(const struct fault_config *fault)
{
    return fault_target(fault) == TARGET_PROMOTION || fault_effects(fault) != 0;
}

/* Is there anything to take back? A restart and a promotion are over at once. */
static bool fault_lasts(const struct fault_config *fault)
{
    unsigned at_once = EFFECT_RESTART;

    if (fault->replication >= 0)
        at_once |= EFFECT_RESET;
    return (fault_effects(fault) & ~at_once) != 0;
}

/* --- words for people ------------------------------------------------------------------------ */

static void fault_add_subject(const struct fault_schedule *schedule,
                              const struct fault_config *fault, struct strbuf *out)
{
    const char *const *names = schedule->topology->region_names;

    switch (fault_target(fault)) {
    case TARGET_LINK:
        strbuf_addf(out, "%s %s %s", names[fault->link.from], fault->link.both_ways ? "<->" : "->",
                    names[fault->link.to]);
        break;
    case TARGET_REGION:
        strbuf_addf(out, "%s", names[fault->region]);
        break;
    case TARGET_GATEWAY:
        strbuf_addf(out, "gateway of %s", names[fault->gateway]);
        break;
    case TARGET_STORE:
        strbuf_addf(out, "store of %s", names[fault->store]);
        break;
    case TARGET_REPLICATION:
        strbuf_addf(out, "replication to %s", names[fault->replication]);
        break;
    case TARGET_CONTROL:
        strbuf_addf(out, "%s", control_names[fault->control]);
        break;
    case TARGET_PROMOTION:
    case TARGETS:
        strbuf_addf(out, "%s", names[fault->promote]);
        break;
    }
}

static void fault_add_effects(const struct fault_config *fault, struct strbuf *out)
{
    const char *comma = "";

    for (unsigned i = 0; i < EFFECTS; i++) {
        if (!(fault_effects(fault) & 1u << i))
            continue;
        strbuf_addf(out, "%s%s", comma, effect_names[i]);
        comma = ", ";
        if (1u << i == EFFECT_LOSS) {
            strbuf_addf(out, " ");
            units_add(out, loss_mean(&fault->loss), UNIT_SHARE, 3);
            strbuf_addf(out, "%s", loss_is_bursty(&fault->loss) ? " in bursts" : "");
        }
        if (1u << i == EFFECT_CRASH)
            strbuf_addf(out, " of its %s", crash_names[fault->crash]);
        if (1u << i == EFFECT_DELAY) {
            strbuf_addf(out, " ");
            units_add(out, (double)fault->delay_ns, UNIT_NS, 3);
        }
    }
}

/* The event is the cause of all that follows in this handler. */
static void fault_log(struct fault_schedule *schedule, uint32_t index, bool begin)
{
    const struct fault_config *fault = &schedule->faults[index];
    struct cause cause = {.number = begin ? 0 : schedule->begun[index]};
    struct strbuf subject = STRBUF_INIT, text = STRBUF_INIT;

    fault_add_subject(schedule, fault, &subject);
    if (fault_target(fault) == TARGET_PROMOTION) {
        strbuf_addf(&text, "a promotion is asked for by hand");
    } else {
        strbuf_addf(&text, "%s: ", begin ? "begins" : "ends");
        fault_add_effects(fault, &text);
    }
    cause.number = run_log_event(schedule->log, sim_now(schedule->sim), "fault", subject.text,
                                 cause, "scenario", "%s", text.text);
    sim_set_cause(schedule->sim, cause);
    if (begin)
        schedule->begun[index] = cause.number;
    strbuf_release(&subject);
    strbuf_release(&text);
}

/* --- events ---------------------------------------------------------------------------------- */

static bool fault_comes_again(const struct fault_config *fault, uint32_t times)
{
    return fault->every_ns > 0 && (fault->times == 0 || times < fault->times);
}

/* Time number `times`, from 0. */
static void fault_plan(struct fault_schedule *schedule, uint32_t index, uint32_t times)
{
    const struct fault_config *fault = &schedule->faults[index];
    sim_time begin = fault->at_ns + (sim_dur)times * fault->every_ns;

    sim_at(schedule->sim, begin, schedule->begin_kind, index, times);
    if (fault->for_ns > 0 && fault_lasts(fault))
        sim_at(schedule->sim, begin + fault->for_ns, schedule->end_kind, index, times);
}

static void fault_schedule_on_begin(void *self, struct sim *sim, uint32_t entity,
                                    uint32_t generation)
{
    struct fault_schedule *schedule = self;
    const struct fault_config *fault = &schedule->faults[entity];
    const struct target *target = &targets[fault_target(fault)];

    (void)sim;
    if (fault_comes_again(fault, generation + 1))
        fault_plan(schedule, entity, generation + 1);
    fault_log(schedule, entity, true);
    if (target->incident)
        schedule->objective->fault_begin(
            schedule->objective->self, fault->deploy && !fault->down ? "deploy" : target->incident);
    target->apply(schedule, fault, true);
}

static void fault_schedule_on_end(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct fault_schedule *schedule = self;
    const struct fault_config *fault = &schedule->faults[entity];

    (void)sim;
    (void)generation;
    fault_log(schedule, entity, false);
    targets[fault_target(fault)].apply(schedule, fault, false);
}

static const struct event_kind fault_schedule_begin = {
    .name = "begin",
    .phase = PHASE_FAULT,
    .fire = fault_schedule_on_begin,
};
static const struct event_kind fault_schedule_end = {
    .name = "end",
    .phase = PHASE_FAULT,
    .fire = fault_schedule_on_end,
};

/* --- the model ------------------------------------------------------------------------------- */

static void check_effects(const struct fault_config *fault, const struct target *target,
                          struct validation *validation)
{
    unsigned effects = fault_effects(fault);

    for (unsigned i = 0; i < EFFECTS; i++)
        if (effects & ~target->effects & 1u << i)
            validation_error(validation, effect_names[i], "does not go with '%s', which takes %s",
                             target->key, target->allowed);
    /* A link's effects are amounts, of which zero is one; what is only on or off must be on. */
    if (effects == 0 && (target->effects & (EFFECT_DOWN | EFFECT_STALL | EFFECT_PAUSE)))
        validation_error(validation, NULL, "does nothing to its '%s'; add %s", target->key,
                         target->allowed);
}

static void check_at(const struct fault_config *fault, sim_time end, struct validation *validation)
{
    struct strbuf at = STRBUF_INIT, until = STRBUF_INIT;

    if (fault->at_ns < end)
        return;
    units_add(&at, (double)fault->at_ns, UNIT_NS, 3);
    units_add(&until, (double)end, UNIT_NS, 3);
    validation_error(validation, "at", "is %s, %s the end of the run at %s", at.text,
                     fault->at_ns > end ? "after" : "not before", until.text);
    strbuf_release(&at);
    strbuf_release(&until);
}

static void fault_schedule_check(const void *config, const struct check_context *context,
                                 struct validation *validation)
{
    const struct fault_config *fault = config;
    enum target_kind kind = TARGET_LINK;
    int count = fault_targets(fault, &kind);

    check_at(fault, context->end, validation);
    if (fault->every_ns > 0 && (fault->for_ns == 0 || fault->for_ns >= fault->every_ns))
        validation_error(validation, "every",
                         "needs 'for', and longer than it: each must end before the "
                         "next begins");
    if (fault->times > 0 && fault->every_ns == 0)
        validation_error(validation, "times", "needs 'every', such as '10s'");
    if (count == 0)
        validation_error(
            validation, NULL,
            "needs a target: one of 'link', 'region', 'gateway', 'store', 'replication', "
            "'control' or 'promote'");
    else if (count > 1)
        validation_error(
            validation, NULL,
            "has %d targets of 'link', 'region', 'gateway', 'store', 'replication', 'control' "
            "and 'promote'; write one fault for each",
            count);
    else
        check_effects(fault, &targets[kind], validation);
}

/* Faults of strength zero have a span all the same, so that a control run has the same windows. */
static bool fault_schedule_span(const void *config, struct probe_span *span)
{
    const struct fault_config *fault = config;

    span->from = fault->at_ns;
    span->to = fault->for_ns > 0 ? fault->at_ns + fault->for_ns : SIM_NEVER;
    if (fault->for_ns == 0 && (fault->restart || fault->promote >= 0))
        span->to = fault->at_ns; /* over as soon as it is done */
    if (fault_comes_again(fault, 1))
        span->to = fault->times > 0 ? span->to + (fault->times - 1) * fault->every_ns : SIM_NEVER;
    return true;
}

static void fault_schedule_init(void *self, const struct model_env *env)
{
    struct fault_schedule *schedule = self;

    invariant(env->topology->region_count <= REGIONS_MAX);
    schedule->faults = env->config;
    schedule->fault_count = env->config_count;
    schedule->sim = env->sim;
    schedule->topology = env->topology;
    schedule->log = env->log;
    schedule->region_count = (int)env->topology->region_count;
    schedule->begin_kind = sim_kind_add(env->sim, &fault_schedule_begin, env->instance, schedule);
    schedule->end_kind = sim_kind_add(env->sim, &fault_schedule_end, env->instance, schedule);
    schedule->begun = mem_zalloc(schedule->fault_count, sizeof schedule->begun[0]);
    port_offer_impairments(env->ports, -1, -1, &schedule->impairments);
}

static void fault_schedule_connect(void *self, const struct port_directory *ports)
{
    struct fault_schedule *schedule = self;

    for (int a = 0; a < schedule->region_count; a++) {
        schedule->regions[a] = (struct region_ports){
            .deploy = port_find_deploy(ports, a, -1),
            .store_fault = port_find_store_fault(ports, a, -1),
        };
        for (int kind = 0; kind < POWER_KINDS; kind++)
            schedule->regions[a].power[kind] = port_find_power(ports, a, kind);
        for (int b = 0; b < schedule->region_count; b++)
            schedule->links[a][b] = port_need_link_fault(ports, a, b);
    }
    schedule->control = port_need_control(ports, -1, -1);
    schedule->dns = port_need_dns(ports, -1, -1);
    schedule->stream = port_find_stream(ports, -1, -1); /* NULL: nothing is replicated */
    schedule->objective = port_need_objective(ports, -1, -1);
}

static void fault_schedule_start(void *self)
{
    struct fault_schedule *schedule = self;

    for (uint32_t i = 0; i < schedule->fault_count; i++)
        if (fault_has_strength(&schedule->faults[i]))
            fault_plan(schedule, i, 0);
}

static void fault_schedule_fini(void *self)
{
    free(((struct fault_schedule *)self)->begun);
}

const struct model_ops fault_schedule_ops = {
    .name = "fault_schedule",
    .section = "faults",
    .meaning = "what goes wrong, and when",
    .scope = MODEL_LIST,
    .config_size = sizeof(struct fault_config),
    .state_size = sizeof(struct fault_schedule),
    FIELD_TABLE(fault_schedule_fields),
    .check = fault_schedule_check,
    .init = fault_schedule_init,
    .connect = fault_schedule_connect,
    .start = fault_schedule_start,
    .fini = fault_schedule_fini,
    .span = fault_schedule_span,
};
