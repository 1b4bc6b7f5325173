// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A connected stream: one ordered connection from the primary of a shard to one secondary.
 *
 *   acknowledged -> output buffer -> kernel -> link -> arrived -> applied
 *
 * A write leaves the output buffer some time after its acknowledgement (`output_delay`), once the
 * kernel has room: it holds up to `send_buffer` bytes that have not arrived. So a stalled link
 * fills the kernel's buffer first, then the output buffer, which has limits. A process crash of the
 * primary loses the output buffer; a host crash also loses data that its kernel would have to
 * retransmit; a link failure followed by a promotion loses all writes acknowledged since.
 */
#include "bug.h"
#include "replication_internal.h"

#define ACK_BYTES 80 /* "REPLCONF ACK" and the offset, with headers */

void stream_set_behind(struct stream *stream, int64_t behind)
{
    struct secondary *secondary = stream->secondary;
    struct replication *replication = secondary->replication;

    secondary->behind += behind - stream->behind;
    stream->behind = behind;
    probe_level(replication->probes, secondary->backlog, sim_now(replication->sim),
                secondary->behind);
}

/* The event that breaks the stream now; 0: unknown. */
static uint32_t stream_impaired_by(const struct stream *stream)
{
    const struct secondary *secondary = stream->secondary;
    const struct replication *replication = secondary->replication;
    const struct impairments *impairments = replication->impairments;
    int primary = replication->replica->primary(replication->replica->self);
    uint32_t cause = sim_cause(replication->sim).number;

    if (cause == 0)
        cause = impairment_of_way(impairments, primary, secondary->region).by;
    if (cause == 0)
        cause = impairments->store[primary].by;
    return cause ? cause : impairments->replication[secondary->region].by;
}

void stream_set_state(struct stream *stream, enum stream_state state)
{
    struct secondary *secondary = stream->secondary;
    struct replication *replication = secondary->replication;
    bool was_down = stream->state != STREAM_OFF && stream->state != STREAM_STREAMING;
    bool is_down = state != STREAM_OFF && state != STREAM_STREAMING;

    stream->state = state;
    if (was_down == is_down)
        return;
    if (is_down)
        stream->broken_by = stream_impaired_by(stream);
    secondary->down += is_down ? 1 : UINT32_MAX;
    probe_level(replication->probes, secondary->down_level, sim_now(replication->sim),
                secondary->down);
}

/* --- from the primary ------------------------------------------------------------------------ */

int64_t stream_output_buffer(const struct stream *stream)
{
    const struct write_log *log = stream_log(stream);

    if (!stream->sending || stream->handed == log->high)
        return 0;
    return (int64_t)(log->offset - write_log_end(log, stream->handed));
}

static void stream_send(struct stream *stream, uint64_t number)
{
    const struct write_log *log = stream_log(stream);
    struct message message = {
        .kind = stream->secondary->arrive_kind,
        .entity = stream_entity(stream, number),
        .generation = stream->epoch,
        .bytes = (uint32_t)(write_log_end(log, number) - write_log_end(log, number - 1)),
        .identity = (uint64_t)stream->shard << 48 | number,
        .index = stream->history};

    stream->out->send(stream->out->self, stream->flow, &message);
}

void stream_pump(struct stream *stream)
{
    const struct write_log *log = stream_log(stream);
    const struct secondary *secondary = stream->secondary;
    uint64_t room = (uint64_t)secondary->replication->config->send_buffer_bytes;

    if (stream->state != STREAM_STREAMING || !stream->sending || secondary->paused)
        return;
    while (stream->handed < stream->due &&
           write_log_end(log, stream->handed) - write_log_end(log, stream->arrived) < room)
        stream_send(stream, ++stream->handed);
}

static void stream_on_send(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);
    uint64_t number = number_near(stream->handed, entity);

    (void)sim, (void)generation;
    if (number > stream->due)
        stream->due = number;
    stream_pump(stream);
}

static bool stream_sender_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct stream *stream = stream_of(self, entity);

    return stream->sending && (stream->sender & SIM_GENERATION_MASK) == generation;
}

