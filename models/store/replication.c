// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Asynchronous replication: one ordered stream of writes for each secondary and shard.
 *
 * Connected streams are in stream.c, connecting and resyncing in resync.c. This file: the model,
 * its interface for the store, and the tick. At each tick a secondary sends an acknowledgement,
 * both sides check their timeouts, the primary checks the soft limit of the output buffer, and
 * disconnected streams reconnect.
 */
#include "bug.h"
#include "mem.h"
#include "registry.h"
#include "replication_internal.h"
#include "run_log.h"

#include <stdlib.h>

#define PING_BYTES 14 /* "*1 $4 PING" in the protocol */

#define MODEL_CONFIG struct replication_config
// clang-format off
static const struct field replication_fields[] = {
    TIME_DIST("output_delay", output_delay, "0ms", "exponential(20ms)", "1h", "time from the acknowledgement of a write until it is sent to a secondary; order is kept", "facts C.1"),
    TIME_DIST("apply", apply, "0ms", "0ms", "1h", "time from the arrival of a write at a secondary until it is applied; order is kept", "assumption"),
    TIME_DIST("full_resync", full_resync, "0ms", "0s", "24h", "fixed duration of a full resync, LOADING throughout; 0: computed from its stages and bytes", "assumption"),
    COUNT("overhead_bytes", overhead_bytes, "0", "40", "10000", "protocol bytes of a write in the stream, in addition to the command", "redis_lessons 18"),
    DURATION("metric_period", metric_period_ns, "1s", "60s", "1h", "sampling period of the monitoring metric for the lag", "facts C.1"),
    PHASE_FIELDS("metric_phase", metric_phase, "phase of the samples of the monitoring metric"),
    SIZE("backlog", backlog_bytes, "0", "1 MiB", "64 GiB", "replication backlog of the primary in bytes; a secondary that lacks more needs a full resync", "facts C.3"),
    SIZE("send_buffer", send_buffer_bytes, "4 KiB", "4 MiB", "1 GiB", "send buffer of the kernel in bytes", "assumption"),
    SIZE("output_buffer.hard", hard_bytes, "0", "256 MiB", "64 GiB", "output buffer in bytes at which the primary disconnects the secondary at once; 0: no limit", "facts C.3"),
    SIZE("output_buffer.soft", soft_bytes, "0", "64 MiB", "64 GiB", "output buffer in bytes at which it is disconnected after soft_time; 0: no limit", "facts C.3"),
    DURATION("output_buffer.soft_time", soft_time_ns, "1s", "60s", "1h", "time above the soft limit before the secondary is disconnected", "facts C.3"),
    DURATION("timeout", timeout_ns, "2s", "60s", "24h", "silence after which the primary closes the connection, and a secondary without a timeout of its own", "facts C.3"),
    DURATION("secondary_timeout", secondary_timeout_ns, "0s", "0s", "24h", "silence after which a secondary closes the connection; 0: as `timeout`", "facts C.3"),
    DURATION("ping_period", ping_period_ns, "1s", "10s", "1h", "interval between pings of the primary", "facts C.3"),
    DURATION("tick", tick_ns, "100ms", "1s", "1min", "interval at which secondaries acknowledge and reconnect and timeouts are checked", "facts C.3"),
    PHASE_FIELDS("tick_phase", tick_phase, "phase of the ticks and pings"),
    DURATION("resync.delay", resync_delay_ns, "0s", "5s", "1h", "full resync: time the primary waits for other secondaries, in whole seconds of its clock, asked by its cron each `tick`; exactly this time where `tick_phase` is given", "facts C.3"),
    DURATION("resync.fork_per_gib", fork_per_gib_ns, "0ms", "12ms", "10s", "full resync: time the primary is blocked by the fork, for each GiB of data", "assumption"),
    BANDWIDTH("resync.rate", copy_bit_per_s, "1kbit/s", "375Mbit/s", "1000Gbit/s", "full resync: rate at which the primary sends the data set, limited by the link", "facts C.3"),
    SIZE("resync.chunk", chunk_bytes, "1 KiB", "256 KiB", "64 MiB", "full resync: bytes of the data set sent as one message", "assumption"),
    BANDWIDTH("resync.load", load_bit_per_s, "1Mbit/s", "2Gbit/s", "1000Gbit/s", "full resync: rate at which the secondary loads the data set (250 MB/s)", "facts C.3"),
};
// clang-format on

