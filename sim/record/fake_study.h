// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Test data for record and report: a synthetic study of a regional outage, without any model.
 *
 * 30 minutes in bins of 10 s, two regions, warm-up of 1 min, a fault from minute 10 to 15; numbers
 * are drawn from a small generator of their own, so that they are the same everywhere. Replications
 * differ; points scale the failures. A file includes this once: it defines
 * scenario_each_assumption() and registry_metric() in place of the real ones.
 */
#ifndef FAKE_STUDY_H
#define FAKE_STUDY_H

#include "hash.h"
#include "mem.h"
#include "result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FAKE_BINS = 180,
    FAKE_REGIONS = 2,
    FAKE_STATISTICS_MAX = 1500,
    FAKE_SERIES_MAX = 100,
    FAKE_HISTOGRAMS_MAX = 100
};
#define FAKE_BIN (10 * SIM_S)
#define FAKE_END (1800 * SIM_S)
#define FAKE_WARMUP (60 * SIM_S)

static const char *const fake_region_names[FAKE_REGIONS] = {"us-west-1", "us-west-2"};
static const char *const fake_causes[] = {
    "replication-lag", "lost-at-failover", "local-only", "store-unavailable",
    "evicted",         "restarted",        NULL};
enum fake_metric {
    FAKE_REQUESTS,
    FAKE_LOGINS,
    FAKE_SESSIONS,
    FAKE_REAUTHS,
    FAKE_REAUTH_RATE,
    FAKE_TIMEOUT_RATE,
    FAKE_FAILURE_RATE,
    FAKE_AMPLIFICATION,
    FAKE_AVAILABILITY,
    FAKE_UNAPPLIED,
    FAKE_LOGIN,
    FAKE_REQUEST,
    FAKE_WRITE,
    FAKE_READ,
    FAKE_LAG,
    FAKE_RPO,
    FAKE_RTO,
    FAKE_COST,
    FAKE_METRICS
};
// clang-format off
static const struct metric fake_metrics[FAKE_METRICS] = {
    [FAKE_REQUESTS]      = {.name = "requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true},
    [FAKE_LOGINS]        = {.name = "logins", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true},
    [FAKE_SESSIONS]      = {.name = "sessions_active", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true},
    [FAKE_REAUTHS]       = {.name = "reauths", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true,
                            .label = "cause", .label_values = fake_causes},
    [FAKE_REAUTH_RATE]   = {.name = "reauth_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .series = true},
    [FAKE_TIMEOUT_RATE]  = {.name = "write_timeout_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .series = true},
    [FAKE_FAILURE_RATE]  = {.name = "write_failure_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .series = true},
    [FAKE_AMPLIFICATION] = {.name = "write_amplification", .unit = UNIT_NONE, .kind = METRIC_RATIO, .series = true},
    [FAKE_AVAILABILITY]  = {.name = "availability", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .series = true},
    [FAKE_UNAPPLIED]     = {.name = "unreplicated_writes", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true},
    [FAKE_LOGIN]         = {.name = "login_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    [FAKE_REQUEST]       = {.name = "request_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    [FAKE_WRITE]         = {.name = "write_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    [FAKE_READ]          = {.name = "read_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    [FAKE_LAG]           = {.name = "replication_lag", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    [FAKE_RPO]           = {.name = "rpo", .unit = UNIT_NS, .kind = METRIC_VALUE},
    [FAKE_RTO]           = {.name = "rto", .unit = UNIT_NS, .kind = METRIC_VALUE},
    [FAKE_COST]          = {.name = "cost_per_hour", .unit = UNIT_USD, .kind = METRIC_VALUE},
};
// clang-format on

struct fake_run {
    struct run_result result;
    struct statistics statistics;
    struct statistic *statistic_rows;
    struct statistic_series *series_rows;
    struct statistic_histogram *histogram_rows;
    struct run_log log;
    struct run_event events[6];
    struct incident incident;
    struct incident_list incidents;
    uint64_t random;
};

static inline double fake_uniform(struct fake_run *run)
{
    run->random = run->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(run->random >> 11) / 9007199254740992.0;
}

/* A number; the caller may change its kind. */
static inline struct statistic *fake_statistic(struct fake_run *run, enum fake_metric metric,
                                               const char *stat, int region, const char *label,
                                               const char *window, double value)
{
    struct statistic *statistic = &run->statistic_rows[run->statistics.statistic_count++];

    *statistic =
        (struct statistic){&fake_metrics[metric], stat, region, label, window, .value = value};
    return statistic;
}

/* Severity of the fault at an instant, 0 to 1: sharp onset, recovery over three minutes. */
static inline double fake_bite(double t_s)
{
    return t_s < 600 || t_s >= 1080 ? 0 : t_s < 900 ? 1 : (1080 - t_s) / 180;
}

/* The value of a bin: the base value and the fault's addition. */
static inline double fake_value(struct fake_run *run, enum fake_metric metric, int region,
                                size_t cause, double t_s)
{
    double noise = 0.7 + 0.6 * fake_uniform(run), far = region == 0 ? 0.15 : region == 1 ? 1 : 0.55;
    double bite = fake_bite(t_s) * far * (1 + run->result.point * 0.5);
    switch (metric) {
    case FAKE_REQUESTS:
        return (region < 0 ? 1000 : 500) * (1 + 0.1 * sin(t_s / 300)) * (0.95 + 0.1 * noise);
    case FAKE_LOGINS:
        return (region < 0 ? 20 : 10) * noise * (1 + 3 * bite);
    case FAKE_SESSIONS:
        return (region < 0 ? 24000 : 12000) * (1 - exp(-t_s / 60)) * (0.98 + 0.02 * noise);
    case FAKE_REAUTHS:
        return cause == 99 ? noise * (0.2 + 19 * bite)
               : cause > 3 ? 0
                           : noise * (cause == 0 ? 0.2 + bite : bite * (double)cause * 3);
    case FAKE_REAUTH_RATE:
        return 0.0003 * noise + 0.02 * bite * noise;
    case FAKE_TIMEOUT_RATE:
        return 0.001 * noise + 0.3 * bite * noise;
    case FAKE_FAILURE_RATE:
        return 0.05 * bite * noise;
    case FAKE_AMPLIFICATION:
        return 1.001 + 0.5 * bite * noise;
    case FAKE_AVAILABILITY:
        return 1 - 0.0004 * noise - 0.08 * bite * noise;
    case FAKE_UNAPPLIED:
        return 20 * noise + 900 * bite * noise;
    default:
        return 0;
    }
}

/* A ratio has a denominator of a hundred thousand in each bin, except one bin without writes. */
#define FAKE_UNDER 100000

static inline uint64_t *fake_counts(bool has_them)
{
    return has_them ? mem_zalloc(FAKE_BINS, sizeof(uint64_t)) : NULL;
}

static inline void fake_add_series(struct fake_run *run, enum fake_metric metric, int region,
                                   size_t cause, const char *label)
{
    enum metric_kind kind = fake_metrics[metric].kind;
    double *values = mem_alloc(FAKE_BINS, sizeof(*values));
    uint64_t *over = fake_counts(kind == METRIC_COUNT || kind == METRIC_RATIO);
    uint64_t *under = fake_counts(kind == METRIC_RATIO);
    double levels[4] = {0}, bins[4] = {0};
    uint64_t overs[4] = {0}, unders[4] = {0};
    for (size_t bin = 0; bin < FAKE_BINS; bin++) {
        double t_s = (double)bin * 10;
        size_t windows[2] = {0, t_s < 600 ? 1 : t_s < 900 ? 2 : 3};
        values[bin] = fmax(0, fake_value(run, metric, region, cause, t_s));
        if (kind == METRIC_COUNT) {
            over[bin] = (uint64_t)(values[bin] * 10);
            values[bin] = (double)over[bin] / (FAKE_BIN / (double)SIM_S);
        } else if (kind == METRIC_RATIO) {
            under[bin] = metric == FAKE_TIMEOUT_RATE && bin == 3 ? 0 : FAKE_UNDER;
            over[bin] = (uint64_t)(values[bin] * (double)under[bin]);
            values[bin] = under[bin] > 0 ? (double)over[bin] / (double)under[bin] : (double)NAN;
        }
        for (size_t i = 0; i < 2; i++) {
            levels[windows[i]] += values[bin];
            bins[windows[i]]++;
            overs[windows[i]] += over != NULL ? over[bin] : 0;
            unders[windows[i]] += under != NULL ? under[bin] : 0;
        }
    }
    static const char *const windows[4] = {"all", "before", "fault", "after"};
    for (size_t i = 0; i < 4; i++) {
        double value = kind == METRIC_COUNT   ? (double)overs[i]
                       : kind == METRIC_RATIO ? (double)overs[i] / (double)unders[i]
                                              : levels[i] / bins[i];
        struct statistic *statistic =
            fake_statistic(run, metric, NULL, region, label, windows[i], value);
        statistic->over = overs[i];
        statistic->under = unders[i];
    }
    run->series_rows[run->statistics.series_count++] =
        (struct statistic_series){&fake_metrics[metric], NULL, region, label, values, over, under};
}

static inline void fake_add_latency(struct fake_run *run, enum fake_metric metric, int region,
                                    const char *window, double median_ms, double spread,
                                    double bite)
{
    struct histogram *histogram = mem_zalloc(1, sizeof(*histogram));
    for (int i = 0; i < 20000; i++) {
        double normal = 0;
        for (int k = 0; k < 12; k++)
            normal += fake_uniform(run);
        double ms = median_ms * exp(spread * (normal - 6)) + (fake_uniform(run) < bite ? 300 : 0);
        histogram_add(histogram, (int64_t)(ms * 1e6));
    }
    fake_statistic(run, metric, "mean", region, NULL, window, histogram_mean(histogram));
    fake_statistic(run, metric, "p50", region, NULL, window,
                   (double)histogram_quantile(histogram, 0.5));
    fake_statistic(run, metric, "p99", region, NULL, window,
                   (double)histogram_quantile(histogram, 0.99));
    fake_statistic(run, metric, "max", region, NULL, window, (double)histogram->max);
    run->histogram_rows[run->statistics.histogram_count++] =
        (struct statistic_histogram){&fake_metrics[metric], region, NULL, window, histogram};
}

static inline void fake_fill_statistics(struct fake_run *run)
{
    static const int regions[] = {0, 1, -1};
    for (size_t r = 0; r < 3; r++) {
        int region = regions[r];
        for (int metric = 0; metric <= FAKE_UNAPPLIED; metric++)
            fake_add_series(run, (enum fake_metric)metric, region, 99, NULL);
        for (size_t cause = 0; fake_causes[cause] != NULL; cause++)
            fake_add_series(run, FAKE_REAUTHS, region, cause, fake_causes[cause]);
        double far = region == 0 ? 1 : region == 1 ? 3 : 2;
        for (int window = 0; window < 2; window++) {
            const char *name = window == 0 ? "all" : "fault";
            double bite = window == 0 ? 0.01 * far : 0.06 * far;
            fake_add_latency(run, FAKE_LOGIN, region, name, 20 + 11 * far, 0.3, bite);
            fake_add_latency(run, FAKE_REQUEST, region, name, 9, 0.4, bite / 10);
            fake_add_latency(run, FAKE_WRITE, region, name, 11 * far, 0.2, bite);
            fake_add_latency(run, FAKE_READ, region, name, 0.6, 0.5, 0);
            fake_add_latency(run, FAKE_LAG, region, name, 12, 0.4, bite);
        }
    }
    fake_statistic(run, FAKE_COST, NULL, -1, NULL, "all", 12.5);
    fake_statistic(run, FAKE_RPO, NULL, -1, NULL, "all", 1e9 + 4e9 * fake_uniform(run));
}

static inline void fake_fill_log(struct fake_run *run, bool restored)
{
    sim_time onset = 600 * SIM_S;
    sim_time detected = onset + 60 * SIM_S + (sim_time)(30e9 * fake_uniform(run));
    sim_time decided = detected + 2 * SIM_S,
             promoted = decided + (sim_time)(20e9 + 40e9 * fake_uniform(run));
    sim_time published = promoted + 5 * SIM_S,
             back = published + 10 * SIM_S + (sim_time)(30e9 * fake_uniform(run));
    run->incident =
        (struct incident){.kind = "region-loss",
                          .subject = "us-west-1",
                          .cause = 1,
                          .onset = onset,
                          .ended = {detected, decided, promoted, promoted + 2 * SIM_S, published,
                                    published + 8 * SIM_S, restored ? back : SIM_NEVER},
                          .rpo = (sim_dur)(1e9 + 4e9 * fake_uniform(run)),
                          .writes_lost = 40 + run->result.replication,
                          .sessions_lost = 12};
    const struct run_event events[6] = {
        {1, 0, 0, onset, "fault", (char *)"us-west-1", (char *)"begins: down", (char *)""},
        {2, 1, 0, detected, "alarm", (char *)"store", (char *)"5 of 5 periods without a good write",
         (char *)"fault"},
        {3, 2, 0, decided, "failover", (char *)"us-west-2",
         (char *)"promotion of us-west-2 is asked for", (char *)"alarm"},
        {4, 3, 0, promoted, "promotion", (char *)"us-west-2",
         (char *)"us-west-2 takes writes; 41 acknowledged writes are lost", (char *)"failover"},
        {5, 4, 0, published, "dns", (char *)"sessions.internal",
         (char *)"the record names us-west-2", (char *)"promotion"},
        {6, 0, 0, 900 * SIM_S, "fault", (char *)"us-west-1", (char *)"ends: down", (char *)""}};
    memcpy(run->events, events, sizeof(events));
    run->log = (struct run_log){.events = run->events, .event_count = 6};
    run->incidents = (struct incident_list){.incidents = &run->incident, .count = 1};
    struct statistic *rto =
        fake_statistic(run, FAKE_RTO, NULL, -1, NULL, "all", (double)(back - onset));
    if (!restored) {
        rto->state = STATISTIC_CENSORED;
        rto->value = (double)NAN;
        rto->censored_at = FAKE_END;
    }
}

/* A complete run; free it by fake_run_free(). restored: its outage ended. */
static inline struct fake_run *fake_run_create(const struct scenario *scenario, uint32_t point,
                                               uint32_t replication, bool restored)
{
    struct fake_run *run = mem_zalloc(1, sizeof(*run));
    run->random = (replication + 1) * UINT64_C(0x9E3779B97F4A7C15);
    run->statistic_rows = mem_zalloc(FAKE_STATISTICS_MAX, sizeof(*run->statistic_rows));
    run->series_rows = mem_zalloc(FAKE_SERIES_MAX, sizeof(*run->series_rows));
    run->histogram_rows = mem_zalloc(FAKE_HISTOGRAMS_MAX, sizeof(*run->histogram_rows));
    run->statistics = (struct statistics){.statistics = run->statistic_rows,
                                          .histograms = run->histogram_rows,
                                          .series = run->series_rows,
                                          .bin = FAKE_BIN,
                                          .bin_count = FAKE_BINS};
    run->result = (struct run_result){.point = point,
                                      .replication = replication,
                                      .seed = UINT64_MAX,
                                      .digest = UINT64_C(0xfedcba9876543210) + replication,
                                      .event_count = 1234567,
                                      .simulated = FAKE_END,
                                      .wall_ns = 99,
                                      .warmup = FAKE_WARMUP,
                                      .scenario = scenario,
                                      .statistics = &run->statistics,
                                      .log = &run->log,
                                      .incidents = &run->incidents};
    fake_fill_statistics(run);
    fake_fill_log(run, restored);
    return run;
}

static inline void fake_run_free(struct fake_run *run)
{
    for (size_t i = 0; i < run->statistics.series_count; i++) {
        free((void *)run->series_rows[i].values);
        free((void *)run->series_rows[i].over);
        free((void *)run->series_rows[i].under);
    }
    for (size_t i = 0; i < run->statistics.histogram_count; i++) {
        histogram_release((struct histogram *)run->histogram_rows[i].histogram);
        free((void *)run->histogram_rows[i].histogram);
    }
    free(run->statistic_rows);
    free(run->series_rows);
    free(run->histogram_rows);
    free(run);
}

static const struct probe_span fake_faults[] = {{600 * SIM_S, 900 * SIM_S}};

static inline struct scenario fake_scenario(void)
{
    return (struct scenario){
        .path = (char *)"scenarios/fake.yaml",
        .name = (char *)"fake-outage",
        .question = (char *)"What does the loss of a region cost the users of the other one?",
        .run = {.duration = FAKE_END, .seed = 7, .level = 0.95, .replications = 10},
        .topology = {FAKE_REGIONS, fake_region_names},
        .fault_spans = fake_faults,
        .fault_span_count = 1,
        .resolved = (char *)"name: fake-outage\n",
        .hash = hash_text(HASH_START, "name: fake-outage\n")};
}

/* A whole study through a sink: `points` points of `replications` runs, of which the first
 * `restored` recover. */
static inline int fake_study(struct result_sink sink, uint32_t points, uint32_t replications,
                             uint32_t restored)
{
    struct scenario scenario = fake_scenario();
    struct study_param params[8];
    struct study_point rows[8];
    static const char *const values[8] = {"100ms", "200ms", "300ms", "400ms",
                                          "500ms", "1s",    "2s",    "5s"};
    for (uint32_t i = 0; i < points; i++) {
        params[i] = (struct study_param){"client.timeout", values[i]};
        rows[i] = (struct study_point){&scenario, &params[i], points > 1 ? 1 : 0};
    }
    struct study_info info = {.verb = points > 1 ? "sweep" : "run",
                              .argv = "isthmus run scenarios/fake.yaml",
                              .seed = UINT64_MAX,
                              .level = 0.95,
                              .points = rows,
                              .point_count = points,
                              .replications = replications};
    int status = sink.begin(sink.self, &info);
    for (uint32_t i = 0; status == 0 && i < points * replications; i++) {
        uint32_t replication = i % replications;
        struct fake_run *run =
            fake_run_create(&scenario, i / replications, replication, replication < restored);
        status = sink.run(sink.self, &run->result);
        fake_run_free(run);
    }
    const struct judged judged[3] = {
        {0, "reauth_rate < 0.1%", VERDICT_FAILS, true, true, 0.0032, 0.0031, 0.0033, NULL},
        {0, "availability > 99%", VERDICT_HOLDS, true, true, 0.9911, 0.9908, 0.9914, NULL},
        {0, "rto < 2min", VERDICT_NO_DATA, false, false, 0, 0, 0, "no run has a value: no outage"}};
    for (size_t i = 0; status == 0 && i < 3; i++)
        status = sink.judge(sink.self, &judged[i]);
    return status == 0 ? sink.end(sink.self, false) : status;
}

void scenario_each_assumption(const struct scenario *scenario,
                              void (*add)(void *self, const char *path, const char *value,
                                          const char *meaning),
                              void *self)
{
    (void)scenario;
    add(self, "client.dns_cache", "30s", "how long a client keeps an address");
    add(self, "failover.approval", "5min", "how long a person takes to agree");
}

const struct metric *registry_metric(const struct registry *registry, const char *name)
{
    (void)registry;
    for (size_t i = 0; i < FAKE_METRICS; i++)
        if (strcmp(fake_metrics[i].name, name) == 0)
            return &fake_metrics[i];
    return NULL;
}

#endif
