// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The stream of writes from the primary to each secondary: one ordered connection over the link
 * between them.
 *
 * A write leaves the primary some time after it was acknowledged (output buffer, batching), and is
 * applied when the link has carried it and all before it, plus the time to apply: so what is lost
 * with a primary is always a suffix, and neighbouring writes share their lag. With the primary's
 * host all goes that has not left; what is in flight arrives. A stream that hangs (loss, blackhole)
 * waits in the link and goes on after it; one whose roles changed starts anew. A cluster that comes
 * back copies the whole data set first, and answers LOADING meanwhile.
 */
#include "bug.h"
#include "mem.h"
#include "model.h"
#include "ports.h"
#include "registry.h"
#include "run_log.h"

#include <stdlib.h>

struct replication_config {
    struct dist *output_delay, *apply, *full_resync;
    uint32_t overhead_bytes;
    sim_dur metric_period_ns;
};

#define MODEL_CONFIG struct replication_config
// clang-format off
static const struct field replication_fields[] = {
    TIME_DIST("output_delay", output_delay, "0ms", "exponential(20ms)", "1h", "from a write's acknowledgement to its departure; order is kept", "facts C.1"),
    TIME_DIST("apply", apply, "0ms", "0ms", "1h", "from a write's arrival at the secondary to its effect; order is kept", "assumption"),
    TIME_DIST("full_resync", full_resync, "0ms", "30s", "24h", "for a cluster that comes back empty: delay, snapshot, transfer, load", "assumption"),
    COUNT("overhead_bytes", overhead_bytes, "0", "40", "10000", "protocol bytes of a write in the stream besides the command's", "redis_lessons 18"),
    DURATION("metric_period", metric_period_ns, "1s", "60s", "1h", "how often the monitoring metric samples the lag", "facts C.1"),
};
// clang-format on

static const char *const resync_kinds[] = {"partial", "full", NULL};
static const struct metric replication_metrics[] = {
    {.name = "replication_lag_metric",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .meaning = "the lag as a monitoring metric shows it: age of the oldest write not applied, "
                "once a period"},
    {.name = "replication_backlog_bytes",
     .unit = UNIT_BYTES,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "bytes of acknowledged writes that the secondary of the region has not applied"},
    {.name = "replication_bytes",
     .unit = UNIT_BYTES,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "bytes sent in the stream to the secondary of the region"},
    {.name = "resyncs",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "kind",
     .label_values = resync_kinds,
     .meaning = "times that the secondary of the region copied what it had missed (partial) or "
                "everything (full)"},
};

struct replication;
/* The stream to one secondary. */
struct stream {
    struct replication *replication;
    int region;
    bool streaming;
    uint32_t leg;
    const struct link_port *link; /* that the leg is of */
    uint32_t epoch;               /* of the stream: what an older one still delivers is ignored */
    uint32_t sender;              /* of the primary's output: dies with its host */
    sim_time departed, release;   /* order of departures, of effects */
    uint64_t sent, applied;       /* numbers of writes */
    int64_t backlog_bytes;
    uint32_t *bytes; /* of writes sent and not applied, in a ring by number */
    uint64_t bytes_mask;
    uint32_t resync; /* generation of the resync's end */
    bool resyncing;
    kind_id send_kind, arrive_kind, apply_kind, synced_kind;
    probe_id lag_metric, backlog, sent_bytes, partial, full;
};

struct replication {
    const struct replication_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct incident_log *log;
    const struct topology *topology;
    struct rng_stream random;
    uint32_t region_count;
    struct stream streams[REGIONS_MAX];
    struct store_port *store;
    struct link_port *links[REGIONS_MAX][REGIONS_MAX];
    uint32_t lineage; /* of the writes in the stream now */
    kind_id sample_kind;
    struct stream_port port;
};

/* Numbers travel in 32 bits; the nearest one at or above `base` is meant. */
static uint64_t number_near(uint64_t base, uint32_t low)
{
    return base + (uint32_t)(low - (uint32_t)base);
}

static void stream_backlog(struct stream *stream, int64_t change)
{
    struct replication *replication = stream->replication;

    stream->backlog_bytes += change;
    probe_level(replication->probes, stream->backlog, sim_now(replication->sim),
                stream->backlog_bytes);
}

