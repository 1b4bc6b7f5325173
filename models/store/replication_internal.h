// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by the files of replication: replication.c (the model, its port, the tick),
 * stream.c (a connected stream: output buffer, kernel, link, apply), resync.c (connecting:
 * handshake, partial or full resync).
 *
 * There is a stream for each secondary and shard. Its states and transitions:
 *
 *   OFF           the region's cluster is the primary, or is down
 *   DISCONNECTED  connects at the next tick
 *   CONNECTING    four round trips; the primary then decides by bytes   -> STREAMING or GATHERING
 *   GATHERING     the primary waits for more replicas, then forks        -> COPYING
 *   COPYING       the data set is being sent                             -> LOADING
 *   LOADING       the secondary has flushed and loads                   -> STREAMING
 *   STREAMING     writes are sent in order
 *
 * Any state except OFF -> DISCONNECTED when the connection breaks. The two ends detect that at
 * different times: `sending` is the primary's view, `receiving` the secondary's.
 */
#ifndef REPLICATION_INTERNAL_H
#define REPLICATION_INTERNAL_H

#include "model.h"
#include "impairment.h"
#include "link.h"
#include "phase_rule.h"
#include "refs.h"
#include "replica.h"
#include "stream.h"
#include "write_position.h"
#include "write_log.h"

struct replication_config {
    struct dist *output_delay, *apply, *full_resync;
    uint32_t overhead_bytes;
    sim_dur metric_period_ns, timeout_ns, secondary_timeout_ns, ping_period_ns, tick_ns,
        soft_time_ns, resync_delay_ns, fork_per_gib_ns;
    struct phase_rule metric_phase, tick_phase;
    int64_t backlog_bytes, send_buffer_bytes, hard_bytes, soft_bytes, chunk_bytes;
    double copy_bit_per_s, load_bit_per_s;
};

enum stream_state {
    STREAM_OFF,
    STREAM_DISCONNECTED,
    STREAM_CONNECTING,
    STREAM_GATHERING,
    STREAM_COPYING,
    STREAM_LOADING,
    STREAM_STREAMING
};
/* Why a connection broke, in the order of the label values. */
enum break_cause {
    BREAK_SECONDARY_TIMEOUT,
    BREAK_PRIMARY_TIMEOUT,
    BREAK_OUTPUT_BUFFER,
    BREAK_RESET,
    BREAK_PRIMARY_GONE,
    BREAK_ROLES,
    BREAK_CAUSES
};

/* A full resync in progress. */
struct copy {
    struct write_position snapshot;    /* position of the data set */
    int64_t total, sent, acknowledged; /* bytes */
    int64_t arrived;
    sim_time begun;
    bool blocked; /* the window is full */
    bool loaded;  /* loaded; the primary is being notified */
};

struct secondary;
struct stream {
    struct secondary *secondary;
    uint32_t shard;
    enum stream_state state;
    bool sending, receiving;
    bool needs_full; /* a full resync was started and not completed: the old offset is lost */
    uint32_t epoch;  /* of the connection: messages of older connections are ignored */
    uint32_t sender; /* epoch of the primary's output buffer, which ends with its process */
    uint32_t step;   /* step number in handshake or resync */
    uint32_t flow, ack_flow;            /* primary -> secondary, and back; NO_INDEX: none */
    const struct link_port *out, *back; /* links of the flows */
    int primary;                        /* region at which they begin */
    uint32_t history;                   /* replication history of the writes in the stream */
    sim_time departed, release;         /* last departure, last apply: they keep the order */
    /* Numbers of the last write that may leave the output buffer, is in the kernel, has arrived, is
     * applied. */
    uint64_t due, handed, arrived, applied;
    uint64_t buffered; /* last write that was in the output buffer when the connection ended */
    uint64_t ping_offset, seen_offset; /* of the last PING sent; of the last PING received */
    int64_t behind;                    /* bytes acknowledged and not applied */
    sim_time heard, acknowledged;      /* last data at the secondary, last ACK at the primary */
    sim_time soft_since; /* when the output buffer exceeded the soft limit; -1: it does not */
    uint32_t rounds;     /* round trips of the handshake that remain */
    struct copy copy;
    uint32_t broken_by; /* event of the run log that broke it; later the last step of its resync */
};

