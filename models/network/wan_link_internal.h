// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the files of a link share: wan_link.c (parameters, metrics, the model), link_path.c (faults,
 * delay, loss, bandwidth: whether and when a transmission arrives), tcp_flow.c (one direction of a
 * connection: what is sent while nothing is lost, breaking, holding, idle timeouts), tcp_sender.c
 * (a flow that lost something or sends in bulk: window, retransmission), tcp_keepalive.c (probes of
 * idle connections).
 */
#ifndef WAN_LINK_INTERNAL_H
#define WAN_LINK_INTERNAL_H

#include "bill.h"
#include "bug.h"
#include "congestion.h"
#include "cross_traffic.h"
#include "link.h"
#include "link_route.h"
#include "loss_process.h"
#include "mem.h"
#include "model.h"
#include "prefetch.h"
#include "refs.h"

enum link_kind { KIND_PEERING, KIND_GATEWAY, KIND_NONE, KIND_VPN, KIND_DIRECT_CONNECT };
enum path_kind { PATHS_NONE, PATHS_CLASSES };
enum loss_place {
    LOSS_BEHIND,
    LOSS_AHEAD
}; /* of the bottleneck: does what is lost take bandwidth? */
enum idle_then { IDLE_DROP, IDLE_RESET };

struct wan_link_config {
    int kind, paths; /* enum link_kind, path_kind */
    int32_t via;     /* region; -1: not given */
    struct dist *rtt, *jitter, *spike;
    struct loss_config loss;
    double spike_share, bandwidth_bit_per_s;
    double longer_share, longer_factor, longest_share, longest_factor;
    int64_t buffer_bytes;
    struct cross_config cross;
    struct vpn_config vpn;
    struct direct_connect_config direct_connect;
    int64_t segment_bytes, window_bytes;
    sim_dur path_ns, rto_min_ns, rto_max_ns, syn_rto_ns, give_up_ns, orphan_give_up_ns;
    sim_dur jitter_slot_ns, idle_after_ns;
    int loss_place, idle_then, congestion; /* enum loss_place, idle_then, congestion_control */
    uint32_t syn_retries, syn_linear, retries2;
    bool tail_loss_probe;
};

#define BREAKERS 2 /* CONNECTION_RST and CONNECTION_SILENT, in this order */

/* One direction of one connection: four stand on a cache line, as each message reads one. */
__extension__ struct flow {
    sim_time release;        /* no later message is delivered before */
    uint32_t sender;         /* its row in `senders`; NO_INDEX: nothing is lost, no window */
    uint32_t next_free : 28; /* of a free flow; FLOW_NONE: the last */
    uint32_t replicates : 1; /* TRAFFIC_REPLICATION */
    uint32_t open : 1;
    uint32_t away : 1;   /* the receiver is down, or does not know the connection */
    uint32_t broken : 1; /* what is sent on it is lost */
};
_Static_assert(sizeof(struct flow) == 16, "see above");
#define FLOW_NONE ((UINT32_C(1) << 28) - 1)

/* Of a flow, what only some of them need. */
struct flow_extra {
    uint64_t serial;        /* of the flow among all ever opened: keys its draws */
    uint64_t transmissions; /* of its sender, so far: keys them, too */
    uint64_t connection;    /* keys what faults on a share of connections hit */
    enum traffic traffic;
    sim_time path_until;
    double path_factor; /* its delay as a multiple of the shortest */
    uint32_t path_draws;
    kind_id watch_kind; /* 0: not watched */
    uint32_t watch_entity, watch_generation;
    sim_dur user_timeout_ns;           /* 0: none */
    const struct keepalive *keepalive; /* where its kernel probes; else these mean nothing */
    bool timed;                        /* the event of its timer is scheduled */
    uint32_t back;                     /* the connection's flow on the reverse link, or NO_INDEX */
    uint32_t probes_sent, unanswered;  /* in all; since something was heard */
    sim_time answered;                 /* the latest probe that was, or the start */
    sim_time used;                     /* last packet on it */
    sim_time window_at;                /* when `window` held */
    struct congestion window;
    enum connection_event state; /* CONNECTION_ESTABLISHED: not broken */
    enum peer_state peer;
    uint16_t syns_dropped; /* by the receiver's kernel: they arrived */
    uint32_t held;         /* messages that a fault holds */
    bool has_window;       /* of an earlier sender */
    bool expired;          /* a box on the path has forgotten the connection */
};