static void stream_remember(struct stream *stream, uint64_t number, uint32_t bytes)
{
    uint64_t size = stream->bytes ? stream->bytes_mask + 1 : 0;

    if (number - stream->applied >= size) {
        uint64_t bigger = size ? size * 2 : 1024;
        uint32_t *ring = mem_alloc(bigger, sizeof *ring);

        for (uint64_t n = stream->applied + 1; size && n < number; n++)
            ring[n & (bigger - 1)] = stream->bytes[n & stream->bytes_mask];
        free(stream->bytes);
        stream->bytes = ring;
        stream->bytes_mask = bigger - 1;
    }
    stream->bytes[number & stream->bytes_mask] = bytes;
}

static void stream_send(struct stream *stream, uint64_t number)
{
    struct message message = {.kind = stream->arrive_kind,
                              .entity = (uint32_t)number,
                              .generation = stream->epoch,
                              .bytes = stream->bytes[number & stream->bytes_mask],
                              .identity = number,
                              .index = stream->replication->lineage};

    stream->link->send(stream->link->self, stream->leg, &message);
}

static void stream_on_send(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = self;

    (void)sim, (void)generation;
    stream_send(stream, number_near(stream->applied, entity));
}

static bool stream_sender_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct stream *stream = self;

    (void)entity;
    return stream->leg != NO_INDEX && (stream->sender & SIM_GENERATION_MASK) == generation;
}

/* A random time of one write and one secondary. */
static sim_dur stream_draw(const struct stream *stream, const struct dist *dist, uint64_t number,
                           uint32_t purpose)
{
    double constant;

    if (dist_is_constant(dist, &constant))
        return (sim_dur)constant;
    return dist_sample_ns(
        dist,
        rng_block_at(&stream->replication->random, number, (uint64_t)stream->region).word[purpose]);
}

static void stream_write(struct stream *stream, uint64_t number, uint32_t size)
{
    struct replication *replication = stream->replication;
    sim_time due = sim_now(replication->sim) +
                   stream_draw(stream, replication->config->output_delay, number, 0);

    stream->sent = number;
    stream_remember(stream, number, size);
    probe_count_many(replication->probes, stream->sent_bytes, size);
    stream_backlog(stream, size);
    if (due > stream->departed)
        stream->departed = due;
    if (stream->departed > sim_now(replication->sim))
        sim_at(replication->sim, stream->departed, stream->send_kind, (uint32_t)number,
               stream->sender);
    else
        stream_send(stream, number);
}

static void replication_write(void *self, struct write_position position, uint32_t bytes)
{
    struct replication *replication = self;

    replication->lineage = position.lineage;
    for (uint32_t r = 0; r < replication->region_count; r++) {
        struct stream *stream = &replication->streams[r];

        if (stream->streaming && stream->leg != NO_INDEX)
            stream_write(stream, position.number, bytes + replication->config->overhead_bytes);
    }
}

static void stream_apply(struct stream *stream, uint64_t number)
{
    struct replication *replication = stream->replication;
    int64_t bytes = 0;

    if (number <= stream->applied)
        return;
    for (uint64_t n = stream->applied + 1; n <= number; n++)
        bytes += stream->bytes[n & stream->bytes_mask];
    stream->applied = number;
    stream_backlog(stream, -bytes);
    replication->store->apply(replication->store->self, stream->region,
                              (struct write_position){number, replication->lineage});
}

static void stream_on_apply(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = self;

    (void)sim, (void)generation;
    stream_apply(stream, number_near(stream->applied, entity));
}

static void stream_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = self;
    struct replication *replication = stream->replication;
    uint64_t number = number_near(stream->applied, entity);
    sim_time due = sim_now(sim) + stream_draw(stream, replication->config->apply, number, 1);

    if (due > stream->release)
        stream->release = due;
    if (stream->release <= sim_now(sim)) {
        stream_apply(stream, number);
        return;
    }
    sim_at(sim, stream->release, stream->apply_kind, entity, generation);
}

static bool stream_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct stream *stream = self;

    (void)entity;
    return stream->streaming && (stream->epoch & SIM_GENERATION_MASK) == generation;
}