static const char *const replication_kinds[] = {"global-datastore", NULL};
static const char *const resync_kinds[] = {"partial", "full", NULL};
static const char *const break_causes[] = {"secondary-timeout",
                                           "primary-timeout",
                                           "output-buffer",
                                           "reset",
                                           "primary-gone",
                                           "roles",
                                           NULL};
static const struct metric replication_metrics[] = {
    {.name = "replication_lag_metric",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .meaning = "lag as shown by a monitoring metric: age of the oldest write not applied, "
                "sampled every metric_period"},
    {.name = "replication_backlog_bytes",
     .unit = UNIT_BYTES,
     .kind = METRIC_LEVEL,
     .better = LOWER_IS_BETTER,
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
     .meaning = "resyncs of the secondary of the region: partial (missed writes only) or "
                "full (whole data set)"},
    {.name = "replication_breaks",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "cause",
     .label_values = break_causes,
     .meaning = "broken connections to the secondary of the region"},
    {.name = "replication_streams_down",
     .unit = UNIT_COUNT,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "streams to the secondary of the region that are disconnected or resyncing"},
    {.name = "replication_output_buffer",
     .unit = UNIT_BYTES,
     .kind = METRIC_LEVEL,
     .series = true,
     .meaning = "bytes in the primary's output buffer for the secondary of the region, sampled "
                "at each tick"},
    {.name = "resync_bytes",
     .unit = UNIT_BYTES,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "bytes of data sets sent to the secondary of the region in full resyncs"},
};

/* --- interface for the store ----------------------------------------------------------------- */

static void replication_write(void *self, struct write_position position, uint32_t bytes)
{
    struct replication *replication = self;
    struct write_log *log = &replication->logs[position.shard];
    uint32_t size;

    write_log_append(log, bytes + replication->config->overhead_bytes);
    invariant(log->high == position.number);
    size = (uint32_t)(log->offset - write_log_end(log, log->high - 1));
    for (uint32_t r = 0; r < replication->region_count; r++) {
        struct stream *stream = &replication->secondaries[r].streams[position.shard];

        if (stream->state != STREAM_OFF)
            stream_write(stream, position.number, size);
    }
}

/* Continue the log of a shard from the last write that its primary holds now. */
static void log_follow(struct replication *replication, uint32_t shard)
{
    struct replica_port *replica = replication->replica;
    struct write_log *log = &replication->logs[shard];
    struct write_position held =
        replica->held(replica->self, replica->primary(replica->self), shard);

    if (held.number == log->high)
        return;
    if (held.number >= log->low && held.number <= log->high)
        write_log_cut(log, held.number);
    else
        write_log_begin(log, held.number);
}

static void streams_crash(struct replication *replication, enum crash_kind kind)
{
    for (uint32_t r = 0; r < replication->region_count; r++)
        for (uint32_t s = 0; s < replication->shard_count; s++) {
            struct stream *stream = &replication->secondaries[r].streams[s];

            if (kind == CRASH_PROCESS)
                stream_close(stream, BREAK_PRIMARY_GONE);
            else
                stream_cut(stream);
        }
}

static void replication_crash(void *self, enum crash_kind kind)
{
    streams_crash(self, kind);
}

/* Of the streams with an end in the region. */
static void replication_cut(void *self, int region, bool begin)
{
    struct replication *replication = self;

    replication->cut[region] = begin;
    for (uint32_t r = 0; r < replication->region_count; r++)
        for (uint32_t s = 0; s < replication->shard_count; s++)
            stream_set_peers(&replication->secondaries[r].streams[s]);
}

static void secondary_off(struct secondary *secondary)
{
    for (uint32_t s = 0; s < secondary->replication->shard_count; s++) {
        struct stream *stream = &secondary->streams[s];

        stream_lose(stream, STREAM_OFF, BREAK_ROLES);
        stream_set_behind(stream, 0);
    }
}

static void stream_reconnect(struct stream *stream)
{
    stream_lose(stream, STREAM_DISCONNECTED, BREAK_ROLES);
    stream->seen_offset = 0;
    stream_connect(stream);
}

static void secondary_connect(struct secondary *secondary)
{
    for (uint32_t s = 0; s < secondary->replication->shard_count; s++)
        stream_reconnect(&secondary->streams[s]);
}

