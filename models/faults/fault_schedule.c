// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The list of faults: each has one target, and effects or an action (a promotion by hand).
 * fault_times computes when they begin and end, fault_selector reads the target, fault_effects
 * applies the effects, fault_check validates.
 *
 * A fault may repeat: at the interval `every`, `times` in all. Its span for the windows of the
 * statistics reaches from the first beginning to the last end.
 *
 * A fault may be a random process instead (`mtbf`): times between and durations are drawn, keyed by
 * the fault and the number of the occurrence. It is an alternating renewal process: the share of
 * time in which the fault is active tends to mttr / (mtbf + mttr), whatever the distributions.
 *
 * A fault of strength zero (`loss: 0%`) has a span for the windows of the statistics and nothing
 * else: no event, no call, no onset. The run is bit-identical to one without it.
 */
#include "bug.h"
#include "dist.h"
#include "fault_check.h"
#include "fault_effects.h"
#include "fault_times.h"
#include "mem.h"
#include "model.h"
#include "objective.h"
#include "refs.h"
#include "registry.h"
#include "run_log.h"
#include "strbuf.h"

#include <stdlib.h>

#define MODEL_CONFIG struct fault_config
// clang-format off
static const struct field fault_schedule_fields[] = {
    TEXT("name", name, "name of the fault, for 'after' of other faults", "assumption"),
    TEXT("after", after, "name of another fault: 'at' counts from its end; none: from the start of the run", "facts I"),
    DURATION("at", at_ns, "0s", NULL, "365d", "start of the fault, from the start of the run or the end of 'after'", "facts I"),
    DURATION("for", for_ns, "0s", "0s", "365d", "duration of the fault; 0: until the end of the run", "facts I"),
    DURATION("every", every_ns, "0s", "0s", "365d", "interval between the starts of repetitions; 0: no repetition", "assumption"),
    COUNT("times", times, "0", "0", "1000000", "with 'every': number of occurrences; 0: until the end of the run", "assumption"),
    DURATION("mtbf", mtbf_ns, "0s", "0s", "3650d", "random process: mean time from 'at' or the end of an occurrence to the start of the next; 0: none", "assumption"),
    NUMBER("mtbf_shape", mtbf_shape, "0.1", "1", "10", "shape of its Weibull distribution; 1: exponential", "assumption"),
    DURATION("mttr", mttr_ns, "0s", "0s", "365d", "with 'mtbf': mean duration of an occurrence (time to repair); 0: always 'for'", "assumption"),
    NUMBER("mttr_shape", mttr_shape, "0.1", "1", "10", "shape of its Weibull distribution; 1: exponential", "assumption"),
    LINK("link", place.link, "target: a link, one way (a -> b) or both (a <-> b)", "facts I"),
    CHOICE("traffic", place.traffic, fault_traffic_names, "both", "of a link: class of traffic that is affected: all, the clients' connections, or those of the replication", "facts I"),
    REGION("region", place.region, "target: a region as a whole", "facts I"),
    TEXT("zone", place.zone, "target: a zone of a region (us-west-1/a, us-west-1/a-b, us-west-1/*), with its nodes of the store and instances of the application", "facts I"),
    TEXT("node", place.node, "target: nodes of a region's store, one for each shard (us-west-1/0, us-west-1/0-2, us-west-1/*)", "facts I"),
    TEXT("instance", place.instance, "target: instances of a region's application (us-west-1/0, us-west-1/0-2, us-west-1/*)", "facts I"),
    REGION("gateway", place.gateway, "target: the transit gateway of a region, with all links through it", "facts I"),
    REGION("store", place.store, "target: the store's process in a region that has a cluster", "facts I"),
    REGION("replication", place.replication, "target: the replication streams to the secondary in a region", "facts I"),
    TEXT("record", place.record, "target: a name of the DNS, whose authority does not answer: store or users", "facts I"),
    CHOICE("control", place.control, fault_control_names, "none", "target: the control planes of one kind", "facts I"),
    TEXT("home", place.home, "target: all control planes whose home is this region, which need not be in the scenario (us-east-1)", "facts E"),
    REGION("promote", place.promote, "an action, not a fault: an operator promotes the region's cluster", "facts I"),
    LOSS_FIELDS(loss, "0", "of a link or gateway: packets lost in addition to its own losses"),
    TIME_DIST("delay", delay, "0s", "0s", "1h", "of a link or gateway: delay added one way, drawn for each message (jitter) where it is a distribution", "facts I"),
    BANDWIDTH("bandwidth", bandwidth_bit_per_s, "0", "0", "1000Gbit/s", "of a link: a bottleneck of this bandwidth, with the link's 'buffer'; 0: none", "facts I"),
    BANDWIDTH("cross_traffic", cross_bit_per_s, "0", "0", "1000Gbit/s", "of a link with a bandwidth: mean rate of further traffic of others that shares it (network cross_traffic.packet, .sizes); 0: none", "assumption"),
    COUNT("route", route, "0", "0", "2", "of a link of kind vpn or direct-connect: which of its routes is hit (vpn: tunnel 1 or 2; direct-connect: 1 the line, 2 its backup); 0: all", "company links"),
    SHARE("connections", connection_share, "0", "100%", "100%", "of a link: share of connections that are affected, drawn for each", "facts I"),
    FLAG("blackhole", blackhole, "false", "of a link or gateway: everything sent is dropped", "facts I"),
    FLAG("hold", hold, "false", "of a link: everything sent is kept on the path, acknowledged to its sender, and goes on at the end", "assumption"),
    FLAG("reset", reset, "false", "of a link: resets the store's connections over it, existing ones and those that send during the fault; of replication: resets its connections, which reconnect", "facts I"),
    FLAG("down", down, "false", "of a region or zone: powered off and unreachable; of control planes: they do not respond", "facts I"),
    FLAG("isolate", isolate, "false", "of a zone: no connection to anything outside it; what is in it runs", "facts I"),
    FLAG("deploy", deploy, "false", "of a region: rolling restart of its instances over the time 'for'", "assumption"),
    FLAG("stall", stall, "false", "of a store: the process hangs; its connections stay open", "facts I"),
    FLAG("restart", restart, "false", "of a store: the process restarts at once, without data; of an instance: it drains, restarts as in a deploy and has cold pools", "facts I"),
    FLAG("role_change", role_change, "false", "of a store with replicas: planned change of roles (maintenance, scaling): a replica that has every write becomes the primary, and the old primary a replica", "facts C.2"),
    FLAG("flush", flush, "false", "of a store: all of its data is deleted by a command (FLUSHALL, a bad deploy), which is replicated like any other", "facts I"),
    FLAG("restore", restore, "false", "of a store with snapshots: an operator orders a restore of the newest one from before a flush, which replaces the cluster", "seed 001"),
    CHOICE("crash", crash, fault_crash_names, "none", "of a store or an instance: what crashes, true: the process; after a process crash the kernel still delivers sent data and refuses connections, after a host crash nothing answers", "redis_lessons 16"),
    SHARE("errors", errors, "0", "0", "100%", "of an instance or of a store: requests or commands answered with an error at once; health checks of the process pass; of a control plane: calls that fail", "assumption"),
    SHARE("throttled", throttled, "0", "0", "100%", "of a managed store: requests refused as throttled", "facts F"),
    SHARE("conflicts", conflicts, "0", "0", "100%", "of a store that many regions write: share of writes that meet a concurrent one (a conflict storm); they are aborted, or, where the last writer wins, one of the two is lost in silence", "assumption"),
    SHARE("corrupt", corrupt, "0", "0", "100%", "of a store: share of writes whose value nobody can read afterwards; it is replicated as any other, and the next write of the session repairs it", "assumption"),
    CHOICE("access", access, fault_access_names, "open", "of a store: what keeps new connections out: network (a wrong security group, also of a VPC endpoint: their SYNs get no answer) or auth (a wrong token: an error; DynamoDB refuses each request, client.errors.denied); open connections go on", "failures A.2"),
    NUMBER("slow", slow, "1", "1", "10000", "of an instance or of a store: service times are multiplied by this (3x)", "assumption"),
    FLAG("throttle", throttle, "false", "of a control plane: calls are refused for now", "facts I"),
    FLAG("pause", pause, "false", "of a replication: writes wait in the primary's output buffer", "facts I"),
};
// clang-format on

