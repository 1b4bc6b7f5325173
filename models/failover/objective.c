// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is promised, and whether it is kept: RTO and RPO of each outage, as clients experienced it.
 *
 * While the run goes on this only takes notes: every ended write, in a bin by the instant at which
 * it *began*, and every mark (a fault's onset, a stage of a failover). All is judged at the end,
 * when what began in an outage has ended too.
 *
 * An outage opens at a mark that can harm writes (a fault's onset, a promotion asked for) while
 * none is open, and is restored at T, the first edge of a bin such that in every region the share
 * of good writes among those begun in [T, T + hold) is at target. Edges start with that at or
 * before the onset; T before the onset means an RTO of 0. Regions without writes in a span do not
 * count, but one at least must have some. Marks up to T belong to the outage:
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
#include "edge.h"
#include "objective.h"
#include "refs.h"
#include "session.h"
#include "losses.h"
#include "registry.h"
#include "incident.h"

#include <stdlib.h>

#define BINS_MAX 10000000 /* a region: 80 MB */

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
     .meaning = "of these, those not restored by the end of the run"},
};

static const char no_outage[] = "no outage"; /* why a value is none */

/* Ended writes by the bin in which they began. */
struct write_bin {
    uint32_t total, good;
};

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
    enum incident_stage stage; /* the one that ended */
    /* what the store had lost by then, and the RPO of its last failover */
    uint64_t writes_lost, sessions_lost;
    sim_dur rpo;
};

struct objective {
    const struct objective_config *config;
    struct sim *sim;
    struct incident_list incidents;   /* filled by objective_finish() */
    const struct losses_port *losses; /* NULL: the store counts none */
    struct objective_port port;
    uint32_t region_count;
    size_t bin_count;       /* of a region */
    struct write_bin *bins; /* [region][bin] */
    struct mark *marks;     /* by time */
    size_t mark_count, mark_capacity;
};

/* --- notes, while it runs -------------------------------------------------------------------- */

static void objective_write_done(void *self, int region, sim_time started, bool good)
{
    struct objective *objective = self;
    struct write_bin *bin = &objective->bins[(size_t)region * objective->bin_count +
                                             (size_t)(started / objective->config->resolution_ns)];

    bin->total++;
    bin->good += good;
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
    struct mark mark = {.time = sim_now(objective->sim), .fault = fault, .stage = stage, .rpo = -1};

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

/* --- the restoration ------------------------------------------------------------------------- */

/* Sums over a span of bins, one a region. */
struct span_sums {
    uint64_t total[REGIONS_MAX], good[REGIONS_MAX];
};

static void span_sums_take(struct span_sums *sums, const struct objective *objective, size_t bin,
                           bool add)
{
    for (uint32_t region = 0; region < objective->region_count; region++) {
        const struct write_bin *at = &objective->bins[region * objective->bin_count + bin];

        sums->total[region] += add ? at->total : 0 - (uint64_t)at->total;
        sums->good[region] += add ? at->good : 0 - (uint64_t)at->good;
    }
}

static bool span_sums_at_target(const struct span_sums *sums, uint32_t region_count, double target)
{
    bool any = false;

    for (uint32_t region = 0; region < region_count; region++) {
        double total = (double)sums->total[region];

        if (sums->total[region] == 0)
            continue;
        any = true;
        /* the small change makes 7 of 100 reach 7 %, whose double lies above */
        if ((double)sums->good[region] + 1e-9 * total < target * total)
            return false;
    }
    return any;
}

/* Start of the first span of `hold` at target, not before the onset; SIM_NEVER: there is none.
 * O(bins looked at). */
static sim_time objective_restored(const struct objective *objective, sim_time onset)
{
    const struct objective_config *config = objective->config;
    size_t hold = (size_t)(config->hold_ns / config->resolution_ns);
    size_t first = (size_t)(onset / config->resolution_ns);
    size_t whole =
        (size_t)(sim_now(objective->sim) / config->resolution_ns); /* bins that are over */
    struct span_sums sums = {{0}, {0}};

    if (first + hold > whole)
        return SIM_NEVER;
    for (size_t bin = first; bin < first + hold; bin++)
        span_sums_take(&sums, objective, bin, true);
    for (size_t start = first;; start++) {
        sim_time edge = (sim_time)start * config->resolution_ns;

        if (span_sums_at_target(&sums, objective->region_count, config->target))
            return edge > onset ? edge : onset;
        if (start + hold >= whole)
            return SIM_NEVER;
        span_sums_take(&sums, objective, start, false);
        span_sums_take(&sums, objective, start + hold, true);
    }
}

/* --- the books, at the end ------------------------------------------------------------------- */

/* What the incidents come to, one after the other. */
struct verdict {
    struct incident worst; /* the longest that was restored */
    uint32_t count, unrestored;
    sim_dur rpo;
    uint64_t writes_lost, sessions_lost;
};

static struct incident objective_open(const struct objective *objective, const struct mark *mark)
{
    struct incident incident = {
        .kind = mark->fault ? mark->fault : "failover",
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
    if (context->end / c->resolution_ns > BINS_MAX)
        validation_error(validation, "resolution",
                         "is too fine for this duration: at most %d steps fit in a run", BINS_MAX);
}

static void objective_init(void *self, const struct model_env *env)
{
    struct objective *objective = self;

    invariant(env->topology->region_count <= REGIONS_MAX);
    objective->config = env->config;
    objective->sim = env->sim;
    objective->region_count = env->topology->region_count;
    objective->bin_count = (size_t)(sim_end(env->sim) / objective->config->resolution_ns) + 1;
    objective->bins =
        mem_zalloc(objective->region_count * objective->bin_count, sizeof *objective->bins);
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

    free(objective->bins);
    free(objective->marks);
    incident_list_release(&objective->incidents);
}

const struct model_ops objective_ops = {
    .name = "objective",
    .section = "objective",
    .meaning = "what is promised, and whether it is kept: RTO and RPO of each outage",
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