static void replication_restart(void *self)
{
    struct replication *replication = self;
    struct replica_port *replica = replication->replica;
    int primary = replica->primary(replica->self);

    if (!replica->is_up(replica->self, primary)) {
        streams_crash(replication, CRASH_HOST);
        return;
    }
    secondary_off(&replication->secondaries[primary]);
    for (uint32_t s = 0; s < replication->shard_count; s++)
        log_follow(replication, s);
    for (uint32_t r = 0; r < replication->region_count; r++) {
        struct secondary *secondary = &replication->secondaries[r];

        if (secondary->streams[0].state != STREAM_OFF && replica->is_up(replica->self, (int)r))
            secondary_connect(secondary);
    }
}

static void replication_restart_shard(void *self, uint32_t shard)
{
    struct replication *replication = self;

    log_follow(replication, shard);
    for (uint32_t r = 0; r < replication->region_count; r++) {
        struct stream *stream = &replication->secondaries[r].streams[shard];

        if (stream->state != STREAM_OFF)
            stream_reconnect(stream);
    }
}

static void replication_rejoin(void *self, int region)
{
    secondary_connect(&((struct replication *)self)->secondaries[region]);
}

static void replication_leave(void *self, int region)
{
    secondary_off(&((struct replication *)self)->secondaries[region]);
}

static void replication_pause(void *self, int region, bool begin)
{
    struct secondary *secondary = &((struct replication *)self)->secondaries[region];

    secondary->paused = begin;
    for (uint32_t s = 0; s < secondary->replication->shard_count; s++)
        stream_pump(&secondary->streams[s]);
}

static void replication_reset(void *self, int region)
{
    struct replication *replication = self;
    struct secondary *secondary = &replication->secondaries[region];

    for (uint32_t s = 0; s < replication->shard_count; s++) {
        struct stream *stream = &secondary->streams[s];

        if (stream->state == STREAM_OFF)
            continue;
        stream_lose(stream, STREAM_DISCONNECTED, BREAK_RESET);
        stream_connect(stream);
    }
}

static struct stream_reach replication_reach(const void *self, int region, uint32_t shard)
{
    const struct replication *replication = self;
    const struct stream *stream = &replication->secondaries[region].streams[shard];

    return (struct stream_reach){.history = stream->history,
                                 .sent = stream->handed,
                                 .buffered = stream->sending ? replication->logs[shard].high
                                                             : stream->buffered};
}

static sim_dur replication_heard(const void *self, int region, uint32_t shard)
{
    const struct replication *replication = self;
    const struct stream *stream = &replication->secondaries[region].streams[shard];

    if (!stream->sending || stream->state != STREAM_STREAMING)
        return SIM_NEVER;
    return sim_now(replication->sim) - stream->acknowledged;
}

/* --- the tick -------------------------------------------------------------------------------- */

/* The secondary's side; returns whether the connection is up. */
static bool stream_tick_secondary(struct stream *stream, sim_time now)
{
    const struct replication_config *config = stream->secondary->replication->config;
    sim_dur timeout =
        config->secondary_timeout_ns > 0 ? config->secondary_timeout_ns : config->timeout_ns;
    bool loads = stream->state == STREAM_LOADING && !stream->copy.loaded;

    if (stream->state == STREAM_DISCONNECTED) {
        stream_connect(stream);
        return false;
    }
    if (!loads && now - stream->heard >= timeout) {
        stream_lose(stream, STREAM_DISCONNECTED, BREAK_SECONDARY_TIMEOUT);
        stream_connect(stream);
        return false;
    }
    if (stream->state == STREAM_STREAMING && stream->receiving)
        stream_send_ack(stream);
    return true;
}

static void stream_tick_primary(struct stream *stream, sim_time now, bool ping)
{
    const struct replication_config *config = stream->secondary->replication->config;
    int64_t waiting = stream_output_buffer(stream);

    if (config->soft_bytes == 0 || waiting <= config->soft_bytes)
        stream->soft_since = -1;
    else if (stream->soft_since < 0)
        stream->soft_since = now;
    if (stream->soft_since >= 0 && now - stream->soft_since >= config->soft_time_ns &&
        stream->state > STREAM_GATHERING)
        stream_close(stream, BREAK_OUTPUT_BUFFER);
    else if (stream->state == STREAM_STREAMING && now - stream->acknowledged >= config->timeout_ns)
        stream_close(stream, BREAK_PRIMARY_TIMEOUT);
    else if (stream->state == STREAM_GATHERING || (ping && stream->state == STREAM_STREAMING))
        stream_send_ping(stream);
}