/* A fault of the list at run time. */
struct planned_fault {
    struct fault fault;
    sim_time begin;                /* the first, or the start of the random process */
    struct dist *between, *repair; /* of a random process; else NULL */
    uint32_t begun;                /* number of the event of its latest beginning */
};

struct fault_schedule {
    struct planned_fault *faults;
    size_t fault_count;
    struct sim *sim;
    const struct topology *topology;
    struct run_log *log;
    kind_id begin_kind, end_kind;
    struct rng_stream random; /* keyed by (fault, occurrence) */
    const struct objective_port *objective;
    struct fault_reach reach;
};

/* The event becomes the cause of everything that follows in this handler. */
static void fault_log(struct fault_schedule *schedule, struct planned_fault *planned, bool begin)
{
    const struct fault *fault = &planned->fault;
    struct cause cause = {.number = begin ? 0 : planned->begun};
    struct strbuf subject = STRBUF_INIT, text = STRBUF_INIT;

    fault_selector_add_text(&subject, &fault->selector, schedule->topology);
    if (fault->selector.target == TARGET_PROMOTE) {
        strbuf_add(&text, "a promotion is requested by an operator");
    } else {
        strbuf_add(&text, begin ? "begins: " : "ends: ");
        fault_actions_add_text(&text, fault->config, fault->actions);
    }
    cause.number = run_log_event(schedule->log, sim_now(schedule->sim), "fault", subject.text,
                                 cause, "scenario", "%s", text.text);
    sim_set_cause(schedule->sim, cause);
    if (begin)
        planned->begun = cause.number;
    strbuf_release(&subject);
    strbuf_release(&text);
}

