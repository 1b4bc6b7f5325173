// SPDX-License-Identifier: GPL-3.0-or-later
/* A registry for tests: a model of each scope, a field of each type, statistics of each kind.
 * Included by tests only. */
#ifndef FAKE_MODELS_H
#define FAKE_MODELS_H

#include "model.h"
#include "scenario.h"

#include <string.h>

/* --- client: one; every plain type, and a VARIANT -------------------------------------- */

struct fake_client {
    sim_dur timeout, fixed, base, max;
    uint32_t attempts;
    int backoff, jitter;
    struct duration_list list;
    double budget, weight;
    bool hedged;
};
static const char *const fake_backoffs[] = {"none", "fixed", "exponential", "list", NULL};
static const char *const fake_jitters[] = {"none", "full", "equal", NULL};
enum { BACKOFF_NONE, BACKOFF_FIXED, BACKOFF_EXPONENTIAL, BACKOFF_LIST };

#define MODEL_CONFIG struct fake_client
// clang-format off
static const struct field fake_client_fields[] = {
    DURATION("timeout", timeout, "1ms", "300ms", "1h", "time after which an attempt is abandoned", "facts C.3"),
    COUNT("retry.attempts", attempts, "1", "4", "10", "tries, the first included", "assumption"),
    VARIANT("retry.backoff", backoff, fake_backoffs, "exponential", "the wait between attempts", "facts C.4"),
    DURATION("retry.backoff.fixed", fixed, "0s", "100ms", "1min", "the same wait each time", "assumption"),
    DURATION("retry.backoff.exponential.base", base, "1ms", "100ms", "1min", "the first wait", "assumption"),
    DURATION("retry.backoff.exponential.max", max, "1ms", "2s", "1h", "the longest wait", "assumption"),
    DURATION_LIST("retry.backoff.list", list, "0s", "[100ms, 200ms, 400ms]", "1min", "the waits, one by one", "assumption"),
    CHOICE("retry.jitter", jitter, fake_jitters, "full", "how waits are spread", "facts C.5"),
    SHARE("budget", budget, "0%", "20%", "100%", "share of requests that may be retries", "assumption"),
    NUMBER("weight", weight, "-5", "1.5", "5", "a plain number", "assumption"),
    FLAG("hedged", hedged, "false", "send a second read", "assumption"),
};
// clang-format on
#undef MODEL_CONFIG

