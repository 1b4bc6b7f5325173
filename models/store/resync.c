// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Connecting and resyncing a secondary. It connects (TCP, PING, REPLCONF, PSYNC: four round trips),
 * then the primary decides by bytes. If the missing writes are still in the backlog, the stream
 * continues from there (partial resync). Otherwise the whole data set is copied (full resync):
 *
 *   delay (more secondaries may connect) - fork, which blocks the primary - the data set over the
 *   link, in chunks that compete with its other traffic - flush and load
 *
 * Until the flush the secondary serves its old data, then replies LOADING, then serves the
 * primary's state as of the fork. Later writes wait in the output buffer; if that overflows, the
 * primary closes the connection and the resync starts over.
 */
#include "bug.h"
#include "replication_internal.h"
#include "run_log.h"

#define ROUNDS 4            /* TCP, PING, REPLCONF, PSYNC: facts C.3 */
#define HANDSHAKE_BYTES 100 /* of one of them; an assumption */
#define GIB (1024.0 * 1024.0 * 1024.0)

/* --- connecting ------------------------------------------------------------------------------ */

static void stream_say(struct stream *stream, const struct link_port *link, uint32_t flow,
                       kind_id kind)
{
    struct message message = {.kind = kind,
                              .entity = stream_entity(stream, 0),
                              .generation = stream->step,
                              .bytes = HANDSHAKE_BYTES,
                              .identity = UINT64_MAX - 3 - stream->rounds,
                              .index = stream->step,
                              .handshake = stream->rounds == ROUNDS};

    link->send(link->self, flow, &message);
}

static void stream_ask(struct stream *stream)
{
    stream_say(stream, stream->back, stream->ack_flow, stream->secondary->hello_kind);
}

void stream_connect(struct stream *stream)
{
    struct secondary *secondary = stream->secondary;
    struct replication *replication = secondary->replication;
    int primary = replication->replica->primary(replication->replica->self);

    invariant(stream->state == STREAM_DISCONNECTED && primary != secondary->region);
    stream_open(stream, primary);
    stream->rounds = ROUNDS;
    stream->step++;
    stream->heard = sim_now(replication->sim);
    stream_set_state(stream, STREAM_CONNECTING);
    stream_ask(stream);
}

/* Whether the backlog still has the writes that the secondary lacks. Its offset includes the PINGs
 * that it has received. */
static bool stream_can_continue(const struct stream *stream, struct write_position held,
                                struct write_position primary)
{
    const struct replication_config *config = stream->secondary->replication->config;
    const struct write_log *log = stream_log(stream);
    uint64_t offset;

    if (stream->needs_full || held.number == 0 || held.history != primary.history ||
        held.number < log->low || held.number > log->high)
        return false;
    offset = write_log_end(log, held.number);
    if (stream->seen_offset > offset)
        offset = stream->seen_offset;
    return log->offset - offset <= (uint64_t)config->backlog_bytes;
}

/* Log a step of a resync. Its cause is the event that broke the stream, or the previous step; it
 * waited for the end of the impairment of its path. */
static void stream_log_resync(struct stream *stream, const char *text)
{
    const struct replication *replication = stream->secondary->replication;
    int region = stream->secondary->region;
    uint32_t ended =
        impairment_of_way(replication->impairments,
                          replication->replica->primary(replication->replica->self), region)
            .ended;
    struct cause cause = {.number = stream->broken_by,
                          .waited_for = ended > stream->broken_by ? ended : 0};

    stream->broken_by =
        run_log_event(replication->log, sim_now(replication->sim), "resync",
                      replication->topology->region_names[region], cause, NULL, "%s", text);
}

static void stream_step_after(struct stream *stream, sim_dur wait)
{
    sim_after(stream->secondary->replication->sim, wait, stream->secondary->step_kind,
              stream_entity(stream, 0), ++stream->step);
}

/* A fixed duration is set: no stages, LOADING throughout. */
static void stream_copy_at_once(struct stream *stream)
{
    const struct replication *replication = stream->secondary->replication;
    struct replica_port *replica = replication->replica;
    uint64_t word = rng_block_at(&replication->random, stream->step,
                                 (uint64_t)stream->shard << 33 | UINT64_C(1) << 32)
                        .word[1];

    stream->copy = (struct copy){0};
    replica->flushed(replica->self, stream->secondary->region, stream->shard);
    stream_set_state(stream, STREAM_LOADING);
    stream_step_after(stream, dist_sample_ns(replication->config->full_resync, word));
}