/* --- events ---------------------------------------------------------------------------------- */

/* Duration of occurrence number `times`; 0: until the end of the run, or no time. */
static sim_dur fault_length(const struct fault_schedule *schedule, uint32_t index, uint32_t times)
{
    const struct planned_fault *planned = &schedule->faults[index];

    if (!planned->repair)
        return planned->fault.config->for_ns;
    return dist_sample_ns(planned->repair, rng_block_at(&schedule->random, index, times).word[1]);
}

/* Schedule occurrence number `times`, from 0. `after`: when the one before it ended, or the start.
 */
static void fault_plan(struct fault_schedule *schedule, uint32_t index, uint32_t times,
                       sim_time after)
{
    const struct planned_fault *planned = &schedule->faults[index];
    const struct fault *fault = &planned->fault;
    sim_time begin = planned->begin + (sim_dur)times * fault->config->every_ns;
    sim_dur length = fault_length(schedule, index, times);

    if (planned->between)
        begin = after + dist_sample_ns(planned->between,
                                       rng_block_at(&schedule->random, index, times).word[0]);
    sim_at(schedule->sim, begin, schedule->begin_kind, index, times);
    if ((length > 0 || planned->repair) && fault_lasts(fault->selector.target, fault->actions))
        sim_at(schedule->sim, begin + length, schedule->end_kind, index, times);
}

static void fault_schedule_on_begin(void *self, struct sim *sim, uint32_t entity,
                                    uint32_t generation)
{
    struct fault_schedule *schedule = self;
    struct planned_fault *planned = &schedule->faults[entity];
    const char *incident = fault_incident(&planned->fault);

    if (fault_repeats(planned->fault.config, generation + 1))
        fault_plan(schedule, entity, generation + 1,
                   sim_now(sim) + fault_length(schedule, entity, generation));
    fault_log(schedule, planned, true);
    if (incident)
        schedule->objective->fault_begin(schedule->objective->self, incident);
    planned->fault.key = rng_block_at(&schedule->random, entity, generation).word[2];
    fault_apply(&schedule->reach, &planned->fault, true);
}