/* Draw a time for one write and one secondary. */
static sim_dur stream_draw(const struct stream *stream, const struct dist *dist, uint64_t number,
                           uint32_t purpose)
{
    const struct secondary *secondary = stream->secondary;
    double constant;

    if (dist_is_constant(dist, &constant))
        return (sim_dur)constant;
    return dist_sample_ns(dist, rng_block_at(&secondary->replication->random,
                                             (uint64_t)stream->shard << 48 | number,
                                             (uint64_t)secondary->region)
                                    .word[purpose]);
}

/* Redis never limits the output buffer of a replica below the size of the backlog. */
static bool stream_is_over_limit(const struct stream *stream)
{
    const struct replication_config *config = stream->secondary->replication->config;
    int64_t limit = config->hard_bytes;

    if (limit == 0)
        return false;
    if (limit < config->backlog_bytes)
        limit = config->backlog_bytes;
    return stream_output_buffer(stream) > limit;
}

void stream_write(struct stream *stream, uint64_t number, uint32_t bytes)
{
    struct secondary *secondary = stream->secondary;
    struct replication *replication = secondary->replication;
    struct sim *sim = replication->sim;
    sim_time due;

    stream_set_behind(stream, stream->behind + bytes);
    if (!stream->sending)
        return;
    if (stream->state != STREAM_STREAMING) {
        if (stream->state > STREAM_GATHERING && stream_is_over_limit(stream))
            stream_close(stream, BREAK_OUTPUT_BUFFER);
        return;
    }
    due = sim_now(sim) + stream_draw(stream, replication->config->output_delay, number, 0);
    probe_count_many(replication->probes, secondary->sent_bytes, bytes);
    if (due > stream->departed)
        stream->departed = due;
    /* also if an earlier write departs at this same time: writes must not overtake */
    if (stream->departed > sim_now(sim) || stream->due + 1 < number) {
        sim_at(sim, stream->departed, secondary->send_kind, stream_entity(stream, number),
               stream->sender);
    } else {
        stream->due = number;
        stream_pump(stream);
    }
    if (stream_is_over_limit(stream))
        stream_close(stream, BREAK_OUTPUT_BUFFER);
}

/* --- at the secondary ------------------------------------------------------------------------ */

static void stream_apply(struct stream *stream, uint64_t number, sim_time when)
{
    struct replication *replication = stream->secondary->replication;
    const struct write_log *log = stream_log(stream);

    if (number <= stream->applied)
        return;
    stream_set_behind(stream, stream->behind - (int64_t)(write_log_end(log, number) -
                                                         write_log_end(log, stream->applied)));
    stream->applied = number;
    replication->replica->apply(replication->replica->self, stream->secondary->region,
                                (struct write_position){number, stream->history, stream->shard},
                                when);
}

static void stream_on_apply(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);

    (void)generation;
    stream_apply(stream, number_near(stream->applied, entity), sim_now(sim));
}

static bool stream_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct stream *stream = stream_of(self, entity);

    return stream->receiving && (stream->epoch & SIM_GENERATION_MASK) == generation;
}

static void stream_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct secondary *secondary = self;
    struct stream *stream = stream_of(secondary, entity);
    uint64_t number = number_near(stream->applied, entity);
    const struct write_log *log = stream_log(stream);
    struct replica_port *replica = secondary->replication->replica;
    struct replica_execution execution;
    sim_time due;

    if (!stream_live(self, entity, generation)) {
        sim_drop(sim);
        return;
    }
    due = sim_now(sim) + stream_draw(stream, secondary->replication->config->apply, number, 1);
    execution =
        replica->execute(replica->self, secondary->region, stream->shard,
                         due > stream->release ? due : stream->release,
                         (uint32_t)(write_log_end(log, number) - write_log_end(log, number - 1)));
    stream->heard = sim_now(sim);
    stream->arrived = number;
    if (stream->applied + 1 == number && (execution.at_once || execution.done <= sim_now(sim))) {
        stream_apply(stream, number, execution.done);
    } else {
        stream->release = execution.done;
        sim_at(sim, stream->release, secondary->apply_kind, entity, generation);
    }
    if (stream->handed < stream->due)
        stream_pump(stream);
}