/* Where a span of bytes stands for its sender. */
enum span_state {
    SPAN_SENT,  /* under way, or lost without the sender's knowledge */
    SPAN_KNOWN, /* acknowledged, while something before it is not (SACK) */
    SPAN_LOST,  /* to be sent again */
};
/* Bytes that were sent together and shared a fate. */
struct span {
    uint64_t from; /* first byte, counted from the sender's start */
    sim_time sent, arrives /* SIM_NEVER: lost */, known /* SIM_NEVER: no acknowledgement comes */;
    sim_time had; /* arrived then, and the acknowledgement was lost; SIM_NEVER: not so */
    uint32_t bytes, segments, next;
    uint16_t sends; /* before this one */
    uint8_t state;
};

/* A message that its sender has not brought through yet. */
struct queued_message {
    struct message message;
    uint64_t end; /* one past its last byte */
    uint32_t next;
};

enum sender_state { SENDER_OPEN, SENDER_RECOVERY, SENDER_LOSS };
/* A flow's sender while something is lost or the window limits it; see tcp_sender.c. */
struct sender {
    struct congestion congestion, prior; /* now; before the first timeout of an episode */
    uint32_t flow, generation;
    uint32_t head, tail;  /* messages not delivered yet, in order; also the free list */
    uint32_t first, last; /* spans not acknowledged in order yet, by their bytes */
    uint64_t next, end;   /* first byte never sent; one past the last */
    uint64_t placed;      /* all before it is known to arrive */
    uint64_t recover;     /* RECOVERY, LOSS: until all before it is acknowledged */
    uint64_t acknowledged, round_end;
    uint32_t pipe, lost;        /* segments under way; to be sent again */
    uint32_t outstanding_max;   /* segments under way at a time in this round trip */
    uint32_t counted;           /* segments sent in the first round trip, while estimating */
    uint32_t timeouts, backoff; /* of the timer since the last progress */
    sim_time begun, timer, due, resent;
    sim_time train_begun, train_latest; /* acknowledgements that follow each other, of one round */
    sim_time latest_sent;               /* RACK: of what was acknowledged */
    uint64_t latest_end;
    sim_dur measured_rtt;
    uint8_t state;
    bool estimating; /* the window is not known: nothing limits */
    bool bulk;       /* counts until all is acknowledged */
    bool probing;    /* the timer is that of the tail loss probe */
    bool probed;
    bool fast;     /* recovery has just begun: a fast retransmission is due */
    bool repaired; /* something sent again was acknowledged just now */
    bool original; /* so was something from before the timer fired that was sent once */
    bool doubts;   /* nothing was since the timer fired (F-RTO) */
    bool handshake;
    bool recalls; /* its first span stands for data before it, of which nobody counted */
};

/* A message that a fault holds. */
struct held_message {
    struct message message;
    uint32_t flow;
};

#define IMPAIRMENTS_MAX 64

struct wan_link {
    const struct wan_link_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct rng_stream stream;
    struct link_port port;
    struct prefetch_port flows_hint;
    struct link_fault_port fault_port;
    struct link_bill_port bill_port;
    bool from_site;
    struct dist *rtt_known; /* from the table of regions, where the scenario gives none */
    const struct dist *rtt;
    double
        half_rtt_ns; /* where all flows have the same, and no fault adds a random delay; else 0 */
    const struct link_port *reverse;
    const struct link_fault_port *reverse_fault; /* of a company's link */
    int region, peer;                            /* from, to */

