// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Service-level objectives: RTO and RPO of each outage, as clients experienced it.
 *
 * While the run goes on this only takes notes: ended writes (good_operations.h), and marks: a
 * fault's onset, the end of a stage of a failover. All is judged at the end, when what began in an
 * outage has ended too.
 *
 * An outage opens at a mark that can harm writes (a fault's onset, a promotion asked for) while
 * none is open, and is restored at T, the start of the first span with good writes at target
 * (good_operations_restored()). T before the onset means an RTO of 0. Marks up to T belong to the
 * outage:
 *
 *   onset ----------- detected ---- decided ---- promoted ---- published ---- restored
 *         detect            decide        promote       publish         drain
 *
 * A stage that was not reached by T ends at T, so the stages always add up to the RTO: an outage
 * that passes by itself is all `detect`.
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
};

#define MODEL_CONFIG struct objective_config
// clang-format off
static const struct field objective_fields[] = {
    DURATION("latency", latency_ns, "1ms", "1s", "1h", "latency objective: a request answered later is not good", "assumption"),
    SHARE("target", target, "0", "99%", "100%", "share of good operations at which a region counts as restored", "assumption"),
    DURATION("hold", hold_ns, "1ms", "30s", "1d", "time for which the share must stay at `target`; a multiple of `resolution`", "assumption"),
    DURATION("resolution", resolution_ns, "1ms", "100ms", "10min", "length of an evaluation window", "assumption"),
};
// clang-format on

static const struct metric objective_metrics[] = {
    {.name = "rto",
     .unit = UNIT_NS,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning =
         "the longest outage: from its onset to the first span of `hold` with writes at target in "
         "every region; censored at the run's end where one was not restored, none without an "
         "outage"},
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
     .meaning = "the worst failover: age of what was lost; none without a failover"},
    {.name = "rpo_writes",
     .unit = UNIT_COUNT,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning = "acknowledged writes lost in all outages; none without an outage"},
    {.name = "rpo_sessions",
     .unit = UNIT_COUNT,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning = "sessions whose creation was among them; none without an outage"},
    {.name = "incidents",
     .unit = UNIT_COUNT,
     .kind = METRIC_VALUE,
     .meaning = "outages that were opened by a fault or a failover"},
    {.name = "incidents_unrestored",
     .unit = UNIT_COUNT,
     .kind = METRIC_VALUE,
     .better = LOWER_IS_BETTER,
     .meaning = "incidents not restored by the end of the run"},
};

static const char no_outage[] = "no outage"; /* why a value is none */

/* What ends each stage but the last, which the restoration ends. */
static const struct stage_end {
    bool opens; /* it can harm writes: it opens an outage where none is open */
    bool late;  /* it belongs to the outage even after its restoration */
} stage_ends[INCIDENT_DRAIN] = {
    [INCIDENT_DETECT] = {.opens = false, .late = false},
    [INCIDENT_DECIDE] = {.opens = true, .late = true},
    [INCIDENT_PROMOTE] = {.opens = false, .late = true},
    [INCIDENT_PUBLISH] = {.opens = false, .late = true},
};

/* A fault's onset or the end of a stage. */
struct mark {
    sim_time time;
    const char *fault;         /* of an onset: static text; NULL: a stage ended */
    uint32_t cause;            /* number of the event in force; 0: none */
    enum incident_stage stage; /* the one that ended */
    /* what the store had lost by then, and the RPO of its last failover */
    uint64_t writes_lost, sessions_lost;
    sim_dur rpo;
};

struct objective {
    const struct objective_config *config;
    struct sim *sim;
    const struct run_log *log;
    struct incident_list incidents;   /* filled by objective_finish() */
    const struct losses_port *losses; /* NULL: the store counts none */
    struct objective_port port;
    struct good_operations writes;
    struct mark *marks; /* by time */
    size_t mark_count, mark_capacity;
};

/* --- notes, while it runs -------------------------------------------------------------------- */

static void objective_write_done(void *self, int region, sim_time started, bool good)
{
    struct objective *objective = self;

    good_operations_add(&objective->writes, region, started, good);
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
                        .rpo = -1};

    if (losses) {
        mark.writes_lost = losses->writes(losses->self);
        mark.sessions_lost = losses->sessions(losses->self);
        mark.rpo = losses->rpo(losses->self);
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

    invariant(stage < INCIDENT_DRAIN);
    objective_mark(self, &mark);
}

/* --- the verdict, at the end ----------------------------------------------------------------- */

/* What the incidents come to, one after the other. */
struct verdict {
    struct incident worst; /* the longest that was restored */
    uint32_t count, unrestored;
    sim_dur rpo;
    uint64_t writes_lost, sessions_lost;
};