static void secondary_tick(struct secondary *secondary, sim_time now, bool ping)
{
    struct replication *replication = secondary->replication;
    int64_t waiting = 0;

    for (uint32_t s = 0; s < replication->shard_count; s++) {
        struct stream *stream = &secondary->streams[s];

        if (stream->state == STREAM_OFF)
            continue;
        if (stream_tick_secondary(stream, now) && stream->sending)
            stream_tick_primary(stream, now, ping);
        if (stream->state > STREAM_GATHERING)
            waiting += stream_output_buffer(stream);
    }
    probe_level(replication->probes, secondary->buffer, now, waiting);
}

/* Drop writes that no secondary needs: applied by all, or beyond the backlog for those not
 * connected. */
static void log_forget(struct replication *replication, uint32_t shard)
{
    struct write_log *log = &replication->logs[shard];
    const struct replica_port *replica = replication->replica;
    uint64_t low = log->high;

    for (uint32_t r = 0; r < replication->region_count; r++) {
        const struct stream *stream = &replication->secondaries[r].streams[shard];
        uint64_t needed = stream->applied;

        if (stream->state == STREAM_OFF)
            continue;
        if (stream->state < STREAM_GATHERING) {
            needed = replica->held(replica->self, (int)r, shard).number;
            if (needed < log->low || needed > log->high ||
                log->offset - write_log_end(log, needed) >
                    (uint64_t)replication->config->backlog_bytes)
                continue;
        }
        if (needed < low)
            low = needed;
    }
    write_log_trim(log, low);
}

static void replication_on_tick(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct replication *replication = self;
    const struct replication_config *config = replication->config;
    uint64_t every = (uint64_t)(config->ping_period_ns / config->tick_ns);
    bool ping = ++replication->ticks % (every ? every : 1) == 0;

    for (uint32_t s = 0; s < replication->shard_count; s++) {
        if (ping)
            replication->logs[s].offset += PING_BYTES;
        log_forget(replication, s);
    }
    for (uint32_t r = 0; r < replication->region_count; r++)
        secondary_tick(&replication->secondaries[r], sim_now(sim), ping);
    sim_after(sim, config->tick_ns, replication->tick_kind, entity, generation);
}

static void replication_on_sample(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct replication *replication = self;
    struct replica_port *replica = replication->replica;

    for (uint32_t r = 0; r < replication->region_count; r++)
        if ((int)r != replica->primary(replica->self) && replica->is_up(replica->self, (int)r))
            probe_latency(replication->probes, replication->secondaries[r].lag_metric,
                          replica->lag(replica->self, (int)r));
    sim_after(sim, replication->config->metric_period_ns, replication->sample_kind, entity,
              generation);
}

static const struct event_kind replication_sample = {
    .name = "sample", .phase = PHASE_OBSERVE, .fire = replication_on_sample};
static const struct event_kind replication_tick = {
    .name = "tick", .phase = PHASE_WORK, .fire = replication_on_tick};

/* --- the model ------------------------------------------------------------------------------- */