    /* What holds now: the configuration and every active fault in `mask`. While some hit only a
     * part of the flows (`selective`), it is that of the flow selected last. */
    uint64_t mask, common; /* bits of `impairments`; those that hit all */
    bool selective;
    sim_dur common_mean_ns; /* mean delay by those that hit all */
    double loss;            /* until loss_until; then it must be looked up again */
    double steady_loss;     /* the part of it that does not change by itself */
    sim_time loss_until;    /* SIM_NEVER: nothing comes in bursts */
    sim_dur extra_delay_ns; /* gateways and constant delays of faults */
    sim_dur extra_mean_ns;  /* the same, and the means of random ones */
    bool blackhole;
    struct darkness dark;
    bool unheard; /* the reverse link carries nothing: acknowledgements are lost */
    bool reset, hold;
    bool careful;    /* a reset, a hold, an idle timeout, a choice of faults by flow, unheard */
    bool narrow;     /* bandwidth is limited */
    bool draws;      /* anything random at all? */
    bool replicates; /* it has had flows of the replication */
    uint64_t bytes, replication_bytes; /* sent; of them, by these flows */
    sim_dur constant_ns;               /* the whole delay, where nothing is random */
    sim_dur mean_base_ns;
    sim_time busy_until;
    struct link_impairment impairments[IMPAIRMENTS_MAX];
    struct loss_chain chains[IMPAIRMENTS_MAX]; /* of those with bursts */
    sim_time busy[IMPAIRMENTS_MAX];            /* of those with bandwidth: until when */
    uint32_t impairment_count;
    uint64_t impairments_begun;
    struct loss_chain own_chain;
    struct rng_stream burst_stream, path_stream, slot_stream;
    double slots_per_ns;             /* 0: each message draws its own jitter */
    struct gateway_port *attachment; /* to the transit gateway, where the link is of that kind */
    sim_dur gateway_ns;              /* delay of all gateways on the way */

    struct flow *flows;
    struct flow_extra *extras; /* by flow */
    size_t flow_count, flow_capacity, extra_capacity;
    uint64_t flows_opened;
    uint32_t flow_free;
    struct sender *senders;
    struct queued_message *queued;
    struct span *spans;
    struct held_message *held;
    size_t sender_count, sender_capacity, queued_count, queued_capacity, span_count, span_capacity;
    size_t held_count, held_capacity;
    uint32_t sender_free, queued_free, span_free;

    /* Of a company's link only. */
    struct link_route routes[ROUTES_MAX];
    uint32_t route_count, route; /* 0: it has none; the one in use */
    bool unrouted;               /* none is usable */
    double rate_bit_per_s;       /* of the path's own bottleneck now; 0: none */
    struct cross_traffic cross;
    struct rng_stream cross_stream;
    struct wan_link_config *adapted; /* what `config` points to where it differs; else NULL */
    struct run_log *log;
    const char *const *region_names;
    probe_id route_changes;
    kind_id route_kind;

    kind_id retransmit_kind, keepalive_kind, probe_kind, answer_kind;
    probe_id messages, transmissions, losses, broken[BREAKERS];
};

/* --- link_path.c ----------------------------------------------------------------------------- */

/* Compute what follows from the configuration and the active faults. */
void link_path_refresh(struct wan_link *link);
/* struct link_port */
void link_path_darken(void *self, bool dark);
/* struct link_fault_port */
void link_path_begin_fault(void *self, const struct link_impairment *impairment);
void link_path_end_fault(void *self, const struct link_impairment *impairment);
/* The traffic of others begins, as the configuration says. */
void link_path_begin_cross(struct wan_link *link);

/* The faults that hit a flow hold from now on; only while some do not hit all. */
void link_path_select(struct wan_link *link, uint32_t flow_index);

/* The share of packets lost now, and until when that holds. */
void link_path_look_up_loss(struct wan_link *link);
/* Wait for the path's bandwidth and that of the attachment; false: a buffer is full, the packet is
 * lost. */
bool link_path_queue(struct wan_link *link, uint32_t bytes, sim_dur *wait);
/* How long what is sent now waits for the path's bandwidth; how many bytes its buffer still takes.
 */
sim_dur link_path_backlog(struct wan_link *link);
double link_path_room_bytes(struct wan_link *link);
/* Half a round trip where it varies, times the length of the flow's path, and random delays of
 * faults; delay of a burst of queueing. */