static const char *const fake_causes[] = {"replication-lag", "local-only", NULL};
static const struct metric fake_client_metrics[] = {
    {.name = "requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "requests"},
    {.name = "reauths",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "cause",
     .label_values = fake_causes,
     .label_set = "reauth-cause",
     .meaning = "logins again"},
    {.name = "reauth_rate",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .over = "reauths",
     .under = "requests",
     .meaning = "logins again a request"},
    {.name = "write_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "of a write"},
};

static void fake_client_check(const void *config, const struct check_context *context,
                              struct validation *validation)
{
    const struct fake_client *client = config;

    (void)context;
    if (client->backoff == BACKOFF_EXPONENTIAL && client->max < client->base)
        validation_error(validation, "retry.backoff.exponential.max", "must not be below base");
}

/* An instance that counts one request per second, with a latency from its own stream. */
struct fake_state {
    struct sim *sim;
    kind_id tick;
    probe_id requests, latency;
    struct rng_stream stream;
};
static void fake_on_tick(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct fake_state *state = self;
    struct rng_block block = rng_block_at(&state->stream, entity, 0);

    probe_count(sim_probes(sim), state->requests);
    probe_latency(sim_probes(sim), state->latency, (int64_t)(block.word[0] >> 40));
    sim_after(sim, SIM_S, state->tick, entity + 1, generation);
}
static const struct event_kind fake_tick = {
    .name = "tick", .phase = PHASE_WORK, .fire = fake_on_tick};

static void fake_init(void *self, const struct model_env *env)
{
    struct fake_state *state = self;
    struct probes *probes = sim_probe_set(env->sim);

    state->sim = env->sim;
    state->tick = sim_kind_add(env->sim, &fake_tick, env->instance, self);
    state->requests = probe_count_open(probes, "requests", 0, NULL);
    state->latency = probe_latency_open(probes, "write_latency", 0, NULL);
    state->stream = sim_stream(env->sim, env->instance, "latency");
}
static void fake_start(void *self)
{
    struct fake_state *state = self;

    sim_after(state->sim, SIM_S, state->tick, 0, 0);
}
static void fake_init_nothing(void *self, const struct model_env *env)
{
    (void)self;
    (void)env;
}

static const struct model_ops fake_client_ops = {
    .name = "store_client",
    .section = "client",
    .meaning = "how an application server talks to the store",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct fake_client),
    .state_size = sizeof(struct fake_state),
    FIELD_TABLE(fake_client_fields),
    METRIC_TABLE(fake_client_metrics),
    .check = fake_client_check,
    .init = fake_init,
    .start = fake_start,
};

/* --- store: one; required fields, references, distributions, kinds ------------------------ */

struct fake_store {
    int kind;
    int32_t primary;
    struct region_list replicas;
    char *note;
    int64_t memory;
    struct dist *service, *items;
};
static const char *const fake_kind_names[] = {"global-datastore", "regional", NULL};
#define MODEL_CONFIG struct fake_store
// clang-format off
static const struct field fake_store_fields[] = {
    CHOICE("kind", kind, fake_kind_names, NULL, "what kind of store", "facts A.1"),
    REGION("primary", primary, "where writes go", "facts A.1"),
    REGION_LIST("replicas", replicas, "where copies are", "facts A.1"),
    TEXT("note", note, "a remark", "assumption"),
    SIZE("memory", memory, "1 MiB", "1 GiB", NULL, "of a shard", "assumption"),
    TIME_DIST("service", service, "1us", "exponential(200us)", "1s", "time of a command", "facts B.1"),
    NUMBER_DIST("items", items, "1", "geometric(mean=3)", NULL, "keys a session", "assumption"),
};
// clang-format on
#undef MODEL_CONFIG

/* Parameters of one kind, of a size that leaves the next config unaligned unless it is aligned
 * explicitly. */
struct fake_global {
    int64_t data_set;
    struct dist *promotion;
    char *comment;
    bool verified;
};
#define MODEL_CONFIG struct fake_global
// clang-format off
static const struct field fake_global_fields[] = {
    SIZE("data_set", data_set, "0", "10 MiB", NULL, "what a full copy carries", "assumption"),
    TIME_DIST("promotion.duration", promotion, "1s", "exponential(1min)", "1h", "how long a promotion takes", "facts A.2"),
    TEXT("promotion.comment", comment, "a remark", "assumption"),
    FLAG("promotion.verified", verified, "false", "ask twice", "assumption"),
};
// clang-format on
#undef MODEL_CONFIG
static const struct metric fake_global_metrics[] = {
    {.name = "replication_lag", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "of a write"},
    {.name = "conflicts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "writes that met"},
};
static void fake_global_check(const void *config, const void *kind_config,
                              const struct check_context *context, struct validation *validation)
{
    const struct fake_store *store = config;
    const struct fake_global *global = kind_config;

    if (context->kind_config == kind_config && global->data_set > store->memory)
        validation_error(validation, "data_set", "must fit into 'memory'");
}
static const struct model_kind fake_global_kind = {
    .name = "global-datastore",
    .meaning = "one writes, the others copy",
    .config_size = sizeof(struct fake_global),
    FIELD_TABLE(fake_global_fields),
    METRIC_TABLE(fake_global_metrics),
    .check = fake_global_check,
};

struct fake_regional {
    uint32_t shards;
};
#define MODEL_CONFIG struct fake_regional
// clang-format off
static const struct field fake_regional_fields[] = {
    COUNT("shards", shards, "1", "3", "100", "in each region", "assumption"),
};
// clang-format on
#undef MODEL_CONFIG
static const struct metric fake_regional_metrics[] = {
    {.name = "conflicts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "writes that met"},
    {.name = "shards_in_use", .unit = UNIT_COUNT, .kind = METRIC_VALUE, .meaning = "of a region"},
};
/* A lint rule on parameters of a kind. */
static bool fake_regional_is_one(const void *config, const struct check_context *context)
{
    const struct fake_regional *regional = context->kind_config;

    (void)config;
    return regional->shards == 1;
}
static const struct lint_row fake_regional_lints[] = {
    {"store-one-shard", "shards", "one shard takes all of the load", fake_regional_is_one},
};
static const struct label_row fake_regional_labels[] = {
    {"reauth-cause", "other-region", "the session was made elsewhere"},
};
static const char *const fake_regional_lacks[] = {"note", NULL};
static const struct model_kind fake_regional_kind = {
    .name = "regional",
    .meaning = "one store a region",
    .lacks = fake_regional_lacks,
    .config_size = sizeof(struct fake_regional),
    FIELD_TABLE(fake_regional_fields),
    METRIC_TABLE(fake_regional_metrics),
    .rows = {LABEL_TABLE(fake_regional_labels), LINT_TABLE(fake_regional_lints)},
};

static const struct model_kind *const fake_kinds[] = {&fake_global_kind, &fake_regional_kind};

/* Sets a metric of its kind to a parameter of its kind. */
static void fake_store_init(void *self, const struct model_env *env)
{
    const struct fake_regional *regional = env->kind_config;
    struct probes *probes = sim_probe_set(env->sim);

    (void)self;
    if (env->kind == &fake_regional_kind)
        probe_value(probes, "shards_in_use", PROBE_ALL_REGIONS, NULL, regional->shards);
}
static const struct model_ops fake_store_ops = {
    .name = "store",
    .section = "store",
    .meaning = "where sessions are kept",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct fake_store),
    FIELD_TABLE(fake_store_fields),
    .kinds = fake_kinds,
    .kind_count = 2,
    .init = fake_store_init,
};

/* --- replication: one, of one kind of store --------------------------------------------- */

struct fake_replication {
    int64_t buffer;
};
static const char *const fake_replicating[] = {"global-datastore", NULL};
#define MODEL_CONFIG struct fake_replication
// clang-format off
static const struct field fake_replication_fields[] = {
    SIZE("buffer", buffer, "0", "1 MiB", NULL, "kept for those that come back", "assumption"),
};
// clang-format on
#undef MODEL_CONFIG
static const struct metric fake_replication_metrics[] = {
    {.name = "resyncs", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "full copies"},
};
static const struct model_ops fake_replication_ops = {
    .name = "replication",
    .section = "replication",
    .meaning = "what carries writes",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct fake_replication),
    FIELD_TABLE(fake_replication_fields),
    METRIC_TABLE(fake_replication_metrics),
    .only_kinds = fake_replicating,
    .init = fake_init_nothing,
};

/* --- app: one a region ----------------------------------------------------------------- */

struct fake_app {
    uint32_t workers;
    double rate;
};
#define MODEL_CONFIG struct fake_app
// clang-format off
static const struct field fake_app_fields[] = {
    COUNT("workers", workers, "1", "100", "10k", "requests at a time", "assumption"),
    RATE("rate", rate, "0/s", "10/s", NULL, "arrivals", "assumption"),
};
// clang-format on
#undef MODEL_CONFIG
static bool fake_app_is_small(const void *config, const struct check_context *context)
{
    const struct fake_app *app = config;

    return context->region >= 0 && app->workers < 10;
}
static const struct lint_row fake_app_lints[] = {
    {"app-small", "workers", "fewer than 10 workers", fake_app_is_small},
};
static const struct model_ops fake_app_ops = {
    .name = "app_tier",
    .section = "app",
    .meaning = "application servers",
    .scope = MODEL_PER_REGION,
    .config_size = sizeof(struct fake_app),
    FIELD_TABLE(fake_app_fields),
    .rows = {LINT_TABLE(fake_app_lints)},
    .init = fake_init_nothing,
};

/* --- network: one a link --------------------------------------------------------------- */

struct fake_link {
    struct dist *rtt;
    double loss, bandwidth;
};
#define MODEL_CONFIG struct fake_link
// clang-format off
static const struct field fake_link_fields[] = {
    TIME_DIST("rtt", rtt, "0s", "lognormal(median=22ms, p99=31ms)", "10s", "there and back", "facts D.2"),
    SHARE("loss", loss, "0%", "0%", "100%", "packets lost", "assumption"),
    BANDWIDTH("bandwidth", bandwidth, NULL, "0", NULL, "0: no limit", "assumption"),
};
// clang-format on
#undef MODEL_CONFIG
static const struct fault_capability fake_link_faults[] = {
    {"link", "loss", NULL}, {"link", "delay", NULL}, {"gateway", "loss", NULL}};
static const struct model_ops fake_link_ops = {
    .name = "wan_link",
    .section = "network",
    .meaning = "a way between two places",
    .scope = MODEL_PER_LINK,
    .config_size = sizeof(struct fake_link),
    FIELD_TABLE(fake_link_fields),
    .rows = {FAULT_TABLE(fake_link_faults)},
    .init = fake_init_nothing,
};

/* --- faults: a list -------------------------------------------------------------------- */

struct fake_fault {
    sim_dur at, lasts;
    struct link_ref link;
    int32_t region;
    double loss;
};
#define MODEL_CONFIG struct fake_fault
// clang-format off
static const struct field fake_fault_fields[] = {
    DURATION("at", at, "0s", NULL, NULL, "when it begins", "assumption"),
    DURATION("for", lasts, "0s", "1min", NULL, "how long it lasts", "assumption"),
    LINK("link", link, "which link", "assumption"),
    REGION("region", region, "which region", "assumption"),
    SHARE("loss", loss, "0%", "100%", "100%", "packets lost", "assumption"),
};
// clang-format on
#undef MODEL_CONFIG
static void fake_fault_check(const void *config, const struct check_context *context,
                             struct validation *validation)
{
    const struct fake_fault *fault = config;

    if (fault->at >= context->end)
        validation_error(validation, "at", "must be before the end of the run");
}
static bool fake_fault_span(const void *items, size_t count, size_t index, struct probe_span *span)
{
    const struct fake_fault *fault = (const struct fake_fault *)items + index;

    (void)count;
    *span = (struct probe_span){fault->at, fault->at + fault->lasts};
    return true;
}
static bool fake_fault_is_endless(const void *config, const struct check_context *context)
{
    (void)context;
    return ((const struct fake_fault *)config)->lasts == 0;
}
static const struct lint_row fake_fault_lints[] = {
    {"fault-for-good", "for", "it never ends", fake_fault_is_endless},
};
static const struct model_ops fake_fault_ops = {
    .name = "fault_schedule",
    .section = "faults",
    .meaning = "what goes wrong and when",
    .scope = MODEL_LIST,
    .config_size = sizeof(struct fake_fault),
    FIELD_TABLE(fake_fault_fields),
    .rows = {LINT_TABLE(fake_fault_lints)},
    .check = fake_fault_check,
    .init = fake_init_nothing,
    .span = fake_fault_span,
};

static const struct model_ops *const fake_models[] = {&fake_link_ops,  &fake_replication_ops,
                                                      &fake_store_ops, &fake_client_ops,
                                                      &fake_app_ops,   &fake_fault_ops};
static const struct registry fake_registry = {fake_models, 6};

/* A scenario that uses every feature. */
static const char fake_scenario[] =
    "name: two-region session store\n"
    "question: does it hold?\n"
    "duration: 30min\n"
    "warmup: 5min\n"
    "regions:\n"
    "  us-west-1: {}\n"
    "  us-west-2: {app: {workers: 50}}\n"
    "store: {kind: global-datastore, primary: us-west-1, replicas: [us-west-2], note: \"a: b\"}\n"
    "app: {rate: 600/min}\n"
    "network:\n"
    "  inside: {rtt: 500us}\n"
    "  us-west-2 -> us-west-1: {loss: 5%}\n"
    "  us-west-1 <-> us-west-2: {rtt: {median: 22ms, p99: 31ms}, loss: 1%}\n"
    "client:\n"
    "  timeout: 300ms\n"
    "  retry: {attempts: 4, backoff: {exponential: {base: 100ms, max: 2s}}, jitter: full}\n"
    "faults:\n"
    "  - {at: 10min, for: 5min, link: us-west-2 -> us-west-1, loss: 30%}\n"
    "expect:\n"
    "  - reauth_rate < 0.1%\n"
    "  - write_latency{region=us-west-2,window=fault}.p99 > 300ms\n"
    "  - reauths{cause=local-only, region=us-west-2} > 2 * reauths{region=us-west-1}\n"
    "sweep:\n"
    "  client.timeout: [100ms, 200ms, 1s]\n";

#endif