static void secondary_kinds(struct secondary *secondary, const struct model_env *env)
{
    const struct {
        kind_id *id;
        const struct event_kind *kind;
    } kinds[] = {
        {&secondary->send_kind, &stream_departs},  {&secondary->arrive_kind, &stream_arrive},
        {&secondary->apply_kind, &stream_applied}, {&secondary->fin_kind, &stream_fin},
        {&secondary->ping_kind, &stream_ping},     {&secondary->ack_kind, &stream_ack},
        {&secondary->hello_kind, &stream_hello},   {&secondary->welcome_kind, &stream_welcome},
        {&secondary->step_kind, &stream_stepped},  {&secondary->chunk_kind, &stream_chunk},
        {&secondary->window_kind, &stream_window}, {&secondary->online_kind, &stream_online},
        {&secondary->broken_kind, &stream_broken}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        *kinds[i].id = sim_kind_add(env->sim, kinds[i].kind, env->instance, secondary);
}

static void secondary_init(struct secondary *secondary, struct probes *probes)
{
    int r = secondary->region;

    secondary->lag_metric = probe_latency_open(probes, "replication_lag_metric", r, NULL);
    secondary->backlog = probe_level_open(probes, "replication_backlog_bytes", r, NULL);
    secondary->buffer = probe_level_open(probes, "replication_output_buffer", r, NULL);
    secondary->down_level = probe_level_open(probes, "replication_streams_down", r, NULL);
    secondary->sent_bytes = probe_count_open(probes, "replication_bytes", r, NULL);
    secondary->copied_bytes = probe_count_open(probes, "resync_bytes", r, NULL);
    secondary->partial = probe_count_open(probes, "resyncs", r, "partial");
    secondary->full = probe_count_open(probes, "resyncs", r, "full");
    for (int cause = 0; cause < BREAK_CAUSES; cause++)
        secondary->breaks[cause] =
            probe_count_open(probes, "replication_breaks", r, break_causes[cause]);
}

enum { OF_SAMPLES, OF_TICKS, OF_PINGS, OF_SHARDS }; /* entities of phases */

/*
 * Redis compares whole seconds of its clock, once a second (replicationCron(), server.unixtime): a
 * secondary that came at t is served at the first run of the cron at T with floor(T) - floor(t) at
 * least the delay. Both phases are random, so a delay of 5 s takes 4 to 6 s.
 */
sim_dur replication_gathering_ns(const struct replication *replication, uint32_t shard)
{
    const struct replication_config *config = replication->config;
    const struct sim *sim = replication->sim;
    sim_dur delay = config->resync_delay_ns, clock, cron;
    sim_time now = sim_now(sim), due;

    if (delay == 0 || !phase_is_random(&config->tick_phase, sim))
        return delay;
    clock = phase_start_ns(&config->tick_phase, sim, replication->instance, OF_SHARDS + 2 * shard,
                           SIM_S);
    cron = phase_start_ns(&config->tick_phase, sim, replication->instance,
                          OF_SHARDS + 2 * shard + 1, config->tick_ns);
    due = (now + clock) / SIM_S * SIM_S - clock + (delay + SIM_S - 1) / SIM_S * SIM_S;
    return cron + (due - cron + config->tick_ns - 1) / config->tick_ns * config->tick_ns - now;
}

/* At phase 0 the first start is at the end of a period: nothing has happened at time 0. A ping is
 * sent at a multiple of ticks; at random phases the first of them is random, too. */
static void replication_draw_phases(struct replication *replication, const char *instance)
{
    const struct replication_config *config = replication->config;
    const struct sim *sim = replication->sim;
    sim_dur sample =
        phase_start_ns(&config->metric_phase, sim, instance, OF_SAMPLES, config->metric_period_ns);
    sim_dur tick = phase_start_ns(&config->tick_phase, sim, instance, OF_TICKS, config->tick_ns);

    replication->first_sample = sample > 0 ? sample : config->metric_period_ns;
    replication->first_tick = tick > 0 ? tick : config->tick_ns;
    if (phase_is_random(&config->tick_phase, sim))
        replication->ticks = (uint64_t)(phase_start_ns(&config->tick_phase, sim, instance, OF_PINGS,
                                                       config->ping_period_ns) /
                                        config->tick_ns);
}

static void replication_init(void *self, const struct model_env *env)
{
    struct replication *replication = self;

    replication->config = env->config;
    replication->instance = env->instance;
    replication->sim = env->sim;
    replication->log = env->log;
    replication->topology = env->topology;
    replication->region_count = env->topology->region_count;
    replication->random = sim_stream(env->sim, env->instance, "apply");
    replication_draw_phases(replication, env->instance);
    replication->full_resync_given = dist_mean(replication->config->full_resync) > 0;
    replication->sample_kind =
        sim_kind_add(env->sim, &replication_sample, env->instance, replication);
    replication->tick_kind = sim_kind_add(env->sim, &replication_tick, env->instance, replication);
    for (uint32_t r = 0; r < replication->region_count; r++) {
        struct secondary *secondary = &replication->secondaries[r];

        secondary->replication = replication;
        secondary->region = (int)r;
        secondary_kinds(secondary, env);
        secondary_init(secondary, sim_probe_set(env->sim));
    }
    replication->port = (struct stream_port){
        .self = replication,
        .write = replication_write,
        .restart = replication_restart,
        .restart_shard = replication_restart_shard,
        .rejoin = replication_rejoin,
        .leave = replication_leave,
        .crash = replication_crash,
        .cut = replication_cut,
        .pause = replication_pause,
        .reset = replication_reset,
        .reach = replication_reach,
        .heard = replication_heard,
    };
    port_offer_stream(env->ports, -1, -1, &replication->port);
}

static void secondary_make_streams(struct secondary *secondary, uint32_t shards)
{
    secondary->streams = mem_alloc(shards, sizeof *secondary->streams);
    for (uint32_t s = 0; s < shards; s++)
        secondary->streams[s] = (struct stream){.secondary = secondary,
                                                .shard = s,
                                                .flow = NO_INDEX,
                                                .ack_flow = NO_INDEX,
                                                .soft_since = -1};
}

static void replication_connect(void *self, const struct port_directory *ports)
{
    struct replication *replication = self;
    struct replica_port *replica = port_need_replica(ports, -1, -1);

    replication->probes = sim_probes(replication->sim);
    replication->replica = replica;
    replication->impairments = impairments_read(ports);
    replication->shard_count = replica->shards(replica->self);
    replication->logs = mem_alloc(replication->shard_count, sizeof *replication->logs);
    for (uint32_t s = 0; s < replication->shard_count; s++) {
        replication->logs[s] = (struct write_log){0};
        write_log_begin(&replication->logs[s],
                        replica->held(replica->self, replica->primary(replica->self), s).number);
    }
    for (uint32_t a = 0; a < replication->region_count; a++) {
        secondary_make_streams(&replication->secondaries[a], replication->shard_count);
        for (uint32_t b = 0; b < replication->region_count; b++)
            replication->links[a][b] = port_need_link(ports, (int)a, (int)b);
    }
}

/* Streams are connected at the start of the run. */
static void secondary_start(struct secondary *secondary)
{
    struct replication *replication = secondary->replication;
    struct replica_port *replica = replication->replica;
    int primary = replica->primary(replica->self);

    for (uint32_t s = 0; s < replication->shard_count; s++) {
        struct stream *stream = &secondary->streams[s];

        stream_open(stream, primary);
        stream_begin(stream, replica->held(replica->self, primary, s));
    }
}

static void replication_start(void *self)
{
    struct replication *replication = self;
    struct replica_port *replica = replication->replica;

    for (uint32_t r = 0; r < replication->region_count; r++)
        if ((int)r != replica->primary(replica->self) && replica->is_up(replica->self, (int)r))
            secondary_start(&replication->secondaries[r]);
    sim_at(replication->sim, replication->first_sample, replication->sample_kind, 0, 0);
    sim_at(replication->sim, replication->first_tick, replication->tick_kind, 0, 0);
}

static void replication_fini(void *self)
{
    struct replication *replication = self;

    for (uint32_t r = 0; r < REGIONS_MAX; r++)
        free(replication->secondaries[r].streams);
    for (uint32_t s = 0; replication->logs && s < replication->shard_count; s++)
        write_log_release(&replication->logs[s]);
    free(replication->logs);
}

static const struct usage_row replication_usage[] = {
    {.item = "replication",
     .metric = "replication_bytes",
     .meaning = "bytes sent out of the primary's region"},
};

static bool times_out_between_pings(const void *config, const struct check_context *context)
{
    const struct replication_config *c = config;

    (void)context;
    return c->timeout_ns <= c->ping_period_ns ||
           (c->secondary_timeout_ns > 0 && c->secondary_timeout_ns <= c->ping_period_ns);
}

static bool has_idle_soft_limit(const void *config, const struct check_context *context)
{
    const struct replication_config *c = config;

    (void)context;
    return c->hard_bytes > 0 && c->soft_bytes >= c->hard_bytes;
}

static bool has_no_backlog(const void *config, const struct check_context *context)
{
    const struct replication_config *c = config;

    (void)context;
    return c->backlog_bytes == 0;
}

static const struct lint_row replication_lints[] = {
    {.code = "replication-timeout-below-ping",
     .field = "timeout",
     .meaning = "'timeout' is not above 'ping_period': a connection without writes is closed "
                "between two pings",
     .applies = times_out_between_pings},
    {.code = "replication-soft-limit-unused",
     .field = "output_buffer.soft",
     .meaning = "'output_buffer.soft' is not below 'output_buffer.hard', which disconnects first",
     .applies = has_idle_soft_limit},
    {.code = "replication-no-backlog",
     .field = "backlog",
     .meaning = "'backlog: 0': every break of the connection needs a full resync",
     .applies = has_no_backlog},
};

const struct model_ops replication_ops = {
    .name = "replication",
    .section = "replication",
    .only_kinds = replication_kinds,
    .meaning = "the ordered, asynchronous stream of writes from the primary to each secondary",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct replication_config),
    .state_size = sizeof(struct replication),
    FIELD_TABLE(replication_fields),
    METRIC_TABLE(replication_metrics),
    .rows = {USAGE_TABLE(replication_usage), LINT_TABLE(replication_lints)},
    .init = replication_init,
    .connect = replication_connect,
    .start = replication_start,
    .fini = replication_fini,
};