/* The primary's host is gone: what is in flight arrives, what waits for a retransmission does not.
 */
static void stream_cut(struct stream *stream)
{
    if (stream->leg != NO_INDEX)
        stream->link->abort(stream->link->self, stream->leg);
    stream->leg = NO_INDEX;
    stream->sender++;
}

static void stream_stop(struct stream *stream)
{
    if (!stream->streaming)
        return;
    stream->streaming = false;
    stream->epoch++;
    stream_cut(stream);
    stream_backlog(stream, -stream->backlog_bytes);
}

static void stream_begin(struct stream *stream)
{
    struct replication *replication = stream->replication;
    struct store_port *store = replication->store;
    int primary = store->primary(store->self);

    stream->link = replication->links[primary][stream->region];
    stream->leg = stream->link->open(stream->link->self);
    stream->streaming = true;
    stream->applied = stream->sent = store->applied(store->self, primary);
    stream_backlog(stream, -stream->backlog_bytes);
}

static void stream_resync(struct stream *stream, bool full)
{
    struct replication *replication = stream->replication;
    int primary = replication->store->primary(replication->store->self);
    const struct link_port *link = replication->links[primary][stream->region];
    uint64_t word = rng_block_at(&replication->random, stream->resync, UINT64_C(1) << 32).word[1];
    sim_dur wait = full ? dist_sample_ns(replication->config->full_resync, word)
                        : 2 * link->mean_delay(link->self);

    stream->resyncing = true;
    probe_count(replication->probes, full ? stream->full : stream->partial);
    sim_after(replication->sim, wait, stream->synced_kind, (uint32_t)stream->region,
              ++stream->resync);
}

/* The copy is complete if the primary is still there to copy from; else it is tried again. */
static void stream_on_synced(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = self;
    struct replication *replication = stream->replication;
    struct store_port *store = replication->store;

    (void)entity, (void)generation;
    stream->resyncing = false;
    if (!store->cluster_up(store->self, stream->region))
        return; /* it died meanwhile: it rejoins when it comes back */
    if (!store->cluster_up(store->self, store->primary(store->self))) {
        stream_resync(stream, true);
        return;
    }
    store->synced(store->self, stream->region);
    stream_begin(stream);
    run_log_event(replication->log, sim_now(sim), "resync",
                  replication->topology->region_names[stream->region], "",
                  "holds all that the primary holds");
}

static bool stream_synced_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct stream *stream = self;

    (void)entity;
    return stream->resyncing && (stream->resync & SIM_GENERATION_MASK) == generation;
}

static void replication_restart(void *self)
{
    struct replication *replication = self;
    struct store_port *store = replication->store;
    int primary = store->primary(store->self);

    for (uint32_t r = 0; r < replication->region_count; r++) {
        struct stream *stream = &replication->streams[r];
        bool was_streaming = stream->streaming;

        if (!store->cluster_up(store->self, primary)) {
            stream_cut(stream);
            continue;
        }
        stream_stop(stream);
        if ((int)r != primary && store->cluster_up(store->self, (int)r) && was_streaming &&
            !stream->resyncing)
            stream_resync(stream, false);
    }
}

static void replication_lost(void *self, int region)
{
    struct replication *replication = self;
    struct stream *stream = &replication->streams[region];

    stream_stop(stream);
    if (stream->resyncing)
        sim_cancelled(replication->sim);
    stream->resyncing = false;
}

static void replication_rejoin(void *self, int region)
{
    struct replication *replication = self;
    struct stream *stream = &replication->streams[region];

    stream_stop(stream);
    if (stream->resyncing)
        sim_cancelled(replication->sim);
    stream_resync(stream, true);
}

static void replication_on_sample(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct replication *replication = self;
    struct store_port *store = replication->store;

    for (uint32_t r = 0; r < replication->region_count; r++)
        if ((int)r != store->primary(store->self) && store->cluster_up(store->self, (int)r))
            probe_latency(replication->probes, replication->streams[r].lag_metric,
                          store->lag(store->self, (int)r));
    sim_after(sim, replication->config->metric_period_ns, replication->sample_kind, entity,
              generation);
}