double link_path_half_rtt_ns(struct wan_link *link, uint32_t flow_index, uint64_t word);
sim_dur link_path_spike(const struct wan_link *link, uint64_t word);

/* Mean one-way delay now, faults included. */
static inline sim_dur link_mean_delay(const struct wan_link *link)
{
    return link->mean_base_ns + link->extra_mean_ns;
}

/* The delay of one draw, without waiting for bandwidth. */
static inline sim_dur link_draw_delay(struct wan_link *link, uint32_t flow_index,
                                      const struct rng_block *block)
{
    const struct wan_link_config *config = link->config;
    double base = link->half_rtt_ns;
    sim_dur delay;

    if (!(base > 0))
        base = link_path_half_rtt_ns(link, flow_index, block->word[0]);
    delay = (sim_dur)(base + dist_sample(config->jitter, block->word[1])) + link->extra_delay_ns;
    if (rng_unit(block->word[3]) < config->spike_share)
        delay += link_path_spike(link, block->word[3]);
    return delay;
}

/* The draw that all of a flow meets in the present slot of time. */
static inline struct rng_block link_slot_block(const struct wan_link *link, uint32_t flow_index)
{
    return rng_block_at(&link->slot_stream, flow_index,
                        (uint64_t)((double)sim_now(link->sim) * link->slots_per_ns));
}

/* Count bytes sent, for the bill. */
static inline void link_meter(struct wan_link *link, uint32_t flow_index, uint32_t bytes)
{
    link->bytes += bytes;
    if (link->replicates && link->flows[flow_index].replicates)
        link->replication_bytes += bytes;
}

/* When a packet sent now arrives, or SIM_NEVER. (identity, index) names the transmission: it keys
 * the draw of its loss, and that of its delay where each has its own. */
static inline sim_time link_transmit(struct wan_link *link, uint32_t flow_index, uint64_t identity,
                                     uint64_t index, uint32_t bytes)
{
    sim_dur delay = link->constant_ns;
    sim_dur wait = 0;
    bool lost = link->blackhole;

    probe_count(link->probes, link->transmissions);
    link_meter(link, flow_index, bytes);
    if (link->draws) {
        struct rng_block block;
        double chance;

        if (link->slots_per_ns > 0) {
            block = link_slot_block(link, flow_index);
            chance = rng_unit(rng_mix((identity ^ link->stream.key[0]) + index * HASH_MIX_STEP));
        } else {
            block = rng_block_at(&link->stream, identity, index);
            chance = rng_unit(block.word[2]);
        }
        if (sim_now(link->sim) >= link->loss_until)
            link_path_look_up_loss(link);
        lost = lost || chance < link->loss;
        if (!lost)
            delay = link_draw_delay(link, flow_index, &block);
    }
    if (lost && link->config->loss_place == LOSS_AHEAD)
        return SIM_NEVER;
    if (link->narrow && !link_path_queue(link, bytes, &wait))
        return SIM_NEVER;
    return lost ? SIM_NEVER : sim_now(link->sim) + wait + delay;
}

/* What is sent on the flow now arrives nowhere. */
static inline bool flow_is_cut(const struct wan_link *link, uint32_t flow_index)
{
    const struct flow_extra *extra = &link->extras[flow_index];

    return extra->expired || extra->peer == PEER_DOWN;
}

/* Deliver a message of which the last byte arrives at `arrives`, behind all before it. */
static inline void flow_deliver(struct wan_link *link, struct flow *flow,
                                const struct message *message, sim_time arrives)
{
    if (arrives > flow->release)
        flow->release = arrives;
    sim_at(link->sim, flow->release, message->kind, message->entity, message->generation);
}

/* --- tcp_flow.c ------------------------------------------------------------------------------ */

void tcp_flows_init(struct wan_link *link);
void tcp_flows_release(struct wan_link *link);
/* A reset strikes: break all watched flows, the kernel's orphans included. */
void tcp_flows_reset(struct wan_link *link);
/* A hold has ended: what no other holds enters the path, in the order in which it was sent. */
void tcp_flows_let_go(struct wan_link *link);
/* Can the flow break, and has it not? */
bool tcp_flow_can_break(const struct wan_link *link, uint32_t flow_index);
/* At `when` the owners of the flow's messages and the flow's own learn that nothing more comes. */
void tcp_flow_break(struct wan_link *link, uint32_t flow_index, sim_time when,
                    enum connection_event how);