/* --- start and end --------------------------------------------------------------------------- */

void stream_set_peers(const struct stream *stream)
{
    const struct secondary *secondary = stream->secondary;
    const bool *cut = secondary->replication->cut;
    enum peer_state peer = cut[stream->primary] || cut[secondary->region] ? PEER_DOWN : PEER_HERE;

    if (stream->flow != NO_INDEX)
        stream->out->peer(stream->out->self, stream->flow, peer);
    if (stream->ack_flow != NO_INDEX)
        stream->back->peer(stream->back->self, stream->ack_flow, peer);
}

void stream_open(struct stream *stream, int primary)
{
    const struct secondary *secondary = stream->secondary;
    const struct replication *replication = secondary->replication;
    uint64_t connection = UINT64_C(1) << 63 | (uint64_t)secondary->region << 56 |
                          (uint64_t)stream->shard << 32 | stream->step;

    stream->out = replication->links[primary][secondary->region];
    stream->back = replication->links[secondary->region][primary];
    stream->flow = stream->out->open(stream->out->self);
    stream->ack_flow = stream->back->open(stream->back->self);
    stream->out->mark(stream->out->self, stream->flow, TRAFFIC_REPLICATION, connection);
    stream->back->mark(stream->back->self, stream->ack_flow, TRAFFIC_REPLICATION, connection);
    stream->out->watch(stream->out->self, stream->flow, 0, secondary->broken_kind,
                       stream_entity(stream, 0), stream->epoch);
    stream->back->watch(stream->back->self, stream->ack_flow, 0, secondary->broken_kind,
                        stream_entity(stream, 0), stream->epoch);
    stream->primary = primary;
    if (replication->cut[primary] || replication->cut[secondary->region])
        stream_set_peers(stream);
}

void stream_begin(struct stream *stream, struct write_position held)
{
    const struct write_log *log = stream_log(stream);
    sim_time now = sim_now(stream->secondary->replication->sim);

    stream->sending = stream->receiving = true;
    stream->needs_full = false;
    stream->history = held.history;
    stream->handed = stream->arrived = stream->applied = held.number;
    stream->due = log->high;
    stream->departed = stream->release = stream->heard = stream->acknowledged = now;
    stream->soft_since = -1;
    stream->seen_offset = write_log_end(log, held.number);
    stream_set_behind(stream, (int64_t)(write_log_end(log, log->high) - stream->seen_offset));
    stream_set_state(stream, STREAM_STREAMING);
    if (stream->due > stream->handed) {
        probe_count_many(stream->secondary->replication->probes, stream->secondary->sent_bytes,
                         (uint64_t)stream->behind);
        stream->out->count(stream->out->self, stream->flow);
    }
    stream_pump(stream);
}

/* The output buffer is freed; remember what it held, in case that the primary does not return. */
static void stream_stop_sending(struct stream *stream)
{
    if (stream->sending)
        stream->buffered = stream_log(stream)->high;
    stream->sending = false;
}

static void stream_count_break(struct stream *stream, enum break_cause cause)
{
    struct secondary *secondary = stream->secondary;

    probe_count(secondary->replication->probes, secondary->breaks[cause]);
}

void stream_close(struct stream *stream, enum break_cause cause)
{
    struct message fin = {.kind = stream->secondary->fin_kind,
                          .entity = stream_entity(stream, 0),
                          .generation = stream->epoch,
                          .bytes = PACKET_BYTES,
                          .identity = UINT64_MAX,
                          .index = stream->epoch};

    if (!stream->sending)
        return;
    stream_count_break(stream, cause);
    stream->out->send(stream->out->self, stream->flow, &fin);
    stream->out->close(stream->out->self, stream->flow);
    stream->flow = NO_INDEX;
    stream_stop_sending(stream);
    stream->sender++;
    if (stream->state != STREAM_STREAMING) /* a copy in progress ends */
        stream->step++;
}

void stream_cut(struct stream *stream)
{
    if (!stream->sending)
        return;
    stream_count_break(stream, BREAK_PRIMARY_GONE);
    stream->out->abort(stream->out->self, stream->flow);
    stream->flow = NO_INDEX;
    stream_stop_sending(stream);
    stream->sender++;
    if (stream->state != STREAM_STREAMING)
        stream->step++;
}

