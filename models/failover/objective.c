// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Service-level objectives: RTO and RPO of each outage, as clients experienced it.
 *
 * While the run goes on this only takes notes: ended operations (good_operations.h), and marks: a
 * fault's onset, the end of a stage of a failover. All is judged at the end, when what began in an
 * outage has ended too; what is still under way then is not good once it is older than `latency`.
 *
 * An incident opens at a mark that can harm service (a fault's onset, a promotion asked for) while
 * none is open. There is an outage if a window of `hold` after the onset is bad, before the next
 * incident opens. It is restored at T, the start of the first good window after the first bad one.
 * Without an outage T is the onset. Marks up to T belong to the incident:
 *
 *   onset ---- detected ---- decided ---- promoted ---- notified ---- published ---- caches ----
 * restored detect       decide       promote       notify        publish      cache over reconnect
 *
 * How they add up to the RTO: incident_stage_lengths().
 */
#include "bug.h"
#include "mem.h"
#include "model.h"
#include "good_operations.h"
#include "incident.h"
#include "losses.h"
#include "objective.h"
#include "registry.h"
#include "run_log.h"

#include <stdlib.h>

#define STEPS_MAX 10000000 /* of a region: 80 MB */

struct objective_config {
    sim_dur latency_ns, hold_ns, resolution_ns;
    double target;
    bool requests, writes, logins, reads;
};

#define MODEL_CONFIG struct objective_config
// clang-format off
static const struct field objective_fields[] = {
    DURATION("latency", latency_ns, "1ms", "1s", "1h", "latency objective: an operation that takes longer is not good", "assumption"),
    SHARE("target", target, "0", "99%", "100%", "share of good operations in a region: an outage is below, restored is at least this", "assumption"),
    DURATION("hold", hold_ns, "1ms", "30s", "1d", "window of evaluation, of an outage and of its restoration; a multiple of `resolution`", "assumption"),
    DURATION("resolution", resolution_ns, "1ms", "100ms", "10min", "step between the starts of windows", "assumption"),
    FLAG("good.requests", requests, "true", "requests must be good: answered without error or re-auth within `latency`", "assumption"),
    FLAG("good.writes", writes, "true", "writes to the store must be good: acknowledged within `latency`", "assumption"),
    FLAG("good.logins", logins, "false", "logins, as requests by themselves, must be good", "assumption"),
    FLAG("good.reads", reads, "false", "reads from the store must be good: answered within `latency`", "assumption"),
};
// clang-format on

/* By enum loss_cause. */
static const char *const loss_names[LOSS_CAUSES + 1] = {
    [LOSS_IN_FLIGHT] = "in-flight",         [LOSS_BACKLOG] = "backlog",
    [LOSS_OUTPUT_BUFFER] = "output-buffer", [LOSS_SPLIT_BRAIN] = "split-brain",
    [LOSS_SNAPSHOT] = "snapshot",
};

static const char no_outage[] = "no outage"; /* why a value is none */

static const struct metric objective_metrics[] = {
    {.name = "rto",
     .unit = UNIT_NS,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .best_none = no_outage,
     .meaning =
         "the longest outage: from the fault's onset to the first window of `hold`, after the "
         "first "
         "bad one, with good operations at target in every region; censored at the run's end where "
         "one was not restored, none without an outage"},
    {.name = "rto_stage",
     .unit = UNIT_NS,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .label = "stage",
     .label_values = incident_stage_names,
     .meaning = "the parts of rto; they add up to it; none where it is no number"},
    {.name = "rpo",
     .unit = UNIT_NS,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning = "the worst failover: spans in which the old primary acknowledged writes that were "
                "lost, worst over shards; none without a failover"},
    {.name = "rpo_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .label = "by",
     .label_values = loss_names,
     .has_total = true,
     .meaning =
         "acknowledged writes lost in all incidents, in total and by what; none without one"},
    {.name = "rpo_sessions",
     .unit = UNIT_COUNT,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .label = "by",
     .label_values = loss_names,
     .has_total = true,
     .meaning = "sessions whose creation was among them; none without an incident"},
    {.name = "incidents",
     .unit = UNIT_COUNT,
     .kind = METRIC_VALUE,
     .meaning = "faults and failovers that could harm service, those that overlap as one"},
    {.name = "incidents_unrestored",
     .unit = UNIT_COUNT,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning = "incidents with an outage that was not restored by the end of the run"},
};

/* What ends each stage but the last, which the restoration ends. */
static const struct stage_end {
    bool opens; /* it can harm service: it opens an incident where none is open */
    bool late;  /* it belongs to the incident even after its restoration */
} stage_ends[INCIDENT_RECONNECT] = {
    [INCIDENT_DETECT] = {.opens = false, .late = false},
    [INCIDENT_DECIDE] = {.opens = true, .late = true},
    [INCIDENT_PROMOTE] = {.opens = false, .late = true},
    [INCIDENT_NOTIFY] = {.opens = false, .late = true},
    [INCIDENT_PUBLISH] = {.opens = false, .late = true},
    [INCIDENT_CACHE] = {.opens = false, .late = true},
};

/* What a store had lost by some time, and the RPO of its last failover. */
struct losses {
    uint64_t writes[LOSS_CAUSES], sessions[LOSS_CAUSES];
    sim_dur rpo;
};

/* A fault's onset or the end of a stage. */
struct mark {
    sim_time time;
    const char *fault;         /* of an onset: static text; NULL: a stage ended */
    uint32_t cause;            /* number of the event in force; 0: none */
    enum incident_stage stage; /* the one that ended */
    struct losses lost;
};

struct objective {
    const struct objective_config *config;
    struct sim *sim;
    const struct run_log *log;
    struct incident_list incidents;   /* filled by objective_finish() */
    const struct losses_port *losses; /* NULL: the store counts none */
    struct objective_port port;
    struct good_operations operations;
    uint32_t region_count;
    struct operation_source *sources;
    size_t source_count, source_capacity;
    struct mark *marks; /* by time */
    size_t mark_count, mark_capacity;
};

/* --- notes, while it runs -------------------------------------------------------------------- */

/* Whether one that is younger than `latency` will be good is not known: it does not count. */
static void objective_operation_open(void *self, enum operation_kind kind, int region,
                                     sim_time started)
{
    struct objective *objective = self;

    if (sim_now(objective->sim) - started > objective->config->latency_ns)
        operation_tally_add(&objective->port.tallies[kind][region], started, false);
}

static void objective_add_source(void *self, struct operation_source source)
{
    struct objective *objective = self;

    MEM_GROW(objective->sources, objective->source_capacity, objective->source_count + 1);
    objective->sources[objective->source_count++] = source;
}

static sim_dur objective_latency(const void *self)
{
    const struct objective *objective = self;

    return objective->config->latency_ns;
}

/* A mark of this instant, with what the store has lost so far. */
static struct mark objective_look(const struct objective *objective, const char *fault,
                                  enum incident_stage stage)
{
    const struct losses_port *losses = objective->losses;
    struct mark mark = {.time = sim_now(objective->sim),
                        .fault = fault,
                        .cause = sim_cause(objective->sim).number,
                        .stage = stage,
                        .lost = {.rpo = -1}};

    if (losses) {
        for (enum loss_cause by = 0; by < LOSS_CAUSES; by++) {
            mark.lost.writes[by] = losses->writes(losses->self, by);
            mark.lost.sessions[by] = losses->sessions(losses->self, by);
        }
        mark.lost.rpo = losses->rpo(losses->self);
    }
    return mark;
}

static void objective_mark(struct objective *objective, const struct mark *mark)
{
    MEM_GROW(objective->marks, objective->mark_capacity, objective->mark_count + 1);
    objective->marks[objective->mark_count++] = *mark;
}

static void objective_fault_begin(void *self, const char *kind)
{
    struct mark mark = objective_look(self, kind, INCIDENT_STAGES);

    objective_mark(self, &mark);
}

static void objective_stage_ended(void *self, enum incident_stage stage)
{
    struct mark mark = objective_look(self, NULL, stage);

    invariant(stage < INCIDENT_RECONNECT);
    objective_mark(self, &mark);
}

/* --- the verdict, at the end ----------------------------------------------------------------- */

/* What the incidents come to, one after the other. */
struct verdict {
    struct incident worst; /* the longest outage that was restored */
    uint32_t count, outages, unrestored;
    struct losses lost; /* from the first one on; the worst RPO */
};

static uint64_t losses_sum(const uint64_t *lost)
{
    uint64_t sum = 0;

    for (int by = 0; by < LOSS_CAUSES; by++)
        sum += lost[by];
    return sum;
}

/* The end of an outage; the onset where no window up to `until` was bad. As the first bad window
 * begins with the step of the onset or later, the next window begins after the onset. */
static sim_time objective_restored(const struct objective *objective, sim_time onset,
                                   sim_time until)
{
    const struct good_operations *operations = &objective->operations;
    const struct outage_rule rule = {objective->config->target, objective->config->hold_ns};
    sim_time bad = good_operations_first_bad(operations, &rule, onset, until);

    if (bad == SIM_NEVER)
        return onset;
    return good_operations_first_good(operations, &rule, bad + operations->resolution_ns,
                                      sim_now(objective->sim));
}

static bool mark_opens(const struct mark *mark)
{
    return mark->fault || stage_ends[mark->stage].opens;
}

/* The incident that mark `i` opens is judged up to the next one that can open one. What comes less
 * than `hold` later cannot be distinguished from it. */
static sim_time objective_until(const struct objective *objective, size_t i)
{
    sim_time joined = objective->marks[i].time + objective->config->hold_ns;

    while (++i < objective->mark_count)
        if (mark_opens(&objective->marks[i]) && objective->marks[i].time >= joined)
            return objective->marks[i].time;
    return sim_now(objective->sim);
}

/* The subject of an event, or of the nearest of its causes that has one: an alarm has none, the
 * metric that raised it names its region. */
static const char *event_subject(const struct run_log *log, uint32_t number)
{
    while (number > 0) {
        const struct run_event *event = &log->events[number - 1];

        if (event->subject[0] != '\0')
            return event->subject;
        number = event->cause;
    }
    return "";
}

static struct incident objective_open(const struct objective *objective, size_t i)
{
    const struct mark *mark = &objective->marks[i];
    struct incident incident = {
        .kind = mark->fault ? mark->fault : "failover",
        .subject = event_subject(objective->log, mark->cause),
        .cause = mark->cause,
        .onset = mark->time,
        .rpo = -1,
        /* until it is closed: what had been lost before */
        .writes_lost = losses_sum(mark->lost.writes),
        .sessions_lost = losses_sum(mark->lost.sessions),
    };

    for (int stage = 0; stage < INCIDENT_RECONNECT; stage++)
        incident.ended[stage] = SIM_NEVER;
    incident.ended[INCIDENT_RECONNECT] =
        objective_restored(objective, mark->time, objective_until(objective, i));
    return incident;
}

/* The first end of each stage counts. An alarm after the restoration is not of this incident; what
 * a promotion that was asked for before it led to is. */
static void incident_take(struct incident *incident, const struct mark *mark)
{
    if (mark->fault || incident->ended[mark->stage] != SIM_NEVER)
        return;
    if (stage_ends[mark->stage].late || mark->time <= incident_restored(incident))
        incident->ended[mark->stage] = mark->time;
}

static sim_dur incident_rto(const struct incident *incident)
{
    return incident_restored(incident) - incident->onset;
}

/* Whether a mark at `time` belongs to an incident that is open. */
static bool objective_joins(const struct objective *objective, const struct incident *incident,
                            sim_time time)
{
    if (incident_is_outage(incident))
        return time <= incident_restored(incident);
    return time - incident->onset < objective->config->hold_ns;
}

/* `now`: a mark from when the incident's losses are over: the next one's onset, or the end. */
static void objective_close(struct objective *objective, struct incident *incident,
                            const struct mark *now, struct verdict *verdict)
{
    incident->writes_lost = losses_sum(now->lost.writes) - incident->writes_lost;
    incident->sessions_lost = losses_sum(now->lost.sessions) - incident->sessions_lost;
    if (incident->ended[INCIDENT_PROMOTE] != SIM_NEVER || incident->writes_lost > 0)
        incident->rpo = now->lost.rpo;
    incident_list_add(&objective->incidents, incident);

    if (incident->rpo > verdict->lost.rpo)
        verdict->lost.rpo = incident->rpo;
    verdict->count++;
    if (!incident_is_outage(incident))
        return;
    if (incident_restored(incident) == SIM_NEVER)
        verdict->unrestored++;
    else if (verdict->outages == verdict->unrestored ||
             incident_rto(incident) > incident_rto(&verdict->worst))
        verdict->worst = *incident;
    verdict->outages++;
}

static void losses_subtract(struct losses *lost, const struct losses *before)
{
    for (int by = 0; by < LOSS_CAUSES; by++) {
        lost->writes[by] -= before->writes[by];
        lost->sessions[by] -= before->sessions[by];
    }
}

static struct verdict objective_judge(struct objective *objective)
{
    struct mark end = objective_look(objective, "", INCIDENT_STAGES);
    struct verdict verdict = {.lost = end.lost};
    struct incident incident = {0};
    bool any = false;

    verdict.lost.rpo = -1;

    for (size_t i = 0; i < objective->mark_count; i++) {
        const struct mark *mark = &objective->marks[i];

        if (mark_opens(mark) && (!any || !objective_joins(objective, &incident, mark->time))) {
            if (any)
                objective_close(objective, &incident, mark, &verdict);
            else
                losses_subtract(&verdict.lost, &mark->lost);
            incident = objective_open(objective, i);
            any = true;
        }
        if (any)
            incident_take(&incident, mark);
    }
    if (any)
        objective_close(objective, &incident, &end, &verdict);
    return verdict;
}

static void objective_report_rto(struct probes *probes, const struct incident *worst)
{
    sim_dur lengths[INCIDENT_STAGES];

    incident_stage_lengths(worst->onset, worst->ended, lengths);
    probe_value(probes, "rto", PROBE_ALL_REGIONS, NULL, (double)incident_rto(worst));
    for (int stage = 0; stage < INCIDENT_STAGES; stage++)
        probe_value(probes, "rto_stage", PROBE_ALL_REGIONS, incident_stage_names[stage],
                    (double)lengths[stage]);
}

/* Why there is no number: no outage, or one that was not over when the run ended. */
static void objective_report_no_rto(const struct objective *objective, bool has_outage)
{
    struct probes *probes = sim_probe_set(objective->sim);

    if (has_outage)
        probe_value_censored(probes, "rto", PROBE_ALL_REGIONS, NULL, sim_now(objective->sim));
    else
        probe_value_none(probes, "rto", PROBE_ALL_REGIONS, NULL, no_outage);
    for (int stage = 0; stage < INCIDENT_STAGES; stage++)
        probe_value_none(probes, "rto_stage", PROBE_ALL_REGIONS, incident_stage_names[stage],
                         has_outage ? "not restored" : no_outage);
}

static void objective_report_lost(struct probes *probes, const char *metric, const uint64_t *lost)
{
    for (int by = 0; by < LOSS_CAUSES; by++)
        probe_value(probes, metric, PROBE_ALL_REGIONS, loss_names[by], (double)lost[by]);
    probe_value(probes, metric, PROBE_ALL_REGIONS, NULL, (double)losses_sum(lost));
}

static void objective_report_losses(struct probes *probes, const struct losses *lost)
{
    objective_report_lost(probes, "rpo_writes", lost->writes);
    objective_report_lost(probes, "rpo_sessions", lost->sessions);
    if (lost->rpo >= 0)
        probe_value(probes, "rpo", PROBE_ALL_REGIONS, NULL, (double)lost->rpo);
    else
        probe_value_none(probes, "rpo", PROBE_ALL_REGIONS, NULL, "no failover");
}

static void objective_report_no_losses(struct probes *probes, const char *reason)
{
    probe_value_none(probes, "rpo", PROBE_ALL_REGIONS, NULL, reason);
    for (int by = 0; by <= LOSS_CAUSES; by++) { /* the last one: the total */
        probe_value_none(probes, "rpo_writes", PROBE_ALL_REGIONS, loss_names[by], reason);
        probe_value_none(probes, "rpo_sessions", PROBE_ALL_REGIONS, loss_names[by], reason);
    }
}

static void objective_finish(void *self)
{
    struct objective *objective = self;
    struct probes *probes = sim_probe_set(objective->sim);
    struct verdict verdict;

    for (size_t i = 0; i < objective->source_count; i++)
        objective->sources[i].report_open(objective->sources[i].self);
    verdict = objective_judge(objective);
    probe_value(probes, "incidents", PROBE_ALL_REGIONS, NULL, verdict.count);
    probe_value(probes, "incidents_unrestored", PROBE_ALL_REGIONS, NULL, verdict.unrestored);
    if (verdict.count > 0 && objective->losses)
        objective_report_losses(probes, &verdict.lost);
    else
        objective_report_no_losses(probes, objective->losses ? no_outage
                                                             : "this kind of store counts none");
    if (verdict.outages > 0 && verdict.unrestored == 0)
        objective_report_rto(probes, &verdict.worst);
    else
        objective_report_no_rto(objective, verdict.outages > 0);
}

/* --- the model ------------------------------------------------------------------------------- */

static void objective_check(const void *config, const struct check_context *context,
                            struct validation *validation)
{
    const struct objective_config *c = config;

    if (c->hold_ns % c->resolution_ns != 0)
        validation_error(validation, "hold", "must be a multiple of 'resolution'");
    if (!c->requests && !c->writes && !c->logins && !c->reads)
        validation_error(validation, "good.requests",
                         "one kind of operation at least must be chosen by 'good'");
    if (context->end / c->resolution_ns > STEPS_MAX)
        validation_error(validation, "resolution",
                         "is too fine for this duration: at most %d steps fit in a run", STEPS_MAX);
}

/* The kinds that `good` names. */
static void objective_count(struct objective *objective)
{
    const struct objective_config *config = objective->config;
    const bool counts[OPERATION_KINDS] = {[OPERATION_REQUEST] = config->requests,
                                          [OPERATION_WRITE] = config->writes,
                                          [OPERATION_LOGIN] = config->logins,
                                          [OPERATION_READ] = config->reads};
    uint32_t group_count = 0;

    for (int kind = 0; kind < OPERATION_KINDS; kind++)
        group_count += counts[kind] ? objective->region_count : 0;
    good_operations_init(&objective->operations, group_count, sim_end(objective->sim),
                         config->resolution_ns);
    for (int kind = OPERATION_KINDS - 1; kind >= 0; kind--)
        for (uint32_t r = 0; counts[kind] && r < objective->region_count; r++)
            objective->port.tallies[kind][r] =
                good_operations_tally(&objective->operations, --group_count);
}

static void objective_init(void *self, const struct model_env *env)
{
    struct objective *objective = self;

    objective->config = env->config;
    objective->sim = env->sim;
    objective->log = env->log;
    objective->region_count = env->topology->region_count;
    objective->port = (struct objective_port){
        .self = objective,
        .operation_open = objective_operation_open,
        .add_source = objective_add_source,
        .latency = objective_latency,
        .fault_begin = objective_fault_begin,
        .stage_ended = objective_stage_ended,
    };
    objective_count(objective);
    port_offer_objective(env->ports, -1, -1, &objective->port);
    port_offer_incidents(env->ports, -1, -1, &objective->incidents);
}

static void objective_connect(void *self, const struct port_directory *ports)
{
    struct objective *objective = self;

    objective->losses = port_find_losses(ports, -1, -1);
}

static void objective_fini(void *self)
{
    struct objective *objective = self;

    good_operations_release(&objective->operations);
    free(objective->sources);
    free(objective->marks);
    incident_list_release(&objective->incidents);
}

const struct model_ops objective_ops = {
    .name = "objective",
    .section = "objective",
    .meaning = "service-level objectives: RTO and RPO of each outage",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct objective_config),
    .state_size = sizeof(struct objective),
    FIELD_TABLE(objective_fields),
    METRIC_TABLE(objective_metrics),
    .check = objective_check,
    .init = objective_init,
    .connect = objective_connect,
    .finish = objective_finish,
    .fini = objective_fini,
};