struct replication;
struct secondary {
    struct replication *replication;
    int region;
    struct stream *streams; /* by shard */
    bool paused;
    int64_t behind;
    uint32_t down;
    kind_id send_kind, arrive_kind, apply_kind, fin_kind, ping_kind, ack_kind, hello_kind,
        welcome_kind, step_kind, chunk_kind, window_kind, online_kind, broken_kind;
    probe_id lag_metric, backlog, buffer, down_level, sent_bytes, copied_bytes, partial, full,
        breaks[BREAK_CAUSES];
};

struct replication {
    const struct replication_config *config;
    struct sim *sim;
    const char *instance;
    struct probes_hot *probes;
    struct run_log *log;
    const struct topology *topology;
    struct rng_stream random;
    uint32_t region_count, shard_count;
    struct secondary secondaries[REGIONS_MAX];
    struct write_log *logs; /* by shard, of the primary */
    struct replica_port *replica;
    const struct impairments *impairments;
    struct link_port *links[REGIONS_MAX][REGIONS_MAX];
    kind_id sample_kind, tick_kind;
    uint64_t ticks;
    sim_time first_sample, first_tick;
    bool full_resync_given;
    bool cut[REGIONS_MAX]; /* the cluster's node cannot be reached */
    struct stream_port port;
};

/* Stream and write number in the 32 bits of an entity: the number is the first at or above a base
 * with these low bits. */
#define NUMBER_BITS 23
#define NUMBER_MASK ((UINT32_C(1) << NUMBER_BITS) - 1)
static inline uint32_t stream_entity(const struct stream *stream, uint64_t number)
{
    return stream->shard << NUMBER_BITS | ((uint32_t)number & NUMBER_MASK);
}
static inline struct stream *stream_of(const struct secondary *secondary, uint32_t entity)
{
    return &secondary->streams[entity >> NUMBER_BITS];
}
static inline uint64_t number_near(uint64_t base, uint32_t entity)
{
    return base + ((entity - (uint32_t)base) & NUMBER_MASK);
}
static inline struct write_log *stream_log(const struct stream *stream)
{
    return &stream->secondary->replication->logs[stream->shard];
}

/* --- replication.c --------------------------------------------------------------------------- */

/* How long the primary of a shard waits for more secondaries, from now. */
sim_dur replication_gathering_ns(const struct replication *replication, uint32_t shard);

/* --- stream.c -------------------------------------------------------------------------------- */

extern const struct event_kind stream_departs, stream_arrive, stream_applied, stream_fin,
    stream_ping, stream_ack, stream_broken;
/* Open both flows from the primary to the secondary. */
void stream_open(struct stream *stream, int primary);
/* Whether the ends of an open stream can be reached has changed. */
void stream_set_peers(const struct stream *stream);
/* A write was appended to the log. */
void stream_write(struct stream *stream, uint64_t number, uint32_t bytes);
/* Both ends are connected and the secondary holds the writes up to `held`: send the later ones. */
void stream_begin(struct stream *stream, struct write_position held);
/* Move writes from the output buffer to the kernel while it has room. */
void stream_pump(struct stream *stream);
int64_t stream_output_buffer(const struct stream *stream);
/* Set the bytes that are acknowledged and not applied, and update the metric. */
void stream_set_behind(struct stream *stream, int64_t behind);
/* The primary closes, or its process exits: the kernel delivers its data, then a FIN. */
void stream_close(struct stream *stream, enum break_cause cause);
/* The primary's host fails: data in flight arrives, and the secondary is not notified. */
void stream_cut(struct stream *stream);
/* Drop the connection at both ends at once; the new state is OFF or DISCONNECTED. */
void stream_lose(struct stream *stream, enum stream_state state, enum break_cause cause);
void stream_send_ping(struct stream *stream);
void stream_send_ack(struct stream *stream);
void stream_set_state(struct stream *stream, enum stream_state state);

/* --- resync.c -------------------------------------------------------------------------------- */

extern const struct event_kind stream_hello, stream_welcome, stream_stepped, stream_chunk,
    stream_window, stream_online;
/* Connect a DISCONNECTED stream to the current primary. */
void stream_connect(struct stream *stream);

#endif