static void fault_schedule_on_end(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct fault_schedule *schedule = self;
    struct planned_fault *planned = &schedule->faults[entity];

    (void)sim;
    (void)generation;
    fault_log(schedule, planned, false);
    fault_apply(&schedule->reach, &planned->fault, false);
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

/* Faults of strength zero have a span all the same, so that a control run has the same windows.
 * None where another fault that this one follows is wrong. */
static bool fault_schedule_span(const void *items, size_t count, size_t index,
                                struct probe_span *span)
{
    const struct fault_list list = {items, count};

    if (fault_chain(&list, index) != CHAIN_GOOD)
        return false;
    *span = (struct probe_span){fault_begin(&list, index), fault_end(&list, index)};
    return true;
}

/* Weibull of this mean; NULL: mean 0. */
static struct dist *fault_weibull(sim_dur mean, double shape)
{
    const struct dist_arg args[] = {{"mean", (double)mean}, {"shape", shape}};
    struct strbuf why = STRBUF_INIT;
    struct dist *dist = mean > 0 ? dist_create("weibull", args, 2, &why) : NULL;

    invariant(dist || mean == 0);
    strbuf_release(&why);
    return dist;
}

static void plan_faults(struct fault_schedule *schedule, const struct fault_list *list)
{
    schedule->fault_count = list->count;
    schedule->faults = mem_zalloc(list->count, sizeof schedule->faults[0]);
    for (size_t i = 0; i < list->count; i++) {
        struct fault *fault = &schedule->faults[i].fault;

        fault->config = &list->items[i];
        fault->actions = fault_actions(fault->config);
        fault_selector_read(&fault->selector, &fault->config->place, schedule->topology, NULL);
        schedule->faults[i].begin = fault_begin(list, i);
        schedule->faults[i].between =
            fault_weibull(fault->config->mtbf_ns, fault->config->mtbf_shape);
        schedule->faults[i].repair =
            fault_weibull(fault->config->mttr_ns, fault->config->mttr_shape);
    }
}

static void fault_schedule_init(void *self, const struct model_env *env)
{
    struct fault_schedule *schedule = self;
    const struct fault_list list = {env->config, env->config_count};

    invariant(env->topology->region_count <= REGIONS_MAX);
    schedule->sim = env->sim;
    schedule->topology = env->topology;
    schedule->log = env->log;
    schedule->reach.sim = env->sim;
    schedule->reach.topology = env->topology;
    schedule->reach.region_count = (int)env->topology->region_count;
    schedule->reach.zone_count = env->topology->zone_count;
    schedule->begin_kind = sim_kind_add(env->sim, &fault_schedule_begin, env->instance, schedule);
    schedule->end_kind = sim_kind_add(env->sim, &fault_schedule_end, env->instance, schedule);
    schedule->random = sim_stream(env->sim, env->instance, "process");
    plan_faults(schedule, &list);
    port_offer_impairments(env->ports, -1, -1, &schedule->reach.impairments);
}

static void fault_schedule_connect(void *self, const struct port_directory *ports)
{
    struct fault_schedule *schedule = self;

    fault_reach_connect(&schedule->reach, ports);
    schedule->objective = port_need_objective(ports, -1, -1);
}

static void fault_schedule_start(void *self)
{
    struct fault_schedule *schedule = self;

    for (uint32_t i = 0; i < schedule->fault_count; i++)
        if (schedule->faults[i].fault.actions != 0)
            fault_plan(schedule, i, 0, schedule->faults[i].begin);
}

static void fault_schedule_fini(void *self)
{
    struct fault_schedule *schedule = self;

    for (size_t i = 0; i < schedule->fault_count; i++) {
        dist_free(schedule->faults[i].between);
        dist_free(schedule->faults[i].repair);
    }
    fault_reach_release(&schedule->reach);
    free(schedule->faults);
}

/* An amount may be 0 as a point of a sweep, so this is no error. */
static bool has_no_effect(const void *config, const struct check_context *context)
{
    const struct fault_config *fault = config;

    (void)context;
    return fault_actions(fault) == 0;
}

static const struct lint_row fault_schedule_lints[] = {
    {.code = "fault-without-effect",
     .field = "loss",
     .meaning =
         "the fault does nothing to its target: its amounts are 0, its factor is 1, its flags "
         "are false",
     .applies = has_no_effect},
};

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
    .rows = {LINT_TABLE(fault_schedule_lints)},
};