static sim_time objective_restored(const struct objective *objective, sim_time onset)
{
    const struct restoration_rule rule = {objective->config->target, objective->config->hold_ns};

    return good_operations_restored(&objective->writes, &rule, onset, sim_now(objective->sim));
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

static struct incident objective_open(const struct objective *objective, const struct mark *mark)
{
    struct incident incident = {
        .kind = mark->fault ? mark->fault : "failover",
        .subject = event_subject(objective->log, mark->cause),
        .cause = mark->cause,
        .onset = mark->time,
        .rpo = -1,
        /* until it is closed: what had been lost before */
        .writes_lost = mark->writes_lost,
        .sessions_lost = mark->sessions_lost,
    };

    for (int stage = 0; stage < INCIDENT_DRAIN; stage++)
        incident.ended[stage] = SIM_NEVER;
    incident.ended[INCIDENT_DRAIN] = objective_restored(objective, mark->time);
    return incident;
}

static bool mark_opens(const struct mark *mark)
{
    return mark->fault || stage_ends[mark->stage].opens;
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

/* `now`: a mark from when the incident's losses are over: the next one's onset, or the end. */
static void objective_close(struct objective *objective, struct incident *incident,
                            const struct mark *now, struct verdict *verdict)
{
    incident->writes_lost = now->writes_lost - incident->writes_lost;
    incident->sessions_lost = now->sessions_lost - incident->sessions_lost;
    if (incident->ended[INCIDENT_PROMOTE] != SIM_NEVER)
        incident->rpo = now->rpo;
    incident_list_add(&objective->incidents, incident);

    verdict->writes_lost += incident->writes_lost;
    verdict->sessions_lost += incident->sessions_lost;
    if (incident->rpo > verdict->rpo)
        verdict->rpo = incident->rpo;
    if (incident_restored(incident) == SIM_NEVER)
        verdict->unrestored++;
    else if (verdict->count == verdict->unrestored ||
             incident_rto(incident) > incident_rto(&verdict->worst))
        verdict->worst = *incident;
    verdict->count++;
}

static struct verdict objective_judge(struct objective *objective)
{
    struct mark end = objective_look(objective, "", INCIDENT_STAGES);
    struct verdict verdict = {.rpo = -1};
    struct incident incident = {0};
    bool any = false;

    for (size_t i = 0; i < objective->mark_count; i++) {
        const struct mark *mark = &objective->marks[i];

        if (mark_opens(mark) && (!any || mark->time > incident_restored(&incident))) {
            if (any)
                objective_close(objective, &incident, mark, &verdict);
            incident = objective_open(objective, mark);
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
    sim_time ends[INCIDENT_STAGES], from = worst->onset;

    /* A stage ends at the latest when the next one does. */
    for (int stage = INCIDENT_STAGES - 1; stage >= 0; stage--) {
        ends[stage] = worst->ended[stage];
        if (stage + 1 < INCIDENT_STAGES && ends[stage] > ends[stage + 1])
            ends[stage] = ends[stage + 1];
    }
    probe_value(probes, "rto", PROBE_ALL_REGIONS, NULL, (double)incident_rto(worst));
    for (int stage = 0; stage < INCIDENT_STAGES; stage++) {
        probe_value(probes, "rto_stage", PROBE_ALL_REGIONS, incident_stage_names[stage],
                    (double)(ends[stage] - from));
        from = ends[stage];
    }
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

static void objective_report_losses(struct probes *probes, const struct verdict *verdict)
{
    probe_value(probes, "rpo_writes", PROBE_ALL_REGIONS, NULL, (double)verdict->writes_lost);
    probe_value(probes, "rpo_sessions", PROBE_ALL_REGIONS, NULL, (double)verdict->sessions_lost);
    if (verdict->rpo >= 0)
        probe_value(probes, "rpo", PROBE_ALL_REGIONS, NULL, (double)verdict->rpo);
    else
        probe_value_none(probes, "rpo", PROBE_ALL_REGIONS, NULL, "no failover");
}

static void objective_report_no_losses(struct probes *probes, const char *reason)
{
    static const char *const metrics[] = {"rpo", "rpo_writes", "rpo_sessions"};

    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        probe_value_none(probes, metrics[i], PROBE_ALL_REGIONS, NULL, reason);
}

static void objective_finish(void *self)
{
    struct objective *objective = self;
    struct probes *probes = sim_probe_set(objective->sim);
    struct verdict verdict = objective_judge(objective);

    probe_value(probes, "incidents", PROBE_ALL_REGIONS, NULL, verdict.count);
    probe_value(probes, "incidents_unrestored", PROBE_ALL_REGIONS, NULL, verdict.unrestored);
    if (verdict.count > 0 && objective->losses)
        objective_report_losses(probes, &verdict);
    else
        objective_report_no_losses(probes, objective->losses ? no_outage
                                                             : "this kind of store counts none");
    if (verdict.count > 0 && verdict.unrestored == 0)
        objective_report_rto(probes, &verdict.worst);
    else
        objective_report_no_rto(objective, verdict.count > 0);
}

/* --- the model ------------------------------------------------------------------------------- */

static void objective_check(const void *config, const struct check_context *context,
                            struct validation *validation)
{
    const struct objective_config *c = config;

    if (c->hold_ns % c->resolution_ns != 0)
        validation_error(validation, "hold", "must be a multiple of 'resolution'");
    if (context->end / c->resolution_ns > STEPS_MAX)
        validation_error(validation, "resolution",
                         "is too fine for this duration: at most %d steps fit in a run", STEPS_MAX);
}

static void objective_init(void *self, const struct model_env *env)
{
    struct objective *objective = self;

    objective->config = env->config;
    objective->sim = env->sim;
    objective->log = env->log;
    good_operations_init(&objective->writes, env->topology->region_count, sim_end(env->sim),
                         objective->config->resolution_ns);
    objective->port = (struct objective_port){
        .self = objective,
        .write_done = objective_write_done,
        .latency = objective_latency,
        .fault_begin = objective_fault_begin,
        .stage_ended = objective_stage_ended,
    };
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

    good_operations_release(&objective->writes);
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