static void stream_decide(struct stream *stream)
{
    struct secondary *secondary = stream->secondary;
    struct replication *replication = secondary->replication;
    struct replica_port *replica = replication->replica;
    struct write_position held = replica->held(replica->self, secondary->region, stream->shard);
    struct write_position primary =
        replica->held(replica->self, replica->primary(replica->self), stream->shard);

    stream->sender++;
    if (stream_can_continue(stream, held, primary)) {
        probe_count(replication->probes, secondary->partial);
        stream_log_resync(stream, "partial resync: continues from its offset");
        stream_begin(stream, held);
        return;
    }
    probe_count(replication->probes, secondary->full);
    stream->sending = stream->receiving = stream->needs_full = true;
    stream->history = primary.history;
    stream->handed = stream->arrived = stream->applied = stream->due = stream_log(stream)->high;
    if (replication->full_resync_given) {
        stream_copy_at_once(stream);
        return;
    }
    stream_log_resync(stream, "full resync started");
    stream_set_state(stream, STREAM_GATHERING);
    stream->copy = (struct copy){0};
    stream_step_after(stream, replication_gathering_ns(replication, stream->shard));
}

static void stream_on_hello(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);
    struct replica_port *replica = stream->secondary->replication->replica;

    (void)sim, (void)generation;
    if (!replica->shard_up(replica->self, stream->shard))
        return;
    if (stream->rounds == 1)
        stream_decide(stream);
    else
        stream_say(stream, stream->out, stream->flow, stream->secondary->welcome_kind);
}

static void stream_on_welcome(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);

    (void)generation;
    stream->heard = sim_now(sim);
    stream->rounds--;
    stream_ask(stream);
}

static bool stream_step_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct stream *stream = stream_of(self, entity);

    return stream->state != STREAM_OFF && (stream->step & SIM_GENERATION_MASK) == generation;
}

/* --- a full resync --------------------------------------------------------------------------- */

/* Limited by the network of the primary's node, too. */
static double stream_copy_rate(const struct stream *stream)
{
    const struct replication *replication = stream->secondary->replication;
    const struct replica_port *replica = replication->replica;
    double network =
        replica->network_bit_per_s(replica->self, sim_now(replication->sim) - stream->copy.begun);
    double rate = replication->config->copy_bit_per_s;

    return rate < network ? rate : network;
}

static void stream_send_chunk(struct stream *stream)
{
    struct secondary *secondary = stream->secondary;
    struct replication *replication = secondary->replication;
    const struct replication_config *config = replication->config;
    struct copy *copy = &stream->copy;
    int64_t left = copy->total - copy->sent;
    int64_t size = left < config->chunk_bytes ? left : config->chunk_bytes;
    struct message chunk = {.kind = secondary->chunk_kind,
                            .entity = stream_entity(stream, 0),
                            .generation = stream->step,
                            .bytes = (uint32_t)size,
                            .identity = UINT64_MAX - 16 - stream->shard,
                            .index = (uint32_t)(copy->sent / config->chunk_bytes) ^ stream->epoch
                                                                                        << 24};

    if (left <= 0)
        return;
    if (copy->sent - copy->acknowledged + size > config->send_buffer_bytes &&
        copy->sent > copy->acknowledged) {
        copy->blocked = true;
        return;
    }
    copy->blocked = false;
    copy->sent += size;
    probe_count_many(replication->probes, secondary->copied_bytes, (uint64_t)size);
    stream->out->send(stream->out->self, stream->flow, &chunk);
    sim_after(replication->sim,
              (sim_dur)((double)size * 8 / stream_copy_rate(stream) * (double)SIM_S),
              secondary->step_kind, stream_entity(stream, 0), stream->step);
}