void stream_lose(struct stream *stream, enum stream_state state, enum break_cause cause)
{
    if (stream->sending)
        stream_count_break(stream, cause);
    if (stream->flow != NO_INDEX)
        stream->out->abort(stream->out->self, stream->flow);
    if (stream->ack_flow != NO_INDEX)
        stream->back->abort(stream->back->self, stream->ack_flow);
    stream->flow = stream->ack_flow = NO_INDEX;
    stream->receiving = false;
    stream_stop_sending(stream);
    stream->epoch++;
    stream->sender++;
    stream->step++;
    stream_set_state(stream, state);
}

/* A FIN has arrived: the secondary executes what came before it, and reconnects. */
static void stream_on_fin(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);

    if (stream->release > sim_now(sim)) {
        sim_at(sim, stream->release, stream->secondary->fin_kind, entity, generation);
        return;
    }
    stream_lose(stream, STREAM_DISCONNECTED, BREAK_PRIMARY_GONE);
    stream_connect(stream);
}

static bool stream_broken_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct stream *stream = stream_of(self, entity);

    return stream->state > STREAM_DISCONNECTED &&
           (stream->epoch & SIM_GENERATION_MASK) == generation;
}

/* The network has reset the connection, or a kernel has given it up. The secondary connects at
 * once, and after an attempt that was reset at its next tick. */
static void stream_on_broken(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);
    bool was_open = stream->state > STREAM_CONNECTING;

    (void)sim, (void)generation;
    stream_lose(stream, STREAM_DISCONNECTED, BREAK_RESET);
    if (was_open)
        stream_connect(stream);
}

/* --- pings and acknowledgements -------------------------------------------------------------- */

void stream_send_ping(struct stream *stream)
{
    struct message ping = {.kind = stream->secondary->ping_kind,
                           .entity = stream_entity(stream, 0),
                           .generation = stream->epoch,
                           .bytes = PACKET_BYTES,
                           .identity = UINT64_MAX - 1,
                           .index = (uint32_t)stream->secondary->replication->ticks};

    if (!stream->sending || stream->flow == NO_INDEX)
        return;
    if (stream->handed == stream_log(stream)->high)
        stream->ping_offset = stream_log(stream)->offset;
    stream->out->send(stream->out->self, stream->flow, &ping);
}

static void stream_on_ping(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);

    (void)generation;
    stream->heard = sim_now(sim);
    stream->seen_offset = stream->ping_offset;
}

void stream_send_ack(struct stream *stream)
{
    struct message ack = {.kind = stream->secondary->ack_kind,
                          .entity = stream_entity(stream, 0),
                          .generation = stream->epoch,
                          .bytes = ACK_BYTES,
                          .identity = UINT64_MAX - 2,
                          .index = (uint32_t)stream->secondary->replication->ticks};

    stream->back->send(stream->back->self, stream->ack_flow, &ack);
}

static void stream_on_ack(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)generation;
    stream_of(self, entity)->acknowledged = sim_now(sim);
}

const struct event_kind stream_departs = {
    .name = "send", .phase = PHASE_WORK, .fire = stream_on_send, .live = stream_sender_live};
const struct event_kind stream_arrive = {.name = "arrive",
                                         .phase = PHASE_WORK,
                                         .fire = stream_on_arrive,
                                         .live = stream_live,
                                         .fire_asks = true};
const struct event_kind stream_applied = {
    .name = "apply", .phase = PHASE_WORK, .fire = stream_on_apply, .live = stream_live};
const struct event_kind stream_fin = {
    .name = "fin", .phase = PHASE_WORK, .fire = stream_on_fin, .live = stream_live};
const struct event_kind stream_broken = {
    .name = "broken", .phase = PHASE_WORK, .fire = stream_on_broken, .live = stream_broken_live};
const struct event_kind stream_ping = {
    .name = "ping", .phase = PHASE_WORK, .fire = stream_on_ping, .live = stream_live};
const struct event_kind stream_ack = {
    .name = "ack", .phase = PHASE_WORK, .fire = stream_on_ack, .live = stream_live};