static const struct event_kind stream_departs = {
    .name = "send", .phase = PHASE_WORK, .fire = stream_on_send, .live = stream_sender_live};
static const struct event_kind stream_arrive = {
    .name = "arrive", .phase = PHASE_WORK, .fire = stream_on_arrive, .live = stream_live};
static const struct event_kind stream_applied = {
    .name = "apply", .phase = PHASE_WORK, .fire = stream_on_apply, .live = stream_live};
static const struct event_kind stream_synced = {
    .name = "synced", .phase = PHASE_WORK, .fire = stream_on_synced, .live = stream_synced_live};
static const struct event_kind replication_sample = {
    .name = "sample", .phase = PHASE_OBSERVE, .fire = replication_on_sample};

/* --- the model
 * ------------------------------------------------------------------------------------------ */

static void replication_init(void *self, const struct model_env *env)
{
    struct replication *replication = self;
    struct probes *probes = sim_probe_set(env->sim);

    replication->config = env->config;
    replication->sim = env->sim;
    replication->log = env->log;
    replication->topology = env->topology;
    replication->region_count = env->topology->region_count;
    replication->random = sim_stream(env->sim, env->instance, "apply");
    replication->sample_kind =
        sim_kind_add(env->sim, &replication_sample, env->instance, replication);
    for (uint32_t r = 0; r < replication->region_count; r++) {
        struct stream *stream = &replication->streams[r];

        stream->replication = replication;
        stream->region = (int)r;
        stream->leg = NO_INDEX;
        stream->send_kind = sim_kind_add(env->sim, &stream_departs, env->instance, stream);
        stream->arrive_kind = sim_kind_add(env->sim, &stream_arrive, env->instance, stream);
        stream->apply_kind = sim_kind_add(env->sim, &stream_applied, env->instance, stream);
        stream->synced_kind = sim_kind_add(env->sim, &stream_synced, env->instance, stream);
        stream->lag_metric = probe_latency_open(probes, "replication_lag_metric", (int)r, NULL);
        stream->backlog = probe_level_open(probes, "replication_backlog_bytes", (int)r, NULL);
        stream->sent_bytes = probe_count_open(probes, "replication_bytes", (int)r, NULL);
        stream->partial = probe_count_open(probes, "resyncs", (int)r, "partial");
        stream->full = probe_count_open(probes, "resyncs", (int)r, "full");
    }
    replication->port = (struct stream_port){.self = replication,
                                             .write = replication_write,
                                             .restart = replication_restart,
                                             .lost = replication_lost,
                                             .rejoin = replication_rejoin};
    port_offer(env->ports, PORT_STREAM, -1, -1, &replication->port);
}

static void replication_connect(void *self, const struct port_directory *ports)
{
    struct replication *replication = self;

    replication->probes = sim_probes(replication->sim);
    replication->store = port_need(ports, PORT_STORE, -1, -1);
    for (uint32_t a = 0; a < replication->region_count; a++)
        for (uint32_t b = 0; b < replication->region_count; b++)
            replication->links[a][b] = port_need(ports, PORT_LINK, (int)a, (int)b);
}

static void replication_start(void *self)
{
    struct replication *replication = self;
    struct store_port *store = replication->store;

    for (uint32_t r = 0; r < replication->region_count; r++)
        if ((int)r != store->primary(store->self) && store->cluster_up(store->self, (int)r))
            stream_begin(&replication->streams[r]);
    sim_after(replication->sim, replication->config->metric_period_ns, replication->sample_kind, 0,
              0);
}

static void replication_fini(void *self)
{
    struct replication *replication = self;

    for (uint32_t r = 0; r < REGIONS_MAX; r++)
        free(replication->streams[r].bytes);
}

const struct model_ops replication_ops = {
    .name = "replication",
    .section = "replication",
    .meaning = "the ordered, asynchronous stream of writes from the primary to each secondary",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct replication_config),
    .state_size = sizeof(struct replication),
    FIELD_TABLE(replication_fields),
    METRIC_TABLE(replication_metrics),
    .init = replication_init,
    .connect = replication_connect,
    .start = replication_start,
    .fini = replication_fini,
};