/* Fork: the copy is the state at this time; later writes wait until it is loaded. */
static void stream_fork(struct stream *stream)
{
    struct replication *replication = stream->secondary->replication;
    struct replica_port *replica = replication->replica;
    struct copy *copy = &stream->copy;
    sim_dur fork;

    copy->snapshot = replica->held(replica->self, replica->primary(replica->self), stream->shard);
    copy->total = replica->data_bytes(replica->self, stream->shard);
    if (copy->total == 0)
        copy->total = 1;
    stream->handed = stream->arrived = stream->applied = copy->snapshot.number;
    fork = (sim_dur)((double)copy->total / GIB * (double)replication->config->fork_per_gib_ns);
    if (fork > 0)
        replica->busy(replica->self, stream->shard, fork);
    copy->begun = sim_now(replication->sim) + fork;
    stream_set_state(stream, STREAM_COPYING);
    stream_step_after(stream, fork);
}

static void stream_loaded(struct stream *stream)
{
    struct replication *replication = stream->secondary->replication;
    struct replica_port *replica = replication->replica;

    if (replication->full_resync_given)
        stream->copy.snapshot =
            replica->held(replica->self, replica->primary(replica->self), stream->shard);
    replica->loaded(replica->self, stream->secondary->region, stream->copy.snapshot);
    stream_log_resync(stream, "full resync complete");
    stream->copy.loaded = true;
    stream->heard = sim_now(replication->sim);
    if (replication->full_resync_given) {
        stream_begin(stream, stream->copy.snapshot);
        return;
    }
    stream_say(stream, stream->back, stream->ack_flow, stream->secondary->online_kind);
}

static void stream_on_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);

    (void)sim, (void)generation;
    switch (stream->state) {
    case STREAM_GATHERING:
        stream_fork(stream);
        break;
    case STREAM_COPYING:
        stream_send_chunk(stream);
        break;
    case STREAM_LOADING:
        stream_loaded(stream);
        break;
    default:
        BUG("a step of a resync that is not in progress");
    }
}

/* A chunk has arrived at the secondary; the kernel is acknowledged one reverse delay later. */
static void stream_on_chunk(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct secondary *secondary = self;
    struct stream *stream = stream_of(secondary, entity);
    const struct replication_config *config = secondary->replication->config;
    struct replica_port *replica = secondary->replication->replica;
    struct copy *copy = &stream->copy;
    int64_t left = copy->total - copy->arrived;

    stream->heard = sim_now(sim);
    copy->arrived += left < config->chunk_bytes ? left : config->chunk_bytes;
    if (copy->arrived < copy->total) {
        sim_after(sim, stream->back->mean_delay(stream->back->self), secondary->window_kind, entity,
                  generation);
        return;
    }
    replica->flushed(replica->self, secondary->region, stream->shard);
    stream_set_state(stream, STREAM_LOADING);
    stream_step_after(stream,
                      (sim_dur)((double)copy->total * 8 / config->load_bit_per_s * (double)SIM_S));
}

static void stream_on_window(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);

    (void)sim, (void)generation;
    stream->copy.acknowledged += stream->secondary->replication->config->chunk_bytes;
    if (stream->copy.blocked)
        stream_send_chunk(stream);
}

/* The primary is notified that the copy is loaded: send the writes in its output buffer. */
static void stream_on_online(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stream *stream = stream_of(self, entity);

    (void)sim, (void)generation;
    if (stream->sending)
        stream_begin(stream, stream->copy.snapshot);
}

const struct event_kind stream_hello = {
    .name = "hello", .phase = PHASE_WORK, .fire = stream_on_hello, .live = stream_step_live};
const struct event_kind stream_welcome = {
    .name = "welcome", .phase = PHASE_WORK, .fire = stream_on_welcome, .live = stream_step_live};
const struct event_kind stream_stepped = {
    .name = "step", .phase = PHASE_WORK, .fire = stream_on_step, .live = stream_step_live};
const struct event_kind stream_chunk = {
    .name = "chunk", .phase = PHASE_WORK, .fire = stream_on_chunk, .live = stream_step_live};
const struct event_kind stream_window = {
    .name = "window", .phase = PHASE_WORK, .fire = stream_on_window, .live = stream_step_live};
const struct event_kind stream_online = {
    .name = "online", .phase = PHASE_WORK, .fire = stream_on_online, .live = stream_step_live};