/* The receiver's host answers with a RST. */
bool tcp_flow_is_forgotten(const struct wan_link *link, uint32_t flow_index);
/* The sender has nothing left to do. */
void tcp_flow_is_through(struct wan_link *link, uint32_t flow_index);
/* struct link_port */
uint32_t tcp_flow_open(void *self);
void tcp_flow_mark(void *self, uint32_t flow_index, enum traffic traffic, uint64_t connection);
void tcp_flow_pair(void *self, uint32_t flow_index, uint32_t back);
void tcp_flow_watch(void *self, uint32_t flow_index, sim_dur user_timeout_ns, kind_id kind,
                    uint32_t entity, uint32_t generation);
void tcp_flow_count(void *self, uint32_t flow_index);
void tcp_flow_dropped(void *self, uint32_t flow_index, const struct message *message);
void tcp_flow_peer(void *self, uint32_t flow_index, enum peer_state peer);
enum connection_event tcp_flow_state(const void *self, uint32_t flow_index);
void tcp_flow_close(void *self, uint32_t flow_index);
void tcp_flow_abort(void *self, uint32_t flow_index);
void tcp_flow_send(void *self, uint32_t flow_index, const struct message *message);
/* struct prefetch_port */
void tcp_flow_prefetch(const void *self, uint32_t flow_index, uint32_t second);

/* --- tcp_keepalive.c ------------------------------------------------------------------------- */

void tcp_keepalive_init(struct wan_link *link, const char *instance);
/* struct link_port */
void tcp_keepalive_begin(void *self, uint32_t flow_index, const struct keepalive *keepalive);
/* The flow breaks or is closed: its timer no longer counts. */
void tcp_keepalive_end(struct wan_link *link, uint32_t flow_index);
sim_time tcp_flow_latest(const void *self, uint32_t flow_index);

/* --- tcp_sender.c ---------------------------------------------------------------------------- */

extern const struct event_kind tcp_sender_wakes;
void tcp_senders_init(struct wan_link *link);
void tcp_senders_release(struct wan_link *link);
/* The flow's message was sent and lost: its window is not known yet. */
void tcp_sender_begin_lost(struct wan_link *link, uint32_t flow_index,
                           const struct message *message);
/* The same of a message that arrived where nobody took it; tries: of it before, so dropped. */
RARE void tcp_sender_begin_dropped(struct wan_link *link, uint32_t flow_index,
                                   const struct message *message, uint32_t tries);
/* The flow sends while no acknowledgement comes back: count what it sends. */
void tcp_sender_begin_unheard(struct wan_link *link, uint32_t flow_index);
/* Much follows: count from an empty flow on. */
void tcp_sender_begin_bulk(struct wan_link *link, uint32_t flow_index);
/* Whether a message pushed now would wait, for the window or behind what was lost. */
bool tcp_sender_waits(const struct wan_link *link, uint32_t index);
/* Send a message as far as the window allows, the rest when it does. */
void tcp_sender_push(struct wan_link *link, uint32_t flow_index, const struct message *message);
/* A message of several segments on a flow without a sender: false if all of it arrives
 * (`*arrives`), else it has one now. */
bool tcp_sender_push_segments(struct wan_link *link, uint32_t flow_index,
                              const struct message *message, sim_time *arrives);
/* The flow was closed: its sender goes on only for what is not delivered. */
void tcp_sender_close(struct wan_link *link, uint32_t flow_index);
/* Forget all; each message that was not delivered is reported at `when` (SIM_NEVER: none is). */
void tcp_sender_end(struct wan_link *link, uint32_t flow_index, sim_time when);
/* How long the kernel goes on for `retries2`, in ns. */
sim_dur tcp_retries2_ns(uint32_t retries2, sim_dur rto_min_ns, sim_dur rto_max_ns);

#endif
